// SPDX-License-Identifier: Apache-2.0
// Every transform of this folder through the contract harness; those of single elements stand
// before an aggregate.
#include <stdio.h>

#include <flow/fields.h>

#include "harness.h"

TCase *contract_tests(void);

#define ROWS 40

struct narrow {
    int32_t v;
    flow_str s;
};
FLOW_RECORD(narrow, v, s);

struct listed {
    int64_t k;
    flow_list parts;
};
FLOW_RECORD_OF(listed, FLOW_COLUMN(listed, k), FLOW_COLUMN_LIST_OF(listed, parts, FLOW_KIND_I64));

static flow_status list(flow_ctx *ctx, const struct flow_test_row *row)
{
    int64_t *parts = flow_alloc(ctx, 2 * sizeof *parts);
    if (!parts)
        return ctx->status;
    parts[0] = row->v;
    parts[1] = row->k;
    return FLOW_EMIT(ctx, listed, .k = row->k, .parts = { parts, 2 });
}
FLOW_ELEMENT_FN(list, flow_test_row, listed);

static flow_coll figures(flow_coll in, const char *by, const char *number, const char *text)
{
    const flow_aggregate_field fields[] = { { FLOW_COUNT_OF, NULL, "count" },
        { FLOW_SUM_OF, number, "sum" }, { FLOW_MEAN_OF, number, "mean" },
        { FLOW_MAX_OF, text, "greatest" }, { FLOW_MIN_OF, number, "least" } };
    const flow_aggregate_options options = {
        .by = &by, .by_count = by ? 1 : 0, .fields = fields, .field_count = 5
    };
    return flow_aggregate(in, &options);
}

static flow_coll aggregated(flow_coll in)
{
    return figures(in, "place.b", "x", "s");
}

static flow_coll aggregated_all(flow_coll in)
{
    return figures(in, NULL, "v", "s");
}

static flow_coll selected(flow_coll in)
{
    static const flow_column columns[] = { { .from = "place.a", .as = "a", .to = FLOW_KIND_STR },
        { .from = "v" }, { .from = "s" } };
    static const flow_column changes[] = { { .from = "v", .as = "w", .to = FLOW_KIND_F64 } };
    const flow_coll few = flow_select(in, columns, 3, NULL);
    return figures(flow_with_fields(few, changes, 1, NULL), "a", "w", "s");
}

static flow_coll converted(flow_coll in)
{
    static const char *const gone[] = { "x", "at" };
    return figures(flow_convert(flow_drop_fields(in, gone, 2), &narrow_type, NULL), "s", "v", "s");
}

// Everything passes: the harness counts late rows.
static flow_coll filtered(flow_coll in)
{
    static const flow_condition conditions[] = { { "v", FLOW_AT_LEAST, "-100" },
        { "x", FLOW_NOT_EQUAL, "1000" } };
    return figures(flow_where(in, conditions, 2, NULL), "k", "v", "s");
}

static flow_coll unnested(flow_coll in)
{
    return flow_count(flow_unnest(flow_do(in, &list_fn), "parts"));
}

static bool is_left(const flow_ctx *ctx, const struct flow_test_row *row)
{
    (void)ctx;
    return row->v % 3 != 0; // each row is on one side
}
FLOW_FILTER_FN(is_left, flow_test_row);

static bool is_right(const flow_ctx *ctx, const struct flow_test_row *row)
{
    (void)ctx;
    return row->v % 3 == 0;
}
FLOW_FILTER_FN(is_right, flow_test_row);

static flow_coll joined(flow_coll in)
{
    static const char *const by[] = { "k", "place.b" };
    const flow_sides sides = { flow_do(in, &is_left_fn), flow_do(in, &is_right_fn) };
    const flow_join_fields_options options = {
        .kind = FLOW_JOIN_FULL, .left_by = by, .by_count = 2
    };
    return flow_join_fields(sides, &options);
}

struct limit {
    int64_t number;
    flow_list conditions; // of struct flow_rule_condition
};
FLOW_RECORD_OF(
    limit, FLOW_COLUMN(limit, number), FLOW_COLUMN_LIST(limit, conditions, flow_rule_condition));

// A rule of each input row, which is the same whenever it comes.
static flow_status make_limit(flow_ctx *ctx, const struct flow_test_row *row, struct limit *limit)
{
    static const struct flow_rule_condition large = { { "v", 1 }, { ">=", 2 }, { "6", 1 }, 0 };
    const int64_t number = row->v % 4;
    (void)ctx;
    *limit = (struct limit){ number, { &large, (size_t)number % 2 } };
    return FLOW_OK;
}
FLOW_MAP_FN(make_limit, flow_test_row, limit);

static flow_status exceed(flow_ctx *ctx, const struct limit *limit, const struct flow_test_row *row)
{
    struct flow_test_row out = *row;
    out.k = limit->number;
    return FLOW_EMIT_ROW(ctx, flow_test_row, &out);
}
FLOW_RULE_FN(exceed, limit, flow_test_row, flow_test_row);

