// SPDX-License-Identifier: Apache-2.0
// flow_select, flow_with_fields, flow_drop_fields, flow_convert.
#include "sales.h"

static flow_str text(const char *of)
{
    return flow_str_of(of);
}

START_TEST(select_reaches_into_records_and_renames)
{
    sale(
        (struct sale){ .id = 1, .shop = { text("Kyiv"), true, 3 }, .has_cents = true, .cents = 7 });
    sale((struct sale){ .id = 2, .shop = { text("Lima"), false, 0 } });
    const flow_column columns[] = { { .from = "shop.city" }, { .from = "id", .as = "number" },
        { .from = "shop.floor" }, { .from = "cents" }, { .from = "shop", .as = "whole" },
        { .as = "kind", .to = FLOW_KIND_STR, .value = "sale" },
        { .as = "one", .to = FLOW_KIND_I32, .value = "1" } };
    flow_expect(flow_select(sales, columns, TABLE_SIZE(columns), NULL),
        "{\"city\":\"Kyiv\",\"number\":1,\"floor\":3,\"cents\":7,\"whole\":{\"city\":\"Kyiv\","
        "\"floor\":3},\"kind\":\"sale\",\"one\":1}",
        "{\"city\":\"Lima\",\"number\":2,\"floor\":null,\"cents\":null,\"whole\":{\"city\":"
        "\"Lima\","
        "\"floor\":null},\"kind\":\"sale\",\"one\":1}");
    passes();
}
END_TEST

START_TEST(with_fields_changes_in_place_and_adds_behind)
{
    const flow_column few[] = { { .from = "id" }, { .from = "rate" }, { .from = "shop" } };
    const flow_column changes[] = { { .as = "added", .to = FLOW_KIND_BOOL, .value = "true" },
        { .from = "rate", .as = "factor", .to = FLOW_KIND_I64 }, { .from = "shop.city" } };
    sale((struct sale){ .id = 1, .rate = 4, .shop = { text("Kyiv"), true, 3 } });
    const flow_coll small = flow_select(sales, few, 3, NULL);
    flow_expect(flow_with_fields(small, changes, 3, &(flow_do_options){ .name = "changed" }),
        "{\"id\":1,\"factor\":4,\"shop\":{\"city\":\"Kyiv\",\"floor\":3},\"added\":true,"
        "\"city\":\"Kyiv\"}");
    passes();
}
END_TEST

START_TEST(dropped_fields_are_gone)
{
    const char *const names[] = { "items", "tags", "shop", "at", "note" };
    sale((struct sale){ .id = 1, .rate = 0.5 });
    flow_expect(flow_drop_fields(sales, names, 5), "{\"id\":1,\"cents\":null,\"rate\":0.5}");
    passes();
}
END_TEST

struct brief {
    bool has_more;
    int64_t more; // no field of a sale
    double cents;
    int32_t id;
    struct shop shop;
};
static const flow_field brief_fields[] = { FLOW_COLUMN_OPTIONAL(brief, more, has_more),
    FLOW_COLUMN(brief, cents), FLOW_COLUMN(brief, id), FLOW_COLUMN_RECORD(brief, shop, shop) };
static const flow_type brief_type = { "brief", sizeof(struct brief), _Alignof(struct brief), 4,
    brief_fields };

START_TEST(convert_makes_a_struct_by_names)
{
    sale((struct sale){
        .id = 5, .has_cents = true, .cents = 12, .shop = { text("Oslo"), false, 0 } });
    FLOW_EXPECT_ROWS(flow_convert(sales, &brief_type, NULL), brief,
        { .cents = 12, .id = 5, .shop = { { "Oslo", 4 }, false, 0 } });
    passes();
}
END_TEST

START_TEST(an_absent_field_that_is_wanted_fails_the_element)
{
    sale((struct sale){ .id = 5 });
    flow_expect_empty(flow_convert(sales, &brief_type, NULL), NULL);
    fails("field 'cents' is absent");
}
END_TEST

struct foreign {
    int64_t missing;
};
FLOW_RECORD(foreign, missing);

struct other_shop {
    struct item shop;
};
FLOW_RECORD_OF(other_shop, FLOW_COLUMN_RECORD(other_shop, shop, item));

START_TEST(columns_that_cannot_be_are_refused)
{
    static const struct {
        flow_column column;
        const char *message;
    } cases[] = {
        { { .from = "price" }, "flow_select: 'sale' has no field 'price'" },
        { { .from = "shop.price" }, "flow_select: 'sale' has no field 'shop.price'" },
        { { .from = "id.price" }, "flow_select: 'sale' has no field 'id.price'" },
        { { .from = "shop", .to = FLOW_KIND_I64 },
            "flow_select: field 'shop' is 'record', which is no 'int64'" },
        { { .from = "at", .to = FLOW_KIND_I32 },
            "flow_select: field 'at' is 'time', which is no 'int32'" },
        { { .to = FLOW_KIND_I32, .value = "1" },
            "flow_select: a column is made of no field and has no name" },
        { { .as = "x", .to = FLOW_KIND_I32, .value = "one" },
            "flow_select: the constant \"one\" is no int32" },
        { { .as = "x", .value = "one" }, "flow_select: a constant is of no kind 'none'" },
    };
    for (size_t i = 0; i < TABLE_SIZE(cases); i++) {
        ck_assert_uint_eq(flow_select(sales, &cases[i].column, 1, NULL).id, 0);
        fails(cases[i].message);
    }
    flow_select(sales, NULL, 3, NULL);
    fails("flow_select: 0 columns were asked for, 1 to 1000 may be");
    const char *const unknown[] = { "price" };
    flow_drop_fields(sales, unknown, 1);
    fails("flow_drop_fields: 'sale' has no field 'price'");
    flow_convert(sales, &foreign_type, NULL);
    fails("flow_convert: 'sale' has no field 'missing'");
    flow_convert(sales, &other_shop_type, NULL);
    fails("flow_convert: field 'shop' of 'sale' is of another record or list than in 'other_shop'");
}
END_TEST

TCase *select_tests(void)
{
    TCase *tests = tcase_create("select");
    tcase_add_checked_fixture(tests, sales_setup, sales_teardown);
    tcase_add_test(tests, select_reaches_into_records_and_renames);
    tcase_add_test(tests, with_fields_changes_in_place_and_adds_behind);
    tcase_add_test(tests, dropped_fields_are_gone);
    tcase_add_test(tests, convert_makes_a_struct_by_names);
    tcase_add_test(tests, an_absent_field_that_is_wanted_fails_the_element);
    tcase_add_test(tests, columns_that_cannot_be_are_refused);
    return tests;
}
