// SPDX-License-Identifier: Apache-2.0
// Outputs of an op in work, by position: rows go into batches of its own, which are sent on when
// full or when the call is flushed.
#ifndef FL_OUTPUT_H
#define FL_OUTPUT_H

#include <stdarg.h>

#include "engine.h"

flow_status fl_out_ready(struct fl_op *op, uint32_t position);
void fl_out_open(struct fl_op *op, uint32_t position); // an empty one takes rows again
flow_status fl_out_put(struct fl_op *op, uint32_t position, const flow_type *type, const void *row);
void *fl_out_reserve(struct fl_op *op, uint32_t position, uint32_t *count);
void fl_out_add(struct fl_op *op, uint32_t position, uint32_t count);
void fl_out_take_back(struct fl_op *op); // what the row in work emitted

// Drops the scratch memory of the bundle's calls.
void fl_call_forget(struct fl_op *op);

// Sends on the full batches that wait until their rows cannot be taken back any more.
flow_status fl_out_send_pending(struct fl_op *op);

// How far an output was filled at an instant of a call whose rows may be taken back.
struct fl_out_mark {
    const struct fl_batch *pending; // the batch put aside last
    uint32_t count;                 // rows in the batch behind it
};
void fl_out_mark(const struct fl_op *op, struct fl_out_mark marks[FLOW_OUTPUTS]);
void fl_out_back_to(struct fl_op *op, const struct fl_out_mark marks[FLOW_OUTPUTS]);
flow_status fl_out_lend(struct fl_op *op, const flow_type *type, const void *rows, uint32_t count);
flow_status fl_out_lend_columns(
    struct fl_op *op, const flow_type *type, const void *const *columns, uint32_t count);

// log.c: a line of a function, if the pipeline listens to its level.
void fl_log_call(flow_ctx *ctx, flow_log_level level, const char *format, va_list arguments)
    FLOW_PRINTF(3, 0);

// --- adopt.c: what rows point to

// Fills in where the texts of an output's rows lie.
void fl_out_find_texts(struct fl_output *out);
// Makes the pointers of a row of an output safe in its batch, whatever it points by.
flow_status fl_out_adopt_any(struct fl_op *op, uint32_t position, void *row);
// Lets maps know where the strings of their rows may lie.
void fl_out_tell_safe(struct fl_op *op);
// Makes the pointers of a row safe in `mem`.
flow_status fl_adopt(struct fl_op *op, const flow_type *type, void *row, struct fl_mem *mem);

// The same for a row of which mostly all texts lie in the range that was found safe last: nobody
// has to walk over its fields then.
static inline flow_status fl_out_adopt(struct fl_op *op, uint32_t position, char *row)
{
    const struct fl_output *out = &op->outs[position];
    const struct fl_call *call = &op->call;
    if (out->texts.count == 0 || call->safe.len == 0 || call->safe_mem != out->batch->mem)
        return fl_out_adopt_any(op, position, row);
    for (uint32_t i = 0; i < out->texts.count; i++) {
        flow_str text;
        memcpy(&text, row + out->texts.at[i], sizeof text);
        if (text.len > 0 && (uintptr_t)text.data - (uintptr_t)call->safe.data >= call->safe.len)
            return fl_out_adopt_any(op, position, row);
    }
    return FLOW_OK;
}

// What was found safe is so no longer: bytes or batch are gone.
static inline void fl_safe_forget(struct fl_call *call)
{
    call->safe.len = 0;
    call->engine.ctx.safe = NULL;
}

#endif
