// SPDX-License-Identifier: Apache-2.0
// Groupings of several inputs, and combines of several kinds.
#include "pipe.h"

#include <math.h>

struct name {
    flow_str id, name;
};
FLOW_RECORD(name, id, name);

struct amount {
    flow_str id;
    int64_t cents;
};
FLOW_RECORD(amount, id, cents);

struct seen {
    flow_str id, page;
};
FLOW_RECORD(seen, id, page);

struct customer {
    flow_str id, names, cents, pages;
};
FLOW_RECORD(customer, id, names, cents, pages);

struct balance {
    flow_str id;
    int64_t ordered, paid;
};
FLOW_RECORD(balance, id, ordered, paid);

struct order {
    flow_str city;
    int64_t cents;
};
FLOW_RECORD(order, city, cents);

struct sale {
    int64_t cents;
    flow_time at;
};
FLOW_RECORD(sale, cents, at);

struct average {
    flow_str city;
    int64_t millicents;
};
FLOW_RECORD(average, city, millicents);

static flow_coll by_minute(flow_coll in)
{
    const flow_window_options minutes = { .windows = flow_fixed(flow_minutes(1)),
        .lateness = flow_seconds(30),
        .accumulation = FLOW_DISCARDING };
    return flow_window_into(in, &minutes);
}

// --- several inputs

static flow_status gather(flow_ctx *ctx, const flow_str *id, flow_gathered *rows)
{
    struct pipe_list names = { .ctx = ctx }, cents = { .ctx = ctx }, pages = { .ctx = ctx };
    for (const struct name *name; (name = FLOW_NEXT_OF(rows, 0, name)) != NULL;)
        pipe_add_text(&names, name->name);
    for (const struct amount *order; (order = FLOW_NEXT_OF(rows, 1, amount)) != NULL;)
        pipe_add_number(&cents, order->cents);
    for (const struct seen *seen; (seen = FLOW_NEXT_OF(rows, 2, seen)) != NULL;)
        pipe_add_text(&pages, seen->page);
    return FLOW_EMIT(ctx, customer, .id = *id, .names = pipe_sorted(&names),
        .cents = pipe_sorted(&cents), .pages = pipe_sorted(&pages));
}
FLOW_COGROUP_FN(gather, flow_str, (name, amount, seen), customer);

void cogroup(struct pipe *pipe)
{
    const flow_coll names = by_minute(pipe_input(pipe, "names", &name_type));
    const flow_coll orders = by_minute(pipe_input(pipe, "orders", &amount_type));
    const flow_coll visits = by_minute(pipe_input(pipe, "visits", &seen_type));
    const flow_coll all[] = { flow_key_by(names, FLOW_FIELD(name, id)),
        flow_key_by(orders, FLOW_FIELD(amount, id)), flow_key_by(visits, FLOW_FIELD(seen, id)) };
    pipe_output(pipe, "customers", flow_cogroup(all, &gather_cogroup, NULL));
}

// 0 where there is no partner.
static flow_status settle(
    flow_ctx *ctx, const flow_str *id, const struct amount *ordered, const struct amount *paid)
{
    return FLOW_EMIT(ctx, balance, .id = *id, .ordered = ordered ? ordered->cents : 0,
        .paid = paid ? paid->cents : 0);
}
FLOW_JOIN_FN(settle, flow_str, amount, amount, balance);

void joins(struct pipe *pipe)
{
    const flow_coll orders = by_minute(pipe_input(pipe, "orders", &amount_type));
    const flow_coll payments = by_minute(pipe_input(pipe, "payments", &amount_type));
    const flow_sides sides = { flow_key_by(orders, FLOW_FIELD(amount, id)),
        flow_key_by(payments, FLOW_FIELD(amount, id)) };
    pipe_output(pipe, "inner", flow_join(sides, FLOW_JOIN_INNER, &settle_join, NULL));
    pipe_output(pipe, "left", flow_join(sides, FLOW_JOIN_LEFT, &settle_join, NULL));
    pipe_output(pipe, "right", flow_join(sides, FLOW_JOIN_RIGHT, &settle_join, NULL));
    pipe_output(pipe, "full", flow_join(sides, FLOW_JOIN_FULL, &settle_join, NULL));
}

// --- combines

static flow_coll sum_in_parts(flow_coll orders)
{
    return flow_sum(
        flow_fan_out(orders, &(flow_fan_out_options){ .parts = 4 }), FLOW_FIELD(order, cents));
}

