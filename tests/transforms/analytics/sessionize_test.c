// SPDX-License-Identifier: Apache-2.0
// flow_sessionize: places in sessions, whatever came first.
#include "tests.h"

struct placed {
    int64_t n;
    flow_time start;
    int64_t number;
    flow_duration since_start, since_last;
};
FLOW_RECORD(placed, n, start, number, since_start, since_last);

static flow_status tell(flow_ctx *ctx, const flow_str *user, const struct click *click,
    const struct flow_session *session)
{
    (void)user;
    return FLOW_EMIT(ctx, placed, .n = click->n, .start = session->start, .number = session->number,
        .since_start = session->since_start, .since_last = session->since_last);
}
FLOW_SESSION_FN(tell, flow_str, click, placed);

static flow_coll by_user(flow_coll in)
{
    return flow_key_by(in, FLOW_FIELD(click, user));
}

static flow_coll sessionize(flow_coll in, int64_t max_length)
{
    const flow_sessionize_options options = { .gap = flow_seconds(30),
        .max_length = flow_seconds(max_length) };
    return flow_sessionize(by_user(in), &tell_session, &options);
}

#define AT(s)                                                                                      \
    {                                                                                              \
        (s) * INT64_C(1000000)                                                                     \
    }
#define LONG(s)                                                                                    \
    {                                                                                              \
        (s) * INT64_C(1000000)                                                                     \
    }

START_TEST(a_session_ends_with_a_gap)
{
    click("a", 1, 100);
    click("a", 3, 140); // out of order
    click("a", 2, 129);
    click("b", 4, 131); // another user
    click("a", 5, 170); // 30 s after the last: a new one
    FLOW_EXPECT_ROWS(sessionize(clicks, 0), placed, { 1, AT(100), 1, LONG(0), LONG(0) },
        { 2, AT(100), 2, LONG(29), LONG(29) }, { 3, AT(100), 3, LONG(40), LONG(11) },
        { 4, AT(131), 1, LONG(0), LONG(0) }, { 5, AT(170), 1, LONG(0), LONG(0) });
    passes();
}
END_TEST

START_TEST(a_session_is_no_longer_than_asked)
{
    for (int64_t i = 0; i < 4; i++)
        click("a", i, i * 25);
    FLOW_EXPECT_ROWS(sessionize(clicks, 50), placed, { 0, AT(0), 1, LONG(0), LONG(0) },
        { 1, AT(0), 2, LONG(25), LONG(25) }, { 2, AT(50), 1, LONG(0), LONG(0) },
        { 3, AT(50), 2, LONG(25), LONG(25) });
    passes();
}
END_TEST

START_TEST(a_session_ends_with_its_window)
{
    click("a", 1, 58);
    click("a", 2, 61);
    FLOW_EXPECT_ROWS(sessionize(windowed(60), 0), placed, { 1, AT(58), 1, LONG(0), LONG(0) },
        { 2, AT(61), 1, LONG(0), LONG(0) });
    passes();
}
END_TEST

START_TEST(sessions_that_cannot_be_are_refused)
{
    flow_sessionize(by_user(clicks), NULL, &(flow_sessionize_options){ .gap = { 1 } });
    refused("flow_sessionize: it was given no function");
    flow_sessionize(by_user(clicks), &tell_session, NULL);
    refused("flow_sessionize: its 'gap' is not above 0");
    flow_sessionize(by_user(clicks), &tell_session,
        &(flow_sessionize_options){ .gap = { 1 }, .max_length = { -1 } });
    refused("flow_sessionize: its 'max_length' is below 0");
}
END_TEST

TCase *sessionize_tests(void)
{
    TCase *tests = tcase_create("sessionize");
    tcase_add_checked_fixture(tests, clicks_setup, clicks_teardown);
    tcase_add_test(tests, a_session_ends_with_a_gap);
    tcase_add_test(tests, a_session_is_no_longer_than_asked);
    tcase_add_test(tests, a_session_ends_with_its_window);
    tcase_add_test(tests, sessions_that_cannot_be_are_refused);
    return tests;
}
