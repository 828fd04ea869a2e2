// SPDX-License-Identifier: Apache-2.0
// Elements of a stateful step that wait until those before them in event time have come (R65). They
// stay in the batches they came in. Where few of a batch wait, they are copied to batches that are
// filled by one bundle after the other: else a bundle of one row would keep some 40 KiB.
#include "stateful.h"

#define SELECTED 64u // rows of one instant that lie apart have a selection if they are so many

// --- shapes

static bool same_shape(const flow_shape *a, const flow_shape *b)
{
    return a->type == b->type && a->key == b->key && a->key_record == b->key_record &&
           a->key_size == b->key_size && a->key_offset == b->key_offset &&
           a->value_offset == b->value_offset && a->stride == b->stride;
}

// A shape that stays; NULL without memory.
static const flow_shape *know_shape(struct fl_op *op, const flow_shape *shape)
{
    struct fl_stateful *stateful = op->keyed->stateful;
    for (const struct fl_known_shape *known = stateful->shapes; known; known = known->next)
        if (same_shape(&known->shape, shape))
            return &known->shape;
    struct fl_known_shape *known = fl_take(&op->worker->cache, sizeof *known);
    if (!known)
        return NULL;
    known->shape = *shape;
    known->next = stateful->shapes;
    stateful->shapes = known;
    return &known->shape;
}

// --- one that waits

// Until when an element waits for earlier ones: for as long as they may come, at most until its
// window expires. It is too late itself once the watermark is past that.
static int64_t waits_until(const struct fl_keyed *keyed, const struct fl_batch *batch, uint32_t row)
{
    const int64_t time = fl_batch_time(batch, row);
    const flow_window instant = { { time },
        { time < FLOW_TIME_GLOBAL_END_US ? time + 1 : FLOW_TIME_GLOBAL_END_US } };
    const int64_t until = flow_window_expiry(instant, keyed->lateness).us;
    if (batch->window_form == FL_WINDOW_IMPLIED)
        return until; // the time lies in the window
    const flow_window window =
        batch->window_form == FL_WINDOW_ROWS ? batch->windows[row] : batch->window;
    const int64_t expiry = flow_window_expiry(window, keyed->lateness).us;
    return until < expiry ? until : expiry;
}

static bool apart(const struct fl_view *rows)
{
    const uint32_t first = fl_view_row(rows, 0);
    for (uint32_t i = 1; i < rows->count; i++)
        if (fl_view_row(rows, i) != first + i)
            return true;
    return false;
}

// Rows of one instant as a due, with a reference to their batch. False without memory.
static bool fill_due(
    struct fl_op *op, struct fl_due *due, const struct fl_view *rows, const flow_shape *shape)
{
    due->shape = know_shape(op, shape);
    due->count = rows->count;
    due->row = (uint16_t)fl_view_row(rows, 0);
    due->selection = NULL;
    const bool select = apart(rows);
    if (select)
        due->selection = fl_take(&op->worker->cache, rows->count * sizeof *due->selection);
    if (!due->shape || (select && !due->selection)) {
        fl_give(&op->worker->cache, due->selection, rows->count * sizeof *due->selection);
        return false;
    }
    for (uint32_t i = 0; due->selection && i < rows->count; i++)
        due->selection[i] = (uint16_t)fl_view_row(rows, i);
    due->then = fl_batch_time(rows->batch, due->row);
    due->at = waits_until(op->keyed, rows->batch, due->row);
    due->item = fl_batch_ref(rows->batch);
    return true;
}

struct fl_view fl_waits_view(const struct fl_op *op, const struct fl_due *due)
{
    const uint16_t *rows = due->selection ? due->selection : op->worker->identity + due->row;
    return (struct fl_view){ due->item, rows, due->count };
}

static void drop_due(struct fl_cache *cache, const struct fl_due *due)
{
    fl_batch_unref(cache, due->item);
    fl_give(cache, due->selection, due->count * sizeof *due->selection);
}

// --- those of the bundle

struct fl_sorted_new {
    struct fl_sorted_new *next;
    struct fl_due due;
};

