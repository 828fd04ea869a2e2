// SPDX-License-Identifier: Apache-2.0
// Clicks.
#include "clicks.h"

static const flow_field click_fields[] = { FLOW_COLUMN(click, user), FLOW_COLUMN(click, n) };
const flow_type click_type = { "click", sizeof(struct click), _Alignof(struct click), 2,
    click_fields };

flow_pipeline *p;
flow_script *script;
flow_coll clicks;

void clicks_setup(void)
{
    p = flow_pipeline_new("clicks");
    script = flow_script_new(p);
    clicks = flow_script_input(script, "clicks", &click_type);
}

void clicks_teardown(void)
{
    flow_pipeline_free(p);
}

flow_time second(int64_t n)
{
    return (flow_time){ n * 1000000 };
}

flow_coll windowed(int64_t seconds)
{
    const flow_window_options cut = { .windows = flow_fixed(flow_seconds(seconds)) };
    return flow_window_into(clicks, &cut);
}

flow_coll in_visits(int64_t seconds)
{
    const flow_window_options cut = { .windows = flow_sessions(flow_seconds(seconds)) };
    return flow_window_into(clicks, &cut);
}

void click(const char *user, int64_t n, int64_t at)
{
    FLOW_SCRIPT_ADD(script, clicks, click, second(at), .user = flow_str_of(user), .n = n);
}

void watermark(int64_t at)
{
    flow_script_watermark(script, clicks, second(at));
}

void wait_for(int64_t seconds)
{
    flow_script_clock(script, flow_seconds(seconds));
}

void passes(void)
{
    const flow_simulated_options options = { .workers = 3, .seeds = 5, .fail_one_in = 7 };
    const flow_runner runner = flow_simulated(&options);
    flow_error error;
    const flow_status status = flow_run(p, &runner, &error);
    ck_assert_msg(status == FLOW_OK, "%s: %s", error.step, error.message);
}

void refused(const char *message)
{
    flow_error error = { 0 };
    ck_assert_int_ne(flow_pipeline_check(p, &error), FLOW_OK);
    ck_assert_str_eq(error.message, message);
    clicks_teardown();
    clicks_setup();
}
