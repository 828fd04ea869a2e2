// SPDX-License-Identifier: Apache-2.0
// Rows as text with their floats apart, since those agree only nearly: what "the same result" means
// (invariant 11), for users' expectations and for the engine's own tests.
#ifndef FL_TEST_PLAIN_H
#define FL_TEST_PLAIN_H

#include <flow/text.h>

// Text in which "~" stands for each float, and the floats, as doubles, in their order.
struct fl_plain {
    flow_buffer text, floats;
};

void fl_plain_record(struct fl_plain *to, const flow_type *type, const char *row);

// One value of a scalar kind or (with `record`) a record.
void fl_plain_value(
    struct fl_plain *to, flow_kind kind, const flow_type *record, const char *value);

// Floats one behind the other, perhaps not aligned: below, at or above others of the same count.
int fl_floats_order(const void *a, const void *b, size_t count);

// Whether they agree to 1e-12 of their size; NaN agrees with NaN.
bool fl_floats_agree(const void *a, const void *b, size_t count);

#endif
