// SPDX-License-Identifier: Apache-2.0
// Making an engine of a graph, ending it, and its figures.
#include "engine.h"

#include "life.h"
#include "shuffle.h"
#include "side.h"
#include "spill.h"
#include "spin.h"

static void *take(struct fl_engine *engine, size_t size)
{
    void *bytes = fl_mem_alloc(&engine->cache, engine->mem, size ? size : 1);
    if (bytes)
        memset(bytes, 0, size);
    return bytes;
}

static bool init_op(struct fl_worker *worker, uint32_t i)
{
    struct fl_engine *engine = worker->engine;
    struct fl_op *op = &worker->ops[i];
    op->plan = &engine->plan.ops[i];
    op->worker = worker;
    op->index = i;
    op->keep = take(engine, FLOW_BATCH_ROWS * sizeof *op->keep);
    if (!op->keep || !fl_call_init(op))
        return false;
    if (op->plan->kind == FL_OP_SINK)
        op->sink_self = engine->sinks[i];
    if ((op->plan->keyed || op->plan->kind == FL_OP_VIEW) && !fl_keyed_init(op))
        return false;
    if (fl_plan_shuffled(op->plan->kind) && !op->plan->local && !fl_shuffle_init(op))
        return false;
    op->places = take(engine, op->plan->side_count * sizeof *op->places);
    if (!op->places)
        return false;
    fl_ops_bind(op);
    return true;
}

static bool init_stage(struct fl_worker *worker, uint32_t first)
{
    struct fl_engine *engine = worker->engine;
    struct fl_stage *stage = &worker->stages[first];
    stage->first = &worker->ops[first];
    stage->watermark = FLOW_TIME_MIN_US;
    for (uint32_t i = first; i < engine->plan.op_count; i++)
        stage->op_count += engine->plan.ops[i].keyed && engine->plan.ops[i].stage == first;
    stage->ops = take(engine, stage->op_count * sizeof *stage->ops);
    if (!stage->ops)
        return false;
    uint32_t at = 0;
    for (uint32_t i = first; i < engine->plan.op_count; i++)
        if (engine->plan.ops[i].keyed && engine->plan.ops[i].stage == first)
            stage->ops[at++] = &worker->ops[i];
    return true;
}

static bool init_worker(struct fl_engine *engine, uint32_t index)
{
    struct fl_worker *worker = &engine->workers[index];
    const uint32_t count = engine->plan.op_count;
    worker->engine = engine;
    worker->index = index;
    atomic_flag_clear(&worker->stepping);
    fl_cache_init(&worker->cache, &engine->pool);
    worker->ops = take(engine, count * sizeof *worker->ops);
    worker->stages = take(engine, count * sizeof *worker->stages);
    worker->keys = take(engine, sizeof *worker->keys);
    worker->placed = take(engine, sizeof *worker->placed);
    worker->identity = take(engine, FLOW_BATCH_ROWS * sizeof *worker->identity);
    if (!worker->ops || !worker->stages || !worker->keys || !worker->placed || !worker->identity)
        return false;
    worker->scratch.allocator = engine->graph->allocator;
    if (!fl_pins_init(worker) || !fl_spill_init(worker))
        return false;
    for (uint32_t row = 0; row < FLOW_BATCH_ROWS; row++)
        worker->identity[row] = (uint16_t)row;
    for (uint32_t i = 0; i < count; i++)
        if (!init_op(worker, i))
            return false;
    for (uint32_t i = 0; i < count; i++)
        if (engine->plan.ops[i].keyed && engine->plan.ops[i].stage == i && !init_stage(worker, i))
            return false;
    return true;
}

static bool open_sink(struct fl_engine *engine, uint32_t i, flow_error *error)
{
    const struct fl_plan_op *op = &engine->plan.ops[i];
    const flow_sink *sink = op->node->sink;
    engine->sinks[i] = take(engine, sink->self_size + 1);
    if (!engine->sinks[i]) {
        flow_error_raise(error, FLOW_BUDGET, op->node->path, "no memory to open the sink");
        return false;
    }
    flow_error reason = { 0 };
    const flow_open open = { .config = op->node->sink_config,
        .step = op->node->path,
        .type = op->in->shape.type,
        .key = { op->in->shape.key, op->in->shape.key_size, NULL },
        .key_record = op->in->shape.key_record,
        .workers = engine->options.workers,
        .allocator = engine->graph->allocator,
        .error = &reason };
    const flow_status status = sink->open(engine->sinks[i], &open);
    if (status != FLOW_OK)
        flow_error_raise(error, status, op->node->path, "%s",
            reason.message[0] ? reason.message : "the sink cannot be opened");
    engine->sink_open[i] = status == FLOW_OK;
    return status == FLOW_OK;
}

