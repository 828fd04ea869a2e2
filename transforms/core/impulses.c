// SPDX-License-Identifier: Apache-2.0
// flow_impulses: an element whenever the clock reaches the next instant.
#include <time.h>

#include <flow/transform.h>
#include <flow/transforms.h>

#include "parts.h"

#define PIECE 4096u // impulses

static const flow_field impulse_fields[] = {
    FLOW_COLUMN(flow_impulse, at),
    FLOW_COLUMN(flow_impulse, number),
};
const flow_type flow_impulse_type = {
    .name = "flow_impulse",
    .size = sizeof(struct flow_impulse),
    .align = _Alignof(struct flow_impulse),
    .field_count = 2,
    .fields = impulse_fields,
};

struct config {
    int64_t start, every;
    uint64_t count; // UINT64_MAX: no end
};

struct impulses {
    struct config config;
    uint64_t next;
};

static flow_status impulses_open(void *self, const flow_open *open)
{
    struct impulses *impulses = self;
    impulses->config = *(const struct config *)open->config;
    return FLOW_OK;
}

static uint32_t impulses_partitions(void *self)
{
    (void)self;
    return 1;
}

static int64_t time_of(const struct config *config, uint64_t number)
{
    return config->start + (int64_t)number * config->every;
}

static int64_t clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

// Those that are due. No later one is earlier than the next, so that is the watermark.
static flow_claim impulses_claim(
    void *self, uint32_t partition, flow_piece *piece, flow_error *error)
{
    struct impulses *impulses = self;
    const struct config *config = &impulses->config;
    (void)partition, (void)error;
    if (impulses->next == config->count)
        return FLOW_CLAIM_END;
    const int64_t ahead = clock_now() - time_of(config, impulses->next);
    if (ahead < 0)
        return FLOW_CLAIM_WAIT;
    uint64_t due = (uint64_t)(ahead / config->every) + 1;
    due = due < PIECE ? due : PIECE;
    due = due < config->count - impulses->next ? due : config->count - impulses->next;
    piece->begin = impulses->next;
    piece->end = impulses->next += due;
    piece->watermark.us = time_of(config, impulses->next);
    return FLOW_CLAIM_PIECE;
}

static flow_status impulses_read(void *self, const flow_piece *piece, flow_ctx *ctx)
{
    const struct impulses *impulses = self;
    for (uint64_t n = piece->begin; n < piece->end; n++) {
        const struct flow_impulse row = { { time_of(&impulses->config, n) }, (int64_t)n };
        if (flow_emit(ctx, 0, &flow_impulse_type, &row, sizeof row) != FLOW_OK)
            return ctx->status;
    }
    return FLOW_OK;
}

static flow_status impulses_seek(
    void *self, uint32_t partition, uint64_t position, flow_error *error)
{
    (void)partition, (void)error;
    ((struct impulses *)self)->next = position;
    return FLOW_OK;
}

static void impulses_close(void *self)
{
    (void)self;
}

static const flow_source impulses_source = {
    .name = "impulses",
    .self_size = sizeof(struct impulses),
    .own_watermark = true,
    .open = impulses_open,
    .partitions = impulses_partitions,
    .claim = impulses_claim,
    .read = impulses_read,
    .seek = impulses_seek,
    .close = impulses_close,
};

flow_coll flow_impulses_sized(
    flow_pipeline *pipeline, const flow_impulses_options *options, size_t size)
{
    flow_impulses_options known;
    struct config *config = flow_pipeline_alloc(pipeline, sizeof *config);
    if (!config)
        return fl_no_coll(pipeline);
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    if (!copied || known.every.us <= 0 || (known.until.us && known.until.us < known.start.us)) {
        flow_pipeline_fail(pipeline, copied ? FLOW_INVALID : FLOW_UNSUPPORTED, NULL,
            "flow_impulses: %s",
            !copied               ? FLOW_OPTION_UNKNOWN
            : known.every.us <= 0 ? "its 'every' is not above 0"
                                  : "its 'until' lies before its 'start'");
        return fl_no_coll(pipeline);
    }
    const int64_t span = known.until.us - known.start.us;
    config->start = known.start.us;
    config->every = known.every.us;
    config->count =
        known.until.us ? (uint64_t)((span + known.every.us - 1) / known.every.us) : UINT64_MAX;
    const flow_read_options read = { .name = known.name,
        .type = &flow_impulse_type,
        .config = config,
        .unbounded = !known.until.us,
        .event_time = FLOW_FIELD(flow_impulse, at) };
    return flow_read(pipeline, &impulses_source, &read);
}
