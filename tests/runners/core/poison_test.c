// SPDX-License-Identifier: Apache-2.0
// Elements that a function fails on: several attempts with pauses (I6, I7, I8), time that is up
// (I5), and the share of them that a job stands (I4).
#include <flow/join.h>

#include "splits.h"

TCase *poison_tests(void);

// --- functions: what they were called for, and how often they are to fail

static struct {
    uint32_t calls[10]; // by v
    uint32_t failing;   // so often those below 3 fail
    int64_t *clock;
    int64_t takes; // by the clock, for those below 3
} seen;

static flow_status dislike(flow_ctx *ctx, const struct flow_test_row *in)
{
    scene_emit(ctx, in, in->v + 100);
    if (in->v < 3 && seen.clock)
        *seen.clock += seen.takes;
    if (++seen.calls[in->v] <= seen.failing && in->v < 3)
        return flow_fail(ctx, FLOW_USER, "it is small");
    return scene_emit(ctx, in, in->v);
}
FLOW_ELEMENT_FN(dislike, flow_test_row, flow_test_row);

static flow_status dislike_map(
    flow_ctx *ctx, const struct flow_test_row *in, struct flow_test_row *out)
{
    *out = *in;
    if (++seen.calls[in->v] <= seen.failing && in->v < 3)
        return flow_fail(ctx, FLOW_USER, "it is small");
    return FLOW_OK;
}
FLOW_MAP_FN(dislike_map, flow_test_row, flow_test_row);

static flow_status dislike_part(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_offset_range *range = FLOW_RESTRICTION(ctx, flow_offset_range);
    for (int64_t at = range->from; flow_claim_offset(ctx, at); at++) {
        scene_emit(ctx, in, at);
        if (++seen.calls[at] <= seen.failing && at == 2)
            return flow_fail(ctx, FLOW_USER, "it is two");
    }
    return FLOW_OK;
}
FLOW_SPLIT_FN(dislike_part, flow_test_row, (flow_test_row), .tracker = &flow_offset_tracker,
    .initial = split_whole);

// --- scenes

#define KEEP FLOW_ON_ERROR_DEAD_LETTER

static struct scene *scene_of(const flow_fn *fn, flow_do_options options, uint32_t failing)
{
    memset(&seen, 0, sizeof seen);
    seen.failing = failing;
    struct scene *scene = scene_new();
    const flow_coll out = flow_do(scene->main_rows, fn, &options);
    flow_test_collect(out, &scene->got);
    if (options.on_error == KEEP)
        flow_test_collect(flow_dead_letters(out), &scene->dropped);
    return scene;
}

static void expect_dead(const struct scene *scene, size_t count, const char *words)
{
    ck_assert_uint_eq(scene->dropped.count, count);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(
            strstr(scene->dropped.list[i].text, words) != NULL, "%s", scene->dropped.list[i].text);
}

// --- I7

START_TEST(i7_an_element_has_its_attempts_and_is_then_routed)
{
    const flow_do_options options = { .on_error = KEEP, .attempts = 3 };
    struct scene *scene = scene_of(_i ? &dislike_map_fn : &dislike_fn, options, 99);
    scene_row(&scene->main, 0, 1, 5, 0);
    scene_row(&scene->main, 0, 1, 1, 0);
    scene_row(&scene->main, 0, 1, 6, 0);
    struct play play = scene_begin(scene);
    scene_end(&play, _i ? "1=5 1=6" : "1=5 1=6 1=105 1=106");
    expect_dead(scene, 1, "it is small; tried 3 times");
    ck_assert_uint_eq(seen.calls[1], 3);
    ck_assert_uint_eq(seen.calls[5], 1); // of another bundle
    scene_free(scene);
}
END_TEST

