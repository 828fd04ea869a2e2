// SPDX-License-Identifier: Apache-2.0
// Results of sliding windows from slices (R11b): a running result where a combine can be undone
// exactly, two stacks otherwise. Both equal the naive form, at a cost per slice and key that does
// not depend on how many windows overlap.
//
// Running: one table with the sum over the slices of the last window, and how many of them have
// the key. Two stacks: `front[i]` holds the sum over slices i … last of the front, `back` the sum
// over the slices after them; a window is front[its first slice] merged with back. When the front
// is used up, the slices of the window become the new front.
#include "keyed.h"

#define GARBAGE_LEAST ((size_t)1 << 20) // bytes of keys that are not worth a look
#define GARBAGE_KEY   64u               // bytes that a key is taken to need

struct fl_slide {
    bool running;
    bool valid;             // the tables below agree with the slices
    int64_t from, to;       // slices (from, to] by end are part of the tables
    struct fl_table sum;    // running: accumulator and presence
    struct fl_table *front; // two stacks: by slice, oldest first
    int64_t *front_ends;    // end of each one's first slice
    uint32_t front_count, front_first, front_room;
    struct fl_table back;
};

static uint32_t acc_bytes(const struct fl_op *op)
{
    return (op->keyed->acc_size + 7) & ~7u;
}

static uint64_t *presence(const struct fl_op *op, void *value)
{
    return (uint64_t *)(void *)((char *)value + acc_bytes(op));
}

struct fl_slide *fl_slide_new(struct fl_op *op)
{
    struct fl_engine *engine = op->worker->engine;
    const flow_combine_fn *combine = op->plan->node->combine;
    struct fl_slide *slide = fl_mem_alloc(&engine->cache, engine->mem, sizeof *slide);
    if (!slide)
        return NULL;
    memset(slide, 0, sizeof *slide);
    slide->running = combine->primitive == FLOW_PRIMITIVE_COUNT ||
                     (combine->exact && combine->subtract && !op->keyed->acc_pointers);
    fl_table_init(&slide->sum, op->keyed->form, acc_bytes(op) + (uint32_t)sizeof(uint64_t), false);
    fl_table_init(&slide->back, op->keyed->form, op->keyed->acc_size, false);
    return slide;
}

static void drop_front(struct fl_cache *cache, struct fl_slide *slide)
{
    for (uint32_t i = slide->front_first; i < slide->front_count; i++)
        fl_table_fini(cache, &slide->front[i]);
    slide->front_count = slide->front_first = 0;
}

// Empties a table, keeping what it is a table of.
static void empty(struct fl_cache *cache, struct fl_table *table)
{
    const struct fl_table old = *table;
    fl_table_fini(cache, table);
    fl_table_init(table, old.form, old.value_size, false);
}

static void clear(struct fl_op *op)
{
    struct fl_slide *slide = op->keyed->slide;
    struct fl_cache *cache = &op->worker->cache;
    empty(cache, &slide->sum);
    empty(cache, &slide->back);
    drop_front(cache, slide);
    slide->from = slide->to = INT64_MIN;
}

void fl_slide_free(struct fl_op *op)
{
    struct fl_slide *slide = op->keyed->slide;
    struct fl_cache *cache = &op->worker->cache;
    fl_table_fini(cache, &slide->sum);
    fl_table_fini(cache, &slide->back);
    drop_front(cache, slide);
    fl_give(cache, slide->front, slide->front_room * sizeof *slide->front);
    fl_give(cache, slide->front_ends, slide->front_room * sizeof *slide->front_ends);
}

void fl_slide_reset(struct fl_op *op)
{
    op->keyed->slide->valid = false;
}

static uint64_t bytes_of(const struct fl_table *table)
{
    return table->slots_size + fl_mem_size(table->mem) + fl_mem_size(table->rows_mem);
}

uint64_t fl_slide_size(const struct fl_op *op)
{
    const struct fl_slide *slide = op->keyed->slide;
    uint64_t size = bytes_of(&slide->sum) + bytes_of(&slide->back);
    for (uint32_t i = slide->front_first; i < slide->front_count; i++)
        size += bytes_of(&slide->front[i]);
    return size;
}

void fl_slide_empty(struct fl_op *op)
{
    clear(op);
    op->keyed->slide->valid = false;
}

void fl_slide_touch(struct fl_op *op, const struct fl_slice *slice)
{
    struct fl_slide *slide = op->keyed->slide;
    if (slice->end > slide->from && slice->end <= slide->to)
        slide->valid = false;
}

