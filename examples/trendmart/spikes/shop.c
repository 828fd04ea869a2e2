// SPDX-License-Identifier: Apache-2.0
// The shop's demand: how many views each product gets in each minute.
#include "shop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plant.h"

static const char *const words[] = { "hat", "shoe", "bag", "coat", "sock", "belt", "scarf", "shirt",
    "jeans", "dress", "glove", "watch", "ring", "lamp", "mug", "chair", "towel", "plate", "clock",
    "vase" };
enum {
    WORDS = sizeof words / sizeof words[0],
    DAY = 24 * 60
};

static void *zeroed(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory) {
        fputs("generate: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

// Visitors by hour of the day, and by day of the week from Monday, in percent.
static double demand_at(int64_t start, uint32_t minute)
{
    static const double hours[] = { 34, 27, 22, 19, 19, 22, 28, 36, 47, 58, 66, 71, 76, 76, 73, 72,
        75, 82, 92, 100, 97, 85, 66, 47 };
    static const double days[] = { 100, 98, 97, 99, 105, 118, 112 };
    const int64_t at = start / 60000 + minute;
    const int64_t hour = at / 60;
    const double part = (double)(at % 60) / 60;
    const double now = hours[hour % 24], next = hours[(hour + 1) % 24];
    return (now + (next - now) * part) * days[(hour / 24 + 3) % 7];
}

// 1 outside a campaign, rising to its lift and falling again within an hour each.
static double lift_at(const struct campaign *campaign, uint32_t minute)
{
    if (minute < campaign->begin || minute >= campaign->end)
        return 1;
    const uint32_t in = minute - campaign->begin, out = campaign->end - minute;
    const uint32_t edge = in < out ? in : out;
    return 1 + (campaign->lift - 1) * (edge < 60 ? edge / 60.0 : 1);
}

uint32_t shop_campaign(const struct shop *shop, uint32_t product, uint32_t minute)
{
    const uint32_t number = product % CAMPAIGNS;
    const struct campaign *campaign = &shop->campaigns[minute / DAY][number];
    return minute >= campaign->begin && minute < campaign->end ? number + 1 : 0;
}

static void plan_campaigns(struct shop *shop)
{
    const uint32_t days = shop->options.minutes / DAY + 1;
    shop->campaigns = zeroed(days, sizeof *shop->campaigns);
    for (uint32_t day = 0; day < days; day++) {
        for (uint32_t i = 0; i < CAMPAIGNS; i++) {
            struct campaign *campaign = &shop->campaigns[day][i];
            campaign->begin = day * DAY + roll_below(&shop->dice, DAY - 360);
            campaign->end = campaign->begin + 120 + roll_below(&shop->dice, 240);
            campaign->lift = 1.2 + 0.3 * roll_unit(&shop->dice);
        }
    }
}

// Names, prices, and popularity: the r-th most popular product has 1/r of the first's views.
static void stock(struct shop *shop)
{
    const uint32_t products = shop->options.products;
    double total = 0;
    for (uint32_t p = 0; p < products; p++) {
        snprintf(shop->names[p], NAME_MAX, "%s-%u", words[p % WORDS], p / WORDS + 1);
        shop->cents[p] = 490 + 100 * roll_below(&shop->dice, 200);
        shop->share[p] = 1.0 / (p + 1);
        total += shop->share[p];
    }
    for (uint32_t p = 0; p < products; p++)
        shop->share[p] /= total;
    for (uint32_t p = products - 1; p > 0; p--) {
        const uint32_t other = roll_below(&shop->dice, p + 1);
        const double share = shop->share[p];
        shop->share[p] = shop->share[other];
        shop->share[other] = share;
    }
}

static void plan_views(struct shop *shop)
{
    const struct shop_options *o = &shop->options;
    double total = 0;
    for (uint32_t m = 0; m < o->minutes; m++)
        total += demand_at(o->start, m);
    const double views = (double)o->events / (1 + CART_SHARE * (1 + PURCHASE_SHARE));
    for (uint32_t m = 0; m < o->minutes; m++) {
        const double demand = views * demand_at(o->start, m) / total;
        uint32_t *row = shop->views + (size_t)m * o->products;
        for (uint32_t p = 0; p < o->products; p++) {
            const struct campaign *c = &shop->campaigns[m / DAY][p % CAMPAIGNS];
            row[p] = roll_poisson(&shop->dice, demand * shop->share[p] * lift_at(c, m));
        }
    }
}

bool shop_open(struct shop *shop, const struct shop_options *options)
{
    const size_t cells = (size_t)options->minutes * options->products;
    *shop = (struct shop){ .options = *options, .dice = { mix64(options->seed + 1) } };
    shop->views = zeroed(cells, sizeof *shop->views);
    shop->sales = zeroed(cells, sizeof *shop->sales);
    shop->share = zeroed(options->products, sizeof *shop->share);
    shop->cents = zeroed(options->products, sizeof *shop->cents);
    shop->names = zeroed(options->products, sizeof *shop->names);
    plan_campaigns(shop);
    stock(shop);
    plan_views(shop);
    return plant_all(shop);
}

void shop_judge_sales(struct shop *shop, struct found_list *sales)
{
    const struct shop_options *o = &shop->options;
    uint32_t *minutes = zeroed(o->minutes, sizeof *minutes);
    for (uint32_t p = 0; p < o->products; p++) {
        for (uint32_t m = 0; m < o->minutes; m++)
            minutes[m] = shop->sales[(size_t)m * o->products + p];
        scan(minutes, o->minutes, p, sales);
    }
    free(minutes);
}

void shop_close(struct shop *shop)
{
    free(shop->views);
    free(shop->sales);
    free(shop->share);
    free(shop->cents);
    free(shop->names);
    free(shop->campaigns);
    free(shop->truth.items);
}