START_TEST(i7_what_works_at_last_leaves_no_trace_of_the_failures)
{
    const flow_do_options options = { .on_error = KEEP, .attempts = 3 };
    struct scene *scene = scene_of(&dislike_fn, options, 2);
    scene_row(&scene->main, 0, 1, 1, 0);
    struct play play = scene_begin(scene);
    scene_end(&play, "1=1 1=101");
    expect_dead(scene, 0, "");
    ck_assert_uint_eq(seen.calls[1], 3);
    scene_free(scene);
}
END_TEST

START_TEST(i7_all_that_fail_in_a_bundle_are_tried_together)
{
    const flow_do_options options = { .on_error = KEEP, .attempts = 4 };
    struct scene *scene = scene_of(&dislike_fn, options, 99);
    for (int64_t v = 0; v < 5; v++)
        scene_row(&scene->main, 0, 1, v, 0);
    scene->main.pieces[0].count = 5; // one piece
    scene->main.script.piece_count = 1;
    struct play play = scene_begin(scene);
    scene_end(&play, "1=3 1=4 1=103 1=104");
    expect_dead(scene, 3, "tried 4 times");
    for (int v = 0; v < 5; v++)
        ck_assert_uint_eq(seen.calls[v], 4);
    scene_free(scene);
}
END_TEST

START_TEST(i7_without_a_route_the_job_fails_after_the_last_attempt)
{
    struct scene *scene = scene_of(&dislike_fn, (flow_do_options){ .attempts = 3 }, 99);
    scene_row(&scene->main, 0, 1, 1, 0);
    scene_end_badly(scene, "it is small; tried 3 times");
    ck_assert_uint_eq(seen.calls[1], 3);
}
END_TEST

START_TEST(i6_pauses_are_by_the_clock_and_double)
{
    const flow_do_options options = { .on_error = KEEP, .attempts = 3, .backoff = { 10 } };
    struct scene *scene = scene_of(&dislike_fn, options, 99);
    scene_row(&scene->main, 1, 1, 1, 0);
    struct play play = scene_begin(scene);
    scene_expect(&play, 1, "");
    ck_assert_uint_eq(seen.calls[1], 1);
    ck_assert_int_eq(flow_test_next_wake(play.sim, 100), 11);
    scene_expect(&play, 10, "");
    ck_assert_uint_eq(seen.calls[1], 1);
    scene_expect(&play, 11, "");
    ck_assert_uint_eq(seen.calls[1], 2);
    ck_assert_int_eq(flow_test_next_wake(play.sim, 100), 31);
    scene_expect(&play, 31, "");
    expect_dead(scene, 1, "tried 3 times");
    scene_end(&play, "");
    scene_free(scene);
}
END_TEST

START_TEST(i8_steps_behind_see_a_bundle_once)
{
    memset(&seen, 0, sizeof seen);
    seen.failing = 2;
    struct scene *scene = scene_new();
    const flow_do_options options = { .on_error = KEEP, .attempts = 3 };
    const flow_coll rows = flow_do(scene->main_rows, &dislike_map_fn, &options);
    flow_test_collect(flow_count(flow_unkey(rows)), &scene->got);
    for (int64_t v = 0; v < 6; v++)
        scene_row(&scene->main, 0, 1, v, 0);
    scene->options.workers = 3;
    scene->options.faults.one_in = 5;
    scene->options.faults.most = 20;
    struct play play = scene_begin(scene);
    scene->clock = 1;
    ck_assert(flow_test_settle(play.sim));
    ck_assert_int_eq(flow_test_close(play.sim, NULL), FLOW_OK);
    ck_assert_uint_eq(scene->got.count, 1);
    ck_assert_str_eq(scene->got.list[0].text, "{count:6}");
    scene_free(scene);
}
END_TEST

