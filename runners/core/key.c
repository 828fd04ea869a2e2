// SPDX-License-Identifier: Apache-2.0
// Canonical keys and their hashes (architecture decision 5).
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "key.h"

// Fixed for ever: it decides which shard a key belongs to.
#define KEY_SEED UINT64_C(0x6c6962666c6f7721)

enum fl_key_form fl_key_form(flow_kind kind)
{
    switch (kind) {
    case FLOW_KIND_STR:
    case FLOW_KIND_BYTES:
    case FLOW_KIND_RECORD:
    case FLOW_KIND_LIST:
        return FL_KEY_BYTES;
    default:
        return FL_KEY_WORD;
    }
}

uint64_t fl_hash_word(uint64_t word)
{
    return XXH3_64bits_withSeed(&word, sizeof word, KEY_SEED);
}

uint64_t fl_hash_bytes(flow_str bytes)
{
    return XXH3_64bits_withSeed(bytes.data, bytes.len, KEY_SEED);
}

struct fl_lane fl_view_lane(const struct fl_view *view, const flow_shape *shape, uint32_t offset)
{
    const struct fl_batch *batch = view->batch;
    if (batch->rows) {
        const struct fl_lane lane = { batch->rows + shape->value_offset + offset, batch->stride };
        return lane;
    }
    const flow_type *type = batch->type;
    for (uint32_t f = 0; f < type->field_count; f++) {
        if (type->fields[f].offset == offset) {
            const struct fl_lane lane = { batch->columns[f], type->fields[f].size };
            return lane;
        }
    }
    const struct fl_lane none = { NULL, 0 };
    return none;
}

// One loop per size and extension, so that each is a plain gather.
#define GATHER(T, convert)                                                                         \
    for (uint32_t i = 0; i < view->count; i++) {                                                   \
        T value;                                                                                   \
        const char *at = lane.base + fl_view_row(view, i) * lane.stride;                           \
        __builtin_prefetch(at + ahead);                                                            \
        memcpy(&value, at, sizeof value);                                                          \
        keys->words[i] = (convert);                                                                \
    }

static uint64_t double_word(double value)
{
    uint64_t word;
    value = value == 0 ? 0 : value;
    memcpy(&word, &value, sizeof word);
    return value != value ? UINT64_C(0x7ff8000000000000) : word;
}

static uint64_t float_word(float value)
{
    uint32_t word;
    value = value == 0 ? 0 : value;
    memcpy(&word, &value, sizeof word);
    return value != value ? UINT32_C(0x7fc00000) : word;
}

static void gather_words(
    struct fl_keys *keys, const struct fl_view *view, flow_kind kind, struct fl_lane lane)
{
    const size_t ahead = fl_batch_ahead(view->batch);
    switch (kind) {
    case FLOW_KIND_BOOL:
        GATHER(uint8_t, value != 0)
        break;
    case FLOW_KIND_I32:
        GATHER(int32_t, (uint64_t)(int64_t)value)
        break;
    case FLOW_KIND_U32:
        GATHER(uint32_t, value)
        break;
    case FLOW_KIND_F32:
        GATHER(float, float_word(value))
        break;
    case FLOW_KIND_F64:
        GATHER(double, double_word(value))
        break;
    case FLOW_KIND_NONE:
        memset(keys->words, 0, view->count * sizeof keys->words[0]);
        break;
    default:
        GATHER(uint64_t, value)
        break;
    }
}

void fl_keys_hash_words(struct fl_keys *keys, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        keys->hashes[i] = fl_hash_word(keys->words[i]);
}

static struct fl_lane key_lane(const struct fl_view *view, const flow_shape *shape)
{
    struct fl_lane lane = { NULL, 0 };
    if (shape->key == FLOW_KIND_NONE)
        return lane;
    if (!view->batch->rows)
        return fl_view_lane(view, shape, shape->key_offset - shape->value_offset);
    lane.base = view->batch->rows + shape->key_offset;
    lane.stride = view->batch->stride;
    return lane;
}

void fl_keys_words(struct fl_keys *keys, const struct fl_view *view, const flow_shape *shape)
{
    keys->form = FL_KEY_WORD;
    gather_words(keys, view, shape->key, key_lane(view, shape));
}

