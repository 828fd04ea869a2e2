// SPDX-License-Identifier: Apache-2.0
// Calendar windows (R15): days of 23, 24 and 25 hours, midnights that do not exist or come twice,
// dates before 1970. (calendar.py compares with another program over the system's zones.)
#include "tzif.h"

TCase *calendar_tests(void);

static void expect(const flow_windows *windows, const char *at, const char *start, const char *end)
{
    flow_window window;
    char text[40];
    ck_assert(flow_windows_last(windows, instant(at), &window));
    flow_time_print(window.start, text);
    ck_assert_msg(window.start.us == instant(start).us, "%s: starts %s, not %s", at, text, start);
    flow_time_print(window.end, text);
    ck_assert_msg(window.end.us == instant(end).us, "%s: ends %s, not %s", at, text, end);
}

static flow_windows days_of(flow_zone *zone)
{
    flow_windows days = flow_calendar_days(1, "test");
    days.rules = zone;
    return days;
}

START_TEST(r15_a_day_has_23_24_or_25_hours)
{
    flow_zone *zone = tzif_rule("CET-1CEST,M3.5.0,M10.5.0/3");
    const flow_windows days = days_of(zone);
    expect(&days, "2024-03-31T12:00:00Z", "2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z");
    expect(&days, "2024-10-27T12:00:00Z", "2024-10-26T22:00:00Z", "2024-10-27T23:00:00Z");
    expect(&days, "2024-06-01T21:59:59.999999Z", "2024-05-31T22:00:00Z", "2024-06-01T22:00:00Z");
    expect(&days, "2024-06-01T22:00:00Z", "2024-06-01T22:00:00Z", "2024-06-02T22:00:00Z");
    expect(&days, "1960-01-15T00:00:00Z", "1960-01-14T23:00:00Z", "1960-01-15T23:00:00Z");
    flow_zone_free(zone);
}
END_TEST

START_TEST(r15_a_midnight_that_does_not_exist_is_the_first_instant_after)
{
    // Sao Paulo 2018: on November 4 the clocks went from 00:00 to 01:00.
    const int64_t times[] = { instant("2018-11-04T03:00:00Z").us / 1000000 };
    const int32_t offsets[] = { -7200 };
    flow_zone *zone = tzif_zone(&(tzif){ .version = 2,
        .first = -10800,
        .count = 1,
        .times = times,
        .offsets = offsets,
        .footer = "" });
    const flow_windows days = days_of(zone);
    expect(&days, "2018-11-04T02:59:59Z", "2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z");
    expect(&days, "2018-11-04T03:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z");
    flow_zone_free(zone);
}
END_TEST

START_TEST(r15_a_midnight_that_comes_twice_counts_the_first_time)
{
    // St. John's 2006: on October 29 the clocks went from 00:01 back to 23:01 of the 28th.
    flow_zone *zone = tzif_rule("NST3:30NDT,M4.1.0/0:01,M10.5.0/0:01");
    const flow_windows days = days_of(zone);
    expect(&days, "2006-10-29T02:29:59Z", "2006-10-28T02:30:00Z", "2006-10-29T02:30:00Z");
    expect(&days, "2006-10-29T02:30:30Z", "2006-10-29T02:30:00Z", "2006-10-30T03:30:00Z");
    // local time is 23:30 of the 28th once more, in the window of the 29th
    expect(&days, "2006-10-29T03:00:00Z", "2006-10-29T02:30:00Z", "2006-10-30T03:30:00Z");
    flow_zone_free(zone);
}
END_TEST

