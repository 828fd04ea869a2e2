// SPDX-License-Identifier: Apache-2.0
// A worker's step: at most one bundle. What is furthest downstream goes first, sources last, and
// nothing is started whose output a full shuffle would have to take (invariant 5).
#include "checks.h"
#include "shuffle.h"
#include "side.h"
#include "spill.h"
#include "spin.h"
#include "split.h"

#define LIVE_BATCHES 2u // images of live windows stay in a near cache (bench: session_count)
#define DATA_BATCHES 8u // of an inbox in one bundle; combines take one, whose keys are then at hand

int64_t fl_input_watermark(struct fl_worker *worker, const struct fl_plan_op *plan)
{
    const struct fl_engine *engine = worker->engine;
    int64_t lowest = FLOW_TIME_MAX_US;
    for (uint32_t word = 0; word < engine->plan.words; word++) {
        for (uint64_t bits = plan->origins[word]; bits; bits &= bits - 1) {
            const uint32_t i = word * 64 + (uint32_t)__builtin_ctzll(bits);
            const bool source = engine->plan.ops[i].kind == FL_OP_SOURCE;
            const uint32_t count = source ? 1 : engine->options.workers;
            for (uint32_t w = 0; w < count; w++) {
                const int64_t mark =
                    source
                        ? atomic_load_explicit(&engine->origin_watermark[i], memory_order_acquire)
                        : atomic_load_explicit(
                              &engine->workers[w].ops[i].keyed->out, memory_order_acquire);
                lowest = mark < lowest ? mark : lowest;
            }
        }
    }
    return lowest;
}

void fl_wake_all(struct fl_engine *engine)
{
    const struct fl_port *port = &engine->options.port;
    for (uint32_t w = 0; port->wake && w < engine->options.workers; w++)
        port->wake(port->user, w);
}

// Rows come to rest in piles and at gates: while all is held nothing leaves a pile, and what a gate
// waits for may be held too. So these take in what is on its way, which is no more than shuffles
// have room for and what that becomes.
static bool rests(enum fl_op_kind kind)
{
    return kind == FL_OP_SPLIT || kind == FL_OP_GATE;
}

// Whether every shuffle that an op's output may reach has room.
static bool gate_open(const struct fl_engine *engine, const struct fl_plan_op *plan)
{
    const bool held = atomic_load_explicit(&engine->held, memory_order_relaxed);
    for (uint32_t word = 0; word < engine->plan.words; word++)
        for (uint64_t bits = plan->reaches[word]; bits; bits &= bits - 1) {
            const uint32_t i = word * 64 + (uint32_t)__builtin_ctzll(bits);
            if (held && rests(engine->plan.ops[i].kind))
                continue;
            if (atomic_load_explicit(&engine->in_flight[i], memory_order_relaxed) >=
                engine->flight_limit)
                return false;
        }
    return true;
}

static bool stage_open(const struct fl_engine *engine, const struct fl_stage *stage)
{
    for (uint32_t i = 0; i < stage->op_count; i++)
        if (!gate_open(engine, stage->ops[i]->plan))
            return false;
    return true;
}

// Ends the bundle in work by its status.
static enum fl_step conclude(struct fl_worker *worker, flow_status status)
{
    if (status == FLOW_OK)
        status = fl_bundle_commit(worker);
    fl_log_bundle(worker, status == FLOW_OK);
    if (status == FLOW_OK)
        fl_relief_committed(worker);
    if (status == FLOW_OK && fl_spill_after(worker) == FLOW_OK)
        return FL_STEP_WORKED;
    if (status == FLOW_OK) { // it is committed: there is no way back
        fl_engine_fail(worker->engine, &worker->error);
        return FL_STEP_FAILED;
    }
    if (worker->bundle.mem) {
        fl_bundle_abort(worker);
        if (!worker->injected)
            fl_faulty(worker, FL_FAULT_FAILED);
    }
    if (!worker->injected)
        worker->injected = fl_spill_relieve(worker) || fl_relief_ask(worker);
    worker->again = worker->injected;
    if (worker->injected) {
        fl_poison_pause(worker);
        worker->injected = false;
        return FL_STEP_WORKED;
    }
    if (worker->error.status == FLOW_OK)
        flow_error_raise(&worker->error, status, worker->bundle.op->plan->node->path,
            "a bundle failed without a reason");
    fl_engine_fail(worker->engine, &worker->error);
    return FL_STEP_FAILED;
}

