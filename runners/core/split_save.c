// SPDX-License-Identifier: Apache-2.0
// Piles in snapshots: every element with what is left of its restriction, for any number of
// workers.
#include "split.h"

#include "side.h"
#include "snapshot.h"

#define MARKED (UINT64_C(1) << 63) // with the number of elements: the mark of a drain follows

void fl_split_save(struct fl_engine *engine, uint32_t i, flow_buffer *out)
{
    struct fl_op *op = &engine->workers[0].ops[i];
    const struct fl_split *split = op->keyed->split;
    const struct fl_pile *pile = split->pile;
    const flow_type *type = op->plan->node->split->tracker->restriction;
    // elements that a drain has ended are gone, what they held back is not (R80)
    const int64_t mark = atomic_load(&engine->drain_marks[i]);
    fl_put_word(out, pile->held_count | (mark != FL_NEVER ? MARKED : 0));
    if (mark != FL_NEVER)
        fl_put_word(out, (uint64_t)mark);
    for (uint32_t k = 0; k < pile->held_count; k++) {
        const struct fl_part *part = pile->held[k];
        fl_gate_save_row(op, &split->layout, part->batch, part->row, out);
        fl_put_word(out,
            (uint64_t)part->started | (uint64_t)part->truncated << 1 | (uint64_t)part->cut << 2);
        fl_put_word(out, (uint64_t)part->estimate);
        fl_put_word(out, (uint64_t)part->resume);
        fl_put_word(out, part->number);
        const size_t len_at = fl_put_later(out);
        if (part->started)
            flow_encode(type, part->restriction, out);
        fl_set_word(out, len_at, out->len - len_at - 8);
    }
}

static flow_status load_restriction(struct fl_op *op, struct fl_wire *wire, struct fl_part *part)
{
    struct fl_cache *cache = &op->worker->cache;
    const flow_tracker *tracker = op->plan->node->split->tracker;
    flow_str bytes = fl_get_bytes(wire);
    if (wire->failed)
        return FLOW_DAMAGED;
    memset(part->restriction, 0, tracker->restriction->size);
    if (!part->started)
        return FLOW_OK;
    part->mem = fl_mem_new(cache);
    if (!part->mem)
        return fl_no_memory(op);
    void *pair[2] = { cache, part->mem };
    const flow_memory memory = { fl_take_from, pair };
    flow_status status = flow_evolution_decode(
        wire->stored->of[FL_STORED_ELEMENT], &bytes, part->restriction, &memory, NULL);
    if (status == FLOW_OK)
        status = flow_row_adopt(tracker->restriction, part->restriction, &memory, NULL, NULL);
    return status;
}

// Reads what follows the element. A part that was read badly lies in the pile all the same, and is
// freed with it.
static flow_status load_part(struct fl_op *op, struct fl_wire *wire, struct fl_batch *batch)
{
    struct fl_engine *engine = op->worker->engine;
    struct fl_pile *pile = op->keyed->split->pile;
    struct fl_part *part = fl_pile_new_part(pile);
    void *restriction = part->restriction;
    const uint64_t bits = fl_get_word(wire);
    *part = (struct fl_part){ .batch = batch,
        .started = bits & 1,
        .truncated = bits >> 1 & 1,
        .cut = bits >> 2 & 1,
        .restriction = restriction };
    part->estimate = (int64_t)fl_get_word(wire);
    part->resume = (int64_t)fl_get_word(wire);
    part->number = fl_get_word(wire);
    part->asks = fl_row_hold(op, batch, 0);
    if (part->number >= pile->next_number)
        pile->next_number = part->number + 1;
    part->bytes = part->started ? 0 : fl_batch_size(batch);
    const flow_status status = load_restriction(op, wire, part);
    fl_pile_add(pile, part);
    if (part->bytes)
        atomic_fetch_add(&engine->in_flight[op->index], part->bytes);
    return status;
}

flow_status fl_split_load(struct fl_engine *engine, uint32_t i, struct fl_wire *wire)
{
    struct fl_op *op = &engine->workers[0].ops[i];
    struct fl_split *split = op->keyed->split;
    struct fl_cache *cache = &op->worker->cache;
    const uint64_t head = fl_get_word(wire), count = head & ~MARKED;
    if (head & MARKED)
        fl_drain_tell(engine, i, (int64_t)fl_get_word(wire));
    flow_status status = FLOW_OK;
    for (uint64_t k = 0; k < count && !wire->failed && status == FLOW_OK; k++) {
        struct fl_store store = { 0 };
        status = fl_gate_load_row(op, &split->layout, &store, wire);
        if (status == FLOW_OK && !fl_pile_reserve(op->worker, split->pile, 1))
            status = fl_no_memory(op);
        if (status != FLOW_OK) {
            fl_store_drop(cache, &store);
            break;
        }
        fl_store_close(cache, &store);
        store.first->next = NULL;
        status = load_part(op, wire, store.first);
    }
    return wire->failed ? FLOW_DAMAGED : status;
}
