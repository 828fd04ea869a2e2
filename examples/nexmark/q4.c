// SPDX-License-Identifier: Apache-2.0
// q4, average price for a category: mean of the winning bids of auctions that closed lately. In
// SQL:
//
//     SELECT category, AVG(price) FROM winning_bid -- q9
//     GROUP BY category, HOP(expires, period, window)
#include "query.h"

#include <math.h>

#include <flow/transforms.h>

// What an auction brought.
struct proceeds {
    int64_t category, price;
};
FLOW_RECORD(proceeds, category, price);

static flow_status proceeds_of(
    flow_ctx *ctx, const struct auction_bid *won, struct proceeds *proceeds)
{
    (void)ctx;
    *proceeds = (struct proceeds){ won->auction.category, won->bid.price };
    return FLOW_OK;
}
FLOW_MAP_FN(proceeds_of, auction_bid, proceeds);

static flow_status rounded(
    flow_ctx *ctx, const int64_t *category, const struct flow_averaged *averaged)
{
    return FLOW_EMIT(ctx, category_price, .category = *category,
        .price = (int64_t)floor(averaged->mean + 0.5), .is_last = flow_pane_info(ctx).last);
}
FLOW_KEYED_FN(rounded, int64_t, flow_averaged, category_price);

flow_coll q4(flow_coll events, const struct query_settings *settings)
{
    const flow_window_options lately = { .windows =
                                             flow_sliding(settings->window, settings->period) };
    flow_coll sold = flow_do(winning_bids(events, settings), &proceeds_of_fn);
    flow_coll by_category =
        flow_key_by(flow_window_into(sold, &lately), FLOW_FIELD(proceeds, category));
    return flow_do(flow_mean(by_category, FLOW_FIELD(proceeds, price)), &rounded_fn);
}
