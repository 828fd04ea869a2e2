// SPDX-License-Identifier: Apache-2.0
// flow_summarize, against the two-pass formulas.
#include <math.h>

#include "core_test.h"

TCase *summarize_tests(void);

START_TEST(r73_summarize_keeps_the_laws)
{
    combine_keeps_the_laws(flow_summarize, FLOW_FIELD(bid, f64));
    combine_keeps_the_laws(flow_summarize, FLOW_FIELD(bid, i32));
}
END_TEST

static struct flow_summary summary_of(const struct bid *rows, size_t count)
{
    combined made = combine_begin(flow_summarize, FLOW_FIELD(bid, f64));
    cell acc;
    cell out;
    combine_add(&made, rows, count, &acc);
    ck_assert_int_eq(combine_extract(&made, &acc, &out), FLOW_OK);
    combine_end(&made);
    return *(const struct flow_summary *)(const void *)&out;
}

START_TEST(summary_equals_two_passes)
{
    enum {
        COUNT = 1000
    };
    static struct bid rows[COUNT];
    uint64_t seed = 1;
    double sum = 0;
    for (int i = 0; i < COUNT; i++) {
        rows[i].f64 = 1e6 + (double)(next_random(&seed) % 1000);
        sum += rows[i].f64;
    }
    const double mean = sum / COUNT;
    double squares = 0;
    double min = rows[0].f64;
    double max = rows[0].f64;
    for (int i = 0; i < COUNT; i++) {
        squares += (rows[i].f64 - mean) * (rows[i].f64 - mean);
        min = fmin(min, rows[i].f64);
        max = fmax(max, rows[i].f64);
    }
    const struct flow_summary summary = summary_of(rows, COUNT);
    ck_assert_int_eq(summary.count, COUNT);
    ck_assert_double_eq_tol(summary.mean, mean, 1e-12 * mean);
    ck_assert_double_eq_tol(summary.deviation, sqrt(squares / COUNT), 1e-9);
    ck_assert_double_eq(summary.min, min);
    ck_assert_double_eq(summary.max, max);
}
END_TEST

START_TEST(deviation_of_equal_values_is_zero)
{
    const struct bid rows[] = { { .f64 = 0.1 }, { .f64 = 0.1 }, { .f64 = 0.1 } };
    const struct flow_summary summary = summary_of(rows, 3);
    ck_assert_double_eq(summary.deviation, 0);
    ck_assert_double_eq(summary.mean, 0.1);
    ck_assert_double_eq(summary_of(rows, 0).deviation, 0);
}
END_TEST

START_TEST(extremes_of_a_summary_do_not_know_zero_as_a_value)
{
    const struct bid rows[] = { { .f64 = -3 }, { .f64 = -2 } };
    ck_assert_double_eq(summary_of(rows, 2).max, -2);
    const struct bid above[] = { { .f64 = 3 }, { .f64 = 2 } };
    ck_assert_double_eq(summary_of(above, 2).min, 2);
}
END_TEST

START_TEST(summary_of_what_is_no_number_is_refused)
{
    expect_refused(flow_summarize, FLOW_FIELD(bid, raw),
        "flow_summarize: takes a number or a duration, its field 'raw' is 'bytes'");
}
END_TEST

TCase *summarize_tests(void)
{
    TCase *tests = tcase_create("summarize");
    tcase_add_test(tests, r73_summarize_keeps_the_laws);
    tcase_add_test(tests, summary_equals_two_passes);
    tcase_add_test(tests, deviation_of_equal_values_is_zero);
    tcase_add_test(tests, extremes_of_a_summary_do_not_know_zero_as_a_value);
    tcase_add_test(tests, summary_of_what_is_no_number_is_refused);
    return tests;
}
