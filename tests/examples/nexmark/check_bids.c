// SPDX-License-Identifier: Apache-2.0
// Checkers of the queries over bids.
#include "checker.h"

#include <stdlib.h>
#include <time.h>

void *check_memory(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (!memory)
        abort();
    return memory;
}

// Of 50 events one is a person and three are auctions; some more may be named before they come.
size_t check_ids(const struct history *history)
{
    return history->count / 50 * 3 + 200;
}

void check_q0(const struct history *history, struct rows *rows)
{
    for (size_t i = 0; i < history->count; i++) {
        const struct event *event = &history->rows[i];
        if (event->person.count)
            rows_add(rows, event->at, &person_type, event->person.items);
        else if (event->auction.count)
            rows_add(rows, event->at, &auction_type, event->auction.items);
        else
            rows_add(rows, event->at, &bid_type, &event->bid);
    }
}

void check_q1(const struct history *history, struct rows *rows)
{
    for (size_t i = 0; i < history->count; i++) {
        struct bid bid = history->rows[i].bid;
        if (bid.auction == 0)
            continue;
        bid.price = bid.price * 89 / 100;
        rows_add(rows, bid.at, &bid_type, &bid);
    }
}

void check_q2(const struct history *history, struct rows *rows)
{
    for (size_t i = 0; i < history->count; i++) {
        const struct bid *bid = &history->rows[i].bid;
        if (bid->auction == 0 || bid->auction % 123 != 0)
            continue;
        const struct auction_price row = { bid->auction, bid->price };
        rows_add(rows, bid->at, &auction_price_type, &row);
    }
}

