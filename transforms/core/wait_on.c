// SPDX-License-Identifier: Apache-2.0
// flow_wait_on: the signal becomes a side input that is ready once its windows are collected.
#include <flow/transform.h>
#include <flow/transforms.h>

#include "parts.h"

static flow_status keep_all(flow_ctx *ctx, const flow_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++)
        ctx->keep[i] = (uint16_t)FLOW_BATCH_INDEX(batch, i);
    ctx->kept = batch->count;
    return FLOW_OK;
}

// How many elements each window of the signal had, told when it is collected and not before: its
// panes until then say nothing (R77).
static flow_view closing_view(flow_coll signal)
{
    static const struct flow_counted none = { 0 };
    const flow_window_options closing = { .keep_windows = true,
        .trigger = flow_trigger_never(),
        .accumulation = FLOW_DISCARDING,
        .lateness = flow_coll_lateness(signal),
        .no_lateness = flow_coll_lateness(signal).us == 0 };
    const flow_coll unkeyed = flow_coll_is_keyed(signal) ? flow_unkey(signal) : signal;
    return flow_as_singleton_or(
        flow_count(flow_window_into(unkeyed, &closing)), &flow_counted_type, &none);
}

flow_coll flow_wait_on(flow_coll in, flow_coll signal)
{
    flow_fn *fn = flow_coll_type(in) && flow_coll_type(signal)
                      ? flow_pipeline_alloc(in.pipeline, sizeof *fn)
                      : NULL;
    if (!fn)
        return fl_no_coll(in.pipeline);
    *fn = (flow_fn){
        .name = "released", .form = FLOW_FORM_FILTER, .in = flow_coll_type(in), .process = keep_all
    };
    flow_scope_begin(in.pipeline, "wait_on");
    const flow_view view = closing_view(signal);
    const flow_coll out = flow_do(in, fn, &(flow_do_options){ .sides = &view, .side_count = 1 });
    flow_scope_end(in.pipeline);
    return out;
}
