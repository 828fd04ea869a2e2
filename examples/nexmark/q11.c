// SPDX-License-Identifier: Apache-2.0
// q11, user sessions: how many bids did somebody make without a pause of ten seconds? In SQL:
//
//     SELECT bidder, COUNT(*) FROM bid GROUP BY bidder, SESSION(dateTime, window)
//
// q12, processing time windows: the same for ten seconds by the clock, whenever the bids were made.
#include "query.h"

#include <flow/transforms.h>

// Of a bid no more than who made it.
struct bidder {
    int64_t person;
};
FLOW_RECORD(bidder, person);

static flow_status bidder_of(flow_ctx *ctx, const struct event *event, struct bidder *bidder)
{
    (void)ctx;
    bidder->person = event->bid.bidder;
    return FLOW_OK;
}
FLOW_STAGE(bidders, event, bidder, FLOW_KEEP(is_bid) FLOW_INTO(bidder, bidder_of));

static flow_status with_person(
    flow_ctx *ctx, const int64_t *person, const struct flow_counted *counted)
{
    return FLOW_EMIT(ctx, person_bids, .person = *person, .bids = counted->count);
}
FLOW_KEYED_FN(with_person, int64_t, flow_counted, person_bids);

static flow_coll count_by_bidder(flow_coll events, const flow_window_options *windows)
{
    flow_coll bidders = flow_window_into(flow_do(events, &bidders_fn), windows);
    flow_coll counted = flow_count(flow_key_by(bidders, FLOW_FIELD(bidder, person)));
    return flow_do(counted, &with_person_fn);
}

// Long sessions are given in parts.
flow_coll q11(flow_coll events, const struct query_settings *settings)
{
    const flow_window_options sessions = { .windows = flow_sessions(settings->window),
        .trigger = flow_trigger_repeatedly(flow_trigger_count(settings->log_events)),
        .accumulation = FLOW_DISCARDING,
        .on_time = FLOW_EMPTY_NEVER,
        .lateness = flow_seconds(1) };
    return count_by_bidder(events, &sessions);
}

flow_coll q12(flow_coll events, const struct query_settings *settings)
{
    const flow_window_options by_the_clock = { .trigger = flow_trigger_repeatedly(
                                                   flow_trigger_delay(settings->window)),
        .accumulation = FLOW_DISCARDING,
        .on_time = FLOW_EMPTY_NEVER,
        .no_lateness = true };
    return count_by_bidder(events, &by_the_clock);
}
