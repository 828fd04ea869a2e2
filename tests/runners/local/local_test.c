// SPDX-License-Identifier: Apache-2.0
// The local runner's options, and that the number of workers changes nothing but speed.
#include <pthread.h>

#include "local_test.h"

static const uint32_t worker_counts[] = { 1, 2, 3, 8, 64, 0 };

START_TEST(any_number_of_workers_gives_the_same_counts)
{
    enum {
        CLICKS = 300000
    };
    struct click *clicks = clicks_make(CLICKS, 1000);
    struct taken taken = { 0 };
    flow_error error = { FLOW_OK, "", "" };
    flow_pipeline *p = flow_pipeline_new("counts");
    count_by_minute(clicks_read(p, clicks, CLICKS), &taken);
    ck_assert_msg(run_with(p, worker_counts[_i], &error) == FLOW_OK, "%s", error.message);
    ck_assert_int_eq(taken.sum, CLICKS);
    ck_assert_int_eq(taken.rows, 5 * 1000); // 300 seconds, each user in each minute
    flow_pipeline_free(p);
    free(clicks);
}
END_TEST

START_TEST(pinned_workers_do_the_same)
{
    enum {
        CLICKS = 50000
    };
    struct click *clicks = clicks_make(CLICKS, 7);
    struct taken taken = { 0 };
    const flow_local_options options = { .workers = 3, .pin = true };
    const flow_runner runner = flow_local(&options);
    flow_pipeline *p = flow_pipeline_new("pinned");
    count_by_minute(clicks_read(p, clicks, CLICKS), &taken);
    ck_assert_int_eq(flow_run(p, &runner, NULL), FLOW_OK);
    ck_assert_int_eq(taken.sum, CLICKS);
    flow_pipeline_free(p);
    free(clicks);
}
END_TEST

static const struct {
    flow_local_options options;
    const char *message;
} refusals[] = {
    { { .workers = 65 }, "the local runner takes at most 64 workers, not 65" },
    { { .memory = 1000 },
        "the local runner needs a memory budget of at least 8 MiB, not 1000 bytes" },
};

