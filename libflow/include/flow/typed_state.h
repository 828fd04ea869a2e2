// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Typed state: cells and timers declared by a macro and used by their names, and the functions that
 * have them. A wrong kind of cell, key or record is a compile error with a sentence. C only.
 *
 *     FLOW_BAG(seen, visit);
 *     FLOW_TIMER(flush, flow_str, FLOW_EVENT_TIME);
 *     static flow_status visits(flow_ctx *ctx, const flow_str *user, const struct click *click) …
 *     static flow_status flush_due(flow_ctx *ctx, const flow_str *user) …
 *     FLOW_CELLS_FN(visits, flow_str, click, (session), FLOW_CELLS(seen), FLOW_TIMERS(flush));
 */
#ifndef FLOW_TYPED_STATE_H
#define FLOW_TYPED_STATE_H

#include <flow/state.h>
#include <flow/typed.h>

#ifndef __cplusplus

/** `.ttl = FLOW_TTL(seconds)` in a declaration. */
#define FLOW_TTL(seconds)                                                                          \
    {                                                                                              \
        (seconds) * INT64_C(1000000)                                                               \
    }

/* A cell NAME is the constant NAME_cell, with what its macros are checked against: its kind, its
 * key, its record, what is added. */
#define FLOW_CELL_(name_, kind_, K, T, IN, ...)                                                    \
    struct key_must_point_to_the_key_type_of_cell_##name_;                                         \
    struct row_must_point_to_the_record_of_cell_##name_;                                           \
    enum {                                                                                         \
        name_##_kind_ = kind_                                                                      \
    };                                                                                             \
    typedef K name_##_key_;                                                                        \
    typedef T name_##_row_;                                                                        \
    typedef IN name_##_in_;                                                                        \
    static const flow_cell name_##_cell = { .name = #name_, .kind = kind_, __VA_ARGS__ }

/** One record: `FLOW_VALUE(last, visit);`; members of flow_cell may follow: `.ttl = FLOW_TTL(60)`.
 */
