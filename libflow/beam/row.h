// SPDX-License-Identifier: Apache-2.0
// A schema bound to a record: which value of the wire lies where in memory.
#ifndef FL_BEAM_ROW_H
#define FL_BEAM_ROW_H

#include "base/arena.h"
#include "beam/beam.h"

// How a value is written: a schema's kind, or a logical type with a form of its own.
enum fl_row_form {
    FL_ROW_PLAIN, // as its kind says
    FL_ROW_MILLIS_INSTANT,
    FL_ROW_MICROS_INSTANT,
    FL_ROW_NANOS_INSTANT,
    FL_ROW_NANOS_DURATION,
    FL_ROW_DECIMAL,
    FL_ROW_FIXED_CHAR,
    FL_ROW_VAR_CHAR,
    FL_ROW_FIXED_BYTES,
    FL_ROW_VAR_BYTES
};

// One value: what it is on the wire and in memory.
struct fl_row_node {
    enum fl_row_form form;
    flow_schema_kind schema;
    bool nullable;
    flow_kind kind;                    // in memory
    int64_t length;                    // of fixed and bounded text and bytes
    size_t least;                      // fewest bytes
    size_t size;                       // of the items of a list, in memory
    const struct fl_row *row;          // ROW; the record of MAP items
    const struct fl_row_node *element; // of items; MAP: values
    const struct fl_row_node *key;     // MAP
    const flow_field *parts[2];        // where an item's key and value lie, or its only field
};

// The fields of a row, in the order in which they are written.
struct fl_row {
    const flow_schema *schema;
    const flow_type *type;
    struct fl_row_slot {
        const flow_field *field;
        struct fl_row_node *node;
    } * slots;
};

struct flow_row_coder {
    fl_arena arena;
    const struct fl_row *root;
};

// How long a text is to a logical type: UTF-16 units, as Java counts characters.
size_t fl_row_units(flow_str text);

// The form of a logical type, or PLAIN: then it is what it is written as.
enum fl_row_form fl_row_form_of(const char *urn);

#endif
