// SPDX-License-Identifier: Apache-2.0
// Triggers at work: what an element does to one, whether it fires, and what firing does (R32–R43).
// Every function walks the parts from the outer to the inner ones.
#include "trigger/trigger.h"

// Forgets what the parts from i on have gathered for the pane, not which of them have finished, nor
// whether an early/late form has passed the end.
static void clear(const fl_firing *f, uint32_t i)
{
    for (const uint32_t end = fl_after(f->trigger, i); i < end; i++) {
        fl_bit_set(&f->state->running, i, false);
        if (fl_node(f->trigger, i)->kind != FLOW_TRIGGER_EARLY_LATE)
            f->state->slots[i] = 0;
    }
}

// As at first: neither gathered nor finished.
static void reset(const fl_firing *f, uint32_t i)
{
    for (const uint32_t end = fl_after(f->trigger, i); i < end; i++) {
        fl_bit_set(&f->state->running, i, false);
        fl_bit_set(&f->state->finished, i, false);
        f->state->slots[i] = 0;
    }
}

static bool finished(const fl_firing *f, uint32_t i)
{
    return fl_bit(f->state->finished, i);
}

static void finish(const fl_firing *f, uint32_t i)
{
    fl_bit_set(&f->state->finished, i, true);
}

// The first part under i that has not finished; its end when all have.
static uint32_t first_unfinished(const fl_firing *f, uint32_t i)
{
    const uint32_t end = fl_after(f->trigger, i);
    uint32_t part = i + 1;
    while (part < end && finished(f, part))
        part = fl_after(f->trigger, part);
    return part;
}

// R36: the instant of arrival, led through the steps; it stays within time.
static int64_t target_of(const flow_trigger *trigger, uint32_t i, int64_t at)
{
    for (uint32_t step = i + 1; step < fl_after(trigger, i); step++) {
        const flow_trigger_node *node = fl_node(trigger, step);
        int64_t more = node->value;
        if (node->kind == FLOW_TRIGGER_ALIGN) {
            const int64_t past = flow_floor_mod(at % node->value - node->offset, node->value);
            more = past ? node->value - past : 0;
        }
        at = more > FLOW_TIME_MAX_US - at && at > 0 ? FLOW_TIME_MAX_US : at + more;
    }
    return at;
}

static void start_clock(const fl_firing *f, uint32_t i, flow_time now)
{
    if (fl_bit(f->state->running, i))
        return; // the pane's first element counts
    f->state->slots[i] = target_of(f->trigger, i, now.us);
    fl_bit_set(&f->state->running, i, true);
}

static void on_element(const fl_firing *f, uint32_t i);

// R34, R39: the part that is at work, and all of them where merging may bring others back.
static void to_current(const fl_firing *f, uint32_t i, uint32_t current)
{
    const uint32_t end = fl_after(f->trigger, i);
    for (uint32_t part = i + 1; part < end; part = fl_after(f->trigger, part))
        if (f->clocks->merging || part == current)
            on_element(f, part);
}

static void on_element(const fl_firing *f, uint32_t i)
{
    const flow_trigger_node *node = fl_node(f->trigger, i);
    const uint32_t end = fl_after(f->trigger, i);
    switch (node->kind) {
    case FLOW_TRIGGER_COUNT:
        f->state->slots[i]++;
        break;
    case FLOW_TRIGGER_CLOCK:
        start_clock(f, i, f->clocks->now);
        break;
    case FLOW_TRIGGER_SYNCHRONIZED:
        start_clock(f, i, f->clocks->synchronized);
        break;
    case FLOW_TRIGGER_ALL:
        for (uint32_t part = i + 1; part < end; part = fl_after(f->trigger, part))
            if (!finished(f, part))
                on_element(f, part);
        break;
    case FLOW_TRIGGER_ANY:
    case FLOW_TRIGGER_OR_FINALLY:
    case FLOW_TRIGGER_REPEATEDLY:
        for (uint32_t part = i + 1; part < end; part = fl_after(f->trigger, part))
            on_element(f, part);
        break;
    case FLOW_TRIGGER_EACH:
        to_current(f, i, first_unfinished(f, i));
        break;
    case FLOW_TRIGGER_EARLY_LATE:
        to_current(f, i, f->state->slots[i] ? fl_late(f->trigger, i) : fl_early(f->trigger, i));
        break;
    default:
        break;
    }
}

