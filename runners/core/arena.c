// SPDX-License-Identifier: Apache-2.0
// Arenas of pool blocks, shared by reference.
#include "memory.h"

struct block {
    struct block *next;
    size_t size; // as taken from the pool, this header included
};

// Something that lives as long as the arena: outside bytes, or another arena.
struct held {
    struct held *next;
    struct fl_mem *mem;
    flow_bytes bytes;
    void (*release)(void *user);
    void *user;
};

struct fl_mem {
    _Atomic uint32_t refs;
    char *next, *end;     // free bytes of the newest block
    struct block *blocks; // newest first; the last one holds this struct
    struct held *held;
    size_t size;
};

#define BLOCK_FIRST ((size_t)4 << 10)
#define BLOCK_MORE  ((size_t)32 << 10)

struct fl_mem *fl_mem_new(struct fl_cache *cache)
{
    struct block *block = fl_take(cache, BLOCK_FIRST);
    if (!block)
        return NULL;
    block->next = NULL;
    block->size = BLOCK_FIRST;
    struct fl_mem *mem = (struct fl_mem *)(void *)(block + 1);
    memset(mem, 0, sizeof *mem);
    atomic_init(&mem->refs, 1);
    mem->next = (char *)(void *)(mem + 1);
    mem->end = (char *)(void *)block + BLOCK_FIRST;
    mem->blocks = block;
    mem->size = BLOCK_FIRST;
    return mem;
}

struct fl_mem *fl_mem_ref(struct fl_mem *mem)
{
    if (mem)
        atomic_fetch_add_explicit(&mem->refs, 1, memory_order_relaxed);
    return mem;
}

void fl_mem_let_go(struct fl_cache *cache, struct fl_mem *mem)
{
    for (struct held *held = mem->held; held; held = held->next) {
        fl_mem_unref(cache, held->mem);
        if (held->release)
            held->release(held->user);
    }
    mem->held = NULL;
}

void fl_mem_unref(struct fl_cache *cache, struct fl_mem *mem)
{
    if (!mem || atomic_fetch_sub_explicit(&mem->refs, 1, memory_order_acq_rel) != 1)
        return;
    fl_mem_let_go(cache, mem);
    struct block *block = mem->blocks;
    while (block) {
        struct block *next = block->next;
        fl_give(cache, block, block->size);
        block = next;
    }
}

bool fl_mem_reserve(struct fl_cache *cache, struct fl_mem *mem, size_t size)
{
    if ((size_t)(mem->end - mem->next) >= size)
        return true;
    size_t bytes = size + sizeof(struct block);
    if (bytes < BLOCK_MORE)
        bytes = BLOCK_MORE;
    bytes = fl_block_size(bytes);
    struct block *block = fl_take(cache, bytes);
    if (!block)
        return false;
    block->next = mem->blocks;
    block->size = bytes;
    mem->blocks = block;
    mem->size += bytes;
    mem->next = (char *)(void *)(block + 1);
    mem->end = (char *)(void *)block + bytes;
    return true;
}

void *fl_mem_alloc(struct fl_cache *cache, struct fl_mem *mem, size_t size)
{
    size = (size + 7) & ~(size_t)7;
    if (!fl_mem_reserve(cache, mem, size))
        return NULL;
    char *bytes = mem->next;
    mem->next += size;
    return bytes;
}

void *fl_take_from(void *user, size_t size)
{
    void **pair = user;
    return fl_mem_alloc(pair[0], pair[1], size);
}

static struct held *add_held(struct fl_cache *cache, struct fl_mem *mem)
{
    struct held *held = fl_mem_alloc(cache, mem, sizeof *held);
    if (!held)
        return NULL;
    memset(held, 0, sizeof *held);
    held->next = mem->held;
    mem->held = held;
    return held;
}

bool fl_mem_keep(struct fl_cache *cache, struct fl_mem *mem, flow_bytes bytes,
    void (*release)(void *user), void *user)
{
    struct held *held = add_held(cache, mem);
    if (!held)
        return false;
    held->bytes = bytes;
    held->release = release;
    held->user = user;
    return true;
}

bool fl_mem_hold(struct fl_cache *cache, struct fl_mem *mem, struct fl_mem *other)
{
    if (!other || other == mem || (mem->held && mem->held->mem == other))
        return true;
    struct held *held = add_held(cache, mem);
    if (!held)
        return false;
    held->mem = fl_mem_ref(other);
    return true;
}

static bool inside(const void *data, const void *start, size_t len)
{
    return (uintptr_t)data >= (uintptr_t)start && (uintptr_t)data - (uintptr_t)start < len;
}

bool fl_mem_has(const struct fl_mem *mem, const void *data, flow_bytes *range)
{
    if (!mem)
        return false;
    for (const struct held *held = mem->held; held; held = held->next) {
        if (held->mem && fl_mem_has(held->mem, data, range))
            return true;
        if (held->bytes.len && inside(data, held->bytes.data, held->bytes.len)) {
            *range = held->bytes;
            return true;
        }
    }
    for (const struct block *block = mem->blocks; block; block = block->next) {
        if (inside(data, block, block->size)) {
            range->data = block;
            range->len = block->size;
            return true;
        }
    }
    return false;
}

size_t fl_mem_size(const struct fl_mem *mem)
{
    return mem ? mem->size : 0;
}
