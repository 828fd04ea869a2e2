// SPDX-License-Identifier: Apache-2.0
// Rows as lines, CSV or JSON lines, the key first.
#include "write.h"

#include "avro.h"
#include "options.h"
#include "shown.h"

static const char *outside_name(const flow_field *field)
{
    return field->as ? field->as : field->name;
}

struct fl_format fl_file_format_of(const struct fl_write_config *config, const flow_open *open)
{
    struct fl_format format = { .format = config->options.format,
        .type = open->type,
        .key = open->key,
        .key_record = open->key_record,
        .key_name = config->options.key_name,
        .header = !config->options.no_header,
        .codec = config->options.compression };
    if (config->shown != NULL) {
        format.type = config->shown->flat; // the key is one of its fields
        format.key = (flow_key_spec){ 0 };
    }
    return format;
}

flow_compression fl_file_compression(const flow_file_write_options *options)
{
    // Avro compresses its blocks itself
    if (options->compression == FLOW_COMPRESSION_AUTO || options->format == FLOW_AVRO)
        return FLOW_COMPRESSION_NONE;
    return options->compression;
}

static flow_status check_name(const struct fl_format *f, const char *step, flow_error *error)
{
    for (uint32_t i = 0; i < f->type->field_count; i++)
        if (strcmp(outside_name(&f->type->fields[i]), f->key_name) == 0)
            return flow_error_raise(error, FLOW_TYPE, step,
                "the key would be written as \"%s\", but record %s has a field of that name: set "
                "the option `key_name`, or write without the key (flow_unkey)",
                f->key_name, f->type->name);
    return FLOW_OK;
}

static flow_status check_csv(const struct fl_format *f, const char *step, flow_error *error)
{
    for (uint32_t i = 0; i < f->type->field_count; i++) {
        const flow_field *field = &f->type->fields[i];
        if (field->kind == FLOW_KIND_RECORD || field->kind == FLOW_KIND_LIST)
            return flow_error_raise(error, FLOW_TYPE, step,
                "field \"%s\" of record %s is a %s, which no cell of CSV can hold: write JSON",
                field->name, f->type->name, flow_kind_name(field->kind));
    }
    if (f->key.kind == FLOW_KIND_RECORD)
        return flow_error_raise(error, FLOW_TYPE, step,
            "the key is a record, which no cell of CSV can hold: write JSON, or without the key "
            "(flow_unkey)");
    return FLOW_OK;
}

static flow_status check_lines(struct fl_format *f, const char *step, flow_error *error)
{
    if (!fl_file_text_field(f->type, &f->text_offset))
        return flow_error_raise(error, FLOW_TYPE, step,
            "record %s cannot be written as lines, which need exactly one field, a text",
            f->type->name);
    if (f->key.kind != FLOW_KIND_NONE)
        return flow_error_raise(error, FLOW_TYPE, step,
            "lines have no place for the key: write CSV or JSON, or without the key (flow_unkey)");
    return FLOW_OK;
}

flow_status fl_format_check(struct fl_format *format, const char *step, flow_error *error)
{
    flow_status status = FLOW_OK;
    if (format->format == FLOW_LINES)
        return check_lines(format, step, error);
    if (format->key.kind != FLOW_KIND_NONE)
        status = check_name(format, step, error);
    if (status == FLOW_OK && format->format == FLOW_AVRO)
        status = fl_avro_check(format, step, error);
    if (status == FLOW_OK && format->format == FLOW_CSV)
        status = check_csv(format, step, error);
    return status;
}

void fl_format_header(const struct fl_format *format, flow_buffer *out)
{
    if (format->format == FLOW_AVRO)
        fl_avro_header(format, out);
    if (format->format != FLOW_CSV || !format->header)
        return;
    const bool keyed = format->key.kind != FLOW_KIND_NONE;
    flow_csv_write_header(format->type, keyed ? format->key_name : NULL, out);
}

static void write_csv(const struct fl_format *f, const void *key, const void *row, flow_buffer *out)
{
    if (f->key.kind != FLOW_KIND_NONE) {
        flow_csv_write_value(f->key.kind, key, out);
        if (f->type->field_count > 0)
            flow_buffer_put(out, ",", 1);
    }
    flow_csv_write(f->type, row, out);
}

static void write_json(
    const struct fl_format *f, const void *key, const void *row, flow_buffer *out)
{
    if (f->key.kind == FLOW_KIND_NONE) {
        flow_json_write(f->type, row, out);
        return;
    }
    const flow_str name = flow_str_of(f->key_name);
    flow_buffer_put(out, "{", 1);
    flow_json_write_value(FLOW_KIND_STR, NULL, &name, out);
    flow_buffer_put(out, ":", 1);
    flow_json_write_value(f->key.kind, f->key_record, key, out);
    const size_t brace = out->len;
    flow_json_write(f->type, row, out);
    // The element's object goes on where the key's member ends: its brace becomes the comma.
    if (out->failed)
        return;
    if (out->data[brace + 1] == '}') {
        out->data[brace] = '}';
        out->len = brace + 1;
    } else {
        out->data[brace] = ',';
    }
}

static flow_status write_line(const struct fl_format *f, const char *row, flow_buffer *out,
    flow_error *error, const char *step)
{
    flow_str text;
    memcpy(&text, row + f->text_offset, sizeof text);
    if (text.len > 0 && memchr(text.data, '\n', text.len) != NULL)
        return flow_error_raise(error, FLOW_INVALID, step,
            "a text of %zu bytes holds a line end, so it cannot be written as one line: write CSV "
            "or JSON",
            text.len);
    flow_buffer_put(out, text.data, text.len);
    return FLOW_OK;
}

flow_status fl_format_rows(const struct fl_format *format, const flow_batch *batch,
    flow_buffer *out, flow_error *error, const char *step)
{
    flow_status status = FLOW_OK;
    if (format->format == FLOW_AVRO)
        return fl_avro_rows(format, batch, out, error, step);
    for (uint32_t i = 0; i < batch->count && status == FLOW_OK; i++) {
        const size_t at = batch->selection ? batch->selection[i] : i;
        const char *row = batch->rows + at * batch->stride;
        if (format->format == FLOW_JSON)
            write_json(format, row + batch->key_offset, row + batch->value_offset, out);
        else if (format->format == FLOW_CSV)
            write_csv(format, row + batch->key_offset, row + batch->value_offset, out);
        else
            status = write_line(format, row + batch->value_offset, out, error, step);
        flow_buffer_put(out, "\n", 1);
    }
    if (status == FLOW_OK && out->failed)
        return flow_error_raise(
            error, FLOW_MEMORY, step, "no memory to write %u elements as text", batch->count);
    return status;
}
