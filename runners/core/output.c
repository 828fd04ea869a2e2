// SPDX-License-Identifier: Apache-2.0
// Outputs of a step: filled by inline emits, closed with time and window, sent to who takes them.
#include "output.h"
#include "checks.h"
#include "stamp.h"

static bool has_input(const struct fl_op *op)
{
    return op->call.in != NULL;
}

static uint32_t filled(const struct fl_op *op, uint32_t position)
{
    const struct fl_output *out = &op->outs[position];
    return out->batch ? (uint32_t)(op->out_heads[position].origin - out->origin) : 0;
}

// Gives the head of an output to the rows behind `count`.
static void set_head(struct fl_op *op, uint32_t position, uint32_t count)
{
    struct fl_output *out = &op->outs[position];
    flow_out *head = &op->out_heads[position];
    head->next = out->batch->rows + (size_t)count * out->batch->stride;
    head->origin = out->origin + count;
    head->room = out->pointers ? 0 : out->batch->capacity - count;
}

void fl_out_open(struct fl_op *op, uint32_t position)
{
    set_head(op, position, filled(op, position));
}

// Makes sure that an output has a batch.
flow_status fl_out_ready(struct fl_op *op, uint32_t position)
{
    struct fl_output *out = &op->outs[position];
    if (out->batch)
        return FLOW_OK;
    out->batch = fl_batch_new(&op->worker->cache, out->type, op->out_heads[position].stride);
    if (!out->batch)
        return fl_no_memory(op);
    set_head(op, position, 0);
    return FLOW_OK;
}

// The batch of an output with everything its rows need, taken out of the output; NULL when empty.
static flow_status close_batch(struct fl_op *op, uint32_t position, struct fl_batch **closed)
{
    struct fl_output *out = &op->outs[position];
    struct fl_batch *batch = out->batch;
    *closed = NULL;
    const uint32_t count = filled(op, position);
    if (count == 0)
        return FLOW_OK;
    batch->count = count;
    out->batch = NULL;
    op->out_heads[position].room = 0;
    fl_safe_forget(&op->call);
    const bool timed = out->index < FLOW_OUTPUT_DEAD_LETTERS && !op->plan->bare[out->index];
    if (timed && has_input(op) &&
        !fl_batch_inherit(&op->worker->cache, batch, op->call.in->batch, out->origin, 0)) {
        fl_batch_unref(&op->worker->cache, batch);
        return fl_no_memory(op);
    }
    if (batch->signs && op->plan->node->fn && op->plan->node->fn->takes_signs) {
        fl_give(&op->worker->cache, batch->signs, FLOW_BATCH_ROWS);
        batch->signs = NULL;
    }
    if (timed && out->stamps && !fl_stamp_batch(op, position, batch)) {
        fl_batch_unref(&op->worker->cache, batch);
        return fl_no_memory(op);
    }
    *closed = batch;
    return FLOW_OK;
}

// Keeps the batch for the next rows when nobody else holds it.
static void recycle(struct fl_op *op, uint32_t position, struct fl_batch *batch)
{
    struct fl_output *out = &op->outs[position];
    struct fl_cache *cache = &op->worker->cache;
    if (!out->batch && batch->rows_size &&
        atomic_load_explicit(&batch->refs, memory_order_acquire) == 1) {
        fl_batch_clear(cache, batch);
        batch->fresh = true;
        out->batch = batch;
        set_head(op, position, 0);
        return;
    }
    fl_batch_unref(cache, batch);
}

static flow_status send_batch(struct fl_op *op, uint32_t position, struct fl_batch *batch)
{
    struct fl_output *out = &op->outs[position];
    struct fl_view view = { batch, NULL, batch->count };
    flow_status status = FLOW_OK;
    if (op->plan->kind == FL_OP_SOURCE && out->index == 0)
        status = fl_reader_stamp(op, &view);
    if (has_input(op) && out->index < FLOW_OUTPUT_DEAD_LETTERS) {
        batch->source = op->call.in->batch;
        if (!batch->sources)
            batch->sources = out->origin;
    }
    if (status == FLOW_OK && view.count > 0)
        status = fl_send(op, out->index, &view);
    batch->source = NULL;
    batch->sources = NULL;
    recycle(op, position, batch);
    return status;
}

