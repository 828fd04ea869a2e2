// SPDX-License-Identifier: Apache-2.0
// flow_join: pairs out of a cogroup of two.
#include "cogroup.h"

#include <flow/transform.h>

#include "core/parts.h"

// What a join has in pipeline memory.
struct join {
    struct fl_cogroup made; // first: flow_ctx.fn points into it
    const flow_type *ins[2];
};

// A pair that is given to the function.
struct pair {
    const flow_join_fn *join;
    const void *key, *left, *right;
};

static flow_status give_pair(flow_ctx *ctx, void *user)
{
    const struct pair *pair = user;
    return pair->join->pair(ctx, pair->join, pair->key, pair->left, pair->right);
}

// A function that fails does so on this pair alone.
static flow_status try_pair(flow_ctx *ctx, const void *key, const void *left, const void *right)
{
    const struct join *join = (const struct join *)(const void *)ctx->fn;
    struct pair pair = { join->made.join, key, left, right };
    const flow_part_row rows[2] = { { "left", join->ins[0], left },
        { "right", join->ins[1], right } };
    return flow_part(ctx, give_pair, &pair, rows, 2);
}

static flow_status give_pairs(flow_ctx *ctx, flow_gathered *rows, const void *key)
{
    const struct join *join = (const struct join *)(const void *)ctx->fn;
    const void *left, *right;
    flow_status status = FLOW_OK;
    while (status == FLOW_OK && (left = flow_gathered_next(rows, 0, join->ins[0]))) {
        flow_gathered_rewind(rows, 1);
        while (status == FLOW_OK && (right = flow_gathered_next(rows, 1, join->ins[1])))
            status = try_pair(ctx, key, left, right);
    }
    return status;
}

// The rows of an input whose other has none.
static flow_status give_alone(flow_ctx *ctx, flow_gathered *rows, const void *key, uint32_t input)
{
    const struct join *join = (const struct join *)(const void *)ctx->fn;
    const void *row;
    flow_status status = FLOW_OK;
    while (status == FLOW_OK && (row = flow_gathered_next(rows, input, join->ins[input])))
        status = try_pair(ctx, key, input ? NULL : row, input ? row : NULL);
    return status;
}

static flow_status join_key(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct fl_cogroup *made = (const struct fl_cogroup *)(const void *)ctx->fn;
    const void *key = row->key;
    flow_gathered *rows = flow_gather(ctx);
    (void)user;
    if (!rows)
        return ctx->status;
    const bool left = flow_gathered_count(rows, 0) > 0;
    const bool right = flow_gathered_count(rows, 1) > 0;
    flow_status status = FLOW_OK;
    if (left && right)
        status = give_pairs(ctx, rows, key);
    else if (left && (made->kind == FLOW_JOIN_LEFT || made->kind == FLOW_JOIN_FULL))
        status = give_alone(ctx, rows, key, 0);
    else if (right && (made->kind == FLOW_JOIN_RIGHT || made->kind == FLOW_JOIN_FULL))
        status = give_alone(ctx, rows, key, 1);
    return status == FLOW_OK ? ctx->status : status;
}

static flow_status join_batch(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, join_key, NULL);
}

flow_coll flow_join_sized(flow_sides sides, flow_join_kind kind, const flow_join_fn *fn,
    const flow_do_options *options, size_t size)
{
    flow_pipeline *pipeline = sides.left.pipeline;
    if (!fn || !fn->pair || kind < FLOW_JOIN_INNER || kind > FLOW_JOIN_FULL) {
        flow_pipeline_fail(pipeline, FLOW_INVALID, NULL,
            fn && fn->pair ? "flow_join: there is no such kind of join"
                           : "flow_join: it was given no function");
        return fl_no_coll(pipeline);
    }
    struct join *join = flow_pipeline_alloc(pipeline, sizeof *join);
    if (!join)
        return fl_no_coll(pipeline);
    join->ins[0] = fn->left;
    join->ins[1] = fn->right;
    join->made = (struct fl_cogroup){
        .fn = fn->fn, .ins = join->ins, .in_count = 2, .join = fn, .kind = kind
    };
    join->made.fn.form = FLOW_FORM_GROUP;
    join->made.fn.process = join_batch;
    const flow_coll ins[] = { sides.left, sides.right };
    const struct fl_cogroup_call call = { "flow_join", ins, "join", options, size };
    return fl_cogroup(&call, &join->made);
}
