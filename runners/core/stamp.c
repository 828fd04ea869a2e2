// SPDX-License-Identifier: Apache-2.0
// Outputs that functions give an event time of their own (R66): held beside the output until its
// batch is closed, so that rows without one cost nothing.
#include "stamp.h"
#include "life.h"
#include "output.h"
#include "side.h"
#include "split.h"

#define UNSTAMPED INT64_MIN // the row has the time of what it comes from

struct fl_stamps {
    bool any;
    int64_t at[FLOW_BATCH_ROWS];
};

static flow_status refuse(flow_ctx *ctx, const char *why)
{
    if (ctx->status == FLOW_OK)
        ctx->status = fl_op_fail(
            fl_call_of(ctx)->op, FLOW_INVALID, "it emits with a time of its own, but %s", why);
    return ctx->status;
}

// What keeps a function from it, whatever the row; NULL: nothing.
static const char *hindrance(const struct fl_call *call)
{
    const flow_fn *fn = call->op->plan->node->fn;
    if (call->edge == FL_EDGE_FINISH)
        return "no element is in work: a finish does that with flow_emit_stamped (R67)";
    if (call->edge != FL_EDGE_NONE || !call->in || !fn)
        return "only functions over elements, timers and groups do";
    if (fn->form == FLOW_FORM_MAP || fn->form == FLOW_FORM_UPDATE || fn->form == FLOW_FORM_FILTER ||
        fn->form == FLOW_FORM_STAGE)
        return "what its form gives has the time of its element; make it a FLOW_ELEMENT_FN";
    if (call->op->plan->windowless)
        return "its elements may lie in several windows, which stay theirs; set 'by_window' in "
               "its declaration (R22)";
    return NULL;
}

// The earliest time that it may emit at.
static int64_t earliest(flow_duration skew, int64_t own)
{
    int64_t least;
    return __builtin_sub_overflow(own, skew.us, &least) || least < FLOW_TIME_MIN_US
               ? FLOW_TIME_MIN_US
               : least;
}

static bool may_be(flow_duration skew, int64_t at, int64_t own)
{
    return at >= earliest(skew, own) && at <= FLOW_TIME_MAX_US;
}

static flow_status fail_time(flow_ctx *ctx, flow_time at, flow_duration most)
{
    const flow_time own = flow_event_time(ctx);
    char times[2][40], skew[40];
    times[0][flow_time_print(at, times[0])] = times[1][flow_time_print(own, times[1])] = '\0';
    skew[flow_duration_print(most, skew)] = '\0';
    if (at.us < FLOW_TIME_MIN_US || at.us > FLOW_TIME_MAX_US)
        return flow_fail(ctx, FLOW_INVALID,
            "it emitted at %lld us, which is %s of time, %lld to %lld us (R1)", (long long)at.us,
            at.us < FLOW_TIME_MIN_US ? "before the beginning" : "behind the end",
            (long long)FLOW_TIME_MIN_US, (long long)FLOW_TIME_MAX_US);
    return flow_fail(ctx, FLOW_INVALID,
        "it emitted at %s, which is before its element's time %s by more than its skew of %s (R66)",
        times[0], times[1], skew);
}

static struct fl_stamps *stamps_of(struct fl_op *op, uint32_t position)
{
    struct fl_output *out = &op->outs[position];
    if (out->stamps)
        return out->stamps;
    out->stamps = fl_worker_take(op, sizeof *out->stamps);
    for (uint32_t row = 0; out->stamps && row < FLOW_BATCH_ROWS; row++)
        out->stamps->at[row] = UNSTAMPED;
    return out->stamps;
}

flow_status fl_stamp_emit(
    flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row, flow_time at)
{
    struct fl_op *op = fl_call_of(ctx)->op;
    if (ctx->status != FLOW_OK)
        return ctx->status;
    const char *why = hindrance(&op->call);
    if (why)
        return refuse(ctx, why);
    const flow_duration skew = op->plan->node->fn->skew;
    if (!may_be(skew, at.us, flow_event_time(ctx).us))
        return fail_time(ctx, at, skew);
    flow_status status;
    struct fl_stamps *stamps = NULL;
    if (output >= op->plan->node->fn->out_count)
        status = fl_op_fail(op, FLOW_INVALID, "emitted on output %u, which it has not", output);
    else if (!(stamps = stamps_of(op, output)))
        status = fl_no_memory(op);
    else
        status = fl_out_put(op, output, type, row);
    if (status != FLOW_OK)
        return ctx->status = status;
    stamps->any = true;
    stamps->at[op->out_heads[output].origin - op->outs[output].origin - 1] = at.us;
    return FLOW_OK;
}

