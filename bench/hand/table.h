// SPDX-License-Identifier: Apache-2.0
// The hash table of the hand-written loops: key and count beside each other.
#ifndef BENCH_HAND_TABLE_H
#define BENCH_HAND_TABLE_H

#include <stddef.h>
#include <stdint.h>

/** Multiplier of the hash: one multiplication and a shift. */
#define HAND_HASH UINT64_C(0x9E3779B97F4A7C15)

/** Key and count beside each other; count 0 is an empty slot. */
struct hand_slot {
    uint64_t key;   /**< The key. */
    uint64_t count; /**< Events of it. */
};

/** Adds `count` to a key's slot in a table of 2^(64 − shift) slots at most half full. */
static inline void hand_add(struct hand_slot *slots, unsigned shift, uint64_t key, uint64_t count)
{
    const uint64_t mask = (UINT64_C(1) << (64 - shift)) - 1;
    uint64_t at = key * HAND_HASH >> shift;
    while (slots[at].key != key) {
        if (slots[at].count == 0) {
            slots[at].key = key;
            break;
        }
        at = (at + 1) & mask;
    }
    slots[at].count += count;
}

/** Count of a key; 0: it is not there. */
static inline uint64_t hand_get(const struct hand_slot *slots, unsigned shift, uint64_t key)
{
    const uint64_t mask = (UINT64_C(1) << (64 - shift)) - 1;
    uint64_t at = key * HAND_HASH >> shift;
    while (slots[at].count != 0 && slots[at].key != key)
        at = (at + 1) & mask;
    return slots[at].count;
}

/** Shift for hand_add so that `keys` keys fill at most half of a table. */
static inline unsigned hand_shift(size_t keys)
{
    unsigned bits = 4;
    while ((UINT64_C(1) << bits) < keys * 2)
        bits++;
    return 64 - bits;
}

#endif
