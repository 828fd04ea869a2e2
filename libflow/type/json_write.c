// SPDX-License-Identifier: Apache-2.0
// Rows as JSON text.
#include <flow/text.h>

#include "type/field.h"
#include "type/number.h"
#include "type/text.h"

// One row being written.
struct writer {
    flow_buffer *out;
    bool masked;
};

static void put(struct writer *writer, const char *text)
{
    flow_buffer_put(writer->out, text, strlen(text));
}

static void put_control(struct writer *writer, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char shorts[] = "btn?fr"; // from backspace on
    if (c >= '\b' && c <= '\r' && c != '\v') {
        const char escape[2] = { '\\', shorts[c - '\b'] };
        flow_buffer_put(writer->out, escape, sizeof escape);
        return;
    }
    const char escape[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
    flow_buffer_put(writer->out, escape, sizeof escape);
}

// What stands for the byte at `at`, which cannot stand for itself.
static void put_escaped(struct writer *writer, unsigned char c)
{
    if (c == '"')
        put(writer, "\\\"");
    else if (c == '\\')
        put(writer, "\\\\");
    else if (c < 0x20)
        put_control(writer, c);
    else
        put(writer, "\xEF\xBF\xBD");
}

static void put_text(struct writer *writer, flow_str text)
{
    const char *at = text.data;
    const char *const end = text.len ? at + text.len : at;
    const char *run = at;
    put(writer, "\"");
    while (at < end) {
        const unsigned char c = (unsigned char)*at;
        const size_t len = c >= 0x20 && c != '"' && c != '\\' ? flow_utf8_len(at, end) : 0;
        if (len) {
            at += len;
            continue;
        }
        flow_buffer_put(writer->out, run, (size_t)(at - run));
        put_escaped(writer, c);
        run = ++at;
    }
    flow_buffer_put(writer->out, run, (size_t)(at - run));
    put(writer, "\"");
}

static void put_number(struct writer *writer, flow_kind kind, const void *value)
{
    char text[FL_NUMBER_TEXT_MAX];
    size_t len;
    switch (kind) {
    case FLOW_KIND_I32:
        len = fl_i64_print(*(const int32_t *)value, text);
        break;
    case FLOW_KIND_U32:
        len = fl_u64_print(*(const uint32_t *)value, text);
        break;
    case FLOW_KIND_U64:
        len = fl_u64_print(*(const uint64_t *)value, text);
        break;
    default:
        len = fl_i64_print(*(const int64_t *)value, text);
        break;
    }
    flow_buffer_put(writer->out, text, len);
}

// JSON has no word for NaN and infinities.
static void put_float(struct writer *writer, double value, bool narrow)
{
    char text[FL_NUMBER_TEXT_MAX];
    if (value - value != 0)
        put(writer, "null");
    else
        flow_buffer_put(writer->out, text,
            narrow ? fl_f32_print((float)value, text) : fl_f64_print(value, text));
}

static void put_time(struct writer *writer, flow_time at)
{
    char text[FL_NUMBER_TEXT_MAX + 2];
    text[0] = '"';
    const size_t len = 1 + flow_time_print(at, text + 1);
    text[len] = '"';
    flow_buffer_put(writer->out, text, len + 1);
}

static void put_row(struct writer *writer, const flow_type *type, const void *row);

static void put_value(
    struct writer *writer, flow_kind kind, const flow_type *record, const void *value)
{
    switch (kind) {
    case FLOW_KIND_BOOL:
        put(writer, *(const unsigned char *)value ? "true" : "false");
        return;
    case FLOW_KIND_I32:
    case FLOW_KIND_I64:
    case FLOW_KIND_U32:
    case FLOW_KIND_U64:
        put_number(writer, kind, value);
        return;
    case FLOW_KIND_DURATION:
        put_number(writer, FLOW_KIND_I64, &((const flow_duration *)value)->us);
        return;
    case FLOW_KIND_F32:
        put_float(writer, (double)*(const float *)value, true);
        return;
    case FLOW_KIND_F64:
        put_float(writer, *(const double *)value, false);
        return;
    case FLOW_KIND_STR:
        put_text(writer, *(const flow_str *)value);
        return;
    case FLOW_KIND_BYTES:
        put(writer, "\"");
        fl_base64_write(*(const flow_bytes *)value, writer->out);
        put(writer, "\"");
        return;
    case FLOW_KIND_TIME:
        put_time(writer, *(const flow_time *)value);
        return;
    case FLOW_KIND_RECORD:
        put_row(writer, record, value);
        return;
    case FLOW_KIND_LIST: // only with its field, which knows the items
    case FLOW_KIND_NONE:
        put(writer, "null");
        return;
    }
}

static void put_list(struct writer *writer, const flow_field *field, const flow_list *list)
{
    const size_t size = fl_item_size(field);
    const char *item = list->items;
    put(writer, "[");
    for (size_t i = 0; i < list->count; i++, item += size) {
        if (i)
            put(writer, ",");
        put_value(writer, field->item, field->record, item);
    }
    put(writer, "]");
}

static void put_field(struct writer *writer, const flow_field *field, const void *row)
{
    put_text(writer, flow_str_of(fl_field_outside(field)));
    put(writer, ":");
    if (field->classified && writer->masked)
        put(writer, "\"***\"");
    else if (field->kind == FLOW_KIND_LIST)
        put_list(writer, field, fl_field_at(field, row));
    else
        put_value(writer, field->kind, field->record, fl_field_at(field, row));
}

static void put_row(struct writer *writer, const flow_type *type, const void *row)
{
    const char *before = "{";
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (!fl_field_present(&type->fields[i], row))
            continue;
        put(writer, before);
        put_field(writer, &type->fields[i], row);
        before = ",";
    }
    put(writer, *before == '{' ? "{}" : "}");
}

void flow_json_write(const flow_type *type, const void *row, flow_buffer *out)
{
    struct writer writer = { out, false };
    put_row(&writer, type, row);
}

void flow_json_write_masked(const flow_type *type, const void *row, flow_buffer *out)
{
    struct writer writer = { out, true };
    put_row(&writer, type, row);
}

void flow_json_write_value(
    flow_kind kind, const flow_type *record, const void *value, flow_buffer *out)
{
    struct writer writer = { out, false };
    put_value(&writer, kind, record, value);
}