START_TEST(i7_a_part_of_a_splittable_function_has_its_attempts)
{
    memset(&seen, 0, sizeof seen);
    seen.failing = _i ? 99 : 1;
    struct scene *scene = scene_new();
    const flow_do_options options = { .on_error = KEEP, .attempts = 2 };
    const flow_coll out = flow_split(scene->main_rows, &dislike_part_split, &options);
    flow_test_collect(out, &scene->got);
    flow_test_collect(flow_dead_letters(out), &scene->dropped);
    scene_row(&scene->main, 0, 1, 4, 0);
    struct play play = scene_begin(scene);
    scene_end(&play, _i ? "" : "1=1 1=2 1=3");
    expect_dead(scene, _i ? 1 : 0, "it is two; tried 2 times");
    scene_free(scene);
}
END_TEST

// --- with state, and groups

struct poison_tally {
    int64_t count;
};
FLOW_RECORD(poison_tally, count);

// Counts, whatever comes of it.
static flow_status count_up(
    flow_ctx *ctx, const int64_t *k, const struct flow_test_row *in, struct poison_tally *state)
{
    (void)k;
    scene_emit(ctx, in, 100 * ++state->count);
    if (in->v < 3 && seen.clock)
        *seen.clock += seen.takes;
    return ++seen.calls[in->v] <= seen.failing && in->v < 3
               ? flow_fail(ctx, FLOW_USER, "it is small")
               : FLOW_OK;
}

static flow_status count_up_timer(flow_ctx *ctx, const int64_t *k, struct poison_tally *state)
{
    (void)ctx, (void)k, (void)state;
    return FLOW_OK;
}
FLOW_STATEFUL_FN(count_up, int64_t, flow_test_row, poison_tally, flow_test_row);

FLOW_VALUE(tally, poison_tally);

static flow_status count_cell(flow_ctx *ctx, const int64_t *k, const struct flow_test_row *in)
{
    const struct poison_tally *had = FLOW_CELL_READ(ctx, tally);
    struct poison_tally now = { had ? had->count : 0 };
    const flow_status status = count_up(ctx, k, in, &now);
    FLOW_CELL_WRITE(ctx, tally, &now);
    return status;
}
FLOW_CELLS_FN(count_cell, int64_t, flow_test_row, (flow_test_row), FLOW_CELLS(tally));

static flow_status count_group(flow_ctx *ctx, const int64_t *k, flow_rows *rows)
{
    struct poison_tally all = { 0 };
    const struct flow_test_row *row;
    flow_status status = FLOW_OK;
    (void)k;
    while (status == FLOW_OK && (row = flow_rows_next(rows)))
        status = count_up(ctx, k, row, &all);
    return status;
}
FLOW_GROUP_FN(count_group, int64_t, flow_test_row, flow_test_row);

// Of key 1 the small row, of keys 2 and 3 others.
static struct scene *keyed_scene(int form, flow_do_options options, uint32_t failing)
{
    memset(&seen, 0, sizeof seen);
    seen.failing = failing;
    struct scene *scene = scene_new();
    const flow_coll by_k = scene_window(scene_by_k(scene->main_rows), scene_fixed(10), 0);
    const flow_coll out = form == 0   ? flow_do(by_k, &count_up_fn, &options)
                          : form == 1 ? flow_do(by_k, &count_cell_fn, &options)
                                      : flow_group(by_k, &count_group_fn, &options);
    flow_test_collect(out, &scene->got);
    if (options.on_error == KEEP)
        flow_test_collect(flow_dead_letters(out), &scene->dropped);
    scene_row(&scene->main, 0, 1, 4, 0);
    scene_row(&scene->main, 0, 1, 1, 0);
    scene_row(&scene->main, 0, 1, 5, 0);
    scene_row(&scene->main, 0, 2, 6, 0);
    scene_row(&scene->main, 0, 3, 7, 0);
    return scene;
}

START_TEST(i7_state_and_groups_have_attempts_that_leave_no_trace)
{
    struct scene *scene = keyed_scene(_i, (flow_do_options){ .on_error = KEEP, .attempts = 3 }, 2);
    struct play play = scene_begin(scene);
    scene_end(&play, "1=100 1=200 1=300 2=100 3=100");
    expect_dead(scene, 0, "");
    ck_assert_uint_eq(seen.calls[1], 3);
    scene_free(scene);
}
END_TEST

