// SPDX-License-Identifier: Apache-2.0
// flow_throttle: a step with state gives each element the instant at which it may go on, and a
// splittable step keeps it until then, so that it holds the watermark at its own time and keeps it.
#include <flow/keyed.h>

#include "core/parts.h"

#define ELEMENTS_MAX INT64_C(1000000000) // so that a share of `per` is found in 64 bits

// A key's next element has its turn at `from` plus `count` shares.
struct flow_throttle_state {
    flow_time from; // by the clock
    int64_t count;
};
FLOW_RECORD(flow_throttle_state, from, count);

// The functions of one flow_throttle, in pipeline memory.
struct lane {
    flow_fn fn; // first: flow_ctx.fn points into it
    const flow_type *outs[1];
    uint32_t value; // where in a row of it the element lies
};

struct turns {
    flow_fn fn; // first: flow_ctx.fn points into it
    flow_throttle_options options;
    flow_cell state;
    flow_timer forget;
    const flow_cell *cells[1];
    const flow_timer *timers[1];
    const flow_type *outs[1];
    uint32_t from, to, size; // where the element lies in its rows, in those it gives; its size
};

struct waits {
    flow_fn fn; // first: flow_ctx.fn points into it
    flow_split_fn split;
    const flow_type *outs[1];
    uint32_t value;
};

// What the function in work was made with: it stands around its description.
static void *made_of(const flow_ctx *ctx)
{
    return (void *)(uintptr_t)ctx->fn;
}

// --- all under one key

static flow_status one_into_lane(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct lane *lane = user;
    const flow_type *type = lane->outs[0];
    uint32_t one = 1;
    char *out = flow_reserve(ctx, 0, type, &one);
    if (!out)
        return ctx->status;
    memset(out, 0, type->size);
    memcpy(out + lane->value, row->value, lane->fn.in->size);
    return flow_commit(ctx, 0, 1);
}

static flow_status into_lane(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, one_into_lane, made_of(ctx));
}

// --- turns

static int64_t share(const flow_throttle_options *options, int64_t count)
{
    return count / options->elements * options->per.us +
           count % options->elements * options->per.us / options->elements;
}

// When the element in work may go on.
static int64_t take_turn(flow_ctx *ctx, const struct turns *turns)
{
    const flow_throttle_options *options = &turns->options;
    const struct flow_throttle_state *before = flow_cell_get(ctx, &turns->state, NULL);
    const int64_t now = flow_processing_time(ctx).us;
    struct flow_throttle_state state = { { now }, 0 };
    if (before && before->from.us + share(options, before->count) > now)
        state = *before;
    if (state.count >= options->elements + options->burst) { // the same, in small numbers
        state.from.us += options->per.us;
        state.count -= options->elements;
    }
    const int64_t ahead = state.count - (options->burst - 1);
    const int64_t at = ahead > 0 ? state.from.us + share(options, ahead) : now;
    state.count++;
    flow_cell_put(ctx, &turns->state, (flow_cell_entry){ .row = &state });
    if (options->by_key)
        flow_timer_start(ctx, &turns->forget,
            (flow_timer_when){
                .at = { state.from.us + share(options, state.count) }, .no_hold = true });
    return at > now ? at : now;
}

static flow_status give_turn(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct turns *turns = user;
    const flow_type *type = turns->outs[0];
    uint32_t one = 1;
    const int64_t at = take_turn(ctx, turns);
    char *out = ctx->status == FLOW_OK ? flow_reserve(ctx, 0, type, &one) : NULL;
    if (!out)
        return ctx->status;
    memset(out, 0, type->size);
    memcpy(out + type->fields[0].offset, &at, sizeof at);
    memcpy(out + turns->to, row->value + turns->from, turns->size);
    return flow_commit(ctx, 0, 1);
}

static flow_status give_turns(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, give_turn, made_of(ctx));
}

// Nothing of the key waits any more: its next element would begin anew.
static flow_status forget_key(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct turns *turns = user;
    (void)row;
    flow_cell_clear(ctx, &turns->state, NULL);
    return ctx->status;
}

static flow_status forget(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, forget_key, made_of(ctx));
}

// --- waiting

enum {
    WAITING,
    RELEASED // by a drain
};

static flow_status one_turn(flow_ctx *ctx, const void *element, void *restriction)
{
    (void)ctx, (void)element;
    *(struct flow_offset_range *)restriction = (struct flow_offset_range){ WAITING, WAITING + 1 };
    return FLOW_OK;
}

static bool release(const void *element, void *restriction)
{
    (void)element;
    *(struct flow_offset_range *)restriction = (struct flow_offset_range){ RELEASED, RELEASED + 1 };
    return true;
}

static flow_status wait_for_turn(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct waits *waits = user;
    const flow_type *type = waits->outs[0];
    const struct flow_offset_range *range = FLOW_RESTRICTION(ctx, flow_offset_range);
    flow_time at;
    memcpy(&at, row->value + waits->fn.in->fields[0].offset, sizeof at);
    const int64_t early = at.us - flow_processing_time(ctx).us;
    if (range->from == WAITING && early > 0)
        flow_resume_after(ctx, (flow_duration){ early });
    else if (flow_claim_offset(ctx, range->from))
        flow_emit(ctx, 0, type, row->value + waits->value, type->size);
    return ctx->status;
}

static flow_status wait_for_turns(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, wait_for_turn, made_of(ctx));
}

// --- building

