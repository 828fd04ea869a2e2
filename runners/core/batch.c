// SPDX-License-Identifier: Apache-2.0
// Making, sharing and recycling batches.
#include "batch.h"

const flow_pane fl_no_pane = { .timing = FLOW_TIMING_UNKNOWN, .first = true, .last = true };

uint32_t fl_batch_capacity(uint32_t stride)
{
    if (stride == 0)
        return FLOW_BATCH_ROWS;
    const size_t rows = FL_BATCH_BYTES / stride;
    return rows >= FLOW_BATCH_ROWS ? FLOW_BATCH_ROWS : rows ? (uint32_t)rows : 1;
}

static struct fl_batch *new_header(struct fl_cache *cache, const flow_type *type, uint32_t stride)
{
    struct fl_batch *batch = fl_take(cache, sizeof *batch);
    if (!batch)
        return NULL;
    memset(batch, 0, sizeof *batch);
    atomic_init(&batch->refs, 1);
    batch->type = type;
    batch->stride = stride;
    batch->pane = fl_no_pane;
    batch->time_base = FLOW_TIME_MIN_US;
    batch->origin = FL_ORIGIN_LOST;
    return batch;
}

struct fl_batch *fl_batch_new(struct fl_cache *cache, const flow_type *type, uint32_t stride)
{
    struct fl_batch *batch = new_header(cache, type, stride);
    if (!batch)
        return NULL;
    batch->capacity = fl_batch_capacity(stride);
    batch->rows_size = (size_t)batch->capacity * (stride ? stride : 1);
    batch->rows = fl_take(cache, batch->rows_size);
    if (!batch->rows) {
        fl_give(cache, batch, sizeof *batch);
        return NULL;
    }
    batch->fresh = true;
    return batch;
}

struct fl_batch *fl_batch_lend(
    struct fl_cache *cache, const flow_type *type, const void *rows, uint32_t count)
{
    struct fl_batch *batch = new_header(cache, type, type->size);
    if (!batch)
        return NULL;
    batch->rows = (char *)(uintptr_t)rows;
    batch->count = batch->capacity = count;
    batch->lent = true;
    return batch;
}

struct fl_batch *fl_batch_lend_columns(struct fl_cache *cache, const flow_type *type,
    const void *const *columns, uint32_t from, uint32_t count)
{
    struct fl_batch *batch = fl_batch_lend(cache, type, NULL, count);
    struct fl_mem *mem = batch ? fl_batch_need_mem(cache, batch) : NULL;
    const void **own = mem ? fl_mem_alloc(cache, mem, type->field_count * sizeof *own) : NULL;
    if (!own) {
        fl_batch_unref(cache, batch);
        return NULL;
    }
    for (uint32_t f = 0; f < type->field_count; f++)
        own[f] = (const char *)columns[f] + (size_t)from * type->fields[f].size;
    batch->columns = own;
    return batch;
}

struct fl_batch *fl_batch_alias(struct fl_cache *cache, struct fl_batch *parent)
{
    struct fl_batch *batch = new_header(cache, parent->type, parent->stride);
    if (!batch)
        return NULL;
    batch->count = batch->capacity = parent->count;
    batch->rows = parent->rows;
    batch->columns = parent->columns;
    batch->lent = parent->lent;
    batch->time_form = parent->time_form;
    batch->time_base = parent->time_base;
    batch->deltas = parent->deltas;
    batch->times = parent->times;
    batch->times_stride = parent->times_stride;
    batch->window_form = parent->window_form;
    batch->window = parent->window;
    batch->windows = parent->windows;
    batch->pane = parent->pane;
    batch->panes = parent->panes;
    batch->signs = parent->signs;
    batch->origin = parent->origin;
    batch->mem = fl_mem_ref(parent->mem);
    batch->parent = fl_batch_ref(parent);
    return batch;
}

struct fl_batch *fl_batch_windowed(struct fl_cache *cache, struct fl_batch *parent)
{
    struct fl_batch *alias = fl_batch_alias(cache, parent);
    if (!alias)
        return NULL;
    alias->windows = NULL; // those of the parent are others' too
    alias->window_form = FL_WINDOW_ROWS;
    if (fl_batch_need_windows(cache, alias))
        return alias;
    fl_batch_unref(cache, alias);
    return NULL;
}

struct fl_batch *fl_batch_ref(struct fl_batch *batch)
{
    atomic_fetch_add_explicit(&batch->refs, 1, memory_order_relaxed);
    return batch;
}

// Whether rows or an array lie behind the header, in its own block: those of a trimmed batch.
static bool behind(const struct fl_batch *batch, const void *at)
{
    return (uintptr_t)at - (uintptr_t)batch < FL_CLASS_MIN;
}

