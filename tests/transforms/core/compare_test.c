// SPDX-License-Identifier: Apache-2.0
// The order of rows: total, and agreeing with the equality of binary forms.
#include <math.h>

#include "core_test.h"

#include <flow/text.h>

#include "field.h"

TCase *compare_tests(void);

struct nest {
    struct bid bid;
    flow_list numbers;
    int64_t extra;
    bool has_extra;
};
FLOW_RECORD_OF(nest, FLOW_COLUMN_RECORD(nest, bid, bid),
    FLOW_COLUMN_LIST_OF(nest, numbers, FLOW_KIND_I64),
    FLOW_COLUMN_OPTIONAL(nest, extra, has_extra));

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static int compare(const struct nest *a, const struct nest *b)
{
    return sign(fl_value_compare(FLOW_KIND_RECORD, &nest_type, a, b));
}

static struct nest random_nest(uint64_t *seed)
{
    static const int64_t numbers[] = { 1, 1, 2 };
    struct nest nest = { .bid = { .i64 = (int64_t)(next_random(seed) % 2) } };
    nest.bid.f64 = next_random(seed) % 2 ? (double)NAN : -0.0 * (double)(next_random(seed) % 2);
    nest.bid.who = flow_str_of(next_random(seed) % 2 ? "a" : "ab");
    nest.numbers.items = numbers + next_random(seed) % 2;
    nest.numbers.count = next_random(seed) % 3;
    nest.extra = (int64_t)(next_random(seed) % 2);
    nest.has_extra = next_random(seed) % 2;
    return nest;
}

START_TEST(order_is_total_and_agrees_with_equality)
{
    uint64_t seed = 4;
    int equal = 0;
    for (int round = 0; round < 20000; round++) {
        const struct nest a = random_nest(&seed);
        const struct nest b = random_nest(&seed);
        const struct nest c = random_nest(&seed);
        ck_assert_int_eq(compare(&a, &b), -compare(&b, &a));
        ck_assert_int_eq(compare(&a, &a), 0);
        ck_assert_int_eq(compare(&a, &b) == 0, flow_row_equal(&nest_type, &a, &b));
        if (compare(&a, &b) <= 0 && compare(&b, &c) <= 0)
            ck_assert_int_le(compare(&a, &c), 0);
        equal += compare(&a, &b) == 0;
    }
    ck_assert_int_gt(equal, 50);
}
END_TEST

static const struct bid low = {
    .who = { "ab", 2 },
    .raw = { "\x01", 1 },
    .i64 = -1,
    .u64 = 1,
    .f64 = -1,
    .at = { -1 },
    .span = { -1 },
    .i32 = -1,
    .u32 = 1,
    .f32 = -1,
};
static const struct bid high = {
    .who = { "b", 1 },
    .raw = { "\xff", 1 },
    .i64 = 1,
    .u64 = UINT64_MAX,
    .f64 = 1,
    .at = { 1 },
    .span = { 1 },
    .i32 = 1,
    .u32 = UINT32_MAX,
    .f32 = 1,
    .yes = true,
};

START_TEST(each_kind_has_its_own_order)
{
    const flow_field *field = &bid_type.fields[_i];
    const char *a = (const char *)&low + field->offset;
    const char *b = (const char *)&high + field->offset;
    ck_assert_int_lt(fl_value_compare(field->kind, NULL, a, b), 0);
    ck_assert_int_gt(fl_value_compare(field->kind, NULL, b, a), 0);
    ck_assert_int_eq(fl_value_compare(field->kind, NULL, b, b), 0);
}
END_TEST

START_TEST(nan_comes_before_every_number)
{
    const double numbers[] = { (double)NAN, (double)-INFINITY, -0.0, 0.0 };
    ck_assert_int_lt(fl_value_compare(FLOW_KIND_F64, NULL, &numbers[0], &numbers[1]), 0);
    ck_assert_int_gt(fl_value_compare(FLOW_KIND_F64, NULL, &numbers[1], &numbers[0]), 0);
    ck_assert_int_eq(fl_value_compare(FLOW_KIND_F64, NULL, &numbers[0], &numbers[0]), 0);
    ck_assert_int_eq(fl_value_compare(FLOW_KIND_F64, NULL, &numbers[2], &numbers[3]), 0);
}
END_TEST

TCase *compare_tests(void)
{
    TCase *tests = tcase_create("compare");
    tcase_add_test(tests, order_is_total_and_agrees_with_equality);
    tcase_add_test(tests, nan_comes_before_every_number);
    tcase_add_loop_test(tests, each_kind_has_its_own_order, 0, 11);
    return tests;
}
