// SPDX-License-Identifier: Apache-2.0
// Running a pipeline: the checked graph is handed to the runner, and calls about a job to the
// runner of that job.
#include <flow/runner.h>
#include <flow/text.h>

static const flow_graph *ready(
    flow_pipeline *pipeline, const flow_runner *runner, flow_error *error)
{
    const flow_graph *graph = flow_pipeline_graph(pipeline, error);
    if (graph && (!runner || !runner->ops)) {
        flow_error_raise(
            error, FLOW_INVALID, NULL, "pipeline '%s' has no runner to run on", graph->name);
        return NULL;
    }
    return graph;
}

flow_status flow_run(flow_pipeline *pipeline, const flow_runner *runner, flow_error *error)
{
    // One's own error, so that its status can be returned when the caller wants none.
    flow_error own = { 0 };
    flow_error *told = error ? error : &own;
    *told = own;
    const flow_graph *graph = ready(pipeline, runner, told);
    return graph ? runner->ops->run(graph, runner->options, told) : told->status;
}

flow_job *flow_job_start(flow_pipeline *pipeline, const flow_runner *runner, flow_error *error)
{
    flow_error own = { 0 };
    flow_error *told = error ? error : &own;
    *told = own;
    const flow_graph *graph = ready(pipeline, runner, told);
    return graph ? runner->ops->start(graph, runner->options, told) : NULL;
}

flow_status flow_job_wait(flow_job *job, flow_error *error)
{
    flow_error own = { 0 };
    flow_error *told = error ? error : &own;
    *told = own;
    if (!job)
        return flow_error_raise(told, FLOW_INVALID, NULL, "there is no job to wait for");
    return job->ops->wait(job, told);
}

void flow_job_cancel(flow_job *job)
{
    if (job)
        job->ops->cancel(job);
}

void flow_job_drain(flow_job *job)
{
    if (job)
        job->ops->drain(job);
}

void flow_job_status(const flow_job *job, flow_status_report *report)
{
    *report = (flow_status_report){ .ended = true, .watermark = { FLOW_TIME_MIN_US } };
    if (job)
        job->ops->status(job, report);
}

bool flow_job_step(const flow_job *job, size_t index, flow_step_report *report)
{
    return job && job->ops->step(job, index, report);
}

char *flow_job_explain(const flow_job *job, const char *step)
{
    flow_buffer out = { 0 };
    if (job && step && job->ops->explain(job, step, &out))
        return flow_buffer_text(&out);
    flow_buffer_free(&out);
    return NULL;
}

char *flow_job_why(const flow_job *job, const flow_why *question)
{
    flow_buffer out = { 0 };
    if (job && question && question->step && job->ops->why && job->ops->why(job, question, &out))
        return flow_buffer_text(&out);
    flow_buffer_free(&out);
    return NULL;
}
