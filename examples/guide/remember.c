// SPDX-License-Identifier: Apache-2.0
// Transforms that remember: each order once, with the price of its time, in parcels of two.
#include <stdio.h>

#include <flow/file.h>
#include <flow/join.h>
#include <flow/keyed.h>
#include <flow/memory.h>
#include <flow/runner_local.h>

struct order {
    flow_str sku;
    int64_t number;
    flow_time at;
};
FLOW_RECORD(order, sku, number, at);

struct price {
    flow_str sku;
    int64_t cents;
    flow_time at;
};
FLOW_RECORD(price, sku, cents, at);

struct bill {
    flow_str sku;
    int64_t number, cents;
};
FLOW_RECORD(bill, sku, number, cents);

// [parcel]
struct parcel {
    flow_str sku;    // the key
    flow_list bills; // of struct bill
};
FLOW_RECORD_OF(parcel, FLOW_COLUMN(parcel, sku), FLOW_COLUMN_LIST(parcel, bills, bill));
// [parcel]

// [price]
// `price` is the last one up to the order's time, NULL when there was none yet.
static flow_status with_price(
    flow_ctx *ctx, const flow_str *sku, const struct order *order, const struct price *price)
{
    return FLOW_EMIT(
        ctx, bill, .sku = *sku, .number = order->number, .cents = price ? price->cents : 0);
}
FLOW_JOIN_FN(with_price, flow_str, order, price, bill);
// [price]

// [graph]
static flow_coll build(flow_coll orders, flow_coll prices)
{
    const flow_deduplicate_options once = {
        .by = FLOW_FIELD(order, number), .duration = flow_hours(1), .clock = FLOW_EVENT_TIME
    };
    const flow_as_of_join_options left = { .kind = FLOW_JOIN_LEFT };
    const flow_batches_options two = { .count = 2 };
    const flow_sides sides = { flow_key_by(flow_deduplicate(orders, &once), FLOW_FIELD(order, sku)),
        flow_key_by(prices, FLOW_FIELD(price, sku)) };
    flow_coll bills = flow_as_of_join(sides, &with_price_join, &left);
    return flow_batches(flow_key_by(bills, FLOW_FIELD(bill, sku)), &parcel_type, &two);
}
// [graph]

int main(void)
{
    static const struct order orders[] = { { { "hat", 3 }, 1, { 10 } }, { { "hat", 3 }, 1, { 11 } },
        { { "hat", 3 }, 2, { 30 } }, { { "cup", 3 }, 3, { 5 } } };
    static const struct price prices[] = { { { "hat", 3 }, 700, { 0 } },
        { { "hat", 3 }, 800, { 20 } } };
    const flow_create_options left = {
        .type = &order_type, .rows = orders, .count = 4, .event_time = FLOW_FIELD(order, at)
    };
    const flow_create_options right = {
        .type = &price_type, .rows = prices, .count = 2, .event_time = FLOW_FIELD(price, at)
    };
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("orders");
    flow_coll parcels = build(flow_create(p, &left), flow_create(p, &right));
    flow_file_write(parcels, &(flow_file_write_options){ .path = "-", .format = FLOW_JSON });
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "remember: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
