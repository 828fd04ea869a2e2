// SPDX-License-Identifier: Apache-2.0
// Side inputs at work: tables by event time (rows K4, K5), one version for a whole bundle (gap G5),
// full gates that close no way out, state and groups that look, snapshots, and faults.
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>

TCase *side_play_tests(void);

// --- tables

START_TEST(k4_an_element_finds_the_value_that_was_valid_at_its_time)
{
    struct scene *scene = scene_new();
    scene_look(scene, scene->main_rows, scene_find, flow_as_temporal(scene_by_k(scene->side_rows)));
    scene_row(&scene->side, 1, 1, 30, 30);
    scene_row(&scene->side, 1, 1, 10, 10);
    scene_row(&scene->side, 1, 2, 20, 20);
    scene_row(&scene->main, 1, 1, 0, 9);
    scene_row(&scene->main, 1, 1, 0, 10);
    scene_row(&scene->main, 1, 1, 0, 29);
    scene_row(&scene->main, 1, 1, 0, 500);
    scene_row(&scene->main, 1, 2, 0, 10);
    scene_row(&scene->main, 1, 2, 0, 25);
    struct play play = scene_begin(scene);
    scene_end(&play, "1=-1 1=10 1=10 1=30 2=-1 2=20");
    scene_free(scene);
}
END_TEST

START_TEST(k4_an_element_waits_until_the_changes_have_passed_its_time)
{
    struct scene *scene = scene_new();
    scene_look(scene, scene->main_rows, scene_find, flow_as_temporal(scene_by_k(scene->side_rows)));
    scene_row(&scene->side, 1, 1, 10, 10);
    for (int64_t second = 19; second <= 21; second++)
        scene_row(&scene->main, 1, 1, 0, second);
    scene_tick(&scene->main, 1, 100);
    scene_tick(&scene->side, 2, 20); // a change at 20 may still come
    scene_row(&scene->side, 3, 1, 20, 20);
    scene_tick(&scene->side, 3, 21);
    scene_tick(&scene->side, 9, 21);
    scene_tick(&scene->main, 9, 100);
    struct play play = scene_begin(scene);
    scene_expect(&play, 1, "");
    ck_assert_int_eq(scene_watermark(&play, "find"), 19 * SECOND);
    scene_expect(&play, 2, "1=10");
    ck_assert_int_eq(scene_watermark(&play, "find"), 20 * SECOND);
    scene_expect(&play, 3, "1=10 1=20");
    scene_end(&play, "1=10 1=20 1=20");
    scene_free(scene);
}
END_TEST

START_TEST(k4_of_changes_at_one_instant_the_greater_counts_in_any_order)
{
    for (int turned = 0; turned < 2; turned++) {
        struct scene *scene = scene_new();
        scene_look(
            scene, scene->main_rows, scene_find, flow_as_temporal(scene_by_k(scene->side_rows)));
        scene_row(&scene->side, 1 + turned, 1, 7, 10);
        scene_row(&scene->side, 2 - turned, 1, 3, 10);
        scene_row(&scene->main, 3, 1, 0, 10);
        struct play play = scene_begin(scene);
        scene_end(&play, "1=7");
        scene_free(scene);
    }
}
END_TEST

START_TEST(k5_an_element_later_than_a_table_keeps_is_dropped_as_late)
{
    struct scene *scene = scene_new();
    const flow_view_options options = { .keep = flow_seconds(50) };
    scene_look(scene, scene->main_rows, scene_find,
        flow_view_of(scene_by_k(scene->side_rows), FLOW_VIEW_TEMPORAL, &options));
    for (int64_t second = 0; second < 100; second++)
        scene_row(&scene->side, 1, 1, second, second);
    scene_tick(&scene->main, 2, 90);
    scene_row(&scene->main, 3, 1, 0, 40); // 90 − 50
    scene_row(&scene->main, 3, 1, 0, 39);
    struct play play = scene_begin(scene);
    scene_expect(&play, 2, "");
    scene_end(&play, "1=40");
    ck_assert_uint_eq(scene->dropped.count, 1);
    scene_free(scene);
}
END_TEST

