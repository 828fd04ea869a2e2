// SPDX-License-Identifier: Apache-2.0
// flow_cogroup: rows of several inputs by key and window.
#include "shop.h"

struct settled {
    flow_str id;
    int64_t orders;
    int64_t payments;
    int64_t counted; // by flow_gathered_count
    int64_t cents;   // read twice
};
FLOW_RECORD(settled, id, orders, payments, counted, cents);

static flow_status settle(flow_ctx *ctx, const flow_str *id, flow_gathered *rows)
{
    struct settled out = { .id = *id,
        .counted = (int64_t)(flow_gathered_count(rows, 0) + flow_gathered_count(rows, 1) +
                             flow_gathered_count(rows, 2)) }; // there is none
    const struct order *o;
    while ((o = FLOW_NEXT_OF(rows, 0, order))) {
        out.orders++;
        out.cents += o->cents;
    }
    flow_gathered_rewind(rows, 0);
    while ((o = FLOW_NEXT_OF(rows, 0, order)))
        out.cents += o->cents;
    const struct payment *paid;
    while ((paid = FLOW_NEXT_OF(rows, 1, payment)))
        out.payments += paid->by.len ? 1 : 100;
    return FLOW_EMIT_ROW(ctx, settled, &out);
}
FLOW_COGROUP_FN(settle, flow_str, (order, payment), settled);

static flow_status misread(flow_ctx *ctx, const flow_str *id, flow_gathered *rows)
{
    (void)id;
    (void)ctx;
    while (FLOW_NEXT_OF(rows, 1, order))
        ;
    return FLOW_OK;
}
FLOW_COGROUP_FN(misread, flow_str, (order, payment), settled);

static flow_status beyond(flow_ctx *ctx, const flow_str *id, flow_gathered *rows)
{
    (void)id;
    (void)ctx;
    while (FLOW_NEXT_OF(rows, 2, order))
        ;
    return FLOW_OK;
}
FLOW_COGROUP_FN(beyond, flow_str, (order, payment), settled);

START_TEST(rows_of_a_key_and_window_come_by_input)
{
    order("a", 5, 1);
    order("a", 6, 2);
    payment("a", "card", 3);
    order("b", 7, 4);
    payment("c", "cash", 5);
    order("a", 100, 11); // the next window
    flow_expect(flow_cogroup((flow_coll[]){ orders, payments }, &settle_cogroup, NULL),
        "{\"id\":\"a\",\"orders\":2,\"payments\":1,\"counted\":3,\"cents\":22}",
        "{\"id\":\"b\",\"orders\":1,\"payments\":0,\"counted\":1,\"cents\":14}",
        "{\"id\":\"c\",\"orders\":0,\"payments\":1,\"counted\":1,\"cents\":0}",
        "{\"id\":\"a\",\"orders\":1,\"payments\":0,\"counted\":1,\"cents\":200}");
    passes();
}
END_TEST

START_TEST(results_come_when_the_watermark_of_all_inputs_has_passed)
{
    order("a", 5, 1);
    watermark(10);
    payment("a", "card", 3); // its window has fired
    const flow_coll out = flow_cogroup((flow_coll[]){ orders, payments }, &settle_cogroup, NULL);
    flow_expect(out, "{\"id\":\"a\",\"orders\":1,\"payments\":0,\"counted\":1,\"cents\":10}");
    passes();
}
END_TEST

struct counted_pair {
    int64_t orders, payments;
};
FLOW_RECORD(counted_pair, orders, payments);

static flow_status pair_counts(flow_ctx *ctx, const flow_str *id, flow_gathered *rows)
{
    (void)id;
    const struct flow_counted *first = FLOW_NEXT_OF(rows, 0, flow_counted);
    const struct flow_counted *second = FLOW_NEXT_OF(rows, 1, flow_counted);
    return FLOW_EMIT(ctx, counted_pair, .orders = first ? first->count : 0,
        .payments = second ? second->count : 0);
}
FLOW_COGROUP_FN(pair_counts, flow_str, (flow_counted, flow_counted), counted_pair);

START_TEST(keys_that_are_no_fields_bring_rows_together)
{
    order("a", 5, 1);
    order("a", 6, 2);
    payment("a", "card", 3);
    payment("b", "card", 3);
    const flow_coll counts[] = { flow_count(orders), flow_count(payments) };
    ck_assert_ptr_null(flow_coll_key(counts[0]).type);
    const flow_do_options named = { .name = "both" };
    flow_expect(flow_cogroup(counts, &pair_counts_cogroup, &named), "{\"orders\":2,\"payments\":1}",
        "{\"orders\":0,\"payments\":1}");
    char *text = flow_pipeline_print(p, FLOW_PRINT_TEXT);
    ck_assert_ptr_nonnull(strstr(text, "both/pair_counts"));
    flow_text_free(text);
    passes();
}
END_TEST

START_TEST(reading_the_wrong_type_fails)
{
    payment("a", "card", 3);
    flow_expect_empty(
        flow_cogroup((flow_coll[]){ orders, payments }, &misread_cogroup, NULL), NULL);
    fails("asked for 'order' of input 1, which has 'payment'");
}
END_TEST

START_TEST(reading_an_input_that_is_not_there_fails)
{
    payment("a", "card", 3);
    flow_expect_empty(flow_cogroup((flow_coll[]){ orders, payments }, &beyond_cogroup, NULL), NULL);
    fails("asked for 'order' of input 2, there are fewer");
}
END_TEST

START_TEST(inputs_that_do_not_fit_are_refused)
{
    static const struct {
        int left, right; // 0 orders, 1 payments, 2 orders by amount, 3 unkeyed orders
        const char *message;
    } cases[] = {
        { 1, 1, "flow_cogroup: input 0 of 'settle' takes 'order', it has 'payment'" },
        { 3, 1, "flow_cogroup: input 0 of 'settle' has no key" },
        { 2, 1, "flow_cogroup: input 1 of 'settle' has a key of 'text', input 0 one of 'int64'" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const flow_coll colls[] = { orders, payments, flow_key_by(orders, FLOW_FIELD(order, cents)),
            flow_unkey(orders) };
        const flow_coll ins[] = { colls[cases[i].left], colls[cases[i].right] };
        ck_assert_uint_eq(flow_cogroup(ins, &settle_cogroup, NULL).id, 0);
        fails(cases[i].message);
        shop_teardown();
        shop_setup();
    }
    static const flow_cogroup_fn none = { .in_count = 0 };
    flow_cogroup(&orders, &none, NULL);
    fails("flow_cogroup: the function has 0 inputs, 1 to 16 may be");
}
END_TEST

TCase *cogroup_tests(void)
{
    TCase *tests = tcase_create("cogroup");
    tcase_add_checked_fixture(tests, shop_setup, shop_teardown);
    tcase_add_test(tests, rows_of_a_key_and_window_come_by_input);
    tcase_add_test(tests, results_come_when_the_watermark_of_all_inputs_has_passed);
    tcase_add_test(tests, keys_that_are_no_fields_bring_rows_together);
    tcase_add_test(tests, reading_the_wrong_type_fails);
    tcase_add_test(tests, reading_an_input_that_is_not_there_fails);
    tcase_add_test(tests, inputs_that_do_not_fit_are_refused);
    return tests;
}
