// SPDX-License-Identifier: Apache-2.0
// flow_reshuffle: nothing changes but where and when what follows runs.
#include "core_test.h"

#include <flow/test.h>

TCase *reshuffle_tests(void);

static flow_pipeline *p;
static flow_script *script;
static flow_coll rows;

static void setup(void)
{
    p = flow_pipeline_new("reshuffle");
    script = flow_script_new(p);
    rows = flow_script_input(script, "rows", &flow_integer_type);
}

static void teardown(void)
{
    flow_pipeline_free(p);
}

static void add(int64_t value, int64_t second)
{
    const flow_time at = { second * 1000000 };
    FLOW_SCRIPT_ADD(script, rows, flow_integer, at, .value = value);
}

static void passes(void)
{
    const flow_simulated_options options = { .workers = 3, .seeds = 5, .fail_one_in = 7 };
    const flow_runner runner = flow_simulated(&options);
    flow_error error;
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s", error.message);
}

static bool same_but_moved(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    (void)user;
    if (count != 2)
        return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu elements", count) == FLOW_OK;
    for (size_t i = 0; i < 2; i++)
        if (seen[i].time.us != (int64_t)(i == 0 ? 3 : 14) * 1000000 ||
            seen[i].window.start.us != (int64_t)i * 10000000 ||
            seen[i].pane.timing != FLOW_TIMING_UNKNOWN)
            return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "element %zu", i) == FLOW_OK;
    return true;
}

START_TEST(r79_times_windows_and_panes_stay)
{
    add(1, 3);
    add(2, 14);
    const flow_window_options cut = { .windows = flow_fixed(flow_seconds(10)) };
    flow_expect_that(flow_reshuffle(flow_window_into(rows, &cut)), same_but_moved, NULL, NULL);
    passes();
}
END_TEST

static bool late_pane(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    (void)user;
    if (count == 2 && seen[0].pane.timing == FLOW_TIMING_ON_TIME && seen[0].pane.index == 0 &&
        seen[1].pane.timing == FLOW_TIMING_LATE && seen[1].pane.index == 1)
        return true;
    return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu panes", count) == FLOW_OK;
}

START_TEST(r79_panes_of_a_grouping_stay)
{
    add(1, 3);
    flow_script_watermark(script, rows, (flow_time){ 10000000 });
    add(2, 4);
    const flow_window_options cut = { .windows = flow_fixed(flow_seconds(10)),
        .lateness = flow_seconds(100),
        .accumulation = FLOW_DISCARDING };
    flow_expect_that(
        flow_reshuffle(flow_count(flow_window_into(rows, &cut))), late_pane, NULL, NULL);
    passes();
}
END_TEST

START_TEST(r79_nothing_is_late)
{
    add(1, 30);
    flow_script_watermark(script, rows, (flow_time){ 30000000 });
    add(2, 3); // its window has expired
    const flow_window_options cut = { .windows = flow_fixed(flow_seconds(10)) };
    const flow_coll out = flow_reshuffle(flow_window_into(rows, &cut));
    flow_expect(out, "{\"value\":1}", "{\"value\":2}");
    passes();
}
END_TEST

START_TEST(r79_windows_that_merge_go_through)
{
    add(1, 3);
    add(2, 5);
    add(3, 30);
    const flow_window_options cut = { .windows = flow_sessions(flow_seconds(10)) };
    flow_expect(
        flow_count(flow_reshuffle(flow_window_into(rows, &cut))), "{\"count\":2}", "{\"count\":1}");
    passes();
}
END_TEST

START_TEST(r79_the_lateness_stays_what_the_user_said)
{
    const flow_window_options cut = { .windows = flow_fixed(flow_seconds(10)) };
    const flow_coll in = flow_key_by(flow_window_into(rows, &cut), FLOW_FIELD(flow_integer, value));
    const flow_coll out = flow_reshuffle(in);
    ck_assert_str_eq(flow_coll_key(out).name, "value");
    ck_assert_int_eq(flow_coll_lateness(out).us, 0);
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    ck_assert(!graph->edges[out.id - 1].lateness_set);
}
END_TEST

TCase *reshuffle_tests(void)
{
    TCase *tests = tcase_create("reshuffle");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, r79_times_windows_and_panes_stay);
    tcase_add_test(tests, r79_panes_of_a_grouping_stay);
    tcase_add_test(tests, r79_nothing_is_late);
    tcase_add_test(tests, r79_windows_that_merge_go_through);
    tcase_add_test(tests, r79_the_lateness_stays_what_the_user_said);
    return tests;
}
