// SPDX-License-Identifier: Apache-2.0
// Elements by the clock: numbers at a rate, and a service that must not be asked too often.
#include <stdio.h>

#include <flow/file.h>
#include <flow/keyed.h>
#include <flow/runner_local.h>
#include <flow/transforms.h>

// [times]
// Number n happened at second n.
static flow_time at_second(int64_t number)
{
    return (flow_time){ number * 1000000 };
}
// [times]

// [graph]
static flow_coll paced(flow_pipeline *p)
{
    const flow_sequence_options numbers = {
        .to = 6, .elements = 1000, .per = flow_seconds(1), .time_of = at_second
    };
    const flow_throttle_options gently = { .elements = 500, .per = flow_seconds(1), .burst = 2 };
    const flow_window_options pairs = { .windows = flow_fixed(flow_seconds(2)) };
    const flow_coll given = flow_throttle(flow_sequence_with(p, &numbers), &gently);
    return flow_sum(flow_window_into(given, &pairs), FLOW_FIELD(flow_impulse, number));
}
// [graph]

int main(void)
{
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("pace");
    flow_file_write(paced(p), &(flow_file_write_options){ .path = "-", .format = FLOW_JSON });
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "pace: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
