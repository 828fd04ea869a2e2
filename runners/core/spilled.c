// SPDX-License-Identifier: Apache-2.0
// What entries of runs hold: of groups a row an item, of combines one accumulator. Rows have the
// binary form of their type there (invariant 3).
#include "extents.h"
#include "spill.h"
#include "wire.h"

#define MEM_MOST ((size_t)64 << 10) // bytes of lists of rows that are gone

// What a step keeps of an entry.
static const flow_type *type_of(const struct fl_op *op)
{
    return op->plan->node->combine ? op->plan->node->combine->acc : op->plan->shape.type;
}

flow_status fl_spilled_put_row(struct fl_op *op, struct fl_run_writer *writer, const void *row)
{
    flow_buffer *scratch = &op->worker->scratch;
    const size_t start = scratch->len;
    flow_encode(type_of(op), row, scratch);
    const flow_str item = { scratch->data + start, scratch->len - start };
    const flow_status status = scratch->failed ? FLOW_BUDGET : fl_run_item(writer, item);
    scratch->len = start;
    return status;
}

flow_status fl_spilled_put(
    struct fl_op *op, struct fl_run_writer *writer, const struct fl_entry *entry)
{
    struct fl_rows rows;
    if (op->plan->kind == FL_OP_COMBINE) {
        const flow_status status = fl_run_head(writer, entry, 1);
        return status == FLOW_OK ? fl_spilled_put_row(op, writer, entry->value) : status;
    }
    fl_group_walk(op, entry->value, &rows);
    flow_status status = fl_run_head(writer, entry, rows.count);
    for (const void *row; status == FLOW_OK && (row = fl_group_rows_next(&rows.head));)
        status = fl_spilled_put_row(op, writer, row);
    return status;
}

// --- accumulators

static flow_status damaged(struct fl_op *op)
{
    return fl_op_fail(op, FLOW_DAMAGED,
        "a row of '%s' that was spilled cannot be read back: it does not survive its binary form",
        type_of(op)->name);
}

static flow_status decode(struct fl_op *op, flow_str item, void *row, const flow_memory *memory)
{
    const flow_status status = flow_decode(type_of(op), &item, row, memory, NULL);
    if (status == FLOW_OK && item.len == 0)
        return FLOW_OK;
    return status == FLOW_MEMORY || status == FLOW_BUDGET ? FLOW_BUDGET : damaged(op);
}

static flow_status merge_items(
    struct fl_op *op, uint64_t items, void *acc, void *one, const flow_memory *memory)
{
    struct fl_funnel *funnel = op->keyed->runs->funnel;
    const size_t size = op->keyed->acc_size;
    for (uint64_t i = 0; i < items; i++) {
        void *to = i == 0 ? acc : one;
        flow_str item;
        flow_status status = fl_funnel_item(funnel, &item);
        if (status != FLOW_OK)
            return status;
        memset(to, 0, size);
        status = decode(op, item, to, memory);
        if (status != FLOW_OK)
            return status;
        if (i > 0)
            fl_combine_merge(op, acc, one);
    }
    return FLOW_OK;
}

// Room to merge accumulators in. What they point to lies in an arena.
struct merged {
    void *acc, *one;
    struct fl_mem *mem;
};

static flow_status merged_begin(struct fl_op *op, struct merged *room, bool keys)
{
    struct fl_cache *cache = &op->worker->cache;
    const bool points = op->keyed->acc_pointers || keys;
    room->acc = fl_take(cache, op->keyed->acc_size);
    room->one = fl_take(cache, op->keyed->acc_size);
    room->mem = points ? fl_mem_new(cache) : NULL;
    return room->acc && room->one && (room->mem || !points) ? FLOW_OK : FLOW_BUDGET;
}

static void merged_end(struct fl_op *op, struct merged *room)
{
    struct fl_cache *cache = &op->worker->cache;
    fl_give(cache, room->acc, op->keyed->acc_size);
    fl_give(cache, room->one, op->keyed->acc_size);
    fl_mem_unref(cache, room->mem);
}

// The accumulator of the funnel's entry; what it points to lies in `mem`.
static flow_status acc_of(struct fl_op *op, uint64_t items, const struct merged *room)
{
    if (!op->keyed->acc_pointers)
        return merge_items(op, items, room->acc, room->one, NULL);
    void *pair[2] = { &op->worker->cache, room->mem };
    const flow_memory memory = { fl_take_from, pair };
    const flow_status status = merge_items(op, items, room->acc, room->one, &memory);
    if (status != FLOW_OK)
        return status;
    const bool adopted = flow_row_adopt(type_of(op), room->acc, &memory, NULL, NULL) == FLOW_OK;
    return adopted ? FLOW_OK : FLOW_BUDGET;
}

