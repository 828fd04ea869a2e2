// SPDX-License-Identifier: Apache-2.0
// The model's rules about windows that merge, late elements and triggers, by their numbers.
#include "panes_story.h"

#include <stdlib.h>

#define SECOND INT64_C(1000000)

static const flow_trigger usual;

// Runs what the reference does not know.
static void tells_alone(const struct panes_case *test, const char *wanted)
{
    const struct panes_options options = { .engine = { .workers = 1, .seed = 1 } };
    struct panes_outcome got;
    panes_outcome_init(&got, "panes");
    const char *refused = panes_run(test, &options, &got);
    ck_assert_msg(!refused, "%s", refused);
    panes_check_lines(&got, wanted);
    panes_outcome_clear(&got);
}

// --- merging windows

START_TEST(r12_elements_a_gap_apart_are_two_sessions)
{
    struct panes_case test = panes_story(sessions(5), usual, FLOW_DISCARDING);
    panes_add(&test, 1, 1, 0);
    panes_add(&test, 1, 2, 5);
    panes_add(&test, 1, 4, 9);
    panes_tells(&test, "1=1 [0,5) on-time 0/0 first last; 1=6 [5,14) on-time 0/0 first last");
}
END_TEST

START_TEST(r13_a_window_between_two_makes_one_of_all)
{
    struct panes_case test = panes_story(sessions(5), usual, FLOW_DISCARDING);
    panes_add(&test, 1, 1, 0);
    panes_add(&test, 1, 2, 8);
    panes_add(&test, 1, 4, 20);
    panes_add(&test, 1, 8, 4);
    panes_add(&test, 2, 16, 4);
    panes_tells(&test, "1=11 [0,13) on-time 0/0 first last; 1=4 [20,25) on-time 0/0 first last; "
                       "2=16 [4,9) on-time 0/0 first last");
}
END_TEST

START_TEST(r13_sessions_of_a_longest_length_are_cut)
{
    const flow_windows most = flow_sessions_max(sessions(5), flow_seconds(10));
    struct panes_case test = panes_story(most, usual, FLOW_DISCARDING);
    for (int64_t at = 0; at < 12; at += 3)
        panes_add(&test, 1, 1, at);
    tells_alone(&test, "1=2 [0,8) on-time 0/0 first last; 1=2 [6,14) on-time 0/0 first last");
}
END_TEST

START_TEST(r13_windows_of_a_users_function_merge)
{
    struct panes_case test = panes_story(flow_custom(&panes_gap_fn, NULL), usual, FLOW_DISCARDING);
    panes_add(&test, 1, 7, 0); // until 8
    panes_add(&test, 1, 1, 7); // until 9
    panes_add(&test, 1, 0, 9);
    panes_tells(&test, "1=0 [9,10) on-time 0/0 first last; 1=8 [0,9) on-time 0/0 first last");
}
END_TEST

START_TEST(r14_sessions_of_different_gaps_flow_together)
{
    flow_pipeline *pipeline = flow_pipeline_new("gaps");
    struct flow_test_row rows[3] = { flow_test_row_at(1, 1, 0), flow_test_row_at(1, 2, 4 * SECOND),
        flow_test_row_at(1, 4, 7 * SECOND) };
    const struct flow_test_piece pieces[] = { { .rows = rows, .count = 3 } };
    const struct flow_test_script script = { .type = &flow_test_row_type,
        .pieces = pieces,
        .piece_count = 1,
        .event_time = FLOW_FIELD(flow_test_row, at) };
    const flow_window_options short_gap = { .windows = sessions(2) };
    const flow_window_options long_gap = { .windows = sessions(5) };
    struct panes_outcome got;
    panes_outcome_init(&got, "gaps");
    const flow_coll keyed =
        flow_key_by(flow_test_read(pipeline, &script), FLOW_FIELD(flow_test_row, k));
    const flow_coll both[2] = { flow_window_into(keyed, &short_gap),
        flow_window_into(keyed, &long_gap) };
    flow_test_collect(flow_sum(flow_flatten(both, 2), FLOW_FIELD(flow_test_row, v)), &got.results);
    flow_test_run_well(pipeline, &(struct flow_test_options){ .seed = 1 });
    panes_check_lines(&got, "1=14 [0,12) on-time 0/0 first last");
    panes_outcome_clear(&got);
    flow_pipeline_free(pipeline);
}
END_TEST

