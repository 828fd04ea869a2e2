// SPDX-License-Identifier: Apache-2.0
// Plain files of lines, cut into byte ranges that workers read in parallel.
//
// Ranges are read with pread into recycled buffers, not mapped: a mapped file that another program
// shortens kills the process with SIGBUS, which a library may not catch. It costs little: finding
// the lines of 1.08 GB in cache took 0.12 s by pread and 0.10 s by mmap on one core, where reading
// them as JSON takes 1.2 to 1.5 s.
#include "read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "heap.h"

// Most lines that cross the end of a range end this soon after.
#define SLACK ((size_t)16 << 10)

// A range while it is read: `data` holds the bytes of the file from `from` on.
struct range {
    struct fl_file_read *read;
    struct fl_part *part;
    struct fl_chunk *chunk;
    uint64_t begin;
    uint64_t end;
    uint64_t from; // one byte before `begin`: a line end there makes `begin` the start of a line
    size_t want;   // bytes that are in the chunk
};

static flow_claim open_split(struct fl_file_read *read, struct fl_part *part, flow_error *error)
{
    const size_t piece = read->config->piece_size;
    if (fl_part_open(read, part, error) != FLOW_OK)
        return FLOW_CLAIM_FAILED;
    const uint64_t ranges = (part->size + piece - 1) / piece;
    if (part->start > part->size || ranges > UINT32_MAX) {
        flow_error_raise(error, FLOW_DAMAGED, read->step,
            "%s: has %" PRIu64 " bytes, but was read up to byte %" PRIu64 " before", part->path,
            part->size, part->start);
        return FLOW_CLAIM_FAILED;
    }
    part->next = part->start;
    uint32_t *counts = fl_file_alloc(&read->allocator, (size_t)ranges * sizeof *counts);
    if (counts == NULL) {
        flow_error_raise(error, FLOW_MEMORY, read->step,
            "%s: no memory to cut it into %" PRIu64 " pieces", part->path, ranges);
        return FLOW_CLAIM_FAILED;
    }
    for (uint64_t i = 0; i < ranges; i++)
        counts[i] = UINT32_MAX;
    pthread_mutex_lock(&part->lines.lock);
    part->lines.counts = counts;
    part->lines.range_count = (uint32_t)ranges;
    pthread_mutex_unlock(&part->lines.lock);
    return FLOW_CLAIM_PIECE;
}

flow_claim fl_plain_claim(
    struct fl_file_read *read, struct fl_part *part, flow_piece *piece, flow_error *error)
{
    if (!part->opened) {
        const flow_claim claim = open_split(read, part, error);
        if (claim != FLOW_CLAIM_PIECE)
            return claim;
    }
    if (part->next >= part->size) {
        if (part->size == part->start)
            fl_part_close(part); // no piece will ever need it
        return FLOW_CLAIM_END;
    }
    const uint64_t left = part->size - part->next;
    const size_t size = read->config->piece_size;
    piece->begin = part->next;
    piece->end = part->next + (left < size ? left : size - part->next % size);
    if (piece->end > part->size)
        piece->end = part->size;
    part->next = piece->end;
    return FLOW_CLAIM_PIECE;
}

void fl_plain_finalize(struct fl_part *part, uint64_t position)
{
    if (part->opened && position >= part->size)
        fl_part_close(part);
}

