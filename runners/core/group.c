// SPDX-License-Identifier: Apache-2.0
// Grouping: all rows of a key and window, kept in chunks, handed to a function when the window
// fires.
#include "chunk.h"
#include "snapshot.h"
#include "spill.h"

struct fl_group_cell {
    struct fl_chunk *first, *last;
    struct fl_group_cell *later; // of the same key in the window being fired
    uint64_t count;
    uint64_t stamp;      // bundle that touched it last
    uint32_t last_count; // rows in the last chunk, for when the cell is put back
};

uint32_t fl_group_cell_size(void)
{
    return sizeof(struct fl_group_cell);
}

uint64_t fl_group_cell_count(const void *cell)
{
    return ((const struct fl_group_cell *)cell)->count;
}

static uint32_t row_size(const struct fl_op *op)
{
    return (op->plan->shape.type->size + 7) & ~7u;
}

static void put_back(struct fl_op *op, void *at, const void *image)
{
    struct fl_group_cell *cell = at;
    (void)op;
    memcpy(cell, image, sizeof *cell);
    if (cell->last) {
        cell->last->next = NULL;
        cell->last->count = cell->last_count;
    }
}

struct removed {
    struct fl_table *table;
    uint64_t word, hash;
    flow_str bytes;
};

static void take_out(struct fl_op *op, void *at, const void *image)
{
    const struct removed *key = image;
    (void)op;
    (void)at;
    if (key->table->form == FL_KEY_WORD)
        fl_table_remove_word(key->table, key->word);
    else
        fl_table_remove_bytes(key->table, key->bytes, key->hash);
}

// The bytes of a key for as long as the bundle: rows that came through a shuffle have them in their
// batch, which the bundle keeps; others have had them gathered only for now.
static bool key_of_undo(struct fl_op *op, flow_str bytes, flow_str *kept)
{
    struct fl_worker *worker = op->worker;
    *kept = bytes;
    if (!op->plan->local || bytes.len == 0)
        return true;
    char *copy = fl_mem_alloc(&worker->cache, worker->bundle.mem, bytes.len);
    if (copy)
        memcpy(copy, bytes.data, bytes.len);
    kept->data = copy;
    return copy != NULL;
}

static struct fl_group_cell *cell_of(
    struct fl_op *op, struct fl_table *table, const struct fl_keys *keys, uint32_t i)
{
    struct fl_cache *cache = &op->worker->cache;
    const bool words = keys->form == FL_KEY_WORD;
    const uint64_t hash = keys->hashes[i];
    const uint64_t bundle = op->worker->bundle.number;
    struct fl_group_cell *cell = words ? fl_table_find_word(table, keys->words[i])
                                       : fl_table_find_bytes(table, keys->bytes[i], hash);
    if (cell) {
        if (cell->stamp != bundle && !fl_undo_add(op, put_back, cell, cell, sizeof *cell))
            return NULL;
        cell->stamp = bundle;
        return cell;
    }
    struct removed key = { .table = table, .hash = hash };
    if (words)
        key.word = keys->words[i];
    else if (!key_of_undo(op, keys->bytes[i], &key.bytes))
        return NULL;
    if (!fl_table_reserve(cache, table, 1, key.bytes.len) ||
        !fl_undo_add(op, take_out, NULL, &key, sizeof key))
        return NULL;
    cell = words ? fl_table_add_word(cache, table, key.word)
                 : fl_table_add_bytes(cache, table, key.bytes, hash);
    cell->stamp = bundle;
    return cell;
}

// Chunks grow with the number of rows that a key has.
static char *room_for_row(struct fl_op *op, struct fl_table *table, struct fl_group_cell *cell)
{
    struct fl_cache *cache = &op->worker->cache;
    struct fl_chunk *last = cell->last;
    if (!table->mem && !(table->mem = fl_mem_new(cache)))
        return NULL;
    if (!last || last->count == last->room) {
        const uint32_t room = !last ? 2 : last->room < 256 ? last->room * 2 : 256;
        last = fl_mem_alloc(cache, table->mem, sizeof *last + (size_t)room * row_size(op));
        if (!last)
            return NULL;
        last->next = NULL;
        last->count = 0;
        last->room = room;
        *(cell->last ? &cell->last->next : &cell->first) = last;
        cell->last = last;
    }
    return (char *)(last + 1) + (size_t)last->count * row_size(op);
}

