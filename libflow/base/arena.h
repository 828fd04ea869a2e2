// SPDX-License-Identifier: Apache-2.0
// A bump arena: memory taken piece by piece and given back all at once.
#ifndef FL_ARENA_H
#define FL_ARENA_H

#include <flow/base.h>

struct fl_arena_block;

// Not for sharing between threads. Zeroed is the same as initialised with the C library's
// allocator and the default block size.
typedef struct fl_arena {
    flow_allocator allocator;      // a copy, so that the caller's may go
    struct fl_arena_block *blocks; // the newest first
    char *at;                      // the free part of the newest block
    char *end;
    size_t block_size; // 0: FL_ARENA_BLOCK
    size_t held;       // bytes of all blocks, their heads included
} fl_arena;

#define FL_ARENA_BLOCK ((size_t)4096)

// `allocator` NULL: the C library's. `block_size` 0: FL_ARENA_BLOCK.
void fl_arena_init(fl_arena *arena, const flow_allocator *allocator, size_t block_size);

// `size` bytes aligned to `align` (a power of two), not zeroed; NULL without memory. A size of 0
// gives a pointer that must not be read.
void *fl_arena_alloc(fl_arena *arena, size_t size, size_t align);

// The same, zeroed.
void *fl_arena_calloc(fl_arena *arena, size_t size, size_t align);

// A copy of `text`, terminated; NULL without memory.
char *fl_arena_text(fl_arena *arena, flow_str text);

// Takes everything back but one block, which is used again.
void fl_arena_reset(fl_arena *arena);

// Gives everything back. The arena may be used again.
void fl_arena_fini(fl_arena *arena);

#endif
