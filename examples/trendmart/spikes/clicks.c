// SPDX-License-Identifier: Apache-2.0
// Turns a shop's planned views into a clickstream: sessions, carts, purchases, disorder, mistakes.
#include "clicks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "line.h"

enum {
    SECONDS = 512,       // a cart or a purchase follows within so many seconds
    STALLS = 8192,       // places of events that are held back, a sixteenth of a second each
    STALL_MS_X16 = 1000, // milliseconds times 16 of one
    SESSION_EVENTS = 9   // events of a session, on average
};

// A growing array of events.
struct bucket {
    struct click *items;
    size_t count, size;
};

struct feed {
    struct shop *shop;
    const struct clicks_options *options;
    struct clicks_report *report;
    struct line_writer *writer;
    struct dice dice;
    uint32_t *sessions; // that are in the shop now
    uint32_t session_count, session_last;
    struct bucket follow[SECONDS]; // carts and purchases to come, by second
    int64_t second;                // the bucket in work
    size_t followed;               // events of it that are out
    struct bucket stalls[STALLS];  // events held back, by when they are let go
    int64_t stall;                 // the next bucket to let go
    bool failed;
};

static void bucket_add(struct feed *feed, struct bucket *bucket, const struct click *click)
{
    if (bucket->count == bucket->size) {
        const size_t size = bucket->size ? 2 * bucket->size : 16;
        struct click *items = realloc(bucket->items, size * sizeof *items);
        if (!items) {
            feed->failed = true;
            return;
        }
        bucket->items = items;
        bucket->size = size;
    }
    bucket->items[bucket->count++] = *click;
}

static int64_t stall_of(int64_t at)
{
    return at * 16 / STALL_MS_X16;
}

static void write_click(struct feed *feed, const struct click *click)
{
    line_click(feed->writer, click);
    feed->report->lines++;
}

// Lets go of what was held back up to a place.
static void release(struct feed *feed, int64_t place)
{
    for (; feed->stall <= place; feed->stall++) {
        struct bucket *bucket = &feed->stalls[feed->stall % STALLS];
        for (size_t i = 0; i < bucket->count; i++)
            write_click(feed, &bucket->items[i]);
        bucket->count = 0;
    }
}

// Lines that no honest shop would send, now and then beside a good one.
static void write_mistakes(struct feed *feed, const struct click *click)
{
    const struct clicks_options *o = feed->options;
    if (o->broken > 0 && roll_chance(&feed->dice, o->broken)) {
        line_broken(feed->writer, click, (uint32_t)(roll(&feed->dice) >> 40));
        feed->report->lines++;
        feed->report->broken++;
    }
    if (o->late > 0 && click->at > 3600000 && roll_chance(&feed->dice, o->late)) {
        struct click late = *click;
        late.at -= 900000 + roll_below(&feed->dice, 1800000);
        late.kind = CLICK_VIEW;
        write_click(feed, &late);
        feed->report->late++;
    }
    if (o->future && feed->report->future == 0 && feed->report->views > 1000) {
        line_text(feed->writer, "{\"at\":\"2099-01-01T00:00:00Z\",\"session\":\"s-00000000\","
                                "\"product\":\"hat-1\",\"event\":\"view\",\"price\":1.00}");
        feed->report->lines++;
        feed->report->future++;
    }
}

// An event leaves the shop: at once, or a little behind its place.
static void send(struct feed *feed, const struct click *click)
{
    const struct clicks_options *o = feed->options;
    const int64_t place = stall_of(click->at);
    release(feed, place);
    write_mistakes(feed, click);
    if (o->disordered > 0 && roll_chance(&feed->dice, o->disordered)) {
        const int64_t later = stall_of(click->at + roll_below(&feed->dice, o->disorder_ms));
        if (later > place) {
            bucket_add(feed, &feed->stalls[later % STALLS], click);
            return;
        }
    }
    write_click(feed, click);
}

// Some time after an event another of the same session and product follows.
static void plan_next(struct feed *feed, const struct click *click, uint8_t kind, uint32_t within)
{
    const int64_t second = click->at / 1000 + 5 + roll_below(&feed->dice, within);
    struct click next = *click;
    next.kind = kind;
    bucket_add(feed, &feed->follow[second % SECONDS], &next);
}

static void send_follower(struct feed *feed, struct click *click)
{
    const struct shop_options *o = &feed->shop->options;
    const uint32_t minute = (uint32_t)(click->at / 60000);
    send(feed, click);
    if (click->kind == CLICK_PURCHASE) {
        feed->report->purchases++;
        feed->shop->sales[(size_t)minute * o->products + click->product]++;
        return;
    }
    feed->report->carts++;
    if (roll_chance(&feed->dice, PURCHASE_SHARE))
        plan_next(feed, click, CLICK_PURCHASE, 300);
}

