// SPDX-License-Identifier: Apache-2.0
// Files by pattern: what must be in a name, and what sinks for them share.
#include "destined.h"

#include <stdio.h>

#include "compress.h"
#include "crc.h"
#include "heap.h"

#define PENDING_BLOCKS 16u // that all files of a set keep in memory

// --- building

static bool refuse(
    flow_coll in, const struct fl_write_config *config, const char *step, const char *sentence)
{
    flow_pipeline_fail(in.pipeline, FLOW_INVALID, step,
        "the option `path` is the pattern \"%s\": %s", config->options.path, sentence);
    return false;
}

// Which pieces tell windows apart: of sessions neither start nor end alone, of growing windows not
// the start.
static bool names_window(const struct fl_pattern *pattern, const flow_windows *windows)
{
    const bool start = pattern->asks[FL_PATTERN_START], end = pattern->asks[FL_PATTERN_END];
    if (pattern->asks[FL_PATTERN_WINDOW] || (start && end))
        return true;
    switch (windows->kind) {
    case FLOW_WINDOW_GLOBAL:
        return true;
    case FLOW_WINDOW_FIXED:
    case FLOW_WINDOW_SLIDING:
    case FLOW_WINDOW_CALENDAR:
        return start || end;
    case FLOW_WINDOW_CUMULATE:
        return end;
    default:
        return false;
    }
}

bool fl_destined_check(flow_coll in, const struct fl_write_config *config, const char *step)
{
    const struct fl_pattern *pattern = config->pattern;
    const flow_file_write_options *options = &config->options;
    const flow_windows windows = flow_coll_windows(in);
    const bool several = !flow_coll_fires_once(in);
    if (!names_window(pattern, &windows))
        return refuse(in, config, step,
            "files of different windows would replace one another; expected {window} in it (R82)");
    if (several && !pattern->asks[FL_PATTERN_PANE])
        return refuse(in, config, step,
            "a window can have more than one result, which would replace one another; expected "
            "{pane} in it (R82)");
    if (options->shards > 1 && !pattern->asks[FL_PATTERN_SHARD])
        return refuse(in, config, step,
            "there are several shards, which would replace one another; expected {shard} in it "
            "(R82)");
    if (options->shards > 1 && flow_coll_merging(in))
        return refuse(in, config, step,
            "its windows are merged for each shard apart; say `shards` = 0, or merge them in a "
            "grouping before (R82)");
    const char *shard = strstr(pattern->path, "{shard}");
    if (options->shards == 0 && shard && strchr(shard, '/'))
        return refuse(in, config, step,
            "how many shards there are is known last, when the folders are there already; say "
            "`shards`, or put {shard} behind the last slash");
    return true;
}

// --- sinks

// A name beside the files that nothing else has: the pattern itself.
static void name_guard(const struct fl_pattern *pattern, struct fl_name *name)
{
    const char *rest = pattern->path + pattern->folder_len;
    name->len = 0;
    name->full = false;
    fl_name_add(name, pattern->path, pattern->folder_len);
    char sum[16];
    for (size_t i = 0; rest[i] != '\0' && i < 100; i++)
        fl_name_add(name, rest[i] == '/' ? "%" : rest + i, 1);
    const uint32_t crc = fl_crc(FL_CRC_32C, rest, strlen(rest));
    if (strlen(rest) > 100)
        fl_name_add(name, sum, (size_t)snprintf(sum, sizeof sum, "…%08x", (unsigned)crc));
}

flow_status fl_destined_open(struct fl_destined *d, const flow_open *open)
{
    const struct fl_write_config *config = open->config;
    struct fl_name name;
    d->config = config;
    d->allocator = *open->allocator;
    fl_file_copy_text(d->step, sizeof d->step, open->step);
    d->format = fl_file_format_of(config, open);
    flow_status status = fl_format_check(&d->format, d->step, open->error);
    if (status == FLOW_OK)
        status = fl_compression_check(
            config->options.compression, d->step, config->options.path, open->error);
    if (status != FLOW_OK)
        return status;
    if (pthread_mutex_init(&d->lock, NULL) != 0)
        return flow_error_raise(
            open->error, FLOW_IO, d->step, "the system refused to make a mutex");
    d->locked = true;
    name_guard(config->pattern, &name);
    if (name.full)
        return flow_error_raise(
            open->error, FLOW_INVALID, d->step, "the option `path` is longer than a path can be");
    d->guard.step = d->step;
    return fl_output_open(&d->guard, name.text, &d->allocator, open->error);
}

void fl_destined_close(struct fl_destined *d)
{
    fl_output_close(&d->guard);
    if (d->locked)
        pthread_mutex_destroy(&d->lock);
    d->locked = false;
}

struct fl_set fl_destined_set(struct fl_destined *d, uint32_t open_most)
{
    const flow_file_write_options *options = &d->config->options;
    return (struct fl_set){ .step = d->step,
        .allocator = &d->allocator,
        .format = &d->format,
        .compression = fl_file_compression(options),
        .block_size = d->config->block_size,
        .shard_size = options->shards == 0 ? options->shard_size : UINT64_MAX,
        .folder_len = d->config->pattern->folder_len,
        .open_most = open_most > 0 ? open_most : 1,
        .pending_most = PENDING_BLOCKS * d->config->block_size };
}

flow_batch fl_destined_rows(const flow_batch *batch, uint32_t first, uint32_t count)
{
    flow_batch rows = *batch;
    if (batch->selection)
        rows.selection += first;
    else
        rows.rows += (size_t)first * batch->stride;
    rows.count = count;
    return rows;
}
