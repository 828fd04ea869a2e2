// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Records as bytes: the binary coder, keys in canonical form, JSON and CSV text. For who writes a
 * transform.
 */
#ifndef FLOW_TEXT_H
#define FLOW_TEXT_H

#include <flow/type.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A growing run of bytes, owned by whoever zeroed it; give it back with flow_buffer_free. Not for
 * sharing. */
typedef struct flow_buffer {
    char *data;                      /**< The bytes; NULL at first. */
    size_t len;                      /**< Bytes in use. */
    size_t size;                     /**< Bytes there. */
    const flow_allocator *allocator; /**< NULL: the C library's. */
    bool failed; /**< Sticky: an allocation failed, and what came after was not written. */
} flow_buffer;

/** Room for `len` more bytes, counted as used at once; NULL (and `failed`) without memory. */
FLOW_API char *flow_buffer_add(flow_buffer *buffer, size_t len);

/** Appends `len` bytes. */
FLOW_API void flow_buffer_put(flow_buffer *buffer, const void *data, size_t len);

/** Appends text as printf makes it. */
FLOW_API void flow_buffer_printf(flow_buffer *buffer, const char *format, ...) FLOW_PRINTF(2, 3);

/** Gives the bytes back and zeroes it, keeping the allocator. */
FLOW_API void flow_buffer_free(flow_buffer *buffer);

/** Turns the bytes into terminated text of the caller's, released with flow_text_free, and gives
 * the buffer back. NULL when the buffer has failed, or without memory. */
FLOW_API char *flow_buffer_text(flow_buffer *buffer);

/** Bytes of the character in UTF-8 that begins at `at` and does not go beyond `end`: 1 to 4; 0 when
 * there is none, as with overlong forms and halves of surrogates. `at` lies before `end`. Pure. */
static inline size_t flow_utf8_len(const char *at, const char *end)
{
    const unsigned char *bytes = (const unsigned char *)at;
    const unsigned lead = bytes[0];
    if (lead < 0x80)
        return 1;
    if (lead < 0xC2 || lead > 0xF4)
        return 0;
    const size_t len = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if ((size_t)(end - at) < len)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
    // the second byte carries what keeps out overlong forms, surrogates and what is past U+10FFFF
    const unsigned least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    return bytes[1] >= least && bytes[1] <= most ? len : 0;
}

/** Where a reader puts what does not fit into the row: strings it had to build, lists. Eight-byte
 * aligned, or NULL. */
typedef struct flow_memory {
    void *(*take)(
        void *user, size_t size); /**< `size` bytes that live as long as the row, or NULL. */
    void *user;                   /**< Passed to `take`. */
} flow_memory;

/**
 * Appends the binary form of a row: fields in order; bools one byte; signed integers and times
 * zigzag varints, unsigned ones plain varints; floats 8 or 4 bytes little-endian; text varint
 * length and bytes; optional a presence byte first; lists varint count and items. Deterministic:
 * equal rows give equal bytes (−0.0 is written as 0.0, every NaN as one NaN, padding never) (R21).
 */
FLOW_API void flow_encode(const flow_type *type, const void *row, flow_buffer *out);

/**
 * Reads one row in binary form off the front of `from` into `row`. Text points into `from`'s bytes;
 * lists are taken from `memory` (NULL where there are none). Only what flow_encode writes is read:
 * FLOW_PARSE with a sentence on truncated, overlong or impossible bytes; `from` is then
 * unspecified.
 */
FLOW_API flow_status flow_decode(
    const flow_type *type, flow_str *from, void *row, const flow_memory *memory, flow_error *error);

/** Appends the binary form of one value of a scalar kind or (with `record`) a record: what
 * flow_encode does per field. */
FLOW_API void flow_encode_value(
    flow_kind kind, const flow_type *record, const void *value, flow_buffer *out);

/** What flow_decode_value reads from. */
typedef struct flow_decoding {
    flow_str rest;             /**< The bytes still to be read; unspecified after a failure. */
    const flow_memory *memory; /**< Gives the items of lists; NULL: there must be none. */
    flow_error *error;         /**< Filled on failure; may be NULL. */
} flow_decoding;

/** The counterpart of flow_encode_value: reads one value off the front of `from`. */
FLOW_API flow_status flow_decode_value(
    flow_decoding *from, flow_kind kind, const flow_type *record, void *value);

