// SPDX-License-Identifier: Apache-2.0
// Functions emit with event times of their own, within their skew; windows stay the elements'
// (R66).
#include <check.h>
#include <stdio.h>
#include <string.h>

#include <flow/memory.h>
#include <flow/test.h>
#include <flow/transforms.h>

TCase *stamp_tests(void);

#define SECOND INT64_C(1000000)

struct tick {
    int64_t key, n;
};
FLOW_RECORD(tick, key, n);

// By so many seconds: n.
static flow_status shift(flow_ctx *ctx, const struct tick *in)
{
    const flow_time at = { flow_event_time(ctx).us + in->n * SECOND };
    return FLOW_EMIT_AT(ctx, at, tick, .key = in->key, .n = in->n);
}
FLOW_ELEMENT_FN(shift, tick, tick);

static flow_status shift_back(flow_ctx *ctx, const struct tick *in)
{
    return shift(ctx, in);
}
FLOW_ELEMENT_FN_WITH(shift_back, tick, (tick), .skew = { 5 * SECOND });

static flow_status shift_by_window(flow_ctx *ctx, const struct tick *in)
{
    return shift(ctx, in);
}
FLOW_ELEMENT_FN_WITH(shift_by_window, tick, (tick), .by_window = true);

// What came, as "n@time[start,end)" in seconds, in order of the text.
static char seen_text[4096];

static bool note(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    (void)user, (void)error;
    size_t len = 0;
    seen_text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(seen_text + len, sizeof seen_text - len, "%s@%lld[%lld,%lld) ",
            seen[i].text, (long long)(seen[i].time.us / SECOND),
            (long long)(seen[i].window.start.us / SECOND),
            (long long)(seen[i].window.end.us / SECOND));
    return true;
}

static flow_pipeline *p;
static flow_script *script;
static flow_coll ticks;

static flow_coll begin(flow_windows windows)
{
    p = flow_pipeline_new("stamps");
    script = flow_script_new(p);
    ticks = flow_script_input(script, "ticks", &tick_type);
    return flow_window_into(ticks, &(flow_window_options){ .windows = windows });
}

static void tick(int64_t n, int64_t at)
{
    FLOW_SCRIPT_ADD(script, ticks, tick, (flow_time){ at * SECOND }, .key = 1, .n = n);
}

static flow_error run(void)
{
    const flow_simulated_options options = { .workers = 1, .check_elements = true };
    const flow_runner runner = flow_simulated(&options);
    flow_error error = { 0 };
    flow_run(p, &runner, &error);
    flow_pipeline_free(p);
    return error;
}

static void run_well(void)
{
    const flow_error error = run();
    ck_assert_msg(error.status == FLOW_OK, "%s: %s", error.step, error.message);
}

static void run_badly(const char *step, const char *words)
{
    const flow_error error = run();
    ck_assert_int_eq(error.status, FLOW_INVALID);
    ck_assert_str_eq(error.step, step);
    ck_assert_msg(strstr(error.message, words) != NULL, "%s, not %s", error.message, words);
}

#define TICK(n) "{\"key\":1,\"n\":" #n "}"

START_TEST(r66_an_output_has_the_time_it_was_given_and_the_window_of_its_element)
{
    flow_expect_that(flow_do(begin(flow_fixed(flow_minutes(1))), &shift_fn), note, NULL, NULL);
    tick(100, 10);
    tick(0, 20);
    tick(3, 70);
    run_well();
    ck_assert_ptr_nonnull(strstr(seen_text, TICK(100) "@110[0,60) "));
    ck_assert_ptr_nonnull(strstr(seen_text, TICK(0) "@20[0,60) "));
    ck_assert_ptr_nonnull(strstr(seen_text, TICK(3) "@73[60,120) "));
}
END_TEST

START_TEST(r66_what_is_grouped_behind_is_grouped_by_the_window_of_the_element)
{
    const flow_coll out = flow_do(begin(flow_fixed(flow_minutes(1))), &shift_fn);
    flow_expect_that(flow_count(flow_key_by(out, FLOW_FIELD(tick, key))), note, NULL, NULL);
    tick(100, 10);
    tick(0, 20);
    tick(1, 70);
    run_well();
    ck_assert_ptr_nonnull(strstr(seen_text, "\"count\":2}@59[0,60)"));
    ck_assert_ptr_nonnull(strstr(seen_text, "\"count\":1}@119[60,120)"));
}
END_TEST

