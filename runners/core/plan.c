// SPDX-License-Identifier: Apache-2.0
// From the graph to the physical plan: key and flatten steps vanish, since they move nothing.
#include "plan.h"

struct maker {
    struct fl_plan *plan;
    const flow_graph *graph;
    struct fl_cache *cache;
    struct fl_mem *mem;
    uint32_t *op_of_node; // UINT32_MAX: vanished
    bool failed;
};

static void *take(struct maker *m, size_t size)
{
    void *bytes = fl_mem_alloc(m->cache, m->mem, size ? size : 1);
    if (bytes)
        memset(bytes, 0, size);
    else
        m->failed = true;
    return bytes;
}

bool fl_plan_keyed(enum fl_op_kind kind)
{
    return kind == FL_OP_COMBINE || kind == FL_OP_GROUP || kind == FL_OP_STATEFUL ||
           kind == FL_OP_TABLE || kind == FL_OP_GATE || kind == FL_OP_LIVES ||
           kind == FL_OP_SPLIT || kind == FL_OP_APART;
}

static enum fl_op_kind kind_of(const flow_node *node)
{
    switch (node->kind) {
    case FLOW_NODE_SOURCE:
        return FL_OP_SOURCE;
    case FLOW_NODE_WINDOW:
        return FL_OP_WINDOW;
    case FLOW_NODE_TIMESTAMP:
        return FL_OP_TIMESTAMP;
    case FLOW_NODE_COMBINE:
        return FL_OP_COMBINE;
    case FLOW_NODE_GROUP:
        return FL_OP_GROUP;
    case FLOW_NODE_SINK:
        return FL_OP_SINK;
    case FLOW_NODE_SPLIT:
        return FL_OP_SPLIT;
    case FLOW_NODE_VIEW:
        return node->view->form == FLOW_VIEW_TEMPORAL ? FL_OP_TABLE : FL_OP_VIEW;
    default:
        break;
    }
    switch (node->fn->form) {
    case FLOW_FORM_MAP:
    case FLOW_FORM_STAGE:
        return FL_OP_MAP;
    case FLOW_FORM_UPDATE:
        return FL_OP_UPDATE;
    case FLOW_FORM_FILTER:
        return FL_OP_FILTER;
    case FLOW_FORM_STATEFUL:
    case FLOW_FORM_CELLS:
        return FL_OP_STATEFUL;
    case FLOW_FORM_APART:
        return FL_OP_APART;
    default:
        return FL_OP_EMIT;
    }
}

static bool vanishes(const flow_node *node)
{
    return node->kind == FLOW_NODE_KEY || node->kind == FLOW_NODE_FLATTEN || node->keep_windows;
}

static const flow_edge *edge_at(const struct maker *m, uint32_t id)
{
    return id ? &m->graph->edges[id - 1] : NULL;
}

// How often a node takes an edge: flatten may be given a collection twice.
static uint32_t takes(const flow_node *node, uint32_t edge)
{
    uint32_t times = 0;
    for (uint32_t i = 0; i < node->input_count; i++)
        times += node->inputs[i] == edge;
    return times;
}

// The shape of rows that lie as `now` when the graph says that a key step makes `out` of `in`.
static flow_shape rekeyed(const flow_shape *now, const flow_edge *in, const flow_edge *out)
{
    flow_shape shape = out->shape;
    shape.stride = now->stride;
    shape.value_offset = now->value_offset;
    shape.key_offset = now->value_offset + (out->shape.key_offset - in->shape.value_offset);
    return shape;
}

// Where the rows of an edge go: counted, or with `fill` written down.
struct reach {
    struct fl_targets *into;
    bool fill;
};

static void reach(
    struct maker *m, const flow_edge *edge, const flow_shape *shape, const struct reach *r);

static void reach_node(struct maker *m, uint32_t n, const flow_edge *edge, const flow_shape *shape,
    const struct reach *r)
{
    const flow_node *node = &m->graph->nodes[n];
    if (vanishes(node)) {
        const flow_edge *out = edge_at(m, node->outputs[0]);
        const flow_shape next =
            out && node->kind == FLOW_NODE_KEY ? rekeyed(shape, edge, out) : *shape;
        if (out)
            reach(m, out, &next, r);
        return;
    }
    if (r->fill) {
        const struct fl_target target = { m->op_of_node[n], *shape, edge };
        r->into->list[r->into->count] = target;
    }
    r->into->count++;
}

