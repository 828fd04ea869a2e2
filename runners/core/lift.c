// SPDX-License-Identifier: Apache-2.0
// Lifting a combine (R75): rows are added up on the sending side first, per key and slice, for as
// long as that makes fewer of them.
#include "accumulate.h"
#include "shuffle.h"

#define LIFT_REST ((uint64_t)1 << 20) // rows that go by before lifting is tried again

static uint64_t lifted_keys(const struct fl_slices *lifted)
{
    uint64_t keys = 0;
    for (uint32_t i = 0; i < lifted->count; i++)
        keys += lifted->at[i]->table.count;
    return keys;
}

flow_status fl_lift_send(struct fl_op *op)
{
    struct fl_shuffle *shuffle = op->shuffle;
    struct fl_slices *lifted = &shuffle->lifted;
    struct fl_cache *cache = &op->worker->cache;
    for (uint32_t i = 0; i < lifted->count; i++) {
        struct fl_slice *slice = lifted->at[i];
        if (slice->table.count == 0)
            continue;
        const int64_t time = op->keyed->cut.size ? slice->end - 1 : FLOW_TIME_MIN_US;
        const flow_status status = fl_shuffle_slice(op, &slice->table, time);
        if (status != FLOW_OK)
            return status;
        shuffle->keys += slice->table.count;
        fl_table_clear(cache, &slice->table);
    }
    // the newest slice is likely to be used again
    if (lifted->count > 1)
        fl_slices_drop(cache, lifted, lifted->at[lifted->count - 2]->end);
    return FLOW_OK;
}

// Whether lifting pays is seen from how many rows became one.
static void judge(struct fl_op *op)
{
    struct fl_shuffle *shuffle = op->shuffle;
    if (shuffle->rows >= FL_LIFT_KEYS && shuffle->keys * 2 > shuffle->rows &&
        !op->worker->engine->options.always_lifting) {
        shuffle->lift = false;
        shuffle->rest = LIFT_REST;
    }
}

void fl_lift_end(struct fl_op *op)
{
    struct fl_shuffle *shuffle = op->shuffle;
    judge(op);
    shuffle->rows = shuffle->keys = 0;
    shuffle->least = INT64_MAX;
    const uint64_t rest = shuffle->rest;
    shuffle->rest -= shuffle->passed < rest ? shuffle->passed : rest;
    shuffle->passed = 0;
    if (!shuffle->lift && shuffle->can_lift && rest > 0 && shuffle->rest == 0)
        shuffle->lift = true;
}

// A slice may be lifted when none of its windows can have fired at the receiver.
static bool may_lift(struct fl_op *op, int64_t end, int64_t watermark)
{
    const int64_t first = fl_cut_due(fl_cut_first_window(&op->keyed->cut, end));
    if (first <= watermark)
        return false;
    if (first < op->shuffle->least)
        op->shuffle->least = first;
    return true;
}

// --- scalar keys and accumulators that the engine knows: one loop

// Where the key, the time and the field of each row lie.
struct lanes {
    const uint16_t *selection;
    struct fl_lane key, time, field;
    bool keyed, timed, deltas;
    int64_t base; // of times
    flow_kind kind;
    size_t ahead; // bytes to the same row of the next batch, where that lies behind this one
};

static inline const char *lane_at(const struct fl_lane *lane, uint32_t row)
{
    return lane->base + (size_t)row * lane->stride;
}

static bool word_lanes(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape, struct lanes *lanes)
{
    const struct fl_batch *batch = view->batch;
    const flow_field_ref *field = &op->plan->node->field;
    memset(lanes, 0, sizeof *lanes);
    switch (shape->key) {
    case FLOW_KIND_I64:
    case FLOW_KIND_U64:
    case FLOW_KIND_TIME:
    case FLOW_KIND_DURATION:
        lanes->keyed = true;
        lanes->key = fl_view_lane(view, shape, shape->key_offset - shape->value_offset);
        break;
    case FLOW_KIND_NONE:
        break;
    default:
        return false;
    }
    if (op->plan->node->combine->primitive == FLOW_PRIMITIVE_NONE)
        return false;
    lanes->selection = view->selection;
    lanes->kind = field->kind;
    lanes->ahead = fl_batch_ahead(batch);
    if (op->shuffle->format.value_size)
        lanes->field = fl_view_lane(view, shape, field->offset);
    lanes->base = batch->time_base;
    lanes->deltas = batch->time_form == FL_TIME_DELTA;
    lanes->timed = batch->time_form != FL_TIME_UNIFORM && op->keyed->cut.size > 0;
    lanes->time.base = lanes->deltas ? (const char *)batch->deltas : batch->times;
    lanes->time.stride = lanes->deltas ? sizeof(int32_t) : batch->times_stride;
    return true;
}

