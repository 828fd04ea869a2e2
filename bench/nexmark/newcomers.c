// SPDX-License-Identifier: Apache-2.0
// q8: threads take windows; the persons of each go into a table, its auctions look there for their
// sellers.
#include "hand/table.h"
#include "nexmark/hand.h"

#include <stdlib.h>

#define WINDOW_US INT64_C(10000000)

struct newcomers {
    const struct history *history;
    size_t windows;
    _Atomic size_t next;
    _Atomic uint64_t sum, results;
};

static void join_window(struct newcomers *all, size_t window)
{
    const struct history *history = all->history;
    const int64_t start = (history->rows[0].at.us / WINDOW_US + (int64_t)window) * WINDOW_US;
    const size_t begin = hand_first_from(history, start);
    const size_t end = hand_first_from(history, start + WINDOW_US);
    const unsigned shift = hand_shift((end - begin) / 48 + 1);
    struct hand_slot *table = calloc((size_t)1 << (64 - shift), sizeof *table);
    uint64_t sum = 0, results = 0;
    for (size_t i = begin; table && i < end; i++) {
        const struct person *person = history->rows[i].person.items;
        if (history->rows[i].person.count)
            hand_add(table, shift, (uint64_t)person->id, i + 1);
    }
    for (size_t i = begin; table && i < end; i++) {
        if (history->rows[i].auction.count == 0)
            continue;
        const struct auction *auction = history->rows[i].auction.items;
        const uint64_t found = hand_get(table, shift, (uint64_t)auction->seller);
        if (found == 0)
            continue;
        const struct person *person = history->rows[found - 1].person.items;
        const struct newcomer row = { person->id, person->name, auction->reserve };
        sum += sum_of_newcomer(&row);
        results++;
    }
    atomic_fetch_add(&all->sum, sum);
    atomic_fetch_add(&all->results, results);
    free(table);
}

static void join_windows(void *shared, unsigned t)
{
    struct newcomers *all = shared;
    (void)t;
    for (size_t window; (window = atomic_fetch_add(&all->next, 1)) < all->windows;)
        join_window(all, window);
}

void hand_q8(const struct bench_options *options, const void *input, struct outcome *outcome)
{
    const struct history *history = ((const struct queried *)input)->history;
    struct newcomers all = { .history = history, .windows = hand_windows(history, WINDOW_US) };
    hand_spread(options->threads, join_windows, &all);
    outcome->sum = all.sum;
    outcome->results = all.results;
}