START_TEST(r15_a_day_that_is_skipped_has_no_window)
{
    // Apia 2011: after December 29 came the 31st.
    const int64_t times[] = { instant("2011-12-30T10:00:00Z").us / 1000000 };
    const int32_t offsets[] = { 14 * 3600 };
    flow_zone *zone = tzif_zone(&(tzif){ .version = 2,
        .first = -36000,
        .count = 1,
        .times = times,
        .offsets = offsets,
        .footer = "" });
    flow_windows days = days_of(zone);
    expect(&days, "2011-12-30T09:59:59Z", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z");
    expect(&days, "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z");
    days.units = 2; // of two days, one of which is not there
    expect(&days, "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z");
    flow_zone_free(zone);
}
END_TEST

// Without a zone, so that the arithmetic of dates stands alone.
static const struct {
    flow_calendar_unit unit;
    uint32_t units, month, day;
    const char *at, *start, *end;
} dates[] = {
    { FLOW_CALENDAR_DAY, 1, 0, 0, "1969-12-31T23:59:59Z", "1969-12-31", "1970-01-01" },
    { FLOW_CALENDAR_DAY, 3, 0, 0, "1969-12-31T23:59:59Z", "1969-12-29", "1970-01-01" },
    { FLOW_CALENDAR_DAY, 3, 0, 2, "1970-01-01T12:00:00Z", "1969-12-30", "1970-01-02" },
    { FLOW_CALENDAR_DAY, 3, 0, 2, "1970-01-02T00:00:00Z", "1970-01-02", "1970-01-05" },
    { FLOW_CALENDAR_WEEK, 1, 0, 0, "1970-01-01T00:00:00Z", "1969-12-29", "1970-01-05" },
    { FLOW_CALENDAR_WEEK, 1, 0, 7, "2026-11-24T00:00:00Z", "2026-11-22", "2026-11-29" },
    { FLOW_CALENDAR_WEEK, 1, 0, 1, "2026-11-24T00:00:00Z", "2026-11-23", "2026-11-30" },
    { FLOW_CALENDAR_WEEK, 2, 0, 0, "1970-01-05T00:00:00Z", "1969-12-29", "1970-01-12" },
    { FLOW_CALENDAR_WEEK, 2, 0, 0, "1969-12-28T00:00:00Z", "1969-12-15", "1969-12-29" },
    { FLOW_CALENDAR_MONTH, 1, 0, 0, "2024-02-29T23:00:00Z", "2024-02-01", "2024-03-01" },
    { FLOW_CALENDAR_MONTH, 1, 0, 28, "2024-02-27T23:00:00Z", "2024-01-28", "2024-02-28" },
    { FLOW_CALENDAR_MONTH, 1, 0, 28, "2024-02-28T00:00:00Z", "2024-02-28", "2024-03-28" },
    { FLOW_CALENDAR_MONTH, 3, 0, 0, "1969-12-31T00:00:00Z", "1969-10-01", "1970-01-01" },
    { FLOW_CALENDAR_MONTH, 1, 0, 0, "1899-12-31T00:00:00Z", "1899-12-01", "1900-01-01" },
    { FLOW_CALENDAR_YEAR, 1, 0, 0, "1969-12-31T23:59:59Z", "1969-01-01", "1970-01-01" },
    { FLOW_CALENDAR_YEAR, 1, 4, 0, "2026-03-31T23:59:59Z", "2025-04-01", "2026-04-01" },
    { FLOW_CALENDAR_YEAR, 1, 4, 6, "2026-04-05T23:59:59Z", "2025-04-06", "2026-04-06" },
    { FLOW_CALENDAR_YEAR, 1, 4, 6, "2026-04-06T00:00:00Z", "2026-04-06", "2027-04-06" },
    { FLOW_CALENDAR_YEAR, 10, 0, 0, "1969-06-01T00:00:00Z", "1960-01-01", "1970-01-01" },
};

START_TEST(r15_windows_hold_their_instant_before_1970_too)
{
    flow_windows windows = flow_calendar(dates[_i].unit, dates[_i].units, NULL);
    windows = flow_calendar_begin(windows, dates[_i].month, dates[_i].day);
    ck_assert_int_eq(flow_windows_check(&windows, NULL), FLOW_OK);
    expect(&windows, dates[_i].at, dates[_i].start, dates[_i].end);
}
END_TEST

START_TEST(r15_calendar_windows_lie_side_by_side)
{
    static const char *const zones[] = { "CET-1CEST,M3.5.0,M10.5.0/3",
        "NST3:30NDT,M4.1.0/0:01,M10.5.0/0:01", "<+0530>-5:30", "<-03>3<-02>,M10.1.0/0,M2.3.0/0",
        "AAA24BBB-24,M2.1.0/0,M9.1.0/0" };
    for (int i = 0; i < 5 * 4; i++) {
        flow_zone *zone = tzif_rule(zones[i % 5]);
        flow_windows windows = flow_calendar((flow_calendar_unit)(i / 5), 1, "test");
        windows.rules = zone;
        flow_window window = { { 0 }, instant("1960-01-01") };
        for (int k = 0; k < 3000; k++) {
            const flow_window before = window;
            ck_assert(flow_windows_last(&windows, before.end, &window));
            ck_assert_int_gt(window.end.us, before.end.us);
            ck_assert(k == 0 || window.start.us == before.end.us);
        }
        flow_zone_free(zone);
    }
}
END_TEST

START_TEST(r23_calendar_windows_end_with_the_global_one)
{
    const flow_windows years = flow_calendar_years(1, NULL);
    const int64_t ends[] = { FLOW_TIME_MIN_US, FLOW_TIME_GLOBAL_END_US - 1, FLOW_TIME_MAX_US };
    for (int i = 0; i < 3; i++) {
        flow_window window;
        ck_assert(flow_windows_last(&years, (flow_time){ ends[i] }, &window));
        ck_assert_int_ge(window.start.us, FLOW_TIME_MIN_US);
        ck_assert_int_lt(window.start.us, window.end.us);
        ck_assert(i == 0 || window.end.us == FLOW_TIME_GLOBAL_END_US);
    }
}
END_TEST

START_TEST(a_zone_that_was_not_read_gives_no_window)
{
    const flow_windows days = flow_calendar_days(1, "Europe/Berlin");
    flow_window window;
    ck_assert(!flow_windows_last(&days, (flow_time){ 0 }, &window));
    ck_assert_uint_eq(flow_windows_count(&days, (flow_time){ 0 }), 0);
    ck_assert_uint_eq(flow_windows_assign(&days, NULL, (flow_time){ 0 }, &window, 1), 0);
}
END_TEST

TCase *calendar_tests(void)
{
    TCase *tests = tcase_create("calendar");
    tcase_add_test(tests, r15_a_day_has_23_24_or_25_hours);
    tcase_add_test(tests, r15_a_midnight_that_does_not_exist_is_the_first_instant_after);
    tcase_add_test(tests, r15_a_midnight_that_comes_twice_counts_the_first_time);
    tcase_add_test(tests, r15_a_day_that_is_skipped_has_no_window);
    tcase_add_loop_test(tests, r15_windows_hold_their_instant_before_1970_too, 0,
        (int)(sizeof dates / sizeof dates[0]));
    tcase_add_test(tests, r15_calendar_windows_lie_side_by_side);
    tcase_add_test(tests, r23_calendar_windows_end_with_the_global_one);
    tcase_add_test(tests, a_zone_that_was_not_read_gives_no_window);
    return tests;
}
