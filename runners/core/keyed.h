// SPDX-License-Identifier: Apache-2.0
// Steps with state by key and window: what they share, and how each kind answers.
#ifndef FL_KEYED_H
#define FL_KEYED_H

#include "engine.h"
#include "slice.h"

// How rows lie in a shuffle: the key in canonical form first, then (records) the key as functions
// see it, then the element, or what the combine reads of it, or an accumulator.
struct fl_format {
    enum fl_content content;
    enum fl_key_form form;
    uint32_t key_at; // where the key lies as functions see it
    uint32_t value_at;
    uint32_t value_size;
    uint32_t stride;
    bool points;      // rows point to bytes outside
    bool hashed;      // hashes of the keys travel along: who takes the rows wants them
    flow_shape shape; // for functions
};

// Rows taken in by the bundle, to be applied when it commits.
struct fl_staged {
    struct fl_staged *next;
    struct fl_batch *batch;
    uint16_t *selection; // NULL: all
    uint32_t count;
    flow_shape shape;
};

struct fl_keyed;

// How a kind of keyed step works.
struct fl_keyed_ops {
    // Takes rows whose keys are gathered; they belong to windows that are still open.
    flow_status (*take)(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
        const struct fl_keys *keys);
    // The earliest instant of the watermark at which something fires; FLOW_TIME_MAX_US + 1: none.
    int64_t (*next)(struct fl_op *op);
    // Fires what is due at the watermark, or at `now`, a bundle's worth.
    flow_status (*fire)(struct fl_op *op);
    // The bundle ended well, or never was.
    void (*commit)(struct fl_op *op);
    void (*abort)(struct fl_op *op);
    // The earliest instant of the clock at which something fires; FL_NEVER: none. May be NULL.
    int64_t (*wake)(struct fl_op *op);
    // What holds the output watermark beside what `next` says: it does not pass this. FL_NEVER:
    // nothing. May be NULL.
    int64_t (*hold)(struct fl_op *op);
    // All of the bundle is there: makes what the commit shows, which must not fail. May be NULL.
    flow_status (*seal)(struct fl_op *op);
};

// `next` and `fire` of kinds that have nothing to fire.
int64_t fl_keyed_never(struct fl_op *op);
flow_status fl_keyed_fire_nothing(struct fl_op *op);

#define FL_NEVER     (FLOW_TIME_MAX_US + 1)
#define FL_FIRE_ROWS 16384u // rows after which a firing bundle ends

struct fl_keyed {
    const struct fl_keyed_ops *ops;
    struct fl_cut cut;
    flow_duration lateness;
    enum fl_key_form form;
    int64_t watermark;        // input watermark
    int64_t now;              // the clock when it was last looked at; kinds with `wake` only
    _Atomic int64_t out;      // output watermark
    struct fl_slices slices;  // state
    struct fl_slices panes;   // sliding windows: state of elements that came with their window
    struct fl_slices late;    // late panes of the bundle, by name of their window
    struct fl_slices numbers; // lateness: next pane index by key and fired window
    struct fl_staged *staged, *staged_last;
    bool touched; // in this bundle
    // combine and group: name of the window being fired, where in which of its tables, and all
    // after this bundle
    int64_t fire_end, fire_end_next;
    uint64_t fire_at, fire_at_next;
    uint32_t fire_table, fire_table_next;
    int64_t fired, fired_next; // name of the last window that has fired wholly
    int64_t closed;            // watermark up to which all that was due has fired
    struct fl_slide *slide;
    struct fl_fired_runs *runs; // of the window being fired, where it has some (spill.h)
    // sliding groups: by key, its cells in the window named `joined`
    struct fl_table joints;
    int64_t joined;
    // combine
    uint32_t acc_size;
    bool acc_pointers;
    struct fl_stateful *stateful;
    struct fl_view_op *view; // steps that make views
    struct fl_gate *gate;
    struct fl_lives *lives; // groupings on the general path
    struct fl_split *split; // splittable functions
};

// When the window with this name is forgotten (R23).
static inline flow_time fl_keyed_expiry(const struct fl_keyed *keyed, int64_t name)
{
    return flow_window_expiry(fl_cut_window(&keyed->cut, name), keyed->lateness);
}

// The general path: see live.h.
bool fl_lives_init(struct fl_op *op);
void fl_lives_fini(struct fl_op *op);

// Makes the state of a keyed op. False without memory.
bool fl_keyed_init(struct fl_op *op);
void fl_keyed_fini(struct fl_op *op);

extern const struct fl_keyed_ops fl_combine_ops, fl_group_ops, fl_stateful_ops, fl_full_ops,
    fl_lives_ops, fl_apart_ops;

// The slice of each selected row, made if need be; rows that are all of one slice get it at once.
// False without memory.
struct fl_placed {
    struct fl_slice *one;                 // all rows
    struct fl_slice *by[FLOW_BATCH_ROWS]; // or by selected row
};

// Where rows may be placed: slices by time, and windows that rows came with.
struct fl_sets {
    const struct fl_cut *cut;
    struct fl_slices *slices;
    struct fl_slices *panes;
};
struct fl_sets fl_keyed_sets(struct fl_keyed *keyed);

bool fl_place(struct fl_cache *cache, const struct fl_sets *sets, const struct fl_view *view,
    struct fl_placed *placed);

// Strings that a value in a table took from the rows in work move to the table's arena; those it
// had stay. False without memory.
bool fl_settle(struct fl_op *op, const flow_type *type, void *value, struct fl_table *table,
    const struct fl_batch *rows);

// The same, to any memory.
bool fl_settle_in(struct fl_op *op, const flow_type *type, void *value, const flow_memory *memory,
    const struct fl_batch *rows);

