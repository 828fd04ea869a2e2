// SPDX-License-Identifier: Apache-2.0
// Extents: which windows' rows go to disk, how they are written, read and given back.
#include "extents.h"
#include "spill.h"

#define FOLD      4u // small extents in a row that are made one
#define FOLD_MOST 4u // times that a row is written again for it

// Rows of a bundle that has cleared their window.
struct fl_dropped {
    struct fl_dropped *next;
    struct fl_run run;
};

static struct fl_scratch *scratch_of(const struct fl_op *op)
{
    return &op->worker->spill->scratch;
}

// Rows that may be taken back stay in memory, where they are looked for.
bool fl_extents_init(struct fl_op *op, struct fl_lives *lives)
{
    lives->spills = op->worker->spill && lives->keeps && !lives->signs;
    if (!lives->spills)
        return true;
    return fl_nook_reserve(&lives->blocks) && fl_nook_reserve(&lives->extents);
}

bool fl_extents_ready(struct fl_lives *lives, struct fl_bulk *bulk)
{
    bulk->ready = fl_nook_take(&lives->extents, sizeof *bulk->ready);
    return bulk->ready != NULL;
}

bool fl_extents_unready(struct fl_lives *lives, const struct fl_bulk *bulk)
{
    return fl_nook_give(&lives->extents, bulk->ready, sizeof *bulk->ready);
}

// --- reading

void fl_extents_begin(
    struct fl_extents *walk, struct fl_op *op, const struct fl_chunk *first, uint32_t row)
{
    *walk = (struct fl_extents){ .chunk = first,
        .from = first,
        .row = row,
        .from_row = row,
        .stride = op->keyed->lives->row_stride };
    if (op->worker->spill)
        fl_tap_init(&walk->tap, scratch_of(op), FL_KEY_WORD);
}

void fl_extents_rewind(struct fl_extents *walk)
{
    walk->chunk = walk->from;
    walk->row = walk->from_row;
    walk->open = false;
}

void fl_extents_end(struct fl_extents *walk)
{
    if (walk->tap.scratch)
        fl_tap_close(&walk->tap);
}

const void *fl_extents_near(struct fl_extents *walk)
{
    while (walk->row == walk->chunk->count) {
        walk->chunk = walk->chunk->next;
        walk->row = 0;
        walk->open = false;
    }
    if (fl_extent_of(walk->chunk))
        return NULL;
    return (const char *)(walk->chunk + 1) + (size_t)walk->row++ * walk->stride;
}

flow_status fl_extents_item(struct fl_extents *walk, flow_str *item)
{
    flow_status status = FLOW_OK;
    if (!walk->open) {
        status = fl_tap_turn(&walk->tap, &fl_extent_of(walk->chunk)->run);
        for (uint32_t i = 0; i < walk->row && status == FLOW_OK; i++)
            status = fl_tap_item(&walk->tap, item);
        walk->open = status == FLOW_OK;
    }
    if (status != FLOW_OK)
        return status;
    walk->row++;
    return fl_tap_item(&walk->tap, item);
}

uint64_t fl_extents_rows(const struct fl_bulk *bulk)
{
    uint64_t rows = 0;
    for (const struct fl_chunk *chunk = bulk->extents ? bulk->first : NULL; chunk;
         chunk = chunk->next)
        rows += fl_extent_of(chunk) ? chunk->count : 0;
    return rows;
}

// --- writing

// Chunks that become one extent: from `first` up to `end`, which is no longer of them.
struct stretch {
    struct fl_chunk *first, *end;
    uint32_t rows;
};

static flow_status write_rows(struct fl_op *op, const struct stretch *stretch, struct fl_run *run)
{
    const struct fl_entry nobody = { 0 };
    struct fl_run_writer writer;
    struct fl_extents walk;
    flow_status status = fl_run_begin(&writer, scratch_of(op), FL_KEY_WORD);
    if (status != FLOW_OK)
        return status;
    fl_extents_begin(&walk, op, stretch->first, 0);
    status = fl_run_head(&writer, &nobody, stretch->rows);
    for (uint32_t i = 0; i < stretch->rows && status == FLOW_OK; i++) {
        const void *row = fl_extents_near(&walk);
        flow_str item;
        if (row) {
            status = fl_spilled_put_row(op, &writer, row);
            continue;
        }
        status = fl_extents_item(&walk, &item);
        if (status == FLOW_OK)
            status = fl_run_item(&writer, item);
    }
    fl_extents_end(&walk);
    if (status == FLOW_OK)
        return fl_run_end(&writer, run);
    fl_run_abandon(&writer);
    return status;
}

