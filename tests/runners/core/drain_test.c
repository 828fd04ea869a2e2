// SPDX-License-Identifier: Apache-2.0
// Results that exist only because a job was drained are marked, others are not (R80).
#include <stdio.h>
#include <stdlib.h>

#include "engine.h"
#include "splits.h"

#define NEVER INT64_C(100000000) // on the clock: not before the drain

// --- steps

static flow_status add(flow_ctx *ctx, const int64_t *k, flow_rows *rows)
{
    const struct flow_test_row *row;
    int64_t sum = 0;
    while ((row = flow_rows_next(rows)))
        sum += row->v;
    return FLOW_EMIT(ctx, flow_test_row, .k = *k, .v = sum);
}
FLOW_GROUP_FN(add, int64_t, flow_test_row, flow_test_row);

struct nothing {
    int64_t none;
};
FLOW_RECORD(nothing, none);

// Rings v seconds behind the element, and gives what it is told of the pane.
static flow_status ring(
    flow_ctx *ctx, const int64_t *k, const struct flow_test_row *row, struct nothing *nothing)
{
    (void)k;
    (void)nothing;
    flow_timer_set(ctx, (flow_time){ row->at.us + row->v * SECOND });
    return FLOW_OK;
}

static flow_status ring_timer(flow_ctx *ctx, const int64_t *k, struct nothing *nothing)
{
    (void)nothing;
    return FLOW_EMIT(ctx, flow_test_row, .k = *k, .v = flow_pane_info(ctx).drained);
}
FLOW_STATEFUL_FN(ring, int64_t, flow_test_row, nothing, flow_test_row);

FLOW_VALUE(kept, nothing);
FLOW_TIMER(bell, int64_t, FLOW_EVENT_TIME);
FLOW_TIMER(closing, int64_t, FLOW_WINDOW_EXPIRY);

static flow_status bell_due(flow_ctx *ctx, const int64_t *k)
{
    return FLOW_EMIT(ctx, flow_test_row, .k = *k, .v = flow_pane_info(ctx).drained);
}

static flow_status closing_due(flow_ctx *ctx, const int64_t *k)
{
    return FLOW_EMIT(ctx, flow_test_row, .k = *k, .v = 10 + flow_pane_info(ctx).drained);
}

static flow_status set_bell(flow_ctx *ctx, const int64_t *k, const struct flow_test_row *row)
{
    (void)k;
    const struct nothing nothing = { 1 };
    FLOW_CELL_WRITE(ctx, kept, &nothing);
    FLOW_TIMER_SET(ctx, bell, (flow_time){ row->at.us + row->v * SECOND });
    return ctx->status;
}
FLOW_CELLS_FN(set_bell, int64_t, flow_test_row, (flow_test_row), FLOW_CELLS(kept),
    FLOW_TIMERS(bell, closing));

