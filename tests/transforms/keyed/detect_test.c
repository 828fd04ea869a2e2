// SPDX-License-Identifier: Apache-2.0
// flow_detect: each detector against figures worked out by hand, and that it finds what was
// planted.
#include <math.h>

#include <flow/memory.h>

#include "tests.h"

struct told {
    int64_t n;
    double mean, deviation, score;
    bool alarm;
};
FLOW_RECORD(told, n, mean, deviation, score, alarm);

static flow_status tell(
    flow_ctx *ctx, const flow_str *user, const struct click *click, const struct flow_score *score)
{
    (void)user;
    return FLOW_EMIT(ctx, told, .n = click->n, .mean = score->mean, .deviation = score->deviation,
        .score = score->score, .alarm = score->alarm);
}
FLOW_SCORED_FN(tell, flow_str, click, told);

static flow_coll detect_in(flow_coll in, flow_detect_options options)
{
    return flow_detect(
        flow_key_by(in, FLOW_FIELD(click, user)), FLOW_FIELD(click, n), &tell_scored, &options);
}

static flow_coll detect(flow_detect_options options)
{
    return detect_in(clicks, options);
}

struct reading {
    flow_str user;
    double n;
};
FLOW_RECORD(reading, user, n);

static flow_status tell_reading(flow_ctx *ctx, const flow_str *user, const struct reading *reading,
    const struct flow_score *score)
{
    (void)user, (void)reading;
    return FLOW_EMIT(ctx, told, .n = score->seen, .mean = score->mean,
        .deviation = score->deviation, .alarm = score->alarm);
}
FLOW_SCORED_FN(tell_reading, flow_str, reading, told);

START_TEST(what_is_not_finite_teaches_nothing)
{
    const double values[] = { 5, INFINITY, 5, NAN, 5, -INFINITY, 1e308, -1e308, 5 };
    struct reading rows[TABLE_SIZE(values)];
    for (size_t i = 0; i < TABLE_SIZE(values); i++)
        rows[i] = (struct reading){ { "a", 1 }, values[i] };
    const flow_coll in = flow_create(p,
        &(flow_create_options){ .type = &reading_type, .rows = rows, .count = TABLE_SIZE(rows) });
    const flow_detect_options options = { .detector = (flow_detector)_i, .warm_up = 3 };
    const flow_coll told = flow_detect(flow_key_by(in, FLOW_FIELD(reading, user)),
        FLOW_FIELD(reading, n), &tell_reading_scored, &options);
    // all the fives make a mean of 5 without deviation, whatever came between; only when warm an
    // infinity alarms
    FLOW_EXPECT_ROWS(told, told, { .n = 0 }, { .n = 1, .mean = 5 }, { .n = 1, .mean = 5 },
        { .n = 2, .mean = 5 }, { .n = 2, .mean = 5 }, { .n = 3, .mean = 5, .alarm = true },
        { .n = 3, .mean = 5, .alarm = true }, { .n = 3, .mean = 5, .alarm = true },
        { .n = 3, .mean = 5 });
    passes();
}
END_TEST

START_TEST(a_z_score_is_of_all_before)
{
    click("a", 2, 1);
    click("a", 20, 3); // out of order
    click("a", 4, 2);
    click("b", 7, 5); // another key
    const flow_detect_options options = { .detector = FLOW_DETECT_Z_SCORE, .warm_up = 2 };
    FLOW_EXPECT_ROWS(detect(options), told, { 2, 0, 0, 0, false }, { 4, 2, 0, 0, false },
        { 20, 3, 1, 17, true }, { 7, 0, 0, 0, false });
    passes();
}
END_TEST

START_TEST(an_ewma_follows)
{
    click("a", 10, 1);
    click("a", 14, 2); // mean 12, variance 0.5 · 4 · 2 = 4
    click("a", 12, 3); // mean 12, variance 2
    click("a", 15, 4);
    const flow_detect_options options = { .alpha = 0.5, .warm_up = 2, .threshold = 2 };
    FLOW_EXPECT_ROWS(detect(options), told, { 10, 0, 0, 0, false }, { 14, 10, 0, 0, false },
        { 12, 12, 2, 0, false }, { 15, 12, sqrt(2), 3 / sqrt(2), true });
    passes();
}
END_TEST

START_TEST(a_cusum_adds_up_what_lasts_and_begins_anew)
{
    click("a", 9, 1);
    click("a", 11, 2); // mean 10, deviation 1
    click("a", 12, 3); // 2 − 0.5
    click("a", 12, 4); // 3: above 2.5
    click("a", 12, 5);
    const flow_detect_options options = {
        .detector = FLOW_DETECT_CUSUM, .warm_up = 2, .threshold = 2.5
    };
    FLOW_EXPECT_ROWS(detect(options), told, { 9, 0, 0, 0, false }, { 11, 9, 0, 0, false },
        { 12, 10, 1, 1.5, false }, { 12, 10, 1, 3, true }, { 12, 10, 1, 1.5, false });
    passes();
}
END_TEST

