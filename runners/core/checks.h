// SPDX-License-Identifier: Apache-2.0
// What only tests look at, where the runner asks for it.
#ifndef FL_CHECKS_H
#define FL_CHECKS_H

#include "engine.h"

// Hands a view to an op, watching that its elements stay as they are where the runner asks for it.
flow_status fl_push_checked(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
    flow_status (*push)(struct fl_op *op, const struct fl_view *view, const flow_shape *shape));

// What custom windows give to an element at `at`, and, sorted, merge into: FLOW_USER with a
// sentence where a window does not hold what is in it, which no runner could bear; where the runner
// asks for it also where the function breaks another promise (flow_window_fn).
flow_status fl_check_assigned(
    struct fl_op *op, flow_time at, const flow_window *windows, uint32_t count);
flow_status fl_check_merged(
    struct fl_op *op, const flow_window *sorted, const flow_window *into, uint32_t count);

#endif
