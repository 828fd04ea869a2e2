// SPDX-License-Identifier: Apache-2.0
// q7, highest bid: all bids of a window whose price nobody in it topped. In SQL:
//
//     SELECT B.* FROM bid B, (SELECT MAX(price) AS most FROM bid GROUP BY TUMBLE(dateTime, window))
//     M WHERE B.price = M.most -- in the same window
#include "query.h"

#include <flow/transforms.h>

static flow_status highest(flow_ctx *ctx, const struct bid *bid)
{
    const struct flow_integer *most = FLOW_SIDE(ctx, 0, flow_integer);
    return most && bid->price == most->value ? FLOW_EMIT_ROW(ctx, bid, bid) : ctx->status;
}
FLOW_ELEMENT_FN(highest, bid, bid);

flow_coll q7(flow_coll events, const struct query_settings *settings)
{
    const flow_window_options fixed = { .windows = flow_fixed(settings->window) };
    flow_coll bids = flow_window_into(only_bids(events), &fixed);
    const flow_view most = flow_as_singleton(flow_max(bids, FLOW_FIELD(bid, price)));
    return flow_do(bids, &highest_fn, &(flow_do_options){ .sides = &most, .side_count = 1 });
}
