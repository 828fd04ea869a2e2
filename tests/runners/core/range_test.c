// SPDX-License-Identifier: Apache-2.0
// Times that cannot be (R1): elements of sources, outputs, timers and windows that have one are
// refused with step, origin and the time, and none comes as far as a window.
#include <stdio.h>

#include "flow_test.h"

#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/test.h>
#include <flow/transforms.h>

TCase *range_tests(void);

#define SECOND INT64_C(1000000)

static const int64_t outside[] = { INT64_MIN, FLOW_TIME_MIN_US - 1, FLOW_TIME_MAX_US + 1,
    INT64_MAX };
#define OUTSIDE 4

static flow_windows windows_of(int which)
{
    const flow_windows all[] = { flow_fixed(flow_seconds(10)), flow_sessions(flow_seconds(10)),
        flow_calendar_days(1, NULL), flow_cumulate(flow_seconds(10), flow_seconds(5)),
        flow_global() };
    return all[which];
}

// --- sources

static struct flow_test_row rows[3];
static struct flow_test_piece pieces[1];
static struct flow_test_script script;
static struct flow_test_results counted, beside;

// Three rows, of which the one at `odd` has the time `us`; how the run ended.
static flow_error read_rows(
    flow_windows windows, int64_t us, size_t odd, flow_on_error on_error, bool in_order)
{
    flow_pipeline *pipeline = flow_pipeline_new("range");
    for (size_t i = 0; i < 3; i++)
        rows[i] = flow_test_row_at(1, (int64_t)i, i == odd ? us : (int64_t)(i + 1) * SECOND);
    script = flow_test_deal(rows, 3, pieces, 1);
    script.on_error = on_error;
    script.times = (flow_time_policy){ .in_order = in_order };
    flow_test_results_init(&counted, "counted");
    flow_test_results_init(&beside, "beside");
    const flow_coll in = flow_test_read(pipeline, &script);
    const flow_window_options options = { .windows = windows, .output_time = FLOW_OUTPUT_EARLIEST };
    const flow_coll cut = flow_window_into(flow_key_by(in, FLOW_FIELD(flow_test_row, k)), &options);
    flow_test_collect(flow_count(cut), &counted);
    flow_test_collect(
        on_error == FLOW_ON_ERROR_DEAD_LETTER ? flow_dead_letters(in) : flow_dropped(in), &beside);
    flow_error error = { 0 };
    flow_test_run(pipeline, &(struct flow_test_options){ .workers = 1, .seed = 1 }, &error);
    flow_pipeline_free(pipeline);
    return error;
}

static void clear(void)
{
    flow_test_results_clear(&counted);
    flow_test_results_clear(&beside);
}

START_TEST(r1_an_element_outside_time_fails_the_job_with_step_origin_and_time)
{
    for (int kind = 0; kind < 5; kind++) {
        const flow_error error =
            read_rows(windows_of(kind), outside[_i], 1, FLOW_ON_ERROR_FAIL, false);
        char time[160];
        snprintf(time, sizeof time,
            "its time %lld us is none: expected one of -9223372036854775000 to "
            "9223372036854775000 us (R1); from ",
            (long long)outside[_i]);
        ck_assert_int_eq(error.status, FLOW_INVALID);
        ck_assert_str_eq(error.step, "script");
        ck_assert_msg(strstr(error.message, time), "%s", error.message);
        ck_assert_msg(strstr(error.message, "1"), "%s", error.message);
        ck_assert_uint_eq(counted.count, 0);
        clear();
    }
}
END_TEST

START_TEST(r1_the_first_and_the_last_of_rows_in_order_are_looked_at)
{
    const size_t odd = _i < 2 ? 0 : 2; // where it is in order
    const flow_error error =
        read_rows(flow_fixed(flow_seconds(10)), outside[_i], odd, FLOW_ON_ERROR_FAIL, true);
    ck_assert_int_eq(error.status, FLOW_INVALID);
    clear();
}
END_TEST

START_TEST(r1_an_element_outside_time_goes_where_its_read_sends_what_is_none)
{
    static const struct {
        flow_on_error on_error;
        const char *reason;
    } ways[] = { { FLOW_ON_ERROR_DEAD_LETTER, "unparsable" }, { FLOW_ON_ERROR_SKIP, "skipped" } };
    for (size_t i = 0; i < 2; i++) {
        const flow_error error =
            read_rows(flow_fixed(flow_seconds(10)), outside[_i], 1, ways[i].on_error, false);
        ck_assert_msg(error.status == FLOW_OK, "%s", error.message);
        ck_assert_uint_eq(counted.count, 1);
        ck_assert_msg(strstr(counted.list[0].text, "2"), "%s", counted.list[0].text);
        ck_assert_uint_eq(beside.count, 1);
        ck_assert_msg(strstr(beside.list[0].text, ways[i].reason), "%s", beside.list[0].text);
        ck_assert_msg(
            strstr(beside.list[0].text, "is none: expected one of"), "%s", beside.list[0].text);
        clear();
    }
}
END_TEST

