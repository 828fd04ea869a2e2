// SPDX-License-Identifier: Apache-2.0
// flow_top, against sorting all rows.
#include <stdlib.h>

#include "emit.h"

#include "field.h"

TCase *top_tests(void);

enum {
    TOP = 5
};

static flow_coll make_top(flow_coll in, flow_field_ref field)
{
    return flow_top(in, TOP, field);
}

static const flow_field_ref ranked[] = {
    { &bid_type, "who", offsetof(struct bid, who), FLOW_KIND_STR },
    { &bid_type, "i64", offsetof(struct bid, i64), FLOW_KIND_I64 },
    { &bid_type, "f64", offsetof(struct bid, f64), FLOW_KIND_F64 },
    { &bid_type, "at", offsetof(struct bid, at), FLOW_KIND_TIME },
    { &bid_type, "yes", offsetof(struct bid, yes), FLOW_KIND_BOOL },
};

START_TEST(r73_top_keeps_the_laws)
{
    combine_keeps_the_laws(make_top, ranked[_i]);
}
END_TEST

// Largest i64 first, then the rest of the row.
static int by_rank(const void *a, const void *b)
{
    const struct bid *x = a;
    const struct bid *y = b;
    if (x->i64 != y->i64)
        return x->i64 > y->i64 ? -1 : 1;
    return fl_value_compare(FLOW_KIND_RECORD, &bid_type, a, b);
}

// The rows in an accumulator: a count, then the rows.
static const struct bid *rows_of(const cell *acc)
{
    return (const struct bid *)(const void *)(acc->bytes + sizeof(int64_t));
}

START_TEST(top_equals_the_head_of_all_sorted)
{
    combined made = combine_begin(make_top, FLOW_FIELD(bid, i64));
    uint64_t seed = 9;
    for (size_t count = 0; count < 40; count++) {
        struct bid rows[40];
        for (size_t i = 0; i < count; i++)
            rows[i] = random_bid(&seed);
        cell acc;
        combine_add(&made, rows, count, &acc);
        qsort(rows, count, sizeof rows[0], by_rank);
        const size_t kept = count < TOP ? count : TOP;
        ck_assert_int_eq(*(const int64_t *)(const void *)&acc, (int64_t)kept);
        for (size_t i = 0; i < kept; i++)
            ck_assert_int_eq(
                fl_value_compare(FLOW_KIND_RECORD, &bid_type, &rows_of(&acc)[i], &rows[i]), 0);
    }
    combine_end(&made);
}
END_TEST

START_TEST(last_step_emits_the_rows_in_order)
{
    combined made = combine_begin(make_top, FLOW_FIELD(bid, i64));
    const struct bid rows[] = { { .i64 = 2 }, { .i64 = 9 }, { .i64 = 4 } };
    cell acc;
    combine_add(&made, rows, 3, &acc);
    const flow_batch batch = { .rows = acc.bytes, .count = 1, .stride = sizeof acc };
    const flow_graph *graph = flow_pipeline_graph(made.pipeline, NULL);
    struct bid out[TOP];
    uint16_t origins[TOP];
    emission emitted = { .rows = (char *)out, .origins = origins };
    emit_with(graph->nodes[graph->node_count - 1].fn, &batch, TOP, &emitted);
    ck_assert_int_eq(emitted.status, FLOW_OK);
    ck_assert_uint_eq(emitted.count, 3);
    ck_assert_int_eq(out[0].i64, 9);
    ck_assert_int_eq(out[1].i64, 4);
    ck_assert_int_eq(out[2].i64, 2);
    emit_with(graph->nodes[graph->node_count - 1].fn, &batch, 2, &emitted);
    ck_assert_int_eq(emitted.status, FLOW_BUDGET);
    ck_assert_uint_eq(emitted.next, 0);
    combine_end(&made);
}
END_TEST

START_TEST(top_keeps_a_key_that_is_a_field)
{
    flow_pipeline *p = flow_pipeline_new("top");
    const flow_coll in = flow_key_by(bids(p), FLOW_FIELD(bid, who));
    const flow_coll out = flow_top(in, 3, FLOW_FIELD(bid, i64));
    ck_assert_str_eq(flow_coll_key(out).name, "who");
    ck_assert(flow_type_equal(flow_coll_type(out), &bid_type));
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    ck_assert_str_eq(graph->nodes[2].path, "top/largest");
    ck_assert_str_eq(graph->nodes[3].path, "top/rows");
    ck_assert_uint_eq(graph->nodes[2].combine->acc->field_count, 4);
    flow_pipeline_free(p);
}
END_TEST

static flow_coll top_of_none(flow_coll in, flow_field_ref field)
{
    return flow_top(in, 0, field);
}

static flow_coll top_of_many(flow_coll in, flow_field_ref field)
{
    return flow_top(in, 1001, field);
}

static flow_coll top_of_much(flow_coll in, flow_field_ref field)
{
    return flow_top(in, 1000, field);
}

START_TEST(impossible_tops_are_refused)
{
    char much[120];
    snprintf(much, sizeof much,
        "flow_top: 1000 elements of 'bid' take %zu bytes, at most 32760 may be",
        1000 * sizeof(struct bid));
    expect_refused(
        top_of_none, FLOW_FIELD(bid, i64), "flow_top: 0 elements were asked for, 1 to 1000 may be");
    expect_refused(top_of_many, FLOW_FIELD(bid, i64),
        "flow_top: 1001 elements were asked for, 1 to 1000 may be");
    expect_refused(top_of_much, FLOW_FIELD(bid, i64), much);
    expect_refused(make_top, FLOW_SELF(bid),
        "flow_top: takes a field that is no record and no list, its field '(the whole element)' is "
        "'record'");
    const flow_field_ref foreign = { &flow_counted_type, "count", 0, FLOW_KIND_I64 };
    expect_refused(make_top, foreign,
        "flow_combine(largest): its field is a field of 'flow_counted', its input has 'bid'");
}
END_TEST

TCase *top_tests(void)
{
    TCase *tests = tcase_create("top");
    tcase_add_loop_test(tests, r73_top_keeps_the_laws, 0, TABLE_SIZE(ranked));
    tcase_add_test(tests, top_equals_the_head_of_all_sorted);
    tcase_add_test(tests, last_step_emits_the_rows_in_order);
    tcase_add_test(tests, top_keeps_a_key_that_is_a_field);
    tcase_add_test(tests, impossible_tops_are_refused);
    return tests;
}
