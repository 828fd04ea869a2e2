// SPDX-License-Identifier: Apache-2.0
// Which names metrics may have, and that Prometheus can read whatever is measured.
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flow/metrics.h>
#include <flow/test.h>
#include <flow/transforms.h>

#include "prometheus.h"

TCase *named_tests(void);

struct item {
    int64_t n;
    flow_str text;
};
FLOW_RECORD(item, n, text);

// What the two steps of a pipeline measure, once an element.
static const flow_metric *first, *second;

static void measure(flow_ctx *ctx, const flow_metric *metric, const struct item *in)
{
    if (metric && metric->kind == FLOW_METRIC_STRINGS)
        flow_measure_text(ctx, metric, in->text);
    else if (metric)
        flow_measure(ctx, metric, in->n);
}

static flow_status measure_first(flow_ctx *ctx, const struct item *in)
{
    measure(ctx, first, in);
    return FLOW_EMIT_ROW(ctx, item, in);
}
FLOW_ELEMENT_FN(measure_first, item, item);

static flow_status measure_second(flow_ctx *ctx, const struct item *in)
{
    measure(ctx, second, in);
    return FLOW_EMIT_ROW(ctx, item, in);
}
FLOW_ELEMENT_FN(measure_second, item, item);

// All that was read comes out.
static bool is_whole(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    (void)seen;
    (void)user;
    if (count == 20)
        return true;
    flow_error_raise(error, FLOW_USER, NULL, "%zu elements came of 20", count);
    return false;
}

static flow_pipeline *p;
static const char *second_name = "second";

static flow_job *start(void)
{
    static const char broken[] = "a\xC3\0b\"\\\n\xFF";
    p = flow_pipeline_new("named");
    flow_script *script = flow_script_new(p);
    const flow_coll in = flow_script_input(script, "in", &item_type);
    for (int64_t i = 0; i < 20; i++)
        FLOW_SCRIPT_ADD(script, in, item, (flow_time){ i }, .n = i,
            .text = { i % 2 ? broken : "plain", i % 2 ? sizeof broken - 1 : 5 });
    // a wrong name is the function's fault, not the element's: no policy lets it pass
    const flow_do_options skip = { .name = "first", .on_error = FLOW_ON_ERROR_SKIP };
    const flow_coll out = flow_do(flow_do(in, &measure_first_fn, &skip), &measure_second_fn,
        &(flow_do_options){ .name = second_name });
    flow_expect_that(out, is_whole, NULL, NULL);
    const flow_runner runner = flow_simulated(&(flow_simulated_options){ .workers = 2 });
    flow_error error = { 0 };
    flow_job *job = flow_job_start(p, &runner, &error);
    ck_assert_msg(job != NULL, "%s", error.message);
    return job;
}

static flow_error ended(flow_job *job)
{
    flow_error error = { 0 };
    flow_job_wait(job, &error);
    flow_pipeline_free(p);
    return error;
}

// Runs with two metrics; NULL: none.
static flow_error run_with(const flow_metric *one, const flow_metric *other)
{
    first = one;
    second = other;
    return ended(start());
}

static void refused(const flow_metric *one, const flow_metric *other, const char *words)
{
    const flow_error error = run_with(one, other);
    ck_assert_msg(error.status == FLOW_INVALID, "%s: %d %s", words, error.status, error.message);
    ck_assert_msg(strstr(error.message, words) != NULL, "%s, not %s", error.message, words);
    ck_assert_msg(strcmp(error.step, "first") == 0 || strcmp(error.step, "second") == 0,
        "of step '%s'", error.step);
}

START_TEST(a_name_that_prometheus_would_not_read_fails_the_step)
{
    char longest[102];
    memset(longest, 'a', sizeof longest);
    longest[101] = '\0';
    const char *const names[] = { "a-b c", "", "9a", "caf\xC3\xA9", "a{}", NULL, longest };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const flow_metric metric = { FLOW_METRIC_COUNTER, names[i], NULL };
        refused(&metric, NULL, "needs a name of letters, digits and underscores");
    }
    longest[100] = '\0';
    const flow_metric fits = { FLOW_METRIC_COUNTER, longest, NULL };
    ck_assert_int_eq(run_with(&fits, NULL).status, FLOW_OK);
}
END_TEST

START_TEST(a_kind_that_there_is_not_fails_the_step)
{
    const flow_metric metric = { (flow_metric_kind)9, "nine", NULL };
    refused(&metric, NULL, "its metric 'nine' is of kind 9");
}
END_TEST

