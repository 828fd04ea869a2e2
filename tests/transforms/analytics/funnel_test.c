// SPDX-License-Identifier: Apache-2.0
// flow_funnel: how far keys come, by hand and against trying every chain.
#include <stdio.h>

#include "tests.h"

struct way {
    flow_str user;
    int64_t reached;
    flow_time first, last;
};
FLOW_RECORD(way, user, reached, first, last);

static flow_status tell(
    flow_ctx *ctx, const flow_str *user, const struct flow_funnel_result *result)
{
    return FLOW_EMIT(ctx, way, .user = *user, .reached = result->reached, .first = result->at[0],
        .last = result->at[result->reached - 1]);
}
FLOW_FUNNEL_FN(tell, flow_str, way);

// Steps are clicks 1, 2, 3; or 3 and above.
static const flow_condition is_1[] = { { "n", FLOW_EQUAL, "1" } };
static const flow_condition is_2[] = { { "n", FLOW_EQUAL, "2" } };
static const flow_condition is_3[] = { { "n", FLOW_AT_LEAST, "3" }, { "n", FLOW_BELOW, "10" } };
static const flow_funnel_step path[] = { { is_1, 1 }, { is_2, 1 }, { is_3, 2 } };

static flow_coll funnel(flow_coll in, int64_t within)
{
    const flow_funnel_options options = {
        .steps = path, .step_count = TABLE_SIZE(path), .within = flow_seconds(within)
    };
    return flow_funnel(flow_key_by(in, FLOW_FIELD(click, user)), &tell_funnel, &options);
}

#define AT(s)                                                                                      \
    {                                                                                              \
        (s) * INT64_C(1000000)                                                                     \
    }
#define A                                                                                          \
    {                                                                                              \
        "a", 1                                                                                     \
    }
#define B                                                                                          \
    {                                                                                              \
        "b", 1                                                                                     \
    }
#define C                                                                                          \
    {                                                                                              \
        "c", 1                                                                                     \
    }

START_TEST(steps_are_taken_in_order_with_others_between)
{
    click("a", 3, 30); // came first, is the last
    click("a", 1, 10);
    click("a", 7777, 15); // no step
    click("a", 2, 20);
    click("b", 2, 10); // out of order: the first step alone counts
    click("b", 1, 20);
    click("c", 2, 10); // never a first step
    click("c", 3, 20);
    FLOW_EXPECT_ROWS(
        funnel(windowed(1000), 0), way, { A, 3, AT(10), AT(30) }, { B, 1, AT(20), AT(20) });
    passes();
}
END_TEST

START_TEST(a_later_start_may_come_further_in_time)
{
    click("a", 1, 0);
    click("a", 2, 5);
    click("a", 1, 20);
    click("a", 2, 25);
    click("a", 3, 30); // too late for the first start
    FLOW_EXPECT_ROWS(funnel(windowed(1000), 10), way, { A, 3, AT(20), AT(30) });
    passes();
}
END_TEST

START_TEST(the_end_of_the_time_is_within)
{
    click("a", 1, 0);
    click("a", 2, 10);
    click("b", 1, 0);
    click("b", 2, 11);
    FLOW_EXPECT_ROWS(
        funnel(windowed(1000), 10), way, { A, 2, AT(0), AT(10) }, { B, 1, AT(0), AT(0) });
    passes();
}
END_TEST

START_TEST(each_window_has_its_own_way)
{
    click("a", 1, 50);
    click("a", 2, 70);
    click("a", 1, 80);
    click("a", 2, 90);
    FLOW_EXPECT_ROWS(
        funnel(windowed(60), 0), way, { A, 1, AT(50), AT(50) }, { A, 2, AT(80), AT(90) });
    passes();
}
END_TEST

START_TEST(one_element_takes_one_step)
{
    static const flow_funnel_step same[] = { { is_1, 1 }, { is_1, 1 }, { is_1, 1 } };
    const flow_funnel_options options = { .steps = same, .step_count = 3 };
    click("a", 1, 10);
    click("a", 1, 20);
    FLOW_EXPECT_ROWS(
        flow_funnel(flow_key_by(windowed(1000), FLOW_FIELD(click, user)), &tell_funnel, &options),
        way, { A, 2, AT(10), AT(20) });
    passes();
}
END_TEST

