// SPDX-License-Identifier: Apache-2.0
// Files read in order: `claim` cuts whole records off, workers parse them.
//
// A record longer than line_max is given as the first bytes of it, and the rest is passed over up
// to the next line end (in CSV too: a forgotten quote must not swallow the rest of the file).
//
// Compressed data that is damaged, cut off, or expands more than expansion_max allows fails the
// job. With another policy the records before it are given, then what is left of the last one is
// rejected with what is wrong, and the file has ended; other files go on.
#include "read.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "avro.h"

static flow_claim no_memory(struct fl_file_read *read, struct fl_part *part, flow_error *error)
{
    flow_error_raise(error, FLOW_MEMORY, read->step, "%s: no memory for a piece", part->path);
    return FLOW_CLAIM_FAILED;
}

// Forgets the first `len` pending bytes.
static void drop(struct fl_stream *stream, size_t len)
{
    flow_buffer *buffer = &stream->pending->buffer;
    if (stream->line)
        stream->line += fl_count_lines(buffer->data, len);
    if (len < buffer->len)
        memmove(buffer->data, buffer->data + len, buffer->len - len);
    buffer->len -= len;
    stream->offset += len;
    stream->scanned = stream->cut = 0;
}

// Reads once up to `size` pending bytes, or as far as it goes. False: the error is filled.
static bool fill(struct fl_file_read *read, struct fl_part *part, size_t size, flow_error *error)
{
    struct fl_stream *stream = &part->stream;
    stream->waiting = false;
    while (stream->pending->buffer.len < size && !stream->ended && !stream->waiting) {
        const size_t want = size - stream->pending->buffer.len;
        switch (fl_stream_fill(read, part, stream->pending, want, error)) {
        case FL_FILL_MORE:
            break;
        case FL_FILL_WAIT:
            stream->waiting = true;
            break;
        case FL_FILL_DAMAGE:
        case FL_FILL_END:
            stream->ended = true;
            break;
        case FL_FILL_FAILED:
            return false;
        }
    }
    if (stream->damage == FLOW_OK || read->on_error != FLOW_ON_ERROR_FAIL)
        return true;
    flow_error_raise(error, stream->damage, read->step, "%s: %s", part->path, stream->sentence);
    return false;
}

// Looks for record ends in what is pending; reads until there is one. WAIT: not yet. END: there is
// none and nothing comes any more, or the record is too long.
static flow_claim find_record(
    struct fl_file_read *read, struct fl_part *part, size_t target, flow_error *error)
{
    const struct fl_read_config *config = read->config;
    struct fl_stream *stream = &part->stream;
    flow_buffer *buffer = &stream->pending->buffer;
    for (;;) {
        if (!fill(read, part, target, error))
            return FLOW_CLAIM_FAILED;
        const flow_str text = { buffer->data, buffer->len };
        if (text.len > stream->scanned)
            stream->cut = part->avro ? fl_avro_cut(part->avro, text, stream->cut)
                                     : fl_records_cut(config->options.format, text, stream->scanned,
                                           stream->cut);
        stream->scanned = text.len;
        if (stream->cut > 0)
            return FLOW_CLAIM_PIECE;
        if (stream->ended || text.len > config->options.line_max + 2)
            return FLOW_CLAIM_END;
        if (stream->waiting)
            return FLOW_CLAIM_WAIT;
        target = 2 * text.len > target ? 2 * text.len : 2 * target;
        if (target > config->options.line_max + 3)
            target = (size_t)config->options.line_max + 3;
        if (target <= text.len)
            target = text.len + 1;
    }
}

static flow_claim make_columns(
    struct fl_file_read *read, struct fl_part *part, flow_str header, flow_error *error)
{
    const flow_file_read_options *options = &read->config->options;
    flow_error why = { 0 };
    part->csv = flow_csv_new(options->type, header, options->separator, &read->allocator, &why);
    if (part->csv != NULL)
        return FLOW_CLAIM_PIECE;
    flow_error_raise(error, why.status ? why.status : FLOW_PARSE, read->step, "%s:1: %s",
        part->path, why.message);
    return FLOW_CLAIM_FAILED;
}

static flow_claim no_header(struct fl_file_read *read, struct fl_part *part, flow_error *error)
{
    return make_columns(read, part, (flow_str){ NULL, 0 }, error);
}

