// SPDX-License-Identifier: Apache-2.0
// Arithmetic at the ends of time, which all kinds of windows share.
#ifndef FL_WINDOW_H
#define FL_WINDOW_H

#include <flow/window.h>

// a + b where b may be of either sign, kept within the range of flow_time.
static inline int64_t fl_add_clamped(int64_t a, int64_t b)
{
    if (b > 0 && a > FLOW_TIME_MAX_US - b)
        return FLOW_TIME_MAX_US;
    if (b < 0 && a < FLOW_TIME_MIN_US - b)
        return FLOW_TIME_MIN_US;
    return a + b;
}

// The instant that decides about windows: of times after the end of the global window, its last
// (R1).
static inline int64_t fl_inside(flow_time at)
{
    return at.us < FLOW_TIME_GLOBAL_END_US ? at.us : FLOW_TIME_GLOBAL_END_US - 1;
}

// An instant and a length later, or the end of the global window if that comes first (R1, R23).
static inline int64_t fl_end_after(int64_t from, int64_t length)
{
    return from > FLOW_TIME_GLOBAL_END_US - length ? FLOW_TIME_GLOBAL_END_US : from + length;
}

#endif
