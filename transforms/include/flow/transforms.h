// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The transforms people compose with: counts and sums, distinct, top, partition.
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

/** Sums a field: flow_integer for integers and durations (in microseconds), flow_number for floats.
 * A sum outside 64 bits fails the job and names the key: to hand such results on instead, sum with
 * flow_aggregate or flow_combine, whose options have `on_error`. */
FLOW_API flow_coll flow_sum(flow_coll in, flow_field_ref field);

/** The smallest value of a field: flow_integer for integers, times and durations (in microseconds),
 * flow_number for floats, where a NaN gives way to any number. A uint64 is compared without a sign;
 * one above INT64_MAX has no flow_integer and fails the job as a sum does: flow_aggregate makes a
 * uint64 of it. */
FLOW_API flow_coll flow_min(flow_coll in, flow_field_ref field);

/** The largest value of a field, as flow_min. */
FLOW_API flow_coll flow_max(flow_coll in, flow_field_ref field);

/** The mean of a field: flow_averaged. */
FLOW_API flow_coll flow_mean(flow_coll in, flow_field_ref field);

/** Count, mean, deviation, minimum and maximum of a field: flow_summary. */
FLOW_API flow_coll flow_summarize(flow_coll in, flow_field_ref field);

/** Each different element once per window, also where its window gives several results; equality by
 * binary form (R21). Keyed as its input where the key is a field of the element, else unkeyed. */
FLOW_API flow_coll flow_distinct(flow_coll in);

/** The `count` (at most 1,000, and 32 KiB) elements with the largest values of `field` per key and
 * window, largest first; ties are broken by the rest of the element. Keyed as flow_distinct. */
FLOW_API flow_coll flow_top(flow_coll in, uint32_t count, flow_field_ref field);

/**
 * Up to `count` (limits as flow_top) elements per key and window, drawn by `seed`: each with the
 * same chance, whatever came before it. The same elements and seed give the same sample, in
 * whatever order and on however many workers, and elements that are equal are drawn together. Keyed
 * as flow_distinct.
 */
FLOW_API flow_coll flow_sample(flow_coll in, uint32_t count, uint64_t seed);

/** One element per key and window: the smallest by its fields, so that it is the same in every run.
 * Keyed as flow_distinct. */
FLOW_API flow_coll flow_any(flow_coll in);

/** The element with the latest event time per key and window; of several the smallest by its
 * fields. Keyed as flow_distinct. */
FLOW_API flow_coll flow_latest(flow_coll in);

/**
 * The same elements with the same times, windows and panes, spread over the workers by key (without
 * one by their bytes): what comes after runs in bundles of its own, once those before have
 * committed (R79). For steps that make much out of little, whose results one worker should not work
 * on alone. Nothing is dropped as late. Keyed as flow_distinct.
 */
FLOW_API flow_coll flow_reshuffle(flow_coll in);

/**
 * The elements of `in`, each held back until the window of `signal` that its own is mapped to (R70)
 * is collected: its end plus the allowed lateness of `signal` has passed (R77). What else the
 * signal says, and whether it has elements at all, does not matter. The watermark behind waits too.
 * A signal in the global window releases nothing before it has ended. Keyed as `in`.
 */
FLOW_API flow_coll flow_wait_on(flow_coll in, flow_coll signal);

/** The whole numbers from `from` up to before `to`, in no particular order, without event time:
 * flow_integer. Read by all workers at once (GenerateSequence). */
FLOW_API flow_coll flow_sequence(flow_pipeline *pipeline, int64_t from, int64_t to);

/** What flow_sequence_with and flow_impulses give. */
struct flow_impulse {
    flow_time at;   /**< Its instant, which is its event time. */
    int64_t number; /**< Which it is. */
};

/** Type of flow_impulse. */
FLOW_API extern const flow_type flow_impulse_type;

