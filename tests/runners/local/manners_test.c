// SPDX-License-Identifier: Apache-2.0
// What a host may expect of a library in its process: signals, output, locale, descriptors, threads
// and memory are left as they were.
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "flow_test.h"
#include "local_test.h"

// A job that runs until its channel is closed.
struct live {
    flow_channel *channel;
    flow_pipeline *pipeline;
    flow_job *job;
    struct taken taken;
};

static void live_begin(struct live *live)
{
    static const flow_channel_options options = { .type = &click_type };
    static const flow_local_options four = { .workers = 4 };
    const flow_runner runner = flow_local(&four);
    flow_error error = { FLOW_OK, "", "" };
    memset(live, 0, sizeof *live);
    live->channel = flow_channel_new(&options, &error);
    live->pipeline = flow_pipeline_new("live");
    const flow_channel_read_options read = { .event_time = FLOW_FIELD(click, at),
        .times = { .in_order = true } };
    count_by_minute(flow_channel_read(live->pipeline, live->channel, &read), &live->taken);
    live->job = flow_job_start(live->pipeline, &runner, &error);
    ck_assert_msg(live->job != NULL, "%s", error.message);
}

static void live_push(struct live *live, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        const struct click click = { { "/", 1 }, i % 10, { i * 1000 } };
        ck_assert_int_eq(flow_channel_push(live->channel, &click, -1), FLOW_OK);
    }
}

static void live_end(struct live *live)
{
    flow_channel_close(live->channel);
    ck_assert_int_eq(flow_job_wait(live->job, NULL), FLOW_OK);
    flow_pipeline_free(live->pipeline);
    flow_channel_free(live->channel);
}

enum {
    SIGNALS = 32
};

static void read_handlers(struct sigaction *actions)
{
    memset(actions, 0, SIGNALS * sizeof *actions);
    for (int s = 1; s < SIGNALS; s++)
        ck_assert_int_eq(sigaction(s, NULL, &actions[s]), 0);
}

START_TEST(no_signal_handler_is_installed)
{
    struct sigaction before[SIGNALS], while_running[SIGNALS], after[SIGNALS];
    struct live live;
    read_handlers(before);
    live_begin(&live);
    live_push(&live, 1000);
    read_handlers(while_running);
    live_end(&live);
    read_handlers(after);
    for (int s = 1; s < SIGNALS; s++) {
        ck_assert(before[s].sa_handler == while_running[s].sa_handler);
        ck_assert(before[s].sa_handler == after[s].sa_handler);
        ck_assert_int_eq(before[s].sa_flags, while_running[s].sa_flags);
        ck_assert_int_eq(before[s].sa_flags, after[s].sa_flags);
    }
}
END_TEST

static volatile sig_atomic_t handled;

static void handle(int number)
{
    (void)number;
    handled++;
}

// The host's signals: sent to the process while only the workers might take them.
START_TEST(worker_threads_leave_signals_to_the_host)
{
    struct sigaction mine = { .sa_handler = handle }, before;
    const struct timespec moment = { 5, 0 };
    sigset_t user, was, now;
    struct live live;
    handled = 0;
    sigemptyset(&mine.sa_mask);
    sigaction(SIGUSR1, &mine, &before);
    sigemptyset(&user);
    sigaddset(&user, SIGUSR1);
    pthread_sigmask(SIG_UNBLOCK, &user, &was);
    live_begin(&live);
    pthread_sigmask(SIG_BLOCK, &user, &now);
    ck_assert_int_eq(sigismember(&now, SIGUSR1), 0); // starting a job left our own mask alone
    for (int i = 0; i < 20; i++) {
        live_push(&live, 500);
        ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
        ck_assert_int_eq(sigtimedwait(&user, NULL, &moment), SIGUSR1);
    }
    ck_assert_int_eq(handled, 0);
    live_end(&live);
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    sigaction(SIGUSR1, &before, NULL);
}
END_TEST

