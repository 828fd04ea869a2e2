// SPDX-License-Identifier: Apache-2.0
// Builders around keys: setting and forgetting them, and combining what has one key.
#include <flow/flow.h>
#include <flow/transform.h>

#include "graph/graph.h"

#define DEPTH_MAX 8

// The canonical form of a list has no bound, so lists are no keys, at any depth.
static bool has_list(const flow_type *type, int depth)
{
    for (uint32_t i = 0; depth < DEPTH_MAX && i < type->field_count; i++) {
        const flow_field *field = &type->fields[i];
        if (field->kind == FLOW_KIND_LIST)
            return true;
        if (field->kind == FLOW_KIND_RECORD && has_list(field->record, depth + 1))
            return true;
    }
    return false;
}

flow_coll fl_key_step(const fl_call *call, flow_coll in, flow_field_ref field, flow_shape shape)
{
    flow_node node = { .kind = FLOW_NODE_KEY, .inputs = &in.id, .input_count = 1, .field = field };
    node.field.name = flow_pipeline_string(in.pipeline, field.name);
    flow_edge out = in.pipeline->edges[in.id - 1];
    out.output = 0;
    out.shape = shape;
    return fl_step_add(call, &node, &out);
}

flow_coll flow_key_by(flow_coll in, flow_field_ref field)
{
    const fl_call call = { in.pipeline, "flow_key_by", field.name ? field.name : "key", false };
    const flow_edge *from = fl_input(&call, in);
    fl_place place;
    if (!from || !fl_check_field(&call, from->shape.type, &field, "key", &place))
        return fl_nothing(in.pipeline);
    if (place.kind == FLOW_KIND_LIST ||
        (place.kind == FLOW_KIND_RECORD && has_list(place.record, 0))) {
        fl_refuse(&call, FLOW_TYPE, "a list cannot be a key%s",
            place.kind == FLOW_KIND_RECORD ? ", nor can a record that holds one" : "");
        return fl_nothing(in.pipeline);
    }
    // A name of its own, since "user" says little in "user, user-2".
    const fl_call named = { in.pipeline, "flow_key_by", "key_by", false };
    return fl_key_step(
        &named, in, field, fl_shape_keyed(&from->shape, place.kind, place.record, place.offset));
}

flow_coll flow_unkey(flow_coll in)
{
    const fl_call call = { in.pipeline, "flow_unkey", "unkey", false };
    const flow_edge *from = fl_input(&call, in);
    if (!from)
        return fl_nothing(in.pipeline);
    flow_shape shape = from->shape;
    shape.key = FLOW_KIND_NONE;
    shape.key_record = NULL;
    shape.key_size = 0;
    shape.key_offset = 0;
    return fl_key_step(&call, in, (flow_field_ref){ 0 }, shape);
}

static bool integral(flow_kind kind)
{
    return kind == FLOW_KIND_I32 || kind == FLOW_KIND_I64 || kind == FLOW_KIND_U32 ||
           kind == FLOW_KIND_U64 || kind == FLOW_KIND_DURATION;
}

// What the accumulators that the engine knows can read (see flow_primitive).
static bool check_primitive(const fl_call *call, flow_primitive primitive, const fl_place *place)
{
    switch (primitive) {
    case FLOW_PRIMITIVE_NONE:
    case FLOW_PRIMITIVE_COUNT:
        return true;
    case FLOW_PRIMITIVE_SUM:
        return integral(place->kind) ||
               fl_refuse(call, FLOW_TYPE, "sums whole numbers, its field is '%s'",
                   flow_kind_name(place->kind));
    case FLOW_PRIMITIVE_MIN:
    case FLOW_PRIMITIVE_MAX:
        return (integral(place->kind) && place->kind != FLOW_KIND_U64) ||
               place->kind == FLOW_KIND_TIME ||
               fl_refuse(call, FLOW_TYPE,
                   "compares signed whole numbers or times, its field is '%s'",
                   flow_kind_name(place->kind));
    }
    return fl_refuse(call, FLOW_UNSUPPORTED, "its primitive %d is unknown", (int)primitive);
}

