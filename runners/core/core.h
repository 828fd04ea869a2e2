// SPDX-License-Identifier: Apache-2.0
// The one header of runners/core for runners: an engine runs a checked graph in steps, each one
// bundle, on any number of workers that the runner drives. It reads no clock, draws no random
// number and starts no thread: those come in through the port (invariant 4).
#ifndef FL_CORE_H
#define FL_CORE_H

#include <flow/runner.h>

// Places where a test may let a bundle fail.
enum fl_fault {
    FL_FAULT_ELEMENT, // before a batch is given to a function
    FL_FAULT_RESERVE, // while memory for the commit is reserved
    FL_FAULT_STAGE,   // while sinks stage
    FL_FAULT_COMMIT,  // the last moment before the commit
    FL_FAULT_FAILED   // a bundle has failed by itself and is undone: true lets it be tried again
};

// Where what does not fit into memory goes: one file a worker. Calls for one file never overlap;
// each returns −errno when it fails, and `write` and `read` may do less than was asked for.
struct fl_disk {
    void *user;
    // A new file in a directory, for the owner alone, that has no name: it goes with the process.
    int (*open)(void *user, const char *directory);
    int64_t (*write)(void *user, int file, const void *bytes, size_t len, uint64_t at);
    int64_t (*read)(void *user, int file, void *bytes, size_t len, uint64_t at);
    // Nobody will read the bytes [from, to) again: their place is free.
    void (*drop)(void *user, int file, uint64_t from, uint64_t to);
    void (*close)(void *user, int file);
};

extern const struct fl_disk fl_system_disk;

// What the engine cannot do by itself. Members may be NULL but `now`.
struct fl_port {
    void *user;
    int64_t (*now)(void *user); // microseconds since 1970, by a clock that only goes forward
    void (*wake)(void *user, uint32_t worker);      // that worker may have something to do
    void (*yield)(void);                            // lets other threads run for a moment
    bool (*fault)(void *user, enum fl_fault point); // true: fail here, then try again
    void (*moment)(void *user); // tests: between two looks at what others change, others may go on
    const struct fl_disk *disk; // NULL: the system's
};

struct fl_engine_options {
    uint32_t workers; // at least 1
    uint64_t memory;  // byte budget
    struct fl_port port;
    bool no_lifting; // tests: never pre-aggregate; see also always_lifting
    bool always_lifting;
    bool check_elements; // R66: fail where a function changes its input; slow
    bool check_windows;  // fail where a function of custom windows breaks what it promises
    uint64_t flight;     // tests: bytes that a shuffle may hold; 0: a share of the budget
    const char *scratch; // directory that groupings may spill to; NULL: they do not spill
    uint64_t spill;      // tests: bytes of groupings a worker keeps; 0: a share of the budget
};

enum fl_step {
    FL_STEP_WORKED, // did a bundle
    FL_STEP_IDLE,   // nothing to do for this worker now
    FL_STEP_POLL,   // nothing now, but a source wants to be asked again soon
    FL_STEP_DONE,   // nothing ever again for this worker
    FL_STEP_FAILED  // the engine failed or was cancelled
};

struct fl_engine;

// Opens sources and sinks and makes ready; NULL with the error. The graph must outlive it.
struct fl_engine *fl_engine_new(
    const flow_graph *graph, const struct fl_engine_options *options, flow_error *error);

// One step of a worker: at most one bundle. Calls for one worker never overlap.
enum fl_step fl_engine_step(struct fl_engine *engine, uint32_t worker);

// Until when a worker that was IDLE or told to POLL may sleep at the longest, as `now` counts:
// something of its is then due by the clock. FL_ASLEEP: for ever, if nobody wakes it. Only between
// the steps of that worker.
#define FL_ASLEEP INT64_MAX
int64_t fl_engine_next_wake(const struct fl_engine *engine, uint32_t worker);

// After every worker is DONE, or one FAILED: finishes or discards the sinks; the job's status.
flow_status fl_engine_end(struct fl_engine *engine, flow_error *error);

// Closes everything and frees it.
void fl_engine_free(struct fl_engine *engine);

// From any thread or signal handler.
void fl_engine_cancel(struct fl_engine *engine);
void fl_engine_drain(struct fl_engine *engine);

// Fails the job from outside its steps.
void fl_engine_fail(struct fl_engine *engine, const flow_error *error);

void fl_engine_status(const struct fl_engine *engine, flow_status_report *report);
bool fl_engine_step_report(const struct fl_engine *engine, size_t index, flow_step_report *report);

// Writes why the watermark of a step is where it is; false when there is no such step. From any
// thread.
bool fl_engine_explain(const struct fl_engine *engine, const char *step, flow_buffer *out);

// Writes how windows of a key stand (flow_job_why); false when there is no such step. From any
// thread but one that is in a step: it waits until the worker that has the key is between two.
bool fl_engine_why(struct fl_engine *engine, const flow_why *question, flow_buffer *out);

// Shows every figure of an engine once, from any thread; false when `show` said so.
bool fl_engine_metrics(const struct fl_engine *engine,
    bool (*show)(void *user, const flow_figure *figure), void *user);

// While held, sources give nothing, and piles and gates take in all that is on its way, even if
// they are full: stepping all workers until none WORKED brings the engine to rest.
void fl_engine_hold(struct fl_engine *engine, bool hold);

// Nothing is in work or on its way, and all workers stand at the same watermarks.
bool fl_engine_at_rest(const struct fl_engine *engine);

// All state of an engine at rest as bytes: watermarks, keyed state, timers, waiting elements,
// positions of sources. Only while no step runs.
bool fl_engine_snapshot(struct fl_engine *engine, flow_buffer *out, flow_error *error);

// Puts a snapshot into an engine that has not stepped yet; any number of workers.
flow_status fl_engine_restore(struct fl_engine *engine, flow_str snapshot, flow_error *error);

#endif
