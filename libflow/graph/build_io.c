// SPDX-License-Identifier: Apache-2.0
// Builders of the ends of a graph: sources and sinks.
#include <flow/transform.h>

#include "graph/graph.h"

static bool check_source(const fl_call *call, const flow_source *source)
{
    if (!source)
        return fl_refuse(call, FLOW_INVALID, "it was given no source");
    const char *missing = !source->open         ? "open"
                          : !source->partitions ? "partitions"
                          : !source->claim      ? "claim"
                          : !source->read       ? "read"
                          : !source->close      ? "close"
                                                : NULL;
    return !missing || fl_refuse(call, FLOW_INVALID, "the source has no '%s'", missing);
}

static bool check_times(const fl_call *call, const flow_time_policy *times)
{
    if (times->disorder.us < 0)
        return fl_refuse(call, FLOW_INVALID, "its disorder is %lld us, it must be at least 0",
            (long long)times->disorder.us);
    if (times->idle < FLOW_IDLE_HOLD || times->idle > FLOW_IDLE_END)
        return fl_refuse(call, FLOW_INVALID, "its idle policy %d is unknown", (int)times->idle);
    if (times->idle != FLOW_IDLE_HOLD && times->idle_after.us <= 0)
        return fl_refuse(call, FLOW_INVALID,
            "its idle policy needs 'idle_after' above 0, it is %lld us",
            (long long)times->idle_after.us);
    return true;
}

// `told`: the watermark needs no policy.
static bool check_read(const fl_call *call, const flow_read_options *options, bool told)
{
    if (!options->type)
        return fl_refuse(call, FLOW_INVALID, "its options name no element type");
    if (!fl_check_type(call, options->type) || !check_times(call, &options->times))
        return false;
    if (!fl_check_on_error(call, options->on_error))
        return false;
    if (!options->event_time.type)
        return true;
    fl_place place;
    if (!fl_check_field(call, options->type, &options->event_time, "event time", &place))
        return false;
    if (place.kind != FLOW_KIND_TIME)
        return fl_refuse(call, FLOW_TYPE, "its event time '%s' is '%s', not a time",
            options->event_time.name ? options->event_time.name : options->type->name,
            flow_kind_name(place.kind));
    if (!told && options->times.disorder.us == 0 && !options->times.in_order)
        return fl_refuse(call, FLOW_INVALID,
            "its input has no end, so the watermark needs 'times.disorder' or 'times.in_order'");
    return true;
}

flow_coll flow_read(
    flow_pipeline *pipeline, const flow_source *source, const flow_read_options *options)
{
    if (!pipeline || pipeline->error.status != FLOW_OK)
        return fl_nothing(pipeline);
    fl_call call = { pipeline, "flow_read", "read", false };
    fl_call_name(&call, options ? options->name : NULL, source ? source->name : NULL);
    static const flow_read_options none = { 0 };
    if (!check_source(&call, source))
        return fl_nothing(pipeline);
    const bool unbounded = source->unbounded || (options && options->unbounded);
    if (!check_read(&call, options ? options : &none, !unbounded || source->own_watermark))
        return fl_nothing(pipeline);
    flow_read_options *copy = flow_pipeline_alloc(pipeline, sizeof *copy);
    if (!copy)
        return fl_nothing(pipeline);
    *copy = *options;
    copy->unbounded = unbounded;
    copy->name = flow_pipeline_string(pipeline, options->name);
    copy->event_time.name = flow_pipeline_string(pipeline, options->event_time.name);
    const flow_node node = {
        .kind = FLOW_NODE_SOURCE, .source = source, .read = copy, .on_error = copy->on_error
    };
    const flow_edge out = { .shape = fl_shape_of(copy->type), .unbounded = unbounded };
    return fl_step_add(&call, &node, &out);
}

void flow_read_witness(flow_coll in, const flow_witness *witness)
{
    const char *by = witness && witness->by ? witness->by : "flow_read_witness";
    fl_call call = { in.pipeline, by, "read", false };
    const flow_edge *edge = fl_input(&call, in);
    if (!edge)
        return;
    flow_node *node = &in.pipeline->nodes[edge->producer];
    call.step = node->path;
    if (node->kind != FLOW_NODE_SOURCE || edge->output != 0)
        fl_refuse(&call, FLOW_INVALID, "it is not what a source gives");
    else if (!witness || !witness->open || !witness->given || !witness->ready || !witness->close)
        fl_refuse(&call, FLOW_INVALID, "the witness lacks a function");
    else if (node->witness)
        fl_refuse(&call, FLOW_INVALID, "the source has a witness already");
    else
        node->witness = witness;
}

static bool check_sink(const fl_call *call, const flow_sink *sink)
{
    if (!sink)
        return fl_refuse(call, FLOW_INVALID, "it was given no sink");
    const char *missing = !sink->open    ? "open"
                          : !sink->stage ? "stage"
                          : !sink->close ? "close"
                                         : NULL;
    return !missing || fl_refuse(call, FLOW_INVALID, "the sink has no '%s'", missing);
}

static bool check_write(
    const fl_call *call, const flow_sink *sink, const flow_write_options *options)
{
    if (!check_sink(call, sink) || !fl_check_on_error(call, options->on_error))
        return false;
    return !options->dead_letters || options->on_error == FLOW_ON_ERROR_DEAD_LETTER ||
           fl_refuse(call, FLOW_INVALID,
               "it keeps no dead letters; its 'on_error' must be FLOW_ON_ERROR_DEAD_LETTER");
}

void flow_write(flow_coll in, const flow_sink *sink, const flow_write_options *options)
{
    static const flow_write_options usual = { 0 };
    fl_call call = { in.pipeline, "flow_write", "write", false };
    options = options ? options : &usual;
    if (options->dead_letters)
        *options->dead_letters = fl_nothing(in.pipeline);
    const flow_edge *edge = fl_input(&call, in);
    if (!edge)
        return;
    fl_call_name(&call, options->name, sink ? sink->name : NULL);
    if (!check_write(&call, sink, options))
        return;
    const bool unbounded = edge->unbounded;
    const flow_node node = { .kind = FLOW_NODE_SINK,
        .inputs = &in.id,
        .input_count = 1,
        .sink = sink,
        .sink_config = options->config,
        .on_error = options->on_error };
    const uint32_t index = in.pipeline->graph.node_count;
    fl_step_add(&call, &node, NULL);
    if (options->dead_letters && in.pipeline->graph.node_count > index)
        *options->dead_letters =
            fl_rejected_add(in.pipeline, index, FLOW_OUTPUT_DEAD_LETTERS, unbounded);
}