static flow_claim read_header(struct fl_file_read *read, struct fl_part *part, flow_error *error)
{
    struct fl_stream *stream = &part->stream;
    const size_t size = read->config->piece_size;
    const flow_claim claim = find_record(read, part, size < 4096 ? size : 4096, error);
    if (claim == FLOW_CLAIM_WAIT || claim == FLOW_CLAIM_FAILED)
        return claim;
    const flow_buffer *buffer = &stream->pending->buffer;
    const flow_str text = { buffer->data, buffer->len };
    if (text.len == 0 && stream->damage == FLOW_OK)
        return FLOW_CLAIM_END; // an empty file has no rows and needs no header
    size_t len = text.len ? flow_csv_line(text) : 0;
    if (len == 0 && stream->damage != FLOW_OK)
        return FLOW_CLAIM_PIECE; // what there is, is rejected with the damage
    const bool whole = len > 0 || stream->ended;
    len = len ? len : text.len;
    flow_str header = { text.data, len };
    while (header.len > 0 &&
           (header.data[header.len - 1] == '\n' || header.data[header.len - 1] == '\r'))
        header.len--;
    if (!whole || header.len == 0) {
        flow_error_raise(error, FLOW_PARSE, read->step,
            "%s:1: the header line is %s, expected the names of the columns", part->path,
            whole ? "empty" : "longer than line_max");
        return FLOW_CLAIM_FAILED;
    }
    if (make_columns(read, part, header, error) != FLOW_CLAIM_PIECE)
        return FLOW_CLAIM_FAILED;
    drop(stream, len);
    return FLOW_CLAIM_PIECE;
}

// Reads until the header is whole.
static flow_claim read_avro_header(
    struct fl_file_read *read, struct fl_part *part, flow_error *error)
{
    struct fl_stream *stream = &part->stream;
    flow_error why = { 0 };
    const size_t piece = read->config->piece_size;
    for (size_t target = piece < 4096 ? piece : 4096;; target = 2 * target) {
        if (!fill(read, part, target, error))
            return FLOW_CLAIM_FAILED;
        const flow_str text = { stream->pending->buffer.data, stream->pending->buffer.len };
        if (text.len == 0 && stream->ended)
            return stream->damage == FLOW_OK ? FLOW_CLAIM_END : FLOW_CLAIM_PIECE;
        const size_t len = fl_avro_header_len(text, &why);
        if (len == 0 && stream->waiting)
            return FLOW_CLAIM_WAIT;
        if (len == 0 && !stream->ended)
            continue;
        if (len == 0)
            flow_error_raise(&why, FLOW_DAMAGED, NULL, "it is cut off within its header");
        else if (len != SIZE_MAX)
            part->avro = fl_avro_new(
                (flow_str){ text.data, len }, read->config->options.type, &read->allocator, &why);
        if (part->avro == NULL) {
            flow_error_raise(error, why.status ? why.status : FLOW_DAMAGED, read->step, "%s: %s",
                part->path, why.message);
            return FLOW_CLAIM_FAILED;
        }
        drop(stream, len);
        stream->line = 0; // there are none
        return FLOW_CLAIM_PIECE;
    }
}

// Goes to where a run before had come to.
static flow_claim skip_to_start(struct fl_file_read *read, struct fl_part *part, flow_error *error)
{
    struct fl_stream *stream = &part->stream;
    if (part->start <= stream->offset)
        return FLOW_CLAIM_PIECE;
    if (part->regular && stream->decoder == NULL && part->start <= part->size &&
        lseek(part->fd, (off_t)part->start, SEEK_SET) >= 0) {
        stream->pending->buffer.len = 0;
        stream->scanned = stream->cut = 0;
        stream->offset = stream->out_total = part->start;
        stream->line = 0; // counting would mean reading all that was skipped
        stream->ended = false;
        return FLOW_CLAIM_PIECE;
    }
    while (stream->offset < part->start) {
        if (!fill(read, part, FL_PIECE_SIZE, error))
            return FLOW_CLAIM_FAILED;
        const size_t len = stream->pending->buffer.len;
        const uint64_t left = part->start - stream->offset;
        drop(stream, left < len ? (size_t)left : len);
        if (stream->waiting)
            return FLOW_CLAIM_WAIT;
        if (stream->damage != FLOW_OK && stream->offset + 1 == part->start) {
            stream->damage = FLOW_OK; // it was rejected already: see give_pending
            return FLOW_CLAIM_PIECE;
        }
        if (stream->offset < part->start && stream->ended) {
            flow_error_raise(error, FLOW_DAMAGED, read->step,
                "%s: ends at byte %" PRIu64 ", but was read up to byte %" PRIu64 " before",
                part->path, stream->offset, part->start);
            return FLOW_CLAIM_FAILED;
        }
    }
    return FLOW_CLAIM_PIECE;
}

