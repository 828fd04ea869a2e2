// SPDX-License-Identifier: Apache-2.0
// A function's life: set up once a worker, framed once a bundle, torn down at the end (R67).
#include "life.h"
#include "output.h"

static const char *const edges[] = { "", "setup", "start", "finish", "teardown" };

const char *fl_edge_name(const struct fl_call *call)
{
    return edges[call->edge];
}

// Calls a function between rows: no inline emit finds room.
static flow_status call_edge(
    struct fl_op *op, enum fl_edge edge, flow_status (*function)(flow_ctx *ctx))
{
    struct fl_call *call = &op->call;
    flow_ctx *ctx = &call->engine.ctx;
    for (uint32_t position = 0; position < op->out_count; position++)
        op->out_heads[position].room = 0;
    call->in = NULL;
    call->edge = edge;
    call->message[0] = '\0';
    ctx->row = 0;
    ctx->status = FLOW_OK;
    flow_status status = function(ctx);
    status = status == FLOW_OK ? ctx->status : status;
    call->edge = FL_EDGE_NONE;
    status = fl_own_status(call, status);
    if (status != FLOW_OK && op->worker->error.status == FLOW_OK)
        fl_op_fail(op, status, "its %s failed: %s", edges[edge], fl_call_reason(call, status));
    return status;
}

bool fl_life_setup(struct fl_op *op)
{
    struct fl_engine *engine = op->worker->engine;
    const flow_fn *fn = op->plan->node->fn;
    if (!fn)
        return true;
    op->life = fn->start || fn->finish;
    if (fn->self_size > 0) {
        op->self = fl_mem_alloc(&engine->cache, engine->mem, fn->self_size);
        if (!op->self)
            return false;
        memset(op->self, 0, fn->self_size);
    }
    op->alive = !fn->setup || call_edge(op, FL_EDGE_SETUP, fn->setup) == FLOW_OK;
    return op->alive;
}

void fl_life_end(struct fl_op *op)
{
    const flow_fn *fn = op->plan->node->fn;
    if (op->alive && fn->teardown)
        call_edge(op, FL_EDGE_TEARDOWN, fn->teardown);
    op->alive = false;
}

flow_status fl_life_begin(struct fl_op *op)
{
    const flow_fn *fn = op->plan->node->fn;
    op->begun = true;
    return fn->start ? call_edge(op, FL_EDGE_START, fn->start) : FLOW_OK;
}

// --- what a finish emits

static void drop_stamps(struct fl_op *op)
{
    fl_batch_unref(&op->worker->cache, op->stamps.batch);
    op->stamps.batch = NULL;
    op->call.in = NULL;
}

flow_status fl_life_finish(struct fl_op *op)
{
    const flow_fn *fn = op->plan->node->fn;
    op->begun = false;
    if (!fn->finish)
        return FLOW_OK;
    flow_status status = fl_call_flush(op);
    if (status == FLOW_OK)
        status = call_edge(op, FL_EDGE_FINISH, fn->finish);
    if (status == FLOW_OK && op->stamps.batch)
        status = fl_call_flush(op);
    drop_stamps(op);
    for (uint32_t position = 0; position < op->out_count && status == FLOW_OK; position++)
        if (op->outs[position].batch)
            fl_out_open(op, position);
    return status;
}

void fl_life_abort(struct fl_op *op)
{
    op->begun = false;
    op->call.edge = FL_EDGE_NONE;
    drop_stamps(op);
}

// A batch without rows, whose times and windows those of the output are taken from.
static bool open_stamps(struct fl_op *op)
{
    struct fl_cache *cache = &op->worker->cache;
    struct fl_batch *batch = fl_batch_new(cache, op->plan->in->shape.type, 8);
    if (!batch || !fl_batch_need_times(cache, batch) || !fl_batch_need_windows(cache, batch)) {
        fl_batch_unref(cache, batch);
        return false;
    }
    batch->time_form = FL_TIME_STRIDED;
    batch->times = (const char *)batch->times_own;
    batch->times_stride = sizeof *batch->times_own;
    batch->window_form = FL_WINDOW_ROWS;
    batch->pane = fl_no_pane;
    op->stamps = (struct fl_view){ batch, NULL, 0 };
    op->call.in = &op->stamps;
    return true;
}

