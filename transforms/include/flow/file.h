// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Files: lines, CSV and JSON lines, plain or compressed, as batch or followed while they grow.
 */
#ifndef FLOW_FILE_H
#define FLOW_FILE_H

#include <flow/flow.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How records stand in a file. */
typedef enum flow_file_format {
    FLOW_LINES = 0, /**< A line each: records of one text field, flow_line by default. */
    FLOW_CSV = 1,   /**< RFC 4180 with a header line; BOM and CRLF are understood. */
    FLOW_JSON = 2,  /**< A JSON object a line. */
    FLOW_AVRO = 3   /**< An Avro object container file. Compression is of its blocks. */
} flow_file_format;

/** How a file is compressed. */
typedef enum flow_compression {
    FLOW_COMPRESSION_AUTO = 0,  /**< Reading: told by content, not by name. Writing: none. */
    FLOW_COMPRESSION_NONE = 1,  /**< Not at all. */
    FLOW_COMPRESSION_GZIP = 2,  /**< gzip; reading understands several members. */
    FLOW_COMPRESSION_ZSTD = 3,  /**< zstd; reading understands several frames. */
    FLOW_COMPRESSION_BZIP2 = 4, /**< bzip2; reading understands several streams. */
    FLOW_COMPRESSION_SNAPPY = 5 /**< snappy in its framing format. */
} flow_compression;

/** Options of flow_file_read. */
typedef struct flow_file_read_options {
    const char *name; /**< Name of the step; NULL: "read". */
    const char *path; /**< A path, a glob (`*`, `?`, `[…]`; files in order of name), or "-" for
                         standard input, which one step at a time can read. */
    flow_file_format format;      /**< How records stand in it. */
    const flow_type *type;        /**< Element type; NULL: flow_line. */
    flow_field_ref event_time;    /**< Field to stamp elements with. */
    flow_time_policy times;       /**< Watermark and idleness. */
    flow_on_error on_error;       /**< For records that do not parse. */
    flow_compression compression; /**< Usually found out. */
    bool follow;       /**< Goes on reading as the file grows: a stream. One plain file. */
    bool no_header;    /**< CSV: columns are the fields in their order. */
    char separator;    /**< CSV: 0 means a comma. */
    uint64_t line_max; /**< Longest record in bytes; 0: 16 MiB. A longer one is a bad record. */
    uint64_t expansion_max; /**< Compressed files: refuse to expand more than this many times (and
                               64 MiB); 0: 1,000. */
} flow_file_read_options;

/** Reads files. A path without a file fails at start. Errors name `file:line` (plain files by
 * offset where split). */
FLOW_API flow_coll flow_file_read_sized(
    flow_pipeline *pipeline, const flow_file_read_options *options, size_t size);

/** Reads files: see flow_file_read_options. */
static inline flow_coll flow_file_read(
    flow_pipeline *pipeline, const flow_file_read_options *options)
{
    return flow_file_read_sized(pipeline, options, sizeof *options);
}

/** flow_file_read_all, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_file_read_all_sized(
    flow_coll in, flow_field_ref name, const flow_file_read_options *options, size_t size);

/**
 * Reads the files whose names a text field of the elements has (no patterns), as a splittable
 * function: plain files of lines or JSON by several workers at once, all others in order. Of the
 * options all but `path`, `follow` and `times` count. What is read has time and window of the
 * element that named it, or the time in `event_time`. A file that cannot be read, and records that
 * do not parse, go the way of `on_error`.
 */
static inline flow_coll flow_file_read_all(
    flow_coll in, flow_field_ref name, const flow_file_read_options *options)
{
    return flow_file_read_all_sized(in, name, options, sizeof *options);
}

/** A file that flow_file_watch has found. */
struct flow_file {
    flow_str path;      /**< Its name, as the pattern leads to it. */
    int64_t size;       /**< Bytes, when it was found. */
    flow_time modified; /**< When it was changed last. */
};

/** Type of flow_file. */
FLOW_API extern const flow_type flow_file_type;

