// SPDX-License-Identifier: Apache-2.0
// flow_where: a filter over fields.
#include "condition.h"
#include "core/parts.h"

#define CONDITIONS_MAX 64u

// What one flow_where needs, in pipeline memory.
struct parts {
    flow_fn fn; // first: flow_ctx.fn points into it
    uint32_t count;
    struct fl_condition conditions[];
};

static flow_status keep_rows(flow_ctx *ctx, const flow_batch *batch)
{
    const struct parts *parts = (const struct parts *)(const void *)ctx->fn;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        const uint32_t number = FLOW_BATCH_INDEX(batch, i);
        const char *row = batch->rows + (size_t)number * batch->stride + batch->value_offset;
        bool good = true;
        for (uint32_t c = 0; c < parts->count && good; c++)
            good = fl_condition_met(&parts->conditions[c], row);
        ctx->keep[kept] = (uint16_t)number;
        kept += good ? 1 : 0;
    }
    ctx->kept = kept;
    return FLOW_OK;
}

flow_coll flow_where(flow_coll in, const flow_condition *conditions, size_t count, const char *name)
{
    if (!flow_coll_type(in))
        return fl_no_coll(in.pipeline);
    fl_scope(in.pipeline, name, "where");
    if (!conditions || count == 0 || count > CONDITIONS_MAX) {
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "flow_where: %zu conditions were given, 1 to %u may be", conditions ? count : 0,
            CONDITIONS_MAX);
        return fl_no_coll(in.pipeline);
    }
    struct parts *parts =
        flow_pipeline_alloc(in.pipeline, sizeof *parts + count * sizeof *parts->conditions);
    if (!parts)
        return fl_no_coll(in.pipeline);
    parts->count = (uint32_t)count;
    for (size_t i = 0; i < count; i++)
        if (!fl_condition_make(in, "flow_where", &conditions[i], &parts->conditions[i]))
            return fl_no_coll(in.pipeline);
    flow_scope_end(in.pipeline);
    parts->fn = (flow_fn){
        .name = "where", .form = FLOW_FORM_FILTER, .in = flow_coll_type(in), .process = keep_rows
    };
    return flow_do(in, &parts->fn, &(flow_do_options){ .name = name });
}
