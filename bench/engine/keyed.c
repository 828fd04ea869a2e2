// SPDX-License-Identifier: Apache-2.0
// Count per key and minute, with few and with many keys.
#include "engine/engine.h"

static void count_products(
    const struct bench_options *options, const void *input, struct outcome *outcome)
{
    engine_count(options, input, FLOW_FIELD(event, product), flow_fixed(flow_minutes(1)), outcome);
}

static void count_users(
    const struct bench_options *options, const void *input, struct outcome *outcome)
{
    engine_count(options, input, FLOW_FIELD(event, user), flow_fixed(flow_minutes(1)), outcome);
}

static bool compare(const struct bench_options *options, const struct bench_data *data,
    const char *id, bench_side *engine, bench_side *hand)
{
    return bench_compare(options, &(struct comparison){ .id = id,
                                      .reference = "hand_c",
                                      .engine = engine,
                                      .hand = hand,
                                      .input = &data->all,
                                      .elements = (double)data->all.count,
                                      .speak_of_reference = true });
}

bool bench_keyed_1k(const struct bench_options *options, const struct bench_data *data)
{
    return compare(options, data, "keyed_1k", count_products, hand_keyed_1k);
}

bool bench_keyed_1k_1t(const struct bench_options *options, const struct bench_data *data)
{
    struct bench_options one = *options;
    one.threads = 1;
    return compare(&one, data, "keyed_1k_1t", count_products, hand_keyed_1k);
}

bool bench_keyed_1m(const struct bench_options *options, const struct bench_data *data)
{
    return compare(options, data, "keyed_1m", count_users, hand_keyed_1m);
}

bool bench_keyed_1m_1t(const struct bench_options *options, const struct bench_data *data)
{
    struct bench_options one = *options;
    one.threads = 1;
    return compare(&one, data, "keyed_1m_1t", count_users, hand_keyed_1m);
}
