// SPDX-License-Identifier: Apache-2.0
// Nexmark's events and queries as work for peers. Their file has the rows as they lie in memory,
// then the records that these point to, then the texts; a pointer is the place in the file.
#ifndef BENCH_PEERS_NEXMARK_H
#define BENCH_PEERS_NEXMARK_H

#include "peers/work.h"

/** As work_find(), for `nexmark_q0` and so on. */
bool nexmark_find(
    const struct bench_options *options, const char *name, size_t events, struct work *work);

/** As work_close(). */
void nexmark_close(void);

#endif
