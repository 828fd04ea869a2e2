// SPDX-License-Identifier: Apache-2.0
// Calls a function's `process` with one output that has room for so many rows, as an engine would.
#ifndef FLOW_CORE_EMIT_H
#define FLOW_CORE_EMIT_H

#include "core_test.h"

typedef struct emission {
    char *rows;        // as many as fitted
    uint16_t *origins; // the row each came from
    uint32_t count;
    uint32_t next; // ctx->next on return
    flow_status status;
} emission;

// Rows beyond `room` fail with FLOW_BUDGET, as the engine's slow way does without memory.
void emit_with(const flow_fn *fn, const flow_batch *batch, uint32_t room, emission *into);

#endif
