// SPDX-License-Identifier: Apache-2.0
// Runs a query as a pipeline and gathers what it gives.
#ifndef NEXMARK_TEST_RUN_H
#define NEXMARK_TEST_RUN_H

#include <query.h>
#include <source.h>

#include "rows.h"

// How a query is run.
struct way {
    const char *name;
    bool stream;      // as a stream of drawn events; else as a batch over memory
    bool columns;     // of the batch
    uint32_t workers; // threads; simulated ones under a clock that only the runner moves
    bool simulated;
    bool faults; // simulated: bundles fail and are tried again, and elements are checked
};

// What came out. Fill in what is to be kept, and whether rows are timed.
struct outcome {
    struct rows rows;   // all
    struct rows finals; // those of last panes
};

// Dies with Check's word when the run fails.
void run_query(unsigned query, const struct way *way, const struct history *history,
    const struct query_settings *settings, struct outcome *outcome);

void outcome_clear(struct outcome *outcome);

#endif
