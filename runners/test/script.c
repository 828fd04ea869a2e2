// SPDX-License-Identifier: Apache-2.0
// Scripts: sources whose inputs give one event after the other, in one order for all of them.
#include "script.h"

#include <stdio.h>

// What an input is opened with.
struct fl_script_input {
    flow_script *script;
    uint32_t number;
    uint32_t out; // id of the collection that users hold
    const flow_type *wrapped;
    struct fl_script_input *before;
    const char *name;
    flow_time watermark; // as far as events say
    bool ended;          // an event says so
};

struct reading {
    const struct fl_script_input *input;
};

flow_script *flow_script_new(flow_pipeline *pipeline)
{
    flow_script *script = pipeline ? flow_pipeline_alloc(pipeline, sizeof *script) : NULL;
    if (script)
        script->pipeline = pipeline;
    return script;
}

// --- rows with their time in front

// Where the element lies in a wrapped row.
static uint32_t element_at(const flow_type *type)
{
    return type->align > 8 ? type->align : 8;
}

static const flow_type *wrapped_type(flow_pipeline *pipeline, const flow_type *type)
{
    flow_type *wrapped = flow_pipeline_alloc(pipeline, sizeof *wrapped);
    flow_field *fields = flow_pipeline_alloc(pipeline, 2 * sizeof *fields);
    if (!wrapped || !fields)
        return NULL;
    const uint32_t align = element_at(type);
    fields[0] = (flow_field){ .name = "at", .kind = FLOW_KIND_TIME, .size = sizeof(flow_time) };
    fields[1] = (flow_field){ .name = "element",
        .kind = FLOW_KIND_RECORD,
        .offset = align,
        .size = type->size,
        .record = type };
    *wrapped = (flow_type){ .name = type->name,
        .size = (align + type->size + align - 1) / align * align,
        .align = align,
        .field_count = 2,
        .fields = fields };
    return wrapped;
}

static flow_status unwrap(flow_ctx *ctx, const flow_batch *batch)
{
    const flow_type *type = ctx->outs[0].type;
    for (uint32_t i = ctx->next; i < batch->count; i++) {
        ctx->row = FLOW_BATCH_INDEX(batch, i);
        const char *row = batch->rows + (size_t)ctx->row * batch->stride + batch->value_offset;
        const flow_status status = flow_emit(ctx, 0, type, row + element_at(type), type->size);
        if (status != FLOW_OK) {
            ctx->next = i;
            return status;
        }
    }
    return FLOW_OK;
}

static flow_coll unwrapped(flow_coll in, const flow_type *wrapped, const flow_type *type)
{
    flow_fn *fn = flow_pipeline_alloc(in.pipeline, sizeof *fn);
    const flow_type **outs = flow_pipeline_alloc(in.pipeline, sizeof *outs);
    if (!fn || !outs)
        return (flow_coll){ in.pipeline, 0 };
    outs[0] = type;
    *fn = (flow_fn){ .name = "elements",
        .form = FLOW_FORM_EMIT,
        .in = wrapped,
        .outs = outs,
        .out_count = 1,
        .process = unwrap };
    return flow_do(in, fn);
}

flow_coll flow_script_input(flow_script *script, const char *name, const flow_type *type)
{
    if (!script)
        return (flow_coll){ NULL, 0 };
    flow_pipeline *pipeline = script->pipeline;
    const flow_coll none = { pipeline, 0 };
    struct fl_script_input *input = flow_pipeline_alloc(pipeline, sizeof *input);
    const flow_type *wrapped = type ? wrapped_type(pipeline, type) : NULL;
    if (!type)
        flow_pipeline_fail(pipeline, FLOW_INVALID, name, "a script's input needs a type");
    if (!input || !wrapped)
        return none;
    flow_scope_begin(pipeline, name ? name : "script");
    const flow_read_options read = { .type = wrapped,
        .config = input,
        .event_time = { .type = wrapped, .name = "at", .kind = FLOW_KIND_TIME } };
    const flow_coll in = flow_read(pipeline, &fl_script_source, &read);
    const flow_coll out = unwrapped(in, wrapped, type);
    flow_scope_end(pipeline);
    input->script = script;
    input->number = script->inputs++;
    input->out = out.id;
    input->wrapped = wrapped;
    input->name = flow_pipeline_string(pipeline, name ? name : "script");
    input->watermark.us = FLOW_TIME_MIN_US;
    input->before = script->last;
    script->last = input;
    return out;
}

// --- events

static struct fl_script_input *input_of(flow_script *script, flow_coll coll)
{
    for (struct fl_script_input *input = script->last; coll.id && input; input = input->before)
        if (input->out == coll.id)
            return input;
    flow_pipeline_fail(script->pipeline, FLOW_INVALID, NULL,
        "flow_script: the collection is no input of this script");
    return NULL;
}

