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

// What the step that looks at elements is called.
const char *const graph_step_names[GRAPH_OP_COUNT] = {
    [GRAPH_FILTER] = "do",
    [GRAPH_MAP] = "do",
    [GRAPH_UPDATE] = "do",
    [GRAPH_REPEAT] = "do",
    [GRAPH_SPLIT] = "do",
    [GRAPH_PARTS] = "do",
    [GRAPH_WINDOW] = "window",
    [GRAPH_SIDE] = "do",
    [GRAPH_LOOKUP] = "do",
    [GRAPH_COUNT] = "count",
    [GRAPH_SUM] = "sum",
    [GRAPH_MIN] = "min",
    [GRAPH_MAX] = "max",
    [GRAPH_MEAN] = "mean",
    [GRAPH_USER] = "graph_acc",
    [GRAPH_GROUP] = "do",
    [GRAPH_STATEFUL] = "do",
    [GRAPH_CELLS] = "do",
    [GRAPH_SORTED] = "do",
    [GRAPH_DISTINCT] = "distinct/count",
    [GRAPH_TOP] = "top/top",
    [GRAPH_MERGED] = "sum",
    [GRAPH_EARLY] = "total",
    [GRAPH_CORRECTED] = "total",
    [GRAPH_GROWING] = "total",
    [GRAPH_CHAIN_SUM] = "total",
    [GRAPH_CHAIN_GROUP] = "do",
    [GRAPH_CHAIN_SORTED] = "do",
};

const char *graph_path(uint32_t node, const char *step)
{
    static char paths[8][40];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "n%u/%s", node, step);
    return path;
}

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

static bool same_windows(const struct graph_node *one, const struct graph_node *other)
{
    const flow_windows *a = &one->now, *b = &other->now;
    return one->merged == other->merged && a->kind == b->kind && a->size.us == b->size.us &&
           a->every.us == b->every.us && a->offset.us == b->offset.us && a->fn == b->fn;
}

// Whether time is followed: then only what the reference can follow bundle by bundle is made.
static bool followed(const struct graph *graph)
{
    return graph->kinds & (GRAPH_LATE | GRAPH_IDLE);
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
        const struct graph_node *first = maker(graph, node->ins[0]), *more = maker(graph, coll);
        // rows of two kinds would come in batches of their own, each a late pane
        const bool alike = first->lateness == more->lateness && first->panes == more->panes &&
                           first->moved == more->moved;
        if (same_windows(more, first) && (alike || !(graph->kinds & GRAPH_LATE)))
            node->ins[node->in_count++] = coll;
    }
}

// What a side input shows of late elements depends on when they come.
static void pick_side(struct graph *graph, struct graph_node *node, uint64_t *random)
{
    node->ins[1] = pick(graph, random);
    node->in_count = 2;
    const struct graph_node *side = maker(graph, node->ins[1]);
    if (!followed(graph) && !flow_windows_merging(&side->now))
        return;
    node->op = GRAPH_MAP;
    node->in_count = 1;
}

static void set_windows(struct graph_node *node, const struct graph_node *from)
{
    node->now = from->now;
    node->merged = from->merged;
    if (node->op == GRAPH_MERGED)
        node->now = node->early;
    else if (node->op == GRAPH_WINDOW || node->op > GRAPH_MERGED)
        node->now = node->windows;
    else
        return;
    node->merged = flow_windows_merging(&node->now);
}

// Sliding windows and repeats make more of what comes.
static double overlap(const flow_windows *windows)
{
    switch (windows->kind) {
    case FLOW_WINDOW_SLIDING:
    case FLOW_WINDOW_CUMULATE:
        return (double)windows->size.us / (double)windows->every.us + 1;
    case FLOW_WINDOW_CUSTOM:
        return windows->fn->merges ? 1 : 2;
    default:
        return 1;
    }
}

static void set_size(struct graph *graph, struct graph_node *node)
{
    const bool looks = node->op == GRAPH_SIDE || node->op == GRAPH_LOOKUP;
    for (uint32_t i = 0; i < (looks ? 1 : node->in_count); i++)
        node->size += maker(graph, node->ins[i])->size;
    const flow_windows *windows = &maker(graph, node->ins[0])->now;
    if (node->op == GRAPH_REPEAT || node->op == GRAPH_PARTS)
        node->size *= 1.5;
    else if (node->op == GRAPH_MERGED || graph_folds(node->op))
        node->size *= overlap(&node->early);
    else if (node->op >= GRAPH_STAMP && node->op != GRAPH_FLATTEN)
        node->size *= overlap(windows);
    if (node->size <= (graph->kinds & GRAPH_LARGE ? 5 : 20))
        return;
    node->op = GRAPH_FILTER;
    node->in_count = 1;
    node->now = *windows;
    node->merged = maker(graph, node->ins[0])->merged;
    node->size = maker(graph, node->ins[0])->size;
}

