// SPDX-License-Identifier: Apache-2.0
// Jobs beside the host: started, watched, cancelled, drained, fed through a channel.
#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include <flow/text.h>
#include <flow/why.h>

#include "local_test.h"

enum {
    PATIENCE = 60000
}; // naps until a test gives up waiting

// A job that counts by minute what is pushed into a channel.
struct live {
    flow_channel *channel;
    flow_pipeline *pipeline;
    flow_job *job;
    struct taken taken;
};

static void live_make(struct live *live, size_t capacity)
{
    const flow_channel_options options = { .type = &click_type, .capacity = capacity };
    memset(live, 0, sizeof *live);
    live->channel = flow_channel_new(&options, NULL);
    live->pipeline = flow_pipeline_new("live");
    const flow_channel_read_options read = { .event_time = FLOW_FIELD(click, at),
        .times = { .in_order = true } };
    count_by_minute(flow_channel_read(live->pipeline, live->channel, &read), &live->taken);
}

static void live_start(struct live *live, uint32_t workers)
{
    const flow_local_options options = { .workers = workers };
    const flow_runner runner = flow_local(&options);
    flow_error error = { FLOW_OK, "", "" };
    live->job = flow_job_start(live->pipeline, &runner, &error);
    ck_assert_msg(live->job != NULL, "%s", error.message);
}

static void live_free(struct live *live)
{
    flow_pipeline_free(live->pipeline);
    flow_channel_free(live->channel);
}

static void live_push(struct live *live, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        const struct click click = { { "/", 1 }, i % 10, { i * 1000 } };
        ck_assert_int_eq(flow_channel_push(live->channel, &click, -1), FLOW_OK);
    }
}

// Waits until the sources have given so many rows.
static void wait_for_rows(const flow_job *job, uint64_t rows)
{
    flow_status_report report;
    for (int i = 0; i < PATIENCE; i++) {
        flow_job_status(job, &report);
        if (report.rows_in >= rows)
            return;
        nap();
    }
    ck_abort_msg("only %llu of %llu rows were read", (unsigned long long)report.rows_in,
        (unsigned long long)rows);
}

static void *cancel_main(void *job)
{
    nap();
    flow_job_cancel(job);
    return NULL;
}

START_TEST(cancel_from_another_thread_ends_a_job_without_end)
{
    struct live live;
    pthread_t thread;
    flow_error error = { FLOW_OK, "", "" };
    live_make(&live, 0);
    live_start(&live, (uint32_t)_i);
    live_push(&live, 100);
    ck_assert_int_eq(pthread_create(&thread, NULL, cancel_main, live.job), 0);
    pthread_join(thread, NULL);
    ck_assert_int_eq(flow_job_wait(live.job, &error), FLOW_CANCELLED);
    ck_assert_int_eq(error.status, FLOW_CANCELLED);
    ck_assert_str_eq(error.message, "the job was cancelled");
    ck_assert_int_eq(live.taken.rows, 0); // the window was open
    const struct click click = { .user = 1 };
    ck_assert_int_eq(flow_channel_push(live.channel, &click, -1), FLOW_CANCELLED);
    live_free(&live);
}
END_TEST

static flow_job *job_of_handler;
static volatile sig_atomic_t errno_kept;

static void cancel_in_handler(int number)
{
    (void)number;
    errno = 4711;
    flow_job_cancel(job_of_handler);
    errno_kept = errno == 4711;
}

START_TEST(cancel_from_a_signal_handler_ends_a_job)
{
    struct sigaction mine = { .sa_handler = cancel_in_handler }, before;
    struct live live;
    live_make(&live, 0);
    live_start(&live, 2);
    job_of_handler = live.job;
    sigemptyset(&mine.sa_mask);
    sigaction(SIGUSR1, &mine, &before);
    live_push(&live, 100);
    wait_for_rows(live.job, 100);
    for (int i = 0; i < 20; i++)
        nap(); // until the workers sleep
    raise(SIGUSR1);
    sigaction(SIGUSR1, &before, NULL);
    ck_assert(errno_kept);
    ck_assert_int_eq(flow_job_wait(live.job, NULL), FLOW_CANCELLED);
    live_free(&live);
}
END_TEST

START_TEST(cancel_after_the_end_changes_nothing)
{
    struct live live;
    flow_status_report report = { .ended = false };
    live_make(&live, 0);
    live_start(&live, 2);
    live_push(&live, 100);
    flow_channel_close(live.channel);
    for (int i = 0; i < PATIENCE && !report.ended; i++) {
        nap();
        flow_job_status(live.job, &report);
    }
    ck_assert(report.ended);
    flow_job_cancel(live.job);
    flow_job_drain(live.job);
    ck_assert_int_eq(flow_job_wait(live.job, NULL), FLOW_OK);
    ck_assert_int_eq(live.taken.sum, 100);
    live_free(&live);
}
END_TEST