// Changes without end, of which few are asked for: a run of half the memory would not do.
START_TEST(k5_versions_that_nobody_can_ask_for_are_forgotten)
{
    static struct flow_test_row rows[2000];
    uint64_t memory[2] = { 0, 0 };
    for (int big = 0; big < 2; big++) {
        struct scene *scene = scene_new();
        scene_look(
            scene, scene->main_rows, scene_find, flow_as_temporal(scene_by_k(scene->side_rows)));
        const int64_t steps = big ? 400 : 40;
        for (int64_t step = 0; step < steps; step++) {
            for (int64_t i = 0; i < 2000; i++) // on and on over the same keys
                rows[i] = flow_test_row_at(i % 100, step, step * SECOND);
            scene_tick(&scene->side, step + 1, step);
            scene->side.pieces[step].rows = rows;
            scene->side.pieces[step].count = 2000;
            scene_tick(&scene->main, step + 1, step);
        }
        scene->side.script.times.disorder.us = 1;
        scene->options.memory = 64 << 20;
        struct play play = scene_begin(scene);
        for (int64_t step = 0; step < steps; step++) {
            for (int64_t i = 0; i < 2000; i++)
                rows[i].at.us = step * SECOND;
            scene_expect(&play, step + 1, "");
        }
        flow_status_report report;
        fl_engine_status(play.sim->engine, &report);
        memory[big] = report.memory;
        scene_end(&play, "");
        scene_free(scene);
    }
    ck_assert_msg(memory[1] <= memory[0] + (2 << 20),
        "%llu bytes after few changes, %llu after many", (unsigned long long)memory[0],
        (unsigned long long)memory[1]);
}
END_TEST

START_TEST(windows_that_nobody_can_ask_for_are_forgotten)
{
    uint64_t memory[2] = { 0, 0 };
    for (int big = 0; big < 2; big++) {
        struct scene *scene = scene_new();
        const flow_coll side = scene_window(scene->side_rows, scene_fixed(1), 0);
        scene_look(scene, scene_window(scene->main_rows, scene_fixed(1), 5), scene_find,
            flow_as_map(scene_by_k(side)));
        const int64_t steps = big ? 1500 : 50;
        for (int64_t step = 0; step < steps; step++) {
            scene_row(&scene->side, step + 1, 1, 1, step);
            scene_tick(&scene->side, step + 1, step + 1);
            scene_tick(&scene->main, step + 1, step + 1);
        }
        struct play play = scene_begin(scene);
        for (int64_t step = 0; step < steps; step++)
            scene_expect(&play, step + 1, "");
        flow_status_report report;
        fl_engine_status(play.sim->engine, &report);
        memory[big] = report.memory;
        scene_end(&play, "");
        scene_free(scene);
    }
    ck_assert_uint_le(memory[1], memory[0] + (2 << 20));
}
END_TEST

// --- G5: a whole bundle sees one version

// While worker 0 is in a bundle, the others change the view.
static struct {
    struct scene *scene;
    struct fl_engine *engine;
} meddler;

static flow_status look_and_meddle(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_test_row *side = FLOW_SIDE(ctx, 0, flow_test_row);
    if (!side)
        return ctx->status;
    struct fl_engine *engine = meddler.engine;
    meddler.engine = NULL;
    meddler.scene->clock = 3;
    for (int i = 0; engine && i < 200; i++)
        fl_engine_step(engine, 1 + (uint32_t)i % 2);
    return scene_emit(ctx, in, side->v);
}
FLOW_ELEMENT_FN(look_and_meddle, flow_test_row, flow_test_row);

