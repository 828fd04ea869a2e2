// SPDX-License-Identifier: Apache-2.0
// flow_cogroup: rows of several types become rows of one record with a place for each, which are
// flattened and grouped; the group is dealt out by input again.
#include "cogroup.h"

#include <stdio.h>

#include <flow/transform.h>

#include "core/parts.h"

// --- on the way in

// The step that turns rows of one input into tagged ones.
struct tag {
    flow_fn fn;
    const struct fl_cogroup *made;
    uint32_t input;
    uint32_t key_size;
    const flow_type *outs[1];
};

static flow_status tag_row(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct tag *tag = (const struct tag *)(const void *)ctx->fn;
    const struct fl_cogroup *made = tag->made;
    const flow_type *type = made->fn.in;
    char *tagged = user;
    memcpy(tagged, row->key, tag->key_size);
    memcpy(tagged + made->offsets[tag->input], row->value, made->ins[tag->input]->size);
    return flow_emit(ctx, 0, type, tagged, type->size);
}

static flow_status tag_rows(flow_ctx *ctx, const flow_batch *batch)
{
    const struct tag *tag = (const struct tag *)(const void *)ctx->fn;
    const struct fl_cogroup *made = tag->made;
    const flow_type *type = made->fn.in;
    const uint32_t input = tag->input;
    char *tagged = flow_alloc(ctx, type->size);
    if (!tagged)
        return ctx->status;
    memset(tagged, 0, type->size);
    tagged[made->present[input]] = true;
    memcpy(tagged + made->from, &input, sizeof input);
    return flow_each_row(ctx, batch, tag_row, tagged);
}

static flow_coll tagged(flow_coll in, const struct fl_cogroup *made, uint32_t input)
{
    struct tag *tag = flow_pipeline_alloc(in.pipeline, sizeof *tag);
    if (!tag)
        return fl_no_coll(in.pipeline);
    tag->made = made;
    tag->input = input;
    tag->key_size = flow_coll_key_field(in).size;
    tag->outs[0] = made->fn.in;
    tag->fn = (flow_fn){ .name = "tag",
        .form = FLOW_FORM_EMIT,
        .key = made->fn.key,
        .in = made->ins[input],
        .outs = tag->outs,
        .out_count = 1,
        .process = tag_rows };
    return flow_do(in, &tag->fn);
}

// The record of tagged rows; false without memory.
static bool lay_out(flow_coll first, struct fl_cogroup *made)
{
    static const flow_field number = { .kind = FLOW_KIND_U32, .size = sizeof(uint32_t) };
    const flow_field key = flow_coll_key_field(first);
    fl_record record = fl_record_begin(first.pipeline, "flow_tagged", made->in_count + 2);
    fl_record_add(&record, &key, "key");
    const flow_field *from = fl_record_add(&record, &number, "from");
    for (uint32_t i = 0; i < made->in_count; i++)
        made->present[i] = fl_record_flag(&record);
    for (uint32_t i = 0; i < made->in_count; i++) {
        const flow_field row = { .kind = FLOW_KIND_RECORD,
            .size = made->ins[i]->size,
            .record = made->ins[i],
            .element = true };
        char name[16];
        snprintf(name, sizeof name, "row%u", (unsigned)i);
        flow_field *field = fl_record_add(&record, &row, name);
        if (!field)
            return false;
        field->presence = made->present[i] + 1;
        made->offsets[i] = field->offset;
    }
    made->fn.in = fl_record_end(&record);
    if (!made->fn.in)
        return false;
    made->from = from->offset;
    return true;
}

