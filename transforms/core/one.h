// SPDX-License-Identifier: Apache-2.0
// A collection of one row: where steps begin that need no input.
#ifndef FL_CORE_ONE_H
#define FL_CORE_ONE_H

#include <flow/transforms.h>

// The row lives as long as the pipeline; it has no event time.
flow_coll fl_one(flow_pipeline *pipeline, const flow_type *type, const void *row);

#endif
