// SPDX-License-Identifier: Apache-2.0
// Gates: before a step with side inputs. Rows whose side inputs are ready go through at once;
// others wait here, on the worker that made them, and hold the watermark (R69).
#include "explode.h"
#include "side.h"

#include "snapshot.h"

#define RELEASE_BATCHES 8u // that one bundle lets go on of

// Rows that wait: of a batch of copies.
struct waiting {
    struct fl_batch *batch;
    uint16_t *selection; // NULL: all
    uint16_t *left;      // rows that still wait after this bundle; NULL: all of `selection` do
    uint32_t count, left_count;
    bool one;           // all lie in one window
    flow_window window; // that of the last
    int64_t earliest;
    int64_t hold; // the same, but that a window that has ended before its element's time counts too
    bool changed; // in this bundle
};

struct fl_gate {
    struct fl_layout layout;
    struct fl_store incoming; // of the bundle
    uint32_t incoming_count;  // batches that the commit adds
    uint32_t gathered;        // how many of the last that wait are in it too, put together
    struct waiting *at;       // oldest first
    uint32_t count, room;
    int64_t hold;   // of all that wait
    bool look;      // though no view has changed
    uint64_t epoch; // of the views when they were looked at last
    int64_t *marks; // by side input, likewise
    // whether elements of a main window find their side inputs ready, as the bundle sees them
    bool known, ready;
    bool starved; // there was no memory to find out
    flow_window window;
};

bool fl_gate_init(struct fl_op *op)
{
    struct fl_engine *engine = op->worker->engine;
    const uint32_t sides = op->plan->side_count;
    struct fl_gate *gate = fl_mem_alloc(&engine->cache, engine->mem, sizeof *gate);
    if (!gate)
        return false;
    memset(gate, 0, sizeof *gate);
    op->keyed->gate = gate;
    gate->layout = fl_layout_of(&op->plan->shape);
    gate->hold = FL_NEVER;
    gate->marks = fl_mem_alloc(&engine->cache, engine->mem, sides * sizeof *gate->marks);
    for (uint32_t s = 0; gate->marks && s < sides; s++)
        gate->marks[s] = FLOW_TIME_MIN_US;
    return gate->marks != NULL;
}

static void drop_waiting(struct fl_cache *cache, struct waiting *waiting)
{
    fl_give(cache, waiting->selection, waiting->count * sizeof *waiting->selection);
    fl_batch_unref(cache, waiting->batch);
}

void fl_gate_fini(struct fl_op *op)
{
    struct fl_gate *gate = op->keyed->gate;
    struct fl_cache *cache = &op->worker->cache;
    if (!gate)
        return;
    fl_store_drop(cache, &gate->incoming);
    for (uint32_t i = 0; i < gate->count; i++) {
        fl_give(cache, gate->at[i].left, gate->at[i].left_count * sizeof(uint16_t));
        drop_waiting(cache, &gate->at[i]);
    }
    fl_give(cache, gate->at, gate->room * sizeof *gate->at);
    memset(gate, 0, sizeof *gate);
}

// --- readiness

// Whether a view shows what an element of a main window asks for.
static bool view_ready(struct fl_op *op, const struct fl_plan_op *view, flow_window main)
{
    const struct fl_pins *pins = &op->worker->pins;
    flow_window window;
    const enum fl_side_found found =
        fl_side_window(&op->worker->cache, &view->in->windows, main, &window);
    if (found == FL_SIDE_NO_MEMORY)
        op->keyed->gate->starved = true; // the bundle fails
    if (found != FL_SIDE_FOUND)
        return true;
    const int64_t mark = pins->marks[view->view];
    if (fl_view_window(pins->states[view->view], window))
        return true;
    // a trigger that may stay silent has its last chance when the window is collected
    return view->fires_at_end ? mark >= window.end.us
                              : mark > flow_window_expiry(window, view->in->lateness).us;
}

