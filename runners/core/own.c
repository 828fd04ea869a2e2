// SPDX-License-Identifier: Apache-2.0
// Elements that find their window among those of their key, and what becomes of the cells there.
#include "own.h"

#include "side.h"
#include "snapshot.h"

#define MET 65536u // keys by hash

// Rows that are called together are of different keys, since the window of a row may change those
// of its key: a set of keys by hash tells.
struct fl_own {
    uint64_t met[MET / 64];
    uint16_t marks[FLOW_BATCH_ROWS];
    uint16_t rows[FLOW_BATCH_ROWS];
};

bool fl_own_init(struct fl_op *op)
{
    struct fl_engine *engine = op->worker->engine;
    const flow_window_kind kind = op->plan->in->windows.kind;
    if (kind != FLOW_WINDOW_SESSION && kind != FLOW_WINDOW_CUSTOM)
        return true;
    struct fl_own *own = fl_mem_alloc(&engine->cache, engine->mem, sizeof *own);
    if (!own)
        return false;
    memset(own, 0, sizeof *own);
    op->keyed->stateful->own = own;
    return fl_lives_init(op);
}

// --- cells

static void unmade(struct fl_op *op, void *at, const void *image)
{
    struct fl_cell *cell = at;
    (void)op;
    (void)image;
    cell->serial = 0; // queues may still have entries of it
}

// The cell of a window that was just made.
static struct fl_cell *begin(struct fl_op *op, struct fl_live *live)
{
    struct fl_stateful *stateful = op->keyed->stateful;
    struct fl_cell *cell = fl_own_cell(live);
    if (!fl_undo_add(op, unmade, cell, NULL, 0))
        return NULL;
    cell->timer = FL_NEVER;
    cell->serial = ++stateful->serial;
    cell->stamp = op->worker->bundle.number;
    if (stateful->full)
        fl_cells_begin(op, cell);
    return cell;
}

static struct fl_cell *cell_in(struct fl_op *op, struct fl_live *live)
{
    struct fl_cell *cell = fl_own_cell(live);
    if (cell->serial)
        return fl_stateful_touch(op, cell) ? cell : NULL;
    cell = begin(op, live);
    return cell && fl_stateful_note(op, cell) ? cell : NULL;
}

bool fl_own_hint(struct fl_op *op, struct fl_cell *cell, int64_t at)
{
    struct fl_live *live = fl_own_of(cell);
    const struct fl_due due = { .at = at, .serial = cell->serial, .item = cell };
    if (at >= live->due_hint)
        return true;
    live->due_hint = at;
    return fl_dues_add(&op->worker->cache, &op->keyed->stateful->timers, &due);
}

bool fl_own_tell(struct fl_op *op, struct fl_cell *cell)
{
    const int64_t expiry = fl_cell_expiry(op, cell);
    return fl_own_hint(op, cell, cell->timer < expiry ? cell->timer : expiry);
}

bool fl_own_settle(struct fl_op *op, struct fl_cell *cell, const struct fl_batch *rows)
{
    struct fl_lives *lives = op->keyed->lives;
    struct fl_bulk_room room = { lives, fl_live_bulk(lives, fl_own_of(cell)) };
    const flow_memory memory = fl_bulk_memory(&room);
    const flow_type *type = op->plan->node->fn->state;
    if (op->plan->side_count > 0) // its strings may be a side input's
        return flow_row_adopt(type, fl_cell_state(cell), &memory, NULL, NULL) == FLOW_OK;
    return fl_settle_in(op, type, fl_cell_state(cell), &memory, rows);
}

// --- merging

static bool begins_first(flow_window a, flow_window b)
{
    return a.start.us != b.start.us ? a.start.us < b.start.us : a.end.us < b.end.us;
}

