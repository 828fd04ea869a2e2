// SPDX-License-Identifier: Apache-2.0
// What the rows of an output point to lives as long as they do: it is kept where it lies if the
// batch can hold on to that, and copied otherwise.
#include "output.h"

// Whether bytes that a row points to live as long as the batch anyway; sees to it that they do.
struct adopter {
    struct fl_op *op;
    struct fl_mem *mem;
};

static bool is_safe(void *user, const void *data, size_t len)
{
    struct adopter *adopter = user;
    struct fl_call *call = &adopter->op->call;
    struct fl_cache *cache = &adopter->op->worker->cache;
    (void)len;
    if (call->safe.len && call->safe_mem == adopter->mem &&
        (uintptr_t)data - (uintptr_t)call->safe.data < call->safe.len)
        return true;
    struct fl_mem *keepers[2] = { call->in ? call->in->batch->mem : NULL, call->scratch };
    for (int i = 0; i < 2; i++) {
        if (fl_mem_has(keepers[i], data, &call->safe)) {
            call->safe_mem = adopter->mem;
            if (fl_mem_hold(cache, adopter->mem, keepers[i]))
                return true;
            call->safe.len = 0;
            return false;
        }
    }
    call->safe.len = 0;
    return false;
}

static void *take_memory(void *user, size_t size)
{
    struct adopter *adopter = user;
    return fl_mem_alloc(&adopter->op->worker->cache, adopter->mem, size);
}

flow_status fl_adopt(struct fl_op *op, const flow_type *type, void *row, struct fl_mem *mem)
{
    struct adopter adopter = { op, mem };
    const flow_memory memory = { take_memory, &adopter };
    return flow_row_adopt(type, row, &memory, is_safe, &adopter);
}

// False: rows of the type point by more than texts that are always there.
static bool find_texts(flow_safe *texts, const flow_type *type, size_t at)
{
    const uint32_t most = sizeof texts->at / sizeof texts->at[0];
    for (uint32_t i = 0; i < type->field_count; i++) {
        const flow_field *field = &type->fields[i];
        const bool text = field->kind == FLOW_KIND_STR || field->kind == FLOW_KIND_BYTES;
        if (field->kind == FLOW_KIND_RECORD && !field->presence) {
            if (!find_texts(texts, field->record, at + field->offset))
                return false;
        } else if (text && !field->presence && texts->count < most) {
            texts->at[texts->count++] = (uint16_t)(at + field->offset);
        } else if (text || field->kind == FLOW_KIND_LIST || field->kind == FLOW_KIND_RECORD) {
            return false;
        }
    }
    return true;
}

void fl_out_find_texts(struct fl_output *out)
{
    out->texts.count = 0;
    if (!find_texts(&out->texts, out->type, 0))
        out->texts.count = 0;
}

void fl_out_tell_safe(struct fl_op *op)
{
    struct fl_output *out = &op->outs[0];
    const struct fl_call *call = &op->call;
    if (out->texts.count == 0 || call->safe.len == 0 || call->safe_mem != out->batch->mem)
        return;
    out->texts.data = call->safe.data;
    out->texts.len = call->safe.len;
    op->call.engine.ctx.safe = &out->texts;
}

flow_status fl_out_adopt_any(struct fl_op *op, uint32_t position, void *row)
{
    const struct fl_output *out = &op->outs[position];
    struct fl_mem *mem = fl_batch_need_mem(&op->worker->cache, out->batch);
    return mem && fl_adopt(op, out->type, row, mem) == FLOW_OK ? FLOW_OK : fl_no_memory(op);
}
