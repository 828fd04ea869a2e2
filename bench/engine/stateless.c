// SPDX-License-Identifier: Apache-2.0
// Filter, map, filter and sum: as one fused stage, as a batch function, and as three functions of
// one element.
#include "engine/engine.h"

struct price {
    int64_t value;
};
FLOW_RECORD(price, value);

static bool is_wanted(const flow_ctx *ctx, const struct event *e)
{
    (void)ctx;
    return event_is_wanted(e);
}
FLOW_FILTER_FN(is_wanted, event);

static bool is_even(const flow_ctx *ctx, const struct event *e)
{
    (void)ctx;
    return event_is_even(e);
}
FLOW_FILTER_FN(is_even, event);

static flow_status to_price(flow_ctx *ctx, const struct event *e, struct price *out)
{
    (void)ctx;
    out->value = event_convert(e->price);
    return FLOW_OK;
}
FLOW_MAP_FN(to_price, event, price);

static bool is_dear(const flow_ctx *ctx, const struct price *price)
{
    (void)ctx;
    return event_is_dear(price->value);
}
FLOW_FILTER_FN(is_dear, price);

static flow_status convert(flow_ctx *ctx, struct event *e)
{
    (void)ctx;
    e->price = event_convert(e->price);
    return FLOW_OK;
}

static bool is_dear_event(const flow_ctx *ctx, const struct event *e)
{
    (void)ctx;
    return event_is_dear(e->price);
}

static flow_status price_of(flow_ctx *ctx, const struct event *e, struct price *out)
{
    (void)ctx;
    out->value = e->price;
    return FLOW_OK;
}

FLOW_STAGE(fused, event, price,
    FLOW_KEEP(is_wanted) FLOW_CHANGE(convert) FLOW_KEEP(is_dear_event) FLOW_INTO(price, price_of));

FLOW_STAGE(fused_half, event, price,
    FLOW_KEEP(is_even) FLOW_CHANGE(convert) FLOW_KEEP(is_dear_event) FLOW_INTO(price, price_of));

/* Nothing branches on the data: each row is written, and counted when it stays. */
static flow_status whole(flow_ctx *ctx, const flow_batch *batch)
{
    uint32_t next = 0;
    while (next < batch->count) {
        uint32_t room = batch->count - next;
        struct price *out = FLOW_RESERVE(ctx, price, &room);
        if (out == NULL)
            return ctx->status;
        uint32_t kept = 0;
        for (const uint32_t end = next + room; next < end; next++) {
            const struct event *e = FLOW_BATCH_ROW(batch, event, next);
            out[kept].value = event_convert(e->price);
            kept += (uint32_t)event_is_wanted(e) & event_is_dear(out[kept].value);
        }
        ctx->row = FLOW_BATCH_INDEX(batch, next - 1);
        if (flow_commit(ctx, 0, kept) != FLOW_OK)
            return ctx->status;
    }
    return FLOW_OK;
}
FLOW_BATCH_FN(whole, event, price);

static flow_status emit_wanted(flow_ctx *ctx, const struct event *e)
{
    return event_is_wanted(e) ? FLOW_EMIT_ROW(ctx, event, e) : FLOW_OK;
}
FLOW_ELEMENT_FN(emit_wanted, event, event);

static flow_status emit_price(flow_ctx *ctx, const struct event *e)
{
    return FLOW_EMIT(ctx, price, .value = event_convert(e->price));
}
FLOW_ELEMENT_FN(emit_price, event, price);

static flow_status emit_dear(flow_ctx *ctx, const struct price *price)
{
    return event_is_dear(price->value) ? FLOW_EMIT_ROW(ctx, price, price) : FLOW_OK;
}
FLOW_ELEMENT_FN(emit_dear, price, price);

static void take_sum(void *user, const flow_elements *elements)
{
    struct outcome *outcome = user;
    for (uint32_t i = 0; i < elements->batch.count; i++) {
        outcome->sum += (uint64_t)FLOW_BATCH_ROW(&elements->batch, flow_integer, i)->value;
        outcome->results++;
    }
}

/* Applies `count` functions one after another and sums the prices. */
static void run(const struct bench_options *options, const struct events *events,
    const flow_fn *const *fns, struct outcome *outcome)
{
    flow_pipeline *p = flow_pipeline_new("stateless");
    flow_coll rows = engine_events(p, events);
    for (; *fns != NULL; fns++)
        rows = flow_do(rows, *fns);
    flow_receive(flow_sum(rows, FLOW_FIELD(price, value)), NULL, take_sum, outcome);
    engine_run(p, options->threads, outcome);
}

#define SIDE(name, ...)                                                                            \
    static void name(                                                                              \
        const struct bench_options *options, const void *input, struct outcome *outcome)           \
    {                                                                                              \
        run(options, input, (const flow_fn *const[]){ __VA_ARGS__, NULL }, outcome);               \
    }

void engine_stateless_fused(
    const struct bench_options *options, const void *input, struct outcome *outcome)
{
    run(options, input, (const flow_fn *const[]){ &fused_fn, NULL }, outcome);
}

SIDE(run_half, &fused_half_fn)
SIDE(run_half_chain, &is_even_fn, &to_price_fn, &is_dear_fn)
SIDE(run_batch, &whole_fn)
SIDE(run_element, &is_wanted_fn, &to_price_fn, &is_dear_fn)
SIDE(run_emit, &emit_wanted_fn, &emit_price_fn, &emit_dear_fn)

static bool compare(const struct bench_options *options, const struct bench_data *data,
    const char *id, bench_side *engine, bench_side *hand)
{
    return bench_compare(options,
        &(struct comparison){ .id = id,
            .reference = "hand_c",
            .engine = engine,
            .hand = hand,
            .input = &data->all,
            .elements = (double)data->all.count,
            .speak_of_reference = engine == engine_stateless_fused || engine == run_half });
}

bool bench_stateless_fused(const struct bench_options *options, const struct bench_data *data)
{
    return compare(options, data, "stateless_fused", engine_stateless_fused, hand_stateless);
}

bool bench_stateless_fused_1t(const struct bench_options *options, const struct bench_data *data)
{
    struct bench_options one = *options;
    one.threads = 1;
    return compare(&one, data, "stateless_fused_1t", engine_stateless_fused, hand_stateless);
}

bool bench_stateless_batch(const struct bench_options *options, const struct bench_data *data)
{
    return compare(options, data, "stateless_batch", run_batch, hand_stateless);
}

bool bench_stateless_element(const struct bench_options *options, const struct bench_data *data)
{
    return compare(options, data, "stateless_element", run_element, hand_stateless);
}

bool bench_stateless_emit(const struct bench_options *options, const struct bench_data *data)
{
    return compare(options, data, "stateless_emit", run_emit, hand_stateless);
}

bool bench_stateless_half(const struct bench_options *options, const struct bench_data *data)
{
    return compare(options, data, "stateless_half_fused", run_half, hand_stateless_half) &&
           compare(options, data, "stateless_half_element", run_half_chain, hand_stateless_half);
}
