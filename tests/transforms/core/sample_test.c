// SPDX-License-Identifier: Apache-2.0
// flow_sample and flow_any: who is drawn, and that it is fair.
#include "core_test.h"

TCase *sample_tests(void);

enum {
    DRAWN = 10,
    ROUNDS = 2000,
    ROWS = 40
};

static uint64_t draw_seed;

static flow_coll make_sample(flow_coll in, flow_field_ref field)
{
    (void)field;
    return flow_sample(in, DRAWN, draw_seed);
}

static flow_coll make_any(flow_coll in, flow_field_ref field)
{
    (void)field;
    return flow_any(in);
}

START_TEST(r73_sample_keeps_the_laws)
{
    combine_keeps_the_laws(make_sample, FLOW_FIELD(bid, i64));
    combine_keeps_the_laws(make_any, FLOW_FIELD(bid, i64));
}
END_TEST

// The rows in an accumulator: a count, then the rows.
static const struct bid *rows_of(const cell *acc)
{
    return (const struct bid *)(const void *)(acc->bytes + sizeof(int64_t));
}

// Over many seeds each of 40 rows is drawn about a quarter of the time: chi-squared with 39 degrees
// of freedom is below 80 but once in 10,000.
START_TEST(each_element_has_the_same_chance)
{
    struct bid rows[ROWS] = { 0 };
    int64_t drawn[ROWS] = { 0 };
    for (int64_t i = 0; i < ROWS; i++)
        rows[i].i64 = i;
    for (draw_seed = 0; draw_seed < ROUNDS; draw_seed++) {
        combined made = combine_begin(make_sample, FLOW_FIELD(bid, i64));
        cell acc;
        combine_add(&made, rows, ROWS, &acc);
        ck_assert_int_eq(*(const int64_t *)(const void *)&acc, DRAWN);
        for (int i = 0; i < DRAWN; i++)
            drawn[rows_of(&acc)[i].i64]++;
        combine_end(&made);
    }
    draw_seed = 0;
    const double wanted = (double)ROUNDS * DRAWN / ROWS;
    double chi = 0;
    for (int i = 0; i < ROWS; i++)
        chi += ((double)drawn[i] - wanted) * ((double)drawn[i] - wanted) / wanted;
    ck_assert_double_lt(chi, 80);
}
END_TEST

START_TEST(few_elements_are_all_drawn)
{
    combined made = combine_begin(make_sample, FLOW_FIELD(bid, i64));
    const struct bid rows[] = { { .i64 = 2 }, { .i64 = 9 }, { .i64 = 2 } };
    cell acc;
    combine_add(&made, rows, 3, &acc);
    ck_assert_int_eq(*(const int64_t *)(const void *)&acc, 3);
    combine_end(&made);
}
END_TEST

START_TEST(any_is_the_smallest)
{
    combined made = combine_begin(make_any, FLOW_FIELD(bid, i64));
    const struct bid rows[] = { { .i64 = 2 }, { .i64 = -9 }, { .i64 = 4 } };
    cell acc;
    combine_add(&made, rows, 3, &acc);
    ck_assert_int_eq(*(const int64_t *)(const void *)&acc, 1);
    ck_assert_int_eq(rows_of(&acc)->i64, -9);
    combine_end(&made);
}
END_TEST

static flow_coll sample_of_none(flow_coll in, flow_field_ref field)
{
    (void)field;
    return flow_sample(in, 0, 1);
}

static flow_coll sample_of_much(flow_coll in, flow_field_ref field)
{
    (void)field;
    return flow_sample(in, 1000, 1);
}

START_TEST(impossible_samples_are_refused)
{
    char much[120];
    snprintf(much, sizeof much,
        "flow_sample: 1000 elements of 'bid' take %zu bytes, at most 32760 may be",
        1000 * sizeof(struct bid));
    expect_refused(sample_of_none, FLOW_FIELD(bid, i64),
        "flow_sample: 0 elements were asked for, 1 to 1000 may be");
    expect_refused(sample_of_much, FLOW_FIELD(bid, i64), much);
}
END_TEST

START_TEST(samples_keep_a_key_that_is_a_field)
{
    flow_pipeline *p = flow_pipeline_new("sample");
    const flow_coll in = flow_key_by(bids(p), FLOW_FIELD(bid, who));
    ck_assert_str_eq(flow_coll_key(flow_sample(in, 3, 1)).name, "who");
    ck_assert_str_eq(flow_coll_key(flow_any(in)).name, "who");
    flow_pipeline_free(p);
}
END_TEST

TCase *sample_tests(void)
{
    TCase *tests = tcase_create("sample");
    tcase_add_test(tests, r73_sample_keeps_the_laws);
    tcase_add_test(tests, each_element_has_the_same_chance);
    tcase_add_test(tests, few_elements_are_all_drawn);
    tcase_add_test(tests, any_is_the_smallest);
    tcase_add_test(tests, impossible_samples_are_refused);
    tcase_add_test(tests, samples_keep_a_key_that_is_a_field);
    return tests;
}
