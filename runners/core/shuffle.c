// SPDX-License-Identifier: Apache-2.0
// Shuffling rows by key to the worker that owns the key's shard.
#include "shuffle.h"

#define SHARD_BITS 6 // 64 virtual shards

static uint32_t worker_of(const struct fl_op *op, uint64_t hash)
{
    const uint64_t shard = hash >> (64 - SHARD_BITS);
    return (uint32_t)(shard * op->worker->engine->options.workers >> SHARD_BITS);
}

bool fl_shuffle_init(struct fl_op *op)
{
    struct fl_engine *engine = op->worker->engine;
    const uint32_t workers = engine->options.workers;
    struct fl_shuffle *shuffle = fl_mem_alloc(&engine->cache, engine->mem, sizeof *shuffle);
    if (!shuffle)
        return false;
    memset(shuffle, 0, sizeof *shuffle);
    op->shuffle = shuffle;
    shuffle->out = fl_mem_alloc(&engine->cache, engine->mem, workers * sizeof *shuffle->out);
    if (!shuffle->out)
        return false;
    memset(shuffle->out, 0, workers * sizeof *shuffle->out);
    const flow_combine_fn *combine = op->plan->node->combine;
    // where dropped elements are listened to, they travel whole
    const bool whole = op->plan->outs[FLOW_OUTPUT_DROPPED].count > 0;
    const bool primitive = combine && combine->primitive != FLOW_PRIMITIVE_NONE && !whole;
    shuffle->format = fl_format_of(op->plan, primitive ? FL_CONTENT_VALUES : FL_CONTENT_ROWS);
    shuffle->pointers = !primitive && flow_type_has_pointers(op->plan->shape.type);
    shuffle->key_pointers =
        op->plan->shape.key_record && flow_type_has_pointers(op->plan->shape.key_record);
    shuffle->format.points = shuffle->format.form == FL_KEY_BYTES || shuffle->pointers;
    shuffle->can_lift = combine && !op->keyed->acc_pointers && !engine->options.no_lifting;
    shuffle->lift = shuffle->can_lift;
    shuffle->least = INT64_MAX;
    if (combine) {
        shuffle->partial = fl_format_of(op->plan, FL_CONTENT_PARTIAL);
        shuffle->partial.points = shuffle->partial.form == FL_KEY_BYTES;
        fl_slices_init(&shuffle->lifted, op->keyed->form, op->keyed->acc_size, false);
        shuffle->lifted.sparse = true;
    }
    return true;
}

static void drop_list(struct fl_cache *cache, struct fl_lane_out *out)
{
    fl_batch_unref(cache, out->open);
    while (out->first) {
        struct fl_batch *batch = out->first;
        out->first = batch->next;
        fl_batch_unref(cache, batch);
    }
    memset(out, 0, sizeof *out);
}

void fl_shuffle_abort(struct fl_op *op)
{
    struct fl_shuffle *shuffle = op->shuffle;
    struct fl_cache *cache = &op->worker->cache;
    for (uint32_t w = 0; w < op->worker->engine->options.workers; w++)
        drop_list(cache, &shuffle->out[w]);
    fl_slices_drop(cache, &shuffle->lifted, INT64_MAX);
    shuffle->rows = shuffle->keys = 0;
    shuffle->least = INT64_MAX;
}

void fl_shuffle_fini(struct fl_op *op)
{
    if (!op->shuffle || !op->shuffle->out)
        return;
    fl_shuffle_abort(op);
    fl_slices_fini(&op->worker->cache, &op->shuffle->lifted);
}

// --- batches

static void close_open(struct fl_op *op, struct fl_lane_out *out)
{
    struct fl_batch *batch = out->open;
    if (!batch)
        return;
    fl_batch_trim(&op->worker->cache, batch);
    *(out->last ? &out->last->next : &out->first) = batch;
    out->last = batch;
    out->open = NULL;
}

// What the rows of a view have in common, for the batch they go to.
struct common {
    const struct fl_batch *in;
    const struct fl_format *format;
    bool panes; // functions may ask for panes
};

static struct fl_batch *open_new(
    struct fl_op *op, struct fl_lane_out *out, const struct common *common, int64_t time)
{
    struct fl_cache *cache = &op->worker->cache;
    close_open(op, out);
    struct fl_batch *batch = fl_batch_new(cache, op->plan->shape.type, common->format->stride);
    if (!batch)
        return NULL;
    out->open = batch;
    if (!fl_batch_need_hashes(cache, batch) || !fl_batch_need_deltas(cache, batch))
        return NULL;
    batch->content = common->format->content;
    batch->time_form = FL_TIME_DELTA;
    batch->time_base = time;
    batch->window_form = common->in->window_form;
    batch->window = common->in->window;
    if (common->panes)
        batch->pane = common->in->pane;
    if ((batch->window_form == FL_WINDOW_ROWS && !fl_batch_need_windows(cache, batch)) ||
        (common->panes && common->in->panes && !fl_batch_need_panes(cache, batch)) ||
        (common->in->signs && !fl_batch_need_signs(cache, batch)))
        return NULL;
    return batch;
}