static bool check_input(
    const struct fl_cogroup_call *call, const struct fl_cogroup *made, uint32_t input)
{
    const flow_coll in = call->ins[input];
    const flow_type *type = flow_coll_type(in);
    const flow_field key = flow_coll_key_field(in);
    const flow_field first = flow_coll_key_field(call->ins[0]);
    flow_pipeline *pipeline = call->ins[0].pipeline;
    if (!type)
        return false; // building has failed already
    if (in.pipeline != pipeline)
        flow_pipeline_fail(pipeline, FLOW_INVALID, NULL, "%s: input %u is of another pipeline",
            call->builder, (unsigned)input);
    else if (!flow_type_equal(type, made->ins[input]))
        flow_pipeline_fail(pipeline, FLOW_TYPE, NULL,
            "%s: input %u of '%s' takes '%s', it has '%s'", call->builder, (unsigned)input,
            made->fn.name, made->ins[input]->name, type->name);
    else if (key.kind == FLOW_KIND_NONE)
        flow_pipeline_fail(pipeline, FLOW_TYPE, NULL, "%s: input %u of '%s' has no key",
            call->builder, (unsigned)input, made->fn.name);
    else if (key.kind != first.kind || (key.record && !flow_type_equal(key.record, first.record)))
        flow_pipeline_fail(pipeline, FLOW_TYPE, NULL,
            "%s: input %u of '%s' has a key of '%s', input 0 one of '%s'", call->builder,
            (unsigned)input, made->fn.name,
            key.record ? key.record->name : flow_kind_name(key.kind),
            first.record ? first.record->name : flow_kind_name(first.kind));
    else
        return true;
    return false;
}

bool fl_join_begin(flow_coll in, const char *builder, flow_do_options *known,
    const flow_do_options *options, size_t size)
{
    if (!flow_coll_type(in))
        return false; // building has failed already
    const bool copied = flow_options_copy(known, sizeof *known, options, size);
    fl_scope(in.pipeline, known->name, builder + strlen("flow_"));
    if (!copied)
        flow_pipeline_fail(
            in.pipeline, FLOW_UNSUPPORTED, NULL, "%s: " FLOW_OPTION_UNKNOWN, builder);
    return copied;
}

flow_coll fl_cogroup(const struct fl_cogroup_call *call, struct fl_cogroup *made)
{
    flow_pipeline *pipeline = call->ins[0].pipeline;
    flow_do_options options = *call->options;
    for (uint32_t i = 0; i < made->in_count; i++)
        if (!check_input(call, made, i))
            return fl_no_coll(pipeline);
    if (!lay_out(call->ins[0], made))
        return fl_no_coll(pipeline);
    options.name = NULL;
    flow_coll all[FLOW_COGROUP_INPUTS];
    for (uint32_t i = 0; i < made->in_count; i++)
        all[i] = tagged(call->ins[i], made, i);
    const flow_coll flat = flow_flatten(all, made->in_count);
    const flow_coll keyed = flat.id ? flow_key_by(flat, fl_field_named(made->fn.in, "key")) : flat;
    const flow_coll out = made->fn.form == FLOW_FORM_GROUP
                              ? flow_group_with(keyed, &made->fn, &options)
                              : flow_do_with(keyed, &made->fn, &options);
    flow_scope_end(pipeline);
    return out;
}

// --- on the way out

// The rows of one input.
struct dealt {
    const char **rows;
    size_t count;
    size_t at;
};

struct flow_gathered {
    flow_ctx *ctx;
    const struct fl_cogroup *made;
    struct dealt ins[];
};

