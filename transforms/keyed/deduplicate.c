// SPDX-License-Identifier: Apache-2.0
// flow_deduplicate: a mark by element, and a timer that takes it away. In windows that merge the
// mark says until when, since a window may end later than it did when the timer was set.
#include <flow/keyed.h>

#include "core/field.h"
#include "core/parts.h"

struct flow_deduplicate_state {
    bool seen;
};
FLOW_RECORD(flow_deduplicate_state, seen);

// By event time, where windows merge.
struct flow_deduplicate_until {
    flow_time until;
};
FLOW_RECORD(flow_deduplicate_until, until);

// What one flow_deduplicate needs, in pipeline memory.
struct once {
    flow_fn fn; // first: flow_ctx.fn points into it
    flow_cell seen;
    flow_timer forget;
    const flow_cell *cells[1];
    const flow_timer *timers[1];
    const flow_type *outs[1];
    flow_duration duration, lateness;
    bool grows; // by event time, and its windows may grow
};

static const struct once *once_of(const flow_ctx *ctx)
{
    return (const struct once *)(const void *)ctx->fn;
}

static flow_time expiry(const flow_ctx *ctx)
{
    return flow_window_expiry(flow_event_window(ctx), once_of(ctx)->lateness);
}

// A timer for the end of a mark, or for that of the window as it is now.
static void look_again(flow_ctx *ctx, flow_time until)
{
    const flow_time end = expiry(ctx);
    flow_timer_start(ctx, &once_of(ctx)->forget,
        (flow_timer_when){ .at = until.us < end.us ? until : end, .no_hold = true });
}

static void mark_until(flow_ctx *ctx, const struct once *once)
{
    struct flow_deduplicate_until mark = { flow_event_time(ctx) };
    if (__builtin_add_overflow(mark.until.us, once->duration.us, &mark.until.us))
        mark.until.us = FLOW_TIME_MAX_US;
    flow_cell_put(ctx, &once->seen, (flow_cell_entry){ .row = &mark });
    look_again(ctx, mark.until);
}

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
    const struct once *once = once_of(ctx);
    const flow_type *type = once->outs[0];
    (void)user;
    if (flow_cell_get(ctx, &once->seen, NULL) || ctx->status != FLOW_OK)
        return ctx->status;
    if (once->grows) {
        mark_until(ctx, once);
    } else {
        flow_cell_put(ctx, &once->seen, (flow_cell_entry){ .row = &mark });
        set_timer(ctx, once);
    }
    flow_emit(ctx, 0, type, row->value, type->size);
    return ctx->status;
}

static flow_status first_only(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, keep_first, NULL);
}

static flow_status forget_key(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct once *once = once_of(ctx);
    const struct flow_deduplicate_until *mark =
        once->grows ? flow_cell_get(ctx, &once->seen, NULL) : NULL;
    const int64_t now = flow_timer_time(ctx).us;
    (void)row;
    (void)user;
    if (mark && mark->until.us > now && expiry(ctx).us > now)
        look_again(ctx, mark->until);
    else
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
    once->grows = options->clock == FLOW_EVENT_TIME && flow_coll_merging(in);
    once->lateness = flow_coll_lateness(in);
    // of two marks the one that stays longer
    once->seen = (flow_cell){ .name = "seen",
        .kind = FLOW_CELL_VALUE,
        .type = once->grows ? &flow_deduplicate_until_type : &flow_deduplicate_state_type,
        .merging = FLOW_MERGE_LATEST };
    once->forget = (flow_timer){ .name = "forget",
        .clock = options->clock,
        .due = forget,
        .merging = FLOW_TIMER_LATER,
        .may_expire = true };
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
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    fl_scope(in.pipeline, known.name, "deduplicate");
    if (!copied) {
        flow_pipeline_fail(
            in.pipeline, FLOW_UNSUPPORTED, NULL, "flow_deduplicate: " FLOW_OPTION_UNKNOWN);
        return fl_no_coll(in.pipeline);
    }
    const flow_field_ref whole = { .type = flow_coll_type(in), .kind = FLOW_KIND_RECORD };
    known.by = known.by.type ? known.by : whole;
    known.clock = known.clock ? known.clock : FLOW_PROCESSING_TIME;
    known.duration = known.duration.us ? known.duration : flow_minutes(10);
    const struct once *once = check(in, &known) ? make(in, &known) : NULL;
    if (!once)
        return fl_no_coll(in.pipeline);
    const flow_coll out = fl_keyed_like(flow_do(flow_key_by(in, known.by), &once->fn), in);
    flow_scope_end(in.pipeline);
    return out;
}
