// SPDX-License-Identifier: Apache-2.0
// The record that the fuzz targets read into, and memory for it.
#ifndef FUZZ_RECORDS_H
#define FUZZ_RECORDS_H

#include <stdlib.h>

#include <flow/text.h>

struct part {
    flow_str name;
    uint64_t count;
    bool has_share;
    double share;
};
FLOW_RECORD_OF(part, FLOW_COLUMN(part, name), FLOW_COLUMN(part, count),
    FLOW_COLUMN_OPTIONAL(part, share, has_share));

// Of kinds that JSON can be read into by the short cut.
struct event {
    struct part part;
    flow_str n;
    int32_t i;
    float f;
    double d;
    flow_time t;
    bool has_u;
    bool b;
    uint32_t u;
};
FLOW_RECORD_OF(event, FLOW_COLUMN_RECORD(event, part, part), FLOW_COLUMN(event, n),
    FLOW_COLUMN(event, i), FLOW_COLUMN(event, f), FLOW_COLUMN(event, d), FLOW_COLUMN(event, t),
    FLOW_COLUMN(event, b), FLOW_COLUMN_OPTIONAL(event, u, has_u));

struct thing {
    bool flag;
    bool has_i32;
    bool has_at;
    bool has_note;
    int32_t i32;
    int64_t i64;
    uint32_t u32;
    float f32;
    double f64;
    flow_time at;
    flow_duration took;
    flow_str note;
    flow_bytes raw;
};
FLOW_RECORD_OF(thing, FLOW_COLUMN(thing, flag), FLOW_COLUMN_OPTIONAL(thing, i32, has_i32),
    FLOW_COLUMN(thing, i64), FLOW_COLUMN(thing, u32), FLOW_COLUMN(thing, f32),
    FLOW_COLUMN(thing, f64), FLOW_COLUMN_OPTIONAL(thing, at, has_at), FLOW_COLUMN(thing, took),
    FLOW_COLUMN_OPTIONAL(thing, note, has_note), FLOW_COLUMN(thing, raw));

struct nest {
    struct thing thing;
    struct part part;
    flow_list parts;
    flow_list words;
    flow_list numbers;
};
FLOW_RECORD_OF(nest, FLOW_COLUMN_RECORD(nest, thing, thing), FLOW_COLUMN_RECORD(nest, part, part),
    FLOW_COLUMN_LIST(nest, parts, part), FLOW_COLUMN_LIST_OF(nest, words, FLOW_KIND_STR),
    FLOW_COLUMN_LIST_OF(nest, numbers, FLOW_KIND_I64));

// What a reader took; every piece is a block of its own, so that reading past one shows.
struct pieces {
    struct piece *first;
};

struct piece {
    struct piece *next;
    char *bytes;
};

static inline void *pieces_take(void *user, size_t size)
{
    struct pieces *pieces = user;
    struct piece *piece = malloc(sizeof *piece);
    if (!piece)
        abort();
    *piece = (struct piece){ pieces->first, malloc(size ? size : 1) };
    pieces->first = piece;
    return piece->bytes;
}

static inline void pieces_free(struct pieces *pieces)
{
    while (pieces->first) {
        struct piece *piece = pieces->first;
        pieces->first = piece->next;
        free(piece->bytes);
        free(piece);
    }
}

// A promise that a target holds the library to.
#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
