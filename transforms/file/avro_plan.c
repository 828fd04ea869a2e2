// SPDX-License-Identifier: Apache-2.0
// Which value of a file goes to which field: by name, numbers widened, null as absent. What does
// not fit is told all at once.
#include "avro.h"

#include <stdio.h>

struct planning {
    struct fl_chain *memory;
    char said[420]; // what does not fit
    size_t said_len;
    bool no_memory;
    unsigned depth;
};

// What is wanted of a value.
struct wanted {
    flow_kind kind;
    const flow_field *field; // its item, record and name
    bool optional;
};

static void say(struct planning *p, const char *field, const char *there, const char *wanted)
{
    char *to = p->said + p->said_len;
    const size_t room = sizeof p->said - p->said_len;
    const int len = snprintf(
        to, room, "%sfield \"%s\" is %s, wanted %s", p->said_len ? "; " : "", field, there, wanted);
    p->said_len += len > 0 && (size_t)len < room ? (size_t)len : 0;
}

static struct fl_avro_plan *new_plan(
    struct planning *p, const struct fl_avro_type *type, flow_kind kind)
{
    struct fl_avro_plan *plan = fl_chain_take(p->memory, sizeof *plan);
    if (plan == NULL) {
        p->no_memory = true;
        return NULL;
    }
    plan->type = type;
    plan->kind = kind;
    return plan;
}

static bool is_whole(const struct fl_avro_type *type)
{
    return (type->kind == FL_AVRO_INT || type->kind == FL_AVRO_LONG) &&
           type->logical == FL_AVRO_PLAIN;
}

// Whether a scalar in the file can always, or by its value, be a scalar of the kind.
static bool fits(const struct fl_avro_type *type, flow_kind kind)
{
    switch (kind) {
    case FLOW_KIND_BOOL:
        return type->kind == FL_AVRO_BOOL;
    case FLOW_KIND_I32:
        return type->kind == FL_AVRO_INT && type->logical == FL_AVRO_PLAIN;
    case FLOW_KIND_I64:
    case FLOW_KIND_U32: // Avro has no unsigned: values that do not fit are bad records
    case FLOW_KIND_U64:
        return is_whole(type);
    case FLOW_KIND_F32:
        return is_whole(type) || type->kind == FL_AVRO_FLOAT;
    case FLOW_KIND_F64:
        return is_whole(type) || type->kind == FL_AVRO_FLOAT || type->kind == FL_AVRO_DOUBLE;
    case FLOW_KIND_STR:
        return type->kind == FL_AVRO_STRING || type->kind == FL_AVRO_ENUM ||
               (type->kind == FL_AVRO_BYTES && type->logical == FL_AVRO_PLAIN);
    case FLOW_KIND_BYTES:
        return type->kind == FL_AVRO_BYTES || type->kind == FL_AVRO_STRING ||
               type->kind == FL_AVRO_FIXED;
    case FLOW_KIND_TIME:
        return type->logical == FL_AVRO_DATE || (type->logical >= FL_AVRO_TIMESTAMP_MILLIS &&
                                                    type->logical <= FL_AVRO_TIMESTAMP_NANOS);
    case FLOW_KIND_DURATION:
        return is_whole(type) || type->logical == FL_AVRO_TIME_MILLIS ||
               type->logical == FL_AVRO_TIME_MICROS;
    default:
        return false;
    }
}

static struct fl_avro_plan *plan_value(
    struct planning *p, const struct fl_avro_type *type, const struct wanted *wanted);

static struct fl_avro_plan *plan_record(
    struct planning *p, const struct fl_avro_type *type, const flow_type *record);

static bool make_parts(struct planning *p, struct fl_avro_plan *plan, size_t count)
{
    plan->parts = fl_chain_take(p->memory, (count + 1) * sizeof(struct fl_avro_plan *));
    p->no_memory = p->no_memory || plan->parts == NULL;
    return plan->parts != NULL;
}

// The branches that fit are read, others are bad records, or absence when they are null.
static struct fl_avro_plan *plan_union(
    struct planning *p, const struct fl_avro_type *type, const struct wanted *wanted)
{
    struct fl_avro_plan *plan = new_plan(p, type, wanted->kind);
    if (plan == NULL || !make_parts(p, plan, type->count))
        return NULL;
    const size_t before = p->said_len;
    bool any = false;
    for (uint32_t i = 0; i < type->count; i++) {
        if (type->parts[i]->kind == FL_AVRO_NULL)
            continue;
        plan->parts[i] = plan_value(p, type->parts[i], wanted);
        any = any || plan->parts[i];
    }
    if (any)
        p->said[p->said_len = before] = '\0'; // there is something that fits
    return any ? plan : NULL;
}