START_TEST(r1_the_ends_of_time_are_times)
{
    const int64_t ends[] = { FLOW_TIME_MIN_US, FLOW_TIME_MAX_US };
    const flow_error error =
        read_rows(flow_fixed(flow_seconds(10)), ends[_i], 1, FLOW_ON_ERROR_FAIL, false);
    ck_assert_msg(error.status == FLOW_OK, "%s", error.message);
    ck_assert_uint_eq(counted.count, 2);
    clear();
}
END_TEST

// --- functions

struct mark {
    int64_t key, us;
};
FLOW_RECORD(mark, key, us);

FLOW_TIMER(ring, int64_t, FLOW_EVENT_TIME);
FLOW_TIMER(wake, int64_t, FLOW_PROCESSING_TIME);

static flow_status ring_due(flow_ctx *ctx, const int64_t *key)
{
    (void)key;
    return ctx->status;
}

static flow_status wake_due(flow_ctx *ctx, const int64_t *key)
{
    (void)key;
    return ctx->status;
}

static flow_timer_when when;

static flow_status set_both(flow_ctx *ctx, const int64_t *key, const struct mark *mark)
{
    (void)key;
    flow_timer_start(ctx, mark->us ? &wake_timer : &ring_timer, when);
    return ctx->status;
}
FLOW_CELLS_FN(set_both, int64_t, mark, (mark), FLOW_TIMERS(ring, wake));

static flow_status set_one(
    flow_ctx *ctx, const int64_t *key, const struct mark *mark, struct mark *state)
{
    (void)key, (void)mark, (void)state;
    flow_timer_set(ctx, when.at);
    return ctx->status;
}

static flow_status set_one_timer(flow_ctx *ctx, const int64_t *key, struct mark *state)
{
    (void)key, (void)state;
    return ctx->status;
}
FLOW_STATEFUL_FN(set_one, int64_t, mark, mark, mark);

static flow_status emit_at(flow_ctx *ctx, const struct mark *mark)
{
    return FLOW_EMIT_AT(ctx, (flow_time){ mark->us }, mark, .us = 0);
}
FLOW_ELEMENT_FN_WITH(emit_at, mark, (mark), .skew = { INT64_MAX });

static flow_status nothing(flow_ctx *ctx, const struct mark *mark)
{
    (void)mark;
    return ctx->status;
}

static flow_stamp last;

static flow_status stamp_last(flow_ctx *ctx)
{
    const struct mark mark = { 0, 0 };
    return flow_emit_stamped(ctx, 0, &mark_type, &mark, last);
}
FLOW_ELEMENT_FN_WITH(nothing, mark, (mark), .finish = stamp_last);

static uint32_t ten(
    const void *element, flow_time at, const void *config, flow_window *windows, uint32_t room)
{
    (void)element, (void)config;
    if (room > 0)
        windows[0] = (flow_window){ at, { at.us + 10 * SECOND } };
    return 1;
}

static const flow_window_fn tens = { .name = "tens", .assign = ten };

struct moment {
    flow_time at;
    int64_t n;
};
FLOW_RECORD(moment, at, n);

static flow_pipeline *p;

// One element of second 1.
static flow_coll begin(int64_t us)
{
    p = flow_pipeline_new("range");
    flow_script *events = flow_script_new(p);
    const flow_coll in = flow_script_input(events, "marks", &mark_type);
    FLOW_SCRIPT_ADD(events, in, mark, (flow_time){ SECOND }, .key = 1, .us = us);
    return flow_key_by(in, FLOW_FIELD(mark, key));
}

static void ends_with(const char *words)
{
    const flow_runner runner = flow_simulated(NULL);
    flow_error error = { 0 };
    ck_assert_int_eq(flow_run(p, &runner, &error), FLOW_INVALID);
    ck_assert_msg(strstr(error.message, words), "%s, not %s", error.message, words);
    ck_assert_str_ne(error.step, "");
    flow_pipeline_free(p);
}

START_TEST(r1_a_timer_outside_time_is_refused)
{
    when = (flow_timer_when){ .at = { outside[_i] } };
    for (int clock = 0; clock < 2; clock++) {
        flow_do(begin(clock), &set_both_fn);
        ends_with("lies outside time");
    }
}
END_TEST

START_TEST(r1_a_single_timer_before_all_time_is_refused)
{
    when = (flow_timer_when){ .at = { outside[_i] } };
    flow_do(begin(0), &set_one_fn);
    ends_with("lies before all time");
}
END_TEST