START_TEST(r15_days_of_a_zone_have_23_24_or_25_hours)
{
    // clocks went forward in the night to 2024-03-31, in Berlin
    const int64_t midnight = 1711839600; // 2024-03-31T00:00+01:00
    struct panes_case test =
        panes_story(flow_calendar_days(1, "Europe/Berlin"), usual, FLOW_DISCARDING);
    panes_add(&test, 1, 1, midnight);
    panes_add(&test, 1, 2, midnight + 23 * 3600 - 1);
    panes_add(&test, 1, 4, midnight + 23 * 3600);
    tells_alone(&test, "1=3 [1711839600,1711922400) on-time 0/0 first last; "
                       "1=4 [1711922400,1712008800) on-time 0/0 first last");
}
END_TEST

START_TEST(r16_windows_are_final_after_a_grouping_that_merged)
{
    // sessions of different keys overlap; summed under one key they stay what they are
    struct panes_case test = panes_story(sessions(5), usual, FLOW_DISCARDING);
    test.result = PANES_CHAIN;
    panes_add(&test, 0, 1, 0);
    panes_add(&test, 1, 2, 3);
    panes_add(&test, 1, 4, 6);
    tells_alone(&test, "0=1 [0,5) on-time 0/0 first last; 0=6 [3,11) on-time 0/0 first last");
}
END_TEST

// --- lateness

START_TEST(r22_an_element_in_two_windows_is_two)
{
    struct panes_case test = panes_story(flow_custom(&panes_two_fn, NULL), usual, FLOW_DISCARDING);
    panes_add(&test, 1, 2, 0);  // [0,7) and [0,20)
    panes_watermark(&test, 10); // one of them is over
    panes_add(&test, 1, 4, 0);
    panes_add(&test, 1, 3, 0); // in none
    struct panes_outcome got = panes_outcome_of(&test);
    panes_check_lines(&got, "1=2 [0,7) on-time 0/0 first last; 1=6 [0,20) on-time 0/0 first last");
    ck_assert_uint_eq(got.late, 1);
    ck_assert_uint_eq(got.no_window, 1);
    panes_outcome_clear(&got);
}
END_TEST

START_TEST(r22_windows_that_overlap_each_have_the_element_under_any_trigger)
{
    struct panes_case test = panes_story(
        flow_sliding(flow_seconds(10), flow_seconds(5)), flow_trigger_always(), FLOW_DISCARDING);
    panes_watermark(&test, 10);
    panes_add(&test, 1, 1, 7); // of [0,10), which is over, and [5,15)
    panes_add(&test, 1, 2, 12);
    struct panes_outcome got = panes_outcome_of(&test);
    ck_assert_uint_eq(got.late, 1);
    ck_assert_uint_eq(got.results.count, 5); // three early ones, and each window on time
    panes_outcome_clear(&got);
}
END_TEST

START_TEST(r24_an_element_is_dropped_only_past_the_expiry_of_its_own_window)
{
    struct panes_case test = panes_story(sessions(5), usual, FLOW_DISCARDING);
    panes_add(&test, 1, 1, 8); // [8,13)
    panes_watermark(&test, 11);
    panes_add(&test, 1, 2, 7); // [7,12) is not over at 11
    panes_add(&test, 1, 4, 6); // [6,11) is, though it overlaps
    struct panes_outcome got = panes_outcome_of(&test);
    panes_check_lines(&got, "1=3 [7,13) on-time 0/0 first last");
    ck_assert_uint_eq(got.late, 1);
    panes_outcome_clear(&got);
    // at the last instant of its window, which is its expiry, it is not dropped; after it, it is
    for (int64_t past = 0; past < 2; past++) {
        test = panes_story(sessions(5), usual, FLOW_DISCARDING);
        panes_watermark(&test, 12);
        test.steps[0].at += past - 1;
        panes_add(&test, 1, 1, 7);
        got = panes_outcome_of(&test);
        ck_assert_uint_eq(got.late, (uint64_t)past);
        panes_outcome_clear(&got);
    }
}
END_TEST

