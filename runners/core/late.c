// SPDX-License-Identifier: Apache-2.0
// Late elements (R4, R22–R26): those of windows that have fired make late panes, those of windows
// past their expiry are dropped, once per element and window.
#include "keyed.h"

// Whether no row of the view can have a window that has fired.
static bool all_on_time(const struct fl_keyed *keyed, const struct fl_view *view)
{
    const struct fl_batch *batch = view->batch;
    if (keyed->watermark == FLOW_TIME_MIN_US)
        return true;
    if (batch->window_form == FL_WINDOW_UNIFORM)
        return batch->window.end.us > keyed->watermark;
    if (batch->window_form == FL_WINDOW_ROWS) {
        for (uint32_t i = 0; i < view->count; i++)
            if (batch->windows[fl_view_row(view, i)].end.us <= keyed->watermark)
                return false;
        return true;
    }
    if (keyed->cut.windows.kind > FLOW_WINDOW_SLIDING)
        return false; // asked row by row
    const int64_t earliest = fl_view_reach(view).earliest;
    const int64_t first = fl_cut_first_window(&keyed->cut, fl_cut_end(&keyed->cut, earliest));
    return fl_cut_due(first) > keyed->watermark;
}

// The last window of a row by start, and the one before: false when there is none.
static bool first_window(
    const struct fl_keyed *keyed, const struct fl_batch *batch, uint32_t row, flow_window *window)
{
    const flow_time time = { fl_batch_time(batch, row) };
    if (batch->window_form == FL_WINDOW_IMPLIED)
        return flow_windows_last(&keyed->cut.windows, time, window);
    *window = batch->window_form == FL_WINDOW_ROWS ? batch->windows[row] : batch->window;
    return true;
}

static bool window_before(
    const struct fl_keyed *keyed, const struct fl_batch *batch, uint32_t row, flow_window *window)
{
    const flow_time time = { fl_batch_time(batch, row) };
    return batch->window_form == FL_WINDOW_IMPLIED &&
           flow_windows_before(&keyed->cut.windows, time, window);
}

// Adds one row to the late pane of a window.
static flow_status collect(
    struct fl_op *op, const struct fl_view *one, const flow_shape *shape, int64_t name)
{
    struct fl_worker *worker = op->worker;
    struct fl_keys *keys = worker->keys;
    struct fl_placed *placed = worker->placed;
    if (one->batch->keyed)
        fl_format_keys(one, op->keyed->form, keys);
    else if (!fl_keys_gather(keys, one, shape, &worker->scratch))
        return fl_no_memory(op);
    if (op->plan->kind == FL_OP_GROUP)
        return fl_group_take_late(op, one, shape, keys, name);
    placed->one = fl_slices_get(&worker->cache, &op->keyed->late, name);
    if (!placed->one)
        return fl_no_memory(op);
    const flow_status status = fl_combine_reserve(op, one, shape, keys, placed);
    if (status == FLOW_OK)
        fl_combine_add(op, one, shape, keys, placed);
    placed->one->promised = 0;
    placed->one->promised_bytes = 0;
    return status;
}

// Of an element that only its key and a field were sent of, the key is told.
static flow_status drop_projected(
    struct fl_op *op, const struct fl_view *view, uint32_t row, const struct fl_rejection *why)
{
    struct fl_rejection bare = *why;
    const flow_shape *in = &op->plan->shape;
    const char *at = view->batch->rows + (size_t)row * view->batch->stride;
    flow_buffer text = { 0 };
    if (in->key != FLOW_KIND_NONE && in->key != FLOW_KIND_RECORD) {
        fl_show_key(op, at, &text);
        bare.element.data = text.data;
        bare.element.len = text.failed ? 0 : text.len;
    }
    bare.at = fl_batch_time(view->batch, row);
    bare.sign = view->batch->signs ? view->batch->signs[row] : 1;
    const flow_status status = fl_reject(op, FLOW_OUTPUT_DROPPED, &bare);
    flow_buffer_free(&text);
    return status;
}

flow_status fl_late_drop(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
    uint32_t row, const struct fl_rejection *why)
{
    if (view->batch->keyed && view->batch->content != FL_CONTENT_ROWS)
        return drop_projected(op, view, row, why);
    return fl_drop_row(op, view, shape, row, why);
}

static flow_status drop(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape, uint32_t row)
{
    const struct fl_rejection why = { .reason = FL_LATE,
        .message = "it came after the watermark had passed the expiry of its window" };
    return fl_late_drop(op, view, shape, row, &why);
}

// One row: each of its windows is open, late or expired. *open tells whether any is open.
static flow_status split_row(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape, uint16_t row, bool *open)
{
    struct fl_keyed *keyed = op->keyed;
    const bool stateful = op->plan->kind == FL_OP_STATEFUL;
    const struct fl_view one = { view->batch, &row, 1 };
    flow_window window;
    flow_status status = FLOW_OK;
    *open = false;
    for (bool in = first_window(keyed, view->batch, row, &window); status == FLOW_OK && in;
         in = window_before(keyed, view->batch, row, &window)) {
        if (window.end.us > keyed->watermark)
            *open = true;
        else if (flow_window_expiry(window, keyed->lateness).us < keyed->watermark)
            status = drop(op, view, shape, row);
        else if (stateful)
            *open = true;
        else
            status = collect(op, &one, shape, fl_cut_name(&keyed->cut, &window));
    }
    return status;
}

