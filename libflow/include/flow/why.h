// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Why a window has not fired, in words: of a key and window of a running step, what there is, what
 * its trigger waits for, and who holds the watermark back. flow_job_explain says the last alone, of
 * a whole step.
 */
#ifndef FLOW_WHY_H
#define FLOW_WHY_H

#include <flow/flow.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What flow_job_why is asked. Members that are zero are not said. */
typedef struct flow_why {
    const char *step; /**< Path of the step: a combine, a group or a step with state. */
    /** The key as text: text as it is; numbers, bools, times and durations as CSV has them; a
     * record as JSON. NULL: `key_row`. */
    const char *key;
    const void *key_row;       /**< The key as functions see it: an int64_t, a flow_str, a record;
                                  NULL with `key`: the collection has no key. */
    const flow_window *window; /**< Which window; NULL: all that are kept of the key. */
} flow_why;

/**
 * Answers in a line for the step and one for each window: the input watermark and who holds it
 * back; the window's end and what the watermark lacks to it; how its trigger stands; results given
 * so far, what has come since, what it holds; or that it was never seen, is closed or has expired.
 * Of steps with state: timers and cells. Personal data is masked, but for the key.
 *
 * From any thread until flow_job_wait, but not from functions of the job or its log callback, which
 * gives a sentence that says so: it waits until the worker that has the key has done the bundle in
 * work. Owned by the caller, released with flow_text_free; NULL when there is no such step, or
 * without memory. A key that cannot be read is told in words.
 */
FLOW_API char *flow_job_why(const flow_job *job, const flow_why *question);

#ifdef __cplusplus
}
#endif

#endif
