// SPDX-License-Identifier: Apache-2.0
// Elements that are taken back, at steps that keep something: who is refused them while the job is
// planned, and that those who say that they follow signs come to what a batch gives.
#include <stdio.h>
#include <stdlib.h>

#include "flow_test.h"

#define SECOND INT64_C(1000000)
#define ROWS   60

TCase *signs_tests(void);

struct kept {
    int64_t sum, count;
};
FLOW_RECORD(kept, sum, count);

// --- functions that keep something

// Counts by sign, and gives what is left when the window ends.
static flow_status count_net(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct kept *kept)
{
    (void)key;
    kept->sum += flow_sign(ctx) * row->v;
    kept->count += flow_sign(ctx);
    flow_timer_set(ctx, flow_window_last_instant(flow_event_window(ctx)));
    return FLOW_OK;
}

static flow_status count_net_timer(flow_ctx *ctx, const int64_t *key, struct kept *kept)
{
    return FLOW_EMIT(ctx, flow_test_row, .k = *key, .v = kept->sum, .x = (double)kept->count);
}
FLOW_STATEFUL_FN_WITH(
    count_net, int64_t, flow_test_row, kept, (flow_test_row), .follows_signs = true);

static flow_status state_alone(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct kept *kept)
{
    return count_net(ctx, key, row, kept);
}

static flow_status state_alone_timer(flow_ctx *ctx, const int64_t *key, struct kept *kept)
{
    return count_net_timer(ctx, key, kept);
}
FLOW_STATEFUL_FN(state_alone, int64_t, flow_test_row, kept, flow_test_row);

static flow_status never_signs(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct kept *kept)
{
    return count_net(ctx, key, row, kept);
}

static flow_status never_signs_timer(flow_ctx *ctx, const int64_t *key, struct kept *kept)
{
    return count_net_timer(ctx, key, kept);
}
FLOW_STATEFUL_FN_WITH(never_signs, int64_t, flow_test_row, kept, (flow_test_row), .no_signs = true);

// What it gives for an element has its sign, and does not depend on what came before.
FLOW_VALUE(net, kept, .merging = FLOW_MERGE_LATEST);

static flow_status pass_on(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row)
{
    const struct kept *so_far = FLOW_CELL_READ(ctx, net);
    const struct kept now = { .sum = (so_far ? so_far->sum : 0) + flow_sign(ctx) * row->v };
    (void)key;
    FLOW_CELL_WRITE(ctx, net, &now);
    return FLOW_EMIT_ROW(ctx, flow_test_row, row);
}
FLOW_CELLS_FN(
    pass_on, int64_t, flow_test_row, (flow_test_row), FLOW_CELLS(net), .follows_signs = true);

static flow_status cells_alone(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row)
{
    return pass_on(ctx, key, row);
}
FLOW_CELLS_FN(cells_alone, int64_t, flow_test_row, (flow_test_row), FLOW_CELLS(net));

// Makes data of signs: nothing that it gives is taken back.
static flow_status tell_signs(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row)
{
    const int64_t sign = flow_sign(ctx);
    pass_on(ctx, key, &(struct flow_test_row){ 0 });
    return FLOW_EMIT(ctx, flow_test_row, .k = *key, .v = sign * row->v);
}
FLOW_CELLS_FN(
    tell_signs, int64_t, flow_test_row, (flow_test_row), FLOW_CELLS(net), .takes_signs = true);

// The sum of a bundle.
static flow_status begin(flow_ctx *ctx)
{
    *FLOW_SELF_OF(ctx, kept) = (struct kept){ 0 };
    return FLOW_OK;
}

static flow_status sum_up(flow_ctx *ctx, const struct flow_test_row *row)
{
    FLOW_SELF_OF(ctx, kept)->sum += flow_sign(ctx) * row->v;
    return FLOW_OK;
}

static flow_status give_sum(flow_ctx *ctx)
{
    const flow_window all = { { FLOW_TIME_MIN_US }, { FLOW_TIME_GLOBAL_END_US } };
    const flow_stamp stamp = { { 0 }, all };
    return FLOW_EMIT_STAMPED(ctx, stamp, flow_test_row, .v = FLOW_SELF_OF(ctx, kept)->sum);
}
FLOW_ELEMENT_FN_WITH(sum_up, flow_test_row, (flow_test_row), .self_size = sizeof(struct kept),
    .start = begin, .finish = give_sum, .follows_signs = true);

static flow_status finish_alone(flow_ctx *ctx, const struct flow_test_row *row)
{
    return sum_up(ctx, row);
}
FLOW_ELEMENT_FN_WITH(finish_alone, flow_test_row, (flow_test_row), .self_size = sizeof(struct kept),
    .start = begin, .finish = give_sum);

// --- what is taken back