// Former results are of the same rows.
static void move_past(struct fl_bulk *bulk, const struct stretch *stretch, struct fl_extent *own)
{
    for (struct fl_past *past = bulk->past; past; past = past->next) {
        uint32_t before = 0;
        for (const struct fl_chunk *chunk = stretch->first; chunk != stretch->end;
             chunk = chunk->next) {
            if (past->first == chunk) {
                past->first = &own->chunk;
                past->row += before;
                break;
            }
            before += chunk->count;
        }
    }
}

static bool give_extents(struct fl_op *op, const struct stretch *stretch, uint32_t *count)
{
    *count = 0;
    for (struct fl_chunk *chunk = stretch->first; chunk != stretch->end; chunk = chunk->next) {
        if (!fl_extent_of(chunk))
            continue;
        if (!fl_nook_give(&op->keyed->lives->extents, chunk, sizeof(struct fl_extent)))
            return false;
        ++*count;
    }
    return true;
}

// Puts one extent in the place of a stretch, all or nothing.
static flow_status replace(
    struct fl_op *op, struct fl_bulk *bulk, struct fl_chunk **at, const struct stretch *stretch)
{
    struct fl_scratch *scratch = scratch_of(op);
    struct fl_lives *lives = op->keyed->lives;
    struct fl_run run;
    uint32_t former = 0;
    if (!bulk->ready && !fl_extents_ready(lives, bulk))
        return FLOW_BUDGET;
    fl_nook_commit(&lives->extents); // it stays, whatever comes
    struct fl_extent *own = bulk->ready;
    flow_status status = write_rows(op, stretch, &run);
    if (status == FLOW_OK && !give_extents(op, stretch, &former)) {
        fl_scratch_drop(scratch, run.from, run.to);
        status = FLOW_BUDGET;
    }
    if (status != FLOW_OK) {
        fl_nook_abort(&lives->extents);
        return status;
    }
    bulk->ready = NULL;
    *own = (struct fl_extent){ { stretch->end, stretch->rows, 0 }, run };
    move_past(bulk, stretch, own);
    for (const struct fl_chunk *chunk = stretch->first; chunk != stretch->end;
         chunk = chunk->next) {
        const struct fl_extent *extent = fl_extent_of(chunk);
        if (!extent)
            continue;
        own->run.level = extent->run.level + 1;
        fl_scratch_drop(scratch, extent->run.from, extent->run.to);
    }
    fl_nook_commit(&lives->extents);
    *at = &own->chunk;
    if (!stretch->end) {
        bulk->last = &own->chunk;
        bulk->last_count = stretch->rows;
    }
    bulk->extents += 1 - former;
    return FLOW_OK;
}

// Chunks in memory that stand together.
static struct stretch stretch_of(struct fl_chunk *first)
{
    struct stretch stretch = { first, first, 0 };
    while (stretch.end && !fl_extent_of(stretch.end) &&
           stretch.end->count <= UINT32_MAX - stretch.rows) {
        stretch.rows += stretch.end->count;
        stretch.end = stretch.end->next;
    }
    return stretch;
}

// Many small extents at the end of a window become one, so that there are not many of a window that
// grows slowly, and a row is written a few times.
static flow_status fold(struct fl_op *op, struct fl_bulk *bulk, bool *folded)
{
    const uint64_t small = scratch_of(op)->block;
    struct stretch stretch = { NULL, NULL, 0 };
    struct fl_chunk **from = NULL;
    uint32_t count = 0, level = 0;
    *folded = false;
    if (bulk->extents < FOLD)
        return FLOW_OK;
    for (struct fl_chunk **at = &bulk->first; *at; at = &(*at)->next) {
        const struct fl_run *run = &fl_extent_of(*at)->run;
        if (run->level >= FOLD_MOST || run->to - run->from >= small ||
            (*at)->count > UINT32_MAX - stretch.rows) {
            count = stretch.rows = 0;
            continue;
        }
        if (count == 0 || run->level != level) {
            level = run->level;
            from = at;
            stretch = (struct stretch){ *at, NULL, 0 };
            count = 0;
        }
        stretch.rows += (*at)->count;
        count++;
    }
    if (count < FOLD)
        return FLOW_OK;
    const flow_status status = replace(op, bulk, from, &stretch);
    *folded = status == FLOW_OK;
    return status == FLOW_BUDGET ? FLOW_OK : status; // another time
}

