// SPDX-License-Identifier: Apache-2.0
// Bundles: what they did becomes visible in one step, or leaves no trace (R3).
#include "life.h"
#include "measure.h"
#include "output.h"
#include "shuffle.h"
#include "side.h"

bool fl_bundle_begin(struct fl_worker *worker, enum fl_bundle_kind kind, struct fl_op *op)
{
    struct fl_bundle *bundle = &worker->bundle;
    bundle->kind = kind;
    bundle->number++;
    bundle->op = op;
    bundle->undo = NULL;
    bundle->after = bundle->after_last = NULL;
    bundle->batches = 0;
    bundle->staged = 0;
    bundle->used = worker->cache.used;
    bundle->mem = fl_mem_new(&worker->cache);
    memset(&worker->error, 0, sizeof worker->error);
    for (uint32_t i = 0; i < worker->engine->plan.op_count; i++) {
        worker->ops[i].saved = worker->ops[i].counts;
        worker->ops[i].staged = false;
        worker->ops[i].call.turn = 0;
    }
    fl_busy_begin(worker, op);
    return bundle->mem || fl_no_memory(op) == FLOW_OK;
}

bool fl_faulty(struct fl_worker *worker, enum fl_fault point)
{
    const struct fl_port *port = &worker->engine->options.port;
    if (!port->fault || !port->fault(port->user, point))
        return false;
    worker->injected = true;
    return true;
}

bool fl_undo_add(struct fl_op *op, void (*back)(struct fl_op *, void *, const void *), void *at,
    const void *image, size_t size)
{
    struct fl_bundle *bundle = &op->worker->bundle;
    if (!bundle->mem)
        return true; // a snapshot is being restored: that has no way back
    struct fl_undo *undo = fl_mem_alloc(&op->worker->cache, bundle->mem, sizeof *undo + size);
    if (!undo)
        return false;
    undo->next = bundle->undo;
    undo->back = back;
    undo->op = op;
    undo->at = at;
    if (size)
        memcpy(undo + 1, image, size);
    bundle->undo = undo;
    return true;
}

// All that a bundle sends must be ready before it commits.
static flow_status finish_outputs(struct fl_worker *worker)
{
    const uint32_t count = worker->engine->plan.op_count;
    flow_status status = FLOW_OK;
    for (uint32_t i = 0; i < count && status == FLOW_OK; i++) {
        struct fl_op *op = &worker->ops[i];
        if (op->keyed && op->keyed->touched)
            status = fl_late_emit(op);
        if (status == FLOW_OK && op->begun)
            status = fl_life_finish(op);
        if (status == FLOW_OK)
            status = fl_call_flush(op);
    }
    for (uint32_t i = 0; i < count && status == FLOW_OK; i++) {
        struct fl_op *op = &worker->ops[i];
        if (op->shuffle)
            status = fl_shuffle_flush(op);
        if (status == FLOW_OK && op->keyed && op->keyed->touched && op->keyed->ops->seal)
            status = op->keyed->ops->seal(op);
    }
    if (status == FLOW_OK && fl_faulty(worker, FL_FAULT_COMMIT))
        status = fl_op_fail(worker->bundle.op, FLOW_USER, "a test wants this bundle to fail");
    return status;
}

// What was lifted in a bundle must not have become late before it is sent.
static bool too_late(struct fl_worker *worker)
{
    bool late = false;
    for (uint32_t i = 0; i < worker->engine->plan.op_count; i++)
        if (worker->ops[i].shuffle && worker->ops[i].shuffle->rows > 0)
            late = fl_shuffle_too_late(&worker->ops[i]) || late;
    return late;
}

static void consume_inbox(struct fl_worker *worker, struct fl_op *op)
{
    struct fl_inbox *inbox = &worker->stages[op->index].inbox;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < worker->bundle.batches; i++) {
        struct fl_batch *batch = inbox->first;
        inbox->first = batch->next;
        if (!inbox->first)
            inbox->last = NULL;
        inbox->left--;
        bytes += batch->counted;
        fl_batch_unref(&worker->cache, batch);
    }
    struct fl_engine *engine = worker->engine;
    const uint64_t before = atomic_fetch_sub(&engine->in_flight[op->index], bytes);
    if (before >= engine->flight_limit && before - bytes < engine->flight_limit)
        fl_wake_all(engine);
}

