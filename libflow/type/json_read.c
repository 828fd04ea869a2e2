// SPDX-License-Identifier: Apache-2.0
// JSON objects as rows, by way of yyjson.
#include "base/alloc.h"
#include "type/field.h"
#include "type/json.h"
#include "type/number.h"
#include "type/text.h"

#define KEPT_MAX       ((size_t)1 << 20) // larger blocks are given back after each text
#define MISSES_MAX     6
#define BLOCK_SIZE_MIN ((size_t)4096)

// A block for the parser; the values follow.
struct block {
    _Alignas(16) size_t size; // with this head
};

struct flow_json {
    flow_allocator allocator; // a copy: the caller's may go
    fl_arena arena;           // of the plans
    struct fl_json_plan *plans;
    struct fl_json_plan *plan; // of the reader's type
    char *copy;                // of the text being parsed, in place
    size_t copy_size;
    struct block *spare; // what the parser used last time
    unsigned misses;     // texts in a row that were not of the usual form
    unsigned waits;      // texts left for the parser before the next try
};

// The parser takes one block a text: the one of the text before, mostly.
static void *parser_alloc(void *user, size_t size)
{
    flow_json *json = user;
    if (size > SIZE_MAX / 4)
        return NULL;
    const size_t wanted = size + sizeof(struct block);
    struct block *block = json->spare;
    if (block && block->size >= wanted) {
        json->spare = NULL;
        return block + 1;
    }
    size_t block_size = BLOCK_SIZE_MIN;
    while (block_size < wanted)
        block_size += block_size / 2;
    block = fl_alloc(&json->allocator, block_size, _Alignof(struct block));
    if (!block)
        return NULL;
    block->size = block_size;
    return block + 1;
}

static void parser_free(void *user, void *memory)
{
    flow_json *json = user;
    struct block *block = (struct block *)memory - 1;
    struct block *spare = json->spare;
    const bool keep = block->size <= KEPT_MAX && (!spare || spare->size < block->size);
    struct block *out = keep ? spare : block;
    if (keep)
        json->spare = block;
    if (out)
        fl_free(&json->allocator, out, out->size);
}

static void *parser_realloc(void *user, void *memory, size_t old_size, size_t size)
{
    const struct block *block = (struct block *)memory - 1;
    if (size <= block->size - sizeof *block)
        return memory;
    void *grown = parser_alloc(user, size);
    if (!grown)
        return NULL;
    memcpy(grown, memory, old_size < size ? old_size : size);
    parser_free(user, memory);
    return grown;
}

flow_json *flow_json_new(const flow_type *type, const flow_allocator *allocator, flow_error *error)
{
    if (flow_type_check(type, error) != FLOW_OK)
        return NULL;
    flow_json *json = fl_calloc(allocator, sizeof *json, _Alignof(flow_json));
    if (json) {
        if (allocator)
            json->allocator = *allocator;
        fl_arena_init(&json->arena, allocator, 0);
        json->plan = fl_json_plan_new(&json->arena, &json->plans, type);
    }
    if (!json || !json->plan) {
        flow_json_free(json);
        flow_error_raise(
            error, FLOW_MEMORY, NULL, "no memory for a JSON reader of record \"%s\"", type->name);
        return NULL;
    }
    return json;
}

void flow_json_free(flow_json *json)
{
    if (!json)
        return;
    const flow_allocator allocator = json->allocator;
    fl_arena_fini(&json->arena);
    fl_free(&allocator, json->copy, json->copy_size);
    if (json->spare)
        fl_free(&allocator, json->spare, json->spare->size);
    fl_free(&allocator, json, sizeof *json);
}

static bool read_object(struct fl_json_reading *reading, struct fl_json_plan *plan,
    yyjson_val *object, void *row, const struct fl_json_path *up);

// Where a string of the copy stands in the lent text, if it reads there as it is. Escapes are
// shorter once resolved, so the first backslash lies within the length of the result.
static const char *in_text(const struct fl_json_reading *reading, yyjson_val *value)
{
    const size_t len = unsafe_yyjson_get_len(value);
    const char *at = reading->text.data + (unsafe_yyjson_get_str(value) - reading->copy);
#ifdef YYJSON_SUBTYPE_NOESC
    if (unsafe_yyjson_get_subtype(value) == YYJSON_SUBTYPE_NOESC)
        return at;
#endif
    return memchr(at, '\\', len) ? NULL : at;
}

static bool read_text(struct fl_json_reading *reading, const struct fl_json_path *path,
    yyjson_val *value, flow_str *text)
{
    text->len = unsafe_yyjson_get_len(value);
    text->data = in_text(reading, value);
    if (text->data || text->len == 0)
        return true;
    char *copy = fl_memory_take(reading->memory, text->len);
    if (!copy)
        return fl_json_refuse_memory(reading, path, text->len);
    memcpy(copy, unsafe_yyjson_get_str(value), text->len);
    text->data = copy;
    return true;
}

