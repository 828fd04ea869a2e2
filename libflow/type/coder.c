// SPDX-License-Identifier: Apache-2.0
// Rows as bytes: one row has one form and one form has one row, so that keys can be compared as
// bytes (R21).
#include <flow/text.h>

#include "type/field.h"
#include "type/number.h"

#define VARINT_MAX 10 // bytes

static uint64_t zigzag(int64_t number)
{
    return ((uint64_t)number << 1) ^ (number < 0 ? UINT64_MAX : 0);
}

static int64_t unzigzag(uint64_t number)
{
    const uint64_t half = number >> 1;
    return number & 1 ? -(int64_t)half - 1 : (int64_t)half;
}

static void put_byte(flow_buffer *out, unsigned char byte)
{
    char *to = flow_buffer_add(out, 1);
    if (to)
        *to = (char)byte;
}

static void put_varint(flow_buffer *out, uint64_t number)
{
    char *to = flow_buffer_add(out, VARINT_MAX);
    if (!to)
        return;
    unsigned len = 0;
    for (; number >= 0x80; number >>= 7)
        to[len++] = (char)(unsigned char)(number | 0x80);
    to[len++] = (char)(unsigned char)number;
    out->len -= VARINT_MAX - len;
}

static void put_fixed(flow_buffer *out, uint64_t bits, unsigned size)
{
    char *to = flow_buffer_add(out, size);
    if (!to)
        return;
    for (unsigned i = 0; i < size; i++)
        to[i] = (char)(unsigned char)(bits >> (8 * i));
}

static void put_text(flow_buffer *out, const void *data, size_t len)
{
    put_varint(out, len);
    flow_buffer_put(out, data, len);
}

static void put_list(flow_buffer *out, const flow_field *field, const flow_list *list)
{
    const size_t size = fl_item_size(field);
    const char *item = list->items;
    put_varint(out, list->count);
    for (size_t i = 0; i < list->count; i++, item += size)
        flow_encode_value(field->item, field->record, item, out);
}

void flow_encode(const flow_type *type, const void *row, flow_buffer *out)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const flow_field *field = &type->fields[i];
        const bool present = fl_field_present(field, row);
        if (field->presence)
            put_byte(out, present);
        if (!present)
            continue;
        if (field->kind == FLOW_KIND_LIST)
            put_list(out, field, fl_field_at(field, row));
        else
            flow_encode_value(field->kind, field->record, fl_field_at(field, row), out);
    }
}

void flow_encode_value(flow_kind kind, const flow_type *record, const void *value, flow_buffer *out)
{
    switch (kind) {
    case FLOW_KIND_BOOL:
        put_byte(out, *(const unsigned char *)value != 0);
        return;
    case FLOW_KIND_I32:
        put_varint(out, zigzag(*(const int32_t *)value));
        return;
    case FLOW_KIND_I64:
        put_varint(out, zigzag(*(const int64_t *)value));
        return;
    case FLOW_KIND_U32:
        put_varint(out, *(const uint32_t *)value);
        return;
    case FLOW_KIND_U64:
        put_varint(out, *(const uint64_t *)value);
        return;
    case FLOW_KIND_F32:
        put_fixed(out, fl_f32_bits(*(const float *)value), 4);
        return;
    case FLOW_KIND_F64:
        put_fixed(out, fl_f64_bits(*(const double *)value), 8);
        return;
    case FLOW_KIND_STR:
        put_text(out, ((const flow_str *)value)->data, ((const flow_str *)value)->len);
        return;
    case FLOW_KIND_BYTES:
        put_text(out, ((const flow_bytes *)value)->data, ((const flow_bytes *)value)->len);
        return;
    case FLOW_KIND_TIME:
        put_varint(out, zigzag(((const flow_time *)value)->us));
        return;
    case FLOW_KIND_DURATION:
        put_varint(out, zigzag(((const flow_duration *)value)->us));
        return;
    case FLOW_KIND_RECORD:
        flow_encode(record, value, out);
        return;
    case FLOW_KIND_LIST: // only with its field, which knows the items
    case FLOW_KIND_NONE:
        return;
    }
}

// What came of reading bytes.
enum got {
    GOT_IT,
    GOT_TOO_FEW,
    GOT_OVERLONG,
    GOT_IMPOSSIBLE,
    GOT_NO_MEMORY
};

