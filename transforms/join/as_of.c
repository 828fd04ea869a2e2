// SPDX-License-Identifier: Apache-2.0
// flow_as_of_join: versions of the right wait in a list by time, rows of the left until the
// watermark has passed them; then each finds the last version that is not later than it.
#include "cogroup.h"

#include <flow/transform.h>

#include "core/parts.h"

// What one flow_as_of_join needs, in pipeline memory.
struct as_of {
    struct fl_cogroup made; // first: flow_ctx.fn points into it
    const flow_type *ins[2];
    flow_cell rows, versions;
    flow_timer known;
    const flow_cell *cells[2];
    const flow_timer *timers[1];
    int64_t max_age; // 0: none
};

static const struct as_of *as_of_of(const flow_ctx *ctx)
{
    return (const struct as_of *)(const void *)ctx->fn;
}

static flow_status take(flow_ctx *ctx, const flow_row *row, void *user)
{
    const char *tagged = row->value;
    const struct as_of *as_of = as_of_of(ctx);
    const flow_time at = flow_event_time(ctx);
    uint32_t side;
    (void)user;
    memcpy(&side, tagged + as_of->made.from, sizeof side);
    const flow_cell_entry entry = { .at = at, .row = tagged + as_of->made.offsets[side] };
    flow_cell_put(ctx, side ? &as_of->versions : &as_of->rows, entry);
    // a timer for each instant: what it gives has this time
    if (side == 0)
        flow_timer_start(ctx, &as_of->known,
            (flow_timer_when){ .at = at, .tag = { (const char *)&at, sizeof at } });
    return ctx->status;
}

static flow_status take_rows(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, take, NULL);
}

// The last version up to an instant, or NULL. Those before it are of no use to later rows.
static const void *version_at(flow_ctx *ctx, const struct as_of *as_of, flow_time at)
{
    const void *found = NULL;
    flow_time since = { FLOW_TIME_MIN_US };
    flow_cursor version = flow_cell_walk(ctx, &as_of->versions,
        (flow_cell_part){ .from = since, .to = { at.us + 1 }, .ranged = true });
    while (flow_cursor_next(&version)) {
        found = version.row;
        since = version.at;
    }
    if (found)
        flow_cell_clear(ctx, &as_of->versions, (const flow_time[2]){ { FLOW_TIME_MIN_US }, since });
    const bool old = found && as_of->max_age && at.us - since.us > as_of->max_age;
    return old ? NULL : found;
}

static flow_status give(flow_ctx *ctx, const flow_row *due, void *user)
{
    const struct as_of *as_of = as_of_of(ctx);
    const flow_time at = flow_timer_time(ctx);
    const void *version = version_at(ctx, as_of, at);
    (void)user;
    const flow_time range[2] = { at, { at.us + 1 } };
    flow_cursor row = flow_cell_walk(
        ctx, &as_of->rows, (flow_cell_part){ .from = range[0], .to = range[1], .ranged = true });
    flow_status status = ctx->status;
    while (status == FLOW_OK && flow_cursor_next(&row))
        if (version || as_of->made.kind == FLOW_JOIN_LEFT)
            status = fl_join_pair(ctx, due->key, row.row, version);
    flow_cell_clear(ctx, &as_of->rows, range);
    return status == FLOW_OK ? ctx->status : status;
}

static flow_status give_due(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, give, NULL);
}

static struct as_of *make(
    flow_pipeline *pipeline, const flow_join_fn *fn, const flow_as_of_join_options *options)
{
    struct as_of *as_of = flow_pipeline_alloc(pipeline, sizeof *as_of);
    if (!as_of)
        return NULL;
    as_of->ins[0] = fn->left;
    as_of->ins[1] = fn->right;
    as_of->rows = (flow_cell){ .name = "rows", .kind = FLOW_CELL_ORDERED, .type = fn->left };
    as_of->versions =
        (flow_cell){ .name = "versions", .kind = FLOW_CELL_ORDERED, .type = fn->right };
    as_of->known = (flow_timer){
        .name = "known", .clock = FLOW_EVENT_TIME, .key = fn->fn.key, .due = give_due
    };
    as_of->cells[0] = &as_of->rows;
    as_of->cells[1] = &as_of->versions;
    as_of->timers[0] = &as_of->known;
    as_of->max_age = options->max_age.us;
    as_of->made = (struct fl_cogroup){
        .fn = fn->fn, .ins = as_of->ins, .in_count = 2, .join = fn, .kind = options->kind
    };
    as_of->made.fn.form = FLOW_FORM_CELLS;
    as_of->made.fn.no_signs = true;
    as_of->made.fn.process = take_rows;
    as_of->made.fn.cells = as_of->cells;
    as_of->made.fn.cell_count = 2;
    as_of->made.fn.timers = as_of->timers;
    as_of->made.fn.timer_count = 1;
    return as_of;
}

flow_coll flow_as_of_join_sized(
    flow_sides sides, const flow_join_fn *fn, const flow_as_of_join_options *options, size_t size)
{
    static const char builder[] = "flow_as_of_join";
    flow_pipeline *pipeline = sides.left.pipeline;
    flow_as_of_join_options known;
    if (!flow_coll_type(sides.left))
        return fl_no_coll(pipeline);
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    fl_scope(pipeline, known.name, "as_of_join");
    if (!copied) {
        flow_pipeline_fail(pipeline, FLOW_UNSUPPORTED, NULL, "%s: " FLOW_OPTION_UNKNOWN, builder);
        return fl_no_coll(pipeline);
    }
    const bool kind = known.kind == FLOW_JOIN_INNER || known.kind == FLOW_JOIN_LEFT;
    if (!fn || !fn->pair || !kind || known.max_age.us < 0) {
        flow_pipeline_fail(pipeline, FLOW_INVALID, NULL, "%s: %s", builder,
            !fn || !fn->pair ? "it was given no function"
            : !kind          ? "it is inner or left"
                             : "its 'max_age' is below 0");
        return fl_no_coll(pipeline);
    }
    if (!fl_known_in_time(sides.left, builder))
        return fl_no_coll(pipeline);
    struct as_of *as_of = make(pipeline, fn, &known);
    if (!as_of)
        return fl_no_coll(pipeline);
    const flow_coll ins[] = { sides.left, sides.right };
    const flow_do_options how = { .name = known.name, .on_error = known.on_error };
    const struct fl_cogroup_call call = { builder, ins, &how };
    return fl_cogroup(&call, &as_of->made);
}