// --- entries of several runs

flow_status fl_spilled_fold(struct fl_op *op, struct fl_funnel *funnel,
    const struct fl_entry *entry, uint64_t items, struct fl_run_writer *writer)
{
    if (op->plan->kind == FL_OP_COMBINE && items > 1) {
        struct merged merged;
        flow_status status = merged_begin(op, &merged, false);
        if (status == FLOW_OK)
            status = acc_of(op, items, &merged);
        if (status == FLOW_OK)
            status = fl_run_head(writer, entry, 1);
        if (status == FLOW_OK)
            status = fl_spilled_put_row(op, writer, merged.acc);
        merged_end(op, &merged);
        return status;
    }
    flow_status status = fl_run_head(writer, entry, items);
    for (uint64_t i = 0; i < items && status == FLOW_OK; i++) {
        flow_str item;
        status = fl_funnel_item(funnel, &item);
        if (status == FLOW_OK)
            status = fl_run_item(writer, item);
    }
    return status;
}

flow_status fl_spilled_save(struct fl_op *op, uint64_t items, flow_buffer *out)
{
    struct fl_funnel *funnel = op->keyed->runs->funnel;
    flow_status status = FLOW_OK;
    if (op->plan->kind == FL_OP_COMBINE) {
        struct merged merged;
        status = merged_begin(op, &merged, false);
        if (status == FLOW_OK)
            status = acc_of(op, items, &merged);
        if (status == FLOW_OK)
            flow_encode(op->plan->node->combine->acc, merged.acc, out);
        merged_end(op, &merged);
        return status;
    }
    fl_put_word(out, items);
    for (uint64_t i = 0; i < items && status == FLOW_OK; i++) {
        flow_str item;
        status = fl_funnel_item(funnel, &item);
        if (status == FLOW_OK)
            flow_buffer_put(out, item.data, item.len);
    }
    return status;
}

// --- firing combines

// The bytes of a key go along with the results.
static bool settle_key(struct fl_op *op, struct fl_entry *entry, struct fl_mem *mem)
{
    const size_t len = entry->bytes.len;
    char *copy = len ? fl_mem_alloc(&op->worker->cache, mem, len) : NULL;
    if (len && !copy)
        return false;
    if (len)
        memcpy(copy, entry->bytes.data, len);
    entry->bytes.data = copy;
    return true;
}

static flow_status fire_some(
    struct fl_op *op, const struct fl_pane_out *pane, struct merged *room, bool *whole)
{
    for (uint32_t rows = 0; rows < FL_FIRE_ROWS; rows++) {
        struct fl_entry entry;
        uint64_t items;
        bool more;
        if (rows > 0 && fl_bundle_full(op->worker))
            break;
        flow_status status = fl_funnel_next(op->keyed->runs->funnel, &entry, &items, &more);
        *whole = status == FLOW_OK && !more;
        if (status == FLOW_OK && more)
            status = acc_of(op, items, room);
        if (status == FLOW_OK && more && !settle_key(op, &entry, room->mem))
            status = FLOW_BUDGET;
        if (status != FLOW_OK || !more)
            return status == FLOW_OK ? FLOW_OK : fl_spill_failed(op, status);
        status = fl_pane_row(op, pane, &entry, room->acc, room->mem);
        if (status != FLOW_OK)
            return status;
    }
    return FLOW_OK;
}

flow_status fl_spilled_fire(struct fl_op *op, const struct fl_pane_out *pane, bool *whole)
{
    struct merged room = { NULL, NULL, NULL };
    flow_status status = op->keyed->runs ? FLOW_OK : fl_spill_window(op, pane->name);
    if (status == FLOW_OK && merged_begin(op, &room, op->keyed->form == FL_KEY_BYTES) != FLOW_OK)
        status = fl_no_memory(op);
    if (status == FLOW_OK)
        status = fl_pane_begin(op, pane);
    if (status == FLOW_OK)
        status = fire_some(op, pane, &room, whole);
    merged_end(op, &room);
    return status == FLOW_OK ? fl_call_flush(op) : status;
}

// --- rows of groups

// Room for the next row. Those before it are over, unless the function keeps them.
static void *room_for_row(struct fl_rows *rows)
{
    struct fl_cache *cache = &rows->op->worker->cache;
    const flow_type *type = rows->op->plan->shape.type;
    if (!rows->keep && rows->mem && fl_mem_size(rows->mem) > MEM_MOST) {
        fl_mem_unref(cache, rows->mem);
        rows->mem = NULL;
    }
    if (!rows->mem && (rows->keep || flow_type_has_pointers(type)) &&
        !(rows->mem = fl_mem_new(cache)))
        return NULL;
    if (rows->keep)
        return fl_mem_alloc(cache, rows->mem, type->size);
    if (!rows->one)
        rows->one = fl_take(cache, type->size);
    return rows->one;
}

