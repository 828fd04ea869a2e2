// SPDX-License-Identifier: Apache-2.0
// Live windows in snapshots: all of each, by key.
#include "extents.h"
#include "own.h"
#include "snapshot.h"
#include "spill.h"

// --- writing

static void save_acc(const struct fl_op *op, const void *acc, flow_buffer *out)
{
    flow_encode(op->plan->node->combine->acc, acc, out);
}

static void save_window(flow_buffer *out, flow_window window)
{
    fl_put_word(out, (uint64_t)window.start.us);
    fl_put_word(out, (uint64_t)window.end.us);
}

static flow_status save_rows(struct fl_op *op, const struct fl_bulk *bulk, flow_buffer *out)
{
    const struct fl_lives *lives = op->keyed->lives;
    struct fl_extents walk;
    flow_status status = FLOW_OK;
    fl_put_word(out, bulk->rows);
    fl_extents_begin(&walk, op, bulk->first, 0);
    for (uint64_t i = 0; i < bulk->rows && status == FLOW_OK; i++) {
        const char *row = fl_extents_near(&walk);
        flow_str item = { row, lives->row_size };
        if (!row)
            status = fl_extents_item(&walk, &item);
        fl_put_word(out, row && lives->signs && row[lives->row_stride - 1] < 0);
        if (row && lives->row_type)
            flow_encode(lives->row_type, row, out);
        else if (status == FLOW_OK)
            flow_buffer_put(out, item.data, item.len);
    }
    fl_extents_end(&walk);
    return status == FLOW_OK ? status : fl_spill_failed(op, status);
}

// Where the rows of a past result begin among those of its window: merged windows have several.
static uint64_t place_of(const struct fl_bulk *bulk, const struct fl_past *past)
{
    uint64_t place = past->row;
    for (const struct fl_chunk *chunk = bulk->first; chunk && chunk != past->first;
         chunk = chunk->next)
        place += chunk->count;
    return place;
}

static void save_past(const struct fl_op *op, const struct fl_bulk *bulk,
    const struct fl_past *past, flow_buffer *out)
{
    save_window(out, past->window);
    fl_put_word(out, (uint64_t)past->time);
    fl_put_word(out, (uint64_t)past->pane.timing);
    fl_put_word(out, (uint64_t)past->pane.first | (uint64_t)past->pane.last << 1 |
                         (uint64_t)past->pane.drained << 2);
    fl_put_word(out, past->pane.index);
    fl_put_word(out, (uint64_t)(int64_t)past->pane.on_time_index);
    if (op->plan->node->combine) {
        save_acc(op, past + 1, out);
        return;
    }
    fl_put_word(out, place_of(bulk, past));
    fl_put_word(out, past->count);
}

static flow_status save_bulk(struct fl_op *op, const struct fl_bulk *bulk, flow_buffer *out)
{
    const struct fl_lives *lives = op->keyed->lives;
    fl_put_word(out, (uint64_t)bulk->net);
    const flow_status status = lives->keeps ? save_rows(op, bulk, out) : FLOW_OK;
    const size_t count_at = fl_put_later(out);
    uint64_t count = 0;
    for (const struct fl_past *past = bulk->past; past; past = past->next, count++)
        save_past(op, bulk, past, out);
    fl_set_word(out, count_at, count);
    return status;
}

static flow_status save_live(struct fl_op *op, struct fl_live *live, flow_buffer *out)
{
    const struct fl_lives *lives = op->keyed->lives;
    save_window(out, live->window);
    if (op->keyed->stateful) {
        fl_stateful_save(op, fl_own_cell(live), out);
        return FLOW_OK;
    }
    fl_put_word(out, (uint64_t)live->hold);
    fl_put_word(out, live->index);
    fl_put_word(out, (uint64_t)(int64_t)live->on_time_index);
    fl_put_word(
        out, (uint64_t)live->fresh | (uint64_t)live->timed << 1 | (uint64_t)live->closed << 2);
    if (!lives->usual) {
        const flow_trigger_state *state = fl_live_state(lives, live);
        fl_put_word(out, (uint64_t)state->finished | (uint64_t)state->running << 32);
        for (uint32_t i = 0; i < lives->how->trigger.count; i++)
            fl_put_word(out, (uint64_t)state->slots[i]);
    }
    if (!lives->keeps)
        save_acc(op, fl_live_acc(lives, live), out);
    return lives->bulk ? save_bulk(op, fl_live_bulk(lives, live), out) : FLOW_OK;
}

