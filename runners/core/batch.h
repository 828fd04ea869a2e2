// SPDX-License-Identifier: Apache-2.0
// The batch: rows of one type with their times, windows and pane, and the memory their strings lie
// in. All that passes between steps. Shared by reference; only a sole owner may change it.
#ifndef FL_BATCH_H
#define FL_BATCH_H

#include <flow/runner.h>

#include "memory.h"

#define FL_BATCH_BYTES ((size_t)32 << 10)

enum fl_time_form {
    FL_TIME_UNIFORM, // all rows at `time_base`
    FL_TIME_DELTA,   // time_base + deltas[row]
    FL_TIME_STRIDED  // int64 at times + row * times_stride: an array of its own, or a field of the
                     // rows
};

enum fl_window_form {
    FL_WINDOW_IMPLIED, // by the time and the collection's windowing
    FL_WINDOW_UNIFORM, // all rows in `window`
    FL_WINDOW_ROWS     // windows[row]
};

// What rows of a shuffle are.
enum fl_content {
    FL_CONTENT_ROWS,    // elements
    FL_CONTENT_VALUES,  // key and the field that a combine reads
    FL_CONTENT_PARTIAL, // key and accumulator
    FL_CONTENT_KEYS     // key alone, as the user's functions see it: of timers and groups
};

struct fl_batch {
    _Atomic uint32_t refs;
    uint32_t count;    // rows
    uint32_t capacity; // rows that fit
    uint32_t stride;
    char *rows;       // NULL while only `columns` are there
    size_t rows_size; // bytes taken for rows; 0: lent or another batch's
    // By column: one array per field of the type, each of `count` items; NULL: by row.
    const void *const *columns;
    const flow_type *type;
    enum fl_time_form time_form;
    enum fl_window_form window_form;
    enum fl_content content;
    bool fresh; // made by the stage that has it: may be changed by a sole owner
    bool lent;  // rows belong to the caller of the library
    bool keyed; // rows lie as a shuffle lays them: the key in canonical form first
    int64_t time_base;
    int32_t *deltas;
    const char *times;
    uint32_t times_stride;
    int64_t *times_own; // the array `times` points to, when the batch owns it
    flow_window window;
    flow_window *windows;
    flow_pane pane;          // of all rows, unless `panes` is there
    flow_pane *panes;        // by row; NULL: all in `pane`
    int8_t *signs;           // +1 or −1 (a retraction) by row; NULL: all +1
    uint64_t *hashes;        // of the keys, where they travel along (fl_format.hashed)
    uint64_t origin;         // ordinal of row 0 within the piece being read; FL_ORIGIN_LOST
    struct fl_mem *mem;      // where strings lie
    struct fl_batch *parent; // whose rows these are, for another view of the same rows
    struct fl_batch *next;   // in lists
    struct fl_batch *parcel; // in a worker's mail: the parcel that came before
    size_t counted;          // bytes it counts as in flight
    // While it is being sent on, in the worker's call stack: what it was made of, and the row there
    // of each of its rows. NULL where that is not known.
    const struct fl_batch *source;
    const uint16_t *sources;
};

#define FL_ORIGIN_LOST UINT64_MAX

// The rows of a batch that count.
struct fl_view {
    struct fl_batch *batch;
    const uint16_t *selection; // NULL: all
    uint32_t count;
};

extern const flow_pane fl_no_pane; // R51

// How many rows of `stride` bytes a batch holds: at most FLOW_BATCH_ROWS and 32 KiB, at least one.
uint32_t fl_batch_capacity(uint32_t stride);

// A batch with room for fl_batch_capacity rows, or NULL.
struct fl_batch *fl_batch_new(struct fl_cache *cache, const flow_type *type, uint32_t stride);

// A batch over rows that are not its own.
struct fl_batch *fl_batch_lend(
    struct fl_cache *cache, const flow_type *type, const void *rows, uint32_t count);

// The same by column: values [from, from + count) of each.
struct fl_batch *fl_batch_lend_columns(struct fl_cache *cache, const flow_type *type,
    const void *const *columns, uint32_t from, uint32_t count);

