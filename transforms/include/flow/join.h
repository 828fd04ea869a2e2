// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Several collections brought together by key: CoGroupByKey and joins over windows.
 */
#ifndef FLOW_JOIN_H
#define FLOW_JOIN_H

#include <flow/flow.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Collections that are brought together at most. */
#define FLOW_COGROUP_INPUTS 16u

/** The rows of one key and window by input, for FLOW_COGROUP_FN; lent until the function returns.
 */
typedef struct flow_gathered flow_gathered;

/** The rows that the engine calls a cogroup function for; NULL and a sticky status without memory.
 */
FLOW_API flow_gathered *flow_gather(flow_ctx *ctx);

/** The next row of an input, from 0, in no particular order; NULL at the end. One of another type,
 * or an input there is not, fails the call. Lent until the function returns. */
FLOW_API const void *flow_gathered_next(flow_gathered *rows, uint32_t input, const flow_type *type);

/** How many rows an input has; 0 for one there is not. */
FLOW_API size_t flow_gathered_count(const flow_gathered *rows, uint32_t input);

/** Goes back to the first row of an input. */
FLOW_API void flow_gathered_rewind(flow_gathered *rows, uint32_t input);

/** A function over the rows of several inputs: static, made by FLOW_COGROUP_FN. */
typedef struct flow_cogroup_fn {
    flow_fn fn; /**< Form GROUP, key, outputs, `process`; `in` is filled while building. */
    const flow_type *const *ins; /**< What each input has. */
    uint32_t in_count;           /**< Inputs. */
} flow_cogroup_fn;

/** flow_cogroup, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_cogroup_sized(
    const flow_coll *ins, const flow_cogroup_fn *fn, const flow_do_options *options, size_t size);

/**
 * Calls a function with all rows that several collections have under one key in one window
 * (CoGroupByKey), when the trigger of its inputs says so. `ins` are as many collections as the
 * function has inputs, in their order, of one pipeline, keyed by one kind of key, in the same
 * windows. The name of `options` is that of the composite; `options` may be NULL. Unkeyed. The rows
 * of one key and window have to fit into the budget together; a join, or a group over one type of
 * rows, needs no more than a few of them at once.
 */
static inline flow_coll flow_cogroup(
    const flow_coll *ins, const flow_cogroup_fn *fn, const flow_do_options *options)
{
    return flow_cogroup_sized(ins, fn, options, sizeof *options);
}

/** Which rows without a partner a join gives. */
typedef enum flow_join_kind {
    FLOW_JOIN_INNER = 0, /**< None: pairs only. */
    FLOW_JOIN_LEFT = 1,  /**< Those of the left. */
    FLOW_JOIN_RIGHT = 2, /**< Those of the right. */
    FLOW_JOIN_FULL = 3   /**< Those of both. */
} flow_join_kind;

/** What a join makes of a pair: see below. */
typedef struct flow_join_fn flow_join_fn;

/** What a join makes of a pair: static, made by FLOW_JOIN_FN. */
struct flow_join_fn {
    flow_fn fn; /**< Key and outputs; `process` and the rest are filled while building. */
    const flow_type *left;  /**< Rows of the left. */
    const flow_type *right; /**< Rows of the right. */
    /** Called for each pair; one of both is NULL where there is no partner. `join` is this. */
    flow_status (*pair)(flow_ctx *ctx, const flow_join_fn *join, const void *key, const void *left,
        const void *right);
};

/** The two collections of a join. */
typedef struct flow_sides {
    flow_coll left;  /**< Of its left type. */
    flow_coll right; /**< Of its right type. */
} flow_sides;

/** flow_join, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_join_sized(flow_sides sides, flow_join_kind kind, const flow_join_fn *fn,
    const flow_do_options *options, size_t size);

/**
 * Joins two keyed collections: calls the function with each pair of rows that have one key and one
 * window, and by `kind` with rows that have no partner. Results come when the trigger of the inputs
 * says so, by default when the window has ended: only then it is known who has no partner. With
 * lateness, late rows are joined with each other, not with what was given before; accumulating,
 * with both. A key may have more rows than fit into memory; its pairs come at once, and what steps
 * behind keep of them has to fit. With an `on_error` a pair that the function fails on is rejected
 * alone, as JSON of both rows. Other things as flow_cogroup.
 */
static inline flow_coll flow_join(
    flow_sides sides, flow_join_kind kind, const flow_join_fn *fn, const flow_do_options *options)
{
    return flow_join_sized(sides, kind, fn, options, sizeof *options);
}

/** Options of flow_interval_join. */
typedef struct flow_interval_join_options {
    const char *name;       /**< Name of the composite; NULL: "interval_join". */
    flow_duration from;     /**< A left row at t pairs with right rows from t plus this on … */
    flow_duration to;       /**< … up to and with t plus this; may be negative, as `from`. */
    flow_on_error on_error; /**< For pairs that the function fails on, each by itself: what the
                               others gave stays, and its rows go on waiting for more. */
} flow_interval_join_options;

/** flow_interval_join, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_interval_join_sized(flow_sides sides, const flow_join_fn *fn,
    const flow_interval_join_options *options, size_t size);

/**
 * Pairs of rows of one key and window whose event times are so far apart. Rows are taken in order
 * of event time, once the watermark has passed them (R65); a pair has the time of its later row. A
 * row is kept until the watermark is out of its reach. Use the global window, unless pairs across
 * the ends of windows are not wanted; in sessions, which rows of both sides keep up, pairs are of
 * one session. Windows that merge as a user's function says are refused: what lies in one window
 * would hang on what came first. Other things as flow_cogroup.
 */
