// SPDX-License-Identifier: Apache-2.0
// Elements that wait for their turn in event time (R65), and what room they take: that of rows, in
// however small bundles they came.
#include "scene.h"

#include <string.h>

TCase *waits_tests(void);

#define ROWS 4000

struct turn {
    int64_t count;
};
FLOW_RECORD(turn, count);

// Gives how far a row is from its turn, which is its v: 0 when they come in order of time.
static flow_status take_turn(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct turn *turn)
{
    (void)key;
    return scene_emit(ctx, row, row->v - turn->count++);
}

static flow_status take_turn_timer(flow_ctx *ctx, const int64_t *key, struct turn *turn)
{
    (void)ctx, (void)key, (void)turn;
    return FLOW_OK;
}
FLOW_STATEFUL_FN(take_turn, int64_t, flow_test_row, turn, flow_test_row);

// The latest comes first. All in bundles of `each` rows, in one window or in one of two seconds
// each, written down row by row or not.
static struct scene *backwards(size_t each, bool windows, bool written)
{
    struct scene *scene = scene_new();
    const int64_t per_window = windows ? 2 : ROWS;
    flow_coll rows = scene->main_rows;
    if (windows)
        rows = scene_window(
            rows, written ? flow_sliding(flow_seconds(2), flow_seconds(2)) : scene_fixed(2), 0);
    const flow_do_options sorted = { .time_sorted = true };
    flow_test_collect(flow_do(scene_by_k(rows), &take_turn_fn, &sorted), &scene->got);
    for (int64_t i = 0; i < ROWS; i++) {
        const int64_t second = ROWS - 1 - i;
        scene_row(&scene->main, 1, 7, second % per_window, second);
        scene->main.rows[i].s = flow_str_of("a text that lies elsewhere");
    }
    for (size_t i = 0; i < ROWS / each; i++) {
        scene->main.pieces[i].rows = &scene->main.rows[i * each];
        scene->main.pieces[i].count = each;
    }
    scene->main.script.piece_count = ROWS / each;
    scene_tick(&scene->main, 2, 0); // what waits is all there before it
    memmove(
        &scene->main.pieces[ROWS / each], &scene->main.pieces[ROWS], sizeof scene->main.pieces[0]);
    scene->main.script.piece_count = ROWS / each + 1;
    return scene;
}

static uint64_t memory_of(const struct play *play)
{
    flow_status_report report;
    fl_engine_status(play->sim->engine, &report);
    return report.memory_peak;
}

static void end_in_order(struct play *play)
{
    flow_error error = { 0 };
    struct flow_test_results *got = &play->scene->got;
    play->scene->clock = INT64_C(1000000000);
    ck_assert(flow_test_settle(play->sim));
    ck_assert_int_eq(flow_test_close(play->sim, &error), FLOW_OK);
    ck_assert_uint_eq(got->count, ROWS);
    for (size_t i = 0; i < ROWS; i++)
        ck_assert_msg(strstr(got->list[i].text, ",v:0,") != NULL, "%s", got->list[i].text);
    scene_free(play->scene);
}

// The most memory until all wait, and again when they wait after a restart.
static void waiting_memory(size_t each, int way, uint64_t memory[2])
{
    struct scene *scene = backwards(each, way > 0, way > 1);
    scene->options.workers = 1 + (uint32_t)way;
    struct play play = scene_begin(scene);
    scene_expect(&play, 1, "");
    memory[0] = memory_of(&play);
    scene_reborn(&play, 3);
    scene_expect(&play, 1, "");
    memory[1] = memory_of(&play);
    end_in_order(&play);
}

START_TEST(r65_what_waits_takes_the_room_of_its_rows_not_of_its_bundles)
{
    uint64_t large[2], small[2];
    waiting_memory(ROWS, _i, large);
    waiting_memory(1, _i, small);
    for (int again = 0; again < 2; again++)
        ck_assert_msg(small[again] <= large[again] + (2 << 20),
            "%llu bytes in bundles of one row, %llu in one bundle",
            (unsigned long long)small[again], (unsigned long long)large[again]);
}
END_TEST

// A bundle that is aborted leaves nothing among the copies of others.
START_TEST(r65_faults_leave_no_trace_among_what_waits)
{
    const uint32_t seeds = flow_test_seeds(20);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct scene *scene = backwards(1 + 3 * (seed % 2), seed % 3 > 0, seed % 3 > 1);
        scene->options.seed = seed;
        scene->options.workers = 1 + (uint32_t)(seed % 3);
        scene->options.faults.one_in = 4;
        scene->options.faults.most = 3000;
        struct play play = scene_begin(scene);
        scene_expect(&play, 1, "");
        ck_assert_uint_gt(play.sim->faults.injected, 100);
        scene_reborn(&play, 1 + (uint32_t)(seed % 4));
        end_in_order(&play);
    }
}
END_TEST

TCase *waits_tests(void)
{
    TCase *tests = tcase_create("waits");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, r65_what_waits_takes_the_room_of_its_rows_not_of_its_bundles, 0, 3);
    tcase_add_test(tests, r65_faults_leave_no_trace_among_what_waits);
    return tests;
}