// Of two state records the first is that of the window which begins earlier.
static bool merge_records(
    struct fl_op *op, struct fl_cell *into, struct fl_cell *other, bool other_first)
{
    const flow_fn *fn = op->plan->node->fn;
    const uint32_t size = fn->state->size;
    void *first = fl_cell_state(into);
    if (other_first) {
        first = fl_mem_alloc(&op->worker->cache, op->worker->bundle.mem, size);
        if (!first)
            return false;
        memcpy(first, fl_cell_state(other), size);
    }
    fn->merge(first, fl_cell_state(other_first ? into : other));
    if (other_first)
        memcpy(fl_cell_state(into), first, size);
    into->timer = other->timer < into->timer ? other->timer : into->timer;
    return fl_own_tell(op, into);
}

bool fl_own_merge(struct fl_op *op, struct fl_live *live, struct fl_live *other)
{
    struct fl_cell *into = fl_own_cell(live), *from = fl_own_cell(other);
    const bool other_first = begins_first(other->window, live->window);
    if (!fl_stateful_touch(op, into) || !fl_stateful_touch(op, from))
        return false;
    const bool merged = op->keyed->stateful->full ? fl_cells_merge(op, into, from, other_first)
                                                  : merge_records(op, into, from, other_first);
    from->timer = FL_NEVER;
    from->serial = 0;
    return merged;
}

// --- elements

flow_status fl_own_late(struct fl_op *op, struct fl_view *view, const flow_shape *shape)
{
    static const struct fl_rejection late = { .reason = FL_LATE,
        .message = "it came after the watermark had passed the expiry of its window" };
    const struct fl_keyed *keyed = op->keyed;
    struct fl_worker *worker = op->worker;
    if (keyed->watermark == FLOW_TIME_MIN_US)
        return FLOW_OK;
    uint16_t *kept =
        fl_mem_alloc(&worker->cache, worker->bundle.mem, FLOW_BATCH_ROWS * sizeof *kept);
    if (!kept)
        return fl_no_memory(op);
    uint32_t count = 0;
    flow_status status = FLOW_OK;
    for (uint32_t i = 0; i < view->count && status == FLOW_OK; i++) {
        const uint32_t row = fl_view_row(view, i);
        const flow_window window = fl_row_window(op, view->batch, row);
        if (flow_window_expiry(window, keyed->lateness).us < keyed->watermark)
            status = fl_late_drop(op, view, shape, row, &late);
        else
            kept[count++] = (uint16_t)row;
    }
    if (count < view->count) {
        view->selection = kept;
        view->count = count;
    }
    return status;
}

// Rows that are called next, and the others that have not been placed.
struct run {
    const struct fl_view *all;
    struct fl_view view;
    uint32_t placed;
};

static flow_status call_run(struct fl_op *op, struct run *run, const flow_shape *shape)
{
    struct fl_own *own = op->keyed->stateful->own;
    const uint32_t first = run->placed - run->view.count;
    for (uint32_t i = first; i < run->placed; i++)
        own->met[own->marks[i] / 64] = 0;
    run->view.selection = own->rows + first;
    const flow_status status =
        run->view.count > 0 ? fl_stateful_call(op, &run->view, shape, op->plan->node->fn->process)
                            : FLOW_OK;
    run->view.count = 0;
    return status;
}

// Finds the window of the next row, after any merging, made if need be.
static flow_status place(struct fl_op *op, struct run *run)
{
    const struct fl_lives *lives = op->keyed->lives;
    struct fl_stateful *stateful = op->keyed->stateful;
    const uint32_t i = run->placed++;
    const uint16_t row = stateful->own->rows[i];
    union fl_live_key key;
    struct fl_live *live;
    bool closed;
    if (lives->keys.form == FL_KEY_WORD)
        key.word = lives->keys.words[i];
    else
        key.bytes = lives->keys.bytes[i];
    const flow_window window = fl_row_window(op, run->all->batch, row);
    const flow_status status = fl_live_of(op, &key, window, &live, &closed);
    if (status != FLOW_OK)
        return status;
    struct fl_cell *cell = cell_in(op, live);
    if (!cell)
        return fl_no_memory(op);
    if (stateful->full)
        fl_cells_of(cell)->dirty = true; // it may expire later now
    stateful->cells[row] = cell;
    run->view.batch->windows[row] = live->window;
    run->view.count++;
    return FLOW_OK;
}

