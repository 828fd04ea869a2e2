// SPDX-License-Identifier: Apache-2.0
// What queries give, beside events, auctions and bids themselves. Outside names are Beam's.
#ifndef NEXMARK_RESULT_H
#define NEXMARK_RESULT_H

#include "event.h"

// q2: a bid for a chosen auction.
struct auction_price {
    int64_t auction, price;
};
FLOW_RECORD(auction_price, auction, price);

// q3: an auction, and who sells there.
struct local_seller {
    flow_str name, city, state;
    int64_t id; // of the auction
};
FLOW_RECORD(local_seller, name, city, state, id);

// q4: what auctions of a category have come to in a window.
struct category_price {
    int64_t category, price;
    bool is_last;
};
FLOW_RECORD_OF(category_price, FLOW_COLUMN(category_price, category),
    FLOW_COLUMN(category_price, price), FLOW_COLUMN_AS(category_price, is_last, "isLast"));

// q5: bids for an auction in a window.
struct auction_count {
    int64_t auction, num;
};
FLOW_RECORD(auction_count, auction, num);

// q6: what a seller's last auctions have come to.
struct seller_price {
    int64_t seller, price;
};
FLOW_RECORD(seller_price, seller, price);

// q8: somebody new who sells at once.
struct newcomer {
    int64_t id;
    flow_str name;
    int64_t reserve;
};
FLOW_RECORD(newcomer, id, name, reserve);

// q9: an auction that is over, and the bid that won.
struct auction_bid {
    struct auction auction;
    struct bid bid;
};
FLOW_RECORD_OF(auction_bid, FLOW_COLUMN_RECORD(auction_bid, auction, auction),
    FLOW_COLUMN_RECORD(auction_bid, bid, bid));

// q11, q12: bids of a person in a session, or in a stretch of time.
struct person_bids {
    int64_t person, bids;
};
FLOW_RECORD_OF(person_bids, FLOW_COLUMN_AS(person_bids, person, "personId"),
    FLOW_COLUMN_AS(person_bids, bids, "bidsPerSession"));

#endif
