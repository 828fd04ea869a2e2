// SPDX-License-Identifier: Apache-2.0
// Schemas of Avro: JSON to a tree. Named types may be used again by name, and within themselves.
#include "avro.h"

#include "heap.h"

#if FL_HAVE_JSON
#include <yyjson.h>
#endif

static const char *const kind_names[] = { "null", "boolean", "int", "long", "float", "double",
    "bytes", "string", "record", "enum", "array", "map", "union", "fixed" };

const char *fl_avro_name(const struct fl_avro_type *type)
{
    return kind_names[type->kind];
}

#if FL_HAVE_JSON

#define NAMED_MOST 4096u

struct named {
    struct named *next;
    struct fl_avro_type *type;
};

struct reading {
    struct fl_chain *memory;
    struct named *named;
    const char *problem; // NULL: no memory
    unsigned depth;
    uint32_t count;
};

static struct fl_avro_type *refuse(struct reading *r, const char *problem)
{
    r->problem = problem;
    return NULL;
}

static struct fl_avro_type *new_type(struct reading *r, enum fl_avro_kind kind)
{
    struct fl_avro_type *type = fl_chain_take(r->memory, sizeof *type);
    if (type != NULL)
        type->kind = kind;
    else
        r->problem = NULL;
    return type;
}

static const char *copy(struct reading *r, const char *text)
{
    const size_t size = strlen(text) + 1;
    char *own = fl_chain_take(r->memory, size);
    if (own != NULL)
        memcpy(own, text, size);
    else
        r->problem = NULL;
    return own;
}

static bool make_room(struct reading *r, struct fl_avro_type *type, size_t count)
{
    type->count = (uint32_t)count;
    type->parts = fl_chain_take(r->memory, (count + 1) * sizeof(struct fl_avro_type *));
    type->names = fl_chain_take(r->memory, (count + 1) * sizeof(char *));
    r->problem = NULL;
    return type->parts && type->names && count < UINT32_MAX;
}

static struct fl_avro_type *read_type(struct reading *r, yyjson_val *value, const char *space);

// "name" in the namespace `space`, unless it has one of its own.
static const char *full_name(struct reading *r, const char *name, const char *space)
{
    if (strchr(name, '.') || !space || space[0] == '\0')
        return copy(r, name[0] == '.' ? name + 1 : name);
    const size_t a = strlen(space), b = strlen(name);
    char *own = fl_chain_take(r->memory, a + b + 2);
    r->problem = NULL;
    if (own == NULL)
        return NULL;
    memcpy(own, space, a);
    own[a] = '.';
    memcpy(own + a + 1, name, b + 1);
    return own;
}

static struct fl_avro_type *find_named(struct reading *r, const char *name)
{
    for (struct named *named = r->named; named; named = named->next)
        if (strcmp(named->type->name, name) == 0)
            return named->type;
    return NULL;
}

static struct fl_avro_type *by_name(struct reading *r, const char *name, const char *space)
{
    for (unsigned kind = FL_AVRO_NULL; kind <= FL_AVRO_STRING; kind++)
        if (strcmp(name, kind_names[kind]) == 0)
            return new_type(r, (enum fl_avro_kind)kind);
    const char *full = full_name(r, name, space);
    if (full == NULL)
        return NULL;
    struct fl_avro_type *found = find_named(r, full);
    found = found ? found : find_named(r, name);
    return found ? found : refuse(r, "it uses a type by a name that is not declared before");
}

