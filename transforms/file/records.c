// SPDX-License-Identifier: Apache-2.0
// Records: where one ends, and from text to rows.
#include "read.h"

#include <inttypes.h>
#include <stdio.h>

#include "avro.h"
#include "chain.h"
#include "room.h"

#define BYTES(byte) (UINT64_C(0x0101010101010101) * (byte))
#define WORDS_MOST  255u // whose line ends a byte can count

// How many line ends `words` words of text have: each byte of the sum counts those at its place.
static uint64_t count_in_words(const char *text, size_t words)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < words; i++) {
        uint64_t word;
        memcpy(&word, text + i * sizeof word, sizeof word);
        word ^= BYTES('\n');
        sum += ~(((word & BYTES(0x7F)) + BYTES(0x7F)) | word) >> 7 & BYTES(1);
    }
    uint64_t lines = 0;
    for (; sum; sum >>= 8)
        lines += sum & 0xFF;
    return lines;
}

uint64_t fl_count_lines(const char *text, size_t len)
{
    uint64_t lines = 0;
    for (size_t words; (words = len / sizeof(uint64_t)) > 0;) {
        words = words < WORDS_MOST ? words : WORDS_MOST;
        lines += count_in_words(text, words);
        text += words * sizeof(uint64_t);
        len -= words * sizeof(uint64_t);
    }
    while (len > 0)
        lines += text[--len] == '\n';
    return lines;
}

static size_t after_last_line_end(flow_str text, size_t from)
{
    for (size_t i = text.len; i > from; i--)
        if (text.data[i - 1] == '\n')
            return i;
    return 0;
}

size_t fl_records_cut(flow_file_format format, flow_str text, size_t from, size_t cut)
{
    if (format != FLOW_CSV || (cut == 0 && memchr(text.data, '"', text.len) == NULL)) {
        const size_t end = after_last_line_end(text, from > cut ? from : cut);
        return end > cut ? end : cut;
    }
    // A line end within quotes ends no record, and only the reader of CSV knows what quotes mean.
    while (cut < text.len) {
        const flow_str rest = { text.data + cut, text.len - cut };
        const size_t len = flow_csv_line(rest);
        if (len == 0)
            break;
        cut += len;
    }
    return cut;
}

// A call of fl_records_emit: rows are parsed where the engine wants them, a batch at a time.
struct emitter {
    const struct fl_records *records;
    const struct fl_read_config *config;
    flow_ctx *ctx;
    flow_memory memory;
    struct fl_parser *parser;
    struct fl_room room;
    const char *counted; // lines before are in `line`
    uint64_t line;       // 0: not known yet
    uint64_t ends;       // records seen that had a line end
    flow_error error;    // of a record; clearing it for each would cost as much as reading one
};

static uint64_t line_at(struct emitter *e, const char *at)
{
    const struct fl_records *records = e->records;
    if (e->line == 0)
        e->line = records->line;
    if (e->line == 0 && records->part->split)
        e->line = fl_plain_line(records->read, records->part, records->offset);
    if (e->line == 0)
        return 0;
    e->line += fl_count_lines(e->counted, (size_t)(at - e->counted));
    e->counted = at;
    return e->line;
}

void fl_records_place(const struct fl_records *records, char *text, size_t size)
{
    const char *path = strcmp(records->part->path, "-") == 0 ? "stdin" : records->part->path;
    if (records->line > 0)
        snprintf(text, size, "%s:%" PRIu64, path, records->line);
    else if (records->record > 0)
        snprintf(text, size, "%s: record %" PRIu64 " of the block at byte %" PRIu64, path,
            records->record, records->offset);
    else
        snprintf(text, size, "%s: at byte %" PRIu64, path, records->offset);
}

flow_status fl_reject_at(
    const struct fl_records *records, flow_ctx *ctx, flow_str element, const char *sentence)
{
    char origin[512];
    fl_records_place(records, origin, sizeof origin);
    return flow_reject(ctx, element, "%s: %s", origin, sentence);
}

