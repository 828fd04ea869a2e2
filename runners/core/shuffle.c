// SPDX-License-Identifier: Apache-2.0
// Shuffling rows by key to the worker that owns the key's shard.
#include "shuffle.h"

#define SHARD_BITS 6 // 64 virtual shards

static uint32_t worker_of(const struct fl_op *op, uint64_t hash)
{
    const uint64_t shard = hash >> (64 - SHARD_BITS);
    return (uint32_t)(shard * op->worker->engine->options.workers >> SHARD_BITS);
}

// Rows of a view that go to one worker, in their order.
struct hand {
    uint32_t count;
    uint16_t rows[FLOW_BATCH_ROWS];
};

// A view's times and values by selected row, and who gets which: keys are in fl_keys.
struct fl_dealt {
    int64_t times[FLOW_BATCH_ROWS];
    int64_t values[FLOW_BATCH_ROWS];
    struct hand hands[];
};

static bool dealt_init(struct fl_shuffle *shuffle, struct fl_engine *engine)
{
    const size_t hands = engine->options.workers * sizeof(struct hand);
    shuffle->dealt = fl_mem_alloc(&engine->cache, engine->mem, sizeof(struct fl_dealt) + hands);
    return shuffle->dealt != NULL;
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
    shuffle->can_lift =
        op->plan->kind == FL_OP_COMBINE && !op->keyed->acc_pointers && !engine->options.no_lifting;
    shuffle->lift = shuffle->can_lift;
    if (!shuffle->format.hashed && !dealt_init(shuffle, engine))
        return false;
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
    shuffle->rows = shuffle->keys = shuffle->passed = 0;
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
    if ((common->format->hashed && !fl_batch_need_hashes(cache, batch)) ||
        !fl_batch_need_deltas(cache, batch))
        return NULL;
    batch->keyed = true;
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

// The next free row for a worker, its time and (where wanted) hash written; NULL without memory.
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
    if (common->format->hashed)
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
    const struct common common = { in, format,
        op->plan->kind == FL_OP_STATEFUL || op->plan->kind == FL_OP_APART };
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

// --- direct, by column: word keys with what a combine of the engine's reads

static void gather_dealt(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape, struct fl_dealt *dealt)
{
    for (uint32_t i = 0; i < view->count; i++)
        dealt->times[i] = fl_batch_time(view->batch, fl_view_row(view, i));
    if (!op->shuffle->format.value_size)
        return;
    const struct fl_lane lane = fl_view_lane(view, shape, op->plan->node->field.offset);
    for (uint32_t i = 0; i < view->count; i++)
        dealt->values[i] =
            fl_combine_read(op, lane.base + (size_t)fl_view_row(view, i) * lane.stride);
}

// Gives each worker the rows whose keys it owns.
static void deal(struct fl_op *op, struct fl_keys *keys, uint32_t count, struct fl_dealt *dealt)
{
    const uint32_t workers = op->worker->engine->options.workers;
    for (uint32_t w = 0; w < workers; w++)
        dealt->hands[w].count = 0;
    fl_keys_hash_words(keys, count);
    for (uint32_t i = 0; i < count; i++) {
        struct hand *hand = &dealt->hands[worker_of(op, keys->hashes[i])];
        hand->rows[hand->count++] = (uint16_t)i;
    }
}

// Writes times behind a batch's rows; false when one is too far from the batch's own.
static bool write_times(
    struct fl_batch *batch, const struct fl_dealt *dealt, const uint16_t *rows, uint32_t count)
{
    int32_t *to = batch->deltas + batch->count;
    const uint64_t base = (uint64_t)batch->time_base;
    uint64_t beyond = 0;
    for (uint32_t k = 0; k < count; k++) {
        const uint64_t delta = (uint64_t)dealt->times[rows[k]] - base;
        to[k] = (int32_t)delta;
        beyond |= (delta + (UINT64_C(1) << 31)) >> 32;
    }
    return beyond == 0;
}

static void write_words(struct fl_batch *batch, const struct fl_keys *keys,
    const struct fl_dealt *dealt, const uint16_t *rows, uint32_t count)
{
    uint64_t *to = (uint64_t *)(void *)batch->rows;
    if (batch->stride == sizeof *to) {
        for (uint32_t k = 0; k < count; k++)
            to[batch->count + k] = keys->words[rows[k]];
    } else {
        for (uint32_t k = 0; k < count; k++) {
            uint64_t *pair = to + 2 * (size_t)(batch->count + k);
            pair[0] = keys->words[rows[k]];
            pair[1] = (uint64_t)dealt->values[rows[k]];
        }
    }
    batch->count += count;
}

// Puts rows into a worker's open batch, and into further ones when it is full.
static flow_status send_hand(struct fl_op *op, struct fl_lane_out *out, const struct common *common,
    const uint16_t *rows, uint32_t count)
{
    const struct fl_keys *keys = op->worker->keys;
    const struct fl_dealt *dealt = op->shuffle->dealt;
    while (count > 0) {
        struct fl_batch *batch = out->open;
        if (!batch || batch->count == batch->capacity)
            batch = open_new(op, out, common, dealt->times[rows[0]]);
        if (!batch)
            return fl_no_memory(op);
        const uint32_t room = batch->capacity - batch->count;
        uint32_t now = count < room ? count : room;
        while (now > 0 && !write_times(batch, dealt, rows, now))
            now /= 2;
        if (batch->signs)
            memset(batch->signs + batch->count, 1, now);
        write_words(batch, keys, dealt, rows, now);
        if (now == 0)
            close_open(op, out); // the next one starts at the time of the first row
        rows += now;
        count -= now;
    }
    return FLOW_OK;
}

static flow_status send_words(struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    struct fl_worker *worker = op->worker;
    struct fl_shuffle *shuffle = op->shuffle;
    const struct common common = { view->batch, &shuffle->format, false };
    const uint32_t workers = worker->engine->options.workers;
    flow_status status = FLOW_OK;
    close_unfit(op, &common);
    fl_keys_words(worker->keys, view, shape);
    gather_dealt(op, view, shape, shuffle->dealt);
    if (workers == 1)
        return send_hand(op, &shuffle->out[0], &common, worker->identity, view->count);
    deal(op, worker->keys, view->count, shuffle->dealt);
    for (uint32_t w = 0; w < workers && status == FLOW_OK; w++) {
        const struct hand *hand = &shuffle->dealt->hands[w];
        status = send_hand(op, &shuffle->out[w], &common, hand->rows, hand->count);
    }
    return status;
}

// --- accumulators

static const struct fl_batch implied = { .window_form = FL_WINDOW_IMPLIED,
    .pane = { .timing = FLOW_TIMING_UNKNOWN, .first = true, .last = true } };

static bool send_entry(
    struct fl_op *op, const struct common *common, const struct fl_entry *entry, int64_t time)
{
    const struct fl_format *format = common->format;
    const bool words = format->form == FL_KEY_WORD;
    const bool one = op->worker->engine->options.workers == 1; // nobody asks whose a key is then
    const uint64_t hash = one && !format->hashed ? 0
                          : words                ? fl_hash_word(entry->word)
                                                 : fl_hash_bytes(entry->bytes);
    struct fl_batch *batch;
    char *to = next_row(op, common, hash, time, &batch);
    if (!to)
        return false;
    if (words)
        memcpy(to, &entry->word, sizeof entry->word);
    else
        memcpy(to, &entry->bytes, sizeof entry->bytes);
    memcpy(to + format->value_at, entry->value, format->value_size);
    return !format->points || own_bytes(op, batch, to);
}

flow_status fl_shuffle_slice(struct fl_op *op, const struct fl_table *table, int64_t time)
{
    const struct common common = { &implied, &op->shuffle->partial, false };
    close_unfit(op, &common);
    for (struct fl_walk walk = { .table = table }; fl_walk_on(&walk) > 0;) {
        while (walk.next < walk.count) {
            const struct fl_entry entry = fl_walk_entry(&walk);
            if (!send_entry(op, &common, &entry, time))
                return fl_no_memory(op);
        }
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
    shuffle->passed += rest.count;
    if (!shuffle->format.hashed && view->batch->window_form != FL_WINDOW_ROWS &&
        !view->batch->signs)
        return send_words(op, &rest, shape);
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
