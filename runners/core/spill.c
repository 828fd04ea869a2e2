// SPDX-License-Identifier: Apache-2.0
// When tables are spilled, which, and the runs that a window fires from.
#include "spill.h"
#include "extents.h"

#define BLOCK_LEAST ((size_t)512)
#define BLOCK_MOST  ((size_t)256 << 10)
#define BUNDLE_MOST ((uint64_t)1 << 20) // bytes by which a bundle usually lets tables grow, at most

bool fl_spill_init(struct fl_worker *worker)
{
    struct fl_engine *engine = worker->engine;
    const struct fl_engine_options *options = &engine->options;
    if (!options->scratch)
        return true;
    struct fl_spill *spill = fl_mem_alloc(&engine->cache, engine->mem, sizeof *spill);
    if (!spill)
        return false;
    spill->limit = options->spill ? options->spill : options->memory / 2 / options->workers;
    spill->look = 0;
    spill->loaded = 0;
    spill->broken = false;
    size_t block = BLOCK_LEAST;
    while (block < BLOCK_MOST && block < spill->limit / 256)
        block *= 2;
    const struct fl_disk *disk = options->port.disk ? options->port.disk : &fl_system_disk;
    fl_scratch_init(&spill->scratch, disk, options->scratch, block);
    spill->scratch.cache = &worker->cache;
    worker->spill = spill;
    return fl_scratch_reserve(&spill->scratch);
}

void fl_spill_fini(struct fl_worker *worker)
{
    if (worker->spill)
        fl_scratch_fini(&worker->spill->scratch);
}

flow_status fl_spill_failed(struct fl_op *op, flow_status status)
{
    const struct fl_scratch *scratch = &op->worker->spill->scratch;
    if (op->worker->error.status != FLOW_OK)
        return op->worker->error.status;
    return status == FLOW_BUDGET ? fl_no_memory(op)
                                 : fl_op_fail(op, status, "%s", scratch->problem);
}

// --- a slice

// Runs [from, from + count) of a list as one.
static flow_status merge(
    struct fl_op *op, const struct fl_run *from, uint32_t count, struct fl_run *merged)
{
    struct fl_scratch *scratch = &op->worker->spill->scratch;
    struct fl_keyed *keyed = op->keyed;
    struct fl_run_writer writer;
    struct fl_fired_runs *const firing = keyed->runs;
    struct fl_fired_runs own = { fl_funnel_new(scratch, keyed->form, count), { 0 } };
    flow_status status = fl_run_begin(&writer, scratch, keyed->form);
    if (!own.funnel)
        status = FLOW_BUDGET;
    for (uint32_t i = 0; i < count && status == FLOW_OK; i++)
        status = fl_funnel_add(own.funnel, &from[i]);
    keyed->runs = &own;
    for (bool more = true; status == FLOW_OK;) {
        struct fl_entry entry;
        uint64_t items;
        status = fl_funnel_next(own.funnel, &entry, &items, &more);
        if (status != FLOW_OK || !more)
            break;
        status = fl_spilled_fold(op, own.funnel, &entry, items, &writer);
    }
    keyed->runs = firing;
    if (status == FLOW_OK)
        status = fl_run_end(&writer, merged);
    else
        fl_run_abandon(&writer);
    fl_funnel_free(own.funnel);
    if (status == FLOW_OK) {
        merged->level = from[0].level + 1;
        fl_count(&op->counts.spilled, merged->to - merged->from);
    }
    return status;
}

// Merges the last runs of a slice where there are many of one level, so that each entry is merged a
// logarithm of times.
static flow_status compact(struct fl_op *op, struct fl_runs *runs)
{
    flow_status status = FLOW_OK;
    while (status == FLOW_OK && runs->count >= FL_FUNNEL_RUNS) {
        const uint32_t first = runs->count - FL_FUNNEL_RUNS;
        if (runs->at[first].level != runs->at[runs->count - 1].level)
            break;
        struct fl_run merged;
        status = merge(op, &runs->at[first], FL_FUNNEL_RUNS, &merged);
        if (status != FLOW_OK)
            break;
        fl_runs_drop(runs, first, FL_FUNNEL_RUNS);
        fl_runs_add(runs, merged);
    }
    return status;
}

static flow_status write_table(struct fl_op *op, struct fl_table *table, struct fl_run *run)
{
    struct fl_run_writer writer;
    flow_status status = fl_run_begin(&writer, &op->worker->spill->scratch, table->form);
    if (status != FLOW_OK)
        return status;
    fl_table_sort(table);
    for (uint64_t i = 0; i < table->count && status == FLOW_OK; i++) {
        struct fl_entry entry;
        fl_table_sorted(table, i, &entry);
        status = fl_spilled_put(op, &writer, &entry);
    }
    if (status == FLOW_OK)
        status = fl_run_end(&writer, run);
    else
        fl_run_abandon(&writer);
    op->worker->spill->broken = status != FLOW_OK;
    return status;
}

