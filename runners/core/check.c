// SPDX-License-Identifier: Apache-2.0
// For tests, off unless the runner asks for it. R66: what a function is given it must not change,
// and elements survive their binary form; costs an encoding of every element at every step. And
// custom windows do what flow_window_fn says, of which the cheap part is looked at always.
#include "checks.h"

#include <stdlib.h>

static const char *element(const struct fl_view *view, const flow_shape *shape, uint32_t i)
{
    const uint32_t row = fl_view_row(view, i);
    return view->batch->rows + (size_t)row * view->batch->stride + shape->value_offset;
}

static void encode_all(const struct fl_view *view, const flow_shape *shape, flow_buffer *out)
{
    for (uint32_t i = 0; i < view->count; i++)
        flow_encode(shape->type, element(view, shape, i), out);
}

static void *take(void *user, size_t size)
{
    struct fl_worker *worker = user;
    return fl_mem_alloc(&worker->cache, worker->bundle.mem, size);
}

// Reads every element back from its binary form and writes it again.
static flow_status survive(struct fl_op *op, const flow_type *type, const flow_buffer *bytes)
{
    const flow_memory memory = { take, op->worker };
    flow_buffer again = { .allocator = bytes->allocator };
    void *row = take(op->worker, type->size);
    flow_str rest = { bytes->data, bytes->len };
    flow_error reason = { 0 };
    flow_status status = row ? FLOW_OK : fl_no_memory(op);
    while (status == FLOW_OK && rest.len > 0) {
        memset(row, 0, type->size);
        if (flow_decode(type, &rest, row, &memory, &reason) != FLOW_OK)
            status =
                fl_op_fail(op, FLOW_TYPE, "an element of '%s' does not survive its binary form: %s",
                    type->name, reason.message);
        else
            flow_encode(type, row, &again);
    }
    if (status == FLOW_OK &&
        (again.len != bytes->len || memcmp(again.data, bytes->data, bytes->len) != 0))
        status = fl_op_fail(
            op, FLOW_TYPE, "an element of '%s' is another after its binary form", type->name);
    flow_buffer_free(&again);
    return status;
}

flow_status fl_push_checked(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
    flow_status (*push)(struct fl_op *op, const struct fl_view *view, const flow_shape *shape))
{
    struct fl_cache *cache = &op->worker->cache;
    if (!op->worker->engine->options.check_elements || view->batch->content != FL_CONTENT_ROWS ||
        view->count == 0)
        return push(op, view, shape);
    if (!fl_batch_need_rows(cache, view->batch))
        return fl_no_memory(op);
    const flow_allocator *allocator = op->worker->engine->graph->allocator;
    flow_buffer before = { .allocator = allocator }, after = { .allocator = allocator };
    encode_all(view, shape, &before);
    flow_status status = before.failed ? fl_no_memory(op) : survive(op, shape->type, &before);
    // with a second owner nobody may change the rows in place
    fl_batch_ref(view->batch);
    if (status == FLOW_OK)
        status = push(op, view, shape);
    if (status == FLOW_OK)
        encode_all(view, shape, &after);
    fl_batch_unref(cache, view->batch);
    if (status == FLOW_OK &&
        (after.len != before.len || memcmp(after.data, before.data, before.len) != 0))
        status = fl_op_fail(op, FLOW_USER,
            "it changed an element that it was given; elements are immutable, give a changed copy "
            "instead");
    flow_buffer_free(&before);
    flow_buffer_free(&after);
    return status;
}

// --- custom windows

// A window as a sentence names it.
struct shown_window {
    char start[40], end[40];
};

static struct shown_window shown(flow_window window)
{
    struct shown_window text;
    text.start[flow_time_print(window.start, text.start)] = '\0';
    text.end[flow_time_print(window.end, text.end)] = '\0';
    return text;
}

static bool same(flow_window a, flow_window b)
{
    return a.start.us == b.start.us && a.end.us == b.end.us;
}

