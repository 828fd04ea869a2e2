// SPDX-License-Identifier: Apache-2.0
// The comparison with Beam: a case as a pipeline of ours, and the panes it gives as text.
#ifndef ORACLE_H
#define ORACLE_H

#include <yyjson.h>

#include <flow/test.h>
#include <flow/transforms.h>

// An element of every case.
struct entry {
    flow_str key;
    int64_t value;
};
extern const flow_type entry_type;

// The windowing of a case; false when it names something unknown.
bool oracle_windowing(yyjson_val *c, flow_window_options *options);

// The script of a case as an input of the pipeline.
flow_coll oracle_script(flow_pipeline *pipeline, yyjson_val *c);

// Panes, a line each, sorted, as text of at most `size` bytes.
struct oracle_text {
    char *text;
    size_t size;
};
void oracle_panes_of_beam(yyjson_val *c, struct oracle_text *into);

// Runs a case. FLOW_OK with its panes, or why it was refused.
flow_status oracle_run(yyjson_val *c, struct oracle_text *into, flow_error *error);

#endif
