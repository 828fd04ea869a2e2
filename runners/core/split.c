// SPDX-License-Identifier: Apache-2.0
// Splittable steps: elements become parts in the pile; a bundle works on one part, on whichever
// worker, and leaves parts in its place. Each call has the tracker for itself, so that to split it
// while it runs is to stop it at its next claim (split_call.c) and to cut up what is left here.
#include "split.h"
#include "checks.h"
#include "explode.h"

#include "side.h"

#define PARTS_MOST 8u // that what a call leaves is cut into

static const flow_split_fn *function_of(const struct fl_op *op)
{
    return op->plan->node->split;
}

bool fl_split_init(struct fl_op *op)
{
    struct fl_engine *engine = op->worker->engine;
    struct fl_split *split = fl_mem_alloc(&engine->cache, engine->mem, sizeof *split);
    if (!split)
        return false;
    memset(split, 0, sizeof *split);
    split->layout = fl_layout_of(&op->plan->shape);
    split->pile = op->worker->index == 0
                      ? fl_pile_new(engine, function_of(op)->tracker->restriction->size)
                      : engine->workers[0].ops[op->index].keyed->split->pile;
    if (!split->pile)
        return false;
    op->keyed->split = split;
    return true;
}

// --- elements that come

static flow_status store(struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    struct fl_split *split = op->keyed->split;
    struct fl_cache *cache = &op->worker->cache;
    if (!fl_batch_need_rows(cache, view->batch))
        return fl_no_memory(op);
    for (uint32_t i = 0; i < view->count; i++) {
        const struct fl_row_at at = { view->batch, shape, fl_view_row(view, i) };
        if (!fl_store_put(cache, &split->layout, &split->incoming, &at))
            return fl_no_memory(op);
    }
    split->incoming_count += view->count;
    return FLOW_OK;
}

// What comes of an element may have another time, but lies in its window: that is written down.
flow_status fl_split_push(struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    const struct fl_exploded how = { store, shape };
    op->keyed->touched = true;
    if (view->batch->window_form == FL_WINDOW_IMPLIED &&
        op->plan->in->windows.kind != FLOW_WINDOW_GLOBAL)
        return fl_explode(op, &how, view);
    return store(op, view, shape);
}

// --- parts that the bundle leaves

static void *bundle_bytes(struct fl_op *op, size_t size)
{
    struct fl_worker *worker = op->worker;
    void *bytes = fl_mem_alloc(&worker->cache, worker->bundle.mem, size ? size : 1);
    if (bytes)
        memset(bytes, 0, size);
    else
        fl_no_memory(op);
    return bytes;
}

static double left_of(struct fl_op *op, const void *restriction)
{
    const flow_tracker *tracker = function_of(op)->tracker;
    void *state = tracker->work ? bundle_bytes(op, tracker->state_size) : NULL;
    return state ? tracker->work(restriction, state).left : 0;
}

flow_status fl_split_fresh(struct fl_op *op, const void *restriction, const struct fl_fresh *like)
{
    struct fl_split *split = op->keyed->split;
    struct fl_cache *cache = &op->worker->cache;
    const flow_type *type = function_of(op)->tracker->restriction;
    struct fl_fresh *fresh = bundle_bytes(op, sizeof *fresh);
    void *copy = bundle_bytes(op, type->size);
    if (!fresh || !copy)
        return FLOW_BUDGET;
    *fresh = *like;
    fresh->mem = NULL;
    memcpy(copy, restriction, type->size);
    fresh->restriction = copy;
    fresh->left = left_of(op, restriction);
    if (flow_type_has_pointers(type)) {
        fresh->mem = fl_mem_new(cache);
        void *pair[2] = { cache, fresh->mem };
        const flow_memory memory = { fl_take_from, pair };
        if (!fresh->mem || flow_row_adopt(type, copy, &memory, NULL, NULL) != FLOW_OK) {
            fl_mem_unref(cache, fresh->mem);
            return fl_no_memory(op);
        }
    }
    fresh->next = NULL;
    *(split->fresh_last ? &split->fresh_last->next : &split->fresh) = fresh;
    split->fresh_last = fresh;
    split->fresh_count++;
    return FLOW_OK;
}

