// SPDX-License-Identifier: Apache-2.0
// Steps without state: how each kind of function meets a batch.
#include "explode.h"
#include "side.h"
#include "split.h"
#include "stamp.h"

flow_status fl_call_view(struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    flow_batch rows;
    if (!fl_view_rows(op, view, shape, &rows))
        return fl_no_memory(op);
    flow_status status = fl_call_begin(op, view, shape);
    if (status == FLOW_OK)
        status = fl_call_run(op, op->plan->node->fn->process, &rows);
    return status == FLOW_OK ? fl_call_flush(op) : status;
}

// Batch functions do not say how far they came: where failing rows are routed, they see one row at
// a time, so that each row's outputs are known.
static flow_status push_batch_fn(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    if (op->plan->node->on_error == FLOW_ON_ERROR_FAIL)
        return fl_call_view(op, view, shape);
    for (uint32_t i = 0; i < view->count; i++) {
        const uint16_t row = (uint16_t)fl_view_row(view, i);
        const struct fl_view one = { view->batch, &row, 1 };
        op->call.engine.ctx.row = row;
        const flow_status status = fl_call_view(op, &one, shape);
        if (status != FLOW_OK)
            return status;
    }
    return FLOW_OK;
}

// Counts in what a map or a fused stage has written; returns how many rows it is done with.
static uint32_t count_written(struct fl_op *op, const uint16_t *rows, uint32_t count, bool whole)
{
    flow_ctx *ctx = &op->call.engine.ctx;
    flow_out *head = &op->out_heads[0];
    const uint32_t done = whole ? count : ctx->next;
    uint32_t made = ctx->kept;
    if (op->plan->node->fn->form == FLOW_FORM_MAP) {
        made = done;
        memcpy(head->origin, rows, made * sizeof *head->origin);
    }
    head->origin += made;
    head->next += (size_t)made * head->stride;
    return done;
}

// Maps up to a batch's worth of rows, from selected row `*done` on. A row that is routed leaves no
// gap: the loop is entered again behind it.
static flow_status map_some(struct fl_op *op, const flow_batch *rows, uint32_t *done)
{
    flow_ctx *ctx = &op->call.engine.ctx;
    const flow_out *head = &op->out_heads[0];
    const struct fl_output *out = &op->outs[0];
    const uint16_t *selection = rows->selection ? rows->selection : op->worker->identity;
    while (*done < rows->count) {
        const uint32_t room = out->batch->capacity - (uint32_t)(head->origin - out->origin);
        const uint32_t left = rows->count - *done;
        flow_batch part = *rows;
        part.count = left < room ? left : room;
        if (part.count == 0)
            return FLOW_OK;
        if (rows->selection || *done > 0)
            part.selection = selection + *done;
        ctx->next = 0;
        flow_status status = op->plan->node->fn->process(ctx, &part);
        if (status == FLOW_OK)
            status = ctx->status;
        *done += count_written(op, selection + *done, part.count, status == FLOW_OK);
        if (status == FLOW_OK)
            continue;
        status = fl_call_failed(
            op, status, rows->rows + (size_t)ctx->row * rows->stride + rows->value_offset);
        if (status != FLOW_OK)
            return status;
        ++*done;
    }
    return FLOW_OK;
}

static flow_status push_map(struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    flow_batch rows;
    if (!fl_view_rows(op, view, shape, &rows))
        return fl_no_memory(op);
    if (fl_faulty(op->worker, FL_FAULT_ELEMENT))
        return fl_op_fail(op, FLOW_USER, "a test wants this bundle to fail");
    op->call.message[0] = '\0';
    flow_status status = FLOW_OK;
    for (uint32_t done = 0; done < view->count && status == FLOW_OK;) {
        status = fl_call_begin(op, view, shape);
        if (status == FLOW_OK)
            status = map_some(op, &rows, &done);
        if (status == FLOW_OK)
            status = fl_call_flush(op);
    }
    return status;
}

// The rows of a view as a batch that may be changed: the batch itself where nobody else sees it.
static struct fl_batch *changeable(struct fl_op *op, struct fl_view *view)
{
    struct fl_cache *cache = &op->worker->cache;
    struct fl_batch *batch = view->batch;
    if (batch->fresh && atomic_load_explicit(&batch->refs, memory_order_acquire) == 1)
        return fl_batch_own_times(cache, batch) ? fl_batch_ref(batch) : NULL;
    struct fl_batch *copy = fl_batch_new(cache, batch->type, batch->stride);
    if (!copy)
        return NULL;
    for (uint32_t i = 0; i < view->count; i++)
        memcpy(copy->rows + (size_t)i * copy->stride,
            batch->rows + (size_t)fl_view_row(view, i) * batch->stride, batch->stride);
    copy->count = view->count;
    const uint16_t *origin = view->selection ? view->selection : op->worker->identity;
    copy->mem = fl_mem_ref(batch->mem);
    if (!fl_batch_inherit(cache, copy, batch, origin, 0)) {
        fl_batch_unref(cache, copy);
        return NULL;
    }
    copy->source = batch;
    copy->sources = origin;
    view->batch = copy;
    view->selection = NULL;
    return copy;
}

