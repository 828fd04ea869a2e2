// SPDX-License-Identifier: Apache-2.0
// The naive reference for windows and triggers: goes by the rules, element by element and window by
// window, over plain arrays.
#include "panes_rules.h"

#include <stdlib.h>

#define NEVER (FLOW_TIME_MAX_US + 1)

// --- triggers (R32–R41), part by part

static const flow_trigger_node *node_at(const struct rules *rules, uint32_t i)
{
    return &rules->test->how.trigger.nodes[i];
}

static uint32_t behind(const struct rules *rules, uint32_t i)
{
    return i + node_at(rules, i)->span;
}

static bool past_end(const struct rules *rules, const struct rules_window *w)
{
    return rules->watermark > w->window.end.us - 1; // R33
}

static uint32_t early_of(const struct rules *rules, uint32_t i)
{
    return node_at(rules, i)->parts & 1 ? i + 1 : 0;
}

static uint32_t late_of(const struct rules *rules, uint32_t i)
{
    if (!(node_at(rules, i)->parts & 2))
        return 0;
    return node_at(rules, i)->parts & 1 ? behind(rules, i + 1) : i + 1;
}

static int64_t target_of(const struct rules *rules, uint32_t i)
{
    int64_t at = rules->clock;
    for (uint32_t step = i + 1; step < behind(rules, i); step++) {
        const flow_trigger_node *node = node_at(rules, step);
        if (node->kind == FLOW_TRIGGER_DELAY)
            at += node->value;
        else
            while (flow_floor_mod(at - node->offset, node->value) != 0)
                at += node->value - flow_floor_mod(at - node->offset, node->value);
    }
    return at;
}

static uint32_t current_of(const struct rules *rules, const struct rules_window *w, uint32_t i)
{
    uint32_t part = i + 1;
    while (part < behind(rules, i) && w->parts[part].finished)
        part = behind(rules, part);
    return part;
}

static void feed(const struct rules *rules, struct rules_window *w, uint32_t i)
{
    struct rules_part *part = &w->parts[i];
    const uint8_t kind = node_at(rules, i)->kind;
    if (kind == FLOW_TRIGGER_COUNT)
        part->count++;
    if ((kind == FLOW_TRIGGER_CLOCK || kind == FLOW_TRIGGER_SYNCHRONIZED)) {
        if (!part->running)
            part->target = target_of(rules, i);
        part->running = true;
        return;
    }
    const uint32_t current = kind == FLOW_TRIGGER_EACH ? current_of(rules, w, i)
                             : kind == FLOW_TRIGGER_EARLY_LATE
                                 ? (part->late ? late_of(rules, i) : early_of(rules, i))
                                 : 0;
    const bool ordered = kind == FLOW_TRIGGER_EACH || kind == FLOW_TRIGGER_EARLY_LATE;
    for (uint32_t k = i + 1; k < behind(rules, i); k = behind(rules, k)) {
        if (ordered && !rules->merging && k != current)
            continue;
        if (kind == FLOW_TRIGGER_ALL && w->parts[k].finished)
            continue;
        feed(rules, w, k);
    }
}

static bool ready(const struct rules *rules, const struct rules_window *w, uint32_t i)
{
    const struct rules_part *part = &w->parts[i];
    const flow_trigger_node *node = node_at(rules, i);
    uint32_t waits = 0, can = 0;
    switch (node->kind) {
    case FLOW_TRIGGER_END_OF_WINDOW:
        return past_end(rules, w);
    case FLOW_TRIGGER_COUNT:
        return part->count >= node->value;
    case FLOW_TRIGGER_CLOCK:
    case FLOW_TRIGGER_SYNCHRONIZED:
        return part->running && rules->clock > part->target;
    case FLOW_TRIGGER_EARLY_LATE:
        if (part->late)
            return late_of(rules, i) && ready(rules, w, late_of(rules, i));
        return past_end(rules, w) || (early_of(rules, i) && ready(rules, w, early_of(rules, i)));
    case FLOW_TRIGGER_EACH:
        return current_of(rules, w, i) < behind(rules, i) &&
               ready(rules, w, current_of(rules, w, i));
    case FLOW_TRIGGER_NEVER:
        return false;
    default:
        break;
    }
    for (uint32_t k = i + 1; k < behind(rules, i); k = behind(rules, k)) {
        const bool yes = w->parts[k].finished || ready(rules, w, k);
        can += yes;
        waits += !yes;
    }
    return node->kind == FLOW_TRIGGER_ALL ? waits == 0 : can > 0;
}

// What a part has gathered for a pane is gone; with `wholly` also that it finished.
static void empty(const struct rules *rules, struct rules_window *w, uint32_t i, bool wholly)
{
    for (uint32_t k = i; k < behind(rules, i); k++) {
        const struct rules_part was = w->parts[k];
        memset(&w->parts[k], 0, sizeof w->parts[k]);
        w->parts[k].finished = !wholly && was.finished;
        w->parts[k].late = !wholly && was.late;
    }
}

static void fire(const struct rules *rules, struct rules_window *w, uint32_t i);

static void fire_repeated(const struct rules *rules, struct rules_window *w, uint32_t i)
{
    fire(rules, w, i);
    if (w->parts[i].finished)
        empty(rules, w, i, true);
}

