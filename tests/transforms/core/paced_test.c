// SPDX-License-Identifier: Apache-2.0
// flow_sequence_with: times, rates and ends, by the clock of the simulated runner.
#include "core_test.h"

#include <flow/test.h>

TCase *paced_tests(void);

#define BEGIN INT64_C(1700000000000000) // where the clock begins

static flow_pipeline *p;

static void setup(void)
{
    p = flow_pipeline_new("paced");
}

static void teardown(void)
{
    flow_pipeline_free(p);
}

static void passes(bool restart)
{
    const flow_simulated_options options = {
        .workers = 2, .seeds = 5, .fail_one_in = 6, .clock = { BEGIN }, .restart = restart
    };
    const flow_runner runner = flow_simulated(&options);
    flow_error error;
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s", error.message);
}

static flow_time in_steps(int64_t number)
{
    return (flow_time){ number * 1000000 };
}

// When it came, by the clock.
static flow_status stamp(flow_ctx *ctx, const struct flow_impulse *in, struct flow_impulse *out)
{
    *out = (struct flow_impulse){ { flow_processing_time(ctx).us - BEGIN }, in->number };
    return FLOW_OK;
}
FLOW_MAP_FN(stamp, flow_impulse, flow_impulse);

START_TEST(numbers_have_the_times_that_a_function_says)
{
    const flow_sequence_options options = { .from = -1, .to = 3, .time_of = in_steps };
    const flow_coll numbers = flow_sequence_with(p, &options);
    flow_expect(numbers, "{\"at\":\"1969-12-31T23:59:59Z\",\"number\":-1}",
        "{\"at\":\"1970-01-01T00:00:00Z\",\"number\":0}",
        "{\"at\":\"1970-01-01T00:00:01Z\",\"number\":1}",
        "{\"at\":\"1970-01-01T00:00:02Z\",\"number\":2}");
    const flow_window_options cut = { .windows = flow_fixed(flow_seconds(2)) };
    flow_expect(flow_count(flow_window_into(numbers, &cut)), "{\"count\":1}", "{\"count\":2}",
        "{\"count\":1}");
    passes(true);
}
END_TEST

START_TEST(they_come_at_their_rate)
{
    // three in nine seconds
    const flow_sequence_options options = {
        .to = 5, .elements = 3, .per = flow_seconds(9), .time_of = in_steps
    };
    flow_expect(flow_do(flow_sequence_with(p, &options), &stamp_fn),
        "{\"at\":\"1970-01-01T00:00:00Z\",\"number\":0}",
        "{\"at\":\"1970-01-01T00:00:03Z\",\"number\":1}",
        "{\"at\":\"1970-01-01T00:00:06Z\",\"number\":2}",
        "{\"at\":\"1970-01-01T00:00:09Z\",\"number\":3}",
        "{\"at\":\"1970-01-01T00:00:12Z\",\"number\":4}");
    passes(false);
}
END_TEST

START_TEST(without_a_function_the_clock_says_the_time)
{
    const flow_sequence_options options = { .to = 2, .elements = 1, .per = flow_seconds(30) };
    flow_expect(flow_sequence_with(p, &options), "{\"at\":\"2023-11-14T22:13:20Z\",\"number\":0}",
        "{\"at\":\"2023-11-14T22:13:50Z\",\"number\":1}");
    passes(false);
}
END_TEST

START_TEST(a_sequence_ends_after_so_long)
{
    const flow_sequence_options options = { .endless = true,
        .elements = 1,
        .per = flow_seconds(1),
        .time_of = in_steps,
        .lasts = flow_millis(3500) };
    const flow_coll numbers = flow_sequence_with(p, &options);
    ck_assert(!flow_pipeline_graph(p, NULL)->edges[numbers.id - 1].unbounded);
    flow_expect(flow_count(numbers), "{\"count\":4}");
    passes(false);
}
END_TEST

START_TEST(a_large_sequence_is_whole)
{
    const flow_sequence_options options = { .from = 5, .to = 100005, .time_of = in_steps };
    const flow_coll numbers = flow_sequence_with(p, &options);
    flow_expect(flow_count(flow_distinct(numbers)), "{\"count\":100000}");
    flow_expect(flow_sum(numbers, FLOW_FIELD(flow_impulse, number)), "{\"value\":5000450000}");
    passes(true);
}
END_TEST

START_TEST(the_watermark_stands_at_the_next_number)
{
    // each window's count comes before the next number of the clock
    const flow_sequence_options options = {
        .to = 3, .elements = 1, .per = flow_seconds(10), .time_of = in_steps
    };
    const flow_window_options cut = { .windows = flow_fixed(flow_seconds(1)) };
    const flow_coll latest = flow_latest(flow_window_into(flow_sequence_with(p, &options), &cut));
    flow_expect(flow_do(latest, &stamp_fn), "{\"at\":\"1970-01-01T00:00:00Z\",\"number\":0}",
        "{\"at\":\"1970-01-01T00:00:10Z\",\"number\":1}",
        "{\"at\":\"1970-01-01T00:00:20Z\",\"number\":2}");
    passes(false);
}
END_TEST

START_TEST(a_sequence_up_to_the_last_number_is_not_endless)
{
    const flow_sequence_options options = { .from = INT64_MAX - 2, .to = INT64_MAX };
    const flow_coll numbers = flow_sequence_with(p, &options);
    ck_assert(!flow_pipeline_graph(p, NULL)->edges[numbers.id - 1].unbounded);
    flow_expect(flow_count(numbers), "{\"count\":2}");
    passes(false);
}
END_TEST

static const struct {
    flow_sequence_options options;
    const char *message;
} refused[] = {
    { { .from = 5, .to = 4 }, "flow_sequence_with: its 'to' lies before its 'from'" },
    { { .endless = true, .to = 4 }, "flow_sequence_with: it is endless, and has a 'to'" },
    { { .elements = 4 }, "flow_sequence_with: a rate is both: 'elements' above 0, and 'per' above "
                         "0" },
    { { .elements = -1 }, "flow_sequence_with: its 'elements' must be 0 to 1,000,000,000" },
    { { .elements = 1, .per = { INT64_C(86400000001) } },
        "flow_sequence_with: its 'per' is longer than a day" },
    { { .lasts = { -1 } }, "flow_sequence_with: its 'lasts' is below 0" },
};

START_TEST(sequences_that_cannot_be_are_refused)
{
    flow_error error = { 0 };
    ck_assert_uint_eq(flow_sequence_with(p, &refused[_i].options).id, 0);
    flow_pipeline_check(p, &error);
    ck_assert_str_eq(error.message, refused[_i].message);
}
END_TEST

TCase *paced_tests(void)
{
    TCase *tests = tcase_create("paced");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, numbers_have_the_times_that_a_function_says);
    tcase_add_test(tests, they_come_at_their_rate);
    tcase_add_test(tests, without_a_function_the_clock_says_the_time);
    tcase_add_test(tests, a_sequence_ends_after_so_long);
    tcase_add_test(tests, a_large_sequence_is_whole);
    tcase_add_test(tests, a_sequence_up_to_the_last_number_is_not_endless);
    tcase_add_test(tests, the_watermark_stands_at_the_next_number);
    tcase_add_loop_test(tests, sequences_that_cannot_be_are_refused, 0, TABLE_SIZE(refused));
    return tests;
}
