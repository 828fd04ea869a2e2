// SPDX-License-Identifier: Apache-2.0
// A source of one row.
#include "one.h"

#include <flow/transform.h>

#include "parts.h"

struct config {
    const flow_type *type;
    const void *row;
};

struct one {
    const struct config *config;
    bool given;
};

static flow_status one_open(void *self, const flow_open *open)
{
    ((struct one *)self)->config = open->config;
    return FLOW_OK;
}

static uint32_t one_partitions(void *self)
{
    (void)self;
    return 1;
}

static flow_claim one_claim(void *self, uint32_t partition, flow_piece *piece, flow_error *error)
{
    struct one *one = self;
    (void)partition, (void)error;
    if (one->given)
        return FLOW_CLAIM_END;
    piece->begin = 0;
    piece->end = 1;
    one->given = true;
    return FLOW_CLAIM_PIECE;
}

static flow_status one_read(void *self, const flow_piece *piece, flow_ctx *ctx)
{
    const struct config *config = ((struct one *)self)->config;
    (void)piece;
    return flow_lend(ctx, config->type, config->row, 1);
}

static flow_status one_seek(void *self, uint32_t partition, uint64_t position, flow_error *error)
{
    (void)partition, (void)error;
    ((struct one *)self)->given = position > 0;
    return FLOW_OK;
}

static void one_close(void *self)
{
    (void)self;
}

static const flow_source one_source = {
    .name = "begin",
    .self_size = sizeof(struct one),
    .open = one_open,
    .partitions = one_partitions,
    .claim = one_claim,
    .read = one_read,
    .seek = one_seek,
    .close = one_close,
};

flow_coll fl_one(flow_pipeline *pipeline, const flow_type *type, const void *row)
{
    struct config *config = flow_pipeline_alloc(pipeline, sizeof *config);
    if (!config)
        return fl_no_coll(pipeline);
    *config = (struct config){ type, row };
    return flow_read(pipeline, &one_source, &(flow_read_options){ .type = type, .config = config });
}
