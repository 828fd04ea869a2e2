// SPDX-License-Identifier: Apache-2.0
// What edges say of windows and results: inherited, joined, carried over groupings, and checked
// against what follows.
#include "graph/graph.h"
#include "graph_test.h"

TCase *windowing_tests(void);

static void add_total(void *acc, const void *in, const void *config)
{
    (void)config;
    ((struct total *)acc)->value += ((const struct total *)in)->value;
}

static const flow_combine_fn add_totals = { .name = "totals",
    .in = &total_type,
    .acc = &total_type,
    .out = &total_type,
    .add = add_total,
    .merge = add_total };

static const flow_windows tens = { .kind = FLOW_WINDOW_FIXED, .size = { 10 }, .every = { 10 } };

static flow_coll into(flow_coll in, flow_window_options options)
{
    return flow_window_into(in, &options);
}

#define INTO(in, ...) into((in), (flow_window_options){ __VA_ARGS__ })

static const flow_edge *edge(flow_coll coll)
{
    ck_assert_msg(coll.id != 0, "%s", coll.pipeline->error.message);
    return &coll.pipeline->edges[coll.id - 1];
}

static flow_coll by_sensor(flow_coll in)
{
    return flow_key_by(in, FLOW_FIELD(reading, sensor));
}

static void expect_check(flow_pipeline *p, const char *message)
{
    flow_error error = { 0 };
    flow_pipeline_check(p, &error);
    ck_assert_str_eq(error.message, message);
    flow_pipeline_free(p);
}

