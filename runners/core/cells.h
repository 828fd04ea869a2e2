// SPDX-License-Identifier: Apache-2.0
// Inside stateful steps of the full form: what a key and window have instead of one record. Each
// declared cell, and the timers of each clock, are a tree of entries (tree.h). The roots lie in the
// key's cell block, whose image an aborted bundle puts back.
#ifndef FL_CELLS_H
#define FL_CELLS_H

#include "stateful.h"
#include "tree.h"

enum {
    FL_ROOT_EVENT,
    FL_ROOT_CLOCK,
    FL_ROOT_CELLS
}; // timers by event time, by the clock; cells

// Of an entry and its tree: a timer's instant and what it holds; of cells: when it expires and,
// where windows choose by it when they merge, the event time it was written at.
enum {
    FL_FIRST_DUE,
    FL_FIRST_HOLD,
    FL_FIRST_WRITTEN = FL_FIRST_HOLD
};

// Behind the fl_cell of a key and window, whose `timer` is the next instant of event time at which
// something is due: a timer, an entry's end of life, the window's expiry.
struct fl_cells {
    int64_t clock; // the same by the clock; FL_NEVER: nothing
    int64_t hold;  // the earliest output time that its timers hold
    bool dirty;    // changed since the three were told to the queues
    bool gone;     // its window has ended: forgotten when the bundle commits
    struct fl_root roots[];
};

#define FL_NO_TIMER UINT32_MAX

// What a step of the full form has on a worker.
struct fl_full {
    struct fl_small small;
    struct fl_edit edit;
    struct fl_dues clocks; // by `clock`, and by `hold`: as `timers` of fl_stateful by `timer`
    struct fl_dues holds;
    uint64_t bundle;              // whose the edit is
    uint32_t roots;               // how many
    uint32_t expiry;              // index of the timer at the window's expiry, or FL_NO_TIMER
    uint32_t in_work;             // timer whose function is called, or FL_NO_TIMER
    bool ending;                  // that is the one at the expiry
    bool expires;                 // any cell has a time to live
    flow_buffer scratch;          // keys that are records
    int64_t due[FLOW_BATCH_ROWS]; // timers in work by row: the instant set for
    flow_str tags[FLOW_BATCH_ROWS];
};

static inline struct fl_cells *fl_cells_of(struct fl_cell *cell)
{
    return (struct fl_cells *)(void *)(cell + 1);
}

// What an entry of a cell holds; NULL: sets.
static inline const flow_type *fl_cells_record(const flow_cell *cell)
{
    return cell->kind == FLOW_CELL_COMBINING ? cell->combine->acc : cell->type;
}

uint32_t fl_cells_size(const flow_fn *fn);
bool fl_cells_init(struct fl_op *op);
void fl_cells_fini(struct fl_op *op);

// Begins the bundle's edit, if it has not begun.
struct fl_edit *fl_cells_edit(struct fl_op *op);

// A new block: nothing is there.
void fl_cells_begin(struct fl_op *op, struct fl_cell *cell);

// Tells the queues when something of a block is due, after it changed. False without memory.
bool fl_cells_tell(struct fl_op *op, struct fl_cell *cell);

// What is due of a block next in event time: a timer, an entry's end of life, the window's expiry.
int64_t fl_cells_next_due(const struct fl_op *op, struct fl_cell *cell);

bool fl_cells_empty(const struct fl_op *op, struct fl_cell *cell);

// Lets go of all that a block has.
void fl_cells_clear(struct fl_op *op, struct fl_cell *cell);

// The block of the row in work; NULL (and the row fails) when the function has none.
struct fl_cell *fl_cells_in_work(flow_ctx *ctx, struct fl_op **op);

// An entry with a copy of a record (may be NULL) and of a key. NULL without memory.
struct fl_new_item {
    const struct fl_spot *spot;
    const flow_type *type;
    const void *row;
    flow_kind key; // NONE: the key is not shown
    const flow_type *key_record;
    uint32_t key_size;
};
struct fl_item *fl_cells_item(struct fl_op *op, const struct fl_new_item *what);

// --- cells_fire.c

// What an entry of a timer holds: its output time.
extern const flow_type fl_instant_type;

// Fires what is due in event time before `limit`, or by the clock, one batch of it.
flow_status fl_cells_fire(struct fl_op *op, int64_t limit);
flow_status fl_cells_fire_clock(struct fl_op *op);

// The next instant of the clock, and what holds the output watermark; FL_NEVER: none.
int64_t fl_cells_clock(struct fl_op *op);
int64_t fl_cells_hold(struct fl_op *op);

void fl_cells_commit(struct fl_op *op);
void fl_cells_abort(struct fl_op *op);

// --- what the context asks of them

void fl_cells_timer_start(flow_ctx *ctx, const flow_timer *timer, flow_timer_when when);
void fl_cells_timer_stop(flow_ctx *ctx, const flow_timer *timer, flow_str tag);
flow_time fl_cells_timer_time(const flow_ctx *ctx);
flow_str fl_cells_timer_tag(const flow_ctx *ctx);
flow_time fl_cells_processing_time(const flow_ctx *ctx);
const void *fl_cells_get(flow_ctx *ctx, const flow_cell *cell, const void *key);
const void *fl_cells_put(flow_ctx *ctx, const flow_cell *cell, flow_cell_entry entry);
void fl_cells_remove(flow_ctx *ctx, const flow_cell *cell, const void *key);
void fl_cells_clear_cell(flow_ctx *ctx, const flow_cell *cell, const flow_time range[2]);
uint64_t fl_cells_count(flow_ctx *ctx, const flow_cell *cell);
void fl_cells_walk(flow_ctx *ctx, const flow_cell *cell, flow_cursor *cursor, const void *key);
bool fl_cells_next(flow_cursor *cursor);

// --- cells_merge.c

// All that `other` has becomes part of `into`. `other_first`: its window begins earlier. False
// without memory.
bool fl_cells_merge(
    struct fl_op *op, struct fl_cell *into, struct fl_cell *other, bool other_first);

// --- cells_save.c

void fl_cells_save(struct fl_op *op, struct fl_cell *cell, flow_buffer *out);
struct fl_wire;
flow_status fl_cells_load(struct fl_op *op, struct fl_cell *cell, struct fl_wire *wire);

// --- cells_types.c

struct fl_stored;
void fl_cells_put_types(const flow_fn *fn, flow_buffer *out);
flow_status fl_cells_load_types(struct fl_engine *engine, const struct fl_plan_op *plan,
    struct fl_stored *stored, struct fl_wire *wire, flow_error *error);
void fl_cells_drop_types(struct fl_engine *engine, struct fl_stored *stored);

#endif
