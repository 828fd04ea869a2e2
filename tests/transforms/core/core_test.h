// SPDX-License-Identifier: Apache-2.0
// What the tests of this folder share: a record with a field of every scalar kind, rows of it, and
// the laws that every combine must keep.
#ifndef FLOW_CORE_TEST_H
#define FLOW_CORE_TEST_H

#include <stdio.h>
#include <string.h>

#include <check.h>

#include <flow/runner.h>
#include <flow/transforms.h>

struct bid {
    flow_str who;
    flow_bytes raw;
    int64_t i64;
    uint64_t u64;
    double f64;
    flow_time at;
    flow_duration span;
    int32_t i32;
    uint32_t u32;
    float f32;
    bool yes;
};
FLOW_RECORD(bid, who, raw, i64, u64, f64, at, span, i32, u32, f32, yes);

#define TABLE_SIZE(table) ((int)(sizeof(table) / sizeof((table)[0])))

// A number that differs each time, from a seed that the test names.
uint64_t next_random(uint64_t *state);

// A bid with small numbers, so that equal ones occur.
struct bid random_bid(uint64_t *state);

// A bounded collection of bids that nothing reads.
flow_coll bids(flow_pipeline *pipeline);

// The step that a combine of `make` became, and its configuration.
typedef struct combined {
    flow_pipeline *pipeline;
    const flow_node *node;
} combined;

typedef flow_coll make_fn(flow_coll in, flow_field_ref field);

combined combine_begin(make_fn *make, flow_field_ref field);
void combine_end(combined *made);

// Room for an accumulator or an output of the tests here.
typedef union cell {
    int64_t align;
    char bytes[8192];
} cell;

// Adds bids one by one to a zeroed accumulator.
void combine_add(const combined *made, const struct bid *rows, size_t count, cell *acc);
void combine_merge(const combined *made, cell *acc, const cell *other);
flow_status combine_extract(const combined *made, const cell *acc, cell *out);

// R73 over random rows: zeros are neutral on both sides, merging commutes and associates, and parts
// merged give what all rows at once give; exact combines undo a merge to the bit. Doubles within
// 1e-12 of their size.
void combine_keeps_the_laws(make_fn *make, flow_field_ref field);

// The sentence that building with `make` and `field` is refused with.
void expect_refused(make_fn *make, flow_field_ref field, const char *message);

#endif
