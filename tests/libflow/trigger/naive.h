// SPDX-License-Identifier: Apache-2.0
// Triggers as a tree of blocks that each remember for themselves, written from the rules' text and
// not from the library: what the random tests compare with.
#ifndef FLOW_TRIGGER_NAIVE_H
#define FLOW_TRIGGER_NAIVE_H

#include <flow/runner.h>

struct naive {
    flow_trigger_kind kind;
    int64_t value, offset;
    struct naive *early, *late; // EARLY_LATE; NULL where it has none
    struct naive *parts[FLOW_TRIGGER_NODES];
    int count;
    bool finished;
    bool past_end;  // EARLY_LATE: the on-time firing has been
    bool waiting;   // a clock runs
    int64_t target; // until then
    int64_t seen;   // elements
};

struct naive *naive_new(const flow_trigger *trigger);
void naive_free(struct naive *naive);

void naive_element(struct naive *n, const flow_trigger_clocks *c);
bool naive_ready(const struct naive *n, const flow_trigger_clocks *c);
void naive_fire(struct naive *n, const flow_trigger_clocks *c);

// Into a new tree of the same trigger.
void naive_merge(
    struct naive *into, const struct naive *a, const struct naive *b, const flow_trigger_clocks *c);

#endif
