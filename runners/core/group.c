// SPDX-License-Identifier: Apache-2.0
// Grouping: all rows of a key and window, kept in chunks, handed to a function when the window
// fires.
#include "snapshot.h"

// Rows of a key that stand together.
struct chunk {
    struct chunk *next;
    uint32_t count, room;
    // the rows follow
};

struct cell {
    struct chunk *first, *last;
    uint64_t count;
    uint64_t stamp;      // bundle that touched it last
    uint32_t last_count; // rows in the last chunk, for when the cell is put back
};

// The rows that a function walks: of one key, slice by slice.
struct fl_rows {
    struct flow_rows head;
    struct fl_op *op;
    const struct fl_entry *entry;
    uint64_t hash;
    uint64_t count;
    int64_t from, to; // slices (from, to] by end; one table when equal
    const struct cell *cell;
    uint32_t slice; // next slice to look into
    const struct chunk *chunk;
    uint32_t row;
};

uint32_t fl_group_cell_size(void)
{
    return sizeof(struct cell);
}

static uint32_t row_size(const struct fl_op *op)
{
    return (op->plan->shape.type->size + 7) & ~7u;
}

static void put_back(struct fl_op *op, void *at, const void *image)
{
    struct cell *cell = at;
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

static struct cell *cell_of(
    struct fl_op *op, struct fl_table *table, const struct fl_keys *keys, uint32_t i)
{
    struct fl_cache *cache = &op->worker->cache;
    const bool words = keys->form == FL_KEY_WORD;
    const uint64_t hash = keys->hashes[i];
    const uint64_t bundle = op->worker->bundle.number;
    struct cell *cell = words ? fl_table_find_word(table, keys->words[i])
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
static char *room_for_row(struct fl_op *op, struct fl_table *table, struct cell *cell)
{
    struct fl_cache *cache = &op->worker->cache;
    struct chunk *last = cell->last;
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

static bool append(struct fl_op *op, struct fl_table *table, struct cell *cell, const char *element)
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
        struct cell *cell = cell_of(op, &slice->table, keys, i);
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
    const struct fl_keys *keys, int64_t end)
{
    struct fl_placed *placed = op->worker->placed;
    placed->one = fl_slices_get(&op->worker->cache, &op->keyed->late, end);
    return placed->one ? take_into(op, one, shape, keys, placed) : fl_no_memory(op);
}

// --- walking

flow_rows *fl_group_rows(flow_ctx *ctx)
{
    return &fl_call_of(ctx)->rows->head;
}

static const struct cell *find_cell(
    const struct fl_table *table, const struct fl_entry *entry, uint64_t hash)
{
    return table->form == FL_KEY_WORD ? fl_table_find_word(table, entry->word)
                                      : fl_table_find_bytes(table, entry->bytes, hash);
}

// The next cell of the key among the slices of the window; NULL at the end.
static const struct cell *next_cell(struct fl_rows *rows)
{
    const struct fl_slices *slices = &rows->op->keyed->slices;
    for (; rows->from != rows->to && rows->slice < slices->count; rows->slice++) {
        const struct fl_slice *slice = slices->at[rows->slice];
        if (slice->end > rows->to)
            break;
        const struct cell *cell =
            slice->end > rows->from ? find_cell(&slice->table, rows->entry, rows->hash) : NULL;
        if (cell) {
            rows->slice++;
            return cell;
        }
    }
    return NULL;
}

const void *fl_group_rows_next(flow_rows *flow)
{
    struct fl_rows *rows = (struct fl_rows *)flow;
    while (rows->cell) {
        if (!rows->chunk)
            rows->chunk = rows->cell->first;
        while (rows->chunk && rows->row == rows->chunk->count) {
            rows->chunk = rows->chunk->next;
            rows->row = 0;
        }
        if (rows->chunk)
            return (const char *)(rows->chunk + 1) + (size_t)rows->row++ * row_size(rows->op);
        rows->cell = next_cell(rows);
        rows->row = 0;
    }
    return NULL;
}

size_t fl_group_rows_count(const flow_rows *flow)
{
    return ((const struct fl_rows *)flow)->count;
}

// --- firing

static flow_status call_key(struct fl_op *op, const struct fl_pane_out *pane, struct fl_rows *rows)
{
    struct fl_cache *cache = &op->worker->cache;
    const flow_shape *in = &op->plan->shape;
    const uint32_t stride = in->key_size < 8 ? 8 : (in->key_size + 7) & ~7u;
    struct fl_batch *batch = fl_batch_new(cache, in->type, stride);
    if (!batch)
        return fl_no_memory(op);
    batch->count = 1;
    batch->time_base = flow_window_last_instant(pane->window).us;
    batch->window_form = FL_WINDOW_UNIFORM;
    batch->window = pane->window;
    batch->pane = pane->pane;
    fl_key_write(in, rows->entry->word, rows->entry->bytes, batch->rows);
    const struct fl_view view = { batch, NULL, 1 };
    flow_shape shape = *in;
    shape.key_offset = shape.value_offset = 0;
    flow_batch seen;
    fl_view_rows(op, &view, &shape, &seen);
    op->call.rows = rows;
    flow_status status = fl_call_begin(op, &view, &shape);
    if (status == FLOW_OK)
        status = fl_call_run(op, op->plan->node->fn->process, &seen);
    if (status == FLOW_OK)
        status = fl_call_flush(op);
    fl_batch_unref(cache, batch);
    return status;
}

static struct fl_rows rows_of(struct fl_op *op, const struct fl_entry *entry)
{
    const struct fl_rows rows = {
        .head = { fl_ctx_ops() },
        .op = op,
        .entry = entry,
        .cell = entry->value,
        .count = ((const struct cell *)entry->value)->count,
        .hash = op->keyed->form == FL_KEY_WORD ? fl_hash_word(entry->word) : entry->hash,
    };
    return rows;
}

flow_status fl_group_fire_late(
    struct fl_op *op, const struct fl_pane_out *pane, const struct fl_entry *entry)
{
    struct fl_rows rows = rows_of(op, entry);
    return call_key(op, pane, &rows);
}

// A window being fired: rows that came with it, and slices of it.
struct firing {
    const struct fl_pane_out *pane;
    const struct fl_table *whole; // may be NULL
    bool sliding;
};

// Whether the key was fired already: from rows that came with their window, or an earlier slice.
static bool seen_before(const struct fl_rows *rows, const struct firing *f, uint32_t slice)
{
    const struct fl_slices *slices = &rows->op->keyed->slices;
    if (f->whole && find_cell(f->whole, rows->entry, rows->hash))
        return true;
    for (uint32_t i = 0; i < slice; i++)
        if (slices->at[i]->end > rows->from &&
            find_cell(&slices->at[i]->table, rows->entry, rows->hash))
            return true;
    return false;
}

static uint64_t count_rows(struct fl_rows rows)
{
    uint64_t count = 0;
    for (const struct cell *cell = rows.cell; cell; cell = next_cell(&rows))
        count += cell->count;
    return count;
}

// Fires the keys of a table; `next` is the first slice that may have more of their rows.
static flow_status fire_slice(
    struct fl_op *op, const struct firing *f, const struct fl_table *table, uint32_t next)
{
    const struct fl_pane_out *pane = f->pane;
    struct fl_entry entry;
    flow_status status = FLOW_OK;
    for (uint64_t at = 0; status == FLOW_OK && fl_table_next(table, &at, &entry);) {
        struct fl_rows rows = rows_of(op, &entry);
        if (op->keyed->lateness.us > 0 && !pane->pane.last &&
            !fl_late_fired(op, pane->window.end.us, &entry))
            return fl_no_memory(op);
        if (f->sliding) {
            rows.from = pane->window.start.us;
            rows.to = pane->window.end.us;
            if (table != f->whole && seen_before(&rows, f, next - 1))
                continue;
            rows.slice = next;
            rows.count = count_rows(rows);
        }
        status = call_key(op, pane, &rows);
    }
    return status;
}

static flow_status fire_window(struct fl_op *op, const struct fl_pane_out *pane)
{
    struct fl_keyed *keyed = op->keyed;
    const int64_t end = pane->window.end.us;
    const bool sliding = keyed->cut.windows.kind == FLOW_WINDOW_SLIDING;
    flow_status status = FLOW_OK;
    const struct fl_slice *whole = fl_slices_find(sliding ? &keyed->panes : &keyed->slices, end);
    const struct firing firing = { pane, whole ? &whole->table : NULL, sliding };
    if (whole)
        status = fire_slice(op, &firing, firing.whole, 0);
    for (uint32_t i = 0; sliding && status == FLOW_OK && i < keyed->slices.count; i++) {
        const struct fl_slice *slice = keyed->slices.at[i];
        if (slice->end > pane->window.start.us && slice->end <= end)
            status = fire_slice(op, &firing, &slice->table, i + 1);
    }
    return status;
}

static int64_t next(struct fl_op *op)
{
    return fl_window_next(op);
}

static flow_status fire(struct fl_op *op)
{
    struct fl_keyed *keyed = op->keyed;
    const uint64_t before = op->emitted;
    while (op->emitted - before < FL_FIRE_ROWS) {
        const int64_t end = fl_window_next(op);
        if (end > keyed->watermark)
            return FLOW_OK;
        const struct fl_pane_out pane = fl_window_pane(op, end);
        const flow_status status = fire_window(op, &pane);
        if (status != FLOW_OK)
            return status;
        keyed->fired_next = end;
    }
    return FLOW_OK;
}

static void commit(struct fl_op *op)
{
    struct fl_keyed *keyed = op->keyed;
    struct fl_cache *cache = &op->worker->cache;
    fl_late_commit(op);
    if (keyed->fired == keyed->fired_next)
        return;
    keyed->fired = keyed->fired_next;
    const bool sliding = keyed->cut.windows.kind == FLOW_WINDOW_SLIDING;
    const int64_t size = keyed->cut.windows.size.us;
    fl_slices_drop(cache, &keyed->slices, sliding ? keyed->fired - size : keyed->fired);
    fl_slices_drop(cache, &keyed->panes, keyed->fired);
}

static void abort_bundle(struct fl_op *op)
{
    struct fl_keyed *keyed = op->keyed;
    fl_slices_drop(&op->worker->cache, &keyed->late, INT64_MAX);
    keyed->fired_next = keyed->fired;
}

const struct fl_keyed_ops fl_group_ops = { take, next, fire, commit, abort_bundle };

// --- snapshots

void fl_group_save(struct fl_op *op, const void *value, flow_buffer *out)
{
    const struct cell *cell = value;
    fl_put_word(out, cell->count);
    for (const struct chunk *chunk = cell->first; chunk; chunk = chunk->next)
        for (uint32_t row = 0; row < chunk->count; row++)
            flow_encode(
                op->plan->shape.type, (const char *)(chunk + 1) + (size_t)row * row_size(op), out);
}

flow_status fl_group_load(
    struct fl_op *op, struct fl_table *table, void *value, struct fl_wire *wire)
{
    const flow_type *type = op->plan->shape.type;
    const uint64_t count = fl_get_word(wire);
    char *row = fl_take(&op->worker->cache, type->size);
    void *pair[2];
    flow_memory memory;
    flow_status status = FLOW_OK;
    if (!row || !fl_table_memory(op, table, pair, &memory))
        status = fl_no_memory(op);
    for (uint64_t i = 0; i < count && status == FLOW_OK; i++) {
        memset(row, 0, type->size);
        status = flow_decode(type, &wire->rest, row, &memory, NULL);
        if (status == FLOW_OK && !append(op, table, value, row))
            status = fl_no_memory(op);
    }
    fl_give(&op->worker->cache, row, type->size);
    return wire->failed ? FLOW_DAMAGED : status;
}
