// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Figures of a running pipeline: what functions count and measure themselves, and what the engine
 * counts of every step. One call takes them all; they can be printed for Prometheus.
 */
#ifndef FLOW_METRICS_H
#define FLOW_METRICS_H

#include <flow/flow.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a metric keeps. Numbers never change. */
typedef enum flow_metric_kind {
    FLOW_METRIC_COUNTER = 1,      /**< A sum. */
    FLOW_METRIC_DISTRIBUTION = 2, /**< Count, sum, smallest, largest. */
    FLOW_METRIC_GAUGE = 3,        /**< The latest value. */
    FLOW_METRIC_HISTOGRAM = 4,    /**< As DISTRIBUTION, and how many per power of two. */
    FLOW_METRIC_STRINGS = 5       /**< Different texts, at most FLOW_METRIC_STRINGS_MOST. */
} flow_metric_kind;

/** Texts that a FLOW_METRIC_STRINGS keeps of a step; more are counted alone. */
#define FLOW_METRIC_STRINGS_MOST 256u

/** Parts of a histogram: values below 1, then [2^(i−1), 2^i). */
#define FLOW_METRIC_BUCKETS 64u

/** A metric: static, known by its name within a step. A name has one kind in a job, is none of the
 * engine's, and Prometheus's names of two metrics differ; else the job fails when it is first used,
 * with an error that names step and metric. `static const flow_metric sold = { FLOW_METRIC_COUNTER,
 * "sold_cents", "Cents of all sales." };` */
typedef struct flow_metric {
    flow_metric_kind kind; /**< What it keeps. */
    const char *name;      /**< Letters, digits and underscores, no digit first, at most 100; its
                              unit at the end. */
    const char *help;      /**< A sentence, or NULL. */
} flow_metric;

/**
 * From a function: adds `value` to a counter, distribution or histogram, or makes it a gauge's. It
 * counts once the bundle commits; what an aborted bundle measured is told apart (R84). A step has
 * at most 64 metrics; the sticky error of the context tells of more, or of no memory.
 */
FLOW_API void flow_measure(flow_ctx *ctx, const flow_metric *metric, int64_t value);

/** From a function: adds a text to a FLOW_METRIC_STRINGS; of long texts the first 200 bytes. */
FLOW_API void flow_measure_text(flow_ctx *ctx, const flow_metric *metric, flow_str text);

/** What a metric came to. */
typedef struct flow_measured {
    uint64_t count; /**< Calls of flow_measure; of texts, different ones. */
    int64_t sum;    /**< Of all values, wrapping around. */
    int64_t min;    /**< The smallest; 0 while there is none. */
    int64_t max;    /**< The largest; 0 while there is none. */
    int64_t last;   /**< The latest. */
} flow_measured;

/** A metric of a step, summed over workers. */
typedef struct flow_figure {
    const char *step;        /**< Path of the step. */
    flow_metric metric;      /**< What it is. */
    bool user;               /**< A function's, else the engine's. */
    flow_measured committed; /**< By bundles that committed. */
    flow_measured attempted; /**< By all bundles, those that were tried again too (R84). */
    const uint64_t *buckets; /**< HISTOGRAM: FLOW_METRIC_BUCKETS of them, committed. */
    const flow_str *texts;   /**< STRINGS: `committed.count` of them, sorted; at most
                                FLOW_METRIC_STRINGS_MOST. */
} flow_figure;

/** Figures at one moment. */
typedef struct flow_metrics flow_metrics;

/**
 * Takes all figures of a job, from any thread, also after its end until flow_job_wait. The engine
 * has of every step: `elements_in`, `elements_out`, `bytes_in` (rows without their texts),
 * `dead_letters`, `dropped_late`, `dropped_closed`, `dropped_other`, `busy_us` (sampled),
 * `blocked_us` (waited for room downstream), `watermark_us`, and where it spilled `spilled_bytes`
 * and `spilled_tables`; and of each reason of flow_rejected for which anything was lost a counter,
 * such as `lost_late`, `lost_over_budget`. NULL without memory.
 */
FLOW_API flow_metrics *flow_job_metrics(const flow_job *job);

/** How many figures there are. */
FLOW_API size_t flow_metrics_count(const flow_metrics *metrics);

/** A figure; lent until flow_metrics_free. Steps come in the order of the graph. */
FLOW_API const flow_figure *flow_metrics_at(const flow_metrics *metrics, size_t index);

/** The figure of a step by names; NULL when there is none. */
FLOW_API const flow_figure *flow_metrics_find(
    const flow_metrics *metrics, const char *step, const char *name);

/** As text in Prometheus's exposition format 0.0.4, each name with `flow_` before it and a label
 * `step`: owned by the caller, released with flow_text_free. NULL without memory. */
FLOW_API char *flow_metrics_print(const flow_metrics *metrics);

/** Gives them back; NULL is allowed. Before the pipeline is freed. */
FLOW_API void flow_metrics_free(flow_metrics *metrics);

#ifdef __cplusplus
}
#endif

#endif
