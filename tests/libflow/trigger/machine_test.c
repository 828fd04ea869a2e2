// SPDX-License-Identifier: Apache-2.0
// Triggers at work, rule by rule, as lines of story.h.
#include "story.h"

TCase *machine_tests(void);

START_TEST(r32_more_elements_never_take_readiness_back)
{
    story_tell(flow_trigger_count(3), "e3 e e e e !#");
    story_tell(after(5), "e n6 e e !#");
    story_tell(flow_trigger_default(), "w10 e e e !");
    const flow_trigger clock = after(5);
    story_tell(flow_trigger_continuation(&clock), "e n6 e e !#");
}
END_TEST

START_TEST(r33_end_of_window_is_ready_once_the_watermark_is_past_the_last_instant)
{
    story_tell(flow_trigger_end_of_window(), "e w9 . w10 !# . e .");
}
END_TEST

START_TEST(r34_early_is_repeated_and_starts_again_at_each_firing)
{
    const flow_trigger early =
        flow_trigger_early_late(flow_trigger_count(2), flow_trigger_count(1));
    story_tell(early, "e . e ! e . e ! e . w10 !");
}
END_TEST

START_TEST(r34_at_the_end_there_is_one_firing_and_late_starts_afresh)
{
    const flow_trigger both = flow_trigger_early_late(flow_trigger_count(5), flow_trigger_count(2));
    story_tell(both, "e4 w10 ! . e . e ! . e2 ! .");
    // what came before the end counts neither for early nor for late
    story_tell(both, "e4 w10 ! e . e5 !");
    story two = story_new(both, true);
    story_play(&two, "e4 w10 ! e . e ! .");
}
END_TEST

START_TEST(r34_without_late_it_finishes_at_the_end)
{
    story_tell(
        flow_trigger_early_late(flow_trigger_count(1), flow_trigger_none()), "e ! e ! e w10 !# .");
}
END_TEST

START_TEST(r34_without_early_nothing_comes_before_the_end)
{
    story_tell(
        flow_trigger_early_late(flow_trigger_none(), flow_trigger_count(1)), "e9 w9 . w10 ! . e !");
}
END_TEST

START_TEST(r34_an_early_part_of_several_steps_goes_through_them_again)
{
    const flow_trigger steps = flow_trigger_each(flow_trigger_count(1), flow_trigger_count(3));
    story_tell(flow_trigger_early_late(steps, flow_trigger_none()), "e ! e2 . e ! e ! e2 . e !");
}
END_TEST

START_TEST(r36_a_delay_runs_from_the_first_element_of_the_pane)
{
    story_tell(after(5), "n3 e n6 e n8 . n9 !# .");
    story_tell(flow_trigger_repeatedly(after(5)), "n3 e n9 ! n20 . e n25 . n26 !");
}
END_TEST

START_TEST(r36_steps_are_taken_in_order)
{
    const flow_duration ten = flow_micros(10);
    const flow_trigger grid = flow_trigger_align(ten, flow_micros(3));
    story_tell(grid, "n4 e n13 . n14 !#");
    story_tell(grid, "n13 e n13 . n14 !#"); // a multiple is its own
    story_tell(grid, "n-8 e n-7 . n-6 !#");
    story_tell(flow_trigger_then(after(9), grid), "n5 e n23 . n24 !#");
    story_tell(flow_trigger_then(grid, after(9)), "n5 e n22 . n23 !#");
}
END_TEST

START_TEST(r36_a_delay_past_the_end_of_time_stays_within_it)
{
    story s = story_new(after(FLOW_TIME_MAX_US), false);
    story_play(&s, "n7 e .");
    ck_assert_int_eq(s.state.slots[0], FLOW_TIME_MAX_US);
}
END_TEST

START_TEST(r37_a_count_is_ready_with_so_many_or_more)
{
    story_tell(flow_trigger_count(3), "e2 . e !# . e3 .");
    story_tell(flow_trigger_repeatedly(flow_trigger_count(3)), "e5 ! e2 . e !");
}
END_TEST

START_TEST(r38_all_fires_once_when_every_part_is_ready)
{
    const flow_trigger both = flow_trigger_all(flow_trigger_count(2), after(5));
    story_tell(both, "e n6 . e !# . e9 n99 .");
    story_tell(both, "e2 . n6 !#");
    story_tell(flow_trigger_repeatedly(both), "e2 n6 ! e2 n7 . n12 !");
}
END_TEST

