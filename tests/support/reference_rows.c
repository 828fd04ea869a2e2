// SPDX-License-Identifier: Apache-2.0
// Lists of elements, the windows they are in, and how they compare.
#include <stdlib.h>

#include "reference.h"

__extension__ typedef __int128 wide; // bounds of windows before they are cut off

void ref_add(struct list *list, const struct element *element)
{
    if (list->count == list->room) {
        list->room = list->room ? list->room * 2 : 64;
        list->at = realloc(list->at, list->room * sizeof *list->at);
        ck_assert_ptr_nonnull(list->at);
    }
    list->at[list->count] = *element;
    list->at[list->count].order = list->count;
    list->count++;
}

struct list ref_copy(const struct list *in)
{
    struct list out = { .windows = in->windows };
    for (size_t i = 0; i < in->count; i++)
        ref_add(&out, &in->at[i]);
    return out;
}

// --- windows

// Windows that are cut otherwise than by plain steps: which they are is tested elsewhere
// (tests/libflow/window).
static void each_general(const struct list *in, const struct element *element, struct list *out)
{
    const flow_time time = { element->time };
    struct element one = *element;
    flow_window several[4];
    if (in->windows.kind != FLOW_WINDOW_CUSTOM) {
        for (bool any = flow_windows_last(&in->windows, time, &one.window); any;
             any = flow_windows_before(&in->windows, time, &one.window))
            ref_add(out, &one);
        return;
    }
    const uint32_t count = flow_windows_assign(&in->windows, NULL, time, several, 4);
    for (uint32_t i = 0; i < count; i++) {
        one.window = several[i];
        ref_add(out, &one);
    }
}

void ref_each_window(const struct list *in, const struct element *element, struct list *out)
{
    struct element one = *element;
    const flow_windows *w = &in->windows;
    if (graph_general(w)) {
        each_general(in, &one, out);
        return;
    }
    if (w->kind == FLOW_WINDOW_GLOBAL) {
        one.window.start.us = FLOW_TIME_MIN_US;
        one.window.end.us = FLOW_TIME_GLOBAL_END_US;
        ref_add(out, &one);
        return;
    }
    // every start is offset + n · every; look at all that could hold the time; what is behind the
    // end of the global window lies in the last windows, which end there
    const int64_t most = FLOW_TIME_GLOBAL_END_US;
    const int64_t time = element->time < most ? element->time : most - 1;
    for (int64_t n = time / w->every.us + 2;; n--) {
        const wide start = (wide)n * w->every.us + w->offset.us;
        const wide end = start + w->size.us;
        if (end <= time)
            break;
        if (start > time)
            continue;
        one.window.start.us = start > FLOW_TIME_MIN_US ? (int64_t)start : FLOW_TIME_MIN_US;
        one.window.end.us = end < most ? (int64_t)end : most;
        ref_add(out, &one);
    }
}

// --- side inputs

static bool same_window(const flow_window *a, const flow_window *b)
{
    return a->start.us == b->start.us && a->end.us == b->end.us;
}

// The sum of what lies in a window of a side input, windows written down and sorted; `key`: and has
// this k.
static int64_t sum_in(const struct list *side, const flow_window *window, const int64_t *key)
{
    int64_t sum = 0;
    bool any = false;
    size_t low = 0, high = key ? side->count : 0;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (side->at[middle].row.k < *key)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i < side->count && (!key || side->at[i].row.k == *key); i++) {
        if (!same_window(&side->at[i].window, window))
            continue;
        sum += side->at[i].row.v;
        any = true;
    }
    return any ? sum : GRAPH_SIDE_NONE;
}

static bool earlier(const flow_window *a, const flow_window *b)
{
    return a->start.us < b->start.us || (a->start.us == b->start.us && a->end.us < b->end.us);
}

// What an element of a window finds: of the windows of the side input that hold its last instant
// the earliest counts (R70).
static int64_t found(const struct list *side, const flow_window *window, const int64_t *key)
{
    const struct element last = { .time = window->end.us - 1 };
    struct list windows = { 0 };
    ref_each_window(side, &last, &windows);
    const flow_window *first = NULL;
    for (size_t i = 0; i < windows.count; i++)
        if (!first || earlier(&windows.at[i].window, first))
            first = &windows.at[i].window;
    const int64_t sum = first ? sum_in(side, first, key) : GRAPH_SIDE_NONE;
    free(windows.at);
    return sum;
}

