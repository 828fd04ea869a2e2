// SPDX-License-Identifier: Apache-2.0
// Expectations: what lacks, what is too much, in which window and pane.
#include "kit.h"

static bool two_panes(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    ++*(int *)user;
    if (count != 2 || seen[0].pane.index != 0 || !seen[0].pane.first || seen[1].pane.index != 1)
        return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu panes", count) == FLOW_OK;
    return seen[0].window.end.us == 10000000 && seen[0].time.us == 9999999 && seen[0].sign == 1;
}

START_TEST(panes_of_a_window_are_told_apart_by_timing)
{
    add("a", 1, 3);
    flow_script_watermark(script, clicks, second(10));
    add("a", 1, 5);
    add("a", 1, 6);
    const flow_coll by_page = counts(flow_seconds(60));
    flow_expect_options on_time = { .name = "on time", .panes = FLOW_PANES_ON_TIME };
    flow_expect_options late = { .name = "late", .panes = FLOW_PANES_LATE };
    flow_expect_options window = {
        .name = "window", .in_window = true, .window = { { 0 }, second(10) }
    };
    const char *one = "\"a\": {\"count\":1}";
    flow_expect_lines(by_page, &one, 1, &on_time);
    flow_expect_lines(by_page, (const char *[]){ one, one }, 2, &late);
    flow_expect_lines(by_page, (const char *[]){ one, one, one }, 3, &window);
    window.name = "elsewhere";
    window.window.start = second(10);
    flow_expect_empty(by_page, &window);
    passes(NULL);
}
END_TEST

START_TEST(what_lacks_and_what_is_too_much_is_named)
{
    add("a", 1, 3);
    flow_expect(counts(flow_seconds(0)), "\"a\": {\"count\":2}");
    const flow_error error = run(NULL);
    ck_assert_int_eq(error.status, FLOW_UNEXPECTED);
    ck_assert_str_eq(error.step, "expect");
    ck_assert_str_eq(error.message,
        "1 elements, 1 wanted; 1 lack: \"a\": {\"count\":2}; 1 too many: \"a\": {\"count\":1} in "
        "[1970-01-01T00:00:00Z, 1970-01-01T00:00:10Z)");
}
END_TEST

START_TEST(floats_agree_to_twelve_digits_and_no_less)
{
    add("a", 3, 3); // its price is 0.30000000000000004
    FLOW_EXPECT_ROWS(clicks, click, { .page = { "a", 1 }, .amount = 3, .price = 0.3 });
    passes(NULL);
    flow_pipeline_free(p);
    kit_setup();
    add("a", 3, 3);
    FLOW_EXPECT_ROWS(clicks, click, { .page = { "a", 1 }, .amount = 3, .price = 0.30000001 });
    ck_assert_int_eq(run(NULL).status, FLOW_UNEXPECTED);
}
END_TEST

START_TEST(a_line_that_is_no_element_is_refused)
{
    add("a", 3, 3);
    flow_expect(counts(flow_seconds(0)), "{\"count\":2}");
    flow_error error = run(NULL);
    ck_assert_int_eq(error.status, FLOW_INVALID);
    ck_assert_msg(strstr(error.message, "has no key"), "%s", error.message);
    flow_pipeline_free(p);
    kit_setup();
    flow_expect(clicks, "{\"page\":3}");
    error = run(NULL);
    ck_assert_int_eq(error.status, FLOW_INVALID);
    ck_assert_msg(strstr(error.message, "is no 'click'"), "%s", error.message);
}
END_TEST

START_TEST(a_judge_sees_times_windows_and_panes)
{
    int asked = 0;
    add("a", 1, 3);
    flow_script_watermark(script, clicks, second(10));
    add("a", 1, 5);
    flow_expect_that(counts(flow_seconds(60)), two_panes, &asked, NULL);
    passes(NULL);
    ck_assert_int_eq(asked, 1);
}
END_TEST

TCase *expect_tests(void)
{
    TCase *tests = tcase_create("expect");
    tcase_add_checked_fixture(tests, kit_setup, kit_teardown);
    tcase_add_test(tests, panes_of_a_window_are_told_apart_by_timing);
    tcase_add_test(tests, what_lacks_and_what_is_too_much_is_named);
    tcase_add_test(tests, floats_agree_to_twelve_digits_and_no_less);
    tcase_add_test(tests, a_line_that_is_no_element_is_refused);
    tcase_add_test(tests, a_judge_sees_times_windows_and_panes);
    return tests;
}
