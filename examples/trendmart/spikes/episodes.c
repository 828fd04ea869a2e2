// SPDX-License-Identifier: Apache-2.0
// Alerts of one product that follow each other closely are one episode.
#include "job.h"

static flow_status close_episode(flow_ctx *ctx, struct episode *open)
{
    const flow_status status = open->alerts > 0 ? FLOW_EMIT_ROW(ctx, episode, open) : FLOW_OK;
    open->alerts = 0;
    return status;
}

static bool belongs(const struct rule *rule, const struct episode *open, const struct alert *alert)
{
    return open->alerts > 0 && flow_str_equal(open->kind, alert->kind) &&
           alert->at.us <= open->last.us + rule->cooldown.us;
}

static bool is_peak(const struct episode *open, const struct alert *alert)
{
    if (open->alerts == 0)
        return true;
    return flow_str_equal(alert->kind, flow_str_of("spike")) ? alert->factor > open->factor
                                                             : alert->factor < open->factor;
}

// An alert has come; those of one product come in order of their windows.
static flow_status join(
    flow_ctx *ctx, const flow_str *product, const struct alert *alert, struct episode *open)
{
    const struct rule *rule = FLOW_CONFIG(ctx, rule);
    flow_status status = FLOW_OK;
    if (!belongs(rule, open, alert)) {
        status = close_episode(ctx, open);
        *open = (struct episode){ .measure = alert->measure,
            .kind = alert->kind,
            .product = *product,
            .first = alert->at,
            .delay = alert->delay };
    }
    if (is_peak(open, alert)) {
        open->peak = alert->at;
        open->count = alert->count;
        open->baseline = alert->baseline;
        open->factor = alert->factor;
        open->bar = alert->bar;
    }
    open->last = alert->at;
    open->alerts++;
    flow_timer_set(ctx, (flow_time){ open->last.us + rule->cooldown.us + rule->lateness.us });
    return status;
}

// Nothing more has come within the cooldown.
static flow_status join_timer(flow_ctx *ctx, const flow_str *product, struct episode *open)
{
    (void)product;
    const flow_status status = close_episode(ctx, open);
    flow_state_clear(ctx);
    return status;
}
FLOW_STATEFUL_FN(join, flow_str, alert, episode, episode);

flow_coll join_alerts(flow_coll alerts, const struct rule *rule)
{
    const flow_do_options options = {
        .name = "join",
        .config = rule,
        .config_type = &rule_type,
    };
    return flow_do(flow_key_by(alerts, FLOW_FIELD(alert, product)), &join_fn, &options);
}
