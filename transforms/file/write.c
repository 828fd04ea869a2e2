// SPDX-License-Identifier: Apache-2.0
// Writing files: bundles staged by workers, published into one file or one a worker.
#include "write.h"

#include <stdio.h>
#include <unistd.h>

#include "compress.h"
#include "destined.h"
#include "heap.h"
#include "lane.h"
#include "options.h"

#define SHARDS_MOST 99999u // that a name has digits for

struct file_write {
    const struct fl_write_config *config;
    char step[128];
    flow_allocator allocator;
    struct fl_format format;
    struct fl_output *outputs;
    uint32_t output_count;
    uint32_t opened;
    struct fl_lane *lanes;
    uint32_t lane_count;
};

static void write_close(void *self)
{
    struct file_write *write = self;
    for (uint32_t i = 0; i < write->opened; i++)
        fl_output_close(&write->outputs[i]);
    fl_lanes_free(write->lanes, write->lane_count);
    fl_file_free(write->outputs);
    write->outputs = NULL;
    write->lanes = NULL;
    write->opened = 0;
}

static flow_status open_outputs(struct file_write *write, flow_error *error)
{
    const flow_file_write_options *options = &write->config->options;
    char path[4096];
    for (uint32_t i = 0; i < write->output_count; i++) {
        struct fl_output *output = &write->outputs[i];
        int len = options->sharded ? snprintf(path, sizeof path, "%s-%05u-of-%05u", options->path,
                                         i, write->output_count)
                                   : snprintf(path, sizeof path, "%s", options->path);
        if (len < 0 || (size_t)len >= sizeof path)
            return flow_error_raise(
                error, FLOW_INVALID, write->step, "the option `path` is longer than a path can be");
        output->step = write->step;
        output->compression = fl_file_compression(options);
        output->block_size = write->config->block_size;
        const flow_status status = fl_output_open(output, path, &write->allocator, error);
        if (status != FLOW_OK)
            return status;
        write->opened = i + 1;
        fl_format_header(&write->format, &output->pending);
        if (output->pending.failed)
            return flow_error_raise(
                error, FLOW_MEMORY, write->step, "%s: no memory for its header", path);
    }
    return FLOW_OK;
}

static flow_status write_open(void *self, const flow_open *open)
{
    struct file_write *write = self;
    const struct fl_write_config *config = open->config;
    write->config = config;
    write->allocator = *open->allocator;
    fl_file_copy_text(write->step, sizeof write->step, open->step);
    write->format = fl_file_format_of(config, open);
    flow_status status = fl_format_check(&write->format, write->step, open->error);
    if (status == FLOW_OK)
        status = fl_compression_check(
            config->options.compression, write->step, config->options.path, open->error);
    if (status != FLOW_OK)
        return status;
    write->lane_count = open->workers;
    write->output_count = config->options.sharded ? open->workers : 1;
    write->lanes = fl_lanes_new(open->workers, &write->allocator);
    write->outputs = fl_file_alloc(&write->allocator, write->output_count * sizeof *write->outputs);
    if (write->lanes == NULL || write->outputs == NULL)
        status = flow_error_raise(open->error, FLOW_MEMORY, write->step,
            "no memory for the buffers of %u workers", open->workers);
    if (status == FLOW_OK)
        status = open_outputs(write, open->error);
    if (status != FLOW_OK)
        write_close(write);
    return status;
}

static struct fl_output *output_of(struct file_write *write, uint32_t worker)
{
    return &write->outputs[write->output_count > 1 ? worker : 0];
}

static flow_status write_stage(
    void *self, uint32_t worker, const flow_elements *elements, flow_error *error)
{
    struct file_write *write = self;
    struct fl_lane *lane = &write->lanes[worker];
    struct fl_output *output = output_of(write, worker);
    if (atomic_load(&output->failed)) { // publishing cannot fail, so the next bundle does
        pthread_mutex_lock(&output->lock);
        flow_error_raise(error, output->error.status, write->step, "%s", output->error.message);
        pthread_mutex_unlock(&output->lock);
        return output->error.status;
    }
    const flow_status status =
        fl_format_rows(&write->format, &elements->batch, &lane->text, error, write->step);
    if (status != FLOW_OK || lane->text.len < write->config->spill_size || output->temp == NULL)
        return status; // beside a pipe or device there is no place to spill to
    return fl_lane_spill(lane, output, error);
}

static void write_abort(void *self, uint32_t worker)
{
    fl_lane_forget(&((struct file_write *)self)->lanes[worker]);
}

static void write_publish(void *self, uint32_t worker)
{
    struct file_write *write = self;
    struct fl_lane *lane = &write->lanes[worker];
    struct fl_output *output = output_of(write, worker);
    const flow_str text = { lane->text.data, lane->text.len };
    if (text.len > 0 || lane->spilled > 0) {
        pthread_mutex_lock(&output->lock);
        if (lane->spilled > 0)
            fl_output_put_file(output, lane->spill, lane->spilled);
        fl_output_put(output, text, output->temp == NULL);
        pthread_mutex_unlock(&output->lock);
    }
    fl_lane_forget(lane);
}

