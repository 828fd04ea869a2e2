// SPDX-License-Identifier: Apache-2.0
// A function that is called again and again for one element: a heart that beats.
#include <stdio.h>

#include <flow/file.h>
#include <flow/memory.h>
#include <flow/runner_local.h>

struct heart {
    int64_t beats;
};
FLOW_RECORD(heart, beats);

struct beat {
    int64_t number;
};
FLOW_RECORD(beat, number);

// [pause]
static flow_status all_beats(flow_ctx *ctx, const void *element, void *restriction)
{
    const struct heart *heart = element;
    (void)ctx;
    ((struct flow_offset_range *)restriction)->to = heart->beats;
    return FLOW_OK;
}

static flow_status beats(flow_ctx *ctx, const struct heart *heart)
{
    const int64_t next = FLOW_RESTRICTION(ctx, flow_offset_range)->from;
    (void)heart;
    if (!flow_claim_offset(ctx, next))
        return FLOW_OK;
    flow_resume_after(ctx, flow_millis(10));
    return FLOW_EMIT(ctx, beat, .number = next);
}
FLOW_SPLIT_FN(beats, heart, (beat), .tracker = &flow_offset_tracker, .initial = all_beats,
    .estimator = FLOW_ESTIMATOR_WALL_CLOCK);
// [pause]

int main(void)
{
    const struct heart heart = { 3 };
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("beats");
    const flow_create_options one = { .type = &heart_type, .rows = &heart, .count = 1 };
    flow_file_write(flow_split(flow_create(p, &one), &beats_split),
        &(flow_file_write_options){ .path = "-", .format = FLOW_JSON });
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "beats: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
