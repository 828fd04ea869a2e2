// SPDX-License-Identifier: Apache-2.0
// A step that asks another service, which fails now and then: attempts, pauses, and what then.
#include <stdio.h>

#include <flow/file.h>
#include <flow/memory.h>
#include <flow/runner_local.h>

struct order {
    int64_t id;
};
FLOW_RECORD(order, id);

// Stands for a service: the first two questions of all are refused, and order 13 always is.
static bool ask_service(int64_t id)
{
    static int refusals = 2;
    return id != 13 && (id != 1 || refusals-- <= 0);
}

// [function]
static flow_status confirm(flow_ctx *ctx, const struct order *order)
{
    if (!ask_service(order->id))
        return flow_fail(ctx, FLOW_IO, "order %lld was not confirmed", (long long)order->id);
    return FLOW_EMIT_ROW(ctx, order, order);
}
FLOW_ELEMENT_FN(confirm, order, order);
// [function]

int main(void)
{
    const struct order orders[] = { { 1 }, { 2 }, { 13 } };
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("attempts");
    const flow_create_options three = { .type = &order_type, .rows = orders, .count = 3 };
    // [options]
    const flow_do_options patient = { .on_error = FLOW_ON_ERROR_DEAD_LETTER,
        .attempts = 3,
        .backoff = flow_millis(10),
        .timeout = flow_seconds(5),
        .most_rejected = 0.5 };
    const flow_coll confirmed = flow_do(flow_create(p, &three), &confirm_fn, &patient);
    // [options]
    const flow_file_write_options out = { .path = "-", .format = FLOW_JSON };
    flow_file_write(confirmed, &out);
    flow_file_write(flow_dead_letters(confirmed), &out);
    const flow_runner one = flow_local(&(flow_local_options){ .workers = 1 });
    if (flow_run(p, &one, &error) != FLOW_OK)
        printf("%s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
