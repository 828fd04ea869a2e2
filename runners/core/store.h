// SPDX-License-Identifier: Apache-2.0
// Rows that last: copied out of the batches of a bundle with their times and windows, and segments
// of such rows, found by key and time. Segments do not change once made: any worker reads them.
#ifndef FL_STORE_H
#define FL_STORE_H

#include "engine.h"
#include "table.h"

// How stored rows lie: the element, or a key that is no part of it and then the element.
struct fl_layout {
    flow_shape shape;
    bool apart; // the key lies before the element
};

struct fl_layout fl_layout_of(const flow_shape *in);

// Batches of stored rows, oldest first, linked by `next`. All zero is empty.
struct fl_store {
    struct fl_batch *first, *last;
};

// A row of a batch.
struct fl_row_at {
    const struct fl_batch *batch;
    const flow_shape *shape;
    uint32_t row;
};

// Copies a row with all that it points to. False without memory.
bool fl_store_put(struct fl_cache *cache, const struct fl_layout *layout, struct fl_store *store,
    const struct fl_row_at *at);

// Room for a row in the last batch, whose window and pane are those of all of another, unless that
// has them by row: for who writes the row by hand, and its time, window and pane where they are by
// row, and counts it. NULL without memory.
char *fl_store_room(struct fl_cache *cache, const struct fl_layout *layout, struct fl_store *store,
    const struct fl_batch *like);

// Gives back room that the last batch does not need.
void fl_store_close(struct fl_cache *cache, struct fl_store *store);

void fl_store_drop(struct fl_cache *cache, struct fl_store *store);

// Where a row of a segment is: its batch, times FLOW_BATCH_ROWS, and its number there.
#define FL_NO_ROW UINT32_MAX

// What a key has in a segment.
struct fl_span {
    uint32_t number; // of the key
    uint32_t first;  // in `order`
    uint32_t count;
};

struct fl_segment {
    _Atomic uint32_t refs;
    uint32_t batch_count;
    uint64_t rows;
    struct fl_mem *mem; // of the segment itself
    struct fl_batch **batches;
    uint64_t *starts; // rows before each batch
    flow_shape shape;
    // by key: segments of maps and tables
    struct fl_table index; // spans
    uint32_t *order;       // rows, key by key; timed: by time, then by their binary form
    size_t order_size;
    uint32_t twice; // a row that is not the only one of its key, or FL_NO_ROW
};

enum fl_segment_kind {
    FL_SEGMENT_PLAIN, // one row after the other
    FL_SEGMENT_KEYED, // by key
    FL_SEGMENT_TIMED  // by key and time
};

// A segment of batches linked by `next`, which it takes over; NULL without memory, and then they
// stay the caller's. Uses the keys of the op's worker.
struct fl_segment *fl_segment_new(
    struct fl_op *op, struct fl_batch *batches, const flow_shape *shape, enum fl_segment_kind kind);

struct fl_segment *fl_segment_ref(struct fl_segment *segment);
void fl_segment_unref(struct fl_cache *cache, struct fl_segment *segment);

// The row at a reference, or at a position among all.
const char *fl_segment_row(const struct fl_segment *segment, uint32_t ref);
const char *fl_segment_at(const struct fl_segment *segment, uint64_t position);
int64_t fl_segment_time(const struct fl_segment *segment, uint32_t ref);

// What a key has, or NULL.
const struct fl_span *fl_segment_find(
    const struct fl_segment *segment, const struct fl_one_key *key);

// Timed: the last row of a span at or before an instant, or FL_NO_ROW.
uint32_t fl_segment_as_of(const struct fl_segment *segment, const struct fl_span *span, int64_t at);

// Timed: which of two rows counts at a later instant: below 0 when the second does.
int fl_segment_compare(const struct fl_segment *a, uint32_t left, const struct fl_segment *b,
    uint32_t right, flow_buffer *scratch);

#endif
