// SPDX-License-Identifier: Apache-2.0
// gzip and zstd: streams of concatenated members or frames in, one member or frame a block out.
#include "compress.h"

#if FL_HAVE_GZIP
#include <zlib.h>
#endif
#if FL_HAVE_ZSTD
#include <zstd.h>
#include <zstd_errors.h>
#endif

#include "heap.h"

#define ZSTD_LEVEL 3 // zstd's own default
#define GZIP_LEVEL 6 // zlib's own default

struct fl_decoder {
    flow_compression kind;
    bool inside;  // a member or frame has begun and not ended
    bool padding; // gzip: after a member, zero bytes up to the end are allowed
    const char *problem;
    bool no_memory; // the problem is ours, not the data's
    flow_allocator allocator;
#if FL_HAVE_GZIP
    z_stream zlib;
#endif
#if FL_HAVE_ZSTD
    ZSTD_DStream
        *zstd; // its memory is zstd's own: custom memory is no stable part of its interface
#endif
};

flow_compression fl_compression_of(const void *data, size_t len)
{
    const unsigned char *b = data;
    if (len >= 2 && b[0] == 0x1f && b[1] == 0x8b)
        return FLOW_COMPRESSION_GZIP;
    if (len >= 4 && b[1] == 0xb5 && b[2] == 0x2f && b[3] == 0xfd && b[0] == 0x28)
        return FLOW_COMPRESSION_ZSTD;
    if (len >= 4 && (b[0] & 0xf0) == 0x50 && b[1] == 0x2a && b[2] == 0x4d && b[3] == 0x18)
        return FLOW_COMPRESSION_ZSTD; // a skippable frame first, as parallel writers make
    return FLOW_COMPRESSION_NONE;
}

const char *fl_compression_name(flow_compression compression)
{
    return compression == FLOW_COMPRESSION_GZIP   ? "gzip"
           : compression == FLOW_COMPRESSION_ZSTD ? "zstd"
                                                  : "none";
}

static bool offered(flow_compression compression)
{
    if (compression == FLOW_COMPRESSION_GZIP) {
#if !FL_HAVE_GZIP
        return false;
#endif
    }
    if (compression == FLOW_COMPRESSION_ZSTD) {
#if !FL_HAVE_ZSTD
        return false;
#endif
    }
    return true;
}

flow_status fl_compression_check(
    flow_compression compression, const char *step, const char *path, flow_error *error)
{
    if (offered(compression))
        return FLOW_OK;
    const char *name = fl_compression_name(compression);
    return flow_error_raise(error, FLOW_UNSUPPORTED, step,
        "%s: is %s, but this libflow was built without %s", path, name, name);
}

#if FL_HAVE_GZIP
static voidpf zlib_alloc(voidpf user, uInt items, uInt size)
{
    return fl_file_alloc(user, (size_t)items * size);
}

static void zlib_free(voidpf user, voidpf memory)
{
    (void)user;
    fl_file_free(memory);
}

static bool gzip_init(struct fl_decoder *d)
{
    d->zlib.zalloc = zlib_alloc;
    d->zlib.zfree = zlib_free;
    d->zlib.opaque = &d->allocator;
    return inflateInit2(&d->zlib, 15 + 16) == Z_OK; // 16: gzip only, no zlib header
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
    if (*span->in == 0) {
        d->padding = true;
        span->in++;
        span->in_len--;
        return true;
    }
    if (d->padding || inflateReset(&d->zlib) != Z_OK) {
        d->problem = "there are bytes after its gzip data that are none";
        return false;
    }
    d->inside = true;
    return true;
}

static bool gzip_run(struct fl_decoder *d, struct fl_span *span)
{
    while (span->in_len > 0 || (d->inside && span->out_len > 0)) {
        if (!d->inside) {
            if (!gzip_between(d, span))
                return false;
            continue;
        }
        const uInt in = span->in_len > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uInt)span->in_len;
        const uInt out = span->out_len > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uInt)span->out_len;
        if (out == 0)
            return true;
        d->zlib.next_in = (z_const Bytef *)(uintptr_t)span->in;
        d->zlib.avail_in = in;
        d->zlib.next_out = (Bytef *)span->out;
        d->zlib.avail_out = out;
        const int code = inflate(&d->zlib, Z_NO_FLUSH);
        span->in += in - d->zlib.avail_in;
        span->in_len -= in - d->zlib.avail_in;
        span->out += out - d->zlib.avail_out;
        span->out_len -= out - d->zlib.avail_out;
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

