// SPDX-License-Identifier: Apache-2.0
// Transforms of the library.
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

static flow_coll by_minute(flow_coll in)
{
    const flow_window_options minutes = { .windows = flow_fixed(flow_minutes(1)) };
    return flow_window_into(in, &minutes);
}

static flow_coll by_minute_and_late(flow_coll in, flow_accumulation accumulation)
{
    const flow_window_options minutes = { .windows = flow_fixed(flow_minutes(1)),
        .lateness = flow_seconds(30),
        .accumulation = accumulation };
    return flow_window_into(in, &minutes);
}

// --- each once

struct page {
    flow_str page;
};
FLOW_RECORD(page, page);

static flow_status page_of(flow_ctx *ctx, const struct click *click, struct page *page)
{
    (void)ctx;
    page->page = click->page;
    return FLOW_OK;
}
FLOW_MAP_FN(page_of, click, page);

void distinct(struct pipe *pipe)
{
    const flow_coll pages = flow_do(pipe_input(pipe, "clicks", &click_type), &page_of_fn);
    pipe_output(pipe, "pages", flow_distinct(by_minute(pages)));
    pipe_output(pipe, "with_late", flow_distinct(by_minute_and_late(pages, FLOW_DISCARDING)));
}

void deduplicate(struct pipe *pipe)
{
    const flow_deduplicate_options by_clock = { .duration = flow_seconds(10),
        .clock = FLOW_PROCESSING_TIME };
    const flow_coll pages = flow_do(pipe_input(pipe, "clicks", &click_type), &page_of_fn);
    pipe_output(pipe, "clock", flow_deduplicate(by_minute(pages), &by_clock));
}

void latest(struct pipe *pipe)
{
    const flow_coll orders =
        flow_key_by(pipe_input(pipe, "orders", &order_type), FLOW_FIELD(order, city));
    const flow_coll windowed = by_minute_and_late(orders, FLOW_ACCUMULATING);
    pipe_output(pipe, "orders", flow_unkey(flow_latest(windowed)));
}

// --- batches

struct batch {
    flow_str city;
    flow_list orders;
};
FLOW_RECORD_OF(batch, FLOW_COLUMN(batch, city), FLOW_COLUMN_LIST(batch, orders, order));

struct listed {
    flow_str city, cents;
};
FLOW_RECORD(listed, city, cents);

static flow_status list_cents(flow_ctx *ctx, const struct batch *batch)
{
    const struct order *orders = batch->orders.items;
    struct pipe_list cents = { .ctx = ctx };
    for (size_t i = 0; i < batch->orders.count; i++)
        pipe_add_number(&cents, orders[i].cents);
    return FLOW_EMIT(ctx, listed, .city = batch->city, .cents = pipe_in_order(&cents));
}
FLOW_ELEMENT_FN(list_cents, batch, listed);

void batches(struct pipe *pipe)
{
    const flow_batches_options threes = { .count = 3 };
    const flow_batches_options ten_seconds = { .count = 100, .max_wait = flow_seconds(10) };
    const flow_coll orders =
        flow_key_by(by_minute(pipe_input(pipe, "orders", &order_type)), FLOW_FIELD(order, city));
    pipe_output(
        pipe, "threes", flow_do(flow_batches(orders, &batch_type, &threes), &list_cents_fn));
    pipe_output(pipe, "ten_seconds",
        flow_do(flow_batches(orders, &batch_type, &ten_seconds), &list_cents_fn));
}

// --- several collections

void wait_on(struct pipe *pipe)
{
    const flow_window_options halves = { .windows = flow_fixed(flow_seconds(30)),
        .lateness = flow_minutes(5),
        .accumulation = FLOW_DISCARDING };
    const flow_coll clicks =
        by_minute_and_late(pipe_input(pipe, "clicks", &click_type), FLOW_DISCARDING);
    const flow_coll orders = flow_window_into(pipe_input(pipe, "orders", &order_type), &halves);
    pipe_output(pipe, "orders", flow_wait_on(orders, clicks));
}

void flatten(struct pipe *pipe)
{
    const flow_window_options brief = { .windows = flow_sessions(flow_seconds(10)) };
    const flow_window_options lasting = { .windows = flow_sessions(flow_seconds(30)) };
    const flow_coll clicks = flow_window_into(pipe_input(pipe, "clicks", &click_type), &brief);
    const flow_coll views = flow_window_into(pipe_input(pipe, "views", &click_type), &lasting);
    const flow_coll both[] = { flow_key_by(clicks, FLOW_FIELD(click, user)),
        flow_key_by(views, FLOW_FIELD(click, user)) };
    pipe_output(pipe, "visits", flow_count(flow_flatten(both, 2)));
}

