// SPDX-License-Identifier: Apache-2.0
// The JSON reader of a build without a JSON parser: it says so.
#include <flow/text.h>

static flow_status refuse(flow_error *error)
{
    return flow_error_raise(error, FLOW_UNSUPPORTED, NULL,
        "this build of libflow cannot read JSON: build it with the feature json (yyjson)");
}

flow_json *flow_json_new(const flow_type *type, const flow_allocator *allocator, flow_error *error)
{
    (void)type;
    (void)allocator;
    refuse(error);
    return NULL;
}

void flow_json_free(flow_json *json)
{
    (void)json;
}

flow_status flow_json_read(
    flow_json *json, flow_str text, void *row, const flow_memory *memory, flow_error *error)
{
    (void)json;
    (void)text;
    (void)row;
    (void)memory;
    return refuse(error);
}