static flow_status gzip_block(flow_str text, flow_buffer *out)
{
    z_stream z = { 0 };
    z.zalloc = zlib_alloc;
    z.zfree = zlib_free;
    z.opaque = (voidpf)(uintptr_t)out->allocator;
    if (text.len > UINT32_MAX / 2)
        return FLOW_INTERNAL; // callers cut at a few MiB
    if (deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return FLOW_MEMORY;
    const uLong bound = deflateBound(&z, (uLong)text.len);
    const size_t start = out->len;
    char *to = bound > UINT32_MAX / 2 ? NULL : flow_buffer_add(out, bound);
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
#endif

#if FL_HAVE_ZSTD
static bool zstd_run(struct fl_decoder *d, struct fl_span *span)
{
    while (span->in_len > 0 || (d->inside && span->out_len > 0)) {
        if (span->out_len == 0)
            return true;
        ZSTD_inBuffer in = { span->in, span->in_len, 0 };
        ZSTD_outBuffer out = { span->out, span->out_len, 0 };
        const size_t left = ZSTD_decompressStream(d->zstd, &out, &in);
        if (ZSTD_isError(left)) {
            d->no_memory = ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation;
            d->problem = "its zstd data is damaged";
            return false;
        }
        span->in += in.pos;
        span->in_len -= in.pos;
        span->out += out.pos;
        span->out_len -= out.pos;
        d->inside = left != 0;
        if (in.pos == 0 && out.pos == 0)
            return true; // nothing to do without more input
    }
    return true;
}

static flow_status zstd_block(flow_str text, flow_buffer *out)
{
    const size_t start = out->len;
    const size_t bound = ZSTD_compressBound(text.len);
    char *to = flow_buffer_add(out, bound);
    if (to == NULL)
        return FLOW_MEMORY;
    const size_t len = ZSTD_compress(to, bound, text.data, text.len, ZSTD_LEVEL);
    if (ZSTD_isError(len))
        return FLOW_MEMORY;
    out->len = start + len;
    return FLOW_OK;
}
#endif

struct fl_decoder *fl_decoder_new(flow_compression compression, const flow_allocator *allocator)
{
    struct fl_decoder *decoder = fl_file_alloc(allocator, sizeof *decoder);
    if (decoder == NULL)
        return NULL;
    bool ready = false;
    decoder->kind = compression;
    decoder->inside = compression == FLOW_COMPRESSION_GZIP; // inflateInit waits for a header
    decoder->allocator = *allocator;
#if FL_HAVE_GZIP
    if (compression == FLOW_COMPRESSION_GZIP)
        ready = gzip_init(decoder);
#endif
#if FL_HAVE_ZSTD
    if (compression == FLOW_COMPRESSION_ZSTD)
        ready = (decoder->zstd = ZSTD_createDStream()) != NULL;
#endif
    if (!ready) {
        fl_file_free(decoder);
        return NULL;
    }
    return decoder;
}

void fl_decoder_free(struct fl_decoder *decoder)
{
    if (decoder == NULL)
        return;
#if FL_HAVE_GZIP
    if (decoder->kind == FLOW_COMPRESSION_GZIP)
        inflateEnd(&decoder->zlib);
#endif
#if FL_HAVE_ZSTD
    if (decoder->kind == FLOW_COMPRESSION_ZSTD)
        ZSTD_freeDStream(decoder->zstd);
#endif
    fl_file_free(decoder);
}

bool fl_decoder_run(struct fl_decoder *decoder, struct fl_span *span)
{
#if FL_HAVE_GZIP
    if (decoder->kind == FLOW_COMPRESSION_GZIP)
        return gzip_run(decoder, span);
#endif
#if FL_HAVE_ZSTD
    if (decoder->kind == FLOW_COMPRESSION_ZSTD)
        return zstd_run(decoder, span);
#endif
    (void)span;
    decoder->problem = "its compression is unknown";
    return false;
}

bool fl_decoder_complete(const struct fl_decoder *decoder)
{
    return !decoder->inside;
}

const char *fl_decoder_problem(const struct fl_decoder *decoder)
{
    if (decoder->no_memory)
        return NULL;
    return decoder->problem ? decoder->problem : "its compressed data is damaged";
}

flow_status fl_compress(flow_compression compression, flow_str text, flow_buffer *out)
{
#if FL_HAVE_GZIP
    if (compression == FLOW_COMPRESSION_GZIP)
        return gzip_block(text, out);
#endif
#if FL_HAVE_ZSTD
    if (compression == FLOW_COMPRESSION_ZSTD)
        return zstd_block(text, out);
#endif
    (void)text;
    (void)out;
    (void)compression;
    return FLOW_UNSUPPORTED;
}
