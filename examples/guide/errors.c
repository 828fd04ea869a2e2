// SPDX-License-Identifier: Apache-2.0
// What happens to elements that cannot be read or that a function refuses: errors FILE
// fail|dead|skip
#include <stdio.h>
#include <string.h>

#include <flow/file.h>
#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>

struct order {
    int64_t id;
    flow_str city;
    int64_t cents;
    flow_time at;
};
FLOW_RECORD(order, id, city, cents, at);

// [outputs]
enum {
    GOOD,
    SMALL
}; // outputs by number

static flow_status judge(flow_ctx *ctx, const struct order *order)
{
    if (order->cents < 0)
        return flow_fail(ctx, FLOW_USER, "order %lld costs %lld cents, which is below 0",
            (long long)order->id, (long long)order->cents);
    if (order->cents < 100)
        return FLOW_EMIT_TO(ctx, SMALL, flow_line, .text = order->city);
    return FLOW_EMIT_ROW(ctx, order, order);
}
FLOW_ELEMENT_FN(judge, order, order, flow_line);
// [outputs]

// [show]
static void show_rejected(void *user, const flow_elements *elements)
{
    for (uint32_t i = 0; i < elements->batch.count; i++) {
        const struct flow_rejected *r = FLOW_BATCH_ROW(&elements->batch, flow_rejected, i);
        printf("%s: %.*s at %.*s\n  %.*s\n  %.*s\n", (const char *)user, (int)r->reason.len,
            r->reason.data, (int)r->step.len, r->step.data, (int)r->message.len, r->message.data,
            (int)r->element.len, r->element.data);
    }
}
// [show]

static void show(void *user, const flow_elements *elements)
{
    printf("%s: %u\n", (const char *)user, elements->batch.count);
}

// [graph]
static void build(flow_pipeline *p, const char *path, flow_on_error on_error)
{
    static char dead[] = "dead letter", good[] = "good", small[] = "small";
    const flow_file_read_options source = {
        .path = path, .format = FLOW_CSV, .type = &order_type, .on_error = on_error
    };
    flow_coll orders = flow_file_read(p, &source);
    flow_coll judged = flow_do(orders, &judge_fn, &(flow_do_options){ .on_error = on_error });
    flow_receive(judged, "good", show, good);
    flow_receive(flow_output(judged, SMALL), "small", show, small);
    if (on_error == FLOW_ON_ERROR_DEAD_LETTER) {
        flow_coll both[] = { flow_dead_letters(orders), flow_dead_letters(judged) };
        flow_receive(flow_flatten(both, 2), "dead", show_rejected, dead);
    }
}
// [graph]

int main(int argc, char **argv)
{
    if (argc < 3)
        return fprintf(stderr, "usage: errors FILE fail|dead|skip\n"), 2;
    const flow_on_error on_error = strcmp(argv[2], "dead") == 0   ? FLOW_ON_ERROR_DEAD_LETTER
                                   : strcmp(argv[2], "skip") == 0 ? FLOW_ON_ERROR_SKIP
                                                                  : FLOW_ON_ERROR_FAIL;
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("orders");
    build(p, argv[1], on_error);
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        printf("%s in %s: %s\n", flow_status_name(error.status), error.step, error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
