// SPDX-License-Identifier: Apache-2.0
// The physical plan: which step hands rows to which, where rows are shuffled by key, and whose
// watermark bounds whose input. Read-only once made (invariant 1).
#ifndef FL_PLAN_H
#define FL_PLAN_H

#include "batch.h"

enum fl_op_kind {
    FL_OP_SOURCE,
    FL_OP_EMIT,
    FL_OP_MAP,
    FL_OP_UPDATE,
    FL_OP_FILTER,
    FL_OP_WINDOW,
    FL_OP_TIMESTAMP,
    FL_OP_COMBINE,
    FL_OP_GROUP,
    FL_OP_STATEFUL,
    FL_OP_SINK
};

// A consumer of an output and how the rows it gets lie.
struct fl_target {
    uint32_t op;
    flow_shape shape;
    const flow_edge *edge; // as the consumer sees it: windowing and type
};

struct fl_targets {
    struct fl_target *list;
    uint32_t count;
};

struct fl_plan_op {
    enum fl_op_kind kind;
    const flow_node *node;
    const flow_edge *in;  // NULL for sources
    const flow_edge *out; // output 0, or NULL
    flow_shape shape;     // of the first input
    struct fl_targets outs[FLOW_OUTPUTS];
    bool bare[FLOW_OUTPUTS]; // nobody who takes the output looks at times: they need not be kept
    bool keyed;              // has state by key
    bool local;              // keyed, and fed by a keyed step with the same key: no shuffle
    uint32_t stage;    // keyed: the first keyed op of the stage it runs in (itself or upstream)
    uint32_t feeder;   // local: the keyed op upstream
    uint64_t *origins; // bits by op: sources and keyed ops whose watermarks bound its input
    uint64_t *reaches; // bits by op: shuffled ops that its outputs may fill
};

struct fl_plan {
    const flow_graph *graph;
    struct fl_plan_op *ops; // in topological order
    uint32_t op_count;
    uint32_t words; // of a bit set
};

// Whether ops of the kind have state by key.
bool fl_plan_keyed(enum fl_op_kind kind);

// Makes the plan in `mem`. False with the error.
bool fl_plan_make(struct fl_plan *plan, const flow_graph *graph, struct fl_cache *cache,
    struct fl_mem *mem, flow_error *error);

#endif
