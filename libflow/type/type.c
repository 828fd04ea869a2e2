// SPDX-License-Identifier: Apache-2.0
// What a record's declaration says, and whether it agrees with itself and with the struct.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <flow/type.h>

#include "type/field.h"

#define RECORD_SIZE_MAX     32768u
#define LIST_ITEM_ALIGN_MAX 8u // what a flow_memory promises

size_t flow_kind_size(flow_kind kind)
{
    switch (kind) {
    case FLOW_KIND_BOOL:
        return sizeof(bool);
    case FLOW_KIND_I32:
    case FLOW_KIND_U32:
        return sizeof(int32_t);
    case FLOW_KIND_I64:
    case FLOW_KIND_U64:
        return sizeof(int64_t);
    case FLOW_KIND_F32:
        return sizeof(float);
    case FLOW_KIND_F64:
        return sizeof(double);
    case FLOW_KIND_STR:
        return sizeof(flow_str);
    case FLOW_KIND_BYTES:
        return sizeof(flow_bytes);
    case FLOW_KIND_TIME:
        return sizeof(flow_time);
    case FLOW_KIND_DURATION:
        return sizeof(flow_duration);
    case FLOW_KIND_NONE:
    case FLOW_KIND_RECORD:
    case FLOW_KIND_LIST:
        return 0;
    }
    return 0;
}

const char *flow_kind_name(flow_kind kind)
{
    static const char *const names[] = { "none", "bool", "int32", "int64", "uint32", "uint64",
        "float", "double", "text", "bytes", "time", "duration", "record", "list" };
    return (unsigned)kind < sizeof names / sizeof names[0] ? names[kind] : "unknown";
}

const flow_field *flow_type_field(const flow_type *type, const char *name)
{
    if (!name)
        return NULL;
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (strcmp(type->fields[i].name, name) == 0)
            return &type->fields[i];
    }
    return NULL;
}

// A list ends the search, so a record that holds a list of itself does not go round for ever.
bool flow_type_has_pointers(const flow_type *type)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (fl_kind_has_pointers(type->fields[i].kind, type->fields[i].record))
            return true;
    }
    return false;
}

static bool has_classified(const flow_type *type, unsigned depth)
{
    if (!type || depth > FL_DEPTH_MAX)
        return false;
    for (uint32_t i = 0; i < type->field_count; i++) {
        const flow_field *field = &type->fields[i];
        if (field->classified || has_classified(field->record, depth + 1))
            return true;
    }
    return false;
}

