// SPDX-License-Identifier: Apache-2.0
// What a snapshot says of a function's cells and timers, so that a newer program can read them:
// they are found by their names, their records may have grown (decision 23), new ones start with
// nothing.
#include "cells.h"
#include "snapshot.h"

void fl_cells_put_types(const flow_fn *fn, flow_buffer *out)
{
    fl_put_word(out, fn->cell_count);
    for (uint32_t i = 0; i < fn->cell_count; i++) {
        const flow_cell *cell = fn->cells[i];
        fl_put_bytes(out, flow_str_of(cell->name));
        fl_put_word(out, (uint64_t)cell->kind);
        fl_put_word(out, (uint64_t)cell->key.kind);
        fl_put_type(cell->key_type, out);
        fl_put_type(fl_cells_record(cell), out);
    }
    fl_put_word(out, fn->timer_count);
    for (uint32_t i = 0; i < fn->timer_count; i++) {
        fl_put_bytes(out, flow_str_of(fn->timers[i]->name));
        fl_put_word(out, (uint64_t)fn->timers[i]->clock);
    }
}

// A description being read, and what is not the same in the program, in words.
struct reading {
    const flow_fn *fn;
    struct fl_stored *stored;
    struct fl_wire *wire;
    flow_buffer differences;
    flow_status status; // not FLOW_OK: no sentence would help
};

static void differs(struct reading *r, const char *what, flow_str name)
{
    if (r->differences.len)
        flow_buffer_put(&r->differences, "; ", 2);
    flow_buffer_printf(&r->differences, "%s '%.*s' ", what, (int)name.len, name.data);
}

static const char *kind_name(uint64_t kind)
{
    static const char *const names[] = { "value", "bag", "combining cell", "set", "map", "multimap",
        "ordered list" };
    return kind >= FLOW_CELL_VALUE && kind <= FLOW_CELL_ORDERED ? names[kind - FLOW_CELL_VALUE]
                                                                : "cell of another kind";
}

// How a record of a cell was stored; NULL where there is none, or where it does not fit, in words.
static flow_evolution *read_type(
    struct reading *r, const flow_cell *cell, const flow_type *type, flow_evolution_rule rule)
{
    const flow_str description = fl_get_bytes(r->wire);
    flow_error why = { 0 };
    if (r->wire->failed || !type || description.len == 0)
        return NULL;
    flow_evolution *evolution =
        flow_evolution_new(description, type, rule, r->stored->allocator, &why);
    if (evolution)
        return evolution;
    if (why.status != FLOW_TYPE) {
        r->status = why.status == FLOW_MEMORY ? FLOW_MEMORY : FLOW_DAMAGED;
        return NULL;
    }
    differs(r, rule == FLOW_EVOLVE_NEVER ? "the key of cell" : "cell", flow_str_of(cell->name));
    flow_buffer_printf(&r->differences, "does not fit: %s", why.message);
    return NULL;
}

static const flow_cell *cell_named(const flow_fn *fn, flow_str name, uint32_t *at)
{
    for (*at = 0; *at < fn->cell_count; ++*at)
        if (flow_str_equal(flow_str_of(fn->cells[*at]->name), name))
            return fn->cells[*at];
    return NULL;
}

static void read_cell(struct reading *r, uint32_t i)
{
    const flow_str name = fl_get_bytes(r->wire);
    const uint64_t kind = fl_get_word(r->wire), key = fl_get_word(r->wire);
    uint32_t at;
    const flow_cell *cell = cell_named(r->fn, name, &at);
    const bool same = cell && (uint64_t)cell->kind == kind && (uint64_t)cell->key.kind == key;
    if (r->wire->failed)
        return;
    if (!cell) {
        differs(r, "cell", name);
        flow_buffer_printf(&r->differences, "is in the snapshot and not in the program");
    } else if (!same) {
        differs(r, "cell", name);
        const bool kinds = (uint64_t)cell->kind != kind;
        flow_buffer_printf(&r->differences,
            kinds ? "is a %s in the snapshot and a %s in the program"
                  : "has a key of kind %s in the snapshot and of kind %s in the program",
            kinds ? kind_name(kind) : flow_kind_name((flow_kind)key),
            kinds ? kind_name((uint64_t)cell->kind) : flow_kind_name(cell->key.kind));
    }
    flow_evolution_free(read_type(r, cell, same ? cell->key_type : NULL, FLOW_EVOLVE_NEVER));
    flow_evolution *evolution =
        read_type(r, cell, same ? fl_cells_record(cell) : NULL, FLOW_EVOLVE_COMPATIBLE);
    r->stored->cells[i] = (struct fl_stored_cell){ at, evolution };
}