// Fills the chunk up to `want` bytes. A file that became shorter is an error in any case.
static flow_status fill(struct range *r, size_t want, flow_error *error)
{
    struct fl_chunk *chunk = r->chunk;
    char text[128];
    if (!fl_chunk_grow(chunk, want))
        return flow_error_raise(error, FLOW_MEMORY, r->read->step,
            "%s: no memory for a piece of %zu bytes", r->part->path, want);
    while (chunk->buffer.len < want) {
        const uint64_t at = r->from + chunk->buffer.len;
        const ssize_t got = pread(r->part->fd, chunk->buffer.data + chunk->buffer.len,
            want - chunk->buffer.len, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return flow_error_raise(error, FLOW_IO, r->read->step,
                "%s: cannot read at byte %" PRIu64 ": %s", r->part->path, at,
                fl_system_sentence(errno, text, sizeof text));
        if (got == 0)
            return flow_error_raise(error, FLOW_IO, r->read->step,
                "%s: became shorter while it was read: had %" PRIu64 " bytes, now ends at %" PRIu64,
                r->part->path, r->part->size, at);
        chunk->buffer.len += (size_t)got;
    }
    r->want = want;
    return FLOW_OK;
}

// Where the first line that begins in the range begins, counted from `from`.
static size_t first_line(const struct range *r)
{
    const flow_buffer *buffer = &r->chunk->buffer;
    if (r->from == r->begin)
        return 0;
    const char *end = memchr(buffer->data, '\n', (size_t)(r->end - r->from));
    return end ? (size_t)(end - buffer->data) + 1 : (size_t)(r->end - r->from);
}

// Where the last line that begins in the range ends: reads on until then, or until it is too long.
static flow_status last_line(struct range *r, size_t first, size_t *limit, flow_error *error)
{
    const struct fl_read_config *config = r->read->config;
    const size_t inside = (size_t)(r->end - r->from);
    size_t start = inside;
    while (start > first && r->chunk->buffer.data[start - 1] != '\n')
        start--;
    *limit = inside;
    if (start == inside)
        return FLOW_OK; // the range ends with a line
    size_t seen = inside;
    for (;;) {
        const char *data = r->chunk->buffer.data;
        const char *end = memchr(data + seen, '\n', r->want - seen);
        *limit = end ? (size_t)(end - data) + 1 : r->want;
        const uint64_t rest = r->part->size - r->from - r->want;
        if (end || rest == 0 || r->want - start > config->options.line_max + 1)
            return FLOW_OK;
        seen = r->want;
        const size_t more = r->want < FL_PIECE_SIZE ? r->want + SLACK : FL_PIECE_SIZE;
        const flow_status status = fill(r, r->want + (rest < more ? (size_t)rest : more), error);
        if (status != FLOW_OK)
            return status;
    }
}

// Notes how many line ends the range has, of which `emitted` are those of the lines that begin in
// it.
static void note_lines(const struct range *r, const struct fl_records *records, uint64_t emitted)
{
    struct fl_line_index *lines = &r->part->lines;
    const size_t size = r->read->config->piece_size;
    const char *const data = r->chunk->buffer.data;
    const char *const begin = data + (r->begin - r->from);
    const char *const end = data + (r->end - r->from);
    if (r->begin % size != 0 || (r->end % size != 0 && r->end != r->part->size))
        return;
    uint64_t count = emitted;
    if (records->text.len == 0) {
        count = fl_count_lines(begin, (size_t)(end - begin));
    } else {
        const char *const first = records->text.data;
        const char *const last = first + records->text.len - 1;
        count += first > begin && first[-1] == '\n'; // of a line from before
        count -= last >= end && *last == '\n';       // of one that goes on behind the range
    }
    pthread_mutex_lock(&lines->lock);
    lines->counts[r->begin / size] = (uint32_t)count;
    pthread_mutex_unlock(&lines->lock);
}

// Reads the lines that begin in the range.
static flow_status load(struct range *r, struct fl_records *records, flow_error *error)
{
    const uint64_t rest = r->part->size - r->from;
    const size_t inside = (size_t)(r->end - r->from);
    const size_t want = inside + SLACK;
    *records = (struct fl_records){ .read = r->read, .part = r->part };
    r->chunk = fl_chunk_new(r->read->pool, want);
    if (r->chunk == NULL)
        return flow_error_raise(
            error, FLOW_MEMORY, r->read->step, "%s: no memory for a piece", r->part->path);
    flow_status status = fill(r, rest < want ? (size_t)rest : want, error);
    if (status != FLOW_OK)
        return status;
    size_t first = first_line(r);
    size_t limit = 0;
    if (first >= inside && r->begin > 0)
        return FLOW_OK; // a line from before covers the whole range
    status = last_line(r, first, &limit, error);
    if (status != FLOW_OK)
        return status;
    const char *data = r->chunk->buffer.data;
    if (r->begin == 0 && limit >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
        first = 3; // a byte order mark
    records->text = (flow_str){ data + first, limit - first };
    records->offset = r->from + first;
    return FLOW_OK;
}

static struct range range_of(
    struct fl_file_read *read, struct fl_part *part, const flow_piece *piece)
{
    return (struct range){ .read = read,
        .part = part,
        .begin = piece->begin,
        .end = piece->end,
        .from = piece->begin ? piece->begin - 1 : 0 };
}

flow_status fl_plain_read(
    struct fl_file_read *read, struct fl_part *part, const flow_piece *piece, flow_ctx *ctx)
{
    struct range range = range_of(read, part, piece);
    struct fl_records records;
    uint64_t lines = 0;
    flow_error error = { 0 };
    flow_status status = load(&range, &records, &error);
    records.line_ends = &lines;
    if (status != FLOW_OK)
        flow_fail(ctx, status, "%s", error.message);
    else if (records.text.len > 0 && read->config->pointers)
        status = fl_chunk_keep(range.chunk, ctx);
    if (status == FLOW_OK)
        status = fl_records_emit(&records, ctx);
    if (status == FLOW_OK)
        note_lines(&range, &records, lines);
    fl_chunk_unref(range.chunk);
    return status;
}

struct fl_chunk *fl_plain_again(struct fl_file_read *read, struct fl_part *part,
    const flow_piece *piece, struct fl_records *records)
{
    struct range range = range_of(read, part, piece);
    if (load(&range, records, NULL) == FLOW_OK)
        return range.chunk;
    fl_chunk_unref(range.chunk);
    return NULL;
}

static bool count_at(int fd, uint64_t begin, uint64_t end, uint64_t *count)
{
    char buffer[16384];
    *count = 0;
    while (begin < end) {
        const uint64_t left = end - begin;
        const ssize_t got =
            pread(fd, buffer, left < sizeof buffer ? (size_t)left : sizeof buffer, (off_t)begin);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        *count += fl_count_lines(buffer, (size_t)got);
        begin += (uint64_t)got;
    }
    return true;
}

// Only an error asks for line numbers, so lines are summed up then: from what the ranges counted
// when they were read, and by reading those that no one has read yet. Each is counted once.
uint64_t fl_plain_line(struct fl_file_read *read, struct fl_part *part, uint64_t offset)
{
    struct fl_line_index *lines = &part->lines;
    const size_t size = read->config->piece_size;
    const uint64_t range = offset / size;
    uint64_t before = 0;
    uint64_t rest = 0;
    bool known = true;
    pthread_mutex_lock(&lines->lock);
    if (lines->known > range) {
        lines->known = 0;
        lines->lines = 0;
    }
    while (known && lines->known < range && lines->known < lines->range_count) {
        uint64_t count = lines->counts[lines->known];
        const uint64_t begin = (uint64_t)lines->known * size;
        if (count == UINT32_MAX)
            known = count_at(part->fd, begin, begin + size, &count);
        if (!known)
            break;
        lines->counts[lines->known] = (uint32_t)count;
        lines->lines += count;
        lines->known++;
    }
    before = lines->lines;
    pthread_mutex_unlock(&lines->lock);
    known = known && count_at(part->fd, range * size, offset, &rest);
    return known ? before + rest + 1 : 0;
}
