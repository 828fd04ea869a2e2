// SPDX-License-Identifier: Apache-2.0
// The bytes of a stream: read from a file or pipe, told apart by content, decompressed.
#include "read.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "heap.h"

#define IN_SIZE ((size_t)64 << 10)

// Where bytes may go.
struct room {
    char *data;
    size_t len;
};

static enum fl_fill damage(struct fl_stream *stream, const char *sentence)
{
    stream->damage = FLOW_DAMAGED;
    fl_file_copy_text(stream->sentence, sizeof stream->sentence, sentence);
    return FL_FILL_DAMAGE;
}

// Decoders read ahead, so what they find lies before where they stand.
static enum fl_fill damage_near(struct fl_stream *stream, const char *problem)
{
    char sentence[256];
    snprintf(
        sentence, sizeof sentence, "%s, at or before byte %" PRIu64, problem, stream->in_total);
    return damage(stream, sentence);
}

static enum fl_fill no_memory(struct fl_file_read *source, struct fl_part *part, flow_error *error)
{
    flow_error_raise(error, FLOW_MEMORY, source->step, "%s: no memory to read it", part->path);
    return FL_FILL_FAILED;
}

// Reads once, without waiting for what a pipe does not have yet. `*got` is 0 at the end.
static enum fl_fill read_some(struct fl_file_read *source, struct fl_part *part, struct room room,
    size_t *got, flow_error *error)
{
    char text[128];
    *got = 0;
    if (!part->regular) {
        struct pollfd ready = { part->fd, POLLIN, 0 };
        if (poll(&ready, 1, 0) == 0)
            return FL_FILL_WAIT;
    }
    ssize_t len = 0;
    do {
        len = read(part->fd, room.data, room.len);
    } while (len < 0 && errno == EINTR);
    if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return FL_FILL_WAIT;
    if (len < 0) {
        flow_error_raise(error, FLOW_IO, source->step, "%s: cannot read: %s", part->path,
            fl_system_sentence(errno, text, sizeof text));
        return FL_FILL_FAILED;
    }
    *got = (size_t)len;
    return len > 0 ? FL_FILL_MORE : FL_FILL_END;
}

static enum fl_fill fill_in(struct fl_file_read *source, struct fl_part *part, flow_error *error)
{
    struct fl_stream *stream = &part->stream;
    if (stream->in == NULL && (stream->in = fl_file_alloc(&source->allocator, IN_SIZE)) == NULL)
        return no_memory(source, part, error);
    stream->in_len -= stream->in_at;
    if (stream->in_len > 0 && stream->in_at > 0)
        memmove(stream->in, stream->in + stream->in_at, stream->in_len);
    stream->in_at = 0;
    size_t got = 0;
    const struct room room = { stream->in + stream->in_len, IN_SIZE - stream->in_len };
    const enum fl_fill filled = read_some(source, part, room, &got, error);
    stream->in_len += got;
    return filled;
}

static enum fl_fill make_decoder(
    struct fl_file_read *source, struct fl_part *part, flow_error *error)
{
    struct fl_stream *stream = &part->stream;
    stream->sniffed = true;
    if (part->compression == FLOW_COMPRESSION_NONE)
        return FL_FILL_MORE;
    if (fl_compression_check(part->compression, source->step, part->path, error) != FLOW_OK)
        return FL_FILL_FAILED;
    stream->decoder = fl_decoder_new(part->compression, &source->allocator);
    return stream->decoder ? FL_FILL_MORE : no_memory(source, part, error);
}

// A pipe shows its first bytes only when it is read.
static enum fl_fill sniff(struct fl_file_read *source, struct fl_part *part, flow_error *error)
{
    struct fl_stream *stream = &part->stream;
    while (part->compression == FLOW_COMPRESSION_AUTO) {
        const enum fl_fill filled = fill_in(source, part, error);
        if (filled == FL_FILL_FAILED)
            return filled;
        const bool maybe = fl_compression_undecided(stream->in, stream->in_len);
        if (filled == FL_FILL_WAIT && maybe)
            return FL_FILL_WAIT;
        if (filled == FL_FILL_END || !maybe)
            part->compression = fl_compression_of(stream->in, stream->in_len);
    }
    return make_decoder(source, part, error);
}