// Remembers rows of one instant until the watermark passes it. They join the queue at the commit.
static flow_status wait_rows(struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    struct fl_worker *worker = op->worker;
    struct fl_stateful *stateful = op->keyed->stateful;
    struct fl_sorted_new *incoming =
        fl_mem_alloc(&worker->cache, worker->bundle.mem, sizeof *incoming);
    if (!incoming)
        return fl_no_memory(op);
    memset(incoming, 0, sizeof *incoming);
    if (!fill_due(op, &incoming->due, view, shape))
        return fl_no_memory(op);
    incoming->next = stateful->incoming;
    stateful->incoming = incoming;
    return fl_dues_reserve(&worker->cache, &stateful->sorted, ++stateful->incoming_count)
               ? FLOW_OK
               : fl_no_memory(op);
}

// Elements that are too late to be put in order are dropped (R65). False without memory, or when
// the drop failed.
static bool drop_too_late(struct fl_op *op, struct fl_view *view, const flow_shape *shape)
{
    const struct fl_rejection why = { .reason = FL_LATE,
        .message = "it came too late to be put in order of time" };
    struct fl_worker *worker = op->worker;
    uint16_t *rows = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < view->count; i++) {
        const uint16_t row = (uint16_t)fl_view_row(view, i);
        const bool late = waits_until(op->keyed, view->batch, row) < op->keyed->watermark;
        if (late && !rows) {
            rows = fl_mem_alloc(&worker->cache, worker->bundle.mem, FLOW_BATCH_ROWS * sizeof *rows);
            if (!rows)
                return fl_no_memory(op) == FLOW_OK;
            for (; count < i; count++)
                rows[count] = (uint16_t)fl_view_row(view, count);
        }
        if (late && fl_drop_row(op, view, shape, row, &why) != FLOW_OK)
            return false;
        if (!late && rows)
            rows[count++] = row;
    }
    if (rows) {
        view->selection = rows;
        view->count = count;
    }
    return true;
}

// How many rows from the first on are of one instant and wait until the same. A selection takes a
// block, however short it is: a few rows that lie apart are not taken together.
static uint32_t together(const struct fl_op *op, const struct fl_view *view)
{
    const struct fl_batch *batch = view->batch;
    const uint32_t first = fl_view_row(view, 0);
    const int64_t at = fl_batch_time(batch, first);
    const int64_t until = waits_until(op->keyed, batch, first);
    uint32_t count = 1, joined = 1;
    for (; count < view->count; count++) {
        const uint32_t row = fl_view_row(view, count);
        if (fl_batch_time(batch, row) != at || waits_until(op->keyed, batch, row) != until)
            break;
        joined += joined == count && row == first + count;
    }
    return count < SELECTED ? joined : count;
}

static flow_status wait_view(struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    flow_status status = FLOW_OK;
    struct fl_view left = *view;
    if (!left.selection)
        left.selection = op->worker->identity;
    while (left.count > 0 && status == FLOW_OK) {
        const struct fl_view some = { left.batch, left.selection, together(op, &left) };
        status = wait_rows(op, &some, shape);
        left.selection += some.count;
        left.count -= some.count;
    }
    return status;
}

// --- copies

// Whether a batch would stay for rows that need little of it. What its rows point to is theirs.
static bool few(const struct fl_view *view)
{
    const struct fl_batch *batch = view->batch;
    const size_t row = batch->stride + sizeof(int64_t) +
                       (batch->windows ? sizeof *batch->windows : 0) +
                       (batch->panes ? sizeof *batch->panes : 0);
    size_t held = 0;
    for (const struct fl_batch *one = batch; one; one = one->parent)
        held += fl_batch_size(one) - fl_mem_size(one->mem);
    return view->count < batch->count / 4 || view->count * row < held / 4;
}

static struct fl_store *copies_for(struct fl_stateful *stateful, const struct fl_batch *batch)
{
    return &stateful->few[batch->window_form == FL_WINDOW_IMPLIED ? 0 : 1].rows;
}

static flow_status wait_copies(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    struct fl_stateful *stateful = op->keyed->stateful;
    struct fl_store *store = copies_for(stateful, view->batch);
    struct fl_view run = { 0 }; // copies in one batch
    flow_status status = FLOW_OK;
    for (uint32_t i = 0; i < view->count && status == FLOW_OK; i++) {
        const struct fl_row_at at = { view->batch, shape, fl_view_row(view, i) };
        if (!fl_store_put(&op->worker->cache, &stateful->layout, store, &at))
            return fl_no_memory(op);
        if (run.batch != store->last) {
            if (run.count > 0)
                status = wait_view(op, &run, &stateful->layout.shape);
            run = (struct fl_view){ store->last, op->worker->identity + store->last->count - 1, 0 };
        }
        run.count++;
    }
    return status == FLOW_OK && run.count > 0 ? wait_view(op, &run, &stateful->layout.shape)
                                              : status;
}

