// SPDX-License-Identifier: Apache-2.0
// Cells of the full form: what user functions read and write.
#include "own.h"

uint32_t fl_cells_size(const flow_fn *fn)
{
    const size_t roots = FL_ROOT_CELLS + fn->cell_count;
    const size_t size =
        sizeof(struct fl_cell) + sizeof(struct fl_cells) + roots * sizeof(struct fl_root);
    return (uint32_t)((size + 7) & ~(size_t)7);
}

bool fl_cells_init(struct fl_op *op)
{
    struct fl_engine *engine = op->worker->engine;
    const flow_fn *fn = op->plan->node->fn;
    struct fl_full *full = fl_mem_alloc(&engine->cache, engine->mem, sizeof *full);
    if (!full)
        return false;
    memset(full, 0, sizeof *full);
    full->roots = FL_ROOT_CELLS + fn->cell_count;
    full->expiry = full->in_work = FL_NO_TIMER;
    full->scratch.allocator = engine->graph->allocator;
    for (uint32_t i = 0; i < fn->timer_count; i++)
        if (fn->timers[i]->clock == FLOW_WINDOW_EXPIRY)
            full->expiry = i;
    for (uint32_t i = 0; i < fn->cell_count; i++)
        full->expires = full->expires || fn->cells[i]->ttl.us > 0;
    full->edit.cache = &op->worker->cache;
    full->edit.small = &full->small;
    op->keyed->stateful->full = full;
    return true;
}

static void give_large(struct fl_cache *cache, struct fl_small *small, struct fl_node *node)
{
    for (; node; node = node->right) {
        give_large(cache, small, node->left);
        if (node->item->size > FL_SMALL_MOST)
            fl_small_give(cache, small, node->item, node->item->size);
    }
}

// Entries too large for chunks lie in blocks of their own.
static void give_large_of(struct fl_op *op, struct fl_cell *cell)
{
    struct fl_full *full = op->keyed->stateful->full;
    for (uint32_t i = 0; i < full->roots; i++)
        give_large(full->edit.cache, &full->small, fl_cells_of(cell)->roots[i].top);
}

static void give_all_large(struct fl_op *op)
{
    const struct fl_slices *slices = fl_stateful_set(op->keyed);
    const struct fl_lives *lives = op->keyed->lives;
    struct fl_entry entry;
    for (uint32_t s = 0; s < slices->count; s++)
        for (uint64_t at = 0; fl_table_next(&slices->at[s]->table, &at, &entry);)
            give_large_of(op, entry.value);
    for (uint64_t at = 0; lives && fl_table_next(&lives->table, &at, &entry);) {
        const uintptr_t windows = *(const uintptr_t *)entry.value;
        for (uint32_t i = 0; i < fl_live_count(windows); i++)
            give_large_of(op, fl_own_cell(fl_live_at(windows, i)));
    }
}

void fl_cells_fini(struct fl_op *op)
{
    struct fl_full *full = op->keyed->stateful->full;
    struct fl_cache *cache = &op->worker->cache;
    give_all_large(op);
    fl_dues_fini(cache, &full->clocks);
    fl_dues_fini(cache, &full->holds);
    fl_small_fini(cache, &full->small);
    flow_buffer_free(&full->scratch);
}

struct fl_edit *fl_cells_edit(struct fl_op *op)
{
    struct fl_full *full = op->keyed->stateful->full;
    const struct fl_bundle *bundle = &op->worker->bundle;
    if (full->bundle != bundle->number) {
        full->bundle = bundle->number;
        full->edit.mem = bundle->mem;
    }
    return &full->edit;
}

void fl_cells_begin(struct fl_op *op, struct fl_cell *cell)
{
    struct fl_cells *cells = fl_cells_of(cell);
    (void)op;
    cells->clock = cells->hold = FL_NEVER;
    cells->dirty = true;
}

bool fl_cells_empty(const struct fl_op *op, struct fl_cell *cell)
{
    const struct fl_cells *cells = fl_cells_of(cell);
    for (uint32_t i = 0; i < op->keyed->stateful->full->roots; i++)
        if (cells->roots[i].top)
            return false;
    return true;
}

