// SPDX-License-Identifier: Apache-2.0
// Count per user and minute. One thread: a table with prefetched probes. More: each thread projects
// its rows to 16 bytes and passes them in batches to the thread that owns the key, whose table is
// that much smaller. A window is emitted and its table cleared once every producer is past its end.
#include "hand/hand.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    MORSEL = 65536,
    AHEAD = 32,
    BATCH = 1024,
    RING = 16,
    OPEN = 4,
    THREADS = 8
};

struct pair {
    uint64_t key;
    int64_t at_us;
};

struct batch {
    struct pair pairs[BATCH];
    uint32_t count;
    int64_t watermark_us; /* nothing earlier follows from this producer */
};

/* One producer, one consumer; each index on a line of its own. */
struct ring {
    _Alignas(128) _Atomic size_t head; /* written by the producer */
    _Alignas(128) _Atomic size_t tail; /* written by the consumer */
    _Alignas(128) struct batch batches[RING];
};

struct window_table {
    int64_t start_us;
    bool open;
    struct hand_slot *slots;
};

struct shared {
    const struct events *events;
    _Alignas(128) _Atomic size_t next;
    _Alignas(128) struct ring *rings; /* [producer * n + owner] */
    size_t n;
    unsigned shift;
};

struct worker {
    struct shared *shared;
    size_t id;
    struct batch own;               /* rows that stay here */
    int64_t watermarks_us[THREADS]; /* by producer */
    struct window_table tables[OPEN];
    struct outcome outcome;
};

static struct window_table *find_window(struct worker *worker, int64_t at_us)
{
    const int64_t number = (at_us - EVENT_BASE_US) / EVENT_WINDOW_US;
    struct window_table *table = &worker->tables[number % OPEN];
    if (!table->open) {
        const size_t bytes = sizeof(struct hand_slot) << (64 - worker->shared->shift);
        table->start_us = EVENT_BASE_US + number * EVENT_WINDOW_US;
        table->open = true;
        if (table->slots == NULL)
            table->slots = bench_pages(bytes);
    }
    return table;
}

static void close_windows(struct worker *worker)
{
    int64_t watermark = INT64_MAX;
    for (size_t p = 0; p < worker->shared->n; p++) {
        if (worker->watermarks_us[p] < watermark)
            watermark = worker->watermarks_us[p];
    }
    for (size_t i = 0; i < OPEN; i++) {
        struct window_table *table = &worker->tables[i];
        if (!table->open || table->start_us + EVENT_WINDOW_US > watermark)
            continue;
        hand_emit(table->slots, worker->shared->shift, table->start_us, &worker->outcome);
        memset(table->slots, 0, sizeof(struct hand_slot) << (64 - worker->shared->shift));
        table->open = false;
    }
}

/* The top bits of the hash choose the owner, so the table uses the bits below. */
static inline uint64_t owner_of(uint64_t key, size_t n)
{
    return (key * HAND_HASH >> 32) * n >> 32;
}

static inline uint64_t slot_key(uint64_t key)
{
    return (key ^ (key >> 32)) * UINT64_C(0xD6E8FEB86659FD93);
}

static inline void add_mixed(struct hand_slot *slots, unsigned shift, uint64_t key)
{
    const uint64_t mask = (UINT64_C(1) << (64 - shift)) - 1;
    uint64_t at = slot_key(key) >> shift;
    while (slots[at].key != key) {
        if (slots[at].count == 0) {
            slots[at].key = key;
            break;
        }
        at = (at + 1) & mask;
    }
    slots[at].count++;
}

static void add_batch(struct worker *worker, const struct batch *batch)
{
    const unsigned shift = worker->shared->shift;
    const struct pair *pairs = batch->pairs;
    for (uint32_t i = 0; i < batch->count;) {
        struct window_table *table = find_window(worker, pairs[i].at_us);
        const int64_t end = table->start_us + EVENT_WINDOW_US;
        struct hand_slot *slots = table->slots;
        for (; i < batch->count && pairs[i].at_us < end; i++) {
            const uint32_t ahead = i + AHEAD < batch->count ? i + AHEAD : i;
            __builtin_prefetch(&slots[slot_key(pairs[ahead].key) >> shift], 1);
            add_mixed(slots, shift, pairs[i].key);
        }
    }
}

static void advance(struct worker *worker, size_t producer, int64_t watermark_us)
{
    const int64_t before = worker->watermarks_us[producer];
    worker->watermarks_us[producer] = watermark_us;
    if (before / EVENT_WINDOW_US != watermark_us / EVENT_WINDOW_US)
        close_windows(worker);
}

static bool drain_one(struct worker *worker)
{
    struct shared *shared = worker->shared;
    for (size_t p = 0; p < shared->n; p++) {
        struct ring *ring = &shared->rings[p * shared->n + worker->id];
        const size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
        if (p == worker->id || tail == atomic_load_explicit(&ring->head, memory_order_acquire))
            continue;
        const struct batch *batch = &ring->batches[tail % RING];
        add_batch(worker, batch);
        advance(worker, p, batch->watermark_us);
        atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
        return true;
    }
    return false;
}

