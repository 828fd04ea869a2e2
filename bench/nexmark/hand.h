// SPDX-License-Identifier: Apache-2.0
// Nexmark queries written by hand: what they cost without any engine. Input of all: struct queried
// (engine.h).
#ifndef BENCH_NEXMARK_HAND_H
#define BENCH_NEXMARK_HAND_H

#include <pthread.h>
#include <stdatomic.h>

#include <history.h>

#include "nexmark/engine.h"
#include "nexmark/sum.h"
#include "support/bench.h"

/** Convert prices (stateless.c). */
bench_side hand_q1;
/** Select bids (stateless.c). */
bench_side hand_q2;
/** Auctions with the most bids: counted by period, two periods a window (hot.c). */
bench_side hand_q5;
/** Persons joined with auctions, window by window (newcomers.c). */
bench_side hand_q8;

enum {
    HAND_THREADS = 64
};

/** Calls work(shared, t) on `threads` threads, t from 0; the caller's is one of them. */
void hand_spread(unsigned threads, void (*work)(void *shared, unsigned t), void *shared);

/** The first event that is not before an instant. */
size_t hand_first_from(const struct history *history, int64_t us);

/** Of windows of this size, from the one of the first event on, how many there are. */
size_t hand_windows(const struct history *history, int64_t size_us);

#endif
