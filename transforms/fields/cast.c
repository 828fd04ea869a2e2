// SPDX-License-Identifier: Apache-2.0
// Values of one kind as another: exactly, or not at all (floats may lose digits to each other).
#include <math.h>

#include "core/parts.h"
#include "place.h"

// A number on its way.
struct number {
    bool negative; // then `bits` is an int64
    bool is_float; // then `real` is it
    uint64_t bits;
    double real;
};

static bool is_float(flow_kind kind)
{
    return kind == FLOW_KIND_F32 || kind == FLOW_KIND_F64;
}

// Microseconds.
static bool is_time(flow_kind kind)
{
    return kind == FLOW_KIND_TIME || kind == FLOW_KIND_DURATION;
}

static bool is_text(flow_kind kind)
{
    return kind == FLOW_KIND_STR || kind == FLOW_KIND_BYTES;
}

static bool possible(flow_kind from, flow_kind to)
{
    if (flow_kind_size(from) == 0 || flow_kind_size(to) == 0)
        return false;
    if (from == to || (is_text(from) && is_text(to)))
        return true;
    if (from == FLOW_KIND_BYTES || to == FLOW_KIND_BYTES)
        return false;
    if (is_text(from) || is_text(to))
        return true;
    if (is_time(from) || is_time(to))
        return from == FLOW_KIND_I64 || to == FLOW_KIND_I64;
    return true;
}

// --- reading and writing numbers

static struct number signed_number(int64_t value)
{
    return (struct number){ .negative = value < 0, .bits = (uint64_t)value };
}

static struct number read_number(flow_kind kind, const void *value)
{
    switch (kind) {
    case FLOW_KIND_BOOL:
        return (struct number){ .bits = *(const bool *)value };
    case FLOW_KIND_I32:
        return signed_number(*(const int32_t *)value);
    case FLOW_KIND_U32:
        return (struct number){ .bits = *(const uint32_t *)value };
    case FLOW_KIND_U64:
        return (struct number){ .bits = *(const uint64_t *)value };
    case FLOW_KIND_F32:
        return (struct number){ .is_float = true, .real = (double)*(const float *)value };
    case FLOW_KIND_F64:
        return (struct number){ .is_float = true, .real = *(const double *)value };
    default:
        return signed_number(*(const int64_t *)value);
    }
}

// A whole number out of a float; false when it is none.
static bool make_whole(struct number *number)
{
    if (!number->is_float)
        return true;
    const double real = number->real;
    if (!(real >= -0x1p63 && real < 0x1p64) || real != floor(real))
        return false;
    number->negative = real < 0;
    number->bits = real < 0 ? (uint64_t)(int64_t)real : (uint64_t)real;
    number->is_float = false;
    return true;
}

static bool write_float(const struct number *number, flow_kind kind, void *to)
{
    double real = number->real;
    if (!number->is_float) {
        real = number->negative ? (double)(int64_t)number->bits : (double)number->bits;
        struct number back = { .is_float = true, .real = real };
        const double narrow = kind == FLOW_KIND_F32 ? (double)(float)real : real;
        if (narrow != real || !make_whole(&back) || back.bits != number->bits)
            return false;
    }
    if (kind == FLOW_KIND_F64) {
        memcpy(to, &real, sizeof real);
        return true;
    }
    if (isfinite(real) && fabs(real) > 3.4028234663852886e38)
        return false;
    const float narrow = (float)real;
    memcpy(to, &narrow, sizeof narrow);
    return true;
}

static bool write_integer(const struct number *number, flow_kind kind, void *to)
{
    const int64_t value = (int64_t)number->bits;
    const bool fits_signed = number->negative || number->bits <= INT64_MAX;
    switch (kind) {
    case FLOW_KIND_BOOL:
        if (number->bits > 1)
            return false;
        *(bool *)to = number->bits == 1;
        return true;
    case FLOW_KIND_I32:
        if (!fits_signed || value < INT32_MIN || value > INT32_MAX)
            return false;
        *(int32_t *)to = (int32_t)value;
        return true;
    case FLOW_KIND_U32:
        if (number->negative || number->bits > UINT32_MAX)
            return false;
        *(uint32_t *)to = (uint32_t)number->bits;
        return true;
    case FLOW_KIND_U64:
        if (number->negative)
            return false;
        *(uint64_t *)to = number->bits;
        return true;
    default:
        if (!fits_signed)
            return false;
        *(int64_t *)to = value;
        return true;
    }
}

static bool write_number(struct number *number, flow_kind kind, void *to)
{
    if (is_float(kind))
        return write_float(number, kind, to);
    if (!make_whole(number))
        return false;
    if (kind == FLOW_KIND_TIME) { // R1
        const int64_t us = (int64_t)number->bits;
        if (us < FLOW_TIME_MIN_US || us > FLOW_TIME_MAX_US)
            return false;
    }
    return write_integer(number, kind, to);
}

// --- text

static void *take(void *user, size_t size)
{
    return flow_alloc(user, size);
}

static flow_status from_text(
    flow_ctx *ctx, const struct fl_cast *cast, const flow_str *from, void *to)
{
    _Alignas(8) char row[64];
    const flow_memory memory = { take, ctx };
    if (flow_csv_read(cast->text, *from, row, &memory, NULL) != FLOW_OK)
        return flow_fail(ctx, FLOW_PARSE, "field '%s': \"%.*s\" is no %s", cast->name,
            (int)(from->len < 60 ? from->len : 60), from->data ? from->data : "",
            flow_kind_name(cast->to));
    memcpy(to, row + cast->offset, flow_kind_size(cast->to));
    return FLOW_OK;
}