// The rows that a held batch was made of, kept with it: those of the output are written over.
static bool keep_sources(struct fl_op *op, const struct fl_output *out, struct fl_batch *held)
{
    struct fl_cache *cache = &op->worker->cache;
    struct fl_mem *mem = fl_batch_need_mem(cache, held);
    uint16_t *sources = mem ? fl_mem_alloc(cache, mem, held->count * sizeof *sources) : NULL;
    if (!sources)
        return false;
    memcpy(sources, out->origin, held->count * sizeof *sources);
    held->sources = sources;
    return true;
}

// A batch is full in the middle of a call whose rows may be taken back: those of the row in work
// move on to the next batch, the others wait.
static flow_status hold_batch(struct fl_op *op, uint32_t position)
{
    struct fl_output *out = &op->outs[position];
    struct fl_batch *full = out->batch;
    uint32_t count = filled(op, position), moved = 0;
    const uint16_t row = (uint16_t)op->call.engine.ctx.row;
    while (moved < count && out->origin[count - 1 - moved] == row)
        moved++;
    const bool all = moved == count;
    if (all)
        moved = 0;
    op->out_heads[position].origin -= moved;
    struct fl_batch *closed;
    flow_status status = close_batch(op, position, &closed);
    if (status != FLOW_OK)
        return status;
    status = keep_sources(op, out, closed) ? fl_out_ready(op, position) : fl_no_memory(op);
    if (status != FLOW_OK) {
        fl_batch_unref(&op->worker->cache, closed);
        return status;
    }
    memcpy(out->batch->rows, full->rows + (size_t)closed->count * full->stride,
        (size_t)moved * full->stride);
    for (uint32_t i = 0; i < moved; i++)
        out->origin[i] = row;
    fl_stamp_move(op, position, closed->count, moved);
    set_head(op, position, moved);
    if (moved && full->mem) {
        struct fl_mem *mem = fl_batch_need_mem(&op->worker->cache, out->batch);
        if (!mem || !fl_mem_hold(&op->worker->cache, mem, full->mem)) {
            fl_batch_unref(&op->worker->cache, closed);
            return fl_no_memory(op);
        }
    }
    closed->origin = all ? (uint64_t)row + 1 : FL_ORIGIN_LOST;
    closed->next = out->pending;
    out->pending = closed;
    return FLOW_OK;
}

// Makes room in a full output.
static flow_status make_room(struct fl_op *op, uint32_t position)
{
    if (op->call.hold)
        return hold_batch(op, position);
    struct fl_batch *batch;
    flow_status status = close_batch(op, position, &batch);
    if (status == FLOW_OK && batch)
        status = send_batch(op, position, batch);
    return status == FLOW_OK ? fl_out_ready(op, position) : status;
}

// Sends the batches that wait, oldest first; after `status` drops them.
static flow_status send_pending(struct fl_op *op, uint32_t position, flow_status status)
{
    struct fl_output *out = &op->outs[position];
    struct fl_batch *oldest = NULL;
    while (out->pending) {
        struct fl_batch *batch = out->pending;
        out->pending = batch->next;
        batch->next = oldest;
        oldest = batch;
    }
    while (oldest) {
        struct fl_batch *batch = oldest;
        oldest = batch->next;
        batch->next = NULL;
        batch->origin = FL_ORIGIN_LOST;
        if (status == FLOW_OK)
            status = send_batch(op, position, batch);
        else
            fl_batch_unref(&op->worker->cache, batch);
    }
    return status;
}

static flow_status flush_one(struct fl_op *op, uint32_t position)
{
    struct fl_batch *last;
    flow_status status = close_batch(op, position, &last);
    status = send_pending(op, position, status);
    if (last && status == FLOW_OK)
        return send_batch(op, position, last);
    fl_batch_unref(&op->worker->cache, last);
    return status;
}

flow_status fl_call_flush(struct fl_op *op)
{
    for (uint32_t position = 0; position < op->out_count; position++) {
        flow_status status = flush_one(op, position);
        if (status != FLOW_OK)
            return status;
    }
    return FLOW_OK;
}

void fl_call_drop(struct fl_op *op)
{
    struct fl_cache *cache = &op->worker->cache;
    for (uint32_t position = 0; position < op->out_count; position++) {
        struct fl_output *out = &op->outs[position];
        fl_batch_unref(cache, out->batch);
        out->batch = NULL;
        op->out_heads[position].room = 0;
        fl_stamp_forget(op, position, 0);
        while (out->pending) {
            struct fl_batch *batch = out->pending;
            out->pending = batch->next;
            fl_batch_unref(cache, batch);
        }
    }
    fl_call_forget(op);
    op->call.hold = false;
    op->call.in = NULL;
}