static flow_status fail_assigned(struct fl_op *op, flow_time at, flow_window window, bool twice)
{
    const char *name = op->plan->out->windows.fn->name;
    const struct shown_window text = shown(window);
    char time[40];
    time[flow_time_print(at, time)] = '\0';
    if (twice)
        return fl_op_fail(op, FLOW_USER,
            "the windows '%s' list [%s, %s) twice for an element at %s", name, text.start, text.end,
            time);
    return fl_op_fail(op, FLOW_USER,
        "the windows '%s' put an element at %s into [%s, %s), which does not hold it", name, time,
        text.start, text.end);
}

flow_status fl_check_assigned(
    struct fl_op *op, flow_time at, const flow_window *windows, uint32_t count)
{
    const flow_windows *by = &op->plan->out->windows;
    if (by->kind != FLOW_WINDOW_CUSTOM)
        return FLOW_OK;
    const bool closely = op->worker->engine->options.check_windows;
    // windows are cut off where the global one ends, and what is later lies in the last (R23)
    const int64_t inside = at.us < FLOW_TIME_GLOBAL_END_US ? at.us : FLOW_TIME_GLOBAL_END_US - 1;
    for (uint32_t i = 0; i < count; i++) {
        if (windows[i].start.us > inside || windows[i].end.us <= inside)
            return fail_assigned(op, at, windows[i], false);
        for (uint32_t k = 0; closely && k < i; k++)
            if (same(windows[i], windows[k]))
                return fail_assigned(op, at, windows[i], true);
    }
    return FLOW_OK;
}

static int by_start(const void *left, const void *right)
{
    const flow_window *a = left, *b = right;
    if (a->start.us != b->start.us)
        return a->start.us < b->start.us ? -1 : 1;
    return (a->end.us > b->end.us) - (a->end.us < b->end.us);
}

// What windows became must stay as it is when it is merged again.
static flow_status check_settled(struct fl_op *op, const flow_window *into, uint32_t count)
{
    const flow_windows *by = &op->plan->in->windows;
    flow_window *results = take(op->worker, count * sizeof *results);
    flow_window *again = take(op->worker, count * sizeof *again);
    uint32_t kept = 0;
    if (!results || !again)
        return fl_no_memory(op);
    memcpy(results, into, count * sizeof *results);
    qsort(results, count, sizeof *results, by_start);
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || !same(results[i], results[kept - 1]))
            results[kept++] = results[i];
    flow_windows_merge(by, results, kept, again);
    for (uint32_t i = 0; i < kept; i++) {
        if (same(results[i], again[i]))
            continue;
        const struct shown_window from = shown(results[i]), to = shown(again[i]);
        return fl_op_fail(op, FLOW_USER,
            "the windows '%s' merge some into [%s, %s), but that, merged again, into [%s, %s)",
            by->fn->name, from.start, from.end, to.start, to.end);
    }
    return FLOW_OK;
}

flow_status fl_check_merged(
    struct fl_op *op, const flow_window *sorted, const flow_window *into, uint32_t count)
{
    const flow_windows *by = &op->plan->in->windows;
    if (by->kind != FLOW_WINDOW_CUSTOM || !by->fn->merge)
        return FLOW_OK;
    for (uint32_t i = 0; i < count; i++) {
        if (into[i].start.us <= sorted[i].start.us && into[i].end.us >= sorted[i].end.us &&
            into[i].start.us >= FLOW_TIME_MIN_US && into[i].end.us <= FLOW_TIME_GLOBAL_END_US)
            continue;
        const struct shown_window from = shown(sorted[i]), to = shown(into[i]);
        return fl_op_fail(op, FLOW_USER, "the windows '%s' merge [%s, %s) into [%s, %s), which %s",
            by->fn->name, from.start, from.end, to.start, to.end,
            into[i].start.us <= sorted[i].start.us && into[i].end.us >= sorted[i].end.us
                ? "reaches beyond the global window"
                : "does not hold it");
    }
    return op->worker->engine->options.check_windows ? check_settled(op, into, count) : FLOW_OK;
}
