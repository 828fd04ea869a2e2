// SPDX-License-Identifier: Apache-2.0
// Reads a file with a small pipeline of its own and pushes its events into a channel, each when the
// job's accelerated clock has come to it.
#include "job.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "report.h"

struct replay {
    const struct job *job;
    flow_channel *channel;
    flow_pipeline *pipeline;
    flow_job *running;
    atomic_uint_fast64_t rows;
    flow_error error;
    atomic_bool done; // the limit is reached, or nobody listens any more
};

int64_t clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void wait_for(struct replay *replay, flow_time at)
{
    const struct pace *pace = &replay->job->pace;
    const int64_t due = pace->start + (int64_t)((double)(at.us - pace->origin.us) / pace->speed);
    int64_t early = due - clock_us();
    if (early > 600000000) // what lies far in the future does not stop the replay
        return;
    for (; early >= 500 && !atomic_load(&replay->done); early = due - clock_us()) {
        const int64_t part = early < 50000 ? early : 50000;
        nanosleep(&(struct timespec){ .tv_nsec = part * 1000 }, NULL);
    }
}

static void on_events(void *user, const flow_elements *elements)
{
    struct replay *replay = user;
    for (uint32_t i = 0; i < elements->batch.count && !atomic_load(&replay->done); i++) {
        const struct event *event = FLOW_BATCH_ROW(&elements->batch, event, i);
        if (replay->job->pace.speed > 0)
            wait_for(replay, event->at);
        if (flow_channel_push(replay->channel, event, -1) != FLOW_OK)
            atomic_store(&replay->done, true);
        else if (atomic_fetch_add(&replay->rows, 1) + 1 == replay->job->limit)
            atomic_store(&replay->done, true);
    }
}

struct replay *replay_start(const struct job *job, flow_channel *channel, struct report *report)
{
    static const flow_local_options one = { .workers = 1 };
    const flow_runner runner = flow_local(&one);
    const flow_file_read_options file = {
        .path = job->path,
        .format = job->format,
        .type = &event_type,
        .on_error = job->on_error,
        .follow = job->follow,
    };
    struct replay *replay = calloc(1, sizeof *replay);
    if (!replay)
        return NULL;
    replay->job = job;
    replay->channel = channel;
    replay->pipeline = flow_pipeline_new("replay");
    flow_coll events = flow_file_read(replay->pipeline, &file);
    report_dead_letters(report, events);
    report_dropped(report, events);
    flow_receive(events, "push", on_events, replay);
    replay->running = flow_job_start(replay->pipeline, &runner, &replay->error);
    if (!replay->running)
        flow_channel_close(channel);
    return replay;
}

uint64_t replay_rows(const struct replay *replay)
{
    return atomic_load(&replay->rows);
}

void replay_poll(struct replay *replay)
{
    flow_status_report status;
    if (!replay->running)
        return;
    if (atomic_load(&replay->done))
        flow_job_cancel(replay->running);
    flow_job_status(replay->running, &status);
    if (!status.ended)
        return;
    flow_channel_close(replay->channel);
    flow_job_wait(replay->running, &replay->error);
    replay->running = NULL;
    if (replay->error.status == FLOW_CANCELLED)
        replay->error = (flow_error){ 0 };
}

void replay_stop(struct replay *replay)
{
    atomic_store(&replay->done, true);
}

bool replay_end(struct replay *replay)
{
    replay_stop(replay);
    while (replay->running)
        replay_poll(replay);
    if (replay->error.status != FLOW_OK)
        fprintf(stderr, "spikes: %s: %s\n", replay->error.step, replay->error.message);
    const bool ok = replay->error.status == FLOW_OK;
    flow_pipeline_free(replay->pipeline);
    free(replay);
    return ok;
}
