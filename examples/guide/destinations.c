// SPDX-License-Identifier: Apache-2.0
// Orders dealt out to files: by city at the end, by city and minute as windows fire, and counts
// that correct themselves with their signs.
#include <stdio.h>
#include <string.h>

#include <flow/file.h>
#include <flow/flow.h>
#include <flow/runner_local.h>
#include <flow/transforms.h>

struct order {
    int64_t id;
    flow_str city;
    int64_t cents;
    flow_time at;
};
FLOW_RECORD(order, id, city, cents, at);

// [destination]
// Large orders apart. The text is a path below the folder of the pattern.
static size_t by_size(const void *element, const void *config, char *text, size_t size)
{
    const struct order *order = element;
    (void)config;
    return (size_t)snprintf(text, size, "%s/%.*s", order->cents >= 1000 ? "large" : "small",
        (int)order->city.len, order->city.data);
}
// [destination]

// [batch]
static void by_city(flow_coll orders)
{
    flow_file_write(
        orders, &(flow_file_write_options){
                    .path = "out/{destination}.csv", .format = FLOW_CSV, .destination = by_size });
}
// [batch]

// [windows]
static void by_minute(flow_coll orders)
{
    const flow_window_options minutes = { .windows = flow_fixed(flow_minutes(1)),
        .lateness = flow_minutes(10),
        .accumulation = FLOW_DISCARDING };
    flow_file_write(flow_window_into(orders, &minutes),
        &(flow_file_write_options){
            .path = "out/{city}/{start}-{pane}.json", .format = FLOW_JSON });
}
// [windows]

// [signs]
static void corrected(flow_coll orders)
{
    const flow_window_options as_they_come = { .trigger =
                                                   flow_trigger_repeatedly(flow_trigger_count(2)),
        .accumulation = FLOW_RETRACTING,
        .on_time = FLOW_EMPTY_NEVER };
    flow_coll counts =
        flow_count(flow_key_by(flow_window_into(orders, &as_they_come), FLOW_FIELD(order, city)));
    flow_file_write(
        counts, &(flow_file_write_options){
                    .path = "-", .format = FLOW_JSON, .key_name = "city", .sign_name = "sign" });
}
// [signs]

int main(int argc, char **argv)
{
    if (argc != 3)
        return fprintf(stderr, "usage: destinations city|minute|signs ORDERS.csv\n"), 2;
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("destinations");
    const flow_file_read_options source = { .path = argv[2],
        .format = FLOW_CSV,
        .type = &order_type,
        .event_time = FLOW_FIELD(order, at) };
    flow_coll orders = flow_file_read(p, &source);
    if (strcmp(argv[1], "city") == 0)
        by_city(orders);
    else if (strcmp(argv[1], "minute") == 0)
        by_minute(orders);
    else
        corrected(orders);
    const flow_runner runner = flow_local(NULL);
    if (flow_run(p, &runner, &error) != FLOW_OK)
        fprintf(
            stderr, "%s in %s: %s\n", flow_status_name(error.status), error.step, error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
