// SPDX-License-Identifier: Apache-2.0
// Whole pipelines, and what Apache Beam gives for them: each output must have the same elements
// with the same windows, panes and times, whoever works on it and in whatever order. The golden
// files say how they were made; `./dev oracle` makes them again.
#include "run.h"

#include <stdlib.h>

#include <check.h>
#include <flow/runner_local.h>
#include <zlib.h>

static const struct named {
    const char *name;
    pipe_build *build;
    int runs;
} pipes[] = {
    { "word_count", word_count, 4 },
    { "words_by_minute", words_by_minute, 5 },
    { "sliding_count", sliding_count, 5 },
    { "sessions", sessions, 5 },
    { "session_lengths", session_lengths, 5 },
    { "early_late", early_late, 5 },
    { "leaderboard", leaderboard, 5 },
    { "cogroup", cogroup, 5 },
    { "joins", joins, 5 },
    { "hot_keys", hot_keys, 5 },
    { "hot_sessions", hot_sessions, 5 },
    { "totals", totals, 4 },
    { "figures", figures, 5 },
    { "spread", spread, 5 },
    { "side_singleton", side_singleton, 4 },
    { "side_default", side_default, 4 },
    { "side_list", side_list, 4 },
    { "side_map", side_map, 3 },
    { "side_windows", side_windows, 4 },
    { "side_firings", side_firings, 5 },
    { "running", running, 5 },
    { "totals_at_expiry", totals_at_expiry, 5 },
    { "late_at_expiry", late_at_expiry, 6 },
    { "ends_and_expiries", ends_and_expiries, 6 },
    { "sets_and_maps", sets_and_maps, 5 },
    { "ordered_list", ordered_list, 5 },
    { "time_sorted", time_sorted, 5 },
    { "state_by_state", state_by_state, 5 },
    { "parcels", parcels, 5 },
    { "parcels_by_clock", parcels_by_clock, 5 },
    { "reminders", reminders, 5 },
    { "looping_timer", looping_timer, 5 },
    { "aligned_timer", aligned_timer, 5 },
    { "distinct", distinct, 5 },
    { "deduplicate", deduplicate, 5 },
    { "latest", latest, 5 },
    { "batches", batches, 5 },
    { "wait_on", wait_on, 4 },
    { "flatten", flatten, 5 },
    { "partition", partition, 5 },
    { "reshuffle", reshuffle, 5 },
    { "splittable", splittable, 5 },
};

enum {
    PIPES = sizeof pipes / sizeof pipes[0]
};

static const struct named *current; // the pipeline that is tested

// Line `number` of a golden file, parsed. The first says how the others were made.
static yyjson_doc *golden(const char *name, int number)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.jsonl.gz", ORACLE_GOLDEN, name);
    gzFile file = gzopen(path, "rb");
    ck_assert_msg(file != NULL, "%s cannot be opened", path);
    char *line = malloc(1 << 22);
    ck_assert_ptr_nonnull(line);
    for (int i = 0; i <= number; i++)
        ck_assert_msg(gzgets(file, line, 1 << 22) != NULL, "%s has only %d lines", path, i);
    gzclose(file);
    yyjson_doc *doc = yyjson_read(line, strlen(line), 0);
    free(line);
    ck_assert_msg(doc != NULL, "%s: line %d is no JSON", path, number);
    return doc;
}

static void run_on(struct pipe *pipe, const char *where, const flow_runner *runner)
{
    flow_error error = { 0 };
    pipe->difference[0] = '\0';
    const flow_status status = flow_run(pipe->pipeline, runner, &error);
    ck_assert_msg(status == FLOW_OK, "%s, run %d, %s: %s: %s\n%s", current->name,
        yyjson_get_int(yyjson_obj_get(pipe->run, "run")), where, error.step, error.message,
        pipe->difference);
}

// One worker; several that take turns, whose bundles fail now and then; and threads, where no
// script has to wait until all is at rest.
static void compare(struct pipe *pipe)
{
    const flow_simulated_options several = { .workers = 3, .seeds = 3, .fail_one_in = 10 };
    const flow_simulated_options checked = { .check_elements = true };
    const flow_local_options threads = { .workers = 3, .memory = 256 << 20 };
    flow_runner runner = flow_simulated(&checked);
    run_on(pipe, "one worker", &runner);
    runner = flow_simulated(&several);
    run_on(pipe, "three workers", &runner);
    runner = flow_local(&threads);
    if (!pipe->script)
        run_on(pipe, "three threads", &runner);
}

START_TEST(gives_what_beam_gives)
{
    flow_error error = { 0 };
    struct pipe pipe;
    current = &pipes[_i / 8];
    yyjson_doc *doc = golden(current->name, 1 + _i % 8);
    const flow_status status = pipe_begin(&pipe, yyjson_doc_get_root(doc), current->build, &error);
    ck_assert_msg(status == FLOW_OK, "%s: %s: %s", current->name, error.step, error.message);
    compare(&pipe);
    pipe_end(&pipe);
    yyjson_doc_free(doc);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pipes");
    for (int i = 0; i < PIPES; i++) {
        TCase *tests = tcase_create(pipes[i].name);
        tcase_set_timeout(tests, 120);
        tcase_add_loop_test(tests, gives_what_beam_gives, 8 * i, 8 * i + pipes[i].runs);
        suite_add_tcase(suite, tests);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
