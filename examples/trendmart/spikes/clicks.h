// SPDX-License-Identifier: Apache-2.0
// Turns a shop's planned views into a clickstream: sessions, carts, purchases, disorder, mistakes.
#ifndef TRENDMART_CLICKS_H
#define TRENDMART_CLICKS_H

#include <stdio.h>

#include "shop.h"

struct clicks_options {
    FILE *out;
    uint32_t disorder_ms; // how far an event may stand behind its place
    double disordered;    // share of events that do
    double broken;        // broken lines a good one
    double late;          // events a quarter of an hour and more late, a good one
    bool future;          // one event dated 2099
};

// What was written.
struct clicks_report {
    uint64_t lines, views, carts, purchases, broken, late, future;
};

// Writes the whole clickstream and counts the sales in shop->sales; false after a message.
bool clicks_write(
    struct shop *shop, const struct clicks_options *options, struct clicks_report *report);

#endif
