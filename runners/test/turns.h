// SPDX-License-Identifier: Apache-2.0
// Workers of an engine that take turns on one thread, in an order that a seed fixes: for the
// simulated runner and for the engine's own tests.
#ifndef FL_TEST_TURNS_H
#define FL_TEST_TURNS_H

#include "core.h"

// The next number of a generator (SplitMix64); `state` is its seed at first.
uint64_t fl_draw(uint64_t *state);

// Who works next.
struct fl_turns {
    struct fl_engine *engine;
    uint32_t workers;
    uint64_t *random; // of fl_draw
    bool *done;       // by worker; all false with a new engine
    uint64_t turn;    // how many there were
    uint32_t idle;    // the last so many had nothing to do
    uint32_t worker;  // whose turn it is, or was last
};

// Lets a worker have its turn; true when all are done or one has failed.
bool fl_turns_next(struct fl_turns *turns);

// Whether all have been asked in vain: nobody has anything to do now.
static inline bool fl_turns_idle(const struct fl_turns *turns)
{
    return turns->idle >= 4 * turns->workers;
}

#endif
