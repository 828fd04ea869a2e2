// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The binary interface between the engine and compiled functions: batches as a function sees them,
 * outputs as the inline emit sees them, and the descriptions `flow_fn` and `flow_combine_fn`.
 * Frozen: members are only added at the end (tests/abi checks). People write functions with
 * `<flow/typed.h>`; bindings and generators fill these structs.
 */
#ifndef FLOW_FUNCTION_H
#define FLOW_FUNCTION_H

#include <flow/type.h>
#include <flow/window.h>

#ifdef __cplusplus
extern "C" {
#endif

/** When in a window's life a pane was made (R46). */
typedef enum flow_timing {
    FLOW_TIMING_EARLY = 0,   /**< Before the watermark passed the end. */
    FLOW_TIMING_ON_TIME = 1, /**< When it did. */
    FLOW_TIMING_LATE = 2,    /**< After. */
    FLOW_TIMING_UNKNOWN = 3  /**< Before any grouping (R51). */
} flow_timing;

/** Which firing of its window an element belongs to (R46–R51). */
typedef struct flow_pane {
    flow_timing timing;    /**< When it fired. */
    bool first;            /**< The first of its key and window. */
    bool last;             /**< None follows. */
    bool drained;          /**< There only because the job is drained (R80). */
    uint32_t index;        /**< From 0. */
    int32_t on_time_index; /**< From 0 at the first that is not EARLY; −1 before. */
} flow_pane;

/** Rows a batch holds at most. */
#define FLOW_BATCH_ROWS 1024u

/** Rows as a function sees them; lent for the call. Row r lies at `rows + r * stride`. */
typedef struct flow_batch {
    const char *rows; /**< First row. */
    const uint16_t
        *selection; /**< Numbers of the rows that count, ascending; NULL: rows 0 … count − 1. */
    void *const *states;   /**< Stateful functions: the state of the i-th selected row's key. */
    uint32_t count;        /**< Selected rows. */
    uint32_t stride;       /**< Bytes from one row to the next. */
    uint32_t key_offset;   /**< Where in a row the key lies (keyed collections). */
    uint32_t value_offset; /**< Where in a row the element lies. */
    uint32_t ahead;        /**< Loops ask the memory for the row this many ahead: a hint. */
} flow_batch;

/** Number of the i-th selected row of a batch. */
#define FLOW_BATCH_INDEX(batch, i) ((batch)->selection ? (batch)->selection[i] : (uint32_t)(i))

/** An output as the inline emit sees it. Owned by the engine. */
typedef struct flow_out {
    char *next;       /**< Where the next row goes. */
    uint16_t *origin; /**< Where the number of its source row goes. */
    uint32_t
        room; /**< Rows that fit without asking the engine; 0 whenever the engine must be asked. */
    uint32_t stride;       /**< Bytes of a row. */
    const flow_type *type; /**< What may be emitted here. */
} flow_out;

/** Where the strings of rows lie that need no flow_adopt. Owned by the engine. */
typedef struct flow_safe {
    const char *data; /**< Bytes that live as long as the rows. */
    size_t len;       /**< How many. */
    uint32_t count;   /**< Strings of a row, which points by nothing else. */
    uint16_t at[8];   /**< Where in a row they are. */
} flow_safe;

/** What a function is called with. Only the members named here are seen by compiled code; the rest
 * is the engine's. */
typedef struct flow_ctx {
    flow_out *outs; /**< Outputs by index. */
    uint32_t row;   /**< The row in work: where outputs take time, window and origin from. */
    uint32_t next;  /**< Loops go on from this selected row; set to the failing one when they return
                       an error. */
    uint16_t *keep; /**< Filters: room for the numbers of the rows that pass. */
    uint32_t kept;  /**< Filters: how many passed. */
    flow_status status; /**< Sticky: the first failed emit or flow_fail of this call. */
    char *update;       /**< Updates: the rows to change, laid out as the batch's. */
    const void *config; /**< The step's configuration record, or NULL. */
    bool adopt;         /**< Maps: strings of each written row must be made safe by flow_adopt. */
    const struct flow_fn *fn; /**< The description of the function in work: a library's, made while
                                 building, finds here what it was made with. */
    const flow_safe *safe; /**< Maps: rows whose strings all lie there are safe as they are; NULL:
                              ask. */
} flow_ctx;

/** Whether the strings of a row that a map has just written may stay where they are. */
static inline bool flow_stays_(const flow_ctx *ctx, const void *row)
{
    const flow_safe *safe = ctx->safe;
    for (uint32_t i = 0; safe && i < safe->count; i++) {
        flow_str text;
        memcpy(&text, (const char *)row + safe->at[i], sizeof text);
        if (text.len > 0 && (uintptr_t)text.data - (uintptr_t)safe->data >= safe->len)
            return false;
    }
    return safe != NULL;
}

/** One call for a batch. A return other than FLOW_OK means row `ctx->row` failed; `ctx->next` names
 * its place. */
typedef flow_status flow_batch_fn(flow_ctx *ctx, const flow_batch *batch);

/** Windows merge: what `into` and `other` hold becomes one, in `into`. `into` is of the window that
 * begins earlier. Associative, so that it does not matter which windows merge first. Strings may
 * point to where those of either point. */
typedef void flow_merge_fn(void *into, const void *other);

/** How a function works on a batch: which loop it is. Numbers never change. */
typedef enum flow_form {
    FLOW_FORM_EMIT =
        1, /**< Emits any number of rows for each (element, keyed and fused functions). */
    FLOW_FORM_BATCH = 2,    /**< Sees whole batches, sets `ctx->row` itself. */
    FLOW_FORM_MAP = 3,      /**< Writes exactly one row at outs[0].next for each. */
    FLOW_FORM_UPDATE = 4,   /**< Changes rows in place. */
    FLOW_FORM_FILTER = 5,   /**< Fills `keep` and `kept`. */
    FLOW_FORM_STATEFUL = 6, /**< As EMIT, with states and a timer. */
    FLOW_FORM_GROUP = 7,    /**< `process` is called for one key at a time; see flow_rows. */
    FLOW_FORM_STAGE = 8,    /**< Writes at most one row for each, at outs[0].next and .origin; sets
                               `kept` to how many. */
    FLOW_FORM_CELLS = 9,    /**< As EMIT, with the cells and timers it lists; see flow/state.h. */
    FLOW_FORM_APART = 10    /**< As EMIT, where the key belongs, in bundles of its own that begin
                               once what made the rows has committed. Nothing is late for it. */
} flow_form;

/** A state cell, a timer: see `<flow/state.h>`. */
typedef struct flow_cell flow_cell;
/** See flow_cell. */
typedef struct flow_timer flow_timer;

/** What kind of key a function wants; all zero: any or none. */
typedef struct flow_key_spec {
    flow_kind kind;     /**< FLOW_KIND_NONE: not keyed. */
    uint32_t size;      /**< sizeof the key. */
    const char *c_type; /**< As written in the declaration: "flow_str", "struct place". */
} flow_key_spec;

/** A function over elements: static, made by the macros of `<flow/typed.h>` or by hand. */
typedef struct flow_fn {
    const char *name;             /**< The default name of its steps. */
    flow_form form;               /**< Which loop `process` is. */
    flow_key_spec key;            /**< The key it is called with. */
    const flow_type *in;          /**< Elements it takes. */
    const flow_type *state;       /**< Stateful: record per key and window, zero at first. */
    const flow_type *const *outs; /**< What it emits, by output index. */
    uint32_t out_count; /**< Outputs; 0 only for filters and updates, whose output is their input's
                           type. */
    flow_batch_fn *process; /**< Called with rows. */
    flow_batch_fn
        *timer; /**< Stateful: called with the keys and states of due timers; may be NULL. */
    const flow_cell *const *cells;   /**< CELLS: its state. */
    const flow_timer *const *timers; /**< CELLS: its timers. */
    uint32_t cell_count;             /**< Cells. */
    uint32_t timer_count;            /**< Timers. */
    uint32_t self_size; /**< Bytes of private memory on each worker, zeroed; see flow_self. */
    /** Once a worker, before all else; emits nothing. A failure refuses the job. May be NULL. */
    flow_status (*setup)(flow_ctx *ctx);
    /** Before the first rows of a bundle, anew when it is tried again; emits nothing. May be NULL.
     */
    flow_status (*start)(flow_ctx *ctx);
    /** After the last rows of a bundle, before it commits; emits with flow_emit_stamped (R67). May
     * be NULL. */
    flow_status (*finish)(flow_ctx *ctx);
    /** Once a worker, when the job has ended, if the process lives so long; its status does not
     * matter. May be NULL. */
    flow_status (*teardown)(flow_ctx *ctx);
    /** Makes data of signs. It asks for them (flow_sign), and nothing that it emits is taken back
     * itself. */
    bool takes_signs;
    /** What it keeps counts on the elements it was given: an input that takes elements back is
     * refused. */
    bool no_signs;
    flow_merge_fn *merge; /**< STATEFUL: what two states come to where windows merge; NULL: it is
                             refused there. */
    /** It asks for the window of its elements, or depends on it otherwise: one that lies in several
     * windows reaches it once for each (R22). Others may be called for such an element once or once
     * for each window, which cannot be told from what they give. Functions with state and over
     * groups always go by window. */
    bool by_window;
    /** It has state or a finish, and what it keeps follows what its input takes back: it asks for
     * the sign of each element (flow_sign). Without this, or `takes_signs`, such a function is
     * refused an input that takes elements back, as one with `time_sorted` always is. */
    bool follows_signs;
    /** How far before the time of its element flow_emit_at may go (R66). What lies before the
     * watermark is late behind the step: a skew holds nothing back, as in Beam. */
    flow_duration skew;
} flow_fn;

/** Where and when what a finish emits lies (R67): `window` is one of those that hold `at`. */
typedef struct flow_stamp {
    flow_time at;       /**< Event time; what lies before the watermark is late. */
    flow_window window; /**< Its window. */
} flow_stamp;

/** The accumulators that the engine knows and runs without an indirect call. */
typedef enum flow_primitive {
    FLOW_PRIMITIVE_NONE = 0,  /**< Written by a user: `add` and `merge`. */
    FLOW_PRIMITIVE_COUNT = 1, /**< Rows. Accumulator: int64. */
    FLOW_PRIMITIVE_SUM =
        2, /**< Sum of an integer field. Accumulator: 128 bits as two uint64, low first. */
    FLOW_PRIMITIVE_MIN = 3, /**< Smallest of a time, duration or integer field but U64. Accumulator:
                               int64 value, int64 seen (0: none yet, 1: `value` counts). */
    FLOW_PRIMITIVE_MAX = 4  /**< Largest, likewise. */
} flow_primitive;

/**
 * How values of one key and window become one: static, made by FLOW_COMBINE_FN, by the library, or
 * by hand. Merging is associative and commutative, and an accumulator of zeros is the neutral
 * element (R73).
 */
typedef struct flow_combine_fn {
    const char *name;         /**< The default name of its steps. */
    const flow_type *in;      /**< Elements it takes; NULL: any. */
    const flow_type *acc;     /**< The accumulator, a record (for state, snapshots and wire). */
    const flow_type *out;     /**< What comes out; the accumulator itself without `extract`. */
    flow_primitive primitive; /**< One that the engine knows, or NONE. */
    bool exact;               /**< `subtract` undoes `merge` to the bit. */
    /** Adds one element: the whole of it, whatever field the options name. `config` is the step's,
     * or NULL. */
    void (*add)(void *acc, const void *in, const void *config);
    /** Adds another accumulator. */
    void (*merge)(void *acc, const void *other, const void *config);
    /** Takes an accumulator out again; only with `exact`. May be NULL. */
    void (*subtract)(void *acc, const void *other, const void *config);
    /** Makes the output; FLOW_OK or the reason why there is none. NULL: the accumulator is the
     * output. */
    flow_status (*extract)(const void *acc, void *out, const void *config);
} flow_combine_fn;

/** The rows of one key and window, for FLOW_GROUP_FN: taken one by one, in no particular order. */
typedef struct flow_rows flow_rows;

/**
 * The next row, or NULL at the end; also NULL, with the context's sticky error, when rows that were
 * spilled cannot be read back. Lent until the next call for the same rows, or with flow_rows_keep
 * until the group function returns.
 */
FLOW_API const void *flow_rows_next(flow_rows *rows);

/** Rows that are asked for from now on stay until the group function returns. Of rows that were
 * spilled this costs memory, within the budget: all that are asked for must fit. */
FLOW_API void flow_rows_keep(flow_rows *rows);

/** Begins anew: the next row is the first again, as often as wanted, in the order of before. Rows
 * that were spilled are read again from the scratch file; of kept ones each pass has others. */
FLOW_API void flow_rows_rewind(flow_rows *rows);

/**
 * Holds the row that was lent last: where it is now it stays, also through flow_rows_rewind, until
 * flow_rows_release or until the group function returns. NULL when a worker's share of the memory
 * for this is used up; of none held yet one is always. So a function looks at more rows at once
 * than one, however many there are: it holds a block, reads the others past it, and goes on with
 * the next. Also NULL, with the context's sticky error, without memory for one.
 */
FLOW_API const void *flow_rows_hold(flow_rows *rows);

/** Lets all rows go that are held. */
FLOW_API void flow_rows_release(flow_rows *rows);

/** How many rows there are. */
FLOW_API size_t flow_rows_count(const flow_rows *rows);

/** The rows that the engine calls a group function for. */
FLOW_API flow_rows *flow_ctx_rows(flow_ctx *ctx);

/** Emits when the inline way will not do: another description of the type, strings to make safe, a
 * full batch. */
FLOW_API flow_status flow_emit_slow(
    flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row);

/** Makes the strings of a row that a map wrote safe: those outside lent memory are copied. */
FLOW_API void flow_adopt(flow_ctx *ctx, const flow_type *type, void *row);

/** Copies `row` to an output; time, window and origin come from row `ctx->row`. Sticky on failure.
 */
static inline flow_status flow_emit(
    flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row, size_t size)
{
    flow_out *out = &ctx->outs[output];
    if (out->type != type || out->room == 0)
        return flow_emit_slow(ctx, output, type, row);
    memcpy(out->next, row, size);
    out->next += size;
    *out->origin++ = (uint16_t)ctx->row;
    out->room--;
    return FLOW_OK;
}

/** Emits from the finish of a function, with time and window, which no row in work gives (R67).
 * Sticky on failure. */
FLOW_API flow_status flow_emit_stamped(
    flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row, flow_stamp stamp);

/** The function's private memory on this worker, of `self_size` bytes: not part of the bundle, so
 * what a failed bundle did there stays. */
FLOW_API void *flow_self(flow_ctx *ctx);

/**
 * Emits as flow_emit, with an event time of its own, from functions over elements, timers and
 * groups: not before that of the row in work less the function's `skew` (R66). The window stays the
 * row's; elements that may lie in several need `by_window`. Another time fails the row.
 */
FLOW_API flow_status flow_emit_at(
    flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row, flow_time at);

/** Calls `done(user)` on the worker's thread once the bundle in work has been committed, to tell
 * the outside. Never if the bundle is aborted, which is then tried again; not at all if the process
 * ends between the two (R67). */
FLOW_API flow_status flow_after_commit(flow_ctx *ctx, void (*done)(void *user), void *user);

/**
 * Room for up to `*count` rows of an output, to be written in place; `*count` is lowered to what
 * there is (at least 1), then call flow_commit. Only for types without strings, or with strings
 * from flow_alloc or the input. NULL and a sticky status when there is none. For batch functions
 * and sources.
 */
FLOW_API void *flow_reserve(flow_ctx *ctx, uint32_t output, const flow_type *type, uint32_t *count);

/** Emits the first `count` rows of the last flow_reserve; all come from row `ctx->row`. */
FLOW_API flow_status flow_commit(flow_ctx *ctx, uint32_t output, uint32_t count);

/** Scratch memory, eight-byte aligned, that lasts until the bundle ends and longer where an emitted
 * row points to it. */
FLOW_API void *flow_alloc(flow_ctx *ctx, size_t size);

/** Text made as printf makes it, in flow_alloc memory; empty without memory. */
FLOW_API flow_str flow_format(flow_ctx *ctx, const char *format, ...) FLOW_PRINTF(2, 3);

/** Fails the row in work with one sentence: `return flow_fail(ctx, FLOW_USER, "price %f is
 * negative", …);`. */
FLOW_API flow_status flow_fail(flow_ctx *ctx, flow_status status, const char *format, ...)
    FLOW_PRINTF(3, 4);

/**
 * A line for the log callback of the pipeline (flow_pipeline_options), made as printf makes it:
 * with the step's name, and behind the text the key and window of the row in work, if it has them.
 * From any call with a context, setup and teardown too; on the worker's thread. A line below the
 * pipeline's `log_level` costs a comparison and is not made. A bundle that is tried again says its
 * lines again. Of long lines the first 900 bytes.
 */
FLOW_API void flow_log(flow_ctx *ctx, flow_log_level level, const char *format, ...)
    FLOW_PRINTF(3, 4);

/** The event time of the row in work (of the timer, in a timer). */
FLOW_API flow_time flow_event_time(const flow_ctx *ctx);

/** The window of the row in work. An element in several windows has no single one: a function over
 * elements that may lie in several (sliding, growing and custom windows, before any grouping or
 * state) must be declared `by_window`, or the job fails with FLOW_INVALID (R22): when it asks for
 * the first time, whatever the element is, since what a C function calls is not known before it
 * runs. */
FLOW_API flow_window flow_event_window(const flow_ctx *ctx);

/** The pane of the row in work: which firing of its window it came from; before any grouping
 * FLOW_TIMING_UNKNOWN, first and last (R51). In a group function: the pane being fired. */
FLOW_API flow_pane flow_pane_info(const flow_ctx *ctx);

/** −1 when the row in work is taken back: accumulating and retracting panes say again what they
 * said before, with this sign. Else +1. What a function emits has the sign of its row. */
FLOW_API int flow_sign(const flow_ctx *ctx);

/** End of the window of flow_event_window: the first instant after it. */
FLOW_API flow_time flow_window_end(const flow_ctx *ctx);

/** The input watermark of the step: no element with an earlier time will come, but late ones. */
FLOW_API flow_time flow_watermark(const flow_ctx *ctx);

/** Stateful: calls the timer function of this key and window once the watermark passes `when`;
 * replaces the one set. */
FLOW_API void flow_timer_set(flow_ctx *ctx, flow_time when);

/** Stateful: takes this key's timer back. */
FLOW_API void flow_timer_clear(flow_ctx *ctx);

/** Stateful: forgets this key's state when the call returns: the next element finds zeros. Takes
 * the timer back. */
FLOW_API void flow_state_clear(flow_ctx *ctx);

/** The configuration record given to the step, or NULL and a sticky FLOW_TYPE when it is of another
 * type. */
FLOW_API const void *flow_config(flow_ctx *ctx, const flow_type *type);

#ifdef __cplusplus
}
#endif

#endif
