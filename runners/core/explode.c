// SPDX-License-Identifier: Apache-2.0
// Elements in several windows as several elements (R22): a view once per window, over the same
// rows.
#include "explode.h"
#include "checks.h"

#define AT_ONCE 16u // windows of an element that are asked for at first

// The rows of a view that have an nth window, from the last on, and that window by row.
struct nth {
    uint16_t rows[FLOW_BATCH_ROWS];
    flow_window windows[FLOW_BATCH_ROWS];
};

static flow_status explode(
    struct fl_op *op, const struct fl_exploded *how, const struct fl_view *view, struct nth *nth)
{
    struct fl_worker *worker = op->worker;
    const flow_windows *windows = &op->plan->in->windows;
    flow_status status = FLOW_OK;
    uint32_t count = 0;
    for (uint32_t i = 0; i < view->count; i++) {
        const uint32_t row = fl_view_row(view, i);
        const flow_time time = { fl_batch_time(view->batch, row) };
        if (flow_windows_last(windows, time, &nth->windows[row]))
            nth->rows[count++] = (uint16_t)row;
    }
    while (count > 0 && status == FLOW_OK) {
        struct fl_batch *alias = fl_batch_windowed(&worker->cache, view->batch);
        if (!alias)
            return fl_no_memory(op);
        for (uint32_t i = 0; i < count; i++)
            alias->windows[nth->rows[i]] = nth->windows[nth->rows[i]];
        const struct fl_view some = { alias, nth->rows, count };
        status = how->each(op, &some, how->shape);
        fl_batch_unref(&worker->cache, alias);
        // on to the window before, for the rows that have one
        uint32_t left = 0;
        for (uint32_t i = 0; i < count; i++) {
            const uint16_t row = nth->rows[i];
            const flow_time time = { fl_batch_time(view->batch, row) };
            if (flow_windows_before(windows, time, &nth->windows[row]))
                nth->rows[left++] = row;
        }
        count = left;
    }
    return status;
}

flow_status fl_explode(struct fl_op *op, const struct fl_exploded *how, const struct fl_view *view)
{
    struct nth *nth = fl_take(&op->worker->cache, sizeof *nth);
    const flow_status status = nth ? explode(op, how, view, nth) : fl_no_memory(op);
    fl_give(&op->worker->cache, nth, sizeof *nth);
    return status;
}

flow_status fl_push_by_window(struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    const struct fl_exploded how = { op->push_each, shape };
    if (view->batch->window_form == FL_WINDOW_IMPLIED)
        return fl_explode(op, &how, view);
    return op->push_each(op, view, shape);
}

uint32_t fl_row_windows(const struct fl_op *op, const struct fl_batch *batch, uint32_t row)
{
    if (!op->plan->several || batch->window_form != FL_WINDOW_IMPLIED)
        return 1;
    const flow_time time = { fl_batch_time(batch, row) };
    const uint32_t count = flow_windows_count(&op->plan->in->windows, time);
    return count > 0 ? count : 1;
}

// The windows of a row.
struct assigned {
    flow_window *list;
    uint32_t count;
};

static bool assign_row(struct fl_op *op, const void *element, int64_t at, struct assigned *to)
{
    struct fl_worker *worker = op->worker;
    const flow_windows *windows = &op->plan->out->windows;
    const flow_time time = { at };
    uint32_t room = AT_ONCE;
    flow_window some[AT_ONCE];
    to->list = some;
    while ((to->count = flow_windows_assign(windows, element, time, to->list, room)) > room) {
        room = to->count;
        to->list = fl_mem_alloc(&worker->cache, worker->bundle.mem, room * sizeof *to->list);
        if (!to->list)
            return false;
    }
    if (to->list != some || to->count == 0)
        return true;
    to->list = fl_mem_alloc(&worker->cache, worker->bundle.mem, to->count * sizeof *to->list);
    if (to->list)
        memcpy(to->list, some, to->count * sizeof *to->list);
    return to->list != NULL;
}

// Assigns windows to all rows; those in none are dropped. *most is how many a row has at most.
static flow_status assign_rows(struct fl_op *op, const struct fl_view *view,
    const flow_shape *shape, struct assigned *assigned, uint32_t *most)
{
    const struct fl_rejection none = { .reason = FL_NO_WINDOW,
        .message = op->plan->out->windows.kind == FLOW_WINDOW_SESSION
                       ? "the gap of sessions that it says is not above 0"
                       : "its windows' function puts it into none" };
    const struct fl_batch *batch = view->batch;
    *most = 0;
    for (uint32_t i = 0; i < view->count; i++) {
        const uint32_t row = fl_view_row(view, i);
        const char *element = batch->rows + (size_t)row * batch->stride + shape->value_offset;
        if (!assign_row(op, element, fl_batch_time(batch, row), &assigned[i]))
            return fl_no_memory(op);
        const flow_time at = { fl_batch_time(batch, row) };
        const flow_status kept = fl_check_assigned(op, at, assigned[i].list, assigned[i].count);
        if (kept != FLOW_OK)
            return kept;
        *most = assigned[i].count > *most ? assigned[i].count : *most;
        if (assigned[i].count > 0)
            continue;
        const flow_status status = fl_drop_row(op, view, shape, row, &none);
        if (status != FLOW_OK)
            return status;
    }
    return FLOW_OK;
}

flow_status fl_assign(struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    struct fl_worker *worker = op->worker;
    struct fl_mem *mem = worker->bundle.mem;
    struct assigned *assigned =
        fl_mem_alloc(&worker->cache, mem, FLOW_BATCH_ROWS * sizeof *assigned);
    uint16_t *rows = fl_mem_alloc(&worker->cache, mem, FLOW_BATCH_ROWS * sizeof *rows);
    uint32_t most;
    if (!assigned || !rows || !fl_batch_need_rows(&worker->cache, view->batch))
        return fl_no_memory(op);
    flow_status status = assign_rows(op, view, shape, assigned, &most);
    for (uint32_t n = 0; n < most && status == FLOW_OK; n++) {
        struct fl_batch *alias = fl_batch_windowed(&worker->cache, view->batch);
        struct fl_view some = { alias, rows, 0 };
        if (!alias)
            return fl_no_memory(op);
        for (uint32_t i = 0; i < view->count; i++) {
            if (assigned[i].count <= n)
                continue;
            const uint16_t row = (uint16_t)fl_view_row(view, i);
            alias->windows[row] = assigned[i].list[n];
            rows[some.count++] = row;
        }
        status = fl_send(op, 0, &some);
        fl_batch_unref(&worker->cache, alias);
    }
    return status == FLOW_OK ? fl_call_flush(op) : status;
}
