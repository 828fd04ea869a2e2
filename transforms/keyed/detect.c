// SPDX-License-Identifier: Apache-2.0
// flow_detect: how unusual each value of a key is, seen from those before it.
#include <math.h>

#include <flow/keyed.h>

#include "core/field.h"
#include "core/parts.h"

// What is known of a key.
struct flow_detect_state {
    int64_t seen;
    double mean;
    double spread;   // EWMA: variance; else sum of squared deviations
    double up, down; // CUSUM
};
FLOW_RECORD(flow_detect_state, seen, mean, spread, up, down);

// What one flow_detect needs, in pipeline memory.
struct detect {
    flow_fn fn; // first: flow_ctx.fn points into it
    const flow_scored_fn *user;
    fl_field_config field;
    flow_detect_options options;
};

static double deviation_of(const struct detect *detect, const struct flow_detect_state *state)
{
    if (detect->options.detector == FLOW_DETECT_EWMA)
        return sqrt(state->spread);
    return state->seen ? sqrt(state->spread / (double)state->seen) : 0;
}

// Deviations from the mean; any is without bound where there has been none.
static double standardized(double value, double mean, double deviation)
{
    const double off = value - mean;
    return off == 0 ? 0 : off / deviation;
}

static void learn(const struct detect *detect, struct flow_detect_state *state, double value)
{
    const double off = value - state->mean;
    double mean, spread;
    if (detect->options.detector == FLOW_DETECT_EWMA && state->seen > 0) {
        const double step = detect->options.alpha * off;
        mean = state->mean + step;
        spread = (1 - detect->options.alpha) * (state->spread + off * step);
    } else {
        mean = state->mean + off / (double)(state->seen + 1);
        spread = state->spread + off * (value - mean);
    }
    if (!isfinite(mean) || !isfinite(spread))
        return; // what runs over would stay so for ever
    state->mean = mean;
    state->spread = spread;
    state->seen++;
}

// Sums of what goes beyond the drift, up and down; the larger is the score. It begins anew after an
// alarm.
static void sum_up(
    const struct detect *detect, struct flow_detect_state *state, struct flow_score *score)
{
    const double z = standardized(score->value, score->mean, score->deviation);
    const double drift = detect->options.drift;
    state->up = fmax(0, state->up + z - drift);
    state->down = fmax(0, state->down - z - drift);
    score->score = fmax(state->up, state->down);
    score->alarm = score->score > detect->options.threshold;
    if (score->alarm)
        state->up = state->down = 0;
}

// Where windows merge: means and squared deviations of two sets of values are those of their union.
static void merge_sums(void *state, const void *other)
{
    struct flow_detect_state *into = state;
    const struct flow_detect_state *from = other;
    const int64_t seen = into->seen + from->seen;
    if (from->seen == 0)
        return;
    const double off = from->mean - into->mean;
    const double share = (double)from->seen / (double)seen;
    into->spread += from->spread + off * off * share * (double)into->seen;
    into->mean += off * share;
    into->seen = seen;
}

// What goes by what was lately, goes on from the later window.
static void keep_later(void *state, const void *other)
{
    *(struct flow_detect_state *)state = *(const struct flow_detect_state *)other;
}

static struct flow_score judge(
    const struct detect *detect, struct flow_detect_state *state, double value)
{
    const bool cusum = detect->options.detector == FLOW_DETECT_CUSUM;
    const bool warm = state->seen >= detect->options.warm_up;
    struct flow_score score = { .value = value,
        .mean = state->mean,
        .deviation = deviation_of(detect, state),
        .seen = state->seen };
    if (!isfinite(value)) { // tells nothing of what is usual
        score.score = fabs(value);
        score.alarm = warm && score.score > detect->options.threshold;
        return score;
    }
    if (warm && cusum) {
        sum_up(detect, state, &score);
    } else if (warm) {
        score.score = fabs(standardized(value, score.mean, score.deviation));
        score.alarm = score.score > detect->options.threshold;
    }
    if (!(warm && cusum)) // what CUSUM compares with stays as it was learnt
        learn(detect, state, value);
    return score;
}

static flow_status judge_row(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct detect *detect = (const struct detect *)(const void *)ctx->fn;
    const struct flow_score score =
        judge(detect, row->state, fl_field_number(row->value, &detect->field));
    (void)user;
    return detect->user->scored(ctx, row->key, row->value, &score);
}

static flow_status judge_rows(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, judge_row, NULL);
}

static bool check(flow_coll in, const flow_field_ref *field, const flow_scored_fn *fn,
    const flow_detect_options *options)
{
    const char *wrong =
        !fn || !fn->scored ? "it was given no function"
        : options->detector < FLOW_DETECT_EWMA || options->detector > FLOW_DETECT_CUSUM
            ? "there is no such detector"
        : !(options->alpha > 0 && options->alpha <= 1) ? "its 'alpha' is not above 0 and at most 1"
        : !(options->threshold > 0) || !(options->drift >= 0) || options->warm_up < 1
            ? "its 'threshold', 'drift' or 'warm_up' is below what it can be"
            : NULL;
    if (wrong)
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL, "flow_detect: %s", wrong);
    else if (!fl_kind_is_integer(field->kind) && !fl_kind_is_float(field->kind))
        fl_field_refuse(in, "flow_detect", "a number or a duration", field);
    else if (!flow_type_equal(field->type, flow_coll_type(in)))
        flow_pipeline_fail(in.pipeline, FLOW_TYPE, NULL,
            "flow_detect: its field is a field of '%s', its input has '%s'", field->type->name,
            flow_coll_type(in)->name);
    else
        return true;
    return false;
}

flow_coll flow_detect_sized(flow_coll in, flow_field_ref field, const flow_scored_fn *fn,
    const flow_detect_options *options, size_t size)
{
    flow_detect_options known;
    struct detect *detect =
        flow_coll_type(in) ? flow_pipeline_alloc(in.pipeline, sizeof *detect) : NULL;
    if (!detect)
        return fl_no_coll(in.pipeline);
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    fl_scope(in.pipeline, known.name, fn ? fn->fn.name : "detect");
    if (!copied) {
        flow_pipeline_fail(
            in.pipeline, FLOW_UNSUPPORTED, NULL, "flow_detect: " FLOW_OPTION_UNKNOWN);
        return fl_no_coll(in.pipeline);
    }
    known.detector = known.detector ? known.detector : FLOW_DETECT_EWMA;
    known.alpha = known.alpha != 0 ? known.alpha : 0.1;
    known.drift = known.drift != 0 ? known.drift : 0.5;
    if (known.threshold == 0)
        known.threshold = known.detector == FLOW_DETECT_CUSUM ? 5 : 3;
    known.warm_up = known.warm_up ? known.warm_up : 10;
    if (!check(in, &field, fn, &known))
        return fl_no_coll(in.pipeline);
    flow_scope_end(in.pipeline);
    detect->user = fn;
    detect->options = known;
    detect->field.offset = field.offset;
    detect->field.kind = field.kind;
    detect->fn = fn->fn;
    detect->fn.form = FLOW_FORM_STATEFUL;
    detect->fn.no_signs = true;
    detect->fn.state = &flow_detect_state_type;
    detect->fn.merge = known.detector == FLOW_DETECT_Z_SCORE ? merge_sums : keep_later;
    detect->fn.process = judge_rows;
    const flow_do_options how = { .name = known.name, .time_sorted = true };
    return flow_do_with(in, &detect->fn, &how);
}
