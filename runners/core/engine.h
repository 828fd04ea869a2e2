// SPDX-License-Identifier: Apache-2.0
// Inside the engine: workers, their instances of each step, and what a bundle leaves behind.
#ifndef FL_ENGINE_H
#define FL_ENGINE_H

#include "core.h"
#include "key.h"
#include "plan.h"
#include "poison.h"
#include "reject.h"

struct fl_view_state;
struct fl_publication;
struct fl_side_place;
struct fl_worker;
struct fl_keyed;
struct fl_shuffle;
struct fl_spill;
struct fl_reader;

// Figures of a step on a worker: written by that worker, read by any thread.
struct fl_counts {
    // `bad`: rows of `rejected` and `other`, which count each once per window
    _Atomic uint64_t in, out, rejected, late, closed, other, bad;
    _Atomic uint64_t reasons[FL_REASONS];
    // of aborted bundles too
    _Atomic uint64_t bytes, busy, blocked;
    _Atomic uint64_t spilled, runs; // bytes written to the scratch file; runs of tables
};

static inline void fl_count(_Atomic uint64_t *counter, uint64_t n)
{
    const uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, now + n, memory_order_relaxed);
}

// An output being filled.
struct fl_output {
    struct fl_batch *batch;   // NULL until first needed
    struct fl_batch *pending; // full ones that wait for the call to end, newest first
    const flow_type *type;
    uint32_t index; // FLOW_OUTPUT_… or the function's
    bool pointers;  // rows of the type point to bytes outside
    flow_safe
        texts; // of a row, where it points by such as are always there; and where they may lie
    struct fl_stamps *stamps; // of rows with times of their own; NULL: never so far
    uint16_t origin[FLOW_BATCH_ROWS];
};

// Where in its life, apart from rows, a function is.
enum fl_edge {
    FL_EDGE_NONE,
    FL_EDGE_SETUP,
    FL_EDGE_START,
    FL_EDGE_FINISH,
    FL_EDGE_TEARDOWN
};

// What a user's function is called with. The public part comes first: its address is the call's.
struct fl_call {
    flow_ctx_engine engine;
    struct fl_op *op;
    const struct fl_view *in; // rows in work; NULL in sources
    const flow_shape *shape;
    struct fl_mem *scratch, *part_scratch; // flow_alloc, flow_keep; of the bundle, of its parts
    flow_bytes safe;                       // last range found safe, and by whom it is kept
    struct fl_mem *safe_mem;
    uint32_t reserved;          // rows that flow_reserve gave
    enum fl_edge edge;          // no rows are in work
    bool hold;                  // full outputs wait, so that a failed row can be taken back
    bool large;                 // the row in work asked for more than the budget
    bool refused;               // a row of this call was rejected as a whole
    uint32_t sent;              // one more than the row in work of which parts are sent on; else 0
    uint64_t turn, parts;       // calls in this bundle; parts of the one in work
    struct fl_rows *rows;       // group functions: in a call
    const struct fl_part *part; // of the row in work: what has failed
    char message[480];          // of flow_fail
};

// A worker's instance of a step.
struct fl_op {
    const struct fl_plan_op *plan;
    struct fl_worker *worker;
    uint32_t index;
    flow_status (*push)(struct fl_op *op, const struct fl_view *view, const flow_shape *shape);
    // where `push` goes window by window: what it calls for each
    flow_status (*push_each)(struct fl_op *op, const struct fl_view *view, const flow_shape *shape);
    struct fl_call call;
    flow_out *out_heads;          // what functions see, by position
    struct fl_output *outs;       // by position: the function's, then dead letters, then dropped
    uint32_t out_count;           // positions in all
    uint16_t *keep;               // filters: rows that pass
    struct fl_keyed *keyed;       // state
    struct fl_shuffle *shuffle;   // shuffled ops: this worker's sending side
    void *sink_self;              // sinks: the run's
    bool staged;                  // sinks: this bundle staged something
    struct fl_side_place *places; // by side input
    uint32_t turn;                // sources: how far behind its share this worker looks next
    void *self;                   // private memory of the function
    bool life;                    // it wants to be told of bundles
    bool alive;                   // it was set up
    bool begun;                   // in this bundle
    struct fl_view stamps;        // of what its finish emits
    uint64_t emitted;             // rows sent on so far, aborted bundles' too
    struct fl_counts counts;
    struct fl_counts saved;                 // as they were when the bundle began
    _Atomic(struct fl_measures *) measures; // what its functions measure; NULL: nothing so far
    int64_t blocked_since;                  // by the clock; 0: there is room downstream
};

