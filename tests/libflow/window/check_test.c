// SPDX-License-Identifier: Apache-2.0
// Every sentence that a way to cut time is refused with. (Those of fixed and sliding windows are in
// window_test.c.)
#include <check.h>

#include <flow/flow.h>

TCase *check_tests(void);

struct visit {
    flow_duration gap;
    int64_t number;
};
FLOW_RECORD(visit, gap, number);

static flow_windows sessions_both(void)
{
    flow_windows w = flow_sessions_by(FLOW_FIELD(visit, gap));
    w.size = flow_micros(1);
    return w;
}

static flow_windows sessions_by_a_number(void)
{
    return flow_sessions_by(FLOW_FIELD(visit, number));
}

static flow_windows sessions_by_the_whole(void)
{
    return flow_sessions_by(FLOW_SELF(visit));
}

static flow_windows sessions_without_gap(void)
{
    return flow_sessions(flow_micros(0));
}

static flow_windows sessions_too_short(void)
{
    return flow_sessions_max(flow_sessions(flow_micros(9)), flow_micros(8));
}

static flow_windows sessions_below_zero(void)
{
    return flow_sessions_max(flow_sessions_by(FLOW_FIELD(visit, gap)), flow_micros(-1));
}

static flow_windows cumulate_size(void)
{
    return flow_cumulate(flow_micros(0), flow_micros(1));
}

static flow_windows cumulate_step(void)
{
    return flow_cumulate(flow_micros(9), flow_micros(0));
}

static flow_windows cumulate_odd(void)
{
    return flow_cumulate(flow_micros(9), flow_micros(2));
}

static flow_windows cumulate_offset(void)
{
    return flow_windows_offset(flow_cumulate(flow_micros(9), flow_micros(3)), flow_micros(9));
}

static flow_windows cumulate_for_ever(void)
{
    return flow_cumulate(flow_days(1), flow_micros(1));
}

static flow_windows calendar_unit(void)
{
    return flow_calendar((flow_calendar_unit)4, 1, NULL);
}

static flow_windows no_days(void)
{
    return flow_calendar_days(0, NULL);
}

static flow_windows many_years(void)
{
    return flow_calendar_years(10001, NULL);
}

static flow_windows month_of_weeks(void)
{
    return flow_calendar_begin(flow_calendar_weeks(1, NULL), 3, 1);
}

static flow_windows month_thirteen(void)
{
    return flow_calendar_begin(flow_calendar_years(1, NULL), 13, 1);
}

static flow_windows weekday_eight(void)
{
    return flow_calendar_begin(flow_calendar_weeks(1, NULL), 0, 8);
}

static flow_windows day_29(void)
{
    return flow_calendar_begin(flow_calendar_months(1, NULL), 0, 29);
}

static flow_windows shifted_days(void)
{
    return flow_windows_offset(flow_calendar_days(1, NULL), flow_hours(22));
}

static flow_windows shifted_sessions(void)
{
    return flow_windows_offset(flow_sessions(flow_micros(9)), flow_micros(1));
}

static flow_windows shifted_global(void)
{
    return flow_windows_offset(flow_global(), flow_micros(1));
}

static flow_windows longest_fixed(void)
{
    return flow_sessions_max(flow_fixed(flow_micros(9)), flow_micros(9));
}

static flow_windows fixed_begin(void)
{
    return flow_calendar_begin(flow_fixed(flow_micros(9)), 4, 6);
}

static flow_windows fixed_in_a_zone(void)
{
    flow_windows w = flow_fixed(flow_micros(9));
    w.zone = "Mars/Phobos";
    return w;
}

static flow_windows sized_days(void)
{
    flow_windows w = flow_calendar_days(1, NULL);
    w.size = flow_micros(5);
    return w;
}

static flow_windows repeated_sessions(void)
{
    flow_windows w = flow_sessions(flow_micros(9));
    w.every = flow_micros(9);
    return w;
}

