// SPDX-License-Identifier: Apache-2.0
// Blocks in a worker's scratch file.
#define XXH_INLINE_ALL
#include <xxhash.h>

#if FL_HAVE_ZSTD
#include <zstd.h>
#endif

#include "scratch.h"

#include <errno.h>
#include <stdio.h>

#define LEVEL                                                                                      \
    1 // zstd's fastest of those with a table of its own: disks are faster than better ones

// Before each block. Numbers as the machine has them, since the file goes with the process.
struct header {
    uint64_t sum;    // of the place, the lengths and the bytes as they stand in the file
    uint32_t len;    // of the block
    uint32_t stored; // of its bytes here; the same: they are not compressed
};

void fl_scratch_init(
    struct fl_scratch *scratch, const struct fl_disk *disk, const char *directory, size_t block)
{
    memset(scratch, 0, sizeof *scratch);
    scratch->disk = disk;
    scratch->directory = directory;
    scratch->block = block;
    scratch->file = -1;
}

void fl_scratch_fini(struct fl_scratch *scratch)
{
    if (scratch->file >= 0)
        scratch->disk->close(scratch->disk->user, scratch->file);
    scratch->file = -1;
    if (scratch->cache) {
        fl_give(scratch->cache, scratch->packed, scratch->packed_room);
        fl_give(scratch->cache, scratch->spare, scratch->block);
    }
    scratch->packed = scratch->spare = NULL;
#if FL_HAVE_ZSTD
    ZSTD_freeCCtx(scratch->packer);
    ZSTD_freeDCtx(scratch->unpacker);
#endif
    scratch->packer = scratch->unpacker = NULL;
}

void fl_scratch_block_give(struct fl_scratch *scratch, char *bytes, size_t size)
{
    if (!scratch->spare && size == scratch->block)
        scratch->spare = bytes;
    else
        fl_give(scratch->cache, bytes, size);
}

char *fl_scratch_block_take(struct fl_scratch *scratch)
{
    char *spare = scratch->spare;
    scratch->spare = NULL;
    return spare ? spare : fl_take(scratch->cache, scratch->block);
}

// --- what went wrong

static const char *sentence(int64_t problem, char text[80])
{
    return strerror_r((int)-problem, text, 80) == 0 ? text : "it cannot be used";
}

static flow_status refuse(struct fl_scratch *scratch, const char *what, int64_t problem)
{
    char text[80];
    const bool full = problem == -ENOSPC || problem == -EDQUOT;
    snprintf(scratch->problem, sizeof scratch->problem,
        "%s the scratch directory %s: %s%s; %sname another directory with the option 'scratch', or "
        "give the runner more memory",
        what, scratch->directory, sentence(problem, text),
        full ? ", with what was spilled there" : "", full ? "free space there, " : "");
    return FLOW_IO;
}

static flow_status damaged(struct fl_scratch *scratch, uint64_t at)
{
    snprintf(scratch->problem, sizeof scratch->problem,
        "what was spilled to the scratch directory %s is damaged (the block at byte %llu): its "
        "disk or the memory is faulty; name another directory with the option 'scratch'",
        scratch->directory, (unsigned long long)at);
    return FLOW_DAMAGED;
}

// --- compressing

static size_t packed_most(size_t len)
{
#if FL_HAVE_ZSTD
    return sizeof(struct header) + ZSTD_compressBound(len);
#else
    return sizeof(struct header) + len;
#endif
}

static bool packed_room(struct fl_scratch *scratch, size_t size)
{
    if (scratch->packed_room >= size)
        return true;
    char *packed = fl_take(scratch->cache, size);
    if (!packed)
        return false;
    fl_give(scratch->cache, scratch->packed, scratch->packed_room);
    scratch->packed = packed;
    scratch->packed_room = size;
    return true;
}

bool fl_scratch_reserve(struct fl_scratch *scratch)
{
    scratch->spare = fl_take(scratch->cache, scratch->block);
    return scratch->spare && packed_room(scratch, packed_most(scratch->block));
}

// Room for a block of a single large row is given back.
static void trim_packed(struct fl_scratch *scratch)
{
    if (scratch->packed_room <= packed_most(scratch->block))
        return;
    fl_give(scratch->cache, scratch->packed, scratch->packed_room);
    scratch->packed = NULL;
    scratch->packed_room = 0;
}

// Bytes behind the header; `len` of them when compressing gains nothing.
static size_t pack(struct fl_scratch *scratch, const char *bytes, size_t len)
{
    char *to = scratch->packed + sizeof(struct header);
#if FL_HAVE_ZSTD
    if (!scratch->packer)
        scratch->packer = ZSTD_createCCtx();
    if (scratch->packer) {
        const size_t size = ZSTD_compressCCtx(
            scratch->packer, to, scratch->packed_room - sizeof(struct header), bytes, len, LEVEL);
        if (!ZSTD_isError(size) && size < len)
            return size;
    }
#endif
    memcpy(to, bytes, len);
    return len;
}

