// SPDX-License-Identifier: Apache-2.0
// Hashes values field by field; allocates nothing.
#include "hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

static uint64_t hash_word(uint64_t word, uint64_t seed)
{
    return XXH3_64bits_withSeed(&word, sizeof word, seed);
}

// Every NaN is one NaN; −0.0 is 0.0.
static uint64_t hash_number(double number, uint64_t seed)
{
    uint64_t word = UINT64_MAX;
    if (number == number) {
        number += 0.0;
        memcpy(&word, &number, sizeof word);
    }
    return hash_word(word, seed);
}

static uint64_t hash_bytes(const void *data, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(len ? data : "", len, seed);
}

static uint64_t hash_list(const flow_field *field, const flow_list *list, uint64_t seed)
{
    const size_t size =
        field->item == FLOW_KIND_RECORD ? field->record->size : flow_kind_size(field->item);
    uint64_t hash = hash_word(list->count, seed);
    for (size_t i = 0; i < list->count; i++)
        hash =
            fl_value_hash(field->item, field->record, (const char *)list->items + i * size, hash);
    return hash;
}

static uint64_t hash_field(const flow_field *field, const char *row, uint64_t seed)
{
    if (field->presence && !*(const bool *)(const void *)(row + field->presence - 1))
        return hash_word(0, seed);
    const char *value = row + field->offset;
    if (field->kind == FLOW_KIND_LIST)
        return hash_list(field, (const flow_list *)(const void *)value, seed + 1);
    return fl_value_hash(field->kind, field->record, value, seed + 1);
}

static uint64_t hash_record(const flow_type *type, const char *row, uint64_t seed)
{
    uint64_t hash = seed;
    for (uint32_t i = 0; i < type->field_count; i++)
        hash = hash_field(&type->fields[i], row, hash);
    return hash;
}

uint64_t fl_value_hash(flow_kind kind, const flow_type *record, const void *value, uint64_t seed)
{
    switch (kind) {
    case FLOW_KIND_BOOL:
        return hash_word(*(const bool *)value, seed);
    case FLOW_KIND_I32:
        return hash_word((uint64_t)(int64_t) * (const int32_t *)value, seed);
    case FLOW_KIND_U32:
        return hash_word(*(const uint32_t *)value, seed);
    case FLOW_KIND_I64:
    case FLOW_KIND_U64:
    case FLOW_KIND_TIME:
    case FLOW_KIND_DURATION:
        return hash_word(*(const uint64_t *)value, seed);
    case FLOW_KIND_F32:
        return hash_number((double)*(const float *)value, seed);
    case FLOW_KIND_F64:
        return hash_number(*(const double *)value, seed);
    case FLOW_KIND_STR:
    case FLOW_KIND_BYTES: {
        const flow_bytes *bytes = value; // flow_str lies alike
        return hash_bytes(bytes->data, bytes->len, seed);
    }
    case FLOW_KIND_RECORD:
        return hash_record(record, value, seed);
    case FLOW_KIND_NONE:
    case FLOW_KIND_LIST: // only as a field, which knows its items
        break;
    }
    return seed;
}
