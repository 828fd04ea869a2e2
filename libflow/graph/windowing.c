// SPDX-License-Identifier: Apache-2.0
// What an edge says of windows and their results: set, inherited, compared, and checked against the
// steps that follow.
#include <flow/text.h>
#include <flow/transform.h>

#include "base/alloc.h"
#include "graph/graph.h"

// What NULL stands for.
static const flow_triggering nothing_said = { 0 };

static const flow_triggering *said(const flow_edge *edge)
{
    return edge->triggering ? edge->triggering : &nothing_said;
}

static bool triggering_equal(const flow_triggering *a, const flow_triggering *b)
{
    return flow_trigger_equal(&a->trigger, &b->trigger) && a->accumulation == b->accumulation &&
           a->on_time == b->on_time && a->closing == b->closing && a->output_time == b->output_time;
}

// The edge says `now`; false without memory.
static bool say(const fl_call *call, flow_edge *edge, const flow_triggering *now)
{
    if (triggering_equal(now, said(edge)))
        return true;
    if (triggering_equal(now, &nothing_said)) {
        edge->triggering = NULL;
        return true;
    }
    flow_triggering *kept = flow_pipeline_alloc(call->pipeline, sizeof *kept);
    if (!kept)
        return false;
    *kept = *now;
    edge->triggering = kept;
    return true;
}

// R18: what decides about late elements and second results is said, not guessed.
static bool check_said(const fl_call *call, const flow_edge *edge)
{
    const flow_triggering *now = said(edge);
    if (now->trigger.count && edge->windows.kind != FLOW_WINDOW_GLOBAL && !edge->lateness_set)
        return fl_refuse(call, FLOW_INVALID,
            "it has a trigger, so its windows need a lateness that is said: set 'lateness', or "
            "'no_lateness' for none");
    if (now->accumulation == FLOW_ACCUMULATION_UNSET &&
        (now->trigger.count || edge->lateness.us > 0))
        return fl_refuse(call, FLOW_INVALID,
            "its windows can have more than one result, so 'accumulation' must be said: "
            "FLOW_DISCARDING, FLOW_ACCUMULATING or FLOW_RETRACTING");
    return true;
}

bool fl_windowing_set(const fl_call *call, const flow_window_options *options, flow_edge *edge)
{
    flow_triggering now = *said(edge);
    const flow_trigger fallback = flow_trigger_default();
    if (options->lateness.us > edge->lateness.us)
        edge->lateness = options->lateness;
    edge->lateness_set = edge->lateness_set || options->lateness.us > 0 || options->no_lateness;
    if (flow_trigger_equal(&options->trigger, &fallback))
        now.trigger = flow_trigger_none();
    else if (options->trigger.count)
        now.trigger = options->trigger;
    if (options->accumulation)
        now.accumulation = options->accumulation;
    if (options->on_time)
        now.on_time = options->on_time == FLOW_EMPTY_NEVER ? FLOW_EMPTY_NEVER : FLOW_EMPTY_UNSET;
    if (options->closing)
        now.closing = options->closing == FLOW_EMPTY_ALWAYS ? FLOW_EMPTY_ALWAYS : FLOW_EMPTY_UNSET;
    if (options->output_time)
        now.output_time = options->output_time == FLOW_OUTPUT_END_OF_WINDOW ? FLOW_OUTPUT_TIME_UNSET
                                                                            : options->output_time;
    return say(call, edge, &now) && check_said(call, edge);
}

bool fl_windowing_alike(const fl_call *call, const flow_edge *first, const flow_edge *in, size_t n)
{
    const flow_triggering *a = said(first);
    const flow_triggering *b = said(in);
    if (!fl_windows_alike(&first->windows, &in->windows))
        return fl_refuse(
            call, FLOW_INVALID, "input 1 and input %zu are cut into different windows", n);
    if (first->merged != in->merged)
        return fl_refuse(call, FLOW_INVALID,
            "the windows of input %zu are final since a grouping, those of input %zu are not",
            first->merged ? (size_t)1 : n, first->merged ? n : (size_t)1);
    if (!flow_trigger_equal(&a->trigger, &b->trigger))
        return fl_refuse(call, FLOW_INVALID, "input 1 and input %zu have different triggers", n);
    const char *other = a->on_time != b->on_time           ? "on_time"
                        : a->closing != b->closing         ? "closing"
                        : a->output_time != b->output_time ? "output_time"
                                                           : NULL;
    if (a->accumulation && b->accumulation && a->accumulation != b->accumulation)
        other = "accumulation";
    return !other ||
           fl_refuse(call, FLOW_INVALID,
               "input 1 and input %zu give results differently: '%s' is not the same", n, other);
}

