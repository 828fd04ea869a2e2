// SPDX-License-Identifier: Apache-2.0
// Elements put beside the record of those of their fields that are the key.
#ifndef FL_FIELDS_PAIR_H
#define FL_FIELDS_PAIR_H

#include "project.h"

// What the step has in pipeline memory.
struct fl_pair {
    flow_fn fn;               // first: flow_ctx.fn points into it
    const flow_type *outs[1]; // key and element
    const flow_type *key;
    struct fl_projection *keys; // from an element to its key
    uint32_t key_at, row_at;
};

// By what: fields, and the names they have in the key.
struct fl_pair_by {
    const char *builder; // for errors
    const char *const *fields;
    const char *const *names; // NULL: their own
    size_t count;
};

// Makes the step; NULL with a sentence.
struct fl_pair *fl_pair_make(flow_coll in, const struct fl_pair_by *by);

// Applies it: pairs, keyed.
flow_coll fl_pair_apply(flow_coll in, struct fl_pair *pair);

#endif
