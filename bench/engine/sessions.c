// SPDX-License-Identifier: Apache-2.0
// Windows that are kept one by one: count per user and session, and per user and minute with a
// result for every few events.
#include "engine/engine.h"

static void count_by(const struct bench_options *options, const void *input,
    const flow_window_options *how, struct outcome *outcome)
{
    flow_pipeline *p = flow_pipeline_new("sessions");
    const flow_coll by_user = flow_key_by(engine_events(p, input), FLOW_FIELD(event, user));
    flow_receive(flow_count(flow_window_into(by_user, how)), NULL, engine_take_counts, outcome);
    engine_run(p, options->threads, outcome);
}

static void count_sessions(
    const struct bench_options *options, const void *input, struct outcome *outcome)
{
    const flow_window_options how = { .windows = flow_sessions(flow_micros(EVENT_GAP_US)) };
    count_by(options, input, &how, outcome);
}

static void count_early(
    const struct bench_options *options, const void *input, struct outcome *outcome)
{
    const flow_trigger early = flow_trigger_count(EVENT_EARLY);
    const flow_window_options how = { .windows = flow_fixed(flow_minutes(1)),
        .trigger = flow_trigger_early_late(early, flow_trigger_none()),
        .accumulation = FLOW_DISCARDING,
        .on_time = FLOW_EMPTY_NEVER,
        .no_lateness = true };
    count_by(options, input, &how, outcome);
}

/* A quarter of the events, of fewer users: each has some sessions, and all of them are at hand. */
static struct events few_users(const struct bench_data *data)
{
    struct event *rows = bench_pages(data->few.count * sizeof *rows);
    for (size_t i = 0; i < data->few.count; i++) {
        rows[i] = data->few.rows[i];
        rows[i].user = event_id(rows[i].origin % EVENT_FEW_USERS);
    }
    return (struct events){ rows, data->few.count };
}

static bool compare(const struct bench_options *options, const struct bench_data *data,
    const char *id, bench_side *engine, bench_side *hand)
{
    const struct events events = few_users(data);
    const bool done = bench_compare(options, &(struct comparison){ .id = id,
                                                 .reference = "hand_c",
                                                 .engine = engine,
                                                 .hand = hand,
                                                 .input = &events,
                                                 .elements = (double)events.count,
                                                 .speak_of_reference = true });
    bench_pages_free((void *)(uintptr_t)events.rows, events.count * sizeof *events.rows);
    return done;
}

bool bench_session_count(const struct bench_options *options, const struct bench_data *data)
{
    return compare(options, data, "session_count", count_sessions, hand_sessions);
}

bool bench_early_count(const struct bench_options *options, const struct bench_data *data)
{
    return compare(options, data, "early_count", count_early, hand_early);
}
