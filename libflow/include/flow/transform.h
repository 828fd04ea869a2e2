// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * For who writes a transform that needs execution of its own: sources and sinks. Most transforms
 * are plain functions from collection to collection over the builders of `<flow/flow.h>` and need
 * nothing from here.
 */
#ifndef FLOW_TRANSFORM_H
#define FLOW_TRANSFORM_H

#include <flow/flow.h>
#include <flow/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Memory that lives as long as the pipeline, eight-byte aligned and zeroed; NULL fails building.
 */
FLOW_API void *flow_pipeline_alloc(flow_pipeline *pipeline, size_t size);

/** The allocator of a pipeline; never NULL, lives as long as it. */
FLOW_API const flow_allocator *flow_pipeline_allocator(const flow_pipeline *pipeline);

/** `size` zeroed bytes from an allocator as flow_open shows it; NULL without memory. For what does
 * not live as long as the pipeline. */
FLOW_API void *flow_allocate(const flow_allocator *allocator, size_t size);

/** Gives back what flow_allocate gave for `size` bytes; NULL is allowed. */
FLOW_API void flow_release(const flow_allocator *allocator, void *memory, size_t size);

/** A copy of a C string that lives as long as the pipeline; NULL for NULL. */
FLOW_API const char *flow_pipeline_string(flow_pipeline *pipeline, const char *text);

/**
 * Copies a caller's options of `size` bytes over `own`, which has `known`; what the caller does not
 * know stays zero. False when a newer caller set something that this version does not know.
 */
FLOW_API bool flow_options_copy(void *own, size_t known, const void *options, size_t size);

/** What a transform says when flow_options_copy() is false. */
#define FLOW_OPTION_UNKNOWN "an option is set that this version of libflow does not know"

/** The element type of a collection; NULL for the invalid one. */
FLOW_API const flow_type *flow_coll_type(flow_coll coll);

/** Whether a collection has a key. */
FLOW_API bool flow_coll_is_keyed(flow_coll coll);

/** The field of the element that is the key; all zero without a key, or when the key is no part of
 * it. */
FLOW_API flow_field_ref flow_coll_key(flow_coll coll);

/** What the key of a collection is, wherever it lies: `kind`, `size` and for records `record`; kind
 * NONE without a key. */
FLOW_API flow_field flow_coll_key_field(flow_coll coll);

/** How long after their end windows of a collection take late elements (R23). */
FLOW_API flow_duration flow_coll_lateness(flow_coll coll);

/** How the time of a collection is cut; what it points to lives as long as the pipeline. */
FLOW_API flow_windows flow_coll_windows(flow_coll coll);

/** Whether windows of a collection still have to be merged by a grouping (R16). */
FLOW_API bool flow_coll_merging(flow_coll coll);

/** Whether a trigger other than the default fires its windows (R42). */
FLOW_API bool flow_coll_triggered(flow_coll coll);

/** Whether a grouping of it gives one result a key and window at most: default trigger, nothing
 * late, no further result at closing. */
FLOW_API bool flow_coll_fires_once(flow_coll coll);

/** What the second result of a window of a collection says of its first; DISCARDING where that was
 * left open. */
FLOW_API flow_accumulation flow_coll_accumulation(flow_coll coll);

/** What a source, sink or partition is told when it is opened. Lent for the call, but for `config`.
 */
typedef struct flow_open {
    const void *config;              /**< The transform's own configuration, in pipeline memory. */
    const char *step;                /**< Path of the step, for errors. */
    const flow_type *type;           /**< Element type. */
    flow_key_spec key;               /**< Sinks: the key, or kind NONE. */
    const flow_type *key_record;     /**< Sinks: its type, when it is a record. */
    uint32_t workers;                /**< How many workers may call at once, numbered from 0. */
    const flow_allocator *allocator; /**< Never NULL. */
    flow_on_error on_error;          /**< What the step was told about bad elements. */
    flow_error *error;               /**< Where to put the sentence. */
} flow_open;

/** Part of a partition: what one bundle reads. Reading it again gives the same rows, until it is
 * finalized. */