START_TEST(r66_a_skew_lets_outputs_lie_before_their_elements)
{
    flow_expect_that(flow_do(begin(flow_fixed(flow_minutes(1))), &shift_back_fn), note, NULL, NULL);
    tick(-5, 60);
    tick(-1, 10);
    run_well();
    ck_assert_ptr_nonnull(strstr(seen_text, TICK(-5) "@55[60,120) "));
    ck_assert_ptr_nonnull(strstr(seen_text, TICK(-1) "@9[0,60) "));
}
END_TEST

START_TEST(r66_an_output_before_its_element_less_the_skew_fails_with_step_element_and_times)
{
    flow_do(begin(flow_fixed(flow_minutes(1))), &shift_fn);
    tick(-1, 10);
    run_badly("shift", "it emitted at 1970-01-01T00:00:09Z, which is before its element's time "
                       "1970-01-01T00:00:10Z by more than its skew of 0s (R66); element " TICK(-1));
    flow_do(begin(flow_fixed(flow_minutes(1))), &shift_back_fn);
    tick(-6, 10);
    run_badly("shift_back", "by more than its skew of 5s (R66); element " TICK(-6));
}
END_TEST

static flow_status past_the_end(flow_ctx *ctx, const struct tick *in)
{
    const flow_time at = { FLOW_TIME_MAX_US + in->n };
    return FLOW_EMIT_AT(ctx, at, tick, .n = in->n);
}
FLOW_ELEMENT_FN(past_the_end, tick, tick);

START_TEST(r66_the_last_instant_is_the_latest_time)
{
    flow_do(begin(flow_global()), &past_the_end_fn);
    tick(0, 10);
    run_well();
    flow_do(begin(flow_global()), &past_the_end_fn);
    tick(1, 10);
    run_badly("past_the_end", "which is behind the end of time");
}
END_TEST

START_TEST(r66_elements_in_several_windows_need_to_come_window_by_window)
{
    const flow_windows sliding = flow_sliding(flow_minutes(2), flow_minutes(1));
    flow_do(begin(sliding), &shift_fn);
    tick(1, 10);
    run_badly("shift", "set 'by_window' in its declaration (R22)");
    flow_expect_that(flow_do(begin(sliding), &shift_by_window_fn), note, NULL, NULL);
    tick(100, 70);
    run_well();
    ck_assert_ptr_nonnull(strstr(seen_text, TICK(100) "@170[0,120) "));
    ck_assert_ptr_nonnull(strstr(seen_text, TICK(100) "@170[60,180) "));
}
END_TEST

struct moment {
    int64_t n;
    flow_time at;
};
FLOW_RECORD(moment, n, at);

// Outputs of both sorts, more than a batch has room for, some taken back.
static flow_status many(flow_ctx *ctx, const struct moment *in)
{
    const int64_t own = flow_event_time(ctx).us;
    for (int64_t i = 0; i < 7; i++) {
        const flow_time at = { own + i };
        const struct tick out = { .key = at.us % 2 ? own : at.us, .n = in->n };
        if (at.us % 2 == 0)
            FLOW_EMIT_AT(ctx, at, tick, .key = out.key, .n = out.n);
        else
            FLOW_EMIT_ROW(ctx, tick, &out);
    }
    return in->n % 5 == 3 ? flow_fail(ctx, FLOW_USER, "this one not") : FLOW_OK;
}
FLOW_ELEMENT_FN(many, moment, tick);

static bool all_have_their_times(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    char time[40];
    (void)user;
    if (count != 4 * 7 * 400)
        flow_error_raise(error, FLOW_USER, NULL, "%zu came", count);
    for (size_t i = 0; i < count && error->status == FLOW_OK; i++) {
        snprintf(time, sizeof time, "\"key\":%lld,", (long long)seen[i].time.us);
        if (!strstr(seen[i].text, time))
            flow_error_raise(error, FLOW_USER, NULL, "%s lies at %s", seen[i].text, time);
    }
    return error->status == FLOW_OK;
}

