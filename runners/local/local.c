// SPDX-License-Identifier: Apache-2.0
// The local runner: threads that step an engine until nothing is left to do.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE // pthread_setaffinity_np, pthread_setname_np, ppoll
#endif
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <core.h>

#include <flow/runner_local.h>
#include <flow/transform.h>

#define WORKERS_MOST 64u
#define MEMORY_LEAST ((uint64_t)8 << 20)
#define SCRATCH      "/var/tmp" // by custom on a disk, where /tmp may be memory
#define SPIN_NS      30000      // a worker that runs out of work looks for more before it sleeps
#define POLL_US      1000       // sources that cannot wake are asked this often
#define SLEEP_US     1000000    // a worker looks around at least this often

struct thread {
    struct local_job *job;
    pthread_t thread;
    uint32_t index;
    bool started;
    int bell; // eventfd: written to wake the worker
    _Atomic bool sleeping;
};

struct local_job {
    flow_job base;
    flow_allocator allocator;
    struct fl_engine *engine;
    flow_local_options options;
    struct thread *threads;
    _Atomic uint32_t running;
    int64_t epoch; // the wall clock less the monotonic one, when the job was made: microseconds
};

static int64_t microseconds(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

// The time of day as it was when the job was made, and from then on a clock that is never set.
static int64_t now(void *user)
{
    return ((const struct local_job *)user)->epoch + microseconds(CLOCK_MONOTONIC);
}

// Async-signal-safe, since a job may be cancelled from a signal handler.
static void wake(void *user, uint32_t worker)
{
    struct local_job *job = user;
    struct thread *thread = &job->threads[worker];
    const uint64_t one = 1;
    // what the worker is woken for is seen before it is asked whether it sleeps: it says so first
    // and looks once more after, so one of the two sees the other
    atomic_thread_fence(memory_order_seq_cst);
    if (!atomic_load(&thread->sleeping) || !atomic_exchange(&thread->sleeping, false))
        return;
    const int saved = errno;
    while (write(thread->bell, &one, sizeof one) < 0 && errno == EINTR)
        ;
    errno = saved;
}

static void yield(void)
{
    sched_yield();
}

static void sleep_until_woken(struct thread *thread, enum fl_step step)
{
    struct pollfd bell = { thread->bell, POLLIN, 0 };
    uint64_t count;
    const int64_t wake = fl_engine_next_wake(thread->job->engine, thread->index);
    int64_t left = step == FL_STEP_POLL ? POLL_US : SLEEP_US;
    if (wake != FL_ASLEEP) {
        const int64_t until = wake - now(thread->job);
        left = until < left ? until : left;
    }
    if (left <= 0)
        return;
    const struct timespec most = { left / 1000000, left % 1000000 * 1000 };
    if (ppoll(&bell, 1, &most, NULL) > 0 && read(thread->bell, &count, sizeof count) < 0)
        return;
}

// Sleeping and being woken costs more than this short while: bursts that follow each other closely
// find the worker awake. Others that want the core get it.
static bool spins(int64_t *idle_since)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    const int64_t at = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
    if (*idle_since == 0)
        *idle_since = at;
    if (at - *idle_since >= SPIN_NS)
        return false;
    sched_yield();
    return true;
}

static void run_worker(struct thread *thread)
{
    struct fl_engine *engine = thread->job->engine;
    for (int64_t idle_since = 0;;) {
        const enum fl_step step = fl_engine_step(engine, thread->index);
        if (step == FL_STEP_DONE || step == FL_STEP_FAILED)
            return;
        if (step == FL_STEP_WORKED) {
            idle_since = 0;
            continue;
        }
        if (spins(&idle_since))
            continue;
        // say that we sleep, look once more, then sleep: so no wake-up is lost
        atomic_store(&thread->sleeping, true);
        atomic_thread_fence(memory_order_seq_cst);
        const enum fl_step again = fl_engine_step(engine, thread->index);
        if (again == FL_STEP_IDLE || again == FL_STEP_POLL)
            sleep_until_woken(thread, again);
        atomic_store(&thread->sleeping, false);
        if (again == FL_STEP_DONE || again == FL_STEP_FAILED)
            return;
    }
}

static void *thread_main(void *argument)
{
    struct thread *thread = argument;
    run_worker(thread);
    atomic_fetch_sub(&thread->job->running, 1);
    return NULL;
}

