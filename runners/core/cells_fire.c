// SPDX-License-Identifier: Apache-2.0
// Timers of the full form: set, due, and what else ends in its time. The queues have one entry a
// key and window for what is due next there; what that is says the block itself (R29).
#include <stdio.h>

#include "own.h"

// --- the queues

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t known(int64_t first)
{
    return first > FLOW_TIME_MAX_US ? FL_NEVER : first;
}

// What of a block ends first: an entry's life, or the window.
static int64_t first_end(const struct fl_op *op, struct fl_cell *cell)
{
    const struct fl_full *full = op->keyed->stateful->full;
    const struct fl_cells *cells = fl_cells_of(cell);
    int64_t first = INT64_MAX;
    for (uint32_t i = FL_ROOT_CELLS; full->expires && i < full->roots; i++)
        first = earlier(first, fl_root_first(&cells->roots[i], FL_FIRST_DUE));
    return first;
}

static bool tell(struct fl_op *op, struct fl_dues *dues, struct fl_cell *cell, int64_t at)
{
    const struct fl_due due = {
        .at = at, .serial = cell->serial, .item = cell, .then = fl_cell_name(cell)
    };
    return at == FL_NEVER || fl_dues_add(&op->worker->cache, dues, &due);
}

int64_t fl_cells_next_due(const struct fl_op *op, struct fl_cell *cell)
{
    const struct fl_root *event = &fl_cells_of(cell)->roots[FL_ROOT_EVENT];
    const int64_t next = earlier(fl_root_first(event, FL_FIRST_DUE), first_end(op, cell));
    return known(earlier(next, fl_cell_expiry(op, cell)));
}

// Told that a block is due at `next`, as it was not before.
static bool tell_due(struct fl_op *op, struct fl_cell *cell, int64_t next)
{
    if (!cell->slice)
        return fl_own_hint(op, cell, next);
    return next == cell->timer || tell(op, &op->keyed->stateful->timers, cell, next);
}

// What is called at a window's expiry holds the watermark at the last instant, its time (R27).
static int64_t end_hold(const struct fl_op *op, struct fl_cell *cell)
{
    const struct fl_keyed *keyed = op->keyed;
    if (keyed->stateful->full->expiry == FL_NO_TIMER || keyed->lateness.us <= 0 ||
        fl_cells_empty(op, cell))
        return FL_NEVER;
    return flow_window_last_instant(fl_cell_window(op, cell)).us;
}

bool fl_cells_tell(struct fl_op *op, struct fl_cell *cell)
{
    struct fl_stateful *stateful = op->keyed->stateful;
    struct fl_cells *cells = fl_cells_of(cell);
    const struct fl_root *event = &cells->roots[FL_ROOT_EVENT];
    const struct fl_root *clock = &cells->roots[FL_ROOT_CLOCK];
    if (!cells->dirty || cells->gone)
        return true;
    cells->dirty = false;
    const int64_t next = fl_cells_next_due(op, cell);
    const int64_t wake = known(fl_root_first(clock, FL_FIRST_DUE));
    const int64_t held =
        earlier(fl_root_first(event, FL_FIRST_HOLD), fl_root_first(clock, FL_FIRST_HOLD));
    const int64_t hold = known(earlier(held, end_hold(op, cell)));
    const bool told = tell_due(op, cell, next) &&
                      (wake == cells->clock || tell(op, &stateful->full->clocks, cell, wake)) &&
                      (hold == cells->hold || tell(op, &stateful->full->holds, cell, hold));
    cell->timer = next;
    cells->clock = wake;
    cells->hold = hold;
    return told;
}

int64_t fl_cells_clock(struct fl_op *op)
{
    struct fl_dues *clocks = &op->keyed->stateful->full->clocks;
    const struct fl_due *first;
    while ((first = fl_dues_first(clocks)) &&
           (!fl_due_alive(op->keyed, first) || fl_cells_of(first->item)->clock != first->at))
        fl_dues_take(clocks);
    return first ? first->at : FL_NEVER;
}

int64_t fl_cells_hold(struct fl_op *op)
{
    struct fl_dues *holds = &op->keyed->stateful->full->holds;
    const struct fl_due *first;
    while ((first = fl_dues_first(holds)) &&
           (!fl_due_alive(op->keyed, first) || fl_cells_of(first->item)->hold != first->at))
        fl_dues_take(holds);
    fl_dues_commit(holds); // nothing that counts was taken
    return first ? first->at : FL_NEVER;
}

