// SPDX-License-Identifier: Apache-2.0
// Why an element was not taken or kept: each reason has a name, which flow_rejected shows, and a
// counter of its own (N5).
#ifndef FL_REJECT_H
#define FL_REJECT_H

#include "batch.h"

struct fl_call;
struct fl_op;

enum fl_reason {
    FL_LATE,          // behind the expiry of its window (R24)
    FL_CLOSED_WINDOW, // its window's trigger had finished (R25)
    FL_NO_WINDOW,     // it lies in none (R11)
    FL_FUTURE,        // behind the guard (E10)
    FL_EXPIRED_STATE, // a cell's entry that outlived its time
    FL_EXPIRED_TIMER, // a timer that had not fired when its window expired
    FL_SKIPPED,       // it failed, and the step was told to skip such
    FL_FAILED,        // it failed
    FL_UNPARSABLE,    // what was read is no element
    FL_POISON,        // it failed at every attempt
    FL_OVER_BUDGET,   // it asked for more memory than the job has
    FL_REASONS
};

// "late", "closed-window" and so on.
const char *fl_reason_name(enum fl_reason reason);

// What a rejected or dropped element is reported with.
struct fl_rejection {
    enum fl_reason reason;
    const char *message; // one sentence
    flow_str element;    // original bytes, or empty: the row as JSON
    const void *row;     // the element, where there is one
    const flow_type *type;
    int64_t at;
    int8_t sign;      // −1: of an element that is taken back; 0: +1
    uint32_t windows; // in how many windows it lay: so often it is rejected (R22); 0: once
};

// Emits on FLOW_OUTPUT_DEAD_LETTERS or _DROPPED if anyone listens; counts in any case.
flow_status fl_reject(struct fl_op *op, uint32_t output, const struct fl_rejection *rejection);

// flow_part.
flow_status fl_call_part(
    flow_ctx *ctx, flow_part_fn *run, void *user, const flow_part_row *rows, uint32_t count);

// A key and window of a combine that has no result: its `extract` gave `status`. As the step's
// policy says, the bundle fails, or that is rejected.
struct fl_no_result {
    const void *key, *acc;
    flow_window window;
    int64_t at;
    int8_t sign;
};
flow_status fl_no_result(struct fl_op *op, flow_status status, const struct fl_no_result *none);

// Whether anybody takes what a combine gives, or what it cannot give.
bool fl_result_heard(const struct fl_op *op);

// A key as the user sees it, as the JSON {"key":…} that stands for an element which is not there;
// masked where any field of the elements is.
void fl_show_key(const struct fl_op *op, const void *key, flow_buffer *text);
void fl_show_key_of(const flow_shape *in, const void *key, flow_buffer *text); // of other rows

// What a function says its status is: CANCELLED, which is not its to say, and numbers that are none
// are USER. And why it failed, in a sentence that is put into the call where it gave none.
flow_status fl_own_status(struct fl_call *call, flow_status status);
const char *fl_call_reason(struct fl_call *call, flow_status status);

// A row that a step drops: late, outside every window.
flow_status fl_drop_row(struct fl_op *op, const struct fl_view *view, const flow_shape *shape,
    uint32_t row, const struct fl_rejection *why);

#endif
