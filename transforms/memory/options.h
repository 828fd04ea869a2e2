// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Options structs of callers that were compiled against another version of the header.
 */
#ifndef FL_MEMORY_OPTIONS_H
#define FL_MEMORY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/**
 * Copies a caller's options of `given` bytes over `own` of `size` bytes; what the caller does not
 * know stays zero. False when a newer caller set something that this library does not know.
 */
static inline bool fl_memory_options(void *own, size_t size, const void *options, size_t given)
{
    memset(own, 0, size);
    if (options == NULL)
        return true;
    memcpy(own, options, given < size ? given : size);
    for (size_t i = size; i < given; i++)
        if (((const char *)options)[i] != 0)
            return false;
    return true;
}

#endif
