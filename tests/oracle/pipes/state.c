// SPDX-License-Identifier: Apache-2.0
// Cells of each kind, and what happens to them when a window expires.
#include "pipe.h"

struct order {
    flow_str city;
    int64_t cents;
};
FLOW_RECORD(order, city, cents);

static flow_coll orders_by_city(struct pipe *pipe)
{
    return flow_key_by(pipe_input(pipe, "orders", &order_type), FLOW_FIELD(order, city));
}

static flow_coll by_minute(flow_coll in)
{
    const flow_window_options minutes = { .windows = flow_fixed(flow_minutes(1)),
        .lateness = flow_seconds(30),
        .accumulation = FLOW_DISCARDING };
    return flow_window_into(in, &minutes);
}

// --- a value and a combining cell

struct counter {
    int64_t count;
};
FLOW_RECORD(counter, count);

struct total {
    int64_t cents;
};
FLOW_RECORD(total, cents);

static void total_add(struct total *total, const struct order *order)
{
    total->cents += order->cents;
}

static void total_merge(struct total *total, const struct total *other)
{
    total->cents += other->cents;
}
FLOW_COMBINE_FN(total, order);

struct numbered {
    flow_str city;
    int64_t number, sum;
};
FLOW_RECORD(numbered, city, number, sum);

FLOW_VALUE(number, counter);
FLOW_COMBINING(sum, total, order);

static flow_status number_and_add(flow_ctx *ctx, const flow_str *city, const struct order *order)
{
    const struct counter *before = FLOW_CELL_READ(ctx, number);
    const struct counter now = { before ? before->count + 1 : 1 };
    FLOW_CELL_WRITE(ctx, number, &now);
    FLOW_CELL_ADD(ctx, sum, order);
    const struct total *total = FLOW_CELL_READ(ctx, sum);
    return FLOW_EMIT(
        ctx, numbered, .city = *city, .number = now.count, .sum = total ? total->cents : 0);
}
FLOW_CELLS_FN(number_and_add, flow_str, order, (numbered), FLOW_CELLS(number, sum));

void running(struct pipe *pipe)
{
    const flow_window_options sliding = { .windows =
                                              flow_sliding(flow_minutes(1), flow_seconds(30)) };
    const flow_coll orders = orders_by_city(pipe);
    pipe_output(pipe, "all", flow_do(orders, &number_and_add_fn));
    pipe_output(pipe, "sliding", flow_do(flow_window_into(orders, &sliding), &number_and_add_fn));
}

// --- a bag, given when its window expires

struct sales {
    flow_str city, cents;
};
FLOW_RECORD(sales, city, cents);

FLOW_BAG(sold, order);
FLOW_TIMER(over, flow_str, FLOW_WINDOW_EXPIRY);

static flow_status keep(flow_ctx *ctx, const flow_str *city, const struct order *order)
{
    (void)city;
    FLOW_CELL_ADD(ctx, sold, order);
    return ctx->status;
}

static flow_status over_due(flow_ctx *ctx, const flow_str *city)
{
    struct pipe_list cents = { .ctx = ctx };
    flow_cursor at = FLOW_CELL_ALL(ctx, sold);
    while (flow_cursor_next(&at))
        pipe_add_number(&cents, FLOW_AT(sold, at)->cents);
    return FLOW_EMIT(ctx, sales, .city = *city, .cents = pipe_sorted(&cents));
}
FLOW_CELLS_FN(keep, flow_str, order, (sales), FLOW_CELLS(sold), FLOW_TIMERS(over));

void totals_at_expiry(struct pipe *pipe)
{
    pipe_output(pipe, "cents", flow_do(by_minute(orders_by_city(pipe)), &keep_fn));
}

static flow_status order_by_number(
    flow_ctx *ctx, const struct numbered *numbered, struct order *order)
{
    order->city = flow_format(ctx, "%lld", (long long)numbered->number);
    order->cents = numbered->sum;
    return FLOW_OK;
}
FLOW_MAP_FN(order_by_number, numbered, order);

