// SPDX-License-Identifier: Apache-2.0
// Container files of Avro: the header, whole blocks cut off by `claim`, their records read by
// workers. A block that is damaged is rejected as one, and reading goes on behind the next mark.
#include "avro.h"

#include <inttypes.h>
#include <stdio.h>

#include "codec.h"
#include "heap.h"
#include "room.h"

#define META_MOST ((size_t)16 << 20)

// --- the header

static const char magic[4] = { 'O', 'b', 'j', 1 };

struct header {
    flow_str schema, codec;
    const char *sync;
    size_t len;
};

static bool read_text(struct fl_avro_reader *from, flow_str *text)
{
    int64_t len;
    if (!fl_avro_read_long(from, &len) || len < 0 || (uint64_t)len > META_MOST)
        return false;
    if (len > from->end - from->at) {
        from->at = from->end; // more is needed
        return false;
    }
    *text = (flow_str){ from->at, (size_t)len };
    from->at += len;
    return true;
}

// The entries of the map in the header.
static bool read_entries(struct fl_avro_reader *from, struct header *header)
{
    flow_str key, value;
    for (int64_t count = 1; count != 0;) {
        int64_t bytes;
        if (!fl_avro_read_long(from, &count) ||
            (count < 0 && (count == INT64_MIN || !fl_avro_read_long(from, &bytes))))
            return false;
        for (int64_t i = count < 0 ? -count : count; i > 0; i--) {
            if (!read_text(from, &key) || !read_text(from, &value))
                return false;
            if (flow_str_equal(key, flow_str_of("avro.schema")))
                header->schema = value;
            else if (flow_str_equal(key, flow_str_of("avro.codec")))
                header->codec = value;
        }
    }
    return true;
}

// 1: read, 0: there is more to it, −1: it is none.
static int read_header(flow_str text, struct header *header)
{
    const size_t seen = text.len < sizeof magic ? text.len : sizeof magic;
    if (seen > 0 && memcmp(text.data, magic, seen) != 0)
        return -1;
    if (text.len < sizeof magic)
        return 0;
    struct fl_avro_reader from = { .at = text.data + sizeof magic, .end = text.data + text.len };
    *header = (struct header){ .len = 0 };
    if (!read_entries(&from, header) || from.end - from.at < FL_AVRO_SYNC)
        return from.end - from.at < FL_AVRO_SYNC && text.len < META_MOST ? 0 : -1;
    header->sync = from.at;
    header->len = (size_t)(from.at - text.data) + FL_AVRO_SYNC;
    return 1;
}

size_t fl_avro_header_len(flow_str text, flow_error *error)
{
    struct header header;
    const int read = read_header(text, &header);
    if (read >= 0)
        return read ? header.len : 0;
    flow_error_raise(error, FLOW_DAMAGED, NULL, "it does not begin as an Avro container file");
    return SIZE_MAX;
}

static bool set_codec(struct fl_avro *avro, flow_str name, flow_error *error)
{
    static const struct {
        const char *name;
        flow_compression codec;
    } known[] = { { "null", FLOW_COMPRESSION_NONE }, { "deflate", FL_COMPRESSION_DEFLATE },
        { "zstandard", FLOW_COMPRESSION_ZSTD }, { "bzip2", FLOW_COMPRESSION_BZIP2 },
        { "snappy", FLOW_COMPRESSION_SNAPPY } };
    avro->codec = FLOW_COMPRESSION_NONE;
    if (name.len == 0)
        return true;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!flow_str_equal(name, flow_str_of(known[i].name)))
            continue;
        avro->codec = known[i].codec;
        return fl_compression_check(known[i].codec, NULL, "its content", error) == FLOW_OK;
    }
    flow_error_raise(error, FLOW_UNSUPPORTED, NULL,
        "its codec is \"%.*s\", expected null, deflate, zstandard, bzip2 or snappy",
        (int)(name.len < 40 ? name.len : 40), name.data);
    return false;
}

struct fl_avro *fl_avro_new(
    flow_str text, const flow_type *type, const flow_allocator *allocator, flow_error *error)
{
    struct header header;
    struct fl_avro *avro = fl_file_alloc(allocator, sizeof *avro);
    if (avro == NULL || read_header(text, &header) <= 0) {
        flow_error_raise(error, FLOW_MEMORY, NULL, "no memory to read its header");
        fl_file_free(avro);
        return NULL;
    }
    avro->memory.allocator = allocator;
    memcpy(avro->sync, header.sync, FL_AVRO_SYNC);
    struct fl_avro_type *schema = NULL;
    if (set_codec(avro, header.codec, error))
        schema = fl_avro_schema(header.schema, &avro->memory, error);
    if (schema != NULL)
        avro->plan = fl_avro_plan_make(schema, type, &avro->memory, error);
    if (avro->plan == NULL) {
        fl_avro_free(avro);
        return NULL;
    }
    return avro;
}

