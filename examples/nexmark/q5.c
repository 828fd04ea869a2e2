// SPDX-License-Identifier: Apache-2.0
// q5, hot items: which auctions have seen the most bids in the last while? In SQL:
//
//     SELECT auction, num FROM (
//       SELECT auction, COUNT(*) AS num, RANK() OVER (PARTITION BY window ORDER BY num DESC) AS
//       place FROM bid GROUP BY auction, HOP(dateTime, period, window))
//     WHERE place = 1
#include "query.h"

#include <flow/transforms.h>

// Of a bid no more than what is counted.
struct lot {
    int64_t auction;
};
FLOW_RECORD(lot, auction);

static flow_status lot_of(flow_ctx *ctx, const struct event *event, struct lot *lot)
{
    (void)ctx;
    lot->auction = event->bid.auction;
    return FLOW_OK;
}
FLOW_STAGE(lots, event, lot, FLOW_KEEP(is_bid) FLOW_INTO(lot, lot_of));

static flow_status with_auction(
    flow_ctx *ctx, const int64_t *auction, const struct flow_counted *counted)
{
    return FLOW_EMIT(ctx, auction_count, .auction = *auction, .num = counted->count);
}
FLOW_KEYED_FN(with_auction, int64_t, flow_counted, auction_count);

static flow_status hottest(flow_ctx *ctx, const struct auction_count *counted)
{
    const struct flow_integer *most = FLOW_SIDE(ctx, 0, flow_integer);
    return most && counted->num == most->value ? FLOW_EMIT_ROW(ctx, auction_count, counted)
                                               : ctx->status;
}
FLOW_ELEMENT_FN(hottest, auction_count, auction_count);

flow_coll q5(flow_coll events, const struct query_settings *settings)
{
    const flow_window_options lately = { .windows =
                                             flow_sliding(settings->window, settings->period) };
    // A count has the last instant of its window, so those of one window lie in one period.
    const flow_window_options together = { .windows = flow_fixed(settings->period) };
    flow_coll lots = flow_window_into(flow_do(events, &lots_fn), &lately);
    flow_coll counted =
        flow_do(flow_count(flow_key_by(lots, FLOW_FIELD(lot, auction))), &with_auction_fn);
    flow_coll by_window = flow_window_into(counted, &together);
    const flow_view most = flow_as_singleton(flow_max(by_window, FLOW_FIELD(auction_count, num)));
    return flow_do(by_window, &hottest_fn, &(flow_do_options){ .sides = &most, .side_count = 1 });
}
