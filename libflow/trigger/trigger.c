// SPDX-License-Identifier: Apache-2.0
// Triggers as values: how they are put together, and whether they can be.
#include "trigger/trigger.h"

static flow_trigger fault(enum fl_trigger_fault why)
{
    flow_trigger made = flow_trigger_none();
    made.count = FL_TRIGGER_INVALID;
    made.nodes[0].kind = (uint8_t)why;
    return made;
}

static flow_trigger leaf(flow_trigger_kind kind, int64_t value, int64_t offset)
{
    flow_trigger made = flow_trigger_none();
    made.count = 1;
    made.nodes[0] = (flow_trigger_node){ (uint8_t)kind, 1, 0, value, offset };
    return made;
}

// Puts `part`, the default where it is none, under the first node of `whole`.
static void put_under(flow_trigger *whole, const flow_trigger *part)
{
    const flow_trigger fallback = part->count ? *part : flow_trigger_default();
    if (whole->count == FL_TRIGGER_INVALID)
        return;
    if (fallback.count == FL_TRIGGER_INVALID) {
        *whole = fallback;
        return;
    }
    if (whole->count + fallback.count > FLOW_TRIGGER_NODES) {
        *whole = fault(FL_FAULT_LARGE);
        return;
    }
    memcpy(&whole->nodes[whole->count], fallback.nodes, fallback.count * sizeof fallback.nodes[0]);
    whole->count = (uint8_t)(whole->count + fallback.count);
    whole->nodes[0].span = whole->count;
}

static flow_trigger composite(flow_trigger_kind kind, const flow_trigger *parts, size_t count)
{
    if (count == 0 || !parts)
        return fault(FL_FAULT_EMPTY);
    flow_trigger made = leaf(kind, 0, 0);
    for (size_t i = 0; i < count; i++)
        put_under(&made, &parts[i]);
    return made;
}

flow_trigger flow_trigger_end_of_window(void)
{
    return leaf(FLOW_TRIGGER_END_OF_WINDOW, 0, 0);
}

flow_trigger flow_trigger_early_late(flow_trigger early, flow_trigger late)
{
    if (!early.count && !late.count)
        return flow_trigger_end_of_window();
    flow_trigger made = leaf(FLOW_TRIGGER_EARLY_LATE, 0, 0);
    made.nodes[0].parts = (uint8_t)((early.count ? FL_EARLY : 0) | (late.count ? FL_LATE : 0));
    if (early.count)
        put_under(&made, &early);
    if (late.count)
        put_under(&made, &late);
    return made;
}

flow_trigger flow_trigger_count(int64_t elements)
{
    return leaf(FLOW_TRIGGER_COUNT, elements, 0);
}

// A clock trigger of one step.
static flow_trigger stepped(flow_trigger step)
{
    flow_trigger made = leaf(FLOW_TRIGGER_CLOCK, 0, 0);
    put_under(&made, &step);
    return made;
}

flow_trigger flow_trigger_delay(flow_duration delay)
{
    return stepped(leaf(FLOW_TRIGGER_DELAY, delay.us, 0));
}

flow_trigger flow_trigger_align(flow_duration period, flow_duration offset)
{
    return stepped(leaf(FLOW_TRIGGER_ALIGN, period.us, offset.us));
}

flow_trigger flow_trigger_then(flow_trigger first, flow_trigger next)
{
    if (first.count == FL_TRIGGER_INVALID)
        return first;
    if (next.count == FL_TRIGGER_INVALID)
        return next;
    if (!first.count || first.nodes[0].kind != FLOW_TRIGGER_CLOCK || !next.count ||
        next.nodes[0].kind != FLOW_TRIGGER_CLOCK)
        return fault(FL_FAULT_STEPS);
    for (uint32_t i = 1; i < next.count; i++) {
        const flow_trigger step = fl_trigger_part(&next, i);
        put_under(&first, &step);
    }
    return first;
}

flow_trigger flow_trigger_all_of(const flow_trigger *parts, size_t count)
{
    return composite(FLOW_TRIGGER_ALL, parts, count);
}

flow_trigger flow_trigger_any_of(const flow_trigger *parts, size_t count)
{
    return composite(FLOW_TRIGGER_ANY, parts, count);
}

flow_trigger flow_trigger_each_of(const flow_trigger *parts, size_t count)
{
    return composite(FLOW_TRIGGER_EACH, parts, count);
}

flow_trigger flow_trigger_or_finally(flow_trigger main, flow_trigger until)
{
    const flow_trigger parts[] = { main, until };
    return composite(FLOW_TRIGGER_OR_FINALLY, parts, 2);
}

flow_trigger flow_trigger_repeatedly(flow_trigger part)
{
    const flow_trigger repeated = part.count ? part : flow_trigger_end_of_window();
    if (part.count && part.count != FL_TRIGGER_INVALID &&
        part.nodes[0].kind == FLOW_TRIGGER_REPEATEDLY)
        return part; // it never finishes, so there is nothing to repeat
    return composite(FLOW_TRIGGER_REPEATEDLY, &repeated, 1);
}

flow_trigger flow_trigger_never(void)
{
    return leaf(FLOW_TRIGGER_NEVER, 0, 0);
}

