// SPDX-License-Identifier: Apache-2.0
// Plants spikes, near-spikes and drops in a shop's views, so that the rule says exactly what was
// meant.
#include "plant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    POPULAR = 24, // products that something is planted in
    APART = 110,  // minutes between two plants in one product: no baseline has both
    TRIES = 2000, // places to look at before the wanted baseline is lowered
    BASELINE_AT_BEST = 300,
    BASELINE_AT_LEAST = 40,
    ROUNDS = 60 // of quieting what fires by chance
};

// One thing planted: `length` minutes from `minute` on.
struct plant {
    uint32_t product, minute, length;
    enum kind kind;
    double factor; // of the baseline
    uint32_t natural[2 * WINDOW + 1];
};

struct garden {
    struct shop *shop;
    uint32_t *column; // minutes of one product
    uint32_t popular[POPULAR];
    uint32_t popular_count;
    struct plant plants[4 * PLANTS_MAX];
    uint32_t count;
};

static uint32_t *cell(struct garden *g, uint32_t product, uint32_t minute)
{
    return &g->shop->views[(size_t)minute * g->shop->options.products + product];
}

static void load(struct garden *g, uint32_t product)
{
    for (uint32_t m = 0; m < g->shop->options.minutes; m++)
        g->column[m] = *cell(g, product, m);
}

static void store(struct garden *g, uint32_t product, uint32_t minute, uint32_t length)
{
    for (uint32_t m = minute; m < minute + length; m++)
        *cell(g, product, m) = g->column[m];
}

static void find_popular(struct garden *g)
{
    const uint32_t products = g->shop->options.products;
    const double *share = g->shop->share;
    for (uint32_t p = 0; p < products; p++) {
        uint32_t at = g->popular_count;
        if (at < POPULAR)
            g->popular_count++;
        else if (share[p] <= share[g->popular[--at]])
            continue;
        for (; at > 0 && share[g->popular[at - 1]] < share[p]; at--)
            g->popular[at] = g->popular[at - 1];
        g->popular[at] = p;
    }
}

static bool is_free(const struct garden *g, uint32_t product, uint32_t minute)
{
    for (uint32_t i = 0; i < g->count; i++) {
        const struct plant *other = &g->plants[i];
        const uint32_t apart =
            other->minute < minute ? minute - other->minute : other->minute - minute;
        if (other->product == product && apart < APART)
            return false;
    }
    return true;
}

// A place whose baseline is large: at best BASELINE_AT_BEST views a window, less where there is
// none.
static bool find_place(struct garden *g, struct plant *plant)
{
    struct shop *shop = g->shop;
    const uint32_t room = shop->options.minutes - 2 * WARM_UP - 3 * WINDOW;
    const uint32_t least = plant->kind == KIND_DROP ? BASELINE_MIN + 10 : BASELINE_AT_LEAST;
    for (uint32_t wanted = BASELINE_AT_BEST; wanted >= least; wanted -= wanted / 8) {
        for (int i = 0; i < TRIES; i++) {
            plant->product = g->popular[roll_below(&shop->dice, g->popular_count)];
            plant->minute = WARM_UP + WINDOW + roll_below(&shop->dice, room);
            if (!is_free(g, plant->product, plant->minute))
                continue;
            load(g, plant->product);
            if (baseline_sum(g->column, plant->minute + WINDOW) >= BASELINE * wanted)
                return true;
        }
    }
    fputs(
        "generate: too few events to plant that much: more --events or fewer --products\n", stderr);
    return false;
}

// Spreads a count over a window's minutes, a little unevenly.
static void spread(struct garden *g, uint32_t minute, uint32_t count)
{
    struct dice *dice = &g->shop->dice;
    uint32_t *minutes = g->column + minute;
    for (uint32_t i = 0; i < WINDOW; i++)
        minutes[i] = count / WINDOW + (i < count % WINDOW ? 1 : 0);
    for (int i = 0; i < WINDOW; i++) {
        uint32_t *from = &minutes[roll_below(dice, WINDOW)];
        const uint32_t moved = roll_below(dice, *from / 8 + 1);
        *from -= moved;
        minutes[roll_below(dice, WINDOW)] += moved;
    }
}

