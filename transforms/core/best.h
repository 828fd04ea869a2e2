// SPDX-License-Identifier: Apache-2.0
// What top, sample, any and latest are: the first rows by an order, per key and window.
#ifndef FL_CORE_BEST_H
#define FL_CORE_BEST_H

#include <flow/transform.h>

// Which rows are kept. Zeroed as a whole before it is filled, so that equal ones are equal bytes.
struct fl_best {
    const flow_type *type; // of a row
    // Whether `a` goes before `b`; of equal rows neither does, and nothing else does not tell. So
    // the result does not depend on the order of elements.
    bool (*before)(const struct fl_best *how, const void *a, const void *b);
    uint32_t limit;         // rows kept at most
    uint32_t first;         // where in the accumulator they begin; filled by fl_best
    uint32_t offset;        // for `before`: where in a row the field lies
    flow_kind kind;         // for `before`: what it is
    uint64_t seed;          // for `before`
    const flow_type *inner; // what is given of a row: a record in it …
    uint32_t inner_offset;  // … that lies here
};

struct fl_best_names {
    const char *acc;     // of the accumulator's record
    const char *combine; // of the step
};

// False when so many elements cannot be kept; fails building with a sentence that begins with the
// builder's name.
bool fl_best_fits(flow_coll in, const char *builder, uint32_t limit);

// The first rows, in order, unkeyed. `field` may be NULL.
flow_coll fl_best(flow_coll in, const struct fl_best_names *names, const struct fl_best *how,
    const flow_field_ref *field);

#endif
