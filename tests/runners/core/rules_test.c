// SPDX-License-Identifier: Apache-2.0
// The model's rules about windows, late elements and panes, by their numbers.
#include "story.h"

static const flow_windows none;

static flow_windows fixed(int64_t seconds)
{
    return flow_fixed(flow_seconds(seconds));
}

static flow_windows sliding(int64_t size, int64_t every)
{
    return flow_sliding(flow_seconds(size), flow_seconds(every));
}

// A sum of v by k over windows.
static struct story *sums(flow_windows windows, int64_t lateness)
{
    struct story *story = story_new();
    const flow_coll windowed = story_window(story, windows, lateness);
    const flow_coll sum = flow_sum(windowed, FLOW_FIELD(flow_test_row, v));
    flow_test_collect(sum, &story->got);
    flow_test_collect(flow_dropped(sum), &story->dropped);
    return story;
}

START_TEST(r5_a_bounded_source_ends_by_moving_to_the_end_of_time)
{
    struct story *story = sums(none, 0);
    story_row(story, 1, 4, 3);
    story_row(story, 1, 5, -3);
    story_run(story);
    ck_assert_uint_eq(story->got.count, 1);
    ck_assert_int_eq(story->got.list[0].window.end.us, FLOW_TIME_GLOBAL_END_US);
    ck_assert_int_eq(story->got.list[0].time.us, FLOW_TIME_GLOBAL_END_US - 1);
    ck_assert_int_eq(story->report.watermark.us, FLOW_TIME_MAX_US);
    story_free(story);
}
END_TEST

START_TEST(r9_an_element_at_the_end_is_in_the_next_window)
{
    struct story *story = sums(fixed(10), 0);
    story_row(story, 1, 1, 9);
    story_row(story, 1, 2, 10);
    story_run(story);
    story_expect(story, "1=1 [0,10) on-time 0 first last; 1=2 [10,20) on-time 0 first last");
    story_free(story);
}
END_TEST

START_TEST(r10_windows_before_1970_hold_their_elements)
{
    struct story *story = sums(fixed(10), 0);
    story_row(story, 1, 1, -1);
    story_row(story, 1, 2, -10);
    story_row(story, 1, 4, -11);
    story_row(story, 1, 8, -1000000001);
    story_run(story);
    story_expect(story, "1=3 [-10,0) on-time 0 first last; 1=4 [-20,-10) on-time 0 first last; "
                        "1=8 [-1000000010,-1000000000) on-time 0 first last");
    story_free(story);
}
END_TEST

START_TEST(r11_an_element_is_in_every_sliding_window_that_holds_it)
{
    struct story *story = sums(sliding(10, 5), 0);
    story_row(story, 1, 1, 7);
    story_row(story, 1, 2, 11);
    story_row(story, 1, 4, -1);
    story_run(story);
    story_expect(story, "1=1 [0,10) on-time 0 first last; 1=2 [10,20) on-time 0 first last; "
                        "1=3 [5,15) on-time 0 first last; 1=4 [-10,0) on-time 0 first last; "
                        "1=4 [-5,5) on-time 0 first last");
    story_free(story);
}
END_TEST

START_TEST(r11_elements_between_sliding_windows_are_dropped_and_counted)
{
    struct story *story = story_new();
    const flow_coll windowed = story_window(story, sliding(3, 10), 0);
    flow_test_collect(flow_sum(windowed, FLOW_FIELD(flow_test_row, v)), &story->got);
    flow_test_collect(flow_dropped(windowed), &story->dropped);
    story_row(story, 1, 1, 2);
    story_row(story, 1, 2, 3);
    story_row(story, 1, 4, 9);
    story_row(story, 1, 8, 10);
    story_run(story);
    story_expect(story, "1=1 [0,3) on-time 0 first last; 1=8 [10,13) on-time 0 first last");
    ck_assert_uint_eq(story->dropped.count, 2);
    ck_assert_uint_eq(story->report.dropped_other, 2);
    ck_assert_uint_eq(story->report.dropped_late, 0);
    story_free(story);
}
END_TEST

