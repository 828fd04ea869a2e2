// SPDX-License-Identifier: Apache-2.0
// Builders of steps that run a function, and of what else such steps give.
#include <flow/flow.h>
#include <flow/text.h>
#include <flow/transform.h>

#include "graph/graph.h"

static void *take(void *user, size_t size)
{
    return flow_pipeline_alloc(user, size);
}

void *fl_copy_record(
    const fl_call *call, const flow_type *type, const void *record, const char *what)
{
    if (!fl_check_type(call, type))
        return NULL;
    void *copy = flow_pipeline_alloc(call->pipeline, type->size);
    if (!copy)
        return NULL;
    memcpy(copy, record, type->size);
    const flow_memory memory = { take, call->pipeline };
    const flow_status status = flow_row_adopt(type, copy, &memory, NULL, NULL);
    if (status == FLOW_OK)
        return copy;
    fl_refuse(call, status, "%s could not be copied", what);
    return NULL;
}

static bool copy_config(const fl_call *call, const flow_do_options *options, flow_node *node)
{
    if (!options->config)
        return true;
    if (!options->config_type)
        return fl_refuse(call, FLOW_INVALID, "its options have a 'config' without 'config_type'");
    node->config = fl_copy_record(call, options->config_type, options->config, "its configuration");
    node->config_type = options->config_type;
    return node->config != NULL;
}

static bool check_options(const fl_call *call, const flow_fn *fn, const flow_do_options *options)
{
    if (!fl_check_on_error(call, options->on_error))
        return false;
    const bool stateful = fn->form == FLOW_FORM_STATEFUL || fn->form == FLOW_FORM_CELLS;
    if (options->time_sorted && !stateful)
        return fl_refuse(
            call, FLOW_INVALID, "only stateful functions take their input 'time_sorted'");
    if (options->stable_input && !stateful)
        return fl_refuse(call, FLOW_UNSUPPORTED,
            "only stateful functions take a 'stable_input': that of others is made anew when a "
            "bundle is tried again; key it first (R66b)");
    return true;
}

// What a step does about elements that fail.
static bool check_patience(
    const fl_call *call, flow_node_kind kind, const flow_fn *fn, const flow_do_options *options)
{
    const bool calls = fn->form != FLOW_FORM_MAP && fn->form != FLOW_FORM_STAGE &&
                       fn->form != FLOW_FORM_UPDATE && fn->form != FLOW_FORM_FILTER;
    if (options->backoff.us < 0 || options->timeout.us < 0)
        return fl_refuse(call, FLOW_INVALID, "its 'backoff' and 'timeout' cannot be negative");
    if (!(options->most_rejected >= 0 && options->most_rejected < 1))
        return fl_refuse(call, FLOW_INVALID, "its 'most_rejected' is a share: from 0 to below 1");
    if (options->most_rejected > 0 && options->on_error == FLOW_ON_ERROR_FAIL)
        return fl_refuse(call, FLOW_INVALID,
            "it has a 'most_rejected', but rejects nothing: its 'on_error' is to fail");
    if (options->attempts > 1 && fn->form == FLOW_FORM_FILTER)
        return fl_refuse(call, FLOW_INVALID, "a filter has no 'attempts': it cannot fail");
    if (options->backoff.us > 0 && options->attempts < 2)
        return fl_refuse(call, FLOW_INVALID, "it has a 'backoff' without 'attempts'");
    if (options->timeout.us > 0 && (kind == FLOW_NODE_SPLIT || !calls))
        return fl_refuse(call, FLOW_INVALID,
            "only functions that are called for one element, batch or group and emit have a "
            "'timeout'");
    return true;
}