static bool is_window_of(const flow_edge *edge, flow_stamp stamp)
{
    flow_window window;
    if (stamp.at.us < FLOW_TIME_MIN_US || stamp.at.us > flow_window_last_instant(stamp.window).us)
        return false;
    // the time alone does not tell how windows have merged, nor what an element's function says
    if (edge->windows.kind == FLOW_WINDOW_SESSION || edge->windows.kind == FLOW_WINDOW_CUSTOM)
        return stamp.at.us >= stamp.window.start.us && stamp.window.start.us >= FLOW_TIME_MIN_US &&
               stamp.window.end.us <= FLOW_TIME_GLOBAL_END_US;
    for (bool in = flow_windows_last(&edge->windows, stamp.at, &window); in;
         in = flow_windows_before(&edge->windows, stamp.at, &window))
        if (window.start.us == stamp.window.start.us && window.end.us == stamp.window.end.us)
            return true;
    return false;
}

static flow_status fail(flow_ctx *ctx, flow_status status)
{
    if (ctx->status == FLOW_OK)
        ctx->status = status;
    return ctx->status;
}

flow_status fl_life_emit(
    flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row, flow_stamp stamp)
{
    struct fl_op *op = fl_call_of(ctx)->op;
    if (ctx->status != FLOW_OK)
        return ctx->status;
    if (op->call.edge != FL_EDGE_FINISH)
        return fail(ctx, fl_op_fail(op, FLOW_INVALID,
                             "flow_emit_stamped belongs to the 'finish' of a function"));
    if (output + 2 >= op->out_count)
        return fail(
            ctx, fl_op_fail(op, FLOW_INVALID, "emitted on output %u, which it has not", output));
    if (!is_window_of(op->plan->in, stamp))
        return fail(ctx, fl_op_fail(op, FLOW_INVALID,
                             "its finish emitted into a window that does not hold the time (R67)"));
    struct fl_view *stamps = &op->stamps;
    flow_status status = FLOW_OK;
    if (stamps->batch && stamps->batch->count == FLOW_BATCH_ROWS) {
        status = fl_call_flush(op);
        drop_stamps(op);
    }
    if (status == FLOW_OK && !stamps->batch && !open_stamps(op))
        status = fl_no_memory(op);
    if (status != FLOW_OK)
        return fail(ctx, status);
    struct fl_batch *batch = stamps->batch;
    ctx->row = batch->count;
    batch->times_own[batch->count] = stamp.at.us;
    batch->windows[batch->count] = stamp.window;
    stamps->count = ++batch->count;
    status = fl_out_put(op, output, type, row);
    op->out_heads[output].room = 0; // a plain emit still finds none
    return status == FLOW_OK ? FLOW_OK : fail(ctx, status);
}

// --- after the commit

struct fl_after {
    struct fl_after *next;
    void (*done)(void *user);
    void *user;
};

flow_status fl_life_after(flow_ctx *ctx, void (*done)(void *user), void *user)
{
    struct fl_op *op = fl_call_of(ctx)->op;
    struct fl_bundle *bundle = &op->worker->bundle;
    struct fl_after *after =
        bundle->mem ? fl_mem_alloc(&op->worker->cache, bundle->mem, sizeof *after) : NULL;
    if (!after)
        return fail(ctx, bundle->mem ? fl_no_memory(op)
                                     : fl_op_fail(op, FLOW_INVALID, "no bundle is in work here"));
    *after = (struct fl_after){ NULL, done, user };
    *(bundle->after_last ? &bundle->after_last->next : &bundle->after) = after;
    bundle->after_last = after;
    return FLOW_OK;
}

void fl_life_committed(struct fl_worker *worker)
{
    for (struct fl_after *after = worker->bundle.after; after; after = after->next)
        after->done(after->user);
    worker->bundle.after = worker->bundle.after_last = NULL;
}

void *fl_life_self(flow_ctx *ctx)
{
    return fl_call_of(ctx)->op->self;
}
