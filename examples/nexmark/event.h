// SPDX-License-Identifier: Apache-2.0
// What happens in the auction house: somebody registers, an auction opens, somebody bids.
#ifndef NEXMARK_EVENT_H
#define NEXMARK_EVENT_H

#include <flow/type.h>

// Outside names are Beam's.
struct person {
    int64_t id;
    flow_str name, email, card, city, state;
    flow_time at;
    flow_str extra;
};
FLOW_RECORD_OF(person, FLOW_COLUMN(person, id), FLOW_COLUMN(person, name),
    FLOW_COLUMN_AS(person, email, "emailAddress"), FLOW_COLUMN_AS(person, card, "creditCard"),
    FLOW_COLUMN(person, city), FLOW_COLUMN(person, state), FLOW_COLUMN_AS(person, at, "dateTime"),
    FLOW_COLUMN(person, extra));

struct auction {
    int64_t id;
    flow_str item, description;
    int64_t initial_bid, reserve; // cents
    flow_time at, expires;
    int64_t seller; // a person
    int64_t category;
    flow_str extra;
};
FLOW_RECORD_OF(auction, FLOW_COLUMN(auction, id), FLOW_COLUMN_AS(auction, item, "itemName"),
    FLOW_COLUMN(auction, description), FLOW_COLUMN_AS(auction, initial_bid, "initialBid"),
    FLOW_COLUMN(auction, reserve), FLOW_COLUMN_AS(auction, at, "dateTime"),
    FLOW_COLUMN(auction, expires), FLOW_COLUMN(auction, seller), FLOW_COLUMN(auction, category),
    FLOW_COLUMN(auction, extra));

struct bid {
    int64_t auction, bidder; // an auction, a person
    int64_t price;           // cents
    flow_time at;
    flow_str extra;
};
FLOW_RECORD_OF(bid, FLOW_COLUMN(bid, auction), FLOW_COLUMN(bid, bidder), FLOW_COLUMN(bid, price),
    FLOW_COLUMN_AS(bid, at, "dateTime"), FLOW_COLUMN(bid, extra));

// One of the three. Bids, which are 46 of 50 events, lie in the row; the long records of persons
// and auctions lie elsewhere, so that a row stays short.
struct event {
    flow_time at;
    flow_list person;  // of struct person: one, or none
    flow_list auction; // of struct auction: one, or none
    struct bid bid;    // auction 0: this is none
};
FLOW_RECORD_OF(event, FLOW_COLUMN(event, at), FLOW_COLUMN_LIST(event, person, person),
    FLOW_COLUMN_LIST(event, auction, auction), FLOW_COLUMN_RECORD(event, bid, bid));

#endif