static enum got get_byte(flow_str *from, unsigned char *byte)
{
    if (from->len == 0)
        return GOT_TOO_FEW;
    *byte = (unsigned char)*from->data++;
    from->len--;
    return GOT_IT;
}

static enum got get_bool(flow_str *from, bool *value)
{
    unsigned char byte = 0;
    const enum got got = get_byte(from, &byte);
    if (got == GOT_IT && byte > 1)
        return GOT_IMPOSSIBLE;
    *value = byte != 0;
    return got;
}

// A number has one form only: no empty byte at the end, no more than 64 bits.
static enum got get_varint(flow_str *from, uint64_t *number)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < VARINT_MAX; i++) {
        if (i == from->len)
            return GOT_TOO_FEW;
        const unsigned char byte = (unsigned char)from->data[i];
        sum |= (uint64_t)(byte & 0x7F) << (7 * i);
        if (byte >= 0x80)
            continue;
        if ((byte == 0 && i > 0) || (i == VARINT_MAX - 1 && byte > 1))
            return GOT_OVERLONG;
        from->data += i + 1;
        from->len -= i + 1;
        *number = sum;
        return GOT_IT;
    }
    return GOT_OVERLONG;
}

static enum got get_i64(flow_str *from, int64_t *number)
{
    uint64_t coded = 0;
    const enum got got = get_varint(from, &coded);
    *number = unzigzag(coded);
    return got;
}

static enum got get_i32(flow_str *from, int32_t *number)
{
    int64_t wide;
    const enum got got = get_i64(from, &wide);
    if (got == GOT_IT && (wide < INT32_MIN || wide > INT32_MAX))
        return GOT_IMPOSSIBLE;
    *number = (int32_t)wide;
    return got;
}

static enum got get_u32(flow_str *from, uint32_t *number)
{
    uint64_t wide = 0;
    const enum got got = get_varint(from, &wide);
    if (got == GOT_IT && wide > UINT32_MAX)
        return GOT_IMPOSSIBLE;
    *number = (uint32_t)wide;
    return got;
}

static enum got get_fixed(flow_str *from, uint64_t *bits, unsigned size)
{
    if (from->len < size)
        return GOT_TOO_FEW;
    *bits = 0;
    for (unsigned i = 0; i < size; i++)
        *bits |= (uint64_t)(unsigned char)from->data[i] << (8 * i);
    from->data += size;
    from->len -= size;
    return GOT_IT;
}

static enum got get_f64(flow_str *from, double *value)
{
    uint64_t bits;
    const enum got got = get_fixed(from, &bits, 8);
    if (got != GOT_IT)
        return got;
    memcpy(value, &bits, sizeof *value);
    return fl_f64_bits(*value) == bits ? GOT_IT : GOT_IMPOSSIBLE;
}

static enum got get_f32(flow_str *from, float *value)
{
    uint64_t wide;
    const enum got got = get_fixed(from, &wide, 4);
    if (got != GOT_IT)
        return got;
    const uint32_t bits = (uint32_t)wide;
    memcpy(value, &bits, sizeof *value);
    return fl_f32_bits(*value) == bits ? GOT_IT : GOT_IMPOSSIBLE;
}

static enum got get_str(flow_str *from, flow_str *text)
{
    uint64_t len;
    const enum got got = get_varint(from, &len);
    if (got != GOT_IT)
        return got;
    if (len > from->len)
        return GOT_TOO_FEW;
    text->data = from->data;
    text->len = (size_t)len;
    from->data += len;
    from->len -= (size_t)len;
    return GOT_IT;
}

static enum got get_bytes(flow_str *from, flow_bytes *bytes)
{
    flow_str text;
    const enum got got = get_str(from, &text);
    if (got == GOT_IT)
        *bytes = (flow_bytes){ text.data, text.len };
    return got;
}

// One reading of a row: where lists go, and where the first failure is told.
struct decoder {
    flow_str *from;
    const flow_memory *memory;
    flow_error *error;
};

static enum got get_row(struct decoder *decoder, const flow_type *type, void *row);