START_TEST(the_engine_keeps_its_names_for_itself)
{
    first = second = NULL;
    flow_job *job = start();
    flow_metrics *metrics = flow_job_metrics(job);
    char names[32][64];
    size_t count = 0;
    for (size_t i = 0; i < flow_metrics_count(metrics) && count < 32; i++)
        snprintf(names[count++], sizeof names[0], "%s", flow_metrics_at(metrics, i)->metric.name);
    flow_metrics_free(metrics);
    ck_assert_int_eq(ended(job).status, FLOW_OK);
    ck_assert_uint_ge(count, 10);
    for (size_t i = 0; i < count; i++) {
        const flow_metric metric = { FLOW_METRIC_GAUGE, names[i], NULL };
        refused(&metric, NULL, "has the name of a figure of the engine");
    }
    const flow_metric others[] = { { FLOW_METRIC_COUNTER, "lost_late", NULL },
        { FLOW_METRIC_GAUGE, "elements_in_total", NULL },
        { FLOW_METRIC_GAUGE, "spilled_bytes", NULL }, { FLOW_METRIC_GAUGE, "parts", NULL } };
    for (size_t i = 0; i < 4; i++)
        refused(&others[i], NULL, "has the name of a figure of the engine");
}
END_TEST

START_TEST(a_name_has_one_kind_in_a_job)
{
    const flow_metric counts = { FLOW_METRIC_COUNTER, "sold", NULL };
    const flow_metric shows = { FLOW_METRIC_GAUGE, "sold", NULL };
    refused(&counts, &shows, "a name has one kind in a job");
}
END_TEST

START_TEST(two_names_may_not_be_one_for_prometheus)
{
    const flow_metric sizes = { FLOW_METRIC_DISTRIBUTION, "size", NULL };
    const flow_metric sum = { FLOW_METRIC_GAUGE, "size_sum", NULL };
    const flow_metric least = { FLOW_METRIC_GAUGE, "size_min", NULL };
    refused(&sizes, &sum, "are both flow_size_sum for Prometheus");
    refused(&least, &sizes, "are both flow_size_min for Prometheus");
    const flow_metric sold = { FLOW_METRIC_COUNTER, "sold", NULL };
    const flow_metric total = { FLOW_METRIC_STRINGS, "sold_total", NULL };
    refused(&sold, &total, "are both flow_sold_total for Prometheus");
    const flow_metric next = { FLOW_METRIC_COUNTER, "size_sum", NULL };
    ck_assert_int_eq(run_with(&sizes, &next).status, FLOW_OK);
}
END_TEST

START_TEST(metrics_of_one_name_and_kind_are_one)
{
    static const flow_metric here = { FLOW_METRIC_COUNTER, "sold", "Here." };
    static const flow_metric there = { FLOW_METRIC_COUNTER, "sold", "There." };
    first = &here;
    second = &there;
    flow_job *job = start();
    flow_metrics *metrics = flow_job_metrics(job);
    ck_assert_int_eq(flow_metrics_find(metrics, "first", "sold")->committed.sum, 190);
    ck_assert_int_eq(flow_metrics_find(metrics, "second", "sold")->committed.sum, 190);
    char *text = flow_metrics_print(metrics);
    ck_assert_ptr_null(flow_test_prometheus_fault(text));
    flow_text_free(text);
    flow_metrics_free(metrics);
    ck_assert_int_eq(ended(job).status, FLOW_OK);
}
END_TEST

// Two of one name in one step.
static flow_status measure_twice(flow_ctx *ctx, const struct item *in)
{
    static const flow_metric here = { FLOW_METRIC_COUNTER, "seen", NULL };
    static const flow_metric there = { FLOW_METRIC_COUNTER, "seen", NULL };
    flow_measure(ctx, in->n % 3 ? &here : &there, 1);
    return FLOW_EMIT_ROW(ctx, item, in);
}
FLOW_ELEMENT_FN(measure_twice, item, item);

