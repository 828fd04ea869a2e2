// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What the files of the read side share: the source, its files as partitions, buffers, streams.
 *
 * Plain files of lines and JSON lines are cut into byte ranges, which workers read and parse in
 * parallel (plain.c). Whatever has to be read in order – compressed files, pipes, CSV with its
 * quoted line ends, followed files – is read by `claim` into buffers of whole records (stream.c),
 * which workers parse in parallel.
 */
#ifndef FL_FILE_READ_H
#define FL_FILE_READ_H

#include <pthread.h>
#include <stdatomic.h>

#include <flow/file.h>
#include <flow/transform.h>

#include "compress.h"

/** Bytes a piece has by default. */
#define FL_PIECE_SIZE ((size_t)1 << 20)
/** Longest record by default. */
#define FL_LINE_MAX ((uint64_t)16 << 20)
/** How much of a bad record that is too long is shown. */
#define FL_SAMPLE_SIZE ((size_t)256)
/** Expansion that is always allowed. */
#define FL_EXPANSION_FREE ((uint64_t)64 << 20)

/** A read step as built; in pipeline memory. */
struct fl_read_config {
    flow_file_read_options options; /**< As asked for, defaults filled in. */
    uint32_t text_offset;           /**< FLOW_LINES: where in a row the text lies. */
    bool pointers;                  /**< Rows point to their text. */
    size_t piece_size;              /**< FL_PIECE_SIZE; tests make it small. */
    bool literal;                   /**< The path is a name, not a pattern. */
};

/** Free chunks of one run; outlives the source while strings point into a chunk. */
struct fl_pool {
    pthread_mutex_t lock;     /**< Guards what follows. */
    flow_allocator allocator; /**< For chunks. */
    struct fl_chunk *free;    /**< To be used again. */
    uint32_t free_count;      /**< How many. */
    uint32_t free_max;        /**< Beyond, chunks are given back. */
    size_t size_max;          /**< Larger buffers are given back. */
    uint32_t refs;            /**< The source and each chunk in use. */
};

/** A buffer of file content, shared by a piece and the strings that point into it. */
struct fl_chunk {
    struct fl_chunk *next; /**< In the list it is in. */
    struct fl_pool *pool;  /**< Where it goes back to. */
    flow_buffer buffer;    /**< The bytes. */
    atomic_uint refs;      /**< Owners. */
    uint64_t begin;        /**< Position of the first byte. */
    uint64_t end;          /**< Position where the next piece begins. */
    uint64_t line;         /**< Number of the first line; 0: not known. */
    size_t records;        /**< Bytes of whole records; what follows is for `problem`. */
    flow_status problem;   /**< FLOW_OK, or why the bytes after the records are rejected. */
    char sentence[256];    /**< What to say about it. */
};

/** Line numbers of a plain file that is read in ranges: how many line ends each range has. */
struct fl_line_index {
    pthread_mutex_t lock; /**< Guards what follows. */
    uint32_t *counts;     /**< By range; UINT32_MAX: not counted yet. */
    uint32_t range_count; /**< Ranges. */
    uint32_t known;       /**< Ranges before this one are summed up … */
    uint64_t lines;       /**< … here. */
};

/** A file that is read in order. */
struct fl_stream {
    bool sniffed;                /**< What the content is, is known. */
    struct fl_decoder *decoder;  /**< NULL: not compressed. */
    char *in;                    /**< Compressed bytes. */
    size_t in_at;                /**< The first not decompressed. */
    size_t in_len;               /**< How many there are. */
    uint64_t in_total;           /**< Compressed bytes taken. */
    uint64_t out_total;          /**< Bytes given. */
    struct fl_chunk *pending;    /**< Bytes that are in no piece yet. */
    size_t scanned;              /**< Bytes of it that hold no further record end. */
    size_t cut;                  /**< Bytes of whole records found in it. */
    uint64_t offset;             /**< Position of its first byte. */
    uint64_t line;               /**< Line number there; 0: not known. */
    bool waiting;                /**< The last read found nothing more for now. */
    bool ended;                  /**< Nothing comes any more. */
    bool begun;                  /**< Byte order mark and header are behind. */
    struct fl_chunk *oversized;  /**< A record longer than line_max, whose end is being sought. */
    flow_status damage;          /**< Why it ended, when that was not the end. */
    char sentence[256];          /**< What to say about it. */
    struct fl_chunk *taken;      /**< Pieces not finalized, oldest first. */
    struct fl_chunk *taken_last; /**< The newest. */
};