static void reach(
    struct maker *m, const flow_edge *edge, const flow_shape *shape, const struct reach *r)
{
    for (uint32_t n = 0; n < m->graph->node_count; n++)
        for (uint32_t times = takes(&m->graph->nodes[n], edge->id); times > 0; times--)
            reach_node(m, n, edge, shape, r);
}

static void make_targets(struct maker *m, struct fl_plan_op *op)
{
    for (uint32_t o = 0; o < FLOW_OUTPUTS; o++) {
        const flow_edge *edge = edge_at(m, op->node->outputs[o]);
        if (!edge)
            continue;
        struct fl_targets *outs = &op->outs[o];
        struct reach r = { outs, false };
        reach(m, edge, &edge->shape, &r);
        outs->list = take(m, outs->count * sizeof *outs->list);
        if (m->failed)
            return;
        outs->count = 0;
        r.fill = true;
        reach(m, edge, &edge->shape, &r);
    }
}

static struct fl_plan_op *add_op(struct maker *m, const flow_node *node, enum fl_op_kind kind)
{
    struct fl_plan_op *op = &m->plan->ops[m->plan->op_count++];
    op->node = node;
    op->kind = kind;
    op->keyed = fl_plan_keyed(op->kind);
    op->in = node->input_count ? edge_at(m, node->inputs[0]) : NULL;
    op->out = edge_at(m, node->outputs[0]);
    if (op->in)
        op->shape = op->in->shape;
    return op;
}

// A gate hands on to the op behind it, rows in whatever shape they came.
static void make_gate_target(struct maker *m, struct fl_plan_op *gate)
{
    struct fl_targets *outs = &gate->outs[0];
    outs->list = take(m, sizeof *outs->list);
    if (!outs->list)
        return;
    const uint32_t behind = (uint32_t)(gate - m->plan->ops) + 1;
    outs->list[0] = (struct fl_target){ behind, gate->shape, gate->in };
    outs->count = 1;
}

static void make_ops(struct maker *m)
{
    struct fl_plan *plan = m->plan;
    const flow_graph *graph = m->graph;
    uint32_t gates = 0;
    for (uint32_t n = 0; n < graph->node_count; n++)
        gates += graph->nodes[n].side_count > 0;
    m->op_of_node = take(m, graph->node_count * sizeof *m->op_of_node);
    plan->ops = take(m, (graph->node_count + gates) * sizeof *plan->ops);
    if (m->failed)
        return;
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const flow_node *node = &graph->nodes[n];
        m->op_of_node[n] = UINT32_MAX;
        if (vanishes(node))
            continue;
        m->op_of_node[n] = plan->op_count;
        if (node->side_count > 0)
            add_op(m, node, FL_OP_GATE);
        add_op(m, node, kind_of(node));
    }
    plan->words = (plan->op_count + 63) / 64;
    for (uint32_t i = 0; i < plan->op_count && !m->failed; i++) {
        struct fl_plan_op *op = &plan->ops[i];
        op->inputs = take(m, plan->words * sizeof *op->inputs);
        op->origins = take(m, plan->words * sizeof *op->origins);
        op->reaches = take(m, plan->words * sizeof *op->reaches);
        if (op->kind == FL_OP_GATE)
            make_gate_target(m, op);
        else
            make_targets(m, op);
    }
}

#define NOWHERE UINT32_MAX // rows come from no single keyed step, or not by its key
#define UNSEEN  (UINT32_MAX - 1)

// Whether rows that leave an op still lie under the key of the combine they come from.
static bool keeps_key(const struct fl_plan_op *op)
{
    switch (op->kind) {
    case FL_OP_FILTER:
    case FL_OP_WINDOW:
    case FL_OP_TIMESTAMP:
    case FL_OP_UPDATE:
        return true;
    default:
        return false;
    }
}

static bool same_key(const flow_shape *a, const flow_shape *b)
{
    return a->key == b->key && a->key != FLOW_KIND_NONE && a->key_offset == b->key_offset &&
           a->key_record == b->key_record;
}

