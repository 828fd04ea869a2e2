// SPDX-License-Identifier: Apache-2.0
// Orders from CSV files to compressed JSON lines, a file a worker, and their number read back.
#include <stdio.h>

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

// [write]
static void convert(flow_pipeline *p, const char *from, const char *to)
{
    const flow_file_read_options source = {
        .path = from, .format = FLOW_CSV, .type = &order_type, .event_time = FLOW_FIELD(order, at)
    };
    const flow_file_write_options sink = {
        .path = to, .format = FLOW_JSON, .compression = FLOW_COMPRESSION_GZIP, .sharded = true
    };
    flow_file_write(flow_file_read(p, &source), &sink);
}
// [write]

// [read]
static void count(flow_pipeline *p, const char *pattern)
{
    const flow_file_read_options source = {
        .path = pattern, .format = FLOW_JSON, .type = &order_type
    };
    flow_coll counts = flow_count(flow_file_read(p, &source));
    flow_file_write(counts, &(flow_file_write_options){ .path = "-", .format = FLOW_JSON });
}
// [read]

int main(int argc, char **argv)
{
    if (argc < 2)
        return fprintf(stderr, "usage: files FROM.csv TO | files 'PATTERN'\n"), 2;
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("files");
    if (argc > 2)
        convert(p, argv[1], argv[2]);
    else
        count(p, argv[1]);
    const flow_local_options two = { .workers = 2 };
    const flow_runner runner = flow_local(&two);
    if (flow_run(p, &runner, &error) != FLOW_OK)
        fprintf(
            stderr, "%s in %s: %s\n", flow_status_name(error.status), error.step, error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