START_TEST(r17_rewindowing_keeps_the_larger_lateness)
{
    struct story *story = story_new();
    const flow_window_options own = {
        .windows = fixed(10), .lateness = flow_seconds(1), .accumulation = FLOW_DISCARDING
    };
    const flow_coll windowed = flow_window_into(story_window(story, fixed(5), 30), &own);
    flow_test_collect(flow_sum(windowed, FLOW_FIELD(flow_test_row, v)), &story->got);
    story_tick(story, 38);
    story_row(story, 1, 1, 9);
    story_run(story);
    story_expect(story, "1=1 [0,10) late 0 first");
    story_free(story);
}
END_TEST

START_TEST(r17_lateness_can_be_set_and_the_windows_kept)
{
    struct story *story = story_new();
    const flow_window_options lenient = {
        .keep_windows = true, .lateness = flow_seconds(30), .accumulation = FLOW_DISCARDING
    };
    const flow_coll windowed = flow_window_into(story_window(story, fixed(10), 0), &lenient);
    flow_test_collect(flow_sum(windowed, FLOW_FIELD(flow_test_row, v)), &story->got);
    story_tick(story, 38);
    story_row(story, 1, 1, 9);
    story_run(story);
    story_expect(story, "1=1 [0,10) late 0 first");
    story_free(story);
}
END_TEST

START_TEST(r22_late_drops_are_counted_per_element_and_window)
{
    struct story *story = sums(sliding(10, 5), 0);
    story_row(story, 1, 1, 7);
    story_tick(story, 20);
    story_row(story, 1, 2, 3);  // in [-5,5) and [0,10): both gone
    story_row(story, 1, 4, 11); // [5,15) gone, [10,20) gone too at 20
    story_row(story, 1, 8, 16); // [10,20) gone, [15,25) open
    story_run(story);
    story_expect(story, "1=1 [0,10) on-time 0 first last; 1=1 [5,15) on-time 0 first last; "
                        "1=8 [15,25) on-time 0 first last");
    ck_assert_uint_eq(story->report.dropped_late, 5);
    ck_assert_uint_eq(story->dropped.count, 5);
    story_free(story);
}
END_TEST

START_TEST(r22_a_window_that_passed_without_data_takes_no_part_of_a_late_element)
{
    struct story *story = sums(sliding(10, 5), 0);
    story_tick(story, 7);
    story_row(story, 1, 1, 3); // [-5,5) is gone, [0,10) is open
    story_run(story);
    story_expect(story, "1=1 [0,10) on-time 0 first last");
    ck_assert_uint_eq(story->report.dropped_late, 1);
    story_free(story);
}
END_TEST

START_TEST(r22_a_late_element_of_sliding_windows_makes_one_pane_for_each)
{
    struct story *story = sums(sliding(10, 5), 100);
    story_tick(story, 7);
    story_row(story, 1, 1, 3);
    story_run(story);
    story_expect(story, "1=1 [-5,5) late 0 first; 1=1 [0,10) on-time 0 first last");
    story_free(story);
}
END_TEST

START_TEST(r23_expiry_is_cut_off_at_the_end_of_the_global_window)
{
    const flow_window window = { { 0 }, { FLOW_TIME_GLOBAL_END_US - 5 } };
    ck_assert_int_eq(
        flow_window_expiry(window, flow_micros(FLOW_TIME_MAX_US)).us, FLOW_TIME_GLOBAL_END_US);
    struct story *story = story_new();
    const flow_window_options options = {
        .windows = fixed(10), .lateness = { FLOW_TIME_MAX_US }, .accumulation = FLOW_DISCARDING
    };
    flow_test_collect(
        flow_sum(flow_window_into(story->in, &options), FLOW_FIELD(flow_test_row, v)), &story->got);
    story_row(story, 1, 1, 3);
    story_tick(story, 1000000000);
    story_row(story, 1, 2, 4);
    story_run(story);
    story_expect(story, "1=1 [0,10) on-time 0 first; 1=2 [0,10) late 1");
    story_free(story);
}
END_TEST

// Window [0, 10) with lateness 5 expires at 14.999999 s.
static void late_at(int64_t watermark_us, uint64_t dropped, const char *lines)
{
    struct story *story = sums(fixed(10), 5);
    story_row(story, 1, 1, 3);
    story_tick_us(story, watermark_us);
    story_row(story, 1, 2, 4);
    story_run(story);
    story_expect(story, lines);
    ck_assert_uint_eq(story->report.dropped_late, dropped);
    ck_assert_uint_eq(story->dropped.count, dropped);
    story_free(story);
}

