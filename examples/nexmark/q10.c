// SPDX-License-Identifier: Apache-2.0
// q10, log to sharded files: every event, in a file of its window and shard; sooner, when so many
// have come; later ones in files of their own.
#include "query.h"

#include <stdio.h>

#include <flow/file.h>

flow_coll q10(flow_coll events, const struct query_settings *settings)
{
    const flow_trigger enough = flow_trigger_count(settings->log_events);
    const flow_window_options by_window = { .windows = flow_fixed(settings->window),
        .trigger = flow_trigger_early_late(
            enough, flow_trigger_any(enough, flow_trigger_delay(flow_seconds(10)))),
        .accumulation = FLOW_DISCARDING,
        .on_time = FLOW_EMPTY_NEVER,
        .lateness = flow_days(1) };
    char path[4096];
    snprintf(path, sizeof path, "%s/{start}-{shard}-{pane}.json", settings->folder);
    flow_file_write(flow_window_into(events, &by_window),
        &(flow_file_write_options){
            .path = path, .format = FLOW_JSON, .shards = (uint32_t)settings->shards });
    return (flow_coll){ events.pipeline, 0 };
}
