// SPDX-License-Identifier: Apache-2.0
// The engine's own primitives through the contract harness: each form of function, states and
// timers, groups, combines by users, several outputs and inputs, keyed steps behind keyed steps.
#include "harness.h"

TCase *contract_tests(void);

#define ROWS 41

static bool is_odd(const flow_ctx *ctx, const struct flow_test_row *row)
{
    (void)ctx;
    return row->v % 2 != 0;
}
FLOW_FILTER_FN(is_odd, flow_test_row);

static flow_status add_one(flow_ctx *ctx, struct flow_test_row *row)
{
    (void)ctx;
    row->v++;
    row->s = row->place.b;
    return FLOW_OK;
}
FLOW_UPDATE_FN(add_one, flow_test_row);

struct label {
    int64_t k;
    flow_str text;
};
FLOW_RECORD(label, k, text);

static flow_status to_label(flow_ctx *ctx, const struct flow_test_row *row, struct label *out)
{
    out->k = row->k;
    out->text = flow_format(
        ctx, "%lld of %.*s", (long long)row->v, (int)row->s.len, row->s.data ? row->s.data : "");
    return FLOW_OK;
}
FLOW_MAP_FN(to_label, flow_test_row, label);

static flow_status split(flow_ctx *ctx, const struct flow_test_row *row)
{
    flow_status status = FLOW_OK;
    for (int64_t i = 0; i < row->k && status == FLOW_OK; i++)
        status = FLOW_EMIT(ctx, label, .k = i, .text = row->s);
    if (status == FLOW_OK)
        status = FLOW_EMIT_TO(ctx, 1, flow_test_place, .a = row->v, .b = row->s);
    return status;
}
FLOW_ELEMENT_FN(split, flow_test_row, label, flow_test_place);

static flow_status label_keyed(flow_ctx *ctx, const flow_str *key, const struct flow_test_row *row)
{
    return FLOW_EMIT(ctx, label, .k = row->v, .text = *key);
}
FLOW_KEYED_FN(label_keyed, flow_str, flow_test_row, label);

struct spread {
    int64_t low, high;
    int64_t seen;
};
FLOW_RECORD(spread, low, high, seen);

static void spread_add(struct spread *acc, const struct flow_test_row *row)
{
    acc->low = acc->seen == 0 || row->v < acc->low ? row->v : acc->low;
    acc->high = acc->seen == 0 || row->v > acc->high ? row->v : acc->high;
    acc->seen++;
}

static void spread_merge(struct spread *acc, const struct spread *other)
{
    if (other->seen == 0)
        return;
    acc->low = acc->seen == 0 || other->low < acc->low ? other->low : acc->low;
    acc->high = acc->seen == 0 || other->high > acc->high ? other->high : acc->high;
    acc->seen += other->seen;
}
FLOW_COMBINE_FN(spread, flow_test_row);

static flow_status add_up(flow_ctx *ctx, const flow_str *key, flow_rows *rows)
{
    const struct flow_test_row *row;
    int64_t sum = 0;
    while ((row = flow_rows_next(rows)))
        sum += row->v;
    return FLOW_EMIT(ctx, label, .k = sum, .text = *key);
}
FLOW_GROUP_FN(add_up, flow_str, flow_test_row, label);

struct tally {
    int64_t count;
    flow_str largest;
};
FLOW_RECORD(tally, count, largest);

// Whatever the order of the rows, the end of the window knows the same of them.
static flow_status keep_tally(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct tally *tally)
{
    (void)key;
    tally->count++;
    if (row->s.len > tally->largest.len)
        tally->largest = row->s;
    flow_timer_set(ctx, (flow_time){ flow_window_end(ctx).us - 1 });
    return FLOW_OK;
}

static flow_status keep_tally_timer(flow_ctx *ctx, const int64_t *key, struct tally *tally)
{
    const flow_status status =
        FLOW_EMIT(ctx, label, .k = tally->count * 100 + *key, .text = tally->largest);
    flow_state_clear(ctx);
    return status;
}
FLOW_STATEFUL_FN(keep_tally, int64_t, flow_test_row, tally, label);

struct counted {
    int64_t count;
};
FLOW_RECORD(counted, count);