/* The batch that the producer fills for an owner. */
static struct batch *filling(struct worker *worker, size_t owner)
{
    struct shared *shared = worker->shared;
    if (owner == worker->id)
        return &worker->own;
    struct ring *ring = &shared->rings[worker->id * shared->n + owner];
    const size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    while (head - atomic_load_explicit(&ring->tail, memory_order_acquire) == RING) {
        if (!drain_one(worker))
            sched_yield();
    }
    struct batch *batch = &ring->batches[head % RING];
    return batch;
}

static struct batch *pass_on(struct worker *worker, size_t owner, int64_t watermark_us)
{
    struct batch *batch = filling(worker, owner);
    batch->watermark_us = watermark_us;
    if (owner == worker->id) {
        add_batch(worker, batch);
        advance(worker, owner, watermark_us);
    } else {
        struct ring *ring = &worker->shared->rings[worker->id * worker->shared->n + owner];
        atomic_fetch_add_explicit(&ring->head, 1, memory_order_release);
    }
    batch = filling(worker, owner);
    batch->count = 0;
    return batch;
}

static void produce(
    struct worker *worker, const struct event *rows, size_t count, struct batch **out)
{
    const size_t n = worker->shared->n;
    for (size_t i = 0; i < count; i++) {
        if (!event_is_wanted(&rows[i]))
            continue;
        const size_t owner = owner_of(rows[i].user, n);
        struct batch *batch = out[owner];
        batch->pairs[batch->count++] = (struct pair){ rows[i].user, rows[i].at.us };
        if (batch->count == BATCH)
            out[owner] = pass_on(worker, owner, rows[i].at.us);
    }
    while (drain_one(worker))
        continue;
}

static bool all_ended(const struct worker *worker)
{
    for (size_t p = 0; p < worker->shared->n; p++) {
        if (worker->watermarks_us[p] != INT64_MAX)
            return false;
    }
    return true;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct shared *shared = worker->shared;
    struct batch *out[THREADS];
    for (size_t o = 0; o < shared->n; o++) {
        out[o] = filling(worker, o);
        out[o]->count = 0;
        worker->watermarks_us[o] = EVENT_BASE_US;
    }
    for (;;) {
        const size_t begin = atomic_fetch_add_explicit(&shared->next, MORSEL, memory_order_relaxed);
        if (begin >= shared->events->count)
            break;
        const size_t left = shared->events->count - begin;
        produce(worker, shared->events->rows + begin, left < MORSEL ? left : MORSEL, out);
    }
    for (size_t o = 0; o < shared->n; o++)
        pass_on(worker, o, INT64_MAX);
    while (!all_ended(worker)) {
        if (!drain_one(worker))
            sched_yield();
    }
    return NULL;
}

static void run_many(
    const struct bench_options *options, const struct events *events, struct outcome *outcome)
{
    const size_t n = options->threads < THREADS ? options->threads : THREADS;
    struct shared shared = {
        .events = events, .n = n, .shift = hand_shift(EVENT_USERS / n + 1000)
    };
    const size_t ring_bytes = n * n * sizeof(struct ring);
    const size_t worker_bytes = n * sizeof(struct worker);
    const size_t table_bytes = sizeof(struct hand_slot) << (64 - shared.shift);
    shared.rings = bench_pages(ring_bytes);
    struct worker *workers = bench_pages(worker_bytes);
    pthread_t threads[THREADS];
    for (size_t t = 0; t < n; t++) {
        workers[t].shared = &shared;
        workers[t].id = t;
        if (t > 0)
            pthread_create(&threads[t], NULL, work, &workers[t]);
    }
    work(&workers[0]);
    for (size_t t = 0; t < n; t++) {
        if (t > 0)
            pthread_join(threads[t], NULL);
        outcome->sum += workers[t].outcome.sum;
        outcome->results += workers[t].outcome.results;
        for (size_t i = 0; i < OPEN; i++)
            bench_pages_free(workers[t].tables[i].slots, table_bytes);
    }
    bench_pages_free(workers, worker_bytes);
    bench_pages_free(shared.rings, ring_bytes);
}

static void run_one(const struct events *events, struct outcome *outcome)
{
    const unsigned shift = hand_shift(EVENT_USERS);
    const size_t bytes = sizeof(struct hand_slot) << (64 - shift);
    struct hand_slot *slots = bench_pages(bytes);
    const struct event *rows = events->rows;
    for (size_t i = 0; i < events->count;) {
        const int64_t number = (rows[i].at.us - EVENT_BASE_US) / EVENT_WINDOW_US;
        const int64_t end = EVENT_BASE_US + (number + 1) * EVENT_WINDOW_US;
        for (; i < events->count && rows[i].at.us < end; i++) {
            const size_t ahead = i + AHEAD < events->count ? i + AHEAD : i;
            __builtin_prefetch(&slots[rows[ahead].user * HAND_HASH >> shift], 1);
            if (event_is_wanted(&rows[i]))
                hand_add(slots, shift, rows[i].user, 1);
        }
        hand_emit(slots, shift, end - EVENT_WINDOW_US, outcome);
        memset(slots, 0, bytes);
    }
    bench_pages_free(slots, bytes);
}

void hand_keyed_1m(const struct bench_options *options, const void *input, struct outcome *outcome)
{
    if (options->threads == 1)
        run_one(input, outcome);
    else
        run_many(options, input, outcome);
}