void fl_cells_clear(struct fl_op *op, struct fl_cell *cell)
{
    struct fl_cells *cells = fl_cells_of(cell);
    for (uint32_t i = 0; i < op->keyed->stateful->full->roots; i++)
        fl_tree_clear(fl_cells_edit(op), &cells->roots[i]);
    cells->dirty = true;
}

struct fl_cell *fl_cells_in_work(flow_ctx *ctx, struct fl_op **op)
{
    struct fl_call *call = fl_call_of(ctx);
    *op = call->op;
    const struct fl_plan_op *plan = call->op->plan;
    if (ctx->status != FLOW_OK)
        return NULL;
    if (plan->kind == FL_OP_STATEFUL && call->op->keyed->stateful->full && call->in &&
        call->edge == FL_EDGE_NONE)
        return call->op->keyed->stateful->cells[ctx->row];
    flow_fail(ctx, FLOW_INVALID, "cells and timers belong to functions of FLOW_CELLS_FN");
    return NULL;
}

// --- entries

struct copying {
    struct fl_op *op;
    char *next; // NULL: only counts, into memory of the bundle
    size_t size;
};

static void *copy_to(void *user, size_t size)
{
    struct copying *copying = user;
    const size_t rounded = (size + 7) & ~(size_t)7;
    struct fl_worker *worker = copying->op->worker;
    copying->size += rounded;
    if (!copying->next)
        return fl_mem_alloc(&worker->cache, worker->bundle.mem, rounded);
    void *at = copying->next;
    copying->next += rounded;
    return at;
}

// Bytes that a record points to, once copied; SIZE_MAX without memory.
static size_t outside_of(struct fl_op *op, const flow_type *type, const void *row)
{
    struct fl_worker *worker = op->worker;
    struct copying copying = { op, NULL, 0 };
    const flow_memory memory = { copy_to, &copying };
    if (!row || !flow_type_has_pointers(type))
        return 0;
    void *copy = fl_mem_alloc(&worker->cache, worker->bundle.mem, type->size);
    if (!copy)
        return SIZE_MAX;
    memcpy(copy, row, type->size);
    return flow_row_adopt(type, copy, &memory, NULL, NULL) == FLOW_OK ? copying.size : SIZE_MAX;
}

static uint32_t round_up(size_t size)
{
    return (uint32_t)((size + 7) & ~(size_t)7);
}

static void write_key(struct fl_item *item, const struct fl_new_item *what)
{
    const flow_shape shape = {
        .key = what->key, .key_record = what->key_record, .key_size = what->key_size
    };
    fl_key_write(&shape, item->word, fl_item_bytes(item), (char *)item + item->key_at);
}

struct fl_item *fl_cells_item(struct fl_op *op, const struct fl_new_item *what)
{
    struct fl_edit *edit = fl_cells_edit(op);
    const size_t outside = outside_of(op, what->type, what->row);
    const uint32_t row_size = what->row ? round_up(what->type->size) : 0;
    const uint32_t key_size = what->key ? round_up(what->key_size) : 0;
    const size_t fixed =
        sizeof(struct fl_item) + row_size + key_size + round_up(what->spot->bytes.len);
    struct fl_item *item = outside == SIZE_MAX ? NULL : fl_item_new(edit, fixed + outside);
    if (!item) {
        edit->failed = true;
        return NULL;
    }
    item->word = what->spot->word;
    item->order = what->spot->order;
    item->bytes_len = (uint32_t)what->spot->bytes.len;
    item->row_at = sizeof *item;
    item->key_at = item->row_at + row_size;
    item->bytes_at = item->key_at + key_size;
    if (item->bytes_len)
        memcpy((char *)item + item->bytes_at, what->spot->bytes.data, item->bytes_len);
    if (what->key)
        write_key(item, what);
    if (what->row)
        memcpy(fl_item_row(item), what->row, what->type->size);
    struct copying copying = { op, (char *)item + fixed, 0 };
    const flow_memory memory = { copy_to, &copying };
    if (outside)
        flow_row_adopt(what->type, fl_item_row(item), &memory, NULL, NULL);
    return item;
}

// --- a cell in work

struct access {
    struct fl_op *op;
    struct fl_cell *block;
    const flow_cell *cell;
    struct fl_root *root;
};