static void fire_early_late(const struct rules *rules, struct rules_window *w, uint32_t i)
{
    const uint32_t early = early_of(rules, i), late = late_of(rules, i);
    if (w->parts[i].late || !past_end(rules, w)) {
        const uint32_t part = w->parts[i].late ? late : early;
        fire_repeated(rules, w, part);
        empty(rules, w, part, false);
        return;
    }
    w->parts[i].late = true;
    if (early)
        empty(rules, w, early, true);
    if (late)
        empty(rules, w, late, true);
    w->parts[i].finished = !late;
}

static void fire_each(const struct rules *rules, struct rules_window *w, uint32_t i)
{
    fire(rules, w, current_of(rules, w, i));
    for (uint32_t k = i + 1; rules->merging && k < behind(rules, i); k = behind(rules, k))
        empty(rules, w, k, false);
    w->parts[i].finished = current_of(rules, w, i) == behind(rules, i);
}

static void fire(const struct rules *rules, struct rules_window *w, uint32_t i)
{
    const uint8_t kind = node_at(rules, i)->kind;
    if (kind == FLOW_TRIGGER_REPEATEDLY) {
        fire_repeated(rules, w, i + 1);
    } else if (kind == FLOW_TRIGGER_EARLY_LATE) {
        fire_early_late(rules, w, i);
    } else if (kind == FLOW_TRIGGER_EACH) {
        fire_each(rules, w, i);
    } else if (kind == FLOW_TRIGGER_ANY) {
        for (uint32_t k = i + 1; k < behind(rules, i); k = behind(rules, k)) {
            if (ready(rules, w, k))
                fire(rules, w, k);
            else
                empty(rules, w, k, false);
        }
        w->parts[i].finished = true;
    } else if (kind == FLOW_TRIGGER_OR_FINALLY) {
        const uint32_t until = behind(rules, i + 1);
        const bool over = ready(rules, w, until);
        fire(rules, w, over ? until : i + 1);
        if (over)
            empty(rules, w, i + 1, false);
        w->parts[i].finished = over || w->parts[i + 1].finished;
    } else {
        empty(rules, w, i, false);
        for (uint32_t k = i; k < behind(rules, i); k++)
            w->parts[k].finished = true;
    }
}

// --- merging triggers (R35–R39)

static void join(const struct rules *rules, struct rules_window *to,
    const struct rules_window *const *from, size_t n, uint32_t i)
{
    const uint8_t kind = node_at(rules, i)->kind;
    struct rules_part *part = &to->parts[i];
    size_t finished = 0, late = 0;
    for (size_t k = 0; k < n; k++) {
        finished += from[k]->parts[i].finished;
        late += from[k]->parts[i].late;
    }
    if (kind == FLOW_TRIGGER_END_OF_WINDOW) {
        part->finished = finished == n && past_end(rules, to);
    } else if (kind == FLOW_TRIGGER_COUNT) {
        part->finished = finished > 0;
        for (size_t k = 0; k < n && !finished; k++)
            part->count += from[k]->parts[i].count;
    } else if (kind == FLOW_TRIGGER_CLOCK || kind == FLOW_TRIGGER_SYNCHRONIZED) {
        part->finished = finished == n;
        for (size_t k = 0; k < n && finished < n; k++) {
            const struct rules_part *one = &from[k]->parts[i];
            if (one->running && (!part->running || one->target < part->target))
                part->target = one->target;
            part->running = part->running || one->running;
        }
    } else if (kind == FLOW_TRIGGER_EARLY_LATE) {
        const bool early = late < n || !past_end(rules, to);
        const uint32_t at_work = early ? early_of(rules, i) : late_of(rules, i);
        part->late = !early;
        if (at_work)
            join(rules, to, from, n, at_work);
        if (at_work && early)
            to->parts[at_work].finished = false;
        part->finished = !early && !at_work;
    } else if (kind != FLOW_TRIGGER_NEVER) {
        uint32_t all = 0, done = 0;
        for (uint32_t k = i + 1; k < behind(rules, i); k = behind(rules, k), all++) {
            if (kind == FLOW_TRIGGER_EACH && done < all)
                continue; // not begun
            join(rules, to, from, n, k);
            done += to->parts[k].finished;
        }
        const bool any = kind == FLOW_TRIGGER_ANY || kind == FLOW_TRIGGER_OR_FINALLY;
        part->finished = kind != FLOW_TRIGGER_REPEATEDLY && (any ? done > 0 : done == all);
    }
}

// --- what windows do with a trigger

bool rules_ready(const struct rules *rules, const struct rules_window *w)
{
    if (rules->test->how.trigger.count == 0)
        return past_end(rules, w); // R42
    return !w->parts[0].finished && ready(rules, w, 0);
}

void rules_feed(const struct rules *rules, struct rules_window *w)
{
    if (rules->test->how.trigger.count && !w->parts[0].finished)
        feed(rules, w, 0);
}

bool rules_fire(const struct rules *rules, struct rules_window *w)
{
    if (rules->test->how.trigger.count)
        fire(rules, w, 0);
    return w->parts[0].finished;
}

void rules_join(const struct rules *rules, struct rules_window *to,
    const struct rules_window *const *from, size_t n)
{
    memset(to->parts, 0, sizeof to->parts);
    if (rules->test->how.trigger.count)
        join(rules, to, from, n, 0);
}
