// SPDX-License-Identifier: Apache-2.0
// Windows that are too big for one bundle fire in several (architecture decision 1), and what they
// give does not tell where one bundle ended; sliding groups cost by the rows they have.
#include <stdio.h>
#include <stdlib.h>

#include <flow/memory.h>

#include "flow_test.h"

#define SECOND INT64_C(1000000)
#define SLICE  14000 // keys of a slice: less than a bundle's worth, but two slices have more

static struct flow_test_row *make_rows(size_t count)
{
    struct flow_test_row *rows = calloc(count, sizeof *rows);
    ck_assert_ptr_nonnull(rows);
    return rows;
}

static flow_coll created(flow_pipeline *pipeline, const struct flow_test_row *rows, size_t count)
{
    const flow_create_options options = { .type = &flow_test_row_type,
        .rows = rows,
        .count = count,
        .event_time = FLOW_FIELD(flow_test_row, at) };
    return flow_key_by(flow_create(pipeline, &options), FLOW_FIELD(flow_test_row, k));
}

static flow_coll windowed(flow_coll in, flow_windows windows)
{
    const flow_window_options options = { .windows = windows };
    return flow_window_into(in, &options);
}

// --- bounded bundles

static flow_status multiply(flow_ctx *ctx, const int64_t *k, flow_rows *rows)
{
    const struct flow_test_row *row;
    while ((row = flow_rows_next(rows)) != NULL)
        for (int64_t i = 0; i < 64; i++)
            FLOW_EMIT(ctx, flow_test_row, .k = *k, .v = i, .at = row->at);
    return ctx->status;
}
FLOW_GROUP_FN(multiply, int64_t, flow_test_row, flow_test_row);

struct seen {
    int64_t count;
};
FLOW_RECORD(seen, count);

static flow_status only_the_last(
    flow_ctx *ctx, const int64_t *k, const struct flow_test_row *row, struct seen *seen)
{
    if (++seen->count % 100000 == 0)
        FLOW_EMIT(ctx, flow_test_row, .k = *k, .v = seen->count, .at = row->at);
    return ctx->status;
}
static flow_status only_the_last_timer(flow_ctx *ctx, const int64_t *k, struct seen *seen)
{
    (void)k;
    (void)seen;
    return ctx->status;
}
FLOW_STATEFUL_FN(only_the_last, int64_t, flow_test_row, seen, flow_test_row);

// 100,000 keys give 64 rows each, which are 800 MB and more in all.
static void multiply_in_little_memory(flow_windows windows)
{
    enum {
        KEYS = 100000
    };
    struct flow_test_row *rows = make_rows(KEYS);
    for (int64_t i = 0; i < KEYS; i++)
        rows[i] = flow_test_row_at(i, i, i);
    flow_pipeline *pipeline = flow_pipeline_new("multiply");
    flow_coll c = flow_group(windowed(created(pipeline, rows, KEYS), windows), &multiply_fn);
    c = flow_do(flow_key_by(c, FLOW_FIELD(flow_test_row, v)), &only_the_last_fn);
    struct flow_test_results got;
    flow_test_results_init(&got, "got");
    flow_test_collect(c, &got);
    const struct flow_test_options options = { .memory = (uint64_t)128 << 20, .seed = 1 };
    flow_test_run_well(pipeline, &options);
    ck_assert_uint_eq(got.count, 64);
    flow_pipeline_free(pipeline);
    flow_test_results_clear(&got);
    free(rows);
}

START_TEST(a_big_window_of_a_group_waits_for_the_step_after_it)
{
    multiply_in_little_memory((flow_windows){ 0 });
}
END_TEST

START_TEST(a_big_sliding_window_of_a_group_waits_for_the_step_after_it)
{
    multiply_in_little_memory(flow_sliding(flow_seconds(10), flow_seconds(10)));
}
END_TEST

// --- going on after an abort

static flow_status sum_rows(flow_ctx *ctx, const int64_t *k, flow_rows *rows)
{
    struct flow_test_row out = { .k = *k, .x = (double)flow_rows_count(rows) };
    const struct flow_test_row *row;
    while ((row = flow_rows_next(rows)) != NULL)
        out.v += row->v;
    flow_emit(ctx, 0, &flow_test_row_type, &out, sizeof out);
    return ctx->status;
}
FLOW_GROUP_FN(sum_rows, int64_t, flow_test_row, flow_test_row);

static flow_status sum_text_rows(flow_ctx *ctx, const flow_str *s, flow_rows *rows)
{
    struct flow_test_row out = { .s = *s, .x = (double)flow_rows_count(rows) };
    const struct flow_test_row *row;
    while ((row = flow_rows_next(rows)) != NULL)
        out.v += row->v;
    flow_emit(ctx, 0, &flow_test_row_type, &out, sizeof out);
    return ctx->status;
}
FLOW_GROUP_FN(sum_text_rows, flow_str, flow_test_row, flow_test_row);

