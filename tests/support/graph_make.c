// SPDX-License-Identifier: Apache-2.0
// Random graphs and inputs from a seed.
#include <stdio.h>
#include <stdlib.h>

#include "graph.h"

const char *const graph_op_names[GRAPH_OP_COUNT] = {
#define GRAPH_NAME(name) #name,
    GRAPH_OPS(GRAPH_NAME)
#undef GRAPH_NAME
};

uint32_t graph_pairs[GRAPH_OP_COUNT][GRAPH_OP_COUNT];

#define SECOND INT64_C(1000000)

static flow_windows random_windows(uint64_t *random)
{
    static const struct {
        int64_t size, every, offset;
    } choices[] = { { 10, 10, 0 }, { 7, 7, 3 }, { 60, 60, 0 }, { 10, 5, 0 }, { 12, 5, 2 },
        { 5, 12, 7 }, { 30, 7, 6 }, { 3, 3, 0 }, { 100, 10, 0 } };
    const uint32_t i = flow_test_below(random, 10);
    if (i == 9)
        return flow_global();
    const flow_duration size = flow_seconds(choices[i].size);
    const flow_windows windows = choices[i].size == choices[i].every
                                     ? flow_fixed(size)
                                     : flow_sliding(size, flow_seconds(choices[i].every));
    return flow_windows_offset(windows, flow_seconds(choices[i].offset));
}

static bool same_windows(const flow_windows *a, const flow_windows *b)
{
    return a->kind == b->kind && a->size.us == b->size.us && a->every.us == b->every.us &&
           a->offset.us == b->offset.us;
}

static uint32_t outputs_of(enum graph_op op)
{
    return op == GRAPH_SPLIT ? 3 : 1;
}

static const struct graph_node *maker(const struct graph *graph, struct graph_coll coll)
{
    return &graph->nodes[coll.node];
}

// Late nodes are likelier, so that graphs are deep.
static struct graph_coll pick(const struct graph *graph, uint64_t *random)
{
    uint32_t node = flow_test_below(random, graph->count);
    const uint32_t other = flow_test_below(random, graph->count);
    if (other > node)
        node = other;
    const uint32_t outputs = node ? outputs_of(graph->nodes[node].op) : 1;
    const struct graph_coll coll = { node, flow_test_below(random, outputs) };
    return coll;
}

static void pick_flatten(struct graph *graph, struct graph_node *node, uint64_t *random)
{
    node->ins[0] = pick(graph, random);
    node->in_count = 1;
    for (int tries = 0; tries < 12 && node->in_count < 3; tries++) {
        const struct graph_coll coll = pick(graph, random);
        if (same_windows(&maker(graph, coll)->now, &maker(graph, node->ins[0])->now))
            node->ins[node->in_count++] = coll;
    }
}

static void set_windows(struct graph_node *node, const struct graph_node *from)
{
    node->now = from->now;
    switch (node->op) {
    case GRAPH_WINDOW:
    case GRAPH_CHAIN_SUM:
    case GRAPH_CHAIN_GROUP:
    case GRAPH_CHAIN_SORTED:
        node->now = node->windows;
        return;
    case GRAPH_STAMP:
        return;
    case GRAPH_FILTER:
    case GRAPH_MAP:
    case GRAPH_UPDATE:
    case GRAPH_REPEAT:
    case GRAPH_SPLIT:
    case GRAPH_FLATTEN:
        return;
    default:
        return;
    }
}

// Sliding windows and repeats make more of what comes.
static void set_size(struct graph *graph, struct graph_node *node)
{
    for (uint32_t i = 0; i < node->in_count; i++)
        node->size += maker(graph, node->ins[i])->size;
    const flow_windows *windows = &maker(graph, node->ins[0])->now;
    const double overlap = windows->kind == FLOW_WINDOW_SLIDING
                               ? (double)windows->size.us / (double)windows->every.us + 1
                               : 1;
    if (node->op == GRAPH_REPEAT)
        node->size *= 1.5;
    else if (node->op >= GRAPH_STAMP && node->op != GRAPH_FLATTEN)
        node->size *= overlap;
    if (node->size <= 20)
        return;
    node->op = GRAPH_FILTER;
    node->in_count = 1;
    node->now = *windows;
    node->size = maker(graph, node->ins[0])->size;
}

