// SPDX-License-Identifier: Apache-2.0
// Inside snapshots: what each kind of keyed step writes and reads.
#ifndef FL_SNAPSHOT_H
#define FL_SNAPSHOT_H

#include "keyed.h"
#include "wire.h"

// A key in canonical form, as snapshots have it, and the worker that owns it.
struct fl_owned {
    uint64_t word;
    flow_str bytes;
    uint64_t hash;
};

uint32_t fl_owner(const struct fl_engine *engine, uint64_t hash);

void fl_put_key(flow_buffer *out, enum fl_key_form form, uint64_t word, flow_str bytes);
struct fl_owned fl_get_key(struct fl_wire *wire, enum fl_key_form form);

// The value of a key in a table, made. NULL without memory.
void *fl_restored(struct fl_op *op, struct fl_table *table, const struct fl_owned *key);

// Memory of a table, for what a decoded row points to. False without memory.
bool fl_table_memory(struct fl_op *op, struct fl_table *table, void *pair[2], flow_memory *memory);

// A sum of what the bytes of a step's state mean: kind of step, of key, windows (meaning.c).
uint64_t fl_meaning(const struct fl_plan_op *plan);

// Whether its state is cells.
bool fl_has_cells(const struct fl_plan_op *plan);

// Describes a record, or that there is none.
void fl_put_type(const flow_type *type, flow_buffer *out);

// Cells of groups, and of stateful steps with their queues.
void fl_group_save(struct fl_op *op, const void *value, flow_buffer *out);
flow_status fl_group_load(
    struct fl_op *op, struct fl_slice *slice, const struct fl_owned *key, struct fl_wire *wire);
void fl_stateful_save(struct fl_op *op, const void *value, flow_buffer *out);
flow_status fl_stateful_load(struct fl_op *op, struct fl_slice *slice, const struct fl_owned *key,
    void *value, struct fl_wire *wire);
uint64_t fl_stateful_queue_rows(const struct fl_op *op);
void fl_stateful_save_queue(struct fl_op *op, flow_buffer *out);
flow_status fl_stateful_load_queue(struct fl_engine *engine, uint32_t op, struct fl_wire *wire);

// Live windows: the clock that they have seen, and all of an op on a worker; how many.
int64_t fl_lives_clock(const struct fl_op *op);
// Adds how many to *count. FLOW_OK, or the op's error.
flow_status fl_lives_save(struct fl_op *op, flow_buffer *out, uint64_t *count);
flow_status fl_lives_load(struct fl_engine *engine, uint32_t op, struct fl_wire *wire);

// Sources.
void fl_reader_save(struct fl_engine *engine, uint32_t op, flow_buffer *out);
flow_status fl_reader_load(
    struct fl_engine *engine, uint32_t op, struct fl_wire *wire, flow_error *error);

#endif
