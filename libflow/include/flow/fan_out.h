// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Hot keys: a combine in two levels, so that no single worker adds up all of a key (R76). Included
 * by `<flow/flow.h>`.
 */
#ifndef FLOW_FAN_OUT_H
#define FLOW_FAN_OUT_H

#include <flow/flow.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of flow_fan_out; one of `parts` and `parts_of` must be said. */
typedef struct flow_fan_out_options {
    const char *name; /**< Name of the step; NULL: "fan_out". */
    uint32_t parts;   /**< How many parts every key is combined in first, at least 2. */
    /** The same by key, which is NULL without one: 0 and 1 mean a cold key, whose elements skip the
     * first level. Called for each element, on any worker; the same key may get other answers. */
    uint32_t (*parts_of)(const void *key);
} flow_fan_out_options;

/** flow_fan_out, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_fan_out_sized(
    flow_coll in, const flow_fan_out_options *options, size_t size);

/**
 * The same collection, for combines of any kind (flow_combine, flow_sum, flow_top, sketches …),
 * which add up each key in parts on several workers first, and then the parts. Results are those
 * without, at the end of windows and with late elements, but for sessions: a late element may still
 * join one that parts hold back, which would have been over without. Results that come before the
 * end of a window may be of fewer elements, since parts have triggers too. The first level discards
 * what it gave, whatever the input says. All elements of a bundle go to one part of their key.
 *
 * Triggers that count elements are refused, since they would count parts; so is a combine without
 * `add` or `merge`, and when the pipeline is checked a collection that no combine takes. Worth it
 * where adding up before the shuffle does not help: windows that merge, triggers, few rows a
 * bundle.
 */
static inline flow_coll flow_fan_out(flow_coll in, const flow_fan_out_options *options)
{
    return flow_fan_out_sized(in, options, sizeof *options);
}

#ifdef __cplusplus
}
#endif

#endif
