// SPDX-License-Identifier: Apache-2.0
// Random graphs whose elements come late (R4, R22 to R26, R42, R65), whose functions refuse some,
// and whose partitions wait (R6). With one worker all of it is foretold; elsewhere what is late
// depends on the schedule, and any difference must be what the dropped output says.
#include <stdio.h>
#include <stdlib.h>

#include "graph_run.h"

static const unsigned kinds[] = { GRAPH_POLICIES, GRAPH_LATE, GRAPH_LATE | GRAPH_POLICIES,
    GRAPH_IDLE, GRAPH_IDLE | GRAPH_LATE, GRAPH_IDLE | GRAPH_LATE | GRAPH_POLICIES };
#define KINDS (sizeof kinds / sizeof kinds[0])

START_TEST(r24_late_refused_and_idle_are_foretold_for_one_worker)
{
    const uint32_t seeds = flow_test_seeds(700);
    size_t late = 0, dead = 0, dropped = 0;
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct graph *graph = graph_make_with(seed + 1000000, 6, kinds[seed % KINDS]);
        graph_reference(graph);
        for (enum graph_form form = 0; form < FORM_COUNT; form++) {
            const struct flow_test_options options = { .workers = 1,
                .seed = seed,
                .no_lifting = seed % 3 == 0,
                .always_lifting = seed % 3 == 1 };
            graph_run(graph, seed, form, &options);
        }
        for (uint32_t n = 1; n < graph->count; n++) {
            dead += graph->dead_wanted[n].count;
            dropped += graph->dropped_wanted[n].count;
            for (uint32_t o = 0; o < GRAPH_OUTS; o++)
                for (size_t i = 0; i < graph->wanted[n][o].count; i++)
                    late += graph->wanted[n][o].list[i].pane.timing == FLOW_TIMING_LATE;
        }
        graph_free(graph);
    }
    printf("# %zu late panes, %zu dead letters, %zu dropped\n", late, dead, dropped);
    if (seeds >= 4 * KINDS && flow_test_first() == 1)
        ck_assert(late > 0 && dead > 0 && dropped > 0);
}
END_TEST

START_TEST(r24_in_any_schedule_late_elements_are_those_that_the_dropped_output_has)
{
    const uint32_t seeds = flow_test_seeds(300);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct graph *graph = graph_make_with(seed + 1100000, 6, kinds[seed % KINDS]);
        const struct flow_test_options options = { .workers = 2 + (uint32_t)(seed % 4),
            .seed = seed,
            .no_lifting = seed % 3 == 0,
            .always_lifting = seed % 3 == 1 };
        graph_run_any(graph, seed, &options);
        graph_free(graph);
    }
}
END_TEST

START_TEST(r3_r24_faults_change_nothing_of_what_is_late_or_refused)
{
    const uint32_t seeds = flow_test_seeds(200);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct graph *graph = graph_make_with(seed + 1200000, 6, kinds[seed % KINDS]);
        const struct flow_test_options options = { .workers = 1 + (uint32_t)(seed % 3),
            .seed = seed,
            .faults = {
                .point = seed % 2 ? -1 : (int)(seed / 2 % 4),
                .one_in = 2 + (uint32_t)(seed % 7),
                .most = 100,
            } };
        if (options.workers > 1) {
            graph_run_any(graph, seed, &options);
        } else {
            graph_reference(graph);
            graph_run(graph, seed, (enum graph_form)(seed % FORM_COUNT), &options);
        }
        graph_free(graph);
    }
}
END_TEST

START_TEST(r3_calls_that_fail_once_change_nothing_of_what_is_late_or_refused)
{
    const uint32_t seeds = flow_test_seeds(120);
    uint64_t random = 1;
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct graph *graph = graph_make_with(seed + 1300000, 6, kinds[seed % KINDS]);
        const struct flow_test_options options = { .workers = 1, .seed = seed };
        graph_reference(graph);
        flow_test_trip = (struct flow_test_trip){ .on = true };
        graph_run(graph, seed, (enum graph_form)(seed % FORM_COUNT), &options);
        const uint64_t asked = flow_test_trip.asked;
        for (int i = 0; i < 5 && asked > 0; i++) {
            const uint64_t at = 1 + flow_test_random(&random) % asked;
            flow_test_trip = (struct flow_test_trip){ .on = true, .at = at };
            graph_run(graph, seed, (enum graph_form)(seed % FORM_COUNT), &options);
        }
        flow_test_trip.on = false;
        graph_free(graph);
    }
}
END_TEST

