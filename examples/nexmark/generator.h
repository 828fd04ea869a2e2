// SPDX-License-Identifier: Apache-2.0
// Beam's Nexmark generator, bit by bit: what happens is a function of the event's number alone.
#ifndef NEXMARK_GENERATOR_H
#define NEXMARK_GENERATOR_H

#include "event.h"

enum {
    EVENT_TEXT_MAX = 1024 // bytes that the texts of an event take at most
};

// How many there are of what, and how hot the hot ones are. As generator_defaults() says unless
// somebody wants something else.
struct generator_settings {
    int64_t events;                 // of all generators together
    int64_t generators;             // that run side by side, each with ids of its own
    int64_t rate;                   // events a second, of all of them together
    int64_t out_of_order;           // events that change places with each other; 1: none
    int64_t in_flight;              // auctions that are open at a time
    int64_t active;                 // persons that bid and sell at a time
    int64_t hot_auction;            // one in so many bids is not for a hot auction
    int64_t hot_seller;             // likewise sellers
    int64_t hot_bidder;             // and bidders
    int64_t person_size;            // average bytes
    int64_t auction_size, bid_size; // likewise
};

// Beam's defaults with so many events.
struct generator_settings generator_defaults(int64_t events);

// One of the generators. All begin at the same instant, so their times overlap.
struct generator {
    struct generator_settings settings;
    int64_t first;  // id of its first event, which ids of persons and auctions follow from
    int64_t events; // that it makes
    int64_t delay;  // microseconds from one event to the next
};

// The `index`-th generator: events are dealt out evenly, what is left goes to the last.
struct generator generator_of(const struct generator_settings *settings, int64_t index);

enum event_kind {
    EVENT_PERSON,
    EVENT_AUCTION,
    EVENT_BID
};

// What the `n`-th event (from 0, in the order of coming) of a generator is.
enum event_kind generator_kind(const struct generator *generator, int64_t n);

// How many events of a kind there are, and how long the texts of one are, at most.
int64_t generator_most(const struct generator *generator, enum event_kind kind);
size_t generator_text_most(const struct generator *generator, enum event_kind kind);

// When it happens.
flow_time generator_time(const struct generator *generator, int64_t n);

// No event from the `n`-th on happens before this instant.
flow_time generator_watermark(const struct generator *generator, int64_t n);

// The event itself, by its kind. Its texts go to `*text`, which is moved on by at most
// EVENT_TEXT_MAX bytes.
void generator_person(
    const struct generator *generator, int64_t n, struct person *person, char **text);
void generator_auction(
    const struct generator *generator, int64_t n, struct auction *auction, char **text);
void generator_bid(const struct generator *generator, int64_t n, struct bid *bid, char **text);

// The event as a row. A person or an auction is written to `*records`, at least EVENT_RECORD_MAX
// bytes aligned as int64_t, which is moved on.
void generator_event(
    const struct generator *generator, int64_t n, struct event *event, char **records, char **text);

#define EVENT_RECORD_MAX                                                                           \
    (sizeof(struct auction) > sizeof(struct person) ? sizeof(struct auction)                       \
                                                    : sizeof(struct person))

#endif