// The last row of each key and ten seconds; `often`: one after the other, each taken back.
static flow_coll last_rows(flow_pipeline *p, const struct flow_test_script *script, bool often)
{
    flow_window_options tens = { .windows = flow_fixed(flow_seconds(10)) };
    if (often) {
        tens.trigger = flow_trigger_early_late(flow_trigger_count(2), flow_trigger_none());
        tens.accumulation = FLOW_RETRACTING;
        tens.no_lateness = true;
    }
    const flow_coll rows = flow_window_into(flow_test_read(p, script), &tens);
    return flow_unkey(flow_latest(flow_key_by(rows, FLOW_FIELD(flow_test_row, k))));
}

static flow_coll put_into(flow_coll rows, flow_windows windows)
{
    const flow_window_options options = { .windows = windows,
        .trigger = flow_trigger_default(),
        .accumulation = FLOW_ACCUMULATING,
        .no_lateness = true };
    return flow_window_into(rows, &options);
}

static flow_coll keyed(flow_coll rows)
{
    return flow_key_by(rows, FLOW_FIELD(flow_test_row, k));
}

static flow_coll by_state(flow_coll rows)
{
    return flow_do(keyed(put_into(rows, flow_fixed(flow_seconds(60)))), &count_net_fn);
}

static flow_coll by_cells(flow_coll rows)
{
    return flow_do(keyed(put_into(rows, flow_fixed(flow_seconds(60)))), &pass_on_fn);
}

static flow_coll by_signs(flow_coll rows)
{
    const flow_coll told = flow_do(keyed(put_into(rows, flow_global())), &tell_signs_fn);
    return flow_sum(keyed(told), FLOW_FIELD(flow_test_row, v));
}

static flow_coll by_finish(flow_coll rows)
{
    const flow_coll sums = flow_do(put_into(rows, flow_global()), &sum_up_fn);
    return flow_sum(keyed(sums), FLOW_FIELD(flow_test_row, v));
}

static const struct {
    const char *name;
    flow_coll (*build)(flow_coll rows);
} followers[] = { { "state", by_state }, { "cells", by_cells }, { "signs as data", by_signs },
    { "finish", by_finish } };
#define FOLLOWERS ((int)(sizeof followers / sizeof followers[0]))

struct input {
    struct flow_test_row rows[ROWS];
    struct flow_test_piece pieces[6];
    struct flow_test_script script;
};

// In order of time but for a few seconds, which the watermark waits for.
static void make_input(struct input *input, uint32_t seed)
{
    uint64_t random = seed;
    memset(input, 0, sizeof *input);
    for (int i = 0; i < ROWS; i++)
        input->rows[i] = flow_test_row_at(flow_test_below(&random, 4),
            flow_test_below(&random, 100), (2 * i + (int64_t)flow_test_below(&random, 3)) * SECOND);
    input->script = flow_test_deal(input->rows, ROWS, input->pieces, 6);
    input->script.times.disorder = flow_seconds(5);
}

static void run(int form, const struct input *input, bool often, uint32_t seed,
    struct flow_test_results *results)
{
    flow_error error = { 0 };
    flow_pipeline *p = flow_pipeline_new("followed");
    flow_test_collect(followers[form].build(last_rows(p, &input->script, often)), results);
    const struct flow_test_options options = { .seed = seed,
        .workers = 1 + seed % 3,
        .faults = { .one_in = often && seed % 4 == 0 ? 5 : 0, .most = 100, .point = -1 } };
    flow_test_run(p, &options, &error);
    ck_assert_msg(error.status == FLOW_OK, "%s: %s", followers[form].name, error.message);
    flow_pipeline_free(p);
}

START_TEST(what_follows_signs_comes_to_what_a_batch_gives)
{
    const uint32_t first = flow_test_first(), seeds = flow_test_seeds(40);
    size_t oftener = 0;
    for (uint32_t seed = first; seed < first + seeds; seed++) {
        struct flow_test_results got, wanted;
        struct input input;
        make_input(&input, seed);
        flow_test_results_init(&got, followers[_i].name);
        flow_test_results_init(&wanted, "wanted");
        run(_i, &input, false, seed, &wanted);
        run(_i, &input, true, seed, &got);
        oftener += got.count - wanted.count;
        flow_test_fold(&got);
        const char *differs = flow_test_differ_in_rows(&got, &wanted);
        ck_assert_msg(!differs, "seed %u: %s", seed, differs);
        ck_assert_uint_gt(wanted.count, 0);
        flow_test_results_clear(&got);
        flow_test_results_clear(&wanted);
    }
    if (followers[_i].build == by_cells)
        ck_assert_uint_gt(oftener, 10 * (size_t)seeds);
}
END_TEST

// --- what is refused

static flow_coll hand_finish(flow_coll rows)
{
    const flow_window_options all = { .windows = flow_global() };
    return flow_do(flow_window_into(rows, &all), &finish_alone_fn);
}

static flow_coll hand_state(flow_coll rows)
{
    return flow_do(keyed(rows), &state_alone_fn);
}