static void forget_fresh(struct fl_split *split)
{
    split->fresh = split->fresh_last = NULL;
    split->fresh_count = 0;
}

static void drop_fresh(struct fl_op *op)
{
    for (struct fl_fresh *fresh = op->keyed->split->fresh; fresh; fresh = fresh->next)
        fl_mem_unref(&op->worker->cache, fresh->mem);
    forget_fresh(op->keyed->split);
}

// --- a call

static int64_t now(const struct fl_op *op)
{
    const struct fl_port *port = &op->worker->engine->options.port;
    return port->now(port->user);
}

// Cuts what a call has left, so that everybody who is out of work gets something. Not what has no
// end: where would the middle of it be?
static flow_status leave(struct fl_op *op, const struct fl_fresh *like)
{
    struct fl_split *split = op->keyed->split;
    const flow_tracker *tracker = function_of(op)->tracker;
    const uint32_t hungry = atomic_load(&split->pile->hungry);
    uint32_t parts = 1 + (hungry < PARTS_MOST ? hungry : PARTS_MOST - 1);
    if (function_of(op)->unbounded || like->resume > 0)
        parts = 1;
    char *left = split->residual;
    for (; parts > 1; parts--) {
        char *rest = bundle_bytes(op, tracker->restriction->size);
        if (!rest)
            return FLOW_BUDGET;
        memset(split->state, 0, tracker->state_size);
        if (!tracker->split(left, split->state, 1.0 / parts, rest))
            break;
        const bool empty = tracker->done(left, split->state);
        const flow_status status = empty ? FLOW_OK : fl_split_fresh(op, left, like);
        if (status != FLOW_OK)
            return status;
        left = rest;
    }
    return fl_split_fresh(op, left, like);
}

// The function has returned: what it has not claimed must be somebody's.
static flow_status settle(struct fl_op *op)
{
    struct fl_split *split = op->keyed->split;
    const flow_split_fn *fn = function_of(op);
    struct fl_fresh like = {
        .estimate = split->estimate, .truncated = split->truncated, .cut = split->cut
    };
    const bool clock = fn->estimator == FLOW_ESTIMATOR_WALL_CLOCK || split->resumes;
    const int64_t at = clock ? now(op) : 0;
    if (fn->estimator == FLOW_ESTIMATOR_WALL_CLOCK && at > like.estimate)
        like.estimate = at;
    if (split->resumes) {
        like.resume = split->delay > INT64_MAX - 1 - at ? INT64_MAX - 1 : at + split->delay;
        if (!split->stopped)
            split->stopped =
                fn->tracker->split(split->restriction, split->state, 0, split->residual);
    }
    if (!fn->tracker->done(split->restriction, split->state))
        return fl_op_fail(op, FLOW_INVALID,
            "it returned before its restriction was done: go on until flow_claim_position is "
            "false, or say flow_resume_after");
    return split->stopped ? leave(op, &like) : FLOW_OK;
}

static flow_status process(struct fl_op *op, flow_batch *rows)
{
    struct fl_split *split = op->keyed->split;
    flow_ctx *ctx = &op->call.engine.ctx;
    split->stopped = split->resumes = false;
    split->claims = 0;
    split->emitted = fl_split_emitted(op);
    split->began = now(op);
    split->phase = FL_SPLIT_PROCESSING;
    ctx->next = 0;
    flow_status status = op->plan->node->fn->process(ctx, rows);
    split->phase = FL_SPLIT_NOTHING;
    if (status == FLOW_OK)
        status = ctx->status;
    return status == FLOW_OK ? settle(op) : status;
}

