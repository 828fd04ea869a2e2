// SPDX-License-Identifier: Apache-2.0
// flow_look_up: elements joined with what a function of the user's finds under their keys. Of the
// rows of a batch those whose answers are not known are asked for together. Attempts, pauses and
// dead letters are the engine's: an answer that failed fails its element.
//
// With `max_wait` elements get lanes, wait there in flow_batches, and are taken out again with the
// times that they had; the rows of a batch come to the asking step together.
#include <flow/keyed.h>

#include "cache.h"
#include "core/field.h"
#include "core/hash.h"
#include "core/parts.h"

#define COUNT_USUAL 100u
#define BYTES_USUAL ((uint64_t)1 << 20)
#define BYTES_MAX   ((uint64_t)1 << 30)

// What is known of a row's key.
struct answer {
    flow_answered answered;
    const void *row;
    flow_str why;
};

// What one flow_look_up needs, in pipeline memory.
struct look_up {
    flow_fn fn; // first: flow_ctx.fn points into it
    const flow_ask_fn *ask;
    const flow_join_fn *join;
    flow_look_up_options options;
    flow_field key;
    const flow_allocator *allocator;
    uint32_t key_at, value_at; // in an element, where rows were given lanes
    bool lanes;
};

// A step that takes batches of a lane apart, in pipeline memory.
struct apart {
    flow_fn fn; // first: flow_ctx.fn points into it
    const flow_type *outs[1];
    uint32_t list; // where in a batch
};

// A step that gives rows lanes, in pipeline memory.
struct lanes {
    flow_fn fn; // first: flow_ctx.fn points into it
    const flow_type *outs[1];
    flow_field key;
    uint32_t count, key_at, value_at;
    const flow_field *at; // where an element's time is put; NULL: nowhere
};

// A worker's own memory; the cache follows it.
struct session {
    const char *rows; // of the batch that `answers` are of
    const uint16_t *selection;
    uint32_t count;
    const struct answer **answers; // by place in the batch; NULL: not known
    fl_answers *cache;
};

// The rows of a batch, and what is looked up for them.
struct rows {
    flow_ctx *ctx;
    const struct look_up *made;
    const flow_batch *batch;
    struct session *session;
};

// What one call asks for.
struct call {
    flow_question *questions;
    fl_asked *asked;
    struct answer *answers;
    uint32_t count;
};

static const struct look_up *made_of(const flow_ctx *ctx)
{
    return (const struct look_up *)(const void *)ctx->fn;
}

static flow_status begin_bundle(flow_ctx *ctx)
{
    struct session *session = flow_self(ctx);
    session->answers = NULL; // what it points to is gone
    session->cache = (fl_answers *)(session + 1);
    return FLOW_OK;
}

static const char *value_of(const struct rows *rows, uint32_t index)
{
    const flow_batch *batch = rows->batch;
    return batch->rows + (size_t)FLOW_BATCH_INDEX(batch, index) * batch->stride +
           batch->value_offset;
}

static const char *key_of(const struct rows *rows, uint32_t index)
{
    const char *value = value_of(rows, index);
    return rows->made->lanes ? value + rows->made->key_at
                             : value - rows->batch->value_offset + rows->batch->key_offset;
}

static fl_asked asked_of(const struct look_up *made, const char *key)
{
    return (fl_asked){ fl_value_hash(made->key.kind, made->key.record, key, 1),
        fl_value_hash(made->key.kind, made->key.record, key, UINT64_C(0x9e3779b97f4a7c15)) };
}

static void *take(void *user, size_t size)
{
    return flow_alloc(user, size ? size : 1);
}

// --- the cache

