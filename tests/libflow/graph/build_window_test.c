// SPDX-License-Identifier: Apache-2.0
// Windows, lateness and triggers as a step: what is refused, and with which sentence.
#include "graph_test.h"

TCase *build_window_tests(void);

struct stay {
    flow_str room;
    flow_duration length;
};
FLOW_RECORD(stay, room, length);

static uint32_t nowhere(
    const void *element, flow_time at, const void *config, flow_window *windows, uint32_t room)
{
    (void)element, (void)at, (void)config, (void)windows, (void)room;
    return 0;
}

static const flow_window_fn by_stay = { .name = "by_stay", .in = &stay_type, .assign = nowhere };

static void into(flow_pipeline *p, flow_window_options options)
{
    flow_window_into(test_readings(p, NULL, false), &options);
}

#define INTO(p, ...) into((p), (flow_window_options){ __VA_ARGS__ })

static const flow_windows tens = { .kind = FLOW_WINDOW_FIXED, .size = { 10 }, .every = { 10 } };

static void lateness_below_zero(flow_pipeline *p)
{
    INTO(p, .lateness = { -1 });
}

static void both_latenesses(flow_pipeline *p)
{
    INTO(p, .lateness = { 5 }, .no_lateness = true, .accumulation = FLOW_DISCARDING);
}

static void trigger_without_lateness(flow_pipeline *p)
{
    INTO(p, .windows = tens, .trigger = flow_trigger_always(), .accumulation = FLOW_DISCARDING);
}

static void sessions_without_lateness(flow_pipeline *p)
{
    INTO(p, .windows = flow_sessions(flow_seconds(5)), .trigger = flow_trigger_always(),
        .accumulation = FLOW_DISCARDING);
}

static void trigger_without_mode(flow_pipeline *p)
{
    INTO(p, .windows = tens, .trigger = flow_trigger_always(), .no_lateness = true);
}

static void global_trigger_without_mode(flow_pipeline *p)
{
    INTO(p, .trigger = flow_trigger_always());
}

static void lateness_without_mode(flow_pipeline *p)
{
    INTO(p, .windows = tens, .lateness = { 5 });
}

static void keeps_and_changes(flow_pipeline *p)
{
    INTO(p, .windows = tens, .keep_windows = true);
}

static void trigger_that_cannot_be(flow_pipeline *p)
{
    INTO(p, .trigger = flow_trigger_count(0));
}

static void unknown_accumulation(flow_pipeline *p)
{
    INTO(p, .accumulation = (flow_accumulation)4);
}

static void unknown_on_time(flow_pipeline *p)
{
    INTO(p, .on_time = (flow_empty_panes)3);
}

static void unknown_closing(flow_pipeline *p)
{
    INTO(p, .closing = (flow_empty_panes)-1);
}

static void unknown_output_time(flow_pipeline *p)
{
    INTO(p, .output_time = (flow_output_time)4);
}

static void zone_nowhere(flow_pipeline *p)
{
    INTO(p, .windows = flow_calendar_days(1, "No/Where"));
}

static void zone_outside(flow_pipeline *p)
{
    INTO(p, .windows = flow_calendar_days(1, "../../etc/passwd"));
}

static void gap_elsewhere(flow_pipeline *p)
{
    INTO(p, .windows = flow_sessions_by(FLOW_FIELD(stay, length)));
}

static void gap_no_duration(flow_pipeline *p)
{
    INTO(p, .windows = flow_sessions_by(FLOW_FIELD(reading, number)));
}

static void custom_elsewhere(flow_pipeline *p)
{
    INTO(p, .windows = flow_custom(&by_stay, NULL));
}

static void no_gap(flow_pipeline *p)
{
    INTO(p, .windows = flow_sessions(flow_micros(0)));
}

// R19, R20: what a grouping does not take.

static void group_after(flow_pipeline *p, bool unbounded, flow_window_options options)
{
    const flow_coll in = flow_window_into(test_readings(p, NULL, unbounded), &options);
    flow_combine(flow_key_by(in, FLOW_FIELD(reading, sensor)), add_up);
}

