// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Windows: how event time is cut (R9–R11). Pure functions of time.
 */
#ifndef FLOW_WINDOW_H
#define FLOW_WINDOW_H

#include <flow/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What cuts the time. */
typedef enum flow_window_kind {
    FLOW_WINDOW_GLOBAL = 0, /**< One window over all time. */
    FLOW_WINDOW_FIXED = 1,  /**< Adjacent windows of one size. */
    FLOW_WINDOW_SLIDING = 2 /**< Windows of one size that start every so often. */
} flow_window_kind;

/** A way to cut time; all zero is the global window. */
typedef struct flow_windows {
    flow_window_kind kind; /**< Global, fixed or sliding. */
    flow_duration size;    /**< Length of a window. */
    flow_duration every;   /**< From one start to the next; equals `size` for fixed windows. */
    flow_duration offset;  /**< Starts are multiples of `every` plus this; 0 ≤ offset < every. */
} flow_windows;

/** One window, half-open: an element at `end` lies in the next (R9). */
typedef struct flow_window {
    flow_time start; /**< First instant. */
    flow_time end;   /**< First instant after it. */
} flow_window;

/** One window over all time. */
static inline flow_windows flow_global(void)
{
    flow_windows w = { FLOW_WINDOW_GLOBAL, { 0 }, { 0 }, { 0 } };
    return w;
}

/** Adjacent windows of `size`. */
static inline flow_windows flow_fixed(flow_duration size)
{
    flow_windows w = { FLOW_WINDOW_FIXED, size, size, { 0 } };
    return w;
}

/** Windows of `size` that start every `every`; overlapping when `every` is smaller, with gaps when
 * larger (R11). */
static inline flow_windows flow_sliding(flow_duration size, flow_duration every)
{
    flow_windows w = { FLOW_WINDOW_SLIDING, size, every, { 0 } };
    return w;
}

/** The same windows shifted by `offset`. */
static inline flow_windows flow_windows_offset(flow_windows windows, flow_duration offset)
{
    windows.offset = offset;
    return windows;
}

/** FLOW_INVALID with a sentence unless size > 0, every > 0, 0 ≤ offset < every (R11), and no
 * instant is in more than UINT32_MAX windows. */
FLOW_API flow_status flow_windows_check(const flow_windows *windows, flow_error *error);

/**
 * The last window (by start) that holds `at`. False when none does: a gap of sliding windows with
 * every > size. No window ends later than the global one: its end is cut off there, so that it
 * fires before time ends, and what is later than that lies in the last windows (R1, R23). A start
 * is cut off at FLOW_TIME_MIN.
 */
FLOW_API bool flow_windows_last(const flow_windows *windows, flow_time at, flow_window *window);

/**
 * From a window that holds `at` to the one before, by start, that holds it too; false when there is
 * none: `for (bool in = flow_windows_last(w, at, &x); in; in = flow_windows_before(w, at, &x))`.
 */
FLOW_API bool flow_windows_before(const flow_windows *windows, flow_time at, flow_window *window);

/** How many windows hold an instant: at most size/every rounded up; exact for the given instant. */
FLOW_API uint32_t flow_windows_count(const flow_windows *windows, flow_time at);

/** The last instant inside a window: one microsecond before its end (R9). */
static inline flow_time flow_window_last_instant(flow_window window)
{
    flow_time t = { window.end.us - 1 };
    return t;
}

/** When a window is collected: its last instant plus the allowed lateness, at most the end of the
 * global window (R23). */
FLOW_API flow_time flow_window_expiry(flow_window window, flow_duration lateness);

/** a − b · floor(a / b) for b > 0: never negative, right before 1970 too (R10). */
static inline int64_t flow_floor_mod(int64_t a, int64_t b)
{
    int64_t r = a % b;
    return r < 0 ? r + b : r;
}

/** floor(a / b) for b > 0 (R10). */
static inline int64_t flow_floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

#ifdef __cplusplus
}
#endif

#endif