flow_trigger fl_trigger_part(const flow_trigger *trigger, uint32_t i)
{
    flow_trigger part = flow_trigger_none();
    part.count = trigger->nodes[i].span;
    memcpy(part.nodes, &trigger->nodes[i], part.count * sizeof part.nodes[0]);
    return part;
}

bool flow_trigger_equal(const flow_trigger *a, const flow_trigger *b)
{
    if (a->count != b->count || a->count == FL_TRIGGER_INVALID)
        return false;
    for (uint32_t i = 0; i < a->count; i++) {
        const flow_trigger_node *x = fl_node(a, i);
        const flow_trigger_node *y = fl_node(b, i);
        if (x->kind != y->kind || x->span != y->span || x->parts != y->parts ||
            x->value != y->value || x->offset != y->offset)
            return false;
    }
    return true;
}

// --- checking

static flow_status refuse_fault(uint8_t why, flow_error *error)
{
    if (why == FL_FAULT_STEPS)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "flow_trigger_then takes clock triggers only: flow_trigger_delay, flow_trigger_align");
    if (why == FL_FAULT_EMPTY)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "a trigger of several parts (all, any, each) was given none");
    return flow_error_raise(
        error, FLOW_INVALID, NULL, "a trigger has at most %d parts", FLOW_TRIGGER_NODES);
}

// The number of parts right under a node that its kind wants; `most` 0: any number.
static bool parts_wanted(const flow_trigger_node *node, uint32_t *least, uint32_t *most)
{
    *least = *most = 0;
    switch (node->kind) {
    case FLOW_TRIGGER_ALL:
    case FLOW_TRIGGER_ANY:
    case FLOW_TRIGGER_EACH:
        *least = 1;
        *most = FLOW_TRIGGER_NODES;
        return true;
    case FLOW_TRIGGER_CLOCK:
        *most = FLOW_TRIGGER_NODES;
        return true;
    case FLOW_TRIGGER_OR_FINALLY:
        *least = *most = 2;
        return true;
    case FLOW_TRIGGER_REPEATEDLY:
        *least = *most = 1;
        return true;
    case FLOW_TRIGGER_EARLY_LATE:
        *least = *most = (node->parts & FL_EARLY ? 1 : 0) + (node->parts & FL_LATE ? 1 : 0);
        return *most > 0;
    default:
        return node->kind >= FLOW_TRIGGER_END_OF_WINDOW && node->kind <= FLOW_TRIGGER_NEVER;
    }
}

static bool is_step(const flow_trigger_node *node)
{
    return node->kind == FLOW_TRIGGER_DELAY || node->kind == FLOW_TRIGGER_ALIGN;
}

// Whether the parts are put together as the makers do it: a program may fill them in itself.
static bool well_formed(const flow_trigger *trigger)
{
    if (trigger->count > FLOW_TRIGGER_NODES || trigger->nodes[0].span != trigger->count ||
        is_step(&trigger->nodes[0]))
        return false;
    for (uint32_t i = 0; i < trigger->count; i++) {
        const flow_trigger_node *node = fl_node(trigger, i);
        uint32_t least = 0, most = 0, under = 0, at = i + 1;
        const uint32_t end = fl_after(trigger, i);
        if (node->span == 0 || end > trigger->count || !parts_wanted(node, &least, &most))
            return false;
        for (; at < end && trigger->nodes[at].span > 0; at = fl_after(trigger, at), under++)
            if (is_step(fl_node(trigger, at)) != (node->kind == FLOW_TRIGGER_CLOCK))
                return false;
        if (at != end || under < least || under > most)
            return false;
    }
    return true;
}

static flow_status check_values(const flow_trigger_node *node, flow_error *error)
{
    const long long value = node->value;
    if (node->kind == FLOW_TRIGGER_COUNT && value < 1)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "a trigger counts to %lld elements, it must be at least 1", value);
    if (node->kind == FLOW_TRIGGER_DELAY && value < 0)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "a trigger's delay is %lld us, it must be at least 0", value);
    if (node->kind != FLOW_TRIGGER_ALIGN)
        return FLOW_OK;
    if (value < 1)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "a trigger aligns to multiples of %lld us, it must be above 0", value);
    if (node->offset < 0 || node->offset >= value)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "a trigger aligns with an offset of %lld us, it must be at least 0 and below %lld us",
            (long long)node->offset, value);
    return FLOW_OK;
}

flow_status flow_trigger_check(const flow_trigger *trigger, flow_error *error)
{
    if (trigger->count == 0)
        return FLOW_OK;
    if (trigger->count == FL_TRIGGER_INVALID)
        return refuse_fault(trigger->nodes[0].kind, error);
    if (!well_formed(trigger))
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "a trigger's parts do not fit together; make it with the functions of flow/trigger.h");
    for (uint32_t i = 0; i < trigger->count; i++) {
        const flow_status status = check_values(fl_node(trigger, i), error);
        if (status != FLOW_OK)
            return status;
    }
    if (flow_trigger_continuation(trigger).count == FL_TRIGGER_INVALID)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "a trigger has more than %d parts once it is continued behind a grouping",
            FLOW_TRIGGER_NODES);
    return FLOW_OK;
}