#define GROUP_AFTER(p, ...)                                                                        \
    group_after((p), false,                                                                        \
        (flow_window_options){ .windows = tens, .accumulation = FLOW_DISCARDING, __VA_ARGS__ })

static void once_counted(flow_pipeline *p)
{
    GROUP_AFTER(p, .trigger = flow_trigger_count(5), .no_lateness = true);
}

static void once_at_the_end_with_lateness(flow_pipeline *p)
{
    GROUP_AFTER(p, .trigger = flow_trigger_end_of_window(), .lateness = { 5 });
}

static void early_without_late(flow_pipeline *p)
{
    const flow_trigger early =
        flow_trigger_early_late(flow_trigger_delay(flow_seconds(5)), flow_trigger_none());
    GROUP_AFTER(p, .trigger = early, .lateness = { 5 });
}

static void for_ever(flow_pipeline *p)
{
    group_after(p, true, (flow_window_options){ .no_lateness = true });
}

#define R18_LATENESS                                                                               \
    "flow_window_into(window): it has a trigger, so its windows need a lateness that is said: "    \
    "set 'lateness', or 'no_lateness' for none"
#define R18_MODE                                                                                   \
    "flow_window_into(window): its windows can have more than one result, so 'accumulation' must " \
    "be said: FLOW_DISCARDING, FLOW_ACCUMULATING or FLOW_RETRACTING"
#define R20                                                                                        \
    " of its input may finish, and elements that come after are lost; say "                        \
    "flow_trigger_repeatedly, or what comes late"

static const refused table[] = {
    { lateness_below_zero, FLOW_INVALID,
        "flow_window_into(window): its lateness is -1 us, it must be at least 0" },
    { both_latenesses, FLOW_INVALID,
        "flow_window_into(window): its options have 'no_lateness' set and a lateness of 5 us" },
    { keeps_and_changes, FLOW_INVALID,
        "flow_window_into(window): its options have 'keep_windows' set, so they must name no other "
        "'windows'" },
    { trigger_that_cannot_be, FLOW_INVALID,
        "flow_window_into(window): a trigger counts to 0 elements, it must be at least 1" },
    { unknown_accumulation, FLOW_INVALID,
        "flow_window_into(window): its options have an unknown 'accumulation' 4" },
    { unknown_on_time, FLOW_INVALID,
        "flow_window_into(window): its options have an unknown 'on_time' 3" },
    { unknown_closing, FLOW_INVALID,
        "flow_window_into(window): its options have an unknown 'closing' -1" },
    { unknown_output_time, FLOW_INVALID,
        "flow_window_into(window): its options have an unknown 'output_time' 4" },
    { zone_nowhere, FLOW_NOT_FOUND,
        "flow_window_into(window): there is no zone data /usr/share/zoneinfo/No/Where" },
    { zone_outside, FLOW_INVALID,
        "flow_window_into(window): '../../etc/passwd' is no name of a time zone" },
    { gap_elsewhere, FLOW_TYPE,
        "flow_window_into(window): its gap of sessions is a field of 'stay', its input has "
        "'reading'" },
    { gap_no_duration, FLOW_TYPE,
        "flow_window_into(window): gap of sessions 'number' is 'int64', not a duration" },
    { custom_elsewhere, FLOW_TYPE,
        "flow_window_into(window): windows 'by_stay' look at 'stay', its input has 'reading'" },
    { no_gap, FLOW_INVALID,
        "flow_window_into(window): gap of sessions is 0 us, it must be above 0" },
};

START_TEST(misuse_is_refused_in_one_sentence)
{
    test_refused(&table[_i]);
}
END_TEST