START_TEST(r61_a_relative_timer_goes_neither_back_nor_by_a_grid_below_zero)
{
    const flow_timer_when wrong[] = { { .after = { -1 } }, { .align = { -1 } },
        { .align = { 10 }, .phase = { -1 } } };
    when = wrong[_i];
    when.relative = true;
    for (int clock = 0; clock < 2; clock++) {
        flow_do(begin(clock), &set_both_fn);
        ends_with("none may be below 0");
    }
}
END_TEST

START_TEST(r1_an_output_outside_time_is_refused)
{
    flow_do(begin(outside[_i]), &emit_at_fn);
    ends_with(_i < 2 ? "before the beginning of time" : "behind the end of time");
}
END_TEST

START_TEST(r1_a_stamped_output_outside_time_is_refused)
{
    const flow_windows windows[] = { flow_global(), flow_custom(&tens, NULL) };
    for (int kind = 0; kind < 2; kind++) {
        last = (flow_stamp){ { outside[_i] }, { { INT64_MIN }, { INT64_MAX } } };
        const flow_window_options options = { .windows = windows[kind] };
        flow_do(flow_window_into(begin(0), &options), &nothing_fn);
        ends_with("(R67)");
        last.at.us = SECOND;
        flow_do(flow_window_into(begin(0), &options), &nothing_fn);
        ends_with("(R67)");
    }
}
END_TEST

START_TEST(r1_a_time_that_a_field_gives_outside_time_is_refused)
{
    const struct moment one = { { outside[_i] }, 1 };
    p = flow_pipeline_new("range");
    const flow_coll in =
        flow_create(p, &(flow_create_options){ .type = &moment_type, .rows = &one, .count = 1 });
    flow_with_timestamps(in, FLOW_FIELD(moment, at));
    ends_with(_i < 2 ? "before the beginning of time" : "behind the end of time");
}
END_TEST

START_TEST(r1_a_script_refuses_an_element_outside_time)
{
    p = flow_pipeline_new("range");
    flow_script *events = flow_script_new(p);
    const flow_coll in = flow_script_input(events, "marks", &mark_type);
    FLOW_SCRIPT_ADD(events, in, mark, (flow_time){ outside[_i] }, .key = 1);
    ends_with("is none: expected one of");
}
END_TEST

struct visit {
    flow_time at;
    flow_duration gap;
};
FLOW_RECORD(visit, at, gap);

static bool says_gap(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    (void)user;
    if (count == 1 && strstr(seen[0].text, "the gap of sessions that it says is not above 0"))
        return true;
    flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu: %s", count, count ? seen[0].text : "");
    return false;
}

START_TEST(r12_an_element_whose_gap_makes_no_session_is_dropped_with_the_reason)
{
    const struct visit one = { { SECOND }, { _i - 1 } };
    p = flow_pipeline_new("range");
    const flow_coll in = flow_create(p,
        &(flow_create_options){
            .type = &visit_type, .rows = &one, .count = 1, .event_time = FLOW_FIELD(visit, at) });
    const flow_window_options options = { .windows = flow_sessions_by(FLOW_FIELD(visit, gap)) };
    const flow_coll cut = flow_window_into(in, &options);
    flow_expect_empty(flow_count(cut), NULL);
    flow_expect_that(flow_dropped(cut), says_gap, NULL, NULL);
    const flow_runner runner = flow_simulated(NULL);
    flow_error error = { 0 };
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s", error.message);
    flow_pipeline_free(p);
}
END_TEST

TCase *range_tests(void)
{
    TCase *tests = tcase_create("range");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(
        tests, r1_an_element_outside_time_fails_the_job_with_step_origin_and_time, 0, OUTSIDE);
    tcase_add_loop_test(
        tests, r1_the_first_and_the_last_of_rows_in_order_are_looked_at, 0, OUTSIDE);
    tcase_add_loop_test(
        tests, r1_an_element_outside_time_goes_where_its_read_sends_what_is_none, 0, OUTSIDE);
    tcase_add_loop_test(tests, r1_the_ends_of_time_are_times, 0, 2);
    tcase_add_loop_test(tests, r1_a_timer_outside_time_is_refused, 0, OUTSIDE);
    tcase_add_loop_test(tests, r1_a_single_timer_before_all_time_is_refused, 0, 2);
    tcase_add_loop_test(
        tests, r61_a_relative_timer_goes_neither_back_nor_by_a_grid_below_zero, 0, 3);
    tcase_add_loop_test(tests, r1_an_output_outside_time_is_refused, 0, OUTSIDE);
    tcase_add_loop_test(tests, r1_a_stamped_output_outside_time_is_refused, 0, OUTSIDE);
    tcase_add_loop_test(tests, r1_a_time_that_a_field_gives_outside_time_is_refused, 0, OUTSIDE);
    tcase_add_loop_test(
        tests, r12_an_element_whose_gap_makes_no_session_is_dropped_with_the_reason, 0, 2);
    tcase_add_loop_test(tests, r1_a_script_refuses_an_element_outside_time, 0, OUTSIDE);
    return tests;
}
