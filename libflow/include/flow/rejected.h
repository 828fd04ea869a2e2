// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What steps could not take or keep: nothing vanishes. Included by `<flow/flow.h>`.
 */
#ifndef FLOW_REJECTED_H
#define FLOW_REJECTED_H

#include <flow/flow.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a step could not take or keep, and why: an element of flow_dead_letters and flow_dropped.
 */
struct flow_rejected {
    flow_str step; /**< Path of the step. */
    /** "late", "closed-window", "no-window", "future", "expired-state", "expired-timer", "failed",
     * "poison" (at every attempt), "over-budget", "unparsable" or "skipped". */
    flow_str reason;
    flow_str message; /**< One sentence, with the origin where known: file and line or offset. */
    flow_time at;     /**< Event time, where known. */
    flow_str element; /**< Original bytes, or the element as JSON; classified fields masked. Where a
                         composite has put the element into a record of its own, the element. */
    int32_t sign;     /**< −1: the element is one that is taken back; else +1. */
};

/** Type of flow_rejected. */
FLOW_API extern const flow_type flow_rejected_type;

/**
 * Elements that the step which made `coll` could not take, when it was told
 * FLOW_ON_ERROR_DEAD_LETTER. A composite is one step once it has ended: those of all its steps that
 * lead to `coll`. Within a scope that is still open, those of the one step.
 */
FLOW_API flow_coll flow_dead_letters(flow_coll coll);

/** Elements that the step which made `coll` dropped: late (R24), in no window (R11), future, or
 * skipped; of a composite as flow_dead_letters. */
FLOW_API flow_coll flow_dropped(flow_coll coll);

/** Elements that came too late for a view, or lie in no window of it: flow_rejected. Temporal views
 * take every element; what waits for them too long is dropped by the step that looks into them. */
FLOW_API flow_coll flow_view_dropped(flow_view view);

#ifdef __cplusplus
}
#endif

#endif