static flow_coll ruled(flow_coll in)
{
    const flow_rules_options options = {
        .by = FLOW_FIELD(limit, number), .conditions = FLOW_FIELD(limit, conditions), .as_of = true
    };
    const flow_window_options global = {
        .windows = flow_global(), .trigger = flow_trigger_default(), .accumulation = FLOW_DISCARDING
    };
    const flow_coll limits = flow_window_into(flow_do(in, &make_limit_fn), &global);
    return flow_apply_rules(
        in, flow_rules_of(limits, &flow_test_row_type, &options), &exceed_rule, NULL);
}

static const struct {
    const char *name;
    flow_test_build *build;
    bool no_late;   // what one late row makes is not one late row
    bool over_time; // results depend on times, and on what came before
} transforms[] = {
    { "aggregate", aggregated, false, false },
    { "aggregate of all", aggregated_all, false, false },
    { "select", selected, false, false },
    { "convert", converted, false, false },
    { "where", filtered, false, false },
    { "unnest", unnested, true, false },
    { "join by fields", joined, false, false },
    { "rules", ruled, true, true },
};

START_TEST(every_transform_of_fields_keeps_the_contract)
{
    static const char long_text[] =
        "a text that is longer than a cache line is, so that it never fits beside its row";
    static const char *const texts[] = { "", "short", long_text };
    struct flow_test_row rows[ROWS];
    for (int64_t i = 0; i < ROWS; i++) {
        rows[i] = flow_test_row_at(i * 7 % 5, i % 13, 0);
        rows[i].x = (double)(i * 13 % 19) * 0.1 - 0.7;
        rows[i].s = flow_str_of(texts[i % 3]);
        rows[i].place.a = i % 2;
        rows[i].place.b = flow_str_of(texts[i / 3 % 3]);
    }
    const struct flow_test_rows input = { &flow_test_row_type, rows, ROWS,
        FLOW_FIELD(flow_test_row, at), transforms[_i].no_late, transforms[_i].over_time,
        transforms[_i].over_time, false };
    (transforms[_i].over_time ? flow_test_transform_in_turn : flow_test_transform)(
        transforms[_i].name, transforms[_i].build, &input);
}
END_TEST

// Rules are kept by key, each change of one: what takes a rule back would be one more change.
START_TEST(rules_refuse_what_takes_back)
{
    flow_test_refuses_signs("rules", ruled);
}
END_TEST

// --- building that is refused

static flow_coll no_such_column(flow_coll in)
{
    return flow_select(
        in, &(flow_column){ .from = "nope" }, 1, &(flow_do_options){ .name = "prices" });
}

static flow_coll no_column(flow_coll in)
{
    return flow_with_fields(in, NULL, 0, NULL);
}

static flow_coll no_field_to_drop(flow_coll in)
{
    return flow_drop_fields(in, NULL, 0);
}

static flow_coll no_type(flow_coll in)
{
    return flow_convert(in, &listed_type, &(flow_do_options){ .name = "prices" });
}

static flow_coll no_condition(flow_coll in)
{
    return flow_where(in, NULL, 0, NULL);
}

static flow_coll no_constant(flow_coll in)
{
    return flow_where(in, &(flow_condition){ "k", FLOW_EQUAL, "x" }, 1, "prices");
}

static flow_coll no_list(flow_coll in)
{
    return flow_unnest(in, "k");
}

static flow_coll no_figure(flow_coll in)
{
    return flow_aggregate(in, &(flow_aggregate_options){ .name = "prices" });
}

static flow_coll no_key_to_join_by(flow_coll in)
{
    return flow_join_fields((flow_sides){ in, in }, NULL);
}

static const struct {
    flow_test_build *build;
    const char *step;
} unbuilt[] = {
    { no_such_column, "shop/prices" },
    { no_column, "shop/with_fields" },
    { no_field_to_drop, "shop/drop_fields" },
    { no_type, "shop/prices" },
    { no_condition, "shop/where" },
    { no_constant, "shop/prices" },
    { no_list, "shop/unnest" },
    { no_figure, "shop/prices" },
    { no_key_to_join_by, "shop/join_fields" },
};

START_TEST(errors_of_building_name_the_step_and_its_scope)
{
    flow_test_refused_step(unbuilt[_i].build, unbuilt[_i].step);
}
END_TEST

TCase *contract_tests(void)
{
    TCase *tests = tcase_create("contract");
    tcase_set_timeout(tests, 240);
    tcase_add_loop_test(tests, every_transform_of_fields_keeps_the_contract, 0,
        (int)(sizeof transforms / sizeof transforms[0]));
    tcase_add_test(tests, rules_refuse_what_takes_back);
    tcase_add_loop_test(tests, errors_of_building_name_the_step_and_its_scope, 0,
        (int)(sizeof unbuilt / sizeof unbuilt[0]));
    return tests;
}
