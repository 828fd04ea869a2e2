// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Typed functions: one macro after a plain C function checks its signature, writes the batch loop
 * around it, and defines the description `NAME_fn` that builders take. The only place with clever
 * macros; C only (C++ fills flow_fn).
 */
#ifndef FLOW_TYPED_H
#define FLOW_TYPED_H

#include <flow/function.h>

#ifndef __cplusplus

/** Emits a row on the main output: `FLOW_EMIT(ctx, word, .text = text)`. A misspelt field is a
 * compile error. */
#define FLOW_EMIT(ctx, T, ...) FLOW_EMIT_TO(ctx, 0, T, __VA_ARGS__)

/** Emits a row on another output: `FLOW_EMIT_TO(ctx, REJECTED, flow_line, .text = line->text)`. */
#define FLOW_EMIT_TO(ctx, output, T, ...)                                                          \
    flow_emit((ctx), (output), &T##_type, &(struct T){ __VA_ARGS__ }, sizeof(struct T))

/** Emits a row from a finish, on the main output: `FLOW_EMIT_STAMPED(ctx, stamp, word, .text = t)`.
 */
#define FLOW_EMIT_STAMPED(ctx, stamp, T, ...)                                                      \
    flow_emit_stamped((ctx), 0, &T##_type, &(struct T){ __VA_ARGS__ }, (stamp))

/** Emits a row on the main output at a time: `FLOW_EMIT_AT(ctx, at, tick, .number = n)`. */
#define FLOW_EMIT_AT(ctx, at, T, ...)                                                              \
    flow_emit_at((ctx), 0, &T##_type, &(struct T){ __VA_ARGS__ }, (at))

/** The function's private memory on this worker, of `.self_size = sizeof(struct T)`. */
#define FLOW_SELF_OF(ctx, T) ((struct T *)flow_self(ctx))

/** Emits a row that exists: `FLOW_EMIT_ROW(ctx, word, &row)`. */
#define FLOW_EMIT_ROW(ctx, T, row)                                                                 \
    flow_emit((ctx), 0, &T##_type, (const struct T *){ (row) }, sizeof(struct T))

/** Room for rows in place: `struct word *w = FLOW_RESERVE(ctx, word, &count);`, then
 * `flow_commit(ctx, 0, n)`. */
#define FLOW_RESERVE(ctx, T, count) ((struct T *)flow_reserve((ctx), 0, &T##_type, (count)))

/** The step's configuration: `const struct limits *l = FLOW_CONFIG(ctx, limits);`. */
#define FLOW_CONFIG(ctx, T) ((const struct T *)flow_config((ctx), &T##_type))

#define FLOW_MUST_BE_(expression, pointer, sentence)                                               \
    _Static_assert(_Generic((expression), pointer : 1, default : 0), sentence)

/* Rows may lie in memory that no cache has: each loop asks for one further on. */
#if defined(__GNUC__)
#define FLOW_PREFETCH_() __builtin_prefetch(batch->rows + (size_t)(row + ahead_) * stride_)
#define FLOW_INLINE_     static inline __attribute__((always_inline))
#else
#define FLOW_PREFETCH_() ((void)0)
#define FLOW_INLINE_     static inline
#endif

#define FLOW_ROW_(T) ((const T *)(const void *)(batch->rows + (size_t)row * stride_ + value_))
#define FLOW_KEY_(K)                                                                               \
    ((const K *)(const void *)(batch->rows + (size_t)row * stride_ + batch->key_offset))

/* for each selected row from ctx->next on: row = its number, body; defines fn##_batch_. Rows that
 * stand packed and whole get a loop of their own, which the compiler knows the steps of. */
#define FLOW_LOOP_(fn, IN, before, body, after)                                                    \
    FLOW_INLINE_ flow_status fn##_loop_(flow_ctx *ctx, const flow_batch *batch,                    \
        const uint16_t *const selection_, const size_t stride_, const size_t value_)               \
    {                                                                                              \
        const uint32_t first_ = ctx->next;                                                         \
        const uint32_t count_ = batch->count;                                                      \
        const uint32_t ahead_ = batch->ahead;                                                      \
        before for (uint32_t i = first_; i < count_; i++)                                          \
        {                                                                                          \
            const uint32_t row = selection_ ? selection_[i] : i;                                   \
            FLOW_PREFETCH_();                                                                      \
            body                                                                                   \
        }                                                                                          \
        after                                                                                      \
    }                                                                                              \
    static flow_status fn##_batch_(flow_ctx *ctx, const flow_batch *batch)                         \
    {                                                                                              \
        if (!batch->selection && batch->stride == sizeof(struct IN) && batch->value_offset == 0)   \
            return fn##_loop_(ctx, batch, NULL, sizeof(struct IN), 0);                             \
        return fn##_loop_(ctx, batch, batch->selection, batch->stride, batch->value_offset);       \
    }

/* The body of a loop that calls: a failing call ends it. */
#define FLOW_CALL_(call)                                                                           \
    ctx->row = row;                                                                                \
    const flow_status status_ = (call);                                                            \
    if (status_ != FLOW_OK) {                                                                      \
        ctx->next = i;                                                                             \
        return status_;                                                                            \
    }

/* The same in a function that has the batch: for keyed functions, whose rows are never packed. */
#define FLOW_EACH_ROW_(call)                                                                       \
    const uint16_t *const selection_ = batch->selection;                                           \
    const size_t stride_ = batch->stride;                                                          \
    const size_t value_ = batch->value_offset;                                                     \
    const uint32_t ahead_ = batch->ahead;                                                          \
    (void)value_;                                                                                  \
    for (uint32_t i = ctx->next; i < batch->count; i++) {                                          \
        const uint32_t row = selection_ ? selection_[i] : i;                                       \
        FLOW_PREFETCH_();                                                                          \
        FLOW_CALL_(call)                                                                           \
    }                                                                                              \
    return FLOW_OK;

#define FLOW_TYPE_COMMA_(ignored, T) &T##_type,
#define FLOW_OUTS_(fn, ...)                                                                        \
    static const flow_type *const fn##_outs_[] = { FLOW_EACH(FLOW_TYPE_COMMA_, ~, __VA_ARGS__) }
#define FLOW_OUTS_EACH_(...) FLOW_EACH(FLOW_TYPE_COMMA_, ~, __VA_ARGS__)
#define FLOW_OUTS_LIST_(fn, outputs)                                                               \
    static const flow_type *const fn##_outs_[] = { FLOW_OUTS_EACH_ outputs }
#define FLOW_OUTS_OF_(fn)                                                                          \
    .outs = fn##_outs_, .out_count = sizeof(fn##_outs_) / sizeof(fn##_outs_[0])
#define FLOW_KEY_SPEC_(KEY)                                                                        \
    {                                                                                              \
        .kind = FLOW_KEY_KIND_OF_(*(KEY *)0), .size = sizeof(KEY), .c_type = #KEY                  \
    }

/* Last arguments of a macro may be members of flow_fn: the argument before them, and these. */
#define FLOW_FIRST_(first, ...)  first
#define FLOW_REST_(first, ...)   __VA_ARGS__
#define FLOW_APPLY_(macro_, ...) macro_(__VA_ARGS__)

/* The description of a function that has a loop; `...`: further members. */
#define FLOW_FN_(fn, form_, IN, ...)                                                               \
    static const flow_fn fn##_fn = {                                                               \
        .form = form_, .in = &IN##_type, .process = fn##_batch_, __VA_ARGS__                       \
    }

/**
 * `flow_status fn(flow_ctx *, const struct IN *)`, for each element; emits OUT (output 0) and any
 * further types, one per extra output. `FLOW_ELEMENT_FN(split, flow_line, word);` defines
 * `split_fn`.
 */
#define FLOW_ELEMENT_FN(fn, IN, ...) FLOW_ELEMENT_FN_(fn, IN, (__VA_ARGS__), .name = #fn)

/**
 * FLOW_ELEMENT_FN with more to say: outputs in brackets, then members of flow_fn, such as
 * `.by_window = true`, or a life of its own: `FLOW_ELEMENT_FN_WITH(send, order, (receipt),
 * .self_size = sizeof(struct link), .setup = connect, .start = begin, .finish = flush, .teardown =
 * leave);`
 */
#define FLOW_ELEMENT_FN_WITH(fn, IN, outputs, ...)                                                 \
    FLOW_ELEMENT_FN_(fn, IN, outputs, .name = #fn, __VA_ARGS__)

#define FLOW_ELEMENT_FN_(fn, IN, outputs, ...)                                                     \
    FLOW_MUST_BE_(&fn, flow_status (*)(flow_ctx *, const struct IN *),                             \
        #fn " must be: flow_status " #fn "(flow_ctx *, const struct " #IN " *)");                  \
    static flow_status fn##_batch_(flow_ctx *ctx, const flow_batch *batch){ FLOW_EACH_ROW_(        \
        fn(ctx, FLOW_ROW_(struct IN))) } FLOW_OUTS_LIST_(fn, outputs);                             \
    FLOW_FN_(fn, FLOW_FORM_EMIT, IN, FLOW_OUTS_OF_(fn), __VA_ARGS__)

/**
 * `flow_status fn(flow_ctx *, const flow_batch *)`, for each batch: for who can do better than a
 * loop. Rows are read with FLOW_BATCH_ROW(batch, IN, i); set `ctx->row = FLOW_BATCH_INDEX(batch,
 * i)` before emitting, which says where time and window come from.
 */
#define FLOW_BATCH_FN(fn, IN, ...) FLOW_BATCH_FN_(fn, IN, (__VA_ARGS__), .name = #fn)

/** The same with outputs in brackets, then members of flow_fn. */
#define FLOW_BATCH_FN_WITH(fn, IN, outputs, ...)                                                   \
    FLOW_BATCH_FN_(fn, IN, outputs, .name = #fn, __VA_ARGS__)

#define FLOW_BATCH_FN_(fn, IN, outputs, ...)                                                       \
    FLOW_MUST_BE_(&fn, flow_status (*)(flow_ctx *, const flow_batch *),                            \
        #fn " must be: flow_status " #fn "(flow_ctx *, const flow_batch *)");                      \
    FLOW_OUTS_LIST_(fn, outputs);                                                                  \
    static const flow_fn fn##_fn = {                                                               \
        .form = FLOW_FORM_BATCH, .in = &IN##_type, FLOW_OUTS_OF_(fn), .process = fn, __VA_ARGS__   \
    }

/** The i-th selected row of a batch: `const struct bid *b = FLOW_BATCH_ROW(batch, bid, i);`. */
#define FLOW_BATCH_ROW(batch, T, i)                                                                \
    ((const struct T *)(const void *)((batch)->rows +                                              \
                                      (size_t)FLOW_BATCH_INDEX(batch, i) * (batch)->stride +       \
                                      (batch)->value_offset))

/**
 * `flow_status fn(flow_ctx *, const struct IN *in, struct OUT *out)`: one row gives one row,
 * written where it stays. `out` is not zeroed; its strings must come from `in`, flow_alloc or
 * static memory, or live for the call. Members of flow_fn may follow OUT.
 */
#define FLOW_MAP_FN(fn, IN, ...)                                                                   \
    FLOW_APPLY_(                                                                                   \
        FLOW_MAP_FN_, fn, IN, FLOW_FIRST_(__VA_ARGS__, ~), FLOW_REST_(__VA_ARGS__, .name = #fn))

#define FLOW_MAP_FN_(fn, IN, OUT, ...)                                                             \
    FLOW_MUST_BE_(&fn, flow_status (*)(flow_ctx *, const struct IN *, struct OUT *),               \
        #fn " must be: flow_status " #fn "(flow_ctx *, const struct " #IN " *, struct " #OUT       \
            " *)");                                                                                \
    static flow_status fn##_one_(flow_ctx *ctx, const struct IN *in, struct OUT *out)              \
    {                                                                                              \
        const flow_status status_ = fn(ctx, in, out);                                              \
        if (ctx->adopt && status_ == FLOW_OK && !flow_stays_(ctx, out))                            \
            flow_adopt(ctx, &OUT##_type, out);                                                     \
        return status_;                                                                            \
    }                                                                                              \
    FLOW_LOOP_(fn, IN, struct OUT *const out_ = (struct OUT *)(void *)ctx->outs[0].next;           \
               , FLOW_CALL_(fn##_one_(ctx, FLOW_ROW_(struct IN), &out_[i])), return FLOW_OK;)      \
    FLOW_OUTS_(fn, OUT);                                                                           \
    FLOW_FN_(fn, FLOW_FORM_MAP, IN, FLOW_OUTS_OF_(fn), __VA_ARGS__)

/** `flow_status fn(flow_ctx *, struct T *row)`: changes rows in place; the engine copies first
 * where others see them. Members of flow_fn may follow T. */
#define FLOW_UPDATE_FN(fn, ...)                                                                    \
    FLOW_APPLY_(                                                                                   \
        FLOW_UPDATE_FN_, fn, FLOW_FIRST_(__VA_ARGS__, ~), FLOW_REST_(__VA_ARGS__, .name = #fn))

#define FLOW_UPDATE_FN_(fn, T, ...)                                                                \
    FLOW_MUST_BE_(&fn, flow_status (*)(flow_ctx *, struct T *),                                    \
        #fn " must be: flow_status " #fn "(flow_ctx *, struct " #T " *)");                         \
    static flow_status fn##_one_(flow_ctx *ctx, struct T *row_)                                    \
    {                                                                                              \
        const flow_status status_ = fn(ctx, row_);                                                 \
        if (ctx->adopt && status_ == FLOW_OK)                                                      \
            flow_adopt(ctx, &T##_type, row_);                                                      \
        return status_;                                                                            \
    }                                                                                              \
    FLOW_LOOP_(fn, T, char *const rows_ = ctx->update + value_;,                                   \
               FLOW_CALL_(fn##_one_(ctx, (struct T *)(void *)(rows_ + (size_t)row * stride_))),    \
               return FLOW_OK;)                                                                    \
    FLOW_FN_(fn, FLOW_FORM_UPDATE, T, __VA_ARGS__)

/** `bool fn(const flow_ctx *, const struct T *)`: keeps the rows it says true of. Nothing is moved.
 * Members of flow_fn may follow T. */
#define FLOW_FILTER_FN(fn, ...)                                                                    \
    FLOW_APPLY_(                                                                                   \
        FLOW_FILTER_FN_, fn, FLOW_FIRST_(__VA_ARGS__, ~), FLOW_REST_(__VA_ARGS__, .name = #fn))

#define FLOW_FILTER_FN_(fn, T, ...)                                                                \
    FLOW_MUST_BE_(&fn, bool (*)(const flow_ctx *, const struct T *),                               \
        #fn " must be: bool " #fn "(const flow_ctx *, const struct " #T " *)");                    \
    FLOW_LOOP_(fn, T, uint16_t *const keep_ = ctx->keep; uint32_t kept_ = 0;, ctx->row = row;      \
               keep_[kept_] = (uint16_t)row; kept_ += fn(ctx, FLOW_ROW_(struct T)) ? 1 : 0;        \
               , ctx->kept = kept_; return FLOW_OK;)                                               \
    FLOW_FN_(fn, FLOW_FORM_FILTER, T, __VA_ARGS__)

/** `flow_status fn(flow_ctx *, const KEY *, const struct IN *)`, for each keyed element; KEY is a
 * type: `flow_str`. */
#define FLOW_KEYED_FN(fn, KEY, IN, ...) FLOW_KEYED_FN_(fn, KEY, IN, (__VA_ARGS__), .name = #fn)

/** The same with outputs in brackets, then members of flow_fn. */
#define FLOW_KEYED_FN_WITH(fn, KEY, IN, outputs, ...)                                              \
    FLOW_KEYED_FN_(fn, KEY, IN, outputs, .name = #fn, __VA_ARGS__)

#define FLOW_KEYED_FN_(fn, KEY, IN, outputs, ...)                                                  \
    FLOW_MUST_BE_(&fn, flow_status (*)(flow_ctx *, const KEY *, const struct IN *),                \
        #fn " must be: flow_status " #fn "(flow_ctx *, const " #KEY " *, const struct " #IN        \
            " *)");                                                                                \
    static flow_status fn##_batch_(flow_ctx *ctx, const flow_batch *batch){ FLOW_EACH_ROW_(        \
        fn(ctx, FLOW_KEY_(KEY), FLOW_ROW_(struct IN))) } FLOW_OUTS_LIST_(fn, outputs);             \
    FLOW_FN_(fn, FLOW_FORM_EMIT, IN, .key = FLOW_KEY_SPEC_(KEY), FLOW_OUTS_OF_(fn), __VA_ARGS__)

/**
 * `flow_status fn(flow_ctx *, const KEY *, const struct IN *, struct STATE *)` for each element and
 * `flow_status fn_timer(flow_ctx *, const KEY *, struct STATE *)` for each due timer. STATE is a
 * record, one per key and window, all zero at first, kept by the engine; its strings may point to
 * the element or to flow_alloc memory.
 */
#define FLOW_STATEFUL_FN(fn, KEY, IN, STATE, ...)                                                  \
    FLOW_STATEFUL_(fn, KEY, IN, STATE, (__VA_ARGS__), .name = #fn)

/** The same with outputs in brackets, then members of flow_fn. */
#define FLOW_STATEFUL_FN_WITH(fn, KEY, IN, STATE, outputs, ...)                                    \
    FLOW_STATEFUL_(fn, KEY, IN, STATE, outputs, .name = #fn, __VA_ARGS__)

/** The same for windows that merge: `void STATE_merge(struct STATE *, const struct STATE *)` says
 * what two states come to, the first of the window that begins earlier. Of two timers the earlier
 * stays. */
#define FLOW_STATEFUL_MERGED_FN(fn, KEY, IN, STATE, ...)                                           \
    FLOW_MERGED_(fn, STATE)                                                                        \
    FLOW_STATEFUL_(fn, KEY, IN, STATE, (__VA_ARGS__), .name = #fn, .merge = fn##_merged_)

/* name_merged_ of T_merge, which a combine may have, too. */
#define FLOW_MERGED_(name, T)                                                                      \
    FLOW_MUST_BE_(&T##_merge, void (*)(struct T *, const struct T *),                              \
        #T "_merge must be: void " #T "_merge(struct " #T " *, const struct " #T " *)");           \
    static void name##_merged_(void *into, const void *other)                                      \
    {                                                                                              \
        T##_merge((struct T *)into, (const struct T *)other);                                      \
    }

#define FLOW_STATEFUL_(fn, KEY, IN, STATE, outputs, ...)                                           \
    FLOW_MUST_BE_(&fn,                                                                             \
        flow_status (*)(flow_ctx *, const KEY *, const struct IN *, struct STATE *),               \
        #fn " must be: flow_status " #fn "(flow_ctx *, const " #KEY " *, const struct " #IN        \
            " *, struct " #STATE " *)");                                                           \
    FLOW_MUST_BE_(&fn##_timer, flow_status (*)(flow_ctx *, const KEY *, struct STATE *),           \
        #fn "_timer must be: flow_status " #fn "_timer(flow_ctx *, const " #KEY                    \
            " *, struct " #STATE " *)");                                                           \
    static flow_status fn##_batch_(flow_ctx *ctx, const flow_batch *batch)                         \
    {                                                                                              \
        FLOW_EACH_ROW_(                                                                            \
            fn(ctx, FLOW_KEY_(KEY), FLOW_ROW_(struct IN), (struct STATE *)batch->states[i]))       \
    }                                                                                              \
    static flow_status fn##_timers_(flow_ctx *ctx, const flow_batch *batch){                       \
        FLOW_EACH_ROW_(fn##_timer(ctx, FLOW_KEY_(KEY), (struct STATE *)batch->states[i]))          \
    } FLOW_OUTS_LIST_(fn, outputs);                                                                \
    FLOW_FN_(fn, FLOW_FORM_STATEFUL, IN, .key = FLOW_KEY_SPEC_(KEY), .state = &STATE##_type,       \
        FLOW_OUTS_OF_(fn), .timer = fn##_timers_, __VA_ARGS__)

/** `flow_status fn(flow_ctx *, const KEY *, flow_rows *)` for all rows of a key and window; IN says
 * what a row is. */
#define FLOW_GROUP_FN(fn, KEY, IN, ...)                                                            \
    FLOW_MUST_BE_(&fn, flow_status (*)(flow_ctx *, const KEY *, flow_rows *),                      \
        #fn " must be: flow_status " #fn "(flow_ctx *, const " #KEY " *, flow_rows *)");           \
    static flow_status fn##_batch_(flow_ctx *ctx, const flow_batch *batch){ FLOW_EACH_ROW_(        \
        fn(ctx, FLOW_KEY_(KEY), flow_ctx_rows(ctx))) } FLOW_OUTS_(fn, __VA_ARGS__);                \
    FLOW_FN_(fn, FLOW_FORM_GROUP, IN, .name = #fn, .key = FLOW_KEY_SPEC_(KEY), FLOW_OUTS_OF_(fn))

/**
 * A combine of one's own: `void ACC_add(struct ACC *, const struct IN *)` and
 * `void ACC_merge(struct ACC *, const struct ACC *)`; zeros are the neutral element. Defines
 * `ACC_combine`.
 */
#define FLOW_COMBINE_FN(ACC, IN)                                                                   \
    FLOW_MUST_BE_(&ACC##_add, void (*)(struct ACC *, const struct IN *),                           \
        #ACC "_add must be: void " #ACC "_add(struct " #ACC " *, const struct " #IN " *)");        \
    FLOW_MUST_BE_(&ACC##_merge, void (*)(struct ACC *, const struct ACC *),                        \
        #ACC "_merge must be: void " #ACC "_merge(struct " #ACC " *, const struct " #ACC " *)");   \
    static void ACC##_add_(void *acc, const void *in, const void *config)                          \
    {                                                                                              \
        (void)config;                                                                              \
        ACC##_add((struct ACC *)acc, (const struct IN *)in);                                       \
    }                                                                                              \
    static void ACC##_merge_(void *acc, const void *other, const void *config)                     \
    {                                                                                              \
        (void)config;                                                                              \
        ACC##_merge((struct ACC *)acc, (const struct ACC *)other);                                 \
    }                                                                                              \
    static const flow_combine_fn ACC##_combine = { .name = #ACC,                                   \
        .in = &IN##_type,                                                                          \
        .acc = &ACC##_type,                                                                        \
        .out = &ACC##_type,                                                                        \
        .add = ACC##_add_,                                                                         \
        .merge = ACC##_merge_ }

/** A step of FLOW_STAGE: goes on with rows that `fn(ctx, row)` says true of, as FLOW_FILTER_FN. */
#define FLOW_KEEP(fn)                                                                              \
    if (!fn(ctx, row_))                                                                            \
        continue;

/** A step of FLOW_STAGE: changes the row by `fn(ctx, row)`, as FLOW_UPDATE_FN. */
#define FLOW_CHANGE(fn)                                                                            \
    if ((status_ = fn(ctx, row_)) != FLOW_OK)                                                      \
        break;

/** Last step of FLOW_STAGE: gives the row itself, a `struct T`. */
#define FLOW_PASS(T)                                                                               \
    to_[kept_] = *row_;                                                                            \
    if (ctx->adopt && !flow_stays_(ctx, &to_[kept_]))                                              \
        flow_adopt(ctx, &T##_type, &to_[kept_]);                                                   \
    origin_[kept_++] = (uint16_t)row;

/** Last step of FLOW_STAGE: gives the `struct OUT` that `fn(ctx, row, &out)` makes, as FLOW_MAP_FN.
 */
#define FLOW_INTO(OUT, fn)                                                                         \
    if ((status_ = fn(ctx, row_, &to_[kept_])) != FLOW_OK)                                         \
        break;                                                                                     \
    if (ctx->adopt && !flow_stays_(ctx, &to_[kept_]))                                              \
        flow_adopt(ctx, &OUT##_type, &to_[kept_]);                                                 \
    origin_[kept_++] = (uint16_t)row;

/**
 * A fused stage: filters and updates over one record and a last step, composed by the compiler into
 * one loop. `FLOW_STAGE(cheap, bid, bid, FLOW_KEEP(is_cheap) FLOW_CHANGE(convert) FLOW_PASS(bid));`
 * defines `cheap_fn`, which gives the same rows as the chain of its steps. Members of flow_fn may
 * follow.
 */
#define FLOW_STAGE(name_, IN, OUT, ...)                                                            \
    FLOW_APPLY_(FLOW_STAGE_FN_, name_, IN, OUT, FLOW_FIRST_(__VA_ARGS__, ~),                       \
        FLOW_REST_(__VA_ARGS__, .name = #name_))

#define FLOW_STAGE_FN_(name_, IN, OUT, steps, ...)                                                 \
    FLOW_LOOP_(                                                                                    \
        name_, IN, struct OUT *const to_ = (struct OUT *)(void *)ctx->outs[0].next;                \
        uint16_t *const origin_ = ctx->outs[0].origin; uint32_t kept_ = 0; ctx->next = count_;     \
        flow_status status_ = FLOW_OK;, struct IN copy_ = *FLOW_ROW_(struct IN);                   \
        struct IN *row_ = &copy_; ctx->row = row; do { steps } while (0);                          \
        if (status_ != FLOW_OK) {                                                                  \
            ctx->next = i;                                                                         \
            break;                                                                                 \
        },                                                                                         \
        ctx->kept = kept_;                                                                         \
        return status_;)                                                                           \
    FLOW_OUTS_(name_, OUT);                                                                        \
    FLOW_FN_(name_, FLOW_FORM_STAGE, IN, FLOW_OUTS_OF_(name_), __VA_ARGS__)

#endif

#endif
