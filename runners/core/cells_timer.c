// SPDX-License-Identifier: Apache-2.0
// Timers of the full form, as functions set, stop and ask for them.
#include "cells.h"

static bool index_of(flow_ctx *ctx, const struct fl_op *op, const flow_timer *timer, uint32_t *i)
{
    const flow_fn *fn = op->plan->node->fn;
    for (*i = 0; *i < fn->timer_count; ++*i)
        if (fn->timers[*i] == timer)
            break;
    if (*i == fn->timer_count)
        flow_fail(ctx, FLOW_INVALID, "timer '%s' is not among those that the function declares",
            timer->name);
    else if (timer->clock == FLOW_WINDOW_EXPIRY)
        flow_fail(ctx, FLOW_INVALID, "timer '%s' is set by the engine alone", timer->name);
    else if (op->keyed->stateful->full->ending)
        flow_fail(
            ctx, FLOW_INVALID, "the window ends here: timer '%s' would never fire", timer->name);
    return ctx->status == FLOW_OK;
}

static int64_t add(int64_t a, int64_t b)
{
    if (b > 0 && a > FLOW_TIME_MAX_US - b)
        return FLOW_TIME_MAX_US;
    return b < 0 && a < FLOW_TIME_MIN_US - b ? FLOW_TIME_MIN_US : a + b;
}

static int64_t relative(
    const struct fl_op *op, const flow_timer *timer, const flow_timer_when *when)
{
    const struct fl_port *port = &op->worker->engine->options.port;
    const bool event = timer->clock == FLOW_EVENT_TIME;
    const int64_t now = event ? op->keyed->watermark : port->now(port->user);
    const int64_t at = add(now, when->after.us);
    if (when->align.us <= 0)
        return at;
    const int64_t past =
        flow_floor_mod(flow_floor_mod(at, when->align.us) - when->phase.us, when->align.us);
    return past ? add(at, when->align.us - past) : at;
}

// A timer that is being set.
struct setting {
    const struct fl_op *op;
    const flow_timer *timer;
    const flow_timer_when *when;
    int64_t expiry; // of its window
    int64_t at, output;
    bool never; // it would fire after the timers of the expiry
};

// Whether the timer in work is one of the last instant: what it sets by the watermark, which is
// past that, would come again and again.
static bool at_expiry(const flow_ctx *ctx, const struct setting *setting)
{
    const struct fl_full *full = setting->op->keyed->stateful->full;
    const flow_fn *fn = setting->op->plan->node->fn;
    return full->in_work < fn->timer_count && fn->timers[full->in_work]->clock == FLOW_EVENT_TIME &&
           full->due[ctx->row] >= setting->expiry;
}

// Whether a timer's instant can be at all (R1). False when the row fails.
static bool sane(flow_ctx *ctx, const struct setting *setting)
{
    const flow_timer_when *when = setting->when;
    const char *name = setting->timer->name;
    if (!when->relative && (when->at.us < FLOW_TIME_MIN_US || when->at.us > FLOW_TIME_MAX_US))
        flow_fail(ctx, FLOW_INVALID,
            "timer '%s' at %lld us lies outside time, %lld to %lld us (R1)", name,
            (long long)when->at.us, (long long)FLOW_TIME_MIN_US, (long long)FLOW_TIME_MAX_US);
    else if (when->relative && (when->after.us < 0 || when->align.us < 0 || when->phase.us < 0))
        flow_fail(ctx, FLOW_INVALID,
            "timer '%s' is set after %lld us, aligned to %lld us and a phase of %lld us: none may "
            "be below 0",
            name, (long long)when->after.us, (long long)when->align.us, (long long)when->phase.us);
    else
        return true;
    return false;
}

// The instant to fire at. False when the row fails (R61).
static bool instant(flow_ctx *ctx, struct setting *setting)
{
    const flow_timer *timer = setting->timer;
    const bool event = timer->clock == FLOW_EVENT_TIME;
    const flow_timer_when *when = setting->when;
    if (!sane(ctx, setting))
        return false;
    setting->at = when->relative ? relative(setting->op, timer, when) : when->at.us;
    if (!event || setting->at <= setting->expiry)
        return true;
    if (when->relative) {
        setting->at = setting->expiry;
        setting->never = at_expiry(ctx, setting);
        return true;
    }
    char text[40], end[40];
    text[flow_time_print((flow_time){ setting->at }, text)] = '\0';
    end[flow_time_print((flow_time){ setting->expiry }, end)] = '\0';
    flow_fail(ctx, FLOW_INVALID,
        "timer '%s' at %s lies behind the expiry of its window at %s and would never fire",
        timer->name, text, end);
    return false;
}

