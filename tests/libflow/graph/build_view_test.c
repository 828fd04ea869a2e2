// SPDX-License-Identifier: Apache-2.0
// Views: what they are made of, and what is refused.
#include "graph_test.h"

#include <flow/side.h>

TCase *build_view_tests(void);

static flow_coll readings(flow_pipeline *p)
{
    return test_readings(p, NULL, false);
}

static flow_coll by_number(flow_coll in)
{
    return flow_key_by(in, FLOW_FIELD(reading, number));
}

static void map_without_key(flow_pipeline *p)
{
    flow_as_map(readings(p));
}

static void multimap_without_key(flow_pipeline *p)
{
    flow_as_multimap(readings(p));
}

static void temporal_without_key(flow_pipeline *p)
{
    flow_as_temporal(readings(p));
}

static void temporal_in_windows(flow_pipeline *p)
{
    const flow_window_options minutes = { .windows = flow_fixed(flow_minutes(1)) };
    flow_as_temporal(by_number(flow_window_into(readings(p), &minutes)));
}

static void list_without_end(flow_pipeline *p)
{
    flow_as_list(test_readings(p, NULL, true));
}

static flow_coll sessions(flow_pipeline *p)
{
    const flow_window_options options = { .windows = flow_sessions(flow_minutes(1)) };
    return flow_window_into(readings(p), &options);
}

static void list_of_sessions(flow_pipeline *p)
{
    flow_as_list(sessions(p));
}

static void list_of_final_sessions(flow_pipeline *p)
{
    const flow_coll keyed_by_name = flow_key_by(sessions(p), FLOW_FIELD(reading, sensor));
    flow_as_list(flow_combine(keyed_by_name, add_up));
}

static void form_unknown(flow_pipeline *p)
{
    flow_view_of(readings(p), (flow_view_form)99, NULL);
}

static void otherwise_of_a_list(flow_pipeline *p)
{
    const struct reading zero = { .number = 0 };
    const flow_view_options options = { .otherwise = &zero, .otherwise_type = &reading_type };
    flow_view_of(readings(p), FLOW_VIEW_LIST, &options);
}

static void otherwise_without_type(flow_pipeline *p)
{
    const struct reading zero = { .number = 0 };
    const flow_view_options options = { .otherwise = &zero };
    flow_view_of(readings(p), FLOW_VIEW_SINGLETON, &options);
}

static void otherwise_of_another_type(flow_pipeline *p)
{
    const struct total zero = { 0 };
    flow_as_singleton_or(readings(p), &total_type, &zero);
}

static void keep_of_a_map(flow_pipeline *p)
{
    const flow_view_options options = { .keep = flow_seconds(1) };
    flow_view_of(by_number(readings(p)), FLOW_VIEW_MAP, &options);
}

static void keep_below_zero(flow_pipeline *p)
{
    const flow_view_options options = { .keep = flow_seconds(-1) };
    flow_view_of(by_number(readings(p)), FLOW_VIEW_TEMPORAL, &options);
}

static void count_without_sides(flow_pipeline *p)
{
    flow_do(readings(p), split, &(flow_do_options){ .side_count = 1 });
}

static void side_of_another_pipeline(flow_pipeline *p)
{
    flow_pipeline *other = flow_pipeline_new("other");
    const flow_view view = flow_as_list(readings(other));
    flow_do(readings(p), split, &(flow_do_options){ .sides = &view, .side_count = 1 });
    flow_pipeline_free(other);
}

static void side_that_is_a_collection(flow_pipeline *p)
{
    const flow_view view = { p, readings(p).id };
    flow_do(readings(p), split, &(flow_do_options){ .sides = &view, .side_count = 1 });
}

static const refused refusals[] = {
    { map_without_key, FLOW_TYPE, "as_map(as_map): is looked into by key, its input has no key" },
    { multimap_without_key, FLOW_TYPE,
        "as_multimap(as_multimap): is looked into by key, its input has no key" },
    { temporal_without_key, FLOW_TYPE,
        "as_temporal(as_temporal): is looked into by key, its input has no key" },
    { temporal_in_windows, FLOW_INVALID,
        "as_temporal(as_temporal): is looked into by time, so its input must lie in the global "
        "window" },
    { list_without_end, FLOW_INVALID,
        "as_list(as_list): makes a view of an unbounded input in the global window, which never "
        "ends; put flow_window_into before, with windows that end or a trigger" },
    { list_of_sessions, FLOW_INVALID,
        "as_list(as_list): its windows are made by its elements and merge, so none belongs to a "
        "window of the input that looks into it; put flow_window_into before, with other windows" },
    { list_of_final_sessions, FLOW_INVALID,
        "as_list(as_list): its windows are made by its elements and merge, so none belongs to a "
        "window of the input that looks into it; put flow_window_into before, with other windows" },
    { form_unknown, FLOW_UNSUPPORTED,
        "flow_view_of(flow_view_of): the form 99 of views is "
        "unknown" },
    { otherwise_of_a_list, FLOW_INVALID, "as_list(as_list): only singletons have an 'otherwise'" },
    { otherwise_without_type, FLOW_INVALID,
        "as_singleton(as_singleton): its options have an 'otherwise' without 'otherwise_type'" },
    { otherwise_of_another_type, FLOW_TYPE,
        "as_singleton(as_singleton): its 'otherwise' is a 'total', its input has 'reading'" },
    { keep_of_a_map, FLOW_INVALID, "as_map(as_map): only temporal views have a 'keep'" },
    { keep_below_zero, FLOW_INVALID, "as_temporal(as_temporal): its 'keep' must be at least 0" },
    { count_without_sides, FLOW_INVALID,
        "flow_do(split_one): its options have a 'side_count' without 'sides'" },
    { side_of_another_pipeline, FLOW_INVALID,
        "flow_do(split_one): side input 0 belongs to another pipeline" },
    { side_that_is_a_collection, FLOW_INVALID,
        "flow_do(split_one): side input 0 is no view of this pipeline" },
};