static flow_windows counted_fixed(void)
{
    flow_windows w = flow_fixed(flow_micros(9));
    w.units = 1;
    return w;
}

static flow_windows gap_of_fixed(void)
{
    flow_windows w = flow_fixed(flow_micros(9));
    w.gap = FLOW_FIELD(visit, gap);
    return w;
}

static flow_windows function_of_fixed(void)
{
    static const flow_window_fn fn = { .name = "none" };
    flow_windows w = flow_fixed(flow_micros(9));
    w.fn = &fn;
    return w;
}

static flow_windows day_of_two(void)
{
    return flow_calendar_begin(flow_calendar_days(2, NULL), 0, 3);
}

static uint32_t nowhere(
    const void *element, flow_time at, const void *config, flow_window *windows, uint32_t room)
{
    (void)element, (void)at, (void)config, (void)windows, (void)room;
    return 0;
}

static void anyhow(
    const flow_window *windows, uint32_t count, const void *config, flow_window *into)
{
    (void)config;
    memcpy(into, windows, count * sizeof *into);
}

static flow_windows custom_nobody(void)
{
    return flow_custom(NULL, NULL);
}

static flow_windows custom_nothing(void)
{
    static const flow_window_fn fn = { .name = "none" };
    return flow_custom(&fn, NULL);
}

static flow_windows custom_nameless(void)
{
    static const flow_window_fn fn = { .name = "", .assign = nowhere };
    return flow_custom(&fn, NULL);
}

static flow_windows custom_merge(void)
{
    static const flow_window_fn fn = { .name = "some", .assign = nowhere, .merge = anyhow };
    return flow_custom(&fn, NULL);
}

static flow_windows custom_config(void)
{
    static const flow_window_fn fn = { .name = "some", .config = &visit_type, .assign = nowhere };
    return flow_custom(&fn, NULL);
}

static flow_windows custom_type(void)
{
    static const flow_window_fn fn = { .name = "some", .assign = nowhere };
    return flow_custom(&fn, "config");
}

