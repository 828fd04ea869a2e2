// SPDX-License-Identifier: Apache-2.0
// A function's life apart from rows, and what it does there (R67).
#ifndef FL_LIFE_H
#define FL_LIFE_H

#include "engine.h"

// Sets an instance of a function up. False with the worker's error.
bool fl_life_setup(struct fl_op *op);
void fl_life_end(struct fl_op *op);

// The frame of a bundle around its rows; and when it never was.
flow_status fl_life_begin(struct fl_op *op);
flow_status fl_life_finish(struct fl_op *op);
void fl_life_abort(struct fl_op *op);

// Tells who asked for it that the bundle is committed.
void fl_life_committed(struct fl_worker *worker);

const char *fl_edge_name(const struct fl_call *call);
flow_status fl_life_emit(
    flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row, flow_stamp stamp);
flow_status fl_life_after(flow_ctx *ctx, void (*done)(void *user), void *user);
void *fl_life_self(flow_ctx *ctx);

#endif
