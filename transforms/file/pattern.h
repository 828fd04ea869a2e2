// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Names of files made from patterns: `out/{city}/{window}-{pane}-{shard}.json`.
 *
 * A name is made in two steps. What comes from an element is filled in first: rows with equal
 * results are one destination. Window, pane and shard are filled in where they are known.
 */
#ifndef FL_FILE_PATTERN_H
#define FL_FILE_PATTERN_H

#include <flow/file.h>
#include <flow/transform.h>

/** Longest name, as long as a path can be. */
#define FL_NAME_SIZE 4096u
/** Stands in a name for the shard, which is known last. */
#define FL_NAME_SHARD '\x01'

/** A name in the making. */
struct fl_name {
    char text[FL_NAME_SIZE]; /**< Terminated. */
    size_t len;              /**< Bytes. */
    bool full;               /**< It does not fit, and is no name. */
};

/** What a piece of a pattern stands for. */
enum fl_pattern_what {
    FL_PATTERN_TEXT,        /**< Itself. */
    FL_PATTERN_FIELD,       /**< A field of the element. */
    FL_PATTERN_KEY,         /**< The key of the collection. */
    FL_PATTERN_DESTINATION, /**< What the option `destination` gives. */
    FL_PATTERN_WINDOW,      /**< Start and end of the window. */
    FL_PATTERN_START,       /**< Its start. */
    FL_PATTERN_END,         /**< Its end. */
    FL_PATTERN_PANE,        /**< Number of the pane. */
    FL_PATTERN_SHARD        /**< Shard and how many. */
};

/** A piece of a pattern. */
struct fl_pattern_piece {
    enum fl_pattern_what what; /**< What it stands for. */
    flow_str text;             /**< TEXT. */
    const flow_field *field;   /**< FIELD: which; KEY: what it is. */
};

/** A pattern; in pipeline memory. */
struct fl_pattern {
    const char *path;                 /**< As written. */
    flow_destination_fn *destination; /**< Or NULL. */
    const void *destination_config;   /**< For it. */
    bool asks[FL_PATTERN_SHARD + 1];  /**< Which kinds of pieces there are. */
    size_t folder_len;                /**< Bytes of `path` up to the last slash before a piece. */
    uint32_t count;                   /**< Pieces. */
    struct fl_pattern_piece pieces[]; /**< In their order. */
};

/** Whether a path is a pattern: it has a brace. */
bool fl_pattern_is(const char *path);

/** Reads the pattern of the options for elements of `in`; NULL with the pipeline failed. */
const struct fl_pattern *fl_pattern_read(
    flow_coll in, const flow_file_write_options *options, const char *step);

/** Adds bytes; what does not fit makes the name full. */
void fl_name_add(struct fl_name *name, const char *text, size_t len);

/** Begins `name` with what an element gives; `key` may be NULL where no piece asks for it. */
void fl_pattern_fill(
    const struct fl_pattern *pattern, const void *key, const void *row, struct fl_name *name);

/** Which firing a file holds. */
struct fl_firing {
    flow_window window; /**< Its window. */
    uint32_t pane;      /**< Number of the pane. */
    uint32_t shard;     /**< Which shard … */
    uint32_t shards;    /**< … of how many; 0: not known yet, FL_NAME_SHARD stays. */
};

/** Makes the name of a file from `begun`, a name that fl_pattern_fill has begun. */
void fl_name_finish(flow_str begun, const struct fl_firing *firing, struct fl_name *name);

/** Puts a shard's number and count where FL_NAME_SHARD stands. */
void fl_name_shard(flow_str begun, uint32_t shard, uint32_t shards, struct fl_name *name);

#endif