flow_status fl_stamp_emit_at(
    flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row, flow_time at)
{
    return fl_call_of(ctx)->op->plan->kind == FL_OP_SPLIT
               ? fl_split_emit_at(ctx, output, type, row, at)
               : fl_stamp_emit(ctx, output, type, row, at);
}

// --- steps that stamp

static flow_status fail_stamped(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape, uint32_t i, flow_time at)
{
    flow_ctx *ctx = &op->call.engine.ctx;
    flow_batch rows;
    if (!fl_view_rows(op, view, shape, &rows))
        return fl_no_memory(op);
    flow_status status = fl_call_begin(op, view, shape);
    op->call.message[0] = '\0';
    ctx->row = fl_view_row(view, i);
    if (status == FLOW_OK)
        status = fail_time(ctx, at, op->plan->node->skew);
    return fl_call_failed(
        op, status, rows.rows + (size_t)ctx->row * rows.stride + rows.value_offset);
}

flow_status fl_stamp_check(struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    const flow_duration skew = op->plan->node->skew;
    const struct fl_lane lane = fl_view_lane(view, shape, op->plan->node->field.offset);
    for (uint32_t i = 0; i < view->count; i++) {
        const uint32_t row = fl_view_row(view, i);
        int64_t at;
        memcpy(&at, lane.base + (size_t)row * lane.stride, sizeof at);
        if (!may_be(skew, at, fl_batch_time(view->batch, row)))
            return fail_stamped(op, view, shape, i, (flow_time){ at });
    }
    return FLOW_OK;
}

// --- closed batches

// Windows that follow from the times would change with them: they are the elements'.
static bool keep_windows(struct fl_op *op, struct fl_batch *batch)
{
    const flow_windows *windows = &op->plan->in->windows;
    if (batch->window_form != FL_WINDOW_IMPLIED || windows->kind == FLOW_WINDOW_GLOBAL)
        return true;
    flow_window *own = fl_batch_need_windows(&op->worker->cache, batch);
    for (uint32_t row = 0; own && row < batch->count; row++)
        own[row] = fl_row_window(op, batch, row);
    batch->window_form = FL_WINDOW_ROWS;
    return own != NULL;
}

bool fl_stamp_batch(struct fl_op *op, uint32_t position, struct fl_batch *batch)
{
    struct fl_stamps *stamps = op->outs[position].stamps;
    if (!stamps || !stamps->any)
        return true;
    stamps->any = false;
    int64_t *times = NULL;
    if (keep_windows(op, batch))
        times = fl_batch_need_times(&op->worker->cache, batch);
    for (uint32_t row = 0; row < batch->count; row++) {
        if (times)
            times[row] = stamps->at[row] == UNSTAMPED ? fl_batch_time(batch, row) : stamps->at[row];
        stamps->at[row] = UNSTAMPED;
    }
    batch->time_form = FL_TIME_STRIDED;
    batch->times = (const char *)times;
    batch->times_stride = sizeof *times;
    return times != NULL;
}

void fl_stamp_move(struct fl_op *op, uint32_t position, uint32_t from, uint32_t count)
{
    struct fl_stamps *stamps = op->outs[position].stamps;
    for (uint32_t i = 0; stamps && i < count; i++) {
        const int64_t at = stamps->at[from + i];
        stamps->at[from + i] = UNSTAMPED;
        stamps->at[i] = at;
        stamps->any = stamps->any || at != UNSTAMPED;
    }
}

void fl_stamp_forget(struct fl_op *op, uint32_t position, uint32_t from)
{
    struct fl_stamps *stamps = op->outs[position].stamps;
    for (uint32_t row = from; stamps && stamps->any && row < FLOW_BATCH_ROWS; row++)
        stamps->at[row] = UNSTAMPED;
    if (stamps && from == 0)
        stamps->any = false;
}
