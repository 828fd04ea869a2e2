// SPDX-License-Identifier: Apache-2.0
// Tests of a pipeline: a script in place of the source, expectations in place of the sink, a clock
// and an order of work that the test chooses. No file, no thread, some milliseconds.
#include <stdio.h>

#include <flow/test.h>
#include <flow/transforms.h>

struct order {
    flow_str city;
    int64_t cents;
};
FLOW_RECORD(order, city, cents);

// [subject]
// What is tested: a function from collection to collection, which knows no source and no sink.
static flow_coll revenue_by_hour(flow_coll orders, flow_accumulation accumulation)
{
    const flow_window_options hours = { .windows = flow_fixed(flow_hours(1)),
        .lateness = flow_minutes(10),
        .accumulation = accumulation };
    flow_coll windowed = flow_window_into(orders, &hours);
    return flow_sum(flow_key_by(windowed, FLOW_FIELD(order, city)), FLOW_FIELD(order, cents));
}
// [subject]

// [script]
static flow_time minute(int64_t n)
{
    return (flow_time){ flow_minutes(n).us };
}

static flow_coll four_orders(flow_pipeline *p)
{
    flow_script *script = flow_script_new(p);
    flow_coll orders = flow_script_input(script, "orders", &order_type);
    FLOW_SCRIPT_ADD(script, orders, order, minute(0), .city = { "Kyiv", 4 }, .cents = 100);
    FLOW_SCRIPT_ADD(script, orders, order, minute(1), .city = { "Lima", 4 }, .cents = 30);
    flow_script_watermark(script, orders, minute(60)); // the first hour is over …
    FLOW_SCRIPT_ADD(script, orders, order, minute(59), .city = { "Kyiv", 4 }, .cents = 5);
    flow_script_watermark(script, orders, minute(70)); // … and takes nothing any more
    FLOW_SCRIPT_ADD(script, orders, order, minute(58), .city = { "Kyiv", 4 }, .cents = 7);
    return orders;
}
// [script]

// [expect]
static flow_status sums_per_city_and_hour(flow_error *error)
{
    flow_pipeline *p = flow_pipeline_new("test");
    flow_coll revenue = revenue_by_hour(four_orders(p), FLOW_DISCARDING);
    const flow_expect_options on_time = { .name = "on time", .panes = FLOW_PANES_ON_TIME };
    const flow_expect_options late = { .name = "late", .panes = FLOW_PANES_LATE };
    flow_expect_map(revenue,
        (const char *[]){ "\"Kyiv\": {\"value\":100}", "\"Lima\": {\"value\":30}" }, 2, &on_time);
    flow_expect_one(revenue, "\"Kyiv\": {\"value\":5}", &late);
    // three workers that take turns by 20 seeds; bundles that fail and are tried again
    const flow_simulated_options options = { .workers = 3, .seeds = 20, .fail_one_in = 10 };
    const flow_runner runner = flow_simulated(&options);
    const flow_status status = flow_run(p, &runner, error);
    flow_pipeline_free(p);
    return status;
}
// [expect]

// [folded]
static flow_status corrections_come_to_the_sum(flow_error *error)
{
    flow_pipeline *p = flow_pipeline_new("test");
    flow_coll revenue = revenue_by_hour(four_orders(p), FLOW_RETRACTING);
    // the late result takes the first back: 100, then −100 and 105
    const flow_expect_options folded = { .panes = FLOW_PANES_FOLDED };
    flow_expect_map(revenue,
        (const char *[]){ "\"Kyiv\": {\"value\":105}", "\"Lima\": {\"value\":30}" }, 2, &folded);
    const flow_runner runner = flow_simulated(NULL);
    const flow_status status = flow_run(p, &runner, error);
    flow_pipeline_free(p);
    return status;
}
// [folded]

// [report]
int main(void)
{
    flow_error error = { 0 };
    flow_report *report = flow_report_new("revenue");
    if (!report)
        return 1;
    flow_status status = sums_per_city_and_hour(&error);
    flow_report_add(report, "sums per city and hour", status, &error, flow_millis(0));
    status = corrections_come_to_the_sum(&error);
    flow_report_add(report, "corrections come to the sum", status, &error, flow_millis(0));
    char *text = flow_report_print(report, FLOW_REPORT_TAP);
    fputs(text ? text : "", stdout);
    flow_text_free(text);
    const size_t failed = flow_report_failed(report);
    flow_report_free(report);
    return failed ? 1 : 0;
}
// [report]