START_TEST(r24_element_is_dropped_only_past_expiry)
{
    late_at(14999999, 0, "1=1 [0,10) on-time 0 first; 1=2 [0,10) late 1");
    late_at(15000000, 1, "1=1 [0,10) on-time 0 first last");
}
END_TEST

START_TEST(r4_late_is_not_droppable)
{
    // below the watermark, but its window is still open
    struct story *story = sums(fixed(10), 0);
    story_tick_us(story, 9999999);
    story_row(story, 1, 2, 4);
    story_run(story);
    story_expect(story, "1=2 [0,10) on-time 0 first last");
    ck_assert_uint_eq(story->report.dropped_late, 0);
    story_free(story);
}
END_TEST

// What no program can say (R20), but a graph may: the trigger finishes at the end of the window,
// and elements may still come.
static struct story *finished_early(flow_windows windows)
{
    struct story *story = story_new();
    const flow_window_options once = { .windows = windows,
        .trigger = flow_trigger_end_of_window(),
        .accumulation = FLOW_DISCARDING,
        .no_lateness = true };
    const flow_coll sum =
        flow_sum(flow_window_into(story->in, &once), FLOW_FIELD(flow_test_row, v));
    flow_test_collect(sum, &story->got);
    flow_test_collect(flow_dropped(sum), &story->dropped);
    const flow_graph *graph = flow_pipeline_graph(story->pipeline, NULL);
    for (uint32_t i = 0; i < graph->edge_count; i++)
        if (graph->edges[i].windows.kind == windows.kind)
            ((flow_edge *)(uintptr_t)&graph->edges[i])->lateness = flow_seconds(50);
    return story;
}

START_TEST(r25_elements_after_the_trigger_has_finished_are_dropped_with_a_counter_of_their_own)
{
    struct story *story = finished_early(fixed(10));
    story_row(story, 1, 1, 3);
    story_tick(story, 12);
    story_row(story, 1, 2, 4);
    story_tick(story, 70);
    story_row(story, 1, 4, 4); // and this one is late
    story_run(story);
    story_expect(story, "1=1 [0,10) on-time 0 first last");
    ck_assert_uint_eq(story->report.dropped_closed, 1);
    ck_assert_uint_eq(story->report.dropped_late, 1);
    ck_assert_uint_eq(story->dropped.count, 2);
    story_free(story);
}
END_TEST

START_TEST(r52_a_window_that_gave_its_last_pane_never_merges_again)
{
    struct story *story = finished_early(flow_sessions(flow_seconds(10)));
    story_row(story, 1, 1, 0);
    story_tick(story, 12);
    story_row(story, 1, 2, 5); // [5,15) overlaps what is over
    story_run(story);
    story_expect(story, "1=1 [0,10) on-time 0 first last; 1=2 [5,15) on-time 0 first last");
    story_free(story);
}
END_TEST

START_TEST(r29_a_jump_past_expiry_gives_one_pane_that_is_on_time_and_last)
{
    struct story *story = sums(fixed(10), 5);
    story_row(story, 1, 1, 3);
    story_row(story, 1, 2, 3);
    story_tick(story, 100);
    story_run(story);
    story_expect(story, "1=3 [0,10) on-time 0 first last");
    story_free(story);
}
END_TEST

START_TEST(r42_every_late_bundle_gives_one_discarding_pane)
{
    struct story *story = sums(fixed(10), 100);
    story_row(story, 1, 1, 3);
    story_row(story, 2, 1, 3);
    story_tick(story, 10);
    story_row(story, 1, 2, 4);
    story_row(story, 1, 4, 5);
    story_row(story, 3, 8, 5);
    story_tick(story, 11);
    story_row(story, 1, 16, 6);
    story_run(story);
    story_expect(story, "1=1 [0,10) on-time 0 first; 1=16 [0,10) late 3; 1=2 [0,10) late 1; "
                        "1=4 [0,10) late 2; 2=1 [0,10) on-time 0 first; 3=8 [0,10) late 0 first");
    story_free(story);
}
END_TEST

