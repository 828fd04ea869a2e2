// SPDX-License-Identifier: Apache-2.0
// q1 and q2 as one loop over rows in memory, one contiguous part a thread.
#include "nexmark/hand.h"

struct parts {
    const struct history *history;
    unsigned threads;
    struct outcome outcomes[HAND_THREADS];
};

static void part_of(const struct parts *parts, unsigned t, size_t *begin, size_t *end)
{
    *begin = parts->history->count * t / parts->threads;
    *end = parts->history->count * (t + 1) / parts->threads;
}

static void convert(void *shared, unsigned t)
{
    struct parts *parts = shared;
    struct outcome outcome = { 0 };
    size_t i, end;
    for (part_of(parts, t, &i, &end); i < end; i++) {
        struct bid bid = parts->history->rows[i].bid;
        if (bid.auction == 0)
            continue;
        bid.price = bid.price * 89 / 100;
        outcome.sum += sum_of_bid(&bid);
        outcome.results++;
    }
    parts->outcomes[t] = outcome;
}

static void select_bids(void *shared, unsigned t)
{
    struct parts *parts = shared;
    struct outcome outcome = { 0 };
    size_t i, end;
    for (part_of(parts, t, &i, &end); i < end; i++) {
        const struct bid *bid = &parts->history->rows[i].bid;
        if (bid->auction == 0 || bid->auction % 123 != 0)
            continue;
        outcome.sum += sum_of(bid->auction, bid->price);
        outcome.results++;
    }
    parts->outcomes[t] = outcome;
}

static void run(const struct bench_options *options, const void *input,
    void (*work)(void *shared, unsigned t), struct outcome *outcome)
{
    struct parts parts = { .history = ((const struct queried *)input)->history,
        .threads = options->threads };
    hand_spread(options->threads, work, &parts);
    for (unsigned t = 0; t < options->threads; t++) {
        outcome->sum += parts.outcomes[t].sum;
        outcome->results += parts.outcomes[t].results;
    }
}

void hand_q1(const struct bench_options *options, const void *input, struct outcome *outcome)
{
    run(options, input, convert, outcome);
}

void hand_q2(const struct bench_options *options, const void *input, struct outcome *outcome)
{
    run(options, input, select_bids, outcome);
}