static bool read_bytes(struct fl_json_reading *reading, const struct fl_json_path *path,
    yyjson_val *value, flow_bytes *bytes)
{
    const flow_str text = { unsafe_yyjson_get_str(value), unsafe_yyjson_get_len(value) };
    if (text.len == 0)
        return true;
    unsigned char *to = fl_memory_take(reading->memory, fl_base64_room(text.len));
    if (!to)
        return fl_json_refuse_memory(reading, path, fl_base64_room(text.len));
    bytes->data = to;
    return fl_base64_read(text, to, &bytes->len) ||
           fl_json_refuse_value(reading, path, FLOW_KIND_BYTES, value);
}

// Whole numbers for every kind, others for floats. What else there is needs the text.
static bool read_number(flow_kind kind, yyjson_val *value, void *to)
{
    const flow_str raw = { unsafe_yyjson_get_str(value), unsafe_yyjson_get_len(value) };
    int64_t number;
    switch (unsafe_yyjson_get_tag(value) & YYJSON_TAG_MASK) {
    case YYJSON_TYPE_NUM | YYJSON_SUBTYPE_UINT:
        return fl_number_store(kind, false, unsafe_yyjson_get_uint(value), to);
    case YYJSON_TYPE_NUM | YYJSON_SUBTYPE_SINT:
        number = unsafe_yyjson_get_sint(value);
        return fl_number_store(
            kind, number < 0, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, to);
    case YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL:
        return (kind == FLOW_KIND_F64 || kind == FLOW_KIND_F32) &&
               fl_number_store_f64(kind, unsafe_yyjson_get_real(value), to);
    case YYJSON_TYPE_RAW:
        return fl_number_read(kind, raw, to);
    default:
        return false;
    }
}

static bool read_time(yyjson_val *value, flow_time *to)
{
    if (!unsafe_yyjson_is_str(value))
        return read_number(FLOW_KIND_TIME, value, to);
    const flow_str text = { unsafe_yyjson_get_str(value), unsafe_yyjson_get_len(value) };
    return flow_time_parse(text, to);
}

// A value of a scalar kind or a record; `plan` is that of the record.
static bool read_value(struct fl_json_reading *reading, const struct fl_json_path *path,
    struct fl_json_plan *plan, yyjson_val *value, void *to)
{
    const flow_field *field = path->field;
    const flow_kind kind = path->index == FL_JSON_NO_INDEX ? field->kind : field->item;
    switch (kind) {
    case FLOW_KIND_BOOL:
        if (!unsafe_yyjson_is_bool(value))
            break;
        *(bool *)to = unsafe_yyjson_get_bool(value);
        return true;
    case FLOW_KIND_STR:
        if (!unsafe_yyjson_is_str(value))
            break;
        return read_text(reading, path, value, to);
    case FLOW_KIND_BYTES:
        if (!unsafe_yyjson_is_str(value))
            break;
        return read_bytes(reading, path, value, to);
    case FLOW_KIND_TIME:
        if (!read_time(value, to))
            break;
        return true;
    case FLOW_KIND_RECORD:
        if (!unsafe_yyjson_is_obj(value))
            break;
        return read_object(reading, plan, value, to, path);
    default:
        if (!read_number(kind, value, to))
            break;
        return true;
    }
    return fl_json_refuse_value(reading, path, kind, value);
}

static bool read_list(struct fl_json_reading *reading, struct fl_json_path *path,
    struct fl_json_plan *plan, yyjson_val *value, flow_list *list)
{
    if (!unsafe_yyjson_is_arr(value))
        return fl_json_refuse_value(reading, path, FLOW_KIND_LIST, value);
    const size_t count = unsafe_yyjson_get_len(value), size = fl_item_size(path->field);
    if (count == 0)
        return true;
    char *items = count <= SIZE_MAX / size ? fl_memory_take(reading->memory, count * size) : NULL;
    if (!items)
        return fl_json_refuse_memory(reading, path, count * size);
    memset(items, 0, count * size);
    list->items = items;
    list->count = count;
    yyjson_val *item = unsafe_yyjson_get_first(value);
    for (path->index = 0; path->index < count; path->index++) {
        if (!read_value(reading, path, plan, item, items + path->index * size))
            return false;
        item = unsafe_yyjson_get_next(item);
    }
    path->index = FL_JSON_NO_INDEX;
    return true;
}

static bool read_field(struct fl_json_reading *reading, struct fl_json_path *path,
    struct fl_json_plan *plan, yyjson_val *value, void *row)
{
    const flow_field *field = path->field;
    void *to = (char *)row + field->offset;
    if (field->presence) {
        if (unsafe_yyjson_is_null(value))
            return true;
        fl_field_set_present(field, row);
    }
    if (field->kind == FLOW_KIND_LIST)
        return read_list(reading, path, plan, value, to);
    return read_value(reading, path, plan, value, to);
}

