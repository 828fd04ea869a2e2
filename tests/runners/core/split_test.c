// SPDX-License-Identifier: Apache-2.0
// Splittable functions by the model's rules: restrictions, claims, pauses, watermarks, drains (R68,
// R66, R80).
#include <stdlib.h>

#include "splits.h"

TCase *split_tests(void);

// The same in parts of three.
static flow_status by_three(flow_ctx *ctx, const void *element, const void *restriction)
{
    const struct flow_offset_range *range = restriction;
    (void)element;
    for (int64_t at = range->from; at < range->to; at += 3) {
        const int64_t to = at + 3 < range->to ? at + 3 : range->to;
        const struct flow_offset_range part = { .from = at, .to = to };
        flow_split_part(ctx, &flow_offset_range_type, &part);
    }
    return FLOW_OK;
}

// Tells by the k of its rows which part they came from.
static flow_status tell_part(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_offset_range *range = FLOW_RESTRICTION(ctx, flow_offset_range);
    struct flow_test_row row = *in;
    row.k = range->from;
    for (int64_t at = range->from; flow_claim_offset(ctx, at); at++) {
        row.v = at;
        FLOW_EMIT_ROW(ctx, flow_test_row, &row);
    }
    return FLOW_OK;
}
FLOW_SPLIT_FN(tell_part, flow_test_row, (flow_test_row), .tracker = &flow_offset_tracker,
    .initial = split_whole, .split = by_three);

// Never pauses.
static flow_status always(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_offset_range *range = FLOW_RESTRICTION(ctx, flow_offset_range);
    if (!flow_claim_offset(ctx, range->from))
        return FLOW_OK;
    flow_resume_after(ctx, (flow_duration){ 0 });
    return scene_emit(ctx, in, range->from);
}
FLOW_SPLIT_FN(always, flow_test_row, (flow_test_row), .tracker = &flow_offset_tracker,
    .initial = split_endless, .unbounded = true);

// Fails on 7.
static flow_status dislike(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_offset_range *range = FLOW_RESTRICTION(ctx, flow_offset_range);
    for (int64_t at = range->from; flow_claim_offset(ctx, at); at++) {
        if (at == 7)
            return flow_fail(ctx, FLOW_USER, "seven");
        scene_emit(ctx, in, at);
    }
    return FLOW_OK;
}
FLOW_SPLIT_FN(dislike, flow_test_row, (flow_test_row), .tracker = &flow_offset_tracker,
    .initial = split_whole);

static flow_status give_up(flow_ctx *ctx, const struct flow_test_row *in)
{
    (void)in;
    flow_claim_offset(ctx, FLOW_RESTRICTION(ctx, flow_offset_range)->from);
    return FLOW_OK;
}
FLOW_SPLIT_FN(give_up, flow_test_row, (flow_test_row), .tracker = &flow_offset_tracker,
    .initial = split_whole);

static flow_status go_back(flow_ctx *ctx, const struct flow_test_row *in)
{
    flow_claim_offset(ctx, in->k + 1);
    flow_claim_offset(ctx, in->k);
    return FLOW_OK;
}
FLOW_SPLIT_FN(go_back, flow_test_row, (flow_test_row), .tracker = &flow_offset_tracker,
    .initial = split_whole);

static flow_status go_on(flow_ctx *ctx, const struct flow_test_row *in)
{
    for (int64_t at = in->k; flow_claim_offset(ctx, at); at++)
        continue;
    return ctx->status;
}

static flow_status cut_into_none(flow_ctx *ctx, const void *element, const void *restriction)
{
    (void)element, (void)restriction;
    return ctx->status;
}
FLOW_SPLIT_FN(go_on, flow_test_row, (flow_test_row), .tracker = &flow_offset_tracker,
    .initial = split_whole, .split = cut_into_none);

// --- scenes

// --- R68

START_TEST(r68_every_position_is_claimed_once_by_any_number_of_workers)
{
    for (uint64_t seed = 1; seed <= flow_test_seeds(40); seed++) {
        struct scene *scene = scene_new();
        scene_split(scene, scene->main_rows, split_count_up);
        scene->options.workers = 1 + (uint32_t)(seed % 4);
        scene->options.seed = seed;
        scene_row(&scene->main, 0, 1, 9, 0);
        scene_row(&scene->main, 0, 2, 2, 0);
        scene_row(&scene->main, 0, 3, 5, 0);
        struct play play = scene_begin(scene);
        scene_end(&play, "1=1 1=2 1=3 1=4 1=5 1=6 1=7 1=8 3=3 3=4");
        scene_free(scene);
    }
}
END_TEST

START_TEST(r68_the_initial_split_makes_parts)
{
    struct scene *scene = one_element(&tell_part_split, 0, 8);
    struct play play = scene_begin(scene);
    scene_end(&play, "0=0 0=1 0=2 3=3 3=4 3=5 6=6 6=7");
    scene_free(scene);
}
END_TEST

static flow_status tell_range(flow_ctx *ctx, const struct flow_test_row *in)
{
    return tell_part(ctx, in);
}
FLOW_SPLIT_FN(tell_range, flow_test_row, (flow_test_row), .tracker = &flow_offset_tracker,
    .initial = split_whole);

// How many calls gave the results, and that together they gave [0, to), each offset once.
static uint32_t calls_of(struct scene *scene, int64_t to)
{
    uint32_t calls = 0;
    bool *begun = calloc((size_t)to, sizeof *begun), *seen = calloc((size_t)to, sizeof *seen);
    ck_assert_uint_eq(scene->got.count, (size_t)to);
    for (size_t i = 0; i < scene->got.count; i++) {
        const char *text = scene->got.list[i].text;
        const int64_t from = strtoll(strstr(text, "{k:") + 3, NULL, 10);
        const int64_t at = strtoll(strstr(text, ",v:") + 3, NULL, 10);
        ck_assert(from >= 0 && from <= at && at < to && !seen[at]);
        seen[at] = true;
        calls += !begun[from];
        begun[from] = true;
    }
    free(begun);
    free(seen);
    return calls;
}