static bool append(
    struct fl_op *op, struct fl_table *table, struct fl_group_cell *cell, const char *element)
{
    struct fl_cache *cache = &op->worker->cache;
    const flow_type *type = op->plan->shape.type;
    char *row = room_for_row(op, table, cell);
    if (!row)
        return false;
    memcpy(row, element, type->size);
    void *pair[2] = { cache, table->mem };
    const flow_memory memory = { fl_take_from, pair };
    if (flow_row_adopt(type, row, &memory, NULL, NULL) != FLOW_OK)
        return false;
    cell->last_count = ++cell->last->count;
    cell->count++;
    return true;
}

static flow_status take_into(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
    const struct fl_keys *keys, const struct fl_placed *placed)
{
    for (uint32_t i = 0; i < view->count; i++) {
        struct fl_slice *slice = placed->one ? placed->one : placed->by[i];
        struct fl_group_cell *cell = cell_of(op, &slice->table, keys, i);
        const char *element = view->batch->rows +
                              (size_t)fl_view_row(view, i) * view->batch->stride +
                              shape->value_offset;
        if (!cell || !append(op, &slice->table, cell, element))
            return fl_no_memory(op);
    }
    return FLOW_OK;
}

static flow_status take(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
    const struct fl_keys *keys)
{
    struct fl_placed *placed = op->worker->placed;
    const struct fl_sets sets = fl_keyed_sets(op->keyed);
    if (!fl_batch_need_rows(&op->worker->cache, view->batch) ||
        !fl_place(&op->worker->cache, &sets, view, placed))
        return fl_no_memory(op);
    return take_into(op, view, shape, keys, placed);
}

flow_status fl_group_take_late(struct fl_op *op, const struct fl_view *one, const flow_shape *shape,
    const struct fl_keys *keys, int64_t name)
{
    struct fl_placed *placed = op->worker->placed;
    placed->one = fl_slices_get(&op->worker->cache, &op->keyed->late, name);
    return placed->one ? take_into(op, one, shape, keys, placed) : fl_no_memory(op);
}

// --- walking

flow_rows *fl_group_rows(flow_ctx *ctx)
{
    struct fl_call *call = fl_call_of(ctx);
    if (call->rows)
        return &call->rows->head;
    flow_fail(
        ctx, FLOW_INVALID, "it asks for the rows of a group, which a FLOW_GROUP_FN alone has");
    return NULL;
}

const void *fl_group_rows_next(flow_rows *flow)
{
    struct fl_rows *rows = (struct fl_rows *)flow;
    if (rows->left == 0)
        return NULL;
    while (rows->chunk && rows->row == rows->chunk->count) {
        rows->chunk = rows->chunk->next;
        rows->row = 0;
        if (rows->chunk || !rows->cell)
            continue;
        rows->cell = rows->cell->later;
        rows->chunk = rows->cell ? rows->cell->first : NULL;
    }
    if (!rows->chunk)
        return rows->op ? fl_spilled_row(rows) : NULL;
    rows->left--;
    return (const char *)(rows->chunk + 1) + (size_t)rows->row++ * rows->stride;
}

size_t fl_group_rows_count(const flow_rows *flow)
{
    return ((const struct fl_rows *)flow)->count;
}

void fl_group_rows_keep(flow_rows *flow)
{
    ((struct fl_rows *)flow)->keep = true;
}

// From here a walk begins anew.
static void note_start(struct fl_rows *rows)
{
    rows->from_cell = rows->cell;
    rows->from_chunk = rows->chunk;
    rows->from_row = rows->row;
}

void fl_group_rows_rewind(flow_rows *flow)
{
    struct fl_rows *rows = (struct fl_rows *)flow;
    if (rows->shown)
        fl_group_rows_rewind(&rows->shown->head);
    else if (rows->op && !fl_spilled_rows_rewind(rows))
        return;
    rows->cell = rows->from_cell;
    rows->chunk = rows->from_chunk;
    rows->row = rows->from_row;
    rows->left = rows->count;
}

const void *fl_group_rows_hold(flow_rows *flow)
{
    struct fl_rows *rows = (struct fl_rows *)flow;
    if (rows->op)
        return fl_spilled_row_hold(rows);
    return (const char *)(rows->chunk + 1) + (size_t)(rows->row - 1) * rows->stride;
}

void fl_group_rows_release(flow_rows *flow)
{
    struct fl_rows *rows = (struct fl_rows *)flow;
    if (rows->op)
        fl_spilled_rows_release(rows);
}

// --- firing