// --- what came, in order: "k=v", the end of the window in seconds, and a star where it is marked

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static const char *lines(const struct flow_test_results *results)
{
    static char text[4096];
    char all[64][48];
    size_t at = 0;
    ck_assert_uint_le(results->count, 64);
    for (size_t i = 0; i < results->count; i++) {
        const struct flow_test_result *r = &results->list[i];
        const char *k = strstr(r->text, "{k:"), *v = strstr(r->text, ",v:");
        const long long end = (long long)(r->window.end.us / SECOND);
        if (k && v)
            snprintf(all[i], sizeof all[i], "%lld=%lld@%lld%s", strtoll(k + 3, NULL, 10),
                strtoll(v + 3, NULL, 10), end > 1000000 ? 0 : end, r->pane.drained ? "*" : "");
        else // a combine's: its key and its value
            snprintf(all[i], sizeof all[i], "%.20s@%lld%s", r->text, end > 1000000 ? 0 : end,
                r->pane.drained ? "*" : "");
    }
    qsort(all, results->count, sizeof all[0], by_text);
    text[0] = '\0';
    for (size_t i = 0; i < results->count; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", i ? " " : "", all[i]);
    return text;
}

static void expect(const struct flow_test_results *results, const char *wanted)
{
    ck_assert_str_eq(lines(results), wanted);
}

// An input that goes on until it is drained.
static void goes_on(struct input *input)
{
    scene_row(input, NEVER, 9, 9, 900);
}

// Plays all there is before the drain, drains, and plays to the end.
static void drain_to_the_end(struct scene *scene, bool reborn)
{
    flow_error error = { 0 };
    struct play play = scene_begin(scene);
    scene->clock = 1;
    ck_assert(!flow_test_settle(play.sim));
    if (reborn)
        scene_reborn(&play, 2);
    fl_engine_drain(play.sim->engine);
    ck_assert(flow_test_settle(play.sim));
    ck_assert_int_eq(flow_test_close(play.sim, &error), FLOW_OK);
}

// Rows of three windows of ten seconds, of which the watermark has passed one.
static struct scene *three_windows(void)
{
    struct scene *scene = scene_new();
    scene_row(&scene->main, 0, 1, 1, 3);
    scene_row(&scene->main, 0, 1, 2, 12);
    scene_row(&scene->main, 0, 1, 4, 25);
    scene_tick(&scene->main, 0, 10);
    goes_on(&scene->main);
    return scene;
}

START_TEST(r80_windows_that_a_drain_ends_are_marked)
{
    struct scene *scene = three_windows();
    const flow_coll in = scene_by_k(scene_window(scene->main_rows, scene_fixed(10), 0));
    flow_test_collect(flow_group(in, &add_fn), &scene->got);
    flow_test_collect(flow_sum(in, FLOW_FIELD(flow_test_row, v)), &scene->dropped);
    drain_to_the_end(scene, _i);
    expect(&scene->got, "1=1@10 1=2@20* 1=4@30*");
    ck_assert_uint_eq(scene->dropped.count, 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(scene->dropped.list[i].pane.drained,
            scene->dropped.list[i].window.end.us > 10 * SECOND);
    scene_free(scene);
}
END_TEST

START_TEST(r80_nothing_is_marked_where_the_input_ends_by_itself)
{
    struct scene *scene = three_windows();
    scene->main.script.piece_count--;
    const flow_coll in = scene_by_k(scene_window(scene->main_rows, scene_fixed(10), 0));
    flow_test_collect(flow_group(in, &add_fn), &scene->got);
    scene_row(&scene->side, NEVER, 1, 1, 0);
    flow_test_collect(scene->side_rows, &scene->dropped); // another input holds the job
    drain_to_the_end(scene, false);
    expect(&scene->got, "1=1@10 1=2@20 1=4@30");
    scene_free(scene);
}
END_TEST

START_TEST(r80_sessions_that_a_drain_closes_are_marked)
{
    struct scene *scene = three_windows();
    const flow_coll in =
        scene_by_k(scene_window(scene->main_rows, flow_sessions(flow_seconds(5)), 0));
    flow_test_collect(flow_group(in, &add_fn), &scene->got);
    drain_to_the_end(scene, _i);
    expect(&scene->got, "1=1@8 1=2@17* 1=4@30*");
    scene_free(scene);
}
END_TEST

START_TEST(r80_early_results_are_not_marked_though_their_window_is)
{
    struct scene *scene = three_windows();
    const flow_window_options options = { .windows = scene_fixed(10),
        .no_lateness = true,
        .trigger = flow_trigger_early_late(flow_trigger_count(1), flow_trigger_none()),
        .closing = FLOW_EMPTY_ALWAYS,
        .on_time = FLOW_EMPTY_ALWAYS,
        .accumulation = FLOW_ACCUMULATING };
    const flow_coll in = scene_by_k(flow_window_into(scene->main_rows, &options));
    flow_test_collect(flow_group(in, &add_fn), &scene->got);
    drain_to_the_end(scene, false);
    for (size_t i = 0; i < scene->got.count; i++) {
        const flow_pane *pane = &scene->got.list[i].pane;
        const bool ended = scene->got.list[i].window.end.us > 10 * SECOND;
        ck_assert_int_eq(pane->drained, ended && pane->timing != FLOW_TIMING_EARLY);
    }
    expect(&scene->got, "1=1@10 1=1@10 1=2@20 1=2@20* 1=4@30 1=4@30*");
    scene_free(scene);
}
END_TEST

START_TEST(r80_late_results_are_marked_where_their_window_is)
{
    struct scene *scene = scene_new();
    scene_row(&scene->main, 0, 1, 1, 3);
    scene_tick(&scene->main, 0, 10);
    scene_row(&scene->main, 0, 1, 2, 4); // late
    scene_row(&scene->main, 0, 1, 4, 14);
    goes_on(&scene->main);
    const flow_coll in = scene_by_k(scene_window(scene->main_rows, scene_fixed(10), 60));
    flow_test_collect(flow_group(in, &add_fn), &scene->got);
    drain_to_the_end(scene, _i);
    expect(&scene->got, "1=1@10 1=2@10 1=4@20*");
    scene_free(scene);
}
END_TEST

// --- timers

// The clock stands at second 10 of event time: of timers at 8, 10 and 20 the drain fires two.
static struct scene *bells(void)
{
    struct scene *scene = scene_new();
    scene_row(&scene->main, 0, 1, 5, 3);
    scene_row(&scene->main, 0, 2, 7, 3);
    scene_row(&scene->main, 0, 3, 17, 3);
    scene_tick(&scene->main, 0, 10);
    goes_on(&scene->main);
    return scene;
}

START_TEST(r80_timers_that_a_drain_fires_are_marked)
{
    struct scene *scene = bells();
    flow_test_collect(flow_do(scene_by_k(scene->main_rows), &ring_fn), &scene->got);
    drain_to_the_end(scene, _i);
    expect(&scene->got, "1=0@0 2=1@0* 3=1@0*");
    scene_free(scene);
}
END_TEST

START_TEST(r80_named_timers_and_expiries_that_a_drain_fires_are_marked)
{
    struct scene *scene = bells();
    const flow_coll in = scene_by_k(scene_window(scene->main_rows, scene_fixed(30), 0));
    flow_test_collect(flow_do(in, &set_bell_fn), &scene->got);
    drain_to_the_end(scene, _i);
    expect(&scene->got, "1=0@30 1=11@30* 2=11@30* 2=1@30* 3=11@30* 3=1@30*");
    scene_free(scene);
}
END_TEST

// --- several inputs

START_TEST(r80_the_input_that_is_least_far_counts)
{
    struct scene *scene = three_windows();
    scene_row(&scene->side, 0, 2, 1, 3);
    scene_row(&scene->side, 0, 2, 2, 13);
    scene_row(&scene->side, 0, 2, 4, 23);
    scene_tick(&scene->side, 0, 30);
    goes_on(&scene->side);
    const flow_coll both[2] = { scene->main_rows, scene->side_rows };
    const flow_coll all = scene_by_k(scene_window(flow_flatten(both, 2), scene_fixed(10), 0));
    const flow_coll one = scene_by_k(scene_window(scene->side_rows, scene_fixed(10), 0));
    flow_test_collect(flow_group(all, &add_fn), &scene->got);
    flow_test_collect(flow_group(one, &add_fn), &scene->dropped);
    drain_to_the_end(scene, _i);
    expect(&scene->got, "1=1@10 1=2@20* 1=4@30* 2=1@10 2=2@20* 2=4@30*");
    expect(&scene->dropped, "2=1@10 2=2@20 2=4@30");
    scene_free(scene);
}
END_TEST

START_TEST(r80_the_mark_goes_on_to_later_steps)
{
    struct scene *scene = three_windows();
    flow_coll in = scene_by_k(scene_window(scene->main_rows, scene_fixed(10), 0));
    in = flow_group(in, &add_fn);
    flow_test_collect(flow_reshuffle(in), &scene->dropped);
    in = scene_by_k(scene_window(in, scene_fixed(20), 0));
    flow_test_collect(flow_group(in, &add_fn), &scene->got);
    drain_to_the_end(scene, _i);
    expect(&scene->dropped, "1=1@10 1=2@20* 1=4@30*");
    expect(&scene->got, "1=3@20* 1=4@40*");
    scene_free(scene);
}
END_TEST

// --- splittable steps

START_TEST(r80_what_a_drain_leaves_of_elements_without_end_is_marked)
{
    struct scene *scene = scene_new();
    const flow_coll stopped = flow_split(scene->main_rows, split_tick);
    const flow_coll finished = flow_split(scene->main_rows, split_slowly);
    scene_row(&scene->main, 0, 1, 4, 0);
    flow_test_collect(
        flow_group(scene_by_k(scene_window(stopped, scene_fixed(10), 0)), &add_fn), &scene->got);
    flow_test_collect(flow_group(scene_by_k(scene_window(finished, scene_fixed(10), 0)), &add_fn),
        &scene->dropped);
    drain_to_the_end(scene, _i);
    expect(&scene->got, "1=1@10*");
    expect(&scene->dropped, "1=6@10"); // all of it was done
    scene_free(scene);
}
END_TEST

// --- snapshots

START_TEST(r80_marks_outlast_a_snapshot_amid_a_drain)
{
    flow_error error = { 0 };
    struct scene *scene = three_windows();
    scene_row(&scene->side, 0, 1, 4, 0);
    const flow_coll both[2] = { scene->main_rows, flow_split(scene->side_rows, split_slowly) };
    const flow_coll all = scene_by_k(scene_window(flow_flatten(both, 2), scene_fixed(10), 0));
    flow_test_collect(flow_group(all, &add_fn), &scene->got);
    struct play play = scene_begin(scene);
    scene->clock = 1;
    flow_test_settle(play.sim);
    fl_engine_hold(play.sim->engine, true); // what is left of the element stays
    fl_engine_drain(play.sim->engine);
    flow_test_settle(play.sim);
    ck_assert_uint_eq(scene->got.count, 0);
    scene_reborn(&play, 2);
    fl_engine_drain(play.sim->engine);
    ck_assert(flow_test_settle(play.sim));
    ck_assert_int_eq(flow_test_close(play.sim, &error), FLOW_OK);
    expect(&scene->got, "1=2@20* 1=4@30* 1=7@10");
    scene_free(scene);
}
END_TEST

START_TEST(r80_the_mark_of_elements_that_a_drain_ended_outlasts_a_snapshot)
{
    struct scene *scene = one_element(split_tick, 1, 4);
    struct play play = scene_begin(scene);
    scene->clock = 1;
    flow_test_settle(play.sim);
    uint32_t split = 0;
    while (play.sim->engine->plan.ops[split].kind != FL_OP_SPLIT)
        split++;
    fl_drain_note(play.sim->engine, split, 7);
    fl_drain_note(play.sim->engine, split, 8); // the lowest counts
    scene_reborn(&play, 2);
    ck_assert_int_eq(atomic_load(&play.sim->engine->drain_marks[split]), 7);
    ck_assert(atomic_load(&play.sim->engine->drained));
    fl_engine_drain(play.sim->engine);
    scene_end(&play, "1=1");
    scene_free(scene);
}
END_TEST

TCase *drain_tests(void);

TCase *drain_tests(void)
{
    TCase *tests = tcase_create("drain");
    tcase_add_loop_test(tests, r80_windows_that_a_drain_ends_are_marked, 0, 2);
    tcase_add_test(tests, r80_nothing_is_marked_where_the_input_ends_by_itself);
    tcase_add_loop_test(tests, r80_sessions_that_a_drain_closes_are_marked, 0, 2);
    tcase_add_test(tests, r80_early_results_are_not_marked_though_their_window_is);
    tcase_add_loop_test(tests, r80_late_results_are_marked_where_their_window_is, 0, 2);
    tcase_add_loop_test(tests, r80_timers_that_a_drain_fires_are_marked, 0, 2);
    tcase_add_loop_test(tests, r80_named_timers_and_expiries_that_a_drain_fires_are_marked, 0, 2);
    tcase_add_loop_test(tests, r80_the_input_that_is_least_far_counts, 0, 2);
    tcase_add_loop_test(tests, r80_the_mark_goes_on_to_later_steps, 0, 2);
    tcase_add_loop_test(tests, r80_what_a_drain_leaves_of_elements_without_end_is_marked, 0, 2);
    tcase_add_test(tests, r80_marks_outlast_a_snapshot_amid_a_drain);
    tcase_add_test(tests, r80_the_mark_of_elements_that_a_drain_ended_outlasts_a_snapshot);
    return tests;
}
