// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Answers about many elements in little memory: how many different ones, quantiles, the most
 * frequent. Each keeps a sketch of bounded size per key and window, says how far it may be off, and
 * is exact while there are few. Sketches merge, so they work in sessions and under lifting.
 */
#ifndef FLOW_SKETCH_H
#define FLOW_SKETCH_H

#include <flow/flow.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What flow_approximate_distinct makes. */
struct flow_estimated {
    int64_t count; /**< How many different ones, rounded. */
    double error;  /**< One standard deviation of the estimate by its size; 0: `count` is exact. */
};

/** Type of flow_estimated. */
FLOW_API extern const flow_type flow_estimated_type;

/** Options of flow_approximate_distinct. */
typedef struct flow_approximate_distinct_options {
    const char *name; /**< Name of the step; NULL: "approximate_distinct". */
    double error; /**< Wanted standard deviation by size, 0.0082 … 0.26; 0: 0.0163 (4 KiB). Half of
                     it takes four times the memory: 1.04² / error² bytes. */
} flow_approximate_distinct_options;

/** flow_approximate_distinct, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_approximate_distinct_sized(flow_coll in, flow_field_ref field,
    const flow_approximate_distinct_options *options, size_t size);

/**
 * How many different values of a field (or, by FLOW_SELF, elements) there are per key and window:
 * flow_estimated, keyed as its input. HyperLogLog over 64-bit hashes with Ertl's estimator: no bias
 * at any size. Exact (but for hashes that meet: one in 10^13 for a thousand values) up to one value
 * in eight bytes of the sketch: 511 by default. `options` may be NULL.
 */
static inline flow_coll flow_approximate_distinct(
    flow_coll in, flow_field_ref field, const flow_approximate_distinct_options *options)
{
    return flow_approximate_distinct_sized(in, field, options, sizeof *options);
}

/** Options of flow_quantiles. */
typedef struct flow_quantiles_options {
    const char *name;    /**< Name of the step; NULL: "quantiles". */
    const double *ranks; /**< One for each field of the output, 0 … 1: 0.5 is the median; copied. */
    size_t count;        /**< Ranks, up to 64. */
    double error; /**< Wanted error of ranks, 0.0025 … 0.1; 0: 0.0133 (8 KiB). Half of it takes
                     about twice the memory. */
} flow_quantiles_options;

/** flow_quantiles, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_quantiles_sized(flow_coll in, flow_field_ref field, const flow_type *out,
    const flow_quantiles_options *options, size_t size);

/**
 * Quantiles of a number, time or duration per key and window: rows of `out`, a record with a double
 * for each rank, keyed as its input. The value for rank r is the smallest such that r of all are
 * not larger, where r is off by at most `error` in 99 of 100 cases (the KLL sketch); exact up to
 * 200 values by default, and for ranks 0 and 1. A NaN does not count; without any number each
 * quantile is NaN.
 */
static inline flow_coll flow_quantiles(
    flow_coll in, flow_field_ref field, const flow_type *out, const flow_quantiles_options *options)
{
    return flow_quantiles_sized(in, field, out, options, sizeof *options);
}

/** Options of flow_frequent. */
typedef struct flow_frequent_options {
    const char *name;  /**< Name of the composite; NULL: "frequent". */
    uint32_t count;    /**< How many are given; 0: 10. */
    uint32_t counters; /**< Kept per key and window, `count` … 256; 0: 128. */
} flow_frequent_options;

/** flow_frequent, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_frequent_sized(flow_coll in, flow_field_ref field, const flow_type *out,
    const flow_frequent_options *options, size_t size);

/**
 * The most frequent values of a field (or, by FLOW_SELF, elements) per key and window, the most
 * frequent first: rows of `out`, whose fields are, in this order, the key (where the input has
 * one), the value, an int64 for how often it came, and an int64 for how much of that may be too
 * much. Keyed by that first field. Space-saving: the truth lies in [count − too much, count], too
 * much is at most elements / counters, and whatever came more often than that is among the
 * counters. Exact while there are no more different values than counters.
 */
static inline flow_coll flow_frequent(
    flow_coll in, flow_field_ref field, const flow_type *out, const flow_frequent_options *options)
{
    return flow_frequent_sized(in, field, out, options, sizeof *options);
}

#ifdef __cplusplus
}
#endif

#endif