// The input that an event is for, which it must not come behind the end of; NULL otherwise.
static struct fl_script_input *open_input(flow_script *script, flow_coll coll, const char *what)
{
    struct fl_script_input *input = script ? input_of(script, coll) : NULL;
    if (!input || !input->ended)
        return input;
    flow_pipeline_fail(script->pipeline, FLOW_INVALID, input->name,
        "event %u of the script is %s behind the input's end", script->count + 1, what);
    return NULL;
}

uint32_t fl_script_number(const struct fl_script_input *input)
{
    return input->number;
}

const flow_type *fl_script_wrapped(const struct fl_script_input *input)
{
    return input->wrapped;
}

static void put_event(flow_script *script, const struct fl_script_event *event)
{
    if (script->count == script->room) {
        const uint32_t room = script->room ? 2 * script->room : 64;
        struct fl_script_event *events =
            flow_pipeline_alloc(script->pipeline, room * sizeof *events);
        if (!events)
            return;
        if (script->count)
            memcpy(events, script->events, script->count * sizeof *events);
        script->events = events;
        script->room = room;
    }
    script->events[script->count++] = *event;
}

// An event that is no recording's ends what is woven.
static void add_event(flow_script *script, const struct fl_script_event *event)
{
    put_event(script, event);
    script->woven = script->count;
}

// An event of a recording, behind the pause before it.
static void put_recorded(flow_script *script, const struct fl_script_event *event, int64_t *clock)
{
    const bool first = *clock == INT64_MIN;
    const int64_t pause = first ? 0 : event->stamp - *clock;
    if (pause > 0)
        put_event(script,
            &(struct fl_script_event){ .what = FL_SCRIPT_CLOCK, .clock = pause, .replayed = true });
    if (pause > 0 || first)
        *clock = event->stamp;
    if (event->what != FL_SCRIPT_NOTHING)
        put_event(script, event);
}

void fl_script_weave(flow_script *script, const struct fl_script_event *events, uint32_t count)
{
    const uint32_t before = script->count - script->woven;
    const size_t size = (before + 1) * sizeof(struct fl_script_event);
    struct fl_script_event *own = flow_pipeline_alloc(script->pipeline, size);
    uint32_t kept = 0, i = 0, k = 0;
    int64_t clock = INT64_MIN;
    if (!own)
        return;
    for (uint32_t e = script->woven; e < script->count; e++)
        if (script->events[e].what != FL_SCRIPT_CLOCK)
            own[kept++] = script->events[e];
    for (struct fl_script_input *input = script->last; input; input = input->before)
        for (uint32_t e = 0; e < count; e++)
            input->ended = input->ended ||
                           (events[e].input == input->number && events[e].what == FL_SCRIPT_END);
    script->count = script->woven;
    while (i < kept || k < count)
        put_recorded(script,
            k == count || (i < kept && own[i].stamp <= events[k].stamp) ? &own[i++] : &events[k++],
            &clock);
}

static void *take(void *user, size_t size)
{
    return flow_pipeline_alloc(user, size);
}

void flow_script_add(
    flow_script *script, flow_coll input, flow_time at, const flow_type *type, const void *row)
{
    const struct fl_script_input *to = open_input(script, input, "an element");
    if (!to)
        return;
    const flow_type *wanted = to->wrapped->fields[1].record;
    if (!type || !row) {
        flow_pipeline_fail(
            script->pipeline, FLOW_INVALID, to->name, "flow_script_add: no element was given");
        return;
    }
    if (!flow_type_equal(type, wanted)) {
        flow_pipeline_fail(script->pipeline, FLOW_TYPE, to->name,
            "flow_script_add: the input takes '%s', not '%s'", wanted->name, type->name);
        return;
    }
    if (at.us < FLOW_TIME_MIN_US || at.us > FLOW_TIME_MAX_US) {
        flow_pipeline_fail(script->pipeline, FLOW_INVALID, to->name,
            "flow_script_add: its time %lld us is none: expected one of %lld to %lld us (R1)",
            (long long)at.us, (long long)FLOW_TIME_MIN_US, (long long)FLOW_TIME_MAX_US);
        return;
    }
    char *copy = flow_pipeline_alloc(script->pipeline, to->wrapped->size);
    if (!copy)
        return;
    memcpy(copy, &at, sizeof at);
    memcpy(copy + element_at(wanted), row, wanted->size);
    const flow_memory memory = { take, script->pipeline };
    if (flow_row_adopt(wanted, copy + element_at(wanted), &memory, NULL, NULL) != FLOW_OK)
        return; // the pipeline has failed for want of memory
    add_event(
        script, &(struct fl_script_event){
                    .what = FL_SCRIPT_ADD, .input = to->number, .at = at, .row = copy, .rows = 1 });
}

