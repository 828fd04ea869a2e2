// SPDX-License-Identifier: Apache-2.0
// The mark of a drain (R80): where the watermarks of what it ended would have stayed. What comes of
// a watermark behind a mark upstream would not be there without the drain.
#include "keyed.h"

static int64_t mark_of(const struct fl_op *op)
{
    const struct fl_engine *engine = op->worker->engine;
    int64_t mark = FL_NEVER;
    if (!atomic_load_explicit(&engine->drained, memory_order_acquire))
        return mark;
    for (uint32_t word = 0; word < engine->plan.words; word++)
        for (uint64_t bits = op->plan->inputs[word]; bits; bits &= bits - 1) {
            const uint32_t i = word * 64 + (uint32_t)__builtin_ctzll(bits);
            const int64_t one = atomic_load(&engine->drain_marks[i]);
            mark = one < mark ? one : mark;
        }
    return mark;
}

bool fl_drained(const struct fl_op *op, int64_t at)
{
    return mark_of(op) <= at;
}

static flow_pane *panes_of(const struct fl_op *op, struct fl_batch *batch)
{
    flow_pane *panes = fl_batch_need_panes(&op->worker->cache, batch);
    for (uint32_t row = 0; panes && row < batch->count; row++)
        panes[row] = batch->pane;
    return panes;
}

bool fl_drain_rows(const struct fl_op *op, struct fl_batch *batch, const int64_t *due)
{
    const int64_t mark = mark_of(op);
    flow_pane *panes = NULL;
    for (uint32_t row = 0; row < batch->count; row++) {
        if (due[row] < mark)
            continue;
        if (!panes && !(panes = panes_of(op, batch)))
            return false;
        panes[row].drained = true;
    }
    return true;
}

void fl_drain_tell(struct fl_engine *engine, uint32_t op, int64_t mark)
{
    atomic_store(&engine->drain_marks[op], mark);
    atomic_store(&engine->drained, true);
}

void fl_drain_note(struct fl_engine *engine, uint32_t op, int64_t at)
{
    if (at < atomic_load(&engine->drain_marks[op])) // under the lock of the pile
        fl_drain_tell(engine, op, at);
}