typedef struct flow_piece {
    uint32_t partition; /**< Of which partition. */
    uint64_t begin;     /**< Opaque position where it begins. */
    uint64_t end;       /**< Opaque position where the next begins. */
    void *data;         /**< Whatever `claim` found already; the source's. */
    /** Sources with `own_watermark`: once this piece and all before it are committed, no element of
     * the partition below this time will come, but late ones. Begins as FLOW_TIME_MIN: no word. */
    flow_time watermark;
} flow_piece;

/** What asking a partition for a piece came to. */
typedef enum flow_claim {
    FLOW_CLAIM_PIECE = 0, /**< A piece; more may follow. */
    FLOW_CLAIM_WAIT = 1,  /**< Nothing now; ask again later. */
    FLOW_CLAIM_END = 2,   /**< Nothing ever again. */
    FLOW_CLAIM_FAILED = 3 /**< The error is filled. */
} flow_claim;

/**
 * How a source reads: static, filled by hand, found by the runner through flow_read. `self` is
 * private memory of `self_size` bytes, zeroed, one per run. Order of calls: open, partitions, then
 * any number of (seek before the first claim of a partition, claim, read, finalize), close. Calls
 * for one partition's claim never overlap; reads of different pieces do, on any worker.
 */
typedef struct flow_source {
    const char *name;   /**< Default name of its steps. */
    size_t self_size;   /**< Bytes of private memory. */
    bool unbounded;     /**< Overrides flow_read_options.unbounded when true. */
    bool own_watermark; /**< Pieces say the watermark, not flow_time_policy (manual estimator). */
    /** Checks that the input is there and finds its partitions. May block. */
    flow_status (*open)(void *self, const flow_open *open);
    /** How many partitions there are, known after `open`. */
    uint32_t (*partitions)(void *self);
    /** The next piece of a partition, about 64 Ki rows or 1 MiB. Must not block for long. */
    flow_claim (*claim)(void *self, uint32_t partition, flow_piece *piece, flow_error *error);
    /**
     * Emits the rows of a piece on output 0 (flow_emit, flow_reserve, flow_lend). On a bad element:
     * flow_reject, then go on when it returns FLOW_OK.
     */
    flow_status (*read)(void *self, const flow_piece *piece, flow_ctx *ctx);
    /** Goes to a position that a piece ended at, before the first claim. May be NULL: not
     * restartable. */
    flow_status (*seek)(void *self, uint32_t partition, uint64_t position, flow_error *error);
    /** All pieces before `position` are committed: nothing of them will be asked for again. May be
     * NULL. */
    void (*finalize)(void *self, uint32_t partition, uint64_t position);
    /** Gives everything back; called once after a successful `open`. */
    void (*close)(void *self);
    /**
     * Called once after open: keep it and call `wake(user)` from any thread when a partition that
     * said WAIT has something. May be NULL: the runner asks again every millisecond.
     */
    void (*listen)(void *self, void (*wake)(void *user), void *user);
    /**
     * Says where the `ordinal`-th element (from 0) that reading a piece emitted came from, such as
     * "orders.json:17": for errors, so it may be slow. May be NULL.
     */
    void (*origin)(void *self, const flow_piece *piece, uint64_t ordinal, char *text, size_t size);
} flow_source;

/** Options of flow_read. */
typedef struct flow_read_options {
    const char *name;          /**< Name of the step; NULL: the source's. */
    const flow_type *type;     /**< Element type; required. */
    const void *config;        /**< Passed to `open`; in pipeline memory. */
    bool unbounded;            /**< The input has no end of its own. */
    flow_field_ref event_time; /**< A time field to stamp elements with; none: FLOW_TIME_MIN. */
    flow_time_policy times;    /**< Watermark and idleness. */
    flow_on_error on_error;    /**< For elements that flow_reject is called with. */
} flow_read_options;

/** A collection of what a source reads. */
FLOW_API flow_coll flow_read(
    flow_pipeline *pipeline, const flow_source *source, const flow_read_options *options);

/** What a source did, as a witness is told it. */
typedef enum flow_given_what {
    FLOW_GIVEN_PIECE = 1,     /**< A piece was committed, with its rows. */
    FLOW_GIVEN_WATERMARK = 2, /**< The watermark of the source has moved. */
    FLOW_GIVEN_NOTHING = 3,   /**< A partition has nothing for now: it begins to be idle. */
    FLOW_GIVEN_END = 4        /**< A partition has given all. */
} flow_given_what;