static flow_status read_row(struct fl_rows *rows, void **row)
{
    struct fl_op *op = rows->op;
    const flow_type *type = op->plan->shape.type;
    void *pair[2];
    const flow_memory memory = { fl_take_from, pair };
    flow_str item;
    flow_status status = rows->extents ? fl_extents_item(rows->extents, &item)
                                       : fl_funnel_item(op->keyed->runs->funnel, &item);
    *row = status == FLOW_OK ? room_for_row(rows) : NULL;
    if (!*row)
        return status == FLOW_OK ? FLOW_BUDGET : status;
    pair[0] = &op->worker->cache;
    pair[1] = rows->mem;
    memset(*row, 0, type->size);
    status = decode(op, item, *row, rows->mem ? &memory : NULL);
    if (status == FLOW_OK && rows->keep &&
        flow_row_adopt(type, *row, &memory, NULL, NULL) != FLOW_OK)
        status = FLOW_BUDGET;
    return status;
}

// So that a test sees who looks at a row that was lent no longer: the next one overwrites it.
static const void *show_alone(struct fl_rows *rows)
{
    const void *row = fl_group_rows_next(&rows->shown->head);
    if (row && !rows->keep)
        row = memcpy(rows->one, row, rows->op->plan->shape.type->size);
    rows->left--;
    return row;
}

// They cannot be read: none follow.
static void fail_rows(struct fl_rows *rows, flow_status status)
{
    struct fl_op *op = rows->op;
    rows->left = 0;
    fl_spill_failed(op, status);
    if (op->call.engine.ctx.status == FLOW_OK)
        op->call.engine.ctx.status = op->worker->error.status;
}

const void *fl_spilled_row(struct fl_rows *rows)
{
    void *row;
    if (rows->shown)
        return rows->lent = show_alone(rows);
    const void *near = rows->extents ? fl_extents_near(rows->extents) : NULL;
    if (near) {
        rows->left--;
        return rows->lent = near;
    }
    const flow_status status = read_row(rows, &row);
    if (status == FLOW_OK) {
        rows->left--;
        return rows->lent = row;
    }
    fail_rows(rows, status);
    return NULL;
}

// A copy of the row given last that points to nothing else; NULL without memory.
static void *copy_of_lent(struct fl_rows *rows)
{
    struct fl_cache *cache = &rows->op->worker->cache;
    const flow_type *type = rows->op->plan->shape.type;
    if (!rows->held && !(rows->held = fl_mem_new(cache)))
        return NULL;
    void *pair[2] = { cache, rows->held };
    const flow_memory memory = { fl_take_from, pair };
    void *copy = fl_mem_alloc(cache, rows->held, type->size);
    if (!copy)
        return NULL;
    memcpy(copy, rows->lent, type->size);
    return flow_row_adopt(type, copy, &memory, NULL, NULL) == FLOW_OK ? copy : NULL;
}

const void *fl_spilled_row_hold(struct fl_rows *rows)
{
    if (rows->keep)
        return rows->lent;
    const bool first = !rows->held;
    if (!first && fl_mem_size(rows->held) >= rows->op->worker->engine->bundle_limit / 2)
        return NULL;
    const void *copy = copy_of_lent(rows);
    if (!copy && first)
        fail_rows(rows, FLOW_BUDGET);
    return copy;
}

void fl_spilled_rows_release(struct fl_rows *rows)
{
    fl_mem_unref(&rows->op->worker->cache, rows->held);
    rows->held = NULL;
}

bool fl_spilled_rows_rewind(struct fl_rows *rows)
{
    if (rows->op->call.engine.ctx.status != FLOW_OK)
        return false;
    if (rows->extents) {
        fl_extents_rewind(rows->extents);
        return true;
    }
    const flow_status status = fl_funnel_rewind(rows->op->keyed->runs->funnel);
    if (status != FLOW_OK)
        fail_rows(rows, status);
    return status == FLOW_OK;
}

void fl_spilled_rows_end(struct fl_rows *rows)
{
    struct fl_cache *cache = &rows->op->worker->cache;
    fl_mem_unref(cache, rows->mem);
    fl_mem_unref(cache, rows->held);
    fl_give(cache, rows->one, rows->op->plan->shape.type->size);
}
