// SPDX-License-Identifier: Apache-2.0
// Count per product over 60 s every second: against tumbling windows, against the hand-written
// slices, and against adding each event to its 60 windows.
#include "engine/engine.h"

#include <stdio.h>

static void count_sliding(
    const struct bench_options *options, const void *input, struct outcome *outcome)
{
    engine_count(options, input, FLOW_FIELD(event, product),
        flow_sliding(flow_minutes(1), flow_seconds(1)), outcome);
}

static void count_minutes(
    const struct bench_options *options, const void *input, struct outcome *outcome)
{
    engine_count(options, input, FLOW_FIELD(event, product), flow_fixed(flow_minutes(1)), outcome);
}

static void count_seconds(
    const struct bench_options *options, const void *input, struct outcome *outcome)
{
    engine_count(options, input, FLOW_FIELD(event, product), flow_fixed(flow_seconds(1)), outcome);
}

static double timed(
    const struct bench_options *options, bench_side *side, const void *input, bool *ok)
{
    struct outcome outcome = { 0 };
    const double begin = bench_now();
    side(options, input, &outcome);
    *ok &= !outcome.failed;
    return bench_now() - begin;
}

/*
 * Cost of an event without the cost of outputs: four times the events over the same time give the
 * same outputs, so the difference of the two runs is that of three quarters of the events.
 */
static bool against_tumbling(const struct bench_options *options, const struct bench_data *data)
{
    double sliding[BENCH_ROUNDS_MAX];
    double tumbling[BENCH_ROUNDS_MAX];
    const double events = (double)(data->all.count - data->few.count);
    bool ok = true;
    for (unsigned r = 0; r < options->rounds && ok; r++) {
        sliding[r] = timed(options, count_sliding, &data->all, &ok);
        tumbling[r] = timed(options, count_minutes, &data->all, &ok);
        sliding[r] -= timed(options, count_sliding, &data->few, &ok);
        tumbling[r] -= timed(options, count_minutes, &data->few, &ok);
    }
    if (!ok)
        return false;
    const struct spread ratio = bench_ratio(sliding, tumbling, options->rounds);
    const double ns = bench_spread(sliding, options->rounds).middle / events * 1e9;
    bench_print("sliding_60", ns, "ns/element", ratio, "tumbling_60_without_outputs");
    return true;
}

/* With all costs in: tumbling windows of a second have as many outputs as 60 s every second. */
static bool against_equal_outputs(
    const struct bench_options *options, const struct bench_data *data)
{
    double sliding[BENCH_ROUNDS_MAX];
    double tumbling[BENCH_ROUNDS_MAX];
    bool ok = true;
    for (unsigned r = 0; r < options->rounds && ok; r++) {
        sliding[r] = timed(options, count_sliding, &data->all, &ok);
        tumbling[r] = timed(options, count_seconds, &data->all, &ok);
    }
    if (!ok)
        return false;
    const struct spread ratio = bench_ratio(sliding, tumbling, options->rounds);
    const double ns = bench_spread(sliding, options->rounds).middle / (double)data->all.count * 1e9;
    bench_print("sliding_60_all", ns, "ns/element", ratio, "tumbling_1_same_outputs");
    return true;
}

bool bench_sliding_60(const struct bench_options *options, const struct bench_data *data)
{
    const struct comparison slices = { .id = "sliding_60_slices",
        .reference = "hand_c",
        .engine = count_sliding,
        .hand = hand_sliding,
        .input = &data->all,
        .elements = (double)data->all.count,
        .speak_of_reference = true };
    const struct comparison seconds = { .id = "tumbling_1",
        .reference = "hand_c",
        .engine = count_seconds,
        .hand = hand_keyed_1k_second,
        .input = &data->all,
        .elements = (double)data->all.count };
    return bench_compare(options, &slices) && bench_compare(options, &seconds) &&
           against_tumbling(options, data) && against_equal_outputs(options, data);
}

bool bench_sliding_60_naive(const struct bench_options *options, const struct bench_data *data)
{
    struct bench_options one = *options;
    one.threads = 1;
    return bench_compare(&one, &(struct comparison){ .id = "sliding_60_naive",
                                   .reference = "naive_c",
                                   .engine = count_sliding,
                                   .hand = hand_sliding_naive,
                                   .input = &data->head,
                                   .elements = (double)data->head.count,
                                   .speak_of_reference = true });
}