// What is remembered of a key, in memory of the bundle; NULL: nothing, or no memory.
static const struct answer *remembered(const struct rows *rows, const fl_asked *asked)
{
    const struct look_up *made = rows->made;
    const int64_t now = flow_processing_time(rows->ctx).us;
    const flow_type *type = made->ask->answer;
    fl_cached cached;
    if (made->options.no_cache ||
        !fl_answers_find(rows->session->cache, made->options.cache_bytes, asked, now, &cached))
        return NULL;
    struct answer *answer = flow_alloc(rows->ctx, sizeof *answer);
    if (!answer)
        return NULL;
    *answer = (struct answer){ .answered = FLOW_ANSWER_NONE };
    if (!cached.found)
        return answer;
    char *bytes = take(rows->ctx, cached.len);
    char *row = flow_alloc(rows->ctx, type->size);
    if (!bytes || !row)
        return NULL;
    memcpy(bytes, cached.bytes, cached.len);
    memset(row, 0, type->size);
    flow_str from = { bytes, cached.len };
    const flow_memory memory = { take, rows->ctx };
    if (flow_decode(type, &from, row, &memory, NULL) != FLOW_OK)
        return NULL;
    *answer = (struct answer){ .answered = FLOW_ANSWER_FOUND, .row = row };
    return answer;
}

static void remember(const struct rows *rows, const fl_asked *asked, const struct answer *answer)
{
    const struct look_up *made = rows->made;
    const flow_look_up_options *options = &made->options;
    const bool found = answer->answered == FLOW_ANSWER_FOUND;
    const flow_duration fresh = found ? options->fresh : options->fresh_none;
    flow_buffer bytes = { .allocator = made->allocator };
    if (options->no_cache || answer->answered == FLOW_ANSWER_FAILED)
        return;
    if (found)
        flow_encode(made->ask->answer, answer->row, &bytes);
    if (!bytes.failed && bytes.len <= UINT32_MAX)
        fl_answers_put(rows->session->cache, options->cache_bytes, asked,
            flow_processing_time(rows->ctx).us + fresh.us,
            &(fl_cached){ bytes.data, (uint32_t)bytes.len, found });
    flow_buffer_free(&bytes);
}

// --- asking

// The key of a row joins the call, unless it is known by now, or the call has it already, or is
// full.
static void add_question(const struct rows *rows, struct call *call, uint32_t index)
{
    const char *key = key_of(rows, index);
    const fl_asked asked = asked_of(rows->made, key);
    const struct answer **known = &rows->session->answers[index];
    for (uint32_t i = 0; i < call->count; i++)
        if (call->asked[i].first == asked.first && call->asked[i].second == asked.second) {
            *known = &call->answers[i];
            return;
        }
    *known = remembered(rows, &asked);
    if (*known || call->count == rows->made->options.count)
        return;
    char *row = flow_alloc(rows->ctx, rows->made->ask->answer->size);
    if (!row)
        return;
    memset(row, 0, rows->made->ask->answer->size);
    call->asked[call->count] = asked;
    call->questions[call->count] = (flow_question){ .key = key, .answer = row };
    *known = &call->answers[call->count++];
}

// Asks for the key of a row, and for those of rows behind it that are not known.
static flow_status ask_from(const struct rows *rows, uint32_t index)
{
    flow_ctx *ctx = rows->ctx;
    const uint32_t most = rows->made->options.count;
    struct call call = { .questions = flow_alloc(ctx, most * sizeof *call.questions),
        .asked = flow_alloc(ctx, most * sizeof *call.asked),
        .answers = flow_alloc(ctx, most * sizeof *call.answers) };
    if (!call.questions || !call.asked || !call.answers)
        return ctx->status;
    for (uint32_t i = index; i < rows->batch->count; i++)
        if (!rows->session->answers[i] && ctx->status == FLOW_OK)
            add_question(rows, &call, i);
    if (ctx->status != FLOW_OK || call.count == 0)
        return ctx->status;
    for (uint32_t i = 0; i < call.count; i++)
        call.answers[i] = (struct answer){ .answered = FLOW_ANSWER_FAILED,
            .why = flow_str_of("the call that its key was asked for with failed") };
    const flow_status status = rows->made->ask->ask(ctx, call.questions, call.count);
    if (status != FLOW_OK || ctx->status != FLOW_OK)
        return status != FLOW_OK ? status : ctx->status;
    for (uint32_t i = 0; i < call.count; i++) {
        const flow_question *question = &call.questions[i];
        call.answers[i] = (struct answer){ question->answered, question->answer, question->why };
        remember(rows, &call.asked[i], &call.answers[i]);
    }
    return FLOW_OK;
}

