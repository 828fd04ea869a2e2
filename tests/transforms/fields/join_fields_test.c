// SPDX-License-Identifier: Apache-2.0
// flow_join_fields: pairs by equal fields.
#include "sales.h"

static const char *const by_city[] = { "shop.city" };
static const char *const by_place[] = { "place" };

static flow_sides sides_of(void)
{
    static const flow_column left[] = { { .from = "id" }, { .from = "shop" } };
    static const flow_column right[] = { { .from = "id" }, { .from = "note", .as = "place" } };
    return (flow_sides){ flow_select(sales, left, 2, NULL), flow_select(sales, right, 2, NULL) };
}

static void add_some(void)
{
    sale((struct sale){ .id = 1, .shop = { { "Kyiv", 4 }, true, 1 }, .note = { "Lima", 4 } });
    sale((struct sale){ .id = 2, .shop = { { "Lima", 4 }, false, 0 }, .note = { "Oslo", 4 } });
}

#define PAIR                                                                                       \
    "{\"id\":2,\"shop\":{\"city\":\"Lima\",\"floor\":null},\"right_id\":1,\"place\":\"Lima\"}"
#define LEFT "{\"id\":1,\"shop\":{\"city\":\"Kyiv\",\"floor\":1},\"right_id\":null,\"place\":null}"

START_TEST(pairs_have_the_fields_of_both)
{
    add_some();
    const flow_join_fields_options options = {
        .left_by = by_city, .right_by = by_place, .by_count = 1
    };
    flow_expect(flow_join_fields(sides_of(), &options), PAIR);
    passes();
}
END_TEST

START_TEST(a_side_that_may_lack_a_partner_is_optional)
{
    add_some();
    const flow_join_fields_options left = {
        .kind = FLOW_JOIN_LEFT, .left_by = by_city, .right_by = by_place, .by_count = 1
    };
    const flow_coll joined = flow_join_fields(sides_of(), &left);
    flow_expect(joined, PAIR, LEFT);
    const flow_type *type = flow_coll_type(joined);
    ck_assert_uint_eq(flow_type_field(type, "id")->presence, 0);
    ck_assert_uint_ne(flow_type_field(type, "right_id")->presence, 0);
    passes();
}
END_TEST

START_TEST(joins_by_fields_that_cannot_be_are_refused)
{
    static const char *const id[] = { "id" };
    flow_join_fields_options options = { .left_by = by_city, .right_by = id, .by_count = 1 };
    flow_join_fields(sides_of(), &options);
    fails("flow_join_fields: 'shop.city' of the left is 'text', 'id' of the right is 'int64'");
    options.by_count = 0;
    flow_join_fields(sides_of(), &options);
    fails("flow_join_fields: 0 fields were given to join by, 1 to 32 may be");
    options.by_count = 1;
    options.right_by = NULL;
    flow_join_fields(sides_of(), &options);
    fails("flow_join_fields: 'sale' has no field 'shop.city'");
}
END_TEST

TCase *join_fields_tests(void)
{
    TCase *tests = tcase_create("join_fields");
    tcase_add_checked_fixture(tests, sales_setup, sales_teardown);
    tcase_add_test(tests, pairs_have_the_fields_of_both);
    tcase_add_test(tests, a_side_that_may_lack_a_partner_is_optional);
    tcase_add_test(tests, joins_by_fields_that_cannot_be_are_refused);
    return tests;
}
