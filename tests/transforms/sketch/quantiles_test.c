// SPDX-License-Identifier: Apache-2.0
// flow_quantiles: ranks by field, laws, refusals.
#include <math.h>

#include <flow/sketch.h>

#include "core_test.h"

TCase *quantiles_tests(void);

struct spread {
    double high; // ranks need not ascend
    double low, middle;
};
FLOW_RECORD(spread, high, low, middle);

static const double ranks[] = { 0.9, 0, 0.5 };

static flow_coll make_quantiles(flow_coll in, flow_field_ref field)
{
    const flow_quantiles_options options = { .ranks = ranks, .count = 3 };
    return flow_quantiles(in, field, &spread_type, &options);
}

static const flow_field_ref fields[] = {
    { &bid_type, "i64", offsetof(struct bid, i64), FLOW_KIND_I64 },
    { &bid_type, "f64", offsetof(struct bid, f64), FLOW_KIND_F64 },
    { &bid_type, "at", offsetof(struct bid, at), FLOW_KIND_TIME },
    { &bid_type, "u32", offsetof(struct bid, u32), FLOW_KIND_U32 },
};

START_TEST(r73_quantiles_keep_the_laws)
{
    combine_keeps_the_laws(make_quantiles, fields[_i]);
}
END_TEST

static struct spread quantiles_of(const struct bid *rows, size_t count)
{
    combined made = combine_begin(make_quantiles, FLOW_FIELD(bid, f64));
    cell acc, out;
    combine_add(&made, rows, count, &acc);
    ck_assert_int_eq(combine_extract(&made, &acc, &out), FLOW_OK);
    combine_end(&made);
    struct spread got;
    memcpy(&got, &out, sizeof got);
    return got;
}

START_TEST(each_field_has_the_quantile_of_its_rank)
{
    struct bid rows[10] = { 0 };
    for (int i = 0; i < 10; i++)
        rows[i].f64 = 10 - i;
    const struct spread got = quantiles_of(rows, 10);
    ck_assert_double_eq(got.low, 1);
    ck_assert_double_eq(got.middle, 5);
    ck_assert_double_eq(got.high, 9);
}
END_TEST

START_TEST(a_nan_does_not_count)
{
    const struct bid rows[] = { { .f64 = NAN }, { .f64 = 3 }, { .f64 = -NAN } };
    const struct spread got = quantiles_of(rows, 3);
    ck_assert_double_eq(got.low, 3);
    ck_assert_double_eq(got.high, 3);
    ck_assert(isnan(quantiles_of(rows, 1).middle));
}
END_TEST

static flow_coll no_ranks(flow_coll in, flow_field_ref field)
{
    return flow_quantiles(in, field, &spread_type, NULL);
}

static flow_coll two_ranks(flow_coll in, flow_field_ref field)
{
    return flow_quantiles(
        in, field, &spread_type, &(flow_quantiles_options){ .ranks = ranks, .count = 2 });
}

static flow_coll whole_number(flow_coll in, flow_field_ref field)
{
    return flow_quantiles(
        in, field, &flow_counted_type, &(flow_quantiles_options){ .ranks = ranks, .count = 1 });
}

static flow_coll beyond(flow_coll in, flow_field_ref field)
{
    const double too_high = 1.5;
    return flow_quantiles(
        in, field, &flow_number_type, &(flow_quantiles_options){ .ranks = &too_high, .count = 1 });
}

static flow_coll too_exact(flow_coll in, flow_field_ref field)
{
    const flow_quantiles_options options = { .ranks = ranks, .count = 3, .error = 0.001 };
    return flow_quantiles(in, field, &spread_type, &options);
}

START_TEST(impossible_quantiles_are_refused)
{
    const flow_field_ref field = FLOW_FIELD(bid, f64);
    expect_refused(no_ranks, field, "flow_quantiles: 0 ranks were asked for, 1 to 64 may be");
    expect_refused(
        two_ranks, field, "flow_quantiles: its output 'spread' has 3 fields for 2 ranks");
    expect_refused(whole_number, field,
        "flow_quantiles: field 'count' of its output 'flow_counted' is no double that is always "
        "there");
    expect_refused(
        beyond, field, "flow_quantiles: rank 1.5 of field 'value' is not between 0 and 1");
    expect_refused(
        too_exact, field, "flow_quantiles: an error of 0.001 was asked for, 0.0025 to 0.1 may be");
    expect_refused(make_quantiles, FLOW_FIELD(bid, who),
        "flow_quantiles: takes a number, a time or a duration, its field 'who' is 'text'");
}
END_TEST

TCase *quantiles_tests(void)
{
    TCase *tests = tcase_create("quantiles");
    tcase_add_loop_test(tests, r73_quantiles_keep_the_laws, 0, TABLE_SIZE(fields));
    tcase_add_test(tests, each_field_has_the_quantile_of_its_rank);
    tcase_add_test(tests, a_nan_does_not_count);
    tcase_add_test(tests, impossible_quantiles_are_refused);
    return tests;
}
