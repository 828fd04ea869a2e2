// SPDX-License-Identifier: Apache-2.0
// Entries in order of their keys, as a tree that is changed by copying what leads to the change: an
// older root still sees what it saw. So a walk is not disturbed by later writes, an aborted bundle
// goes back to its old roots, and an element that failed to those before it.
#ifndef FL_TREE_H
#define FL_TREE_H

#include <flow/base.h>

#include "small.h"

// An entry, never changed once a reader may have it. What it holds follows: a record, a key.
struct fl_item {
    int64_t first[2]; // instants that concern it; see fl_root_first
    uint64_t word;    // the key: a word, then bytes, then an order
    uint64_t order;
    uint64_t epoch; // of the edit that made it
    size_t size;    // of the block
    uint32_t bytes_len;
    uint32_t row_at, key_at, bytes_at; // from the start of the block
};

struct fl_node {
    struct fl_node *left, *right;
    struct fl_item *item;
    int64_t first[2]; // the earliest of the node's and of all below it
    uint64_t epoch;
    uint64_t priority; // a heap by it: balanced by chance
};

struct fl_root {
    struct fl_node *top;
    uint64_t count;
    uint64_t next; // order of the next entry
};

// Where an entry stands, or would.
struct fl_spot {
    uint64_t word;
    flow_str bytes;
    uint64_t order;
};

struct fl_page;

// Blocks that a bundle made, or does without.
struct fl_ledger {
    struct fl_page *last;
    uint32_t count; // in `last`
};

// What a worker's step changes its trees with.
struct fl_edit {
    struct fl_cache *cache;
    struct fl_small *small;
    struct fl_mem *mem; // of the bundle, where the ledgers lie
    uint64_t epoch;     // what was made in it may be changed in place
    uint64_t chance;
    struct fl_ledger born, retired;
    bool failed; // no memory: the bundle cannot go on
};

struct fl_edit_mark {
    struct fl_ledger born, retired;
};

static inline void *fl_item_row(const struct fl_item *item)
{
    return (char *)(uintptr_t)item + item->row_at;
}

static inline flow_str fl_item_bytes(const struct fl_item *item)
{
    const flow_str bytes = { (const char *)item + item->bytes_at, item->bytes_len };
    return bytes;
}

static inline struct fl_spot fl_item_spot(const struct fl_item *item)
{
    const struct fl_spot spot = { item->word, fl_item_bytes(item), item->order };
    return spot;
}

// The earliest `first[which]` of all entries; INT64_MAX: there are none.
static inline int64_t fl_root_first(const struct fl_root *root, int which)
{
    return root->top ? root->top->first[which] : INT64_MAX;
}

// A block for an entry, remembered as made by the bundle; NULL (and failed) without memory.
struct fl_item *fl_item_new(struct fl_edit *edit, size_t size);

// The entry at a spot, or NULL.
struct fl_item *fl_tree_find(const struct fl_node *top, const struct fl_spot *spot);

// The first entry at or behind a spot, or strictly behind it; NULL: none.
const struct fl_item *fl_tree_from(
    const struct fl_node *top, const struct fl_spot *spot, bool behind);

// The entry whose `first[which]` is the earliest, the first of them by key.
struct fl_item *fl_tree_soonest(const struct fl_node *top, int which);

// Puts an entry in, instead of one at the same spot.
void fl_tree_put(struct fl_edit *edit, struct fl_root *root, struct fl_item *item);

// Removes the entry at a spot, if there is one.
void fl_tree_remove(struct fl_edit *edit, struct fl_root *root, const struct fl_spot *spot);

// Removes all entries in [from, to).
void fl_tree_cut(struct fl_edit *edit, struct fl_root *root, const struct fl_spot *from,
    const struct fl_spot *to);

void fl_tree_clear(struct fl_edit *edit, struct fl_root *root);

// Nothing of what is there is changed in place from now on.
void fl_edit_freeze(struct fl_edit *edit);

// What was done since a mark never was; roots are the caller's to put back.
struct fl_edit_mark fl_edit_mark(struct fl_edit *edit);
void fl_edit_rollback(struct fl_edit *edit, const struct fl_edit_mark *mark);

// The bundle ended well: what it does without is gone. Or it never was: what it made is gone.
void fl_edit_commit(struct fl_edit *edit);
void fl_edit_abort(struct fl_edit *edit);

#endif