void flow_script_watermark(flow_script *script, flow_coll input, flow_time at)
{
    struct fl_script_input *to = open_input(script, input, "a watermark");
    if (!to)
        return;
    if (at.us < to->watermark.us) {
        char now[40], before[40];
        now[flow_time_print(at, now)] = '\0';
        before[flow_time_print(to->watermark, before)] = '\0';
        flow_pipeline_fail(script->pipeline, FLOW_INVALID, to->name,
            "event %u of the script moves the watermark back, from %s to %s", script->count + 1,
            before, now);
        return;
    }
    to->watermark = at;
    to->ended = at.us >= FLOW_TIME_MAX_US;
    add_event(
        script, &(struct fl_script_event){ .what = to->ended ? FL_SCRIPT_END : FL_SCRIPT_WATERMARK,
                    .input = to->number,
                    .at = at });
}

void flow_script_clock(flow_script *script, flow_duration by)
{
    if (!script)
        return;
    if (by.us < 0) {
        flow_pipeline_fail(script->pipeline, FLOW_INVALID, NULL,
            "flow_script_clock: the clock cannot go back by %lld us", (long long)-by.us);
        return;
    }
    add_event(script, &(struct fl_script_event){ .what = FL_SCRIPT_CLOCK, .clock = by.us });
}

void flow_script_end(flow_script *script, flow_coll input)
{
    struct fl_script_input *to = open_input(script, input, "an end");
    if (!to)
        return;
    to->ended = true;
    add_event(script, &(struct fl_script_event){ .what = FL_SCRIPT_END, .input = to->number });
}

// --- the source

flow_script *fl_script_of(const flow_read_options *read)
{
    return ((const struct fl_script_input *)read->config)->script;
}

void fl_script_rewind(flow_script *script, bool simulated)
{
    script->simulated = simulated;
    atomic_store(&script->next, 0);
    atomic_store(&script->allowed, simulated ? 0 : UINT32_MAX);
}

static flow_status open_script(void *self, const flow_open *open)
{
    struct reading *reading = self;
    reading->input = open->config;
    flow_script *script = reading->input->script;
    if (!script->simulated && reading->input->number == 0)
        fl_script_rewind(script, false);
    return FLOW_OK;
}

static uint32_t partitions(void *self)
{
    (void)self;
    return 1;
}

// Under other runners nobody moves the clock.
static flow_claim refuse_clock(flow_error *error)
{
    flow_error_raise(error, FLOW_UNSUPPORTED, NULL,
        "the script moves the clock, which flow_simulated alone can do");
    return FLOW_CLAIM_FAILED;
}

// Passes over the pauses of recordings where nobody moves the clock; the event that comes next.
static uint32_t next_of(flow_script *script)
{
    uint32_t next = atomic_load(&script->next);
    while (!script->simulated && next < script->count && script->events[next].replayed &&
           script->events[next].what == FL_SCRIPT_CLOCK)
        if (atomic_compare_exchange_weak(&script->next, &next, next + 1))
            next++;
    return next;
}

static flow_claim claim(void *self, uint32_t partition, flow_piece *piece, flow_error *error)
{
    const struct reading *reading = self;
    flow_script *script = reading->input->script;
    const uint32_t next = next_of(script);
    (void)partition;
    if (next >= atomic_load(&script->allowed))
        return FLOW_CLAIM_WAIT;
    if (next >= script->count)
        return FLOW_CLAIM_END;
    const struct fl_script_event *event = &script->events[next];
    if (event->what == FL_SCRIPT_CLOCK)
        return script->simulated ? FLOW_CLAIM_WAIT : refuse_clock(error);
    if (event->input != reading->input->number)
        return FLOW_CLAIM_WAIT;
    piece->begin = next;
    piece->end = next + 1;
    if (event->what == FL_SCRIPT_WATERMARK)
        piece->watermark = event->at;
    // whoever takes an event is the only one who may: it is of this input
    atomic_store(&script->next, next + 1);
    return event->what == FL_SCRIPT_END ? FLOW_CLAIM_END : FLOW_CLAIM_PIECE;
}

static flow_status read_event(void *self, const flow_piece *piece, flow_ctx *ctx)
{
    const struct reading *reading = self;
    const struct fl_script_event *event = &reading->input->script->events[piece->begin];
    if (event->what != FL_SCRIPT_ADD)
        return FLOW_OK;
    return flow_lend(ctx, reading->input->wrapped, event->row, event->rows);
}

static flow_status seek(void *self, uint32_t partition, uint64_t position, flow_error *error)
{
    const struct reading *reading = self;
    flow_script *script = reading->input->script;
    (void)partition;
    (void)error;
    if (position > atomic_load(&script->next))
        atomic_store(&script->next, (uint32_t)position);
    return FLOW_OK;
}

static void close_script(void *self)
{
    (void)self;
}

static void origin(void *self, const flow_piece *piece, uint64_t ordinal, char *text, size_t size)
{
    (void)self;
    (void)ordinal;
    snprintf(text, size, "event %llu of the script", (unsigned long long)piece->begin + 1);
}

const flow_source fl_script_source = {
    .name = "events",
    .self_size = sizeof(struct reading),
    .unbounded = true,
    .own_watermark = true,
    .open = open_script,
    .partitions = partitions,
    .claim = claim,
    .read = read_event,
    .seek = seek,
    .close = close_script,
    .origin = origin,
};
