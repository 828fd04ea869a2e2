// SPDX-License-Identifier: Apache-2.0
// Slabs, blocks and arenas.
#include "memory.h"

#include <stdlib.h>
#include <sys/mman.h>

struct fl_free {
    struct fl_free *next;
};

struct fl_slab {
    struct fl_slab *next;
};

#define CACHE_MOST 32u // blocks of a class a worker keeps
#define CACHE_MOVE 16u // blocks that move between worker and pool at once

static void lock(struct fl_pool *pool)
{
    while (atomic_flag_test_and_set_explicit(&pool->lock, memory_order_acquire))
        ;
}

static void unlock(struct fl_pool *pool)
{
    atomic_flag_clear_explicit(&pool->lock, memory_order_release);
}

static unsigned class_of(size_t size)
{
    unsigned c = 0;
    while ((FL_CLASS_MIN << c) < size)
        c++;
    return c;
}

size_t fl_block_size(size_t size)
{
    if (size <= FL_CHUNK_SIZE)
        return FL_CLASS_MIN << class_of(size);
    return (size + 4095) & ~(size_t)4095;
}

void fl_pool_init(struct fl_pool *pool, const flow_allocator *allocator, uint64_t budget)
{
    memset(pool, 0, sizeof *pool);
    if (allocator)
        pool->allocator = *allocator;
    pool->budget = budget;
    atomic_flag_clear(&pool->lock);
}

static void *map_bytes(struct fl_pool *pool, size_t size)
{
    if (atomic_fetch_add(&pool->held, size) + size > pool->budget) {
        atomic_fetch_sub(&pool->held, size);
        return NULL;
    }
    void *bytes;
    if (pool->allocator.alloc) {
        bytes = pool->allocator.alloc(pool->allocator.user, size, 64);
    } else {
        bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (bytes == MAP_FAILED)
            bytes = NULL;
        else if (size >= FL_SLAB_SIZE)
            madvise(bytes, size, MADV_HUGEPAGE);
    }
    if (!bytes)
        atomic_fetch_sub(&pool->held, size);
    return bytes;
}

static void unmap_bytes(struct fl_pool *pool, void *bytes, size_t size)
{
    if (pool->allocator.alloc)
        pool->allocator.free(pool->allocator.user, bytes, size);
    else
        munmap(bytes, size);
    atomic_fetch_sub(&pool->held, size);
}

void fl_pool_fini(struct fl_pool *pool)
{
    while (pool->slabs) {
        struct fl_slab *slab = pool->slabs;
        pool->slabs = slab->next;
        unmap_bytes(pool, slab, FL_SLAB_SIZE);
    }
}

void fl_pool_move(struct fl_pool *to, struct fl_pool *from)
{
    fl_pool_init(to, &from->allocator, from->budget);
    atomic_store(&to->held, atomic_load(&from->held));
    atomic_store(&to->used, atomic_load(&from->used));
    atomic_store(&to->peak, atomic_load(&from->peak));
    memcpy(to->blocks, from->blocks, sizeof to->blocks);
    to->slabs = from->slabs;
    to->chunk_next = from->chunk_next;
    to->chunk_end = from->chunk_end;
}

void fl_cache_init(struct fl_cache *cache, struct fl_pool *pool)
{
    memset(cache, 0, sizeof *cache);
    cache->pool = pool;
}

void fl_cache_fini(struct fl_cache *cache)
{
    struct fl_pool *pool = cache->pool;
    if (!pool)
        return;
    lock(pool);
    for (unsigned c = 0; c < FL_CLASS_COUNT; c++) {
        while (cache->blocks[c]) {
            struct fl_free *block = cache->blocks[c];
            cache->blocks[c] = block->next;
            block->next = pool->blocks[c];
            pool->blocks[c] = block;
        }
        cache->counts[c] = 0;
    }
    unlock(pool);
}