FLOW_COMBINING(range, spread, flow_test_row);
FLOW_MAP(by_text, flow_str, counted);
FLOW_SET(values, int64_t);
FLOW_MULTIMAP(rows_of, int64_t, label);
FLOW_ORDERED(by_value, label);
FLOW_TIMER(window_over, int64_t, FLOW_WINDOW_EXPIRY);
FLOW_TIMER(by_tag, int64_t, FLOW_EVENT_TIME);

// The same with all kinds of cells: whatever the order of the rows, the end knows the same.
static flow_status keep_cells(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row)
{
    const struct counted *before = FLOW_CELL_GET(ctx, by_text, &row->s);
    const struct counted now = { before ? before->count + 1 : 1 };
    const struct label label = { row->v, row->s };
    (void)key;
    FLOW_CELL_ADD(ctx, range, row);
    FLOW_CELL_PUT(ctx, by_text, &row->s, &now);
    (void)FLOW_CELL_INSERT(ctx, values, &row->v);
    FLOW_CELL_PUT(ctx, rows_of, &row->v, &label);
    FLOW_CELL_ADD_AT(ctx, by_value, ((flow_time){ row->v }), &label);
    FLOW_TIMER_SET(ctx, by_tag, ((flow_time){ flow_window_end(ctx).us - 1 }), .tag = row->s);
    return ctx->status;
}

static flow_status by_tag_due(flow_ctx *ctx, const int64_t *key)
{
    const flow_str tag = flow_timer_tag(ctx);
    const struct counted *counted = FLOW_CELL_GET(ctx, by_text, &tag);
    return FLOW_EMIT(ctx, label, .k = *key + counted->count * 100, .text = tag);
}

static flow_status window_over_due(flow_ctx *ctx, const int64_t *key)
{
    const struct spread *spread = FLOW_CELL_READ(ctx, range);
    int64_t sum = spread->high - spread->low + *key;
    flow_cursor at = FLOW_CELL_ALL(ctx, values);
    while (flow_cursor_next(&at)) {
        flow_cursor of = FLOW_CELL_ALL_OF(ctx, rows_of, FLOW_KEY_AT(values, at));
        while (flow_cursor_next(&of))
            sum = (sum * 7 + FLOW_AT(rows_of, of)->k) % 1000003;
    }
    at = FLOW_CELL_RANGE(ctx, by_value, ((flow_time){ -5 }), ((flow_time){ 5 }));
    while (flow_cursor_next(&at))
        sum = (sum * 3 + FLOW_AT(by_value, at)->k) % 1000003;
    return FLOW_EMIT(ctx, label, .k = sum, .text = { NULL, 0 });
}
FLOW_CELLS_FN(keep_cells, int64_t, flow_test_row, (label),
    FLOW_CELLS(range, by_text, values, rows_of, by_value), FLOW_TIMERS(by_tag, window_over));

struct risen {
    flow_time at;
    int64_t before, now; // sums of earlier times and of this one
    int64_t rows;
    flow_str largest;
};
FLOW_RECORD(risen, at, before, now, rows, largest);

// Sees what came at earlier times, since rows of one time have no order.
static flow_status rise(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct risen *risen)
{
    const flow_time at = flow_event_time(ctx);
    (void)key;
    if (risen->rows++ > 0 && at.us < risen->at.us)
        return flow_fail(ctx, FLOW_USER, "time went back");
    if (at.us != risen->at.us) {
        risen->before += risen->now * 3;
        risen->now = 0;
        risen->at = at;
    }
    risen->now += row->v;
    if (row->s.len > risen->largest.len)
        risen->largest = row->s;
    return FLOW_EMIT(ctx, label, .k = risen->before, .text = row->s);
}

static flow_status rise_timer(flow_ctx *ctx, const int64_t *key, struct risen *risen)
{
    (void)ctx;
    (void)key;
    (void)risen;
    return FLOW_OK;
}
FLOW_STATEFUL_FN(rise, int64_t, flow_test_row, risen, label);

static flow_status as_often(flow_ctx *ctx, const void *element, void *restriction)
{
    const struct flow_test_row *row = element;
    struct flow_offset_range *range = restriction;
    (void)ctx;
    *range = (struct flow_offset_range){ .from = row->v, .to = row->v + row->k };
    return FLOW_OK;
}

static flow_status halves(flow_ctx *ctx, const void *element, const void *restriction)
{
    const struct flow_offset_range *range = restriction;
    const int64_t middle = range->from + (range->to - range->from) / 2;
    const struct flow_offset_range low = { range->from, middle }, high = { middle, range->to };
    (void)element;
    flow_split_part(ctx, &flow_offset_range_type, &low);
    return flow_split_part(ctx, &flow_offset_range_type, &high);
}

