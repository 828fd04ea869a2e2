// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Avro object container files: schemas, values by a schema, blocks.
 *
 * A file has a header with the schema it was written by, then blocks of records, each with its
 * number of records, its size and a mark of 16 bytes. A reader compares the schema with the record
 * it wants once (avro_plan.c) and then reads every value by what came of that (avro_value.c).
 */
#ifndef FL_FILE_AVRO_H
#define FL_FILE_AVRO_H

#include "chain.h"
#include "read.h"
#include "write.h"

/** Bytes of the mark behind each block. */
#define FL_AVRO_SYNC 16u
/** How deep values may nest. */
#define FL_AVRO_DEPTH 32u

/** What a schema says of a value. */
enum fl_avro_kind {
    FL_AVRO_NULL,
    FL_AVRO_BOOL,
    FL_AVRO_INT,
    FL_AVRO_LONG,
    FL_AVRO_FLOAT,
    FL_AVRO_DOUBLE,
    FL_AVRO_BYTES,
    FL_AVRO_STRING,
    FL_AVRO_RECORD,
    FL_AVRO_ENUM,
    FL_AVRO_ARRAY,
    FL_AVRO_MAP,
    FL_AVRO_UNION,
    FL_AVRO_FIXED
};

/** What a number stands for. */
enum fl_avro_logical {
    FL_AVRO_PLAIN,
    FL_AVRO_DATE,             /**< Days. */
    FL_AVRO_TIME_MILLIS,      /**< Of the day. */
    FL_AVRO_TIME_MICROS,      /**< Of the day. */
    FL_AVRO_TIMESTAMP_MILLIS, /**< Since 1970. */
    FL_AVRO_TIMESTAMP_MICROS, /**< Since 1970. */
    FL_AVRO_TIMESTAMP_NANOS,  /**< Since 1970. */
    FL_AVRO_DECIMAL           /**< Not read as a number. */
};

/** A schema, or part of one. */
struct fl_avro_type {
    enum fl_avro_kind kind;
    enum fl_avro_logical logical;
    const char *name;            /**< RECORD, ENUM, FIXED: full name. */
    uint32_t count;              /**< RECORD: fields; UNION: branches; ENUM: symbols; else 1. */
    uint64_t size;               /**< FIXED: bytes. */
    struct fl_avro_type **parts; /**< RECORD: of fields; UNION: branches; ARRAY, MAP: the item. */
    const char **names;          /**< RECORD: of fields; ENUM: symbols. */
};

/** Reads a schema; NULL with a sentence. */
struct fl_avro_type *fl_avro_schema(flow_str json, struct fl_chain *memory, flow_error *error);

/** The name of a kind as a schema has it: "long". */
const char *fl_avro_name(const struct fl_avro_type *type);

/** How a value in a file becomes a value of a record. */
struct fl_avro_plan {
    const struct fl_avro_type *type; /**< What is there. */
    flow_kind kind;                  /**< What is wanted; NONE: passed over. */
    uint32_t offset;                 /**< Of the field in its record. */
    uint32_t presence;               /**< As in flow_field. */
    uint32_t size;                   /**< LIST: of an item; RECORD: of the record. */
    struct fl_avro_plan **parts;     /**< RECORD, UNION: by part; LIST: the item. NULL in a union:
                                        a branch that cannot be wanted. */
};

/** Compares a schema with the record that is wanted; NULL with all that does not fit. */
struct fl_avro_plan *fl_avro_plan_make(const struct fl_avro_type *schema, const flow_type *type,
    struct fl_chain *memory, flow_error *error);

/** A place in the bytes of a block. */
struct fl_avro_reader {
    const char *at;
    const char *end;
    const flow_memory *memory; /**< For lists and texts of enums. */
    const char *problem;       /**< Why reading failed; NULL: no memory. */
    const char *field;         /**< In which field; may be NULL. */
};

/** Reads a record into a row of `type`, which is zeroed first. */
bool fl_avro_read(struct fl_avro_reader *from, const struct fl_avro_plan *plan, void *row);

/** Reads a whole number in zigzag form. */
bool fl_avro_read_long(struct fl_avro_reader *from, int64_t *number);

/** A file that is read. */
struct fl_avro {
    struct fl_chain memory;
    const struct fl_avro_plan *plan;
    flow_compression codec; /**< How blocks are compressed; FL_COMPRESSION_DEFLATE, too. */
    char sync[FL_AVRO_SYNC];
};

/** Bytes of the header at the front of `text`; 0 when it does not end there; SIZE_MAX with the
 * error when it is none. */
size_t fl_avro_header_len(flow_str text, flow_error *error);

/** Makes a reader from a whole header; NULL with the error. */
struct fl_avro *fl_avro_new(
    flow_str header, const flow_type *type, const flow_allocator *allocator, flow_error *error);

/** Gives it back; NULL is allowed. */
void fl_avro_free(struct fl_avro *avro);

/** Bytes of whole blocks at the front of `text` from `cut` on, which begins a block. What is no
 * block reaches to the next mark. */
size_t fl_avro_cut(const struct fl_avro *avro, flow_str text, size_t cut);

/** Reads and emits the records of blocks. */
flow_status fl_avro_emit(const struct fl_records *records, flow_ctx *ctx);

/** Moves on to the record of the `ordinal`-th element; false when there is none. */
bool fl_avro_find(struct fl_records *records, uint64_t ordinal);

/** Checks that records of a type can be written; FLOW_TYPE with a sentence. */
flow_status fl_avro_check(const struct fl_format *format, const char *step, flow_error *error);

/** Appends what stands before the blocks. */
void fl_avro_header(const struct fl_format *format, flow_buffer *out);

/** Appends rows as one block. */
flow_status fl_avro_rows(const struct fl_format *format, const flow_batch *batch, flow_buffer *out,
    flow_error *error, const char *step);

/** Appends the schema of the elements as JSON. */
void fl_avro_write_schema(const struct fl_format *format, flow_buffer *out);

/** Compresses the content of a block; unpacks it, to at most `most` bytes. */
flow_status fl_avro_pack(flow_compression codec, flow_str text, flow_buffer *out);
flow_status fl_avro_unpack(
    flow_compression codec, flow_str text, uint64_t most, flow_buffer *out, const char **problem);

#endif