static bool same_window(flow_window a, flow_window b)
{
    return a.start.us == b.start.us && a.end.us == b.end.us;
}

static bool windows_ready(struct fl_op *op, flow_window main)
{
    struct fl_gate *gate = op->keyed->gate;
    if (gate->known && same_window(gate->window, main))
        return gate->ready;
    gate->known = gate->ready = true;
    gate->window = main;
    for (uint32_t s = 0; gate->ready && s < op->plan->side_count; s++) {
        const struct fl_plan_op *view = &op->worker->engine->plan.ops[op->plan->sides[s]];
        gate->ready = view->kind == FL_OP_TABLE || view_ready(op, view, main);
    }
    return gate->ready;
}

// Until when tables have all changes.
static int64_t tables_mark(const struct fl_op *op, const int64_t *marks)
{
    int64_t lowest = FLOW_TIME_MAX_US;
    for (uint32_t s = 0; s < op->plan->side_count; s++) {
        const struct fl_plan_op *view = &op->worker->engine->plan.ops[op->plan->sides[s]];
        if (view->kind == FL_OP_TABLE && marks[view->view] < lowest)
            lowest = marks[view->view];
    }
    return lowest;
}

static bool row_ready(struct fl_op *op, const struct fl_batch *batch, uint32_t row, int64_t tables)
{
    const int64_t time = fl_batch_time(batch, row);
    if (time >= tables && tables < FLOW_TIME_MAX_US)
        return false;
    const struct fl_gate *gate = op->keyed->gate;
    return windows_ready(op, gate->known ? fl_row_window_near(op, batch, row, gate->window)
                                         : fl_row_window(op, batch, row));
}

// --- rows that come

// The step behind the gate takes rows as they came.
static flow_status pass(struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    struct fl_op *next = &op->worker->ops[op->index + 1];
    fl_count(&next->counts.in, view->count);
    return next->push(next, view, shape);
}

// `window` is that of the row before, and becomes this one's where it was asked for.
static bool expired(const struct fl_op *op, const struct fl_batch *batch, uint32_t row,
    int64_t watermark, flow_window *window)
{
    const struct fl_plan *plan = &op->worker->engine->plan;
    const flow_duration lateness = op->plan->in->lateness;
    const int64_t time = fl_batch_time(batch, row);
    for (uint32_t s = 0; s < op->plan->side_count; s++) {
        const struct fl_plan_op *view = &plan->ops[op->plan->sides[s]];
        if (view->kind == FL_OP_TABLE) {
            const int64_t keep = view->node->view->keep.us;
            const int64_t late = keep > lateness.us ? keep : lateness.us;
            if (watermark >= FLOW_TIME_MIN_US + late && time < watermark - late)
                return true;
        } else if (op->plan->kind == FL_OP_GATE && view->in->windows.kind != FLOW_WINDOW_GLOBAL) {
            *window = fl_row_window_near(op, batch, row, *window);
            if (flow_window_expiry(*window, lateness).us < watermark)
                return true;
        }
    }
    return false;
}

flow_status fl_gate_expire(
    struct fl_op *op, struct fl_view *view, const flow_shape *shape, uint16_t *kept)
{
    struct fl_rejection why = { .reason = FL_LATE,
        .message = "it came so late that what it would find in a side input may be gone" };
    const int64_t watermark = op->keyed->watermark;
    struct fl_op *step = op->plan->kind == FL_OP_GATE ? &op->worker->ops[op->index + 1] : op;
    uint32_t count = 0;
    flow_window window = { { 0 }, { 0 } };
    if (watermark == FLOW_TIME_MIN_US)
        return FLOW_OK;
    for (uint32_t i = 0; i < view->count; i++) {
        const uint32_t row = fl_view_row(view, i);
        if (!expired(op, view->batch, row, watermark, &window)) {
            kept[count++] = (uint16_t)row;
            continue;
        }
        if (!fl_batch_need_rows(&op->worker->cache, view->batch))
            return fl_no_memory(op);
        why.windows = op->plan->kind == FL_OP_GATE ? fl_row_windows(op, view->batch, row)
                                                   : fl_late_open(op, view->batch, row);
        const flow_status status = fl_drop_row(step, view, shape, row, &why);
        if (status != FLOW_OK)
            return status;
    }
    if (count < view->count) {
        view->selection = kept;
        view->count = count;
    }
    return FLOW_OK;
}

