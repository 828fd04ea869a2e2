// SPDX-License-Identifier: Apache-2.0
// Functions that count, and scenes with them.
#include "splits.h"

flow_status split_whole(flow_ctx *ctx, const void *element, void *restriction)
{
    const struct flow_test_row *row = element;
    struct flow_offset_range *range = restriction;
    (void)ctx;
    *range = (struct flow_offset_range){ .from = row->k, .to = row->v };
    return FLOW_OK;
}

flow_status split_endless(flow_ctx *ctx, const void *element, void *restriction)
{
    const struct flow_test_row *row = element;
    struct flow_offset_range *range = restriction;
    (void)ctx;
    *range = (struct flow_offset_range){ .from = row->k, .to = INT64_MAX };
    return FLOW_OK;
}

// Gives a row per offset.
static flow_status count_up(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_offset_range *range = FLOW_RESTRICTION(ctx, flow_offset_range);
    for (int64_t at = range->from; flow_claim_offset(ctx, at); at++)
        scene_emit(ctx, in, at);
    return FLOW_OK;
}
FLOW_SPLIT_FN(count_up, flow_test_row, (flow_test_row), .tracker = &flow_offset_tracker,
    .initial = split_whole);

// One offset a second, by the clock.
static flow_status slowly(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_offset_range *range = FLOW_RESTRICTION(ctx, flow_offset_range);
    if (!flow_claim_offset(ctx, range->from))
        return FLOW_OK;
    flow_estimate(ctx, (flow_time){ flow_event_time(ctx).us + range->from * SECOND });
    flow_resume_after(ctx, (flow_duration){ 1 });
    return scene_emit(ctx, in, range->from);
}
FLOW_SPLIT_FN(slowly, flow_test_row, (flow_test_row), .tracker = &flow_offset_tracker,
    .initial = split_whole, .estimator = FLOW_ESTIMATOR_MANUAL);

static flow_status tick(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_offset_range *range = FLOW_RESTRICTION(ctx, flow_offset_range);
    if (!flow_claim_offset(ctx, range->from))
        return FLOW_OK;
    flow_resume_after(ctx, (flow_duration){ 1 });
    return scene_emit(ctx, in, range->from);
}
FLOW_SPLIT_FN(tick, flow_test_row, (flow_test_row), .tracker = &flow_offset_tracker,
    .initial = split_endless, .estimator = FLOW_ESTIMATOR_WALL_CLOCK, .unbounded = true);

// A drain leaves an element up to its v.
static bool up_to_v(const void *element, void *restriction)
{
    const struct flow_test_row *row = element;
    struct flow_offset_range *range = restriction;
    range->to = row->v;
    return range->from < range->to;
}

static flow_status tick_on(flow_ctx *ctx, const struct flow_test_row *in)
{
    return tick(ctx, in);
}
FLOW_SPLIT_FN(tick_on, flow_test_row, (flow_test_row), .tracker = &flow_offset_tracker,
    .initial = split_endless, .truncate = up_to_v, .unbounded = true);

const flow_split_fn *const split_count_up = &count_up_split, *const split_slowly = &slowly_split,
                           *const split_tick = &tick_split, *const split_tick_on = &tick_on_split;

flow_coll scene_split(struct scene *scene, flow_coll in, const flow_split_fn *fn)
{
    const flow_coll out = flow_split(in, fn);
    flow_test_collect(out, &scene->got);
    return out;
}

// A scene with one element from k up to v at second 0.
struct scene *one_element(const flow_split_fn *fn, int64_t k, int64_t v)
{
    struct scene *scene = scene_new();
    scene_split(scene, scene->main_rows, fn);
    scene_row(&scene->main, 0, k, v, 0);
    return scene;
}
