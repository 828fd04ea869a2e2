// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Splittable functions (R68): functions whose work on one element may be large or without end. What
 * is to be done for an element is a record, its restriction; a tracker hands it out position by
 * position. So the engine can stop a call in the middle, give what is left to other workers, put it
 * into a snapshot, or come back to it later.
 */
#ifndef FLOW_SPLIT_H
#define FLOW_SPLIT_H

#include <flow/flow.h>
#include <flow/function.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a tracker says to a claim. */
typedef enum flow_try {
    FLOW_TRY_OUTSIDE = 0, /**< The position lies behind the restriction: the call is done. */
    FLOW_TRY_GRANTED = 1, /**< The position is the call's: it must process it. */
    FLOW_TRY_WRONG = -1   /**< Before the restriction, or not behind the last one: the job fails. */
} flow_try;

/** How much of a restriction is done, in whatever unit its tracker counts. */
typedef struct flow_work {
    double done; /**< Claimed so far. */
    double left; /**< Still to be claimed; infinite where that is not known. */
} flow_work;

/**
 * How a kind of restriction is handed out: static, pure functions without memory of their own. A
 * restriction is only ever looked at by one thread at a time. `state` is `state_size` zeroed bytes
 * at the begin of each call of the function: what the tracker remembers of its claims.
 */
typedef struct flow_tracker {
    const char *name;             /**< For messages. */
    const flow_type *restriction; /**< The record. */
    uint32_t state_size;          /**< Bytes of `state`. */
    /** The function wants `position`, which only function and tracker know the type of. */
    flow_try (*claim)(const void *restriction, void *state, const void *position);
    /**
     * Cuts off what was not claimed, but for `fraction` (0 … 1) of it: `restriction` becomes the
     * primary, `residual` the rest; together they are exactly what `restriction` was, and what was
     * claimed lies in the primary. False, changing nothing, when the residual would be empty. With
     * 0 the primary is what was claimed.
     */
    bool (*split)(void *restriction, const void *state, double fraction, void *residual);
    /** Whether all of the restriction was claimed, or a claim was refused. */
    bool (*done)(const void *restriction, const void *state);
    /** How far it is; may be NULL. */
    flow_work (*work)(const void *restriction, const void *state);
} flow_tracker;

/** The restriction of flow_offset_tracker: offsets from `from` up to `to`, which is not in it. An
 * unbounded one ends at INT64_MAX. */
struct flow_offset_range {
    int64_t from; /**< First offset. */
    int64_t to;   /**< Behind the last one. */
};

/** Type of flow_offset_range. */
FLOW_API extern const flow_type flow_offset_range_type;

/** Hands out a flow_offset_range. Positions are int64_t, each greater than the last; those between
 * need not be claimed. See flow_claim_offset. */
FLOW_API extern const flow_tracker flow_offset_tracker;

/** How a step tells the watermark of what an element has still to give (R6). Until it says more
 * that is the element's event time. It never goes back. */
typedef enum flow_estimator {
    FLOW_ESTIMATOR_NONE = 0,      /**< The element's event time, until it is done. */
    FLOW_ESTIMATOR_MANUAL = 1,    /**< What the function said with flow_estimate. */
    FLOW_ESTIMATOR_MONOTONE = 2,  /**< The latest time given to flow_emit_at: outputs come in order
                                     of time. */
    FLOW_ESTIMATOR_WALL_CLOCK = 3 /**< The clock when the call ended. */
} flow_estimator;

/**
 * A splittable function: static, made by FLOW_SPLIT_FN or by hand. Its `fn` has the form
 * FLOW_FORM_EMIT; it has neither state nor timers. All members run in bundles, on any worker; what
 * they fail on is routed by the step's `on_error`, with all that was left of the element.
 *
 * Side inputs are those of the step's options. An element waits until they are ready for its window
 * (R69). From then on `initial`, `split` and the call look into them by its window and time,
 * whatever times it emits with. A call sees one version to its end; the next one, which goes on
 * with what is left, may see a later one.
 */
typedef struct flow_split_fn {
    const flow_fn *fn;           /**< The call: claims, processes, emits. */
    const flow_tracker *tracker; /**< How its restrictions are handed out. */
    /** Writes the whole restriction of an element (zeroed before). Required (R68). */
    flow_status (*initial)(flow_ctx *ctx, const void *element, void *restriction);
    /** Cuts a restriction into parts that can go to several workers at once: flow_split_part for
     * each; together they are exactly the restriction. NULL: it stays one. */
    flow_status (*split)(flow_ctx *ctx, const void *element, const void *restriction);
    /** The job drains (R80): changes what is left to what is still done, or returns false: nothing.
     * NULL: bounded functions finish, unbounded ones stop. */
    bool (*truncate)(const void *element, void *restriction);
    flow_estimator estimator; /**< Where the watermark comes from. */
    bool unbounded;           /**< Restrictions may have no end: its output is unbounded. */
} flow_split_fn;

