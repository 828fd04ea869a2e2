// SPDX-License-Identifier: Apache-2.0
// Slabs, blocks and arenas.
#include "memory.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "spin.h"

struct fl_free {
    struct fl_free *next;
};

#define CHUNKS (FL_SLAB_SIZE / FL_CHUNK_SIZE)

// Lies at the beginning of the slab, in the first block of its first chunk.
struct fl_slab {
    struct fl_slab *next;
    uint16_t idle[CHUNKS]; // blocks of each chunk found free, while counting
};

// A large block that is kept.
struct fl_large {
    struct fl_large *next;
    size_t size;
};

#define CACHE_MOST 48u                  // blocks of a class a worker keeps at most
#define CACHE_PART 128u                 // of the budget, it keeps this part in blocks of a class
#define CACHE_MOVE 16u                  // blocks that move between worker and pool at once
#define WHOLE      (FL_CLASS_COUNT - 1) // the class whose blocks are chunks

static void lock(struct fl_pool *pool)
{
    fl_spin_lock(&pool->lock, pool->yield);
}

static void unlock(struct fl_pool *pool)
{
    fl_spin_unlock(&pool->lock);
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
    const size_t step = (size_t)1 << (60 - __builtin_clzll(size)); // an eighth of the power below
    return (size + step - 1) & ~(step - 1);
}

