// SPDX-License-Identifier: Apache-2.0
// Orders at the price that was valid when they were made, and their share of the hour's turnover.
#include <stdio.h>

#include <flow/file.h>
#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/transforms.h>

struct price {
    flow_str sku;
    int64_t cents;
    flow_time from;
};
FLOW_RECORD(price, sku, cents, from);
struct order {
    flow_str sku;
    int64_t pieces;
    flow_time at;
};
FLOW_RECORD(order, sku, pieces, at);
struct sale {
    flow_str sku;
    int64_t cents;
    flow_time at;
};
FLOW_RECORD(sale, sku, cents, at);
struct share {
    flow_str sku;
    int64_t percent;
};
FLOW_RECORD(share, sku, percent);

// [find]
#define PRICES 0 // the number of the side input

static flow_status set_price(flow_ctx *ctx, const struct order *order)
{
    const struct price *price = FLOW_SIDE_FIND(ctx, PRICES, price, order->sku);
    if (!price)
        return FLOW_OK; // not sold yet
    return FLOW_EMIT(
        ctx, sale, .sku = order->sku, .cents = order->pieces * price->cents, .at = order->at);
}
FLOW_ELEMENT_FN(set_price, order, sale);
// [find]

// [table]
static flow_coll priced(flow_coll orders, flow_coll prices)
{
    const flow_view table = flow_as_temporal(flow_key_by(prices, FLOW_FIELD(price, sku)));
    return flow_do(orders, &set_price_fn, &(flow_do_options){ .sides = &table, .side_count = 1 });
}
// [table]

// [share]
static flow_status find_share(flow_ctx *ctx, const struct sale *sale)
{
    const struct flow_integer *turnover = FLOW_SIDE(ctx, 0, flow_integer);
    if (!turnover)
        return ctx->status;
    return FLOW_EMIT(ctx, share, .sku = sale->sku, .percent = sale->cents * 100 / turnover->value);
}
FLOW_ELEMENT_FN(find_share, sale, share);

static flow_coll shares(flow_coll sales)
{
    const flow_window_options hours = { .windows = flow_fixed(flow_hours(1)) };
    const flow_coll hourly = flow_window_into(sales, &hours);
    const flow_view turnover = flow_as_singleton(flow_sum(hourly, FLOW_FIELD(sale, cents)));
    return flow_do(
        hourly, &find_share_fn, &(flow_do_options){ .sides = &turnover, .side_count = 1 });
}
// [share]

int main(void)
{
    const int64_t hour = flow_hours(1).us;
    const flow_str hat = flow_str_of("hat"), scarf = flow_str_of("scarf");
    const struct price prices[] = { { hat, 1000, { 0 } }, { hat, 800, { 10 * hour } },
        { scarf, 600, { 2 * hour } } };
    const struct order orders[] = { { hat, 1, { 9 * hour } }, { scarf, 5, { 9 * hour } },
        { hat, 2, { 10 * hour } }, { scarf, 1, { hour } } };
    const flow_create_options from_prices = {
        .type = &price_type, .rows = prices, .count = 3, .event_time = FLOW_FIELD(price, from)
    };
    const flow_create_options from_orders = {
        .type = &order_type, .rows = orders, .count = 4, .event_time = FLOW_FIELD(order, at)
    };
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("prices");
    const flow_coll sales = priced(flow_create(p, &from_orders), flow_create(p, &from_prices));
    flow_file_write(shares(sales), &(flow_file_write_options){ .path = "-", .format = FLOW_JSON });
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "prices: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