// An update failed on a row: it is put back as it was, so that this is what is shown. Under the
// policy to fail no copy is kept, and the bundle's rows are dropped.
static flow_status update_failed(
    struct fl_op *op, flow_status status, const char *before, const flow_batch *rows)
{
    const size_t at = (size_t)op->call.engine.ctx.row * rows->stride;
    char *row = op->call.engine.ctx.update + at;
    if (before)
        memcpy(row, before + at, rows->stride);
    return fl_call_failed(op, status, row + rows->value_offset);
}

// Rows that an update failed on leave the selection. `before`: all rows as they were, or NULL.
static flow_status update_rows(
    struct fl_op *op, struct fl_view *view, flow_batch *rows, const char *before)
{
    flow_ctx *ctx = &op->call.engine.ctx;
    uint32_t kept = 0, from = 0;
    while (from < rows->count) {
        flow_status status = op->plan->node->fn->process(ctx, rows);
        if (status == FLOW_OK)
            status = ctx->status;
        if (status == FLOW_OK && kept == from)
            return FLOW_OK; // nothing was taken out: the view stands as it is
        const uint32_t to = status == FLOW_OK ? rows->count : ctx->next;
        for (; from < to; from++)
            op->keep[kept++] = (uint16_t)fl_view_row(view, from);
        if (status != FLOW_OK) {
            status = update_failed(op, status, before, rows);
            if (status != FLOW_OK)
                return status;
            ctx->next = ++from;
        }
    }
    view->selection = op->keep;
    view->count = kept;
    return FLOW_OK;
}

// Runs an update over rows that may be changed.
static flow_status update_all(struct fl_op *op, struct fl_view *view, const flow_shape *shape)
{
    const struct fl_batch *batch = view->batch;
    const size_t size = (size_t)batch->count * batch->stride;
    const bool routes = op->plan->node->on_error != FLOW_ON_ERROR_FAIL && size > 0;
    flow_batch rows;
    fl_view_rows(op, view, shape, &rows);
    char *before = routes ? fl_take(&op->worker->cache, size) : NULL;
    if (routes && !before)
        return fl_no_memory(op);
    if (before)
        memcpy(before, batch->rows, size);
    flow_status status = fl_call_begin(op, view, shape);
    op->call.message[0] = '\0';
    op->call.engine.ctx.update = batch->rows;
    if (status == FLOW_OK)
        status = update_rows(op, view, &rows, before);
    fl_give(&op->worker->cache, before, size);
    return status;
}

static flow_status push_update(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    if (!fl_batch_need_rows(&op->worker->cache, view->batch))
        return fl_no_memory(op);
    if (fl_faulty(op->worker, FL_FAULT_ELEMENT))
        return fl_op_fail(op, FLOW_USER, "a test wants this bundle to fail");
    struct fl_view changed = *view;
    struct fl_batch *batch = changeable(op, &changed);
    if (!batch)
        return fl_no_memory(op);
    flow_status status = update_all(op, &changed, shape);
    // while it was changed the reference was ours; what comes next may change it again
    const bool own = batch == view->batch;
    if (own)
        fl_batch_unref(&op->worker->cache, batch);
    if (status == FLOW_OK && changed.count > 0)
        status = fl_send(op, 0, &changed);
    if (!own) {
        batch->source = NULL;
        batch->sources = NULL;
        fl_batch_unref(&op->worker->cache, batch);
    }
    return status == FLOW_OK ? fl_call_flush(op) : status;
}

static flow_status push_filter(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    flow_batch rows;
    if (!fl_view_rows(op, view, shape, &rows))
        return fl_no_memory(op);
    flow_ctx *ctx = &op->call.engine.ctx;
    flow_status status = fl_call_begin(op, view, shape);
    if (status != FLOW_OK)
        return status;
    ctx->keep = op->keep;
    status = op->plan->node->fn->process(ctx, &rows);
    if (status == FLOW_OK)
        status = ctx->status;
    if (status != FLOW_OK || ctx->kept == 0)
        return status;
    const struct fl_view passed = { view->batch, op->keep, ctx->kept };
    return fl_send(op, 0, &passed);
}

