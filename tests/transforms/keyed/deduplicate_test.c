// SPDX-License-Identifier: Apache-2.0
// flow_deduplicate: by field, duration and clock, within a window.
#include "tests.h"

static const flow_deduplicate_options by_user = { .by = { &click_type, "user", 0, FLOW_KIND_STR },
    .duration = { 10000000 },
    .clock = FLOW_EVENT_TIME };

#define A1 "{\"user\":\"a\",\"n\":1}"
#define A2 "{\"user\":\"a\",\"n\":2}"
#define A3 "{\"user\":\"a\",\"n\":3}"
#define B1 "{\"user\":\"b\",\"n\":1}"

START_TEST(r78b_the_first_of_equal_ones_passes)
{
    click("a", 1, 1);
    click("a", 2, 2);
    click("b", 1, 3);
    flow_expect(flow_deduplicate(clicks, &by_user), A1, B1);
    passes();
}
END_TEST

START_TEST(r78b_one_is_remembered_for_a_while_of_event_time)
{
    click("a", 1, 1);
    watermark(10);
    click("a", 2, 10); // known until 11
    watermark(12);
    click("a", 3, 12);
    flow_expect(flow_deduplicate(clicks, &by_user), A1, A3);
    passes();
}
END_TEST

START_TEST(r78b_or_by_the_clock)
{
    flow_deduplicate_options options = by_user;
    options.clock = FLOW_PROCESSING_TIME;
    click("a", 1, 1);
    wait_for(9);
    click("a", 2, 100);
    wait_for(2);
    click("a", 3, 2);
    flow_expect(flow_deduplicate(clicks, &options), A1, A3);
    passes();
}
END_TEST

START_TEST(r78b_without_options_whole_elements_are_equal_for_ten_minutes)
{
    click("a", 1, 1);
    click("a", 2, 1);
    wait_for(599);
    click("a", 1, 1);
    wait_for(2);
    click("a", 2, 1);
    flow_expect(flow_deduplicate(clicks, NULL), A1, A2, A2);
    passes();
}
END_TEST

START_TEST(r78b_equal_ones_of_different_windows_pass)
{
    click("a", 1, 9);
    click("a", 2, 9);
    click("a", 3, 10);
    flow_expect(flow_deduplicate(windowed(10), &by_user), A1, A3);
    passes();
}
END_TEST

static bool on_time(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    (void)user;
    if (count == 1 && seen[0].pane.timing == FLOW_TIMING_ON_TIME)
        return true;
    flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu results", count);
    return false;
}

START_TEST(r78b_a_mark_holds_nothing_up)
{
    click("a", 1, 1);
    watermark(10); // the window of the count is over, the mark lives until 11
    const flow_coll first = flow_deduplicate(clicks, &by_user);
    const flow_window_options cut = { .windows = flow_fixed(flow_seconds(10)) };
    flow_expect_that(flow_count(flow_window_into(first, &cut)), on_time, NULL, NULL);
    passes();
}
END_TEST

START_TEST(r78b_a_mark_by_the_clock_holds_nothing_up)
{
    click("a", 1, 1);
    watermark(10); // the window of the count is over, the mark lives on
    click("b", 2, 5);
    const flow_deduplicate_options by_clock = {
        .by = FLOW_FIELD(click, user), .clock = FLOW_PROCESSING_TIME, .duration = flow_seconds(60)
    };
    const flow_coll first = flow_deduplicate(clicks, &by_clock);
    const flow_window_options cut = { .windows = flow_fixed(flow_seconds(10)) };
    flow_expect(flow_count(flow_window_into(first, &cut)), "{\"count\":1}");
    passes();
}
END_TEST

START_TEST(the_key_of_the_input_stays)
{
    const flow_coll keyed = flow_key_by(clicks, FLOW_FIELD(click, user));
    ck_assert_str_eq(flow_coll_key(flow_deduplicate(keyed, NULL)).name, "user");
}
END_TEST

// _i: by event time, by the clock
START_TEST(r78b_in_sessions_the_first_of_a_run_of_equal_ones_passes)
{
    flow_deduplicate_options options = by_user;
    options.duration = flow_seconds(60);
    options.clock = _i ? FLOW_PROCESSING_TIME : FLOW_EVENT_TIME;
    click("a", 1, 1);
    watermark(4);
    click("a", 9, 5);
    watermark(8);
    click("a", 9, 9); // its session ended at 6 when the mark was made
    watermark(12);
    click("a", 9, 12);
    watermark(20);
    click("a", 2, 20);
    flow_expect(flow_deduplicate(in_visits(5), &options), A1, A2);
    passes();
}
END_TEST

START_TEST(r78b_in_a_long_session_one_is_forgotten_too)
{
    for (int i = 0; i < 12; i++) { // known for 10 seconds
        click("a", i == 0 ? 1 : i == 6 ? 3 : 9, i * 2);
        watermark(i * 2 + 1);
    }
    flow_expect(flow_deduplicate(in_visits(5), &by_user), A1, A3);
    passes();
}
END_TEST

START_TEST(r78b_of_two_marks_that_meet_the_longer_one_stays)
{
    click("a", 1, 0);
    click("a", 3, 8); // another session at first; known until 18
    click("a", 9, 4); // one session
    watermark(11);
    click("a", 9, 12);
    watermark(15);
    click("a", 9, 16);
    watermark(19);
    click("a", 2, 19);
    flow_expect(flow_deduplicate(in_visits(5), &by_user), A1, A3, A2);
    passes();
}
END_TEST

START_TEST(what_cannot_be_remembered_is_refused)
{
    flow_deduplicate_options options = by_user;
    options.clock = FLOW_WINDOW_EXPIRY;
    flow_deduplicate(clicks, &options);
    refused("flow_deduplicate: remembers by event time or processing time, not by clock 3");
    options = by_user;
    options.duration.us = -1;
    flow_deduplicate(clicks, &options);
    refused("flow_deduplicate: its duration is -1 us, below 0");
}
END_TEST

TCase *deduplicate_tests(void)
{
    TCase *tests = tcase_create("deduplicate");
    tcase_add_checked_fixture(tests, clicks_setup, clicks_teardown);
    tcase_add_test(tests, r78b_the_first_of_equal_ones_passes);
    tcase_add_test(tests, r78b_one_is_remembered_for_a_while_of_event_time);
    tcase_add_test(tests, r78b_or_by_the_clock);
    tcase_add_test(tests, r78b_without_options_whole_elements_are_equal_for_ten_minutes);
    tcase_add_test(tests, r78b_equal_ones_of_different_windows_pass);
    tcase_add_test(tests, r78b_a_mark_holds_nothing_up);
    tcase_add_test(tests, r78b_a_mark_by_the_clock_holds_nothing_up);
    tcase_add_test(tests, the_key_of_the_input_stays);
    tcase_add_loop_test(tests, r78b_in_sessions_the_first_of_a_run_of_equal_ones_passes, 0, 2);
    tcase_add_test(tests, r78b_in_a_long_session_one_is_forgotten_too);
    tcase_add_test(tests, r78b_of_two_marks_that_meet_the_longer_one_stays);
    tcase_add_test(tests, what_cannot_be_remembered_is_refused);
    return tests;
}
