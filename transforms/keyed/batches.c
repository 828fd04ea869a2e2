// SPDX-License-Identifier: Apache-2.0
// flow_batches: elements wait in a bag until there are enough of them, or they have waited enough.
// A batch comes with the time of its earliest element, which no function can emit at: so that time
// is a field beside the batch, and two steps more make it the batch's own.
#include <flow/keyed.h>
#include <flow/text.h>

#include "core/parts.h"

// What is known of the elements that wait.
struct flow_batch_state {
    int64_t count;
    int64_t bytes;
    flow_time earliest; // event time
};
FLOW_RECORD(flow_batch_state, count, bytes, earliest);

// Of two windows that become one.
static void merge_known(void *known, const void *other)
{
    struct flow_batch_state *into = known;
    const struct flow_batch_state *from = other;
    into->count += from->count;
    into->bytes += from->bytes;
    if (from->earliest.us < into->earliest.us)
        into->earliest = from->earliest;
}

// What one flow_batches needs, in pipeline memory.
struct batches {
    flow_fn fn; // first: flow_ctx.fn points into it
    flow_batches_options options;
    flow_cell waiting, known;
    flow_timer rest, full_wait;
    const flow_cell *cells[2];
    const flow_timer *timers[2];
    const flow_type *outs[1];     // a time, and the batch
    uint32_t key_size, key, list; // where in the batch
    flow_duration lateness;
};

static const struct batches *batches_of(const flow_ctx *ctx)
{
    return (const struct batches *)(const void *)ctx->fn;
}

// A row of elements that follow each other.
static void give_list(flow_ctx *ctx, const void *key, flow_time earliest, flow_list list)
{
    const struct batches *batches = batches_of(ctx);
    const flow_type *type = batches->outs[0];
    const uint32_t batch = type->fields[1].offset;
    char *out = flow_alloc(ctx, type->size);
    if (!out)
        return;
    memset(out, 0, type->size);
    memcpy(out + type->fields[0].offset, &earliest, sizeof earliest);
    memcpy(out + batch + batches->key, key, batches->key_size);
    memcpy(out + batch + batches->list, &list, sizeof list);
    flow_emit(ctx, 0, type, out, type->size);
}

// Gives what waits as one row; as several, where windows that merged had more than a row may have.
static flow_status give(flow_ctx *ctx, const void *key, flow_time earliest)
{
    const struct batches *batches = batches_of(ctx);
    const size_t size = batches->fn.in->size;
    const size_t count = (size_t)flow_cell_count(ctx, &batches->waiting);
    const uint64_t most = batches->options.count ? batches->options.count : UINT64_MAX;
    if (count == 0 || ctx->status != FLOW_OK)
        return ctx->status;
    char *items = flow_alloc(ctx, count * size);
    if (!items)
        return ctx->status;
    flow_cursor at = flow_cell_walk(ctx, &batches->waiting, (flow_cell_part){ .key = NULL });
    size_t got = 0;
    for (; got < count && flow_cursor_next(&at); got++)
        memcpy(items + got * size, at.row, size);
    for (size_t from = 0, some; from < got && ctx->status == FLOW_OK; from += some) {
        some = got - from < most ? got - from : (size_t)most;
        give_list(ctx, key, earliest, (flow_list){ items + from * size, some });
    }
    for (uint32_t i = 0; i < batches->fn.timer_count; i++)
        flow_timer_stop(ctx, batches->timers[i], (flow_str){ NULL, 0 });
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

// A batch is given at the latest when its window expires, and with max_wait by the clock. The
// output watermark waits for its earliest element (R78).
static void wait_for(flow_ctx *ctx, const struct batches *batches,
    const struct flow_batch_state *before, struct flow_batch_state *now)
{
    const flow_time at = flow_event_time(ctx);
    if (before && at.us >= now->earliest.us)
        return;
    now->earliest = at;
    flow_timer_start(ctx, &batches->rest,
        (flow_timer_when){ .at = flow_window_expiry(flow_event_window(ctx), batches->lateness),
            .output = &now->earliest });
    if (!before && batches->options.max_wait.us)
        flow_timer_start(ctx, &batches->full_wait,
            (flow_timer_when){
                .relative = true, .after = batches->options.max_wait, .no_hold = true });
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
    return give(ctx, key, now.earliest);
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
    const struct flow_batch_state *now = flow_cell_get(ctx, &batches_of(ctx)->known, NULL);
    (void)user;
    return now ? give(ctx, row->key, now->earliest) : ctx->status;
}

static flow_status give_due(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, give_key, NULL);
}

