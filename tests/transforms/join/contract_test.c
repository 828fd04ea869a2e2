// SPDX-License-Identifier: Apache-2.0
// Every transform of this folder through the contract harness: its input is dealt to two sides.
#include <stdio.h>

#include "harness.h"

#include <flow/join.h>

TCase *contract_tests(void);

#define ROWS 40

struct tally {
    int64_t k;
    int64_t left, right;
    int64_t sum;
    flow_str s; // the greatest text
};
FLOW_RECORD(tally, k, left, right, sum, s);

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

static bool greater(flow_str a, flow_str b)
{
    const size_t len = a.len < b.len ? a.len : b.len;
    const int order = len ? memcmp(a.data, b.data, len) : 0;
    return order ? order > 0 : a.len > b.len;
}

static flow_status count_both(flow_ctx *ctx, const int64_t *k, flow_gathered *rows)
{
    struct tally out = { .k = *k };
    const struct flow_test_row *row;
    while ((row = FLOW_NEXT_OF(rows, 0, flow_test_row))) {
        out.left++;
        out.sum += row->v;
        if (greater(row->s, out.s))
            out.s = row->s;
    }
    while ((row = FLOW_NEXT_OF(rows, 1, flow_test_row))) {
        out.right++;
        out.sum += row->v * 1000;
    }
    return FLOW_EMIT_ROW(ctx, tally, &out);
}
FLOW_COGROUP_FN(count_both, int64_t, (flow_test_row, flow_test_row), tally);

static flow_status one_pair(flow_ctx *ctx, const int64_t *k, const struct flow_test_row *left,
    const struct flow_test_row *right)
{
    return FLOW_EMIT(ctx, tally, .k = *k, .left = left ? left->v : -1000,
        .right = right ? right->v : -1000, .s = right ? right->s : left->s);
}
FLOW_JOIN_FN(one_pair, int64_t, flow_test_row, flow_test_row, tally);

// Of versions at one instant the last that came is valid: which one does not show.
static flow_status one_left(flow_ctx *ctx, const int64_t *k, const struct flow_test_row *left,
    const struct flow_test_row *right)
{
    return FLOW_EMIT(ctx, tally, .k = *k, .left = left->v, .right = right ? 1 : 0, .s = left->s);
}
FLOW_JOIN_FN(one_left, int64_t, flow_test_row, flow_test_row, tally);

// The same, but for some pairs that fail.
static flow_status some_pair(flow_ctx *ctx, const int64_t *k, const struct flow_test_row *left,
    const struct flow_test_row *right)
{
    const flow_status status = one_pair(ctx, k, left, right);
    return left && left->v % 4 == 1 ? flow_fail(ctx, FLOW_USER, "not this one") : status;
}
FLOW_JOIN_FN(some_pair, int64_t, flow_test_row, flow_test_row, tally);

static flow_status some_left(flow_ctx *ctx, const int64_t *k, const struct flow_test_row *left,
    const struct flow_test_row *right)
{
    const flow_status status = one_left(ctx, k, left, right);
    return left->v % 4 == 1 ? flow_fail(ctx, FLOW_USER, "not this one") : status;
}
FLOW_JOIN_FN(some_left, int64_t, flow_test_row, flow_test_row, tally);

static flow_sides sides_of(flow_coll in)
{
    const flow_coll keyed = flow_key_by(in, FLOW_FIELD(flow_test_row, k));
    return (flow_sides){ flow_do(keyed, &is_left_fn), flow_do(keyed, &is_right_fn) };
}

static flow_coll cogrouped(flow_coll in)
{
    const flow_sides sides = sides_of(in);
    return flow_cogroup((flow_coll[]){ sides.left, sides.right }, &count_both_cogroup, NULL);
}

static flow_coll joined_inner(flow_coll in)
{
    return flow_join(sides_of(in), FLOW_JOIN_INNER, &one_pair_join, NULL);
}

static flow_coll joined_full(flow_coll in)
{
    return flow_join(sides_of(in), FLOW_JOIN_FULL, &one_pair_join, NULL);
}

// In windows, so that state ends with each.
static flow_coll joined_by_interval(flow_coll in)
{
    const flow_interval_join_options options = { .from = flow_seconds(-4), .to = flow_hours(3) };
    return flow_interval_join(sides_of(in), &one_pair_join, &options);
}