static bool should_fire(const fl_firing *f, uint32_t i);

static bool all_ready(const fl_firing *f, uint32_t i)
{
    const uint32_t end = fl_after(f->trigger, i);
    for (uint32_t part = i + 1; part < end; part = fl_after(f->trigger, part))
        if (!finished(f, part) && !should_fire(f, part))
            return false;
    return true;
}

static bool any_ready(const fl_firing *f, uint32_t i)
{
    const uint32_t end = fl_after(f->trigger, i);
    for (uint32_t part = i + 1; part < end; part = fl_after(f->trigger, part))
        if (finished(f, part) || should_fire(f, part))
            return true;
    return false;
}

static bool early_late_ready(const fl_firing *f, uint32_t i)
{
    const uint32_t early = fl_early(f->trigger, i);
    const uint32_t late = fl_late(f->trigger, i);
    if (f->state->slots[i])
        return late && should_fire(f, late);
    return (early && should_fire(f, early)) || fl_end_reached(f->clocks);
}

static bool should_fire(const fl_firing *f, uint32_t i)
{
    const flow_trigger_node *node = fl_node(f->trigger, i);
    const bool running = fl_bit(f->state->running, i);
    const int64_t slot = f->state->slots[i];
    switch (node->kind) {
    case FLOW_TRIGGER_END_OF_WINDOW:
        return fl_end_reached(f->clocks);
    case FLOW_TRIGGER_COUNT:
        return slot >= node->value;
    case FLOW_TRIGGER_CLOCK:
        return running && f->clocks->now.us > slot;
    case FLOW_TRIGGER_SYNCHRONIZED:
        return running && f->clocks->synchronized.us > slot;
    case FLOW_TRIGGER_ALL:
        return all_ready(f, i);
    case FLOW_TRIGGER_ANY:
    case FLOW_TRIGGER_OR_FINALLY:
        return any_ready(f, i);
    case FLOW_TRIGGER_REPEATEDLY:
        return should_fire(f, i + 1);
    case FLOW_TRIGGER_EACH: {
        const uint32_t part = first_unfinished(f, i);
        return part < fl_after(f->trigger, i) && should_fire(f, part);
    }
    case FLOW_TRIGGER_EARLY_LATE:
        return early_late_ready(f, i);
    default:
        return false;
    }
}

static void on_fire(const fl_firing *f, uint32_t i);

// Fires a part that its parent repeats.
static void fire_again(const fl_firing *f, uint32_t part)
{
    on_fire(f, part);
    if (finished(f, part))
        reset(f, part);
}

static void fire_any(const fl_firing *f, uint32_t i)
{
    const uint32_t end = fl_after(f->trigger, i);
    for (uint32_t part = i + 1; part < end; part = fl_after(f->trigger, part)) {
        if (should_fire(f, part))
            on_fire(f, part);
        else
            clear(f, part); // the pane that it was gathering is gone
    }
    finish(f, i);
}

static void fire_each(const fl_firing *f, uint32_t i)
{
    const uint32_t end = fl_after(f->trigger, i);
    on_fire(f, first_unfinished(f, i));
    // where windows merge all parts have been fed
    for (uint32_t part = i + 1; f->clocks->merging && part < end; part = fl_after(f->trigger, part))
        clear(f, part);
    if (first_unfinished(f, i) == end)
        finish(f, i);
}

