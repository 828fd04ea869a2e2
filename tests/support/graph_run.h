// SPDX-License-Identifier: Apache-2.0
// What tests that run random graphs share: how one is told to have failed, and the way of its
// watermarks.
#ifndef FLOW_TEST_GRAPH_RUN_H
#define FLOW_TEST_GRAPH_RUN_H

#include "graph.h"

#define GRAPH_STEPS 256

// Fails the test with the seed, what ran, why it is wrong, and the graph.
void graph_fail(struct graph *graph, uint64_t seed, const char *what, const char *why);

// Runs a built-in form of a graph to the end, or for so long as idle partitions are looked at, and
// fails the test unless results and counts are those of the reference.
void graph_run(struct graph *graph, uint64_t seed, enum graph_form form,
    const struct flow_test_options *options);

// The same in any schedule: results agree but for what the dropped output tells of. Each dropped
// element came, and without those the answer is the reference's.
void graph_run_any(struct graph *graph, uint64_t seed, const struct flow_test_options *options);

// Runs a graph with interleaved workers; `times` times it is brought to rest somewhere, a snapshot
// is taken, and another engine of a few workers goes on.
void graph_run_reborn(
    struct graph *graph, uint64_t seed, const struct flow_test_options *options, uint32_t times);

// What watermarks every step went through.
struct graph_history {
    int64_t now[GRAPH_STEPS];
    uint64_t hash[GRAPH_STEPS];
};

// For flow_test_options.watch, with a history as the user; call it once by hand for the beginning.
// Fails the test when a watermark goes back (R2).
void graph_watch(struct flow_test_sim *sim, void *user);

// How often each byte stands in a snapshot of an engine at rest: equal state, timers and waiting
// elements give equal numbers, in whatever order tables hold them.
struct graph_image {
    uint64_t bytes[256];
};
struct graph_image graph_image_of(struct flow_test_sim *sim);

#endif