static void read_timer(struct reading *r, uint32_t i)
{
    const flow_str name = fl_get_bytes(r->wire);
    const uint64_t clock = fl_get_word(r->wire);
    uint32_t at = 0;
    while (at < r->fn->timer_count && !flow_str_equal(flow_str_of(r->fn->timers[at]->name), name))
        at++;
    r->stored->timers[i] = at;
    if (r->wire->failed)
        return;
    if (at == r->fn->timer_count) {
        differs(r, "timer", name);
        flow_buffer_printf(&r->differences, "is in the snapshot and not in the program");
    } else if ((uint64_t)r->fn->timers[at]->clock != clock) {
        differs(r, "timer", name);
        flow_buffer_printf(&r->differences, "goes by another clock in the program");
    }
}

// Zeroed room for so many; a count that the bytes which are left cannot have is damage.
static void *room_for(struct reading *r, struct fl_cache *cache, uint64_t count, size_t size)
{
    if (r->wire->failed || count > r->wire->rest.len / sizeof(uint64_t)) {
        r->status = FLOW_DAMAGED;
        return NULL;
    }
    void *room = fl_take(cache, (count + 1) * size);
    if (room)
        memset(room, 0, (count + 1) * size);
    else
        r->status = FLOW_BUDGET;
    return room;
}

flow_status fl_cells_load_types(struct fl_engine *engine, const struct fl_plan_op *plan,
    struct fl_stored *stored, struct fl_wire *wire, flow_error *error)
{
    struct reading r = { plan->node->fn, stored, wire, { .allocator = engine->graph->allocator },
        FLOW_OK };
    const uint64_t cells = fl_get_word(wire);
    stored->cells = room_for(&r, &engine->cache, cells, sizeof *stored->cells);
    stored->cell_count = stored->cells ? (uint32_t)cells : 0;
    for (uint32_t i = 0; i < stored->cell_count && r.status == FLOW_OK; i++)
        read_cell(&r, i);
    const uint64_t timers = r.status == FLOW_OK ? fl_get_word(wire) : 0;
    if (r.status == FLOW_OK)
        stored->timers = room_for(&r, &engine->cache, timers, sizeof *stored->timers);
    stored->timer_count = stored->timers ? (uint32_t)timers : 0;
    for (uint32_t i = 0; i < stored->timer_count; i++)
        read_timer(&r, i);
    flow_status status = wire->failed ? FLOW_DAMAGED : r.status;
    if (status == FLOW_OK && r.differences.failed)
        status = FLOW_MEMORY;
    if (status != FLOW_OK)
        flow_error_raise(error, status, plan->node->path,
            "the snapshot's description of its cells and timers cannot be read");
    else if (r.differences.len)
        status = flow_error_raise(error, FLOW_TYPE, plan->node->path,
            "the snapshot does not fit the step's cells and timers: %.*s", (int)r.differences.len,
            r.differences.data);
    flow_buffer_free(&r.differences);
    return status;
}

void fl_cells_drop_types(struct fl_engine *engine, struct fl_stored *stored)
{
    for (uint32_t i = 0; i < stored->cell_count; i++)
        flow_evolution_free(stored->cells[i].record);
    if (stored->cells)
        fl_give(&engine->cache, stored->cells, (stored->cell_count + 1) * sizeof *stored->cells);
    if (stored->timers)
        fl_give(&engine->cache, stored->timers, (stored->timer_count + 1) * sizeof *stored->timers);
}