START_TEST(r70_r71_a_wrong_view_is_refused_in_a_sentence)
{
    test_refused(&refusals[_i]);
}
END_TEST

static const flow_node *node_named(flow_pipeline *p, const char *path)
{
    flow_error error = { 0 };
    const flow_graph *graph = flow_pipeline_graph(p, &error);
    ck_assert_msg(graph != NULL, "%s", error.message);
    for (uint32_t i = 0; i < graph->node_count; i++)
        if (strcmp(graph->nodes[i].path, path) == 0)
            return &graph->nodes[i];
    ck_abort_msg("there is no step %s", path);
}

START_TEST(a_view_takes_what_a_grouping_of_the_window_gives)
{
    flow_pipeline *p = flow_pipeline_new("test");
    const flow_view view = flow_view_of(
        by_number(readings(p)), FLOW_VIEW_MAP, &(flow_view_options){ .name = "rates" });
    flow_do(readings(p), split, &(flow_do_options){ .sides = &view, .side_count = 1 });
    flow_error error = { 0 };
    const flow_graph *graph = flow_pipeline_graph(p, &error);
    const flow_node *rates = node_named(p, "rates");
    ck_assert_int_eq(rates->kind, FLOW_NODE_VIEW);
    ck_assert_int_eq(rates->view->form, FLOW_VIEW_MAP);
    ck_assert(flow_type_equal(rates->view->value, &reading_type));
    ck_assert_uint_eq(rates->view->value_offset, 0);
    const flow_shape *shape = &graph->edges[rates->outputs[0] - 1].shape;
    ck_assert_int_eq(shape->key, FLOW_KIND_I64);
    ck_assert_uint_eq(shape->key_offset, offsetof(struct reading, number));
    const flow_node *gather = node_named(p, "rates/gather");
    ck_assert_int_eq(gather->kind, FLOW_NODE_GROUP);
    ck_assert_uint_eq(rates->inputs[0], gather->outputs[0]);
    const flow_node *step = node_named(p, "split_one");
    ck_assert_uint_eq(step->side_count, 1);
    ck_assert_uint_eq(step->sides[0], rates->outputs[0]);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(a_key_that_is_no_part_of_the_element_is_laid_beside_it)
{
    flow_pipeline *p = flow_pipeline_new("test");
    const flow_coll keyed_by_name = flow_key_by(readings(p), FLOW_FIELD(reading, sensor));
    flow_as_multimap(flow_combine(keyed_by_name, add_up));
    const flow_node *view = node_named(p, "as_multimap");
    ck_assert_str_eq(view->view->value->name, add_up->out->name);
    ck_assert_uint_eq(view->view->value_offset, sizeof(flow_str));
    node_named(p, "as_multimap/pair");
    flow_pipeline_free(p);
}
END_TEST

START_TEST(a_singleton_has_a_copy_of_its_otherwise)
{
    flow_pipeline *p = flow_pipeline_new("test");
    char name[] = "hall";
    struct reading otherwise = { .sensor = { name, 4 }, .number = 7 };
    flow_as_singleton_or(readings(p), &reading_type, &otherwise);
    name[0] = 'b';
    otherwise.number = 8;
    const struct reading *copy = node_named(p, "as_singleton")->view->otherwise;
    ck_assert_int_eq(copy->number, 7);
    ck_assert(flow_str_equal(copy->sensor, flow_str_of("hall")));
    flow_pipeline_free(p);
}
END_TEST

START_TEST(printing_shows_side_inputs)
{
    flow_pipeline *p = flow_pipeline_new("test");
    const flow_view views[] = { flow_as_list(readings(p)),
        flow_as_temporal(by_number(readings(p))) };
    flow_do(readings(p), split, &(flow_do_options){ .sides = views, .side_count = 2 });
    char *text = flow_pipeline_print(p, FLOW_PRINT_TEXT);
    ck_assert_ptr_nonnull(strstr(text, " with as_list, as_temporal -> total"));
    flow_text_free(text);
    text = flow_pipeline_print(p, FLOW_PRINT_MERMAID);
    ck_assert_ptr_nonnull(strstr(text, " -.-> n"));
    flow_text_free(text);
    text = flow_pipeline_print(p, FLOW_PRINT_DOT);
    ck_assert_ptr_nonnull(strstr(text, " [style=dashed];"));
    flow_text_free(text);
    flow_pipeline_free(p);
}
END_TEST

TCase *build_view_tests(void)
{
    TCase *tests = tcase_create("build_view.c");
    tcase_add_loop_test(
        tests, r70_r71_a_wrong_view_is_refused_in_a_sentence, 0, TABLE_SIZE(refusals));
    tcase_add_test(tests, a_view_takes_what_a_grouping_of_the_window_gives);
    tcase_add_test(tests, a_key_that_is_no_part_of_the_element_is_laid_beside_it);
    tcase_add_test(tests, a_singleton_has_a_copy_of_its_otherwise);
    tcase_add_test(tests, printing_shows_side_inputs);
    return tests;
}
