// SPDX-License-Identifier: Apache-2.0
// What follows from a trigger alone.
#include "story.h"

TCase *derive_tests(void);

static flow_trigger few(void)
{
    return flow_trigger_count(3);
}

static flow_trigger always(void)
{
    return flow_trigger_always();
}

static flow_trigger late_too(void)
{
    return flow_trigger_early_late(few(), few());
}

static flow_trigger early_only(void)
{
    return flow_trigger_early_late(few(), flow_trigger_none());
}

static flow_trigger delay(void)
{
    return after(5);
}

static flow_trigger steps(void)
{
    return flow_trigger_then(after(5), flow_trigger_align(flow_micros(10), flow_micros(0)));
}

static flow_trigger all(void)
{
    return flow_trigger_all(few(), flow_trigger_end_of_window());
}

static flow_trigger all_never(void)
{
    return flow_trigger_all(few(), flow_trigger_never());
}

static flow_trigger any(void)
{
    return flow_trigger_any(few(), flow_trigger_end_of_window());
}

static flow_trigger any_clock(void)
{
    return flow_trigger_any(few(), delay());
}

static flow_trigger any_never(void)
{
    return flow_trigger_any(flow_trigger_never(), flow_trigger_never());
}

static flow_trigger each(void)
{
    return flow_trigger_each(flow_trigger_end_of_window(), few());
}

static flow_trigger each_then_always(void)
{
    return flow_trigger_each(few(), always());
}

static flow_trigger or_finally(void)
{
    return flow_trigger_or_finally(always(), flow_trigger_end_of_window());
}

static flow_trigger or_never(void)
{
    return flow_trigger_or_finally(always(), flow_trigger_never());
}

static flow_trigger repeated(void)
{
    return flow_trigger_repeatedly(any());
}

// A trigger, whether it may finish (R20), whether the end of the window makes sure of a firing
// (R69), and what it becomes (R44).
static const struct {
    flow_trigger (*make)(void);
    bool may_finish, sure;
    const char *continued;
} table[] = {
    { flow_trigger_none, false, true, "default" },
    { flow_trigger_end_of_window, true, true, "end_of_window" },
    { few, true, false, "count(1)" },
    { always, false, false, "repeatedly(count(1))" },
    { delay, true, false, "synchronized" },
    { steps, true, false, "synchronized" },
    { flow_trigger_never, false, false, "never" },
    { late_too, false, true, "early_late(count(1), count(1))" },
    { early_only, true, true, "early_late(count(1), none)" },
    { all, true, false, "all(count(1), end_of_window)" },
    { all_never, false, false, "all(count(1), never)" },
    { any, true, true, "any(count(1), end_of_window)" },
    { any_clock, true, false, "any(count(1), synchronized)" },
    { any_never, false, false, "any(never, never)" },
    { each, true, true, "repeatedly(any(end_of_window, count(1)))" },
    { each_then_always, false, false, "repeatedly(any(count(1), repeatedly(count(1))))" },
    { or_finally, true, true, "repeatedly(or_finally(repeatedly(count(1)), end_of_window))" },
    { or_never, false, false, "repeatedly(or_finally(repeatedly(count(1)), never))" },
    { repeated, false, true, "repeatedly(any(count(1), end_of_window))" },
};

START_TEST(r20_it_is_known_which_triggers_may_finish)
{
    const flow_trigger trigger = table[_i].make();
    ck_assert_int_eq(flow_trigger_may_finish(&trigger), table[_i].may_finish);
}
END_TEST

START_TEST(r69_it_is_known_by_when_a_window_has_fired)
{
    const flow_trigger trigger = table[_i].make();
    const flow_window window = { { 0 }, { 10 } };
    const int64_t wanted = table[_i].sure ? 9 : FLOW_TIME_MAX_US;
    ck_assert_int_eq(flow_trigger_sure_by(&trigger, window).us, wanted);
}
END_TEST

START_TEST(r44_a_continuation_adds_no_delay)
{
    char text[200];
    const flow_trigger trigger = table[_i].make();
    const flow_trigger continued = flow_trigger_continuation(&trigger);
    flow_trigger_print(&continued, text, sizeof text);
    ck_assert_str_eq(text, table[_i].continued);
    ck_assert_int_eq(flow_trigger_check(&continued, NULL), FLOW_OK);
}
END_TEST

START_TEST(r44_behind_a_second_grouping_nothing_more_changes)
{
    const flow_trigger trigger = table[_i].make();
    const flow_trigger once = flow_trigger_continuation(&trigger);
    const flow_trigger twice = flow_trigger_continuation(&once);
    ck_assert(flow_trigger_equal(&once, &twice));
}
END_TEST

TCase *derive_tests(void)
{
    const int rows = (int)(sizeof table / sizeof table[0]);
    TCase *tests = tcase_create("derive");
    tcase_add_loop_test(tests, r20_it_is_known_which_triggers_may_finish, 0, rows);
    tcase_add_loop_test(tests, r69_it_is_known_by_when_a_window_has_fired, 0, rows);
    tcase_add_loop_test(tests, r44_a_continuation_adds_no_delay, 0, rows);
    tcase_add_loop_test(tests, r44_behind_a_second_grouping_nothing_more_changes, 0, rows);
    return tests;
}