// Empties a table, keeping what it is a table of.
static void empty(struct fl_cache *cache, struct fl_table *table)
{
    const struct fl_table old = *table;
    fl_table_fini(cache, table);
    fl_table_init(table, old.form, old.value_size, old.rows);
    table->sparse = old.sparse;
    table->expected = old.count;
}

void fl_spill_tell(struct fl_op *op, uint64_t bytes)
{
    const uint64_t before = atomic_load_explicit(&op->counts.spilled, memory_order_relaxed);
    fl_count(&op->counts.spilled, bytes);
    fl_count(&op->counts.runs, 1);
    if (before == 0)
        fl_log(op->worker->engine, FLOW_LOG_INFO, op->plan->node->path,
            "worker %u spills to %s: what it groups is more than its share of %llu MiB",
            op->worker->index, op->worker->spill->scratch.directory,
            (unsigned long long)(op->worker->engine->pool.budget >> 20));
}

flow_status fl_spill_slice(struct fl_op *op, struct fl_slice *slice, bool *any)
{
    struct fl_scratch *scratch = &op->worker->spill->scratch;
    struct fl_run run = { 0 };
    if (slice->table.count == 0) {
        empty(&op->worker->cache, &slice->table); // an undone bundle may have made it large
        return FLOW_OK;
    }
    flow_status status = fl_runs_reserve(&slice->runs, scratch) ? FLOW_OK : FLOW_BUDGET;
    if (status == FLOW_OK)
        status = write_table(op, &slice->table, &run);
    if (status != FLOW_OK)
        return fl_spill_failed(op, status);
    empty(&op->worker->cache, &slice->table);
    fl_runs_add(&slice->runs, run);
    *any = true;
    fl_spill_tell(op, run.to - run.from);
    if (op->keyed->slide)
        fl_slide_empty(op);
    status = compact(op, &slice->runs);
    return status == FLOW_OK ? status : fl_spill_failed(op, status);
}

// --- a worker

static uint64_t bytes_of(const struct fl_table *table)
{
    return table->slots_size + fl_mem_size(table->mem) + fl_mem_size(table->rows_mem);
}

// A window that has half fired from tables has a place in them.
static bool can_spill(const struct fl_op *op)
{
    const enum fl_op_kind kind = op->plan->kind;
    return (kind == FL_OP_GROUP || kind == FL_OP_COMBINE) && op->keyed->fire_end == INT64_MIN;
}

static struct fl_slices *set_of(const struct fl_op *op, int s)
{
    return s == 0 ? &op->keyed->slices : &op->keyed->panes;
}

// What a worker keeps, what of it can be spilled, and the largest of that.
struct kept {
    uint64_t bytes, spare, most;
    struct fl_op *op;       // whose the largest is; NULL: there is nothing
    struct fl_slice *slice; // NULL: its live windows
};

static void count_one(struct kept *kept, struct fl_op *op, struct fl_slice *slice, uint64_t spare)
{
    kept->spare += spare;
    if (spare <= kept->most)
        return;
    kept->most = spare;
    kept->op = op;
    kept->slice = slice;
}

static void count_tables(struct kept *kept, struct fl_op *op)
{
    const uint64_t sliding = op->keyed->slide ? fl_slide_size(op) : 0;
    kept->bytes += sliding;
    kept->spare += sliding;
    for (int s = 0; s < 2; s++) {
        const struct fl_slices *slices = set_of(op, s);
        for (uint32_t k = 0; k < slices->count; k++) {
            const uint64_t bytes = bytes_of(&slices->at[k]->table);
            kept->bytes += bytes;
            count_one(kept, op, slices->at[k], bytes);
        }
    }
}

static struct kept count_kept(struct fl_worker *worker)
{
    struct kept kept = { 0 };
    for (uint32_t i = 0; i < worker->engine->plan.op_count; i++) {
        struct fl_op *op = &worker->ops[i];
        if (!op->keyed)
            continue;
        if (can_spill(op))
            count_tables(&kept, op);
        const struct fl_lives *lives = op->keyed->lives;
        if (!lives || !lives->spills)
            continue;
        kept.bytes += lives->kept.windows + lives->kept.rows;
        count_one(&kept, op, NULL, lives->kept.rows);
    }
    return kept;
}

