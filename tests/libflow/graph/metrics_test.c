// SPDX-License-Identifier: Apache-2.0
// Figures: copied when they are taken, found by name, printed for Prometheus.
#include "graph_test.h"

#include <flow/metrics.h>
#include <flow/runner.h>

TCase *metrics_tests(void);

static uint64_t buckets[FLOW_METRIC_BUCKETS];
static char first_text[] = "a\"b\\c\nd";

// What the runner of these tests has: two steps, one metric of every kind.
static bool show_all(
    const flow_job *job, bool (*show)(void *user, const flow_figure *figure), void *user)
{
    const flow_str texts[] = { { first_text, 7 }, { "z", 1 } };
    const flow_figure figures[] = {
        { .step = "read",
            .metric = { FLOW_METRIC_COUNTER, "rows", "Rows." },
            .committed = { 1, 5, 5, 5, 5 },
            .attempted = { 2, 9, 4, 5, 4 } },
        { .step = "read",
            .metric = { FLOW_METRIC_DISTRIBUTION, "size", NULL },
            .committed = { 3, 60, 10, 30, 20 } },
        { .step = "write",
            .metric = { FLOW_METRIC_COUNTER, "rows", "Rows." },
            .committed = { 1, 7, 7, 7, 7 } },
        { .step = "write",
            .metric = { FLOW_METRIC_GAUGE, "depth", NULL },
            .committed = { 4, 0, -3, 9, -3 } },
        { .step = "write",
            .metric = { FLOW_METRIC_HISTOGRAM, "took", NULL },
            .user = true,
            .committed = { 6, 21, 0, 8, 8 },
            .buckets = buckets },
        { .step = "write",
            .metric = { FLOW_METRIC_STRINGS, "file", NULL },
            .user = true,
            .committed = { 2, 0, 0, 0, 0 },
            .texts = texts },
    };
    (void)job;
    buckets[0] = 1; // 0
    buckets[1] = 2; // 1
    buckets[4] = 3; // 8 to 15
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
        if (!show(user, &figures[i]))
            return false;
    return true;
}

static const flow_runner_ops showing = { .name = "showing", .metrics = show_all };
static flow_job job = { &showing };

START_TEST(figures_are_found_by_step_and_name)
{
    flow_metrics *metrics = flow_job_metrics(&job);
    ck_assert_uint_eq(flow_metrics_count(metrics), 6);
    ck_assert_int_eq(flow_metrics_find(metrics, "write", "rows")->committed.sum, 7);
    ck_assert_int_eq(flow_metrics_find(metrics, "read", "rows")->attempted.sum, 9);
    ck_assert_ptr_null(flow_metrics_find(metrics, "read", "depth"));
    ck_assert_ptr_null(flow_metrics_at(metrics, 6));
    ck_assert_str_eq(flow_metrics_at(metrics, 1)->metric.name, "size");
    flow_metrics_free(metrics);
    flow_metrics_free(NULL);
}
END_TEST

START_TEST(what_figures_point_to_is_copied)
{
    flow_metrics *metrics = flow_job_metrics(&job);
    first_text[0] = 'x';
    buckets[1] = 99;
    const flow_figure *texts = flow_metrics_find(metrics, "write", "file");
    ck_assert_int_eq(texts->texts[0].data[0], 'a');
    ck_assert_uint_eq(flow_metrics_find(metrics, "write", "took")->buckets[1], 2);
    first_text[0] = 'a';
    flow_metrics_free(metrics);
}
END_TEST

START_TEST(prometheus_sees_each_family_once_with_its_samples_together)
{
    flow_metrics *metrics = flow_job_metrics(&job);
    char *text = flow_metrics_print(metrics);
    ck_assert_str_eq(text, "# HELP flow_rows_total Rows.\n"
                           "# TYPE flow_rows_total counter\n"
                           "flow_rows_total{step=\"read\"} 5\n"
                           "flow_rows_total{step=\"write\"} 7\n"
                           "# TYPE flow_size summary\n"
                           "flow_size_sum{step=\"read\"} 60\n"
                           "flow_size_count{step=\"read\"} 3\n"
                           "# TYPE flow_size_min gauge\n"
                           "flow_size_min{step=\"read\"} 10\n"
                           "# TYPE flow_size_max gauge\n"
                           "flow_size_max{step=\"read\"} 30\n"
                           "# TYPE flow_depth gauge\n"
                           "flow_depth{step=\"write\"} -3\n"
                           "# TYPE flow_took histogram\n"
                           "flow_took_bucket{step=\"write\",le=\"0\"} 1\n"
                           "flow_took_bucket{step=\"write\",le=\"1\"} 3\n"
                           "flow_took_bucket{step=\"write\",le=\"3\"} 3\n"
                           "flow_took_bucket{step=\"write\",le=\"7\"} 3\n"
                           "flow_took_bucket{step=\"write\",le=\"15\"} 6\n"
                           "flow_took_bucket{step=\"write\",le=\"+Inf\"} 6\n"
                           "flow_took_sum{step=\"write\"} 21\n"
                           "flow_took_count{step=\"write\"} 6\n"
                           "# TYPE flow_file gauge\n"
                           "flow_file{step=\"write\",value=\"a\\\"b\\\\c\\nd\"} 1\n"
                           "flow_file{step=\"write\",value=\"z\"} 1\n");
    flow_text_free(text);
    flow_metrics_free(metrics);
}
END_TEST

START_TEST(no_job_has_no_figures)
{
    flow_metrics *metrics = flow_job_metrics(NULL);
    ck_assert_uint_eq(flow_metrics_count(metrics), 0);
    char *text = flow_metrics_print(metrics);
    ck_assert_str_eq(text, "");
    flow_text_free(text);
    flow_metrics_free(metrics);
}
END_TEST

TCase *metrics_tests(void)
{
    TCase *tests = tcase_create("metrics");
    tcase_add_test(tests, figures_are_found_by_step_and_name);
    tcase_add_test(tests, what_figures_point_to_is_copied);
    tcase_add_test(tests, prometheus_sees_each_family_once_with_its_samples_together);
    tcase_add_test(tests, no_job_has_no_figures);
    return tests;
}
