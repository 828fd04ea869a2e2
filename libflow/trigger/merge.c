// SPDX-License-Identifier: Apache-2.0
// Triggers of windows that become one (R35–R39).
#include "trigger/trigger.h"

// The states that are merged, and what they come to: at work under `to`.
struct merge {
    fl_firing to;
    const flow_trigger_state *const *from;
    uint32_t count;
};

static void merge_part(const struct merge *m, uint32_t i);

static bool finished_in_all(const struct merge *m, uint32_t i)
{
    for (uint32_t k = 0; k < m->count; k++)
        if (!fl_bit(m->from[k]->finished, i))
            return false;
    return true;
}

static bool finished_in_any(const struct merge *m, uint32_t i)
{
    for (uint32_t k = 0; k < m->count; k++)
        if (fl_bit(m->from[k]->finished, i))
            return true;
    return false;
}

static bool past_end_in_all(const struct merge *m, uint32_t i)
{
    for (uint32_t k = 0; k < m->count; k++)
        if (!m->from[k]->slots[i])
            return false;
    return true;
}

static bool is_finished(const struct merge *m, uint32_t i)
{
    return fl_bit(m->to.state->finished, i);
}

static void set_finished(const struct merge *m, uint32_t i, bool value)
{
    fl_bit_set(&m->to.state->finished, i, value);
}

// R37
static void merge_count(const struct merge *m, uint32_t i)
{
    if (finished_in_any(m, i)) {
        set_finished(m, i, true);
        return;
    }
    for (uint32_t k = 0; k < m->count; k++)
        m->to.state->slots[i] += m->from[k]->slots[i];
}

// R36
static void merge_clock(const struct merge *m, uint32_t i)
{
    if (finished_in_all(m, i)) {
        set_finished(m, i, true);
        return;
    }
    flow_trigger_state *to = m->to.state;
    for (uint32_t k = 0; k < m->count; k++) {
        if (!fl_bit(m->from[k]->running, i))
            continue;
        if (!fl_bit(to->running, i) || m->from[k]->slots[i] < to->slots[i])
            to->slots[i] = m->from[k]->slots[i];
        fl_bit_set(&to->running, i, true);
    }
}

static void begin_anew(const struct merge *m, uint32_t i)
{
    for (const uint32_t end = fl_after(m->to.trigger, i); i < end; i++) {
        fl_bit_set(&m->to.state->finished, i, false);
        fl_bit_set(&m->to.state->running, i, false);
        m->to.state->slots[i] = 0;
    }
}

// Merges the parts under i; with `in_order` only up to the first that has not finished: those after
// it have not begun (R39).
static void merge_under(const struct merge *m, uint32_t i, bool in_order)
{
    const uint32_t end = fl_after(m->to.trigger, i);
    uint32_t all = 0, done = 0;
    for (uint32_t part = i + 1; part < end; part = fl_after(m->to.trigger, part), all++) {
        if (in_order && done < all)
            continue;
        merge_part(m, part);
        done += is_finished(m, part);
    }
    const uint8_t kind = fl_node(m->to.trigger, i)->kind;
    const bool any = kind == FLOW_TRIGGER_ANY || kind == FLOW_TRIGGER_OR_FINALLY;
    if (kind != FLOW_TRIGGER_REPEATEDLY)
        set_finished(m, i, any ? done > 0 : done == all);
    else if (done) // finished with what was around it: it begins anew
        begin_anew(m, i + 1);
}

// R35: a window that has grown past the watermark is early again.
static void merge_early_late(const struct merge *m, uint32_t i)
{
    const uint32_t early = fl_early(m->to.trigger, i);
    const uint32_t late = fl_late(m->to.trigger, i);
    if (!past_end_in_all(m, i) || !fl_end_reached(m->to.clocks)) {
        if (early)
            merge_part(m, early);
        if (early)
            set_finished(m, early, false);
        return;
    }
    m->to.state->slots[i] = 1;
    if (late)
        merge_part(m, late);
    else
        set_finished(m, i, true);
}

static void merge_part(const struct merge *m, uint32_t i)
{
    switch (fl_node(m->to.trigger, i)->kind) {
    case FLOW_TRIGGER_END_OF_WINDOW:
        set_finished(m, i, finished_in_all(m, i) && fl_end_reached(m->to.clocks));
        break;
    case FLOW_TRIGGER_COUNT:
        merge_count(m, i);
        break;
    case FLOW_TRIGGER_CLOCK:
    case FLOW_TRIGGER_SYNCHRONIZED:
        merge_clock(m, i);
        break;
    case FLOW_TRIGGER_EARLY_LATE:
        merge_early_late(m, i);
        break;
    case FLOW_TRIGGER_NEVER:
        break;
    default:
        merge_under(m, i, fl_node(m->to.trigger, i)->kind == FLOW_TRIGGER_EACH);
        break;
    }
}

void flow_trigger_on_merge(const flow_trigger *trigger, flow_trigger_state *into,
    const flow_trigger_state *const *from, uint32_t count, const flow_trigger_clocks *clocks)
{
    memset(into, 0, flow_trigger_state_size(trigger));
    const struct merge m = { { trigger, into, clocks }, from, count };
    if (trigger->count && count)
        merge_part(&m, 0);
}
