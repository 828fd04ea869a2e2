// SPDX-License-Identifier: Apache-2.0
// Schemas of records, and schemas as text.
#include "beam/row.h"
#include "type/field.h"
#include "type/text.h"

#define PREFIX "beam:logical_type:"

static const flow_schema_type int64_type = { .kind = FLOW_SCHEMA_INT64 };
static const flow_schema_field micros_fields[] = {
    { .name = "seconds", .type = { .kind = FLOW_SCHEMA_INT64 } },
    { .name = "micros", .type = { .kind = FLOW_SCHEMA_INT64 } },
};
static const flow_schema micros_schema = { .field_count = 2, .fields = micros_fields };
static const flow_schema_type micros_row = { .kind = FLOW_SCHEMA_ROW, .row = &micros_schema };
static const flow_schema_field nanos_fields[] = {
    { .name = "seconds", .type = { .kind = FLOW_SCHEMA_INT64 } },
    { .name = "nanos", .type = { .kind = FLOW_SCHEMA_INT32 } },
};
static const flow_schema nanos_schema = { .field_count = 2, .fields = nanos_fields };
static const flow_schema_type nanos_row = { .kind = FLOW_SCHEMA_ROW, .row = &nanos_schema };

enum fl_row_form fl_row_form_of(const char *urn)
{
    static const struct {
        const char *urn;
        enum fl_row_form form;
    } forms[] = {
        { PREFIX "millis_instant:v1", FL_ROW_MILLIS_INSTANT },
        { PREFIX "micros_instant:v1", FL_ROW_MICROS_INSTANT },
        { PREFIX "nanos_instant:v1", FL_ROW_NANOS_INSTANT },
        { PREFIX "nanos_duration:v1", FL_ROW_NANOS_DURATION },
        { PREFIX "decimal:v1", FL_ROW_DECIMAL },
        { PREFIX "fixed_char:v1", FL_ROW_FIXED_CHAR },
        { PREFIX "var_char:v1", FL_ROW_VAR_CHAR },
        { PREFIX "fixed_bytes:v1", FL_ROW_FIXED_BYTES },
        { PREFIX "var_bytes:v1", FL_ROW_VAR_BYTES },
    };
    for (size_t i = 0; urn && i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(forms[i].urn, urn) == 0)
            return forms[i].form;
    }
    return FL_ROW_PLAIN;
}

// One schema being made.
struct making {
    const flow_memory *memory;
    flow_error *error;
};

static void *take(const struct making *making, size_t size)
{
    void *memory = fl_memory_take(making->memory, size);
    if (memory)
        memset(memory, 0, size);
    else
        flow_error_raise(making->error, FLOW_MEMORY, NULL, "no memory for a schema");
    return memory;
}

static const flow_schema *make_schema(const struct making *making, const flow_type *type);

static bool make_type(
    const struct making *making, flow_kind kind, const flow_type *record, flow_schema_type *to)
{
    static const flow_schema_kind plain[] = { [FLOW_KIND_BOOL] = FLOW_SCHEMA_BOOLEAN,
        [FLOW_KIND_I32] = FLOW_SCHEMA_INT32,
        [FLOW_KIND_I64] = FLOW_SCHEMA_INT64,
        [FLOW_KIND_U32] = FLOW_SCHEMA_INT64,
        [FLOW_KIND_U64] = FLOW_SCHEMA_INT64,
        [FLOW_KIND_F32] = FLOW_SCHEMA_FLOAT,
        [FLOW_KIND_F64] = FLOW_SCHEMA_DOUBLE,
        [FLOW_KIND_STR] = FLOW_SCHEMA_STRING,
        [FLOW_KIND_BYTES] = FLOW_SCHEMA_BYTES };
    switch (kind) {
    case FLOW_KIND_TIME:
        to->kind = FLOW_SCHEMA_LOGICAL;
        to->urn = PREFIX "micros_instant:v1";
        to->element = &micros_row;
        return true;
    case FLOW_KIND_DURATION:
        to->kind = FLOW_SCHEMA_LOGICAL;
        to->urn = PREFIX "nanos_duration:v1";
        to->element = &nanos_row;
        return true;
    case FLOW_KIND_RECORD:
        to->kind = FLOW_SCHEMA_ROW;
        to->row = make_schema(making, record);
        return to->row;
    default:
        to->kind = plain[kind];
        return true;
    }
}

