// SPDX-License-Identifier: Apache-2.0
// Functions with a state record per key and window, and a timer. State that a bundle touches
// leaves an image first, which puts it back when the bundle is aborted.
#include <stdio.h>

#include "own.h"

uint32_t fl_stateful_cell_size(const flow_fn *fn)
{
    if (fn->form == FLOW_FORM_CELLS)
        return fl_cells_size(fn);
    return (uint32_t)((sizeof(struct fl_cell) + fn->state->size + 7) & ~(size_t)7);
}

bool fl_stateful_init(struct fl_op *op)
{
    struct fl_engine *engine = op->worker->engine;
    struct fl_stateful *stateful = fl_mem_alloc(&engine->cache, engine->mem, sizeof *stateful);
    if (!stateful)
        return false;
    memset(stateful, 0, sizeof *stateful);
    stateful->given = stateful->given_next = INT64_MIN;
    stateful->layout = fl_layout_of(&op->plan->shape);
    op->keyed->stateful = stateful;
    const bool full = op->plan->node->fn->form == FLOW_FORM_CELLS;
    stateful->pointers = !full && flow_type_has_pointers(op->plan->node->fn->state);
    return (!full || fl_cells_init(op)) && fl_own_init(op);
}

void fl_stateful_fini(struct fl_op *op)
{
    struct fl_stateful *stateful = op->keyed->stateful;
    struct fl_cache *cache = &op->worker->cache;
    if (!stateful)
        return;
    fl_waits_fini(op);
    if (stateful->full)
        fl_cells_fini(op);
    fl_dues_fini(cache, &stateful->timers);
}

struct fl_slices *fl_stateful_set(struct fl_keyed *keyed)
{
    return keyed->cut.windows.kind == FLOW_WINDOW_SLIDING ? &keyed->panes : &keyed->slices;
}

void *fl_cell_state(struct fl_cell *cell)
{
    return cell + 1;
}

flow_window fl_cell_window(const struct fl_op *op, const struct fl_cell *cell)
{
    return cell->slice ? fl_cut_window(&op->keyed->cut, cell->slice->end) : fl_own_of(cell)->window;
}

int64_t fl_cell_expiry(const struct fl_op *op, const struct fl_cell *cell)
{
    const int64_t end = cell->slice ? fl_cut_due(cell->slice->end) : fl_own_of(cell)->window.end.us;
    const flow_window window = { { FLOW_TIME_MIN_US }, { end } };
    return flow_window_expiry(window, op->keyed->lateness).us;
}

void fl_cell_show_key(const struct fl_op *op, const struct fl_cell *cell, void *to)
{
    const struct fl_live *own = cell->slice ? NULL : fl_own_of(cell);
    if (!own)
        fl_key_write(&op->plan->shape, cell->word, cell->bytes, to);
    else if (op->keyed->form == FL_KEY_WORD)
        fl_key_write(&op->plan->shape, own->key.word, (flow_str){ NULL, 0 }, to);
    else
        fl_key_write(&op->plan->shape, 0, own->key.bytes, to);
}

// --- undo

static void put_back(struct fl_op *op, void *at, const void *image)
{
    struct fl_keyed *keyed = op->keyed;
    memcpy(at, image, fl_stateful_set(keyed)->value_size);
}

static void take_out(struct fl_op *op, void *at, const void *image)
{
    struct fl_cell *cell = at;
    struct fl_slice *slice = cell->slice;
    (void)image;
    (void)op;
    cell->serial = 0;
    if (slice->table.form == FL_KEY_WORD)
        fl_table_remove_word(&slice->table, cell->word);
    else
        fl_table_remove_bytes(&slice->table, cell->bytes, cell->hash);
}

bool fl_stateful_note(struct fl_op *op, struct fl_cell *cell)
{
    struct fl_worker *worker = op->worker;
    struct fl_touched *touched = fl_mem_alloc(&worker->cache, worker->bundle.mem, sizeof *touched);
    if (!touched)
        return false;
    touched->cell = cell;
    touched->next = op->keyed->stateful->changed;
    op->keyed->stateful->changed = touched;
    op->keyed->stateful->changed_count++;
    return true;
}

bool fl_stateful_touch(struct fl_op *op, struct fl_cell *cell)
{
    const uint64_t bundle = op->worker->bundle.number;
    if (cell->stamp == bundle)
        return true;
    const bool kept =
        cell->slice ? fl_undo_add(op, put_back, cell, cell, fl_stateful_set(op->keyed)->value_size)
                    : fl_live_touch(op, fl_own_of(cell));
    if (!kept || !fl_stateful_note(op, cell))
        return false;
    cell->stamp = bundle;
    return true;
}

