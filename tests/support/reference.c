// SPDX-License-Identifier: Apache-2.0
// The naive reference: lists of elements, each function applied to each, windows assigned per
// element, groups by qsort, everything fired at the end.
#include <stdlib.h>

#include "reference.h"

#define SECOND INT64_C(1000000)

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

// --- element-wise steps

static struct ref_step step_of(const struct graph_node *node, uint32_t n)
{
    struct ref_step step = { .node = node, .op = node->op, .lateness = node->lateness };
    step.path = graph_path(n, graph_step_names[node->op]);
    return step;
}

// An element is one in each of its windows from here on (R22). `path`: of the step that drops what
// lies in none; NULL: nobody listens.
static void ref_window(struct reference *r, const char *path, const flow_windows *windows,
    const struct list *in, struct list *out)
{
    out->windows = *windows;
    out->merged = false;
    for (size_t i = 0; i < in->count; i++) {
        const size_t before = out->count;
        ref_each_window(out, &in->at[i], out);
        if (out->count == before && path)
            ref_drop(r, path, &in->at[i], "no-window", "its time lies in no window");
    }
}

static void ref_stamp(const struct graph_node *node, const struct list *in, struct list *out)
{
    for (size_t i = 0; i < in->count; i++) {
        struct element e = in->at[i];
        e.time += node->par.a * SECOND;
        e.row.at.us = e.time;
        ref_add(out, &e);
    }
}

static void ref_each(struct reference *r, uint32_t n, const struct element *element)
{
    const struct graph_node *node = &r->graph->nodes[n];
    struct list *outs = r->lists[n];
    struct element e = *element;
    uint32_t output = 0, times = 1;
    if (node->policy && graph_fails(&node->par, &element->row)) {
        const struct ref_step step = step_of(node, n);
        ref_refuse(r, &step, element, false);
        return;
    }
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
    case GRAPH_PARTS:
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
        if (node->op == GRAPH_REPEAT || node->op == GRAPH_PARTS)
            e.row.k = (element->row.k + i) % 11;
        ref_add(&outs[output], &e);
    }
}

// Where all was taken back a sum stays, of nothing.
static void drop_nothings(struct list *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < out->count; i++)
        if (out->at[i].row.v != 0)
            out->at[kept++] = out->at[i];
    out->count = kept;
}

static void ref_chain(
    struct reference *r, const struct graph_node *node, const struct list *in, struct list *out)
{
    struct list first = { 0 }, sums = { .windows = in->windows }, windowed = { 0 };
    struct ref_step step = step_of(node, r->n);
    if (graph_folds(node->op)) {
        ref_window(r, graph_path(r->n, "early"), &node->early, in, &first);
        sums.windows = node->early;
        in = &first;
    }
    step.op = GRAPH_SUM;
    step.path = graph_path(r->n, "sum");
    ref_group_by(r, &step, in, &sums);
    r->sums = true;
    ref_window(r, graph_path(r->n, "window"), &node->windows, &sums, &windowed);
    r->sums = false;
    step = step_of(node, r->n);
    step.sums = true;
    step.op = node->op == GRAPH_CHAIN_SORTED  ? GRAPH_SORTED
              : node->op == GRAPH_CHAIN_GROUP ? GRAPH_GROUP
              : node->op == GRAPH_GROWING     ? GRAPH_MAX
                                              : GRAPH_SUM;
    ref_group_by(r, &step, &windowed, out);
    if (node->op == GRAPH_CORRECTED)
        drop_nothings(out);
    free(first.at);
    free(sums.at);
    free(windowed.at);
}

static void ref_merged(
    struct reference *r, const struct graph_node *node, const struct list *in, struct list *out)
{
    struct list windowed = { 0 };
    struct ref_step step = step_of(node, r->n);
    ref_window(r, graph_path(r->n, "early"), &node->early, in, &windowed);
    step.op = GRAPH_SUM;
    ref_group_by(r, &step, &windowed, out);
    free(windowed.at);
}

static void ref_node(struct reference *r, uint32_t n)
{
    const struct graph_node *node = &r->graph->nodes[n];
    r->n = n;
    const bool looks = node->op == GRAPH_SIDE || node->op == GRAPH_LOOKUP;
    const uint32_t ins = looks ? 1 : node->in_count;
    for (uint32_t i = 0; i < ins; i++) {
        const struct list *in = &r->lists[node->ins[i].node][node->ins[i].output];
        struct list *out = r->lists[n];
        for (uint32_t o = 0; o < GRAPH_OUTS; o++) {
            out[o].windows = in->windows;
            out[o].merged = in->merged;
        }
        if (node->op == GRAPH_WINDOW)
            ref_window(r, graph_path(r->n, "window"), &node->windows, in, out);
        else if (node->op == GRAPH_STAMP)
            ref_stamp(node, in, out);
        else if (looks)
            ref_side(in, &r->lists[node->ins[1].node][node->ins[1].output],
                node->op == GRAPH_LOOKUP, out);
        else if (node->op == GRAPH_MERGED)
            ref_merged(r, node, in, out);
        else if (node->op > GRAPH_MERGED)
            ref_chain(r, node, in, out);
        else if (node->op >= GRAPH_COUNT) {
            const struct ref_step step = step_of(node, n);
            ref_group_by(r, &step, in, out);
        } else
            for (size_t e = 0; e < in->count; e++)
                ref_each(r, n, &in->at[e]);
        out->windows = node->now;
        out->merged = node->merged;
    }
}

static void to_results(const struct list *list, struct flow_test_results *results)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct element *e = &list->at[i];
        const struct flow_test_result at = {
            .time = { e->time }, .window = e->window, .pane = e->pane
        };
        flow_test_expect(results, &flow_test_row_type, &e->row, &at);
    }
}

// The rows of a piece, if it was ever read.
static void add_piece(const struct graph *graph, size_t p, struct list *source)
{
    const struct flow_test_row *rows = graph->pieces[p].rows;
    if (graph->rounds[p] == SIZE_MAX)
        return;
    for (size_t i = 0; i < graph->pieces[p].count; i++) {
        const struct element element = {
            .row = rows[i], .time = rows[i].at.us, .round = graph->rounds[p], .pane = REF_NO_FIRING
        };
        ref_add(source, &element);
    }
}

void graph_reference(struct graph *graph)
{
    graph_follow(graph);
    graph_forget(graph);
    struct reference *r = calloc(1, sizeof *r);
    r->graph = graph;
    struct list source = { 0 };
    for (size_t p = 0; p < graph->piece_count; p++)
        add_piece(graph, p, &source);
    ref_window(r, NULL, &graph->nodes[0].windows, &source, &r->lists[0][0]);
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
