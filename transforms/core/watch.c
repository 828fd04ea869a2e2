// SPDX-License-Identifier: Apache-2.0
// flow_watch: a splittable function that polls, gives what is new, and comes back later. What was
// seen is in the restriction, so it is in snapshots and goes to whoever polls next (R82).
#include <stdlib.h>

#include <flow/transform.h>
#include <flow/transforms.h>

#include "hash.h"
#include "parts.h"

// The marks of a thing: two hashes, since one of 64 bits is the same by chance too easily.
struct mark {
    uint64_t first, second;
};

// What is left to do for an element: all that is not seen yet.
struct flow_growth {
    flow_time began; // by the clock
    flow_time last;  // when something new was found; at first the beginning
    int64_t given;
    flow_bytes seen; // marks in their order
    bool ended;
};
FLOW_RECORD(flow_growth, began, last, given, seen, ended);

// What one poll has found.
struct found {
    struct found *next;
    struct mark mark;
    int64_t number; // in order of coming
    flow_time at;
    bool has_time, dropped;
    char *row;
};

struct watch {
    flow_fn fn; // first: flow_ctx.fn points into it
    flow_split_fn split;
    const flow_type *outs[1];
    const flow_poll_fn *user;
    flow_watch_options options;
};

struct flow_poll {
    flow_ctx *ctx;
    const struct watch *watch;
    const struct flow_growth *before;
    struct found *first, *last;
    int64_t count;
    flow_time watermark;
    bool has_watermark, ended;
};

// --- the tracker: a call claims one poll, and says with it what was seen then

struct claimed {
    struct flow_growth after;
    bool any;
};

static flow_try claim(const void *restriction, void *state, const void *position)
{
    struct claimed *claimed = state;
    (void)restriction;
    if (claimed->any)
        return FLOW_TRY_OUTSIDE;
    claimed->any = true;
    claimed->after = *(const struct flow_growth *)position;
    return FLOW_TRY_GRANTED;
}

static bool split(void *restriction, const void *state, double fraction, void *residual)
{
    struct flow_growth *growth = restriction;
    const struct claimed *claimed = state;
    const struct flow_growth *left = claimed->any ? &claimed->after : growth;
    if (fraction > 0 || left->ended)
        return false;
    *(struct flow_growth *)residual = *left;
    growth->ended = true;
    return true;
}

static bool done(const void *restriction, const void *state)
{
    const struct claimed *claimed = state;
    return ((const struct flow_growth *)restriction)->ended ||
           (claimed->any && claimed->after.ended);
}

static const flow_tracker growth_tracker = { .name = "growth",
    .restriction = &flow_growth_type,
    .state_size = sizeof(struct claimed),
    .claim = claim,
    .split = split,
    .done = done };

static flow_status nothing_seen(flow_ctx *ctx, const void *element, void *restriction)
{
    struct flow_growth *growth = restriction;
    (void)element;
    growth->began = growth->last = flow_processing_time(ctx);
    return FLOW_OK;
}

// A drain ends all polling (R80).
static bool stop(const void *element, void *restriction)
{
    (void)element, (void)restriction;
    return false;
}

// --- what a poll finds

static int compare(const struct mark *a, const struct mark *b)
{
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    return a->second == b->second ? 0 : a->second < b->second ? -1 : 1;
}

static struct mark mark_at(const flow_bytes *seen, size_t index)
{
    struct mark mark;
    memcpy(&mark, (const char *)seen->data + index * sizeof mark, sizeof mark);
    return mark;
}

static size_t count_of(const flow_bytes *seen)
{
    return seen->len / sizeof(struct mark);
}