static void plant_one(struct garden *g, struct plant *plant)
{
    load(g, plant->product);
    const uint32_t sum = baseline_sum(g->column, plant->minute + WINDOW);
    memcpy(plant->natural, g->column + plant->minute, plant->length * sizeof(uint32_t));
    if (plant->kind == KIND_DROP) {
        for (uint32_t m = plant->minute; m < plant->minute + plant->length; m++)
            g->column[m] = (uint32_t)(g->column[m] * plant->factor);
    } else {
        spread(g, plant->minute, (uint32_t)(plant->factor * sum / BASELINE + 0.999));
    }
    store(g, plant->product, plant->minute, plant->length);
    g->plants[g->count++] = *plant;
}

static bool plant_wish(struct garden *g, const struct wish *wish)
{
    const struct shop_options *o = &g->shop->options;
    struct plant plant = { .minute = wish->minute, .factor = wish->factor, .length = WINDOW };
    plant.kind = wish->factor < FACTOR ? KIND_NEAR : KIND_SPIKE;
    if (wish->factor * DROP_FACTOR < 1)
        plant.kind = KIND_DROP;
    while (plant.product < o->products && strcmp(g->shop->names[plant.product], wish->product) != 0)
        plant.product++;
    if (plant.product == o->products) {
        fprintf(stderr, "generate: no product is called %s\n", wish->product);
        return false;
    }
    if (wish->minute < WARM_UP || wish->minute + WINDOW >= o->minutes) {
        fprintf(stderr,
            "generate: %s cannot be planted outside %d minutes from the start and %d"
            " before the end\n",
            wish->product, WARM_UP, WINDOW);
        return false;
    }
    load(g, plant.product);
    const double baseline = (double)baseline_sum(g->column, plant.minute + WINDOW) / BASELINE;
    if (plant.kind == KIND_DROP ? baseline < BASELINE_MIN : baseline * plant.factor < COUNT_MIN)
        plant.kind = KIND_NEAR; // too little is seen of it to fire
    plant_one(g, &plant);
    return true;
}

// `count` plants of one kind, their factors spread evenly from `low` to `high`.
static bool plant_kind(struct garden *g, enum kind kind, uint32_t count, double low, double high)
{
    for (uint32_t i = 0; i < count; i++) {
        struct plant plant = { .kind = kind, .length = WINDOW };
        const double part = (i + roll_unit(&g->shop->dice)) / count;
        plant.factor = low + (high - low) * part;
        if (kind == KIND_DROP) {
            plant.length += roll_below(&g->shop->dice, WINDOW + 1);
            if (i % 3 == 0)
                plant.factor = 0;
        }
        if (!find_place(g, &plant))
            return false;
        plant_one(g, &plant);
    }
    return true;
}

// The plant that an episode comes from, or NULL: it came by chance.
static const struct plant *plant_of(const struct garden *g, const struct found *episode)
{
    for (uint32_t i = 0; i < g->count; i++) {
        const struct plant *plant = &g->plants[i];
        if (plant->product == episode->product && plant->kind == episode->kind &&
            episode->first <= plant->minute + plant->length + WINDOW &&
            episode->last > plant->minute)
            return plant;
    }
    return NULL;
}

// Moves a window that fired by chance back towards its baseline.
static void quieten(struct garden *g, const struct found *episode)
{
    for (uint32_t m = episode->peak - WINDOW; m < episode->peak; m++) {
        if (episode->kind == KIND_SPIKE)
            g->column[m] -= g->column[m] / 16 + (g->column[m] > 0 ? 1 : 0);
        else
            g->column[m] += g->column[m] / 16 + 1;
    }
    store(g, episode->product, episode->peak - WINDOW, WINDOW);
}

