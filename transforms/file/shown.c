// SPDX-License-Identifier: Apache-2.0
// A step that puts goal and sign beside elements, and the type of what is written of them.
#include "shown.h"

#include "core/parts.h"
#include "crc.h"

static const flow_field goal_fields[] = {
    { .name = "name",
        .kind = FLOW_KIND_STR,
        .offset = offsetof(struct fl_goal, name),
        .size = sizeof(flow_str) },
    { .name = "shard",
        .kind = FLOW_KIND_U32,
        .offset = offsetof(struct fl_goal, shard),
        .size = sizeof(uint32_t) },
};

static const flow_type goal_type = { .name = "fl_goal",
    .size = sizeof(struct fl_goal),
    .align = _Alignof(struct fl_goal),
    .field_count = 2,
    .fields = goal_fields };

// What a worker keeps between rows.
struct memory {
    flow_buffer bytes; // a row in binary form
};

// --- rows

// By its content, so that the same rows go to the same shards however they are read.
static uint32_t shard_of(flow_ctx *ctx, const struct fl_shown *shown, const void *row)
{
    struct memory *memory = flow_self(ctx);
    if (shown->shards <= 1)
        return 0;
    memory->bytes.len = 0;
    flow_encode(shown->fn.in, row, &memory->bytes);
    const uint32_t sum = fl_crc(FL_CRC_32C, memory->bytes.data, memory->bytes.len);
    return (uint32_t)((uint64_t)sum * shown->shards >> 32);
}

// The text of the goal is kept for the rows after it, which mostly go to the same.
static flow_status set_goal(
    flow_ctx *ctx, const void *key, const void *row, flow_str *kept, struct fl_goal *goal)
{
    const struct fl_shown *shown = (const struct fl_shown *)(const void *)ctx->fn;
    struct fl_name name;
    fl_pattern_fill(shown->pattern, key, row, &name);
    if (name.full)
        return flow_fail(ctx, FLOW_INVALID, "its name of a file is longer than %u bytes: %.100s…",
            FL_NAME_SIZE - 1, name.text);
    if (!flow_str_equal(*kept, (flow_str){ name.text, name.len })) {
        char *text = flow_alloc(ctx, name.len + 1);
        if (text == NULL)
            return ctx->status;
        memcpy(text, name.text, name.len + 1);
        *kept = (flow_str){ text, name.len };
    }
    goal->name = *kept;
    goal->shard = shard_of(ctx, shown, row);
    return FLOW_OK;
}

struct showing {
    char *out;     // of one row
    flow_str kept; // the name of the row before
};

static flow_status show_row(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct fl_shown *shown = (const struct fl_shown *)(const void *)ctx->fn;
    const flow_type *type = shown->outs[0];
    struct showing *showing = user;
    char *out = showing->out;
    flow_status status = FLOW_OK;
    memset(out, 0, type->size);
    memcpy(out + shown->row_at, row->value, shown->fn.in->size);
    if (shown->key_size > 0)
        memcpy(out + shown->key_at, row->key, shown->key_size);
    if (shown->sign_at != UINT32_MAX) {
        const int32_t sign = flow_sign(ctx);
        memcpy(out + shown->sign_at, &sign, sizeof sign);
    }
    if (shown->pattern) {
        struct fl_goal goal = { .shard = 0 };
        status = set_goal(ctx, row->key, row->value, &showing->kept, &goal);
        memcpy(out + shown->goal_at, &goal, sizeof goal);
    }
    return status == FLOW_OK ? flow_emit(ctx, 0, type, out, type->size) : status;
}

static flow_status show_rows(flow_ctx *ctx, const flow_batch *batch)
{
    const struct fl_shown *shown = (const struct fl_shown *)(const void *)ctx->fn;
    struct showing showing = { .out = flow_alloc(ctx, shown->outs[0]->size) };
    return showing.out ? flow_each_row(ctx, batch, show_row, &showing) : ctx->status;
}

static flow_status forget(flow_ctx *ctx)
{
    struct memory *memory = flow_self(ctx);
    flow_buffer_free(&memory->bytes);
    return FLOW_OK;
}

// --- types

static const char *outside_name(const flow_field *field)
{
    return field->as ? field->as : field->name;
}