START_TEST(g5_a_change_is_seen_by_all_elements_of_a_bundle_or_by_none)
{
    struct scene *scene = scene_new();
    const flow_coll side = scene_window(scene->side_rows, scene_fixed(10), 1000);
    const flow_coll main = scene_window(scene->main_rows, scene_fixed(10), 0);
    scene_look(scene, main, &look_and_meddle_fn, flow_as_singleton(side));
    scene_row(&scene->side, 1, 1, 7, 3);
    scene_tick(&scene->side, 1, 10);
    for (int64_t k = 0; k < 6; k++)
        scene_row(&scene->main, k < 3 ? 2 : 4, k, 0, 5);
    scene->main.pieces[0].count = scene->main.pieces[3].count = 3; // three rows a bundle
    memmove(&scene->main.pieces[1], &scene->main.pieces[3], sizeof scene->main.pieces[0]);
    scene->main.script.piece_count = 2;
    scene_row(&scene->side, 3, 1, 8, 3); // late: replaces
    scene->options.workers = 3;
    struct play play = scene_begin(scene);
    scene_expect(&play, 1, "");
    meddler.scene = scene;
    meddler.engine = play.sim->engine;
    scene->clock = 2;
    while (scene->got.count == 0)
        ck_assert_int_eq(fl_engine_step(play.sim->engine, 0), FL_STEP_WORKED);
    ck_assert_ptr_null(meddler.engine);
    ck_assert_str_eq(scene_lines(&scene->got), "0=7 1=7 2=7");
    scene_end(&play, "0=7 1=7 2=7 3=8 4=8 5=8");
    scene_free(scene);
}
END_TEST

// --- gates that are full

// One source feeds both inputs, and next to nothing may wait.
START_TEST(a_source_of_both_inputs_is_not_closed_by_what_waits)
{
    for (uint32_t workers = 1; workers <= 3; workers++) {
        struct scene *scene = scene_new();
        const flow_coll rows = scene_window(scene->main_rows, scene_fixed(10), 0);
        const flow_coll sums = flow_sum(scene_by_k(rows), FLOW_FIELD(flow_test_row, v));
        scene_look(scene, rows, scene_find, flow_as_map(scene_by_k(rows)));
        flow_test_collect(sums, &scene->dropped);
        for (int64_t i = 0; i < 300; i++) {
            scene_row(&scene->main, i / 10 + 1, i, i, i);
            scene_tick(&scene->main, i / 10 + 1, i);
        }
        scene->options.flight = 1;
        scene->options.workers = workers;
        struct play play = scene_begin(scene);
        scene->clock = INT64_C(1000000000);
        flow_error error = { 0 };
        ck_assert_msg(flow_test_settle(play.sim), "nothing goes on");
        ck_assert_int_eq(flow_test_close(play.sim, &error), FLOW_OK);
        ck_assert_uint_eq(scene->got.count, 300);
        scene_free(scene);
    }
}
END_TEST

// Each input is the side input of the other.
START_TEST(gates_that_wait_for_each_others_sources_do_not_close_them)
{
    struct scene *scene = scene_new();
    const flow_coll main = scene_window(scene->main_rows, scene_fixed(10), 0);
    const flow_coll side = scene_window(scene->side_rows, scene_fixed(10), 0);
    scene_look(scene, main, scene_add_all, flow_as_iterable(side));
    const flow_view back = flow_as_iterable(main);
    const flow_do_options options = { .sides = &back, .side_count = 1, .name = "back" };
    flow_test_collect(flow_do(side, scene_add_all, &options), &scene->got);
    for (int64_t i = 0; i < 100; i++) {
        scene_row(&scene->main, 1, 1, 1, i);
        scene_row(&scene->side, 1, 2, 2, i);
    }
    scene->options.flight = 1;
    struct play play = scene_begin(scene);
    scene->clock = INT64_C(1000000000);
    flow_error error = { 0 };
    ck_assert_msg(flow_test_settle(play.sim), "nothing goes on");
    ck_assert_int_eq(flow_test_close(play.sim, &error), FLOW_OK);
    ck_assert_uint_eq(scene->got.count, 200);
    scene_free(scene);
}
END_TEST

