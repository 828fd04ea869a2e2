// SPDX-License-Identifier: Apache-2.0
// What steps could not take or keep, as collections. A composite that has ended is one step to who
// asks: what all of its steps rejected, that lead to the collection, is one collection.
#include <flow/flow.h>

#include "base/alloc.h"
#include "graph/graph.h"

const flow_node *fl_producer(fl_call *call, flow_coll coll, const flow_edge **edge)
{
    *edge = fl_input(call, coll);
    if (!*edge)
        return NULL;
    const flow_node *node = &coll.pipeline->nodes[(*edge)->producer];
    call->step = node->path;
    return node;
}

static bool within(const fl_scope *scope, const fl_scope *outer)
{
    while (scope && scope != outer)
        scope = scope->outer;
    return scope == outer;
}

// The outermost composite of a step that is not open where it is asked for; NULL: none.
static fl_scope *composite_of(const flow_pipeline *p, uint32_t node)
{
    fl_scope *scope = p->names[node].scope, *found = NULL;
    for (; scope && !within(p->scope, scope); scope = scope->outer)
        found = scope;
    return found;
}

static bool rejects(const flow_node *node, uint32_t output)
{
    switch (node->kind) {
    case FLOW_NODE_KEY:
    case FLOW_NODE_FLATTEN:
    case FLOW_NODE_VIEW:
        return false;
    default:
        return output == FLOW_OUTPUT_DROPPED ? !node->keep_windows
                                             : node->on_error == FLOW_ON_ERROR_DEAD_LETTER;
    }
}

// Steps of a composite, the last first: a composite's steps stand next to one another.
typedef struct fl_steps {
    flow_pipeline *pipeline;
    uint32_t first, last; // positions of nodes
    bool *leads;          // by distance from the last: leads to the collection
} fl_steps;

static void mark(const fl_steps *steps, const uint32_t *edges, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t node = steps->pipeline->edges[edges[i] - 1].producer;
        if (node >= steps->first && node <= steps->last)
            steps->leads[steps->last - node] = true;
    }
}

// Those rejected by the steps of a composite that lead to the last; how many are put into `to`.
static uint32_t collect(const fl_steps *steps, uint32_t output, uint32_t *to)
{
    flow_pipeline *p = steps->pipeline;
    uint32_t count = 0;
    steps->leads[0] = true;
    for (uint32_t at = steps->last + 1; at-- > steps->first;) {
        const flow_node *node = &p->nodes[at];
        if (!steps->leads[steps->last - at])
            continue;
        mark(steps, node->inputs, node->input_count);
        mark(steps, node->sides, node->side_count);
        if (!rejects(node, output))
            continue;
        const flow_edge *main = &p->edges[node->outputs[0] - 1];
        const flow_coll made = fl_rejected_add(p, at, output, main->unbounded);
        if (made.id)
            to[count++] = made.id;
    }
    return count;
}

// Several as one, in the composite.
static flow_coll flattened(
    const fl_call *outer, fl_scope *scope, const uint32_t *edges, uint32_t count)
{
    flow_pipeline *p = outer->pipeline;
    fl_scope *open = p->scope;
    const fl_call call = { p, outer->builder,
        strcmp(outer->builder, "flow_dead_letters") == 0 ? "dead-letters" : "dropped", false };
    const flow_node node = { .kind = FLOW_NODE_FLATTEN, .inputs = edges, .input_count = count };
    flow_edge out = p->edges[edges[0] - 1];
    out.output = 0;
    for (uint32_t i = 1; i < count; i++)
        out.unbounded = out.unbounded || p->edges[edges[i] - 1].unbounded;
    p->scope = scope;
    const flow_coll all = fl_step_add(&call, &node, &out);
    p->scope = open;
    return all;
}

// What step `last`, or its composite, has on an output of rejected elements; nothing where it has
// none.
static flow_coll rejected(const fl_call *call, uint32_t last, uint32_t output)
{
    flow_pipeline *p = call->pipeline;
    fl_scope *scope = composite_of(p, last);
    fl_steps steps = { p, last, last, NULL };
    while (scope && steps.first > 0 && within(p->names[steps.first - 1].scope, scope))
        steps.first--;
    const size_t room = last - steps.first + 1;
    steps.leads = fl_calloc(&p->allocator, room * sizeof *steps.leads, _Alignof(bool));
    uint32_t *edges = fl_calloc(&p->allocator, room * sizeof *edges, _Alignof(uint32_t));
    flow_coll all = fl_nothing(p);
    if (!steps.leads || !edges) {
        fl_refuse(call, FLOW_MEMORY, "no memory for a list of %zu steps", room);
    } else {
        const uint32_t count = collect(&steps, output, edges);
        if (count == 1)
            all.id = edges[0];
        else if (count > 1)
            all = flattened(call, scope, edges, count);
    }
    fl_free(&p->allocator, steps.leads, room * sizeof *steps.leads);
    fl_free(&p->allocator, edges, room * sizeof *edges);
    return all;
}

flow_coll flow_dead_letters(flow_coll coll)
{
    fl_call call = { coll.pipeline, "flow_dead_letters", "dead letters", false };
    const flow_edge *edge = NULL;
    if (!fl_producer(&call, coll, &edge))
        return fl_nothing(coll.pipeline);
    const flow_coll dead = rejected(&call, edge->producer, FLOW_OUTPUT_DEAD_LETTERS);
    if (!dead.id)
        fl_refuse(&call, FLOW_INVALID,
            "the step keeps no dead letters; its 'on_error' must be FLOW_ON_ERROR_DEAD_LETTER");
    return dead;
}

flow_coll flow_dropped(flow_coll coll)
{
    fl_call call = { coll.pipeline, "flow_dropped", "dropped", false };
    const flow_edge *edge = NULL;
    if (!fl_producer(&call, coll, &edge))
        return fl_nothing(coll.pipeline);
    const flow_coll dropped = rejected(&call, edge->producer, FLOW_OUTPUT_DROPPED);
    if (!dropped.id)
        fl_refuse(&call, FLOW_INVALID, "the step drops nothing; ask the one that does");
    return dropped;
}

flow_coll flow_view_dropped(flow_view view)
{
    fl_call call = { view.pipeline, "flow_view_dropped", "view", false };
    const flow_edge *edge = NULL;
    const flow_node *node = fl_producer(&call, (flow_coll){ view.pipeline, view.id }, &edge);
    if (!node)
        return fl_nothing(view.pipeline);
    const flow_coll dropped = rejected(&call, edge->producer, FLOW_OUTPUT_DROPPED);
    if (!dropped.id)
        fl_refuse(&call, FLOW_INVALID, "the view drops nothing: it takes every element");
    return dropped;
}
