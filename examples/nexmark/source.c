// SPDX-License-Identifier: Apache-2.0
// The source: a partition for each generator, so that they are read side by side.
#include "source.h"

#include <stdlib.h>

#include <flow/memory.h>
#include <flow/transform.h>

enum {
    PIECE = 1000 // events of a generator that are drawn in one go
};

struct drawing {
    const struct generator_settings *settings;
    int64_t *next; // by generator: the first event that is in no piece yet
};

static flow_status drawing_open(void *self, const flow_open *open)
{
    struct drawing *drawing = self;
    drawing->settings = open->config;
    drawing->next = calloc((size_t)drawing->settings->generators, sizeof *drawing->next);
    return drawing->next ? FLOW_OK : FLOW_MEMORY;
}

static uint32_t drawing_partitions(void *self)
{
    return (uint32_t)((struct drawing *)self)->settings->generators;
}

static flow_claim drawing_claim(
    void *self, uint32_t partition, flow_piece *piece, flow_error *error)
{
    struct drawing *drawing = self;
    int64_t *next = &drawing->next[partition];
    const struct generator generator = generator_of(drawing->settings, partition);
    (void)error;
    if (*next == generator.events)
        return FLOW_CLAIM_END;
    piece->begin = (uint64_t)*next;
    *next = generator.events - *next < PIECE ? generator.events : *next + PIECE;
    piece->end = (uint64_t)*next;
    piece->watermark = generator_watermark(&generator, *next);
    return FLOW_CLAIM_PIECE;
}

// What an event points to lies on the stack: the engine copies it.
static flow_status drawing_read(void *self, const flow_piece *piece, flow_ctx *ctx)
{
    const struct drawing *drawing = self;
    const struct generator generator = generator_of(drawing->settings, piece->partition);
    for (uint64_t n = piece->begin; n < piece->end && ctx->status == FLOW_OK; n++) {
        struct event event;
        int64_t record[EVENT_RECORD_MAX / sizeof(int64_t)];
        char text[EVENT_TEXT_MAX], *records = (char *)record, *texts = text;
        generator_event(&generator, (int64_t)n, &event, &records, &texts);
        FLOW_EMIT_ROW(ctx, event, &event);
    }
    return ctx->status;
}

static flow_status drawing_seek(
    void *self, uint32_t partition, uint64_t position, flow_error *error)
{
    (void)error;
    ((struct drawing *)self)->next[partition] = (int64_t)position;
    return FLOW_OK;
}

static void drawing_close(void *self)
{
    free(((struct drawing *)self)->next);
}

static const flow_source batch_source = {
    .name = "events",
    .self_size = sizeof(struct drawing),
    .open = drawing_open,
    .partitions = drawing_partitions,
    .claim = drawing_claim,
    .read = drawing_read,
    .seek = drawing_seek,
    .close = drawing_close,
};

static const flow_source stream_source = {
    .name = "events",
    .self_size = sizeof(struct drawing),
    .unbounded = true,
    .own_watermark = true,
    .open = drawing_open,
    .partitions = drawing_partitions,
    .claim = drawing_claim,
    .read = drawing_read,
    .seek = drawing_seek,
    .close = drawing_close,
};

flow_coll read_events(flow_pipeline *pipeline, const struct event_source *source)
{
    const struct history *history = source->history;
    if (history) {
        const flow_create_options create = { .name = "events",
            .type = &event_type,
            .rows = source->columns ? NULL : history->rows,
            .columns = source->columns ? history->columns : NULL,
            .count = history->count,
            .texts = { history->memory, history->size },
            .event_time = FLOW_FIELD(event, at),
            .times = { .in_order = source->stream } };
        return flow_create(pipeline, &create);
    }
    struct generator_settings *settings = flow_pipeline_alloc(pipeline, sizeof *settings);
    if (settings)
        *settings = source->settings;
    const flow_read_options read = {
        .type = &event_type, .config = settings, .event_time = FLOW_FIELD(event, at)
    };
    return flow_read(pipeline, source->stream ? &stream_source : &batch_source, &read);
}
