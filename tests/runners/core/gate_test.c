// SPDX-License-Identifier: Apache-2.0
// Gates: what waits takes the room of its rows, and though they are full an engine that is held
// comes to rest.
#include "scene.h"
#include "weave.h"

#include <stdlib.h>

TCase *gate_tests(void);

struct echoed {
    int64_t count;
};
FLOW_RECORD(echoed, count);

// Gives each row on: behind a shuffle, by a step that a full gate closes.
static flow_status echo(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct echoed *state)
{
    (void)key;
    state->count++;
    return FLOW_EMIT_ROW(ctx, flow_test_row, row);
}

static flow_status echo_timer(flow_ctx *ctx, const int64_t *key, struct echoed *state)
{
    (void)ctx;
    (void)key;
    (void)state;
    return FLOW_OK;
}
FLOW_STATEFUL_FN(echo, int64_t, flow_test_row, echoed, flow_test_row);

// Rows of main go through two shuffles, with a gate behind each, and wait for the side's.
static struct scene *full_scene(void)
{
    struct scene *scene = scene_new();
    const flow_view view = flow_as_iterable(scene_window(scene->side_rows, scene_fixed(10), 0));
    const flow_do_options options = { .sides = &view, .side_count = 1, .name = "first" };
    const flow_coll main = scene_window(scene->main_rows, scene_fixed(10), 0);
    const flow_coll first = flow_do(flow_do(scene_by_k(main), &echo_fn), scene_add_all, &options);
    const flow_do_options again = { .name = "echo again" };
    scene_look(scene, flow_do(scene_by_k(first), &echo_fn, &again), scene_add_all, view);
    for (int64_t i = 0; i < 120; i++) {
        scene_row(&scene->main, 1 + i / 60, i % 7, 0, i / 3);
        if (i % 3 == 0 && i < 100)
            scene_row(&scene->side, 3 + i / 30, i / 3 % 7, i, i / 3);
    }
    scene_tick(&scene->side, 7, 30);
    scene_tick(&scene->side, 9, 100);
    scene->options.flight = 1;
    return scene;
}

static char *quiet_lines(void)
{
    struct scene *scene = full_scene();
    struct play play = scene_begin(scene);
    flow_error error = { 0 };
    scene->clock = INT64_C(1000000000);
    ck_assert(flow_test_settle(play.sim));
    ck_assert_int_eq(flow_test_close(play.sim, &error), FLOW_OK);
    ck_assert_uint_eq(scene->got.count, 120);
    char *lines = strdup(scene_lines(&scene->got));
    scene_free(scene);
    return lines;
}

// Holds the engine after so many turns, or when all is quiet before.
static void rest(struct play *play, uint64_t turns)
{
    if (flow_test_rest(play->sim, turns))
        return;
    fl_engine_hold(play->sim->engine, true);
    ck_assert(!flow_test_settle(play->sim)); // something of the side is still to come
    ck_assert_msg(fl_engine_at_rest(play->sim->engine),
        "seed %llu: the held engine does not come to rest at %lld",
        (unsigned long long)play->sim->seed, (long long)play->scene->clock);
}

START_TEST(r3_a_held_engine_comes_to_rest_though_gates_are_full)
{
    char *wanted = quiet_lines();
    const uint32_t seeds = flow_test_seeds(200);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct scene *scene = full_scene();
        uint64_t random = seed;
        scene->options.weave = true;
        scene->options.seed = seed;
        scene->options.workers = 1 + (uint32_t)(seed % 4);
        struct play play = scene_begin(scene);
        for (int64_t when = 1; when < 9 && flow_test_can_weave(); when++) {
            scene->clock = when;
            rest(&play, 1 + flow_test_below(&random, 400));
            scene_reborn(&play, 1 + flow_test_below(&random, 4));
        }
        scene_end(&play, wanted);
        scene_free(scene);
    }
    free(wanted);
}
END_TEST

// One piece is more than a bundle of the step behind the shuffle takes: the rest of it is in the
// mail when the first row fills the gate.
START_TEST(what_is_in_the_mail_of_a_step_before_a_full_gate_comes_to_rest_and_is_restored)
{
    static struct flow_test_row rows[20000];
    struct scene *scene = scene_new();
    const flow_coll echoed = flow_do(scene_by_k(scene->main_rows), &echo_fn);
    scene_look(scene, echoed, scene_find, flow_as_map(scene_by_k(scene->side_rows)));
    for (int64_t i = 0; i < 20000; i++)
        rows[i] = flow_test_row_at(i % 3, 0, SECOND);
    scene_row(&scene->main, 1, 0, 0, 1);
    scene->main.pieces[0].rows = rows;
    scene->main.pieces[0].count = 20000;
    scene_row(&scene->side, 2, 1, 5, 0);
    scene->options.flight = 1;
    struct play play = scene_begin(scene);
    scene_expect(&play, 1, "");
    ck_assert(!fl_engine_at_rest(play.sim->engine)); // the gate has closed the step before it
    fl_engine_hold(play.sim->engine, true);
    scene_expect(&play, 1, "");
    ck_assert(fl_engine_at_rest(play.sim->engine));
    scene_reborn(&play, 3);
    scene->clock = INT64_C(1000000000);
    flow_error error = { 0 };
    ck_assert(flow_test_settle(play.sim));
    ck_assert_int_eq(flow_test_close(play.sim, &error), FLOW_OK);
    ck_assert_uint_eq(scene->got.count, 20000);
    scene_free(scene);
}
END_TEST

// Panes of one row, each of a window of its own, wait for a side input that never comes.
START_TEST(r69_panes_that_wait_take_the_room_of_their_rows)
{
    const int64_t windows = 1500;
    struct scene *scene = scene_new();
    const flow_coll main = scene_by_k(scene_window(scene->main_rows, scene_fixed(1), 0));
    const flow_coll panes = flow_unkey(flow_top(main, 1, FLOW_FIELD(flow_test_row, v)));
    const flow_window_options all = { .accumulation = FLOW_DISCARDING };
    scene_look(scene, panes, scene_add_all, flow_as_iterable(scene->side_rows));
    flow_test_collect(flow_window_into(panes, &all), &scene->dropped);
    for (int64_t i = 0; i < windows; i++) {
        scene_row(&scene->main, 1, 1, i, i);
        scene_tick(&scene->main, 1, i + 1);
    }
    scene_row(&scene->side, 2, 1, 5, 0);
    struct play play = scene_begin(scene);
    scene_expect(&play, 1, "");
    ck_assert_uint_eq(scene->dropped.count, (size_t)windows); // the panes are all there
    flow_status_report report;
    fl_engine_status(play.sim->engine, &report);
    ck_assert_uint_le(report.memory_peak, 12 << 20);
    scene->clock = INT64_C(1000000000);
    flow_error error = { 0 };
    ck_assert(flow_test_settle(play.sim));
    ck_assert_int_eq(flow_test_close(play.sim, &error), FLOW_OK);
    ck_assert_uint_eq(scene->got.count, (size_t)windows);
    for (size_t i = 0; i < scene->got.count; i++)
        ck_assert_int_eq(
            scene->got.list[i].window.end.us - scene->got.list[i].window.start.us, SECOND);
    scene_free(scene);
}
END_TEST

TCase *gate_tests(void)
{
    TCase *tests = tcase_create("gate");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, r3_a_held_engine_comes_to_rest_though_gates_are_full);
    tcase_add_test(
        tests, what_is_in_the_mail_of_a_step_before_a_full_gate_comes_to_rest_and_is_restored);
    tcase_add_test(tests, r69_panes_that_wait_take_the_room_of_their_rows);
    return tests;
}
