// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Transforms that remember by key: each thing once, batches, joins of two streams over time, rates,
 * and detectors. Their state belongs to a key and a window and ends with the window; where windows
 * merge, so does it.
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
 * ones in different windows all pass (R78b). Elements pass at once; nothing waits. Windows that
 * merge are those of equal elements: in sessions the first of a run passes, in the window as it is
 * then. Where two of them become one after both let one pass, both have passed. Keyed as its input
 * where the key is a field. `options` may be NULL. State: some bytes for each element that is
 * remembered.
 */
static inline flow_coll flow_deduplicate(flow_coll in, const flow_deduplicate_options *options)
{
    return flow_deduplicate_sized(in, options, sizeof *options);
}

/** Options of flow_batches. */
typedef struct flow_batches_options {
    const char *name;       /**< Name of the composite; NULL: "batches". */
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
 * it has waited long enough, or, as it is, when its window expires. It has the time of its earliest
 * element, for which the output watermark waits. Where windows merge, so do their batches: the
 * earlier window's elements come first, and batches that are full by that are given together, all
 * with the time of the earliest. Unkeyed. One of `count`, `bytes` and `max_wait`
 * must be said.
 */
static inline flow_coll flow_batches(
    flow_coll in, const flow_type *out, const flow_batches_options *options)
{
    return flow_batches_sized(in, out, options, sizeof *options);
}

/** Options of flow_throttle. */
typedef struct flow_throttle_options {
    const char *name;  /**< Name of the composite; NULL: "throttle". */
    int64_t elements;  /**< So many go on … */
    flow_duration per; /**< … in this time by the clock, evenly; at most a day. */
    int64_t burst;     /**< So many at once after a pause; 0: one. */
    bool by_key;       /**< Each key for itself; else all together. */
} flow_throttle_options;

/** flow_throttle, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_throttle_sized(
    flow_coll in, const flow_throttle_options *options, size_t size);

/**
 * The same elements, no more of them in a time than the options say, whatever number of workers:
 * each goes on at its turn, or as soon after it as a worker is free. None is lost; those that wait
 * keep their event times and hold the watermark there. They lie in memory, within the budget. The
 * input must be in the global window. A job that drains gives what waits at once. Keyed as its
 * input where the key is a field. State: 16 bytes a key, while something of it waits.
 */
static inline flow_coll flow_throttle(flow_coll in, const flow_throttle_options *options)
{
    return flow_throttle_sized(in, options, sizeof *options);
}

/** How a question was answered. */
typedef enum flow_answered {
    FLOW_ANSWER_NONE = 0,  /**< There is nothing under the key; this is remembered too. */
    FLOW_ANSWER_FOUND = 1, /**< `answer` was written. */
    FLOW_ANSWER_FAILED = 2 /**< It could not be found out: the elements that asked fail. */
} flow_answered;

/** A question of flow_look_up, as the user's function is given it. */
typedef struct flow_question {
    const void *key;        /**< What is asked for; lent. */
    void *answer;           /**< A zeroed record, to be written. What it points to must last until
                               the bundle ends: flow_alloc, flow_format. */
    flow_answered answered; /**< At first NONE. */
    flow_str why;           /**< With FAILED: one sentence, lasting as the answer. */
} flow_question;

/** Finds out what is under keys: static, made by FLOW_ASK_FN or by hand. */
typedef struct flow_ask_fn {
    const char *name;        /**< The default name of its steps. */
    flow_key_spec key;       /**< The keys it is asked for. */
    const flow_type *answer; /**< What it finds. */
    /** Answers `count` questions for different keys, all at once if it can. It may block, on any
     * worker. If it fails, all elements that asked fail. */
    flow_status (*ask)(flow_ctx *ctx, flow_question *questions, size_t count);
} flow_ask_fn;

/** Options of flow_look_up; those behind `kind` that are not said here are flow_do_options'. */
typedef struct flow_look_up_options {
    const char *name;     /**< Name of the composite; NULL: "look_up". */
    flow_join_kind kind;  /**< INNER, or LEFT: elements without an answer are given too. */
    uint32_t count;       /**< Questions of a call at most; 0: 100. */
    uint32_t in_flight;   /**< Calls at once at most, each for its share of the keys, on the worker
                             whose cache has them; 0: one for each worker, for what comes there. */
    bool no_cache;        /**< Answers are not remembered. */
    uint64_t cache_bytes; /**< What each worker may remember; 0: 1 MiB. The oldest go first. */
    flow_duration fresh;  /**< How long an answer is good, by the clock; 0: a minute. */
    flow_duration fresh_none;     /**< Likewise that there is none; 0: as `fresh`. */
    const void *config;           /**< For the function. */
    const flow_type *config_type; /**< Its type. */
    flow_on_error on_error;       /**< For elements whose question failed. */
    uint32_t attempts;            /**< At them; what is remembered is not asked for again. */
    flow_duration backoff;        /**< Pause before the second attempt, then doubled. */
    flow_duration timeout;        /**< Batches that take longer fail. */
    double most_rejected;         /**< A larger share of failed elements fails the job. */
    flow_duration max_wait;       /**< Elements wait by the clock, at most so long, until there are
                                     `count` of them in a window for one call; `in_flight` 0 is one
                                     call at once then. 0: nothing waits. */
} flow_look_up_options;

/** flow_look_up, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_look_up_sized(flow_coll in, const flow_ask_fn *ask,
    const flow_join_fn *join, const flow_look_up_options *options, size_t size);

/**
 * Joins each element with what a function finds under its key, somewhere outside: a service, a
 * database. Keys that come together are asked for together, each once; answers are remembered by
 * worker for a while. Elements keep time and window. With `max_wait` elements wait for others, in
 * state by window: not longer than their window lasts, not in windows that merge, and such as are
 * taken back are refused; the watermark waits for them. `options` may be NULL.
 */
static inline flow_coll flow_look_up(flow_coll in, const flow_ask_fn *ask, const flow_join_fn *join,
    const flow_look_up_options *options)
{
    return flow_look_up_sized(in, ask, join, options, sizeof *options);
}

#ifndef __cplusplus
/** `flow_status fn(flow_ctx *, flow_question *, size_t)`, asked for keys of type KEY, finds a
 * `struct ANSWER`: defines `fn_ask`. */
#define FLOW_ASK_FN(fn, KEY, ANSWER)                                                               \
    FLOW_MUST_BE_(&fn, flow_status (*)(flow_ctx *, flow_question *, size_t),                       \
        #fn " must be: flow_status " #fn "(flow_ctx *, flow_question *, size_t)");                 \
    static const flow_ask_fn fn##_ask = {                                                          \
        .name = #fn, .key = FLOW_KEY_SPEC_(KEY), .answer = &ANSWER##_type, .ask = fn               \
    }

/** Answers a question: `FLOW_ANSWER(question, product, .name = …)`. */
#define FLOW_ANSWER(question, T, ...)                                                              \
    ((void)(*(struct T *)(question)->answer = (struct T){ __VA_ARGS__ }),                          \
        (void)((question)->answered = FLOW_ANSWER_FOUND))
#endif

/** What a value is compared with. */
typedef enum flow_detector {
    FLOW_DETECT_EWMA = 1,    /**< Exponentially weighted mean and variance: what was lately. */
    FLOW_DETECT_Z_SCORE = 2, /**< Mean and variance of all before it. */
    FLOW_DETECT_CUSUM = 3    /**< Small shifts that last: sums of deviations from what the first
                                `warm_up` values were like. */
} flow_detector;

/** How unusual a value is. */
struct flow_score {
    double value;     /**< The value. */
    double mean;      /**< What was expected. */
    double deviation; /**< Standard deviation of what was before. */
    double score;     /**< Deviations from the mean, or the sum of CUSUM; 0 while warming up. */
    bool alarm;       /**< The score is above the threshold. */
    int64_t seen;     /**< Values that mean and deviation are of. */
};

/** What is made of an element and its score: static, made by FLOW_SCORED_FN. */
typedef struct flow_scored_fn {
    flow_fn fn; /**< Key, input and outputs; the rest is filled while building. */
    /** Called for each element, in order of event time. */
    flow_status (*scored)(
        flow_ctx *ctx, const void *key, const void *element, const struct flow_score *score);
} flow_scored_fn;

/** Options of flow_detect. */
typedef struct flow_detect_options {
    const char *name;       /**< Name of the step; NULL: the function's. */
    flow_detector detector; /**< 0: FLOW_DETECT_EWMA. */
    double alpha;           /**< EWMA: weight of the newest value, above 0 … 1; 0: 0.1. */
    double drift;           /**< CUSUM: deviations that do not count; 0: 0.5. */
    double threshold;       /**< 0: 3 deviations, CUSUM 5. */
    int64_t warm_up;        /**< Values of a key before scores are given; 0: 10. */
} flow_detect_options;

/** flow_detect, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_detect_sized(flow_coll in, flow_field_ref field, const flow_scored_fn *fn,
    const flow_detect_options *options, size_t size);

/**
 * Scores a number of each element of a key against those before it (spikes, drifts), in order of
 * event time once the watermark has passed it. A NaN has the score NaN, an infinity an infinite one
 * that alarms; neither teaches anything. Each session is learnt by itself; since elements are
 * taken in order, no two of them with state merge. Windows of a user's function may: means and
 * variances of FLOW_DETECT_Z_SCORE are then those of both, the others go on with what the window
 * that begins later has learnt. State: 40 bytes a key and window. `options` may be NULL.
 */
static inline flow_coll flow_detect(flow_coll in, flow_field_ref field, const flow_scored_fn *fn,
    const flow_detect_options *options)
{
    return flow_detect_sized(in, field, fn, options, sizeof *options);
}

#ifndef __cplusplus
/**
 * `flow_status fn(flow_ctx *, const KEY *, const struct IN *, const struct flow_score *)`:
 * `FLOW_SCORED_FN(tell, flow_str, reading, alarm);` defines `tell_scored`.
 */
#define FLOW_SCORED_FN(fn_, KEY, IN, ...)                                                          \
    FLOW_MUST_BE_(&fn_,                                                                            \
        flow_status (*)(flow_ctx *, const KEY *, const struct IN *, const struct flow_score *),    \
        #fn_ " must be: flow_status " #fn_ "(flow_ctx *, const " #KEY " *, const struct " #IN      \
             " *, const struct flow_score *)");                                                    \
    static flow_status fn_##_scored_(                                                              \
        flow_ctx *ctx, const void *key, const void *element, const struct flow_score *score)       \
    {                                                                                              \
        return fn_(ctx, (const KEY *)key, (const struct IN *)element, score);                      \
    }                                                                                              \
    FLOW_OUTS_(fn_, __VA_ARGS__);                                                                  \
    static const flow_scored_fn fn_##_scored = {                                                   \
        .fn = { .name = #fn_, .key = FLOW_KEY_SPEC_(KEY), .in = &IN##_type, FLOW_OUTS_OF_(fn_) },  \
        .scored = fn_##_scored_                                                                    \
    }
#endif

#ifdef __cplusplus
}
#endif

#endif