START_TEST(r38_any_fires_once_when_the_first_part_is_ready)
{
    const flow_trigger either = flow_trigger_any(flow_trigger_count(2), after(5));
    story_tell(either, "e . n6 !# . e9 .");
    story_tell(either, "e2 !#");
    // the other part has lost its pane as well
    story_tell(flow_trigger_repeatedly(either), "e n6 ! n7 e n8 e ! e n13 . n14 !");
}
END_TEST

START_TEST(r39_each_goes_from_part_to_part)
{
    const flow_trigger steps =
        flow_trigger_each(flow_trigger_count(1), flow_trigger_count(2), after(5));
    story_tell(steps, "e ! e . e ! e3 . n6 !# e .");
    story_tell(flow_trigger_repeatedly(steps), "e ! e2 ! e n6 ! e ! e . e !");
}
END_TEST

START_TEST(r39_each_stays_at_a_part_that_never_finishes)
{
    story_tell(flow_trigger_each(flow_trigger_always(), flow_trigger_count(9)), "e ! e ! e !");
}
END_TEST

START_TEST(r39_where_windows_merge_all_parts_are_fed_and_begin_again_after_a_firing)
{
    story s = story_new(flow_trigger_each(flow_trigger_count(2), flow_trigger_count(2)), true);
    story_play(&s, "e .");
    ck_assert_int_eq(s.state.slots[2], 1);
    story_play(&s, "e ! . e . e !#");
}
END_TEST

START_TEST(r40_or_finally_fires_as_main_until_the_other_is_ready)
{
    const flow_trigger some =
        flow_trigger_or_finally(flow_trigger_repeatedly(flow_trigger_count(2)), after(5));
    story_tell(some, "e . e ! e2 ! e . n6 !# e9 .");
}
END_TEST

START_TEST(r40_until_is_not_cleared_by_firings_of_main)
{
    const flow_trigger five = flow_trigger_or_finally(
        flow_trigger_repeatedly(flow_trigger_count(2)), flow_trigger_count(5));
    story_tell(five, "e2 ! e2 ! e !#"); // the last pane holds one element
    story_tell(flow_trigger_repeatedly(flow_trigger_or_finally(
                   flow_trigger_repeatedly(flow_trigger_count(2)), flow_trigger_count(3))),
        "e2 ! e ! e2 ! e !");
}
END_TEST

START_TEST(r40_it_finishes_with_main_too)
{
    story_tell(flow_trigger_or_finally(flow_trigger_count(1), after(5)), "e !#");
}
END_TEST

START_TEST(r40_an_until_that_repeats_finishes_all_the_same)
{
    story_tell(flow_trigger_or_finally(flow_trigger_count(9), flow_trigger_repeatedly(after(5))),
        "e n6 !#");
}
END_TEST

START_TEST(r41_repeatedly_starts_its_part_again_and_never_finishes)
{
    story_tell(flow_trigger_repeatedly(flow_trigger_count(1)), "e ! . e ! . e ! .");
    story_tell(flow_trigger_repeatedly(flow_trigger_count(2)), "e2 ! e . e ! e2 !");
}
END_TEST

START_TEST(r42_the_default_fires_at_the_end_and_for_whatever_comes_later)
{
    story_tell(flow_trigger_none(), "e . w9 . w10 ! e ! e !");
    story_tell(flow_trigger_default(), "e . w9 . w10 ! e ! e !");
}
END_TEST

START_TEST(r43_never_does_not_fire_by_itself)
{
    story_tell(flow_trigger_never(), "e99 w99 n99 .");
}
END_TEST

START_TEST(r44_a_synchronized_trigger_waits_for_what_is_upstream)
{
    flow_trigger clock = after(5);
    const flow_trigger synchronized = flow_trigger_continuation(&clock);
    story_tell(synchronized, "n7 s3 e . n99 s3 . s4 !#");
}
END_TEST

START_TEST(r45_finished_bits_are_the_state_and_zeros_are_a_new_window)
{
    story s = story_new(flow_trigger_count(1), false);
    story_play(&s, "e !#");
    ck_assert_uint_eq(s.state.finished, 1);
    memset(&s.state, 0, flow_trigger_state_size(&s.trigger));
    story_play(&s, "e !#");
    const flow_trigger none = flow_trigger_none();
    ck_assert_uint_eq(flow_trigger_state_size(&none), offsetof(flow_trigger_state, slots));
}
END_TEST

