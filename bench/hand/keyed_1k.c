// SPDX-License-Identifier: Apache-2.0
// Count per product and window: threads take morsels and count into private tables, one a window,
// that are merged when the window is over. The keys fit the nearer caches, so nothing is prefetched
// and tables are kept sparse: a collision costs a mispredicted branch.
#include "hand/hand.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum {
    MORSEL = 65536,
    THREADS = 64
};

struct shared {
    const struct events *events;
    _Atomic size_t next;
    int64_t window_us;
    size_t windows;
    unsigned shift;
};

struct worker {
    struct shared *shared;
    struct hand_slot *tables; /* one after another, by window */
};

/* Counts rows up to the window's end or the morsel's. */
static size_t count_until(
    const struct event *rows, size_t count, int64_t end_us, struct hand_slot *table, unsigned shift)
{
    size_t i = 0;
    for (; i < count && rows[i].at.us < end_us; i++) {
        if (event_is_wanted(&rows[i]))
            hand_add(table, shift, rows[i].product, 1);
    }
    return i;
}

static void count_morsel(struct worker *worker, const struct event *rows, size_t count)
{
    const struct shared *shared = worker->shared;
    const size_t slots = (size_t)1 << (64 - shared->shift);
    while (count > 0) {
        const size_t window = (size_t)((rows->at.us - EVENT_BASE_US) / shared->window_us);
        const int64_t end = EVENT_BASE_US + ((int64_t)window + 1) * shared->window_us;
        const size_t done =
            count_until(rows, count, end, worker->tables + window * slots, shared->shift);
        rows += done;
        count -= done;
    }
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    const struct events *events = worker->shared->events;
    for (;;) {
        const size_t begin =
            atomic_fetch_add_explicit(&worker->shared->next, MORSEL, memory_order_relaxed);
        if (begin >= events->count)
            return NULL;
        const size_t left = events->count - begin;
        count_morsel(worker, events->rows + begin, left < MORSEL ? left : MORSEL);
    }
}

static void merge(struct worker *workers, size_t n, struct outcome *outcome)
{
    const struct shared *shared = workers[0].shared;
    const size_t slots = (size_t)1 << (64 - shared->shift);
    for (size_t w = 0; w < shared->windows; w++) {
        struct hand_slot *into = workers[0].tables + w * slots;
        for (size_t t = 1; t < n; t++) {
            const struct hand_slot *from = workers[t].tables + w * slots;
            for (size_t i = 0; i < slots; i++) {
                if (from[i].count > 0)
                    hand_add(into, shared->shift, from[i].key, from[i].count);
            }
        }
        hand_emit(into, shared->shift, EVENT_BASE_US + (int64_t)w * shared->window_us, outcome);
    }
}

static void run(const struct bench_options *options, const struct events *events, int64_t window_us,
    struct outcome *outcome)
{
    const size_t n = options->threads < THREADS ? options->threads : THREADS;
    struct shared shared = { .events = events,
        .window_us = window_us,
        .windows = (size_t)(EVENT_SPAN_US / window_us),
        .shift = hand_shift(4 * EVENT_PRODUCTS) };
    const size_t bytes =
        shared.windows * ((size_t)1 << (64 - shared.shift)) * sizeof(struct hand_slot);
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    for (size_t t = 0; t < n; t++) {
        workers[t] = (struct worker){ &shared, bench_pages(bytes) };
        if (t > 0)
            pthread_create(&threads[t], NULL, work, &workers[t]);
    }
    work(&workers[0]);
    for (size_t t = 1; t < n; t++)
        pthread_join(threads[t], NULL);
    merge(workers, n, outcome);
    for (size_t t = 0; t < n; t++)
        bench_pages_free(workers[t].tables, bytes);
}

void hand_keyed_1k(const struct bench_options *options, const void *input, struct outcome *outcome)
{
    run(options, input, EVENT_WINDOW_US, outcome);
}

void hand_keyed_1k_second(
    const struct bench_options *options, const void *input, struct outcome *outcome)
{
    run(options, input, EVENT_SLICE_US, outcome);
}