static void free_job(struct local_job *job)
{
    if (!job)
        return;
    const flow_allocator allocator = job->allocator;
    fl_engine_free(job->engine);
    for (uint32_t w = 0; job->threads && w < job->options.workers; w++)
        if (job->threads[w].bell >= 0)
            close(job->threads[w].bell);
    flow_release(&allocator, job->threads, job->options.workers * sizeof *job->threads);
    flow_release(&allocator, job, sizeof *job);
}

static flow_status fill_options(flow_local_options *options, const void *given, flow_error *error)
{
    memset(options, 0, sizeof *options);
    if (given)
        *options = *(const flow_local_options *)given;
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const uint64_t pages = (uint64_t)sysconf(_SC_PHYS_PAGES);
    if (options->workers == 0)
        options->workers = cores > 0 ? (uint32_t)cores : 1;
    if (!given || ((const flow_local_options *)given)->workers == 0)
        options->workers = options->workers < WORKERS_MOST ? options->workers : WORKERS_MOST;
    if (options->memory == 0)
        options->memory = pages * (uint64_t)sysconf(_SC_PAGESIZE) / 2;
    if (!options->scratch)
        options->scratch = SCRATCH;
    if (options->workers > WORKERS_MOST)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "the local runner takes at most %u workers, not %u", WORKERS_MOST, options->workers);
    if (options->memory < MEMORY_LEAST)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "the local runner needs a memory budget of at least 8 MiB, not %llu bytes",
            (unsigned long long)options->memory);
    return FLOW_OK;
}

static struct local_job *new_job(const flow_graph *graph, const void *given, flow_error *error)
{
    flow_local_options options;
    if (fill_options(&options, given, error) != FLOW_OK)
        return NULL;
    struct local_job *job = flow_allocate(graph->allocator, sizeof *job);
    if (job)
        job->threads = flow_allocate(graph->allocator, options.workers * sizeof *job->threads);
    if (!job || !job->threads) {
        flow_release(graph->allocator, job, sizeof *job);
        flow_error_raise(error, FLOW_MEMORY, NULL, "no memory for a job");
        return NULL;
    }
    job->base.ops = &flow_local_runner_ops;
    job->allocator = *graph->allocator;
    job->options = options;
    job->epoch = microseconds(CLOCK_REALTIME) - microseconds(CLOCK_MONOTONIC);
    bool bells = true;
    for (uint32_t w = 0; w < options.workers; w++) {
        struct thread *thread = &job->threads[w];
        thread->job = job;
        thread->index = w;
        thread->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        bells = bells && thread->bell >= 0;
    }
    if (!bells) {
        flow_error_raise(
            error, FLOW_IO, NULL, "no file descriptor left to wake %u workers", options.workers);
        free_job(job);
        return NULL;
    }
    const struct fl_engine_options engine = { .workers = options.workers,
        .memory = options.memory,
        .scratch = options.scratch[0] ? options.scratch : NULL,
        .port = { .user = job, .now = now, .wake = wake, .yield = yield } };
    job->engine = fl_engine_new(graph, &engine, error);
    if (!job->engine) {
        free_job(job);
        return NULL;
    }
    return job;
}

static void pin(pthread_t thread, uint32_t index)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(index % (uint32_t)(cores > 0 ? cores : 1), &set);
    pthread_setaffinity_np(thread, sizeof set, &set);
}

// Threads of ours take no signals: those belong to the host.
static flow_status start_threads(struct local_job *job, uint32_t first, flow_error *error)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = 0;
    for (uint32_t w = first; w < job->options.workers && !failed; w++) {
        struct thread *thread = &job->threads[w];
        char name[16];
        atomic_fetch_add(&job->running, 1);
        failed = pthread_create(&thread->thread, NULL, thread_main, thread);
        thread->started = !failed;
        if (failed) {
            atomic_fetch_sub(&job->running, 1);
            break;
        }
        snprintf(name, sizeof name, "flow-w%u", w % 1000);
        pthread_setname_np(thread->thread, name);
        if (job->options.pin)
            pin(thread->thread, w);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!failed)
        return FLOW_OK;
    flow_error raised = { 0 };
    char reason[80];
    const flow_status status = flow_error_raise(&raised, FLOW_IO, NULL,
        "a worker thread could not be started: %s", strerror_r(failed, reason, sizeof reason));
    fl_engine_fail(job->engine, &raised);
    flow_error_raise(error, status, NULL, "%s", raised.message);
    return status;
}

