// SPDX-License-Identifier: Apache-2.0
// Where the inputs of a pipeline come from: a script, or rows in memory.
#include "run.h"

static void *take(void *user, size_t size)
{
    return flow_pipeline_alloc(user, size);
}

// An element as JSON.
static bool read_row(
    struct pipe *pipe, const struct pipe_source *input, yyjson_val *element, void *row)
{
    const flow_memory memory = { take, pipe->pipeline };
    const flow_str text = { yyjson_get_str(element), yyjson_get_len(element) };
    flow_error error = { 0 };
    const flow_status status = flow_json_read(input->json, text, row, &memory, &error);
    if (status != FLOW_OK)
        flow_pipeline_fail(pipe->pipeline, status, input->name, "%s", error.message);
    return status == FLOW_OK;
}

// --- rows in memory

static flow_coll rows_of(struct pipe *pipe, const struct pipe_source *input, yyjson_val *rows)
{
    const size_t size = input->type->size;
    char *memory = flow_pipeline_alloc(pipe->pipeline, size * (yyjson_arr_size(rows) + 1));
    const flow_field *at = flow_type_field(input->type, "at");
    flow_create_options options = { .name = input->name, .type = input->type, .rows = memory };
    size_t i, count;
    yyjson_val *row;
    yyjson_arr_foreach(rows, i, count, row)
    {
        if (!memory || !read_row(pipe, input, yyjson_arr_get(row, 1), memory + i * size))
            break;
        options.count++;
    }
    if (at)
        options.event_time = (flow_field_ref){ input->type, at->name, at->offset, at->kind };
    return flow_create(pipe->pipeline, &options);
}

// --- a script

static void add(struct pipe *pipe, yyjson_val *step)
{
    const char *name = yyjson_get_str(yyjson_arr_get(step, 1));
    for (size_t i = 0; i < pipe->input_count; i++) {
        const struct pipe_source *input = &pipe->inputs[i];
        if (strcmp(input->name, name) != 0)
            continue;
        yyjson_val *at = yyjson_arr_get(step, 2);
        void *row = flow_pipeline_alloc(pipe->pipeline, input->type->size);
        if (row && read_row(pipe, input, yyjson_arr_get(step, 3), row))
            flow_script_add(pipe->script, input->coll, (flow_time){ yyjson_get_sint(at) * 1000 },
                input->type, row);
        return;
    }
    flow_pipeline_fail(
        pipe->pipeline, FLOW_INVALID, name, "the pipeline does not ask for this input");
}

static void play(struct pipe *pipe, yyjson_val *script)
{
    size_t i, count;
    yyjson_val *step;
    yyjson_arr_foreach(script, i, count, step)
    {
        const char *what = yyjson_get_str(yyjson_arr_get(step, 0));
        const int64_t ms = yyjson_get_sint(yyjson_arr_get(step, 1));
        if (strcmp(what, "add") == 0)
            add(pipe, step);
        else if (strcmp(what, "clock") == 0)
            flow_script_clock(pipe->script, flow_millis(ms));
        else
            for (size_t k = 0; k < pipe->input_count; k++)
                flow_script_watermark(pipe->script, pipe->inputs[k].coll, (flow_time){ ms * 1000 });
    }
}

// --- what pipelines ask for

flow_coll pipe_input(struct pipe *pipe, const char *name, const flow_type *type)
{
    const flow_coll none = { pipe->pipeline, 0 };
    struct pipe_source *input = &pipe->inputs[pipe->input_count];
    flow_error error = { 0 };
    if (pipe->input_count == PIPE_INPUTS)
        return none;
    *input = (struct pipe_source){ name, type, none, flow_json_new(type, NULL, &error) };
    if (!input->json) {
        flow_pipeline_fail(pipe->pipeline, error.status, name, "%s", error.message);
        return none;
    }
    pipe->input_count++;
    input->coll = pipe->script ? flow_script_input(pipe->script, name, type)
                               : rows_of(pipe, input,
                                     yyjson_obj_get(yyjson_obj_get(pipe->run, "rows"), name));
    return input->coll;
}

void pipe_output(struct pipe *pipe, const char *name, flow_coll coll)
{
    yyjson_val *rows = yyjson_obj_get(yyjson_obj_get(pipe->run, "outputs"), name);
    if (!rows || pipe->output_count == PIPE_OUTPUTS) {
        flow_pipeline_fail(pipe->pipeline, FLOW_INVALID, name, "Beam's side has no such output");
        return;
    }
    struct pipe_wanted *wanted = &pipe->outputs[pipe->output_count++];
    *wanted = (struct pipe_wanted){ pipe, name, rows };
    flow_scope_begin(pipe->pipeline, "beam");
    flow_expect_that(coll, pipe_judge, wanted, &(flow_expect_options){ .name = name });
    flow_scope_end(pipe->pipeline);
}

flow_status pipe_begin(struct pipe *pipe, yyjson_val *run, pipe_build *build, flow_error *error)
{
    yyjson_val *script = yyjson_obj_get(run, "script");
    memset(pipe, 0, sizeof *pipe);
    pipe->run = run;
    pipe->pipeline = flow_pipeline_new(yyjson_get_str(yyjson_obj_get(run, "pipe")));
    if (!pipe->pipeline)
        return flow_error_raise(error, FLOW_MEMORY, NULL, "no memory for a pipeline");
    if (script)
        pipe->script = flow_script_new(pipe->pipeline);
    build(pipe);
    if (script)
        play(pipe, script);
    if (pipe->output_count != yyjson_obj_size(yyjson_obj_get(run, "outputs")))
        flow_pipeline_fail(
            pipe->pipeline, FLOW_INVALID, NULL, "Beam's side has outputs that ours has not");
    return flow_pipeline_check(pipe->pipeline, error);
}

void pipe_end(struct pipe *pipe)
{
    flow_pipeline_free(pipe->pipeline);
    for (size_t i = 0; i < pipe->input_count; i++)
        flow_json_free(pipe->inputs[i].json);
}
