// SPDX-License-Identifier: Apache-2.0
// Rows compared as their binary forms would be, and rows made to own what they point to.
#include <flow/text.h>

#include "type/field.h"
#include "type/number.h"

static bool same_bytes(const void *a, size_t a_len, const void *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static bool same_value(flow_kind kind, const flow_type *record, const void *a, const void *b)
{
    switch (kind) {
    case FLOW_KIND_BOOL:
        return (*(const unsigned char *)a != 0) == (*(const unsigned char *)b != 0);
    case FLOW_KIND_I32:
    case FLOW_KIND_U32:
        return memcmp(a, b, sizeof(int32_t)) == 0;
    case FLOW_KIND_I64:
    case FLOW_KIND_U64:
    case FLOW_KIND_TIME:
    case FLOW_KIND_DURATION:
        return memcmp(a, b, sizeof(int64_t)) == 0;
    case FLOW_KIND_F32:
        return fl_f32_bits(*(const float *)a) == fl_f32_bits(*(const float *)b);
    case FLOW_KIND_F64:
        return fl_f64_bits(*(const double *)a) == fl_f64_bits(*(const double *)b);
    case FLOW_KIND_STR:
        return flow_str_equal(*(const flow_str *)a, *(const flow_str *)b);
    case FLOW_KIND_BYTES:
        return same_bytes(((const flow_bytes *)a)->data, ((const flow_bytes *)a)->len,
            ((const flow_bytes *)b)->data, ((const flow_bytes *)b)->len);
    case FLOW_KIND_RECORD:
        return flow_row_equal(record, a, b);
    case FLOW_KIND_LIST:
    case FLOW_KIND_NONE:
        return true;
    }
    return true;
}

static bool same_list(const flow_field *field, const flow_list *a, const flow_list *b)
{
    if (a->count != b->count)
        return false;
    const size_t size = fl_item_size(field);
    const char *a_item = a->items, *b_item = b->items;
    for (size_t i = 0; i < a->count; i++, a_item += size, b_item += size) {
        if (!same_value(field->item, field->record, a_item, b_item))
            return false;
    }
    return true;
}

bool flow_row_equal(const flow_type *type, const void *a, const void *b)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const flow_field *field = &type->fields[i];
        const bool present = fl_field_present(field, a);
        if (present != fl_field_present(field, b))
            return false;
        if (!present)
            continue;
        const void *a_value = fl_field_at(field, a), *b_value = fl_field_at(field, b);
        if (field->kind == FLOW_KIND_LIST
                ? !same_list(field, a_value, b_value)
                : !same_value(field->kind, field->record, a_value, b_value))
            return false;
    }
    return true;
}

// One adoption: where bytes go, and which may stay.
struct adoption {
    const flow_memory *memory;
    bool (*safe)(void *user, const void *data, size_t len);
    void *user;
};

static bool may_stay(const struct adoption *adoption, const void *data, size_t len)
{
    return len == 0 || (adoption->safe && adoption->safe(adoption->user, data, len));
}

// A copy of the bytes, or where they are if they may stay; NULL without memory.
static const void *adopt_bytes(const struct adoption *adoption, const void *data, size_t len)
{
    if (may_stay(adoption, data, len))
        return data;
    void *copy = adoption->memory ? adoption->memory->take(adoption->memory->user, len) : NULL;
    if (copy)
        memcpy(copy, data, len);
    return copy;
}

static bool adopt_row(const struct adoption *adoption, const flow_type *type, void *row);
static bool all_stay(const struct adoption *adoption, const flow_type *type, const void *row);

static bool adopt_value(
    const struct adoption *adoption, flow_kind kind, const flow_type *record, void *value)
{
    if (kind == FLOW_KIND_STR) {
        flow_str *text = value;
        const char *data = adopt_bytes(adoption, text->data, text->len);
        if (!data && text->len)
            return false;
        text->data = text->len ? data : NULL;
    } else if (kind == FLOW_KIND_BYTES) {
        flow_bytes *bytes = value;
        const void *data = adopt_bytes(adoption, bytes->data, bytes->len);
        if (!data && bytes->len)
            return false;
        bytes->data = bytes->len ? data : NULL;
    } else if (kind == FLOW_KIND_RECORD) {
        return adopt_row(adoption, record, value);
    }
    return true;
}

static bool value_stays(
    const struct adoption *adoption, flow_kind kind, const flow_type *record, const void *value)
{
    if (kind == FLOW_KIND_STR)
        return may_stay(adoption, ((const flow_str *)value)->data, ((const flow_str *)value)->len);
    if (kind == FLOW_KIND_BYTES)
        return may_stay(
            adoption, ((const flow_bytes *)value)->data, ((const flow_bytes *)value)->len);
    return kind != FLOW_KIND_RECORD || all_stay(adoption, record, value);
}

static bool list_stays(
    const struct adoption *adoption, const flow_field *field, const flow_list *list)
{
    const size_t size = fl_item_size(field);
    if (!may_stay(adoption, list->items, list->count * size))
        return false;
    if (!fl_kind_has_pointers(field->item, field->record))
        return true;
    const char *item = list->items;
    for (size_t i = 0; i < list->count; i++, item += size) {
        if (!value_stays(adoption, field->item, field->record, item))
            return false;
    }
    return true;
}

static bool all_stay(const struct adoption *adoption, const flow_type *type, const void *row)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const flow_field *field = &type->fields[i];
        if (!fl_field_present(field, row))
            continue;
        const void *value = fl_field_at(field, row);
        if (field->kind == FLOW_KIND_LIST
                ? !list_stays(adoption, field, value)
                : !value_stays(adoption, field->kind, field->record, value))
            return false;
    }
    return true;
}

// The items of a list that cannot stay are copied as a whole: they are lent and must not be
// written to.
static bool adopt_list(const struct adoption *adoption, const flow_field *field, flow_list *list)
{
    if (list_stays(adoption, field, list))
        return true;
    const size_t size = fl_item_size(field);
    char *items = adoption->memory
                      ? adoption->memory->take(adoption->memory->user, list->count * size)
                      : NULL;
    if (!items)
        return false;
    memcpy(items, list->items, list->count * size);
    if (fl_kind_has_pointers(field->item, field->record)) {
        for (size_t i = 0; i < list->count; i++) {
            if (!adopt_value(adoption, field->item, field->record, items + i * size))
                return false;
        }
    }
    list->items = items;
    return true;
}

// A nested record is looked through sooner than asked whether it has pointers.
static bool may_point(flow_kind kind)
{
    return kind == FLOW_KIND_STR || kind == FLOW_KIND_BYTES || kind == FLOW_KIND_LIST ||
           kind == FLOW_KIND_RECORD;
}

static bool adopt_row(const struct adoption *adoption, const flow_type *type, void *row)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const flow_field *field = &type->fields[i];
        void *value = (char *)row + field->offset;
        if (!may_point(field->kind))
            continue;
        // What an absent field points to is nobody's: it must not outlive its bytes.
        if (!fl_field_present(field, row))
            memset(value, 0, field->size);
        else if (field->kind == FLOW_KIND_LIST
                     ? !adopt_list(adoption, field, value)
                     : !adopt_value(adoption, field->kind, field->record, value))
            return false;
    }
    return true;
}

flow_status flow_row_adopt(const flow_type *type, void *row, const flow_memory *memory,
    bool (*safe)(void *user, const void *data, size_t len), void *user)
{
    const struct adoption adoption = { memory, safe, user };
    return adopt_row(&adoption, type, row) ? FLOW_OK : FLOW_MEMORY;
}