bool flow_type_has_classified(const flow_type *type)
{
    return has_classified(type, 1);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_type(const flow_type *a, const flow_type *b, unsigned depth);

static bool same_field(const flow_field *a, const flow_field *b, unsigned depth)
{
    return same_text(a->name, b->name) && same_text(fl_field_outside(a), fl_field_outside(b)) &&
           a->kind == b->kind && a->offset == b->offset && a->size == b->size &&
           a->presence == b->presence && a->item == b->item && a->classified == b->classified &&
           same_type(a->record, b->record, depth + 1);
}

static bool same_type(const flow_type *a, const flow_type *b, unsigned depth)
{
    if (a == b)
        return true;
    if (!a || !b || depth > FL_DEPTH_MAX)
        return false;
    if (!same_text(a->name, b->name) || a->size != b->size || a->align != b->align ||
        a->field_count != b->field_count)
        return false;
    for (uint32_t i = 0; i < a->field_count; i++) {
        if (!same_field(&a->fields[i], &b->fields[i], depth))
            return false;
    }
    return true;
}

bool flow_type_equal(const flow_type *a, const flow_type *b)
{
    return same_type(a, b, 1);
}

// A declaration on its way into the hash, gathered to larger pieces.
struct print {
    XXH64_state_t hash;
    unsigned char pending[64];
    size_t count;
};

static void print_byte(struct print *print, unsigned char byte)
{
    if (print->count == sizeof print->pending) {
        XXH64_update(&print->hash, print->pending, print->count);
        print->count = 0;
    }
    print->pending[print->count++] = byte;
}

static void print_number(struct print *print, uint32_t number)
{
    for (unsigned shift = 0; shift < 32; shift += 8)
        print_byte(print, (unsigned char)(number >> shift));
}

// Field by field in little-endian numbers, so that every platform comes to the same. Whatever is
// changed here changes the fingerprints that are stored with state.
static void print_type(struct print *print, const flow_type *type, unsigned depth)
{
    print_number(print, type->field_count);
    for (uint32_t i = 0; i < type->field_count; i++) {
        const flow_field *field = &type->fields[i];
        const char *name = fl_field_outside(field);
        print_number(print, (uint32_t)strlen(name));
        for (; *name; name++)
            print_byte(print, (unsigned char)*name);
        print_number(print, (uint32_t)field->kind);
        print_number(print, (uint32_t)field->item);
        print_number(print, field->presence != 0);
        if (field->record && depth < FL_DEPTH_MAX)
            print_type(print, field->record, depth + 1);
    }
}

uint64_t flow_type_fingerprint(const flow_type *type)
{
    struct print print = { .count = 0 };
    XXH64_reset(&print.hash, 0);
    print_type(&print, type, 1);
    XXH64_update(&print.hash, print.pending, print.count);
    return XXH64_digest(&print.hash);
}

static flow_status check_type(const flow_type *type, unsigned depth, flow_error *error);

static flow_status refuse_type(flow_error *error, const flow_type *type, const char *why)
{
    return flow_error_raise(error, FLOW_TYPE, NULL, "record \"%s\": %s", type->name, why);
}

static flow_status refuse_field(
    flow_error *error, const flow_type *type, const flow_field *field, const char *why)
{
    return flow_error_raise(
        error, FLOW_TYPE, NULL, "record \"%s\", field \"%s\": %s", type->name, field->name, why);
}

// Inside a struct some platforms align eight-byte numbers to four.
static uint32_t kind_align(flow_kind kind)
{
    struct in_struct {
        char before;
        union {
            int64_t i64;
            double f64;
            flow_time time;
        } eight;
    };
    switch (kind) {
    case FLOW_KIND_BOOL:
        return 1;
    case FLOW_KIND_I32:
    case FLOW_KIND_U32:
    case FLOW_KIND_F32:
        return sizeof(int32_t);
    case FLOW_KIND_STR:
    case FLOW_KIND_BYTES:
    case FLOW_KIND_LIST:
        return _Alignof(flow_str);
    default:
        return offsetof(struct in_struct, eight);
    }
}

static uint32_t field_align(const flow_field *field)
{
    return field->kind == FLOW_KIND_RECORD ? field->record->align : kind_align(field->kind);
}

static uint32_t align_up(uint32_t at, uint32_t align)
{
    return (at + align - 1) & ~(align - 1);
}

static bool is_scalar(flow_kind kind)
{
    return flow_kind_size(kind) != 0;
}

// Kind, size and what belongs to it.
static flow_status check_kind(const flow_type *type, const flow_field *field, flow_error *error)
{
    const bool list = field->kind == FLOW_KIND_LIST;
    const bool nested =
        field->kind == FLOW_KIND_RECORD || (list && field->item == FLOW_KIND_RECORD);
    if (!is_scalar(field->kind) && !nested && !list)
        return refuse_field(error, type, field, "has a kind that does not exist");
    if (list && !is_scalar(field->item) && !nested)
        return refuse_field(error, type, field, "is a list of what cannot be in a list");
    if (!list && field->item != FLOW_KIND_NONE)
        return refuse_field(error, type, field, "has an item kind but is no list");
    if (nested && !field->record)
        return refuse_field(error, type, field, "does not say of which record type it is");
    if (!nested && field->record)
        return refuse_field(error, type, field, "names a record type but is no record");
    if (list && nested && field->record->align > LIST_ITEM_ALIGN_MAX)
        return refuse_field(error, type, field, "has items that want more than 8-byte alignment");
    const size_t size = list                              ? sizeof(flow_list)
                        : field->kind == FLOW_KIND_RECORD ? field->record->size
                                                          : flow_kind_size(field->kind);
    if (field->size == size)
        return FLOW_OK;
    return flow_error_raise(error, FLOW_TYPE, NULL,
        "record \"%s\", field \"%s\": has %u bytes, a %s has %zu", type->name, field->name,
        field->size, flow_kind_name(field->kind), size);
}

static flow_status check_name(const flow_type *type, uint32_t index, flow_error *error)
{
    const flow_field *field = &type->fields[index];
    if (!field->name || !*field->name)
        return flow_error_raise(error, FLOW_TYPE, NULL,
            "record \"%s\": field number %u has no name", type->name, index + 1);
    const char *outside = fl_field_outside(field);
    if (!*outside)
        return refuse_field(error, type, field, "has an empty outside name");
    for (uint32_t i = 0; i < index; i++) {
        if (strcmp(fl_field_outside(&type->fields[i]), outside) == 0)
            return flow_error_raise(error, FLOW_TYPE, NULL,
                "record \"%s\", field \"%s\": has the outside name \"%s\" of field \"%s\"",
                type->name, field->name, outside, type->fields[i].name);
    }
    return FLOW_OK;
}

// The first presence member from byte `from` on, before byte `to`; `to` if there is none.
static uint32_t next_presence(const flow_type *type, uint32_t from, uint32_t to)
{
    uint32_t first = to;
    for (uint32_t i = 0; i < type->field_count; i++) {
        const uint32_t presence = type->fields[i].presence;
        if (presence && presence - 1 >= from && presence - 1 < first)
            first = presence - 1;
    }
    return first;
}

static flow_status check_presence(const flow_type *type, const flow_field *field, flow_error *error)
{
    if (field->presence && field->presence - 1 >= type->size)
        return refuse_field(error, type, field, "has its presence member outside the struct");
    if (field->presence && field->presence - 1 == field->offset)
        return refuse_field(error, type, field, "is its own presence member");
    const uint32_t end = field->offset + field->size;
    const uint32_t presence = next_presence(type, field->offset, end);
    // A bool that is itself a field may tell of another one.
    if (presence < end && field->kind != FLOW_KIND_BOOL)
        return refuse_field(error, type, field, "lies over a presence member");
    return FLOW_OK;
}

// Where the next member begins: past the presence members that lie side by side from `at` on.
static uint32_t skip_presence(const flow_type *type, uint32_t at, uint32_t end)
{
    while (at < end && next_presence(type, at, at + 1) == at)
        at++;
    return at;
}

// Each field begins where the one before ended, so what is not declared shows as a gap (unless it
// is so small that it hides in the padding).
static flow_status check_layout(const flow_type *type, flow_error *error)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < type->field_count; i++) {
        const flow_field *field = &type->fields[i];
        at = skip_presence(type, at, field->offset);
        const uint32_t begin = align_up(at, field_align(field));
        if (field->offset != begin || next_presence(type, at, begin) < begin)
            return flow_error_raise(error, FLOW_TYPE, NULL,
                "record \"%s\", field \"%s\": begins at byte %u, the members declared before it "
                "end at byte %u: one is not declared, or they are out of order",
                type->name, field->name, field->offset, at);
        at = begin + field->size;
    }
    at = skip_presence(type, at, type->size);
    const bool hidden = next_presence(type, at, type->size) < type->size;
    if (!hidden && align_up(at, type->align) == type->size)
        return FLOW_OK;
    return flow_error_raise(error, FLOW_TYPE, NULL,
        "record \"%s\": has %u bytes, its declared members end at byte %u: the last is not "
        "declared",
        type->name, type->size, at);
}

