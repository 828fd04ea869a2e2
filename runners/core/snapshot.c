// SPDX-License-Identifier: Apache-2.0
// All state of an engine at rest as bytes, by the names of its steps, and back: into any number of
// workers, since every key is given to the worker that owns it.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "cells.h"
#include "side.h"
#include "snapshot.h"
#include "spill.h"
#include "split.h"

#define MAGIC   UINT64_C(0x0032706e73776c66) // "flwsnp2"
#define SECTION UINT64_C(0x7063657473)       // before each step
#define GATE    UINT64_C(0x65746167)         // before what waits for its side inputs
#define END     UINT64_C(0x646e65)

uint32_t fl_owner(const struct fl_engine *engine, uint64_t hash)
{
    return (uint32_t)((hash >> 58) * engine->options.workers >> 6);
}

void fl_put_key(flow_buffer *out, enum fl_key_form form, uint64_t word, flow_str bytes)
{
    if (form == FL_KEY_WORD)
        fl_put_word(out, word);
    else
        fl_put_bytes(out, bytes);
}

struct fl_owned fl_get_key(struct fl_wire *wire, enum fl_key_form form)
{
    struct fl_owned key = { 0 };
    if (form == FL_KEY_WORD) {
        key.word = fl_get_word(wire);
        key.hash = fl_hash_word(key.word);
    } else {
        key.bytes = fl_get_bytes(wire);
        key.hash = fl_hash_bytes(key.bytes);
    }
    return key;
}

void *fl_restored(struct fl_op *op, struct fl_table *table, const struct fl_owned *key)
{
    struct fl_cache *cache = &op->worker->cache;
    if (!fl_table_reserve(cache, table, 1, key->bytes.len))
        return NULL;
    return table->form == FL_KEY_WORD ? fl_table_add_word(cache, table, key->word)
                                      : fl_table_add_bytes(cache, table, key->bytes, key->hash);
}

bool fl_table_memory(struct fl_op *op, struct fl_table *table, void *pair[2], flow_memory *memory)
{
    if (!table->mem && !(table->mem = fl_mem_new(&op->worker->cache)))
        return false;
    pair[0] = &op->worker->cache;
    pair[1] = table->mem;
    memory->take = fl_take_from;
    memory->user = pair;
    return true;
}

// What the values of a step are records of.
static const flow_type *value_type(const struct fl_plan_op *plan)
{
    if (plan->kind == FL_OP_STATEFUL)
        return plan->node->fn->state ? plan->node->fn->state : plan->shape.type;
    return plan->node->combine ? plan->node->combine->acc : plan->shape.type;
}

// What the elements are that wait at a step for their time, or that a combine keeps; of
// splittable steps the restrictions.
static const flow_type *element_type(const struct fl_plan_op *plan)
{
    if (plan->kind == FL_OP_SPLIT)
        return plan->node->split->tracker->restriction;
    const flow_combine_fn *combine = plan->node->combine;
    const bool kept = plan->kind == FL_OP_LIVES && plan->signs && combine &&
                      combine->primitive == FLOW_PRIMITIVE_NONE && !fl_plan_subtracts(combine);
    return plan->kind == FL_OP_STATEFUL || kept ? plan->shape.type : NULL;
}

// --- at rest

static bool op_at_rest(const struct fl_engine *engine, uint32_t i)
{
    const struct fl_op *first = &engine->workers[0].ops[i];
    for (uint32_t w = 0; first->keyed && w < engine->options.workers; w++) {
        const struct fl_keyed *keyed = engine->workers[w].ops[i].keyed;
        const struct fl_stage *stage = &engine->workers[w].stages[i];
        if (keyed->watermark != first->keyed->watermark || keyed->fire_end != INT64_MIN)
            return false;
        if (keyed->split && keyed->split->part)
            return false;
        if (stage->first && (stage->firing || stage->inbox.left > 0 ||
                                atomic_load(&((struct fl_stage *)(uintptr_t)stage)->inbox.mail)))
            return false;
    }
    return true;
}

