// SPDX-License-Identifier: Apache-2.0
// Memory of a run: blocks cut from recycled slabs under one byte budget (invariant 5), and arenas
// of such blocks that are shared by reference.
#ifndef FL_MEMORY_H
#define FL_MEMORY_H

#include <stdatomic.h>

#include <flow/base.h>

#define FL_SLAB_SIZE   ((size_t)2 << 20) // a huge page
#define FL_CHUNK_SIZE  ((size_t)128 << 10)
#define FL_CLASS_COUNT 6 // 4, 8, 16, 32, 64, 128 KiB
#define FL_CLASS_MIN   ((size_t)4 << 10)
#define FL_LARGE_COUNT 128 // sizes of large blocks that are kept: eight an octave

struct fl_free; // a block that is not in use

// All slabs of a run. Shared by its workers.
struct fl_pool {
    flow_allocator allocator; // zeroed functions: slabs straight from the system
    uint64_t budget;
    _Atomic uint64_t held;   // bytes of slabs and large blocks
    _Atomic uint64_t peak;   // the most `held` was
    _Atomic bool refused;    // the system or the allocator gave nothing, within the budget
    _Atomic uint64_t wanted; // by the last who found no room in the budget
    void (*yield)(void);     // for who waits for the lock; may be NULL
    atomic_flag lock;        // over what follows
    struct fl_free *blocks[FL_CLASS_COUNT];
    struct fl_free *large[FL_LARGE_COUNT];
    uint64_t kept; // bytes of large blocks that are not in use
    struct fl_slab *slabs;
    char *chunk_next, *chunk_end; // the slab being cut
    uint64_t carved;              // chunks of slabs that large blocks are made of
};

// A worker's share: blocks it can take without asking the pool.
struct fl_cache {
    struct fl_pool *pool;
    struct fl_free *blocks[FL_CLASS_COUNT];
    uint32_t counts[FL_CLASS_COUNT];
    uint32_t most[FL_CLASS_COUNT]; // blocks that it keeps: of a small budget few large ones
    int64_t used; // bytes taken less bytes given, here: of blocks that others give back too
};

// What a worker asks of the others, and answers them, when memory is short (relief.c).
struct fl_relief {
    _Atomic uint64_t asked;    // its call that it waits for, or tries again after; 0: none
    _Atomic uint64_t answered; // the last call that it has made room for
    _Atomic uint64_t done;     // bundles that it committed and tables it spilled since one called
    uint64_t before;           // what the others had done when it called
    bool passed;               // it has let others try since they did anything
};

void fl_pool_init(struct fl_pool *pool, const flow_allocator *allocator, uint64_t budget);
void fl_pool_fini(struct fl_pool *pool);

// Moves a pool that no cache uses to another place.
void fl_pool_move(struct fl_pool *to, struct fl_pool *from);

void fl_cache_init(struct fl_cache *cache, struct fl_pool *pool);

// Gives all that it keeps to the pool.
void fl_cache_empty(struct fl_cache *cache);

// The bytes that a block for `size` really has: a class up to 128 KiB, else an eighth of an octave.
size_t fl_block_size(size_t size);

// A block of at least `size` bytes, 64-byte aligned, not zeroed; NULL over budget or without
// memory.
void *fl_take(struct fl_cache *cache, size_t size);

// Gives a block back to whichever worker's cache; `size` as asked for. NULL is allowed.
void fl_give(struct fl_cache *cache, void *block, size_t size);

// An arena: bytes that live together, by reference. It can keep outside memory and other arenas
// alive. Filled by one worker at a time; references may be dropped by any.
struct fl_mem;

struct fl_mem *fl_mem_new(struct fl_cache *cache);
struct fl_mem *fl_mem_ref(struct fl_mem *mem);
void fl_mem_unref(struct fl_cache *cache, struct fl_mem *mem);

// `size` bytes, eight-byte aligned; NULL without memory.
void *fl_mem_alloc(struct fl_cache *cache, struct fl_mem *mem, size_t size);

// flow_memory.take for an arena: `user` is { cache, arena }.
void *fl_take_from(void *user, size_t size);

// Makes room so that allocations of `size` bytes in all cannot fail.
bool fl_mem_reserve(struct fl_cache *cache, struct fl_mem *mem, size_t size);

// Keeps outside bytes alive as long as `mem`: then `release(user)`. False without memory (and the
// caller still owns them).
bool fl_mem_keep(struct fl_cache *cache, struct fl_mem *mem, flow_bytes bytes,
    void (*release)(void *user), void *user);

// Keeps `other` alive as long as `mem`. False without memory.
bool fl_mem_hold(struct fl_cache *cache, struct fl_mem *mem, struct fl_mem *other);

// Lets everything go that `mem` keeps or holds.
void fl_mem_let_go(struct fl_cache *cache, struct fl_mem *mem);

// Whether `data` lies in memory that `mem` keeps alive; *range is the block found.
bool fl_mem_has(const struct fl_mem *mem, const void *data, flow_bytes *range);

// Bytes of blocks that the arena takes up, outside memory not counted.
size_t fl_mem_size(const struct fl_mem *mem);

#endif
