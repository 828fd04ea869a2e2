// SPDX-License-Identifier: Apache-2.0
// What functions with cells set and say at the expiry of their windows, by rule number.
#include "story.h"

struct seen {
    int64_t n;
};
FLOW_RECORD(seen, n);

FLOW_VALUE(kept, seen);
FLOW_TIMER(again, int64_t, FLOW_EVENT_TIME);
FLOW_TIMER(closing, int64_t, FLOW_WINDOW_EXPIRY);

static flow_status tell(flow_ctx *ctx, int64_t key, const char *what)
{
    const long long second = flow_timer_time(ctx).us / 1000000;
    return FLOW_EMIT(ctx, flow_test_row, .k = key, .s = flow_format(ctx, "%s@%lld", what, second),
        .at = flow_event_time(ctx));
}

// Sets itself whenever it fires, and by tag another that it thinks better of.
static flow_status again_due(flow_ctx *ctx, const int64_t *key)
{
    const flow_str tag = flow_str_of("cleared");
    FLOW_TIMER_IN(ctx, again, flow_seconds(30));
    FLOW_TIMER_IN(ctx, again, flow_seconds(40), .tag = tag);
    FLOW_TIMER_CLEAR_TAG(ctx, again, tag);
    return tell(ctx, *key, "again");
}

static flow_status ring(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row)
{
    (void)key;
    FLOW_TIMER_IN(ctx, again, flow_seconds(row->v));
    return ctx->status;
}
FLOW_CELLS_FN(ring, int64_t, flow_test_row, (flow_test_row), FLOW_TIMERS(again));

static flow_status closing_due(flow_ctx *ctx, const int64_t *key)
{
    return tell(ctx, *key, "closing");
}

// An odd number is kept until the window expires, an even one is forgotten at once.
static flow_status keep(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row)
{
    const struct seen seen = { row->v };
    (void)key;
    FLOW_CELL_WRITE(ctx, kept, &seen);
    if (row->v % 2 == 0)
        FLOW_CELL_CLEAR(ctx, kept);
    return ctx->status;
}
FLOW_CELLS_FN(
    keep, int64_t, flow_test_row, (flow_test_row), FLOW_CELLS(kept), FLOW_TIMERS(closing));

static void expect_dropped(const struct story *story, size_t count)
{
    ck_assert_uint_eq(story->dropped.count, count);
    for (size_t i = 0; i < count; i++) {
        const char *text = story->dropped.list[i].text;
        ck_assert_msg(strstr(text, "expired-timer") && strstr(text, "timer 'again' had not fired"),
            "%s", text);
    }
}

START_TEST(r61_a_timer_that_sets_itself_again_ends_with_its_window_and_is_told)
{
    struct story *story = story_do(&ring_fn, flow_fixed(flow_seconds(100)), 10);
    story_tick(story, 20);
    story_row(story, 1, 30, 60);
    story_tick(story, 51);
    story_tick(story, 90); // it fires for 81, and sets 120, which is cut down to the expiry
    story_tick(story, 200);
    story_row(story, 2, 5, 210);
    story_run(story);
    story_texts(&story->got, "1:again@50 1:again@81 1:again@109 2:again@205 2:again@309");
    expect_dropped(story, 2);
    story_free(story);
}
END_TEST

START_TEST(r61_a_timer_that_sets_itself_again_ends_with_the_global_window)
{
    struct story *story = story_do(&ring_fn, flow_global(), 0);
    story_row(story, 1, 30, 60);
    story_run(story);
    ck_assert_uint_eq(story->got.count, 3); // once begun, when time ends, and at the last instant
    expect_dropped(story, 1);
    story_free(story);
}
END_TEST

START_TEST(r61_a_timer_that_sets_itself_again_ends_with_its_session)
{
    struct story *story = story_do(&ring_fn, flow_sessions(flow_seconds(40)), 0);
    story_tick(story, 0);
    story_row(story, 1, 30, 10);
    story_row(story, 1, 30, 35); // until 75
    story_tick(story, 500);
    story_run(story);
    story_texts(&story->got, "1:again@30 1:again@74");
    expect_dropped(story, 1);
    story_free(story);
}
END_TEST

// What is kept in windows with lateness, and a step behind it with the same windows.
struct behind {
    struct story *story;
    struct story_stand stand;
    struct flow_test_results got;
};

static void behind_begin(struct behind *test)
{
    const flow_window_options windows = { .windows = flow_fixed(flow_seconds(100)) };
    struct story *story = test->story = story_new();
    const flow_coll kept =
        flow_do(story_window(story, flow_fixed(flow_seconds(100)), 50), &keep_fn);
    const flow_coll keyed = flow_key_by(kept, FLOW_FIELD(flow_test_row, k));
    const flow_do_options named = { .name = "ends" };
    const flow_coll rung = flow_do_with(flow_window_into(keyed, &windows), &ring_fn, &named);
    flow_test_results_init(&test->got, "kept");
    flow_test_collect(kept, &test->got);
    flow_test_collect(rung, &story->got);
    flow_test_collect(flow_dropped(rung), &story->dropped);
}

static void behind_end(struct behind *test)
{
    story_stand_end(&test->stand);
    flow_test_results_clear(&test->got);
}

START_TEST(r27_what_is_emitted_at_the_expiry_is_not_late_behind_it)
{
    struct behind test;
    behind_begin(&test);
    story_row(test.story, 1, 7, 10);
    story_tick(test.story, 101);
    story_row(test.story, 2, 7, 95); // late, but not expired
    story_tick(test.story, 120);
    story_tick(test.story, 151);
    story_stand(&test.stand, test.story);
    story_texts(&test.got, "1:closing@149 2:closing@149");
    ck_assert_int_eq(test.got.list[0].time.us, INT64_C(99999999)); // the last instant
    story_texts(&test.story->got, "1:again@99 2:again@99 1:again@149 2:again@149");
    expect_dropped(test.story, 2); // what that sets, and no element
    behind_end(&test);
}
END_TEST

START_TEST(r27_the_watermark_waits_at_the_last_instant_for_the_expiry)
{
    struct behind test;
    behind_begin(&test);
    story_row(test.story, 1, 7, 10);
    story_tick(test.story, 149);
    story_stand(&test.stand, test.story);
    ck_assert_int_eq(story_watermark(&test.stand, "ends"), 99);
    behind_end(&test);
}
END_TEST

START_TEST(r27_a_window_in_which_nothing_is_left_does_not_hold_the_watermark)
{
    struct behind test;
    behind_begin(&test);
    story_row(test.story, 1, 8, 10);
    story_tick(test.story, 149);
    story_stand(&test.stand, test.story);
    ck_assert_int_eq(story_watermark(&test.stand, "ends"), 149);
    behind_end(&test);
}
END_TEST

TCase *expiry_tests(void);

TCase *expiry_tests(void)
{
    TCase *tests = tcase_create("expiry");
    tcase_add_test(tests, r61_a_timer_that_sets_itself_again_ends_with_its_window_and_is_told);
    tcase_add_test(tests, r61_a_timer_that_sets_itself_again_ends_with_the_global_window);
    tcase_add_test(tests, r61_a_timer_that_sets_itself_again_ends_with_its_session);
    tcase_add_test(tests, r27_what_is_emitted_at_the_expiry_is_not_late_behind_it);
    tcase_add_test(tests, r27_the_watermark_waits_at_the_last_instant_for_the_expiry);
    tcase_add_test(tests, r27_a_window_in_which_nothing_is_left_does_not_hold_the_watermark);
    return tests;
}
