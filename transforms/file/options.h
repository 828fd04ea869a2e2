// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What both reading and writing ask of their options and of a record type.
 */
#ifndef FL_FILE_OPTIONS_H
#define FL_FILE_OPTIONS_H

#include <flow/file.h>
#include <flow/transform.h>
#include <flow/type.h>

#include <stddef.h>

/** What is wrong with the options that reading and writing share; NULL when nothing is. `known`: as
 * flow_options_copy() has it. */
static inline const char *fl_file_bad_options(
    bool known, const char *path, flow_file_format format, flow_compression compression)
{
    if (!known)
        return FLOW_OPTION_UNKNOWN;
    if (path == NULL || path[0] == '\0')
        return "the option `path` is missing";
    if (format != FLOW_LINES && format != FLOW_CSV && format != FLOW_JSON && format != FLOW_AVRO)
        return "the option `format` is none of FLOW_LINES, FLOW_CSV, FLOW_JSON and FLOW_AVRO";
    if (compression > FLOW_COMPRESSION_SNAPPY)
        return "the option `compression` is none of the known";
    return NULL;
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
