// SPDX-License-Identifier: Apache-2.0
// Which groupings take the general path (live.h), what reaches them with signs, and which windows
// must be written down.
#include "plan.h"

bool fl_plan_usual(const flow_trigger *trigger)
{
    const flow_trigger usual = flow_trigger_default();
    return trigger->count == 0 || flow_trigger_equal(trigger, &usual);
}

// Windows that are named by their end, one result when it has passed, and late ones apart: tables
// by slice of time do that (slice.h). All else is done window by window (live.h).
static bool is_general(const struct fl_plan_op *op)
{
    const flow_edge *in = op->in;
    const flow_triggering *how = in->triggering;
    if (in->windows.kind > FLOW_WINDOW_SLIDING || op->signs)
        return true;
    return how &&
           (!fl_plan_usual(&how->trigger) || how->accumulation > FLOW_DISCARDING ||
               how->closing == FLOW_EMPTY_ALWAYS || how->output_time > FLOW_OUTPUT_END_OF_WINDOW);
}

static bool takes_back(const struct fl_plan_op *op)
{
    switch (op->kind) {
    case FL_OP_LIVES:
        return op->in->triggering && op->in->triggering->accumulation == FLOW_RETRACTING;
    case FL_OP_COMBINE:
    case FL_OP_GROUP:
        return false;
    default:
        return op->signs && !(op->node->fn && op->node->fn->takes_signs);
    }
}

static void mark_general(struct fl_plan *plan)
{
    for (uint32_t i = 0; i < plan->op_count; i++) {
        struct fl_plan_op *op = &plan->ops[i];
        if ((op->kind == FL_OP_COMBINE || op->kind == FL_OP_GROUP) && is_general(op))
            op->kind = FL_OP_LIVES;
        for (uint32_t o = 0; o < FLOW_OUTPUT_DEAD_LETTERS && takes_back(op); o++)
            for (uint32_t t = 0; t < op->outs[o].count; t++)
                plan->ops[op->outs[o].list[t].op].signs = true;
    }
}

// Sessions of different gaps may flow together (R14): then the time alone no longer tells a row's
// window.
static bool gaps_differ(const flow_graph *graph)
{
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const flow_node *node = &graph->nodes[n];
        for (uint32_t i = 1; node->kind == FLOW_NODE_FLATTEN && i < node->input_count; i++) {
            const flow_windows *a = &graph->edges[node->inputs[0] - 1].windows;
            const flow_windows *b = &graph->edges[node->inputs[i] - 1].windows;
            if (a->size.us != b->size.us || a->gap.type != b->gap.type)
                return true;
        }
    }
    return false;
}

static void find_written(struct fl_plan *plan)
{
    const bool differ = gaps_differ(plan->graph);
    for (uint32_t i = 0; i < plan->op_count; i++) {
        struct fl_plan_op *op = &plan->ops[i];
        if (op->kind != FL_OP_WINDOW)
            continue;
        const flow_windows *windows = &op->out->windows;
        op->write_windows = windows->kind == FLOW_WINDOW_CUSTOM ||
                            flow_windows_by_element(windows) ||
                            (windows->kind == FLOW_WINDOW_SESSION && differ);
    }
}

// A sink that is not shown signs would take a result that is taken back for one more.
static bool sink_sees_signs(const struct fl_plan_op *op, flow_error *error)
{
    if (op->kind != FL_OP_SINK || !op->signs || op->node->sink->wants_times)
        return true;
    flow_error_raise(error, FLOW_UNSUPPORTED, op->node->path,
        "step '%s' writes elements alone, but its input takes elements back (FLOW_RETRACTING); say "
        "FLOW_ACCUMULATING, or give it to a sink that is shown signs",
        op->node->path);
    return false;
}

// What a function keeps of its own, nobody can take back for it: it must say that it does. No state
// can while elements wait to come in order of time: which of them was given already?
static bool function_sees_signs(const struct fl_plan_op *op, flow_error *error)
{
    const flow_fn *fn = op->signs ? op->node->fn : NULL;
    if (!fn)
        return true;
    const bool never = fn->no_signs || op->node->time_sorted;
    const bool keeps = op->kind == FL_OP_STATEFUL || fn->finish;
    if (!never && (!keeps || fn->follows_signs || fn->takes_signs))
        return true;
    flow_error_raise(error, FLOW_UNSUPPORTED, op->node->path,
        "step '%s' keeps what it was given, but its input takes elements back (FLOW_RETRACTING), "
        "which it cannot undo; give it elements that stay%s",
        op->node->path,
        never ? "" : ", or set 'follows_signs' in its declaration if it heeds flow_sign");
    return false;
}

// A window of a key that an element has grown stays so when that is taken back. Behind a grouping
// in them such windows are final, and no longer merge.
static bool windows_stay(const struct fl_plan_op *op, flow_error *error)
{
    const bool groups = op->kind == FL_OP_LIVES || op->kind == FL_OP_STATEFUL;
    if (!op->signs || !groups || !flow_edge_merging(op->in))
        return true;
    flow_error_raise(error, FLOW_UNSUPPORTED, op->node->path,
        "step '%s' has %s, but its input takes elements back (FLOW_RETRACTING), and what one of "
        "these has grown would stay so; say these windows before the grouping that retracts, or "
        "FLOW_DISCARDING there",
        op->node->path,
        op->in->windows.kind == FLOW_WINDOW_SESSION ? "sessions" : "windows that merge");
    return false;
}

// Without its former results a step can only take back what it can subtract.
bool fl_plan_can_take_back(const struct fl_plan *plan, flow_error *error)
{
    for (uint32_t i = 0; i < plan->op_count; i++) {
        const struct fl_plan_op *op = &plan->ops[i];
        if (!sink_sees_signs(op, error) || !function_sees_signs(op, error) ||
            !windows_stay(op, error))
            return false;
        const flow_triggering *how = op->in ? op->in->triggering : NULL;
        if (op->kind != FL_OP_LIVES || !op->signs ||
            (how && how->accumulation >= FLOW_ACCUMULATING) ||
            (op->node->combine && fl_plan_subtracts(op->node->combine)))
            continue;
        flow_error_raise(error, FLOW_UNSUPPORTED, op->node->path,
            "step '%s' discards what it has given, but its input takes elements back, which "
            "%s cannot; say FLOW_ACCUMULATING or FLOW_RETRACTING in a flow_window_into before it",
            op->node->path, op->node->combine ? op->node->combine->name : "a group");
        return false;
    }
    return true;
}

bool fl_plan_subtracts(const flow_combine_fn *combine)
{
    return combine->primitive == FLOW_PRIMITIVE_COUNT || combine->primitive == FLOW_PRIMITIVE_SUM ||
           (combine->primitive == FLOW_PRIMITIVE_NONE && combine->exact && combine->subtract);
}

void fl_plan_general(struct fl_plan *plan)
{
    mark_general(plan);
    find_written(plan);
}
