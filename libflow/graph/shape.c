// SPDX-License-Identifier: Apache-2.0
// How rows of a collection lie in memory.
#include "graph/graph.h"

static uint32_t round_up(uint32_t n, uint32_t to)
{
    return (n + to - 1) / to * to;
}

flow_shape fl_shape_of(const flow_type *type)
{
    return (flow_shape){ .type = type, .stride = type->size };
}

flow_shape fl_shape_keyed(
    const flow_shape *shape, flow_kind kind, const flow_type *record, uint32_t offset)
{
    flow_shape keyed = *shape;
    keyed.key = kind;
    keyed.key_record = kind == FLOW_KIND_RECORD ? record : NULL;
    keyed.key_size = kind == FLOW_KIND_RECORD ? record->size : (uint32_t)flow_kind_size(kind);
    keyed.key_offset = shape->value_offset + offset;
    return keyed;
}

flow_shape fl_shape_combined(const flow_shape *in, const flow_type *value)
{
    if (in->key == FLOW_KIND_NONE)
        return fl_shape_of(value);
    const uint32_t align = value->align > 8 ? value->align : 8;
    flow_shape out = { .type = value, .key = in->key, .key_record = in->key_record };
    out.key_size = in->key_size;
    out.value_offset = round_up(in->key_size, align);
    out.stride = round_up(out.value_offset + value->size, align);
    return out;
}

bool fl_shape_equal(const flow_shape *a, const flow_shape *b)
{
    return a->key == b->key && a->key_size == b->key_size && a->key_offset == b->key_offset &&
           a->value_offset == b->value_offset && a->stride == b->stride;
}

const char *fl_key_name(const flow_shape *shape)
{
    if (shape->key == FLOW_KIND_NONE)
        return "no key";
    return shape->key == FLOW_KIND_RECORD ? shape->key_record->name : flow_kind_name(shape->key);
}

static uint32_t align_of(const flow_field *field)
{
    return field->kind == FLOW_KIND_RECORD ? field->record->align
           : field->size < 8               ? field->size
                                           : 8;
}

const flow_type *fl_record_made(
    flow_pipeline *pipeline, const char *name, const flow_field *fields, uint32_t count)
{
    flow_type *type = flow_pipeline_alloc(pipeline, sizeof *type);
    flow_field *own = flow_pipeline_alloc(pipeline, count * sizeof *own);
    if (!type || !own)
        return NULL;
    uint32_t at = 0;
    *type = (flow_type){ .name = name, .align = 1, .field_count = count, .fields = own };
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t align = align_of(&fields[i]);
        own[i] = fields[i];
        own[i].offset = round_up(at, align);
        at = own[i].offset + own[i].size;
        if (align > type->align)
            type->align = align;
    }
    type->size = round_up(at, type->align);
    return type;
}

flow_field fl_field_of_key(const flow_shape *shape)
{
    return (flow_field){
        .name = "key", .kind = shape->key, .size = shape->key_size, .record = shape->key_record
    };
}

flow_field fl_field_of_record(const char *name, const flow_type *type)
{
    return (
        flow_field){ .name = name, .kind = FLOW_KIND_RECORD, .size = type->size, .record = type };
}
