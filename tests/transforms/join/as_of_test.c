// SPDX-License-Identifier: Apache-2.0
// flow_as_of_join: the version that was valid.
#include "shop.h"

struct span {
    int64_t cents;
    flow_str by;
};
FLOW_RECORD(span, cents, by);

static flow_status look_up(
    flow_ctx *ctx, const flow_str *id, const struct order *o, const struct payment *version)
{
    (void)id;
    return FLOW_EMIT(ctx, span, .cents = o->cents, .by = version ? version->by : flow_str_of("-"));
}
FLOW_JOIN_FN(look_up, flow_str, order, payment, span);

#define FOUND(cents, by) "{\"cents\":" #cents ",\"by\":\"" #by "\"}"

START_TEST(each_row_finds_the_last_version_up_to_its_time)
{
    order("a", 1, 4);
    payment("a", "v5", 5);
    order("a", 2, 5);
    order("a", 3, 8);
    payment("a", "v9", 9);
    payment("b", "w", 0);
    order("a", 4, 20);
    flow_expect(
        flow_as_of_join(all_time(), &look_up_join, NULL), FOUND(2, v5), FOUND(3, v5), FOUND(4, v9));
    passes();
}
END_TEST

START_TEST(a_version_that_comes_later_counts_if_the_watermark_has_not_passed)
{
    order("a", 1, 10);
    payment("a", "v3", 3);
    watermark(10);
    payment("a", "v10", 10); // the watermark stands at its time
    watermark(30);
    flow_expect(flow_as_of_join(all_time(), &look_up_join, NULL), FOUND(1, v10));
    passes();
}
END_TEST

START_TEST(without_a_version_left_rows_are_given_when_asked_for)
{
    order("a", 1, 10);
    payment("a", "v11", 11);
    order("a", 2, 12);
    const flow_as_of_join_options left = { .kind = FLOW_JOIN_LEFT };
    flow_expect(flow_as_of_join(all_time(), &look_up_join, &left), FOUND(1, -), FOUND(2, v11));
    passes();
}
END_TEST

START_TEST(a_version_that_is_too_old_is_none)
{
    payment("a", "v0", 0);
    order("a", 1, 10);
    order("a", 2, 11);
    const flow_as_of_join_options options = { .max_age = flow_seconds(10) };
    flow_expect(flow_as_of_join(all_time(), &look_up_join, &options), FOUND(1, v0));
    passes();
}
END_TEST

START_TEST(versions_stay_for_rows_that_come_much_later)
{
    payment("a", "v0", 0);
    payment("a", "v1", 1);
    watermark(1000000);
    order("a", 1, 1000000);
    order("a", 2, 2000000);
    flow_expect(flow_as_of_join(all_time(), &look_up_join, NULL), FOUND(1, v1), FOUND(2, v1));
    passes();
}
END_TEST

static bool times(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    (void)user;
    if (count == 2 && seen[0].time.us == second(10).us && seen[1].time.us == second(12).us)
        return true;
    return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu rows", count) == FLOW_OK;
}

START_TEST(results_have_the_time_of_their_row)
{
    payment("a", "v0", 0);
    order("a", 1, 10);
    order("a", 2, 12);
    flow_expect_that(flow_as_of_join(all_time(), &look_up_join, NULL), times, NULL, NULL);
    passes();
}
END_TEST

START_TEST(a_version_is_valid_as_long_as_its_session)
{
    payment("a", "v0", 0);
    order("a", 1, 12);
    order("a", 2, 6); // makes one session of both
    order("a", 3, 30);
    watermark(35);
    payment("a", "v37", 37);
    order("a", 4, 40);
    const flow_as_of_join_options left = { .kind = FLOW_JOIN_LEFT };
    flow_expect(flow_as_of_join(in_visits(8), &look_up_join, &left), FOUND(1, v0), FOUND(2, v0),
        FOUND(3, -), FOUND(4, v37));
    passes();
}
END_TEST

