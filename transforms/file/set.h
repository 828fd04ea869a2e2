// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Many files that are written at once, by name. What is put is kept in memory, up to a block a file
 * and so much for all; then it is written. Only some files are open: one that was not written to
 * for the longest time is closed, to be opened again under its temporary name.
 */
#ifndef FL_FILE_SET_H
#define FL_FILE_SET_H

#include "write.h"

/** A file of a name; there is more than one where rows go on in a next shard. */
struct fl_part_file {
    struct fl_output output;     /**< Under its temporary name until the set is finished. */
    struct fl_part_file *before; /**< The shard before, of the same name. */
    struct fl_part_file *newer;  /**< Among those that are open: written to after this one … */
    struct fl_part_file *older;  /**< … and before it. */
    uint64_t written;            /**< Bytes put, before compression. */
    bool open;                   /**< It counts as open. */
};

/** A name. */
struct fl_named {
    struct fl_named *next;     /**< In its bucket. */
    struct fl_named *after;    /**< The name that came after it. */
    struct fl_part_file *last; /**< The shard that is written to; NULL: nothing was put yet. */
    uint32_t parts;            /**< How many there are. */
    uint32_t hash;             /**< Of the name. */
    size_t len;                /**< Of the name. */
    char name[];               /**< FL_NAME_SHARD stands for shard and count. */
};

/** The files. Not for sharing without a lock. */
struct fl_set {
    const char *step;                /**< For errors. */
    const flow_allocator *allocator; /**< Outlives it. */
    const struct fl_format *format;  /**< What stands before the rows. */
    flow_compression compression;    /**< NONE or a kind. */
    size_t block_size;               /**< See FL_BLOCK_SIZE. */
    uint64_t shard_size;             /**< A file with more goes on in the next shard. */
    size_t folder_len;               /**< Bytes of every name that are a folder which is there. */
    uint32_t open_most;              /**< Files open at once. */
    uint32_t open_count;             /**< Files open now. */
    struct fl_part_file *newest;     /**< Of those. */
    struct fl_part_file *oldest;     /**< Of those. */
    size_t pending;                  /**< Bytes of all files that are not written. */
    size_t pending_most;             /**< How many there may be. */
    struct fl_named **buckets;       /**< By hash. */
    uint32_t bucket_count;           /**< A power of two; 0 at first. */
    uint32_t count;                  /**< Names. */
    struct fl_named *first;          /**< In order of their coming. */
    struct fl_named *latest;         /**< The last of them. */
    flow_error error;                /**< Why putting failed; later calls do nothing. */
};

/** The name, which is added when it is new; NULL with the error. */
struct fl_named *fl_set_name(struct fl_set *set, flow_str name, flow_error *error);

/** Appends text; failures stick. */
void fl_set_put(struct fl_set *set, struct fl_named *named, flow_str text);

/** Syncs all files, gives them their names, makes those last, and forgets all. A file of such a
 * name is replaced. */
flow_status fl_set_finish(struct fl_set *set, flow_error *error);

/** Removes all files that have no name yet, and forgets all. */
void fl_set_drop(struct fl_set *set);

#endif
