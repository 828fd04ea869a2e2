// SPDX-License-Identifier: Apache-2.0
// Segments: stored rows with an index by key, made once and only read after.
#include "store.h"

static const struct fl_batch *batch_of(const struct fl_segment *segment, uint32_t ref)
{
    return segment->batches[ref / FLOW_BATCH_ROWS];
}

const char *fl_segment_row(const struct fl_segment *segment, uint32_t ref)
{
    const struct fl_batch *batch = batch_of(segment, ref);
    return batch->rows + (size_t)(ref % FLOW_BATCH_ROWS) * batch->stride;
}

int64_t fl_segment_time(const struct fl_segment *segment, uint32_t ref)
{
    return fl_batch_time(batch_of(segment, ref), ref % FLOW_BATCH_ROWS);
}

const char *fl_segment_at(const struct fl_segment *segment, uint64_t position)
{
    uint32_t low = 0, high = segment->batch_count;
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (segment->starts[middle] <= position)
            low = middle;
        else
            high = middle;
    }
    const struct fl_batch *batch = segment->batches[low];
    return batch->rows + (size_t)(position - segment->starts[low]) * batch->stride;
}

struct fl_segment *fl_segment_ref(struct fl_segment *segment)
{
    atomic_fetch_add_explicit(&segment->refs, 1, memory_order_relaxed);
    return segment;
}

