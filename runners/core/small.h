// SPDX-License-Identifier: Apache-2.0
// Small blocks that come and go one by one, cut from blocks of a cache: entries of state. One
// worker uses it. Counted by the budget, as all that a cache gives.
#ifndef FL_SMALL_H
#define FL_SMALL_H

#include "memory.h"

#define FL_SMALL_STEP  16u
#define FL_SMALL_MOST  ((size_t)1024) // larger ones are the cache's
#define FL_SMALL_COUNT (FL_SMALL_MOST / FL_SMALL_STEP)

struct fl_small_free;
struct fl_small_chunk;

struct fl_small {
    struct fl_small_free *free[FL_SMALL_COUNT]; // by size
    struct fl_small_chunk *chunks;
    char *next, *end; // of the newest chunk
    uint64_t live;    // blocks in use
};

// A block, eight-byte aligned, not zeroed; NULL over budget or without memory.
void *fl_small_take(struct fl_cache *cache, struct fl_small *small, size_t size);

// Gives it back; `size` as asked for. NULL is allowed.
void fl_small_give(struct fl_cache *cache, struct fl_small *small, void *block, size_t size);

// Gives the chunks back once no block is in use; large blocks must have been given before.
void fl_small_trim(struct fl_cache *cache, struct fl_small *small);

// Gives all chunks back, whatever is in use.
void fl_small_fini(struct fl_cache *cache, struct fl_small *small);

#endif