// The cell of a key, made if need be and with its image kept.
static struct fl_cell *cell_of(
    struct fl_op *op, struct fl_slice *slice, const struct fl_keys *keys, uint32_t i)
{
    struct fl_table *table = &slice->table;
    struct fl_cache *cache = &op->worker->cache;
    const bool words = keys->form == FL_KEY_WORD;
    const uint64_t hash = keys->hashes[i];
    struct fl_cell *cell = words ? fl_table_find_word(table, keys->words[i])
                                 : fl_table_find_bytes(table, keys->bytes[i], hash);
    if (cell)
        return fl_stateful_touch(op, cell) ? cell : NULL;
    if (!fl_table_reserve(cache, table, 1, words ? 0 : keys->bytes[i].len))
        return NULL;
    cell = words ? fl_table_add_word(cache, table, keys->words[i])
                 : fl_table_add_bytes(cache, table, keys->bytes[i], hash);
    cell->timer = FL_NEVER;
    cell->serial = ++op->keyed->stateful->serial;
    cell->slice = slice;
    cell->hash = hash;
    if (words)
        cell->word = keys->words[i];
    else
        cell->bytes = table->added;
    cell->stamp = op->worker->bundle.number;
    if (op->keyed->stateful->full)
        fl_cells_begin(op, cell);
    if (!fl_undo_add(op, take_out, cell, NULL, 0) || !fl_stateful_note(op, cell)) {
        take_out(op, cell, NULL);
        return NULL;
    }
    return cell;
}

// --- timers and clearing, from user functions

static struct fl_cell *cell_in_work(flow_ctx *ctx, struct fl_op **op)
{
    struct fl_call *call = fl_call_of(ctx);
    *op = call->op;
    if (call->op->plan->kind != FL_OP_STATEFUL || call->edge != FL_EDGE_NONE) {
        flow_fail(ctx, FLOW_INVALID, "timers and state belong to stateful functions");
        return NULL;
    }
    if (call->op->keyed->stateful->full) {
        flow_fail(ctx, FLOW_INVALID, "functions with cells use the timers and cells they declare");
        return NULL;
    }
    return call->op->keyed->stateful->cells[ctx->row];
}

void fl_stateful_timer_set(flow_ctx *ctx, flow_time when)
{
    struct fl_op *op;
    struct fl_cell *cell = cell_in_work(ctx, &op);
    if (!cell || cell->timer == when.us)
        return;
    if (when.us < FLOW_TIME_MIN_US) {
        flow_fail(
            ctx, FLOW_INVALID, "a timer at %lld us lies before all time (R1)", (long long)when.us);
        return;
    }
    const flow_time expiry = { fl_cell_expiry(op, cell) };
    if (when.us > expiry.us) { // R61
        char at[40], end[40];
        at[flow_time_print(when, at)] = end[flow_time_print(expiry, end)] = '\0';
        flow_fail(ctx, FLOW_INVALID,
            "a timer at %s lies behind the expiry of its window at %s and would never fire", at,
            end);
        return;
    }
    const struct fl_due due = {
        .at = when.us, .then = fl_cell_name(cell), .serial = cell->serial, .item = cell
    };
    if (cell->slice && !fl_dues_add(&op->worker->cache, &op->keyed->stateful->timers, &due)) {
        flow_fail(ctx, FLOW_BUDGET, "no memory for a timer");
        return;
    }
    cell->timer = when.us;
    cell->clear = false;
}

void fl_stateful_timer_clear(flow_ctx *ctx)
{
    struct fl_op *op;
    struct fl_cell *cell = cell_in_work(ctx, &op);
    if (cell)
        cell->timer = FL_NEVER; // its entry in the queue is passed over
}

void fl_stateful_state_clear(flow_ctx *ctx)
{
    struct fl_op *op;
    struct fl_cell *cell = cell_in_work(ctx, &op);
    if (!cell)
        return;
    cell->timer = FL_NEVER;
    cell->clear = true;
    memset(fl_cell_state(cell), 0, op->plan->node->fn->state->size);
}

// --- calling the function

// Strings that states took from elements move to the table's arena.
static flow_status settle(struct fl_op *op, const struct fl_view *view, const uint16_t *rows)
{
    struct fl_stateful *stateful = op->keyed->stateful;
    const flow_type *state = op->plan->node->fn->state;
    for (uint32_t i = 0; stateful->full && i < view->count; i++)
        if (!fl_cells_tell(op, stateful->cells[rows[i]]))
            return fl_no_memory(op);
    for (uint32_t i = 0; stateful->pointers && i < view->count; i++) {
        struct fl_cell *cell = stateful->cells[rows[i]];
        const bool settled = cell->slice ? fl_settle(op, state, fl_cell_state(cell),
                                               &cell->slice->table, view->batch)
                                         : fl_own_settle(op, cell, view->batch);
        if (!settled)
            return fl_no_memory(op);
    }
    for (uint32_t i = 0; stateful->own && !stateful->full && i < view->count; i++)
        if (!fl_own_tell(op, stateful->cells[rows[i]]))
            return fl_no_memory(op);
    return FLOW_OK;
}

static flow_status call_rows(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape, flow_batch_fn *process)
{
    struct fl_stateful *stateful = op->keyed->stateful;
    const uint16_t *rows = view->selection ? view->selection : op->worker->identity;
    flow_batch batch;
    if (!fl_view_rows(op, view, shape, &batch))
        return fl_no_memory(op);
    for (uint32_t i = 0; i < view->count; i++)
        stateful->states[i] = fl_cell_state(stateful->cells[rows[i]]);
    batch.states = stateful->states;
    flow_status status = fl_call_begin(op, view, shape);
    if (status == FLOW_OK)
        status = fl_call_run(op, process, &batch);
    if (status == FLOW_OK)
        status = settle(op, view, rows);
    return status == FLOW_OK ? fl_call_flush(op) : status;
}

