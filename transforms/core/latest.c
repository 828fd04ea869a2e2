// SPDX-License-Identifier: Apache-2.0
// flow_latest: each element is put beside its event time, and the latest is given.
#include <flow/transforms.h>

#include "best.h"
#include "field.h"
#include "parts.h"

// What one flow_latest needs, in pipeline memory.
struct stamp {
    flow_fn fn; // first: flow_ctx.fn points into it
    const flow_type *in;
    const flow_type *outs[1]; // event time, key if there is one, element
    uint32_t at, key, row;    // where they lie
    uint32_t key_size;
};

static flow_status stamp_row(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct stamp *stamp = (const struct stamp *)(const void *)ctx->fn;
    const flow_type *type = stamp->outs[0];
    char *stamped = user;
    const flow_time at = flow_event_time(ctx);
    memcpy(stamped + stamp->at, &at, sizeof at);
    memcpy(stamped + stamp->key, row->key, stamp->key_size);
    memcpy(stamped + stamp->row, row->value, stamp->in->size);
    return flow_emit(ctx, 0, type, stamped, type->size);
}

static flow_status stamp_rows(flow_ctx *ctx, const flow_batch *batch)
{
    const struct stamp *stamp = (const struct stamp *)(const void *)ctx->fn;
    const flow_type *type = stamp->outs[0];
    char *stamped = flow_alloc(ctx, type->size);
    if (!stamped)
        return ctx->status;
    memset(stamped, 0, type->size);
    return flow_each_row(ctx, batch, stamp_row, stamped);
}

static struct stamp *make_stamp(flow_coll in)
{
    static const flow_field time = { .kind = FLOW_KIND_TIME, .size = sizeof(flow_time) };
    struct stamp *stamp = flow_pipeline_alloc(in.pipeline, sizeof *stamp);
    if (!stamp)
        return NULL;
    const flow_field key = flow_coll_key_field(in);
    stamp->in = flow_coll_type(in);
    const flow_field row = {
        .kind = FLOW_KIND_RECORD, .size = stamp->in->size, .record = stamp->in, .element = true
    };
    fl_record record = fl_record_begin(in.pipeline, "flow_stamped", 3);
    const flow_field *at = fl_record_add(&record, &time, "at");
    const flow_field *by = key.kind ? fl_record_add(&record, &key, "key") : at;
    const flow_field *element = fl_record_add(&record, &row, "row");
    stamp->outs[0] = fl_record_end(&record);
    if (!stamp->outs[0] || !at || !by || !element)
        return NULL;
    stamp->at = at->offset;
    stamp->key = by->offset;
    stamp->key_size = key.size;
    stamp->row = element->offset;
    stamp->fn = (flow_fn){ .name = "stamp",
        .form = FLOW_FORM_EMIT,
        .in = stamp->in,
        .outs = stamp->outs,
        .out_count = 1,
        .process = stamp_rows };
    return stamp;
}

// Of two that are equally late the smaller one goes before.
static bool is_later(const struct fl_best *how, const void *a, const void *b)
{
    flow_time x, y;
    memcpy(&x, (const char *)a + how->offset, sizeof x);
    memcpy(&y, (const char *)b + how->offset, sizeof y);
    return x.us != y.us
               ? x.us > y.us
               : fl_value_compare(FLOW_KIND_RECORD, how->inner, (const char *)a + how->inner_offset,
                     (const char *)b + how->inner_offset) < 0;
}

flow_coll flow_latest(flow_coll in)
{
    static const struct fl_best_names names = { "flow_latest_state", "latest" };
    if (!flow_coll_type(in))
        return fl_no_coll(in.pipeline);
    flow_scope_begin(in.pipeline, "latest");
    if (!fl_best_fits(in, "flow_latest", 1))
        return fl_no_coll(in.pipeline);
    const struct stamp *stamp = make_stamp(in);
    if (!stamp)
        return fl_no_coll(in.pipeline);
    struct fl_best how;
    memset(&how, 0, sizeof how);
    how.type = stamp->outs[0];
    how.before = is_later;
    how.limit = 1;
    how.offset = stamp->at;
    how.inner = stamp->in;
    how.inner_offset = stamp->row;
    flow_coll stamped = flow_do(in, &stamp->fn);
    if (flow_coll_is_keyed(in) && stamped.id)
        stamped = flow_key_by(stamped, fl_field_named(stamp->outs[0], "key"));
    const flow_coll rows = fl_keyed_like(fl_best(stamped, &names, &how, NULL), in);
    flow_scope_end(in.pipeline);
    return rows;
}
