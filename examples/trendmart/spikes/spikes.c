// SPDX-License-Identifier: Apache-2.0
// Finds spikes and drops in a clickstream: reads the options, runs the graph, shows what it finds.
#include "job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "report.h"

static volatile sig_atomic_t stops;

static void on_signal(int number)
{
    (void)number;
    stops++;
}

int job_stops(void)
{
    return stops;
}

bool job_failed(const flow_error *error)
{
    fprintf(stderr, "spikes: %s%s%s\n", error->step, *error->step ? ": " : "", error->message);
    return false;
}

// What --plan shows: the graph that reads the file itself.
static bool print_plan(const struct job *job)
{
    flow_error error = { 0 };
    struct report *report = report_new(job);
    struct graph graph = { .pipeline = flow_pipeline_new("spikes") };
    bool ok = report && graph.pipeline;
    if (ok) {
        build_graph(&graph, job, NULL, report);
        ok = flow_pipeline_check(graph.pipeline, &error) == FLOW_OK || job_failed(&error);
    }
    char *plan = ok ? flow_pipeline_print(graph.pipeline, FLOW_PRINT_TEXT) : NULL;
    if (plan)
        fputs(plan, stdout);
    ok = plan && fflush(stdout) == 0;
    if (plan && !ok)
        fprintf(stderr, "spikes: standard output: %s\n", strerror(errno));
    flow_text_free(plan);
    flow_pipeline_free(graph.pipeline);
    report_free(report);
    return ok;
}

static uint64_t rows_read(const struct replay *replay, const flow_job *running)
{
    flow_status_report status;
    flow_job_status(running, &status);
    return replay ? replay_rows(replay) : status.rows_in;
}

// The first wish to stop ends the input, the second the job.
static void heed_stops(flow_job *running, struct replay *replay)
{
    if (stops > 1)
        flow_job_cancel(running);
    if (stops > 0 && replay)
        replay_stop(replay);
    else if (stops == 1)
        flow_job_drain(running);
}

// Runs the graph to its end, showing how far it is.
static bool run(
    struct graph *graph, const struct job *job, flow_channel *channel, struct report *report)
{
    const flow_local_options local = { .workers = job->workers, .memory = job->memory };
    const flow_runner runner = flow_local(&local);
    flow_error error = { 0 };
    struct replay *replay = channel ? replay_start(job, channel, report) : NULL;
    flow_job *running = flow_job_start(graph->pipeline, &runner, &error);
    flow_status_report status = { .ended = running == NULL };
    while (!status.ended) {
        nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
        heed_stops(running, replay);
        if (replay)
            replay_poll(replay);
        report_progress(report, running, rows_read(replay, running));
        flow_job_status(running, &status);
    }
    const uint64_t rows = running ? rows_read(replay, running) : 0;
    const bool replayed = !replay || replay_end(replay);
    if (!running || flow_job_wait(running, &error) != FLOW_OK)
        return job_failed(&error);
    return report_end(report, rows, &status) && replayed;
}

static bool build_and_run(const struct job *job)
{
    flow_error error = { 0 };
    struct report *report = report_new(job);
    struct graph graph = { .pipeline = flow_pipeline_new("spikes") };
    flow_channel *channel = NULL;
    bool ok = report && graph.pipeline;
    if (ok && (job->stream || job->limit > 0)) {
        channel = flow_channel_new(&(flow_channel_options){ .type = &event_type }, &error);
        ok = channel || job_failed(&error);
    }
    if (ok) {
        build_graph(&graph, job, channel, report);
        ok = flow_pipeline_check(graph.pipeline, &error) == FLOW_OK || job_failed(&error);
    }
    ok = ok && run(&graph, job, channel, report);
    flow_pipeline_free(graph.pipeline);
    flow_channel_free(channel);
    report_free(report);
    return ok;
}

// A closed standard stream would give its number to the next file that is opened.
static bool open_streams(void)
{
    const bool closed = fcntl(STDOUT_FILENO, F_GETFD) == -1;
    for (int fd = 0; fd <= STDERR_FILENO;) {
        fd = open("/dev/null", O_RDWR);
        if (fd < 0)
            return false;
        if (fd > STDERR_FILENO)
            close(fd);
    }
    if (closed)
        fputs("spikes: standard output is closed\n", stderr);
    return !closed;
}

static bool do_job(struct job *job)
{
    if (job->dry_run) {
        struct job planned = *job;
        planned.dry_run = false;
        if (!print_plan(&planned))
            return false;
        job->follow = job->stream = false; // what is there now, at once
        job->pace.speed = 0;
    }
    if (!job_find_span(job))
        return false;
    job->pace.start = clock_us();
    return build_and_run(job);
}

int main(int argc, char **argv)
{
    const struct sigaction stop = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    struct job job;
    int status;
    if (!open_streams())
        return 1;
    if (!job_parse(&job, argc, argv, &status))
        return status;
    if (job.plan) {
        status = print_plan(&job) ? 0 : 1;
    } else {
        sigaction(SIGINT, &stop, NULL);
        sigaction(SIGTERM, &stop, NULL);
        status = do_job(&job) ? 0 : 1;
    }
    job_end(&job);
    return status;
}