// Something to put back when the bundle is aborted.
struct fl_undo {
    struct fl_undo *next;
    void (*back)(struct fl_op *op, void *at, const void *image);
    struct fl_op *op;
    void *at;
    // the image follows
};

enum fl_bundle_kind {
    FL_BUNDLE_SOURCE, // a piece of a source
    FL_BUNDLE_DATA,   // rows that came through a shuffle
    FL_BUNDLE_TIME,   // a step of the watermark
    FL_BUNDLE_PART    // a part of a splittable function's work
};

struct fl_bundle {
    enum fl_bundle_kind kind;
    uint64_t number;
    struct fl_mem *mem; // scratch that ends with the bundle
    struct fl_undo *undo;
    struct fl_after *after, *after_last; // to be called after the commit, in order
    struct fl_op *op;                    // the source, or the stage's first keyed op
    uint32_t batches;                    // DATA: rows of the inbox that are in it
    uint64_t staged;                     // bytes that sinks were given in it, about
    int64_t used;                        // the cache's, when it began
};

// Rows on their way to a shuffled op on a worker, and the watermark behind them.
struct fl_inbox {
    _Atomic(struct fl_batch *) mail; // newest parcel first; linked through `next` of their last
    struct fl_batch *first, *last;   // taken from the mail, oldest first
    uint32_t left;                   // batches before `mark` may be adopted
    int64_t mark;                    // watermark read before the mail was taken
    bool marked;
};

// A keyed stage on a worker.
struct fl_stage {
    struct fl_op *first; // the op that rows are shuffled to
    struct fl_op **ops;  // its keyed ops in topological order
    uint32_t op_count;
    struct fl_inbox inbox;
    int64_t watermark;   // input watermark of `first`, adopted
    bool firing;         // adopted, but not all that is due has fired
    _Atomic int64_t out; // output watermark as others see it
};

// Views of the run, as all workers see them (side.h).
struct fl_views {
    atomic_flag lock; // over `states`
    uint32_t count;
    struct fl_view_state **states; // by number; NULL: nothing yet
    _Atomic uint64_t epoch;        // counts publications
};

// What a worker's bundle sees of the views, and changes.
struct fl_pins {
    bool taken;
    int64_t *marks;                // by number: no change below it is missing
    struct fl_view_state **states; // by number
    struct fl_publication *publications;
    flow_buffer key; // of a look-up
    flow_buffer tie; // of rows that are compared
};

struct fl_worker {
    struct fl_engine *engine;
    uint32_t index;
    atomic_flag stepping;   // held while it steps, and while somebody reads what it has
    _Atomic uint32_t asked; // how many wait to read
    struct fl_cache cache;
    struct fl_op *ops;       // by op index
    struct fl_stage *stages; // by op index of their first op; unused ones have first == NULL
    struct fl_bundle bundle;
    struct fl_keys *keys;            // room for gathering, one batch at a time
    struct fl_placed *placed;        // room for placing
    const struct fl_batch *gathered; // whose rows, all of them, `keys` and `placed` hold
    flow_buffer scratch;             // record keys
    uint16_t *identity;              // 0, 1, 2, … for sub-views
    uint32_t next_source;            // where to look for a piece first
    struct fl_claimed *claimed;      // the piece in work, or of an aborted bundle to be read again
    uint32_t claimed_op;
    struct fl_pins pins;
    struct fl_mem *lasting; // what is for as long as it: measures, times of outputs
    struct fl_op *busy;     // whose time it is; NULL: this bundle is not timed
    int64_t busy_since;     // by the clock
    struct fl_poison poison;
    struct fl_spill *spill; // NULL: never
    struct fl_relief relief;
    bool injected;    // the bundle fails only to be tried again
    bool again;       // the last bundle was aborted for that
    bool whole;       // no call sends on a part of what it gives before its end
    flow_error error; // of the step in work
};