// The views that a step looks into, as edges.
static bool take_sides(const fl_call *call, const flow_do_options *options, flow_node *node)
{
    flow_pipeline *p = call->pipeline;
    if (options->side_count == 0)
        return true;
    if (!options->sides)
        return fl_refuse(call, FLOW_INVALID, "its options have a 'side_count' without 'sides'");
    uint32_t *sides = flow_pipeline_alloc(p, options->side_count * sizeof *sides);
    if (!sides)
        return false;
    for (uint32_t i = 0; i < options->side_count; i++) {
        const flow_view view = options->sides[i];
        if (view.pipeline != p)
            return fl_refuse(
                call, FLOW_INVALID, "side input %u belongs to another pipeline", (unsigned)i);
        if (view.id == 0 || view.id > p->graph.edge_count ||
            p->nodes[p->edges[view.id - 1].producer].kind != FLOW_NODE_VIEW)
            return fl_refuse(
                call, FLOW_INVALID, "side input %u is no view of this pipeline", (unsigned)i);
        sides[i] = view.id;
    }
    node->sides = sides;
    node->side_count = options->side_count;
    return true;
}

// A session grows, and with it the window of a side input that belongs to it (R70): state would be
// made of rows that looked into different ones, which may not even be ready.
static bool check_sides_of_state(const fl_call *call, const flow_node *node, const flow_edge *in)
{
    const flow_form form = node->fn->form;
    if ((form != FLOW_FORM_STATEFUL && form != FLOW_FORM_CELLS) || !flow_edge_merging(in))
        return true;
    for (uint32_t i = 0; i < node->side_count; i++)
        if (call->pipeline->edges[node->sides[i] - 1].windows.kind != FLOW_WINDOW_GLOBAL)
            return fl_refuse(call, FLOW_UNSUPPORTED,
                "it keeps state in windows that merge, and side input %u is cut into windows: "
                "which of them belongs to a merged one is open until it has ended; give it a view "
                "over all time",
                (unsigned)i);
    return true;
}

// The main output: the input's own shape for filters and updates.
static flow_edge main_output(const flow_fn *fn, const flow_edge *in)
{
    flow_edge out = *in;
    out.output = 0;
    if (fn->out_count > 0)
        out.shape = fl_shape_of(fn->outs[0]);
    return out;
}

// Groups go through flow_group and nothing else does; they wait for windows to end. Sorting by time
// does not: it waits for the watermark alone (R65).
static bool check_kind(
    const fl_call *call, const flow_node *node, const flow_fn *fn, const flow_edge *in)
{
    const bool group = fn->form == FLOW_FORM_GROUP;
    if (node->kind == FLOW_NODE_GROUP)
        return group ? fl_check_grouping(call, in, "groups")
                     : fl_refuse(call, FLOW_INVALID,
                           "only functions over groups (FLOW_GROUP_FN) are grouped");
    if (group)
        return fl_refuse(call, FLOW_INVALID, "a function over groups is applied with flow_group");
    return true;
}

// A function and the step that it becomes.
typedef struct fl_applied {
    flow_node_kind kind;
    const flow_fn *fn;
    const flow_split_fn *split; // SPLIT
} fl_applied;

static flow_coll apply(
    fl_call *call, flow_coll in, const fl_applied *applied, const flow_do_options *options)
{
    const flow_fn *fn = applied->fn;
    const flow_edge *from = fl_input(call, in);
    if (!from)
        return fl_nothing(in.pipeline);
    fl_call_name(call, options->name, fn ? fn->name : NULL);
    if (!fn) {
        fl_refuse(call, FLOW_INVALID, "it was given no function");
        return fl_nothing(in.pipeline);
    }
    flow_node node = { .kind = applied->kind,
        .inputs = &in.id,
        .input_count = 1,
        .fn = fn,
        .split = applied->split,
        .on_error = options->on_error,
        .time_sorted = options->time_sorted,
        .stable_input = options->stable_input,
        .attempts = options->attempts,
        .backoff = options->backoff,
        .timeout = options->timeout,
        .most_rejected = options->most_rejected };
    if (!fl_check_fn(call, fn, &from->shape) || !check_options(call, fn, options) ||
        !check_patience(call, applied->kind, fn, options) || !fl_check_state(call, fn, from) ||
        !check_kind(call, &node, fn, from) || !copy_config(call, options, &node) ||
        !take_sides(call, options, &node) || !check_sides_of_state(call, &node, from))
        return fl_nothing(in.pipeline);
    flow_edge out = main_output(fn, from);
    out.unbounded = out.unbounded || (applied->split && applied->split->unbounded);
    if (applied->kind == FLOW_NODE_GROUP && !fl_windowing_grouped(call, &out))
        return fl_nothing(in.pipeline);
    return fl_step_add(call, &node, &out);
}

