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

TCase *log_tests(void)
{
    TCase *tests = tcase_create("log");
    tcase_add_test(tests, start_end_and_every_bundle_are_told);
    tcase_add_test(tests, the_error_that_ends_a_job_is_told);
    return tests;
}
