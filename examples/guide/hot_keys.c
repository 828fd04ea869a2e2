// SPDX-License-Identifier: Apache-2.0
// One page that nearly everybody looks at, and a combine that adds it up in parts.
#include <stdio.h>

#include <flow/file.h>
#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/transforms.h>

struct look {
    flow_str page;
    flow_time at;
};
FLOW_RECORD(look, page, at);

// [parts]
// The home page is hot, all others are not.
static uint32_t parts_of_page(const void *key)
{
    return flow_str_equal(*(const flow_str *)key, flow_str_of("/")) ? 16 : 1;
}

static flow_coll looks_by_visit(flow_coll looks)
{
    const flow_window_options visits = { .windows = flow_sessions(flow_minutes(30)) };
    const flow_fan_out_options hot = { .parts_of = parts_of_page };
    const flow_coll pages = flow_key_by(flow_window_into(looks, &visits), FLOW_FIELD(look, page));
    return flow_count(flow_fan_out(pages, &hot));
}
// [parts]

int main(void)
{
    static const struct look looks[] = { { { "/", 1 }, { 0 } }, { { "/", 1 }, { 1 } },
        { { "/hats", 5 }, { 2 } }, { { "/", 1 }, { 3 } } };
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("looks");
    const flow_create_options rows = {
        .type = &look_type, .rows = looks, .count = 4, .event_time = FLOW_FIELD(look, at)
    };
    flow_file_write(looks_by_visit(flow_create(p, &rows)),
        &(flow_file_write_options){ .path = "-", .format = FLOW_JSON, .key_name = "page" });
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "hot_keys: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