// A piece of a view that may lie in one slice.
struct run {
    struct fl_slice *slice;
    int64_t start, end; // of the slice; all time where times do not matter
    uint32_t first, last;
};

// What a loop has to look at: constants, so that each combination is a loop of its own.
#define MODE_KEYED  1
#define MODE_TIMES  2
#define MODE_DELTAS 4

static inline int64_t time_at(const struct lanes *lanes, uint32_t row, int mode)
{
    int64_t time;
    if (mode & MODE_DELTAS) {
        int32_t delta;
        memcpy(&delta, lane_at(&lanes->time, row), sizeof delta);
        return lanes->base + delta;
    }
    memcpy(&time, lane_at(&lanes->time, row), sizeof time);
    return time;
}

// The accumulator of a key that is not where it would be found at once; NULL without memory.
static __attribute__((noinline)) void *lift_new(
    struct fl_cache *cache, struct fl_table *table, uint64_t word)
{
    if (table->count >= table->limit && !fl_table_reserve(cache, table, 1, 0))
        return NULL;
    return fl_table_add_word(cache, table, word);
}

// The accumulator of a key where it stands at home or next to it, which in a sparse table all but
// some in a thousand do; else NULL. Which of the two is not branched on: nobody could foresee it.
static inline void *find_word(const struct fl_words *words, uint64_t word, size_t size)
{
    char *slot = fl_words_home(words, word, size);
    slot += size & -(size_t)(fl_word_at(slot) != word); // behind the last slot stands that of 0
    return __builtin_expect(fl_word_at(slot) == word && word != 0, 1) ? slot + sizeof word : NULL;
}

static ptrdiff_t apart(const char *a, const char *b)
{
    return (ptrdiff_t)((uintptr_t)a - (uintptr_t)b);
}

// The commonest rows by far: key, time and field of a row lie at the same distances in all rows, so
// that one pointer finds them. As lift_run.
static inline __attribute__((always_inline)) uint32_t lift_rows(struct fl_cache *cache,
    const struct run *run, const struct lanes *lanes, flow_primitive primitive, bool timed)
{
    struct fl_table *table = &run->slice->table;
    const size_t size = primitive == FLOW_PRIMITIVE_COUNT ? 16 : 24;
    const uint16_t *const selection = lanes->selection;
    const char *const base = lanes->key.base;
    const size_t stride = lanes->key.stride, ahead = lanes->ahead;
    const ptrdiff_t time_at = timed ? apart(lanes->time.base, base) : 0;
    const ptrdiff_t field_at = lanes->field.base ? apart(lanes->field.base, base) : 0;
    const flow_kind kind = lanes->kind;
    const uint64_t start = (uint64_t)run->start, span = (uint64_t)run->end - start;
    const uint32_t last = run->last;
    uint32_t i = run->first;
    if (!table->slots && !fl_table_reserve(cache, table, 1, 0))
        return UINT32_MAX;
    struct fl_words words = fl_table_words(table);
    for (; i < last; i++) {
        const char *const key = base + (selection ? selection[i] : i) * stride;
        if (timed && fl_word_at(key + time_at) - start >= span)
            break;
        const uint64_t word = fl_word_at(key);
        __builtin_prefetch(key + ahead);
        void *acc = find_word(&words, word, size);
        if (__builtin_expect(!acc, 0)) {
            acc = lift_new(cache, table, word);
            if (!acc)
                return UINT32_MAX;
            words = fl_table_words(table);
        }
        const int64_t value =
            primitive == FLOW_PRIMITIVE_COUNT ? 1 : fl_integer_at(kind, key + field_at);
        fl_add_value(primitive, acc, value);
    }
    return i;
}

