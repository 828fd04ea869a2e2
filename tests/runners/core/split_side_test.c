// SPDX-License-Identifier: Apache-2.0
// Splittable functions that look into side inputs: when elements wait (R69), which window they see
// (R70), which version (R72, gap G5), and through restarts and faults (R3).
#include <stdlib.h>

#include "splits.h"

TCase *split_side_tests(void);

// The sum of what an iterable shows; -1: nothing.
static int64_t side_sum(flow_ctx *ctx, uint32_t side)
{
    flow_side_walk walk = flow_side_rows(ctx, side, &flow_test_row_type, NULL);
    const struct flow_test_row *row;
    int64_t sum = walk.left > 0 ? 0 : -1;
    while ((row = flow_side_next(&walk)))
        sum += row->v;
    return sum;
}

// For each offset 100 times the sum, and the offset.
static flow_status add_sum(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_offset_range *range = FLOW_RESTRICTION(ctx, flow_offset_range);
    for (int64_t at = range->from; flow_claim_offset(ctx, at); at++)
        scene_emit(ctx, in, 100 * side_sum(ctx, 0) + at);
    return FLOW_OK;
}
FLOW_SPLIT_FN(add_sum, flow_test_row, (flow_test_row), .tracker = &flow_offset_tracker,
    .initial = split_whole);

static void look(struct scene *scene, flow_coll in, const flow_split_fn *fn, flow_view view)
{
    const flow_do_options options = { .sides = &view, .side_count = 1 };
    const flow_coll out = flow_split(in, fn, &options);
    flow_test_collect(out, &scene->got);
}

// Goes on until pauses are over.
static void finish(struct play *play, const char *wanted)
{
    play->scene->clock = INT64_C(1000000000);
    for (int i = 0; i < 1000 && !flow_test_settle(play->sim); i++)
        play->scene->clock += 10;
    scene_end(play, wanted);
    scene_free(play->scene);
}

// --- when, and which window

START_TEST(r69_an_element_of_a_splittable_function_waits_for_its_side_inputs)
{
    struct scene *scene = scene_new();
    const flow_coll side = scene_window(scene->side_rows, scene_fixed(10), 0);
    look(scene, scene_window(scene->main_rows, scene_fixed(10), 0), &add_sum_split,
        flow_as_iterable(side));
    scene_row(&scene->main, 1, 0, 2, 5);
    scene_row(&scene->main, 1, 4, 6, 15);
    scene_tick(&scene->main, 1, 50);
    scene_tick(&scene->main, 9, 60);
    scene_row(&scene->side, 1, 1, 3, 1);
    scene_row(&scene->side, 1, 1, 4, 2);
    scene_tick(&scene->side, 2, 10);
    scene_tick(&scene->side, 3, 20); // with nothing in that window
    scene_tick(&scene->side, 9, 30);
    struct play play = scene_begin(scene);
    scene_expect(&play, 1, "");
    ck_assert_int_eq(scene_watermark(&play, "add_sum"), 5 * SECOND);
    scene_expect(&play, 2, "0=700 0=701");
    ck_assert_int_eq(scene_watermark(&play, "add_sum"), 15 * SECOND);
    scene_expect(&play, 3, "0=700 0=701 4=-96 4=-95");
    ck_assert_int_eq(scene_watermark(&play, "add_sum"), 50 * SECOND);
    finish(&play, "0=700 0=701 4=-96 4=-95");
}
END_TEST

START_TEST(r69_a_view_over_all_time_is_waited_for_until_its_input_ends)
{
    struct scene *scene = scene_new();
    look(scene, scene->main_rows, &add_sum_split, flow_as_iterable(scene->side_rows));
    scene_row(&scene->main, 1, 0, 2, 5);
    scene_tick(&scene->main, 1, 50);
    scene_row(&scene->side, 2, 1, 3, 1);
    scene_row(&scene->side, 3, 1, 4, 100);
    struct play play = scene_begin(scene);
    scene_expect(&play, 2, "");
    scene_expect(&play, 3, "0=700 0=701");
    finish(&play, "0=700 0=701");
}
END_TEST

START_TEST(r70_an_element_in_several_windows_is_worked_on_in_each)
{
    struct scene *scene = scene_new();
    const flow_windows sliding = flow_sliding(flow_seconds(20), flow_seconds(10));
    look(scene, scene_window(scene->main_rows, sliding, 0), &add_sum_split,
        flow_as_iterable(scene_window(scene->side_rows, scene_fixed(10), 0)));
    scene_row(&scene->side, 1, 1, 1, 5);
    scene_row(&scene->side, 1, 1, 2, 15);
    scene_row(&scene->side, 1, 1, 3, 25);
    scene_row(&scene->main, 1, 0, 2, 12); // in [0, 20) and [10, 30)
    struct play play = scene_begin(scene);
    finish(&play, "0=200 0=201 0=300 0=301");
}
END_TEST

