// SPDX-License-Identifier: Apache-2.0
// flow_funnel: elements become the steps they may take, the steps of a key and window are sorted by
// time, and chains are followed through them. A chain that reached a step is known by its latest
// possible start, so one pass finds the longest.
#include <stdlib.h>

#include <flow/analytics.h>

#include "core/parts.h"
#include "fields/condition.h"

#define CONDITIONS_MAX 64u

// Steps that an element may take.
struct taken {
    flow_time at;
    uint32_t steps; // bits
};

struct step {
    const struct fl_condition *conditions;
    uint32_t count;
};

// What one flow_funnel needs, in pipeline memory.
struct funnel {
    flow_fn mark;  // first: flow_ctx.fn of the first step points into it
    flow_fn group; // and of the second here
    const flow_funnel_fn *user;
    flow_duration within;
    uint32_t step_count;
    struct step steps[FLOW_FUNNEL_STEPS];
    const flow_type *outs[1];         // of `mark`
    uint32_t key, key_size, at, bits; // in it
};

static uint32_t steps_of(const struct funnel *funnel, const char *row)
{
    uint32_t bits = 0;
    for (uint32_t s = 0; s < funnel->step_count; s++) {
        bool met = true;
        for (uint32_t c = 0; c < funnel->steps[s].count && met; c++)
            met = fl_condition_met(&funnel->steps[s].conditions[c], row);
        bits |= (uint32_t)met << s;
    }
    return bits;
}

static flow_status mark_row(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct funnel *funnel = (const struct funnel *)(const void *)ctx->fn;
    const flow_type *type = funnel->outs[0];
    const uint32_t bits = steps_of(funnel, row->value);
    const flow_time at = flow_event_time(ctx);
    char *out = user;
    if (bits == 0)
        return FLOW_OK;
    memcpy(out + funnel->key, row->key, funnel->key_size);
    memcpy(out + funnel->at, &at, sizeof at);
    memcpy(out + funnel->bits, &bits, sizeof bits);
    return flow_emit(ctx, 0, type, out, type->size);
}

static flow_status mark_rows(flow_ctx *ctx, const flow_batch *batch)
{
    const flow_type *type = ctx->fn->outs[0];
    char *out = flow_alloc(ctx, type->size);
    if (!out)
        return ctx->status;
    memset(out, 0, type->size);
    return flow_each_row(ctx, batch, mark_row, out);
}

// --- following chains

static int by_time(const void *a, const void *b)
{
    const struct taken *x = a, *y = b;
    if (x->at.us != y->at.us)
        return x->at.us < y->at.us ? -1 : 1;
    return x->steps < y->steps ? -1 : x->steps > y->steps;
}

// Chains by how many steps they have less one: of each the one that started last.
struct chains {
    flow_time at[FLOW_FUNNEL_STEPS][FLOW_FUNNEL_STEPS];
    bool there[FLOW_FUNNEL_STEPS];
};

// An element takes one step: later ones are looked at first, so it does not follow itself.
static void follow(const struct funnel *funnel, struct chains *chains, const struct taken *taken,
    struct flow_funnel_result *best)
{
    for (uint32_t s = funnel->step_count; s-- > 0;) {
        if (!(taken->steps >> s & 1))
            continue;
        if (s > 0) {
            const flow_time *before = chains->at[s - 1];
            if (!chains->there[s - 1] ||
                (funnel->within.us && taken->at.us - before[0].us > funnel->within.us))
                continue;
            memcpy(chains->at[s], before, s * sizeof *before);
        }
        chains->at[s][s] = taken->at;
        chains->there[s] = true;
        if (best->reached <= s) {
            best->reached = s + 1;
            memcpy(best->at, chains->at[s], (s + 1) * sizeof *best->at);
        }
    }
}

static const struct funnel *funnel_of_group(const flow_ctx *ctx)
{
    const char *group = (const char *)ctx->fn;
    return (const struct funnel *)(const void *)(group - offsetof(struct funnel, group));
}

static flow_status follow_key(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct funnel *funnel = funnel_of_group(ctx);
    flow_rows *rows = flow_ctx_rows(ctx);
    const size_t count = flow_rows_count(rows);
    struct taken *taken = flow_alloc(ctx, count * sizeof *taken);
    struct chains *chains = user;
    struct flow_funnel_result best = { 0 };
    const char *marked;
    if (!taken)
        return ctx->status;
    size_t n = 0;
    for (; n < count && (marked = flow_rows_next(rows)); n++) {
        memcpy(&taken[n].at, marked + funnel->at, sizeof taken[n].at);
        memcpy(&taken[n].steps, marked + funnel->bits, sizeof taken[n].steps);
    }
    if (ctx->status != FLOW_OK)
        return ctx->status;
    qsort(taken, n, sizeof *taken, by_time);
    memset(chains->there, 0, sizeof chains->there);
    for (size_t i = 0; i < n && best.reached < funnel->step_count; i++)
        follow(funnel, chains, &taken[i], &best);
    return best.reached ? funnel->user->came(ctx, row->key, &best) : FLOW_OK;
}

