// SPDX-License-Identifier: Apache-2.0
// A schema and a record, bound field by field.
#include "beam/row.h"

#include <stdio.h>

#include "base/alloc.h"
#include "type/field.h"

// One binding being made.
struct binding {
    fl_arena *arena;
    flow_error *error;
    const char *record; // at work, for errors
    const char *field;
};

static flow_status refuse(const struct binding *binding, const char *why)
{
    return flow_error_raise(binding->error, FLOW_TYPE, NULL, "record \"%s\", field \"%s\": %s",
        binding->record, binding->field, why);
}

static void *take(const struct binding *binding, size_t size)
{
    void *memory = fl_arena_calloc(binding->arena, size, 8);
    if (!memory)
        flow_error_raise(binding->error, FLOW_MEMORY, NULL, "no memory for a row coder");
    return memory;
}

static bool is_whole(flow_kind kind)
{
    return kind == FLOW_KIND_I32 || kind == FLOW_KIND_I64 || kind == FLOW_KIND_U32 ||
           kind == FLOW_KIND_U64;
}

// Whether a scalar of the wire fits into a field of the kind.
static bool fits(const struct fl_row_node *node)
{
    const flow_kind kind = node->kind;
    switch (node->form) {
    case FL_ROW_MILLIS_INSTANT:
    case FL_ROW_MICROS_INSTANT:
    case FL_ROW_NANOS_INSTANT:
        return kind == FLOW_KIND_TIME;
    case FL_ROW_NANOS_DURATION:
        return kind == FLOW_KIND_DURATION;
    case FL_ROW_DECIMAL:
    case FL_ROW_FIXED_CHAR:
    case FL_ROW_VAR_CHAR:
        return kind == FLOW_KIND_STR;
    case FL_ROW_FIXED_BYTES:
    case FL_ROW_VAR_BYTES:
        return kind == FLOW_KIND_BYTES;
    case FL_ROW_PLAIN:
        break;
    }
    switch (node->schema) {
    case FLOW_SCHEMA_BYTE:
    case FLOW_SCHEMA_INT16:
    case FLOW_SCHEMA_INT32:
    case FLOW_SCHEMA_INT64:
        return is_whole(kind);
    case FLOW_SCHEMA_FLOAT:
        return kind == FLOW_KIND_F32;
    case FLOW_SCHEMA_DOUBLE:
        return kind == FLOW_KIND_F64;
    case FLOW_SCHEMA_STRING:
        return kind == FLOW_KIND_STR;
    case FLOW_SCHEMA_BOOLEAN:
        return kind == FLOW_KIND_BOOL;
    case FLOW_SCHEMA_BYTES:
        return kind == FLOW_KIND_BYTES;
    default:
        return false;
    }
}

static size_t least_of(const struct fl_row_node *node)
{
    if (node->nullable)
        return 1;
    switch (node->form) {
    case FL_ROW_MILLIS_INSTANT:
        return 8;
    case FL_ROW_PLAIN:
        break;
    default:
        return 1;
    }
    switch (node->schema) {
    case FLOW_SCHEMA_INT16:
        return 2;
    case FLOW_SCHEMA_FLOAT:
    case FLOW_SCHEMA_ARRAY:
    case FLOW_SCHEMA_ITERABLE:
    case FLOW_SCHEMA_MAP:
        return 4;
    case FLOW_SCHEMA_DOUBLE:
        return 8;
    default:
        return 1;
    }
}

static const struct fl_row *bind_row(
    struct binding *binding, const flow_schema *schema, const flow_type *type, unsigned depth);
static struct fl_row_node *bind(struct binding *binding, const flow_schema_type *schema,
    flow_kind kind, const flow_type *record, unsigned depth);

static flow_kind inner_kind(const flow_field *field)
{
    return field->kind == FLOW_KIND_LIST ? field->item : field->kind;
}

