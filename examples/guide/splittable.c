// SPDX-License-Identifier: Apache-2.0
// A function whose work on one element may be large: counts lines of files whose names are
// elements.
#include <stdio.h>
#include <stdlib.h>

#include <flow/file.h>
#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/transforms.h>

struct file {
    flow_str path;
};
FLOW_RECORD(file, path);

static FILE *open_file(flow_ctx *ctx, const struct file *file)
{
    FILE *in = fopen(flow_format(ctx, "%.*s", (int)file->path.len, file->path.data).data, "rb");
    if (!in)
        flow_fail(ctx, FLOW_IO, "%.*s cannot be opened", (int)file->path.len, file->path.data);
    return in;
}

// [initial]
static flow_status all_bytes(flow_ctx *ctx, const void *element, void *restriction)
{
    struct flow_offset_range *range = restriction;
    FILE *in = open_file(ctx, element);
    if (!in)
        return FLOW_IO;
    fseek(in, 0, SEEK_END);
    range->to = ftell(in);
    fclose(in);
    return FLOW_OK;
}
// [initial]

// [split]
#define PART 64 // bytes; a real one takes some MiB

static flow_status in_parts(flow_ctx *ctx, const void *element, const void *restriction)
{
    struct flow_offset_range part = *(const struct flow_offset_range *)restriction;
    const int64_t end = part.to;
    (void)element;
    for (; part.from < end; part.from = part.to) {
        part.to = end - part.from > PART ? part.from + PART : end;
        flow_split_part(ctx, &flow_offset_range_type, &part);
    }
    return FLOW_OK;
}
// [split]

// [process]
static flow_status read_lines(flow_ctx *ctx, const struct file *file)
{
    int64_t at = FLOW_RESTRICTION(ctx, flow_offset_range)->from;
    char *text = NULL;
    size_t room = 0;
    ssize_t len = 0;
    FILE *in = open_file(ctx, file);
    if (!in)
        return FLOW_IO;
    // a line belongs to the part that its first byte lies in
    fseek(in, at > 0 ? at - 1 : 0, SEEK_SET);
    if (at > 0 && (len = getline(&text, &room, in)) > 0)
        at += len - 1;
    while (flow_claim_offset(ctx, at) && (len = getline(&text, &room, in)) > 0) {
        FLOW_EMIT(ctx, flow_line, .text = { text, (size_t)len - (text[len - 1] == '\n') });
        at += len;
    }
    free(text);
    fclose(in);
    return FLOW_OK;
}
FLOW_SPLIT_FN(read_lines, file, (flow_line), .tracker = &flow_offset_tracker, .initial = all_bytes,
    .split = in_parts);
// [process]

int main(int argc, char **argv)
{
    struct file files[16];
    size_t count = 0;
    for (int i = 1; i < argc && count < 16; i++)
        files[count++].path = flow_str_of(argv[i]);
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("splittable");
    // [use]
    const flow_coll names =
        flow_create(p, &(flow_create_options){ .type = &file_type, .rows = files, .count = count });
    const flow_coll lines = flow_split(names, &read_lines_split);
    // [use]
    flow_file_write(
        flow_count(lines), &(flow_file_write_options){ .path = "-", .format = FLOW_JSON });
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "splittable: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
