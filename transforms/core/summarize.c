// SPDX-License-Identifier: Apache-2.0
// flow_summarize: count, mean, deviation and extremes in one pass (Welford's recurrence, merged as
// Chan, Golub and LeVeque do).
#include <math.h>

#include <flow/transforms.h>

#include "field.h"

struct flow_summary_state {
    int64_t count;
    double mean;
    double squares; // sum of squared distances from the mean
    double min;
    double max;
};
FLOW_RECORD(flow_summary_state, count, mean, squares, min, max);

static void summary_add(void *acc, const void *in, const void *config)
{
    struct flow_summary_state *state = acc;
    const double value = fl_field_number(in, config) + 0.0; // −0.0 made plain
    const double distance = value - state->mean;
    state->min = state->count ? fl_lesser(state->min, value) : value;
    state->max = state->count ? fl_greater(state->max, value) : value;
    state->count++;
    state->mean += distance / (double)state->count;
    state->squares += distance * (value - state->mean);
}

static void summary_merge(void *acc, const void *other, const void *config)
{
    (void)config;
    struct flow_summary_state *a = acc;
    const struct flow_summary_state *b = other;
    if (b->count == 0)
        return;
    if (a->count == 0) {
        *a = *b;
        return;
    }
    const double a_count = (double)a->count;
    const double b_count = (double)b->count;
    const double count = a_count + b_count;
    const double distance = b->mean - a->mean;
    // Both sums read the same from either side, so merging commutes to the bit.
    a->squares = (a->squares + b->squares) + distance * distance * (a_count * b_count / count);
    a->mean = (a_count * a->mean + b_count * b->mean) / count;
    a->min = fl_lesser(a->min, b->min);
    a->max = fl_greater(a->max, b->max);
    a->count += b->count;
}

static flow_status summary_extract(const void *acc, void *out, const void *config)
{
    (void)config;
    const struct flow_summary_state *state = acc;
    *(struct flow_summary *)out = (struct flow_summary){
        .count = state->count,
        .mean = state->mean,
        .deviation = state->count ? sqrt(state->squares / (double)state->count) : 0.0,
        .min = state->min,
        .max = state->max,
    };
    return FLOW_OK;
}

static const flow_combine_fn summary_combine = {
    .name = "summarize",
    .acc = &flow_summary_state_type,
    .out = &flow_summary_type,
    .add = summary_add,
    .merge = summary_merge,
    .extract = summary_extract,
};

flow_coll flow_summarize(flow_coll in, flow_field_ref field)
{
    if (!fl_kind_is_integer(field.kind) && !fl_kind_is_float(field.kind))
        return fl_field_refuse_step(in, "flow_summarize", "a number or a duration", &field);
    return fl_field_combine(in, &summary_combine, &field, false);
}
