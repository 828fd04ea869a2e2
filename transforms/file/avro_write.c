// SPDX-License-Identifier: Apache-2.0
// Container files of Avro, written: the schema of a record, rows as blocks. A block is made of the
// rows of one call, compressed by the worker that has them, and goes to the file as it is.
#include "avro.h"

#include <inttypes.h>

#include "codec.h"

// --- names

static const char *outside_name(const flow_field *field)
{
    return field->as ? field->as : field->name;
}

static bool is_name(const char *name)
{
    for (size_t i = 0; name[i] != '\0'; i++) {
        const char c = name[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return name[0] != '\0';
}

#define TYPES_MOST 64u

// Records that a schema has by now.
struct named {
    const flow_type *types[TYPES_MOST];
    uint32_t count;
};

static flow_status check_type(
    const flow_type *type, struct named *named, const char *step, flow_error *error);

static flow_status check_field(
    const flow_field *field, struct named *named, const char *step, flow_error *error)
{
    if (!is_name(outside_name(field)))
        return flow_error_raise(error, FLOW_TYPE, step,
            "field \"%s\" cannot be written as Avro, where names have letters, digits and "
            "underscores; give it another outside name",
            outside_name(field));
    const bool record = field->kind == FLOW_KIND_RECORD ||
                        (field->kind == FLOW_KIND_LIST && field->item == FLOW_KIND_RECORD);
    return record ? check_type(field->record, named, step, error) : FLOW_OK;
}

static flow_status check_type(
    const flow_type *type, struct named *named, const char *step, flow_error *error)
{
    flow_status status = FLOW_OK;
    for (uint32_t i = 0; i < named->count; i++) {
        if (strcmp(named->types[i]->name, type->name) != 0)
            continue;
        if (flow_type_equal(named->types[i], type))
            return FLOW_OK;
        return flow_error_raise(error, FLOW_TYPE, step,
            "two records are called \"%s\", which Avro cannot tell apart", type->name);
    }
    if (!is_name(type->name) || named->count == TYPES_MOST)
        return flow_error_raise(error, FLOW_TYPE, step,
            "record \"%s\" cannot be written as Avro: %s", type->name,
            is_name(type->name) ? "there are too many" : "that is no name there");
    named->types[named->count++] = type;
    for (uint32_t i = 0; i < type->field_count && status == FLOW_OK; i++)
        status = check_field(&type->fields[i], named, step, error);
    return status;
}

flow_status fl_avro_check(const struct fl_format *format, const char *step, flow_error *error)
{
    struct named named = { .count = 0 };
    flow_status status = FLOW_OK;
    if (format->key.kind != FLOW_KIND_NONE && !is_name(format->key_name))
        return flow_error_raise(error, FLOW_TYPE, step,
            "the key cannot be called \"%s\" in Avro, where names have letters, digits and "
            "underscores: set the option `key_name`",
            format->key_name);
    if (format->key.kind == FLOW_KIND_RECORD)
        status = check_type(format->key_record, &named, step, error);
    return status == FLOW_OK ? check_type(format->type, &named, step, error) : status;
}

// --- the schema

static void write_record(const flow_type *type, const flow_field *key, const flow_type *key_record,
    struct named *named, flow_buffer *out);

static void write_kind(
    flow_kind kind, const flow_type *record, struct named *named, flow_buffer *out)
{
    switch (kind) {
    case FLOW_KIND_BOOL:
        flow_buffer_printf(out, "\"boolean\"");
        return;
    case FLOW_KIND_I32:
        flow_buffer_printf(out, "\"int\"");
        return;
    case FLOW_KIND_F32:
        flow_buffer_printf(out, "\"float\"");
        return;
    case FLOW_KIND_F64:
        flow_buffer_printf(out, "\"double\"");
        return;
    case FLOW_KIND_STR:
        flow_buffer_printf(out, "\"string\"");
        return;
    case FLOW_KIND_BYTES:
        flow_buffer_printf(out, "\"bytes\"");
        return;
    case FLOW_KIND_TIME:
        flow_buffer_printf(out, "{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}");
        return;
    case FLOW_KIND_RECORD:
        write_record(record, NULL, NULL, named, out);
        return;
    default:
        flow_buffer_printf(out, "\"long\"");
        return;
    }
}

static void write_field(const flow_field *field, struct named *named, flow_buffer *out)
{
    flow_buffer_printf(out, "{\"name\":\"%s\",\"type\":%s", outside_name(field),
        field->presence ? "[\"null\"," : "");
    if (field->kind == FLOW_KIND_LIST) {
        flow_buffer_printf(out, "{\"type\":\"array\",\"items\":");
        write_kind(field->item, field->record, named, out);
        flow_buffer_printf(out, "}");
    } else {
        write_kind(field->kind, field->record, named, out);
    }
    flow_buffer_printf(out, field->presence ? "],\"default\":null}" : "}");
}

// A record is declared where it comes first, and named from then on.
static void write_record(const flow_type *type, const flow_field *key, const flow_type *key_record,
    struct named *named, flow_buffer *out)
{
    for (uint32_t i = 0; i < named->count; i++) {
        if (strcmp(named->types[i]->name, type->name) == 0) {
            flow_buffer_printf(out, "\"%s\"", type->name);
            return;
        }
    }
    if (named->count < TYPES_MOST)
        named->types[named->count++] = type;
    flow_buffer_printf(out, "{\"type\":\"record\",\"name\":\"%s\",\"fields\":[", type->name);
    if (key != NULL) {
        flow_buffer_printf(out, "{\"name\":\"%s\",\"type\":", key->name);
        write_kind(key->kind, key_record, named, out);
        flow_buffer_printf(out, type->field_count ? "}," : "}");
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        flow_buffer_printf(out, "%s", i ? "," : "");
        write_field(&type->fields[i], named, out);
    }
    flow_buffer_printf(out, "]}");
}

void fl_avro_write_schema(const struct fl_format *format, flow_buffer *out)
{
    struct named named = { .count = 0 };
    const flow_field key = { .name = format->key_name, .kind = format->key.kind };
    write_record(format->type, key.kind ? &key : NULL, format->key_record, &named, out);
}

// --- values

static void put_long(int64_t number, flow_buffer *out)
{
    uint64_t value = (uint64_t)number << 1 ^ (number < 0 ? UINT64_MAX : 0);
    char bytes[10];
    size_t len = 0;
    for (; value >= 128; value >>= 7)
        bytes[len++] = (char)(unsigned char)(value | 128);
    bytes[len++] = (char)(unsigned char)value;
    flow_buffer_put(out, bytes, len);
}

static void put_text(const char *data, size_t len, flow_buffer *out)
{
    put_long((int64_t)len, out);
    flow_buffer_put(out, data, len);
}

static void put_bits(uint64_t bits, unsigned count, flow_buffer *out)
{
    char bytes[8];
    for (unsigned i = 0; i < count; i++)
        bytes[i] = (char)(unsigned char)(bits >> (8 * i));
    flow_buffer_put(out, bytes, count);
}

static bool put_row(const flow_type *type, const char *row, flow_buffer *out);

// False for a number that Avro has no type for.
static bool put_value(flow_kind kind, const flow_type *record, const char *value, flow_buffer *out)
{
    uint64_t bits = 0;
    flow_str text;
    switch (kind) {
    case FLOW_KIND_BOOL:
        flow_buffer_put(out, *(const bool *)value ? "\1" : "\0", 1);
        return true;
    case FLOW_KIND_I32:
        put_long(*(const int32_t *)(const void *)value, out);
        return true;
    case FLOW_KIND_U32:
        put_long(*(const uint32_t *)(const void *)value, out);
        return true;
    case FLOW_KIND_U64:
        memcpy(&bits, value, sizeof bits);
        put_long((int64_t)bits, out);
        return bits <= INT64_MAX;
    case FLOW_KIND_F32:
        memcpy(&bits, value, sizeof(float));
        put_bits(*(const uint32_t *)(const void *)value, 4, out);
        return true;
    case FLOW_KIND_F64:
        memcpy(&bits, value, sizeof bits);
        put_bits(bits, 8, out);
        return true;
    case FLOW_KIND_STR:
    case FLOW_KIND_BYTES:
        memcpy(&text, value, sizeof text);
        put_text(text.data, text.len, out);
        return true;
    case FLOW_KIND_RECORD:
        return put_row(record, value, out);
    default: // I64, TIME, DURATION
        memcpy(&bits, value, sizeof bits);
        put_long((int64_t)bits, out);
        return true;
    }
}

static bool put_list(const flow_field *field, const flow_list *list, flow_buffer *out)
{
    const size_t size =
        field->item == FLOW_KIND_RECORD ? field->record->size : flow_kind_size(field->item);
    const char *item = list->items;
    bool good = true;
    if (list->count > 0)
        put_long((int64_t)list->count, out);
    for (size_t i = 0; i < list->count && good; i++)
        good = put_value(field->item, field->record, item + i * size, out);
    put_long(0, out);
    return good;
}

static bool put_row(const flow_type *type, const char *row, flow_buffer *out)
{
    bool good = true;
    for (uint32_t i = 0; i < type->field_count && good; i++) {
        const flow_field *field = &type->fields[i];
        const char *value = row + field->offset;
        const bool there = !field->presence || *(const bool *)(row + field->presence - 1);
        if (field->presence)
            put_long(there, out);
        if (!there)
            continue;
        good = field->kind == FLOW_KIND_LIST
                   ? put_list(field, (const flow_list *)(const void *)value, out)
                   : put_value(field->kind, field->record, value, out);
    }
    return good;
}

// --- the file

// Every file of a step has the mark that its schema gives: the same rows make the same file.
static void make_mark(flow_str schema, char mark[FL_AVRO_SYNC])
{
    uint64_t word = UINT64_C(0x9E3779B97F4A7C15);
    for (size_t i = 0; i < schema.len; i++)
        word = (word ^ (unsigned char)schema.data[i]) * UINT64_C(0x100000001B3);
    for (unsigned i = 0; i < FL_AVRO_SYNC; i++) {
        word ^= word >> 33;
        word *= UINT64_C(0xFF51AFD7ED558CCD);
        mark[i] = (char)(unsigned char)(word >> 56);
    }
}

static const char *codec_name(flow_compression codec)
{
    switch (codec) {
    case FLOW_COMPRESSION_GZIP:
        return "deflate";
    case FLOW_COMPRESSION_ZSTD:
        return "zstandard";
    case FLOW_COMPRESSION_BZIP2:
        return "bzip2";
    case FLOW_COMPRESSION_SNAPPY:
        return "snappy";
    default:
        return "null";
    }
}

void fl_avro_header(const struct fl_format *format, flow_buffer *out)
{
    char mark[FL_AVRO_SYNC];
    const char *codec = codec_name(format->codec);
    flow_buffer schema = { .allocator = out->allocator };
    fl_avro_write_schema(format, &schema);
    make_mark((flow_str){ schema.data, schema.len }, mark);
    flow_buffer_put(out, "Obj\1", 4);
    put_long(2, out);
    put_text("avro.schema", 11, out);
    put_text(schema.data, schema.len, out);
    put_text("avro.codec", 10, out);
    put_text(codec, strlen(codec), out);
    put_long(0, out);
    flow_buffer_put(out, mark, sizeof mark);
    out->failed = out->failed || schema.failed;
    flow_buffer_free(&schema);
}

static flow_status encode(const struct fl_format *format, const flow_batch *batch,
    flow_buffer *content, flow_error *error, const char *step)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        const char *row = batch->rows + (size_t)FLOW_BATCH_INDEX(batch, i) * batch->stride;
        bool good = true;
        if (format->key.kind != FLOW_KIND_NONE)
            good =
                put_value(format->key.kind, format->key_record, row + batch->key_offset, content);
        if (!good || !put_row(format->type, row + batch->value_offset, content))
            return flow_error_raise(error, FLOW_INVALID, step,
                "an unsigned number above 9223372036854775807 cannot be written as Avro, which has "
                "no type for it");
    }
    return content->failed ? FLOW_MEMORY : FLOW_OK;
}

