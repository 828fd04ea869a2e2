// SPDX-License-Identifier: Apache-2.0
// Builders around time and whole collections: event times, several inputs as one.
#include <flow/flow.h>
#include <flow/transform.h>

#include "graph/graph.h"

static flow_coll stamped(
    const fl_call *call, flow_coll in, flow_field_ref field, flow_duration skew)
{
    const flow_edge *from = fl_input(call, in);
    fl_place place;
    if (!from || !fl_check_field(call, from->shape.type, &field, "event time", &place))
        return fl_nothing(in.pipeline);
    if (place.kind != FLOW_KIND_TIME) {
        fl_refuse(call, FLOW_TYPE, "its event time '%s' is '%s', not a time",
            field.name ? field.name : field.type->name, flow_kind_name(place.kind));
        return fl_nothing(in.pipeline);
    }
    if (skew.us < 0) {
        fl_refuse(call, FLOW_INVALID, "its skew is below 0");
        return fl_nothing(in.pipeline);
    }
    flow_node node = { .kind = FLOW_NODE_TIMESTAMP,
        .inputs = &in.id,
        .input_count = 1,
        .field = field,
        .skew = skew };
    node.field.name = flow_pipeline_string(in.pipeline, field.name);
    flow_edge out = *from;
    out.output = 0;
    return fl_step_add(call, &node, &out);
}

flow_coll flow_with_timestamps(flow_coll in, flow_field_ref field)
{
    const fl_call call = { in.pipeline, "flow_with_timestamps", "timestamps", false };
    return stamped(&call, in, field, (flow_duration){ 0 });
}

flow_coll flow_with_timestamps_skewed(flow_coll in, flow_field_ref field, flow_duration skew)
{
    const fl_call call = { in.pipeline, "flow_with_timestamps_skewed", "timestamps", false };
    return stamped(&call, in, field, skew);
}

// R14: what is flattened must be of one type, one key and one windowing. `n` counts from 1.
static bool check_alike(const fl_call *call, const flow_edge *first, const flow_edge *in, size_t n)
{
    const flow_shape *a = &first->shape;
    const flow_shape *b = &in->shape;
    if (!flow_type_equal(a->type, b->type))
        return fl_refuse(call, FLOW_TYPE, "input 1 has '%s', input %zu has '%s'", a->type->name, n,
            b->type->name);
    const bool keys_alike = a->key == b->key && (a->key != FLOW_KIND_RECORD ||
                                                    flow_type_equal(a->key_record, b->key_record));
    if (!keys_alike)
        return fl_refuse(call, FLOW_TYPE, "the key of input 1 is '%s', that of input %zu is '%s'",
            fl_key_name(a), n, fl_key_name(b));
    return fl_windowing_alike(call, first, in, n);
}

// Gives each element as it is, in rows of its own.
static flow_status emit_elements(flow_ctx *ctx, const flow_batch *batch)
{
    const flow_type *type = ctx->outs[0].type;
    for (uint32_t i = ctx->next; i < batch->count; i++) {
        ctx->row = FLOW_BATCH_INDEX(batch, i);
        const char *element = batch->rows + (size_t)ctx->row * batch->stride + batch->value_offset;
        const flow_status status = flow_emit(ctx, 0, type, element, type->size);
        if (status != FLOW_OK) {
            ctx->next = i;
            return status;
        }
    }
    return FLOW_OK;
}

// The collection in rows that hold nothing but the element, where its key allows that: what a
// combine made has its key, and after flow_unkey what was its key, before the element.
static flow_coll in_plain_rows(flow_coll in)
{
    flow_pipeline *p = in.pipeline;
    const flow_shape *shape = &p->edges[in.id - 1].shape;
    const flow_field_ref key = flow_coll_key(in);
    const bool plain = shape->value_offset == 0 && shape->stride == shape->type->size;
    if (plain || (shape->key != FLOW_KIND_NONE && !key.type))
        return in;
    flow_fn *fn = flow_pipeline_alloc(p, sizeof *fn);
    const flow_type **outs = flow_pipeline_alloc(p, sizeof *outs);
    if (!fn || !outs)
        return fl_nothing(p);
    outs[0] = shape->type;
    *fn = (flow_fn){
        .name = "elements",
        .form = FLOW_FORM_EMIT,
        .in = shape->type,
        .outs = outs,
        .out_count = 1,
        .process = emit_elements,
    };
    const flow_coll out = flow_do(in, fn);
    return key.type ? flow_key_by(out, key) : out;
}

// Lets all inputs lie as the first does, by laying rows anew where they differ.
static bool align_inputs(const fl_call *call, flow_coll *ins, size_t count)
{
    flow_pipeline *p = call->pipeline;
    bool same = true;
    for (size_t i = 1; i < count; i++)
        same =
            same && fl_shape_equal(&p->edges[ins[0].id - 1].shape, &p->edges[ins[i].id - 1].shape);
    for (size_t i = 0; !same && i < count; i++) {
        ins[i] = in_plain_rows(ins[i]);
        if (!ins[i].id)
            return false;
        if (!fl_shape_equal(&p->edges[ins[0].id - 1].shape, &p->edges[ins[i].id - 1].shape))
            return fl_refuse(call, FLOW_TYPE,
                "input 1 and input %zu are keyed by different fields, or one by no field of its "
                "elements",
                i + 1);
    }
    return true;
}

flow_coll flow_flatten(const flow_coll *ins, size_t count)
{
    flow_pipeline *p = count > 0 && ins ? ins[0].pipeline : NULL;
    const fl_call call = { p, "flow_flatten", "flatten", false };
    if (!p || p->error.status != FLOW_OK)
        return fl_nothing(p);
    const flow_edge *first = fl_input(&call, ins[0]);
    flow_coll *aligned = flow_pipeline_alloc(p, count * sizeof *aligned);
    uint32_t *inputs = flow_pipeline_alloc(p, count * sizeof *inputs);
    if (!first || !aligned || !inputs)
        return fl_nothing(p);
    flow_edge out = *first;
    for (size_t i = 0; i < count; i++) {
        const flow_edge *in = fl_input(&call, ins[i]);
        if (!in || !check_alike(&call, first, in, i + 1))
            return fl_nothing(p);
        aligned[i] = ins[i];
        out.unbounded = out.unbounded || in->unbounded;
        fl_windowing_join(&out, in);
    }
    if (!align_inputs(&call, aligned, count))
        return fl_nothing(p);
    for (size_t i = 0; i < count; i++)
        inputs[i] = aligned[i].id;
    out.output = 0;
    out.shape = p->edges[inputs[0] - 1].shape;
    const flow_node node = {
        .kind = FLOW_NODE_FLATTEN, .inputs = inputs, .input_count = (uint32_t)count
    };
    return fl_step_add(&call, &node, &out);
}
