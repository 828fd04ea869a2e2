// SPDX-License-Identifier: Apache-2.0
// Side inputs of each kind, in the same windows, in others, and while they change.
#include "pipe.h"

struct order {
    flow_str city;
    int64_t cents;
    flow_time at;
};
FLOW_RECORD(order, city, cents, at);

struct limit {
    int64_t cents;
};
FLOW_RECORD(limit, cents);

struct share {
    flow_str city;
    int64_t thousandths;
};
FLOW_RECORD(share, city, thousandths);

static flow_coll by_minute(flow_coll in)
{
    const flow_window_options minutes = { .windows = flow_fixed(flow_minutes(1)) };
    return flow_window_into(in, &minutes);
}

static flow_coll looking_into(flow_coll in, const flow_fn *fn, flow_view view)
{
    return flow_do(in, fn, &(flow_do_options){ .sides = &view, .side_count = 1 });
}

// --- one value

// What an order is of the number on the side.
static flow_status share_of(flow_ctx *ctx, const struct order *order)
{
    const struct flow_integer *whole = FLOW_SIDE(ctx, 0, flow_integer);
    if (!whole)
        return ctx->status;
    return FLOW_EMIT(
        ctx, share, .city = order->city, .thousandths = order->cents * 1000 / whole->value);
}
FLOW_ELEMENT_FN(share_of, order, share);

// Each order's part in the orders of its minute.
void side_singleton(struct pipe *pipe)
{
    const flow_coll orders = by_minute(pipe_input(pipe, "orders", &order_type));
    const flow_view total = flow_as_singleton(flow_sum(orders, FLOW_FIELD(order, cents)));
    pipe_output(pipe, "shares", looking_into(orders, &share_of_fn, total));
}

// The same of the largest limit, 1000 in minutes that have none.
void side_default(struct pipe *pipe)
{
    static const struct flow_integer otherwise = { 1000 };
    const flow_coll limits = by_minute(pipe_input(pipe, "limits", &limit_type));
    const flow_view largest = flow_as_singleton_or(
        flow_max(limits, FLOW_FIELD(limit, cents)), &flow_integer_type, &otherwise);
    const flow_coll orders = by_minute(pipe_input(pipe, "orders", &order_type));
    pipe_output(pipe, "shares", looking_into(orders, &share_of_fn, largest));
}

// --- a list

struct place {
    flow_str city;
};
FLOW_RECORD(place, city);

struct open_order {
    flow_str city;
    int64_t of;
};
FLOW_RECORD(open_order, city, of);

static flow_status unless_closed(flow_ctx *ctx, const struct order *order)
{
    flow_side_walk closed = FLOW_SIDE_ROWS(ctx, 0, place);
    const int64_t count = (int64_t)closed.left;
    for (const struct place *place; (place = flow_side_next(&closed)) != NULL;)
        if (flow_str_equal(place->city, order->city))
            return FLOW_OK;
    return FLOW_EMIT(ctx, open_order, .city = order->city, .of = count);
}
FLOW_ELEMENT_FN(unless_closed, order, open_order);

// Orders of cities that are not closed.
void side_list(struct pipe *pipe)
{
    const flow_view closed = flow_as_list(pipe_input(pipe, "closed", &place_type));
    const flow_coll orders = by_minute(pipe_input(pipe, "orders", &order_type));
    pipe_output(pipe, "open", looking_into(orders, &unless_closed_fn, closed));
}

// --- maps

struct purchase {
    flow_str item;
    int64_t pieces;
    flow_time at;
};
FLOW_RECORD(purchase, item, pieces, at);

struct price {
    flow_str item;
    int64_t cents;
};
FLOW_RECORD(price, item, cents);

struct colour {
    flow_str item, colour;
};
FLOW_RECORD(colour, item, colour);

struct described {
    flow_str item;
    int64_t cents;
    flow_str colours;
};
FLOW_RECORD(described, item, cents, colours);

static flow_status describe(flow_ctx *ctx, const struct purchase *purchase)
{
    const struct price *price = FLOW_SIDE_FIND(ctx, 0, price, purchase->item);
    flow_side_walk walk = FLOW_SIDE_ROWS_OF(ctx, 1, colour, purchase->item);
    struct pipe_list colours = { .ctx = ctx };
    for (const struct colour *colour; (colour = flow_side_next(&walk)) != NULL;)
        pipe_add_text(&colours, colour->colour);
    return FLOW_EMIT(ctx, described, .item = purchase->item,
        .cents = price ? purchase->pieces * price->cents : 0, .colours = pipe_sorted(&colours));
}
FLOW_ELEMENT_FN(describe, purchase, described);

