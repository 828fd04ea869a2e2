// SPDX-License-Identifier: Apache-2.0
// The simulated runner: workers take turns on one thread, in an order that a seed fixes; the clock
// moves when the script says so.
#include <stdlib.h>

#include <flow/test.h>
#include <flow/text.h>

#include "core.h"
#include "expect.h"
#include "script.h"
#include "turns.h"

#define WORKERS_MOST 64u
#define WAITS_MOST   10000 // seconds without anything to do, before a run without a script gives up
#define CLOCK_US     INT64_C(1700000000000000)
#define FAULTS_MOST  3u // failures of one bundle
#define RARER_BITS   3u // each failure makes the next one of the bundle eight times as rare

struct run {
    const flow_graph *graph;
    flow_simulated_options options;
    struct fl_engine *engine;
    flow_script *script; // NULL: none
    uint64_t random;
    int64_t clock;
    struct fl_turns turns;
    bool done[WORKERS_MOST];
    uint32_t faults[WORKERS_MOST]; // how often the bundle failed that a worker does, or does again
    bool struck;                   // in the turn in work
};

static int64_t now(void *user)
{
    return ((const struct run *)user)->clock;
}

// A bundle has a chance to fail with each call, so a large one would fail for ever: each failure
// makes the next one of the same bundle rarer, so that it also strikes further on, and in the end
// the bundle runs through.
static bool fault(void *user, enum fl_fault point)
{
    struct run *run = user;
    uint32_t *faults = &run->faults[run->turns.worker];
    (void)point;
    if (*faults == FAULTS_MOST)
        return false;
    const uint64_t chances = (uint64_t)run->options.fail_one_in << (RARER_BITS * *faults);
    if (fl_draw(&run->random) % chances != 0)
        return false;
    ++*faults;
    run->struck = true;
    return true;
}

static bool open_engine(struct run *run, flow_error *error)
{
    const struct fl_engine_options options = { .workers = run->options.workers,
        .memory = run->options.memory ? run->options.memory : (uint64_t)1 << 30,
        .port = { .user = run, .now = now, .fault = run->options.fail_one_in ? fault : NULL },
        .check_elements = run->options.check_elements,
        .check_windows = true };
    run->engine = fl_engine_new(run->graph, &options, error);
    memset(run->done, 0, sizeof run->done);
    memset(run->faults, 0, sizeof run->faults);
    return run->engine != NULL;
}

static bool settle(struct run *run)
{
    struct fl_turns *turns = &run->turns;
    *turns =
        (struct fl_turns){ run->engine, run->options.workers, &run->random, run->done, 0, 0, 0 };
    while (!fl_turns_idle(turns)) {
        run->struck = false;
        if (fl_turns_next(turns))
            return true;
        if (turns->idle == 0 && !run->struck)
            run->faults[turns->worker] = 0; // its bundle has come through
    }
    return false;
}

// --- restarting in the middle

static flow_status restart(struct run *run, flow_error *error)
{
    flow_buffer bytes = { .allocator = run->graph->allocator };
    flow_status status = FLOW_OK;
    if (!fl_engine_snapshot(run->engine, &bytes, error))
        status = error->status;
    for (uint32_t i = 0; i < run->graph->node_count; i++)
        if (run->graph->nodes[i].sink == &fl_expect_sink)
            fl_expect_keep(run->graph->nodes[i].sink_config);
    if (status == FLOW_OK) {
        fl_engine_free(run->engine);
        if (open_engine(run, error)) {
            const flow_str snapshot = { bytes.data, bytes.len };
            status = fl_engine_restore(run->engine, snapshot, error);
        } else {
            status = error->status;
        }
    }
    flow_buffer_free(&bytes);
    return status;
}

// --- one run

// The one script of a graph: two would have no order between them (R81).
static flow_status find_script(struct run *run, flow_error *error)
{
    for (uint32_t i = 0; i < run->graph->node_count; i++) {
        const flow_node *node = &run->graph->nodes[i];
        if (node->source != &fl_script_source)
            continue;
        flow_script *script = fl_script_of(node->read);
        if (run->script && run->script != script)
            return flow_error_raise(error, FLOW_INVALID, node->path,
                "the pipeline has two scripts, whose events have no order; make inputs of one");
        run->script = script;
    }
    return FLOW_OK;
}

// Lets the next event happen; false when there is none.
static bool next_event(struct run *run)
{
    flow_script *script = run->script;
    const uint32_t next = script ? atomic_load(&script->next) : 0;
    if (!script || next >= script->count) {
        if (script)
            atomic_store(&script->allowed, UINT32_MAX);
        return false;
    }
    if (script->events[next].what == FL_SCRIPT_CLOCK) {
        run->clock += script->events[next].clock;
        atomic_store(&script->next, next + 1);
    }
    atomic_store(&script->allowed, next + 1);
    return true;
}