// Sends the carts and purchases that come up to a time; those of one second spread over it.
static void follow(struct feed *feed, int64_t until)
{
    for (;;) {
        struct bucket *bucket = &feed->follow[feed->second % SECONDS];
        const int64_t begin = feed->second * 1000;
        for (; feed->followed < bucket->count; feed->followed++) {
            struct click *click = &bucket->items[feed->followed];
            click->at = begin + (int64_t)(feed->followed * 1000 / bucket->count);
            if (click->at > until)
                return;
            send_follower(feed, click);
        }
        if (begin + 1000 > until)
            return;
        bucket->count = 0;
        feed->followed = 0;
        feed->second++;
    }
}

static uint32_t pick_session(struct feed *feed)
{
    uint32_t *session = &feed->sessions[roll_below(&feed->dice, feed->session_count)];
    const uint32_t id = *session;
    if (roll_below(&feed->dice, SESSION_EVENTS) == 0)
        *session = ++feed->session_last;
    return id;
}

// The products viewed in a minute, in random order; returns how many.
static uint32_t shuffle_minute(struct feed *feed, uint32_t minute, struct bucket *bucket)
{
    const struct shop *shop = feed->shop;
    const uint32_t *row = shop->views + (size_t)minute * shop->options.products;
    bucket->count = 0;
    for (uint32_t p = 0; p < shop->options.products && !feed->failed; p++) {
        struct click click = { .product = p };
        if (row[p] > 0)
            click.campaign = (uint8_t)shop_campaign(shop, p, minute);
        for (uint32_t i = 0; i < row[p]; i++)
            bucket_add(feed, bucket, &click);
    }
    for (uint32_t i = (uint32_t)bucket->count; i > 1; i--) {
        const uint32_t other = roll_below(&feed->dice, i);
        const struct click click = bucket->items[i - 1];
        bucket->items[i - 1] = bucket->items[other];
        bucket->items[other] = click;
    }
    return (uint32_t)bucket->count;
}

static void send_minute(struct feed *feed, uint32_t minute, struct bucket *bucket)
{
    const uint32_t count = shuffle_minute(feed, minute, bucket);
    for (uint32_t i = 0; i < count; i++) {
        struct click *click = &bucket->items[i];
        const double part = (i + roll_unit(&feed->dice)) / count;
        click->at = (int64_t)minute * 60000 + (int64_t)(part * 60000);
        click->session = pick_session(feed);
        follow(feed, click->at);
        send(feed, click);
        feed->report->views++;
        if (roll_chance(&feed->dice, CART_SHARE))
            plan_next(feed, click, CLICK_CART, 115);
    }
}

static bool feed_open(struct feed *feed)
{
    const struct shop_options *o = &feed->shop->options;
    feed->dice.state = mix64(o->seed + 2);
    feed->session_count = (uint32_t)(o->events / o->minutes) + 16;
    feed->session_last = feed->session_count;
    feed->sessions = calloc(feed->session_count, sizeof *feed->sessions);
    feed->writer = line_writer_new(feed->shop, feed->options->out);
    for (uint32_t i = 0; feed->sessions && i < feed->session_count; i++)
        feed->sessions[i] = i + 1;
    return feed->sessions && feed->writer;
}

static bool feed_close(struct feed *feed)
{
    const bool written = line_writer_free(feed->writer);
    if (!written)
        fprintf(stderr, "generate: the clickstream cannot be written: %s\n", strerror(errno));
    else if (feed->failed)
        fputs("generate: no memory for the clickstream\n", stderr);
    for (int i = 0; i < SECONDS; i++)
        free(feed->follow[i].items);
    for (int i = 0; i < STALLS; i++)
        free(feed->stalls[i].items);
    free(feed->sessions);
    const bool ok = written && !feed->failed;
    free(feed);
    return ok;
}

bool clicks_write(
    struct shop *shop, const struct clicks_options *options, struct clicks_report *report)
{
    struct feed *feed = calloc(1, sizeof *feed);
    struct bucket minute = { 0 };
    *report = (struct clicks_report){ 0 };
    if (!feed) {
        fputs("generate: out of memory\n", stderr);
        return false;
    }
    feed->shop = shop;
    feed->options = options;
    feed->report = report;
    if (feed_open(feed)) {
        for (uint32_t m = 0; m < shop->options.minutes && !feed->failed; m++)
            send_minute(feed, m, &minute);
        follow(feed, (int64_t)shop->options.minutes * 60000 - 1);
        release(feed, feed->stall + STALLS);
    }
    free(minute.items);
    return feed_close(feed);
}
