// SPDX-License-Identifier: Apache-2.0
// bzip2: concatenated streams in, one stream a block out.
#include "codec.h"

#if FL_HAVE_BZIP2
#include <bzlib.h>

#include "heap.h"

#define BZIP2_LEVEL 9 // bzip2's own default: blocks of 900 kB

static void *bzip2_alloc(void *user, int items, int size)
{
    return fl_file_alloc(user, (size_t)items * (size_t)size);
}

static void bzip2_free(void *user, void *memory)
{
    (void)user;
    fl_file_free(memory);
}

// Begins a stream.
static bool begin(struct fl_decoder *d)
{
    bz_stream *stream = d->state;
    *stream = (bz_stream){ .bzalloc = bzip2_alloc, .bzfree = bzip2_free, .opaque = &d->allocator };
    d->inside = BZ2_bzDecompressInit(stream, 0, 0) == BZ_OK;
    return d->inside;
}

static bool bzip2_init(struct fl_decoder *d)
{
    (void)d;
    return true; // each stream begins with its first byte
}

static bool bzip2_run(struct fl_decoder *d, struct fl_span *span)
{
    bz_stream *stream = d->state;
    while (span->in_len > 0 || (d->inside && span->out_len > 0)) {
        if (!d->inside && !begin(d)) {
            d->no_memory = true;
            return false;
        }
        const unsigned in = fl_span_part(span->in_len), out = fl_span_part(span->out_len);
        if (out == 0)
            return true;
        stream->next_in = (char *)(uintptr_t)span->in;
        stream->avail_in = in;
        stream->next_out = span->out;
        stream->avail_out = out;
        const int code = BZ2_bzDecompress(stream);
        const unsigned taken = in - stream->avail_in, given = out - stream->avail_out;
        span->in += taken;
        span->in_len -= taken;
        span->out += given;
        span->out_len -= given;
        if (code == BZ_STREAM_END) {
            BZ2_bzDecompressEnd(stream);
            d->inside = false;
        } else if (code != BZ_OK) {
            d->no_memory = code == BZ_MEM_ERROR;
            d->problem = code == BZ_DATA_ERROR_MAGIC
                             ? "there are bytes where bzip2 data should begin that are none"
                             : "its bzip2 data is damaged";
            return false;
        } else if (taken == 0 && given == 0) {
            return true; // nothing to do without more input
        }
    }
    return true;
}

static void bzip2_fini(struct fl_decoder *d)
{
    if (d->inside)
        BZ2_bzDecompressEnd(d->state);
}

static flow_status bzip2_block(flow_str text, flow_buffer *out)
{
    bz_stream stream = {
        .bzalloc = bzip2_alloc, .bzfree = bzip2_free, .opaque = (void *)(uintptr_t)out->allocator
    };
    const size_t start = out->len, bound = text.len + text.len / 100 + 600; // as its manual says
    if (bound > FL_SPAN_MOST)
        return FLOW_INTERNAL; // callers cut at a few MiB
    if (BZ2_bzCompressInit(&stream, BZIP2_LEVEL, 0, 0) != BZ_OK)
        return FLOW_MEMORY;
    char *to = flow_buffer_add(out, bound);
    int code = BZ_MEM_ERROR;
    if (to != NULL) {
        stream.next_in = (char *)(uintptr_t)text.data;
        stream.avail_in = (unsigned)text.len;
        stream.next_out = to;
        stream.avail_out = (unsigned)bound;
        code = BZ2_bzCompress(&stream, BZ_FINISH);
        out->len = start + (bound - stream.avail_out);
    }
    BZ2_bzCompressEnd(&stream);
    return code == BZ_STREAM_END ? FLOW_OK : FLOW_MEMORY;
}

const struct fl_codec fl_codec_bzip2 = { .name = "bzip2",
    .state_size = sizeof(bz_stream),
    .init = bzip2_init,
    .run = bzip2_run,
    .fini = bzip2_fini,
    .block = bzip2_block };
#endif