// Another header over the same rows, whose times and windows can be changed.
struct fl_batch *fl_batch_alias(struct fl_cache *cache, struct fl_batch *parent);

// The same whose windows are to be written down, row by row.
struct fl_batch *fl_batch_windowed(struct fl_cache *cache, struct fl_batch *parent);

struct fl_batch *fl_batch_ref(struct fl_batch *batch);
void fl_batch_unref(struct fl_cache *cache, struct fl_batch *batch);

// Empties a batch that has one owner, keeping its rows' room.
void fl_batch_clear(struct fl_cache *cache, struct fl_batch *batch);

// Gives back most of the room of a batch that will take no more rows and has few, and one owner:
// where all fits, rows and arrays move into the header's block.
void fl_batch_trim(struct fl_cache *cache, struct fl_batch *batch);

// Makes rows of columns, once. False without memory.
bool fl_batch_need_rows(struct fl_cache *cache, struct fl_batch *batch);

// Room for an array of its own per row; NULL without memory.
int32_t *fl_batch_need_deltas(struct fl_cache *cache, struct fl_batch *batch);
int64_t *fl_batch_need_times(struct fl_cache *cache, struct fl_batch *batch);
flow_window *fl_batch_need_windows(struct fl_cache *cache, struct fl_batch *batch);
flow_pane *fl_batch_need_panes(struct fl_cache *cache, struct fl_batch *batch);
int8_t *fl_batch_need_signs(struct fl_cache *cache, struct fl_batch *batch); // all +1
uint64_t *fl_batch_need_hashes(struct fl_cache *cache, struct fl_batch *batch);
struct fl_mem *fl_batch_need_mem(struct fl_cache *cache, struct fl_batch *batch);

// Gives rows [from, to) of `out` the times, windows and pane of the rows `origin` of `in`.
bool fl_batch_inherit(struct fl_cache *cache, struct fl_batch *out, const struct fl_batch *in,
    const uint16_t *origin, uint32_t from);

// Copies the time, window and pane form of `in` where every row comes from one row of it.
// Whether two batches' rows can stand in one: same window (or both by row), same pane.
bool fl_batch_same_pane(const flow_pane *a, const flow_pane *b);

// Turns times that lie in a field of the rows into ones that do not change with the rows.
bool fl_batch_own_times(struct fl_cache *cache, struct fl_batch *batch);

static inline int64_t fl_batch_time(const struct fl_batch *batch, uint32_t row)
{
    switch (batch->time_form) {
    case FL_TIME_UNIFORM:
        return batch->time_base;
    case FL_TIME_DELTA:
        return batch->time_base + batch->deltas[row];
    case FL_TIME_STRIDED:
        break;
    }
    int64_t time;
    memcpy(&time, batch->times + (size_t)row * batch->times_stride, sizeof time);
    return time;
}

static inline const flow_pane *fl_batch_pane(const struct fl_batch *batch, uint32_t row)
{
    return batch->panes ? &batch->panes[row] : &batch->pane;
}

static inline int8_t fl_batch_sign(const struct fl_batch *batch, uint32_t row)
{
    return batch->signs ? batch->signs[row] : 1;
}

static inline uint32_t fl_view_row(const struct fl_view *view, uint32_t i)
{
    return view->selection ? view->selection[i] : i;
}

// Earliest and latest time of a view's rows, which has some.
struct fl_reach {
    int64_t earliest, latest;
};
struct fl_reach fl_view_reach(const struct fl_view *view);

// Bytes from a row to the same row of the next batch, where the caller's rows lie one behind the
// other: a loop that asks for it lets memory work while functions do. 0: not known.
static inline size_t fl_batch_ahead(const struct fl_batch *batch)
{
    return batch->lent && batch->rows ? (size_t)batch->count * batch->stride : 0;
}

// Bytes of a batch that count as in flight.
size_t fl_batch_size(const struct fl_batch *batch);

#endif
