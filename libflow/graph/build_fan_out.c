// SPDX-License-Identifier: Apache-2.0
// flow_fan_out, and what it makes of a combine: elements go to parts of their key, parts are added
// up, then all parts of a key (R76).
//
//     in ─ spread ┬ hot: key and part ─ parts: accumulators ─ bare ┬ whole
//                 └ cold: an accumulator of one element ───────────┘
#include <flow/fan_out.h>
#include <flow/transform.h>

#include "graph/graph.h"

// Configuration of both combines.
struct level {
    const flow_combine_fn *fn; // the user's
    const void *config;        // the user's
    uint32_t value;            // where in a row the element or the accumulator lies
};

// What one step that spreads needs, in pipeline memory.
struct spread {
    flow_fn fn; // first: flow_ctx.fn points into it
    flow_fan_out_options options;
    struct level level;       // `value`: in hot rows
    const flow_type *outs[2]; // hot, cold
    uint32_t key_size;        // 0: no key
    uint32_t part;            // where in a hot row the number of its part lies
    uint32_t acc;             // where in a cold row the accumulator lies
};

// --- the functions

// A counter by worker: each bundle takes the next part of all its keys, so that what a bundle adds
// up before the shuffle is one row a key.
static flow_status next_part(flow_ctx *ctx)
{
    ++*(uint32_t *)flow_self(ctx);
    return FLOW_OK;
}

static flow_status give_hot(
    flow_ctx *ctx, const struct spread *spread, const char *key, const char *element, uint32_t part)
{
    uint32_t one = 1;
    char *row = flow_reserve(ctx, 0, spread->outs[0], &one);
    if (!row)
        return ctx->status;
    memset(row, 0, spread->outs[0]->size);
    if (spread->key_size)
        memcpy(row, key, spread->key_size);
    memcpy(row + spread->part, &part, sizeof part);
    memcpy(row + spread->level.value, element, spread->fn.in->size);
    return flow_commit(ctx, 0, 1);
}

static flow_status give_cold(
    flow_ctx *ctx, const struct spread *spread, const char *key, const char *element)
{
    uint32_t one = 1;
    char *row = flow_reserve(ctx, 1, spread->outs[1], &one);
    if (!row)
        return ctx->status;
    memset(row, 0, spread->outs[1]->size);
    if (spread->key_size)
        memcpy(row, key, spread->key_size);
    spread->level.fn->add(row + spread->acc, element, spread->level.config);
    return flow_commit(ctx, 1, 1);
}

static flow_status spread_row(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct spread *spread = (const struct spread *)(const void *)ctx->fn;
    const uint32_t *bundle = user;
    const char *key = spread->key_size ? row->key : NULL;
    const uint32_t parts =
        spread->options.parts_of ? spread->options.parts_of(key) : spread->options.parts;
    if (parts < 2) // some keys alone
        return give_cold(ctx, spread, key, row->value);
    return give_hot(ctx, spread, key, row->value, *bundle % parts);
}

static flow_status spread_rows(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, spread_row, flow_self(ctx));
}

// The key without the part, and the accumulator.
static flow_status bare_row(flow_ctx *ctx, const flow_row *from, void *user)
{
    const struct spread *bare = (const struct spread *)(const void *)ctx->fn;
    const flow_type *type = bare->outs[0];
    uint32_t one = 1;
    (void)user;
    char *row = flow_reserve(ctx, 0, type, &one);
    if (!row)
        return ctx->status;
    memset(row, 0, type->size);
    memcpy(row, from->key, bare->key_size);
    memcpy(row + bare->acc, from->value, bare->fn.in->size);
    return flow_commit(ctx, 0, 1);
}

static flow_status bare_rows(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, bare_row, NULL);
}

// --- the combines

static void add_element(void *acc, const void *in, const void *config)
{
    const struct level *level = config;
    level->fn->add(acc, (const char *)in + level->value, level->config);
}

static void add_part(void *acc, const void *in, const void *config)
{
    const struct level *level = config;
    level->fn->merge(acc, (const char *)in + level->value, level->config);
}

static void merge_parts(void *acc, const void *other, const void *config)
{
    const struct level *level = config;
    level->fn->merge(acc, other, level->config);
}

static void subtract_parts(void *acc, const void *other, const void *config)
{
    const struct level *level = config;
    level->fn->subtract(acc, other, level->config);
}

static flow_status extract_whole(const void *acc, void *out, const void *config)
{
    const struct level *level = config;
    return level->fn->extract(acc, out, level->config);
}

// --- building

fl_fan *fl_fan_of(const flow_pipeline *pipeline, flow_coll coll)
{
    fl_fan *fan = pipeline->fans;
    while (fan && fan->edge != coll.id)
        fan = fan->older;
    return fan;
}

