// SPDX-License-Identifier: Apache-2.0
// Rows of a schema into records.
#include "beam/row.h"
#include "type/field.h"
#include "type/number.h"

static void read_row(struct fl_beam *beam, const struct fl_row *row, void *record);

// A whole number of the wire into a field that may be smaller.
static void store(struct fl_beam *beam, flow_kind kind, int64_t number, void *to)
{
    const uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    if (!beam->why && !fl_number_store(kind, number < 0, size, to))
        fl_beam_fail(beam, FLOW_PARSE, "a number does not fit its field");
}

static int64_t read_whole(struct fl_beam *beam, flow_schema_kind kind)
{
    switch (kind) {
    case FLOW_SCHEMA_BYTE:
        return (int8_t)fl_beam_fixed(beam, 1);
    case FLOW_SCHEMA_INT16:
        return (int16_t)fl_beam_fixed(beam, 2);
    case FLOW_SCHEMA_INT32:
        return fl_beam_int32(beam);
    default:
        return (int64_t)fl_beam_varint(beam);
    }
}

static int64_t check_span(struct fl_beam *beam, int64_t seconds, int64_t micros)
{
    const int64_t most = FLOW_TIME_MAX_US / 1000000 - 1;
    if (seconds >= -most && seconds <= most && micros >= 0 && micros < 1000000)
        return seconds * 1000000 + micros;
    fl_beam_fail(beam, FLOW_PARSE, "a time is out of range");
    return 0;
}

// A row of seconds and a part of one: two fields, nothing null.
static int64_t read_parts(struct fl_beam *beam, enum fl_row_form form)
{
    if (fl_beam_varint(beam) != 2 || fl_beam_len(beam) != 0)
        fl_beam_fail(beam, FLOW_PARSE, "a time is no row of two fields");
    const int64_t seconds = (int64_t)fl_beam_varint(beam);
    if (form == FL_ROW_MICROS_INSTANT)
        return check_span(beam, seconds, (int64_t)fl_beam_varint(beam));
    const int64_t nanos = fl_beam_int32(beam);
    if (nanos < 0 || nanos >= 1000000000 || nanos % 1000 != 0)
        fl_beam_fail(beam, FLOW_PARSE, "a time is no whole number of microseconds");
    return check_span(beam, seconds, nanos / 1000);
}

// UTF-16 units, as Java counts characters.
size_t fl_row_units(flow_str text)
{
    size_t units = 0;
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char c = (unsigned char)text.data[i];
        units += (c & 0xC0) != 0x80; // a sequence's first byte
        units += c >= 0xF0;          // beyond 16 bits: two units
    }
    return units;
}

static void read_bounded(struct fl_beam *beam, const struct fl_row_node *node, flow_str *text)
{
    const bool characters = node->form == FL_ROW_FIXED_CHAR || node->form == FL_ROW_VAR_CHAR;
    const bool fixed = node->form == FL_ROW_FIXED_CHAR || node->form == FL_ROW_FIXED_BYTES;
    const size_t len = fl_beam_len(beam);
    *text = characters ? fl_beam_text(beam, len) : fl_beam_bytes(beam, len);
    const size_t units = characters ? fl_row_units(*text) : text->len;
    if (!beam->why && (fixed ? units != (size_t)node->length : units > (size_t)node->length))
        fl_beam_fail(beam, FLOW_PARSE, "a text has another length than its logical type says");
}

static void read_logical(struct fl_beam *beam, const struct fl_row_node *node, void *to)
{
    flow_str text;
    int64_t scale;
    switch (node->form) {
    case FL_ROW_MILLIS_INSTANT:
        *(flow_time *)to = fl_beam_time(beam);
        return;
    case FL_ROW_DECIMAL:
        scale = fl_beam_int32(beam);
        text = fl_beam_bytes(beam, fl_beam_len(beam));
        *(flow_str *)to = fl_decimal_text(beam, scale, text);
        return;
    case FL_ROW_FIXED_CHAR:
    case FL_ROW_VAR_CHAR:
        read_bounded(beam, node, to);
        return;
    case FL_ROW_FIXED_BYTES:
    case FL_ROW_VAR_BYTES:
        read_bounded(beam, node, &text);
        *(flow_bytes *)to = (flow_bytes){ text.data, text.len };
        return;
    default:
        *(int64_t *)to = read_parts(beam, node->form);
        return;
    }
}

static void read_node(struct fl_beam *beam, const struct fl_row_node *node, void *to);

