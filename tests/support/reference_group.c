// SPDX-License-Identifier: Apache-2.0
// Groupings of the naive reference: pane by pane, and what state and timers do for a key and
// window.
#include <stdlib.h>

#include "reference.h"

#define ORDER(a, b)                                                                                \
    if ((a) < (b) || (a) > (b))                                                                    \
        return (a) < (b) ? -1 : 1;

// One or more rows of the elements of a pane.
typedef void pane_fn(struct reference *r, const struct ref_step *step, const struct element *first,
    size_t count, struct list *out);

static struct element pane_of(const struct element *first, enum graph_key key)
{
    struct element element = { .row = ref_key_row(key, &first->row),
        .time = first->window.end.us - 1,
        .window = first->window };
    element.row.at.us = element.time;
    return element;
}

static void put_text(struct flow_test_row *row, enum graph_key key, flow_str text)
{
    *(key == KEY_S ? &row->place.b : &row->s) = text;
}

static void combine(struct reference *r, const struct ref_step *step, const struct element *first,
    size_t count, struct list *out)
{
    struct element e = pane_of(first, step->node->key);
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
        if (i == 0 || ref_compare_text(row->s, most) > 0)
            most = row->s;
    }
    switch (step->op) {
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
        if (step->node->key != KEY_X)
            e.row.x = total / (double)count;
        break;
    case GRAPH_USER:
        e.row.v = (int64_t)count;
        put_text(&e.row, step->node->key, most);
        break;
    default:
        e.row.v = sum;
        break;
    }
    ref_add(out, &e);
}

static void group(struct reference *r, const struct ref_step *step, const struct element *first,
    size_t count, struct list *out)
{
    struct element e = pane_of(first, step->node->key);
    for (size_t i = 0; i < count; i++)
        e.row.v += graph_mix(first[i].row.v);
    if (step->node->policy && graph_fails(&step->node->par, &e.row)) {
        for (size_t i = 0; i < count; i++) {
            struct element one = first[i];
            one.time = e.time;
            ref_refuse(r, step, &one, false);
        }
        return;
    }
    ref_add(out, &e);
    e.row.v = (int64_t)count;
    if (count > 2)
        ref_add(out, &e);
}

static void distinct(struct reference *r, const struct ref_step *step, const struct element *first,
    size_t count, struct list *out)
{
    struct element e = pane_of(first, KEY_NONE);
    (void)r;
    (void)step;
    (void)count;
    e.row = first->row;
    e.row.x += 0.0; // a key knows no −0.0
    e.row.at.us = e.time;
    ref_add(out, &e);
}

static int by_rank(const void *left, const void *right)
{
    const struct element *a = left, *b = right;
    ORDER(b->row.v, a->row.v)
    return ref_compare_row(&a->row, &b->row);
}

static void top(struct reference *r, const struct ref_step *step, const struct element *first,
    size_t count, struct list *out)
{
    struct element *ranked = malloc(count * sizeof *ranked);
    (void)r;
    memcpy(ranked, first, count * sizeof *ranked);
    qsort(ranked, count, sizeof *ranked, by_rank);
    for (size_t i = 0; i < count && i < (size_t)step->node->par.a; i++) {
        struct element e = pane_of(&ranked[i], KEY_NONE);
        e.row = ranked[i].row;
        e.row.at.us = e.time;
        ref_add(out, &e);
    }
    free(ranked);
}

static pane_fn *pane_of_op(enum graph_op op)
{
    switch (op) {
    case GRAPH_GROUP:
        return group;
    case GRAPH_DISTINCT:
        return distinct;
    case GRAPH_TOP:
        return top;
    case GRAPH_STATEFUL:
    case GRAPH_CELLS:
    case GRAPH_SORTED:
        return NULL;
    default:
        return combine;
    }
}

// --- panes

// The elements of a key and window: those on time are one pane, late ones one more each round.
static void fire_panes(struct reference *r, const struct ref_step *step,
    const struct element *first, size_t count, struct list *out)
{
    const flow_duration lateness = { step->lateness };
    uint32_t index = 0;
    for (size_t i = 0, next; i < count; i = next) {
        const struct element *e = &first[i];
        size_t round = e->round;
        for (next = i + 1; next < count && first[next].late == e->late; next++)
            if (e->late && first[next].round != e->round)
                break;
        if (!e->late && !ref_fires(r->graph, e->window.end.us, &round))
            continue;
        const bool last =
            !e->late && flow_window_expiry(e->window, lateness).us < r->graph->marks[round];
        const flow_pane pane = { .timing = e->late ? FLOW_TIMING_LATE : FLOW_TIMING_ON_TIME,
            .first = index == 0,
            .last = last,
            .index = index,
            .on_time_index = (int32_t)index };
        const size_t before = out->count;
        if (index == 0 || step->op != GRAPH_DISTINCT) // which gives each element once
            pane_of_op(step->op)(r, step, e, next - i, out);
        for (size_t made = before; made < out->count; made++) {
            out->at[made].pane = pane;
            out->at[made].round = round;
        }
        index++;
    }
}

// --- state and timers

// What the state of a key and window holds.
struct held {
    struct element out; // of the key, at the timer
    int64_t value, bucket, last;
    bool timer;
    struct list *to;
};