/** Options of flow_sequence_with. */
typedef struct flow_sequence_options {
    const char *name;  /**< Name of the composite; NULL: "sequence". */
    int64_t from;      /**< The first number. */
    int64_t to;        /**< Before this number it ends. */
    bool endless;      /**< There is no `to`: a stream. */
    int64_t elements;  /**< So many come … */
    flow_duration per; /**< … in this time by the clock, evenly. Both 0: at once. */
    /** Event time of a number, which must not fall from one to the next. NULL: the clock's. */
    flow_time (*time_of)(int64_t number);
    flow_duration lasts; /**< Ends so long after it began, by the clock; 0: no such end. */
} flow_sequence_options;

/** flow_sequence_with, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_sequence_with_sized(
    flow_pipeline *pipeline, const flow_sequence_options *options, size_t size);

/**
 * Whole numbers in their order, with event times and at a rate (GenerateSequence). What is behind
 * its rate is made up for. The watermark stands at the next number's time. One worker at a time;
 * flow_sequence is faster where neither time nor rate matters.
 */
static inline flow_coll flow_sequence_with(
    flow_pipeline *pipeline, const flow_sequence_options *options)
{
    return flow_sequence_with_sized(pipeline, options, sizeof *options);
}

/** Options of flow_impulses. */
typedef struct flow_impulses_options {
    const char *name;    /**< Name of the composite; NULL: "impulses". */
    flow_time start;     /**< Instant of the first. */
    flow_duration every; /**< From one to the next; required. */
    flow_time until;     /**< None from this instant on; 0: without end. */
    bool skip_past;      /**< Those due before the job began are left out, not made up for. */
} flow_impulses_options;

/** flow_impulses, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_impulses_sized(
    flow_pipeline *pipeline, const flow_impulses_options *options, size_t size);

/**
 * An element at each instant, numbered from 0, given once the runner's clock has reached it; those
 * of the past at once (PeriodicImpulse). The watermark stands at the next instant, so a window over
 * impulses, and what is read for each of them, ends on time: the start of a slowly changing side
 * input.
 */
static inline flow_coll flow_impulses(flow_pipeline *pipeline, const flow_impulses_options *options)
{
    return flow_impulses_sized(pipeline, options, sizeof *options);
}

/** One poll of flow_watch. */
typedef struct flow_poll flow_poll;

/** Tells of a thing that is there; it goes on only if it was not there before. The row is copied.
 * Its event time is the clock's. Sticky on failure. */
FLOW_API flow_status flow_poll_give(flow_poll *poll, const flow_type *type, const void *row);

/** The same with an event time, which may not lie before that of the element that is watched. */
FLOW_API flow_status flow_poll_give_at(
    flow_poll *poll, const flow_type *type, const void *row, flow_time at);

/** No later poll will tell of a thing with an earlier time. Without a word the watermark stands at
 * the earliest that this poll found, or at the clock. */
FLOW_API void flow_poll_watermark(flow_poll *poll, flow_time at);

/** Nothing will ever be new after this poll: it is the last. */
FLOW_API void flow_poll_end(flow_poll *poll);

/** Looks what is there, for an element: static, made by FLOW_POLL_FN or by hand. */
typedef struct flow_poll_fn {
    const char *name;     /**< The default name of its steps. */
    const flow_type *in;  /**< Elements that are watched. */
    const flow_type *out; /**< What is found. */
    /** Tells of all that is there, new or not, by flow_poll_give. It may block, on any worker. */
    flow_status (*poll)(flow_ctx *ctx, const void *element, flow_poll *poll);
} flow_poll_fn;

/** Options of flow_watch. An element is watched until the first end that is said. */
typedef struct flow_watch_options {
    const char *name;    /**< Name of the step; NULL: the poll's. */
    flow_duration every; /**< From one poll to the next, by the clock; 0: one poll and no more. */
    flow_field_ref by;   /**< The field that tells things apart; none: the whole record. */
    flow_duration quiet; /**< It ends so long after the last new thing; 0: not so. */
    flow_duration total; /**< It ends so long after the first poll; 0: not so. */
    int64_t most;        /**< It ends with so many new things; 0: not so. */
    flow_on_error on_error; /**< For elements whose poll fails: they are watched no more. */
    uint32_t attempts;      /**< At a poll, as flow_do_options says. */
    flow_duration backoff;  /**< Likewise. */
} flow_watch_options;

