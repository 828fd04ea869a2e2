// SPDX-License-Identifier: Apache-2.0
// An option that the step does not have.
// gcc: has no member named 'paht'
// clang: field designator 'paht' does not refer to any field
#include "words.h"

flow_coll lines(flow_pipeline *pipeline);

flow_coll lines(flow_pipeline *pipeline)
{
    return flow_file_read(pipeline, &(flow_file_read_options){ .paht = "in.txt" });
}
