// SPDX-License-Identifier: Apache-2.0
// Piles: elements of a splittable step with what is left to do for each. Any worker takes the next;
// one in work stays in the pile, where it holds the watermark until its bundle commits.
#ifndef FL_PILE_H
#define FL_PILE_H

#include "engine.h"

// What parts are ordered by.
enum fl_pile_order {
    FL_PILE_READY, // resume, then number
    FL_PILE_HELD,  // estimate
    FL_PILE_ASKED, // the instant of looking
    FL_PILE_ORDERS
};

// An element and what is left of its restriction. Does not change while it lies in a pile.
struct fl_part {
    struct fl_batch *batch; // of copies, with the part's reference: nobody changes it
    uint32_t row;
    bool started;                // has a restriction
    bool truncated;              // what is left is what a drain leaves
    bool cut;                    // and less than there was
    int64_t estimate;            // nothing below it will come of it
    int64_t asks;                // the instant in event time that it looks into side inputs from
    int64_t resume;              // by the clock; 0: at once
    uint64_t number;             // parts that may go on go in this order
    uint64_t bytes;              // that it counts as in flight, until it is started
    double left;                 // by its tracker
    struct fl_mem *mem;          // what the restriction points to; may be NULL
    void *restriction;           // room for one
    uint32_t at[FL_PILE_ORDERS]; // places in the heaps
};

struct fl_pile {
    atomic_flag lock; // over all that follows
    uint32_t part_size;
    struct fl_part *free; // linked through `restriction`'s place
    uint32_t free_count, reserved, total;
    struct fl_pile_block *blocks;
    struct fl_part **ready; // those that nobody works on
    struct fl_part **held;  // all, by estimate
    struct fl_part **asked; // all, by the instant of looking
    uint32_t ready_count, held_count, room;
    uint64_t next_number;
    double done;              // of all restrictions so far
    bool drained;             // nothing waits for the clock any more
    _Atomic uint32_t waiting; // ready_count, for who has not the lock
    _Atomic uint32_t hungry;  // workers that found nothing when they last looked
};

struct fl_pile *fl_pile_new(struct fl_engine *engine, uint32_t restriction_size);
void fl_pile_free(struct fl_engine *engine, struct fl_pile *pile);

void fl_pile_lock(const struct fl_engine *engine, struct fl_pile *pile);
void fl_pile_unlock(struct fl_pile *pile);

// Makes sure that `count` parts can be added without fail. False without memory.
bool fl_pile_reserve(struct fl_worker *worker, struct fl_pile *pile, uint32_t count);
void fl_pile_unreserve(struct fl_engine *engine, struct fl_pile *pile, uint32_t count);

// --- under the lock

// A part that was reserved, to be filled in but for its places; then it is added.
struct fl_part *fl_pile_new_part(struct fl_pile *pile);
void fl_pile_add(struct fl_pile *pile, struct fl_part *part);

// The next part that may go on, or NULL: it stays held.
struct fl_part *fl_pile_take(struct fl_pile *pile, int64_t now);

// When the first may go on; FL_ASLEEP: none waits.
int64_t fl_pile_wake(const struct fl_pile *pile);

// A part that was taken is done; what it points to is the caller's.
void fl_pile_remove(struct fl_pile *pile, struct fl_part *part);

// Nothing waits for the clock any more (R80).
void fl_pile_drain(struct fl_pile *pile);

#endif
