// SPDX-License-Identifier: Apache-2.0
// What a script should come to, by the rules: windows of a key in a plain list, each with all that
// came.
#include <stdio.h>
#include <stdlib.h>

#include "panes_rules.h"

#define NEVER (FLOW_TIME_MAX_US + 1)

static int64_t last_of(const struct rules_window *w)
{
    return w->window.end.us - 1;
}

static int64_t expiry_of(const struct rules *rules, flow_window window)
{
    const int64_t expiry = flow_window_expiry(window, rules->test->how.lateness).us; // R23
    return expiry < FLOW_TIME_GLOBAL_END_US ? expiry : FLOW_TIME_GLOBAL_END_US - 1;
}

static bool same(flow_window a, flow_window b)
{
    return a.start.us == b.start.us && a.end.us == b.end.us;
}

static bool discarding(const struct rules *rules)
{
    return rules->test->how.accumulation < FLOW_ACCUMULATING;
}

// --- timers and holds

// Whether some part of the trigger waits for the end of the window.
static bool waits_for_end(const struct rules *rules, const struct rules_window *w)
{
    const flow_trigger *trigger = &rules->test->how.trigger;
    if (w->closed)
        return false;
    for (uint32_t i = 0; i < trigger->count; i++) {
        const uint8_t kind = trigger->nodes[i].kind;
        if (w->parts[i].finished)
            continue;
        if (kind == FLOW_TRIGGER_END_OF_WINDOW ||
            (kind == FLOW_TRIGGER_EARLY_LATE && !w->parts[i].late))
            return true;
    }
    return trigger->count == 0;
}

static void set_timers(const struct rules *rules, struct rules_window *w)
{
    const flow_trigger *trigger = &rules->test->how.trigger;
    w->due = expiry_of(rules, w->window) + 1;
    w->wake = NEVER;
    if (waits_for_end(rules, w) && rules->watermark <= last_of(w) && w->window.end.us < w->due)
        w->due = w->window.end.us;
    for (size_t i = 0; i < w->given_count && !w->closed; i++) {
        const int64_t expiry = expiry_of(rules, w->given[i].window);
        if (!same(w->given[i].window, w->window) && expiry < w->due)
            w->due = expiry + 1;
    }
    for (uint32_t i = 0; i < trigger->count && !w->closed; i++)
        if (w->parts[i].running && !w->parts[i].finished && w->parts[i].target >= rules->clock &&
            w->parts[i].target < w->wake)
            w->wake = w->parts[i].target + 1;
}

// R2: no hold and no timer lies before it, and it never goes back.
static void move_output(struct rules *rules)
{
    int64_t at = rules->watermark;
    for (size_t i = 0; i < rules->count; i++) {
        const struct rules_window *w = rules->windows[i];
        if (w->gone)
            continue;
        at = w->hold < at ? w->hold : at;
        at = w->due - 1 < at ? w->due - 1 : at;
    }
    rules->output = at > rules->output ? at : rules->output;
}

// --- results

static void write_result(
    const struct rules *rules, int64_t key, const struct rules_given *what, int sign)
{
    struct flow_test_result at = { .time = { what->time },
        .window = what->window,
        .pane = what->pane,
        .text = sign < 0 ? "- " : "" };
    struct flow_integer sum = { 0 };
    struct panes_most most = { .count = (int64_t)what->count };
    int64_t *values = calloc(what->count + 1, sizeof *values);
    char *text = calloc(what->count + 1, 24), best[24] = "";
    for (size_t i = 0; i < what->count; i++) {
        char one[24];
        values[i] = what->values[i].v;
        const bool least = rules->test->result == PANES_MIN;
        if (!least)
            sum.value += values[i];
        else if (i == 0 || values[i] < sum.value)
            sum.value = values[i];
        snprintf(one, sizeof one, "%lld", (long long)(values[i] * 7919 % 1000));
        if (strcmp(one, best) > 0)
            memcpy(best, one, sizeof best);
    }
    most.s = flow_str_of(best);
    const struct flow_test_row group =
        panes_group_row(key, values, what->count, text, (what->count + 1) * 24);
    const bool keyed = !rules->test->unkeyed;
    const void *row = &sum;
    const flow_type *type = &flow_integer_type;
    if (rules->test->result == PANES_TEXTS) {
        row = &most;
        type = &panes_most_type;
    } else if (rules->test->result == PANES_GROUP) {
        row = &group;
        type = &flow_test_row_type;
    }
    flow_test_expect_signed(&rules->wanted->results,
        keyed && rules->test->result != PANES_GROUP ? &key : NULL, type, row, &at);
    free(values);
    free(text);
}