START_TEST(members_that_are_zero_leave_what_the_input_has)
{
    flow_pipeline *p = flow_pipeline_new("inherit");
    const flow_coll in = test_readings(p, NULL, false);
    ck_assert_ptr_null(edge(in)->triggering);
    const flow_coll all = INTO(in, .windows = tens, .trigger = flow_trigger_always(),
        .accumulation = FLOW_RETRACTING, .on_time = FLOW_EMPTY_NEVER, .closing = FLOW_EMPTY_ALWAYS,
        .output_time = FLOW_OUTPUT_LATEST, .no_lateness = true);
    const flow_coll again = INTO(all, .windows = flow_fixed(flow_seconds(1)));
    ck_assert_ptr_eq(edge(again)->triggering, edge(all)->triggering);
    ck_assert(edge(again)->lateness_set);
    const flow_triggering *said = edge(again)->triggering;
    ck_assert_int_eq(said->accumulation, FLOW_RETRACTING);
    ck_assert_int_eq(said->on_time, FLOW_EMPTY_NEVER);
    ck_assert_int_eq(said->closing, FLOW_EMPTY_ALWAYS);
    ck_assert_int_eq(said->output_time, FLOW_OUTPUT_LATEST);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(what_is_the_default_can_be_said_again)
{
    flow_pipeline *p = flow_pipeline_new("default");
    const flow_coll in = test_readings(p, NULL, false);
    const flow_coll some = INTO(in, .windows = tens, .trigger = flow_trigger_always(),
        .accumulation = FLOW_DISCARDING, .on_time = FLOW_EMPTY_NEVER, .closing = FLOW_EMPTY_ALWAYS,
        .output_time = FLOW_OUTPUT_EARLIEST, .no_lateness = true);
    const flow_coll none = INTO(some, .keep_windows = true, .trigger = flow_trigger_default(),
        .on_time = FLOW_EMPTY_ALWAYS, .closing = FLOW_EMPTY_NEVER,
        .output_time = FLOW_OUTPUT_END_OF_WINDOW);
    const flow_triggering *said = edge(none)->triggering;
    ck_assert_uint_eq(said->trigger.count, 0);
    ck_assert_int_eq(said->accumulation, FLOW_DISCARDING);
    ck_assert_int_eq(said->on_time, FLOW_EMPTY_UNSET);
    ck_assert_int_eq(said->closing, FLOW_EMPTY_UNSET);
    ck_assert_int_eq(said->output_time, FLOW_OUTPUT_TIME_UNSET);
    ck_assert_int_eq(edge(none)->windows.size.us, 10);
    ck_assert(p->nodes[edge(none)->producer].keep_windows);
    const flow_coll plain = INTO(in, .windows = tens, .trigger = flow_trigger_default(),
        .output_time = FLOW_OUTPUT_END_OF_WINDOW);
    ck_assert_ptr_null(edge(plain)->triggering);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(r17_the_larger_lateness_holds_and_a_said_zero_is_remembered)
{
    flow_pipeline *p = flow_pipeline_new("lateness");
    const flow_coll in = test_readings(p, NULL, false);
    ck_assert(!edge(INTO(in, .windows = tens))->lateness_set);
    const flow_coll zero = INTO(in, .windows = tens, .no_lateness = true);
    ck_assert(edge(zero)->lateness_set && edge(zero)->lateness.us == 0);
    const flow_coll some =
        INTO(zero, .keep_windows = true, .lateness = { 7 }, .accumulation = FLOW_DISCARDING);
    ck_assert_int_eq(edge(some)->lateness.us, 7);
    ck_assert_int_eq(edge(INTO(some, .windows = tens, .no_lateness = true))->lateness.us, 7);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(r18_a_lateness_said_before_counts_for_a_trigger_set_later)
{
    flow_pipeline *p = flow_pipeline_new("later");
    const flow_coll late = INTO(test_readings(p, NULL, false), .windows = tens, .lateness = { 7 },
        .accumulation = FLOW_ACCUMULATING);
    const flow_coll out = INTO(late, .keep_windows = true, .trigger = flow_trigger_always());
    ck_assert_int_eq(edge(out)->triggering->accumulation, FLOW_ACCUMULATING);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(r16_windows_are_final_behind_a_grouping_that_merged)
{
    flow_pipeline *p = flow_pipeline_new("merged");
    const flow_coll in = test_readings(p, NULL, false);
    const flow_coll clicks = by_sensor(INTO(in, .windows = flow_sessions(flow_seconds(10))));
    ck_assert(flow_edge_merging(edge(clicks)));
    const flow_coll counts = flow_combine(clicks, add_up);
    ck_assert(edge(counts)->merged && !flow_edge_merging(edge(counts)));
    const flow_coll behind = flow_do(flow_unkey(counts), same_total);
    ck_assert(edge(behind)->merged);
    ck_assert(edge(flow_combine(behind, &add_totals))->merged);
    const flow_coll kept = INTO(behind, .keep_windows = true, .no_lateness = true);
    ck_assert(edge(kept)->merged);
    const flow_coll again = INTO(behind, .windows = flow_sessions(flow_seconds(10)));
    ck_assert(flow_edge_merging(edge(again)));
    ck_assert(!edge(flow_combine(by_sensor(INTO(in, .windows = tens)), add_up))->merged);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(r44_behind_a_grouping_the_trigger_is_continued)
{
    flow_pipeline *p = flow_pipeline_new("continued");
    const flow_trigger early =
        flow_trigger_early_late(flow_trigger_delay(flow_seconds(5)), flow_trigger_count(9));
    const flow_coll in = INTO(test_readings(p, NULL, false), .windows = tens, .trigger = early,
        .lateness = { 5 }, .accumulation = FLOW_ACCUMULATING);
    const flow_coll combined = flow_combine(by_sensor(in), add_up);
    const flow_coll grouped = flow_group(by_sensor(in), group_size);
    char text[100];
    flow_trigger_print(&edge(combined)->triggering->trigger, text, sizeof text);
    ck_assert_str_eq(text, "early_late(synchronized, count(1))");
    ck_assert(flow_trigger_equal(
        &edge(combined)->triggering->trigger, &edge(grouped)->triggering->trigger));
    ck_assert_int_eq(edge(combined)->triggering->accumulation, FLOW_ACCUMULATING);
    ck_assert_ptr_eq(edge(flow_unkey(combined))->triggering, edge(combined)->triggering);
    flow_pipeline_free(p);
}
END_TEST

// R14: what two inputs must have alike.
static const struct {
    flow_window_options first, second;
    const char *message; // NULL: they go together
} pairs[] = {
    { { .windows = { .kind = FLOW_WINDOW_SESSION, .size = { 5 } } },
        { .windows = { .kind = FLOW_WINDOW_SESSION, .size = { 9 } } }, NULL },
    { { .no_lateness = true }, { .lateness = { 5 }, .accumulation = FLOW_DISCARDING }, NULL },
    { { .lateness = { 5 }, .accumulation = FLOW_DISCARDING }, { .no_lateness = true }, NULL },
    { { .windows = { .kind = FLOW_WINDOW_SESSION, .size = { 5 } } }, { .no_lateness = true },
        "input 1 and input 2 are cut into different windows" },
    { { .accumulation = FLOW_DISCARDING }, { .accumulation = FLOW_ACCUMULATING },
        "input 1 and input 2 give results differently: 'accumulation' is not the same" },
    { { .on_time = FLOW_EMPTY_NEVER }, { .on_time = FLOW_EMPTY_ALWAYS },
        "input 1 and input 2 give results differently: 'on_time' is not the same" },
    { { .closing = FLOW_EMPTY_NEVER }, { .closing = FLOW_EMPTY_ALWAYS },
        "input 1 and input 2 give results differently: 'closing' is not the same" },
    { { .output_time = FLOW_OUTPUT_LATEST }, { .output_time = FLOW_OUTPUT_EARLIEST },
        "input 1 and input 2 give results differently: 'output_time' is not the same" },
};

START_TEST(r14_flatten_wants_windows_and_results_alike)
{
    flow_pipeline *p = flow_pipeline_new("flatten");
    const flow_coll in = test_readings(p, NULL, false);
    const flow_coll ins[] = { into(in, pairs[_i].first), into(in, pairs[_i].second) };
    const flow_coll out = flow_flatten(ins, 2);
    ck_assert_int_eq(out.id != 0, pairs[_i].message == NULL);
    if (pairs[_i].message) {
        ck_assert_ptr_nonnull(strstr(p->error.message, pairs[_i].message));
    } else {
        const flow_edge *larger = edge(ins[edge(ins[1])->lateness.us > 0]);
        ck_assert_int_eq(edge(out)->lateness.us, larger->lateness.us);
        ck_assert(edge(out)->lateness_set == larger->lateness_set);
        ck_assert_int_eq(edge(out)->triggering != NULL, larger->triggering != NULL);
    }
    flow_pipeline_free(p);
}
END_TEST

START_TEST(r14_flatten_wants_triggers_alike)
{
    flow_pipeline *p = flow_pipeline_new("flatten");
    const flow_coll in = test_readings(p, NULL, false);
    const flow_coll ins[] = { into(in, flow_count_windows(5)), into(in, flow_count_windows(6)) };
    flow_flatten(ins, 2);
    expect_check(p, "flow_flatten(flatten): input 1 and input 2 have different triggers");
}
END_TEST

START_TEST(r8_the_synchronized_clock_is_no_users)
{
    flow_pipeline *p = flow_pipeline_new("clocks");
    flow_trigger synchronized = flow_trigger_never();
    synchronized.nodes[0].kind = FLOW_TRIGGER_SYNCHRONIZED;
    const flow_trigger own = flow_trigger_repeatedly(synchronized);
    INTO(test_readings(p, NULL, false), .trigger = own, .accumulation = FLOW_DISCARDING);
    expect_check(p, "flow_window_into(window): a trigger by the clock of what is upstream comes to "
                    "be behind groupings alone (R8); take flow_trigger_delay");
}
END_TEST

START_TEST(r14_flatten_does_not_mix_final_windows_with_others)
{
    flow_pipeline *p = flow_pipeline_new("flatten");
    const flow_window_options sessions = { .windows = flow_sessions(flow_seconds(5)) };
    const flow_coll in = into(flow_do(test_readings(p, NULL, false), split), sessions);
    const flow_coll done = flow_do(flow_combine(in, &add_totals), same_total);
    const flow_coll ins[] = { in, done };
    flow_flatten(ins, 2);
    expect_check(p, "flow_flatten(flatten): the windows of input 2 are final since a grouping, "
                    "those of input 1 are not");
}
END_TEST

// --- B19

START_TEST(windows_that_merge_want_a_grouping_behind)
{
    flow_pipeline *p = flow_pipeline_new("vain");
    const flow_window_options sessions = { .windows = flow_sessions(flow_seconds(5)) };
    flow_write(into(test_readings(p, NULL, false), sessions), &test_sink, NULL);
    expect_check(p, "flow_window_into(window): its windows merge, but no grouping follows that "
                    "would merge them; put flow_combine or flow_group behind");
}
END_TEST

START_TEST(a_trigger_wants_a_grouping_behind)
{
    flow_pipeline *p = flow_pipeline_new("vain");
    const flow_coll in = test_readings(p, NULL, false);
    flow_combine(by_sensor(into(in, flow_count_windows(5))), add_up);
    flow_write(into(in, flow_count_windows(5)), &test_sink, NULL);
    expect_check(p, "flow_window_into(window-2): it sets a trigger, but no grouping follows that "
                    "would fire by it; put flow_combine or flow_group behind");
}
END_TEST

START_TEST(a_grouping_may_be_far_behind)
{
    flow_pipeline *p = flow_pipeline_new("far");
    const flow_coll in = test_readings(p, NULL, false);
    const flow_coll ins[] = { into(in, flow_count_windows(5)), into(in, flow_count_windows(5)) };
    const flow_coll all = flow_flatten(ins, 2);
    flow_write(all, &test_sink, NULL);
    flow_do(by_sensor(flow_do(all, positive)), running);
    expect_check(p, "");
}
END_TEST

START_TEST(windows_alone_want_no_grouping)
{
    flow_pipeline *p = flow_pipeline_new("alone");
    flow_write(INTO(test_readings(p, NULL, false), .windows = tens, .no_lateness = true),
        &test_sink, NULL);
    expect_check(p, "");
}
END_TEST

TCase *windowing_tests(void)
{
    TCase *tests = tcase_create("windowing");
    tcase_add_test(tests, members_that_are_zero_leave_what_the_input_has);
    tcase_add_test(tests, what_is_the_default_can_be_said_again);
    tcase_add_test(tests, r17_the_larger_lateness_holds_and_a_said_zero_is_remembered);
    tcase_add_test(tests, r18_a_lateness_said_before_counts_for_a_trigger_set_later);
    tcase_add_test(tests, r16_windows_are_final_behind_a_grouping_that_merged);
    tcase_add_test(tests, r44_behind_a_grouping_the_trigger_is_continued);
    tcase_add_loop_test(tests, r14_flatten_wants_windows_and_results_alike, 0, TABLE_SIZE(pairs));
    tcase_add_test(tests, r14_flatten_wants_triggers_alike);
    tcase_add_test(tests, r8_the_synchronized_clock_is_no_users);
    tcase_add_test(tests, r14_flatten_does_not_mix_final_windows_with_others);
    tcase_add_test(tests, windows_that_merge_want_a_grouping_behind);
    tcase_add_test(tests, a_trigger_wants_a_grouping_behind);
    tcase_add_test(tests, a_grouping_may_be_far_behind);
    tcase_add_test(tests, windows_alone_want_no_grouping);
    return tests;
}
