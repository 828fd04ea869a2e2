// SPDX-License-Identifier: Apache-2.0
// Builder of views. What a view shows of a window is what its rows, grouped without a key, last
// fired; so the collection's own triggers make it (R72). Keys that are no part of the element are
// laid beside it first.
#include <flow/side.h>
#include <flow/transform.h>

#include "graph/graph.h"

static const char *form_name(flow_view_form form)
{
    static const char *const names[] = { "", "as_singleton", "as_iterable", "as_list", "as_map",
        "as_multimap", "as_temporal" };
    return names[form];
}

static bool by_key(flow_view_form form)
{
    return form >= FLOW_VIEW_MAP;
}

// All rows of a window as they are.
static flow_status gather(flow_ctx *ctx, const flow_batch *batch)
{
    flow_rows *rows = flow_ctx_rows(ctx);
    const flow_type *type = ctx->outs[0].type;
    ctx->row = FLOW_BATCH_INDEX(batch, 0);
    for (const void *row; (row = flow_rows_next(rows));)
        if (flow_emit(ctx, 0, type, row, type->size) != FLOW_OK)
            return ctx->status;
    return FLOW_OK;
}

// Rows of a key and an element.
static flow_status pair(flow_ctx *ctx, const flow_batch *batch)
{
    const flow_type *type = ctx->outs[0].type;
    const flow_field *key = &type->fields[0], *value = &type->fields[1];
    for (uint32_t i = ctx->next; i < batch->count; i++) {
        uint32_t one = 1;
        ctx->row = FLOW_BATCH_INDEX(batch, i);
        const char *from = batch->rows + (size_t)ctx->row * batch->stride;
        char *to = flow_reserve(ctx, 0, type, &one);
        if (!to)
            return ctx->status;
        memset(to, 0, type->size);
        memcpy(to, from + batch->key_offset, key->size);
        memcpy(to + value->offset, from + batch->value_offset, value->size);
        if (flow_commit(ctx, 0, 1) != FLOW_OK)
            return ctx->status;
    }
    return FLOW_OK;
}

static flow_fn *new_fn(flow_pipeline *p, const flow_fn *like, const flow_type *out)
{
    flow_fn *fn = flow_pipeline_alloc(p, sizeof *fn);
    const flow_type **outs = flow_pipeline_alloc(p, sizeof *outs);
    if (!fn || !outs)
        return NULL;
    *fn = *like;
    outs[0] = out;
    fn->outs = outs;
    fn->out_count = 1;
    return fn;
}

// A record of key and element.
static const flow_type *pair_type(flow_pipeline *p, const flow_shape *shape)
{
    flow_field fields[] = { fl_field_of_key(shape), fl_field_of_record("value", shape->type) };
    fields[1].element = true;
    return fl_record_made(p, "flow_pair", fields, 2);
}

// The collection with its key as part of the element; `value_offset` is where the value then lies.
static flow_coll key_inside(flow_coll in, uint32_t *value_offset)
{
    flow_pipeline *p = in.pipeline;
    const flow_shape shape = p->edges[in.id - 1].shape;
    *value_offset = 0;
    if (flow_coll_key(in).type)
        return in;
    const flow_type *type = pair_type(p, &shape);
    const flow_fn like = {
        .name = "pair", .form = FLOW_FORM_EMIT, .in = shape.type, .process = pair
    };
    const flow_fn *fn = type ? new_fn(p, &like, type) : NULL;
    if (!fn)
        return fl_nothing(p);
    *value_offset = type->fields[1].offset;
    const flow_field_ref key = { type, "key", 0, shape.key };
    return flow_key_by(flow_do(in, fn), key);
}

// The rows of each window in one place, as the collection's triggers give them.
static flow_coll gathered(const fl_call *outer, flow_coll in)
{
    flow_pipeline *p = in.pipeline;
    if (flow_coll_is_keyed(in))
        in = flow_unkey(in);
    if (!in.id)
        return in;
    const flow_edge *from = &p->edges[in.id - 1];
    const fl_call call = { p, outer->builder, "gather", false };
    const flow_fn like = {
        .name = "gather", .form = FLOW_FORM_GROUP, .in = from->shape.type, .process = gather
    };
    const flow_fn *fn = new_fn(p, &like, from->shape.type);
    if (!fn)
        return fl_nothing(p);
    const flow_node node = {
        .kind = FLOW_NODE_GROUP, .inputs = &in.id, .input_count = 1, .fn = fn
    };
    flow_edge out = *from;
    out.output = 0;
    out.shape = fl_shape_of(from->shape.type);
    if (!fl_windowing_grouped(&call, &out))
        return fl_nothing(p);
    return fl_step_add(&call, &node, &out);
}