static const struct {
    flow_windows (*make)(void);
    flow_status status;
    const char *message;
} refused[] = {
    { sessions_both, FLOW_INVALID,
        "sessions have one gap, be it fixed or a field of the element, not both" },
    { sessions_by_a_number, FLOW_TYPE, "gap of sessions 'number' is 'int64', not a duration" },
    { sessions_by_the_whole, FLOW_TYPE, "gap of sessions 'visit' is 'record', not a duration" },
    { sessions_without_gap, FLOW_INVALID, "gap of sessions is 0 us, it must be above 0" },
    { sessions_too_short, FLOW_INVALID,
        "the longest session is 8 us, it must be at least the gap of 9 us" },
    { sessions_below_zero, FLOW_INVALID,
        "the longest session is -1 us, it must be at least the gap of 0 us" },
    { cumulate_size, FLOW_INVALID, "size of cumulating windows is 0 us, it must be above 0" },
    { cumulate_step, FLOW_INVALID, "step of cumulating windows is 0 us, it must be above 0" },
    { cumulate_odd, FLOW_INVALID,
        "cumulating windows of 9 us grow by 2 us, the size must be a multiple of the step" },
    { cumulate_offset, FLOW_INVALID,
        "offset of windows is 9 us, it must be at least 0 and below 9 us" },
    { cumulate_for_ever, FLOW_INVALID,
        "windows of 86400000000 us that start every 1 us overlap more than 4294967295 times" },
    { calendar_unit, FLOW_INVALID, "calendar windows are of unknown unit 4" },
    { no_days, FLOW_INVALID, "calendar windows take 0 days, it must be 1 to 100000" },
    { many_years, FLOW_INVALID, "calendar windows take 10001 years, it must be 1 to 10000" },
    { month_of_weeks, FLOW_INVALID,
        "calendar windows of weeks begin in month 3, which only years do" },
    { month_thirteen, FLOW_INVALID,
        "calendar windows of years begin in month 13, it must be 1 to 12" },
    { weekday_eight, FLOW_INVALID, "calendar windows of weeks begin on day 8, it must be 1 to 7" },
    { day_29, FLOW_INVALID, "calendar windows of months begin on day 29, it must be 1 to 28" },
    { day_of_two, FLOW_INVALID, "calendar windows of days begin on day 3, it must be 1 to 2" },
    { shifted_days, FLOW_INVALID,
        "calendar windows with an offset: only fixed, sliding and cumulating windows have one" },
    { shifted_sessions, FLOW_INVALID,
        "sessions with an offset: only fixed, sliding and cumulating windows have one" },
    { shifted_global, FLOW_INVALID,
        "the global window with an offset: only fixed, sliding and cumulating windows have one" },
    { longest_fixed, FLOW_INVALID, "fixed windows with a longest length: only sessions have one" },
    { fixed_begin, FLOW_INVALID,
        "fixed windows with a month or day to begin on: only calendar windows have one" },
    { fixed_in_a_zone, FLOW_INVALID, "fixed windows with a zone: only calendar windows have one" },
    { sized_days, FLOW_INVALID,
        "calendar windows with a size: only fixed, sliding and cumulating windows and sessions "
        "have one" },
    { repeated_sessions, FLOW_INVALID,
        "sessions with an 'every': only fixed, sliding and cumulating windows have one" },
    { counted_fixed, FLOW_INVALID,
        "fixed windows with a calendar unit: only calendar windows have one" },
    { gap_of_fixed, FLOW_INVALID, "fixed windows with a gap field: only sessions have one" },
    { function_of_fixed, FLOW_INVALID,
        "fixed windows with a function: only custom windows have one" },
    { custom_nobody, FLOW_INVALID, "custom windows have no function" },
    { custom_nothing, FLOW_INVALID, "custom windows have no 'assign'" },
    { custom_nameless, FLOW_INVALID, "custom windows have no name" },
    { custom_merge, FLOW_INVALID, "windows 'some' have a 'merge', but 'merges' is not set" },
    { custom_config, FLOW_INVALID, "windows 'some' want a configuration, and were given none" },
    { custom_type, FLOW_INVALID,
        "windows 'some' were given a configuration, and name no type of it" },
};

START_TEST(windows_that_cannot_be_are_refused_in_one_sentence)
{
    flow_error error = { 0 };
    const flow_windows windows = refused[_i].make();
    ck_assert_int_eq(flow_windows_check(&windows, &error), refused[_i].status);
    ck_assert_str_eq(error.message, refused[_i].message);
}
END_TEST

START_TEST(windows_as_they_are_usually_made_pass)
{
    const flow_windows usual[] = { flow_sessions(flow_minutes(30)),
        flow_sessions_max(flow_sessions(flow_minutes(30)), flow_minutes(30)),
        flow_sessions_max(flow_sessions_by(FLOW_FIELD(visit, gap)), flow_hours(4)),
        flow_cumulate(flow_days(1), flow_hours(1)), flow_calendar_days(1, "Europe/Berlin"),
        flow_calendar_begin(flow_calendar_weeks(1, NULL), 0, 7),
        flow_calendar_begin(flow_calendar_months(1, NULL), 0, 28),
        flow_calendar_begin(flow_calendar_years(1, NULL), 4, 6) };
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        ck_assert_int_eq(flow_windows_check(&usual[i], NULL), FLOW_OK);
}
END_TEST

TCase *check_tests(void)
{
    TCase *tests = tcase_create("check");
    tcase_add_loop_test(tests, windows_that_cannot_be_are_refused_in_one_sentence, 0,
        (int)(sizeof refused / sizeof refused[0]));
    tcase_add_test(tests, windows_as_they_are_usually_made_pass);
    return tests;
}