START_TEST(r68_what_is_left_is_split_for_workers_that_have_nothing)
{
    uint32_t calls = 0;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct scene *scene = one_element(&tell_range_split, 0, 1);
        scene_row(&scene->main, 1, 1, 100, 0); // when all have looked for work in vain
        scene->options.workers = (uint32_t)_i;
        scene->options.seed = seed;
        struct play play = scene_begin(scene);
        ck_assert(!flow_test_settle(play.sim));
        scene->clock = 1;
        ck_assert(flow_test_settle(play.sim));
        ck_assert_int_eq(flow_test_close(play.sim, NULL), FLOW_OK);
        calls += calls_of(scene, 100);
        scene_free(scene);
    }
    if (_i > 1)
        ck_assert_uint_ge(calls, 10 * ((uint32_t)_i + 1));
    else
        ck_assert_uint_eq(calls, 20);
}
END_TEST

START_TEST(r68_a_long_call_is_stopped_and_gone_on_with)
{
    struct scene *scene = one_element(&tell_range_split, 0, 50000);
    struct play play = scene_begin(scene);
    ck_assert(flow_test_settle(play.sim));
    ck_assert_int_eq(flow_test_close(play.sim, NULL), FLOW_OK);
    ck_assert_uint_ge(calls_of(scene, 50000), 3);
    scene_free(scene);
}
END_TEST

START_TEST(r68_a_pause_lasts_by_the_clock)
{
    struct scene *scene = one_element(split_slowly, 4, 7);
    scene->options.workers = 2;
    struct play play = scene_begin(scene);
    scene_expect(&play, 1, "4=4");
    scene_expect(&play, 1, "4=4");
    ck_assert_int_eq(flow_test_next_wake(play.sim, 100), 2);
    scene_expect(&play, 2, "4=4 4=5");
    scene_end(&play, "4=4 4=5 4=6");
    scene_free(scene);
}
END_TEST

START_TEST(r68_a_call_that_leaves_what_it_could_claim_fails_the_job)
{
    scene_end_badly(one_element(&give_up_split, 1, 9), "before its restriction was done");
}
END_TEST

START_TEST(r68_an_initial_split_without_a_part_fails_unless_nothing_is_to_be_done)
{
    scene_end_badly(one_element(&go_on_split, 1, 9), "gave no part");
    struct scene *scene = one_element(&go_on_split, 9, 9);
    struct play play = scene_begin(scene);
    scene_end(&play, "");
    scene_free(scene);
}
END_TEST

START_TEST(r68_a_claim_that_goes_back_fails_the_job)
{
    scene_end_badly(one_element(&go_back_split, 1, 9), "not behind the last one");
}
END_TEST

START_TEST(r68_what_fails_is_routed_with_all_that_was_left)
{
    struct scene *scene = scene_new();
    const flow_do_options options = { .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll out = flow_split(scene->main_rows, &dislike_split, &options);
    flow_test_collect(out, &scene->got);
    flow_test_collect(flow_dead_letters(out), &scene->dropped);
    scene_row(&scene->main, 0, 1, 20, 0);
    scene_row(&scene->main, 0, 2, 5, 0);
    struct play play = scene_begin(scene);
    scene_end(&play, "2=2 2=3 2=4");
    ck_assert_uint_eq(scene->dropped.count, 1);
    ck_assert_ptr_nonnull(strstr(scene->dropped.list[0].text, "seven"));
    scene_free(scene);
}
END_TEST

START_TEST(r68_what_never_pauses_lets_sources_read)
{
    struct scene *scene = scene_new();
    scene_split(scene, scene->main_rows, &always_split);
    for (int64_t i = 1; i <= 5; i++)
        scene_row(&scene->main, 0, i * 1000, 0, 0);
    struct play play = scene_begin(scene);
    for (int i = 0; i < 60; i++)
        ck_assert_int_eq(fl_engine_step(play.sim->engine, 0), FL_STEP_WORKED);
    const char *lines = scene_lines(&scene->got);
    ck_assert_ptr_nonnull(strstr(lines, "1000=1001"));
    ck_assert_ptr_nonnull(strstr(lines, "5000=5001"));
    fl_engine_cancel(play.sim->engine);
    ck_assert_int_eq(fl_engine_step(play.sim->engine, 0), FL_STEP_FAILED);
    ck_assert_int_eq(flow_test_close(play.sim, NULL), FLOW_CANCELLED);
    scene_free(scene);
}
END_TEST

TCase *split_tests(void)
{
    TCase *tests = tcase_create("split");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, r68_every_position_is_claimed_once_by_any_number_of_workers);
    tcase_add_test(tests, r68_the_initial_split_makes_parts);
    tcase_add_loop_test(tests, r68_what_is_left_is_split_for_workers_that_have_nothing, 1, 5);
    tcase_add_test(tests, r68_a_long_call_is_stopped_and_gone_on_with);
    tcase_add_test(tests, r68_a_pause_lasts_by_the_clock);
    tcase_add_test(tests, r68_a_call_that_leaves_what_it_could_claim_fails_the_job);
    tcase_add_test(tests, r68_an_initial_split_without_a_part_fails_unless_nothing_is_to_be_done);
    tcase_add_test(tests, r68_a_claim_that_goes_back_fails_the_job);
    tcase_add_test(tests, r68_what_fails_is_routed_with_all_that_was_left);
    tcase_add_test(tests, r68_what_never_pauses_lets_sources_read);
    return tests;
}
