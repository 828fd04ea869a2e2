// SPDX-License-Identifier: Apache-2.0
// Calls that fail once, amid a batch and after all that they did (R3): functions of every form have
// changed state, set timers and filled outputs by half, sources have given half a piece, sinks have
// staged half a batch. The bundle is tried again, and leaves the output, the state, the timers and
// the history of watermarks of an undisturbed run.
#include <stdio.h>
#include <stdlib.h>

#include "graph_run.h"

#define START INT64_C(1700000000000000)

// What a run is compared by.
struct traces {
    struct graph_history history;
    struct graph_image halfway; // at rest, with half of the input read
    uint64_t asked;
};

// The second half of the pieces comes a second later.
static void halve(struct graph *graph, int64_t *clock)
{
    for (size_t i = graph->piece_count / 2; i < graph->piece_count; i++)
        graph->pieces[i].not_before = START + 1000000;
    graph->script.clock = clock;
}

// Runs with the call `at` failing; 0: none, which counts the calls.
static struct traces run(
    struct graph *graph, uint64_t seed, enum graph_form form, uint32_t workers, uint64_t at)
{
    struct traces traces = { .asked = 0 };
    char what[120];
    int64_t clock = START;
    flow_error error = { 0 };
    const struct flow_test_options options = { .workers = workers,
        .seed = seed,
        .always_lifting = seed % 3 == 0,
        .no_lifting = seed % 3 == 1,
        .clock = &clock,
        .watch = graph_watch,
        .user = &traces.history };
    halve(graph, &clock);
    flow_test_trip = (struct flow_test_trip){ .on = true, .at = at };
    flow_pipeline *pipeline = graph_build(graph, form, NULL);
    struct flow_test_sim *sim = flow_test_open(pipeline, &options, &error);
    ck_assert_msg(sim != NULL, "%s", error.message);
    graph_watch(sim, &traces.history); // where they begin
    if (!flow_test_settle(sim)) {
        traces.halfway = graph_image_of(sim);
        clock += 1000000;
        ck_assert(flow_test_settle(sim));
    }
    traces.asked = flow_test_trip.asked;
    flow_test_trip.on = false;
    snprintf(what, sizeof what, "form %d, %u workers, call %llu of %llu fails", (int)form, workers,
        (unsigned long long)at, (unsigned long long)traces.asked);
    if (flow_test_close(sim, &error) != FLOW_OK)
        graph_fail(graph, seed, what, error.message);
    flow_pipeline_free(pipeline);
    const char *why = graph_differ(graph);
    if (why)
        graph_fail(graph, seed, what, why);
    return traces;
}

// Means of means depend in their last digits on the order in which tables are walked.
static bool is_exact(const struct graph *graph)
{
    int means = 0;
    for (uint32_t n = 1; n < graph->count; n++)
        means += graph->nodes[n].op == GRAPH_MEAN;
    return means < 2;
}

// Lets every `step`-th call fail in turn; how many did.
static uint64_t trip_each(struct graph *graph, uint64_t seed, enum graph_form form, uint64_t most)
{
    const struct traces calm = run(graph, seed, form, 1, 0);
    const uint64_t step = 1 + calm.asked / most;
    uint64_t count = 0;
    for (uint64_t at = 1 + seed % step; at <= calm.asked; at += step, count++) {
        const struct traces tripped = run(graph, seed, form, 1, at);
        ck_assert_uint_gt(tripped.asked, calm.asked); // the bundle was tried again
        if (memcmp(&calm.history, &tripped.history, sizeof calm.history) != 0)
            graph_fail(graph, seed, "history", "watermarks went another way");
        if (is_exact(graph) && memcmp(&calm.halfway, &tripped.halfway, sizeof calm.halfway) != 0)
            graph_fail(graph, seed, "halfway", "state and timers are not those of a calm run");
    }
    return count;
}

START_TEST(r3_every_call_of_a_small_graph_may_fail_once)
{
    const uint32_t seeds = flow_test_seeds(10);
    uint64_t count = 0;
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct graph *graph = graph_make(seed + 700000, 6);
        graph_shorten(graph, 10);
        graph_reference(graph);
        count += trip_each(graph, seed, (enum graph_form)(seed % FORM_COUNT), UINT32_MAX);
        graph_free(graph);
    }
    ck_assert_uint_gt(count, 0);
}
END_TEST

START_TEST(r3_calls_of_larger_graphs_may_fail_in_every_form)
{
    const uint32_t seeds = flow_test_seeds(32);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct graph *graph = graph_make(seed + 800000, 6);
        graph_shorten(graph, 400);
        graph_reference(graph);
        for (enum graph_form form = 0; form < FORM_COUNT; form++)
            trip_each(graph, seed, form, 8);
        graph_free(graph);
    }
}
END_TEST

START_TEST(r3_a_call_that_fails_on_one_of_many_workers_changes_no_answer)
{
    const uint32_t seeds = flow_test_seeds(100);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct graph *graph = graph_make(seed + 900000, 6);
        graph_shorten(graph, 150);
        graph_reference(graph);
        const enum graph_form form = (enum graph_form)(seed % FORM_COUNT);
        const uint32_t workers = 2 + (uint32_t)(seed % 3);
        uint64_t random = seed;
        const uint64_t asked = run(graph, seed, form, workers, 0).asked;
        for (int i = 0; i < 4; i++)
            run(graph, seed, form, workers, 1 + flow_test_random(&random) % asked);
        graph_free(graph);
    }
}
END_TEST

TCase *trip_tests(void);

TCase *trip_tests(void)
{
    TCase *tests = tcase_create("trips");
    tcase_set_timeout(tests, 3600);
    tcase_add_test(tests, r3_every_call_of_a_small_graph_may_fail_once);
    tcase_add_test(tests, r3_calls_of_larger_graphs_may_fail_in_every_form);
    tcase_add_test(tests, r3_a_call_that_fails_on_one_of_many_workers_changes_no_answer);
    return tests;
}