static flow_coll hand_cells(flow_coll rows)
{
    return flow_do(keyed(rows), &cells_alone_fn);
}

static flow_coll hand_never(flow_coll rows)
{
    return flow_do(keyed(rows), &never_signs_fn);
}

static flow_coll hand_sorted(flow_coll rows)
{
    return flow_do(keyed(rows), &count_net_fn, &(flow_do_options){ .time_sorted = true });
}

static const struct {
    const char *name;
    flow_coll (*build)(flow_coll rows);
    bool may_say; // it could say that it follows signs
} refused[] = { { "state", hand_state, true }, { "cells", hand_cells, true },
    { "finish", hand_finish, true }, { "said so", hand_never, false },
    { "sorted", hand_sorted, false } };

static const char *refusal(flow_coll (*build)(flow_coll rows), const char *name, bool often)
{
    static flow_error error;
    struct flow_test_results none;
    struct input input;
    make_input(&input, 1);
    flow_test_results_init(&none, name);
    flow_pipeline *p = flow_pipeline_new("refused");
    flow_test_collect(flow_named(build(last_rows(p, &input.script, often)), name), &none);
    error = (flow_error){ 0 };
    const struct flow_test_options options = { .seed = 1 };
    const flow_status status = flow_test_run(p, &options, &error);
    ck_assert_int_eq(status, error.status);
    flow_pipeline_free(p);
    flow_test_results_clear(&none);
    if (status == FLOW_OK)
        return NULL;
    ck_assert_msg(status == FLOW_UNSUPPORTED, "%s: %s", name, error.message);
    ck_assert_str_eq(error.step, name);
    return error.message;
}

START_TEST(a_step_that_keeps_what_it_was_given_refuses_what_takes_back)
{
    const char *name = refused[_i].name;
    const char *why = refusal(refused[_i].build, name, true);
    char wanted[400];
    snprintf(wanted, sizeof wanted,
        "step '%s' keeps what it was given, but its input takes elements back (FLOW_RETRACTING), "
        "which it cannot undo; give it elements that stay%s",
        name,
        refused[_i].may_say ? ", or set 'follows_signs' in its declaration if it heeds flow_sign"
                            : "");
    ck_assert_msg(why != NULL, "%s was not refused", name);
    ck_assert_str_eq(why, wanted);
    why = refusal(refused[_i].build, name, false);
    ck_assert_msg(why == NULL, "%s, of a batch: %s", name, why);
}
END_TEST

// --- windows that merge

static uint32_t one_window(
    const void *element, flow_time at, const void *config, flow_window *windows, uint32_t room)
{
    (void)element, (void)config;
    if (room > 0)
        windows[0] = (flow_window){ at, { at.us + 5 * SECOND } };
    return 1;
}

static const flow_window_fn five = { .name = "five", .assign = one_window, .merges = true };

static flow_coll count_in_sessions(flow_coll rows)
{
    return flow_count(keyed(put_into(rows, flow_sessions(flow_seconds(5)))));
}

static flow_coll count_in_custom(flow_coll rows)
{
    return flow_count(keyed(put_into(rows, flow_custom(&five, NULL))));
}

static flow_coll state_in_sessions(flow_coll rows)
{
    return flow_do(keyed(put_into(rows, flow_sessions(flow_seconds(5)))), &pass_on_fn);
}

static const struct {
    const char *name, *windows;
    flow_coll (*build)(flow_coll rows);
} growing[] = { { "sessions", "sessions", count_in_sessions },
    { "custom", "windows that merge", count_in_custom },
    { "state", "sessions", state_in_sessions } };

START_TEST(windows_that_merge_refuse_what_takes_back)
{
    const char *why = refusal(growing[_i].build, growing[_i].name, true);
    char wanted[400];
    snprintf(wanted, sizeof wanted,
        "step '%s' has %s, but its input takes elements back (FLOW_RETRACTING), and what one of "
        "these has grown would stay so; say these windows before the grouping that retracts, or "
        "FLOW_DISCARDING there",
        growing[_i].name, growing[_i].windows);
    ck_assert_msg(why != NULL, "%s were not refused", growing[_i].name);
    ck_assert_str_eq(why, wanted);
    why = refusal(growing[_i].build, growing[_i].name, false);
    ck_assert_msg(why == NULL, "%s, of a batch: %s", growing[_i].name, why);
}
END_TEST

TCase *signs_tests(void)
{
    TCase *tests = tcase_create("signs");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, what_follows_signs_comes_to_what_a_batch_gives, 0, FOLLOWERS);
    tcase_add_loop_test(tests, a_step_that_keeps_what_it_was_given_refuses_what_takes_back, 0,
        (int)(sizeof refused / sizeof refused[0]));
    tcase_add_loop_test(tests, windows_that_merge_refuse_what_takes_back, 0,
        (int)(sizeof growing / sizeof growing[0]));
    return tests;
}
