// SPDX-License-Identifier: Apache-2.0
// Hashes agree with the equality of binary forms.
#include <math.h>

#include "core_test.h"

#include "hash.h"

TCase *hash_tests(void);

struct point {
    bool has;
    double x;
    float y;
    flow_list tags;
};
static const flow_field point_fields[] = { FLOW_COLUMN_OPTIONAL(point, x, has),
    FLOW_COLUMN(point, y), FLOW_COLUMN_LIST_OF(point, tags, FLOW_KIND_STR) };
static const flow_type point_type = { "point", sizeof(struct point), _Alignof(struct point), 3,
    point_fields };

static uint64_t hash(const struct point *point)
{
    return fl_value_hash(FLOW_KIND_RECORD, &point_type, point, 7);
}

START_TEST(r21_values_that_are_equal_have_one_hash)
{
    const flow_str one[] = { { "a", 1 }, { "bc", 2 } };
    const char *copy = "abc";
    const flow_str two[] = { { copy, 1 }, { copy + 1, 2 } };
    struct point a = { true, 0.0, NAN, { one, 2 } };
    struct point b = { true, -0.0, -NAN, { two, 2 } };
    ck_assert_uint_eq(hash(&a), hash(&b));
    ck_assert(flow_row_equal(&point_type, &a, &b));
    a.has = b.has = false;
    a.x = 1; // not there
    ck_assert_uint_eq(hash(&a), hash(&b));
}
END_TEST

START_TEST(values_that_differ_have_different_hashes)
{
    const flow_str ab[] = { { "ab", 2 }, { "c", 1 } };
    const flow_str a[] = { { "a", 1 }, { "bc", 2 } };
    const struct point all[] = {
        { true, 0, 1, { ab, 2 } },
        { true, 0, 1, { a, 2 } },
        { true, 0, 1, { a, 1 } },
        { true, 0, 1, { NULL, 0 } },
        { true, 0, 2, { NULL, 0 } },
        { true, 1, 1, { NULL, 0 } },
        { false, 0, 1, { NULL, 0 } },
    };
    for (int i = 0; i < TABLE_SIZE(all); i++)
        for (int k = 0; k < i; k++)
            ck_assert_uint_ne(hash(&all[i]), hash(&all[k]));
}
END_TEST

START_TEST(random_rows_agree_with_their_equality)
{
    uint64_t seed = 11;
    for (int round = 0; round < 20000; round++) {
        const struct bid a = random_bid(&seed);
        struct bid b = a;
        if (next_random(&seed) % 2)
            b = random_bid(&seed);
        ck_assert_int_eq(fl_value_hash(FLOW_KIND_RECORD, &bid_type, &a, 0) ==
                             fl_value_hash(FLOW_KIND_RECORD, &bid_type, &b, 0),
            flow_row_equal(&bid_type, &a, &b));
    }
}
END_TEST

START_TEST(the_seed_makes_another_hash)
{
    const int64_t value = 5;
    ck_assert_uint_ne(fl_value_hash(FLOW_KIND_I64, NULL, &value, 1),
        fl_value_hash(FLOW_KIND_I64, NULL, &value, 2));
}
END_TEST

TCase *hash_tests(void)
{
    TCase *tests = tcase_create("hash");
    tcase_add_test(tests, r21_values_that_are_equal_have_one_hash);
    tcase_add_test(tests, values_that_differ_have_different_hashes);
    tcase_add_test(tests, random_rows_agree_with_their_equality);
    tcase_add_test(tests, the_seed_makes_another_hash);
    return tests;
}