// --- stages

static void take_mail(struct fl_worker *worker, struct fl_stage *stage)
{
    struct fl_inbox *inbox = &stage->inbox;
    // the watermark first, the mail after: all that came before it is then in the mail
    inbox->mark = fl_input_watermark(worker, stage->first->plan);
    fl_moment(worker->engine);
    struct fl_batch *parcel = atomic_exchange_explicit(&inbox->mail, NULL, memory_order_acquire);
    struct fl_batch *oldest = NULL;
    while (parcel) {
        struct fl_batch *before = parcel->parcel;
        parcel->parcel = oldest;
        oldest = parcel;
        parcel = before;
    }
    while (oldest) {
        struct fl_batch *after = oldest->parcel;
        oldest->parcel = NULL;
        for (struct fl_batch *batch = oldest; batch; batch = batch->next) {
            *(inbox->last ? &inbox->last->next : &inbox->first) = batch;
            inbox->last = batch;
            inbox->left++;
        }
        oldest = after;
    }
    inbox->marked = true;
}

static uint32_t batches_of(enum fl_op_kind kind)
{
    if (kind == FL_OP_COMBINE)
        return 1;
    return kind == FL_OP_LIVES ? LIVE_BATCHES : DATA_BATCHES;
}

static flow_status run_data(struct fl_worker *worker, struct fl_stage *stage)
{
    struct fl_op *op = stage->first;
    struct fl_batch *batch = stage->inbox.first;
    const uint32_t limit = batches_of(op->plan->kind);
    const uint32_t most = stage->inbox.left < limit ? stage->inbox.left : limit;
    flow_status status = FLOW_OK;
    for (uint32_t i = 0; i < most && status == FLOW_OK; i++, batch = batch->next) {
        const enum fl_content content = batch->content;
        const flow_shape *shape = content == op->shuffle->format.content
                                      ? &op->shuffle->format.shape
                                      : &op->shuffle->partial.shape;
        const struct fl_view view = { batch, NULL, batch->count };
        // the inbox keeps a reference too: nobody may change the rows, since an abort needs them
        fl_batch_ref(batch);
        status = fl_push_checked(op, &view, shape, fl_keyed_push);
        fl_batch_unref(&worker->cache, batch);
        worker->bundle.batches++;
    }
    return status;
}

bool fl_publish(struct fl_op *op)
{
    struct fl_keyed *keyed = op->keyed;
    const int64_t next = keyed->ops->next(op);
    const int64_t hold = keyed->ops->hold ? keyed->ops->hold(op) : FL_NEVER;
    int64_t out = next - 1 < keyed->watermark ? next - 1 : keyed->watermark;
    out = hold < out ? hold : out;
    if (out <= atomic_load_explicit(&keyed->out, memory_order_relaxed))
        return false;
    // sequentially consistent: who is about to sleep must see it, or be seen sleeping
    atomic_store(&keyed->out, out);
    fl_wake_all(op->worker->engine);
    return true;
}

static enum fl_step fire(struct fl_worker *worker, struct fl_op *op)
{
    const bool part = op->plan->kind == FL_OP_SPLIT;
    if (!fl_bundle_begin(worker, part ? FL_BUNDLE_PART : FL_BUNDLE_TIME, op))
        return conclude(worker, FLOW_BUDGET);
    op->keyed->touched = true;
    const enum fl_step step = conclude(worker, op->keyed->ops->fire(op));
    if (step == FL_STEP_WORKED && !worker->again)
        fl_publish(op);
    return step;
}

