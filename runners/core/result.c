// SPDX-License-Identifier: Apache-2.0
// Panes of live windows as rows that go out: numbered, stamped, and taken back (R46–R50, R54).
#include "extents.h"
#include "live.h"
#include "output.h"
#include "spill.h"

// A result that goes out, or out again with the other sign.
struct result {
    struct fl_live *live;
    struct fl_past what;
    const void *acc; // combines
    int8_t sign;
};

static flow_pane next_pane(const struct fl_op *op, const struct fl_live *live, bool last)
{
    const struct fl_keyed *keyed = op->keyed;
    const int64_t end = flow_window_last_instant(live->window).us;
    flow_pane pane = { .first = live->index == 0, .last = last, .index = live->index };
    if (end < keyed->lives->shown || live->timed)
        pane.timing = FLOW_TIMING_LATE;
    else
        pane.timing = keyed->watermark <= end ? FLOW_TIMING_EARLY : FLOW_TIMING_ON_TIME;
    pane.on_time_index = pane.timing == FLOW_TIMING_EARLY ? -1 : live->on_time_index + 1;
    // what a trigger gives before the end hangs on no watermark; the last of the late ones, where
    // it waited for the window's expiry, hangs on that
    const bool closing = last && pane.timing == FLOW_TIMING_LATE;
    pane.drained =
        pane.timing != FLOW_TIMING_EARLY &&
        fl_drained(op, closing ? flow_window_expiry(live->window, keyed->lateness).us : end);
    return pane;
}

// --- combines

// Room for a row that has a time, a window and a pane of its own.
static flow_status ready(struct fl_op *op)
{
    struct fl_cache *cache = &op->worker->cache;
    struct fl_output *out = &op->outs[0];
    const flow_out *head = &op->out_heads[0];
    flow_status status = FLOW_OK;
    op->call.in = NULL;
    if (out->batch && (uint32_t)(head->origin - out->origin) == out->batch->capacity)
        status = fl_call_flush(op);
    if (status == FLOW_OK)
        status = fl_out_ready(op, 0);
    if (status != FLOW_OK || out->batch->window_form == FL_WINDOW_ROWS)
        return status;
    struct fl_batch *batch = out->batch;
    int64_t *times = fl_batch_need_times(cache, batch);
    if (!times || !fl_batch_need_windows(cache, batch) || !fl_batch_need_panes(cache, batch))
        return fl_no_memory(op);
    batch->window_form = FL_WINDOW_ROWS;
    batch->time_form = FL_TIME_STRIDED;
    batch->times = (const char *)times;
    batch->times_stride = sizeof *times;
    return FLOW_OK;
}

// *made: else it was rejected.
static flow_status write_value(
    struct fl_op *op, const struct result *result, const char *key, char *to, bool *made)
{
    *made = true;
    const flow_combine_fn *combine = op->plan->node->combine;
    if (!combine->extract) {
        memcpy(to, result->acc, combine->acc->size);
    } else {
        const flow_status status = combine->extract(result->acc, to, op->plan->node->config);
        const struct fl_no_result none = { .key = key,
            .acc = result->acc,
            .window = result->what.window,
            .at = result->what.time,
            .sign = result->sign };
        *made = status == FLOW_OK;
        if (status != FLOW_OK)
            return fl_no_result(op, status, &none);
    }
    // what it points to goes with the window
    struct fl_batch *batch = op->outs[0].batch;
    if (!flow_type_has_pointers(op->plan->out->shape.type))
        return FLOW_OK;
    struct fl_mem *mem = fl_batch_need_mem(&op->worker->cache, batch);
    void *pair[2] = { &op->worker->cache, mem };
    const flow_memory memory = { fl_take_from, pair };
    if (!mem || flow_row_adopt(op->plan->out->shape.type, to, &memory, NULL, NULL) != FLOW_OK)
        return fl_no_memory(op);
    return FLOW_OK;
}

