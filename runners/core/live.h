// SPDX-License-Identifier: Apache-2.0
// The general path of groupings: windows that merge, any trigger, results that accumulate or are
// taken back. A live window is a block of its own, found by key (R57: one state per live window);
// the first touch in a bundle leaves an image, which an abort puts back (R3).
#ifndef FL_LIVE_H
#define FL_LIVE_H

#include "chunk.h"
#include "hint.h"
#include "keyed.h"
#include "nook.h"

// A key as live windows carry it.
union fl_live_key {
    uint64_t word;
    flow_str bytes; // as the table has them
};

// A window of a key that is not collected yet. Behind it lie the accumulator, what the trigger
// remembers and struct fl_bulk, at the offsets that struct fl_lives says.
struct fl_live {
    union fl_live_key key;
    uint64_t stamp; // bundle that touched it last
    flow_window window;
    // By queue: when it should be looked at (FL_NEVER: not), and the hint there is, which may be
    // earlier: input watermark, clock, and what holds the output watermark (R53).
    int64_t due, due_hint;
    int64_t wake, wake_hint;
    int64_t hold, hold_hint;
    uint32_t index;        // of the next pane (R46)
    int32_t on_time_index; // of the last pane; −1: none yet that is not early
    bool fresh;            // elements came since the last firing
    bool timed;            // a pane was ON_TIME or LATE
    bool closed;           // the trigger finished (R25)
};

// Bytes that a window's rows and strings lie in.
struct fl_block {
    struct fl_block *next;
    size_t size; // with this header
};

// A result that was given and may be taken back.
struct fl_past {
    struct fl_past *next;
    flow_window window;
    int64_t time;
    flow_pane pane;
    const struct fl_chunk *first; // groups: the rows it was made of, `row` and on
    uint32_t row;
    uint64_t count;
    // combines: the accumulator follows
};

// What a window has only in steps that need it.
struct fl_bulk {
    struct fl_block *blocks, *oldest; // newest first
    size_t used;                      // bytes of the newest that are in use
    size_t size, settled;             // bytes of all; and when they were made anew last
    struct fl_chunk *first, *last;    // rows
    uint32_t extents;                 // of these chunks, those whose rows are on disk (extents.h)
    struct fl_extent *ready;          // for when they go to disk, since memory is short then
    uint64_t rows;                    // in chunks
    uint64_t minus;                   // of them, such as take another back
    int64_t net;                      // elements less those taken back
    uint32_t last_count;              // rows in `last`, for when the image is put back
    struct fl_past *past;
};

// Live windows of a key: the one, or a list of them, sorted by start, then end.
struct fl_live_list {
    uint32_t count, room;
    struct fl_live *at[];
};

// Bytes of live windows, and of their rows beside them.
struct fl_kept {
    uint64_t windows, rows;
};

// The general path of a step on a worker.
struct fl_lives {
    const flow_triggering *how; // never NULL
    bool usual;                 // the default trigger
    bool clocked;               // the trigger looks at the clock
    bool merging;
    bool spans;    // merging is that of plain sessions: overlapping windows become their span
    bool holding;  // holds are not just the windows' ends
    bool signs;    // elements may be taken back
    bool keeps;    // rows are kept: groups, and combines that cannot subtract
    bool bulk;     // windows have struct fl_bulk
    bool pointers; // what is kept points to bytes outside
    bool spills;   // rows that are too many go to disk (extents.h)
    uint32_t acc_at, state_at, bulk_at, size;
    uint32_t row_size;         // of a kept row
    uint32_t row_stride;       // with its sign, where there are signs
    const flow_type *row_type; // NULL: an integer
    struct fl_table table;     // key → struct fl_live *, or struct fl_live_list * | 1
    struct fl_nook windows;    // live windows, nothing else: hints look at them when they are gone
    struct fl_nook blocks;     // of windows' rows and strings
    struct fl_nook extents;    // that stand in for rows on disk
    struct fl_nook bytes;      // everything else
    struct fl_hints dues, wakes, holds;
    uint64_t looked_in;               // bundle that looked at the clocks
    int64_t shown;                    // output watermark then
    struct fl_live_gone *gone;        // keys that may have no window left, of this bundle
    struct fl_keys keys;              // of the rows in work
    struct fl_kept kept, kept_before; // now, and before the bundle
    struct fl_dropped *dropped;       // extents that go with the bundle
    flow_window list[64];             // windows of an element
};

struct fl_live_gone {
    struct fl_live_gone *next;
    union fl_live_key key;
};

// Everything below returns false, NULL or FLOW_BUDGET without memory, unless it says otherwise.

// --- live.c: finding and keeping