// A local op follows its feeder on the same worker, whose rows come in the bundles that emit them.
static void adopt_watermark(struct fl_worker *worker, struct fl_op *op, int64_t stage_watermark)
{
    const struct fl_op *feeder = &worker->ops[op->plan->feeder];
    op->keyed->watermark = op->plan->local
                               ? atomic_load_explicit(&feeder->keyed->out, memory_order_relaxed)
                               : stage_watermark;
}

// Whether something is due by the clock. Looks at the clock only where something waits for it.
static bool clock_due(struct fl_op *op)
{
    struct fl_keyed *keyed = op->keyed;
    const struct fl_port *port = &op->worker->engine->options.port;
    const int64_t wake = keyed->ops->wake ? keyed->ops->wake(op) : FL_NEVER;
    if (wake == FL_NEVER)
        return false;
    keyed->now = port->now(port->user);
    return wake <= keyed->now;
}

// What is due fires in bundles of its own, furthest downstream first and at once by what its feeder
// has promised since, so that rows do not pile up before a step that could already take them.
static enum fl_step run_time(struct fl_worker *worker, struct fl_stage *stage)
{
    bool moved;
    do {
        for (uint32_t i = stage->op_count; i-- > 0;) {
            struct fl_op *op = stage->ops[i];
            adopt_watermark(worker, op, stage->watermark);
            if (op->keyed->ops->next(op) <= op->keyed->watermark || clock_due(op))
                return fire(worker, op);
            op->keyed->closed = op->keyed->watermark;
        }
        moved = false;
        for (uint32_t i = 0; i < stage->op_count; i++)
            moved = fl_publish(stage->ops[i]) || moved;
    } while (moved);
    stage->firing = false;
    return FL_STEP_WORKED;
}

// Rows may set timers that are due at once, or may have waited for a time that is over: those do
// not wait for the watermark to move (R59).
static bool any_due(const struct fl_stage *stage)
{
    for (uint32_t i = 0; i < stage->op_count; i++) {
        struct fl_op *op = stage->ops[i];
        const struct fl_keyed *keyed = op->keyed;
        if (op->plan->kind == FL_OP_STATEFUL && keyed->ops->next(op) <= keyed->watermark)
            return true;
        // a hold may have gone with what the rows let fire
        if (keyed->ops->hold && (keyed->ops->next(op) <= keyed->watermark || fl_publish(op)))
            return true;
    }
    return false;
}

static bool any_clock_due(const struct fl_stage *stage)
{
    for (uint32_t i = 0; i < stage->op_count; i++)
        if (clock_due(stage->ops[i]))
            return true;
    return false;
}

// Follows the watermark as far as what waits here lets it.
static bool follow(struct fl_worker *worker, struct fl_op *op)
{
    const int64_t mark = fl_input_watermark(worker, op->plan);
    if (mark > op->keyed->watermark)
        op->keyed->watermark = mark;
    return fl_publish(op);
}

// Lets what waits go on, or follows the watermark.
static enum fl_step step_gate(struct fl_worker *worker, struct fl_op *op)
{
    if (fl_gate_ready(op)) {
        const enum fl_step step = fire(worker, op);
        if (step == FL_STEP_WORKED && !worker->again)
            fl_views_collect(worker);
        return step;
    }
    if (!follow(worker, op))
        return FL_STEP_IDLE;
    fl_views_collect(worker);
    return FL_STEP_WORKED;
}

// Works on what is left of an element. What has no end would leave nothing to steps behind it in
// line, so these take turns with sources.
static enum fl_step step_split(struct fl_worker *worker, struct fl_stage *stage)
{
    struct fl_op *op = stage->first;
    const bool open = stage_open(worker->engine, stage);
    fl_busy_blocked(op, !open);
    enum fl_step step = FL_STEP_IDLE;
    if (open && fl_split_take(op))
        step = fire(worker, op);
    else if (open && follow(worker, op))
        step = FL_STEP_WORKED;
    if (step == FL_STEP_WORKED && op->plan->side_count > 0 && !worker->again)
        fl_views_collect(worker);
    return step;
}