START_TEST(r66_outputs_keep_their_own_times_where_others_are_taken_back)
{
    static const flow_on_error policies[] = { FLOW_ON_ERROR_SKIP, FLOW_ON_ERROR_DEAD_LETTER };
    static struct moment moments[2000];
    for (int64_t n = 0; n < 2000; n++)
        moments[n] = (struct moment){ n, { n * 7919 } };
    const flow_create_options rows = {
        .type = &moment_type, .rows = moments, .count = 2000, .event_time = FLOW_FIELD(moment, at)
    };
    const flow_window_options minutes = { .windows = flow_fixed(flow_minutes(1)) };
    for (int i = 0; i < 8; i++) {
        p = flow_pipeline_new("many");
        const flow_coll in = flow_window_into(flow_create(p, &rows), &minutes);
        const flow_do_options options = { .on_error = policies[i % 2] };
        flow_expect_that(flow_do(in, &many_fn, &options), all_have_their_times, NULL, NULL);
        const flow_simulated_options how = {
            .workers = 1 + (uint32_t)i % 3, .seed = (uint64_t)i, .fail_one_in = i > 3 ? 5 : 0
        };
        const flow_runner runner = flow_simulated(&how);
        flow_error error = { 0 };
        flow_run(p, &runner, &error);
        flow_pipeline_free(p);
        ck_assert_msg(error.status == FLOW_OK, "%s: %s", error.step, error.message);
    }
}
END_TEST

static flow_status early(flow_ctx *ctx, const int64_t *key, flow_rows *rows)
{
    const flow_time at = { flow_event_time(ctx).us + (int64_t)flow_rows_count(rows) * SECOND };
    return FLOW_EMIT_AT(ctx, at, tick, .key = *key);
}
FLOW_GROUP_FN(early, int64_t, tick, tick);

START_TEST(r66_groups_emit_with_times_of_their_own)
{
    const flow_coll in = begin(flow_fixed(flow_minutes(1)));
    flow_expect_that(
        flow_group(flow_key_by(in, FLOW_FIELD(tick, key)), &early_fn), note, NULL, NULL);
    tick(1, 10);
    tick(2, 20);
    run_well();
    ck_assert_str_eq(seen_text, "{\"key\":1,\"n\":0}@61[0,60) ");
}
END_TEST

static flow_status map_at(flow_ctx *ctx, const struct tick *in, struct tick *out)
{
    *out = *in;
    return FLOW_EMIT_AT(ctx, flow_event_time(ctx), tick, .n = 1);
}
FLOW_MAP_FN(map_at, tick, tick);

static flow_status finish_at(flow_ctx *ctx)
{
    return FLOW_EMIT_AT(ctx, ((flow_time){ 0 }), tick, .n = 1);
}

static flow_status pass(flow_ctx *ctx, const struct tick *in)
{
    return FLOW_EMIT_ROW(ctx, tick, in);
}
FLOW_ELEMENT_FN_WITH(pass, tick, (tick), .finish = finish_at);

START_TEST(r66_only_what_has_an_element_in_work_emits_at_a_time)
{
    flow_do(begin(flow_global()), &map_at_fn);
    tick(1, 10);
    run_badly("map_at", "what its form gives has the time of its element");
    flow_do(begin(flow_global()), &pass_fn);
    tick(1, 10);
    run_badly("pass", "a finish does that with flow_emit_stamped (R67)");
}
END_TEST

START_TEST(r66_a_skew_below_zero_is_refused)
{
    flow_fn fn = shift_fn;
    fn.skew.us = -1;
    flow_error error = { 0 };
    flow_do(begin(flow_global()), &fn);
    ck_assert_int_eq(flow_pipeline_check(p, &error), FLOW_INVALID);
    ck_assert_ptr_nonnull(strstr(error.message, "the function's skew is below 0"));
    flow_pipeline_free(p);
}
END_TEST

// --- steps that stamp

static void moment_at(int64_t at, int64_t own)
{
    FLOW_SCRIPT_ADD(
        script, ticks, moment, (flow_time){ own * SECOND }, .n = own, .at = { at * SECOND });
}

static flow_coll moments(flow_windows windows)
{
    p = flow_pipeline_new("stamps");
    script = flow_script_new(p);
    ticks = flow_script_input(script, "moments", &moment_type);
    return flow_window_into(ticks, &(flow_window_options){ .windows = windows });
}

