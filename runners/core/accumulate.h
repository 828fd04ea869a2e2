// SPDX-License-Identifier: Apache-2.0
// Accumulators that the engine knows: adding one value, inline for the loops that add many.
#ifndef FL_ACCUMULATE_H
#define FL_ACCUMULATE_H

#include <flow/function.h>

struct fl_extreme {
    int64_t value;
    int64_t seen; // 0: none yet
};

// Sums of unsigned 64-bit fields are widened with zeros.
#define FL_SUM_UNSIGNED ((flow_primitive)16)

// Adds 128 bits to 128 bits, low first.
static inline void fl_add_wide(uint64_t *sum, uint64_t low, uint64_t high)
{
    const uint64_t before = sum[0];
    sum[0] += low;
    sum[1] += high + (sum[0] < before);
}

static inline void fl_add_extreme(struct fl_extreme *acc, int64_t value, bool max)
{
    if (!acc->seen || (max ? value > acc->value : value < acc->value)) {
        acc->value = value;
        acc->seen = 1;
    }
}

// One value into an accumulator of a primitive.
static inline void fl_add_value(flow_primitive primitive, void *acc, int64_t value)
{
    if (primitive == FL_SUM_UNSIGNED) {
        fl_add_wide(acc, (uint64_t)value, 0);
        return;
    }
    switch (primitive) {
    case FLOW_PRIMITIVE_COUNT:
        *(int64_t *)acc += value;
        break;
    case FLOW_PRIMITIVE_SUM:
        fl_add_wide(acc, (uint64_t)value, value < 0 ? UINT64_MAX : 0);
        break;
    case FLOW_PRIMITIVE_MIN:
        fl_add_extreme(acc, value, false);
        break;
    case FLOW_PRIMITIVE_MAX:
        fl_add_extreme(acc, value, true);
        break;
    case FLOW_PRIMITIVE_NONE:
        break;
    }
}

// An integer or time field, widened.
static inline int64_t fl_integer_at(flow_kind kind, const char *at)
{
    int64_t wide;
    int32_t narrow;
    uint32_t natural;
    switch (kind) {
    case FLOW_KIND_BOOL:
        return *at != 0;
    case FLOW_KIND_I32:
        memcpy(&narrow, at, sizeof narrow);
        return narrow;
    case FLOW_KIND_U32:
        memcpy(&natural, at, sizeof natural);
        return natural;
    default:
        memcpy(&wide, at, sizeof wide);
        return wide;
    }
}

#endif
