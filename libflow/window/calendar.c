// SPDX-License-Identifier: Apache-2.0
// Calendar windows (R15): windows are numbered, each begins on a local date, and a date begins at
// its first valid instant. Divisions round down, so dates before 1970 are no special case.
#include "window/calendar.h"

#include "base/civil.h"
#include "window/window.h"
#include "window/zone.h"

#define DAY        INT64_C(86400)
#define SECOND     INT64_C(1000000)
#define WEEK_FIRST (-3) // 1969-12-29, the Monday of the week of 1970-01-01

static int64_t begin_day(const flow_windows *windows)
{
    return windows->day ? windows->day : 1;
}

static unsigned begin_month(const flow_windows *windows)
{
    return windows->month ? windows->month : 1;
}

// The local date that window n begins on, as days since 1970.
static int64_t first_day(const flow_windows *windows, int64_t n)
{
    const int64_t units = n * (int64_t)windows->units;
    const int64_t begin = begin_day(windows);
    switch (windows->unit) {
    case FLOW_CALENDAR_DAY:
        return units + begin - 1;
    case FLOW_CALENDAR_WEEK:
        return units * 7 + WEEK_FIRST + begin - 1;
    case FLOW_CALENDAR_MONTH: {
        const int64_t year = fl_floor_div(units, 12);
        const fl_civil date = { 1970 + year, (unsigned)(units - year * 12) + 1, (unsigned)begin };
        return fl_days_from_civil(date);
    }
    default:
        return fl_days_from_civil(
            (fl_civil){ 1970 + units, begin_month(windows), (unsigned)begin });
    }
}

// The number of the window that a local date lies in.
static int64_t number_of(const flow_windows *windows, int64_t day)
{
    const int64_t begin = begin_day(windows);
    const unsigned month = begin_month(windows);
    const fl_civil date = fl_civil_from_days(day);
    const bool before = date.day < (unsigned)begin;
    int64_t units = 0;
    switch (windows->unit) {
    case FLOW_CALENDAR_DAY:
        units = day - (begin - 1);
        break;
    case FLOW_CALENDAR_WEEK:
        units = fl_floor_div(day - WEEK_FIRST - (begin - 1), 7);
        break;
    case FLOW_CALENDAR_MONTH:
        units = (date.year - 1970) * 12 + (int64_t)date.month - 1 - before;
        break;
    default:
        units = date.year - 1970 - (date.month < month || (date.month == month && before));
        break;
    }
    return fl_floor_div(units, windows->units);
}

static int64_t start_of(const flow_windows *windows, int64_t n)
{
    return fl_zone_first(windows->rules, first_day(windows, n) * DAY);
}

static flow_time clamped(int64_t seconds)
{
    if (seconds > FLOW_TIME_GLOBAL_END_US / SECOND)
        return (flow_time){ FLOW_TIME_GLOBAL_END_US };
    if (seconds <= FLOW_TIME_MIN_US / SECOND)
        return (flow_time){ FLOW_TIME_MIN_US };
    return (flow_time){ seconds * SECOND };
}

flow_window fl_calendar_window(const flow_windows *windows, flow_time at)
{
    const int64_t seconds = flow_floor_div(fl_inside(at), SECOND);
    const fl_zone_span span = fl_zone_span_at(windows->rules, seconds);
    int64_t n = number_of(windows, fl_floor_div(seconds + span.offset, DAY));
    int64_t start = start_of(windows, n);
    int64_t end = start_of(windows, n + 1);
    // Where the clocks are put back over midnight, the date before comes once more in the window
    // of the date after; a date that is skipped has a window of no length.
    while (seconds >= end) {
        start = end;
        end = start_of(windows, ++n + 1);
    }
    while (seconds < start) {
        end = start;
        start = start_of(windows, --n);
    }
    return (flow_window){ clamped(start), clamped(end) };
}