static void give_array(struct fl_cache *cache, struct fl_batch *batch, void *array, size_t each)
{
    if (!behind(batch, array))
        fl_give(cache, array, FLOW_BATCH_ROWS * each);
}

// Arrays that an alias shares with its parent stay the parent's.
static void give_arrays(struct fl_cache *cache, struct fl_batch *batch)
{
    const struct fl_batch *parent = batch->parent;
    if (!parent || batch->deltas != parent->deltas)
        give_array(cache, batch, batch->deltas, sizeof *batch->deltas);
    give_array(cache, batch, batch->times_own, sizeof *batch->times_own);
    if (!parent || batch->windows != parent->windows)
        give_array(cache, batch, batch->windows, sizeof *batch->windows);
    if (!parent || batch->panes != parent->panes)
        give_array(cache, batch, batch->panes, sizeof *batch->panes);
    if (!parent || batch->signs != parent->signs)
        give_array(cache, batch, batch->signs, sizeof *batch->signs);
    give_array(cache, batch, batch->hashes, sizeof *batch->hashes);
    batch->deltas = NULL;
    batch->times = NULL;
    batch->times_own = NULL;
    batch->windows = NULL;
    batch->panes = NULL;
    batch->signs = NULL;
    batch->hashes = NULL;
}

void fl_batch_unref(struct fl_cache *cache, struct fl_batch *batch)
{
    while (batch) {
        if (atomic_load_explicit(&batch->refs, memory_order_acquire) != 1 &&
            atomic_fetch_sub_explicit(&batch->refs, 1, memory_order_acq_rel) != 1)
            return;
        struct fl_batch *parent = batch->parent;
        give_arrays(cache, batch);
        fl_mem_unref(cache, batch->mem);
        if (batch->rows_size)
            fl_give(cache, batch->rows, batch->rows_size);
        fl_give(cache, batch, sizeof *batch);
        batch = parent;
    }
}

void fl_batch_clear(struct fl_cache *cache, struct fl_batch *batch)
{
    // the small arrays stay for the next rows; only what depends on their content goes
    give_array(cache, batch, batch->signs, sizeof *batch->signs);
    give_array(cache, batch, batch->panes, sizeof *batch->panes);
    batch->signs = NULL;
    batch->panes = NULL;
    fl_mem_unref(cache, batch->mem);
    batch->mem = NULL;
    batch->count = 0;
    batch->time_form = FL_TIME_UNIFORM;
    batch->time_base = FLOW_TIME_MIN_US;
    batch->times = NULL;
    batch->window_form = FL_WINDOW_IMPLIED;
    batch->pane = fl_no_pane;
    batch->origin = FL_ORIGIN_LOST;
    batch->next = NULL;
    batch->source = NULL;
    batch->sources = NULL;
}

// Bytes that an array of so many rows takes behind the header.
static size_t tucked(const void *array, uint32_t count, size_t each)
{
    return array ? (count * each + 7) & ~(size_t)7 : 0;
}

// Moves an array behind the header, to *at, and *at behind it.
static void *tuck(
    struct fl_cache *cache, struct fl_batch *batch, void *array, size_t each, char **at)
{
    char *to = *at;
    if (!array)
        return NULL;
    memcpy(to, array, batch->count * each);
    *at += tucked(array, batch->count, each);
    give_array(cache, batch, array, each);
    return to;
}

// No block is smaller than FL_CLASS_MIN: what few rows take has room in the header's own.
static bool tuck_all(struct fl_cache *cache, struct fl_batch *batch)
{
    const uint32_t count = batch->count;
    const size_t from = (sizeof *batch + 63) & ~(size_t)63;
    const bool own = batch->times == (const char *)batch->times_own;
    const size_t rows = tucked(batch->rows, count, batch->stride);
    const size_t size = rows + tucked(batch->deltas, count, sizeof *batch->deltas) +
                        tucked(batch->times_own, count, sizeof *batch->times_own) +
                        tucked(batch->windows, count, sizeof *batch->windows) +
                        tucked(batch->panes, count, sizeof *batch->panes) +
                        tucked(batch->signs, count, sizeof *batch->signs) +
                        tucked(batch->hashes, count, sizeof *batch->hashes);
    if (from + size > FL_CLASS_MIN)
        return false;
    char *at = (char *)batch + from;
    memcpy(at, batch->rows, (size_t)count * batch->stride);
    fl_give(cache, batch->rows, batch->rows_size);
    batch->rows = at;
    batch->rows_size = 0;
    at += rows;
    batch->deltas = tuck(cache, batch, batch->deltas, sizeof *batch->deltas, &at);
    batch->times_own = tuck(cache, batch, batch->times_own, sizeof *batch->times_own, &at);
    batch->windows = tuck(cache, batch, batch->windows, sizeof *batch->windows, &at);
    batch->panes = tuck(cache, batch, batch->panes, sizeof *batch->panes, &at);
    batch->signs = tuck(cache, batch, batch->signs, sizeof *batch->signs, &at);
    batch->hashes = tuck(cache, batch, batch->hashes, sizeof *batch->hashes, &at);
    if (own)
        batch->times = (const char *)batch->times_own;
    batch->capacity = count;
    return true;
}