static bool reach(flow_ctx *ctx, const flow_cell *cell, struct access *access)
{
    struct fl_op *op;
    struct fl_cell *block = fl_cells_in_work(ctx, &op);
    if (!block)
        return false;
    const flow_fn *fn = op->plan->node->fn;
    for (uint32_t i = 0; i < fn->cell_count; i++) {
        if (fn->cells[i] != cell)
            continue;
        *access = (struct access){ op, block, cell, &fl_cells_of(block)->roots[FL_ROOT_CELLS + i] };
        return true;
    }
    flow_fail(
        ctx, FLOW_INVALID, "cell '%s' is not among those that the function declares", cell->name);
    return false;
}

static bool is_kind(flow_ctx *ctx, const flow_cell *cell, uint32_t kinds)
{
    if (kinds >> cell->kind & 1)
        return true;
    flow_fail(
        ctx, FLOW_INVALID, "cell '%s' is of a kind that this cannot be done with", cell->name);
    return false;
}

#define KIND(kind) (1u << FLOW_CELL_##kind)
#define WITH_KEY   (KIND(SET) | KIND(MAP) | KIND(MULTIMAP))

// Where a key stands; false without memory.
static bool spot_of(const struct access *access, const void *key, struct fl_spot *spot)
{
    const flow_cell *cell = access->cell;
    flow_buffer *scratch = &access->op->keyed->stateful->full->scratch;
    const flow_shape shape = { .key = cell->key.kind, .key_record = cell->key_type };
    struct fl_one_key one = { 0 };
    memset(spot, 0, sizeof *spot);
    if (key && !fl_key_of(&shape, key, scratch, &one))
        return false;
    spot->word = one.word;
    spot->bytes = one.bytes;
    return true;
}

// The first entry under a key.
static const struct fl_item *under(const struct fl_node *top, const struct fl_spot *spot)
{
    const struct fl_item *item = fl_tree_from(top, spot, false);
    if (!item || item->word != spot->word)
        return NULL;
    return flow_str_equal(fl_item_bytes(item), spot->bytes) ? item : NULL;
}

static void check_memory(flow_ctx *ctx, struct fl_op *op)
{
    if (fl_cells_edit(op)->failed && ctx->status == FLOW_OK)
        ctx->status = fl_no_memory(op);
}

// The result of a combining cell, in memory of the bundle.
static const void *extract(flow_ctx *ctx, const struct access *access, const struct fl_item *item)
{
    const flow_combine_fn *combine = access->cell->combine;
    const flow_type *type = combine->extract ? combine->out : combine->acc;
    void *out = flow_alloc(ctx, type->size);
    if (!out)
        return NULL;
    memset(out, 0, type->size);
    if (!combine->extract) {
        memcpy(out, fl_item_row(item), type->size);
        return out;
    }
    const flow_status status = combine->extract(fl_item_row(item), out, NULL);
    if (status == FLOW_OK)
        return out;
    flow_fail(ctx, status, "combining cell '%s' has no result", access->cell->name);
    return NULL;
}

const void *fl_cells_get(flow_ctx *ctx, const flow_cell *cell, const void *key)
{
    struct access access;
    struct fl_spot spot;
    const uint32_t kinds = key ? WITH_KEY : KIND(VALUE) | KIND(COMBINING);
    if (!reach(ctx, cell, &access) || !is_kind(ctx, cell, kinds))
        return NULL;
    if (!spot_of(&access, key, &spot)) {
        ctx->status = fl_no_memory(access.op);
        return NULL;
    }
    const struct fl_item *item = under(access.root->top, &spot);
    if (!item)
        return NULL;
    switch (cell->kind) {
    case FLOW_CELL_COMBINING:
        return extract(ctx, &access, item);
    case FLOW_CELL_SET:
    case FLOW_CELL_MULTIMAP:
        return (const char *)item + item->key_at;
    default:
        return fl_item_row(item);
    }
}

// --- writing

// Entries live from the time of the row in work on, as long as the cell says.
static int64_t end_of_life(flow_ctx *ctx, const flow_cell *cell)
{
    const int64_t now = flow_event_time(ctx).us;
    if (cell->ttl.us == 0)
        return INT64_MAX;
    return now > FLOW_TIME_MAX_US - cell->ttl.us ? FLOW_TIME_MAX_US : now + cell->ttl.us;
}