enum how {
    GROUP,
    GROUP_TEXT,
    RUNNING,
    STACKS,
    HOW_COUNT
};

static flow_coll answer(enum how how, flow_coll in)
{
    switch (how) {
    case GROUP:
        return flow_group(in, &sum_rows_fn);
    case GROUP_TEXT:
        return flow_group(flow_key_by(in, FLOW_FIELD(flow_test_row, s)), &sum_text_rows_fn);
    case RUNNING:
        return flow_sum(in, FLOW_FIELD(flow_test_row, v));
    default:
        return flow_max(in, FLOW_FIELD(flow_test_row, v));
    }
}

// Half of a slice's keys are those of the one before: a window's tables are made from those of the
// window before.
static struct flow_test_row *overlapping(char (*names)[12], size_t count)
{
    struct flow_test_row *rows = make_rows(count);
    for (size_t i = 0; i < count; i++) {
        const int64_t k = (int64_t)(i / SLICE * (SLICE / 2) + i % SLICE);
        rows[i] = flow_test_row_at(k, (int64_t)(i % 1000) - 300, (int64_t)(i / SLICE) * SECOND);
        rows[i].s.len = (uint32_t)snprintf(names[i], sizeof names[i], "%lld", (long long)k);
        rows[i].s.data = names[i];
    }
    return rows;
}

static uint64_t run_faulty(const struct flow_test_row *rows, size_t count, int which,
    const struct flow_test_faults *faults, struct flow_test_results *got)
{
    const enum how how = (enum how)(which % HOW_COUNT);
    flow_pipeline *pipeline = flow_pipeline_new("faulty");
    const flow_windows windows = flow_sliding(flow_seconds(2), flow_seconds(1));
    flow_test_collect(answer(how, windowed(created(pipeline, rows, count), windows)), got);
    const struct flow_test_options options = { .seed = 1,
        .faults = *faults,
        .scratch = which < HOW_COUNT ? NULL : "/tmp", // the later ones fire from runs
        .spill = 1 };
    flow_error error = { 0 };
    struct flow_test_sim *sim = flow_test_open(pipeline, &options, &error);
    ck_assert_msg(sim != NULL, "%s", error.message);
    ck_assert(flow_test_settle(sim));
    const uint64_t asked = sim->faults.asked;
    if (faults->at)
        ck_assert_uint_eq(sim->faults.injected, 1);
    ck_assert_msg(flow_test_close(sim, &error) == FLOW_OK, "%s", error.message);
    flow_pipeline_free(pipeline);
    return asked;
}

START_TEST(r3_an_abort_in_the_middle_of_a_window_goes_on_where_it_was)
{
    enum {
        COUNT = 3 * SLICE
    };
    char(*names)[12] = calloc(COUNT, sizeof *names);
    ck_assert_ptr_nonnull(names);
    struct flow_test_row *rows = overlapping(names, COUNT);
    struct flow_test_results wanted, got;
    flow_test_results_init(&wanted, "wanted");
    flow_test_results_init(&got, "got");
    const struct flow_test_faults none = { .point = FL_FAULT_COMMIT };
    const uint64_t bundles = run_faulty(rows, COUNT, _i, &none, &wanted);
    ck_assert_uint_eq(wanted.count, SLICE + 3 * SLICE / 2 + 3 * SLICE / 2 + SLICE);
    // the last bundles are those that fire
    for (uint64_t at = bundles - 6; at <= bundles; at++) {
        const struct flow_test_faults one = { .point = FL_FAULT_COMMIT, .at = at };
        run_faulty(rows, COUNT, _i, &one, &got);
        const char *why = flow_test_differ(&got, &wanted);
        ck_assert_msg(!why, "fault at %llu of %llu: %s", (unsigned long long)at,
            (unsigned long long)bundles, why);
    }
    flow_test_results_clear(&wanted);
    flow_test_results_clear(&got);
    free(rows);
    free(names);
}
END_TEST

// --- many slices

#define SLICES  600
#define FEW     37 // keys
#define WINDOWS (3 * SLICES)

