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
    FL_OP_SINK,
    FL_OP_VIEW,  // what functions look into: takes what its grouping fires
    FL_OP_TABLE, // the same by key and time: takes changes
    FL_OP_SPLIT, // a splittable function: elements wait in a pile and are worked on part by part
    FL_OP_GATE,  // before a step with side inputs: rows wait here until those are ready
    FL_OP_LIVES, // a combine or group on the general path: see live.h
    FL_OP_APART  // a function behind a shuffle, without state
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

// Who looks into a view, as far as it tells how long windows and versions are needed.
struct fl_looker {
    uint32_t op;            // whose output watermark nobody asks behind: a gate or a keyed step
    flow_duration lateness; // of its input
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
    bool signs;              // its input may take elements back
    bool write_windows;      // WINDOW: writes them down by row
    bool local;              // keyed, and fed by a keyed step with the same key: no shuffle
    uint32_t stage;    // keyed: the first keyed op of the stage it runs in (itself or upstream)
    uint32_t feeder;   // local: the keyed op upstream
    uint64_t *inputs;  // bits by op: sources and splittable steps upstream, all that a drain ends
    uint64_t *origins; // bits by op: sources and keyed ops whose watermarks bound its input
    uint64_t *reaches; // bits by op: shuffled ops that its outputs may fill, and gates
    // views: their number among the views, whether a window has fired once the watermark has passed
    // its end, and who looks into them
    uint32_t view;
    bool fires_at_end;
    struct fl_looker *lookers;
    uint32_t looker_count;
    // steps with side inputs and their gates: the views' ops, by number of the side input
    uint32_t *sides;
    uint32_t side_count;
    bool several;    // an element that reaches it may lie in several windows (R22)
    bool explode;    // such a one reaches it once per window
    bool windowless; // such a one reaches it as it comes: it may not ask for the window
    bool follows;    // gates: tables bound the output watermark, since steps behind ask by timers
};

struct fl_plan {
    const flow_graph *graph;
    struct fl_plan_op *ops; // in topological order
    uint32_t op_count;
    uint32_t words;  // of a bit set
    uint32_t *views; // ops of views, by their number
    uint32_t view_count;
};

// Whether ops of the kind have state by key or watermarks of their own.
bool fl_plan_keyed(enum fl_op_kind kind);

// Whether rows reach ops of the kind through a shuffle, unless they are local.
static inline bool fl_plan_shuffled(enum fl_op_kind kind)
{
    return fl_plan_keyed(kind) && kind != FL_OP_GATE && kind != FL_OP_SPLIT;
}

// Finds who looks into which view, and what may wait for a gate (plan_side.c). False without
// memory.
bool fl_plan_sides(struct fl_plan *plan, struct fl_cache *cache, struct fl_mem *mem);
// Finds where elements lie in several windows, and which steps take them window by window, once
// sides are known (plan_windows.c).
void fl_plan_windows(struct fl_plan *plan);
// Finds the groupings of the general path, and whether these can take back what reaches them; false
// with the error (plan_lives.c).
void fl_plan_general(struct fl_plan *plan);
bool fl_plan_can_take_back(const struct fl_plan *plan, flow_error *error);

// Whether a trigger is the default one.
bool fl_plan_usual(const flow_trigger *trigger);

// Whether a combine can take a value out again, exactly.
bool fl_plan_subtracts(const flow_combine_fn *combine);

// Makes the plan in `mem`. False with the error.
bool fl_plan_make(struct fl_plan *plan, const flow_graph *graph, struct fl_cache *cache,
    struct fl_mem *mem, flow_error *error);

#endif