// Hot keys are combined in parts; the results must not show it (R76).
void hot_keys(struct pipe *pipe)
{
    const flow_window_options so_far = { .windows = flow_fixed(flow_minutes(1)),
        .lateness = flow_minutes(1),
        .accumulation = FLOW_ACCUMULATING };
    flow_window_options new_orders = so_far;
    new_orders.accumulation = FLOW_DISCARDING;
    const flow_coll orders =
        flow_key_by(pipe_input(pipe, "orders", &order_type), FLOW_FIELD(order, city));
    pipe_output(pipe, "so_far", sum_in_parts(flow_window_into(orders, &so_far)));
    pipe_output(pipe, "new", sum_in_parts(flow_window_into(orders, &new_orders)));
}

// Beam's own fanout splits sessions: this is compared with what it gives without.
void hot_sessions(struct pipe *pipe)
{
    const flow_window_options visits = { .windows = flow_sessions(flow_seconds(10)) };
    const flow_coll orders =
        flow_key_by(pipe_input(pipe, "orders", &order_type), FLOW_FIELD(order, city));
    pipe_output(pipe, "sessions", sum_in_parts(flow_window_into(orders, &visits)));
}

// Without a key. Of nothing nothing is made (R74): Beam's are told to give no defaults.
void totals(struct pipe *pipe)
{
    const flow_window_options minutes = { .windows = flow_fixed(flow_minutes(1)) };
    const flow_coll orders = pipe_input(pipe, "orders", &sale_type);
    pipe_output(pipe, "all", flow_sum(orders, FLOW_FIELD(sale, cents)));
    pipe_output(pipe, "how_many", flow_count(orders));
    pipe_output(
        pipe, "by_minute", flow_sum(flow_window_into(orders, &minutes), FLOW_FIELD(sale, cents)));
}

// The smallest and the largest, by a combine of one's own (R73).
struct extremes {
    int64_t smallest, largest, seen;
};
FLOW_RECORD(extremes, smallest, largest, seen);

struct spread {
    flow_str city;
    int64_t cents;
};
FLOW_RECORD(spread, city, cents);

static void extremes_merge(struct extremes *all, const struct extremes *other)
{
    if (!other->seen)
        return;
    if (!all->seen || other->smallest < all->smallest)
        all->smallest = other->smallest;
    if (!all->seen || other->largest > all->largest)
        all->largest = other->largest;
    all->seen += other->seen;
}

static void extremes_add(struct extremes *all, const struct order *order)
{
    extremes_merge(all, &(struct extremes){ order->cents, order->cents, 1 });
}
FLOW_COMBINE_FN(extremes, order);

static flow_status difference(flow_ctx *ctx, const flow_str *city, const struct extremes *all)
{
    return FLOW_EMIT(ctx, spread, .city = *city, .cents = all->largest - all->smallest);
}
FLOW_KEYED_FN(difference, flow_str, extremes, spread);

static flow_coll spread_of(flow_coll orders)
{
    return flow_do(flow_combine(orders, &extremes_combine), &difference_fn);
}

void spread(struct pipe *pipe)
{
    const flow_window_options visits = { .windows = flow_sessions(flow_seconds(10)),
        .lateness = flow_minutes(1),
        .accumulation = FLOW_ACCUMULATING };
    const flow_coll orders =
        flow_key_by(pipe_input(pipe, "orders", &order_type), FLOW_FIELD(order, city));
    pipe_output(pipe, "minutes", spread_of(by_minute(orders)));
    pipe_output(pipe, "sessions", spread_of(flow_window_into(orders, &visits)));
}

static flow_status round_mean(
    flow_ctx *ctx, const flow_str *city, const struct flow_averaged *averaged)
{
    return FLOW_EMIT(
        ctx, average, .city = *city, .millicents = (int64_t)floor(averaged->mean * 1000 + 0.5));
}
FLOW_KEYED_FN(round_mean, flow_str, flow_averaged, average);

void figures(struct pipe *pipe)
{
    const flow_field_ref cents = FLOW_FIELD(order, cents);
    const flow_coll orders =
        flow_key_by(by_minute(pipe_input(pipe, "orders", &order_type)), FLOW_FIELD(order, city));
    pipe_output(pipe, "least", flow_min(orders, cents));
    pipe_output(pipe, "most", flow_max(orders, cents));
    pipe_output(pipe, "mean", flow_do(flow_mean(orders, cents), &round_mean_fn));
    pipe_output(pipe, "top", flow_top(orders, 3, cents));
}