static bool unpack(
    struct fl_scratch *scratch, const struct header *header, const char *stored, char *to)
{
    if (header->stored == header->len) {
        memcpy(to, stored, header->len);
        return true;
    }
#if FL_HAVE_ZSTD
    if (!scratch->unpacker)
        scratch->unpacker = ZSTD_createDCtx();
    return scratch->unpacker && ZSTD_decompressDCtx(scratch->unpacker, to, header->len, stored,
                                    header->stored) == header->len;
#else
    (void)scratch;
    return false; // written by a build that has zstd
#endif
}

static uint64_t sum_of(const struct header *header, uint64_t at, const char *stored)
{
    const uint64_t seed = at ^ (uint64_t)header->len << 32 ^ header->stored;
    return XXH3_64bits_withSeed(stored, header->stored, seed);
}

// --- writing

static flow_status write_all(struct fl_scratch *scratch, const char *bytes, size_t len)
{
    static const char what[] = "cannot write to";
    const struct fl_disk *disk = scratch->disk;
    for (uint64_t at = scratch->end; len > 0;) {
        const int64_t done = disk->write(disk->user, scratch->file, bytes, len, at);
        if (done <= 0)
            return refuse(scratch, what, done < 0 ? done : -ENOSPC);
        bytes += done;
        len -= (size_t)done;
        at += (uint64_t)done;
    }
    return FLOW_OK;
}

flow_status fl_scratch_write(struct fl_scratch *scratch, const char *bytes, size_t len)
{
    if (scratch->file < 0) {
        const int file = scratch->disk->open(scratch->disk->user, scratch->directory);
        if (file < 0)
            return refuse(scratch, "cannot make a file in", file);
        scratch->file = file;
    }
    if (len > UINT32_MAX || !packed_room(scratch, packed_most(len)))
        return FLOW_BUDGET;
    struct header header = { 0, (uint32_t)len, (uint32_t)pack(scratch, bytes, len) };
    header.sum = sum_of(&header, scratch->end, scratch->packed + sizeof header);
    memcpy(scratch->packed, &header, sizeof header);
    const size_t size = sizeof header + header.stored;
    const flow_status status = write_all(scratch, scratch->packed, size);
    trim_packed(scratch);
    if (status != FLOW_OK)
        return status;
    scratch->end += size;
    scratch->live += size;
    return FLOW_OK;
}

// --- reading

static flow_status read_all(struct fl_scratch *scratch, char *bytes, size_t len, uint64_t at)
{
    static const char what[] = "cannot read back from";
    const struct fl_disk *disk = scratch->disk;
    const uint64_t begin = at;
    while (len > 0) {
        const int64_t done = disk->read(disk->user, scratch->file, bytes, len, at);
        if (done < 0)
            return refuse(scratch, what, done);
        if (done == 0)
            return damaged(scratch, begin); // it was longer
        bytes += done;
        len -= (size_t)done;
        at += (uint64_t)done;
    }
    return FLOW_OK;
}

static bool block_room(struct fl_scratch *scratch, struct fl_scratch_block *block, size_t len)
{
    if (block->room >= len)
        return true;
    const size_t room = len > scratch->block ? len : scratch->block;
    char *bytes = fl_take(scratch->cache, room);
    if (!bytes)
        return false;
    fl_give(scratch->cache, block->bytes, block->room);
    block->bytes = bytes;
    block->room = room;
    return true;
}

flow_status fl_scratch_read(struct fl_scratch *scratch, uint64_t at, struct fl_scratch_block *block)
{
    struct header header;
    flow_status status = read_all(scratch, (char *)&header, sizeof header, at);
    if (status != FLOW_OK)
        return status;
    // lengths are not trusted with memory before the sum is right
    if (header.stored > header.len || header.stored > scratch->live)
        return damaged(scratch, at);
    if (!packed_room(scratch, sizeof header + header.stored))
        return FLOW_BUDGET;
    char *stored = scratch->packed + sizeof header;
    status = read_all(scratch, stored, header.stored, at + sizeof header);
    if (status == FLOW_OK && sum_of(&header, at, stored) != header.sum)
        status = damaged(scratch, at);
    else if (status == FLOW_OK && !block_room(scratch, block, header.len))
        status = FLOW_BUDGET;
    else if (status == FLOW_OK && !unpack(scratch, &header, stored, block->bytes))
        status = damaged(scratch, at);
    trim_packed(scratch);
    if (status != FLOW_OK)
        return status;
    block->len = header.len;
    block->at = at;
    block->next = at + sizeof header + header.stored;
    return FLOW_OK;
}

void fl_scratch_block_fini(struct fl_scratch *scratch, struct fl_scratch_block *block)
{
    fl_give(scratch->cache, block->bytes, block->room);
    memset(block, 0, sizeof *block);
}

void fl_scratch_drop(struct fl_scratch *scratch, uint64_t from, uint64_t to)
{
    if (from == to)
        return;
    scratch->disk->drop(scratch->disk->user, scratch->file, from, to);
    scratch->live -= to - from;
    if (scratch->live == 0)
        scratch->end = 0;
}