flow_status fl_waits_take(struct fl_op *op, const struct fl_view *all, const flow_shape *shape)
{
    struct fl_view left = *all;
    if (!drop_too_late(op, &left, shape))
        return op->worker->error.status ? op->worker->error.status : fl_no_memory(op);
    if (left.count == 0)
        return FLOW_OK;
    return few(&left) ? wait_copies(op, &left, shape) : wait_view(op, &left, shape);
}

flow_status fl_waits_restore(struct fl_op *op, const struct fl_row_at *at)
{
    struct fl_stateful *stateful = op->keyed->stateful;
    struct fl_cache *cache = &op->worker->cache;
    struct fl_store *store = copies_for(stateful, at->batch);
    struct fl_due due = { 0 };
    if (!fl_store_put(cache, &stateful->layout, store, at))
        return FLOW_MEMORY;
    const struct fl_view row = { store->last, op->worker->identity + store->last->count - 1, 1 };
    if (!fill_due(op, &due, &row, &stateful->layout.shape))
        return FLOW_MEMORY;
    if (fl_dues_add(cache, &stateful->sorted, &due))
        return FLOW_OK;
    drop_due(cache, &due);
    return FLOW_MEMORY;
}

// The last batch of copies may take more; those before it are held by what waits alone.
static void keep_last(struct fl_cache *cache, struct fl_few *few, bool any)
{
    while (few->rows.first && (few->rows.first != few->rows.last || !any)) {
        struct fl_batch *full = few->rows.first;
        few->rows.first = full->next;
        full->next = NULL;
        fl_batch_unref(cache, full);
    }
    if (!few->rows.first)
        few->rows.last = NULL;
    few->kept = few->rows.last ? few->rows.last->count : 0;
}

// What the bundle has copied is gone; bytes that it points to go with the batch.
static void forget_copies(struct fl_cache *cache, struct fl_few *few)
{
    struct fl_batch *open = few->kept > 0 ? few->rows.first : NULL;
    if (open)
        few->rows.first = open->next;
    fl_store_drop(cache, &few->rows);
    if (!open)
        return;
    open->count = few->kept;
    open->next = NULL;
    few->rows = (struct fl_store){ open, open };
}

// --- the queue

void fl_waits_commit(struct fl_op *op)
{
    struct fl_stateful *stateful = op->keyed->stateful;
    struct fl_cache *cache = &op->worker->cache;
    struct fl_sorted_new *oldest = NULL;
    for (size_t i = 0; i < stateful->sorted.taken_count; i++)
        drop_due(cache, &stateful->sorted.taken[i]);
    fl_dues_commit(&stateful->sorted);
    for (struct fl_sorted_new *n = stateful->incoming, *next; n; n = next) {
        next = n->next;
        n->next = oldest;
        oldest = n;
    }
    for (; oldest; oldest = oldest->next)
        fl_dues_add(cache, &stateful->sorted, &oldest->due);
    stateful->incoming = NULL;
    stateful->incoming_count = 0;
    for (size_t i = 0; i < 2; i++)
        keep_last(cache, &stateful->few[i], stateful->sorted.count > 0);
}

void fl_waits_abort(struct fl_op *op)
{
    struct fl_stateful *stateful = op->keyed->stateful;
    struct fl_cache *cache = &op->worker->cache;
    for (struct fl_sorted_new *n = stateful->incoming; n; n = n->next)
        drop_due(cache, &n->due);
    stateful->incoming = NULL;
    stateful->incoming_count = 0;
    fl_dues_abort(&stateful->sorted);
    for (size_t i = 0; i < 2; i++)
        forget_copies(cache, &stateful->few[i]);
}

void fl_waits_fini(struct fl_op *op)
{
    struct fl_stateful *stateful = op->keyed->stateful;
    struct fl_cache *cache = &op->worker->cache;
    while (stateful->sorted.count) {
        const struct fl_due due = fl_dues_take(&stateful->sorted);
        drop_due(cache, &due);
    }
    while (stateful->shapes) {
        struct fl_known_shape *known = stateful->shapes;
        stateful->shapes = known->next;
        fl_give(cache, known, sizeof *known);
    }
    for (size_t i = 0; i < 2; i++)
        fl_store_drop(cache, &stateful->few[i].rows);
    fl_dues_fini(cache, &stateful->sorted);
}