flow_status fl_lives_save(struct fl_op *op, flow_buffer *out, uint64_t *count)
{
    const struct fl_table *table = &op->keyed->lives->table;
    flow_status status = FLOW_OK;
    struct fl_entry entry;
    for (uint64_t at = 0; status == FLOW_OK && fl_table_next(table, &at, &entry);) {
        const uintptr_t cell = *(const uintptr_t *)entry.value;
        for (uint32_t i = 0; i < fl_live_count(cell) && status == FLOW_OK; i++, ++*count) {
            fl_put_key(out, table->form, entry.word, entry.bytes);
            const size_t len_at = fl_put_later(out);
            status = save_live(op, fl_live_at(cell, i), out);
            fl_set_word(out, len_at, out->len - len_at - 8);
        }
    }
    return status;
}

int64_t fl_lives_clock(const struct fl_op *op)
{
    return op->keyed->now;
}

// --- reading

static flow_window load_window(struct fl_wire *wire)
{
    flow_window window;
    window.start.us = (int64_t)fl_get_word(wire);
    window.end.us = (int64_t)fl_get_word(wire);
    return window;
}

static flow_status load_acc(
    struct fl_op *op, struct fl_wire *wire, void *acc, const flow_memory *memory)
{
    flow_status status =
        flow_evolution_decode(wire->stored->of[FL_STORED_VALUE], &wire->rest, acc, memory, NULL);
    if (status == FLOW_OK && op->keyed->acc_pointers)
        status = flow_row_adopt(op->plan->node->combine->acc, acc, memory, NULL, NULL);
    return status;
}

static flow_status load_rows(struct fl_op *op, struct fl_live *live, struct fl_wire *wire)
{
    const struct fl_lives *lives = op->keyed->lives;
    struct fl_bulk_room room = { op->keyed->lives, fl_live_bulk(lives, live) };
    const flow_memory memory = fl_bulk_memory(&room);
    const enum fl_stored_part part = op->plan->node->combine ? FL_STORED_ELEMENT : FL_STORED_VALUE;
    char *row = fl_take(&op->worker->cache, lives->row_stride);
    flow_status status = row ? FLOW_OK : fl_no_memory(op);
    for (uint64_t i = fl_get_word(wire); i > 0 && status == FLOW_OK && !wire->failed; i--) {
        const size_t before = wire->rest.len;
        const int8_t sign = fl_get_word(wire) ? -1 : 1;
        memset(row, 0, lives->row_stride);
        if (lives->row_type) {
            status = flow_evolution_decode(wire->stored->of[part], &wire->rest, row, &memory, NULL);
        } else if (wire->rest.len < lives->row_size) {
            wire->failed = true;
        } else {
            memcpy(row, wire->rest.data, lives->row_size);
            wire->rest.data += lives->row_size;
            wire->rest.len -= lives->row_size;
        }
        if (status == FLOW_OK && !wire->failed && !fl_content_append(op, live, row, sign))
            status = fl_no_memory(op);
        if (status == FLOW_OK)
            status = fl_spill_loaded(op->worker, before - wire->rest.len);
    }
    fl_give(&op->worker->cache, row, lives->row_stride);
    return status;
}

// Where the row at a place among those of a window lies: its chunk, and the row there.
static uint32_t rows_from(const struct fl_bulk *bulk, uint64_t place, const struct fl_chunk **first)
{
    const struct fl_chunk *chunk = bulk->first;
    while (chunk && place >= chunk->count) {
        place -= chunk->count;
        chunk = chunk->next;
    }
    *first = chunk;
    return (uint32_t)place;
}

