// SPDX-License-Identifier: Apache-2.0
// Rows that a grouping keeps, in chunks, and the walk over them that group functions see.
#ifndef FL_CHUNK_H
#define FL_CHUNK_H

#include "engine.h"

// Rows of a key that stand together. Rows are only added.
struct fl_chunk {
    struct fl_chunk *next;
    uint32_t count, room; // no room: the rows are on disk (extents.h)
    // the rows follow
};

struct fl_group_cell;
struct fl_extents;

// The rows that a function walks: `left` more, of the chunk on; then of the cells after it.
struct fl_rows {
    struct flow_rows head;
    uint64_t count, left;
    uint32_t stride; // from row to row
    const struct fl_group_cell *cell;
    const struct fl_chunk *chunk;
    uint32_t row;
    // where the walk began, once a function has them
    const struct fl_group_cell *from_cell;
    const struct fl_chunk *from_chunk;
    uint32_t from_row;
    // rows that were spilled, each read when it is asked for (spilled.c)
    struct fl_op *op;           // whose; NULL: rows are in chunks
    struct fl_extents *extents; // of a live window; NULL: of the funnel's entry
    struct fl_rows *shown;      // or rows in chunks that are given one at a time all the same (R66)
    struct fl_mem *mem;         // what they point to
    void *one;                  // room for one
    const void *lent;           // the row that was given last
    struct fl_mem *held;        // rows that are held, and what they point to
    bool keep;                  // they stay until the function returns
};

// What the context asks of them.
flow_rows *fl_group_rows(flow_ctx *ctx);
const void *fl_group_rows_next(flow_rows *rows);
size_t fl_group_rows_count(const flow_rows *rows);
void fl_group_rows_keep(flow_rows *rows);
void fl_group_rows_rewind(flow_rows *rows);
const void *fl_group_rows_hold(flow_rows *rows);
void fl_group_rows_release(flow_rows *rows);

// Calls the group function of an op for a key, whose one row `batch` is; its time, window, pane and
// sign are what the function's outputs get. Sends on what it emits.
struct fl_entry;
flow_status fl_group_call(
    struct fl_op *op, struct fl_batch *batch, const struct fl_entry *key, struct fl_rows *rows);

// The rows of a cell that stands alone.
void fl_group_walk(const struct fl_op *op, const struct fl_group_cell *cell, struct fl_rows *rows);

// A batch of one row with room for a key.
struct fl_batch *fl_group_batch(struct fl_op *op);

#endif
