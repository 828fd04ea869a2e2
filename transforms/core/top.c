// SPDX-License-Identifier: Apache-2.0
// flow_top: an accumulator that keeps the largest rows in order, and a function that gives them.
#include <stdio.h>

#include <flow/transform.h>
#include <flow/transforms.h>

#include "field.h"

#define TOP_MAX       1000u
#define TOP_BYTES_MAX 32768u

struct top_config {
    const flow_type *type; // of a row
    uint32_t limit;        // rows kept at most
    uint32_t first;        // where in the accumulator they begin
    uint32_t offset;       // where in a row the field lies
    flow_kind kind;        // what it is
};

// An accumulator: how many rows there are, then room for `limit` of them, largest first.
static int64_t *count_of(void *acc)
{
    return acc;
}

static char *row_of(void *acc, const struct top_config *top, int64_t index)
{
    return (char *)acc + top->first + (size_t)index * top->type->size;
}

// Whether `a` goes before `b`. Rows with the same value are told apart by the rest of them, so that
// the result does not depend on the order of elements.
static bool goes_before(const struct top_config *top, const char *a, const char *b)
{
    const int order = fl_value_compare(top->kind, NULL, a + top->offset, b + top->offset);
    return order ? order > 0 : fl_value_compare(FLOW_KIND_RECORD, top->type, a, b) < 0;
}

static void top_add(void *acc, const void *in, const void *config)
{
    const struct top_config *top = config;
    int64_t *count = count_of(acc);
    const int64_t limit = top->limit;
    const bool full = *count == limit;
    if (full && !goes_before(top, in, row_of(acc, top, limit - 1)))
        return;
    int64_t low = 0;
    for (int64_t high = *count; low < high;) {
        const int64_t middle = low + (high - low) / 2;
        if (goes_before(top, in, row_of(acc, top, middle)))
            high = middle;
        else
            low = middle + 1;
    }
    const int64_t moved = *count - low - (full ? 1 : 0);
    char *place = row_of(acc, top, low);
    memmove(place + top->type->size, place, (size_t)moved * top->type->size);
    memcpy(place, in, top->type->size);
    *count += full ? 0 : 1;
}

static void top_merge(void *acc, const void *other, const void *config)
{
    const struct top_config *top = config;
    // The second argument is only read; row_of and count_of serve both.
    void *from = (void *)(uintptr_t)other;
    for (int64_t i = 0; i < *count_of(from); i++)
        top_add(acc, row_of(from, top, i), config);
}

static flow_status emit_rows(flow_ctx *ctx, const flow_batch *batch)
{
    const flow_type *type = ctx->outs[0].type;
    const uint32_t first = type->align > 8 ? type->align : 8;
    for (uint32_t i = ctx->next; i < batch->count; i++) {
        ctx->row = FLOW_BATCH_INDEX(batch, i);
        const char *acc = batch->rows + (size_t)ctx->row * batch->stride + batch->value_offset;
        const int64_t count = *(const int64_t *)(const void *)acc;
        for (int64_t k = 0; k < count; k++) {
            const char *row = acc + first + (size_t)k * type->size;
            const flow_status status = flow_emit(ctx, 0, type, row, type->size);
            if (status != FLOW_OK) {
                ctx->next = i;
                return status;
            }
        }
    }
    return FLOW_OK;
}

// What one flow_top needs, in pipeline memory: types and functions made for its element type.
struct top_parts {
    flow_type acc;
    flow_combine_fn combine;
    flow_fn rows;
    const flow_type *outs[1];
};

// The accumulator as a record: count, then a nested record per row.
static const flow_field *acc_fields(
    flow_pipeline *pipeline, const flow_type *type, uint32_t limit, uint32_t first)
{
    flow_field *fields = flow_pipeline_alloc(pipeline, (limit + 1) * sizeof *fields);
    char(*names)[8] = flow_pipeline_alloc(pipeline, limit * sizeof *names);
    if (!fields || !names)
        return NULL;
    fields[0] = (flow_field){ .name = "count", .kind = FLOW_KIND_I64, .size = sizeof(int64_t) };
    for (uint32_t i = 0; i < limit; i++) {
        snprintf(names[i], sizeof names[i], "row%u", (unsigned)i % 10000u);
        fields[i + 1] = (flow_field){
            .name = names[i],
            .kind = FLOW_KIND_RECORD,
            .offset = first + i * type->size,
            .size = type->size,
            .record = type,
        };
    }
    return fields;
}

static struct top_parts *make_parts(
    flow_pipeline *pipeline, const flow_type *type, const struct top_config *top)
{
    struct top_parts *parts = flow_pipeline_alloc(pipeline, sizeof *parts);
    const flow_field *fields = acc_fields(pipeline, type, top->limit, top->first);
    if (!parts || !fields)
        return NULL;
    const uint32_t align = type->align > 8 ? type->align : 8;
    const uint32_t end = top->first + top->limit * type->size;
    parts->acc = (flow_type){
        .name = "flow_top_state",
        .size = (end + align - 1) / align * align,
        .align = align,
        .field_count = top->limit + 1,
        .fields = fields,
    };
    parts->combine = (flow_combine_fn){
        .name = "largest",
        .in = type,
        .acc = &parts->acc,
        .out = &parts->acc,
        .add = top_add,
        .merge = top_merge,
    };
    parts->outs[0] = type;
    parts->rows = (flow_fn){
        .name = "rows",
        .form = FLOW_FORM_EMIT,
        .in = &parts->acc,
        .outs = parts->outs,
        .out_count = 1,
        .process = emit_rows,
    };
    return parts;
}

static bool check_top(
    flow_coll in, const flow_type *type, uint32_t count, const flow_field_ref *field)
{
    if (count == 0 || count > TOP_MAX)
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "flow_top: %u elements were asked for, 1 to %u may be", (unsigned)count, TOP_MAX);
    else if (flow_kind_size(field->kind) == 0)
        fl_field_refuse(in, "flow_top", "a field that is no record and no list", field);
    else if ((uint64_t)count * type->size + 8 > TOP_BYTES_MAX)
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "flow_top: %u elements of '%s' take %llu bytes, at most %u may be", (unsigned)count,
            type->name, (unsigned long long)count * type->size, TOP_BYTES_MAX - 8);
    else
        return true;
    return false;
}

flow_coll flow_top(flow_coll in, uint32_t count, flow_field_ref field)
{
    const flow_coll none = { in.pipeline, 0 };
    const flow_type *type = flow_coll_type(in);
    if (!type || !check_top(in, type, count, &field))
        return none;
    struct top_config top;
    memset(&top, 0, sizeof top);
    top.type = type;
    top.limit = count;
    top.first = type->align > 8 ? type->align : 8;
    top.offset = field.offset;
    top.kind = field.kind;
    const struct top_parts *parts = make_parts(in.pipeline, type, &top);
    if (!parts)
        return none;
    const flow_combine_options options = {
        .field = field,
        .config = &top,
        .config_size = sizeof top,
    };
    const flow_field_ref key = flow_coll_key(in);
    flow_scope_begin(in.pipeline, "top");
    flow_coll rows = flow_do(flow_combine(in, &parts->combine, &options), &parts->rows);
    if (key.type)
        rows = flow_key_by(rows, key);
    flow_scope_end(in.pipeline);
    return rows;
}