/** flow_watch, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_watch_sized(
    flow_coll in, const flow_poll_fn *fn, const flow_watch_options *options, size_t size);

/**
 * Polls for each element, and gives each thing that it finds once, by binary form (Watch, R82).
 * What was seen is 16 bytes a thing and copied at each poll. A job that drains polls no more.
 * Without `quiet` and `total` the output has no end. Unkeyed.
 */
static inline flow_coll flow_watch(
    flow_coll in, const flow_poll_fn *fn, const flow_watch_options *options)
{
    return flow_watch_sized(in, fn, options, sizeof *options);
}

#ifndef __cplusplus
/** `flow_status fn(flow_ctx *, const struct IN *, flow_poll *)`: defines `fn_poll`. */
#define FLOW_POLL_FN(fn, IN, OUT)                                                                  \
    FLOW_MUST_BE_(&fn, flow_status (*)(flow_ctx *, const struct IN *, flow_poll *),                \
        #fn " must be: flow_status " #fn "(flow_ctx *, const struct " #IN " *, flow_poll *)");     \
    static flow_status fn##_polled_(flow_ctx *ctx, const void *element, flow_poll *poll)           \
    {                                                                                              \
        return fn(ctx, (const struct IN *)element, poll);                                          \
    }                                                                                              \
    static const flow_poll_fn fn##_poll = {                                                        \
        .name = #fn, .in = &IN##_type, .out = &OUT##_type, .poll = fn##_polled_                    \
    }

/** Tells of a thing: `FLOW_FOUND(poll, file, .path = …)`. */
#define FLOW_FOUND(poll, T, ...) flow_poll_give((poll), &T##_type, &(struct T){ __VA_ARGS__ })
#endif

/** Says which of `parts` an element goes to, from 0: static, made by FLOW_PARTITION_FN or by hand.
 */
typedef struct flow_partition_fn {
    const char *name;    /**< The default name of its steps. */
    const flow_type *in; /**< Elements it takes. */
    /** The part; one there is not fails the element, as does flow_fail. */
    uint32_t (*part)(flow_ctx *ctx, const void *element, uint32_t parts);
} flow_partition_fn;

/** flow_partition, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_partition_sized(flow_coll in, const flow_partition_fn *fn, uint32_t count,
    const flow_do_options *options, size_t size);

/** Deals elements out to `count` collections, at most 30. Gives the first; the others are
 * `flow_output(parts, 1)` and so on. Unkeyed. `options` may be NULL. */
static inline flow_coll flow_partition(
    flow_coll in, const flow_partition_fn *fn, uint32_t count, const flow_do_options *options)
{
    return flow_partition_sized(in, fn, count, options, sizeof *options);
}

#ifndef __cplusplus
/** `uint32_t fn(flow_ctx *, const struct T *, uint32_t parts)`: defines `fn_partition`. */
#define FLOW_PARTITION_FN(fn, T)                                                                   \
    FLOW_MUST_BE_(&fn, uint32_t (*)(flow_ctx *, const struct T *, uint32_t),                       \
        #fn " must be: uint32_t " #fn "(flow_ctx *, const struct " #T " *, uint32_t)");            \
    static uint32_t fn##_part_(flow_ctx *ctx, const void *element, uint32_t parts)                 \
    {                                                                                              \
        return fn(ctx, (const struct T *)element, parts);                                          \
    }                                                                                              \
    static const flow_partition_fn fn##_partition = {                                              \
        .name = #fn, .in = &T##_type, .part = fn##_part_                                           \
    }
#endif

#ifdef __cplusplus
}
#endif

#endif
