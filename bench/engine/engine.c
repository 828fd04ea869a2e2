// SPDX-License-Identifier: Apache-2.0
// Building, running and receiving, for the pipelines of the benchmarks.
#include "engine/engine.h"

#include <flow/runner_local.h>

#include <stdio.h>

flow_coll engine_events(flow_pipeline *pipeline, const struct events *events)
{
    return flow_create(pipeline, &(flow_create_options){ .type = &event_type,
                                     .rows = events->rows,
                                     .count = events->count,
                                     .event_time = FLOW_FIELD(event, at),
                                     .times = { .in_order = true } });
}

void engine_take_counts(void *user, const flow_elements *elements)
{
    struct outcome *outcome = user;
    const flow_batch *batch = &elements->batch;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        const char *row = batch->rows + (size_t)FLOW_BATCH_INDEX(batch, i) * batch->stride;
        const uint64_t *key = (const void *)(row + batch->key_offset);
        const struct flow_counted *counted = (const void *)(row + batch->value_offset);
        sum += event_mix(*key, elements->windows[i].start.us, counted->count);
    }
    outcome->sum += sum;
    outcome->results += batch->count;
}

void engine_run(flow_pipeline *pipeline, unsigned threads, struct outcome *outcome)
{
    flow_error error;
    const flow_local_options options = { .workers = threads };
    const flow_runner runner = flow_local(&options);
    if (flow_run(pipeline, &runner, &error) != FLOW_OK) {
        fprintf(stderr, "bench: step %s: %s: %s\n", error.step, flow_status_name(error.status),
            error.message);
        outcome->failed = true;
    }
    flow_pipeline_free(pipeline);
}

static bool is_wanted(const flow_ctx *ctx, const struct event *e)
{
    (void)ctx;
    return event_is_wanted(e);
}
FLOW_FILTER_FN(is_wanted, event);

void engine_count(const struct bench_options *options, const struct events *events,
    flow_field_ref key, flow_windows windows, struct outcome *outcome)
{
    flow_pipeline *p = flow_pipeline_new("count");
    const flow_coll wanted = flow_do(engine_events(p, events), &is_wanted_fn);
    const flow_coll windowed =
        flow_window_into(flow_key_by(wanted, key), &(flow_window_options){ .windows = windows });
    flow_receive(flow_count(windowed), NULL, engine_take_counts, outcome);
    engine_run(p, options->threads, outcome);
}
