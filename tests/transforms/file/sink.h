// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * An open file sink, for tests that write.
 */
#ifndef FILE_SINK_H
#define FILE_SINK_H

#include "suite.h"
#include "write.h"

/** A sink that is open. */
struct fake_sink {
    struct fl_write_config config; /**< As flow_file_write makes it; tests change it before open. */
    flow_key_spec key;             /**< The elements' key. */
    const flow_type *type;         /**< The elements; NULL: items. */
    uint32_t workers;              /**< How many; 0: 1. */
    struct fake_heap heap;         /**< Its memory. */
    void *self;                    /**< The sink's. */
    flow_error error;              /**< What went wrong. */
};

/** A sink for `path`, not open yet. */
struct fake_sink sink_for(const char *path, flow_file_format format);

/** Opens it. */
flow_status sink_open(struct fake_sink *sink);

/** Stages items `from` … `to` − 1 with the text "t<id>". */
flow_status sink_stage(struct fake_sink *sink, uint32_t worker, int from, int to);

/** Stages and publishes them. */
void sink_bundle(struct fake_sink *sink, uint32_t worker, int from, int to);

/** Finishes and closes; how finishing went. */
flow_status sink_finish(struct fake_sink *sink);

/** Discards and closes. */
void sink_discard(struct fake_sink *sink);

/** Expects a file of the folder to hold exactly `text`. */
void check_content(const char *path, const char *text);

#endif
