// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Beam's standard coders, byte for byte: values in memory as other SDKs and runners write them
 * (R83). For who writes runners and connectors; the coder of the local runner is flow_encode.
 *
 * A coder is a small tree of static structs. What it reads and writes lies in memory as a C struct
 * would: for `kv<bytes, varint>` a `struct { flow_bytes key; int64_t value; }`.
 */
#ifndef FLOW_CODER_H
#define FLOW_CODER_H

#include <flow/function.h>
#include <flow/schema.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The standard coders, with what a value is in memory. K, T and W stand for a part's value. */
typedef enum flow_coder_kind {
    FLOW_CODER_BYTES = 1,            /**< flow_bytes */
    FLOW_CODER_STRING = 2,           /**< flow_str, UTF-8 */
    FLOW_CODER_VARINT = 3,           /**< int64_t */
    FLOW_CODER_BOOL = 4,             /**< bool */
    FLOW_CODER_DOUBLE = 5,           /**< double */
    FLOW_CODER_KV = 6,               /**< struct { K key; T value; } */
    FLOW_CODER_ITERABLE = 7,         /**< flow_list of T */
    FLOW_CODER_STATE_ITERABLE = 8,   /**< flow_list of T; see flow_coder_input.state */
    FLOW_CODER_NULLABLE = 9,         /**< struct { bool present; T value; } */
    FLOW_CODER_TIMER = 10,           /**< struct { flow_coder_timer head; K key; } */
    FLOW_CODER_INTERVAL_WINDOW = 11, /**< flow_window, in whole milliseconds */
    FLOW_CODER_GLOBAL_WINDOW = 12,   /**< flow_window, all of time */
    FLOW_CODER_CUSTOM_WINDOW = 13,   /**< struct { flow_time max; W window; } */
    FLOW_CODER_WINDOWED = 14,        /**< struct { flow_coder_windowed head; T value; } */
    FLOW_CODER_PARAM_WINDOWED = 15,  /**< The same; the head is in flow_coder.payload. */
    FLOW_CODER_SHARDED_KEY = 16,     /**< struct { flow_bytes shard; K key; } */
    FLOW_CODER_LENGTH_PREFIX = 17,   /**< T */
    FLOW_CODER_ROW = 18,             /**< A record, by flow_coder.row. */
    FLOW_CODER_FLOAT = 19,           /**< float, 4 bytes; no URN */
    FLOW_CODER_INT16 = 20,           /**< int32_t within 16 bits, 2 bytes; no URN */
    FLOW_CODER_INT32 = 21,           /**< int32_t, a varint of 5 bytes at most; no URN */
    FLOW_CODER_TIMESTAMP = 22        /**< flow_time in milliseconds, 8 bytes; no URN */
} flow_coder_kind;

/** A coder: static or built by a runner, read-only, for many threads. */
typedef struct flow_coder {
    flow_coder_kind kind;              /**< Which. */
    const struct flow_coder *parts[2]; /**< In Beam's order: K or T first, then T or W. */
    const flow_row_coder *row;         /**< ROW. */
    flow_bytes payload;                /**< PARAM_WINDOWED: Beam's payload of the coder. */
} flow_coder;

/** What a windowed value has beside the value. */
typedef struct flow_coder_windowed {
    flow_time at;      /**< Floored to milliseconds when written. */
    flow_list windows; /**< Of W. */
    flow_pane pane;    /**< Which firing (R51). */
} flow_coder_windowed;

/** What a timer has beside the key. */
typedef struct flow_coder_timer {
    flow_str tag;      /**< Dynamic tag. */
    flow_list windows; /**< Of W. */
    bool clear;        /**< The timer is taken back: what follows is not written. */
    flow_time fire;    /**< When it fires. */
    flow_time hold;    /**< Holds the watermark until it has. */
    flow_pane pane;    /**< Which firing set it. */
} flow_coder_timer;

/** What flow_coder_decode reads from. */
typedef struct flow_coder_input {
    flow_str rest;             /**< Still to be read; unspecified after a failure. */
    const flow_memory *memory; /**< Gives items of lists and built texts; NULL: none are needed. */
    flow_error *error;         /**< Filled on failure; may be NULL. */
    /** The bytes that a token of a state-backed iterable stands for: elements one after another,
     * as long as the value lives. NULL: such iterables are refused (FLOW_UNSUPPORTED). */
    flow_status (*state)(void *user, flow_bytes token, flow_str *elements);
    void *user; /**< Passed to `state`. */
} flow_coder_input;

/** Beam's URN of a kind, or NULL where it has none. Static. */
FLOW_API const char *flow_coder_urn(flow_coder_kind kind);

/** The kind that a URN means; false for one that is not known here. */
FLOW_API bool flow_coder_of_urn(const char *urn, flow_coder_kind *kind);

/** FLOW_INVALID with a sentence when parts are missing, windows are none, or it nests too deep. */
FLOW_API flow_status flow_coder_check(const flow_coder *coder, flow_error *error);

/** Appends it as text: `kv<bytes, iterable<varint>>`. */
FLOW_API void flow_coder_print(const flow_coder *coder, flow_buffer *out);

/** Bytes of a value in memory; `align` (may be NULL) is set to its alignment. */
FLOW_API size_t flow_coder_size(const flow_coder *coder, size_t *align);

/** Where the `index`-th part lies in a value of KV, NULLABLE, TIMER, CUSTOM_WINDOW, WINDOWED,
 * PARAM_WINDOWED or SHARDED_KEY. */
FLOW_API size_t flow_coder_offset(const flow_coder *coder, unsigned index);

/** FLOW_TYPE with a sentence unless equal values are always equal bytes, as keys must be (R21):
 * floats, maps and iterables are not, as in Beam. */
FLOW_API flow_status flow_coder_deterministic(const flow_coder *coder, flow_error *error);

/**
 * Appends a value. `nested`: so that a reader finds its end, as everywhere on the wire; else the
 * outer context, where the bytes end with the value. FLOW_INVALID with a sentence for what Beam
 * cannot say: text that is not UTF-8, windows not in whole milliseconds; FLOW_MEMORY.
 */
FLOW_API flow_status flow_coder_encode(
    const flow_coder *coder, const void *value, bool nested, flow_buffer *out, flow_error *error);

/**
 * Reads a value: `nested` off the front of `in->rest`, else all of it. Text and bytes point into
 * the bytes. Never reads beyond them. FLOW_PARSE with a sentence that names coder and place.
 */
FLOW_API flow_status flow_coder_decode(
    const flow_coder *coder, flow_coder_input *in, bool nested, void *value);

#ifdef __cplusplus
}
#endif

#endif