// Windows of a key, by place. NULL: none such.
uint32_t fl_live_count(uintptr_t cell);
struct fl_live *fl_live_at(uintptr_t cell, uint32_t i);

// What the table has of a key, 0 for nothing.
uintptr_t fl_live_find(const struct fl_lives *lives, const union fl_live_key *key);

// Where in a cell a window is, or would be.
uint32_t fl_live_place(uintptr_t cell, flow_window window);

// A new window of a key whose bytes may pass away.
struct fl_live *fl_live_new(struct fl_op *op, const union fl_live_key *key, flow_window window);

// Gives a window back with all it has.
bool fl_live_remove(struct fl_op *op, struct fl_live *live);

// Leaves an image of a window that is about to change.
bool fl_live_touch(struct fl_op *op, struct fl_live *live);

// A pointer that is about to change comes back when the bundle is aborted.
bool fl_live_keep_pointer(struct fl_op *op, void *pointer);

// A window gets other bounds: it is put in its place again.
bool fl_live_move(struct fl_op *op, struct fl_live *live, flow_window window);

static inline void *fl_live_acc(const struct fl_lives *lives, struct fl_live *live)
{
    return (char *)live + lives->acc_at;
}

static inline flow_trigger_state *fl_live_state(const struct fl_lives *lives, struct fl_live *live)
{
    return (flow_trigger_state *)(void *)((char *)live + lives->state_at);
}

static inline struct fl_bulk *fl_live_bulk(const struct fl_lives *lives, struct fl_live *live)
{
    return (struct fl_bulk *)(void *)((char *)live + lives->bulk_at);
}

// Sees to hints for what a window waits for.
bool fl_live_hint(struct fl_op *op, struct fl_live *live);

// The bundle ended well, or never was.
void fl_lives_commit(struct fl_op *op);
void fl_lives_abort(struct fl_op *op);

// --- content.c: what a window holds

// An element, as rows of the batch have it.
struct fl_element {
    const struct fl_batch *batch;
    enum fl_content content;
    const char *value;
    int64_t time;
    int8_t sign;
};

bool fl_content_add(struct fl_op *op, struct fl_live *live, const struct fl_element *element);

// `other`, which goes away, becomes part of `live`.
bool fl_content_merge(struct fl_op *op, struct fl_live *live, struct fl_live *other);

// Gives back bytes that the accumulator no longer points to, once they may be most.
bool fl_content_tidy(struct fl_op *op, struct fl_live *live);

// Empties a window: but for results that may be taken back, unless `all`.
bool fl_content_clear(struct fl_op *op, struct fl_live *live, bool all);

// Rows that take each other back are gone from what is kept; those left that take back come last.
flow_status fl_content_net(struct fl_op *op, struct fl_live *live);

// The accumulator of a combine: its own, or made of the rows that are kept, in scratch memory of
// the bundle. NULL without memory.
const void *fl_content_acc(struct fl_op *op, struct fl_live *live);

// Notes the result just given, to be taken back.
bool fl_content_note(
    struct fl_op *op, struct fl_live *live, const struct fl_past *past, const void *acc);
bool fl_content_forget(struct fl_op *op, struct fl_live *live); // all that was noted

// Memory that lasts as long as the window's content, for flow_row_adopt: `room` is filled.
struct fl_bulk_room {
    struct fl_lives *lives;
    struct fl_bulk *bulk;
};
flow_memory fl_bulk_memory(struct fl_bulk_room *room);
bool fl_content_append(struct fl_op *op, struct fl_live *live, const void *row, int8_t sign);

// --- merge.c

// The window that an element of a key and its own window goes to, after any merging, made if need
// be. *closed: there is none, since its trigger has finished.
flow_status fl_live_of(struct fl_op *op, const union fl_live_key *key, flow_window own,
    struct fl_live **live, bool *closed);

// --- result.c: panes that go out

// Emits the pane of a window, if it is to be (R50), and counts on. `last`: none follows.
flow_status fl_result_emit(struct fl_op *op, struct fl_live *live, bool last);

// Takes back results of windows that have merged into this one, once those would have been
// collected: steps that follow must still have them. The instant of that; FL_NEVER: none.
flow_status fl_result_expire(struct fl_op *op, struct fl_live *live);
int64_t fl_result_expiry(const struct fl_op *op, struct fl_live *live);

// --- lives.c: the step

flow_trigger_clocks fl_live_clocks(const struct fl_op *op, const struct fl_live *live);

// Keeps the keys of the rows in work, in `keys` of fl_lives.
bool fl_lives_keep_keys(struct fl_op *op, const struct fl_keys *gathered, uint32_t count);

// What a window waits for next, by its state and the clocks.
void fl_live_await(struct fl_op *op, struct fl_live *live);

#endif