/** flow_split_with, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_split_sized(
    flow_coll in, const flow_split_fn *fn, const flow_do_options *options, size_t size);

/** Applies a splittable function to every element. Its main output; further ones by flow_output.
 * `options` may be NULL. */
static inline flow_coll flow_split_with(
    flow_coll in, const flow_split_fn *fn, const flow_do_options *options)
{
    return flow_split_sized(in, fn, options, sizeof *options);
}

/** What flow_split is given after its collection. */
typedef struct flow_split_args {
    const flow_split_fn *fn;        /**< The function. */
    const flow_do_options *options; /**< May be left out. */
} flow_split_args;

/** `flow_split(in, &fn)`, with options as a third argument: flow_split_with. */
#define flow_split(in, ...) flow_split_call((in), (flow_split_args){ .fn = __VA_ARGS__ })

/** What the macro flow_split calls. */
static inline flow_coll flow_split_call(flow_coll in, flow_split_args args)
{
    return flow_split_with(in, args.fn, args.options);
}

/** The restriction that the call is to work on; it may shrink with each claim. NULL and a sticky
 * status when it is of another type. */
FLOW_API const void *flow_restriction(flow_ctx *ctx, const flow_type *type);

/**
 * Asks for a position before it is processed. True: it is the call's. False: the call returns
 * FLOW_OK without processing it, since the restriction is done or what is left goes elsewhere. A
 * position that the tracker finds wrong is a sticky FLOW_INVALID.
 */
FLOW_API bool flow_claim_position(flow_ctx *ctx, const void *position);

/** flow_claim_position for flow_offset_tracker. */
static inline bool flow_claim_offset(flow_ctx *ctx, int64_t offset)
{
    return flow_claim_position(ctx, &offset);
}

/** Says, before returning FLOW_OK, that there is nothing for now: what was not claimed is gone on
 * with once `delay` has passed by the clock. */
FLOW_API void flow_resume_after(flow_ctx *ctx, flow_duration delay);

/** FLOW_ESTIMATOR_MANUAL: nothing with an earlier time will come of what is left. Counts for what
 * the call leaves when it returns; an earlier instant than before changes nothing. */
FLOW_API void flow_estimate(flow_ctx *ctx, flow_time watermark);

/** Gives a part, from `split` of a splittable function. */
FLOW_API flow_status flow_split_part(flow_ctx *ctx, const flow_type *type, const void *restriction);

#ifdef __cplusplus
}
#else

/** The restriction of the call: `const struct flow_offset_range *r = FLOW_RESTRICTION(ctx,
 * flow_offset_range);`. */
#define FLOW_RESTRICTION(ctx, T) ((const struct T *)flow_restriction((ctx), &T##_type))

#define FLOW_UNPACKED_(...) __VA_ARGS__

/**
 * `flow_status fn(flow_ctx *, const struct IN *)`, called for an element and a restriction; `OUTS`
 * is the list of its outputs in parentheses, then follow members of flow_split_fn.
 * `FLOW_SPLIT_FN(count_up, job, (tick), .tracker = &flow_offset_tracker, .initial = whole);`
 * defines `count_up_split`.
 */
#define FLOW_SPLIT_FN(fn_, IN, OUTS, ...)                                                          \
    FLOW_MUST_BE_(&fn_, flow_status (*)(flow_ctx *, const struct IN *),                            \
        #fn_ " must be: flow_status " #fn_ "(flow_ctx *, const struct " #IN " *)");                \
    static flow_status fn_##_batch_(flow_ctx *ctx, const flow_batch *batch){ FLOW_EACH_ROW_(       \
        fn_(ctx, FLOW_ROW_(struct IN))) } FLOW_OUTS_(fn_, FLOW_UNPACKED_ OUTS);                    \
    static const flow_fn fn_##_fn = { .name = #fn_,                                                \
        .form = FLOW_FORM_EMIT,                                                                    \
        .in = &IN##_type,                                                                          \
        FLOW_OUTS_OF_(fn_),                                                                        \
        .process = fn_##_batch_ };                                                                 \
    static const flow_split_fn fn_##_split = { .fn = &fn_##_fn, __VA_ARGS__ }

#endif

#endif