// A window being fired, key by key.
struct firing {
    const struct fl_pane_out *pane;
    struct fl_batch *batch; // of one row, the key; made when first needed
};

struct fl_batch *fl_group_batch(struct fl_op *op)
{
    const flow_shape *in = &op->plan->shape;
    const uint32_t stride = in->key_size < 8 ? 8 : (in->key_size + 7) & ~7u;
    struct fl_batch *batch = fl_batch_new(&op->worker->cache, in->type, stride);
    if (batch) {
        batch->count = 1;
        batch->content = FL_CONTENT_KEYS;
    }
    return batch;
}

// The batch that keys are shown in: the last key's, unless somebody holds on to that.
static struct fl_batch *key_batch(struct fl_op *op, struct firing *firing)
{
    const struct fl_pane_out *pane = firing->pane;
    struct fl_batch *batch = firing->batch;
    if (batch && atomic_load_explicit(&batch->refs, memory_order_acquire) == 1)
        return batch;
    fl_batch_unref(&op->worker->cache, batch);
    firing->batch = batch = fl_group_batch(op);
    if (!batch)
        return NULL;
    batch->time_base = flow_window_last_instant(pane->window).us;
    batch->window_form = FL_WINDOW_UNIFORM;
    batch->window = pane->window;
    batch->pane = pane->pane;
    return batch;
}

flow_status fl_group_call(
    struct fl_op *op, struct fl_batch *batch, const struct fl_entry *entry, struct fl_rows *rows)
{
    flow_shape shape = op->plan->shape;
    fl_key_write(&shape, entry->word, entry->bytes, batch->rows);
    const struct fl_view view = { batch, NULL, 1 };
    shape.key_offset = shape.value_offset = 0;
    flow_batch seen;
    fl_view_rows(op, &view, &shape, &seen);
    note_start(rows);
    op->call.rows = rows;
    flow_status status = fl_call_begin(op, &view, &shape);
    if (status == FLOW_OK)
        status = fl_call_run(op, op->plan->node->fn->process, &seen);
    op->call.rows = NULL;
    return status == FLOW_OK ? fl_call_flush(op) : status;
}

static flow_status call_key(
    struct fl_op *op, struct firing *firing, const struct fl_entry *entry, struct fl_rows *rows)
{
    struct fl_batch *batch = key_batch(op, firing);
    return batch ? fl_group_call(op, batch, entry, rows) : fl_no_memory(op);
}

static struct fl_rows rows_of(
    const struct fl_op *op, const struct fl_group_cell *first, uint64_t count)
{
    const struct fl_rows rows = {
        .head = { fl_ctx_ops() },
        .cell = first,
        .chunk = first->first,
        .count = count,
        .left = count,
        .stride = row_size(op),
    };
    return rows;
}

void fl_group_walk(const struct fl_op *op, const struct fl_group_cell *cell, struct fl_rows *rows)
{
    *rows = rows_of(op, cell, cell->count);
}

flow_status fl_group_fire_late(
    struct fl_op *op, const struct fl_pane_out *pane, const struct fl_entry *entry)
{
    const struct fl_group_cell *cell = entry->value;
    struct fl_rows rows = rows_of(op, cell, cell->count);
    struct firing firing = { pane, NULL };
    const flow_status status = call_key(op, &firing, entry, &rows);
    fl_batch_unref(&op->worker->cache, firing.batch);
    return status;
}

// Sliding windows: the cells of a key in the window being fired, linked from the first on.
struct joint {
    struct fl_group_cell *first, *last;
    uint64_t count; // rows
};

static struct joint *joint_of(struct fl_op *op, const struct fl_entry *entry)
{
    struct fl_cache *cache = &op->worker->cache;
    struct fl_table *joints = &op->keyed->joints;
    if (!fl_table_reserve(cache, joints, 1, entry->bytes.len))
        return NULL;
    return joints->form == FL_KEY_WORD
               ? fl_table_add_word(cache, joints, entry->word)
               : fl_table_add_bytes(cache, joints, entry->bytes, entry->hash);
}

static bool join_table(struct fl_op *op, const struct fl_table *table)
{
    struct fl_entry entry;
    for (uint64_t at = 0; fl_table_next(table, &at, &entry);) {
        struct joint *joint = joint_of(op, &entry);
        if (!joint)
            return false;
        struct fl_group_cell *cell = entry.value;
        *(joint->last ? &joint->last->later : &joint->first) = cell;
        joint->last = cell;
        joint->count += cell->count;
        cell->later = NULL; // as it was linked for an earlier window
    }
    return true;
}