START_TEST(r42_a_late_bundle_of_several_elements_gives_one_pane)
{
    struct story *story = sums(fixed(10), 100);
    story_row(story, 1, 1, 3);
    story_tick(story, 10);
    story_row(story, 1, 2, 4);
    story->pieces[story->count - 1].count = 1;
    // two more rows in the piece of the last
    story_row(story, 1, 4, 4);
    story->pieces[story->count - 2].count = 2;
    story->count--;
    story->script.piece_count--;
    story_run(story);
    story_expect(story, "1=1 [0,10) on-time 0 first; 1=6 [0,10) late 1");
    story_free(story);
}
END_TEST

START_TEST(r42_late_panes_keep_their_keys_on_the_way_to_another_combine)
{
    struct story *story = story_new();
    const flow_coll first =
        flow_sum(story_window(story, fixed(10), 100), FLOW_FIELD(flow_test_row, v));
    const flow_window_options wider = { .windows = fixed(40) };
    const flow_coll second =
        flow_sum(flow_window_into(first, &wider), FLOW_FIELD(flow_integer, value));
    flow_test_collect(second, &story->got);
    story_row(story, 1, 1, 3);
    story_tick(story, 20);
    // one bundle: a late row, and one on time of another key
    story_row(story, 1, 2, 4);
    story->pieces[story->count - 1].count = 2;
    story_row(story, 2, 4, 24);
    story->count--;
    story->script.piece_count--;
    story_run(story);
    story_expect(story, "1=3 [0,40) on-time 0 first last; 2=4 [0,40) on-time 0 first last");
    story_free(story);
}
END_TEST

START_TEST(r46_non_speculative_index_counts_with_the_index_under_the_default_trigger)
{
    struct story *story = sums(fixed(10), 100);
    story_row(story, 1, 1, 3);
    story_tick(story, 10);
    story_row(story, 1, 2, 4);
    story_row(story, 1, 2, 4);
    story_run(story);
    for (size_t i = 0; i < story->got.count; i++)
        ck_assert_int_eq(
            story->got.list[i].pane.on_time_index, (int32_t)story->got.list[i].pane.index);
    ck_assert_uint_eq(story->got.count, 3);
    story_free(story);
}
END_TEST

START_TEST(r48_a_pane_is_the_last_only_where_none_can_follow)
{
    struct story *story = sums(fixed(10), 5);
    story_row(story, 1, 1, 3); // its window fires while late elements are still welcome
    story_tick(story, 12);
    story_row(story, 1, 2, 13); // this one fires when it is collected
    story_row(story, 1, 4, 4);
    story_tick(story, 15); // nothing is left to be told at the expiry of the first
    story_tick(story, 100);
    story_run(story);
    story_expect(story, "1=1 [0,10) on-time 0 first; 1=2 [10,20) on-time 0 first last; "
                        "1=4 [0,10) late 1");
    story_free(story);
}
END_TEST

START_TEST(r48_a_pane_that_was_not_emitted_uses_no_index)
{
    struct story *story = sums(fixed(10), 100);
    story_row(story, 1, 1, 3);
    story_tick(story, 12); // key 2 has no pane here
    story_row(story, 2, 2, 4);
    story_row(story, 2, 4, 4);
    story_run(story);
    story_expect(story, "1=1 [0,10) on-time 0 first; 2=2 [0,10) late 0 first; 2=4 [0,10) late 1");
    story_free(story);
}
END_TEST

// Neither at the end of a window nor at its expiry is a pane made of nothing.
static void expect_no_empty_pane(flow_windows windows, const char *lines)
{
    struct story *story = sums(windows, 20);
    story_row(story, 1, 1, 3);
    for (int64_t second = 0; second < 100; second++)
        story_tick(story, second);
    story_row(story, 1, 2, 101);
    story_row(story, 2, 4, 102);
    story_run(story);
    story_expect(story, lines);
    story_free(story);
}

START_TEST(r50_nothing_is_emitted_of_windows_without_elements)
{
    expect_no_empty_pane(fixed(10),
        "1=1 [0,10) on-time 0 first; 1=2 [100,110) on-time 0 first last; "
        "2=4 [100,110) on-time 0 first last");
    expect_no_empty_pane(sliding(10, 5),
        "1=1 [-5,5) on-time 0 first; 1=1 [0,10) on-time 0 first; "
        "1=2 [100,110) on-time 0 first last; 1=2 [95,105) on-time 0 first last; "
        "2=4 [100,110) on-time 0 first last; 2=4 [95,105) on-time 0 first last");
}
END_TEST

