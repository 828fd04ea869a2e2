// SPDX-License-Identifier: Apache-2.0
// Cells and timers of the full form in snapshots: every entry with its key and record.
#include "cells.h"
#include "snapshot.h"

static void save_item(
    const struct fl_item *item, const flow_type *record, bool timer, flow_buffer *out)
{
    fl_put_word(out, item->word);
    fl_put_bytes(out, fl_item_bytes(item));
    fl_put_word(out, item->order);
    fl_put_word(out, (uint64_t)item->first[0]);
    fl_put_word(out, (uint64_t)item->first[1]);
    const size_t len_at = fl_put_later(out);
    if (timer)
        fl_put_word(out, (uint64_t) * (const int64_t *)fl_item_row(item));
    else if (record)
        flow_encode(record, fl_item_row(item), out);
    fl_set_word(out, len_at, out->len - len_at - 8);
}

void fl_cells_save(struct fl_op *op, struct fl_cell *cell, flow_buffer *out)
{
    const struct fl_full *full = op->keyed->stateful->full;
    const flow_fn *fn = op->plan->node->fn;
    for (uint32_t i = 0; i < full->roots; i++) {
        const struct fl_root *root = &fl_cells_of(cell)->roots[i];
        const bool timers = i < FL_ROOT_CELLS;
        const flow_type *record = timers ? NULL : fl_cells_record(fn->cells[i - FL_ROOT_CELLS]);
        struct fl_spot at = { 0 };
        fl_put_word(out, root->next);
        fl_put_word(out, root->count);
        for (const struct fl_item *item = fl_tree_from(root->top, &at, false); item;
             item = fl_tree_from(root->top, &at, true)) {
            at = fl_item_spot(item);
            save_item(item, record, timers, out);
        }
    }
}

// The record of an entry, in memory of the edit; *row stays NULL where there is none.
static flow_status load_row(struct fl_op *op, const flow_type *record, flow_evolution *stored,
    flow_str *bytes, const void **row)
{
    struct fl_edit *edit = &op->keyed->stateful->full->edit;
    void *pair[2] = { edit->cache, edit->mem };
    const flow_memory memory = { fl_take_from, pair };
    *row = NULL;
    if (!record)
        return FLOW_OK;
    void *to = fl_mem_alloc(edit->cache, edit->mem, record->size);
    if (!to)
        return fl_no_memory(op);
    memset(to, 0, record->size);
    *row = to;
    return flow_evolution_decode(stored, bytes, to, &memory, NULL);
}

// `as` is the cell as it was stored; NULL: a timer.
static flow_status load_item(
    struct fl_op *op, const struct fl_stored_cell *as, struct fl_root *root, struct fl_wire *wire)
{
    const flow_cell *cell = as ? op->plan->node->fn->cells[as->at] : NULL;
    struct fl_spot spot = { .word = fl_get_word(wire) };
    if (!cell && spot.word >= wire->stored->timer_count)
        return FLOW_DAMAGED;
    spot.word = cell ? spot.word : wire->stored->timers[spot.word];
    spot.bytes = fl_get_bytes(wire);
    spot.order = fl_get_word(wire);
    const int64_t due = (int64_t)fl_get_word(wire);
    const int64_t hold = (int64_t)fl_get_word(wire);
    flow_str bytes = fl_get_bytes(wire);
    if (wire->failed)
        return FLOW_DAMAGED;
    struct fl_new_item what = { .spot = &spot,
        .type = cell ? fl_cells_record(cell) : &fl_instant_type };
    if (cell && cell->key.kind != FLOW_KIND_NONE) {
        what.key = cell->key.kind;
        what.key_record = cell->key_type;
        what.key_size = cell->key.size;
    }
    struct fl_wire timer = { .rest = bytes };
    const int64_t output = cell ? 0 : (int64_t)fl_get_word(&timer);
    what.row = &output;
    const flow_status status =
        cell ? load_row(op, what.type, as->record, &bytes, &what.row) : FLOW_OK;
    if (status != FLOW_OK || timer.failed)
        return status != FLOW_OK ? status : FLOW_DAMAGED;
    struct fl_edit *edit = &op->keyed->stateful->full->edit;
    struct fl_item *item = fl_cells_item(op, &what);
    if (item) {
        item->first[FL_FIRST_DUE] = due;
        item->first[FL_FIRST_HOLD] = hold;
        fl_tree_put(edit, root, item);
    }
    return edit->failed ? fl_no_memory(op) : FLOW_OK;
}

static flow_status load_roots(struct fl_op *op, struct fl_cell *cell, struct fl_wire *wire)
{
    const struct fl_stored *stored = wire->stored;
    flow_status status = FLOW_OK;
    for (uint32_t i = 0; i < FL_ROOT_CELLS + stored->cell_count; i++) {
        const struct fl_stored_cell *as =
            i < FL_ROOT_CELLS ? NULL : &stored->cells[i - FL_ROOT_CELLS];
        struct fl_root *root = &fl_cells_of(cell)->roots[as ? FL_ROOT_CELLS + as->at : i];
        const uint64_t next = fl_get_word(wire);
        const uint64_t count = fl_get_word(wire);
        for (uint64_t k = 0; k < count && status == FLOW_OK; k++)
            status = load_item(op, as, root, wire);
        if (status != FLOW_OK || wire->failed)
            return status != FLOW_OK ? status : FLOW_DAMAGED;
        root->next = next;
    }
    return FLOW_OK;
}

// No bundle is in work: the edit has memory of its own as long as a block is read.
flow_status fl_cells_load(struct fl_op *op, struct fl_cell *cell, struct fl_wire *wire)
{
    struct fl_worker *worker = op->worker;
    struct fl_full *full = op->keyed->stateful->full;
    worker->bundle.mem = fl_mem_new(&worker->cache);
    if (!worker->bundle.mem)
        return fl_no_memory(op);
    full->bundle = worker->bundle.number;
    full->edit.mem = worker->bundle.mem;
    fl_cells_begin(op, cell);
    const flow_status status = load_roots(op, cell, wire);
    fl_edit_commit(&full->edit);
    fl_mem_unref(&worker->cache, worker->bundle.mem);
    worker->bundle.mem = NULL;
    if (status != FLOW_OK)
        return status;
    return fl_cells_tell(op, cell) ? FLOW_OK : fl_no_memory(op);
}
