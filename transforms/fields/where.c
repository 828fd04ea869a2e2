// SPDX-License-Identifier: Apache-2.0
// flow_where: a filter over fields.
#include "core/field.h"
#include "core/parts.h"
#include "place.h"

#define CONDITIONS_MAX 64u

struct condition {
    struct fl_place place;
    flow_comparison is;
    const void *value;
};

// What one flow_where needs, in pipeline memory.
struct parts {
    flow_fn fn; // first: flow_ctx.fn points into it
    uint32_t count;
    struct condition conditions[];
};

static bool meets(const struct condition *condition, const char *row)
{
    const bool there = fl_place_there(&condition->place, row);
    if (condition->is == FLOW_IS_PRESENT || condition->is == FLOW_IS_ABSENT)
        return there == (condition->is == FLOW_IS_PRESENT);
    if (!there)
        return false;
    const int order = fl_value_compare(
        condition->place.field.kind, NULL, row + condition->place.field.offset, condition->value);
    switch (condition->is) {
    case FLOW_EQUAL:
        return order == 0;
    case FLOW_NOT_EQUAL:
        return order != 0;
    case FLOW_BELOW:
        return order < 0;
    case FLOW_AT_MOST:
        return order <= 0;
    case FLOW_ABOVE:
        return order > 0;
    default:
        return order >= 0;
    }
}

static flow_status keep_rows(flow_ctx *ctx, const flow_batch *batch)
{
    const struct parts *parts = (const struct parts *)(const void *)ctx->fn;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        const uint32_t number = FLOW_BATCH_INDEX(batch, i);
        const char *row = batch->rows + (size_t)number * batch->stride + batch->value_offset;
        bool good = true;
        for (uint32_t c = 0; c < parts->count && good; c++)
            good = meets(&parts->conditions[c], row);
        ctx->keep[kept] = (uint16_t)number;
        kept += good ? 1 : 0;
    }
    ctx->kept = kept;
    return FLOW_OK;
}

static bool make_condition(flow_coll in, const flow_condition *condition, struct condition *made)
{
    static const char builder[] = "flow_where";
    const bool presence = condition->is == FLOW_IS_PRESENT || condition->is == FLOW_IS_ABSENT;
    made->is = condition->is;
    if (condition->is < FLOW_EQUAL || condition->is > FLOW_IS_ABSENT) {
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "%s: there is no such comparison of '%s'", builder,
            condition->field ? condition->field : "");
        return false;
    }
    if (!fl_place_find(in, builder, condition->field, &made->place))
        return false;
    if (presence)
        return true;
    if (flow_kind_size(made->place.field.kind) == 0) {
        flow_pipeline_fail(in.pipeline, FLOW_TYPE, NULL,
            "%s: field '%s' is '%s', which is not compared", builder, condition->field,
            flow_kind_name(made->place.field.kind));
        return false;
    }
    made->value = fl_constant(in.pipeline, builder, made->place.field.kind, condition->value);
    return made->value != NULL;
}

flow_coll flow_where(flow_coll in, const flow_condition *conditions, size_t count, const char *name)
{
    if (!flow_coll_type(in))
        return fl_no_coll(in.pipeline);
    if (!conditions || count == 0 || count > CONDITIONS_MAX) {
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "flow_where: %zu conditions were given, 1 to %u may be", conditions ? count : 0,
            CONDITIONS_MAX);
        return fl_no_coll(in.pipeline);
    }
    struct parts *parts =
        flow_pipeline_alloc(in.pipeline, sizeof *parts + count * sizeof *parts->conditions);
    if (!parts)
        return fl_no_coll(in.pipeline);
    parts->count = (uint32_t)count;
    for (size_t i = 0; i < count; i++)
        if (!make_condition(in, &conditions[i], &parts->conditions[i]))
            return fl_no_coll(in.pipeline);
    parts->fn = (flow_fn){
        .name = "where", .form = FLOW_FORM_FILTER, .in = flow_coll_type(in), .process = keep_rows
    };
    return flow_do(in, &parts->fn, &(flow_do_options){ .name = name });
}
