// SPDX-License-Identifier: Apache-2.0
// q2, selection: bids for some auctions. In SQL:
//
//     SELECT auction, price FROM bid WHERE auction % 123 = 0
#include "query.h"

static bool is_chosen(const flow_ctx *ctx, const struct event *event)
{
    (void)ctx;
    return event->bid.auction % 123 == 0;
}

static flow_status its_price(flow_ctx *ctx, const struct event *event, struct auction_price *out)
{
    (void)ctx;
    *out = (struct auction_price){ event->bid.auction, event->bid.price };
    return FLOW_OK;
}
FLOW_STAGE(chosen, event, auction_price,
    FLOW_KEEP(is_bid) FLOW_KEEP(is_chosen) FLOW_INTO(auction_price, its_price));

flow_coll q2(flow_coll events, const struct query_settings *settings)
{
    (void)settings;
    return flow_do(events, &chosen_fn);
}
