// SPDX-License-Identifier: Apache-2.0
// Memory through the caller's allocator, or the C library where none is given.
#ifndef FL_ALLOC_H
#define FL_ALLOC_H

#include <flow/base.h>

// `size` bytes aligned to `align` (a power of two), or NULL. `allocator` may be NULL or zeroed:
// then the C library gives them. A size of 0 gives memory that may be freed and not read.
void *fl_alloc(const flow_allocator *allocator, size_t size, size_t align);

// The same, zeroed.
void *fl_calloc(const flow_allocator *allocator, size_t size, size_t align);

// `memory`, which fl_alloc gave for `old_size` bytes, with room for `size`; its first bytes are
// kept. NULL without memory: the old block is then still there.
void *fl_realloc(
    const flow_allocator *allocator, void *memory, size_t old_size, size_t size, size_t align);

// Gives back what fl_alloc gave for `size` bytes. NULL is allowed.
void fl_free(const flow_allocator *allocator, void *memory, size_t size);

#endif
