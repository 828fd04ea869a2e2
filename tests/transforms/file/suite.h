// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What the tests of files share: a record, a configuration, the cases of each file.
 */
#ifndef FILE_SUITE_H
#define FILE_SUITE_H

#include <check.h>

#include "fake_ctx.h"
#include "read.h"

/** How many of none, gzip and zstd the build offers, for loops over all. */
#if FL_HAVE_GZIP && FL_HAVE_ZSTD
#define KINDS 3
#else
#define KINDS 1
#endif

/** The record of the tests. */
struct item {
    int64_t id;    /**< A number. */
    flow_str text; /**< A text. */
};

/** Its type. */
extern const flow_type item_type_shared;

/** A configuration for `path` with the defaults that flow_file_read fills in. */
struct fl_read_config read_config(const char *path, flow_file_format format);

/** The `index`-th collected item. */
const struct item *item_at(const struct fake_ctx *fake, size_t index);

/** The text of the `index`-th collected line. */
const char *line_text(const struct fake_ctx *fake, size_t index);

/** Compresses `text` to a new buffer. */
flow_buffer packed(flow_compression compression, flow_str text);

/** Runs a lines or JSON or CSV file and expects FLOW_OK. */
void read_well(struct fake_ctx *fake, const struct fl_read_config *config);

TCase *chunk_case(void);
TCase *compress_case(void);
TCase *follow_case(void);
TCase *format_case(void);
TCase *input_case(void);
TCase *origin_case(void);
TCase *output_case(void);
TCase *plain_case(void);
TCase *read_case(void);
TCase *records_case(void);
TCase *run_case(void);
TCase *stream_case(void);
TCase *write_case(void);

#endif
