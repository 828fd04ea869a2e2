// SPDX-License-Identifier: Apache-2.0
// Steps that run a function: their outputs, options, and what they are refused for.
#include "graph_test.h"

TCase *build_do_tests(void);

static flow_coll by_sensor(flow_pipeline *p)
{
    return flow_key_by(test_readings(p, NULL, false), FLOW_FIELD(reading, sensor));
}

static void no_function(flow_pipeline *p)
{
    flow_do(test_readings(p, NULL, false), NULL);
}

static void config_without_type(flow_pipeline *p)
{
    flow_do(test_readings(p, NULL, false), split, &(flow_do_options){ .config = "x" });
}

static void unknown_policy(flow_pipeline *p)
{
    const flow_do_options options = { .on_error = (flow_on_error)9 };
    flow_do(test_readings(p, NULL, false), split, &options);
}

static void sorted_without_state(flow_pipeline *p)
{
    flow_do(by_sensor(p), keyed, &(flow_do_options){ .time_sorted = true });
}

static void group_through_do(flow_pipeline *p)
{
    flow_do(by_sensor(p), group_size);
}

static void do_through_group(flow_pipeline *p)
{
    flow_group(by_sensor(p), keyed);
}

static void group_for_ever(flow_pipeline *p)
{
    flow_group(flow_key_by(test_readings(p, NULL, true), FLOW_FIELD(reading, sensor)), group_size);
}

static void output_too_high(flow_pipeline *p)
{
    flow_output(flow_do(test_readings(p, NULL, false), split), 2);
}

static void output_of_a_filter(flow_pipeline *p)
{
    flow_output(flow_do(test_readings(p, NULL, false), positive), 1);
}

static void newer_options(flow_pipeline *p)
{
    struct {
        flow_do_options known;
        int64_t newer;
    } options = { .newer = 1 };
    flow_do_sized(test_readings(p, NULL, false), split, &options.known, sizeof options);
}

#define APPLY(p, fn, ...) flow_do(by_sensor(p), fn, &(flow_do_options){ __VA_ARGS__ })

static void backoff_alone(flow_pipeline *p)
{
    APPLY(p, split, .backoff = { 5 });
}

static void backoff_negative(flow_pipeline *p)
{
    APPLY(p, split, .attempts = 2, .backoff = { -5 });
}

static void attempts_of_a_filter(flow_pipeline *p)
{
    APPLY(p, positive, .attempts = 2);
}

static void timeout_of_a_filter(flow_pipeline *p)
{
    APPLY(p, positive, .timeout = { 5 });
}

static void share_of_two(flow_pipeline *p)
{
    APPLY(p, split, .on_error = FLOW_ON_ERROR_SKIP, .most_rejected = 2);
}

static void share_without_route(flow_pipeline *p)
{
    APPLY(p, split, .most_rejected = 0.5);
}

static const refused table[] = {
    { no_function, FLOW_INVALID, "flow_do(do): it was given no function" },
    { config_without_type, FLOW_INVALID,
        "flow_do(split_one): its options have a 'config' without 'config_type'" },
    { unknown_policy, FLOW_INVALID,
        "flow_do(split_one): its options have an unknown 'on_error' 9" },
    { sorted_without_state, FLOW_INVALID,
        "flow_do(keyed_one): only stateful functions take their input 'time_sorted'" },
    { group_through_do, FLOW_INVALID,
        "flow_do(group_one): a function over groups is applied with flow_group" },
    { do_through_group, FLOW_INVALID,
        "flow_group(keyed_one): only functions over groups (FLOW_GROUP_FN) are grouped" },
    { group_for_ever, FLOW_INVALID,
        "flow_group(group_one): groups an unbounded input in the global window, which never ends; "
        "put flow_window_into before, with windows that end or a trigger" },
    { output_too_high, FLOW_INVALID,
        "flow_output(split_one): the step has 2 outputs, number 2 was asked for" },
    { output_of_a_filter, FLOW_INVALID,
        "flow_output(is_positive): the step has 1 output, number 1 was asked for" },
    { newer_options, FLOW_UNSUPPORTED, NULL },
    { backoff_alone, FLOW_INVALID, "flow_do(split_one): it has a 'backoff' without 'attempts'" },
    { backoff_negative, FLOW_INVALID,
        "flow_do(split_one): its 'backoff' and 'timeout' cannot be negative" },
    { attempts_of_a_filter, FLOW_INVALID,
        "flow_do(is_positive): a filter has no 'attempts': it cannot fail" },
    { timeout_of_a_filter, FLOW_INVALID,
        "flow_do(is_positive): only functions that are called for one element, batch or group and "
        "emit have a 'timeout'" },
    { share_of_two, FLOW_INVALID,
        "flow_do(split_one): its 'most_rejected' is a share: from 0 to below 1" },
    { share_without_route, FLOW_INVALID,
        "flow_do(split_one): it has a 'most_rejected', but rejects nothing: its 'on_error' is to "
        "fail" },
};

START_TEST(misuse_is_refused_in_one_sentence)
{
    refused expected = table[_i];
    char newer[160];
    if (!expected.message) {
        snprintf(newer, sizeof newer,
            "flow_do(do): its options set a member that is newer than this library (%zu bytes, not "
            "%zu)",
            sizeof(flow_do_options), sizeof(flow_do_options) + 8);
        expected.message = newer;
    }
    test_refused(&expected);
}
END_TEST