static flow_claim begin(struct fl_file_read *read, struct fl_part *part, flow_error *error)
{
    const flow_file_read_options *options = &read->config->options;
    struct fl_stream *stream = &part->stream;
    if (fl_part_open(read, part, error) != FLOW_OK)
        return FLOW_CLAIM_FAILED;
    if (stream->pending == NULL) {
        stream->pending = fl_chunk_new(read->pool, read->config->piece_size);
        stream->line = 1;
    }
    if (stream->pending == NULL)
        return no_memory(read, part, error);
    if (stream->offset == 0) {
        if (!fill(read, part, 3, error))
            return FLOW_CLAIM_FAILED;
        const flow_buffer *buffer = &stream->pending->buffer;
        const size_t len = buffer->len < 3 ? buffer->len : 3;
        const bool mark = len == 0 || memcmp(buffer->data, "\xef\xbb\xbf", len) == 0;
        if (mark && len < 3 && stream->waiting)
            return FLOW_CLAIM_WAIT;
        if (mark && len == 3)
            drop(stream, 3);
    }
    flow_claim claim = FLOW_CLAIM_PIECE;
    if (options->format == FLOW_CSV && part->csv == NULL)
        claim = options->no_header ? no_header(read, part, error) : read_header(read, part, error);
    if (options->format == FLOW_AVRO && part->avro == NULL)
        claim = read_avro_header(read, part, error);
    if (claim == FLOW_CLAIM_PIECE)
        claim = skip_to_start(read, part, error);
    stream->begun = claim == FLOW_CLAIM_PIECE;
    return claim;
}

static void give(
    struct fl_file_read *read, struct fl_part *part, struct fl_chunk *chunk, flow_piece *piece)
{
    struct fl_stream *stream = &part->stream;
    piece->begin = chunk->begin;
    piece->end = chunk->end;
    piece->data = chunk;
    pthread_mutex_lock(&read->lock);
    chunk->next = NULL;
    if (stream->taken_last)
        stream->taken_last->next = chunk;
    else
        stream->taken = chunk;
    stream->taken_last = chunk;
    pthread_mutex_unlock(&read->lock);
}

// The first `len` pending bytes, of which `records` are whole records, become a piece.
static flow_claim give_pending(struct fl_file_read *read, struct fl_part *part, size_t len,
    flow_piece *piece, flow_error *error)
{
    struct fl_stream *stream = &part->stream;
    struct fl_chunk *chunk = stream->pending;
    const size_t rest = chunk->buffer.len - len;
    struct fl_chunk *next = fl_chunk_new(read->pool, rest + read->config->piece_size);
    if (next == NULL)
        return no_memory(read, part, error);
    if (rest > 0)
        memcpy(next->buffer.data, chunk->buffer.data + len, rest);
    next->buffer.len = rest;
    chunk->buffer.len = len;
    chunk->records = stream->damage != FLOW_OK && rest == 0 ? stream->cut : len;
    chunk->begin = stream->offset;
    chunk->end = stream->offset + len;
    chunk->line = stream->line;
    if (chunk->records < len || (stream->damage != FLOW_OK && rest == 0)) {
        chunk->problem = stream->damage;
        memcpy(chunk->sentence, stream->sentence, sizeof chunk->sentence);
        chunk->end++; // so that a piece of nothing but the problem has an end of its own
        stream->damage = FLOW_OK;
    }
    if (stream->line)
        stream->line += fl_count_lines(chunk->buffer.data, len);
    stream->offset += len;
    stream->scanned = stream->cut = 0;
    stream->pending = next;
    give(read, part, chunk, piece);
    return FLOW_CLAIM_PIECE;
}

// Passes over the rest of a record that is too long; then its beginning is given as a piece.
static flow_claim pass_over(
    struct fl_file_read *read, struct fl_part *part, flow_piece *piece, flow_error *error)
{
    struct fl_stream *stream = &part->stream;
    for (;;) {
        flow_buffer *buffer = &stream->pending->buffer;
        const char *end = buffer->len ? memchr(buffer->data, '\n', buffer->len) : NULL;
        drop(stream, end ? (size_t)(end - buffer->data) + 1 : buffer->len);
        if (end || stream->ended)
            break;
        if (!fill(read, part, FL_PIECE_SIZE, error))
            return FLOW_CLAIM_FAILED;
        if (stream->waiting && stream->pending->buffer.len == 0)
            return FLOW_CLAIM_WAIT;
    }
    stream->oversized->end = stream->offset;
    give(read, part, stream->oversized, piece);
    stream->oversized = NULL;
    return FLOW_CLAIM_PIECE;
}

static flow_claim begin_oversized(
    struct fl_file_read *read, struct fl_part *part, flow_piece *piece, flow_error *error)
{
    struct fl_stream *stream = &part->stream;
    struct fl_chunk *sample = fl_chunk_new(read->pool, FL_SAMPLE_SIZE);
    if (sample == NULL)
        return no_memory(read, part, error);
    const size_t len = stream->pending->buffer.len;
    sample->buffer.len = len < FL_SAMPLE_SIZE ? len : FL_SAMPLE_SIZE;
    memcpy(sample->buffer.data, stream->pending->buffer.data, sample->buffer.len);
    sample->begin = stream->offset;
    sample->line = stream->line;
    sample->problem = FLOW_PARSE;
    snprintf(sample->sentence, sizeof sample->sentence,
        "the record is longer than %" PRIu64 " bytes (line_max)", read->config->options.line_max);
    stream->oversized = sample;
    return pass_over(read, part, piece, error);
}

