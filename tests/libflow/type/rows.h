// SPDX-License-Identifier: Apache-2.0
// A record with every kind, optional, nested and in lists, and random rows of it.
#ifndef ROWS_H
#define ROWS_H

#include <math.h>
#include <stdlib.h>

#include <check.h>

#include <flow/text.h>

struct place {
    flow_str city;
    int32_t zip;
};
FLOW_RECORD(place, city, zip);

struct leg {
    int64_t id;
    bool done;
    struct place to;
    double km;
    bool has_km;
};
FLOW_RECORD_OF(leg, FLOW_COLUMN(leg, id), FLOW_COLUMN(leg, done),
    FLOW_COLUMN_RECORD(leg, to, place), FLOW_COLUMN_OPTIONAL(leg, km, has_km));

// All that a CSV line can hold.
struct flat {
    bool flag;
    bool has_note;
    int32_t i32;
    int64_t i64;
    uint32_t u32;
    uint64_t u64;
    float f32;
    double f64;
    flow_str text;
    flow_bytes bytes;
    flow_time at;
    flow_duration took;
    flow_str note;
    double rate;
    bool has_rate;
    bool has_when;
    flow_time when;
};
FLOW_RECORD_OF(flat, FLOW_COLUMN(flat, flag), FLOW_COLUMN(flat, i32), FLOW_COLUMN(flat, i64),
    FLOW_COLUMN(flat, u32), FLOW_COLUMN(flat, u64), FLOW_COLUMN(flat, f32),
    FLOW_COLUMN_AS(flat, f64, "a \"b\", c"), FLOW_COLUMN(flat, text), FLOW_COLUMN(flat, bytes),
    FLOW_COLUMN(flat, at), FLOW_COLUMN(flat, took), FLOW_COLUMN_OPTIONAL(flat, note, has_note),
    FLOW_COLUMN_OPTIONAL(flat, rate, has_rate), FLOW_COLUMN_OPTIONAL(flat, when, has_when));

struct all {
    struct flat flat;
    struct place home;
    flow_list legs;
    flow_list tags;
    flow_list counts;
    flow_list flags;
    bool has_legs;
};
static const flow_field all_fields_[] = {
    FLOW_COLUMN_RECORD(all, flat, flat),
    FLOW_COLUMN_RECORD(all, home, place),
    { .name = "legs",
        .kind = FLOW_KIND_LIST,
        .offset = offsetof(struct all, legs),
        .size = sizeof(flow_list),
        .presence = 1 + offsetof(struct all, has_legs),
        .item = FLOW_KIND_RECORD,
        .record = &leg_type },
    FLOW_COLUMN_LIST_OF(all, tags, FLOW_KIND_STR),
    FLOW_COLUMN_LIST_OF(all, counts, FLOW_KIND_I64),
    FLOW_COLUMN_LIST_OF(all, flags, FLOW_KIND_BOOL),
};
FLOW_RECORD_TYPE_(all);

// A seeded source of random values.
struct rows_random {
    uint64_t state;
    bool utf8;   // texts are UTF-8
    bool finite; // floats are numbers
};

// Memory that lasts as long as a test's rows, as a flow_memory.
struct rows_memory {
    void *blocks[4096];
    size_t count;
    size_t room; // how many more may be taken
};

uint64_t rows_next(struct rows_random *random);

// Fills a row, its padding with garbage, out of `memory`.
void rows_flat(struct rows_random *random, struct rows_memory *memory, struct flat *row);
void rows_all(struct rows_random *random, struct rows_memory *memory, struct all *row);

void *rows_take(void *user, size_t size);
void rows_memory_free(struct rows_memory *memory);

// Whether the binary forms of two rows are the same bytes.
bool rows_same_encoded(const flow_type *type, const void *a, const void *b);

#endif
