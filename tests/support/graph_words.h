// SPDX-License-Identifier: Apache-2.0
// The keyed functions of random graphs, for one kind of key: GRAPH_KEYED(K, KEY, PUT) where PUT
// stores a key in a row. Included by graph_build.c alone.
#ifndef FLOW_TEST_GRAPH_WORDS_H
#define FLOW_TEST_GRAPH_WORDS_H

#include "graph.h"

// Zero but for the key and the time of the pane.
#define GRAPH_ROW(ctx, PUT)                                                                        \
    struct flow_test_row row = { .at = flow_event_time(ctx) };                                     \
    PUT(&row, key)

// Results of combines as rows.
#define GRAPH_TO_ROW(K, KEY, PUT, IN, FILL)                                                        \
    static flow_status IN##_row_##K(flow_ctx *ctx, const KEY *key, const struct IN *in)            \
    {                                                                                              \
        GRAPH_ROW(ctx, PUT);                                                                       \
        FILL;                                                                                      \
        FLOW_EMIT_ROW(ctx, flow_test_row, &row);                                                   \
        return graph_done(ctx, NULL);                                                              \
    }                                                                                              \
    FLOW_KEYED_FN(IN##_row_##K, KEY, IN, flow_test_row);

#define GRAPH_GROUP_OF(K, KEY, PUT, IN, VALUE)                                                     \
    static flow_status IN##_group_##K(flow_ctx *ctx, const KEY *key, flow_rows *rows)              \
    {                                                                                              \
        GRAPH_ROW(ctx, PUT);                                                                       \
        const struct IN *in;                                                                       \
        size_t count = 0;                                                                          \
        while ((in = flow_rows_next(rows))) {                                                      \
            row.v += graph_mix(in->VALUE);                                                         \
            count++;                                                                               \
        }                                                                                          \
        if (count != flow_rows_count(rows))                                                        \
            return flow_fail(                                                                      \
                ctx, FLOW_INTERNAL, "%zu rows instead of %zu", count, flow_rows_count(rows));      \
        const struct flow_test_row sum = row;                                                      \
        FLOW_EMIT_ROW(ctx, flow_test_row, &row);                                                   \
        row.v = (int64_t)count;                                                                    \
        if (count > 2)                                                                             \
            FLOW_EMIT_ROW(ctx, flow_test_row, &row);                                               \
        return graph_done(ctx, &sum);                                                              \
    }                                                                                              \
    FLOW_GROUP_FN(IN##_group_##K, KEY, IN, flow_test_row);

static inline void graph_timer(flow_ctx *ctx)
{
    const flow_time at = { flow_window_end(ctx).us - 1 };
    flow_timer_set(ctx, at);
}

#define GRAPH_STATEFUL_OF(K, KEY, PUT)                                                             \
    static flow_status sum_state_##K(                                                              \
        flow_ctx *ctx, const KEY *key, const struct flow_test_row *in, struct graph_state *state)  \
    {                                                                                              \
        (void)key;                                                                                 \
        state->value += graph_mix(in->v);                                                          \
        state->text = in->s;                                                                       \
        graph_timer(ctx);                                                                          \
        return graph_done(ctx, in);                                                                \
    }                                                                                              \
    static flow_status sum_state_##K##_timer(                                                      \
        flow_ctx *ctx, const KEY *key, struct graph_state *state)                                  \
    {                                                                                              \
        GRAPH_ROW(ctx, PUT);                                                                       \
        row.v = state->value;                                                                      \
        flow_state_clear(ctx);                                                                     \
        FLOW_EMIT_ROW(ctx, flow_test_row, &row);                                                   \
        return graph_done(ctx, &row);                                                              \
    }                                                                                              \
    FLOW_STATEFUL_FN(sum_state_##K, KEY, flow_test_row, graph_state, flow_test_row);

// The same with cells.
#define GRAPH_CELLS_OF(K, KEY, PUT)                                                                \
    FLOW_BAG(bag_##K, graph_state);                                                                \
    FLOW_TIMER(end_##K, KEY, FLOW_EVENT_TIME);                                                     \
    static flow_status sum_cells_##K(                                                              \
        flow_ctx *ctx, const KEY *key, const struct flow_test_row *in)                             \
    {                                                                                              \
        (void)key;                                                                                 \
        const struct graph_state one = { .value = graph_mix(in->v), .text = in->s };               \
        FLOW_CELL_ADD(ctx, bag_##K, &one);                                                         \
        FLOW_TIMER_SET(ctx, end_##K, ((flow_time){ flow_window_end(ctx).us - 1 }));                \
        return graph_done(ctx, in);                                                                \
    }                                                                                              \
    static flow_status end_##K##_due(flow_ctx *ctx, const KEY *key)                                \
    {                                                                                              \
        GRAPH_ROW(ctx, PUT);                                                                       \
        flow_cursor at = FLOW_CELL_ALL(ctx, bag_##K);                                              \
        while (flow_cursor_next(&at))                                                              \
            row.v += FLOW_AT(bag_##K, at)->value;                                                  \
        FLOW_CELL_CLEAR(ctx, bag_##K);                                                             \
        FLOW_EMIT_ROW(ctx, flow_test_row, &row);                                                   \
        return graph_done(ctx, &row);                                                              \
    }                                                                                              \
    FLOW_CELLS_FN(sum_cells_##K, KEY, flow_test_row, (flow_test_row), FLOW_CELLS(bag_##K),         \
        FLOW_TIMERS(end_##K));

// Cells of several kinds, and a timer by the clock that gathers what the bag has: when it is due
// changes nothing.
#define GRAPH_DIGEST_OF(K, KEY, PUT)                                                               \
    FLOW_BAG(fresh_##K, graph_state);                                                              \
    FLOW_VALUE(old_##K, graph_state);                                                              \
    FLOW_MAP(classes_##K, int64_t, graph_state);                                                   \
    FLOW_SET(seen_##K, int64_t);                                                                   \
    FLOW_TIMER(gather_##K, KEY, FLOW_PROCESSING_TIME);                                             \
    FLOW_TIMER(tell_##K, KEY, FLOW_EVENT_TIME);                                                    \
    static flow_status digest_##K(flow_ctx *ctx, const KEY *key, const struct flow_test_row *in)   \
    {                                                                                              \
        const struct graph_state one = { .value = graph_mix(in->v), .text = in->s };               \
        const int64_t class = in->v % GRAPH_CLASSES;                                               \
        struct graph_state count = { .value = 1 };                                                 \
        (void)key;                                                                                 \
        FLOW_CELL_ADD(ctx, fresh_##K, &one);                                                       \
        const struct graph_state *had = FLOW_CELL_GET(ctx, classes_##K, &class);                   \
        if (had)                                                                                   \
            count.value += had->value;                                                             \
        FLOW_CELL_PUT(ctx, classes_##K, &class, &count);                                           \
        (void)FLOW_CELL_INSERT(ctx, seen_##K, &in->k);                                             \
        FLOW_TIMER_IN(ctx, gather_##K, flow_seconds(1));                                           \
        FLOW_TIMER_SET(ctx, tell_##K, ((flow_time){ flow_window_end(ctx).us - 1 }));               \
        return graph_done(ctx, in);                                                                \
    }                                                                                              \
    static void gathered_##K(flow_ctx *ctx)                                                        \
    {                                                                                              \
        const struct graph_state *old = FLOW_CELL_READ(ctx, old_##K);                              \
        struct graph_state sum = { .value = old ? old->value : 0 };                                \
        flow_cursor at = FLOW_CELL_ALL(ctx, fresh_##K);                                            \
        while (flow_cursor_next(&at))                                                              \
            sum.value += FLOW_AT(fresh_##K, at)->value;                                            \
        FLOW_CELL_CLEAR(ctx, fresh_##K);                                                           \
        FLOW_CELL_WRITE(ctx, old_##K, &sum);                                                       \
    }                                                                                              \
    static flow_status gather_##K##_due(flow_ctx *ctx, const KEY *key)                             \
    {                                                                                              \
        (void)key;                                                                                 \
        gathered_##K(ctx);                                                                         \
        return graph_done(ctx, NULL);                                                              \
    }                                                                                              \
    static flow_status tell_##K##_due(flow_ctx *ctx, const KEY *key)                               \
    {                                                                                              \
        struct graph_digest digest = { .distinct = (int64_t)FLOW_CELL_COUNT(ctx, seen_##K) };      \
        GRAPH_ROW(ctx, PUT);                                                                       \
        gathered_##K(ctx);                                                                         \
        FLOW_TIMER_CLEAR(ctx, gather_##K);                                                         \
        digest.sum = FLOW_CELL_READ(ctx, old_##K)->value;                                          \
        flow_cursor at = FLOW_CELL_ALL(ctx, classes_##K);                                          \
        while (flow_cursor_next(&at))                                                              \
            digest.counts[*FLOW_KEY_AT(classes_##K, at)] = FLOW_AT(classes_##K, at)->value;        \
        row.v = graph_digested(&digest);                                                           \
        FLOW_EMIT_ROW(ctx, flow_test_row, &row);                                                   \
        return graph_done(ctx, NULL);                                                              \
    }                                                                                              \
    FLOW_CELLS_FN(digest_##K, KEY, flow_test_row, (flow_test_row),                                 \
        FLOW_CELLS(fresh_##K, old_##K, classes_##K, seen_##K), FLOW_TIMERS(gather_##K, tell_##K));

#define GRAPH_ITSELF(in)    (in)
#define GRAPH_NOT_A_ROW(in) NULL

#define GRAPH_SORTED_OF(K, KEY, PUT, IN, VALUE, ROW)                                               \
    static flow_status IN##_sorted_##K(                                                            \
        flow_ctx *ctx, const KEY *key, const struct IN *in, struct graph_state *state)             \
    {                                                                                              \
        const int64_t time = flow_event_time(ctx).us;                                              \
        (void)key;                                                                                 \
        if (state->any && time < state->last)                                                      \
            return flow_fail(ctx, FLOW_INTERNAL, "an element came before an earlier one");         \
        if (!state->any || time > state->last) {                                                   \
            state->value = graph_mix(state->value * 31 + state->bucket);                           \
            state->bucket = 0;                                                                     \
            state->last = time;                                                                    \
            state->any = true;                                                                     \
        }                                                                                          \
        state->bucket += graph_mix(in->VALUE);                                                     \
        graph_timer(ctx);                                                                          \
        return graph_done(ctx, ROW(in));                                                           \
    }                                                                                              \
    static flow_status IN##_sorted_##K##_timer(                                                    \
        flow_ctx *ctx, const KEY *key, struct graph_state *state)                                  \
    {                                                                                              \
        GRAPH_ROW(ctx, PUT);                                                                       \
        row.v = graph_mix(state->value * 31 + state->bucket);                                      \
        FLOW_EMIT_ROW(ctx, flow_test_row, &row);                                                   \
        return graph_done(ctx, &row);                                                              \
    }                                                                                              \
    FLOW_STATEFUL_FN(IN##_sorted_##K, KEY, IN, graph_state, flow_test_row);

#define GRAPH_KEYED(K, KEY, PUT, TEXT, FLOAT)                                                      \
    GRAPH_TO_ROW(K, KEY, PUT, flow_counted, row.v = in->count)                                     \
    GRAPH_TO_ROW(K, KEY, PUT, flow_integer, row.v = in->value)                                     \
    GRAPH_TO_ROW(K, KEY, PUT, flow_averaged, row.v = in->count; FLOAT)                             \
    GRAPH_TO_ROW(K, KEY, PUT, graph_acc, row.v = in->count; row.TEXT = in->most)                   \
    GRAPH_GROUP_OF(K, KEY, PUT, flow_test_row, v)                                                  \
    GRAPH_GROUP_OF(K, KEY, PUT, flow_integer, value)                                               \
    GRAPH_STATEFUL_OF(K, KEY, PUT)                                                                 \
    GRAPH_CELLS_OF(K, KEY, PUT)                                                                    \
    GRAPH_DIGEST_OF(K, KEY, PUT)                                                                   \
    GRAPH_SORTED_OF(K, KEY, PUT, flow_test_row, v, GRAPH_ITSELF)                                   \
    GRAPH_SORTED_OF(K, KEY, PUT, flow_integer, value, GRAPH_NOT_A_ROW)                             \
    static const struct words words_##K = { &flow_counted_row_##K##_fn,                            \
        &flow_integer_row_##K##_fn, &flow_averaged_row_##K##_fn, &graph_acc_row_##K##_fn,          \
        &flow_test_row_group_##K##_fn, &flow_integer_group_##K##_fn, &sum_state_##K##_fn,          \
        &flow_test_row_sorted_##K##_fn, &flow_integer_sorted_##K##_fn, &sum_cells_##K##_fn,        \
        &digest_##K##_fn };

// The functions for one kind of key.
struct words {
    const flow_fn *counted, *integer, *averaged, *acc, *group, *group_integer, *stateful, *sorted,
        *sorted_integer, *cells, *digest;
};

#endif
