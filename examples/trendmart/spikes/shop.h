// SPDX-License-Identifier: Apache-2.0
// The shop's demand: how many views each product gets in each minute, with what is planted in it.
#ifndef TRENDMART_SHOP_H
#define TRENDMART_SHOP_H

#include "random.h"
#include "scan.h"

enum {
    PLANTS_MAX = 64,
    CAMPAIGNS = 24, // each about one product in so many
    NAME_MAX = 24
};

// What `--plant` asked for.
struct wish {
    char product[NAME_MAX];
    uint32_t minute; // of its first event
    double factor;
};

struct shop_options {
    uint64_t seed;
    uint64_t events;
    uint32_t products;
    uint32_t minutes;
    int64_t start; // milliseconds since the epoch, a whole minute
    uint32_t spikes, nears, drops;
    uint32_t left_out; // number of the spike that the truth has and the data lacks; 0: none
    struct wish wishes[PLANTS_MAX];
    uint32_t wish_count;
};

struct campaign {
    uint32_t begin, end; // minutes
    double lift;
};

struct shop {
    struct shop_options options;
    uint32_t *views; // [minute * products + product]
    uint32_t *sales; // the same; filled while events are made
    double *share;   // of all views, by product
    uint32_t *cents; // price, by product
    char (*names)[NAME_MAX];
    struct campaign (*campaigns)[CAMPAIGNS]; // by day
    struct found_list truth;
    struct dice dice;
};

// Share of views that are followed by a cart, and of carts that are followed by a purchase.
#define CART_SHARE     0.12
#define PURCHASE_SHARE 0.30

// Plans all views and plants spikes, near-spikes and drops; false after a message.
bool shop_open(struct shop *shop, const struct shop_options *options);

// Adds what the rule says of the sales to the truth.
void shop_judge_sales(struct shop *shop, struct found_list *sales);

// The campaign a product is in at a minute, counted from 1; 0: none.
uint32_t shop_campaign(const struct shop *shop, uint32_t product, uint32_t minute);

void shop_close(struct shop *shop);

#endif
