// SPDX-License-Identifier: Apache-2.0
// Timers of both clocks, families of them, and the times of what they give.
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

// --- parcels

struct parcel {
    flow_str city, cents;
};
FLOW_RECORD(parcel, city, cents);

FLOW_BAG(waiting, order);

static flow_status give(flow_ctx *ctx, const flow_str *city)
{
    struct pipe_list cents = { .ctx = ctx };
    flow_cursor at = FLOW_CELL_ALL(ctx, waiting);
    while (flow_cursor_next(&at))
        pipe_add_number(&cents, FLOW_AT(waiting, at)->cents);
    FLOW_CELL_CLEAR(ctx, waiting);
    return FLOW_EMIT(ctx, parcel, .city = *city, .cents = pipe_sorted(&cents));
}

FLOW_TIMER(leave, flow_str, FLOW_EVENT_TIME);

// A parcel leaves ten seconds of event time after its first order, with the time of that one.
static flow_status pack(flow_ctx *ctx, const flow_str *city, const struct order *order)
{
    (void)city;
    const flow_time now = flow_event_time(ctx);
    const flow_time end = { flow_window_end(ctx).us - 1 };
    const flow_time later = { now.us + flow_seconds(10).us };
    if (FLOW_CELL_COUNT(ctx, waiting) == 0)
        FLOW_TIMER_SET(ctx, leave, later.us < end.us ? later : end, .output = &now);
    FLOW_CELL_ADD(ctx, waiting, order);
    return ctx->status;
}

static flow_status leave_due(flow_ctx *ctx, const flow_str *city)
{
    return give(ctx, city);
}
FLOW_CELLS_FN(pack, flow_str, order, (parcel), FLOW_CELLS(waiting), FLOW_TIMERS(leave));

void parcels(struct pipe *pipe)
{
    pipe_output(pipe, "parcels", flow_do(by_minute(orders_by_city(pipe)), &pack_fn));
}

// --- parcels by the clock

FLOW_TIMER(by_clock, flow_str, FLOW_PROCESSING_TIME);
FLOW_TIMER(rest, flow_str, FLOW_WINDOW_EXPIRY);

static flow_status pack_by_clock(flow_ctx *ctx, const flow_str *city, const struct order *order)
{
    (void)city;
    if (FLOW_CELL_COUNT(ctx, waiting) == 0)
        FLOW_TIMER_IN(ctx, by_clock, flow_seconds(10));
    FLOW_CELL_ADD(ctx, waiting, order);
    return ctx->status;
}

static flow_status by_clock_due(flow_ctx *ctx, const flow_str *city)
{
    return give(ctx, city);
}

// What has not left when the window expires leaves then.
static flow_status rest_due(flow_ctx *ctx, const flow_str *city)
{
    return FLOW_CELL_COUNT(ctx, waiting) ? give(ctx, city) : FLOW_OK;
}
FLOW_CELLS_FN(
    pack_by_clock, flow_str, order, (parcel), FLOW_CELLS(waiting), FLOW_TIMERS(by_clock, rest));

void parcels_by_clock(struct pipe *pipe)
{
    pipe_output(pipe, "parcels", flow_do(by_minute(orders_by_city(pipe)), &pack_by_clock_fn));
}

// --- a family

struct reminder {
    flow_str city, number;
    int64_t at; // milliseconds
};
FLOW_RECORD(reminder, city, number, at);

FLOW_TIMER(remind, flow_str, FLOW_EVENT_TIME);

// A timer for each last digit: an amount puts its timer off, and tens take one back.
static flow_status remember(flow_ctx *ctx, const flow_str *city, const struct order *order)
{
    (void)city;
    const bool back = order->cents % 10 == 0;
    const int64_t digit = back ? order->cents / 10 % 10 : order->cents % 10;
    const flow_str tag = flow_format(ctx, "n%lld", (long long)digit);
    const flow_time later = { flow_event_time(ctx).us + flow_seconds(10).us };
    if (back)
        FLOW_TIMER_CLEAR_TAG(ctx, remind, tag);
    else
        FLOW_TIMER_SET(ctx, remind, later, .tag = tag);
    return ctx->status;
}

