// SPDX-License-Identifier: Apache-2.0
// What functions measure: per step and worker, counted when the bundle has ended (R84).
#ifndef FL_MEASURE_H
#define FL_MEASURE_H

#include <stdatomic.h>

#include <flow/metrics.h>

#define FL_METRICS_MOST 64u // of a step

// A metric on a worker. `now` is the bundle's; the rest is read by others, under the lock.
struct fl_metric {
    const flow_metric *metric;
    flow_measured now;
    flow_measured committed, attempted;
    uint64_t *buckets_now, *buckets; // HISTOGRAM
    flow_str *texts;                 // STRINGS: room for FLOW_METRIC_STRINGS_MOST, committed ones
                                     // first, then this bundle's
    uint32_t text_count, texts_now;
};

struct fl_measures {
    atomic_flag lock; // over what is committed, attempted, and the texts
    _Atomic uint32_t count;
    struct fl_metric list[FL_METRICS_MOST];
    bool touched; // in this bundle
};

struct fl_op;
struct fl_engine;

void fl_measure(flow_ctx *ctx, const flow_metric *metric, int64_t value);
void fl_measure_text(flow_ctx *ctx, const flow_metric *metric, flow_str text);

// --- named.c

// Whether a step may have a metric of that kind and name: FLOW_OK, or an error of the step. The
// caller holds the engine's `naming` until it has added it.
flow_status fl_metric_check(struct fl_op *op, const flow_metric *metric);

// Metrics of a step are one when their names are, wherever they lie: their kinds are the same then.
bool fl_metric_same(const flow_metric *a, const flow_metric *b);

// --- measure.c

// The bundle has ended: what it measured counts, or counts as attempted alone.
void fl_measures_end(struct fl_op *op, bool committed);

#endif