static bool check_combine(const fl_call *call, const flow_combine_fn *fn,
    const flow_combine_options *options, const flow_type *in)
{
    if (!fl_check_on_error(call, options->on_error))
        return false;
    if (!fn->acc || !fn->out)
        return fl_refuse(
            call, FLOW_INVALID, "the combine has no %s type", fn->acc ? "output" : "accumulator");
    if (fn->primitive == FLOW_PRIMITIVE_NONE && (!fn->add || !fn->merge))
        return fl_refuse(call, FLOW_INVALID, "the combine has no '%s'", fn->add ? "merge" : "add");
    if (fn->exact && fn->primitive == FLOW_PRIMITIVE_NONE && !fn->subtract)
        return fl_refuse(call, FLOW_INVALID, "an exact combine needs 'subtract'");
    if ((fn->in && !fl_check_type(call, fn->in)) || !fl_check_type(call, fn->acc) ||
        !fl_check_type(call, fn->out))
        return false;
    if (!fn->extract && !flow_type_equal(fn->acc, fn->out))
        return fl_refuse(call, FLOW_TYPE, "gives '%s' out of '%s' without 'extract'", fn->out->name,
            fn->acc->name);
    if (fn->in && !flow_type_equal(fn->in, in))
        return fl_refuse(call, FLOW_TYPE, "takes '%s', its input has '%s'", fn->in->name, in->name);
    fl_place place = { 0 };
    const bool needs_field =
        fn->primitive != FLOW_PRIMITIVE_NONE && fn->primitive != FLOW_PRIMITIVE_COUNT;
    if ((needs_field || options->field.type) &&
        !fl_check_field(call, in, &options->field, "field", &place))
        return false;
    return check_primitive(call, fn->primitive, &place);
}

// Replaces the configuration by a copy in pipeline memory; false without memory.
static bool own_config(flow_pipeline *pipeline, flow_combine_options *options)
{
    if (!options->config || !options->config_size) {
        options->config = NULL;
        return true;
    }
    void *copy = flow_pipeline_alloc(pipeline, options->config_size);
    if (copy)
        options->config = memcpy(copy, options->config, options->config_size);
    return copy != NULL;
}

flow_coll flow_combine_sized(
    flow_coll in, const flow_combine_fn *fn, const flow_combine_options *options, size_t size)
{
    fl_call call = { in.pipeline, "flow_combine", "combine", false };
    flow_combine_options known;
    const flow_edge *from = NULL;
    if (!fl_options(&call, &known, sizeof known, options, size) || !(from = fl_input(&call, in)))
        return fl_nothing(in.pipeline);
    fl_call_name(&call, known.name, fn ? fn->name : NULL);
    if (!fn) {
        fl_refuse(&call, FLOW_INVALID, "it was given no combine");
        return fl_nothing(in.pipeline);
    }
    if (!check_combine(&call, fn, &known, from->shape.type) ||
        !fl_check_grouping(&call, from, "combines"))
        return fl_nothing(in.pipeline);
    if (!own_config(in.pipeline, &known))
        return fl_nothing(in.pipeline);
    if (fl_fan_of(in.pipeline, in))
        return fl_fan_combine(&call, in, fn, &known);
    flow_node node = { .kind = FLOW_NODE_COMBINE,
        .inputs = &in.id,
        .input_count = 1,
        .combine = fn,
        .config = known.config,
        .field = known.field,
        .on_error = known.on_error };
    node.field.name = flow_pipeline_string(in.pipeline, known.field.name);
    flow_edge out = *from;
    out.output = 0;
    out.shape = fl_shape_combined(&from->shape, fn->out);
    if (!fl_windowing_grouped(&call, &out))
        return fl_nothing(in.pipeline);
    return fl_step_add(&call, &node, &out);
}
