// SPDX-License-Identifier: Apache-2.0
// Bundles that fail leave no trace (R3): random graphs with faults at every point answer as
// without, with the same history of watermarks; and snapshots between bundles change nothing.
#include <stdio.h>
#include <stdlib.h>

#include "graph_run.h"

static uint64_t run(struct graph *graph, uint64_t seed, uint32_t workers,
    const struct flow_test_faults *faults, struct graph_history *history)
{
    char what[120];
    flow_error error = { 0 };
    const struct flow_test_options options = { .workers = workers,
        .seed = seed,
        .faults = *faults,
        .always_lifting = seed % 2 == 0,
        .watch = history ? graph_watch : NULL,
        .user = history };
    flow_pipeline *pipeline = graph_build(graph, (enum graph_form)(seed % FORM_COUNT), NULL);
    struct flow_test_sim *sim = flow_test_open(pipeline, &options, &error);
    ck_assert_msg(sim != NULL, "%s", error.message);
    if (history)
        graph_watch(sim, history); // where they begin
    ck_assert(flow_test_settle(sim));
    const uint64_t asked = sim->faults.asked;
    snprintf(what, sizeof what, "%u workers, fault at %llu of %llu (one in %u) at point %d",
        workers, (unsigned long long)faults->at, (unsigned long long)asked, faults->one_in,
        faults->point);
    if (flow_test_close(sim, &error) != FLOW_OK)
        graph_fail(graph, seed, what, error.message);
    flow_pipeline_free(pipeline);
    const char *why = graph_differ(graph);
    if (why)
        graph_fail(graph, seed, what, why);
    return asked;
}

START_TEST(r3_a_fault_at_any_point_leaves_no_trace)
{
    const uint32_t seeds = flow_test_seeds(60);
    uint64_t faults = 0;
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct graph *graph = graph_make(seed + 400000, 6);
        graph_shorten(graph, 40);
        graph_reference(graph);
        struct graph_history undisturbed = { .now = { 0 } };
        const struct flow_test_faults none = { .point = -1 };
        const uint64_t asked = run(graph, seed, 1, &none, &undisturbed);
        const uint64_t step = 1 + asked / 60;
        for (uint64_t at = 1 + seed % step; at <= asked; at += step) {
            struct graph_history disturbed = { .now = { 0 } };
            run(graph, seed, 1, &(struct flow_test_faults){ .point = -1, .at = at }, &disturbed);
            if (memcmp(undisturbed.hash, disturbed.hash, sizeof disturbed.hash) != 0)
                graph_fail(graph, seed, "history", "watermarks went another way");
            faults++;
        }
        graph_free(graph);
    }
    ck_assert_uint_gt(faults, 0);
}
END_TEST

START_TEST(r3_many_faults_on_many_workers_leave_no_trace)
{
    const uint32_t seeds = flow_test_seeds(400);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct graph *graph = graph_make(seed + 500000, 6);
        graph_reference(graph);
        const struct flow_test_faults faults = { .point = seed % 2 ? -1 : (int)(seed / 2 % 4),
            .one_in = 2 + (uint32_t)(seed % 7),
            .most = 100 };
        run(graph, seed, 1 + (uint32_t)(seed % 3), &faults, NULL);
        graph_free(graph);
    }
}
END_TEST

START_TEST(a_snapshot_restored_between_bundles_changes_no_answer)
{
    const uint32_t seeds = flow_test_seeds(300);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct graph *graph = graph_make(seed + 600000, 6);
        int64_t clock = INT64_C(1700000000000000);
        uint64_t random = seed;
        const uint32_t every = 1 + (uint32_t)(graph->piece_count / 4);
        for (size_t i = 0; i < graph->piece_count; i++)
            graph->pieces[i].not_before = clock + (int64_t)(i / every) * 1000000;
        graph->script.clock = &clock;
        graph_reference(graph);
        struct flow_test_options options = { .workers = 1, .seed = seed, .clock = &clock };
        options.faults.point = -1;
        flow_pipeline *pipeline = graph_build(graph, (enum graph_form)(seed % FORM_COUNT), NULL);
        flow_error error = { 0 };
        struct flow_test_sim *sim = flow_test_open(pipeline, &options, &error);
        ck_assert_msg(sim != NULL, "%s", error.message);
        for (uint32_t n = 0; n < graph->count; n++)
            for (uint32_t o = 0; o < GRAPH_OUTS; o++)
                graph->got[n][o].keep = true;
        while (!flow_test_settle(sim)) {
            options.workers = 1 + flow_test_below(&random, 4);
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

TCase *fault_tests(void);

TCase *fault_tests(void)
{
    TCase *tests = tcase_create("faults");
    tcase_set_timeout(tests, 3600);
    tcase_add_test(tests, r3_a_fault_at_any_point_leaves_no_trace);
    tcase_add_test(tests, r3_many_faults_on_many_workers_leave_no_trace);
    tcase_add_test(tests, a_snapshot_restored_between_bundles_changes_no_answer);
    return tests;
}
