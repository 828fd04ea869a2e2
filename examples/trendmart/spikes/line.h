// SPDX-License-Identifier: Apache-2.0
// Clickstream lines: an event as a JSON object, formatted by hand into a large buffer.
#ifndef TRENDMART_LINE_H
#define TRENDMART_LINE_H

#include <stdio.h>

#include "shop.h"

enum {
    CLICK_VIEW,
    CLICK_CART,
    CLICK_PURCHASE
};

struct click {
    int64_t at; // milliseconds from the start of the data
    uint32_t product;
    uint32_t session;
    uint8_t kind;
    uint8_t campaign; // 0: none
};

struct line_writer;

// A writer of a shop's events; NULL without memory.
struct line_writer *line_writer_new(const struct shop *shop, FILE *out);

void line_click(struct line_writer *writer, const struct click *click);

// A line that no parser should take for an event; `which` chooses among the ways to break one.
void line_broken(struct line_writer *writer, const struct click *click, uint32_t which);

// The text as a line.
void line_text(struct line_writer *writer, const char *text);

// Writes what waits and frees the writer; false when anything could not be written. NULL is false.
bool line_writer_free(struct line_writer *writer);

#endif