static flow_status repeat(flow_ctx *ctx, const struct flow_test_row *row)
{
    const struct flow_offset_range *range = FLOW_RESTRICTION(ctx, flow_offset_range);
    for (int64_t at = range->from; flow_claim_offset(ctx, at); at++) {
        const flow_str text = at % 2 ? row->s : flow_format(ctx, "%d", (int)at);
        const flow_time later = { flow_event_time(ctx).us + (at % 3 == 0) };
        if (FLOW_EMIT_AT(ctx, later, label, .k = at, .text = text) != FLOW_OK)
            return FLOW_OK;
        if (at % 5 == 0) {
            flow_resume_after(ctx, (flow_duration){ 0 });
            return FLOW_OK;
        }
    }
    return FLOW_OK;
}
FLOW_SPLIT_FN(repeat, flow_test_row, (label), .tracker = &flow_offset_tracker, .initial = as_often,
    .split = halves);

static flow_coll by_k(flow_coll in)
{
    return flow_key_by(in, FLOW_FIELD(flow_test_row, k));
}

static flow_coll by_s(flow_coll in)
{
    return flow_key_by(in, FLOW_FIELD(flow_test_row, s));
}

static flow_coll forms(flow_coll in)
{
    in = flow_do(flow_do(flow_do(in, &is_odd_fn), &add_one_fn), &to_label_fn);
    return flow_count(flow_key_by(in, FLOW_FIELD(label, text)));
}

static flow_coll outputs(flow_coll in)
{
    const flow_coll labels = flow_do(in, &split_fn);
    const flow_coll places = flow_output(labels, 1);
    const flow_coll ins[] = { flow_count(flow_key_by(labels, FLOW_FIELD(label, text))),
        flow_count(flow_key_by(places, FLOW_FIELD(flow_test_place, b))) };
    return flow_flatten(ins, 2);
}

static flow_coll keyed(flow_coll in)
{
    return flow_count(flow_key_by(flow_do(by_s(in), &label_keyed_fn), FLOW_FIELD(label, text)));
}

static flow_coll combine(flow_coll in)
{
    return flow_combine(by_k(in), &spread_combine);
}

static flow_coll group(flow_coll in)
{
    return flow_group(by_s(in), &add_up_fn);
}

static flow_coll stateful(flow_coll in)
{
    return flow_do(by_k(in), &keep_tally_fn);
}

static flow_coll cells(flow_coll in)
{
    return flow_do(by_k(in), &keep_cells_fn);
}

static flow_coll sorted(flow_coll in)
{
    return flow_do(by_k(in), &rise_fn, &(flow_do_options){ .time_sorted = true });
}

static flow_coll twice(flow_coll in)
{
    const flow_coll sums = flow_group(by_s(in), &add_up_fn);
    return flow_max(flow_key_by(sums, FLOW_FIELD(label, text)), FLOW_FIELD(label, k));
}

static flow_coll splittable(flow_coll in)
{
    return flow_count(flow_key_by(flow_split(in, &repeat_split), FLOW_FIELD(label, text)));
}

static flow_coll other_key(flow_coll in)
{
    return flow_distinct(flow_do(by_k(in), &keep_tally_fn));
}

// What the windows of two views have: of a multimap the rows of the element's text, of a singleton
// how many elements there are in all.
static flow_status compare_sides(flow_ctx *ctx, const struct flow_test_row *row)
{
    const struct flow_counted *all = FLOW_SIDE(ctx, 1, flow_counted);
    flow_side_walk walk = FLOW_SIDE_ROWS_OF(ctx, 0, flow_test_row, row->s);
    const struct flow_test_row *side;
    struct label label = { .text = row->s, .k = 0 };
    if (!all)
        return ctx->status;
    while ((side = flow_side_next(&walk)))
        label.k += side->v + 100;
    label.k += all->count * 1000000;
    return FLOW_EMIT_ROW(ctx, label, &label);
}
FLOW_ELEMENT_FN(compare_sides, flow_test_row, label);

static flow_status compare_keyed(
    flow_ctx *ctx, const flow_str *key, const struct flow_test_row *row)
{
    (void)key;
    return compare_sides(ctx, row);
}
FLOW_KEYED_FN(compare_keyed, flow_str, flow_test_row, label);

