// SPDX-License-Identifier: Apache-2.0
// flow_retention: each key says once a period how long after its first one it is there; these are
// counted in the period's window.
#include <math.h>

#include <flow/analytics.h>
#include <flow/transforms.h>

#include "core/parts.h"

static const flow_field retained_fields[] = { FLOW_COLUMN(flow_retained, cohort),
    FLOW_COLUMN(flow_retained, offset), FLOW_COLUMN(flow_retained, count) };
const flow_type flow_retained_type = { "flow_retained", sizeof(struct flow_retained),
    _Alignof(struct flow_retained), 3, retained_fields };

// Which periods a key was seen in.
struct flow_retention_state {
    flow_time first; // start of its cohort's period
    flow_time last;  // start of the latest
    bool seen;
};
FLOW_RECORD(flow_retention_state, first, last, seen);

// That a key was there in a period.
struct flow_visit {
    flow_time cohort;
    int64_t offset;
};
FLOW_RECORD(flow_visit, cohort, offset);

// What one flow_retention needs, in pipeline memory.
struct retention {
    flow_fn fn; // first: flow_ctx.fn points into it
    flow_windows periods;
    double length; // of a period in the mean, in microseconds
};

#define DAY        86400e6
#define MEAN_MONTH (DAY * 146097 / 4800) // 400 years have 146,097 days

// Calendar periods are never so far from their mean length that rounding is wrong: months and years
// by three days, days by some hours.
static double mean_length(const flow_windows *periods)
{
    if (periods->kind == FLOW_WINDOW_FIXED)
        return (double)periods->size.us;
    const double unit = periods->unit == FLOW_CALENDAR_DAY     ? DAY
                        : periods->unit == FLOW_CALENDAR_WEEK  ? 7 * DAY
                        : periods->unit == FLOW_CALENDAR_MONTH ? MEAN_MONTH
                                                               : 12 * MEAN_MONTH;
    return unit * periods->units;
}

static flow_status visit(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct retention *how = (const struct retention *)(const void *)ctx->fn;
    struct flow_retention_state *state = row->state;
    flow_window period;
    (void)user;
    flow_windows_last(&how->periods, flow_event_time(ctx), &period);
    if (state->seen && state->last.us >= period.start.us)
        return FLOW_OK;
    if (!state->seen)
        state->first = period.start;
    state->last = period.start;
    state->seen = true;
    const double apart = (double)(period.start.us - state->first.us);
    return FLOW_EMIT(
        ctx, flow_visit, .cohort = state->first, .offset = llround(apart / how->length));
}

static flow_status visit_rows(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, visit, NULL);
}

static flow_status tell(flow_ctx *ctx, const struct flow_visit *visit, const struct flow_counted *n)
{
    return FLOW_EMIT(
        ctx, flow_retained, .cohort = visit->cohort, .offset = visit->offset, .count = n->count);
}
FLOW_KEYED_FN(tell, struct flow_visit, flow_counted, flow_retained);

static struct retention *make(flow_coll cut)
{
    static const flow_type *const outs[] = { &flow_visit_type };
    struct retention *how = flow_pipeline_alloc(cut.pipeline, sizeof *how);
    if (!how)
        return NULL;
    how->periods = flow_coll_windows(cut); // with the zone that was read
    how->length = mean_length(&how->periods);
    how->fn = (flow_fn){ .name = "visits",
        .form = FLOW_FORM_STATEFUL,
        .no_signs = true,
        .in = flow_coll_type(cut),
        .state = &flow_retention_state_type,
        .outs = outs,
        .out_count = 1,
        .process = visit_rows };
    return how;
}

static flow_coll build(flow_coll in, const flow_windows *periods)
{
    const flow_window_options by_period = { .windows = *periods };
    const flow_coll cut = flow_window_into(in, &by_period);
    const struct retention *how = flow_coll_type(cut) ? make(cut) : NULL;
    if (!how)
        return fl_no_coll(in.pipeline);
    const flow_coll all = flow_window_into(cut, &(flow_window_options){ .windows = flow_global() });
    const flow_coll visits = flow_do(all, &how->fn, &(flow_do_options){ .time_sorted = true });
    const flow_coll periodic = flow_window_into(visits, &by_period);
    return flow_do(flow_count(flow_key_by(periodic, FLOW_SELF(flow_visit))), &tell_fn);
}

flow_coll flow_retention_sized(flow_coll in, const flow_retention_options *options, size_t size)
{
    flow_retention_options known;
    if (!flow_coll_type(in))
        return fl_no_coll(in.pipeline);
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    fl_scope(in.pipeline, known.name, "retention");
    const bool keyed = flow_coll_is_keyed(in);
    const flow_window_kind kind = known.periods.kind;
    if (!copied || !keyed || (kind != FLOW_WINDOW_FIXED && kind != FLOW_WINDOW_CALENDAR)) {
        flow_pipeline_fail(in.pipeline,
            !copied  ? FLOW_UNSUPPORTED
            : !keyed ? FLOW_TYPE
                     : FLOW_INVALID,
            NULL, "flow_retention: %s",
            !copied  ? FLOW_OPTION_UNKNOWN
            : !keyed ? "its input has no key"
                     : "its 'periods' are no fixed and no calendar windows");
        return fl_no_coll(in.pipeline);
    }
    const flow_coll out = build(in, &known.periods);
    flow_scope_end(in.pipeline);
    return out;
}