// A fresh chunk under the pool's lock. The first 128 KiB chunk of a slab starts with the slab's
// link and is cut into the smallest blocks, of which the first is left out.
static char *next_chunk(struct fl_pool *pool)
{
    if (pool->chunk_next == pool->chunk_end) {
        char *bytes = map_bytes(pool, FL_SLAB_SIZE);
        if (!bytes)
            return NULL;
        struct fl_slab *slab = (struct fl_slab *)(void *)bytes;
        slab->next = pool->slabs;
        pool->slabs = slab;
        pool->chunk_next = bytes;
        pool->chunk_end = bytes + FL_SLAB_SIZE;
        for (size_t at = FL_CLASS_MIN; at < FL_CHUNK_SIZE; at += FL_CLASS_MIN) {
            struct fl_free *block = (struct fl_free *)(void *)(bytes + at);
            block->next = pool->blocks[0];
            pool->blocks[0] = block;
        }
        pool->chunk_next += FL_CHUNK_SIZE;
    }
    char *chunk = pool->chunk_next;
    pool->chunk_next += FL_CHUNK_SIZE;
    return chunk;
}

static bool refill(struct fl_cache *cache, unsigned c)
{
    struct fl_pool *pool = cache->pool;
    lock(pool);
    if (!pool->blocks[c]) {
        char *chunk = next_chunk(pool);
        const size_t size = FL_CLASS_MIN << c;
        for (size_t at = 0; chunk && at < FL_CHUNK_SIZE; at += size) {
            struct fl_free *block = (struct fl_free *)(void *)(chunk + at);
            block->next = pool->blocks[c];
            pool->blocks[c] = block;
        }
    }
    while (pool->blocks[c] && cache->counts[c] < CACHE_MOVE) {
        struct fl_free *block = pool->blocks[c];
        pool->blocks[c] = block->next;
        block->next = cache->blocks[c];
        cache->blocks[c] = block;
        cache->counts[c]++;
    }
    unlock(pool);
    return cache->blocks[c] != NULL;
}

static void count_used(struct fl_pool *pool, size_t size)
{
    const uint64_t used = atomic_fetch_add_explicit(&pool->used, size, memory_order_relaxed) + size;
    uint64_t peak = atomic_load_explicit(&pool->peak, memory_order_relaxed);
    while (used > peak && !atomic_compare_exchange_weak_explicit(
                              &pool->peak, &peak, used, memory_order_relaxed, memory_order_relaxed))
        ;
}

void *fl_take(struct fl_cache *cache, size_t size)
{
    if (size > FL_CHUNK_SIZE) {
        const size_t bytes = fl_block_size(size);
        void *block = map_bytes(cache->pool, bytes);
        if (block)
            count_used(cache->pool, bytes);
        return block;
    }
    const unsigned c = class_of(size);
    if (!cache->blocks[c] && !refill(cache, c))
        return NULL;
    struct fl_free *block = cache->blocks[c];
    cache->blocks[c] = block->next;
    cache->counts[c]--;
    count_used(cache->pool, FL_CLASS_MIN << c);
    return block;
}

void fl_give(struct fl_cache *cache, void *memory, size_t size)
{
    if (!memory)
        return;
    struct fl_pool *pool = cache->pool;
    atomic_fetch_sub_explicit(&pool->used, fl_block_size(size), memory_order_relaxed);
    if (size > FL_CHUNK_SIZE) {
        unmap_bytes(pool, memory, fl_block_size(size));
        return;
    }
    const unsigned c = class_of(size);
    struct fl_free *block = memory;
    block->next = cache->blocks[c];
    cache->blocks[c] = block;
    if (++cache->counts[c] <= CACHE_MOST)
        return;
    lock(pool);
    for (unsigned i = 0; i < CACHE_MOVE; i++) {
        block = cache->blocks[c];
        cache->blocks[c] = block->next;
        block->next = pool->blocks[c];
        pool->blocks[c] = block;
    }
    cache->counts[c] -= CACHE_MOVE;
    unlock(pool);
}