/** Options of flow_file_watch. */
typedef struct flow_file_watch_options {
    const char *name;    /**< Name of the step; NULL: "watch". */
    const char *path;    /**< A path or a glob (`*`, `?`, `[…]`); required. */
    flow_duration every; /**< From one look to the next, by the clock; 0: one look and no more. */
    flow_duration quiet; /**< It ends so long after the last new file; 0: not so. */
    flow_duration total; /**< It ends so long after it began; 0: not so. */
    int64_t most;        /**< It ends with so many files; 0: not so. */
    bool updates;        /**< A file whose size or time of change is another is given again. */
} flow_file_watch_options;

/** flow_file_watch, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_file_watch_sized(
    flow_pipeline *pipeline, const flow_file_watch_options *options, size_t size);

/** The files that a pattern matches, each once, and those that come later: flow_file, with the
 * instant at which it was found as its event time. None is no error. See flow_watch. */
static inline flow_coll flow_file_watch(
    flow_pipeline *pipeline, const flow_file_watch_options *options)
{
    return flow_file_watch_sized(pipeline, options, sizeof *options);
}

/**
 * Says where an element goes: writes it to `text` as snprintf does, and returns how long it is.
 * `size` or more fails the job. Slashes part folders; whatever else could leave the folder is
 * encoded. Called on any thread; equal elements must give equal texts.
 */
typedef size_t flow_destination_fn(
    const void *element, const void *config, char *text, size_t size);

/** Options of flow_file_write. */
typedef struct flow_file_write_options {
    const char *name; /**< Name of the step; NULL: "write". */
    /** A path, "-" for standard output, with `sharded` a prefix, or a pattern: pieces in braces are
     * filled in. {FIELD} (outside name of a scalar field; {.FIELD} where it is called like a
     * piece), {key}, {destination}, {window}, {start}, {end}, {pane}, {shard}; "{{" and "}}" are
     * braces. */
    const char *path;
    flow_file_format format;      /**< How records stand in it. */
    flow_compression compression; /**< AUTO: none. */
    bool sharded;                 /**< A file a worker: `path-00000-of-00002`. */
    bool no_header;               /**< CSV: without the header line. */
    const char *key_name; /**< Keyed collections: name of the key's column, first; NULL: "key". */
    /** Name of a last column that is −1 where an element is taken back (accumulating and retracting
     * windows), else 1. NULL: input that takes elements back is refused. */
    const char *sign_name;
    flow_destination_fn *destination; /**< Patterns: for {destination}. */
    const void *destination_config;   /**< For `destination`; must live as long as the pipeline. */
    uint32_t shards;     /**< Patterns: into how many {shard}s elements are dealt; 0: as many as it
                            takes. Of a fixed number those that nothing came to are not there. */
    uint64_t shard_size; /**< Patterns without `shards`: bytes before compression after which rows
                            go on in a next {shard}; 0: 256 MiB. */
    uint32_t open_max;   /**< Patterns: files open at once; 0: 64. */
} flow_file_write_options;

/** Writes files; see flow_file_write. */
FLOW_API void flow_file_write_sized(
    flow_coll in, const flow_file_write_options *options, size_t size);

/**
 * Writes a collection to a file under a temporary name, which is synced and renamed when all is
 * written: a run that fails leaves the old file, or none. A file that another step of the process
 * is writing is refused when the job starts. The key of a keyed collection is written
 * as the first column.
 *
 * By a pattern it becomes many files. Those of the global window have their names when the job
 * ends. In other windows, or with a trigger, each firing is a file (R82): it is complete, and has
 * its name, when the bundle that fires commits. What had to replace what is refused while building:
 * without {window} where there are several, without {pane} where a window can fire again, without
 * {shard} where `shards` is more than 1. Missing folders below the pattern's first are made.
 */
static inline void flow_file_write(flow_coll in, const flow_file_write_options *options)
{
    flow_file_write_sized(in, options, sizeof *options);
}

#ifdef __cplusplus
}
#endif

#endif
