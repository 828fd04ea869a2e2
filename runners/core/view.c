// SPDX-License-Identifier: Apache-2.0
// Steps that make views. What a grouping fires for a window replaces what the window had (R72); a
// firing without rows never gets here, and leaves it as it was, as in Beam's direct runner. Changes
// of a table are added to it. Both are made ready before the bundle commits and shown at once when
// it does.
#include "side.h"

#define SEGMENTS 48u // of a worker's share of a table at most: each has half the rows of the former

// A firing of a window in this bundle.
struct firing {
    struct firing *next;
    flow_window window;
    uint32_t index; // of the pane
    struct fl_store rows;
};

struct fl_view_op {
    struct fl_layout layout;
    struct firing *firings;  // of the bundle
    struct fl_store changes; // tables: of the bundle
    struct fl_held *add;     // made of them, with references of its own
    uint32_t added;
    struct fl_publication *publication;
};

bool fl_view_init(struct fl_op *op)
{
    struct fl_engine *engine = op->worker->engine;
    struct fl_view_op *view = fl_mem_alloc(&engine->cache, engine->mem, sizeof *view);
    if (!view)
        return false;
    memset(view, 0, sizeof *view);
    view->layout = fl_layout_of(&op->plan->out->shape);
    op->keyed->view = view;
    return true;
}

static void forget_bundle(struct fl_view_op *view)
{
    view->firings = NULL;
    view->add = NULL;
    view->added = 0;
    view->publication = NULL;
    memset(&view->changes, 0, sizeof view->changes);
}

static void abort_bundle(struct fl_op *op)
{
    struct fl_view_op *view = op->keyed->view;
    struct fl_cache *cache = &op->worker->cache;
    for (struct firing *f = view->firings; f; f = f->next)
        fl_store_drop(cache, &f->rows);
    fl_store_drop(cache, &view->changes);
    for (uint32_t i = 0; i < view->added; i++)
        fl_segment_unref(cache, view->add[i].segment);
    if (view->publication)
        fl_view_state_unref(cache, view->publication->fresh);
    forget_bundle(view);
}

void fl_view_fini(struct fl_op *op)
{
    if (op->keyed->view)
        abort_bundle(op);
}

// Readies what was made to be shown, together with at most `kept` segments that stay.
static flow_status ready(struct fl_op *op, int64_t tag, uint32_t kept)
{
    struct fl_view_op *view = op->keyed->view;
    struct fl_worker *worker = op->worker;
    struct fl_publication *p = fl_mem_alloc(&worker->cache, worker->bundle.mem, sizeof *p);
    if (!p)
        return fl_no_memory(op);
    *p = (struct fl_publication){ .view = op->plan->view,
        .table = op->plan->kind == FL_OP_TABLE,
        .tag = tag,
        .add = view->add,
        .count = view->added,
        .fresh = fl_view_state_new(&worker->cache, view->added + kept) };
    view->publication = p->fresh ? p : NULL;
    return p->fresh ? FLOW_OK : fl_no_memory(op);
}

static void commit(struct fl_op *op)
{
    struct fl_view_op *view = op->keyed->view;
    struct fl_pins *pins = &op->worker->pins;
    for (struct firing *f = view->firings; f; f = f->next)
        fl_store_drop(&op->worker->cache, &f->rows); // of windows that nobody asks for
    if (view->publication) {
        view->publication->next = pins->publications;
        pins->publications = view->publication;
    }
    forget_bundle(view);
}

// --- windows

// The firing that rows belong to: of several of a window the last counts.
static struct firing *firing_of(struct fl_op *op, flow_window window, uint32_t index)
{
    struct fl_view_op *view = op->keyed->view;
    struct fl_worker *worker = op->worker;
    struct firing *firing = view->firings;
    while (firing &&
           (firing->window.end.us != window.end.us || firing->window.start.us != window.start.us))
        firing = firing->next;
    if (!firing) {
        firing = fl_mem_alloc(&worker->cache, worker->bundle.mem, sizeof *firing);
        if (!firing)
            return NULL;
        memset(firing, 0, sizeof *firing);
        firing->window = window;
        firing->next = view->firings;
        view->firings = firing;
    } else if (firing->index != index) {
        fl_store_drop(&worker->cache, &firing->rows);
    }
    firing->index = index;
    return firing;
}

