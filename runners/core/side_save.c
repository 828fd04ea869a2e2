// SPDX-License-Identifier: Apache-2.0
// Side inputs in snapshots: what views show, and rows that wait at gates.
#include "side.h"
#include "snapshot.h"

// --- rows

static void put_time_and_window(flow_buffer *out, const struct fl_batch *batch, uint32_t row)
{
    const bool windowed = batch->window_form != FL_WINDOW_IMPLIED;
    fl_put_word(out, (uint64_t)fl_batch_time(batch, row));
    fl_put_word(out, windowed);
    if (!windowed)
        return;
    const flow_window window =
        batch->window_form == FL_WINDOW_ROWS ? batch->windows[row] : batch->window;
    fl_put_word(out, (uint64_t)window.start.us);
    fl_put_word(out, (uint64_t)window.end.us);
}

static void put_pane(flow_buffer *out, const flow_pane *pane)
{
    fl_put_word(out, (uint64_t)pane->timing);
    fl_put_word(
        out, (uint64_t)pane->first | (uint64_t)pane->last << 1 | (uint64_t)pane->drained << 2);
    fl_put_word(out, pane->index);
    fl_put_word(out, (uint64_t)(int64_t)pane->on_time_index);
}

static void put_element(flow_buffer *out, const flow_type *type, const char *element)
{
    const size_t len_at = fl_put_later(out);
    flow_encode(type, element, out);
    fl_set_word(out, len_at, out->len - len_at - 8);
}

// A row being read: a batch that says where it belongs, and where the row goes.
struct reading {
    struct fl_op *op;
    const struct fl_layout *layout;
    struct fl_store *store;
    struct fl_batch like;
    int64_t time;
};

static void get_time_and_window(struct fl_wire *wire, struct reading *r)
{
    memset(&r->like, 0, sizeof r->like);
    r->like.pane = fl_no_pane;
    r->time = (int64_t)fl_get_word(wire);
    if (!fl_get_word(wire))
        return;
    r->like.window_form = FL_WINDOW_UNIFORM;
    r->like.window.start.us = (int64_t)fl_get_word(wire);
    r->like.window.end.us = (int64_t)fl_get_word(wire);
}

static void get_pane(struct fl_wire *wire, flow_pane *pane)
{
    pane->timing = (flow_timing)fl_get_word(wire);
    const uint64_t bits = fl_get_word(wire);
    pane->first = bits & 1;
    pane->last = bits >> 1 & 1;
    pane->drained = bits >> 2 & 1;
    pane->index = (uint32_t)fl_get_word(wire);
    pane->on_time_index = (int32_t)(int64_t)fl_get_word(wire);
}

// Reads an element into the store; *row is where it lies.
static flow_status get_element(struct fl_wire *wire, struct reading *r, char **row)
{
    struct fl_cache *cache = &r->op->worker->cache;
    flow_str bytes = fl_get_bytes(wire);
    if (wire->failed)
        return FLOW_DAMAGED;
    *row = fl_store_room(cache, r->layout, r->store, &r->like);
    struct fl_batch *batch = *row ? r->store->last : NULL;
    struct fl_mem *mem = batch ? fl_batch_need_mem(cache, batch) : NULL;
    if (!mem)
        return fl_no_memory(r->op);
    void *pair[2] = { cache, mem };
    const flow_memory memory = { fl_take_from, pair };
    const flow_type *type = r->layout->shape.type;
    char *element = *row + r->layout->shape.value_offset;
    memset(*row, 0, r->layout->shape.stride);
    flow_status status =
        flow_evolution_decode(wire->stored->of[FL_STORED_VALUE], &bytes, element, &memory, NULL);
    if (status == FLOW_OK)
        status = flow_row_adopt(type, element, &memory, NULL, NULL);
    batch->times_own[batch->count] = r->time;
    if (batch->signs)
        batch->signs[batch->count] = 1;
    batch->count += status == FLOW_OK;
    return status;
}

// --- views

