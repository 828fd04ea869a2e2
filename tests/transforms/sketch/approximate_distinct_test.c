// SPDX-License-Identifier: Apache-2.0
// flow_approximate_distinct: exact while small, within its error beyond, the same however it is
// merged.
#include <math.h>

#include <flow/sketch.h>

#include "core_test.h"

TCase *approximate_distinct_tests(void);

static double wanted_error;

static flow_coll make_distinct(flow_coll in, flow_field_ref field)
{
    const flow_approximate_distinct_options options = { .error = wanted_error };
    return flow_approximate_distinct(in, field, &options);
}

static const flow_field_ref fields[] = {
    { &bid_type, "who", offsetof(struct bid, who), FLOW_KIND_STR },
    { &bid_type, "i64", offsetof(struct bid, i64), FLOW_KIND_I64 },
    { &bid_type, "f64", offsetof(struct bid, f64), FLOW_KIND_F64 },
    { &bid_type, NULL, 0, FLOW_KIND_RECORD },
};

START_TEST(r73_distinct_keeps_the_laws)
{
    combine_keeps_the_laws(make_distinct, fields[_i]);
}
END_TEST

// 16 registers, so that the laws are checked of lists of one hash and of registers.
START_TEST(r73_distinct_keeps_the_laws_when_it_is_dense)
{
    wanted_error = 0.26;
    combine_keeps_the_laws(make_distinct, fields[_i]);
    wanted_error = 0;
}
END_TEST

static struct flow_estimated estimate(const combined *made, uint64_t seed, int64_t different)
{
    cell acc, out;
    memset(&acc, 0, sizeof acc);
    for (int64_t i = 0; i < different; i++) {
        const struct bid row = { .i64 = (int64_t)next_random(&seed) };
        made->node->combine->add(&acc, &row, made->node->config);
        if (i % 3 == 0) // some come again
            made->node->combine->add(&acc, &row, made->node->config);
    }
    ck_assert_int_eq(combine_extract(made, &acc, &out), FLOW_OK);
    struct flow_estimated got;
    memcpy(&got, &out, sizeof got);
    return got;
}

START_TEST(up_to_511_values_are_counted_exactly)
{
    combined made = combine_begin(make_distinct, FLOW_FIELD(bid, i64));
    static const int64_t sizes[] = { 0, 1, 2, 100, 510, 511 };
    for (int i = 0; i < TABLE_SIZE(sizes); i++) {
        const struct flow_estimated got = estimate(&made, 5, sizes[i]);
        ck_assert_int_eq(got.count, sizes[i]);
        ck_assert_double_eq(got.error, 0);
    }
    ck_assert_double_gt(estimate(&made, 5, 512).error, 0);
    combine_end(&made);
}
END_TEST

// Over many sketches the mean of the deviation is near 0 (no bias), and its root mean square near
// the error that is said.
static void expect_error(const combined *made, int64_t different, int rounds)
{
    double sum = 0, squares = 0, said = 0;
    for (int round = 0; round < rounds; round++) {
        const struct flow_estimated got = estimate(made, 1000 + (uint64_t)round, different);
        const double off = (double)got.count / (double)different - 1;
        sum += off;
        squares += off * off;
        said = got.error;
    }
    const double mean = sum / rounds, root = sqrt(squares / rounds);
    ck_assert_msg(root < 1.35 * said, "%lld: off by %g, said %g", (long long)different, root, said);
    ck_assert_msg(
        fabs(mean) < 4 * said / sqrt(rounds), "%lld: biased by %g", (long long)different, mean);
}

START_TEST(estimates_keep_to_the_error_at_every_size)
{
    static const int64_t sizes[] = { 600, 3000, 10000, 40000 };
    combined made = combine_begin(make_distinct, FLOW_FIELD(bid, i64));
    expect_error(&made, sizes[_i], 60);
    combine_end(&made);
}
END_TEST

START_TEST(a_smaller_sketch_says_a_larger_error)
{
    wanted_error = 0.1;
    combined made = combine_begin(make_distinct, FLOW_FIELD(bid, i64));
    const double said = estimate(&made, 3, 1000).error;
    ck_assert_double_le(said, 0.1);
    ck_assert_double_gt(said, 0.05);
    expect_error(&made, 2000, 100);
    combine_end(&made);
    wanted_error = 0;
}
END_TEST

static flow_coll too_exact(flow_coll in, flow_field_ref field)
{
    return flow_approximate_distinct(
        in, field, &(flow_approximate_distinct_options){ .error = 0.001 });
}

static flow_coll too_rough(flow_coll in, flow_field_ref field)
{
    return flow_approximate_distinct(
        in, field, &(flow_approximate_distinct_options){ .error = 0.5 });
}

START_TEST(impossible_errors_are_refused)
{
    expect_refused(too_exact, FLOW_FIELD(bid, i64),
        "flow_approximate_distinct: an error of 0.001 was asked for, 0.0082 to 0.26 may be");
    expect_refused(too_rough, FLOW_FIELD(bid, i64),
        "flow_approximate_distinct: an error of 0.5 was asked for, 0.0082 to 0.26 may be");
    const flow_field_ref list = { &bid_type, "tags", 0, FLOW_KIND_LIST };
    expect_refused(make_distinct, list,
        "flow_approximate_distinct: takes a field that is no list, its field 'tags' is 'list'");
}
END_TEST

TCase *approximate_distinct_tests(void)
{
    TCase *tests = tcase_create("approximate_distinct");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, r73_distinct_keeps_the_laws, 0, TABLE_SIZE(fields));
    tcase_add_loop_test(tests, r73_distinct_keeps_the_laws_when_it_is_dense, 0, TABLE_SIZE(fields));
    tcase_add_test(tests, up_to_511_values_are_counted_exactly);
    tcase_add_loop_test(tests, estimates_keep_to_the_error_at_every_size, 0, 4);
    tcase_add_test(tests, a_smaller_sketch_says_a_larger_error);
    tcase_add_test(tests, impossible_errors_are_refused);
    return tests;
}