static bool one_spike(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    size_t alarms = 0;
    for (size_t i = 0; i < count; i++)
        alarms += strstr(seen[i].text, "\"alarm\":true") != NULL;
    if (count == 41 && alarms == 1)
        return true;
    (void)user;
    return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu alarms of %zu", alarms, count) ==
           FLOW_OK;
}

START_TEST(a_planted_spike_is_the_only_alarm)
{
    for (int64_t i = 0; i <= 40; i++)
        click("a", i == 25 ? 500 : 100 + i * i % 11, i);
    flow_expect_that(detect((flow_detect_options){ .threshold = 4 }), one_spike, NULL, NULL);
    passes();
}
END_TEST

START_TEST(each_session_is_learnt_anew)
{
    click("a", 2, 0);
    click("a", 20, 8); // one session by the click between
    click("a", 4, 4);
    click("a", 9, 30);
    const flow_detect_options options = { .detector = FLOW_DETECT_Z_SCORE, .warm_up = 2 };
    FLOW_EXPECT_ROWS(detect_in(in_visits(5), options), told, { 2, 0, 0, 0, false },
        { 4, 2, 0, 0, false }, { 20, 3, 1, 17, true }, { 9, 0, 0, 0, false });
    passes();
}
END_TEST

// Each click up to 20 s has a window of its own, until 100 s; those after it have one that takes in
// all.
static uint32_t until_the_end(
    const void *element, flow_time at, const void *config, flow_window *windows, uint32_t room)
{
    (void)element, (void)config;
    if (room > 0)
        windows[0] = (flow_window){ at.us > 20000000 ? second(0) : at, second(100) };
    return 1;
}

static void into_the_one_from_0(
    const flow_window *windows, uint32_t count, const void *config, flow_window *into)
{
    bool all = false;
    (void)config;
    for (uint32_t i = 0; i < count; i++)
        all = all || windows[i].start.us == 0;
    for (uint32_t i = 0; i < count; i++)
        into[i] = all ? (flow_window){ second(0), second(100) } : windows[i];
}

// _i: the detector
START_TEST(what_two_windows_learnt_meets_where_they_merge)
{
    static const flow_window_fn fn = {
        .name = "all", .merges = true, .assign = until_the_end, .merge = into_the_one_from_0
    };
    const flow_window_options cut = { .windows = flow_custom(&fn, NULL) };
    click("a", 1, 1);
    click("a", 7, 10);
    click("a", 4, 30);
    const flow_coll in = flow_window_into(clicks, &cut);
    const flow_detect_options options = { .detector = (flow_detector)_i, .warm_up = 9 };
    if (_i == FLOW_DETECT_Z_SCORE) // of 1 and 7
        FLOW_EXPECT_ROWS(detect_in(in, options), told, { 1, 0, 0, 0, false }, { 7, 0, 0, 0, false },
            { 4, 4, 3, 0, false });
    else // of 7
        FLOW_EXPECT_ROWS(detect_in(in, options), told, { 1, 0, 0, 0, false }, { 7, 0, 0, 0, false },
            { 4, 7, 0, 0, false });
    passes();
}
END_TEST

START_TEST(detectors_that_cannot_be_are_refused)
{
    static const struct {
        flow_detect_options options;
        const char *message;
    } cases[] = {
        { { .detector = (flow_detector)4 }, "flow_detect: there is no such detector" },
        { { .alpha = 1.5 }, "flow_detect: its 'alpha' is not above 0 and at most 1" },
        { { .threshold = -1 },
            "flow_detect: its 'threshold', 'drift' or 'warm_up' is below what it can be" },
        { { .warm_up = -1 },
            "flow_detect: its 'threshold', 'drift' or 'warm_up' is below what it can be" },
    };
    for (size_t i = 0; i < TABLE_SIZE(cases); i++) {
        ck_assert_uint_eq(detect(cases[i].options).id, 0);
        refused(cases[i].message);
    }
    const flow_coll keyed = flow_key_by(clicks, FLOW_FIELD(click, user));
    flow_detect(keyed, FLOW_FIELD(click, user), &tell_scored, NULL);
    refused("flow_detect: takes a number or a duration, its field 'user' is 'text'");
    flow_detect(flow_key_by(clicks, FLOW_FIELD(click, user)), FLOW_FIELD(click, n), NULL, NULL);
    refused("flow_detect: it was given no function");
}
END_TEST

TCase *detect_tests(void)
{
    TCase *tests = tcase_create("detect");
    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, clicks_setup, clicks_teardown);
    tcase_add_loop_test(
        tests, what_is_not_finite_teaches_nothing, FLOW_DETECT_EWMA, FLOW_DETECT_CUSUM + 1);
    tcase_add_test(tests, a_z_score_is_of_all_before);
    tcase_add_test(tests, an_ewma_follows);
    tcase_add_test(tests, a_cusum_adds_up_what_lasts_and_begins_anew);
    tcase_add_test(tests, a_planted_spike_is_the_only_alarm);
    tcase_add_test(tests, each_session_is_learnt_anew);
    tcase_add_loop_test(tests, what_two_windows_learnt_meets_where_they_merge, FLOW_DETECT_EWMA,
        FLOW_DETECT_CUSUM + 1);
    tcase_add_test(tests, detectors_that_cannot_be_are_refused);
    return tests;
}
