// SPDX-License-Identifier: Apache-2.0
// zstd: concatenated frames in, one frame a block out.
#include "codec.h"

#if FL_HAVE_ZSTD
#include <zstd.h>
#include <zstd_errors.h>

#define ZSTD_LEVEL 3 // zstd's own default

// Its memory is zstd's own: custom memory is no stable part of its interface.
struct zstd {
    ZSTD_DStream *stream;
};

static bool zstd_init(struct fl_decoder *d)
{
    struct zstd *zstd = d->state;
    zstd->stream = ZSTD_createDStream();
    return zstd->stream != NULL;
}

static bool zstd_run(struct fl_decoder *d, struct fl_span *span)
{
    struct zstd *zstd = d->state;
    while (span->in_len > 0 || (d->inside && span->out_len > 0)) {
        if (span->out_len == 0)
            return true;
        ZSTD_inBuffer in = { span->in, span->in_len, 0 };
        ZSTD_outBuffer out = { span->out, span->out_len, 0 };
        const size_t left = ZSTD_decompressStream(zstd->stream, &out, &in);
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

static void zstd_fini(struct fl_decoder *d)
{
    ZSTD_freeDStream(((struct zstd *)d->state)->stream);
}

// With a check sum, which the simple call leaves out.
static flow_status zstd_block(flow_str text, flow_buffer *out)
{
    const size_t start = out->len, bound = ZSTD_compressBound(text.len);
    ZSTD_CCtx *context = ZSTD_createCCtx();
    char *to = context ? flow_buffer_add(out, bound) : NULL;
    size_t len = 0;
    if (to != NULL) {
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, ZSTD_LEVEL);
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
        len = ZSTD_compress2(context, to, bound, text.data, text.len);
    }
    ZSTD_freeCCtx(context);
    if (to == NULL || ZSTD_isError(len))
        return FLOW_MEMORY;
    out->len = start + len;
    return FLOW_OK;
}

const struct fl_codec fl_codec_zstd = { .name = "zstd",
    .state_size = sizeof(struct zstd),
    .init = zstd_init,
    .run = zstd_run,
    .fini = zstd_fini,
    .block = zstd_block };
#endif
