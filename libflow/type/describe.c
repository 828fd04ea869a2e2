// SPDX-License-Identifier: Apache-2.0
// A record's declaration as bytes, and back as a type with a layout of its own.
#include "type/evolve.h"
#include "type/field.h"

#define DESCRIPTION_MAX ((size_t)1 << 20) // bytes; keeps offsets far from their end
#define FIELD_BYTES_MIN 4                 // of a field's description

static void put_number(flow_buffer *out, uint32_t number)
{
    flow_encode_value(FLOW_KIND_U32, NULL, &number, out);
}

static void put_text(flow_buffer *out, const char *text)
{
    const flow_str str = flow_str_of(text);
    flow_encode_value(FLOW_KIND_STR, NULL, &str, out);
}

void flow_type_describe(const flow_type *type, flow_buffer *out)
{
    put_text(out, type->name);
    put_number(out, type->field_count);
    for (uint32_t i = 0; i < type->field_count; i++) {
        const flow_field *field = &type->fields[i];
        put_text(out, fl_field_outside(field));
        put_number(out, (uint32_t)field->kind);
        put_number(out, (uint32_t)field->item);
        put_number(out, field->presence != 0);
        if (field->record)
            flow_type_describe(field->record, out);
    }
}

// A description being read. Sticky: after a failure everything reads as 0.
struct reading {
    flow_decoding from;
    fl_arena *arena;
    bool failed;
    bool memory; // false: there was none
};

static uint32_t get_number(struct reading *reading)
{
    uint32_t number = 0;
    if (reading->failed ||
        flow_decode_value(&reading->from, FLOW_KIND_U32, NULL, &number) != FLOW_OK) {
        reading->failed = true;
        return 0;
    }
    return number;
}

static const char *get_text(struct reading *reading)
{
    flow_str text = { NULL, 0 };
    if (reading->failed ||
        flow_decode_value(&reading->from, FLOW_KIND_STR, NULL, &text) != FLOW_OK || text.len == 0 ||
        memchr(text.data, '\0', text.len)) {
        reading->failed = true;
        return "";
    }
    const char *copy = fl_arena_text(reading->arena, text);
    reading->memory = reading->memory && copy;
    reading->failed = reading->failed || !copy;
    return copy ? copy : "";
}

static const flow_type *get_type(struct reading *reading, unsigned depth);

static void get_field(struct reading *reading, flow_field *field, unsigned depth)
{
    field->name = get_text(reading);
    field->kind = (flow_kind)get_number(reading);
    field->item = (flow_kind)get_number(reading);
    field->presence = get_number(reading);
    const bool list = field->kind == FLOW_KIND_LIST;
    const flow_kind inner = list ? field->item : field->kind;
    const bool nested = inner == FLOW_KIND_RECORD;
    if ((!list && field->item != FLOW_KIND_NONE) || (!nested && flow_kind_size(inner) == 0))
        reading->failed = true;
    if (nested && !reading->failed)
        field->record = get_type(reading, depth + 1);
    if (reading->failed)
        return;
    field->size = list ? (uint32_t)sizeof(flow_list)
                       : (nested ? field->record->size : (uint32_t)flow_kind_size(inner));
}

// Fields one after another at multiples of eight, then a byte for each that may be absent.
static uint32_t lay_out(flow_field *fields, uint32_t count)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        fields[i].offset = at;
        at += (fields[i].size + 7) & ~UINT32_C(7);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (fields[i].presence)
            fields[i].presence = 1 + at++;
    }
    return (at + 7) & ~UINT32_C(7);
}

static const flow_type *get_type(struct reading *reading, unsigned depth)
{
    const char *name = get_text(reading);
    const uint32_t count = get_number(reading);
    if (reading->failed || depth > FL_DEPTH_MAX || count == 0 ||
        count > reading->from.rest.len / FIELD_BYTES_MIN) {
        reading->failed = true;
        return NULL;
    }
    flow_type *type = fl_arena_calloc(reading->arena, sizeof *type, _Alignof(flow_type));
    flow_field *fields =
        fl_arena_calloc(reading->arena, count * sizeof *fields, _Alignof(flow_field));
    if (!type || !fields) {
        reading->failed = true;
        reading->memory = false;
        return NULL;
    }
    for (uint32_t i = 0; i < count && !reading->failed; i++)
        get_field(reading, &fields[i], depth);
    if (reading->failed)
        return NULL;
    type->name = name;
    type->align = 8;
    type->field_count = count;
    type->fields = fields;
    type->size = lay_out(fields, count);
    return type;
}

const flow_type *fl_described(fl_arena *arena, flow_str description, bool *memory)
{
    struct reading reading = { { description, NULL, NULL }, arena, false, true };
    const flow_type *type = description.len > DESCRIPTION_MAX ? NULL : get_type(&reading, 1);
    *memory = reading.memory;
    return reading.failed || reading.from.rest.len != 0 ? NULL : type;
}
