// SPDX-License-Identifier: Apache-2.0
// Reading sources: pieces that workers claim, and the watermark that follows what is committed.
#include "output.h"
#include "reader.h"
#include "snapshot.h"

#include <stdio.h>

#include "spin.h"

#define AHEAD_A_WORKER 3u // pieces of a partition that are claimed and wait for one before them

static void lock(struct fl_reader *reader)
{
    fl_spin_lock(&reader->lock, reader->yield);
}

static void unlock(struct fl_reader *reader)
{
    fl_spin_unlock(&reader->lock);
}

void fl_reader_lock(struct fl_engine *engine, uint32_t op)
{
    lock(engine->readers[op]);
}

void fl_reader_unlock(struct fl_engine *engine, uint32_t op)
{
    unlock(engine->readers[op]);
}

static void wake(void *user)
{
    fl_wake_all(user);
}

static bool make_partitions(struct fl_engine *engine, struct fl_reader *reader)
{
    const uint32_t count = reader->source->partitions(reader->self);
    reader->partitions =
        fl_mem_alloc(&engine->cache, engine->mem, (count + 1) * sizeof *reader->partitions);
    if (!reader->partitions)
        return false;
    memset(reader->partitions, 0, (count + 1) * sizeof *reader->partitions);
    reader->partition_count = count;
    for (uint32_t p = 0; p < count; p++) {
        atomic_flag_clear(&reader->partitions[p].claiming);
        reader->partitions[p].latest = FLOW_TIME_MIN_US;
        reader->partitions[p].promised = FLOW_TIME_MIN_US;
    }
    return true;
}

bool fl_reader_open(struct fl_engine *engine, uint32_t op, flow_error *error)
{
    const flow_node *node = engine->plan.ops[op].node;
    struct fl_reader *reader = fl_mem_alloc(&engine->cache, engine->mem, sizeof *reader);
    void *self = fl_mem_alloc(&engine->cache, engine->mem, node->source->self_size + 1);
    if (!reader || !self) {
        flow_error_raise(error, FLOW_BUDGET, node->path, "no memory to open the source");
        return false;
    }
    memset(reader, 0, sizeof *reader);
    memset(self, 0, node->source->self_size + 1);
    atomic_flag_clear(&reader->lock);
    reader->yield = engine->options.port.yield;
    reader->source = node->source;
    reader->options = node->read;
    reader->witness = node->witness;
    reader->self = self;
    flow_error reason = { 0 };
    const flow_open open = { .config = node->read->config,
        .step = node->path,
        .type = node->read->type,
        .workers = engine->options.workers,
        .allocator = engine->graph->allocator,
        .on_error = node->read->on_error,
        .error = &reason };
    flow_status status = node->source->open(self, &open);
    if (status == FLOW_OK && node->witness) {
        flow_open witnessed = open;
        witnessed.config = node->witness->self;
        status = node->witness->open(node->witness->self, &witnessed);
        if (status != FLOW_OK)
            node->source->close(self);
    }
    if (status != FLOW_OK) {
        flow_error_raise(error, status, node->path, "%s",
            reason.message[0] ? reason.message : "the source cannot be opened");
        return false;
    }
    engine->readers[op] = reader;
    if (!make_partitions(engine, reader)) {
        flow_error_raise(error, FLOW_BUDGET, node->path, "no memory for its partitions");
        return false;
    }
    atomic_store(&engine->origin_watermark[op],
        reader->partition_count ? FLOW_TIME_MIN_US : FLOW_TIME_MAX_US);
    if (node->source->listen)
        node->source->listen(self, wake, engine);
    return true;
}

void fl_reader_close(struct fl_engine *engine, uint32_t op)
{
    struct fl_reader *reader = engine->readers[op];
    if (!reader)
        return;
    for (uint32_t p = 0; reader->partitions && p < reader->partition_count; p++) {
        while (reader->partitions[p].first) {
            struct fl_claimed *claimed = reader->partitions[p].first;
            reader->partitions[p].first = claimed->next;
            fl_witness_drop(claimed);
            fl_give(&engine->cache, claimed, sizeof *claimed);
        }
    }
    reader->source->close(reader->self);
    if (reader->witness)
        reader->witness->close(reader->witness->self);
    engine->readers[op] = NULL;
}