static flow_status give(const struct rows *rows, uint32_t index)
{
    const struct look_up *made = rows->made;
    flow_status status = FLOW_OK;
    if (!rows->session->answers[index])
        status = ask_from(rows, index);
    if (status != FLOW_OK)
        return status;
    const struct answer *answer = rows->session->answers[index];
    const char *value = value_of(rows, index) + made->value_at;
    const void *found = answer->answered == FLOW_ANSWER_FOUND ? answer->row : NULL;
    if (answer->answered == FLOW_ANSWER_FAILED)
        return flow_fail(rows->ctx, FLOW_USER, "%.*s",
            answer->why.len ? (int)answer->why.len : (int)sizeof "no answer" - 1,
            answer->why.len ? answer->why.data : "no answer");
    if (!found && made->options.kind == FLOW_JOIN_INNER)
        return FLOW_OK;
    return made->join->pair(rows->ctx, made->join, key_of(rows, index), value, found);
}

// Rows that fail leave and come back to this loop: the answers of the others stay.
static flow_status look_up_rows(flow_ctx *ctx, const flow_batch *batch)
{
    struct session *session = flow_self(ctx);
    const struct rows rows = { ctx, made_of(ctx), batch, session };
    if (!session->answers || ctx->next == 0 || session->rows != batch->rows ||
        session->selection != batch->selection || session->count != batch->count) {
        const size_t size = batch->count * sizeof(struct answer *);
        session->answers = take(ctx, size);
        if (!session->answers)
            return ctx->status;
        memset(session->answers, 0, size);
        session->rows = batch->rows;
        session->selection = batch->selection;
        session->count = batch->count;
    }
    for (uint32_t i = ctx->next; i < batch->count; i++) {
        ctx->row = FLOW_BATCH_INDEX(batch, i);
        const flow_status status = give(&rows, i);
        if (status != FLOW_OK || ctx->status != FLOW_OK) {
            ctx->next = i;
            return status != FLOW_OK ? status : ctx->status;
        }
    }
    return FLOW_OK;
}

// --- lanes: elements of a key go to one worker, and to no more workers than there are lanes

static flow_status give_lane(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct lanes *lanes = user;
    const flow_type *type = lanes->outs[0];
    const uint64_t hash = fl_value_hash(lanes->key.kind, lanes->key.record, row->key, 1);
    const uint32_t lane = (uint32_t)(hash >> 32) % lanes->count;
    uint32_t one = 1;
    char *out = flow_reserve(ctx, 0, type, &one);
    if (!out)
        return ctx->status;
    memset(out, 0, type->size);
    memcpy(out, &lane, sizeof lane);
    if (lanes->at) {
        const flow_time at = flow_event_time(ctx);
        memcpy(out + lanes->at->offset, &at, sizeof at);
    }
    memcpy(out + lanes->key_at, row->key, lanes->key.size);
    memcpy(out + lanes->value_at, row->value, lanes->fn.in->size);
    return flow_commit(ctx, 0, 1);
}

static flow_status give_lanes(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, give_lane, (void *)(uintptr_t)ctx->fn);
}

// --- waiting

static flow_status take_apart(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct apart *apart = user;
    const flow_type *type = apart->outs[0];
    flow_list list;
    memcpy(&list, row->value + apart->list, sizeof list);
    const char *items = list.items;
    for (size_t i = 0; i < list.count && ctx->status == FLOW_OK; i++)
        flow_emit(ctx, 0, type, items + i * type->size, type->size);
    return ctx->status;
}

