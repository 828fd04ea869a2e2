// SPDX-License-Identifier: Apache-2.0
// Calls about running reach the runner of the job, with the checked graph.
#include "graph_test.h"

TCase *job_tests(void);

// A runner that only notes what it was asked.
struct noted {
    flow_job job;
    const char *graph;
    int cancelled;
    int drained;
};

static struct noted noted;

static flow_status note_run(const flow_graph *graph, const void *options, flow_error *error)
{
    const int *status = options;
    noted.graph = graph->name;
    if (*status)
        flow_error_raise(error, (flow_status)*status, "step", "as asked");
    return (flow_status)*status;
}

static const flow_runner_ops noting;

static flow_job *note_start(const flow_graph *graph, const void *options, flow_error *error)
{
    (void)options, (void)error;
    noted = (struct noted){ .job = { &noting }, .graph = graph->name };
    return &noted.job;
}

static flow_status note_wait(flow_job *job, flow_error *error)
{
    ck_assert_ptr_eq(job, &noted.job);
    return flow_error_raise(error, FLOW_CANCELLED, NULL, "waited");
}

static void note_cancel(flow_job *job)
{
    ck_assert_ptr_eq(job, &noted.job);
    noted.cancelled++;
}

static void note_drain(flow_job *job)
{
    ck_assert_ptr_eq(job, &noted.job);
    noted.drained++;
}

static void note_status(const flow_job *job, flow_status_report *report)
{
    ck_assert_ptr_eq(job, &noted.job);
    *report = (flow_status_report){ .rows_in = 12 };
}

static bool note_step(const flow_job *job, size_t index, flow_step_report *report)
{
    ck_assert_ptr_eq(job, &noted.job);
    *report = (flow_step_report){ .rows_out = 34 };
    return index == 0;
}

static bool note_why(const flow_job *job, const flow_why *question, flow_buffer *out)
{
    ck_assert_ptr_eq(job, &noted.job);
    flow_buffer_printf(out, "why %s", question->key);
    return strcmp(question->step, "count") == 0;
}

static const flow_runner_ops noting = {
    .name = "noting",
    .run = note_run,
    .start = note_start,
    .wait = note_wait,
    .cancel = note_cancel,
    .drain = note_drain,
    .status = note_status,
    .step = note_step,
    .why = note_why,
};

static flow_pipeline *small(void)
{
    flow_pipeline *p = flow_pipeline_new("small");
    test_readings(p, NULL, false);
    return p;
}

START_TEST(run_zeroes_the_error_first)
{
    flow_pipeline *p = small();
    const int status = FLOW_OK;
    const flow_runner runner = { &noting, &status };
    flow_error error;
    memset(&error, 0x55, sizeof error);
    ck_assert_int_eq(flow_run(p, &runner, &error), FLOW_OK);
    ck_assert_int_eq(error.status, FLOW_OK);
    ck_assert_str_eq(error.message, "");
    ck_assert_str_eq(noted.graph, "small");
    flow_pipeline_free(p);
}
END_TEST

START_TEST(run_returns_what_the_runner_says)
{
    flow_pipeline *p = small();
    const int status = FLOW_IO;
    const flow_runner runner = { &noting, &status };
    flow_error error;
    ck_assert_int_eq(flow_run(p, &runner, &error), FLOW_IO);
    ck_assert_str_eq(error.message, "as asked");
    ck_assert_int_eq(flow_run(p, &runner, NULL), FLOW_IO);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(run_without_pipeline_or_runner_is_refused)
{
    flow_pipeline *p = small();
    const flow_runner none = { NULL, NULL };
    flow_error error;
    ck_assert_int_eq(flow_run(p, &none, &error), FLOW_INVALID);
    ck_assert_str_eq(error.message, "pipeline 'small' has no runner to run on");
    ck_assert_int_eq(flow_run(p, NULL, NULL), FLOW_INVALID);
    ck_assert_int_eq(flow_run(NULL, &none, NULL), FLOW_INVALID);
    ck_assert_ptr_null(flow_job_start(p, NULL, &error));
    flow_pipeline_free(p);
}
END_TEST

START_TEST(broken_pipeline_is_not_handed_to_the_runner)
{
    flow_pipeline *p = flow_pipeline_new("broken");
    flow_do(test_readings(p, NULL, false), same_total);
    const int status = FLOW_OK;
    const flow_runner runner = { &noting, &status };
    noted.graph = NULL;
    flow_error error;
    ck_assert_int_eq(flow_run(p, &runner, &error), FLOW_TYPE);
    ck_assert_str_eq(error.step, "total_one");
    ck_assert_ptr_null(noted.graph);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(calls_about_a_job_reach_its_runner)
{
    flow_pipeline *p = small();
    const flow_runner runner = { &noting, NULL };
    flow_job *job = flow_job_start(p, &runner, NULL);
    ck_assert_ptr_eq(job, &noted.job);
    flow_job_cancel(job);
    flow_job_drain(job);
    ck_assert_int_eq(noted.cancelled, 1);
    ck_assert_int_eq(noted.drained, 1);
    flow_status_report report;
    flow_job_status(job, &report);
    ck_assert_uint_eq(report.rows_in, 12);
    flow_step_report step;
    ck_assert(flow_job_step(job, 0, &step));
    ck_assert_uint_eq(step.rows_out, 34);
    ck_assert(!flow_job_step(job, 1, &step));
    char *why = flow_job_why(job, &(flow_why){ .step = "count", .key = "hat" });
    ck_assert_str_eq(why, "why hat");
    flow_text_free(why);
    ck_assert_ptr_null(flow_job_why(job, &(flow_why){ .step = "nobody", .key = "hat" }));
    flow_error error;
    ck_assert_int_eq(flow_job_wait(job, &error), FLOW_CANCELLED);
    ck_assert_str_eq(error.message, "waited");
    flow_pipeline_free(p);
}
END_TEST

START_TEST(no_job_is_accepted_everywhere)
{
    flow_error error;
    ck_assert_int_eq(flow_job_wait(NULL, &error), FLOW_INVALID);
    ck_assert_str_eq(error.message, "there is no job to wait for");
    flow_job_cancel(NULL);
    flow_job_drain(NULL);
    flow_status_report report;
    flow_job_status(NULL, &report);
    ck_assert(report.ended);
    flow_step_report step;
    ck_assert(!flow_job_step(NULL, 0, &step));
    ck_assert_ptr_null(flow_job_why(NULL, &(flow_why){ .step = "count" }));
}
END_TEST

TCase *job_tests(void)
{
    TCase *tests = tcase_create("job");
    tcase_add_test(tests, run_zeroes_the_error_first);
    tcase_add_test(tests, run_returns_what_the_runner_says);
    tcase_add_test(tests, run_without_pipeline_or_runner_is_refused);
    tcase_add_test(tests, broken_pipeline_is_not_handed_to_the_runner);
    tcase_add_test(tests, calls_about_a_job_reach_its_runner);
    tcase_add_test(tests, no_job_is_accepted_everywhere);
    return tests;
}