static flow_pane pane_of(const struct rules *rules, const struct rules_window *w, bool last)
{
    flow_pane pane = { .first = w->index == 0, .last = last, .index = w->index };
    if (last_of(w) < rules->output || w->timed) // R46
        pane.timing = FLOW_TIMING_LATE;
    else
        pane.timing = rules->watermark <= last_of(w) ? FLOW_TIMING_EARLY : FLOW_TIMING_ON_TIME;
    pane.on_time_index = pane.timing == FLOW_TIMING_EARLY ? -1 : w->on_time_index + 1;
    return pane;
}

static void forget(struct rules_window *w)
{
    for (size_t i = 0; i < w->given_count; i++)
        free(w->given[i].values);
    w->given_count = 0;
}

static void give(struct rules *rules, struct rules_window *w, flow_pane pane, int64_t time)
{
    for (size_t i = 0; i < w->given_count; i++)
        write_result(rules, w->key, &w->given[i], -1);
    forget(w);
    struct rules_given now = { w->window, time, pane, NULL, w->count };
    now.values = calloc(w->count + 1, sizeof *now.values);
    if (w->count)
        memcpy(now.values, w->values, w->count * sizeof *now.values);
    write_result(rules, w->key, &now, 1);
    w->index++; // R48
    w->on_time_index = pane.on_time_index;
    w->timed = pane.timing != FLOW_TIMING_EARLY;
    if (rules->test->how.accumulation != FLOW_RETRACTING || pane.last) {
        free(now.values);
        return;
    }
    w->given = realloc(w->given, (w->given_count + 1) * sizeof *w->given);
    w->given[w->given_count++] = now;
}

static void emit(struct rules *rules, struct rules_window *w, bool last)
{
    const flow_window_options *how = &rules->test->how;
    const flow_pane pane = pane_of(rules, w, last);
    const int64_t time = w->hold < last_of(w) ? w->hold : last_of(w); // R54
    const bool on_time = pane.timing == FLOW_TIMING_ON_TIME && how->on_time != FLOW_EMPTY_NEVER;
    w->hold = NEVER;
    if (!w->fresh && !on_time && !(last && how->closing == FLOW_EMPTY_ALWAYS)) // R50
        return;
    w->fresh = false;
    give(rules, w, pane, time);
}

static void fire_window(struct rules *rules, struct rules_window *w)
{
    const bool finished = rules_fire(rules, w);
    emit(rules, w, finished);
    w->closed = finished;
    if (finished || discarding(rules))
        w->count = 0;
    if (finished)
        forget(w);
}

// Results of windows that have merged are taken back before those would have been collected.
static void expire_given(struct rules *rules, struct rules_window *w)
{
    size_t kept = 0;
    for (size_t i = 0; i < w->given_count; i++) {
        const struct rules_given one = w->given[i];
        if (same(one.window, w->window) || expiry_of(rules, one.window) >= rules->watermark) {
            w->given[kept++] = one;
            continue;
        }
        write_result(rules, w->key, &one, -1);
        free(one.values);
    }
    w->given_count = kept;
}