static enum fl_fill fill_plain(struct fl_file_read *source, struct fl_part *part, struct room room,
    size_t *got, flow_error *error)
{
    struct fl_stream *stream = &part->stream;
    const bool follow = source->config->options.follow;
    if (stream->in_at < stream->in_len) { // what sniffing has read
        const size_t left = stream->in_len - stream->in_at;
        *got = left < room.len ? left : room.len;
        memcpy(room.data, stream->in + stream->in_at, *got);
        stream->in_at += *got;
        return FL_FILL_MORE;
    }
    if (follow) {
        const enum fl_fill grown = fl_follow_check(source, part, error);
        if (grown != FL_FILL_MORE)
            return grown;
    }
    const enum fl_fill filled = read_some(source, part, room, got, error);
    if (filled != FL_FILL_END || follow)
        return filled == FL_FILL_END ? FL_FILL_WAIT : filled;
    if (part->regular && stream->out_total < part->size) {
        flow_error_raise(error, FLOW_IO, source->step,
            "%s: became shorter while it was read: had %" PRIu64 " bytes, now ends at %" PRIu64,
            part->path, part->size, stream->out_total);
        return FL_FILL_FAILED;
    }
    return FL_FILL_END;
}

static enum fl_fill decoded_end(struct fl_part *part)
{
    struct fl_stream *stream = &part->stream;
    char sentence[256];
    if (fl_decoder_complete(stream->decoder))
        return FL_FILL_END;
    snprintf(sentence, sizeof sentence,
        "its %s data ends after %" PRIu64 " bytes in the middle: the file is cut off",
        fl_compression_name(part->compression), stream->in_total);
    return damage(stream, sentence);
}

static enum fl_fill check_expansion(struct fl_file_read *source, struct fl_part *part)
{
    struct fl_stream *stream = &part->stream;
    const uint64_t max = source->config->options.expansion_max;
    char sentence[256];
    if (stream->out_total <= FL_EXPANSION_FREE || stream->out_total / max <= stream->in_total)
        return FL_FILL_MORE;
    snprintf(sentence, sizeof sentence,
        "expands to more than %" PRIu64 " times its size (%" PRIu64 " bytes from %" PRIu64
        "), which expansion_max does not allow",
        max, stream->out_total, stream->in_total);
    return damage(stream, sentence);
}

static enum fl_fill fill_decoded(struct fl_file_read *source, struct fl_part *part,
    struct room room, size_t *got, flow_error *error)
{
    struct fl_stream *stream = &part->stream;
    bool at_end = false;
    for (;;) {
        struct fl_span span = { stream->in + stream->in_at, stream->in_len - stream->in_at,
            room.data, room.len };
        bool good = true;
        if (span.in != NULL)
            good = fl_decoder_run(stream->decoder, &span);
        const size_t taken = stream->in_len - stream->in_at - span.in_len;
        stream->in_at += taken;
        stream->in_total += taken;
        *got = room.len - span.out_len;
        if (!good) {
            const char *problem = fl_decoder_problem(stream->decoder);
            return problem ? damage_near(stream, problem) : no_memory(source, part, error);
        }
        if (*got > 0)
            return FL_FILL_MORE;
        if (at_end)
            return decoded_end(part);
        const enum fl_fill filled = fill_in(source, part, error);
        if (filled == FL_FILL_WAIT || filled == FL_FILL_FAILED)
            return filled;
        at_end = filled == FL_FILL_END;
    }
}

enum fl_fill fl_stream_fill(struct fl_file_read *source, struct fl_part *part,
    struct fl_chunk *chunk, size_t want, flow_error *error)
{
    struct fl_stream *stream = &part->stream;
    if (stream->damage != FLOW_OK)
        return FL_FILL_DAMAGE;
    if (!stream->sniffed) {
        const enum fl_fill known = sniff(source, part, error);
        if (known != FL_FILL_MORE)
            return known;
    }
    if (!fl_chunk_grow(chunk, chunk->buffer.len + want))
        return no_memory(source, part, error);
    const struct room room = { chunk->buffer.data + chunk->buffer.len, want };
    size_t got = 0;
    enum fl_fill filled = stream->decoder ? fill_decoded(source, part, room, &got, error)
                                          : fill_plain(source, part, room, &got, error);
    chunk->buffer.len += got;
    stream->out_total += got;
    if (filled == FL_FILL_MORE && stream->decoder)
        filled = check_expansion(source, part);
    return filled;
}
