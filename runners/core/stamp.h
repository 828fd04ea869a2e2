// SPDX-License-Identifier: Apache-2.0
// Times of rows of an output that have one of their own (R66).
#ifndef FL_STAMP_H
#define FL_STAMP_H

#include "engine.h"

// flow_emit_at; and the same once it is sure that the function may.
flow_status fl_stamp_emit_at(
    flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row, flow_time at);
flow_status fl_stamp_emit(
    flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row, flow_time at);

// Fails where the field of a step that stamps lies before an element's own time, less the skew.
flow_status fl_stamp_check(struct fl_op *op, const struct fl_view *view, const flow_shape *shape);

// Gives the rows of a batch that is closed, and has what its rows inherit, their times; their
// windows stay those of the elements. False without memory.
bool fl_stamp_batch(struct fl_op *op, uint32_t position, struct fl_batch *batch);

// `count` rows of an output move to its front, those from `from` on, where `from` were closed.
void fl_stamp_move(struct fl_op *op, uint32_t position, uint32_t from, uint32_t count);

// The rows from there on are taken back.
void fl_stamp_forget(struct fl_op *op, uint32_t position, uint32_t from);

#endif