// Spills the largest tables and windows until no more than `least` is kept, where it is more than
// `most`.
static flow_status shrink(struct fl_worker *worker, uint64_t most, uint64_t least, bool *any)
{
    struct fl_spill *spill = worker->spill;
    struct kept kept = count_kept(worker);
    // where most of it cannot be spilled, not at once for every little that can
    const bool too_much = kept.bytes > most && kept.spare >= most / 8;
    flow_status status = FLOW_OK;
    while (too_much && kept.bytes > least && kept.op && status == FLOW_OK) {
        status = kept.slice ? fl_spill_slice(kept.op, kept.slice, any)
                            : fl_extents_spill(kept.op, kept.bytes - least, any);
        kept = count_kept(worker);
    }
    const uint64_t room = kept.bytes < spill->limit ? spill->limit - kept.bytes : 0;
    spill->look = worker->bundle.number + 1 + room / BUNDLE_MOST;
    return status;
}

// Whether the run as a whole is so large that a worker minds its share.
static bool crowded(const struct fl_worker *worker)
{
    const struct fl_pool *pool = &worker->engine->pool;
    return worker->engine->options.spill ||
           atomic_load_explicit(&pool->held, memory_order_relaxed) > pool->budget / 2;
}

// Without room to spill in nothing is lost: who wants memory next is undone, which makes some.
static flow_status shrink_if_can(struct fl_worker *worker, uint64_t most, uint64_t least, bool *any)
{
    const flow_status status = shrink(worker, most, least, any);
    if (status != FLOW_BUDGET || worker->spill->broken)
        return status;
    memset(&worker->error, 0, sizeof worker->error);
    return FLOW_OK;
}

flow_status fl_spill_after(struct fl_worker *worker)
{
    const struct fl_spill *spill = worker->spill;
    bool any = false;
    if (!spill || worker->bundle.number < spill->look || !crowded(worker))
        return FLOW_OK;
    return shrink_if_can(worker, spill->limit, spill->limit / 2, &any);
}

flow_status fl_spill_all(struct fl_worker *worker, bool *any)
{
    return shrink_if_can(worker, 0, 0, any);
}

bool fl_spill_relieve(struct fl_worker *worker)
{
    bool any = false;
    if (!worker->spill || worker->spill->broken || worker->error.status != FLOW_BUDGET)
        return false;
    const flow_error why = worker->error;
    memset(&worker->error, 0, sizeof worker->error);
    const flow_status status = shrink(worker, 0, 0, &any);
    if (status != FLOW_OK && (status != FLOW_BUDGET || !any))
        return false;
    if (any) // though there was no room to merge runs in
        memset(&worker->error, 0, sizeof worker->error);
    else
        worker->error = why;
    return any;
}

flow_status fl_spill_loaded(struct fl_worker *worker, size_t bytes)
{
    struct fl_spill *spill = worker->spill;
    bool any = false;
    if (!spill || (spill->loaded += bytes) < spill->limit / 8)
        return FLOW_OK;
    spill->loaded = 0;
    return crowded(worker) ? shrink(worker, spill->limit, 0, &any) : FLOW_OK;
}

// --- a window

// The slices of a window, in the order in which its rows came.
struct parts {
    struct fl_slices *slices, *panes;
    uint32_t first, last;   // of the slices: [first, last)
    struct fl_slice *whole; // what came with the window; NULL: nothing
};

static struct parts parts_of(struct fl_op *op, int64_t name)
{
    struct fl_keyed *keyed = op->keyed;
    struct parts parts = { &keyed->slices, &keyed->panes, 0, 0, NULL };
    int64_t from = name - 1, to = name;
    if (keyed->cut.windows.kind == FLOW_WINDOW_SLIDING) {
        const flow_window window = fl_cut_window(&keyed->cut, name);
        from = window.start.us;
        to = window.end.us;
        parts.whole = fl_slices_find(&keyed->panes, name);
    }
    while (parts.first < keyed->slices.count && keyed->slices.at[parts.first]->end <= from)
        parts.first++;
    parts.last = parts.first;
    while (parts.last < keyed->slices.count && keyed->slices.at[parts.last]->end <= to)
        parts.last++;
    return parts;
}

// The i-th slice of a window; NULL at the end.
static struct fl_slice *part_at(const struct parts *parts, uint32_t i)
{
    if (parts->whole && i-- == 0)
        return parts->whole;
    return parts->first + i < parts->last ? parts->slices->at[parts->first + i] : NULL;
}

