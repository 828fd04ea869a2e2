// SPDX-License-Identifier: Apache-2.0
// The plan of side inputs: who looks into which view, and which steps a gate may hold up.
//
// Rows wait at a gate until its views are ready, and a full gate closes the steps that fill it. A
// view becomes ready by steps that run. So a step that a gate waits for, over whatever detour, must
// not wait for that gate: its rows then wait in memory, within the budget. Take an arrow from each
// step to all that may close it (`reaches`), and from each gate to all steps that its views come
// from. Where an arrow from a step to a gate lies on a circle it is taken away. Every circle has
// one: its step furthest downstream is a gate, since nothing else has an arrow back, and what leads
// there is no arrow back. So no circle is left.
#include "plan.h"

static void *take(struct fl_cache *cache, struct fl_mem *mem, size_t size)
{
    void *bytes = fl_mem_alloc(cache, mem, size ? size : 1);
    if (bytes)
        memset(bytes, 0, size);
    return bytes;
}

static void set_bit(uint64_t *bits, uint32_t i)
{
    bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static bool has_bit(const uint64_t *bits, uint32_t i)
{
    return bits[i / 64] >> (i % 64) & 1;
}

static void clear_bit(uint64_t *bits, uint32_t i)
{
    bits[i / 64] &= ~(UINT64_C(1) << (i % 64));
}

static bool is_view(const struct fl_plan_op *op)
{
    return op->kind == FL_OP_VIEW || op->kind == FL_OP_TABLE;
}

// Whether a trigger is sure to have fired when the watermark has passed the end of the window, if
// there was anything (R69).
static bool certain(const flow_trigger_node *node)
{
    bool all = true, any = false, first = false;
    for (const flow_trigger_node *part = node + 1; part < node + node->span; part += part->span) {
        const bool one = certain(part);
        first = part == node + 1 ? one : first;
        all = all && one;
        any = any || one;
    }
    switch ((flow_trigger_kind)node->kind) {
    case FLOW_TRIGGER_END_OF_WINDOW:
    case FLOW_TRIGGER_EARLY_LATE:
        return true;
    case FLOW_TRIGGER_ALL:
        return all;
    case FLOW_TRIGGER_ANY:
    case FLOW_TRIGGER_OR_FINALLY:
        return any;
    case FLOW_TRIGGER_EACH:
    case FLOW_TRIGGER_REPEATEDLY:
        return first;
    default:
        return false;
    }
}

// The trigger is that of what the view's grouping takes.
static bool fires_at_end(const struct fl_plan *plan, const struct fl_plan_op *view)
{
    if (view->kind != FL_OP_VIEW)
        return false;
    const flow_graph *graph = plan->graph;
    const flow_node *group = &graph->nodes[view->in->producer];
    const flow_triggering *said = graph->edges[group->inputs[0] - 1].triggering;
    return !said || said->trigger.count == 0 || certain(said->trigger.nodes);
}

static bool find_views(struct fl_plan *plan, struct fl_cache *cache, struct fl_mem *mem)
{
    for (uint32_t i = 0; i < plan->op_count; i++)
        plan->view_count += is_view(&plan->ops[i]);
    plan->views = take(cache, mem, plan->view_count * sizeof *plan->views);
    if (!plan->views)
        return false;
    uint32_t number = 0;
    for (uint32_t i = 0; i < plan->op_count; i++) {
        if (!is_view(&plan->ops[i]))
            continue;
        plan->ops[i].view = number;
        plan->ops[i].fires_at_end = fires_at_end(plan, &plan->ops[i]);
        plan->views[number++] = i;
    }
    return true;
}

static uint32_t op_of_edge(const struct fl_plan *plan, uint32_t edge)
{
    const flow_node *node = &plan->graph->nodes[plan->graph->edges[edge - 1].producer];
    for (uint32_t v = 0; v < plan->view_count; v++)
        if (plan->ops[plan->views[v]].node == node)
            return plan->views[v];
    return 0;
}

static bool find_sides(struct fl_plan *plan, struct fl_cache *cache, struct fl_mem *mem)
{
    for (uint32_t i = 0; i < plan->op_count; i++) {
        struct fl_plan_op *op = &plan->ops[i];
        const uint32_t count = op->node->side_count;
        op->side_count = count;
        op->sides = take(cache, mem, count * sizeof *op->sides);
        if (!op->sides)
            return false;
        for (uint32_t s = 0; s < count; s++)
            op->sides[s] = op_of_edge(plan, op->node->sides[s]);
        if (op->kind != FL_OP_GATE)
            continue;
        // a splittable function asks by its element's time, which has waited here
        const struct fl_plan_op *next = &plan->ops[i + 1];
        const bool behind = next->keyed && next->kind != FL_OP_SPLIT;
        for (uint32_t s = 0; s < count; s++) {
            const struct fl_plan_op *view = &plan->ops[op->sides[s]];
            op->follows = op->follows || (behind && view->kind == FL_OP_TABLE);
        }
    }
    return true;
}

static bool looks_into(const struct fl_plan_op *op, uint32_t view)
{
    for (uint32_t s = 0; s < op->side_count; s++)
        if (op->sides[s] == view)
            return true;
    return false;
}

static bool find_lookers(struct fl_plan *plan, struct fl_cache *cache, struct fl_mem *mem)
{
    for (uint32_t v = 0; v < plan->view_count; v++) {
        struct fl_plan_op *view = &plan->ops[plan->views[v]];
        view->lookers = take(cache, mem, plan->op_count * sizeof *view->lookers);
        if (!view->lookers)
            return false;
        for (uint32_t i = 0; i < plan->op_count; i++) {
            const struct fl_plan_op *op = &plan->ops[i];
            if (op->kind != FL_OP_GATE || !looks_into(op, plan->views[v]))
                continue;
            const uint32_t last = plan->ops[i + 1].keyed ? i + 1 : i;
            view->lookers[view->looker_count++] = (struct fl_looker){ last, op->in->lateness };
        }
    }
    return true;
}

// --- which steps a gate may hold up

// Bits by op: all that an op descends from.
static void add_ancestors(const struct fl_plan *plan, uint32_t op, uint64_t *bits)
{
    for (uint32_t i = op + 1; i-- > 0;) {
        const struct fl_plan_op *from = &plan->ops[i];
        if (i == op) {
            set_bit(bits, i);
            continue;
        }
        bool feeds = false;
        for (uint32_t o = 0; o < FLOW_OUTPUTS && !feeds; o++)
            for (uint32_t t = 0; t < from->outs[o].count && !feeds; t++)
                feeds = has_bit(bits, from->outs[o].list[t].op);
        if (feeds)
            set_bit(bits, i);
    }
}

// Follows arrows from an op: to what may close it or another op of its stage, and from gates to
// where their views come from. True when something was added.
static bool follow(const struct fl_plan *plan, uint32_t from, uint64_t *bits)
{
    const struct fl_plan_op *op = &plan->ops[from];
    uint64_t before = 0, after = 0;
    for (uint32_t w = 0; w < plan->words; w++)
        before += (uint64_t)__builtin_popcountll(bits[w]);
    for (uint32_t i = 0; i < plan->op_count; i++) {
        const struct fl_plan_op *other = &plan->ops[i];
        if (i != from && !(op->keyed && other->keyed && other->stage == op->stage))
            continue;
        for (uint32_t w = 0; w < plan->words; w++)
            bits[w] |= other->reaches[w];
    }
    for (uint32_t s = 0; op->kind == FL_OP_GATE && s < op->side_count; s++)
        add_ancestors(plan, op->sides[s], bits);
    for (uint32_t w = 0; w < plan->words; w++)
        after += (uint64_t)__builtin_popcountll(bits[w]);
    return after != before;
}

static bool free_gate(
    struct fl_plan *plan, uint32_t gate, struct fl_cache *cache, struct fl_mem *mem)
{
    uint64_t *bits = take(cache, mem, plan->words * sizeof *bits);
    if (!bits)
        return false;
    bool more = follow(plan, gate, bits);
    while (more) {
        more = false;
        for (uint32_t i = 0; i < plan->op_count; i++)
            more = (has_bit(bits, i) && follow(plan, i, bits)) || more;
    }
    for (uint32_t i = 0; i < plan->op_count; i++) {
        struct fl_plan_op *op = &plan->ops[i];
        if (has_bit(bits, i) || (op->keyed && has_bit(bits, op->stage)))
            clear_bit(op->reaches, gate);
    }
    return true;
}

// One gate after the other: what was taken away for one breaks circles of the next as well.
static bool free_gates(struct fl_plan *plan, struct fl_cache *cache, struct fl_mem *mem)
{
    for (uint32_t i = 0; i < plan->op_count; i++)
        if (plan->ops[i].kind == FL_OP_GATE && !free_gate(plan, i, cache, mem))
            return false;
    return true;
}

bool fl_plan_sides(struct fl_plan *plan, struct fl_cache *cache, struct fl_mem *mem)
{
    if (!find_views(plan, cache, mem))
        return false;
    if (plan->view_count == 0)
        return true;
    return find_sides(plan, cache, mem) && find_lookers(plan, cache, mem) &&
           free_gates(plan, cache, mem);
}