START_TEST(functions_that_fail_end_the_job_where_no_policy_routes_their_rows)
{
    const uint32_t seeds = flow_test_seeds(200);
    uint32_t failed = 0;
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct graph *graph = graph_make_with(seed + 1400000, 6, GRAPH_POLICIES);
        uint32_t bad = 0;
        graph_reference(graph);
        for (uint32_t n = 1; n < graph->count && !bad; n++)
            bad = graph->dead_wanted[n].count + graph->dropped_wanted[n].count > 0 &&
                          graph->nodes[n].policy
                      ? n
                      : 0;
        const bool refuses = bad && (graph->dead_wanted[bad].count > 0 ||
                                        strstr(graph->dropped_wanted[bad].list[0].text, "refused"));
        if (refuses) {
            const struct flow_test_options options = { .workers = 1 + (uint32_t)(seed % 3),
                .seed = seed };
            flow_error error = { 0 };
            graph->nodes[bad].policy = FLOW_ON_ERROR_FAIL;
            flow_pipeline *pipeline =
                graph_build(graph, (enum graph_form)(seed % FORM_COUNT), NULL);
            if (flow_test_run(pipeline, &options, &error) != FLOW_USER ||
                strcmp(error.step, graph_path(bad, "do")) != 0 ||
                !strstr(error.message, "refused; element {"))
                graph_fail(graph, seed, error.step, error.message);
            flow_pipeline_free(pipeline);
            failed++;
        }
        graph_free(graph);
    }
    ck_assert(failed > 0 || seeds < 50);
}
END_TEST

START_TEST(pieces_of_many_batches_answer_as_the_reference)
{
    const uint32_t seeds = flow_test_seeds(24);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        const unsigned large = GRAPH_LARGE | (seed % 2 ? GRAPH_POLICIES : 0);
        struct graph *graph = graph_make_with(seed + 1500000, 6, large);
        graph_reference(graph);
        const enum graph_form form = (enum graph_form)(seed % FORM_COUNT);
        // one bundle opens all windows of its piece, with tables for each
        struct flow_test_options options = {
            .workers = 1 + (uint32_t)(seed % 3), .seed = seed, .memory = UINT64_C(1) << 30
        };
        flow_test_trip = (struct flow_test_trip){ .on = true };
        graph_run(graph, seed, form, &options);
        uint64_t random = seed;
        const uint64_t at = 1 + flow_test_random(&random) % flow_test_trip.asked;
        ck_assert_uint_gt(flow_test_trip.asked, 0);
        flow_test_trip = (struct flow_test_trip){ .on = true, .at = at };
        graph_run(graph, seed, form, &options);
        flow_test_trip.on = false;
        options.faults = (struct flow_test_faults){ .point = -1, .one_in = 50, .most = 20 };
        graph_run(graph, seed, form, &options);
        graph_free(graph);
    }
}
END_TEST

TCase *late_graph_tests(void);

TCase *late_graph_tests(void)
{
    TCase *tests = tcase_create("late graphs");
    tcase_set_timeout(tests, 3600);
    tcase_add_test(tests, r24_late_refused_and_idle_are_foretold_for_one_worker);
    tcase_add_test(tests, r24_in_any_schedule_late_elements_are_those_that_the_dropped_output_has);
    tcase_add_test(tests, r3_r24_faults_change_nothing_of_what_is_late_or_refused);
    tcase_add_test(tests, r3_calls_that_fail_once_change_nothing_of_what_is_late_or_refused);
    tcase_add_test(tests, functions_that_fail_end_the_job_where_no_policy_routes_their_rows);
    tcase_add_test(tests, pieces_of_many_batches_answer_as_the_reference);
    return tests;
}
