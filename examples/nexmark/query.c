// SPDX-License-Identifier: Apache-2.0
// The table of queries, and the steps that several of them begin with.
#include "query.h"

const struct query_settings query_defaults = { .window = { 10000000 },
    .period = { 5000000 },
    .session = { 600000000 },
    .log_events = 100000,
    .shards = 25,
    .folder = "nexmark-log" };

static const struct query queries[] = {
    { "q0", q0, "every event, once through its binary form and back" },
    { "q1", q1, "bids, with prices in another currency" },
    { "q2", q2, "bids for one in 123 auctions" },
    { "q3", q3, "auctions of category 10 by sellers of three states" },
    { "q4", q4, "mean winning price by category, sliding" },
    { "q5", q5, "auctions with the most bids, sliding" },
    { "q6", q6, "mean price of each seller's last ten auctions" },
    { "q7", q7, "the highest bids of each window" },
    { "q8", q8, "persons who sell in the window in which they registered" },
    { "q9", q9, "winning bids" },
    { "q10", q10, "events written to files by window and shard" },
    { "q11", q11, "bids of each person and session" },
    { "q12", q12, "bids of each person in ten seconds by the clock" },
    { "q13", q13, "bids joined with a table" },
    { "q14", q14, "bids of each session joined with a table" },
};

const struct query *query_of(unsigned number)
{
    return number < sizeof queries / sizeof queries[0] ? &queries[number] : NULL;
}

static flow_status bid_of(flow_ctx *ctx, const struct event *event, struct bid *bid)
{
    (void)ctx;
    *bid = event->bid;
    return FLOW_OK;
}
FLOW_STAGE(bids, event, bid, FLOW_KEEP(is_bid) FLOW_INTO(bid, bid_of));

static bool is_auction(const flow_ctx *ctx, const struct event *event)
{
    (void)ctx;
    return event->auction.count > 0;
}

static flow_status auction_of(flow_ctx *ctx, const struct event *event, struct auction *auction)
{
    (void)ctx;
    *auction = *(const struct auction *)event->auction.items;
    return FLOW_OK;
}
FLOW_STAGE(auctions, event, auction, FLOW_KEEP(is_auction) FLOW_INTO(auction, auction_of));

static bool is_person(const flow_ctx *ctx, const struct event *event)
{
    (void)ctx;
    return event->person.count > 0;
}

static flow_status person_of(flow_ctx *ctx, const struct event *event, struct person *person)
{
    (void)ctx;
    *person = *(const struct person *)event->person.items;
    return FLOW_OK;
}
FLOW_STAGE(persons, event, person, FLOW_KEEP(is_person) FLOW_INTO(person, person_of));

flow_coll only_bids(flow_coll events)
{
    return flow_do(events, &bids_fn);
}

flow_coll only_auctions(flow_coll events)
{
    return flow_do(events, &auctions_fn);
}

flow_coll only_persons(flow_coll events)
{
    return flow_do(events, &persons_fn);
}