static enum fl_step step_stage(struct fl_worker *worker, struct fl_stage *stage)
{
    struct fl_inbox *inbox = &stage->inbox;
    const bool open = stage_open(worker->engine, stage);
    fl_busy_blocked(stage->first, !open);
    if (!open)
        return FL_STEP_IDLE;
    if (stage->first->plan->kind == FL_OP_GATE)
        return step_gate(worker, stage->first);
    if (stage->firing || any_clock_due(stage)) {
        stage->firing = true;
        return run_time(worker, stage);
    }
    // a mark that is followed already is of no use: more may have come since, and who sent it has
    // woken this worker before it looked here
    if (!inbox->marked || (inbox->left == 0 && inbox->mark <= stage->watermark))
        take_mail(worker, stage);
    if (inbox->left > 0) {
        if (!fl_bundle_begin(worker, FL_BUNDLE_DATA, stage->first))
            return conclude(worker, FLOW_BUDGET);
        const enum fl_step step = conclude(worker, run_data(worker, stage));
        if (step == FL_STEP_WORKED && !worker->again)
            stage->firing = any_due(stage);
        return step;
    }
    inbox->marked = false;
    if (inbox->mark <= stage->watermark)
        return FL_STEP_IDLE;
    stage->watermark = inbox->mark;
    stage->firing = true;
    return run_time(worker, stage);
}

// --- sources

static enum fl_step read_piece(struct fl_worker *worker, uint32_t i)
{
    struct fl_op *op = &worker->ops[i];
    if (!fl_bundle_begin(worker, FL_BUNDLE_SOURCE, op))
        return conclude(worker, FLOW_BUDGET);
    return conclude(worker, fl_reader_read(op));
}

static enum fl_step step_source(struct fl_worker *worker, uint32_t i, bool *over)
{
    struct fl_engine *engine = worker->engine;
    *over = false;
    const bool open = gate_open(engine, &engine->plan.ops[i]);
    fl_busy_blocked(&worker->ops[i], !open);
    if (!open)
        return FL_STEP_IDLE;
    switch (fl_reader_claim(worker, i)) {
    case FL_CLAIMED:
        worker->claimed_op = i;
        return read_piece(worker, i);
    case FL_CLAIM_OVER:
        *over = true;
        return FL_STEP_IDLE;
    case FL_CLAIM_ERROR:
        fl_engine_fail(engine, &worker->error);
        return FL_STEP_FAILED;
    case FL_CLAIM_LATER:
        fl_reader_idle(engine, i); // may move the watermark with every look at the clock
        return fl_reader_wakes(engine, i) ? FL_STEP_IDLE : FL_STEP_POLL;
    case FL_CLAIM_NOTHING:
        break;
    }
    return FL_STEP_POLL;
}

static bool stages_over(const struct fl_worker *worker)
{
    for (uint32_t i = 0; i < worker->engine->plan.op_count; i++) {
        const struct fl_stage *stage = &worker->stages[i];
        if (stage->first && stage->firing)
            return false; // waits before a full shuffle to see that nothing more is due
        for (uint32_t k = 0; stage->first && k < stage->op_count; k++)
            if (atomic_load_explicit(&stage->ops[k]->keyed->out, memory_order_relaxed) <
                FLOW_TIME_MAX_US)
                return false;
    }
    return true;
}

