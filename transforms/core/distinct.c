// SPDX-License-Identifier: Apache-2.0
// flow_distinct: the whole element as key, counted, and the key as the element again, once: of a
// key and window only the first pane counts.
#include <flow/transform.h>
#include <flow/transforms.h>

static flow_status emit_key(flow_ctx *ctx, const flow_row *row, void *user)
{
    const flow_type *type = ctx->outs[0].type;
    (void)user;
    return flow_emit(ctx, 0, type, row->key, type->size);
}

static flow_status emit_new_key(flow_ctx *ctx, const flow_row *row, void *user)
{
    return flow_pane_info(ctx).first ? emit_key(ctx, row, user) : FLOW_OK;
}

// Where counts are taken back, what is taken back is needed.
static flow_status emit_keys(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, emit_key, NULL);
}

static flow_status emit_new_keys(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, emit_new_key, NULL);
}

// A function from counts to their keys; the key's type is known only now.
static const flow_fn *keys_fn(flow_coll counted, const flow_type *type)
{
    flow_pipeline *pipeline = counted.pipeline;
    flow_fn *fn = flow_pipeline_alloc(pipeline, sizeof *fn);
    const flow_type **outs = flow_pipeline_alloc(pipeline, sizeof *outs);
    if (!fn || !outs)
        return NULL;
    outs[0] = type;
    *fn = (flow_fn){
        .name = "elements",
        .form = FLOW_FORM_EMIT,
        .in = &flow_counted_type,
        .outs = outs,
        .out_count = 1,
        .process = flow_coll_accumulation(counted) == FLOW_RETRACTING ? emit_keys : emit_new_keys,
    };
    return fn;
}

flow_coll flow_distinct(flow_coll in)
{
    const flow_type *type = flow_coll_type(in);
    const flow_fn *fn = type ? keys_fn(in, type) : NULL;
    if (!fn)
        return (flow_coll){ in.pipeline, 0 };
    const flow_field_ref whole = { .type = type, .kind = FLOW_KIND_RECORD };
    const flow_field_ref key = flow_coll_key(in);
    flow_scope_begin(in.pipeline, "distinct");
    flow_coll elements = flow_do(flow_count(flow_key_by(in, whole)), fn);
    if (key.type)
        elements = flow_key_by(elements, key);
    flow_scope_end(in.pipeline);
    return elements;
}