static const refused unsaid[] = {
    { trigger_without_lateness, FLOW_INVALID, R18_LATENESS },
    { sessions_without_lateness, FLOW_INVALID, R18_LATENESS },
    { trigger_without_mode, FLOW_INVALID, R18_MODE },
    { global_trigger_without_mode, FLOW_INVALID, R18_MODE },
    { lateness_without_mode, FLOW_INVALID, R18_MODE },
};

START_TEST(r18_what_decides_about_late_elements_and_second_results_must_be_said)
{
    test_refused(&unsaid[_i]);
}
END_TEST

static const refused unsafe[] = {
    { once_counted, FLOW_INVALID, "flow_combine(total): the trigger count(5)" R20 },
    { once_at_the_end_with_lateness, FLOW_INVALID,
        "flow_combine(total): the trigger end_of_window" R20 },
    { early_without_late, FLOW_INVALID,
        "flow_combine(total): the trigger early_late(delay(5s), none)" R20 },
};

START_TEST(r20_a_trigger_that_loses_elements_is_refused)
{
    test_refused(&unsafe[_i]);
}
END_TEST

static const refused endless[] = {
    { for_ever, FLOW_INVALID,
        "flow_combine(total): combines an unbounded input in the global window, which never ends; "
        "put flow_window_into before, with windows that end or a trigger" },
};

START_TEST(r19_grouping_what_never_ends_is_refused)
{
    test_refused(&endless[_i]);
}
END_TEST

// R20: triggers that may finish, and lose nothing all the same; and R19.
static const struct {
    flow_trigger (*trigger)(void);
    int64_t lateness;
} safe[] = {
    { flow_trigger_never, 5 },
    { flow_trigger_always, 5 },
    { flow_trigger_default, 5 },
    { flow_trigger_end_of_window, 0 },
};

START_TEST(r20_a_trigger_that_loses_nothing_is_taken)
{
    flow_pipeline *p = flow_pipeline_new("safe");
    GROUP_AFTER(p, .trigger = safe[_i].trigger(), .lateness = { safe[_i].lateness },
        .no_lateness = safe[_i].lateness == 0);
    flow_error error = { 0 };
    flow_pipeline_check(p, &error);
    ck_assert_str_eq(error.message, "");
    flow_pipeline_free(p);
}
END_TEST

START_TEST(r20_early_results_need_late_ones_only_with_lateness)
{
    flow_pipeline *p = flow_pipeline_new("safe");
    const flow_trigger some = flow_trigger_count(9);
    GROUP_AFTER(
        p, .trigger = flow_trigger_early_late(some, flow_trigger_none()), .no_lateness = true);
    GROUP_AFTER(p, .trigger = flow_trigger_early_late(some, some), .lateness = { 5 });
    ck_assert_int_eq(flow_pipeline_check(p, NULL), FLOW_OK);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(r19_a_trigger_makes_up_for_windows_that_never_end)
{
    flow_pipeline *p = flow_pipeline_new("endless");
    group_after(p, true, flow_count_windows(100));
    ck_assert_int_eq(flow_pipeline_check(p, NULL), FLOW_OK);
    flow_pipeline_free(p);
}
END_TEST

TCase *build_window_tests(void)
{
    TCase *tests = tcase_create("build_window");
    tcase_add_loop_test(tests, misuse_is_refused_in_one_sentence, 0, TABLE_SIZE(table));
    tcase_add_loop_test(tests, r18_what_decides_about_late_elements_and_second_results_must_be_said,
        0, TABLE_SIZE(unsaid));
    tcase_add_loop_test(tests, r20_a_trigger_that_loses_elements_is_refused, 0, TABLE_SIZE(unsafe));
    tcase_add_loop_test(tests, r19_grouping_what_never_ends_is_refused, 0, TABLE_SIZE(endless));
    tcase_add_loop_test(tests, r20_a_trigger_that_loses_nothing_is_taken, 0, TABLE_SIZE(safe));
    tcase_add_test(tests, r20_early_results_need_late_ones_only_with_lateness);
    tcase_add_test(tests, r19_a_trigger_makes_up_for_windows_that_never_end);
    return tests;
}
