// SPDX-License-Identifier: Apache-2.0
// flow_interval_join: rows of both sides wait in lists by time until none that they pair with can
// come. Rows are taken in order of event time, so a pair has the time of its later row, whatever
// came first.
#include "cogroup.h"

#include <flow/transform.h>

#include "core/parts.h"

// What one flow_interval_join needs, in pipeline memory.
struct interval {
    struct fl_cogroup made; // first: flow_ctx.fn points into it
    const flow_type *ins[2];
    flow_cell waiting[2];
    flow_timer clean;
    const flow_cell *cells[2];
    const flow_timer *timers[1];
    int64_t lateness;      // rows in order come so much behind the watermark (R65)
    int64_t before, after; // a right row pairs with left rows from t − before to t + after of it
};

static const struct interval *interval_of(const flow_ctx *ctx)
{
    return (const struct interval *)(const void *)ctx->fn;
}

// Times do not run over the ends of time.
static flow_time shifted(flow_time at, int64_t by)
{
    int64_t us;
    if (__builtin_add_overflow(at.us, by, &us))
        us = by < 0 ? FLOW_TIME_MIN_US : FLOW_TIME_MAX_US;
    us = us < FLOW_TIME_MIN_US ? FLOW_TIME_MIN_US : us;
    return (flow_time){ us < FLOW_TIME_MAX_US ? us : FLOW_TIME_MAX_US };
}

// A bound whose opposite is one too: what lies beyond reaches over all time either way.
static int64_t bound(flow_duration by)
{
    return by.us < -INT64_MAX ? -INT64_MAX : by.us;
}

// How long a row of a side may find later ones of the other.
static int64_t reach_of(const struct interval *interval, uint32_t side)
{
    const int64_t reach = side == 0 ? interval->after : interval->before;
    return reach > 0 ? reach : 0;
}

// Rows that nothing pairs with any more, now that all before `now` has come.
static void forget(flow_ctx *ctx, const struct interval *interval, flow_time now)
{
    for (uint32_t side = 0; side < 2; side++) {
        const flow_time range[2] = { { FLOW_TIME_MIN_US },
            shifted(now, -reach_of(interval, side)) };
        flow_cell_clear(ctx, &interval->waiting[side], range);
    }
}

static flow_status pair_up(flow_ctx *ctx, const void *key, uint32_t side, const void *row)
{
    const struct interval *interval = interval_of(ctx);
    const flow_time at = flow_event_time(ctx);
    // of a left row at t: right ones in [t − before, t + after]; the other way round mirrored
    const int64_t back = side == 0 ? interval->before : interval->after;
    const int64_t ahead = side == 0 ? interval->after : interval->before;
    const flow_time last = shifted(at, ahead);
    flow_cursor other = flow_cell_walk(ctx, &interval->waiting[1 - side],
        (flow_cell_part){ .from = shifted(at, -back), .to = { last.us + 1 }, .ranged = true });
    flow_status status = ctx->status;
    while (status == FLOW_OK && flow_cursor_next(&other))
        status = side == 0 ? fl_join_pair(ctx, key, row, other.row)
                           : fl_join_pair(ctx, key, other.row, row);
    return status == FLOW_OK ? ctx->status : status;
}

// The row waits for later ones of the other side, if any may pair with it.
static void wait_for(flow_ctx *ctx, uint32_t side, const void *row)
{
    const struct interval *interval = interval_of(ctx);
    const flow_time at = flow_event_time(ctx);
    const int64_t reach = side == 0 ? interval->after : interval->before;
    if (reach < 0)
        return;
    flow_cell_put(ctx, &interval->waiting[side], (flow_cell_entry){ .at = at, .row = row });
    const int64_t longest = interval->after > interval->before ? interval->after : interval->before;
    const flow_time until = shifted(shifted(at, longest), interval->lateness);
    if (until.us < flow_window_end(ctx).us - 1) // else it goes with the window
        flow_timer_start(
            ctx, &interval->clean, (flow_timer_when){ .at = { until.us + 1 }, .no_hold = true });
}