void fl_cells_commit(struct fl_op *op)
{
    struct fl_full *full = op->keyed->stateful->full;
    fl_edit_commit(&full->edit);
    fl_dues_commit(&full->clocks);
}

void fl_cells_abort(struct fl_op *op)
{
    struct fl_full *full = op->keyed->stateful->full;
    fl_edit_abort(&full->edit);
    fl_dues_abort(&full->clocks);
    full->in_work = FL_NO_TIMER;
    full->ending = false;
}

// --- what ends

// Tells that something of a key and window is gone: the record, or where there is none the key.
static flow_status tell_dropped(
    struct fl_op *op, const struct fl_cell *cell, struct fl_rejection *why)
{
    struct fl_worker *worker = op->worker;
    flow_buffer shown = { .allocator = worker->engine->graph->allocator };
    if (!why->row) {
        const size_t size = op->plan->shape.key_size + 8;
        void *key = fl_mem_alloc(&worker->cache, worker->bundle.mem, size);
        if (!key)
            return fl_no_memory(op);
        fl_cell_show_key(op, cell, key);
        fl_show_key(op, key, &shown);
        why->element = (flow_str){ shown.data, shown.len };
    }
    const flow_status status =
        shown.failed ? fl_no_memory(op) : fl_reject(op, FLOW_OUTPUT_DROPPED, why);
    flow_buffer_free(&shown);
    return status;
}

static flow_status drop_entry(
    struct fl_op *op, struct fl_cell *cell, uint32_t i, const struct fl_item *item)
{
    const flow_cell *declared = op->plan->node->fn->cells[i];
    char message[160];
    snprintf(message, sizeof message, "an entry of cell '%s' outlived its time", declared->name);
    struct fl_rejection why = {
        .reason = FL_EXPIRED_STATE, .message = message, .at = item->first[FL_FIRST_DUE]
    };
    why.type = declared->kind == FLOW_CELL_COMBINING ? declared->combine->acc : declared->type;
    why.row = why.type ? fl_item_row(item) : NULL;
    return tell_dropped(op, cell, &why);
}

// Entries whose time to live ends at an instant go.
static flow_status end_entries(struct fl_op *op, struct fl_cell *cell, int64_t at)
{
    struct fl_full *full = op->keyed->stateful->full;
    struct fl_cells *cells = fl_cells_of(cell);
    struct fl_edit *edit = fl_cells_edit(op);
    flow_status status = FLOW_OK;
    for (uint32_t i = FL_ROOT_CELLS; i < full->roots; i++) {
        struct fl_root *root = &cells->roots[i];
        while (status == FLOW_OK && fl_root_first(root, FL_FIRST_DUE) <= at && !edit->failed) {
            const struct fl_item *item = fl_tree_soonest(root->top, FL_FIRST_DUE);
            const struct fl_spot spot = fl_item_spot(item);
            status = drop_entry(op, cell, i - FL_ROOT_CELLS, item);
            fl_tree_remove(edit, root, &spot);
        }
    }
    cells->dirty = true;
    return status == FLOW_OK && edit->failed ? fl_no_memory(op) : status;
}

// Timers of a clock that wait for more than their window has: they never fire (R28, R61).
static flow_status drop_timers(struct fl_op *op, struct fl_cell *cell, int clock)
{
    const struct fl_root *root = &fl_cells_of(cell)->roots[clock];
    flow_status status = FLOW_OK;
    struct fl_spot at = { 0 };
    for (const struct fl_item *item = fl_tree_from(root->top, &at, false);
         item && status == FLOW_OK; item = fl_tree_from(root->top, &at, true)) {
        const flow_timer *timer = op->plan->node->fn->timers[item->word];
        char message[160];
        at = fl_item_spot(item);
        snprintf(message, sizeof message, "timer '%s' had not fired in its window", timer->name);
        struct fl_rejection why = { .reason = FL_EXPIRED_TIMER, .message = message };
        why.at = *(const int64_t *)fl_item_row(item);
        if (!timer->may_expire)
            status = tell_dropped(op, cell, &why);
    }
    return status;
}