static flow_status play(struct run *run, flow_error *error)
{
    const uint64_t half = run->script ? run->script->count / 2 : 1;
    uint64_t events = 0;
    int waits = 0;
    for (bool over = false; !over;) {
        if (run->options.restart && events++ == half) {
            fl_engine_hold(run->engine, true);
            over = settle(run);
            fl_engine_hold(run->engine, false);
            if (over)
                break;
            const flow_status status = restart(run, error);
            if (status != FLOW_OK)
                return status;
        }
        const bool more = next_event(run);
        over = settle(run);
        if (over || more)
            continue;
        if (waits++ == WAITS_MOST)
            return flow_error_raise(error, FLOW_INVALID, NULL,
                "the run waits for ever: a source gives nothing and does not end");
        run->clock += 1000000;
    }
    return FLOW_OK;
}

static void close_engine(struct run *run)
{
    if (run->engine)
        fl_engine_free(run->engine);
    run->engine = NULL;
}

// Leaves the engine as it ended, for who asks for its figures.
static flow_status run_seed(struct run *run, uint64_t seed, flow_error *error)
{
    close_engine(run);
    run->random = seed;
    run->clock = run->options.clock.us ? run->options.clock.us : CLOCK_US;
    if (run->script)
        fl_script_rewind(run->script, true);
    if (!open_engine(run, error))
        return error->status;
    flow_status status = play(run, error);
    if (status == FLOW_OK) {
        status = fl_engine_end(run->engine, error);
    } else if (run->engine) {
        flow_error again = { 0 };
        fl_engine_fail(run->engine, error);
        fl_engine_end(run->engine, &again);
    }
    if (run->script)
        fl_script_rewind(run->script, false);
    return status;
}

static flow_status run_seeds(struct run *run, flow_error *error)
{
    flow_status status = FLOW_OK;
    if (run->options.workers > WORKERS_MOST)
        status = flow_error_raise(error, FLOW_INVALID, NULL,
            "%u workers were asked for; there are at most %u", run->options.workers, WORKERS_MOST);
    if (status == FLOW_OK)
        status = find_script(run, error);
    const uint32_t seeds = run->options.seeds ? run->options.seeds : 1;
    for (uint32_t i = 0; i < seeds && status == FLOW_OK; i++) {
        const uint64_t seed = run->options.seed + i;
        flow_error one = { 0 };
        status = run_seed(run, seed, &one);
        if (status != FLOW_OK)
            flow_error_raise(error, status, one.step, seeds > 1 ? "%s (seed %llu)" : "%s",
                one.message, (unsigned long long)seed);
    }
    return status;
}

// --- the calls of a runner: everything has happened once `start` returns

struct simulated_job {
    flow_job base;
    struct run run;
    flow_status status;
    flow_error error;
};

static flow_job *start(const flow_graph *graph, const void *options, flow_error *error)
{
    struct simulated_job *job = flow_allocate(graph->allocator, sizeof *job);
    if (!job) {
        flow_error_raise(error, FLOW_MEMORY, NULL, "no memory for a simulated run");
        return NULL;
    }
    job->base.ops = &flow_simulated_runner_ops;
    job->run.graph = graph;
    if (options)
        job->run.options = *(const flow_simulated_options *)options;
    if (job->run.options.workers == 0)
        job->run.options.workers = 1;
    job->status = run_seeds(&job->run, &job->error);
    return &job->base;
}

static flow_status wait_job(flow_job *base, flow_error *error)
{
    struct simulated_job *job = (struct simulated_job *)(void *)base;
    const flow_status status = job->status;
    *error = job->error;
    close_engine(&job->run);
    flow_release(job->run.graph->allocator, job, sizeof *job);
    return status;
}

static flow_status run_simulated(const flow_graph *graph, const void *options, flow_error *error)
{
    flow_job *job = start(graph, options, error);
    return job ? wait_job(job, error) : error->status;
}

static void nothing(flow_job *job)
{
    (void)job;
}

static void status_of(const flow_job *job, flow_status_report *report)
{
    const struct run *run = &((const struct simulated_job *)(const void *)job)->run;
    if (run->engine)
        fl_engine_status(run->engine, report);
    report->ended = true;
}

static bool step_of(const flow_job *job, size_t index, flow_step_report *report)
{
    const struct run *run = &((const struct simulated_job *)(const void *)job)->run;
    return run->engine && fl_engine_step_report(run->engine, index, report);
}

static bool explain_of(const flow_job *job, const char *step, flow_buffer *out)
{
    const struct run *run = &((const struct simulated_job *)(const void *)job)->run;
    return run->engine && fl_engine_explain(run->engine, step, out);
}

static bool why_of(const flow_job *job, const flow_why *question, flow_buffer *out)
{
    const struct run *run = &((const struct simulated_job *)(const void *)job)->run;
    return run->engine && fl_engine_why(run->engine, question, out);
}

static bool metrics_of(
    const flow_job *job, bool (*show)(void *user, const flow_figure *figure), void *user)
{
    const struct run *run = &((const struct simulated_job *)(const void *)job)->run;
    return !run->engine || fl_engine_metrics(run->engine, show, user);
}

const struct flow_runner_ops flow_simulated_runner_ops = {
    .name = "simulated",
    .run = run_simulated,
    .start = start,
    .wait = wait_job,
    .cancel = nothing,
    .drain = nothing,
    .status = status_of,
    .step = step_of,
    .explain = explain_of,
    .metrics = metrics_of,
    .why = why_of,
};
