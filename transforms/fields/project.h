// SPDX-License-Identifier: Apache-2.0
// A step that makes rows of one type out of rows of another, field by field.
#ifndef FL_FIELDS_PROJECT_H
#define FL_FIELDS_PROJECT_H

#include "part.h"
#include "place.h"

// A field of the output.
struct fl_made {
    struct fl_place from;
    const void *constant; // instead of `from`
    struct fl_cast cast;  // kinds that are no scalars are copied
    uint32_t to, size;
    uint32_t presence; // as in flow_field
    bool required;     // an absent one fails the element, which `type` says
};

// What the step has in pipeline memory.
struct fl_projection {
    flow_fn fn; // first: flow_ctx.fn points into it
    const flow_type *outs[1];
    uint32_t count;
    struct fl_made made[];
};

// A projection in the making. What fails makes it fail as a whole.
struct fl_projecting {
    flow_coll in;
    const char *builder; // for errors
    struct fl_projection *step;
    fl_record record;
};

// Begins a projection to at most `room` fields. False without memory.
bool fl_project_begin(
    struct fl_projecting *p, flow_coll in, const char *builder, const char *record, uint32_t room);

// Adds a field as a column says. False with a sentence.
bool fl_project_column(struct fl_projecting *p, const flow_column *column);

// Adds a field that goes to a field of a type that exists, of the field with its name. False with a
// sentence.
bool fl_project_into(struct fl_projecting *p, const flow_type *type, const flow_field *field);

// Fills one output row, all zero before.
flow_status fl_project_row(
    flow_ctx *ctx, const struct fl_projection *step, const char *row, char *out);

// Ends the scope that the builder began for its errors, and makes the step; `type` NULL: to the
// record in the making.
flow_coll fl_project_end(struct fl_projecting *p, const flow_type *type, const char *name,
    const flow_do_options *options);

#endif