static uint32_t by_rest(flow_ctx *ctx, const struct order *order, uint32_t parts)
{
    (void)ctx;
    return (uint32_t)(order->cents % parts);
}
FLOW_PARTITION_FN(by_rest, order);

void partition(struct pipe *pipe)
{
    static const char *const names[] = { "part_0", "part_1", "part_2" };
    const flow_coll orders = by_minute(pipe_input(pipe, "orders", &order_type));
    const flow_coll parts = flow_partition(orders, &by_rest_partition, 3, NULL);
    for (uint32_t i = 0; i < 3; i++) {
        const flow_coll part = flow_key_by(flow_output(parts, i), FLOW_FIELD(order, city));
        pipe_output(pipe, names[i], flow_sum(part, FLOW_FIELD(order, cents)));
    }
}

// --- reshuffle

struct sum {
    flow_str city;
    int64_t cents;
};
FLOW_RECORD(sum, city, cents);

static flow_status name_sum(flow_ctx *ctx, const flow_str *city, const struct flow_integer *cents)
{
    return FLOW_EMIT(ctx, sum, .city = *city, .cents = cents->value);
}
FLOW_KEYED_FN(name_sum, flow_str, flow_integer, sum);

// Windows, times and panes of what was given early and late stay as they are (R79).
void reshuffle(struct pipe *pipe)
{
    const flow_window_options minutes = { .windows = flow_fixed(flow_minutes(1)),
        .lateness = flow_seconds(30),
        .trigger = flow_trigger_early_late(flow_trigger_count(2), flow_trigger_count(1)),
        .accumulation = FLOW_ACCUMULATING };
    const flow_coll orders = flow_window_into(pipe_input(pipe, "orders", &order_type), &minutes);
    const flow_coll sums =
        flow_sum(flow_key_by(orders, FLOW_FIELD(order, city)), FLOW_FIELD(order, cents));
    pipe_output(pipe, "sums", flow_reshuffle(flow_do(sums, &name_sum_fn)));
}

// --- a splittable function

struct job {
    flow_str name;
    int64_t ticks;
};
FLOW_RECORD(job, name, ticks);

struct tick {
    flow_str name;
    int64_t tick;
};
FLOW_RECORD(tick, name, tick);

static flow_status all_ticks(flow_ctx *ctx, const void *job, void *restriction)
{
    (void)ctx;
    ((struct flow_offset_range *)restriction)->to = ((const struct job *)job)->ticks;
    return FLOW_OK;
}

static flow_status in_fours(flow_ctx *ctx, const void *job, const void *restriction)
{
    struct flow_offset_range part = *(const struct flow_offset_range *)restriction;
    const int64_t end = part.to;
    (void)job;
    for (; part.from < end; part.from = part.to) {
        part.to = end - part.from > 4 ? part.from + 4 : end;
        flow_split_part(ctx, &flow_offset_range_type, &part);
    }
    return ctx->status;
}

// As many elements as a job says, a second apart.
static flow_status tick(flow_ctx *ctx, const struct job *job)
{
    const int64_t begin = flow_event_time(ctx).us;
    for (int64_t i = FLOW_RESTRICTION(ctx, flow_offset_range)->from; flow_claim_offset(ctx, i); i++)
        FLOW_EMIT_AT(
            ctx, ((flow_time){ begin + flow_seconds(i).us }), tick, .name = job->name, .tick = i);
    return ctx->status;
}
FLOW_SPLIT_FN(
    tick, job, (tick), .tracker = &flow_offset_tracker, .initial = all_ticks, .split = in_fours);

void splittable(struct pipe *pipe)
{
    const flow_window_options tens = { .windows = flow_fixed(flow_seconds(10)) };
    const flow_coll ticks = flow_split(pipe_input(pipe, "jobs", &job_type), &tick_split);
    pipe_output(pipe, "ticks", ticks);
    const flow_coll windowed = flow_window_into(ticks, &tens);
    pipe_output(pipe, "by_ten_seconds",
        flow_sum(flow_key_by(windowed, FLOW_FIELD(tick, name)), FLOW_FIELD(tick, tick)));
}
