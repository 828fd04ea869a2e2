// SPDX-License-Identifier: Apache-2.0
// The small steps of the graph: which events count, who visited what, when an alert was there.
#include "job.h"

#include <stdatomic.h>

// Set once, by whichever worker comes first.
static atomic_bool chosen, visited;

bool any_chosen(void)
{
    return atomic_load(&chosen);
}

bool any_session(void)
{
    return atomic_load(&visited);
}

static void note(atomic_bool *seen)
{
    if (!atomic_load_explicit(seen, memory_order_relaxed))
        atomic_store(seen, true);
}

struct choice {
    flow_str kind;
};
FLOW_RECORD(choice, kind);

static bool is_chosen(const flow_ctx *ctx, const struct event *event)
{
    const struct choice *choice = ctx->config;
    const bool is = event->has_kind && flow_str_equal(event->kind, choice->kind);
    if (is)
        note(&chosen);
    return is;
}
FLOW_FILTER_FN(is_chosen, event);

flow_coll only_kind(flow_coll events, const char *kind)
{
    const struct choice choice = { flow_str_of(kind) };
    const flow_do_options options = {
        .name = "only",
        .config = &choice,
        .config_type = &choice_type,
    };
    return *kind ? flow_do(events, &is_chosen_fn, &options) : events;
}

static flow_status to_visit(flow_ctx *ctx, const struct event *event, struct visit *visit)
{
    (void)ctx;
    if (event->has_session)
        note(&visited);
    *visit = (struct visit){ event->product, event->session };
    return FLOW_OK;
}
FLOW_MAP_FN(to_visit, event, visit);

flow_coll visits_of(flow_coll events)
{
    return flow_do(events, &to_visit_fn);
}

static flow_status stamp(flow_ctx *ctx, struct alert *alert)
{
    const struct pace *pace = FLOW_CONFIG(ctx, pace);
    const double due = (double)(alert->at.us - pace->origin.us) / pace->speed;
    alert->delay.us = clock_us() - pace->start - (int64_t)due;
    return FLOW_OK;
}
FLOW_UPDATE_FN(stamp, alert);

flow_coll stamp_alerts(flow_coll alerts, const struct pace *pace)
{
    const flow_do_options options = {
        .name = "stamp",
        .config = pace,
        .config_type = &pace_type,
    };
    return pace->speed > 0 ? flow_do(alerts, &stamp_fn, &options) : alerts;
}
