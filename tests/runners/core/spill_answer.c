// SPDX-License-Identifier: Apache-2.0
// Functions over groups and pairs, and library combines: what they give depends on every row.
#include "spill_answer.h"

#include <stdlib.h>

#include <flow/join.h>

static flow_status add_up(flow_ctx *ctx, const flow_str *s, flow_rows *of)
{
    struct flow_test_row out = { .s = *s, .x = (double)flow_rows_count(of) };
    for (const struct flow_test_row *row; (row = flow_rows_next(of)) != NULL;)
        out.v += row->v + (flow_str_equal(row->s, *s) ? 0 : 1000000);
    return flow_emit(ctx, 0, &flow_test_row_type, &out, sizeof out);
}
FLOW_GROUP_FN(add_up, flow_str, flow_test_row, flow_test_row);

// Looks at rows again after all have been given.
static flow_status add_kept(flow_ctx *ctx, const struct flow_test_place *place, flow_rows *of)
{
    const struct flow_test_row *all[SPILL_ROWS];
    size_t count = 0;
    struct flow_test_row out = { .place = *place };
    flow_rows_keep(of);
    for (const struct flow_test_row *row; (row = flow_rows_next(of)) != NULL;)
        all[count++] = row;
    for (size_t i = 0; i < count; i++)
        out.v += all[i]->v + (int64_t)(all[i]->s.len * (size_t)all[i]->s.data[0]);
    return flow_emit(ctx, 0, &flow_test_row_type, &out, sizeof out);
}
FLOW_GROUP_FN(add_kept, struct flow_test_place, flow_test_row, flow_test_row);

// Takes one row of many.
static flow_status first_only(flow_ctx *ctx, const int64_t *k, flow_rows *of)
{
    struct flow_test_row out = { .k = *k, .v = (int64_t)flow_rows_count(of) };
    if (*k % 3 == 0 && flow_rows_next(of))
        out.v += 100000;
    return flow_emit(ctx, 0, &flow_test_row_type, &out, sizeof out);
}
FLOW_GROUP_FN(first_only, int64_t, flow_test_row, flow_test_row);

// Says in which order its rows come.
static flow_status in_order(flow_ctx *ctx, const int64_t *k, flow_rows *of)
{
    struct flow_test_row out = { .k = *k };
    for (const struct flow_test_row *row; (row = flow_rows_next(of)) != NULL;)
        out.v = (int64_t)((uint64_t)out.v * 31 + (uint64_t)row->v);
    return flow_emit(ctx, 0, &flow_test_row_type, &out, sizeof out);
}
FLOW_GROUP_FN(in_order, int64_t, flow_test_row, flow_test_row);

static size_t read_all(flow_rows *of, uint64_t *hash)
{
    size_t count = 0;
    *hash = 0;
    for (const struct flow_test_row *row; (row = flow_rows_next(of)) != NULL; count++)
        *hash = *hash * 31 + (uint64_t)row->v + row->s.len * 7 + (uint64_t)row->s.data[0];
    return count;
}

// Reads some of its rows, then all of them twice.
static flow_status add_twice(flow_ctx *ctx, const int64_t *k, flow_rows *of)
{
    struct flow_test_row out = { .k = *k };
    const size_t count = flow_rows_count(of);
    uint64_t one, other;
    for (size_t i = 0; i < count / 2; i++)
        ck_assert_ptr_nonnull(flow_rows_next(of));
    flow_rows_rewind(of);
    if (*k % 2)
        flow_rows_keep(of);
    const size_t first = read_all(of, &one);
    flow_rows_rewind(of);
    const size_t second = read_all(of, &other);
    if (first != count || second != count || one != other)
        return flow_fail(ctx, FLOW_USER, "%zu and %zu rows of %zu", first, second, count);
    flow_rows_rewind(of);
    for (const struct flow_test_row *row; (row = flow_rows_next(of)) != NULL;)
        out.v += row->v * 3 + (int64_t)row->s.len;
    return flow_emit(ctx, 0, &flow_test_row_type, &out, sizeof out);
}
FLOW_GROUP_FN(add_twice, int64_t, flow_test_row, flow_test_row);

