// SPDX-License-Identifier: Apache-2.0
// When stateful functions are called: at once, in order of event time (R65), by timers (R58, R59).
#include "explode.h"
#include "own.h"

// Rows with the keys found again: an exploded or sorted view is not what was gathered.
static flow_status process(struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    struct fl_worker *worker = op->worker;
    if (view->batch->keyed)
        fl_format_keys(view, op->keyed->form, worker->keys);
    else if (!fl_keys_gather(worker->keys, view, shape, &worker->scratch))
        return fl_no_memory(op);
    return fl_stateful_rows(op, view, shape, worker->keys);
}

// Of an element's windows only those that have not expired.
static flow_status process_open(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    const struct fl_keyed *keyed = op->keyed;
    struct fl_worker *worker = op->worker;
    uint16_t *rows =
        fl_mem_alloc(&worker->cache, worker->bundle.mem, FLOW_BATCH_ROWS * sizeof *rows);
    if (!rows)
        return fl_no_memory(op);
    struct fl_view open = { view->batch, rows, 0 };
    for (uint32_t i = 0; i < view->count; i++) {
        const uint16_t row = (uint16_t)fl_view_row(view, i);
        if (flow_window_expiry(view->batch->windows[row], keyed->lateness).us >= keyed->watermark)
            rows[open.count++] = row;
    }
    if (open.count == 0)
        return FLOW_OK;
    return op->plan->node->time_sorted ? fl_waits_take(op, &open, shape)
                                       : process(op, &open, shape);
}

static flow_status take(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
    const struct fl_keys *keys)
{
    // windows are not shared by state: an element is processed once per window (R22)
    const struct fl_exploded how = { process_open, shape };
    struct fl_view open = *view;
    if (op->keyed->stateful->own) {
        const flow_status status = fl_own_late(op, &open, shape);
        if (status != FLOW_OK || open.count == 0)
            return status;
        if (open.count < view->count && !op->plan->node->time_sorted)
            return process(op, &open, shape);
    } else if (op->keyed->cut.windows.kind >= FLOW_WINDOW_SLIDING &&
               view->batch->window_form == FL_WINDOW_IMPLIED) {
        return fl_explode(op, &how, view);
    }
    return op->plan->node->time_sorted ? fl_waits_take(op, &open, shape)
                                       : fl_stateful_rows(op, view, shape, keys);
}

// --- timers

bool fl_due_alive(const struct fl_keyed *keyed, const struct fl_due *due)
{
    struct fl_keyed *any = (struct fl_keyed *)(uintptr_t)keyed;
    const struct fl_cell *cell = due->item;
    if (keyed->stateful->own) // cells in windows of their own lie in memory that stays theirs
        return cell->serial == due->serial;
    return fl_slices_find(fl_stateful_set(any), due->then) && cell->serial == due->serial;
}

static bool valid(const struct fl_keyed *keyed, const struct fl_due *due)
{
    const struct fl_cell *cell = due->item;
    return fl_due_alive(keyed, due) &&
           (keyed->stateful->own ? fl_own_of(cell)->due_hint : cell->timer) == due->at;
}

int64_t fl_stateful_next_timer(struct fl_keyed *keyed)
{
    struct fl_dues *timers = &keyed->stateful->timers;
    const struct fl_due *first;
    while ((first = fl_dues_first(timers)) && !valid(keyed, first))
        fl_dues_take(timers); // put back by an abort, and passed over again
    return first ? first->at : FL_NEVER;
}

// When the earliest waiting element is given on: once none before it can come that is not too late
// (R65).
static int64_t next_sorted(const struct fl_keyed *keyed)
{
    const struct fl_due *first = fl_dues_first(&keyed->stateful->sorted);
    return first ? first->at : FL_NEVER;
}

// What is made of the elements that wait is not late after this step: no time of theirs is earlier
// than the lateness before the first of them is given on (R65).
static int64_t hold(struct fl_op *op)
{
    const struct fl_keyed *keyed = op->keyed;
    const int64_t first = next_sorted(keyed);
    return first == FL_NEVER ? FL_NEVER : first - keyed->lateness.us;
}