static bool make_field(const struct making *making, const flow_field *field, flow_schema_field *to)
{
    to->name = fl_field_outside(field);
    to->doc = field->doc;
    to->type.nullable = field->presence != 0;
    if (field->kind != FLOW_KIND_LIST)
        return make_type(making, field->kind, field->record, &to->type);
    flow_schema_type *item = take(making, sizeof *item);
    to->type.kind = FLOW_SCHEMA_ARRAY;
    to->type.element = item;
    return item && make_type(making, field->item, field->record, item);
}

static const flow_schema *make_schema(const struct making *making, const flow_type *type)
{
    flow_schema *schema = take(making, sizeof *schema);
    flow_schema_field *fields = schema ? take(making, type->field_count * sizeof *fields) : NULL;
    if (!fields)
        return NULL;
    for (uint32_t i = 0; i < type->field_count; i++) {
        fields[i].position = i;
        if (!make_field(making, &type->fields[i], &fields[i]))
            return NULL;
    }
    schema->field_count = type->field_count;
    schema->fields = fields;
    return schema;
}

const flow_schema *flow_schema_of(
    const flow_type *type, const flow_memory *memory, flow_error *error)
{
    const struct making making = { memory, error };
    return flow_type_check(type, error) == FLOW_OK ? make_schema(&making, type) : NULL;
}

static void print_type(const flow_schema_type *type, unsigned depth, flow_buffer *out)
{
    static const char *const names[] = { "?", "byte", "int16", "int32", "int64", "float", "double",
        "string", "boolean", "bytes" };
    const size_t prefix = sizeof PREFIX - 1;
    const flow_schema_type *element = type->element ? type->element : &int64_type;
    const char *urn = type->urn ? type->urn : "logical";
    if (depth > FL_DEPTH_MAX) {
        flow_buffer_printf(out, "…");
    } else if (type->kind == FLOW_SCHEMA_ROW && type->row) {
        flow_schema_print(type->row, out);
    } else if (type->kind == FLOW_SCHEMA_ARRAY || type->kind == FLOW_SCHEMA_ITERABLE) {
        flow_buffer_printf(out, type->kind == FLOW_SCHEMA_ARRAY ? "array<" : "iterable<");
        print_type(element, depth + 1, out);
        flow_buffer_printf(out, ">");
    } else if (type->kind == FLOW_SCHEMA_MAP) {
        flow_buffer_printf(out, "map<");
        print_type(type->key ? type->key : &int64_type, depth + 1, out);
        flow_buffer_printf(out, ", ");
        print_type(element, depth + 1, out);
        flow_buffer_printf(out, ">");
    } else if (type->kind == FLOW_SCHEMA_LOGICAL) {
        urn = strncmp(urn, PREFIX, prefix) == 0 ? urn + prefix : urn;
        flow_buffer_printf(out, "%.*s", (int)strcspn(urn, ":"), urn);
        if (type->length)
            flow_buffer_printf(out, "(%lld)", (long long)type->length);
    } else {
        flow_buffer_printf(out, "%s", (unsigned)type->kind < 10 ? names[type->kind] : "?");
    }
    flow_buffer_printf(out, type->nullable ? "?" : "");
}

void flow_schema_print(const flow_schema *schema, flow_buffer *out)
{
    flow_buffer_printf(out, "{");
    for (uint32_t i = 0; i < schema->field_count; i++) {
        flow_buffer_printf(out, "%s%s: ", i ? ", " : "", schema->fields[i].name);
        print_type(&schema->fields[i].type, 1, out);
    }
    flow_buffer_printf(out, "}");
}
