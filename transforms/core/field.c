// SPDX-License-Identifier: Apache-2.0
// Reading one field of an element as a number, and combining over it.
#include "field.h"

#include <flow/transform.h>

bool fl_kind_is_integer(flow_kind kind)
{
    return kind == FLOW_KIND_I32 || kind == FLOW_KIND_I64 || kind == FLOW_KIND_U32 ||
           kind == FLOW_KIND_U64 || kind == FLOW_KIND_DURATION;
}

bool fl_kind_is_float(flow_kind kind)
{
    return kind == FLOW_KIND_F32 || kind == FLOW_KIND_F64;
}

int64_t fl_field_integer(const void *element, const fl_field_config *field)
{
    const char *at = (const char *)element + field->offset;
    if (field->kind == FLOW_KIND_I32) {
        int32_t value;
        memcpy(&value, at, sizeof value);
        return value;
    }
    if (field->kind == FLOW_KIND_U32) {
        uint32_t value;
        memcpy(&value, at, sizeof value);
        return value;
    }
    int64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

double fl_field_number(const void *element, const fl_field_config *field)
{
    const char *at = (const char *)element + field->offset;
    if (field->kind == FLOW_KIND_F64) {
        double value;
        memcpy(&value, at, sizeof value);
        return value;
    }
    if (field->kind == FLOW_KIND_F32) {
        float value;
        memcpy(&value, at, sizeof value);
        return (double)value;
    }
    if (field->kind == FLOW_KIND_U64) {
        uint64_t value;
        memcpy(&value, at, sizeof value);
        return (double)value;
    }
    return (double)fl_field_integer(element, field);
}

flow_coll fl_field_refuse(
    flow_coll in, const char *builder, const char *wanted, const flow_field_ref *field)
{
    flow_pipeline_fail(in.pipeline, FLOW_TYPE, NULL, "%s: takes %s, its field '%s' is '%s'",
        builder, wanted, field->name ? field->name : "(the whole element)",
        flow_kind_name(field->kind));
    return (flow_coll){ in.pipeline, 0 };
}

flow_coll fl_field_refuse_step(
    flow_coll in, const char *builder, const char *wanted, const flow_field_ref *field)
{
    flow_scope_begin(in.pipeline, builder + strlen("flow_"));
    return fl_field_refuse(in, builder, wanted, field);
}

flow_coll fl_field_combine(
    flow_coll in, const flow_combine_fn *fn, const flow_field_ref *field, bool largest)
{
    // Zeroed as a whole, so that equal configurations are equal bytes.
    fl_field_config config;
    memset(&config, 0, sizeof config);
    config.offset = field->offset;
    config.kind = field->kind;
    config.largest = largest;
    const flow_combine_options options = {
        .field = *field,
        .config = &config,
        .config_size = sizeof config,
    };
    return flow_combine_with(in, fn, &options);
}

double fl_lesser(double a, double b)
{
    return b < a || a != a ? b : a;
}

double fl_greater(double a, double b)
{
    return b > a || a != a ? b : a;
}