static bool is_wished(const struct garden *g, uint32_t product)
{
    for (uint32_t i = 0; i < g->shop->options.wish_count; i++) {
        if (g->plants[i].product == product)
            return true;
    }
    return false;
}

// Scans one product; what fires by chance is quietened until nothing does. A wished-for spike may
// be so high that a drop follows: that is the truth, not chance.
static bool settle(struct garden *g, uint32_t product)
{
    struct found_list *truth = &g->shop->truth;
    const size_t begin = truth->count;
    load(g, product);
    for (int round = 0; round < ROUNDS; round++) {
        bool calm = true;
        truth->count = begin;
        scan(g->column, g->shop->options.minutes, product, truth);
        for (size_t i = begin; i < truth->count; i++) {
            truth->items[i].planted = plant_of(g, &truth->items[i]) != NULL;
            if (!truth->items[i].planted && !is_wished(g, product)) {
                quieten(g, &truth->items[i]);
                calm = false;
            }
        }
        if (calm)
            return true;
    }
    fprintf(stderr, "generate: %s does not settle\n", g->shop->names[product]);
    return false;
}

// The window of a near-spike that came closest to the limit, as a line of the truth.
static void add_near(struct garden *g, const struct plant *plant)
{
    struct found best = { .product = plant->product, .kind = KIND_NEAR, .planted = true };
    load(g, plant->product);
    for (uint32_t end = plant->minute + 1; end < plant->minute + 2 * WINDOW; end++) {
        const uint32_t count = window_count(g->column, end);
        const uint32_t sum = baseline_sum(g->column, end);
        if (best.peak > 0 && factor_of(count, sum) <= factor_of(best.count, best.sum))
            continue;
        best.first = best.last = best.peak = end;
        best.count = count;
        best.sum = sum;
    }
    found_add(&g->shop->truth, &best);
}

static bool write_down(struct garden *g)
{
    for (uint32_t p = 0; p < g->shop->options.products; p++) {
        if (!settle(g, p))
            return false;
    }
    for (uint32_t i = 0; i < g->count; i++) {
        const struct plant *plant = &g->plants[i];
        bool found = plant->kind == KIND_NEAR;
        for (size_t k = 0; k < g->shop->truth.count && !found; k++)
            found = plant_of(g, &g->shop->truth.items[k]) == plant;
        if (!found) {
            fprintf(stderr, "generate: what was planted in %s does not fire\n",
                g->shop->names[plant->product]);
            return false;
        }
        if (plant->kind == KIND_NEAR)
            add_near(g, plant);
    }
    return true;
}

// Takes a planted spike out of the data; the truth goes on telling of it.
static void leave_out(struct garden *g, uint32_t number)
{
    for (uint32_t i = 0; i < g->count && number > 0; i++) {
        const struct plant *plant = &g->plants[i];
        if (plant->kind != KIND_SPIKE || --number > 0)
            continue;
        memcpy(g->column + plant->minute, plant->natural, plant->length * sizeof(uint32_t));
        store(g, plant->product, plant->minute, plant->length);
    }
}

static bool plant_options(struct garden *g)
{
    const struct shop_options *o = &g->shop->options;
    for (uint32_t i = 0; i < o->wish_count; i++) {
        if (!plant_wish(g, &o->wishes[i]))
            return false;
    }
    return plant_kind(g, KIND_DROP, o->drops, 0.04, 0.15) &&
           plant_kind(g, KIND_SPIKE, o->spikes, 1.2 * FACTOR, 3.0 * FACTOR) &&
           plant_kind(g, KIND_NEAR, o->nears, 0.80 * FACTOR, 0.97 * FACTOR);
}

bool plant_all(struct shop *shop)
{
    struct garden g = { .shop = shop };
    g.column = malloc(shop->options.minutes * sizeof *g.column);
    if (!g.column) {
        fputs("generate: out of memory\n", stderr);
        return false;
    }
    find_popular(&g);
    const bool ok = plant_options(&g) && write_down(&g);
    if (ok)
        leave_out(&g, shop->options.left_out);
    free(g.column);
    return ok;
}
