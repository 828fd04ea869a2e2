// SPDX-License-Identifier: Apache-2.0
// flow_batches: elements wait in a bag until there are enough of them, or they have waited enough.
#include <flow/keyed.h>
#include <flow/text.h>

#include "core/parts.h"

// What is known of the elements that wait.
struct flow_batch_state {
    int64_t count;
    int64_t bytes;
    flow_time earliest; // event time
    flow_time until;    // by the clock
};
FLOW_RECORD(flow_batch_state, count, bytes, earliest, until);

// What one flow_batches needs, in pipeline memory.
struct batches {
    flow_fn fn; // first: flow_ctx.fn points into it
    flow_batches_options options;
    flow_cell waiting, known;
    flow_timer full_wait, expiry;
    const flow_cell *cells[2];
    const flow_timer *timers[2];
    const flow_type *outs[1];
    uint32_t key_size, key, list; // in the output
};

static const struct batches *batches_of(const flow_ctx *ctx)
{
    return (const struct batches *)(const void *)ctx->fn;
}

// Gives what waits as one row.
static flow_status give(flow_ctx *ctx, const void *key)
{
    const struct batches *batches = batches_of(ctx);
    const flow_type *in = batches->fn.in, *type = batches->outs[0];
    const size_t count = (size_t)flow_cell_count(ctx, &batches->waiting);
    if (count == 0 || ctx->status != FLOW_OK)
        return ctx->status;
    char *items = flow_alloc(ctx, count * in->size);
    char *out = flow_alloc(ctx, type->size);
    if (!items || !out)
        return ctx->status;
    flow_cursor at = flow_cell_walk(ctx, &batches->waiting, (flow_cell_part){ .key = NULL });
    flow_list list = { items, 0 };
    for (; list.count < count && flow_cursor_next(&at); list.count++)
        memcpy(items + list.count * in->size, at.row, in->size);
    memset(out, 0, type->size);
    memcpy(out + batches->key, key, batches->key_size);
    memcpy(out + batches->list, &list, sizeof list);
    flow_emit(ctx, 0, type, out, type->size);
    flow_cell_clear(ctx, &batches->waiting, NULL);
    flow_cell_clear(ctx, &batches->known, NULL);
    return ctx->status;
}

static int64_t size_of(flow_ctx *ctx, const struct batches *batches, const void *row)
{
    flow_buffer bytes = { 0 };
    if (!batches->options.bytes)
        return 0;
    flow_encode(batches->fn.in, row, &bytes);
    const int64_t size = (int64_t)bytes.len;
    if (bytes.failed)
        flow_fail(ctx, FLOW_MEMORY, "no memory to measure an element");
    flow_buffer_free(&bytes);
    return size;
}

// The output watermark waits for the earliest element (R78).
static void wait_for(flow_ctx *ctx, const struct batches *batches,
    const struct flow_batch_state *before, struct flow_batch_state *now)
{
    const flow_time at = flow_event_time(ctx);
    const bool first = before == NULL;
    if (first)
        now->until.us = flow_processing_time(ctx).us + batches->options.max_wait.us;
    if (!first && at.us >= now->earliest.us)
        return;
    now->earliest = at;
    if (batches->options.max_wait.us)
        flow_timer_start(ctx, &batches->full_wait,
            (flow_timer_when){ .at = now->until, .output = &now->earliest });
}

static bool is_full(const struct batches *batches, const struct flow_batch_state *now)
{
    const flow_batches_options *limit = &batches->options;
    return (limit->count && (uint64_t)now->count >= limit->count) ||
           (limit->bytes && (uint64_t)now->bytes >= limit->bytes);
}

static flow_status take(flow_ctx *ctx, const char *key, const char *row)
{
    const struct batches *batches = batches_of(ctx);
    const struct flow_batch_state *before = flow_cell_get(ctx, &batches->known, NULL);
    struct flow_batch_state now = { 0 };
    if (before)
        now = *before;
    wait_for(ctx, batches, before, &now);
    now.count++;
    now.bytes += size_of(ctx, batches, row);
    flow_cell_put(ctx, &batches->waiting, (flow_cell_entry){ .row = row });
    if (!is_full(batches, &now)) {
        flow_cell_put(ctx, &batches->known, (flow_cell_entry){ .row = &now });
        return ctx->status;
    }
    if (batches->options.max_wait.us)
        flow_timer_stop(ctx, &batches->full_wait, (flow_str){ NULL, 0 });
    return give(ctx, key);
}