flow_status fl_check_fans(const flow_pipeline *pipeline, flow_error *error)
{
    for (const fl_fan *fan = pipeline->fans; fan; fan = fan->older) {
        if (fan->taken)
            continue;
        const flow_node *node = &pipeline->nodes[pipeline->edges[fan->edge - 1].producer];
        return flow_error_raise(error, FLOW_INVALID, node->path,
            "flow_fan_out(%s): no combine takes its collection directly; put it right before one",
            node->path);
    }
    return FLOW_OK;
}

flow_coll flow_fan_out_sized(flow_coll in, const flow_fan_out_options *options, size_t size)
{
    fl_call call = { in.pipeline, "flow_fan_out", "fan_out", false };
    flow_fan_out_options known;
    const flow_edge *from = NULL;
    if (!fl_options(&call, &known, sizeof known, options, size) || !(from = fl_input(&call, in)))
        return fl_nothing(in.pipeline);
    fl_call_name(&call, known.name, "fan_out");
    if (!known.parts_of && known.parts < 2) {
        fl_refuse(&call, FLOW_INVALID, "%u parts are none; say 2 at least, or 'parts_of'",
            (unsigned)known.parts);
        return fl_nothing(in.pipeline);
    }
    fl_fan *fan = flow_pipeline_alloc(in.pipeline, sizeof *fan);
    const flow_coll out =
        fan ? fl_key_step(&call, in, flow_coll_key(in), from->shape) : fl_nothing(in.pipeline);
    if (!out.id)
        return out;
    *fan = (fl_fan){ in.pipeline->fans, out.id, known, false };
    in.pipeline->fans = fan;
    return out;
}

static bool check_fan(const fl_call *call, const flow_edge *in, const flow_combine_fn *fn)
{
    if (!fn->add || !fn->merge)
        return fl_refuse(call, FLOW_INVALID,
            "its input fans out, but the combine has no '%s' to do it with",
            fn->add ? "merge" : "add");
    if (flow_edge_merging(in) && in->triggering &&
        in->triggering->output_time == FLOW_OUTPUT_LATEST)
        return fl_refuse(call, FLOW_INVALID,
            "its input fans out in windows that merge, where parts do not know their latest "
            "element's time: its 'output_time' cannot be FLOW_OUTPUT_LATEST");
    for (uint32_t i = 0; in->triggering && i < in->triggering->trigger.count; i++)
        if (in->triggering->trigger.nodes[i].kind == FLOW_TRIGGER_COUNT)
            return fl_refuse(call, FLOW_INVALID,
                "its input fans out and has a trigger that counts elements, which would count "
                "parts");
    return true;
}

// Rows of a key's part and an element, and of a key and an accumulator.
static bool make_types(flow_pipeline *p, const flow_shape *shape, struct spread *spread)
{
    const flow_type *acc = spread->level.fn->acc;
    const flow_field number = { .name = "number", .kind = FLOW_KIND_U32, .size = sizeof(uint32_t) };
    const bool keyed = shape->key != FLOW_KIND_NONE;
    const flow_field of_part[] = { fl_field_of_key(shape), number };
    const flow_field of_cold[] = { fl_field_of_key(shape), fl_field_of_record("value", acc) };
    const flow_type *part = fl_record_made(p, "flow_part", of_part + !keyed, 1u + keyed);
    const flow_type *cold = fl_record_made(p, "flow_partial", of_cold + !keyed, 1u + keyed);
    if (!part || !cold)
        return false;
    flow_field of_hot[] = { fl_field_of_record("part", part),
        fl_field_of_record("value", shape->type) };
    of_hot[1].element = true;
    const flow_type *hot = fl_record_made(p, "flow_hot", of_hot, 2);
    if (!hot)
        return false;
    spread->outs[0] = hot;
    spread->outs[1] = cold;
    spread->key_size = shape->key_size;
    spread->part = part->fields[keyed].offset;
    spread->level.value = hot->fields[1].offset;
    spread->acc = cold->fields[keyed].offset;
    return true;
}

static struct spread *make_spread(const fl_call *call, const flow_edge *from, const fl_fan *fan,
    const flow_combine_fn *fn, const void *config)
{
    struct spread *spread = flow_pipeline_alloc(call->pipeline, sizeof *spread);
    if (!spread)
        return NULL;
    spread->options = fan->options;
    spread->level = (struct level){ fn, config, 0 };
    if (!make_types(call->pipeline, &from->shape, spread))
        return NULL;
    spread->fn = (flow_fn){ .name = "spread",
        .form = FLOW_FORM_EMIT,
        .in = from->shape.type,
        .outs = spread->outs,
        .out_count = 2,
        .process = spread_rows,
        .self_size = sizeof(uint32_t),
        .start = next_part };
    return spread;
}