static bool open_outside(struct fl_engine *engine, flow_error *error)
{
    for (uint32_t i = 0; i < engine->plan.op_count; i++) {
        const enum fl_op_kind kind = engine->plan.ops[i].kind;
        if (kind == FL_OP_SOURCE && !fl_reader_open(engine, i, error))
            return false;
        if (kind == FL_OP_SINK && !open_sink(engine, i, error))
            return false;
    }
    return true;
}

static bool set_up(struct fl_engine *engine, flow_error *error)
{
    for (uint32_t w = 0; w < engine->options.workers; w++) {
        struct fl_worker *worker = &engine->workers[w];
        for (uint32_t i = 0; i < engine->plan.op_count; i++) {
            if (fl_life_setup(&worker->ops[i]))
                continue;
            if (worker->error.status == FLOW_OK)
                fl_no_memory(&worker->ops[i]);
            *error = worker->error;
            return false;
        }
    }
    return true;
}

// The name of the scratch directory is the caller's only for now.
static bool own_scratch(struct fl_engine *engine)
{
    const size_t size = strlen(engine->options.scratch) + 1;
    char *copy = take(engine, size);
    if (copy)
        memcpy(copy, engine->options.scratch, size);
    engine->options.scratch = copy;
    return copy != NULL;
}

static bool init(struct fl_engine *engine, flow_error *error)
{
    engine->mem = fl_mem_new(&engine->cache);
    if (!engine->mem ||
        !fl_plan_make(&engine->plan, engine->graph, &engine->cache, engine->mem, error)) {
        flow_error_raise(error, FLOW_BUDGET, NULL, "no memory for the plan");
        return false;
    }
    const uint32_t count = engine->plan.op_count;
    if (engine->options.scratch && !own_scratch(engine)) {
        flow_error_raise(error, FLOW_BUDGET, NULL, "no memory for the engine");
        return false;
    }
    engine->readers = take(engine, count * sizeof *engine->readers);
    engine->sinks = take(engine, count * sizeof *engine->sinks);
    engine->sink_open = take(engine, count * sizeof *engine->sink_open);
    engine->in_flight = take(engine, count * sizeof *engine->in_flight);
    engine->origin_watermark = take(engine, count * sizeof *engine->origin_watermark);
    engine->drain_marks = take(engine, count * sizeof *engine->drain_marks);
    engine->workers = take(engine, engine->options.workers * sizeof *engine->workers);
    if (!engine->readers || !engine->sinks || !engine->sink_open || !engine->in_flight ||
        !engine->origin_watermark || !engine->drain_marks || !engine->workers) {
        flow_error_raise(error, FLOW_BUDGET, NULL, "no memory for the engine");
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        atomic_init(&engine->origin_watermark[i], FLOW_TIME_MIN_US);
        atomic_init(&engine->drain_marks[i], FL_NEVER);
    }
    if (!fl_views_init(engine)) {
        flow_error_raise(error, FLOW_BUDGET, NULL, "no memory for the engine");
        return false;
    }
    if (!open_outside(engine, error))
        return false;
    for (uint32_t w = 0; w < engine->options.workers; w++) {
        if (!init_worker(engine, w)) {
            flow_error_raise(error, FLOW_BUDGET, NULL,
                "the memory budget of %llu MiB is too small for %u workers",
                (unsigned long long)(engine->options.memory >> 20), engine->options.workers);
            return false;
        }
    }
    return set_up(engine, error);
}