static flow_status remind_due(flow_ctx *ctx, const flow_str *city)
{
    return FLOW_EMIT(ctx, reminder, .city = *city, .number = flow_timer_tag(ctx),
        .at = flow_event_time(ctx).us / 1000);
}
FLOW_CELLS_FN(remember, flow_str, order, (reminder), FLOW_TIMERS(remind));

void reminders(struct pipe *pipe)
{
    pipe_output(pipe, "reminders", flow_do(orders_by_city(pipe), &remember_fn));
}

// --- a timer that sets itself

struct heard {
    flow_str city;
    int64_t seen;
};
FLOW_RECORD(heard, city, seen);

FLOW_TIMER(tell, flow_str, FLOW_EVENT_TIME);

// Every ten seconds of event time how many orders there were, up to the window's end.
static flow_status listen(flow_ctx *ctx, const flow_str *city, const struct order *order)
{
    (void)city;
    const flow_time first = { flow_event_window(ctx).start.us + flow_seconds(10).us };
    if (FLOW_CELL_COUNT(ctx, waiting) == 0)
        FLOW_TIMER_SET(ctx, tell, first);
    FLOW_CELL_ADD(ctx, waiting, order);
    return ctx->status;
}

static flow_status tell_due(flow_ctx *ctx, const flow_str *city)
{
    const flow_time next = { flow_timer_time(ctx).us + flow_seconds(10).us };
    if (next.us < flow_window_end(ctx).us)
        FLOW_TIMER_SET(ctx, tell, next);
    return FLOW_EMIT(ctx, heard, .city = *city, .seen = (int64_t)FLOW_CELL_COUNT(ctx, waiting));
}
FLOW_CELLS_FN(listen, flow_str, order, (heard), FLOW_CELLS(waiting), FLOW_TIMERS(tell));

void looping_timer(struct pipe *pipe)
{
    pipe_output(pipe, "seen", flow_do(by_minute(orders_by_city(pipe)), &listen_fn));
}

// --- relative timers

struct fired {
    flow_str city, timer;
    int64_t at; // milliseconds
};
FLOW_RECORD(fired, city, timer, at);

FLOW_TIMER(grid, flow_str, FLOW_EVENT_TIME);
FLOW_TIMER(shifted, flow_str, FLOW_EVENT_TIME);
FLOW_TIMER(after, flow_str, FLOW_EVENT_TIME);

static flow_status set_all(flow_ctx *ctx, const flow_str *city, const struct order *order)
{
    (void)city, (void)order;
    FLOW_TIMER_IN(ctx, grid, flow_seconds(0), .align = flow_seconds(10));
    // Beam's offset of 3 seconds moves the grid the other way: to 7, 17, 27 …
    FLOW_TIMER_IN(
        ctx, shifted, flow_seconds(0), .align = flow_seconds(10), .phase = flow_seconds(7));
    FLOW_TIMER_IN(ctx, after, flow_seconds(7));
    return ctx->status;
}

static flow_status say(flow_ctx *ctx, const flow_str *city, const char *timer)
{
    return FLOW_EMIT(ctx, fired, .city = *city, .timer = flow_str_of(timer),
        .at = flow_floor_div(flow_timer_time(ctx).us, 1000));
}

static flow_status grid_due(flow_ctx *ctx, const flow_str *city)
{
    return say(ctx, city, "grid");
}

static flow_status shifted_due(flow_ctx *ctx, const flow_str *city)
{
    return say(ctx, city, "shifted");
}

static flow_status after_due(flow_ctx *ctx, const flow_str *city)
{
    return say(ctx, city, "after");
}
FLOW_CELLS_FN(set_all, flow_str, order, (fired), FLOW_TIMERS(grid, shifted, after));

// Relative timers, aligned: where the grid lies (R61).
void aligned_timer(struct pipe *pipe)
{
    pipe_output(pipe, "timers", flow_do(by_minute(orders_by_city(pipe)), &set_all_fn));
}
