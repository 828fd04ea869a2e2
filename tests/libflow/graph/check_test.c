// SPDX-License-Identifier: Apache-2.0
// What a function is checked for against its input, and the graph as a whole.
#include "graph_test.h"

TCase *check_tests(void);

static flow_coll by(flow_pipeline *p, flow_field_ref field)
{
    return flow_key_by(test_readings(p, NULL, false), field);
}

// Functions are not copied, so the changed ones live in the pipeline.
static void do_changed(flow_pipeline *p, flow_coll in, flow_fn fn)
{
    flow_fn *kept = flow_pipeline_alloc(p, sizeof *kept);
    *kept = fn;
    flow_do(in, kept);
}

static void wrong_element(flow_pipeline *p)
{
    flow_do(test_readings(p, NULL, false), same_total);
}

static void key_missing(flow_pipeline *p)
{
    flow_do(test_readings(p, NULL, false), keyed);
}

static void key_of_another_kind(flow_pipeline *p)
{
    flow_do(by(p, FLOW_FIELD(reading, number)), keyed);
}

static void key_of_another_record(flow_pipeline *p)
{
    flow_do(by(p, FLOW_SELF(reading)), by_place);
}

static void key_of_another_size(flow_pipeline *p)
{
    flow_fn fn = *by_place;
    fn.key.size = 8;
    do_changed(p, by(p, FLOW_FIELD(reading, where)), fn);
}

static void state_without_key(flow_pipeline *p)
{
    flow_fn fn = *running;
    fn.key = (flow_key_spec){ FLOW_KIND_NONE, 0, NULL };
    do_changed(p, test_readings(p, NULL, false), fn);
}

static void state_without_type(flow_pipeline *p)
{
    flow_fn fn = *running;
    fn.state = NULL;
    do_changed(p, by(p, FLOW_FIELD(reading, sensor)), fn);
}

static void no_process(flow_pipeline *p)
{
    flow_fn fn = *split;
    fn.process = NULL;
    do_changed(p, test_readings(p, NULL, false), fn);
}

static void no_input_type(flow_pipeline *p)
{
    flow_fn fn = *split;
    fn.in = NULL;
    do_changed(p, test_readings(p, NULL, false), fn);
}

static void unknown_form(flow_pipeline *p)
{
    flow_fn fn = *split;
    fn.form = (flow_form)12;
    do_changed(p, test_readings(p, NULL, false), fn);
}

static void filter_with_outputs(flow_pipeline *p)
{
    flow_fn fn = *positive;
    fn.outs = split->outs;
    fn.out_count = 1;
    do_changed(p, test_readings(p, NULL, false), fn);
}

static void no_outputs(flow_pipeline *p)
{
    flow_fn fn = *split;
    fn.out_count = 0;
    do_changed(p, test_readings(p, NULL, false), fn);
}

static void map_with_two(flow_pipeline *p)
{
    flow_fn fn = *split;
    fn.form = FLOW_FORM_MAP;
    do_changed(p, test_readings(p, NULL, false), fn);
}

static void too_many_outputs(flow_pipeline *p)
{
    flow_fn fn = *split;
    fn.out_count = 31;
    do_changed(p, test_readings(p, NULL, false), fn);
}

static void output_without_type(flow_pipeline *p)
{
    static const flow_type *const outs[] = { NULL };
    flow_fn fn = *split;
    fn.outs = outs;
    fn.out_count = 1;
    do_changed(p, test_readings(p, NULL, false), fn);
}

static void bad_declaration(flow_pipeline *p)
{
    flow_type type = total_type;
    type.size = 24;
    flow_read(p, &test_source, &(flow_read_options){ .type = &type });
}

static void no_step(flow_pipeline *p)
{
    (void)p;
}

static void open_scope(flow_pipeline *p)
{
    flow_scope_begin(p, "outer");
    flow_scope_begin(p, "inner");
    test_readings(p, NULL, false);
}

static void no_collection(flow_pipeline *p)
{
    const flow_coll none = { p, 77 };
    flow_do(none, split);
}

