// SPDX-License-Identifier: Apache-2.0
// Workers of an engine interleaved within their steps: each runs on a stack of its own, and gives
// way where the engine asks something of its port, and where scripted sources and collecting sinks
// are at work. The order comes from a seed, so a failing one can be run again. Workers sleep and
// are woken as under real threads: who had to be woken and was not is found out.
#ifndef FLOW_TEST_WEAVE_H
#define FLOW_TEST_WEAVE_H

#include <core.h>

#define FLOW_TEST_WORKERS 64

// Who works when: one thing for a run. All zero at first but for the engine, workers and `random`.
struct flow_test_weave {
    struct fl_engine *engine;
    uint32_t workers;
    uint64_t *random; // of flow_test_random
    bool *done;       // by worker
    // after so many turns sources are held, and all ends as soon as the engine is at rest; 0: never
    uint64_t rest_after;
};

// Whether this build can interleave workers: not under the thread sanitizer, which looks at
// threads.
bool flow_test_can_weave(void);

// Lets workers go on until nobody has anything to do, or the engine has come to rest as asked for,
// and none is amid a step; true when all are done or one has failed. *lost: a worker that slept for
// ever though there was work for it, or UINT32_MAX.
bool flow_test_weave(const struct flow_test_weave *weave, uint32_t *lost);

// A moment at which another worker may go on. Nothing happens where workers are not interleaved.
void flow_test_pause(void);

// The same for one who waits for another: he does not go on at once.
void flow_test_yield(void);

// Where the input of the run stands that is interleaved now; FLOW_TIME_MAX_US: there is none.
int64_t flow_test_watermark(void);

// For the port: a worker is woken.
void flow_test_wake(uint32_t worker);

#endif
