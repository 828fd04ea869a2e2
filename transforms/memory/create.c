// SPDX-License-Identifier: Apache-2.0
// A bounded collection of rows in the caller's memory.
#include <flow/memory.h>

#define PIECE_ROWS ((size_t)32 * 1024)

struct create_config {
    const void *rows;
    const void *const *columns;
    const flow_type *type;
    size_t count;
    flow_bytes texts;
};

struct create {
    const struct create_config *config;
    size_t next; // the first row that is in no piece yet
};

static flow_status create_open(void *self, const flow_open *open)
{
    struct create *create = self;
    create->config = open->config;
    return FLOW_OK;
}

static uint32_t create_partitions(void *self)
{
    (void)self;
    return 1;
}

static flow_claim create_claim(void *self, uint32_t partition, flow_piece *piece, flow_error *error)
{
    struct create *create = self;
    (void)partition;
    (void)error;
    const size_t left = create->config->count - create->next;
    if (left == 0)
        return FLOW_CLAIM_END;
    piece->begin = create->next;
    create->next += left < PIECE_ROWS ? left : PIECE_ROWS;
    piece->end = create->next;
    return FLOW_CLAIM_PIECE;
}

// The part of each column that a piece covers.
static flow_status lend_columns(
    const struct create_config *config, const flow_piece *piece, flow_ctx *ctx)
{
    const flow_type *type = config->type;
    const void **columns = flow_alloc(ctx, type->field_count * sizeof *columns);
    if (columns == NULL)
        return FLOW_MEMORY;
    for (uint32_t f = 0; f < type->field_count; f++)
        columns[f] = (const char *)config->columns[f] + piece->begin * type->fields[f].size;
    return flow_lend_columns(ctx, type, columns, (uint32_t)(piece->end - piece->begin));
}

static flow_status create_read(void *self, const flow_piece *piece, flow_ctx *ctx)
{
    const struct create_config *config = ((struct create *)self)->config;
    if (config->texts.len > 0 &&
        flow_keep(ctx, config->texts.data, config->texts.len, NULL, NULL) != FLOW_OK)
        return ctx->status;
    if (config->columns != NULL)
        return lend_columns(config, piece, ctx);
    const char *first = (const char *)config->rows + piece->begin * config->type->size;
    return flow_lend(ctx, config->type, first, (uint32_t)(piece->end - piece->begin));
}

static flow_status create_seek(void *self, uint32_t partition, uint64_t position, flow_error *error)
{
    struct create *create = self;
    (void)partition;
    if (position > create->config->count)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "position %llu lies past the %zu rows that flow_create was given",
            (unsigned long long)position, create->config->count);
    create->next = (size_t)position;
    return FLOW_OK;
}

static void create_close(void *self)
{
    (void)self;
}

static const flow_source create_source = {
    .name = "create",
    .self_size = sizeof(struct create),
    .open = create_open,
    .partitions = create_partitions,
    .claim = create_claim,
    .read = create_read,
    .seek = create_seek,
    .close = create_close,
};

flow_coll flow_create_sized(
    flow_pipeline *pipeline, const flow_create_options *options, size_t size)
{
    flow_create_options own;
    const flow_coll none = { pipeline, 0 };
    const bool known = flow_options_copy(&own, sizeof own, options, size);
    const char *step = own.name ? own.name : create_source.name;
    const bool none_given = own.rows == NULL && own.columns == NULL && own.count > 0;
    if (!known || own.type == NULL || none_given) {
        flow_pipeline_fail(pipeline, FLOW_INVALID, step, "%s",
            !known ? FLOW_OPTION_UNKNOWN
            : own.type == NULL
                ? "the option `type` is missing"
                : "the options `rows` and `columns` are NULL although `count` is not 0");
        return none;
    }
    struct create_config *config = flow_pipeline_alloc(pipeline, sizeof *config);
    if (config == NULL)
        return none;
    *config = (struct create_config){ own.rows, own.columns, own.type, own.count, own.texts };
    const flow_read_options read = { .name = own.name,
        .type = own.type,
        .config = config,
        .event_time = own.event_time,
        .times = own.times };
    return flow_read(pipeline, &create_source, &read);
}
