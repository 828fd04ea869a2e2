// SPDX-License-Identifier: Apache-2.0
// A bump arena of blocks that grow with what was taken, so that their number stays small.
#include "base/arena.h"

#include "base/alloc.h"

#define BLOCK_SIZE_MAX ((size_t)1 << 20)

struct fl_arena_block {
    struct fl_arena_block *next;
    size_t size; // with this head
};

void fl_arena_init(fl_arena *arena, const flow_allocator *allocator, size_t block_size)
{
    *arena = (fl_arena){ .block_size = block_size };
    if (allocator)
        arena->allocator = *allocator;
}

static char *align_up(char *at, size_t align)
{
    const uintptr_t over = (uintptr_t)at & (align - 1);
    return over ? at + (align - over) : at;
}

// Doubles with what is held, within limits: few blocks for large arenas, small ones for small.
static size_t next_size(const fl_arena *arena, size_t wanted)
{
    const size_t usual = arena->block_size ? arena->block_size : FL_ARENA_BLOCK;
    size_t size = arena->held > usual ? arena->held : usual;
    if (size > BLOCK_SIZE_MAX && size > usual)
        size = BLOCK_SIZE_MAX > usual ? BLOCK_SIZE_MAX : usual;
    return size > wanted ? size : wanted;
}

static bool add_block(fl_arena *arena, size_t size, size_t align)
{
    const size_t head = sizeof(struct fl_arena_block);
    if (size > SIZE_MAX - head - align)
        return false;
    const size_t block_size = next_size(arena, size + head + align);
    struct fl_arena_block *block =
        fl_alloc(&arena->allocator, block_size, _Alignof(struct fl_arena_block));
    if (!block)
        return false;
    block->next = arena->blocks;
    block->size = block_size;
    arena->blocks = block;
    arena->at = (char *)block + head;
    arena->end = (char *)block + block_size;
    arena->held += block_size;
    return true;
}

void *fl_arena_alloc(fl_arena *arena, size_t size, size_t align)
{
    if (arena->blocks) {
        char *start = align_up(arena->at, align);
        if (start <= arena->end && size <= (size_t)(arena->end - start)) {
            arena->at = start + size;
            return start;
        }
    }
    if (!add_block(arena, size, align))
        return NULL;
    char *start = align_up(arena->at, align);
    arena->at = start + size;
    return start;
}

void *fl_arena_calloc(fl_arena *arena, size_t size, size_t align)
{
    void *memory = fl_arena_alloc(arena, size, align);
    if (memory)
        memset(memory, 0, size);
    return memory;
}

char *fl_arena_text(fl_arena *arena, flow_str text)
{
    if (text.len == SIZE_MAX)
        return NULL;
    char *copy = fl_arena_alloc(arena, text.len + 1, 1);
    if (!copy)
        return NULL;
    if (text.len)
        memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return copy;
}

static void free_blocks(fl_arena *arena, struct fl_arena_block *block)
{
    while (block) {
        struct fl_arena_block *next = block->next;
        arena->held -= block->size;
        fl_free(&arena->allocator, block, block->size);
        block = next;
    }
}

void fl_arena_reset(fl_arena *arena)
{
    struct fl_arena_block *block = arena->blocks;
    if (!block)
        return;
    // The newest: the largest of the ordinary ones, so the next round fits with fewer.
    free_blocks(arena, block->next);
    block->next = NULL;
    arena->at = (char *)block + sizeof *block;
    arena->end = (char *)block + block->size;
}

void fl_arena_fini(fl_arena *arena)
{
    if (!arena)
        return;
    free_blocks(arena, arena->blocks);
    arena->blocks = NULL;
    arena->at = NULL;
    arena->end = NULL;
}
