// SPDX-License-Identifier: Apache-2.0
// Windows merge: what their cells and timers come to (docs/guide/state-and-timers.md). What has an
// order has that of the windows: all of the one that begins earlier, then all of the other.
#include "cells.h"

// Two trees that become one. The entries of `from` are moved, one by one, to `to`.
struct merging {
    struct fl_op *op;
    struct fl_root *to, *from;
    bool reversed; // `from` is of the window that begins earlier
};

static bool ordered(flow_cell_kind kind)
{
    return kind == FLOW_CELL_BAG || kind == FLOW_CELL_MULTIMAP || kind == FLOW_CELL_ORDERED;
}

static struct fl_item *copy_of(
    struct fl_op *op, const flow_cell *cell, const struct fl_spot *spot, const struct fl_item *item)
{
    struct fl_new_item what = { .spot = spot, .type = fl_cells_record(cell) };
    what.row = what.type ? fl_item_row(item) : NULL;
    if (cell->key.kind != FLOW_KIND_NONE) {
        what.key = cell->key.kind;
        what.key_record = cell->key_type;
        what.key_size = cell->key.size;
    }
    struct fl_item *copy = fl_cells_item(op, &what);
    if (copy)
        memcpy(copy->first, item->first, sizeof copy->first);
    return copy;
}

// Of two records that were written at some time, the one that stays.
static const struct fl_item *chosen(
    const flow_cell *cell, const struct fl_item *early, const struct fl_item *late)
{
    const int64_t a = early->first[FL_FIRST_WRITTEN], b = late->first[FL_FIRST_WRITTEN];
    if (cell->merging == FLOW_MERGE_EARLIEST)
        return b < a ? late : early;
    return b >= a ? late : early;
}

// What two entries at one spot come to; NULL without memory.
static struct fl_item *unite(struct fl_op *op, const flow_cell *cell, const struct fl_item *early,
    const struct fl_item *late)
{
    const struct fl_spot spot = fl_item_spot(early);
    const flow_type *type = fl_cells_record(cell);
    const bool by_time = cell->merging != FLOW_MERGE_UNSAID;
    struct fl_new_item what = { .spot = &spot, .type = type };
    struct fl_item *item;
    if (!type || by_time) {
        item = copy_of(op, cell, &spot, by_time ? chosen(cell, early, late) : early);
    } else {
        struct fl_edit *edit = fl_cells_edit(op);
        what.row = fl_mem_alloc(edit->cache, edit->mem, type->size);
        if (!what.row) {
            edit->failed = true;
            return NULL;
        }
        void *row = (void *)(uintptr_t)what.row;
        memcpy(row, fl_item_row(early), type->size);
        if (cell->kind == FLOW_CELL_COMBINING)
            cell->combine->merge(row, fl_item_row(late), NULL);
        else
            cell->merge(row, fl_item_row(late));
        if (cell->key.kind != FLOW_KIND_NONE) {
            what.key = cell->key.kind;
            what.key_record = cell->key_type;
            what.key_size = cell->key.size;
        }
        item = fl_cells_item(op, &what);
    }
    const int64_t a = early->first[FL_FIRST_DUE], b = late->first[FL_FIRST_DUE];
    if (item)
        item->first[FL_FIRST_DUE] = a > b ? a : b;
    return item;
}

// Of two timers the one that their declaration says. Its output time is the other's, if that is
// earlier and holds the watermark.
static struct fl_item *unite_timers(struct fl_op *op, const flow_timer *timer,
    const struct fl_item *early, const struct fl_item *late)
{
    const struct fl_spot spot = fl_item_spot(early);
    const int64_t a = early->first[FL_FIRST_DUE], b = late->first[FL_FIRST_DUE];
    const bool other = timer->merging == FLOW_TIMER_LATER ? b > a : b < a;
    const struct fl_item *stays = other ? late : early;
    const int64_t first = early->first[FL_FIRST_HOLD], second = late->first[FL_FIRST_HOLD];
    const int64_t hold = first < second ? first : second;
    int64_t output = *(const int64_t *)fl_item_row(stays);
    output = hold < output ? hold : output;
    const struct fl_new_item what = { .spot = &spot, .type = &fl_instant_type, .row = &output };
    struct fl_item *item = fl_cells_item(op, &what);
    if (item) {
        item->first[FL_FIRST_DUE] = stays->first[FL_FIRST_DUE];
        item->first[FL_FIRST_HOLD] = hold;
    }
    return item;
}

