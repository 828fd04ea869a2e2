// SPDX-License-Identifier: Apache-2.0
// Printed forms, compared as a whole.
#include "graph_test.h"

TCase *print_tests(void);

static flow_pipeline *example(void)
{
    flow_pipeline *p = flow_pipeline_new("spikes \"live\"");
    const flow_window_options last_minute = {
        .windows = flow_sliding(flow_minutes(1), flow_seconds(10)),
        .lateness = flow_millis(1500),
        .accumulation = FLOW_DISCARDING,
    };
    const flow_do_options keep = { .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll in = test_readings(p, NULL, true);
    const flow_coll parts = flow_do(in, split, &keep);
    flow_write(flow_output(parts, 1), &test_sink, &(flow_write_options){ .name = "places" });
    flow_write(flow_dead_letters(parts), &test_sink, &(flow_write_options){ .name = "dead" });
    flow_scope_begin(p, "totals");
    const flow_coll recent = flow_window_into(in, &last_minute);
    const flow_coll by_sensor = flow_key_by(recent, FLOW_FIELD(reading, sensor));
    flow_write(flow_combine(by_sensor, add_up), &test_sink, NULL);
    flow_scope_end(p);
    return p;
}

static const char *const text_form =
    "spikes \"live\": 8 steps\n"
    "  read           source -> reading, unbounded\n"
    "  split_one      do of read -> total, unbounded\n"
    "  places         sink of split_one: output 1\n"
    "  dead           sink of split_one: dead letters\n"
    "  totals/window  window of read -> reading, windows of 1m every 10s, lateness 1500ms, "
    "unbounded\n"
    "  totals/key_by  key of totals/window -> reading, key text, windows of 1m every 10s, lateness "
    "1500ms, unbounded\n"
    "  totals/total   combine of totals/key_by -> total, key text, windows of 1m every 10s, "
    "lateness 1500ms, unbounded\n"
    "  totals/write   sink of totals/total\n";

static const char *const dot_form =
    "digraph \"spikes \\\"live\\\"\" {\n"
    "  node [shape=box];\n"
    "  n0 [label=\"read\\nsource\"];\n"
    "  n1 [label=\"split_one\\ndo\"];\n"
    "  n2 [label=\"places\\nsink\"];\n"
    "  n3 [label=\"dead\\nsink\"];\n"
    "  n4 [label=\"totals/window\\nwindow\"];\n"
    "  n5 [label=\"totals/key_by\\nkey\"];\n"
    "  n6 [label=\"totals/total\\ncombine\"];\n"
    "  n7 [label=\"totals/write\\nsink\"];\n"
    "  n0 -> n1 [label=\"reading, unbounded\"];\n"
    "  n1 -> n2 [label=\"place, unbounded, output 1\"];\n"
    "  n1 -> n3 [label=\"flow_rejected, unbounded, dead letters\"];\n"
    "  n0 -> n4 [label=\"reading, unbounded\"];\n"
    "  n4 -> n5 [label=\"reading, windows of 1m every 10s, lateness 1500ms, unbounded\"];\n"
    "  n5 -> n6 [label=\"reading, key text, windows of 1m every 10s, lateness 1500ms, "
    "unbounded\"];\n"
    "  n6 -> n7 [label=\"total, key text, windows of 1m every 10s, lateness 1500ms, "
    "unbounded\"];\n"
    "}\n";

static const char *const mermaid_form =
    "flowchart TD\n"
    "  n0[\"read<br/>source\"]\n"
    "  n1[\"split_one<br/>do\"]\n"
    "  n2[\"places<br/>sink\"]\n"
    "  n3[\"dead<br/>sink\"]\n"
    "  n4[\"totals/window<br/>window\"]\n"
    "  n5[\"totals/key_by<br/>key\"]\n"
    "  n6[\"totals/total<br/>combine\"]\n"
    "  n7[\"totals/write<br/>sink\"]\n"
    "  n0 -- \"reading, unbounded\" --> n1\n"
    "  n1 -- \"place, unbounded, output 1\" --> n2\n"
    "  n1 -- \"flow_rejected, unbounded, dead letters\" --> n3\n"
    "  n0 -- \"reading, unbounded\" --> n4\n"
    "  n4 -- \"reading, windows of 1m every 10s, lateness 1500ms, unbounded\" --> n5\n"
    "  n5 -- \"reading, key text, windows of 1m every 10s, lateness 1500ms, unbounded\" --> n6\n"
    "  n6 -- \"total, key text, windows of 1m every 10s, lateness 1500ms, unbounded\" --> n7\n";

static void expect(flow_print_form form, const char *expected)
{
    flow_pipeline *p = example();
    ck_assert_int_eq(flow_pipeline_check(p, NULL), FLOW_OK);
    char *text = flow_pipeline_print(p, form);
    ck_assert_str_eq(text, expected);
    flow_text_free(text);
    flow_pipeline_free(p);
}

START_TEST(text_form_is_a_line_a_step)
{
    expect(FLOW_PRINT_TEXT, text_form);
}
END_TEST

START_TEST(dot_form_quotes_names)
{
    expect(FLOW_PRINT_DOT, dot_form);
}
END_TEST

START_TEST(mermaid_form_is_a_flowchart)
{
    expect(FLOW_PRINT_MERMAID, mermaid_form);
}
END_TEST

static const struct {
    int64_t us;
    const char *text;
} spans[] = {
    { 1, "1us" },
    { 1000, "1ms" },
    { 1500000, "1500ms" },
    { 60000000, "1m" },
    { 90000000, "90s" },
    { INT64_C(7200000000), "2h" },
    { INT64_C(86400000000), "1d" },
    { INT64_C(129600000000), "36h" },
};

START_TEST(durations_are_whole_numbers_of_the_largest_unit)
{
    flow_pipeline *p = flow_pipeline_new("spans");
    const flow_window_options options = { .windows = flow_fixed(flow_micros(spans[_i].us)) };
    flow_window_into(test_readings(p, NULL, false), &options);
    char *text = flow_pipeline_print(p, FLOW_PRINT_TEXT);
    char expected[40];
    snprintf(expected, sizeof expected, "windows of %s\n", spans[_i].text);
    ck_assert_ptr_nonnull(strstr(text, expected));
    flow_text_free(text);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(broken_and_empty_pipelines_are_printed_as_far_as_they_go)
{
    flow_pipeline *p = flow_pipeline_new("broken");
    char *text = flow_pipeline_print(p, FLOW_PRINT_TEXT);
    ck_assert_str_eq(text, "broken: 0 steps\n");
    flow_text_free(text);
    flow_do(test_readings(p, NULL, false), same_total);
    text = flow_pipeline_print(p, FLOW_PRINT_TEXT);
    ck_assert_str_eq(text, "broken: 1 step\n  read  source -> reading\n");
    flow_text_free(text);
    flow_text_free(NULL);
    ck_assert_ptr_null(flow_pipeline_print(NULL, FLOW_PRINT_TEXT));
    flow_pipeline_free(p);
}
END_TEST

TCase *print_tests(void)
{
    TCase *tests = tcase_create("print");
    tcase_add_test(tests, text_form_is_a_line_a_step);
    tcase_add_test(tests, dot_form_quotes_names);
    tcase_add_test(tests, mermaid_form_is_a_flowchart);
    tcase_add_loop_test(
        tests, durations_are_whole_numbers_of_the_largest_unit, 0, TABLE_SIZE(spans));
    tcase_add_test(tests, broken_and_empty_pipelines_are_printed_as_far_as_they_go);
    return tests;
}
