// SPDX-License-Identifier: Apache-2.0
// Groupings that spill after every bundle answer as those that never do: random graphs, late data,
// failing bundles, snapshots (R3, invariant 11).
#include <stdio.h>
#include <stdlib.h>

#include "graph_run.h"

#define LEAST_OPS 6

static struct flow_test_options spilling(uint64_t seed)
{
    const struct flow_test_options options = { .workers = 1 + (uint32_t)(seed % 3),
        .seed = seed,
        .scratch = "/tmp",
        .spill = seed % 4 == 3 ? 20000 : 1,
        .no_lifting = seed % 5 == 0,
        .always_lifting = seed % 5 == 1 };
    return options;
}

// What was spilled by all steps so far.
static uint64_t spilled(struct flow_test_sim *sim);

static uint64_t run(struct graph *graph, uint64_t seed, const struct flow_test_options *options)
{
    char what[80];
    flow_error error = { 0 };
    snprintf(what, sizeof what, "spilling on %u workers", options->workers);
    flow_pipeline *pipeline = graph_build(graph, (enum graph_form)(seed % FORM_COUNT), NULL);
    struct flow_test_sim *sim = flow_test_open(pipeline, options, &error);
    ck_assert_msg(sim != NULL, "%s", error.message);
    ck_assert(flow_test_settle(sim));
    const uint64_t bytes = spilled(sim);
    if (flow_test_close(sim, &error) != FLOW_OK)
        graph_fail(graph, seed, what, error.message);
    flow_pipeline_free(pipeline);
    const char *why = graph_differ(graph);
    if (why)
        graph_fail(graph, seed, what, why);
    return bytes;
}

static bool add_spilled(void *user, const flow_figure *figure)
{
    uint64_t *sum = user;
    if (strcmp(figure->metric.name, "spilled_bytes") == 0)
        *sum += (uint64_t)figure->committed.last;
    return true;
}

static uint64_t spilled(struct flow_test_sim *sim)
{
    uint64_t sum = 0;
    ck_assert(fl_engine_metrics(sim->engine, add_spilled, &sum));
    return sum;
}

START_TEST(graphs_that_spill_answer_as_the_reference)
{
    const uint32_t seeds = flow_test_seeds(400);
    uint64_t bytes = 0;
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct graph *graph = graph_make(seed + 700000, LEAST_OPS);
        graph_reference(graph);
        const struct flow_test_options options = spilling(seed);
        bytes += run(graph, seed, &options);
        graph_free(graph);
    }
    ck_assert_uint_gt(bytes, 0);
}
END_TEST

START_TEST(r3_bundles_that_fail_around_spilling_leave_no_trace)
{
    const uint32_t seeds = flow_test_seeds(200);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct graph *graph = graph_make(seed + 710000, LEAST_OPS);
        graph_reference(graph);
        struct flow_test_options options = spilling(seed);
        options.faults.point = seed % 2 ? -1 : (int)(seed / 2 % 4);
        options.faults.one_in = 2 + (uint32_t)(seed % 7);
        options.faults.most = 100;
        run(graph, seed, &options);
        graph_free(graph);
    }
}
END_TEST

START_TEST(snapshots_hold_what_was_spilled)
{
    const uint32_t seeds = flow_test_seeds(200);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct graph *graph = graph_make(seed + 720000, LEAST_OPS);
        int64_t clock = INT64_C(1700000000000000);
        uint64_t random = seed;
        const uint32_t every = 1 + (uint32_t)(graph->piece_count / 4);
        for (size_t i = 0; i < graph->piece_count; i++)
            graph->pieces[i].not_before = clock + (int64_t)(i / every) * 1000000;
        graph->script.clock = &clock;
        graph_reference(graph);
        struct flow_test_options options = spilling(seed);
        options.clock = &clock;
        options.workers = 1;
        flow_pipeline *pipeline = graph_build(graph, (enum graph_form)(seed % FORM_COUNT), NULL);
        flow_error error = { 0 };
        struct flow_test_sim *sim = flow_test_open(pipeline, &options, &error);
        ck_assert_msg(sim != NULL, "%s", error.message);
        for (uint32_t n = 0; n < graph->count; n++)
            for (uint32_t o = 0; o < GRAPH_OUTS; o++)
                graph->got[n][o].keep = true;
        while (!flow_test_settle(sim)) {
            options.workers = 1 + flow_test_below(&random, 4);
            options.scratch = flow_test_below(&random, 3) ? "/tmp" : NULL;
            sim = flow_test_reborn(sim, pipeline, &options);
            clock += 1000000;
        }
        if (flow_test_close(sim, &error) != FLOW_OK)
            graph_fail(graph, seed, "snapshots", error.message);
        flow_pipeline_free(pipeline);
        const char *why = graph_differ(graph);
        if (why)
            graph_fail(graph, seed, "snapshots", why);
        graph_free(graph);
    }
}
END_TEST

TCase *spill_graph_tests(void);

TCase *spill_graph_tests(void)
{
    TCase *tests = tcase_create("spilling graphs");
    tcase_set_timeout(tests, 3600);
    tcase_add_test(tests, graphs_that_spill_answer_as_the_reference);
    tcase_add_test(tests, r3_bundles_that_fail_around_spilling_leave_no_trace);
    tcase_add_test(tests, snapshots_hold_what_was_spilled);
    return tests;
}
