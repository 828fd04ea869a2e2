// SPDX-License-Identifier: Apache-2.0
// Writing down what a source gives, as a witness of its commits.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <flow/evolve.h>

#include "recording.h"

struct recorder {
    flow_witness witness;
    const char *path;
    const flow_type *type;
    FILE *file;
    flow_buffer frame;
    int failed; // errno of the first write that failed
    bool memory;
};

static void put_le(unsigned char *to, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> 8 * i);
}

// Writes what is in the frame, whole or, if it fails, never again anything.
static void write_frame(struct recorder *recorder)
{
    unsigned char head[FL_FRAME_HEAD];
    const flow_buffer *frame = &recorder->frame;
    recorder->memory = recorder->memory || frame->failed;
    if (recorder->failed || recorder->memory)
        return;
    put_le(head, frame->len, 4);
    put_le(head + 4, fl_frame_sum(frame->data, frame->len), 8);
    if (fwrite(head, sizeof head, 1, recorder->file) != 1 ||
        fwrite(frame->data, frame->len, 1, recorder->file) != 1 || fflush(recorder->file) != 0)
        recorder->failed = errno ? errno : EIO;
}

static flow_status refuse(const struct recorder *recorder, flow_error *error)
{
    char reason[80] = "no memory";
    if (recorder->failed && strerror_r(recorder->failed, reason, sizeof reason) != 0)
        snprintf(reason, sizeof reason, "error %d", recorder->failed);
    return flow_error_raise(error, recorder->failed ? FLOW_IO : FLOW_MEMORY, NULL,
        "the recording '%s' cannot be written: %s", recorder->path, reason);
}

static flow_status ready(void *self, flow_error *error)
{
    const struct recorder *recorder = self;
    return recorder->failed || recorder->memory ? refuse(recorder, error) : FLOW_OK;
}

static void close_file(void *self)
{
    struct recorder *recorder = self;
    if (recorder->file)
        fclose(recorder->file);
    recorder->file = NULL;
    flow_buffer_free(&recorder->frame);
}

static flow_status open_file(void *self, const flow_open *open)
{
    struct recorder *recorder = self;
    recorder->failed = 0;
    recorder->memory = false;
    recorder->type = open->type;
    recorder->file = fopen(recorder->path, "wb");
    if (!recorder->file)
        recorder->failed = errno;
    else if (fwrite(FL_RECORDING_MARK, FL_RECORDING_MARK_SIZE, 1, recorder->file) != 1)
        recorder->failed = EIO;
    recorder->frame.allocator = open->allocator;
    recorder->frame.len = 0;
    flow_type_describe(open->type, &recorder->frame);
    write_frame(recorder);
    const flow_status status = ready(recorder, open->error);
    if (status != FLOW_OK)
        close_file(recorder);
    return status;
}

static void put_number(flow_buffer *out, uint64_t number)
{
    flow_encode_value(FLOW_KIND_U64, NULL, &number, out);
}

static void given(void *self, const flow_given *given)
{
    struct recorder *recorder = self;
    flow_buffer *frame = &recorder->frame;
    frame->len = 0;
    put_number(frame, (uint64_t)given->what);
    put_number(frame, given->partition);
    flow_encode_value(FLOW_KIND_TIME, NULL, &given->clock, frame);
    flow_encode_value(FLOW_KIND_TIME, NULL, &given->watermark, frame);
    put_number(frame, given->rows);
    flow_buffer_put(frame, given->bytes.data, given->bytes.len);
    write_frame(recorder);
}

void flow_record(flow_coll in, const char *path)
{
    struct recorder *recorder =
        in.pipeline ? flow_pipeline_alloc(in.pipeline, sizeof *recorder) : NULL;
    if (!recorder)
        return;
    recorder->path = flow_pipeline_string(in.pipeline, path);
    recorder->witness = (flow_witness){ .open = open_file,
        .given = given,
        .ready = ready,
        .close = close_file,
        .self = recorder,
        .by = "flow_record" };
    if (path)
        flow_read_witness(in, &recorder->witness);
    else
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL, "flow_record: it is told no file");
}
