// SPDX-License-Identifier: Apache-2.0
// flow_join: pairs of a window, and rows without a partner.
#include "shop.h"

struct pair {
    flow_str id;
    int64_t cents; // −1: no order
    flow_str by;   // "-": no payment
};
FLOW_RECORD(pair, id, cents, by);

static flow_status match(
    flow_ctx *ctx, const flow_str *id, const struct order *o, const struct payment *paid)
{
    return FLOW_EMIT(
        ctx, pair, .id = *id, .cents = o ? o->cents : -1, .by = paid ? paid->by : flow_str_of("-"));
}
FLOW_JOIN_FN(match, flow_str, order, payment, pair);

#define A1 "{\"id\":\"a\",\"cents\":1,\"by\":\"card\"}"
#define A2 "{\"id\":\"a\",\"cents\":2,\"by\":\"card\"}"
#define A3 "{\"id\":\"a\",\"cents\":1,\"by\":\"cash\"}"
#define A4 "{\"id\":\"a\",\"cents\":2,\"by\":\"cash\"}"
#define B  "{\"id\":\"b\",\"cents\":7,\"by\":\"-\"}"
#define C  "{\"id\":\"c\",\"cents\":-1,\"by\":\"card\"}"

START_TEST(each_kind_gives_pairs_and_its_rows_without_partner)
{
    static const struct {
        flow_join_kind kind;
        const char *lines[6];
        size_t count;
    } cases[] = {
        { FLOW_JOIN_INNER, { A1, A2, A3, A4 }, 4 },
        { FLOW_JOIN_LEFT, { A1, A2, A3, A4, B }, 5 },
        { FLOW_JOIN_RIGHT, { A1, A2, A3, A4, C }, 5 },
        { FLOW_JOIN_FULL, { A1, A2, A3, A4, B, C }, 6 },
    };
    order("a", 1, 1);
    order("a", 2, 9);
    payment("a", "card", 2);
    payment("a", "cash", 3);
    order("b", 7, 4);
    payment("c", "card", 5);
    const flow_coll joined =
        flow_join((flow_sides){ orders, payments }, cases[_i].kind, &match_join, NULL);
    flow_expect_lines(joined, cases[_i].lines, cases[_i].count, NULL);
    passes();
}
END_TEST

START_TEST(rows_of_different_windows_are_no_pair)
{
    order("a", 1, 9);
    payment("a", "card", 10);
    flow_expect(flow_join((flow_sides){ orders, payments }, FLOW_JOIN_FULL, &match_join, NULL),
        "{\"id\":\"a\",\"cents\":1,\"by\":\"-\"}", "{\"id\":\"a\",\"cents\":-1,\"by\":\"card\"}");
    passes();
}
END_TEST

START_TEST(an_outer_row_waits_for_the_end_of_its_window)
{
    order("a", 1, 1);
    watermark(9); // the window is still open
    payment("a", "card", 9);
    flow_expect(flow_join((flow_sides){ orders, payments }, FLOW_JOIN_LEFT, &match_join, NULL), A1);
    passes();
}
END_TEST

START_TEST(joins_that_cannot_be_are_refused)
{
    const flow_sides sides = { orders, payments };
    ck_assert_uint_eq(flow_join(sides, FLOW_JOIN_INNER, NULL, NULL).id, 0);
    fails("flow_join: it was given no function");
    shop_teardown();
    shop_setup();
    flow_join((flow_sides){ orders, payments }, (flow_join_kind)4, &match_join, NULL);
    fails("flow_join: there is no such kind of join");
    shop_teardown();
    shop_setup();
    flow_join((flow_sides){ payments, orders }, FLOW_JOIN_INNER, &match_join, NULL);
    fails("flow_join: input 0 of 'match' takes 'order', it has 'payment'");
}
END_TEST

TCase *join_tests(void)
{
    TCase *tests = tcase_create("join");
    tcase_add_checked_fixture(tests, shop_setup, shop_teardown);
    tcase_add_loop_test(tests, each_kind_gives_pairs_and_its_rows_without_partner, 0, 4);
    tcase_add_test(tests, rows_of_different_windows_are_no_pair);
    tcase_add_test(tests, an_outer_row_waits_for_the_end_of_its_window);
    tcase_add_test(tests, joins_that_cannot_be_are_refused);
    return tests;
}
