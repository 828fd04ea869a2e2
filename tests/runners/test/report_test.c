// SPDX-License-Identifier: Apache-2.0
// Reports as TAP and as JUnit's XML.
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>

#include <flow/text.h>

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
        "  <testcase name=\"bad\" time=\"0.002000\"><failure message=\"expect: 1 &lt; 2&#10;but "
        "&quot;3&quot; # 4\"/></testcase>\n"
        "  <testcase name=\"left\" time=\"0.000000\"><skipped "
        "message=\"UNSUPPORTED\"/></testcase>\n"
        "</testsuite>\n");
    flow_text_free(tap);
    flow_text_free(junit);
    flow_report_free(report);
}
END_TEST

// A report with all that XML and TAP cannot hold.
static flow_report *odd_report(void)
{
    flow_report *report = flow_report_new(NULL);
    flow_error error = { 0 };
    flow_error_raise(&error, FLOW_USER, "st\xc3", "\x1b[1mbold\x1b[0m\r\n\ttab \x7f]]> \xff\xfe");
    flow_report_add(report, NULL, FLOW_OK, &error, flow_millis(-5));
    flow_report_add(report, "cut \xe2\x82", FLOW_USER, &error, flow_millis(-12000));
    flow_report_add(report, "half \xed\xa0\x80 none \xef\xbf\xbf", FLOW_OK, NULL, flow_millis(1));
    flow_report_add(
        report, "\xf0\x9f\x98\x80 \xe2\x82\xac", FLOW_UNSUPPORTED, NULL, flow_millis(0));
    return report;
}

// Gives the text to a parser of XML that is not ours.
static int parse(const char *xml, const char *checks)
{
    const char *python = getenv("FLOW_TEST_PYTHON");
    char command[2048];
    snprintf(command, sizeof command,
        "%s -c 'import sys, xml.etree.ElementTree as tree\n"
        "root = tree.parse(sys.stdin.buffer).getroot()\n%s'",
        python ? python : "python3", checks);
    FILE *pipe = popen(command, "w");
    ck_assert_ptr_nonnull(pipe);
    fputs(xml, pipe);
    return pclose(pipe);
}

START_TEST(junit_is_xml_whatever_names_and_errors_have_in_them)
{
    static const char checks[] =
        "assert root.get(\"name\") == \"tests\"\n"
        "assert [case.get(\"name\") for case in root] == [\"case\", \"cut \\ufffd\\ufffd\","
        " \"half \\ufffd\\ufffd\\ufffd none \\ufffd\\ufffd\\ufffd\","
        " \"\\U0001f600 \\u20ac\"]\n"
        "assert [float(case.get(\"time\")) for case in root] == [0, 0, 0.001, 0]\n"
        "assert [case.tag for case in root.iter() if case.get(\"message\")]"
        " == [\"failure\", \"skipped\"]\n"
        "assert root.find(\".//failure\").get(\"message\") == \"st\\ufffd: \\ufffd[1mbold"
        "\\ufffd[0m\\r\\n\\ttab \\ufffd]]> \\ufffd\\ufffd\"\n";
    flow_report *report = odd_report();
    char *junit = flow_report_print(report, FLOW_REPORT_JUNIT);
    ck_assert_msg(parse(junit, checks) == 0, "%s", junit);
    ck_assert_int_ne(parse("<testsuite><testcase name=\"\xff\"/></testsuite>", ""), 0);
    flow_text_free(junit);
    flow_report_free(report);
}
END_TEST

START_TEST(tap_has_a_line_a_case_whatever_names_and_errors_have_in_them)
{
    flow_report *report = odd_report();
    char *tap = flow_report_print(report, FLOW_REPORT_TAP);
    ck_assert_str_eq(tap,
        "TAP version 13\n1..4\nok 1 - case\nnot ok 2 - cut \xef\xbf\xbd\xef\xbf\xbd\n"
        "# st\xef\xbf\xbd: \xef\xbf\xbd[1mbold\xef\xbf\xbd[0m  \ttab \xef\xbf\xbd]]> "
        "\xef\xbf\xbd\xef\xbf\xbd\n"
        "ok 3 - half \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd none "
        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\n"
        "ok 4 - \xf0\x9f\x98\x80 \xe2\x82\xac # SKIP UNSUPPORTED\n");
    flow_text_free(tap);
    flow_report_free(report);
}
END_TEST

TCase *report_tests(void)
{
    TCase *tests = tcase_create("report");
    tcase_add_checked_fixture(tests, kit_setup, kit_teardown);
    tcase_add_test(tests, a_report_is_tap_or_junit);
    tcase_add_test(tests, junit_is_xml_whatever_names_and_errors_have_in_them);
    tcase_add_test(tests, tap_has_a_line_a_case_whatever_names_and_errors_have_in_them);
    return tests;
}
