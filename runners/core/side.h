// SPDX-License-Identifier: Apache-2.0
// Side inputs: views as all workers see them, and gates where rows wait for views to be ready.
//
// A view's state is an immutable list of segments: one per window, or for tables a few per worker.
// Who changes it puts another list in its place, under one lock and for all views of the bundle at
// once. A bundle takes references to the lists of all views when it first needs one and keeps them
// to its end, so all its elements see the same (gap G5).
#ifndef FL_SIDE_H
#define FL_SIDE_H

#include "keyed.h"
#include "store.h"

// A segment of a view: of the window that ends at `tag`, or, for tables, of the worker `tag`.
struct fl_held {
    int64_t tag;
    int64_t start; // of the window: of those with one end the earlier stands first
    struct fl_segment *segment;
};

// What a view shows; does not change.
struct fl_view_state {
    _Atomic uint32_t refs;
    uint32_t count;
    size_t size;         // bytes of this block
    struct fl_held at[]; // by tag and start, ascending
};

// A change of a view by a bundle, shown when it commits: what is new, instead of what a worker had
// (tables) or what windows had.
struct fl_publication {
    struct fl_publication *next;
    uint32_t view;
    bool table;
    int64_t tag;                 // tables: of the worker; else windows up to it are dropped
    const struct fl_held *add;   // by tag
    uint32_t count;              // of those
    struct fl_view_state *fresh; // with room for all
    struct fl_view_state *old;
};

// Where a step last looked into a side input: what it found for a window of its input.
struct fl_side_place {
    uint64_t bundle;
    flow_window main;
    const struct fl_segment *segment; // NULL: nothing
};

bool fl_views_init(struct fl_engine *engine);
void fl_views_fini(struct fl_engine *engine);
bool fl_pins_init(struct fl_worker *worker);
void fl_pins_fini(struct fl_worker *worker);

// Sees to it that the worker's bundle has all views, and lets them go at its end.
void fl_pins_take(struct fl_worker *worker);
void fl_pins_drop(struct fl_worker *worker);

// Below this no change of a view is missing: the output watermark of who makes it.
int64_t fl_view_mark(struct fl_worker *worker, uint32_t op);

// The time below which nobody asks a table any more, however late.
int64_t fl_table_horizon(const struct fl_engine *engine, const struct fl_plan_op *plan);

// Takes windows out of the views that nobody can ask for any more.
void fl_views_collect(struct fl_worker *worker);

// An empty list with room; NULL without memory.
struct fl_view_state *fl_view_state_new(struct fl_cache *cache, uint32_t room);
void fl_view_state_unref(struct fl_cache *cache, struct fl_view_state *state);

// What a view shows now, with a reference; may be NULL.
struct fl_view_state *fl_views_now(struct fl_engine *engine, uint32_t view);

// Shows the changes of the bundle that commits. Cannot fail.
void fl_views_publish(struct fl_worker *worker);

// Windows that end at or before it are asked for by nobody.
int64_t fl_view_limit(const struct fl_engine *engine, const struct fl_plan_op *plan);

// The segment of a window, or NULL.
struct fl_segment *fl_view_window(const struct fl_view_state *state, flow_window window);

// Whether one stands before another.
static inline bool fl_held_before(const struct fl_held *a, const struct fl_held *b)
{
    return a->tag != b->tag ? a->tag < b->tag : a->start < b->start;
}

// --- view.c: the steps that make views

struct fl_view_op; // of a worker

bool fl_view_init(struct fl_op *op);
void fl_view_fini(struct fl_op *op);
flow_status fl_view_push(struct fl_op *op, const struct fl_view *view, const flow_shape *shape);
extern const struct fl_keyed_ops fl_view_ops, fl_table_ops;

// Snapshots.
void fl_view_save(struct fl_engine *engine, uint32_t op, flow_buffer *out);
struct fl_wire;
flow_status fl_view_load(struct fl_engine *engine, uint32_t op, struct fl_wire *wire);

// --- gate.c

struct fl_gate;

bool fl_gate_init(struct fl_op *op);
void fl_gate_fini(struct fl_op *op);
flow_status fl_gate_push(struct fl_op *op, const struct fl_view *view, const flow_shape *shape);
extern const struct fl_keyed_ops fl_gate_ops;

// Whether something that waits can go on. Takes the views; they are dropped again if not.
bool fl_gate_ready(struct fl_op *op);

// Lets the elements go on that can, a bundle's worth.
flow_status fl_gate_release(struct fl_op *op);

// Drops elements that came too late to ask a side input. `kept` is room for the rest.
flow_status fl_gate_expire(
    struct fl_op *op, struct fl_view *view, const flow_shape *shape, uint16_t *kept);

void fl_gate_save(struct fl_engine *engine, uint32_t op, flow_buffer *out);
void fl_gate_save_row(struct fl_op *op, const struct fl_layout *layout,
    const struct fl_batch *batch, uint32_t row, flow_buffer *out);
flow_status fl_gate_load_row(
    struct fl_op *op, const struct fl_layout *layout, struct fl_store *store, struct fl_wire *wire);
flow_status fl_gate_load(struct fl_engine *engine, uint32_t op, struct fl_wire *wire);

// --- side.c: looking

// The window of a side input that belongs to a main window (R70): the earliest that holds its last
// instant, by start, then by end.
enum fl_side_found {
    FL_SIDE_NONE,
    FL_SIDE_FOUND,
    FL_SIDE_NO_MEMORY
};
enum fl_side_found fl_side_window(
    struct fl_cache *cache, const flow_windows *side, flow_window main, flow_window *window);

// The window of a row as its step sees it. Where it lies in several that are not written down, the
// last: for who asks only how long the row may matter.
flow_window fl_row_window(const struct fl_op *op, const struct fl_batch *batch, uint32_t row);

// The same where another row of the step lies in `near`, as this one may: mostly without a
// division.
flow_window fl_row_window_near(
    const struct fl_op *op, const struct fl_batch *batch, uint32_t row, flow_window near);

// What a row that waits to look holds the watermark at: its time or, where its window has ended
// before that, the last instant of the window. So neither is it late when it goes on, nor is what
// it looks for gone.
static inline int64_t fl_hold_of(flow_window window, int64_t time)
{
    const int64_t last = flow_window_last_instant(window).us;
    return last < time ? last : time;
}
int64_t fl_row_hold(const struct fl_op *op, const struct fl_batch *batch, uint32_t row);

const void *fl_side_one(const flow_ctx *ctx, uint32_t side, const flow_type *type);
const void *fl_side_at(const flow_ctx *ctx, uint32_t side, const flow_type *type, uint64_t index);
const void *fl_side_find(
    const flow_ctx *ctx, uint32_t side, const flow_type *type, const flow_side_key *key);
flow_side_walk fl_side_rows(
    const flow_ctx *ctx, uint32_t side, const flow_type *type, const flow_side_key *key);
const void *fl_side_next(flow_side_walk *walk);

#endif
