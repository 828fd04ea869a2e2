// SPDX-License-Identifier: Apache-2.0
// Random rows of every kind.
#include "rows.h"

uint64_t rows_next(struct rows_random *random)
{
    random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    const uint64_t x = random->state;
    return (x ^ x >> 29) * UINT64_C(0xBF58476D1CE4E5B9) ^ x >> 31;
}

void *rows_take(void *user, size_t size)
{
    struct rows_memory *memory = user;
    if (memory->room == 0 || memory->count == sizeof memory->blocks / sizeof memory->blocks[0])
        return NULL;
    memory->room--;
    void *block = malloc(size ? size : 1);
    memset(block, 0xA5, size);
    memory->blocks[memory->count++] = block;
    return block;
}

void rows_memory_free(struct rows_memory *memory)
{
    while (memory->count)
        free(memory->blocks[--memory->count]);
    memory->room = SIZE_MAX;
}

// Small, large and extreme numbers alike.
static uint64_t number(struct rows_random *random)
{
    const uint64_t bits = rows_next(random), shift = rows_next(random) % 64;
    switch (rows_next(random) % 8) {
    case 0:
        return 0;
    case 1:
        return UINT64_MAX;
    case 2:
        return UINT64_C(1) << shift;
    default:
        return bits >> shift;
    }
}

static double real(struct rows_random *random)
{
    const uint64_t kind = rows_next(random) % 12;
    double value;
    uint64_t bits = rows_next(random);
    if (kind < 3)
        return (double)(int64_t)number(random) / 100;
    if (kind < 5)
        return (double)(int64_t)(bits >> 40) / 1000 - 5000;
    if (kind == 5)
        return bits & 1 ? -0.0 : 0.0;
    if (kind == 6 && !random->finite)
        return bits % 3 == 0 ? (double)NAN : bits % 3 == 1 ? (double)INFINITY : -(double)INFINITY;
    memcpy(&value, &bits, sizeof value);
    return random->finite && !isfinite(value) ? 1.5 : value;
}

static size_t text(struct rows_random *random, struct rows_memory *memory, const char **data)
{
    static const char *const utf8[] = { "a", "Z", "7", " ", ",", "\"", "\\", "\n", "\r", "\t",
        "\x01", "\x1F", "'", "/", "\x7F", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "" };
    const size_t count = rows_next(random) % 3 ? rows_next(random) % 12 : 0;
    char *to = rows_take(memory, count * 4 + 1);
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t pick = rows_next(random);
        if (!random->utf8 && pick % 3 == 0) {
            to[len++] = (char)(unsigned char)(pick >> 8);
            continue;
        }
        const char *piece = utf8[pick % (sizeof utf8 / sizeof utf8[0])];
        const size_t more = *piece ? strlen(piece) : 1; // the empty one stands for a zero byte
        memcpy(to + len, piece, more);
        len += more;
    }
    *data = to;
    return len;
}

static flow_str str(struct rows_random *random, struct rows_memory *memory)
{
    flow_str value;
    value.len = text(random, memory, &value.data);
    return value;
}

static flow_time instant(struct rows_random *random)
{
    const int64_t us = (int64_t)number(random);
    if (us < FLOW_TIME_MIN_US || us > FLOW_TIME_MAX_US)
        return (flow_time){ us < 0 ? FLOW_TIME_MIN_US : FLOW_TIME_MAX_US };
    return (flow_time){ us };
}

void rows_flat(struct rows_random *random, struct rows_memory *memory, struct flat *row)
{
    memset(row, (int)(rows_next(random) & 0xFF), sizeof *row);
    row->flag = rows_next(random) & 1;
    row->i32 = (int32_t)(uint32_t)number(random);
    row->i64 = (int64_t)number(random);
    row->u32 = (uint32_t)number(random);
    row->u64 = number(random);
    do {
        const double wide = real(random);
        row->f32 = fabs(wide) < 3e38 || !isfinite(wide) ? (float)wide : 2.5f;
    } while (random->finite && !isfinite(row->f32));
    row->f64 = real(random);
    row->text = str(random, memory);
    const flow_str bytes = str(random, memory);
    row->bytes = (flow_bytes){ bytes.data, bytes.len };
    row->at = instant(random);
    row->took = (flow_duration){ (int64_t)number(random) };
    row->has_note = rows_next(random) & 1;
    row->note = row->has_note ? str(random, memory) : row->note;
    row->has_rate = rows_next(random) & 1;
    row->rate = row->has_rate ? real(random) : row->rate;
    row->has_when = rows_next(random) & 1;
    row->when = row->has_when ? instant(random) : row->when;
}

static struct place place(struct rows_random *random, struct rows_memory *memory)
{
    struct place value;
    memset(&value, (int)(rows_next(random) & 0xFF), sizeof value);
    value.city = str(random, memory);
    value.zip = (int32_t)(uint32_t)number(random);
    return value;
}

static flow_list legs(struct rows_random *random, struct rows_memory *memory)
{
    const flow_list list = { NULL, rows_next(random) % 4 };
    struct leg *items = rows_take(memory, list.count * sizeof *items);
    for (size_t i = 0; i < list.count; i++) {
        items[i].id = (int64_t)number(random);
        items[i].done = rows_next(random) & 1;
        items[i].to = place(random, memory);
        items[i].has_km = rows_next(random) & 1;
        items[i].km = real(random);
    }
    return (flow_list){ items, list.count };
}

void rows_all(struct rows_random *random, struct rows_memory *memory, struct all *row)
{
    memset(row, (int)(rows_next(random) & 0xFF), sizeof *row);
    rows_flat(random, memory, &row->flat);
    row->home = place(random, memory);
    row->has_legs = rows_next(random) & 1;
    if (row->has_legs)
        row->legs = legs(random, memory);
    const size_t count = rows_next(random) % 5;
    flow_str *tags = rows_take(memory, count * sizeof *tags);
    int64_t *counts = rows_take(memory, count * sizeof *counts);
    bool *flags = rows_take(memory, count * sizeof *flags);
    for (size_t i = 0; i < count; i++) {
        tags[i] = str(random, memory);
        counts[i] = (int64_t)number(random);
        flags[i] = rows_next(random) & 1;
    }
    row->tags = (flow_list){ tags, count };
    row->counts = (flow_list){ counts, count };
    row->flags = (flow_list){ flags, count };
}

bool rows_same_encoded(const flow_type *type, const void *a, const void *b)
{
    flow_buffer forms[2] = { { .len = 0 }, { .len = 0 } };
    flow_encode(type, a, &forms[0]);
    flow_encode(type, b, &forms[1]);
    const bool same =
        forms[0].len == forms[1].len && memcmp(forms[0].data, forms[1].data, forms[0].len) == 0;
    flow_buffer_free(&forms[0]);
    flow_buffer_free(&forms[1]);
    return same;
}