// --- against trying every chain

#define COUNT  12
#define WITHIN 20

struct event {
    int64_t at, n;
};

static bool takes(const struct event *event, int64_t step)
{
    return step < 2 ? event->n == step + 1 : event->n >= 3 && event->n < 10;
}

// The furthest from event i on, which took `step`, of a chain that began at `start`.
static int64_t furthest(const struct event *events, size_t i, int64_t step, int64_t start)
{
    int64_t best = step + 1;
    for (size_t k = i + 1; k < COUNT && step < 2; k++)
        if (takes(&events[k], step + 1) && events[k].at - start <= WITHIN) {
            const int64_t here = furthest(events, k, step + 1, start);
            best = here > best ? here : best;
        }
    return best;
}

START_TEST(no_chain_comes_further)
{
    uint64_t random = (uint64_t)_i * 7919 + 1;
    struct event events[COUNT];
    int64_t at = 0, best = 0;
    char line[64];
    for (size_t i = 0; i < COUNT; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        at += 1 + (int64_t)(random >> 40) % 9;
        events[i] = (struct event){ at, 1 + (int64_t)(random >> 33) % 4 };
    }
    for (size_t i = COUNT; i-- > 0;) { // the last comes first
        click("a", events[i].n, events[i].at);
        if (takes(&events[i], 0)) {
            const int64_t here = furthest(events, i, 0, events[i].at);
            best = here > best ? here : best;
        }
    }
    snprintf(line, sizeof line, "{\"reached\":%lld}", (long long)best);
    static const flow_column reached[] = { { .from = "reached" } };
    const char *lines[] = { line };
    flow_expect_lines(
        flow_select(funnel(windowed(1000), WITHIN), reached, 1, NULL), lines, best ? 1 : 0, NULL);
    passes();
}
END_TEST

START_TEST(funnels_that_cannot_be_are_refused)
{
    static const flow_condition wrong[] = { { "m", FLOW_EQUAL, "1" } };
    static const flow_funnel_step lost[] = { { wrong, 1 } }, empty[] = { { wrong, 0 } };
    static const struct {
        flow_funnel_options options;
        const char *message;
    } cases[] = {
        { { .steps = path }, "flow_funnel: 0 steps were given, 1 to 16 may be" },
        { { .step_count = 3 }, "flow_funnel: 0 steps were given, 1 to 16 may be" },
        { { .steps = path, .step_count = 17 }, "flow_funnel: 17 steps were given, 1 to 16 may be" },
        { { .steps = path, .step_count = 3, .within = { -1 } },
            "flow_funnel: its 'within' is below 0" },
        { { .steps = empty, .step_count = 1 },
            "flow_funnel: a step has 0 conditions, it may have 1 to 64" },
        { { .steps = lost, .step_count = 1 }, "flow_funnel: 'click' has no field 'm'" },
    };
    for (size_t i = 0; i < TABLE_SIZE(cases); i++) {
        const flow_coll keyed = flow_key_by(clicks, FLOW_FIELD(click, user));
        ck_assert_uint_eq(flow_funnel(keyed, &tell_funnel, &cases[i].options).id, 0);
        refused(cases[i].message);
    }
    const flow_funnel_options good = { .steps = path, .step_count = 3 };
    flow_funnel(windowed(1000), &tell_funnel, &good);
    refused("flow_funnel: its input has no key");
    flow_funnel(flow_key_by(clicks, FLOW_FIELD(click, user)), NULL, &good);
    refused("flow_funnel: it was given no function");
}
END_TEST

TCase *funnel_tests(void)
{
    TCase *tests = tcase_create("funnel");
    tcase_add_checked_fixture(tests, clicks_setup, clicks_teardown);
    tcase_add_test(tests, steps_are_taken_in_order_with_others_between);
    tcase_add_test(tests, a_later_start_may_come_further_in_time);
    tcase_add_test(tests, the_end_of_the_time_is_within);
    tcase_add_test(tests, each_window_has_its_own_way);
    tcase_add_test(tests, one_element_takes_one_step);
    tcase_add_loop_test(tests, no_chain_comes_further, 0, 40);
    tcase_add_test(tests, funnels_that_cannot_be_are_refused);
    return tests;
}
