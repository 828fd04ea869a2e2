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
