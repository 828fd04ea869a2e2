// SPDX-License-Identifier: Apache-2.0
// What the log callback is told.
#include "local_test.h"

struct lines {
    _Atomic int by_level[5];
    _Atomic int committed;
    char last_error[256];
};

static void listen(void *user, flow_log_level level, const char *step, const char *message)
{
    struct lines *lines = user;
    lines->by_level[level]++;
    if (level == FLOW_LOG_DEBUG && strstr(message, "committed"))
        lines->committed++;
    if (level == FLOW_LOG_ERROR)
        snprintf(lines->last_error, sizeof lines->last_error, "%s: %s", step, message);
}

static flow_pipeline *pipeline_told_to(struct lines *lines)
{
    const flow_pipeline_options options = { .log = listen, .log_user = lines };
    return flow_pipeline_new_with("clicks", &options);
}

START_TEST(start_end_and_every_bundle_are_told)
{
    struct lines lines = { .committed = 0 };
    struct taken taken = { 0, 0 };
    struct click *clicks = clicks_make(50000, 10);
    flow_pipeline *p = pipeline_told_to(&lines);
    count_by_minute(clicks_read(p, clicks, 50000), &taken);
    flow_error error;
    ck_assert_int_eq(run_with(p, 2, &error), FLOW_OK);
    ck_assert_int_eq(lines.by_level[FLOW_LOG_INFO], 2);
    ck_assert_int_eq(lines.by_level[FLOW_LOG_WARN], 0);
    ck_assert_int_eq(lines.by_level[FLOW_LOG_ERROR], 0);
    ck_assert_int_ge(lines.committed, 5); // four pieces, and the windows
    flow_pipeline_free(p);
    free(clicks);
}
END_TEST

static flow_status refuse(flow_ctx *ctx, const struct click *click)
{
    return click->user == 7 ? flow_fail(ctx, FLOW_USER, "user 7 is not welcome") : FLOW_OK;
}
FLOW_ELEMENT_FN(refuse, click, click);

START_TEST(the_error_that_ends_a_job_is_told)
{
    struct lines lines = { .committed = 0 };
    struct click *clicks = clicks_make(100, 10);
    flow_pipeline *p = pipeline_told_to(&lines);
    flow_do(clicks_read(p, clicks, 100), &refuse_fn);
    flow_error error;
    ck_assert_int_eq(run_with(p, 1, &error), FLOW_USER);
    ck_assert_int_eq(lines.by_level[FLOW_LOG_ERROR], 1);
    ck_assert_ptr_nonnull(strstr(lines.last_error, "refuse: user 7 is not welcome"));
    flow_pipeline_free(p);
    free(clicks);
}
END_TEST

// --- what functions say

// Lines of functions, in the order in which they came; one worker, so that nobody else writes.
struct heard {
    char text[16384];
    size_t len;
};

static void hear(void *user, flow_log_level level, const char *step, const char *message)
{
    struct heard *heard = user;
    if (strncmp(message, "say ", 4) == 0)
        heard->len += (size_t)snprintf(heard->text + heard->len, sizeof heard->text - heard->len,
            "%d %s: %s\n", (int)level, step, message);
}

static flow_status set_up(flow_ctx *ctx)
{
    flow_log(ctx, FLOW_LOG_INFO, "say setup %d", 1);
    return FLOW_OK;
}

static flow_status begin(flow_ctx *ctx)
{
    flow_log(ctx, FLOW_LOG_INFO, "say start");
    return FLOW_OK;
}

static flow_status look(flow_ctx *ctx, const struct click *click)
{
    flow_log(ctx, FLOW_LOG_WARN, "say %s of user %lld", "click", (long long)click->user);
    return FLOW_EMIT_ROW(ctx, click, click);
}

static flow_status finish(flow_ctx *ctx)
{
    flow_log(ctx, FLOW_LOG_DEBUG, "say finish");
    return FLOW_OK;
}

static flow_status tear_down(flow_ctx *ctx)
{
    flow_log(ctx, FLOW_LOG_ERROR, "say teardown");
    return FLOW_OK;
}
FLOW_ELEMENT_FN_WITH(
    look, click, (click), .setup = set_up, .start = begin, .finish = finish, .teardown = tear_down);

struct last {
    int64_t at;
};
FLOW_RECORD(last, at);

static flow_status wait_a_minute(
    flow_ctx *ctx, const int64_t *user, const struct click *click, struct last *last)
{
    flow_log(ctx, FLOW_LOG_INFO, "say state of %lld", (long long)*user);
    last->at = click->at.us;
    flow_timer_set(ctx, (flow_time){ click->at.us + 1000 });
    return FLOW_OK;
}

static flow_status wait_a_minute_timer(flow_ctx *ctx, const int64_t *user, struct last *last)
{
    flow_log(ctx, FLOW_LOG_INFO, "say timer of %lld", (long long)*user);
    return FLOW_EMIT(ctx, last, .at = last->at);
}
FLOW_STATEFUL_FN(wait_a_minute, int64_t, click, last, last);

static flow_status total(flow_ctx *ctx, const int64_t *user, flow_rows *rows)
{
    flow_log(ctx, FLOW_LOG_INFO, "say group of %lld: %zu", (long long)*user, flow_rows_count(rows));
    return FLOW_OK;
}
FLOW_GROUP_FN(total, int64_t, click, click);