// A batch for the keys whose timers are due.
static struct fl_batch *keys_new(struct fl_op *op)
{
    struct fl_cache *cache = &op->worker->cache;
    const flow_shape *in = &op->plan->shape;
    const uint32_t stride = in->key_size < 8 ? 8 : (in->key_size + 7) & ~7u;
    struct fl_batch *batch = fl_batch_new(cache, op->plan->node->fn->state, stride);
    int64_t *times = batch ? fl_batch_need_times(cache, batch) : NULL;
    const bool own = op->keyed->stateful->own != NULL;
    if (!times || (own && !fl_batch_need_windows(cache, batch))) {
        fl_batch_unref(cache, batch);
        return NULL;
    }
    batch->content = FL_CONTENT_KEYS;
    batch->time_form = FL_TIME_STRIDED;
    batch->times = (const char *)times;
    batch->times_stride = sizeof *times;
    batch->window_form = own ? FL_WINDOW_ROWS : FL_WINDOW_UNIFORM;
    return batch;
}

// Takes the timer that is due first. False without memory.
static bool take_timer(struct fl_op *op, struct fl_batch *batch)
{
    struct fl_stateful *stateful = op->keyed->stateful;
    const struct fl_due due = fl_dues_take(&stateful->timers);
    struct fl_cell *cell = due.item;
    if (!fl_stateful_touch(op, cell))
        return false;
    if (stateful->own) {
        fl_own_of(cell)->due_hint = FL_NEVER;
        if (cell->timer > due.at) // its window ends, or it was looked at too early
            return fl_cell_expiry(op, cell) > due.at ? fl_own_tell(op, cell) : fl_own_end(op, cell);
        batch->windows[batch->count] = fl_own_of(cell)->window;
    }
    cell->timer = FL_NEVER;
    stateful->cells[batch->count] = cell;
    batch->times_own[batch->count] = due.at;
    fl_cell_show_key(op, cell, batch->rows + (size_t)batch->count * batch->stride);
    batch->count++;
    return true;
}

// A batch of keys whose timers are due before `limit`, all of one window, or each with its own.
static struct fl_batch *due_keys(struct fl_op *op, int64_t limit)
{
    struct fl_keyed *keyed = op->keyed;
    struct fl_stateful *stateful = keyed->stateful;
    struct fl_batch *batch = keys_new(op);
    const int64_t slice = fl_dues_first(&stateful->timers)->then;
    bool taken = batch != NULL;
    while (taken && batch->count < batch->capacity && !fl_stateful_full_bundle(stateful) &&
           fl_stateful_next_timer(keyed) < limit && fl_dues_first(&stateful->timers)->then == slice)
        taken = take_timer(op, batch);
    if (!taken) {
        fl_batch_unref(&op->worker->cache, batch);
        return NULL;
    }
    if (!stateful->own)
        batch->window = fl_cut_window(&keyed->cut, slice);
    return batch;
}

static flow_status fire_timers(struct fl_op *op, int64_t limit)
{
    struct fl_batch *batch = due_keys(op, limit);
    if (!batch)
        return fl_no_memory(op);
    flow_batch_fn *timer = op->plan->node->fn->timer;
    const struct fl_view view = { batch, NULL, batch->count };
    flow_shape shape = op->plan->shape;
    shape.key_offset = 0;
    shape.value_offset = 0;
    flow_status status = FLOW_OK;
    if (!fl_drain_rows(op, batch, batch->times_own))
        status = fl_no_memory(op);
    else if (timer && batch->count)
        status = fl_stateful_call(op, &view, &shape, timer);
    fl_batch_unref(&op->worker->cache, batch);
    return status;
}

static flow_status process_sorted(struct fl_op *op)
{
    struct fl_dues *sorted = &op->keyed->stateful->sorted;
    const struct fl_due due = fl_dues_take(sorted);
    const struct fl_view view = fl_waits_view(op, &due);
    return process(op, &view, due.shape);
}

// --- firing

static int64_t next(struct fl_op *op)
{
    struct fl_keyed *keyed = op->keyed;
    int64_t at = fl_stateful_next_timer(keyed);
    const int64_t sorted = next_sorted(keyed);
    const struct fl_slices *set = fl_stateful_set(keyed);
    at = sorted < at ? sorted : at;
    if (set->count > 0 && set->at[0]->end < FLOW_TIME_GLOBAL_END_US) {
        const int64_t expiry = fl_keyed_expiry(keyed, set->at[0]->end).us;
        at = expiry < at ? expiry : at;
    }
    return at == FL_NEVER ? FL_NEVER : at + 1; // strictly after (R59)
}