static flow_status end_block(struct fl_op *op, struct fl_cell *cell)
{
    flow_status status = drop_timers(op, cell, FL_ROOT_EVENT);
    if (status == FLOW_OK)
        status = drop_timers(op, cell, FL_ROOT_CLOCK);
    fl_cells_clear(op, cell);
    struct fl_cells *cells = fl_cells_of(cell);
    cell->timer = cells->clock = cells->hold = FL_NEVER;
    if (cell->slice)
        cells->gone = true;
    else if (!fl_own_end(op, cell))
        return fl_no_memory(op);
    return status == FLOW_OK && fl_cells_edit(op)->failed ? fl_no_memory(op) : status;
}

// --- firing

// Timers that are called together: the same one, of keys of one window.
struct round {
    struct fl_batch *batch;
    int64_t *times;
    const struct fl_dues *dues;
    int64_t slice;
    uint32_t timer;
};

#define WINDOW_ENDS (FL_NO_TIMER - 1) // the window ends, and no timer is declared for it

static bool open_round(struct fl_op *op, struct round *round)
{
    struct fl_cache *cache = &op->worker->cache;
    const flow_shape *in = &op->plan->shape;
    const uint32_t stride = in->key_size < 8 ? 8 : (in->key_size + 7) & ~7u;
    round->slice = fl_dues_first(round->dues)->then;
    round->timer = FL_NO_TIMER;
    round->batch = fl_batch_new(cache, in->type, stride);
    round->times = round->batch ? fl_batch_need_times(cache, round->batch) : NULL;
    if (round->times && op->keyed->stateful->own && !fl_batch_need_windows(cache, round->batch))
        return false;
    return round->times != NULL;
}

static void add_row(
    struct fl_op *op, struct round *round, struct fl_cell *cell, const struct fl_item *item)
{
    struct fl_stateful *stateful = op->keyed->stateful;
    struct fl_batch *batch = round->batch;
    const uint32_t row = batch->count++;
    stateful->cells[row] = cell;
    stateful->full->due[row] = item ? item->first[FL_FIRST_DUE] : cell->timer;
    stateful->full->tags[row] = item ? fl_item_bytes(item) : (flow_str){ NULL, 0 };
    round->times[row] = item ? *(const int64_t *)fl_item_row(item)
                             : flow_window_last_instant(fl_cell_window(op, cell)).us;
    if (!cell->slice)
        batch->windows[row] = fl_own_of(cell)->window;
    fl_cell_show_key(op, cell, batch->rows + (size_t)row * batch->stride);
}

static flow_status call_round(struct fl_op *op, struct round *round)
{
    struct fl_full *full = op->keyed->stateful->full;
    struct fl_batch *batch = round->batch;
    const bool ending = round->timer == full->expiry || round->timer == WINDOW_ENDS;
    const bool called = round->timer < op->plan->node->fn->timer_count;
    flow_shape shape = op->plan->shape;
    flow_status status = FLOW_OK;
    shape.key_offset = shape.value_offset = 0;
    batch->content = FL_CONTENT_KEYS;
    batch->time_form = FL_TIME_STRIDED;
    batch->times = (const char *)round->times;
    batch->times_stride = sizeof *round->times;
    batch->window_form = FL_WINDOW_ROWS;
    if (!op->keyed->stateful->own) {
        batch->window_form = FL_WINDOW_UNIFORM;
        batch->window = fl_cut_window(&op->keyed->cut, round->slice);
    }
    if (round->dues == &op->keyed->stateful->timers && !fl_drain_rows(op, batch, full->due))
        return fl_no_memory(op);
    full->in_work = round->timer;
    full->ending = ending;
    const struct fl_view view = { batch, NULL, batch->count };
    if (called && batch->count > 0)
        status = fl_stateful_call(op, &view, &shape, op->plan->node->fn->timers[round->timer]->due);
    full->in_work = FL_NO_TIMER;
    full->ending = false;
    for (uint32_t i = 0; ending && i < batch->count && status == FLOW_OK; i++)
        status = end_block(op, op->keyed->stateful->cells[i]);
    return status;
}

