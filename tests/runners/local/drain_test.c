// SPDX-License-Identifier: Apache-2.0
// A drain of jobs in which something waits by the clock (R80): for a turn, or for the next poll.
#include <flow/keyed.h>

#include "local_test.h"

enum {
    CLICKS = 30
};

static flow_job *started(flow_pipeline *pipeline)
{
    const flow_runner runner = flow_local(&(flow_local_options){ .workers = 2 });
    flow_error error = { 0 };
    flow_job *job = flow_job_start(pipeline, &runner, &error);
    ck_assert_msg(job != NULL, "%s", error.message);
    return job;
}

static void wait_for_rows_out(const flow_job *job, uint64_t rows)
{
    flow_status_report report;
    for (flow_job_status(job, &report); report.rows_out < rows; flow_job_status(job, &report)) {
        ck_assert(!report.ended);
        nap();
    }
}

// _i: whether each key has turns of its own.
START_TEST(what_waits_for_its_turn_comes_out_of_a_drain)
{
    const flow_channel_options options = { .type = &click_type };
    const flow_channel_read_options read = { .event_time = FLOW_FIELD(click, at),
        .times = { .in_order = true } };
    const flow_throttle_options slow = {
        .elements = 1, .per = flow_millis(_i ? 60 : 20), .by_key = _i == 1
    };
    flow_channel *channel = flow_channel_new(&options, NULL);
    flow_pipeline *pipeline = flow_pipeline_new("turns");
    struct taken taken = { 0 };
    flow_coll clicks = flow_channel_read(pipeline, channel, &read);
    if (_i == 1)
        clicks = flow_key_by(clicks, FLOW_FIELD(click, user));
    flow_receive(flow_throttle(clicks, &slow), "taken", take_rows, &taken);
    flow_job *job = started(pipeline);
    for (int64_t i = 0; i < CLICKS; i++) {
        const struct click click = { { "/", 1 }, i % 3, { i * 1000 } };
        ck_assert_int_eq(flow_channel_push(channel, &click, -1), FLOW_OK);
    }
    wait_for_rows_out(job, 1);
    flow_job_drain(job);
    ck_assert_int_eq(flow_job_wait(job, NULL), FLOW_OK);
    ck_assert_int_eq(taken.rows, CLICKS);
    flow_pipeline_free(pipeline);
    flow_channel_free(channel);
}
END_TEST

// The click itself, each time anew.
static flow_status same_click(flow_ctx *ctx, const struct click *click, flow_poll *poll)
{
    return flow_poll_give_at(poll, &click_type, click, flow_event_time(ctx));
}
FLOW_POLL_FN(same_click, click, click);

START_TEST(a_drain_ends_watching_that_never_ends)
{
    struct click *clicks = clicks_make(CLICKS, 3);
    const flow_watch_options often = { .every = flow_millis(5) };
    flow_pipeline *pipeline = flow_pipeline_new("watch");
    struct taken taken = { 0 };
    flow_receive(flow_watch(clicks_read(pipeline, clicks, CLICKS), &same_click_poll, &often),
        "taken", take_rows, &taken);
    flow_job *job = started(pipeline);
    wait_for_rows_out(job, CLICKS);
    flow_status_report report;
    for (int i = 0; i < 20; i++) // goes on, though nothing new comes
        nap();
    flow_job_status(job, &report);
    ck_assert(!report.ended);
    flow_job_drain(job);
    ck_assert_int_eq(flow_job_wait(job, NULL), FLOW_OK);
    ck_assert_int_eq(taken.rows, CLICKS);
    flow_pipeline_free(pipeline);
    free(clicks);
}
END_TEST

TCase *drain_tests(void)
{
    TCase *tests = tcase_create("drain");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, what_waits_for_its_turn_comes_out_of_a_drain, 0, 2);
    tcase_add_test(tests, a_drain_ends_watching_that_never_ends);
    return tests;
}