START_TEST(r80_drain_ends_a_job_without_end_and_fires_its_windows)
{
    struct live live;
    live_make(&live, 0);
    live_start(&live, (uint32_t)_i);
    live_push(&live, 5000);
    wait_for_rows(live.job, 5000);
    flow_job_drain(live.job);
    ck_assert_int_eq(flow_job_wait(live.job, NULL), FLOW_OK);
    ck_assert_int_eq(live.taken.sum, 5000);
    ck_assert_int_eq(live.taken.rows, 10);
    const struct click click = { .user = 1 };
    ck_assert_int_eq(flow_channel_push(live.channel, &click, -1), FLOW_CANCELLED);
    live_free(&live);
}
END_TEST

START_TEST(drain_loses_nothing_that_was_counted_in)
{
    for (int round = 0; round < 30; round++) {
        struct live live;
        flow_status_report report;
        live_make(&live, 0);
        live_start(&live, 3);
        live_push(&live, 1 + round * 997);
        flow_job_drain(live.job);
        do
            flow_job_status(live.job, &report);
        while (!report.ended);
        ck_assert_int_eq(flow_job_wait(live.job, NULL), FLOW_OK);
        ck_assert_uint_eq((uint64_t)live.taken.sum, report.rows_in);
        live_free(&live);
    }
}
END_TEST

START_TEST(status_and_steps_can_be_read_while_the_job_runs)
{
    static const char *const steps[] = { "channel", "window", "count", "receive" };
    struct live live;
    flow_status_report report;
    flow_step_report step;
    live_make(&live, 0);
    live_start(&live, 2);
    flow_job_status(live.job, &report);
    ck_assert(!report.ended);
    ck_assert_int_eq(report.watermark.us, FLOW_TIME_MIN_US);
    live_push(&live, 70000); // ends in the second minute
    wait_for_rows(live.job, 70000);
    for (int i = 0; i < PATIENCE && report.rows_out < 10; i++) {
        nap();
        flow_job_status(live.job, &report);
    }
    ck_assert(!report.ended);
    ck_assert_uint_eq(report.rows_in, 70000);
    ck_assert_uint_eq(report.rows_out, 10); // the first minute's ten users
    ck_assert_int_eq(report.watermark.us, 69999 * 1000);
    ck_assert_uint_gt(report.memory, 0);
    ck_assert_uint_ge(report.memory_peak, report.memory);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        ck_assert(flow_job_step(live.job, i, &step));
        ck_assert_str_eq(step.path, steps[i]);
        if (i < 2)
            ck_assert_uint_eq(step.rows_out, 70000);
        if (i > 0)
            ck_assert_uint_eq(step.rows_in, i == 3 ? 10 : 70000);
        ck_assert_uint_eq(step.rejected, 0);
        ck_assert_uint_eq(step.dropped, 0);
    }
    ck_assert(!flow_job_step(live.job, COUNT_OF(steps), &step));
    flow_channel_close(live.channel);
    ck_assert_int_eq(flow_job_wait(live.job, NULL), FLOW_OK);
    ck_assert_int_eq(live.taken.sum, 70000);
    live_free(&live);
}
END_TEST

static void take_shared(void *user, const flow_elements *elements)
{
    atomic_fetch_add((_Atomic int64_t *)user, elements->batch.count);
}

// A job that hands rows on as they come.
struct echo {
    flow_channel *channel;
    flow_pipeline *pipeline;
    flow_job *job;
    _Atomic int64_t rows;
};

static void echo_start(struct echo *echo, uint32_t workers)
{
    const flow_channel_options options = { .type = &click_type };
    const flow_local_options local = { .workers = workers };
    const flow_runner runner = flow_local(&local);
    atomic_init(&echo->rows, 0);
    echo->channel = flow_channel_new(&options, NULL);
    echo->pipeline = flow_pipeline_new("echo");
    const flow_coll in = flow_channel_read(echo->pipeline, echo->channel, NULL);
    flow_receive(in, NULL, take_shared, (void *)&echo->rows);
    echo->job = flow_job_start(echo->pipeline, &runner, NULL);
    ck_assert_ptr_nonnull(echo->job);
}

static void echo_end(struct echo *echo)
{
    flow_channel_close(echo->channel);
    ck_assert_int_eq(flow_job_wait(echo->job, NULL), FLOW_OK);
    flow_pipeline_free(echo->pipeline);
    flow_channel_free(echo->channel);
}

