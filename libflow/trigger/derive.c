// SPDX-License-Identifier: Apache-2.0
// What follows from a trigger alone: whether it may finish (R20), by when it has fired (R69), and
// what it becomes behind a grouping (R44).
#include "trigger/trigger.h"

static bool may_be_ready(const flow_trigger *trigger, uint32_t i);

// How many of the parts under i may ever be ready, of how many.
static uint32_t ready_parts(const flow_trigger *trigger, uint32_t i, uint32_t *all)
{
    uint32_t ready = 0;
    *all = 0;
    for (uint32_t part = i + 1; part < fl_after(trigger, i); part = fl_after(trigger, part)) {
        ready += may_be_ready(trigger, part);
        ++*all;
    }
    return ready;
}

static bool may_be_ready(const flow_trigger *trigger, uint32_t i)
{
    uint32_t all = 0;
    const uint32_t ready = ready_parts(trigger, i, &all);
    switch (fl_node(trigger, i)->kind) {
    case FLOW_TRIGGER_NEVER:
        return false;
    case FLOW_TRIGGER_ALL:
        return ready == all;
    case FLOW_TRIGGER_ANY:
    case FLOW_TRIGGER_OR_FINALLY:
        return ready > 0;
    case FLOW_TRIGGER_EACH:
    case FLOW_TRIGGER_REPEATEDLY:
        return may_be_ready(trigger, i + 1);
    default:
        return true;
    }
}

static bool may_finish(const flow_trigger *trigger, uint32_t i)
{
    const uint32_t end = fl_after(trigger, i);
    switch (fl_node(trigger, i)->kind) {
    case FLOW_TRIGGER_REPEATEDLY:
        return false;
    case FLOW_TRIGGER_EARLY_LATE:
        return !fl_late(trigger, i);
    case FLOW_TRIGGER_EACH:
        for (uint32_t part = i + 1; part < end; part = fl_after(trigger, part))
            if (!may_finish(trigger, part))
                return false;
        return true;
    case FLOW_TRIGGER_OR_FINALLY:
        return may_finish(trigger, i + 1) || may_be_ready(trigger, fl_after(trigger, i + 1));
    default:
        return may_be_ready(trigger, i);
    }
}

bool flow_trigger_may_finish(const flow_trigger *trigger)
{
    return trigger->count && may_finish(trigger, 0);
}

static int64_t sure_by(const flow_trigger *trigger, uint32_t i, int64_t last)
{
    const uint8_t kind = fl_node(trigger, i)->kind;
    const uint32_t end = fl_after(trigger, i);
    if (kind == FLOW_TRIGGER_END_OF_WINDOW || kind == FLOW_TRIGGER_EARLY_LATE)
        return last;
    if (kind == FLOW_TRIGGER_EACH || kind == FLOW_TRIGGER_REPEATEDLY)
        return sure_by(trigger, i + 1, last);
    if (kind != FLOW_TRIGGER_ALL && kind != FLOW_TRIGGER_ANY && kind != FLOW_TRIGGER_OR_FINALLY)
        return FLOW_TIME_MAX_US;
    bool all = true, any = false;
    for (uint32_t part = i + 1; part < end; part = fl_after(trigger, part)) {
        const bool sure = sure_by(trigger, part, last) == last;
        all = all && sure;
        any = any || sure;
    }
    return (kind == FLOW_TRIGGER_ALL ? all : any) ? last : FLOW_TIME_MAX_US;
}

flow_time flow_trigger_sure_by(const flow_trigger *trigger, flow_window window)
{
    const flow_time last = flow_window_last_instant(window);
    return (flow_time){ trigger->count ? sure_by(trigger, 0, last.us) : last.us };
}

static flow_trigger continued(const flow_trigger *trigger, uint32_t i);

// The parts under i, continued; how many there are.
static uint32_t continued_parts(const flow_trigger *trigger, uint32_t i, flow_trigger *parts)
{
    uint32_t count = 0;
    for (uint32_t part = i + 1; part < fl_after(trigger, i); part = fl_after(trigger, part))
        parts[count++] = continued(trigger, part);
    return count;
}

static flow_trigger continued_composite(const flow_trigger *trigger, uint32_t i)
{
    flow_trigger parts[FLOW_TRIGGER_NODES];
    const uint32_t count = continued_parts(trigger, i, parts);
    switch (fl_node(trigger, i)->kind) {
    case FLOW_TRIGGER_ALL:
        return flow_trigger_all_of(parts, count);
    case FLOW_TRIGGER_ANY:
        return flow_trigger_any_of(parts, count);
    case FLOW_TRIGGER_EACH: // upstream knows which one is at work, and its panes come in any order
        return flow_trigger_repeatedly(flow_trigger_any_of(parts, count));
    case FLOW_TRIGGER_OR_FINALLY: // that the last one has come is not seen from here
        return flow_trigger_repeatedly(flow_trigger_or_finally(parts[0], parts[1]));
    default:
        return flow_trigger_repeatedly(parts[0]);
    }
}

static flow_trigger continued(const flow_trigger *trigger, uint32_t i)
{
    const uint32_t early = fl_early(trigger, i);
    const uint32_t late = fl_late(trigger, i);
    flow_trigger synchronized = flow_trigger_never();
    switch (fl_node(trigger, i)->kind) {
    case FLOW_TRIGGER_END_OF_WINDOW:
    case FLOW_TRIGGER_NEVER:
        return fl_trigger_part(trigger, i);
    case FLOW_TRIGGER_COUNT:
        return flow_trigger_count(1);
    case FLOW_TRIGGER_CLOCK:
    case FLOW_TRIGGER_SYNCHRONIZED:
        synchronized.nodes[0].kind = FLOW_TRIGGER_SYNCHRONIZED;
        return synchronized;
    case FLOW_TRIGGER_EARLY_LATE:
        return flow_trigger_early_late(early ? continued(trigger, early) : flow_trigger_none(),
            late ? continued(trigger, late) : flow_trigger_none());
    default:
        return continued_composite(trigger, i);
    }
}

flow_trigger flow_trigger_continuation(const flow_trigger *trigger)
{
    return trigger->count ? continued(trigger, 0) : flow_trigger_none();
}
