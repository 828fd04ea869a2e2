// SPDX-License-Identifier: Apache-2.0
// Functions without state that run on the worker of their key, in bundles of their own. Rows come
// out of the shuffle with the time, windows, pane and sign that they had.
#include "keyed.h"

static flow_status take_rows(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
    const struct fl_keys *keys)
{
    flow_batch rows;
    (void)keys;
    if (!fl_view_rows(op, view, shape, &rows))
        return fl_no_memory(op);
    flow_status status = fl_call_begin(op, view, shape);
    if (status == FLOW_OK)
        status = fl_call_run(op, op->plan->node->fn->process, &rows);
    return status == FLOW_OK ? fl_call_flush(op) : status;
}

static int64_t never(struct fl_op *op)
{
    (void)op;
    return FL_NEVER;
}

static flow_status fire_nothing(struct fl_op *op)
{
    (void)op;
    return FLOW_OK;
}

static void end_bundle(struct fl_op *op)
{
    op->keyed->touched = false;
}

const struct fl_keyed_ops fl_apart_ops = {
    .take = take_rows,
    .next = never,
    .fire = fire_nothing,
    .commit = end_bundle,
    .abort = end_bundle,
};