static flow_status load_past(struct fl_op *op, struct fl_live *live, struct fl_wire *wire)
{
    struct fl_lives *lives = op->keyed->lives;
    struct fl_bulk *bulk = fl_live_bulk(lives, live);
    struct fl_bulk_room room = { lives, bulk };
    const flow_memory memory = fl_bulk_memory(&room);
    struct fl_past *past = fl_nook_take(&lives->bytes, sizeof *past + op->keyed->acc_size);
    if (!past)
        return fl_no_memory(op);
    memset(past, 0, sizeof *past + op->keyed->acc_size);
    past->window = load_window(wire);
    past->time = (int64_t)fl_get_word(wire);
    past->pane.timing = (flow_timing)fl_get_word(wire);
    const uint64_t flags = fl_get_word(wire);
    past->pane.first = flags & 1;
    past->pane.last = flags & 2;
    past->pane.drained = flags & 4;
    past->pane.index = (uint32_t)fl_get_word(wire);
    past->pane.on_time_index = (int32_t)(int64_t)fl_get_word(wire);
    struct fl_past **end = &bulk->past;
    while (*end)
        end = &(*end)->next;
    *end = past;
    if (op->plan->node->combine)
        return load_acc(op, wire, past + 1, &memory);
    const uint64_t place = fl_get_word(wire);
    past->count = fl_get_word(wire);
    if (past->count > bulk->rows || place > bulk->rows - past->count)
        return FLOW_DAMAGED;
    past->row = rows_from(bulk, place, &past->first);
    return FLOW_OK;
}

static flow_status load_bulk(struct fl_op *op, struct fl_live *live, struct fl_wire *wire)
{
    const struct fl_lives *lives = op->keyed->lives;
    fl_live_bulk(lives, live)->net = (int64_t)fl_get_word(wire);
    flow_status status = lives->keeps ? load_rows(op, live, wire) : FLOW_OK;
    for (uint64_t i = fl_get_word(wire); i > 0 && status == FLOW_OK && !wire->failed; i--)
        status = load_past(op, live, wire);
    return status;
}

static flow_status load_live(struct fl_op *op, const struct fl_owned *key, struct fl_wire *wire)
{
    struct fl_lives *lives = op->keyed->lives;
    union fl_live_key own;
    if (lives->table.form == FL_KEY_WORD)
        own.word = key->word;
    else
        own.bytes = key->bytes;
    struct fl_live *live = fl_live_new(op, &own, load_window(wire));
    if (!live)
        return fl_no_memory(op);
    if (op->keyed->stateful)
        return fl_own_load(op, live, wire);
    live->hold = (int64_t)fl_get_word(wire);
    live->index = (uint32_t)fl_get_word(wire);
    live->on_time_index = (int32_t)(int64_t)fl_get_word(wire);
    const uint64_t flags = fl_get_word(wire);
    live->fresh = flags & 1;
    live->timed = flags & 2;
    live->closed = flags & 4;
    if (!lives->usual) {
        flow_trigger_state *state = fl_live_state(lives, live);
        const uint64_t bits = fl_get_word(wire);
        state->finished = (uint32_t)bits;
        state->running = (uint32_t)(bits >> 32);
        for (uint32_t i = 0; i < lives->how->trigger.count; i++)
            state->slots[i] = (int64_t)fl_get_word(wire);
    }
    flow_status status = FLOW_OK;
    struct fl_bulk_room room = { lives, lives->bulk ? fl_live_bulk(lives, live) : NULL };
    const flow_memory memory = fl_bulk_memory(&room);
    if (!lives->keeps)
        status = load_acc(op, wire, fl_live_acc(lives, live), &memory);
    if (status == FLOW_OK && lives->bulk)
        status = load_bulk(op, live, wire);
    if (status != FLOW_OK)
        return status;
    fl_live_await(op, live);
    return fl_live_hint(op, live) ? FLOW_OK : fl_no_memory(op);
}

flow_status fl_lives_load(struct fl_engine *engine, uint32_t i, struct fl_wire *wire)
{
    const enum fl_key_form form = engine->workers[0].ops[i].keyed->form;
    const int64_t clock = (int64_t)fl_get_word(wire);
    for (uint32_t w = 0; w < engine->options.workers; w++)
        engine->workers[w].ops[i].keyed->now = clock; // as it was: what came due since is found
    flow_status status = FLOW_OK;
    for (uint64_t n = fl_get_word(wire); n > 0 && status == FLOW_OK && !wire->failed; n--) {
        const struct fl_owned key = fl_get_key(wire, form);
        struct fl_wire one = { fl_get_bytes(wire), wire->failed, wire->stored };
        if (wire->failed)
            break;
        status = load_live(&engine->workers[fl_owner(engine, key.hash)].ops[i], &key, &one);
        if (status == FLOW_OK && one.failed)
            status = FLOW_DAMAGED;
    }
    for (uint32_t w = 0; w < engine->options.workers; w++)
        fl_lives_commit(&engine->workers[w].ops[i]);
    return wire->failed ? FLOW_DAMAGED : status;
}
