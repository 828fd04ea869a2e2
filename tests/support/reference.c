// SPDX-License-Identifier: Apache-2.0
// The naive reference: lists of elements, each function applied to each, windows assigned per
// element, groups by qsort, everything fired at the end.
#include <stdlib.h>

#include "graph.h"

#define SECOND INT64_C(1000000)

__extension__ typedef __int128 wide; // bounds of windows before they are cut off

struct element {
    struct flow_test_row row;
    int64_t time;
    bool implied; // windows follow from the time
    flow_window window;
    flow_pane pane;
    size_t order; // keeps sorting stable
};

struct list {
    struct element *at;
    size_t count, room;
    flow_windows windows;
};

struct reference {
    struct graph *graph;
    struct list lists[GRAPH_NODES][GRAPH_OUTS];
    char **texts; // made by functions
    size_t text_count;
};

static const flow_pane no_firing = { FLOW_TIMING_UNKNOWN, true, true, 0, 0 };
static const flow_pane on_time = { FLOW_TIMING_ON_TIME, true, true, 0, 0 };

static void add(struct list *list, const struct element *element)
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

static flow_str new_text(struct reference *r, const struct graph_par *par, int64_t v)
{
    char *text = malloc(16);
    if ((r->text_count & (r->text_count - 1)) == 0) { // at powers of two
        r->texts = realloc(r->texts, (2 * r->text_count + 2) * sizeof *r->texts);
        ck_assert_ptr_nonnull(r->texts);
    }
    r->texts[r->text_count++] = text;
    const flow_str made = { text, graph_text(par, v, text) };
    return made;
}

// --- windows

// Calls for each window an element is in.
static void each_window(const struct list *in, const struct element *element, struct list *out)
{
    struct element one = *element;
    one.implied = false;
    if (!element->implied) {
        add(out, &one);
        return;
    }
    const flow_windows *w = &in->windows;
    if (w->kind == FLOW_WINDOW_GLOBAL) {
        one.window.start.us = FLOW_TIME_MIN_US;
        one.window.end.us = FLOW_TIME_GLOBAL_END_US;
        add(out, &one);
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
        add(out, &one);
    }
}

static struct list exploded(const struct list *in)
{
    struct list out = { .windows = in->windows };
    for (size_t i = 0; i < in->count; i++)
        each_window(in, &in->at[i], &out);
    return out;
}

static bool in_any_window(const struct list *in, const struct element *element)
{
    struct list out = { .windows = in->windows };
    each_window(in, element, &out);
    const bool any = out.count > 0;
    free(out.at);
    return any;
}

// --- keys

static int compare_text(flow_str a, flow_str b)
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
    return compare_text(a->b, b->b);
}

static int compare_row(const struct flow_test_row *a, const struct flow_test_row *b)
{
    ORDER(a->k, b->k)
    ORDER(a->v, b->v)
    ORDER(a->x, b->x)
    const int text = compare_text(a->s, b->s);
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
        return compare_text(a->s, b->s);
    case KEY_X:
        ORDER(a->x, b->x)
        return 0;
    case KEY_PLACE:
        return compare_place(&a->place, &b->place);
    case KEY_COUNT: // the whole row
        return compare_row(a, b);
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
    ORDER(a->time, b->time)
    ORDER(a->order, b->order)
    return 0;
}

// Only the key of a row, as conversions give it.
static struct flow_test_row key_row(enum graph_key key, const struct flow_test_row *from)
{
    struct flow_test_row row = { .k = 0 };
    if (key == KEY_K)
        row.k = from->k;
    if (key == KEY_S)
        row.s = from->s;
    if (key == KEY_X)
        row.x = from->x;
    if (key == KEY_PLACE)
        row.place = from->place;
    return row;
}

// --- groupings: one or more rows of the elements [first, last) of one key and window

typedef void group_fn(struct reference *r, const struct graph_node *node,
    const struct element *first, size_t count, struct list *out);

static struct element pane_of(const struct element *first, enum graph_key key)
{
    struct element element = { .row = key_row(key, &first->row),
        .time = first->window.end.us - 1,
        .window = first->window,
        .pane = on_time };
    element.row.at.us = element.time;
    return element;
}

static bool same_window(const struct element *a, const struct element *b)
{
    return a->window.start.us == b->window.start.us && a->window.end.us == b->window.end.us;
}

static void group_by(struct reference *r, const struct graph_node *node, const struct list *in,
    group_fn *fn, struct list *out)
{
    struct list all = exploded(in);
    sort_key = node->op == GRAPH_DISTINCT ? KEY_COUNT : node->key;
    if (all.count)
        qsort(all.at, all.count, sizeof *all.at, by_key_and_window);
    for (size_t first = 0, last; first < all.count; first = last) {
        last = first + 1;
        while (last < all.count && same_window(&all.at[last], &all.at[first]) &&
               compare_key(sort_key, &all.at[first].row, &all.at[last].row) == 0)
            last++;
        fn(r, node, &all.at[first], last - first, out);
    }
    free(all.at);
}

