// SPDX-License-Identifier: Apache-2.0
// The context that functions are called with, and what happens when they fail on a row.
#include "cells.h"
#include "chunk.h"
#include "life.h"
#include "measure.h"
#include "output.h"
#include "side.h"
#include "split.h"
#include "stamp.h"

#include <stdarg.h>
#include <stdio.h>

#define AHEAD 128u // rows (bench: stateless_fused)

static struct fl_call *call_of(const flow_ctx *ctx)
{
    char *engine = (char *)(uintptr_t)ctx - offsetof(flow_ctx_engine, ctx);
    return (struct fl_call *)(void *)engine;
}

flow_status fl_op_fail(struct fl_op *op, flow_status status, const char *format, ...)
{
    char message[sizeof op->worker->error.message];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return flow_error_raise(&op->worker->error, status, op->plan->node->path, "%s", message);
}

flow_status fl_no_memory(struct fl_op *op)
{
    struct fl_pool *pool = &op->worker->engine->pool;
    const unsigned long long budget = pool->budget >> 20;
    const unsigned long long held = atomic_load(&pool->held) >> 20;
    if (atomic_load(&pool->refused))
        return fl_op_fail(op, FLOW_MEMORY,
            "the system gives no more memory: %llu MiB are held of a budget of %llu MiB", held,
            budget);
    const uint64_t wanted = atomic_load(&pool->wanted);
    if (wanted > pool->budget)
        return fl_op_fail(op, FLOW_BUDGET,
            "%llu MiB are needed at once, more than the memory budget of %llu MiB; give the runner "
            "more memory",
            (unsigned long long)wanted >> 20, budget);
    const struct fl_bundle *bundle = &op->worker->bundle;
    const int64_t taken = op->worker->cache.used - bundle->used;
    if (bundle->mem && bundle->kind == FL_BUNDLE_TIME && taken > (int64_t)(pool->budget / 2))
        return fl_op_fail(op, FLOW_BUDGET,
            "the memory budget of %llu MiB is used up, %llu MiB of it by what '%s' gives at once: "
            "all that a call for one key gives has to fit, or be filtered or added up by the steps "
            "right behind it",
            budget, (unsigned long long)taken >> 20, bundle->op->plan->node->path);
    return fl_op_fail(op, FLOW_BUDGET,
        "the memory budget of %llu MiB is used up (%llu MiB held); give the runner more memory, "
        "shorter windows or fewer keys",
        budget, held);
}

// Errors that are not the row's fault are never routed.
static flow_status sticky(flow_ctx *ctx, flow_status status)
{
    if (ctx->status == FLOW_OK)
        ctx->status = status;
    return status;
}

static flow_status ctx_emit(flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row)
{
    struct fl_call *call = call_of(ctx);
    struct fl_op *op = call->op;
    if (ctx->status != FLOW_OK)
        return ctx->status;
    if (call->edge != FL_EDGE_NONE)
        return sticky(ctx, fl_op_fail(op, FLOW_INVALID,
                               "its %s emits without time and window; a finish may, with "
                               "flow_emit_stamped (R67)",
                               fl_edge_name(call)));
    if (output + 2 >= op->out_count)
        return sticky(
            ctx, fl_op_fail(op, FLOW_INVALID, "emitted on output %u, which it has not", output));
    return sticky(ctx, fl_out_put(op, output, type, row));
}

static void ctx_adopt(flow_ctx *ctx, const flow_type *type, void *row)
{
    struct fl_op *op = call_of(ctx)->op;
    if (op->plan->kind != FL_OP_UPDATE) {
        sticky(ctx, fl_out_adopt(op, 0, row));
        fl_out_tell_safe(op);
        return;
    }
    struct fl_mem *mem = fl_batch_need_mem(&op->worker->cache, op->call.in->batch);
    if (!mem || fl_adopt(op, type, row, mem) != FLOW_OK)
        sticky(ctx, fl_no_memory(op));
}

static void *ctx_reserve(flow_ctx *ctx, uint32_t output, const flow_type *type, uint32_t *count)
{
    struct fl_op *op = call_of(ctx)->op;
    if (ctx->status != FLOW_OK)
        return NULL;
    if (op->call.edge != FL_EDGE_NONE) {
        ctx_emit(ctx, output, type, NULL);
        return NULL;
    }
    if (output + 2 >= op->out_count || !flow_type_equal(op->outs[output].type, type)) {
        sticky(ctx, fl_op_fail(op, FLOW_TYPE, "reserved '%s' on output %u, which has not that type",
                        type->name, output));
        return NULL;
    }
    void *rows = fl_out_reserve(op, output, count);
    if (!rows)
        sticky(ctx, fl_no_memory(op));
    return rows;
}