// Adds rows up to the first that lies in another slice; returns where it stopped, UINT32_MAX
// without memory. Without a key the accumulator stays in registers.
static inline __attribute__((always_inline)) uint32_t lift_run(struct fl_cache *cache,
    const struct run *run, const struct lanes *lanes, flow_primitive primitive, int mode)
{
    struct fl_table *table = &run->slice->table;
    const size_t size = primitive == FLOW_PRIMITIVE_COUNT ? 16 : 24;
    void *const single = mode & MODE_KEYED ? NULL : lift_new(cache, table, 0);
    uint64_t local[2] = { 0, 0 };
    if (!(mode & MODE_KEYED)) {
        if (!single)
            return UINT32_MAX;
        memcpy(local, single, size - sizeof(uint64_t));
    }
    if (!table->slots && !fl_table_reserve(cache, table, 1, 0))
        return UINT32_MAX;
    const uint16_t *const selection = lanes->selection;
    const int64_t start = run->start, end = run->end;
    struct fl_words words = fl_table_words(table);
    uint32_t i = run->first;
    for (; i < run->last; i++) {
        const uint32_t row = selection ? selection[i] : i;
        void *acc = local;
        if (mode & (MODE_TIMES | MODE_DELTAS)) {
            const int64_t time = time_at(lanes, row, mode);
            if (time < start || time >= end)
                break;
        }
        if (mode & MODE_KEYED) {
            const char *key = lane_at(&lanes->key, row);
            const uint64_t word = fl_word_at(key);
            __builtin_prefetch(key + lanes->ahead);
            acc = find_word(&words, word, size);
            if (__builtin_expect(!acc, 0)) {
                acc = lift_new(cache, table, word);
                if (!acc)
                    return UINT32_MAX;
                words = fl_table_words(table);
            }
        }
        const int64_t value = primitive == FLOW_PRIMITIVE_COUNT
                                  ? 1
                                  : fl_integer_at(lanes->kind, lane_at(&lanes->field, row));
        fl_add_value(primitive, acc, value);
    }
    if (!(mode & MODE_KEYED))
        memcpy(single, local, size - sizeof(uint64_t));
    return i;
}

// Sums of 64-bit fields where neither key nor time matters. Values are cut in halves that are added
// up apart, so that no carry chains one row to the next: 2^32 rows would be too many for one half.
// A negative value, taken as unsigned, is too large by 2^64.
static inline __attribute__((always_inline)) void sum_halves(const struct lanes *lanes,
    const struct run *run, size_t stride, const uint16_t *selection, uint64_t *sum)
{
    const char *const base = lanes->field.base;
    uint64_t low = 0, high = 0, negative = 0;
    for (uint32_t i = run->first; i < run->last; i++) {
        const uint32_t row = selection ? selection[i] : i;
        uint64_t value;
        memcpy(&value, base + row * stride, sizeof value);
        low += value & UINT32_MAX;
        high += value >> 32;
        negative += value >> 63;
    }
    fl_add_wide(sum, low, 0);
    fl_add_wide(sum, high << 32, high >> 32);
    sum[1] -= lanes->kind == FLOW_KIND_U64 ? 0 : negative;
}

static bool sums_words(const struct fl_op *op, const struct lanes *lanes)
{
    const bool narrow = lanes->kind == FLOW_KIND_BOOL || lanes->kind == FLOW_KIND_I32 ||
                        lanes->kind == FLOW_KIND_U32;
    return op->plan->node->combine->primitive == FLOW_PRIMITIVE_SUM && !narrow;
}

static bool sum_all(struct fl_cache *cache, const struct run *run, const struct lanes *lanes)
{
    uint64_t *sum = lift_new(cache, &run->slice->table, 0);
    if (!sum)
        return false;
    if (lanes->field.stride == sizeof(uint64_t) && !lanes->selection)
        sum_halves(lanes, run, sizeof(uint64_t), NULL, sum);
    else
        sum_halves(lanes, run, lanes->field.stride, lanes->selection, sum);
    return true;
}

// Whether lift_rows does.
static bool together(const struct lanes *lanes, int mode)
{
    const size_t stride = lanes->key.stride;
    return !(mode & MODE_DELTAS) && (!(mode & MODE_TIMES) || lanes->time.stride == stride) &&
           (!lanes->field.base || lanes->field.stride == stride);
}

#define LIFT_MODE(primitive, mode)                                                                 \
    case mode:                                                                                     \
        return lift_run(cache, run, lanes, primitive, mode);
#define LIFT_LOOPS(primitive)                                                                      \
    if (mode & MODE_KEYED && together(lanes, mode))                                                \
        return mode & MODE_TIMES ? lift_rows(cache, run, lanes, primitive, true)                   \
                                 : lift_rows(cache, run, lanes, primitive, false);                 \
    switch (mode) {                                                                                \
        LIFT_MODE(primitive, 0)                                                                    \
        LIFT_MODE(primitive, MODE_KEYED)                                                           \
        LIFT_MODE(primitive, MODE_TIMES)                                                           \
        LIFT_MODE(primitive, MODE_DELTAS)                                                          \
        LIFT_MODE(primitive, MODE_KEYED | MODE_TIMES)                                              \
        LIFT_MODE(primitive, MODE_KEYED | MODE_DELTAS)                                             \
    }                                                                                              \
    return UINT32_MAX;

static uint32_t lift_count(
    struct fl_cache *cache, const struct run *run, const struct lanes *lanes, int mode)
{
    LIFT_LOOPS(FLOW_PRIMITIVE_COUNT)
}

static uint32_t lift_sum(
    struct fl_cache *cache, const struct run *run, const struct lanes *lanes, int mode)
{
    LIFT_LOOPS(FLOW_PRIMITIVE_SUM)
}

