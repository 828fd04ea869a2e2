// SPDX-License-Identifier: Apache-2.0
// flow_unnest: an element for each item.
#include "sales.h"

static flow_coll brief(const char *list)
{
    const flow_column columns[] = { { .from = "id" }, { .from = list } };
    return flow_select(sales, columns, 2, NULL);
}

START_TEST(each_item_of_a_list_of_records_is_an_element)
{
    const struct item items[] = { { { "hat", 3 }, true, 7 }, { { "cup", 3 }, false, 0 } };
    sale((struct sale){ .id = 1, .items = { items, 2 } });
    sale((struct sale){ .id = 2, .items = { items + 1, 1 } });
    sale((struct sale){ .id = 3 });
    flow_expect(flow_unnest(brief("items"), "items"), "{\"id\":1,\"sku\":\"hat\",\"size\":7}",
        "{\"id\":1,\"sku\":\"cup\",\"size\":null}", "{\"id\":2,\"sku\":\"cup\",\"size\":null}");
    passes();
}
END_TEST

START_TEST(an_item_that_is_no_record_keeps_the_name_of_the_list)
{
    const flow_str tags[] = { { "new", 3 }, { "red", 3 } };
    sale((struct sale){ .id = 1, .tags = { tags, 2 } });
    flow_expect(flow_unnest(brief("tags"), "tags"), "{\"id\":1,\"tags\":\"new\"}",
        "{\"id\":1,\"tags\":\"red\"}");
    passes();
}
END_TEST

START_TEST(what_is_no_list_is_refused)
{
    flow_unnest(sales, "note");
    fails("flow_unnest: field 'note' is 'text', no list");
    flow_unnest(sales, "price");
    fails("flow_unnest: 'sale' has no field 'price'");
}
END_TEST

TCase *unnest_tests(void)
{
    TCase *tests = tcase_create("unnest");
    tcase_add_checked_fixture(tests, sales_setup, sales_teardown);
    tcase_add_test(tests, each_item_of_a_list_of_records_is_an_element);
    tcase_add_test(tests, an_item_that_is_no_record_keeps_the_name_of_the_list);
    tcase_add_test(tests, what_is_no_list_is_refused);
    return tests;
}