// A source that the side input does not come from stops when what waits is full.
START_TEST(a_full_gate_closes_a_source_that_it_need_not_wait_for)
{
    struct scene *scene = scene_new();
    scene_look(scene, scene->main_rows, scene_find, flow_as_map(scene_by_k(scene->side_rows)));
    for (int64_t i = 0; i < 1000; i++)
        scene_row(&scene->main, 1, 1, 1, i);
    scene_row(&scene->side, 2, 1, 5, 0);
    scene->options.flight = 1;
    struct play play = scene_begin(scene);
    scene_expect(&play, 1, "");
    flow_status_report report;
    fl_engine_status(play.sim->engine, &report);
    ck_assert_uint_lt(report.rows_in, 10);
    scene->clock = INT64_C(1000000000);
    ck_assert(flow_test_settle(play.sim));
    flow_error error = { 0 };
    ck_assert_int_eq(flow_test_close(play.sim, &error), FLOW_OK);
    ck_assert_uint_eq(scene->got.count, 1000);
    scene_free(scene);
}
END_TEST

// --- state and groups

struct side_seen {
    int64_t count;
    flow_str text; // of the side input
};
FLOW_RECORD(side_seen, count, text);

static flow_status remember(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct side_seen *seen)
{
    (void)row;
    const struct flow_test_row *side = FLOW_SIDE_FIND(ctx, 0, flow_test_row, *key);
    seen->count++;
    if (side)
        seen->text = side->s; // into the view
    flow_timer_set(ctx, (flow_time){ flow_window_end(ctx).us - 1 });
    return FLOW_OK;
}

static flow_status remember_timer(flow_ctx *ctx, const int64_t *key, struct side_seen *seen)
{
    const struct flow_test_row *side = FLOW_SIDE_FIND(ctx, 0, flow_test_row, *key);
    const bool same = side && flow_str_equal(side->s, seen->text);
    struct flow_test_row out = { .k = *key, .v = same ? seen->count : -1, .s = seen->text };
    return FLOW_EMIT_ROW(ctx, flow_test_row, &out);
}
FLOW_STATEFUL_FN(remember, int64_t, flow_test_row, side_seen, flow_test_row);

static flow_status add_group(flow_ctx *ctx, const int64_t *key, flow_rows *rows)
{
    const struct flow_test_row *side = FLOW_SIDE_FIND(ctx, 0, flow_test_row, *key);
    const struct flow_test_row *row;
    struct flow_test_row out = { .k = *key, .v = side ? side->v : -1000 };
    while ((row = flow_rows_next(rows)))
        out.v += row->v;
    return FLOW_EMIT_ROW(ctx, flow_test_row, &out);
}
FLOW_GROUP_FN(add_group, int64_t, flow_test_row, flow_test_row);

static void fill_windows(struct scene *scene)
{
    static const char *const texts[] = { "a text that lies somewhere else", "another", "third" };
    for (int64_t i = 0; i < 60; i++) {
        const size_t at = scene->side.count;
        if (i % 10 < 3)
            scene_row(&scene->side, i / 6 + 2, i % 10, i, i);
        if (scene->side.count > at)
            scene->side.rows[at].s = flow_str_of(texts[i % 10]);
        scene_row(&scene->main, i / 6 + 1, i % 4, 1, i);
        if (i % 6 == 5) {
            scene_tick(&scene->side, i / 6 + 2, i);
            scene_tick(&scene->main, i / 6 + 1, i);
        }
    }
}

START_TEST(stateful_functions_and_their_timers_look_into_side_inputs)
{
    struct scene *scene = scene_new();
    const flow_coll side = scene_window(scene->side_rows, scene_fixed(20), 0);
    const flow_coll main = scene_window(scene->main_rows, scene_fixed(20), 0);
    scene_look(scene, scene_by_k(main), &remember_fn,
        flow_as_map(
            scene_by_k(flow_unkey(flow_top(scene_by_k(side), 1, FLOW_FIELD(flow_test_row, v))))));
    fill_windows(scene);
    struct play play = scene_begin(scene);
    scene_end(&play, "0=5 0=5 0=5 1=5 1=5 1=5 2=5 2=5 2=5 3=-1 3=-1 3=-1");
    scene_free(scene);
}
END_TEST