// --- watermark

static bool follows(const struct fl_reader *reader)
{
    const flow_time_policy *times = &reader->options->times;
    return reader->source->own_watermark || times->in_order || times->disorder.us > 0;
}

// The watermark by what was read or promised; FLOW_TIME_MIN_US: nothing so far.
static int64_t told(const struct fl_reader *reader, const struct fl_partition *partition)
{
    const int64_t disorder = reader->options->times.disorder.us;
    if (reader->source->own_watermark)
        return partition->promised;
    if (!reader->options->event_time.type)
        return FLOW_TIME_MIN_US;
    return partition->latest < FLOW_TIME_MIN_US + disorder ? FLOW_TIME_MIN_US
                                                           : partition->latest - disorder;
}

// The same where more may be read.
static int64_t promise(const struct fl_reader *reader, const struct fl_partition *partition)
{
    const int64_t low = told(reader, partition);
    if (low == FLOW_TIME_MIN_US)
        return partition->idle > 0 && reader->options->times.idle == FLOW_IDLE_ADVANCE
                   ? FLOW_TIME_MAX_US
                   : FLOW_TIME_MIN_US;
    if (!follows(reader))
        return FLOW_TIME_MIN_US;
    return low > FLOW_TIME_MAX_US - partition->idle ? FLOW_TIME_MAX_US : low + partition->idle;
}

int64_t fl_reader_promise(const struct fl_reader *reader, const struct fl_partition *partition)
{
    return partition->over && !partition->first ? FLOW_TIME_MAX_US : promise(reader, partition);
}

// Where the watermark would be had no drain ended partitions; what was claimed before still counts.
// It is told before the watermark that passes it (R80).
static void mark_drain(struct fl_engine *engine, uint32_t op)
{
    const struct fl_reader *reader = engine->readers[op];
    int64_t lowest = FLOW_TIME_MAX_US;
    bool drained = false;
    for (uint32_t p = 0; p < reader->partition_count; p++) {
        const struct fl_partition *partition = &reader->partitions[p];
        const int64_t now =
            partition->drained ? promise(reader, partition) : fl_reader_promise(reader, partition);
        lowest = now < lowest ? now : lowest;
        drained = drained || partition->drained;
    }
    if (!drained)
        return;
    int64_t mark = atomic_load(&engine->drain_marks[op]);
    if (mark == FL_NEVER)
        mark = atomic_load(&engine->origin_watermark[op]);
    const bool idle = lowest == FLOW_TIME_MAX_US; // time stands still
    fl_drain_tell(engine, op, idle || lowest < mark ? mark : lowest);
}

// Under the reader's lock. A partition that has never had anything, idle, does not count while
// others do (R6); when none counts, time stands still.
static void update_watermark(struct fl_engine *engine, uint32_t op)
{
    struct fl_reader *reader = engine->readers[op];
    int64_t lowest = FLOW_TIME_MAX_US;
    bool over = true;
    mark_drain(engine, op);
    for (uint32_t p = 0; p < reader->partition_count; p++) {
        const struct fl_partition *partition = &reader->partitions[p];
        const int64_t now = fl_reader_promise(reader, partition);
        lowest = now < lowest ? now : lowest;
        over = over && partition->over && !partition->first;
    }
    if (lowest == FLOW_TIME_MAX_US && !over)
        return;
    const int64_t before = atomic_load(&engine->origin_watermark[op]);
    if (lowest <= before)
        return;
    atomic_store(&engine->origin_watermark[op], lowest);
    fl_witness_tell(engine, op, FLOW_GIVEN_WATERMARK, 0, NULL);
    fl_wake_all(engine);
}

// --- claiming