// Whether a key by this mark was met since the last call; notes it.
static bool meets(struct fl_own *own, uint16_t mark)
{
    const uint64_t bit = UINT64_C(1) << (mark % 64);
    const bool met = own->met[mark / 64] & bit;
    own->met[mark / 64] |= bit;
    return met;
}

flow_status fl_own_rows(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
    const struct fl_keys *keys)
{
    struct fl_own *own = op->keyed->stateful->own;
    struct fl_cache *cache = &op->worker->cache;
    if (!fl_lives_keep_keys(op, keys, view->count))
        return fl_no_memory(op);
    for (uint32_t i = 0; i < view->count; i++) {
        own->rows[i] = (uint16_t)fl_view_row(view, i);
        own->marks[i] = (uint16_t)(keys->hashes[i] % MET);
    }
    struct run run = { .all = view, .view.batch = fl_batch_windowed(cache, view->batch) };
    flow_status status = run.view.batch ? FLOW_OK : fl_no_memory(op);
    while (status == FLOW_OK && run.placed < view->count) {
        const uint16_t mark = own->marks[run.placed];
        if (op->keyed->lives->merging && meets(own, mark)) {
            status = call_run(op, &run, shape);
            meets(own, mark);
        }
        if (status == FLOW_OK)
            status = place(op, &run);
    }
    if (status == FLOW_OK)
        status = call_run(op, &run, shape);
    else
        memset(own->met, 0, sizeof own->met);
    fl_batch_unref(cache, run.view.batch);
    return status;
}

// --- ends

bool fl_own_end(struct fl_op *op, struct fl_cell *cell)
{
    if (!fl_live_remove(op, fl_own_of(cell)))
        return false;
    cell->serial = 0;
    cell->timer = FL_NEVER;
    return true;
}

flow_status fl_own_seal(struct fl_op *op)
{
    struct fl_stateful *stateful = op->keyed->stateful;
    const struct fl_lives *lives = op->keyed->lives;
    for (struct fl_touched *t = stateful->own ? stateful->changed : NULL; t; t = t->next) {
        if (t->cell->serial == 0)
            continue;
        // a window that merges is there until it expires: what comes still belongs to it
        const bool over = !lives->merging && fl_stateful_over(op, t->cell);
        const bool done = over           ? fl_own_end(op, t->cell)
                          : !lives->bulk ? true
                                         : fl_content_tidy(op, fl_own_of(t->cell));
        if (!done)
            return fl_no_memory(op);
    }
    return FLOW_OK;
}

// --- from snapshots

flow_status fl_own_load(struct fl_op *op, struct fl_live *live, struct fl_wire *wire)
{
    struct fl_lives *lives = op->keyed->lives;
    struct fl_cell *cell = begin(op, live);
    if (!cell)
        return fl_no_memory(op);
    if (op->keyed->stateful->full)
        return fl_cells_load(op, cell, wire);
    const flow_type *type = op->plan->node->fn->state;
    struct fl_bulk_room room = { lives, lives->bulk ? fl_live_bulk(lives, live) : NULL };
    const flow_memory memory = fl_bulk_memory(&room);
    cell->timer = (int64_t)fl_get_word(wire);
    flow_status status = flow_evolution_decode(
        wire->stored->of[FL_STORED_VALUE], &wire->rest, fl_cell_state(cell), &memory, NULL);
    if (status == FLOW_OK && lives->bulk)
        status = flow_row_adopt(type, fl_cell_state(cell), &memory, NULL, NULL);
    if (status != FLOW_OK)
        return status;
    return fl_own_tell(op, cell) ? FLOW_OK : fl_no_memory(op);
}
