// SPDX-License-Identifier: Apache-2.0
// flow_reshuffle: a step that only gives on, where the key belongs.
#include <flow/transform.h>
#include <flow/transforms.h>

#include "parts.h"

// What one flow_reshuffle needs, in pipeline memory.
struct parts {
    flow_fn fn;
    const flow_type *outs[1];
};

static flow_status give_row(flow_ctx *ctx, const flow_row *row, void *user)
{
    const flow_type *type = ctx->fn->in;
    (void)user;
    return flow_emit(ctx, 0, type, row->value, type->size);
}

static flow_status give_on(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, give_row, NULL);
}

flow_coll flow_reshuffle(flow_coll in)
{
    const flow_type *type = flow_coll_type(in);
    struct parts *parts = type ? flow_pipeline_alloc(in.pipeline, sizeof *parts) : NULL;
    if (!parts)
        return fl_no_coll(in.pipeline);
    parts->outs[0] = type;
    parts->fn = (flow_fn){ .name = "apart",
        .form = FLOW_FORM_APART,
        .in = type,
        .outs = parts->outs,
        .out_count = 1,
        .process = give_on };
    const flow_field_ref whole = { .type = type, .kind = FLOW_KIND_RECORD };
    flow_scope_begin(in.pipeline, "reshuffle");
    const flow_coll keyed = flow_coll_is_keyed(in) ? in : flow_key_by(in, whole);
    const flow_coll out = fl_keyed_like(flow_do(keyed, &parts->fn), in);
    flow_scope_end(in.pipeline);
    return out;
}