// R29: whatever the reason, what happens depends on the state and the clocks.
static void look_at(struct rules *rules, struct rules_window *w)
{
    if (expiry_of(rules, w->window) < rules->watermark) { // R26
        if (!w->closed)
            emit(rules, w, true);
        forget(w);
        w->hold = NEVER;
        w->gone = true;
        return;
    }
    const bool usual = rules->test->how.trigger.count == 0;
    if (!w->closed)
        expire_given(rules, w);
    if (!w->closed && rules_ready(rules, w) && (!usual || w->fresh || !w->timed))
        fire_window(rules, w);
    set_timers(rules, w);
}

static void look_at_all(struct rules *rules)
{
    // what was still to come holds the output watermark until it has
    move_output(rules);
    for (size_t i = 0; i < rules->count; i++) {
        struct rules_window *w = rules->windows[i];
        if (!w->gone && (w->due <= rules->watermark || w->wake <= rules->clock))
            look_at(rules, w);
    }
    move_output(rules);
}

// --- elements

static struct rules_window *new_window(struct rules *rules, int64_t key, flow_window window)
{
    struct rules_window *w = calloc(1, sizeof *w);
    w->key = key;
    w->window = window;
    w->hold = w->due = w->wake = NEVER;
    w->on_time_index = -1;
    rules->windows = realloc(rules->windows, (rules->count + 1) * sizeof *rules->windows);
    rules->windows[rules->count++] = w;
    return w;
}

static void take_over(struct rules_window *to, struct rules_window *from)
{
    to->values = realloc(to->values, (to->count + from->count + 1) * sizeof *to->values);
    if (from->count)
        memcpy(to->values + to->count, from->values, from->count * sizeof *to->values);
    to->count += from->count;
    to->given = realloc(to->given, (to->given_count + from->given_count + 1) * sizeof *to->given);
    if (from->given_count)
        memcpy(to->given + to->given_count, from->given, from->given_count * sizeof *to->given);
    to->given_count += from->given_count;
    from->given_count = 0;
    to->fresh = to->fresh || from->fresh;
    from->gone = true;
}

static int64_t joined_hold(
    const struct rules *rules, struct rules_window *const *list, size_t n, flow_window window)
{
    const flow_output_time which = rules->test->how.output_time; // R56
    int64_t hold = NEVER;
    for (size_t i = 0; i < n; i++) {
        const int64_t one = list[i]->hold;
        if (one == NEVER)
            continue;
        if (which == FLOW_OUTPUT_EARLIEST)
            hold = one < hold ? one : hold;
        else if (which == FLOW_OUTPUT_LATEST)
            hold = hold == NEVER || one > hold ? one : hold;
        else
            hold = window.end.us - 1;
    }
    return hold;
}

// R12, R13: open windows of the key that overlap become one; `own` grows to it.
static struct rules_window *merge(struct rules *rules, int64_t key, flow_window *own)
{
    struct rules_window *list[PANES_STEPS];
    const flow_window element = *own;
    size_t n = 0;
    for (size_t i = 0; i < rules->count; i++) {
        struct rules_window *w = rules->windows[i];
        if (w->gone || w->closed || w->key != key)
            continue;
        if (w->window.start.us >= element.end.us || element.start.us >= w->window.end.us)
            continue;
        if (w->window.start.us < own->start.us)
            own->start = w->window.start;
        if (w->window.end.us > own->end.us)
            own->end = w->window.end;
        list[n++] = w;
    }
    if (n == 0)
        return NULL;
    struct rules_window *to = list[0];
    for (size_t i = 0; i < n; i++)
        to = same(list[i]->window, *own) ? list[i] : to;
    const bool kept = same(to->window, *own);
    if (n == 1 && same(to->window, element))
        return to;
    // the element's own window is one of those that merge: nothing has finished there
    struct rules_window before[PANES_STEPS + 1];
    const struct rules_window *from[PANES_STEPS + 1];
    memset(&before[n], 0, sizeof before[n]);
    from[n] = &before[n];
    for (size_t i = 0; i < n; i++) {
        before[i] = *list[i];
        from[i] = &before[i];
    }
    to->hold = joined_hold(rules, list, n, *own);
    to->window = *own;
    rules_join(rules, to, from, n + 1);
    for (size_t i = 0; i < n; i++)
        if (list[i] != to)
            take_over(to, list[i]);
    if (!kept) { // R49
        to->index = 0;
        to->on_time_index = -1;
        to->timed = false;
    }
    return to;
}

