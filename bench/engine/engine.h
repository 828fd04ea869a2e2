// SPDX-License-Identifier: Apache-2.0
// What the pipelines of the benchmarks share. They use the library as anybody would: public
// headers, default options but for the number of workers.
#ifndef BENCH_ENGINE_ENGINE_H
#define BENCH_ENGINE_ENGINE_H

#include "hand/hand.h"
#include "support/bench.h"
#include "support/event.h"

#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/transforms.h>

FLOW_RECORD(event, at, user, product, price, kind, quantity, session, origin);

/** The rows in memory. */
struct bench_data {
    struct events all;  /**< All rows of `--rows`. */
    struct events few;  /**< A quarter of them, over the same time. */
    struct events head; /**< The first quarter of `all`, over a quarter of the time. */
};

/** A benchmark: prints its lines. False when results differ or a side failed. */
typedef bool bench_run(const struct bench_options *options, const struct bench_data *data);

bench_run bench_stateless_fused;
bench_run bench_stateless_fused_1t;
bench_run bench_stateless_batch;
bench_run bench_stateless_element;
bench_run bench_stateless_emit;
bench_run bench_stateless_half;
bench_run bench_keyed_1k;
bench_run bench_keyed_1k_1t;
bench_run bench_keyed_1m;
bench_run bench_keyed_1m_1t;
bench_run bench_sliding_60;
bench_run bench_sliding_60_naive;
bench_run bench_session_count;
bench_run bench_early_count;
bench_run bench_allocations;
bench_run bench_json_count;
bench_run bench_csv_count;
bench_run bench_latency;
bench_run bench_spikes;
bench_run bench_startup;

/** The other program that bench_startup starts: prints when it has its first result. */
int bench_startup_child(const char *path);

/** A collection of rows, in order of time. */
flow_coll engine_events(flow_pipeline *pipeline, const struct events *events);

/** Receives flow_counted by a 64-bit key into the outcome's checksum (`user`). */
flow_receive_fn engine_take_counts;

/** Runs a pipeline on `threads` workers and frees it; prints why when it fails. */
void engine_run(flow_pipeline *pipeline, unsigned threads, struct outcome *outcome);

/** Count per product in windows. Input: struct events. */
void engine_count(const struct bench_options *options, const struct events *events,
    flow_field_ref key, flow_windows windows, struct outcome *outcome);

/** Filter, map, filter and sum as one stage. Input: struct events. */
bench_side engine_stateless_fused;

/** Writes JSON lines of about 143 bytes, if there is no such file yet. False when it cannot. */
bool engine_json_file(const char *path, size_t lines);

#endif
