// SPDX-License-Identifier: Apache-2.0
// Sources and sinks as steps.
#include "graph_test.h"

TCase *build_io_tests(void);

static void read_with(flow_pipeline *p, flow_field_ref event_time, flow_time_policy times)
{
    const flow_read_options options = {
        .type = &reading_type, .event_time = event_time, .times = times, .unbounded = true
    };
    flow_read(p, &test_source, &options);
}

static void no_source(flow_pipeline *p)
{
    flow_read(p, NULL, &(flow_read_options){ .type = &reading_type });
}

static void source_without_read(flow_pipeline *p)
{
    flow_source source = test_source;
    source.read = NULL;
    flow_read(p, &source, &(flow_read_options){ .type = &reading_type });
}

static void no_type(flow_pipeline *p)
{
    flow_read(p, &test_source, NULL);
}

static void time_is_no_time(flow_pipeline *p)
{
    read_with(p, FLOW_FIELD(reading, value), (flow_time_policy){ .in_order = true });
}

static void time_of_another_record(flow_pipeline *p)
{
    read_with(p, FLOW_FIELD(total, value), (flow_time_policy){ .in_order = true });
}

static void stuck_watermark(flow_pipeline *p)
{
    read_with(p, FLOW_FIELD(reading, at), (flow_time_policy){ 0 });
}

static void negative_disorder(flow_pipeline *p)
{
    read_with(p, FLOW_FIELD(reading, at), (flow_time_policy){ .disorder = { -1 } });
}

static void idle_after_nothing(flow_pipeline *p)
{
    const flow_time_policy times = { .in_order = true, .idle = FLOW_IDLE_END };
    read_with(p, FLOW_FIELD(reading, at), times);
}

static void idle_unknown(flow_pipeline *p)
{
    read_with(p, FLOW_FIELD(reading, at), (flow_time_policy){ .idle = (flow_idle)5 });
}

static void policy_unknown(flow_pipeline *p)
{
    const flow_read_options options = { .type = &reading_type, .on_error = (flow_on_error)3 };
    flow_read(p, &test_source, &options);
}

static void no_sink(flow_pipeline *p)
{
    flow_write(test_readings(p, NULL, false), NULL, NULL);
}

static void sink_without_stage(flow_pipeline *p)
{
    flow_sink sink = test_sink;
    sink.stage = NULL;
    flow_write(test_readings(p, NULL, false), &sink, NULL);
}

static const refused table[] = {
    { no_source, FLOW_INVALID, "flow_read(read): it was given no source" },
    { source_without_read, FLOW_INVALID, "flow_read(read): the source has no 'read'" },
    { no_type, FLOW_INVALID, "flow_read(read): its options name no element type" },
    { time_is_no_time, FLOW_TYPE,
        "flow_read(read): its event time 'value' is 'double', not a time" },
    { time_of_another_record, FLOW_TYPE,
        "flow_read(read): its event time is a field of 'total', its input has 'reading'" },
    { stuck_watermark, FLOW_INVALID,
        "flow_read(read): its input has no end, so the watermark needs 'times.disorder' or "
        "'times.in_order'" },
    { negative_disorder, FLOW_INVALID,
        "flow_read(read): its disorder is -1 us, it must be at least 0" },
    { idle_after_nothing, FLOW_INVALID,
        "flow_read(read): its idle policy needs 'idle_after' above 0, it is 0 us" },
    { idle_unknown, FLOW_INVALID, "flow_read(read): its idle policy 5 is unknown" },
    { policy_unknown, FLOW_INVALID, "flow_read(read): its options have an unknown 'on_error' 3" },
    { no_sink, FLOW_INVALID, "flow_write(write): it was given no sink" },
    { sink_without_stage, FLOW_INVALID, "flow_write(write): the sink has no 'stage'" },
};

START_TEST(misuse_is_refused_in_one_sentence)
{
    test_refused(&table[_i]);
}
END_TEST

START_TEST(source_and_sink_stand_in_the_graph)
{
    flow_pipeline *p = flow_pipeline_new("io");
    const int config = 7;
    char name[] = "numbers";
    const flow_read_options options = { .name = name,
        .type = &reading_type,
        .config = &config,
        .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll in = flow_read(p, &test_source, &options);
    name[0] = 'x';
    flow_write(in, &test_sink, &(flow_write_options){ .name = "out", .config = &config });
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    ck_assert_uint_eq(graph->node_count, 2);
    const flow_node *source = &graph->nodes[0];
    ck_assert_int_eq(source->kind, FLOW_NODE_SOURCE);
    ck_assert_str_eq(source->path, "numbers");
    ck_assert_str_eq(source->read->name, "numbers");
    ck_assert_ptr_eq(source->read->config, &config);
    ck_assert_ptr_eq(source->source, &test_source);
    ck_assert_int_eq(source->on_error, FLOW_ON_ERROR_DEAD_LETTER);
    const flow_node *sink = &graph->nodes[1];
    ck_assert_int_eq(sink->kind, FLOW_NODE_SINK);
    ck_assert_str_eq(sink->path, "out");
    ck_assert_uint_eq(sink->input_count, 1);
    ck_assert_uint_eq(sink->inputs[0], in.id);
    ck_assert_uint_eq(sink->outputs[0], 0);
    ck_assert_ptr_eq(sink->sink, &test_sink);
    ck_assert_ptr_eq(sink->sink_config, &config);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(source_may_be_unbounded_by_itself)
{
    flow_source source = test_source;
    source.unbounded = true;
    flow_pipeline *p = flow_pipeline_new("unbounded");
    const flow_coll in = flow_read(p, &source, &(flow_read_options){ .type = &reading_type });
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    ck_assert(graph->edges[in.id - 1].unbounded);
    ck_assert(graph->nodes[0].read->unbounded);
    flow_pipeline_free(p);
}
END_TEST

TCase *build_io_tests(void)
{
    TCase *tests = tcase_create("build_io");
    tcase_add_loop_test(tests, misuse_is_refused_in_one_sentence, 0, TABLE_SIZE(table));
    tcase_add_test(tests, source_and_sink_stand_in_the_graph);
    tcase_add_test(tests, source_may_be_unbounded_by_itself);
    return tests;
}