static struct rules_window *window_of(struct rules *rules, int64_t key, flow_window own)
{
    struct rules_window *w = rules->merging ? merge(rules, key, &own) : NULL;
    if (w)
        return w;
    for (size_t i = 0; i < rules->count; i++) {
        w = rules->windows[i];
        if (!w->gone && w->key == key && same(w->window, own) && (!rules->merging || w->closed))
            return w;
    }
    return new_window(rules, key, own);
}

static void hold(const struct rules *rules, struct rules_window *w, int64_t time)
{
    const flow_output_time which = rules->test->how.output_time; // R53, R55
    const bool end = which != FLOW_OUTPUT_EARLIEST && which != FLOW_OUTPUT_LATEST;
    const int64_t at = end ? last_of(w) : time;
    if (last_of(w) < rules->watermark || at < rules->output)
        return;
    if (w->hold == NEVER || (which == FLOW_OUTPUT_EARLIEST ? at < w->hold : at > w->hold))
        w->hold = at;
}

static void add(struct rules *rules, const struct panes_step *step, flow_window own)
{
    if (expiry_of(rules, own) < rules->watermark) { // R24
        rules->wanted->late++;
        return;
    }
    struct rules_window *w = window_of(rules, rules->test->unkeyed ? 0 : step->k, own);
    if (w->closed) { // R25
        rules->wanted->closed++;
        return;
    }
    w->values = realloc(w->values, (w->count + 1) * sizeof *w->values);
    w->values[w->count++] = (struct rules_value){ step->v };
    w->fresh = true;
    hold(rules, w, step->at);
    rules_feed(rules, w);
    if (rules_ready(rules, w)) // R31: after each element
        fire_window(rules, w);
    set_timers(rules, w);
}

// R22: an element in several windows is several.
static void add_to_all(struct rules *rules, const struct panes_step *step)
{
    flow_window windows[64];
    const struct flow_test_row row = flow_test_row_at(step->k, step->v, step->at);
    const uint32_t count =
        flow_windows_assign(&rules->test->how.windows, &row, (flow_time){ step->at }, windows, 64);
    rules->wanted->no_window += count == 0;
    for (uint32_t i = 0; i < count; i++)
        add(rules, step, windows[i]);
}

void panes_answer(const struct panes_case *test, struct panes_outcome *wanted)
{
    struct rules rules = { .test = test,
        .merging = flow_windows_merging(&test->how.windows),
        .watermark = FLOW_TIME_MIN_US,
        .output = FLOW_TIME_MIN_US,
        .wanted = wanted };
    for (size_t i = 0; i < test->count; i++) {
        const struct panes_step *step = &test->steps[i];
        const bool more = i + 1 < test->count && test->steps[i + 1].what == PANES_WITH;
        if (step->what == PANES_LOOK)
            continue;
        if (step->what == PANES_WATERMARK && step->at > rules.watermark)
            rules.watermark = step->at;
        else if (step->what == PANES_CLOCK)
            rules.clock = step->at;
        else if (step->what != PANES_WATERMARK)
            add_to_all(&rules, step);
        if (step->what == PANES_WATERMARK || step->what == PANES_CLOCK)
            look_at_all(&rules);
        else if (!more)
            move_output(&rules);
    }
    rules.watermark = FLOW_TIME_MAX_US;
    look_at_all(&rules);
    for (size_t i = 0; i < rules.count; i++) {
        forget(rules.windows[i]);
        free(rules.windows[i]->given);
        free(rules.windows[i]->values);
        free(rules.windows[i]);
    }
    free(rules.windows);
}