// Slices of a window lie between its start and its end: (start, end] by their ends.
static int64_t before(const struct fl_op *op, int64_t name)
{
    return fl_cut_window(&op->keyed->cut, name).start.us;
}

int64_t fl_slide_next(const struct fl_op *op)
{
    const struct fl_keyed *keyed = op->keyed;
    const struct fl_slices *slices = &keyed->slices;
    // a window that had nothing when the watermark passed its end is over too (R24)
    const int64_t closed =
        keyed->closed < FLOW_TIME_GLOBAL_END_US ? keyed->closed : FLOW_TIME_MAX_US;
    const int64_t fired = keyed->fired_next > closed ? keyed->fired_next : closed;
    // slices that end before the last one began are of no window that follows
    uint32_t i = fired == INT64_MIN ? 0 : fl_slices_after(slices, before(op, fired));
    for (; i < slices->count; i++) {
        const struct fl_slice *slice = slices->at[i];
        if (slice->table.count == 0 && slice->runs.count == 0)
            continue;
        int64_t first = fl_cut_first_window(&keyed->cut, slice->end);
        if (first <= fired)
            first = fl_cut_first_window(&keyed->cut, fired + 1);
        // a gap between windows, or all windows of the slice have fired
        if (before(op, first) < slice->end)
            return first;
    }
    return FL_NEVER;
}

static void *find(const struct fl_table *table, const struct fl_entry *entry, uint64_t hash)
{
    return table->form == FL_KEY_WORD ? fl_table_find_word(table, entry->word)
                                      : fl_table_find_bytes(table, entry->bytes, hash);
}

// Words are found without a hash.
static uint64_t hash_of(const struct fl_table *table, const struct fl_entry *entry)
{
    return table->form == FL_KEY_WORD ? 0 : entry->hash;
}

// The value of a key in `to`, made if need be in room that was reserved; its key bytes are copied.
static void *value_in(struct fl_op *op, struct fl_table *to, const struct fl_entry *entry)
{
    struct fl_cache *cache = &op->worker->cache;
    return to->form == FL_KEY_WORD
               ? fl_table_add_word(cache, to, entry->word)
               : fl_table_add_bytes(cache, to, entry->bytes, hash_of(to, entry));
}

#define PREFETCH_LEAST ((size_t)256 << 10) // bytes of a table below which it is in the cache anyway

// The next entries of a walk, with their places in `to` on the way into the cache.
static bool walk_on(struct fl_walk *walk, const struct fl_table *to)
{
    if (fl_walk_on(walk) == 0)
        return false;
    for (uint32_t i = 0; to->slots_size > PREFETCH_LEAST && i < walk->count; i++) {
        const struct fl_entry entry = fl_table_entry(walk->table, walk->places[i]);
        __builtin_prefetch(to->form == FL_KEY_WORD ? fl_table_slot_word(to, entry.word)
                                                   : fl_table_slot(to, entry.hash));
    }
    return true;
}

// Merges every accumulator of `from` into `to`. Strings stay where they are: `to` keeps them.
static bool merge_table(struct fl_op *op, struct fl_table *to, const struct fl_table *from)
{
    struct fl_cache *cache = &op->worker->cache;
    for (struct fl_walk walk = { .table = from }; walk_on(&walk, to);) {
        if (!fl_table_reserve(cache, to, walk.count, walk.bytes))
            return false;
        while (walk.next < walk.count) {
            const struct fl_entry entry = fl_walk_entry(&walk);
            fl_combine_merge(op, value_in(op, to, &entry), entry.value);
        }
    }
    if (op->keyed->acc_pointers && from->mem) {
        if (!to->mem && !(to->mem = fl_mem_new(cache)))
            return false;
        return fl_mem_hold(cache, to->mem, from->mem);
    }
    return true;
}

// --- running

static bool run_add(struct fl_op *op, const struct fl_slice *slice)
{
    struct fl_table *sum = &op->keyed->slide->sum;
    for (struct fl_walk walk = { .table = &slice->table }; walk_on(&walk, sum);) {
        if (!fl_table_reserve(&op->worker->cache, sum, walk.count, walk.bytes))
            return false;
        while (walk.next < walk.count) {
            const struct fl_entry entry = fl_walk_entry(&walk);
            void *value = value_in(op, sum, &entry);
            fl_combine_merge(op, value, entry.value);
            ++*presence(op, value);
        }
    }
    return true;
}

