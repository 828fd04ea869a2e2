// SPDX-License-Identifier: Apache-2.0
// A hash that agrees with the equality of binary forms.
#ifndef FL_CORE_HASH_H
#define FL_CORE_HASH_H

#include <flow/type.h>

// 64 bits over a value: equal for values whose binary forms are equal (flow_row_equal). The same on
// every platform of one byte order, since sketches are stored.
uint64_t fl_value_hash(flow_kind kind, const flow_type *record, const void *value, uint64_t seed);

#endif
