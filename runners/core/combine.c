// SPDX-License-Identifier: Apache-2.0
// Combining values of a key and window: rows are added to tables when the bundle commits, with
// memory reserved first, so that adding cannot fail (architecture decision 1).
#include "accumulate.h"
#include "keyed.h"
#include "spill.h"

#include <stdio.h>

#define AHEAD 32u // slots are prefetched this many rows ahead (bench: keyed_1m)

static const flow_combine_fn *combine_of(const struct fl_op *op)
{
    return op->plan->node->combine;
}

void fl_combine_merge(const struct fl_op *op, void *acc, const void *other)
{
    const flow_combine_fn *combine = combine_of(op);
    switch (combine->primitive) {
    case FLOW_PRIMITIVE_COUNT:
        *(int64_t *)acc += *(const int64_t *)other;
        return;
    case FLOW_PRIMITIVE_SUM: {
        const uint64_t *sum = other;
        fl_add_wide(acc, sum[0], sum[1]);
        return;
    }
    case FLOW_PRIMITIVE_MIN:
    case FLOW_PRIMITIVE_MAX: {
        const struct fl_extreme *extreme = other;
        if (extreme->seen)
            fl_add_value(combine->primitive, acc, extreme->value);
        return;
    }
    case FLOW_PRIMITIVE_NONE:
        combine->merge(acc, other, op->plan->node->config);
        return;
    }
}

void fl_combine_subtract(const struct fl_op *op, void *acc, const void *other)
{
    const flow_combine_fn *combine = combine_of(op);
    if (combine->primitive == FLOW_PRIMITIVE_COUNT)
        *(int64_t *)acc -= *(const int64_t *)other;
    else
        combine->subtract(acc, other, op->plan->node->config);
}

static void *slot_of(
    struct fl_op *op, struct fl_table *table, const struct fl_keys *keys, uint32_t i)
{
    struct fl_cache *cache = &op->worker->cache;
    if (keys->form == FL_KEY_WORD)
        return fl_table_add_word(cache, table, keys->words[i]);
    return fl_table_add_bytes(cache, table, keys->bytes[i], keys->hashes[i]);
}

static const void *find(const struct fl_table *table, const struct fl_keys *keys, uint32_t i)
{
    return keys->form == FL_KEY_WORD ? fl_table_find_word(table, keys->words[i])
                                     : fl_table_find_bytes(table, keys->bytes[i], keys->hashes[i]);
}

// --- reserving

#define SMALL_TABLE ((uint64_t)64 << 10) // bytes up to which the rows of a batch may all be new
#define SEEN_SLOTS  (2 * FLOW_BATCH_ROWS)

// How many keys of the rows of a slice are new to it: never too few.
static uint64_t count_new(struct fl_op *op, struct fl_slice *slice, const struct fl_keys *keys,
    const struct fl_placed *placed, uint32_t count)
{
    uint64_t *seen = fl_take(&op->worker->cache, SEEN_SLOTS * sizeof *seen);
    if (!seen)
        return count;
    memset(seen, 0, SEEN_SLOTS * sizeof *seen);
    const bool words = keys->form == FL_KEY_WORD;
    bool zero = false;
    uint64_t fresh = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!placed->one && placed->by[i] != slice)
            continue;
        if (find(&slice->table, keys, i))
            continue;
        const uint64_t mark = words ? keys->words[i] : keys->hashes[i];
        if (mark == 0) {
            fresh += !zero;
            zero = true;
            continue;
        }
        uint64_t at = (fl_table_mix(mark) >> 32) % SEEN_SLOTS;
        while (seen[at] != 0 && seen[at] != mark)
            at = (at + 1) % SEEN_SLOTS;
        if (seen[at] == mark)
            continue;
        seen[at] = mark;
        fresh++;
        slice->promised_bytes += keys->form == FL_KEY_BYTES ? keys->bytes[i].len : 0;
    }
    fl_give(&op->worker->cache, seen, SEEN_SLOTS * sizeof *seen);
    return fresh;
}

// Small tables are made roomy at once; large ones that are far from full need no exact count
// either.
static bool roomy(const struct fl_slice *slice, uint32_t rows)
{
    const struct fl_table *table = &slice->table;
    const uint64_t count = table->count + slice->promised + rows;
    if (table->form != FL_KEY_WORD || table->rows)
        return false;
    return count * 2 * table->slot_size <= SMALL_TABLE || (table->slots && count <= table->limit);
}

