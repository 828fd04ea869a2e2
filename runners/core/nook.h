// SPDX-License-Identifier: Apache-2.0
// Small blocks that come and go with bundles: what an aborted bundle took goes back, and what it
// gave stays. In steady state a block is taken from those given before, without a call.
#ifndef FL_NOOK_H
#define FL_NOOK_H

#include "memory.h"

#define FL_NOOK_SIZES 10

struct fl_nook_note {
    void *block;
    size_t size;
};

struct fl_nook_notes {
    struct fl_nook_note *list;
    size_t count, room;
};

struct fl_nook {
    struct fl_cache *cache;
    void *free[FL_NOOK_SIZES]; // by size, linked through their first word
    char *next, *end;          // of the slab being cut
    size_t used;               // bytes of small blocks that are not given
    struct fl_nook_slab *slabs, *large;
    void *kept; // large blocks that were given back, linked through their first word
    bool keeps; // they are: all large ones are of one size
    struct fl_nook_notes taken, given; // in this bundle
};

void fl_nook_init(struct fl_nook *nook, struct fl_cache *cache);
void fl_nook_fini(struct fl_nook *nook); // with all blocks

// The memory of large blocks stays the nook's, too, which are then all of one size.
static inline void fl_nook_keep(struct fl_nook *nook)
{
    nook->keeps = true;
}

// At least `size` bytes, aligned to a word, not zeroed; NULL over budget or without memory. The
// memory of blocks of up to FL_NOOK_MOST bytes stays the nook's, so that who knows a block that was
// given may still read it.
#define FL_NOOK_MOST ((size_t)2048)
void *fl_nook_take(struct fl_nook *nook, size_t size);

// Gives a block back once the bundle commits; `size` as asked for. NULL is allowed. False without
// memory to note it.
bool fl_nook_give(struct fl_nook *nook, void *block, size_t size);

// Makes sure that a block can be noted as taken, and one as given. False without memory.
bool fl_nook_reserve(struct fl_nook *nook);

// Between bundles: gives the memory of small blocks back if all of them were given.
void fl_nook_flush(struct fl_nook *nook);

// What stands before a large block, of the memory that it takes.
#define FL_NOOK_HEAD ((size_t)64)

void fl_nook_commit(struct fl_nook *nook);
void fl_nook_abort(struct fl_nook *nook);

#endif