START_TEST(r25_elements_of_a_closed_window_are_counted_apart)
{
    struct panes_case test = panes_story(
        tens(), flow_trigger_early_late(flow_trigger_none(), flow_trigger_none()), FLOW_DISCARDING);
    struct panes_outcome got;
    // the trigger finishes at the end; elements may come until the watermark is past it, strictly
    panes_add(&test, 1, 1, 5);
    panes_watermark(&test, 10);
    panes_add(&test, 1, 2, 5);
    got = panes_outcome_of(&test);
    ck_assert_uint_eq(got.late + got.closed, 1);
    ck_assert_uint_eq(got.closed, 0);
    panes_outcome_clear(&got);
}
END_TEST

START_TEST(r26_a_window_gives_its_last_pane_when_it_is_collected)
{
    struct panes_case test =
        panes_story(tens(), flow_trigger_repeatedly(flow_trigger_count(3)), FLOW_DISCARDING);
    panes_late_until(&test, 20);
    panes_add(&test, 1, 1, 5);
    panes_watermark(&test, 29); // the end has passed, the expiry has not: nothing is said
    panes_add(&test, 1, 2, 5);
    panes_watermark(&test, 30);
    panes_add(&test, 1, 4, 5);
    struct panes_outcome got = panes_outcome_of(&test);
    panes_check_lines(&got, "1=3 [0,10) on-time 0/0 first last");
    ck_assert_uint_eq(got.late, 1);
    panes_outcome_clear(&got);
    // at its expiry it is still there, and an element comes into what it has
    test = panes_story(tens(), flow_trigger_repeatedly(flow_trigger_count(3)), FLOW_DISCARDING);
    panes_late_until(&test, 20);
    panes_add(&test, 1, 1, 5);
    panes_watermark(&test, 30);
    test.steps[1].at -= 1;
    panes_add(&test, 1, 2, 5);
    panes_tells(&test, "1=3 [0,10) on-time 0/0 first last");
}
END_TEST

START_TEST(r28_a_clock_that_strikes_for_a_window_that_is_gone_does_nothing)
{
    struct panes_case test = panes_story(
        tens(), flow_trigger_repeatedly(flow_trigger_delay(flow_seconds(60))), FLOW_DISCARDING);
    panes_add(&test, 1, 1, 5);
    panes_watermark(&test, 10);
    panes_clock(&test, 61);
    panes_tells(&test, "1=1 [0,10) on-time 0/0 first last");
}
END_TEST

START_TEST(r29_a_watermark_that_jumps_past_the_expiry_gives_one_pane)
{
    const flow_trigger both = flow_trigger_early_late(flow_trigger_none(), flow_trigger_count(1));
    struct panes_case test = panes_story(tens(), both, FLOW_ACCUMULATING);
    panes_late_until(&test, 5);
    test.how.closing = FLOW_EMPTY_ALWAYS;
    panes_add(&test, 1, 1, 5);
    panes_watermark(&test, 100);
    panes_tells(&test, "1=1 [0,10) on-time 0/0 first last");
}
END_TEST

START_TEST(r30_a_window_that_fired_at_its_end_is_looked_at_again_when_it_expires)
{
    struct panes_case test = panes_story(sessions(10), usual, FLOW_DISCARDING);
    panes_late_until(&test, 20);
    test.how.closing = FLOW_EMPTY_ALWAYS;
    panes_add(&test, 1, 1, 0);
    panes_watermark(&test, 10); // the end: from here on it waits for its expiry
    panes_watermark(&test, 29);
    panes_add(&test, 1, 2, 0); // which no late element puts off
    panes_watermark(&test, 30);
    panes_add(&test, 1, 4, 100); // what comes later is a window of its own
    panes_tells(&test, "1=0 [0,10) late 2/2 last; 1=1 [0,10) on-time 0/0 first; "
                       "1=2 [0,10) late 1/1; 1=4 [100,110) on-time 0/0 first last");
}
END_TEST

// --- when a window is asked

START_TEST(r31_a_count_gives_panes_of_exactly_that_many)
{
    struct panes_case test =
        panes_story(flow_global(), flow_trigger_repeatedly(flow_trigger_count(2)), FLOW_DISCARDING);
    panes_add(&test, 1, 1, 0);
    for (int64_t i = 1; i < 5; i++)
        panes_step(&test, PANES_WITH, 1, (int64_t)1 << i, i); // all in one bundle
    panes_tells(
        &test, "1=12 [0,0) early 1/-1; 1=16 [0,0) on-time 2/0 last; 1=3 [0,0) early 0/-1 first");
}
END_TEST