static flow_status check_field(
    const flow_type *type, uint32_t index, unsigned depth, flow_error *error)
{
    const flow_field *field = &type->fields[index];
    flow_status status = check_name(type, index, error);
    if (status == FLOW_OK && field->record)
        status = check_type(field->record, depth + 1, error);
    if (status == FLOW_OK)
        status = check_kind(type, field, error);
    if (status == FLOW_OK)
        status = check_presence(type, field, error);
    return status;
}

static flow_status check_shape(const flow_type *type, flow_error *error)
{
    if (!type->name || !*type->name)
        return flow_error_raise(error, FLOW_TYPE, NULL, "a record has no name");
    if (type->field_count == 0 || !type->fields)
        return refuse_type(error, type, "has no fields");
    if (type->align == 0 || (type->align & (type->align - 1)) != 0)
        return refuse_type(error, type, "has an alignment that is no power of two");
    if (type->size == 0 || type->size > RECORD_SIZE_MAX)
        return flow_error_raise(error, FLOW_TYPE, NULL,
            "record \"%s\": has %u bytes, at most %u fit", type->name, type->size, RECORD_SIZE_MAX);
    return FLOW_OK;
}

static flow_status check_type(const flow_type *type, unsigned depth, flow_error *error)
{
    flow_status status = check_shape(type, error);
    if (status == FLOW_OK && depth > FL_DEPTH_MAX)
        return flow_error_raise(error, FLOW_TYPE, NULL,
            "record \"%s\": is nested more than %d deep", type->name, FL_DEPTH_MAX);
    for (uint32_t i = 0; i < type->field_count && status == FLOW_OK; i++)
        status = check_field(type, i, depth, error);
    return status == FLOW_OK ? check_layout(type, error) : status;
}

flow_status flow_type_check(const flow_type *type, flow_error *error)
{
    if (!type)
        return flow_error_raise(error, FLOW_TYPE, NULL, "no record type was given");
    return check_type(type, 1, error);
}
