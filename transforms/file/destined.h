// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What both ways of writing files by pattern share. At the end (at_end.c): elements of the global
 * window go to their files as bundles commit, and the files get their names when the job is
 * finished. By pane (panes.c): a grouping gathers the elements of a file, window by window, and
 * each firing is a file of its own, which has its name when the bundle commits.
 */
#ifndef FL_FILE_DESTINED_H
#define FL_FILE_DESTINED_H

#include "set.h"
#include "shown.h"

/** Files open at once by default. */
#define FL_OPEN_MOST 64u
/** Bytes after which rows go on in a next shard by default. */
#define FL_SHARD_SIZE ((uint64_t)256 << 20)

/** What the sinks have first of all. */
struct fl_destined {
    const struct fl_write_config *config; /**< The step as built. */
    char step[128];                       /**< Its path. */
    flow_allocator allocator;             /**< A copy. */
    struct fl_format format;              /**< Of the files. */
    struct fl_output guard; /**< A file that only says that the pattern is being written; tells at
                               the start whether the folder is there. */
    pthread_mutex_t lock;   /**< Guards what workers share. */
    bool locked;            /**< The lock is made. */
};

/** Opens what they share. */
flow_status fl_destined_open(struct fl_destined *d, const flow_open *open);

/** Closes it. */
void fl_destined_close(struct fl_destined *d);

/** An empty set for files of the step, of which `open_most` may be open at once. */
struct fl_set fl_destined_set(struct fl_destined *d, uint32_t open_most);

/** `count` rows from the `first` selected one on. */
flow_batch fl_destined_rows(const flow_batch *batch, uint32_t first, uint32_t count);

/** Refuses what a name must have where files could replace one another (R82); false with the
 * pipeline failed. */
bool fl_destined_check(flow_coll in, const struct fl_write_config *config, const char *step);

/** Writes by pane: the grouping and its sink. */
void fl_panes_write(flow_coll in, struct fl_write_config *config);

/** The sink for files that are complete at the end. */
extern const flow_sink fl_at_end_sink;
/** The sink for files that are complete with a pane. */
extern const flow_sink fl_panes_sink;

#endif