bool fl_engine_at_rest(const struct fl_engine *engine)
{
    for (uint32_t w = 0; w < engine->options.workers; w++)
        if (engine->workers[w].claimed)
            return false;
    for (uint32_t i = 0; i < engine->plan.op_count; i++)
        if (!op_at_rest(engine, i))
            return false;
    return true;
}

// --- writing

static void save_value(struct fl_op *op, const void *value, flow_buffer *out)
{
    switch (op->plan->kind) {
    case FL_OP_COMBINE:
        flow_encode(op->plan->node->combine->acc, value, out);
        break;
    case FL_OP_GROUP:
        fl_group_save(op, value, out);
        break;
    default:
        fl_stateful_save(op, value, out);
        break;
    }
}

static void save_table(
    struct fl_op *op, const struct fl_slice *slice, bool numbers, flow_buffer *out)
{
    struct fl_entry entry;
    fl_put_word(out, (uint64_t)slice->end);
    fl_put_word(out, slice->table.count);
    for (uint64_t at = 0; fl_table_next(&slice->table, &at, &entry);) {
        fl_put_key(out, slice->table.form, entry.word, entry.bytes);
        const size_t len_at = fl_put_later(out);
        if (numbers)
            fl_put_word(out, *(const uint64_t *)entry.value);
        else
            save_value(op, entry.value, out);
        fl_set_word(out, len_at, out->len - len_at - 8);
    }
}

// The same of a slice that has runs: key by key, so that memory is needed for the snapshot alone.
static flow_status save_runs(struct fl_op *op, struct fl_slice *slice, flow_buffer *out)
{
    fl_put_word(out, (uint64_t)slice->end);
    const size_t count_at = fl_put_later(out);
    uint64_t count = 0, items;
    flow_status status = fl_spill_whole_slice(op, slice);
    for (bool more = true; status == FLOW_OK; count++) {
        struct fl_entry entry;
        status = fl_funnel_next(op->keyed->runs->funnel, &entry, &items, &more);
        if (status != FLOW_OK || !more)
            break;
        fl_put_key(out, slice->table.form, entry.word, entry.bytes);
        const size_t len_at = fl_put_later(out);
        status = fl_spilled_save(op, items, out);
        fl_set_word(out, len_at, out->len - len_at - 8);
    }
    fl_set_word(out, count_at, count);
    if (status != FLOW_OK)
        fl_spill_failed(op, status);
    fl_spill_close(op);
    return status;
}

static struct fl_slices *set_at(struct fl_keyed *keyed, int s)
{
    struct fl_slices *sets[3] = { &keyed->slices, &keyed->panes, &keyed->numbers };
    return sets[s];
}

void fl_put_type(const flow_type *type, flow_buffer *out)
{
    const size_t len_at = fl_put_later(out);
    if (type)
        flow_type_describe(type, out);
    fl_set_word(out, len_at, out->len - len_at - 8);
}

// What the rows and keys of a step's state are, so that a newer program can read them.
static void put_types(const struct fl_plan_op *plan, flow_buffer *out)
{
    fl_put_type(plan->shape.key_record, out);
    fl_put_type(value_type(plan), out);
    fl_put_type(element_type(plan), out);
}

// What only some kinds of steps have.
static flow_status save_own(struct fl_engine *engine, uint32_t i, flow_buffer *out)
{
    const enum fl_op_kind kind = engine->plan.ops[i].kind;
    const uint32_t workers = engine->options.workers;
    int64_t clock = INT64_MAX;
    uint64_t count = 0;
    if (kind == FL_OP_STATEFUL) {
        const size_t count_at = fl_put_later(out);
        for (uint32_t w = 0; w < workers; w++) {
            fl_stateful_save_queue(&engine->workers[w].ops[i], out);
            count += fl_stateful_queue_rows(&engine->workers[w].ops[i]);
        }
        fl_set_word(out, count_at, count);
    }
    if (!engine->workers[0].ops[i].keyed->lives)
        return FLOW_OK;
    flow_status status = FLOW_OK;
    for (uint32_t w = 0; w < workers; w++) {
        const int64_t seen = fl_lives_clock(&engine->workers[w].ops[i]);
        clock = seen < clock ? seen : clock;
    }
    fl_put_word(out, (uint64_t)clock);
    const size_t count_at = fl_put_later(out);
    count = 0;
    for (uint32_t w = 0; w < workers && status == FLOW_OK; w++)
        status = fl_lives_save(&engine->workers[w].ops[i], out, &count);
    fl_set_word(out, count_at, count);
    return status;
}