// Of rows that lie in one window of a view each: what is ready goes on, the rest waits.
flow_status fl_gate_push(struct fl_op *op, const struct fl_view *all, const flow_shape *shape)
{
    struct fl_worker *worker = op->worker;
    struct fl_gate *gate = op->keyed->gate;
    op->keyed->touched = true;
    fl_pins_take(worker);
    const int64_t tables = tables_mark(op, worker->pins.marks);
    const size_t size = FLOW_BATCH_ROWS * sizeof(uint16_t);
    uint16_t *kept = fl_mem_alloc(&worker->cache, worker->bundle.mem, size);
    struct fl_view view = *all;
    if (!kept)
        return fl_no_memory(op);
    flow_status status = fl_gate_expire(op, &view, shape, kept);
    uint32_t ready = 0;
    for (uint32_t i = 0; status == FLOW_OK && i < view.count; i++) {
        const uint32_t row = fl_view_row(&view, i);
        if (row_ready(op, view.batch, row, tables)) {
            op->keep[ready++] = (uint16_t)row;
            continue;
        }
        const struct fl_row_at at = { view.batch, shape, row };
        if (!fl_batch_need_rows(&worker->cache, view.batch) ||
            !fl_store_put(&worker->cache, &gate->layout, &gate->incoming, &at))
            status = fl_no_memory(op);
    }
    if (gate->starved)
        status = fl_no_memory(op);
    if (status != FLOW_OK || ready == 0)
        return status;
    if (ready < view.count) {
        view.selection = op->keep;
        view.count = ready;
    }
    return pass(op, &view, shape);
}

// --- rows that go on

// What of a batch that waits is ready: its numbers, in `rows` where it is a part, and those that
// are not.
static bool split(struct fl_op *op, const struct waiting *waiting, struct fl_view *ready,
    uint16_t *rows, uint32_t *left)
{
    const int64_t tables = tables_mark(op, op->worker->pins.marks);
    const struct fl_view all = { waiting->batch, waiting->selection, waiting->count };
    uint32_t count = 0;
    *left = 0;
    if (waiting->earliest >= tables && tables < FLOW_TIME_MAX_US)
        return false;
    if (waiting->one && tables == FLOW_TIME_MAX_US) {
        *ready = all;
        return windows_ready(op, waiting->window);
    }
    for (uint32_t i = 0; i < all.count; i++) {
        const uint16_t row = (uint16_t)fl_view_row(&all, i);
        if (row_ready(op, waiting->batch, row, tables))
            rows[count++] = row;
        else
            rows[all.count - 1 - (*left)++] = row; // from the end, backwards
    }
    *ready = (struct fl_view){ waiting->batch, rows, count };
    return count > 0;
}

bool fl_gate_ready(struct fl_op *op)
{
    struct fl_worker *worker = op->worker;
    struct fl_gate *gate = op->keyed->gate;
    if (gate->count == 0)
        return false;
    const uint64_t epoch = atomic_load(&worker->engine->views.epoch);
    bool changed = gate->look || epoch != gate->epoch;
    for (uint32_t s = 0; s < op->plan->side_count; s++) {
        const int64_t mark = fl_view_mark(worker, op->plan->sides[s]);
        changed = changed || mark != gate->marks[s];
        gate->marks[s] = mark;
    }
    if (!changed)
        return false;
    gate->epoch = epoch;
    gate->look = false;
    gate->known = false;
    fl_pins_take(worker);
    for (uint32_t i = 0; i < gate->count; i++) {
        struct fl_view ready;
        uint32_t left;
        if (split(op, &gate->at[i], &ready, op->keep, &left))
            return true;
    }
    gate->known = false;
    fl_pins_drop(worker);
    return false;
}

