// SPDX-License-Identifier: Apache-2.0
// flow_where: all conditions must be met.
#include <stdio.h>

#include <flow/memory.h>

#include "sales.h"

static void add_some(void)
{
    sale((struct sale){
        .id = 1, .has_cents = true, .cents = 5, .shop = { { "Kyiv", 4 }, true, 1 } });
    sale((struct sale){
        .id = 2, .has_cents = true, .cents = 7, .shop = { { "Lima", 4 }, true, 2 } });
    sale((struct sale){ .id = 3, .shop = { { "Oslo", 4 }, false, 0 } });
}

static const struct {
    flow_condition conditions[2];
    size_t count;
    const char *ids; // of those that pass
} cases[] = {
    { { { "id", FLOW_EQUAL, "2" } }, 1, "2" },
    { { { "id", FLOW_NOT_EQUAL, "2" } }, 1, "13" },
    { { { "id", FLOW_BELOW, "2" } }, 1, "1" },
    { { { "id", FLOW_AT_MOST, "2" } }, 1, "12" },
    { { { "id", FLOW_ABOVE, "2" } }, 1, "3" },
    { { { "id", FLOW_AT_LEAST, "2" } }, 1, "23" },
    { { { "cents", FLOW_ABOVE, "0" } }, 1, "12" },
    { { { "cents", FLOW_NOT_EQUAL, "5" } }, 1, "2" },
    { { { "cents", FLOW_IS_ABSENT, NULL } }, 1, "3" },
    { { { "shop.floor", FLOW_IS_PRESENT, NULL } }, 1, "12" },
    { { { "shop.city", FLOW_AT_LEAST, "Lima" }, { "id", FLOW_BELOW, "3" } }, 2, "2" },
    { { { "items", FLOW_IS_PRESENT, NULL } }, 1, "123" },
};

START_TEST(elements_that_meet_all_conditions_pass)
{
    char lines[3][16];
    const char *wanted[3];
    const size_t count = strlen(cases[_i].ids);
    for (size_t i = 0; i < count; i++) {
        snprintf(lines[i], sizeof lines[i], "{\"id\":%c}", cases[_i].ids[i]);
        wanted[i] = lines[i];
    }
    add_some();
    const flow_column id = { .from = "id" };
    const flow_coll some = flow_where(sales, cases[_i].conditions, cases[_i].count, NULL);
    flow_expect_lines(flow_select(some, &id, 1, NULL), wanted, count, NULL);
    passes();
}
END_TEST

START_TEST(the_key_stays)
{
    const flow_condition any = { "id", FLOW_ABOVE, "0" };
    const flow_coll keyed = flow_key_by(sales, FLOW_FIELD(sale, note));
    ck_assert_str_eq(flow_coll_key(flow_where(keyed, &any, 1, "some")).name, "note");
}
END_TEST

START_TEST(conditions_that_cannot_be_are_refused)
{
    static const struct {
        flow_condition condition;
        const char *message;
    } refused[] = {
        { { "price", FLOW_EQUAL, "1" }, "flow_where: 'sale' has no field 'price'" },
        { { "id", (flow_comparison)9, "1" }, "flow_where: there is no such comparison of 'id'" },
        { { "id", FLOW_EQUAL, "one" }, "flow_where: the constant \"one\" is no int64" },
        { { "id", FLOW_EQUAL, NULL }, "flow_where: a constant is of no kind 'int64'" },
        { { "shop", FLOW_EQUAL, "x" },
            "flow_where: field 'shop' is 'record', which is not compared" },
    };
    for (size_t i = 0; i < TABLE_SIZE(refused); i++) {
        ck_assert_uint_eq(flow_where(sales, &refused[i].condition, 1, NULL).id, 0);
        fails(refused[i].message);
    }
    flow_where(sales, NULL, 1, NULL);
    fails("flow_where: 0 conditions were given, 1 to 64 may be");
}
END_TEST

struct call {
    int64_t id;
    flow_duration took;
    flow_bytes tag;
};
FLOW_RECORD(call, id, took, tag);

static const struct {
    flow_condition condition;
    size_t count; // of the calls that pass
} texts[] = {
    { { "took", FLOW_BELOW, "10m" }, 1 },
    { { "took", FLOW_AT_LEAST, "10m" }, 2 },
    { { "took", FLOW_AT_LEAST, "600000000" }, 2 },
    { { "took", FLOW_BELOW, "0s" }, 0 },
    { { "took", FLOW_EQUAL, "1h30m" }, 1 },
    { { "tag", FLOW_EQUAL, "AQ==" }, 1 },
    { { "tag", FLOW_EQUAL, "" }, 1 },
    { { "tag", FLOW_NOT_EQUAL, "/wE=" }, 2 },
};

START_TEST(durations_have_units_and_bytes_are_base64)
{
    static const struct call calls[] = { { 1, { 1000000 }, { "\xff\x01", 2 } },
        { 2, { 600000000 }, { "\x01", 1 } }, { 3, { 5400000000 }, { NULL, 0 } } };
    const flow_create_options three = { .type = &call_type, .rows = calls, .count = 3 };
    const flow_coll some = flow_where(flow_create(p, &three), &texts[_i].condition, 1, NULL);
    char line[32];
    snprintf(line, sizeof line, "{\"count\":%zu}", texts[_i].count);
    if (texts[_i].count)
        flow_expect(flow_count(some), line);
    else
        flow_expect_empty(some, NULL);
    passes();
}
END_TEST

START_TEST(bytes_that_are_no_base64_are_refused)
{
    const flow_create_options none = { .type = &call_type };
    const flow_condition odd = { "tag", FLOW_EQUAL, "?" };
    ck_assert_uint_eq(flow_where(flow_create(p, &none), &odd, 1, NULL).id, 0);
    fails("flow_where: the constant \"?\" is no bytes");
}
END_TEST

TCase *where_tests(void)
{
    TCase *tests = tcase_create("where");
    tcase_add_checked_fixture(tests, sales_setup, sales_teardown);
    tcase_add_loop_test(tests, elements_that_meet_all_conditions_pass, 0, (int)TABLE_SIZE(cases));
    tcase_add_test(tests, the_key_stays);
    tcase_add_test(tests, conditions_that_cannot_be_are_refused);
    tcase_add_loop_test(
        tests, durations_have_units_and_bytes_are_base64, 0, (int)TABLE_SIZE(texts));
    tcase_add_test(tests, bytes_that_are_no_base64_are_refused);
    return tests;
}