static void take_out(struct fl_op *op, const struct fl_entry *entry)
{
    struct fl_table *sum = &op->keyed->slide->sum;
    const uint64_t hash = hash_of(sum, entry);
    void *value = find(sum, entry, hash);
    if (--*presence(op, value) > 0)
        fl_combine_subtract(op, value, entry->value);
    else if (sum->form == FL_KEY_WORD)
        fl_table_remove_word(sum, entry->word);
    else
        fl_table_remove_bytes(sum, entry->bytes, hash);
}

static void run_subtract(struct fl_op *op, const struct fl_slice *slice)
{
    for (struct fl_walk walk = { .table = &slice->table };
         walk_on(&walk, &op->keyed->slide->sum);) {
        while (walk.next < walk.count) {
            const struct fl_entry entry = fl_walk_entry(&walk);
            take_out(op, &entry);
        }
    }
}

// --- two stacks

static bool front_room(struct fl_op *op, uint32_t count)
{
    struct fl_slide *slide = op->keyed->slide;
    struct fl_cache *cache = &op->worker->cache;
    if (count <= slide->front_room)
        return true;
    struct fl_table *front = fl_take(cache, count * sizeof *front);
    int64_t *ends = fl_take(cache, count * sizeof *ends);
    if (!front || !ends) {
        fl_give(cache, front, count * sizeof *front);
        fl_give(cache, ends, count * sizeof *ends);
        return false;
    }
    fl_give(cache, slide->front, slide->front_room * sizeof *slide->front);
    fl_give(cache, slide->front_ends, slide->front_room * sizeof *slide->front_ends);
    slide->front = front;
    slide->front_ends = ends;
    slide->front_room = count;
    return true;
}

// The slices between two ends become the front; the back is empty.
static bool flip(struct fl_op *op, int64_t from, int64_t to)
{
    struct fl_slide *slide = op->keyed->slide;
    struct fl_cache *cache = &op->worker->cache;
    const struct fl_slices *slices = &op->keyed->slices;
    const uint32_t first = fl_slices_after(slices, from), last = fl_slices_after(slices, to);
    drop_front(cache, slide);
    empty(cache, &slide->back);
    const uint32_t count = last - first;
    if (!front_room(op, count))
        return false;
    for (uint32_t i = 0; i < count; i++)
        fl_table_init(&slide->front[i], op->keyed->form, op->keyed->acc_size, false);
    slide->front_count = count;
    for (uint32_t i = count; i-- > 0;) {
        slide->front_ends[i] = slices->at[first + i]->end;
        if (!merge_table(op, &slide->front[i], &slices->at[first + i]->table) ||
            (i + 1 < count && !merge_table(op, &slide->front[i], &slide->front[i + 1])))
            return false;
    }
    return true;
}

static bool stack_advance(struct fl_op *op, int64_t from, int64_t to)
{
    struct fl_slide *slide = op->keyed->slide;
    const struct fl_slices *slices = &op->keyed->slices;
    while (slide->front_first < slide->front_count && slide->front_ends[slide->front_first] <= from)
        fl_table_fini(&op->worker->cache, &slide->front[slide->front_first++]);
    if (slide->front_first == slide->front_count)
        return flip(op, from, to);
    uint32_t i = fl_slices_after(slices, slide->to);
    for (; i < slices->count && slices->at[i]->end <= to; i++)
        if (!merge_table(op, &slide->back, &slices->at[i]->table))
            return false;
    return true;
}

// --- both

static bool run_advance(struct fl_op *op, int64_t from, int64_t to)
{
    const struct fl_slide *slide = op->keyed->slide;
    const struct fl_slices *slices = &op->keyed->slices;
    uint32_t i = fl_slices_after(slices, slide->from);
    for (; i < slices->count && slices->at[i]->end <= to; i++) {
        const struct fl_slice *slice = slices->at[i];
        if (slice->end <= slide->to && slice->end <= from)
            run_subtract(op, slice);
        else if (slice->end > slide->to && slice->end > from && !run_add(op, slice))
            return false;
    }
    return true;
}

flow_status fl_slide_prepare(struct fl_op *op, int64_t name)
{
    struct fl_slide *slide = op->keyed->slide;
    const int64_t from = before(op, name);
    if (slide->valid && slide->from == from && slide->to == name)
        return FLOW_OK; // half of it has fired: nothing may move
    if (!slide->valid || from >= slide->to)
        clear(op);
    slide->valid = false;
    if (slide->to == INT64_MIN)
        slide->from = slide->to = from;
    if (!(slide->running ? run_advance(op, from, name) : stack_advance(op, from, name)))
        return fl_no_memory(op);
    slide->from = from;
    slide->to = name;
    slide->valid = true;
    return FLOW_OK;
}

// The tables that a window's result is spread over, each key in any of them.
struct spread {
    const struct fl_table *tables[3];
    uint32_t count;
    void *acc; // room for merging
};