static void put_item(flow_ctx *ctx, const struct access *access, struct fl_item *item)
{
    struct fl_cells *cells = fl_cells_of(access->block);
    if (item) {
        item->first[FL_FIRST_DUE] = end_of_life(ctx, access->cell);
        if (access->cell->merging)
            item->first[FL_FIRST_WRITTEN] = flow_event_time(ctx).us;
        fl_tree_put(fl_cells_edit(access->op), access->root, item);
        cells->dirty = cells->dirty || access->cell->ttl.us > 0;
    }
    check_memory(ctx, access->op);
}

static void combine_in(flow_ctx *ctx, const struct access *access, const void *row)
{
    struct fl_op *op = access->op;
    struct fl_edit *edit = fl_cells_edit(op);
    const flow_combine_fn *combine = access->cell->combine;
    const struct fl_spot spot = { 0 };
    struct fl_item *item = fl_tree_find(access->root->top, &spot);
    // readers are given copies: what this bundle made may change
    if (item && item->epoch == edit->epoch && access->cell->ttl.us == 0 &&
        !flow_type_has_pointers(combine->acc)) {
        combine->add(fl_item_row(item), row, NULL);
        return;
    }
    void *acc = fl_mem_alloc(&op->worker->cache, op->worker->bundle.mem, combine->acc->size);
    if (!acc) {
        ctx->status = fl_no_memory(op);
        return;
    }
    if (item)
        memcpy(acc, fl_item_row(item), combine->acc->size);
    else
        memset(acc, 0, combine->acc->size);
    combine->add(acc, row, NULL);
    const struct fl_new_item what = { .spot = &spot, .type = combine->acc, .row = acc };
    put_item(ctx, access, fl_cells_item(op, &what));
}

// Where a new entry goes. False when the row fails.
static bool place(
    flow_ctx *ctx, const struct access *access, const flow_cell_entry *entry, struct fl_spot *spot)
{
    const bool with_key = WITH_KEY >> access->cell->kind & 1;
    if (!spot_of(access, with_key ? entry->key : NULL, spot)) {
        ctx->status = fl_no_memory(access->op);
        return false;
    }
    switch (access->cell->kind) {
    case FLOW_CELL_ORDERED:
        if (entry->at.us >= FLOW_TIME_MAX_US || entry->at.us < FLOW_TIME_MIN_US) {
            flow_fail(ctx, FLOW_INVALID,
                "ordered cell '%s' takes times of %lld us up to below the end of time, not %lld us "
                "(R64)",
                access->cell->name, (long long)FLOW_TIME_MIN_US, (long long)entry->at.us);
            return false;
        }
        spot->word = (uint64_t)entry->at.us ^ (uint64_t)INT64_MIN;
        spot->order = access->root->next++;
        return true;
    case FLOW_CELL_BAG:
    case FLOW_CELL_MULTIMAP:
        spot->order = access->root->next++;
        return true;
    default:
        return true;
    }
}

const void *fl_cells_put(flow_ctx *ctx, const flow_cell *cell, flow_cell_entry entry)
{
    struct access access;
    struct fl_spot spot;
    if (!reach(ctx, cell, &access))
        return NULL;
    const bool with_key = WITH_KEY >> cell->kind & 1;
    if ((with_key && !entry.key) || (cell->kind != FLOW_CELL_SET && !entry.row)) {
        flow_fail(ctx, FLOW_INVALID, "nothing was given to write into cell '%s'", cell->name);
        return NULL;
    }
    if (cell->kind == FLOW_CELL_COMBINING) {
        combine_in(ctx, &access, entry.row);
        return NULL;
    }
    if (!place(ctx, &access, &entry, &spot))
        return NULL;
    const struct fl_item *there = entry.if_absent ? under(access.root->top, &spot) : NULL;
    if (there)
        return cell->kind == FLOW_CELL_SET ? (const char *)there + there->key_at
                                           : fl_item_row(there);
    const struct fl_new_item what = { .spot = &spot,
        .type = cell->type,
        .row = cell->kind == FLOW_CELL_SET ? NULL : entry.row,
        .key = with_key ? cell->key.kind : FLOW_KIND_NONE,
        .key_record = cell->key_type,
        .key_size = cell->key.size };
    put_item(ctx, &access, fl_cells_item(access.op, &what));
    return NULL;
}

