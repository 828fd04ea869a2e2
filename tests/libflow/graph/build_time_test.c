// SPDX-License-Identifier: Apache-2.0
// Windows, event times and flatten as steps.
#include "graph_test.h"

#include "graph/graph.h"

TCase *build_time_tests(void);

static flow_coll windowed(flow_coll in, flow_windows windows, int64_t lateness_us)
{
    const flow_window_options options = {
        .windows = windows, .lateness = flow_micros(lateness_us), .accumulation = FLOW_DISCARDING
    };
    return flow_window_into(in, &options);
}

static flow_coll by_sensor(flow_pipeline *p)
{
    return flow_key_by(test_readings(p, NULL, false), FLOW_FIELD(reading, sensor));
}

static void both(flow_coll first, flow_coll second)
{
    const flow_coll ins[] = { first, second };
    flow_flatten(ins, 2);
}

static void bad_windows(flow_pipeline *p)
{
    windowed(test_readings(p, NULL, false), flow_fixed(flow_micros(0)), 0);
}

static void negative_lateness(flow_pipeline *p)
{
    windowed(test_readings(p, NULL, false), flow_fixed(flow_micros(5)), -5);
}

static void time_is_a_number(flow_pipeline *p)
{
    flow_with_timestamps(test_readings(p, NULL, false), FLOW_FIELD(reading, number));
}

static void time_is_the_whole(flow_pipeline *p)
{
    flow_with_timestamps(test_readings(p, NULL, false), FLOW_SELF(reading));
}

static void skew_below_zero(flow_pipeline *p)
{
    flow_with_timestamps_skewed(
        test_readings(p, NULL, false), FLOW_FIELD(reading, at), flow_micros(-1));
}

static void flatten_types(flow_pipeline *p)
{
    const flow_coll in = test_readings(p, NULL, false);
    both(in, flow_do(in, split));
}

static void flatten_keys(flow_pipeline *p)
{
    const flow_coll in = by_sensor(p);
    both(in, flow_unkey(in));
}

static void flatten_record_keys(flow_pipeline *p)
{
    const flow_coll in = test_readings(p, NULL, false);
    both(flow_key_by(in, FLOW_SELF(reading)), flow_key_by(in, FLOW_FIELD(reading, where)));
}

static void flatten_windows(flow_pipeline *p)
{
    const flow_coll in = test_readings(p, NULL, false);
    both(in, windowed(in, flow_fixed(flow_micros(5)), 0));
}

static void flatten_key_fields(flow_pipeline *p)
{
    const flow_coll in = by_sensor(p);
    both(in, flow_key_by(in, FLOW_FIELD(reading, where.city)));
}

static void flatten_combined_keys(flow_pipeline *p)
{
    const flow_coll totals = flow_do(by_sensor(p), keyed);
    both(flow_key_by(totals, FLOW_FIELD(total, value)),
        flow_combine(flow_key_by(by_sensor(p), FLOW_FIELD(reading, number)), add_up));
}

static const refused table[] = {
    { bad_windows, FLOW_INVALID,
        "flow_window_into(window): size of windows is 0 us, it must be above 0" },
    { negative_lateness, FLOW_INVALID,
        "flow_window_into(window): its lateness is -5 us, it must be at least 0" },
    { time_is_a_number, FLOW_TYPE,
        "flow_with_timestamps(timestamps): its event time 'number' is 'int64', not a time" },
    { time_is_the_whole, FLOW_TYPE,
        "flow_with_timestamps(timestamps): its event time 'reading' is 'record', not a time" },
    { skew_below_zero, FLOW_INVALID,
        "flow_with_timestamps_skewed(timestamps): its skew is below 0" },
    { flatten_types, FLOW_TYPE,
        "flow_flatten(flatten): input 1 has 'reading', input 2 has 'total'" },
    { flatten_keys, FLOW_TYPE,
        "flow_flatten(flatten): the key of input 1 is 'text', that of input 2 is 'no key'" },
    { flatten_record_keys, FLOW_TYPE,
        "flow_flatten(flatten): the key of input 1 is 'reading', that of input 2 is 'place'" },
    { flatten_windows, FLOW_INVALID,
        "flow_flatten(flatten): input 1 and input 2 are cut into different windows" },
    { flatten_key_fields, FLOW_TYPE,
        "flow_flatten(flatten): input 1 and input 2 are keyed by different fields, or one by no "
        "field of its elements" },
    { flatten_combined_keys, FLOW_TYPE,
        "flow_flatten(flatten): input 1 and input 2 are keyed by different fields, or one by no "
        "field of its elements" },
};

