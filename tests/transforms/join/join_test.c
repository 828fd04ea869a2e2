// SPDX-License-Identifier: Apache-2.0
// flow_join: pairs of a window, and rows without a partner.
#include "shop.h"

#include <string.h>

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

// Fails, after it has emitted, on some pairs and on rows alone.
static flow_status match_some(
    flow_ctx *ctx, const flow_str *id, const struct order *o, const struct payment *paid)
{
    const flow_status status = match(ctx, id, o, paid);
    return !o || !paid || o->cents == 2
               ? flow_fail(ctx, FLOW_USER, "no %s", o && paid ? "pair" : "partner")
               : status;
}
FLOW_JOIN_FN(match_some, flow_str, order, payment, pair);

START_TEST(a_join_fails_by_pair)
{
    order("a", 1, 1);
    order("a", 2, 9);
    payment("a", "card", 2);
    payment("a", "cash", 3);
    order("b", 7, 4);
    payment("c", "card", 5);
    const flow_coll joined = flow_join((flow_sides){ orders, payments }, FLOW_JOIN_FULL,
        &match_some_join, &(flow_do_options){ .on_error = FLOW_ON_ERROR_DEAD_LETTER });
    flow_expect(joined, A1, A3);
    flow_expect(dead_letters(joined),
        DEAD("{\\\"id\\\":\\\"a\\\",\\\"cents\\\":2}",
            "{\\\"id\\\":\\\"a\\\",\\\"by\\\":\\\"card\\\"}"),
        DEAD("{\\\"id\\\":\\\"a\\\",\\\"cents\\\":2}",
            "{\\\"id\\\":\\\"a\\\",\\\"by\\\":\\\"cash\\\"}"),
        DEAD("{\\\"id\\\":\\\"b\\\",\\\"cents\\\":7}", "null"),
        DEAD("null", "{\\\"id\\\":\\\"c\\\",\\\"by\\\":\\\"card\\\"}"));
    passes();
}
END_TEST

START_TEST(an_error_of_a_join_shows_the_pair)
{
    const flow_runner runner = flow_simulated(NULL);
    flow_error error;
    order("b", 7, 4);
    flow_expect(
        flow_join((flow_sides){ orders, payments }, FLOW_JOIN_LEFT, &match_some_join, NULL), B);
    ck_assert_int_eq(flow_run(p, &runner, &error), FLOW_USER);
    const char *wanted =
        "no partner; element {\"left\":{\"id\":\"b\",\"cents\":7},\"right\":null} at ";
    ck_assert_msg(strncmp(error.message, wanted, strlen(wanted)) == 0, "%s", error.message);
}
END_TEST

static bool has_good_ones(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    const size_t *wanted = user;
    for (size_t i = 0; i < count; i++)
        if (strstr(seen[i].text, "\"cents\":2"))
            return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "a pair stays") == FLOW_OK;
    return count == *wanted || flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu pairs, not %zu",
                                   count, *wanted) == FLOW_OK;
}

static bool is_so_many(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    const size_t *wanted = user;
    (void)seen;
    return count == *wanted || flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu, not %zu", count,
                                   *wanted) == FLOW_OK;
}

// More pairs than an output holds, in any order of good and bad: what others gave stays.
START_TEST(pairs_that_fail_among_many_take_nothing_else_along)
{
    static size_t good = 2 * 20 * 60, bad = 20 * 60;
    for (int i = 0; i < 60; i++) {
        order("a", _i ? i / 20 : i % 3, 1);
        payment("a", "card", 2);
    }
    const flow_coll joined = flow_join((flow_sides){ orders, payments }, FLOW_JOIN_INNER,
        &match_some_join, &(flow_do_options){ .on_error = FLOW_ON_ERROR_DEAD_LETTER });
    flow_expect_that(joined, has_good_ones, &good, NULL);
    flow_expect_that(flow_dead_letters(joined), is_so_many, &bad, NULL);
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
    tcase_add_test(tests, a_join_fails_by_pair);
    tcase_add_test(tests, an_error_of_a_join_shows_the_pair);
    tcase_add_loop_test(tests, pairs_that_fail_among_many_take_nothing_else_along, 0, 2);
    tcase_add_test(tests, joins_that_cannot_be_are_refused);
    return tests;
}