static enum fl_step step_sources(struct fl_worker *worker)
{
    const uint32_t count = worker->engine->plan.op_count;
    bool all_over = true, poll = false;
    for (uint32_t k = 0; k < count; k++) {
        const uint32_t i = (worker->next_source + k) % count;
        const enum fl_op_kind kind = worker->engine->plan.ops[i].kind;
        if (kind != FL_OP_SOURCE && kind != FL_OP_SPLIT)
            continue;
        bool over = true;
        const enum fl_step step = kind == FL_OP_SPLIT ? step_split(worker, &worker->stages[i])
                                                      : step_source(worker, i, &over);
        if (step == FL_STEP_WORKED || step == FL_STEP_FAILED) {
            worker->next_source = (i + 1) % count;
            return step;
        }
        all_over = all_over && over;
        poll = poll || step == FL_STEP_POLL;
    }
    if (all_over && stages_over(worker))
        return FL_STEP_DONE;
    return poll ? FL_STEP_POLL : FL_STEP_IDLE;
}

// A bundle that was aborted to be tried again comes before all others, as if nothing had happened.
static enum fl_step step_again(struct fl_worker *worker)
{
    worker->again = false;
    if (worker->claimed)
        return read_piece(worker, worker->claimed_op);
    if (worker->bundle.op->plan->kind == FL_OP_SPLIT)
        return step_split(worker, &worker->stages[worker->bundle.op->index]);
    return step_stage(worker, &worker->stages[worker->bundle.op->plan->stage]);
}

// A worker between its steps lets those read who have asked (fl_engine_why), before it goes on.
static void enter(struct fl_worker *worker)
{
    void (*yield)(void) = worker->engine->options.port.yield;
    while (atomic_load_explicit(&worker->asked, memory_order_relaxed) && yield)
        yield();
    fl_spin_lock(&worker->stepping, yield);
}

static int64_t next_wake(const struct fl_engine *engine, struct fl_worker *worker)
{
    int64_t first = worker->again && worker->poison.until ? worker->poison.until : FL_ASLEEP;
    for (uint32_t i = 0; i < engine->plan.op_count; i++) {
        struct fl_op *op = &worker->ops[i];
        const int64_t wake =
            op->keyed && op->keyed->ops->wake ? op->keyed->ops->wake(op) : FL_NEVER;
        if (wake != FL_NEVER && wake < first)
            first = wake;
    }
    return first;
}

int64_t fl_engine_next_wake(const struct fl_engine *engine, uint32_t index)
{
    struct fl_worker *worker = &engine->workers[index];
    enter(worker);
    const int64_t first = next_wake(engine, worker);
    fl_spin_unlock(&worker->stepping);
    return first;
}

static enum fl_step step_worker(struct fl_engine *engine, struct fl_worker *worker)
{
    if (atomic_load_explicit(&engine->cancelled, memory_order_relaxed)) {
        flow_error error = { 0 };
        flow_error_raise(&error, FLOW_CANCELLED, NULL, "the job was cancelled");
        fl_engine_fail(engine, &error);
    }
    if (atomic_load_explicit(&engine->failed, memory_order_relaxed))
        return FL_STEP_FAILED;
    if (fl_relief_answer(worker) != FLOW_OK) {
        fl_engine_fail(engine, &worker->error);
        return FL_STEP_FAILED;
    }
    if (worker->again) {
        if (fl_poison_waits(worker) || fl_relief_waits(worker))
            return FL_STEP_IDLE;
        const enum fl_step step = step_again(worker);
        if (step != FL_STEP_IDLE)
            return step;
    }
    for (uint32_t i = engine->plan.op_count; i-- > 0;) {
        struct fl_stage *stage = &worker->stages[i];
        if (!stage->first || stage->first->plan->kind == FL_OP_SPLIT)
            continue;
        const enum fl_step step = step_stage(worker, stage);
        if (step != FL_STEP_IDLE)
            return step;
    }
    return step_sources(worker);
}

enum fl_step fl_engine_step(struct fl_engine *engine, uint32_t index)
{
    struct fl_worker *worker = &engine->workers[index];
    enter(worker);
    const enum fl_step step = step_worker(engine, worker);
    if (step == FL_STEP_DONE)
        fl_relief_leave(worker);
    fl_spin_unlock(&worker->stepping);
    return step;
}