// Elements that wait until an instant come before timers set for it, and before those in the past
// that the first of them has set; a timer comes before later elements.
static flow_status fire(struct fl_op *op)
{
    struct fl_keyed *keyed = op->keyed;
    struct fl_stateful *stateful = keyed->stateful;
    const uint64_t before = op->counts.in + op->emitted;
    uint64_t steps = 0;
    flow_status status = FLOW_OK;
    while (status == FLOW_OK && op->counts.in + op->emitted - before < FL_FIRE_ROWS &&
           steps++ < FL_FIRE_STEPS && !fl_stateful_full_bundle(stateful)) {
        const int64_t element = next_sorted(keyed), timer = fl_stateful_next_timer(keyed);
        const int64_t limit = element < keyed->watermark ? element : keyed->watermark;
        if (element >= keyed->watermark && timer >= keyed->watermark)
            break;
        if (element <= timer || element == stateful->given_next) {
            stateful->given_next = element;
            status = process_sorted(op);
            continue;
        }
        status = stateful->full ? fl_cells_fire(op, limit) : fire_timers(op, limit);
    }
    return status;
}

static bool is_zero(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

bool fl_stateful_over(const struct fl_op *op, struct fl_cell *cell)
{
    if (op->keyed->stateful->full)
        return fl_cells_of(cell)->gone || fl_cells_empty(op, cell);
    if (!cell->clear)
        return false;
    cell->clear = false; // a later row of the bundle may have written it again
    return cell->timer == FL_NEVER && is_zero(fl_cell_state(cell), op->plan->node->fn->state->size);
}

static void forget_cleared(struct fl_op *op)
{
    if (op->keyed->stateful->own) { // the seal has done it
        fl_lives_commit(op);
        return;
    }
    for (struct fl_touched *t = op->keyed->stateful->changed; t; t = t->next) {
        struct fl_cell *cell = t->cell;
        if (cell->serial == 0 || !fl_stateful_over(op, cell))
            continue;
        cell->serial = 0;
        if (cell->slice->table.form == FL_KEY_WORD)
            fl_table_remove_word(&cell->slice->table, cell->word);
        else
            fl_table_remove_bytes(&cell->slice->table, cell->bytes, cell->hash);
    }
    fl_stateful_tidy(op);
}

static void commit(struct fl_op *op)
{
    struct fl_keyed *keyed = op->keyed;
    struct fl_stateful *stateful = keyed->stateful;
    struct fl_cache *cache = &op->worker->cache;
    stateful->given = stateful->given_next;
    fl_dues_commit(&stateful->timers);
    fl_waits_commit(op);
    forget_cleared(op);
    stateful->changed = NULL;
    stateful->changed_count = 0;
    if (stateful->full)
        fl_cells_commit(op);
    // windows past their expiry are forgotten whole (R26, R27)
    struct fl_slices *set = fl_stateful_set(keyed);
    if (fl_stateful_next_timer(keyed) >= keyed->watermark && next_sorted(keyed) >= keyed->watermark)
        while (set->count > 0 && fl_keyed_expiry(keyed, set->at[0]->end).us < keyed->watermark)
            fl_slices_drop(cache, set, set->at[0]->end);
    fl_dues_commit(&stateful->timers);
}

static void abort_bundle(struct fl_op *op)
{
    struct fl_stateful *stateful = op->keyed->stateful;
    fl_waits_abort(op);
    stateful->changed = NULL;
    stateful->changed_count = 0;
    stateful->given_next = stateful->given;
    fl_dues_abort(&stateful->timers);
    if (stateful->own)
        fl_lives_abort(op);
    if (stateful->full)
        fl_cells_abort(op);
}

// What is due by the watermark comes before what is due by the clock.
static flow_status fire_full(struct fl_op *op)
{
    flow_status status = fire(op);
    for (uint64_t steps = 0; status == FLOW_OK && steps < FL_FIRE_STEPS &&
                             next(op) > op->keyed->watermark && fl_cells_clock(op) < op->keyed->now;
         steps++)
        status = fl_cells_fire_clock(op);
    return status;
}

static int64_t wake(struct fl_op *op)
{
    const int64_t at = fl_cells_clock(op);
    return at == FL_NEVER ? FL_NEVER : at + 1; // strictly after
}

static int64_t hold_full(struct fl_op *op)
{
    const int64_t waiting = hold(op), timers = fl_cells_hold(op);
    return waiting < timers ? waiting : timers;
}

const struct fl_keyed_ops fl_stateful_ops = {
    .take = take,
    .next = next,
    .fire = fire,
    .commit = commit,
    .abort = abort_bundle,
    .hold = hold,
    .seal = fl_own_seal,
};

const struct fl_keyed_ops fl_full_ops = { .take = take,
    .next = next,
    .fire = fire_full,
    .commit = commit,
    .abort = abort_bundle,
    .wake = wake,
    .hold = hold_full,
    .seal = fl_own_seal };
