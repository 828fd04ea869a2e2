// SPDX-License-Identifier: Apache-2.0
// flow_mean: sum over count of a field.
#include <flow/transforms.h>

#include "field.h"

struct flow_mean_state {
    double sum;
    int64_t count;
};
FLOW_RECORD(flow_mean_state, sum, count);

static void mean_add(void *acc, const void *in, const void *config)
{
    struct flow_mean_state *state = acc;
    state->sum += fl_field_number(in, config);
    state->count++;
}

static void mean_merge(void *acc, const void *other, const void *config)
{
    (void)config;
    struct flow_mean_state *state = acc;
    const struct flow_mean_state *more = other;
    state->sum += more->sum;
    state->count += more->count;
}

static flow_status mean_extract(const void *acc, void *out, const void *config)
{
    (void)config;
    const struct flow_mean_state *state = acc;
    *(struct flow_averaged *)out = (struct flow_averaged){
        .mean = state->count ? state->sum / (double)state->count : 0.0,
        .count = state->count,
    };
    return FLOW_OK;
}

static const flow_combine_fn mean_combine = {
    .name = "mean",
    .acc = &flow_mean_state_type,
    .out = &flow_averaged_type,
    .add = mean_add,
    .merge = mean_merge,
    .extract = mean_extract,
};

flow_coll flow_mean(flow_coll in, flow_field_ref field)
{
    if (!fl_kind_is_integer(field.kind) && !fl_kind_is_float(field.kind))
        return fl_field_refuse_step(in, "flow_mean", "a number or a duration", &field);
    return fl_field_combine(in, &mean_combine, &field, false);
}
