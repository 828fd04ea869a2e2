// SPDX-License-Identifier: Apache-2.0
// Telling a witness what a source gives: rows are noted as they leave the source, and told when
// their bundle has committed.
#include "reader.h"

void fl_witness_begin(struct fl_engine *engine, struct fl_claimed *claimed)
{
    claimed->given.allocator = engine->graph->allocator;
    claimed->given.len = 0;
    claimed->given_rows = 0;
}

flow_status fl_witness_rows(struct fl_op *op, const struct fl_view *view)
{
    struct fl_claimed *claimed = op->worker->claimed;
    const flow_type *type = op->plan->node->read->type;
    if (!fl_batch_need_rows(&op->worker->cache, view->batch))
        return fl_no_memory(op);
    for (uint32_t i = 0; i < view->count; i++) {
        const uint32_t row = fl_view_row(view, i);
        const flow_time at = { fl_batch_time(view->batch, row) };
        flow_encode_value(FLOW_KIND_TIME, NULL, &at, &claimed->given);
        flow_encode(type, view->batch->rows + (size_t)row * view->batch->stride, &claimed->given);
    }
    claimed->given_rows += view->count;
    return claimed->given.failed ? fl_no_memory(op) : FLOW_OK;
}

void fl_witness_drop(struct fl_claimed *claimed)
{
    flow_buffer_free(&claimed->given);
}

void fl_witness_tell(struct fl_engine *engine, uint32_t op, flow_given_what what,
    uint32_t partition, const struct fl_claimed *claimed)
{
    const flow_witness *witness = engine->readers[op]->witness;
    const struct fl_port *port = &engine->options.port;
    if (!witness)
        return;
    flow_given given = { .what = what,
        .partition = partition,
        .clock = { port->now(port->user) },
        .watermark = { atomic_load(&engine->origin_watermark[op]) } };
    if (claimed) {
        given.rows = claimed->given_rows;
        given.bytes = (flow_str){ claimed->given.data, claimed->given.len };
    }
    witness->given(witness->self, &given);
}
