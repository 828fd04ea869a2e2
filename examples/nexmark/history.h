// SPDX-License-Identifier: Apache-2.0
// Events in memory: drawn once, read by any number of pipelines.
#ifndef NEXMARK_HISTORY_H
#define NEXMARK_HISTORY_H

#include <stdbool.h>

#include "generator.h"

// Events in memory, in order of time.
struct history {
    struct event *rows;
    size_t count;
    const void *columns[4]; // the same by field of struct event, where asked for
    char *memory;           // what the rows point to: records, and texts behind them
    size_t size;            // of it
};

// Draws all events; with `columns` by column, too. NULL without memory.
struct history *history_new(const struct generator_settings *settings, bool columns);

// NULL is allowed.
void history_free(struct history *history);

#endif
