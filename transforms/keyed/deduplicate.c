// SPDX-License-Identifier: Apache-2.0
// flow_deduplicate: a mark by element, and a timer that takes it away.
#include <flow/keyed.h>

#include "core/field.h"
#include "core/parts.h"

struct flow_deduplicate_state {
    bool seen;
};
FLOW_RECORD(flow_deduplicate_state, seen);

// What one flow_deduplicate needs, in pipeline memory.
struct once {
    flow_fn fn; // first: flow_ctx.fn points into it
    flow_cell seen;
    flow_timer forget;
    const flow_cell *cells[1];
    const flow_timer *timers[1];
    const flow_type *outs[1];
    flow_duration duration;
};

// When the mark goes. State ends with its window, so what lies behind it needs no timer.
static void set_timer(flow_ctx *ctx, const struct once *once)
{
    flow_timer_when when = { .no_hold = true }; // it gives nothing (R78b)
    if (once->forget.clock == FLOW_PROCESSING_TIME) {
        when.relative = true;
        when.after = once->duration;
        flow_timer_start(ctx, &once->forget, when);
        return;
    }
    const int64_t at = flow_event_time(ctx).us;
    if (flow_window_end(ctx).us - at > once->duration.us) {
        when.at.us = at + once->duration.us;
        flow_timer_start(ctx, &once->forget, when);
    }
}

static flow_status keep_first(flow_ctx *ctx, const flow_row *row, void *user)
{
    static const struct flow_deduplicate_state mark = { true };
    const struct once *once = (const struct once *)(const void *)ctx->fn;
    const flow_type *type = once->outs[0];
    (void)user;
    if (!flow_cell_get(ctx, &once->seen, NULL) && ctx->status == FLOW_OK) {
        flow_cell_put(ctx, &once->seen, (flow_cell_entry){ .row = &mark });
        set_timer(ctx, once);
        flow_emit(ctx, 0, type, row->value, type->size);
    }
    return ctx->status;
}

static flow_status first_only(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, keep_first, NULL);
}

static flow_status forget_key(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct once *once = (const struct once *)(const void *)ctx->fn;
    (void)row;
    (void)user;
    flow_cell_clear(ctx, &once->seen, NULL);
    return ctx->status;
}

static flow_status forget(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, forget_key, NULL);
}

static struct once *make(flow_coll in, const flow_deduplicate_options *options)
{
    struct once *once = flow_pipeline_alloc(in.pipeline, sizeof *once);
    if (!once)
        return NULL;
    once->seen = (flow_cell){
        .name = "seen", .kind = FLOW_CELL_VALUE, .type = &flow_deduplicate_state_type
    };
    once->forget = (flow_timer){ .name = "forget", .clock = options->clock, .due = forget };
    once->cells[0] = &once->seen;
    once->timers[0] = &once->forget;
    once->outs[0] = flow_coll_type(in);
    once->duration = options->duration;
    once->fn = (flow_fn){ .name = "first",
        .form = FLOW_FORM_CELLS,
        .in = once->outs[0],
        .outs = once->outs,
        .out_count = 1,
        .process = first_only,
        .no_signs = true,
        .cells = once->cells,
        .timers = once->timers,
        .cell_count = 1,
        .timer_count = 1 };
    return once;
}

static bool check(flow_coll in, const flow_deduplicate_options *options)
{
    if (options->clock != FLOW_PROCESSING_TIME && options->clock != FLOW_EVENT_TIME)
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "flow_deduplicate: remembers by event time or processing time, not by clock %d",
            (int)options->clock);
    else if (options->duration.us < 0)
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "flow_deduplicate: its duration is %lld us, below 0", (long long)options->duration.us);
    else
        return true;
    return false;
}

flow_coll flow_deduplicate_sized(flow_coll in, const flow_deduplicate_options *options, size_t size)
{
    flow_deduplicate_options known;
    if (!flow_coll_type(in))
        return fl_no_coll(in.pipeline);
    if (!flow_options_copy(&known, sizeof known, options, size)) {
        flow_pipeline_fail(
            in.pipeline, FLOW_UNSUPPORTED, NULL, "flow_deduplicate: " FLOW_OPTION_UNKNOWN);
        return fl_no_coll(in.pipeline);
    }
    const flow_field_ref whole = { .type = flow_coll_type(in), .kind = FLOW_KIND_RECORD };
    known.by = known.by.type ? known.by : whole;
    known.clock = known.clock ? known.clock : FLOW_PROCESSING_TIME;
    known.duration = known.duration.us ? known.duration : flow_minutes(10);
    const struct once *once =
        check(in, &known) && fl_stays_apart(in, "flow_deduplicate") ? make(in, &known) : NULL;
    if (!once)
        return fl_no_coll(in.pipeline);
    fl_scope(in.pipeline, known.name, "deduplicate");
    const flow_coll out = fl_keyed_like(flow_do(flow_key_by(in, known.by), &once->fn), in);
    flow_scope_end(in.pipeline);
    return out;
}
