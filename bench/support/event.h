// SPDX-License-Identifier: Apache-2.0
// The 64-byte event that all workloads in memory are made of, what is asked of it, and the
// checksum.
#ifndef BENCH_SUPPORT_EVENT_H
#define BENCH_SUPPORT_EVENT_H

#include <flow/base.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** One cache line. Times ascend; ids are spread over all 64 bits. */
struct event {
    flow_time at;     /**< When. */
    uint64_t user;    /**< One of EVENT_USERS. */
    uint64_t product; /**< One of EVENT_PRODUCTS. */
    int64_t price;    /**< 100 … 100,000. */
    uint64_t kind;    /**< 0 … 31, evenly. */
    int64_t quantity; /**< 1 … 4. */
    uint64_t session; /**< Random. */
    uint64_t origin;  /**< Random. */
};

/** Different users: more than the caches hold. */
#define EVENT_USERS 1000000u
/** Users where each has sessions. */
#define EVENT_FEW_USERS 100000u
/** The gap that ends a session. */
#define EVENT_GAP_US 15000000
/** Events after which a window is given early. */
#define EVENT_EARLY 4
/** Different products: the cache holds them. */
#define EVENT_PRODUCTS 1000u
/** A minute. */
#define EVENT_WINDOW_US 60000000
/** A second. */
#define EVENT_SLICE_US 1000000
/** Slices of a window. */
#define EVENT_SLICES 60
/** Time of the first event: a full minute. */
#define EVENT_BASE_US (INT64_C(1767225600) * 1000000)
/** How long the events last. */
#define EVENT_SPAN_US (INT64_C(240) * 1000000)

/** Rows of a workload. */
struct events {
    const struct event *rows; /**< In order of time. */
    size_t count;             /**< How many. */
};

/** Fills rows for EVENT_SPAN_US with the same seed each time. */
void events_fill(struct event *rows, size_t count);

/** Id number `n` as it stands in the events. */
uint64_t event_id(uint64_t n);

/** The first filter: 31 of 32 pass. */
static inline bool event_is_wanted(const struct event *e)
{
    return e->kind != 0;
}

/** A filter that the branch predictor cannot learn: half pass. */
static inline bool event_is_even(const struct event *e)
{
    return (e->session & 1) == 0;
}

/** The map: a price in another currency. */
static inline int64_t event_convert(int64_t price)
{
    return price * 89 / 100;
}

/** The second filter, on the mapped price: about 31 of 32 pass. */
static inline bool event_is_dear(int64_t converted)
{
    return converted > 2860;
}

/** What one count adds to the checksum. */
static inline uint64_t event_mix(uint64_t key, int64_t window_start_us, int64_t count)
{
    const uint64_t mixed = key ^ ((uint64_t)window_start_us * UINT64_C(0x9E3779B97F4A7C15));
    return (mixed ^ (mixed >> 29)) * ((uint64_t)count * 2 + 1);
}

#endif