flow_status fl_drop_row(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
    uint32_t row, const struct fl_rejection *why)
{
    struct fl_rejection rejection = *why;
    if (op->plan->outs[FLOW_OUTPUT_DROPPED].count > 0 && view->batch->rows) {
        rejection.row = view->batch->rows + (size_t)row * view->batch->stride + shape->value_offset;
        rejection.type = shape->type;
    }
    rejection.at = fl_batch_time(view->batch, row);
    rejection.sign = fl_batch_sign(view->batch, row);
    return fl_reject(op, FLOW_OUTPUT_DROPPED, &rejection);
}

// Sliding windows with gaps between them: elements in a gap lie in no window (R11).
static flow_status drop_gaps(
    struct fl_op *op, struct fl_view *view, const flow_shape *shape, const flow_windows *windows)
{
    const struct fl_rejection why = { .reason = FL_NO_WINDOW,
        .message = "its time lies in no window" };
    uint32_t kept = 0;
    for (uint32_t i = 0; i < view->count; i++) {
        const uint32_t row = fl_view_row(view, i);
        const flow_time time = { fl_batch_time(view->batch, row) };
        flow_window window;
        if (flow_windows_last(windows, time, &window)) {
            op->keep[kept++] = (uint16_t)row;
            continue;
        }
        const flow_status status = fl_drop_row(op, view, shape, row, &why);
        if (status != FLOW_OK)
            return status;
    }
    view->selection = op->keep;
    view->count = kept;
    return fl_call_flush(op);
}

static flow_status push_window(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    if (op->plan->write_windows)
        return fl_assign(op, view, shape);
    struct fl_view passed = *view;
    const flow_windows *windows = &op->plan->out->windows;
    flow_status status = FLOW_OK;
    struct fl_batch *alias = NULL;
    if (view->batch->window_form != FL_WINDOW_IMPLIED) {
        alias = fl_batch_alias(&op->worker->cache, view->batch);
        if (!alias)
            return fl_no_memory(op);
        alias->window_form = FL_WINDOW_IMPLIED;
        passed.batch = alias;
    }
    if (windows->kind == FLOW_WINDOW_SLIDING && windows->every.us > windows->size.us)
        status = drop_gaps(op, &passed, shape, windows);
    if (status == FLOW_OK && passed.count > 0)
        status = fl_send(op, 0, &passed);
    fl_batch_unref(&op->worker->cache, alias);
    return status;
}

// Another header whose times lie in a field of the rows.
static struct fl_batch *restamped(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    struct fl_batch *alias = fl_batch_alias(&op->worker->cache, view->batch);
    if (!alias)
        return NULL;
    const struct fl_lane lane = fl_view_lane(view, shape, op->plan->node->field.offset);
    alias->time_form = FL_TIME_STRIDED;
    alias->times = lane.base;
    alias->times_stride = (uint32_t)lane.stride;
    alias->times_own = NULL;
    return alias;
}

static flow_status send_restamped(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    struct fl_batch *alias = restamped(op, view, shape);
    if (!alias)
        return fl_no_memory(op);
    const struct fl_view passed = { alias, view->selection, view->count };
    const flow_status status = fl_send(op, 0, &passed);
    fl_batch_unref(&op->worker->cache, alias);
    return status;
}

// Windows implied by the time would change with it: they are written down first.
static flow_status push_timestamp(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    const struct fl_exploded how = { send_restamped, shape };
    const flow_status status = fl_stamp_check(op, view, shape);
    if (status != FLOW_OK)
        return status;
    if (view->batch->window_form == FL_WINDOW_IMPLIED &&
        op->plan->in->windows.kind != FLOW_WINDOW_GLOBAL)
        return fl_explode(op, &how, view);
    return send_restamped(op, view, shape);
}

// Times, windows, panes and signs of a view, by selected row, for sinks that want them.
struct details {
    flow_time times[FLOW_BATCH_ROWS];
    flow_window windows[FLOW_BATCH_ROWS];
    flow_pane panes[FLOW_BATCH_ROWS];
    int8_t signs[FLOW_BATCH_ROWS];
};

static void fill_details(struct details *details, struct fl_op *op, const struct fl_view *view)
{
    flow_ctx *ctx = &op->call.engine.ctx;
    const struct fl_batch *batch = view->batch;
    const bool one = batch->window_form == FL_WINDOW_UNIFORM;
    for (uint32_t i = 0; i < view->count; i++) {
        ctx->row = fl_view_row(view, i);
        details->times[i].us = fl_batch_time(batch, ctx->row);
        details->windows[i] = one ? batch->window : fl_row_window(op, batch, ctx->row);
        details->panes[i] = *fl_batch_pane(view->batch, ctx->row);
        details->signs[i] = fl_batch_sign(view->batch, ctx->row);
    }
}

