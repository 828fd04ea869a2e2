// SPDX-License-Identifier: Apache-2.0
// State in windows that each key has of its own: sessions, and windows as a function cuts them. The
// cell of a key and window lies behind a live window (live.h), which has its bounds and its key.
// Windows merge before the function is called with the element that makes them.
#ifndef FL_OWN_H
#define FL_OWN_H

#include "cells.h"
#include "live.h"

static inline struct fl_live *fl_own_of(const struct fl_cell *cell)
{
    return (struct fl_live *)(uintptr_t)cell - 1;
}

static inline struct fl_cell *fl_own_cell(struct fl_live *live)
{
    return (struct fl_cell *)(void *)(live + 1);
}

// Everything below returns false without memory, unless it says otherwise.

// Makes room for such windows, where the step has them.
bool fl_own_init(struct fl_op *op);

// Takes rows out of a view whose windows have expired (R24), before any merging: they are dropped.
flow_status fl_own_late(struct fl_op *op, struct fl_view *view, const flow_shape *shape);

// Rows through the element function, each in the window that it has merged into.
flow_status fl_own_rows(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
    const struct fl_keys *keys);

// The cell of `other` becomes part of that of `live` (R57).
bool fl_own_merge(struct fl_op *op, struct fl_live *live, struct fl_live *other);

// Strings that a state record took from elements move to its window's memory.
bool fl_own_settle(struct fl_op *op, struct fl_cell *cell, const struct fl_batch *rows);

// Tells the queue when a cell is to be looked at: one entry is enough, it may be too early.
bool fl_own_hint(struct fl_op *op, struct fl_cell *cell, int64_t at);

// The same for a state record: its timer, or the end of its window.
bool fl_own_tell(struct fl_op *op, struct fl_cell *cell);

// The window has expired: it is forgotten with all it has (R26). Cells of the full form are empty.
bool fl_own_end(struct fl_op *op, struct fl_cell *cell);

// Windows that do not merge and of which nothing is left are forgotten.
flow_status fl_own_seal(struct fl_op *op);

// From a snapshot: what a window has.
struct fl_wire;
flow_status fl_own_load(struct fl_op *op, struct fl_live *live, struct fl_wire *wire);

#endif
