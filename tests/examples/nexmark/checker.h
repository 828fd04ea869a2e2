// SPDX-License-Identifier: Apache-2.0
// The queries once more, without any engine: one thread, plain loops over all events in memory.
// They share records and generator with the pipelines, and nothing else.
#ifndef NEXMARK_TEST_CHECKER_H
#define NEXMARK_TEST_CHECKER_H

#include <history.h>
#include <result.h>

#include "rows.h"

typedef void check_query(const struct history *history, struct rows *rows);

check_query check_q0, check_q1, check_q2, check_q3, check_q4, check_q5, check_q6, check_q7,
    check_q8, check_q9, check_q11, check_q12, check_q13, check_q14;

// Of each auction that somebody won, the auction and the bid. `count` of them, to be freed.
struct won {
    const struct auction *auction;
    const struct bid *bid;
};
struct won *check_winners(const struct history *history, size_t *count);

// What the checkers know of the queries' settings.
enum {
    CHECK_WINDOW_MS = 10000,
    CHECK_PERIOD_MS = 5000,
    CHECK_SESSION_MS = 600000, // of q14
    CHECK_FIRST_ID = 1000,
    CHECK_TABLE = 500, // rows
    CHECK_LAST = 10    // sales
};

// Milliseconds of an event time.
static inline int64_t check_ms(flow_time at)
{
    return at.us / 1000;
}

// A time in milliseconds; rows_add writes it as such.
static inline flow_time check_at(int64_t ms)
{
    return (flow_time){ ms * 1000 };
}

// The end of the global window.
#define CHECK_GLOBAL_END_MS INT64_C(9223371950454775)

// Zeroed memory, or the end of the program.
void *check_memory(size_t count, size_t size);

// More than any id of a person or an auction, less CHECK_FIRST_ID.
size_t check_ids(const struct history *history);

#endif
