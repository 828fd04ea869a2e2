// SPDX-License-Identifier: Apache-2.0
// Windows as pure functions of time: which ones hold an instant, and when one is collected.
#include "window/window.h"

#include "window/calendar.h"

// How far `at` lies after the last start at or before it, where starts are `period` apart: in
// 0 … period − 1. Both remainders are taken first, so that at − offset cannot overflow (R10).
static int64_t since_start(const flow_windows *windows, int64_t period, int64_t at)
{
    return flow_floor_mod(flow_floor_mod(at, period) - windows->offset.us, period);
}

static void last_cumulating(const flow_windows *windows, flow_time at, flow_window *window)
{
    const int64_t time = fl_inside(at);
    const int64_t since = since_start(windows, windows->size.us, time);
    window->start.us = fl_add_clamped(time, -since);
    window->end.us = fl_end_after(time, windows->size.us - since);
}

// The kinds that are not fixed or sliding.
static bool other_last(const flow_windows *windows, flow_time at, flow_window *window)
{
    switch (windows->kind) {
    case FLOW_WINDOW_GLOBAL:
        window->start.us = FLOW_TIME_MIN_US;
        window->end.us = FLOW_TIME_GLOBAL_END_US;
        return true;
    case FLOW_WINDOW_CALENDAR:
        if (windows->zone && !windows->rules)
            return false;
        *window = fl_calendar_window(windows, at);
        return true;
    case FLOW_WINDOW_CUMULATE:
        last_cumulating(windows, at, window);
        return true;
    default:
        return !flow_windows_by_element(windows) &&
               flow_windows_assign(windows, NULL, at, window, 1) > 0;
    }
}

bool flow_windows_last(const flow_windows *windows, flow_time at, flow_window *window)
{
    if (windows->kind != FLOW_WINDOW_FIXED && windows->kind != FLOW_WINDOW_SLIDING)
        return other_last(windows, at, window);
    const int64_t time = fl_inside(at);
    const int64_t since = since_start(windows, windows->every.us, time);
    if (since >= windows->size.us)
        return false;
    window->start.us = fl_add_clamped(time, -since);
    window->end.us = fl_end_after(time, windows->size.us - since);
    return true;
}

// The next shorter one of the same start; the longest may have been cut off.
static bool shorter(const flow_windows *windows, flow_time at, flow_window *window)
{
    const int64_t time = fl_inside(at);
    const int64_t since = since_start(windows, windows->size.us, time);
    const int64_t steps = (since + (window->end.us - time) - 1) / windows->every.us;
    const int64_t left = steps * windows->every.us - since;
    if (left <= 0)
        return false;
    window->end.us = time + left;
    return true;
}

bool flow_windows_before(const flow_windows *windows, flow_time at, flow_window *window)
{
    if (windows->kind == FLOW_WINDOW_CUMULATE)
        return shorter(windows, at, window);
    if (windows->kind != FLOW_WINDOW_FIXED && windows->kind != FLOW_WINDOW_SLIDING)
        return false;
    flow_window before;
    // the end tells the start, but for a window whose end was cut off
    if (window->end.us < FLOW_TIME_GLOBAL_END_US) {
        before.end.us = fl_add_clamped(window->end.us, -windows->every.us);
        before.start.us = fl_add_clamped(before.end.us, -windows->size.us);
    } else {
        before.start.us = fl_add_clamped(window->start.us, -windows->every.us);
        before.end.us = fl_end_after(before.start.us, windows->size.us);
    }
    if (before.end.us <= fl_inside(at))
        return false;
    *window = before;
    return true;
}

static uint32_t count_cumulating(const flow_windows *windows, flow_time at)
{
    flow_window longest;
    last_cumulating(windows, at, &longest);
    const int64_t time = fl_inside(at);
    const int64_t since = since_start(windows, windows->size.us, time);
    const int64_t every = windows->every.us;
    const int64_t steps = (since + (longest.end.us - time) - 1) / every + 1 - since / every;
    return (uint32_t)steps;
}

uint32_t flow_windows_count(const flow_windows *windows, flow_time at)
{
    flow_window window;
    switch (windows->kind) {
    case FLOW_WINDOW_FIXED:
    case FLOW_WINDOW_SLIDING:
        break;
    case FLOW_WINDOW_CUMULATE:
        return count_cumulating(windows, at);
    case FLOW_WINDOW_CUSTOM:
        return windows->fn->in ? 0 : flow_windows_assign(windows, NULL, at, NULL, 0);
    default:
        return other_last(windows, at, &window) ? 1 : 0;
    }
    const int64_t left = windows->size.us - since_start(windows, windows->every.us, fl_inside(at));
    if (left <= 0)
        return 0;
    const int64_t count = (left - 1) / windows->every.us + 1;
    return count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}

flow_time flow_window_expiry(flow_window window, flow_duration lateness)
{
    const flow_time last = flow_window_last_instant(window);
    const flow_time end = { FLOW_TIME_GLOBAL_END_US };
    const int64_t expiry = fl_add_clamped(last.us, lateness.us);
    return expiry > end.us ? end : (flow_time){ expiry };
}
