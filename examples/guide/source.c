// SPDX-License-Identifier: Apache-2.0
// A source of one's own: the numbers below a limit, in two partitions that workers read side by
// side.
#include <stdio.h>

#include <flow/file.h>
#include <flow/runner_local.h>
#include <flow/transform.h>
#include <flow/transforms.h>

struct number {
    int64_t value;
};
FLOW_RECORD(number, value);
#define PARTITIONS 2u
#define PIECE      1000u

// [self]
struct numbers_config {
    uint64_t limit; // of each partition
};
struct numbers {
    uint64_t limit;
    uint64_t next[PARTITIONS]; // first number that no piece has
};

static flow_status numbers_open(void *self, const flow_open *open)
{
    struct numbers *numbers = self;
    numbers->limit = ((const struct numbers_config *)open->config)->limit;
    return FLOW_OK;
}

static uint32_t numbers_partitions(void *self)
{
    (void)self;
    return PARTITIONS;
}
// [self]

// [claim]
static flow_claim numbers_claim(void *self, uint32_t part, flow_piece *piece, flow_error *error)
{
    struct numbers *numbers = self;
    (void)error;
    if (numbers->next[part] == numbers->limit)
        return FLOW_CLAIM_END;
    piece->begin = numbers->next[part];
    piece->end = piece->begin + PIECE < numbers->limit ? piece->begin + PIECE : numbers->limit;
    numbers->next[part] = piece->end;
    return FLOW_CLAIM_PIECE;
}

static flow_status numbers_read(void *self, const flow_piece *piece, flow_ctx *ctx)
{
    (void)self;
    for (uint64_t at = piece->begin; at < piece->end; at++)
        FLOW_EMIT(ctx, number, .value = (int64_t)(at * PARTITIONS + piece->partition));
    return ctx->status;
}
// [claim]

static void numbers_close(void *self)
{
    (void)self;
}

// [source]
static const flow_source numbers_source = {
    .name = "numbers",
    .self_size = sizeof(struct numbers),
    .open = numbers_open,
    .partitions = numbers_partitions,
    .claim = numbers_claim,
    .read = numbers_read,
    .close = numbers_close,
};

static flow_coll numbers_read_from(flow_pipeline *p, uint64_t limit)
{
    struct numbers_config *config = flow_pipeline_alloc(p, sizeof *config);
    if (config)
        config->limit = limit / PARTITIONS;
    return flow_read(
        p, &numbers_source, &(flow_read_options){ .type = &number_type, .config = config });
}
// [source]

int main(void)
{
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("numbers");
    flow_coll sum = flow_sum(numbers_read_from(p, 100000), FLOW_FIELD(number, value));
    flow_file_write(sum, &(flow_file_write_options){ .path = "-", .format = FLOW_JSON });
    const flow_status status = flow_run(p, &flow_local_runner, &error);
    if (status != FLOW_OK)
        fprintf(stderr, "source: %s\n", error.message);
    flow_pipeline_free(p);
    return status;
}