// A block that is longer than any may be is no longer looked for the end of.
static flow_claim refuse_block(struct fl_file_read *read, struct fl_part *part, flow_error *error)
{
    flow_error_raise(error, FLOW_DAMAGED, read->step,
        "%s: the block at byte %" PRIu64 " is longer than %" PRIu64 " bytes (line_max)", part->path,
        part->stream.offset, read->config->options.line_max);
    return FLOW_CLAIM_FAILED;
}

flow_claim fl_stream_claim(
    struct fl_file_read *read, struct fl_part *part, flow_piece *piece, flow_error *error)
{
    struct fl_stream *stream = &part->stream;
    if (!stream->begun) {
        const flow_claim claim = begin(read, part, error);
        if (claim != FLOW_CLAIM_PIECE)
            return claim;
    }
    if (stream->oversized)
        return pass_over(read, part, piece, error);
    const flow_claim found = find_record(read, part, read->config->piece_size, error);
    if (found == FLOW_CLAIM_WAIT || found == FLOW_CLAIM_FAILED)
        return found;
    const size_t len = stream->pending->buffer.len;
    if (stream->ended) {
        // The rest of the file: its last record needs no line end, unless it is cut off by damage.
        if (stream->damage == FLOW_OK)
            stream->cut = len;
        if (len <= read->config->options.line_max || stream->cut > 0) {
            if (len == 0 && stream->damage == FLOW_OK) {
                fl_part_close(part);
                return FLOW_CLAIM_END;
            }
            return give_pending(read, part, len, piece, error);
        }
    }
    if (found == FLOW_CLAIM_PIECE)
        return give_pending(read, part, stream->cut, piece, error);
    if (part->avro != NULL)
        return refuse_block(read, part, error);
    return begin_oversized(read, part, piece, error);
}

flow_status fl_stream_read(
    struct fl_file_read *read, struct fl_part *part, const flow_piece *piece, flow_ctx *ctx)
{
    struct fl_chunk *chunk = piece->data;
    struct fl_records records = { .read = read,
        .part = part,
        .text = { chunk->buffer.data, chunk->records },
        .offset = chunk->begin,
        .line = chunk->line };
    flow_status status = FLOW_OK;
    if (chunk->records > 0 && read->config->pointers)
        status = fl_chunk_keep(chunk, ctx);
    if (status == FLOW_OK)
        status = fl_records_emit(&records, ctx);
    if (status != FLOW_OK || chunk->problem == FLOW_OK)
        return status;
    flow_str rest = { chunk->buffer.data + chunk->records, chunk->buffer.len - chunk->records };
    rest.len = rest.len < FL_SAMPLE_SIZE ? rest.len : FL_SAMPLE_SIZE;
    records.offset += chunk->records;
    if (records.line > 0)
        records.line += fl_count_lines(chunk->buffer.data, chunk->records);
    return fl_reject_at(&records, ctx, rest, chunk->sentence);
}

struct fl_records fl_stream_records(
    struct fl_file_read *read, struct fl_part *part, const flow_piece *piece)
{
    const struct fl_chunk *chunk = piece->data;
    return (struct fl_records){ .read = read,
        .part = part,
        .text = { chunk->buffer.data, chunk->records },
        .offset = chunk->begin,
        .line = chunk->line };
}

void fl_stream_finalize(struct fl_file_read *read, struct fl_part *part, uint64_t position)
{
    struct fl_stream *stream = &part->stream;
    struct fl_chunk *done = NULL;
    pthread_mutex_lock(&read->lock);
    while (stream->taken && stream->taken->end <= position) {
        struct fl_chunk *chunk = stream->taken;
        stream->taken = chunk->next;
        chunk->next = done;
        done = chunk;
    }
    if (stream->taken == NULL)
        stream->taken_last = NULL;
    pthread_mutex_unlock(&read->lock);
    while (done) {
        struct fl_chunk *next = done->next;
        fl_chunk_unref(done);
        done = next;
    }
}

void fl_stream_close(struct fl_part *part)
{
    struct fl_stream *stream = &part->stream;
    while (stream->taken) {
        struct fl_chunk *next = stream->taken->next;
        fl_chunk_unref(stream->taken);
        stream->taken = next;
    }
    stream->taken_last = NULL;
    fl_chunk_unref(stream->pending);
    fl_chunk_unref(stream->oversized);
    stream->pending = stream->oversized = NULL;
}