#define FL_BUNDLE_LEAST (64u << 10) // bytes that a firing bundle may have in hand at least
#define FL_FLIGHT_BYTES (2u << 20)  // a worker's share of what a shuffle may hold: about a cache

struct fl_engine {
    const flow_graph *graph;
    struct fl_engine_options options;
    struct fl_pool pool;
    struct fl_cache cache; // of whoever builds and ends
    struct fl_mem *mem;    // plan and instances
    struct fl_plan plan;
    struct fl_worker *workers;
    struct fl_views views;
    struct fl_reader **readers; // by op index; NULL for others
    void **sinks;               // by op index: the run's private memory
    bool *sink_open;
    _Atomic uint64_t *in_flight; // bytes on their way to a shuffled op, by op index
    _Atomic uint64_t calls;      // for memory, of all workers
    uint64_t flight_limit;
    uint64_t bundle_limit;             // bytes after which a firing bundle ends
    _Atomic int64_t *origin_watermark; // sources: by op index
    _Atomic int64_t *drain_marks;      // sources and splittable steps: by op index (drain.c)
    _Atomic bool cancelled, draining, failed, held;
    _Atomic bool drained;           // there are marks of a drain
    atomic_flag error_lock, naming; // over the error; over which metrics there are
    flow_error error;
};

// --- log.c

// Hands a line to the log callback of the pipeline, if there is one.
void fl_log(const struct fl_engine *engine, flow_log_level level, const char *step,
    const char *format, ...) FLOW_PRINTF(4, 5);

// The bundle in work has ended: a line about it, for who listens.
void fl_log_bundle(const struct fl_worker *worker, bool committed);

// --- call.c: contexts and outputs

// Makes outputs and context. False without memory.
bool fl_call_init(struct fl_op *op);

// Zeroed memory that lasts as long as the worker; NULL without.
void *fl_worker_take(struct fl_op *op, size_t size);

struct fl_call *fl_call_of(const flow_ctx *ctx);
const flow_ctx_ops *fl_ctx_ops(void);

// A row failed: by the step's policy it is routed (FLOW_OK) or the bundle fails.
flow_status fl_call_failed(struct fl_op *op, flow_status status, const void *element);

// Readies the outputs of an op for a call over a view.
flow_status fl_call_begin(struct fl_op *op, const struct fl_view *view, const flow_shape *shape);

// Calls an emitting or batch function with a view, from readying its outputs to sending them on.
flow_status fl_call_view(struct fl_op *op, const struct fl_view *view, const flow_shape *shape);

// Sends on what the outputs hold. Also after a source's piece.
flow_status fl_call_flush(struct fl_op *op);

// Drops what the outputs hold and the bundle's scratch.
void fl_call_drop(struct fl_op *op);

// --- output.c

// Runs an emitting function over a view, minding the step's policy about failing rows.
flow_status fl_call_run(struct fl_op *op, flow_batch_fn *process, flow_batch *rows);

// Hands a view to all that take an output.
flow_status fl_send(struct fl_op *op, uint32_t output, const struct fl_view *view);

// A view as functions see it. False without memory for rows.
bool fl_view_rows(
    struct fl_op *op, const struct fl_view *view, const flow_shape *shape, flow_batch *rows);

// Raises an error of a step: path, and status.
flow_status fl_op_fail(struct fl_op *op, flow_status status, const char *format, ...)
    FLOW_PRINTF(3, 4);

flow_status fl_no_memory(struct fl_op *op);

// Scratch memory of the call; NULL without memory.
struct fl_mem *fl_call_scratch(struct fl_call *call);

// --- stateful.c: what the context asks of it

void fl_stateful_timer_set(flow_ctx *ctx, flow_time when);
void fl_stateful_timer_clear(flow_ctx *ctx);
void fl_stateful_state_clear(flow_ctx *ctx);

// --- step functions

void fl_ops_bind(struct fl_op *op); // ops.c: sets push

flow_status fl_shuffle_push(struct fl_op *op, const struct fl_view *view, const flow_shape *shape);

