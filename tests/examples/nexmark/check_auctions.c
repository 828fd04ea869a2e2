// SPDX-License-Identifier: Apache-2.0
// Checkers of the queries over persons, auctions, and the bids that won them.
#include "checker.h"

#include <math.h>
#include <stdlib.h>

// By id less CHECK_FIRST_ID; NULL: there is none.
static const struct person **all_persons(const struct history *history)
{
    const struct person **persons = check_memory(check_ids(history), sizeof *persons);
    for (size_t i = 0; i < history->count; i++) {
        const struct person *person = history->rows[i].person.items;
        if (history->rows[i].person.count)
            persons[person->id - CHECK_FIRST_ID] = person;
    }
    return persons;
}

static bool is_in(flow_str state, const char *wanted)
{
    return state.len == 2 && memcmp(state.data, wanted, 2) == 0;
}

void check_q3(const struct history *history, struct rows *rows)
{
    const struct person **persons = all_persons(history);
    for (size_t i = 0; i < history->count; i++) {
        const struct auction *auction = history->rows[i].auction.items;
        if (history->rows[i].auction.count == 0 || auction->category != 10)
            continue;
        const struct person *seller = persons[auction->seller - CHECK_FIRST_ID];
        if (!seller || !(is_in(seller->state, "OR") || is_in(seller->state, "ID") ||
                           is_in(seller->state, "CA")))
            continue;
        const struct local_seller row = { seller->name, seller->city, seller->state, auction->id };
        rows_add(rows, history->rows[i].at, &local_seller_type, &row);
    }
    free(persons);
}

void check_q8(const struct history *history, struct rows *rows)
{
    const struct person **persons = all_persons(history);
    for (size_t i = 0; i < history->count; i++) {
        const struct auction *auction = history->rows[i].auction.items;
        if (history->rows[i].auction.count == 0)
            continue;
        const struct person *seller = persons[auction->seller - CHECK_FIRST_ID];
        const int64_t window = check_ms(auction->at) / CHECK_WINDOW_MS;
        if (!seller || check_ms(seller->at) / CHECK_WINDOW_MS != window)
            continue;
        const struct newcomer row = { seller->id, seller->name, auction->reserve };
        rows_add(rows, check_at((window + 1) * CHECK_WINDOW_MS - 1), &newcomer_type, &row);
    }
    free(persons);
}

// Whether `bid` wins against `best`, of which there may be none.
static bool is_better(const struct bid *bid, const struct bid *best)
{
    if (!best || bid->price != best->price)
        return !best || bid->price > best->price;
    if (bid->at.us != best->at.us)
        return bid->at.us < best->at.us;
    return bid->bidder < best->bidder;
}

struct won *check_winners(const struct history *history, size_t *count)
{
    struct won *all = check_memory(check_ids(history), sizeof *all);
    for (size_t i = 0; i < history->count; i++) {
        const struct auction *auction = history->rows[i].auction.items;
        if (history->rows[i].auction.count)
            all[auction->id - CHECK_FIRST_ID].auction = auction;
    }
    for (size_t i = 0; i < history->count; i++) {
        const struct bid *bid = &history->rows[i].bid;
        if (bid->auction == 0)
            continue;
        struct won *won = &all[bid->auction - CHECK_FIRST_ID];
        if (won->auction && bid->at.us < won->auction->expires.us &&
            bid->price >= won->auction->reserve && is_better(bid, won->bid))
            won->bid = bid;
    }
    *count = 0;
    for (size_t id = 0; id < check_ids(history); id++) {
        if (all[id].auction && all[id].bid)
            all[(*count)++] = all[id];
    }
    return all;
}

void check_q9(const struct history *history, struct rows *rows)
{
    size_t count;
    struct won *winners = check_winners(history, &count);
    for (size_t i = 0; i < count; i++) {
        const struct auction_bid row = { *winners[i].auction, *winners[i].bid };
        rows_add(rows, check_at(check_ms(row.auction.expires) - 1), &auction_bid_type, &row);
    }
    free(winners);
}

// --- q4: each winner lies in window / period windows

struct figure {
    int64_t end, category, price; // milliseconds, of the window
};

static int by_window(const void *a, const void *b)
{
    const struct figure *x = a, *y = b;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return (x->category > y->category) - (x->category < y->category);
}

void check_q4(const struct history *history, struct rows *rows)
{
    size_t count, figures = 0;
    struct won *winners = check_winners(history, &count);
    struct figure *all = check_memory(count * (CHECK_WINDOW_MS / CHECK_PERIOD_MS) + 1, sizeof *all);
    for (size_t i = 0; i < count; i++) {
        const int64_t at = check_ms(winners[i].auction->expires) - 1;
        const int64_t last = at / CHECK_PERIOD_MS * CHECK_PERIOD_MS + CHECK_WINDOW_MS;
        for (int64_t end = last; end > at; end -= CHECK_PERIOD_MS)
            all[figures++] =
                (struct figure){ end, winners[i].auction->category, winners[i].bid->price };
    }
    qsort(all, figures, sizeof *all, by_window);
    for (size_t i = 0; i < figures;) {
        const size_t begin = i;
        double sum = 0;
        for (; i < figures && by_window(&all[i], &all[begin]) == 0; i++)
            sum += (double)all[i].price;
        const struct category_price row = { all[begin].category,
            (int64_t)floor(sum / (double)(i - begin) + 0.5), true };
        rows_add(rows, check_at(all[begin].end - 1), &category_price_type, &row);
    }
    free(all);
    free(winners);
}

// --- q6: the last pane of each seller

static int by_seller(const void *a, const void *b)
{
    const struct won *x = a, *y = b;
    if (x->auction->seller != y->auction->seller)
        return x->auction->seller < y->auction->seller ? -1 : 1;
    if (x->bid->at.us != y->bid->at.us)
        return x->bid->at.us > y->bid->at.us ? -1 : 1;
    return (x->bid->price < y->bid->price) - (x->bid->price > y->bid->price);
}

void check_q6(const struct history *history, struct rows *rows)
{
    size_t count;
    struct won *winners = check_winners(history, &count);
    qsort(winners, count, sizeof *winners, by_seller);
    for (size_t i = 0; i < count;) {
        const int64_t seller = winners[i].auction->seller;
        int64_t sum = 0, taken = 0;
        for (; i < count && winners[i].auction->seller == seller; i++) {
            if (taken == CHECK_LAST)
                continue;
            sum += winners[i].bid->price;
            taken++;
        }
        const struct seller_price row = { seller,
            (int64_t)floor((double)sum / (double)taken + 0.5) };
        rows_add(rows, check_at(CHECK_GLOBAL_END_MS), &seller_price_type, &row);
    }
    free(winners);
}
