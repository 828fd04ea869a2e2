// SPDX-License-Identifier: Apache-2.0
// What is rejected, as collections: of a step, and of a composite that has ended.
#include "graph_test.h"

TCase *build_rejected_tests(void);

START_TEST(dead_letters_and_dropped_are_records_in_the_global_window)
{
    flow_pipeline *p = flow_pipeline_new("rejected");
    const flow_window_options minute = { .windows = flow_fixed(flow_minutes(1)) };
    const flow_do_options keep = { .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll out =
        flow_do(flow_window_into(test_readings(p, NULL, true), &minute), split, &keep);
    const flow_coll dead = flow_dead_letters(out);
    const flow_coll dropped = flow_dropped(out);
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    ck_assert_uint_eq(graph->nodes[2].outputs[FLOW_OUTPUT_DEAD_LETTERS], dead.id);
    ck_assert_uint_eq(graph->nodes[2].outputs[FLOW_OUTPUT_DROPPED], dropped.id);
    ck_assert_ptr_eq(flow_coll_type(dead), &flow_rejected_type);
    ck_assert_int_eq(graph->edges[dead.id - 1].windows.kind, FLOW_WINDOW_GLOBAL);
    ck_assert(graph->edges[dropped.id - 1].unbounded);
    flow_pipeline_free(p);
}
END_TEST

static flow_coll by_sensor(flow_pipeline *p)
{
    return flow_key_by(test_readings(p, NULL, false), FLOW_FIELD(reading, sensor));
}

// Two steps that keep dead letters, the second made of the first.
static flow_coll composite(flow_pipeline *p, const char *name)
{
    static const flow_do_options keep = { .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll in = test_readings(p, NULL, false);
    flow_scope_begin(p, name);
    const flow_coll totals = flow_do(flow_do(in, split, &keep), same_total, &keep);
    flow_scope_end(p);
    return totals;
}

static const flow_node *node_of(flow_coll coll)
{
    const flow_graph *graph = flow_pipeline_graph(coll.pipeline, NULL);
    return &graph->nodes[graph->edges[coll.id - 1].producer];
}

START_TEST(a_composite_that_has_ended_is_one_step)
{
    flow_pipeline *p = flow_pipeline_new("composite");
    const flow_coll out = composite(p, "mine");
    const flow_node *dropped = node_of(flow_dropped(out));
    ck_assert_int_eq(dropped->kind, FLOW_NODE_FLATTEN);
    ck_assert_str_eq(dropped->path, "mine/dropped");
    ck_assert_uint_eq(dropped->input_count, 2);
    const flow_node *dead = node_of(flow_dead_letters(out));
    ck_assert_str_eq(dead->path, "mine/dead-letters");
    ck_assert_uint_eq(dead->input_count, 2);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(composites_of_one_name_are_told_apart)
{
    flow_pipeline *p = flow_pipeline_new("composite");
    composite(p, "mine");
    const flow_coll second = composite(p, "mine");
    const flow_node *dropped = node_of(flow_dropped(second));
    ck_assert_uint_eq(dropped->input_count, 2);
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    for (uint32_t i = 0; i < 2; i++)
        ck_assert_uint_ge(graph->edges[dropped->inputs[i] - 1].producer, 4);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(within_a_composite_its_steps_are_asked)
{
    flow_pipeline *p = flow_pipeline_new("composite");
    flow_scope_begin(p, "outer");
    const flow_coll out = composite(p, "inner");
    const flow_coll inner = flow_dropped(out);
    flow_scope_end(p);
    flow_scope_begin(p, "other");
    const flow_coll outer = flow_dropped(out);
    flow_scope_end(p);
    ck_assert_str_eq(node_of(inner)->path, "outer/inner/dropped");
    ck_assert_str_eq(node_of(outer)->path, "outer/dropped");
    flow_pipeline_free(p);
}
END_TEST

static void dead_letters_not_kept(flow_pipeline *p)
{
    flow_dead_letters(flow_do(test_readings(p, NULL, false), split));
}

static void dropped_by_a_key(flow_pipeline *p)
{
    flow_dropped(by_sensor(p));
}

static void dropped_by_a_table(flow_pipeline *p)
{
    flow_view_dropped(flow_as_temporal(by_sensor(p)));
}

static void dropped_by_no_view(flow_pipeline *p)
{
    flow_view_dropped((flow_view){ p, 77 });
}

static const refused table[] = {
    { dead_letters_not_kept, FLOW_INVALID,
        "flow_dead_letters(split_one): the step keeps no dead letters; its 'on_error' must be "
        "FLOW_ON_ERROR_DEAD_LETTER" },
    { dropped_by_a_key, FLOW_INVALID,
        "flow_dropped(key_by): the step drops nothing; ask the one that does" },
    { dropped_by_a_table, FLOW_INVALID,
        "flow_view_dropped(as_temporal): the view drops nothing: it takes every element" },
    { dropped_by_no_view, FLOW_INVALID,
        "flow_view_dropped(view): its input is no collection of this pipeline" },
};

START_TEST(asking_for_what_is_not_there_is_refused)
{
    test_refused(&table[_i]);
}
END_TEST

TCase *build_rejected_tests(void)
{
    TCase *tests = tcase_create("build_rejected");
    tcase_add_test(tests, dead_letters_and_dropped_are_records_in_the_global_window);
    tcase_add_test(tests, a_composite_that_has_ended_is_one_step);
    tcase_add_test(tests, composites_of_one_name_are_told_apart);
    tcase_add_test(tests, within_a_composite_its_steps_are_asked);
    tcase_add_loop_test(tests, asking_for_what_is_not_there_is_refused, 0, TABLE_SIZE(table));
    return tests;
}