static void add_node(struct graph *graph, uint64_t *random)
{
    struct graph_node *node = &graph->nodes[graph->count];
    node->op = (enum graph_op)flow_test_below(random, GRAPH_OP_COUNT);
    node->in_count = 1;
    node->ins[0] = pick(graph, random);
    if (node->op == GRAPH_FLATTEN)
        pick_flatten(graph, node, random);
    node->par.a = 2 + flow_test_below(random, 5);
    node->par.b = flow_test_below(random, 2);
    node->windows = random_windows(random);
    node->key = (enum graph_key)flow_test_below(random, KEY_COUNT);
    const bool needs_key = node->op == GRAPH_GROUP || node->op >= GRAPH_STATEFUL;
    if (needs_key && node->key == KEY_NONE)
        node->key = KEY_K;
    set_windows(node, maker(graph, node->ins[0]));
    set_size(graph, node);
    for (uint32_t i = 0; i < node->in_count; i++) {
        struct graph_node *from = &graph->nodes[node->ins[i].node];
        from->taken[node->ins[i].output] = true;
        if (node->ins[i].node)
            graph_pairs[from->op][node->op]++;
    }
    graph->count++;
}

static void add_sinks(struct graph *graph, uint64_t *random)
{
    for (uint32_t n = 1; n < graph->count; n++)
        for (uint32_t o = 0; o < outputs_of(graph->nodes[n].op); o++)
            if (!graph->nodes[n].taken[o] || flow_test_below(random, 4) == 0)
                graph->nodes[n].sinks |= 1u << o;
}

// --- input

static void make_rows(struct graph *graph, uint64_t *random)
{
    static const size_t counts[] = { 1, 7, 40, 150, 400, 3000 };
    const uint32_t kind = flow_test_below(random, 16);
    const uint32_t size = kind == 0 ? 5 : kind < 3 ? 0 : 1 + kind % 4;
    graph->row_count = counts[size];
    graph->rows = calloc(graph->row_count, sizeof *graph->rows);
    graph->bytes = malloc(64);
    for (int i = 0; i < 64; i++)
        graph->bytes[i] = (char)('a' + i % 3);
    static const int64_t starts[] = { 0, 0, 0, -50 * SECOND, -50 * SECOND, -50 * SECOND,
        FLOW_TIME_MIN_US, FLOW_TIME_GLOBAL_END_US - 60 * SECOND };
    const int64_t start = starts[flow_test_below(random, 8)];
    const int64_t step = flow_test_below(random, 2) ? SECOND / 3 : SECOND * 2;
    const int64_t jitter = 20 * SECOND;
    for (size_t i = 0; i < graph->row_count; i++) {
        struct flow_test_row *row = &graph->rows[i];
        row->k = flow_test_below(random, 6);
        row->v = flow_test_below(random, 1000);
        row->x = (double)flow_test_below(random, 9) * 0.25 - 1.0;
        if (row->x == 0.0 && flow_test_below(random, 2))
            row->x = -0.0;
        row->s.data = graph->bytes + flow_test_below(random, 3);
        row->s.len = flow_test_below(random, 5);
        row->place.a = flow_test_below(random, 2);
        row->place.b.data = graph->bytes + flow_test_below(random, 3);
        row->place.b.len = flow_test_below(random, 3);
        row->at.us = start + (int64_t)i * step +
                     (int64_t)flow_test_below(random, (uint32_t)jitter) / SECOND * SECOND;
        if (row->at.us >= FLOW_TIME_GLOBAL_END_US)
            row->at.us = FLOW_TIME_GLOBAL_END_US - 1;
    }
    graph->script.times.disorder.us = flow_test_below(random, 3) ? jitter : 0;
}

