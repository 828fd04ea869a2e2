// SPDX-License-Identifier: Apache-2.0
// A worker's file for what does not fit into memory: blocks of bytes, compressed and with a
// checksum, written one behind the other.
#ifndef FL_SCRATCH_H
#define FL_SCRATCH_H

#include "core.h"
#include "memory.h"

struct fl_scratch {
    const struct fl_disk *disk;
    const char *directory;
    struct fl_cache *cache;
    int file;      // −1: not open
    size_t block;  // bytes of a block before it is compressed
    uint64_t end;  // where the next block goes
    uint64_t live; // bytes of blocks that are not dropped
    char *packed;  // a block as it stands in the file
    size_t packed_room;
    char *spare;             // room for a block; NULL: in use, or none was reserved
    void *packer, *unpacker; // zstd's; their memory is its own (bounded by the block)
    char problem[400];       // why the last call that failed did
};

void fl_scratch_init(
    struct fl_scratch *scratch, const struct fl_disk *disk, const char *directory, size_t block);
void fl_scratch_fini(struct fl_scratch *scratch);

// Takes what writing a block needs beforehand, since memory is short when it comes to that. False
// without memory.
bool fl_scratch_reserve(struct fl_scratch *scratch);

// Room for a block in work, of which one is kept; NULL without memory. Larger ones may be given
// too.
char *fl_scratch_block_take(struct fl_scratch *scratch);
void fl_scratch_block_give(struct fl_scratch *scratch, char *bytes, size_t size);

// What follows returns FLOW_OK, FLOW_IO or FLOW_DAMAGED with `problem`, or FLOW_BUDGET.

// Appends a block; the file is opened with the first.
flow_status fl_scratch_write(struct fl_scratch *scratch, const char *bytes, size_t len);

// A block that was read: room for it is made larger as it needs.
struct fl_scratch_block {
    char *bytes;
    size_t len, room;
    uint64_t at, next; // where it begins, and the one behind it
};

// Reads the block that begins at `at` and checks it.
flow_status fl_scratch_read(
    struct fl_scratch *scratch, uint64_t at, struct fl_scratch_block *block);
void fl_scratch_block_fini(struct fl_scratch *scratch, struct fl_scratch_block *block);

// The bytes [from, to) are needed no more.
void fl_scratch_drop(struct fl_scratch *scratch, uint64_t from, uint64_t to);

#endif
