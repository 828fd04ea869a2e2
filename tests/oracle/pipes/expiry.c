// SPDX-License-Identifier: Apache-2.0
// What happens at the end of a window, and at its expiry, once late elements have come between.
#include "pipe.h"

struct order {
    flow_str city;
    int64_t cents;
};
FLOW_RECORD(order, city, cents);

static flow_coll orders_by_minute(struct pipe *pipe)
{
    const flow_window_options minutes = { .windows = flow_fixed(flow_minutes(1)),
        .lateness = flow_seconds(30),
        .accumulation = FLOW_DISCARDING };
    const flow_coll orders = pipe_input(pipe, "orders", &order_type);
    return flow_window_into(flow_key_by(orders, FLOW_FIELD(order, city)), &minutes);
}

// --- a count and a sum

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

struct counted {
    flow_str city;
    int64_t count, sum;
};
FLOW_RECORD(counted, city, count, sum);

FLOW_VALUE(number, counter);
FLOW_COMBINING(sum, total, order);
FLOW_TIMER(over, flow_str, FLOW_WINDOW_EXPIRY);

static flow_status count_and_add(flow_ctx *ctx, const flow_str *city, const struct order *order)
{
    const struct counter *before = FLOW_CELL_READ(ctx, number);
    const struct counter now = { before ? before->count + 1 : 1 };
    (void)city;
    FLOW_CELL_WRITE(ctx, number, &now);
    FLOW_CELL_ADD(ctx, sum, order);
    return ctx->status;
}

static flow_status over_due(flow_ctx *ctx, const flow_str *city)
{
    const struct counter *number_read = FLOW_CELL_READ(ctx, number);
    const int64_t count = number_read ? number_read->count : 0;
    const struct total *total = FLOW_CELL_READ(ctx, sum);
    return FLOW_EMIT(ctx, counted, .city = *city, .count = count, .sum = total ? total->cents : 0);
}
FLOW_CELLS_FN(
    count_and_add, flow_str, order, (counted), FLOW_CELLS(number, sum), FLOW_TIMERS(over));

// --- the end and the expiry

struct told {
    flow_str city, what;
    int64_t turn; // how many times this key and window has told something
    flow_str cents;
};
FLOW_RECORD(told, city, what, turn, cents);

FLOW_VALUE(turn, counter);
FLOW_BAG(waiting, order);
FLOW_TIMER(end, flow_str, FLOW_EVENT_TIME);
FLOW_TIMER(last, flow_str, FLOW_EVENT_TIME);
FLOW_TIMER(expiry, flow_str, FLOW_WINDOW_EXPIRY);

static flow_status tell(flow_ctx *ctx, const flow_str *city, const char *what)
{
    const struct counter *before = FLOW_CELL_READ(ctx, turn);
    const struct counter now = { before ? before->count + 1 : 1 };
    struct pipe_list cents = { .ctx = ctx };
    flow_cursor at = FLOW_CELL_ALL(ctx, waiting);
    while (flow_cursor_next(&at))
        pipe_add_number(&cents, FLOW_AT(waiting, at)->cents);
    FLOW_CELL_WRITE(ctx, turn, &now);
    return FLOW_EMIT(ctx, told, .city = *city, .what = flow_str_of(what), .turn = now.count,
        .cents = pipe_sorted(&cents));
}

// A timer at the window's end takes what the bag holds; what comes later is given at the expiry,
// behind a timer of the last instant before it.
static flow_status wait_for_ends(flow_ctx *ctx, const flow_str *city, const struct order *order)
{
    const flow_time instant = { flow_window_end(ctx).us - 1 };
    const flow_time late = { instant.us + flow_seconds(30).us };
    (void)city;
    FLOW_CELL_ADD(ctx, waiting, order);
    if (!FLOW_CELL_READ(ctx, turn))
        FLOW_TIMER_SET(ctx, end, instant);
    FLOW_TIMER_SET(ctx, last, late, .output = &instant);
    return ctx->status;
}

static flow_status end_due(flow_ctx *ctx, const flow_str *city)
{
    const flow_status status = tell(ctx, city, "end");
    FLOW_CELL_CLEAR(ctx, waiting);
    return status;
}

static flow_status last_due(flow_ctx *ctx, const flow_str *city)
{
    return tell(ctx, city, "last");
}

static flow_status expiry_due(flow_ctx *ctx, const flow_str *city)
{
    return tell(ctx, city, "expiry");
}
FLOW_CELLS_FN(wait_for_ends, flow_str, order, (told), FLOW_CELLS(turn, waiting),
    FLOW_TIMERS(end, last, expiry));

static flow_status order_by_count(flow_ctx *ctx, const struct counted *counted, struct order *order)
{
    order->city = flow_format(ctx, "%lld", (long long)counted->count);
    order->cents = counted->sum;
    return FLOW_OK;
}
FLOW_MAP_FN(order_by_count, counted, order);

// Late elements count until the expiry; what is told then comes before the next step's end (R27).
void late_at_expiry(struct pipe *pipe)
{
    const flow_coll counted = flow_do(orders_by_minute(pipe), &count_and_add_fn);
    const flow_coll sums = flow_do(counted, &order_by_count_fn);
    pipe_output(pipe, "cities", counted);
    pipe_output(
        pipe, "sums", flow_do(flow_key_by(sums, FLOW_FIELD(order, city)), &wait_for_ends_fn));
}

void ends_and_expiries(struct pipe *pipe)
{
    pipe_output(pipe, "told", flow_do(orders_by_minute(pipe), &wait_for_ends_fn));
}