static void save_segment(const struct fl_held *held, flow_buffer *out)
{
    const struct fl_segment *segment = held->segment;
    fl_put_word(out, (uint64_t)held->tag);
    fl_put_word(out, (uint64_t)held->start);
    fl_put_word(out, segment->rows);
    for (uint32_t b = 0; b < segment->batch_count; b++) {
        const struct fl_batch *batch = segment->batches[b];
        for (uint32_t row = 0; row < batch->count; row++) {
            put_time_and_window(out, batch, row);
            put_element(out, segment->shape.type,
                batch->rows + (size_t)row * batch->stride + segment->shape.value_offset);
        }
    }
}

void fl_view_save(struct fl_engine *engine, uint32_t i, flow_buffer *out)
{
    struct fl_view_state *state = fl_views_now(engine, engine->plan.ops[i].view);
    fl_put_word(out, state ? state->count : 0);
    for (uint32_t k = 0; state && k < state->count; k++)
        save_segment(&state->at[k], out);
    fl_view_state_unref(&engine->cache, state);
}

// What is read of a view: of windows each for itself, of tables by the worker that owns the key.
struct restoring {
    struct fl_engine *engine;
    uint32_t op;
    struct fl_layout layout;
    struct fl_store *stores; // tables: by worker
    struct fl_held *add;
    uint32_t count;
};

static flow_status read_segment(
    struct restoring *r, struct fl_wire *wire, struct fl_store *window, flow_buffer *scratch)
{
    struct fl_store apart = { 0 };
    const uint64_t rows = fl_get_word(wire);
    struct reading reading = { &r->engine->workers[0].ops[r->op], &r->layout, window, { 0 }, 0 };
    flow_status status = FLOW_OK;
    for (uint64_t k = 0; k < rows && status == FLOW_OK && !wire->failed; k++) {
        char *row;
        get_time_and_window(wire, &reading);
        reading.store = window ? window : &apart;
        status = get_element(wire, &reading, &row);
        if (status != FLOW_OK || window)
            continue;
        struct fl_one_key key;
        const struct fl_row_at at = { apart.last, &r->layout.shape, apart.last->count - 1 };
        struct fl_cache *cache = &reading.op->worker->cache;
        if (!fl_key_of(&r->layout.shape, row + r->layout.shape.key_offset, scratch, &key) ||
            !fl_store_put(cache, &r->layout, &r->stores[fl_owner(r->engine, key.hash)], &at))
            status = fl_no_memory(reading.op);
        fl_store_drop(cache, &apart);
    }
    fl_store_drop(&reading.op->worker->cache, &apart);
    return wire->failed ? FLOW_DAMAGED : status;
}

static flow_status add_store(
    struct restoring *r, struct fl_held held, struct fl_store *store, enum fl_segment_kind kind)
{
    struct fl_op *op = &r->engine->workers[0].ops[r->op];
    struct fl_cache *cache = &op->worker->cache;
    fl_store_close(cache, store);
    struct fl_segment *segment =
        store->first ? fl_segment_new(op, store->first, &r->layout.shape, kind) : NULL;
    if (!segment) {
        const bool empty = !store->first;
        fl_store_drop(cache, store);
        return empty ? FLOW_OK : fl_no_memory(op);
    }
    held.segment = segment;
    r->add[r->count++] = held;
    return FLOW_OK;
}

static flow_status read_segments(struct restoring *r, uint64_t count, struct fl_wire *wire)
{
    const bool table = r->engine->plan.ops[r->op].kind == FL_OP_TABLE;
    const enum fl_segment_kind kind = table                                   ? FL_SEGMENT_TIMED
                                      : r->layout.shape.key == FLOW_KIND_NONE ? FL_SEGMENT_PLAIN
                                                                              : FL_SEGMENT_KEYED;
    flow_buffer scratch = { .allocator = r->engine->graph->allocator };
    flow_status status = FLOW_OK;
    for (uint64_t k = 0; k < count && status == FLOW_OK; k++) {
        struct fl_store window = { 0 };
        struct fl_held held = { .tag = (int64_t)fl_get_word(wire) };
        held.start = (int64_t)fl_get_word(wire);
        status = read_segment(r, wire, table ? NULL : &window, &scratch);
        if (status == FLOW_OK && !table)
            status = add_store(r, held, &window, kind);
        else
            fl_store_drop(&r->engine->workers[0].cache, &window);
    }
    for (uint32_t w = 0; table && w < r->engine->options.workers; w++) {
        if (status == FLOW_OK)
            status = add_store(r, (struct fl_held){ .tag = w }, &r->stores[w], kind);
        else
            fl_store_drop(&r->engine->workers[0].cache, &r->stores[w]);
    }
    flow_buffer_free(&scratch);
    return status;
}

