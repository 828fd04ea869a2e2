// SPDX-License-Identifier: Apache-2.0
// Sliding windows, sessions, results before and after the end of a window.
#include "pipe.h"

struct click {
    flow_str user, page;
};
FLOW_RECORD(click, user, page);

struct order {
    flow_str city;
    int64_t cents;
};
FLOW_RECORD(order, city, cents);

struct score {
    flow_str team;
    int64_t points;
};
FLOW_RECORD(score, team, points);

struct visit {
    flow_str user, pages;
};
FLOW_RECORD(visit, user, pages);

struct length {
    flow_str what; // long or short
    int64_t clicks;
};
FLOW_RECORD(length, what, clicks);

void sliding_count(struct pipe *pipe)
{
    const flow_window_options every_20_seconds = { .windows = flow_sliding(
                                                       flow_minutes(1), flow_seconds(20)) };
    const flow_window_options shifted = { .windows = flow_windows_offset(
                                              flow_sliding(flow_seconds(70), flow_seconds(25)),
                                              flow_seconds(5)) };
    const flow_coll clicks =
        flow_key_by(pipe_input(pipe, "clicks", &click_type), FLOW_FIELD(click, page));
    pipe_output(pipe, "every_20_seconds", flow_count(flow_window_into(clicks, &every_20_seconds)));
    pipe_output(pipe, "shifted", flow_count(flow_window_into(clicks, &shifted)));
}

static flow_status list_pages(flow_ctx *ctx, const flow_str *user, flow_rows *rows)
{
    struct pipe_list pages = { .ctx = ctx };
    for (const struct click *click; (click = flow_rows_next(rows)) != NULL;)
        pipe_add_text(&pages, click->page);
    return FLOW_EMIT(ctx, visit, .user = *user, .pages = pipe_sorted(&pages));
}
FLOW_GROUP_FN(list_pages, flow_str, click, visit);

void sessions(struct pipe *pipe)
{
    const flow_window_options visits = { .windows = flow_sessions(flow_seconds(30)),
        .lateness = flow_minutes(1),
        .accumulation = FLOW_ACCUMULATING };
    flow_window_options new_clicks = visits;
    new_clicks.accumulation = FLOW_DISCARDING;
    new_clicks.closing = FLOW_EMPTY_ALWAYS;
    const flow_coll clicks =
        flow_key_by(pipe_input(pipe, "clicks", &click_type), FLOW_FIELD(click, user));
    pipe_output(pipe, "pages", flow_group(flow_window_into(clicks, &visits), &list_pages_fn));
    pipe_output(pipe, "clicks", flow_count(flow_window_into(clicks, &new_clicks)));
}

static flow_status measure(flow_ctx *ctx, const flow_str *user, const struct flow_counted *clicks)
{
    (void)user;
    return FLOW_EMIT(ctx, length, .what = flow_str_of(clicks->count > 2 ? "long" : "short"),
        .clicks = clicks->count);
}
FLOW_KEYED_FN(measure, flow_str, flow_counted, length);

// How many sessions have how many clicks: sessions of different users must not merge (R16).
void session_lengths(struct pipe *pipe)
{
    const flow_window_options visits = { .windows = flow_sessions(flow_seconds(30)) };
    const flow_window_options minutes = { .windows = flow_fixed(flow_minutes(1)) };
    const flow_coll clicks =
        flow_key_by(pipe_input(pipe, "clicks", &click_type), FLOW_FIELD(click, user));
    const flow_coll counts = flow_count(flow_window_into(clicks, &visits));
    const flow_coll lengths = flow_key_by(flow_do(counts, &measure_fn), FLOW_FIELD(length, what));
    pipe_output(pipe, "sessions", flow_count(lengths));
    const flow_coll users = flow_window_into(counts, &minutes);
    pipe_output(pipe, "by_minute", flow_sum(users, FLOW_FIELD(flow_counted, count)));
}

void early_late(struct pipe *pipe)
{
    const flow_window_options so_far = { .windows = flow_fixed(flow_minutes(1)),
        .lateness = flow_minutes(2),
        .trigger =
            flow_trigger_early_late(flow_trigger_delay(flow_seconds(10)), flow_trigger_count(1)),
        .accumulation = FLOW_ACCUMULATING };
    flow_window_options new_orders = so_far;
    new_orders.accumulation = FLOW_DISCARDING;
    const flow_field_ref cents = FLOW_FIELD(order, cents);
    const flow_coll orders =
        flow_key_by(pipe_input(pipe, "orders", &order_type), FLOW_FIELD(order, city));
    pipe_output(pipe, "so_far", flow_sum(flow_window_into(orders, &so_far), cents));
    pipe_output(pipe, "new", flow_sum(flow_window_into(orders, &new_orders), cents));
}

void leaderboard(struct pipe *pipe)
{
    const flow_window_options teams = { .windows = flow_fixed(flow_minutes(5)),
        .lateness = flow_minutes(2),
        .trigger =
            flow_trigger_early_late(flow_trigger_count(3), flow_trigger_delay(flow_seconds(20))),
        .accumulation = FLOW_ACCUMULATING };
    const flow_window_options total = { .trigger = flow_trigger_repeatedly(
                                            flow_trigger_delay(flow_seconds(15))),
        .accumulation = FLOW_ACCUMULATING };
    const flow_field_ref points = FLOW_FIELD(score, points);
    const flow_coll scores =
        flow_key_by(pipe_input(pipe, "points", &score_type), FLOW_FIELD(score, team));
    pipe_output(pipe, "teams", flow_sum(flow_window_into(scores, &teams), points));
    pipe_output(pipe, "total", flow_sum(flow_window_into(scores, &total), points));
}
