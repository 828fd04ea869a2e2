// SPDX-License-Identifier: Apache-2.0
#include "naive.h"

#include <check.h>
#include <stdlib.h>

static struct naive *read_part(const flow_trigger *trigger, int *at)
{
    const flow_trigger_node *node = &trigger->nodes[*at];
    const int end = *at + node->span;
    struct naive *n = calloc(1, sizeof *n);
    ck_assert_ptr_nonnull(n);
    n->kind = (flow_trigger_kind)node->kind;
    n->value = node->value;
    n->offset = node->offset;
    for (++*at; *at < end;)
        n->parts[n->count++] = read_part(trigger, at);
    if (n->kind == FLOW_TRIGGER_EARLY_LATE) {
        n->early = node->parts & 1 ? n->parts[0] : NULL;
        n->late = node->parts & 2 ? n->parts[n->count - 1] : NULL;
    }
    return n;
}

struct naive *naive_new(const flow_trigger *trigger)
{
    int at = 0;
    const flow_trigger fallback = flow_trigger_default();
    return read_part(trigger->count ? trigger : &fallback, &at);
}

void naive_free(struct naive *naive)
{
    for (int i = 0; i < naive->count; i++)
        naive_free(naive->parts[i]);
    free(naive);
}

static bool over(const flow_trigger_clocks *c)
{
    return c->watermark.us >= c->window.end.us;
}

static struct naive *current(const struct naive *n)
{
    for (int i = 0; i < n->count; i++)
        if (!n->parts[i]->finished)
            return n->parts[i];
    return NULL;
}

static int64_t step(const struct naive *s, int64_t at)
{
    if (s->kind == FLOW_TRIGGER_DELAY)
        return at + s->value;
    while (flow_floor_mod(at - s->offset, s->value) != 0)
        at++;
    return at;
}

static void element_under(struct naive *n, const flow_trigger_clocks *c)
{
    struct naive *now = NULL;
    if (n->kind == FLOW_TRIGGER_EACH)
        now = current(n);
    if (n->kind == FLOW_TRIGGER_EARLY_LATE)
        now = n->past_end ? n->late : n->early;
    for (int i = 0; i < n->count; i++) {
        struct naive *part = n->parts[i];
        const bool in_turn = n->kind == FLOW_TRIGGER_EACH || n->kind == FLOW_TRIGGER_EARLY_LATE;
        if (in_turn && !c->merging && part != now)
            continue;
        if (n->kind == FLOW_TRIGGER_ALL && part->finished)
            continue;
        naive_element(part, c);
    }
}

void naive_element(struct naive *n, const flow_trigger_clocks *c)
{
    n->seen++;
    if (n->kind == FLOW_TRIGGER_CLOCK || n->kind == FLOW_TRIGGER_SYNCHRONIZED) {
        if (n->waiting)
            return;
        n->target = n->kind == FLOW_TRIGGER_CLOCK ? c->now.us : c->synchronized.us;
        n->waiting = true;
        for (int i = 0; i < n->count; i++)
            n->target = step(n->parts[i], n->target);
        return;
    }
    element_under(n, c);
}

bool naive_ready(const struct naive *n, const flow_trigger_clocks *c)
{
    int ready = 0;
    switch (n->kind) {
    case FLOW_TRIGGER_END_OF_WINDOW:
        return over(c);
    case FLOW_TRIGGER_COUNT:
        return n->seen >= n->value;
    case FLOW_TRIGGER_CLOCK:
        return n->waiting && n->target < c->now.us;
    case FLOW_TRIGGER_SYNCHRONIZED:
        return n->waiting && n->target < c->synchronized.us;
    case FLOW_TRIGGER_EARLY_LATE:
        if (n->past_end)
            return n->late && naive_ready(n->late, c);
        return over(c) || (n->early && naive_ready(n->early, c));
    case FLOW_TRIGGER_EACH:
        return current(n) && naive_ready(current(n), c);
    case FLOW_TRIGGER_REPEATEDLY:
        return naive_ready(n->parts[0], c);
    case FLOW_TRIGGER_NEVER:
        return false;
    default:
        break;
    }
    for (int i = 0; i < n->count; i++)
        ready += n->parts[i]->finished || naive_ready(n->parts[i], c);
    return n->kind == FLOW_TRIGGER_ALL ? ready == n->count : ready > 0;
}

// The pane is gone; with `anew` all else as well.
static void forget(struct naive *n, bool anew)
{
    n->seen = 0;
    n->waiting = false;
    n->finished = n->finished && !anew;
    n->past_end = n->past_end && !anew;
    for (int i = 0; i < n->count; i++)
        forget(n->parts[i], anew);
}

