// SPDX-License-Identifier: Apache-2.0
// JSON lines to an Avro file, and an Avro file shown as JSON lines.
#include <stdio.h>

#include <flow/file.h>
#include <flow/flow.h>
#include <flow/runner_local.h>

// [avro]
struct visit {
    int64_t id;
    flow_str city;
    bool has_note; // whether there is a note: no column of its own
    flow_str note;
    flow_time at;
};
FLOW_RECORD_OF(visit, FLOW_COLUMN(visit, id), FLOW_COLUMN(visit, city),
    FLOW_COLUMN_OPTIONAL(visit, note, has_note), FLOW_COLUMN(visit, at));

static void to_avro(flow_pipeline *p, const char *from, const char *to)
{
    const flow_file_read_options source = {
        .path = from, .format = FLOW_JSON, .type = &visit_type
    };
    const flow_file_write_options sink = {
        .path = to, .format = FLOW_AVRO, .compression = FLOW_COMPRESSION_ZSTD
    };
    flow_file_write(flow_file_read(p, &source), &sink);
}
// [avro]

static void show(flow_pipeline *p, const char *from)
{
    const flow_file_read_options source = {
        .path = from, .format = FLOW_AVRO, .type = &visit_type
    };
    flow_file_write(
        flow_file_read(p, &source), &(flow_file_write_options){ .path = "-", .format = FLOW_JSON });
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return fprintf(stderr, "usage: avro FROM.json TO.avro | avro FROM.avro\n"), 2;
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("avro");
    if (argc > 2)
        to_avro(p, argv[1], argv[2]);
    else
        show(p, argv[1]);
    const flow_runner runner = flow_local(NULL);
    if (flow_run(p, &runner, &error) != FLOW_OK)
        fprintf(
            stderr, "%s in %s: %s\n", flow_status_name(error.status), error.step, error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