START_TEST(r32_a_trigger_that_is_ready_stays_ready)
{
    struct panes_case test = panes_story(flow_global(),
        flow_trigger_repeatedly(
            flow_trigger_all(flow_trigger_count(1), flow_trigger_delay(flow_seconds(10)))),
        FLOW_DISCARDING);
    panes_add(&test, 1, 1, 0);
    panes_add(&test, 1, 2, 0);
    panes_clock(&test, 11);
    panes_tells(&test, "1=0 [0,0) on-time 1/0 last; 1=3 [0,0) early 0/-1 first");
}
END_TEST

START_TEST(r33_the_end_of_a_window_is_passed_not_reached)
{
    struct panes_case test =
        panes_story(tens(), flow_trigger_repeatedly(flow_trigger_end_of_window()), FLOW_DISCARDING);
    panes_late_until(&test, 5);
    panes_add(&test, 1, 1, 5);
    panes_watermark(&test, 9);
    panes_add(&test, 1, 2, 9);
    panes_watermark(&test, 10);
    test.steps[test.count - 1].at -= 1; // the last instant: reached
    panes_watermark(&test, 10);
    panes_add(&test, 1, 4, 9);
    panes_tells(&test, "1=3 [0,10) on-time 0/0 first; 1=4 [0,10) late 1/1");
    test = panes_story(tens(),
        flow_trigger_repeatedly(
            flow_trigger_all(flow_trigger_end_of_window(), flow_trigger_count(2))),
        FLOW_DISCARDING);
    panes_late_until(&test, 5);
    panes_add(&test, 1, 1, 5);
    panes_add(&test, 1, 2, 5);
    panes_watermark(&test, 10);
    test.steps[2].at -= 1;
    panes_watermark(&test, 10);
    panes_add(&test, 1, 4, 5);
    panes_add(&test, 1, 8, 5);
    panes_tells(&test, "1=12 [0,10) late 1/1; 1=3 [0,10) on-time 0/0 first");
}
END_TEST

START_TEST(r34_early_once_on_time_then_late)
{
    struct panes_case test = panes_story(tens(),
        flow_trigger_early_late(flow_trigger_count(2), flow_trigger_count(1)), FLOW_DISCARDING);
    panes_late_until(&test, 20);
    for (int64_t i = 0; i < 3; i++)
        panes_add(&test, 1, (int64_t)1 << i, i);
    panes_watermark(&test, 10);
    panes_add(&test, 1, 8, 3);
    panes_add(&test, 1, 16, 4);
    panes_tells(&test, "1=16 [0,10) late 3/2; 1=3 [0,10) early 0/-1 first; 1=4 [0,10) on-time 1/0; "
                       "1=8 [0,10) late 2/1");
}
END_TEST

START_TEST(r35_a_session_that_grows_past_the_watermark_is_early_again)
{
    struct panes_case test = panes_story(sessions(10),
        flow_trigger_early_late(flow_trigger_none(), flow_trigger_count(1)), FLOW_ACCUMULATING);
    panes_late_until(&test, 30);
    panes_add(&test, 1, 1, 0);
    panes_watermark(&test, 10);
    panes_add(&test, 1, 2, 8); // [0,18)
    panes_watermark(&test, 18);
    panes_tells(&test, "1=1 [0,10) on-time 0/0 first; 1=3 [0,18) on-time 0/0 first");
}
END_TEST

START_TEST(r36_a_delay_counts_from_the_panes_first_element)
{
    struct panes_case test = panes_story(flow_global(),
        flow_trigger_repeatedly(flow_trigger_delay(flow_seconds(10))), FLOW_DISCARDING);
    panes_clock(&test, 5);
    panes_add(&test, 1, 1, 0);
    panes_clock(&test, 12);
    panes_add(&test, 1, 2, 0);
    panes_clock(&test, 15); // reached, not passed
    panes_add(&test, 1, 4, 0);
    panes_clock(&test, 16);
    panes_add(&test, 1, 8, 0);
    panes_clock(&test, 27);
    panes_tells(
        &test, "1=0 [0,0) on-time 2/0 last; 1=7 [0,0) early 0/-1 first; 1=8 [0,0) early 1/-1");
}
END_TEST