// Sinks keep what a bundle brings until it commits. A bundle is small unless one call of a function
// emits without end, so as much as the budget is too much, however small the budget is.
#define STAGED_LEAST (UINT64_C(64) << 20)

static flow_status count_staged(struct fl_op *op, uint32_t rows, uint64_t row_size)
{
    struct fl_bundle *bundle = &op->worker->bundle;
    const uint64_t budget = op->worker->engine->pool.budget;
    const uint64_t most = budget > STAGED_LEAST ? budget : STAGED_LEAST;
    bundle->staged += rows * row_size;
    if (bundle->staged <= most)
        return FLOW_OK;
    return fl_op_fail(op, FLOW_BUDGET,
        "one bundle brought more than %llu MiB of rows, which are kept until it ends; a function "
        "that "
        "emits so many in one call has to emit fewer",
        (unsigned long long)(most >> 20));
}

// Stages a view; what it refuses goes out as dead letters.
static flow_status stage(struct fl_op *op, const struct fl_view *view, flow_elements *elements)
{
    const flow_sink *sink = op->plan->node->sink;
    struct details *details = NULL;
    flow_error error = { 0 };
    if (sink->wants_times) {
        details = fl_take(&op->worker->cache, sizeof *details);
        if (!details)
            return fl_no_memory(op);
        fill_details(details, op, view);
        elements->times = details->times;
        elements->windows = details->windows;
        elements->panes = details->panes;
        elements->signs = view->batch->signs ? details->signs : NULL;
    }
    op->staged = true;
    flow_status status = fl_faulty(op->worker, FL_FAULT_STAGE) ? FLOW_USER : FLOW_OK;
    if (status == FLOW_OK)
        status = sink->stage(op->sink_self, op->worker->index, elements, &error);
    fl_give(&op->worker->cache, details, sizeof *details);
    if (status == FLOW_OK || op->worker->error.status != FLOW_OK)
        return status;
    return fl_op_fail(op, status, "%s", error.message);
}

static flow_status push_sink(struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    const size_t beside =
        op->plan->node->sink->wants_times ? sizeof(struct details) / FLOW_BATCH_ROWS : 0;
    flow_elements elements = { .ctx = &op->call.engine.ctx };
    if (!fl_view_rows(op, view, shape, &elements.batch))
        return fl_no_memory(op);
    flow_status status = count_staged(op, view->count, shape->type->size + beside);
    if (status == FLOW_OK)
        status = fl_call_begin(op, view, shape);
    if (status == FLOW_OK)
        status = stage(op, view, &elements);
    if (status == FLOW_OK)
        status = fl_call_flush(op);
    op->call.in = NULL;
    if (status == FLOW_OK)
        fl_count(&op->counts.out, view->count);
    return status;
}

static void bind_push(struct fl_op *op)
{
    if (fl_plan_shuffled(op->plan->kind)) {
        op->push = op->plan->local ? fl_keyed_push : fl_shuffle_push;
        return;
    }
    switch (op->plan->kind) {
    case FL_OP_MAP:
        op->push = push_map;
        break;
    case FL_OP_UPDATE:
        op->push = push_update;
        break;
    case FL_OP_FILTER:
        op->push = push_filter;
        break;
    case FL_OP_WINDOW:
        op->push = push_window;
        break;
    case FL_OP_TIMESTAMP:
        op->push = push_timestamp;
        break;
    case FL_OP_SINK:
        op->push = push_sink;
        break;
    case FL_OP_GATE:
        op->push = fl_gate_push;
        break;
    case FL_OP_SPLIT:
        op->push = fl_split_push;
        break;
    case FL_OP_VIEW:
        op->push = fl_view_push;
        break;
    default:
        op->push = op->plan->node->fn && op->plan->node->fn->form == FLOW_FORM_BATCH ? push_batch_fn
                                                                                     : fl_call_view;
        break;
    }
}

// Rows that are shuffled are taken window by window where they arrive.
void fl_ops_bind(struct fl_op *op)
{
    bind_push(op);
    op->push_each = fl_plan_shuffled(op->plan->kind) ? fl_call_view : op->push;
    if (op->plan->explode && !fl_plan_shuffled(op->plan->kind))
        op->push = fl_push_by_window;
}