static void put_text(struct flow_test_row *row, enum graph_key key, flow_str text)
{
    *(key == KEY_S ? &row->place.b : &row->s) = text;
}

static void ref_combine(struct reference *r, const struct graph_node *node,
    const struct element *first, size_t count, struct list *out)
{
    struct element e = pane_of(first, node->key);
    int64_t sum = 0, min = INT64_MAX, max = INT64_MIN;
    double total = 0;
    flow_str most = { NULL, 0 };
    (void)r;
    for (size_t i = 0; i < count; i++) {
        const struct flow_test_row *row = &first[i].row;
        sum += row->v;
        total += row->x;
        min = row->v < min ? row->v : min;
        max = row->v > max ? row->v : max;
        if (i == 0 || compare_text(row->s, most) > 0)
            most = row->s;
    }
    switch (node->op) {
    case GRAPH_COUNT:
        e.row.v = (int64_t)count;
        break;
    case GRAPH_MIN:
        e.row.v = min;
        break;
    case GRAPH_MAX:
        e.row.v = max;
        break;
    case GRAPH_MEAN:
        e.row.v = (int64_t)count;
        if (node->key != KEY_X)
            e.row.x = total / (double)count;
        break;
    case GRAPH_USER:
        e.row.v = (int64_t)count;
        put_text(&e.row, node->key, most);
        break;
    default:
        e.row.v = sum;
        break;
    }
    add(out, &e);
}

static void ref_group(struct reference *r, const struct graph_node *node,
    const struct element *first, size_t count, struct list *out)
{
    struct element e = pane_of(first, node->key);
    (void)r;
    for (size_t i = 0; i < count; i++)
        e.row.v += graph_mix(first[i].row.v);
    add(out, &e);
    e.row.v = (int64_t)count;
    if (count > 2)
        add(out, &e);
}

static void ref_state(struct reference *r, const struct graph_node *node,
    const struct element *first, size_t count, struct list *out)
{
    struct element e = pane_of(first, node->key);
    int64_t last = INT64_MIN, bucket = 0;
    (void)r;
    for (size_t i = 0; i < count; i++) {
        if (node->op == GRAPH_STATEFUL) {
            e.row.v += graph_mix(first[i].row.v);
            continue;
        }
        if (first[i].time > last) {
            e.row.v = graph_mix(e.row.v * 31 + bucket);
            bucket = 0;
            last = first[i].time;
        }
        bucket += graph_mix(first[i].row.v);
    }
    if (node->op != GRAPH_STATEFUL)
        e.row.v = graph_mix(e.row.v * 31 + bucket);
    e.pane = no_firing;
    add(out, &e);
}

static void ref_distinct(struct reference *r, const struct graph_node *node,
    const struct element *first, size_t count, struct list *out)
{
    struct element e = pane_of(first, KEY_NONE);
    (void)r;
    (void)node;
    (void)count;
    e.row = first->row;
    e.row.at.us = e.time;
    add(out, &e);
}

static int by_rank(const void *left, const void *right)
{
    const struct element *a = left, *b = right;
    ORDER(b->row.v, a->row.v)
    return compare_row(&a->row, &b->row);
}

static void ref_top(struct reference *r, const struct graph_node *node, const struct element *first,
    size_t count, struct list *out)
{
    struct element *ranked = malloc(count * sizeof *ranked);
    (void)r;
    memcpy(ranked, first, count * sizeof *ranked);
    qsort(ranked, count, sizeof *ranked, by_rank);
    for (size_t i = 0; i < count && i < (size_t)node->par.a; i++) {
        struct element e = pane_of(&ranked[i], KEY_NONE);
        e.row = ranked[i].row;
        e.row.at.us = e.time;
        add(out, &e);
    }
    free(ranked);
}

// --- element-wise steps

static void ref_window(const flow_windows *windows, const struct list *in, struct list *out)
{
    out->windows = *windows;
    for (size_t i = 0; i < in->count; i++) {
        struct element e = in->at[i];
        e.implied = true;
        if (in_any_window(out, &e))
            add(out, &e);
    }
}

static void ref_stamp(const struct graph_node *node, const struct list *in, struct list *out)
{
    struct list all = { .windows = in->windows };
    const bool global = in->windows.kind == FLOW_WINDOW_GLOBAL;
    for (size_t i = 0; i < in->count; i++) {
        if (global)
            add(&all, &in->at[i]);
        else
            each_window(in, &in->at[i], &all);
    }
    for (size_t i = 0; i < all.count; i++) {
        struct element e = all.at[i];
        e.time += node->par.a * SECOND;
        e.row.at.us = e.time;
        add(out, &e);
    }
    free(all.at);
}