static const refused table[] = {
    { wrong_element, FLOW_TYPE, "flow_do(total_one): takes 'total', its input has 'reading'" },
    { key_missing, FLOW_TYPE,
        "flow_do(keyed_one): takes the key 'flow_str', its input has no key" },
    { key_of_another_kind, FLOW_TYPE,
        "flow_do(keyed_one): takes the key 'flow_str', its input has the key 'int64'" },
    { key_of_another_record, FLOW_TYPE,
        "flow_do(place_one): takes the key 'place', its input has the key 'reading'" },
    { key_of_another_size, FLOW_TYPE,
        "flow_do(place_one): takes the key 'place' of 8 bytes, its input has one of 24 bytes" },
    { state_without_key, FLOW_TYPE, "flow_do(run_up): takes a key, its input has no key" },
    { state_without_type, FLOW_INVALID,
        "flow_do(run_up): the stateful function has no state type" },
    { no_process, FLOW_INVALID, "flow_do(split_one): the function has no 'process'" },
    { no_input_type, FLOW_INVALID, "flow_do(split_one): the function has no input type" },
    { unknown_form, FLOW_UNSUPPORTED, "flow_do(split_one): the function's form 12 is unknown" },
    { filter_with_outputs, FLOW_INVALID,
        "flow_do(is_positive): filters and updates declare no outputs" },
    { no_outputs, FLOW_INVALID, "flow_do(split_one): the function declares no output" },
    { map_with_two, FLOW_INVALID, "flow_do(split_one): a map has one output, this declares 2" },
    { too_many_outputs, FLOW_INVALID,
        "flow_do(split_one): the function declares 31 outputs, at most 30 may be" },
    { output_without_type, FLOW_INVALID, "flow_do(split_one): output 0 has no type" },
    { bad_declaration, FLOW_TYPE,
        "flow_read(read): record \"total\": has 24 bytes, its declared members end at byte 8: the "
        "last is not declared" },
    { no_step, FLOW_INVALID, "pipeline 'refused' has no step" },
    { open_scope, FLOW_INVALID, "scope 'outer/inner' of pipeline 'refused' was not ended" },
    { no_collection, FLOW_INVALID, "flow_do(do): its input is no collection of this pipeline" },
};

START_TEST(misuse_is_refused_in_one_sentence)
{
    test_refused(&table[_i]);
}
END_TEST

START_TEST(no_pipeline_is_refused)
{
    flow_error error = { 0 };
    ck_assert_int_eq(flow_pipeline_check(NULL, &error), FLOW_INVALID);
    ck_assert_str_eq(error.message, "there is no pipeline");
    ck_assert_ptr_null(flow_pipeline_graph(NULL, NULL));
}
END_TEST

START_TEST(graph_names_all_and_stands_in_order)
{
    flow_pipeline *p = flow_pipeline_new("order");
    const flow_coll in = by(p, FLOW_FIELD(reading, sensor));
    flow_write(flow_combine(in, add_up), &test_sink, NULL);
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    ck_assert_str_eq(graph->name, "order");
    ck_assert_ptr_nonnull(graph->allocator);
    ck_assert_uint_eq(graph->node_count, 4);
    ck_assert_uint_eq(graph->edge_count, 3);
    for (uint32_t i = 0; i < graph->edge_count; i++)
        ck_assert_uint_eq(graph->edges[i].id, i + 1);
    for (uint32_t i = 0; i < graph->node_count; i++)
        for (uint32_t k = 0; k < graph->nodes[i].input_count; k++)
            ck_assert_uint_lt(graph->edges[graph->nodes[i].inputs[k] - 1].producer, i);
    flow_pipeline_free(p);
}
END_TEST

TCase *check_tests(void)
{
    TCase *tests = tcase_create("check");
    tcase_add_loop_test(tests, misuse_is_refused_in_one_sentence, 0, TABLE_SIZE(table));
    tcase_add_test(tests, no_pipeline_is_refused);
    tcase_add_test(tests, graph_names_all_and_stands_in_order);
    return tests;
}