flow_gathered *flow_gather(flow_ctx *ctx)
{
    const struct fl_cogroup *made = (const struct fl_cogroup *)(const void *)ctx->fn;
    flow_rows *rows = flow_ctx_rows(ctx);
    const size_t count = flow_rows_count(rows);
    const size_t size = sizeof(flow_gathered) + made->in_count * sizeof(struct dealt);
    flow_gathered *gathered = flow_alloc(ctx, size);
    const char **all = flow_alloc(ctx, (count + 1) * sizeof *all);
    const char **sorted = flow_alloc(ctx, (count + 1) * sizeof *sorted);
    if (!gathered || !all || !sorted)
        return NULL;
    memset(gathered, 0, size);
    gathered->ctx = ctx;
    gathered->made = made;
    const char *row;
    flow_rows_keep(rows);
    for (size_t n = 0; n < count && (row = flow_rows_next(rows)); n++) {
        all[n] = row;
        gathered->ins[fl_cogroup_input(made, row)].count++;
    }
    if (ctx->status != FLOW_OK)
        return NULL;
    for (uint32_t i = 0; i < made->in_count; i++) {
        gathered->ins[i].rows = sorted;
        sorted += gathered->ins[i].count;
    }
    for (size_t n = 0; n < count; n++) {
        const uint32_t input = fl_cogroup_input(made, all[n]);
        struct dealt *dealt = &gathered->ins[input];
        dealt->rows[dealt->at++] = all[n] + made->offsets[input];
    }
    for (uint32_t i = 0; i < made->in_count; i++)
        gathered->ins[i].at = 0;
    return gathered;
}

const void *flow_gathered_next(flow_gathered *rows, uint32_t input, const flow_type *type)
{
    if (input >= rows->made->in_count || !flow_type_equal(type, rows->made->ins[input])) {
        flow_fail(rows->ctx, FLOW_TYPE, "asked for '%s' of input %u, %s%s%s", type->name,
            (unsigned)input, input < rows->made->in_count ? "which has '" : "there are fewer",
            input < rows->made->in_count ? rows->made->ins[input]->name : "",
            input < rows->made->in_count ? "'" : "");
        return NULL;
    }
    struct dealt *dealt = &rows->ins[input];
    return dealt->at < dealt->count ? dealt->rows[dealt->at++] : NULL;
}

size_t flow_gathered_count(const flow_gathered *rows, uint32_t input)
{
    return input < rows->made->in_count ? rows->ins[input].count : 0;
}

void flow_gathered_rewind(flow_gathered *rows, uint32_t input)
{
    if (input < rows->made->in_count)
        rows->ins[input].at = 0;
}

// --- pairs of joins

// A pair that is given to the function.
struct pair {
    const flow_join_fn *join;
    const void *key, *left, *right;
};

static flow_status give_pair(flow_ctx *ctx, void *user)
{
    const struct pair *pair = user;
    return pair->join->pair(ctx, pair->join, pair->key, pair->left, pair->right);
}

flow_status fl_join_pair(flow_ctx *ctx, const void *key, const void *left, const void *right)
{
    const struct fl_cogroup *made = (const struct fl_cogroup *)(const void *)ctx->fn;
    struct pair pair = { made->join, key, left, right };
    const flow_part_row rows[2] = { { "left", made->ins[0], left },
        { "right", made->ins[1], right } };
    return flow_part(ctx, give_pair, &pair, rows, 2);
}

// --- building

flow_coll flow_cogroup_sized(
    const flow_coll *ins, const flow_cogroup_fn *fn, const flow_do_options *options, size_t size)
{
    flow_pipeline *pipeline = ins ? ins[0].pipeline : NULL;
    if (!pipeline)
        return fl_no_coll(NULL);
    flow_do_options known;
    if (!fl_join_begin(ins[0], "flow_cogroup", &known, options, size))
        return fl_no_coll(pipeline);
    if (!fn || fn->in_count == 0 || fn->in_count > FLOW_COGROUP_INPUTS) {
        flow_pipeline_fail(pipeline, FLOW_INVALID, NULL,
            "flow_cogroup: the function has %u inputs, 1 to %u may be",
            fn ? (unsigned)fn->in_count : 0, FLOW_COGROUP_INPUTS);
        return fl_no_coll(pipeline);
    }
    struct fl_cogroup *made = flow_pipeline_alloc(pipeline, sizeof *made);
    if (!made)
        return fl_no_coll(pipeline);
    made->fn = fn->fn;
    made->ins = fn->ins;
    made->in_count = fn->in_count;
    const struct fl_cogroup_call call = { "flow_cogroup", ins, &known };
    return fl_cogroup(&call, made);
}