// What was ordered, with its price out of a map and its colours out of a multimap.
void side_map(struct pipe *pipe)
{
    const flow_coll prices = pipe_input(pipe, "prices", &price_type);
    const flow_coll colours = pipe_input(pipe, "colours", &colour_type);
    const flow_view sides[] = { flow_as_map(flow_key_by(prices, FLOW_FIELD(price, item))),
        flow_as_multimap(flow_key_by(colours, FLOW_FIELD(colour, item))) };
    pipe_output(pipe, "orders",
        flow_do(pipe_input(pipe, "orders", &purchase_type), &describe_fn,
            &(flow_do_options){ .sides = sides, .side_count = 2 }));
}

// --- other windows

struct click {
    flow_str user, page;
};
FLOW_RECORD(click, user, page);

struct sight {
    flow_str user, page;
    int64_t seen;
};
FLOW_RECORD(sight, user, page, seen);

static flow_status how_often(flow_ctx *ctx, const struct click *click)
{
    const struct flow_counted *counted = FLOW_SIDE_FIND(ctx, 0, flow_counted, click->page);
    return FLOW_EMIT(
        ctx, sight, .user = click->user, .page = click->page, .seen = counted ? counted->count : 0);
}
FLOW_ELEMENT_FN(how_often, click, sight);

// Clicks in windows, each with the views of its page in other windows (R70).
static flow_coll seen_in(flow_coll clicks, flow_windows windows, flow_coll views, flow_windows side)
{
    const flow_window_options main_windows = { .windows = windows };
    const flow_window_options side_windows = { .windows = side };
    const flow_coll counts = flow_count(flow_window_into(views, &side_windows));
    return looking_into(
        flow_window_into(clicks, &main_windows), &how_often_fn, flow_as_map(counts));
}

void side_windows(struct pipe *pipe)
{
    const flow_windows minutes = flow_fixed(flow_minutes(1));
    const flow_windows fives = flow_fixed(flow_minutes(5));
    const flow_windows threes = flow_sliding(flow_minutes(3), flow_minutes(1));
    const flow_windows halves = flow_sliding(flow_seconds(90), flow_seconds(30));
    const flow_coll clicks = pipe_input(pipe, "clicks", &click_type);
    const flow_coll views =
        flow_key_by(pipe_input(pipe, "views", &click_type), FLOW_FIELD(click, page));
    pipe_output(pipe, "minutes_in_five", seen_in(clicks, minutes, views, fives));
    pipe_output(pipe, "five_in_minutes", seen_in(clicks, fives, views, minutes));
    pipe_output(pipe, "minutes_in_sliding", seen_in(clicks, minutes, views, threes));
    pipe_output(pipe, "sliding_in_minutes", seen_in(clicks, halves, views, minutes));
}

// --- while it changes

struct rate {
    int64_t rate;
};
FLOW_RECORD(rate, rate);

struct rated {
    flow_str city;
    int64_t cents;
    flow_str rates;
};
FLOW_RECORD(rated, city, cents, rates);

static flow_status with_rates(flow_ctx *ctx, const struct order *order)
{
    flow_side_walk walk = FLOW_SIDE_ROWS(ctx, 0, rate);
    struct pipe_list rates = { .ctx = ctx };
    for (const struct rate *rate; (rate = flow_side_next(&walk)) != NULL;)
        pipe_add_number(&rates, rate->rate);
    return FLOW_EMIT(
        ctx, rated, .city = order->city, .cents = order->cents, .rates = pipe_sorted(&rates));
}
FLOW_ELEMENT_FN(with_rates, order, rated);

// What a list holds while it is given again and again, two new rates at a time (R72).
void side_firings(struct pipe *pipe)
{
    flow_window_options twos = { .trigger = flow_trigger_repeatedly(flow_trigger_count(2)),
        .accumulation = FLOW_DISCARDING };
    const flow_coll orders = pipe_input(pipe, "orders", &order_type);
    const flow_coll rates = pipe_input(pipe, "rates", &rate_type);
    const flow_view newest = flow_as_list(flow_window_into(rates, &twos));
    twos.accumulation = FLOW_ACCUMULATING;
    const flow_view all = flow_as_list(flow_window_into(rates, &twos));
    pipe_output(pipe, "discarding", looking_into(orders, &with_rates_fn, newest));
    pipe_output(pipe, "accumulating", looking_into(orders, &with_rates_fn, all));
}
