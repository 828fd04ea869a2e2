// SPDX-License-Identifier: Apache-2.0
// Which compression a file has, and the codecs of this build behind one face.
#include "codec.h"

#include "heap.h"

#define KINDS 7u

static const struct {
    const char *name;
    const struct fl_codec *codec; // NULL: not in this build
} kinds[KINDS] = {
    [FLOW_COMPRESSION_AUTO] = { "none", NULL },
    [FLOW_COMPRESSION_NONE] = { "none", NULL },
#if FL_HAVE_GZIP
    [FLOW_COMPRESSION_GZIP] = { "gzip", &fl_codec_gzip },
    [FL_COMPRESSION_DEFLATE] = { "deflate", &fl_codec_deflate },
#else
    [FLOW_COMPRESSION_GZIP] = { "gzip", NULL },
    [FL_COMPRESSION_DEFLATE] = { "deflate", NULL },
#endif
#if FL_HAVE_ZSTD
    [FLOW_COMPRESSION_ZSTD] = { "zstd", &fl_codec_zstd },
#else
    [FLOW_COMPRESSION_ZSTD] = { "zstd", NULL },
#endif
#if FL_HAVE_BZIP2
    [FLOW_COMPRESSION_BZIP2] = { "bzip2", &fl_codec_bzip2 },
#else
    [FLOW_COMPRESSION_BZIP2] = { "bzip2", NULL },
#endif
#if FL_HAVE_SNAPPY
    [FLOW_COMPRESSION_SNAPPY] = { "snappy", &fl_codec_snappy },
#else
    [FLOW_COMPRESSION_SNAPPY] = { "snappy", NULL },
#endif
};

// How files begin. A byte counts where its mask says so.
static const struct magic {
    flow_compression kind;
    unsigned char len;
    unsigned char bytes[FL_MAGIC_SIZE], mask[FL_MAGIC_SIZE];
} magics[] = {
    { FLOW_COMPRESSION_GZIP, 2, { 0x1f, 0x8b }, { 0xff, 0xff } },
    { FLOW_COMPRESSION_ZSTD, 4, { 0x28, 0xb5, 0x2f, 0xfd }, { 0xff, 0xff, 0xff, 0xff } },
    // a skippable frame first, as parallel writers make
    { FLOW_COMPRESSION_ZSTD, 4, { 0x50, 0x2a, 0x4d, 0x18 }, { 0xf0, 0xff, 0xff, 0xff } },
    // "BZh", a digit, and pi as a block begins, or the root of it where there is none
    { FLOW_COMPRESSION_BZIP2, 10, { 'B', 'Z', 'h', '0', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59 },
        { 0xff, 0xff, 0xff, 0xf0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
    { FLOW_COMPRESSION_BZIP2, 10, { 'B', 'Z', 'h', '0', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90 },
        { 0xff, 0xff, 0xff, 0xf0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
    { FLOW_COMPRESSION_SNAPPY, 10, { 0xff, 6, 0, 0, 's', 'N', 'a', 'P', 'p', 'Y' },
        { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
};

// Whether the first `len` bytes are those that files begin with, as far as they go.
static bool agrees(const struct magic *magic, const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len && i < magic->len; i++)
        if ((bytes[i] & magic->mask[i]) != magic->bytes[i])
            return false;
    return true;
}

flow_compression fl_compression_of(const void *data, size_t len)
{
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if (len >= magics[i].len && agrees(&magics[i], data, len))
            return magics[i].kind;
    return FLOW_COMPRESSION_NONE;
}

bool fl_compression_undecided(const void *data, size_t len)
{
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
        if (len < magics[i].len && agrees(&magics[i], data, len))
            return true;
    return false;
}

const char *fl_compression_name(flow_compression compression)
{
    return compression < KINDS ? kinds[compression].name : "unknown";
}

flow_status fl_compression_check(
    flow_compression compression, const char *step, const char *path, flow_error *error)
{
    if (compression <= FLOW_COMPRESSION_NONE || kinds[compression].codec != NULL)
        return FLOW_OK;
    const char *name = fl_compression_name(compression);
    return flow_error_raise(error, FLOW_UNSUPPORTED, step,
        "%s: is %s, but this libflow was built without %s", path, name, name);
}

struct fl_decoder *fl_decoder_new(flow_compression compression, const flow_allocator *allocator)
{
    const struct fl_codec *codec = compression < KINDS ? kinds[compression].codec : NULL;
    struct fl_decoder *decoder =
        codec ? fl_file_alloc(allocator, sizeof *decoder + codec->state_size) : NULL;
    if (decoder == NULL)
        return NULL;
    decoder->codec = codec;
    decoder->allocator = *allocator;
    decoder->state = decoder + 1;
    if (!codec->init(decoder)) {
        fl_file_free(decoder);
        return NULL;
    }
    return decoder;
}

void fl_decoder_free(struct fl_decoder *decoder)
{
    if (decoder == NULL)
        return;
    decoder->codec->fini(decoder);
    fl_file_free(decoder);
}

bool fl_decoder_run(struct fl_decoder *decoder, struct fl_span *span)
{
    return decoder->codec->run(decoder, span);
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
    const struct fl_codec *codec = compression < KINDS ? kinds[compression].codec : NULL;
    return codec ? codec->block(text, out) : FLOW_UNSUPPORTED;
}
