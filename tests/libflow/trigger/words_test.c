// SPDX-License-Identifier: Apache-2.0
// How triggers stand, in words.
#include "story.h"

#include <flow/text.h>

TCase *words_tests(void);

// What is said of a trigger once a line has been played.
static void says(flow_trigger trigger, const char *line, const char *wanted)
{
    flow_buffer out = { 0 };
    story told = story_new(trigger, false);
    story_play(&told, line);
    flow_trigger_words(&trigger, &told.state, &told.clocks, &out);
    char *text = flow_buffer_text(&out);
    ck_assert_str_eq(text, wanted);
    flow_text_free(text);
}

START_TEST(a_count_says_how_many_there_are)
{
    says(flow_trigger_count(5), "", "element count 0 of 5");
    says(flow_trigger_count(5), "e3.", "element count 3 of 5");
    says(flow_trigger_count(2), "e2!#", "finished");
}
END_TEST

START_TEST(a_clock_says_until_when_it_runs)
{
    const flow_trigger both =
        flow_trigger_then(after(5), flow_trigger_align(flow_seconds(60), flow_seconds(5)));
    says(after(5), "", "processing-time delay of 5us has not begun, since no element has come");
    says(after(5), "n2 e.",
        "processing-time delay of 5us runs until 1970-01-01T00:00:00.000007Z, the clock is at "
        "1970-01-01T00:00:00.000002Z");
    says(both, "e.",
        "processing-time delay of 5us, then wait for the next multiple of 1m and 5s runs until "
        "1970-01-01T00:00:05Z, the clock is at 1970-01-01T00:00:00Z");
}
END_TEST

START_TEST(the_end_of_the_window_is_passed_or_not)
{
    says(flow_trigger_end_of_window(), "e.", "the watermark has not passed the end of the window");
    says(flow_trigger_none(), "",
        "the watermark has not passed the end of the window; after it: whenever late elements "
        "come");
    says(flow_trigger_never(), "e.", "nothing before the window is collected");
}
END_TEST

START_TEST(early_and_late_parts_are_told_before_and_after_the_end)
{
    const flow_trigger two = flow_trigger_count(2), three = flow_trigger_count(3);
    const flow_trigger none = flow_trigger_none();
    says(flow_trigger_early_late(two, three), "e.",
        "the watermark has not passed the end of the window; before it: element count 1 of 2");
    says(flow_trigger_early_late(none, three), "e.",
        "the watermark has not passed the end of the window, and no results before it are wanted");
    says(flow_trigger_early_late(two, three), "e. w10! e.",
        "the result at the end of the window was given; after it: element count 1 of 3");
}
END_TEST

START_TEST(composites_tell_of_their_parts)
{
    const flow_trigger one = flow_trigger_count(1), two = flow_trigger_count(2);
    says(flow_trigger_all(two, flow_trigger_any(two, flow_trigger_never())), "e.",
        "all of (element count 1 of 2; the first of (element count 1 of 2; nothing before the "
        "window is collected))");
    says(flow_trigger_each(one, two), "e! e.", "part 2 of 2 in turn: element count 1 of 2");
    says(flow_trigger_or_finally(flow_trigger_repeatedly(two), flow_trigger_end_of_window()), "e.",
        "element count 1 of 2, again and again; or finally: the watermark has not passed the end "
        "of the window");
}
END_TEST

TCase *words_tests(void)
{
    TCase *tests = tcase_create("words");
    tcase_add_test(tests, a_count_says_how_many_there_are);
    tcase_add_test(tests, a_clock_says_until_when_it_runs);
    tcase_add_test(tests, the_end_of_the_window_is_passed_or_not);
    tcase_add_test(tests, early_and_late_parts_are_told_before_and_after_the_end);
    tcase_add_test(tests, composites_tell_of_their_parts);
    return tests;
}
