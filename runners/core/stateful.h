// SPDX-License-Identifier: Apache-2.0
// Inside stateful steps.
#ifndef FL_STATEFUL_H
#define FL_STATEFUL_H

#include "keyed.h"
#include "store.h"
#include "timer.h"

// What a key has: its timer and, behind it, the user's state record.
struct fl_cell {
    int64_t timer;          // FL_NEVER: none
    uint64_t serial;        // of the cell; 0: gone
    uint64_t stamp;         // bundle that touched it last
    struct fl_slice *slice; // NULL: in a window of its own (own.h), which has the key, too
    uint64_t hash;
    uint64_t word;
    flow_str bytes;
    bool clear; // the state is forgotten when the bundle commits
};

struct fl_touched {
    struct fl_cell *cell;
    struct fl_touched *next;
};

// Rows copied out of batches of which few wait. The last batch takes what comes next; `kept` rows
// of the first are of bundles that have committed.
struct fl_few {
    struct fl_store rows;
    uint32_t kept;
};

// How rows that wait lie. There are few: as they come from a feeder, the shuffle, and as copies.
struct fl_known_shape {
    struct fl_known_shape *next;
    flow_shape shape;
};

struct fl_full;
struct fl_own;

struct fl_stateful {
    struct fl_full *full; // cells.h; NULL: one record and one timer a key
    struct fl_own *own;   // own.h; NULL: windows are named by their end
    bool pointers;        // states point to bytes outside
    struct fl_known_shape *shapes;
    struct fl_layout layout; // of copies
    struct fl_few few[2];    // windows implied, or written down
    uint64_t serial;
    struct fl_dues timers;
    struct fl_dues sorted;          // elements that wait for their time
    int64_t given, given_next;      // until when the last one waited, before the bundle and in it
    struct fl_touched *changed;     // in this bundle
    uint32_t changed_count;         // about: those that were made and changed twice count twice
    struct fl_sorted_new *incoming; // elements of this bundle, newest first
    uint32_t incoming_count;
    struct fl_cell *cells[FLOW_BATCH_ROWS]; // by row
    void *states[FLOW_BATCH_ROWS];          // by selected row
};

#define FL_FIRE_STEPS 4096u // calls after which a firing bundle ends

// Whether a firing bundle has changed so much that it had better end: each cell leaves an image.
static inline bool fl_stateful_full_bundle(const struct fl_stateful *stateful)
{
    return stateful->changed_count >= FL_FIRE_ROWS;
}

struct fl_slices *fl_stateful_set(struct fl_keyed *keyed);

void *fl_cell_state(struct fl_cell *cell);

// Window of a cell, and when it expires.
flow_window fl_cell_window(const struct fl_op *op, const struct fl_cell *cell);
int64_t fl_cell_expiry(const struct fl_op *op, const struct fl_cell *cell);

// What orders a cell's entries in queues among others of the same instant.
static inline int64_t fl_cell_name(const struct fl_cell *cell)
{
    return cell->slice ? cell->slice->end : 0;
}

// Writes the key of a cell as functions see it.
void fl_cell_show_key(const struct fl_op *op, const struct fl_cell *cell, void *to);

// Whether the cell that an entry of a queue means is still there.
bool fl_due_alive(const struct fl_keyed *keyed, const struct fl_due *due);

// The earliest timer that was not replaced, or FL_NEVER.
int64_t fl_stateful_next_timer(struct fl_keyed *keyed);

// Calls a function over rows whose cells are in place.
flow_status fl_stateful_call(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape, flow_batch_fn *process);

// Rows through the element function.
flow_status fl_stateful_rows(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
    const struct fl_keys *keys);

// Elements that wait for their time (waits.c): takes rows; of a snapshot one, outside of bundles,
// which may fail with FLOW_MEMORY. What is due is looked at as a view of its batch.
flow_status fl_waits_take(struct fl_op *op, const struct fl_view *all, const flow_shape *shape);
flow_status fl_waits_restore(struct fl_op *op, const struct fl_row_at *at);
struct fl_view fl_waits_view(const struct fl_op *op, const struct fl_due *due);
void fl_waits_commit(struct fl_op *op);
void fl_waits_abort(struct fl_op *op);
void fl_waits_fini(struct fl_op *op);

// Gives back bytes of keys and strings that the bundle's tables no longer use. After the commit.
void fl_stateful_tidy(struct fl_op *op);

// Keeps an image of a cell before it changes. False without memory.
bool fl_stateful_touch(struct fl_op *op, struct fl_cell *cell);

// Remembers that the bundle changes a cell. False without memory.
bool fl_stateful_note(struct fl_op *op, struct fl_cell *cell);

// Whether nothing is left of a cell that anybody would miss.
bool fl_stateful_over(const struct fl_op *op, struct fl_cell *cell);

#endif