// Gathers keys of rows in a shuffle's format.
void fl_format_keys(const struct fl_view *view, enum fl_key_form form, struct fl_keys *keys);

struct fl_format fl_format_of(const struct fl_plan_op *plan, enum fl_content content);

// --- combine.c

// Makes sure that the rows can be added without fail.
flow_status fl_combine_reserve(struct fl_op *op, const struct fl_view *view,
    const flow_shape *shape, const struct fl_keys *keys, const struct fl_placed *placed);

// Adds rows; cannot fail once reserved.
void fl_combine_add(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
    const struct fl_keys *keys, const struct fl_placed *placed);

// Merges one accumulator into another.
void fl_combine_merge(const struct fl_op *op, void *acc, const void *other);
void fl_combine_subtract(const struct fl_op *op, void *acc, const void *other);

// Adds one value, of whichever content.
void fl_combine_value(struct fl_op *op, void *acc, enum fl_content content, const char *value);

// Writes a pane's row on the output: key and result.
struct fl_pane_out {
    int64_t name; // of the window (slice.h)
    flow_window window;
    flow_pane pane;
};

// Name of the next window that has rows and has not fired; FL_NEVER: none.
int64_t fl_window_next(const struct fl_op *op);

// The on-time pane of the window with this name.
struct fl_pane_out fl_window_pane(const struct fl_op *op, int64_t name);

// The watermark at which the next window fires, which may be one that has half fired.
int64_t fl_window_due(struct fl_op *op);

// Fires windows up to the watermark, about FL_FIRE_ROWS rows. `fire` does as much of one, going on
// where `fire_at_next` says, and sets *whole (false before) when nothing of it is left.
typedef flow_status fl_window_fn(struct fl_op *op, const struct fl_pane_out *pane, bool *whole);
flow_status fl_window_fire(struct fl_op *op, fl_window_fn *fire);

// The place in the windows after the bundle, or before it again. The former tells whether any has
// fired wholly.
bool fl_window_commit(struct fl_op *op);
void fl_window_abort(struct fl_op *op);

flow_status fl_pane_begin(struct fl_op *op, const struct fl_pane_out *pane);
flow_status fl_pane_row(struct fl_op *op, const struct fl_pane_out *pane,
    const struct fl_entry *entry, const void *acc, struct fl_mem *mem);

// Whether the pane's rows are the words and values of a table's slots as they stand.
bool fl_pane_plain(
    const struct fl_op *op, const struct fl_pane_out *pane, const struct fl_table *table);

// Writes such rows from slot *at on, the slot of the word 0 excepted, at most *left; counts it
// down. Values begin with the accumulator.
flow_status fl_pane_slots(struct fl_op *op, const struct fl_pane_out *pane,
    const struct fl_table *table, uint64_t *at, uint32_t *left);

// What kind of accumulator the engine adds to; see FL_SUM_UNSIGNED.
flow_primitive fl_combine_primitive(const struct fl_op *op);

// The field that a primitive reads, of an element, as an integer.
int64_t fl_combine_read(const struct fl_op *op, const char *element);

// --- late.c

// Takes late rows out of a view: those of fired windows become late panes (or are dropped), those
// with a window still open stay. Returns the selection that stays in `kept`.
flow_status fl_late_split(
    struct fl_op *op, struct fl_view *view, const flow_shape *shape, uint16_t *kept);

// In how many windows a row lies that fl_late_split has left open.
uint32_t fl_late_open(const struct fl_op *op, const struct fl_batch *batch, uint32_t row);

// Drops a row, as rows of a shuffle lie too.
flow_status fl_late_drop(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
    uint32_t row, const struct fl_rejection *why);

// Emits the late panes that the bundle collected.
flow_status fl_late_emit(struct fl_op *op);

// A pane of a window that may still get late ones was fired for this key: the next is numbered 1.
bool fl_late_fired(struct fl_op *op, int64_t name, const struct fl_entry *entry);

// Counts the late panes on; drops the numbers of windows past their expiry.
void fl_late_commit(struct fl_op *op);

// --- group.c and stateful.c

uint32_t fl_group_cell_size(void);
uint64_t fl_group_cell_count(const void *cell); // its rows
flow_status fl_group_take_late(struct fl_op *op, const struct fl_view *one, const flow_shape *shape,
    const struct fl_keys *keys, int64_t name);
flow_status fl_group_fire_late(
    struct fl_op *op, const struct fl_pane_out *pane, const struct fl_entry *entry);
uint32_t fl_stateful_cell_size(const flow_fn *fn);
bool fl_stateful_init(struct fl_op *op);
void fl_stateful_fini(struct fl_op *op);

// --- slide.c: results of sliding windows from slices

uint64_t fl_slide_size(const struct fl_op *op); // bytes that it takes
void fl_slide_empty(struct fl_op *op);          // gives them back: from the slices again
struct fl_slide *fl_slide_new(struct fl_op *op);
void fl_slide_free(struct fl_op *op);
void fl_slide_reset(struct fl_op *op);                        // after an abort: start from slices
int64_t fl_slide_next(const struct fl_op *op);                // name of the next window with data
flow_status fl_slide_prepare(struct fl_op *op, int64_t name); // for the window with this name
// Emits of the pane of the prepared window (unless nothing of it lies in slices), together with
// what came with the window already; as an fl_window_fn.
flow_status fl_slide_emit(struct fl_op *op, const struct fl_pane_out *pane, bool sliced,
    const struct fl_table *apart, bool *whole);
void fl_slide_commit(struct fl_op *op, int64_t fired); // drops what no window needs
// A slice that is part of the running result is about to change.
void fl_slide_touch(struct fl_op *op, const struct fl_slice *slice);

#endif
