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

/** How many kinds of compression the build offers, none among them. */
#define KINDS (1 + FL_HAVE_GZIP + FL_HAVE_ZSTD + FL_HAVE_BZIP2 + FL_HAVE_SNAPPY)

/** These, NONE first. */
extern const flow_compression kinds[KINDS];

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

/** Decompresses with `step` bytes of input and of room at a time. Terminated, to be freed; NULL:
 * damaged. */
char *decoded(flow_compression kind, flow_str in, size_t step, bool *complete);

/** Expects compressed bytes, as another tool wrote them, to be `text`. */
void check_decoded(flow_compression kind, const void *data, size_t len, const char *text);

/** Runs a lines or JSON or CSV file and expects FLOW_OK. */
void read_well(struct fake_ctx *fake, const struct fl_read_config *config);

/** The test of a build that has JSON, which schemas of Avro are written in, too; in a build without
 * it, one that is told as skipped, with the reason. */
const TTest *if_json(const TTest *test);

TCase *at_end_case(void);
TCase *avro_codec_case(void);
TCase *avro_plan_case(void);
TCase *avro_read_case(void);
TCase *avro_schema_case(void);
TCase *avro_value_case(void);
TCase *avro_write_case(void);
TCase *bzip2_case(void);
TCase *chunk_case(void);
TCase *compress_case(void);
TCase *contract_case(void);
TCase *crc_case(void);
TCase *destined_case(void);
TCase *follow_case(void);
TCase *format_case(void);
TCase *gzip_case(void);
TCase *input_case(void);
TCase *match_case(void);
TCase *lane_case(void);
TCase *origin_case(void);
TCase *output_case(void);
TCase *panes_case(void);
TCase *pattern_case(void);
TCase *plain_case(void);
TCase *read_all_case(void);
TCase *read_case(void);
TCase *records_case(void);
TCase *run_case(void);
TCase *set_case(void);
TCase *shown_case(void);
TCase *snappy_case(void);
TCase *stream_case(void);
TCase *write_case(void);
TCase *zstd_case(void);

#endif
