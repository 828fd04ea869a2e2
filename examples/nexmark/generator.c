// SPDX-License-Identifier: Apache-2.0
// The generator. An event is drawn with dice whose seed is its id; the order of draws is Beam's.
#include "generator.h"

#include <math.h>
#include <string.h>

#include "random.h"

// Of each 50 ids the first is a person, three are auctions, the others bids.
enum {
    PERSONS = 1,
    AUCTIONS = 3,
    ROUND = 50
};

#define BASE_TIME_MS      INT64_C(1436918400000) // 2015-07-15T00:00:00Z
#define FIRST_PERSON_ID   1000
#define FIRST_AUCTION_ID  1000
#define FIRST_CATEGORY_ID 10
#define CATEGORIES        5
#define LEAD              10  // persons and auctions may be named that come so much later
#define HOT               100 // one in so many persons, and auctions, is a hot one

static const char *const first_names[] = { "Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate",
    "Julie", "Sarah", "Deiter", "Walter" };
static const char *const last_names[] = { "Shultz", "Abrams", "Spencer", "White", "Bartels",
    "Walton", "Smith", "Jones", "Noris" };
static const char *const cities[] = { "Phoenix", "Los Angeles", "San Francisco", "Boise",
    "Portland", "Bend", "Redmond", "Seattle", "Kent", "Cheyenne" };
static const char *const states[] = { "AZ", "CA", "ID", "OR", "WA", "WY" };

#define ONE_OF(dice, words) words[dice_below((dice), (int32_t)(sizeof(words) / sizeof((words)[0])))]

struct generator_settings generator_defaults(int64_t events)
{
    return (struct generator_settings){ .events = events,
        .generators = 100,
        .rate = 10000,
        .out_of_order = 1,
        .in_flight = 100,
        .active = 1000,
        .hot_auction = 2,
        .hot_seller = 4,
        .hot_bidder = 4,
        .person_size = 200,
        .auction_size = 500,
        .bid_size = 100 };
}

struct generator generator_of(const struct generator_settings *settings, int64_t index)
{
    const int64_t each = settings->events / settings->generators;
    const bool last = index == settings->generators - 1;
    const int64_t every = (1000000 + settings->rate / 2) / settings->rate; // of all, rounded
    return (struct generator){ .settings = *settings,
        .first = each * index,
        .events = last ? settings->events - each * index : each,
        .delay = every * settings->generators };
}

// --- ids and times

// Within a group of `out_of_order` events the order of coming is shuffled.
static int64_t adjusted(const struct generator *generator, int64_t n)
{
    const int64_t group = generator->settings.out_of_order;
    return n / group * group + n * 953 % group;
}

static int64_t id_of(const struct generator *generator, int64_t n)
{
    return generator->first + adjusted(generator, n);
}

static int64_t time_ms(const struct generator *generator, int64_t number)
{
    return BASE_TIME_MS + number * generator->delay / 1000;
}

enum event_kind generator_kind(const struct generator *generator, int64_t n)
{
    const int64_t place = id_of(generator, n) % ROUND;
    return place < PERSONS ? EVENT_PERSON : place < PERSONS + AUCTIONS ? EVENT_AUCTION : EVENT_BID;
}

int64_t generator_most(const struct generator *generator, enum event_kind kind)
{
    const int64_t of_a_round[] = { PERSONS, AUCTIONS, ROUND - PERSONS - AUCTIONS };
    return (generator->events / ROUND + 2) * of_a_round[kind];
}

// What is drawn beside the extra text, which is at most a fifth longer than its average.
size_t generator_text_most(const struct generator *generator, enum event_kind kind)
{
    const struct generator_settings *settings = &generator->settings;
    const int64_t average[] = { settings->person_size, settings->auction_size, settings->bid_size };
    const int64_t others[] = { 80, 128, 8 };
    return (size_t)(others[kind] + average[kind] + average[kind] / 5);
}

flow_time generator_time(const struct generator *generator, int64_t n)
{
    return (flow_time){ time_ms(generator, adjusted(generator, n)) * 1000 };
}

flow_time generator_watermark(const struct generator *generator, int64_t n)
{
    const int64_t group = generator->settings.out_of_order;
    return (flow_time){ time_ms(generator, n / group * group) * 1000 };
}

