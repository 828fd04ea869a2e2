// SPDX-License-Identifier: Apache-2.0
// Open loop: events fall due by the clock, whatever the engine does; latency is from the end of a
// window on that schedule to the arrival of each of its results. Beside it a loop without any
// engine, paced the same way, and the time that the host took from this machine.
#include "engine/engine.h"

#include <flow/runner_local.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

enum {
    KEYS = 10000,
    PER_CORE = 500000
};

/* Latencies of results, in microseconds. */
struct samples {
    double begin;    /* when the event with time EVENT_BASE_US is due */
    int64_t last_us; /* end of the last window that counts */
    double *values;
    size_t count;
    size_t size;
};

/* The schedule: event number n is due at begin + n / rate. */
struct schedule {
    double begin;
    double rate;
    uint64_t count;
};

static void nap(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 20000 }, NULL);
}

/* How many events are due by now; naps until there is one past `done`. */
static uint64_t due(const struct schedule *schedule, uint64_t done)
{
    for (;;) {
        const double passed = bench_now() - schedule->begin;
        const uint64_t n = passed > 0 ? (uint64_t)(passed * schedule->rate) : 0;
        if (n > done)
            return n < schedule->count ? n : schedule->count;
        nap();
    }
}

static struct event event_of(const struct schedule *schedule, uint64_t n)
{
    return (struct event){
        .at = { EVENT_BASE_US + (int64_t)((double)n / schedule->rate * 1e6) },
        .user = event_id(n) % KEYS,
        .kind = 1,
    };
}

static void record(struct samples *samples, int64_t end_us, double now)
{
    const double due_at = samples->begin + (double)(end_us - EVENT_BASE_US) * 1e-6;
    const bool warm = end_us > EVENT_BASE_US + EVENT_SLICE_US;
    if (warm && end_us <= samples->last_us && samples->count < samples->size)
        samples->values[samples->count++] = (now - due_at) * 1e6;
}

static void take(void *user, const flow_elements *elements)
{
    const double now = bench_now();
    for (uint32_t i = 0; i < elements->batch.count; i++)
        record(user, elements->windows[i].end.us, now);
}

static bool push_all(flow_channel *channel, const struct schedule *schedule)
{
    for (uint64_t done = 0; done < schedule->count;) {
        for (const uint64_t until = due(schedule, done); done < until; done++) {
            const struct event e = event_of(schedule, done);
            if (flow_channel_push(channel, &e, -1) != FLOW_OK)
                return false;
        }
    }
    return true;
}

static bool run_engine(
    const struct bench_options *options, struct schedule *schedule, struct samples *samples)
{
    flow_error error = { 0 };
    flow_channel *channel =
        flow_channel_new(&(flow_channel_options){ .type = &event_type }, &error);
    flow_pipeline *p = flow_pipeline_new("latency");
    const flow_coll events = flow_channel_read(p, channel,
        &(flow_channel_read_options){
            .event_time = FLOW_FIELD(event, at), .times = { .in_order = true } });
    const flow_coll seconds = flow_window_into(flow_key_by(events, FLOW_FIELD(event, user)),
        &(flow_window_options){ .windows = flow_fixed(flow_seconds(1)) });
    flow_receive(flow_count(seconds), NULL, take, samples);
    const flow_local_options local = { .workers = options->threads };
    const flow_runner runner = flow_local(&local);
    flow_job *job = flow_job_start(p, &runner, &error);
    schedule->begin = samples->begin = bench_now() + 0.05;
    bool ok = job != NULL && push_all(channel, schedule);
    flow_channel_close(channel);
    ok &= job != NULL && flow_job_wait(job, &error) == FLOW_OK;
    if (!ok)
        fprintf(stderr, "bench: latency: step %s: %s\n", error.step, error.message);
    flow_pipeline_free(p);
    flow_channel_free(channel);
    return ok;
}

/* The same events counted in an array by a loop paced the same way. */
static void run_hand(struct schedule *schedule, struct samples *samples)
{
    static int64_t counts[KEYS];
    schedule->begin = samples->begin = bench_now() + 0.05;
    int64_t end_us = EVENT_BASE_US + EVENT_SLICE_US;
    memset(counts, 0, sizeof counts);
    for (uint64_t done = 0; done < schedule->count;) {
        for (const uint64_t until = due(schedule, done); done < until; done++) {
            const struct event e = event_of(schedule, done);
            for (; e.at.us >= end_us; end_us += EVENT_SLICE_US) {
                const double now = bench_now();
                for (size_t k = 0; k < KEYS; k++) {
                    if (counts[k] > 0)
                        record(samples, end_us, now);
                    counts[k] = 0;
                }
            }
            counts[e.user]++;
        }
    }
}

/* The columns user … steal of /proc/stat; the eighth is what the host took. */
static void read_stat(double *all, double *steal)
{
    double columns[8] = { 0 };
    FILE *file = fopen("/proc/stat", "r");
    if (file != NULL) {
        int n = fscanf(file, "cpu");
        for (int i = 0; i < 8 && n >= 0; i++)
            n = fscanf(file, "%lf", &columns[i]);
        fclose(file);
    }
    *all = 0;
    for (int i = 0; i < 8; i++)
        *all += columns[i];
    *steal = columns[7];
}

static double percentile(const struct samples *samples, double part)
{
    const size_t at = (size_t)(part * (double)samples->count);
    return samples->values[at < samples->count ? at : samples->count - 1];
}

static void report(const struct samples *engine, const struct samples *hand)
{
    static const struct {
        const char *id;
        double part;
    } lines[] = { { "latency_p50", 0.5 }, { "latency_p99", 0.99 }, { "latency_p99.99", 0.9999 } };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const double ours = percentile(engine, lines[i].part);
        const double ratio = ours / percentile(hand, lines[i].part);
        bench_print(
            lines[i].id, ours, "us", (struct spread){ ratio, ratio, ratio }, "paced_hand_c");
    }
}

static struct samples samples_new(unsigned seconds)
{
    const size_t size = (size_t)seconds * KEYS;
    double *values = bench_pages(size * sizeof *values);
    memset(values, 0, size * sizeof *values);
    return (struct samples){
        .last_us = EVENT_BASE_US + (int64_t)seconds * EVENT_SLICE_US, .values = values, .size = size
    };
}

bool bench_latency(const struct bench_options *options, const struct bench_data *data)
{
    (void)data;
    const unsigned seconds = options->latency_seconds;
    struct samples engine = samples_new(seconds);
    struct samples hand = samples_new(seconds);
    struct schedule schedule = { .rate = (double)PER_CORE * options->threads };
    schedule.count = (uint64_t)((seconds + 0.1) * schedule.rate);
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    double all[2];
    double steal[2];
    read_stat(&all[0], &steal[0]);
    const bool ok = run_engine(options, &schedule, &engine);
    read_stat(&all[1], &steal[1]);
    if (ok)
        run_hand(&schedule, &hand);
    if (ok && engine.count == hand.count) {
        bench_spread(engine.values, (unsigned)engine.count);
        bench_spread(hand.values, (unsigned)hand.count);
        report(&engine, &hand);
        const double part = all[1] > all[0] ? (steal[1] - steal[0]) / (all[1] - all[0]) * 100 : 0;
        bench_print("latency_steal", part, "percent", (struct spread){ 1, 1, 1 }, "its_own_run");
    } else {
        printf("failed latency: %zu results in time, expected %zu\n", engine.count, hand.count);
    }
    bench_pages_free(engine.values, engine.size * sizeof *engine.values);
    bench_pages_free(hand.values, hand.size * sizeof *hand.values);
    return ok && engine.count == hand.count;
}