static flow_coll joined_as_of(flow_coll in)
{
    const flow_as_of_join_options options = { .kind = FLOW_JOIN_LEFT };
    return flow_as_of_join(sides_of(in), &one_left_join, &options);
}

static flow_coll joined_some(flow_coll in)
{
    const flow_do_options options = { .on_error = FLOW_ON_ERROR_SKIP };
    return flow_join(sides_of(in), FLOW_JOIN_FULL, &some_pair_join, &options);
}

static flow_coll joined_some_by_interval(flow_coll in)
{
    const flow_interval_join_options options = {
        .from = flow_seconds(-4), .to = flow_hours(3), .on_error = FLOW_ON_ERROR_SKIP
    };
    return flow_interval_join(sides_of(in), &some_pair_join, &options);
}

static flow_coll joined_some_as_of(flow_coll in)
{
    const flow_as_of_join_options options = { .kind = FLOW_JOIN_LEFT,
        .on_error = FLOW_ON_ERROR_SKIP };
    return flow_as_of_join(sides_of(in), &some_left_join, &options);
}

static const struct {
    const char *name;
    flow_test_build *build;
    bool by_time;
} transforms[] = {
    { "cogroup", cogrouped, false },
    { "inner join", joined_inner, false },
    { "full join", joined_full, false },
    { "full join of pairs that may fail", joined_some, false },
    { "interval join", joined_by_interval, true },
    { "interval join of pairs that may fail", joined_some_by_interval, true },
    { "as-of join", joined_as_of, true },
    { "as-of join of rows that may fail", joined_some_as_of, true },
};

START_TEST(every_join_keeps_the_contract)
{
    static const char long_text[] =
        "a text that is longer than a cache line is, so that it never fits beside its row";
    static const char *const texts[] = { "", "short", long_text };
    struct flow_test_row rows[ROWS];
    for (int64_t i = 0; i < ROWS; i++) {
        rows[i] = flow_test_row_at(i * 7 % 5, i % 13, 0);
        rows[i].s = flow_str_of(texts[i % 3]);
        rows[i].place.b = flow_str_of(texts[i % 2]);
    }
    const struct flow_test_rows input = { &flow_test_row_type, rows, ROWS,
        FLOW_FIELD(flow_test_row, at), transforms[_i].by_time, transforms[_i].by_time, false,
        false };
    flow_test_transform(transforms[_i].name, transforms[_i].build, &input);
}
END_TEST

START_TEST(joins_by_time_refuse_elements_that_are_taken_back)
{
    flow_test_refuses_signs(transforms[_i].name, transforms[_i].build);
}
END_TEST

// --- building that is refused

static flow_coll join_without_key(flow_coll in)
{
    return flow_join((flow_sides){ in, in }, FLOW_JOIN_INNER, &one_pair_join,
        &(flow_do_options){ .name = "prices" });
}

static flow_coll join_without_function(flow_coll in)
{
    return flow_join((flow_sides){ in, in }, FLOW_JOIN_INNER, NULL, NULL);
}

static flow_coll no_interval(flow_coll in)
{
    return flow_interval_join(
        (flow_sides){ in, in }, NULL, &(flow_interval_join_options){ .name = "prices" });
}

static flow_coll no_versions(flow_coll in)
{
    return flow_as_of_join((flow_sides){ in, in }, NULL, NULL);
}

static flow_coll no_cogroup(flow_coll in)
{
    return flow_cogroup(&in, NULL, NULL);
}

static const struct {
    flow_test_build *build;
    const char *step;
} unbuilt[] = {
    { join_without_key, "shop/prices" },
    { join_without_function, "shop/join" },
    { no_interval, "shop/prices" },
    { no_versions, "shop/as_of_join" },
    { no_cogroup, "shop/cogroup" },
};

START_TEST(errors_of_building_name_the_step_and_its_scope)
{
    flow_test_refused_step(unbuilt[_i].build, unbuilt[_i].step);
}
END_TEST

TCase *contract_tests(void)
{
    TCase *tests = tcase_create("contract");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(
        tests, every_join_keeps_the_contract, 0, (int)(sizeof transforms / sizeof transforms[0]));
    // those over windows understand signs
    tcase_add_loop_test(tests, joins_by_time_refuse_elements_that_are_taken_back, 4,
        (int)(sizeof transforms / sizeof transforms[0]));
    tcase_add_loop_test(tests, errors_of_building_name_the_step_and_its_scope, 0,
        (int)(sizeof unbuilt / sizeof unbuilt[0]));
    return tests;
}