START_TEST(impossible_options_are_refused_in_one_sentence)
{
    struct taken taken = { 0 };
    const struct click click = { .user = 1 };
    flow_error error;
    const flow_runner runner = flow_local(&refusals[_i].options);
    flow_pipeline *p = flow_pipeline_new("refused");
    flow_receive(clicks_read(p, &click, 1), NULL, take_rows, &taken);
    ck_assert_int_eq(flow_run(p, &runner, &error), FLOW_INVALID);
    ck_assert_int_eq(error.status, FLOW_INVALID);
    ck_assert_str_eq(error.message, refusals[_i].message);
    memset(&error, 0, sizeof error);
    ck_assert_ptr_null(flow_job_start(p, &runner, &error));
    ck_assert_str_eq(error.message, refusals[_i].message);
    ck_assert_int_eq(taken.rows, 0);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(empty_input_ends_at_once)
{
    struct taken taken = { 0 };
    flow_error error = { FLOW_OK, "", "" };
    flow_pipeline *p = flow_pipeline_new("empty");
    count_by_minute(clicks_read(p, NULL, 0), &taken);
    ck_assert_msg(run_with(p, 2, &error) == FLOW_OK, "%s", error.message);
    ck_assert_int_eq(taken.rows, 0);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(pipeline_runs_as_often_as_asked)
{
    enum {
        CLICKS = 20000
    };
    struct click *clicks = clicks_make(CLICKS, 10);
    struct taken taken = { 0 };
    flow_pipeline *p = flow_pipeline_new("again");
    count_by_minute(clicks_read(p, clicks, CLICKS), &taken);
    for (int run = 1; run <= 20; run++) {
        ck_assert_int_eq(run_with(p, 1 + (uint32_t)run % 3, NULL), FLOW_OK);
        ck_assert_int_eq(taken.sum, run * CLICKS);
    }
    flow_pipeline_free(p);
    free(clicks);
}
END_TEST

// A receiver for runs that overlap.
static void take_shared(void *user, const flow_elements *elements)
{
    atomic_fetch_add((_Atomic int64_t *)user, elements->batch.count);
}

START_TEST(pipeline_runs_several_times_at_once)
{
    enum {
        CLICKS = 20000,
        RUNS = 6
    };
    struct click *clicks = clicks_make(CLICKS, 10);
    _Atomic int64_t rows = 0;
    flow_job *jobs[RUNS];
    const flow_local_options two = { .workers = 2 };
    const flow_runner runner = flow_local(&two);
    flow_error error = { FLOW_OK, "", "" };
    flow_pipeline *p = flow_pipeline_new("at once");
    flow_receive(clicks_read(p, clicks, CLICKS), NULL, take_shared, (void *)&rows);
    for (int run = 0; run < RUNS; run++) {
        jobs[run] = flow_job_start(p, &runner, &error);
        ck_assert_msg(jobs[run] != NULL, "%s", error.message);
    }
    for (int run = 0; run < RUNS; run++)
        ck_assert_int_eq(flow_job_wait(jobs[run], NULL), FLOW_OK);
    ck_assert_int_eq(rows, RUNS * CLICKS);
    flow_pipeline_free(p);
    free(clicks);
}
END_TEST

static void *run_main(void *argument)
{
    enum {
        CLICKS = 30000
    };
    struct click *clicks = clicks_make(CLICKS, 10);
    struct taken taken = { 0 };
    flow_pipeline *p = flow_pipeline_new("in a thread");
    count_by_minute(clicks_read(p, clicks, CLICKS), &taken);
    *(bool *)argument = run_with(p, 2, NULL) == FLOW_OK && taken.sum == CLICKS;
    flow_pipeline_free(p);
    free(clicks);
    return NULL;
}

START_TEST(pipelines_run_at_once_in_threads_of_the_host)
{
    enum {
        THREADS = 4
    };
    pthread_t threads[THREADS];
    bool well[THREADS] = { false };
    for (int t = 0; t < THREADS; t++)
        ck_assert_int_eq(pthread_create(&threads[t], NULL, run_main, &well[t]), 0);
    for (int t = 0; t < THREADS; t++) {
        pthread_join(threads[t], NULL);
        ck_assert(well[t]);
    }
}
END_TEST

START_TEST(r1_times_at_both_ends_are_counted_in_their_windows)
{
    const int64_t ends[] = { FLOW_TIME_MIN_US, FLOW_TIME_MIN_US + 1, -1, 0,
        FLOW_TIME_GLOBAL_END_US - 1, FLOW_TIME_GLOBAL_END_US,
        _i == 1 ? FLOW_TIME_MAX_US - INT64_C(7200000000) : FLOW_TIME_MAX_US - 1 };
    struct click clicks[COUNT_OF(ends)];
    struct taken taken = { 0 };
    const flow_windows windows[] = { flow_fixed(flow_hours(1)),
        flow_sliding(flow_hours(1), flow_minutes(1)), flow_global() };
    const flow_window_options options = { .windows = windows[_i] };
    flow_error error = { FLOW_OK, "", "" };
    int64_t expected = 0;
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        clicks[i] = (struct click){ .user = 1, .at = { ends[i] } };
        flow_window window;
        for (bool in = flow_windows_last(&windows[_i], clicks[i].at, &window); in;
             in = flow_windows_before(&windows[_i], clicks[i].at, &window))
            expected++;
    }
    flow_pipeline *p = flow_pipeline_new("ends of time");
    const flow_coll in = flow_window_into(clicks_read(p, clicks, COUNT_OF(ends)), &options);
    flow_receive(flow_count(flow_key_by(in, FLOW_FIELD(click, user))), NULL, take_counts, &taken);
    ck_assert_msg(run_with(p, 2, &error) == FLOW_OK, "%s", error.message);
    ck_assert_int_eq(taken.sum, expected);
    flow_pipeline_free(p);
}
END_TEST

TCase *local_tests(void)
{
    TCase *tests = tcase_create("local.c");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(
        tests, any_number_of_workers_gives_the_same_counts, 0, COUNT_OF(worker_counts));
    tcase_add_test(tests, pinned_workers_do_the_same);
    tcase_add_loop_test(
        tests, impossible_options_are_refused_in_one_sentence, 0, COUNT_OF(refusals));
    tcase_add_test(tests, empty_input_ends_at_once);
    tcase_add_test(tests, pipeline_runs_as_often_as_asked);
    tcase_add_test(tests, pipeline_runs_several_times_at_once);
    tcase_add_test(tests, pipelines_run_at_once_in_threads_of_the_host);
    tcase_add_loop_test(tests, r1_times_at_both_ends_are_counted_in_their_windows, 0, 3);
    return tests;
}