/** Something that a source did. */
typedef struct flow_given {
    flow_given_what what; /**< What. */
    uint32_t partition;   /**< Whose; 0: WATERMARK. */
    flow_time clock;      /**< When, by the runner's clock. */
    flow_time watermark;  /**< Of the source, all partitions together: WATERMARK, its new one. */
    uint64_t rows;        /**< PIECE: how many the step gave on. */
    flow_str bytes;       /**< PIECE: of each its event time and itself, as flow_encode_value and
                             flow_encode write them; lent for the call. */
} flow_given;

/**
 * Who is told what a source gives, in the order of its commits. Static or in pipeline memory. Calls
 * for one source never overlap; any worker makes them.
 */
typedef struct flow_witness {
    /** A run begins. Else than FLOW_OK, with the sentence in `open->error`, ends it. */
    flow_status (*open)(void *self, const flow_open *open);
    /** Something has happened: committed, so it cannot fail. Called under a lock: short. */
    void (*given)(void *self, const flow_given *given);
    /** Asked before each piece: what is not FLOW_OK ends the run, with the error filled. */
    flow_status (*ready)(void *self, flow_error *error);
    /** The run is over; once after a successful `open`. */
    void (*close)(void *self);
    void *self;     /**< Passed to all of them. */
    const char *by; /**< Who sets it, as sentences say; NULL: flow_read_witness. */
} flow_witness;

/** Lets a witness be told what a source gives: `in` is the collection that flow_read made. A source
 * has one witness. */
FLOW_API void flow_read_witness(flow_coll in, const flow_witness *witness);

/**
 * Hands `count` rows in the caller's memory to output 0 without a copy; they must stay unchanged
 * until the piece is finalized. Only from `read`.
 */
FLOW_API flow_status flow_lend(
    flow_ctx *ctx, const flow_type *type, const void *rows, uint32_t count);

/**
 * The same by column: `columns[f]` is an array of `count` values of the type's f-th field. Combines
 * over declared fields run on the columns; rows are made once a function needs the struct. Not for
 * types with optional fields.
 */
FLOW_API flow_status flow_lend_columns(
    flow_ctx *ctx, const flow_type *type, const void *const *columns, uint32_t count);

/**
 * Tells the engine that `len` bytes at `data` live until `release(user)` is called: strings that
 * or lists that point there are kept without a copy, and `release` (may be NULL) is called, on any
 * thread, once nothing points there any more. Only from `read`, before the rows.
 */
FLOW_API flow_status flow_keep(
    flow_ctx *ctx, const void *data, size_t len, void (*release)(void *user), void *user);

/**
 * Reports an element that cannot be read, as the step's policy says: the bytes, a sentence with its
 * origin
 * (`orders.json:17: field "price": …`). FLOW_OK: go on with the next; else return what it returned.
 */
FLOW_API flow_status flow_reject(flow_ctx *ctx, flow_str element, const char *format, ...)
    FLOW_PRINTF(3, 4);

/** A row that a part of an element's work is about, as its dead letter shows it. */
typedef struct flow_part_row {
    const char *name;      /**< As in the JSON: "left". */
    const flow_type *type; /**< Its type. */
    const void *row;       /**< NULL: there is none. */
} flow_part_row;

/** A part of the work on an element. */
typedef flow_status flow_part_fn(flow_ctx *ctx, void *user);

/**
 * From a function over elements or groups: a part of its work on the row in work, such as one pair
 * of a join, that may fail alone. When `run` fails, what it emitted is taken back, and what was
 * emitted before stays; as the step's `on_error` says, the job fails, or `rows` are rejected
 * together, as JSON under their names. FLOW_OK: go on with the next part; else return what it
 * returned. Memory that it takes with flow_alloc lasts until the part ends, and longer where an
 * emitted row points to it. What parts have emitted may go on before the call ends.
 */
FLOW_API flow_status flow_part(
    flow_ctx *ctx, flow_part_fn *run, void *user, const flow_part_row *rows, uint32_t count);

/** The path, for errors, of the step in work. */
FLOW_API const char *flow_step_path(const flow_ctx *ctx);

