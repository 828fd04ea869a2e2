// SPDX-License-Identifier: Apache-2.0
// Random graphs as pipelines, in three function forms.
#include "graph_words.h"

#include <stdio.h>

#define SECOND INT64_C(1000000)

static const flow_field par_fields[] = { FLOW_COLUMN(graph_par, a), FLOW_COLUMN(graph_par, b),
    FLOW_COLUMN(graph_par, c) };
const flow_type graph_par_type = { "graph_par", sizeof(struct graph_par), 8, 3, par_fields };

typedef struct flow_test_row row_type; // for signatures

static const struct graph_par *par_of(const flow_ctx *ctx)
{
    return ctx->config;
}

// --- filter

static bool keeps(const flow_ctx *ctx, const struct flow_test_row *row)
{
    return graph_keeps(par_of(ctx), row);
}
FLOW_FILTER_FN(keeps, flow_test_row);

static flow_status keeps_each(flow_ctx *ctx, const struct flow_test_row *row)
{
    if (keeps(ctx, row))
        FLOW_EMIT_ROW(ctx, flow_test_row, row);
    return graph_done(ctx, NULL);
}
FLOW_ELEMENT_FN(keeps_each, flow_test_row, flow_test_row);

static flow_status keeps_batch(flow_ctx *ctx, const flow_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        const row_type *row = FLOW_BATCH_ROW(batch, flow_test_row, i);
        ctx->row = FLOW_BATCH_INDEX(batch, i);
        if (keeps(ctx, row))
            FLOW_EMIT_ROW(ctx, flow_test_row, row);
        if (graph_done(ctx, NULL) != FLOW_OK)
            return ctx->status;
    }
    return FLOW_OK;
}
FLOW_BATCH_FN(keeps_batch, flow_test_row, flow_test_row);
FLOW_STAGE(keeps_stage, flow_test_row, flow_test_row, FLOW_KEEP(keeps) FLOW_PASS(flow_test_row));

// --- map

static flow_status map(flow_ctx *ctx, const struct flow_test_row *in, struct flow_test_row *out)
{
    graph_map(par_of(ctx), in, out);
    return graph_done(ctx, in);
}
FLOW_MAP_FN(map, flow_test_row, flow_test_row);

static flow_status map_each(flow_ctx *ctx, const struct flow_test_row *in)
{
    struct flow_test_row out;
    graph_map(FLOW_CONFIG(ctx, graph_par), in, &out);
    FLOW_EMIT_ROW(ctx, flow_test_row, &out);
    return graph_done(ctx, in);
}
FLOW_ELEMENT_FN(map_each, flow_test_row, flow_test_row);

static flow_status map_batch(flow_ctx *ctx, const flow_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        uint32_t one = 1;
        ctx->row = FLOW_BATCH_INDEX(batch, i);
        struct flow_test_row *out = FLOW_RESERVE(ctx, flow_test_row, &one);
        if (!out)
            return ctx->status;
        const row_type *in = FLOW_BATCH_ROW(batch, flow_test_row, i);
        graph_map(par_of(ctx), in, out);
        flow_commit(ctx, 0, 1);
        if (graph_done(ctx, in) != FLOW_OK)
            return ctx->status;
    }
    return FLOW_OK;
}
FLOW_BATCH_FN(map_batch, flow_test_row, flow_test_row);

// --- update: its text is made anew

static flow_status update(flow_ctx *ctx, struct flow_test_row *row)
{
    const struct graph_par *par = par_of(ctx);
    const struct flow_test_row before = *row;
    char *text = flow_alloc(ctx, 16);
    if (!text)
        return ctx->status;
    row->s.data = text;
    row->s.len = graph_text(par, row->v, text);
    row->v = (row->v + par->a) % 1000003;
    return graph_done(ctx, &before);
}
FLOW_UPDATE_FN(update, flow_test_row);

static flow_status update_each(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct graph_par *par = par_of(ctx);
    char text[16]; // gone when the call returns: emit must copy it
    struct flow_test_row row = *in;
    row.s.data = text;
    row.s.len = graph_text(par, row.v, text);
    row.v = (row.v + par->a) % 1000003;
    FLOW_EMIT_ROW(ctx, flow_test_row, &row);
    return graph_done(ctx, in);
}
FLOW_ELEMENT_FN(update_each, flow_test_row, flow_test_row);

