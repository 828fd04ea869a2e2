// SPDX-License-Identifier: Apache-2.0
// flow_frequent: space-saving counters ("Efficient computation of frequent and top-k elements in
// data streams", Metwally, Agrawal and El Abbadi, 2005), merged as in "Mergeable summaries"
// (Agarwal et al., 2012).
#include <stdio.h>

#include <flow/sketch.h>

#include "core/field.h"
#include "core/hash.h"
#include "core/parts.h"

#define COUNT_USUAL    10u
#define COUNTERS_USUAL 128u
#define COUNTERS_MAX   256u
#define BYTES_MAX      32768u

// Where things lie; also the configuration of the combine.
struct layout {
    uint32_t offset; // of the value in an element
    flow_kind kind;
    const flow_type *record;
    uint32_t size;                          // of the value
    uint32_t counters;                      // at most
    uint32_t count;                         // given
    uint32_t counts, overs, hashes, values; // where these begin in the accumulator
};

// An accumulator: how many counters there are; their counts, what of these may be too much, the
// hashes of their values, and the values, which lie `size` apart.
struct view {
    int64_t *used;
    int64_t *counts, *overs;
    uint64_t *hashes;
    char *values;
};

static struct view view_of(void *acc, const struct layout *layout)
{
    char *bytes = acc;
    return (struct view){ acc, (int64_t *)(void *)(bytes + layout->counts),
        (int64_t *)(void *)(bytes + layout->overs), (uint64_t *)(void *)(bytes + layout->hashes),
        bytes + layout->values };
}

static int compare(const struct layout *layout, const void *a, const void *b)
{
    return fl_value_compare(layout->kind, layout->record, a, b);
}

static char *value_at(const struct view *view, const struct layout *layout, int64_t i)
{
    return view->values + (size_t)i * layout->size;
}

static int64_t find(
    const struct view *view, const struct layout *layout, const void *value, uint64_t hash)
{
    for (int64_t i = 0; i < *view->used; i++)
        if (view->hashes[i] == hash && compare(layout, value_at(view, layout, i), value) == 0)
            return i;
    return -1;
}

// Whether counter `a` is given before `b`: by count, then by value.
static bool is_before(const struct view *view, const struct layout *layout, int64_t a, int64_t b)
{
    if (view->counts[a] != view->counts[b])
        return view->counts[a] > view->counts[b];
    return compare(layout, value_at(view, layout, a), value_at(view, layout, b)) < 0;
}

// The counter that gives way: the smallest.
static int64_t last_of(const struct view *view, const struct layout *layout)
{
    int64_t last = 0;
    for (int64_t i = 1; i < *view->used; i++)
        if (is_before(view, layout, last, i))
            last = i;
    return last;
}

static void put(const struct view *view, const struct layout *layout, int64_t i, const void *value,
    uint64_t hash)
{
    view->hashes[i] = hash;
    memcpy(value_at(view, layout, i), value, layout->size);
}

static void frequent_add(void *acc, const void *in, const void *config)
{
    const struct layout *layout = config;
    const struct view view = view_of(acc, layout);
    const char *value = (const char *)in + layout->offset;
    const uint64_t hash = fl_value_hash(layout->kind, layout->record, value, 0);
    int64_t at = find(&view, layout, value, hash);
    if (at < 0 && *view.used < layout->counters) {
        at = (*view.used)++;
        put(&view, layout, at, value, hash);
    } else if (at < 0) {
        at = last_of(&view, layout);
        view.overs[at] = view.counts[at];
        put(&view, layout, at, value, hash);
    }
    view.counts[at]++;
}

// What a value that has no counter may have come at most.
static int64_t unseen(const struct view *view, const struct layout *layout)
{
    return *view->used < layout->counters ? 0 : view->counts[last_of(view, layout)];
}

// Two accumulators side by side: as many counters as both have.
struct both {
    int64_t used;
    int64_t counts[2 * COUNTERS_MAX], overs[2 * COUNTERS_MAX];
    uint64_t hashes[2 * COUNTERS_MAX];
    _Alignas(8) char values[BYTES_MAX * 2];
};