// A keyed step that is fed only by one combine under the same key needs no shuffle.
static void find_stages(struct maker *m)
{
    struct fl_plan *plan = m->plan;
    uint32_t *from = take(m, plan->op_count * sizeof *from); // by op: the combine its input is from
    if (m->failed)
        return;
    for (uint32_t i = 0; i < plan->op_count; i++)
        from[i] = UNSEEN;
    for (uint32_t i = 0; i < plan->op_count; i++) {
        struct fl_plan_op *op = &plan->ops[i];
        op->stage = i;
        // what comes straight from another step is made anew when the bundle is tried again (R66b)
        op->local = fl_plan_shuffled(op->kind) && from[i] < UNSEEN && !op->node->stable_input &&
                    op->kind != FL_OP_APART;
        if (op->local) {
            op->feeder = from[i];
            op->stage = plan->ops[op->feeder].stage;
        }
        const bool starts =
            op->keyed && op->node->combine && op->out && op->out->shape.key != FLOW_KIND_NONE;
        for (uint32_t o = 0; o < FLOW_OUTPUTS; o++) {
            for (uint32_t t = 0; t < op->outs[o].count; t++) {
                const struct fl_target *target = &op->outs[o].list[t];
                uint32_t origin = NOWHERE;
                if (o == 0 && starts && same_key(&target->shape, &op->out->shape))
                    origin = i;
                else if (o == 0 && keeps_key(op) && from[i] < UNSEEN &&
                         same_key(&target->shape, &plan->ops[from[i]].out->shape))
                    origin = from[i];
                uint32_t *seen = &from[target->op];
                *seen = *seen == UNSEEN || *seen == origin ? origin : NOWHERE;
            }
        }
    }
}

static void set_bit(uint64_t *bits, uint32_t i)
{
    bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static void find_origins(struct fl_plan *plan)
{
    for (uint32_t i = 0; i < plan->op_count; i++) {
        struct fl_plan_op *op = &plan->ops[i];
        for (uint32_t o = 0; o < FLOW_OUTPUTS; o++) {
            for (uint32_t t = 0; t < op->outs[o].count; t++) {
                const uint32_t to = op->outs[o].list[t].op;
                uint64_t *origins = plan->ops[to].origins, *inputs = plan->ops[to].inputs;
                if (op->kind == FL_OP_SPLIT || op->kind == FL_OP_SOURCE)
                    set_bit(inputs, i);
                for (uint32_t w = 0; w < plan->words; w++)
                    inputs[w] |= op->inputs[w];
                if (op->keyed || op->kind == FL_OP_SOURCE)
                    set_bit(origins, i);
                for (uint32_t w = 0; w < plan->words && !op->keyed; w++)
                    origins[w] |= op->origins[w];
            }
        }
    }
    for (uint32_t i = plan->op_count; i-- > 0;) {
        struct fl_plan_op *op = &plan->ops[i];
        for (uint32_t o = 0; o < FLOW_OUTPUTS; o++) {
            for (uint32_t t = 0; t < op->outs[o].count; t++) {
                const uint32_t to = op->outs[o].list[t].op;
                const struct fl_plan_op *next = &plan->ops[to];
                if (next->keyed && !next->local)
                    set_bit(op->reaches, to);
                // what need not wait at a gate goes through it at once
                if (next->keyed && !next->local && next->kind != FL_OP_GATE)
                    continue;
                for (uint32_t w = 0; w < plan->words; w++)
                    op->reaches[w] |= next->reaches[w];
            }
        }
    }
}

// A combine over all time asks no element for its time, and adds to a window that is never late.
static bool timeless(const struct fl_plan_op *op, const struct fl_target *target)
{
    return op->kind == FL_OP_COMBINE && target->edge->windows.kind == FLOW_WINDOW_GLOBAL;
}

static void find_bare(struct fl_plan *plan)
{
    for (uint32_t i = 0; i < plan->op_count; i++) {
        struct fl_plan_op *op = &plan->ops[i];
        for (uint32_t o = 0; o < FLOW_OUTPUTS; o++) {
            op->bare[o] = op->outs[o].count > 0;
            for (uint32_t t = 0; t < op->outs[o].count; t++) {
                const struct fl_target *target = &op->outs[o].list[t];
                op->bare[o] = op->bare[o] && timeless(&plan->ops[target->op], target);
            }
        }
    }
}

bool fl_plan_make(struct fl_plan *plan, const flow_graph *graph, struct fl_cache *cache,
    struct fl_mem *mem, flow_error *error)
{
    memset(plan, 0, sizeof *plan);
    plan->graph = graph;
    struct maker m = { .plan = plan, .graph = graph, .cache = cache, .mem = mem };
    make_ops(&m);
    if (!m.failed) {
        fl_plan_general(plan);
        if (!fl_plan_can_take_back(plan, error))
            return false;
        find_stages(&m);
    }
    if (!m.failed) {
        find_origins(plan);
        find_bare(plan);
        m.failed = !fl_plan_sides(plan, cache, mem);
    }
    if (!m.failed)
        fl_plan_windows(plan);
    if (m.failed)
        flow_error_raise(error, FLOW_BUDGET, NULL,
            "the memory budget is too small for the plan of pipeline %s", graph->name);
    return !m.failed;
}
