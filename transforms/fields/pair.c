// SPDX-License-Identifier: Apache-2.0
// Elements with keys made of several fields.
#include "pair.h"

static flow_status fill_pair(flow_ctx *ctx, const flow_row *row, char *out)
{
    const struct fl_pair *pair = (const struct fl_pair *)(const void *)ctx->fn;
    memcpy(out + pair->row_at, row->value, pair->fn.in->size);
    return fl_project_row(ctx, pair->keys, row->value, out + pair->key_at);
}

static flow_status pair_rows(flow_ctx *ctx, const flow_batch *batch)
{
    return fl_fill_each(ctx, batch, fill_pair);
}

// The record of key and element; false without memory.
static bool lay_out(flow_coll in, struct fl_pair *pair)
{
    const flow_field key = {
        .kind = FLOW_KIND_RECORD, .size = pair->key->size, .record = pair->key
    };
    const flow_field row = { .kind = FLOW_KIND_RECORD,
        .size = flow_coll_type(in)->size,
        .record = flow_coll_type(in),
        .element = true };
    fl_record record = fl_record_begin(in.pipeline, "flow_pair", 2);
    const flow_field *key_field = fl_record_add(&record, &key, "key");
    const flow_field *row_field = fl_record_add(&record, &row, "row");
    pair->outs[0] = fl_record_end(&record);
    if (!pair->outs[0])
        return false;
    pair->key_at = key_field->offset;
    pair->row_at = row_field->offset;
    return true;
}

struct fl_pair *fl_pair_make(flow_coll in, const struct fl_pair_by *by)
{
    struct fl_projecting p;
    struct fl_pair *pair = flow_pipeline_alloc(in.pipeline, sizeof *pair);
    if (!pair || !fl_project_begin(&p, in, by->builder, "flow_key", (uint32_t)by->count))
        return NULL;
    for (size_t i = 0; i < by->count; i++) {
        const flow_column column = { .from = by->fields[i], .as = by->names ? by->names[i] : NULL };
        if (!fl_project_column(&p, &column))
            return NULL;
    }
    pair->keys = p.step;
    pair->key = fl_record_end(&p.record);
    if (!pair->key || !lay_out(in, pair))
        return NULL;
    pair->fn = (flow_fn){ .name = "key",
        .form = FLOW_FORM_EMIT,
        .in = flow_coll_type(in),
        .outs = pair->outs,
        .out_count = 1,
        .process = pair_rows };
    return pair;
}

flow_coll fl_pair_apply(flow_coll in, struct fl_pair *pair)
{
    const flow_coll pairs = flow_do(in, &pair->fn);
    return pairs.id ? flow_key_by(pairs, fl_field_named(pair->outs[0], "key")) : pairs;
}