// The last person, from 0, that was there when event `id` happened.
static int64_t last_person(int64_t id)
{
    const int64_t place = id % ROUND;
    return id / ROUND * PERSONS + (place < PERSONS ? place : PERSONS - 1);
}

// Likewise the last auction; −1 for the first event.
static int64_t last_auction(int64_t id)
{
    const int64_t rounds = id / ROUND, place = id % ROUND;
    if (place < PERSONS)
        return rounds * AUCTIONS - 1;
    return rounds * AUCTIONS + (place < PERSONS + AUCTIONS ? place - PERSONS : AUCTIONS - 1);
}

// One of the last persons, or one that comes soon.
static int64_t active_person(const struct generator *generator, int64_t id, struct dice *dice)
{
    const int64_t persons = last_person(id) + 1;
    const int64_t active =
        persons < generator->settings.active ? persons : generator->settings.active;
    return persons - active + dice_below(dice, (int32_t)(active + LEAD));
}

// One of the last auctions, or one that comes soon.
static int64_t open_auction(const struct generator *generator, int64_t id, struct dice *dice)
{
    const int64_t last = last_auction(id);
    const int64_t oldest =
        last > generator->settings.in_flight ? last - generator->settings.in_flight : 0;
    return oldest + dice_below(dice, (int32_t)(last - oldest + 1 + LEAD));
}

// Whether the hot one is meant: in all but one of `ratio` draws.
static bool is_hot(struct dice *dice, int64_t ratio)
{
    return dice_below(dice, (int32_t)ratio) > 0;
}

// 1.00 to 1,000,000.00, evenly over its logarithm.
static int64_t price(struct dice *dice)
{
    return (int64_t)floor(pow(10, dice_unit(dice) * 6) * 100 + 0.5);
}

// --- texts

static flow_str put(char **text, const char *from)
{
    const flow_str all = { *text, strlen(from) };
    memcpy(*text, from, all.len);
    *text += all.len;
    return all;
}

// 3 to `most` − 1 letters and spaces, without those at the ends.
static flow_str words(struct dice *dice, int32_t most, char **text)
{
    int32_t length = 3 + dice_below(dice, most - 3);
    char *const begin = *text, *end = begin;
    for (; length > 0; length--) {
        const char drawn = (char)(dice_below(dice, 13) == 0 ? ' ' : 'a' + dice_below(dice, 26));
        if (drawn != ' ' || end > begin)
            *end++ = drawn;
    }
    while (end > begin && end[-1] == ' ')
        end--;
    *text = end;
    return (flow_str){ begin, (size_t)(end - begin) };
}

// Six characters a draw. They lie on both sides of 'a', since draws may be negative.
static flow_str filling(struct dice *dice, int64_t length, char **text)
{
    char *begin = *text;
    int32_t left = 0, drawn = 0;
    for (int64_t i = 0; i < length; i++, left--) {
        if (left == 0) {
            drawn = dice_any(dice);
            left = 6;
        }
        begin[i] = (char)('a' + drawn % 26);
        drawn /= 26;
    }
    *text = begin + length;
    return (flow_str){ begin, (size_t)length };
}

// What a record of `size` bytes lacks to the average, give or take a fifth.
static flow_str extra(struct dice *dice, size_t size, int64_t average, char **text)
{
    const int64_t desired = average - (int64_t)size;
    if (desired < 0)
        return (flow_str){ *text, 0 };
    const int64_t delta = (int64_t)floor((double)desired * 0.2 + 0.5);
    const int64_t length =
        desired - delta + (delta == 0 ? 0 : dice_below(dice, (int32_t)(2 * delta)));
    return filling(dice, length, text);
}

static flow_str name(struct dice *dice, char **text)
{
    const char *begin = *text;
    put(text, ONE_OF(dice, first_names));
    put(text, " ");
    put(text, ONE_OF(dice, last_names));
    return (flow_str){ begin, (size_t)(*text - begin) };
}

static flow_str email(struct dice *dice, char **text)
{
    const flow_str who = words(dice, 7, text);
    put(text, "@");
    words(dice, 5, text);
    put(text, ".com");
    return (flow_str){ who.data, (size_t)(*text - who.data) };
}

