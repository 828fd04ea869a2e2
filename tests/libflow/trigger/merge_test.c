// SPDX-License-Identifier: Apache-2.0
// Triggers of windows that become one, rule by rule.
#include "story.h"

TCase *merge_tests(void);

// Two windows of one trigger, each after its line, as one that ends at `end`.
static story merged(flow_trigger trigger, const char *first, const char *second, int64_t end)
{
    story windows[2] = { story_new(trigger, true), story_new(trigger, true) };
    story_play(&windows[0], first);
    story_play(&windows[1], second);
    windows[0].clocks.watermark = windows[1].clocks.watermark;
    windows[0].clocks.now = windows[1].clocks.now;
    return story_merge(windows, 2, end);
}

static void expect(flow_trigger trigger, const char *first, const char *second, const char *after)
{
    story s = merged(trigger, first, second, 10);
    story_play(&s, after);
}

START_TEST(r33_end_of_window_is_done_only_when_all_were_and_the_new_end_is_past)
{
    const flow_trigger end = flow_trigger_end_of_window();
    story grown = merged(end, "e w10 !#", "e w10 !#", 15);
    story_play(&grown, ". w14 . w15 !#");
    story done = merged(end, "e w10 !#", "e w10 !#", 10);
    story_play(&done, ". w99 .");
    ck_assert_uint_eq(done.state.finished, 1);
    expect(end, "e w10 !#", "w10 e", "!#");
}
END_TEST

START_TEST(r35_a_window_that_grows_is_early_again_and_may_be_on_time_twice)
{
    const flow_trigger form = flow_trigger_early_late(flow_trigger_count(3), flow_trigger_count(2));
    story s = merged(form, "e w10 ! e", "w10 ! e", 15);
    story_play(&s, ". e ! e2 . e ! w15 ! . e2 !");
}
END_TEST

START_TEST(r35_one_early_window_makes_the_merged_one_early)
{
    const flow_trigger form = flow_trigger_early_late(flow_trigger_count(9), flow_trigger_count(2));
    expect(form, "e w10 ! e", "w10 e", "! . e . e !");
    expect(form, "e w10 ! e", "w10", "! . e . e !");
}
END_TEST

START_TEST(r35_when_all_are_past_their_end_late_goes_on)
{
    const flow_trigger form = flow_trigger_early_late(flow_trigger_count(9), flow_trigger_count(3));
    expect(form, "e w10 ! e", "e w10 ! e", ". e ! .");
    const flow_trigger ends = flow_trigger_early_late(flow_trigger_count(9), flow_trigger_none());
    story s = merged(ends, "e w10 !#", "e w10 !#", 10);
    ck_assert_uint_eq(s.state.finished & 1, 1);
}
END_TEST

START_TEST(r36_the_smallest_target_counts)
{
    expect(after(5), "n3 e", "n7 e", "n8 . n9 !#");
    expect(after(5), "n7 e", "n3 e n7", "n8 . n9 !#");
    expect(after(5), "n7", "n3 e n7", "n8 . n9 !#");
}
END_TEST

START_TEST(r36_finished_in_all_means_finished)
{
    expect(after(5), "e n6 !#", "e n6 !#", ". e n99 .");
    expect(after(5), "e n6 !#", "n6 e", "n11 . n12 !#");
    // nobody waits: the next element begins
    expect(after(5), "e n6 !#", "n6", ". e n11 . n12 !#");
}
END_TEST

START_TEST(r37_counts_are_added)
{
    expect(flow_trigger_count(5), "e2", "e2", ". e !#");
    expect(flow_trigger_count(4), "e2", "e2", "!#");
}
END_TEST

START_TEST(r37_finished_in_any_means_finished)
{
    expect(flow_trigger_count(2), "e2 !#", "e", ". e9 .");
}
END_TEST