// State by the number that other state has given: two keys, one after the other (R85).
void state_by_state(struct pipe *pipe)
{
    const flow_coll numbered = flow_do(by_minute(orders_by_city(pipe)), &number_and_add_fn);
    const flow_coll orders = flow_do(numbered, &order_by_number_fn);
    pipe_output(pipe, "cents", flow_do(flow_key_by(orders, FLOW_FIELD(order, city)), &keep_fn));
}

// --- a set and a map

struct sight {
    flow_str city;
    int64_t cents;
    bool fresh;
    int64_t before;
};
FLOW_RECORD(sight, city, cents, fresh, before);

FLOW_SET(known, int64_t);
FLOW_MAP(times, int64_t, counter);

// Whether an amount is new, and how often it was there. The fifth time lets it be forgotten.
static flow_status recognise(flow_ctx *ctx, const flow_str *city, const struct order *order)
{
    const bool fresh = FLOW_CELL_INSERT(ctx, known, &order->cents);
    const struct counter *seen = FLOW_CELL_GET(ctx, times, &order->cents);
    const int64_t before = seen ? seen->count : 0;
    const struct counter now = { before + 1 };
    FLOW_CELL_PUT(ctx, times, &order->cents, &now);
    if (before == 4) {
        FLOW_CELL_REMOVE(ctx, known, &order->cents);
        FLOW_CELL_REMOVE(ctx, times, &order->cents);
    }
    return FLOW_EMIT(
        ctx, sight, .city = *city, .cents = order->cents, .fresh = fresh, .before = before);
}
FLOW_CELLS_FN(recognise, flow_str, order, (sight), FLOW_CELLS(known, times));

void sets_and_maps(struct pipe *pipe)
{
    pipe_output(pipe, "sights", flow_do(orders_by_city(pipe), &recognise_fn));
}

// --- an ordered list

struct recent {
    flow_str city;
    int64_t cents;
    flow_str before;
};
FLOW_RECORD(recent, city, cents, before);

FLOW_ORDERED(list, order);

// The orders of the ten seconds before an order.
static flow_status look_back(flow_ctx *ctx, const flow_str *city, const struct order *order)
{
    const flow_time now = flow_event_time(ctx);
    const flow_time from = { now.us - flow_seconds(10).us };
    const flow_time forget = { from.us - flow_minutes(1).us };
    struct pipe_list before = { .ctx = ctx };
    flow_cursor at = FLOW_CELL_RANGE(ctx, list, from, now);
    while (flow_cursor_next(&at))
        pipe_add_number(&before, FLOW_AT(list, at)->cents);
    FLOW_CELL_ADD_AT(ctx, list, now, order);
    FLOW_CELL_CLEAR_RANGE(ctx, list, ((flow_time){ 0 }), forget);
    return FLOW_EMIT(
        ctx, recent, .city = *city, .cents = order->cents, .before = pipe_in_order(&before));
}
FLOW_CELLS_FN(look_back, flow_str, order, (recent), FLOW_CELLS(list));

void ordered_list(struct pipe *pipe)
{
    pipe_output(pipe, "orders", flow_do(orders_by_city(pipe), &look_back_fn));
}

// --- elements in order of event time

struct instant {
    flow_time at;
};
FLOW_RECORD(instant, at);

struct gap {
    flow_str city;
    int64_t cents, since; // milliseconds
};
FLOW_RECORD(gap, city, cents, since);

FLOW_VALUE(last, instant);

static flow_status since_last(flow_ctx *ctx, const flow_str *city, const struct order *order)
{
    const struct instant *before = FLOW_CELL_READ(ctx, last);
    const struct instant now = { flow_event_time(ctx) };
    const int64_t since = before ? (now.at.us - before->at.us) / 1000 : 0;
    FLOW_CELL_WRITE(ctx, last, &now);
    return FLOW_EMIT(ctx, gap, .city = *city, .cents = order->cents, .since = since);
}
FLOW_CELLS_FN(since_last, flow_str, order, (gap), FLOW_CELLS(last));

void time_sorted(struct pipe *pipe)
{
    const flow_window_options minutes = { .windows = flow_fixed(flow_minutes(1)) };
    const flow_do_options sorted = { .time_sorted = true };
    const flow_coll orders = flow_window_into(orders_by_city(pipe), &minutes);
    pipe_output(pipe, "orders", flow_do(orders, &since_last_fn, &sorted));
}
