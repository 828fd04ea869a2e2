// SPDX-License-Identifier: Apache-2.0
// What splittable functions say: watermarks (R68), and times of what they emit (R66).
#include "splits.h"

TCase *split_call_tests(void);

// Each offset at a second of its own; two a call.
static flow_status in_order(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_offset_range *range = FLOW_RESTRICTION(ctx, flow_offset_range);
    struct flow_test_row row = *in;
    for (int64_t at = range->from; flow_claim_offset(ctx, at); at++) {
        row.v = at;
        const flow_time time = { flow_event_time(ctx).us + at * SECOND };
        if (flow_emit_at(ctx, 0, &flow_test_row_type, &row, time) != FLOW_OK)
            break;
        if (at == range->from + 1) {
            flow_resume_after(ctx, (flow_duration){ 1 });
            break;
        }
    }
    return FLOW_OK;
}
FLOW_SPLIT_FN(in_order, flow_test_row, (flow_test_row), .tracker = &flow_offset_tracker,
    .initial = split_whole, .estimator = FLOW_ESTIMATOR_MONOTONE);

static flow_status behind(flow_ctx *ctx, const struct flow_test_row *in)
{
    return in_order(ctx, in);
}
FLOW_SPLIT_FN(behind, flow_test_row, (flow_test_row), .tracker = &flow_offset_tracker,
    .initial = split_whole);

static flow_status too_early(flow_ctx *ctx, const struct flow_test_row *in)
{
    flow_claim_offset(ctx, in->k);
    return flow_emit_at(
        ctx, 0, &flow_test_row_type, in, (flow_time){ flow_event_time(ctx).us - 1 });
}
FLOW_SPLIT_FN(too_early, flow_test_row, (flow_test_row), .tracker = &flow_offset_tracker,
    .initial = split_whole);

// --- watermarks

START_TEST(r68_what_is_left_holds_the_watermark_at_its_estimate)
{
    struct scene *scene = one_element(split_slowly, 10, 13);
    struct play play = scene_begin(scene);
    scene_expect(&play, 1, "10=10");
    ck_assert_int_eq(scene_watermark(&play, "slowly"), 10 * SECOND);
    scene_expect(&play, 2, "10=10 10=11");
    ck_assert_int_eq(scene_watermark(&play, "slowly"), 11 * SECOND);
    scene_reborn(&play, 3);
    ck_assert_int_eq(scene_watermark(&play, "slowly"), 11 * SECOND);
    scene_expect(&play, 3, "10=10 10=11 10=12");
    ck_assert_int_eq(scene_watermark(&play, "slowly"), FLOW_TIME_MAX_US);
    scene_end(&play, "10=10 10=11 10=12");
    scene_free(scene);
}
END_TEST

START_TEST(r68_without_an_estimator_the_elements_time_holds_until_it_is_done)
{
    struct scene *scene = scene_new();
    scene_split(scene, scene->main_rows, split_tick_on);
    scene_row(&scene->main, 0, 1, 0, 5);
    scene_tick(&scene->main, 1, 50);
    struct play play = scene_begin(scene);
    scene_expect(&play, 3, "1=1");
    ck_assert_int_eq(scene_watermark(&play, "tick_on"), 5 * SECOND);
    fl_engine_drain(play.sim->engine);
    scene_end(&play, "1=1");
    scene_free(scene);
}
END_TEST

START_TEST(r68_the_latest_output_is_a_monotone_estimate)
{
    struct scene *scene = one_element(&in_order_split, 3, 7);
    struct play play = scene_begin(scene);
    scene_expect(&play, 1, "3=3 3=4");
    ck_assert_int_eq(scene_watermark(&play, "in_order"), 4 * SECOND);
    ck_assert_int_eq(scene->got.list[0].time.us, 3 * SECOND);
    ck_assert_int_eq(scene->got.list[1].time.us, 4 * SECOND);
    scene_end(&play, "3=3 3=4 3=5 3=6");
    scene_free(scene);
}
END_TEST

