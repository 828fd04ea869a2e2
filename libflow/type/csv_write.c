// SPDX-License-Identifier: Apache-2.0
// Rows as lines of CSV (RFC 4180), quoted only where a reader would otherwise read something else.
#include <flow/text.h>

#include "type/field.h"
#include "type/number.h"
#include "type/text.h"

static bool wants_quotes(flow_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.data[i];
        if (c == ',' || c == '"' || c == '\n' || c == '\r')
            return true;
    }
    return false;
}

static void put_quoted(flow_buffer *out, flow_str text)
{
    flow_buffer_put(out, "\"", 1);
    while (text.len) {
        const char *quote = memchr(text.data, '"', text.len);
        const size_t run = quote ? (size_t)(quote - text.data) + 1 : text.len;
        flow_buffer_put(out, text.data, run);
        if (quote)
            flow_buffer_put(out, "\"", 1);
        text.data += run;
        text.len -= run;
    }
    flow_buffer_put(out, "\"", 1);
}

static void put_text(flow_buffer *out, flow_str text)
{
    if (wants_quotes(text))
        put_quoted(out, text);
    else
        flow_buffer_put(out, text.data, text.len);
}

static size_t print_float(double value, bool narrow, char *text)
{
    if (value - value == 0)
        return narrow ? fl_f32_print((float)value, text) : fl_f64_print(value, text);
    const char *name = value != value ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
    memcpy(text, name, strlen(name));
    return strlen(name);
}

static size_t print_scalar(flow_kind kind, const void *value, char *text)
{
    switch (kind) {
    case FLOW_KIND_I32:
        return fl_i64_print(*(const int32_t *)value, text);
    case FLOW_KIND_I64:
        return fl_i64_print(*(const int64_t *)value, text);
    case FLOW_KIND_U32:
        return fl_u64_print(*(const uint32_t *)value, text);
    case FLOW_KIND_U64:
        return fl_u64_print(*(const uint64_t *)value, text);
    case FLOW_KIND_DURATION:
        return fl_i64_print(((const flow_duration *)value)->us, text);
    case FLOW_KIND_F32:
        return print_float((double)*(const float *)value, true, text);
    case FLOW_KIND_F64:
        return print_float(*(const double *)value, false, text);
    case FLOW_KIND_TIME:
        return flow_time_print(*(const flow_time *)value, text);
    default:
        return 0;
    }
}

void flow_csv_write_value(flow_kind kind, const void *value, flow_buffer *out)
{
    char text[FL_NUMBER_TEXT_MAX];
    if (kind == FLOW_KIND_STR)
        put_text(out, *(const flow_str *)value);
    else if (kind == FLOW_KIND_BYTES)
        fl_base64_write(*(const flow_bytes *)value, out);
    else if (kind == FLOW_KIND_BOOL)
        flow_buffer_put(out, *(const unsigned char *)value ? "true" : "false",
            *(const unsigned char *)value ? 4 : 5);
    else
        flow_buffer_put(out, text, print_scalar(kind, value, text));
}

void flow_csv_write_header(const flow_type *type, const char *first, flow_buffer *out)
{
    if (first)
        put_text(out, flow_str_of(first));
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (i || first)
            flow_buffer_put(out, ",", 1);
        put_text(out, flow_str_of(fl_field_outside(&type->fields[i])));
    }
    flow_buffer_put(out, "\n", 1);
}

static bool is_empty(const flow_field *field, const void *value)
{
    return (field->kind == FLOW_KIND_STR && ((const flow_str *)value)->len == 0) ||
           (field->kind == FLOW_KIND_BYTES && ((const flow_bytes *)value)->len == 0);
}

// An empty text is quoted where a bare empty cell would be read as absent, or the line as blank.
void flow_csv_write(const flow_type *type, const void *row, flow_buffer *out)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const flow_field *field = &type->fields[i];
        const void *value = fl_field_at(field, row);
        if (i)
            flow_buffer_put(out, ",", 1);
        if (!fl_field_present(field, row))
            continue;
        if ((field->presence || type->field_count == 1) && is_empty(field, value))
            flow_buffer_put(out, "\"\"", 2);
        else
            flow_csv_write_value(field->kind, value, out);
    }
}