// The timer at the end of the window.
static void fire_timer(struct reference *r, const struct ref_step *step, struct held *held)
{
    struct element e = held->out;
    const bool sorted = step->op == GRAPH_SORTED;
    e.row.v = sorted ? graph_mix(held->value * 31 + held->bucket) : held->value;
    held->timer = false;
    if (step->node->policy && graph_fails(&step->node->par, &e.row)) {
        ref_refuse(r, step, &e, true); // and the state stays
        return;
    }
    if (!sorted)
        held->value = 0;
    ref_add(held->to, &e);
}

// The same, once the watermark has passed it.
static void fire_due(struct reference *r, const struct ref_step *step, struct held *held)
{
    if (ref_fires(r->graph, held->out.time + 1, &held->out.round))
        fire_timer(r, step, held);
}

// Bundle by bundle: a timer in the past fires once the elements of its bundle are added.
static void run_sums(struct reference *r, const struct ref_step *step, struct held *held,
    const struct element *first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        held->value += graph_mix(first[i].row.v);
        const bool more = i + 1 < count && first[i + 1].late == first[i].late &&
                          (!first[i].late || first[i + 1].round == first[i].round);
        if (more)
            continue;
        held->out.round = first[i].round;
        if (first[i].late || ref_fires(r->graph, held->out.time + 1, &held->out.round))
            fire_timer(r, step, held);
    }
}

// In order of time, each released when none before it can come any more, or with its window (R65).
static void run_sorted(struct reference *r, const struct ref_step *step, struct held *held,
    struct element *first, size_t count)
{
    const int64_t expiry = flow_window_expiry(first->window, (flow_duration){ step->lateness }).us;
    int64_t given = INT64_MIN;
    held->last = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        const struct element *e = &first[i];
        const bool capped =
            e->time >= expiry || (uint64_t)expiry - (uint64_t)e->time < (uint64_t)step->lateness;
        const int64_t release = capped ? expiry : e->time + step->lateness;
        // those that waited until the same come before a timer that the first of them has set
        if (held->timer && held->out.time < release && release != given)
            fire_due(r, step, held);
        if (!ref_fires(r->graph, release + 1, &held->out.round))
            return;
        given = release;
        if (step->node->policy && !step->sums && graph_fails(&step->node->par, &e->row)) {
            ref_refuse(r, step, e, false);
            continue;
        }
        if (e->time > held->last) {
            held->value = graph_mix(held->value * 31 + held->bucket);
            held->bucket = 0;
            held->last = e->time;
        }
        held->bucket += graph_mix(e->row.v);
        held->timer = true;
    }
    if (held->timer)
        fire_due(r, step, held);
}

// What comes at the end of a window does not depend on the order.
static void run_cells(
    struct reference *r, struct held *held, const struct element *first, size_t count)
{
    struct graph_digest digest = { .sum = 0 };
    if (!ref_fires(r->graph, held->out.time + 1, &held->out.round))
        return;
    for (size_t i = 0; i < count; i++) {
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++)
            seen = first[k].row.k == first[i].row.k;
        digest.distinct += !seen;
        digest.sum += graph_mix(first[i].row.v);
        digest.counts[first[i].row.v % GRAPH_CLASSES]++;
    }
    held->out.row.v = graph_digested(&digest);
    ref_add(held->to, &held->out);
}

static int by_time(const void *left, const void *right)
{
    const struct element *a = left, *b = right;
    ORDER(a->time, b->time)
    ORDER(a->order, b->order)
    return 0;
}

static void run_state(struct reference *r, const struct ref_step *step, struct element *first,
    size_t count, struct list *out)
{
    struct held held = { .out = pane_of(first, step->node->key), .to = out };
    held.out.pane = REF_NO_FIRING;
    if (step->op == GRAPH_STATEFUL) {
        run_sums(r, step, &held, first, count);
        return;
    }
    if (step->op == GRAPH_CELLS) {
        run_cells(r, &held, first, count);
        return;
    }
    qsort(first, count, sizeof *first, by_time);
    run_sorted(r, step, &held, first, count);
}

// Elements that a stateful function refuses as soon as they come.
static void refuse_some(struct reference *r, const struct ref_step *step, struct list *all)
{
    size_t kept = 0;
    for (size_t i = 0; i < all->count; i++) {
        if (graph_fails(&step->node->par, &all->at[i].row))
            ref_refuse(r, step, &all->at[i], false);
        else
            all->at[kept++] = all->at[i];
    }
    all->count = kept;
}

void ref_group_by(
    struct reference *r, const struct ref_step *step, const struct list *in, struct list *out)
{
    const enum graph_key key = step->op == GRAPH_DISTINCT ? KEY_COUNT : step->node->key;
    struct list all = ref_copy(in);
    ref_judge(r, step, &all);
    if (flow_windows_merging(&in->windows) && !in->merged)
        ref_merge(&all, key);
    if ((step->op == GRAPH_STATEFUL || step->op == GRAPH_CELLS) && step->node->policy)
        refuse_some(r, step, &all);
    ref_sort(&all, key);
    for (size_t first = 0, last; first < all.count; first = last) {
        last = first + 1;
        while (last < all.count && ref_together(key, &all.at[last], &all.at[first]))
            last++;
        if (pane_of_op(step->op))
            fire_panes(r, step, &all.at[first], last - first, out);
        else
            run_state(r, step, &all.at[first], last - first, out);
    }
    free(all.at);
}