static flow_status take_all_apart(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, take_apart, (void *)(uintptr_t)ctx->fn);
}

static const flow_type *batch_type(flow_pipeline *pipeline, const flow_type *lane)
{
    const flow_field rows = {
        .kind = FLOW_KIND_LIST, .size = sizeof(flow_list), .item = FLOW_KIND_RECORD, .record = lane
    };
    fl_record record = fl_record_begin(pipeline, "flow_lane_batch", 2);
    fl_record_add(&record, &lane->fields[0], "lane");
    fl_record_add(&record, &rows, "rows");
    return fl_record_end(&record);
}

// Elements of lanes once there are enough of them, or they have waited enough, with their times.
static flow_coll waited(flow_coll lanes, const flow_look_up_options *options)
{
    const flow_type *lane = flow_coll_type(lanes);
    const flow_type *batch = lane ? batch_type(lanes.pipeline, lane) : NULL;
    struct apart *apart = flow_pipeline_alloc(lanes.pipeline, sizeof *apart);
    if (!batch || !apart)
        return fl_no_coll(lanes.pipeline);
    const flow_batches_options how = { .count = options->count, .max_wait = options->max_wait };
    apart->outs[0] = lane;
    apart->list = batch->fields[1].offset;
    apart->fn = (flow_fn){ .name = "apart",
        .form = FLOW_FORM_EMIT,
        .in = batch,
        .outs = apart->outs,
        .out_count = 1,
        .process = take_all_apart };
    const flow_coll rows = flow_do(flow_batches(lanes, batch, &how), &apart->fn);
    return rows.id ? flow_with_timestamps_skewed(
                         rows, fl_field_named(lane, "at"), (flow_duration){ INT64_MAX })
                   : rows;
}

static flow_coll in_lanes(flow_coll in, struct look_up *made)
{
    static const flow_field number = { .kind = FLOW_KIND_U32, .size = sizeof(uint32_t) };
    static const flow_field instant = { .kind = FLOW_KIND_TIME, .size = sizeof(flow_time) };
    const flow_type *type = flow_coll_type(in);
    const flow_field whole = {
        .kind = FLOW_KIND_RECORD, .size = type->size, .record = type, .element = true
    };
    struct lanes *lanes = flow_pipeline_alloc(in.pipeline, sizeof *lanes);
    fl_record record = fl_record_begin(in.pipeline, "flow_lane", 4);
    fl_record_add(&record, &number, "lane");
    const bool waits = made->options.max_wait.us > 0;
    const flow_field *at = waits ? fl_record_add(&record, &instant, "at") : NULL;
    const flow_field *key = fl_record_add(&record, &made->key, "key");
    const flow_field *value = fl_record_add(&record, &whole, "value");
    const flow_type *out = fl_record_end(&record);
    if (!lanes || !out)
        return fl_no_coll(in.pipeline);
    *lanes = (struct lanes){ .outs = { out },
        .key = made->key,
        .count = made->options.in_flight,
        .key_at = key->offset,
        .value_at = value->offset,
        .at = at };
    lanes->fn = (flow_fn){ .name = "lanes",
        .form = FLOW_FORM_EMIT,
        .in = type,
        .outs = lanes->outs,
        .out_count = 1,
        .process = give_lanes };
    made->lanes = true;
    made->key_at = key->offset;
    made->value_at = value->offset;
    const flow_coll keyed = flow_key_by(flow_do(in, &lanes->fn), fl_field_named(out, "lane"));
    return waits ? waited(keyed, &made->options) : flow_reshuffle(keyed);
}

// --- building