static flow_str card(struct dice *dice, char **text)
{
    const char *begin = *text;
    for (int group = 0; group < 4; group++) {
        const int32_t four = dice_below(dice, 10000);
        const char digits[] = { (char)('0' + four / 1000), (char)('0' + four / 100 % 10),
            (char)('0' + four / 10 % 10), (char)('0' + four % 10), '\0' };
        put(text, group ? " " : "");
        put(text, digits);
    }
    return (flow_str){ begin, (size_t)(*text - begin) };
}

// --- events

void generator_person(
    const struct generator *generator, int64_t n, struct person *person, char **text)
{
    const int64_t id = id_of(generator, n);
    struct dice dice = dice_of(id);
    person->id = last_person(id) + FIRST_PERSON_ID;
    person->name = name(&dice, text);
    person->email = email(&dice, text);
    person->card = card(&dice, text);
    person->city = put(text, ONE_OF(&dice, cities));
    person->state = put(text, ONE_OF(&dice, states));
    person->at = generator_time(generator, n);
    const size_t size = 8 + person->name.len + person->email.len + person->card.len +
                        person->city.len + person->state.len;
    person->extra = extra(&dice, size, generator->settings.person_size, text);
}

// How long an auction may be open: until about as many further auctions have come as are open at a
// time, or up to twice that.
static int64_t duration_ms(const struct generator *generator, int64_t n, struct dice *dice)
{
    const int64_t number = adjusted(generator, n);
    const int64_t ahead = generator->settings.in_flight * ROUND / AUCTIONS;
    const int64_t horizon = time_ms(generator, number + ahead) - time_ms(generator, number);
    return 1 + dice_below(dice, (int32_t)(horizon * 2 > 1 ? horizon * 2 : 1));
}

void generator_auction(
    const struct generator *generator, int64_t n, struct auction *auction, char **text)
{
    const int64_t id = id_of(generator, n);
    struct dice dice = dice_of(id);
    auction->id = last_auction(id) + FIRST_AUCTION_ID;
    auction->seller = FIRST_PERSON_ID + (is_hot(&dice, generator->settings.hot_seller)
                                                ? last_person(id) / HOT * HOT
                                                : active_person(generator, id, &dice));
    auction->category = FIRST_CATEGORY_ID + dice_below(&dice, CATEGORIES);
    auction->initial_bid = price(&dice);
    auction->at = generator_time(generator, n);
    auction->expires.us = auction->at.us + duration_ms(generator, n, &dice) * 1000;
    auction->item = words(&dice, 20, text);
    auction->description = words(&dice, 100, text);
    auction->reserve = auction->initial_bid + price(&dice);
    const size_t size = 8 + auction->item.len + auction->description.len + 5 * 8;
    auction->extra = extra(&dice, size, generator->settings.auction_size, text);
}

void generator_bid(const struct generator *generator, int64_t n, struct bid *bid, char **text)
{
    const int64_t id = id_of(generator, n);
    struct dice dice = dice_of(id);
    bid->auction = FIRST_AUCTION_ID + (is_hot(&dice, generator->settings.hot_auction)
                                              ? last_auction(id) / HOT * HOT
                                              : open_auction(generator, id, &dice));
    bid->bidder = FIRST_PERSON_ID + (is_hot(&dice, generator->settings.hot_bidder)
                                            ? last_person(id) / HOT * HOT + 1
                                            : active_person(generator, id, &dice));
    bid->price = price(&dice);
    bid->at = generator_time(generator, n);
    bid->extra = extra(&dice, 4 * 8, generator->settings.bid_size, text);
}

void generator_event(
    const struct generator *generator, int64_t n, struct event *event, char **records, char **text)
{
    void *record = *records;
    *event = (struct event){ .at = generator_time(generator, n) };
    switch (generator_kind(generator, n)) {
    case EVENT_PERSON:
        generator_person(generator, n, record, text);
        event->person = (flow_list){ record, 1 };
        *records += sizeof(struct person);
        break;
    case EVENT_AUCTION:
        generator_auction(generator, n, record, text);
        event->auction = (flow_list){ record, 1 };
        *records += sizeof(struct auction);
        break;
    case EVENT_BID:
        generator_bid(generator, n, &event->bid, text);
        break;
    }
}
