// SPDX-License-Identifier: Apache-2.0
// flow_wait_on: released when the signal's window closes, not before.
#include "core_test.h"

#include <flow/test.h>

TCase *wait_on_tests(void);

static flow_pipeline *p;
static flow_script *script;
static flow_coll rows, signals;

static void setup(void)
{
    p = flow_pipeline_new("wait");
    script = flow_script_new(p);
    rows = flow_script_input(script, "rows", &flow_integer_type);
    signals = flow_script_input(script, "signals", &flow_integer_type);
}

static void teardown(void)
{
    flow_pipeline_free(p);
}

static void add(flow_coll to, int64_t value, int64_t second)
{
    const flow_time at = { second * 1000000 };
    FLOW_SCRIPT_ADD(script, to, flow_integer, at, .value = value);
}

static void watermark(flow_coll of, int64_t second)
{
    flow_script_watermark(script, of, (flow_time){ second * 1000000 });
}

static flow_coll in_windows(flow_coll in, flow_duration lateness)
{
    const flow_window_options cut = { .windows = flow_fixed(flow_seconds(10)),
        .lateness = lateness,
        .accumulation = FLOW_DISCARDING };
    return flow_window_into(in, &cut);
}

static void passes(void)
{
    const flow_simulated_options options = { .workers = 3, .seeds = 5, .fail_one_in = 7 };
    const flow_runner runner = flow_simulated(&options);
    flow_error error;
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s", error.message);
}

static flow_coll released(flow_duration lateness)
{
    return flow_wait_on(in_windows(rows, flow_seconds(1000)), in_windows(signals, lateness));
}

START_TEST(r77_all_elements_pass_in_the_end)
{
    add(rows, 1, 1);
    add(rows, 2, 11);
    add(signals, 9, 2);
    flow_expect(released(flow_seconds(0)), "{\"value\":1}", "{\"value\":2}");
    passes();
}
END_TEST

static bool late_and_early(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    const flow_timing *wanted = user;
    if (count == 1 && seen[0].pane.timing == *wanted)
        return true;
    flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu results, the first of timing %d", count,
        count ? (int)seen[0].pane.timing : -1);
    return false;
}

// A row waits while the signal's window is open. Meanwhile the rows' watermark holds (R77): their
// count is on time although it comes after their window's end.
static void expect_count(flow_duration lateness)
{
    static const flow_timing on_time = FLOW_TIMING_ON_TIME;
    flow_expect_that(
        flow_count(released(lateness)), late_and_early, (void *)(uintptr_t)&on_time, NULL);
    passes();
}

START_TEST(r77_rows_wait_without_becoming_late)
{
    add(rows, 1, 1);
    watermark(rows, 20);
    add(signals, 1, 1);
    watermark(signals, 9); // the window is still open
    watermark(signals, 30);
    expect_count(flow_seconds(0));
}
END_TEST

START_TEST(r77_a_signal_without_elements_releases_too)
{
    add(rows, 1, 1);
    watermark(signals, 20);
    expect_count(flow_seconds(0));
}
END_TEST

START_TEST(r77_the_lateness_of_the_signal_counts)
{
    add(rows, 1, 1);
    watermark(rows, 20);
    add(signals, 1, 1);
    watermark(signals, 15); // its end has passed, but late signals may come
    add(signals, 2, 2);
    watermark(signals, 100);
    expect_count(flow_seconds(50));
}
END_TEST

// By the clock of the test, which begins at 1,700,000,000 seconds.
static flow_status when_released(flow_ctx *ctx, const struct flow_integer *row)
{
    (void)row;
    const int64_t seconds = flow_processing_time(ctx).us / 1000000;
    return FLOW_EMIT(ctx, flow_integer, .value = seconds - 1700000000);
}
FLOW_ELEMENT_FN(when_released, flow_integer, flow_integer);

START_TEST(r77_rows_are_released_when_the_signal_is_collected_and_not_before)
{
    add(rows, 1, 1);
    watermark(rows, 20);
    add(signals, 1, 1);
    watermark(signals, 15); // its end has passed: a first pane would say so
    flow_script_clock(script, flow_seconds(100));
    watermark(signals, 59); // one second before it is collected
    flow_script_clock(script, flow_seconds(100));
    watermark(signals, 100);
    flow_expect(flow_do(released(flow_seconds(50)), &when_released_fn), "{\"value\":200}");
    passes();
}
END_TEST

START_TEST(a_key_stays)
{
    const flow_coll keyed =
        flow_key_by(in_windows(rows, flow_seconds(0)), FLOW_FIELD(flow_integer, value));
    const flow_coll signal =
        flow_key_by(in_windows(signals, flow_seconds(0)), FLOW_FIELD(flow_integer, value));
    ck_assert_str_eq(flow_coll_key(flow_wait_on(keyed, signal)).name, "value");
    ck_assert_uint_eq(flow_wait_on(keyed, (flow_coll){ p, 0 }).id, 0);
}
END_TEST

TCase *wait_on_tests(void)
{
    TCase *tests = tcase_create("wait_on");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, r77_all_elements_pass_in_the_end);
    tcase_add_test(tests, r77_rows_wait_without_becoming_late);
    tcase_add_test(tests, r77_a_signal_without_elements_releases_too);
    tcase_add_test(tests, r77_the_lateness_of_the_signal_counts);
    tcase_add_test(tests, r77_rows_are_released_when_the_signal_is_collected_and_not_before);
    tcase_add_test(tests, a_key_stays);
    return tests;
}
