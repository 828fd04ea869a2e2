// SPDX-License-Identifier: Apache-2.0
// Where the events of a pipeline come from: drawn while it runs, or from memory.
#ifndef NEXMARK_SOURCE_H
#define NEXMARK_SOURCE_H

#include <flow/flow.h>

#include "generator.h"

// Events in memory, in order of time.
struct history {
    struct event *rows;
    size_t count;
    const void *columns[4]; // the same by field of struct event, where asked for
    struct block *blocks;   // what the rows point to
};

// Draws all events; with `columns` by column, too. NULL without memory.
struct history *history_new(const struct generator_settings *settings, bool columns);

// NULL is allowed.
void history_free(struct history *history);

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