static void drop_joints(struct fl_op *op)
{
    fl_table_fini(&op->worker->cache, &op->keyed->joints);
    op->keyed->joined = INT64_MIN;
}

// Joins what came with the window and its slices, once for the window: always in the same order, so
// that a place in the table is one of it made anew as well.
static bool join_window(struct fl_op *op, const struct fl_pane_out *pane)
{
    struct fl_keyed *keyed = op->keyed;
    const flow_window *window = &pane->window;
    if (keyed->joined == pane->name)
        return true;
    drop_joints(op);
    fl_table_init(&keyed->joints, keyed->form, (uint32_t)sizeof(struct joint), false);
    const struct fl_slice *whole = fl_slices_find(&keyed->panes, pane->name);
    if (whole && !join_table(op, &whole->table))
        return false;
    for (uint32_t i = 0; i < keyed->slices.count; i++) {
        const struct fl_slice *slice = keyed->slices.at[i];
        if (slice->end > window->start.us && slice->end <= window->end.us &&
            !join_table(op, &slice->table))
            return false;
    }
    keyed->joined = pane->name;
    return true;
}

// Notes that a key's window has fired, where late panes may follow. False without memory.
static bool numbered(struct fl_op *op, const struct fl_pane_out *pane, const struct fl_entry *entry)
{
    return op->keyed->lateness.us <= 0 || pane->pane.last || fl_late_fired(op, pane->name, entry);
}

// Gives the rows as if they had been spilled.
static flow_status call_checked(
    struct fl_op *op, struct firing *firing, const struct fl_entry *entry, struct fl_rows *rows)
{
    note_start(rows);
    struct fl_rows alone = { .head = rows->head,
        .op = op,
        .shown = rows,
        .count = rows->count,
        .left = rows->left,
        .one = fl_take(&op->worker->cache, op->plan->shape.type->size) };
    const flow_status status = alone.one ? call_key(op, firing, entry, &alone) : fl_no_memory(op);
    fl_spilled_rows_end(&alone);
    return status;
}

static flow_status fire_key(struct fl_op *op, struct firing *firing, const struct fl_entry *entry)
{
    const struct fl_keyed *keyed = op->keyed;
    if (!numbered(op, firing->pane, entry))
        return fl_no_memory(op);
    const bool sliding = keyed->cut.windows.kind == FLOW_WINDOW_SLIDING;
    const struct joint *joint = entry->value;
    const struct fl_group_cell *cell = sliding ? joint->first : entry->value;
    struct fl_rows rows = rows_of(op, cell, sliding ? joint->count : cell->count);
    return op->worker->engine->options.check_elements ? call_checked(op, firing, entry, &rows)
                                                      : call_key(op, firing, entry, &rows);
}

// Goes on at `fire_at`; keys count too, since a function may emit nothing.
static flow_status fire_table(
    struct fl_op *op, const struct fl_table *table, const struct fl_pane_out *pane, bool *whole)
{
    struct fl_keyed *keyed = op->keyed;
    const uint64_t before = op->emitted;
    struct firing firing = { pane, NULL };
    struct fl_entry entry;
    flow_status status = FLOW_OK;
    for (uint64_t keys = 0; status == FLOW_OK && op->emitted - before + keys < FL_FIRE_ROWS;
         keys++) {
        if (keys > 0 && fl_bundle_full(op->worker))
            break;
        if (!fl_table_next(table, &keyed->fire_at_next, &entry)) {
            *whole = true;
            break;
        }
        status = fire_key(op, &firing, &entry);
    }
    fl_batch_unref(&op->worker->cache, firing.batch);
    return status;
}

static flow_status fire_spilled(
    struct fl_op *op, struct firing *firing, const struct fl_entry *entry, uint64_t count)
{
    struct fl_rows rows = { .head = { fl_ctx_ops() }, .op = op, .count = count, .left = count };
    if (!numbered(op, firing->pane, entry))
        return fl_no_memory(op);
    const flow_status status = call_key(op, firing, entry, &rows);
    fl_spilled_rows_end(&rows);
    return status;
}