// A field of an item's record that takes a key, value or nullable item.
static struct fl_row_node *bind_part(struct binding *binding, const flow_schema_type *schema,
    const flow_field *field, unsigned depth)
{
    if (!schema || field->kind == FLOW_KIND_LIST) {
        refuse(binding, "lists and maps in the items of a map or of nullable items are not read");
        return NULL;
    }
    if (schema->nullable && !field->presence) {
        refuse(binding, "has nullable items in the schema, and its items have no optional field");
        return NULL;
    }
    return bind(binding, schema, field->kind, field->record, depth);
}

static bool bind_map(struct binding *binding, const flow_schema_type *schema,
    struct fl_row_node *node, const flow_type *item, unsigned depth)
{
    if (!item || item->field_count != 2) {
        refuse(binding, "is a map in the schema, which wants a list of records of two fields");
        return false;
    }
    for (int i = 0; i < 2; i++)
        node->parts[i] = &item->fields[i];
    node->key = bind_part(binding, schema->key, node->parts[0], depth);
    node->element = node->key ? bind_part(binding, schema->element, node->parts[1], depth) : NULL;
    return node->element;
}

static bool bind_items(struct binding *binding, const flow_schema_type *schema,
    struct fl_row_node *node, const flow_field *list, unsigned depth)
{
    const flow_schema_type *item = schema->element;
    node->size = fl_item_size(list);
    if (schema->kind == FLOW_SCHEMA_MAP)
        return bind_map(binding, schema, node, list->record, depth + 1);
    if (item && item->nullable) {
        if (!list->record || list->record->field_count != 1) {
            refuse(binding, "has nullable items, which want records of one optional field");
            return false;
        }
        node->parts[0] = &list->record->fields[0];
        node->element = bind_part(binding, item, node->parts[0], depth + 1);
        return node->element;
    }
    if (!item || item->kind == FLOW_SCHEMA_ARRAY || item->kind == FLOW_SCHEMA_ITERABLE ||
        item->kind == FLOW_SCHEMA_MAP) {
        refuse(binding, "is a list of lists in the schema, which no record has");
        return false;
    }
    node->element = bind(binding, item, list->item, list->record, depth + 1);
    return node->element;
}

static struct fl_row_node *bind(struct binding *binding, const flow_schema_type *schema,
    flow_kind kind, const flow_type *record, unsigned depth)
{
    struct fl_row_node *node = take(binding, sizeof *node);
    if (!node)
        return NULL;
    node->nullable = schema->nullable;
    node->form = schema->kind == FLOW_SCHEMA_LOGICAL ? fl_row_form_of(schema->urn) : FL_ROW_PLAIN;
    // What is not known here is what it is written as.
    const flow_schema_type *written = schema;
    for (int i = 0; i < 8 && written->kind == FLOW_SCHEMA_LOGICAL && written->element; i++)
        written = written->element;
    node->schema = written->kind;
    node->kind = kind;
    node->length = schema->length;
    node->least = least_of(node);
    if (node->form == FL_ROW_PLAIN && node->schema == FLOW_SCHEMA_ROW) {
        if (kind != FLOW_KIND_RECORD || !written->row) {
            refuse(binding, "is a row in the schema and none in the record");
            return NULL;
        }
        node->row = bind_row(binding, written->row, record, depth + 1);
        return node->row ? node : NULL;
    }
    if (fits(node))
        return node;
    refuse(binding, "holds something else in the schema than in the record");
    return NULL;
}

static struct fl_row_node *bind_field(
    struct binding *binding, const flow_schema_field *from, const flow_field *field, unsigned depth)
{
    const flow_schema_kind kind = from->type.kind;
    const bool list =
        kind == FLOW_SCHEMA_ARRAY || kind == FLOW_SCHEMA_ITERABLE || kind == FLOW_SCHEMA_MAP;
    binding->field = from->name;
    if (from->type.nullable && !field->presence) {
        refuse(binding, "is nullable in the schema and not optional in the record");
        return NULL;
    }
    if (list != (field->kind == FLOW_KIND_LIST)) {
        refuse(binding, list ? "is a list in the schema and none in the record"
                             : "is a list in the record and none in the schema");
        return NULL;
    }
    if (!list)
        return bind(binding, &from->type, inner_kind(field), field->record, depth);
    struct fl_row_node *node = take(binding, sizeof *node);
    if (!node)
        return NULL;
    node->schema = kind;
    node->nullable = from->type.nullable;
    node->kind = FLOW_KIND_LIST;
    node->least = 4;
    return bind_items(binding, &from->type, node, field, depth) ? node : NULL;
}