static void make_pieces(struct graph *graph, uint64_t *random)
{
    struct flow_test_script *script = &graph->script;
    graph->pieces = calloc(graph->row_count + 1, sizeof *graph->pieces);
    script->partitions = 1 + flow_test_below(random, 3);
    const uint32_t most = flow_test_below(random, 2) ? 3 : 200;
    for (size_t i = 0; i < graph->row_count;) {
        struct flow_test_piece *piece = &graph->pieces[graph->piece_count++];
        size_t count = 1 + flow_test_below(random, most);
        count = count < graph->row_count - i ? count : graph->row_count - i;
        piece->partition = flow_test_below(random, script->partitions);
        piece->rows = graph->rows + i;
        piece->count = count;
        i += count;
    }
    script->type = &flow_test_row_type;
    script->pieces = graph->pieces;
    script->piece_count = graph->piece_count;
    script->event_time = FLOW_FIELD(flow_test_row, at);
    script->give = (enum flow_test_give)flow_test_below(random, 3);
    script->chunk = flow_test_below(random, 2) ? 0 : 1 + flow_test_below(random, 9);
}

struct graph *graph_make(uint64_t seed, uint32_t least)
{
    uint64_t random = seed * 7919 + 1;
    struct graph *graph = calloc(1, sizeof *graph);
    ck_assert_ptr_nonnull(graph);
    graph->count = 1;
    graph->nodes[0].size = 1;
    if (flow_test_below(&random, 4))
        graph->nodes[0].now = graph->nodes[0].windows = random_windows(&random);
    const uint32_t wanted = 1 + least + flow_test_below(&random, 6);
    while (graph->count < wanted)
        add_node(graph, &random);
    add_sinks(graph, &random);
    make_rows(graph, &random);
    make_pieces(graph, &random);
    for (uint32_t n = 0; n < GRAPH_NODES; n++) {
        for (uint32_t o = 0; o < GRAPH_OUTS; o++) {
            flow_test_results_init(&graph->got[n][o], graph_op_names[graph->nodes[n].op]);
            flow_test_results_init(&graph->wanted[n][o], NULL);
        }
    }
    return graph;
}

void graph_shorten(struct graph *graph, size_t rows)
{
    size_t count = 0, pieces = 0;
    while (pieces < graph->piece_count && count < rows) {
        struct flow_test_piece *piece = &graph->pieces[pieces++];
        piece->count = piece->count < rows - count ? piece->count : rows - count;
        count += piece->count;
    }
    graph->row_count = count;
    graph->piece_count = graph->script.piece_count = pieces;
}

void graph_free(struct graph *graph)
{
    for (uint32_t n = 0; n < GRAPH_NODES; n++) {
        for (uint32_t o = 0; o < GRAPH_OUTS; o++) {
            flow_test_results_clear(&graph->got[n][o]);
            flow_test_results_clear(&graph->wanted[n][o]);
        }
    }
    free(graph->rows);
    free(graph->pieces);
    free(graph->bytes);
    free(graph);
}

const char *graph_differ(struct graph *graph)
{
    static char sentence[5000];
    for (uint32_t n = 1; n < graph->count; n++) {
        for (uint32_t o = 0; o < GRAPH_OUTS; o++) {
            const char *why = flow_test_differ(&graph->got[n][o], &graph->wanted[n][o]);
            if (!why)
                continue;
            snprintf(sentence, sizeof sentence, "node %u output %u: %s", n, o, why);
            return sentence;
        }
    }
    return NULL;
}

char *graph_print(const struct graph *graph)
{
    flow_buffer text = { 0 };
    flow_buffer_printf(&text, "%zu rows in %zu pieces of %u partitions, give %d chunk %zu, %s\n",
        graph->row_count, graph->piece_count, graph->script.partitions, (int)graph->script.give,
        graph->script.chunk, graph->script.times.disorder.us ? "stream" : "batch");
    for (uint32_t n = 1; n < graph->count; n++) {
        const struct graph_node *node = &graph->nodes[n];
        flow_buffer_printf(&text, "%u %s(", n, graph_op_names[node->op]);
        for (uint32_t i = 0; i < node->in_count; i++)
            flow_buffer_printf(
                &text, "%s%u.%u", i ? ", " : "", node->ins[i].node, node->ins[i].output);
        flow_buffer_printf(&text, ") a=%lld b=%lld key=%d windows=%lld/%lld+%lld sinks=%x\n",
            (long long)node->par.a, (long long)node->par.b, (int)node->key,
            (long long)node->windows.size.us / SECOND, (long long)node->windows.every.us / SECOND,
            (long long)node->windows.offset.us / SECOND, node->sinks);
    }
    flow_buffer_put(&text, "", 1);
    char *copy = strdup(text.data);
    flow_buffer_free(&text);
    return copy;
}
