// SPDX-License-Identifier: Apache-2.0
// Count per product over 60 s every second: each event is counted in one slice; a running sum per
// product takes the newest slice in and the slice of a minute ago out.
#include "hand/hand.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum {
    MORSEL = 65536,
    THREADS = 64,
    DENSE = EVENT_PRODUCTS + 1,
    SLOTS = 8192
};

struct shared {
    const struct events *events;
    _Atomic size_t next;
    size_t slices;
};

struct numbered {
    uint64_t key; /* with number 0: empty */
    uint64_t number;
};

/* Products get dense numbers from 1 per thread; a slice is an array over them. */
struct worker {
    struct shared *shared;
    uint64_t keys[DENSE];
    struct numbered slots[SLOTS];
    uint32_t known;
    uint32_t (*counts)[DENSE]; /* by slice */
};

static inline uint64_t number_of(struct worker *worker, uint64_t key)
{
    uint64_t at = key * HAND_HASH >> 51;
    while (worker->slots[at].key != key || worker->slots[at].number == 0) {
        if (worker->slots[at].number == 0) {
            worker->keys[++worker->known] = key;
            worker->slots[at] = (struct numbered){ key, worker->known };
            break;
        }
        at = (at + 1) & (SLOTS - 1);
    }
    return worker->slots[at].number;
}

static void count_morsel(struct worker *worker, const struct event *rows, size_t count)
{
    for (size_t i = 0; i < count;) {
        const int64_t slice = (rows[i].at.us - EVENT_BASE_US) / EVENT_SLICE_US;
        const int64_t end = EVENT_BASE_US + (slice + 1) * EVENT_SLICE_US;
        uint32_t *counts = worker->counts[slice];
        for (; i < count && rows[i].at.us < end; i++) {
            if (event_is_wanted(&rows[i]))
                counts[number_of(worker, rows[i].product)]++;
        }
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

/* Takes one thread's slices into the first thread's. */
static void merge(struct worker *into, const struct worker *from)
{
    uint64_t numbers[DENSE];
    for (uint32_t k = 1; k <= from->known; k++)
        numbers[k] = number_of(into, from->keys[k]);
    for (size_t s = 0; s < into->shared->slices; s++) {
        for (uint32_t k = 1; k <= from->known; k++)
            into->counts[s][numbers[k]] += from->counts[s][k];
    }
}

/* Window e ends with slice e and began 59 slices before. */
static void emit(struct worker *worker, struct outcome *outcome)
{
    static const uint32_t none[DENSE];
    int64_t running[DENSE] = { 0 };
    const size_t slices = worker->shared->slices;
    for (size_t e = 0; e < slices + EVENT_SLICES - 1; e++) {
        const uint32_t *in = e < slices ? worker->counts[e] : none;
        const uint32_t *out = e >= EVENT_SLICES ? worker->counts[e - EVENT_SLICES] : none;
        const int64_t start = EVENT_BASE_US + ((int64_t)e + 1 - EVENT_SLICES) * EVENT_SLICE_US;
        for (uint32_t k = 1; k <= worker->known; k++) {
            running[k] += (int64_t)in[k] - (int64_t)out[k];
            if (running[k] == 0)
                continue;
            outcome->sum += event_mix(worker->keys[k], start, running[k]);
            outcome->results++;
        }
    }
}

void hand_sliding(const struct bench_options *options, const void *input, struct outcome *outcome)
{
    const size_t n = options->threads < THREADS ? options->threads : THREADS;
    const struct events *events = input;
    const int64_t last_us = events->rows[events->count - 1].at.us;
    struct shared shared = { .events = events,
        .slices = (size_t)((last_us - EVENT_BASE_US) / EVENT_SLICE_US) + 1 };
    const size_t bytes = shared.slices * sizeof(uint32_t[DENSE]);
    struct worker *workers = bench_pages(n * sizeof *workers);
    pthread_t threads[THREADS];
    for (size_t t = 0; t < n; t++) {
        workers[t].shared = &shared;
        workers[t].counts = bench_pages(bytes);
        if (t > 0)
            pthread_create(&threads[t], NULL, work, &workers[t]);
    }
    work(&workers[0]);
    for (size_t t = 1; t < n; t++) {
        pthread_join(threads[t], NULL);
        merge(&workers[0], &workers[t]);
    }
    emit(&workers[0], outcome);
    for (size_t t = 0; t < n; t++)
        bench_pages_free(workers[t].counts, bytes);
    bench_pages_free(workers, n * sizeof *workers);
}