static bool fits(const struct fl_batch *open, const struct common *common)
{
    const struct fl_batch *in = common->in;
    if (open->content != common->format->content || open->window_form != in->window_form)
        return false;
    if (open->window_form == FL_WINDOW_UNIFORM &&
        (open->window.start.us != in->window.start.us || open->window.end.us != in->window.end.us))
        return false;
    if (in->signs && !open->signs)
        return false;
    if (!common->panes)
        return true;
    return in->panes ? open->panes != NULL
                     : !open->panes && fl_batch_same_pane(&open->pane, &in->pane);
}

// Batches that cannot take the view's rows are closed beforehand, so that the loop need not ask.
static void close_unfit(struct fl_op *op, const struct common *common)
{
    for (uint32_t w = 0; w < op->worker->engine->options.workers; w++) {
        struct fl_lane_out *out = &op->shuffle->out[w];
        if (out->open && !fits(out->open, common))
            close_open(op, out);
    }
}

// The next free row for a worker, its hash and time written; NULL without memory.
static inline char *next_row(struct fl_op *op, const struct common *common, uint64_t hash,
    int64_t time, struct fl_batch **to)
{
    struct fl_lane_out *out = &op->shuffle->out[worker_of(op, hash)];
    struct fl_batch *batch = out->open;
    int64_t delta = batch ? (int64_t)((uint64_t)time - (uint64_t)batch->time_base) : 0;
    if (!batch || batch->count == batch->capacity || delta != (int32_t)delta) {
        batch = open_new(op, out, common, time);
        if (!batch)
            return NULL;
        delta = 0;
    }
    const uint32_t row = batch->count++;
    batch->hashes[row] = hash;
    batch->deltas[row] = (int32_t)delta;
    *to = batch;
    return batch->rows + (size_t)row * batch->stride;
}

// Bytes that the row points to are copied: the batch goes to another worker by itself.
static bool own_bytes(struct fl_op *op, struct fl_batch *batch, char *row)
{
    const struct fl_shuffle *shuffle = op->shuffle;
    const struct fl_format *format =
        batch->content == FL_CONTENT_PARTIAL ? &shuffle->partial : &shuffle->format;
    const bool rows = batch->content == FL_CONTENT_ROWS;
    struct fl_cache *cache = &op->worker->cache;
    struct fl_mem *mem = fl_batch_need_mem(cache, batch);
    if (!mem)
        return false;
    if (format->form == FL_KEY_BYTES) {
        flow_str *key = (flow_str *)(void *)row;
        char *copy = key->len ? fl_mem_alloc(cache, mem, key->len) : NULL;
        if (key->len && !copy)
            return false;
        if (copy)
            memcpy(copy, key->data, key->len);
        key->data = copy;
    }
    void *pair[2] = { cache, mem };
    const flow_memory memory = { fl_take_from, pair };
    if (rows && shuffle->key_pointers &&
        flow_row_adopt(op->plan->shape.key_record, row + format->key_at, &memory, NULL, NULL) !=
            FLOW_OK)
        return false;
    return !(rows && shuffle->pointers) ||
           flow_row_adopt(op->plan->shape.type, row + format->value_at, &memory, NULL, NULL) ==
               FLOW_OK;
}

// --- direct

static void write_value(
    const struct fl_op *op, char *to, const struct fl_format *format, const char *element)
{
    if (format->content == FL_CONTENT_ROWS) {
        memcpy(to, element, format->value_size);
    } else if (format->value_size) {
        const int64_t value = fl_combine_read(op, element);
        memcpy(to, &value, sizeof value);
    }
}

static flow_status send_rows(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
    const struct fl_keys *keys)
{
    const struct fl_format *format = &op->shuffle->format;
    const struct fl_batch *in = view->batch;
    const struct common common = { in, format, op->plan->kind == FL_OP_STATEFUL };
    const uint32_t offset = format->content == FL_CONTENT_VALUES && format->value_size
                                ? op->plan->node->field.offset
                                : 0;
    const struct fl_lane lane = fl_view_lane(view, shape, offset);
    close_unfit(op, &common);
    for (uint32_t i = 0; i < view->count; i++) {
        const uint32_t row = fl_view_row(view, i);
        struct fl_batch *batch;
        char *to = next_row(op, &common, keys->hashes[i], fl_batch_time(in, row), &batch);
        if (!to)
            return fl_no_memory(op);
        if (format->form == FL_KEY_WORD)
            memcpy(to, &keys->words[i], sizeof keys->words[i]);
        else
            memcpy(to, &keys->bytes[i], sizeof keys->bytes[i]);
        if (format->key_at)
            memcpy(to + format->key_at, in->rows + (size_t)row * in->stride + shape->key_offset,
                shape->key_size);
        write_value(op, to + format->value_at, format, lane.base + (size_t)row * lane.stride);
        if (in->window_form == FL_WINDOW_ROWS)
            batch->windows[batch->count - 1] = in->windows[row];
        if (batch->panes)
            batch->panes[batch->count - 1] = *fl_batch_pane(in, row);
        if (batch->signs)
            batch->signs[batch->count - 1] = fl_batch_sign(in, row);
        if (format->points && !own_bytes(op, batch, to))
            return fl_no_memory(op);
    }
    return FLOW_OK;
}