// Notes since when a partition has nothing.
static void start_waiting(struct fl_engine *engine, uint32_t op, uint32_t p)
{
    struct fl_reader *reader = engine->readers[op];
    struct fl_partition *partition = &reader->partitions[p];
    const int64_t now = engine->options.port.now(engine->options.port.user);
    lock(reader);
    if (partition->waiting_since == 0) {
        partition->waiting_since = now;
        fl_witness_tell(engine, op, FLOW_GIVEN_NOTHING, p, NULL);
    }
    unlock(reader);
}

static enum fl_claim_result claim_from(
    struct fl_worker *worker, struct fl_reader *reader, uint32_t p, uint32_t op)
{
    struct fl_partition *partition = &reader->partitions[p];
    struct fl_engine *engine = worker->engine;
    flow_piece piece = { .partition = p, .watermark = { FLOW_TIME_MIN_US } };
    flow_error error = { 0 };
    // while one worker is held up, the others must not pile up state that waits for its piece
    lock(reader);
    const bool far = partition->ahead >= AHEAD_A_WORKER * engine->options.workers;
    unlock(reader);
    if (far)
        return FL_CLAIM_NOTHING;
    struct fl_claimed *claimed = fl_take(&worker->cache, sizeof *claimed);
    if (!claimed) {
        fl_no_memory(&worker->ops[op]);
        return FL_CLAIM_ERROR;
    }
    flow_claim claim = FLOW_CLAIM_FAILED;
    if (!reader->witness || reader->witness->ready(reader->witness->self, &error) == FLOW_OK)
        claim = reader->source->claim(reader->self, p, &piece, &error);
    if (claim == FLOW_CLAIM_PIECE) {
        memset(claimed, 0, sizeof *claimed);
        claimed->piece = piece;
        claimed->latest = FLOW_TIME_MIN_US;
        lock(reader);
        *(partition->last ? &partition->last->next : &partition->first) = claimed;
        partition->last = claimed;
        partition->ahead++;
        partition->waiting_since = 0;
        partition->idle = 0;
        unlock(reader);
        worker->claimed = claimed;
        return FL_CLAIMED;
    }
    fl_give(&worker->cache, claimed, sizeof *claimed);
    if (claim == FLOW_CLAIM_WAIT)
        start_waiting(engine, op, p);
    if (claim == FLOW_CLAIM_END) {
        lock(reader);
        partition->over = true;
        fl_witness_tell(engine, op, FLOW_GIVEN_END, p, NULL);
        update_watermark(engine, op);
        unlock(reader);
        return FL_CLAIM_OVER;
    }
    if (claim == FLOW_CLAIM_FAILED) {
        flow_error_raise(&worker->error, error.status ? error.status : FLOW_IO,
            engine->plan.ops[op].node->path, "%s",
            error.message[0] ? error.message : "the source cannot go on");
        return FL_CLAIM_ERROR;
    }
    return FL_CLAIM_LATER;
}

// Ends a partition unless a worker is asking it for a piece just now, whose rows would then come
// behind a watermark at the end of time. Under the lock.
static bool end_partition(struct fl_partition *partition)
{
    if (atomic_flag_test_and_set_explicit(&partition->claiming, memory_order_acquire))
        return false;
    partition->over = true;
    atomic_flag_clear_explicit(&partition->claiming, memory_order_release);
    return true;
}

// Asked again with every claim, so that partitions which were busy follow.
static void end_all(struct fl_engine *engine, struct fl_reader *reader, uint32_t op)
{
    lock(reader);
    for (uint32_t p = 0; p < reader->partition_count; p++)
        if (!reader->partitions[p].over && end_partition(&reader->partitions[p]))
            reader->partitions[p].drained = true;
    update_watermark(engine, op);
    unlock(reader);
}

