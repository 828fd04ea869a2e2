// SPDX-License-Identifier: Apache-2.0
// Slices of time and the tables in them.
#include "slice.h"

static int64_t gcd(int64_t a, int64_t b)
{
    while (b != 0) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

struct fl_cut fl_cut_of(const flow_windows *windows)
{
    struct fl_cut cut = { .windows = *windows };
    switch (windows->kind) {
    case FLOW_WINDOW_GLOBAL:
        cut.size = 0;
        break;
    case FLOW_WINDOW_FIXED:
        cut.size = windows->size.us;
        break;
    case FLOW_WINDOW_SLIDING:
        cut.size = gcd(windows->size.us, windows->every.us);
        break;
    default: // elements come with their windows
        break;
    }
    return cut;
}

int64_t fl_cut_first_window(const struct fl_cut *cut, int64_t slice_end)
{
    if (cut->windows.kind != FLOW_WINDOW_SLIDING)
        return slice_end;
    if (slice_end > FLOW_TIME_GLOBAL_END_US)
        return slice_end;
    // window ends are offset + size modulo every; remainders first, since times near the ends of
    // time leave no room for differences
    const int64_t every = cut->windows.every.us;
    const int64_t phase = (cut->windows.offset.us + cut->windows.size.us % every) % every;
    const int64_t past = flow_floor_mod(slice_end % every - phase, every);
    const int64_t left = past == 0 ? 0 : every - past;
    return slice_end > FLOW_TIME_GLOBAL_END_US - left ? FLOW_TIME_GLOBAL_END_US + 1
                                                      : slice_end + left;
}

// Start of a window that would end with the global one.
static int64_t uncut_start(const struct fl_cut *cut)
{
    return FLOW_TIME_GLOBAL_END_US - cut->windows.size.us;
}

int64_t fl_cut_name(const struct fl_cut *cut, const flow_window *window)
{
    if (cut->windows.kind != FLOW_WINDOW_SLIDING || window->end.us < FLOW_TIME_GLOBAL_END_US)
        return window->end.us;
    const int64_t cut_off = window->start.us - uncut_start(cut);
    return FLOW_TIME_GLOBAL_END_US + (cut_off + cut->windows.every.us - 1) / cut->windows.every.us;
}

flow_window fl_cut_window(const struct fl_cut *cut, int64_t name)
{
    const flow_windows *windows = &cut->windows;
    flow_window window = { { FLOW_TIME_MIN_US }, { name } };
    if (windows->kind == FLOW_WINDOW_GLOBAL)
        return window;
    if (windows->kind > FLOW_WINDOW_SLIDING) {
        if (flow_windows_last(windows, (flow_time){ name - 1 }, &window))
            window.end.us = name; // of those with one start the last instant lies in the longest
        return window;
    }
    if (windows->kind == FLOW_WINDOW_FIXED || name <= FLOW_TIME_GLOBAL_END_US) {
        const bool fixed = windows->kind == FLOW_WINDOW_FIXED;
        if (name >= FLOW_TIME_MIN_US + windows->size.us)
            window.start.us = fixed ? fl_cut_start(cut, name) : name - windows->size.us;
        return window;
    }
    const int64_t every = windows->every.us;
    const int64_t uncut = uncut_start(cut);
    const int64_t first = uncut + every - flow_floor_mod(uncut % every - windows->offset.us, every);
    const int64_t more = name - FLOW_TIME_GLOBAL_END_US - 1;
    window.start.us = more > (INT64_MAX - first) / every ? INT64_MAX : first + more * every;
    window.end.us = FLOW_TIME_GLOBAL_END_US;
    return window;
}

void fl_slices_init(struct fl_slices *slices, enum fl_key_form form, uint32_t value_size, bool rows)
{
    memset(slices, 0, sizeof *slices);
    slices->form = form;
    slices->value_size = value_size;
    slices->rows = rows;
}

static void free_slice(struct fl_cache *cache, struct fl_slice *slice)
{
    fl_table_fini(cache, &slice->table);
    fl_runs_fini(&slice->runs);
    fl_give(cache, slice, sizeof *slice);
}

void fl_slices_fini(struct fl_cache *cache, struct fl_slices *slices)
{
    for (uint32_t i = 0; i < slices->count; i++)
        free_slice(cache, slices->at[i]);
    fl_give(cache, slices->at, slices->room * sizeof *slices->at);
    slices->at = NULL;
    slices->count = slices->room = 0;
}

// Position of the first slice that does not end before `end`.
static uint32_t position_of(const struct fl_slices *slices, int64_t end)
{
    uint32_t low = 0, high = slices->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (slices->at[middle]->end < end)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t fl_slices_after(const struct fl_slices *slices, int64_t end)
{
    return end == INT64_MAX ? slices->count : position_of(slices, end + 1);
}

struct fl_slice *fl_slices_find(const struct fl_slices *slices, int64_t end)
{
    const uint32_t i = position_of(slices, end);
    return i < slices->count && slices->at[i]->end == end ? slices->at[i] : NULL;
}

static bool make_room(struct fl_cache *cache, struct fl_slices *slices)
{
    if (slices->count < slices->room)
        return true;
    const uint32_t room = slices->room ? slices->room * 2 : 64;
    struct fl_slice **at = fl_take(cache, room * sizeof *at);
    if (!at)
        return false;
    if (slices->count)
        memcpy(at, slices->at, slices->count * sizeof *at);
    fl_give(cache, slices->at, slices->room * sizeof *slices->at);
    slices->at = at;
    slices->room = room;
    return true;
}

struct fl_slice *fl_slices_get(struct fl_cache *cache, struct fl_slices *slices, int64_t end)
{
    if (slices->last < slices->count && slices->at[slices->last]->end == end)
        return slices->at[slices->last];
    const uint32_t i = position_of(slices, end);
    slices->last = i;
    if (i < slices->count && slices->at[i]->end == end)
        return slices->at[i];
    struct fl_slice *slice = make_room(cache, slices) ? fl_take(cache, sizeof *slice) : NULL;
    if (!slice)
        return NULL;
    memset(slice, 0, sizeof *slice);
    slice->end = end;
    fl_table_init(&slice->table, slices->form, slices->value_size, slices->rows);
    slice->table.sparse = slices->sparse;
    slice->table.expected = slices->usual;
    memmove(slices->at + i + 1, slices->at + i, (slices->count - i) * sizeof *slices->at);
    slices->at[i] = slice;
    slices->count++;
    return slice;
}

void fl_slices_drop(struct fl_cache *cache, struct fl_slices *slices, int64_t end)
{
    uint32_t gone = 0;
    while (gone < slices->count && slices->at[gone]->end <= end) {
        slices->usual = slices->at[gone]->table.count;
        free_slice(cache, slices->at[gone++]);
    }
    slices->last = 0;
    if (gone == 0)
        return;
    slices->count -= gone;
    memmove(slices->at, slices->at + gone, slices->count * sizeof *slices->at);
}
