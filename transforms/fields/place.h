// SPDX-License-Identifier: Apache-2.0
// Where a named field lies in rows of a type, and values of one kind as another.
#ifndef FL_FIELDS_PLACE_H
#define FL_FIELDS_PLACE_H

#include <flow/fields.h>
#include <flow/text.h>
#include <flow/transform.h>

#define FL_PLACE_DEPTH 8u

// A field, maybe of a record within the row: "address.city".
struct fl_place {
    flow_field field; // what it is; `offset` counts from the row, `presence` means nothing
    uint32_t presences[FL_PLACE_DEPTH]; // bools on the way there, each of which must be true
    uint32_t presence_count;            // 0: it is always there
};

// False when the type has no such field.
bool fl_place_in(const flow_type *type, const char *path, struct fl_place *place);

// False with a sentence, as `builder`'s, when there is no such field.
bool fl_place_find(flow_coll in, const char *builder, const char *path, struct fl_place *place);

// Whether a row has it.
static inline bool fl_place_there(const struct fl_place *place, const char *row)
{
    for (uint32_t i = 0; i < place->presence_count; i++)
        if (!*(const bool *)(const void *)(row + place->presences[i]))
            return false;
    return true;
}

// From one kind to another.
struct fl_cast {
    const char *name; // of the field, for errors
    flow_kind from, to;
    const flow_csv *text; // text to a number or time: reads one cell
    uint32_t offset;      // where it puts what it read
};

// Makes a cast, in pipeline memory where it needs some. False when there is none, with a sentence
// as `builder`'s.
bool fl_cast_make(flow_pipeline *pipeline, const char *builder, struct fl_cast *cast);

// Casts a value. A value that does not fit fails the call with a sentence. Texts are in flow_alloc
// memory.
flow_status fl_cast_value(flow_ctx *ctx, const struct fl_cast *cast, const void *from, void *to);

// A constant of a kind from text, in pipeline memory; NULL with a sentence as `builder`'s.
const void *fl_constant(
    flow_pipeline *pipeline, const char *builder, flow_kind kind, const char *text);

#endif