struct fl_engine *fl_engine_new(
    const flow_graph *graph, const struct fl_engine_options *options, flow_error *error)
{
    // the engine itself lies in memory that its own pool gives
    struct fl_pool pool;
    struct fl_cache cache;
    fl_pool_init(&pool, graph->allocator, options->memory);
    pool.yield = options->port.yield;
    fl_cache_init(&cache, &pool);
    struct fl_engine *engine = fl_take(&cache, sizeof *engine);
    if (!engine) {
        fl_cache_empty(&cache);
        fl_pool_fini(&pool);
        flow_error_raise(error, FLOW_BUDGET, NULL, "no memory for the engine");
        return NULL;
    }
    memset(engine, 0, sizeof *engine);
    fl_cache_empty(&cache);
    fl_pool_move(&engine->pool, &pool);
    fl_cache_init(&engine->cache, &engine->pool);
    engine->graph = graph;
    engine->options = *options;
    atomic_flag_clear(&engine->error_lock);
    atomic_flag_clear(&engine->naming);
    engine->flight_limit = options->memory / 16;
    const uint64_t most = (uint64_t)FL_FLIGHT_BYTES * options->workers;
    engine->flight_limit = engine->flight_limit < most ? engine->flight_limit : most;
    if (options->flight)
        engine->flight_limit = options->flight;
    engine->bundle_limit = options->memory / 8 / options->workers;
    if (engine->bundle_limit < FL_BUNDLE_LEAST)
        engine->bundle_limit = FL_BUNDLE_LEAST;
    if (init(engine, error)) {
        fl_log(engine, FLOW_LOG_INFO, NULL, "pipeline %s starts: %u workers, %llu MiB", graph->name,
            options->workers, (unsigned long long)(options->memory >> 20));
        return engine;
    }
    fl_engine_free(engine);
    return NULL;
}

void fl_engine_fail(struct fl_engine *engine, const flow_error *error)
{
    fl_spin_lock(&engine->error_lock, engine->options.port.yield);
    if (engine->error.status == FLOW_OK)
        engine->error = *error;
    fl_spin_unlock(&engine->error_lock);
    atomic_store(&engine->failed, true);
    fl_wake_all(engine);
}

void fl_engine_cancel(struct fl_engine *engine)
{
    atomic_store(&engine->cancelled, true);
    fl_wake_all(engine);
}

void fl_engine_hold(struct fl_engine *engine, bool hold)
{
    atomic_store(&engine->held, hold);
    fl_wake_all(engine);
}

void fl_engine_drain(struct fl_engine *engine)
{
    atomic_store(&engine->draining, true);
    fl_wake_all(engine);
}

flow_status fl_engine_end(struct fl_engine *engine, flow_error *error)
{
    for (uint32_t i = 0; i < engine->plan.op_count && engine->error.status == FLOW_OK; i++)
        fl_poison_share(engine, i, 1, &engine->error);
    for (uint32_t i = 0; i < engine->plan.op_count; i++) {
        const flow_node *node = engine->plan.ops[i].node;
        flow_error reason = { 0 };
        if (!node->sink || !engine->sink_open[i] || engine->error.status != FLOW_OK)
            continue;
        flow_status status =
            node->sink->finish ? node->sink->finish(engine->sinks[i], &reason) : FLOW_OK;
        if (status != FLOW_OK)
            flow_error_raise(&engine->error, status, node->path, "%s", reason.message);
    }
    for (uint32_t i = 0; i < engine->plan.op_count; i++) {
        const flow_node *node = engine->plan.ops[i].node;
        if (node->sink && engine->sink_open[i] && engine->error.status != FLOW_OK &&
            node->sink->discard)
            node->sink->discard(engine->sinks[i]);
    }
    if (error && error->status == FLOW_OK)
        *error = engine->error;
    if (engine->error.status == FLOW_OK)
        fl_log(engine, FLOW_LOG_INFO, NULL, "pipeline %s ended", engine->graph->name);
    else
        fl_log(engine, FLOW_LOG_ERROR, engine->error.step, "%s", engine->error.message);
    return engine->error.status;
}

static void free_worker(struct fl_worker *worker)
{
    struct fl_engine *engine = worker->engine;
    if (!engine)
        return;
    for (uint32_t i = 0; worker->ops && i < engine->plan.op_count; i++) {
        struct fl_op *op = &worker->ops[i];
        if (!op->worker)
            continue;
        fl_life_end(op);
        fl_call_drop(op);
        if (op->shuffle)
            fl_shuffle_fini(op);
        fl_keyed_fini(op);
        struct fl_stage *stage = worker->stages ? &worker->stages[i] : NULL;
        while (stage && stage->inbox.first) {
            struct fl_batch *batch = stage->inbox.first;
            stage->inbox.first = batch->next;
            fl_batch_unref(&worker->cache, batch);
        }
        struct fl_batch *parcel = stage ? atomic_exchange(&stage->inbox.mail, NULL) : NULL;
        while (parcel) {
            struct fl_batch *older = parcel->parcel;
            while (parcel) {
                struct fl_batch *batch = parcel;
                parcel = batch->next;
                fl_batch_unref(&worker->cache, batch);
            }
            parcel = older;
        }
    }
    fl_spill_fini(worker);
    flow_buffer_free(&worker->scratch);
    fl_poison_clear(worker);
    fl_pins_fini(worker);
}