static flow_status put_row(struct fl_op *op, const struct result *result)
{
    if (!fl_result_heard(op))
        return FLOW_OK;
    flow_status status = ready(op);
    if (status != FLOW_OK)
        return status;
    struct fl_cache *cache = &op->worker->cache;
    struct fl_table *table = &op->keyed->lives->table;
    const bool words = table->form == FL_KEY_WORD;
    flow_out *head = &op->out_heads[0];
    struct fl_batch *batch = op->outs[0].batch;
    const uint32_t row = (uint32_t)(head->origin - op->outs[0].origin);
    const flow_shape *shape = &op->plan->out->shape;
    if (table->mem) {
        struct fl_mem *mem = fl_batch_need_mem(cache, batch);
        if (!mem || !fl_mem_hold(cache, mem, table->mem))
            return fl_no_memory(op);
    }
    memset(head->next, 0, head->stride);
    const flow_str none = { NULL, 0 };
    if (!fl_key_write(shape, words ? result->live->key.word : 0,
            words ? none : result->live->key.bytes, head->next + shape->key_offset))
        return fl_op_fail(
            op, FLOW_INTERNAL, "a key of '%s' does not decode", shape->key_record->name);
    bool made;
    status = write_value(
        op, result, head->next + shape->key_offset, head->next + shape->value_offset, &made);
    if (status != FLOW_OK || !made)
        return status;
    if (result->sign < 0 && !fl_batch_need_signs(cache, batch))
        return fl_no_memory(op);
    if (batch->signs)
        batch->signs[row] = result->sign;
    batch->times_own[row] = result->what.time;
    batch->windows[row] = result->what.window;
    batch->panes[row] = result->what.pane;
    head->next += head->stride;
    head->origin++;
    return FLOW_OK;
}

// --- groups

static flow_status call_group(struct fl_op *op, const struct result *result)
{
    struct fl_cache *cache = &op->worker->cache;
    struct fl_lives *lives = op->keyed->lives;
    struct fl_batch *batch = fl_group_batch(op);
    if (!batch || (result->sign < 0 && !fl_batch_need_signs(cache, batch))) {
        fl_batch_unref(cache, batch);
        return fl_no_memory(op);
    }
    batch->time_base = result->what.time;
    batch->window_form = FL_WINDOW_UNIFORM;
    batch->window = result->what.window;
    batch->pane = result->what.pane;
    if (batch->signs)
        batch->signs[0] = result->sign;
    struct fl_entry key = { 0 };
    if (lives->table.form == FL_KEY_WORD)
        key.word = result->live->key.word;
    else
        key.bytes = result->live->key.bytes;
    struct fl_extents walk;
    struct fl_rows rows = { .head = { fl_ctx_ops() },
        .count = result->what.count,
        .left = result->what.count,
        .stride = lives->row_stride,
        .chunk = result->what.first,
        .row = result->what.row };
    if (fl_live_bulk(lives, result->live)->extents > 0) {
        fl_extents_begin(&walk, op, rows.chunk, rows.row);
        rows.op = op;
        rows.extents = &walk;
        rows.chunk = NULL;
    }
    const flow_status status = fl_group_call(op, batch, &key, &rows);
    if (rows.extents) {
        fl_spilled_rows_end(&rows);
        fl_extents_end(&walk);
    }
    fl_batch_unref(cache, batch);
    return status;
}

static flow_status send(struct fl_op *op, const struct result *result)
{
    return op->plan->node->combine ? put_row(op, result) : call_group(op, result);
}

// --- panes

// Takes back what was given before.
static flow_status take_back(struct fl_op *op, struct fl_live *live)
{
    const struct fl_bulk *bulk = fl_live_bulk(op->keyed->lives, live);
    flow_status status = FLOW_OK;
    for (const struct fl_past *past = bulk->past; past && status == FLOW_OK; past = past->next) {
        const struct result result = { live, *past, past + 1, -1 };
        status = send(op, &result);
    }
    if (status == FLOW_OK && !fl_content_forget(op, live))
        status = fl_no_memory(op);
    return status;
}