static flow_status write_finish(void *self, flow_error *error)
{
    struct file_write *write = self;
    flow_status status = FLOW_OK;
    for (uint32_t i = 0; i < write->output_count && status == FLOW_OK; i++)
        status = fl_output_sync(&write->outputs[i], error);
    for (uint32_t i = 0; i < write->output_count && status == FLOW_OK; i++)
        status = fl_output_rename(&write->outputs[i], error);
    if (status == FLOW_OK) // all files are in one folder
        status = fl_output_sync_folder(&write->outputs[0], error);
    return status;
}

static void write_discard(void *self)
{
    struct file_write *write = self;
    for (uint32_t i = 0; i < write->opened; i++)
        fl_output_close(&write->outputs[i]);
}

const flow_sink fl_file_sink = {
    .name = "write",
    .self_size = sizeof(struct file_write),
    .open = write_open,
    .stage = write_stage,
    .publish = write_publish,
    .abort = write_abort,
    .finish = write_finish,
    .discard = write_discard,
    .close = write_close,
};

// Writes to a sink, with the sign as a field where that is asked for.
static void write_signed(
    flow_coll in, struct fl_write_config *config, const char *step, const flow_sink *sink)
{
    const flow_file_write_options *options = &config->options;
    if (options->sign_name == NULL) {
        flow_write(in, sink, &(flow_write_options){ .name = options->name, .config = config });
        return;
    }
    struct fl_shown *shown = fl_shown_make(in, options, NULL, step);
    if (shown == NULL)
        return;
    config->shown = shown;
    flow_scope_begin(in.pipeline, step);
    flow_write(
        flow_do(in, &shown->fn), sink, &(flow_write_options){ .name = "files", .config = config });
    flow_scope_end(in.pipeline);
}

static const char *bad_options(const flow_file_write_options *options, bool known)
{
    const char *bad =
        fl_file_bad_options(known, options->path, options->format, options->compression);
    if (bad != NULL)
        return bad;
    if (options->sharded && strcmp(options->path, "-") == 0)
        return "standard output cannot be sharded";
    const bool pattern = fl_pattern_is(options->path);
    if (pattern && options->sharded)
        return "the option `sharded` is for a path that is no pattern; say {shard} in it";
    if (!pattern &&
        (options->destination || options->shards || options->shard_size || options->open_max))
        return "the options `destination`, `shards`, `shard_size` and `open_max` are for a `path` "
               "that is a pattern, with pieces in braces";
    if (options->shards > SHARDS_MOST)
        return "the option `shards` is more than 99,999";
    if (options->shards && options->shard_size)
        return "the options `shards` and `shard_size` cannot both be set";
    return NULL;
}

// Files by pattern: at the end, where there is only the global window and its one result, or by
// pane.
static void write_pattern(flow_coll in, struct fl_write_config *config, const char *step)
{
    config->pattern = fl_pattern_read(in, &config->options, step);
    if (config->pattern == NULL || !fl_destined_check(in, config, step))
        return;
    const bool one = flow_coll_windows(in).kind == FLOW_WINDOW_GLOBAL && flow_coll_fires_once(in);
    if (!one) {
        fl_panes_write(in, config);
        return;
    }
    write_signed(in, config, step, &fl_at_end_sink);
}

static struct fl_write_config *make_config(flow_coll in, const flow_file_write_options *options)
{
    struct fl_write_config *config = flow_pipeline_alloc(in.pipeline, sizeof *config);
    if (config == NULL)
        return NULL;
    flow_file_write_options *own = &config->options;
    *own = *options;
    own->path = flow_pipeline_string(in.pipeline, own->path);
    own->key_name = flow_pipeline_string(in.pipeline, own->key_name ? own->key_name : "key");
    own->name = flow_pipeline_string(in.pipeline, own->name);
    own->sign_name = flow_pipeline_string(in.pipeline, own->sign_name);
    own->shard_size = own->shard_size ? own->shard_size : FL_SHARD_SIZE;
    own->open_max = own->open_max ? own->open_max : FL_OPEN_MOST;
    config->block_size = FL_BLOCK_SIZE;
    config->spill_size = FL_SPILL_SIZE;
    const bool whole = own->path && own->key_name && (own->name || !options->name) &&
                       (own->sign_name || !options->sign_name);
    return whole ? config : NULL;
}

void flow_file_write_sized(flow_coll in, const flow_file_write_options *options, size_t size)
{
    flow_file_write_options own;
    if (in.id == 0)
        return; // an earlier step failed and said so
    const bool known = flow_options_copy(&own, sizeof own, options, size);
    const char *step = own.name ? own.name : fl_file_sink.name;
    const char *bad = bad_options(&own, known);
    if (bad != NULL) {
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, step, "%s", bad);
        return;
    }
    struct fl_write_config *config = make_config(in, &own);
    if (config == NULL)
        return;
    if (fl_pattern_is(config->options.path))
        write_pattern(in, config, step);
    else
        write_signed(in, config, step, &fl_file_sink);
}
