// SPDX-License-Identifier: Apache-2.0
// A recording: what a source gave in one run is given again in a test.
#include <stdio.h>
#include <stdlib.h>

#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/test.h>
#include <flow/transforms.h>

struct order {
    flow_str city;
    int64_t cents;
    flow_time at;
};
FLOW_RECORD(order, city, cents, at);

static flow_coll revenue(flow_coll orders)
{
    const flow_window_options hours = { .windows = flow_fixed(flow_hours(1)) };
    const flow_coll by_city = flow_key_by(orders, FLOW_FIELD(order, city));
    return flow_sum(flow_window_into(by_city, &hours), FLOW_FIELD(order, cents));
}

static void nothing(void *user, const flow_elements *elements)
{
    (void)user, (void)elements;
}

// [record]
static flow_status run_and_record(const char *path, flow_error *error)
{
    static const struct order rows[] = { { { "Kyiv", 4 }, 100, { 0 } },
        { { "Lima", 4 }, 30, { 60000000 } }, { { "Kyiv", 4 }, 5, { 120000000 } } };
    flow_pipeline *p = flow_pipeline_new("production");
    flow_coll orders = flow_create(p,
        &(flow_create_options){
            .type = &order_type, .rows = rows, .count = 3, .event_time = FLOW_FIELD(order, at) });
    flow_record(orders, path);
    flow_receive(revenue(orders), NULL, nothing, NULL);
    const flow_status status = flow_run(p, &flow_local_runner, error);
    flow_pipeline_free(p);
    return status;
}
// [record]

// [replay]
static flow_status same_again(const char *path, flow_error *error)
{
    flow_pipeline *p = flow_pipeline_new("test");
    flow_script *script = flow_script_new(p);
    flow_coll orders = flow_script_replay(script, "orders", &order_type, path);
    flow_expect(revenue(orders), "\"Kyiv\": {\"value\":105}", "\"Lima\": {\"value\":30}");
    const flow_runner runner = flow_simulated(NULL);
    const flow_status status = flow_run(p, &runner, error);
    flow_pipeline_free(p);
    return status;
}
// [replay]

int main(void)
{
    flow_error error = { 0 };
    const char *path = "orders.recording";
    if (run_and_record(path, &error) == FLOW_OK && same_again(path, &error) == FLOW_OK)
        puts("the same again");
    else
        fprintf(stderr, "%s: %s\n", error.step, error.message);
    remove(path);
    return error.status == FLOW_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
