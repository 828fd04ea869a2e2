// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What both reading and writing ask of a record type.
 */
#ifndef FL_FILE_OPTIONS_H
#define FL_FILE_OPTIONS_H

#include <flow/type.h>

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
