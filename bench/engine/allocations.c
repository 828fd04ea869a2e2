// SPDX-License-Identifier: Apache-2.0
// Calls for memory per million elements once two windows are over: 24 windows, each with half of
// its keys new. Needs preload/allocations.c to be preloaded.
#define _GNU_SOURCE
#include "engine/engine.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

enum {
    WINDOWS = 24,
    PER_WINDOW = 262144,
    KEYS = 100000
};

struct watch {
    struct outcome outcome;
    uint64_t (*calls)(void);
    int64_t from_us;  /* start of the last window of the warm-up */
    int64_t until_us; /* start of the last window */
    uint64_t before;
    uint64_t after;
};

static void fill(struct event *rows)
{
    for (size_t i = 0; i < (size_t)WINDOWS * PER_WINDOW; i++) {
        const size_t window = i / PER_WINDOW;
        const uint64_t random = event_id(i);
        memset(&rows[i], 0, sizeof rows[i]);
        rows[i].at.us = EVENT_BASE_US + (int64_t)((double)i / PER_WINDOW * (double)EVENT_WINDOW_US);
        rows[i].user = event_id(window * (KEYS / 2) + random % KEYS);
        rows[i].kind = 1;
    }
}

static void take(void *user, const flow_elements *elements)
{
    struct watch *watch = user;
    const uint64_t calls = watch->calls();
    engine_take_counts(&watch->outcome, elements);
    for (uint32_t i = 0; i < elements->batch.count; i++) {
        if (elements->windows[i].start.us <= watch->from_us)
            watch->before = calls;
        if (elements->windows[i].start.us < watch->until_us)
            watch->after = calls;
    }
}

/* Calls per million elements between the end of the second window and that of the last but one. */
static double once(
    const struct bench_options *options, const struct events *events, struct watch *watch)
{
    flow_pipeline *p = flow_pipeline_new("allocations");
    const flow_coll keyed = flow_key_by(engine_events(p, events), FLOW_FIELD(event, user));
    const flow_coll windowed =
        flow_window_into(keyed, &(flow_window_options){ .windows = flow_fixed(flow_minutes(1)) });
    watch->outcome = (struct outcome){ 0 };
    flow_receive(flow_count(windowed), NULL, take, watch);
    engine_run(p, options->threads, &watch->outcome);
    const double elements = (double)(WINDOWS - 3) * PER_WINDOW;
    return (double)(watch->after - watch->before) / elements * 1e6;
}

bool bench_allocations(const struct bench_options *options, const struct bench_data *data)
{
    (void)data;
    void *found = dlsym(RTLD_DEFAULT, "bench_calls_for_memory");
    struct watch watch = { .from_us = EVENT_BASE_US + EVENT_WINDOW_US,
        .until_us = EVENT_BASE_US + (int64_t)(WINDOWS - 1) * EVENT_WINDOW_US };
    memcpy(&watch.calls, &found, sizeof found);
    if (found == NULL) {
        bench_skip("allocations", "the counter is not preloaded (bench/run.sh does that)");
        return true;
    }
    const size_t bytes = (size_t)WINDOWS * PER_WINDOW * sizeof(struct event);
    struct event *rows = bench_pages(bytes);
    fill(rows);
    const struct events events = { rows, (size_t)WINDOWS * PER_WINDOW };
    double rates[BENCH_ROUNDS_MAX];
    double level[BENCH_ROUNDS_MAX];
    for (unsigned r = 0; r < options->rounds && !watch.outcome.failed; r++) {
        rates[r] = once(options, &events, &watch);
        level[r] = 1;
    }
    bench_pages_free(rows, bytes);
    if (watch.outcome.failed)
        return false;
    const struct spread ratio = bench_ratio(rates, level, options->rounds);
    bench_print("allocations", ratio.middle, "calls/M", ratio, "one_per_million");
    return true;
}
