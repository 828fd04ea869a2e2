// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A kind of compression: what compress.c asks of each, in a file of its own.
 */
#ifndef FL_FILE_CODEC_H
#define FL_FILE_CODEC_H

#include "compress.h"

/** A decoder on its way. */
struct fl_decoder {
    const struct fl_codec *codec; /**< Which kind. */
    bool inside;                  /**< A member, frame or stream has begun and not ended. */
    bool no_memory;               /**< What went wrong is ours, not the data's. */
    const char *problem;          /**< What is wrong with the data. */
    flow_allocator allocator;     /**< For the codec's memory. */
    void *state;                  /**< The codec's, `state_size` zeroed bytes. */
};

/** A kind: static, one a file. */
struct fl_codec {
    const char *name;                                              /**< The word in errors. */
    size_t state_size;                                             /**< Of fl_decoder.state. */
    bool (*init)(struct fl_decoder *decoder);                      /**< False without memory. */
    bool (*run)(struct fl_decoder *decoder, struct fl_span *span); /**< fl_decoder_run. */
    void (*fini)(struct fl_decoder *decoder);              /**< After a successful `init`. */
    flow_status (*block)(flow_str text, flow_buffer *out); /**< fl_compress. */
};

extern const struct fl_codec fl_codec_gzip;
extern const struct fl_codec fl_codec_deflate;
extern const struct fl_codec fl_codec_zstd;
extern const struct fl_codec fl_codec_bzip2;
extern const struct fl_codec fl_codec_snappy;

/** What zlib and bzip2 want at most at once. */
#define FL_SPAN_MOST ((size_t)UINT32_MAX / 2)

/** `len`, but no more than that. */
static inline unsigned fl_span_part(size_t len)
{
    return (unsigned)(len < FL_SPAN_MOST ? len : FL_SPAN_MOST);
}

#endif