static const flow_field *named(const flow_type *type, const char *outside)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (strcmp(fl_field_outside(&type->fields[i]), outside) == 0)
            return &type->fields[i];
    }
    return NULL;
}

static bool bind_slot(
    struct binding *binding, struct fl_row *row, const flow_schema_field *from, unsigned depth)
{
    const uint32_t place =
        row->schema->positions ? from->position : (uint32_t)(from - row->schema->fields);
    const flow_field *field = named(row->type, from->name);
    binding->record = row->type->name;
    binding->field = from->name;
    if (!field) {
        refuse(binding, "is in the schema and not in the record");
        return false;
    }
    if (place >= row->schema->field_count || row->slots[place].node) {
        refuse(binding, "has an encoding position that is taken or does not exist");
        return false;
    }
    row->slots[place].field = field;
    row->slots[place].node = bind_field(binding, from, field, depth);
    return row->slots[place].node;
}

static const struct fl_row *bind_row(
    struct binding *binding, const flow_schema *schema, const flow_type *type, unsigned depth)
{
    const struct binding outer = *binding;
    struct fl_row *row = take(binding, sizeof *row);
    if (!row)
        return NULL;
    *row = (struct fl_row){ schema, type, NULL };
    row->slots = take(binding, (schema->field_count + 1) * sizeof *row->slots);
    if (!row->slots)
        return NULL;
    binding->record = type->name;
    if (depth > FL_DEPTH_MAX || schema->field_count != type->field_count) {
        flow_error_raise(binding->error, FLOW_TYPE, NULL,
            "record \"%s\": has %u fields, the schema %u%s", type->name, type->field_count,
            schema->field_count, depth > FL_DEPTH_MAX ? ", nested too deep" : "");
        return NULL;
    }
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (!bind_slot(binding, row, &schema->fields[i], depth))
            return NULL;
    }
    *binding = outer;
    return row;
}

flow_row_coder *flow_row_coder_new(const flow_schema *schema, const flow_type *type,
    const flow_allocator *allocator, flow_error *error)
{
    if (flow_type_check(type, error) != FLOW_OK)
        return NULL;
    flow_row_coder *coder = fl_calloc(allocator, sizeof *coder, _Alignof(flow_row_coder));
    if (!coder) {
        flow_error_raise(error, FLOW_MEMORY, NULL, "no memory for a row coder");
        return NULL;
    }
    fl_arena_init(&coder->arena, allocator, 0);
    struct binding binding = { &coder->arena, error, type->name, "" };
    coder->root = bind_row(&binding, schema, type, 1);
    if (coder->root)
        return coder;
    flow_row_coder_free(coder);
    return NULL;
}

void flow_row_coder_free(flow_row_coder *coder)
{
    if (!coder)
        return;
    const flow_allocator allocator = coder->arena.allocator;
    fl_arena_fini(&coder->arena);
    fl_free(&allocator, coder, sizeof *coder);
}

const flow_type *flow_row_coder_type(const flow_row_coder *coder)
{
    return coder->root->type;
}

static bool row_deterministic(const struct fl_row *row);

static bool node_deterministic(const struct fl_row_node *node)
{
    if (node->form == FL_ROW_PLAIN &&
        (node->schema == FLOW_SCHEMA_FLOAT || node->schema == FLOW_SCHEMA_DOUBLE ||
            node->schema == FLOW_SCHEMA_MAP || node->schema == FLOW_SCHEMA_ITERABLE))
        return false;
    return (!node->element || node_deterministic(node->element)) &&
           (!node->row || row_deterministic(node->row));
}

static bool row_deterministic(const struct fl_row *row)
{
    for (uint32_t i = 0; i < row->schema->field_count; i++) {
        if (!node_deterministic(row->slots[i].node))
            return false;
    }
    return true;
}

bool flow_row_coder_deterministic(const flow_row_coder *coder)
{
    return row_deterministic(coder->root);
}