void fl_batch_trim(struct fl_cache *cache, struct fl_batch *batch)
{
    const size_t size = (size_t)batch->count * batch->stride;
    const bool in_rows =
        batch->time_form == FL_TIME_STRIDED && batch->times != (const char *)batch->times_own;
    if (size == 0 || size > batch->rows_size / 4 || batch->parent || in_rows ||
        atomic_load(&batch->refs) > 1 || tuck_all(cache, batch) ||
        fl_block_size(size) > batch->rows_size / 4)
        return;
    char *rows = fl_take(cache, size);
    if (!rows)
        return;
    memcpy(rows, batch->rows, size);
    fl_give(cache, batch->rows, batch->rows_size);
    batch->rows = rows;
    batch->rows_size = size;
    batch->capacity = batch->count;
}

bool fl_batch_need_rows(struct fl_cache *cache, struct fl_batch *batch)
{
    if (batch->rows || batch->count == 0)
        return true;
    const flow_type *type = batch->type;
    const size_t size = (size_t)batch->count * type->size;
    char *rows = fl_take(cache, size);
    if (!rows)
        return false;
    memset(rows, 0, size);
    for (uint32_t f = 0; f < type->field_count; f++) {
        const flow_field *field = &type->fields[f];
        const char *from = batch->columns[f];
        char *to = rows + field->offset;
        for (uint32_t row = 0; row < batch->count; row++)
            memcpy(to + (size_t)row * type->size, from + (size_t)row * field->size, field->size);
    }
    batch->rows = rows;
    batch->rows_size = size;
    return true;
}

int32_t *fl_batch_need_deltas(struct fl_cache *cache, struct fl_batch *batch)
{
    if (!batch->deltas)
        batch->deltas = fl_take(cache, FLOW_BATCH_ROWS * sizeof *batch->deltas);
    return batch->deltas;
}

int64_t *fl_batch_need_times(struct fl_cache *cache, struct fl_batch *batch)
{
    if (!batch->times_own)
        batch->times_own = fl_take(cache, FLOW_BATCH_ROWS * sizeof *batch->times_own);
    return batch->times_own;
}

flow_window *fl_batch_need_windows(struct fl_cache *cache, struct fl_batch *batch)
{
    if (!batch->windows)
        batch->windows = fl_take(cache, FLOW_BATCH_ROWS * sizeof *batch->windows);
    return batch->windows;
}

flow_pane *fl_batch_need_panes(struct fl_cache *cache, struct fl_batch *batch)
{
    if (!batch->panes)
        batch->panes = fl_take(cache, FLOW_BATCH_ROWS * sizeof *batch->panes);
    return batch->panes;
}

int8_t *fl_batch_need_signs(struct fl_cache *cache, struct fl_batch *batch)
{
    if (!batch->signs && (batch->signs = fl_take(cache, FLOW_BATCH_ROWS)))
        memset(batch->signs, 1, FLOW_BATCH_ROWS);
    return batch->signs;
}

uint64_t *fl_batch_need_hashes(struct fl_cache *cache, struct fl_batch *batch)
{
    if (!batch->hashes)
        batch->hashes = fl_take(cache, FLOW_BATCH_ROWS * sizeof *batch->hashes);
    return batch->hashes;
}

struct fl_mem *fl_batch_need_mem(struct fl_cache *cache, struct fl_batch *batch)
{
    if (!batch->mem)
        batch->mem = fl_mem_new(cache);
    return batch->mem;
}

static void use_times(struct fl_batch *batch)
{
    batch->time_form = FL_TIME_STRIDED;
    batch->times = (const char *)batch->times_own;
    batch->times_stride = sizeof *batch->times_own;
}

