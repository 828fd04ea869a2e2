// SPDX-License-Identifier: Apache-2.0
// Filter, map, filter and sum as one loop over rows in memory, one contiguous part a thread.
#include "hand/hand.h"

#include <pthread.h>

struct part {
    const struct event *rows;
    size_t count;
    bool half;
    int64_t sum;
};

static int64_t sum_wanted(const struct event *rows, size_t count)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        const int64_t price = event_convert(rows[i].price);
        sum += price & -((int64_t)event_is_wanted(&rows[i]) & event_is_dear(price));
    }
    return sum;
}

static int64_t sum_even(const struct event *rows, size_t count)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        const int64_t price = event_convert(rows[i].price);
        sum += price & -((int64_t)event_is_even(&rows[i]) & event_is_dear(price));
    }
    return sum;
}

static void *work(void *argument)
{
    struct part *part = argument;
    part->sum =
        part->half ? sum_even(part->rows, part->count) : sum_wanted(part->rows, part->count);
    return NULL;
}

static void run(const struct bench_options *options, const struct events *events, bool half,
    struct outcome *outcome)
{
    enum {
        THREADS = 64
    };
    struct part parts[THREADS];
    pthread_t threads[THREADS];
    const size_t n = options->threads < THREADS ? options->threads : THREADS;
    for (size_t t = 0; t < n; t++) {
        const size_t begin = events->count * t / n;
        const size_t end = events->count * (t + 1) / n;
        parts[t] = (struct part){ events->rows + begin, end - begin, half, 0 };
        if (t > 0)
            pthread_create(&threads[t], NULL, work, &parts[t]);
    }
    work(&parts[0]);
    outcome->sum = (uint64_t)parts[0].sum;
    for (size_t t = 1; t < n; t++) {
        pthread_join(threads[t], NULL);
        outcome->sum += (uint64_t)parts[t].sum;
    }
    outcome->results = 1;
}

void hand_stateless(const struct bench_options *options, const void *input, struct outcome *outcome)
{
    run(options, input, false, outcome);
}

void hand_stateless_half(
    const struct bench_options *options, const void *input, struct outcome *outcome)
{
    run(options, input, true, outcome);
}
