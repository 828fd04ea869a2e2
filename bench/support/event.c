// SPDX-License-Identifier: Apache-2.0
// Makes the events: the same ones at each start.
#include "support/event.h"

uint64_t event_id(uint64_t n)
{
    uint64_t x = n + UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

static uint64_t below(uint64_t random, uint64_t limit)
{
    return ((random >> 32) * limit) >> 32;
}

void events_fill(struct event *rows, size_t count)
{
    uint64_t seed = 1;
    for (size_t i = 0; i < count; i++) {
        const uint64_t a = event_id(seed++);
        const uint64_t b = event_id(seed++);
        const uint64_t c = event_id(seed++);
        rows[i] = (struct event){
            .at = { EVENT_BASE_US + (int64_t)((double)i / (double)count * (double)EVENT_SPAN_US) },
            .user = event_id(below(a, EVENT_USERS)),
            .product = event_id(below(b, EVENT_PRODUCTS)),
            .price = 100 + (int64_t)below(c, 99901),
            .kind = a & 31,
            .quantity = (int64_t)(b & 3) + 1,
            .session = c * 3,
            .origin = a ^ b,
        };
    }
}
