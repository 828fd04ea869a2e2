// SPDX-License-Identifier: Apache-2.0
// q1, currency conversion: bids in euros. In SQL:
//
//     SELECT auction, bidder, price * 89 / 100, dateTime, extra FROM bid
#include "query.h"

static flow_status in_euros(flow_ctx *ctx, const struct event *event, struct bid *bid)
{
    (void)ctx;
    *bid = event->bid;
    bid->price = bid->price * 89 / 100;
    return FLOW_OK;
}
FLOW_STAGE(bids_in_euros, event, bid, FLOW_KEEP(is_bid) FLOW_INTO(bid, in_euros));

flow_coll q1(flow_coll events, const struct query_settings *settings)
{
    (void)settings;
    return flow_do(events, &bids_in_euros_fn);
}