static flow_status ctx_commit(flow_ctx *ctx, uint32_t output, uint32_t count)
{
    struct fl_op *op = call_of(ctx)->op;
    if (ctx->status != FLOW_OK)
        return ctx->status;
    if (count > op->call.reserved)
        return sticky(ctx, fl_op_fail(op, FLOW_INVALID, "committed %u rows of %u reserved", count,
                               op->call.reserved));
    struct fl_output *out = &op->outs[output];
    char *rows = op->out_heads[output].next;
    for (uint32_t i = 0; out->pointers && i < count; i++) {
        const flow_status status = fl_out_adopt(op, output, rows + (size_t)i * out->type->size);
        if (status != FLOW_OK)
            return sticky(ctx, status);
    }
    fl_out_add(op, output, count);
    op->call.reserved = 0;
    return FLOW_OK;
}

void *fl_worker_take(struct fl_op *op, size_t size)
{
    struct fl_worker *worker = op->worker;
    if (!worker->lasting)
        worker->lasting = fl_mem_new(&worker->cache);
    void *bytes = worker->lasting ? fl_mem_alloc(&worker->cache, worker->lasting, size) : NULL;
    if (bytes)
        memset(bytes, 0, size);
    return bytes;
}

struct fl_mem *fl_call_scratch(struct fl_call *call)
{
    if (!call->scratch)
        call->scratch = fl_mem_new(&call->op->worker->cache);
    return call->scratch;
}

void fl_call_forget(struct fl_op *op)
{
    struct fl_cache *cache = &op->worker->cache;
    fl_mem_unref(cache, op->call.scratch);
    fl_mem_unref(cache, op->call.part_scratch);
    op->call.scratch = op->call.part_scratch = NULL;
    fl_safe_forget(&op->call);
}

static void *ctx_alloc(flow_ctx *ctx, size_t size)
{
    struct fl_call *call = call_of(ctx);
    const uint64_t budget = call->op->worker->engine->pool.budget;
    if (size > budget) { // whatever else there is: it is the element's fault
        call->large = true;
        flow_fail(ctx, FLOW_BUDGET,
            "it asks for %zu bytes, more than the memory budget of %llu MiB", size,
            (unsigned long long)(budget >> 20));
        return NULL;
    }
    struct fl_mem *mem = fl_call_scratch(call);
    void *bytes = mem ? fl_mem_alloc(&call->op->worker->cache, mem, size) : NULL;
    if (!bytes)
        sticky(ctx, fl_no_memory(call->op));
    return bytes;
}

static flow_status ctx_fail(flow_ctx *ctx, flow_status status, const char *message)
{
    struct fl_call *call = call_of(ctx);
    if (call->message[0] == '\0')
        snprintf(call->message, sizeof call->message, "%s", message);
    return sticky(ctx, status == FLOW_OK ? FLOW_USER : fl_own_status(call, status));
}

static flow_time ctx_event_time(const flow_ctx *ctx)
{
    const struct fl_call *call = call_of(ctx);
    const flow_time time = { call->in ? fl_batch_time(call->in->batch, ctx->row)
                                      : FLOW_TIME_MIN_US };
    return time;
}

static const flow_window global = { { FLOW_TIME_MIN_US }, { FLOW_TIME_GLOBAL_END_US } };

// One window of an element that may lie in several would be a guess. Not the element's fault.
static flow_window no_window(struct fl_op *op)
{
    flow_ctx *ctx = &op->call.engine.ctx;
    if (op->worker->error.status == FLOW_OK)
        sticky(ctx, fl_op_fail(op, FLOW_INVALID,
                        "'%s' asks for the window of elements that may lie in several; set "
                        "'by_window' in its declaration, and such an element reaches it once for "
                        "each (R22)",
                        op->plan->node->fn->name));
    return global;
}

static flow_window ctx_event_window(const flow_ctx *ctx)
{
    const struct fl_call *call = call_of(ctx);
    if (!call->in)
        return global;
    if (call->op->plan->windowless)
        return no_window(call->op);
    return fl_row_window(call->op, call->in->batch, ctx->row);
}

