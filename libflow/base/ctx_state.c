// SPDX-License-Identifier: Apache-2.0
// The calls about state and timers, handed to the engine behind the context.
#include <flow/runner.h>

static const flow_ctx_ops *ops_of(const flow_ctx *ctx)
{
    const char *engine = (const char *)(const void *)ctx - offsetof(flow_ctx_engine, ctx);
    return ((const flow_ctx_engine *)(const void *)engine)->ops;
}

void flow_timer_start(flow_ctx *ctx, const flow_timer *timer, flow_timer_when when)
{
    ops_of(ctx)->timer_start(ctx, timer, when);
}

void flow_timer_stop(flow_ctx *ctx, const flow_timer *timer, flow_str tag)
{
    ops_of(ctx)->timer_stop(ctx, timer, tag);
}

flow_time flow_timer_time(const flow_ctx *ctx)
{
    return ops_of(ctx)->timer_time(ctx);
}

flow_str flow_timer_tag(const flow_ctx *ctx)
{
    return ops_of(ctx)->timer_tag(ctx);
}

flow_time flow_processing_time(const flow_ctx *ctx)
{
    return ops_of(ctx)->processing_time(ctx);
}

const void *flow_cell_get(flow_ctx *ctx, const flow_cell *cell, const void *key)
{
    return ops_of(ctx)->cell_get(ctx, cell, key);
}

const void *flow_cell_put(flow_ctx *ctx, const flow_cell *cell, flow_cell_entry entry)
{
    return ops_of(ctx)->cell_put(ctx, cell, entry);
}

void flow_cell_remove(flow_ctx *ctx, const flow_cell *cell, const void *key)
{
    ops_of(ctx)->cell_remove(ctx, cell, key);
}

void flow_cell_clear(flow_ctx *ctx, const flow_cell *cell, const flow_time range[2])
{
    ops_of(ctx)->cell_clear(ctx, cell, range);
}

uint64_t flow_cell_count(flow_ctx *ctx, const flow_cell *cell)
{
    return ops_of(ctx)->cell_count(ctx, cell);
}

flow_cursor flow_cell_walk(flow_ctx *ctx, const flow_cell *cell, flow_cell_part part)
{
    flow_cursor cursor = { .ctx = ctx };
    cursor.from_ = part.ranged ? part.from.us : FLOW_TIME_MIN_US;
    cursor.to_ = part.ranged ? part.to.us : FLOW_TIME_MAX_US;
    ops_of(ctx)->cell_walk(ctx, cell, &cursor, part.key);
    return cursor;
}

bool flow_cursor_next(flow_cursor *cursor)
{
    return ops_of(cursor->ctx)->cursor_next(cursor);
}