static bool reserve_slice(struct fl_op *op, struct fl_slice *slice, const struct fl_keys *keys,
    const struct fl_placed *placed, uint32_t count)
{
    const uint32_t rows = placed->one ? count : slice->pending;
    slice->pending = 0;
    slice->promised += roomy(slice, rows) ? rows : count_new(op, slice, keys, placed, count);
    return fl_table_reserve(
        &op->worker->cache, &slice->table, slice->promised, slice->promised_bytes);
}

// At most how many bytes accumulators may take over from the rows: their binary form is the
// measure, which no field exceeds more than sixteen times in memory.
static size_t pointer_bytes(struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    if (!op->keyed->acc_pointers)
        return 0;
    const bool partial = view->batch->keyed && view->batch->content == FL_CONTENT_PARTIAL;
    const flow_type *type = partial ? op->plan->node->combine->acc : shape->type;
    flow_buffer *scratch = &op->worker->scratch;
    size_t bytes = 0;
    for (uint32_t i = 0; i < view->count; i++) {
        const size_t start = scratch->len;
        flow_encode(type,
            view->batch->rows + (size_t)fl_view_row(view, i) * view->batch->stride +
                shape->value_offset,
            scratch);
        bytes += 16 * (scratch->len - start) + 64;
        scratch->len = start;
    }
    return bytes;
}

flow_status fl_combine_reserve(struct fl_op *op, const struct fl_view *view,
    const flow_shape *shape, const struct fl_keys *keys, const struct fl_placed *placed)
{
    const uint32_t count = view->count;
    if (fl_faulty(op->worker, FL_FAULT_RESERVE))
        return fl_op_fail(op, FLOW_USER, "a test wants this bundle to fail");
    const size_t extra = pointer_bytes(op, view, shape);
    if (placed->one) {
        placed->one->promised_bytes += extra;
        return reserve_slice(op, placed->one, keys, placed, count) ? FLOW_OK : fl_no_memory(op);
    }
    for (uint32_t i = 0; i < count; i++)
        placed->by[i]->pending++;
    bool done = true;
    for (uint32_t i = 0; i < count; i++) {
        struct fl_slice *slice = placed->by[i];
        if (slice->pending)
            slice->promised_bytes += extra;
        if (slice->pending)
            done = reserve_slice(op, slice, keys, placed, count) && done;
    }
    return done ? FLOW_OK : fl_no_memory(op);
}

// --- adding

static void prefetch(const struct fl_table *table, const struct fl_keys *keys, uint32_t i)
{
    if (table->form == FL_KEY_WORD)
        __builtin_prefetch(fl_table_slot_word(table, keys->words[i]), 1);
    else
        __builtin_prefetch(fl_table_slot(table, keys->hashes[i]), 1);
}

// The commonest case by far: counting word keys in one table.
static void count_words(struct fl_cache *cache, struct fl_table *table, const struct fl_keys *keys,
    uint32_t count, const struct fl_lane *partial)
{
    const struct fl_words words = fl_table_words(table);
    const size_t size = 2 * sizeof(uint64_t);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t later = keys->words[i + AHEAD < count ? i + AHEAD : i];
        __builtin_prefetch(fl_words_home(&words, later, size), 1);
        int64_t *acc = fl_words_add(table, &words, keys->words[i], size);
        if (__builtin_expect(!acc, 0))
            acc = fl_table_add_word(cache, table, 0);
        int64_t more = 1;
        if (partial)
            memcpy(&more, partial->base + (size_t)i * partial->stride, sizeof more);
        *acc += more;
    }
}

flow_primitive fl_combine_primitive(const struct fl_op *op)
{
    const flow_primitive primitive = combine_of(op)->primitive;
    const bool wide = op->plan->node->field.kind == FLOW_KIND_U64;
    return primitive == FLOW_PRIMITIVE_SUM && wide ? FL_SUM_UNSIGNED : primitive;
}

int64_t fl_combine_read(const struct fl_op *op, const char *element)
{
    const flow_field_ref *field = &op->plan->node->field;
    return fl_integer_at(field->kind, element);
}