static flow_status cut(struct fl_op *op, const void *element)
{
    struct fl_split *split = op->keyed->split;
    flow_ctx *ctx = &op->call.engine.ctx;
    const flow_tracker *tracker = function_of(op)->tracker;
    split->phase = FL_SPLIT_CUTTING;
    split->given = 0;
    flow_status status = function_of(op)->split(ctx, element, split->restriction);
    split->phase = FL_SPLIT_NOTHING;
    status = status == FLOW_OK ? ctx->status : status;
    if (status != FLOW_OK || split->given > 0)
        return status;
    memset(split->state, 0, tracker->state_size);
    if (tracker->done(split->restriction, split->state))
        return FLOW_OK; // there is nothing to do
    return flow_fail(ctx, FLOW_INVALID,
        "its 'split' gave no part, though its %s are not done: the element would be lost, without "
        "a "
        "word (flow_split_part)",
        tracker->name);
}

// The job drains: whether something of a part is still to be done (R80).
static bool keeps(struct fl_op *op, const void *element)
{
    struct fl_split *split = op->keyed->split;
    const flow_split_fn *fn = function_of(op);
    if (split->truncated || !atomic_load(&op->worker->engine->draining))
        return true;
    split->truncated = true;
    bool kept = !fn->unbounded;
    if (fn->truncate) {
        const size_t size = fn->tracker->restriction->size;
        memcpy(split->residual, split->restriction, size);
        kept = fn->truncate(element, split->restriction);
        split->cut = memcmp(split->residual, split->restriction, size) != 0;
    }
    split->cut = split->cut || !kept;
    return kept;
}

static flow_status work_on(struct fl_op *op, flow_batch *rows, const void *element)
{
    struct fl_split *split = op->keyed->split;
    const flow_split_fn *fn = function_of(op);
    flow_ctx *ctx = &op->call.engine.ctx;
    if (!split->part->started) {
        flow_status status = fn->initial(ctx, element, split->restriction);
        if (status == FLOW_OK)
            status = ctx->status;
        if (status == FLOW_OK)
            split->left = left_of(op, split->restriction);
        if (status != FLOW_OK || fn->split)
            return status == FLOW_OK ? cut(op, element) : status;
    }
    return keeps(op, element) ? process(op, rows) : FLOW_OK;
}

static flow_status run_row(struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    flow_ctx *ctx = &op->call.engine.ctx;
    flow_batch rows;
    if (!fl_view_rows(op, view, shape, &rows))
        return fl_no_memory(op);
    flow_status status = fl_call_begin(op, view, shape);
    if (status != FLOW_OK)
        return status;
    ctx->row = view->selection[0];
    op->call.hold = op->plan->node->on_error != FLOW_ON_ERROR_FAIL;
    op->call.message[0] = '\0';
    if (fl_faulty(op->worker, FL_FAULT_ELEMENT))
        return fl_op_fail(op, FLOW_USER, "a test wants this bundle to fail");
    const char *element = rows.rows + (size_t)ctx->row * rows.stride + rows.value_offset;
    status = work_on(op, &rows, element);
    if (status != FLOW_OK) {
        op->keyed->split->phase = FL_SPLIT_NOTHING;
        status = fl_call_failed(op, status, element);
        drop_fresh(op); // the element is routed with all that was left of it
    }
    return status == FLOW_OK ? fl_call_flush(op) : status;
}

static flow_status run(struct fl_op *op)
{
    struct fl_split *split = op->keyed->split;
    const struct fl_part *part = split->part;
    const flow_tracker *tracker = function_of(op)->tracker;
    const uint16_t row = (uint16_t)part->row;
    const struct fl_view view = { part->batch, &row, 1 };
    split->restriction = bundle_bytes(op, tracker->restriction->size);
    split->residual = bundle_bytes(op, tracker->restriction->size);
    split->state = bundle_bytes(op, tracker->state_size);
    if (!split->restriction || !split->residual || !split->state)
        return FLOW_BUDGET;
    if (part->started)
        memcpy(split->restriction, part->restriction, tracker->restriction->size);
    split->truncated = part->truncated;
    split->cut = part->cut;
    split->left = part->left;
    split->estimate = part->estimate;
    // the part keeps its reference: nobody may change the rows, since others see them
    fl_batch_ref(part->batch);
    const flow_status status = fl_push_checked(op, &view, &split->layout.shape, run_row);
    fl_batch_unref(&op->worker->cache, part->batch);
    op->call.in = NULL;
    return status;
}