START_TEST(r37_counts_of_sessions_that_merge_are_added)
{
    struct panes_case test =
        panes_story(sessions(5), flow_trigger_repeatedly(flow_trigger_count(3)), FLOW_DISCARDING);
    panes_add(&test, 1, 1, 0);
    panes_add(&test, 1, 2, 8);
    panes_add(&test, 1, 4, 4);
    panes_tells(&test, "1=0 [0,13) on-time 1/0 last; 1=7 [0,13) early 0/-1 first");
}
END_TEST

START_TEST(r38_all_wait_for_the_last_any_for_the_first)
{
    const flow_trigger both[2] = { flow_trigger_count(2), flow_trigger_end_of_window() };
    struct panes_case test =
        panes_story(tens(), flow_trigger_repeatedly(flow_trigger_all_of(both, 2)), FLOW_DISCARDING);
    panes_late_until(&test, 10);
    panes_add(&test, 1, 1, 0);
    panes_watermark(&test, 10);
    panes_add(&test, 1, 2, 0);
    panes_tells(&test, "1=3 [0,10) on-time 0/0 first");
    test =
        panes_story(tens(), flow_trigger_repeatedly(flow_trigger_any_of(both, 2)), FLOW_DISCARDING);
    for (int64_t i = 0; i < 3; i++)
        panes_add(&test, 1, 1, i);
    panes_tells(&test, "1=1 [0,10) on-time 1/0 last; 1=2 [0,10) early 0/-1 first");
}
END_TEST

START_TEST(r39_each_part_after_the_one_before)
{
    struct panes_case test = panes_story(flow_global(),
        flow_trigger_repeatedly(flow_trigger_each(flow_trigger_count(1), flow_trigger_count(3))),
        FLOW_DISCARDING);
    for (int64_t i = 0; i < 5; i++)
        panes_add(&test, 1, (int64_t)1 << i, i);
    panes_tells(&test, "1=0 [0,0) on-time 3/0 last; 1=1 [0,0) early 0/-1 first; "
                       "1=14 [0,0) early 1/-1; 1=16 [0,0) early 2/-1");
}
END_TEST

START_TEST(r40_the_last_pane_of_or_finally_can_hold_one_element)
{
    struct panes_case test = panes_story(flow_global(),
        flow_trigger_repeatedly(flow_trigger_or_finally(
            flow_trigger_repeatedly(flow_trigger_count(2)), flow_trigger_count(3))),
        FLOW_DISCARDING);
    for (int64_t i = 0; i < 3; i++)
        panes_add(&test, 1, (int64_t)1 << i, i);
    panes_tells(
        &test, "1=0 [0,0) on-time 2/0 last; 1=3 [0,0) early 0/-1 first; 1=4 [0,0) early 1/-1");
}
END_TEST

START_TEST(r41_repeatedly_never_finishes)
{
    struct panes_case test = panes_story(flow_global(), flow_trigger_always(), FLOW_ACCUMULATING);
    for (int64_t i = 0; i < 3; i++)
        panes_add(&test, 1, 1, i);
    panes_tells(&test, "1=1 [0,0) early 0/-1 first; 1=2 [0,0) early 1/-1; 1=3 [0,0) early 2/-1; "
                       "1=3 [0,0) on-time 3/0 last");
}
END_TEST

START_TEST(r42_the_default_fires_on_time_and_for_late_elements)
{
    struct panes_case test = panes_story(sessions(10), usual, FLOW_ACCUMULATING);
    panes_late_until(&test, 20);
    panes_add(&test, 1, 1, 0);
    panes_watermark(&test, 12);
    panes_add(&test, 1, 2, 0);
    panes_add(&test, 1, 4, 0);
    panes_tells(&test, "1=1 [0,10) on-time 0/0 first; 1=3 [0,10) late 1/1; 1=7 [0,10) late 2/2");
}
END_TEST

START_TEST(r43_never_says_nothing_before_the_expiry)
{
    struct panes_case test = panes_story(tens(), flow_trigger_never(), FLOW_DISCARDING);
    panes_late_until(&test, 20);
    panes_add(&test, 1, 1, 0);
    panes_watermark(&test, 20);
    panes_add(&test, 1, 2, 0);
    panes_watermark(&test, 29);
    panes_tells(&test, "1=3 [0,10) on-time 0/0 first last");
}
END_TEST

