// SPDX-License-Identifier: Apache-2.0
// A function's life: orders are sent to a shop in one message per bundle, and the shop may bill
// them once the bundle is committed.
#include <stdio.h>

#include <flow/file.h>
#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>

struct order {
    int64_t id, cents;
    flow_time at;
};
FLOW_RECORD(order, id, cents, at);
struct receipt {
    int64_t orders, cents;
};
FLOW_RECORD(receipt, orders, cents);

// [life]
struct link { // one on each worker
    int64_t orders, cents;
    flow_time last;
};

static flow_status begin(flow_ctx *ctx)
{
    *FLOW_SELF_OF(ctx, link) = (struct link){ 0 }; // a bundle that failed may have left something
    return FLOW_OK;
}

static flow_status gather(flow_ctx *ctx, const struct order *order)
{
    struct link *link = FLOW_SELF_OF(ctx, link);
    link->orders++;
    link->cents += order->cents;
    link->last = order->at;
    return FLOW_OK;
}

static void bill(void *user)
{
    puts(user);
}

static flow_status send(flow_ctx *ctx)
{
    static char committed[] = "the bundle is committed";
    const struct link *link = FLOW_SELF_OF(ctx, link);
    const flow_stamp stamp = { link->last, { { FLOW_TIME_MIN_US }, { FLOW_TIME_GLOBAL_END_US } } };
    flow_after_commit(ctx, bill, committed);
    return FLOW_EMIT_STAMPED(ctx, stamp, receipt, .orders = link->orders, .cents = link->cents);
}
FLOW_ELEMENT_FN_WITH(
    gather, order, (receipt), .self_size = sizeof(struct link), .start = begin, .finish = send);
// [life]

int main(void)
{
    static const struct order orders[] = { { 1, 400, { 0 } }, { 2, 900, { 60 } },
        { 3, 100, { 90 } } };
    const flow_create_options rows = {
        .type = &order_type, .rows = orders, .count = 3, .event_time = FLOW_FIELD(order, at)
    };
    const flow_file_write_options out = { .path = "receipts.json", .format = FLOW_JSON };
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("receipts");
    flow_file_write(flow_do(flow_create(p, &rows), &gather_fn), &out);
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "life: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