static enum got get_value(
    struct decoder *decoder, flow_kind kind, const flow_type *record, void *value)
{
    switch (kind) {
    case FLOW_KIND_BOOL:
        return get_bool(decoder->from, value);
    case FLOW_KIND_I32:
        return get_i32(decoder->from, value);
    case FLOW_KIND_I64:
        return get_i64(decoder->from, value);
    case FLOW_KIND_U32:
        return get_u32(decoder->from, value);
    case FLOW_KIND_U64:
        return get_varint(decoder->from, value);
    case FLOW_KIND_F32:
        return get_f32(decoder->from, value);
    case FLOW_KIND_F64:
        return get_f64(decoder->from, value);
    case FLOW_KIND_STR:
        return get_str(decoder->from, value);
    case FLOW_KIND_BYTES:
        return get_bytes(decoder->from, value);
    case FLOW_KIND_TIME:
        return get_i64(decoder->from, &((flow_time *)value)->us);
    case FLOW_KIND_DURATION:
        return get_i64(decoder->from, &((flow_duration *)value)->us);
    case FLOW_KIND_RECORD:
        return get_row(decoder, record, value);
    case FLOW_KIND_LIST:
        return GOT_IMPOSSIBLE;
    case FLOW_KIND_NONE:
        return GOT_IT;
    }
    return GOT_IMPOSSIBLE;
}

static enum got get_list(struct decoder *decoder, const flow_field *field, flow_list *list)
{
    uint64_t count;
    enum got got = get_varint(decoder->from, &count);
    if (got != GOT_IT || count == 0)
        return got;
    // An item takes a byte at least, which keeps a damaged count from asking for all memory.
    if (count > decoder->from->len)
        return GOT_TOO_FEW;
    const size_t size = fl_item_size(field);
    if (count > SIZE_MAX / size || !decoder->memory)
        return GOT_NO_MEMORY;
    char *items = decoder->memory->take(decoder->memory->user, (size_t)count * size);
    if (!items)
        return GOT_NO_MEMORY;
    memset(items, 0, (size_t)count * size);
    list->items = items;
    list->count = (size_t)count;
    for (size_t i = 0; i < list->count && got == GOT_IT; i++)
        got = get_value(decoder, field->item, field->record, items + i * size);
    return got;
}

static flow_status raise(flow_error *error, enum got got, const char *record, const char *field)
{
    static const char *const sentences[] = {
        [GOT_IT] = "was read",
        [GOT_TOO_FEW] = "the bytes end too early",
        [GOT_OVERLONG] = "a number is longer than it needs to be",
        [GOT_IMPOSSIBLE] = "the bytes are no value of its kind",
        [GOT_NO_MEMORY] = "no memory for the items of a list",
    };
    const flow_status status = got == GOT_NO_MEMORY ? FLOW_MEMORY : FLOW_PARSE;
    if (record)
        return flow_error_raise(error, status, NULL,
            "binary form of record \"%s\", field \"%s\": %s", record, field, sentences[got]);
    return flow_error_raise(error, status, NULL, "binary form of a %s: %s", field, sentences[got]);
}

static enum got get_field(struct decoder *decoder, const flow_field *field, void *row)
{
    bool present = true;
    if (field->presence) {
        const enum got got = get_bool(decoder->from, &present);
        if (got != GOT_IT)
            return got;
    }
    if (!present)
        return GOT_IT;
    fl_field_set_present(field, row);
    void *value = (char *)row + field->offset;
    if (field->kind == FLOW_KIND_LIST)
        return get_list(decoder, field, value);
    return get_value(decoder, field->kind, field->record, value);
}

static enum got get_row(struct decoder *decoder, const flow_type *type, void *row)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const enum got got = get_field(decoder, &type->fields[i], row);
        if (got != GOT_IT) {
            raise(decoder->error, got, type->name, type->fields[i].name);
            return got;
        }
    }
    return GOT_IT;
}

flow_status flow_decode(
    const flow_type *type, flow_str *from, void *row, const flow_memory *memory, flow_error *error)
{
    flow_decoding decoding = { *from, memory, error };
    const flow_status status = flow_decode_value(&decoding, FLOW_KIND_RECORD, type, row);
    *from = decoding.rest;
    return status;
}

flow_status flow_decode_value(
    flow_decoding *from, flow_kind kind, const flow_type *record, void *value)
{
    struct decoder decoder = { &from->rest, from->memory, from->error };
    // Padding and absent fields are zero, so that equal rows are equal bytes in the struct as well.
    memset(value, 0, kind == FLOW_KIND_RECORD ? record->size : flow_kind_size(kind));
    const enum got got = get_value(&decoder, kind, record, value);
    return got == GOT_IT ? FLOW_OK : raise(from->error, got, NULL, flow_kind_name(kind));
}
