// SPDX-License-Identifier: Apache-2.0
// The records that the transforms make.
#include "core_test.h"

TCase *record_tests(void);

START_TEST(own_records_pass_the_check)
{
    const flow_type *const types[] = { &flow_counted_type, &flow_integer_type, &flow_number_type,
        &flow_averaged_type, &flow_summary_type, &bid_type };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        flow_error error = { 0 };
        flow_type_check(types[i], &error);
        ck_assert_str_eq(error.message, "");
    }
    ck_assert_str_eq(flow_summary_type.name, "flow_summary");
}
END_TEST

TCase *record_tests(void)
{
    TCase *tests = tcase_create("record");
    tcase_add_test(tests, own_records_pass_the_check);
    return tests;
}
