// SPDX-License-Identifier: Apache-2.0
// Saying in words how the engine stands: times, and what bounds a step's watermark.
#ifndef FL_EXPLAIN_H
#define FL_EXPLAIN_H

#include "keyed.h"

void fl_say_time(flow_buffer *out, int64_t at);
void fl_say_span(flow_buffer *out, int64_t us);

// The input watermark of a step, and from the step up to what bounds it. From any thread.
void fl_say_bounds(flow_buffer *out, const struct fl_engine *engine, uint32_t op);

#endif
