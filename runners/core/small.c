// SPDX-License-Identifier: Apache-2.0
// Free lists by size over chunks of a cache.
#include "small.h"

#include <string.h>

#define CHUNK ((size_t)32 << 10)

struct fl_small_free {
    struct fl_small_free *next;
};

struct fl_small_chunk {
    struct fl_small_chunk *next;
    uint64_t unused; // so that blocks begin at a multiple of 16
};

static size_t rounded(size_t size)
{
    const size_t least = size ? size : 1;
    return (least + FL_SMALL_STEP - 1) / FL_SMALL_STEP * FL_SMALL_STEP;
}

// What is left of a chunk becomes a free block.
static bool next_chunk(struct fl_cache *cache, struct fl_small *small)
{
    struct fl_small_chunk *chunk = fl_take(cache, CHUNK);
    if (!chunk)
        return false;
    const size_t left = (size_t)(small->end - small->next);
    if (left >= FL_SMALL_STEP) {
        struct fl_small_free *rest = (struct fl_small_free *)(void *)small->next;
        rest->next = small->free[left / FL_SMALL_STEP - 1];
        small->free[left / FL_SMALL_STEP - 1] = rest;
    }
    chunk->next = small->chunks;
    small->chunks = chunk;
    small->next = (char *)(chunk + 1);
    small->end = (char *)chunk + CHUNK;
    return true;
}

void *fl_small_take(struct fl_cache *cache, struct fl_small *small, size_t size)
{
    const size_t bytes = rounded(size);
    if (bytes > FL_SMALL_MOST)
        return fl_take(cache, bytes);
    struct fl_small_free **list = &small->free[bytes / FL_SMALL_STEP - 1];
    void *block = *list;
    if (block) {
        *list = (*list)->next;
    } else {
        if ((size_t)(small->end - small->next) < bytes && !next_chunk(cache, small))
            return NULL;
        block = small->next;
        small->next += bytes;
    }
    small->live++;
    return block;
}

void fl_small_give(struct fl_cache *cache, struct fl_small *small, void *block, size_t size)
{
    const size_t bytes = rounded(size);
    struct fl_small_free *free_block = block;
    if (!block)
        return;
    if (bytes > FL_SMALL_MOST) {
        fl_give(cache, block, bytes);
        return;
    }
    free_block->next = small->free[bytes / FL_SMALL_STEP - 1];
    small->free[bytes / FL_SMALL_STEP - 1] = free_block;
    small->live--;
}

void fl_small_fini(struct fl_cache *cache, struct fl_small *small)
{
    while (small->chunks) {
        struct fl_small_chunk *chunk = small->chunks;
        small->chunks = chunk->next;
        fl_give(cache, chunk, CHUNK);
    }
    memset(small, 0, sizeof *small);
}

void fl_small_trim(struct fl_cache *cache, struct fl_small *small)
{
    if (small->live == 0 && small->chunks)
        fl_small_fini(cache, small);
}
