// SPDX-License-Identifier: Apache-2.0
// From an element to its windows, and from windows of one key to what they merge into.
#include "window/window.h"

// R12: the element's own session, which others join.
static uint32_t own_session(
    const flow_windows *windows, const void *element, flow_time at, flow_window *window)
{
    int64_t gap = windows->size.us;
    if (windows->gap.type)
        memcpy(&gap, (const char *)element + windows->gap.offset, sizeof gap);
    if (windows->max_length.us > 0 && gap > windows->max_length.us)
        gap = windows->max_length.us;
    if (gap <= 0)
        return 0;
    window->start.us = fl_inside(at);
    window->end.us = fl_end_after(window->start.us, gap);
    return 1;
}

// What a function says, cut off where the global window ends (R1, R23).
static uint32_t assign_custom(const flow_windows *windows, const void *element, flow_time at,
    flow_window *list, uint32_t room)
{
    const uint32_t count =
        windows->fn->assign(windows->fn->in ? element : NULL, at, windows->fn_config, list, room);
    for (uint32_t i = 0; i < count && i < room; i++) {
        list[i].start.us = fl_inside(list[i].start);
        if (list[i].end.us > FLOW_TIME_GLOBAL_END_US)
            list[i].end.us = FLOW_TIME_GLOBAL_END_US;
    }
    return count;
}

uint32_t flow_windows_assign(const flow_windows *windows, const void *element, flow_time at,
    flow_window *list, uint32_t room)
{
    flow_window window;
    if (windows->kind == FLOW_WINDOW_CUSTOM)
        return assign_custom(windows, element, at, list, room);
    if (windows->kind == FLOW_WINDOW_SESSION) {
        const uint32_t own = own_session(windows, element, at, &window);
        if (own && room)
            list[0] = window;
        return own;
    }
    uint32_t count = 0;
    for (bool in = flow_windows_last(windows, at, &window); in;
         in = flow_windows_before(windows, at, &window)) {
        if (count == room)
            return flow_windows_count(windows, at);
        list[count++] = window;
    }
    return count;
}

static int64_t later(flow_time a, flow_time b)
{
    return a.us > b.us ? a.us : b.us;
}

// R13: one sweep over runs that overlap; touching is not overlapping (R12). A run that would grow
// longer than `most` ends, and the window that it cannot take begins the next.
static uint32_t sweep(const flow_window *sorted, uint32_t count, int64_t most, flow_window *into)
{
    uint32_t runs = 0;
    for (uint32_t first = 0, next; first < count; first = next, runs++) {
        flow_window run = sorted[first];
        for (next = first + 1; next < count && sorted[next].start.us < run.end.us; next++) {
            const int64_t end = later(run.end, sorted[next].end);
            if (most > 0 && end - run.start.us > most)
                break;
            run.end.us = end;
        }
        for (uint32_t i = first; i < next; i++)
            into[i] = run;
    }
    return runs;
}

// How many different windows there are, those of one run beside each other or not.
static uint32_t different(const flow_window *windows, uint32_t count)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t k = 0;
        while (k < i && (windows[k].start.us != windows[i].start.us ||
                            windows[k].end.us != windows[i].end.us))
            k++;
        found += k == i;
    }
    return found;
}

// A user's own way; 0 where it breaks its promise that results hold what is in them.
static uint32_t merge_by(
    const flow_windows *windows, const flow_window *sorted, uint32_t count, flow_window *into)
{
    windows->fn->merge(sorted, count, windows->fn_config, into);
    for (uint32_t i = 0; i < count; i++)
        if (into[i].start.us > sorted[i].start.us || into[i].end.us < sorted[i].end.us)
            return 0;
    return different(into, count);
}

uint32_t flow_windows_merge(
    const flow_windows *windows, const flow_window *sorted, uint32_t count, flow_window *into)
{
    if (windows->kind == FLOW_WINDOW_SESSION)
        return sweep(sorted, count, windows->max_length.us, into);
    if (flow_windows_merging(windows))
        return windows->fn->merge ? merge_by(windows, sorted, count, into)
                                  : sweep(sorted, count, 0, into);
    if (count)
        memcpy(into, sorted, count * sizeof *into);
    return count;
}