static void finish_all(struct naive *n)
{
    n->finished = true;
    for (int i = 0; i < n->count; i++)
        finish_all(n->parts[i]);
}

// Fires what is repeated.
static void fire_again(struct naive *n, const flow_trigger_clocks *c)
{
    naive_fire(n, c);
    if (n->finished)
        forget(n, true);
}

static void fire_form(struct naive *n, const flow_trigger_clocks *c)
{
    struct naive *part = n->past_end ? n->late : n->early;
    if (n->past_end || !over(c)) {
        fire_again(part, c);
        forget(part, false);
        return;
    }
    for (int i = 0; i < n->count; i++)
        forget(n->parts[i], true);
    n->past_end = true;
    n->finished = n->late == NULL;
}

static void fire_in_turn(struct naive *n, const flow_trigger_clocks *c)
{
    naive_fire(current(n), c);
    for (int i = 0; c->merging && i < n->count; i++)
        forget(n->parts[i], false);
    n->finished = current(n) == NULL;
}

static void fire_until(struct naive *n, const flow_trigger_clocks *c)
{
    struct naive *until = n->parts[1];
    if (naive_ready(until, c)) {
        naive_fire(until, c);
        until->finished = true;
        forget(n->parts[0], false);
    } else {
        naive_fire(n->parts[0], c);
    }
    n->finished = n->parts[0]->finished || until->finished;
}

void naive_fire(struct naive *n, const flow_trigger_clocks *c)
{
    switch (n->kind) {
    case FLOW_TRIGGER_EARLY_LATE:
        fire_form(n, c);
        return;
    case FLOW_TRIGGER_EACH:
        fire_in_turn(n, c);
        return;
    case FLOW_TRIGGER_OR_FINALLY:
        fire_until(n, c);
        return;
    case FLOW_TRIGGER_REPEATEDLY:
        fire_again(n->parts[0], c);
        return;
    case FLOW_TRIGGER_ANY:
        for (int i = 0; i < n->count; i++) {
            if (naive_ready(n->parts[i], c))
                naive_fire(n->parts[i], c);
            else
                forget(n->parts[i], false);
        }
        n->finished = true;
        return;
    default:
        forget(n, false);
        finish_all(n);
    }
}

static void merge_clock(struct naive *into, const struct naive *a, const struct naive *b)
{
    into->finished = a->finished && b->finished;
    if (into->finished)
        return;
    into->waiting = a->waiting || b->waiting;
    into->target = !b->waiting || (a->waiting && a->target < b->target) ? a->target : b->target;
}

static void merge_parts(
    struct naive *into, const struct naive *a, const struct naive *b, const flow_trigger_clocks *c)
{
    int finished = 0;
    for (int i = 0; i < into->count; i++) {
        if (into->kind == FLOW_TRIGGER_EACH && finished < i)
            break;
        naive_merge(into->parts[i], a->parts[i], b->parts[i], c);
        finished += into->parts[i]->finished;
    }
    if (into->kind == FLOW_TRIGGER_ALL || into->kind == FLOW_TRIGGER_EACH)
        into->finished = finished == into->count;
    if (into->kind == FLOW_TRIGGER_ANY || into->kind == FLOW_TRIGGER_OR_FINALLY)
        into->finished = finished > 0;
    if (into->kind == FLOW_TRIGGER_REPEATEDLY && finished)
        forget(into->parts[0], true);
}

static void merge_form(
    struct naive *into, const struct naive *a, const struct naive *b, const flow_trigger_clocks *c)
{
    into->past_end = a->past_end && b->past_end && over(c);
    into->finished = into->past_end && !into->late;
    if (into->past_end && into->late)
        naive_merge(into->late, a->late, b->late, c);
    if (into->past_end || !into->early)
        return;
    naive_merge(into->early, a->early, b->early, c);
    into->early->finished = false;
}

void naive_merge(
    struct naive *into, const struct naive *a, const struct naive *b, const flow_trigger_clocks *c)
{
    switch (into->kind) {
    case FLOW_TRIGGER_END_OF_WINDOW:
        into->finished = a->finished && b->finished && over(c);
        break;
    case FLOW_TRIGGER_COUNT:
        into->finished = a->finished || b->finished;
        into->seen = into->finished ? 0 : a->seen + b->seen;
        break;
    case FLOW_TRIGGER_CLOCK:
    case FLOW_TRIGGER_SYNCHRONIZED:
        merge_clock(into, a, b);
        break;
    case FLOW_TRIGGER_EARLY_LATE:
        merge_form(into, a, b, c);
        break;
    default:
        merge_parts(into, a, b, c);
        break;
    }
}