// --- the pile

bool fl_split_take(struct fl_op *op)
{
    struct fl_split *split = op->keyed->split;
    struct fl_engine *engine = op->worker->engine;
    struct fl_pile *pile = split->pile;
    if (split->part)
        return true;
    if (atomic_load(&engine->held))
        return false;
    const bool draining = atomic_load(&engine->draining);
    op->keyed->now = atomic_load(&pile->waiting) ? now(op) : 0;
    fl_pile_lock(engine, pile);
    if (draining)
        fl_pile_drain(pile);
    split->part = fl_pile_take(pile, op->keyed->now);
    const bool hungry = !split->part;
    if (hungry != split->hungry)
        atomic_fetch_add(&pile->hungry, hungry ? 1u : UINT32_MAX);
    fl_pile_unlock(pile);
    split->hungry = hungry;
    return split->part != NULL;
}

static flow_status seal(struct fl_op *op)
{
    struct fl_split *split = op->keyed->split;
    const uint32_t count = split->fresh_count + split->incoming_count;
    fl_store_close(&op->worker->cache, &split->incoming);
    if (count > 0 && !fl_pile_reserve(op->worker, split->pile, count))
        return fl_no_memory(op);
    split->reserved = count;
    return FLOW_OK;
}

// The end of time comes when nothing is left: an estimate stays below it.
static int64_t clamped(int64_t estimate)
{
    return estimate < FLOW_TIME_MAX_US - 1 ? estimate : FLOW_TIME_MAX_US - 1;
}

static void add_fresh(struct fl_op *op, const struct fl_part *of)
{
    struct fl_split *split = op->keyed->split;
    struct fl_pile *pile = split->pile;
    const flow_split_fn *fn = function_of(op);
    for (const struct fl_fresh *fresh = split->fresh; fresh; fresh = fresh->next) {
        struct fl_part *part = fl_pile_new_part(pile);
        // what has an end is brought to it; others take turns
        const bool turns = fn->unbounded || fresh->resume > 0;
        void *restriction = part->restriction;
        *part = (struct fl_part){ .batch = fl_batch_ref(of->batch),
            .row = of->row,
            .started = true,
            .truncated = fresh->truncated,
            .cut = fresh->cut,
            .estimate = clamped(fresh->estimate),
            .asks = of->asks,
            .resume = fresh->resume,
            .number = turns ? pile->next_number++ : of->number,
            .left = fresh->left,
            .mem = fresh->mem,
            .restriction = restriction };
        memcpy(restriction, fresh->restriction, fn->tracker->restriction->size);
        fl_pile_add(pile, part);
    }
}

// Every row of a batch becomes a part with a reference to it; bytes that they count as in flight.
static uint64_t add_incoming(struct fl_op *op)
{
    struct fl_split *split = op->keyed->split;
    struct fl_pile *pile = split->pile;
    uint64_t bytes = 0;
    while (split->incoming.first) {
        struct fl_batch *batch = split->incoming.first;
        split->incoming.first = batch->next;
        batch->next = NULL;
        const uint64_t each = fl_batch_size(batch) / batch->count;
        for (uint32_t row = 0; row < batch->count; row++) {
            struct fl_part *part = fl_pile_new_part(pile);
            void *restriction = part->restriction;
            *part = (struct fl_part){ .batch = row ? fl_batch_ref(batch) : batch,
                .row = row,
                .estimate = clamped(fl_batch_time(batch, row)),
                .asks = fl_row_hold(op, batch, row),
                .number = pile->next_number++,
                .bytes = each,
                .restriction = restriction };
            fl_pile_add(pile, part);
            bytes += each;
        }
    }
    split->incoming.last = NULL;
    return bytes;
}

static void finish(struct fl_op *op, struct fl_part *part)
{
    struct fl_split *split = op->keyed->split;
    double left = 0;
    add_fresh(op, part);
    for (const struct fl_fresh *fresh = split->fresh; fresh; fresh = fresh->next)
        left += fresh->left;
    if (split->left > left)
        split->pile->done += split->left - left;
    // told before the part no longer holds the watermark
    if (split->cut && !split->fresh)
        fl_drain_note(op->worker->engine, op->index, clamped(split->estimate));
    fl_pile_remove(split->pile, part);
}