static void drop_pending(struct fl_op *op, struct fl_output *out)
{
    struct fl_batch *batch = out->pending;
    out->pending = batch->next;
    fl_batch_unref(&op->worker->cache, batch);
}

// Takes back what the row in work has emitted.
void fl_out_take_back(struct fl_op *op)
{
    const uint16_t row = (uint16_t)op->call.engine.ctx.row;
    for (uint32_t position = 0; position + 2 < op->out_count; position++) {
        struct fl_output *out = &op->outs[position];
        uint32_t count = filled(op, position);
        while (count > 0 && out->origin[count - 1] == row)
            count--;
        if (out->batch)
            set_head(op, position, count);
        fl_stamp_forget(op, position, count);
        while (count == 0 && out->pending && out->pending->origin == (uint64_t)row + 1)
            drop_pending(op, out);
    }
}

flow_status fl_out_send_pending(struct fl_op *op)
{
    flow_status status = FLOW_OK;
    for (uint32_t position = 0; position < op->out_count && status == FLOW_OK; position++) {
        if (!op->outs[position].pending)
            continue;
        op->call.sent = op->call.engine.ctx.row + 1;
        status = send_pending(op, position, FLOW_OK);
    }
    return status;
}

void fl_out_mark(const struct fl_op *op, struct fl_out_mark marks[FLOW_OUTPUTS])
{
    for (uint32_t position = 0; position + 2 < op->out_count; position++) {
        marks[position].pending = op->outs[position].pending;
        marks[position].count = filled(op, position);
    }
}

// What was put aside since then is dropped, but for the rows that the first such batch had then.
void fl_out_back_to(struct fl_op *op, const struct fl_out_mark marks[FLOW_OUTPUTS])
{
    for (uint32_t position = 0; position + 2 < op->out_count; position++) {
        const struct fl_out_mark *mark = &marks[position];
        struct fl_output *out = &op->outs[position];
        const bool aside = out->pending != mark->pending;
        while (out->pending != mark->pending && out->pending->next != mark->pending)
            drop_pending(op, out);
        if (aside && mark->count == 0)
            drop_pending(op, out);
        else if (aside)
            out->pending->count = mark->count;
        if (out->batch)
            set_head(op, position, aside ? 0 : mark->count);
        fl_stamp_forget(op, position, aside ? 0 : mark->count);
    }
}

static uint32_t position_of(const struct fl_op *op, uint32_t output)
{
    for (uint32_t position = 0; position < op->out_count; position++)
        if (op->outs[position].index == output)
            return position;
    return UINT32_MAX;
}

// Rows may be few and what they point to much.
static bool is_full(const struct fl_op *op, uint32_t position)
{
    const struct fl_batch *batch = op->outs[position].batch;
    const uint32_t count = filled(op, position);
    return count == batch->capacity ||
           (count > 0 && fl_mem_size(batch->mem) > op->worker->engine->bundle_limit / 2);
}

// Room for one more row of an output.
static flow_status room_for_one(struct fl_op *op, uint32_t position)
{
    if (!op->outs[position].batch)
        return fl_out_ready(op, position);
    return is_full(op, position) ? make_room(op, position) : FLOW_OK;
}

flow_status fl_out_put(struct fl_op *op, uint32_t position, const flow_type *type, const void *row)
{
    struct fl_output *out = &op->outs[position];
    flow_out *head = &op->out_heads[position];
    if (head->type != type) {
        if (!flow_type_equal(out->type, type))
            return fl_op_fail(
                op, FLOW_TYPE, "emitted '%s' on an output of '%s'", type->name, out->type->name);
        head->type = type;
    }
    flow_status status = room_for_one(op, position);
    if (status != FLOW_OK)
        return status;
    memcpy(head->next, row, type->size);
    if (out->pointers && (status = fl_out_adopt(op, position, head->next)) != FLOW_OK)
        return status;
    head->next += head->stride;
    *head->origin++ = (uint16_t)op->call.engine.ctx.row;
    if (head->room)
        head->room--;
    return FLOW_OK;
}