static flow_pane ctx_pane_info(const flow_ctx *ctx)
{
    const struct fl_call *call = call_of(ctx);
    return call->in ? *fl_batch_pane(call->in->batch, ctx->row) : fl_no_pane;
}

static int ctx_sign(const flow_ctx *ctx)
{
    const struct fl_call *call = call_of(ctx);
    return call->in ? fl_batch_sign(call->in->batch, ctx->row) : 1;
}

static flow_time ctx_watermark(const flow_ctx *ctx)
{
    const struct fl_op *op = call_of(ctx)->op;
    const flow_time time = { op->keyed ? op->keyed->watermark
                                       : fl_input_watermark(op->worker, op->plan) };
    return time;
}

static const void *ctx_config(flow_ctx *ctx, const flow_type *type)
{
    struct fl_op *op = call_of(ctx)->op;
    const flow_node *node = op->plan->node;
    if (!node->config)
        return NULL;
    if (node->config_type != type && !flow_type_equal(node->config_type, type)) {
        sticky(ctx, fl_op_fail(op, FLOW_TYPE, "asked for a configuration of '%s', but has '%s'",
                        type->name, node->config_type->name));
        return NULL;
    }
    return node->config;
}

static flow_status ctx_lend(flow_ctx *ctx, const flow_type *type, const void *rows, uint32_t count)
{
    return sticky(ctx, fl_out_lend(call_of(ctx)->op, type, rows, count));
}

static flow_status ctx_lend_columns(
    flow_ctx *ctx, const flow_type *type, const void *const *columns, uint32_t count)
{
    struct fl_op *op = call_of(ctx)->op;
    for (uint32_t f = 0; f < type->field_count; f++)
        if (type->fields[f].presence)
            return sticky(ctx, fl_op_fail(op, FLOW_UNSUPPORTED,
                                   "field '%s' of '%s' is optional: it cannot be lent by column",
                                   type->fields[f].name, type->name));
    return sticky(ctx, fl_out_lend_columns(op, type, columns, count));
}

static flow_status ctx_keep(
    flow_ctx *ctx, const void *data, size_t len, void (*release)(void *user), void *user)
{
    struct fl_call *call = call_of(ctx);
    struct fl_mem *mem = fl_call_scratch(call);
    const flow_bytes bytes = { data, len };
    if (!mem || !fl_mem_keep(&call->op->worker->cache, mem, bytes, release, user))
        return sticky(ctx, fl_no_memory(call->op));
    return FLOW_OK;
}

static flow_status ctx_reject(flow_ctx *ctx, flow_str element, const char *message)
{
    struct fl_op *op = call_of(ctx)->op;
    const flow_node *node = op->plan->node;
    const flow_on_error policy = node->read ? node->read->on_error : node->on_error;
    if (policy == FLOW_ON_ERROR_FAIL)
        return sticky(ctx, fl_op_fail(op, FLOW_PARSE, "%s", message));
    struct fl_rejection rejection = {
        .reason = FL_UNPARSABLE, .message = message, .element = element, .at = FLOW_TIME_MIN_US
    };
    if (flow_type_has_classified(op->outs[0].type))
        rejection.element = flow_str_of("***");
    if (policy == FLOW_ON_ERROR_SKIP)
        rejection.reason = FL_SKIPPED;
    const uint32_t output =
        policy == FLOW_ON_ERROR_SKIP ? FLOW_OUTPUT_DROPPED : FLOW_OUTPUT_DEAD_LETTERS;
    const flow_status status = fl_reject(op, output, &rejection);
    return status == FLOW_OK ? status : sticky(ctx, status);
}

static flow_status ctx_refuse(flow_ctx *ctx, const void *element, const char *message)
{
    const flow_status status = ctx_fail(ctx, FLOW_INVALID, message);
    return fl_call_failed(call_of(ctx)->op, status, element);
}

static const char *ctx_step_path(const flow_ctx *ctx)
{
    return call_of(ctx)->op->plan->node->path;
}

