// SPDX-License-Identifier: Apache-2.0
// Windows and triggers of random graphs that only the general path of the engine has.
#include "graph.h"

#define SECOND INT64_C(1000000)

// --- windows of functions, by the time alone

// Six seconds, and the same and six more.
static uint32_t two_windows(
    const void *element, flow_time at, const void *config, flow_window *windows, uint32_t room)
{
    int64_t start;
    (void)element;
    (void)config;
    if (__builtin_sub_overflow(at.us, flow_floor_mod(at.us, 6 * SECOND), &start))
        start = FLOW_TIME_MIN_US;
    for (uint32_t i = 0; i < 2 && i < room; i++)
        windows[i] = (flow_window){ { start }, { start + (i + 1) * 6 * SECOND } };
    return 2;
}

// Runs of elements: nearer to each other where the second is even.
static uint32_t runs(
    const void *element, flow_time at, const void *config, flow_window *windows, uint32_t room)
{
    const int64_t gap = flow_floor_mod(at.us, 2 * SECOND) < SECOND ? 2 * SECOND : 5 * SECOND;
    (void)element;
    (void)config;
    if (room > 0)
        windows[0] = (flow_window){ at, { at.us + gap } };
    return 1;
}

static const flow_window_fn two_fn = { .name = "two", .assign = two_windows };
static const flow_window_fn runs_fn = { .name = "runs", .merges = true, .assign = runs };

flow_windows graph_general_windows(uint64_t *random, bool merging)
{
    switch (flow_test_below(random, merging ? 6 : 3)) {
    case 0:
        return flow_cumulate(flow_seconds(20), flow_seconds(5));
    case 1:
        return flow_calendar_days(1, NULL);
    case 2:
        return flow_custom(&two_fn, NULL);
    case 3:
        return flow_custom(&runs_fn, NULL);
    default:
        return flow_sessions(flow_seconds(1 + flow_test_below(random, 8)));
    }
}

// --- triggers that give results before a window ends, and none that drops elements after

static flow_trigger once(uint64_t *random)
{
    const flow_trigger count = flow_trigger_count(1 + flow_test_below(random, 4));
    const flow_trigger delay = flow_trigger_delay(flow_seconds(flow_test_below(random, 3)));
    switch (flow_test_below(random, 4)) {
    case 0:
        return delay;
    case 1: {
        const flow_trigger both[2] = { count, delay };
        return flow_test_below(random, 2) ? flow_trigger_any_of(both, 2)
                                          : flow_trigger_all_of(both, 2);
    }
    default:
        return count;
    }
}

flow_trigger graph_trigger(uint64_t *random)
{
    const flow_trigger first = once(random), second = once(random);
    switch (flow_test_below(random, 4)) {
    case 0:
        return flow_trigger_early_late(first, second);
    case 1: {
        const flow_trigger each[2] = { first, flow_trigger_end_of_window() };
        return flow_trigger_repeatedly(flow_trigger_each_of(each, 2));
    }
    case 2: {
        const flow_trigger any[2] = { first, flow_trigger_end_of_window() };
        return flow_trigger_repeatedly(flow_trigger_any_of(any, 2));
    }
    default:
        return flow_trigger_repeatedly(first);
    }
}