static flow_status take_row(flow_ctx *ctx, const flow_row *row, void *user)
{
    (void)user;
    return take(ctx, row->key, row->value);
}

static flow_status take_rows(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, take_row, NULL);
}

static flow_status give_key(flow_ctx *ctx, const flow_row *row, void *user)
{
    (void)user;
    return give(ctx, row->key);
}

static flow_status give_due(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, give_key, NULL);
}

static bool check(flow_coll in, const flow_type *out, const flow_batches_options *options)
{
    const flow_field key = flow_coll_key_field(in);
    flow_pipeline *p = in.pipeline;
    if (!options->count && !options->bytes && !options->max_wait.us)
        flow_pipeline_fail(p, FLOW_INVALID, NULL,
            "flow_batches: neither 'count' nor 'bytes' nor 'max_wait' says how large a batch is");
    else if (options->max_wait.us < 0)
        flow_pipeline_fail(p, FLOW_INVALID, NULL,
            "flow_batches: its 'max_wait' is %lld us, below 0", (long long)options->max_wait.us);
    else if (key.kind == FLOW_KIND_NONE)
        flow_pipeline_fail(p, FLOW_TYPE, NULL, "flow_batches: its input has no key");
    else if (!out || out->field_count != 2 || out->fields[0].kind != key.kind ||
             (key.record && !flow_type_equal(out->fields[0].record, key.record)) ||
             out->fields[1].kind != FLOW_KIND_LIST || !out->fields[1].record ||
             !flow_type_equal(out->fields[1].record, flow_coll_type(in)))
        flow_pipeline_fail(p, FLOW_TYPE, NULL,
            "flow_batches: its output '%s' must have the key, '%s', and a list of '%s'",
            out ? out->name : "(none)", key.record ? key.record->name : flow_kind_name(key.kind),
            flow_coll_type(in)->name);
    else
        return true;
    return false;
}

static const flow_fn *make(flow_coll in, const flow_type *out, const flow_batches_options *options)
{
    struct batches *batches = flow_pipeline_alloc(in.pipeline, sizeof *batches);
    if (!batches)
        return NULL;
    batches->options = *options;
    batches->waiting =
        (flow_cell){ .name = "waiting", .kind = FLOW_CELL_BAG, .type = flow_coll_type(in) };
    batches->known =
        (flow_cell){ .name = "known", .kind = FLOW_CELL_VALUE, .type = &flow_batch_state_type };
    batches->expiry =
        (flow_timer){ .name = "expiry", .clock = FLOW_WINDOW_EXPIRY, .due = give_due };
    batches->full_wait =
        (flow_timer){ .name = "max_wait", .clock = FLOW_PROCESSING_TIME, .due = give_due };
    batches->cells[0] = &batches->waiting;
    batches->cells[1] = &batches->known;
    batches->timers[0] = &batches->expiry;
    batches->timers[1] = &batches->full_wait;
    batches->outs[0] = out;
    batches->key_size = flow_coll_key_field(in).size;
    batches->key = out->fields[0].offset;
    batches->list = out->fields[1].offset;
    batches->fn = (flow_fn){ .name = "batches",
        .form = FLOW_FORM_CELLS,
        .in = flow_coll_type(in),
        .outs = batches->outs,
        .out_count = 1,
        .process = take_rows,
        .cells = batches->cells,
        .timers = batches->timers,
        .cell_count = 2,
        .timer_count = options->max_wait.us ? 2 : 1 };
    return &batches->fn;
}

flow_coll flow_batches_sized(
    flow_coll in, const flow_type *out, const flow_batches_options *options, size_t size)
{
    flow_batches_options known;
    if (!flow_coll_type(in))
        return fl_no_coll(in.pipeline);
    if (!flow_options_copy(&known, sizeof known, options, size)) {
        flow_pipeline_fail(
            in.pipeline, FLOW_UNSUPPORTED, NULL, "flow_batches: " FLOW_OPTION_UNKNOWN);
        return fl_no_coll(in.pipeline);
    }
    const flow_fn *fn = check(in, out, &known) ? make(in, out, &known) : NULL;
    return fn ? flow_do(in, fn, &(flow_do_options){ .name = known.name }) : fl_no_coll(in.pipeline);
}
