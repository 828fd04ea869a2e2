// SPDX-License-Identifier: Apache-2.0
// Stateful steps in snapshots: cells with their timers, and elements that wait for their time.
#include <stdlib.h>

#include "cells.h"
#include "shuffle.h"
#include "snapshot.h"

void fl_stateful_save(struct fl_op *op, const void *value, flow_buffer *out)
{
    struct fl_cell *cell = (struct fl_cell *)(uintptr_t)value;
    if (op->keyed->stateful->full) {
        fl_cells_save(op, cell, out);
        return;
    }
    fl_put_word(out, (uint64_t)cell->timer);
    flow_encode(op->plan->node->fn->state, fl_cell_state(cell), out);
}

flow_status fl_stateful_load(struct fl_op *op, struct fl_slice *slice, const struct fl_owned *key,
    void *value, struct fl_wire *wire)
{
    struct fl_stateful *stateful = op->keyed->stateful;
    struct fl_cache *cache = &op->worker->cache;
    const flow_type *state = op->plan->node->fn->state;
    struct fl_cell *cell = value;
    void *pair[2];
    flow_memory memory;
    if (!fl_table_memory(op, &slice->table, pair, &memory))
        return fl_no_memory(op);
    cell->timer = stateful->full ? FL_NEVER : (int64_t)fl_get_word(wire);
    cell->serial = ++stateful->serial;
    cell->slice = slice;
    cell->hash = key->hash;
    cell->word = key->word;
    if (op->keyed->form == FL_KEY_BYTES)
        cell->bytes = slice->table.added;
    if (stateful->full)
        return fl_cells_load(op, cell, wire);
    flow_status status = flow_evolution_decode(
        wire->stored->of[FL_STORED_VALUE], &wire->rest, fl_cell_state(cell), &memory, NULL);
    if (status == FLOW_OK)
        status = flow_row_adopt(state, fl_cell_state(cell), &memory, NULL, NULL);
    const struct fl_due due = {
        .at = cell->timer, .then = slice->end, .serial = cell->serial, .item = cell
    };
    if (status == FLOW_OK && cell->timer != FL_NEVER &&
        !fl_dues_add(cache, &stateful->timers, &due))
        return fl_no_memory(op);
    return status;
}

uint64_t fl_stateful_queue_rows(const struct fl_op *op)
{
    const struct fl_dues *sorted = &op->keyed->stateful->sorted;
    uint64_t rows = 0;
    for (size_t i = 0; i < sorted->count; i++)
        rows += sorted->heap[i].count;
    return rows;
}

// Each element: time, window if it came with one, key, value.
static void save_row(struct fl_op *op, const struct fl_due *due, const struct fl_view *view,
    uint32_t i, flow_buffer *out)
{
    const struct fl_keys *keys = op->worker->keys;
    const struct fl_batch *batch = due->item;
    const uint32_t row = fl_view_row(view, i);
    fl_put_word(out, (uint64_t)due->then);
    fl_put_word(out, batch->window_form != FL_WINDOW_IMPLIED);
    if (batch->window_form != FL_WINDOW_IMPLIED) {
        const flow_window window =
            batch->window_form == FL_WINDOW_ROWS ? batch->windows[row] : batch->window;
        fl_put_word(out, (uint64_t)window.start.us);
        fl_put_word(out, (uint64_t)window.end.us);
    }
    fl_put_key(out, keys->form, keys->words[i],
        keys->form == FL_KEY_BYTES ? keys->bytes[i] : (flow_str){ NULL, 0 });
    const size_t len_at = fl_put_later(out);
    flow_encode(due->shape->type,
        batch->rows + (size_t)row * batch->stride + due->shape->value_offset, out);
    fl_set_word(out, len_at, out->len - len_at - 8);
}

static int earlier(const void *a, const void *b)
{
    const struct fl_due *left = *(const struct fl_due *const *)a;
    const struct fl_due *right = *(const struct fl_due *const *)b;
    if (left->at != right->at)
        return left->at < right->at ? -1 : 1;
    if (left->then != right->then)
        return left->then < right->then ? -1 : 1;
    return left->order < right->order ? -1 : left->order > right->order;
}