static struct fl_item *timer_copy(struct fl_op *op, const struct fl_item *item)
{
    const struct fl_spot spot = fl_item_spot(item);
    const struct fl_new_item what = {
        .spot = &spot, .type = &fl_instant_type, .row = fl_item_row(item)
    };
    struct fl_item *copy = fl_cells_item(op, &what);
    if (copy)
        memcpy(copy->first, item->first, sizeof copy->first);
    return copy;
}

// What an entry comes to where it is moved to. `cell` is NULL for timers.
static struct fl_item *moved(
    const struct merging *m, const flow_cell *cell, const struct fl_item *item)
{
    struct fl_spot spot = fl_item_spot(item);
    if (cell && ordered(cell->kind)) {
        spot.order += m->to->next;
        return copy_of(m->op, cell, &spot, item);
    }
    const struct fl_item *there = fl_tree_find(m->to->top, &spot);
    if (!there)
        return cell ? copy_of(m->op, cell, &spot, item) : timer_copy(m->op, item);
    const struct fl_item *early = m->reversed ? item : there, *late = m->reversed ? there : item;
    return cell ? unite(m->op, cell, early, late)
                : unite_timers(m->op, m->op->plan->node->fn->timers[item->word], early, late);
}

// `early` becomes both; `late` is empty then. The fewer are moved, where that makes no difference.
static void merge_roots(
    struct fl_op *op, const flow_cell *cell, struct fl_root *early, struct fl_root *late)
{
    struct fl_edit *edit = fl_cells_edit(op);
    struct merging m = { op, early, late, false };
    if ((!cell || !ordered(cell->kind)) && early->count < late->count)
        m = (struct merging){ op, late, early, true };
    struct fl_spot at = { 0 };
    for (const struct fl_item *item = fl_tree_from(m.from->top, &at, false); item && !edit->failed;
         item = fl_tree_from(m.from->top, &at, true)) {
        at = fl_item_spot(item);
        struct fl_item *made = moved(&m, cell, item);
        if (made)
            fl_tree_put(edit, m.to, made);
    }
    const uint64_t next = early->next + late->next;
    fl_tree_clear(edit, m.from);
    if (m.reversed)
        *early = *late;
    early->next = next;
    memset(late, 0, sizeof *late);
}

// Timers that are to be cleared by a merge.
static void clear_timers(struct fl_op *op, struct fl_cells *cells)
{
    const flow_fn *fn = op->plan->node->fn;
    for (uint32_t i = 0; i < fn->timer_count; i++) {
        const struct fl_spot from = { .word = i }, to = { .word = i + 1 };
        if (fn->timers[i]->merging != FLOW_TIMER_CLEARED)
            continue;
        fl_tree_cut(fl_cells_edit(op), &cells->roots[FL_ROOT_EVENT], &from, &to);
        fl_tree_cut(fl_cells_edit(op), &cells->roots[FL_ROOT_CLOCK], &from, &to);
    }
}

bool fl_cells_merge(struct fl_op *op, struct fl_cell *into, struct fl_cell *other, bool other_first)
{
    const flow_fn *fn = op->plan->node->fn;
    struct fl_cells *a = fl_cells_of(into), *b = fl_cells_of(other);
    clear_timers(op, a);
    clear_timers(op, b);
    for (uint32_t i = 0; i < op->keyed->stateful->full->roots; i++) {
        const flow_cell *cell = i < FL_ROOT_CELLS ? NULL : fn->cells[i - FL_ROOT_CELLS];
        if (other_first) {
            const struct fl_root swapped = a->roots[i];
            a->roots[i] = b->roots[i];
            b->roots[i] = swapped;
        }
        merge_roots(op, cell, &a->roots[i], &b->roots[i]);
    }
    b->clock = b->hold = FL_NEVER;
    a->dirty = true;
    const bool told = !fl_cells_edit(op)->failed && fl_cells_tell(op, into);
    a->dirty = true; // its window is about to grow
    return told;
}
