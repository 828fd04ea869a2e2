// SPDX-License-Identifier: Apache-2.0
// The library's own records are declared as carefully as any.
#include "graph_test.h"

TCase *record_tests(void);

START_TEST(own_records_pass_the_check)
{
    ck_assert_int_eq(flow_type_check(&flow_line_type, NULL), FLOW_OK);
    ck_assert_int_eq(flow_type_check(&flow_rejected_type, NULL), FLOW_OK);
}
END_TEST

START_TEST(rejected_elements_show_all_their_members)
{
    static const char *const names[] = { "step", "reason", "message", "at", "element", "sign" };
    ck_assert_uint_eq(flow_rejected_type.field_count, 6);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_str_eq(flow_rejected_type.fields[i].name, names[i]);
    ck_assert_ptr_nonnull(flow_type_field(&flow_line_type, "text"));
}
END_TEST

TCase *record_tests(void)
{
    TCase *tests = tcase_create("record");
    tcase_add_test(tests, own_records_pass_the_check);
    tcase_add_test(tests, rejected_elements_show_all_their_members);
    return tests;
}
