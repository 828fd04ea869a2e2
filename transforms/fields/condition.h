// SPDX-License-Identifier: Apache-2.0
// What is asked of a field of a row.
#ifndef FL_FIELDS_CONDITION_H
#define FL_FIELDS_CONDITION_H

#include "place.h"

// A flow_condition as it is met.
struct fl_condition {
    struct fl_place place;
    flow_comparison is;
    const void *value; // of the field's kind, in pipeline memory
};

// Finds field and constant. False with a sentence, as `builder`'s.
bool fl_condition_make(
    flow_coll in, const char *builder, const flow_condition *condition, struct fl_condition *made);

// Whether a row meets it.
bool fl_condition_met(const struct fl_condition *condition, const char *row);

#endif