static bool inherit_times(struct fl_cache *cache, struct fl_batch *out, const struct fl_batch *in,
    const uint16_t *origin, uint32_t from)
{
    if (in->time_form == FL_TIME_UNIFORM && from == 0) {
        out->time_form = FL_TIME_UNIFORM;
        out->time_base = in->time_base;
        return true;
    }
    if (in->time_form == FL_TIME_DELTA && from == 0) {
        int32_t *deltas = fl_batch_need_deltas(cache, out);
        if (!deltas)
            return false;
        for (uint32_t row = 0; row < out->count; row++)
            deltas[row] = in->deltas[origin[row]];
        out->time_form = FL_TIME_DELTA;
        out->time_base = in->time_base;
        return true;
    }
    int64_t *times = fl_batch_need_times(cache, out);
    if (!times)
        return false;
    if (out->time_form != FL_TIME_STRIDED || out->times != (const char *)times)
        for (uint32_t row = 0; row < from; row++)
            times[row] = fl_batch_time(out, row);
    for (uint32_t row = from; row < out->count; row++)
        times[row] = fl_batch_time(in, origin[row]);
    use_times(out);
    return true;
}

bool fl_batch_same_pane(const flow_pane *a, const flow_pane *b)
{
    return a->timing == b->timing && a->first == b->first && a->last == b->last &&
           a->drained == b->drained && a->index == b->index && a->on_time_index == b->on_time_index;
}

bool fl_batch_inherit(struct fl_cache *cache, struct fl_batch *out, const struct fl_batch *in,
    const uint16_t *origin, uint32_t from)
{
    if (!inherit_times(cache, out, in, origin, from))
        return false;
    out->pane = in->pane;
    if (in->window_form == FL_WINDOW_ROWS) {
        flow_window *windows = fl_batch_need_windows(cache, out);
        if (!windows)
            return false;
        for (uint32_t row = from; row < out->count; row++)
            windows[row] = in->windows[origin[row]];
    }
    out->window_form = in->window_form;
    out->window = in->window;
    if (in->panes) {
        flow_pane *panes = fl_batch_need_panes(cache, out);
        if (!panes)
            return false;
        for (uint32_t row = from; row < out->count; row++)
            panes[row] = in->panes[origin[row]];
    }
    if (in->signs) {
        if (!fl_batch_need_signs(cache, out))
            return false;
        for (uint32_t row = from; row < out->count; row++)
            out->signs[row] = in->signs[origin[row]];
    }
    return true;
}

bool fl_batch_own_times(struct fl_cache *cache, struct fl_batch *batch)
{
    if (batch->time_form != FL_TIME_STRIDED || batch->times == (const char *)batch->times_own)
        return true;
    int64_t *times = fl_batch_need_times(cache, batch);
    if (!times)
        return false;
    for (uint32_t row = 0; row < batch->count; row++)
        times[row] = fl_batch_time(batch, row);
    use_times(batch);
    return true;
}

// A loop that the compiler makes one of vectors.
static struct fl_reach delta_span(const struct fl_batch *batch, uint32_t count)
{
    int32_t low = INT32_MAX, high = INT32_MIN;
    for (uint32_t row = 0; row < count; row++) {
        const int32_t delta = batch->deltas[row];
        low = delta < low ? delta : low;
        high = delta > high ? delta : high;
    }
    const struct fl_reach span = { batch->time_base + low, batch->time_base + high };
    return span;
}

struct fl_reach fl_view_reach(const struct fl_view *view)
{
    const struct fl_batch *batch = view->batch;
    struct fl_reach span = { batch->time_base, batch->time_base };
    if (batch->time_form == FL_TIME_UNIFORM)
        return span;
    if (batch->time_form == FL_TIME_DELTA && !view->selection)
        return delta_span(batch, view->count);
    span.earliest = INT64_MAX;
    span.latest = INT64_MIN;
    for (uint32_t i = 0; i < view->count; i++) {
        const int64_t time = fl_batch_time(batch, fl_view_row(view, i));
        span.earliest = time < span.earliest ? time : span.earliest;
        span.latest = time > span.latest ? time : span.latest;
    }
    return span;
}

static size_t size_of(const struct fl_batch *batch, const void *array, size_t each)
{
    return array && !behind(batch, array) ? FLOW_BATCH_ROWS * each : 0;
}

size_t fl_batch_size(const struct fl_batch *batch)
{
    return fl_block_size(sizeof *batch) + (batch->rows_size ? fl_block_size(batch->rows_size) : 0) +
           size_of(batch, batch->deltas, sizeof *batch->deltas) +
           size_of(batch, batch->times_own, sizeof *batch->times_own) +
           size_of(batch, batch->windows, sizeof *batch->windows) +
           size_of(batch, batch->panes, sizeof *batch->panes) +
           size_of(batch, batch->hashes, sizeof *batch->hashes) + fl_mem_size(batch->mem);
}