// The same records, seen from one of them.
static struct fl_records records_at(struct emitter *e, const char *record)
{
    struct fl_records at = *e->records;
    at.line = line_at(e, record);
    at.offset += (uint64_t)(record - e->records->text.data);
    return at;
}

static flow_status reject(struct emitter *e, flow_str record, const char *sentence)
{
    const flow_status status =
        fl_room_flush(&e->room); // rows keep their order before and after the bad one
    if (status != FLOW_OK)
        return status;
    const struct fl_records at = records_at(e, record.data);
    return fl_reject_at(&at, e->ctx, record, sentence);
}

static flow_status reject_long(struct emitter *e, flow_str record)
{
    char sentence[128];
    snprintf(sentence, sizeof sentence, "the record is longer than %" PRIu64 " bytes (line_max)",
        e->config->options.line_max);
    record.len = record.len < FL_SAMPLE_SIZE ? record.len : FL_SAMPLE_SIZE;
    return reject(e, record, sentence);
}

static flow_status parse(struct emitter *e, flow_str record, void *row, flow_error *error)
{
    switch (e->config->options.format) {
    case FLOW_JSON:
        return flow_json_read(e->parser->json, record, row, &e->memory, error);
    case FLOW_CSV:
        return flow_csv_read(e->records->part->csv, record, row, &e->memory, error);
    case FLOW_LINES:
    case FLOW_AVRO: // has no text, and does not come here
        break;
    }
    memcpy((char *)row + e->config->text_offset, &record, sizeof record);
    return FLOW_OK;
}

static bool is_blank(flow_str record)
{
    for (size_t i = 0; i < record.len; i++)
        if (record.data[i] != ' ' && record.data[i] != '\t' && record.data[i] != '\r')
            return false;
    return true;
}

static flow_str without_end(flow_str record)
{
    if (record.len > 0 && record.data[record.len - 1] == '\n')
        record.len--;
    if (record.len > 0 && record.data[record.len - 1] == '\r')
        record.len--;
    return record;
}

// An empty line is no record, but where lines are all there is.
static bool is_nothing(flow_file_format format, flow_str record)
{
    return (format == FLOW_JSON && is_blank(record)) || (format == FLOW_CSV && record.len == 0);
}

static flow_status emit_record(struct emitter *e, flow_str line)
{
    const flow_str record = without_end(line);
    if (record.len > e->config->options.line_max)
        return reject_long(e, record);
    if (is_nothing(e->config->options.format, record))
        return FLOW_OK;
    flow_status status = FLOW_OK;
    void *row = fl_room_next(&e->room, &status);
    if (row == NULL)
        return status;
    status = parse(e, record, row, &e->error);
    if (status == FLOW_OK) {
        e->room.used++;
        return FLOW_OK;
    }
    if (status == FLOW_MEMORY)
        status = flow_fail(e->ctx, status, "%s: no memory to read a record of %zu bytes",
            e->records->part->path, record.len);
    else
        status = reject(e, record, e->error.message);
    memset(&e->error, 0, sizeof e->error);
    return status;
}

static size_t record_size(flow_file_format format, flow_str rest)
{
    size_t len = 0;
    if (format == FLOW_CSV) {
        len = flow_csv_line(rest);
    } else {
        const char *end = memchr(rest.data, '\n', rest.len);
        len = end ? (size_t)(end - rest.data) + 1 : 0;
    }
    return len ? len : rest.len; // the last line of a file may lack its end
}

static flow_status emit_all(struct emitter *e)
{
    flow_str rest = e->records->text;
    const flow_file_format format = e->config->options.format;
    while (rest.len > 0) {
        const flow_str record = { rest.data, record_size(format, rest) };
        const flow_status status = emit_record(e, record);
        if (status != FLOW_OK)
            return status;
        e->ends += record.data[record.len - 1] == '\n';
        rest.data += record.len;
        rest.len -= record.len;
    }
    return fl_room_flush(&e->room);
}