static flow_status update_batch(flow_ctx *ctx, const flow_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        struct flow_test_row row = *FLOW_BATCH_ROW(batch, flow_test_row, i);
        ctx->row = FLOW_BATCH_INDEX(batch, i);
        if (update(ctx, &row) != FLOW_OK || FLOW_EMIT_ROW(ctx, flow_test_row, &row) != FLOW_OK)
            return ctx->status;
    }
    return FLOW_OK;
}
FLOW_BATCH_FN(update_batch, flow_test_row, flow_test_row);
FLOW_STAGE(
    update_stage, flow_test_row, flow_test_row, FLOW_CHANGE(update) FLOW_PASS(flow_test_row));

// --- repeat and split

static flow_status repeat_each(flow_ctx *ctx, const struct flow_test_row *in)
{
    const uint32_t times = graph_repeats(par_of(ctx), in);
    struct flow_test_row row = *in;
    for (uint32_t i = 0; i < times; i++) {
        row.k = (in->k + i) % 11;
        if (FLOW_EMIT_ROW(ctx, flow_test_row, &row) != FLOW_OK)
            return ctx->status;
    }
    return graph_done(ctx, in);
}
FLOW_ELEMENT_FN(repeat_each, flow_test_row, flow_test_row);

static flow_status repeat_batch(flow_ctx *ctx, const flow_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        ctx->row = FLOW_BATCH_INDEX(batch, i);
        if (repeat_each(ctx, FLOW_BATCH_ROW(batch, flow_test_row, i)) != FLOW_OK)
            return ctx->status;
    }
    return FLOW_OK;
}
FLOW_BATCH_FN(repeat_batch, flow_test_row, flow_test_row);

static flow_status split_each(flow_ctx *ctx, const struct flow_test_row *in)
{
    const uint32_t output = graph_output(par_of(ctx), in);
    if (output < 3)
        flow_emit(ctx, output, &flow_test_row_type, in, sizeof *in);
    return graph_done(ctx, in);
}
FLOW_ELEMENT_FN(split_each, flow_test_row, flow_test_row, flow_test_row, flow_test_row);

static flow_status split_batch(flow_ctx *ctx, const flow_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        ctx->row = FLOW_BATCH_INDEX(batch, i);
        if (split_each(ctx, FLOW_BATCH_ROW(batch, flow_test_row, i)) != FLOW_OK)
            return ctx->status;
    }
    return FLOW_OK;
}
FLOW_BATCH_FN(split_batch, flow_test_row, flow_test_row, flow_test_row, flow_test_row);

// --- stamps

static flow_status move_time(flow_ctx *ctx, const struct flow_test_row *in)
{
    struct flow_test_row row = *in;
    row.at.us = flow_event_time(ctx).us + par_of(ctx)->a * SECOND;
    FLOW_EMIT_ROW(ctx, flow_test_row, &row);
    return graph_done(ctx, NULL);
}
FLOW_ELEMENT_FN(move_time, flow_test_row, flow_test_row);

static flow_status show_time(flow_ctx *ctx, const struct flow_test_row *in)
{
    struct flow_test_row row = *in;
    row.at = flow_event_time(ctx);
    FLOW_EMIT_ROW(ctx, flow_test_row, &row);
    return graph_done(ctx, NULL);
}
FLOW_ELEMENT_FN(show_time, flow_test_row, flow_test_row);

// --- groupings

struct graph_acc {
    int64_t count;
    flow_str most;
};
FLOW_RECORD(graph_acc, count, most);

static int compare_text(flow_str a, flow_str b)
{
    const size_t len = a.len < b.len ? a.len : b.len;
    const int order = len ? memcmp(a.data, b.data, len) : 0;
    return order ? order : a.len < b.len ? -1 : a.len > b.len;
}

static void graph_acc_add(struct graph_acc *acc, const struct flow_test_row *in)
{
    if (acc->count == 0 || compare_text(in->s, acc->most) > 0)
        acc->most = in->s;
    acc->count++;
}

static void graph_acc_merge(struct graph_acc *acc, const struct graph_acc *other)
{
    if (other->count > 0 && (acc->count == 0 || compare_text(other->most, acc->most) > 0))
        acc->most = other->most;
    acc->count += other->count;
}
FLOW_COMBINE_FN(graph_acc, flow_test_row);

// The same, whose result is made by a function that may fail.
static flow_status graph_acc_extract(const void *acc, void *out, const void *config)
{
    (void)config;
    memcpy(out, acc, sizeof(struct graph_acc));
    return flow_test_trips() ? FLOW_INTERNAL : FLOW_OK;
}
static const flow_combine_fn graph_extracted = { .name = "graph_acc",
    .in = &flow_test_row_type,
    .acc = &graph_acc_type,
    .out = &graph_acc_type,
    .add = graph_acc_add_,
    .merge = graph_acc_merge_,
    .extract = graph_acc_extract };