void ref_side(const struct list *in, const struct list *side, bool keyed, struct list *out)
{
    struct list rows = ref_copy(side);
    flow_window known = { { 1 }, { 0 } };
    int64_t sum = 0, key = 0;
    ref_sort(&rows, KEY_K);
    for (size_t i = 0; i < in->count; i++) {
        struct element e = in->at[i];
        if (!same_window(&e.window, &known) || (keyed && e.row.k != key))
            sum = found(&rows, &e.window, keyed ? &e.row.k : NULL);
        known = e.window;
        key = e.row.k;
        e.row.v = graph_side(e.row.v, sum);
        ref_add(out, &e);
    }
    free(rows.at);
}

// --- keys

int ref_compare_text(flow_str a, flow_str b)
{
    const size_t len = a.len < b.len ? a.len : b.len;
    const int order = len ? memcmp(a.data, b.data, len) : 0;
    if (order)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

#define ORDER(a, b)                                                                                \
    if ((a) < (b) || (a) > (b))                                                                    \
        return (a) < (b) ? -1 : 1;

static int compare_place(const struct flow_test_place *a, const struct flow_test_place *b)
{
    ORDER(a->a, b->a)
    return ref_compare_text(a->b, b->b);
}

int ref_compare_row(const struct flow_test_row *a, const struct flow_test_row *b)
{
    ORDER(a->k, b->k)
    ORDER(a->v, b->v)
    ORDER(a->x, b->x)
    const int text = ref_compare_text(a->s, b->s);
    if (text)
        return text;
    ORDER(a->at.us, b->at.us)
    return compare_place(&a->place, &b->place);
}

static int compare_key(
    enum graph_key key, const struct flow_test_row *a, const struct flow_test_row *b)
{
    switch (key) {
    case KEY_K:
        ORDER(a->k, b->k)
        return 0;
    case KEY_S:
        return ref_compare_text(a->s, b->s);
    case KEY_X:
        ORDER(a->x, b->x)
        return 0;
    case KEY_PLACE:
        return compare_place(&a->place, &b->place);
    case KEY_COUNT: // the whole row
        return ref_compare_row(a, b);
    default:
        return 0;
    }
}

static enum graph_key sort_key;

static int by_key_and_window(const void *left, const void *right)
{
    const struct element *a = left, *b = right;
    const int key = compare_key(sort_key, &a->row, &b->row);
    if (key)
        return key;
    ORDER(a->window.end.us, b->window.end.us)
    ORDER(a->window.start.us, b->window.start.us)
    ORDER(a->late, b->late)
    ORDER(a->late ? a->round : 0, b->late ? b->round : 0)
    ORDER(a->time, b->time)
    ORDER(a->order, b->order)
    return 0;
}

static int by_key_and_start(const void *left, const void *right)
{
    const struct element *a = left, *b = right;
    const int key = compare_key(sort_key, &a->row, &b->row);
    if (key)
        return key;
    ORDER(a->window.start.us, b->window.start.us)
    ORDER(a->order, b->order)
    return 0;
}

void ref_merge(struct list *all, enum graph_key key)
{
    sort_key = key;
    if (all->count)
        qsort(all->at, all->count, sizeof *all->at, by_key_and_start);
    for (size_t first = 0, last; first < all->count; first = last) {
        flow_window whole = all->at[first].window;
        for (last = first + 1; last < all->count; last++) {
            const struct element *e = &all->at[last];
            if (compare_key(key, &e->row, &all->at[first].row) != 0 ||
                e->window.start.us >= whole.end.us)
                break;
            if (e->window.end.us > whole.end.us)
                whole.end = e->window.end;
        }
        for (size_t i = first; i < last; i++)
            all->at[i].window = whole;
    }
}

bool ref_together(enum graph_key key, const struct element *a, const struct element *b)
{
    return a->window.start.us == b->window.start.us && a->window.end.us == b->window.end.us &&
           compare_key(key, &a->row, &b->row) == 0;
}

void ref_sort(struct list *list, enum graph_key key)
{
    sort_key = key;
    if (list->count)
        qsort(list->at, list->count, sizeof *list->at, by_key_and_window);
}

struct flow_test_row ref_key_row(enum graph_key key, const struct flow_test_row *from)
{
    struct flow_test_row row = { .k = 0 };
    if (key == KEY_K)
        row.k = from->k;
    if (key == KEY_S)
        row.s = from->s;
    if (key == KEY_X)
        row.x = from->x + 0.0; // keys know no −0.0
    if (key == KEY_PLACE)
        row.place = from->place;
    return row;
}