static uint32_t lift_extreme(
    struct fl_op *op, const struct run *run, const struct lanes *lanes, int mode)
{
    struct fl_cache *cache = &op->worker->cache;
    const flow_primitive primitive = fl_combine_primitive(op);
    LIFT_LOOPS(primitive)
}

static uint32_t lift_one(
    struct fl_op *op, const struct run *run, const struct lanes *lanes, int mode)
{
    if (mode == 0 && sums_words(op, lanes))
        return sum_all(&op->worker->cache, run, lanes) ? run->last : UINT32_MAX;
    switch (fl_combine_primitive(op)) {
    case FLOW_PRIMITIVE_COUNT:
        return lift_count(&op->worker->cache, run, lanes, mode);
    case FLOW_PRIMITIVE_SUM:
        return lift_sum(&op->worker->cache, run, lanes, mode);
    default:
        return lift_extreme(op, run, lanes, mode);
    }
}

// Slice by slice, for as long as the rows stand. *done is how many were lifted: it stops at one
// that may be late.
static flow_status lift_words(struct fl_op *op, const struct fl_view *view,
    const struct lanes *lanes, int mode, uint32_t *done)
{
    struct fl_shuffle *shuffle = op->shuffle;
    const struct fl_cut *cut = &op->keyed->cut;
    const int64_t watermark = fl_input_watermark(op->worker, op->plan);
    *done = 0;
    while (*done < view->count) {
        const int64_t time = fl_batch_time(view->batch, fl_view_row(view, *done));
        const int64_t end = fl_cut_end(cut, time);
        if (!may_lift(op, end, watermark))
            return FLOW_OK;
        const struct run run = { fl_slices_get(&op->worker->cache, &shuffle->lifted, end),
            fl_cut_start(cut, end), fl_cut_until(end), *done, view->count };
        const uint32_t stop = run.slice ? lift_one(op, &run, lanes, mode) : UINT32_MAX;
        if (stop == UINT32_MAX)
            return fl_no_memory(op);
        shuffle->rows += stop - *done;
        *done = stop;
        // many slices in turn: each would be a look-up, which sending is not
        if (shuffle->lifted.count > FL_LIFT_SLICES)
            return FLOW_OK;
    }
    return FLOW_OK;
}

// --- any key and combine

static flow_status lift_any(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape, uint32_t *done)
{
    struct fl_shuffle *shuffle = op->shuffle;
    struct fl_worker *worker = op->worker;
    struct fl_placed *placed = worker->placed;
    const struct fl_sets sets = { &op->keyed->cut, &shuffle->lifted, &shuffle->lifted };
    const int64_t watermark = fl_input_watermark(worker, op->plan);
    *done = 0;
    if (!fl_batch_need_rows(&worker->cache, view->batch) ||
        !fl_keys_gather(worker->keys, view, shape, &worker->scratch) ||
        !fl_place(&worker->cache, &sets, view, placed))
        return fl_no_memory(op);
    for (uint32_t i = 0; i < (placed->one ? 1 : view->count); i++)
        if (!may_lift(op, (placed->one ? placed->one : placed->by[i])->end, watermark))
            return FLOW_OK;
    const flow_status status = fl_combine_reserve(op, view, shape, worker->keys, placed);
    if (status != FLOW_OK)
        return status;
    fl_combine_add(op, view, shape, worker->keys, placed);
    for (uint32_t i = 0; i < shuffle->lifted.count; i++) {
        shuffle->lifted.at[i]->promised = 0;
        shuffle->lifted.at[i]->promised_bytes = 0;
    }
    shuffle->rows += view->count;
    *done = view->count;
    return FLOW_OK;
}

flow_status fl_lift_rows(struct fl_op *op, struct fl_view *view, const flow_shape *shape)
{
    struct fl_shuffle *shuffle = op->shuffle;
    struct lanes lanes;
    uint32_t done;
    flow_status status;
    if (word_lanes(op, view, shape, &lanes)) {
        const int times = !lanes.timed ? 0 : lanes.deltas ? MODE_DELTAS : MODE_TIMES;
        status = lift_words(op, view, &lanes, times | (lanes.keyed ? MODE_KEYED : 0), &done);
    } else {
        status = lift_any(op, view, shape, &done);
    }
    if (status == FLOW_OK &&
        (lifted_keys(&shuffle->lifted) >= FL_LIFT_KEYS || shuffle->lifted.count > FL_LIFT_SLICES)) {
        status = fl_lift_send(op);
        judge(op);
    }
    // the rest as another view: all rows from `done` on
    view->selection = (view->selection ? view->selection : op->worker->identity) + done;
    view->count -= done;
    return status;
}