static const char *wrong(flow_coll in, const flow_ask_fn *ask, const flow_join_fn *join,
    const flow_look_up_options *options)
{
    const flow_field key = flow_coll_key_field(in);
    if (!ask || !ask->ask || !ask->answer || !join || !join->pair)
        return "it was given no function to ask, or none to join with";
    if (key.kind == FLOW_KIND_NONE)
        return "its input has no key to look up";
    if (ask->key.kind != key.kind || ask->key.size != key.size)
        return "the function is asked for keys of another kind than its input has";
    if (!flow_type_equal(join->left, flow_coll_type(in)) ||
        !flow_type_equal(join->right, ask->answer))
        return "what is joined is not its input and the answer";
    if (options->kind != FLOW_JOIN_INNER && options->kind != FLOW_JOIN_LEFT)
        return "its kind must be FLOW_JOIN_INNER or FLOW_JOIN_LEFT";
    if (options->fresh.us < 0 || options->fresh_none.us < 0)
        return "its 'fresh' and 'fresh_none' cannot be below 0";
    if (options->max_wait.us < 0)
        return "its 'max_wait' cannot be below 0";
    if (options->max_wait.us > 0 && flow_coll_merging(in))
        return "its elements wait by window, in which others may join them; where windows merge "
               "they cannot keep their own: give no 'max_wait', or group before it";
    if (options->cache_bytes > BYTES_MAX)
        return "its 'cache_bytes' must be at most 1 GiB";
    return NULL;
}

static struct look_up *make(flow_coll in, const flow_ask_fn *ask, const flow_join_fn *join,
    const flow_look_up_options *options)
{
    struct look_up *made = flow_pipeline_alloc(in.pipeline, sizeof *made);
    if (!made)
        return NULL;
    made->ask = ask;
    made->join = join;
    made->options = *options;
    made->key = flow_coll_key_field(in);
    made->allocator = flow_pipeline_allocator(in.pipeline);
    return made;
}

static void describe(struct look_up *made, const flow_type *in)
{
    const size_t cache = made->options.no_cache ? 0 : fl_answers_size(made->options.cache_bytes);
    made->fn = (flow_fn){ .name = made->ask->name,
        .form = FLOW_FORM_EMIT,
        .in = in,
        .outs = made->join->fn.outs,
        .out_count = made->join->fn.out_count,
        .process = look_up_rows,
        .start = begin_bundle,
        .self_size = (uint32_t)(sizeof(struct session) + cache) };
}

flow_coll flow_look_up_sized(flow_coll in, const flow_ask_fn *ask, const flow_join_fn *join,
    const flow_look_up_options *options, size_t size)
{
    flow_look_up_options known;
    if (!flow_coll_type(in))
        return fl_no_coll(in.pipeline);
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    fl_scope(in.pipeline, known.name, "look_up");
    const char *why = copied ? wrong(in, ask, join, &known) : FLOW_OPTION_UNKNOWN;
    if (why) {
        flow_pipeline_fail(
            in.pipeline, copied ? FLOW_INVALID : FLOW_UNSUPPORTED, NULL, "flow_look_up: %s", why);
        return fl_no_coll(in.pipeline);
    }
    if (known.max_wait.us && !known.in_flight)
        known.in_flight = 1;
    known.count = known.count ? known.count : COUNT_USUAL;
    known.cache_bytes = known.cache_bytes ? known.cache_bytes : BYTES_USUAL;
    known.fresh = known.fresh.us ? known.fresh : flow_minutes(1);
    known.fresh_none = known.fresh_none.us ? known.fresh_none : known.fresh;
    struct look_up *made = make(in, ask, join, &known);
    if (!made)
        return fl_no_coll(in.pipeline);
    const flow_coll asked = known.in_flight ? in_lanes(in, made) : in;
    flow_coll out = fl_no_coll(in.pipeline);
    if (flow_coll_type(asked)) {
        const flow_do_options step = { .config = known.config,
            .config_type = known.config_type,
            .on_error = known.on_error,
            .attempts = known.attempts,
            .backoff = known.backoff,
            .timeout = known.timeout,
            .most_rejected = known.most_rejected };
        describe(made, flow_coll_type(asked));
        out = flow_do(asked, &made->fn, &step);
    }
    flow_scope_end(in.pipeline);
    return out;
}