static inline flow_coll flow_interval_join(
    flow_sides sides, const flow_join_fn *fn, const flow_interval_join_options *options)
{
    return flow_interval_join_sized(sides, fn, options, sizeof *options);
}

/** Options of flow_as_of_join. */
typedef struct flow_as_of_join_options {
    const char *name;       /**< Name of the composite; NULL: "as_of_join". */
    flow_join_kind kind;    /**< INNER, or LEFT: left rows without a version are given too. */
    flow_duration max_age;  /**< A version that is older than this, seen from the left row, counts
                               as none; 0: no limit. */
    flow_on_error on_error; /**< For left rows that the function fails on, with their version. */
} flow_as_of_join_options;

/** flow_as_of_join, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_as_of_join_sized(
    flow_sides sides, const flow_join_fn *fn, const flow_as_of_join_options *options, size_t size);

/**
 * Each left row with the right row that was valid at its event time: the last of its key and window
 * that is not later (a stream against the changes of a table). Given with the row's time once the
 * watermark of both has passed it, so the result does not depend on what came first; of right rows
 * at one instant the last that came is valid. Only right rows that a later left row may find are
 * kept: for each key the last, and those after it. Use the global window; else a version ends with
 * its window, or its session, which rows of both sides keep up. Windows that merge as a user's
 * function says are refused, as in flow_interval_join. Late left rows find what is kept then. Other
 * things as flow_cogroup. `options` may be NULL.
 */
static inline flow_coll flow_as_of_join(
    flow_sides sides, const flow_join_fn *fn, const flow_as_of_join_options *options)
{
    return flow_as_of_join_sized(sides, fn, options, sizeof *options);
}

#ifndef __cplusplus

#define FLOW_OPEN_(...) __VA_ARGS__

/**
 * `flow_status fn(flow_ctx *, const KEY *, flow_gathered *)` for all rows of a key and window; the
 * types of the inputs stand in brackets, then come the outputs: `FLOW_COGROUP_FN(settle, flow_str,
 * (order, payment), invoice);` defines `settle_cogroup`.
 */
#define FLOW_COGROUP_FN(fn_, KEY, inputs, ...)                                                     \
    FLOW_MUST_BE_(&fn_, flow_status (*)(flow_ctx *, const KEY *, flow_gathered *),                 \
        #fn_ " must be: flow_status " #fn_ "(flow_ctx *, const " #KEY " *, flow_gathered *)");     \
    static flow_status fn_##_one_(flow_ctx *ctx, const KEY *key)                                   \
    {                                                                                              \
        flow_gathered *rows = flow_gather(ctx);                                                    \
        const flow_status status = rows ? fn_(ctx, key, rows) : ctx->status;                       \
        return status == FLOW_OK ? ctx->status : status;                                           \
    }                                                                                              \
    static flow_status fn_##_batch_(flow_ctx *ctx, const flow_batch *batch){ FLOW_EACH_ROW_(       \
        fn_##_one_(ctx, FLOW_KEY_(KEY))) } FLOW_OUTS_(fn_, __VA_ARGS__);                           \
    static const flow_type *const fn_##_ins_[] = { FLOW_EACH(                                      \
        FLOW_TYPE_COMMA_, ~, FLOW_OPEN_ inputs) };                                                 \
    static const flow_cogroup_fn fn_##_cogroup = { .fn = { .name = #fn_,                           \
                                                       .form = FLOW_FORM_GROUP,                    \
                                                       .key = FLOW_KEY_SPEC_(KEY),                 \
                                                       FLOW_OUTS_OF_(fn_),                         \
                                                       .process = fn_##_batch_ },                  \
        .ins = fn_##_ins_,                                                                         \
        .in_count = sizeof(fn_##_ins_) / sizeof(fn_##_ins_[0]) }

/** `const struct order *o; while ((o = FLOW_NEXT_OF(rows, 0, order)))`: the rows of an input. */
#define FLOW_NEXT_OF(rows, input, T)                                                               \
    ((const struct T *)flow_gathered_next((rows), (input), &T##_type))

/**
 * `flow_status fn(flow_ctx *, const KEY *, const struct L *, const struct R *)` for each pair:
 * `FLOW_JOIN_FN(priced, flow_str, order, price, invoice);` defines `priced_join`.
 */
#define FLOW_JOIN_FN(fn_, KEY, L, R, ...)                                                          \
    FLOW_MUST_BE_(&fn_,                                                                            \
        flow_status (*)(flow_ctx *, const KEY *, const struct L *, const struct R *),              \
        #fn_ " must be: flow_status " #fn_ "(flow_ctx *, const " #KEY " *, const struct " #L       \
             " *, const struct " #R " *)");                                                        \
    static flow_status fn_##_pair_(flow_ctx *ctx, const flow_join_fn *join, const void *key,       \
        const void *left, const void *right)                                                       \
    {                                                                                              \
        (void)join;                                                                                \
        return fn_(ctx, (const KEY *)key, (const struct L *)left, (const struct R *)right);        \
    }                                                                                              \
    FLOW_OUTS_(fn_, __VA_ARGS__);                                                                  \
    static const flow_join_fn fn_##_join = {                                                       \
        .fn = { .name = #fn_, .key = FLOW_KEY_SPEC_(KEY), FLOW_OUTS_OF_(fn_) },                    \
        .left = &L##_type,                                                                         \
        .right = &R##_type,                                                                        \
        .pair = fn_##_pair_                                                                        \
    }

#endif

#ifdef __cplusplus
}
#endif

#endif