// Fails, after it has emitted, on even cents and where there is no version.
static flow_status look_up_odd(
    flow_ctx *ctx, const flow_str *id, const struct order *o, const struct payment *version)
{
    const flow_status status = look_up(ctx, id, o, version);
    return !version || o->cents % 2 == 0 ? flow_fail(ctx, FLOW_USER, "no such order") : status;
}
FLOW_JOIN_FN(look_up_odd, flow_str, order, payment, span);

#define ORDER(cents) "{\\\"id\\\":\\\"a\\\",\\\"cents\\\":" #cents "}"

// Rows of one instant, and those that find the version later, are given all the same.
START_TEST(an_as_of_join_fails_by_row)
{
    order("a", 1, 1);
    payment("a", "v5", 5);
    order("a", 2, 6);
    order("a", 3, 6);
    order("a", 4, 7);
    order("a", 5, 8);
    const flow_as_of_join_options options = { .kind = FLOW_JOIN_LEFT,
        .on_error = _i ? FLOW_ON_ERROR_SKIP : FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll joined = flow_as_of_join(all_time(), &look_up_odd_join, &options);
    flow_expect(joined, FOUND(3, v5), FOUND(5, v5));
    if (_i == 0)
        flow_expect(dead_letters(joined), DEAD(ORDER(1), "null"),
            DEAD(ORDER(2), "{\\\"id\\\":\\\"a\\\",\\\"by\\\":\\\"v5\\\"}"),
            DEAD(ORDER(4), "{\\\"id\\\":\\\"a\\\",\\\"by\\\":\\\"v5\\\"}"));
    passes();
}
END_TEST

START_TEST(an_error_of_an_as_of_join_shows_the_row_and_its_version)
{
    order("a", 1, 1);
    const flow_as_of_join_options options = { .kind = FLOW_JOIN_LEFT };
    flow_expect(flow_as_of_join(all_time(), &look_up_odd_join, &options), FOUND(1, -));
    fails("no such order; element {\"left\":{\"id\":\"a\",\"cents\":1},\"right\":null} at "
          "1970-01-01T00:00:01Z");
}
END_TEST

START_TEST(as_of_joins_that_cannot_be_are_refused)
{
    const flow_as_of_join_options full = { .kind = FLOW_JOIN_FULL };
    flow_as_of_join(all_time(), &look_up_join, &full);
    fails("flow_as_of_join: it is inner or left");
    shop_teardown();
    shop_setup();
    flow_as_of_join(all_time(), NULL, NULL);
    fails("flow_as_of_join: it was given no function");
    shop_teardown();
    shop_setup();
    const flow_as_of_join_options negative = { .max_age = { -1 } };
    flow_as_of_join(all_time(), &look_up_join, &negative);
    fails("flow_as_of_join: its 'max_age' is below 0");
    shop_teardown();
    shop_setup();
    flow_as_of_join(by_function(), &look_up_join, NULL);
    fails("flow_as_of_join: the windows of its input merge as a function says, maybe by what comes "
          "later, so which rows meet would depend on the order of coming; use sessions or windows "
          "that do not merge");
}
END_TEST

TCase *as_of_tests(void)
{
    TCase *tests = tcase_create("as_of");
    tcase_add_checked_fixture(tests, shop_setup, shop_teardown);
    tcase_add_test(tests, each_row_finds_the_last_version_up_to_its_time);
    tcase_add_test(tests, a_version_that_comes_later_counts_if_the_watermark_has_not_passed);
    tcase_add_test(tests, without_a_version_left_rows_are_given_when_asked_for);
    tcase_add_test(tests, a_version_that_is_too_old_is_none);
    tcase_add_test(tests, versions_stay_for_rows_that_come_much_later);
    tcase_add_test(tests, results_have_the_time_of_their_row);
    tcase_add_test(tests, a_version_is_valid_as_long_as_its_session);
    tcase_add_loop_test(tests, an_as_of_join_fails_by_row, 0, 2);
    tcase_add_test(tests, an_error_of_an_as_of_join_shows_the_row_and_its_version);
    tcase_add_test(tests, as_of_joins_that_cannot_be_are_refused);
    return tests;
}
