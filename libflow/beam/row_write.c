// SPDX-License-Identifier: Apache-2.0
// Records into rows of a schema.
#include "beam/row.h"
#include "type/field.h"

// One row being written.
struct writing {
    flow_buffer *out;
    const char *why; // what could not be written, or NULL
    const char *record, *field;
};

static void write_row(struct writing *to, const struct fl_row *row, const char *record);
static void write_node(struct writing *to, const struct fl_row_node *node, const void *value);

static void fail(struct writing *to, const char *why)
{
    if (!to->why)
        to->why = why;
}

static void write_whole(struct writing *to, const struct fl_row_node *node, const void *value)
{
    static const int64_t limits[] = { [FLOW_SCHEMA_BYTE] = INT8_MAX,
        [FLOW_SCHEMA_INT16] = INT16_MAX,
        [FLOW_SCHEMA_INT32] = INT32_MAX,
        [FLOW_SCHEMA_INT64] = INT64_MAX };
    const bool large = node->kind == FLOW_KIND_U64 && *(const uint64_t *)value > INT64_MAX;
    const int64_t number = node->kind == FLOW_KIND_I32   ? *(const int32_t *)value
                           : node->kind == FLOW_KIND_U32 ? *(const uint32_t *)value
                                                         : *(const int64_t *)value;
    const int64_t most = limits[node->schema];
    if (large || number > most || number < -most - 1)
        fail(to, "its number does not fit the schema");
    else if (node->schema == FLOW_SCHEMA_BYTE || node->schema == FLOW_SCHEMA_INT16)
        fl_beam_put_fixed(to->out, (uint64_t)number, node->schema == FLOW_SCHEMA_BYTE ? 1 : 2);
    else if (node->schema == FLOW_SCHEMA_INT32)
        fl_beam_put_varint(to->out, (uint32_t)number);
    else
        fl_beam_put_varint(to->out, (uint64_t)number);
}

// A row of seconds and the rest of one.
static void write_parts(struct writing *to, enum fl_row_form form, int64_t micros)
{
    const int64_t rest = flow_floor_mod(micros, 1000000);
    fl_beam_put_varint(to->out, 2);
    fl_beam_put_varint(to->out, 0);
    fl_beam_put_varint(to->out, (uint64_t)flow_floor_div(micros, 1000000));
    fl_beam_put_varint(to->out, (uint64_t)(form == FL_ROW_MICROS_INSTANT ? rest : rest * 1000));
}

// Fixed text is filled up with blanks, fixed bytes with zeros.
static void write_bounded(struct writing *to, const struct fl_row_node *node, flow_str text)
{
    const bool characters = node->form == FL_ROW_FIXED_CHAR || node->form == FL_ROW_VAR_CHAR;
    const bool fixed = node->form == FL_ROW_FIXED_CHAR || node->form == FL_ROW_FIXED_BYTES;
    const size_t units = characters ? fl_row_units(text) : text.len;
    const size_t length = (size_t)node->length;
    if (characters && !fl_is_utf8(text))
        fail(to, "its text is not UTF-8");
    else if (units > length)
        fail(to, "its value is longer than the logical type says");
    if (to->why)
        return;
    const size_t fill = fixed ? length - units : 0;
    fl_beam_put_varint(to->out, text.len + fill);
    flow_buffer_put(to->out, text.data, text.len);
    char *behind = fill ? flow_buffer_add(to->out, fill) : NULL;
    if (behind)
        memset(behind, characters ? ' ' : 0, fill);
}

static void write_logical(struct writing *to, const struct fl_row_node *node, const void *value)
{
    const flow_bytes *bytes = value;
    switch (node->form) {
    case FL_ROW_MILLIS_INSTANT:
        fl_beam_put_time(to->out, *(const flow_time *)value);
        return;
    case FL_ROW_DECIMAL:
        if (!fl_decimal_put(*(const flow_str *)value, to->out))
            fail(to, "its text is no decimal number");
        return;
    case FL_ROW_FIXED_CHAR:
    case FL_ROW_VAR_CHAR:
        write_bounded(to, node, *(const flow_str *)value);
        return;
    case FL_ROW_FIXED_BYTES:
    case FL_ROW_VAR_BYTES:
        write_bounded(to, node, (flow_str){ bytes->data, bytes->len });
        return;
    default:
        write_parts(to, node->form, *(const int64_t *)value);
        return;
    }
}

