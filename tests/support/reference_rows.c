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

// --- windows

void ref_each_window(const struct list *in, const struct element *element, struct list *out)
{
    struct element one = *element;
    one.implied = false;
    if (!element->implied) {
        ref_add(out, &one);
        return;
    }
    const flow_windows *w = &in->windows;
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

struct list ref_exploded(const struct list *in)
{
    struct list out = { .windows = in->windows };
    for (size_t i = 0; i < in->count; i++)
        ref_each_window(in, &in->at[i], &out);
    return out;
}

bool ref_in_any_window(const struct list *in, const struct element *element)
{
    struct list out = { .windows = in->windows };
    ref_each_window(in, element, &out);
    const bool any = out.count > 0;
    free(out.at);
    return any;
}

// --- side inputs

// The sum of what lies in a window of a side input, windows written down.
static int64_t sum_in(const struct list *side, const flow_window *window)
{
    int64_t sum = 0;
    bool any = false;
    for (size_t i = 0; i < side->count; i++) {
        const flow_window *other = &side->at[i].window;
        if (other->start.us != window->start.us || other->end.us != window->end.us)
            continue;
        sum += side->at[i].row.v;
        any = true;
    }
    return any ? sum : GRAPH_SIDE_NONE;
}

// What an element of a window finds: of the windows of the side input that hold its last instant
// the earliest counts (R70).
static int64_t found(const struct list *side, const flow_window *window)
{
    const struct element last = { .time = window->end.us - 1, .implied = true };
    struct list windows = { .windows = side->windows };
    ref_each_window(side, &last, &windows);
    const int64_t sum =
        windows.count ? sum_in(side, &windows.at[windows.count - 1].window) : GRAPH_SIDE_NONE;
    free(windows.at);
    return sum;
}

void ref_side(const struct list *in, const struct list *side, struct list *out)
{
    struct list rows = ref_exploded(side);
    const bool once = side->windows.kind == FLOW_WINDOW_GLOBAL;
    flow_window known = { { 1 }, { 0 } };
    int64_t sum = 0;
    for (size_t i = 0; i < in->count; i++) {
        struct list each = { .windows = in->windows };
        ref_each_window(in, &in->at[i], &each);
        for (size_t w = 0; w < (once ? 1 : each.count); w++) {
            const flow_window *window = &each.at[w].window;
            if (window->start.us != known.start.us || window->end.us != known.end.us)
                sum = found(&rows, window);
            known = *window;
            struct element e =
                in->windows.kind == FLOW_WINDOW_SLIDING && !once ? each.at[w] : in->at[i];
            e.row.v = graph_side(e.row.v, sum);
            ref_add(out, &e);
        }
        free(each.at);
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