// All rows of a window are written: the memory that they had is given back.
static bool empty(struct fl_lives *lives, struct fl_bulk *bulk)
{
    for (struct fl_block *block; (block = bulk->blocks);) {
        struct fl_block *next = block->next;
        const size_t size = block->size;
        if (!fl_nook_give(&lives->blocks, block, size))
            return false;
        fl_nook_commit(&lives->blocks);
        lives->kept.rows -= size;
        bulk->blocks = next;
        bulk->size -= size;
        bulk->used = next ? next->size : 0;
        bulk->oldest = next ? bulk->oldest : NULL;
    }
    return true;
}

static flow_status spill_rows(struct fl_op *op, struct fl_bulk *bulk)
{
    for (struct fl_chunk **at = &bulk->first; *at; at = &(*at)->next) {
        if (fl_extent_of(*at))
            continue;
        const struct stretch stretch = stretch_of(*at);
        const flow_status status = replace(op, bulk, at, &stretch);
        if (status != FLOW_OK)
            return status;
    }
    if (!empty(op->keyed->lives, bulk))
        return FLOW_BUDGET;
    flow_status status = FLOW_OK;
    for (bool folded = true; folded && status == FLOW_OK;)
        status = fold(op, bulk, &folded);
    return status;
}

// --- choosing

static uint32_t octave(size_t size)
{
    return 63 - (uint32_t)__builtin_clzll(size);
}

static struct fl_bulk *bulk_at(struct fl_lives *lives, uintptr_t cell, uint32_t i)
{
    struct fl_bulk *bulk = fl_live_bulk(lives, fl_live_at(cell, i));
    return bulk->size > 0 ? bulk : NULL;
}

// The size from which on windows have so many bytes together, about.
static size_t size_from(struct fl_lives *lives, uint64_t bytes)
{
    uint64_t sizes[64] = { 0 };
    struct fl_entry entry;
    for (uint64_t at = 0; fl_table_next(&lives->table, &at, &entry);) {
        const uintptr_t cell = *(const uintptr_t *)entry.value;
        for (uint32_t i = 0; i < fl_live_count(cell); i++) {
            const struct fl_bulk *bulk = bulk_at(lives, cell, i);
            if (bulk)
                sizes[octave(bulk->size)] += bulk->size;
        }
    }
    uint32_t from = 63;
    for (uint64_t sum = sizes[from]; sum < bytes && from > 0; sum += sizes[from])
        from--;
    return (size_t)1 << from;
}

flow_status fl_extents_spill(struct fl_op *op, uint64_t bytes, bool *any)
{
    struct fl_lives *lives = op->keyed->lives;
    const uint64_t before = lives->kept.rows;
    const size_t from = size_from(lives, bytes);
    flow_status status = FLOW_OK;
    struct fl_entry entry;
    for (uint64_t at = 0; status == FLOW_OK && fl_table_next(&lives->table, &at, &entry);) {
        const uintptr_t cell = *(const uintptr_t *)entry.value;
        for (uint32_t i = 0; i < fl_live_count(cell) && status == FLOW_OK; i++) {
            struct fl_bulk *bulk = bulk_at(lives, cell, i);
            if (!bulk || bulk->size < from || before - lives->kept.rows >= bytes)
                continue;
            const uint64_t end = scratch_of(op)->end;
            status = spill_rows(op, bulk);
            if (status != FLOW_OK)
                break;
            *any = true;
            fl_spill_tell(op, scratch_of(op)->end - end);
        }
    }
    lives->kept_before = lives->kept;
    fl_nook_flush(&lives->blocks);
    return status == FLOW_OK ? status : fl_spill_failed(op, status);
}

// --- giving back

bool fl_extents_drop(struct fl_op *op, const struct fl_bulk *bulk)
{
    struct fl_worker *worker = op->worker;
    struct fl_lives *lives = op->keyed->lives;
    if (!fl_extents_unready(lives, bulk))
        return false;
    for (struct fl_chunk *chunk = bulk->extents ? bulk->first : NULL; chunk; chunk = chunk->next) {
        const struct fl_extent *extent = fl_extent_of(chunk);
        if (!extent)
            continue;
        struct fl_dropped *dropped =
            fl_mem_alloc(&worker->cache, worker->bundle.mem, sizeof *dropped);
        if (!dropped || !fl_nook_give(&lives->extents, chunk, sizeof *extent))
            return false;
        *dropped = (struct fl_dropped){ lives->dropped, extent->run };
        lives->dropped = dropped;
    }
    return true;
}

void fl_extents_commit(struct fl_op *op)
{
    struct fl_lives *lives = op->keyed->lives;
    for (const struct fl_dropped *dropped = lives->dropped; dropped; dropped = dropped->next)
        fl_scratch_drop(scratch_of(op), dropped->run.from, dropped->run.to);
    lives->dropped = NULL;
}