// The error of the worker whose scratch file failed it.
static flow_status spill_failed(const struct fl_engine *engine, flow_error *error)
{
    for (uint32_t w = 0; w < engine->options.workers; w++)
        if (engine->workers[w].error.status != FLOW_OK)
            *error = engine->workers[w].error;
    return error->status;
}

// A set of slices of all workers.
static flow_status save_set(struct fl_engine *engine, uint32_t i, int s, flow_buffer *out)
{
    const size_t count_at = fl_put_later(out);
    uint64_t count = 0;
    flow_status status = FLOW_OK;
    for (uint32_t w = 0; w < engine->options.workers; w++) {
        struct fl_op *op = &engine->workers[w].ops[i];
        const struct fl_slices *slices = set_at(op->keyed, s);
        for (uint32_t k = 0; k < slices->count && status == FLOW_OK; k++) {
            if (slices->at[k]->runs.count > 0)
                status = save_runs(op, slices->at[k], out);
            else
                save_table(op, slices->at[k], s == 2, out);
        }
        count += slices->count;
    }
    fl_set_word(out, count_at, count);
    return status;
}

static flow_status save_keyed(struct fl_engine *engine, uint32_t i, flow_buffer *out)
{
    flow_status status = FLOW_OK;
    const struct fl_op *first = &engine->workers[0].ops[i];
    int64_t fired = INT64_MIN;
    for (uint32_t w = 0; w < engine->options.workers; w++) {
        const struct fl_keyed *keyed = engine->workers[w].ops[i].keyed;
        fired = keyed->fired > fired ? keyed->fired : fired;
    }
    fl_put_word(out, fl_meaning(first->plan));
    put_types(first->plan, out);
    if (fl_has_cells(first->plan))
        fl_cells_put_types(first->plan->node->fn, out);
    fl_put_word(out, (uint64_t)first->keyed->watermark);
    fl_put_word(out, (uint64_t)fired);
    if (first->keyed->view)
        fl_view_save(engine, i, out);
    if (first->plan->kind == FL_OP_GATE)
        fl_gate_save(engine, i, out);
    if (first->plan->kind == FL_OP_SPLIT)
        fl_split_save(engine, i, out);
    for (int s = 0; s < 3 && status == FLOW_OK; s++)
        status = save_set(engine, i, s, out);
    return status == FLOW_OK ? save_own(engine, i, out) : status;
}

static bool has_section(const struct fl_plan_op *plan)
{
    return plan->kind == FL_OP_SOURCE || plan->kind == FL_OP_VIEW || plan->keyed;
}

bool fl_engine_snapshot(struct fl_engine *engine, flow_buffer *out, flow_error *error)
{
    const size_t start = out->len;
    if (!fl_engine_at_rest(engine)) {
        flow_error_raise(error, FLOW_INVALID, NULL,
            "a snapshot wants the engine at rest: hold its sources and step until all is idle");
        return false;
    }
    fl_put_word(out, MAGIC);
    for (uint32_t i = 0; i < engine->plan.op_count; i++) {
        const struct fl_plan_op *plan = &engine->plan.ops[i];
        if (!has_section(plan))
            continue;
        fl_put_word(out, plan->kind == FL_OP_GATE ? GATE : SECTION);
        fl_put_bytes(out, flow_str_of(plan->node->path));
        if (plan->kind == FL_OP_SOURCE)
            fl_reader_save(engine, i, out);
        else if (save_keyed(engine, i, out) != FLOW_OK)
            return spill_failed(engine, error) == FLOW_OK;
    }
    fl_put_word(out, END);
    if (!out->failed)
        fl_put_word(out, XXH3_64bits(out->data + start, out->len - start));
    if (out->failed)
        flow_error_raise(error, FLOW_MEMORY, NULL, "no memory for a snapshot");
    return !out->failed;
}

