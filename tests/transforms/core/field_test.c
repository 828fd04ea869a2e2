// SPDX-License-Identifier: Apache-2.0
// Reading one field as a number, whatever its kind.
#include <math.h>

#include "core_test.h"

#include "field.h"

TCase *field_tests(void);

#define FIELD_CONFIG(f, k)                                                                         \
    &(fl_field_config)                                                                             \
    {                                                                                              \
        offsetof(struct bid, f), k, false                                                          \
    }

static const struct bid one = {
    .i64 = INT64_MIN,
    .u64 = UINT64_MAX,
    .f64 = 0.1,
    .at = { -7 },
    .span = { 8 },
    .i32 = -9,
    .u32 = UINT32_MAX,
    .f32 = 0.5f,
};

START_TEST(integers_are_widened_by_their_kind)
{
    ck_assert_int_eq(fl_field_integer(&one, FIELD_CONFIG(i64, FLOW_KIND_I64)), INT64_MIN);
    ck_assert_int_eq(fl_field_integer(&one, FIELD_CONFIG(i32, FLOW_KIND_I32)), -9);
    ck_assert_int_eq(fl_field_integer(&one, FIELD_CONFIG(u32, FLOW_KIND_U32)), UINT32_MAX);
    ck_assert_int_eq(fl_field_integer(&one, FIELD_CONFIG(at, FLOW_KIND_TIME)), -7);
    ck_assert_int_eq(fl_field_integer(&one, FIELD_CONFIG(span, FLOW_KIND_DURATION)), 8);
}
END_TEST

START_TEST(every_number_reads_as_a_double)
{
    ck_assert_double_eq(fl_field_number(&one, FIELD_CONFIG(f64, FLOW_KIND_F64)), 0.1);
    ck_assert_double_eq(fl_field_number(&one, FIELD_CONFIG(f32, FLOW_KIND_F32)), 0.5);
    ck_assert_double_eq(fl_field_number(&one, FIELD_CONFIG(i32, FLOW_KIND_I32)), -9);
    ck_assert_double_eq(
        fl_field_number(&one, FIELD_CONFIG(u64, FLOW_KIND_U64)), 18446744073709551616.0);
    ck_assert_double_eq(
        fl_field_number(&one, FIELD_CONFIG(i64, FLOW_KIND_I64)), -9223372036854775808.0);
}
END_TEST

START_TEST(nan_is_neither_lesser_nor_greater)
{
    const double nan = (double)NAN;
    ck_assert_double_eq(fl_lesser(nan, 1), 1);
    ck_assert_double_eq(fl_lesser(1, nan), 1);
    ck_assert_double_eq(fl_greater(nan, 1), 1);
    ck_assert_double_eq(fl_greater(1, nan), 1);
    ck_assert_double_eq(fl_lesser(2, 1), 1);
    ck_assert_double_eq(fl_greater(2, 1), 2);
}
END_TEST

TCase *field_tests(void)
{
    TCase *tests = tcase_create("field");
    tcase_add_test(tests, integers_are_widened_by_their_kind);
    tcase_add_test(tests, every_number_reads_as_a_double);
    tcase_add_test(tests, nan_is_neither_lesser_nor_greater);
    return tests;
}