// The first level gives no pane without elements, and none twice. A window that merges holds the
// watermark at its earliest element: windows of other parts, which may bridge it and what lies
// before it, are still to come.
static flow_coll discarding(flow_coll in)
{
    const flow_edge *edge = in.id ? &in.pipeline->edges[in.id - 1] : NULL;
    if (!edge || (!edge->triggering && !flow_edge_merging(edge)))
        return in;
    const flow_window_options bare = { .keep_windows = true,
        .accumulation = FLOW_DISCARDING,
        .on_time = FLOW_EMPTY_NEVER,
        .closing = FLOW_EMPTY_NEVER,
        .output_time = flow_edge_merging(edge) ? FLOW_OUTPUT_EARLIEST : FLOW_OUTPUT_TIME_UNSET };
    return flow_window_into(in, &bare);
}

// The first level: accumulators by key, in windows that can still merge (R76).
static flow_coll add_parts(flow_coll hot, const struct spread *spread, const flow_edge *from)
{
    flow_pipeline *p = hot.pipeline;
    const flow_combine_fn *user = spread->level.fn;
    flow_combine_fn *fn = flow_pipeline_alloc(p, sizeof *fn);
    struct spread *bare = flow_pipeline_alloc(p, sizeof *bare);
    if (!fn || !bare)
        return fl_nothing(p);
    *fn = (flow_combine_fn){ .name = "parts",
        .in = spread->outs[0],
        .acc = user->acc,
        .out = user->acc,
        .exact = user->exact && user->subtract,
        .add = add_element,
        .merge = merge_parts,
        .subtract = user->subtract ? subtract_parts : NULL };
    *bare = *spread;
    bare->outs[0] = spread->outs[1];
    bare->fn = (flow_fn){ .name = "bare",
        .form = FLOW_FORM_EMIT,
        .in = user->acc,
        .outs = bare->outs,
        .out_count = 1,
        .process = bare_rows };
    const flow_combine_options options = { .config = &spread->level,
        .config_size = sizeof spread->level };
    const flow_field_ref part = { spread->outs[0], "part", 0, FLOW_KIND_RECORD };
    const flow_coll parts = flow_combine(discarding(flow_key_by(hot, part)), fn, &options);
    const flow_coll out = flow_do(parts, &bare->fn);
    if (!out.id)
        return out;
    flow_edge *edge = &p->edges[out.id - 1];
    edge->merged = from->merged;
    edge->triggering = from->triggering;
    return out;
}

static flow_coll add_whole(flow_coll partial, const struct spread *spread, flow_on_error on_error)
{
    const flow_combine_fn *user = spread->level.fn;
    flow_combine_fn *fn = flow_pipeline_alloc(partial.pipeline, sizeof *fn);
    if (!fn)
        return fl_nothing(partial.pipeline);
    *fn = (flow_combine_fn){ .name = "whole",
        .in = spread->outs[1],
        .acc = user->acc,
        .out = user->out,
        .exact = user->exact && user->subtract,
        .add = add_part,
        .merge = merge_parts,
        .subtract = user->subtract ? subtract_parts : NULL,
        .extract = user->extract ? extract_whole : NULL };
    const struct level level = { user, spread->level.config, spread->acc };
    const flow_combine_options options = {
        .config = &level, .config_size = sizeof level, .on_error = on_error
    };
    return flow_combine(partial, fn, &options);
}

flow_coll fl_fan_combine(const fl_call *call, flow_coll in, const flow_combine_fn *fn,
    const flow_combine_options *options)
{
    flow_pipeline *p = call->pipeline;
    fl_fan *fan = fl_fan_of(p, in);
    const flow_edge from = p->edges[in.id - 1];
    fan->taken = true;
    if (!check_fan(call, &from, fn))
        return fl_nothing(p);
    const struct spread *spread = make_spread(call, &from, fan, fn, options->config);
    if (!spread)
        return fl_nothing(p);
    flow_scope_begin(p, call->step);
    const flow_coll hot = flow_do(in, &spread->fn);
    flow_coll partial = add_parts(hot, spread, &from);
    if (fan->options.parts_of)
        partial = flow_flatten((const flow_coll[]){ partial, flow_output(hot, 1) }, 2);
    if (from.shape.key != FLOW_KIND_NONE)
        partial =
            flow_key_by(partial, (flow_field_ref){ spread->outs[1], "key", 0, from.shape.key });
    const flow_coll out = add_whole(partial, spread, options->on_error);
    flow_scope_end(p);
    return out;
}
