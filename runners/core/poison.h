// SPDX-License-Identifier: Apache-2.0
// Elements that a function fails on again and again (I7): how often, over the tries of a bundle.
#ifndef FL_POISON_H
#define FL_POISON_H

#include <flow/runner.h>

struct fl_engine;
struct fl_op;
struct fl_worker;

// Elements of a worker's bundle that failed and have attempts left.
struct fl_poison {
    struct fl_mem *mem;
    struct fl_poisoned *list;
    const struct fl_op *of; // the bundle's
    uint32_t runs;          // of the bundle that were aborted for it
    bool again;             // this one will be
    int64_t backoff;        // pause before the second
    int64_t until;          // by the clock: not before; 0: now
};

// The element in work has failed: whether it is to be tried again, with its bundle. `attempts` is
// how often it was tried; 0 where the step tries once.
bool fl_poison_spares(struct fl_op *op, uint32_t *attempts);

// The bundle was aborted to be tried again: not before its pause is over.
void fl_poison_pause(struct fl_worker *worker);

// Whether the worker's bundle still waits to be tried again.
bool fl_poison_waits(struct fl_worker *worker);

// The bundle has committed.
void fl_poison_clear(struct fl_worker *worker);

// FLOW_USER with a sentence when a step has rejected more than it may (I4). While it runs that is
// asked from so many elements on, at the end of any.
#define FL_SHARE_LEAST 1000u
flow_status fl_poison_share(
    const struct fl_engine *engine, uint32_t op, uint64_t least, flow_error *error);

#endif