static flow_status follow_keys(flow_ctx *ctx, const flow_batch *batch)
{
    struct chains chains;
    return flow_each_row(ctx, batch, follow_key, &chains);
}

// --- building

static bool add_step(flow_coll in, struct step *step, const flow_funnel_step *given)
{
    if (!given->conditions || given->count == 0 || given->count > CONDITIONS_MAX) {
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "flow_funnel: a step has %zu conditions, it may have 1 to %u",
            given->conditions ? given->count : 0, CONDITIONS_MAX);
        return false;
    }
    struct fl_condition *made = flow_pipeline_alloc(in.pipeline, given->count * sizeof *made);
    if (!made)
        return false;
    step->conditions = made;
    step->count = (uint32_t)given->count;
    for (size_t i = 0; i < given->count; i++)
        if (!fl_condition_make(in, "flow_funnel", &given->conditions[i], &made[i]))
            return false;
    return true;
}

// The record of key, time and steps.
static bool lay_out(flow_coll in, struct funnel *funnel)
{
    static const flow_field time = { .kind = FLOW_KIND_TIME, .size = sizeof(flow_time) };
    static const flow_field steps = { .kind = FLOW_KIND_U32, .size = sizeof(uint32_t) };
    const flow_field key = flow_coll_key_field(in);
    fl_record record = fl_record_begin(in.pipeline, "flow_funnel_steps", 3);
    const flow_field *by = fl_record_add(&record, &key, "key");
    const flow_field *at = fl_record_add(&record, &time, "at");
    const flow_field *bits = fl_record_add(&record, &steps, "steps");
    funnel->outs[0] = fl_record_end(&record);
    if (!funnel->outs[0] || !by || !at || !bits)
        return false;
    funnel->key = by->offset;
    funnel->key_size = key.size;
    funnel->at = at->offset;
    funnel->bits = bits->offset;
    return true;
}

static bool check(flow_coll in, const flow_funnel_fn *fn, const flow_funnel_options *options)
{
    const bool counted =
        options->steps && options->step_count > 0 && options->step_count <= FLOW_FUNNEL_STEPS;
    if (!fn || !fn->came)
        flow_pipeline_fail(
            in.pipeline, FLOW_INVALID, NULL, "flow_funnel: it was given no function");
    else if (!counted)
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "flow_funnel: %zu steps were given, 1 to %u may be",
            options->steps ? options->step_count : 0, FLOW_FUNNEL_STEPS);
    else if (options->within.us < 0)
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL, "flow_funnel: its 'within' is below 0");
    else if (!flow_coll_is_keyed(in))
        flow_pipeline_fail(in.pipeline, FLOW_TYPE, NULL, "flow_funnel: its input has no key");
    else
        return true;
    return false;
}

static bool fill(flow_coll in, const flow_funnel_fn *fn, const flow_funnel_options *options,
    struct funnel *funnel)
{
    funnel->user = fn;
    funnel->within = options->within;
    funnel->step_count = (uint32_t)options->step_count;
    for (uint32_t s = 0; s < funnel->step_count; s++)
        if (!add_step(in, &funnel->steps[s], &options->steps[s]))
            return false;
    if (!lay_out(in, funnel))
        return false;
    funnel->mark = (flow_fn){ .name = "steps",
        .form = FLOW_FORM_EMIT,
        .in = flow_coll_type(in),
        .outs = funnel->outs,
        .out_count = 1,
        .process = mark_rows };
    funnel->group = fn->fn;
    funnel->group.form = FLOW_FORM_GROUP;
    funnel->group.in = funnel->outs[0];
    funnel->group.process = follow_keys;
    return true;
}

flow_coll flow_funnel_sized(
    flow_coll in, const flow_funnel_fn *fn, const flow_funnel_options *options, size_t size)
{
    flow_funnel_options known;
    if (!flow_coll_type(in))
        return fl_no_coll(in.pipeline);
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    fl_scope(in.pipeline, known.name, "funnel");
    if (!copied) {
        flow_pipeline_fail(
            in.pipeline, FLOW_UNSUPPORTED, NULL, "flow_funnel: " FLOW_OPTION_UNKNOWN);
        return fl_no_coll(in.pipeline);
    }
    struct funnel *funnel =
        check(in, fn, &known) ? flow_pipeline_alloc(in.pipeline, sizeof *funnel) : NULL;
    if (!funnel || !fill(in, fn, &known, funnel))
        return fl_no_coll(in.pipeline);
    const flow_coll steps = flow_do(in, &funnel->mark);
    const flow_coll out =
        flow_group(flow_key_by(steps, fl_field_named(funnel->outs[0], "key")), &funnel->group);
    flow_scope_end(in.pipeline);
    return out;
}