static const flow_ctx_ops ctx_ops = {
    .emit_slow = ctx_emit,
    .adopt = ctx_adopt,
    .reserve = ctx_reserve,
    .commit = ctx_commit,
    .alloc = ctx_alloc,
    .fail = ctx_fail,
    .event_time = ctx_event_time,
    .event_window = ctx_event_window,
    .watermark = ctx_watermark,
    .timer_set = fl_stateful_timer_set,
    .timer_clear = fl_stateful_timer_clear,
    .state_clear = fl_stateful_state_clear,
    .config = ctx_config,
    .rows = fl_group_rows,
    .rows_next = fl_group_rows_next,
    .rows_count = fl_group_rows_count,
    .lend = ctx_lend,
    .keep = ctx_keep,
    .reject = ctx_reject,
    .refuse = ctx_refuse,
    .step_path = ctx_step_path,
    .lend_columns = ctx_lend_columns,
    .pane_info = ctx_pane_info,
    .sign = ctx_sign,
    .side = fl_side_one,
    .side_at = fl_side_at,
    .side_find = fl_side_find,
    .side_rows = fl_side_rows,
    .side_next = fl_side_next,
    .measure = fl_measure,
    .measure_text = fl_measure_text,
    .timer_start = fl_cells_timer_start,
    .timer_stop = fl_cells_timer_stop,
    .timer_time = fl_cells_timer_time,
    .timer_tag = fl_cells_timer_tag,
    .processing_time = fl_cells_processing_time,
    .cell_get = fl_cells_get,
    .cell_put = fl_cells_put,
    .cell_remove = fl_cells_remove,
    .cell_clear = fl_cells_clear_cell,
    .cell_count = fl_cells_count,
    .cell_walk = fl_cells_walk,
    .cursor_next = fl_cells_next,
    .emit_stamped = fl_life_emit,
    .self = fl_life_self,
    .after_commit = fl_life_after,
    .restriction = fl_split_restriction,
    .claim_position = fl_split_claim,
    .resume_after = fl_split_resume_after,
    .estimate = fl_split_estimate,
    .emit_at = fl_stamp_emit_at,
    .split_part = fl_split_part,
    .rows_keep = fl_group_rows_keep,
    .log = fl_log_call,
    .rows_rewind = fl_group_rows_rewind,
    .part = fl_call_part,
    .rows_hold = fl_group_rows_hold,
    .rows_release = fl_group_rows_release,
};

struct fl_call *fl_call_of(const flow_ctx *ctx)
{
    return call_of(ctx);
}

const flow_ctx_ops *fl_ctx_ops(void)
{
    return &ctx_ops;
}

flow_status fl_call_begin(struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    struct fl_call *call = &op->call;
    flow_ctx *ctx = &call->engine.ctx;
    if (op->life && !op->begun) {
        const flow_status status = fl_life_begin(op);
        if (status != FLOW_OK)
            return status;
        for (uint32_t position = 0; position < op->out_count; position++)
            if (op->outs[position].batch)
                fl_out_open(op, position);
    }
    call->in = view;
    call->shape = shape;
    call->turn++;
    call->parts = 0;
    call->sent = 0;
    call->refused = false;
    fl_safe_forget(call);
    ctx->row = ctx->next = 0;
    ctx->status = FLOW_OK;
    for (uint32_t position = 0; position + 2 < op->out_count; position++) {
        const flow_status status = fl_out_ready(op, position);
        if (status != FLOW_OK)
            return status;
    }
    return FLOW_OK;
}

bool fl_view_rows(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape, flow_batch *rows)
{
    if (!fl_batch_need_rows(&op->worker->cache, view->batch))
        return false;
    memset(rows, 0, sizeof *rows);
    rows->rows = view->batch->rows;
    rows->selection = view->selection;
    rows->count = view->count;
    rows->stride = view->batch->stride;
    rows->key_offset = shape->key_offset;
    rows->value_offset = shape->value_offset;
    // rows of the caller's lie one behind the other: a first pass asks for those just ahead, a
    // later one for the next batch, so that memory works while functions do
    if (view->batch->lent)
        rows->ahead = view->selection ? view->batch->count : AHEAD;
    return true;
}

