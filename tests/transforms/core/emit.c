// SPDX-License-Identifier: Apache-2.0
// The smallest engine that can call a function over elements.
#include "emit.h"

static flow_status no_room(flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row)
{
    (void)output, (void)type, (void)row;
    ctx->status = FLOW_BUDGET;
    return FLOW_BUDGET;
}

static flow_pane only_pane(const flow_ctx *ctx)
{
    (void)ctx;
    return (flow_pane){ .timing = FLOW_TIMING_ON_TIME, .first = true, .last = true };
}

void emit_with(const flow_fn *fn, const flow_batch *batch, uint32_t room, emission *into)
{
    static const flow_ctx_ops ops = { .emit_slow = no_room, .pane_info = only_pane };
    flow_out out = {
        .next = into->rows,
        .origin = into->origins,
        .room = room,
        .stride = fn->outs[0]->size,
        .type = fn->outs[0],
    };
    flow_ctx_engine engine = { .ops = &ops, .ctx = { .outs = &out, .fn = fn } };
    into->status = fn->process(&engine.ctx, batch);
    into->count = room - out.room;
    into->next = engine.ctx.next;
}