static void *take(void *user, size_t size)
{
    return flow_pipeline_alloc(user, size);
}

static bool copy_otherwise(
    const fl_call *call, const flow_view_options *options, flow_view_spec *spec)
{
    const flow_type *type = options->otherwise_type;
    if (!options->otherwise)
        return true;
    if (spec->form != FLOW_VIEW_SINGLETON)
        return fl_refuse(call, FLOW_INVALID, "only singletons have an 'otherwise'");
    if (!type)
        return fl_refuse(
            call, FLOW_INVALID, "its options have an 'otherwise' without 'otherwise_type'");
    if (!flow_type_equal(type, spec->value))
        return fl_refuse(call, FLOW_TYPE, "its 'otherwise' is a '%s', its input has '%s'",
            type->name, spec->value->name);
    void *copy = flow_pipeline_alloc(call->pipeline, type->size);
    if (!copy)
        return false;
    memcpy(copy, options->otherwise, type->size);
    const flow_memory memory = { take, call->pipeline };
    const flow_status status = flow_row_adopt(type, copy, &memory, NULL, NULL);
    if (status != FLOW_OK)
        return fl_refuse(call, status, "its 'otherwise' could not be copied");
    spec->otherwise = copy;
    return true;
}

static bool check_view(
    const fl_call *call, const flow_view_options *options, flow_view_form form, const flow_edge *in)
{
    const bool temporal = form == FLOW_VIEW_TEMPORAL;
    if (form < FLOW_VIEW_SINGLETON || form > FLOW_VIEW_TEMPORAL)
        return fl_refuse(call, FLOW_UNSUPPORTED, "the form %d of views is unknown", (int)form);
    if (by_key(form) && in->shape.key == FLOW_KIND_NONE)
        return fl_refuse(call, FLOW_TYPE, "is looked into by key, its input has no key");
    if (options->keep.us < 0 || (options->keep.us > 0 && !temporal))
        return fl_refuse(call, FLOW_INVALID,
            temporal ? "its 'keep' must be at least 0" : "only temporal views have a 'keep'");
    if (temporal && in->windows.kind != FLOW_WINDOW_GLOBAL)
        return fl_refuse(call, FLOW_INVALID,
            "is looked into by time, so its input must lie in the global window");
    if (flow_windows_merging(&in->windows) || flow_windows_by_element(&in->windows))
        return fl_refuse(call, FLOW_INVALID,
            "its windows are made by its elements%s, so none belongs to a window of the input that "
            "looks into it; put flow_window_into before, with other windows",
            flow_windows_merging(&in->windows) ? " and merge" : "");
    return temporal || fl_check_grouping(call, in, "makes a view of");
}

flow_view flow_view_sized(
    flow_coll in, flow_view_form form, const flow_view_options *options, size_t size)
{
    flow_pipeline *p = in.pipeline;
    const flow_view none = { p, 0 };
    fl_call call = { p, "flow_view_of", "view", false };
    flow_view_options known;
    const flow_edge *from = NULL;
    if (!fl_options(&call, &known, sizeof known, options, size) || !(from = fl_input(&call, in)))
        return none;
    if (form >= FLOW_VIEW_SINGLETON && form <= FLOW_VIEW_TEMPORAL)
        call.builder = form_name(form);
    fl_call_name(&call, known.name, call.builder);
    const flow_type *value = from->shape.type;
    flow_view_spec *spec = flow_pipeline_alloc(p, sizeof *spec);
    if (!spec || !check_view(&call, &known, form, from))
        return none;
    *spec = (flow_view_spec){ .form = form, .value = value, .keep = known.keep };
    if (!copy_otherwise(&call, &known, spec))
        return none;
    const flow_shape shape = from->shape;
    flow_scope_begin(p, call.step);
    flow_coll rows = by_key(form) ? key_inside(in, &spec->value_offset) : in;
    const flow_field_ref key = by_key(form) ? flow_coll_key(rows) : (flow_field_ref){ 0 };
    if (rows.id && form != FLOW_VIEW_TEMPORAL)
        rows = gathered(&call, rows);
    fl_scope *scope = p->scope;
    flow_scope_end(p);
    if (!rows.id)
        return none;
    flow_edge out = p->edges[rows.id - 1];
    if (by_key(form) && form != FLOW_VIEW_TEMPORAL)
        out.shape = fl_shape_keyed(&out.shape, shape.key, shape.key_record, key.offset);
    out.output = 0;
    const flow_node node = {
        .kind = FLOW_NODE_VIEW, .inputs = &rows.id, .input_count = 1, .view = spec
    };
    const flow_coll made = fl_step_add(&call, &node, &out);
    if (made.id)
        p->names[p->edges[made.id - 1].producer].scope = scope; // what it was made of leads to it
    return (flow_view){ p, made.id };
}
