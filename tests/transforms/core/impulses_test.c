// SPDX-License-Identifier: Apache-2.0
// flow_impulses: by the clock, with exact times.
#include "core_test.h"

#include <time.h>

#include <flow/runner_local.h>
#include <flow/test.h>

TCase *impulses_tests(void);

static int64_t now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

START_TEST(impulses_of_the_past_come_at_once_with_their_times)
{
    flow_pipeline *p = flow_pipeline_new("impulses");
    const flow_impulses_options options = {
        .start = { 1000000 }, .every = flow_seconds(2), .until = { 6000000 }
    };
    const flow_coll impulses = flow_impulses(p, &options);
    flow_expect(impulses, "{\"at\":\"1970-01-01T00:00:01Z\",\"number\":0}",
        "{\"at\":\"1970-01-01T00:00:03Z\",\"number\":1}",
        "{\"at\":\"1970-01-01T00:00:05Z\",\"number\":2}");
    const flow_window_options cut = { .windows = flow_fixed(flow_seconds(4)) };
    flow_expect(flow_count(flow_window_into(impulses, &cut)), "{\"count\":2}", "{\"count\":1}");
    const flow_simulated_options how = { .workers = 2, .seeds = 3, .restart = true };
    const flow_runner runner = flow_simulated(&how);
    flow_error error;
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s", error.message);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(impulses_of_the_future_wait_for_the_clock)
{
    flow_pipeline *p = flow_pipeline_new("impulses");
    const int64_t begin = now();
    const flow_impulses_options options = { .name = "ticks",
        .start = { begin + 60000 },
        .every = flow_millis(30),
        .until = { begin + 121000 } };
    flow_expect(flow_count(flow_impulses(p, &options)), "{\"count\":3}");
    flow_error error;
    ck_assert_msg(flow_run(p, &flow_local_runner, &error) == FLOW_OK, "%s", error.message);
    ck_assert_int_ge(now() - begin, 120000);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(those_of_the_past_can_be_left_out)
{
    // the clock begins at 5.5 seconds
    flow_pipeline *p = flow_pipeline_new("impulses");
    const flow_impulses_options options = {
        .start = { 1000000 }, .every = flow_seconds(2), .until = { 10000000 }, .skip_past = true
    };
    flow_expect(flow_impulses(p, &options), "{\"at\":\"1970-01-01T00:00:07Z\",\"number\":3}",
        "{\"at\":\"1970-01-01T00:00:09Z\",\"number\":4}");
    const flow_impulses_options over = {
        .start = { 1000000 }, .every = flow_seconds(1), .until = { 5000000 }, .skip_past = true
    };
    flow_expect_empty(flow_impulses(p, &over), NULL);
    const flow_simulated_options how = {
        .workers = 2, .seeds = 3, .fail_one_in = 5, .clock = { 5500000 }
    };
    const flow_runner runner = flow_simulated(&how);
    flow_error error;
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s", error.message);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(without_an_end_they_are_unbounded)
{
    flow_pipeline *p = flow_pipeline_new("impulses");
    const flow_impulses_options options = { .every = flow_seconds(1) };
    const flow_coll impulses = flow_impulses(p, &options);
    ck_assert_uint_ne(impulses.id, 0);
    ck_assert(flow_pipeline_graph(p, NULL)->edges[impulses.id - 1].unbounded);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(impulses_may_be_as_far_apart_as_time_goes)
{
    flow_pipeline *p = flow_pipeline_new("impulses");
    const flow_impulses_options options = {
        .start = { 1000000 }, .every = { INT64_MAX }, .until = { 6000000 }, .skip_past = _i == 1
    };
    const flow_coll impulses = flow_impulses(p, &options);
    if (_i == 0)
        flow_expect(impulses, "{\"at\":\"1970-01-01T00:00:01Z\",\"number\":0}");
    else
        flow_expect_empty(impulses, NULL);
    const flow_runner runner = flow_simulated(NULL);
    flow_error error;
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s", error.message);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(impulses_that_cannot_be_are_refused)
{
    static const struct {
        flow_impulses_options options;
        const char *message;
    } cases[] = {
        { { .every = { 0 } }, "flow_impulses: its 'every' is not above 0" },
        { { .every = { 1 }, .start = { 5 }, .until = { 4 } },
            "flow_impulses: its 'until' lies before its 'start'" },
        { { .every = { 1 }, .start = { FLOW_TIME_MIN_US }, .until = { FLOW_TIME_MAX_US } },
            "flow_impulses: more lies between its 'start' and its 'until' than time has" },
    };
    for (int i = 0; i < TABLE_SIZE(cases); i++) {
        flow_pipeline *p = flow_pipeline_new("impulses");
        flow_error error = { 0 };
        ck_assert_uint_eq(flow_impulses(p, &cases[i].options).id, 0);
        flow_pipeline_check(p, &error);
        ck_assert_str_eq(error.message, cases[i].message);
        flow_pipeline_free(p);
    }
}
END_TEST

TCase *impulses_tests(void)
{
    TCase *tests = tcase_create("impulses");
    tcase_add_test(tests, impulses_of_the_past_come_at_once_with_their_times);
    tcase_add_test(tests, impulses_of_the_future_wait_for_the_clock);
    tcase_add_test(tests, those_of_the_past_can_be_left_out);
    tcase_add_test(tests, without_an_end_they_are_unbounded);
    tcase_add_loop_test(tests, impulses_may_be_as_far_apart_as_time_goes, 0, 2);
    tcase_add_test(tests, impulses_that_cannot_be_are_refused);
    return tests;
}