static void frequent_merge(void *acc, const void *other, const void *config)
{
    const struct layout *layout = config;
    const struct view into = view_of(acc, layout);
    // The second argument is only read; view_of serves both.
    const struct view from = view_of((void *)(uintptr_t)other, layout);
    const int64_t more = unseen(&from, layout), less = unseen(&into, layout);
    struct both both;
    const struct view all = { &both.used, both.counts, both.overs, both.hashes, both.values };
    both.used = *into.used;
    memcpy(both.values, into.values, (size_t)both.used * layout->size);
    for (int64_t i = 0; i < both.used; i++) {
        both.hashes[i] = into.hashes[i];
        both.counts[i] = into.counts[i] + more;
        both.overs[i] = into.overs[i] + more;
    }
    for (int64_t i = 0; i < *from.used; i++) {
        const char *value = value_at(&from, layout, i);
        int64_t at = find(&into, layout, value, from.hashes[i]);
        const bool shared = at >= 0;
        if (!shared) {
            at = both.used++;
            put(&all, layout, at, value, from.hashes[i]);
        }
        both.counts[at] = shared ? both.counts[at] - more + from.counts[i] : from.counts[i] + less;
        both.overs[at] = shared ? both.overs[at] - more + from.overs[i] : from.overs[i] + less;
    }
    for (; both.used > layout->counters; both.used--) {
        const int64_t gone = last_of(&all, layout), end = both.used - 1;
        put(&all, layout, gone, value_at(&all, layout, end), both.hashes[end]);
        both.counts[gone] = both.counts[end];
        both.overs[gone] = both.overs[end];
    }
    *into.used = both.used;
    memcpy(into.counts, both.counts, (size_t)both.used * sizeof *both.counts);
    memcpy(into.overs, both.overs, (size_t)both.used * sizeof *both.overs);
    memcpy(into.hashes, both.hashes, (size_t)both.used * sizeof *both.hashes);
    memcpy(into.values, both.values, (size_t)both.used * layout->size);
}

// The counters in order: what was kept does not depend on the order of elements, so neither does
// this.
static flow_status frequent_extract(const void *acc, void *out, const void *config)
{
    const struct layout *layout = config;
    // The accumulator is only read; view_of serves both.
    const struct view from = view_of((void *)(uintptr_t)acc, layout);
    const struct view to = view_of(out, layout);
    uint32_t order[COUNTERS_MAX];
    *to.used = *from.used;
    for (uint32_t i = 0; i < *from.used; i++) {
        uint32_t at = i;
        for (; at > 0 && is_before(&from, layout, i, order[at - 1]); at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    for (uint32_t i = 0; i < *from.used; i++) {
        to.counts[i] = from.counts[order[i]];
        to.overs[i] = from.overs[order[i]];
        put(&to, layout, i, value_at(&from, layout, order[i]), from.hashes[order[i]]);
    }
    return FLOW_OK;
}

// --- on the way out

// What one flow_frequent needs, in pipeline memory.
struct parts {
    flow_fn rows; // first: flow_ctx.fn points into it
    flow_combine_fn combine;
    struct layout layout;
    const flow_type *acc;
    const flow_type *outs[1];
    uint32_t key_size;
    uint32_t key, value, count, over; // where fields of the output lie
};

static flow_status give(flow_ctx *ctx, const struct parts *parts, const char *key, void *acc)
{
    const struct layout *layout = &parts->layout;
    const struct view view = view_of(acc, layout);
    const flow_type *type = parts->outs[0];
    char *row = flow_alloc(ctx, type->size);
    if (!row)
        return ctx->status;
    memset(row, 0, type->size);
    memcpy(row + parts->key, key, parts->key_size);
    flow_status status = FLOW_OK;
    for (uint32_t i = 0; i < layout->count && i < *view.used && status == FLOW_OK; i++) {
        memcpy(row + parts->value, value_at(&view, layout, i), layout->size);
        memcpy(row + parts->count, &view.counts[i], sizeof(int64_t));
        memcpy(row + parts->over, &view.overs[i], sizeof(int64_t));
        status = flow_emit(ctx, 0, type, row, type->size);
    }
    return status;
}

static flow_status give_row(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct parts *parts = (const struct parts *)(const void *)ctx->fn;
    (void)user;
    // the accumulator is only read
    return give(ctx, parts, row->key, (void *)(uintptr_t)row->value);
}

static flow_status give_batch(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, give_row, NULL);
}

// --- building

static uint32_t add_many(
    fl_record *record, const flow_field *like, const char *name, uint32_t count)
{
    uint32_t first = 0;
    for (uint32_t i = 0; i < count; i++) {
        char text[24];
        snprintf(text, sizeof text, "%s%u", name, (unsigned)i);
        const flow_field *field = fl_record_add(record, like, text);
        if (field && i == 0)
            first = field->offset;
    }
    return first;
}

static const flow_type *lay_out(
    flow_pipeline *pipeline, struct layout *layout, const flow_field *value)
{
    static const flow_field number = { .kind = FLOW_KIND_I64, .size = sizeof(int64_t) };
    static const flow_field word = { .kind = FLOW_KIND_U64, .size = sizeof(uint64_t) };
    fl_record record = fl_record_begin(pipeline, "flow_frequent_state", 1 + 4 * layout->counters);
    fl_record_add(&record, &number, "used");
    layout->counts = add_many(&record, &number, "count", layout->counters);
    layout->overs = add_many(&record, &number, "over", layout->counters);
    layout->hashes = add_many(&record, &word, "hash", layout->counters);
    layout->values = add_many(&record, value, "value", layout->counters);
    return fl_record_end(&record);
}

static bool same_kind(const flow_field *field, flow_kind kind, const flow_type *record)
{
    return field->kind == kind && !field->presence &&
           (kind != FLOW_KIND_RECORD || flow_type_equal(field->record, record));
}

static bool check_out(flow_coll in, const flow_field_ref *field, const flow_type *out)
{
    const flow_field key = flow_coll_key_field(in);
    const uint32_t first = key.kind ? 1 : 0;
    const flow_type *record = fl_field_record(flow_coll_type(in), field);
    const bool fits = out && out->field_count == first + 3 &&
                      (!first || same_kind(&out->fields[0], key.kind, key.record)) &&
                      same_kind(&out->fields[first], field->kind, record) &&
                      same_kind(&out->fields[first + 1], FLOW_KIND_I64, NULL) &&
                      same_kind(&out->fields[first + 2], FLOW_KIND_I64, NULL);
    if (!fits)
        flow_pipeline_fail(in.pipeline, FLOW_TYPE, NULL,
            "flow_frequent: its output '%s' must have %sa value of '%s', an int64 count and an "
            "int64 for what of it is too much",
            out ? out->name : "(none)", first ? "the key, " : "", flow_kind_name(field->kind));
    return fits;
}

static bool check(flow_coll in, const flow_field_ref *field, const flow_type *out,
    const flow_frequent_options *options)
{
    if (field->kind == FLOW_KIND_LIST) {
        fl_field_refuse(in, "flow_frequent", "a field that is no list", field);
        return false;
    }
    if (options->counters > COUNTERS_MAX || options->count > options->counters) {
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "flow_frequent: %u values with %u counters were asked for, up to %u counters and no "
            "more values may be",
            (unsigned)options->count, (unsigned)options->counters, COUNTERS_MAX);
        return false;
    }
    return check_out(in, field, out);
}