static struct fl_parser *parser_take(struct fl_file_read *read, flow_error *error)
{
    pthread_mutex_lock(&read->lock);
    struct fl_parser *parser = read->parsers;
    if (parser != NULL)
        read->parsers = parser->next;
    pthread_mutex_unlock(&read->lock);
    if (parser != NULL)
        return parser;
    parser = fl_file_alloc(&read->allocator, sizeof *parser);
    if (parser == NULL)
        return NULL;
    parser->json = flow_json_new(read->config->options.type, &read->allocator, error);
    if (parser->json == NULL) {
        fl_file_free(parser);
        return NULL;
    }
    return parser;
}

static void parser_give(struct fl_file_read *read, struct fl_parser *parser)
{
    if (parser == NULL)
        return;
    pthread_mutex_lock(&read->lock);
    parser->next = read->parsers;
    read->parsers = parser;
    pthread_mutex_unlock(&read->lock);
}

flow_status fl_records_emit(const struct fl_records *records, flow_ctx *ctx)
{
    struct fl_file_read *read = records->read;
    struct emitter e = { .records = records,
        .config = read->config,
        .ctx = ctx,
        .room = { .ctx = ctx, .type = read->config->options.type },
        .memory = { fl_take_from_ctx, ctx },
        .counted = records->text.data };
    if (records->text.len == 0)
        return FLOW_OK;
    if (read->config->options.format == FLOW_AVRO)
        return fl_avro_emit(records, ctx);
    if (read->config->options.format == FLOW_JSON) {
        flow_error error = { 0 };
        e.parser = parser_take(read, &error);
        if (e.parser == NULL)
            return flow_fail(ctx, error.status ? error.status : FLOW_MEMORY, "%s",
                error.status ? error.message : "no memory for a reader of JSON");
    }
    const flow_status status = emit_all(&e);
    parser_give(read, e.parser);
    if (status == FLOW_OK && records->line_ends)
        *records->line_ends = e.ends;
    return status;
}

static bool is_good(struct emitter *e, flow_str record, void *row)
{
    flow_error error = { 0 };
    const bool good = record.len <= e->config->options.line_max &&
                      !is_nothing(e->config->options.format, record) &&
                      parse(e, record, row, &error) == FLOW_OK;
    fl_chain_give(e->memory.user);
    return good;
}

// Only the records that were parsed well became elements, so they are parsed again.
static const char *find(struct emitter *e, void *row, uint64_t ordinal)
{
    flow_str rest = e->records->text;
    const flow_file_format format = e->config->options.format;
    while (rest.len > 0) {
        const size_t len = record_size(format, rest);
        if (is_good(e, without_end((flow_str){ rest.data, len }), row) && ordinal-- == 0)
            return rest.data;
        rest.data += len;
        rest.len -= len;
    }
    return NULL;
}

bool fl_records_find(struct fl_records *records, uint64_t ordinal)
{
    struct fl_file_read *read = records->read;
    if (read->config->options.format == FLOW_AVRO)
        return fl_avro_find(records, ordinal);
    struct fl_chain thrown = { .allocator = &read->allocator };
    struct emitter e = { .records = records,
        .config = read->config,
        .memory = { fl_chain_take, &thrown },
        .counted = records->text.data };
    const char *found = NULL;
    void *row = fl_file_alloc(&read->allocator, read->config->options.type->size);
    if (read->config->options.format == FLOW_JSON)
        e.parser = parser_take(read, NULL);
    if (row != NULL && (e.parser != NULL || read->config->options.format != FLOW_JSON))
        found = find(&e, row, ordinal);
    parser_give(read, e.parser);
    fl_file_free(row);
    if (found == NULL)
        return false;
    const size_t passed = (size_t)(found - records->text.data);
    struct fl_records at = records_at(&e, found);
    at.text = (flow_str){ found, records->text.len - passed };
    *records = at;
    return true;
}
