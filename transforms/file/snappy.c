// SPDX-License-Identifier: Apache-2.0
// snappy's framing format: chunks of up to 64 KiB with check sums, after a stream identifier. Each
// of our blocks begins with an identifier, which may stand before any chunk.
#include "codec.h"

#if FL_HAVE_SNAPPY
#include <snappy-c.h>

#include "crc.h"

#define PLAIN_MOST  ((size_t)65536)
#define PACKED_MOST (PLAIN_MOST + PLAIN_MOST / 6 + 32) // snappy_max_compressed_length
#define HEADER      4u
#define SUM         4u

enum chunk {
    CHUNK_PACKED = 0x00,
    CHUNK_PLAIN = 0x01,
    CHUNK_SKIP_FROM = 0x80, // up to 0xFE: to be passed over
    CHUNK_IDENTIFIER = 0xFF
};

static const char identifier[] = "\xff\x06\x00\x00sNaPpY";
#define IDENTIFIER (sizeof identifier - 1)

struct snappy {
    bool begun; // the identifier is behind
    bool known; // the header of the chunk is
    unsigned char header[HEADER];
    size_t have; // bytes of the header, or else of the chunk's content
    size_t len;  // of the content
    size_t out_at, out_len;
    char in[PACKED_MOST + SUM];
    char out[PLAIN_MOST];
};

static uint32_t masked_sum(const char *data, size_t len)
{
    const uint32_t sum = fl_crc(FL_CRC_32C, data, len);
    return (sum >> 15 | sum << 17) + UINT32_C(0xA282EAD8);
}

static uint32_t get_sum(const char *at)
{
    const unsigned char *b = (const unsigned char *)at;
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static bool refuse(struct fl_decoder *d, const char *problem)
{
    d->problem = problem;
    return false;
}

// Looks at a header that is whole.
static bool begin_chunk(struct fl_decoder *d)
{
    struct snappy *s = d->state;
    const unsigned kind = s->header[0];
    s->len = s->header[1] | (size_t)s->header[2] << 8 | (size_t)s->header[3] << 16;
    s->known = true;
    s->have = 0;
    if (!s->begun && kind != CHUNK_IDENTIFIER)
        return refuse(d, "its snappy data does not begin with a stream identifier");
    if (kind > CHUNK_PLAIN && kind < CHUNK_SKIP_FROM)
        return refuse(d, "its snappy data has a chunk of a kind that is not known");
    const bool has_data = kind <= CHUNK_PLAIN;
    if ((has_data && (s->len < SUM || s->len > sizeof s->in)) ||
        (kind == CHUNK_PLAIN && s->len > PLAIN_MOST + SUM) ||
        (kind == CHUNK_IDENTIFIER && s->len != IDENTIFIER - HEADER))
        return refuse(d, "its snappy data is damaged: a chunk has a length that cannot be");
    return true;
}

// Takes the content of a chunk that is whole.
static bool end_chunk(struct fl_decoder *d)
{
    struct snappy *s = d->state;
    const char *data = s->in + SUM;
    s->known = false;
    s->have = 0;
    if (s->header[0] == CHUNK_IDENTIFIER) {
        s->begun = true;
        return memcmp(s->in, identifier + HEADER, IDENTIFIER - HEADER) == 0 ||
               refuse(d, "its snappy data does not begin with a stream identifier");
    }
    if (s->header[0] >= CHUNK_SKIP_FROM)
        return true;
    s->out_at = 0;
    s->out_len = s->len - SUM;
    if (s->header[0] == CHUNK_PLAIN) {
        memcpy(s->out, data, s->out_len);
    } else {
        size_t plain = 0;
        if (snappy_uncompressed_length(data, s->out_len, &plain) != SNAPPY_OK ||
            plain > PLAIN_MOST || snappy_uncompress(data, s->out_len, s->out, &plain) != SNAPPY_OK)
            return refuse(d, "its snappy data is damaged");
        s->out_len = plain;
    }
    return masked_sum(s->out, s->out_len) == get_sum(s->in) ||
           refuse(d, "its snappy data is damaged: a check sum is wrong");
}

static size_t min_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void give(struct snappy *s, struct fl_span *span)
{
    const size_t len = min_of(s->out_len - s->out_at, span->out_len);
    memcpy(span->out, s->out + s->out_at, len);
    s->out_at += len;
    span->out += len;
    span->out_len -= len;
}

// Collects up to the end of header or content; what is passed over is not kept.
static void collect(struct snappy *s, struct fl_span *span)
{
    const bool skipped = s->known && s->header[0] >= CHUNK_SKIP_FROM && s->header[0] < 0xFF;
    const size_t len = min_of((s->known ? s->len : HEADER) - s->have, span->in_len);
    if (len > 0 && !skipped)
        memcpy((s->known ? s->in : (char *)s->header) + s->have, span->in, len);
    s->have += len;
    span->in += len;
    span->in_len -= len;
}

static bool snappy_run(struct fl_decoder *d, struct fl_span *span)
{
    struct snappy *s = d->state;
    for (;;) {
        if (s->out_at < s->out_len) {
            give(s, span);
            if (s->out_at < s->out_len)
                break; // no room
        }
        if (!s->known && span->in_len == 0)
            break;
        collect(s, span);
        if (s->have < (s->known ? s->len : HEADER))
            break; // nothing to do without more input
        if (!(s->known ? end_chunk(d) : begin_chunk(d)))
            return false;
    }
    d->inside = s->known || s->have > 0 || s->out_at < s->out_len;
    return true;
}

static bool snappy_init(struct fl_decoder *d)
{
    (void)d;
    return true; // its state begins zeroed
}

static void snappy_fini(struct fl_decoder *d)
{
    (void)d;
}

static void put_number(char *to, uint32_t number, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (char)(unsigned char)(number >> (8 * i));
}

// A chunk of at most PLAIN_MOST bytes, as it is where packing gains nothing.
static bool put_chunk(flow_str text, flow_buffer *out)
{
    const size_t start = out->len;
    size_t len = PACKED_MOST;
    char *to = flow_buffer_add(out, HEADER + SUM + PACKED_MOST);
    if (to == NULL)
        return false;
    if (snappy_compress(text.data, text.len, to + HEADER + SUM, &len) != SNAPPY_OK)
        len = SIZE_MAX;
    const bool packed = len < text.len - text.len / 8;
    if (!packed) {
        memcpy(to + HEADER + SUM, text.data, text.len);
        len = text.len;
    }
    to[0] = packed ? CHUNK_PACKED : CHUNK_PLAIN;
    put_number(to + 1, (uint32_t)(len + SUM), 3);
    put_number(to + HEADER, masked_sum(text.data, text.len), 4);
    out->len = start + HEADER + SUM + len;
    return true;
}

static flow_status snappy_block(flow_str text, flow_buffer *out)
{
    flow_buffer_put(out, identifier, IDENTIFIER);
    while (text.len > 0 && !out->failed) {
        const size_t len = min_of(text.len, PLAIN_MOST);
        if (!put_chunk((flow_str){ text.data, len }, out))
            return FLOW_MEMORY;
        text.data += len;
        text.len -= len;
    }
    return out->failed ? FLOW_MEMORY : FLOW_OK;
}

const struct fl_codec fl_codec_snappy = { .name = "snappy",
    .state_size = sizeof(struct snappy),
    .init = snappy_init,
    .run = snappy_run,
    .fini = snappy_fini,
    .block = snappy_block };
#endif