/** A file: a partition. */
struct fl_part {
    const char *path;             /**< As found; "-" is standard input. */
    int fd;                       /**< −1: not open. */
    bool split;                   /**< Read in ranges; else as a stream. */
    bool regular;                 /**< Has a size and can be sought in. */
    bool opened;                  /**< Was opened once. */
    flow_compression compression; /**< What it is; AUTO: not known yet. */
    uint64_t start;               /**< Where to begin: what `seek` said. */
    uint64_t next;                /**< Split: where the next piece begins. */
    uint64_t size;                /**< Regular: bytes when it was opened. */
    uint64_t device;              /**< Regular: which file … */
    uint64_t inode;               /**< … it was then. */
    flow_csv *csv;                /**< Columns; NULL until the header is read. */
    struct fl_avro *avro;         /**< Schema and mark; NULL until the header is read. */
    struct fl_line_index lines;   /**< Split. */
    struct fl_stream stream;      /**< Else. */
};

/** A reader of JSON, for one thread at a time. */
struct fl_parser {
    struct fl_parser *next; /**< In the free list. */
    flow_json *json;        /**< The reader. */
};

/** The source's private memory. */
struct fl_file_read {
    const struct fl_read_config *config; /**< The step as built. */
    char step[128];                      /**< Its path. */
    flow_allocator allocator;            /**< A copy. */
    flow_on_error on_error;              /**< Its policy. */
    struct fl_part *parts;               /**< Files, in order of name. */
    uint32_t part_count;                 /**< How many. */
    bool holds_stdin;                    /**< Nobody else reads it meanwhile. */
    struct fl_pool *pool;                /**< Buffers. */
    pthread_mutex_t lock;                /**< Guards `parsers` and the lists of taken pieces. */
    struct fl_parser *parsers;           /**< Readers of JSON that nobody uses now. */
    struct fl_origins *origins;          /**< Where elements came from. */
};

/** Whole records, to be parsed and emitted. */
struct fl_records {
    struct fl_file_read *read; /**< The source. */
    struct fl_part *part;      /**< The file. */
    flow_str text;             /**< The records; the last may lack its line end. */
    uint64_t offset;           /**< Position of the text. */
    uint64_t line;             /**< Its line number; 0: find out when it is needed. */
    uint64_t record;           /**< Avro: number in the block at the position, from 1; 0: none. */
    uint64_t *line_ends;       /**< NULL, or told how many line ends the text has, once emitted. */
};

/** Pieces whose origins are being asked for at once. */
#define FL_ORIGINS 8

/** How far the origins of a piece's elements have been told: questions mostly go on from there. */
struct fl_origin {
    const struct fl_part *part; /**< The file; NULL: not in use. */
    uint64_t begin;             /**< Of the piece. */
    struct fl_chunk *chunk;     /**< Split files: the range, which it owns. */
    struct fl_records records;  /**< From an element on … */
    uint64_t ordinal;           /**< … which is this one of the piece. */
};

/** Origins that were told last, by piece. */
struct fl_origins {
    pthread_mutex_t lock;
    struct fl_origin list[FL_ORIGINS];
};

/** Checks options, whose `path` is set, and fills defaults in; false with a sentence of `step`. */
bool fl_read_config_make(flow_pipeline *pipeline, const char *step,
    const flow_file_read_options *options, struct fl_read_config *config);

/** The source, for tests that open it with a configuration of their own. */
extern const flow_source fl_file_source;

/** "No such file or directory" and the like, in `text`. */
const char *fl_system_sentence(int number, char *text, size_t size);

/** Opens a file that is not open yet and learns what it is. */
flow_status fl_part_open(struct fl_file_read *read, struct fl_part *part, flow_error *error);

/** Closes the file. */
void fl_part_close(struct fl_part *part);

/** A pool for `workers` workers; NULL without memory. */
struct fl_pool *fl_pool_new(const flow_allocator *allocator, uint32_t workers, size_t piece_size);

/** Gives up the source's hold on the pool; NULL is allowed. */
void fl_pool_unref(struct fl_pool *pool);

