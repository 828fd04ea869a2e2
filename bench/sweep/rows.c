// SPDX-License-Identifier: Apache-2.0
// Draws the rows of a sweep.
#include "sweep/rows.h"

#include "support/bench.h"
#include "support/event.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Members that nobody asks for: 2, 6, 14, 30 and 62 of them. */
struct pad2 {
    int64_t a, b;
};
FLOW_RECORD(pad2, a, b);

#define PAD(name, inner)                                                                           \
    struct name {                                                                                  \
        struct inner x, y;                                                                         \
        struct pad2 z;                                                                             \
    };                                                                                             \
    FLOW_RECORD_OF(name, FLOW_COLUMN_RECORD(name, x, inner), FLOW_COLUMN_RECORD(name, y, inner),   \
        FLOW_COLUMN_RECORD(name, z, pad2));
PAD(pad6, pad2)
PAD(pad14, pad6)
PAD(pad30, pad14)
PAD(pad62, pad30)

struct row16 {
    flow_time at;
    uint64_t key;
};
FLOW_RECORD(row16, at, key);

#define ROW(name, pad)                                                                             \
    struct name {                                                                                  \
        flow_time at;                                                                              \
        uint64_t key;                                                                              \
        struct pad rest;                                                                           \
    };                                                                                             \
    FLOW_RECORD_OF(                                                                                \
        name, FLOW_COLUMN(name, at), FLOW_COLUMN(name, key), FLOW_COLUMN_RECORD(name, rest, pad));
ROW(row32, pad2)
ROW(row64, pad6)
ROW(row128, pad14)
ROW(row256, pad30)
ROW(row512, pad62)

struct row_text {
    flow_time at;
    flow_str key;
};
FLOW_RECORD(row_text, at, key);

#define CHOICE(T)                                                                                  \
    if (point->row_size == sizeof(struct T))                                                       \
        return (struct choice){ &T##_type, FLOW_FIELD(T, key), FLOW_FIELD(T, at) };

struct choice {
    const flow_type *type;
    flow_field_ref key, time;
};

static struct choice choose(const struct point *point)
{
    if (point->text > 0)
        return (
            struct choice){ &row_text_type, FLOW_FIELD(row_text, key), FLOW_FIELD(row_text, at) };
    CHOICE(row16)
    CHOICE(row32)
    CHOICE(row64)
    CHOICE(row128)
    CHOICE(row256)
    CHOICE(row512)
    fprintf(stderr, "sweep: there are no rows of %zu bytes\n", point->row_size);
    exit(1);
}

const flow_type *sweep_type(const struct point *point)
{
    return choose(point).type;
}

flow_field_ref sweep_key(const struct point *point)
{
    return choose(point).key;
}

flow_field_ref sweep_time(const struct point *point)
{
    return choose(point).time;
}

/* How often each key and all before it come, of one. */
static double *zipf(const struct point *point)
{
    double *upto = point->skew > 0 ? malloc(point->keys * sizeof *upto) : NULL;
    double sum = 0;
    if (!upto)
        return NULL;
    for (uint64_t k = 0; k < point->keys; k++)
        upto[k] = sum += pow((double)(k + 1), -point->skew);
    for (uint64_t k = 0; k < point->keys; k++)
        upto[k] /= sum;
    return upto;
}

static uint64_t rank_of(const struct point *point, const double *upto, uint64_t random)
{
    if (!upto)
        return ((random >> 32) * point->keys) >> 32;
    const double x = (double)(random >> 11) * 0x1p-53;
    uint64_t low = 0, high = point->keys - 1;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (upto[middle] < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static flow_time time_of(const struct point *point, size_t i, uint64_t random)
{
    const double part = (double)i / (double)point->rows;
    int64_t since = (int64_t)(part * (double)SWEEP_SPAN_US);
    if ((random >> 32) % 100 < point->out_of_order)
        since -= (int64_t)((random & UINT32_MAX) % (uint64_t)SWEEP_LATE_US);
    return (flow_time){ SWEEP_BASE_US + (since > 0 ? since : 0) };
}

/* Text of a key: its number in front, so that no two are alike. */
static flow_str text_of(const struct point *point, struct sweep_rows *rows, size_t i, uint64_t key)
{
    char *text = rows->texts + i * point->text;
    memset(text, 'x', point->text);
    memcpy(text, &key, point->text < sizeof key ? point->text : sizeof key);
    return (flow_str){ text, point->text };
}

struct sweep_rows sweep_draw(const struct point *point)
{
    const size_t size = sweep_type(point)->size;
    struct sweep_rows rows = { .size = point->rows * size,
        .texts_size = point->rows * point->text };
    rows.rows = bench_pages(rows.size);
    rows.texts = point->text > 0 ? bench_pages(rows.texts_size) : NULL;
    double *upto = zipf(point);
    for (size_t i = 0; i < point->rows; i++) {
        const uint64_t key = event_id(rank_of(point, upto, event_id(2 * i)));
        char *row = rows.rows + i * size;
        if (point->text > 0)
            ((struct row_text *)(void *)row)->key = text_of(point, &rows, i, key);
        else
            ((struct row16 *)(void *)row)->key = key;
        ((struct row16 *)(void *)row)->at = time_of(point, i, event_id(2 * i + 1));
    }
    free(upto);
    return rows;
}

void sweep_free(struct sweep_rows *rows)
{
    bench_pages_free(rows->rows, rows->size);
    bench_pages_free(rows->texts, rows->texts_size);
}