void fl_segment_unref(struct fl_cache *cache, struct fl_segment *segment)
{
    if (!segment || atomic_fetch_sub_explicit(&segment->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (uint32_t b = 0; b < segment->batch_count; b++)
        fl_batch_unref(cache, segment->batches[b]);
    fl_table_fini(cache, &segment->index);
    fl_give(cache, segment->order, segment->order_size);
    fl_mem_unref(cache, segment->mem);
}

// --- looking

const struct fl_span *fl_segment_find(
    const struct fl_segment *segment, const struct fl_one_key *key)
{
    return key->form == FL_KEY_WORD ? fl_table_find_word(&segment->index, key->word)
                                    : fl_table_find_bytes(&segment->index, key->bytes, key->hash);
}

uint32_t fl_segment_as_of(const struct fl_segment *segment, const struct fl_span *span, int64_t at)
{
    uint32_t low = 0, high = span->count; // rows before `low` lie at or before the instant
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (fl_segment_time(segment, segment->order[span->first + middle]) <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? segment->order[span->first + low - 1] : FL_NO_ROW;
}

int fl_segment_compare(const struct fl_segment *a, uint32_t left, const struct fl_segment *b,
    uint32_t right, flow_buffer *scratch)
{
    const int64_t before = fl_segment_time(a, left), after = fl_segment_time(b, right);
    if (before != after)
        return before < after ? -1 : 1;
    scratch->len = 0;
    flow_encode(a->shape.type, fl_segment_row(a, left) + a->shape.value_offset, scratch);
    const size_t len = scratch->len;
    flow_encode(b->shape.type, fl_segment_row(b, right) + b->shape.value_offset, scratch);
    const size_t other = scratch->len - len;
    const size_t both = len < other ? len : other; // 0 where rows have no bytes, or no memory
    const int order = both ? memcmp(scratch->data, scratch->data + len, both) : 0;
    return order ? order : len < other ? -1 : len > other;
}

// --- making

static uint32_t ref_of(uint32_t batch, uint32_t row)
{
    return batch * FLOW_BATCH_ROWS + row;
}

// Arrays that are there while an index is made.
struct making {
    struct fl_op *op;
    struct fl_segment *segment;
    uint32_t *numbers; // of the key, by row
    uint32_t *next;    // by number of the key: where in the order its next row goes
    uint32_t *room;    // for merging
};

// Numbers the keys and counts their rows.
static bool number_keys(struct making *m)
{
    struct fl_segment *segment = m->segment;
    struct fl_worker *worker = m->op->worker;
    struct fl_keys *keys = worker->keys;
    uint64_t at = 0;
    worker->gathered = NULL;
    for (uint32_t b = 0; b < segment->batch_count; b++) {
        struct fl_batch *batch = segment->batches[b];
        const struct fl_view view = { batch, NULL, batch->count };
        if (!fl_keys_gather(keys, &view, &segment->shape, &worker->scratch))
            return false;
        for (uint32_t row = 0; row < batch->count; row++) {
            const bool word = keys->form == FL_KEY_WORD;
            const uint64_t known = segment->index.count;
            if (!fl_table_reserve(
                    &worker->cache, &segment->index, 1, word ? 0 : keys->bytes[row].len))
                return false;
            struct fl_span *span =
                word ? fl_table_add_word(&worker->cache, &segment->index, keys->words[row])
                     : fl_table_add_bytes(
                           &worker->cache, &segment->index, keys->bytes[row], keys->hashes[row]);
            if (segment->index.count > known)
                span->number = (uint32_t)known;
            if (span->count++ > 0)
                segment->twice = ref_of(b, row);
            m->numbers[at++] = span->number;
        }
    }
    return true;
}

// Rows of one key after those of another.
static void put_in_order(struct making *m)
{
    struct fl_segment *segment = m->segment;
    struct fl_entry entry;
    uint32_t first = 0;
    uint64_t row_at = 0;
    for (uint64_t at = 0; fl_table_next(&segment->index, &at, &entry);) {
        struct fl_span *span = entry.value;
        span->first = m->next[span->number] = first;
        first += span->count;
    }
    for (uint32_t b = 0; b < segment->batch_count; b++)
        for (uint32_t row = 0; row < segment->batches[b]->count; row++)
            segment->order[m->next[m->numbers[row_at++]]++] = ref_of(b, row);
}

// Merges two neighbouring runs that are in order.
static void merge_runs(struct making *m, uint32_t *at, uint32_t left, uint32_t count)
{
    const struct fl_segment *segment = m->segment;
    flow_buffer *scratch = &m->op->worker->scratch;
    uint32_t a = 0, b = left, to = 0;
    if (fl_segment_compare(segment, at[left - 1], segment, at[left], scratch) <= 0)
        return;
    memcpy(m->room, at, count * sizeof *at);
    while (to < count) {
        const bool first = b == count || (a < left && fl_segment_compare(segment, m->room[a],
                                                          segment, m->room[b], scratch) <= 0);
        at[to++] = first ? m->room[a++] : m->room[b++];
    }
}

static void sort_spans(struct making *m)
{
    struct fl_entry entry;
    for (uint64_t at = 0; fl_table_next(&m->segment->index, &at, &entry);) {
        const struct fl_span *span = entry.value;
        uint32_t *rows = m->segment->order + span->first;
        for (uint32_t size = 1; size < span->count; size *= 2)
            for (uint32_t i = 0; i + size < span->count; i += 2 * size)
                merge_runs(
                    m, rows + i, size, span->count - i < 2 * size ? span->count - i : 2 * size);
    }
}

static bool make_index(struct fl_op *op, struct fl_segment *segment, bool timed)
{
    struct fl_cache *cache = &op->worker->cache;
    const size_t size = (segment->rows + 1) * sizeof(uint32_t);
    fl_table_init(&segment->index, fl_key_form(segment->shape.key), sizeof(struct fl_span), false);
    segment->order_size = size;
    segment->order = fl_take(cache, size);
    struct making m = { op, segment, fl_take(cache, size), fl_take(cache, size),
        fl_take(cache, size) };
    const bool done = segment->order && m.numbers && m.next && m.room && number_keys(&m);
    if (done) {
        put_in_order(&m);
        if (timed)
            sort_spans(&m);
    }
    fl_give(cache, m.numbers, size);
    fl_give(cache, m.next, size);
    fl_give(cache, m.room, size);
    return done && !op->worker->scratch.failed;
}

struct fl_segment *fl_segment_new(
    struct fl_op *op, struct fl_batch *batches, const flow_shape *shape, enum fl_segment_kind kind)
{
    struct fl_cache *cache = &op->worker->cache;
    struct fl_mem *mem = fl_mem_new(cache);
    struct fl_segment *segment = mem ? fl_mem_alloc(cache, mem, sizeof *segment) : NULL;
    uint32_t count = 0;
    for (const struct fl_batch *batch = batches; batch; batch = batch->next)
        count++;
    if (segment) {
        memset(segment, 0, sizeof *segment);
        atomic_init(&segment->refs, 1);
        segment->mem = mem;
        segment->shape = *shape;
        segment->twice = FL_NO_ROW;
        segment->batches = fl_mem_alloc(cache, mem, count * sizeof *segment->batches);
        segment->starts = fl_mem_alloc(cache, mem, count * sizeof *segment->starts);
    }
    if (!segment || !segment->batches || !segment->starts) {
        fl_mem_unref(cache, mem);
        return NULL;
    }
    for (struct fl_batch *batch = batches; batch; batch = batch->next) {
        segment->starts[segment->batch_count] = segment->rows;
        segment->batches[segment->batch_count++] = batch;
        segment->rows += batch->count;
    }
    if (kind != FL_SEGMENT_PLAIN && !make_index(op, segment, kind == FL_SEGMENT_TIMED)) {
        segment->batch_count = 0; // they stay the caller's
        fl_segment_unref(cache, segment);
        return NULL;
    }
    return segment;
}
