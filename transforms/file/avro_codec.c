// SPDX-License-Identifier: Apache-2.0
// Content of Avro's blocks, compressed: deflate and snappy without a frame of their own, snappy
// with a check sum behind, bzip2 and zstd as in files.
#include "avro.h"

#include "codec.h"
#include "crc.h"

#define STEP ((size_t)64 << 10)

#if FL_HAVE_SNAPPY
#include <snappy-c.h>

static flow_status pack_snappy(flow_str text, flow_buffer *out)
{
    const size_t start = out->len;
    size_t len = snappy_max_compressed_length(text.len);
    char *to = flow_buffer_add(out, len + 4);
    if (to == NULL || snappy_compress(text.data, text.len, to, &len) != SNAPPY_OK)
        return FLOW_MEMORY;
    const uint32_t sum = fl_crc(FL_CRC_32, text.data, text.len);
    for (unsigned i = 0; i < 4; i++)
        to[len + i] = (char)(unsigned char)(sum >> (24 - 8 * i));
    out->len = start + len + 4;
    return FLOW_OK;
}

static flow_status unpack_snappy(
    flow_str text, uint64_t most, flow_buffer *out, const char **problem)
{
    size_t len = 0;
    *problem = "its snappy data is damaged";
    if (text.len < 4 || snappy_uncompressed_length(text.data, text.len - 4, &len) != SNAPPY_OK)
        return FLOW_DAMAGED;
    if (len > most) {
        *problem = "it expands to more than expansion_max allows";
        return FLOW_DAMAGED;
    }
    char *to = flow_buffer_add(out, len);
    if (to == NULL && len > 0) {
        *problem = NULL;
        return FLOW_MEMORY;
    }
    if (snappy_uncompress(text.data, text.len - 4, to, &len) != SNAPPY_OK)
        return FLOW_DAMAGED;
    uint32_t sum = 0;
    for (unsigned i = 0; i < 4; i++)
        sum = sum << 8 | (unsigned char)text.data[text.len - 4 + i];
    return fl_crc(FL_CRC_32, to, len) == sum ? FLOW_OK : FLOW_DAMAGED;
}
#endif

flow_status fl_avro_pack(flow_compression codec, flow_str text, flow_buffer *out)
{
#if FL_HAVE_SNAPPY
    if (codec == FLOW_COMPRESSION_SNAPPY)
        return pack_snappy(text, out);
#endif
    return fl_compress(codec == FLOW_COMPRESSION_GZIP ? FL_COMPRESSION_DEFLATE : codec, text, out);
}

// Decompresses all of it, a step at a time.
static flow_status run(struct fl_decoder *decoder, flow_str text, uint64_t most, flow_buffer *out,
    const char **problem)
{
    struct fl_span span = { .in = text.data, .in_len = text.len };
    for (;;) {
        const size_t before = out->len;
        span.out = flow_buffer_add(out, STEP);
        span.out_len = STEP;
        if (span.out == NULL)
            return FLOW_MEMORY;
        if (!fl_decoder_run(decoder, &span)) {
            *problem = fl_decoder_problem(decoder);
            return *problem ? FLOW_DAMAGED : FLOW_MEMORY;
        }
        out->len = before + (STEP - span.out_len);
        if (out->len > most) {
            *problem = "it expands to more than expansion_max allows";
            return FLOW_DAMAGED;
        }
        if (out->len == before)
            break;
    }
    if (span.in_len == 0 && fl_decoder_complete(decoder))
        return FLOW_OK;
    *problem = "its compressed data ends in the middle";
    return FLOW_DAMAGED;
}

flow_status fl_avro_unpack(
    flow_compression codec, flow_str text, uint64_t most, flow_buffer *out, const char **problem)
{
    static const flow_allocator none = { 0 };
    *problem = NULL;
#if FL_HAVE_SNAPPY
    if (codec == FLOW_COMPRESSION_SNAPPY)
        return unpack_snappy(text, most, out, problem);
#endif
    struct fl_decoder *decoder = fl_decoder_new(codec, out->allocator ? out->allocator : &none);
    if (decoder == NULL)
        return FLOW_MEMORY;
    const flow_status status = run(decoder, text, most, out, problem);
    fl_decoder_free(decoder);
    return status;
}