static flow_trigger_wake wake(const story *s)
{
    return flow_trigger_next_wake(&s->trigger, &s->state, &s->clocks);
}

START_TEST(a_wake_is_when_a_clock_may_make_it_ready)
{
    story s = story_new(flow_trigger_any(flow_trigger_end_of_window(), after(5)), false);
    ck_assert_int_eq(wake(&s).now.us, FLOW_TIME_MAX_US);
    story_play(&s, "n3 e");
    ck_assert_int_eq(wake(&s).now.us, 9);
    ck_assert_int_eq(wake(&s).synchronized.us, FLOW_TIME_MAX_US);
    ck_assert_int_eq(wake(&s).watermark.us, 10);
    story_play(&s, "w10 n9");
    ck_assert_int_eq(wake(&s).now.us, FLOW_TIME_MAX_US);
    ck_assert_int_eq(wake(&s).watermark.us, FLOW_TIME_MAX_US);
    story_play(&s, "!#");
    s.clocks.watermark.us = 0;
    ck_assert_int_eq(wake(&s).watermark.us, FLOW_TIME_MAX_US);
}
END_TEST

START_TEST(a_wake_of_the_default_is_the_end_of_the_window)
{
    story s = story_new(flow_trigger_none(), false);
    ck_assert_int_eq(wake(&s).watermark.us, 10);
    story late =
        story_new(flow_trigger_early_late(flow_trigger_none(), flow_trigger_count(2)), false);
    ck_assert_int_eq(wake(&late).watermark.us, 10);
    story_play(&late, "e w10 !");
    late.clocks.window.end.us = 20; // it does not wait for an end any more
    ck_assert_int_eq(wake(&late).watermark.us, FLOW_TIME_MAX_US);
}
END_TEST

TCase *machine_tests(void)
{
    TCase *tests = tcase_create("machine");
    tcase_add_test(tests, r32_more_elements_never_take_readiness_back);
    tcase_add_test(tests, r33_end_of_window_is_ready_once_the_watermark_is_past_the_last_instant);
    tcase_add_test(tests, r34_early_is_repeated_and_starts_again_at_each_firing);
    tcase_add_test(tests, r34_at_the_end_there_is_one_firing_and_late_starts_afresh);
    tcase_add_test(tests, r34_without_late_it_finishes_at_the_end);
    tcase_add_test(tests, r34_without_early_nothing_comes_before_the_end);
    tcase_add_test(tests, r34_an_early_part_of_several_steps_goes_through_them_again);
    tcase_add_test(tests, r36_a_delay_runs_from_the_first_element_of_the_pane);
    tcase_add_test(tests, r36_steps_are_taken_in_order);
    tcase_add_test(tests, r36_a_delay_past_the_end_of_time_stays_within_it);
    tcase_add_test(tests, r37_a_count_is_ready_with_so_many_or_more);
    tcase_add_test(tests, r38_all_fires_once_when_every_part_is_ready);
    tcase_add_test(tests, r38_any_fires_once_when_the_first_part_is_ready);
    tcase_add_test(tests, r39_each_goes_from_part_to_part);
    tcase_add_test(tests, r39_each_stays_at_a_part_that_never_finishes);
    tcase_add_test(tests, r39_where_windows_merge_all_parts_are_fed_and_begin_again_after_a_firing);
    tcase_add_test(tests, r40_or_finally_fires_as_main_until_the_other_is_ready);
    tcase_add_test(tests, r40_until_is_not_cleared_by_firings_of_main);
    tcase_add_test(tests, r40_it_finishes_with_main_too);
    tcase_add_test(tests, r40_an_until_that_repeats_finishes_all_the_same);
    tcase_add_test(tests, r41_repeatedly_starts_its_part_again_and_never_finishes);
    tcase_add_test(tests, r42_the_default_fires_at_the_end_and_for_whatever_comes_later);
    tcase_add_test(tests, r43_never_does_not_fire_by_itself);
    tcase_add_test(tests, r44_a_synchronized_trigger_waits_for_what_is_upstream);
    tcase_add_test(tests, r45_finished_bits_are_the_state_and_zeros_are_a_new_window);
    tcase_add_test(tests, a_wake_is_when_a_clock_may_make_it_ready);
    tcase_add_test(tests, a_wake_of_the_default_is_the_end_of_the_window);
    return tests;
}