START_TEST(i7_what_fails_always_is_routed_and_its_state_put_back)
{
    struct scene *scene = keyed_scene(_i, (flow_do_options){ .on_error = KEEP, .attempts = 3 }, 99);
    struct play play = scene_begin(scene);
    scene_end(&play, _i < 2 ? "1=100 1=200 2=100 3=100" : "2=100 3=100");
    expect_dead(scene, _i < 2 ? 1 : 3, "it is small; tried 3 times");
    ck_assert_uint_eq(seen.calls[1], 3);
    scene_free(scene);
}
END_TEST

START_TEST(i7_state_without_a_route_fails_after_the_last_attempt)
{
    struct scene *scene = keyed_scene(_i, (flow_do_options){ .attempts = 3 }, 99);
    scene_end_badly(scene, "it is small; tried 3 times");
    ck_assert_uint_eq(seen.calls[1], 3);
}
END_TEST

START_TEST(i6_state_and_groups_pause_by_the_clock)
{
    const flow_do_options options = { .on_error = KEEP, .attempts = 2, .backoff = { 10 } };
    const char *before = _i < 2 ? "1=100" : "";
    struct scene *scene = keyed_scene(_i, options, 1);
    scene_tick(&scene->main, 0, 50);
    struct play play = scene_begin(scene);
    scene_expect(&play, 1, before);
    ck_assert_uint_eq(seen.calls[1], 1);
    scene_expect(&play, 10, before);
    ck_assert_uint_eq(seen.calls[1], 1);
    scene_expect(&play, 11, "1=100 1=200 1=300 2=100 3=100");
    ck_assert_uint_eq(seen.calls[1], 2);
    scene_end(&play, "1=100 1=200 1=300 2=100 3=100");
    scene_free(scene);
}
END_TEST

START_TEST(i5_state_and_groups_have_a_timeout)
{
    struct scene *scene =
        keyed_scene(_i, (flow_do_options){ .on_error = KEEP, .timeout = { 7 } }, 0);
    seen.clock = &scene->clock;
    seen.takes = 8;
    struct play play = scene_begin(scene);
    scene_end(&play, _i < 2 ? "1=100 1=200 2=100 3=100" : "2=100 3=100");
    expect_dead(scene, _i < 2 ? 1 : 3, "it took 8 us, of 7 that it may");
    scene_free(scene);
}
END_TEST

// Pairs that fail have attempts each.
static flow_status pair_small(flow_ctx *ctx, const int64_t *k, const struct flow_test_row *left,
    const struct flow_test_row *right)
{
    (void)k;
    scene_emit(ctx, left, left->v * 10 + right->v);
    return ++seen.calls[left->v] <= seen.failing && left->v < 3
               ? flow_fail(ctx, FLOW_USER, "it is small")
               : FLOW_OK;
}
FLOW_JOIN_FN(pair_small, int64_t, flow_test_row, flow_test_row, flow_test_row);

START_TEST(i7_pairs_of_a_join_have_their_attempts)
{
    memset(&seen, 0, sizeof seen);
    seen.failing = _i ? 99 : 2;
    struct scene *scene = scene_new();
    const flow_do_options options = { .on_error = KEEP, .attempts = 3 };
    const flow_coll out =
        flow_join((flow_sides){ scene_by_k(scene->main_rows), scene_by_k(scene->side_rows) },
            FLOW_JOIN_INNER, &pair_small_join, &options);
    flow_test_collect(out, &scene->got);
    flow_test_collect(flow_dead_letters(out), &scene->dropped);
    for (int64_t v = 1; v < 5; v++)
        scene_row(&scene->main, 0, 1, v, 0);
    scene_row(&scene->side, 0, 1, 7, 0);
    struct play play = scene_begin(scene);
    scene_end(&play, _i ? "1=37 1=47" : "1=17 1=27 1=37 1=47");
    expect_dead(scene, _i ? 2 : 0, "it is small; tried 3 times");
    ck_assert_uint_eq(seen.calls[1], 3);
    ck_assert_uint_eq(seen.calls[2], 3);
    scene_free(scene);
}
END_TEST