#define FLOW_VALUE(...) FLOW_VALUE_(__VA_ARGS__, .reserved = 0)
#define FLOW_VALUE_(name, T, ...)                                                                  \
    FLOW_CELL_(name, FLOW_CELL_VALUE, char, struct T, struct T, .type = &T##_type, __VA_ARGS__)

/** The same for windows that merge, where `void visit_merge(struct visit *, const struct visit *)`
 * says what two records come to, the first of the window that begins earlier:
 * `FLOW_VALUE_MERGED(last, visit);`. Or say `.merging = FLOW_MERGE_LATEST` in FLOW_VALUE. */
#define FLOW_VALUE_MERGED(...) FLOW_VALUE_MERGED_(__VA_ARGS__, .reserved = 0)
#define FLOW_VALUE_MERGED_(name, T, ...)                                                           \
    FLOW_MERGED_(name, T)                                                                          \
    FLOW_VALUE_(name, T, .merge = name##_merged_, __VA_ARGS__)

/** Any number of records: `FLOW_BAG(seen, visit);` */
#define FLOW_BAG(...) FLOW_BAG_(__VA_ARGS__, .reserved = 0)
#define FLOW_BAG_(name, T, ...)                                                                    \
    FLOW_CELL_(name, FLOW_CELL_BAG, char, struct T, struct T, .type = &T##_type, __VA_ARGS__)

/** What FLOW_COMBINE_FN(ACC, IN) makes of what is added: `FLOW_COMBINING(total, ACC, IN);` */
#define FLOW_COMBINING(...) FLOW_COMBINING_(__VA_ARGS__, .reserved = 0)
#define FLOW_COMBINING_(name, ACC, IN, ...)                                                        \
    FLOW_CELL_(name, FLOW_CELL_COMBINING, char, struct ACC, struct IN, .combine = &ACC##_combine,  \
        __VA_ARGS__)

/** Keys of a scalar type or text: `FLOW_SET(users, flow_str);` */
#define FLOW_SET(...) FLOW_SET_(__VA_ARGS__, .reserved = 0)
#define FLOW_SET_(name, K, ...)                                                                    \
    FLOW_CELL_(name, FLOW_CELL_SET, K, char, char, .key = FLOW_CELL_KEY_(K), __VA_ARGS__)

/** Keys that are records: `FLOW_SET_OF(places, place);` for `struct place`. */
#define FLOW_SET_OF(...) FLOW_SET_OF_(__VA_ARGS__, .reserved = 0)
#define FLOW_SET_OF_(name, K, ...)                                                                 \
    FLOW_CELL_(name, FLOW_CELL_SET, struct K, char, char, .key = FLOW_CELL_KEY_(struct K),         \
        .key_type = &K##_type, __VA_ARGS__)

/** A record by key: `FLOW_MAP(prices, flow_str, price);` */
#define FLOW_MAP(...) FLOW_MAP_(__VA_ARGS__, .reserved = 0)
#define FLOW_MAP_(name, K, T, ...)                                                                 \
    FLOW_CELL_(name, FLOW_CELL_MAP, K, struct T, struct T, .key = FLOW_CELL_KEY_(K),               \
        .type = &T##_type, __VA_ARGS__)

/** The same for windows that merge, as FLOW_VALUE_MERGED: `FLOW_MAP_MERGED(prices, flow_str,
 * price);`
 */
#define FLOW_MAP_MERGED(...) FLOW_MAP_MERGED_(__VA_ARGS__, .reserved = 0)
#define FLOW_MAP_MERGED_(name, K, T, ...)                                                          \
    FLOW_MERGED_(name, T)                                                                          \
    FLOW_MAP_(name, K, T, .merge = name##_merged_, __VA_ARGS__)

/** A record by keys that are records: `FLOW_MAP_BY(stock, place, amount);` */
#define FLOW_MAP_BY(...) FLOW_MAP_BY_(__VA_ARGS__, .reserved = 0)
#define FLOW_MAP_BY_(name, K, T, ...)                                                              \
    FLOW_CELL_(name, FLOW_CELL_MAP, struct K, struct T, struct T, .key = FLOW_CELL_KEY_(struct K), \
        .key_type = &K##_type, .type = &T##_type, __VA_ARGS__)

/** The same for windows that merge, as FLOW_VALUE_MERGED. */
#define FLOW_MAP_BY_MERGED(...) FLOW_MAP_BY_MERGED_(__VA_ARGS__, .reserved = 0)
#define FLOW_MAP_BY_MERGED_(name, K, T, ...)                                                       \
    FLOW_MERGED_(name, T)                                                                          \
    FLOW_MAP_BY_(name, K, T, .merge = name##_merged_, __VA_ARGS__)

/** Any number of records by key: `FLOW_MULTIMAP(orders, int64_t, order);` */
#define FLOW_MULTIMAP(...) FLOW_MULTIMAP_(__VA_ARGS__, .reserved = 0)
#define FLOW_MULTIMAP_(name, K, T, ...)                                                            \
    FLOW_CELL_(name, FLOW_CELL_MULTIMAP, K, struct T, struct T, .key = FLOW_CELL_KEY_(K),          \
        .type = &T##_type, __VA_ARGS__)

/** Records by time: `FLOW_ORDERED(readings, reading);` */
#define FLOW_ORDERED(...) FLOW_ORDERED_(__VA_ARGS__, .reserved = 0)
#define FLOW_ORDERED_(name, T, ...)                                                                \
    FLOW_CELL_(name, FLOW_CELL_ORDERED, char, struct T, struct T, .type = &T##_type, __VA_ARGS__)

#define FLOW_CELL_KEY_(K)                                                                          \
    {                                                                                              \
        .kind = FLOW_KEY_KIND_OF_(*(K *)0), .size = sizeof(K), .c_type = #K                        \
    }

/* Checks inside an expression, with a sentence. */
#define FLOW_SAY_(condition, sentence)                                                             \
    ((void)sizeof(struct {                                                                         \
        _Static_assert(condition, sentence);                                                       \
        int said_;                                                                                 \
    }))
/* The same where a loop begins, in which no struct may be declared: the sentence is the name of a
 * type that fits nowhere. */
#define FLOW_ALLOWED_(condition, sentence)                                                         \
    ((void)_Generic(_Generic((char(*)[1 + (condition)])0, char(*)[2]                               \
                             : (int *)0, default                                                   \
                             : (struct sentence *)0),                                              \
        int * : 0))
/** A sentence. */
struct only_multimaps_have_several_records_under_a_key;
/** A sentence. */
struct only_ordered_lists_have_ranges_of_time;

#define FLOW_IS_(name, kind) ((int)name##_kind_ == (int)FLOW_CELL_##kind)

#define FLOW_HAS_KEY_(name) (FLOW_IS_(name, SET) || FLOW_IS_(name, MAP) || FLOW_IS_(name, MULTIMAP))

/* The same for the type of a pointer. The sentence is the name of a type that fits nowhere, since
 * clang takes no compound literal inside of the form above. */
#define FLOW_POINTS_(pointer, T, sentence)                                                         \
    ((void)_Generic(                                                                               \
        _Generic((pointer), T * : (int *)0, const T * : (int *)0, default : (struct sentence *)0), \
        int * : 0))
#define FLOW_KEY_FITS_(name, key_)                                                                 \
    FLOW_POINTS_(key_, name##_key_, key_must_point_to_the_key_type_of_cell_##name)
#define FLOW_ROW_FITS_(name, row_)                                                                 \
    FLOW_POINTS_(row_, name##_in_, row_must_point_to_the_record_of_cell_##name)

/** `const struct visit *v = FLOW_CELL_READ(ctx, last);`: a value, or a combining cell's result. */
#define FLOW_CELL_READ(ctx, name)                                                                  \
    (FLOW_SAY_(FLOW_IS_(name, VALUE) || FLOW_IS_(name, COMBINING),                                 \
         "only values and combining cells are read as a whole; walk over " #name                   \
         " with FLOW_CELL_ALL"),                                                                   \
        (const name##_row_ *)flow_cell_get((ctx), &name##_cell, NULL))

/** `FLOW_CELL_WRITE(ctx, last, &visit);`: a value. */
#define FLOW_CELL_WRITE(ctx, name, row_)                                                           \
    (FLOW_SAY_(FLOW_IS_(name, VALUE),                                                              \
         "only values are written as a whole; " #name " is of another kind"),                      \
        FLOW_ROW_FITS_(name, row_),                                                                \
        (void)flow_cell_put((ctx), &name##_cell, (flow_cell_entry){ .row = (row_) }))

/** `FLOW_CELL_ADD(ctx, seen, visit);`: to a bag, or to what a combining cell combines. */
#define FLOW_CELL_ADD(ctx, name, row_)                                                             \
    (FLOW_SAY_(FLOW_IS_(name, BAG) || FLOW_IS_(name, COMBINING),                                   \
         "only to bags and combining cells something is added; " #name " is of another kind"),     \
        FLOW_ROW_FITS_(name, row_),                                                                \
        (void)flow_cell_put((ctx), &name##_cell, (flow_cell_entry){ .row = (row_) }))

/** `FLOW_CELL_ADD_AT(ctx, readings, time, reading);`: to an ordered list. */
#define FLOW_CELL_ADD_AT(ctx, name, at_, row_)                                                     \
    (FLOW_SAY_(FLOW_IS_(name, ORDERED),                                                            \
         "only ordered lists take records with a time; " #name " is of another kind"),             \
        FLOW_ROW_FITS_(name, row_),                                                                \
        (void)flow_cell_put((ctx), &name##_cell, (flow_cell_entry){ .at = (at_), .row = (row_) }))

/** `FLOW_CELL_PUT(ctx, prices, &sku, &price);`: into a map (replaces) or a multimap (adds). */
#define FLOW_CELL_PUT(ctx, name, key_, row_)                                                       \
    (FLOW_SAY_(FLOW_IS_(name, MAP) || FLOW_IS_(name, MULTIMAP),                                    \
         "only maps and multimaps take a key and a record; " #name " is of another kind"),         \
        FLOW_KEY_FITS_(name, key_), FLOW_ROW_FITS_(name, row_),                                    \
        (void)flow_cell_put(                                                                       \
            (ctx), &name##_cell, (flow_cell_entry){ .key = (key_), .row = (row_) }))

/** What a map has under the key, or NULL: then the record was put there. */
#define FLOW_CELL_PUT_IF_ABSENT(ctx, name, key_, row_)                                             \
    (FLOW_SAY_(FLOW_IS_(name, MAP),                                                                \
         "only maps take a key and a record if absent; " #name " is of another kind"),             \
        FLOW_KEY_FITS_(name, key_), FLOW_ROW_FITS_(name, row_),                                    \
        (const name##_row_ *)flow_cell_put((ctx), &name##_cell,                                    \
            (flow_cell_entry){ .key = (key_), .row = (row_), .if_absent = true }))

/** `if (FLOW_CELL_INSERT(ctx, users, &user))`: into a set; whether it is new there. */
#define FLOW_CELL_INSERT(ctx, name, key_)                                                          \
    (FLOW_SAY_(                                                                                    \
         FLOW_IS_(name, SET), "only into sets keys are inserted; " #name " is of another kind"),   \
        FLOW_KEY_FITS_(name, key_),                                                                \
        flow_cell_put(                                                                             \
            (ctx), &name##_cell, (flow_cell_entry){ .key = (key_), .if_absent = true }) == NULL)

/** `const struct price *p = FLOW_CELL_GET(ctx, prices, &sku);`: of a map; NULL: not there. */
#define FLOW_CELL_GET(ctx, name, key_)                                                             \
    (FLOW_SAY_(FLOW_IS_(name, MAP),                                                                \
         "only maps have one record under a key; " #name " is of another kind"),                   \
        FLOW_KEY_FITS_(name, key_),                                                                \
        (const name##_row_ *)flow_cell_get((ctx), &name##_cell, (key_)))

/** Whether a set, map or multimap has a key. */
#define FLOW_CELL_HAS(ctx, name, key_)                                                             \
    (FLOW_SAY_(FLOW_HAS_KEY_(name), "cell " #name " has no keys"), FLOW_KEY_FITS_(name, key_),     \
        flow_cell_get((ctx), &name##_cell, (key_)) != NULL)

/** Removes a key with what stands under it. */
#define FLOW_CELL_REMOVE(ctx, name, key_)                                                          \
    (FLOW_SAY_(FLOW_HAS_KEY_(name), "cell " #name " has no keys"), FLOW_KEY_FITS_(name, key_),     \
        flow_cell_remove((ctx), &name##_cell, (key_)))

/** Empties a cell of any kind. */
#define FLOW_CELL_CLEAR(ctx, name) flow_cell_clear((ctx), &name##_cell, NULL)

/** Removes what an ordered list has in [from, to). */
#define FLOW_CELL_CLEAR_RANGE(ctx, name, from, to)                                                 \
    (FLOW_SAY_(FLOW_IS_(name, ORDERED),                                                            \
         "only ordered lists have ranges of time; " #name " is of another kind"),                  \
        flow_cell_clear((ctx), &name##_cell, (const flow_time[2]){ (from), (to) }))

/** How many entries a cell of any kind has. */
#define FLOW_CELL_COUNT(ctx, name) flow_cell_count((ctx), &name##_cell)

/** `flow_cursor at = FLOW_CELL_ALL(ctx, seen); while (flow_cursor_next(&at)) …`: all entries. */
#define FLOW_CELL_ALL(ctx, name)                                                                   \
    flow_cell_walk((ctx), &name##_cell, (flow_cell_part){ .key = NULL })

/** The same over the records of a multimap under a key. */
#define FLOW_CELL_ALL_OF(ctx, name, key_)                                                          \
    (FLOW_ALLOWED_(FLOW_IS_(name, MULTIMAP), only_multimaps_have_several_records_under_a_key),     \
        FLOW_KEY_FITS_(name, key_),                                                                \
        flow_cell_walk((ctx), &name##_cell, (flow_cell_part){ .key = (key_) }))

/** The same over an ordered list's records in [from, to). */
#define FLOW_CELL_RANGE(ctx, name, from_, to_)                                                     \
    (FLOW_ALLOWED_(FLOW_IS_(name, ORDERED), only_ordered_lists_have_ranges_of_time),               \
        flow_cell_walk((ctx), &name##_cell,                                                        \
            (flow_cell_part){ .from = (from_), .to = (to_), .ranged = true }))

/** The record that a cursor over the cell stands on: `const struct visit *v = FLOW_AT(seen, at);`
 */
#define FLOW_AT(name, cursor) ((const name##_row_ *)(cursor).row)

/** The key that a cursor over the cell stands on. */
#define FLOW_KEY_AT(name, cursor) ((const name##_key_ *)(cursor).key)

/**
 * A timer: `FLOW_TIMER(flush, flow_str, FLOW_EVENT_TIME);` for functions keyed by flow_str.
 * Declares its function, to be written after it: `static flow_status flush_due(flow_ctx *ctx, const
 * flow_str *key) { … }`. With FLOW_WINDOW_EXPIRY it is called once for each key and window with
 * state or timers, after all else in the window: what it emits is the last, then state and timers
 * are gone (R27). Members of flow_timer may follow: `.merging = FLOW_TIMER_LATER`.
 */
#define FLOW_TIMER(name_, KEY, ...)                                                                \
    static flow_status name_##_due(flow_ctx *ctx, const KEY *key);                                 \
    static flow_status name_##_due_(flow_ctx *ctx, const flow_batch *batch)                        \
    {                                                                                              \
        for (uint32_t i = ctx->next; i < batch->count; i++) {                                      \
            ctx->row = batch->selection ? batch->selection[i] : i;                                 \
            const char *row_ = batch->rows + (size_t)ctx->row * batch->stride;                     \
            const flow_status status_ =                                                            \
                name_##_due(ctx, (const KEY *)(const void *)(row_ + batch->key_offset));           \
            if (status_ != FLOW_OK) {                                                              \
                ctx->next = i;                                                                     \
                return status_;                                                                    \
            }                                                                                      \
        }                                                                                          \
        return FLOW_OK;                                                                            \
    }                                                                                              \
    static const flow_timer name_##_timer = {                                                      \
        .name = #name_, .key = FLOW_CELL_KEY_(KEY), .due = name_##_due_, .clock = __VA_ARGS__      \
    }

/** Sets a timer to an instant: `FLOW_TIMER_SET(ctx, flush, when);`, members of flow_timer_when may
 * follow: `.tag = user`. */
#define FLOW_TIMER_SET(ctx, name, ...)                                                             \
    flow_timer_start((ctx), &name##_timer, (flow_timer_when){ .at = __VA_ARGS__ })

/** Sets a timer from now on, by its clock: `FLOW_TIMER_IN(ctx, flush, flow_seconds(5));` */
#define FLOW_TIMER_IN(ctx, name, ...)                                                              \
    flow_timer_start(                                                                              \
        (ctx), &name##_timer, (flow_timer_when){ .relative = true, .after = __VA_ARGS__ })

/** Takes a timer back. */
#define FLOW_TIMER_CLEAR(ctx, name) flow_timer_stop((ctx), &name##_timer, (flow_str){ NULL, 0 })

/** Takes a timer of a family back. */
#define FLOW_TIMER_CLEAR_TAG(ctx, name, tag) flow_timer_stop((ctx), &name##_timer, (tag))

#define FLOW_CELL_COMMA_(ignored, name)  &name##_cell,
#define FLOW_TIMER_COMMA_(ignored, name) &name##_timer,

/** In FLOW_CELLS_FN: its cells. */
#define FLOW_CELLS(...)                                                                            \
    .cells = (const flow_cell *const[]){ FLOW_EACH(FLOW_CELL_COMMA_, ~, __VA_ARGS__) },            \
    .cell_count = FLOW_COUNT(__VA_ARGS__)

/** In FLOW_CELLS_FN: its timers. */
#define FLOW_TIMERS(...)                                                                           \
    .timers = (const flow_timer *const[]){ FLOW_EACH(FLOW_TIMER_COMMA_, ~, __VA_ARGS__) },         \
    .timer_count = FLOW_COUNT(__VA_ARGS__)

/**
 * A function with state: `flow_status fn(flow_ctx *, const KEY *, const struct IN *)`, for each
 * element. Outputs stand in brackets; then come FLOW_CELLS, FLOW_TIMERS and members of flow_fn.
 */
#define FLOW_CELLS_FN(fn, KEY, IN, outputs, ...)                                                   \
    FLOW_MUST_BE_(&fn, flow_status (*)(flow_ctx *, const KEY *, const struct IN *),                \
        #fn " must be: flow_status " #fn "(flow_ctx *, const " #KEY " *, const struct " #IN        \
            " *)");                                                                                \
    static flow_status fn##_batch_(flow_ctx *ctx, const flow_batch *batch){ FLOW_EACH_ROW_(        \
        fn(ctx, FLOW_KEY_(KEY), FLOW_ROW_(struct IN))) } FLOW_OUTS_LIST_(fn, outputs);             \
    static const flow_fn fn##_fn = { .name = #fn,                                                  \
        .form = FLOW_FORM_CELLS,                                                                   \
        .key = FLOW_KEY_SPEC_(KEY),                                                                \
        .in = &IN##_type,                                                                          \
        FLOW_OUTS_OF_(fn),                                                                         \
        .process = fn##_batch_,                                                                    \
        __VA_ARGS__ }

#endif

#endif
