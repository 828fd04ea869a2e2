// SPDX-License-Identifier: Apache-2.0
// Where the events of a pipeline come from: drawn while it runs, or from memory.
#ifndef NEXMARK_SOURCE_H
#define NEXMARK_SOURCE_H

#include <flow/flow.h>

#include "history.h"

// Which events a pipeline reads, and how.
struct event_source {
    struct generator_settings settings; // which there are …
    const struct history *history;      // … unless they are in memory; lent while it runs
    bool columns;                       // of `history`: as columns, not as rows
    bool stream;                        // no end is known, and the watermark follows the events;
                                        // else all of them are read before time goes on
};

// The events, stamped with their time.
flow_coll read_events(flow_pipeline *pipeline, const struct event_source *source);

#endif
