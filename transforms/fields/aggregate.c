// SPDX-License-Identifier: Apache-2.0
// flow_aggregate: elements are put beside the fields that group them, and one combine makes all
// figures of a group.
#include <math.h>
#include <stdio.h>

#include "core/field.h"
#include "core/parts.h"
#include "pair.h"

#define FIELDS_MAX 64u

// A running sum of whole numbers: 128 bits, so that only the result has to fit.
struct wide {
    uint64_t low;
    int64_t high;
};

// One figure: where its field lies in an element, and where its parts lie in the accumulator and
// the result.
struct figure {
    flow_aggregation make;
    struct fl_place place; // kind NONE: all elements
    fl_field_config read;  // numbers
    uint32_t count;        // in the accumulator: elements that had the field
    uint32_t state;        // sum or extreme
    uint32_t to, presence; // in the result
    uint32_t size;
};

// What one flow_aggregate needs, in pipeline memory.
struct aggregate {
    flow_fn result;       // first: flow_ctx.fn points into it
    struct fl_pair *pair; // NULL: all elements are one group
    uint32_t row_at;      // where the element lies in what is combined
    flow_combine_fn combine;
    const flow_type *outs[1];
    uint32_t key_size;
    uint32_t count;
    struct figure figures[FIELDS_MAX];
};

// The combine's configuration.
struct config {
    const struct aggregate *aggregate;
};

static const struct aggregate *aggregate_of(const void *config)
{
    return ((const struct config *)config)->aggregate;
}

// --- figures

static void wide_add(struct wide *sum, uint64_t low, int64_t high)
{
    sum->low += low;
    sum->high += high + (sum->low < low ? 1 : 0);
}

static void add_number(const struct figure *figure, char *state, const void *element)
{
    if (fl_kind_is_float(figure->read.kind)) {
        double sum;
        memcpy(&sum, state, sizeof sum);
        sum += fl_field_number(element, &figure->read);
        memcpy(state, &sum, sizeof sum);
        return;
    }
    struct wide sum;
    const int64_t value = fl_field_integer(element, &figure->read);
    const bool negative = value < 0 && figure->read.kind != FLOW_KIND_U64;
    memcpy(&sum, state, sizeof sum);
    wide_add(&sum, (uint64_t)value, negative ? -1 : 0);
    memcpy(state, &sum, sizeof sum);
}

static bool is_nan(flow_kind kind, const char *value)
{
    const fl_field_config here = { .kind = kind };
    return fl_kind_is_float(kind) && isnan(fl_field_number(value, &here));
}

// A NaN gives way to any number.
static void keep_extreme(const struct figure *figure, bool first, char *state, const char *value)
{
    const flow_kind kind = figure->place.field.kind;
    bool better = first;
    if (!first && is_nan(kind, value) != is_nan(kind, state))
        better = is_nan(kind, state);
    else if (!first) {
        const int order = fl_value_compare(kind, NULL, value, state);
        better = figure->make == FLOW_MIN_OF ? order < 0 : order > 0;
    }
    if (better)
        memcpy(state, value, figure->place.field.size);
}

static bool is_sum(const struct figure *figure)
{
    return figure->make == FLOW_SUM_OF || figure->make == FLOW_MEAN_OF;
}

static void aggregate_add(void *acc, const void *in, const void *config)
{
    const struct aggregate *aggregate = aggregate_of(config);
    const char *row = (const char *)in + aggregate->row_at;
    char *into = acc;
    for (uint32_t i = 0; i < aggregate->count; i++) {
        const struct figure *figure = &aggregate->figures[i];
        if (!fl_place_there(&figure->place, row))
            continue;
        int64_t *count = (int64_t *)(void *)(into + figure->count);
        if (is_sum(figure))
            add_number(figure, into + figure->state, row);
        else if (figure->make != FLOW_COUNT_OF)
            keep_extreme(
                figure, *count == 0, into + figure->state, row + figure->place.field.offset);
        ++*count;
    }
}