// A value in an item's record that may be absent.
static void read_part(
    struct fl_beam *beam, const struct fl_row_node *node, const flow_field *field, char *item)
{
    if (node->nullable && !fl_beam_bool(beam))
        return;
    fl_field_set_present(field, item);
    read_node(beam, node, item + field->offset);
}

static void read_list(struct fl_beam *beam, const struct fl_row_node *node, flow_list *list)
{
    const size_t least = node->element->least + (node->key ? node->key->least : 0);
    const uint32_t count = fl_beam_count(beam, least);
    char *item = count ? fl_beam_take(beam, count * node->size) : NULL;
    *list = (flow_list){ item, item ? count : 0 };
    for (uint32_t i = 0; item && i < count && !beam->why; i++, item += node->size) {
        if (node->key)
            read_part(beam, node->key, node->parts[0], item);
        if (node->parts[0])
            read_part(beam, node->element, node->parts[node->key ? 1 : 0], item);
        else
            read_node(beam, node->element, item);
    }
}

static void read_node(struct fl_beam *beam, const struct fl_row_node *node, void *to)
{
    uint64_t bits64;
    uint32_t bits32;
    flow_str bytes;
    if (beam->why)
        return;
    if (node->form != FL_ROW_PLAIN) {
        read_logical(beam, node, to);
        return;
    }
    switch (node->schema) {
    case FLOW_SCHEMA_FLOAT:
        bits32 = (uint32_t)fl_beam_fixed(beam, 4);
        memcpy(to, &bits32, sizeof bits32);
        return;
    case FLOW_SCHEMA_DOUBLE:
        bits64 = fl_beam_fixed(beam, 8);
        memcpy(to, &bits64, sizeof bits64);
        return;
    case FLOW_SCHEMA_STRING:
        *(flow_str *)to = fl_beam_text(beam, fl_beam_len(beam));
        return;
    case FLOW_SCHEMA_BOOLEAN:
        *(bool *)to = fl_beam_bool(beam);
        return;
    case FLOW_SCHEMA_BYTES:
        bytes = fl_beam_bytes(beam, fl_beam_len(beam));
        *(flow_bytes *)to = (flow_bytes){ bytes.data, bytes.len };
        return;
    case FLOW_SCHEMA_ROW:
        read_row(beam, node->row, to);
        return;
    case FLOW_SCHEMA_ARRAY:
    case FLOW_SCHEMA_ITERABLE:
    case FLOW_SCHEMA_MAP:
        read_list(beam, node, to);
        return;
    default:
        store(beam, node->kind, read_whole(beam, node->schema), to);
        return;
    }
}

static bool is_null(flow_str nulls, uint32_t field)
{
    return field / 8 < nulls.len && ((unsigned char)nulls.data[field / 8] >> field % 8 & 1) != 0;
}

// A row may have fewer fields than the schema: what was added later is null in it.
static void read_row(struct fl_beam *beam, const struct fl_row *row, void *record)
{
    const uint64_t count = fl_beam_varint(beam);
    const flow_str nulls = fl_beam_bytes(beam, fl_beam_len(beam));
    if (count > row->schema->field_count)
        fl_beam_fail(beam, FLOW_PARSE, "a row has more fields than its schema");
    for (uint32_t i = 0; i < row->schema->field_count && !beam->why; i++) {
        const struct fl_row_slot *slot = &row->slots[i];
        if (i >= count || is_null(nulls, i)) {
            if (!slot->node->nullable)
                fl_beam_fail(beam, FLOW_PARSE, "a field is null that is not nullable");
            continue;
        }
        fl_field_set_present(slot->field, record);
        read_node(beam, slot->node, (char *)record + slot->field->offset);
    }
}

void fl_row_decode(const flow_row_coder *coder, struct fl_beam *beam, void *row)
{
    memset(row, 0, coder->root->type->size);
    read_row(beam, coder->root, row);
}

flow_status flow_row_coder_decode(const flow_row_coder *coder, flow_str *from, void *row,
    const flow_memory *memory, flow_error *error)
{
    struct fl_beam beam = { *from, memory, NULL, FLOW_OK };
    fl_row_decode(coder, &beam, row);
    *from = beam.rest;
    if (!beam.why)
        return FLOW_OK;
    return flow_error_raise(error, beam.status, NULL, "coder row of record \"%s\": %s",
        coder->root->type->name, beam.why);
}
