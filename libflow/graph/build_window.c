// SPDX-License-Identifier: Apache-2.0
// The builder of steps that put elements into windows, or change when windows give results.
#include <flow/flow.h>
#include <flow/transform.h>

#include "graph/graph.h"

static bool check_lateness(const fl_call *call, const flow_window_options *options)
{
    if (options->lateness.us < 0)
        return fl_refuse(call, FLOW_INVALID, "its lateness is %lld us, it must be at least 0",
            (long long)options->lateness.us);
    if (options->lateness.us > 0 && options->no_lateness)
        return fl_refuse(call, FLOW_INVALID,
            "its options have 'no_lateness' set and a lateness of %lld us",
            (long long)options->lateness.us);
    return true;
}

static bool check_enums(const fl_call *call, const flow_window_options *options)
{
    const struct {
        const char *name;
        int value, most;
    } members[] = { { "accumulation", (int)options->accumulation, FLOW_RETRACTING },
        { "on_time", (int)options->on_time, FLOW_EMPTY_NEVER },
        { "closing", (int)options->closing, FLOW_EMPTY_NEVER },
        { "output_time", (int)options->output_time, FLOW_OUTPUT_LATEST } };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (members[i].value < 0 || members[i].value > members[i].most)
            return fl_refuse(call, FLOW_INVALID, "its options have an unknown '%s' %d",
                members[i].name, members[i].value);
    flow_error error = { 0 };
    if (flow_trigger_check(&options->trigger, &error) != FLOW_OK)
        return fl_refuse(call, error.status, "%s", error.message);
    for (uint32_t i = 0; i < options->trigger.count; i++)
        if (options->trigger.nodes[i].kind == FLOW_TRIGGER_SYNCHRONIZED)
            return fl_refuse(call, FLOW_INVALID,
                "a trigger by the clock of what is upstream comes to be behind groupings alone "
                "(R8); take flow_trigger_delay");
    return true;
}

flow_coll flow_window_into_sized(flow_coll in, const flow_window_options *options, size_t size)
{
    const fl_call call = { in.pipeline, "flow_window_into", "window", false };
    flow_window_options known;
    const flow_edge *from = NULL;
    if (!fl_options(&call, &known, sizeof known, options, size) || !(from = fl_input(&call, in)))
        return fl_nothing(in.pipeline);
    const flow_node node = { .kind = FLOW_NODE_WINDOW,
        .inputs = &in.id,
        .input_count = 1,
        .keep_windows = known.keep_windows };
    flow_edge out = *from;
    out.output = 0;
    if (!check_lateness(&call, &known) || !check_enums(&call, &known))
        return fl_nothing(in.pipeline);
    if (known.keep_windows && known.windows.kind != FLOW_WINDOW_GLOBAL) {
        fl_refuse(&call, FLOW_INVALID,
            "its options have 'keep_windows' set, so they must name no other 'windows'");
        return fl_nothing(in.pipeline);
    }
    if (!known.keep_windows) {
        if (!fl_windows_own(&call, from->shape.type, &known.windows))
            return fl_nothing(in.pipeline);
        out.windows = known.windows;
        out.merged = false;
    }
    if (!fl_windowing_set(&call, &known, &out))
        return fl_nothing(in.pipeline);
    return fl_step_add(&call, &node, &out);
}
