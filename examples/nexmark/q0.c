// SPDX-License-Identifier: Apache-2.0
// q0, pass through: what it costs to carry events, as a wire would. In SQL: SELECT * FROM events.
#include "query.h"

#include <flow/text.h>

struct wire {
    flow_buffer bytes; // of the event in work, on each worker
};

static void *take_memory(void *ctx, size_t size)
{
    return flow_alloc(ctx, size);
}

static flow_status through_bytes(flow_ctx *ctx, const struct event *event)
{
    flow_buffer *bytes = &FLOW_SELF_OF(ctx, wire)->bytes;
    bytes->len = 0;
    flow_encode(&event_type, event, bytes);
    char *kept = flow_alloc(ctx, bytes->len); // texts of the decoded event point there
    if (!kept || bytes->failed)
        return FLOW_MEMORY;
    memcpy(kept, bytes->data, bytes->len);

    struct event decoded;
    flow_error error;
    flow_str rest = { kept, bytes->len };
    const flow_memory memory = { take_memory, ctx };
    if (flow_decode(&event_type, &rest, &decoded, &memory, &error) != FLOW_OK)
        return flow_fail(ctx, error.status, "%s", error.message);
    return FLOW_EMIT_ROW(ctx, event, &decoded);
}

static flow_status free_bytes(flow_ctx *ctx)
{
    flow_buffer_free(&FLOW_SELF_OF(ctx, wire)->bytes);
    return FLOW_OK;
}
FLOW_ELEMENT_FN_WITH(
    through_bytes, event, (event), .self_size = sizeof(struct wire), .teardown = free_bytes);

flow_coll q0(flow_coll events, const struct query_settings *settings)
{
    (void)settings;
    return flow_do(events, &through_bytes_fn);
}
