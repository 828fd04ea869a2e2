// SPDX-License-Identifier: Apache-2.0
// Inside the reading of sources.
#ifndef FL_READER_H
#define FL_READER_H

#include "engine.h"

// A piece that a worker has and has not committed.
struct fl_claimed {
    struct fl_claimed *next; // of the partition, in order of position
    flow_piece piece;
    int64_t latest;    // event time of its rows
    uint64_t emitted;  // rows so far
    flow_buffer given; // for a witness: its rows
    uint64_t given_rows;
    bool done;
};

struct fl_partition {
    atomic_flag claiming;
    bool over;                       // nothing will be claimed any more
    bool drained;                    // as a drain ended it
    struct fl_claimed *first, *last; // claimed, not all committed; by position
    uint32_t ahead;                  // how many those are
    int64_t latest;                  // event time of all before them
    int64_t promised;                // the source's own watermark; FLOW_TIME_MIN_US: none
    uint64_t position;               // where they begin
    int64_t waiting_since;           // wall clock; 0: not waiting
    int64_t idle;                    // how long, once the policy counts it
};

struct fl_reader {
    const flow_source *source;
    const flow_read_options *options;
    const flow_witness *witness; // NULL: none
    void *self;
    struct fl_partition *partitions;
    uint32_t partition_count;
    atomic_flag lock;    // over the lists of pieces and the watermark
    void (*yield)(void); // for who waits for it; may be NULL
};

// What a partition promises: no element below it will come. Under the lock.
int64_t fl_reader_promise(const struct fl_reader *reader, const struct fl_partition *partition);

// Where an element of the piece in work came from, as the source says it; true when it did.
bool fl_reader_tell_origin(const struct fl_op *source, uint64_t ordinal, char *text, size_t size);

// --- witness.c

// A piece is read, again perhaps; rows of it are on their way; it is gone.
void fl_witness_begin(struct fl_engine *engine, struct fl_claimed *claimed);
flow_status fl_witness_rows(struct fl_op *op, const struct fl_view *view);
void fl_witness_drop(struct fl_claimed *claimed);

// Tells the witness, if there is one. Under the reader's lock. `claimed`: PIECE.
void fl_witness_tell(struct fl_engine *engine, uint32_t op, flow_given_what what,
    uint32_t partition, const struct fl_claimed *claimed);

#endif