// --- reading

static flow_status load_value(struct fl_op *op, struct fl_slice *slice, const struct fl_owned *key,
    const struct fl_wire *outer, flow_str bytes)
{
    struct fl_wire wire = { bytes, false, outer->stored };
    if (outer->stored && op->plan->kind == FL_OP_GROUP)
        return fl_group_load(op, slice, key, &wire);
    void *value = fl_restored(op, &slice->table, key);
    if (!value)
        return fl_no_memory(op);
    if (!outer->stored) { // the numbers of keys
        *(uint64_t *)value = fl_get_word(&wire);
        return wire.failed ? FLOW_DAMAGED : FLOW_OK;
    }
    if (op->plan->kind == FL_OP_STATEFUL)
        return fl_stateful_load(op, slice, key, value, &wire);
    void *pair[2];
    flow_memory memory;
    const flow_type *acc = op->plan->node->combine->acc;
    if (!fl_table_memory(op, &slice->table, pair, &memory))
        return fl_no_memory(op);
    flow_status status =
        flow_evolution_decode(wire.stored->of[FL_STORED_VALUE], &wire.rest, value, &memory, NULL);
    if (status == FLOW_OK)
        status = flow_row_adopt(acc, value, &memory, NULL, NULL);
    return status;
}

static flow_status load_table(struct fl_engine *engine, uint32_t i, int s, struct fl_wire *wire)
{
    const int64_t end = (int64_t)fl_get_word(wire);
    const uint64_t count = fl_get_word(wire);
    const struct fl_wire outer = { .stored = s == 2 ? NULL : wire->stored };
    for (uint64_t k = 0; k < count && !wire->failed; k++) {
        const enum fl_key_form form = engine->workers[0].ops[i].keyed->form;
        const struct fl_owned key = fl_get_key(wire, form);
        const flow_str bytes = fl_get_bytes(wire);
        if (wire->failed)
            break;
        struct fl_op *op = &engine->workers[fl_owner(engine, key.hash)].ops[i];
        struct fl_slice *slice = fl_slices_get(&op->worker->cache, set_at(op->keyed, s), end);
        flow_status status = slice ? load_value(op, slice, &key, &outer, bytes) : fl_no_memory(op);
        if (status == FLOW_OK)
            status = fl_spill_loaded(op->worker, bytes.len);
        if (status != FLOW_OK)
            return status;
    }
    return wire->failed ? FLOW_DAMAGED : FLOW_OK;
}

static void set_watermarks(struct fl_engine *engine, uint32_t i, int64_t watermark, int64_t fired)
{
    for (uint32_t w = 0; w < engine->options.workers; w++) {
        struct fl_worker *worker = &engine->workers[w];
        struct fl_keyed *keyed = worker->ops[i].keyed;
        keyed->watermark = watermark;
        keyed->fired = keyed->fired_next = fired;
        keyed->closed = watermark;
        atomic_store(&keyed->out, watermark);
        if (worker->stages[i].first)
            worker->stages[i].watermark = watermark;
    }
}

// What is restored holds the output watermark as it did.
static void hold_outputs(struct fl_engine *engine, uint32_t i)
{
    for (uint32_t w = 0; w < engine->options.workers; w++) {
        struct fl_op *op = &engine->workers[w].ops[i];
        const struct fl_keyed_ops *ops = op->keyed->ops;
        if (!ops->hold)
            continue;
        const int64_t next = ops->next(op) - 1, hold = ops->hold(op);
        const int64_t first = next < hold ? next : hold;
        if (first < op->keyed->watermark)
            atomic_store(&op->keyed->out, first);
    }
}