// Sum and count of every window by key, element by element.
static void expect_naively(
    const struct flow_test_row *rows, size_t count, struct flow_test_results *wanted)
{
    static struct flow_test_row panes[WINDOWS][FEW];
    memset(panes, 0, sizeof panes);
    for (size_t i = 0; i < count; i++)
        for (int64_t end = rows[i].at.us / SECOND + 1; end <= rows[i].at.us / SECOND + SLICES;
             end++) {
            panes[end][rows[i].k].v += rows[i].v;
            panes[end][rows[i].k].x += 1;
        }
    for (int64_t end = 0; end < WINDOWS; end++)
        for (int64_t k = 0; k < FEW; k++) {
            if (panes[end][k].x == 0)
                continue;
            panes[end][k].k = k;
            struct flow_test_result at = { .time = { end * SECOND - 1 },
                .window = { { (end - SLICES) * SECOND }, { end * SECOND } },
                .pane = { FLOW_TIMING_ON_TIME, true, true, false, 0, 0 } };
            flow_test_expect(wanted, &flow_test_row_type, &panes[end][k], &at);
        }
}

START_TEST(r11b_a_sliding_group_of_600_slices_equals_the_naive_form)
{
    enum {
        COUNT = 4000
    };
    struct flow_test_row *rows = make_rows(COUNT);
    uint64_t random = 7;
    for (int i = 0; i < COUNT; i++)
        rows[i] = flow_test_row_at(flow_test_below(&random, FEW), flow_test_below(&random, 100),
            (int64_t)flow_test_below(&random, 2 * SLICES) * SECOND);
    struct flow_test_results wanted, got;
    flow_test_results_init(&wanted, "naive");
    flow_test_results_init(&got, "got");
    expect_naively(rows, COUNT, &wanted);
    flow_pipeline *pipeline = flow_pipeline_new("slices");
    const flow_windows windows = flow_sliding(flow_seconds(SLICES), flow_seconds(1));
    flow_test_collect(
        flow_group(windowed(created(pipeline, rows, COUNT), windows), &sum_rows_fn), &got);
    const struct flow_test_options options = { .seed = 1 };
    flow_test_run_well(pipeline, &options);
    const char *why = flow_test_differ(&got, &wanted);
    ck_assert_msg(!why, "%s", why);
    flow_pipeline_free(pipeline);
    flow_test_results_clear(&wanted);
    flow_test_results_clear(&got);
    free(rows);
}
END_TEST

// --- one call that emits without end

static flow_status pour(flow_ctx *ctx, const int64_t *k, flow_rows *rows)
{
    const struct flow_test_row *row = flow_rows_next(rows);
    for (int64_t i = 0; row && i < row->v && ctx->status == FLOW_OK; i++)
        FLOW_EMIT(ctx, flow_test_row, .k = *k, .v = i);
    return ctx->status;
}
FLOW_GROUP_FN(pour, int64_t, flow_test_row, flow_test_row);

static void count_rows(void *user, const flow_elements *elements)
{
    *(int64_t *)user += elements->batch.count;
}

START_TEST(one_call_that_emits_more_than_the_budget_fails_with_a_sentence)
{
    const int64_t counts[] = { 100000, 10000000 };
    for (int i = 0; i < 2; i++) {
        const struct flow_test_row row = { .k = 1, .v = counts[i] };
        int64_t got = 0;
        flow_pipeline *pipeline = flow_pipeline_new("pour");
        flow_receive(flow_group(created(pipeline, &row, 1), &pour_fn), "drain", count_rows, &got);
        const struct flow_test_options options = { .seed = 1, .memory = UINT64_C(64) << 20 };
        flow_error error = { FLOW_OK, "", "" };
        const flow_status status = flow_test_run(pipeline, &options, &error);
        ck_assert_int_eq(status, i ? FLOW_BUDGET : FLOW_OK);
        ck_assert_int_eq(got, i ? 0 : counts[i]);
        ck_assert_str_eq(error.step, i ? "drain" : "");
        ck_assert_str_eq(error.message,
            i ? "one bundle brought more than 64 MiB of rows, which are kept until it ends; a "
                "function that emits so many in one call has to emit fewer"
              : "");
        flow_pipeline_free(pipeline);
    }
}
END_TEST

TCase *firing_tests(void);

TCase *firing_tests(void)
{
    TCase *tests = tcase_create("firing");
    tcase_set_timeout(tests, 600);
    tcase_add_test(tests, a_big_window_of_a_group_waits_for_the_step_after_it);
    tcase_add_test(tests, one_call_that_emits_more_than_the_budget_fails_with_a_sentence);
    tcase_add_test(tests, a_big_sliding_window_of_a_group_waits_for_the_step_after_it);
    tcase_add_loop_test(
        tests, r3_an_abort_in_the_middle_of_a_window_goes_on_where_it_was, 0, 2 * HOW_COUNT);
    tcase_add_test(tests, r11b_a_sliding_group_of_600_slices_equals_the_naive_form);
    return tests;
}