// --- I5

START_TEST(i5_what_takes_too_long_fails_when_it_has_returned)
{
    const flow_do_options options = { .on_error = KEEP, .timeout = { 7 } };
    struct scene *scene = scene_of(&dislike_fn, options, 0);
    seen.clock = &scene->clock;
    seen.takes = 7 + _i;
    scene_row(&scene->main, 0, 1, 5, 0);
    scene_row(&scene->main, 0, 1, 1, 0);
    struct play play = scene_begin(scene);
    scene_end(&play, _i ? "1=5 1=105" : "1=1 1=5 1=101 1=105");
    expect_dead(scene, (size_t)_i, "it took 8 us, of 7 that it may");
    scene_free(scene);
}
END_TEST

// --- I4

START_TEST(i4_the_job_fails_when_too_large_a_share_is_rejected)
{
    const flow_do_options options = { .on_error = KEEP, .most_rejected = _i ? 0.4 : 0.6 };
    struct scene *scene = scene_of(&dislike_fn, options, 99);
    scene_row(&scene->main, 0, 1, 1, 0);
    scene_row(&scene->main, 0, 1, 5, 0);
    if (_i) {
        scene_end_badly(
            scene, "1 of 2 elements were rejected, which is more than the share of 0.4");
        return;
    }
    struct play play = scene_begin(scene);
    scene_end(&play, "1=5 1=105");
    scene_free(scene);
}
END_TEST

START_TEST(i4_a_job_without_end_fails_while_it_runs)
{
    const flow_do_options options = { .on_error = FLOW_ON_ERROR_SKIP, .most_rejected = 0.1 };
    struct scene *scene = scene_of(&dislike_fn, options, UINT32_MAX);
    for (int64_t i = 0; i < 1200; i++)
        scene_row(&scene->main, 0, 1, i % 5 ? 5 : 1, 0);
    scene->main.pieces[1199].endless = true;
    scene_end_badly(scene, "more than the share of 0.1");
}
END_TEST

TCase *poison_tests(void)
{
    TCase *tests = tcase_create("poison");
    tcase_add_loop_test(tests, i7_an_element_has_its_attempts_and_is_then_routed, 0, 2);
    tcase_add_test(tests, i7_what_works_at_last_leaves_no_trace_of_the_failures);
    tcase_add_test(tests, i7_all_that_fail_in_a_bundle_are_tried_together);
    tcase_add_test(tests, i7_without_a_route_the_job_fails_after_the_last_attempt);
    tcase_add_test(tests, i6_pauses_are_by_the_clock_and_double);
    tcase_add_test(tests, i8_steps_behind_see_a_bundle_once);
    tcase_add_loop_test(tests, i7_a_part_of_a_splittable_function_has_its_attempts, 0, 2);
    tcase_add_loop_test(tests, i5_what_takes_too_long_fails_when_it_has_returned, 0, 2);
    tcase_add_loop_test(tests, i4_the_job_fails_when_too_large_a_share_is_rejected, 0, 2);
    tcase_add_test(tests, i4_a_job_without_end_fails_while_it_runs);
    tcase_add_loop_test(tests, i7_state_and_groups_have_attempts_that_leave_no_trace, 0, 3);
    tcase_add_loop_test(tests, i7_what_fails_always_is_routed_and_its_state_put_back, 0, 3);
    tcase_add_loop_test(tests, i7_state_without_a_route_fails_after_the_last_attempt, 0, 3);
    tcase_add_loop_test(tests, i6_state_and_groups_pause_by_the_clock, 0, 3);
    tcase_add_loop_test(tests, i5_state_and_groups_have_a_timeout, 0, 3);
    tcase_add_loop_test(tests, i7_pairs_of_a_join_have_their_attempts, 0, 2);
    return tests;
}
