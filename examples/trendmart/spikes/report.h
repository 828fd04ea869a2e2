// SPDX-License-Identifier: Apache-2.0
// What the user sees of a running job: episodes, tapped rows, progress, the balance at the end.
#ifndef TRENDMART_REPORT_H
#define TRENDMART_REPORT_H

#include "job.h"

struct report;

// NULL without memory.
struct report *report_new(const struct job *job);
void report_free(struct report *report);

// While the graph is built: what to look at of one measure (chosen events, counts, alerts), and of
// all.
void report_measure(struct report *report, struct graph *graph, const flow_coll colls[3]);
void report_all(struct report *report, struct graph *graph);

// What the step that reads a file could not parse, if that is to be kept, and what a step dropped;
// counted by reason.
void report_dead_letters(struct report *report, flow_coll coll);
void report_dropped(struct report *report, flow_coll coll);

// A line on a terminal of how far the job is; `rows` were read.
void report_progress(struct report *report, const flow_job *job, uint64_t rows);

// After the job: one line of figures, and with --balance where every line went. False when the
// balance does not hold, nothing was counted, or the output could not be written.
bool report_end(struct report *report, uint64_t rows, const flow_status_report *status);

#endif
