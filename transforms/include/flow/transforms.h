// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The transforms people compose with: counts and sums, distinct, top, filters by value.
 */
#ifndef FLOW_TRANSFORMS_H
#define FLOW_TRANSFORMS_H

#include <flow/flow.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What flow_count makes. */
struct flow_counted {
    int64_t count; /**< Elements. */
};

/** Type of flow_counted. */
FLOW_API extern const flow_type flow_counted_type;

/** A whole number: what sums, minima and maxima of integer fields make. */
struct flow_integer {
    int64_t value; /**< The number. */
};

/** Type of flow_integer. */
FLOW_API extern const flow_type flow_integer_type;

/** A number: what sums, minima and maxima of float fields make. */
struct flow_number {
    double value; /**< The number. */
};

/** Type of flow_number. */
FLOW_API extern const flow_type flow_number_type;

/** What flow_mean makes. */
struct flow_averaged {
    double mean;   /**< Sum over count. */
    int64_t count; /**< Elements. */
};

/** Type of flow_averaged. */
FLOW_API extern const flow_type flow_averaged_type;

/** What flow_summarize makes. */
struct flow_summary {
    int64_t count;    /**< Elements. */
    double mean;      /**< Arithmetic mean. */
    double deviation; /**< Standard deviation of the population. */
    double min;       /**< Smallest. */
    double max;       /**< Largest. */
};

/** Type of flow_summary. */
FLOW_API extern const flow_type flow_summary_type;

/** Counts elements per key and window (per window without a key). */
FLOW_API flow_coll flow_count(flow_coll in);

/** Sums a field: flow_integer for integers (a sum outside 64 bits fails the step) and durations (in
 * microseconds), flow_number for floats. */
FLOW_API flow_coll flow_sum(flow_coll in, flow_field_ref field);

/** The smallest value of a field: flow_integer for integers, times and durations (in microseconds),
 * flow_number for floats, where a NaN gives way to any number. */
FLOW_API flow_coll flow_min(flow_coll in, flow_field_ref field);

/** The largest value of a field, as flow_min. */
FLOW_API flow_coll flow_max(flow_coll in, flow_field_ref field);

/** The mean of a field: flow_averaged. */
FLOW_API flow_coll flow_mean(flow_coll in, flow_field_ref field);

/** Count, mean, deviation, minimum and maximum of a field: flow_summary. */
FLOW_API flow_coll flow_summarize(flow_coll in, flow_field_ref field);

/** Each different element once per window; equality by binary form (R21). Keyed as its input where
 * the key is a field of the element, else unkeyed. */
FLOW_API flow_coll flow_distinct(flow_coll in);

/** The `count` (at most 1,000, and 32 KiB) elements with the largest values of `field` per key and
 * window, largest first; ties are broken by the rest of the element. Keyed as flow_distinct. */
FLOW_API flow_coll flow_top(flow_coll in, uint32_t count, flow_field_ref field);

#ifdef __cplusplus
}
#endif

#endif
