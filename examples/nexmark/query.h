// SPDX-License-Identifier: Apache-2.0
// The queries: functions from the collection of events to a collection of results.
#ifndef NEXMARK_QUERY_H
#define NEXMARK_QUERY_H

#include <flow/flow.h>

#include "result.h"

// What queries may be told. As query_defaults says unless somebody wants something else.
struct query_settings {
    flow_duration window;   // of q5, q7, q8, q10; gap of q11; delay of q12; of q4, too
    flow_duration period;   // from one sliding window to the next: q4, q5
    flow_duration session;  // gap of q14
    flow_duration patience; // how long a bid waits for its auction to open (q4, q6, q9); 0: as long
                            // as it takes
    int64_t log_events;     // of a file, of an early result: q10, q11
    int64_t shards;         // files of a window: q10
    const char *folder;     // where they go: q10
};

extern const struct query_settings query_defaults;

// Builds a query on events. Gives its results; the invalid collection where it writes them itself
// (q10) or the pipeline has failed.
typedef flow_coll query_build(flow_coll events, const struct query_settings *settings);

query_build q0, q1, q2, q3, q4, q5, q6, q7, q8, q9, q10, q11, q12, q13, q14;

struct query {
    const char *name; // "q0"
    query_build *build;
    const char *says; // what it does, in one line
};

// All of them by number; NULL past the last.
const struct query *query_of(unsigned number);

// --- what several queries begin with

// The bids among events; likewise auctions, whose long records are copied.
flow_coll only_bids(flow_coll events);
flow_coll only_auctions(flow_coll events);
flow_coll only_persons(flow_coll events);

// Auctions that are over, each with the bid that won it, at the last millisecond before it expired:
// the highest of those that reach the reserve and came before, of equal ones the earliest. q9, and
// the begin of q4 and q6.
flow_coll winning_bids(flow_coll events, const struct query_settings *settings);

// The same for stages of one's own: FLOW_KEEP(is_bid).
static inline bool is_bid(const flow_ctx *ctx, const struct event *event)
{
    (void)ctx;
    return event->bid.auction != 0;
}

#endif