// The window may have grown since the timer was set: then the batch waits on.
static flow_status rest_of_key(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct batches *batches = batches_of(ctx);
    const flow_time expiry = flow_window_expiry(flow_event_window(ctx), batches->lateness);
    const flow_time earliest = flow_event_time(ctx);
    if (flow_timer_time(ctx).us >= expiry.us)
        return give_key(ctx, row, user);
    flow_timer_start(ctx, &batches->rest, (flow_timer_when){ .at = expiry, .output = &earliest });
    return ctx->status;
}

static flow_status rest_due(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, rest_of_key, NULL);
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

static const flow_type *timed_type(flow_pipeline *pipeline, const flow_type *out)
{
    const flow_field at = { .name = "at", .kind = FLOW_KIND_TIME, .size = sizeof(flow_time) };
    const flow_field batch = {
        .name = "batch", .kind = FLOW_KIND_RECORD, .size = out->size, .record = out, .element = true
    };
    fl_record record = fl_record_begin(pipeline, out->name, 2);
    fl_record_add(&record, &at, "at");
    fl_record_add(&record, &batch, "batch");
    return fl_record_end(&record);
}

static const struct batches *make(
    flow_coll in, const flow_type *out, const flow_batches_options *options)
{
    struct batches *batches = flow_pipeline_alloc(in.pipeline, sizeof *batches);
    const flow_type *timed = timed_type(in.pipeline, out);
    if (!batches || !timed)
        return NULL;
    batches->options = *options;
    batches->lateness = flow_coll_lateness(in);
    batches->waiting =
        (flow_cell){ .name = "waiting", .kind = FLOW_CELL_BAG, .type = flow_coll_type(in) };
    batches->known = (flow_cell){ .name = "known",
        .kind = FLOW_CELL_VALUE,
        .type = &flow_batch_state_type,
        .merge = merge_known };
    batches->rest = (flow_timer){ .name = "rest", .clock = FLOW_EVENT_TIME, .due = rest_due };
    batches->full_wait = (flow_timer){
        .name = "max_wait", .clock = FLOW_PROCESSING_TIME, .due = give_due, .may_expire = true
    }; // what waits is given at the end of the window
    batches->cells[0] = &batches->waiting;
    batches->cells[1] = &batches->known;
    batches->timers[0] = &batches->rest;
    batches->timers[1] = &batches->full_wait;
    batches->outs[0] = timed;
    batches->key_size = flow_coll_key_field(in).size;
    batches->key = out->fields[0].offset;
    batches->list = out->fields[1].offset;
    batches->fn = (flow_fn){ .name = "collect",
        .form = FLOW_FORM_CELLS,
        .in = flow_coll_type(in),
        .outs = batches->outs,
        .out_count = 1,
        .process = take_rows,
        .no_signs = true,
        .cells = batches->cells,
        .timers = batches->timers,
        .cell_count = 2,
        .timer_count = options->max_wait.us ? 2 : 1 };
    return batches;
}

static flow_status give_batch(flow_ctx *ctx, const flow_row *row, void *user)
{
    const flow_type *type = ctx->outs[0].type;
    (void)user;
    return flow_emit(ctx, 0, type, row->value + ctx->fn->in->fields[1].offset, type->size);
}

static flow_status give_batches(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, give_batch, NULL);
}

// Batches with the time that stands beside them.
static flow_coll at_their_time(flow_coll timed, const flow_type *out)
{
    flow_fn *fn = flow_pipeline_alloc(timed.pipeline, sizeof *fn);
    const flow_type **outs = flow_pipeline_alloc(timed.pipeline, sizeof *outs);
    if (!fn || !outs || !flow_coll_type(timed))
        return fl_no_coll(timed.pipeline);
    outs[0] = out;
    *fn = (flow_fn){ .name = "elements",
        .form = FLOW_FORM_EMIT,
        .in = flow_coll_type(timed),
        .outs = outs,
        .out_count = 1,
        .process = give_batches };
    return flow_do(flow_with_timestamps_skewed(timed, fl_field_named(flow_coll_type(timed), "at"),
                       (flow_duration){ INT64_MAX }),
        fn);
}

flow_coll flow_batches_sized(
    flow_coll in, const flow_type *out, const flow_batches_options *options, size_t size)
{
    flow_batches_options known;
    if (!flow_coll_type(in))
        return fl_no_coll(in.pipeline);
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    fl_scope(in.pipeline, known.name, "batches");
    if (!copied) {
        flow_pipeline_fail(
            in.pipeline, FLOW_UNSUPPORTED, NULL, "flow_batches: " FLOW_OPTION_UNKNOWN);
        return fl_no_coll(in.pipeline);
    }
    const struct batches *batches = check(in, out, &known) ? make(in, out, &known) : NULL;
    if (!batches)
        return fl_no_coll(in.pipeline);
    const flow_coll batched = at_their_time(flow_do(in, &batches->fn), out);
    flow_scope_end(in.pipeline);
    return batched;
}
