// SPDX-License-Identifier: Apache-2.0
// Triggers as values: what can be made, and the sentence where something cannot.
#include "story.h"

TCase *trigger_tests(void);

// A composite of `count` parts of one node each.
static flow_trigger wide(size_t count)
{
    flow_trigger parts[FLOW_TRIGGER_NODES + 1];
    for (size_t i = 0; i < count; i++)
        parts[i] = flow_trigger_count(1);
    return flow_trigger_any_of(parts, count);
}

static flow_trigger too_wide(void)
{
    return wide(FLOW_TRIGGER_NODES);
}

static flow_trigger around_too_wide(void)
{
    return flow_trigger_repeatedly(flow_trigger_all(flow_trigger_never(), too_wide()));
}

static flow_trigger continued_too_wide(void)
{
    flow_trigger parts[FLOW_TRIGGER_NODES - 1];
    for (size_t i = 0; i < FLOW_TRIGGER_NODES - 1; i++)
        parts[i] = flow_trigger_count(1);
    return flow_trigger_each_of(parts, FLOW_TRIGGER_NODES - 1);
}

static flow_trigger no_parts(void)
{
    return flow_trigger_each_of(NULL, 3);
}

static flow_trigger then_of_a_count(void)
{
    return flow_trigger_then(after(1), flow_trigger_count(1));
}

static flow_trigger then_of_the_default(void)
{
    return flow_trigger_then(flow_trigger_none(), after(1));
}

static flow_trigger then_of_a_fault(void)
{
    return flow_trigger_then(no_parts(), after(1));
}

static flow_trigger then_a_fault(void)
{
    return flow_trigger_then(after(1), no_parts());
}

static flow_trigger early_fault(void)
{
    return flow_trigger_early_late(no_parts(), flow_trigger_count(1));
}

static flow_trigger until_fault(void)
{
    return flow_trigger_or_finally(flow_trigger_count(1), no_parts());
}

static flow_trigger no_elements(void)
{
    return flow_trigger_count(0);
}

static flow_trigger back_in_time(void)
{
    return after(-1);
}

static flow_trigger no_period(void)
{
    return flow_trigger_repeatedly(flow_trigger_align(flow_micros(0), flow_micros(0)));
}

static flow_trigger offset_of_a_period(void)
{
    return flow_trigger_align(flow_micros(5), flow_micros(5));
}

static flow_trigger offset_below_zero(void)
{
    return flow_trigger_align(flow_micros(5), flow_micros(-1));
}

// Filled in by hand, wrongly: each changes a trigger of three parts, any(count(1), count(1)).
static flow_trigger bent(uint32_t node, uint8_t kind, uint8_t span)
{
    flow_trigger trigger = wide(2);
    trigger.nodes[node].kind = kind;
    trigger.nodes[node].span = span;
    return trigger;
}

static flow_trigger unknown_kind(void)
{
    return bent(1, 14, 1);
}

static flow_trigger no_kind(void)
{
    return bent(1, 0, 1);
}

static flow_trigger step_outside(void)
{
    return bent(2, FLOW_TRIGGER_DELAY, 1);
}

static flow_trigger step_alone(void)
{
    flow_trigger trigger = flow_trigger_count(1);
    trigger.nodes[0].kind = FLOW_TRIGGER_ALIGN;
    return trigger;
}

static flow_trigger clock_of_counts(void)
{
    return bent(0, FLOW_TRIGGER_CLOCK, 3);
}

static flow_trigger repeats_two(void)
{
    return bent(0, FLOW_TRIGGER_REPEATEDLY, 3);
}

static flow_trigger finally_of_none(void)
{
    return bent(1, FLOW_TRIGGER_OR_FINALLY, 1);
}

static flow_trigger form_without_parts(void)
{
    return bent(1, FLOW_TRIGGER_EARLY_LATE, 1);
}

static flow_trigger count_with_parts(void)
{
    return bent(0, FLOW_TRIGGER_COUNT, 3);
}

static flow_trigger span_of_none(void)
{
    return bent(1, FLOW_TRIGGER_COUNT, 0);
}

static flow_trigger span_too_far(void)
{
    return bent(2, FLOW_TRIGGER_ANY, 2);
}

static flow_trigger span_too_short(void)
{
    return bent(0, FLOW_TRIGGER_ANY, 2);
}

static flow_trigger too_many(void)
{
    flow_trigger trigger = wide(2);
    trigger.count = FLOW_TRIGGER_NODES + 1;
    return trigger;
}

#define LARGE "a trigger has at most 32 parts"
#define EMPTY "a trigger of several parts (all, any, each) was given none"
#define STEPS "flow_trigger_then takes clock triggers only: flow_trigger_delay, flow_trigger_align"
#define BENT  "a trigger's parts do not fit together; make it with the functions of flow/trigger.h"

