// SPDX-License-Identifier: Apache-2.0
// flow_join_fields: both sides under a key made of their fields, joined into one record.
#include <stdio.h>

#include "pair.h"

#define BY_MAX       32u
#define NAME_MAX_LEN 128

struct side {
    struct fl_pair *pair;
    uint32_t count;
    struct fl_part *parts; // fields that are copied to the result
};

// What one flow_join_fields needs, in pipeline memory.
struct joined {
    flow_join_fn fn; // first: the join gives it to `pair`
    const flow_type *outs[1];
    struct side sides[2];
};

static void copy_side(const struct side *side, const char *pair, char *out)
{
    if (pair)
        fl_parts_copy(side->parts, side->count, pair + side->pair->row_at, out);
}

static flow_status give_pair(
    flow_ctx *ctx, const flow_join_fn *join, const void *key, const void *left, const void *right)
{
    const struct joined *joined = (const struct joined *)(const void *)join;
    const flow_type *type = joined->outs[0];
    char *out = flow_alloc(ctx, type->size);
    (void)key;
    if (!out)
        return ctx->status;
    memset(out, 0, type->size);
    copy_side(&joined->sides[0], left, out);
    copy_side(&joined->sides[1], right, out);
    return flow_emit(ctx, 0, type, out, type->size);
}

// --- building

// The fields of a side; `prefix` stands before names that the record has already.
static bool add_side(fl_record *record, struct side *side, const char *prefix, bool may_lack)
{
    const flow_type *type = side->pair->fn.in;
    side->parts = flow_pipeline_alloc(record->pipeline, type->field_count * sizeof *side->parts);
    for (uint32_t i = 0; side->parts && i < type->field_count; i++) {
        const flow_field *field = &type->fields[i];
        const bool clash = flow_type_field(record->type, field->name) != NULL;
        char name[NAME_MAX_LEN];
        snprintf(name, sizeof name, "%s%s", clash ? prefix : "", field->name);
        flow_field like = *field;
        like.as = clash ? NULL : like.as;
        like.option = NULL;
        if (!fl_part_add(record, &side->parts[side->count++], &like, name, may_lack))
            return false;
    }
    return side->parts != NULL;
}

static bool make_pairs(
    flow_sides sides, const flow_join_fields_options *options, struct joined *joined)
{
    const char *names[BY_MAX];
    for (size_t i = 0; i < options->by_count; i++) {
        const char *dot = strrchr(options->left_by[i], '.');
        names[i] = dot ? dot + 1 : options->left_by[i];
    }
    struct fl_pair_by by = { .builder = "flow_join_fields",
        .fields = options->left_by,
        .names = names, // of both, so that both have one type
        .count = options->by_count };
    joined->sides[0].pair = fl_pair_make(sides.left, &by);
    if (!joined->sides[0].pair)
        return false;
    const flow_type *key = joined->sides[0].pair->key;
    by.fields = options->right_by ? options->right_by : options->left_by;
    joined->sides[1].pair = fl_pair_make(sides.right, &by);
    if (!joined->sides[1].pair)
        return false;
    const flow_type *other = joined->sides[1].pair->key;
    for (uint32_t i = 0; i < key->field_count; i++) {
        if (key->fields[i].kind == other->fields[i].kind &&
            !key->fields[i].presence == !other->fields[i].presence)
            continue;
        flow_pipeline_fail(sides.left.pipeline, FLOW_TYPE, NULL,
            "flow_join_fields: '%s' of the left is '%s'%s, '%s' of the right is '%s'%s",
            options->left_by[i], flow_kind_name(key->fields[i].kind),
            key->fields[i].presence ? " and optional" : "", by.fields[i],
            flow_kind_name(other->fields[i].kind),
            other->fields[i].presence ? " and optional" : "");
        return false;
    }
    return true;
}

static flow_coll build(flow_sides sides, const flow_join_fields_options *options)
{
    flow_pipeline *pipeline = sides.left.pipeline;
    struct joined *joined = flow_pipeline_alloc(pipeline, sizeof *joined);
    if (!joined || !make_pairs(sides, options, joined))
        return fl_no_coll(pipeline);
    const flow_type *left = flow_coll_type(sides.left), *right = flow_coll_type(sides.right);
    fl_record record =
        fl_record_begin(pipeline, left->name, left->field_count + right->field_count);
    const char *prefix = options->right_prefix ? options->right_prefix : "right_";
    const bool left_lacks = options->kind == FLOW_JOIN_RIGHT || options->kind == FLOW_JOIN_FULL;
    const bool right_lacks = options->kind == FLOW_JOIN_LEFT || options->kind == FLOW_JOIN_FULL;
    if (!record.type || !add_side(&record, &joined->sides[0], "", left_lacks) ||
        !add_side(&record, &joined->sides[1], prefix, right_lacks))
        return fl_no_coll(pipeline);
    joined->outs[0] = fl_record_end(&record);
    if (!joined->outs[0])
        return fl_no_coll(pipeline);
    const flow_type *key = joined->sides[0].pair->key;
    joined->fn = (flow_join_fn){ .fn = { .name = "fields",
                                     .key = { FLOW_KIND_RECORD, key->size, key->name },
                                     .outs = joined->outs,
                                     .out_count = 1 },
        .left = joined->sides[0].pair->outs[0],
        .right = joined->sides[1].pair->outs[0],
        .pair = give_pair };
    const flow_sides pairs = { fl_pair_apply(sides.left, joined->sides[0].pair),
        fl_pair_apply(sides.right, joined->sides[1].pair) };
    const flow_coll out = flow_join(pairs, options->kind, &joined->fn, NULL);
    flow_scope_end(pipeline);
    return out;
}

flow_coll flow_join_fields_sized(
    flow_sides sides, const flow_join_fields_options *options, size_t size)
{
    flow_pipeline *pipeline = sides.left.pipeline;
    flow_join_fields_options known;
    if (!flow_coll_type(sides.left) || !flow_coll_type(sides.right))
        return fl_no_coll(pipeline);
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    fl_scope(pipeline, known.name, "join_fields");
    if (!copied) {
        flow_pipeline_fail(
            pipeline, FLOW_UNSUPPORTED, NULL, "flow_join_fields: " FLOW_OPTION_UNKNOWN);
        return fl_no_coll(pipeline);
    }
    if (!known.left_by || known.by_count == 0 || known.by_count > BY_MAX) {
        flow_pipeline_fail(pipeline, FLOW_INVALID, NULL,
            "flow_join_fields: %zu fields were given to join by, 1 to %u may be",
            known.left_by ? known.by_count : 0, BY_MAX);
        return fl_no_coll(pipeline);
    }
    return build(sides, &known);
}
