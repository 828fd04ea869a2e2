// SPDX-License-Identifier: Apache-2.0
// The work that peers are given, and what the engine and hand-written C do for it.
#ifndef BENCH_PEERS_WORK_H
#define BENCH_PEERS_WORK_H

#include "support/bench.h"

/** A piece of work, ready to be done. */
struct work {
    bench_side *engine; /**< The library. */
    bench_side *hand;   /**< The loop by hand, or NULL where there is none. */
    const void *input;  /**< For both. */
    const char *file;   /**< The same rows for peers. */
    size_t count;       /**< How many rows. */
};

/** Makes rows, once, and the file of them in `options->folder`, and says what the work is. `events`
 * are those of Nexmark that are wanted. What it gives is good until the next call. False, with a
 * line on stderr, when there is no such work, or no memory or room for it. */
bool work_find(
    const struct bench_options *options, const char *name, size_t events, struct work *work);

/** Removes the files and frees the rows. */
void work_close(void);

#endif
