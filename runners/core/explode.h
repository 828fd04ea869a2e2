// SPDX-License-Identifier: Apache-2.0
// Elements in several windows: held once, written down by row or following from the time, and taken
// apart where a step wants one window at a time.
#ifndef FL_EXPLODE_H
#define FL_EXPLODE_H

#include "engine.h"

// Calls `each` with a view per window, whose windows are written down by row.
struct fl_exploded {
    flow_status (*each)(struct fl_op *op, const struct fl_view *view, const flow_shape *shape);
    const flow_shape *shape;
};
flow_status fl_explode(struct fl_op *op, const struct fl_exploded *how, const struct fl_view *view);
// Calls `push_each`, with a view per window where these follow from the time.
flow_status fl_push_by_window(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape);
// In how many windows of a step's input a row lies, as it is held: 1 where they are written down.
uint32_t fl_row_windows(const struct fl_op *op, const struct fl_batch *batch, uint32_t row);

// Writes windows down by row, those of a window step, and sends the rows on: once per window.
flow_status fl_assign(struct fl_op *op, const struct fl_view *view, const flow_shape *shape);

#endif
