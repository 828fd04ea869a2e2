// SPDX-License-Identifier: Apache-2.0
// flow_sum: exact over whole numbers, refused where there is nothing to sum.
#include "core_test.h"

TCase *sum_tests(void);

static const flow_field_ref summed[] = {
    { &bid_type, "i32", offsetof(struct bid, i32), FLOW_KIND_I32 },
    { &bid_type, "u32", offsetof(struct bid, u32), FLOW_KIND_U32 },
    { &bid_type, "i64", offsetof(struct bid, i64), FLOW_KIND_I64 },
    { &bid_type, "u64", offsetof(struct bid, u64), FLOW_KIND_U64 },
    { &bid_type, "span", offsetof(struct bid, span), FLOW_KIND_DURATION },
    { &bid_type, "f32", offsetof(struct bid, f32), FLOW_KIND_F32 },
    { &bid_type, "f64", offsetof(struct bid, f64), FLOW_KIND_F64 },
};

START_TEST(r73_sum_keeps_the_laws)
{
    combine_keeps_the_laws(flow_sum, summed[_i]);
}
END_TEST

static flow_status sum_of(
    flow_field_ref field, const struct bid *rows, size_t count, int64_t *value)
{
    combined made = combine_begin(flow_sum, field);
    ck_assert_int_eq(made.node->combine->primitive, FLOW_PRIMITIVE_SUM);
    ck_assert(made.node->combine->exact);
    cell acc;
    cell out;
    combine_add(&made, rows, count, &acc);
    const flow_status status = combine_extract(&made, &acc, &out);
    *value = ((const struct flow_integer *)(const void *)&out)->value;
    combine_end(&made);
    return status;
}

START_TEST(sum_passes_through_what_64_bits_do_not_hold)
{
    const struct bid rows[] = { { .i64 = INT64_MAX }, { .i64 = INT64_MAX }, { .i64 = INT64_MIN },
        { .i64 = INT64_MIN }, { .i64 = 5 } };
    int64_t value;
    ck_assert_int_eq(sum_of(FLOW_FIELD(bid, i64), rows, 5, &value), FLOW_OK);
    ck_assert_int_eq(value, 3);
    ck_assert_int_eq(sum_of(FLOW_FIELD(bid, i64), rows, 1, &value), FLOW_OK);
    ck_assert_int_eq(value, INT64_MAX);
    ck_assert_int_eq(sum_of(FLOW_FIELD(bid, i64), rows + 2, 1, &value), FLOW_OK);
    ck_assert_int_eq(value, INT64_MIN);
}
END_TEST

START_TEST(sum_outside_64_bits_is_an_error)
{
    const struct bid rows[] = { { .i64 = INT64_MAX, .u64 = UINT64_MAX }, { .i64 = 1 } };
    const struct bid low[] = { { .i64 = INT64_MIN }, { .i64 = -1 } };
    int64_t value;
    ck_assert_int_eq(sum_of(FLOW_FIELD(bid, i64), rows, 2, &value), FLOW_USER);
    ck_assert_int_eq(sum_of(FLOW_FIELD(bid, i64), low, 2, &value), FLOW_USER);
    ck_assert_int_eq(sum_of(FLOW_FIELD(bid, u64), rows, 1, &value), FLOW_USER);
}
END_TEST

START_TEST(sum_of_narrow_numbers_keeps_their_sign)
{
    const struct bid rows[] = { { .i32 = -3, .u32 = UINT32_MAX, .span = { -9 } },
        { .i32 = INT32_MIN, .u32 = UINT32_MAX, .span = { 4 } } };
    int64_t value;
    ck_assert_int_eq(sum_of(FLOW_FIELD(bid, i32), rows, 2, &value), FLOW_OK);
    ck_assert_int_eq(value, (int64_t)INT32_MIN - 3);
    ck_assert_int_eq(sum_of(FLOW_FIELD(bid, u32), rows, 2, &value), FLOW_OK);
    ck_assert_int_eq(value, 2 * (int64_t)UINT32_MAX);
    ck_assert_int_eq(sum_of(FLOW_FIELD(bid, span), rows, 2, &value), FLOW_OK);
    ck_assert_int_eq(value, -5);
}
END_TEST

START_TEST(sum_of_doubles_is_never_subtracted)
{
    combined made = combine_begin(flow_sum, FLOW_FIELD(bid, f64));
    ck_assert(!made.node->combine->exact);
    ck_assert(made.node->combine->subtract == NULL);
    const struct bid rows[] = { { .f64 = 1.5 }, { .f64 = -4.0 } };
    cell acc;
    cell out;
    combine_add(&made, rows, 2, &acc);
    ck_assert_int_eq(combine_extract(&made, &acc, &out), FLOW_OK);
    ck_assert_double_eq(((const struct flow_number *)(const void *)&out)->value, -2.5);
    combine_end(&made);
}
END_TEST

START_TEST(sum_of_what_is_no_number_is_refused)
{
    expect_refused(flow_sum, FLOW_FIELD(bid, who),
        "flow_sum: takes a number or a duration, its field 'who' is 'text'");
    expect_refused(flow_sum, FLOW_FIELD(bid, at),
        "flow_sum: takes a number or a duration, its field 'at' is 'time'");
    expect_refused(flow_sum, FLOW_FIELD(bid, yes),
        "flow_sum: takes a number or a duration, its field 'yes' is 'bool'");
    expect_refused(flow_sum, FLOW_SELF(bid),
        "flow_sum: takes a number or a duration, its field '(the whole element)' is 'record'");
}
END_TEST

TCase *sum_tests(void)
{
    TCase *tests = tcase_create("sum");
    tcase_add_loop_test(tests, r73_sum_keeps_the_laws, 0, TABLE_SIZE(summed));
    tcase_add_test(tests, sum_passes_through_what_64_bits_do_not_hold);
    tcase_add_test(tests, sum_outside_64_bits_is_an_error);
    tcase_add_test(tests, sum_of_narrow_numbers_keeps_their_sign);
    tcase_add_test(tests, sum_of_doubles_is_never_subtracted);
    tcase_add_test(tests, sum_of_what_is_no_number_is_refused);
    return tests;
}