// Where in the list of large blocks a rounded size stands.
static unsigned large_index(size_t bytes)
{
    const unsigned octave = 63u - (unsigned)__builtin_clzll(bytes);
    const unsigned eighth = (unsigned)(bytes >> (octave - 3)) & 7u;
    return (octave - 17) * 8 + eighth; // the least is 128 KiB
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
    const uint64_t held = atomic_fetch_add(&pool->held, size) + size;
    if (held > pool->budget) {
        atomic_store(&pool->wanted, size);
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
    if (!bytes) {
        atomic_store(&pool->refused, true);
        atomic_fetch_sub(&pool->held, size);
        return NULL;
    }
    uint64_t peak = atomic_load(&pool->peak);
    while (held > peak && !atomic_compare_exchange_weak(&pool->peak, &peak, held))
        ;
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

static void release_kept(struct fl_pool *pool);

void fl_pool_fini(struct fl_pool *pool)
{
    release_kept(pool);
    while (pool->slabs) {
        struct fl_slab *slab = pool->slabs;
        pool->slabs = slab->next;
        unmap_bytes(pool, slab, FL_SLAB_SIZE);
    }
}

void fl_pool_move(struct fl_pool *to, struct fl_pool *from)
{
    fl_pool_init(to, &from->allocator, from->budget);
    to->yield = from->yield;
    atomic_store(&to->held, atomic_load(&from->held));
    atomic_store(&to->peak, atomic_load(&from->peak));
    memcpy(to->blocks, from->blocks, sizeof to->blocks);
    memcpy(to->large, from->large, sizeof to->large);
    to->kept = from->kept;
    to->slabs = from->slabs;
    to->chunk_next = from->chunk_next;
    to->chunk_end = from->chunk_end;
    to->carved = from->carved;
}

void fl_cache_init(struct fl_cache *cache, struct fl_pool *pool)
{
    memset(cache, 0, sizeof *cache);
    cache->pool = pool;
    for (unsigned c = 0; c < FL_CLASS_COUNT; c++) {
        const uint64_t most = pool->budget / CACHE_PART / (FL_CLASS_MIN << c);
        cache->most[c] = most < 1 ? 1 : most < CACHE_MOST ? (uint32_t)most : CACHE_MOST;
    }
}

// Under the lock.
static void give_all(struct fl_cache *cache)
{
    struct fl_pool *pool = cache->pool;
    for (unsigned c = 0; c < FL_CLASS_COUNT; c++) {
        while (cache->blocks[c]) {
            struct fl_free *block = cache->blocks[c];
            cache->blocks[c] = block->next;
            block->next = pool->blocks[c];
            pool->blocks[c] = block;
        }
        cache->counts[c] = 0;
    }
}

void fl_cache_empty(struct fl_cache *cache)
{
    struct fl_pool *pool = cache->pool;
    if (!pool)
        return;
    lock(pool);
    give_all(cache);
    unlock(pool);
}

// Gives large blocks that nobody uses back to the system.
static void release_kept(struct fl_pool *pool)
{
    for (unsigned i = 0; i < FL_LARGE_COUNT; i++) {
        lock(pool);
        struct fl_large *large = (struct fl_large *)(void *)pool->large[i];
        pool->large[i] = NULL;
        for (const struct fl_large *l = large; l; l = l->next)
            pool->kept -= l->size;
        unlock(pool);
        while (large) {
            struct fl_large *next = large->next;
            unmap_bytes(pool, large, large->size);
            large = next;
        }
    }
}

static void *map_or_release(struct fl_pool *pool, size_t size)
{
    void *bytes = map_bytes(pool, size);
    if (bytes)
        return bytes;
    lock(pool);
    const bool any = pool->kept > 0;
    unlock(pool);
    if (!any)
        return NULL;
    release_kept(pool);
    return map_bytes(pool, size);
}

// The next 128 KiB of a slab, or NULL when a fresh slab is needed. Under the lock.
static char *next_chunk(struct fl_pool *pool)
{
    if (pool->chunk_next == pool->chunk_end)
        return NULL;
    char *chunk = pool->chunk_next;
    pool->chunk_next += FL_CHUNK_SIZE;
    return chunk;
}

// A slab that is not cut up yet is the newest, so that its first chunk, whose first block is the
// link, is known. Hence one that another worker added in the meantime makes ours needless.
static bool add_slab(struct fl_pool *pool)
{
    struct fl_slab *slab = map_or_release(pool, FL_SLAB_SIZE);
    lock(pool);
    const bool other = pool->chunk_next != pool->chunk_end;
    if (slab && !other) {
        slab->next = pool->slabs;
        pool->slabs = slab;
        pool->chunk_next = (char *)(void *)slab;
        pool->chunk_end = pool->chunk_next + FL_SLAB_SIZE;
    }
    unlock(pool);
    if (slab && other)
        unmap_bytes(pool, slab, FL_SLAB_SIZE);
    return slab || other;
}

// Cuts a chunk into blocks, outside the lock since it touches fresh pages.
static void cut_chunk(struct fl_cache *cache, char *chunk, unsigned c, bool first_of_slab)
{
    const size_t size = FL_CLASS_MIN << c;
    for (size_t at = first_of_slab ? size : 0; at + size <= FL_CHUNK_SIZE; at += size) {
        struct fl_free *block = (struct fl_free *)(void *)(chunk + at);
        block->next = cache->blocks[c];
        cache->blocks[c] = block;
        cache->counts[c]++;
    }
}

// The slab a block was cut from; NULL: none. Blocks of a list come from few, one behind the other:
// `guess`.
static struct fl_slab *slab_of(struct fl_pool *pool, const void *block, struct fl_slab *guess)
{
    if (guess && (uintptr_t)block - (uintptr_t)guess < FL_SLAB_SIZE)
        return guess;
    struct fl_slab *slab = pool->slabs;
    while (slab && (uintptr_t)block - (uintptr_t)slab >= FL_SLAB_SIZE)
        slab = slab->next;
    return slab;
}

static void put_free(struct fl_pool *pool, unsigned c, char *at)
{
    struct fl_free *block = (struct fl_free *)(void *)at;
    block->next = pool->blocks[c];
    pool->blocks[c] = block;
}

// Counts the free blocks of a class by chunk.
static void count_idle(struct fl_pool *pool, unsigned c)
{
    struct fl_slab *slab = NULL;
    for (struct fl_slab *s = pool->slabs; s; s = s->next)
        memset(s->idle, 0, sizeof s->idle);
    for (const struct fl_free *block = pool->blocks[c]; block; block = block->next) {
        slab = slab_of(pool, block, slab);
        slab->idle[((uintptr_t)block - (uintptr_t)slab) / FL_CHUNK_SIZE]++;
    }
}

// Makes chunks again of those whose blocks of a class are all free. First chunks never are: they
// hold the slab's link.
static void join_blocks(struct fl_pool *pool, unsigned c)
{
    const size_t size = FL_CLASS_MIN << c;
    struct fl_slab *slab = NULL;
    struct fl_free **at = &pool->blocks[c];
    count_idle(pool, c);
    while (*at) {
        struct fl_free *block = *at;
        slab = slab_of(pool, block, slab);
        const size_t offset = (size_t)((uintptr_t)block - (uintptr_t)slab);
        if (slab->idle[offset / FL_CHUNK_SIZE] < FL_CHUNK_SIZE / size) {
            at = &block->next;
            continue;
        }
        *at = block->next;
        if (offset % FL_CHUNK_SIZE == 0)
            put_free(pool, WHOLE, (char *)(void *)block);
    }
}

// Where no slab can be had, what was cut for one size must serve another: true when there are whole
// chunks to take from then.
static bool join_all(struct fl_cache *cache)
{
    struct fl_pool *pool = cache->pool;
    lock(pool);
    give_all(cache);
    for (unsigned c = 0; c < WHOLE && !pool->blocks[WHOLE]; c++)
        join_blocks(pool, c);
    const bool any = pool->blocks[WHOLE] != NULL;
    unlock(pool);
    return any;
}

// A whole chunk that is not in use, to be cut for another size. Under the lock.
static char *spare_chunk(struct fl_pool *pool)
{
    struct fl_free *chunk = pool->blocks[WHOLE];
    if (chunk)
        pool->blocks[WHOLE] = chunk->next;
    return (char *)(void *)chunk;
}

static bool refill(struct fl_cache *cache, unsigned c)
{
    struct fl_pool *pool = cache->pool;
    for (bool scarce = false;;) {
        lock(pool);
        const uint32_t some = cache->most[c] < CACHE_MOVE ? cache->most[c] : CACHE_MOVE;
        while (pool->blocks[c] && cache->counts[c] < some) {
            struct fl_free *block = pool->blocks[c];
            pool->blocks[c] = block->next;
            block->next = cache->blocks[c];
            cache->blocks[c] = block;
            cache->counts[c]++;
        }
        char *chunk = cache->blocks[c] ? NULL : next_chunk(pool);
        const bool first = chunk && pool->slabs && chunk == (char *)(void *)pool->slabs;
        if (!chunk && !cache->blocks[c] && scarce)
            chunk = spare_chunk(pool);
        unlock(pool);
        if (chunk)
            cut_chunk(cache, chunk, c, first);
        if (cache->blocks[c])
            return true;
        if (chunk || add_slab(pool))
            continue;
        scarce = join_all(cache);
        if (!scarce)
            return false;
    }
}

// --- large blocks of slabs: where all of the budget is in slabs, whoever uses them

// What is left of the fresh slab becomes free blocks.
static void cut_rest(struct fl_pool *pool)
{
    for (char *chunk; (chunk = next_chunk(pool)) != NULL;) {
        if (chunk != (char *)(void *)pool->slabs) {
            put_free(pool, WHOLE, chunk);
            continue;
        }
        for (size_t at = FL_CLASS_MIN; at < FL_CHUNK_SIZE; at += FL_CLASS_MIN)
            put_free(pool, 0, chunk + at);
    }
}

// Free chunks that lie side by side; NULL: nowhere.
static char *find_row(struct fl_pool *pool, size_t count)
{
    count_idle(pool, WHOLE);
    for (struct fl_slab *slab = pool->slabs; slab; slab = slab->next) {
        size_t row = 0;
        for (size_t i = 0; i < CHUNKS; i++) {
            row = slab->idle[i] ? row + 1 : 0;
            if (row == count)
                return (char *)(void *)slab + (i + 1 - count) * FL_CHUNK_SIZE;
        }
    }
    return NULL;
}

static void *carve(struct fl_cache *cache, size_t bytes)
{
    struct fl_pool *pool = cache->pool;
    const size_t count = (bytes + FL_CHUNK_SIZE - 1) / FL_CHUNK_SIZE;
    lock(pool);
    give_all(cache);
    cut_rest(pool);
    for (unsigned c = 0; c < WHOLE; c++)
        join_blocks(pool, c);
    char *row = find_row(pool, count);
    struct fl_free **at = &pool->blocks[WHOLE];
    while (row && *at) {
        if ((uintptr_t)*at - (uintptr_t)row < count * FL_CHUNK_SIZE)
            *at = (*at)->next;
        else
            at = &(*at)->next;
    }
    pool->carved += row ? count : 0;
    unlock(pool);
    return row;
}

// Gives back what was carved; false: it was not. Under the lock.
static bool uncarve(struct fl_pool *pool, char *block, size_t bytes)
{
    if (pool->carved == 0 || !slab_of(pool, block, NULL))
        return false;
    for (size_t at = 0; at < bytes; at += FL_CHUNK_SIZE, pool->carved--)
        put_free(pool, WHOLE, block + at);
    return true;
}

static void *take_large(struct fl_cache *cache, size_t bytes)
{
    struct fl_pool *pool = cache->pool;
    const unsigned i = large_index(bytes);
    if (i < FL_LARGE_COUNT) {
        lock(pool);
        struct fl_large *large = (struct fl_large *)(void *)pool->large[i];
        if (large) {
            pool->large[i] = (struct fl_free *)(void *)large->next;
            pool->kept -= bytes;
        }
        unlock(pool);
        if (large)
            return large;
    }
    void *large = map_or_release(pool, bytes);
    return large || bytes > FL_SLAB_SIZE ? large : carve(cache, bytes);
}

// Kept for the next table of that size, up to a quarter of the budget.
static void give_large(struct fl_pool *pool, void *block, size_t bytes)
{
    const unsigned i = large_index(bytes);
    struct fl_large *large = block;
    lock(pool);
    const bool carved = uncarve(pool, block, bytes);
    const bool keep = !carved && i < FL_LARGE_COUNT && pool->kept + bytes <= pool->budget / 4;
    if (keep) {
        large->size = bytes;
        large->next = (struct fl_large *)(void *)pool->large[i];
        pool->large[i] = (struct fl_free *)(void *)large;
        pool->kept += bytes;
    }
    unlock(pool);
    if (!keep && !carved)
        unmap_bytes(pool, block, bytes);
}

void *fl_take(struct fl_cache *cache, size_t size)
{
    if (size > FL_CHUNK_SIZE) {
        const size_t bytes = fl_block_size(size);
        void *large = take_large(cache, bytes);
        cache->used += large ? (int64_t)bytes : 0;
        return large;
    }
    const unsigned c = class_of(size);
    if (!cache->blocks[c] && !refill(cache, c))
        return NULL;
    struct fl_free *block = cache->blocks[c];
    cache->blocks[c] = block->next;
    cache->counts[c]--;
    cache->used += (int64_t)(FL_CLASS_MIN << c);
    return block;
}

void fl_give(struct fl_cache *cache, void *memory, size_t size)
{
    if (!memory)
        return;
    struct fl_pool *pool = cache->pool;
    cache->used -= (int64_t)fl_block_size(size);
    if (size > FL_CHUNK_SIZE) {
        give_large(pool, memory, fl_block_size(size));
        return;
    }
    const unsigned c = class_of(size);
    struct fl_free *block = memory;
    block->next = cache->blocks[c];
    cache->blocks[c] = block;
    if (++cache->counts[c] <= cache->most[c])
        return;
    const uint32_t some = cache->counts[c] < CACHE_MOVE ? cache->counts[c] : CACHE_MOVE;
    lock(pool);
    for (uint32_t i = 0; i < some; i++) {
        block = cache->blocks[c];
        cache->blocks[c] = block->next;
        block->next = pool->blocks[c];
        pool->blocks[c] = block;
    }
    cache->counts[c] -= some;
    unlock(pool);
}