void *fl_out_reserve(struct fl_op *op, uint32_t position, uint32_t *count)
{
    if (room_for_one(op, position) != FLOW_OK)
        return NULL;
    const uint32_t room = op->outs[position].batch->capacity - filled(op, position);
    if (*count > room || *count == 0)
        *count = room;
    op->call.reserved = *count;
    return op->out_heads[position].next;
}

void fl_out_add(struct fl_op *op, uint32_t position, uint32_t count)
{
    flow_out *head = &op->out_heads[position];
    for (uint32_t i = 0; i < count; i++)
        head->origin[i] = (uint16_t)op->call.engine.ctx.row;
    head->origin += count;
    head->next += (size_t)count * head->stride;
    head->room -= head->room ? count : 0;
}

static flow_status send_lent(struct fl_op *op, struct fl_batch *batch)
{
    struct fl_view view = { batch, NULL, batch->count };
    flow_status status = fl_reader_stamp(op, &view);
    if (status == FLOW_OK && view.count > 0)
        status = fl_send(op, 0, &view);
    fl_batch_unref(&op->worker->cache, batch);
    return status;
}

// The time of a batch's last row is looked at before all others: of the next batch it is asked for
// now, so that nobody waits for it then.
static void ask_for_last(const struct fl_op *op, const char *rows, uint32_t count)
{
    const flow_field_ref *time = &op->plan->node->read->event_time;
    if (count > 0 && time->type)
        __builtin_prefetch(rows + (size_t)(count - 1) * time->type->size + time->offset);
}

// What the call keeps for its rows lives as long as the batches that lend them.
static bool keep_for(struct fl_op *op, struct fl_batch *batch)
{
    struct fl_cache *cache = &op->worker->cache;
    if (!op->call.scratch || !batch)
        return batch != NULL;
    struct fl_mem *mem = fl_batch_need_mem(cache, batch);
    if (mem && fl_mem_hold(cache, mem, op->call.scratch))
        return true;
    fl_batch_unref(cache, batch);
    return false;
}

flow_status fl_out_lend(struct fl_op *op, const flow_type *type, const void *rows, uint32_t count)
{
    const uint32_t most = fl_batch_capacity(type->size);
    const char *at = rows;
    flow_status status = fl_call_flush(op);
    while (count > 0 && status == FLOW_OK) {
        const uint32_t now = count < most ? count : most;
        struct fl_batch *batch = fl_batch_lend(&op->worker->cache, type, at, now);
        ask_for_last(op, at + (size_t)now * type->size, count - now < most ? count - now : most);
        status = keep_for(op, batch) ? send_lent(op, batch) : fl_no_memory(op);
        at += (size_t)now * type->size;
        count -= now;
    }
    return status;
}

flow_status fl_out_lend_columns(
    struct fl_op *op, const flow_type *type, const void *const *columns, uint32_t count)
{
    const uint32_t most = fl_batch_capacity(type->size);
    flow_status status = fl_call_flush(op);
    for (uint32_t from = 0; from < count && status == FLOW_OK; from += most) {
        const uint32_t now = count - from < most ? count - from : most;
        struct fl_batch *batch =
            fl_batch_lend_columns(&op->worker->cache, type, columns, from, now);
        status = keep_for(op, batch) ? send_lent(op, batch) : fl_no_memory(op);
    }
    return status;
}

// Copies a text to where it lasts. False without memory.
static bool lasting(struct fl_cache *cache, struct fl_mem *mem, flow_str *text)
{
    if (text->len == 0)
        return true;
    char *copy = fl_mem_alloc(cache, mem, text->len);
    if (!copy)
        return false;
    memcpy(copy, text->data, text->len);
    text->data = copy;
    return true;
}

const char *fl_reason_name(enum fl_reason reason)
{
    static const char *const names[FL_REASONS] = { "late", "closed-window", "no-window", "future",
        "expired-state", "expired-timer", "skipped", "failed", "unparsable", "poison",
        "over-budget" };
    return names[reason];
}

// The user's element in a record that a composite made around it.
static const void *innermost(const flow_type **type, const void *row)
{
    for (uint32_t i = 0; i < (*type)->field_count; i++) {
        const flow_field *field = &(*type)->fields[i];
        const bool *there = field->presence ? (const bool *)row + field->presence - 1 : NULL;
        if (!field->element || (there && !*there))
            continue;
        *type = field->record;
        row = (const char *)row + field->offset;
        i = UINT32_MAX; // and again
    }
    return row;
}