#define AT FLOW_FIELD(moment, at)

START_TEST(r66_a_stamp_before_its_element_fails_with_step_element_and_times)
{
    flow_with_timestamps(moments(flow_global()), AT);
    moment_at(20, 10);
    moment_at(12, 12);
    moment_at(19, 20);
    run_badly("timestamps",
        "it emitted at 1970-01-01T00:00:19Z, which is before its element's time "
        "1970-01-01T00:00:20Z by more than its skew of 0s (R66); element {\"n\":20,");
    flow_with_timestamps_skewed(moments(flow_fixed(flow_minutes(1))), AT, flow_seconds(5));
    moment_at(14, 20);
    run_badly("timestamps", "by more than its skew of 5s (R66); element {\"n\":20,");
}
END_TEST

START_TEST(r66_a_skew_lets_stamps_lie_before_their_elements)
{
    const flow_coll in = moments(flow_fixed(flow_minutes(1)));
    flow_expect_that(flow_with_timestamps_skewed(in, AT, flow_seconds(5)), note, NULL, NULL);
    moment_at(15, 20);
    moment_at(58, 61);
    run_well();
    ck_assert_ptr_nonnull(strstr(seen_text, "@15[0,60) "));
    ck_assert_ptr_nonnull(strstr(seen_text, "@58[60,120) "));
    const flow_duration any = { INT64_MAX };
    flow_expect_that(
        flow_with_timestamps_skewed(moments(flow_global()), AT, any), note, NULL, NULL);
    moment_at(-1000000, 20);
    run_well();
    ck_assert_ptr_nonnull(strstr(seen_text, "@-1000000["));
}
END_TEST

START_TEST(r66_elements_without_a_time_may_have_any)
{
    static const struct moment rows[] = { { 1, { -70 * SECOND } }, { 2, { FLOW_TIME_MIN_US } } };
    p = flow_pipeline_new("stamps");
    const flow_coll in =
        flow_create(p, &(flow_create_options){ .type = &moment_type, .rows = rows, .count = 2 });
    flow_expect_that(flow_with_timestamps(in, AT), note, NULL, NULL);
    run_well();
    ck_assert_ptr_nonnull(strstr(seen_text, "@-70["));
}
END_TEST

START_TEST(r66_a_stamp_is_not_behind_the_last_instant)
{
    static const struct moment rows[] = { { 1, { FLOW_TIME_MAX_US } },
        { 2, { FLOW_TIME_MAX_US + 1 } } };
    for (size_t count = 1; count <= 2; count++) {
        p = flow_pipeline_new("stamps");
        const flow_create_options options = { .type = &moment_type, .rows = rows, .count = count };
        flow_with_timestamps(flow_create(p, &options), AT);
        if (count == 1)
            run_well();
        else
            run_badly("timestamps", "which is behind the end of time");
    }
}
END_TEST

TCase *stamp_tests(void)
{
    TCase *tests = tcase_create("stamps");
    tcase_add_test(tests, r66_an_output_has_the_time_it_was_given_and_the_window_of_its_element);
    tcase_add_test(tests, r66_what_is_grouped_behind_is_grouped_by_the_window_of_the_element);
    tcase_add_test(tests, r66_a_skew_lets_outputs_lie_before_their_elements);
    tcase_add_test(
        tests, r66_an_output_before_its_element_less_the_skew_fails_with_step_element_and_times);
    tcase_add_test(tests, r66_the_last_instant_is_the_latest_time);
    tcase_add_test(tests, r66_elements_in_several_windows_need_to_come_window_by_window);
    tcase_add_test(tests, r66_outputs_keep_their_own_times_where_others_are_taken_back);
    tcase_add_test(tests, r66_groups_emit_with_times_of_their_own);
    tcase_add_test(tests, r66_only_what_has_an_element_in_work_emits_at_a_time);
    tcase_add_test(tests, r66_a_skew_below_zero_is_refused);
    tcase_add_test(tests, r66_a_stamp_before_its_element_fails_with_step_element_and_times);
    tcase_add_test(tests, r66_a_skew_lets_stamps_lie_before_their_elements);
    tcase_add_test(tests, r66_elements_without_a_time_may_have_any);
    tcase_add_test(tests, r66_a_stamp_is_not_behind_the_last_instant);
    return tests;
}
