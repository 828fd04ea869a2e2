// SPDX-License-Identifier: Apache-2.0
// Lines of files that come while the job runs: watch.c PATTERN
#include <stdio.h>

#include <flow/file.h>
#include <flow/runner_local.h>
#include <flow/transforms.h>

// [files]
// The files that match, and those that come until none has come for two seconds.
static flow_coll lines_of(flow_pipeline *p, const char *pattern)
{
    const flow_file_watch_options watch = {
        .path = pattern, .every = flow_millis(200), .quiet = flow_seconds(2)
    };
    const flow_coll files = flow_file_watch(p, &watch);
    return flow_file_read_all(files, FLOW_FIELD(flow_file, path), NULL);
}
// [files]

// [poll]
struct queue {
    int64_t shortest;
};
FLOW_RECORD(queue, shortest);

struct ticket {
    int64_t number;
};
FLOW_RECORD(ticket, number);

// Tells of all tickets that are there; those that were there before go no further.
static flow_status tickets(flow_ctx *ctx, const struct queue *queue, flow_poll *poll)
{
    for (int64_t number = 1; number <= queue->shortest; number++)
        FLOW_FOUND(poll, ticket, .number = number);
    flow_poll_end(poll); // this queue gets no more
    return ctx->status;
}
FLOW_POLL_FN(tickets, queue, ticket);
// [poll]

static flow_status queue_of(flow_ctx *ctx, const struct flow_integer *number, struct queue *queue)
{
    (void)ctx;
    queue->shortest = number->value;
    return FLOW_OK;
}
FLOW_MAP_FN(queue_of, flow_integer, queue);

int main(int argc, char **argv)
{
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("watch");
    const flow_file_write_options out = { .path = "-", .format = FLOW_JSON };
    if (argc > 1) {
        flow_file_write(lines_of(p, argv[1]), &out);
    } else {
        const flow_coll queues = flow_do(flow_sequence(p, 1, 3), &queue_of_fn);
        const flow_watch_options often = { .every = flow_seconds(1) };
        flow_file_write(flow_watch(queues, &tickets_poll, &often), &out);
    }
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "watch: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