/** Whether two rows are equal as their binary forms are. */
FLOW_API bool flow_row_equal(const flow_type *type, const void *a, const void *b);

/**
 * Copies what the row's pointers show (text, bytes, lists, at any depth) into `memory` and lets the
 * row point there. With `lent` set, only what it says is not already safe is copied. FLOW_MEMORY
 * when `memory` gives none.
 */
FLOW_API flow_status flow_row_adopt(const flow_type *type, void *row, const flow_memory *memory,
    bool (*safe)(void *user, const void *data, size_t len), void *user);

/** Reads JSON objects as rows of one type; one per thread. Needs the `json` feature of the build.
 */
typedef struct flow_json flow_json;

/** A reader for `type`. NULL with an error when the type is no record for JSON or the feature is
 * off. */
FLOW_API flow_json *flow_json_new(
    const flow_type *type, const flow_allocator *allocator, flow_error *error);

/** Gives it back; NULL is allowed. */
FLOW_API void flow_json_free(flow_json *json);

/**
 * Reads one JSON object into `row`. Unknown members are passed over; the first of two members with
 * one name counts; numbers must fit their field (no silent rounding of integers, 1e3 and 1.0 are
 * integers); times as flow_time_parse; bytes as base64; null or nothing only for optional fields.
 * Text without escapes points into `text`, which must outlive the row; else it is taken from
 * `memory`. Text that is not UTF-8 is refused. FLOW_PARSE with a sentence that names the field
 * and the byte where its member begins: `field "price" at byte 12: expected a number, found "abc"`
 * (a classified value is not shown).
 */
FLOW_API flow_status flow_json_read(
    flow_json *json, flow_str text, void *row, const flow_memory *memory, flow_error *error);

/** Appends a row as one JSON object without a line end. Bytes that are no UTF-8 become U+FFFD; NaN
 * and infinities null. */
FLOW_API void flow_json_write(const flow_type *type, const void *row, flow_buffer *out);

/** As flow_json_write, with the fields classified as personal data shown as "***". */
FLOW_API void flow_json_write_masked(const flow_type *type, const void *row, flow_buffer *out);

/** Appends one value as JSON; null for a kind that is neither scalar nor (with `record`) a record.
 */
FLOW_API void flow_json_write_value(
    flow_kind kind, const flow_type *record, const void *value, flow_buffer *out);

/** How CSV columns lie over the fields of a record; made from a header line. One per file, read by
 * many threads. */
typedef struct flow_csv flow_csv;

/**
 * A reader for `type` (scalar and optional fields only) with RFC 4180 quoting. `header` is the
 * header line, whose names are matched to outside names in any order, unknown ones passed over, a
 * missing non-optional one an error; empty: columns are the fields in their order. `separator` 0
 * means a comma.
 */
FLOW_API flow_csv *flow_csv_new(const flow_type *type, flow_str header, char separator,
    const flow_allocator *allocator, flow_error *error);

/** Gives it back; NULL is allowed. */
FLOW_API void flow_csv_free(flow_csv *csv);

/** Bytes of the first line of `text`, its end included, minding quotes; 0 when the line does not
 * end within `text`. */
FLOW_API size_t flow_csv_line(flow_str text);

/**
 * Reads one line (without its end) into `row`; same rules for numbers, times and memory as
 * flow_json_read. An empty cell is an absent optional, an empty text, or an error; `""` is
 * an empty text even where the field is optional. Bools are true, false, 1 or 0; floats may be NaN
 * or Infinity; text may be any bytes and a quote within an unquoted cell stands for itself.
 * FLOW_PARSE names column, its number and what was expected.
 */
FLOW_API flow_status flow_csv_read(
    const flow_csv *csv, flow_str line, void *row, const flow_memory *memory, flow_error *error);

/** Appends the header line with its end (`\n`). `first` is a name for a column before the fields,
 * or NULL. */
FLOW_API void flow_csv_write_header(const flow_type *type, const char *first, flow_buffer *out);

/** Appends a row's cells without line end. Quotes only where needed. */
FLOW_API void flow_csv_write(const flow_type *type, const void *row, flow_buffer *out);

/** Appends one value as a cell, without separator. */
FLOW_API void flow_csv_write_value(flow_kind kind, const void *value, flow_buffer *out);

#ifdef __cplusplus
}
#endif

#endif