// Fails for some keys, once it has looked at a part of their rows.
static flow_status add_some(flow_ctx *ctx, const int64_t *k, flow_rows *of)
{
    struct flow_test_row out = { .k = *k };
    for (const struct flow_test_row *row; (row = flow_rows_next(of)) != NULL;) {
        out.v += row->v;
        if (out.v > 1000 && *k % 3 == 0)
            return flow_fail(ctx, FLOW_USER, "no more");
    }
    return flow_emit(ctx, 0, &flow_test_row_type, &out, sizeof out);
}
FLOW_GROUP_FN(add_some, int64_t, flow_test_row, flow_test_row);

static flow_status pair_some(flow_ctx *ctx, const int64_t *k, const struct flow_test_row *left,
    const struct flow_test_row *right)
{
    const struct flow_test_row out = { .k = *k, .v = left->v * 5 + (right ? right->v : -1) };
    const flow_status status = flow_emit(ctx, 0, &flow_test_row_type, &out, sizeof out);
    return status == FLOW_OK && out.v % 7 == 0 ? flow_fail(ctx, FLOW_USER, "no pair") : status;
}
FLOW_JOIN_FN(pair_some, int64_t, flow_test_row, flow_test_row, flow_test_row);

static flow_status pair(flow_ctx *ctx, const int64_t *k, const struct flow_test_row *left,
    const struct flow_test_row *right)
{
    const struct flow_test_row out = {
        .k = *k, .v = left->v * 5 + (right ? right->v : -1), .s = right ? right->s : left->s
    };
    return flow_emit(ctx, 0, &flow_test_row_type, &out, sizeof out);
}
FLOW_JOIN_FN(pair, int64_t, flow_test_row, flow_test_row, flow_test_row);

static bool is_even(const flow_ctx *ctx, const struct flow_test_row *row)
{
    (void)ctx;
    return row->v % 2 == 0;
}
FLOW_FILTER_FN(is_even, flow_test_row);

flow_coll spill_answer(enum spill_what what, flow_coll in)
{
    static const flow_do_options keep = { .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll by_k = flow_key_by(in, FLOW_FIELD(flow_test_row, k));
    const flow_coll by_s = flow_key_by(in, FLOW_FIELD(flow_test_row, s));
    const flow_coll by_place = flow_key_by(in, FLOW_FIELD(flow_test_row, place));
    switch (what) {
    case GROUP_TEXT:
        return flow_group(by_s, &add_up_fn);
    case GROUP_KEPT:
        return flow_group(by_place, &add_kept_fn);
    case GROUP_FIRST:
        return flow_group(by_k, &first_only_fn);
    case GROUP_TWICE:
        return flow_group(by_k, &add_twice_fn);
    case GROUP_ORDER:
        return flow_group(by_k, &in_order_fn);
    case JOIN: {
        const flow_coll even = flow_do(in, &is_even_fn);
        const flow_sides sides = { by_k, flow_key_by(even, FLOW_FIELD(flow_test_row, k)) };
        return flow_join(sides, FLOW_JOIN_LEFT, &pair_join, NULL);
    }
    case GROUP_DEAD:
        return flow_dead_letters(flow_group(by_k, &add_some_fn, &keep));
    case JOIN_DEAD:
        return flow_dead_letters(
            flow_join((flow_sides){ by_k, by_k }, FLOW_JOIN_INNER, &pair_some_join, &keep));
    case COUNT:
        return flow_count(by_k);
    case SUM_TEXT:
        return flow_sum(by_s, FLOW_FIELD(flow_test_row, v));
    case MAX_RECORD:
        return flow_max(by_place, FLOW_FIELD(flow_test_row, v));
    case DISTINCT:
        return flow_distinct(by_s);
    default:
        return flow_top(by_s, 3, FLOW_FIELD(flow_test_row, v));
    }
}

struct flow_test_sim *spill_stand(
    flow_pipeline *pipeline, struct flow_test_piece *last, const struct flow_test_options *options)
{
    flow_error error = { 0 };
    last->endless = true;
    struct flow_test_sim *sim = flow_test_open(pipeline, options, &error);
    ck_assert_msg(sim != NULL, "%s", error.message);
    ck_assert(!flow_test_settle(sim));
    return sim;
}

void spill_leave(struct flow_test_sim *sim)
{
    fl_engine_free(sim->engine);
    free(sim);
}