flow_coll flow_do_sized(
    flow_coll in, const flow_fn *fn, const flow_do_options *options, size_t size)
{
    fl_call call = { in.pipeline, "flow_do", "do", false };
    flow_do_options known;
    if (!fl_options(&call, &known, sizeof known, options, size))
        return fl_nothing(in.pipeline);
    const fl_applied applied = { FLOW_NODE_DO, fn, NULL };
    return apply(&call, in, &applied, &known);
}

flow_coll flow_group_sized(
    flow_coll in, const flow_fn *fn, const flow_do_options *options, size_t size)
{
    fl_call call = { in.pipeline, "flow_group", "group", false };
    flow_do_options known;
    if (!fl_options(&call, &known, sizeof known, options, size))
        return fl_nothing(in.pipeline);
    const fl_applied applied = { FLOW_NODE_GROUP, fn, NULL };
    return apply(&call, in, &applied, &known);
}

static bool check_tracker(const fl_call *call, const flow_tracker *tracker)
{
    if (!tracker || !tracker->restriction || !tracker->claim || !tracker->split || !tracker->done)
        return fl_refuse(call, FLOW_INVALID,
            "the splittable function's tracker needs a restriction, 'claim', 'split' and 'done'");
    return fl_check_type(call, tracker->restriction);
}

// What only splittable functions need, and what they cannot have (R68).
static bool check_split(const fl_call *call, const flow_split_fn *split)
{
    if (!split->fn)
        return true; // refused as any step without a function
    if (!split->initial)
        return fl_refuse(call, FLOW_INVALID,
            "the splittable function has no 'initial': every element needs a restriction");
    if (split->fn->form != FLOW_FORM_EMIT)
        return fl_refuse(call, FLOW_INVALID,
            "a splittable function emits for one element at a time and keeps no state: its form "
            "must be FLOW_FORM_EMIT");
    if (split->fn->key.kind != FLOW_KIND_NONE)
        return fl_refuse(call, FLOW_INVALID, "a splittable function takes no key");
    if (split->estimator < FLOW_ESTIMATOR_NONE || split->estimator > FLOW_ESTIMATOR_WALL_CLOCK)
        return fl_refuse(call, FLOW_INVALID, "the splittable function's estimator %d is unknown",
            (int)split->estimator);
    return check_tracker(call, split->tracker);
}

flow_coll flow_split_sized(
    flow_coll in, const flow_split_fn *fn, const flow_do_options *options, size_t size)
{
    fl_call call = { in.pipeline, "flow_split", "split", false };
    flow_do_options known;
    if (!fl_options(&call, &known, sizeof known, options, size))
        return fl_nothing(in.pipeline);
    fl_call_name(&call, known.name, fn && fn->fn ? fn->fn->name : NULL);
    if (fn && fl_input(&call, in) && !check_split(&call, fn))
        return fl_nothing(in.pipeline);
    const fl_applied applied = { FLOW_NODE_SPLIT, fn ? fn->fn : NULL, fn };
    return apply(&call, in, &applied, &known);
}

flow_coll flow_output(flow_coll coll, uint32_t index)
{
    fl_call call = { coll.pipeline, "flow_output", "output", false };
    const flow_edge *edge = NULL;
    const flow_node *node = fl_producer(&call, coll, &edge);
    if (!node)
        return fl_nothing(coll.pipeline);
    const uint32_t count = node->fn && node->fn->out_count > 0 ? node->fn->out_count : 1;
    if (index >= count) {
        fl_refuse(&call, FLOW_INVALID, "the step has %u output%s, number %u was asked for",
            (unsigned)count, count == 1 ? "" : "s", (unsigned)index);
        return fl_nothing(coll.pipeline);
    }
    const flow_edge *first = &coll.pipeline->edges[node->outputs[0] - 1];
    flow_edge out = *first;
    out.output = index;
    if (index > 0)
        out.shape = fl_shape_of(node->fn->outs[index]);
    return fl_output_add(coll.pipeline, edge->producer, &out);
}