void fl_engine_free(struct fl_engine *engine)
{
    if (!engine)
        return;
    for (uint32_t w = 0; engine->workers && w < engine->options.workers; w++)
        free_worker(&engine->workers[w]);
    fl_views_fini(engine);
    for (uint32_t i = 0;
         engine->readers && engine->sinks && engine->sink_open && i < engine->plan.op_count; i++) {
        fl_reader_close(engine, i);
        if (engine->sink_open[i])
            engine->plan.ops[i].node->sink->close(engine->sinks[i]);
    }
    for (uint32_t w = 0; engine->workers && w < engine->options.workers; w++) {
        fl_mem_unref(&engine->workers[w].cache, engine->workers[w].lasting);
        fl_cache_empty(&engine->workers[w].cache);
    }
    fl_mem_unref(&engine->cache, engine->mem);
    fl_cache_empty(&engine->cache);
    struct fl_pool pool;
    fl_pool_move(&pool, &engine->pool);
    fl_pool_fini(&pool);
}

uint64_t fl_counts_sum(const struct fl_engine *engine, uint32_t i, size_t which)
{
    uint64_t sum = 0;
    for (uint32_t w = 0; w < engine->options.workers; w++) {
        const struct fl_counts *counts = &engine->workers[w].ops[i].counts;
        const _Atomic uint64_t *counter =
            (const _Atomic uint64_t *)(const void *)((const char *)counts + which);
        sum += atomic_load_explicit(counter, memory_order_relaxed);
    }
    return sum;
}

void fl_engine_status(const struct fl_engine *engine, flow_status_report *report)
{
    memset(report, 0, sizeof *report);
    report->watermark.us = FLOW_TIME_MAX_US;
    for (uint32_t i = 0; i < engine->plan.op_count; i++) {
        const struct fl_plan_op *op = &engine->plan.ops[i];
        if (op->kind == FL_OP_SOURCE) {
            report->rows_in += fl_counts_sum(engine, i, offsetof(struct fl_counts, in));
            const int64_t mark = atomic_load(&engine->origin_watermark[i]);
            report->watermark.us = mark < report->watermark.us ? mark : report->watermark.us;
        }
        if (op->kind == FL_OP_SINK)
            report->rows_out += fl_counts_sum(engine, i, offsetof(struct fl_counts, in));
        report->rejected += fl_counts_sum(engine, i, offsetof(struct fl_counts, rejected));
        report->dropped_late += fl_counts_sum(engine, i, offsetof(struct fl_counts, late));
        report->dropped_closed += fl_counts_sum(engine, i, offsetof(struct fl_counts, closed));
        report->dropped_other += fl_counts_sum(engine, i, offsetof(struct fl_counts, other));
    }
    report->memory = atomic_load(&engine->pool.held);
    report->memory_peak = atomic_load(&engine->pool.peak);
}

// The op of the index-th step: gates are part of the step behind them.
static uint32_t op_of_step(const struct fl_engine *engine, size_t index)
{
    uint32_t i = 0;
    for (; i < engine->plan.op_count; i++)
        if (engine->plan.ops[i].kind != FL_OP_GATE && index-- == 0)
            break;
    return i;
}

bool fl_engine_step_report(const struct fl_engine *engine, size_t index, flow_step_report *report)
{
    const uint32_t i = op_of_step(engine, index);
    if (i >= engine->plan.op_count)
        return false;
    const struct fl_plan_op *op = &engine->plan.ops[i];
    report->path = op->node->path;
    report->rows_in = fl_counts_sum(engine, i, offsetof(struct fl_counts, in));
    report->rows_out = fl_counts_sum(engine, i, offsetof(struct fl_counts, out));
    report->rejected = fl_counts_sum(engine, i, offsetof(struct fl_counts, rejected));
    report->dropped = fl_counts_sum(engine, i, offsetof(struct fl_counts, late)) +
                      fl_counts_sum(engine, i, offsetof(struct fl_counts, closed)) +
                      fl_counts_sum(engine, i, offsetof(struct fl_counts, other));
    report->watermark.us = FLOW_TIME_MAX_US;
    for (uint32_t w = 0; op->keyed && w < engine->options.workers; w++) {
        const int64_t out = atomic_load(&engine->workers[w].ops[i].keyed->out);
        report->watermark.us = out < report->watermark.us ? out : report->watermark.us;
    }
    if (op->kind == FL_OP_SOURCE)
        report->watermark.us = atomic_load(&engine->origin_watermark[i]);
    else if (!op->keyed)
        report->watermark.us = fl_input_watermark(&engine->workers[0], op);
    return true;
}
