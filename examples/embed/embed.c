// SPDX-License-Identifier: Apache-2.0
// A host with a loop of its own: it pushes clicks into a running job and gets counts by callback.
#include <stdio.h>

#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/transforms.h>

struct click {
    flow_str page;
    flow_time at;
};
FLOW_RECORD(click, page, at);

// Called on a worker's thread, one batch of finished windows at a time; all of it is lent.
static void show_counts(void *user, const flow_elements *elements)
{
    const flow_batch *batch = &elements->batch;
    for (uint32_t i = 0; i < batch->count; i++) {
        const char *row = batch->rows + (size_t)FLOW_BATCH_INDEX(batch, i) * batch->stride;
        const flow_str *page = (const flow_str *)(const void *)(row + batch->key_offset);
        const long long count = FLOW_BATCH_ROW(batch, flow_counted, i)->count;
        char start[40];
        flow_time_print(elements->windows[i].start, start);
        fprintf(user, "%s %.*s %lld\n", start, (int)page->len, page->data, count);
    }
}

// Stops early when the job ends before its input does; flow_job_wait then says why.
static void push_clicks(flow_channel *channel)
{
    for (int64_t second = 0; second < 300; second++) {
        struct click click = { flow_str_of(second % 3 ? "/shoes" : "/hats"), { second * 1000000 } };
        if (flow_channel_push(channel, &click, -1) != FLOW_OK)
            break;
    }
    flow_channel_close(channel);
}

int main(void)
{
    flow_error error = { FLOW_OK, "", "" };
    flow_channel *channel = flow_channel_new(&(flow_channel_options){ &click_type, 0 }, &error);
    flow_pipeline *p = flow_pipeline_new("clicks-per-minute");
    const flow_channel_read_options read = { NULL, FLOW_FIELD(click, at), { .in_order = true } };
    const flow_window_options minute = { .windows = flow_fixed(flow_minutes(1)) };
    flow_coll clicks = flow_window_into(flow_channel_read(p, channel, &read), &minute);
    flow_coll counts = flow_count(flow_key_by(clicks, FLOW_FIELD(click, page)));
    flow_receive(counts, NULL, show_counts, stdout);

    flow_job *job = flow_job_start(p, &flow_local_runner, &error);
    if (job)
        push_clicks(channel); // a host does this, and whatever else it does, in its own loop
    if (!job || flow_job_wait(job, &error) != FLOW_OK)
        fprintf(stderr, "embed: %s\n", error.message);
    flow_pipeline_free(p);
    flow_channel_free(channel);
    return error.status != FLOW_OK;
}