START_TEST(errno_and_locale_stay_the_hosts)
{
    enum {
        CLICKS = 10000
    };
    struct click *clicks = clicks_make(CLICKS, 10);
    struct taken taken = { 0 };
    char before[200];
    flow_pipeline *p = flow_pipeline_new("locale");
    count_by_minute(clicks_read(p, clicks, CLICKS), &taken);
    snprintf(before, sizeof before, "%s", setlocale(LC_ALL, NULL));
    const locale_t locale = uselocale((locale_t)0);
    errno = 4711;
    ck_assert_int_eq(run_with(p, 2, NULL), FLOW_OK);
    ck_assert_int_eq(errno, 4711);
    ck_assert_str_eq(setlocale(LC_ALL, NULL), before);
    ck_assert(uselocale((locale_t)0) == locale);
    flow_pipeline_free(p);
    free(clicks);
}
END_TEST

static flow_status refuse(flow_ctx *ctx, const struct click *click)
{
    if (click->user == 3)
        return flow_fail(ctx, FLOW_USER, "user 3 is not welcome");
    return FLOW_EMIT_ROW(ctx, click, click);
}
FLOW_ELEMENT_FN(refuse, click, click);

static void count_line(void *user, flow_log_level level, const char *step, const char *message)
{
    (void)level, (void)step;
    if (message)
        atomic_fetch_add((_Atomic int *)user, 1);
}

// One run that ends well or badly, whose log goes to a callback.
static flow_status run_logged(bool badly, _Atomic int *lines)
{
    enum {
        CLICKS = 1000
    };
    struct click *clicks = clicks_make(CLICKS, 10);
    struct taken taken = { 0 };
    const flow_pipeline_options options = { .log = count_line, .log_user = (void *)lines };
    flow_pipeline *p = flow_pipeline_new_with("logged", &options);
    const flow_coll in = clicks_read(p, clicks, CLICKS);
    count_by_minute(badly ? flow_do(in, &refuse_fn) : in, &taken);
    const flow_status status = run_with(p, 2, NULL);
    flow_pipeline_free(p);
    free(clicks);
    return status;
}

START_TEST(nothing_is_written_to_the_hosts_output)
{
    char path[] = "/tmp/flow-local-test-XXXXXX";
    _Atomic int lines = 0;
    fflush(NULL);
    const int file = mkstemp(path), out = dup(1), err = dup(2);
    ck_assert_int_ge(file, 0);
    unlink(path);
    dup2(file, 1);
    dup2(file, 2);
    const flow_status well = run_logged(false, &lines), badly = run_logged(true, &lines);
    fflush(NULL);
    dup2(out, 1);
    dup2(err, 2);
    close(out);
    close(err);
    ck_assert_int_eq(well, FLOW_OK);
    ck_assert_int_eq(badly, FLOW_USER);
    ck_assert_int_eq(lseek(file, 0, SEEK_END), 0);
    close(file);
}
END_TEST

static void build_one(flow_pipeline *p, const struct click *clicks, struct taken *taken)
{
    flow_scope_begin(p, "scope");
    count_by_minute(flow_do(clicks_read(p, clicks, 10), &refuse_fn), taken);
    flow_scope_end(p);
}

START_TEST(ten_thousand_pipelines_leave_nothing_behind)
{
    struct account account = { 0 };
    struct taken taken = { 0 };
    struct click *clicks = clicks_make(10, 10);
    for (int i = 0; i < 10000; i++) {
        flow_pipeline *p = pipeline_on(&account, "one of many");
        build_one(p, clicks, &taken);
        if (i % 2)
            ck_assert_int_eq(flow_pipeline_check(p, NULL), FLOW_OK);
        flow_pipeline_free(p);
        ck_assert_int_eq(account.blocks, 0);
    }
    ck_assert_int_eq(account.bytes, 0);
    free(clicks);
}
END_TEST

START_TEST(hundreds_of_runs_leave_no_memory_descriptor_or_thread)
{
    enum {
        CLICKS = 2000
    };
    struct click *clicks = clicks_make(CLICKS, 10);
    struct account account = { 0 };
    int files = 0, threads = 0;
    for (int i = 0; i < 301; i++) {
        struct taken taken = { 0 };
        flow_pipeline *p = pipeline_on(&account, "one of many");
        const bool badly = i % 3 == 2;
        const flow_coll in = clicks_read(p, clicks, CLICKS);
        count_by_minute(badly ? flow_do(in, &refuse_fn) : in, &taken);
        ck_assert_int_eq(run_with(p, 1 + (uint32_t)i % 4, NULL), badly ? FLOW_USER : FLOW_OK);
        ck_assert(badly || taken.sum == CLICKS);
        flow_pipeline_free(p);
        ck_assert_int_eq(account.blocks, 0);
        ck_assert_int_eq(account.bytes, 0);
        if (i == 4) { // a sanitizer has started its own thread by then
            files = count_entries("/proc/self/fd");
            threads = count_entries("/proc/self/task");
        }
    }
    ck_assert_int_eq(count_entries("/proc/self/fd"), files);
    for (int i = 0; i < 1000 && count_entries("/proc/self/task") > threads; i++)
        nap(); // a thread that was joined may still be listed for a moment
    ck_assert_int_le(count_entries("/proc/self/task"), threads);
    free(clicks);
}
END_TEST

