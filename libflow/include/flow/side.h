// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Side inputs: a collection as a value that functions look into (R69–R72). A view says how it is
 * looked into; flow_do and flow_group are given views (`sides`), and their functions ask for them
 * by number. Included by `<flow/flow.h>`.
 */
#ifndef FLOW_SIDE_H
#define FLOW_SIDE_H

#include <flow/flow.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How a view is looked into. Numbers never change. */
typedef enum flow_view_form {
    FLOW_VIEW_SINGLETON = 1, /**< One value: flow_side. */
    FLOW_VIEW_ITERABLE = 2,  /**< Any number of values, one after the other: flow_side_rows. */
    FLOW_VIEW_LIST = 3,      /**< The same, and by position: flow_side_at. */
    FLOW_VIEW_MAP = 4,       /**< One value for each key: flow_side_find. */
    FLOW_VIEW_MULTIMAP = 5,  /**< Any number of values for each key: flow_side_rows. */
    FLOW_VIEW_TEMPORAL = 6   /**< The value that a key has at an instant: flow_side_find. */
} flow_view_form;

/** Options of a view; all zero is the default. */
typedef struct flow_view_options {
    const char *name; /**< Name of the step; NULL: "as_map" and the like. */
    /** Singleton: what functions find where a window has no value; copied. NULL: asking for it
     * fails the job (R71). */
    const void *otherwise;
    const flow_type *otherwise_type; /**< Its type; required with `otherwise`. */
    /** Temporal: how far behind the watermark of the main input an element may lie and still find
     * its value; the lateness of the main input counts when it is larger. Later ones are dropped
     * as late. */
    flow_duration keep;
} flow_view_options;

/** flow_view_of, told how large the caller's idea of the options is. */
FLOW_API flow_view flow_view_sized(
    flow_coll in, flow_view_form form, const flow_view_options *options, size_t size);

/** A view of a collection, of any form. `options` may be NULL. Maps, multimaps and temporal views
 * want a key. The windows of `in` must not merge; those of the main input are mapped to them
 * (R70). */
static inline flow_view flow_view_of(
    flow_coll in, flow_view_form form, const flow_view_options *options)
{
    return flow_view_sized(in, form, options, sizeof *options);
}

/** A view of the one value that a window has. */
static inline flow_view flow_as_singleton(flow_coll in)
{
    return flow_view_of(in, FLOW_VIEW_SINGLETON, NULL);
}

/** The same with a value for windows that have none: a record of the collection's type. */
static inline flow_view flow_as_singleton_or(
    flow_coll in, const flow_type *type, const void *otherwise)
{
    flow_view_options options = { NULL, otherwise, type, { 0 } };
    return flow_view_of(in, FLOW_VIEW_SINGLETON, &options);
}

/** A view of all values of a window, one after the other. */
static inline flow_view flow_as_iterable(flow_coll in)
{
    return flow_view_of(in, FLOW_VIEW_ITERABLE, NULL);
}

/** A view of all values of a window, by position too; in no particular order. */
static inline flow_view flow_as_list(flow_coll in)
{
    return flow_view_of(in, FLOW_VIEW_LIST, NULL);
}

/** A view by key, of one value for each key and window. */
static inline flow_view flow_as_map(flow_coll in)
{
    return flow_view_of(in, FLOW_VIEW_MAP, NULL);
}

/** A view by key, of any number of values for each key and window. */
static inline flow_view flow_as_multimap(flow_coll in)
{
    return flow_view_of(in, FLOW_VIEW_MULTIMAP, NULL);
}

/**
 * A table that changes: each element is the value of its key from its event time on. Functions find
 * the value that was valid at the event time of the element in work, which waits until the
 * watermark of the changes has passed that time. Of changes of a key at one instant the one whose
 * binary form is greater counts. The input must lie in the global window, and may be unbounded.
 */
static inline flow_view flow_as_temporal(flow_coll in)
{
    return flow_view_of(in, FLOW_VIEW_TEMPORAL, NULL);
}

/** A key to look for. */
typedef struct flow_side_key {
    flow_kind kind; /**< What it is; FLOW_KIND_NONE: no key. */
    uint32_t size;  /**< sizeof the key. */
    const void *at; /**< Where it lies. */
} flow_side_key;

/** Rows of a view being walked through; a value on the caller's stack, for one call of a function.
 */
typedef struct flow_side_walk {
    const struct flow_ctx_ops *ops; /**< The engine's functions. */
    const void *view;               /**< The engine's. */
    uint64_t at;                    /**< The engine's. */
    uint32_t skip;                  /**< The engine's. */
    uint64_t left;                  /**< Rows that flow_side_next has still to give. */
} flow_side_walk;

/**
 * The one value of a singleton, in the window that belongs to that of the row in work. Lent until
 * the function returns; rows that are emitted may point into it. When there is none and no
 * `otherwise`, or more than one, the job fails: NULL and a sticky status.
 */
FLOW_API const void *flow_side(const flow_ctx *ctx, uint32_t side, const flow_type *type);

/** The value at a position of a list, or NULL behind its end. Lent as flow_side. */
FLOW_API const void *flow_side_at(
    const flow_ctx *ctx, uint32_t side, const flow_type *type, uint64_t index);

/** The value of a key in a map or temporal view, or NULL when it has none. Keys are compared in
 * canonical form (R21). Lent as flow_side. A map with two values for one key fails the job (R71).
 */
FLOW_API const void *flow_side_find(
    const flow_ctx *ctx, uint32_t side, const flow_type *type, const flow_side_key *key);

/** All values, or with a key (multimaps) its values: `left` of the walk tells how many. */
FLOW_API flow_side_walk flow_side_rows(
    const flow_ctx *ctx, uint32_t side, const flow_type *type, const flow_side_key *key);

/** The next value of a walk, or NULL at its end. Lent as flow_side. */
FLOW_API const void *flow_side_next(flow_side_walk *walk);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus

#define FLOW_SIDE_KEY_(key)                                                                        \
    (&(flow_side_key){ FLOW_KEY_KIND_OF_(key), (uint32_t)sizeof(key), &(key) })

/** The value of side input `side`, a singleton: `const struct rate *r = FLOW_SIDE(ctx, RATE,
 * rate);`. */
#define FLOW_SIDE(ctx, side, T) ((const struct T *)flow_side((ctx), (side), &T##_type))

/** The value at a position of a list. */
#define FLOW_SIDE_AT(ctx, side, T, index)                                                          \
    ((const struct T *)flow_side_at((ctx), (side), &T##_type, (index)))

/** The value of a key: `const struct price *p = FLOW_SIDE_FIND(ctx, PRICES, price, order->sku);`.
 * `key` is something that has an address. */
#define FLOW_SIDE_FIND(ctx, side, T, key)                                                          \
    ((const struct T *)flow_side_find((ctx), (side), &T##_type, FLOW_SIDE_KEY_(key)))

/** All values, to be taken by flow_side_next. */
#define FLOW_SIDE_ROWS(ctx, side, T) flow_side_rows((ctx), (side), &T##_type, NULL)

/** The values of a key, to be taken by flow_side_next. */
#define FLOW_SIDE_ROWS_OF(ctx, side, T, key)                                                       \
    flow_side_rows((ctx), (side), &T##_type, FLOW_SIDE_KEY_(key))

#endif

#endif
