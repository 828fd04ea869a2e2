// SPDX-License-Identifier: Apache-2.0
// flow_interval_join: pairs so far apart, in order of event time.
#include "shop.h"

struct span {
    int64_t cents;
    flow_str by;
};
FLOW_RECORD(span, cents, by);

static flow_status pair_up(
    flow_ctx *ctx, const flow_str *id, const struct order *o, const struct payment *paid)
{
    (void)id;
    return FLOW_EMIT(ctx, span, .cents = o->cents, .by = paid->by);
}
FLOW_JOIN_FN(pair_up, flow_str, order, payment, span);

static flow_coll join(int64_t from, int64_t to)
{
    const flow_interval_join_options options = { .from = flow_seconds(from),
        .to = flow_seconds(to) };
    return flow_interval_join(all_time(), &pair_up_join, &options);
}

#define PAIR(cents, by) "{\"cents\":" #cents ",\"by\":\"" #by "\"}"

START_TEST(rows_pair_within_the_interval_and_its_ends)
{
    payment("a", "p", 9);
    payment("a", "q", 10);
    payment("b", "r", 20); // of another key
    order("a", 1, 20);
    payment("a", "s", 25);
    payment("a", "t", 26);
    flow_expect(join(-10, 5), PAIR(1, q), PAIR(1, s));
    passes();
}
END_TEST

START_TEST(an_interval_may_reach_over_all_time)
{
    static const int64_t ends[][2] = { { INT64_MIN, INT64_MAX }, { INT64_MIN, 0 },
        { INT64_MIN, INT64_MIN }, { INT64_MAX, INT64_MAX } };
    payment("a", "p", 9);
    order("a", 1, 20);
    const flow_interval_join_options options = { .from = { ends[_i][0] }, .to = { ends[_i][1] } };
    const flow_coll joined = flow_interval_join(all_time(), &pair_up_join, &options);
    if (_i < 2)
        flow_expect(joined, PAIR(1, p));
    else
        flow_expect_empty(joined, NULL);
    passes();
}
END_TEST

START_TEST(rows_pair_whatever_came_first)
{
    payment("a", "later", 25);
    order("a", 1, 20);
    payment("a", "before", 15);
    flow_expect(join(-10, 5), PAIR(1, later), PAIR(1, before));
    passes();
}
END_TEST

START_TEST(an_interval_may_lie_on_one_side)
{
    payment("a", "same", 20);
    order("a", 1, 20);
    payment("a", "soon", 22);
    payment("a", "later", 24);
    flow_expect(join(1, 3), PAIR(1, soon));
    passes();
    shop_teardown();
    shop_setup();
    payment("a", "same", 20);
    order("a", 1, 22);
    order("a", 2, 30);
    flow_expect(join(-3, -1), PAIR(1, same));
    passes();
}
END_TEST

static bool times(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    (void)user;
    if (count == 2 && seen[0].time.us == second(25).us && seen[1].time.us == second(20).us)
        return true;
    return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu pairs", count) == FLOW_OK;
}

START_TEST(a_pair_has_the_time_of_its_later_row)
{
    payment("a", "a25", 25);
    payment("a", "b15", 15);
    order("a", 1, 20);
    flow_expect_that(join(-10, 5), times, NULL, NULL);
    passes();
}
END_TEST

START_TEST(rows_are_kept_as_long_as_they_can_pair)
{
    order("a", 1, 0);
    watermark(100);
    order("a", 2, 100);
    payment("a", "p", 105);
    watermark(106);
    payment("a", "q", 106);
    flow_expect(join(0, 5), PAIR(2, p));
    passes();
}
END_TEST

START_TEST(rows_pair_within_a_session_that_others_of_both_sides_keep_up)
{
    payment("a", "p", 0);
    order("a", 1, 12); // one session by the payment of 6
    payment("a", "q", 6);
    payment("a", "r", 30); // another session
    order("a", 2, 36);
    payment("b", "s", 14);
    const flow_interval_join_options options = { .from = flow_seconds(-20),
        .to = flow_seconds(20) };
    flow_expect(flow_interval_join(in_visits(8), &pair_up_join, &options), PAIR(1, p), PAIR(1, q),
        PAIR(2, r));
    passes();
}
END_TEST