static void commit(struct fl_op *op)
{
    struct fl_split *split = op->keyed->split;
    struct fl_worker *worker = op->worker;
    struct fl_engine *engine = worker->engine;
    struct fl_part *part = worker->bundle.op == op ? split->part : NULL;
    const struct fl_part was = part ? *part : (struct fl_part){ 0 };
    const bool more = split->reserved > 0;
    fl_pile_lock(engine, split->pile);
    if (part)
        finish(op, part);
    const uint64_t bytes = add_incoming(op);
    fl_pile_unlock(split->pile);
    split->reserved = split->incoming_count = 0;
    forget_fresh(split);
    if (bytes)
        atomic_fetch_add(&engine->in_flight[op->index], bytes);
    if (part) {
        split->part = NULL;
        fl_batch_unref(&worker->cache, was.batch);
        fl_mem_unref(&worker->cache, was.mem);
        const uint64_t before = atomic_fetch_sub(&engine->in_flight[op->index], was.bytes);
        if (before >= engine->flight_limit && before - was.bytes < engine->flight_limit)
            fl_wake_all(engine);
    }
    if (more)
        fl_wake_all(engine);
}

static void abort_bundle(struct fl_op *op)
{
    struct fl_split *split = op->keyed->split;
    fl_store_drop(&op->worker->cache, &split->incoming);
    if (split->reserved)
        fl_pile_unreserve(op->worker->engine, split->pile, split->reserved);
    split->reserved = split->incoming_count = 0;
    split->phase = FL_SPLIT_NOTHING;
    drop_fresh(op);
}

void fl_split_fini(struct fl_op *op)
{
    struct fl_split *split = op->keyed->split;
    if (!split)
        return;
    fl_store_drop(&op->worker->cache, &split->incoming);
    drop_fresh(op);
    if (op->worker->index == 0)
        fl_pile_free(op->worker->engine, split->pile);
}

int64_t fl_split_asks(const struct fl_engine *engine, uint32_t op)
{
    struct fl_pile *pile = engine->workers[0].ops[op].keyed->split->pile;
    fl_pile_lock(engine, pile);
    const int64_t at = pile->held_count ? pile->asked[0]->asks : FL_NEVER;
    fl_pile_unlock(pile);
    return at;
}

struct fl_progress fl_split_progress(const struct fl_engine *engine, uint32_t op)
{
    struct fl_pile *pile = engine->workers[0].ops[op].keyed->split->pile;
    fl_pile_lock(engine, pile);
    struct fl_progress progress = { .parts = pile->held_count, .done = pile->done };
    for (uint32_t i = 0; i < pile->held_count; i++)
        progress.left += pile->held[i]->left;
    fl_pile_unlock(pile);
    return progress;
}

static int64_t next(struct fl_op *op)
{
    (void)op;
    return FL_NEVER;
}

// What is left of elements, in work or not, holds the watermark by its estimates.
static int64_t hold(struct fl_op *op)
{
    struct fl_pile *pile = op->keyed->split->pile;
    fl_pile_lock(op->worker->engine, pile);
    const int64_t at = pile->held_count ? pile->held[0]->estimate : FL_NEVER;
    fl_pile_unlock(pile);
    return at;
}

// What is due already waits for room downstream, or for the end of a hold, not for the clock.
static int64_t wake(struct fl_op *op)
{
    struct fl_pile *pile = op->keyed->split->pile;
    fl_pile_lock(op->worker->engine, pile);
    const int64_t at = fl_pile_wake(pile);
    fl_pile_unlock(pile);
    return at == FL_ASLEEP || at <= op->keyed->now ? FL_NEVER : at;
}

const struct fl_keyed_ops fl_split_ops = { .next = next,
    .fire = run,
    .commit = commit,
    .abort = abort_bundle,
    .wake = wake,
    .hold = hold,
    .seal = seal };