uint32_t fl_late_open(const struct fl_op *op, const struct fl_batch *batch, uint32_t row)
{
    const struct fl_keyed *keyed = op->keyed;
    const bool stateful = op->plan->kind == FL_OP_STATEFUL;
    uint32_t open = 0;
    flow_window window;
    if (batch->window_form != FL_WINDOW_IMPLIED)
        return 1;
    for (bool in = first_window(keyed, batch, row, &window); in;
         in = window_before(keyed, batch, row, &window))
        open += window.end.us > keyed->watermark ||
                (stateful && flow_window_expiry(window, keyed->lateness).us >= keyed->watermark);
    return open > 0 ? open : 1;
}

flow_status fl_late_split(
    struct fl_op *op, struct fl_view *view, const flow_shape *shape, uint16_t *kept)
{
    if (all_on_time(op->keyed, view))
        return FLOW_OK;
    uint32_t count = 0;
    for (uint32_t i = 0; i < view->count; i++) {
        const uint16_t row = (uint16_t)fl_view_row(view, i);
        bool open;
        const flow_status status = split_row(op, view, shape, row, &open);
        if (status != FLOW_OK)
            return status;
        if (open)
            kept[count++] = row;
    }
    view->selection = kept;
    view->count = count;
    return FLOW_OK;
}

// The number of panes that a key of a fired window has had; made if need be.
static uint64_t *number_of(struct fl_op *op, int64_t name, const struct fl_entry *entry)
{
    struct fl_keyed *keyed = op->keyed;
    struct fl_cache *cache = &op->worker->cache;
    const bool words = keyed->form == FL_KEY_WORD;
    const uint64_t hash = words ? 0 : fl_hash_bytes(entry->bytes);
    struct fl_slice *slice = fl_slices_get(cache, &keyed->numbers, name);
    if (!slice)
        return NULL;
    // what is there needs no room: at the commit all are, and nothing may fail
    uint64_t *number = words ? fl_table_find_word(&slice->table, entry->word)
                             : fl_table_find_bytes(&slice->table, entry->bytes, hash);
    if (number)
        return number;
    if (!fl_table_reserve(cache, &slice->table, 1, entry->bytes.len))
        return NULL;
    return words ? fl_table_add_word(cache, &slice->table, entry->word)
                 : fl_table_add_bytes(cache, &slice->table, entry->bytes, hash);
}

bool fl_late_fired(struct fl_op *op, int64_t name, const struct fl_entry *entry)
{
    uint64_t *number = number_of(op, name, entry);
    if (number)
        *number = 1; // firing the same window again after an abort changes nothing
    return number != NULL;
}

flow_status fl_late_emit(struct fl_op *op)
{
    struct fl_keyed *keyed = op->keyed;
    flow_status status = FLOW_OK;
    for (uint32_t i = 0; i < keyed->late.count && status == FLOW_OK; i++) {
        const struct fl_slice *slice = keyed->late.at[i];
        struct fl_pane_out pane = { .pane = { .timing = FLOW_TIMING_LATE }, .name = slice->end };
        pane.window = fl_cut_window(&keyed->cut, slice->end);
        pane.pane.drained = fl_drained(op, flow_window_last_instant(pane.window).us);
        struct fl_entry entry;
        for (uint64_t at = 0; status == FLOW_OK && fl_table_next(&slice->table, &at, &entry);) {
            const uint64_t *number = number_of(op, slice->end, &entry);
            if (!number)
                return fl_no_memory(op);
            // each key has a number of its own, so a pane's batch is sent for each
            pane.pane.index = (uint32_t)*number;
            pane.pane.on_time_index = (int32_t)*number;
            pane.pane.first = *number == 0;
            if (op->plan->kind == FL_OP_GROUP) {
                status = fl_group_fire_late(op, &pane, &entry);
                continue;
            }
            status = fl_pane_begin(op, &pane);
            if (status == FLOW_OK)
                status = fl_pane_row(op, &pane, &entry, entry.value, slice->table.mem);
        }
    }
    return status == FLOW_OK ? fl_call_flush(op) : status;
}

void fl_late_commit(struct fl_op *op)
{
    struct fl_keyed *keyed = op->keyed;
    struct fl_cache *cache = &op->worker->cache;
    for (uint32_t i = 0; i < keyed->late.count; i++) {
        struct fl_entry entry;
        const struct fl_slice *slice = keyed->late.at[i];
        for (uint64_t at = 0; fl_table_next(&slice->table, &at, &entry);)
            ++*number_of(op, slice->end, &entry);
    }
    fl_slices_drop(cache, &keyed->late, INT64_MAX);
    struct fl_slices *numbers = &keyed->numbers;
    while (numbers->count > 0 && fl_keyed_expiry(keyed, numbers->at[0]->end).us < keyed->watermark)
        fl_slices_drop(cache, numbers, numbers->at[0]->end);
}
