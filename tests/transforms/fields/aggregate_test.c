// SPDX-License-Identifier: Apache-2.0
// flow_aggregate: figures of groups.
#include <math.h>

#include "sales.h"

static void add_some(void)
{
    sale((struct sale){ .id = 1,
        .has_cents = true,
        .cents = 5,
        .rate = 0.5,
        .shop = { { "Kyiv", 4 }, true, 1 },
        .note = { "b", 1 } });
    sale((struct sale){ .id = 2,
        .has_cents = true,
        .cents = -2,
        .rate = 1.5,
        .shop = { { "Kyiv", 4 }, true, 1 },
        .note = { "a", 1 } });
    sale((struct sale){
        .id = 3, .rate = NAN, .shop = { { "Kyiv", 4 }, true, 1 }, .note = { "c", 1 } });
    sale((struct sale){ .id = 4, .rate = 2, .shop = { { "Lima", 4 }, false, 0 } });
}

START_TEST(each_group_has_its_figures)
{
    static const char *const by[] = { "shop.city", "shop.floor" };
    static const flow_aggregate_field fields[] = { { FLOW_COUNT_OF, NULL, "all" },
        { FLOW_COUNT_OF, "cents", "paid" }, { FLOW_SUM_OF, "cents", "sum" },
        { FLOW_MIN_OF, "note", "first" }, { FLOW_MAX_OF, "cents", "most" },
        { FLOW_MEAN_OF, "cents", "mean" } };
    add_some();
    const flow_aggregate_options options = {
        .by = by, .by_count = 2, .fields = fields, .field_count = TABLE_SIZE(fields)
    };
    flow_expect(flow_aggregate(sales, &options),
        "{\"city\":\"Kyiv\",\"floor\":1,\"all\":3,\"paid\":2,\"sum\":3,\"first\":\"a\",\"most\":5,"
        "\"mean\":1.5}",
        "{\"city\":\"Lima\",\"floor\":null,\"all\":1,\"paid\":0,\"sum\":null,\"first\":\"\","
        "\"most\":null,"
        "\"mean\":null}");
    passes();
}
END_TEST

START_TEST(without_fields_to_group_by_all_are_one_group)
{
    static const flow_aggregate_field fields[] = { { FLOW_SUM_OF, "id", "ids" },
        { FLOW_MIN_OF, "rate", "low" }, { FLOW_MAX_OF, "rate", "high" } };
    add_some();
    const flow_aggregate_options options = {
        .name = "all", .fields = fields, .field_count = TABLE_SIZE(fields)
    };
    flow_expect(flow_aggregate(flow_key_by(sales, FLOW_FIELD(sale, note)), &options),
        "{\"ids\":10,\"low\":0.5,\"high\":2}");
    passes();
}
END_TEST

START_TEST(a_sum_only_has_to_fit_in_the_end)
{
    static const flow_aggregate_field sum = { FLOW_SUM_OF, "id", "sum" };
    const flow_aggregate_options options = { .fields = &sum, .field_count = 1 };
    sale((struct sale){ .id = INT64_MAX });
    sale((struct sale){ .id = INT64_MAX });
    sale((struct sale){ .id = INT64_MIN });
    flow_expect(flow_aggregate(sales, &options), "{\"sum\":9223372036854775806}");
    passes();
    sales_teardown();
    sales_setup();
    sale((struct sale){ .id = INT64_MIN });
    sale((struct sale){ .id = -1 });
    flow_expect_empty(flow_aggregate(sales, &options), NULL);
    fails("the sum of 'id' does not fit 64 bits");
}
END_TEST

START_TEST(a_mean_may_be_negative)
{
    static const struct {
        int64_t ids[3];
        const char *mean;
    } cases[] = { { { -3, -3, -3 }, "{\"mean\":-3}" }, { { -1, -2, 0 }, "{\"mean\":-1}" },
        { { -6000000000, 0, 0 }, "{\"mean\":-2000000000}" },
        { { INT64_MIN, INT64_MIN, INT64_MIN }, "{\"mean\":-9223372036854775808}" } };
    static const flow_aggregate_field mean = { FLOW_MEAN_OF, "id", "mean" };
    const flow_aggregate_options options = { .fields = &mean, .field_count = 1 };
    for (int i = 0; i < 3; i++)
        sale((struct sale){ .id = cases[_i].ids[i] });
    flow_expect(flow_aggregate(sales, &options), cases[_i].mean);
    passes();
}
END_TEST

START_TEST(aggregates_that_cannot_be_are_refused)
{
    static const struct {
        flow_aggregate_field field;
        const char *message;
    } refused[] = {
        { { FLOW_SUM_OF, "note", "x" },
            "flow_aggregate: takes a number or a duration, its field 'note' is 'text'" },
        { { FLOW_MIN_OF, "shop", "x" }, "flow_aggregate: takes a field that is no record and no "
                                        "list, its field 'shop' is 'record'" },
        { { FLOW_SUM_OF, NULL, "x" },
            "flow_aggregate: field 'x' says not what it is made of, or is to be called" },
        { { FLOW_SUM_OF, "price", "x" }, "flow_aggregate: 'sale' has no field 'price'" },
    };
    for (size_t i = 0; i < TABLE_SIZE(refused); i++) {
        const flow_aggregate_options options = { .fields = &refused[i].field, .field_count = 1 };
        ck_assert_uint_eq(flow_aggregate(sales, &options).id, 0);
        fails(refused[i].message);
    }
    flow_aggregate(sales, NULL);
    fails("flow_aggregate: 0 fields are to be made, 1 to 64 may be");
}
END_TEST

TCase *aggregate_tests(void)
{
    TCase *tests = tcase_create("aggregate");
    tcase_add_checked_fixture(tests, sales_setup, sales_teardown);
    tcase_add_test(tests, each_group_has_its_figures);
    tcase_add_test(tests, without_fields_to_group_by_all_are_one_group);
    tcase_add_test(tests, a_sum_only_has_to_fit_in_the_end);
    tcase_add_loop_test(tests, a_mean_may_be_negative, 0, 4);
    tcase_add_test(tests, aggregates_that_cannot_be_are_refused);
    return tests;
}