static void merge_sum(const struct figure *figure, char *into, const char *from)
{
    if (fl_kind_is_float(figure->read.kind)) {
        double a, b;
        memcpy(&a, into, sizeof a);
        memcpy(&b, from, sizeof b);
        a += b;
        memcpy(into, &a, sizeof a);
        return;
    }
    struct wide a, b;
    memcpy(&a, into, sizeof a);
    memcpy(&b, from, sizeof b);
    wide_add(&a, b.low, b.high);
    memcpy(into, &a, sizeof a);
}

static void aggregate_merge(void *acc, const void *other, const void *config)
{
    const struct aggregate *aggregate = aggregate_of(config);
    char *into = acc;
    const char *from = other;
    for (uint32_t i = 0; i < aggregate->count; i++) {
        const struct figure *figure = &aggregate->figures[i];
        int64_t *count = (int64_t *)(void *)(into + figure->count);
        const int64_t more = *(const int64_t *)(const void *)(from + figure->count);
        if (more && is_sum(figure))
            merge_sum(figure, into + figure->state, from + figure->state);
        else if (more && figure->make != FLOW_COUNT_OF)
            keep_extreme(figure, *count == 0, into + figure->state, from + figure->state);
        *count += more;
    }
}

static double sum_as_double(const struct figure *figure, const char *state)
{
    if (fl_kind_is_float(figure->read.kind)) {
        double sum;
        memcpy(&sum, state, sizeof sum);
        return sum;
    }
    struct wide sum;
    memcpy(&sum, state, sizeof sum);
    if (sum.high >= 0)
        return (double)sum.high * 0x1p64 + (double)sum.low;
    // as it is without its sign: the halves of a small negative number would take each other away
    const uint64_t low = -sum.low, high = -(uint64_t)sum.high - (sum.low != 0);
    return -((double)high * 0x1p64 + (double)low);
}

// --- the result

static flow_status write_sum(
    flow_ctx *ctx, const struct figure *figure, const char *state, char *out)
{
    struct wide sum;
    if (fl_kind_is_float(figure->read.kind)) {
        memcpy(out, state, sizeof(double));
        return FLOW_OK;
    }
    memcpy(&sum, state, sizeof sum);
    const bool fits = sum.high == 0 ? sum.low <= INT64_MAX : sum.high == -1 && sum.low > INT64_MAX;
    if (!fits)
        return flow_fail(
            ctx, FLOW_USER, "the sum of '%s' does not fit 64 bits", figure->place.field.name);
    memcpy(out, &sum.low, sizeof sum.low);
    return FLOW_OK;
}

static flow_status write_figure(
    flow_ctx *ctx, const struct figure *figure, const char *acc, char *out)
{
    const int64_t count = *(const int64_t *)(const void *)(acc + figure->count);
    const char *state = acc + figure->state;
    if (figure->make == FLOW_COUNT_OF) {
        memcpy(out + figure->to, &count, sizeof count);
        return FLOW_OK;
    }
    if (figure->presence)
        out[figure->presence - 1] = count > 0;
    if (count == 0)
        return FLOW_OK;
    if (figure->make == FLOW_SUM_OF)
        return write_sum(ctx, figure, state, out + figure->to);
    if (figure->make == FLOW_MEAN_OF) {
        const double mean = sum_as_double(figure, state) / (double)count;
        memcpy(out + figure->to, &mean, sizeof mean);
    } else {
        memcpy(out + figure->to, state, figure->size);
    }
    return FLOW_OK;
}

static flow_status fill_result(flow_ctx *ctx, const flow_row *row, char *out)
{
    const struct aggregate *aggregate = (const struct aggregate *)(const void *)ctx->fn;
    // the fields of the group lie in the result as they lie in the key
    memcpy(out, row->key, aggregate->key_size);
    flow_status status = FLOW_OK;
    for (uint32_t f = 0; f < aggregate->count && status == FLOW_OK; f++)
        status = write_figure(ctx, &aggregate->figures[f], row->value, out);
    return status;
}

// A group whose result is made.
struct making {
    const flow_row *row;
    char *out;
};

static flow_status make_result(flow_ctx *ctx, void *user)
{
    const struct making *making = user;
    const flow_type *type = ctx->outs[0].type;
    memset(making->out, 0, type->size);
    const flow_status status = fill_result(ctx, making->row, making->out);
    return status == FLOW_OK ? flow_emit(ctx, 0, type, making->out, type->size) : status;
}