START_TEST(r44_a_second_grouping_adds_no_delay)
{
    struct panes_case test =
        panes_story(flow_global(), flow_trigger_repeatedly(flow_trigger_count(2)), FLOW_DISCARDING);
    test.result = PANES_CHAIN;
    panes_add(&test, 0, 1, 0);
    panes_add(&test, 0, 2, 0);
    // the pair goes through the second sum at once; in the end both have nothing more
    tells_alone(&test, "0=0 [0,0) early 1/-1; 0=0 [0,0) on-time 2/0 last; "
                       "0=3 [0,0) early 0/-1 first");
}
END_TEST

START_TEST(r45_what_a_trigger_knows_ends_with_its_window)
{
    struct panes_case test =
        panes_story(tens(), flow_trigger_repeatedly(flow_trigger_count(2)), FLOW_DISCARDING);
    panes_add(&test, 1, 1, 5);
    panes_watermark(&test, 10);
    panes_add(&test, 1, 2, 15); // the first of its window
    panes_watermark(&test, 20);
    panes_tells(&test, "1=1 [0,10) on-time 0/0 first last; 1=2 [10,20) on-time 0/0 first last");
}
END_TEST

TCase *panes_rules_tests(void);

TCase *panes_rules_tests(void)
{
    TCase *tests = tcase_create("windows by rule");
    tcase_add_test(tests, r12_elements_a_gap_apart_are_two_sessions);
    tcase_add_test(tests, r13_a_window_between_two_makes_one_of_all);
    tcase_add_test(tests, r13_sessions_of_a_longest_length_are_cut);
    tcase_add_test(tests, r13_windows_of_a_users_function_merge);
    tcase_add_test(tests, r14_sessions_of_different_gaps_flow_together);
    tcase_add_test(tests, r15_days_of_a_zone_have_23_24_or_25_hours);
    tcase_add_test(tests, r16_windows_are_final_after_a_grouping_that_merged);
    tcase_add_test(tests, r22_an_element_in_two_windows_is_two);
    tcase_add_test(tests, r22_windows_that_overlap_each_have_the_element_under_any_trigger);
    tcase_add_test(tests, r24_an_element_is_dropped_only_past_the_expiry_of_its_own_window);
    tcase_add_test(tests, r25_elements_of_a_closed_window_are_counted_apart);
    tcase_add_test(tests, r26_a_window_gives_its_last_pane_when_it_is_collected);
    tcase_add_test(tests, r28_a_clock_that_strikes_for_a_window_that_is_gone_does_nothing);
    tcase_add_test(tests, r29_a_watermark_that_jumps_past_the_expiry_gives_one_pane);
    tcase_add_test(tests, r30_a_window_that_fired_at_its_end_is_looked_at_again_when_it_expires);
    tcase_add_test(tests, r31_a_count_gives_panes_of_exactly_that_many);
    tcase_add_test(tests, r32_a_trigger_that_is_ready_stays_ready);
    tcase_add_test(tests, r33_the_end_of_a_window_is_passed_not_reached);
    tcase_add_test(tests, r34_early_once_on_time_then_late);
    tcase_add_test(tests, r35_a_session_that_grows_past_the_watermark_is_early_again);
    tcase_add_test(tests, r36_a_delay_counts_from_the_panes_first_element);
    tcase_add_test(tests, r37_counts_of_sessions_that_merge_are_added);
    tcase_add_test(tests, r38_all_wait_for_the_last_any_for_the_first);
    tcase_add_test(tests, r39_each_part_after_the_one_before);
    tcase_add_test(tests, r40_the_last_pane_of_or_finally_can_hold_one_element);
    tcase_add_test(tests, r41_repeatedly_never_finishes);
    tcase_add_test(tests, r42_the_default_fires_on_time_and_for_late_elements);
    tcase_add_test(tests, r43_never_says_nothing_before_the_expiry);
    tcase_add_test(tests, r44_a_second_grouping_adds_no_delay);
    tcase_add_test(tests, r45_what_a_trigger_knows_ends_with_its_window);
    return tests;
}