static void spread_add(struct spread *spread, const struct fl_table *table)
{
    if (table && table->count > 0)
        spread->tables[spread->count++] = table;
}

// Emits the result of a key that `from` is the first to have: merged into a copy where others have
// it too.
static flow_status emit_key(struct fl_op *op, const struct fl_pane_out *pane,
    const struct spread *spread, uint32_t from, const struct fl_entry *entry)
{
    struct fl_cache *cache = &op->worker->cache;
    const struct fl_table *table = spread->tables[from];
    const uint64_t hash = hash_of(table, entry);
    const void *acc = entry->value;
    bool holds[3] = { false, false, false };
    for (uint32_t t = 0; t < spread->count; t++) {
        const void *more = t == from ? NULL : find(spread->tables[t], entry, hash);
        if (more && t < from)
            return FLOW_OK; // was emitted from there
        if (!more)
            continue;
        if (acc == entry->value)
            memcpy(spread->acc, acc, op->keyed->acc_size);
        acc = spread->acc;
        fl_combine_merge(op, spread->acc, more);
        holds[t] = op->keyed->acc_pointers && spread->tables[t]->mem;
    }
    flow_status status = fl_pane_row(op, pane, entry, acc, table->mem);
    struct fl_batch *batch = op->outs[0].batch;
    for (uint32_t t = from; status == FLOW_OK && batch && t < spread->count; t++) {
        struct fl_mem *mem = holds[t] ? fl_batch_need_mem(cache, batch) : NULL;
        if (holds[t] && (!mem || !fl_mem_hold(cache, mem, spread->tables[t]->mem)))
            status = fl_no_memory(op);
    }
    return status;
}

// Emits a bundle's worth, going on at `fire_at` of the table `fire_table`.
static flow_status emit_some(
    struct fl_op *op, const struct fl_pane_out *pane, const struct spread *spread, bool *whole)
{
    struct fl_keyed *keyed = op->keyed;
    struct fl_entry entry;
    flow_status status = FLOW_OK;
    uint32_t left = FL_FIRE_ROWS;
    if (spread->count == 1 && keyed->fire_table_next == 0 &&
        fl_pane_plain(op, pane, spread->tables[0]))
        status = fl_pane_slots(op, pane, spread->tables[0], &keyed->fire_at_next, &left);
    while (status == FLOW_OK && left > 0) {
        const uint32_t t = keyed->fire_table_next;
        if (t == spread->count) {
            *whole = true;
            break;
        }
        if (fl_table_next(spread->tables[t], &keyed->fire_at_next, &entry)) {
            status = emit_key(op, pane, spread, t, &entry);
            left--;
        } else {
            keyed->fire_table_next = t + 1;
            keyed->fire_at_next = 0;
        }
    }
    return status;
}

flow_status fl_slide_emit(struct fl_op *op, const struct fl_pane_out *pane, bool sliced,
    const struct fl_table *apart, bool *whole)
{
    const struct fl_slide *slide = op->keyed->slide;
    struct spread spread = { .acc = fl_take(&op->worker->cache, op->keyed->acc_size) };
    flow_status status = spread.acc ? fl_pane_begin(op, pane) : fl_no_memory(op);
    if (sliced && slide->running)
        spread_add(&spread, &slide->sum);
    if (sliced && !slide->running && slide->front_first < slide->front_count)
        spread_add(&spread, &slide->front[slide->front_first]);
    if (sliced && !slide->running)
        spread_add(&spread, &slide->back);
    spread_add(&spread, apart);
    if (status == FLOW_OK)
        status = emit_some(op, pane, &spread, whole);
    fl_give(&op->worker->cache, spread.acc, op->keyed->acc_size);
    return status == FLOW_OK ? fl_call_flush(op) : status;
}

void fl_slide_commit(struct fl_op *op, int64_t fired)
{
    struct fl_keyed *keyed = op->keyed;
    struct fl_slide *slide = keyed->slide;
    // what the next window's result must still take out stays until then
    const int64_t next_from = before(op, fired);
    // windows without slices pass by the running result, which then cannot take out what it has of
    // slices that are dropped here
    if (next_from > slide->from)
        slide->valid = false;
    fl_slices_drop(&op->worker->cache, &keyed->slices, next_from);
    // keys that left the running table leave their bytes behind: start afresh when they pile up
    const size_t bytes = fl_mem_size(slide->sum.mem);
    if (bytes > GARBAGE_LEAST && bytes / 4 > slide->sum.count * GARBAGE_KEY)
        slide->valid = false;
}