void fl_avro_free(struct fl_avro *avro)
{
    if (avro == NULL)
        return;
    fl_chain_give(&avro->memory);
    fl_file_free(avro);
}

// --- blocks

struct block {
    int64_t count;
    flow_str content;
    size_t len; // with number, size and mark
    const char *problem;
};

// The next block off the front; false when there is more to it than `text` has.
static bool read_block(const struct fl_avro *avro, flow_str text, struct block *block)
{
    struct fl_avro_reader from = { .at = text.data, .end = text.data + text.len };
    int64_t size = 0;
    *block = (struct block){ .count = 0 };
    if (!fl_avro_read_long(&from, &block->count) || !fl_avro_read_long(&from, &size)) {
        block->problem = "a block begins with no number";
        return from.at < from.end; // too long to be one
    }
    if (block->count < 0 || size < 0) {
        block->problem = "a block has a number below zero";
        return true;
    }
    if ((uint64_t)size + FL_AVRO_SYNC > (uint64_t)(from.end - from.at))
        return false;
    block->content = (flow_str){ from.at, (size_t)size };
    block->len = (size_t)(from.at - text.data) + (size_t)size + FL_AVRO_SYNC;
    if (memcmp(from.at + size, avro->sync, FL_AVRO_SYNC) != 0)
        block->problem = "a block does not end with the mark of the file";
    return true;
}

// What is no block reaches to the next mark, or to the end of what is there.
static size_t pass_over(const struct fl_avro *avro, flow_str text)
{
    for (size_t i = 0; i + FL_AVRO_SYNC <= text.len; i++)
        if (memcmp(text.data + i, avro->sync, FL_AVRO_SYNC) == 0)
            return i + FL_AVRO_SYNC;
    return text.len;
}

size_t fl_avro_cut(const struct fl_avro *avro, flow_str text, size_t cut)
{
    struct block block;
    while (cut < text.len) {
        const flow_str rest = { text.data + cut, text.len - cut };
        if (!read_block(avro, rest, &block))
            break;
        cut += block.problem ? pass_over(avro, rest) : block.len;
    }
    return cut;
}

// --- records

struct emitter {
    const struct fl_records *records;
    const struct fl_avro *avro;
    flow_ctx *ctx;
    flow_memory memory;
    uint64_t offset; // of the block
    struct fl_room room;
};

// What cannot be read is as one bad element: the bytes from there to the end of the block.
static flow_status reject(struct emitter *e, flow_str rest, uint64_t record, const char *problem)
{
    struct fl_records at = *e->records;
    const flow_status status = fl_room_flush(&e->room); // rows keep their order before and after
    if (status != FLOW_OK)
        return status;
    at.line = 0;
    at.offset = e->offset;
    at.record = record;
    rest.len = rest.len < FL_SAMPLE_SIZE ? rest.len : FL_SAMPLE_SIZE;
    return fl_reject_at(&at, e->ctx, rest, problem);
}

static flow_status emit_records(struct emitter *e, const struct block *block, flow_str content)
{
    struct fl_avro_reader from = {
        .at = content.data, .end = content.data + content.len, .memory = &e->memory
    };
    for (int64_t i = 0; i < block->count; i++) {
        const char *const begin = from.at;
        flow_status status = FLOW_OK;
        void *row = fl_room_next(&e->room, &status);
        if (row == NULL)
            return status;
        if (fl_avro_read(&from, e->avro->plan, row)) {
            e->room.used++;
            continue;
        }
        const flow_str rest = { begin, (size_t)(from.end - begin) };
        char sentence[256];
        if (from.problem == NULL)
            return flow_fail(
                e->ctx, FLOW_MEMORY, "%s: no memory to read a record", e->records->part->path);
        snprintf(sentence, sizeof sentence, "field \"%.80s\": %s; the rest of the block is lost",
            from.field ? from.field : "", from.problem);
        return reject(e, rest, (uint64_t)i + 1, sentence);
    }
    if (from.at < from.end)
        return reject(e, (flow_str){ from.at, (size_t)(from.end - from.at) },
            (uint64_t)block->count + 1, "the block has bytes behind its last record");
    return FLOW_OK;
}

