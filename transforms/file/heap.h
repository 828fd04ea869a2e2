// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Memory of sources and sinks from the pipeline's allocator.
 */
#ifndef FL_FILE_HEAP_H
#define FL_FILE_HEAP_H

#include <flow/text.h>

/* Bytes before a piece of memory, where the flow_buffer that holds it is written. */
#define FL_FILE_HEAD_ ((size_t)64)

/** `size` zeroed bytes, 16-byte aligned; NULL without memory. */
static inline void *fl_file_alloc(const flow_allocator *allocator, size_t size)
{
    // A flow_buffer is the one public door to the allocator: the memory lies in its own buffer.
    flow_buffer buffer = { .allocator = allocator };
    char *memory = size < SIZE_MAX / 2 ? flow_buffer_add(&buffer, size + FL_FILE_HEAD_ + 16) : NULL;
    if (memory == NULL) {
        flow_buffer_free(&buffer);
        return NULL;
    }
    memset(memory, 0, size + FL_FILE_HEAD_ + 16);
    memory += FL_FILE_HEAD_ + (16 - (uintptr_t)memory % 16) % 16;
    memcpy(memory - FL_FILE_HEAD_, &buffer, sizeof buffer);
    return memory;
}

/** Gives it back; NULL is allowed. */
static inline void fl_file_free(void *memory)
{
    if (memory == NULL)
        return;
    flow_buffer buffer;
    memcpy(&buffer, (char *)memory - FL_FILE_HEAD_, sizeof buffer);
    flow_buffer_free(&buffer);
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