/** An empty chunk with room for at least `size` bytes and one owner; NULL without memory. */
struct fl_chunk *fl_chunk_new(struct fl_pool *pool, size_t size);

/** Makes room for `size` bytes in all; only while nothing points into the chunk. */
bool fl_chunk_grow(struct fl_chunk *chunk, size_t size);

/** One owner less; a flow_keep release function. NULL is allowed. */
void fl_chunk_unref(void *chunk);

/** Keeps the bytes of the chunk while emitted strings point there. */
flow_status fl_chunk_keep(struct fl_chunk *chunk, flow_ctx *ctx);

/** Parses and emits records; bad ones are rejected with their origin. */
flow_status fl_records_emit(const struct fl_records *records, flow_ctx *ctx);

/** Rejects `element` of the file at `line` (0: at the position `offset`) with a sentence. */
flow_status fl_reject_at(
    const struct fl_records *records, flow_ctx *ctx, flow_str element, const char *sentence);

/** Bytes of whole records at the front of `text`, which begins a record; `from` and `cut` of an
 * earlier call for the same bytes are taken into account. */
size_t fl_records_cut(flow_file_format format, flow_str text, size_t from, size_t cut);

/** Moves on to the record of the `ordinal`-th element that the records give; false when there is
 * none. */
bool fl_records_find(struct fl_records *records, uint64_t ordinal);

/** Where the first of the records stands, as `file:line`. */
void fl_records_place(const struct fl_records *records, char *text, size_t size);

/** flow_source.origin. */
void fl_origin_tell(
    struct fl_file_read *read, const flow_piece *piece, uint64_t ordinal, char *text, size_t size);

/** Gives back what origins hold. */
void fl_origins_close(struct fl_file_read *read);

/** How many line ends there are in `text`. */
uint64_t fl_count_lines(const char *text, size_t len);

/** The next range of a split file. */
flow_claim fl_plain_claim(
    struct fl_file_read *read, struct fl_part *part, flow_piece *piece, flow_error *error);

/** Reads, parses and emits a range. */
flow_status fl_plain_read(
    struct fl_file_read *read, struct fl_part *part, const flow_piece *piece, flow_ctx *ctx);

/** The records of a range, read once more, and the chunk that they lie in; NULL when they cannot
 * be. */
struct fl_chunk *fl_plain_again(struct fl_file_read *read, struct fl_part *part,
    const flow_piece *piece, struct fl_records *records);

/** Number of the line that begins at or holds `offset`; 0 when the file cannot be read any more. */
uint64_t fl_plain_line(struct fl_file_read *read, struct fl_part *part, uint64_t offset);

/** All before `position` is committed. */
void fl_plain_finalize(struct fl_part *part, uint64_t position);

/** The next whole records of a stream. */
flow_claim fl_stream_claim(
    struct fl_file_read *read, struct fl_part *part, flow_piece *piece, flow_error *error);

/** Parses and emits them. */
flow_status fl_stream_read(
    struct fl_file_read *read, struct fl_part *part, const flow_piece *piece, flow_ctx *ctx);

/** The records of a piece that is in work. */
struct fl_records fl_stream_records(
    struct fl_file_read *read, struct fl_part *part, const flow_piece *piece);

/** All before `position` is committed. */
void fl_stream_finalize(struct fl_file_read *read, struct fl_part *part, uint64_t position);

/** Gives back what the stream holds. */
void fl_stream_close(struct fl_part *part);

/** What reading more of a stream came to. */
enum fl_fill {
    FL_FILL_MORE,   /**< Bytes were added. */
    FL_FILL_WAIT,   /**< None now. */
    FL_FILL_END,    /**< None ever. */
    FL_FILL_DAMAGE, /**< The content is damaged; the stream's sentence tells how. */
    FL_FILL_FAILED  /**< The error is filled. */
};

/** Reads up to `want` more bytes, decompressed, to the end of `chunk`. */
enum fl_fill fl_stream_fill(struct fl_file_read *read, struct fl_part *part, struct fl_chunk *chunk,
    size_t want, flow_error *error);

/** Whether a followed file has more bytes than were read: MORE, WAIT, or FAILED when it shrank or
 * was replaced. */
enum fl_fill fl_follow_check(struct fl_file_read *read, struct fl_part *part, flow_error *error);

#endif