START_TEST(options_may_be_null_older_or_newer_with_zeros)
{
    flow_pipeline *p = flow_pipeline_new("options");
    const flow_coll in = test_readings(p, NULL, false);
    ck_assert_uint_ne(flow_do_with(in, split, NULL).id, 0);
    struct {
        flow_do_options known;
        int64_t newer;
    } options = { .known = { .name = "newer" } };
    ck_assert_uint_ne(flow_do_sized(in, split, &options.known, sizeof options).id, 0);
    // An older caller: its record ends after the name, what lies behind is not its own.
    const flow_do_options old = { .name = "older", .on_error = FLOW_ON_ERROR_SKIP };
    ck_assert_uint_ne(flow_do_sized(in, split, &old, sizeof old.name).id, 0);
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    ck_assert_str_eq(graph->nodes[3].path, "older");
    ck_assert_int_eq(graph->nodes[3].on_error, FLOW_ON_ERROR_FAIL);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(configuration_is_copied_with_its_strings)
{
    flow_pipeline *p = flow_pipeline_new("config");
    char city[] = "Ulm";
    struct place config = { .city = flow_str_of(city), .zip = 89073 };
    const flow_do_options options = { .config = &config, .config_type = &place_type };
    flow_do(test_readings(p, NULL, false), split, &options);
    memset(city, 'x', 3);
    config.zip = 0;
    const struct place *kept = flow_pipeline_graph(p, NULL)->nodes[1].config;
    ck_assert_int_eq(kept->zip, 89073);
    ck_assert_uint_eq(kept->city.len, 3);
    ck_assert_mem_eq(kept->city.data, "Ulm", 3);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(outputs_are_made_once_and_typed_by_index)
{
    flow_pipeline *p = flow_pipeline_new("outputs");
    const flow_coll first = flow_do(test_readings(p, NULL, false), split);
    const flow_coll second = flow_output(first, 1);
    ck_assert_uint_eq(flow_output(first, 0).id, first.id);
    ck_assert_uint_eq(flow_output(first, 1).id, second.id);
    ck_assert_uint_eq(flow_output(second, 0).id, first.id);
    ck_assert(flow_type_equal(flow_coll_type(first), &total_type));
    ck_assert(flow_type_equal(flow_coll_type(second), &place_type));
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    ck_assert_uint_eq(graph->nodes[1].outputs[1], second.id);
    ck_assert_uint_eq(graph->edges[second.id - 1].output, 1);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(filter_keeps_key_and_layout)
{
    flow_pipeline *p = flow_pipeline_new("filter");
    const flow_coll in = by_sensor(p);
    const flow_coll out = flow_do(in, positive);
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    ck_assert(flow_coll_is_keyed(out));
    ck_assert_mem_eq(
        &graph->edges[out.id - 1].shape, &graph->edges[in.id - 1].shape, sizeof(flow_shape));
    flow_pipeline_free(p);
}
END_TEST

START_TEST(function_loses_the_key_and_keeps_the_windows)
{
    flow_pipeline *p = flow_pipeline_new("do");
    const flow_window_options minute = { .windows = flow_fixed(flow_minutes(1)) };
    const flow_coll out = flow_do(flow_window_into(by_sensor(p), &minute), keyed);
    ck_assert(!flow_coll_is_keyed(out));
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    ck_assert_int_eq(graph->edges[out.id - 1].windows.size.us, flow_minutes(1).us);
    ck_assert_uint_eq(graph->edges[out.id - 1].shape.stride, sizeof(struct total));
    flow_pipeline_free(p);
}
END_TEST

START_TEST(r19_stateful_on_an_unbounded_global_window_is_allowed_unsorted)
{
    flow_pipeline *p = flow_pipeline_new("stateful");
    const flow_coll in = flow_key_by(test_readings(p, NULL, true), FLOW_FIELD(reading, sensor));
    flow_do(in, running);
    ck_assert_int_eq(flow_pipeline_check(p, NULL), FLOW_OK);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(time_sorted_state_and_groups_are_built)
{
    flow_pipeline *p = flow_pipeline_new("sorted");
    const flow_coll in = by_sensor(p);
    flow_do(in, running, &(flow_do_options){ .time_sorted = true });
    flow_group(in, group_size);
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    ck_assert_ptr_nonnull(graph);
    ck_assert(graph->nodes[2].time_sorted);
    ck_assert_int_eq(graph->nodes[2].kind, FLOW_NODE_DO);
    ck_assert_int_eq(graph->nodes[3].kind, FLOW_NODE_GROUP);
    flow_pipeline_free(p);
}
END_TEST

TCase *build_do_tests(void)
{
    TCase *tests = tcase_create("build_do");
    tcase_add_loop_test(tests, misuse_is_refused_in_one_sentence, 0, TABLE_SIZE(table));
    tcase_add_test(tests, options_may_be_null_older_or_newer_with_zeros);
    tcase_add_test(tests, configuration_is_copied_with_its_strings);
    tcase_add_test(tests, outputs_are_made_once_and_typed_by_index);
    tcase_add_test(tests, filter_keeps_key_and_layout);
    tcase_add_test(tests, function_loses_the_key_and_keeps_the_windows);
    tcase_add_test(tests, r19_stateful_on_an_unbounded_global_window_is_allowed_unsorted);
    tcase_add_test(tests, time_sorted_state_and_groups_are_built);
    return tests;
}