// The first event that is not before an instant.
static size_t first_from(const struct history *history, int64_t ms)
{
    size_t low = 0, high = history->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (check_ms(history->rows[middle].at) < ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void add_hottest(
    const struct history *history, int64_t start, int64_t *counts, struct rows *rows)
{
    const size_t ids = check_ids(history);
    const size_t end = first_from(history, start + CHECK_WINDOW_MS);
    int64_t most = 1;
    memset(counts, 0, ids * sizeof *counts);
    for (size_t i = first_from(history, start); i < end; i++) {
        const int64_t auction = history->rows[i].bid.auction;
        if (auction != 0 && ++counts[auction - CHECK_FIRST_ID] > most)
            most = counts[auction - CHECK_FIRST_ID];
    }
    for (size_t id = 0; id < ids; id++) {
        const struct auction_count row = { (int64_t)id + CHECK_FIRST_ID, most };
        if (counts[id] == most)
            rows_add(rows, check_at(start + CHECK_WINDOW_MS - 1), &auction_count_type, &row);
    }
}

void check_q5(const struct history *history, struct rows *rows)
{
    int64_t *counts = check_memory(check_ids(history), sizeof *counts);
    const int64_t first = check_ms(history->rows[0].at);
    const int64_t last = check_ms(history->rows[history->count - 1].at);
    const int64_t begin = first / CHECK_PERIOD_MS * CHECK_PERIOD_MS + CHECK_PERIOD_MS;
    for (int64_t start = begin - CHECK_WINDOW_MS; start <= last; start += CHECK_PERIOD_MS)
        add_hottest(history, start, counts, rows);
    free(counts);
}

void check_q7(const struct history *history, struct rows *rows)
{
    for (size_t begin = 0, end = 0; begin < history->count; begin = end) {
        const int64_t window = check_ms(history->rows[begin].at) / CHECK_WINDOW_MS;
        int64_t most = 0;
        end = first_from(history, (window + 1) * CHECK_WINDOW_MS);
        for (size_t i = begin; i < end; i++)
            most = history->rows[i].bid.price > most ? history->rows[i].bid.price : most;
        for (size_t i = begin; i < end; i++) {
            const struct bid *bid = &history->rows[i].bid;
            if (bid->auction != 0 && bid->price == most)
                rows_add(rows, bid->at, &bid_type, bid);
        }
    }
}

// --- sessions: the bids of a person are chained in order of time

struct chain {
    size_t first, last; // number of an event plus 1; 0: none
};

static struct chain *chain_bids(const struct history *history, size_t **next)
{
    struct chain *chains = check_memory(check_ids(history), sizeof *chains);
    *next = check_memory(history->count + 1, sizeof **next);
    for (size_t i = 0; i < history->count; i++) {
        if (history->rows[i].bid.auction == 0)
            continue;
        struct chain *chain = &chains[history->rows[i].bid.bidder - CHECK_FIRST_ID];
        if (chain->last)
            (*next)[chain->last] = i + 1;
        else
            chain->first = i + 1;
        chain->last = i + 1;
    }
    return chains;
}

// What is done with a session: events from `first` on along `next`, `count` of them.
struct session {
    const struct history *history;
    const size_t *next;
    size_t first, count;
    int64_t bidder, start, end; // milliseconds
};

static void each_session(const struct history *history, int64_t gap,
    void (*done)(const struct session *session, struct rows *rows), struct rows *rows)
{
    size_t *next;
    struct chain *chains = chain_bids(history, &next);
    for (size_t id = 0; id < check_ids(history); id++) {
        for (size_t at = chains[id].first; at != 0;) {
            const int64_t start = check_ms(history->rows[at - 1].at);
            struct session session = { history, next, at, 0, (int64_t)id + CHECK_FIRST_ID, start,
                start };
            while (at != 0 &&
                   (session.count == 0 || check_ms(history->rows[at - 1].at) < session.end)) {
                session.end = check_ms(history->rows[at - 1].at) + gap;
                session.count++;
                at = next[at];
            }
            done(&session, rows);
        }
    }
    free(chains);
    free(next);
}

static void add_session(const struct session *session, struct rows *rows)
{
    const struct person_bids row = { session->bidder, (int64_t)session->count };
    rows_add(rows, check_at(session->end - 1), &person_bids_type, &row);
}

void check_q11(const struct history *history, struct rows *rows)
{
    each_session(history, CHECK_WINDOW_MS, add_session, rows);
}

void check_q12(const struct history *history, struct rows *rows)
{
    int64_t *counts = check_memory(check_ids(history), sizeof *counts);
    for (size_t i = 0; i < history->count; i++) {
        if (history->rows[i].bid.auction != 0)
            counts[history->rows[i].bid.bidder - CHECK_FIRST_ID]++;
    }
    for (size_t id = 0; id < check_ids(history); id++) {
        const struct person_bids row = { (int64_t)id + CHECK_FIRST_ID, counts[id] };
        if (counts[id])
            rows_add(rows, check_at(CHECK_GLOBAL_END_MS), &person_bids_type, &row);
    }
    free(counts);
}

// --- joins with the table, whose values are its keys as text

void check_q13(const struct history *history, struct rows *rows)
{
    for (size_t i = 0; i < history->count; i++) {
        struct bid bid = history->rows[i].bid;
        char text[24];
        if (bid.auction == 0)
            continue;
        bid.extra.data = text;
        bid.extra.len =
            (size_t)snprintf(text, sizeof text, "%lld", (long long)(bid.bidder % CHECK_TABLE));
        rows_add(rows, bid.at, &bid_type, &bid);
    }
}

// RFC 3339 with milliseconds.
static void print_ms(int64_t ms, char text[40])
{
    const time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    const size_t len = strftime(text, 40, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + len, 40 - len, ".%03dZ", (int)(ms % 1000));
}

static void add_joined_session(const struct session *session, struct rows *rows)
{
    char start[40], end[40], text[128];
    print_ms(session->start, start);
    print_ms(session->end, end);
    const int len = snprintf(
        text, sizeof text, "%lld:%s:%s", (long long)(session->bidder % CHECK_TABLE), start, end);
    size_t at = session->first;
    for (size_t i = 0; i < session->count; i++, at = session->next[at]) {
        struct bid bid = session->history->rows[at - 1].bid;
        bid.extra = (flow_str){ text, (size_t)len };
        rows_add(rows, check_at(session->end - 1), &bid_type, &bid);
    }
}

void check_q14(const struct history *history, struct rows *rows)
{
    each_session(history, CHECK_SESSION_MS, add_joined_session, rows);
}