START_TEST(r51_before_a_grouping_the_pane_is_no_firing)
{
    struct story *story = story_new();
    flow_test_collect(story_window(story, fixed(10), 0), &story->got);
    story_row(story, 1, 1, 3);
    story_run(story);
    const flow_pane pane = story->got.list[0].pane;
    ck_assert(pane.first && pane.last && pane.timing == FLOW_TIMING_UNKNOWN);
    ck_assert_uint_eq(pane.index, 0);
    ck_assert_int_eq(pane.on_time_index, 0);
    story_free(story);
}
END_TEST

START_TEST(r52_an_on_time_pane_never_makes_a_late_pane_downstream)
{
    struct story *story = story_new();
    const flow_coll first =
        flow_sum(story_window(story, fixed(10), 0), FLOW_FIELD(flow_test_row, v));
    const flow_window_options wider = { .windows = fixed(20) };
    const flow_coll second =
        flow_sum(flow_window_into(first, &wider), FLOW_FIELD(flow_integer, value));
    flow_test_collect(second, &story->got);
    for (int64_t second_now = 0; second_now < 60; second_now += 3) {
        story_row(story, 1, 1, second_now);
        story_tick(story, second_now);
    }
    story_run(story);
    story_expect(story, "1=6 [40,60) on-time 0 first last; 1=7 [0,20) on-time 0 first last; "
                        "1=7 [20,40) on-time 0 first last");
    ck_assert_uint_eq(story->report.dropped_late, 0);
    story_free(story);
}
END_TEST

// Sees that the watermark after a sum by its windows never goes back.
struct watched {
    struct story *story;
    int64_t last;
    int moves;
};

static void watch_watermark(struct flow_test_sim *sim, void *user)
{
    struct watched *watched = user;
    flow_status_report report;
    fl_engine_status(sim->engine, &report);
    ck_assert_int_ge(report.watermark.us, watched->last);
    watched->moves += report.watermark.us > watched->last;
    watched->last = report.watermark.us;
}

START_TEST(r53_a_late_element_pulls_neither_the_watermark_nor_its_pane_back)
{
    struct story *story = story_new();
    const flow_coll first =
        flow_sum(story_window(story, fixed(10), 5), FLOW_FIELD(flow_test_row, v));
    const flow_coll second = flow_sum(first, FLOW_FIELD(flow_integer, value));
    flow_test_collect(second, &story->got);
    flow_test_collect(flow_dropped(second), &story->dropped);
    story_row(story, 1, 1, 3);
    story_tick(story, 12);
    story_row(story, 1, 2, 4); // late
    story_tick_us(story, 14999999);
    story_row(story, 1, 4, 0); // at the last moment: its pane is not too late for the second sum
    story_tick(story, 100);
    struct watched watched = { story, FLOW_TIME_MIN_US, 0 };
    const struct flow_test_options options = {
        .workers = 1, .seed = 1, .watch = watch_watermark, .user = &watched
    };
    flow_test_run_well(story->pipeline, &options);
    // story_expect sees to it that panes are stamped at the end of their window
    story_expect(story, "1=1 [0,10) on-time 0 first; 1=2 [0,10) late 1; 1=4 [0,10) late 2");
    ck_assert_uint_eq(story->dropped.count, 0);
    ck_assert_int_gt(watched.moves, 3);
    story_free(story);
}
END_TEST

START_TEST(r53_the_watermark_after_a_combine_waits_for_the_window_that_has_elements)
{
    // the second window ends where the first does: were the watermark ahead, its panes would be
    // late
    struct story *story = story_new();
    const flow_coll first =
        flow_sum(story_window(story, fixed(10), 0), FLOW_FIELD(flow_test_row, v));
    const flow_window_options same = { .windows = sliding(10, 5), .lateness = flow_seconds(50) };
    flow_test_collect(
        flow_sum(flow_window_into(first, &same), FLOW_FIELD(flow_integer, value)), &story->got);
    story_row(story, 1, 1, 3);
    story_tick(story, 40); // far behind the end at once
    story_row(story, 1, 2, 47);
    story_run(story);
    story_expect(story, "1=1 [0,10) on-time 0 first; 1=1 [5,15) on-time 0 first; "
                        "1=2 [40,50) on-time 0 first last; 1=2 [45,55) on-time 0 first last");
    story_free(story);
}
END_TEST

