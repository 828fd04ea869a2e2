// SPDX-License-Identifier: Apache-2.0
// Paths: unique, scoped, chosen or numbered.
#include "graph_test.h"

TCase *name_tests(void);

static const char *path_of(flow_pipeline *p, uint32_t node)
{
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    ck_assert_ptr_nonnull(graph);
    return graph->nodes[node].path;
}

static void double_name(flow_pipeline *p)
{
    test_readings(p, "in", false);
    test_readings(p, "in", false);
}

static void double_name_in_a_scope(flow_pipeline *p)
{
    flow_scope_begin(p, "orders");
    test_readings(p, "in", false);
    flow_named(test_readings(p, NULL, false), "in");
    flow_scope_end(p);
}

static void name_with_a_slash(flow_pipeline *p)
{
    test_readings(p, "a/b", false);
}

static void empty_name(flow_pipeline *p)
{
    flow_named(test_readings(p, NULL, false), "");
}

static void no_name(flow_pipeline *p)
{
    flow_named(test_readings(p, NULL, false), NULL);
}

static void name_of_two_lines(flow_pipeline *p)
{
    test_readings(p, "a\nb", false);
}

static void name_not_in_utf8(flow_pipeline *p)
{
    flow_do(test_readings(p, NULL, false), split, &(flow_do_options){ .name = "caf\xE9" });
}

static const refused table[] = {
    { name_of_two_lines, FLOW_INVALID,
        "flow_read(): a step needs a name in UTF-8 without control characters" },
    { name_not_in_utf8, FLOW_INVALID,
        "flow_do(): a step needs a name in UTF-8 without control characters" },
    { double_name, FLOW_INVALID, "flow_read(in): another step is already called 'in'" },
    { double_name_in_a_scope, FLOW_INVALID,
        "flow_named(in): another step is already called 'orders/in'" },
    { name_with_a_slash, FLOW_INVALID, "flow_read(a/b): a step needs a name without '/'" },
    { empty_name, FLOW_INVALID, "flow_named(): a step needs a name without '/'" },
    { no_name, FLOW_INVALID, "flow_named(): a step needs a name without '/'" },
};

START_TEST(misuse_is_refused_in_one_sentence)
{
    test_refused(&table[_i]);
}
END_TEST

START_TEST(unnamed_steps_are_numbered)
{
    flow_pipeline *p = flow_pipeline_new("names");
    const flow_coll in = test_readings(p, NULL, false);
    for (int i = 0; i < 3; i++)
        flow_do(in, split);
    ck_assert_str_eq(path_of(p, 0), "read");
    ck_assert_str_eq(path_of(p, 1), "split_one");
    ck_assert_str_eq(path_of(p, 2), "split_one-2");
    ck_assert_str_eq(path_of(p, 3), "split_one-3");
    ck_assert(!flow_pipeline_graph(p, NULL)->nodes[1].named);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(unnamed_step_gives_way_to_a_chosen_name)
{
    flow_pipeline *p = flow_pipeline_new("names");
    const flow_coll in = test_readings(p, NULL, false);
    flow_do(in, split);
    flow_do(in, split, &(flow_do_options){ .name = "split_one" });
    flow_do(in, split);
    ck_assert_str_eq(path_of(p, 1), "split_one-2");
    ck_assert_str_eq(path_of(p, 2), "split_one");
    ck_assert_str_eq(path_of(p, 3), "split_one-3");
    ck_assert(flow_pipeline_graph(p, NULL)->nodes[2].named);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(scopes_nest_and_names_repeat_across_them)
{
    flow_pipeline *p = flow_pipeline_new("names");
    test_readings(p, "in", false);
    flow_scope_begin(p, "orders");
    test_readings(p, "in", false);
    flow_scope_begin(p, "late");
    test_readings(p, "in", false);
    flow_scope_end(p);
    test_readings(p, NULL, false);
    flow_scope_end(p);
    ck_assert_str_eq(path_of(p, 0), "in");
    ck_assert_str_eq(path_of(p, 1), "orders/in");
    ck_assert_str_eq(path_of(p, 2), "orders/late/in");
    ck_assert_str_eq(path_of(p, 3), "orders/read");
    flow_pipeline_free(p);
}
END_TEST

START_TEST(named_renames_the_step_and_frees_the_old_name)
{
    flow_pipeline *p = flow_pipeline_new("names");
    const flow_coll in = test_readings(p, "in", false);
    ck_assert_uint_eq(flow_named(in, "source").id, in.id);
    ck_assert_uint_eq(flow_named(in, "source").id, in.id);
    test_readings(p, "in", false);
    ck_assert_str_eq(path_of(p, 0), "source");
    ck_assert_str_eq(path_of(p, 1), "in");
    flow_pipeline_free(p);
}
END_TEST

START_TEST(thousands_of_steps_of_one_name_are_numbered_soon)
{
    flow_pipeline *p = flow_pipeline_new("names");
    const flow_coll in = test_readings(p, NULL, false);
    for (int i = 0; i < 3000; i++)
        flow_do(in, split);
    ck_assert_str_eq(path_of(p, 3000), "split_one-3000");
    flow_pipeline_free(p);
}
END_TEST

TCase *name_tests(void)
{
    TCase *tests = tcase_create("name");
    tcase_add_loop_test(tests, misuse_is_refused_in_one_sentence, 0, TABLE_SIZE(table));
    tcase_add_test(tests, unnamed_steps_are_numbered);
    tcase_add_test(tests, unnamed_step_gives_way_to_a_chosen_name);
    tcase_add_test(tests, scopes_nest_and_names_repeat_across_them);
    tcase_add_test(tests, named_renames_the_step_and_frees_the_old_name);
    tcase_add_test(tests, thousands_of_steps_of_one_name_are_numbered_soon);
    return tests;
}