static bool gather_records(struct fl_keys *keys, const struct fl_view *view,
    const flow_shape *shape, struct fl_lane lane, flow_buffer *scratch)
{
    scratch->len = 0;
    for (uint32_t i = 0; i < view->count; i++) {
        const size_t start = scratch->len;
        const char *record = lane.base + fl_view_row(view, i) * lane.stride;
        flow_encode(shape->key_record, record, scratch);
        keys->bytes[i].len = scratch->len - start;
    }
    if (scratch->failed)
        return false;
    const char *at = scratch->data;
    for (uint32_t i = 0; i < view->count; i++) {
        keys->bytes[i].data = at;
        at += keys->bytes[i].len;
    }
    return true;
}

bool fl_keys_gather(
    struct fl_keys *keys, const struct fl_view *view, const flow_shape *shape, flow_buffer *scratch)
{
    keys->form = fl_key_form(shape->key);
    if (keys->form == FL_KEY_WORD) {
        fl_keys_words(keys, view, shape);
        fl_keys_hash_words(keys, view->count);
        return true;
    }
    const struct fl_lane lane = key_lane(view, shape);
    if (shape->key == FLOW_KIND_RECORD) {
        if (!gather_records(keys, view, shape, lane, scratch))
            return false;
    } else {
        for (uint32_t i = 0; i < view->count; i++)
            memcpy(&keys->bytes[i], lane.base + fl_view_row(view, i) * lane.stride,
                sizeof keys->bytes[i]);
    }
    for (uint32_t i = 0; i < view->count; i++)
        keys->hashes[i] = fl_hash_bytes(keys->bytes[i]);
    return true;
}

static uint64_t word_at(flow_kind kind, const void *at)
{
    uint64_t word = 0;
    uint32_t half;
    float single;
    double real;
    switch (kind) {
    case FLOW_KIND_NONE:
        return 0;
    case FLOW_KIND_BOOL:
        return *(const uint8_t *)at != 0;
    case FLOW_KIND_I32:
        memcpy(&half, at, sizeof half);
        return (uint64_t)(int64_t)(int32_t)half;
    case FLOW_KIND_U32:
        memcpy(&half, at, sizeof half);
        return half;
    case FLOW_KIND_F32:
        memcpy(&single, at, sizeof single);
        return float_word(single);
    case FLOW_KIND_F64:
        memcpy(&real, at, sizeof real);
        return double_word(real);
    default:
        memcpy(&word, at, sizeof word);
        return word;
    }
}

bool fl_key_of(
    const flow_shape *shape, const void *at, flow_buffer *scratch, struct fl_one_key *key)
{
    key->form = fl_key_form(shape->key);
    if (key->form == FL_KEY_WORD) {
        key->word = word_at(shape->key, at);
        key->hash = fl_hash_word(key->word);
        return true;
    }
    if (shape->key == FLOW_KIND_RECORD) {
        scratch->len = 0;
        flow_encode(shape->key_record, at, scratch);
        key->bytes = (flow_str){ scratch->data, scratch->len };
    } else {
        memcpy(&key->bytes, at, sizeof key->bytes);
    }
    key->hash = fl_hash_bytes(key->bytes);
    return !scratch->failed;
}

static void *no_memory(void *user, size_t size)
{
    (void)user;
    (void)size;
    return NULL;
}

bool fl_key_write(const flow_shape *shape, uint64_t word, flow_str bytes, void *to)
{
    switch (shape->key) {
    case FLOW_KIND_NONE:
        return true;
    case FLOW_KIND_BOOL:
        *(bool *)to = word != 0;
        return true;
    case FLOW_KIND_I32:
    case FLOW_KIND_U32:
    case FLOW_KIND_F32: {
        const uint32_t half = (uint32_t)word;
        memcpy(to, &half, sizeof half);
        return true;
    }
    case FLOW_KIND_STR:
    case FLOW_KIND_BYTES:
        memcpy(to, &bytes, sizeof bytes);
        return true;
    case FLOW_KIND_RECORD: {
        const flow_memory none = { no_memory, NULL };
        return flow_decode(shape->key_record, &bytes, to, &none, NULL) == FLOW_OK;
    }
    default:
        memcpy(to, &word, sizeof word);
        return true;
    }
}
