// SPDX-License-Identifier: Apache-2.0
// The first rows by an order: an accumulator that keeps them sorted, and a function that gives
// them.
#include "best.h"

#include <stdio.h>

#include "field.h"
#include "parts.h"

#define BEST_MAX       1000u
#define BEST_BYTES_MAX 32768u

// An accumulator: how many rows there are, then room for `limit` of them, in order.
static int64_t *count_of(void *acc)
{
    return acc;
}

static char *row_of(void *acc, const struct fl_best *how, int64_t index)
{
    return (char *)acc + how->first + (size_t)index * how->type->size;
}

static void best_add(void *acc, const void *in, const void *config)
{
    const struct fl_best *how = config;
    int64_t *count = count_of(acc);
    const int64_t limit = how->limit;
    const bool full = *count == limit;
    if (full && !how->before(how, in, row_of(acc, how, limit - 1)))
        return;
    int64_t low = 0;
    for (int64_t high = *count; low < high;) {
        const int64_t middle = low + (high - low) / 2;
        if (how->before(how, in, row_of(acc, how, middle)))
            high = middle;
        else
            low = middle + 1;
    }
    const int64_t moved = *count - low - (full ? 1 : 0);
    char *place = row_of(acc, how, low);
    memmove(place + how->type->size, place, (size_t)moved * how->type->size);
    memcpy(place, in, how->type->size);
    *count += full ? 0 : 1;
}

static void best_merge(void *acc, const void *other, const void *config)
{
    const struct fl_best *how = config;
    // The second argument is only read; row_of and count_of serve both.
    void *from = (void *)(uintptr_t)other;
    for (int64_t i = 0; i < *count_of(from); i++)
        best_add(acc, row_of(from, how, i), config);
}

// What one fl_best needs, in pipeline memory: types and functions made for its element type.
struct best_parts {
    flow_fn rows; // first: flow_ctx.fn points into it
    struct fl_best how;
    const flow_type *acc;
    flow_combine_fn combine;
    const flow_type *outs[1];
};

static flow_status emit_kept(flow_ctx *ctx, const flow_row *acc, void *user)
{
    const struct best_parts *parts = (const struct best_parts *)(const void *)ctx->fn;
    const flow_type *type = parts->outs[0];
    const int64_t count = *(const int64_t *)(const void *)acc->value;
    const char *row = acc->value + parts->how.first + parts->how.inner_offset;
    flow_status status = FLOW_OK;
    (void)user;
    for (int64_t k = 0; k < count && status == FLOW_OK; k++, row += parts->how.type->size)
        status = flow_emit(ctx, 0, type, row, type->size);
    return status;
}

static flow_status emit_rows(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, emit_kept, NULL);
}

// The accumulator as a record: count, then a nested record per row.
static const flow_type *make_acc(flow_pipeline *pipeline, const char *name, struct fl_best *how)
{
    static const flow_field number = { .kind = FLOW_KIND_I64, .size = sizeof(int64_t) };
    const flow_field row = {
        .kind = FLOW_KIND_RECORD, .size = how->type->size, .record = how->type
    };
    fl_record record = fl_record_begin(pipeline, name, how->limit + 1);
    fl_record_add(&record, &number, "count");
    for (uint32_t i = 0; i < how->limit; i++) {
        char text[16];
        snprintf(text, sizeof text, "row%u", (unsigned)i);
        const flow_field *field = fl_record_add(&record, &row, text);
        if (field && i == 0)
            how->first = field->offset;
    }
    return fl_record_end(&record);
}

static struct best_parts *make_parts(
    flow_pipeline *pipeline, const struct fl_best_names *names, const struct fl_best *how)
{
    struct best_parts *parts = flow_pipeline_alloc(pipeline, sizeof *parts);
    if (!parts)
        return NULL;
    parts->how = *how;
    parts->acc = make_acc(pipeline, names->acc, &parts->how);
    if (!parts->acc)
        return NULL;
    parts->combine = (flow_combine_fn){
        .name = names->combine,
        .in = how->type,
        .acc = parts->acc,
        .out = parts->acc,
        .add = best_add,
        .merge = best_merge,
    };
    parts->outs[0] = how->inner;
    parts->rows = (flow_fn){
        .name = "rows",
        .form = FLOW_FORM_EMIT,
        .in = parts->acc,
        .outs = parts->outs,
        .out_count = 1,
        .process = emit_rows,
    };
    return parts;
}

bool fl_best_fits(flow_coll in, const char *builder, uint32_t limit)
{
    const flow_type *type = flow_coll_type(in);
    if (!type)
        return false;
    if (limit == 0 || limit > BEST_MAX)
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "%s: %u elements were asked for, 1 to %u may be", builder, (unsigned)limit, BEST_MAX);
    else if ((uint64_t)limit * type->size + 8 > BEST_BYTES_MAX)
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "%s: %u elements of '%s' take %llu bytes, at most %u may be", builder, (unsigned)limit,
            type->name, (unsigned long long)limit * type->size, BEST_BYTES_MAX - 8);
    else
        return true;
    return false;
}

flow_coll fl_best(flow_coll in, const struct fl_best_names *names, const struct fl_best *how,
    const flow_field_ref *field)
{
    const struct best_parts *parts = make_parts(in.pipeline, names, how);
    if (!parts)
        return fl_no_coll(in.pipeline);
    flow_combine_options options = { .config = &parts->how, .config_size = sizeof parts->how };
    if (field)
        options.field = *field;
    return flow_do(flow_combine_with(in, &parts->combine, &options), &parts->rows);
}