// The time of what the timer emits. False when the row fails (R60).
static bool output_time(flow_ctx *ctx, struct setting *setting)
{
    const flow_timer *timer = setting->timer;
    const flow_time row = flow_event_time(ctx);
    if (!setting->when->output) {
        setting->output = timer->clock == FLOW_EVENT_TIME ? setting->at : row.us;
        return true;
    }
    setting->output = setting->when->output->us;
    if (setting->output >= row.us && setting->output <= setting->expiry)
        return true;
    char text[40], from[40], to[40];
    text[flow_time_print((flow_time){ setting->output }, text)] = '\0';
    from[flow_time_print(row, from)] = '\0';
    to[flow_time_print((flow_time){ setting->expiry }, to)] = '\0';
    flow_fail(ctx, FLOW_INVALID,
        "timer '%s' has the output time %s, which must lie between that of the element, %s, and "
        "the expiry of its window, %s",
        timer->name, text, from, to);
    return false;
}

static struct fl_spot spot_of(uint32_t timer, flow_str tag)
{
    const struct fl_spot spot = { timer, tag, 0 };
    return spot;
}

static struct fl_root *root_of(struct fl_cell *cell, const flow_timer *timer)
{
    struct fl_cells *cells = fl_cells_of(cell);
    return &cells->roots[timer->clock == FLOW_EVENT_TIME ? FL_ROOT_EVENT : FL_ROOT_CLOCK];
}

static const flow_field instant_fields[] = {
    { .name = "us", .kind = FLOW_KIND_I64, .size = sizeof(int64_t) },
};
const flow_type fl_instant_type = { "instant", sizeof(int64_t), sizeof(int64_t), 1,
    instant_fields };

void fl_cells_timer_start(flow_ctx *ctx, const flow_timer *timer, flow_timer_when when)
{
    struct fl_op *op;
    struct fl_cell *cell = fl_cells_in_work(ctx, &op);
    uint32_t i;
    if (!cell || !index_of(ctx, op, timer, &i))
        return;
    struct setting setting = { .op = op, .timer = timer, .when = &when };
    setting.expiry = fl_cell_expiry(op, cell);
    if (!instant(ctx, &setting) || !output_time(ctx, &setting))
        return;
    const struct fl_spot spot = spot_of(i, when.tag);
    const struct fl_new_item what = {
        .spot = &spot, .type = &fl_instant_type, .row = &setting.output
    };
    struct fl_item *item = fl_cells_item(op, &what);
    if (item) {
        // what fires by event time holds the watermark before it by itself
        const bool event = timer->clock == FLOW_EVENT_TIME;
        const bool holds =
            !when.no_hold && !setting.never && (!event || setting.output < setting.at);
        item->first[FL_FIRST_DUE] = setting.never ? INT64_MAX : setting.at;
        item->first[FL_FIRST_HOLD] = holds ? setting.output : INT64_MAX;
        fl_tree_put(fl_cells_edit(op), root_of(cell, timer), item);
    }
    fl_cells_of(cell)->dirty = true;
    if (fl_cells_edit(op)->failed)
        ctx->status = fl_no_memory(op);
}

void fl_cells_timer_stop(flow_ctx *ctx, const flow_timer *timer, flow_str tag)
{
    struct fl_op *op;
    struct fl_cell *cell = fl_cells_in_work(ctx, &op);
    uint32_t i;
    if (!cell || !index_of(ctx, op, timer, &i))
        return;
    const struct fl_spot spot = spot_of(i, tag);
    fl_tree_remove(fl_cells_edit(op), root_of(cell, timer), &spot);
    fl_cells_of(cell)->dirty = true;
    if (fl_cells_edit(op)->failed)
        ctx->status = fl_no_memory(op);
}

// The step's own if a timer is in work, or NULL.
static const struct fl_full *firing(const flow_ctx *ctx)
{
    const struct fl_op *op = fl_call_of(ctx)->op;
    const bool cells = op->plan->kind == FL_OP_STATEFUL && op->keyed->stateful->full;
    return cells && op->keyed->stateful->full->in_work != FL_NO_TIMER ? op->keyed->stateful->full
                                                                      : NULL;
}

flow_time fl_cells_timer_time(const flow_ctx *ctx)
{
    const struct fl_full *full = firing(ctx);
    return full ? (flow_time){ full->due[ctx->row] } : flow_event_time(ctx);
}

flow_str fl_cells_timer_tag(const flow_ctx *ctx)
{
    const struct fl_full *full = firing(ctx);
    return full ? full->tags[ctx->row] : (flow_str){ NULL, 0 };
}

flow_time fl_cells_processing_time(const flow_ctx *ctx)
{
    const struct fl_port *port = &fl_call_of(ctx)->op->worker->engine->options.port;
    return (flow_time){ port->now(port->user) };
}