// --- what looks

static flow_status up_to_side(flow_ctx *ctx, const void *element, void *restriction)
{
    const struct flow_test_row *side = FLOW_SIDE(ctx, 0, flow_test_row), *row = element;
    struct flow_offset_range *range = restriction;
    if (side)
        *range = (struct flow_offset_range){ .from = row->k, .to = side->v };
    return FLOW_OK;
}

// Parts as long as the side input's k.
static flow_status by_side(flow_ctx *ctx, const void *element, const void *restriction)
{
    const struct flow_test_row *side = FLOW_SIDE(ctx, 0, flow_test_row);
    const struct flow_offset_range *range = restriction;
    (void)element;
    for (int64_t at = range->from; side && at < range->to; at += side->k) {
        const int64_t to = at + side->k < range->to ? at + side->k : range->to;
        flow_split_part(
            ctx, &flow_offset_range_type, &(struct flow_offset_range){ .from = at, .to = to });
    }
    return FLOW_OK;
}

// Gives where its part begins, as k.
static flow_status tell_begin(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_offset_range *range = FLOW_RESTRICTION(ctx, flow_offset_range);
    struct flow_test_row row = *in;
    row.k = range->from;
    for (row.v = range->from; flow_claim_offset(ctx, row.v); row.v++)
        FLOW_EMIT_ROW(ctx, flow_test_row, &row);
    return FLOW_OK;
}
FLOW_SPLIT_FN(tell_begin, flow_test_row, (flow_test_row), .tracker = &flow_offset_tracker,
    .initial = up_to_side, .split = by_side);

START_TEST(r68_restrictions_and_their_parts_can_come_of_a_side_input)
{
    struct scene *scene = scene_new();
    look(scene, scene->main_rows, &tell_begin_split, flow_as_singleton(scene->side_rows));
    scene_row(&scene->main, 1, 10, 0, 5);
    scene_row(&scene->side, 1, 2, 15, 1);
    struct play play = scene_begin(scene);
    finish(&play, "10=10 10=11 12=12 12=13 14=14");
}
END_TEST

START_TEST(r71_a_singleton_without_value_fails_the_job_whatever_the_policy)
{
    struct scene *scene = scene_new();
    const flow_view view = flow_as_singleton(scene->side_rows);
    const flow_do_options options = {
        .sides = &view, .side_count = 1, .on_error = FLOW_ON_ERROR_SKIP
    };
    flow_test_collect(flow_split(scene->main_rows, &tell_begin_split, &options), &scene->got);
    scene_row(&scene->main, 1, 10, 0, 5);
    scene_end_badly(scene, "has no value in a window where one is wanted");
}
END_TEST

// --- which version

// One offset a call, and a pause of ten. Says that it is far ahead in event time. Within a call the
// side input stays the same.
static flow_status add_slowly(flow_ctx *ctx, const struct flow_test_row *in)
{
    const int64_t sum = side_sum(ctx, 0);
    const int64_t at = FLOW_RESTRICTION(ctx, flow_offset_range)->from;
    if (!flow_claim_offset(ctx, at))
        return FLOW_OK;
    flow_estimate(ctx, (flow_time){ flow_event_time(ctx).us + 1000 * SECOND });
    flow_resume_after(ctx, (flow_duration){ 10 });
    return scene_emit(ctx, in, side_sum(ctx, 0) == sum ? 100 * sum + at : -1000);
}
FLOW_SPLIT_FN(add_slowly, flow_test_row, (flow_test_row), .tracker = &flow_offset_tracker,
    .initial = split_whole, .estimator = FLOW_ESTIMATOR_MANUAL);

START_TEST(r72_what_is_left_of_an_element_sees_a_later_firing)
{
    struct scene *scene = scene_new();
    look(scene, scene_window(scene->main_rows, scene_fixed(10), 0), &add_slowly_split,
        flow_as_iterable(scene_window(scene->side_rows, scene_fixed(10), 1000)));
    scene_row(&scene->side, 1, 1, 7, 3);
    scene_tick(&scene->side, 1, 10);
    scene_row(&scene->main, 2, 0, 4, 5);
    scene_row(&scene->side, 15, 1, 8, 3); // late: replaces
    scene_tick(&scene->side, 25, 20);
    struct play play = scene_begin(scene);
    scene_expect(&play, 2, "0=700");
    scene_expect(&play, 12, "0=700 0=701");
    scene_expect(&play, 15, "0=700 0=701");
    scene_reborn(&play, 3);
    scene_expect(&play, 22, "0=700 0=701 0=802");
    finish(&play, "0=700 0=701 0=802 0=803");
}
END_TEST