static bool is_keyed(enum graph_op op)
{
    return op >= GRAPH_COUNT;
}

static bool may_fail(enum graph_op op)
{
    return (op >= GRAPH_MAP && op <= GRAPH_SPLIT) || op == GRAPH_GROUP || op == GRAPH_STATEFUL ||
           op == GRAPH_CELLS || op == GRAPH_SORTED;
}

static bool has_mean(const struct graph *graph)
{
    for (uint32_t n = 1; n < graph->count; n++)
        if (graph->nodes[n].op == GRAPH_MEAN)
            return true;
    return false;
}

// Late panes come in an order that tables give: behind them are only steps whose answer does not
// depend on it, or on what comes in one bundle. Means of means are not exact, and rejected rows are
// compared as text.
static void choose_exact(struct graph *graph, struct graph_node *node)
{
    const struct graph_node *from = maker(graph, node->ins[0]);
    if (from->panes && is_keyed(node->op) &&
        (from->now.kind != FLOW_WINDOW_GLOBAL || node->op >= GRAPH_CHAIN_SUM))
        node->op = GRAPH_MAP;
    if (node->op == GRAPH_MEAN && has_mean(graph))
        node->op = GRAPH_SUM;
}

// What the kinds of the graph ask of a node whose operator stands.
static void set_kinds(struct graph *graph, struct graph_node *node, uint64_t *random)
{
    static const int64_t latenesses[] = { 0, 0, 2, 15, 1000000 };
    const struct graph_node *from = maker(graph, node->ins[0]);
    node->lateness = from->lateness;
    node->panes = from->panes;
    node->moved =
        node->op == GRAPH_STAMP || (from->moved && node->op != GRAPH_WINDOW && !is_keyed(node->op));
    node->stamped = node->op == GRAPH_STAMP;
    for (uint32_t i = 0; i < node->in_count; i++)
        node->stamped = node->stamped || maker(graph, node->ins[i])->stamped;
    node->unsure = from->unsure;
    // the counting inside of these is out of reach
    const bool closed = node->op == GRAPH_DISTINCT || node->op == GRAPH_TOP;
    for (uint32_t i = 1; i < node->in_count; i++)
        node->unsure = node->unsure || maker(graph, node->ins[i])->unsure;
    if (graph->kinds & GRAPH_LATE) {
        if (node->op == GRAPH_WINDOW)
            node->own_lateness = latenesses[flow_test_below(random, 5)] * SECOND;
        if (node->own_lateness > node->lateness)
            node->lateness = node->own_lateness;
        node->listens = !closed && flow_test_below(random, 2);
        if (is_keyed(node->op)) {
            node->panes = node->panes || node->lateness > 0;
            node->unsure = node->unsure || closed || node->lateness > 0;
        }
    }
    if ((graph->kinds & GRAPH_POLICIES) && may_fail(node->op) && flow_test_below(random, 3)) {
        node->par.c = 2 + flow_test_below(random, 6);
        node->policy = flow_test_below(random, 2) ? FLOW_ON_ERROR_SKIP : FLOW_ON_ERROR_DEAD_LETTER;
        node->listens = flow_test_below(random, 2);
    }
}

// What the reference cannot follow round by round gives way to what is like it.
static void choose_plain(const struct graph *graph, struct graph_node *node)
{
    static const uint8_t like[GRAPH_OP_COUNT] = { [GRAPH_PARTS] = GRAPH_REPEAT,
        [GRAPH_CELLS] = GRAPH_STATEFUL,
        [GRAPH_MERGED] = GRAPH_SUM,
        [GRAPH_EARLY] = GRAPH_CHAIN_SUM,
        [GRAPH_CORRECTED] = GRAPH_CHAIN_SUM,
        [GRAPH_GROWING] = GRAPH_CHAIN_SUM };
    if (followed(graph) && like[node->op])
        node->op = (enum graph_op)like[node->op];
}

// Windows and triggers of a node: some that only the general path has.
static void choose_windows(const struct graph *graph, struct graph_node *node, uint64_t *random)
{
    node->windows = random_windows(random);
    if (followed(graph))
        return;
    const bool merging = node->op == GRAPH_CHAIN_SUM || node->op == GRAPH_CHAIN_GROUP;
    if ((merging || node->op == GRAPH_WINDOW || graph_folds(node->op)) &&
        flow_test_below(random, 3) == 0)
        node->windows = graph_general_windows(random, merging);
    // how often what is given early lies in no window depends on bundles
    if (graph_folds(node->op) && node->windows.every.us > node->windows.size.us)
        node->windows = flow_fixed(node->windows.size);
    const bool takes_back = node->op == GRAPH_MERGED || node->op == GRAPH_CORRECTED;
    node->early = node->op == GRAPH_MERGED || flow_test_below(random, 2)
                      ? graph_general_windows(random, takes_back)
                      : random_windows(random);
    node->trigger = graph_trigger(random);
}

