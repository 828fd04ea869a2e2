// SPDX-License-Identifier: Apache-2.0
// Random graphs: three function forms, one and many workers, seeded schedules, real threads and
// faults all answer as the naive reference does (invariant 11).
#include <stdio.h>
#include <stdlib.h>

#include "graph_run.h"

#define LEAST_OPS 6

// Every operator should have fed every other at least once.
static void print_coverage(void)
{
    uint32_t pairs = 0, seen = 0;
    const bool list = getenv("FLOW_TEST_PAIRS") != NULL;
    for (int a = 0; a < GRAPH_OP_COUNT; a++) {
        for (int b = 0; b < GRAPH_OP_COUNT; b++) {
            pairs++;
            seen += graph_pairs[a][b] > 0;
            if (list)
                printf("# %s -> %s: %u\n", graph_op_names[a], graph_op_names[b], graph_pairs[a][b]);
        }
    }
    printf("# %u of %u pairs of operators covered\n", seen, pairs);
    fflush(stdout);
}

START_TEST(random_graphs_answer_as_the_reference_in_every_form)
{
    const uint32_t seeds = flow_test_seeds(2000);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct graph *graph = graph_make(seed, LEAST_OPS);
        graph_reference(graph);
        for (enum graph_form form = 0; form < FORM_COUNT; form++) {
            const struct flow_test_options options = { .workers = 1,
                .seed = seed,
                .no_lifting = seed % 3 == 0,
                .always_lifting = seed % 3 == 1 };
            graph_run(graph, seed, form, &options);
        }
        graph_free(graph);
    }
    print_coverage();
    if (seeds >= 2000 && flow_test_first() == 1)
        for (int a = 0; a < GRAPH_OP_COUNT; a++)
            for (int b = 0; b < GRAPH_OP_COUNT; b++)
                if (graph_pairs[a][b] == 0)
                    ck_abort_msg("%s never fed %s", graph_op_names[a], graph_op_names[b]);
}
END_TEST

START_TEST(seeded_schedules_of_many_workers_answer_as_the_reference)
{
    const uint32_t seeds = flow_test_seeds(600);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct graph *graph = graph_make(seed + 100000, LEAST_OPS);
        graph_reference(graph);
        const uint32_t counts[] = { 2, 3, 7 };
        for (int i = 0; i < 3; i++) {
            const struct flow_test_options options = { .workers = counts[i],
                .seed = seed * 3 + (uint64_t)i,
                .no_lifting = seed % 4 == 0,
                .always_lifting = seed % 4 == 1 };
            graph_run(graph, seed, (enum graph_form)(seed % FORM_COUNT), &options);
        }
        graph_free(graph);
    }
}
END_TEST

START_TEST(workers_interleaved_within_their_steps_answer_as_the_reference)
{
    const uint32_t seeds = flow_test_seeds(600);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct graph *graph = graph_make(seed + 400000, LEAST_OPS);
        graph_reference(graph);
        const struct flow_test_options options = { .workers = 2 + seed % 4,
            .seed = seed,
            .weave = true,
            .no_lifting = seed % 4 == 0,
            .always_lifting = seed % 4 == 1 };
        graph_run(graph, seed, (enum graph_form)(seed % FORM_COUNT), &options);
        graph_free(graph);
    }
}
END_TEST

START_TEST(a_flight_of_few_bytes_changes_no_answer)
{
    const uint32_t seeds = flow_test_seeds(200);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct graph *graph = graph_make(seed + 200000, LEAST_OPS);
        graph_reference(graph);
        const struct flow_test_options options = {
            .workers = 1 + (uint32_t)(seed % 3), .seed = seed, .flight = 1
        };
        graph_run(graph, seed, (enum graph_form)(seed % FORM_COUNT), &options);
        graph_free(graph);
    }
}
END_TEST

START_TEST(real_threads_answer_as_the_reference)
{
    const uint32_t seeds = flow_test_seeds(200);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct graph *graph = graph_make(seed + 300000, LEAST_OPS);
        graph_reference(graph);
        const uint32_t counts[] = { 1, 2, 4 };
        for (int i = 0; i < 3; i++) {
            const flow_local_options options = { .workers = counts[i] };
            const flow_runner runner = flow_local(&options);
            flow_error error = { 0 };
            flow_pipeline *pipeline =
                graph_build(graph, (enum graph_form)(seed % FORM_COUNT), NULL);
            const flow_status status = flow_run(pipeline, &runner, &error);
            const char *why = status == FLOW_OK ? graph_differ(graph) : error.message;
            if (why)
                graph_fail(graph, seed, "threads", why);
            flow_pipeline_free(pipeline);
        }
        graph_free(graph);
    }
}
END_TEST

TCase *graph_tests(void);

TCase *graph_tests(void)
{
    TCase *tests = tcase_create("graphs");
    tcase_set_timeout(tests, 3600);
    tcase_add_test(tests, random_graphs_answer_as_the_reference_in_every_form);
    tcase_add_test(tests, seeded_schedules_of_many_workers_answer_as_the_reference);
    tcase_add_test(tests, workers_interleaved_within_their_steps_answer_as_the_reference);
    tcase_add_test(tests, a_flight_of_few_bytes_changes_no_answer);
    tcase_add_test(tests, real_threads_answer_as_the_reference);
    return tests;
}
