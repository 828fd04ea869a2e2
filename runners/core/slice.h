// SPDX-License-Identifier: Apache-2.0
// Keyed state by slice of time: a table per slice. A slice is a window, or for sliding windows the
// piece that neighbouring windows share (performance 6.5). It is named by its end, and so is a
// window; but sliding windows that are cut off at the end of the global window all end there, and
// are numbered on from it by their start: names are in the order of windows. Of calendar windows
// and growing ones, which only state has here, no two have the same end.
#ifndef FL_SLICE_H
#define FL_SLICE_H

#include "run.h"

struct fl_slice {
    int64_t end;
    uint32_t pending;  // rows of the batch in work that fall here
    uint64_t promised; // keys that the bundle may add
    size_t promised_bytes;
    struct fl_table table;
    struct fl_runs runs; // what was spilled of it
};

struct fl_slices {
    struct fl_slice **at; // by end, ascending
    uint32_t count, room;
    uint32_t last;  // where the last look-up ended
    uint64_t usual; // keys that the last slice dropped had
    enum fl_key_form form;
    uint32_t value_size;
    bool rows;
    bool sparse;
};

// How time is cut into slices.
struct fl_cut {
    flow_windows windows;
    int64_t size; // of a slice; 0: one slice over all time
};

struct fl_cut fl_cut_of(const flow_windows *windows);

// End of the slice that holds a time; the last slice ends with the global window, so that it fires,
// and has all that is later too (R1).
static inline int64_t fl_cut_end(const struct fl_cut *cut, int64_t time)
{
    if (cut->size == 0)
        return FLOW_TIME_GLOBAL_END_US;
    if (time >= FLOW_TIME_GLOBAL_END_US)
        return FLOW_TIME_GLOBAL_END_US;
    const int64_t offset = cut->windows.offset.us % cut->size;
    const int64_t left = cut->size - flow_floor_mod(time % cut->size - offset, cut->size);
    return time > FLOW_TIME_GLOBAL_END_US - left ? FLOW_TIME_GLOBAL_END_US : time + left;
}

// The first instant that is not in the slice with this end: the last slice has all that is later.
static inline int64_t fl_cut_until(int64_t end)
{
    return end == FLOW_TIME_GLOBAL_END_US ? INT64_MAX : end;
}

// Start of a slice with this end.
static inline int64_t fl_cut_start(const struct fl_cut *cut, int64_t end)
{
    if (cut->size == 0 || end < INT64_MIN + cut->size)
        return INT64_MIN;
    if (end < FLOW_TIME_GLOBAL_END_US)
        return end - cut->size;
    const int64_t offset = cut->windows.offset.us % cut->size; // the last one may be cut short
    return end - 1 - flow_floor_mod((end - 1) % cut->size - offset, cut->size);
}

// Name of the first window that ends no earlier than a slice with this end: unless that lies in a
// gap, the first that holds it.
int64_t fl_cut_first_window(const struct fl_cut *cut, int64_t slice_end);

// A window's name, and the window with this name.
int64_t fl_cut_name(const struct fl_cut *cut, const flow_window *window);
flow_window fl_cut_window(const struct fl_cut *cut, int64_t name);

// The watermark at which the window with this name fires; what is no name stays.
static inline int64_t fl_cut_due(int64_t name)
{
    return name > FLOW_TIME_GLOBAL_END_US && name <= FLOW_TIME_MAX_US ? FLOW_TIME_GLOBAL_END_US
                                                                      : name;
}

void fl_slices_init(
    struct fl_slices *slices, enum fl_key_form form, uint32_t value_size, bool rows);
void fl_slices_fini(struct fl_cache *cache, struct fl_slices *slices);

// The slice with this end, made if need be; NULL without memory.
struct fl_slice *fl_slices_get(struct fl_cache *cache, struct fl_slices *slices, int64_t end);

// The slice with this end, or NULL.
struct fl_slice *fl_slices_find(const struct fl_slices *slices, int64_t end);

// Where the first slice stands that ends after `end`; `count`: there is none.
uint32_t fl_slices_after(const struct fl_slices *slices, int64_t end);

// Drops all slices that end at or before `end`.
void fl_slices_drop(struct fl_cache *cache, struct fl_slices *slices, int64_t end);

#endif