// Rows for a keyed step, straight from the one upstream or out of the inbox.
flow_status fl_keyed_push(struct fl_op *op, const struct fl_view *view, const flow_shape *shape);

// --- busy.c: whose time it is, in one of so many bundles

void fl_busy_begin(struct fl_worker *worker, struct fl_op *op);
void fl_busy_end(struct fl_worker *worker);

// The time goes to another op from here on; returns whose it was.
struct fl_op *fl_busy_turn(struct fl_worker *worker, struct fl_op *op);

// Whether there is room downstream of an op, as found just now.
void fl_busy_blocked(struct fl_op *op, bool blocked);

// A counter over all workers.
uint64_t fl_counts_sum(const struct fl_engine *engine, uint32_t op, size_t offset);

// --- drain.c: results that exist only because the job was drained (R80)

// Whether an op's watermark passes an instant only because of a drain.
bool fl_drained(const struct fl_op *op, int64_t at);

// Marks the rows of a batch by the instants that they are due. False without memory.
bool fl_drain_rows(const struct fl_op *op, struct fl_batch *batch, const int64_t *due);

// The mark of a source or splittable step is this from now on.
void fl_drain_tell(struct fl_engine *engine, uint32_t op, int64_t mark);

// A drain ended an element of a splittable step whose estimate was `at`.
void fl_drain_note(struct fl_engine *engine, uint32_t op, int64_t at);

// --- bundle.c

bool fl_bundle_begin(struct fl_worker *worker, enum fl_bundle_kind kind, struct fl_op *op);
flow_status fl_bundle_commit(struct fl_worker *worker);

// Whether the bundle has as much in hand as one that fires should: the rest waits for the next.
static inline bool fl_bundle_full(const struct fl_worker *worker)
{
    const int64_t taken = worker->cache.used - worker->bundle.used;
    return taken + (int64_t)worker->bundle.staged > (int64_t)worker->engine->bundle_limit;
}

void fl_bundle_abort(struct fl_worker *worker);

// Remembers `size` bytes at `at`, to be handed to `back` when the bundle is aborted.
bool fl_undo_add(struct fl_op *op, void (*back)(struct fl_op *, void *, const void *), void *at,
    const void *image, size_t size);

// Whether a test wants the bundle to fail here.
bool fl_faulty(struct fl_worker *worker, enum fl_fault point);

// --- source.c

bool fl_reader_open(struct fl_engine *engine, uint32_t op, flow_error *error);
void fl_reader_close(struct fl_engine *engine, uint32_t op);

enum fl_claim_result {
    FL_CLAIMED,
    FL_CLAIM_NOTHING,
    FL_CLAIM_LATER,
    FL_CLAIM_OVER,
    FL_CLAIM_ERROR
};

enum fl_claim_result fl_reader_claim(struct fl_worker *worker, uint32_t op);
flow_status fl_reader_read(struct fl_op *op);
void fl_reader_lock(struct fl_engine *engine, uint32_t op);
void fl_reader_unlock(struct fl_engine *engine, uint32_t op);
void fl_reader_done(struct fl_op *op); // its bundle is committed; under the lock
bool fl_reader_idle(struct fl_engine *engine, uint32_t op); // applies the idle policy

// Whether a source that has nothing says by itself when it has: it need not be asked again.
bool fl_reader_wakes(const struct fl_engine *engine, uint32_t op);

// Where the row in work came from, where that is known: "orders.json:17"; else empty. `guess`: say
// at least which element of what the source has no words for.
void fl_reader_origin(const struct fl_op *op, bool guess, char *text, size_t size);

// Stamps rows of a source's output batch.
flow_status fl_reader_stamp(struct fl_op *op, struct fl_view *view);

// --- worker.c

int64_t fl_input_watermark(struct fl_worker *worker, const struct fl_plan_op *plan);

// What an op promises to those after it; true when it is more than before.
bool fl_publish(struct fl_op *op);
void fl_wake_all(struct fl_engine *engine);

// A moment at which tests let other workers go on.
static inline void fl_moment(const struct fl_engine *engine)
{
    if (engine->options.port.moment)
        engine->options.port.moment(engine->options.port.user);
}

#endif
