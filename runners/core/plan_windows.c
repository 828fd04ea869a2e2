// SPDX-License-Identifier: Apache-2.0
// Where elements lie in several windows, and which steps take such an element once per window
// (R22). The graph alone tells it, never how the engine holds windows.
#include "plan.h"

static bool overlapping(const flow_windows *windows)
{
    switch (windows->kind) {
    case FLOW_WINDOW_SLIDING:
        return windows->every.us < windows->size.us;
    case FLOW_WINDOW_CUMULATE:
    case FLOW_WINDOW_CUSTOM:
        return true;
    default:
        return false;
    }
}

// A window of the main input belongs to one of the view: an element looks into several of them,
// unless the view is not cut, or is looked into by the element's time.
static bool looks_by_window(const struct fl_plan *plan, const struct fl_plan_op *op)
{
    for (uint32_t s = 0; s < op->side_count; s++) {
        const struct fl_plan_op *view = &plan->ops[op->sides[s]];
        if (view->kind == FL_OP_VIEW && view->in->windows.kind != FLOW_WINDOW_GLOBAL)
            return true;
    }
    return false;
}

// Whether a step gives on what comes to it with all its windows, as far as its kind tells.
static bool passes(enum fl_op_kind kind)
{
    switch (kind) {
    case FL_OP_EMIT:
    case FL_OP_MAP:
    case FL_OP_UPDATE:
    case FL_OP_FILTER:
    case FL_OP_APART:
    case FL_OP_GATE:
    case FL_OP_TIMESTAMP:
        return true;
    default:
        return false;
    }
}

static bool calls(enum fl_op_kind kind)
{
    return passes(kind) && kind != FL_OP_GATE && kind != FL_OP_TIMESTAMP;
}

static bool by_window(const struct fl_plan *plan, const struct fl_plan_op *op)
{
    switch (op->kind) {
    case FL_OP_GATE:
        return looks_by_window(plan, op);
    case FL_OP_SINK:
    case FL_OP_WINDOW:
        return true;
    default:
        return calls(op->kind) && op->node->fn->by_window;
    }
}

void fl_plan_windows(struct fl_plan *plan)
{
    for (uint32_t i = 0; i < plan->op_count; i++) {
        struct fl_plan_op *op = &plan->ops[i];
        op->explode = op->several && by_window(plan, op);
        op->windowless = op->several && !op->explode && calls(op->kind);
        const bool on = op->kind == FL_OP_WINDOW ? overlapping(&op->out->windows)
                                                 : op->several && !op->explode && passes(op->kind);
        for (uint32_t o = 0; o < FLOW_OUTPUT_DEAD_LETTERS && on; o++)
            for (uint32_t t = 0; t < op->outs[o].count; t++)
                plan->ops[op->outs[o].list[t].op].several = true;
    }
}