// A value that cannot be decoded is the snapshot's fault, however its reader calls it.
static flow_status unreadable(
    const struct fl_plan_op *plan, flow_status status, const char *what, flow_error *error)
{
    const bool memory = status == FLOW_MEMORY || status == FLOW_BUDGET;
    return flow_error_raise(error, memory ? status : FLOW_DAMAGED, plan->node->path,
        memory ? "no memory for %s in the snapshot" : "%s in the snapshot cannot be read", what);
}

// How what is a record now was stored. Keys may not change: equal keys are equal bytes (R21).
static flow_status load_type(const struct fl_plan_op *plan, enum fl_stored_part which,
    struct fl_stored *stored, struct fl_wire *wire, flow_error *error)
{
    static const char *const names[] = { "key", "state", "waiting elements" };
    const flow_type *types[] = { plan->shape.key_record, value_type(plan), element_type(plan) };
    const flow_evolution_rule rule =
        which == FL_STORED_KEY ? FLOW_EVOLVE_NEVER : FLOW_EVOLVE_COMPATIBLE;
    const flow_str description = fl_get_bytes(wire);
    flow_error why = { 0 };
    if (wire->failed || !types[which] != (description.len == 0))
        return flow_error_raise(error, FLOW_DAMAGED, plan->node->path,
            "the snapshot does not say what the %s of the step is a record of", names[which]);
    if (!types[which])
        return FLOW_OK;
    stored->of[which] =
        flow_evolution_new(description, types[which], rule, stored->allocator, &why);
    if (stored->of[which])
        return FLOW_OK;
    const flow_status status = why.status == FLOW_PARSE ? FLOW_DAMAGED : why.status;
    return flow_error_raise(error, status, plan->node->path,
        "the snapshot does not fit the step's %s: %s", names[which], why.message);
}

static flow_status load_meaning(
    const struct fl_plan_op *plan, struct fl_wire *wire, flow_error *error)
{
    if (fl_get_word(wire) != fl_meaning(plan))
        return flow_error_raise(error, FLOW_DAMAGED, plan->node->path,
            "its state was written by another kind of step, or with another key or other "
            "windows");
    return FLOW_OK;
}

static flow_status load_tables(struct fl_engine *engine, uint32_t i, struct fl_wire *wire)
{
    for (int s = 0; s < 3; s++) {
        const uint64_t count = fl_get_word(wire);
        for (uint64_t k = 0; k < count && !wire->failed; k++) {
            const flow_status status = load_table(engine, i, s, wire);
            if (status != FLOW_OK)
                return status;
        }
    }
    return FLOW_OK;
}

static flow_status load_state(
    struct fl_engine *engine, uint32_t i, struct fl_wire *wire, flow_error *error)
{
    const struct fl_plan_op *plan = &engine->plan.ops[i];
    const int64_t watermark = (int64_t)fl_get_word(wire);
    set_watermarks(engine, i, watermark, (int64_t)fl_get_word(wire));
    flow_status status = FLOW_OK;
    if (plan->kind == FL_OP_VIEW || plan->kind == FL_OP_TABLE)
        status = fl_view_load(engine, i, wire);
    if (plan->kind == FL_OP_GATE)
        status = fl_gate_load(engine, i, wire);
    if (plan->kind == FL_OP_SPLIT)
        status = fl_split_load(engine, i, wire);
    if (status == FLOW_OK)
        status = load_tables(engine, i, wire);
    if (status == FLOW_IO)
        return spill_failed(engine, error);
    if (status != FLOW_OK)
        return unreadable(plan, status, "its state", error);
    if (plan->kind == FL_OP_STATEFUL)
        status = fl_stateful_load_queue(engine, i, wire);
    if (status == FLOW_OK && engine->workers[0].ops[i].keyed->lives)
        status = fl_lives_load(engine, i, wire);
    if (status == FLOW_IO)
        return spill_failed(engine, error);
    if (status != FLOW_OK)
        return unreadable(plan, status, "what waits there", error);
    hold_outputs(engine, i);
    return FLOW_OK;
}