// --- ten thousand runs

enum {
    RUNS = 10000,
    WARM = 500, // runs after which what is kept for the next has been taken
    FEW = 10    // clicks of a run
};

// A series of runs on one thread, each by another way.
struct series {
    const struct click *clicks;
    uint32_t runs;
    bool well;
};

static flow_status run_once(flow_pipeline *p, uint32_t i)
{
    const flow_local_options options = { .workers = 1 + i % 3 };
    const flow_runner runner = flow_local(&options);
    if (i % 2)
        return flow_run(p, &runner, NULL);
    flow_job *job = flow_job_start(p, &runner, NULL);
    return job ? flow_job_wait(job, NULL) : FLOW_INTERNAL;
}

static void *run_series(void *argument)
{
    struct series *series = argument;
    series->well = true;
    for (uint32_t i = 0; i < series->runs; i++) {
        struct taken taken = { 0 };
        flow_pipeline *p = flow_pipeline_new("one of many");
        const bool badly = i % 16 == 5;
        const flow_coll in = clicks_read(p, series->clicks, FEW);
        count_by_minute(badly ? flow_do(in, &refuse_fn) : in, &taken);
        const flow_status status = run_once(p, i);
        series->well =
            series->well && status == (badly ? FLOW_USER : FLOW_OK) && (badly || taken.sum == FEW);
        flow_pipeline_free(p);
    }
    return NULL;
}

static void run_many(const struct click *clicks, uint32_t runs, uint32_t threads)
{
    pthread_t others[2];
    struct series series[2];
    for (uint32_t t = 0; t < threads; t++) {
        series[t] = (struct series){ clicks, runs / threads, false };
        ck_assert_int_eq(pthread_create(&others[t], NULL, run_series, &series[t]), 0);
    }
    for (uint32_t t = 0; t < threads; t++) {
        pthread_join(others[t], NULL);
        ck_assert(series[t].well);
    }
}

// Bytes of the process that are in memory.
static int64_t resident(void)
{
    long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%*s %lld", &pages), 1);
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

START_TEST(ten_thousand_runs_leave_memory_descriptors_and_threads_as_they_were)
{
    const uint32_t runs = flow_test_seeds(RUNS);
    struct click *clicks = clicks_make(FEW, 10);
    run_many(clicks, WARM, 2);
    const int64_t memory = resident();
    const int files = count_entries("/proc/self/fd");
    const int threads = count_entries("/proc/self/task");
    run_many(clicks, runs / 5 * 4, 1);
    run_many(clicks, runs / 5, 2);
    ck_assert_int_eq(count_entries("/proc/self/fd"), files);
    for (int i = 0; i < 1000 && count_entries("/proc/self/task") > threads; i++)
        nap(); // a thread that was joined may still be listed for a moment
    ck_assert_int_le(count_entries("/proc/self/task"), threads);
    const int64_t more = resident() - memory;
    // sanitizers keep what was freed for a while, and fewer are run there
    ck_assert_msg(
        runs < RUNS || more < 1 << 20, "%lld bytes more after %u runs", (long long)more, runs);
    free(clicks);
}
END_TEST

TCase *manners_tests(void)
{
    TCase *tests = tcase_create("manners");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, no_signal_handler_is_installed);
    tcase_add_test(tests, worker_threads_leave_signals_to_the_host);
    tcase_add_test(tests, errno_and_locale_stay_the_hosts);
    tcase_add_test(tests, nothing_is_written_to_the_hosts_output);
    tcase_add_test(tests, ten_thousand_pipelines_leave_nothing_behind);
    tcase_add_test(tests, ten_thousand_runs_leave_memory_descriptors_and_threads_as_they_were);
    tcase_add_test(tests, hundreds_of_runs_leave_no_memory_descriptor_or_thread);
    return tests;
}