// Rows of several firings, or with some that take back what the firing before had: that is replaced
// anyway.
static flow_status push_each(struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    const struct fl_layout *layout = &op->keyed->view->layout;
    for (uint32_t i = 0; i < view->count; i++) {
        const struct fl_row_at at = { view->batch, shape, fl_view_row(view, i) };
        const flow_window window = fl_row_window(op, at.batch, at.row);
        struct firing *firing = firing_of(op, window, fl_batch_pane(at.batch, at.row)->index);
        if (!firing)
            return fl_no_memory(op);
        if (fl_batch_sign(at.batch, at.row) > 0 &&
            !fl_store_put(&op->worker->cache, layout, &firing->rows, &at))
            return fl_no_memory(op);
    }
    return FLOW_OK;
}

flow_status fl_view_push(struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    struct fl_batch *batch = view->batch;
    op->keyed->touched = true;
    const bool own = batch->rows_size && !batch->parent;
    if (!own || view->selection || batch->window_form != FL_WINDOW_UNIFORM || batch->panes ||
        batch->signs)
        return push_each(op, view, shape);
    struct firing *firing = firing_of(op, batch->window, batch->pane.index);
    if (!firing)
        return fl_no_memory(op);
    fl_batch_trim(&op->worker->cache, batch);
    batch->next = NULL;
    *(firing->rows.last ? &firing->rows.last->next : &firing->rows.first) = fl_batch_ref(batch);
    firing->rows.last = batch;
    return FLOW_OK;
}

// Adds a segment where it belongs.
static void add_segment(struct fl_view_op *view, struct fl_held held)
{
    uint32_t at = view->added++;
    for (; at > 0 && fl_held_before(&held, &view->add[at - 1]); at--)
        view->add[at] = view->add[at - 1];
    view->add[at] = held;
}

static flow_status seal_windows(struct fl_op *op)
{
    struct fl_view_op *view = op->keyed->view;
    struct fl_worker *worker = op->worker;
    const flow_shape *shape = &op->plan->out->shape;
    const enum fl_segment_kind kind =
        shape->key == FLOW_KIND_NONE ? FL_SEGMENT_PLAIN : FL_SEGMENT_KEYED;
    const int64_t limit = fl_view_limit(worker->engine, op->plan);
    uint32_t count = 0;
    for (const struct firing *f = view->firings; f; f = f->next)
        count += f->window.end.us > limit;
    if (count == 0)
        return FLOW_OK;
    view->add = fl_mem_alloc(&worker->cache, worker->bundle.mem, count * sizeof *view->add);
    if (!view->add)
        return fl_no_memory(op);
    for (struct firing *f = view->firings; f; f = f->next) {
        if (f->window.end.us <= limit)
            continue;
        struct fl_segment *segment = fl_segment_new(op, f->rows.first, shape, kind);
        if (!segment)
            return fl_no_memory(op);
        memset(&f->rows, 0, sizeof f->rows);
        add_segment(view, (struct fl_held){ f->window.end.us, f->window.start.us, segment });
    }
    struct fl_view_state *now = fl_views_now(worker->engine, op->plan->view);
    const flow_status status = ready(op, limit, now ? now->count : 0);
    fl_view_state_unref(&worker->cache, now);
    return status;
}

const struct fl_keyed_ops fl_view_ops = { .next = fl_keyed_never,
    .fire = fl_keyed_fire_nothing,
    .commit = commit,
    .abort = abort_bundle,
    .seal = seal_windows };

// --- tables

static flow_status take_changes(struct fl_op *op, const struct fl_view *view,
    const flow_shape *shape, const struct fl_keys *keys)
{
    struct fl_view_op *own = op->keyed->view;
    (void)keys;
    if (!fl_batch_need_rows(&op->worker->cache, view->batch))
        return fl_no_memory(op);
    for (uint32_t i = 0; i < view->count; i++) {
        const struct fl_row_at at = { view->batch, shape, fl_view_row(view, i) };
        if (!fl_store_put(&op->worker->cache, &own->layout, &own->changes, &at))
            return fl_no_memory(op);
    }
    return FLOW_OK;
}

// How many of the first rows of a span nobody asks for: another of the key was valid by then.
static uint32_t passed(
    const struct fl_segment *segment, const struct fl_span *span, int64_t horizon)
{
    uint32_t low = 0, high = span->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (fl_segment_time(segment, segment->order[span->first + middle]) <= horizon)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? low - 1 : 0;
}

