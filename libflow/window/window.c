// SPDX-License-Identifier: Apache-2.0
// Windows as pure functions of time: which ones hold an instant, and when one is collected.
#include <flow/window.h>

// a + b where b may be of either sign, kept within the range of flow_time.
static int64_t add_clamped(int64_t a, int64_t b)
{
    if (b > 0 && a > FLOW_TIME_MAX_US - b)
        return FLOW_TIME_MAX_US;
    if (b < 0 && a < FLOW_TIME_MIN_US - b)
        return FLOW_TIME_MIN_US;
    return a + b;
}

// The instant that decides about windows: of times after the end of the global window, its last
// (R1).
static int64_t inside(flow_time at)
{
    return at.us < FLOW_TIME_GLOBAL_END_US ? at.us : FLOW_TIME_GLOBAL_END_US - 1;
}

// An instant and a length later, or the end of the global window if that comes first (R1, R23).
static int64_t end_after(int64_t from, int64_t length)
{
    return from > FLOW_TIME_GLOBAL_END_US - length ? FLOW_TIME_GLOBAL_END_US : from + length;
}

// How far `at` lies after the last start at or before it: in 0 … every − 1. Both remainders are
// taken first, so that at − offset cannot overflow (R10).
static int64_t since_start(const flow_windows *windows, int64_t at)
{
    const int64_t every = windows->every.us;
    return flow_floor_mod(flow_floor_mod(at, every) - windows->offset.us, every);
}

flow_status flow_windows_check(const flow_windows *windows, flow_error *error)
{
    const int64_t size = windows->size.us;
    const int64_t every = windows->every.us;
    const int64_t offset = windows->offset.us;
    switch (windows->kind) {
    case FLOW_WINDOW_GLOBAL:
        return FLOW_OK;
    case FLOW_WINDOW_FIXED:
    case FLOW_WINDOW_SLIDING:
        break;
    default:
        return flow_error_raise(
            error, FLOW_INVALID, NULL, "windows are of unknown kind %d", (int)windows->kind);
    }
    if (size <= 0)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "size of windows is %lld us, it must be above 0", (long long)size);
    if (every <= 0)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "windows start every %lld us, it must be above 0", (long long)every);
    if (windows->kind == FLOW_WINDOW_FIXED && every != size)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "fixed windows of %lld us start every %lld us, both must be equal", (long long)size,
            (long long)every);
    if (offset < 0 || offset >= every)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "offset of windows is %lld us, it must be at least 0 and below %lld us",
            (long long)offset, (long long)every);
    if ((size - 1) / every >= UINT32_MAX)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "windows of %lld us that start every %lld us overlap more than %u times",
            (long long)size, (long long)every, UINT32_MAX);
    return FLOW_OK;
}

bool flow_windows_last(const flow_windows *windows, flow_time at, flow_window *window)
{
    if (windows->kind == FLOW_WINDOW_GLOBAL) {
        window->start.us = FLOW_TIME_MIN_US;
        window->end.us = FLOW_TIME_GLOBAL_END_US;
        return true;
    }
    const int64_t time = inside(at);
    const int64_t since = since_start(windows, time);
    if (since >= windows->size.us)
        return false;
    window->start.us = add_clamped(time, -since);
    window->end.us = end_after(time, windows->size.us - since);
    return true;
}

bool flow_windows_before(const flow_windows *windows, flow_time at, flow_window *window)
{
    if (windows->kind == FLOW_WINDOW_GLOBAL)
        return false;
    flow_window before;
    // the end tells the start, but for a window whose end was cut off
    if (window->end.us < FLOW_TIME_GLOBAL_END_US) {
        before.end.us = add_clamped(window->end.us, -windows->every.us);
        before.start.us = add_clamped(before.end.us, -windows->size.us);
    } else {
        before.start.us = add_clamped(window->start.us, -windows->every.us);
        before.end.us = end_after(before.start.us, windows->size.us);
    }
    if (before.end.us <= inside(at))
        return false;
    *window = before;
    return true;
}

uint32_t flow_windows_count(const flow_windows *windows, flow_time at)
{
    if (windows->kind == FLOW_WINDOW_GLOBAL)
        return 1;
    const int64_t left = windows->size.us - since_start(windows, inside(at));
    if (left <= 0)
        return 0;
    const int64_t count = (left - 1) / windows->every.us + 1;
    return count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}

flow_time flow_window_expiry(flow_window window, flow_duration lateness)
{
    const flow_time last = flow_window_last_instant(window);
    const flow_time end = { FLOW_TIME_GLOBAL_END_US };
    const int64_t expiry = add_clamped(last.us, lateness.us);
    return expiry > end.us ? end : (flow_time){ expiry };
}
