// SPDX-License-Identifier: Apache-2.0
// Fields copied as they are from rows of one type to rows of another, and rows filled one by one.
#ifndef FL_FIELDS_PART_H
#define FL_FIELDS_PART_H

#include "core/parts.h"

// A field that is copied.
struct fl_part {
    uint32_t from, to, size;
    uint32_t presence_from, presence_to; // as in flow_field
};

// Adds a field like `field`, of that name, to the record in the making; `optional` though the field
// may not be. False with a sentence.
bool fl_part_add(fl_record *record, struct fl_part *part, const flow_field *field, const char *name,
    bool optional);

// Copies fields to a row that was all zero.
void fl_parts_copy(const struct fl_part *parts, uint32_t count, const char *row, char *out);

// Fills the output row, all zero before, of a row.
typedef flow_status fl_fill_fn(flow_ctx *ctx, const flow_row *row, char *out);

// Gives a filled row of the first output for each row that is still to do.
flow_status fl_fill_each(flow_ctx *ctx, const flow_batch *batch, fl_fill_fn *fill);

#endif