// Fails, after it has emitted, on payments by a bad card.
static flow_status pair_good(
    flow_ctx *ctx, const flow_str *id, const struct order *o, const struct payment *paid)
{
    const flow_status status = pair_up(ctx, id, o, paid);
    const bool bad = flow_str_equal(paid->by, flow_str_of("bad"));
    return bad ? flow_fail(ctx, FLOW_USER, "a bad card") : status;
}
FLOW_JOIN_FN(pair_good, flow_str, order, payment, span);

#define BAD(cents)                                                                                 \
    DEAD("{\\\"id\\\":\\\"a\\\",\\\"cents\\\":" #cents "}",                                        \
        "{\\\"id\\\":\\\"a\\\",\\\"by\\\":\\\"bad\\\"}")

// The row that failed with one waits for others as if it had not.
START_TEST(an_interval_join_fails_by_pair)
{
    order("a", 1, 18);
    order("a", 2, 19);
    payment("a", "q", 20);
    payment("a", "bad", 21);
    payment("a", "r", 22);
    order("a", 3, 23);
    flow_interval_join_options options = { .from = flow_seconds(-5),
        .to = flow_seconds(5),
        .on_error = _i ? FLOW_ON_ERROR_SKIP : FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll joined = flow_interval_join(all_time(), &pair_good_join, &options);
    flow_expect(joined, PAIR(1, q), PAIR(2, q), PAIR(1, r), PAIR(2, r), PAIR(3, q), PAIR(3, r));
    if (_i == 0)
        flow_expect(dead_letters(joined), BAD(1), BAD(2), BAD(3));
    passes();
}
END_TEST

START_TEST(an_error_of_an_interval_join_shows_the_pair)
{
    order("a", 1, 18);
    payment("a", "bad", 21);
    const flow_interval_join_options options = { .to = flow_seconds(5) };
    flow_expect(flow_interval_join(all_time(), &pair_good_join, &options), PAIR(1, none));
    fails("a bad card; element {\"left\":{\"id\":\"a\",\"cents\":1},\"right\":{\"id\":\"a\",\"by\":"
          "\"bad\"}} at 1970-01-01T00:00:21Z");
}
END_TEST

START_TEST(interval_joins_that_cannot_be_are_refused)
{
    join(5, 4);
    fails("flow_interval_join: its interval ends before it begins");
    shop_teardown();
    shop_setup();
    flow_interval_join(all_time(), NULL, NULL);
    fails("flow_interval_join: it was given no function");
    shop_teardown();
    shop_setup();
    flow_interval_join(by_function(), &pair_up_join, NULL);
    fails("flow_interval_join: the windows of its input merge as a function says, maybe by what "
          "comes later, so which rows meet would depend on the order of coming; use sessions or "
          "windows that do not merge");
}
END_TEST

TCase *interval_tests(void)
{
    TCase *tests = tcase_create("interval");
    tcase_add_checked_fixture(tests, shop_setup, shop_teardown);
    tcase_add_test(tests, rows_pair_within_the_interval_and_its_ends);
    tcase_add_loop_test(tests, an_interval_may_reach_over_all_time, 0, 4);
    tcase_add_test(tests, rows_pair_whatever_came_first);
    tcase_add_test(tests, an_interval_may_lie_on_one_side);
    tcase_add_test(tests, a_pair_has_the_time_of_its_later_row);
    tcase_add_test(tests, rows_are_kept_as_long_as_they_can_pair);
    tcase_add_test(tests, rows_pair_within_a_session_that_others_of_both_sides_keep_up);
    tcase_add_loop_test(tests, an_interval_join_fails_by_pair, 0, 2);
    tcase_add_test(tests, an_error_of_an_interval_join_shows_the_pair);
    tcase_add_test(tests, interval_joins_that_cannot_be_are_refused);
    return tests;
}
