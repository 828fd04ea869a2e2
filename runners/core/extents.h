// SPDX-License-Identifier: Apache-2.0
// What is big goes to disk, what is many stays: rows of live windows that do not fit into memory
// stand in the worker's scratch file, as extents. The window itself, its trigger and its clocks
// stay where they are. An extent takes the place of the chunks whose rows it has, so that merging
// and undoing see no difference.
#ifndef FL_EXTENTS_H
#define FL_EXTENTS_H

#include "chunk.h"
#include "live.h"
#include "run.h"

// A chunk without room: its rows are a run of one entry, an item each.
struct fl_extent {
    struct fl_chunk chunk;
    struct fl_run run;
};

static inline const struct fl_extent *fl_extent_of(const struct fl_chunk *chunk)
{
    return chunk->room == 0 ? (const struct fl_extent *)(const void *)chunk : NULL;
}

// A walk over rows of a window, of which some are in extents.
struct fl_extents {
    const struct fl_chunk *chunk, *from; // the rows that follow; where it began
    uint32_t row, from_row;
    uint32_t stride; // of rows in memory
    bool open;       // the tap stands in the chunk
    struct fl_tap tap;
};

// Begins at a row of a chunk; the caller knows how many follow.
void fl_extents_begin(
    struct fl_extents *walk, struct fl_op *op, const struct fl_chunk *first, uint32_t row);
void fl_extents_rewind(struct fl_extents *walk);
void fl_extents_end(struct fl_extents *walk);

// The next row, which there is, if it is in memory; NULL: fl_extents_item gives it.
const void *fl_extents_near(struct fl_extents *walk);

// The next row's binary form, good until the next call. FLOW_OK, or what fl_scratch_read returns.
flow_status fl_extents_item(struct fl_extents *walk, flow_str *item);

// Rows of a window that are on disk.
uint64_t fl_extents_rows(const struct fl_bulk *bulk);

// Whether a step's windows spill: to `spills` of fl_lives. False without memory.
bool fl_extents_init(struct fl_op *op, struct fl_lives *lives);

// Between bundles: writes rows of the largest windows out, about so many bytes, and says whether
// there were any. The error is the op's.
flow_status fl_extents_spill(struct fl_op *op, uint64_t bytes, bool *any);

// A window that takes rows in makes sure that they can be written; and needs that no longer. False
// without memory.
bool fl_extents_ready(struct fl_lives *lives, struct fl_bulk *bulk);
bool fl_extents_unready(struct fl_lives *lives, const struct fl_bulk *bulk);

// A window's rows go: their place is given back once the bundle commits. False without memory.
bool fl_extents_drop(struct fl_op *op, const struct fl_bulk *bulk);
void fl_extents_commit(struct fl_op *op);

#endif
