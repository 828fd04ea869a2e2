// SPDX-License-Identifier: Apache-2.0
// flow_join: pairs out of a cogroup of two. The rows of a key may be more than fit into memory: of
// one side a block is held, the others are read past it.
#include "cogroup.h"

#include <flow/transform.h>

#include "core/parts.h"

#define BLOCK 1024u // rows that are held at most

// What a join has in pipeline memory.
struct join {
    struct fl_cogroup made; // first: flow_ctx.fn points into it
    const flow_type *ins[2];
};

// The rows of a key and window, walked as often as needed.
struct walk {
    flow_rows *rows;
    const void *key;
    size_t counts[2]; // of each side
};

// The next row of a side, as its type is; NULL at the end.
static const char *next_of(flow_ctx *ctx, const struct walk *walk, uint32_t side)
{
    const struct fl_cogroup *made = (const struct fl_cogroup *)(const void *)ctx->fn;
    const char *row;
    while ((row = flow_rows_next(walk->rows)) && fl_cogroup_input(made, row) != side)
        ;
    return row ? row + made->offsets[side] : NULL;
}

static flow_status count_sides(flow_ctx *ctx, struct walk *walk)
{
    const struct fl_cogroup *made = (const struct fl_cogroup *)(const void *)ctx->fn;
    const char *row;
    while ((row = flow_rows_next(walk->rows)))
        walk->counts[fl_cogroup_input(made, row)]++;
    return ctx->status;
}

// Holds rows of a side, behind the first `done`, as far as there is room; gives how many.
static size_t hold_block(
    flow_ctx *ctx, const struct walk *walk, uint32_t side, size_t done, const char **block)
{
    const struct fl_cogroup *made = (const struct fl_cogroup *)(const void *)ctx->fn;
    size_t count = 0;
    const void *held;
    flow_rows_rewind(walk->rows);
    while (done > 0 && next_of(ctx, walk, side))
        done--;
    while (count < BLOCK && next_of(ctx, walk, side) && (held = flow_rows_hold(walk->rows)))
        block[count++] = (const char *)held + made->offsets[side];
    return count;
}

// The rows of a block with all of the other side.
static flow_status pair_block(
    flow_ctx *ctx, const struct walk *walk, uint32_t side, const char *const *block, size_t count)
{
    const char *other;
    flow_status status = ctx->status;
    flow_rows_rewind(walk->rows);
    while (status == FLOW_OK && (other = next_of(ctx, walk, 1 - side)))
        for (size_t i = 0; i < count && status == FLOW_OK; i++)
            status = side == 0 ? fl_join_pair(ctx, walk->key, block[i], other)
                               : fl_join_pair(ctx, walk->key, other, block[i]);
    return status;
}

// All pairs of a key, block by block of the side that has fewer rows: so the others are read once
// for as many pairs as a block has rows.
static flow_status give_pairs(flow_ctx *ctx, const struct walk *walk)
{
    const uint32_t side = walk->counts[1] < walk->counts[0];
    const size_t all = walk->counts[side];
    const char **block = flow_alloc(ctx, (all < BLOCK ? all : BLOCK) * sizeof *block);
    flow_status status = ctx->status;
    for (size_t done = 0; done < all && status == FLOW_OK;) {
        const size_t count = hold_block(ctx, walk, side, done, block);
        status = count > 0 ? pair_block(ctx, walk, side, block, count) : ctx->status;
        if (count == 0)
            break;
        flow_rows_release(walk->rows);
        done += count;
    }
    return status;
}

// The rows of a side whose other has none.
static flow_status give_alone(flow_ctx *ctx, const struct walk *walk, uint32_t side)
{
    const char *row;
    flow_status status = FLOW_OK;
    flow_rows_rewind(walk->rows);
    while (status == FLOW_OK && (row = next_of(ctx, walk, side)))
        status = fl_join_pair(ctx, walk->key, side ? NULL : row, side ? row : NULL);
    return status;
}

static flow_status join_key(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct fl_cogroup *made = (const struct fl_cogroup *)(const void *)ctx->fn;
    struct walk walk = { flow_ctx_rows(ctx), row->key, { 0, 0 } };
    flow_status status = count_sides(ctx, &walk);
    (void)user;
    if (status != FLOW_OK)
        return status;
    const bool left = walk.counts[0] > 0, right = walk.counts[1] > 0;
    if (left && right)
        status = give_pairs(ctx, &walk);
    else if (left && (made->kind == FLOW_JOIN_LEFT || made->kind == FLOW_JOIN_FULL))
        status = give_alone(ctx, &walk, 0);
    else if (right && (made->kind == FLOW_JOIN_RIGHT || made->kind == FLOW_JOIN_FULL))
        status = give_alone(ctx, &walk, 1);
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
    flow_do_options known;
    if (!fl_join_begin(sides.left, "flow_join", &known, options, size))
        return fl_no_coll(pipeline);
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
    const struct fl_cogroup_call call = { "flow_join", ins, &known };
    return fl_cogroup(&call, &join->made);
}
