// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Memory for the strings of copied rows: taken piece by piece, given back all at once, kept for the
 * next time.
 */
#ifndef FL_MEMORY_ARENA_H
#define FL_MEMORY_ARENA_H

#include <flow/text.h>

/** A run of bytes in an arena. */
struct fl_memory_block {
    struct fl_memory_block *next; /**< The block filled after this one. */
    flow_buffer buffer;           /**< What holds this very block, for giving it back. */
    char *data;                   /**< First byte for use. */
    size_t size;                  /**< Bytes for use. */
    size_t used;                  /**< Bytes in use. */
};

/** Blocks in the order they are filled; all zero is an empty arena. */
struct fl_memory_arena {
    struct fl_memory_block *first;   /**< Where the next reset starts. */
    struct fl_memory_block *current; /**< Being filled. */
    const flow_allocator *allocator; /**< NULL: the C library's. */
};

/** A block of its own with `size` bytes at `data`, zeroed and 16-byte aligned; NULL without memory.
 */
struct fl_memory_block *fl_memory_block_new(const flow_allocator *allocator, size_t size);

/** Gives a block back; NULL is allowed. */
void fl_memory_block_free(struct fl_memory_block *block);

/** `size` eight-byte aligned bytes that last until the reset, or NULL: a flow_memory.take. */
void *fl_memory_take(void *arena, size_t size);

/** Forgets all that was taken; blocks of usual size stay for the next time. */
void fl_memory_reset(struct fl_memory_arena *arena);

/** Gives everything back. */
void fl_memory_fini(struct fl_memory_arena *arena);

#endif
