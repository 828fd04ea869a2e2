// SPDX-License-Identifier: Apache-2.0
// When results come: triggers on a graph that is built, checked and printed.
#include <stdio.h>

#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/transforms.h>

struct sale {
    flow_str shop;
    int64_t cents;
    flow_time at;
};
FLOW_RECORD(sale, shop, cents, at);

static flow_coll by_shop(flow_pipeline *p)
{
    static const struct sale none[1];
    const flow_create_options rows = {
        .type = &sale_type, .rows = none, .count = 0, .event_time = FLOW_FIELD(sale, at)
    };
    return flow_key_by(flow_create(p, &rows), FLOW_FIELD(sale, shop));
}

// Builds, and prints the graph or the sentence why it cannot be.
static void try(const char *name, flow_window_options options)
{
    flow_pipeline *p = flow_pipeline_new(name);
    flow_error error = { 0 };
    flow_count(flow_window_into(by_shop(p), &options));
    if (flow_pipeline_check(p, &error) != FLOW_OK) {
        printf("%s: %s\n", name, error.message);
    } else {
        char *text = flow_pipeline_print(p, FLOW_PRINT_TEXT);
        printf("%s", text);
        flow_text_free(text);
    }
    flow_pipeline_free(p);
}

// [so_far]
// Sales of a local day: what they have come to every minute, the day's result after midnight, and
// a corrected one for each late sale of the next hour.
static flow_window_options so_far_today(void)
{
    return (flow_window_options){
        .windows = flow_calendar_days(1, "Europe/Berlin"),
        .trigger =
            flow_trigger_early_late(flow_trigger_delay(flow_minutes(1)), flow_trigger_count(1)),
        .lateness = flow_hours(1),
        .accumulation = FLOW_ACCUMULATING,
    };
}
// [so_far]

// [combined]
// A hundred sales or ten seconds, whichever comes first, again and again.
static flow_window_options small_batches(void)
{
    const flow_trigger either =
        flow_trigger_any(flow_trigger_count(100), flow_trigger_delay(flow_seconds(10)));
    return (flow_window_options){
        .trigger = flow_trigger_repeatedly(either),
        .accumulation = FLOW_DISCARDING,
    };
}
// [combined]

// [once]
static flow_window_options only_once(void)
{
    return (flow_window_options){
        .windows = flow_fixed(flow_minutes(1)),
        .trigger = flow_trigger_count(100),
        .no_lateness = true,
        .accumulation = FLOW_DISCARDING,
    };
}
// [once]

int main(void)
{
    try("so far", so_far_today());
    try("batches", small_batches());
    try("once", only_once());
    return 0;
}