static const struct {
    flow_trigger (*make)(void);
    const char *message;
} refused[] = {
    { too_wide, LARGE },
    { around_too_wide, LARGE },
    { continued_too_wide,
        "a trigger has more than 32 parts once it is continued behind a grouping" },
    { no_parts, EMPTY },
    { early_fault, EMPTY },
    { until_fault, EMPTY },
    { then_of_a_fault, EMPTY },
    { then_a_fault, EMPTY },
    { then_of_a_count, STEPS },
    { then_of_the_default, STEPS },
    { no_elements, "a trigger counts to 0 elements, it must be at least 1" },
    { back_in_time, "a trigger's delay is -1 us, it must be at least 0" },
    { no_period, "a trigger aligns to multiples of 0 us, it must be above 0" },
    { offset_of_a_period,
        "a trigger aligns with an offset of 5 us, it must be at least 0 and below 5 us" },
    { offset_below_zero,
        "a trigger aligns with an offset of -1 us, it must be at least 0 and below 5 us" },
    { unknown_kind, BENT },
    { no_kind, BENT },
    { step_outside, BENT },
    { step_alone, BENT },
    { clock_of_counts, BENT },
    { repeats_two, BENT },
    { finally_of_none, BENT },
    { form_without_parts, BENT },
    { count_with_parts, BENT },
    { span_of_none, BENT },
    { span_too_far, BENT },
    { span_too_short, BENT },
    { too_many, BENT },
};

START_TEST(a_trigger_that_cannot_be_is_refused_in_one_sentence)
{
    flow_error error = { 0 };
    const flow_trigger trigger = refused[_i].make();
    ck_assert_int_eq(flow_trigger_check(&trigger, &error), FLOW_INVALID);
    ck_assert_str_eq(error.message, refused[_i].message);
}
END_TEST

START_TEST(a_trigger_has_as_many_parts_as_there_is_room_for)
{
    const flow_trigger trigger = wide(FLOW_TRIGGER_NODES - 1);
    ck_assert_uint_eq(trigger.count, FLOW_TRIGGER_NODES);
    ck_assert_int_eq(flow_trigger_check(&trigger, NULL), FLOW_OK);
}
END_TEST

START_TEST(all_zero_is_the_default_and_passes)
{
    const flow_trigger none = flow_trigger_none();
    ck_assert_uint_eq(none.count, 0);
    ck_assert_int_eq(flow_trigger_check(&none, NULL), FLOW_OK);
}
END_TEST

static void expect_equal(flow_trigger a, flow_trigger b, bool equal)
{
    ck_assert_int_eq(flow_trigger_equal(&a, &b), equal);
}

START_TEST(triggers_are_equal_when_they_say_the_same)
{
    expect_equal(flow_trigger_none(), flow_trigger_none(), true);
    expect_equal(flow_trigger_count(2), flow_trigger_count(2), true);
    expect_equal(flow_trigger_count(2), flow_trigger_count(3), false);
    expect_equal(flow_trigger_count(2), flow_trigger_none(), false);
    expect_equal(flow_trigger_align(flow_micros(5), flow_micros(1)),
        flow_trigger_align(flow_micros(5), flow_micros(2)), false);
    expect_equal(wide(3),
        flow_trigger_all_of((const flow_trigger[]){ flow_trigger_count(1), flow_trigger_count(1),
                                flow_trigger_count(1) },
            3),
        false);
    expect_equal(flow_trigger_early_late(flow_trigger_count(1), flow_trigger_none()),
        flow_trigger_early_late(flow_trigger_none(), flow_trigger_count(1)), false);
    expect_equal(too_wide(), too_wide(), false);
}
END_TEST

START_TEST(forms_that_mean_the_same_are_made_the_same)
{
    const flow_trigger none = flow_trigger_none();
    expect_equal(flow_trigger_early_late(none, none), flow_trigger_end_of_window(), true);
    expect_equal(flow_trigger_repeatedly(flow_trigger_always()), flow_trigger_always(), true);
    expect_equal(flow_trigger_any(none, none),
        flow_trigger_any(flow_trigger_default(), flow_trigger_default()), true);
    expect_equal(flow_trigger_repeatedly(none), flow_trigger_default(), true);
}
END_TEST

TCase *trigger_tests(void)
{
    TCase *tests = tcase_create("trigger");
    tcase_add_loop_test(tests, a_trigger_that_cannot_be_is_refused_in_one_sentence, 0,
        (int)(sizeof refused / sizeof refused[0]));
    tcase_add_test(tests, a_trigger_has_as_many_parts_as_there_is_room_for);
    tcase_add_test(tests, all_zero_is_the_default_and_passes);
    tcase_add_test(tests, triggers_are_equal_when_they_say_the_same);
    tcase_add_test(tests, forms_that_mean_the_same_are_made_the_same);
    return tests;
}
