// SPDX-License-Identifier: Apache-2.0
// A total order over rows that agrees with the equality of their binary forms and allocates
// nothing.
#include "field.h"

static int compare_i64(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

// Every NaN is one NaN, before all numbers; −0.0 is 0.0.
static int compare_f64(double a, double b)
{
    const int a_nan = a != a;
    const int b_nan = b != b;
    return a_nan || b_nan ? b_nan - a_nan : (a > b) - (a < b);
}

static int compare_bytes(const void *a, size_t a_len, const void *b, size_t b_len)
{
    const size_t len = a_len < b_len ? a_len : b_len;
    const int order = len ? memcmp(a, b, len) : 0;
    return order ? order : (a_len > b_len) - (a_len < b_len);
}

static bool present(const flow_field *field, const char *row)
{
    return !field->presence || *(const bool *)(const void *)(row + field->presence - 1);
}

static int compare_list(const flow_field *field, const flow_list *a, const flow_list *b)
{
    const size_t size =
        field->item == FLOW_KIND_RECORD ? field->record->size : flow_kind_size(field->item);
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        const int order = fl_value_compare(field->item, field->record,
            (const char *)a->items + i * size, (const char *)b->items + i * size);
        if (order)
            return order;
    }
    return (a->count > b->count) - (a->count < b->count);
}

static int compare_field(const flow_field *field, const char *a, const char *b)
{
    const int here = (int)present(field, a) - (int)present(field, b);
    if (here || !present(field, a))
        return here;
    a += field->offset;
    b += field->offset;
    if (field->kind != FLOW_KIND_LIST)
        return fl_value_compare(field->kind, field->record, a, b);
    return compare_list(
        field, (const flow_list *)(const void *)a, (const flow_list *)(const void *)b);
}

static int compare_record(const flow_type *type, const char *a, const char *b)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const int order = compare_field(&type->fields[i], a, b);
        if (order)
            return order;
    }
    return 0;
}

int fl_value_compare(flow_kind kind, const flow_type *record, const void *a, const void *b)
{
    switch (kind) {
    case FLOW_KIND_BOOL:
        return (int)*(const bool *)a - (int)*(const bool *)b;
    case FLOW_KIND_I32:
        return compare_i64(*(const int32_t *)a, *(const int32_t *)b);
    case FLOW_KIND_U32:
        return compare_u64(*(const uint32_t *)a, *(const uint32_t *)b);
    case FLOW_KIND_U64:
        return compare_u64(*(const uint64_t *)a, *(const uint64_t *)b);
    case FLOW_KIND_I64:
    case FLOW_KIND_TIME:
    case FLOW_KIND_DURATION:
        return compare_i64(*(const int64_t *)a, *(const int64_t *)b);
    case FLOW_KIND_F32:
        return compare_f64((double)*(const float *)a, (double)*(const float *)b);
    case FLOW_KIND_F64:
        return compare_f64(*(const double *)a, *(const double *)b);
    case FLOW_KIND_STR:
    case FLOW_KIND_BYTES: {
        const flow_bytes *left = a; // flow_str lies alike
        const flow_bytes *right = b;
        return compare_bytes(left->data, left->len, right->data, right->len);
    }
    case FLOW_KIND_RECORD:
        return compare_record(record, a, b);
    case FLOW_KIND_NONE:
    case FLOW_KIND_LIST: // only as a field, which knows its items
        break;
    }
    return 0;
}