// The same from runs.
static flow_status fire_runs(struct fl_op *op, const struct fl_pane_out *pane, bool *whole)
{
    const uint64_t before = op->emitted;
    struct firing firing = { pane, NULL };
    flow_status status = op->keyed->runs ? FLOW_OK : fl_spill_window(op, pane->name);
    for (uint64_t keys = 0; status == FLOW_OK && op->emitted - before + keys < FL_FIRE_ROWS;
         keys++) {
        struct fl_entry entry;
        uint64_t count;
        bool more;
        if (keys > 0 && fl_bundle_full(op->worker))
            break;
        status = fl_funnel_next(op->keyed->runs->funnel, &entry, &count, &more);
        if (status != FLOW_OK) {
            status = fl_spill_failed(op, status);
        } else if (!more) {
            *whole = true;
            break;
        } else {
            status = fire_spilled(op, &firing, &entry, count);
        }
    }
    fl_batch_unref(&op->worker->cache, firing.batch);
    return status;
}

static flow_status fire_window(struct fl_op *op, const struct fl_pane_out *pane, bool *whole)
{
    struct fl_keyed *keyed = op->keyed;
    if (keyed->runs || (keyed->fire_end == INT64_MIN && fl_spill_has(op, pane->name)))
        return fire_runs(op, pane, whole);
    if (keyed->cut.windows.kind != FLOW_WINDOW_SLIDING) {
        const struct fl_slice *slice = fl_slices_find(&keyed->slices, pane->name);
        return fire_table(op, &slice->table, pane, whole);
    }
    if (!join_window(op, pane))
        return fl_no_memory(op);
    return fire_table(op, &keyed->joints, pane, whole);
}

static flow_status fire(struct fl_op *op)
{
    return fl_window_fire(op, fire_window);
}

static void commit(struct fl_op *op)
{
    struct fl_keyed *keyed = op->keyed;
    struct fl_cache *cache = &op->worker->cache;
    fl_late_commit(op);
    if (!fl_window_commit(op))
        return;
    const bool sliding = keyed->cut.windows.kind == FLOW_WINDOW_SLIDING;
    fl_slices_drop(cache, &keyed->slices,
        sliding ? fl_cut_window(&keyed->cut, keyed->fired).start.us : keyed->fired);
    fl_slices_drop(cache, &keyed->panes, keyed->fired);
    if (keyed->joined != keyed->fire_end)
        drop_joints(op);
}

static void abort_bundle(struct fl_op *op)
{
    fl_slices_drop(&op->worker->cache, &op->keyed->late, INT64_MAX);
    fl_window_abort(op);
    drop_joints(op);
}

const struct fl_keyed_ops fl_group_ops = {
    .take = take, .next = fl_window_due, .fire = fire, .commit = commit, .abort = abort_bundle
};

// --- snapshots

void fl_group_save(struct fl_op *op, const void *value, flow_buffer *out)
{
    const struct fl_group_cell *cell = value;
    fl_put_word(out, cell->count);
    for (const struct fl_chunk *chunk = cell->first; chunk; chunk = chunk->next)
        for (uint32_t row = 0; row < chunk->count; row++)
            flow_encode(
                op->plan->shape.type, (const char *)(chunk + 1) + (size_t)row * row_size(op), out);
}

// One row more of a key. What was put in may be spilled before it, the key with it.
static flow_status load_row(struct fl_op *op, struct fl_slice *slice, const struct fl_owned *key,
    void *row, struct fl_wire *wire)
{
    struct fl_table *table = &slice->table;
    const size_t before = wire->rest.len;
    void *pair[2];
    flow_memory memory;
    struct fl_group_cell *cell = fl_restored(op, table, key);
    if (!cell || !fl_table_memory(op, table, pair, &memory))
        return fl_no_memory(op);
    memset(row, 0, op->plan->shape.type->size);
    const flow_status status =
        flow_evolution_decode(wire->stored->of[FL_STORED_VALUE], &wire->rest, row, &memory, NULL);
    if (status != FLOW_OK)
        return status;
    if (!append(op, table, cell, row))
        return fl_no_memory(op);
    return fl_spill_loaded(op->worker, before - wire->rest.len);
}

flow_status fl_group_load(
    struct fl_op *op, struct fl_slice *slice, const struct fl_owned *key, struct fl_wire *wire)
{
    const size_t size = op->plan->shape.type->size;
    const uint64_t count = fl_get_word(wire);
    char *row = fl_take(&op->worker->cache, size);
    flow_status status = row ? FLOW_OK : fl_no_memory(op);
    for (uint64_t i = 0; i < count && status == FLOW_OK; i++)
        status = load_row(op, slice, key, row, wire);
    fl_give(&op->worker->cache, row, size);
    return wire->failed ? FLOW_DAMAGED : status;
}