flow_status fl_avro_rows(const struct fl_format *format, const flow_batch *batch, flow_buffer *out,
    flow_error *error, const char *step)
{
    flow_buffer content = { .allocator = out->allocator }, packed = { .allocator = out->allocator };
    flow_buffer schema = { .allocator = out->allocator };
    char mark[FL_AVRO_SYNC];
    flow_status status = encode(format, batch, &content, error, step);
    flow_str text = { content.data, content.len };
    if (status == FLOW_OK && format->codec > FLOW_COMPRESSION_NONE) {
        status = fl_avro_pack(format->codec, text, &packed);
        text = (flow_str){ packed.data, packed.len };
    }
    if (status == FLOW_OK) {
        fl_avro_write_schema(format, &schema);
        make_mark((flow_str){ schema.data, schema.len }, mark);
        put_long(batch->count, out);
        put_text(text.data, text.len, out);
        flow_buffer_put(out, mark, sizeof mark);
    }
    if (status == FLOW_OK && (out->failed || schema.failed))
        status = FLOW_MEMORY;
    if (status == FLOW_MEMORY)
        flow_error_raise(
            error, status, step, "no memory to write %u elements as Avro", batch->count);
    flow_buffer_free(&content);
    flow_buffer_free(&packed);
    flow_buffer_free(&schema);
    return status;
}
