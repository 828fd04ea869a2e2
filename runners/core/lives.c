// SPDX-License-Identifier: Apache-2.0
// Groupings on the general path: elements come to live windows one by one (R31), windows fire when
// their trigger is ready, and go when they expire (R22–R30).
#include "extents.h"
#include "live.h"
#include "stateful.h"

#include <stddef.h>

#define AHEAD      8u    // rows: slots are asked for twice as far ahead (bench: session_count)
#define FIRE_STEPS 4096u // windows looked at after which a firing bundle ends

// --- the step's making

static bool is_clocked(const flow_trigger *trigger)
{
    for (uint32_t i = 0; i < trigger->count; i++)
        if (trigger->nodes[i].kind == FLOW_TRIGGER_CLOCK ||
            trigger->nodes[i].kind == FLOW_TRIGGER_SYNCHRONIZED)
            return true;
    return false;
}

// A key's state of a stateful step, instead of an accumulator.
static void lay_out_state(struct fl_op *op, struct fl_lives *lives)
{
    const flow_fn *fn = op->plan->node->fn;
    op->keyed->acc_size = fn->state ? fn->state->size : 0;
    op->keyed->acc_pointers = op->keyed->stateful->pointers;
    lives->bulk = op->keyed->stateful->pointers;
    lives->acc_at = sizeof(struct fl_live) + sizeof(struct fl_cell);
    lives->bulk_at = lives->state_at = sizeof(struct fl_live) + fl_stateful_cell_size(fn);
    lives->size = lives->bulk_at + (lives->bulk ? (uint32_t)sizeof(struct fl_bulk) : 0);
}

// What windows hold, and where it lies behind them.
static void lay_out(struct fl_op *op, struct fl_lives *lives)
{
    const flow_combine_fn *combine = op->plan->node->combine;
    const uint32_t acc = combine ? (combine->acc->size + 7) & ~7u : 0;
    lives->keeps = !combine || (lives->signs && !fl_plan_subtracts(combine));
    const bool known = combine && combine->primitive != FLOW_PRIMITIVE_NONE;
    lives->row_type = known ? NULL : op->plan->shape.type;
    lives->pointers = lives->row_type && flow_type_has_pointers(lives->row_type);
    lives->row_size = known ? (uint32_t)sizeof(int64_t) : op->plan->shape.type->size;
    lives->row_stride = ((lives->row_size + 7) & ~7u) + (lives->signs ? 8 : 0);
    lives->bulk = lives->keeps || lives->signs || op->keyed->acc_pointers ||
                  lives->how->accumulation == FLOW_RETRACTING;
    lives->acc_at = sizeof(struct fl_live);
    lives->state_at = lives->acc_at + acc;
    lives->bulk_at = lives->state_at;
    if (!lives->usual)
        lives->bulk_at += (uint32_t)flow_trigger_state_size(&lives->how->trigger);
    lives->size = lives->bulk_at + (lives->bulk ? (uint32_t)sizeof(struct fl_bulk) : 0);
}

bool fl_lives_init(struct fl_op *op)
{
    static const flow_triggering plain;
    struct fl_engine *engine = op->worker->engine;
    const flow_edge *in = op->plan->in;
    const bool stateful = op->keyed->stateful != NULL;
    struct fl_lives *lives = fl_mem_alloc(&engine->cache, engine->mem, sizeof *lives);
    if (!lives)
        return false;
    memset(lives, 0, sizeof *lives);
    op->keyed->lives = lives;
    lives->how = in->triggering && !stateful ? in->triggering : &plain;
    lives->usual = fl_plan_usual(&lives->how->trigger);
    lives->clocked = !lives->usual && is_clocked(&lives->how->trigger);
    lives->merging = flow_edge_merging(in);
    lives->spans = in->windows.kind == FLOW_WINDOW_SESSION && in->windows.max_length.us == 0;
    lives->holding = !lives->usual || lives->how->output_time == FLOW_OUTPUT_EARLIEST ||
                     lives->how->output_time == FLOW_OUTPUT_LATEST;
    lives->signs = op->plan->signs && !stateful;
    if (stateful)
        lay_out_state(op, lives);
    else
        lay_out(op, lives);
    fl_table_init(&lives->table, op->keyed->form, (uint32_t)sizeof(uintptr_t), false);
    fl_nook_init(&lives->windows, &op->worker->cache);
    fl_nook_keep(&lives->windows); // hints and timers look at windows that are gone
    fl_nook_init(&lives->blocks, &op->worker->cache);
    fl_nook_init(&lives->extents, &op->worker->cache);
    fl_nook_init(&lives->bytes, &op->worker->cache);
    return fl_extents_init(op, lives);
}

