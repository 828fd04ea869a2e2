// SPDX-License-Identifier: Apache-2.0
// Cells and timers: a customer's orders leave in parcels, at most five minutes after the first of a
// parcel, each item once an hour; at the end of the day comes the total.
#include <stdio.h>

#include <flow/file.h>
#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>

struct order {
    flow_str customer, item;
    int64_t cents;
    flow_time at;
};
FLOW_RECORD(order, customer, item, cents, at);
struct message {
    flow_str customer, text;
};
FLOW_RECORD(message, customer, text);
struct spent {
    int64_t cents, orders;
};
FLOW_RECORD(spent, cents, orders);

// [cells]
FLOW_BAG(waiting, order);                             // of the parcel that is being filled
FLOW_SET(known, flow_str, .ttl = FLOW_TTL(3600));     // items of the last hour
FLOW_VALUE(total, spent);                             // of the day
FLOW_TIMER(full, flow_str, FLOW_EVENT_TIME);          // the parcel leaves
FLOW_TIMER(end_of_day, flow_str, FLOW_WINDOW_EXPIRY); // set by the engine
// [cells]

// [element]
static flow_status parcels(flow_ctx *ctx, const flow_str *customer, const struct order *order)
{
    (void)customer;
    const struct spent *before = FLOW_CELL_READ(ctx, total);
    struct spent now = before ? *before : (struct spent){ 0, 0 };
    now.cents += order->cents;
    now.orders++;
    FLOW_CELL_WRITE(ctx, total, &now);
    if (!FLOW_CELL_INSERT(ctx, known, &order->item))
        return ctx->status; // bought within the hour: it is in a parcel already
    if (FLOW_CELL_COUNT(ctx, waiting) == 0)
        FLOW_TIMER_SET(
            ctx, full, ((flow_time){ order->at.us + flow_minutes(5).us }), .output = &order->at);
    FLOW_CELL_ADD(ctx, waiting, order);
    return ctx->status;
}
// [element]

// [timers]
static flow_status full_due(flow_ctx *ctx, const flow_str *customer)
{
    flow_str text = flow_str_of("parcel:");
    flow_cursor at = FLOW_CELL_ALL(ctx, waiting);
    while (flow_cursor_next(&at)) {
        const struct order *order = FLOW_AT(waiting, at);
        text = flow_format(
            ctx, "%.*s %.*s", (int)text.len, text.data, (int)order->item.len, order->item.data);
    }
    FLOW_CELL_CLEAR(ctx, waiting);
    return FLOW_EMIT(ctx, message, .customer = *customer, .text = text);
}

static flow_status end_of_day_due(flow_ctx *ctx, const flow_str *customer)
{
    const struct spent *spent = FLOW_CELL_READ(ctx, total);
    const flow_str text =
        flow_format(ctx, "%d orders, %d cents", (int)spent->orders, (int)spent->cents);
    return FLOW_EMIT(ctx, message, .customer = *customer, .text = text);
}
FLOW_CELLS_FN(parcels, flow_str, order, (message), FLOW_CELLS(waiting, known, total),
    FLOW_TIMERS(full, end_of_day));
// [timers]

int main(void)
{
    static const struct order orders[] = { { { "ann", 3 }, { "tea", 3 }, 400, { 0 } },
        { { "ann", 3 }, { "cup", 3 }, 900, { 180000000 } },
        { { "ann", 3 }, { "tea", 3 }, 400, { 240000000 } },
        { { "bob", 3 }, { "pot", 3 }, 2500, { 600000000 } },
        { { "ann", 3 }, { "tea", 3 }, 400, { 4200000000 } } };
    const flow_create_options rows = {
        .type = &order_type, .rows = orders, .count = 5, .event_time = FLOW_FIELD(order, at)
    };
    const flow_window_options days = { .windows = flow_fixed(flow_hours(24)) };
    const flow_file_write_options out = { .path = "-", .format = FLOW_JSON };
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("parcels");
    flow_coll orders_of_a_day = flow_window_into(flow_create(p, &rows), &days);
    flow_coll messages = flow_do(flow_key_by(orders_of_a_day, FLOW_FIELD(order, customer)),
        &parcels_fn, &(flow_do_options){ .time_sorted = true });
    flow_file_write(messages, &out);
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "cells: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