// What a named type is called; `*space` becomes the namespace within it.
static bool declare(
    struct reading *r, yyjson_val *value, struct fl_avro_type *type, const char **space)
{
    const char *name = yyjson_get_str(yyjson_obj_get(value, "name"));
    const char *own = yyjson_get_str(yyjson_obj_get(value, "namespace"));
    if (name == NULL || name[0] == '\0')
        return refuse(r, "a record, enum or fixed has no name") != NULL;
    type->name = full_name(r, name, own ? own : *space);
    struct named *named = type->name ? fl_chain_take(r->memory, sizeof *named) : NULL;
    if (named == NULL)
        return false;
    if (find_named(r, type->name) || r->count++ >= NAMED_MOST)
        return refuse(r, "a name is declared twice, or there are too many") != NULL;
    *named = (struct named){ r->named, type };
    r->named = named;
    const char *dot = strrchr(type->name, '.');
    char *within = fl_chain_take(r->memory, strlen(type->name) + 1);
    r->problem = NULL;
    if (within == NULL)
        return false;
    if (dot != NULL)
        memcpy(within, type->name, (size_t)(dot - type->name));
    *space = within;
    return true;
}

static struct fl_avro_type *read_record(struct reading *r, yyjson_val *value, const char *space)
{
    struct fl_avro_type *type = new_type(r, FL_AVRO_RECORD);
    yyjson_val *fields = yyjson_obj_get(value, "fields");
    if (type == NULL || !declare(r, value, type, &space))
        return NULL;
    if (!yyjson_is_arr(fields))
        return refuse(r, "a record has no fields");
    if (!make_room(r, type, yyjson_arr_size(fields)))
        return NULL;
    size_t i, most;
    yyjson_val *field;
    yyjson_arr_foreach(fields, i, most, field)
    {
        const char *name = yyjson_get_str(yyjson_obj_get(field, "name"));
        if (name == NULL)
            return refuse(r, "a field has no name");
        type->names[i] = copy(r, name);
        type->parts[i] = type->names[i] ? read_type(r, yyjson_obj_get(field, "type"), space) : NULL;
        if (type->parts[i] == NULL)
            return NULL;
    }
    return type;
}

static struct fl_avro_type *read_enum(struct reading *r, yyjson_val *value, const char *space)
{
    struct fl_avro_type *type = new_type(r, FL_AVRO_ENUM);
    yyjson_val *symbols = yyjson_obj_get(value, "symbols"), *symbol;
    if (type == NULL || !declare(r, value, type, &space))
        return NULL;
    if (!yyjson_is_arr(symbols))
        return refuse(r, "an enum has no symbols");
    if (!make_room(r, type, yyjson_arr_size(symbols)))
        return NULL;
    size_t i, most;
    yyjson_arr_foreach(symbols, i, most, symbol)
    {
        const char *text = yyjson_get_str(symbol);
        type->names[i] = text ? copy(r, text) : NULL;
        if (type->names[i] == NULL)
            return text ? NULL : refuse(r, "a symbol of an enum is no text");
    }
    return type;
}

static struct fl_avro_type *read_union(struct reading *r, yyjson_val *value, const char *space)
{
    struct fl_avro_type *type = new_type(r, FL_AVRO_UNION);
    if (type == NULL || !make_room(r, type, yyjson_arr_size(value)))
        return NULL;
    size_t i, most;
    yyjson_val *branch;
    yyjson_arr_foreach(value, i, most, branch)
    {
        type->parts[i] = read_type(r, branch, space);
        if (type->parts[i] == NULL)
            return NULL;
    }
    return type;
}

static struct fl_avro_type *read_items(
    struct reading *r, yyjson_val *items, enum fl_avro_kind kind, const char *space)
{
    struct fl_avro_type *type = new_type(r, kind);
    if (type == NULL || !make_room(r, type, 1))
        return NULL;
    type->parts[0] = read_type(r, items, space);
    return type->parts[0] ? type : NULL;
}

static struct fl_avro_type *read_fixed(struct reading *r, yyjson_val *value, const char *space)
{
    struct fl_avro_type *type = new_type(r, FL_AVRO_FIXED);
    yyjson_val *size = yyjson_obj_get(value, "size");
    if (type == NULL || !declare(r, value, type, &space))
        return NULL;
    if (!yyjson_is_uint(size))
        return refuse(r, "a fixed has no size");
    type->size = yyjson_get_uint(size);
    return type;
}

