// SPDX-License-Identifier: Apache-2.0
// Sessions and early results per user: each thread reads all events and keeps the users it owns, an
// open session or window a user in one table. Events come in order of time, so a session is over
// when the user's next event is late enough.
#include "hand/hand.h"

#include <pthread.h>

enum {
    THREADS = 64,
    AHEAD = 16
};

struct open {
    uint64_t key; /* with count 0 and start 0: empty */
    int64_t start_us, end_us;
    int64_t count;
};

struct worker {
    const struct events *events;
    size_t id, n;
    unsigned shift;
    bool early;
    struct open *slots;
    struct outcome outcome;
};

static struct open *slot_of(struct worker *worker, uint64_t key)
{
    const uint64_t mask = (UINT64_C(1) << (64 - worker->shift)) - 1;
    uint64_t at = key * HAND_HASH >> worker->shift;
    while (worker->slots[at].key != key && worker->slots[at].start_us != 0)
        at = (at + 1) & mask;
    return &worker->slots[at];
}

static void emit(struct worker *worker, const struct open *open)
{
    worker->outcome.sum += event_mix(open->key, open->start_us, open->count);
    worker->outcome.results++;
}

static void add_to_session(struct worker *worker, struct open *open, const struct event *row)
{
    if (open->start_us != 0 && row->at.us >= open->end_us)
        emit(worker, open);
    if (open->start_us == 0 || row->at.us >= open->end_us)
        *open = (struct open){ .key = row->user, .start_us = row->at.us };
    open->end_us = row->at.us + EVENT_GAP_US;
    open->count++;
}

static void add_early(struct worker *worker, struct open *open, const struct event *row)
{
    const int64_t past = (row->at.us - EVENT_BASE_US) % EVENT_WINDOW_US;
    const int64_t start = row->at.us - past;
    if (open->start_us != start && open->count > 0)
        emit(worker, open);
    if (open->start_us != start)
        *open = (struct open){ .key = row->user, .start_us = start };
    if (++open->count == EVENT_EARLY) {
        emit(worker, open);
        open->count = 0;
    }
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    const struct event *rows = worker->events->rows;
    const size_t count = worker->events->count, mask = ((size_t)1 << (64 - worker->shift)) - 1;
    for (size_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            __builtin_prefetch(
                &worker->slots[rows[i + AHEAD].user * HAND_HASH >> worker->shift], 1);
        if ((rows[i].user * HAND_HASH >> 20) % worker->n != worker->id)
            continue;
        struct open *open = slot_of(worker, rows[i].user);
        if (worker->early)
            add_early(worker, open, &rows[i]);
        else
            add_to_session(worker, open, &rows[i]);
    }
    for (size_t i = 0; i <= mask; i++)
        if (worker->slots[i].count > 0)
            emit(worker, &worker->slots[i]);
    return NULL;
}

static void run(
    const struct bench_options *options, const void *input, bool early, struct outcome *outcome)
{
    const size_t n = options->threads < THREADS ? options->threads : THREADS;
    const unsigned shift = hand_shift(EVENT_FEW_USERS);
    const size_t bytes = sizeof(struct open) << (64 - shift);
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    for (size_t t = 0; t < n; t++) {
        workers[t] = (struct worker){ input, t, n, shift, early, bench_pages(bytes), { 0 } };
        if (t > 0)
            pthread_create(&threads[t], NULL, work, &workers[t]);
    }
    work(&workers[0]);
    for (size_t t = 0; t < n; t++) {
        if (t > 0)
            pthread_join(threads[t], NULL);
        outcome->sum += workers[t].outcome.sum;
        outcome->results += workers[t].outcome.results;
        bench_pages_free(workers[t].slots, bytes);
    }
}

void hand_sessions(const struct bench_options *options, const void *input, struct outcome *outcome)
{
    run(options, input, false, outcome);
}

void hand_early(const struct bench_options *options, const void *input, struct outcome *outcome)
{
    run(options, input, true, outcome);
}