START_TEST(r55_results_are_stamped_at_the_last_instant_of_their_window)
{
    const flow_windows all[] = { fixed(10), sliding(10, 5), none };
    for (size_t w = 0; w < sizeof all / sizeof all[0]; w++) {
        struct story *story = sums(all[w], 0);
        story_row(story, 1, 1, 20);
        story_row(story, 1, 2, 21);
        story_row(story, 2, 4, 0);
        story_row(story, 2, 4, 0);
        story->rows[3].at.us = 10 * INT64_C(1000000) - 1; // the last instant itself
        story_run(story);
        ck_assert_uint_gt(story->got.count, 1);
        for (size_t i = 0; i < story->got.count; i++) {
            const struct flow_test_result *r = &story->got.list[i];
            ck_assert_int_eq(r->time.us, r->window.end.us - 1);
        }
        story_free(story);
    }
}
END_TEST

START_TEST(r74_without_a_key_an_empty_window_gives_nothing)
{
    for (int global = 0; global < 2; global++) {
        struct story *story = story_new();
        const flow_window_options options = { .windows = global ? none : fixed(10) };
        flow_test_collect(
            flow_count(flow_window_into(flow_unkey(story->in), &options)), &story->got);
        if (!global)
            story_tick(story, 100);
        story_run(story);
        ck_assert_uint_eq(story->got.count, 0);
        story_free(story);
    }
}
END_TEST

TCase *rules_tests(void);

TCase *rules_tests(void)
{
    TCase *tests = tcase_create("rules");
    tcase_add_test(tests, r5_a_bounded_source_ends_by_moving_to_the_end_of_time);
    tcase_add_test(tests, r9_an_element_at_the_end_is_in_the_next_window);
    tcase_add_test(tests, r10_windows_before_1970_hold_their_elements);
    tcase_add_test(tests, r11_an_element_is_in_every_sliding_window_that_holds_it);
    tcase_add_test(tests, r11_elements_between_sliding_windows_are_dropped_and_counted);
    tcase_add_test(tests, r17_rewindowing_keeps_the_larger_lateness);
    tcase_add_test(tests, r17_lateness_can_be_set_and_the_windows_kept);
    tcase_add_test(tests, r22_late_drops_are_counted_per_element_and_window);
    tcase_add_test(tests, r22_a_window_that_passed_without_data_takes_no_part_of_a_late_element);
    tcase_add_test(tests, r22_a_late_element_of_sliding_windows_makes_one_pane_for_each);
    tcase_add_test(tests, r23_expiry_is_cut_off_at_the_end_of_the_global_window);
    tcase_add_test(tests, r24_element_is_dropped_only_past_expiry);
    tcase_add_test(tests, r4_late_is_not_droppable);
    tcase_add_test(
        tests, r25_elements_after_the_trigger_has_finished_are_dropped_with_a_counter_of_their_own);
    tcase_add_test(tests, r52_a_window_that_gave_its_last_pane_never_merges_again);
    tcase_add_test(tests, r29_a_jump_past_expiry_gives_one_pane_that_is_on_time_and_last);
    tcase_add_test(tests, r42_every_late_bundle_gives_one_discarding_pane);
    tcase_add_test(tests, r42_a_late_bundle_of_several_elements_gives_one_pane);
    tcase_add_test(tests, r42_late_panes_keep_their_keys_on_the_way_to_another_combine);
    tcase_add_test(
        tests, r46_non_speculative_index_counts_with_the_index_under_the_default_trigger);
    tcase_add_test(tests, r48_a_pane_is_the_last_only_where_none_can_follow);
    tcase_add_test(tests, r48_a_pane_that_was_not_emitted_uses_no_index);
    tcase_add_test(tests, r50_nothing_is_emitted_of_windows_without_elements);
    tcase_add_test(tests, r51_before_a_grouping_the_pane_is_no_firing);
    tcase_add_test(tests, r52_an_on_time_pane_never_makes_a_late_pane_downstream);
    tcase_add_test(tests, r53_a_late_element_pulls_neither_the_watermark_nor_its_pane_back);
    tcase_add_test(tests, r53_the_watermark_after_a_combine_waits_for_the_window_that_has_elements);
    tcase_add_test(tests, r55_results_are_stamped_at_the_last_instant_of_their_window);
    tcase_add_test(tests, r74_without_a_key_an_empty_window_gives_nothing);
    return tests;
}
