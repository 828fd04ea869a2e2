// SPDX-License-Identifier: Apache-2.0
// A job beside the caller: its status, draining and cancelling it, an allocator of the host.
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/transforms.h>

struct tick {
    flow_time at;
};
FLOW_RECORD(tick, at);

// [allocator]
static void *counted_alloc(void *user, size_t size, size_t align)
{
    const size_t rounded = (size + align - 1) / align * align; // as aligned_alloc wants it
    atomic_fetch_add((_Atomic size_t *)user, size);
    return aligned_alloc(align, rounded);
}

static void counted_free(void *user, void *memory, size_t size)
{
    atomic_fetch_sub((_Atomic size_t *)user, size);
    free(memory);
}
// [allocator]

static void show_count(void *user, const flow_elements *elements)
{
    (void)user;
    for (uint32_t i = 0; i < elements->batch.count; i++)
        printf("a window with %lld\n",
            (long long)FLOW_BATCH_ROW(&elements->batch, flow_counted, i)->count);
}

static void build(flow_pipeline *p, flow_channel *channel)
{
    const flow_channel_read_options read = { .event_time = FLOW_FIELD(tick, at),
        .times = { .in_order = true } };
    const flow_window_options hour = { .windows = flow_fixed(flow_hours(1)) };
    flow_coll ticks = flow_window_into(flow_channel_read(p, channel, &read), &hour);
    flow_receive(flow_count(ticks), NULL, show_count, NULL);
}

// [job]
static flow_status run(flow_pipeline *p, flow_channel *channel, bool drain, flow_error *error)
{
    const flow_local_options options = { .workers = 2, .memory = UINT64_C(64) << 20 };
    const flow_runner runner = flow_local(&options);
    flow_job *job = flow_job_start(p, &runner, error);
    if (!job)
        return error->status;
    for (int64_t second = 0; second < 100; second++)
        flow_channel_push(channel, &(struct tick){ { second * 1000000 } }, -1);
    flow_status_report now;
    do {
        sched_yield();
        flow_job_status(job, &now);
    } while (now.rows_in < 100 && !now.ended);
    printf("%llu rows in, within budget: %s\n", (unsigned long long)now.rows_in,
        now.memory_peak <= options.memory ? "yes" : "no");
    if (drain)
        flow_job_drain(job);
    else
        flow_job_cancel(job);
    return flow_job_wait(job, error);
}
// [job]

int main(int argc, char **argv)
{
    _Atomic size_t held = 0;
    // [options]
    const flow_allocator allocator = { counted_alloc, counted_free, &held };
    const flow_pipeline_options options = { .allocator = &allocator };
    flow_pipeline *p = flow_pipeline_new_with("ticks", &options);
    // [options]
    flow_error error = { 0 };
    flow_channel *channel = flow_channel_new(&(flow_channel_options){ &tick_type, 0 }, &error);
    build(p, channel);
    const bool drain = argc > 1 && strcmp(argv[1], "drain") == 0;
    const flow_status status = run(p, channel, drain, &error);
    printf("%s%s%s\n", flow_status_name(status), error.message[0] ? ": " : "", error.message);
    flow_pipeline_free(p);
    flow_channel_free(channel);
    printf("%zu bytes held\n", atomic_load(&held));
    return 0;
}