// Row by row, by the clock. A call that takes too long is not broken off: what it gave is taken
// back when it has returned.
static flow_status run_timed(struct fl_op *op, flow_batch_fn *process, const flow_batch *rows)
{
    const struct fl_port *port = &op->worker->engine->options.port;
    const int64_t most = op->plan->node->timeout.us;
    const uint16_t *selection = rows->selection ? rows->selection : op->worker->identity;
    flow_ctx *ctx = &op->call.engine.ctx;
    for (uint32_t i = 0; i < rows->count; i++) {
        flow_batch one = *rows;
        one.selection = &selection[i];
        one.count = 1;
        if (rows->states)
            one.states = rows->states + i;
        ctx->row = selection[i];
        ctx->next = 0;
        const int64_t begun = port->now(port->user);
        flow_status status = process(ctx, &one);
        if (status == FLOW_OK)
            status = ctx->status;
        const int64_t took = port->now(port->user) - begun;
        if (status == FLOW_OK && took > most)
            status = flow_fail(ctx, FLOW_USER, "it took %lld us, of %lld that it may",
                (long long)took, (long long)most);
        if (status != FLOW_OK)
            status = fl_call_failed(
                op, status, rows->rows + (size_t)ctx->row * rows->stride + rows->value_offset);
        if (status != FLOW_OK)
            return status;
    }
    return FLOW_OK;
}

flow_status fl_call_run(struct fl_op *op, flow_batch_fn *process, flow_batch *rows)
{
    flow_ctx *ctx = &op->call.engine.ctx;
    op->call.hold = op->plan->node->on_error != FLOW_ON_ERROR_FAIL;
    op->call.message[0] = '\0';
    if (fl_faulty(op->worker, FL_FAULT_ELEMENT))
        return fl_op_fail(op, FLOW_USER, "a test wants this bundle to fail");
    if (op->plan->node->timeout.us > 0)
        return run_timed(op, process, rows);
    for (;;) {
        flow_status status = process(ctx, rows);
        if (status == FLOW_OK)
            status = ctx->status;
        if (status == FLOW_OK)
            return FLOW_OK;
        const char *element = rows->rows + (size_t)ctx->row * rows->stride + rows->value_offset;
        status = fl_call_failed(op, status, element);
        if (status != FLOW_OK)
            return status;
        if (++ctx->next >= rows->count)
            return FLOW_OK;
    }
}

// The function's outputs by declaration, then dead letters, then dropped.
static bool init_outputs(struct fl_op *op, uint32_t own, const flow_type *const *types)
{
    struct fl_engine *engine = op->worker->engine;
    struct fl_cache *cache = &engine->cache;
    op->out_count = own + 2;
    op->out_heads = fl_mem_alloc(cache, engine->mem, op->out_count * sizeof *op->out_heads);
    op->outs = fl_mem_alloc(cache, engine->mem, op->out_count * sizeof *op->outs);
    if (!op->out_heads || !op->outs)
        return false;
    memset(op->out_heads, 0, op->out_count * sizeof *op->out_heads);
    memset(op->outs, 0, op->out_count * sizeof *op->outs);
    for (uint32_t position = 0; position < op->out_count; position++) {
        struct fl_output *out = &op->outs[position];
        flow_out *head = &op->out_heads[position];
        out->index = position < own ? position : FLOW_OUTPUT_DEAD_LETTERS + (position - own);
        out->type = position < own ? types[position] : &flow_rejected_type;
        out->pointers = flow_type_has_pointers(out->type);
        fl_out_find_texts(out);
        head->type = out->type;
        head->stride = out->type->size;
        head->origin = out->origin;
    }
    return true;
}

bool fl_call_init(struct fl_op *op)
{
    const flow_node *node = op->plan->node;
    const flow_type *type = op->plan->out ? op->plan->out->shape.type : NULL;
    bool done;
    if (op->plan->kind == FL_OP_GATE)
        done = init_outputs(op, 0, NULL);
    else if (node->source)
        done = init_outputs(op, 1, &node->read->type);
    else if (node->combine)
        done = init_outputs(op, type ? 1 : 0, &type);
    else
        done =
            init_outputs(op, node->fn ? node->fn->out_count : 0, node->fn ? node->fn->outs : NULL);
    if (!done)
        return false;
    if (node->combine && type)
        op->out_heads[0].stride = op->plan->out->shape.stride;
    op->call.op = op;
    op->call.engine.ops = &ctx_ops;
    op->call.engine.ctx.outs = op->out_heads;
    op->call.engine.ctx.config = node->config;
    op->call.engine.ctx.fn = node->fn;
    op->call.engine.ctx.adopt =
        op->out_count > 2 ? op->outs[0].pointers
                          : op->plan->in && flow_type_has_pointers(op->plan->in->shape.type);
    return true;
}
