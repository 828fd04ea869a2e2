// SPDX-License-Identifier: Apache-2.0
// Checksums over results: any order gives the same.
#ifndef BENCH_NEXMARK_SUM_H
#define BENCH_NEXMARK_SUM_H

#include <result.h>

/** Mixes two numbers into one of 64 bits. */
static inline uint64_t sum_of(int64_t a, int64_t b)
{
    const uint64_t mixed = (uint64_t)a ^ ((uint64_t)b * UINT64_C(0x9E3779B97F4A7C15));
    return (mixed ^ (mixed >> 29)) * UINT64_C(0xbf58476d1ce4e5b9);
}

/** Of a bid all that has a fixed size. */
static inline uint64_t sum_of_bid(const struct bid *bid)
{
    return sum_of(bid->auction, bid->price) + sum_of(bid->bidder, bid->at.us);
}

/** Of a text its length and its ends: it must be there. */
static inline uint64_t sum_of_text(flow_str text)
{
    return text.len == 0 ? 0
                         : text.len * 257u + (uint8_t)text.data[0] +
                               ((uint64_t)(uint8_t)text.data[text.len - 1] << 32);
}

/** q5: an auction with the most bids of a window. */
static inline uint64_t sum_of_hot(const struct auction_count *hot)
{
    return sum_of(hot->auction, hot->num);
}

/** q8. */
static inline uint64_t sum_of_newcomer(const struct newcomer *newcomer)
{
    return sum_of(newcomer->id, newcomer->reserve) + sum_of_text(newcomer->name);
}

#endif
