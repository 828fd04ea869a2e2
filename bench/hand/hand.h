// SPDX-License-Identifier: Apache-2.0
// The hand-written loops: what the same work costs without any engine.
#ifndef BENCH_HAND_HAND_H
#define BENCH_HAND_HAND_H

#include "hand/table.h"
#include "support/bench.h"
#include "support/event.h"

/** Filter, map, filter, sum (stateless.c). Input: struct events. */
bench_side hand_stateless;
/** The same with a first filter that half pass (stateless.c). */
bench_side hand_stateless_half;
/** Count per product and minute (keyed_1k.c). Input: struct events. */
bench_side hand_keyed_1k;
/** Count per product and second (keyed_1k.c). */
bench_side hand_keyed_1k_second;
/** Count per user and minute (keyed_1m.c). Input: struct events. */
bench_side hand_keyed_1m;
/** Count per product in 60 s every second, by slices with a running sum (sliding.c). */
bench_side hand_sliding;
/** The same by adding each event to its 60 windows, one table a window (sliding_naive.c). */
bench_side hand_sliding_naive;
/** Count per user and session (sessions.c). */
bench_side hand_sessions;
/** Count per user and minute, given for every EVENT_EARLY events and at the end (sessions.c). */
bench_side hand_early;

/** A file of JSON lines. */
struct hand_file {
    const char *path; /**< Where. */
    size_t lines;     /**< How many. */
};

/** The file's bytes, for hand_unmap(); NULL, with a line on stderr, when it cannot be read or is
 * empty. */
const char *hand_map(const struct hand_file *file, size_t *size);
/** Gives back what hand_map() gave. */
void hand_unmap(const char *data, size_t size);

/** Parses each line and looks at nothing (json.c). Input: struct hand_file. Checksum: lines. */
bench_side hand_json_parse;
/** Splits CSV lines and reads three numbers of each (csv.c). Input and checksum as above. */
bench_side hand_csv_parse;

/** Adds a table's counts to a checksum. */
static inline void hand_emit(
    const struct hand_slot *slots, unsigned shift, int64_t start_us, struct outcome *outcome)
{
    const size_t size = (size_t)1 << (64 - shift);
    for (size_t i = 0; i < size; i++) {
        if (slots[i].count == 0)
            continue;
        outcome->sum += event_mix(slots[i].key, start_us, (int64_t)slots[i].count);
        outcome->results++;
    }
}

#endif
