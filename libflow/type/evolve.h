// SPDX-License-Identifier: Apache-2.0
// Descriptions of types read back, and two types side by side.
#ifndef FL_EVOLVE_H
#define FL_EVOLVE_H

#include <flow/evolve.h>

#include "base/arena.h"

// A field of today and the stored one that it comes from, or none: then it is absent.
struct fl_evolved_field {
    const flow_field *now;
    const flow_field *old;
    const struct fl_evolved *record; // of records and lists of them
};

// A type of today and the stored one.
struct fl_evolved {
    const flow_type *old;
    const flow_type *now;
    struct fl_evolved_field *fields; // as many as `now` has
};

// describe.c: a description as a type that the library has laid out, in `arena`. NULL without
// memory (`*memory` false then) or when it is none.
const flow_type *fl_described(fl_arena *arena, flow_str description, bool *memory);

// Whether a value of kind `old` is one of kind `now`, or may become one.
bool fl_may_widen(flow_kind old, flow_kind now);

#endif