struct graph_state {
    int64_t value, bucket, last;
    flow_str text;
    bool any;
};
FLOW_RECORD(graph_state, value, bucket, last, text, any);

#define PUT_K(row, key)     (row)->k = *(key)
#define PUT_S(row, key)     (row)->s = *(key)
#define PUT_X(row, key)     (row)->x = *(key)
#define PUT_PLACE(row, key) (row)->place = *(key)
GRAPH_KEYED(k, int64_t, PUT_K, s, row.x = in->mean)
GRAPH_KEYED(s, flow_str, PUT_S, place.b, row.x = in->mean)
GRAPH_KEYED(x, double, PUT_X, s, (void)0)
GRAPH_KEYED(place, struct flow_test_place, PUT_PLACE, s, row.x = in->mean)

#define UNKEYED(IN, FILL)                                                                          \
    static flow_status IN##_row(flow_ctx *ctx, const struct IN *in)                                \
    {                                                                                              \
        struct flow_test_row row = { .at = flow_event_time(ctx) };                                 \
        FILL;                                                                                      \
        FLOW_EMIT_ROW(ctx, flow_test_row, &row);                                                   \
        return graph_done(ctx, NULL);                                                              \
    }                                                                                              \
    FLOW_ELEMENT_FN(IN##_row, IN, flow_test_row)

UNKEYED(flow_counted, row.v = in->count);
UNKEYED(flow_integer, row.v = in->value);
UNKEYED(flow_averaged, row.v = in->count; row.x = in->mean);
UNKEYED(graph_acc, row.v = in->count; row.s = in->most);
static const struct words words_none = { &flow_counted_row_fn, &flow_integer_row_fn,
    &flow_averaged_row_fn, &graph_acc_row_fn, NULL, NULL, NULL, NULL, NULL, NULL, NULL };

static const struct words *const words_of[KEY_COUNT] = { &words_none, &words_k, &words_s, &words_x,
    &words_place };

static flow_coll keyed(flow_coll in, enum graph_key key)
{
    switch (key) {
    case KEY_K:
        return flow_key_by(in, FLOW_FIELD(flow_test_row, k));
    case KEY_S:
        return flow_key_by(in, FLOW_FIELD(flow_test_row, s));
    case KEY_X:
        return flow_key_by(in, FLOW_FIELD(flow_test_row, x));
    case KEY_PLACE:
        return flow_key_by(in, FLOW_FIELD(flow_test_row, place));
    default:
        return in;
    }
}

// --- building

struct builder {
    struct graph *graph;
    enum graph_form form;
    flow_coll colls[GRAPH_NODES][GRAPH_OUTS];
    uint32_t n;
    flow_coll dropping[4]; // what the node's steps that drop made
    uint32_t dropping_count;
    char name[32];
};

// The step whose failing rows are looked at is called "do" in every form.
static flow_do_options options_of(const struct builder *b)
{
    const struct graph_node *node = &b->graph->nodes[b->n];
    const flow_do_options options = {
        .name = "do", .config = &node->par, .config_type = &graph_par_type, .on_error = node->policy
    };
    return options;
}

// Notes that the step which made a collection may drop elements.
static flow_coll drops(struct builder *b, flow_coll made)
{
    b->dropping[b->dropping_count++] = made;
    return made;
}

static flow_coll step(struct builder *b, flow_coll in, const flow_fn *fn)
{
    flow_do_options options = options_of(b);
    options.time_sorted = strstr(fn->name, "sorted") != NULL;
    return flow_do(in, fn, &options);
}

static const flow_fn *form_of(const struct builder *b, enum graph_op op)
{
    static const flow_fn *const fns[][FORM_COUNT + 1] = {
        { &keeps_each_fn, &keeps_batch_fn, &keeps_fn, &keeps_stage_fn },
        { &map_each_fn, &map_batch_fn, &map_fn, &map_fn },
        { &update_each_fn, &update_batch_fn, &update_fn, &update_stage_fn },
        { &repeat_each_fn, &repeat_batch_fn, &repeat_each_fn, &repeat_each_fn },
        { &split_each_fn, &split_batch_fn, &split_each_fn, &split_each_fn },
    };
    // of the fused forms there are two: one changes in place, the other is a stage
    return fns[op][b->form == FORM_FUSED ? 2 + (b->n & 1) : b->form];
}

static flow_coll combined(struct builder *b, const struct graph_node *node, flow_coll in)
{
    const struct words *words = words_of[node->key];
    const flow_do_options options = options_of(b);
    switch (node->op) {
    case GRAPH_COUNT:
        return flow_do(drops(b, flow_count(in)), words->counted);
    case GRAPH_SUM:
        return flow_do(drops(b, flow_sum(in, FLOW_FIELD(flow_test_row, v))), words->integer);
    case GRAPH_MIN:
        return flow_do(drops(b, flow_min(in, FLOW_FIELD(flow_test_row, v))), words->integer);
    case GRAPH_MAX:
        return flow_do(drops(b, flow_max(in, FLOW_FIELD(flow_test_row, v))), words->integer);
    case GRAPH_MEAN:
        return flow_do(drops(b, flow_mean(in, FLOW_FIELD(flow_test_row, x))), words->averaged);
    case GRAPH_USER:
        return flow_do(
            drops(b, flow_combine(in, node->par.b ? &graph_extracted : &graph_acc_combine)),
            words->acc);
    case GRAPH_GROUP:
        return drops(b, flow_group(in, words->group, &options));
    case GRAPH_CELLS:
        return drops(b, step(b, in, words->digest));
    case GRAPH_STATEFUL:
        return drops(b, step(b, in, node->par.b % 2 ? words->cells : words->stateful));
    default:
        return drops(b, step(b, in, words->sorted));
    }
}

static flow_coll chain(struct builder *b, const struct graph_node *node, flow_coll in)
{
    const struct words *words = words_of[node->key];
    const flow_do_options options = options_of(b);
    const flow_coll sums = drops(b, flow_sum(in, FLOW_FIELD(flow_test_row, v)));
    const flow_coll windowed = drops(b,
        flow_window_into(sums,
            &(flow_window_options){ .windows = node->windows, .accumulation = FLOW_DISCARDING }));
    flow_coll total;
    switch (node->op) {
    case GRAPH_CHAIN_SUM:
        total = flow_named(flow_sum(windowed, FLOW_FIELD(flow_integer, value)), "total");
        return flow_do(drops(b, total), words->integer);
    case GRAPH_CHAIN_GROUP:
        return drops(b, flow_group(windowed, words->group_integer, &options));
    default:
        return drops(b, step(b, windowed, words->sorted_integer));
    }
}

static bool is_something(const flow_ctx *ctx, const struct flow_test_row *row)
{
    (void)ctx;
    return row->v != 0;
}
FLOW_FILTER_FN(is_something, flow_test_row);

// Sums that are given early, again and again, and what they come to in the end: those of a pane
// alone add up, as do those that are given anew when the former ones are taken back; of those that
// grow the greatest is the last.
static flow_coll fold(struct builder *b, const struct graph_node *node, flow_coll in)
{
    static const flow_accumulation modes[] = { FLOW_DISCARDING, FLOW_RETRACTING,
        FLOW_ACCUMULATING };
    const flow_window_options early = { .windows = node->early,
        .trigger = node->trigger,
        .no_lateness = true,
        .accumulation = modes[node->op - GRAPH_EARLY] };
    const flow_window_options late = {
        .windows = node->windows, .trigger = flow_trigger_default(), .accumulation = FLOW_DISCARDING
    };
    const flow_coll first = drops(b, flow_named(flow_window_into(in, &early), "early"));
    const flow_coll sums = drops(b, flow_sum(first, FLOW_FIELD(flow_test_row, v)));
    const flow_coll windowed = drops(b, flow_window_into(sums, &late));
    const flow_field_ref value = FLOW_FIELD(flow_integer, value);
    const flow_coll total =
        node->op == GRAPH_GROWING ? flow_max(windowed, value) : flow_sum(windowed, value);
    const flow_coll rows =
        flow_do(drops(b, flow_named(total, "total")), words_of[node->key]->integer);
    // where all was taken back a sum stays, of nothing
    return node->op == GRAPH_CORRECTED ? flow_do(rows, &is_something_fn) : rows;
}

static flow_coll merged(struct builder *b, const struct graph_node *node, flow_coll in)
{
    const flow_window_options options = { .windows = node->early, .accumulation = FLOW_DISCARDING };
    const flow_coll first = drops(b, flow_named(flow_window_into(in, &options), "early"));
    const flow_coll sums = drops(b, flow_sum(first, FLOW_FIELD(flow_test_row, v)));
    return flow_do(sums, words_of[node->key]->integer);
}

static flow_coll windows(const struct graph_node *node, flow_coll in)
{
    const flow_window_options options = { .windows = node->windows,
        .lateness = { node->own_lateness },
        .accumulation = FLOW_DISCARDING };
    return flow_window_into(in, &options);
}

static flow_coll looking(struct builder *b, flow_coll in, flow_coll side)
{
    const struct flow_integer none = { GRAPH_SIDE_NONE };
    const flow_view view = flow_as_singleton_or(
        flow_sum(side, FLOW_FIELD(flow_test_row, v)), &flow_integer_type, &none);
    return drops(b, flow_do(in, graph_looks[0],
                        &(flow_do_options){ .name = "do", .sides = &view, .side_count = 1 }));
}

static flow_coll looking_up(
    struct builder *b, const struct graph_node *node, flow_coll in, flow_coll side)
{
    const flow_coll by_key = flow_key_by(side, FLOW_FIELD(flow_test_row, k));
    const flow_view view = node->par.b
                               ? flow_as_multimap(by_key)
                               : flow_as_map(flow_sum(by_key, FLOW_FIELD(flow_test_row, v)));
    const flow_do_options options = { .name = "do", .sides = &view, .side_count = 1 };
    return drops(b, flow_do(in, graph_looks[1 + node->par.b], &options));
}

static flow_coll build_node(struct builder *b, const struct graph_node *node)
{
    flow_coll ins[3];
    for (uint32_t i = 0; i < node->in_count; i++)
        ins[i] = b->colls[node->ins[i].node][node->ins[i].output];
    switch (node->op) {
    case GRAPH_FILTER:
    case GRAPH_MAP:
    case GRAPH_UPDATE:
    case GRAPH_REPEAT:
    case GRAPH_SPLIT:
        return drops(b, step(b, ins[0], form_of(b, node->op)));
    case GRAPH_PARTS: {
        const flow_do_options options = options_of(b);
        return flow_split(ins[0], graph_parts[node->par.b], &options);
    }
    case GRAPH_WINDOW:
        return drops(b, windows(node, ins[0]));
    case GRAPH_STAMP:
        return flow_with_timestamps(step(b, ins[0], &move_time_fn), FLOW_FIELD(flow_test_row, at));
    case GRAPH_FLATTEN:
        return flow_flatten(ins, node->in_count);
    case GRAPH_SIDE:
        return looking(b, ins[0], ins[1]);
    case GRAPH_LOOKUP:
        return looking_up(b, node, ins[0], ins[1]);
    case GRAPH_DISTINCT:
        return flow_do(flow_unkey(flow_distinct(ins[0])), &show_time_fn);
    case GRAPH_TOP:
        return flow_do(flow_unkey(flow_top(keyed(ins[0], node->key), (uint32_t)node->par.a,
                           FLOW_FIELD(flow_test_row, v))),
            &show_time_fn);
    case GRAPH_MERGED:
        return merged(b, node, keyed(ins[0], node->key));
    case GRAPH_EARLY:
    case GRAPH_CORRECTED:
    case GRAPH_GROWING:
        return fold(b, node, keyed(ins[0], node->key));
    case GRAPH_CHAIN_SUM:
    case GRAPH_CHAIN_GROUP:
    case GRAPH_CHAIN_SORTED:
        return chain(b, node, keyed(ins[0], node->key));
    default:
        return combined(b, node, keyed(ins[0], node->key));
    }
}

flow_pipeline *graph_build(
    struct graph *graph, enum graph_form form, const flow_allocator *allocator)
{
    flow_pipeline *pipeline =
        flow_pipeline_new_with("graph", &(flow_pipeline_options){ .allocator = allocator });
    if (!pipeline)
        return NULL;
    struct builder b = { .graph = graph, .form = form };
    b.colls[0][0] = flow_test_read(pipeline, &graph->script);
    if (graph->nodes[0].windows.kind != FLOW_WINDOW_GLOBAL || graph->nodes[0].own_lateness)
        b.colls[0][0] = windows(&graph->nodes[0], b.colls[0][0]);
    for (b.n = 1; b.n < graph->count; b.n++) {
        const struct graph_node *node = &graph->nodes[b.n];
        snprintf(b.name, sizeof b.name, "n%u", b.n);
        flow_scope_begin(pipeline, b.name);
        b.dropping_count = 0;
        const flow_coll made = build_node(&b, node);
        if (node->policy == FLOW_ON_ERROR_DEAD_LETTER)
            flow_test_collect(flow_dead_letters(made), &graph->dead_got[b.n]);
        for (uint32_t d = 0; node->listens && d < b.dropping_count; d++)
            flow_test_collect(flow_dropped(b.dropping[d]), &graph->dropped_got[b.n]);
        for (uint32_t o = 0; o < GRAPH_OUTS; o++) {
            b.colls[b.n][o] = o && node->op == GRAPH_SPLIT ? flow_output(made, o) : made;
            if (node->sinks >> o & 1)
                flow_test_collect(b.colls[b.n][o], &graph->got[b.n][o]);
        }
        flow_scope_end(pipeline);
    }
    return pipeline;
}