static void run_heard(struct heard *heard, flow_log_level level)
{
    struct click *clicks = clicks_make(1, 1);
    const flow_pipeline_options options = { .log = hear, .log_user = heard, .log_level = level };
    flow_pipeline *p = flow_pipeline_new_with("heard", &options);
    const flow_window_options minutes = { .windows = flow_fixed(flow_minutes(1)) };
    const flow_coll in = flow_window_into(flow_do(clicks_read(p, clicks, 1), &look_fn), &minutes);
    const flow_coll by_user = flow_key_by(in, FLOW_FIELD(click, user));
    flow_do(by_user, &wait_a_minute_fn);
    flow_group(by_user, &total_fn);
    flow_error error;
    ck_assert_msg(run_with(p, 1, &error) == FLOW_OK, "%s: %s", error.step, error.message);
    flow_pipeline_free(p);
    free(clicks);
}

START_TEST(functions_log_from_every_call_with_step_key_and_window)
{
    struct heard heard = { .len = 0 };
    run_heard(&heard, 0);
    const char *const minute = "window 1970-01-01T00:00:00Z to 1970-01-01T00:01:00Z";
    char line[200];
    static const char *const plain[] = { "3 look: say setup 1\n", "3 look: say start\n",
        "2 look: say click of user 0\n", "4 look: say finish\n", "1 look: say teardown\n" };
    for (size_t i = 0; i < COUNT_OF(plain); i++)
        ck_assert_msg(strstr(heard.text, plain[i]) != NULL, "no %s in %s", plain[i], heard.text);
    static const char *const keyed[] = { "3 wait_a_minute: say state of 0",
        "3 wait_a_minute: say timer of 0", "3 total: say group of 0: 1" };
    for (size_t i = 0; i < COUNT_OF(keyed); i++) {
        snprintf(line, sizeof line, "%s; {\"key\":0}; %s\n", keyed[i], minute);
        ck_assert_msg(strstr(heard.text, line) != NULL, "no %s in %s", line, heard.text);
    }
}
END_TEST

START_TEST(lines_behind_the_level_of_the_pipeline_are_not_made)
{
    static const flow_log_level levels[] = { FLOW_LOG_ERROR, FLOW_LOG_WARN, FLOW_LOG_INFO };
    for (size_t i = 0; i < COUNT_OF(levels); i++) {
        struct heard heard = { .len = 0 };
        run_heard(&heard, levels[i]);
        ck_assert((strstr(heard.text, "teardown") != NULL));
        ck_assert((strstr(heard.text, "click of") != NULL) == (levels[i] >= FLOW_LOG_WARN));
        ck_assert((strstr(heard.text, "setup") != NULL) == (levels[i] >= FLOW_LOG_INFO));
        ck_assert_ptr_null(strstr(heard.text, "finish"));
    }
}
END_TEST

START_TEST(lines_of_the_engine_keep_to_the_level_too)
{
    struct lines lines = { .committed = 0 };
    struct taken taken = { 0, 0 };
    struct click *clicks = clicks_make(100, 10);
    const flow_pipeline_options options = {
        .log = listen, .log_user = &lines, .log_level = FLOW_LOG_INFO
    };
    flow_pipeline *p = flow_pipeline_new_with("clicks", &options);
    count_by_minute(clicks_read(p, clicks, 100), &taken);
    flow_error error;
    ck_assert_int_eq(run_with(p, 1, &error), FLOW_OK);
    ck_assert_int_eq(lines.by_level[FLOW_LOG_INFO], 2);
    ck_assert_int_eq(lines.by_level[FLOW_LOG_DEBUG], 0);
    flow_pipeline_free(p);
    free(clicks);
}
END_TEST

static flow_status say_much(flow_ctx *ctx, const struct click *click)
{
    (void)click;
    char much[2000];
    for (size_t i = 0; i < sizeof much - 1; i += 3)
        memcpy(&much[i], "\xE2\x82\xAC", sizeof much - 1 - i < 3 ? sizeof much - 1 - i : 3);
    much[sizeof much - 1] = '\0';
    flow_log(ctx, FLOW_LOG_INFO, "say %s", much);
    return FLOW_OK;
}
FLOW_ELEMENT_FN(say_much, click, click);

START_TEST(a_long_line_is_cut_between_characters)
{
    struct heard heard = { .len = 0 };
    struct click *clicks = clicks_make(1, 1);
    const flow_pipeline_options options = { .log = hear, .log_user = &heard };
    flow_pipeline *p = flow_pipeline_new_with("much", &options);
    flow_do(clicks_read(p, clicks, 1), &say_much_fn);
    flow_error error;
    ck_assert_int_eq(run_with(p, 1, &error), FLOW_OK);
    const size_t head = strlen("3 say_much: say ");
    ck_assert_uint_gt(heard.len, 880);
    ck_assert_uint_lt(heard.len, 930);
    ck_assert_uint_eq((heard.len - head - 1) % 3, 0);
    flow_pipeline_free(p);
    free(clicks);
}
END_TEST

TCase *log_tests(void)
{
    TCase *tests = tcase_create("log");
    tcase_add_test(tests, start_end_and_every_bundle_are_told);
    tcase_add_test(tests, the_error_that_ends_a_job_is_told);
    tcase_add_test(tests, functions_log_from_every_call_with_step_key_and_window);
    tcase_add_test(tests, lines_behind_the_level_of_the_pipeline_are_not_made);
    tcase_add_test(tests, lines_of_the_engine_keep_to_the_level_too);
    tcase_add_test(tests, a_long_line_is_cut_between_characters);
    return tests;
}