static flow_coll in_one_lane(flow_coll in)
{
    static const flow_field number = { .kind = FLOW_KIND_I32, .size = sizeof(int32_t) };
    const flow_type *type = flow_coll_type(in);
    const flow_field whole = {
        .kind = FLOW_KIND_RECORD, .size = type->size, .record = type, .element = true
    };
    struct lane *lane = flow_pipeline_alloc(in.pipeline, sizeof *lane);
    fl_record record = fl_record_begin(in.pipeline, "flow_lane", 2);
    fl_record_add(&record, &number, "lane");
    const flow_field *value = fl_record_add(&record, &whole, "value");
    const flow_type *out = fl_record_end(&record);
    if (!lane || !out)
        return fl_no_coll(in.pipeline);
    lane->outs[0] = out;
    lane->value = value->offset;
    lane->fn = (flow_fn){ .name = "lane",
        .form = FLOW_FORM_EMIT,
        .in = type,
        .outs = lane->outs,
        .out_count = 1,
        .process = into_lane };
    return flow_key_by(flow_do(in, &lane->fn), fl_field_named(out, "lane"));
}

static flow_coll with_turns(
    flow_coll lanes, const flow_type *type, const flow_throttle_options *options)
{
    static const flow_field instant = { .kind = FLOW_KIND_TIME, .size = sizeof(flow_time) };
    const flow_field whole = {
        .kind = FLOW_KIND_RECORD, .size = type->size, .record = type, .element = true
    };
    const flow_type *in = flow_coll_type(lanes);
    struct turns *turns = in ? flow_pipeline_alloc(lanes.pipeline, sizeof *turns) : NULL;
    fl_record record = fl_record_begin(lanes.pipeline, "flow_turn", 2);
    fl_record_add(&record, &instant, "at");
    const flow_field *value = fl_record_add(&record, &whole, "value");
    const flow_type *out = fl_record_end(&record);
    if (!turns || !out)
        return fl_no_coll(lanes.pipeline);
    turns->options = *options;
    turns->state =
        (flow_cell){ .name = "turn", .kind = FLOW_CELL_VALUE, .type = &flow_throttle_state_type };
    turns->forget = (flow_timer){
        .name = "forget", .clock = FLOW_PROCESSING_TIME, .due = forget, .may_expire = true
    };
    turns->cells[0] = &turns->state;
    turns->timers[0] = &turns->forget;
    turns->outs[0] = out;
    turns->from = options->by_key ? 0 : in->fields[1].offset;
    turns->to = value->offset;
    turns->size = type->size;
    turns->fn = (flow_fn){ .name = "turns",
        .form = FLOW_FORM_CELLS,
        .in = in,
        .outs = turns->outs,
        .out_count = 1,
        .process = give_turns,
        .no_signs = true,
        .cells = turns->cells,
        .timers = turns->timers,
        .cell_count = 1,
        .timer_count = options->by_key ? 1 : 0 };
    return flow_do(lanes, &turns->fn);
}

static flow_coll waiting(flow_coll turns, const flow_type *type)
{
    const flow_type *in = flow_coll_type(turns);
    struct waits *waits = in ? flow_pipeline_alloc(turns.pipeline, sizeof *waits) : NULL;
    if (!waits)
        return fl_no_coll(turns.pipeline);
    waits->outs[0] = type;
    waits->value = in->fields[1].offset;
    waits->fn = (flow_fn){ .name = "wait",
        .form = FLOW_FORM_EMIT,
        .in = in,
        .outs = waits->outs,
        .out_count = 1,
        .process = wait_for_turns };
    waits->split = (flow_split_fn){
        .fn = &waits->fn, .tracker = &flow_offset_tracker, .initial = one_turn, .truncate = release
    };
    return flow_split(turns, &waits->split);
}

static const char *wrong(flow_coll in, const flow_throttle_options *options)
{
    if (options->elements < 1 || options->elements > ELEMENTS_MAX)
        return "its 'elements' must be 1 to 1,000,000,000";
    if (options->per.us < 1 || options->per.us > flow_days(1).us)
        return "its 'per' must be above 0 and at most a day";
    if (options->burst < 1 || options->burst > ELEMENTS_MAX)
        return "its 'burst' must be 0 to 1,000,000,000";
    if (options->by_key && !flow_coll_is_keyed(in))
        return "it counts by key, but its input has none";
    if (flow_coll_windows(in).kind != FLOW_WINDOW_GLOBAL)
        return "its input lies in windows, each of which would be counted apart; put "
               "flow_window_into behind it";
    return NULL;
}

flow_coll flow_throttle_sized(flow_coll in, const flow_throttle_options *options, size_t size)
{
    flow_throttle_options known;
    const flow_type *type = flow_coll_type(in);
    if (!type)
        return fl_no_coll(in.pipeline);
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    fl_scope(in.pipeline, known.name, "throttle");
    known.burst = known.burst ? known.burst : 1;
    const char *why = copied ? wrong(in, &known) : FLOW_OPTION_UNKNOWN;
    if (why) {
        flow_pipeline_fail(
            in.pipeline, copied ? FLOW_INVALID : FLOW_UNSUPPORTED, NULL, "flow_throttle: %s", why);
        return fl_no_coll(in.pipeline);
    }
    const flow_coll lanes = known.by_key ? in : in_one_lane(in);
    const flow_coll out = fl_keyed_like(waiting(with_turns(lanes, type, &known), type), in);
    flow_scope_end(in.pipeline);
    return out;
}