// What is written beside the fields may not be called like one of them.
static bool check_name(flow_coll in, const char *step, const char *what, const char *name)
{
    const flow_type *type = flow_coll_type(in);
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (strcmp(outside_name(&type->fields[i]), name) != 0)
            continue;
        flow_pipeline_fail(in.pipeline, FLOW_TYPE, step,
            "the %s would be written as \"%s\", but record %s has a field of that name: set the "
            "option `%s_name`",
            what, name, type->name, what);
        return false;
    }
    return true;
}

// Fields of the element lie where the element lies in the row.
static bool make_flat(flow_coll in, const flow_file_write_options *options, struct fl_shown *shown)
{
    const flow_type *type = shown->fn.in;
    flow_type *flat = flow_pipeline_alloc(in.pipeline, sizeof *flat);
    flow_field *fields = flow_pipeline_alloc(in.pipeline, (type->field_count + 2) * sizeof *fields);
    if (flat == NULL || fields == NULL)
        return false;
    uint32_t count = 0;
    if (shown->key_size > 0) {
        fields[count] = flow_coll_key_field(in);
        fields[count].name = fields[count].as = options->key_name;
        fields[count].presence = 0;
        fields[count++].offset = shown->key_at;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        fields[count] = type->fields[i];
        fields[count].offset += shown->row_at;
        fields[count].presence += fields[count].presence ? shown->row_at : 0;
        count++;
    }
    if (shown->sign_at != UINT32_MAX)
        fields[count++] = (flow_field){ .name = options->sign_name,
            .kind = FLOW_KIND_I32,
            .offset = shown->sign_at,
            .size = sizeof(int32_t) };
    *flat = (flow_type){ .name = type->name,
        .size = shown->outs[0]->size,
        .align = shown->outs[0]->align,
        .field_count = count,
        .fields = fields };
    shown->flat = flat;
    return true;
}

static bool lay_out(flow_coll in, const flow_file_write_options *options, struct fl_shown *shown)
{
    const flow_field goal = {
        .kind = FLOW_KIND_RECORD, .size = sizeof(struct fl_goal), .record = &goal_type
    };
    const flow_field sign = { .kind = FLOW_KIND_I32, .size = sizeof(int32_t) };
    const flow_field key = flow_coll_key_field(in);
    const flow_field row = { .kind = FLOW_KIND_RECORD,
        .size = shown->fn.in->size,
        .record = shown->fn.in,
        .element = true };
    fl_record record = fl_record_begin(in.pipeline, shown->fn.in->name, 4);
    const flow_field *goal_to = shown->pattern ? fl_record_add(&record, &goal, "goal") : NULL;
    const flow_field *sign_to = options->sign_name ? fl_record_add(&record, &sign, "sign") : NULL;
    const flow_field *key_to = key.kind ? fl_record_add(&record, &key, "key") : NULL;
    const flow_field *row_to = fl_record_add(&record, &row, "row");
    shown->outs[0] = fl_record_end(&record);
    if (shown->outs[0] == NULL)
        return false;
    shown->goal_at = goal_to ? goal_to->offset : 0;
    shown->sign_at = sign_to ? sign_to->offset : UINT32_MAX;
    shown->key_at = key_to ? key_to->offset : 0;
    shown->key_size = key_to ? key_to->size : 0;
    shown->row_at = row_to->offset;
    return true;
}

struct fl_shown *fl_shown_make(flow_coll in, const flow_file_write_options *options,
    const struct fl_pattern *pattern, const char *step)
{
    if (flow_coll_is_keyed(in) && options->format != FLOW_LINES &&
        !check_name(in, step, "key", options->key_name))
        return NULL;
    if (options->sign_name && !check_name(in, step, "sign", options->sign_name))
        return NULL;
    if (options->sign_name && flow_coll_is_keyed(in) &&
        strcmp(options->sign_name, options->key_name) == 0) {
        flow_pipeline_fail(in.pipeline, FLOW_TYPE, step,
            "key and sign would both be written as \"%s\"", options->sign_name);
        return NULL;
    }
    struct fl_shown *shown = flow_pipeline_alloc(in.pipeline, sizeof *shown);
    if (shown == NULL)
        return NULL;
    shown->pattern = pattern;
    shown->shards = options->shards;
    shown->fn = (flow_fn){ .name = "show",
        .form = FLOW_FORM_EMIT,
        .in = flow_coll_type(in),
        .outs = shown->outs,
        .out_count = 1,
        .process = show_rows,
        .self_size = sizeof(struct memory),
        .teardown = forget,
        .takes_signs = options->sign_name != NULL };
    return lay_out(in, options, shown) && make_flat(in, options, shown) ? shown : NULL;
}
