// SPDX-License-Identifier: Apache-2.0
// Windows that fire, bundle by bundle, and panes: rows of key and result that leave a combine then.
#include "output.h"
#include "spill.h"

int64_t fl_window_next(const struct fl_op *op)
{
    const struct fl_keyed *keyed = op->keyed;
    const bool sliding = keyed->cut.windows.kind == FLOW_WINDOW_SLIDING;
    const struct fl_slices *whole = sliding ? &keyed->panes : &keyed->slices;
    int64_t end = sliding ? fl_slide_next(op) : FL_NEVER;
    const uint32_t next = fl_slices_after(whole, keyed->fired_next);
    return next < whole->count && whole->at[next]->end < end ? whole->at[next]->end : end;
}

struct fl_pane_out fl_window_pane(const struct fl_op *op, int64_t name)
{
    const struct fl_keyed *keyed = op->keyed;
    struct fl_pane_out pane = { .pane = { .timing = FLOW_TIMING_ON_TIME, .first = true } };
    pane.name = name;
    pane.window = fl_cut_window(&keyed->cut, name);
    pane.pane.drained = fl_drained(op, flow_window_last_instant(pane.window).us);
    pane.pane.last = fl_keyed_expiry(keyed, name).us < keyed->watermark;
    return pane;
}

int64_t fl_window_due(struct fl_op *op)
{
    const struct fl_keyed *keyed = op->keyed;
    return fl_cut_due(keyed->fire_end != INT64_MIN ? keyed->fire_end : fl_window_next(op));
}

flow_status fl_window_fire(struct fl_op *op, fl_window_fn *fire)
{
    struct fl_keyed *keyed = op->keyed;
    const uint64_t before = op->emitted;
    const bool resumed = keyed->fire_end_next != INT64_MIN;
    do {
        const int64_t end = resumed ? keyed->fire_end_next : fl_window_next(op);
        if (fl_cut_due(end) > keyed->watermark)
            return FLOW_OK;
        keyed->fire_end_next = end;
        bool whole = false;
        const struct fl_pane_out pane = fl_window_pane(op, end);
        const flow_status status = fire(op, &pane, &whole);
        if (status != FLOW_OK || !whole)
            return status;
        keyed->fire_end_next = INT64_MIN;
        keyed->fire_at_next = 0;
        keyed->fire_table_next = 0;
        keyed->fired_next = end;
        // after a window that was begun by another bundle this one ends: what the windows share
        // (slide.c) stays as it is until the place in it is no longer needed, even by an abort; so
        // do the runs of a window
    } while (!resumed && !keyed->runs && op->emitted - before < FL_FIRE_ROWS &&
             !fl_bundle_full(op->worker));
    return FLOW_OK;
}

bool fl_window_commit(struct fl_op *op)
{
    struct fl_keyed *keyed = op->keyed;
    keyed->fire_end = keyed->fire_end_next;
    keyed->fire_at = keyed->fire_at_next;
    keyed->fire_table = keyed->fire_table_next;
    const bool moved = keyed->fired != keyed->fired_next;
    keyed->fired = keyed->fired_next;
    fl_spill_commit(op);
    return moved;
}

void fl_window_abort(struct fl_op *op)
{
    struct fl_keyed *keyed = op->keyed;
    keyed->fire_end_next = keyed->fire_end;
    keyed->fire_at_next = keyed->fire_at;
    keyed->fire_table_next = keyed->fire_table;
    keyed->fired_next = keyed->fired;
    fl_spill_abort(op);
}

static flow_status ready(struct fl_op *op, const struct fl_pane_out *pane)
{
    const flow_status status = fl_out_ready(op, 0);
    if (status != FLOW_OK)
        return status;
    struct fl_batch *batch = op->outs[0].batch;
    batch->time_form = FL_TIME_UNIFORM;
    batch->time_base = flow_window_last_instant(pane->window).us;
    batch->window_form = FL_WINDOW_UNIFORM;
    batch->window = pane->window;
    batch->pane = pane->pane;
    return FLOW_OK;
}

flow_status fl_pane_begin(struct fl_op *op, const struct fl_pane_out *pane)
{
    op->call.in = NULL;
    if (!fl_result_heard(op))
        return FLOW_OK;
    const flow_status status = fl_call_flush(op);
    return status == FLOW_OK ? ready(op, pane) : status;
}

static flow_status room_for_rows(struct fl_op *op, const struct fl_pane_out *pane)
{
    const struct fl_output *out = &op->outs[0];
    if (out->batch && (uint32_t)(op->out_heads[0].origin - out->origin) < out->batch->capacity)
        return FLOW_OK;
    const flow_status status = fl_call_flush(op);
    return status == FLOW_OK ? ready(op, pane) : status;
}