/** A row of a batch, lent for the call. */
typedef struct flow_row {
    const char *key;   /**< Its key (keyed collections). */
    const char *value; /**< The element. */
    void *state;       /**< Stateful functions: the state of its key; else NULL. */
} flow_row;

/** What flow_each_row() does with one row. */
typedef flow_status flow_row_fn(flow_ctx *ctx, const flow_row *row, void *user);

/**
 * The loop of batch functions (FLOW_FORM_BATCH) whose types are known only when the pipeline is
 * built: `one` for each row that is still to do, until one gives something else than FLOW_OK.
 * `user` is passed on.
 */
static inline flow_status flow_each_row(
    flow_ctx *ctx, const flow_batch *batch, flow_row_fn *one, void *user)
{
    for (uint32_t i = ctx->next; i < batch->count; i++) {
        ctx->row = FLOW_BATCH_INDEX(batch, i);
        const char *at = batch->rows + (size_t)ctx->row * batch->stride;
        flow_row row = { at + batch->key_offset, at + batch->value_offset, NULL };
        if (batch->states)
            row.state = batch->states[i];
        const flow_status status = one(ctx, &row, user);
        if (status != FLOW_OK) {
            ctx->next = i;
            return status;
        }
    }
    return FLOW_OK;
}

/** Elements as a sink sees them; lent until the call returns. Arrays are by selected row, or NULL
 * when not wanted. */
typedef struct flow_elements {
    flow_batch batch;           /**< Rows; key and value by its offsets. */
    const flow_time *times;     /**< Event times. */
    const flow_window *windows; /**< Windows. */
    const flow_pane *panes;     /**< Panes. */
    const int8_t *signs;        /**< +1, or −1 for an element that is taken back (accumulating and
                                   retracting panes); NULL: all +1. */
    flow_ctx *ctx;              /**< For flow_refuse. */
} flow_elements;

/**
 * From `stage`: the i-th selected element cannot be written, and why. As the step's `on_error`
 * says, the bundle fails, or the element is left out and is an output with the reason. FLOW_OK: go
 * on with the next; else return what it returned.
 */
FLOW_API flow_status flow_refuse(const flow_elements *elements, uint32_t i, const char *format, ...)
    FLOW_PRINTF(3, 4);

/**
 * How a sink writes: static, filled by hand. `self` is private memory, one per run. Order of calls:
 * open; per worker any number of bundles, each stage (any number of times) and then publish or
 * abort; at the end finish, or discard when the job failed or was cancelled; close. Nothing staged
 * may be visible before publish; nothing may look complete before finish.
 */
typedef struct flow_sink {
    const char *name; /**< Default name of its steps. */
    size_t self_size; /**< Bytes of private memory. */
    bool wants_times; /**< Fill flow_elements.times, windows, panes and signs. */
    /** Checks that output is possible. May block. */
    flow_status (*open)(void *self, const flow_open *open);
    /** Takes a batch of the worker's bundle. May block, may fail: then the bundle is aborted. */
    flow_status (*stage)(
        void *self, uint32_t worker, const flow_elements *elements, flow_error *error);
    /** The bundle is committed. Cannot fail. May be NULL. */
    void (*publish)(void *self, uint32_t worker);
    /** The bundle never was: undo what stage did. May be NULL when there is nothing to undo. */
    void (*abort)(void *self, uint32_t worker);
    /** All is written: make it final. May be NULL. */
    flow_status (*finish)(void *self, flow_error *error);
    /** The job failed: leave nothing that looks complete. May be NULL. */
    void (*discard)(void *self);
    /** Gives everything back; called once after a successful `open`. */
    void (*close)(void *self);
} flow_sink;

/** Options of flow_write. */
typedef struct flow_write_options {
    const char *name;        /**< Name of the step; NULL: the sink's. */
    const void *config;      /**< Passed to `open`; in pipeline memory. */
    flow_on_error on_error;  /**< For elements that flow_refuse is called with. */
    flow_coll *dead_letters; /**< FLOW_ON_ERROR_DEAD_LETTER: filled with the collection of what
                                could not be written, flow_rejected. May be NULL. */
} flow_write_options;

/** Writes a collection to a sink. */
FLOW_API void flow_write(flow_coll in, const flow_sink *sink, const flow_write_options *options);

#ifdef __cplusplus
}
#endif

#endif
