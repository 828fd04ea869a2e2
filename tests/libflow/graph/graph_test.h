// SPDX-License-Identifier: Apache-2.0
// What the tests of this folder share: records, functions, a source and a sink that never run, and
// a table of pipelines with the one sentence that each is refused with.
#ifndef FLOW_GRAPH_TEST_H
#define FLOW_GRAPH_TEST_H

#include <check.h>
#include <stdio.h>
#include <string.h>

#include <flow/runner.h>

struct place {
    flow_str city;
    int64_t zip;
};
FLOW_RECORD(place, city, zip);

struct reading {
    flow_str sensor;
    double value;
    flow_time at;
    int64_t number;
    struct place where;
};
FLOW_RECORD_OF(reading, FLOW_COLUMN(reading, sensor), FLOW_COLUMN(reading, value),
    FLOW_COLUMN(reading, at), FLOW_COLUMN(reading, number),
    FLOW_COLUMN_RECORD(reading, where, place));

struct total {
    int64_t value;
};
FLOW_RECORD(total, value);

extern const flow_fn *const split;      // reading -> total, place
extern const flow_fn *const keyed;      // flow_str, reading -> total
extern const flow_fn *const by_place;   // struct place, reading -> total
extern const flow_fn *const same_total; // total -> total
extern const flow_fn *const positive;   // filter of reading
extern const flow_fn *const running;    // stateful: flow_str, reading, state total -> total
extern const flow_fn *const group_size; // flow_str, group of reading -> total
extern const flow_combine_fn *const add_up;
extern const flow_source test_source;
extern const flow_sink test_sink;

// Readings without an end of their own, or with one.
flow_coll test_readings(flow_pipeline *pipeline, const char *name, bool unbounded);

// One call too many, and the sentence it is refused with.
typedef struct refused {
    void (*build)(flow_pipeline *pipeline);
    flow_status status;
    const char *message;
} refused;

// Builds, and compares what flow_pipeline_check says.
void test_refused(const refused *expected);

#define TABLE_SIZE(table) ((int)(sizeof(table) / sizeof((table)[0])))

#endif
