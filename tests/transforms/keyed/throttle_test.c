// SPDX-License-Identifier: Apache-2.0
// flow_throttle: turns by the clock, nothing lost, times kept.
#include "tests.h"

// When it came, by the clock, in seconds since the script began.
static flow_status stamp(flow_ctx *ctx, const struct click *in, struct click *out)
{
    const int64_t begin = INT64_C(1700000000000000);
    *out = (struct click){ in->user, (flow_processing_time(ctx).us - begin) / 1000000 };
    return FLOW_OK;
}
FLOW_MAP_FN(stamp, click, click);

static flow_coll came(flow_coll in)
{
    return flow_do(in, &stamp_fn);
}

// The clock goes on second by second.
static void pass_seconds(int64_t seconds)
{
    for (int64_t i = 0; i < seconds; i++)
        wait_for(1);
}

#define AT(user, n) "{\"user\":\"" #user "\",\"n\":" #n "}"

START_TEST(elements_take_turns_by_the_clock)
{
    for (int i = 0; i < 5; i++)
        click("a", i, i);
    pass_seconds(100);
    click("b", 0, 9); // after a pause at once
    pass_seconds(100);
    // two in six seconds: one every three
    const flow_throttle_options options = { .elements = 2, .per = flow_seconds(6) };
    flow_expect(came(flow_throttle(clicks, &options)), AT(a, 0), AT(a, 3), AT(a, 6), AT(a, 9),
        AT(a, 12), AT(b, 100));
    passes();
}
END_TEST

START_TEST(a_burst_goes_at_once_and_comes_back_with_time)
{
    for (int i = 0; i < 4; i++)
        click("a", i, i);
    pass_seconds(7); // turns of 10, 20, 30, and 40 were used up to here
    click("b", 0, 9);
    pass_seconds(200);
    for (int i = 0; i < 4; i++)
        click("c", i, i);
    pass_seconds(100);
    const flow_throttle_options options = { .elements = 1, .per = flow_seconds(10), .burst = 3 };
    flow_expect(came(flow_throttle(clicks, &options)), AT(a, 0), AT(a, 0), AT(a, 0), AT(a, 10),
        AT(b, 20), AT(c, 207), AT(c, 207), AT(c, 207), AT(c, 217));
    passes();
}
END_TEST

START_TEST(keys_take_turns_for_themselves)
{
    click("a", 1, 1);
    click("b", 1, 1);
    click("a", 2, 1);
    pass_seconds(30);
    click("a", 3, 1); // its turn is forgotten, so it begins anew
    click("b", 2, 1);
    click("b", 3, 1);
    pass_seconds(30);
    const flow_throttle_options options = { .elements = 1, .per = flow_seconds(4), .by_key = true };
    const flow_coll out = flow_throttle(flow_key_by(clicks, FLOW_FIELD(click, user)), &options);
    ck_assert_str_eq(flow_coll_key(out).name, "user");
    flow_expect(
        came(flow_unkey(out)), AT(a, 0), AT(b, 0), AT(a, 4), AT(a, 30), AT(b, 30), AT(b, 34));
    passes();
}
END_TEST

static bool on_time(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    (void)user;
    for (size_t i = 0; i < count; i++)
        if (seen[i].pane.timing != FLOW_TIMING_ON_TIME)
            return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "not on time") == FLOW_OK;
    return count == 3 || flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu", count) == FLOW_OK;
}

START_TEST(those_that_wait_keep_their_times_and_hold_the_watermark)
{
    for (int i = 0; i < 30; i++)
        click("a", i, i);
    watermark(100);
    wait_for(1000);
    const flow_throttle_options options = { .elements = 1, .per = flow_seconds(20) };
    const flow_window_options cut = { .windows = flow_fixed(flow_seconds(10)) };
    const flow_coll counts = flow_count(flow_window_into(flow_throttle(clicks, &options), &cut));
    flow_expect(counts, "{\"count\":10}", "{\"count\":10}", "{\"count\":10}");
    flow_expect_that(counts, on_time, NULL, NULL);
    passes();
}
END_TEST

START_TEST(an_input_that_ends_is_given_to_its_end)
{
    for (int i = 0; i < 3; i++)
        click("a", i, i);
    const flow_throttle_options options = { .elements = 1, .per = flow_hours(1) };
    flow_expect(flow_throttle(clicks, &options), AT(a, 0), AT(a, 1), AT(a, 2));
    passes();
}
END_TEST

START_TEST(throttles_that_cannot_be_are_refused)
{
    const flow_throttle_options none = { .per = flow_seconds(1) };
    flow_throttle(clicks, &none);
    refused("flow_throttle: its 'elements' must be 1 to 1,000,000,000");
    const flow_throttle_options long_one = { .elements = 1, .per = flow_days(2) };
    flow_throttle(clicks, &long_one);
    refused("flow_throttle: its 'per' must be above 0 and at most a day");
    const flow_throttle_options good = { .elements = 1, .per = flow_seconds(1) };
    flow_throttle(windowed(5), &good);
    refused("flow_throttle: its input lies in windows, each of which would be counted apart; put "
            "flow_window_into behind it");
    const flow_throttle_options by_key = { .elements = 1, .per = flow_seconds(1), .by_key = true };
    flow_throttle(clicks, &by_key);
    refused("flow_throttle: it counts by key, but its input has none");
    const flow_throttle_options burst = { .elements = 1, .per = flow_seconds(1), .burst = -1 };
    flow_throttle(clicks, &burst);
    refused("flow_throttle: its 'burst' must be 0 to 1,000,000,000");
}
END_TEST

TCase *throttle_tests(void)
{
    TCase *tests = tcase_create("throttle");
    tcase_add_checked_fixture(tests, clicks_setup, clicks_teardown);
    tcase_add_test(tests, elements_take_turns_by_the_clock);
    tcase_add_test(tests, a_burst_goes_at_once_and_comes_back_with_time);
    tcase_add_test(tests, keys_take_turns_for_themselves);
    tcase_add_test(tests, those_that_wait_keep_their_times_and_hold_the_watermark);
    tcase_add_test(tests, an_input_that_ends_is_given_to_its_end);
    tcase_add_test(tests, throttles_that_cannot_be_are_refused);
    return tests;
}