START_TEST(misuse_is_refused_in_one_sentence)
{
    test_refused(&table[_i]);
}
END_TEST

START_TEST(flatten_of_another_pipeline_is_refused)
{
    flow_pipeline *p = flow_pipeline_new("one");
    flow_pipeline *other = flow_pipeline_new("other");
    both(test_readings(p, NULL, false), test_readings(other, NULL, false));
    flow_error error = { 0 };
    ck_assert_int_eq(flow_pipeline_check(p, &error), FLOW_INVALID);
    ck_assert_str_eq(error.message, "flow_flatten(flatten): an input belongs to another pipeline");
    ck_assert_int_eq(flow_pipeline_check(other, NULL), FLOW_OK);
    flow_pipeline_free(other);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(flatten_of_nothing_is_no_collection)
{
    ck_assert_uint_eq(flow_flatten(NULL, 0).id, 0);
}
END_TEST

START_TEST(flatten_lays_rows_anew_where_they_differ)
{
    flow_pipeline *p = flow_pipeline_new("layouts");
    const flow_coll in = by_sensor(p);
    const flow_coll combined = flow_combine(in, add_up);
    const flow_field_ref value = FLOW_FIELD(total, value);
    both(flow_unkey(combined), flow_do(in, keyed));
    both(flow_key_by(flow_do(in, keyed), value), flow_key_by(combined, value));
    flow_error error = { 0 };
    const flow_graph *graph = flow_pipeline_graph(p, &error);
    ck_assert_str_eq(error.message, "");
    uint32_t flattens = 0;
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const flow_node *node = &graph->nodes[i];
        if (node->kind != FLOW_NODE_FLATTEN)
            continue;
        const flow_shape *out = &graph->edges[node->outputs[0] - 1].shape;
        ck_assert_uint_eq(out->stride, sizeof(struct total));
        for (uint32_t k = 0; k < node->input_count; k++)
            ck_assert(fl_shape_equal(out, &graph->edges[node->inputs[k] - 1].shape));
        flattens++;
    }
    ck_assert_uint_eq(flattens, 2);
    flow_pipeline_free(p);
}
END_TEST

static flow_status no_room(flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row)
{
    (void)ctx, (void)output, (void)type, (void)row;
    return FLOW_BUDGET;
}

