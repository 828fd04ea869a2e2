// SPDX-License-Identifier: Apache-2.0
// Rounds of a peer, the engine and the loop by hand, and what is printed of them.
#ifndef BENCH_PEERS_ROUNDS_H
#define BENCH_PEERS_ROUNDS_H

#include "peers/child.h"
#include "peers/work.h"

/** One line of the comparison: a peer and a piece of work. */
struct row {
    const char *peer; /**< Its name. */
    const char *work; /**< Name of the work. */
    size_t events;    /**< Of Nexmark; 0: the work has rows of its own. */
    double behind;    /**< How many times as fast hand-written C was where the peer was measured
                         with care; 0: there was none. */
    double speed;     /**< The peer's own million elements a second there; 0: not known. */
};

/** What came of a line. */
enum row_end {
    ROW_DONE,   /**< It has been printed. */
    ROW_VOID,   /**< The peer is slower than it is known to be: nothing is compared. */
    ROW_FAILED, /**< A side failed, or results differ. */
};

/** Works by turns, `options->rounds` times, and prints. `ratio` becomes the engine's speed as
 * multiple of the peer's. */
enum row_end rounds_run(const struct bench_options *options, const struct row *row,
    const struct work *work, struct child *child, double *ratio);

#endif
