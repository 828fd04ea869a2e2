// SPDX-License-Identifier: Apache-2.0
// Nothing vanishes in composites either (N5): asked from outside they are one step, and what any of
// their steps dropped is told, as the element that the user gave.
#include <check.h>

#include <string.h>

#include <flow/analytics.h>
#include <flow/fields.h>
#include <flow/flow.h>
#include <flow/join.h>
#include <flow/keyed.h>
#include <flow/sketch.h>
#include <flow/test.h>
#include <flow/transforms.h>

TCase *composite_loss_tests(void);

struct visit {
    int64_t user;
    int64_t page;
};
FLOW_RECORD(visit, user, page);

struct few_visits {
    int64_t user;
    flow_list visits;
};
FLOW_RECORD_OF(
    few_visits, FLOW_COLUMN(few_visits, user), FLOW_COLUMN_LIST(few_visits, visits, visit));

static flow_pipeline *p;
static flow_script *script;
static flow_coll visits, others; // cut into windows of ten seconds

#define SECOND(n) ((flow_time){ (n)*INT64_C(1000000) })

// Of either input a visit of user 1 in time, then late ones: two of the first, one of the second.
static void setup(void)
{
    p = flow_pipeline_new("composite");
    script = flow_script_new(p);
    flow_coll ins[2];
    for (int i = 0; i < 2; i++) {
        ins[i] = flow_script_input(script, i ? "others" : "visits", &visit_type);
        FLOW_SCRIPT_ADD(script, ins[i], visit, SECOND(1), .user = 1, .page = 1);
    }
    for (int i = 0; i < 2; i++)
        flow_script_watermark(script, ins[i], SECOND(100));
    FLOW_SCRIPT_ADD(script, ins[0], visit, SECOND(2), .user = 1, .page = 2);
    FLOW_SCRIPT_ADD(script, ins[0], visit, SECOND(3), .user = 2, .page = 2);
    FLOW_SCRIPT_ADD(script, ins[1], visit, SECOND(4), .user = 1, .page = 3);
    const flow_window_options cut = { .windows = flow_fixed(flow_seconds(10)) };
    visits = flow_window_into(ins[0], &cut);
    others = flow_window_into(ins[1], &cut);
}

// The elements of rejections, and their step; each is late and not taken back.
static bool tells(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    const char *const *wanted = user; // ends with NULL; the first: how the path of the step begins
    size_t n = 0;
    while (wanted[n + 1])
        n++;
    if (n != count)
        return flow_error_raise(
                   error, FLOW_UNEXPECTED, NULL, "%zu were dropped, not %zu", count, n) == FLOW_OK;
    for (size_t i = 0; i < n; i++) {
        bool found = false;
        for (size_t k = 0; k < count && !found; k++)
            found = strstr(seen[k].text, wanted[i + 1]) && strstr(seen[k].text, wanted[0]) &&
                    strstr(seen[k].text, "\"reason\":\"late\"") &&
                    strstr(seen[k].text, "\"sign\":1");
        if (!found)
            return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "'%s' is not told, but %s",
                       wanted[i + 1], seen[0].text) == FLOW_OK;
    }
    return true;
}

#define FIRST      "\"element\":\"{\\\"user\\\":1,\\\"page\\\":2}\""
#define SECOND_ONE "\"element\":\"{\\\"user\\\":2,\\\"page\\\":2}\""
#define OTHER      "\"element\":\"{\\\"user\\\":1,\\\"page\\\":3}\""

static void runs(void)
{
    const flow_simulated_options options = { .workers = 2, .seeds = 4, .fail_one_in = 9 };
    const flow_runner runner = flow_simulated(&options);
    flow_error error;
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s: %s", error.step, error.message);
    flow_pipeline_free(p);
}

static void drops(flow_coll dropped, const char *const *wanted)
{
    flow_expect_that(dropped, tells, (void *)(uintptr_t)wanted, NULL);
    runs();
}

static flow_coll by_user(flow_coll in)
{
    return flow_key_by(in, FLOW_FIELD(visit, user));
}

START_TEST(n5_late_ones_of_one_input_are_told)
{
    static const char *const by[] = { "user" };
    static const flow_aggregate_field figures[] = { { FLOW_COUNT_OF, NULL, "n" } };
    const flow_aggregate_options sums = {
        .by = by, .by_count = 1, .fields = figures, .field_count = 1
    };
    const flow_batches_options pairs = { .count = 2 };
    const char *paths[] = { "distinct/count", "aggregate/figures", "batches/collect", "retention/",
        "top/largest", "latest/latest", "deduplicate/first" };
    setup();
    flow_coll out;
    switch (_i) {
    case 0:
        out = flow_distinct(visits);
        break;
    case 1:
        out = flow_aggregate(visits, &sums);
        break;
    case 2:
        out = flow_batches(by_user(visits), &few_visits_type, &pairs);
        break;
    case 3:
        out = flow_retention(
            by_user(visits), &(flow_retention_options){ .periods = flow_fixed(flow_seconds(10)) });
        break;
    case 4:
        out = flow_top(by_user(visits), 1, FLOW_FIELD(visit, page));
        break;
    case 5:
        out = flow_latest(by_user(visits));
        break;
    default:
        out = flow_deduplicate(by_user(visits), NULL);
        break;
    }
    const char *const wanted[] = { paths[_i], FIRST, SECOND_ONE, NULL };
    drops(flow_dropped(out), wanted);
}
END_TEST

