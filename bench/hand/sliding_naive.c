// SPDX-License-Identifier: Apache-2.0
// Count per product over 60 s every second, the way engines without slices do it: each event is
// added to every one of its 60 windows, each with a table from key to count. One thread; a kind
// form: no timers, no objects, and tables that are used again.
#include "hand/hand.h"

#include <string.h>

enum {
    RING = 64
};

static void emit_window(
    struct hand_slot *table, unsigned shift, int64_t end_slice, struct outcome *outcome)
{
    const int64_t start = EVENT_BASE_US + (end_slice + 1 - EVENT_SLICES) * EVENT_SLICE_US;
    hand_emit(table, shift, start, outcome);
    memset(table, 0, sizeof(struct hand_slot) << (64 - shift));
}

void hand_sliding_naive(
    const struct bench_options *options, const void *input, struct outcome *outcome)
{
    (void)options;
    const struct events *events = input;
    const unsigned shift = hand_shift(EVENT_PRODUCTS);
    const size_t slots = (size_t)1 << (64 - shift);
    const size_t bytes = RING * slots * sizeof(struct hand_slot);
    struct hand_slot *tables = bench_pages(bytes); /* by number of the window's last slice */
    int64_t now = 0;
    for (size_t i = 0; i < events->count; i++) {
        const int64_t slice = (events->rows[i].at.us - EVENT_BASE_US) / EVENT_SLICE_US;
        for (; now < slice; now++)
            emit_window(tables + (size_t)(now % RING) * slots, shift, now, outcome);
        if (!event_is_wanted(&events->rows[i]))
            continue;
        for (int64_t w = slice; w < slice + EVENT_SLICES; w++)
            hand_add(tables + (size_t)(w % RING) * slots, shift, events->rows[i].product, 1);
    }
    for (int64_t end = now + EVENT_SLICES; now < end; now++)
        emit_window(tables + (size_t)(now % RING) * slots, shift, now, outcome);
    bench_pages_free(tables, bytes);
}
