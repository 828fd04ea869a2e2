// SPDX-License-Identifier: Apache-2.0
// The sending side of a shuffle on one worker: rows wait in private batches, one being filled per
// receiving worker, until the bundle commits. Combines may be lifted: added up here first.
#ifndef FL_SHUFFLE_H
#define FL_SHUFFLE_H

#include "keyed.h"

struct fl_lane_out {
    struct fl_batch *open;         // being filled
    struct fl_batch *first, *last; // full, oldest first
};

struct fl_shuffle {
    struct fl_format format;  // of rows
    struct fl_format partial; // of accumulators
    struct fl_lane_out *out;  // by receiving worker
    struct fl_dealt *dealt;   // room for dealing a view's rows out
    bool pointers;            // elements point to bytes outside
    bool key_pointers;        // so do key records
    // lifting
    bool can_lift;
    bool lift;     // now
    uint64_t rest; // rows until it is tried again
    struct fl_slices lifted;
    uint64_t rows, keys; // lifted in this bundle, and keys sent for them
    uint64_t passed;     // rows of this bundle that were not lifted
    int64_t least;       // earliest end of a lifted window
};

#define FL_LIFT_KEYS   4096u // keys that are lifted at most before they are sent (bench: keyed_1k)
#define FL_LIFT_SLICES 64u   // slices that are lifted into at once

bool fl_shuffle_init(struct fl_op *op);
void fl_shuffle_fini(struct fl_op *op);

// Puts what was lifted into batches. Before the commit.
flow_status fl_shuffle_flush(struct fl_op *op);

// Whether something lifted would now be late: the bundle must run again without lifting.
bool fl_shuffle_too_late(struct fl_op *op);

// Puts the accumulators of a table into batches, all at one time.
flow_status fl_shuffle_slice(struct fl_op *op, const struct fl_table *table, int64_t time);

// --- lift.c

// Adds rows up here. What is left of the view must be sent as it is: it may be late.
flow_status fl_lift_rows(struct fl_op *op, struct fl_view *view, const flow_shape *shape);

// Sends what was lifted.
flow_status fl_lift_send(struct fl_op *op);

// The bundle is committed: judges whether lifting pays.
void fl_lift_end(struct fl_op *op);

// Hands the batches over to the receivers' inboxes. Cannot fail.
void fl_shuffle_commit(struct fl_op *op);
void fl_shuffle_abort(struct fl_op *op);

#endif
