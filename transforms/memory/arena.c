// SPDX-License-Identifier: Apache-2.0
// Memory for the strings of copied rows, in blocks that are recycled.
#include "arena.h"

#define BLOCK_SIZE ((size_t)32 * 1024)
#define BLOCK_KEEP ((size_t)256 * 1024) // one huge string must not stay for ever
#define ALIGN      ((size_t)16)

static size_t round_up(size_t size)
{
    return (size + (ALIGN - 1)) & ~(ALIGN - 1);
}

struct fl_memory_block *fl_memory_block_new(const flow_allocator *allocator, size_t size)
{
    // A flow_buffer is the one public door to the allocator: the block lies in its own buffer.
    flow_buffer buffer = { .allocator = allocator };
    const size_t head = round_up(sizeof(struct fl_memory_block));
    if (size > SIZE_MAX / 2)
        return NULL;
    char *memory = flow_buffer_add(&buffer, head + size + ALIGN);
    if (memory == NULL) {
        flow_buffer_free(&buffer);
        return NULL;
    }
    memset(memory, 0, head + size + ALIGN);
    char *aligned = memory + ((ALIGN - (uintptr_t)memory % ALIGN) % ALIGN);
    struct fl_memory_block *block = (struct fl_memory_block *)(void *)aligned;
    block->buffer = buffer;
    block->data = aligned + head;
    block->size = size;
    return block;
}

void fl_memory_block_free(struct fl_memory_block *block)
{
    if (block == NULL)
        return;
    flow_buffer buffer = block->buffer;
    flow_buffer_free(&buffer);
}

static struct fl_memory_block *add_block(struct fl_memory_arena *arena, size_t size)
{
    const size_t wanted = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    struct fl_memory_block *block = fl_memory_block_new(arena->allocator, wanted);
    if (block == NULL)
        return NULL;
    if (arena->current == NULL) {
        block->next = arena->first;
        arena->first = block;
    } else {
        block->next = arena->current->next;
        arena->current->next = block;
    }
    arena->current = block;
    return block;
}

void *fl_memory_take(void *user, size_t size)
{
    struct fl_memory_arena *arena = user;
    if (size > SIZE_MAX / 2)
        return NULL;
    const size_t len = (size + 7) & ~(size_t)7;
    struct fl_memory_block *block = arena->current ? arena->current : arena->first;
    while (block != NULL && block->size - block->used < len)
        block = block->next;
    if (block != NULL)
        arena->current = block;
    else if ((block = add_block(arena, len)) == NULL)
        return NULL;
    void *memory = block->data + block->used;
    block->used += len;
    return memory;
}

void fl_memory_reset(struct fl_memory_arena *arena)
{
    struct fl_memory_block **link = &arena->first;
    while (*link != NULL) {
        struct fl_memory_block *block = *link;
        block->used = 0;
        if (block->size > BLOCK_KEEP) {
            *link = block->next;
            fl_memory_block_free(block);
        } else {
            link = &block->next;
        }
    }
    arena->current = NULL;
}

void fl_memory_fini(struct fl_memory_arena *arena)
{
    while (arena->first != NULL) {
        struct fl_memory_block *next = arena->first->next;
        fl_memory_block_free(arena->first);
        arena->first = next;
    }
    arena->current = NULL;
}
