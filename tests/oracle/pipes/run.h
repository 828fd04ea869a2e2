// SPDX-License-Identifier: Apache-2.0
// A run of a pipeline: fed from a golden file, and compared with it.
#ifndef ORACLE_RUN_H
#define ORACLE_RUN_H

#include <yyjson.h>

#include <flow/test.h>

#include "pipe.h"

enum {
    PIPE_INPUTS = 4,
    PIPE_OUTPUTS = 6
};

struct pipe {
    flow_pipeline *pipeline;
    yyjson_val *run; // of the golden file
    flow_script *script;
    struct pipe_source {
        const char *name;
        const flow_type *type;
        flow_coll coll;
        flow_json *json;
    } inputs[PIPE_INPUTS];
    struct pipe_wanted {
        struct pipe *pipe;
        const char *name;
        yyjson_val *rows;
    } outputs[PIPE_OUTPUTS];
    size_t input_count, output_count;
    char difference[1 << 11]; // of what Beam gave and what we gave
};

// Builds a pipeline for a run. Released with pipe_end, also where this fails.
flow_status pipe_begin(struct pipe *pipe, yyjson_val *run, pipe_build *build, flow_error *error);

void pipe_end(struct pipe *pipe);

// Judges an output; `user` is its struct pipe_wanted.
bool pipe_judge(const flow_seen *seen, size_t count, void *user, flow_error *error);

#endif
