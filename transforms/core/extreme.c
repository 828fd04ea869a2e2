// SPDX-License-Identifier: Apache-2.0
// flow_min and flow_max. An accumulator of zeros has seen nothing, so it is neutral.
#include <flow/transforms.h>

#include "field.h"

// As the engine keeps FLOW_PRIMITIVE_MIN and FLOW_PRIMITIVE_MAX.
struct flow_extreme_integer {
    int64_t value;
    int64_t seen;
};
FLOW_RECORD(flow_extreme_integer, value, seen);

struct flow_extreme_unsigned {
    uint64_t value;
    int64_t seen;
};
FLOW_RECORD(flow_extreme_unsigned, value, seen);

struct flow_extreme_number {
    double value;
    int64_t seen;
};
FLOW_RECORD(flow_extreme_number, value, seen);

static bool largest(const void *config)
{
    return ((const fl_field_config *)config)->largest;
}

static void integer_merge(void *acc, const void *other, const void *config)
{
    struct flow_extreme_integer *a = acc;
    const struct flow_extreme_integer *b = other;
    if (b->seen && (!a->seen || (largest(config) ? b->value > a->value : b->value < a->value)))
        *a = *b;
}

static void integer_add(void *acc, const void *in, const void *config)
{
    const struct flow_extreme_integer one = { fl_field_integer(in, config), 1 };
    integer_merge(acc, &one, config);
}

static flow_status integer_extract(const void *acc, void *out, const void *config)
{
    (void)config;
    *(struct flow_integer *)out =
        (struct flow_integer){ ((const struct flow_extreme_integer *)acc)->value };
    return FLOW_OK;
}

static const flow_combine_fn integer_min = {
    .name = "min",
    .acc = &flow_extreme_integer_type,
    .out = &flow_integer_type,
    .primitive = FLOW_PRIMITIVE_MIN,
    .add = integer_add,
    .merge = integer_merge,
    .extract = integer_extract,
};

static const flow_combine_fn integer_max = {
    .name = "max",
    .acc = &flow_extreme_integer_type,
    .out = &flow_integer_type,
    .primitive = FLOW_PRIMITIVE_MAX,
    .add = integer_add,
    .merge = integer_merge,
    .extract = integer_extract,
};

static void unsigned_merge(void *acc, const void *other, const void *config)
{
    struct flow_extreme_unsigned *a = acc;
    const struct flow_extreme_unsigned *b = other;
    if (b->seen && (!a->seen || (largest(config) ? b->value > a->value : b->value < a->value)))
        *a = *b;
}

static void unsigned_add(void *acc, const void *in, const void *config)
{
    const struct flow_extreme_unsigned one = { (uint64_t)fl_field_integer(in, config), 1 };
    unsigned_merge(acc, &one, config);
}

static flow_status unsigned_extract(const void *acc, void *out, const void *config)
{
    (void)config;
    const struct flow_extreme_unsigned *extreme = acc;
    if (extreme->value > INT64_MAX)
        return FLOW_USER;
    *(struct flow_integer *)out = (struct flow_integer){ (int64_t)extreme->value };
    return FLOW_OK;
}

static const flow_combine_fn unsigned_min = {
    .name = "min",
    .acc = &flow_extreme_unsigned_type,
    .out = &flow_integer_type,
    .add = unsigned_add,
    .merge = unsigned_merge,
    .extract = unsigned_extract,
};

static const flow_combine_fn unsigned_max = {
    .name = "max",
    .acc = &flow_extreme_unsigned_type,
    .out = &flow_integer_type,
    .add = unsigned_add,
    .merge = unsigned_merge,
    .extract = unsigned_extract,
};

static void number_merge(void *acc, const void *other, const void *config)
{
    struct flow_extreme_number *a = acc;
    const struct flow_extreme_number *b = other;
    if (!b->seen)
        return;
    if (!a->seen)
        *a = *b;
    else
        a->value = largest(config) ? fl_greater(a->value, b->value) : fl_lesser(a->value, b->value);
}

static void number_add(void *acc, const void *in, const void *config)
{
    // Adding 0.0 makes −0.0 plain, so that the order of elements does not show.
    const struct flow_extreme_number one = { fl_field_number(in, config) + 0.0, 1 };
    number_merge(acc, &one, config);
}

static flow_status number_extract(const void *acc, void *out, const void *config)
{
    (void)config;
    *(struct flow_number *)out =
        (struct flow_number){ ((const struct flow_extreme_number *)acc)->value };
    return FLOW_OK;
}

static const flow_combine_fn number_min = {
    .name = "min",
    .acc = &flow_extreme_number_type,
    .out = &flow_number_type,
    .add = number_add,
    .merge = number_merge,
    .extract = number_extract,
};

static const flow_combine_fn number_max = {
    .name = "max",
    .acc = &flow_extreme_number_type,
    .out = &flow_number_type,
    .add = number_add,
    .merge = number_merge,
    .extract = number_extract,
};

flow_coll flow_min(flow_coll in, flow_field_ref field)
{
    if (field.kind == FLOW_KIND_U64)
        return fl_field_combine(in, &unsigned_min, &field, false);
    if (fl_kind_is_integer(field.kind) || field.kind == FLOW_KIND_TIME)
        return fl_field_combine(in, &integer_min, &field, false);
    if (fl_kind_is_float(field.kind))
        return fl_field_combine(in, &number_min, &field, false);
    return fl_field_refuse_step(in, "flow_min", "a number, a time or a duration", &field);
}

flow_coll flow_max(flow_coll in, flow_field_ref field)
{
    if (field.kind == FLOW_KIND_U64)
        return fl_field_combine(in, &unsigned_max, &field, true);
    if (fl_kind_is_integer(field.kind) || field.kind == FLOW_KIND_TIME)
        return fl_field_combine(in, &integer_max, &field, true);
    if (fl_kind_is_float(field.kind))
        return fl_field_combine(in, &number_max, &field, true);
    return fl_field_refuse_step(in, "flow_max", "a number, a time or a duration", &field);
}
