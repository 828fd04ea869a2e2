// SPDX-License-Identifier: Apache-2.0
// flow_sum: whole numbers in 128 bits, so that only the result can be too large; floats as they
// are.
#include <flow/transforms.h>

#include "field.h"

// Two's complement, low word first, as the engine keeps FLOW_PRIMITIVE_SUM.
struct flow_sum_state {
    uint64_t low;
    uint64_t high;
};
FLOW_RECORD(flow_sum_state, low, high);

static void add_wide(struct flow_sum_state *sum, uint64_t low, uint64_t high)
{
    sum->low += low;
    sum->high += high + (sum->low < low);
}

static void integer_add(void *acc, const void *in, const void *config)
{
    const fl_field_config *field = config;
    const int64_t value = fl_field_integer(in, field);
    const bool negative = value < 0 && field->kind != FLOW_KIND_U64;
    add_wide(acc, (uint64_t)value, negative ? UINT64_MAX : 0);
}

static void integer_merge(void *acc, const void *other, const void *config)
{
    (void)config;
    const struct flow_sum_state *more = other;
    add_wide(acc, more->low, more->high);
}

static void integer_subtract(void *acc, const void *other, const void *config)
{
    (void)config;
    struct flow_sum_state *sum = acc;
    const struct flow_sum_state *less = other;
    const uint64_t borrow = sum->low < less->low;
    sum->low -= less->low;
    sum->high -= less->high + borrow;
}

static flow_status integer_extract(const void *acc, void *out, const void *config)
{
    (void)config;
    const struct flow_sum_state *sum = acc;
    const uint64_t sign = sum->low >> 63 ? UINT64_MAX : 0;
    if (sum->high != sign)
        return FLOW_USER;
    struct flow_integer *integer = out;
    memcpy(&integer->value, &sum->low, sizeof integer->value);
    return FLOW_OK;
}

static const flow_combine_fn integer_sum = {
    .name = "sum",
    .acc = &flow_sum_state_type,
    .out = &flow_integer_type,
    .primitive = FLOW_PRIMITIVE_SUM,
    .exact = true,
    .add = integer_add,
    .merge = integer_merge,
    .subtract = integer_subtract,
    .extract = integer_extract,
};

static void number_add(void *acc, const void *in, const void *config)
{
    struct flow_number *sum = acc;
    sum->value += fl_field_number(in, config);
}

static void number_merge(void *acc, const void *other, const void *config)
{
    (void)config;
    struct flow_number *sum = acc;
    sum->value += ((const struct flow_number *)other)->value;
}

// Not exact: doubles are never maintained by subtraction (invariant 11).
static const flow_combine_fn number_sum = {
    .name = "sum",
    .acc = &flow_number_type,
    .out = &flow_number_type,
    .add = number_add,
    .merge = number_merge,
};

flow_coll flow_sum(flow_coll in, flow_field_ref field)
{
    if (fl_kind_is_integer(field.kind))
        return fl_field_combine(in, &integer_sum, &field, false);
    if (fl_kind_is_float(field.kind))
        return fl_field_combine(in, &number_sum, &field, false);
    return fl_field_refuse_step(in, "flow_sum", "a number or a duration", &field);
}
