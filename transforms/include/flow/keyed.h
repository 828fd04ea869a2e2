// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Transforms that remember by key: each thing once, batches, joins of two streams over time, and
 * detectors. Their state belongs to a key and a window and ends with the window; windows that merge
 * are refused.
 */
#ifndef FLOW_KEYED_H
#define FLOW_KEYED_H

#include <flow/flow.h>
#include <flow/join.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of flow_deduplicate. */
typedef struct flow_deduplicate_options {
    const char *name;       /**< Name of the composite; NULL: "deduplicate". */
    flow_field_ref by;      /**< The field that tells elements apart; none: the whole element. */
    flow_duration duration; /**< How long one is remembered; 0: ten minutes. */
    flow_timer_clock clock; /**< FLOW_PROCESSING_TIME, also when 0, or FLOW_EVENT_TIME. */
} flow_deduplicate_options;

/** flow_deduplicate, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_deduplicate_sized(
    flow_coll in, const flow_deduplicate_options *options, size_t size);

/**
 * The first of equal elements, by binary form, within `duration` of it and within a window: equal
 * ones in different windows all pass (R78b). Elements pass at once; nothing waits. Keyed as its
 * input where the key is a field. `options` may be NULL. State: some bytes for each element that is
 * remembered.
 */
static inline flow_coll flow_deduplicate(flow_coll in, const flow_deduplicate_options *options)
{
    return flow_deduplicate_sized(in, options, sizeof *options);
}

/** Options of flow_batches. */
typedef struct flow_batches_options {
    const char *name;       /**< Name of the step; NULL: "batches". */
    uint64_t count;         /**< Elements a batch has at most; 0: no limit. */
    uint64_t bytes;         /**< A batch is given once its elements take so many bytes in binary
                               form; 0: no limit. */
    flow_duration max_wait; /**< A batch is given so long after its first element came, by the
                               clock; 0: it waits for its window. */
} flow_batches_options;

/** flow_batches, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_batches_sized(
    flow_coll in, const flow_type *out, const flow_batches_options *options, size_t size);

/**
 * Elements of a key and window in batches (GroupIntoBatches, R78): rows of `out`, a record of the
 * key and a list of the input's records, in order of coming. A batch is given when it is full, when
 * it has waited long enough, or, as it is, when its window expires. It has the time of the element
 * that filled it, else of its earliest, for which the output watermark waits. Unkeyed. One of
 * `count`, `bytes` and `max_wait` must be said.
 */
static inline flow_coll flow_batches(
    flow_coll in, const flow_type *out, const flow_batches_options *options)
{
    return flow_batches_sized(in, out, options, sizeof *options);
}

#ifdef __cplusplus
}
#endif

#endif