static void end(struct fl_worker *worker, bool committed)
{
    fl_busy_end(worker);
    for (uint32_t i = 0; i < worker->engine->plan.op_count; i++) {
        struct fl_op *op = &worker->ops[i];
        fl_call_forget(op);
        fl_measures_end(op, committed);
        if (op->keyed)
            op->keyed->touched = false;
    }
    fl_pins_drop(worker);
    fl_mem_unref(&worker->cache, worker->bundle.mem);
    worker->bundle.mem = NULL;
    worker->bundle.undo = NULL;
}

static void commit_ops(struct fl_worker *worker)
{
    for (uint32_t i = 0; i < worker->engine->plan.op_count; i++) {
        struct fl_op *op = &worker->ops[i];
        if (op->keyed && op->keyed->touched)
            op->keyed->ops->commit(op);
        if (op->shuffle)
            fl_shuffle_commit(op);
        if (op->staged && op->plan->node->sink->publish)
            op->plan->node->sink->publish(op->sink_self, worker->index);
    }
    fl_views_publish(worker);
}

flow_status fl_bundle_commit(struct fl_worker *worker)
{
    struct fl_bundle *bundle = &worker->bundle;
    const bool source = bundle->kind == FL_BUNDLE_SOURCE;
    if (worker->poison.again) {
        worker->injected = true; // elements that failed are tried again, with all of the bundle
        return FLOW_USER;
    }
    flow_status status = finish_outputs(worker);
    if (status != FLOW_OK)
        return status;
    if (source)
        fl_reader_lock(worker->engine, bundle->op->index);
    if (too_late(worker)) {
        if (source)
            fl_reader_unlock(worker->engine, bundle->op->index);
        worker->injected = true; // not an error: the same bundle, another way
        return FLOW_INTERNAL;
    }
    commit_ops(worker);
    if (source) {
        fl_reader_done(bundle->op);
        fl_reader_unlock(worker->engine, bundle->op->index);
    } else if (bundle->kind == FL_BUNDLE_DATA) {
        consume_inbox(worker, bundle->op);
    }
    fl_life_committed(worker);
    worker->whole = false;
    if (worker->poison.of)
        fl_poison_clear(worker);
    end(worker, true);
    return worker->error.status; // memory ran out where nothing may fail: the job ends
}

void fl_bundle_abort(struct fl_worker *worker)
{
    const uint32_t count = worker->engine->plan.op_count;
    for (const struct fl_undo *undo = worker->bundle.undo; undo; undo = undo->next)
        undo->back(undo->op, undo->at, undo + 1);
    for (uint32_t i = 0; i < count; i++) {
        struct fl_op *op = &worker->ops[i];
        if (op->keyed && op->keyed->touched)
            op->keyed->ops->abort(op);
        if (op->shuffle)
            fl_shuffle_abort(op);
        if (op->staged && op->plan->node->sink->abort)
            op->plan->node->sink->abort(op->sink_self, worker->index);
        fl_life_abort(op);
        fl_call_drop(op);
        atomic_store_explicit(&op->counts.in, op->saved.in, memory_order_relaxed);
        atomic_store_explicit(&op->counts.out, op->saved.out, memory_order_relaxed);
        atomic_store_explicit(&op->counts.rejected, op->saved.rejected, memory_order_relaxed);
        atomic_store_explicit(&op->counts.late, op->saved.late, memory_order_relaxed);
        atomic_store_explicit(&op->counts.closed, op->saved.closed, memory_order_relaxed);
        atomic_store_explicit(&op->counts.other, op->saved.other, memory_order_relaxed);
        atomic_store_explicit(&op->counts.bad, op->saved.bad, memory_order_relaxed);
        for (int r = 0; r < FL_REASONS; r++)
            atomic_store_explicit(
                &op->counts.reasons[r], op->saved.reasons[r], memory_order_relaxed);
    }
    end(worker, false);
}