static void set_logical(struct fl_avro_type *type, const char *name)
{
    static const struct {
        const char *name;
        enum fl_avro_kind kind;
        enum fl_avro_logical logical;
    } known[] = { { "date", FL_AVRO_INT, FL_AVRO_DATE },
        { "time-millis", FL_AVRO_INT, FL_AVRO_TIME_MILLIS },
        { "time-micros", FL_AVRO_LONG, FL_AVRO_TIME_MICROS },
        { "timestamp-millis", FL_AVRO_LONG, FL_AVRO_TIMESTAMP_MILLIS },
        { "timestamp-micros", FL_AVRO_LONG, FL_AVRO_TIMESTAMP_MICROS },
        { "timestamp-nanos", FL_AVRO_LONG, FL_AVRO_TIMESTAMP_NANOS },
        { "decimal", FL_AVRO_BYTES, FL_AVRO_DECIMAL },
        { "decimal", FL_AVRO_FIXED, FL_AVRO_DECIMAL } };
    for (size_t i = 0; name && i < sizeof known / sizeof known[0]; i++)
        if (known[i].kind == type->kind && strcmp(known[i].name, name) == 0)
            type->logical = known[i].logical;
}

static struct fl_avro_type *read_object(struct reading *r, yyjson_val *value, const char *space)
{
    yyjson_val *what = yyjson_obj_get(value, "type");
    const char *name = yyjson_get_str(what);
    struct fl_avro_type *type;
    if (name == NULL)
        return what ? read_type(r, what, space) : refuse(r, "a type is missing");
    if (strcmp(name, "record") == 0 || strcmp(name, "error") == 0)
        return read_record(r, value, space);
    if (strcmp(name, "enum") == 0)
        return read_enum(r, value, space);
    if (strcmp(name, "array") == 0)
        return read_items(r, yyjson_obj_get(value, "items"), FL_AVRO_ARRAY, space);
    if (strcmp(name, "map") == 0)
        return read_items(r, yyjson_obj_get(value, "values"), FL_AVRO_MAP, space);
    type = strcmp(name, "fixed") == 0 ? read_fixed(r, value, space) : by_name(r, name, space);
    if (type != NULL && (type->kind <= FL_AVRO_STRING || type->kind == FL_AVRO_FIXED))
        set_logical(type, yyjson_get_str(yyjson_obj_get(value, "logicalType")));
    return type;
}

static struct fl_avro_type *read_type(struct reading *r, yyjson_val *value, const char *space)
{
    struct fl_avro_type *type = NULL;
    if (r->depth >= FL_AVRO_DEPTH)
        return refuse(r, "its types nest too deep");
    r->depth++;
    if (yyjson_is_str(value))
        type = by_name(r, yyjson_get_str(value), space);
    else if (yyjson_is_arr(value))
        type = read_union(r, value, space);
    else if (yyjson_is_obj(value))
        type = read_object(r, value, space);
    else
        refuse(r, "a type is missing");
    r->depth--;
    return type;
}

struct fl_avro_type *fl_avro_schema(flow_str json, struct fl_chain *memory, flow_error *error)
{
    struct reading r = { .memory = memory };
    yyjson_doc *doc = yyjson_read(json.data, json.len, 0);
    struct fl_avro_type *type = NULL;
    if (doc == NULL)
        refuse(&r, "it is no JSON");
    else
        type = read_type(&r, yyjson_doc_get_root(doc), NULL);
    yyjson_doc_free(doc);
    if (type == NULL && r.problem == NULL)
        flow_error_raise(error, FLOW_MEMORY, NULL, "no memory for its schema");
    else if (type == NULL)
        flow_error_raise(error, FLOW_PARSE, NULL, "its schema cannot be read: %s", r.problem);
    return type;
}

#else

struct fl_avro_type *fl_avro_schema(flow_str json, struct fl_chain *memory, flow_error *error)
{
    (void)json;
    (void)memory;
    flow_error_raise(error, FLOW_UNSUPPORTED, NULL,
        "schemas of Avro are JSON, and this libflow was built without JSON");
    return NULL;
}

#endif