static void fire_early_late(const fl_firing *f, uint32_t i)
{
    const uint32_t early = fl_early(f->trigger, i);
    const uint32_t late = fl_late(f->trigger, i);
    if (f->state->slots[i] || !fl_end_reached(f->clocks)) {
        const uint32_t part = f->state->slots[i] ? late : early;
        fire_again(f, part);
        clear(f, part);
        return;
    }
    f->state->slots[i] = 1;
    if (early)
        reset(f, early);
    if (late)
        reset(f, late);
    else
        finish(f, i);
}

static void fire_or_finally(const fl_firing *f, uint32_t i)
{
    const uint32_t until = fl_after(f->trigger, i + 1);
    if (should_fire(f, until)) {
        on_fire(f, until);
        clear(f, i + 1);
        finish(f, until);
        finish(f, i);
        return;
    }
    on_fire(f, i + 1);
    if (finished(f, i + 1))
        finish(f, i);
}

static void on_fire(const fl_firing *f, uint32_t i)
{
    const uint32_t end = fl_after(f->trigger, i);
    switch (fl_node(f->trigger, i)->kind) {
    case FLOW_TRIGGER_ANY:
        fire_any(f, i);
        break;
    case FLOW_TRIGGER_EACH:
        fire_each(f, i);
        break;
    case FLOW_TRIGGER_EARLY_LATE:
        fire_early_late(f, i);
        break;
    case FLOW_TRIGGER_OR_FINALLY:
        fire_or_finally(f, i);
        break;
    case FLOW_TRIGGER_REPEATEDLY:
        fire_again(f, i + 1);
        break;
    default: // those that fire once, and all that is under them
        clear(f, i);
        for (uint32_t part = i; part < end; part++)
            finish(f, part);
        break;
    }
}

// The default keeps no state: its state has no slot.
void flow_trigger_on_element(
    const flow_trigger *trigger, flow_trigger_state *state, const flow_trigger_clocks *clocks)
{
    const fl_firing f = { trigger, state, clocks };
    if (trigger->count && !finished(&f, 0))
        on_element(&f, 0);
}

bool flow_trigger_should_fire(
    const flow_trigger *trigger, const flow_trigger_state *state, const flow_trigger_clocks *clocks)
{
    if (!trigger->count)
        return fl_end_reached(clocks);
    // read only: no function of this kind writes
    const fl_firing f = { trigger, (flow_trigger_state *)(uintptr_t)state, clocks };
    return !finished(&f, 0) && should_fire(&f, 0);
}

bool flow_trigger_on_fire(
    const flow_trigger *trigger, flow_trigger_state *state, const flow_trigger_clocks *clocks)
{
    const fl_firing f = { trigger, state, clocks };
    if (!trigger->count)
        return false;
    on_fire(&f, 0);
    return finished(&f, 0);
}

flow_trigger_wake flow_trigger_next_wake(
    const flow_trigger *trigger, const flow_trigger_state *state, const flow_trigger_clocks *clocks)
{
    const flow_time never = { FLOW_TIME_MAX_US };
    flow_trigger_wake wake = { never, never, never };
    const bool done = trigger->count && fl_bit(state->finished, 0);
    bool end = !trigger->count;
    for (uint32_t i = 0; !done && i < trigger->count; i++) {
        const flow_trigger_node *node = fl_node(trigger, i);
        if (fl_bit(state->finished, i))
            continue;
        if (node->kind == FLOW_TRIGGER_END_OF_WINDOW)
            end = true;
        if (node->kind == FLOW_TRIGGER_EARLY_LATE)
            end = end || state->slots[i] == 0;
        if (!fl_bit(state->running, i))
            continue;
        const bool plain = node->kind == FLOW_TRIGGER_CLOCK;
        flow_time *at = plain ? &wake.now : &wake.synchronized;
        const int64_t clock = plain ? clocks->now.us : clocks->synchronized.us;
        // ready once the clock is past it; one that is ready already has been asked
        if (state->slots[i] >= clock && state->slots[i] < at->us)
            at->us = state->slots[i] + 1;
    }
    if (end && !fl_end_reached(clocks))
        wake.watermark = clocks->window.end;
    return wake;
}
