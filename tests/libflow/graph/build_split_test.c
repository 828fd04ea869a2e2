// SPDX-License-Identifier: Apache-2.0
// Splittable functions while building: what they are, and what they cannot have (R68).
#include "graph_test.h"

#include <flow/split.h>

TCase *build_split_tests(void);

static flow_status process(flow_ctx *ctx, const struct reading *in)
{
    return FLOW_EMIT(ctx, total, .value = in->number);
}

static flow_status whole(flow_ctx *ctx, const void *element, void *restriction)
{
    (void)ctx;
    (void)element;
    (void)restriction;
    return FLOW_OK;
}
FLOW_SPLIT_FN(process, reading, (total, place), .tracker = &flow_offset_tracker, .initial = whole,
    .unbounded = true);

static void apply(flow_pipeline *p, const flow_split_fn *fn)
{
    flow_split(test_readings(p, NULL, false), fn);
}

static void no_function(flow_pipeline *p)
{
    apply(p, NULL);
}

static void no_call(flow_pipeline *p)
{
    flow_split_fn fn = process_split;
    fn.fn = NULL;
    apply(p, &fn);
}

static void no_initial(flow_pipeline *p)
{
    flow_split_fn fn = process_split;
    fn.initial = NULL;
    apply(p, &fn);
}

static void no_tracker(flow_pipeline *p)
{
    flow_split_fn fn = process_split;
    fn.tracker = NULL;
    apply(p, &fn);
}

static void half_a_tracker(flow_pipeline *p)
{
    flow_tracker tracker = flow_offset_tracker;
    flow_split_fn fn = process_split;
    tracker.done = NULL;
    fn.tracker = &tracker;
    apply(p, &fn);
}

static void state(flow_pipeline *p)
{
    flow_split_fn fn = process_split;
    flow_fn call = process_fn;
    call.form = FLOW_FORM_STATEFUL;
    fn.fn = &call;
    apply(p, &fn);
}

static void key(flow_pipeline *p)
{
    flow_split_fn fn = process_split;
    flow_fn call = process_fn;
    call.key.kind = FLOW_KIND_STR;
    fn.fn = &call;
    apply(p, &fn);
}

static void estimator(flow_pipeline *p)
{
    flow_split_fn fn = process_split;
    fn.estimator = (flow_estimator)9;
    apply(p, &fn);
}

static const refused table[] = {
    { no_function, FLOW_INVALID, "flow_split(split): it was given no function" },
    { no_call, FLOW_INVALID, "flow_split(split): it was given no function" },
    { no_initial, FLOW_INVALID,
        "flow_split(process): the splittable function has no 'initial': every element needs a "
        "restriction" },
    { no_tracker, FLOW_INVALID,
        "flow_split(process): the splittable function's tracker needs a restriction, 'claim', "
        "'split' and 'done'" },
    { half_a_tracker, FLOW_INVALID,
        "flow_split(process): the splittable function's tracker needs a restriction, 'claim', "
        "'split' and 'done'" },
    { state, FLOW_INVALID,
        "flow_split(process): a splittable function emits for one element at a time and keeps no "
        "state: its form must "
        "be FLOW_FORM_EMIT" },
    { key, FLOW_INVALID, "flow_split(process): a splittable function takes no key" },
    { estimator, FLOW_INVALID,
        "flow_split(process): the splittable function's estimator 9 is unknown" },
};

START_TEST(r68_what_cannot_be_is_refused)
{
    test_refused(&table[_i]);
}
END_TEST

START_TEST(r68_a_splittable_function_is_given_side_inputs)
{
    flow_pipeline *p = flow_pipeline_new("looks");
    const flow_coll in = test_readings(p, NULL, false);
    const flow_view view = flow_as_list(in);
    flow_split(in, &process_split, &(flow_do_options){ .sides = &view, .side_count = 1 });
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    ck_assert_ptr_nonnull(graph);
    const flow_node *node = &graph->nodes[graph->node_count - 1];
    ck_assert_int_eq(node->kind, FLOW_NODE_SPLIT);
    ck_assert_uint_eq(node->side_count, 1);
    ck_assert_uint_eq(node->sides[0], view.id);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(r68_an_unbounded_function_makes_its_output_unbounded)
{
    flow_pipeline *p = flow_pipeline_new("split");
    const flow_coll out = flow_split(test_readings(p, NULL, false), &process_split);
    flow_output(out, 1);
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    ck_assert_ptr_nonnull(graph);
    ck_assert_int_eq(graph->nodes[1].kind, FLOW_NODE_SPLIT);
    ck_assert_ptr_eq(graph->nodes[1].split, &process_split);
    ck_assert_ptr_eq(graph->nodes[1].fn, process_split.fn);
    ck_assert(!graph->edges[graph->nodes[1].inputs[0] - 1].unbounded);
    ck_assert(graph->edges[out.id - 1].unbounded);
    ck_assert_ptr_eq(flow_coll_type(out), &total_type);
    flow_pipeline_free(p);
}
END_TEST

TCase *build_split_tests(void)
{
    TCase *tests = tcase_create("build_split");
    tcase_add_loop_test(tests, r68_what_cannot_be_is_refused, 0, TABLE_SIZE(table));
    tcase_add_test(tests, r68_a_splittable_function_is_given_side_inputs);
    tcase_add_test(tests, r68_an_unbounded_function_makes_its_output_unbounded);
    return tests;
}