static flow_status to_text(
    flow_ctx *ctx, const struct fl_cast *cast, const void *from, flow_str *to)
{
    flow_buffer buffer = { 0 };
    flow_csv_write_value(cast->from, from, &buffer);
    char *copy = flow_alloc(ctx, buffer.len + 1);
    if (copy && !buffer.failed)
        memcpy(copy, buffer.data, buffer.len);
    to->data = copy;
    to->len = buffer.len;
    const bool failed = buffer.failed;
    flow_buffer_free(&buffer);
    if (failed)
        return flow_fail(ctx, FLOW_MEMORY, "no memory for field '%s' as text", cast->name);
    return copy ? FLOW_OK : ctx->status;
}

static flow_status no_fit(flow_ctx *ctx, const struct fl_cast *cast, const void *from)
{
    flow_buffer text = { 0 };
    flow_csv_write_value(cast->from, from, &text);
    const flow_status status = flow_fail(ctx, FLOW_USER, "field '%s': %.*s does not fit '%s'",
        cast->name, (int)text.len, text.len ? text.data : "", flow_kind_name(cast->to));
    flow_buffer_free(&text);
    return status;
}

flow_status fl_cast_value(flow_ctx *ctx, const struct fl_cast *cast, const void *from, void *to)
{
    if (cast->from == cast->to || (is_text(cast->from) && is_text(cast->to))) {
        memcpy(to, from, flow_kind_size(cast->to));
        return FLOW_OK;
    }
    if (is_text(cast->from))
        return from_text(ctx, cast, from, to);
    if (is_text(cast->to))
        return to_text(ctx, cast, from, to);
    struct number number = read_number(cast->from, from);
    return write_number(&number, cast->to, to) ? FLOW_OK : no_fit(ctx, cast, from);
}

// --- building

static void *pipeline_alloc(void *user, size_t size, size_t align)
{
    (void)align; // eight at most
    return flow_pipeline_alloc(user, size);
}

static void pipeline_free(void *user, void *memory, size_t size)
{
    (void)user, (void)memory, (void)size; // it goes with the pipeline
}

// A reader of one cell of a kind; the value lies at *offset of what it reads.
static const flow_csv *cell_reader(flow_pipeline *pipeline, flow_kind kind, uint32_t *offset)
{
    const flow_field field = { .kind = kind, .size = (uint32_t)flow_kind_size(kind) };
    fl_record record = fl_record_begin(pipeline, "flow_cell", 1);
    const flow_field *added = fl_record_add(&record, &field, "value");
    const flow_type *type = fl_record_end(&record);
    if (!type)
        return NULL;
    *offset = added->offset;
    const flow_allocator allocator = { pipeline_alloc, pipeline_free, pipeline };
    flow_error error = { 0 };
    const flow_str no_header = { NULL, 0 };
    const flow_csv *reader = flow_csv_new(type, no_header, 0, &allocator, &error);
    if (!reader)
        flow_pipeline_fail(pipeline, error.status, NULL, "%s", error.message);
    return reader;
}

bool fl_cast_make(flow_pipeline *pipeline, const char *builder, struct fl_cast *cast)
{
    if (!possible(cast->from, cast->to)) {
        flow_pipeline_fail(pipeline, FLOW_TYPE, NULL, "%s: field '%s' is '%s', which is no '%s'",
            builder, cast->name, flow_kind_name(cast->from), flow_kind_name(cast->to));
        return false;
    }
    if (!is_text(cast->from) || is_text(cast->to))
        return true;
    cast->text = cell_reader(pipeline, cast->to, &cast->offset);
    return cast->text != NULL;
}

static void *take_kept(void *user, size_t size)
{
    return flow_pipeline_alloc(user, size);
}

const void *fl_constant(
    flow_pipeline *pipeline, const char *builder, flow_kind kind, const char *text)
{
    if (flow_kind_size(kind) == 0 || !text) {
        flow_pipeline_fail(pipeline, FLOW_TYPE, NULL, "%s: a constant is of no kind '%s'", builder,
            flow_kind_name(kind));
        return NULL;
    }
    const char *copy = flow_pipeline_string(pipeline, text);
    char *row = flow_pipeline_alloc(pipeline, 64);
    uint32_t offset = 0;
    if (!copy || !row)
        return NULL;
    flow_duration span;
    if (kind == FLOW_KIND_STR || (kind == FLOW_KIND_BYTES && !copy[0])) {
        const flow_str all = flow_str_of(copy);
        return memcpy(row, &all, sizeof all);
    }
    if (kind == FLOW_KIND_DURATION && flow_duration_parse(flow_str_of(copy), &span))
        return memcpy(row, &span, sizeof span);
    const flow_csv *reader = cell_reader(pipeline, kind, &offset);
    if (!reader)
        return NULL;
    const flow_memory memory = { take_kept, pipeline };
    if (flow_csv_read(reader, flow_str_of(copy), row, &memory, NULL) == FLOW_OK)
        return row + offset;
    flow_pipeline_fail(pipeline, FLOW_PARSE, NULL, "%s: the constant \"%s\" is no %s", builder,
        text, flow_kind_name(kind));
    return NULL;
}