START_TEST(each_pushed_element_comes_out_without_another_push)
{
    struct echo echo;
    echo_start(&echo, (uint32_t)_i);
    for (int64_t i = 1; i <= 300; i++) {
        const struct click click = { { "/", 1 }, i, { i } };
        if (i % 50 == 0) // now and then to sleeping workers
            for (int k = 0; k < 20; k++)
                nap();
        ck_assert_int_eq(flow_channel_push(echo.channel, &click, -1), FLOW_OK);
        for (int k = 0; echo.rows < i; k++) {
            ck_assert_int_lt(k, PATIENCE);
            nap();
        }
        ck_assert_int_eq(echo.rows, i);
    }
    echo_end(&echo);
}
END_TEST

// A source that has nothing, says so, and counts how often it is asked.
static _Atomic int asked;
static _Atomic bool over;
static void (*wake_job)(void *user);
static void *wake_user;

static flow_status idle_open(void *self, const flow_open *open)
{
    (void)self, (void)open;
    asked = 0;
    over = false;
    return FLOW_OK;
}

static uint32_t idle_partitions(void *self)
{
    (void)self;
    return 3;
}

static flow_claim idle_claim(void *self, uint32_t partition, flow_piece *piece, flow_error *error)
{
    (void)self, (void)partition, (void)piece, (void)error;
    asked++;
    return over ? FLOW_CLAIM_END : FLOW_CLAIM_WAIT;
}

static flow_status idle_read(void *self, const flow_piece *piece, flow_ctx *ctx)
{
    (void)self, (void)piece, (void)ctx;
    return FLOW_OK;
}

static void idle_close(void *self)
{
    (void)self;
}

static void idle_listen(void *self, void (*wake)(void *user), void *user)
{
    (void)self;
    wake_job = wake;
    wake_user = user;
}

static const flow_source idle_source = { .name = "idle",
    .unbounded = true,
    .open = idle_open,
    .partitions = idle_partitions,
    .claim = idle_claim,
    .read = idle_read,
    .close = idle_close,
    .listen = idle_listen };

START_TEST(source_that_wakes_is_not_asked_again_and_again)
{
    const flow_read_options read = { .type = &click_type, .unbounded = true };
    const flow_local_options two = { .workers = 2 };
    const flow_runner runner = flow_local(&two);
    struct taken taken = { 0 };
    flow_pipeline *p = flow_pipeline_new("idle");
    flow_receive(flow_read(p, &idle_source, &read), NULL, take_rows, &taken);
    flow_job *job = flow_job_start(p, &runner, NULL);
    ck_assert_ptr_nonnull(job);
    int before, quiet = 0; // a nap is at least as long as what sources without listen are asked in
    for (int i = 0; i < PATIENCE / 6 && quiet < 200; i++) {
        before = asked;
        nap();
        quiet = asked == before ? quiet + 1 : 0;
    }
    ck_assert_int_eq(quiet, 200);
    over = true;
    wake_job(wake_user);
    ck_assert_int_eq(flow_job_wait(job, NULL), FLOW_OK);
    flow_pipeline_free(p);
}
END_TEST

static flow_status dawdle(flow_ctx *ctx, const struct click *click)
{
    if (click->user % 1000 == 0)
        nap();
    return FLOW_EMIT_ROW(ctx, click, click);
}
FLOW_ELEMENT_FN(dawdle, click, click);

static void take_slowly(void *user, const flow_elements *elements)
{
    struct taken *taken = user;
    if (taken->rows < 100000)
        nap();
    take_rows(user, elements);
}

START_TEST(slow_sink_holds_the_source_back_within_the_budget)
{
    enum {
        CLICKS = 1000000,
        BUDGET = 16 << 20
    };
    const flow_local_options options = { .workers = 3, .memory = BUDGET };
    const flow_runner runner = flow_local(&options);
    struct click *clicks = clicks_make(CLICKS, CLICKS);
    struct taken taken = { 0 };
    flow_status_report report = { .ended = false };
    flow_error error = { FLOW_OK, "", "" };
    flow_pipeline *p = flow_pipeline_new("slow");
    const flow_coll in = flow_do(clicks_read(p, clicks, CLICKS), &dawdle_fn);
    flow_receive(in, NULL, take_slowly, &taken);
    flow_job *job = flow_job_start(p, &runner, &error);
    ck_assert_msg(job != NULL, "%s", error.message);
    while (!report.ended) {
        flow_job_status(job, &report);
        ck_assert_uint_le(report.memory, BUDGET);
        nap();
    }
    ck_assert_uint_le(report.memory_peak, BUDGET);
    ck_assert_msg(flow_job_wait(job, &error) == FLOW_OK, "%s", error.message);
    ck_assert_int_eq(taken.rows, CLICKS);
    flow_pipeline_free(p);
    free(clicks);
}
END_TEST

static flow_status slow_group(flow_ctx *ctx, const int64_t *user, flow_rows *rows)
{
    if (*user % 500 == 0)
        nap();
    return flow_emit(ctx, 0, &flow_counted_type,
        &(struct flow_counted){ (int64_t)flow_rows_count(rows) }, sizeof(struct flow_counted));
}
FLOW_GROUP_FN(slow_group, int64_t, click, flow_counted);