START_TEST(a_name_that_stands_twice_in_a_step_is_one_figure)
{
    p = flow_pipeline_new("twice");
    flow_script *script = flow_script_new(p);
    const flow_coll in = flow_script_input(script, "in", &item_type);
    for (int64_t i = 0; i < 20; i++)
        FLOW_SCRIPT_ADD(script, in, item, (flow_time){ i }, .n = i);
    const flow_coll out = flow_do(flow_reshuffle(in), &measure_twice_fn);
    flow_expect_that(out, is_whole, NULL, NULL);
    const flow_runner runner = flow_simulated(&(flow_simulated_options){ .workers = 4 });
    flow_error error = { 0 };
    flow_job *job = flow_job_start(p, &runner, &error);
    ck_assert_msg(job != NULL, "%s", error.message);
    flow_metrics *metrics = flow_job_metrics(job);
    int seen = 0;
    for (size_t i = 0; i < flow_metrics_count(metrics); i++)
        seen += strcmp(flow_metrics_at(metrics, i)->metric.name, "seen") == 0;
    ck_assert_int_eq(seen, 1);
    ck_assert_int_eq(flow_metrics_find(metrics, "measure_twice", "seen")->committed.sum, 20);
    flow_metrics_free(metrics);
    ck_assert_int_eq(ended(job).status, FLOW_OK);
}
END_TEST

START_TEST(prometheus_can_read_figures_of_every_kind_and_any_text)
{
    static const flow_metric kinds[] = {
        { FLOW_METRIC_COUNTER, "counted", "he\\lp \"x\"\nnext \xFF" },
        { FLOW_METRIC_DISTRIBUTION, "spread", "" },
        { FLOW_METRIC_GAUGE, "shown", NULL },
        { FLOW_METRIC_HISTOGRAM, "took_us", "." },
        { FLOW_METRIC_STRINGS, "texts", "Texts." },
    };
    second_name = "my \"step\"\\ \xC3\xA9";
    for (size_t i = 0; i < 25; i++) {
        first = &kinds[i / 5];
        second = &kinds[i % 5];
        flow_job *job = start();
        flow_metrics *metrics = flow_job_metrics(job);
        char *text = flow_metrics_print(metrics);
        const char *fault = flow_test_prometheus_fault(text);
        ck_assert_msg(!fault, "%s", fault);
        ck_assert_ptr_nonnull(strstr(text, "{step=\"my \\\"step\\\"\\\\ \xC3\xA9\""));
        flow_text_free(text);
        flow_metrics_free(metrics);
        ck_assert_int_eq(ended(job).status, FLOW_OK);
    }
    second_name = "second";
}
END_TEST

START_TEST(the_reader_of_these_tests_is_strict)
{
    static const char *const bad[] = { "a 1", "a 1\n", "# TYPE a-b gauge\n",
        "# TYPE a gauge\na b 1\n", "# TYPE a gauge\n# TYPE a gauge\n", "# TYPE a gauge\nb 1\n",
        "# TYPE a total\n", "# TYPE a gauge\na{x=\"\n\"} 1\n", "# TYPE a gauge\na{x=\"\\t\"} 1\n",
        "# TYPE a gauge\na{x=\"\xFF\"} 1\n", "# TYPE a gauge\na 1\na 1\n",
        "# TYPE a summary\na_sum 1\n# TYPE a_sum gauge\na_sum{x=\"y\"} 2\n", "# HELP a \\x\n",
        "# HELP b x\n# TYPE a gauge\n", "# TYPE a gauge\na{x=\"y\",} 1\n" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(flow_test_prometheus_fault(bad[i]) != NULL, "%s", bad[i]);
    const char *good = "# HELP a \\\\ x\n# TYPE a gauge\na{x=\"\\\"\",y=\"\"} -1\na 2.5\n"
                       "# TYPE b histogram\nb_bucket{le=\"+Inf\"} 1\nb_sum 1\nb_count 1\n";
    ck_assert_ptr_null(flow_test_prometheus_fault(good));
    ck_assert_ptr_null(flow_test_prometheus_fault(""));
}
END_TEST

TCase *named_tests(void)
{
    TCase *tests = tcase_create("named");
    tcase_add_test(tests, a_name_that_prometheus_would_not_read_fails_the_step);
    tcase_add_test(tests, a_kind_that_there_is_not_fails_the_step);
    tcase_add_test(tests, the_engine_keeps_its_names_for_itself);
    tcase_add_test(tests, a_name_has_one_kind_in_a_job);
    tcase_add_test(tests, two_names_may_not_be_one_for_prometheus);
    tcase_add_test(tests, metrics_of_one_name_and_kind_are_one);
    tcase_add_test(tests, a_name_that_stands_twice_in_a_step_is_one_figure);
    tcase_add_test(tests, prometheus_can_read_figures_of_every_kind_and_any_text);
    tcase_add_test(tests, the_reader_of_these_tests_is_strict);
    return tests;
}
