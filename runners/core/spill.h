// SPDX-License-Identifier: Apache-2.0
// Spilling: tables of groups and combines that are too large for the budget go to sorted runs in a
// worker's scratch file, between two bundles; windows fire from there.
#ifndef FL_SPILL_H
#define FL_SPILL_H

#include "chunk.h"
#include "funnel.h"
#include "keyed.h"

// What a worker spills with.
struct fl_spill {
    struct fl_scratch scratch;
    uint64_t limit;  // bytes of groupings that it keeps
    uint64_t look;   // number of the bundle after which they are counted again
    uint64_t loaded; // bytes that were put in since
    bool broken;     // a table is half spilled: the job ends
};

// The window that an op fires from runs.
struct fl_fired_runs {
    struct fl_funnel *funnel;
    struct fl_runs made; // of others, where they were too many to be read at once
};

// False without memory.
bool fl_spill_init(struct fl_worker *worker);
void fl_spill_fini(struct fl_worker *worker);

// Between bundles: spills the largest tables of a worker that keeps too much. The error stands in
// the worker.
flow_status fl_spill_after(struct fl_worker *worker);

// A bundle was undone for want of memory: spills all that can be. False: there was nothing, or it
// failed, and the worker has the error.
bool fl_spill_relieve(struct fl_worker *worker);

// Between bundles, since another worker has no memory: spills all that can be, and says whether
// that was any.
flow_status fl_spill_all(struct fl_worker *worker, bool *any);

// --- relief.c: the others have memory

// A bundle was undone, and there is nothing to spill: asks the other workers for theirs. False: it
// has asked before, and they have had none since; the worker keeps its error.
bool fl_relief_ask(struct fl_worker *worker);

// Whether a worker that has asked waits for answers.
bool fl_relief_waits(const struct fl_worker *worker);

// Between bundles: makes room for those who asked. The error stands in the worker.
flow_status fl_relief_answer(struct fl_worker *worker);

// A bundle was committed.
void fl_relief_committed(struct fl_worker *worker);

// A worker is done, and answers no more.
void fl_relief_leave(struct fl_worker *worker);

// The same while a snapshot is restored, which has put in so many bytes.
flow_status fl_spill_loaded(struct fl_worker *worker, size_t bytes);

// Counts bytes of a table, or a window, that were written; the first time it is logged.
void fl_spill_tell(struct fl_op *op, uint64_t bytes);

// Empties a table into a run. Says whether there was anything in it.
flow_status fl_spill_slice(struct fl_op *op, struct fl_slice *slice, bool *any);

// --- windows that fire

// Whether a window has something in runs.
bool fl_spill_has(struct fl_op *op, int64_t name);

// Makes op->keyed->runs, over all that the window has; its tables go to runs too.
flow_status fl_spill_window(struct fl_op *op, int64_t name);

// All of a slice, which has runs, in a snapshot.
flow_status fl_spill_whole_slice(struct fl_op *op, struct fl_slice *slice);

// The bundle ended: goes on from there, or back, or all of the window was fired.
void fl_spill_commit(struct fl_op *op);
void fl_spill_abort(struct fl_op *op);
void fl_spill_close(struct fl_op *op);

// What reading or writing runs came to, as the op's error.
flow_status fl_spill_failed(struct fl_op *op, flow_status status);

// --- spilled.c: what an entry holds, by kind of step

// Writes a row, or an accumulator, as an item.
flow_status fl_spilled_put_row(struct fl_op *op, struct fl_run_writer *writer, const void *row);

// Writes a table's entry.
flow_status fl_spilled_put(
    struct fl_op *op, struct fl_run_writer *writer, const struct fl_entry *entry);

// Writes the funnel's entry, as one.
flow_status fl_spilled_fold(struct fl_op *op, struct fl_funnel *funnel,
    const struct fl_entry *entry, uint64_t items, struct fl_run_writer *writer);

// Fires a combine's window from its runs; an fl_window_fn.
flow_status fl_spilled_fire(struct fl_op *op, const struct fl_pane_out *pane, bool *whole);

// Groups: the next row of the funnel's entry, or NULL with the context's error. And the end of it.
const void *fl_spilled_row(struct fl_rows *rows);
const void *fl_spilled_row_hold(struct fl_rows *rows); // the one given last
void fl_spilled_rows_release(struct fl_rows *rows);
void fl_spilled_rows_end(struct fl_rows *rows);
bool fl_spilled_rows_rewind(struct fl_rows *rows); // false with the context's error

// In snapshots: the value of the funnel's entry as save_value writes it.
flow_status fl_spilled_save(struct fl_op *op, uint64_t items, flow_buffer *out);

#endif