flow_status fl_view_load(struct fl_engine *engine, uint32_t i, struct fl_wire *wire)
{
    struct fl_worker *worker = &engine->workers[0];
    struct fl_cache *cache = &worker->cache;
    const struct fl_plan_op *plan = &engine->plan.ops[i];
    const uint64_t count = fl_get_word(wire);
    const uint32_t workers = engine->options.workers;
    if (wire->failed || count > wire->rest.len)
        return FLOW_DAMAGED;
    const size_t most = (size_t)(count > workers ? count : workers);
    const size_t size = workers * sizeof(struct fl_store) + most * sizeof(struct fl_held);
    struct restoring r = { engine, i, fl_layout_of(&plan->out->shape), fl_take(cache, size), NULL,
        0 };
    struct fl_view_state *fresh = r.stores ? fl_view_state_new(cache, (uint32_t)most) : NULL;
    flow_status status = fresh ? FLOW_OK : fl_no_memory(&worker->ops[i]);
    if (fresh) {
        memset(r.stores, 0, size);
        r.add = (struct fl_held *)(void *)(r.stores + workers);
        status = read_segments(&r, count, wire);
    }
    if (status == FLOW_OK) {
        struct fl_publication p = { .view = plan->view,
            .table = plan->kind == FL_OP_TABLE,
            .tag = INT64_MIN,
            .add = r.add,
            .count = r.count,
            .fresh = fresh };
        worker->pins.publications = &p;
        fl_views_publish(worker);
    } else {
        for (uint32_t k = 0; k < r.count; k++)
            fl_segment_unref(cache, r.add[k].segment);
        fl_view_state_unref(cache, fresh);
    }
    fl_give(cache, r.stores, size);
    return status;
}

// --- gates

void fl_gate_save_row(struct fl_op *op, const struct fl_layout *layout,
    const struct fl_batch *batch, uint32_t row, flow_buffer *out)
{
    const char *at = batch->rows + (size_t)row * batch->stride;
    struct fl_one_key key = { .form = FL_KEY_WORD };
    put_time_and_window(out, batch, row);
    put_pane(out, fl_batch_pane(batch, row));
    fl_put_word(out, fl_batch_sign(batch, row) < 0);
    if (layout->apart &&
        !fl_key_of(&layout->shape, at + layout->shape.key_offset, &op->worker->pins.key, &key))
        out->failed = true;
    if (layout->apart)
        fl_put_key(out, key.form, key.word, key.bytes);
    put_element(out, layout->shape.type, at + layout->shape.value_offset);
}

flow_status fl_gate_load_row(
    struct fl_op *op, const struct fl_layout *layout, struct fl_store *store, struct fl_wire *wire)
{
    struct fl_owned key = { 0 };
    struct reading r = { op, layout, store, { 0 }, 0 };
    char *row;
    get_time_and_window(wire, &r);
    get_pane(wire, &r.like.pane);
    int8_t retracts = -1;
    r.like.signs = fl_get_word(wire) ? &retracts : NULL;
    if (layout->apart)
        key = fl_get_key(wire, fl_key_form(layout->shape.key));
    const flow_status status = get_element(wire, &r, &row);
    if (status == FLOW_OK && r.like.signs)
        store->last->signs[store->last->count - 1] = retracts;
    if (status != FLOW_OK || !layout->apart)
        return status;
    struct fl_cache *cache = &op->worker->cache;
    char *copy = fl_mem_alloc(cache, store->last->mem, key.bytes.len);
    if (!copy)
        return fl_no_memory(op);
    if (key.bytes.len)
        memcpy(copy, key.bytes.data, key.bytes.len);
    const flow_str bytes = { copy, key.bytes.len };
    return fl_key_write(&layout->shape, key.word, bytes, row + layout->shape.key_offset)
               ? FLOW_OK
               : FLOW_DAMAGED;
}
