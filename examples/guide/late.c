// SPDX-License-Identifier: Apache-2.0
// Late elements: on-time pane, late pane, dropped output. The host pushes and waits for time to
// pass, so that the order of events is the same in every run.
#include <sched.h>
#include <stdio.h>

#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/transforms.h>

struct beat {
    flow_time at;
};
FLOW_RECORD(beat, at);

// [receivers]
static void show_pane(void *user, const flow_elements *elements)
{
    static const char *const names[] = { "early", "on time", "late", "unknown" };
    (void)user;
    for (uint32_t i = 0; i < elements->batch.count; i++) {
        const flow_pane *pane = &elements->panes[i];
        printf("window ending at %llds: %lld, pane %u %s%s\n",
            (long long)elements->windows[i].end.us / 1000000,
            (long long)FLOW_BATCH_ROW(&elements->batch, flow_counted, i)->count, pane->index,
            names[pane->timing], pane->last ? ", the last" : "");
    }
}

static void show_dropped(void *user, const flow_elements *elements)
{
    (void)user;
    for (uint32_t i = 0; i < elements->batch.count; i++) {
        const struct flow_rejected *r = FLOW_BATCH_ROW(&elements->batch, flow_rejected, i);
        printf("dropped by %.*s: %.*s, of %llds\n", (int)r->step.len, r->step.data,
            (int)r->reason.len, r->reason.data, (long long)r->at.us / 1000000);
    }
}
// [receivers]

// [graph]
static void build(flow_pipeline *p, flow_channel *channel)
{
    const flow_channel_read_options read = { .event_time = FLOW_FIELD(beat, at),
        .times = { .in_order = true } };
    const flow_window_options tens = { .windows = flow_fixed(flow_seconds(10)),
        .lateness = flow_seconds(20),
        .accumulation = FLOW_DISCARDING };
    flow_coll beats = flow_window_into(flow_channel_read(p, channel, &read), &tens);
    flow_coll counts = flow_count(beats);
    flow_receive(counts, "panes", show_pane, NULL);
    flow_receive(flow_dropped(counts), "dropped", show_dropped, NULL);
}
// [graph]

// Pushes an element and waits until it was read and the count has seen the watermark.
static void push_at(flow_channel *channel, const flow_job *job, int64_t second, int64_t watermark)
{
    const struct beat beat = { { second * 1000000 } };
    flow_step_report count = { 0 };
    flow_status_report before, now;
    flow_job_status(job, &before);
    flow_channel_push(channel, &beat, -1);
    do {
        sched_yield();
        flow_job_status(job, &now);
        for (size_t i = 0; flow_job_step(job, i, &count) && strcmp(count.path, "count") != 0;)
            i++;
    } while (now.rows_in == before.rows_in || count.watermark.us < watermark * 1000000);
}

// [beats]
static void push_beats(flow_channel *channel, const flow_job *job)
{
    push_at(channel, job, 3, 3);
    push_at(channel, job, 12, 12); // the watermark passes 10: the first window fires
    push_at(channel, job, 4, 12);  // late, within 20 s: another pane
    push_at(channel, job, 31, 31); // now that window is past its expiry
    push_at(channel, job, 5, 31);  // too late: dropped
}
// [beats]

int main(void)
{
    flow_error error = { 0 };
    flow_channel *channel = flow_channel_new(&(flow_channel_options){ &beat_type, 0 }, &error);
    flow_pipeline *p = flow_pipeline_new("beats");
    build(p, channel);
    flow_job *job = flow_job_start(p, &flow_local_runner, &error);
    if (job)
        push_beats(channel, job);
    flow_channel_close(channel);
    if (!job || flow_job_wait(job, &error) != FLOW_OK)
        fprintf(stderr, "late: %s\n", error.message);
    flow_pipeline_free(p);
    flow_channel_free(channel);
    return error.status != FLOW_OK;
}
