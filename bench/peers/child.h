// SPDX-License-Identifier: Apache-2.0
// A peer: a program of its own that does the same work when it is told to, one line at a time.
//   we write                                        it answers
//   prepare WORKLOAD FILE COUNT THREADS SECONDS     ready
//   run                                             done SECONDS CPU RESULTS CHECKSUM
// It may answer `failed REASON` to either, and ends when its input does.
#ifndef BENCH_PEERS_CHILD_H
#define BENCH_PEERS_CHILD_H

#include "support/bench.h"

#include <stdio.h>
#include <sys/types.h>

/** A peer that runs. All zero: none does. */
struct child {
    pid_t id;      /**< Its process, 0 for none. */
    FILE *to;      /**< Lines to it. */
    int from;      /**< Its answers. */
    char why[256]; /**< After a failure: what went wrong. */
};

/** Starts a command of the shell. False, with `why`, when it cannot. */
bool child_start(struct child *child, const char *command);

/** Has it read its input and warm up; `line` is what stands behind `prepare`. False, with `why`,
 * when it does not manage that within `seconds`. */
bool child_prepare(struct child *child, const char *line, unsigned seconds);

/** Has it work once. `times` are seconds by its own clock and CPU seconds of its process, both from
 * its first row to its last result. */
bool child_run(struct child *child, struct outcome *outcome, double times[2], unsigned seconds);

/** Ends it and waits for that. */
void child_stop(struct child *child);

#endif
