// SPDX-License-Identifier: Apache-2.0
// Threads, and places in the history, for queries written by hand.
#include "nexmark/hand.h"

struct task {
    void (*work)(void *shared, unsigned t);
    void *shared;
    unsigned t;
};

static void *start(void *argument)
{
    const struct task *task = argument;
    task->work(task->shared, task->t);
    return NULL;
}

void hand_spread(unsigned threads, void (*work)(void *shared, unsigned t), void *shared)
{
    struct task tasks[HAND_THREADS];
    pthread_t ids[HAND_THREADS];
    const unsigned n = threads < HAND_THREADS ? threads : HAND_THREADS;
    for (unsigned t = 1; t < n; t++) {
        tasks[t] = (struct task){ work, shared, t };
        pthread_create(&ids[t], NULL, start, &tasks[t]);
    }
    work(shared, 0);
    for (unsigned t = 1; t < n; t++)
        pthread_join(ids[t], NULL);
}

size_t hand_first_from(const struct history *history, int64_t us)
{
    size_t low = 0, high = history->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (history->rows[middle].at.us < us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t hand_windows(const struct history *history, int64_t size_us)
{
    const int64_t first = history->rows[0].at.us / size_us;
    return (size_t)(history->rows[history->count - 1].at.us / size_us - first + 1);
}