// Its estimate and both inputs are far behind its window, which it still looks into.
START_TEST(r70_a_window_stays_as_long_as_something_is_left_of_its_elements)
{
    struct scene *scene = scene_new();
    look(scene, scene_window(scene->main_rows, scene_fixed(10), 0), &add_slowly_split,
        flow_as_iterable(scene_window(scene->side_rows, scene_fixed(10), 0)));
    scene_row(&scene->side, 1, 1, 7, 3);
    scene_row(&scene->main, 1, 0, 4, 5);
    for (int64_t i = 0; i < 20; i++) {
        scene_tick(&scene->main, 2 + i, 100 * (i + 1));
        scene_row(&scene->main, 2 + i, 9, 9, 100 * (i + 1)); // passes the gate; nothing to do
        scene_row(&scene->side, 2 + i, 1, 1, 100 * (i + 1));
        scene_tick(&scene->side, 2 + i, 100 * (i + 1) + 10);
    }
    struct play play = scene_begin(scene);
    scene_expect(&play, 2, "0=700");
    for (int64_t when = 3; when <= 11; when++)
        scene_expect(&play, when, "0=700");
    ck_assert_int_gt(scene_watermark(&play, "add_slowly"), 500 * SECOND);
    scene_expect(&play, 12, "0=700 0=701");
    scene_reborn(&play, 2);
    scene_expect(&play, 22, "0=700 0=701 0=702");
    finish(&play, "0=700 0=701 0=702 0=703");
}
END_TEST

START_TEST(windows_that_no_element_is_left_of_are_forgotten)
{
    uint64_t memory[2] = { 0, 0 };
    for (int big = 0; big < 2; big++) {
        struct scene *scene = scene_new();
        const flow_coll side = scene_window(scene->side_rows, scene_fixed(1), 0);
        look(scene, scene_window(scene->main_rows, scene_fixed(1), 0), &add_sum_split,
            flow_as_iterable(side));
        const int64_t steps = big ? 1200 : 50;
        for (int64_t step = 0; step < steps; step++) {
            scene_row(&scene->side, step + 1, 1, 1, step);
            scene_tick(&scene->side, step + 1, step + 1);
            scene_row(&scene->main, step + 1, 3, 3, step); // an empty range
            scene_tick(&scene->main, step + 1, step + 1);
        }
        struct play play = scene_begin(scene);
        for (int64_t step = 0; step < steps; step++)
            scene_expect(&play, step + 1, "");
        flow_status_report report;
        fl_engine_status(play.sim->engine, &report);
        memory[big] = report.memory;
        finish(&play, "");
    }
    ck_assert_uint_le(memory[1], memory[0] + (2 << 20));
}
END_TEST

// --- what happens in between changes nothing

static flow_status to_v(flow_ctx *ctx, const void *element, void *restriction)
{
    (void)ctx;
    ((struct flow_offset_range *)restriction)->to = ((const struct flow_test_row *)element)->v;
    return FLOW_OK;
}

static flow_status one_by_one(flow_ctx *ctx, const void *element, const void *restriction)
{
    const struct flow_offset_range *range = restriction;
    (void)element;
    for (int64_t at = range->from; at < range->to; at += 2) {
        const int64_t to = at + 2 < range->to ? at + 2 : range->to;
        flow_split_part(
            ctx, &flow_offset_range_type, &(struct flow_offset_range){ .from = at, .to = to });
    }
    return FLOW_OK;
}

// A table by the element's time, the window's sum, and the offset; an offset a call.
static flow_status all_forms(flow_ctx *ctx, const struct flow_test_row *in)
{
    const int64_t at = FLOW_RESTRICTION(ctx, flow_offset_range)->from;
    const struct flow_test_row *table = FLOW_SIDE_FIND(ctx, 0, flow_test_row, in->k);
    if (!flow_claim_offset(ctx, at))
        return FLOW_OK;
    if (in->k % 2)
        flow_resume_after(ctx, (flow_duration){ 2 });
    else
        flow_resume_after(ctx, (flow_duration){ 0 });
    return scene_emit(ctx, in, (table ? table->v : 0) * 1000000 + side_sum(ctx, 1) * 10 + at);
}
FLOW_SPLIT_FN(all_forms, flow_test_row, (flow_test_row), .tracker = &flow_offset_tracker,
    .initial = to_v, .split = one_by_one);

