// SPDX-License-Identifier: Apache-2.0
// gzip: concatenated members in, one member a block out. And deflate alone, without a frame.
#include "codec.h"

#if FL_HAVE_GZIP
#include <zlib.h>

#include "heap.h"

#define GZIP_LEVEL 6 // zlib's own default

struct gzip {
    z_stream zlib;
    bool padding; // after a member, zero bytes up to the end are allowed
};

static voidpf zlib_alloc(voidpf user, uInt items, uInt size)
{
    return fl_file_alloc(user, (size_t)items * size);
}

static void zlib_free(voidpf user, voidpf memory)
{
    (void)user;
    fl_file_free(memory);
}

// `window`: as inflateInit2 has it, which says the form too.
static bool init(struct fl_decoder *d, int window)
{
    z_stream *zlib = &((struct gzip *)d->state)->zlib;
    zlib->zalloc = zlib_alloc;
    zlib->zfree = zlib_free;
    zlib->opaque = &d->allocator;
    d->inside = true; // inflateInit waits for a header
    return inflateInit2(zlib, window) == Z_OK;
}

static bool gzip_init(struct fl_decoder *d)
{
    return init(d, 15 + 16); // 16: gzip only, no zlib header
}

static bool deflate_init(struct fl_decoder *d)
{
    return init(d, -15); // below zero: without a frame
}

static void gzip_problem(struct fl_decoder *d, int code)
{
    d->no_memory = code == Z_MEM_ERROR;
    d->problem =
        code == Z_NEED_DICT ? "its gzip data needs a dictionary" : "its gzip data is damaged";
}

// After a member: another one, or zero bytes to the end (tapes and block devices pad with them).
static bool gzip_between(struct fl_decoder *d, struct fl_span *span)
{
    struct gzip *gzip = d->state;
    if (d->codec == &fl_codec_deflate) { // some writers leave part of a check sum there
        span->in += span->in_len;
        span->in_len = 0;
        return true;
    }
    if (*span->in == 0) {
        gzip->padding = true;
        span->in++;
        span->in_len--;
        return true;
    }
    if (gzip->padding || inflateReset(&gzip->zlib) != Z_OK) {
        d->problem = "there are bytes after its gzip data that are none";
        return false;
    }
    d->inside = true;
    return true;
}

static bool gzip_run(struct fl_decoder *d, struct fl_span *span)
{
    z_stream *zlib = &((struct gzip *)d->state)->zlib;
    while (span->in_len > 0 || (d->inside && span->out_len > 0)) {
        if (!d->inside) {
            if (!gzip_between(d, span))
                return false;
            continue;
        }
        const uInt in = fl_span_part(span->in_len), out = fl_span_part(span->out_len);
        if (out == 0)
            return true;
        zlib->next_in = (z_const Bytef *)(uintptr_t)span->in;
        zlib->avail_in = in;
        zlib->next_out = (Bytef *)span->out;
        zlib->avail_out = out;
        const int code = inflate(zlib, Z_NO_FLUSH);
        span->in += in - zlib->avail_in;
        span->in_len -= in - zlib->avail_in;
        span->out += out - zlib->avail_out;
        span->out_len -= out - zlib->avail_out;
        if (code == Z_STREAM_END)
            d->inside = false;
        else if (code == Z_BUF_ERROR)
            return true; // nothing to do without more input
        else if (code != Z_OK) {
            gzip_problem(d, code);
            return false;
        }
    }
    return true;
}

static void gzip_fini(struct fl_decoder *d)
{
    inflateEnd(&((struct gzip *)d->state)->zlib);
}

// `window`: as deflateInit2 has it, which says the form too.
static flow_status deflate_all(flow_str text, flow_buffer *out, int window)
{
    z_stream z = { 0 };
    z.zalloc = zlib_alloc;
    z.zfree = zlib_free;
    z.opaque = (voidpf)(uintptr_t)out->allocator;
    if (text.len > FL_SPAN_MOST)
        return FLOW_INTERNAL; // callers cut at a few MiB
    if (deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return FLOW_MEMORY;
    const uLong bound = deflateBound(&z, (uLong)text.len);
    const size_t start = out->len;
    char *to = bound > FL_SPAN_MOST ? NULL : flow_buffer_add(out, bound);
    int code = Z_MEM_ERROR;
    if (to != NULL) {
        z.next_in = (z_const Bytef *)(uintptr_t)text.data;
        z.avail_in = (uInt)text.len;
        z.next_out = (Bytef *)to;
        z.avail_out = (uInt)bound;
        code = deflate(&z, Z_FINISH);
        out->len = start + (bound - z.avail_out);
    }
    deflateEnd(&z);
    return code == Z_STREAM_END ? FLOW_OK : FLOW_MEMORY;
}

static flow_status gzip_block(flow_str text, flow_buffer *out)
{
    return deflate_all(text, out, 15 + 16);
}

static flow_status deflate_block(flow_str text, flow_buffer *out)
{
    return deflate_all(text, out, -15);
}

const struct fl_codec fl_codec_deflate = { .name = "deflate",
    .state_size = sizeof(struct gzip),
    .init = deflate_init,
    .run = gzip_run,
    .fini = gzip_fini,
    .block = deflate_block };

const struct fl_codec fl_codec_gzip = { .name = "gzip",
    .state_size = sizeof(struct gzip),
    .init = gzip_init,
    .run = gzip_run,
    .fini = gzip_fini,
    .block = gzip_block };
#endif
