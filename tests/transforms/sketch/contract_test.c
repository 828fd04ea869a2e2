// SPDX-License-Identifier: Apache-2.0
// Every sketch through the contract harness, keyed and not.
#include <stdio.h>

#include <flow/sketch.h>

#include "harness.h"

TCase *contract_tests(void);

#define ROWS 40

struct halves {
    double low, middle, high;
};
FLOW_RECORD(halves, low, middle, high);

struct most {
    flow_str value;
    int64_t count, over;
};
FLOW_RECORD(most, value, count, over);

struct most_by {
    int64_t k;
    flow_str value;
    int64_t count, over;
};
FLOW_RECORD(most_by, k, value, count, over);

static flow_coll by_k(flow_coll in)
{
    return flow_key_by(in, FLOW_FIELD(flow_test_row, k));
}

static flow_coll distinct(flow_coll in)
{
    return flow_approximate_distinct(by_k(in), FLOW_FIELD(flow_test_row, s), NULL);
}

// Few registers, so that they are dense with few rows.
static flow_coll distinct_dense(flow_coll in)
{
    return flow_approximate_distinct(
        in, FLOW_SELF(flow_test_row), &(flow_approximate_distinct_options){ .error = 0.2 });
}

static flow_coll quantiles(flow_coll in)
{
    static const double ranks[] = { 0, 0.5, 0.9 };
    return flow_quantiles(by_k(in), FLOW_FIELD(flow_test_row, x), &halves_type,
        &(flow_quantiles_options){ .ranks = ranks, .count = 3 });
}

static flow_coll frequent(flow_coll in)
{
    return flow_frequent(in, FLOW_FIELD(flow_test_row, s), &most_type, NULL);
}

static flow_coll frequent_by_key(flow_coll in)
{
    return flow_frequent(by_k(in), FLOW_FIELD(flow_test_row, s), &most_by_type,
        &(flow_frequent_options){ .count = 2 });
}

static const struct {
    const char *name;
    flow_test_build *build;
} transforms[] = {
    { "distinct", distinct },
    { "dense distinct", distinct_dense },
    { "quantiles", quantiles },
    { "frequent", frequent },
    { "frequent by key", frequent_by_key },
};

START_TEST(every_sketch_keeps_the_contract)
{
    static const char long_text[] =
        "a text that is longer than a cache line is, so that it never fits beside its row";
    static const char *const texts[] = { "", "short", long_text, "b" };
    struct flow_test_row rows[ROWS];
    for (int64_t i = 0; i < ROWS; i++) {
        rows[i] = flow_test_row_at(i * 7 % 5, i % 13, 0);
        rows[i].s = flow_str_of(texts[i * i % 4]);
        rows[i].x = (double)(i * 13 % 19) * 0.1 - 0.7;
    }
    const struct flow_test_rows input = { &flow_test_row_type, rows, ROWS,
        FLOW_FIELD(flow_test_row, at), false, false, false, false };
    flow_test_transform(transforms[_i].name, transforms[_i].build, &input);
}
END_TEST

// --- building that is refused

static flow_coll no_ranks(flow_coll in)
{
    return flow_quantiles(
        in, FLOW_FIELD(flow_test_row, x), NULL, &(flow_quantiles_options){ .name = "prices" });
}

static flow_coll no_frequent(flow_coll in)
{
    return flow_frequent(in, FLOW_FIELD(flow_test_row, s), NULL, NULL);
}

static flow_coll no_such_error(flow_coll in)
{
    return flow_approximate_distinct(
        in, FLOW_FIELD(flow_test_row, s), &(flow_approximate_distinct_options){ .error = 1 });
}

static const struct {
    flow_test_build *build;
    const char *step;
} unbuilt[] = {
    { no_ranks, "shop/prices" },
    { no_frequent, "shop/frequent" },
    { no_such_error, "shop/approximate_distinct" },
};

START_TEST(errors_of_building_name_the_step_and_its_scope)
{
    flow_test_refused_step(unbuilt[_i].build, unbuilt[_i].step);
}
END_TEST

TCase *contract_tests(void)
{
    TCase *tests = tcase_create("contract");
    tcase_set_timeout(tests, 240);
    tcase_add_loop_test(
        tests, every_sketch_keeps_the_contract, 0, (int)(sizeof transforms / sizeof transforms[0]));
    tcase_add_loop_test(tests, errors_of_building_name_the_step_and_its_scope, 0,
        (int)(sizeof unbuilt / sizeof unbuilt[0]));
    return tests;
}