START_TEST(group_functions_look_into_side_inputs)
{
    struct scene *scene = scene_new();
    const flow_coll side = scene_window(scene->side_rows, scene_fixed(20), 0);
    const flow_coll main = scene_window(scene->main_rows, scene_fixed(20), 0);
    const flow_view view = flow_as_map(
        scene_by_k(flow_unkey(flow_top(scene_by_k(side), 1, FLOW_FIELD(flow_test_row, v)))));
    const flow_do_options options = { .sides = &view, .side_count = 1 };
    flow_test_collect(flow_group(scene_by_k(main), &add_group_fn, &options), &scene->got);
    fill_windows(scene);
    struct play play = scene_begin(scene);
    scene_end(&play, "0=15 0=35 0=55 1=16 1=36 1=56 2=17 2=37 2=57 3=-995 3=-995 3=-995");
    scene_free(scene);
}
END_TEST

// --- what happens in between changes nothing

static flow_status all_forms(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_test_row *table = FLOW_SIDE_FIND(ctx, 0, flow_test_row, in->k);
    flow_side_walk walk = FLOW_SIDE_ROWS_OF(ctx, 1, flow_test_row, in->k);
    const struct flow_test_row *row;
    int64_t v = table ? table->v * 1000000 : 0;
    while ((row = flow_side_next(&walk)))
        v += row->v;
    return scene_emit(ctx, in, v);
}
FLOW_ELEMENT_FN(all_forms, flow_test_row, flow_test_row);

// Changes behind what the table gave before are left out: those are seen or not as they come.
static struct scene *all_views(void)
{
    struct scene *scene = scene_new();
    const flow_coll side = scene_window(scene->side_rows, scene_fixed(10), 0);
    const flow_view views[] = { flow_as_temporal(scene_by_k(scene->side_rows)),
        flow_as_multimap(scene_by_k(side)) };
    const flow_do_options options = { .sides = views, .side_count = 2 };
    const flow_coll main = scene_window(scene->main_rows, scene_fixed(10), 0);
    const flow_coll out = flow_do(main, &all_forms_fn, &options);
    flow_test_collect(out, &scene->got);
    for (int64_t i = 0; i < 200; i++) {
        scene_row(&scene->side, i / 8 + 2 + i % 3, i % 5, i, i / 2);
        scene_row(&scene->main, i / 8 + 1 + i % 2, i % 6, 0, i / 2);
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
    scene->clock = INT64_C(1000000000);
    flow_error error = { 0 };
    ck_assert(flow_test_settle(play.sim));
    ck_assert_int_eq(flow_test_close(play.sim, &error), FLOW_OK);
    ck_assert_uint_eq(scene->got.count, 200);
    char *lines = strdup(scene_lines(&scene->got));
    scene_free(scene);
    return lines;
}

START_TEST(seeded_schedules_of_many_workers_find_the_same)
{
    char *wanted = undisturbed();
    const uint32_t seeds = flow_test_seeds(300);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct scene *scene = all_views();
        scene->options.workers = 1 + (uint32_t)(seed % 5);
        scene->options.seed = seed;
        scene->options.flight = seed % 3 ? 0 : 1;
        struct play play = scene_begin(scene);
        for (int64_t when = 1; seed % 2 && when < 30; when += 1 + (int64_t)(seed % 4)) {
            scene->clock = when;
            flow_test_settle(play.sim);
        }
        scene_end(&play, wanted);
        scene_free(scene);
    }
    free(wanted);
}
END_TEST

START_TEST(snapshots_have_what_waits_and_what_views_show)
{
    char *wanted = undisturbed();
    const uint32_t seeds = flow_test_seeds(100);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct scene *scene = all_views();
        uint64_t random = seed;
        struct play play = scene_begin(scene);
        for (int64_t when = 1; when < 30; when += 1 + (int64_t)(seed % 3)) {
            scene->clock = when;
            if (!flow_test_settle(play.sim))
                scene_reborn(&play, 1 + flow_test_below(&random, 4));
        }
        scene_end(&play, wanted);
        scene_free(scene);
    }
    free(wanted);
}
END_TEST

