// SPDX-License-Identifier: Apache-2.0
// A queue of instants, earliest first, each with something of its own: user timers, and elements
// that wait for their time. Entries taken in a bundle come back when it is aborted.
#ifndef FL_TIMER_H
#define FL_TIMER_H

#include "batch.h"

struct fl_due {
    int64_t at;     // timers: when it was set for; elements: until when they wait (R65)
    int64_t then;   // orders equal instants: timers by name of their window, elements by their time
    uint64_t order; // and by when they came: given by fl_dues_add
    void *item;
    uint64_t serial;     // timers: of the cell, to tell whether it is still the same
    uint16_t *selection; // elements: which rows of the batch; NULL: `count` from `row` on
    const flow_shape *shape;
    uint32_t count;
    uint16_t row;
}; // a cache line: they move in the heap

struct fl_dues {
    struct fl_due *heap;
    size_t count, room;
    struct fl_due *taken; // in this bundle
    size_t taken_count, taken_room;
    uint64_t next_order;
};

void fl_dues_fini(struct fl_cache *cache, struct fl_dues *dues);

// Adds an entry; false without memory. Room for taking it later is made here too.
bool fl_dues_add(struct fl_cache *cache, struct fl_dues *dues, const struct fl_due *due);

// Makes sure that `more` entries can be added without fail.
bool fl_dues_reserve(struct fl_cache *cache, struct fl_dues *dues, size_t more);

// The earliest, or NULL.
const struct fl_due *fl_dues_first(const struct fl_dues *dues);

// Takes the earliest.
struct fl_due fl_dues_take(struct fl_dues *dues);

// The bundle ended well: what was taken is gone. Or it never was: it comes back.
void fl_dues_commit(struct fl_dues *dues);
void fl_dues_abort(struct fl_dues *dues);

#endif
