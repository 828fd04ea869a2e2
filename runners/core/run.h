// SPDX-License-Identifier: Apache-2.0
// Sorted runs: the keys of a table with what it had of them, in a worker's scratch file. A run is a
// row of entries in the order of fl_key_order; an entry is a head, which says the key and how many
// items follow, and the items, bytes that only the step understands.
#ifndef FL_RUN_H
#define FL_RUN_H

#include "scratch.h"
#include "table.h"

struct fl_run {
    uint64_t from, to; // its blocks in the file
    uint32_t level;    // how often its entries were merged
};

// Runs of a slice, oldest first.
struct fl_runs {
    struct fl_scratch *scratch; // once there is one
    struct fl_run *at;
    uint32_t count, room;
};

// Makes sure that another can be added without fail. False without memory.
bool fl_runs_reserve(struct fl_runs *runs, struct fl_scratch *scratch);
void fl_runs_add(struct fl_runs *runs, struct fl_run run);

// Drops runs [from, from + count).
void fl_runs_drop(struct fl_runs *runs, uint32_t from, uint32_t count);
void fl_runs_fini(struct fl_runs *runs);

// --- writing, one run at a time

struct fl_run_writer {
    struct fl_scratch *scratch;
    enum fl_key_form form;
    struct fl_run run;
    char *bytes; // the block being filled
    size_t len, room;
};

// All return FLOW_OK, or what fl_scratch_write does; after a failure only fl_run_abandon follows.
flow_status fl_run_begin(
    struct fl_run_writer *writer, struct fl_scratch *scratch, enum fl_key_form form);
flow_status fl_run_head(struct fl_run_writer *writer, const struct fl_entry *entry, uint64_t items);
flow_status fl_run_item(struct fl_run_writer *writer, flow_str item);
flow_status fl_run_end(struct fl_run_writer *writer, struct fl_run *run);
void fl_run_abandon(struct fl_run_writer *writer);

// --- reading

// A place in a run: at a head, or in what follows it.
struct fl_tap {
    struct fl_scratch *scratch;
    enum fl_key_form form;
    struct fl_run run;
    struct fl_scratch_block block;
    size_t at;             // in the block
    struct fl_entry entry; // of the head read last: its bytes lie in the block
    uint64_t order;        // of that entry
    uint64_t items, left;  // of that entry; not read so far
    uint64_t head_block;   // where that head is: block in the file, byte in the block
    size_t head_at;
    bool over; // no entry is left
};

// A tap that stands in no run yet, and its turn to one, or to another: the first head is read.
void fl_tap_init(struct fl_tap *tap, struct fl_scratch *scratch, enum fl_key_form form);
flow_status fl_tap_turn(struct fl_tap *tap, const struct fl_run *run);

// Both.
flow_status fl_tap_open(struct fl_tap *tap, struct fl_scratch *scratch, enum fl_key_form form,
    const struct fl_run *run);

// Reads the next head, whatever items are left.
flow_status fl_tap_next(struct fl_tap *tap);

// The next item of the entry, which has one: good until the tap reads on.
flow_status fl_tap_item(struct fl_tap *tap, flow_str *item);

// Goes back to a head that was there: to its block and byte.
flow_status fl_tap_seek(struct fl_tap *tap, uint64_t block, size_t at);

void fl_tap_close(struct fl_tap *tap);

// --- order

// Entries stand in the order of a number, those with the same one in that of fl_key_compare.
static inline uint64_t fl_key_order(enum fl_key_form form, const struct fl_entry *entry)
{
    return form == FL_KEY_WORD ? fl_table_mix(entry->word) : entry->hash;
}

// Below, at, or above 0; keys of the same form and order.
int fl_key_compare(const struct fl_entry *a, const struct fl_entry *b);

// Sorts the keys of a table where they stand, so that no memory is needed; after it only
// fl_table_sorted and fl_table_fini may be called.
void fl_table_sort(struct fl_table *table);

// The i-th key after that.
void fl_table_sorted(const struct fl_table *table, uint64_t i, struct fl_entry *entry);

#endif
