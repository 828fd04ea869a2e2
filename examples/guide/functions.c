// SPDX-License-Identifier: Apache-2.0
// The forms of functions that look at one element or one batch at a time.
#include <stdio.h>

#include <flow/file.h>
#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>

struct bid {
    int64_t item;
    int64_t cents;
};
FLOW_RECORD(bid, item, cents);
struct euro {
    int64_t item;
    double price;
};
FLOW_RECORD(euro, item, price);

// [filter]
static bool is_cheap(const flow_ctx *ctx, const struct bid *bid)
{
    (void)ctx;
    return bid->cents < 1000;
}
FLOW_FILTER_FN(is_cheap, bid);
// [filter]

// [config]
struct fee {
    int64_t cents;
};
FLOW_RECORD(fee, cents);

static flow_status add_fee(flow_ctx *ctx, struct bid *bid)
{
    const struct fee *fee = FLOW_CONFIG(ctx, fee);
    bid->cents += fee ? fee->cents : 0;
    return FLOW_OK;
}
FLOW_UPDATE_FN(add_fee, bid);
// [config]

// [map]
static flow_status to_euro(flow_ctx *ctx, const struct bid *in, struct euro *out)
{
    (void)ctx;
    out->item = in->item;
    out->price = (double)in->cents / 100;
    return FLOW_OK;
}
FLOW_MAP_FN(to_euro, bid, euro);
// [map]

// [batch]
static flow_status every_other(flow_ctx *ctx, const flow_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        ctx->row = FLOW_BATCH_INDEX(batch, i);
        const struct euro *euro = FLOW_BATCH_ROW(batch, euro, i);
        if (euro->item % 2 == 1)
            FLOW_EMIT_ROW(ctx, euro, euro);
    }
    return ctx->status;
}
FLOW_BATCH_FN(every_other, euro, euro);
// [batch]

// [stage]
FLOW_STAGE(
    cheap_in_euro, bid, euro, FLOW_KEEP(is_cheap) FLOW_CHANGE(add_fee) FLOW_INTO(euro, to_euro));
// [stage]

// [graph]
static void build(flow_coll bids)
{
    const struct fee fee = { 50 };
    const flow_do_options with_fee = { .config = &fee, .config_type = &fee_type };
    flow_coll chain = flow_do(flow_do(bids, &is_cheap_fn), &add_fee_fn, &with_fee);
    chain = flow_do(chain, &to_euro_fn);
    flow_coll fused = flow_do(bids, &cheap_in_euro_fn, &with_fee);
    flow_coll both[] = { flow_do(chain, &every_other_fn), fused };
    flow_file_write(
        flow_flatten(both, 2), &(flow_file_write_options){ .path = "-", .format = FLOW_JSON });
}
// [graph]

int main(void)
{
    static const struct bid bids[] = { { 1, 900 }, { 2, 450 }, { 3, 1200 } };
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("bids");
    build(flow_create(p, &(flow_create_options){ .type = &bid_type, .rows = bids, .count = 3 }));
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "functions: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
