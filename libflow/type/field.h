// SPDX-License-Identifier: Apache-2.0
// Where the fields of a row are.
#ifndef FL_FIELD_H
#define FL_FIELD_H

#include <flow/type.h>

// How deep records may nest.
#define FL_DEPTH_MAX 8

// The name outside the program: in JSON and CSV.
static inline const char *fl_field_outside(const flow_field *field)
{
    return field->as ? field->as : field->name;
}

static inline const void *fl_field_at(const flow_field *field, const void *row)
{
    return (const char *)row + field->offset;
}

static inline bool fl_field_present(const flow_field *field, const void *row)
{
    return !field->presence || *((const unsigned char *)row + field->presence - 1) != 0;
}

static inline void fl_field_set_present(const flow_field *field, void *row)
{
    if (field->presence)
        *((unsigned char *)row + field->presence - 1) = 1;
}

// How many bytes apart the items of a list are.
static inline size_t fl_item_size(const flow_field *list)
{
    return list->item == FLOW_KIND_RECORD ? list->record->size : flow_kind_size(list->item);
}

// Whether values of the kind point to bytes outside themselves.
static inline bool fl_kind_has_pointers(flow_kind kind, const flow_type *record)
{
    return kind == FLOW_KIND_STR || kind == FLOW_KIND_BYTES || kind == FLOW_KIND_LIST ||
           (kind == FLOW_KIND_RECORD && flow_type_has_pointers(record));
}

#endif