// What a rejected element is reported as, in `mem`. False without memory.
static bool make_rejected(struct fl_op *op, struct fl_mem *mem,
    const struct fl_rejection *rejection, struct flow_rejected *made)
{
    struct fl_cache *cache = &op->worker->cache;
    flow_buffer json = { .allocator = op->worker->engine->graph->allocator };
    made->step = flow_str_of(op->plan->node->path);
    made->reason = flow_str_of(fl_reason_name(rejection->reason));
    made->message = flow_str_of(rejection->message);
    made->at.us = rejection->at;
    made->sign = rejection->sign < 0 ? -1 : 1;
    made->element = rejection->element;
    if (rejection->row) {
        const flow_type *type = rejection->type;
        const void *row = innermost(&type, rejection->row);
        flow_json_write_masked(type, row, &json);
        made->element.data = json.data;
        made->element.len = json.len;
    }
    const bool done = !json.failed && lasting(cache, mem, &made->step) &&
                      lasting(cache, mem, &made->reason) && lasting(cache, mem, &made->message) &&
                      lasting(cache, mem, &made->element);
    flow_buffer_free(&json);
    return done;
}

static flow_status put_rejected(
    struct fl_op *op, uint32_t position, const struct fl_rejection *rejection)
{
    struct fl_cache *cache = &op->worker->cache;
    flow_status status = room_for_one(op, position);
    if (status != FLOW_OK)
        return status;
    struct fl_batch *batch = op->outs[position].batch;
    flow_out *head = &op->out_heads[position];
    struct fl_mem *mem = fl_batch_need_mem(cache, batch);
    int64_t *times = fl_batch_need_times(cache, batch);
    struct flow_rejected row;
    memset(&row, 0, sizeof row);
    if (!mem || !times || !make_rejected(op, mem, rejection, &row))
        return fl_no_memory(op);
    memcpy(head->next, &row, sizeof row);
    times[filled(op, position)] = rejection->at;
    batch->time_form = FL_TIME_STRIDED;
    batch->times = (const char *)times;
    batch->times_stride = sizeof *times;
    head->next += head->stride;
    head->origin++;
    return FLOW_OK;
}

flow_status fl_reject(struct fl_op *op, uint32_t output, const struct fl_rejection *rejection)
{
    const uint32_t windows = rejection->windows > 0 ? rejection->windows : 1;
    struct fl_counts *counts = &op->counts;
    _Atomic uint64_t *counter = &counts->other;
    if (output == FLOW_OUTPUT_DEAD_LETTERS)
        counter = &counts->rejected;
    else if (rejection->reason == FL_LATE)
        counter = &counts->late;
    else if (rejection->reason == FL_CLOSED_WINDOW)
        counter = &counts->closed;
    fl_count(counter, windows);
    fl_count(&counts->bad, counter == &counts->rejected || counter == &counts->other);
    fl_count(&counts->reasons[rejection->reason], windows);
    if (op->plan->node->most_rejected > 0 && fl_poison_share(op->worker->engine, op->index,
                                                 FL_SHARE_LEAST, &op->worker->error) != FLOW_OK)
        return op->worker->error.status;
    if (op->plan->outs[output].count == 0)
        return FLOW_OK;
    const uint32_t position = position_of(op, output);
    flow_status status = FLOW_OK;
    for (uint32_t i = 0; i < windows && status == FLOW_OK; i++)
        status = put_rejected(op, position, rejection);
    return status;
}

flow_status fl_send(struct fl_op *op, uint32_t output, const struct fl_view *view)
{
    const struct fl_targets *targets = &op->plan->outs[output];
    if (output < FLOW_OUTPUT_DEAD_LETTERS)
        fl_count(&op->counts.out, view->count);
    op->emitted += view->count;
    flow_status status = FLOW_OK;
    for (uint32_t t = 0; t < targets->count && status == FLOW_OK; t++) {
        struct fl_op *next = &op->worker->ops[targets->list[t].op];
        const bool shared = t + 1 < targets->count;
        if (shared)
            fl_batch_ref(view->batch);
        fl_count(&next->counts.in, view->count);
        fl_count(&next->counts.bytes, (uint64_t)view->count * view->batch->stride);
        struct fl_op *before = fl_busy_turn(op->worker, next);
        status = fl_push_checked(next, view, &targets->list[t].shape, next->push);
        fl_busy_turn(op->worker, before);
        if (shared)
            fl_batch_unref(&op->worker->cache, view->batch);
    }
    return status;
}
