// SPDX-License-Identifier: Apache-2.0
// Times of outputs: calls are told when they have ended; each becomes two edges, at its begin and
// at its end.
#include <stdio.h>

#include <flow/file.h>
#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>

struct phone_call {
    flow_str who;
    int64_t seconds;
    flow_time ended;
};
FLOW_RECORD(phone_call, who, seconds, ended);
struct edge {
    flow_str who;
    int64_t open; // one more, one less
};
FLOW_RECORD(edge, who, open);
struct line {
    flow_time at;
    flow_str who;
    int64_t open;
};
FLOW_RECORD(line, at, who, open);

// [edges]
#define HOUR (3600 * INT64_C(1000000))

static flow_status edges(flow_ctx *ctx, const struct phone_call *call)
{
    const flow_time begun = { call->ended.us - call->seconds * 1000000 };
    if (FLOW_EMIT_AT(ctx, begun, edge, .who = call->who, .open = 1) != FLOW_OK)
        return ctx->status;
    return FLOW_EMIT(ctx, edge, .who = call->who, .open = -1); // at the element's time
}
FLOW_ELEMENT_FN_WITH(edges, phone_call, (edge), .skew = { HOUR });
// [edges]

static flow_status show(flow_ctx *ctx, const struct edge *edge)
{
    return FLOW_EMIT(ctx, line, .at = flow_event_time(ctx), .who = edge->who, .open = edge->open);
}
FLOW_ELEMENT_FN(show, edge, line);

int main(void)
{
    const flow_time noon = { INT64_C(1795608000000000) };
    const struct phone_call calls[] = { { { "ada", 3 }, 90, noon },
        { { "bob", 3 }, 5400, { noon.us + HOUR } } };
    const flow_create_options rows = { .type = &phone_call_type,
        .rows = calls,
        .count = 2,
        .event_time = FLOW_FIELD(phone_call, ended) };
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("calls");
    const flow_do_options skip = { .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll both = flow_do(flow_create(p, &rows), &edges_fn, &skip);
    const flow_file_write_options out = { .path = "-", .format = FLOW_JSON };
    flow_file_write(flow_do(both, &show_fn), &out);
    flow_file_write(flow_dead_letters(both),
        &(flow_file_write_options){ .path = "refused.json", .format = FLOW_JSON });
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "%s: %s\n", error.step, error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