static flow_status take(flow_ctx *ctx, const flow_row *tagged, void *user)
{
    const struct interval *interval = interval_of(ctx);
    uint32_t side;
    (void)user;
    memcpy(&side, tagged->value + interval->made.from, sizeof side);
    const char *row = tagged->value + interval->made.offsets[side];
    forget(ctx, interval, flow_event_time(ctx));
    const flow_status status = pair_up(ctx, tagged->key, side, row);
    if (status != FLOW_OK)
        return status;
    wait_for(ctx, side, row);
    return ctx->status;
}

static flow_status take_rows(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, take, NULL);
}

// The latest row is out of reach of either side, so all are.
static flow_status clean(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct interval *interval = interval_of(ctx);
    (void)row;
    (void)user;
    forget(ctx, interval, shifted(flow_timer_time(ctx), -interval->lateness));
    return ctx->status;
}

static flow_status clean_up(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, clean, NULL);
}

static struct interval *make(flow_pipeline *pipeline, const flow_join_fn *fn)
{
    struct interval *interval = flow_pipeline_alloc(pipeline, sizeof *interval);
    if (!interval)
        return NULL;
    interval->ins[0] = fn->left;
    interval->ins[1] = fn->right;
    for (uint32_t side = 0; side < 2; side++) {
        interval->waiting[side] = (flow_cell){
            .name = side ? "right" : "left", .kind = FLOW_CELL_ORDERED, .type = interval->ins[side]
        };
        interval->cells[side] = &interval->waiting[side];
    }
    interval->clean = (flow_timer){ .name = "clean",
        .clock = FLOW_EVENT_TIME,
        .key = fn->fn.key,
        .due = clean_up,
        .merging = FLOW_TIMER_LATER };
    interval->timers[0] = &interval->clean;
    interval->made =
        (struct fl_cogroup){ .fn = fn->fn, .ins = interval->ins, .in_count = 2, .join = fn };
    interval->made.fn.form = FLOW_FORM_CELLS;
    interval->made.fn.no_signs = true;
    interval->made.fn.process = take_rows;
    interval->made.fn.cells = interval->cells;
    interval->made.fn.cell_count = 2;
    interval->made.fn.timers = interval->timers;
    interval->made.fn.timer_count = 1;
    return interval;
}

flow_coll flow_interval_join_sized(flow_sides sides, const flow_join_fn *fn,
    const flow_interval_join_options *options, size_t size)
{
    static const char builder[] = "flow_interval_join";
    flow_pipeline *pipeline = sides.left.pipeline;
    flow_interval_join_options known;
    if (!flow_coll_type(sides.left))
        return fl_no_coll(pipeline);
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    fl_scope(pipeline, known.name, "interval_join");
    if (!copied) {
        flow_pipeline_fail(pipeline, FLOW_UNSUPPORTED, NULL, "%s: " FLOW_OPTION_UNKNOWN, builder);
        return fl_no_coll(pipeline);
    }
    if (!fn || !fn->pair || known.from.us > known.to.us) {
        flow_pipeline_fail(pipeline, FLOW_INVALID, NULL,
            fn && fn->pair ? "%s: its interval ends before it begins"
                           : "%s: it was given no function",
            builder);
        return fl_no_coll(pipeline);
    }
    if (!fl_known_in_time(sides.left, builder))
        return fl_no_coll(pipeline);
    struct interval *interval = make(pipeline, fn);
    if (!interval)
        return fl_no_coll(pipeline);
    const flow_duration left = flow_coll_lateness(sides.left);
    const flow_duration right = flow_coll_lateness(sides.right);
    interval->lateness = left.us > right.us ? left.us : right.us;
    interval->before = -bound(known.from);
    interval->after = bound(known.to);
    const flow_coll ins[] = { sides.left, sides.right };
    const flow_do_options how = {
        .name = known.name, .time_sorted = true, .on_error = known.on_error
    };
    const struct fl_cogroup_call call = { builder, ins, &how };
    return fl_cogroup(&call, &interval->made);
}