START_TEST(r3_faults_at_every_point_leave_no_trace)
{
    char *wanted = undisturbed();
    uint64_t asked = 1;
    for (uint64_t at = 1; at <= asked; at += 1 + at / 40) {
        struct scene *scene = all_views();
        scene->options.faults.at = at;
        scene->options.workers = 1 + (uint32_t)(at % 3);
        struct play play = scene_begin(scene);
        scene_expect(&play, 12, scene_lines(&scene->got));
        asked = play.sim->faults.asked > asked ? play.sim->faults.asked : asked;
        scene_end(&play, wanted);
        scene_free(scene);
    }
    for (uint64_t seed = 1; seed <= flow_test_seeds(200); seed++) {
        struct scene *scene = all_views();
        scene->options.faults =
            (struct flow_test_faults){ .point = seed % 2 ? -1 : (int)(seed / 2 % 4),
                .one_in = 2 + (uint32_t)(seed % 7),
                .most = 200 };
        scene->options.seed = seed;
        scene->options.workers = 1 + (uint32_t)(seed % 3);
        struct play play = scene_begin(scene);
        scene_end(&play, wanted);
        scene_free(scene);
    }
    free(wanted);
}
END_TEST

START_TEST(memory_that_runs_out_is_a_sentence)
{
    struct scene *scene = all_views();
    struct play play = scene_begin(scene);
    fl_engine_free(play.sim->engine);
    free(play.sim);
    flow_error error = { 0 };
    flow_status status = FLOW_BUDGET;
    for (uint64_t memory = 2 << 20; status != FLOW_OK; memory += 1 << 20) {
        ck_assert_uint_lt(memory, 64 << 20);
        scene->options.memory = memory;
        scene->clock = INT64_C(1000000000);
        flow_test_results_clear(&scene->got);
        flow_test_results_init(&scene->got, "results");
        memset(&error, 0, sizeof error);
        status = flow_test_run(scene->pipeline, &scene->options, &error);
        ck_assert_msg(status == FLOW_OK || status == FLOW_BUDGET, "%s", error.message);
    }
    scene_free(scene);
}
END_TEST

TCase *side_play_tests(void)
{
    TCase *tests = tcase_create("side-play");
    tcase_set_timeout(tests, 600);
    tcase_add_test(tests, k4_an_element_finds_the_value_that_was_valid_at_its_time);
    tcase_add_test(tests, k4_an_element_waits_until_the_changes_have_passed_its_time);
    tcase_add_test(tests, k4_of_changes_at_one_instant_the_greater_counts_in_any_order);
    tcase_add_test(tests, k5_an_element_later_than_a_table_keeps_is_dropped_as_late);
    tcase_add_test(tests, k5_versions_that_nobody_can_ask_for_are_forgotten);
    tcase_add_test(tests, windows_that_nobody_can_ask_for_are_forgotten);
    tcase_add_test(tests, g5_a_change_is_seen_by_all_elements_of_a_bundle_or_by_none);
    tcase_add_test(tests, a_source_of_both_inputs_is_not_closed_by_what_waits);
    tcase_add_test(tests, gates_that_wait_for_each_others_sources_do_not_close_them);
    tcase_add_test(tests, a_full_gate_closes_a_source_that_it_need_not_wait_for);
    tcase_add_test(tests, stateful_functions_and_their_timers_look_into_side_inputs);
    tcase_add_test(tests, group_functions_look_into_side_inputs);
    tcase_add_test(tests, seeded_schedules_of_many_workers_find_the_same);
    tcase_add_test(tests, snapshots_have_what_waits_and_what_views_show);
    tcase_add_test(tests, r3_faults_at_every_point_leave_no_trace);
    tcase_add_test(tests, memory_that_runs_out_is_a_sentence);
    return tests;
}
