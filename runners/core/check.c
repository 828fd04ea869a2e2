// SPDX-License-Identifier: Apache-2.0
// For tests (R66): what a function is given it must not change, and elements survive their binary
// form. Costs an encoding of every element at every step; off unless the runner asks for it.
#include "engine.h"

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