static struct parts *make(flow_coll in, const flow_field_ref *field, const flow_type *out,
    const flow_frequent_options *options)
{
    struct parts *parts = flow_pipeline_alloc(in.pipeline, sizeof *parts);
    if (!parts)
        return NULL;
    const flow_field key = flow_coll_key_field(in);
    const flow_field *fields = out->fields + (key.kind ? 1 : 0);
    struct layout *layout = &parts->layout;
    layout->offset = field->offset;
    layout->kind = field->kind;
    layout->record = fields[0].record;
    layout->size = fields[0].size;
    layout->counters = options->counters;
    layout->count = options->count;
    parts->acc = lay_out(in.pipeline, layout, &fields[0]);
    if (!parts->acc)
        return NULL;
    parts->outs[0] = out;
    parts->key_size = key.size;
    parts->key = out->fields[0].offset;
    parts->value = fields[0].offset;
    parts->count = fields[1].offset;
    parts->over = fields[2].offset;
    parts->combine = (flow_combine_fn){ .name = "counters",
        .acc = parts->acc,
        .out = parts->acc,
        .add = frequent_add,
        .merge = frequent_merge,
        .extract = frequent_extract };
    parts->rows = (flow_fn){ .name = "rows",
        .form = FLOW_FORM_EMIT,
        .in = parts->acc,
        .outs = parts->outs,
        .out_count = 1,
        .process = give_batch };
    return parts;
}

flow_coll flow_frequent_sized(flow_coll in, flow_field_ref field, const flow_type *out,
    const flow_frequent_options *options, size_t size)
{
    flow_frequent_options known;
    if (!flow_coll_type(in))
        return fl_no_coll(in.pipeline);
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    fl_scope(in.pipeline, known.name, "frequent");
    if (!copied) {
        flow_pipeline_fail(
            in.pipeline, FLOW_UNSUPPORTED, NULL, "flow_frequent: " FLOW_OPTION_UNKNOWN);
        return fl_no_coll(in.pipeline);
    }
    known.count = known.count ? known.count : COUNT_USUAL;
    known.counters = known.counters ? known.counters : COUNTERS_USUAL;
    const struct parts *parts =
        check(in, &field, out, &known) ? make(in, &field, out, &known) : NULL;
    if (!parts)
        return fl_no_coll(in.pipeline);
    const flow_combine_options how = {
        .field = field, .config = &parts->layout, .config_size = sizeof parts->layout
    };
    flow_coll rows = flow_do(flow_combine_with(in, &parts->combine, &how), &parts->rows);
    if (flow_coll_is_keyed(in) && rows.id)
        rows = flow_key_by(rows, fl_field_named(out, out->fields[0].name));
    flow_scope_end(in.pipeline);
    return rows;
}
