// SPDX-License-Identifier: Apache-2.0
// Random graphs of steps over flow_test_row: made from a seed, built as a pipeline in one of three
// function forms, and answered by a naive reference.
#ifndef FLOW_TEST_GRAPH_H
#define FLOW_TEST_GRAPH_H

#include "flow_test.h"

#define GRAPH_OPS(X)                                                                               \
    X(FILTER)                                                                                      \
    X(MAP)                                                                                         \
    X(UPDATE)                                                                                      \
    X(REPEAT)                                                                                      \
    X(SPLIT)                                                                                       \
    X(PARTS)                                                                                       \
    X(WINDOW)                                                                                      \
    X(STAMP)                                                                                       \
    X(FLATTEN)                                                                                     \
    X(SIDE)                                                                                        \
    X(LOOKUP)                                                                                      \
    X(COUNT)                                                                                       \
    X(SUM)                                                                                         \
    X(MIN)                                                                                         \
    X(MAX)                                                                                         \
    X(MEAN)                                                                                        \
    X(USER)                                                                                        \
    X(GROUP)                                                                                       \
    X(STATEFUL)                                                                                    \
    X(CELLS)                                                                                       \
    X(SORTED)                                                                                      \
    X(DISTINCT)                                                                                    \
    X(TOP)                                                                                         \
    X(MERGED)                                                                                      \
    X(EARLY)                                                                                       \
    X(CORRECTED)                                                                                   \
    X(GROWING)                                                                                     \
    X(CHAIN_SUM)                                                                                   \
    X(CHAIN_GROUP)                                                                                 \
    X(CHAIN_SORTED)

enum graph_op {
#define GRAPH_ENUM(name) GRAPH_##name,
    GRAPH_OPS(GRAPH_ENUM)
#undef GRAPH_ENUM
    GRAPH_OP_COUNT
};

extern const char *const graph_op_names[GRAPH_OP_COUNT];

enum graph_key {
    KEY_NONE,
    KEY_K,
    KEY_S,
    KEY_X,
    KEY_PLACE,
    KEY_COUNT
};

enum graph_form {
    FORM_ELEMENT,
    FORM_BATCH,
    FORM_FUSED,
    FORM_COUNT
};

// What functions are configured with.
struct graph_par {
    int64_t a, b;
    int64_t c; // above 0: they fail on one row in so many
};
extern const flow_type graph_par_type;

#define GRAPH_NODES 24u
#define GRAPH_OUTS  3u

// A collection: the output of a node; node 0 is the source.
struct graph_coll {
    uint32_t node, output;
};

struct graph_node {
    enum graph_op op;
    struct graph_coll ins[3];
    uint32_t in_count;
    struct graph_par par;
    enum graph_key key;
    flow_on_error policy;
    flow_windows windows; // of WINDOW and CHAIN_…, and of the source
    flow_windows early;   // of MERGED, EARLY, CORRECTED and GROWING: of their first grouping
    flow_trigger trigger; // of the last three: when that gives results
    int64_t own_lateness; // microseconds; of WINDOW and of the source
    bool listens;         // to what it drops
    // of the outputs
    flow_windows now; // windowing
    bool merged;      // windows merged, and are final since
    bool stamped;     // times of elements were moved on their way
    bool moved;       // windows were kept while times moved
    int64_t lateness; // microseconds; the larger of own and inherited (R17)
    bool panes;       // a window may have several: what they hold depends on bundles
    bool unsure;      // what depends on the schedule, or follows from that
    double size;      // how many elements to expect, so that graphs do not explode
    bool taken[GRAPH_OUTS];
    uint32_t sinks; // bits by output
};

// What a graph has beside steps.
#define GRAPH_LATE     1u // more disorder than its source allows, and windows with lateness
#define GRAPH_POLICIES 2u // functions that fail on some rows, routed or skipped
#define GRAPH_IDLE     4u // partitions that wait, by the clock, and a policy for that
#define GRAPH_LARGE    8u // pieces of more than three batches

#define GRAPH_START INT64_C(1700000000000000) // the clock at first, in microseconds
#define GRAPH_TICKS 40                        // seconds that a graph with GRAPH_IDLE runs

struct graph {
    unsigned kinds;
    struct graph_node nodes[GRAPH_NODES];
    uint32_t count;
    struct flow_test_row *rows;
    size_t row_count;
    struct flow_test_piece *pieces;
    size_t piece_count;
    struct flow_test_script script;
    char *bytes; // of texts
    struct flow_test_results got[GRAPH_NODES][GRAPH_OUTS];
    struct flow_test_results wanted[GRAPH_NODES][GRAPH_OUTS];
    struct flow_test_results dead_got[GRAPH_NODES], dead_wanted[GRAPH_NODES];
    struct flow_test_results dropped_got[GRAPH_NODES], dropped_wanted[GRAPH_NODES];
    int64_t clock;
    // Of one worker: the watermark of the source after each round, which is a piece or a look at
    // the clock that moved it, and the round of each piece; SIZE_MAX: it was never read.
    int64_t *marks;
    size_t mark_count;
    size_t *rounds;
    bool any_schedule; // the reference is for other workers: late is what the run dropped
};

// Makes a graph of at least `least` operators and its input.
struct graph *graph_make(uint64_t seed, uint32_t least);
struct graph *graph_make_with(uint64_t seed, uint32_t least, unsigned kinds);
void graph_free(struct graph *graph);