// A group whose figures cannot be made is rejected with its fields and the accumulator.
static flow_status give_result(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct aggregate *aggregate = (const struct aggregate *)(const void *)ctx->fn;
    const flow_part_row parts[] = { { "accumulator", ctx->fn->in, row->value },
        { "group", aggregate->pair ? aggregate->pair->key : NULL, row->key } };
    struct making making = { row, user };
    return flow_part(ctx, make_result, &making, parts, aggregate->pair ? 2 : 1);
}

static flow_status give_results(flow_ctx *ctx, const flow_batch *batch)
{
    char *out = flow_alloc(ctx, ctx->outs[0].type->size);
    return out ? flow_each_row(ctx, batch, give_result, out) : ctx->status;
}

// --- building

static const flow_field whole = { .kind = FLOW_KIND_I64, .size = sizeof(int64_t) };
static const flow_field real = { .kind = FLOW_KIND_F64, .size = sizeof(double) };

// What a figure is in the result; false with a sentence where it cannot be.
static bool result_of(flow_coll in, const struct figure *figure, flow_field *like)
{
    const flow_field *field = &figure->place.field;
    const bool number = fl_kind_is_integer(field->kind) || fl_kind_is_float(field->kind);
    const char *wanted = "a field that is no record and no list";
    bool fits = flow_kind_size(field->kind) != 0;
    *like = *field;
    like->as = NULL;
    like->option = NULL;
    switch (figure->make) {
    case FLOW_COUNT_OF:
        *like = whole;
        return true;
    case FLOW_SUM_OF:
    case FLOW_MEAN_OF:
        *like = figure->make == FLOW_MEAN_OF || fl_kind_is_float(field->kind) ? real : whole;
        wanted = "a number or a duration";
        fits = number;
        break;
    default:
        break;
    }
    if (!fits)
        flow_pipeline_fail(in.pipeline, FLOW_TYPE, NULL,
            "flow_aggregate: takes %s, its field '%s' is '%s'", wanted, field->name,
            flow_kind_name(field->kind));
    return fits;
}

static bool add_figure(flow_coll in, const flow_aggregate_field *field, struct figure *figure,
    fl_record *acc, fl_record *out)
{
    flow_field like;
    figure->make = field->make;
    if (field->make < FLOW_COUNT_OF || field->make > FLOW_MEAN_OF || !field->as ||
        (!field->of && field->make != FLOW_COUNT_OF)) {
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "flow_aggregate: field '%s' says not what it is made of, or is to be called",
            field->as   ? field->as
            : field->of ? field->of
                        : "");
        return false;
    }
    if ((field->of && !fl_place_find(in, "flow_aggregate", field->of, &figure->place)) ||
        !result_of(in, figure, &like))
        return false;
    figure->read.offset = figure->place.field.offset;
    figure->read.kind = figure->place.field.kind;
    char name[32];
    snprintf(name, sizeof name, "count%u", (unsigned)acc->type->field_count);
    const flow_field *count = fl_record_add(acc, &whole, name);
    snprintf(name, sizeof name, "state%u", (unsigned)acc->type->field_count);
    const bool integer_sum = is_sum(figure) && !fl_kind_is_float(figure->read.kind);
    const flow_field *state = figure->make == FLOW_COUNT_OF ? count
                              : integer_sum                 ? fl_record_add(acc, &whole, name)
                              : is_sum(figure)              ? fl_record_add(acc, &real, name)
                                                            : fl_record_add(acc, &like, name);
    snprintf(name, sizeof name, "high%u", (unsigned)acc->type->field_count);
    if (!count || !state || (integer_sum && !fl_record_add(acc, &whole, name)))
        return false;
    figure->count = count->offset;
    figure->state = state->offset;
    if (figure->make != FLOW_COUNT_OF)
        figure->presence = fl_record_flag(out) + 1;
    flow_field *result = fl_record_add(out, &like, field->as);
    if (!result)
        return false;
    result->presence = figure->presence;
    figure->to = result->offset;
    figure->size = result->size;
    return true;
}

