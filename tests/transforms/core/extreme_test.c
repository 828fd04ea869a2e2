// SPDX-License-Identifier: Apache-2.0
// flow_min and flow_max.
#include <math.h>

#include "core_test.h"

TCase *extreme_tests(void);

static const flow_field_ref compared[] = {
    { &bid_type, "i32", offsetof(struct bid, i32), FLOW_KIND_I32 },
    { &bid_type, "u32", offsetof(struct bid, u32), FLOW_KIND_U32 },
    { &bid_type, "i64", offsetof(struct bid, i64), FLOW_KIND_I64 },
    { &bid_type, "u64", offsetof(struct bid, u64), FLOW_KIND_U64 },
    { &bid_type, "at", offsetof(struct bid, at), FLOW_KIND_TIME },
    { &bid_type, "span", offsetof(struct bid, span), FLOW_KIND_DURATION },
    { &bid_type, "f32", offsetof(struct bid, f32), FLOW_KIND_F32 },
    { &bid_type, "f64", offsetof(struct bid, f64), FLOW_KIND_F64 },
};

START_TEST(r73_min_and_max_keep_the_laws)
{
    combine_keeps_the_laws(flow_min, compared[_i]);
    combine_keeps_the_laws(flow_max, compared[_i]);
}
END_TEST

static flow_status integer_of(
    make_fn *make, flow_field_ref field, const struct bid *rows, size_t count, int64_t *value)
{
    combined made = combine_begin(make, field);
    cell acc;
    cell out;
    combine_add(&made, rows, count, &acc);
    const flow_status status = combine_extract(&made, &acc, &out);
    *value = ((const struct flow_integer *)(const void *)&out)->value;
    combine_end(&made);
    return status;
}

static double number_of(make_fn *make, const struct bid *rows, size_t count)
{
    combined made = combine_begin(make, FLOW_FIELD(bid, f64));
    cell acc;
    cell out;
    combine_add(&made, rows, count, &acc);
    ck_assert_int_eq(combine_extract(&made, &acc, &out), FLOW_OK);
    const double value = ((const struct flow_number *)(const void *)&out)->value;
    combine_end(&made);
    return value;
}

START_TEST(extremes_are_found_on_either_side_of_zero)
{
    const struct bid rows[] = { { .i64 = -5, .at = { 70 } }, { .i64 = -9, .at = { 80 } },
        { .i64 = -7, .at = { 60 } } };
    int64_t value;
    ck_assert_int_eq(integer_of(flow_min, FLOW_FIELD(bid, i64), rows, 3, &value), FLOW_OK);
    ck_assert_int_eq(value, -9);
    ck_assert_int_eq(integer_of(flow_max, FLOW_FIELD(bid, i64), rows, 3, &value), FLOW_OK);
    ck_assert_int_eq(value, -5);
    ck_assert_int_eq(integer_of(flow_min, FLOW_FIELD(bid, at), rows, 3, &value), FLOW_OK);
    ck_assert_int_eq(value, 60);
}
END_TEST

START_TEST(integers_use_the_engines_accumulators_but_for_unsigned_64)
{
    for (int i = 0; i < TABLE_SIZE(compared); i++) {
        combined least = combine_begin(flow_min, compared[i]);
        combined most = combine_begin(flow_max, compared[i]);
        const bool own = compared[i].kind == FLOW_KIND_U64 || compared[i].kind == FLOW_KIND_F32 ||
                         compared[i].kind == FLOW_KIND_F64;
        ck_assert_int_eq(
            least.node->combine->primitive, own ? FLOW_PRIMITIVE_NONE : FLOW_PRIMITIVE_MIN);
        ck_assert_int_eq(
            most.node->combine->primitive, own ? FLOW_PRIMITIVE_NONE : FLOW_PRIMITIVE_MAX);
        combine_end(&least);
        combine_end(&most);
    }
}
END_TEST

START_TEST(unsigned_extremes_compare_unsigned_and_must_fit)
{
    const struct bid rows[] = { { .u64 = UINT64_MAX }, { .u64 = 3 } };
    int64_t value;
    ck_assert_int_eq(integer_of(flow_min, FLOW_FIELD(bid, u64), rows, 2, &value), FLOW_OK);
    ck_assert_int_eq(value, 3);
    ck_assert_int_eq(integer_of(flow_max, FLOW_FIELD(bid, u64), rows, 2, &value), FLOW_USER);
}
END_TEST

START_TEST(nan_gives_way_to_any_number_in_any_order)
{
    const struct bid rows[] = { { .f64 = (double)NAN }, { .f64 = 2 }, { .f64 = 1 },
        { .f64 = (double)NAN } };
    ck_assert_double_eq(number_of(flow_min, rows, 4), 1);
    ck_assert_double_eq(number_of(flow_max, rows, 4), 2);
    ck_assert_double_eq(number_of(flow_max, rows + 1, 3), 2);
    ck_assert(isnan(number_of(flow_min, rows, 1)));
}
END_TEST

START_TEST(zero_has_no_sign)
{
    const struct bid rows[] = { { .f64 = -0.0 }, { .f64 = 0.0 } };
    ck_assert(!signbit(number_of(flow_min, rows, 2)));
    ck_assert(!signbit(number_of(flow_max, rows, 1)));
}
END_TEST

START_TEST(extremes_of_what_has_no_order_are_refused)
{
    expect_refused(flow_min, FLOW_FIELD(bid, who),
        "flow_min: takes a number, a time or a duration, its field 'who' is 'text'");
    expect_refused(flow_max, FLOW_FIELD(bid, yes),
        "flow_max: takes a number, a time or a duration, its field 'yes' is 'bool'");
}
END_TEST

TCase *extreme_tests(void)
{
    TCase *tests = tcase_create("extreme");
    tcase_add_loop_test(tests, r73_min_and_max_keep_the_laws, 0, TABLE_SIZE(compared));
    tcase_add_test(tests, extremes_are_found_on_either_side_of_zero);
    tcase_add_test(tests, integers_use_the_engines_accumulators_but_for_unsigned_64);
    tcase_add_test(tests, unsigned_extremes_compare_unsigned_and_must_fit);
    tcase_add_test(tests, nan_gives_way_to_any_number_in_any_order);
    tcase_add_test(tests, zero_has_no_sign);
    tcase_add_test(tests, extremes_of_what_has_no_order_are_refused);
    return tests;
}