static bool find_missing(
    struct fl_json_reading *reading, const struct fl_json_plan *plan, struct fl_json_path *path)
{
    for (uint32_t i = 0; i < plan->type->field_count; i++) {
        path->field = &plan->type->fields[i];
        path->key = NULL;
        if (!path->field->presence && plan->seen[i] != plan->round)
            return fl_json_refuse_missing(reading, path);
    }
    return true;
}

static bool read_object(struct fl_json_reading *reading, struct fl_json_plan *plan,
    yyjson_val *object, void *row, const struct fl_json_path *up)
{
    struct fl_json_path path = { up, NULL, NULL, FL_JSON_NO_INDEX };
    const size_t count = unsafe_yyjson_get_len(object);
    const uint32_t round = fl_json_plan_round(plan);
    uint32_t required = 0;
    yyjson_val *key = unsafe_yyjson_get_first(object);
    for (size_t i = 0; i < count; i++) {
        const flow_str name = { unsafe_yyjson_get_str(key), unsafe_yyjson_get_len(key) };
        const uint32_t index = fl_json_plan_field(plan, i, name);
        yyjson_val *value = key + 1;
        if (index != FL_JSON_NO_FIELD && plan->seen[index] != round) {
            plan->seen[index] = round;
            path.field = &plan->type->fields[index];
            path.key = key;
            required += path.field->presence == 0;
            if (!read_field(reading, &path, plan->records[index], value, row))
                return false;
        }
        key = unsafe_yyjson_get_next(value);
    }
    return required == plan->required || find_missing(reading, plan, &path);
}

// The parser works in place, on a copy: so each string's place in the lent text is known.
static bool copy_text(flow_json *json, flow_str text)
{
    if (text.len > SIZE_MAX / 4)
        return false;
    const size_t wanted = text.len + FL_JSON_PAD;
    if (wanted > json->copy_size) {
        const size_t size = wanted + wanted / 2;
        char *copy = fl_alloc(&json->allocator, size, 1);
        if (!copy)
            return false;
        fl_free(&json->allocator, json->copy, json->copy_size);
        json->copy = copy;
        json->copy_size = size;
    }
    memcpy(json->copy, text.data, text.len);
    memset(json->copy + text.len, 0, FL_JSON_PAD);
    return true;
}

static bool read_root(flow_json *json, struct fl_json_reading *reading, yyjson_val *root, void *row)
{
    memset(row, 0, json->plan->type->size);
    if (yyjson_is_obj(root))
        return read_object(reading, json->plan, root, row, NULL);
    fl_json_refuse_root(reading, root);
    return false;
}

static bool parse(flow_json *json, struct fl_json_reading *reading, void *row)
{
    const yyjson_alc alc = { parser_alloc, parser_realloc, parser_free, json };
    yyjson_read_err why = { YYJSON_READ_ERROR_MEMORY_ALLOCATION, NULL, 0 };
    yyjson_read_flag flags = YYJSON_READ_INSITU;
    if (reading->raw)
        flags |= YYJSON_READ_NUMBER_AS_RAW;
    yyjson_doc *doc = NULL;
    if (copy_text(json, reading->text)) {
        reading->copy = json->copy;
        doc = yyjson_read_opts(json->copy, reading->text.len, flags, &alc, &why);
    }
    // A number that is too large for a double may belong to a member nobody asks for.
    reading->again = !doc && !reading->raw && why.code == YYJSON_READ_ERROR_INVALID_NUMBER;
    if (!doc && !reading->again)
        fl_json_refuse_text(reading, &why);
    const bool done = doc && read_root(json, reading, yyjson_doc_get_root(doc), row);
    yyjson_doc_free(doc);
    return done;
}

flow_status fl_json_slow(
    flow_json *json, flow_str text, void *row, const flow_memory *memory, flow_error *error)
{
    struct fl_json_reading reading = { .text = text, .memory = memory, .error = error };
    if (text.len == 0)
        return flow_error_raise(error, FLOW_PARSE, NULL, "expected an object, found nothing");
    bool done = parse(json, &reading, row);
    if (reading.again) {
        reading.raw = true;
        done = parse(json, &reading, row);
    }
    if (json->copy_size > KEPT_MAX) {
        fl_free(&json->allocator, json->copy, json->copy_size);
        json->copy = NULL;
        json->copy_size = 0;
    }
    return done ? FLOW_OK : reading.status;
}

// Where texts are mostly of another form, trying is put off longer and longer.
static bool read_fast(flow_json *json, flow_str text, void *row)
{
    if (text.len == 0)
        return false;
    if (json->waits) {
        json->waits--;
        return false;
    }
    if (fl_json_fast(json->plan, text, row)) {
        json->misses = 0;
        return true;
    }
    json->misses += json->misses < MISSES_MAX;
    json->waits = (1u << json->misses) - 2;
    return false;
}

flow_status flow_json_read(
    flow_json *json, flow_str text, void *row, const flow_memory *memory, flow_error *error)
{
    if (read_fast(json, text, row))
        return FLOW_OK;
    return fl_json_slow(json, text, row, memory, error);
}
