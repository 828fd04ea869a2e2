// SPDX-License-Identifier: Apache-2.0
// State in windows that each key has of its own, in plain form: what a function with cells and
// timers of every kind gives out, row by row and tick by tick.
#ifndef OWN_ANSWER_H
#define OWN_ANSWER_H

#include "flow_test.h"

#define OWN_SECOND INT64_C(1000000)
#define OWN_NAMES  6 // keys of sets and maps
#define OWN_TTL    9 // seconds

// A row, or with k < 0 an instant that the watermark moves to. What comes at one instant of the
// clock comes before what is due by it.
struct own_event {
    struct flow_test_row row;
    int64_t clock;
};

struct own_story {
    flow_windows windows;
    bool merging;
    int64_t lateness; // microseconds
    bool sorted;
    bool plain; // a function with one record and one timer: chains, alarms, stops and empties only
    const struct own_event *events;
    size_t count;
};

enum own_kind {
    OWN_CHAIN,
    OWN_TIMES,
    OWN_SUM,
    OWN_BAG,
    OWN_SET,
    OWN_MAP,
    OWN_MANY,
    OWN_LINE,
    OWN_BRIEF,
    OWN_ALARM,
    OWN_IDLE,
    OWN_WIPED,
    OWN_BELL,
    OWN_OUTPUT,
    OWN_RELATIVE,
    OWN_STOP,
    OWN_EMPTY,
    OWN_KINDS
};

enum own_timer {
    OWN_T_ALARM,
    OWN_T_IDLE,
    OWN_T_WIPED,
    OWN_T_BELL
};

// What a row's `v` tells to do.
struct own_act {
    enum own_kind kind;
    int64_t key, n, tag;
    int64_t more; // seconds from the row to its timer
};

struct own_act own_act_of(int64_t v);

// The same for a function with one record and one timer.
enum own_kind own_plain_kind(enum own_kind kind);

// Numbers in an order, which two parts in order come to the same as: merging keeps the order.
#define OWN_PRIME 1000003

struct own_chain {
    int64_t h, p; // p 0: nothing
    int64_t last;
};

void own_chain_add(struct own_chain *chain, int64_t n);
void own_chain_join(struct own_chain *into, const struct own_chain *other);

static inline int64_t own_fold(int64_t sum, int64_t n, int64_t key)
{
    return (sum * 31 + n + key * 7 + 1) % OWN_PRIME;
}

// What the function gives out for such a story, and how much it drops.
void own_answer(const struct own_story *story, struct flow_test_results *wanted, uint64_t *dropped);

#endif
