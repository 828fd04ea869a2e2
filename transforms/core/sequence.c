// SPDX-License-Identifier: Apache-2.0
// flow_sequence: whole numbers, read by any number of workers at once.
#include <flow/transform.h>
#include <flow/transforms.h>

#include "parts.h"

#define PARTITIONS 16u
#define PIECE      32768u // numbers

struct config {
    int64_t from, to;
};

struct sequence {
    int64_t from;
    uint64_t count;
    uint64_t next[PARTITIONS]; // by partition: numbers of it that were claimed
};

static flow_status sequence_open(void *self, const flow_open *open)
{
    struct sequence *sequence = self;
    const struct config *config = open->config;
    sequence->from = config->from;
    sequence->count = (uint64_t)config->to - (uint64_t)config->from;
    return FLOW_OK;
}

static uint32_t sequence_partitions(void *self)
{
    (void)self;
    return PARTITIONS;
}

// Where a partition begins, as a distance from the first number; that of the last one's successor
// is the count.
static uint64_t begin_of(const struct sequence *sequence, uint32_t partition)
{
    const uint64_t share = sequence->count / PARTITIONS, rest = sequence->count % PARTITIONS;
    return share * partition + (partition < rest ? partition : rest);
}

static flow_claim sequence_claim(
    void *self, uint32_t partition, flow_piece *piece, flow_error *error)
{
    struct sequence *sequence = self;
    const uint64_t size = begin_of(sequence, partition + 1) - begin_of(sequence, partition);
    const uint64_t left = size - sequence->next[partition];
    (void)error;
    if (left == 0)
        return FLOW_CLAIM_END;
    piece->begin = sequence->next[partition];
    piece->end = sequence->next[partition] += left < PIECE ? left : PIECE;
    return FLOW_CLAIM_PIECE;
}

static flow_status sequence_read(void *self, const flow_piece *piece, flow_ctx *ctx)
{
    const struct sequence *sequence = self;
    const uint64_t first = (uint64_t)sequence->from + begin_of(sequence, piece->partition);
    for (uint64_t at = piece->begin; at < piece->end;) {
        const uint64_t left = piece->end - at;
        uint32_t count = left < FLOW_BATCH_ROWS ? (uint32_t)left : FLOW_BATCH_ROWS;
        struct flow_integer *rows = flow_reserve(ctx, 0, &flow_integer_type, &count);
        if (!rows)
            return ctx->status;
        for (uint32_t i = 0; i < count; i++)
            rows[i].value = (int64_t)(first + at + i);
        if (flow_commit(ctx, 0, count) != FLOW_OK)
            return ctx->status;
        at += count;
    }
    return FLOW_OK;
}

static flow_status sequence_seek(
    void *self, uint32_t partition, uint64_t position, flow_error *error)
{
    (void)error;
    ((struct sequence *)self)->next[partition] = position;
    return FLOW_OK;
}

static void sequence_close(void *self)
{
    (void)self;
}

static const flow_source sequence_source = {
    .name = "sequence",
    .self_size = sizeof(struct sequence),
    .open = sequence_open,
    .partitions = sequence_partitions,
    .claim = sequence_claim,
    .read = sequence_read,
    .seek = sequence_seek,
    .close = sequence_close,
};

flow_coll flow_sequence(flow_pipeline *pipeline, int64_t from, int64_t to)
{
    struct config *config = flow_pipeline_alloc(pipeline, sizeof *config);
    if (!config)
        return fl_no_coll(pipeline);
    if (to < from) {
        flow_pipeline_fail(pipeline, FLOW_INVALID, sequence_source.name,
            "flow_sequence: it goes from %lld to %lld, which is before", (long long)from,
            (long long)to);
        return fl_no_coll(pipeline);
    }
    *config = (struct config){ from, to };
    const flow_read_options options = { .type = &flow_integer_type, .config = config };
    return flow_read(pipeline, &sequence_source, &options);
}
