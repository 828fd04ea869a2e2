// SPDX-License-Identifier: Apache-2.0
// Writing files: bundles staged by workers, published into one file or one a worker.
#include "write.h"

#include <stdio.h>
#include <unistd.h>

#include "compress.h"
#include "heap.h"
#include "options.h"

// A worker's bundle.
struct lane {
    flow_buffer text; // formatted rows
    int spill;        // −1, or a file with the rows that came before them
    uint64_t spilled; // bytes there
};

struct file_write {
    const struct fl_write_config *config;
    char step[128];
    flow_allocator allocator;
    struct fl_format format;
    struct fl_output *outputs;
    uint32_t output_count;
    uint32_t opened;
    struct lane *lanes;
    uint32_t lane_count;
};

static void write_close(void *self)
{
    struct file_write *write = self;
    for (uint32_t i = 0; i < write->opened; i++)
        fl_output_close(&write->outputs[i]);
    for (uint32_t i = 0; write->lanes && i < write->lane_count; i++) {
        flow_buffer_free(&write->lanes[i].text);
        if (write->lanes[i].spill >= 0)
            close(write->lanes[i].spill);
    }
    fl_file_free(write->outputs);
    fl_file_free(write->lanes);
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
        output->compression = options->compression == FLOW_COMPRESSION_AUTO ? FLOW_COMPRESSION_NONE
                                                                            : options->compression;
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
    write->format = (struct fl_format){ .format = config->options.format,
        .type = open->type,
        .key = open->key,
        .key_record = open->key_record,
        .key_name = config->options.key_name,
        .header = !config->options.no_header };
    flow_status status = fl_format_check(&write->format, write->step, open->error);
    if (status == FLOW_OK)
        status = fl_compression_check(
            config->options.compression, write->step, config->options.path, open->error);
    if (status != FLOW_OK)
        return status;
    write->lane_count = open->workers;
    write->output_count = config->options.sharded ? open->workers : 1;
    write->lanes = fl_file_alloc(&write->allocator, open->workers * sizeof *write->lanes);
    write->outputs = fl_file_alloc(&write->allocator, write->output_count * sizeof *write->outputs);
    for (uint32_t i = 0; write->lanes && i < write->lane_count; i++) {
        write->lanes[i].spill = -1;
        write->lanes[i].text.allocator = &write->allocator;
    }
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

static flow_status spill(
    struct file_write *write, struct lane *lane, struct fl_output *output, flow_error *error)
{
    int number = 0;
    if (lane->spill < 0) {
        lane->spill = fl_spill_open(output, error);
        lane->spilled = 0;
    }
    if (lane->spill < 0)
        return FLOW_IO;
    const flow_str text = { lane->text.data, lane->text.len };
    if (!fl_write_all(lane->spill, text, &number)) {
        char sentence[128];
        if (strerror_r(number, sentence, sizeof sentence) != 0)
            fl_file_copy_text(sentence, sizeof sentence, "the system refused");
        return flow_error_raise(error, FLOW_IO, write->step,
            "%s: the rows of a large bundle cannot be written: %s", output->path, sentence);
    }
    lane->spilled += text.len;
    lane->text.len = 0;
    return FLOW_OK;
}

static flow_status write_stage(
    void *self, uint32_t worker, const flow_elements *elements, flow_error *error)
{
    struct file_write *write = self;
    struct lane *lane = &write->lanes[worker];
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
    return spill(write, lane, output, error);
}

static void forget(struct lane *lane)
{
    lane->text.len = 0;
    lane->text.failed = false;
    if (lane->spill >= 0)
        close(lane->spill);
    lane->spill = -1;
    lane->spilled = 0;
}

static void write_abort(void *self, uint32_t worker)
{
    forget(&((struct file_write *)self)->lanes[worker]);
}

static void write_publish(void *self, uint32_t worker)
{
    struct file_write *write = self;
    struct lane *lane = &write->lanes[worker];
    struct fl_output *output = output_of(write, worker);
    const flow_str text = { lane->text.data, lane->text.len };
    if (text.len > 0 || lane->spilled > 0) {
        pthread_mutex_lock(&output->lock);
        if (lane->spilled > 0)
            fl_output_put_file(output, lane->spill, lane->spilled);
        fl_output_put(output, text, output->temp == NULL);
        pthread_mutex_unlock(&output->lock);
    }
    forget(lane);
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

static const char *bad_options(const flow_file_write_options *options, bool known)
{
    const char *bad =
        fl_file_bad_options(known, options->path, options->format, options->compression);
    if (bad != NULL)
        return bad;
    if (options->sharded && strcmp(options->path, "-") == 0)
        return "standard output cannot be sharded";
    return NULL;
}

void flow_file_write_sized(flow_coll in, const flow_file_write_options *options, size_t size)
{
    flow_file_write_options own;
    if (in.id == 0)
        return; // an earlier step failed and said so
    const bool known = flow_options_copy(&own, sizeof own, options, size);
    const char *bad = bad_options(&own, known);
    if (bad != NULL) {
        flow_pipeline_fail(
            in.pipeline, FLOW_INVALID, own.name ? own.name : fl_file_sink.name, "%s", bad);
        return;
    }
    struct fl_write_config *config = flow_pipeline_alloc(in.pipeline, sizeof *config);
    if (config == NULL)
        return;
    own.path = flow_pipeline_string(in.pipeline, own.path);
    own.key_name = flow_pipeline_string(in.pipeline, own.key_name ? own.key_name : "key");
    if (own.path == NULL || own.key_name == NULL)
        return;
    config->options = own;
    config->block_size = FL_BLOCK_SIZE;
    config->spill_size = FL_SPILL_SIZE;
    const flow_write_options write = { .name = own.name, .config = config };
    flow_write(in, &fl_file_sink, &write);
}
