// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Options structs of callers that were compiled against another version of the header, and what
 * both reading and writing ask of a record type.
 */
#ifndef FL_FILE_OPTIONS_H
#define FL_FILE_OPTIONS_H

#include <flow/type.h>

/**
 * Copies a caller's options of `given` bytes over `own` of `size` bytes; what the caller does not
 * know stays zero. False when a newer caller set something that this library does not know.
 */
static inline bool fl_file_options(void *own, size_t size, const void *options, size_t given)
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

/** Whether a record is one text field, as FLOW_LINES needs; where it lies in a row. */
static inline bool fl_file_text_field(const flow_type *type, uint32_t *offset)
{
    if (type->field_count != 1 || type->fields[0].kind != FLOW_KIND_STR ||
        type->fields[0].presence != 0)
        return false;
    *offset = type->fields[0].offset;
    return true;
}

#endif