// --- accumulators

static const struct fl_batch implied = { .window_form = FL_WINDOW_IMPLIED,
    .pane = { FLOW_TIMING_UNKNOWN, true, true, 0, 0 } };

flow_status fl_shuffle_slice(struct fl_op *op, const struct fl_table *table, int64_t time)
{
    const struct fl_format *format = &op->shuffle->partial;
    const struct common common = { &implied, format, false };
    const bool words = format->form == FL_KEY_WORD;
    struct fl_entry entry;
    close_unfit(op, &common);
    for (uint64_t at = 0; fl_table_next(table, &at, &entry);) {
        const uint64_t hash = words ? fl_hash_word(entry.word) : fl_hash_bytes(entry.bytes);
        struct fl_batch *batch;
        char *to = next_row(op, &common, hash, time, &batch);
        if (!to)
            return fl_no_memory(op);
        if (words)
            memcpy(to, &entry.word, sizeof entry.word);
        else
            memcpy(to, &entry.bytes, sizeof entry.bytes);
        memcpy(to + format->value_at, entry.value, format->value_size);
        if (format->points && !own_bytes(op, batch, to))
            return fl_no_memory(op);
    }
    return FLOW_OK;
}

flow_status fl_shuffle_push(struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    struct fl_shuffle *shuffle = op->shuffle;
    struct fl_worker *worker = op->worker;
    struct fl_view rest = *view;
    worker->gathered = NULL;
    // columns do when neither the elements nor a key that is the whole of one are wanted
    const bool whole = shape->key == FLOW_KIND_RECORD && shape->key_size == shape->type->size;
    const bool rows = whole || shuffle->format.content != FL_CONTENT_VALUES;
    if (rows && !fl_batch_need_rows(&worker->cache, view->batch))
        return fl_no_memory(op);
    if (shuffle->lift && view->batch->window_form == FL_WINDOW_IMPLIED) {
        const flow_status status = fl_lift_rows(op, &rest, shape);
        if (status != FLOW_OK || rest.count == 0)
            return status;
    }
    if (!fl_keys_gather(worker->keys, &rest, shape, &worker->scratch))
        return fl_no_memory(op);
    return send_rows(op, &rest, shape, worker->keys);
}

// --- bundle

flow_status fl_shuffle_flush(struct fl_op *op)
{
    return op->shuffle->lifted.count ? fl_lift_send(op) : FLOW_OK;
}

bool fl_shuffle_too_late(struct fl_op *op)
{
    struct fl_shuffle *shuffle = op->shuffle;
    if (shuffle->least > fl_input_watermark(op->worker, op->plan))
        return false;
    shuffle->lift = false;
    shuffle->rest = 1;
    return true;
}

static void deliver(struct fl_op *op, uint32_t to, struct fl_lane_out *out)
{
    struct fl_engine *engine = op->worker->engine;
    struct fl_inbox *inbox = &engine->workers[to].stages[op->index].inbox;
    uint64_t bytes = 0;
    for (struct fl_batch *batch = out->first; batch; batch = batch->next)
        bytes += batch->counted = fl_batch_size(batch);
    atomic_fetch_add(&engine->in_flight[op->index], bytes);
    struct fl_batch *newest = atomic_load_explicit(&inbox->mail, memory_order_relaxed);
    do {
        out->first->parcel = newest;
    } while (!atomic_compare_exchange_weak_explicit(
        &inbox->mail, &newest, out->first, memory_order_release, memory_order_relaxed));
    memset(out, 0, sizeof *out);
    if (to != op->worker->index && engine->options.port.wake)
        engine->options.port.wake(engine->options.port.user, to);
}

void fl_shuffle_commit(struct fl_op *op)
{
    struct fl_shuffle *shuffle = op->shuffle;
    for (uint32_t w = 0; w < op->worker->engine->options.workers; w++) {
        close_open(op, &shuffle->out[w]);
        if (shuffle->out[w].first)
            deliver(op, w, &shuffle->out[w]);
    }
    fl_lift_end(op);
}