static bool numbers_panes(const struct fl_op *op, const struct fl_pane_out *pane)
{
    return op->keyed->lateness.us > 0 && !pane->pane.last && pane->pane.timing != FLOW_TIMING_LATE;
}

bool fl_pane_plain(
    const struct fl_op *op, const struct fl_pane_out *pane, const struct fl_table *table)
{
    if (!fl_result_heard(op) || numbers_panes(op, pane) || op->plan->node->combine->extract ||
        table->form != FL_KEY_WORD || table->rows || table->mem)
        return false;
    switch (op->plan->out->shape.key) {
    case FLOW_KIND_I64:
    case FLOW_KIND_U64:
    case FLOW_KIND_TIME:
    case FLOW_KIND_DURATION:
        return true;
    default:
        return false;
    }
}

// Every slot is written to the next row, which only full ones use up: which are full nobody could
// foresee, so it is not branched on.
static uint32_t copy_slots(
    const struct fl_op *op, const struct fl_table *table, uint64_t *at, char *to, uint32_t room)
{
    const flow_shape *shape = &op->plan->out->shape;
    const size_t stride = shape->stride, key_at = shape->key_offset, value_at = shape->value_offset;
    const size_t size = op->keyed->acc_size, slot_size = table->slot_size;
    const uint64_t slots = table->mask + 1;
    const char *slot = table->slots + *at * slot_size;
    uint64_t i = *at;
    uint32_t made = 0;
    for (; i < slots && made < room; i++) {
        const size_t full = fl_word_at(slot) != 0;
        memcpy(to + key_at, slot, sizeof(uint64_t));
        if (size == sizeof(uint64_t))
            memcpy(to + value_at, slot + sizeof(uint64_t), sizeof(uint64_t));
        else
            memcpy(to + value_at, slot + sizeof(uint64_t), size);
        to += stride & -full;
        made += (uint32_t)full;
        slot += slot_size;
    }
    *at = i;
    return made;
}

flow_status fl_pane_slots(struct fl_op *op, const struct fl_pane_out *pane,
    const struct fl_table *table, uint64_t *at, uint32_t *left)
{
    flow_out *head = &op->out_heads[0];
    while (*at <= table->mask && *left > 0) {
        const flow_status status = room_for_rows(op, pane);
        if (status != FLOW_OK)
            return status;
        const struct fl_output *out = &op->outs[0];
        uint32_t room = out->batch->capacity - (uint32_t)(head->origin - out->origin);
        room = room < *left ? room : *left;
        if (head->stride > sizeof(uint64_t) + op->keyed->acc_size)
            memset(head->next, 0, (size_t)room * head->stride);
        const uint32_t made = copy_slots(op, table, at, head->next, room);
        head->next += (size_t)made * head->stride;
        head->origin += made;
        *left -= made;
    }
    return FLOW_OK;
}

flow_status fl_pane_row(struct fl_op *op, const struct fl_pane_out *pane,
    const struct fl_entry *entry, const void *acc, struct fl_mem *mem)
{
    const flow_combine_fn *combine = op->plan->node->combine;
    struct fl_cache *cache = &op->worker->cache;
    if (numbers_panes(op, pane) && !fl_late_fired(op, pane->name, entry))
        return fl_no_memory(op);
    if (!fl_result_heard(op))
        return FLOW_OK;
    flow_out *head = &op->out_heads[0];
    struct fl_output *out = &op->outs[0];
    const flow_status room = room_for_rows(op, pane);
    if (room != FLOW_OK)
        return room;
    const flow_shape *shape = &op->plan->out->shape;
    if (mem) {
        struct fl_mem *own = fl_batch_need_mem(cache, out->batch);
        if (!own || !fl_mem_hold(cache, own, mem))
            return fl_no_memory(op);
    }
    memset(head->next, 0, head->stride);
    if (!fl_key_write(shape, entry->word, entry->bytes, head->next + shape->key_offset))
        return fl_op_fail(
            op, FLOW_INTERNAL, "a key of '%s' does not decode", shape->key_record->name);
    if (!combine->extract) {
        memcpy(head->next + shape->value_offset, acc, combine->acc->size);
    } else {
        const flow_status status =
            combine->extract(acc, head->next + shape->value_offset, op->plan->node->config);
        const struct fl_no_result none = { .key = head->next + shape->key_offset,
            .acc = acc,
            .window = pane->window,
            .at = flow_window_last_instant(pane->window).us };
        if (status != FLOW_OK)
            return fl_no_result(op, status, &none);
    }
    head->next += head->stride;
    head->origin++;
    return FLOW_OK;
}