static void ref_each(struct reference *r, uint32_t n, const struct element *element)
{
    const struct graph_node *node = &r->graph->nodes[n];
    struct list *outs = r->lists[n];
    struct element e = *element;
    uint32_t output = 0, times = 1;
    switch (node->op) {
    case GRAPH_FILTER:
        times = graph_keeps(&node->par, &e.row);
        break;
    case GRAPH_MAP:
        graph_map(&node->par, &element->row, &e.row);
        break;
    case GRAPH_UPDATE:
        e.row.s = new_text(r, &node->par, e.row.v);
        e.row.v = (e.row.v + node->par.a) % 1000003;
        break;
    case GRAPH_REPEAT:
        times = graph_repeats(&node->par, &e.row);
        break;
    case GRAPH_SPLIT:
        output = graph_output(&node->par, &e.row);
        times = output < 3;
        break;
    default:
        break;
    }
    for (uint32_t i = 0; i < times; i++) {
        if (node->op == GRAPH_REPEAT)
            e.row.k = (element->row.k + i) % 11;
        add(&outs[output], &e);
    }
}

static void ref_chain(
    struct reference *r, const struct graph_node *node, const struct list *in, struct list *out)
{
    struct list sums = { .windows = in->windows }, windowed = { 0 };
    struct graph_node step = *node;
    step.op = GRAPH_SUM;
    group_by(r, &step, in, ref_combine, &sums);
    ref_window(&node->windows, &sums, &windowed);
    step.op = node->op == GRAPH_CHAIN_SORTED ? GRAPH_SORTED : GRAPH_SUM;
    group_by(r, &step, &windowed,
        node->op == GRAPH_CHAIN_SUM     ? ref_combine
        : node->op == GRAPH_CHAIN_GROUP ? ref_group
                                        : ref_state,
        out);
    free(sums.at);
    free(windowed.at);
}

static group_fn *grouping(enum graph_op op)
{
    switch (op) {
    case GRAPH_GROUP:
        return ref_group;
    case GRAPH_STATEFUL:
    case GRAPH_SORTED:
        return ref_state;
    case GRAPH_DISTINCT:
        return ref_distinct;
    case GRAPH_TOP:
        return ref_top;
    default:
        return op >= GRAPH_COUNT && op <= GRAPH_USER ? ref_combine : NULL;
    }
}

static void ref_node(struct reference *r, uint32_t n)
{
    const struct graph_node *node = &r->graph->nodes[n];
    for (uint32_t i = 0; i < node->in_count; i++) {
        const struct list *in = &r->lists[node->ins[i].node][node->ins[i].output];
        struct list *out = r->lists[n];
        for (uint32_t o = 0; o < GRAPH_OUTS; o++)
            out[o].windows = in->windows;
        if (node->op == GRAPH_WINDOW)
            ref_window(&node->windows, in, out);
        else if (node->op == GRAPH_STAMP)
            ref_stamp(node, in, out);
        else if (node->op >= GRAPH_CHAIN_SUM)
            ref_chain(r, node, in, out);
        else if (grouping(node->op))
            group_by(r, node, in, grouping(node->op), out);
        else
            for (size_t e = 0; e < in->count; e++)
                ref_each(r, n, &in->at[e]);
        out->windows = node->now;
    }
}

// Where a sink finds an element whose windows are implied: in the last that holds it.
static void to_results(const struct list *list, struct flow_test_results *results)
{
    for (size_t i = 0; i < list->count; i++) {
        struct list windows = { 0 };
        each_window(list, &list->at[i], &windows);
        const struct flow_test_result at = {
            .time = { list->at[i].time }, .window = windows.at[0].window, .pane = list->at[i].pane
        };
        free(windows.at);
        flow_test_expect(results, &flow_test_row_type, &list->at[i].row, &at);
    }
}

void graph_reference(struct graph *graph)
{
    struct reference *r = calloc(1, sizeof *r);
    r->graph = graph;
    struct list source = { 0 };
    for (size_t i = 0; i < graph->row_count; i++) {
        const struct element element = {
            .row = graph->rows[i], .time = graph->rows[i].at.us, .implied = true, .pane = no_firing
        };
        add(&source, &element);
    }
    ref_window(&graph->nodes[0].windows, &source, &r->lists[0][0]);
    free(source.at);
    for (uint32_t n = 1; n < graph->count; n++)
        ref_node(r, n);
    for (uint32_t n = 0; n < graph->count; n++) {
        for (uint32_t o = 0; o < GRAPH_OUTS; o++) {
            if (graph->nodes[n].sinks >> o & 1)
                to_results(&r->lists[n][o], &graph->wanted[n][o]);
            free(r->lists[n][o].at);
        }
    }
    for (size_t i = 0; i < r->text_count; i++)
        free(r->texts[i]);
    free(r->texts);
    free(r);
}
