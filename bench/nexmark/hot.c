// SPDX-License-Identifier: Apache-2.0
// q5: threads take periods and count each into a table of its own, which is packed; then they take
// windows, add up their two periods, and look for the largest.
#include "hand/table.h"
#include "nexmark/hand.h"

#include <stdlib.h>
#include <string.h>

#define PERIOD_US INT64_C(5000000)
#define WINDOW_US (2 * PERIOD_US)

struct counts {
    struct hand_slot *list; // packed
    size_t count;
};

struct hot {
    const struct history *history;
    size_t periods;
    struct counts *counts; // by period
    _Atomic size_t next;
    _Atomic uint64_t sum, results;
};

// A table for a period's keys, zeroed. The events of a period are many times its auctions.
static struct hand_slot *table_for(size_t events, unsigned *shift)
{
    *shift = hand_shift(events / 8 + 16384);
    struct hand_slot *table = bench_pages(((size_t)1 << (64 - *shift)) * sizeof *table);
    return table;
}

static void free_table(struct hand_slot *table, unsigned shift)
{
    bench_pages_free(table, ((size_t)1 << (64 - shift)) * sizeof *table);
}

static void pack(const struct hand_slot *table, unsigned shift, struct counts *counts)
{
    const size_t size = (size_t)1 << (64 - shift);
    size_t used = 0;
    for (size_t i = 0; i < size; i++)
        used += table[i].count != 0;
    counts->list = malloc(used * sizeof *counts->list + 1);
    for (size_t i = 0; counts->list && i < size; i++) {
        if (table[i].count != 0)
            counts->list[counts->count++] = table[i];
    }
}

static void count_period(const struct hot *hot, size_t period)
{
    const struct history *history = hot->history;
    const int64_t start = (history->rows[0].at.us / PERIOD_US + (int64_t)period) * PERIOD_US;
    const size_t end = hand_first_from(history, start + PERIOD_US);
    size_t i = hand_first_from(history, start);
    unsigned shift;
    struct hand_slot *table = table_for(end - i, &shift);
    for (; i < end; i++) {
        const int64_t auction = history->rows[i].bid.auction;
        if (auction != 0)
            hand_add(table, shift, (uint64_t)auction, 1);
    }
    pack(table, shift, &hot->counts[period]);
    free_table(table, shift);
}

static void count_periods(void *shared, unsigned t)
{
    struct hot *hot = shared;
    (void)t;
    for (size_t period; (period = atomic_fetch_add(&hot->next, 1)) < hot->periods;)
        count_period(hot, period);
}

// The window that ends with a period; the one after the last has nothing but that.
static void find_most(struct hot *hot, size_t window)
{
    const size_t first = window == 0 ? 0 : window - 1;
    const size_t last = window < hot->periods ? window : hot->periods - 1;
    uint64_t most = 0, sum = 0, results = 0;
    size_t all = 0;
    for (size_t p = first; p <= last; p++)
        all += hot->counts[p].count;
    const unsigned shift = hand_shift(all);
    const size_t size = (size_t)1 << (64 - shift);
    struct hand_slot *table = calloc(size, sizeof *table);
    for (size_t p = first; table && p <= last; p++) {
        for (size_t i = 0; i < hot->counts[p].count; i++)
            hand_add(table, shift, hot->counts[p].list[i].key, hot->counts[p].list[i].count);
    }
    for (size_t i = 0; table && i < size; i++)
        most = table[i].count > most ? table[i].count : most;
    for (size_t i = 0; table && i < size; i++) {
        if (table[i].count != most)
            continue;
        const struct auction_count row = { (int64_t)table[i].key, (int64_t)most };
        sum += sum_of_hot(&row);
        results++;
    }
    atomic_fetch_add(&hot->sum, sum);
    atomic_fetch_add(&hot->results, results);
    free(table);
}

static void find_hottest(void *shared, unsigned t)
{
    struct hot *hot = shared;
    (void)t;
    for (size_t window; (window = atomic_fetch_add(&hot->next, 1)) <= hot->periods;)
        find_most(hot, window);
}

void hand_q5(const struct bench_options *options, const void *input, struct outcome *outcome)
{
    const struct history *history = ((const struct queried *)input)->history;
    struct hot hot = { .history = history, .periods = hand_windows(history, PERIOD_US) };
    hot.counts = calloc(hot.periods, sizeof *hot.counts);
    outcome->failed = hot.counts == NULL;
    if (outcome->failed)
        return;
    hand_spread(options->threads, count_periods, &hot);
    atomic_store(&hot.next, 0);
    hand_spread(options->threads, find_hottest, &hot);
    outcome->sum = hot.sum;
    outcome->results = hot.results;
    for (size_t p = 0; p < hot.periods; p++)
        free(hot.counts[p].list);
    free(hot.counts);
}