static flow_status load_keyed(
    struct fl_engine *engine, uint32_t i, struct fl_wire *wire, flow_error *error)
{
    const struct fl_plan_op *plan = &engine->plan.ops[i];
    struct fl_stored stored = { .allocator = engine->graph->allocator };
    flow_status status = load_meaning(plan, wire, error);
    for (int which = 0; which < FL_STORED_PARTS && status == FLOW_OK; which++)
        status = load_type(plan, (enum fl_stored_part)which, &stored, wire, error);
    if (status == FLOW_OK && fl_has_cells(plan))
        status = fl_cells_load_types(engine, plan, &stored, wire, error);
    wire->stored = &stored;
    if (status == FLOW_OK)
        status = load_state(engine, i, wire, error);
    wire->stored = NULL;
    for (int which = 0; which < FL_STORED_PARTS; which++)
        flow_evolution_free(stored.of[which]);
    fl_cells_drop_types(engine, &stored);
    return status;
}

// Gates have the path of the step behind them.
static uint32_t op_named(const struct fl_engine *engine, flow_str path, bool gate)
{
    for (uint32_t i = 0; i < engine->plan.op_count; i++)
        if ((engine->plan.ops[i].kind == FL_OP_GATE) == gate &&
            flow_str_equal(flow_str_of(engine->plan.ops[i].node->path), path))
            return i;
    return UINT32_MAX;
}

// `there` tells which steps the snapshot had something of.
static flow_status load_sections(
    struct fl_engine *engine, struct fl_wire *wire, bool *there, flow_error *error)
{
    for (;;) {
        const uint64_t mark = fl_get_word(wire);
        if (mark == END)
            return FLOW_OK;
        const flow_str path = fl_get_bytes(wire);
        if ((mark != SECTION && mark != GATE) || wire->failed)
            return flow_error_raise(error, FLOW_DAMAGED, NULL, "the snapshot is cut short");
        const uint32_t i = op_named(engine, path, mark == GATE);
        if (i == UINT32_MAX)
            return flow_error_raise(error, FLOW_DAMAGED, NULL,
                "the snapshot has state of step %.*s, which the pipeline has not", (int)path.len,
                path.data);
        there[i] = true;
        const flow_status status = engine->plan.ops[i].kind == FL_OP_SOURCE
                                       ? fl_reader_load(engine, i, wire, error)
                                       : load_keyed(engine, i, wire, error);
        if (status != FLOW_OK)
            return status;
    }
}

// A step that was added since starts with nothing, which is told (decision 21).
static void tell_new_steps(const struct fl_engine *engine, const bool *there)
{
    for (uint32_t i = 0; i < engine->plan.op_count; i++) {
        const struct fl_plan_op *plan = &engine->plan.ops[i];
        if (has_section(plan) && !there[i])
            fl_log(engine, FLOW_LOG_WARN, plan->node->path, "%s",
                plan->kind == FL_OP_SOURCE
                    ? "the snapshot has no position of it: it is read from its beginning"
                    : "the snapshot has no state of it: it starts empty");
    }
}

flow_status fl_engine_restore(struct fl_engine *engine, flow_str snapshot, flow_error *error)
{
    struct fl_wire wire = { snapshot, false, NULL };
    if (snapshot.len < 16 || fl_get_word(&wire) != MAGIC)
        return flow_error_raise(error, FLOW_DAMAGED, NULL, "this is no snapshot of an engine");
    struct fl_wire sum = { { snapshot.data + snapshot.len - 8, 8 }, false, NULL };
    if (fl_get_word(&sum) != XXH3_64bits(snapshot.data, snapshot.len - 8))
        return flow_error_raise(
            error, FLOW_DAMAGED, NULL, "the snapshot's checksum does not fit its bytes");
    const size_t size = engine->plan.op_count * sizeof(bool);
    bool *there = fl_take(&engine->cache, size);
    if (!there)
        return flow_error_raise(error, FLOW_BUDGET, NULL, "no memory for a snapshot");
    memset(there, 0, size);
    const flow_status status = load_sections(engine, &wire, there, error);
    if (status == FLOW_OK)
        tell_new_steps(engine, there);
    fl_give(&engine->cache, there, size);
    return status;
}
