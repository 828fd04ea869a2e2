// SPDX-License-Identifier: Apache-2.0
// What splittable functions ask of their context: positions, delays, estimates, times of outputs.
#include "output.h"
#include "split.h"
#include "stamp.h"

// A call ends at the next claim after so much, to show what it has and let others go on.
#define MOST_ROWS   16384u
#define MOST_CLAIMS 65536u
#define MOST_US     INT64_C(100000) // by the clock

static flow_status sticky(flow_ctx *ctx, flow_status status)
{
    if (ctx->status == FLOW_OK)
        ctx->status = status;
    return status;
}

// The step's state, if one of its functions runs that may ask; else a sticky error.
static struct fl_split *in_phase(flow_ctx *ctx, enum fl_split_phase phase, const char *asked)
{
    struct fl_op *op = fl_call_of(ctx)->op;
    struct fl_split *split = op->plan->kind == FL_OP_SPLIT ? op->keyed->split : NULL;
    if (split && split->phase == phase)
        return split;
    sticky(ctx, fl_op_fail(op, FLOW_INVALID, "asked for %s, which %s", asked,
                    phase == FL_SPLIT_CUTTING ? "only 'split' of a splittable function does"
                                              : "only a splittable function does"));
    return NULL;
}

const void *fl_split_restriction(flow_ctx *ctx, const flow_type *type)
{
    struct fl_split *split = in_phase(ctx, FL_SPLIT_PROCESSING, "its restriction");
    if (!split)
        return NULL;
    struct fl_op *op = fl_call_of(ctx)->op;
    const flow_type *own = op->plan->node->split->tracker->restriction;
    if (own == type || flow_type_equal(own, type))
        return split->restriction;
    sticky(ctx, fl_op_fail(op, FLOW_TYPE, "asked for a restriction of '%s', but has '%s'",
                    type->name, own->name));
    return NULL;
}

uint64_t fl_split_emitted(const struct fl_op *op)
{
    uint64_t rows = op->emitted;
    for (uint32_t position = 0; position < op->out_count; position++) {
        const struct fl_output *out = &op->outs[position];
        for (const struct fl_batch *batch = out->pending; batch; batch = batch->next)
            rows += batch->count;
        if (out->batch)
            rows += (uint64_t)(op->out_heads[position].origin - out->origin);
    }
    return rows;
}

// Whether a call should stop here. One that has not claimed anything would not come further the
// next time, unless what it does is about to change.
static bool should_stop(const struct fl_op *op)
{
    const struct fl_split *split = op->keyed->split;
    const struct fl_engine *engine = op->worker->engine;
    const struct fl_port *port = &engine->options.port;
    const bool unbounded = op->plan->node->split->unbounded;
    const struct fl_pile *pile = split->pile;
    if (!split->truncated && unbounded &&
        atomic_load_explicit(&engine->draining, memory_order_relaxed))
        return true;
    if (split->claims == 0)
        return false;
    if (split->claims >= MOST_CLAIMS || fl_split_emitted(op) - split->emitted >= MOST_ROWS)
        return true;
    if (atomic_load_explicit(&engine->held, memory_order_relaxed) ||
        atomic_load_explicit(&engine->cancelled, memory_order_relaxed) ||
        atomic_load_explicit(&engine->failed, memory_order_relaxed))
        return true;
    if (!unbounded && atomic_load_explicit(&pile->hungry, memory_order_relaxed) >
                          atomic_load_explicit(&pile->waiting, memory_order_relaxed))
        return true;
    return port->now(port->user) - split->began >= MOST_US;
}

bool fl_split_claim(flow_ctx *ctx, const void *position)
{
    struct fl_split *split = in_phase(ctx, FL_SPLIT_PROCESSING, "a position");
    if (!split || ctx->status != FLOW_OK || split->stopped)
        return false;
    struct fl_op *op = fl_call_of(ctx)->op;
    const flow_tracker *tracker = op->plan->node->split->tracker;
    if (should_stop(op)) {
        split->stopped = tracker->split(split->restriction, split->state, 0, split->residual);
        if (split->stopped)
            return false;
    }
    const flow_try granted = tracker->claim(split->restriction, split->state, position);
    if (granted == FLOW_TRY_WRONG)
        sticky(ctx, fl_op_fail(op, FLOW_INVALID,
                        "it claimed a position of its %s that lies before its restriction, or not "
                        "behind the last one",
                        tracker->name));
    split->claims += granted == FLOW_TRY_GRANTED;
    return granted == FLOW_TRY_GRANTED;
}

void fl_split_resume_after(flow_ctx *ctx, flow_duration delay)
{
    struct fl_split *split = in_phase(ctx, FL_SPLIT_PROCESSING, "a pause");
    if (!split)
        return;
    split->resumes = true;
    split->delay = delay.us > 0 ? delay.us : 0;
}

static void raise_estimate(struct fl_split *split, int64_t to)
{
    split->estimate = to > split->estimate ? to : split->estimate;
}

void fl_split_estimate(flow_ctx *ctx, flow_time watermark)
{
    struct fl_split *split = in_phase(ctx, FL_SPLIT_PROCESSING, "a watermark of its own");
    if (!split)
        return;
    struct fl_op *op = fl_call_of(ctx)->op;
    if (op->plan->node->split->estimator == FLOW_ESTIMATOR_MANUAL)
        raise_estimate(split, watermark.us);
    else
        sticky(ctx, fl_op_fail(op, FLOW_INVALID,
                        "it says a watermark, but its estimator is not FLOW_ESTIMATOR_MANUAL"));
}

flow_status fl_split_emit_at(
    flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row, flow_time at)
{
    struct fl_split *split = in_phase(ctx, FL_SPLIT_PROCESSING, "a time of its own");
    if (!split || ctx->status != FLOW_OK)
        return ctx->status;
    const flow_status status = fl_stamp_emit(ctx, output, type, row, at);
    if (status == FLOW_OK &&
        fl_call_of(ctx)->op->plan->node->split->estimator == FLOW_ESTIMATOR_MONOTONE)
        raise_estimate(split, at.us);
    return status;
}

flow_status fl_split_part(flow_ctx *ctx, const flow_type *type, const void *restriction)
{
    struct fl_split *split = in_phase(ctx, FL_SPLIT_CUTTING, "a part");
    if (!split || ctx->status != FLOW_OK)
        return ctx->status;
    struct fl_op *op = fl_call_of(ctx)->op;
    const flow_type *own = op->plan->node->split->tracker->restriction;
    if (own != type && !flow_type_equal(own, type))
        return sticky(ctx, fl_op_fail(op, FLOW_TYPE, "gave a part of '%s', its restriction is '%s'",
                               type->name, own->name));
    const struct fl_fresh like = { .estimate = split->estimate };
    split->given++;
    return sticky(ctx, fl_split_fresh(op, restriction, &like));
}
