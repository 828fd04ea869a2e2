// SPDX-License-Identifier: Apache-2.0
// Reports as TAP and as JUnit's XML.
#include "kit.h"

START_TEST(a_report_is_tap_or_junit)
{
    flow_report *report = flow_report_new("a & b");
    flow_error error = { 0 };
    flow_error_raise(&error, FLOW_UNEXPECTED, "expect", "1 < 2\nbut \"3\" # 4");
    flow_report_add(report, "good", FLOW_OK, NULL, flow_millis(1500));
    flow_report_add(report, "bad", FLOW_UNEXPECTED, &error, flow_millis(2));
    flow_report_add(report, "left", FLOW_UNSUPPORTED, NULL, flow_millis(0));
    ck_assert_uint_eq(flow_report_failed(report), 1);
    char *tap = flow_report_print(report, FLOW_REPORT_TAP);
    ck_assert_str_eq(tap, "TAP version 13\n1..3\nok 1 - good\nnot ok 2 - bad\n"
                          "# expect: 1 < 2 but \"3\"   4\nok 3 - left # SKIP UNSUPPORTED\n");
    char *junit = flow_report_print(report, FLOW_REPORT_JUNIT);
    ck_assert_str_eq(junit,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuite name=\"a &amp; b\" tests=\"3\" failures=\"1\" skipped=\"1\">\n"
        "  <testcase name=\"good\" time=\"1.500000\"/>\n"
        "  <testcase name=\"bad\" time=\"0.002000\"><failure message=\"expect: 1 &lt; 2\nbut "
        "&quot;3&quot; # 4\"/></testcase>\n"
        "  <testcase name=\"left\" time=\"0.000000\"><skipped "
        "message=\"UNSUPPORTED\"/></testcase>\n"
        "</testsuite>\n");
    flow_text_free(tap);
    flow_text_free(junit);
    flow_report_free(report);
}
END_TEST

TCase *report_tests(void)
{
    TCase *tests = tcase_create("report");
    tcase_add_checked_fixture(tests, kit_setup, kit_teardown);
    tcase_add_test(tests, a_report_is_tap_or_junit);
    return tests;
}
