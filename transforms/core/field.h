// SPDX-License-Identifier: Apache-2.0
// What combines over one field share: which field, how it is read, how rows are ordered.
#ifndef FL_CORE_FIELD_H
#define FL_CORE_FIELD_H

#include <flow/transforms.h>

// Configuration of a combine over one field.
typedef struct fl_field_config {
    uint32_t offset; // bytes from the start of the element
    flow_kind kind;  // what lies there
    bool largest;    // minima and maxima: which
} fl_field_config;

// Integers of every width, and durations.
bool fl_kind_is_integer(flow_kind kind);

// Floats of both widths.
bool fl_kind_is_float(flow_kind kind);

// The field of an element as a signed number; of U64 the bits.
int64_t fl_field_integer(const void *element, const fl_field_config *field);

// The field of an element as a double.
double fl_field_number(const void *element, const fl_field_config *field);

// Fails building with "builder: takes WANTED, its field 'x' is 'kind'" and gives no collection.
flow_coll fl_field_refuse(
    flow_coll in, const char *builder, const char *wanted, const flow_field_ref *field);

// The same for a step whose name is the builder's without "flow_".
flow_coll fl_field_refuse_step(
    flow_coll in, const char *builder, const char *wanted, const flow_field_ref *field);

// flow_combine over one field, with the field as its configuration.
flow_coll fl_field_combine(
    flow_coll in, const flow_combine_fn *fn, const flow_field_ref *field, bool largest);

// The lesser and the greater of two doubles: a NaN gives way to any number.
double fl_lesser(double a, double b);
double fl_greater(double a, double b);

// Orders two values of a kind, below, at or above 0: total, and 0 exactly when their binary forms
// are equal (flow_row_equal). NaN comes before every number.
int fl_value_compare(flow_kind kind, const flow_type *record, const void *a, const void *b);

#endif
