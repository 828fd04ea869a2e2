// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * gzip, zstd, bzip2 and snappy behind one face: streams in, blocks out.
 */
#ifndef FL_FILE_COMPRESS_H
#define FL_FILE_COMPRESS_H

#include <flow/file.h>
#include <flow/text.h>

/** How many bytes fl_compression_of looks at. */
#define FL_MAGIC_SIZE 10u

/** deflate without a frame, as Avro has it; no file as a whole is compressed so. */
#define FL_COMPRESSION_DEFLATE ((flow_compression)6)

/** What the first bytes of a file tell about its compression; NONE when nothing. */
flow_compression fl_compression_of(const void *data, size_t len);

/** Whether more bytes than these first ones could still tell of a compression. */
bool fl_compression_undecided(const void *data, size_t len);

/** The word for it in errors: "gzip". */
const char *fl_compression_name(flow_compression compression);

/** FLOW_UNSUPPORTED with a sentence when this build cannot do it. */
flow_status fl_compression_check(
    flow_compression compression, const char *step, const char *path, flow_error *error);

/** Decompresses a stream of members or frames. */
struct fl_decoder;

/** A decoder for a compression; NULL without memory or when the build has none. */
struct fl_decoder *fl_decoder_new(flow_compression compression, const flow_allocator *allocator);

/** Gives it back; NULL is allowed. */
void fl_decoder_free(struct fl_decoder *decoder);

/** Bytes on their way through a decoder; both ends move on. */
struct fl_span {
    const char *in; /**< Next byte to take. */
    size_t in_len;  /**< Bytes there. */
    char *out;      /**< Where the next goes. */
    size_t out_len; /**< Room there. */
};

/** Goes on until input or room is used up. False on damaged data; fl_decoder_problem then tells. */
bool fl_decoder_run(struct fl_decoder *decoder, struct fl_span *span);

/** Whether the data may end here: between members or frames. */
bool fl_decoder_complete(const struct fl_decoder *decoder);

/** What is wrong with the data, static; NULL when there was no memory to find out. */
const char *fl_decoder_problem(const struct fl_decoder *decoder);

/**
 * Appends `text` to `out` as one member, frame or stream: complete in itself, so that a file of
 * them can be cut between any two. FLOW_MEMORY, FLOW_UNSUPPORTED or FLOW_INTERNAL.
 */
flow_status fl_compress(flow_compression compression, flow_str text, flow_buffer *out);

#endif
