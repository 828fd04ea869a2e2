// SPDX-License-Identifier: Apache-2.0
// flow_quantiles: a KLL sketch per key and window, asked for the ranks of the output's fields.
#include <math.h>

#include <flow/sketch.h>

#include "core/field.h"
#include "core/parts.h"
#include "kll.h"
#include "words.h"

#define RANKS_MAX   64u
#define K_USUAL     200u // an error of 0.0133
#define ERROR_LEAST 0.0025
#define ERROR_MOST  0.1

struct config {
    fl_field_config field;
    uint32_t k;
    uint32_t count;
    double ranks[RANKS_MAX];     // ascending
    uint32_t offsets[RANKS_MAX]; // of the output's fields
};

static void quantiles_add(void *acc, const void *in, const void *config)
{
    const struct config *c = config;
    const double value = fl_field_number(in, &c->field);
    if (value == value)
        fl_kll_add(acc, value + 0.0, c->k);
}

static void quantiles_merge(void *acc, const void *other, const void *config)
{
    fl_kll_merge(acc, other, ((const struct config *)config)->k);
}

static flow_status quantiles_extract(const void *acc, void *out, const void *config)
{
    const struct config *c = config;
    double values[RANKS_MAX];
    fl_kll_quantiles(acc, c->ranks, values, c->count);
    for (uint32_t i = 0; i < c->count; i++)
        memcpy((char *)out + c->offsets[i], &values[i], sizeof values[i]);
    return FLOW_OK;
}

// Sorts the ranks, each with the field it is for.
static void order_ranks(struct config *c)
{
    for (uint32_t i = 1; i < c->count; i++) {
        const double rank = c->ranks[i];
        const uint32_t offset = c->offsets[i];
        uint32_t at = i;
        for (; at > 0 && c->ranks[at - 1] > rank; at--) {
            c->ranks[at] = c->ranks[at - 1];
            c->offsets[at] = c->offsets[at - 1];
        }
        c->ranks[at] = rank;
        c->offsets[at] = offset;
    }
}

static bool check_out(flow_coll in, const flow_type *out, const flow_quantiles_options *options)
{
    flow_pipeline *p = in.pipeline;
    if (!out || !options->ranks || options->count == 0 || options->count > RANKS_MAX) {
        flow_pipeline_fail(p, FLOW_INVALID, NULL,
            "flow_quantiles: %zu ranks were asked for, 1 to %u may be",
            out && options->ranks ? options->count : 0, RANKS_MAX);
        return false;
    }
    if (out->field_count != options->count) {
        flow_pipeline_fail(p, FLOW_TYPE, NULL,
            "flow_quantiles: its output '%s' has %u fields for %zu ranks", out->name,
            (unsigned)out->field_count, options->count);
        return false;
    }
    for (uint32_t i = 0; i < options->count; i++) {
        const flow_field *field = &out->fields[i];
        if (field->kind != FLOW_KIND_F64 || field->presence)
            flow_pipeline_fail(p, FLOW_TYPE, NULL,
                "flow_quantiles: field '%s' of its output '%s' is no double that is always there",
                field->name, out->name);
        else if (!(options->ranks[i] >= 0 && options->ranks[i] <= 1))
            flow_pipeline_fail(p, FLOW_INVALID, NULL,
                "flow_quantiles: rank %g of field '%s' is not between 0 and 1", options->ranks[i],
                field->name);
        else
            continue;
        return false;
    }
    return true;
}

static bool check(flow_coll in, const flow_field_ref *field, const flow_type *out,
    const flow_quantiles_options *options)
{
    if (!fl_kind_is_integer(field->kind) && !fl_kind_is_float(field->kind) &&
        field->kind != FLOW_KIND_TIME) {
        fl_field_refuse(in, "flow_quantiles", "a number, a time or a duration", field);
        return false;
    }
    if (options->error != 0 && !(options->error >= ERROR_LEAST && options->error <= ERROR_MOST)) {
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "flow_quantiles: an error of %g was asked for, %g to %g may be", options->error,
            ERROR_LEAST, ERROR_MOST);
        return false;
    }
    return check_out(in, out, options);
}

static flow_coll combine(flow_coll in, const flow_field_ref *field, const flow_type *out,
    const flow_quantiles_options *options)
{
    struct config config;
    memset(&config, 0, sizeof config);
    config.field.offset = field->offset;
    config.field.kind = field->kind;
    config.k = options->error != 0 ? fl_kll_width(options->error) : K_USUAL;
    config.count = (uint32_t)options->count;
    for (uint32_t i = 0; i < config.count; i++) {
        config.ranks[i] = options->ranks[i];
        config.offsets[i] = out->fields[i].offset;
    }
    order_ranks(&config);
    uint32_t words = 0;
    const uint32_t needed =
        (uint32_t)(sizeof(struct fl_kll) / sizeof(uint64_t)) + fl_kll_room(config.k);
    flow_combine_fn *fn = flow_pipeline_alloc(in.pipeline, sizeof *fn);
    const flow_type *acc = fl_words_type(in.pipeline, "flow_quantiles_state", needed, &words);
    if (!fn || !acc)
        return fl_no_coll(in.pipeline);
    *fn = (flow_combine_fn){ .name = "quantiles",
        .acc = acc,
        .out = out,
        .add = quantiles_add,
        .merge = quantiles_merge,
        .extract = quantiles_extract };
    const flow_combine_options how = {
        .name = options->name, .field = *field, .config = &config, .config_size = sizeof config
    };
    return flow_combine_with(in, fn, &how);
}

flow_coll flow_quantiles_sized(flow_coll in, flow_field_ref field, const flow_type *out,
    const flow_quantiles_options *options, size_t size)
{
    flow_quantiles_options known;
    if (!flow_coll_type(in))
        return fl_no_coll(in.pipeline);
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    fl_scope(in.pipeline, known.name, "quantiles");
    if (!copied) {
        flow_pipeline_fail(
            in.pipeline, FLOW_UNSUPPORTED, NULL, "flow_quantiles: " FLOW_OPTION_UNKNOWN);
        return fl_no_coll(in.pipeline);
    }
    if (!check(in, &field, out, &known))
        return fl_no_coll(in.pipeline);
    flow_scope_end(in.pipeline);
    return combine(in, &field, out, &known);
}
