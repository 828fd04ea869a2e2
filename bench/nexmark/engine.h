// SPDX-License-Identifier: Apache-2.0
// The queries of examples/nexmark as one side of a comparison.
#ifndef BENCH_NEXMARK_ENGINE_H
#define BENCH_NEXMARK_ENGINE_H

#include <history.h>

#include "support/bench.h"

/** What a side works on. */
struct queried {
    unsigned query;                /**< Which query. */
    const struct history *history; /**< The events. */
    const char *folder;            /**< Where q10 writes. */
};

/** Runs the query on `options->threads` workers. Input: struct queried. The checksum is over
 * results where they are the same in every run, else over what they add up to. */
bench_side engine_query;

/** The same on one worker: a reference where nobody wrote the query by hand. */
bench_side engine_query_alone;

#endif