static void add_node(struct graph *graph, uint64_t *random)
{
    struct graph_node *node = &graph->nodes[graph->count];
    node->op = (enum graph_op)flow_test_below(random, GRAPH_OP_COUNT);
    node->in_count = 1;
    node->ins[0] = pick(graph, random);
    if (node->op == GRAPH_FLATTEN)
        pick_flatten(graph, node, random);
    if (node->op == GRAPH_SIDE || node->op == GRAPH_LOOKUP)
        pick_side(graph, node, random);
    choose_plain(graph, node);
    if (graph->kinds & (GRAPH_LATE | GRAPH_POLICIES))
        choose_exact(graph, node);
    node->par.a = 2 + flow_test_below(random, 5);
    node->par.b = flow_test_below(random, 2);
    choose_windows(graph, node, random);
    node->key = (enum graph_key)flow_test_below(random, KEY_COUNT);
    const bool needs_key = node->op == GRAPH_GROUP || node->op >= GRAPH_STATEFUL;
    if (needs_key && node->key == KEY_NONE)
        node->key = KEY_K;
    if (maker(graph, node->ins[0])->panes)
        node->windows = flow_global();
    set_windows(node, maker(graph, node->ins[0]));
    set_size(graph, node);
    set_kinds(graph, node, random);
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
    if (followed(graph))
        graph->row_count = counts[1 + size % 3];
    if (graph->kinds & GRAPH_LARGE)
        graph->row_count = 4000 + flow_test_below(random, 4000);
    graph->rows = calloc(graph->row_count, sizeof *graph->rows);
    graph->bytes = malloc(64);
    for (int i = 0; i < 64; i++)
        graph->bytes[i] = (char)('a' + i % 3);
    static const int64_t starts[] = { 0, 0, 0, -50 * SECOND, -50 * SECOND, -50 * SECOND,
        FLOW_TIME_MIN_US, FLOW_TIME_GLOBAL_END_US - 60 * SECOND };
    // where time is followed, it begins where nothing is cut off
    const int64_t start = starts[flow_test_below(random, followed(graph) ? 6 : 8)];
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
    graph->pieces = calloc(graph->row_count + 8, sizeof *graph->pieces);
    script->partitions = 1 + flow_test_below(random, 3);
    uint32_t most = flow_test_below(random, 2) ? 3 : 200;
    if (followed(graph))
        most = 3; // a bundle of a step is then one batch
    if (graph->kinds & GRAPH_LARGE)
        most = 3000;
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
    return graph_make_with(seed, least, 0);
}

static void init_results(struct graph *graph, uint32_t n)
{
    const char *name = graph_op_names[graph->nodes[n].op];
    for (uint32_t o = 0; o < GRAPH_OUTS; o++) {
        flow_test_results_init(&graph->got[n][o], name);
        flow_test_results_init(&graph->wanted[n][o], NULL);
    }
    flow_test_results_init(&graph->dead_got[n], "dead letters");
    flow_test_results_init(&graph->dead_wanted[n], NULL);
    flow_test_results_init(&graph->dropped_got[n], "dropped elements");
    flow_test_results_init(&graph->dropped_wanted[n], NULL);
}

