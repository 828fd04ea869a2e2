// SPDX-License-Identifier: Apache-2.0
// The two ends of the graph: where events come from, and which files are written.
#include "job.h"

flow_coll read_events(flow_pipeline *pipeline, const struct job *job, flow_channel *channel)
{
    const flow_channel_read_options pushed = {
        .name = "read",
        .event_time = FLOW_FIELD(event, at),
        .times = job->times,
    };
    const flow_file_read_options file = {
        .path = job->path,
        .format = job->format,
        .type = &event_type,
        .event_time = FLOW_FIELD(event, at),
        .times = job->times,
        .on_error = job->on_error,
        .follow = job->follow,
    };
    return channel ? flow_channel_read(pipeline, channel, &pushed)
                   : flow_file_read(pipeline, &file);
}

void write_episodes(flow_coll episodes, const struct job *job)
{
    const flow_file_write_options file = { .path = job->out, .format = FLOW_JSON };
    if (job->out)
        flow_file_write(episodes, &file);
}

void write_dropped(const flow_coll *dropped, size_t count, const struct job *job)
{
    const flow_file_write_options file = {
        .name = "write-dropped",
        .path = job->dropped,
        .format = FLOW_JSON,
    };
    if (job->dropped)
        flow_file_write(flow_flatten(dropped, count), &file);
}
