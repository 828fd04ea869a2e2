// SPDX-License-Identifier: Apache-2.0
// flow_sessionize: which session each element of a key belongs to, in order of event time.
#include <flow/analytics.h>

#include "core/parts.h"

// The session of a key that has not ended.
struct flow_sessionize_state {
    flow_time start;
    flow_time last;
    int64_t number; // elements; 0: there is none
};
FLOW_RECORD(flow_sessionize_state, start, last, number);

// What one flow_sessionize needs, in pipeline memory.
struct sessionize {
    flow_fn fn; // first: flow_ctx.fn points into it
    const flow_session_fn *user;
    flow_duration gap, max_length;
};

static const struct sessionize *sessionize_of(const flow_ctx *ctx)
{
    return (const struct sessionize *)(const void *)ctx->fn;
}

static bool is_over(
    const struct sessionize *how, const struct flow_sessionize_state *state, flow_time at)
{
    return state->number == 0 || at.us - state->last.us >= how->gap.us ||
           (how->max_length.us && at.us - state->start.us >= how->max_length.us);
}

static flow_status place(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct sessionize *how = sessionize_of(ctx);
    struct flow_sessionize_state *state = row->state;
    const flow_time at = flow_event_time(ctx);
    flow_time ends;
    (void)user;
    if (is_over(how, state, at))
        *state = (struct flow_sessionize_state){ at, at, 0 };
    const struct flow_session session = { .start = state->start,
        .number = ++state->number,
        .since_start = { at.us - state->start.us },
        .since_last = { at.us - state->last.us } };
    state->last = at;
    if (!__builtin_add_overflow(at.us, how->gap.us, &ends.us) &&
        ends.us < flow_window_end(ctx).us) // else it goes with the window
        flow_timer_set(ctx, ends);
    return how->user->placed(ctx, row->key, row->value, &session);
}

static flow_status place_rows(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, place, NULL);
}

static flow_status forget(flow_ctx *ctx, const flow_row *row, void *user)
{
    (void)row;
    (void)user;
    flow_state_clear(ctx);
    return ctx->status;
}

static flow_status forget_keys(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, forget, NULL);
}

flow_coll flow_sessionize_sized(
    flow_coll in, const flow_session_fn *fn, const flow_sessionize_options *options, size_t size)
{
    flow_sessionize_options known;
    struct sessionize *how =
        flow_coll_type(in) ? flow_pipeline_alloc(in.pipeline, sizeof *how) : NULL;
    if (!how)
        return fl_no_coll(in.pipeline);
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    fl_scope(in.pipeline, known.name, fn ? fn->fn.name : "sessionize");
    if (!copied || !fn || !fn->placed || known.gap.us <= 0 || known.max_length.us < 0) {
        flow_pipeline_fail(in.pipeline, copied ? FLOW_INVALID : FLOW_UNSUPPORTED, NULL,
            "flow_sessionize: %s",
            !copied              ? FLOW_OPTION_UNKNOWN
            : !fn || !fn->placed ? "it was given no function"
            : known.gap.us <= 0  ? "its 'gap' is not above 0"
                                 : "its 'max_length' is below 0");
        return fl_no_coll(in.pipeline);
    }
    flow_scope_end(in.pipeline);
    how->user = fn;
    how->gap = known.gap;
    how->max_length = known.max_length;
    how->fn = fn->fn;
    how->fn.form = FLOW_FORM_STATEFUL;
    how->fn.no_signs = true;
    how->fn.state = &flow_sessionize_state_type;
    how->fn.process = place_rows;
    how->fn.timer = forget_keys;
    const flow_do_options how_to = { .name = known.name, .time_sorted = true };
    return flow_do_with(in, &how->fn, &how_to);
}
