// SPDX-License-Identifier: Apache-2.0
// The rows of a sweep: a time and a key in front, as much behind as is asked for.
#ifndef BENCH_SWEEP_ROWS_H
#define BENCH_SWEEP_ROWS_H

#include <flow/base.h>
#include <flow/type.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** One point of a sweep: what differs from the usual run. */
struct point {
    size_t rows;           /**< How many. */
    uint64_t keys;         /**< Different keys at most. */
    double skew;           /**< Exponent of Zipf's law; 0: all keys alike. */
    unsigned out_of_order; /**< Percent of rows that come late, by up to SWEEP_LATE_US. */
    size_t row_size;       /**< Bytes of a row: 16 … 512, a power of two. */
    size_t text;           /**< Bytes of keys that are text; 0: keys are numbers. */
    size_t piece;          /**< Rows of a bundle. */
    unsigned slices;       /**< Windows that an event lies in. */
    unsigned threads;      /**< Workers. */
};

/** Rows are a minute in order, but for those that are late. */
#define SWEEP_BASE_US (INT64_C(1767225600) * 1000000)
#define SWEEP_SPAN_US (INT64_C(240) * 1000000)
#define SWEEP_LATE_US (INT64_C(10) * 1000000)

/** Rows in memory. */
struct sweep_rows {
    char *rows;
    size_t size; /**< Of all rows together. */
    char *texts; /**< What keys point to, or NULL. */
    size_t texts_size;
};

/** The record of a point's rows, and where its key is. */
const flow_type *sweep_type(const struct point *point);
flow_field_ref sweep_key(const struct point *point);
flow_field_ref sweep_time(const struct point *point);

/** Draws rows, the same ones at each start; ends the program without memory. */
struct sweep_rows sweep_draw(const struct point *point);

void sweep_free(struct sweep_rows *rows);

#endif
