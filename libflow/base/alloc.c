// SPDX-License-Identifier: Apache-2.0
// Memory through the caller's allocator: the one place of the library that calls the C library's.
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#include <flow/transform.h>

static bool is_own(const flow_allocator *allocator)
{
    return allocator && allocator->alloc;
}

static void *alloc_from_libc(size_t size, size_t align)
{
    if (align <= _Alignof(max_align_t))
        return malloc(size);
    // aligned_alloc wants a size that is a multiple of the alignment.
    if (size > SIZE_MAX - align)
        return NULL;
    return aligned_alloc(align, (size + align - 1) & ~(align - 1));
}

void *fl_alloc(const flow_allocator *allocator, size_t size, size_t align)
{
    const size_t some = size ? size : 1;
    if (is_own(allocator))
        return allocator->alloc(allocator->user, some, align);
    return alloc_from_libc(some, align);
}

void *fl_calloc(const flow_allocator *allocator, size_t size, size_t align)
{
    // The C library knows which pages are fresh and need no clearing.
    if (!is_own(allocator) && align <= _Alignof(max_align_t))
        return calloc(1, size ? size : 1);
    void *memory = fl_alloc(allocator, size, align);
    if (memory)
        memset(memory, 0, size);
    return memory;
}

void *fl_realloc(
    const flow_allocator *allocator, void *memory, size_t old_size, size_t size, size_t align)
{
    if (!is_own(allocator) && align <= _Alignof(max_align_t))
        return realloc(memory, size ? size : 1);
    void *grown = fl_alloc(allocator, size, align);
    if (!grown)
        return NULL;
    if (memory)
        memcpy(grown, memory, old_size < size ? old_size : size);
    fl_free(allocator, memory, old_size);
    return grown;
}

void fl_free(const flow_allocator *allocator, void *memory, size_t size)
{
    if (!memory)
        return;
    if (!is_own(allocator))
        free(memory);
    else if (allocator->free)
        allocator->free(allocator->user, memory, size ? size : 1);
}

void *flow_allocate(const flow_allocator *allocator, size_t size)
{
    return fl_calloc(allocator, size, _Alignof(max_align_t));
}

void flow_release(const flow_allocator *allocator, void *memory, size_t size)
{
    fl_free(allocator, memory, size);
}