START_TEST(r68_the_clock_is_a_wall_clock_estimate)
{
    struct scene *scene = one_element(split_tick, 1, 0);
    struct play play = scene_begin(scene);
    scene_expect(&play, 5, "1=1");
    ck_assert_int_eq(scene_watermark(&play, "tick"), 5);
    scene_expect(&play, 9, "1=1 1=2");
    ck_assert_int_eq(scene_watermark(&play, "tick"), 9);
    fl_engine_drain(play.sim->engine);
    scene_end(&play, "1=1 1=2");
    scene_free(scene);
}
END_TEST

// --- progress

struct wanted {
    const char *name;
    int64_t value;
};

static bool look(void *user, const flow_figure *figure)
{
    struct wanted *wanted = user;
    if (strcmp(figure->step, "slowly") == 0 && strcmp(figure->metric.name, wanted->name) == 0)
        wanted->value = figure->committed.last;
    return true;
}

static int64_t figure_of(const struct play *play, const char *name)
{
    struct wanted wanted = { name, -1 };
    ck_assert(fl_engine_metrics(play->sim->engine, look, &wanted));
    return wanted.value;
}

START_TEST(r68_a_step_says_how_far_it_is)
{
    struct scene *scene = one_element(split_slowly, 10, 14);
    scene_row(&scene->main, 0, 0, 3, 0);
    struct play play = scene_begin(scene);
    scene_expect(&play, 1, "0=0 10=10");
    ck_assert_int_eq(figure_of(&play, "parts"), 2);
    ck_assert_int_eq(figure_of(&play, "work_done"), 2);
    ck_assert_int_eq(figure_of(&play, "work_left"), 5);
    scene_expect(&play, 2, "0=0 0=1 10=10 10=11");
    ck_assert_int_eq(figure_of(&play, "work_done"), 4);
    scene_expect(&play, 3, "0=0 0=1 0=2 10=10 10=11 10=12");
    scene_end(&play, "0=0 0=1 0=2 10=10 10=11 10=12 10=13");
    scene_free(scene);
}
END_TEST

// --- R66

START_TEST(r66_nothing_is_emitted_before_its_elements_time)
{
    scene_end_badly(one_element(&too_early_split, 1, 2), "before its element's time");
}
END_TEST

START_TEST(r66_outputs_lie_in_the_window_of_their_element)
{
    struct scene *scene = scene_new();
    const flow_coll in = scene_window(scene->main_rows, scene_fixed(10), 0);
    const flow_coll out = flow_split(in, &behind_split);
    flow_test_collect(flow_count(out), &scene->got);
    scene_row(&scene->main, 0, 8, 13, 5); // at 13 … 17 seconds, all of [0,10)
    struct play play = scene_begin(scene);
    for (scene->clock = 1; !flow_test_settle(play.sim);)
        scene->clock++;
    ck_assert_int_eq(flow_test_close(play.sim, NULL), FLOW_OK);
    ck_assert_uint_eq(scene->got.count, 1);
    ck_assert_int_eq(scene->got.list[0].window.start.us, 0);
    ck_assert_int_eq(scene->got.list[0].window.end.us, 10 * SECOND);
    ck_assert_str_eq(scene->got.list[0].text, "{count:5}");
    scene_free(scene);
}
END_TEST

TCase *split_call_tests(void)
{
    TCase *tests = tcase_create("split calls");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, r68_what_is_left_holds_the_watermark_at_its_estimate);
    tcase_add_test(tests, r68_without_an_estimator_the_elements_time_holds_until_it_is_done);
    tcase_add_test(tests, r68_the_latest_output_is_a_monotone_estimate);
    tcase_add_test(tests, r68_the_clock_is_a_wall_clock_estimate);
    tcase_add_test(tests, r68_a_step_says_how_far_it_is);
    tcase_add_test(tests, r66_nothing_is_emitted_before_its_elements_time);
    tcase_add_test(tests, r66_outputs_lie_in_the_window_of_their_element);
    return tests;
}
