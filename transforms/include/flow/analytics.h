// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What is asked of clickstreams: which session an event belongs to, how far people come on a path,
 * and who comes back.
 */
#ifndef FLOW_ANALYTICS_H
#define FLOW_ANALYTICS_H

#include <flow/fields.h>
#include <flow/flow.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where in a session an element lies. Key and `start` name the session. */
struct flow_session {
    flow_time start;           /**< Event time of its first element. */
    int64_t number;            /**< Of the element, 1 for the first. */
    flow_duration since_start; /**< From the first element to this. */
    flow_duration since_last;  /**< From the one before; 0 for the first. */
};

/** What is made of an element and its place in a session: static, made by FLOW_SESSION_FN. */
typedef struct flow_session_fn {
    flow_fn fn; /**< Key, input and outputs; the rest is filled while building. */
    /** Called for each element, in order of event time. */
    flow_status (*placed)(
        flow_ctx *ctx, const void *key, const void *element, const struct flow_session *session);
} flow_session_fn;

/** Options of flow_sessionize. */
typedef struct flow_sessionize_options {
    const char *name;         /**< Name of the step; NULL: the function's. */
    flow_duration gap;        /**< A session ends with a time so long, or longer, without elements;
                                 above 0, required. */
    flow_duration max_length; /**< An element so long after the first, or longer, begins the next;
                                 0: no limit. */
} flow_sessionize_options;

/** flow_sessionize, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_sessionize_sized(
    flow_coll in, const flow_session_fn *fn, const flow_sessionize_options *options, size_t size);

/**
 * Tells each element of a key its place in a session, in order of event time, once the watermark
 * has passed it: nothing waits for the session's end. Windows of the input end sessions, so use the
 * global window. For figures of whole sessions use flow_sessions() windows and a combine. State: 32
 * bytes a key, until the session has ended.
 */
static inline flow_coll flow_sessionize(
    flow_coll in, const flow_session_fn *fn, const flow_sessionize_options *options)
{
    return flow_sessionize_sized(in, fn, options, sizeof *options);
}

/** Steps a funnel may have. */
#define FLOW_FUNNEL_STEPS 16u

/** How far a key came. */
struct flow_funnel_result {
    int64_t reached;                 /**< Steps taken, 1 or more. */
    flow_time at[FLOW_FUNNEL_STEPS]; /**< Event times of the elements that took them. */
};

/** What an element must be to take a step: static. */
typedef struct flow_funnel_step {
    const flow_condition *conditions; /**< All of them are met. */
    size_t count;                     /**< How many; at least one. */
} flow_funnel_step;

/** What is made of how far a key came: static, made by FLOW_FUNNEL_FN. */
typedef struct flow_funnel_fn {
    flow_fn fn; /**< Key and outputs; the rest is filled while building. */
    /** Called once a key, window and pane. */
    flow_status (*came)(flow_ctx *ctx, const void *key, const struct flow_funnel_result *result);
} flow_funnel_fn;

/** Options of flow_funnel. */
typedef struct flow_funnel_options {
    const char *name;              /**< Name of the composite; NULL: "funnel". */
    const flow_funnel_step *steps; /**< The path, in order; required. */
    size_t step_count;             /**< 1 to FLOW_FUNNEL_STEPS. */
    flow_duration within;          /**< From the first step to the last at most, with its end; 0: as
                                      long as the window. */
} flow_funnel_options;

/** flow_funnel, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_funnel_sized(
    flow_coll in, const flow_funnel_fn *fn, const flow_funnel_options *options, size_t size);

/**
 * How far on a path each key of a window came: the longest chain of elements that take the steps in
 * order, none left out, other elements between them allowed, by event time. An element takes one
 * step; of elements at one instant earlier steps count first. Of chains as long the one that was
 * complete first is told. Keys that take no first step are not told. Any windows and triggers; the
 * window keeps some bytes for each element that may take a step. Unkeyed.
 */