static struct scene *all_views(void)
{
    struct scene *scene = scene_new();
    const flow_view views[] = { flow_as_temporal(scene_by_k(scene->side_rows)),
        flow_as_iterable(scene_window(scene->side_rows, scene_fixed(10), 0)) };
    const flow_do_options options = { .sides = views, .side_count = 2 };
    const flow_coll main = scene_window(scene->main_rows, scene_fixed(10), 0);
    flow_test_collect(flow_split(main, &all_forms_split, &options), &scene->got);
    for (int64_t i = 0; i < 120; i++) {
        scene_row(&scene->side, i / 8 + 2 + i % 3, i % 5, i, i / 2);
        scene_row(&scene->main, i / 8 + 1 + i % 2, i % 6, 3, i / 2);
        if (i % 8 == 7) {
            scene_tick(&scene->side, i / 8 + 4, i / 2 - 4);
            scene_tick(&scene->main, i / 8 + 4, i / 2 - 4);
        }
    }
    return scene;
}

static char *undisturbed(void)
{
    struct scene *scene = all_views();
    struct play play = scene_begin(scene);
    flow_error error = { 0 };
    scene->clock = INT64_C(1000000000);
    for (int i = 0; i < 1000 && !flow_test_settle(play.sim); i++)
        scene->clock += 10;
    ck_assert_int_eq(flow_test_close(play.sim, &error), FLOW_OK);
    ck_assert_uint_eq(scene->got.count, 3 * 120);
    char *lines = strdup(scene_lines(&scene->got));
    scene_free(scene);
    return lines;
}

START_TEST(r3_restarts_while_elements_wait_or_are_half_done_change_nothing)
{
    char *wanted = undisturbed();
    const uint32_t seeds = flow_test_seeds(100);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct scene *scene = all_views();
        uint64_t random = seed;
        scene->options.seed = seed;
        scene->options.weave = seed % 2;
        scene->options.flight = seed % 3 ? 0 : 1;
        scene->options.workers = 1 + (uint32_t)(seed % 4);
        struct play play = scene_begin(scene);
        for (int64_t when = 1; when < 24; when += 1 + (int64_t)(seed % 3)) {
            scene->clock = when;
            if (!flow_test_rest(play.sim, 1 + flow_test_below(&random, 300))) {
                fl_engine_hold(play.sim->engine, true);
                if (flow_test_settle(play.sim))
                    break;
            }
            scene_reborn(&play, 1 + flow_test_below(&random, 4));
        }
        finish(&play, wanted);
    }
    free(wanted);
}
END_TEST

START_TEST(r3_faults_while_splittable_functions_look_leave_no_trace)
{
    char *wanted = undisturbed();
    uint64_t asked = 1;
    for (uint64_t at = 1; at <= asked; at += 1 + at / 20) {
        struct scene *scene = all_views();
        scene->options.faults.at = at;
        scene->options.workers = 1 + (uint32_t)(at % 3);
        struct play play = scene_begin(scene);
        for (scene->clock = 1; scene->clock < 24; scene->clock += 3)
            flow_test_settle(play.sim);
        asked = play.sim->faults.asked > asked ? play.sim->faults.asked : asked;
        finish(&play, wanted);
    }
    ck_assert_uint_gt(asked, 300);
    free(wanted);
}
END_TEST

TCase *split_side_tests(void)
{
    TCase *tests = tcase_create("split-side");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, r69_an_element_of_a_splittable_function_waits_for_its_side_inputs);
    tcase_add_test(tests, r69_a_view_over_all_time_is_waited_for_until_its_input_ends);
    tcase_add_test(tests, r70_an_element_in_several_windows_is_worked_on_in_each);
    tcase_add_test(tests, r70_a_window_stays_as_long_as_something_is_left_of_its_elements);
    tcase_add_test(tests, windows_that_no_element_is_left_of_are_forgotten);
    tcase_add_test(tests, r68_restrictions_and_their_parts_can_come_of_a_side_input);
    tcase_add_test(tests, r71_a_singleton_without_value_fails_the_job_whatever_the_policy);
    tcase_add_test(tests, r72_what_is_left_of_an_element_sees_a_later_firing);
    tcase_add_test(tests, r3_restarts_while_elements_wait_or_are_half_done_change_nothing);
    tcase_add_test(tests, r3_faults_while_splittable_functions_look_leave_no_trace);
    return tests;
}
