// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Memory of sources and sinks from the pipeline's allocator.
 */
#ifndef FL_FILE_HEAP_H
#define FL_FILE_HEAP_H

#include <flow/transform.h>

/* What stands before a piece of memory, as long as its alignment. */
struct fl_file_head_ {
    const flow_allocator *allocator;
    size_t size; /* with this */
};

/** `size` zeroed bytes, 16-byte aligned; NULL without memory. */
static inline void *fl_file_alloc(const flow_allocator *allocator, size_t size)
{
    const struct fl_file_head_ head = { allocator, size + sizeof head };
    char *memory = size < SIZE_MAX / 2 ? flow_allocate(allocator, head.size) : NULL;
    if (memory == NULL)
        return NULL;
    memcpy(memory, &head, sizeof head);
    return memory + sizeof head;
}

/** Gives memory back whose allocator lies in it: `allocator` is a copy. */
static inline void fl_file_free_by(const flow_allocator *allocator, void *memory)
{
    struct fl_file_head_ head;
    memcpy(&head, (char *)memory - sizeof head, sizeof head);
    flow_release(allocator, (char *)memory - sizeof head, head.size);
}

/** Gives it back; NULL is allowed. */
static inline void fl_file_free(void *memory)
{
    struct fl_file_head_ head;
    if (memory == NULL)
        return;
    memcpy(&head, (char *)memory - sizeof head, sizeof head);
    fl_file_free_by(head.allocator, memory);
}

/** A copy of a C string in a fixed array; what does not fit is cut off. */
static inline void fl_file_copy_text(char *to, size_t size, const char *from)
{
    const size_t len = from ? strlen(from) : 0;
    const size_t fits = len < size ? len : size - 1;
    if (fits > 0)
        memcpy(to, from, fits);
    to[fits] = '\0';
}

#endif