// The content as it was before it was compressed, in a chunk that strings may point into.
static struct fl_chunk *unpack(
    const struct fl_records *records, flow_str content, const char **problem)
{
    const struct fl_file_read *read = records->read;
    const uint64_t free = FL_EXPANSION_FREE, max = read->config->options.expansion_max;
    const uint64_t grown = content.len > UINT64_MAX / max ? UINT64_MAX : content.len * max;
    struct fl_chunk *chunk = fl_chunk_new(read->pool, content.len);
    *problem = NULL;
    if (chunk == NULL)
        return NULL;
    const flow_status status = fl_avro_unpack(
        records->part->avro->codec, content, grown > free ? grown : free, &chunk->buffer, problem);
    if (status == FLOW_OK)
        return chunk;
    chunk->buffer.failed = false;
    fl_chunk_unref(chunk);
    return NULL;
}

static flow_status emit_block(struct emitter *e, const struct block *block)
{
    const char *problem = NULL;
    if (e->avro->codec == FLOW_COMPRESSION_NONE)
        return emit_records(e, block, block->content);
    struct fl_chunk *chunk = unpack(e->records, block->content, &problem);
    if (chunk == NULL && problem == NULL)
        return flow_fail(e->ctx, FLOW_MEMORY, "%s: no memory for a block", e->records->part->path);
    if (chunk == NULL)
        return reject(e, block->content, 0, problem);
    flow_status status = FLOW_OK;
    if (e->records->read->config->pointers)
        status = fl_chunk_keep(chunk, e->ctx);
    if (status == FLOW_OK)
        status = emit_records(e, block, (flow_str){ chunk->buffer.data, chunk->buffer.len });
    if (status == FLOW_OK)
        status = fl_room_flush(&e->room); // its rows point into the chunk
    fl_chunk_unref(chunk);
    return status;
}

flow_status fl_avro_emit(const struct fl_records *records, flow_ctx *ctx)
{
    struct emitter e = { .records = records,
        .avro = records->part->avro,
        .ctx = ctx,
        .room = { .ctx = ctx, .type = records->read->config->options.type },
        .memory = { fl_take_from_ctx, ctx } };
    flow_str rest = records->text;
    struct block block;
    flow_status status = FLOW_OK;
    while (rest.len > 0 && status == FLOW_OK) {
        e.offset = records->offset + (uint64_t)(rest.data - records->text.data);
        size_t len = rest.len;
        if (!read_block(e.avro, rest, &block))
            status = reject(&e, rest, 0, "the file is cut off within a block");
        else if (block.problem)
            status = reject(&e, rest, 0, block.problem);
        else
            status = emit_block(&e, &block);
        if (block.len > 0 || block.problem)
            len = block.problem ? pass_over(e.avro, rest) : block.len;
        rest.data += len;
        rest.len -= len;
    }
    return status == FLOW_OK ? fl_room_flush(&e.room) : status;
}

// --- where elements came from

// Memory for one row that nobody wants.
// How many records of a block can be read.
static uint64_t count_good(
    const struct fl_records *records, const struct block *block, flow_str content, void *row)
{
    struct fl_chain thrown = { .allocator = &records->read->allocator };
    const flow_memory memory = { fl_chain_take, &thrown };
    struct fl_avro_reader from = {
        .at = content.data, .end = content.data + content.len, .memory = &memory
    };
    uint64_t good = 0;
    while (good < (uint64_t)block->count && fl_avro_read(&from, records->part->avro->plan, row)) {
        fl_chain_give(&thrown);
        good++;
    }
    fl_chain_give(&thrown);
    return good;
}

static uint64_t count_block(const struct fl_records *records, const struct block *block, void *row)
{
    const char *problem;
    if (block->problem)
        return 0;
    if (records->part->avro->codec == FLOW_COMPRESSION_NONE)
        return count_good(records, block, block->content, row);
    struct fl_chunk *chunk = unpack(records, block->content, &problem);
    if (chunk == NULL)
        return 0;
    const flow_str content = { chunk->buffer.data, chunk->buffer.len };
    const uint64_t good = count_good(records, block, content, row);
    fl_chunk_unref(chunk);
    return good;
}

bool fl_avro_find(struct fl_records *records, uint64_t ordinal)
{
    const struct fl_file_read *read = records->read;
    const struct fl_avro *avro = records->part->avro;
    flow_str rest = records->text;
    struct block block;
    void *row = fl_file_alloc(&read->allocator, read->config->options.type->size);
    bool found = false;
    ordinal += records->record ? records->record - 1 : 0; // of the block that was found last
    while (row && !found && rest.len > 0 && read_block(avro, rest, &block)) {
        const uint64_t good = count_block(records, &block, row);
        found = ordinal < good;
        if (found)
            break;
        ordinal -= good;
        const size_t len = block.problem ? pass_over(avro, rest) : block.len;
        rest.data += len;
        rest.len -= len;
    }
    fl_file_free(row);
    if (!found)
        return false;
    records->offset += (uint64_t)(rest.data - records->text.data);
    records->text = rest;
    records->line = 0;
    records->record = ordinal + 1;
    return true;
}
