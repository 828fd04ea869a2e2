// SPDX-License-Identifier: Apache-2.0
// The rule: a window of a product against the mean of the windows before it.
#include "job.h"

// Counts of the latest windows of one product. Window n ends at n slides since 1970; its count is
// kept at n modulo HISTORY, from when it comes until no baseline needs it, and is zero elsewhere.
struct history {
    int64_t pending; // the window to judge next
    int64_t latest;  // the last window with an event
    bool known;
    uint32_t counts[HISTORY];
};
#define COUNT(i) FLOW_COLUMN(history, counts[i])
#define EIGHT(i)                                                                                   \
    COUNT(i), COUNT(i + 1), COUNT(i + 2), COUNT(i + 3), COUNT(i + 4), COUNT(i + 5), COUNT(i + 6),  \
        COUNT(i + 7)
FLOW_RECORD_OF(history, FLOW_COLUMN(history, pending), FLOW_COLUMN(history, latest),
    FLOW_COLUMN(history, known), EIGHT(0), EIGHT(8), EIGHT(16), EIGHT(24), EIGHT(32), EIGHT(40),
    EIGHT(48), EIGHT(56), EIGHT(64), EIGHT(72), EIGHT(80), EIGHT(88));

static uint32_t *count_of(struct history *history, int64_t window)
{
    return &history->counts[flow_floor_mod(window, HISTORY)];
}

// The instant after which no more of a window's count comes.
static flow_time complete_at(const struct rule *rule, int64_t window)
{
    return (flow_time){ window * rule->slide.us - 1 + rule->lateness.us };
}

// The windows of the baseline and the pending one, as a row of small bars.
static flow_str draw(flow_ctx *ctx, const struct rule *rule, struct history *history)
{
    static const char *const bars[] = { "▁", "▂", "▃", "▅", "▇" };
    const int64_t step = rule->window.us / rule->slide.us;
    char text[3 * HISTORY + 1];
    size_t len = 0;
    uint32_t most = 1;
    for (int64_t back = rule->baseline; back >= 0; back--) {
        const uint32_t count = *count_of(history, history->pending - back * step);
        most = count > most ? count : most;
    }
    for (int64_t back = rule->baseline; back >= 0; back--, len += 3) {
        const uint64_t count = *count_of(history, history->pending - back * step);
        memcpy(text + len, bars[count * 4 / most], 3);
    }
    return flow_format(ctx, "%.*s", (int)len, text);
}

// Whether the pending window is over only because nothing more is read: then silence means nothing.
static bool is_cut(const flow_ctx *ctx, const struct rule *rule)
{
    return (rule->until.us == 0 || job_stops() > 0) &&
           flow_watermark(ctx).us >= FLOW_TIME_GLOBAL_END_US;
}

// Compares the pending window with its baseline.
static flow_status judge(
    flow_ctx *ctx, const flow_str *product, const struct rule *rule, struct history *history)
{
    const int64_t step = rule->window.us / rule->slide.us;
    const flow_time at = { history->pending * rule->slide.us };
    const int64_t count = *count_of(history, history->pending);
    int64_t sum = 0;
    for (int64_t back = 1; back <= rule->baseline; back++)
        sum += *count_of(history, history->pending - back * step);

    const bool known = at.us >= rule->from.us + (rule->baseline + 1) * rule->window.us &&
                       (rule->until.us == 0 || at.us <= rule->until.us);
    const double baseline = (double)sum / (double)rule->baseline;
    const double limit = rule->fresh ? 0 : rule->factor * (double)sum;
    const bool spike = known && count >= rule->count_min && (!rule->fresh || sum == 0) &&
                       (double)(count * rule->baseline) >= limit;
    const bool drop = known && rule->drop_factor > 0 && !is_cut(ctx, rule) &&
                      sum >= rule->baseline_min * rule->baseline &&
                      (double)(count * rule->baseline) * rule->drop_factor <= (double)sum;
    if (!spike && !drop)
        return FLOW_OK;
    return FLOW_EMIT(ctx, alert, .measure = rule->measure, .product = *product, .at = at,
        .kind = flow_str_of(spike ? "spike" : "drop"), .count = count, .baseline = baseline,
        .factor = (double)count / (baseline < 1 ? 1 : baseline), .bar = draw(ctx, rule, history));
}

// A count has come, in order of time: each waits for the lateness, and every timer before it has
// fired. So it is of the pending window, of which more may come until its timer.
static flow_status detect(flow_ctx *ctx, const flow_str *product,
    const struct flow_counted *counted, struct history *history)
{
    const struct rule *rule = FLOW_CONFIG(ctx, rule);
    const int64_t window = flow_floor_div(flow_event_time(ctx).us + 1, rule->slide.us);
    if (!history->known)
        *history = (struct history){ .known = true, .pending = window };
    if (window != history->pending)
        return flow_fail(ctx, FLOW_INTERNAL, "a count of %.*s is not in its time",
            (int)product->len, product->data);
    *count_of(history, window) += (uint32_t)counted->count;
    history->latest = window;
    flow_timer_set(ctx, complete_at(rule, history->pending));
    return FLOW_OK;
}

// The pending window is complete, with events or without. What has an empty past is forgotten.
static flow_status detect_timer(flow_ctx *ctx, const flow_str *product, struct history *history)
{
    const struct rule *rule = FLOW_CONFIG(ctx, rule);
    const int64_t span = rule->baseline * (rule->window.us / rule->slide.us);
    const flow_status status = judge(ctx, product, rule, history);
    *count_of(history, history->pending - span) = 0;
    if (++history->pending - history->latest > span)
        flow_state_clear(ctx);
    else
        flow_timer_set(ctx, complete_at(rule, history->pending));
    return status;
}
FLOW_STATEFUL_FN(detect, flow_str, flow_counted, history, alert);

flow_coll detect_alerts(flow_coll counts, const struct rule *rule)
{
    const flow_do_options options = {
        .name = "detect",
        .config = rule,
        .config_type = &rule_type,
        .time_sorted = true,
    };
    flow_coll over_time =
        flow_window_into(counts, &(flow_window_options){ .windows = flow_global() });
    return flow_do(over_time, &detect_fn, &options);
}
