// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Beam schemas: what the fields of a row are, apart from any programming language, and the row
 * coder between such rows and records. For who writes runners and exchanges data with other SDKs.
 */
#ifndef FLOW_SCHEMA_H
#define FLOW_SCHEMA_H

#include <flow/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a value of a schema is; the first nine have Beam's numbers of atomic types. */
typedef enum flow_schema_kind {
    FLOW_SCHEMA_BYTE = 1,      /**< 8 bits. */
    FLOW_SCHEMA_INT16 = 2,     /**< 16 bits. */
    FLOW_SCHEMA_INT32 = 3,     /**< 32 bits. */
    FLOW_SCHEMA_INT64 = 4,     /**< 64 bits. */
    FLOW_SCHEMA_FLOAT = 5,     /**< `float` */
    FLOW_SCHEMA_DOUBLE = 6,    /**< `double` */
    FLOW_SCHEMA_STRING = 7,    /**< UTF-8 text. */
    FLOW_SCHEMA_BOOLEAN = 8,   /**< `bool` */
    FLOW_SCHEMA_BYTES = 9,     /**< Bytes. */
    FLOW_SCHEMA_ARRAY = 16,    /**< Items in order. */
    FLOW_SCHEMA_ITERABLE = 17, /**< Items in any order. */
    FLOW_SCHEMA_MAP = 18,      /**< Keys and values. */
    FLOW_SCHEMA_ROW = 19,      /**< A nested row. */
    FLOW_SCHEMA_LOGICAL = 20   /**< Named by a URN, written as another type. */
} flow_schema_kind;

/** The type of a field, an item, a key or a value. Members that its kind does not use are zero. */
typedef struct flow_schema_type {
    flow_schema_kind kind;                  /**< Which. */
    bool nullable;                          /**< It may be absent. */
    const struct flow_schema_type *element; /**< Of items, of a map's values, or what a logical type
                                               is written as. */
    const struct flow_schema_type *key;     /**< Of a map's keys. */
    const struct flow_schema *row;          /**< Of a nested row. */
    const char *urn; /**< Of a logical type: "beam:logical_type:micros_instant:v1". */
    int64_t length;  /**< Argument of fixed_char, var_char, fixed_bytes, var_bytes. */
} flow_schema_type;

/** One field of a row. */
typedef struct flow_schema_field {
    const char *name;      /**< The outside name of the record's field. */
    const char *doc;       /**< A sentence, or NULL. */
    flow_schema_type type; /**< What it holds. */
    uint32_t position;     /**< Where it is written, if flow_schema.positions is set. */
} flow_schema_field;

/** What a row is. */
typedef struct flow_schema {
    const char *id;                  /**< A UUID by which others know it, or NULL. */
    uint32_t field_count;            /**< Fields. */
    const flow_schema_field *fields; /**< In the order of the schema. */
    bool positions;                  /**< Fields are written by `position`, not in order. */
} flow_schema;

/**
 * The schema of a record, in `memory`: integers INT32 and INT64 (unsigned ones INT64, and larger
 * ones cannot be written), text STRING, times `micros_instant`, durations `nanos_duration`, lists
 * ARRAY, optional fields nullable. NULL with FLOW_MEMORY, or FLOW_TYPE when the record is none.
 */
FLOW_API const flow_schema *flow_schema_of(
    const flow_type *type, const flow_memory *memory, flow_error *error);

/** Appends the schema as text: `{str: string?, at: micros_instant, tags: array<string>}`. */
FLOW_API void flow_schema_print(const flow_schema *schema, flow_buffer *out);

/** Rows of a schema as records of a type: read-only once made, for many threads. */
typedef struct flow_row_coder flow_row_coder;

/**
 * Between rows of `schema` and records of `type`, both of which must stay. Fields are matched by
 * name. Whole numbers of every size go into integer fields, if they fit; STRING, `fixed_char`,
 * `var_char` and `decimal` (as digits) into text; `millis_instant`, `micros_instant` and
 * `nanos_instant` into times; `nanos_duration` into durations; a map into a list of records of two
 * fields, key and value; nullable items into a list of records of one optional field; other logical
 * types into what they are written as. Nullable fields want an optional field. NULL with FLOW_TYPE
 * and a sentence that names the field, or FLOW_MEMORY.
 */
FLOW_API flow_row_coder *flow_row_coder_new(const flow_schema *schema, const flow_type *type,
    const flow_allocator *allocator, flow_error *error);

/** Gives it back; NULL is allowed. */
FLOW_API void flow_row_coder_free(flow_row_coder *coder);

/** The record of it. */
FLOW_API const flow_type *flow_row_coder_type(const flow_row_coder *coder);

/** Whether equal rows are always equal bytes, as keys must be (R21): no floats, maps or iterables.
 */
FLOW_API bool flow_row_coder_deterministic(const flow_row_coder *coder);

/** Appends a record as a row: `beam:coder:row:v1`. FLOW_INVALID with a sentence that names the
 * field whose value the schema cannot hold. */
FLOW_API flow_status flow_row_coder_encode(
    const flow_row_coder *coder, const void *row, flow_buffer *out, flow_error *error);

/** Reads one row off the front of `from`. Text points into its bytes where it can, the rest is
 * taken from `memory`. FLOW_PARSE with a sentence. */
FLOW_API flow_status flow_row_coder_decode(const flow_row_coder *coder, flow_str *from, void *row,
    const flow_memory *memory, flow_error *error);

#ifdef __cplusplus
}
#endif

#endif