START_TEST(r38_all_and_any_follow_their_parts)
{
    const flow_trigger all = flow_trigger_all(flow_trigger_count(2), flow_trigger_count(4));
    expect(all, "e", "e", ". e2 !#");
    expect(all, "e4 !#", "e", ". e9 .");
    // a part that has finished is waited for no more
    const flow_trigger mixed = flow_trigger_all(flow_trigger_count(2), after(5));
    expect(mixed, "e2 n6 !#", "n6 e", "n11 . n12 !#");
    const flow_trigger any = flow_trigger_any(flow_trigger_count(9), after(5));
    expect(any, "e", "n3 e", "n5 . n6 !#");
    expect(any, "e n6 !#", "n6 e", ". n12 !#");
    const flow_trigger counts = flow_trigger_any(flow_trigger_count(2), flow_trigger_count(9));
    expect(counts, "e2 !#", "e", ". e9 .");
}
END_TEST

START_TEST(r39_each_is_where_its_first_unfinished_part_is)
{
    const flow_trigger steps = flow_trigger_each(flow_trigger_count(1), flow_trigger_count(4));
    expect(steps, "e ! e", "e ! e2", ". e !#");
    // the end is reached in one of them only: both wait for it, and what is after begins anew
    const flow_trigger at_end =
        flow_trigger_each(flow_trigger_end_of_window(), flow_trigger_count(3));
    expect(at_end, "e w10 ! e2", "w10 e2", "! e2 . e !#");
}
END_TEST

START_TEST(r40_or_finally_is_finished_when_a_part_is)
{
    const flow_trigger some = flow_trigger_or_finally(
        flow_trigger_repeatedly(flow_trigger_count(3)), flow_trigger_count(6));
    expect(some, "e2", "e", "! e2 . e !#");
    expect(some, "e3 ! e3 !#", "e", ". e9 .");
}
END_TEST

START_TEST(r41_repeatedly_merges_what_it_repeats)
{
    expect(flow_trigger_repeatedly(flow_trigger_count(3)), "e3 ! e", "e", ". e ! . e3 !");
    // finished with what was around it, what is repeated begins anew
    const flow_trigger steps = flow_trigger_each(flow_trigger_count(1), flow_trigger_count(2));
    expect(flow_trigger_all(flow_trigger_repeatedly(steps), flow_trigger_count(1)), "e !#", "e",
        ". e !#");
}
END_TEST

START_TEST(r43_never_and_the_default_have_nothing_to_merge)
{
    expect(flow_trigger_never(), "e", "e", "w99 .");
    expect(flow_trigger_none(), "e w10 !", "w10", "! e !");
}
END_TEST

START_TEST(r37_any_number_of_windows_merge)
{
    story windows[4];
    for (int i = 0; i < 4; i++) {
        windows[i] = story_new(flow_trigger_count(8), true);
        story_play(&windows[i], "e2");
    }
    story s = story_merge(windows, 4, 10);
    story_play(&s, "!#");
    story one = story_merge(windows, 1, 10);
    story_play(&one, "e5 . e !#");
}
END_TEST

TCase *merge_tests(void)
{
    TCase *tests = tcase_create("merge");
    tcase_add_test(tests, r33_end_of_window_is_done_only_when_all_were_and_the_new_end_is_past);
    tcase_add_test(tests, r35_a_window_that_grows_is_early_again_and_may_be_on_time_twice);
    tcase_add_test(tests, r35_one_early_window_makes_the_merged_one_early);
    tcase_add_test(tests, r35_when_all_are_past_their_end_late_goes_on);
    tcase_add_test(tests, r36_the_smallest_target_counts);
    tcase_add_test(tests, r36_finished_in_all_means_finished);
    tcase_add_test(tests, r37_counts_are_added);
    tcase_add_test(tests, r37_finished_in_any_means_finished);
    tcase_add_test(tests, r37_any_number_of_windows_merge);
    tcase_add_test(tests, r38_all_and_any_follow_their_parts);
    tcase_add_test(tests, r39_each_is_where_its_first_unfinished_part_is);
    tcase_add_test(tests, r40_or_finally_is_finished_when_a_part_is);
    tcase_add_test(tests, r41_repeatedly_merges_what_it_repeats);
    tcase_add_test(tests, r43_never_and_the_default_have_nothing_to_merge);
    return tests;
}
