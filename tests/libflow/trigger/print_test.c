// SPDX-License-Identifier: Apache-2.0
// Triggers as text.
#include "story.h"

TCase *print_tests(void);

static void expect(flow_trigger trigger, const char *text)
{
    char printed[200];
    const size_t len = flow_trigger_print(&trigger, printed, sizeof printed);
    ck_assert_str_eq(printed, text);
    ck_assert_uint_eq(len, strlen(text));
}

START_TEST(triggers_are_printed_in_the_words_of_their_makers)
{
    const flow_trigger three = flow_trigger_count(3);
    const flow_trigger hours = flow_trigger_align(flow_hours(1), flow_minutes(5));
    const flow_trigger minute = flow_trigger_delay(flow_minutes(1));
    expect(flow_trigger_none(), "default");
    expect(flow_trigger_end_of_window(), "end_of_window");
    expect(three, "count(3)");
    expect(minute, "delay(1m)");
    expect(hours, "align(1h, 5m)");
    expect(flow_trigger_then(minute, hours), "then(delay(1m), align(1h, 5m))");
    expect(flow_trigger_early_late(minute, flow_trigger_none()), "early_late(delay(1m), none)");
    expect(flow_trigger_early_late(flow_trigger_none(), three), "early_late(none, count(3))");
    expect(flow_trigger_early_late(flow_trigger_then(minute, hours), three),
        "early_late(then(delay(1m), align(1h, 5m)), count(3))");
    expect(flow_trigger_all(three, flow_trigger_any(minute, flow_trigger_never())),
        "all(count(3), any(delay(1m), never))");
    expect(flow_trigger_or_finally(flow_trigger_repeatedly(three), flow_trigger_each(three, three)),
        "or_finally(repeatedly(count(3)), each(count(3), count(3)))");
    expect(flow_trigger_all_of(NULL, 0), "invalid");
}
END_TEST

START_TEST(a_text_that_does_not_fit_is_cut_and_its_length_told)
{
    char text[8];
    const flow_trigger trigger = flow_trigger_end_of_window();
    ck_assert_uint_eq(flow_trigger_print(&trigger, text, sizeof text), 13);
    ck_assert_str_eq(text, "end_of_");
    ck_assert_uint_eq(flow_trigger_print(&trigger, text, 1), 13);
    ck_assert_str_eq(text, "");
    ck_assert_uint_eq(flow_trigger_print(&trigger, NULL, 0), 13);
}
END_TEST

TCase *print_tests(void)
{
    TCase *tests = tcase_create("print");
    tcase_add_test(tests, triggers_are_printed_in_the_words_of_their_makers);
    tcase_add_test(tests, a_text_that_does_not_fit_is_cut_and_its_length_told);
    return tests;
}
