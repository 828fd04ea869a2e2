// SPDX-License-Identifier: Apache-2.0
// The event times of what sources read: rows whose time cannot be, or lies in the future, go no
// further.
#include "output.h"
#include "reader.h"

#include <stdio.h>

static bool is_time(int64_t time)
{
    return time >= FLOW_TIME_MIN_US && time <= FLOW_TIME_MAX_US;
}

// Whether all times of a view are allowed, and the latest of them. Of rows in order the first and
// the last tell.
static bool within(const struct fl_view *view, int64_t not_after, bool in_order, int64_t *latest)
{
    const struct fl_batch *batch = view->batch;
    int64_t least = fl_batch_time(batch, 0), most = fl_batch_time(batch, view->count - 1);
    if (in_order && not_after == 0) {
        *latest = most;
        return is_time(least) && is_time(most);
    }
    for (uint32_t row = 0; row < view->count; row++) {
        const int64_t time = fl_batch_time(batch, row);
        least = time < least ? time : least;
        most = time > most ? time : most;
    }
    *latest = most;
    return least >= FLOW_TIME_MIN_US && most <= (not_after == 0 ? FLOW_TIME_MAX_US : not_after);
}

// A row that lies in the future: why.
static flow_status drop_future_row(
    struct fl_op *op, const struct fl_view *view, uint32_t row, int64_t not_after)
{
    const flow_shape shape = { .type = view->batch->type };
    char time[40] = "", limit[40] = "", message[336], origin[160] = "";
    flow_time_print((flow_time){ fl_batch_time(view->batch, row) }, time);
    flow_time_print((flow_time){ not_after }, limit);
    fl_reader_tell_origin(op, view->batch->origin + row, origin, sizeof origin);
    snprintf(message, sizeof message,
        "its time %s lies in the future: expected one up to %s (not_after)%s%s", time, limit,
        origin[0] ? "; from " : "", origin);
    const struct fl_rejection why = { .reason = FL_FUTURE, .message = message };
    return fl_drop_row(op, view, &shape, row, &why);
}

// A row whose time cannot be (R1): as the read says of what is no element.
static flow_status reject_row(struct fl_op *op, const struct fl_view *view, uint32_t row)
{
    const struct fl_batch *batch = view->batch;
    const flow_read_options *options = op->plan->node->read;
    const bool skip = options->on_error == FLOW_ON_ERROR_SKIP;
    char message[336], origin[160];
    if (!fl_reader_tell_origin(op, batch->origin + row, origin, sizeof origin))
        snprintf(origin, sizeof origin, "element %llu behind position %llu",
            (unsigned long long)(batch->origin + row),
            (unsigned long long)op->worker->claimed->piece.begin);
    snprintf(message, sizeof message,
        "its time %lld us is none: expected one of %lld to %lld us (R1); from %s",
        (long long)fl_batch_time(batch, row), (long long)FLOW_TIME_MIN_US,
        (long long)FLOW_TIME_MAX_US, origin);
    if (options->on_error == FLOW_ON_ERROR_FAIL)
        return fl_op_fail(op, FLOW_INVALID, "%s", message);
    const struct fl_rejection rejection = { .reason = skip ? FL_SKIPPED : FL_UNPARSABLE,
        .message = message,
        .row = batch->rows + (size_t)row * batch->stride,
        .type = batch->type,
        .at = FLOW_TIME_MIN_US };
    return fl_reject(op, skip ? FLOW_OUTPUT_DROPPED : FLOW_OUTPUT_DEAD_LETTERS, &rejection);
}

// Elements from the future would push the watermark past everything that comes (R6).
static flow_status sort_out(struct fl_op *op, struct fl_view *view, int64_t *latest)
{
    struct fl_cache *cache = &op->worker->cache;
    const flow_read_options *options = op->plan->node->read;
    const int64_t not_after = options->times.not_after.us;
    uint16_t *kept = fl_mem_alloc(cache, op->worker->bundle.mem, FLOW_BATCH_ROWS * sizeof *kept);
    if (!kept || !fl_batch_need_rows(cache, view->batch))
        return fl_no_memory(op);
    uint32_t count = 0;
    flow_status status = FLOW_OK;
    *latest = FLOW_TIME_MIN_US;
    for (uint32_t row = 0; row < view->count && status == FLOW_OK; row++) {
        const int64_t time = fl_batch_time(view->batch, row);
        if (!is_time(time))
            status = reject_row(op, view, row);
        else if (not_after != 0 && time > not_after)
            status = drop_future_row(op, view, row, not_after);
        else {
            kept[count++] = (uint16_t)row;
            *latest = time > *latest ? time : *latest;
        }
    }
    view->selection = kept;
    view->count = count;
    return status;
}

flow_status fl_reader_stamp(struct fl_op *op, struct fl_view *view)
{
    const flow_read_options *options = op->plan->node->read;
    const struct fl_reader *reader = op->worker->engine->readers[op->index];
    struct fl_claimed *claimed = op->worker->claimed;
    struct fl_batch *batch = view->batch;
    fl_count(&op->counts.in, view->count);
    batch->origin = claimed->emitted;
    claimed->emitted += view->count;
    if (!options->event_time.type)
        return reader->witness ? fl_witness_rows(op, view) : FLOW_OK;
    const flow_shape shape = { .type = batch->type };
    const struct fl_lane lane = fl_view_lane(view, &shape, options->event_time.offset);
    batch->time_form = FL_TIME_STRIDED;
    batch->times = lane.base;
    batch->times_stride = (uint32_t)lane.stride;
    int64_t latest;
    flow_status status = FLOW_OK;
    if (!within(view, options->times.not_after.us, options->times.in_order, &latest))
        status = sort_out(op, view, &latest);
    claimed->latest = latest > claimed->latest ? latest : claimed->latest;
    return status == FLOW_OK && reader->witness ? fl_witness_rows(op, view) : status;
}