// Empties what the reference filled.
void graph_forget(struct graph *graph);

// Makes the input of a graph with GRAPH_LATE or GRAPH_IDLE what these say.
void graph_disorder(struct graph *graph, uint64_t *random);
void graph_idle(struct graph *graph, uint64_t *random);

// Fills marks and rounds.
void graph_follow(struct graph *graph);

// Path of a step of a node, in memory that the eighth call from now uses again.
const char *graph_path(uint32_t node, const char *step);
extern const char *const graph_step_names[GRAPH_OP_COUNT];

// Cuts the input off after so many rows.
void graph_shorten(struct graph *graph, size_t rows);

// How often operator A fed operator B directly in graphs made so far.
extern uint32_t graph_pairs[GRAPH_OP_COUNT][GRAPH_OP_COUNT];

// Builds it; sinks go to `got`.
flow_pipeline *graph_build(
    struct graph *graph, enum graph_form form, const flow_allocator *allocator);

// Functions that give rows in parts: as a whole, and cut in two before. Those that look into a side
// input: one value, one value a key, and several a key.
extern const flow_split_fn *const graph_parts[2];
extern const flow_fn *const graph_looks[3];

// Fills `wanted`, `dead_wanted` and `dropped_wanted` anew.
void graph_reference(struct graph *graph);

// Whether got and wanted agree; NULL or a sentence.
const char *graph_differ(struct graph *graph);

// Whether the engine's own counts of rejected and dropped elements are those of the reference, step
// by step; before the engine ends. NULL or a sentence.
const char *graph_miscounts(struct graph *graph, const struct flow_test_sim *sim);

// The graph as text, for failing tests; released with free.
char *graph_print(const struct graph *graph);

// --- what functions do, shared by pipelines and reference

static inline int64_t graph_mix(int64_t v)
{
    uint64_t z = (uint64_t)v * UINT64_C(0x9e3779b97f4a7c15);
    z ^= z >> 29;
    return (int64_t)(z % 1000003);
}

static inline bool graph_fails(const struct graph_par *par, const struct flow_test_row *row)
{
    return par->c > 0 && (row->v * 3 + row->k) % par->c == 1;
}

// How a function ends, after all that it has done: fails on rows that it should fail on, and where
// a test wants it to. `row` is what it was given, or NULL.
static inline flow_status graph_done(flow_ctx *ctx, const struct flow_test_row *row)
{
    if (ctx->status != FLOW_OK)
        return ctx->status;
    if (row && ctx->config && graph_fails(ctx->config, row))
        return flow_fail(ctx, FLOW_USER, "refused");
    // not the row's fault, so that no policy routes it
    return flow_test_trips() ? flow_fail(ctx, FLOW_INTERNAL, "tripped") : FLOW_OK;
}

// Windows that no grouping takes the fast path for: sessions, growing and calendar ones, and those
// of functions.
static inline bool graph_general(const flow_windows *windows)
{
    return windows->kind > FLOW_WINDOW_SLIDING;
}
flow_windows graph_general_windows(uint64_t *random, bool merging);
flow_trigger graph_trigger(uint64_t *random);

// Whether a node makes a sum in `early` windows by a trigger, and folds what that gives in
// `windows`.
static inline bool graph_folds(enum graph_op op)
{
    return op >= GRAPH_EARLY && op <= GRAPH_GROWING;
}

#define GRAPH_SIDE_NONE 7 // where a side input has nothing

static inline int64_t graph_side(int64_t v, int64_t side)
{
    return (v + graph_mix(side)) % 1000003;
}

static inline bool graph_keeps(const struct graph_par *par, const struct flow_test_row *row)
{
    return (row->v + row->k) % par->a != par->b;
}

static inline void graph_map(
    const struct graph_par *par, const struct flow_test_row *in, struct flow_test_row *out)
{
    *out = *in;
    out->v = (in->v * 3 + par->a) % 1000003;
    out->k = (in->k + par->b) % 11;
    if (in->s.len > 1) { // part of what there was
        out->s.data = in->s.data + 1;
        out->s.len = in->s.len - 1;
    }
}

// Text made anew, at most 15 bytes.
static inline size_t graph_text(const struct graph_par *par, int64_t v, char *text)
{
    const int64_t n = (v + par->a) % 7;
    const size_t len = (size_t)(n + 1) * 2;
    for (size_t i = 0; i < len; i++)
        text[i] = (char)('a' + (char)((n + (int64_t)i) % 5));
    return len;
}

static inline uint32_t graph_repeats(const struct graph_par *par, const struct flow_test_row *row)
{
    return (uint32_t)((row->v + par->a) % 4);
}

// What state cells of a key and window come to, in whatever order elements came: how many there
// were of each class, and which keys.
#define GRAPH_CLASSES 4
struct graph_digest {
    int64_t sum, counts[GRAPH_CLASSES], distinct;
};

static inline int64_t graph_digested(const struct graph_digest *digest)
{
    int64_t value = digest->sum + digest->distinct * 7;
    for (int i = 0; i < GRAPH_CLASSES; i++)
        value += digest->counts[i] ? graph_mix(i * 31 + digest->counts[i]) : 0;
    return value;
}

static inline uint32_t graph_output(const struct graph_par *par, const struct flow_test_row *row)
{
    return (uint32_t)((row->v + row->k + par->a) % 4); // 3: nowhere
}

#endif