static flow_status pair_up(
    flow_ctx *ctx, const int64_t *user, const struct visit *left, const struct visit *right)
{
    return FLOW_EMIT(ctx, visit, .user = *user, .page = left->page + right->page);
}
FLOW_JOIN_FN(pair_up, int64_t, visit, visit, visit);

START_TEST(n5_late_rows_of_a_join_are_told_as_they_came)
{
    setup();
    const flow_coll out = flow_join(
        (flow_sides){ by_user(visits), by_user(others) }, FLOW_JOIN_INNER, &pair_up_join, NULL);
    const char *const wanted[] = { "join/pair_up", FIRST, SECOND_ONE, OTHER, NULL };
    drops(flow_dropped(out), wanted);
}
END_TEST

START_TEST(n5_late_rows_of_a_join_of_fields_are_told_as_they_came)
{
    static const char *const by[] = { "user" };
    setup();
    const flow_join_fields_options how = { .left_by = by, .by_count = 1 };
    const flow_coll out = flow_join_fields((flow_sides){ visits, others }, &how);
    const char *const wanted[] = { "join_fields/", FIRST, SECOND_ONE, OTHER, NULL };
    drops(flow_dropped(out), wanted);
}
END_TEST

static flow_status look(flow_ctx *ctx, const struct visit *visit)
{
    return FLOW_EMIT_ROW(ctx, visit, visit);
}
FLOW_ELEMENT_FN(look, visit, visit);

START_TEST(n5_late_elements_of_a_view_are_told)
{
    setup();
    const flow_view view = _i ? flow_as_multimap(by_user(others)) : flow_as_iterable(others);
    flow_do(visits, &look_fn, &(flow_do_options){ .sides = &view, .side_count = 1 });
    const char *const wanted[] = { _i ? "as_multimap/gather" : "as_iterable/gather", OTHER, NULL };
    drops(flow_view_dropped(view), wanted);
}
END_TEST

// A key that is no field of the element is laid beside it: what is told is the element.
START_TEST(n5_late_elements_of_a_map_by_a_key_apart_are_told_as_they_came)
{
    setup();
    const flow_coll latest = flow_latest(by_user(others));
    const flow_view view = flow_as_map(flow_key_by(latest, FLOW_FIELD(visit, user)));
    flow_do(visits, &look_fn, &(flow_do_options){ .sides = &view, .side_count = 1 });
    const char *const wanted[] = { "latest/latest", OTHER, NULL };
    drops(flow_dropped(latest), wanted);
}
END_TEST

// What the user put into a scope is a composite, too; two results of it have each their own.
START_TEST(n5_a_scope_is_one_step_to_who_asks_from_outside)
{
    setup();
    flow_scope_begin(p, "mine");
    const flow_coll tens = flow_distinct(visits);
    const flow_coll apart = flow_count(by_user(others));
    const flow_coll named = flow_named(tens, "tens");
    flow_scope_end(p);
    const char *const wanted[] = { "mine/distinct/count", FIRST, SECOND_ONE, NULL };
    const char *const alone[] = { "mine/count", OTHER, NULL };
    flow_expect_that(flow_dropped(apart), tells, (void *)(uintptr_t)alone, NULL);
    drops(flow_dropped(named), wanted);
}
END_TEST

START_TEST(n5_within_a_scope_each_step_is_asked_alone)
{
    setup();
    flow_scope_begin(p, "mine");
    const flow_coll all = flow_count(by_user(visits));
    const flow_coll mapped =
        flow_do(flow_unkey(flow_top(by_user(others), 1, FLOW_FIELD(visit, page))), &look_fn);
    const char *const none[] = { "mine/look", NULL };
    flow_expect_that(flow_dropped(mapped), tells, (void *)(uintptr_t)none, NULL);
    const char *const wanted[] = { "mine/count", FIRST, SECOND_ONE, NULL };
    const flow_coll dropped = flow_dropped(all);
    flow_scope_end(p);
    drops(dropped, wanted);
}
END_TEST

TCase *composite_loss_tests(void)
{
    TCase *tests = tcase_create("composite-loss");
    tcase_add_loop_test(tests, n5_late_ones_of_one_input_are_told, 0, 7);
    tcase_add_test(tests, n5_late_rows_of_a_join_are_told_as_they_came);
    tcase_add_test(tests, n5_late_rows_of_a_join_of_fields_are_told_as_they_came);
    tcase_add_loop_test(tests, n5_late_elements_of_a_view_are_told, 0, 2);
    tcase_add_test(tests, n5_late_elements_of_a_map_by_a_key_apart_are_told_as_they_came);
    tcase_add_test(tests, n5_a_scope_is_one_step_to_who_asks_from_outside);
    tcase_add_test(tests, n5_within_a_scope_each_step_is_asked_alone);
    return tests;
}
