// SPDX-License-Identifier: Apache-2.0
// flow_mean.
#include "core_test.h"

TCase *mean_tests(void);

START_TEST(r73_mean_keeps_the_laws)
{
    combine_keeps_the_laws(flow_mean, FLOW_FIELD(bid, f64));
    combine_keeps_the_laws(flow_mean, FLOW_FIELD(bid, i32));
}
END_TEST

START_TEST(mean_is_sum_over_count)
{
    combined made = combine_begin(flow_mean, FLOW_FIELD(bid, u64));
    const struct bid rows[] = { { .u64 = 1 }, { .u64 = 2 }, { .u64 = 6 } };
    cell acc;
    cell out;
    combine_add(&made, rows, 3, &acc);
    ck_assert_int_eq(combine_extract(&made, &acc, &out), FLOW_OK);
    const struct flow_averaged *averaged = (const struct flow_averaged *)(const void *)&out;
    ck_assert_double_eq(averaged->mean, 3);
    ck_assert_int_eq(averaged->count, 3);
    combine_end(&made);
}
END_TEST

START_TEST(mean_of_nothing_is_zero_and_no_nan)
{
    combined made = combine_begin(flow_mean, FLOW_FIELD(bid, f64));
    const cell zero = { 0 };
    cell out;
    ck_assert_int_eq(combine_extract(&made, &zero, &out), FLOW_OK);
    ck_assert_double_eq(((const struct flow_averaged *)(const void *)&out)->mean, 0);
    combine_end(&made);
}
END_TEST

START_TEST(mean_of_what_is_no_number_is_refused)
{
    expect_refused(flow_mean, FLOW_FIELD(bid, at),
        "flow_mean: takes a number or a duration, its field 'at' is 'time'");
}
END_TEST

TCase *mean_tests(void)
{
    TCase *tests = tcase_create("mean");
    tcase_add_test(tests, r73_mean_keeps_the_laws);
    tcase_add_test(tests, mean_is_sum_over_count);
    tcase_add_test(tests, mean_of_nothing_is_zero_and_no_nan);
    tcase_add_test(tests, mean_of_what_is_no_number_is_refused);
    return tests;
}