enum fl_claim_result fl_reader_claim(struct fl_worker *worker, uint32_t op)
{
    struct fl_engine *engine = worker->engine;
    struct fl_reader *reader = engine->readers[op];
    if (atomic_load(&engine->draining))
        end_all(engine, reader, op);
    if (atomic_load(&engine->held))
        return FL_CLAIM_NOTHING;
    enum fl_claim_result result = FL_CLAIM_OVER;
    const uint32_t count = reader->partition_count;
    const uint32_t share = worker->index * count / engine->options.workers;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t p = (share + worker->ops[op].turn + i) % count;
        struct fl_partition *partition = &reader->partitions[p];
        if (atomic_flag_test_and_set_explicit(&partition->claiming, memory_order_acquire)) {
            result = FL_CLAIM_NOTHING;
            continue;
        }
        enum fl_claim_result one =
            partition->over ? FL_CLAIM_OVER : claim_from(worker, reader, p, op);
        atomic_flag_clear_explicit(&partition->claiming, memory_order_release);
        // where time follows the rows, partitions take turns: one left behind would hold it back
        if (one == FL_CLAIMED && follows(reader))
            worker->ops[op].turn = (p + 1 + count - share) % count;
        if (one == FL_CLAIMED || one == FL_CLAIM_ERROR)
            return one;
        if (one != FL_CLAIM_OVER && result != FL_CLAIM_NOTHING)
            result = one;
    }
    return result;
}

// --- idleness

// Applies the policy to one partition that has waited; true when something changed.
static bool age(struct fl_reader *reader, struct fl_partition *partition, int64_t now)
{
    const flow_time_policy *times = &reader->options->times;
    if (partition->over || partition->first)
        return false;
    if (partition->waiting_since == 0)
        partition->waiting_since = now;
    const int64_t waited = now - partition->waiting_since;
    if (waited < times->idle_after.us || waited == 0)
        return false;
    if (times->idle == FLOW_IDLE_END)
        return end_partition(partition);
    partition->idle = waited;
    return true;
}

bool fl_reader_idle(struct fl_engine *engine, uint32_t op)
{
    struct fl_reader *reader = engine->readers[op];
    if (reader->options->times.idle == FLOW_IDLE_HOLD)
        return false;
    const int64_t now = engine->options.port.now(engine->options.port.user);
    bool changed = false;
    lock(reader);
    for (uint32_t p = 0; p < reader->partition_count; p++)
        changed = age(reader, &reader->partitions[p], now) || changed;
    if (changed)
        update_watermark(engine, op);
    unlock(reader);
    return changed;
}

bool fl_reader_wakes(const struct fl_engine *engine, uint32_t op)
{
    const struct fl_reader *reader = engine->readers[op];
    return reader->source->listen && reader->options->times.idle == FLOW_IDLE_HOLD;
}

// --- reading

flow_status fl_reader_read(struct fl_op *op)
{
    struct fl_worker *worker = op->worker;
    struct fl_reader *reader = worker->engine->readers[op->index];
    op->call.in = NULL;
    op->call.message[0] = '\0';
    worker->claimed->latest = FLOW_TIME_MIN_US;
    worker->claimed->emitted = 0;
    fl_witness_begin(worker->engine, worker->claimed);
    flow_ctx *ctx = &op->call.engine.ctx;
    ctx->row = 0;
    ctx->status = FLOW_OK;
    flow_status status = fl_out_ready(op, 0);
    if (status != FLOW_OK)
        return status;
    status = reader->source->read(reader->self, &worker->claimed->piece, ctx);
    if (status == FLOW_OK)
        status = ctx->status;
    if (status == FLOW_OK)
        return fl_call_flush(op);
    return fl_op_fail(op, status, "%s",
        op->call.message[0] ? op->call.message : "reading failed without a reason");
}

bool fl_reader_tell_origin(const struct fl_op *source, uint64_t ordinal, char *text, size_t size)
{
    const struct fl_worker *worker = source->worker;
    const struct fl_reader *reader = worker->engine->readers[source->index];
    const flow_piece *piece = &worker->claimed->piece;
    if (!reader->source->origin)
        return false;
    reader->source->origin(reader->self, piece, ordinal, text, size);
    return text[0] != '\0';
}