static bool was_seen(const flow_poll *poll, const struct mark *mark)
{
    size_t low = 0;
    for (size_t high = count_of(&poll->before->seen); low < high;) {
        const size_t middle = low + (high - low) / 2;
        const struct mark other = mark_at(&poll->before->seen, middle);
        const int order = compare(mark, &other);
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

static void *take(void *user, size_t size)
{
    return flow_alloc(user, size ? size : 1);
}

static struct mark mark_of(const struct watch *watch, const char *row)
{
    const flow_field_ref *by = &watch->options.by;
    const flow_type *out = watch->outs[0];
    const flow_type *record = by->type ? fl_field_record(out, by) : out;
    const flow_kind kind = by->type ? by->kind : FLOW_KIND_RECORD;
    const char *value = row + (by->type ? by->offset : 0);
    return (struct mark){ fl_value_hash(kind, record, value, 1),
        fl_value_hash(kind, record, value, UINT64_C(0x9e3779b97f4a7c15)) };
}

static flow_status give(
    flow_poll *poll, const flow_type *type, const void *row, const flow_time *at)
{
    flow_ctx *ctx = poll->ctx;
    const struct watch *watch = poll->watch;
    if (type != watch->outs[0] && !flow_type_equal(type, watch->outs[0]))
        return flow_fail(ctx, FLOW_TYPE, "the poll gave a '%s', it is to give '%s'", type->name,
            watch->outs[0]->name);
    const struct mark mark = mark_of(watch, row);
    if (ctx->status != FLOW_OK || was_seen(poll, &mark))
        return ctx->status;
    struct found *found = flow_alloc(ctx, sizeof *found);
    char *copy = flow_alloc(ctx, type->size);
    if (!found || !copy)
        return ctx->status;
    memcpy(copy, row, type->size);
    const flow_memory memory = { take, ctx };
    const flow_status status = flow_row_adopt(type, copy, &memory, NULL, NULL);
    if (status != FLOW_OK)
        return flow_fail(ctx, status, "what the poll gave could not be copied");
    *found =
        (struct found){ .mark = mark, .number = poll->count, .has_time = at != NULL, .row = copy };
    if (at)
        found->at = *at;
    *(poll->last ? &poll->last->next : &poll->first) = found;
    poll->last = found;
    poll->count++;
    return FLOW_OK;
}

flow_status flow_poll_give(flow_poll *poll, const flow_type *type, const void *row)
{
    return give(poll, type, row, NULL);
}

flow_status flow_poll_give_at(flow_poll *poll, const flow_type *type, const void *row, flow_time at)
{
    return give(poll, type, row, &at);
}

void flow_poll_watermark(flow_poll *poll, flow_time at)
{
    poll->watermark = at;
    poll->has_watermark = true;
}

void flow_poll_end(flow_poll *poll)
{
    poll->ended = true;
}

static int by_mark(const void *left, const void *right)
{
    const struct found *a = *(struct found *const *)left, *b = *(struct found *const *)right;
    const int order = compare(&a->mark, &b->mark);
    return order ? order : a->number < b->number ? -1 : 1;
}

// Drops what was told of twice, and what is more than is asked for. How many are left.
static int64_t choose(const flow_poll *poll, struct found **sorted)
{
    const int64_t most = poll->watch->options.most;
    int64_t count = 0, left = 0;
    for (struct found *found = poll->first; found; found = found->next)
        sorted[count++] = found;
    qsort(sorted, (size_t)count, sizeof(struct found *), by_mark);
    for (int64_t i = 1; i < count; i++)
        sorted[i]->dropped = compare(&sorted[i]->mark, &sorted[i - 1]->mark) == 0;
    for (struct found *found = poll->first; found; found = found->next) {
        found->dropped = found->dropped || (most && poll->before->given + left >= most);
        left += found->dropped ? 0 : 1;
    }
    return left;
}

// What is seen once the poll's new things are given. False without memory.
static bool grow(const flow_poll *poll, flow_time now, struct flow_growth *after)
{
    *after = *poll->before;
    if (poll->count == 0)
        return true;
    struct found **sorted = flow_alloc(poll->ctx, (size_t)poll->count * sizeof(struct found *));
    const int64_t left = sorted ? choose(poll, sorted) : 0;
    const size_t before = count_of(&after->seen);
    const size_t size = (before + (size_t)left) * sizeof(struct mark);
    struct mark *marks = sorted ? take(poll->ctx, size) : NULL;
    if (!marks)
        return false;
    size_t count = 0, old = 0;
    for (int64_t i = 0; i < poll->count; i++) {
        if (sorted[i]->dropped)
            continue;
        for (; old < before; old++) {
            const struct mark other = mark_at(&after->seen, old);
            if (compare(&sorted[i]->mark, &other) < 0)
                break;
            marks[count++] = other;
        }
        marks[count++] = sorted[i]->mark;
    }
    for (; old < before; old++)
        marks[count++] = mark_at(&after->seen, old);
    after->seen = (flow_bytes){ marks, size };
    after->given += left;
    if (left > 0)
        after->last = now;
    return true;
}

// --- the function

// How long until the next poll, or below 0: there is none.
static int64_t pause_of(const struct watch *watch, const struct flow_growth *after, int64_t now)
{
    const flow_watch_options *options = &watch->options;
    int64_t end = INT64_MAX;
    if (options->every.us == 0 || (options->most && after->given >= options->most))
        return -1;
    if (options->total.us)
        end = after->began.us + options->total.us;
    if (options->quiet.us && after->last.us + options->quiet.us < end)
        end = after->last.us + options->quiet.us;
    if (now >= end)
        return -1;
    return options->every.us < end - now ? options->every.us : end - now;
}

static flow_status give_found(const flow_poll *poll, flow_time now)
{
    flow_ctx *ctx = poll->ctx;
    const flow_type *type = poll->watch->outs[0];
    const flow_time own = flow_event_time(ctx);
    flow_time earliest = now;
    for (const struct found *found = poll->first; found; found = found->next) {
        if (found->dropped)
            continue;
        const flow_time usual = now.us > own.us ? now : own;
        const flow_time at = found->has_time ? found->at : usual;
        if (flow_emit_at(ctx, 0, type, found->row, at) != FLOW_OK)
            return ctx->status;
        if (at.us < earliest.us)
            earliest = at;
    }
    flow_estimate(ctx, poll->has_watermark ? poll->watermark : earliest);
    return ctx->status;
}

static flow_status poll_once(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct watch *watch = user;
    const struct flow_growth *before = FLOW_RESTRICTION(ctx, flow_growth);
    struct flow_poll poll = { .ctx = ctx, .watch = watch, .before = before };
    if (before->ended)
        return FLOW_OK;
    const flow_status status = watch->user->poll(ctx, row->value, &poll);
    if (status != FLOW_OK || ctx->status != FLOW_OK)
        return status != FLOW_OK ? status : ctx->status;
    const flow_time now = flow_processing_time(ctx);
    struct flow_growth after;
    if (!grow(&poll, now, &after))
        return ctx->status;
    const int64_t pause = poll.ended ? -1 : pause_of(watch, &after, now.us);
    after.ended = pause < 0;
    if (!flow_claim_position(ctx, &after))
        return ctx->status;
    if (!after.ended)
        flow_resume_after(ctx, (flow_duration){ pause });
    return give_found(&poll, now);
}

static flow_status poll_rows(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, poll_once, (void *)(uintptr_t)ctx->fn);
}

// --- building

static const char *wrong(
    const flow_type *in, const flow_poll_fn *fn, const flow_watch_options *options)
{
    if (!fn || !fn->poll || !fn->in || !fn->out)
        return "it was given no poll, which needs 'in', 'out' and 'poll'";
    if (!flow_type_equal(fn->in, in))
        return "the poll takes another record than its input has";
    if (options->by.type && !flow_type_equal(options->by.type, fn->out))
        return "its 'by' is no field of what the poll gives";
    if (options->every.us < 0 || options->quiet.us < 0 || options->total.us < 0 ||
        options->most < 0)
        return "its 'every', 'quiet', 'total' and 'most' cannot be below 0";
    if (options->every.us == 0 && (options->quiet.us || options->total.us))
        return "it has an end of polling, but polls once: say 'every'";
    return NULL;
}

static struct watch *make(flow_coll in, const flow_poll_fn *fn, const flow_watch_options *options)
{
    struct watch *watch = flow_pipeline_alloc(in.pipeline, sizeof *watch);
    if (!watch)
        return NULL;
    watch->user = fn;
    watch->options = *options;
    watch->outs[0] = fn->out;
    watch->fn = (flow_fn){ .name = fn->name,
        .form = FLOW_FORM_EMIT,
        .in = fn->in,
        .outs = watch->outs,
        .out_count = 1,
        .process = poll_rows };
    watch->split = (flow_split_fn){ .fn = &watch->fn,
        .tracker = &growth_tracker,
        .initial = nothing_seen,
        .truncate = stop,
        .estimator = FLOW_ESTIMATOR_MANUAL,
        .unbounded = options->every.us && !options->quiet.us && !options->total.us };
    return watch;
}

flow_coll flow_watch_sized(
    flow_coll in, const flow_poll_fn *fn, const flow_watch_options *options, size_t size)
{
    flow_watch_options known;
    const flow_type *type = flow_coll_type(in);
    if (!type)
        return fl_no_coll(in.pipeline);
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    fl_scope(in.pipeline, known.name, "watch");
    const char *why = copied ? wrong(type, fn, &known) : FLOW_OPTION_UNKNOWN;
    if (why) {
        flow_pipeline_fail(
            in.pipeline, copied ? FLOW_INVALID : FLOW_UNSUPPORTED, NULL, "flow_watch: %s", why);
        return fl_no_coll(in.pipeline);
    }
    flow_scope_end(in.pipeline);
    const struct watch *watch = make(in, fn, &known);
    const flow_do_options step = { .name = known.name,
        .on_error = known.on_error,
        .attempts = known.attempts,
        .backoff = known.backoff };
    return watch ? flow_split(in, &watch->split, &step) : fl_no_coll(in.pipeline);
}