void fl_lives_fini(struct fl_op *op)
{
    struct fl_lives *lives = op->keyed->lives;
    struct fl_cache *cache = &op->worker->cache;
    if (!lives)
        return;
    fl_table_fini(cache, &lives->table);
    fl_nook_fini(&lives->windows);
    fl_nook_fini(&lives->blocks);
    fl_nook_fini(&lives->extents);
    fl_nook_fini(&lives->bytes);
    fl_hints_fini(cache, &lives->dues);
    fl_hints_fini(cache, &lives->wakes);
    fl_hints_fini(cache, &lives->holds);
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

// --- hints

// The earliest instant that a window of the queue really waits for, once hints that came to nothing
// are gone. Between bundles.
static int64_t first_of(struct fl_hints *hints, size_t at, size_t hint_at)
{
    for (const struct fl_hint *hint; (hint = fl_hints_first(hints));) {
        char *live = (char *)hint->live;
        int64_t *hinted = (int64_t *)(void *)(live + hint_at);
        const int64_t wanted = *(const int64_t *)(const void *)(live + at);
        if (*hinted != hint->at) {
            fl_hints_drop(hints);
        } else if (wanted <= hint->at) {
            return hint->at;
        } else if (wanted == FL_NEVER) {
            *hinted = FL_NEVER;
            fl_hints_drop(hints);
        } else {
            *hinted = wanted;
            fl_hints_move(hints, wanted);
        }
    }
    return FL_NEVER;
}

#define FIRST_OF(hints, member)                                                                    \
    first_of(hints, offsetof(struct fl_live, member), offsetof(struct fl_live, member##_hint))

static int64_t next(struct fl_op *op)
{
    return FIRST_OF(&op->keyed->lives->dues, due);
}

static int64_t wakes(struct fl_op *op)
{
    return FIRST_OF(&op->keyed->lives->wakes, wake);
}

static int64_t holds(struct fl_op *op)
{
    return FIRST_OF(&op->keyed->lives->holds, hold);
}

// --- clocks

flow_trigger_clocks fl_live_clocks(const struct fl_op *op, const struct fl_live *live)
{
    const struct fl_keyed *keyed = op->keyed;
    const flow_trigger_clocks clocks = { .window = live->window,
        .watermark = { keyed->watermark },
        .now = { keyed->now },
        .synchronized = { keyed->now },
        .merging = keyed->lives->merging };
    return clocks;
}

// The output watermark as it stands before what is due now has fired: the lowest of all workers',
// so that what depends on it does not depend on their number.
static int64_t output_watermark(struct fl_op *op)
{
    struct fl_engine *engine = op->worker->engine;
    int64_t shown = lesser(op->keyed->watermark, lesser(next(op) - 1, holds(op)));
    for (uint32_t w = 0; w < engine->options.workers; w++) {
        const int64_t out = atomic_load_explicit(
            &engine->workers[w].ops[op->index].keyed->out, memory_order_acquire);
        if (w != op->worker->index)
            shown = lesser(shown, out);
        else if (out > shown)
            shown = out; // it never goes back (R2)
    }
    return shown;
}

// The clocks stand still within a bundle (R29). At its beginning, before anything has changed.
static void look_at_clocks(struct fl_op *op)
{
    const struct fl_port *port = &op->worker->engine->options.port;
    struct fl_keyed *keyed = op->keyed;
    if (keyed->lives->clocked)
        keyed->now = port->now(port->user);
    if (keyed->lives->looked_in == op->worker->bundle.number)
        return;
    keyed->lives->looked_in = op->worker->bundle.number;
    keyed->lives->shown = output_watermark(op);
}

// A window that ends with the global one is collected at its end, whatever the lateness (R23): the
// watermark must not be told further before it has given its last result.
static int64_t expiry_of(const struct fl_op *op, const struct fl_live *live)
{
    return lesser(
        flow_window_expiry(live->window, op->keyed->lateness).us, FLOW_TIME_GLOBAL_END_US - 1);
}

void fl_live_await(struct fl_op *op, struct fl_live *live)
{
    const struct fl_keyed *keyed = op->keyed;
    const struct fl_lives *lives = keyed->lives;
    live->due = expiry_of(op, live) + 1; // R26
    live->wake = FL_NEVER;
    if (live->closed)
        return;
    live->due = lesser(live->due, fl_result_expiry(op, live) + 1);
    if (lives->usual) {
        if (keyed->watermark < live->window.end.us)
            live->due = lesser(live->due, live->window.end.us);
        return;
    }
    const flow_trigger_clocks clocks = fl_live_clocks(op, live);
    const flow_trigger_wake wake =
        flow_trigger_next_wake(&lives->how->trigger, fl_live_state(lives, live), &clocks);
    // what has come true already is of no use as a hint: it was looked at
    if (wake.watermark.us > keyed->watermark && wake.watermark.us < FLOW_TIME_MAX_US)
        live->due = lesser(live->due, wake.watermark.us);
    const int64_t now = lesser(wake.now.us, wake.synchronized.us);
    if (lives->clocked && now > keyed->now && now < FLOW_TIME_MAX_US)
        live->wake = now;
}

static bool await(struct fl_op *op, struct fl_live *live)
{
    fl_live_await(op, live);
    return fl_live_hint(op, live);
}

// --- firing

static bool is_ready(const struct fl_op *op, struct fl_live *live)
{
    const struct fl_lives *lives = op->keyed->lives;
    if (lives->usual)
        return op->keyed->watermark >= live->window.end.us; // R33, R42
    const flow_trigger_clocks clocks = fl_live_clocks(op, live);
    return flow_trigger_should_fire(&lives->how->trigger, fl_live_state(lives, live), &clocks);
}

static flow_status fire_live(struct fl_op *op, struct fl_live *live)
{
    const struct fl_lives *lives = op->keyed->lives;
    bool finished = false;
    if (!lives->usual) {
        const flow_trigger_clocks clocks = fl_live_clocks(op, live);
        finished = flow_trigger_on_fire(&lives->how->trigger, fl_live_state(lives, live), &clocks);
    }
    const flow_status status = fl_result_emit(op, live, finished);
    if (status != FLOW_OK)
        return status;
    live->closed = finished;
    if ((finished || lives->how->accumulation < FLOW_ACCUMULATING) &&
        !fl_content_clear(op, live, finished))
        return fl_no_memory(op);
    return FLOW_OK;
}

// A window is looked at, for whatever reason: what happens depends on its state and the clocks
// alone (R29).
static flow_status look_at(struct fl_op *op, struct fl_live *live)
{
    if (!fl_live_touch(op, live))
        return fl_no_memory(op);
    flow_status status = FLOW_OK;
    if (expiry_of(op, live) < op->keyed->watermark) {
        if (!live->closed)
            status = fl_result_emit(op, live, true);
        if (status == FLOW_OK && !fl_live_remove(op, live))
            status = fl_no_memory(op);
        return status;
    }
    status = live->closed ? FLOW_OK : fl_result_expire(op, live);
    if (status == FLOW_OK && !live->closed && is_ready(op, live)) {
        // the usual trigger is ready at once where late elements come, but has no more to say
        if (!op->keyed->lives->usual || live->fresh || !live->timed)
            status = fire_live(op, live);
    }
    return status == FLOW_OK && !await(op, live) ? fl_no_memory(op) : status;
}

// --- elements

// R53: late elements do not pull results back in time.
static void hold(struct fl_op *op, struct fl_live *live, int64_t time)
{
    const struct fl_lives *lives = op->keyed->lives;
    const int64_t end = flow_window_last_instant(live->window).us;
    if (end < op->keyed->watermark)
        return;
    const flow_output_time which = lives->how->output_time;
    if (which != FLOW_OUTPUT_EARLIEST && which != FLOW_OUTPUT_LATEST) {
        live->hold = end;
        return;
    }
    if (time < lives->shown)
        return;
    if (live->hold == FL_NEVER || (which == FLOW_OUTPUT_EARLIEST) == (time < live->hold))
        live->hold = time;
}

static flow_status add_element(struct fl_op *op, const union fl_live_key *key, flow_window own,
    const struct fl_element *element, bool *closed)
{
    struct fl_lives *lives = op->keyed->lives;
    struct fl_live *live;
    flow_status status = fl_live_of(op, key, own, &live, closed);
    if (status != FLOW_OK || *closed)
        return status;
    if (!fl_live_touch(op, live) || !fl_content_add(op, live, element))
        return fl_no_memory(op);
    live->fresh = true;
    hold(op, live, element->time);
    if (!lives->usual) {
        const flow_trigger_clocks clocks = fl_live_clocks(op, live);
        flow_trigger_on_element(&lives->how->trigger, fl_live_state(lives, live), &clocks);
    }
    if (is_ready(op, live))
        status = fire_live(op, live);
    return status == FLOW_OK && !await(op, live) ? fl_no_memory(op) : status;
}

// The rows in work.
struct taking {
    const struct fl_view *view;
    const flow_shape *shape;
    struct fl_element element;
    const char *values;
    uint32_t row;
};

static const struct fl_rejection late = { .reason = FL_LATE,
    .message = "it came after the watermark had passed the expiry of its window" };
static const struct fl_rejection over = { .reason = FL_CLOSED_WINDOW,
    .message = "it came after its window's trigger had finished" };

// An element in one of its windows (R22).
static flow_status take_window(
    struct fl_op *op, const struct taking *taking, const union fl_live_key *key, flow_window window)
{
    const struct fl_keyed *keyed = op->keyed;
    bool closed = false;
    if (flow_window_expiry(window, keyed->lateness).us < keyed->watermark) // R24: strictly
        return fl_late_drop(op, taking->view, taking->shape, taking->row, &late);
    const flow_status status = add_element(op, key, window, &taking->element, &closed);
    if (status == FLOW_OK && closed)
        return fl_late_drop(op, taking->view, taking->shape, taking->row, &over);
    return status;
}

static flow_status take_row(struct fl_op *op, struct taking *taking, const union fl_live_key *key)
{
    const struct fl_batch *batch = taking->view->batch;
    const uint32_t row = taking->row;
    taking->element.time = fl_batch_time(batch, row);
    taking->element.sign = fl_batch_sign(batch, row);
    taking->element.value = taking->values + (size_t)row * batch->stride;
    if (batch->window_form == FL_WINDOW_UNIFORM)
        return take_window(op, taking, key, batch->window);
    if (batch->window_form == FL_WINDOW_ROWS)
        return take_window(op, taking, key, batch->windows[row]);
    const flow_windows *windows = &op->plan->in->windows;
    const flow_time time = { taking->element.time };
    flow_window window;
    flow_status status = FLOW_OK;
    for (bool in = flow_windows_last(windows, time, &window); in && status == FLOW_OK;
         in = flow_windows_before(windows, time, &window))
        status = take_window(op, taking, key, window);
    return status;
}

// Asks the memory for what a row further on will need.
static void prefetch(const struct fl_lives *lives, const struct fl_keys *keys, uint32_t i)
{
    const struct fl_table *table = &lives->table;
    if (table->form != FL_KEY_WORD || !table->slots)
        return;
    __builtin_prefetch(fl_table_slot_word(table, keys->words[i]));
}

static void prefetch_live(const struct fl_lives *lives, const struct fl_keys *keys, uint32_t i)
{
    const struct fl_table *table = &lives->table;
    if (table->form != FL_KEY_WORD)
        return;
    const uintptr_t *slot = fl_table_find_word(table, keys->words[i]);
    const char *at = slot ? (const char *)(*slot & ~(uintptr_t)1) : NULL;
    if (!at)
        return;
    __builtin_prefetch(at, 1);
    __builtin_prefetch(at + 64, 1);
}

// Later steps use the worker's room for keys while rows are still in work here; of local steps the
// bytes are gathered in room that is used again, too.
bool fl_lives_keep_keys(struct fl_op *op, const struct fl_keys *gathered, uint32_t count)
{
    struct fl_worker *worker = op->worker;
    struct fl_keys *keys = &op->keyed->lives->keys;
    keys->form = gathered->form;
    if (keys->form == FL_KEY_WORD) {
        memcpy(keys->words, gathered->words, count * sizeof keys->words[0]);
        return true;
    }
    memcpy(keys->bytes, gathered->bytes, count * sizeof keys->bytes[0]);
    for (uint32_t i = 0; op->plan->local && i < count; i++) {
        const flow_str bytes = keys->bytes[i];
        char *copy = bytes.len ? fl_mem_alloc(&worker->cache, worker->bundle.mem, bytes.len) : NULL;
        if (bytes.len && !copy)
            return false;
        if (copy)
            memcpy(copy, bytes.data, bytes.len);
        keys->bytes[i].data = copy;
    }
    return true;
}

static flow_status take(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
    const struct fl_keys *gathered)
{
    struct fl_lives *lives = op->keyed->lives;
    const struct fl_batch *batch = view->batch;
    if (fl_faulty(op->worker, FL_FAULT_RESERVE))
        return fl_op_fail(op, FLOW_USER, "a test wants this bundle to fail");
    if (!fl_batch_need_rows(&op->worker->cache, view->batch))
        return fl_no_memory(op);
    flow_status status = fl_lives_keep_keys(op, gathered, view->count) ? FLOW_OK : fl_no_memory(op);
    look_at_clocks(op);
    const enum fl_content content = batch->keyed ? batch->content : FL_CONTENT_ROWS;
    const struct fl_keys *keys = &lives->keys;
    struct taking taking = { .view = view,
        .shape = shape,
        .values = batch->rows + shape->value_offset,
        .element = { .batch = batch, .content = content } };
    for (uint32_t i = 0; i < view->count && status == FLOW_OK; i++) {
        if (i + 2 * AHEAD < view->count)
            prefetch(lives, keys, i + 2 * AHEAD);
        if (i + AHEAD < view->count)
            prefetch_live(lives, keys, i + AHEAD);
        union fl_live_key key;
        if (keys->form == FL_KEY_WORD)
            key.word = keys->words[i];
        else
            key.bytes = keys->bytes[i];
        taking.row = fl_view_row(view, i);
        status = take_row(op, &taking, &key);
    }
    return status;
}

// --- time

// A queue, and where in a window lie what it waits for there and its hint.
struct queue {
    struct fl_hints *hints;
    size_t at, hint_at;
    int64_t limit; // what is later is not due
};

// Takes the first hint of a queue that is due, and looks at its window, if that is still there and
// waits for no later instant. False: none is due.
static bool look_at_first(struct fl_op *op, const struct queue *queue, flow_status *status)
{
    const struct fl_hint *first = fl_hints_first(queue->hints);
    if (!first || first->at > queue->limit)
        return false;
    const struct fl_hint hint = fl_hints_take(queue->hints);
    int64_t *hinted = (int64_t *)(void *)((char *)hint.live + queue->hint_at);
    if (*hinted != hint.at)
        return true;
    if (!fl_live_touch(op, hint.live)) {
        *status = fl_no_memory(op);
        return true;
    }
    *hinted = FL_NEVER;
    const int64_t *wanted = (const int64_t *)(const void *)((char *)hint.live + queue->at);
    if (*wanted <= queue->limit)
        *status = look_at(op, hint.live);
    else if (!fl_live_hint(op, hint.live))
        *status = fl_no_memory(op);
    return true;
}

static flow_status fire(struct fl_op *op)
{
    struct fl_keyed *keyed = op->keyed;
    struct fl_lives *lives = keyed->lives;
    const uint64_t before = op->emitted;
    flow_status status = FLOW_OK;
    look_at_clocks(op);
    const struct queue dues = { &lives->dues, offsetof(struct fl_live, due),
        offsetof(struct fl_live, due_hint), keyed->watermark };
    const struct queue wakes = { &lives->wakes, offsetof(struct fl_live, wake),
        offsetof(struct fl_live, wake_hint), keyed->now };
    for (uint32_t steps = 0; status == FLOW_OK && steps < FIRE_STEPS; steps++) {
        if (op->emitted - before >= FL_FIRE_ROWS || (steps > 0 && fl_bundle_full(op->worker)))
            break;
        if (!look_at_first(op, &dues, &status) &&
            (!lives->clocked || !look_at_first(op, &wakes, &status)))
            break;
    }
    return status;
}

const struct fl_keyed_ops fl_lives_ops = { .take = take,
    .next = next,
    .fire = fire,
    .commit = fl_lives_commit,
    .abort = fl_lives_abort,
    .wake = wakes,
    .hold = holds };