// Where failing elements are routed, each one's state is put back to what it was before it.
static flow_status call_each(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape, flow_batch_fn *process)
{
    struct fl_worker *worker = op->worker;
    const uint32_t size = fl_stateful_set(op->keyed)->value_size;
    void *image = fl_mem_alloc(&worker->cache, worker->bundle.mem, size);
    if (!image)
        return fl_no_memory(op);
    for (uint32_t i = 0; i < view->count; i++) {
        const uint16_t row = (uint16_t)fl_view_row(view, i);
        const struct fl_view one = { view->batch, &row, 1 };
        struct fl_cell *cell = op->keyed->stateful->cells[row];
        memcpy(image, cell, size);
        struct fl_edit_mark mark = { { NULL, 0 }, { NULL, 0 } };
        if (op->keyed->stateful->full)
            mark = fl_edit_mark(fl_cells_edit(op));
        const flow_status status = call_rows(op, &one, shape, process);
        if (status != FLOW_OK)
            return status;
        if (!op->call.refused)
            continue;
        memcpy(cell, image, size);
        if (!op->keyed->stateful->full)
            continue;
        fl_edit_rollback(fl_cells_edit(op), &mark);
        if (!fl_cells_tell(op, cell))
            return fl_no_memory(op);
    }
    return FLOW_OK;
}

flow_status fl_stateful_call(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape, flow_batch_fn *process)
{
    if (op->plan->node->on_error == FLOW_ON_ERROR_FAIL)
        return call_rows(op, view, shape, process);
    return call_each(op, view, shape, process);
}

// Rows of one window: finds their cells and calls the function.
static flow_status process_window(struct fl_op *op, const struct fl_view *view,
    const flow_shape *shape, const struct fl_keys *keys, struct fl_slice *slice)
{
    struct fl_stateful *stateful = op->keyed->stateful;
    for (uint32_t i = 0; i < view->count; i++) {
        struct fl_cell *cell = cell_of(op, slice, keys, i);
        if (!cell)
            return fl_no_memory(op);
        stateful->cells[fl_view_row(view, i)] = cell;
    }
    return fl_stateful_call(op, view, shape, op->plan->node->fn->process);
}

// Rows of several windows, window by window.
static flow_status process_mixed(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    struct fl_worker *worker = op->worker;
    const size_t size = view->count * sizeof(struct fl_slice *);
    struct fl_slice **by = fl_mem_alloc(&worker->cache, worker->bundle.mem, size);
    uint16_t *rows =
        fl_mem_alloc(&worker->cache, worker->bundle.mem, FLOW_BATCH_ROWS * sizeof *rows);
    if (!by || !rows)
        return fl_no_memory(op);
    memcpy(by, worker->placed->by, size);
    for (uint32_t first = 0; first < view->count; first++) {
        struct fl_slice *slice = by[first];
        if (!slice)
            continue;
        struct fl_view some = { view->batch, rows, 0 };
        for (uint32_t i = first; i < view->count; i++) {
            if (by[i] != slice)
                continue;
            rows[some.count++] = (uint16_t)fl_view_row(view, i);
            by[i] = NULL;
        }
        if (some.batch->keyed)
            fl_format_keys(&some, op->keyed->form, worker->keys);
        else if (!fl_keys_gather(worker->keys, &some, shape, &worker->scratch))
            return fl_no_memory(op);
        const flow_status status = process_window(op, &some, shape, worker->keys, slice);
        if (status != FLOW_OK)
            return status;
    }
    return FLOW_OK;
}

flow_status fl_stateful_rows(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
    const struct fl_keys *keys)
{
    struct fl_placed *placed = op->worker->placed;
    const struct fl_sets sets = fl_keyed_sets(op->keyed);
    if (op->keyed->stateful->own)
        return fl_own_rows(op, view, shape, keys);
    if (!fl_place(&op->worker->cache, &sets, view, placed))
        return fl_no_memory(op);
    if (placed->one)
        return process_window(op, view, shape, keys, placed->one);
    return process_mixed(op, view, shape);
}

// --- garbage

static bool move_cell(void *user, struct fl_mem *to, void *value, flow_str key)
{
    struct fl_op *op = user;
    struct fl_cell *cell = value;
    void *pair[2] = { &op->worker->cache, to };
    const flow_memory memory = { fl_take_from, pair };
    cell->bytes = key;
    return !op->keyed->stateful->pointers ||
           flow_row_adopt(op->plan->node->fn->state, fl_cell_state(cell), &memory, NULL, NULL) ==
               FLOW_OK;
}

void fl_stateful_tidy(struct fl_op *op)
{
    for (const struct fl_touched *t = op->keyed->stateful->changed; t; t = t->next)
        fl_table_tidy(&op->worker->cache, &t->cell->slice->table, move_cell, op);
}
