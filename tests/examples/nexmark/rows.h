// SPDX-License-Identifier: Apache-2.0
// Results as text, and collections of them: lines as Beam's golden files have them, whoever made
// them: `milliseconds TAB JSON`.
#ifndef NEXMARK_TEST_ROWS_H
#define NEXMARK_TEST_ROWS_H

#include <stdbool.h>
#include <stdio.h>

#include <flow/type.h>

// A multiset of lines. Two with one count and one sum are equal but for a chance of 2^-64.
struct rows {
    size_t count;
    uint64_t sum;     // of the hashes of all lines
    bool keep, timed; // keep the lines, too; write times
    char **lines;     // where kept
    size_t room;
};

// Adds a row of `type`: its event time in milliseconds, or nothing where the rows are not timed.
void rows_add(struct rows *rows, flow_time at, const flow_type *type, const void *row);

// Adds a line as it is.
void rows_add_line(struct rows *rows, const char *line, size_t len);

// Adds the lines of a gzip file, without their times where the rows are not timed. Dies
// where it cannot be read.
void rows_read(struct rows *rows, const char *path);

// Whether both are the same. Where the lines were kept, says on `out` which ones one lacks.
bool rows_equal(struct rows *ours, struct rows *theirs, FILE *out);

void rows_clear(struct rows *rows);

#endif