void fl_cells_remove(flow_ctx *ctx, const flow_cell *cell, const void *key)
{
    struct access access;
    struct fl_spot spot;
    if (!reach(ctx, cell, &access) || !is_kind(ctx, cell, key ? WITH_KEY : 0))
        return;
    if (spot_of(&access, key, &spot)) {
        struct fl_spot to = spot;
        to.order = UINT64_MAX;
        fl_tree_cut(fl_cells_edit(access.op), access.root, &spot, &to);
        fl_cells_of(access.block)->dirty = true;
    } else {
        fl_cells_edit(access.op)->failed = true;
    }
    check_memory(ctx, access.op);
}

void fl_cells_clear_cell(flow_ctx *ctx, const flow_cell *cell, const flow_time range[2])
{
    struct access access;
    if (!reach(ctx, cell, &access) || (range && !is_kind(ctx, cell, KIND(ORDERED))))
        return;
    struct fl_edit *edit = fl_cells_edit(access.op);
    if (!range) {
        fl_tree_clear(edit, access.root);
    } else if (range[0].us < range[1].us) {
        const struct fl_spot from = { .word = (uint64_t)range[0].us ^ (uint64_t)INT64_MIN };
        const struct fl_spot to = { .word = (uint64_t)range[1].us ^ (uint64_t)INT64_MIN };
        fl_tree_cut(edit, access.root, &from, &to);
    }
    fl_cells_of(access.block)->dirty = true;
    check_memory(ctx, access.op);
}

uint64_t fl_cells_count(flow_ctx *ctx, const flow_cell *cell)
{
    struct access access;
    return reach(ctx, cell, &access) ? access.root->count : 0;
}

// --- walking

void fl_cells_walk(flow_ctx *ctx, const flow_cell *cell, flow_cursor *cursor, const void *key)
{
    struct access access;
    struct fl_spot spot, *bound = NULL;
    if (!reach(ctx, cell, &access) || (key && !is_kind(ctx, cell, KIND(MULTIMAP))))
        return;
    if (key) {
        bound = flow_alloc(ctx, sizeof *bound);
        char *bytes = NULL;
        if (bound && spot_of(&access, key, &spot))
            bytes = flow_alloc(ctx, spot.bytes.len + 1);
        if (!bytes) {
            check_memory(ctx, access.op);
            return;
        }
        if (spot.bytes.len)
            memcpy(bytes, spot.bytes.data, spot.bytes.len);
        *bound = spot;
        bound->bytes.data = bytes;
    }
    fl_edit_freeze(fl_cells_edit(access.op));
    cursor->root_ = access.root->top;
    cursor->cell_ = cell;
    cursor->bound_ = bound;
}

static const struct fl_item *next_item(const flow_cursor *cursor)
{
    const flow_cell *cell = cursor->cell_;
    const struct fl_spot *bound = cursor->bound_;
    struct fl_spot from = { 0 };
    if (cursor->item_) {
        from = fl_item_spot(cursor->item_);
        return fl_tree_from(cursor->root_, &from, true);
    }
    if (bound)
        return fl_tree_from(cursor->root_, bound, false);
    if (cell->kind == FLOW_CELL_ORDERED)
        from.word = (uint64_t)cursor->from_ ^ (uint64_t)INT64_MIN;
    return fl_tree_from(cursor->root_, &from, false);
}

bool fl_cells_next(flow_cursor *cursor)
{
    const flow_cell *cell = cursor->cell_;
    const struct fl_spot *bound = cursor->bound_;
    const struct fl_item *item = cursor->root_ ? next_item(cursor) : NULL;
    if (item && bound)
        item = item->word == bound->word && flow_str_equal(fl_item_bytes(item), bound->bytes)
                   ? item
                   : NULL;
    if (item && cell->kind == FLOW_CELL_ORDERED) {
        cursor->at.us = (int64_t)(item->word ^ (uint64_t)INT64_MIN);
        item = cursor->at.us < cursor->to_ ? item : NULL;
    }
    cursor->item_ = item;
    if (!item) {
        cursor->root_ = NULL; // it has ended
        cursor->row = cursor->key = NULL;
        return false;
    }
    cursor->row = cell->kind == FLOW_CELL_SET ? NULL : fl_item_row(item);
    cursor->key = WITH_KEY >> cell->kind & 1 ? (const char *)item + item->key_at : NULL;
    return true;
}
