// SPDX-License-Identifier: Apache-2.0
// The rule of docs/guide/spikes.md by brute force over a table of counts: what the truth is.
#ifndef TRENDMART_SCAN_H
#define TRENDMART_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The rule as the generator plants for it; the job's defaults are the same.
enum {
    WINDOW = 10,        // minutes
    BASELINE = 6,       // windows
    FACTOR = 3,         // a spike has so many times the baseline
    COUNT_MIN = 60,     // and at least so many events
    DROP_FACTOR = 4,    // a drop has at most the baseline over this
    BASELINE_MIN = 100, // where the baseline is at least this
    COOLDOWN = 10,      // minutes: firings that close are one episode
    WARM_UP = (BASELINE + 1) * WINDOW
};

enum kind {
    KIND_SPIKE,
    KIND_DROP,
    KIND_NEAR
};

// An episode; times are ends of windows, in minutes from the start of the data.
struct found {
    uint32_t product;
    enum kind kind;
    uint32_t first, last, peak;
    uint32_t count; // at the peak
    uint32_t sum;   // of the baseline's windows there
    bool planted;
};

struct found_list {
    struct found *items;
    size_t count, size;
};

// Adds an item; ends the program without memory.
void found_add(struct found_list *list, const struct found *item);

// Events of the window that ends at minute `end`.
uint32_t window_count(const uint32_t *minutes, uint32_t end);

// Events of the BASELINE windows before that one.
uint32_t baseline_sum(const uint32_t *minutes, uint32_t end);

// count over baseline, the baseline taken as at least 1.
double factor_of(uint32_t count, uint32_t sum);

// Adds the episodes of one product. Windows are judged from WARM_UP on, the last one not: whether
// it is complete cannot be told from the data.
void scan(const uint32_t *minutes, uint32_t count, uint32_t product, struct found_list *list);

#endif