static flow_coll look(flow_coll main, flow_coll side, const flow_fn *fn)
{
    const flow_view views[2] = { flow_as_multimap(by_s(side)),
        flow_as_singleton(flow_count(side)) };
    const flow_do_options options = { .sides = views, .side_count = 2 };
    return flow_sum(
        flow_key_by(flow_do(main, fn, &options), FLOW_FIELD(label, text)), FLOW_FIELD(label, k));
}

static flow_coll looking(flow_coll in)
{
    return look(in, in, &compare_sides_fn);
}

static flow_coll looking_by_key(flow_coll in)
{
    return look(by_s(in), in, &compare_keyed_fn);
}

// As often as the row's k, and once more where the other rows of its window are many; with what the
// two views have.
static flow_status as_often_and_more(flow_ctx *ctx, const void *element, void *restriction)
{
    const struct flow_counted *all = FLOW_SIDE(ctx, 1, flow_counted);
    struct flow_offset_range *range = restriction;
    if (!all)
        return ctx->status;
    const flow_status status = as_often(ctx, element, restriction);
    range->to += all->count > 3;
    return status;
}

static flow_status compare_often(flow_ctx *ctx, const struct flow_test_row *row)
{
    const struct flow_offset_range *range = FLOW_RESTRICTION(ctx, flow_offset_range);
    for (int64_t at = range->from; flow_claim_offset(ctx, at); at++) {
        const flow_status status = compare_sides(ctx, row);
        if (status != FLOW_OK)
            return status;
        if (at % 5 == 0) {
            flow_resume_after(ctx, (flow_duration){ 0 });
            return FLOW_OK;
        }
    }
    return FLOW_OK;
}
FLOW_SPLIT_FN(compare_often, flow_test_row, (label), .tracker = &flow_offset_tracker,
    .initial = as_often_and_more, .split = halves);

static flow_coll looking_splittable(flow_coll in)
{
    const flow_view views[2] = { flow_as_multimap(by_s(in)), flow_as_singleton(flow_count(in)) };
    const flow_do_options options = { .sides = views, .side_count = 2 };
    const flow_coll out = flow_split(in, &compare_often_split, &options);
    return flow_sum(flow_key_by(out, FLOW_FIELD(label, text)), FLOW_FIELD(label, k));
}

static const struct {
    const char *name;
    flow_test_build *build;
    bool no_late, by_time, in_turn, once;
} primitives[] = {
    { "function forms", forms, true, false, false, false },
    { "several outputs", outputs, true, false, false, false },
    { "keyed function", keyed, false, false, false, false },
    { "combine", combine, false, false, false, false },
    { "group", group, false, false, false, false },
    { "state and timer", stateful, true, false, false, true },
    { "cells and timers", cells, true, false, false, true },
    { "sorted by time", sorted, true, true, false, false },
    { "keyed behind keyed", twice, true, false, false, false },
    { "splittable", splittable, true, false, true, false },
    { "another key behind state", other_key, true, false, false, true },
    { "side inputs", looking, true, false, true, true },
    { "side inputs of a step by key", looking_by_key, true, false, true, true },
    { "side inputs of a splittable function", looking_splittable, true, false, true, true },
};

START_TEST(every_primitive_keeps_the_contract)
{
    static const char long_text[] =
        "a text that is longer than a cache line is, so that it never fits beside its row";
    static const char *const texts[] = { "", "short", long_text };
    struct flow_test_row rows[ROWS];
    for (int64_t i = 0; i < ROWS; i++) {
        const int64_t again = i / 2 % 17;
        rows[i] = flow_test_row_at(again % 5, again * 37 % 23 - 11, 0);
        rows[i].s = flow_str_of(texts[again % 3]);
        rows[i].place.b = flow_str_of(texts[again % 2]);
    }
    const struct flow_test_rows input = { &flow_test_row_type, rows, ROWS,
        FLOW_FIELD(flow_test_row, at), primitives[_i].no_late, primitives[_i].by_time,
        primitives[_i].once, false };
    if (primitives[_i].in_turn)
        flow_test_transform_in_turn(primitives[_i].name, primitives[_i].build, &input);
    else
        flow_test_transform(primitives[_i].name, primitives[_i].build, &input);
}
END_TEST

TCase *contract_tests(void)
{
    TCase *tests = tcase_create("contract");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, every_primitive_keeps_the_contract, 0,
        (int)(sizeof primitives / sizeof primitives[0]));
    return tests;
}