static struct fl_avro_plan *plan_list(
    struct planning *p, const struct fl_avro_type *type, const struct wanted *wanted)
{
    const flow_field *field = wanted->field;
    const struct wanted item = { .kind = field->item, .field = field };
    struct fl_avro_plan *plan = new_plan(p, type, FLOW_KIND_LIST);
    if (plan == NULL || !make_parts(p, plan, 1))
        return NULL;
    plan->size = field->item == FLOW_KIND_RECORD ? field->record->size
                                                 : (uint32_t)flow_kind_size(field->item);
    plan->parts[0] = plan_value(p, type->parts[0], &item);
    return plan->parts[0] ? plan : NULL;
}

static struct fl_avro_plan *plan_value(
    struct planning *p, const struct fl_avro_type *type, const struct wanted *wanted)
{
    const flow_field *field = wanted->field;
    struct fl_avro_plan *plan = NULL;
    if (p->depth >= FL_AVRO_DEPTH) {
        say(p, field->name, "nested too deep", "less");
        return NULL;
    }
    p->depth++;
    if (type->kind == FL_AVRO_UNION)
        plan = plan_union(p, type, wanted);
    else if (wanted->kind == FLOW_KIND_RECORD && type->kind == FL_AVRO_RECORD)
        plan = plan_record(p, type, field->record);
    else if (wanted->kind == FLOW_KIND_LIST && type->kind == FL_AVRO_ARRAY)
        plan = plan_list(p, type, wanted);
    else if (fits(type, wanted->kind))
        plan = new_plan(p, type, wanted->kind);
    else
        say(p, field->as ? field->as : field->name, fl_avro_name(type),
            flow_kind_name(wanted->kind));
    p->depth--;
    return plan;
}

static const char *outside_name(const flow_field *field)
{
    return field->as ? field->as : field->name;
}

static uint32_t find_part(const struct fl_avro_type *type, const char *name)
{
    uint32_t i = 0;
    while (i < type->count && strcmp(type->names[i], name) != 0)
        i++;
    return i;
}

static bool plan_field(struct planning *p, struct fl_avro_plan *plan, const flow_field *field)
{
    const uint32_t at = find_part(plan->type, outside_name(field));
    if (at == plan->type->count && field->presence)
        return true;
    if (at == plan->type->count) {
        say(p, outside_name(field), "not there", flow_kind_name(field->kind));
        return false;
    }
    const struct wanted wanted = { field->kind, field, field->presence != 0 };
    struct fl_avro_plan *part = plan_value(p, plan->type->parts[at], &wanted);
    if (part == NULL)
        return false;
    part->offset = field->offset;
    part->presence = field->presence;
    plan->parts[at] = part;
    return true;
}

static struct fl_avro_plan *plan_record(
    struct planning *p, const struct fl_avro_type *type, const flow_type *record)
{
    bool good = true;
    struct fl_avro_plan *plan = new_plan(p, type, FLOW_KIND_RECORD);
    if (plan == NULL || !make_parts(p, plan, type->count))
        return NULL;
    plan->size = record->size;
    for (uint32_t i = 0; i < record->field_count; i++)
        good = plan_field(p, plan, &record->fields[i]) && good;
    for (uint32_t i = 0; good && i < type->count; i++) {
        if (plan->parts[i] == NULL)
            plan->parts[i] = new_plan(p, type->parts[i], FLOW_KIND_NONE);
        good = plan->parts[i] != NULL;
    }
    return good ? plan : NULL;
}

struct fl_avro_plan *fl_avro_plan_make(const struct fl_avro_type *schema, const flow_type *type,
    struct fl_chain *memory, flow_error *error)
{
    struct planning p = { .memory = memory };
    if (schema->kind != FL_AVRO_RECORD) {
        flow_error_raise(error, FLOW_TYPE, NULL, "it has values of type %s, wanted records",
            fl_avro_name(schema));
        return NULL;
    }
    struct fl_avro_plan *plan = plan_record(&p, schema, type);
    if (plan == NULL && p.no_memory)
        flow_error_raise(error, FLOW_MEMORY, NULL, "no memory to read it");
    else if (plan == NULL)
        flow_error_raise(
            error, FLOW_TYPE, NULL, "its records do not fit record %s: %s", type->name, p.said);
    return plan;
}