bool fl_spill_has(struct fl_op *op, int64_t name)
{
    if (atomic_load_explicit(&op->counts.runs, memory_order_relaxed) == 0)
        return false;
    const struct parts parts = parts_of(op, name);
    const struct fl_slice *slice;
    for (uint32_t i = 0; (slice = part_at(&parts, i)); i++)
        if (slice->runs.count > 0)
            return true;
    return false;
}

// Merges runs at the end of a list until they can be read at once.
static flow_status narrow(struct fl_op *op, struct fl_run *list, uint32_t *count)
{
    struct fl_scratch *scratch = &op->worker->spill->scratch;
    struct fl_runs *made = &op->keyed->runs->made;
    while (*count > FL_FUNNEL_RUNS) {
        const uint32_t over = *count - FL_FUNNEL_RUNS + 1;
        const uint32_t some = over < FL_FUNNEL_RUNS ? over : FL_FUNNEL_RUNS;
        struct fl_run merged;
        if (!fl_runs_reserve(made, scratch))
            return FLOW_BUDGET;
        const flow_status status = merge(op, &list[*count - some], some, &merged);
        if (status != FLOW_OK)
            return status;
        fl_runs_add(made, merged);
        *count -= some - 1;
        list[*count - 1] = merged;
    }
    return FLOW_OK;
}

static flow_status open_list(struct fl_op *op, struct fl_run *list, uint32_t count)
{
    struct fl_fired_runs *runs = op->keyed->runs;
    flow_status status = narrow(op, list, &count);
    if (status != FLOW_OK)
        return status;
    runs->funnel = fl_funnel_new(&op->worker->spill->scratch, op->keyed->form, count);
    if (!runs->funnel)
        return FLOW_BUDGET;
    for (uint32_t i = 0; i < count && status == FLOW_OK; i++)
        status = fl_funnel_add(runs->funnel, &list[i]);
    return status;
}

static flow_status open_parts(struct fl_op *op, const struct parts *parts)
{
    struct fl_cache *cache = &op->worker->cache;
    struct fl_slice *slice;
    uint32_t count = 0;
    for (uint32_t i = 0; (slice = part_at(parts, i)); i++) {
        bool any = false;
        const flow_status status = fl_spill_slice(op, slice, &any);
        if (status != FLOW_OK)
            return status;
        count += slice->runs.count;
    }
    const int64_t used = cache->used;
    struct fl_run *list = fl_take(cache, (count + 1) * sizeof *list);
    op->keyed->runs = fl_take(cache, sizeof *op->keyed->runs);
    flow_status status = list && op->keyed->runs ? FLOW_OK : FLOW_BUDGET;
    if (op->keyed->runs)
        memset(op->keyed->runs, 0, sizeof *op->keyed->runs);
    uint32_t at = 0;
    for (uint32_t i = 0; status == FLOW_OK && (slice = part_at(parts, i)); i++)
        for (uint32_t k = 0; k < slice->runs.count; k++)
            list[at++] = slice->runs.at[k];
    if (status == FLOW_OK)
        status = open_list(op, list, count);
    fl_give(cache, list, (count + 1) * sizeof *list);
    op->worker->bundle.used += cache->used - used; // it is not of this bundle
    if (status == FLOW_OK)
        return FLOW_OK;
    fl_spill_close(op);
    return fl_spill_failed(op, status);
}

flow_status fl_spill_window(struct fl_op *op, int64_t name)
{
    const struct parts parts = parts_of(op, name);
    return open_parts(op, &parts);
}

flow_status fl_spill_whole_slice(struct fl_op *op, struct fl_slice *slice)
{
    const struct parts parts = { NULL, NULL, 0, 0, slice };
    return open_parts(op, &parts);
}

void fl_spill_close(struct fl_op *op)
{
    struct fl_fired_runs *runs = op->keyed->runs;
    if (!runs)
        return;
    fl_funnel_free(runs->funnel);
    fl_runs_fini(&runs->made);
    fl_give(&op->worker->cache, runs, sizeof *runs);
    op->keyed->runs = NULL;
}

void fl_spill_commit(struct fl_op *op)
{
    if (!op->keyed->runs)
        return;
    if (op->keyed->fire_end == INT64_MIN)
        fl_spill_close(op);
    else if (fl_funnel_mark(op->keyed->runs->funnel) != FLOW_OK)
        fl_spill_failed(op, FLOW_IO); // the job ends
}

void fl_spill_abort(struct fl_op *op)
{
    if (op->keyed->runs && op->keyed->fire_end == INT64_MIN)
        fl_spill_close(op);
    else if (op->keyed->runs)
        fl_funnel_back(op->keyed->runs->funnel);
}