void fl_windowing_join(flow_edge *out, const flow_edge *in)
{
    if (in->lateness.us > out->lateness.us)
        out->lateness = in->lateness;
    out->lateness_set = out->lateness_set || in->lateness_set;
    if (!said(out)->accumulation)
        out->triggering = in->triggering; // they differ in nothing else
}

// R20: what a finished trigger drops while its window is open. Once at the end is fine where
// nothing may come after it.
static bool drops(const flow_edge *in)
{
    const flow_trigger *trigger = &said(in)->trigger;
    if (!flow_trigger_may_finish(trigger))
        return false;
    const uint8_t kind = trigger->nodes[0].kind;
    const bool at_end = kind == FLOW_TRIGGER_END_OF_WINDOW || kind == FLOW_TRIGGER_EARLY_LATE;
    return !at_end || in->lateness.us > 0;
}

bool fl_check_grouping(const fl_call *call, const flow_edge *in, const char *verb)
{
    char text[200];
    const flow_trigger *trigger = &said(in)->trigger;
    if (in->unbounded && in->windows.kind == FLOW_WINDOW_GLOBAL && trigger->count == 0)
        return fl_refuse(call, FLOW_INVALID,
            "%s an unbounded input in the global window, which never ends; put flow_window_into "
            "before, with windows that end or a trigger",
            verb);
    if (!drops(in))
        return true;
    flow_trigger_print(trigger, text, sizeof text);
    return fl_refuse(call, FLOW_INVALID,
        "the trigger %s of its input may finish, and elements that come after are lost; say "
        "flow_trigger_repeatedly, or what comes late",
        text);
}

bool fl_windowing_grouped(const fl_call *call, flow_edge *out)
{
    out->merged = out->merged || flow_windows_merging(&out->windows);
    if (!out->triggering)
        return true;
    flow_triggering now = *out->triggering;
    now.trigger = flow_trigger_continuation(&now.trigger);
    return say(call, out, &now);
}

static bool groups(const flow_node *node)
{
    return node->kind == FLOW_NODE_COMBINE || node->kind == FLOW_NODE_GROUP ||
           (node->kind == FLOW_NODE_DO &&
               (node->fn->form == FLOW_FORM_STATEFUL || node->fn->form == FLOW_FORM_CELLS));
}

// Marks by node whether a grouping follows it, from the last node to the first: nodes stand behind
// those they take from.
static void find_groupings(const flow_graph *graph, bool *grouped)
{
    for (uint32_t i = graph->node_count; i-- > 0;) {
        const flow_node *node = &graph->nodes[i];
        for (uint32_t k = 0; k < node->input_count; k++) {
            const uint32_t before = graph->edges[node->inputs[k] - 1].producer;
            grouped[before] = grouped[before] || grouped[i] || groups(node);
        }
    }
}

// Whether a step's windows merge, or it sets a trigger, and no grouping would do it.
static bool in_vain(const flow_graph *graph, const flow_node *node, flow_error *error)
{
    if (node->kind != FLOW_NODE_WINDOW)
        return false;
    const flow_edge *in = &graph->edges[node->inputs[0] - 1];
    const flow_edge *out = &graph->edges[node->outputs[0] - 1];
    const bool merges = flow_edge_merging(out) && !node->keep_windows;
    if (!merges && flow_trigger_equal(&said(out)->trigger, &said(in)->trigger))
        return false;
    flow_error_raise(error, FLOW_INVALID, node->path,
        "flow_window_into(%s): %s, but no grouping follows that would %s; put flow_combine or "
        "flow_group behind",
        node->path, merges ? "its windows merge" : "it sets a trigger",
        merges ? "merge them" : "fire by it");
    return true;
}

flow_status fl_check_grouped(const flow_pipeline *pipeline, flow_error *error)
{
    // A graph may be checked by several threads at once: nothing of it is written to.
    const flow_graph *graph = &pipeline->graph;
    bool *grouped = fl_calloc(&pipeline->allocator, graph->node_count, 1);
    if (!grouped)
        return flow_error_raise(error, FLOW_MEMORY, NULL, "no memory to check the graph");
    find_groupings(graph, grouped);
    bool vain = false;
    for (uint32_t i = 0; i < graph->node_count && !vain; i++)
        vain = !grouped[i] && in_vain(graph, &graph->nodes[i], error);
    fl_free(&pipeline->allocator, grouped, graph->node_count);
    return vain ? FLOW_INVALID : FLOW_OK;
}