struct graph *graph_make_with(uint64_t seed, uint32_t least, unsigned kinds)
{
    uint64_t random = seed * 7919 + 1;
    struct graph *graph = calloc(1, sizeof *graph);
    ck_assert_ptr_nonnull(graph);
    graph->kinds = kinds;
    graph->clock = GRAPH_START;
    graph->count = 1;
    graph->nodes[0].size = 1;
    if (flow_test_below(&random, 4))
        graph->nodes[0].now = graph->nodes[0].windows = random_windows(&random);
    if (kinds & GRAPH_LATE) {
        graph->nodes[0].own_lateness = (int64_t)flow_test_below(&random, 3) * 4 * SECOND;
        graph->nodes[0].lateness = graph->nodes[0].own_lateness;
    }
    const uint32_t wanted = 1 + least + flow_test_below(&random, 6);
    while (graph->count < wanted)
        add_node(graph, &random);
    add_sinks(graph, &random);
    make_rows(graph, &random);
    make_pieces(graph, &random);
    if (kinds & GRAPH_LATE)
        graph_disorder(graph, &random);
    if (kinds & GRAPH_IDLE)
        graph_idle(graph, &random);
    for (uint32_t n = 0; n < GRAPH_NODES; n++)
        init_results(graph, n);
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

void graph_forget(struct graph *graph)
{
    for (uint32_t n = 0; n < GRAPH_NODES; n++) {
        for (uint32_t o = 0; o < GRAPH_OUTS; o++)
            flow_test_results_clear(&graph->wanted[n][o]);
        flow_test_results_clear(&graph->dead_wanted[n]);
        flow_test_results_clear(&graph->dropped_wanted[n]);
    }
}

void graph_free(struct graph *graph)
{
    graph_forget(graph);
    for (uint32_t n = 0; n < GRAPH_NODES; n++) {
        for (uint32_t o = 0; o < GRAPH_OUTS; o++)
            flow_test_results_clear(&graph->got[n][o]);
        flow_test_results_clear(&graph->dead_got[n]);
        flow_test_results_clear(&graph->dropped_got[n]);
    }
    free(graph->marks);
    free(graph->rounds);
    free(graph->rows);
    free(graph->pieces);
    free(graph->bytes);
    free(graph);
}

// What the node gives, what it could not take, and what it dropped, where somebody listens.
static const char *differ_in_node(struct graph *graph, uint32_t n)
{
    const char *why = NULL;
    for (uint32_t o = 0; o < GRAPH_OUTS && !why; o++)
        why = flow_test_differ(&graph->got[n][o], &graph->wanted[n][o]);
    if (!why && graph->nodes[n].policy == FLOW_ON_ERROR_DEAD_LETTER)
        why = flow_test_differ(&graph->dead_got[n], &graph->dead_wanted[n]);
    if (!why && graph->nodes[n].listens)
        why = flow_test_differ(&graph->dropped_got[n], &graph->dropped_wanted[n]);
    return why;
}

const char *graph_differ(struct graph *graph)
{
    static char sentence[5000];
    for (uint32_t n = 1; n < graph->count; n++) {
        const bool unsure = graph->any_schedule && graph->nodes[n].unsure;
        const char *why = unsure ? NULL : differ_in_node(graph, n);
        if (!why)
            continue;
        snprintf(sentence, sizeof sentence, "node %u: %s", n, why);
        return sentence;
    }
    return NULL;
}

const char *graph_miscounts(struct graph *graph, const struct flow_test_sim *sim)
{
    static char sentence[160];
    uint64_t rejected[GRAPH_NODES] = { 0 }, dropped[GRAPH_NODES] = { 0 };
    flow_step_report report;
    for (size_t i = 0; fl_engine_step_report(sim->engine, i, &report); i++) {
        unsigned n;
        if (sscanf(report.path, "n%u/", &n) != 1 || n >= graph->count)
            continue;
        rejected[n] += report.rejected;
        dropped[n] += report.dropped;
    }
    for (uint32_t n = 1; n < graph->count; n++) {
        const size_t dead = graph->dead_wanted[n].count, lost = graph->dropped_wanted[n].count;
        if (graph->any_schedule && graph->nodes[n].unsure)
            continue;
        if (rejected[n] == dead && dropped[n] == lost)
            continue;
        snprintf(sentence, sizeof sentence,
            "node %u counts %llu rejected and %llu dropped, wanted %zu and %zu", n,
            (unsigned long long)rejected[n], (unsigned long long)dropped[n], dead, lost);
        return sentence;
    }
    return NULL;
}

char *graph_print(const struct graph *graph)
{
    flow_buffer text = { 0 };
    flow_buffer_printf(&text,
        "%zu rows in %zu pieces of %u partitions, give %d chunk %zu, %s, idle %d after %lld\n",
        graph->row_count, graph->piece_count, graph->script.partitions, (int)graph->script.give,
        graph->script.chunk, graph->script.times.disorder.us ? "stream" : "batch",
        (int)graph->script.times.idle, (long long)graph->script.times.idle_after.us / SECOND);
    for (uint32_t n = 1; n < graph->count; n++) {
        const struct graph_node *node = &graph->nodes[n];
        flow_buffer_printf(&text, "%u %s(", n, graph_op_names[node->op]);
        for (uint32_t i = 0; i < node->in_count; i++)
            flow_buffer_printf(
                &text, "%s%u.%u", i ? ", " : "", node->ins[i].node, node->ins[i].output);
        flow_buffer_printf(&text,
            ") a=%lld b=%lld key=%d windows=%lld/%lld+%lld late=%lld policy=%d/%lld sinks=%x\n",
            (long long)node->par.a, (long long)node->par.b, (int)node->key,
            (long long)node->windows.size.us / SECOND, (long long)node->windows.every.us / SECOND,
            (long long)node->windows.offset.us / SECOND, (long long)node->lateness / SECOND,
            (int)node->policy, (long long)node->par.c, node->sinks);
    }
    flow_buffer_put(&text, "", 1);
    char *copy = strdup(text.data);
    flow_buffer_free(&text);
    return copy;
}
