// SPDX-License-Identifier: Apache-2.0
// What a combine gives does not tell how its rows travelled: added up on the sending side, dealt
// out by column, or row by row; nor how its windows left.
#include <stdlib.h>

#include <flow/memory.h>

#include "flow_test.h"

#define HOUR INT64_C(3600000000)

enum {
    KEYS = 20001, // more than fire in one bundle
    HOURS = 5,
    ROWS = 24000,
};

enum how {
    COUNT,
    SUM,
    LEAST,
    HOW_COUNT
};

static const struct flow_test_options runs[] = {
    { .workers = 1, .no_lifting = true },
    { .workers = 1, .always_lifting = true },
    { .workers = 1 },
    { .workers = 3, .no_lifting = true },
    { .workers = 3, .always_lifting = true },
    { .workers = 3 },
};
enum {
    RUN_COUNT = sizeof runs / sizeof runs[0]
};

static bool is_odd(const flow_ctx *ctx, const struct flow_test_row *row)
{
    (void)ctx;
    return row->v & 1;
}
FLOW_FILTER_FN(is_odd, flow_test_row);

static flow_coll created(flow_pipeline *pipeline, const struct flow_test_row *rows, size_t count)
{
    const flow_create_options options = { .type = &flow_test_row_type,
        .rows = rows,
        .count = count,
        .event_time = FLOW_FIELD(flow_test_row, at) };
    return flow_create(pipeline, &options);
}

// One window with many keys; a row in sixteen lies an hour or more behind its neighbours, which is
// further than a batch's times reach.
static struct flow_test_row *scattered(void)
{
    struct flow_test_row *rows = calloc(ROWS, sizeof *rows);
    ck_assert_ptr_nonnull(rows);
    for (int64_t i = 0; i < ROWS; i++)
        rows[i] =
            flow_test_row_at(i % KEYS, i % 1000 - 500, (i % 16 ? 0 : 1 + i / 16 % 4) * HOUR + i);
    return rows;
}

static const flow_type *out_type(enum how how)
{
    return how == COUNT ? &flow_counted_type : &flow_integer_type;
}

static void expect(const struct flow_test_row *rows, enum how how, struct flow_test_results *wanted)
{
    static int64_t values[HOURS][KEYS], seen[HOURS][KEYS];
    memset(values, 0, sizeof values);
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < ROWS; i++) {
        int64_t *value = &values[rows[i].at.us / HOUR][rows[i].k];
        const bool first = seen[rows[i].at.us / HOUR][rows[i].k]++ == 0;
        if (how == COUNT)
            ++*value;
        else if (how == SUM)
            *value += rows[i].v;
        else if (first || rows[i].v < *value)
            *value = rows[i].v;
    }
    for (int64_t hour = 0; hour < HOURS; hour++)
        for (int64_t k = 0; k < KEYS; k++) {
            const struct flow_test_result at = { .window = {
                                                     { hour * HOUR }, { (hour + 1) * HOUR } } };
            if (seen[hour][k])
                flow_test_expect(wanted, out_type(how), &values[hour][k], &at);
        }
}

// Keys among which 0 is, windows of many bundles.
START_TEST(every_key_leaves_every_window_once)
{
    const enum how how = (enum how)(_i / RUN_COUNT);
    struct flow_test_row *rows = scattered();
    struct flow_test_results wanted, got;
    flow_test_results_init(&wanted, "wanted");
    flow_test_results_init(&got, "got");
    expect(rows, how, &wanted);
    flow_pipeline *pipeline = flow_pipeline_new("scattered");
    const flow_coll keyed =
        flow_key_by(created(pipeline, rows, ROWS), FLOW_FIELD(flow_test_row, k));
    const flow_coll in =
        flow_window_into(keyed, &(flow_window_options){ .windows = flow_fixed(flow_hours(1)) });
    const flow_field_ref v = FLOW_FIELD(flow_test_row, v);
    const flow_coll out = how == COUNT ? flow_count(in)
                          : how == SUM ? flow_sum(in, v)
                                       : flow_min(in, v);
    flow_test_collect(flow_unkey(out), &got);
    flow_test_run_well(pipeline, &runs[_i % RUN_COUNT]);
    const char *why = flow_test_differ_in_rows(&got, &wanted);
    ck_assert_msg(!why, "%s", why);
    flow_pipeline_free(pipeline);
    flow_test_results_clear(&wanted);
    flow_test_results_clear(&got);
    free(rows);
}
END_TEST

// Numbers of both signs whose sums on the way lie outside 64 bits.
START_TEST(a_sum_is_exact_whatever_lies_between)
{
    enum {
        COUNT_OF_ROWS = 6001
    };
    static struct flow_test_row rows[COUNT_OF_ROWS];
    const bool odd = _i >= RUN_COUNT;
    int64_t wanted_sum = 0;
    for (int64_t i = 0; i < COUNT_OF_ROWS - 1; i++) {
        const int64_t v = INT64_MAX - 5 * (i / 2);
        rows[i] = flow_test_row_at(0, i < COUNT_OF_ROWS / 2 ? v : -v + i, i);
    }
    // what is missing to a small sum of all: an odd one
    uint64_t sum = 0;
    for (int64_t i = 0; i < COUNT_OF_ROWS - 1; i++)
        sum += odd && !(rows[i].v & 1) ? 0 : (uint64_t)rows[i].v;
    rows[COUNT_OF_ROWS - 1] = flow_test_row_at(0, -7, 0);
    wanted_sum = (int64_t)(sum - 7);
    struct flow_test_results wanted, got;
    flow_test_results_init(&wanted, "wanted");
    flow_test_results_init(&got, "got");
    const struct flow_test_result at = { .window = {
                                             { FLOW_TIME_MIN_US }, { FLOW_TIME_GLOBAL_END_US } } };
    flow_test_expect(&wanted, &flow_integer_type, &wanted_sum, &at);
    flow_pipeline *pipeline = flow_pipeline_new("sum");
    flow_coll in = created(pipeline, rows, COUNT_OF_ROWS);
    if (odd)
        in = flow_do(in, &is_odd_fn);
    flow_test_collect(flow_sum(in, FLOW_FIELD(flow_test_row, v)), &got);
    flow_test_run_well(pipeline, &runs[_i % RUN_COUNT]);
    const char *why = flow_test_differ_in_rows(&got, &wanted);
    ck_assert_msg(!why, "%s", why);
    flow_pipeline_free(pipeline);
    flow_test_results_clear(&wanted);
    flow_test_results_clear(&got);
}
END_TEST

TCase *combine_tests(void);

TCase *combine_tests(void)
{
    TCase *tests = tcase_create("combine");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, every_key_leaves_every_window_once, 0, HOW_COUNT * RUN_COUNT);
    tcase_add_loop_test(tests, a_sum_is_exact_whatever_lies_between, 0, 2 * RUN_COUNT);
    return tests;
}