START_TEST(rows_laid_anew_hold_the_same_elements)
{
    flow_pipeline *p = flow_pipeline_new("layouts");
    const flow_coll in = by_sensor(p);
    both(flow_unkey(flow_combine(in, add_up)), flow_do(in, keyed));
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    const flow_fn *fn = NULL;
    for (uint32_t i = 0; i < graph->node_count; i++)
        if (strcmp(graph->nodes[i].path, "elements") == 0)
            fn = graph->nodes[i].fn;
    ck_assert_ptr_nonnull(fn);
    struct {
        flow_str key;
        struct total total;
    } rows[3] = { { .total = { 5 } }, { .total = { 6 } }, { .total = { 7 } } };
    const uint16_t selection[] = { 0, 2 };
    const flow_batch batch = { .rows = (const char *)rows,
        .selection = selection,
        .count = 2,
        .stride = sizeof rows[0],
        .value_offset = sizeof(flow_str) };
    struct total totals[2] = { { 0 } };
    uint16_t origins[2] = { 0 };
    static const flow_ctx_ops ops = { .emit_slow = no_room };
    flow_out out = { .next = (char *)totals, .origin = origins, .room = 2, .type = fn->outs[0] };
    flow_ctx_engine engine = { .ops = &ops, .ctx = { .outs = &out } };
    ck_assert_int_eq(fn->process(&engine.ctx, &batch), FLOW_OK);
    ck_assert_int_eq(totals[0].value, 5);
    ck_assert_int_eq(totals[1].value, 7);
    ck_assert_uint_eq(origins[1], 2);
    engine.ctx.next = 1;
    ck_assert_int_eq(fn->process(&engine.ctx, &batch), FLOW_BUDGET);
    ck_assert_uint_eq(engine.ctx.next, 1);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(r14_flatten_is_unbounded_if_any_input_is)
{
    flow_pipeline *p = flow_pipeline_new("flatten");
    const flow_coll ins[] = { windowed(
                                  test_readings(p, NULL, false), flow_fixed(flow_seconds(1)), 7),
        windowed(test_readings(p, NULL, true), flow_fixed(flow_seconds(1)), 9) };
    const flow_coll out = flow_flatten(ins, 2);
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    ck_assert(graph->edges[out.id - 1].unbounded);
    ck_assert_int_eq(graph->edges[out.id - 1].lateness.us, 9);
    ck_assert_uint_eq(graph->nodes[4].input_count, 2);
    ck_assert_uint_eq(graph->nodes[4].inputs[1], ins[1].id);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(r14_fixed_windows_equal_sliding_ones_that_do_not_overlap)
{
    flow_pipeline *p = flow_pipeline_new("flatten");
    const flow_coll in = test_readings(p, NULL, false);
    both(windowed(in, flow_fixed(flow_seconds(1)), 0),
        windowed(in, flow_sliding(flow_seconds(1), flow_seconds(1)), 0));
    ck_assert_int_eq(flow_pipeline_check(p, NULL), FLOW_OK);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(r17_larger_lateness_wins)
{
    flow_pipeline *p = flow_pipeline_new("lateness");
    const flow_coll late = windowed(test_readings(p, NULL, false), flow_global(), 30);
    const flow_coll less = windowed(late, flow_fixed(flow_seconds(1)), 10);
    const flow_coll more = windowed(less, flow_fixed(flow_seconds(2)), 40);
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    ck_assert_int_eq(graph->edges[less.id - 1].lateness.us, 30);
    ck_assert_int_eq(graph->edges[more.id - 1].lateness.us, 40);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(window_options_may_be_null_or_leave_out_the_period)
{
    flow_pipeline *p = flow_pipeline_new("windows");
    const flow_coll in = test_readings(p, NULL, false);
    const flow_windows plain = { .kind = FLOW_WINDOW_FIXED, .size = flow_seconds(1) };
    const flow_coll fixed = windowed(in, plain, 0);
    const flow_coll global = flow_window_into(fixed, NULL);
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    ck_assert_int_eq(graph->edges[fixed.id - 1].windows.every.us, flow_seconds(1).us);
    ck_assert_int_eq(graph->edges[global.id - 1].windows.kind, FLOW_WINDOW_GLOBAL);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(timestamps_come_from_a_field)
{
    flow_pipeline *p = flow_pipeline_new("timestamps");
    flow_with_timestamps(test_readings(p, NULL, false), FLOW_FIELD(reading, at));
    const flow_node *node = &flow_pipeline_graph(p, NULL)->nodes[1];
    ck_assert_int_eq(node->kind, FLOW_NODE_TIMESTAMP);
    ck_assert_str_eq(node->field.name, "at");
    ck_assert_uint_eq(node->field.offset, offsetof(struct reading, at));
    flow_pipeline_free(p);
}
END_TEST

TCase *build_time_tests(void)
{
    TCase *tests = tcase_create("build_time");
    tcase_add_loop_test(tests, misuse_is_refused_in_one_sentence, 0, TABLE_SIZE(table));
    tcase_add_test(tests, flatten_of_another_pipeline_is_refused);
    tcase_add_test(tests, flatten_of_nothing_is_no_collection);
    tcase_add_test(tests, flatten_lays_rows_anew_where_they_differ);
    tcase_add_test(tests, rows_laid_anew_hold_the_same_elements);
    tcase_add_test(tests, r14_flatten_is_unbounded_if_any_input_is);
    tcase_add_test(tests, r14_fixed_windows_equal_sliding_ones_that_do_not_overlap);
    tcase_add_test(tests, r17_larger_lateness_wins);
    tcase_add_test(tests, window_options_may_be_null_or_leave_out_the_period);
    tcase_add_test(tests, timestamps_come_from_a_field);
    return tests;
}
