// SPDX-License-Identifier: Apache-2.0
// Every transform of this folder through the contract harness.
#include <flow/analytics.h>

#include "harness.h"
#include "tests.h"

#define ROWS 40

static flow_coll by_k(flow_coll in)
{
    return flow_key_by(in, FLOW_FIELD(flow_test_row, k));
}

struct seen_in {
    int64_t k, number;
    flow_time start;
};
FLOW_RECORD(seen_in, k, number, start);

static flow_status tell(flow_ctx *ctx, const int64_t *k, const struct flow_test_row *row,
    const struct flow_session *session)
{
    (void)row; // which of two at one instant is first does not show
    return FLOW_EMIT(ctx, seen_in, .k = *k, .number = session->number, .start = session->start);
}
FLOW_SESSION_FN(tell, int64_t, flow_test_row, seen_in);

static flow_coll sessionized(flow_coll in)
{
    return flow_sessionize(
        by_k(in), &tell_session, &(flow_sessionize_options){ .gap = flow_seconds(20) });
}

struct come {
    int64_t k, reached;
    flow_time at;
};
FLOW_RECORD(come, k, reached, at);

static flow_status came(flow_ctx *ctx, const int64_t *k, const struct flow_funnel_result *result)
{
    return FLOW_EMIT(
        ctx, come, .k = *k, .reached = result->reached, .at = result->at[result->reached - 1]);
}
FLOW_FUNNEL_FN(came, int64_t, come);

static flow_coll funnelled(flow_coll in)
{
    static const flow_condition low[] = { { "v", FLOW_BELOW, "4" } };
    static const flow_condition high[] = { { "v", FLOW_AT_LEAST, "4" } };
    static const flow_funnel_step path[] = { { low, 1 }, { high, 1 }, { low, 1 } };
    return flow_funnel(
        by_k(in), &came_funnel, &(flow_funnel_options){ .steps = path, .step_count = 3 });
}

static flow_coll retained(flow_coll in)
{
    return flow_retention(
        by_k(in), &(flow_retention_options){ .periods = flow_fixed(flow_seconds(10)) });
}

static const struct {
    const char *name;
    flow_test_build *build;
} transforms[] = {
    { "sessionize", sessionized },
    { "funnel", funnelled },
    { "retention", retained },
};

START_TEST(every_transform_of_analytics_keeps_the_contract)
{
    struct flow_test_row rows[ROWS];
    for (int64_t i = 0; i < ROWS; i++)
        rows[i] = flow_test_row_at(i * 7 % 5, i % 9, i * 3);
    const struct flow_test_rows input = { &flow_test_row_type, rows, ROWS,
        FLOW_FIELD(flow_test_row, at), true, true, false, false };
    flow_test_transform(transforms[_i].name, transforms[_i].build, &input);
}
END_TEST

START_TEST(what_keeps_elements_refuses_such_as_are_taken_back)
{
    if (strcmp(transforms[_i].name, "funnel") != 0) // a grouping: it understands signs
        flow_test_refuses_signs(transforms[_i].name, transforms[_i].build);
}
END_TEST

// --- building that is refused

static flow_coll no_funnel(flow_coll in)
{
    return flow_funnel(in, NULL, &(flow_funnel_options){ .name = "prices" });
}

static flow_coll no_periods(flow_coll in)
{
    return flow_retention(in, NULL);
}

static flow_coll no_gap(flow_coll in)
{
    return flow_sessionize(in, NULL, NULL);
}

static const struct {
    flow_test_build *build;
    const char *step;
} unbuilt[] = {
    { no_funnel, "shop/prices" },
    { no_periods, "shop/retention" },
    { no_gap, "shop/sessionize" },
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
    tcase_add_loop_test(tests, every_transform_of_analytics_keeps_the_contract, 0,
        (int)(sizeof transforms / sizeof transforms[0]));
    tcase_add_loop_test(tests, what_keeps_elements_refuses_such_as_are_taken_back, 0,
        (int)(sizeof transforms / sizeof transforms[0]));
    tcase_add_loop_test(tests, errors_of_building_name_the_step_and_its_scope, 0,
        (int)(sizeof unbuilt / sizeof unbuilt[0]));
    return tests;
}