static flow_status release_one(struct fl_op *op, struct waiting *waiting, bool *any)
{
    struct fl_worker *worker = op->worker;
    struct fl_cache *cache = &worker->cache;
    struct fl_view ready;
    uint32_t left = 0;
    uint16_t *rows = fl_mem_alloc(cache, worker->bundle.mem, waiting->count * sizeof *rows);
    if (!rows)
        return fl_no_memory(op);
    *any = split(op, waiting, &ready, rows, &left);
    if (op->keyed->gate->starved)
        return fl_no_memory(op);
    if (!*any)
        return FLOW_OK;
    if (left > 0) {
        waiting->left = fl_take(cache, left * sizeof *waiting->left);
        if (!waiting->left)
            return fl_no_memory(op);
        for (uint32_t i = 0; i < left; i++)
            waiting->left[i] = rows[waiting->count - 1 - i];
    }
    waiting->left_count = left;
    waiting->changed = true;
    // the gate keeps its reference: nobody may change the rows, since an abort needs them
    fl_batch_ref(waiting->batch);
    const flow_status status = pass(op, &ready, &op->keyed->gate->layout.shape);
    fl_batch_unref(cache, waiting->batch);
    return status;
}

flow_status fl_gate_release(struct fl_op *op)
{
    struct fl_gate *gate = op->keyed->gate;
    flow_status status = FLOW_OK;
    uint32_t released = 0;
    for (uint32_t i = 0; status == FLOW_OK && i < gate->count; i++) {
        bool any = false;
        if (released == RELEASE_BATCHES) {
            gate->look = true;
            break;
        }
        status = release_one(op, &gate->at[i], &any);
        released += any;
    }
    return status;
}

// --- the bundle

static bool store_view(struct fl_cache *cache, const struct fl_layout *layout,
    struct fl_store *store, const struct fl_view *view)
{
    for (uint32_t i = 0; i < view->count; i++) {
        const struct fl_row_at at = { view->batch, &layout->shape, fl_view_row(view, i) };
        if (!fl_store_put(cache, layout, store, &at))
            return false;
    }
    return true;
}

// A bundle may bring a single row, and a batch takes many KiB however few it has: what came last is
// put together with what waits behind it, as long as that is no more. So a row is copied some ten
// times at most.
static bool gather(struct fl_op *op)
{
    struct fl_gate *gate = op->keyed->gate;
    struct fl_cache *cache = &op->worker->cache;
    struct fl_store together = { 0 };
    uint32_t rows = 0, taken = 0;
    for (const struct fl_batch *batch = gate->incoming.first; batch; batch = batch->next)
        rows += batch->count;
    for (; rows > 0 && taken < gate->count; taken++) {
        const struct waiting *last = &gate->at[gate->count - 1 - taken];
        if (last->changed || last->count > rows || last->count + rows > FLOW_BATCH_ROWS)
            break;
        rows += last->count;
    }
    bool done = true;
    for (uint32_t i = gate->count - taken; i < gate->count && done; i++) {
        const struct waiting *waiting = &gate->at[i];
        const struct fl_view view = { waiting->batch, waiting->selection, waiting->count };
        done = store_view(cache, &gate->layout, &together, &view);
    }
    for (struct fl_batch *batch = gate->incoming.first; taken && batch && done; batch = batch->next)
        done = store_view(cache, &gate->layout, &together,
            &(struct fl_view){ .batch = batch, .count = batch->count });
    gate->gathered = done ? taken : 0;
    fl_store_drop(cache, done && taken ? &gate->incoming : &together);
    if (done && taken)
        gate->incoming = together;
    return done;
}

