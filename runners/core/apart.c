// SPDX-License-Identifier: Apache-2.0
// Functions without state that run on the worker of their key, in bundles of their own. Rows come
// out of the shuffle with the time, windows, pane and sign that they had.
#include "explode.h"
#include "keyed.h"

static flow_status take_rows(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
    const struct fl_keys *keys)
{
    (void)keys;
    return op->plan->explode ? fl_push_by_window(op, view, shape) : fl_call_view(op, view, shape);
}

static void end_bundle(struct fl_op *op)
{
    (void)op;
}

const struct fl_keyed_ops fl_apart_ops = {
    .take = take_rows,
    .next = fl_keyed_never,
    .fire = fl_keyed_fire_nothing,
    .commit = end_bundle,
    .abort = end_bundle,
};