// The fields of a group begin the result as they lie in the key.
static bool add_keys(flow_coll in, const flow_aggregate_options *options,
    struct aggregate *aggregate, fl_record *out)
{
    const struct fl_pair_by by = {
        .builder = "flow_aggregate", .fields = options->by, .count = options->by_count
    };
    aggregate->pair = fl_pair_make(in, &by);
    if (!aggregate->pair)
        return false;
    const flow_type *key = aggregate->pair->key;
    for (uint32_t i = 0; i < key->field_count; i++) {
        const uint32_t presence = key->fields[i].presence ? fl_record_flag(out) + 1 : 0;
        flow_field *field = fl_record_add(out, &key->fields[i], key->fields[i].name);
        if (!field)
            return false;
        field->presence = presence;
        aggregate->key_size = field->offset + field->size; // what lies behind the last is padding
    }
    aggregate->row_at = aggregate->pair->row_at;
    return true;
}

static flow_coll apply(
    flow_coll in, struct aggregate *aggregate, const flow_type *acc, flow_on_error on_error)
{
    flow_coll rows = in;
    if (aggregate->pair)
        rows = fl_pair_apply(in, aggregate->pair);
    else if (flow_coll_is_keyed(in))
        rows = flow_unkey(in);
    aggregate->combine = (flow_combine_fn){ .name = "figures",
        .in = aggregate->pair ? aggregate->pair->outs[0] : flow_coll_type(in),
        .acc = acc,
        .out = acc,
        .add = aggregate_add,
        .merge = aggregate_merge };
    aggregate->result = (flow_fn){ .name = "result",
        .form = FLOW_FORM_EMIT,
        .in = acc,
        .outs = aggregate->outs,
        .out_count = 1,
        .process = give_results };
    const struct config config = { aggregate };
    const flow_combine_options how = { .config = &config, .config_size = sizeof config };
    return flow_do(flow_combine_with(rows, &aggregate->combine, &how), &aggregate->result,
        &(flow_do_options){ .on_error = on_error });
}

static flow_coll build(flow_coll in, const flow_aggregate_options *options)
{
    struct aggregate *aggregate = flow_pipeline_alloc(in.pipeline, sizeof *aggregate);
    const uint32_t figures = (uint32_t)options->field_count;
    fl_record acc = fl_record_begin(in.pipeline, "flow_aggregate_state", 3 * figures);
    fl_record out = fl_record_begin(
        in.pipeline, flow_coll_type(in)->name, figures + (uint32_t)options->by_count);
    if (!aggregate || !acc.type || !out.type ||
        (options->by_count && !add_keys(in, options, aggregate, &out)))
        return fl_no_coll(in.pipeline);
    for (uint32_t i = 0; i < figures; i++) {
        if (!add_figure(in, &options->fields[i], &aggregate->figures[i], &acc, &out))
            return fl_no_coll(in.pipeline);
        aggregate->count++;
    }
    const flow_type *state = fl_record_end(&acc);
    aggregate->outs[0] = fl_record_end(&out);
    if (!state || !aggregate->outs[0])
        return fl_no_coll(in.pipeline);
    const flow_coll made = apply(in, aggregate, state, options->on_error);
    flow_scope_end(in.pipeline);
    return made;
}

flow_coll flow_aggregate_sized(flow_coll in, const flow_aggregate_options *options, size_t size)
{
    flow_aggregate_options known;
    if (!flow_coll_type(in))
        return fl_no_coll(in.pipeline);
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    fl_scope(in.pipeline, known.name, "aggregate");
    if (!copied) {
        flow_pipeline_fail(
            in.pipeline, FLOW_UNSUPPORTED, NULL, "flow_aggregate: " FLOW_OPTION_UNKNOWN);
        return fl_no_coll(in.pipeline);
    }
    if (!known.fields || known.field_count == 0 || known.field_count > FIELDS_MAX ||
        (known.by_count && !known.by)) {
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "flow_aggregate: %zu fields are to be made, 1 to %u may be",
            known.fields ? known.field_count : 0, FIELDS_MAX);
        return fl_no_coll(in.pipeline);
    }
    return build(in, &known);
}