void fl_combine_value(struct fl_op *op, void *acc, enum fl_content content, const char *value)
{
    const flow_combine_fn *combine = combine_of(op);
    if (content == FL_CONTENT_PARTIAL) {
        fl_combine_merge(op, acc, value);
    } else if (combine->primitive == FLOW_PRIMITIVE_NONE) {
        combine->add(acc, value, op->plan->node->config);
    } else if (combine->primitive == FLOW_PRIMITIVE_COUNT) {
        ++*(int64_t *)acc;
    } else if (content == FL_CONTENT_VALUES) {
        int64_t field;
        memcpy(&field, value, sizeof field);
        fl_add_value(fl_combine_primitive(op), acc, field);
    } else {
        const uint32_t offset = op->plan->node->field.offset;
        fl_add_value(fl_combine_primitive(op), acc, fl_combine_read(op, value + offset));
    }
}

static enum fl_content content_of(const struct fl_batch *batch)
{
    return batch->keyed ? batch->content : FL_CONTENT_ROWS;
}

void fl_combine_add(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
    const struct fl_keys *keys, const struct fl_placed *placed)
{
    const struct fl_batch *batch = view->batch;
    const enum fl_content content = content_of(batch);
    uint32_t value_at = shape->value_offset;
    if (content != FL_CONTENT_ROWS)
        value_at = keys->form == FL_KEY_WORD ? sizeof(uint64_t) : sizeof(flow_str);
    const struct fl_lane lane = { batch->rows + value_at, batch->stride };
    if (placed->one && combine_of(op)->primitive == FLOW_PRIMITIVE_COUNT &&
        keys->form == FL_KEY_WORD && !placed->one->table.rows &&
        (content != FL_CONTENT_PARTIAL || !view->selection)) {
        count_words(&op->worker->cache, &placed->one->table, keys, view->count,
            content == FL_CONTENT_PARTIAL ? &lane : NULL);
        return;
    }
    for (uint32_t i = 0; i < view->count; i++) {
        struct fl_table *table = placed->one ? &placed->one->table : &placed->by[i]->table;
        if (i + AHEAD < view->count)
            prefetch(placed->one ? table : &placed->by[i + AHEAD]->table, keys, i + AHEAD);
        void *acc = slot_of(op, table, keys, i);
        fl_combine_value(op, acc, content, lane.base + (size_t)fl_view_row(view, i) * lane.stride);
        if (op->keyed->acc_pointers && !fl_settle(op, combine_of(op)->acc, acc, table, batch))
            fl_no_memory(op); // beyond what was reserved: the job ends
    }
}

// --- taking in

static flow_status take_rows(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
    const struct fl_keys *keys)
{
    struct fl_keyed *keyed = op->keyed;
    struct fl_worker *worker = op->worker;
    struct fl_mem *mem = worker->bundle.mem;
    struct fl_placed *placed = worker->placed;
    const struct fl_sets sets = fl_keyed_sets(keyed);
    struct fl_staged *staged = fl_mem_alloc(&worker->cache, mem, sizeof *staged);
    const size_t bytes = view->count * sizeof(uint16_t);
    uint16_t *selection = view->selection ? fl_mem_alloc(&worker->cache, mem, bytes) : NULL;
    if (!staged || (view->selection && !selection) ||
        !fl_place(&op->worker->cache, &sets, view, placed))
        return fl_no_memory(op);
    const flow_status status = fl_combine_reserve(op, view, shape, keys, placed);
    if (status != FLOW_OK)
        return status;
    if (selection)
        memcpy(selection, view->selection, bytes);
    const struct fl_staged rows = { NULL, fl_batch_ref(view->batch), selection, view->count,
        *shape };
    *staged = rows;
    *(keyed->staged ? &keyed->staged_last->next : &keyed->staged) = staged;
    keyed->staged_last = staged;
    worker->gathered = keyed->staged == staged ? view->batch : NULL;
    return FLOW_OK;
}

static void forget_promise(struct fl_slice *slice)
{
    slice->promised = 0;
    slice->promised_bytes = 0;
    slice->pending = 0;
}

static void forget_promises(struct fl_slices *slices)
{
    for (uint32_t i = 0; i < slices->count; i++)
        forget_promise(slices->at[i]);
}

static void drop_staged(struct fl_op *op)
{
    struct fl_keyed *keyed = op->keyed;
    for (struct fl_staged *staged = keyed->staged; staged; staged = staged->next)
        fl_batch_unref(&op->worker->cache, staged->batch);
    keyed->staged = keyed->staged_last = NULL;
}