void fl_stateful_save_queue(struct fl_op *op, flow_buffer *out)
{
    const struct fl_dues *sorted = &op->keyed->stateful->sorted;
    struct fl_worker *worker = op->worker;
    const size_t size = (sorted->count + 1) * sizeof(struct fl_due *);
    const struct fl_due **order = fl_take(&worker->cache, size);
    if (!order) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < sorted->count; i++)
        order[i] = &sorted->heap[i];
    qsort(order, sorted->count, sizeof(const struct fl_due *), earlier);
    for (size_t i = 0; i < sorted->count; i++) {
        const struct fl_due *due = order[i];
        const struct fl_view view = fl_waits_view(op, due);
        if (view.batch->keyed)
            fl_format_keys(&view, op->keyed->form, worker->keys);
        else if (!fl_keys_gather(worker->keys, &view, due->shape, &worker->scratch))
            out->failed = true;
        for (uint32_t k = 0; k < due->count && !out->failed; k++)
            save_row(op, due, &view, k, out);
    }
    fl_give(&worker->cache, order, size);
}

// One waiting element as a batch of one row, in the shuffle's format.
static flow_status wait_row(struct fl_op *op, const struct fl_owned *key, const flow_window *window,
    int64_t at, const struct fl_wire *stored)
{
    const flow_str value = stored->rest;
    struct fl_cache *cache = &op->worker->cache;
    const struct fl_format format = fl_format_of(op->plan, FL_CONTENT_ROWS);
    struct fl_batch *batch = fl_batch_new(cache, op->plan->shape.type, format.stride);
    struct fl_mem *mem = batch ? fl_batch_need_mem(cache, batch) : NULL;
    char *copy = mem ? fl_mem_alloc(cache, mem, key->bytes.len + value.len) : NULL;
    flow_status status = FLOW_MEMORY;
    if (copy && fl_batch_need_hashes(cache, batch)) {
        void *pair[2] = { cache, mem };
        const flow_memory memory = { fl_take_from, pair };
        flow_str bytes = { copy, key->bytes.len }, encoded = { copy + key->bytes.len, value.len };
        if (bytes.len)
            memcpy(copy, key->bytes.data, bytes.len);
        memcpy(copy + key->bytes.len, value.data, value.len);
        memset(batch->rows, 0, format.stride);
        if (format.form == FL_KEY_WORD)
            memcpy(batch->rows, &key->word, sizeof key->word);
        else
            memcpy(batch->rows, &bytes, sizeof bytes);
        fl_key_write(&format.shape, key->word, bytes, batch->rows + format.key_at);
        batch->hashes[0] = key->hash;
        batch->keyed = true;
        batch->count = 1;
        batch->time_base = at;
        batch->window_form = window ? FL_WINDOW_UNIFORM : FL_WINDOW_IMPLIED;
        if (window)
            batch->window = *window;
        status = flow_evolution_decode(stored->stored->of[FL_STORED_ELEMENT], &encoded,
            batch->rows + format.value_at, &memory, NULL);
    }
    const struct fl_row_at at_row = { batch, &format.shape, 0 };
    if (status == FLOW_OK)
        status = fl_waits_restore(op, &at_row);
    fl_batch_unref(cache, batch);
    return status;
}

flow_status fl_stateful_load_queue(struct fl_engine *engine, uint32_t op, struct fl_wire *wire)
{
    const uint64_t count = fl_get_word(wire);
    for (uint64_t i = 0; i < count && !wire->failed; i++) {
        flow_window window = { { 0 }, { 0 } };
        const int64_t at = (int64_t)fl_get_word(wire);
        const bool windowed = fl_get_word(wire) != 0;
        if (windowed) {
            window.start.us = (int64_t)fl_get_word(wire);
            window.end.us = (int64_t)fl_get_word(wire);
        }
        const struct fl_owned key = fl_get_key(wire, engine->workers[0].ops[op].keyed->form);
        const struct fl_wire value = { fl_get_bytes(wire), false, wire->stored };
        if (wire->failed)
            break;
        struct fl_op *owner = &engine->workers[fl_owner(engine, key.hash)].ops[op];
        const flow_status status = wait_row(owner, &key, windowed ? &window : NULL, at, &value);
        if (status != FLOW_OK)
            return status;
    }
    return wire->failed ? FLOW_DAMAGED : FLOW_OK;
}
