// SPDX-License-Identifier: Apache-2.0
// Numbered elements that come by the clock.
#include "ticks.h"

#include "one.h"
#include "parts.h"

// The one element: when the step began.
struct flow_began {
    flow_time at;
};
FLOW_RECORD(flow_began, at);

static const flow_field impulse_fields[] = {
    FLOW_COLUMN(flow_impulse, at),
    FLOW_COLUMN(flow_impulse, number),
};
const flow_type flow_impulse_type = {
    .name = "flow_impulse",
    .size = sizeof(struct flow_impulse),
    .align = _Alignof(struct flow_impulse),
    .field_count = 2,
    .fields = impulse_fields,
};

// What one step needs, in pipeline memory.
struct made {
    flow_fn fn; // first: flow_ctx.fn points into it
    flow_split_fn split;
    const flow_type *outs[1];
    struct fl_ticks ticks;
};

static const struct made *made_of(const flow_ctx *ctx)
{
    return (const struct made *)(const void *)ctx->fn;
}

static flow_status begin_now(flow_ctx *ctx, const struct flow_began *in, struct flow_began *out)
{
    (void)in;
    out->at = flow_processing_time(ctx);
    return FLOW_OK;
}
FLOW_MAP_FN(begin_now, flow_began, flow_began);

// When a number is due, by the clock.
static int64_t due(const struct fl_ticks *ticks, int64_t began, int64_t number)
{
    const int64_t passed = number - ticks->from;
    if (ticks->elements == 0)
        return began;
    return (ticks->by_start ? ticks->start : began) + passed / ticks->elements * ticks->each +
           passed % ticks->elements * ticks->each / ticks->elements;
}

static flow_time time_of(const struct fl_ticks *ticks, int64_t began, int64_t number, int64_t now)
{
    if (ticks->time_of)
        return ticks->time_of(number);
    return (flow_time){ ticks->by_start ? due(ticks, began, number) : now };
}

static flow_status all_numbers(flow_ctx *ctx, const void *element, void *restriction)
{
    const struct fl_ticks *ticks = &made_of(ctx)->ticks;
    const int64_t began = ((const struct flow_began *)element)->at.us;
    struct flow_offset_range *range = restriction;
    range->from = ticks->from;
    range->to = ticks->to;
    if (ticks->skip_past && began > ticks->start) {
        int64_t since;
        if (__builtin_sub_overflow(began, ticks->start, &since))
            since = INT64_MAX;
        const int64_t past = since / ticks->each + (since % ticks->each > 0);
        range->from = past < range->to ? past : range->to;
    }
    return FLOW_OK;
}

static flow_status give(flow_ctx *ctx, const struct flow_began *began)
{
    const struct fl_ticks *ticks = &made_of(ctx)->ticks;
    const int64_t end = ticks->lasts ? began->at.us + ticks->lasts : INT64_MAX;
    int64_t number = FLOW_RESTRICTION(ctx, flow_offset_range)->from;
    int64_t now = flow_processing_time(ctx).us;
    for (;; number++) {
        const bool more = number < ticks->to;
        const int64_t at = more ? due(ticks, began->at.us, number) : 0;
        if (more && at > now)
            now = flow_processing_time(ctx).us;
        if (now >= end) // claims what is behind all numbers, so that none is left
            (void)flow_claim_offset(ctx, INT64_MAX);
        if (now >= end)
            return ctx->status;
        if (more)
            flow_estimate(ctx, time_of(ticks, began->at.us, number, now));
        if (more && at > now) {
            const int64_t until = at < end ? at : end;
            flow_resume_after(ctx, (flow_duration){ until - now });
            return ctx->status;
        }
        if (!flow_claim_offset(ctx, number))
            return ctx->status;
        const flow_time event = time_of(ticks, began->at.us, number, now);
        if (FLOW_EMIT_AT(ctx, event, flow_impulse, .at = event, .number = number) != FLOW_OK)
            return ctx->status;
    }
}

static flow_status give_row(flow_ctx *ctx, const flow_row *row, void *user)
{
    (void)user;
    return give(ctx, (const void *)row->value);
}

static flow_status give_rows(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, give_row, NULL);
}

flow_coll fl_ticks(flow_pipeline *pipeline, const struct fl_ticks *ticks)
{
    static const struct flow_began one;
    struct made *made = flow_pipeline_alloc(pipeline, sizeof *made);
    if (!made)
        return fl_no_coll(pipeline);
    made->ticks = *ticks;
    made->outs[0] = &flow_impulse_type;
    made->fn = (flow_fn){ .name = "numbers",
        .form = FLOW_FORM_EMIT,
        .in = &flow_began_type,
        .outs = made->outs,
        .out_count = 1,
        .process = give_rows };
    made->split = (flow_split_fn){ .fn = &made->fn,
        .tracker = &flow_offset_tracker,
        .initial = all_numbers,
        .estimator = FLOW_ESTIMATOR_MANUAL,
        .unbounded = ticks->endless && ticks->lasts == 0 };
    flow_scope_begin(pipeline, ticks->name);
    const flow_coll began = flow_do(fl_one(pipeline, &flow_began_type, &one), &begin_now_fn);
    const flow_coll out = flow_split(began, &made->split);
    flow_scope_end(pipeline);
    return out;
}
