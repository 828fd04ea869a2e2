// SPDX-License-Identifier: Apache-2.0
// Splittable steps (R68): what a worker's instance has, beside the pile that all share.
#ifndef FL_SPLIT_H
#define FL_SPLIT_H

#include "keyed.h"
#include "pile.h"
#include "store.h"

// A part that the bundle adds when it commits.
struct fl_fresh {
    struct fl_fresh *next;
    void *restriction;
    struct fl_mem *mem; // of its own, or NULL
    int64_t estimate, resume;
    bool truncated, cut;
    double left;
};

enum fl_split_phase {
    FL_SPLIT_NOTHING,
    FL_SPLIT_CUTTING,   // `split` runs: it gives parts
    FL_SPLIT_PROCESSING // the function runs: it claims
};

struct fl_split {
    struct fl_pile *pile; // of all workers
    struct fl_layout layout;
    struct fl_store incoming; // elements of the bundle
    uint32_t incoming_count;
    struct fl_part *part;                // in work, or of an aborted bundle to be done again
    struct fl_fresh *fresh, *fresh_last; // of the bundle
    uint32_t fresh_count;
    uint32_t reserved; // in the pile
    bool hungry;       // counted in the pile's
    // the call
    enum fl_split_phase phase;
    void *restriction, *state, *residual; // in memory of the bundle
    bool stopped;                         // what is left is the residual
    bool truncated;                       // for a drain
    bool cut;                             // which left less than there was
    double left;                          // of the part, when the bundle began
    bool resumes;
    int64_t delay;
    uint64_t claims;
    uint64_t given;   // parts that its 'split' gave
    uint64_t emitted; // by the step, when the call began
    int64_t began;    // by the clock
    int64_t estimate;
};

bool fl_split_init(struct fl_op *op);
void fl_split_fini(struct fl_op *op);
flow_status fl_split_push(struct fl_op *op, const struct fl_view *view, const flow_shape *shape);
extern const struct fl_keyed_ops fl_split_ops;

// Sees to it that the worker has a part to work on; false when none can be had now.
bool fl_split_take(struct fl_op *op);

// Adds a part to those of the bundle. The restriction is copied.
flow_status fl_split_fresh(struct fl_op *op, const void *restriction, const struct fl_fresh *like);

// The earliest instant that an element in the pile looks into side inputs from; FL_NEVER: none. Its
// estimate may lie far behind it.
int64_t fl_split_asks(const struct fl_engine *engine, uint32_t op);

// How far the elements of a step are, over all workers, in the tracker's unit; those that were not
// begun count as nothing.
struct fl_progress {
    uint64_t parts;
    double done, left;
};
struct fl_progress fl_split_progress(const struct fl_engine *engine, uint32_t op);

// Rows that the step has emitted, those still on their way to others too.
uint64_t fl_split_emitted(const struct fl_op *op);

// --- split_call.c: what the context asks

const void *fl_split_restriction(flow_ctx *ctx, const flow_type *type);
bool fl_split_claim(flow_ctx *ctx, const void *position);
void fl_split_resume_after(flow_ctx *ctx, flow_duration delay);
void fl_split_estimate(flow_ctx *ctx, flow_time watermark);
flow_status fl_split_emit_at(
    flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row, flow_time at);
flow_status fl_split_part(flow_ctx *ctx, const flow_type *type, const void *restriction);

// --- split_save.c

void fl_split_save(struct fl_engine *engine, uint32_t op, flow_buffer *out);
struct fl_wire;
flow_status fl_split_load(struct fl_engine *engine, uint32_t op, struct fl_wire *wire);

#endif
