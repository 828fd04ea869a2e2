// SPDX-License-Identifier: Apache-2.0
// q6, average selling price by seller: mean of what the last ten auctions of each seller brought,
// said anew whenever one closes. In SQL:
//
//     SELECT seller, AVG(price) OVER (PARTITION BY seller ORDER BY dateTime ROWS 9 PRECEDING)
//     FROM winning_bid -- q9
#include "query.h"

#include <math.h>

enum {
    LAST = 10
};

// What an auction brought.
struct sale {
    int64_t seller, price;
    flow_time at; // of the winning bid
};
FLOW_RECORD(sale, seller, price, at);

static flow_status sale_of(flow_ctx *ctx, const struct auction_bid *won, struct sale *sale)
{
    (void)ctx;
    *sale = (struct sale){ won->auction.seller, won->bid.price, won->bid.at };
    return FLOW_OK;
}
FLOW_MAP_FN(sale_of, auction_bid, sale);

// The last sales, the latest first; of those at one instant the dearest.
struct last_sales {
    int64_t count;
    int64_t prices[LAST];
    flow_time times[LAST];
};
// clang-format off
#define PRICE(i) FLOW_COLUMN_AS(last_sales, prices[i], "price" #i)
#define TIME(i)  FLOW_COLUMN_AS(last_sales, times[i], "time" #i)
FLOW_RECORD_OF(last_sales, FLOW_COLUMN(last_sales, count),
    PRICE(0), PRICE(1), PRICE(2), PRICE(3), PRICE(4), PRICE(5), PRICE(6), PRICE(7), PRICE(8),
    PRICE(9), TIME(0), TIME(1), TIME(2), TIME(3), TIME(4), TIME(5), TIME(6), TIME(7), TIME(8),
    TIME(9));
// clang-format on

static void insert(struct last_sales *last, int64_t price, flow_time at)
{
    int64_t place = 0;
    while (
        place < last->count && (last->times[place].us > at.us ||
                                   (last->times[place].us == at.us && last->prices[place] > price)))
        place++;
    if (place == LAST)
        return;
    last->count += last->count < LAST;
    for (int64_t i = last->count - 1; i > place; i--) {
        last->prices[i] = last->prices[i - 1];
        last->times[i] = last->times[i - 1];
    }
    last->prices[place] = price;
    last->times[place] = at;
}

static void last_sales_add(struct last_sales *last, const struct sale *sale)
{
    insert(last, sale->price, sale->at);
}

static void last_sales_merge(struct last_sales *last, const struct last_sales *other)
{
    for (int64_t i = 0; i < other->count; i++)
        insert(last, other->prices[i], other->times[i]);
}
FLOW_COMBINE_FN(last_sales, sale);

static flow_status mean_price(flow_ctx *ctx, const int64_t *seller, const struct last_sales *last)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < last->count; i++)
        sum += last->prices[i];
    const double mean = last->count ? (double)sum / (double)last->count : 0;
    return FLOW_EMIT(ctx, seller_price, .seller = *seller, .price = (int64_t)floor(mean + 0.5));
}
FLOW_KEYED_FN(mean_price, int64_t, last_sales, seller_price);

flow_coll q6(flow_coll events, const struct query_settings *settings)
{
    const flow_window_options at_each_sale = { .trigger =
                                                   flow_trigger_repeatedly(flow_trigger_count(1)),
        .accumulation = FLOW_ACCUMULATING,
        .no_lateness = true };
    flow_coll sales = flow_do(winning_bids(events, settings), &sale_of_fn);
    flow_coll by_seller =
        flow_key_by(flow_window_into(sales, &at_each_sale), FLOW_FIELD(sale, seller));
    return flow_do(flow_combine(by_seller, &last_sales_combine), &mean_price_fn);
}
