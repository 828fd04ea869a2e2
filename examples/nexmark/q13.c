// SPDX-License-Identifier: Apache-2.0
// q13, bounded side input join: each bid with what a table of 500 rows has for its bidder, in place
// of its extra text. In SQL:
//
//     SELECT B.auction, B.bidder, B.price, B.dateTime, T.value FROM bid B, side T
//     WHERE B.bidder % 500 = T.key
//
// q14, session side input join: the same for all bids of a session, with its bounds.
#include "query.h"

#include <stdio.h>

#include <flow/memory.h>
#include <flow/transform.h>

enum {
    ROWS = 500
};

struct table_row {
    int64_t key;
    flow_str value;
};
FLOW_RECORD(table_row, key, value);

static flow_view side_table(flow_pipeline *pipeline)
{
    struct table_row *rows = flow_pipeline_alloc(pipeline, ROWS * sizeof *rows);
    for (int64_t key = 0; rows && key < ROWS; key++) {
        char value[24];
        snprintf(value, sizeof value, "%lld", (long long)key);
        rows[key] = (struct table_row){ key, flow_str_of(flow_pipeline_string(pipeline, value)) };
    }
    const flow_create_options table = {
        .name = "side", .type = &table_row_type, .rows = rows, .count = rows ? ROWS : 0
    };
    return flow_as_map(flow_key_by(flow_create(pipeline, &table), FLOW_FIELD(table_row, key)));
}

static flow_str value_for(flow_ctx *ctx, int64_t bidder)
{
    const int64_t key = bidder % ROWS;
    const struct table_row *row = FLOW_SIDE_FIND(ctx, 0, table_row, key);
    return row ? row->value : (flow_str){ NULL, 0 };
}

static flow_status join_with_table(flow_ctx *ctx, const struct bid *bid, struct bid *out)
{
    *out = *bid;
    out->extra = value_for(ctx, bid->bidder);
    return ctx->status;
}
FLOW_MAP_FN(join_with_table, bid, bid);

flow_coll q13(flow_coll events, const struct query_settings *settings)
{
    (void)settings;
    const flow_view table = side_table(events.pipeline);
    return flow_do(only_bids(events), &join_with_table_fn,
        &(flow_do_options){ .sides = &table, .side_count = 1 });
}

// As Beam writes an instant: with milliseconds, even where there are none.
static flow_str instant(flow_ctx *ctx, flow_time at)
{
    char text[40];
    const size_t len = flow_time_print(at, text);
    const bool whole = at.us % 1000000 == 0;
    return flow_format(ctx, "%.*s%s", (int)(whole ? len - 1 : len), text, whole ? ".000Z" : "");
}

static flow_status join_session(flow_ctx *ctx, const int64_t *bidder, flow_rows *bids)
{
    const flow_window session = flow_event_window(ctx);
    const flow_str value = value_for(ctx, *bidder);
    const flow_str start = instant(ctx, session.start), end = instant(ctx, session.end);
    const flow_str extra = flow_format(ctx, "%.*s:%.*s:%.*s", (int)value.len, value.data,
        (int)start.len, start.data, (int)end.len, end.data);
    for (const struct bid *bid; (bid = flow_rows_next(bids)) != NULL;)
        FLOW_EMIT(ctx, bid, .auction = bid->auction, .bidder = bid->bidder, .price = bid->price,
            .at = bid->at, .extra = extra);
    return ctx->status;
}
FLOW_GROUP_FN(join_session, int64_t, bid, bid);

flow_coll q14(flow_coll events, const struct query_settings *settings)
{
    const flow_window_options sessions = { .windows = flow_sessions(settings->session) };
    const flow_view table = side_table(events.pipeline);
    flow_coll bids = flow_window_into(only_bids(events), &sessions);
    return flow_group(flow_key_by(bids, FLOW_FIELD(bid, bidder)), &join_session_fn,
        &(flow_do_options){ .sides = &table, .side_count = 1 });
}