// Whether so much is no longer needed, or lies so thinly, that the rest is better copied.
static bool wasteful(const struct fl_op *op, const struct fl_segment *segment, int64_t horizon)
{
    const uint32_t room = fl_batch_capacity(op->keyed->view->layout.shape.stride);
    struct fl_entry entry;
    uint64_t gone = 0;
    for (uint64_t at = 0; fl_table_next(&segment->index, &at, &entry);)
        gone += passed(segment, entry.value, horizon);
    return gone * 2 >= segment->rows || segment->batch_count > 2 * (segment->rows / room + 1);
}

// A segment of the rows that are still asked for.
static struct fl_segment *packed(
    struct fl_op *op, const struct fl_segment *segment, int64_t horizon)
{
    struct fl_cache *cache = &op->worker->cache;
    const struct fl_layout *layout = &op->keyed->view->layout;
    struct fl_store store = { 0 };
    struct fl_entry entry;
    bool done = true;
    for (uint64_t k = 0; done && fl_table_next(&segment->index, &k, &entry);) {
        const struct fl_span *span = entry.value;
        for (uint32_t i = passed(segment, span, horizon); done && i < span->count; i++) {
            const uint32_t ref = segment->order[span->first + i];
            const struct fl_row_at at = { segment->batches[ref / FLOW_BATCH_ROWS], &segment->shape,
                ref % FLOW_BATCH_ROWS };
            done = fl_store_put(cache, layout, &store, &at);
        }
    }
    fl_store_close(cache, &store);
    struct fl_segment *made =
        done ? fl_segment_new(op, store.first, &layout->shape, FL_SEGMENT_TIMED) : NULL;
    if (!made)
        fl_store_drop(cache, &store);
    return made;
}

// The changes of the bundle and those of segments that are not much larger, as one segment.
static struct fl_segment *merged(struct fl_op *op, struct fl_segment *const *with, uint32_t count)
{
    struct fl_cache *cache = &op->worker->cache;
    struct fl_store *all = &op->keyed->view->changes;
    for (uint32_t s = 0; s < count; s++) {
        for (uint32_t b = 0; b < with[s]->batch_count; b++) {
            struct fl_batch *batch = fl_batch_ref(with[s]->batches[b]);
            batch->next = all->first; // nobody else links what lies in a segment
            all->first = batch;
        }
    }
    const flow_shape *shape = &op->keyed->view->layout.shape;
    struct fl_segment *segment = fl_segment_new(op, all->first, shape, FL_SEGMENT_TIMED);
    if (!segment)
        return NULL;
    memset(all, 0, sizeof *all);
    const int64_t horizon = fl_table_horizon(op->worker->engine, op->plan);
    if (!wasteful(op, segment, horizon))
        return segment;
    struct fl_segment *smaller = packed(op, segment, horizon);
    fl_segment_unref(cache, segment);
    return smaller;
}

static flow_status seal_table(struct fl_op *op)
{
    struct fl_view_op *view = op->keyed->view;
    struct fl_worker *worker = op->worker;
    struct fl_segment *own[SEGMENTS];
    uint32_t count = 0;
    uint64_t rows = 0;
    if (!view->changes.first)
        return FLOW_OK;
    fl_store_close(&worker->cache, &view->changes);
    for (const struct fl_batch *batch = view->changes.first; batch; batch = batch->next)
        rows += batch->count;
    view->add = fl_mem_alloc(&worker->cache, worker->bundle.mem, SEGMENTS * sizeof *view->add);
    if (!view->add)
        return fl_no_memory(op);
    struct fl_view_state *now = fl_views_now(worker->engine, op->plan->view);
    for (uint32_t i = 0; now && i < now->count; i++)
        if (now->at[i].tag == worker->index)
            own[count++] = now->at[i].segment;
    uint32_t stays = count;
    while (stays > 0 && own[stays - 1]->rows <= 2 * rows)
        rows += own[--stays]->rows;
    struct fl_segment *segment = merged(op, own + stays, count - stays);
    for (uint32_t i = 0; segment && i < stays; i++)
        add_segment(view, (struct fl_held){ worker->index, 0, fl_segment_ref(own[i]) });
    fl_view_state_unref(&worker->cache, now);
    if (!segment)
        return fl_no_memory(op);
    add_segment(view, (struct fl_held){ worker->index, 0, segment });
    return ready(op, worker->index, SEGMENTS * worker->engine->options.workers);
}

const struct fl_keyed_ops fl_table_ops = { .take = take_changes,
    .next = fl_keyed_never,
    .fire = fl_keyed_fire_nothing,
    .commit = commit,
    .abort = abort_bundle,
    .seal = seal_table };
