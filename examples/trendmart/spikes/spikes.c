// SPDX-License-Identifier: Apache-2.0
// Finds spikes and drops in a clickstream: reads the options, runs the graph, shows what it finds.
#include "job.h"

#include <stdlib.h>
#include <time.h>

#include "report.h"

enum {
    DRY_ROWS = 100
};

static bool fail(const flow_error *error)
{
    fprintf(stderr, "spikes: %s%s%s\n", error->step, *error->step ? ": " : "", error->message);
    return false;
}

static bool print_plan(const struct graph *graph)
{
    char *plan = flow_pipeline_print(graph->pipeline, FLOW_PRINT_TEXT);
    if (plan)
        fputs(plan, stdout);
    flow_text_free(plan);
    return plan != NULL;
}

static uint64_t rows_read(const struct replay *replay, const flow_job *running)
{
    flow_status_report status;
    flow_job_status(running, &status);
    return replay ? replay_rows(replay) : status.rows_in;
}

// Runs the graph to its end, showing how far it is.
static bool run(
    struct graph *graph, const struct job *job, flow_channel *channel, struct report *report)
{
    const flow_local_options local = { .workers = job->workers };
    const flow_runner runner = flow_local(&local);
    flow_error error = { 0 };
    struct replay *replay = channel ? replay_start(job, channel, report) : NULL;
    flow_job *running = flow_job_start(graph->pipeline, &runner, &error);
    flow_status_report status = { .ended = running == NULL };
    while (!status.ended) {
        nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
        if (replay)
            replay_poll(replay);
        report_progress(report, running, rows_read(replay, running));
        flow_job_status(running, &status);
    }
    const uint64_t rows = running ? rows_read(replay, running) : 0;
    const bool replayed = !replay || replay_end(replay);
    if (!running || flow_job_wait(running, &error) != FLOW_OK)
        return fail(&error);
    return report_end(report, rows, &status) && replayed;
}

// Builds the graph and does with it what was asked for.
static bool work(
    struct graph *graph, const struct job *job, flow_channel *channel, struct report *report)
{
    flow_error error = { 0 };
    build_graph(graph, job, channel, report);
    if (flow_pipeline_check(graph->pipeline, &error) != FLOW_OK)
        return fail(&error);
    if ((job->plan || job->dry_run) && !print_plan(graph))
        return false;
    return job->plan || run(graph, job, channel, report);
}

int main(int argc, char **argv)
{
    struct job job;
    int status;
    if (!job_parse(&job, argc, argv, &status))
        return status;
    if (job.dry_run)
        job.limit = DRY_ROWS;
    job.pace.start = clock_us();
    flow_error error = { 0 };
    struct report *report = report_new(&job);
    struct graph graph = { .pipeline = flow_pipeline_new("spikes") };
    flow_channel *channel = NULL;
    bool ok = report && graph.pipeline;
    if (ok && (job.stream || job.limit > 0)) {
        channel = flow_channel_new(&(flow_channel_options){ .type = &event_type }, &error);
        ok = channel || fail(&error);
    }
    ok = ok && work(&graph, &job, channel, report);
    flow_pipeline_free(graph.pipeline);
    flow_channel_free(channel);
    report_free(report);
    return ok ? 0 : 1;
}