static inline flow_coll flow_funnel(
    flow_coll in, const flow_funnel_fn *fn, const flow_funnel_options *options)
{
    return flow_funnel_sized(in, fn, options, sizeof *options);
}

/** How many keys of a cohort were there in a period. */
struct flow_retained {
    flow_time cohort; /**< Start of the period in which they were there first. */
    int64_t offset;   /**< Periods from that one to this, 0 for the cohort's own. */
    int64_t count;    /**< Keys. */
};

/** Type of flow_retained. */
FLOW_API extern const flow_type flow_retained_type;

/** Options of flow_retention. */
typedef struct flow_retention_options {
    const char *name;     /**< Name of the composite; NULL: "retention". */
    flow_windows periods; /**< Fixed or calendar windows: days, weeks, months; required. */
} flow_retention_options;

/** flow_retention, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_retention_sized(
    flow_coll in, const flow_retention_options *options, size_t size);

/**
 * Who comes back: keys belong to the cohort of the period in which they were first seen, and each
 * period tells how many keys of each cohort were there, in the window of that period. Whatever
 * windows the input has do not matter; late elements count as long as its lateness says. Unkeyed.
 * State: 24 bytes for each key ever seen.
 */
static inline flow_coll flow_retention(flow_coll in, const flow_retention_options *options)
{
    return flow_retention_sized(in, options, sizeof *options);
}

#ifndef __cplusplus

/**
 * `flow_status fn(flow_ctx *, const KEY *, const struct IN *, const struct flow_session *)`:
 * `FLOW_SESSION_FN(tell, flow_str, view, visit);` defines `tell_session`.
 */
#define FLOW_SESSION_FN(fn_, KEY, IN, ...)                                                         \
    FLOW_MUST_BE_(&fn_,                                                                            \
        flow_status (*)(flow_ctx *, const KEY *, const struct IN *, const struct flow_session *),  \
        #fn_ " must be: flow_status " #fn_ "(flow_ctx *, const " #KEY " *, const struct " #IN      \
             " *, const struct flow_session *)");                                                  \
    static flow_status fn_##_placed_(                                                              \
        flow_ctx *ctx, const void *key, const void *element, const struct flow_session *session)   \
    {                                                                                              \
        return fn_(ctx, (const KEY *)key, (const struct IN *)element, session);                    \
    }                                                                                              \
    FLOW_OUTS_(fn_, __VA_ARGS__);                                                                  \
    static const flow_session_fn fn_##_session = {                                                 \
        .fn = { .name = #fn_, .key = FLOW_KEY_SPEC_(KEY), .in = &IN##_type, FLOW_OUTS_OF_(fn_) },  \
        .placed = fn_##_placed_                                                                    \
    }

/**
 * `flow_status fn(flow_ctx *, const KEY *, const struct flow_funnel_result *)`:
 * `FLOW_FUNNEL_FN(tell, flow_str, way);` defines `tell_funnel`.
 */
#define FLOW_FUNNEL_FN(fn_, KEY, ...)                                                              \
    FLOW_MUST_BE_(&fn_,                                                                            \
        flow_status (*)(flow_ctx *, const KEY *, const struct flow_funnel_result *),               \
        #fn_ " must be: flow_status " #fn_ "(flow_ctx *, const " #KEY                              \
             " *, const struct flow_funnel_result *)");                                            \
    static flow_status fn_##_came_(                                                                \
        flow_ctx *ctx, const void *key, const struct flow_funnel_result *result)                   \
    {                                                                                              \
        return fn_(ctx, (const KEY *)key, result);                                                 \
    }                                                                                              \
    FLOW_OUTS_(fn_, __VA_ARGS__);                                                                  \
    static const flow_funnel_fn fn_##_funnel = {                                                   \
        .fn = { .name = #fn_, .key = FLOW_KEY_SPEC_(KEY), FLOW_OUTS_OF_(fn_) },                    \
        .came = fn_##_came_                                                                        \
    }

#endif

#ifdef __cplusplus
}
#endif

#endif
