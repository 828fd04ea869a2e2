// SPDX-License-Identifier: Apache-2.0
// Revenue by city: first_pipeline ORDERS.csv
#include <stdio.h>

#include <flow/file.h>
#include <flow/flow.h>
#include <flow/runner_local.h>
#include <flow/transforms.h>

// [record]
struct order {
    int64_t id;
    flow_str city;
    int64_t cents;
    flow_time at;
};
FLOW_RECORD(order, id, city, cents, at);
// [record]

// [function]
static bool is_large(const flow_ctx *ctx, const struct order *order)
{
    (void)ctx;
    return order->cents >= 500;
}
FLOW_FILTER_FN(is_large, order);
// [function]

// [graph]
static void build(flow_pipeline *p, const char *path)
{
    const flow_file_read_options source = { .path = path, .format = FLOW_CSV, .type = &order_type };
    flow_coll orders = flow_file_read(p, &source);
    flow_coll large = flow_do(orders, &is_large_fn);
    flow_coll by_city = flow_key_by(large, FLOW_FIELD(order, city));
    flow_coll revenue = flow_sum(by_city, FLOW_FIELD(order, cents));
    const flow_file_write_options sink = { .path = "-", .format = FLOW_CSV, .key_name = "city" };
    flow_file_write(revenue, &sink);
}
// [graph]

// [main]
int main(int argc, char **argv)
{
    if (argc < 2)
        return fprintf(stderr, "usage: first_pipeline ORDERS.csv [--plan]\n"), 2;
    flow_pipeline *p = flow_pipeline_new("revenue");
    build(p, argv[1]);

    flow_error error = { 0 };
    if (argc > 2) {
        char *plan = flow_pipeline_print(p, FLOW_PRINT_TEXT);
        fputs(plan ? plan : "", stdout);
        flow_text_free(plan);
    } else if (flow_run(p, &flow_local_runner, &error) != FLOW_OK) {
        fprintf(stderr, "%s: %s\n", error.step, error.message);
    }
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
// [main]
