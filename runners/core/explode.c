// SPDX-License-Identifier: Apache-2.0
// Elements in several windows as several elements (R22): a view once per window, over the same
// rows.
#include "engine.h"

flow_status fl_explode(struct fl_op *op, const struct fl_exploded *how, const struct fl_view *view)
{
    struct fl_worker *worker = op->worker;
    const flow_windows *windows = &op->plan->in->windows;
    uint16_t *rows =
        fl_mem_alloc(&worker->cache, worker->bundle.mem, FLOW_BATCH_ROWS * sizeof *rows);
    flow_window *nth =
        fl_mem_alloc(&worker->cache, worker->bundle.mem, FLOW_BATCH_ROWS * sizeof *nth);
    if (!rows || !nth)
        return fl_no_memory(op);
    flow_status status = FLOW_OK;
    uint32_t count = 0;
    for (uint32_t i = 0; i < view->count; i++) {
        const uint32_t row = fl_view_row(view, i);
        const flow_time time = { fl_batch_time(view->batch, row) };
        if (flow_windows_last(windows, time, &nth[row]))
            rows[count++] = (uint16_t)row;
    }
    while (count > 0 && status == FLOW_OK) {
        struct fl_batch *alias = fl_batch_alias(&worker->cache, view->batch);
        flow_window *own = alias ? fl_batch_need_windows(&worker->cache, alias) : NULL;
        if (!own) {
            fl_batch_unref(&worker->cache, alias);
            return fl_no_memory(op);
        }
        for (uint32_t i = 0; i < count; i++)
            own[rows[i]] = nth[rows[i]];
        alias->window_form = FL_WINDOW_ROWS;
        const struct fl_view some = { alias, rows, count };
        status = how->each(op, &some, how->shape);
        fl_batch_unref(&worker->cache, alias);
        // on to the window before, for the rows that have one
        uint32_t left = 0;
        for (uint32_t i = 0; i < count; i++) {
            const flow_time time = { fl_batch_time(view->batch, rows[i]) };
            if (flow_windows_before(windows, time, &nth[rows[i]]))
                rows[left++] = rows[i];
        }
        count = left;
    }
    return status;
}
