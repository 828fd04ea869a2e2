// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Sales as a script, written by pattern and run under every schedule, for tests of such files.
 */
#ifndef FILE_SALES_H
#define FILE_SALES_H

#include <flow/test.h>
#include <flow/transforms.h>

#include "suite.h"

/** A sale. */
struct sale {
    flow_str city; /**< Where. */
    int64_t cents; /**< How much. */
    bool has_note; /**< Whether there is a note: no column of its own. */
    flow_str note; /**< Or nothing. */
};

/** Its type. */
extern const flow_type sale_type;

/** What a test writes: adds steps behind the sales. */
typedef void sales_build(flow_coll sales);

/** A sale that happens; a watermark with no city. */
struct sales_event {
    const char *city; /**< NULL: the watermark goes to `second`. */
    int64_t cents;    /**< How much. */
    int64_t second;   /**< When. */
};

/** Runs the events through what is built; how it went. */
flow_status sales_run(const struct sales_event *events, size_t count, sales_build *build,
    const flow_simulated_options *options, flow_error *error);

/** Runs them under several workers, faults, restarts and seeds, each time in an empty folder, and
 * expects the tree there every time. */
void sales_check(
    const struct sales_event *events, size_t count, sales_build *build, const char *tree);

/** Expects that building refuses what is built, with a sentence that has `part`. */
void sales_refused(sales_build *build, const char *part);

/** The instant so many seconds after 2026-11-24T09:00:00Z. */
flow_time sales_time(int64_t second);

#endif
