// SPDX-License-Identifier: Apache-2.0
// Why a window has not fired: a job that waits, and what it says of a key.
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/transforms.h>
#include <flow/why.h>

struct sale {
    flow_str shop;
    flow_time at;
};
FLOW_RECORD(sale, shop, at);

static void nothing(void *user, const flow_elements *elements)
{
    (void)user, (void)elements;
}

// [ask]
static char *why_not_yet(const flow_job *job, const char *shop)
{
    const flow_why question = { .step = "count", .key = shop };
    return flow_job_why(job, &question);
}
// [ask]

// Waits until all is there and the watermark has followed.
static char *wait_for(const flow_job *job, const char *wanted)
{
    for (;;) {
        char *text = why_not_yet(job, "Kyiv");
        if (!text || (strstr(text, wanted) && strstr(text, "so far: 2026-03-01T09:04:00Z")))
            return text;
        flow_text_free(text);
        sched_yield();
    }
}

int main(void)
{
    const flow_channel_options options = { .type = &sale_type };
    const flow_channel_read_options read = {
        .event_time = FLOW_FIELD(sale, at),
        .times = { .in_order = true },
    };
    // [windows]
    const flow_trigger tens = flow_trigger_count(10);
    const flow_window_options hours = {
        .windows = flow_fixed(flow_hours(1)),
        .trigger = flow_trigger_early_late(tens, flow_trigger_none()),
        .accumulation = FLOW_ACCUMULATING,
        .no_lateness = true,
    };
    // [windows]
    const flow_local_options one = { .workers = 1 };
    const flow_runner runner = flow_local(&one);
    flow_error error = { 0 };
    flow_channel *channel = flow_channel_new(&options, &error);
    flow_pipeline *p = flow_pipeline_new("sales");
    const flow_coll sales = flow_window_into(flow_channel_read(p, channel, &read), &hours);
    flow_receive(flow_count(flow_key_by(sales, FLOW_FIELD(sale, shop))), NULL, nothing, NULL);
    flow_job *job = flow_job_start(p, &runner, &error);
    for (int minute = 0; job && minute < 5; minute++) {
        struct sale sale = { { minute == 1 ? "Lima" : "Kyiv", 4 }, { 0 } };
        char at[] = "2026-03-01T09:00:00Z";
        at[15] = (char)('0' + minute);
        flow_time_parse((flow_str){ at, 20 }, &sale.at);
        flow_channel_push(channel, &sale, -1);
    }
    char *text = job ? wait_for(job, "element count 4 of 10") : NULL;
    // the first line, which is that of flow_job_explain, says how long the source has been waiting
    if (text)
        printf("%s", strchr(text, '\n') + 1);
    flow_text_free(text);
    flow_channel_close(channel);
    if (flow_job_wait(job, &error) != FLOW_OK)
        fprintf(stderr, "%s: %s\n", error.step, error.message);
    flow_pipeline_free(p);
    flow_channel_free(channel);
    return error.status == FLOW_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
