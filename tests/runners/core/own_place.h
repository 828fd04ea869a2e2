// SPDX-License-Identifier: Apache-2.0
// What a key has in a window, in plain form.
#ifndef OWN_PLACE_H
#define OWN_PLACE_H

#include "own_answer.h"

#define MOST   400 // entries of a cell
#define TIMERS 16
#define NEVER  INT64_MAX

struct dated {
    bool there;
    int64_t n, written, end;
};

struct entry {
    int64_t key, n, end; // ordered: `key` is the time
};

struct list {
    struct entry at[MOST];
    size_t count;
};

struct alarm {
    enum own_timer timer;
    int64_t tag, at, output, hold;
};

// What a key has in a window.
struct place {
    int64_t k;
    flow_window window;
    bool there; // not merged away or expired
    bool fresh; // the window of the element in work, before it has merged
    struct own_chain chain, map[OWN_NAMES];
    struct dated newest, oldest, recent[OWN_NAMES];
    int64_t count, sum;
    bool set[OWN_NAMES];
    struct list bag, many, line, brief;
    struct alarm alarms[TIMERS];
    size_t alarm_count;
};

// A number over all that it has.
int64_t own_place_digest(const struct place *p);

// Whether nothing is in it, not even a timer.
bool own_place_empty(const struct place *p);

// What an element does to its cells.
void own_place_act(struct place *p, const struct own_act *act, int64_t time);

// The second, whose window begins later, becomes part of the first.
void own_place_join(struct place *early, struct place *late);

#endif