static void join_threads(struct local_job *job)
{
    for (uint32_t w = 0; w < job->options.workers; w++)
        if (job->threads[w].started)
            pthread_join(job->threads[w].thread, NULL);
}

static flow_status end_job(struct local_job *job, flow_error *error)
{
    flow_error reason = { 0 };
    join_threads(job);
    const flow_status status = fl_engine_end(job->engine, &reason);
    if (error && error->status == FLOW_OK)
        *error = reason;
    free_job(job);
    return status;
}

static flow_status run(const flow_graph *graph, const void *options, flow_error *error)
{
    flow_error reason = { 0 };
    struct local_job *job = new_job(graph, options, &reason);
    if (!job) {
        if (error && error->status == FLOW_OK)
            *error = reason;
        return reason.status;
    }
    if (start_threads(job, 1, &reason) == FLOW_OK)
        run_worker(&job->threads[0]);
    return end_job(job, error);
}

static flow_job *start(const flow_graph *graph, const void *options, flow_error *error)
{
    struct local_job *job = new_job(graph, options, error);
    if (!job)
        return NULL;
    if (start_threads(job, 0, error) != FLOW_OK) {
        end_job(job, NULL);
        return NULL;
    }
    return &job->base;
}

// The host's errno is left as it was: errors are told by status and sentence.
static flow_status local_run(const flow_graph *graph, const void *options, flow_error *error)
{
    const int saved = errno;
    const flow_status status = run(graph, options, error);
    errno = saved;
    return status;
}

static flow_job *local_start(const flow_graph *graph, const void *options, flow_error *error)
{
    const int saved = errno;
    flow_job *job = start(graph, options, error);
    errno = saved;
    return job;
}

static flow_status local_wait(flow_job *job, flow_error *error)
{
    const int saved = errno;
    const flow_status status = end_job((struct local_job *)job, error);
    errno = saved;
    return status;
}

static void local_cancel(flow_job *job)
{
    fl_engine_cancel(((struct local_job *)job)->engine);
}

static void local_drain(flow_job *job)
{
    fl_engine_drain(((struct local_job *)job)->engine);
}

static void local_status(const flow_job *job, flow_status_report *report)
{
    const struct local_job *local = (const struct local_job *)job;
    const bool ended = atomic_load(&local->running) == 0; // first: then the figures are final
    fl_engine_status(local->engine, report);
    report->ended = ended;
}

static bool local_step(const flow_job *job, size_t index, flow_step_report *report)
{
    return fl_engine_step_report(((const struct local_job *)job)->engine, index, report);
}

static bool local_explain(const flow_job *job, const char *step, flow_buffer *out)
{
    return fl_engine_explain(((const struct local_job *)job)->engine, step, out);
}

// A worker cannot wait for itself, nor for one that waits for it.
static bool is_worker(const struct local_job *job)
{
    for (uint32_t w = 0; w < job->options.workers; w++)
        if (job->threads[w].started && pthread_equal(job->threads[w].thread, pthread_self()))
            return true;
    return false;
}

static bool local_why(const flow_job *job, const flow_why *question, flow_buffer *out)
{
    const struct local_job *local = (const struct local_job *)job;
    if (!is_worker(local))
        return fl_engine_why(local->engine, question, out);
    flow_buffer_printf(
        out, "functions of a job cannot ask why: ask from another thread than its workers'");
    return true;
}

static bool local_metrics(
    const flow_job *job, bool (*show)(void *user, const flow_figure *figure), void *user)
{
    return fl_engine_metrics(((const struct local_job *)job)->engine, show, user);
}

const flow_runner_ops flow_local_runner_ops = {
    .name = "local",
    .run = local_run,
    .start = local_start,
    .wait = local_wait,
    .cancel = local_cancel,
    .drain = local_drain,
    .status = local_status,
    .step = local_step,
    .explain = local_explain,
    .metrics = local_metrics,
    .why = local_why,
};

const flow_runner flow_local_runner = { &flow_local_runner_ops, NULL };