START_TEST(slow_step_behind_a_shuffle_holds_the_source_back)
{
    enum {
        CLICKS = 1000000,
        BUDGET = 40 << 20
    };
    const flow_local_options options = { .workers = 3, .memory = BUDGET };
    const flow_runner runner = flow_local(&options);
    const flow_window_options second = { .windows = flow_fixed(flow_seconds(1)) };
    struct click *clicks = clicks_make(CLICKS, 500);
    struct taken taken = { 0 };
    flow_error error = { FLOW_OK, "", "" };
    flow_pipeline *p = flow_pipeline_new("slow group");
    const flow_coll in = flow_window_into(clicks_read(p, clicks, CLICKS), &second);
    const flow_coll by_user = flow_key_by(in, FLOW_FIELD(click, user));
    flow_receive(flow_group(by_user, &slow_group_fn), NULL, take_counts, &taken);
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s", error.message);
    ck_assert_int_eq(taken.sum, CLICKS);
    flow_pipeline_free(p);
    free(clicks);
}
END_TEST

static _Atomic(flow_job *) own_job;

// Asks about the job that it runs in.
static flow_status ask(flow_ctx *ctx, const struct click *click)
{
    flow_job *job = own_job;
    char *text = job ? flow_job_why(job, &(flow_why){ .step = "count", .key = "1" }) : NULL;
    if (text && strcmp(text, "functions of a job cannot ask why: ask from another thread than its "
                             "workers'") != 0)
        return flow_fail(ctx, FLOW_USER, "%.100s", text);
    const flow_status status =
        text || !job ? FLOW_EMIT_ROW(ctx, click, click) : flow_fail(ctx, FLOW_USER, "no answer");
    flow_text_free(text);
    return status;
}
FLOW_ELEMENT_FN(ask, click, click);

START_TEST(why_is_asked_while_workers_work_but_not_by_them)
{
    enum {
        CLICKS = 20000
    };
    const flow_local_options options = { .workers = (uint32_t)_i };
    const flow_runner runner = flow_local(&options);
    struct click *clicks = clicks_make(CLICKS, 100);
    struct taken taken = { 0 };
    flow_status_report report = { .ended = false };
    flow_error error = { FLOW_OK, "", "" };
    own_job = NULL;
    flow_pipeline *p = flow_pipeline_new("asked");
    count_by_minute(flow_do(clicks_read(p, clicks, CLICKS), &ask_fn), &taken);
    flow_job *job = flow_job_start(p, &runner, &error);
    ck_assert_msg(job != NULL, "%s", error.message);
    own_job = job;
    for (int64_t user = 0; !report.ended || user < 100; user++) {
        const int64_t key = user % 100;
        flow_job_status(job, &report);
        char *text = flow_job_why(job, &(flow_why){ .step = "count", .key_row = &key });
        ck_assert_ptr_nonnull(text);
        ck_assert_ptr_nonnull(strstr(text, "on worker"));
        flow_text_free(text);
    }
    ck_assert_msg(flow_job_wait(job, &error) == FLOW_OK, "%s", error.message);
    ck_assert_int_eq(taken.sum, CLICKS);
    flow_pipeline_free(p);
    free(clicks);
}
END_TEST

START_TEST(wait_for_no_job_is_refused_and_the_rest_ignored)
{
    flow_error error = { FLOW_OK, "", "" };
    ck_assert_int_eq(flow_job_wait(NULL, &error), FLOW_INVALID);
    ck_assert_int_eq(error.status, FLOW_INVALID);
}
END_TEST

TCase *jobs_tests(void)
{
    TCase *tests = tcase_create("jobs");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, cancel_from_another_thread_ends_a_job_without_end, 1, 5);
    tcase_add_test(tests, cancel_from_a_signal_handler_ends_a_job);
    tcase_add_test(tests, cancel_after_the_end_changes_nothing);
    tcase_add_loop_test(tests, r80_drain_ends_a_job_without_end_and_fires_its_windows, 1, 5);
    tcase_add_test(tests, drain_loses_nothing_that_was_counted_in);
    tcase_add_test(tests, status_and_steps_can_be_read_while_the_job_runs);
    tcase_add_loop_test(tests, each_pushed_element_comes_out_without_another_push, 1, 5);
    tcase_add_test(tests, source_that_wakes_is_not_asked_again_and_again);
    tcase_add_test(tests, slow_sink_holds_the_source_back_within_the_budget);
    tcase_add_test(tests, slow_step_behind_a_shuffle_holds_the_source_back);
    tcase_add_loop_test(tests, why_is_asked_while_workers_work_but_not_by_them, 1, 4);
    tcase_add_test(tests, wait_for_no_job_is_refused_and_the_rest_ignored);
    return tests;
}