static void apply_staged(struct fl_op *op, struct fl_staged *staged, struct fl_placed *placed)
{
    struct fl_worker *worker = op->worker;
    struct fl_keyed *keyed = op->keyed;
    const struct fl_view view = { staged->batch, staged->selection, staged->count };
    const struct fl_sets sets = fl_keyed_sets(keyed);
    if (worker->gathered != staged->batch) {
        worker->gathered = NULL; // what another step gathered is written over
        if (staged->batch->keyed)
            fl_format_keys(&view, keyed->form, worker->keys);
        else
            fl_keys_gather(worker->keys, &view, &staged->shape, &worker->scratch);
        fl_place(&worker->cache, &sets, &view, placed);
    }
    fl_combine_add(op, &view, &staged->shape, worker->keys, placed);
    for (uint32_t i = 0; i < (placed->one ? 1 : view.count); i++) {
        struct fl_slice *slice = placed->one ? placed->one : placed->by[i];
        forget_promise(slice);
        if (keyed->slide)
            fl_slide_touch(op, slice);
    }
}

static void commit(struct fl_op *op)
{
    struct fl_keyed *keyed = op->keyed;
    struct fl_cache *cache = &op->worker->cache;
    if (keyed->staged) {
        // room for placing was there while the rows were taken in, and nothing took it since
        struct fl_placed *placed = op->worker->placed;
        for (struct fl_staged *staged = keyed->staged; staged; staged = staged->next)
            apply_staged(op, staged, placed);
        drop_staged(op);
    }
    fl_late_commit(op);
    if (fl_window_commit(op)) {
        if (keyed->slide)
            fl_slide_commit(op, keyed->fired);
        else
            fl_slices_drop(cache, &keyed->slices, keyed->fired);
        fl_slices_drop(cache, &keyed->panes, keyed->fired);
    }
}

static void abort_bundle(struct fl_op *op)
{
    struct fl_keyed *keyed = op->keyed;
    drop_staged(op);
    forget_promises(&keyed->slices);
    forget_promises(&keyed->panes);
    fl_slices_drop(&op->worker->cache, &keyed->late, INT64_MAX);
    fl_window_abort(op);
    // a bundle that went on within a window has only read the tables it has a place in
    if (keyed->slide && keyed->fire_end == INT64_MIN)
        fl_slide_reset(op);
}

// --- firing

// Fires a window from a table, going on at `fire_at`. *whole tells whether all of it was fired.
static flow_status fire_table(
    struct fl_op *op, const struct fl_table *table, const struct fl_pane_out *pane, bool *whole)
{
    struct fl_keyed *keyed = op->keyed;
    struct fl_entry entry;
    flow_status status = fl_pane_begin(op, pane);
    uint32_t left = FL_FIRE_ROWS;
    if (status == FLOW_OK && table->slots && fl_pane_plain(op, pane, table))
        status = fl_pane_slots(op, pane, table, &keyed->fire_at_next, &left);
    for (; status == FLOW_OK && left > 0; left--) {
        if (!fl_table_next(table, &keyed->fire_at_next, &entry)) {
            *whole = true;
            break;
        }
        status = fl_pane_row(op, pane, &entry, entry.value, table->mem);
    }
    return status == FLOW_OK ? fl_call_flush(op) : status;
}

static flow_status fire_window(struct fl_op *op, const struct fl_pane_out *pane, bool *whole)
{
    struct fl_keyed *keyed = op->keyed;
    const int64_t name = pane->name;
    if (keyed->runs || (keyed->fire_end == INT64_MIN && fl_spill_has(op, name)))
        return fl_spilled_fire(op, pane, whole);
    if (!keyed->slide) {
        const struct fl_slice *slice = fl_slices_find(&keyed->slices, name);
        return fire_table(op, &slice->table, pane, whole);
    }
    const struct fl_slice *apart = fl_slices_find(&keyed->panes, name);
    const bool sliced = fl_slide_next(op) == name;
    const flow_status status = sliced ? fl_slide_prepare(op, name) : FLOW_OK;
    if (status != FLOW_OK)
        return status;
    return fl_slide_emit(op, pane, sliced, apart ? &apart->table : NULL, whole);
}

static flow_status fire(struct fl_op *op)
{
    return fl_window_fire(op, fire_window);
}

const struct fl_keyed_ops fl_combine_ops = {
    .take = take_rows, .next = fl_window_due, .fire = fire, .commit = commit, .abort = abort_bundle
};