// Room for what waits from now on.
static flow_status seal(struct fl_op *op)
{
    struct fl_gate *gate = op->keyed->gate;
    struct fl_cache *cache = &op->worker->cache;
    gate->incoming_count = 0;
    if (!gather(op))
        return fl_no_memory(op);
    fl_store_close(cache, &gate->incoming);
    for (const struct fl_batch *batch = gate->incoming.first; batch; batch = batch->next)
        gate->incoming_count++;
    const uint32_t needed = gate->count + gate->incoming_count;
    if (needed <= gate->room)
        return FLOW_OK;
    uint32_t room = gate->room ? gate->room : 64;
    while (room < needed)
        room *= 2;
    struct waiting *at = fl_take(cache, room * sizeof *at);
    if (!at)
        return fl_no_memory(op);
    if (gate->count)
        memcpy(at, gate->at, gate->count * sizeof *at);
    fl_give(cache, gate->at, gate->room * sizeof *at);
    gate->at = at;
    gate->room = room;
    return FLOW_OK;
}

static void look_at(const struct fl_op *op, struct waiting *waiting)
{
    const struct fl_view rows = { waiting->batch, waiting->selection, waiting->count };
    flow_window window = { { 0 }, { 0 } };
    waiting->earliest = waiting->hold = FL_NEVER;
    waiting->one = true;
    for (uint32_t i = 0; i < rows.count; i++) {
        const uint32_t row = fl_view_row(&rows, i);
        const int64_t time = fl_batch_time(rows.batch, row);
        window = fl_row_window_near(op, rows.batch, row, window);
        waiting->one = waiting->one && (i == 0 || same_window(window, waiting->window));
        waiting->window = window;
        const int64_t hold = fl_hold_of(window, time);
        waiting->earliest = time < waiting->earliest ? time : waiting->earliest;
        waiting->hold = hold < waiting->hold ? hold : waiting->hold;
    }
}

static void add_incoming(struct fl_op *op)
{
    struct fl_gate *gate = op->keyed->gate;
    uint64_t bytes = 0;
    while (gate->incoming.first) {
        struct fl_batch *batch = gate->incoming.first;
        gate->incoming.first = batch->next;
        batch->next = NULL;
        bytes += batch->counted = fl_batch_size(batch);
        struct waiting *waiting = &gate->at[gate->count++];
        *waiting = (struct waiting){ .batch = batch, .count = batch->count };
        look_at(op, waiting);
        gate->look = true;
    }
    gate->incoming.last = NULL;
    if (bytes)
        atomic_fetch_add(&op->worker->engine->in_flight[op->index], bytes);
}

// What went on no longer waits; bytes that were freed by it.
static uint64_t take_released(struct fl_op *op)
{
    struct fl_gate *gate = op->keyed->gate;
    struct fl_cache *cache = &op->worker->cache;
    uint64_t bytes = 0;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < gate->count; i++) {
        struct waiting *waiting = &gate->at[i];
        if (waiting->changed && waiting->left_count == 0) {
            bytes += waiting->batch->counted;
            drop_waiting(cache, waiting);
            continue;
        }
        if (waiting->changed) {
            fl_give(cache, waiting->selection, waiting->count * sizeof *waiting->selection);
            waiting->selection = waiting->left;
            waiting->count = waiting->left_count;
            waiting->left = NULL;
            waiting->left_count = 0;
            waiting->changed = false;
            look_at(op, waiting);
        }
        gate->at[kept++] = *waiting;
    }
    gate->count = kept;
    return bytes;
}