void fl_reader_done(struct fl_op *op)
{
    struct fl_worker *worker = op->worker;
    struct fl_engine *engine = worker->engine;
    struct fl_reader *reader = engine->readers[op->index];
    struct fl_claimed *claimed = worker->claimed;
    struct fl_partition *partition = &reader->partitions[claimed->piece.partition];
    claimed->done = true;
    fl_witness_tell(engine, op->index, FLOW_GIVEN_PIECE, claimed->piece.partition, claimed);
    fl_witness_drop(claimed);
    while (partition->first && partition->first->done) {
        struct fl_claimed *first = partition->first;
        partition->first = first->next;
        partition->ahead--;
        if (!partition->first)
            partition->last = NULL;
        partition->latest = first->latest > partition->latest ? first->latest : partition->latest;
        partition->position = first->piece.end;
        if (first->piece.watermark.us > partition->promised)
            partition->promised = first->piece.watermark.us;
        fl_give(&worker->cache, first, sizeof *first);
    }
    if (reader->source->finalize)
        reader->source->finalize(reader->self, claimed->piece.partition, partition->position);
    update_watermark(engine, op->index);
    worker->claimed = NULL;
}

void fl_reader_origin(const struct fl_op *op, bool guess, char *text, size_t size)
{
    struct fl_worker *worker = op->worker;
    text[0] = '\0';
    if (worker->bundle.kind != FL_BUNDLE_SOURCE || !worker->claimed || !op->call.in)
        return;
    uint32_t row = op->call.engine.ctx.row;
    const struct fl_batch *batch = op->call.in->batch;
    const struct fl_op *source = worker->bundle.op;
    while (batch->source || batch->parent) {
        if (batch->source) {
            row = batch->sources[row];
            batch = batch->source;
        } else {
            batch = batch->parent;
        }
    }
    if (batch->origin != FL_ORIGIN_LOST &&
        !fl_reader_tell_origin(source, batch->origin + row, text, size) && guess)
        snprintf(text, size, "element %llu behind position %llu of %s",
            (unsigned long long)(batch->origin + row),
            (unsigned long long)worker->claimed->piece.begin, source->plan->node->path);
}

// --- snapshots

void fl_reader_save(struct fl_engine *engine, uint32_t op, flow_buffer *out)
{
    const struct fl_reader *reader = engine->readers[op];
    fl_put_word(out, reader->partition_count);
    for (uint32_t p = 0; p < reader->partition_count; p++) {
        const struct fl_partition *partition = &reader->partitions[p];
        fl_put_word(out, partition->position);
        fl_put_word(out, (uint64_t)partition->latest);
        fl_put_word(out, (uint64_t)partition->promised);
        fl_put_word(out, (uint64_t)partition->over | (uint64_t)partition->drained << 1);
    }
}

flow_status fl_reader_load(
    struct fl_engine *engine, uint32_t op, struct fl_wire *wire, flow_error *error)
{
    struct fl_reader *reader = engine->readers[op];
    const char *path = engine->plan.ops[op].node->path;
    const uint64_t count = fl_get_word(wire);
    if (count > reader->partition_count || (count && !reader->source->seek))
        return flow_error_raise(error, FLOW_DAMAGED, path,
            "the snapshot has %llu partitions of its input, where there are now %u%s",
            (unsigned long long)count, reader->partition_count,
            reader->source->seek ? "" : " and none can be gone back to");
    for (uint32_t p = 0; p < count; p++) {
        struct fl_partition *partition = &reader->partitions[p];
        partition->position = fl_get_word(wire);
        partition->latest = (int64_t)fl_get_word(wire);
        partition->promised = (int64_t)fl_get_word(wire);
        const uint64_t ended = fl_get_word(wire);
        partition->over = ended & 1;
        partition->drained = ended >> 1 & 1;
        if (wire->failed)
            return flow_error_raise(error, FLOW_DAMAGED, path, "its positions are cut short");
        if (partition->over || partition->position == 0)
            continue;
        const flow_status status =
            reader->source->seek(reader->self, p, partition->position, error);
        if (status != FLOW_OK)
            return flow_error_raise(error, status, path, "its input cannot be gone back to");
    }
    lock(reader);
    update_watermark(engine, op);
    unlock(reader);
    return FLOW_OK;
}
