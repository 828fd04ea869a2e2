// SPDX-License-Identifier: Apache-2.0
// flow_partition: a step with an output for each part.
#include <flow/transforms.h>

#include "parts.h"

#define PARTS_MAX 30u // outputs of a step

// What one flow_partition needs, in pipeline memory.
struct parts {
    flow_fn fn;
    const flow_partition_fn *user;
    const flow_type *outs[PARTS_MAX];
};

static flow_status deal_row(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct parts *parts = (const struct parts *)(const void *)ctx->fn;
    const flow_type *type = parts->fn.in;
    const uint32_t count = parts->fn.out_count;
    const uint32_t part = parts->user->part(ctx, row->value, count);
    (void)user;
    if (ctx->status != FLOW_OK)
        return ctx->status;
    if (part >= count)
        return flow_fail(ctx, FLOW_USER, "it gave part %u of an element, there are %u",
            (unsigned)part, (unsigned)count);
    return flow_emit(ctx, part, type, row->value, type->size);
}

static flow_status deal(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, deal_row, NULL);
}

static const flow_fn *make(flow_coll in, const flow_partition_fn *user, uint32_t count)
{
    struct parts *parts = flow_pipeline_alloc(in.pipeline, sizeof *parts);
    if (!parts)
        return NULL;
    parts->user = user;
    for (uint32_t i = 0; i < count; i++)
        parts->outs[i] = flow_coll_type(in);
    parts->fn = (flow_fn){ .name = user->name,
        .form = FLOW_FORM_EMIT,
        .in = user->in,
        .outs = parts->outs,
        .out_count = count,
        .process = deal };
    return &parts->fn;
}

flow_coll flow_partition_sized(flow_coll in, const flow_partition_fn *fn, uint32_t count,
    const flow_do_options *options, size_t size)
{
    if (!flow_coll_type(in))
        return fl_no_coll(in.pipeline);
    flow_do_options known;
    flow_options_copy(&known, sizeof known, options, size); // flow_do refuses what it does not know
    fl_scope(in.pipeline, known.name, fn ? fn->name : "partition");
    if (count == 0 || count > PARTS_MAX) {
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "flow_partition: %u parts were asked for, 1 to %u may be", (unsigned)count, PARTS_MAX);
        return fl_no_coll(in.pipeline);
    }
    if (!fn || !fn->part || !fn->in) {
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "flow_partition: it was given no function that says the part of an element");
        return fl_no_coll(in.pipeline);
    }
    flow_scope_end(in.pipeline);
    const flow_fn *step = make(in, fn, count);
    return step ? flow_do_sized(in, step, options, size) : fl_no_coll(in.pipeline);
}