// Whether all that came was taken back again: then there is nothing to say.
static bool nothing_left(const struct fl_lives *lives, struct fl_live *live)
{
    return lives->signs && lives->how->accumulation >= FLOW_ACCUMULATING &&
           fl_live_bulk(lives, live)->net <= 0;
}

static flow_status give(struct fl_op *op, struct fl_live *live, flow_pane pane, int64_t time)
{
    struct fl_lives *lives = op->keyed->lives;
    const bool retracting = lives->how->accumulation == FLOW_RETRACTING;
    const bool group = op->plan->node->combine == NULL;
    flow_status status = retracting ? take_back(op, live) : FLOW_OK;
    if (status == FLOW_OK)
        status = fl_content_net(op, live);
    if (status != FLOW_OK || nothing_left(lives, live))
        return status;
    struct result result = { live, { .window = live->window, .time = time, .pane = pane }, NULL,
        1 };
    if (group) {
        const struct fl_bulk *bulk = fl_live_bulk(lives, live);
        result.what.first = bulk->first;
        result.what.count = bulk->rows - bulk->minus;
    } else {
        result.acc = fl_content_acc(op, live);
        if (!result.acc)
            return fl_no_memory(op);
    }
    status = send(op, &result);
    if (status == FLOW_OK && retracting && !pane.last &&
        !fl_content_note(op, live, &result.what, result.acc))
        status = fl_no_memory(op);
    live->index++;
    live->on_time_index = pane.on_time_index;
    live->timed = pane.timing != FLOW_TIMING_EARLY;
    return status;
}

flow_status fl_result_emit(struct fl_op *op, struct fl_live *live, bool last)
{
    const flow_triggering *how = op->keyed->lives->how;
    const flow_pane pane = next_pane(op, live, last);
    const int64_t end = flow_window_last_instant(live->window).us;
    const int64_t time = live->hold < end ? live->hold : end;
    const bool wanted = live->fresh ||
                        (pane.timing == FLOW_TIMING_ON_TIME && how->on_time != FLOW_EMPTY_NEVER) ||
                        (last && how->closing == FLOW_EMPTY_ALWAYS);
    live->hold = FL_NEVER;
    if (!wanted)
        return FLOW_OK;
    live->fresh = false;
    return give(op, live, pane, time);
}

// Results of windows that merged, in steps that take results back.
static struct fl_past *merged_past(const struct fl_op *op, struct fl_live *live)
{
    const struct fl_lives *lives = op->keyed->lives;
    const bool any = lives->merging && lives->how->accumulation == FLOW_RETRACTING;
    return any ? fl_live_bulk(lives, live)->past : NULL;
}

static bool is_own(const struct fl_live *live, const struct fl_past *past)
{
    return past->window.start.us == live->window.start.us &&
           past->window.end.us == live->window.end.us;
}

int64_t fl_result_expiry(const struct fl_op *op, struct fl_live *live)
{
    int64_t first = FL_NEVER;
    for (const struct fl_past *past = merged_past(op, live); past; past = past->next) {
        const int64_t expiry = flow_window_expiry(past->window, op->keyed->lateness).us;
        if (!is_own(live, past) && expiry < first)
            first = expiry;
    }
    return first;
}

flow_status fl_result_expire(struct fl_op *op, struct fl_live *live)
{
    struct fl_lives *lives = op->keyed->lives;
    if (!merged_past(op, live))
        return FLOW_OK;
    struct fl_bulk *bulk = fl_live_bulk(lives, live);
    struct fl_past **at = &bulk->past, *past;
    while ((past = *at)) {
        const int64_t expiry = flow_window_expiry(past->window, op->keyed->lateness).us;
        if (is_own(live, past) || expiry >= op->keyed->watermark) {
            at = &past->next;
            continue;
        }
        const struct result result = { live, *past, past + 1, -1 };
        const flow_status status = send(op, &result);
        if (status != FLOW_OK)
            return status;
        if ((at != &bulk->past && !fl_live_keep_pointer(op, at)) ||
            !fl_nook_give(&lives->bytes, past, sizeof *past + op->keyed->acc_size))
            return fl_no_memory(op);
        *at = past->next;
    }
    return FLOW_OK;
}
