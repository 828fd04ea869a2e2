// SPDX-License-Identifier: Apache-2.0
// A queue of instants at which a live window should be looked at: hints, checked against the window
// when they come due, so that moving an instant later costs nothing (R29). Hints taken in a bundle
// come back when it is aborted.
#ifndef FL_HINT_H
#define FL_HINT_H

#include "memory.h"

struct fl_live;

// A window that is gone has no hint; one that took its place has its own, and if it is for the same
// instant, this is as good as that.
struct fl_hint {
    int64_t at;
    struct fl_live *live;
}; // four of them are a line of memory

// What comes soon stands in a heap, what comes at `horizon` or later in no order: most hints are
// looked at once or twice while they are far away, and a small heap stays in a near cache.
struct fl_hints {
    struct fl_hint *heap; // groups of children each on a line of memory
    size_t count, room;
    struct fl_hint *far;
    size_t far_count, far_room;
    int64_t horizon;
    struct fl_hint *taken; // in this bundle
    size_t taken_count, taken_room;
};

void fl_hints_fini(struct fl_cache *cache, struct fl_hints *hints);

// Adds a hint; false without memory. Room for taking and moving it later is made here too.
bool fl_hints_add(struct fl_cache *cache, struct fl_hints *hints, struct fl_hint hint);

// How many there are.
static inline size_t fl_hints_count(const struct fl_hints *hints)
{
    return hints->count + hints->far_count;
}

// Brings hints near, when none is.
void fl_hints_approach(struct fl_hints *hints);

// The earliest, or NULL.
static inline const struct fl_hint *fl_hints_first(struct fl_hints *hints)
{
    if (!hints->count && hints->far_count)
        fl_hints_approach(hints);
    return hints->count ? &hints->heap[0] : NULL;
}

// After fl_hints_first: takes the earliest, which comes back when the bundle is aborted.
struct fl_hint fl_hints_take(struct fl_hints *hints);

// Between bundles, after fl_hints_first: takes the earliest for good, or lets it stand for another
// instant, a later one.
void fl_hints_drop(struct fl_hints *hints);
void fl_hints_move(struct fl_hints *hints, int64_t at);

void fl_hints_commit(struct fl_hints *hints);
void fl_hints_abort(struct fl_hints *hints);

#endif