static void commit(struct fl_op *op)
{
    struct fl_gate *gate = op->keyed->gate;
    struct fl_engine *engine = op->worker->engine;
    uint64_t bytes = take_released(op);
    for (; gate->gathered > 0; gate->gathered--) { // they are in what comes in
        struct waiting *last = &gate->at[--gate->count];
        bytes += last->batch->counted;
        drop_waiting(&op->worker->cache, last);
    }
    add_incoming(op);
    gate->known = false;
    gate->hold = FL_NEVER;
    for (uint32_t i = 0; i < gate->count; i++)
        if (gate->at[i].hold < gate->hold)
            gate->hold = gate->at[i].hold;
    const uint64_t before = bytes ? atomic_fetch_sub(&engine->in_flight[op->index], bytes) : 0;
    if (before >= engine->flight_limit && before - bytes < engine->flight_limit)
        fl_wake_all(engine);
}

static void abort_bundle(struct fl_op *op)
{
    struct fl_gate *gate = op->keyed->gate;
    struct fl_cache *cache = &op->worker->cache;
    fl_store_drop(cache, &gate->incoming);
    gate->gathered = 0;
    for (uint32_t i = 0; i < gate->count; i++) {
        struct waiting *waiting = &gate->at[i];
        fl_give(cache, waiting->left, waiting->left_count * sizeof *waiting->left);
        waiting->left = NULL;
        waiting->left_count = 0;
        waiting->changed = false;
    }
    gate->known = false;
    gate->look = true;
}

static int64_t next(struct fl_op *op)
{
    (void)op;
    return FL_NEVER;
}

// What waits holds the watermark. Steps that ask by timers get no further than their tables.
static int64_t hold(struct fl_op *op)
{
    struct fl_worker *worker = op->worker;
    int64_t at = op->keyed->gate->hold;
    for (uint32_t s = 0; op->plan->follows && s < op->plan->side_count; s++) {
        const uint32_t view = op->plan->sides[s];
        if (worker->engine->plan.ops[view].kind != FL_OP_TABLE)
            continue;
        const int64_t mark = fl_view_mark(worker, view);
        at = mark < at && mark < FLOW_TIME_MAX_US ? mark : at;
    }
    return at;
}

const struct fl_keyed_ops fl_gate_ops = { .next = next,
    .fire = fl_gate_release,
    .commit = commit,
    .abort = abort_bundle,
    .hold = hold,
    .seal = seal };

// --- snapshots

void fl_gate_save(struct fl_engine *engine, uint32_t i, flow_buffer *out)
{
    const size_t count_at = fl_put_later(out);
    uint64_t count = 0;
    for (uint32_t w = 0; w < engine->options.workers; w++) {
        struct fl_op *op = &engine->workers[w].ops[i];
        const struct fl_gate *gate = op->keyed->gate;
        for (uint32_t k = 0; k < gate->count; k++) {
            const struct waiting *waiting = &gate->at[k];
            const struct fl_view rows = { waiting->batch, waiting->selection, waiting->count };
            for (uint32_t r = 0; r < rows.count; r++)
                fl_gate_save_row(op, &gate->layout, rows.batch, fl_view_row(&rows, r), out);
            count += rows.count;
        }
    }
    fl_set_word(out, count_at, count);
}

// What waited is spread over the workers, batch by batch.
flow_status fl_gate_load(struct fl_engine *engine, uint32_t i, struct fl_wire *wire)
{
    const uint64_t count = fl_get_word(wire);
    flow_status status = FLOW_OK;
    for (uint64_t k = 0; k < count && !wire->failed && status == FLOW_OK; k++) {
        const uint64_t worker = k / FLOW_BATCH_ROWS % engine->options.workers;
        struct fl_op *op = &engine->workers[worker].ops[i];
        struct fl_gate *gate = op->keyed->gate;
        status = fl_gate_load_row(op, &gate->layout, &gate->incoming, wire);
    }
    for (uint32_t w = 0; w < engine->options.workers; w++) {
        struct fl_op *op = &engine->workers[w].ops[i];
        const flow_status sealed = seal(op);
        if (status == FLOW_OK)
            status = sealed;
        if (status == FLOW_OK)
            commit(op); // else what was read is dropped with the engine
    }
    return wire->failed ? FLOW_DAMAGED : status;
}
