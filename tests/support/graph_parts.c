// SPDX-License-Identifier: Apache-2.0
// Functions of random graphs whose work on a row is cut into parts, and those that look into side
// inputs.
#include "graph.h"

// --- parts: the rows of a repeat, by a function whose work on a row can be cut

static flow_status repeats(flow_ctx *ctx, const void *element, void *restriction)
{
    struct flow_offset_range *range = restriction;
    *range = (struct flow_offset_range){ .to = graph_repeats(ctx->config, element) };
    return graph_done(ctx, NULL);
}

static flow_status halves(flow_ctx *ctx, const void *element, const void *restriction)
{
    const struct flow_offset_range *range = restriction;
    const int64_t half = range->to / 2;
    const struct flow_offset_range first = { 0, half }, second = { half, range->to };
    (void)element;
    if (half > 0)
        flow_split_part(ctx, &flow_offset_range_type, &first);
    return flow_split_part(ctx, &flow_offset_range_type, &second);
}

// Gives two rows at most, and goes on another time.
static flow_status give_parts(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_offset_range *range = FLOW_RESTRICTION(ctx, flow_offset_range);
    struct flow_test_row row = *in;
    for (int64_t at = range->from, given = 0; given < 2; at++, given++) {
        if (!flow_claim_offset(ctx, at))
            return graph_done(ctx, NULL);
        row.k = (in->k + at) % 11;
        if (FLOW_EMIT_ROW(ctx, flow_test_row, &row) != FLOW_OK)
            return ctx->status;
    }
    flow_resume_after(ctx, flow_micros(0));
    return graph_done(ctx, NULL);
}
FLOW_SPLIT_FN(give_parts, flow_test_row, (flow_test_row), .tracker = &flow_offset_tracker,
    .initial = repeats);
static const flow_split_fn give_halves = {
    .fn = &give_parts_fn, .tracker = &flow_offset_tracker, .initial = repeats, .split = halves
};

// --- side inputs: the sum of its window

static flow_status add_side(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_integer *side = FLOW_SIDE(ctx, 0, flow_integer);
    if (!side)
        return ctx->status;
    struct flow_test_row row = *in;
    row.v = graph_side(in->v, side->value);
    return FLOW_EMIT_ROW(ctx, flow_test_row, &row);
}
FLOW_ELEMENT_FN(add_side, flow_test_row, flow_test_row);

// The sum of what a window of the side input has under the element's key, one by one or added up.
static flow_status add_found(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_integer *side = FLOW_SIDE_FIND(ctx, 0, flow_integer, in->k);
    struct flow_test_row row = *in;
    row.v = graph_side(in->v, side ? side->value : GRAPH_SIDE_NONE);
    FLOW_EMIT_ROW(ctx, flow_test_row, &row);
    return graph_done(ctx, NULL);
}
FLOW_ELEMENT_FN(add_found, flow_test_row, flow_test_row);

static flow_status add_walked(flow_ctx *ctx, const struct flow_test_row *in)
{
    flow_side_walk walk = FLOW_SIDE_ROWS_OF(ctx, 0, flow_test_row, in->k);
    const struct flow_test_row *side;
    int64_t sum = 0;
    const bool any = walk.left > 0;
    while ((side = flow_side_next(&walk)))
        sum += side->v;
    struct flow_test_row row = *in;
    row.v = graph_side(in->v, any ? sum : GRAPH_SIDE_NONE);
    FLOW_EMIT_ROW(ctx, flow_test_row, &row);
    return graph_done(ctx, NULL);
}
FLOW_ELEMENT_FN(add_walked, flow_test_row, flow_test_row);

const flow_split_fn *const graph_parts[2] = { &give_parts_split, &give_halves };
const flow_fn *const graph_looks[3] = { &add_side_fn, &add_found_fn, &add_walked_fn };