// Takes what is due of a block next into the round. False when that must be called in another; then
// nothing was taken.
static bool take_due(struct fl_op *op, struct round *round, struct fl_cell *cell, int root)
{
    struct fl_full *full = op->keyed->stateful->full;
    struct fl_cells *cells = fl_cells_of(cell);
    struct fl_root *timers = &cells->roots[root];
    const int64_t due = root == FL_ROOT_EVENT ? cell->timer : cells->clock;
    const struct fl_item *item = NULL;
    uint32_t which = full->expiry == FL_NO_TIMER ? WINDOW_ENDS : full->expiry;
    if (root == FL_ROOT_CLOCK || fl_root_first(timers, FL_FIRST_DUE) == due) {
        item = fl_tree_soonest(timers->top, FL_FIRST_DUE);
        which = (uint32_t)item->word;
    }
    if (round->batch->count > 0 && round->timer != which)
        return false;
    round->timer = which;
    add_row(op, round, cell, item);
    if (item) {
        const struct fl_spot spot = fl_item_spot(item);
        fl_tree_remove(fl_cells_edit(op), timers, &spot);
        cells->dirty = true;
    }
    return true;
}

// Whether the ends of entries come before what else is due of a block.
static bool ends_first(const struct fl_op *op, struct fl_cell *cell)
{
    const struct fl_root *timers = &fl_cells_of(cell)->roots[FL_ROOT_EVENT];
    return fl_root_first(timers, FL_FIRST_DUE) > cell->timer && first_end(op, cell) <= cell->timer;
}

// Where nothing is to be called: a window of its own has grown since the queue was told, or a
// window ends with nothing in it. *passed tells whether it was so.
static flow_status pass_over(
    struct fl_op *op, struct fl_cell *cell, struct fl_dues *dues, bool *passed)
{
    const int64_t at = fl_dues_first(dues)->at;
    if (!cell->slice)
        cell->timer = fl_cells_next_due(op, cell);
    const bool grown = cell->timer > at;
    *passed = grown || fl_cells_empty(op, cell);
    if (!*passed)
        return FLOW_OK;
    fl_dues_take(dues);
    if (!cell->slice)
        fl_own_of(cell)->due_hint = FL_NEVER;
    if (!grown)
        return end_block(op, cell);
    fl_cells_of(cell)->dirty = true;
    return fl_cells_tell(op, cell) ? FLOW_OK : fl_no_memory(op);
}

static flow_status fill_round(
    struct fl_op *op, struct round *round, struct fl_dues *dues, int64_t limit)
{
    struct fl_keyed *keyed = op->keyed;
    const int root = dues == &keyed->stateful->timers ? FL_ROOT_EVENT : FL_ROOT_CLOCK;
    flow_status status = FLOW_OK;
    while (status == FLOW_OK && round->batch->count < round->batch->capacity &&
           !fl_stateful_full_bundle(keyed->stateful)) {
        const int64_t next =
            root == FL_ROOT_EVENT ? fl_stateful_next_timer(keyed) : fl_cells_clock(op);
        const struct fl_due *first = fl_dues_first(dues);
        if (next >= limit || first->then != round->slice)
            break;
        struct fl_cell *cell = first->item;
        if (!fl_stateful_touch(op, cell))
            return fl_no_memory(op);
        bool passed = false;
        if (root == FL_ROOT_EVENT)
            status = pass_over(op, cell, dues, &passed);
        if (passed || status != FLOW_OK)
            continue;
        const bool ends = root == FL_ROOT_EVENT && ends_first(op, cell);
        if (!ends && !take_due(op, round, cell, root))
            break;
        fl_dues_take(dues);
        if (root == FL_ROOT_EVENT && !cell->slice)
            fl_own_of(cell)->due_hint = FL_NEVER;
        if (ends)
            status = end_entries(op, cell, cell->timer);
        if (root == FL_ROOT_EVENT)
            cell->timer = FL_NEVER; // told again after the call
        else
            fl_cells_of(cell)->clock = FL_NEVER;
        fl_cells_of(cell)->dirty = true;
        if (ends && status == FLOW_OK && !fl_cells_tell(op, cell))
            status = fl_no_memory(op);
    }
    return status;
}

static flow_status fire_round(struct fl_op *op, struct fl_dues *dues, int64_t limit)
{
    struct round round = { .dues = dues };
    flow_status status = open_round(op, &round) ? FLOW_OK : fl_no_memory(op);
    if (status == FLOW_OK)
        status = fill_round(op, &round, dues, limit);
    if (status == FLOW_OK)
        status = call_round(op, &round);
    fl_batch_unref(&op->worker->cache, round.batch);
    return status;
}

flow_status fl_cells_fire(struct fl_op *op, int64_t limit)
{
    return fire_round(op, &op->keyed->stateful->timers, limit);
}

flow_status fl_cells_fire_clock(struct fl_op *op)
{
    return fire_round(op, &op->keyed->stateful->full->clocks, op->keyed->now);
}