static void write_part(
    struct writing *to, const struct fl_row_node *node, const flow_field *field, const char *item)
{
    const bool present = fl_field_present(field, item);
    if (node->nullable)
        fl_beam_put_fixed(to->out, present, 1);
    else if (!present)
        fail(to, "an item is absent that is not nullable");
    if (present)
        write_node(to, node, item + field->offset);
}

static void write_list(struct writing *to, const struct fl_row_node *node, const flow_list *list)
{
    const char *item = list->items;
    if (list->count > INT32_MAX) {
        fail(to, "it has more than 2147483647 items");
        return;
    }
    fl_beam_put_fixed(to->out, list->count, 4);
    for (size_t i = 0; i < list->count && !to->why; i++, item += node->size) {
        if (node->key)
            write_part(to, node->key, node->parts[0], item);
        if (node->parts[0])
            write_part(to, node->element, node->parts[node->key ? 1 : 0], item);
        else
            write_node(to, node->element, item);
    }
}

static void write_node(struct writing *to, const struct fl_row_node *node, const void *value)
{
    const flow_str *text = value;
    uint64_t bits64;
    uint32_t bits32;
    if (node->form != FL_ROW_PLAIN) {
        write_logical(to, node, value);
        return;
    }
    switch (node->schema) {
    case FLOW_SCHEMA_FLOAT:
        memcpy(&bits32, value, sizeof bits32);
        fl_beam_put_fixed(to->out, bits32, 4);
        return;
    case FLOW_SCHEMA_DOUBLE:
        memcpy(&bits64, value, sizeof bits64);
        fl_beam_put_fixed(to->out, bits64, 8);
        return;
    case FLOW_SCHEMA_STRING:
        if (!fl_is_utf8(*text))
            fail(to, "its text is not UTF-8");
        fl_beam_put_bytes(to->out, text->data, text->len);
        return;
    case FLOW_SCHEMA_BOOLEAN:
        fl_beam_put_fixed(to->out, *(const unsigned char *)value != 0, 1);
        return;
    case FLOW_SCHEMA_BYTES:
        fl_beam_put_bytes(
            to->out, ((const flow_bytes *)value)->data, ((const flow_bytes *)value)->len);
        return;
    case FLOW_SCHEMA_ROW:
        write_row(to, node->row, value);
        return;
    case FLOW_SCHEMA_ARRAY:
    case FLOW_SCHEMA_ITERABLE:
    case FLOW_SCHEMA_MAP:
        write_list(to, node, value);
        return;
    default:
        write_whole(to, node, value);
        return;
    }
}

// A bit for each null field, as few bytes as hold them.
static void write_nulls(struct writing *to, const struct fl_row *row, const char *record)
{
    size_t len = 0;
    for (uint32_t i = 0; i < row->schema->field_count; i++) {
        if (!fl_field_present(row->slots[i].field, record))
            len = i / 8 + 1;
    }
    fl_beam_put_varint(to->out, len);
    char *bits = len ? flow_buffer_add(to->out, len) : NULL;
    if (!bits)
        return;
    memset(bits, 0, len);
    for (uint32_t i = 0; i < row->schema->field_count; i++) {
        if (!fl_field_present(row->slots[i].field, record))
            bits[i / 8] = (char)((unsigned char)bits[i / 8] | 1u << i % 8);
    }
}

static void write_row(struct writing *to, const struct fl_row *row, const char *record)
{
    fl_beam_put_varint(to->out, row->schema->field_count);
    write_nulls(to, row, record);
    for (uint32_t i = 0; i < row->schema->field_count && !to->why; i++) {
        const struct fl_row_slot *slot = &row->slots[i];
        to->record = row->type->name;
        to->field = slot->field->name;
        if (fl_field_present(slot->field, record))
            write_node(to, slot->node, record + slot->field->offset);
        else if (!slot->node->nullable)
            fail(to, "it is absent and not nullable in the schema");
    }
}

flow_status fl_row_encode(
    const flow_row_coder *coder, const void *row, flow_buffer *out, flow_error *error)
{
    struct writing to = { .out = out };
    const size_t from = out->len;
    write_row(&to, coder->root, row);
    if (!to.why && !out->failed)
        return FLOW_OK;
    out->len = from;
    if (!to.why)
        return flow_error_raise(error, FLOW_MEMORY, NULL, "coder row: no memory for its bytes");
    return flow_error_raise(error, FLOW_INVALID, NULL,
        "coder row of record \"%s\", field \"%s\": %s", to.record, to.field, to.why);
}

flow_status flow_row_coder_encode(
    const flow_row_coder *coder, const void *row, flow_buffer *out, flow_error *error)
{
    return fl_row_encode(coder, row, out, error);
}
