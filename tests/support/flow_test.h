// SPDX-License-Identifier: Apache-2.0
// Our words over Check: scripted rows in, published rows out, a clock that only the test moves, one
// comparer for results, and a seeded scheduler over fl_engine_step for simulated workers.
#ifndef FLOW_TEST_H
#define FLOW_TEST_H

#include <pthread.h>

#include <check.h>
#include <core.h>

#include <flow/runner_local.h>
#include <flow/transforms.h>

// --- random numbers from a seed that the test names

uint64_t flow_test_random(uint64_t *state);
uint32_t flow_test_below(uint64_t *state, uint32_t limit);

// How often a randomized test repeats: FLOW_TEST_SEEDS, or `usual` (less under sanitizers).
uint32_t flow_test_seeds(uint32_t usual);

// Where such a test begins: FLOW_TEST_FIRST, or 1; so that one seed can be looked at.
uint32_t flow_test_first(void);

// Says on stderr which seed a test is about to run, where FLOW_TEST_TELL is set: for who wants to
// know where one crashed.
void flow_test_tell(const char *test, uint64_t seed);

// --- rows: one record that all generic tests use

struct flow_test_place {
    int64_t a;
    flow_str b;
};

struct flow_test_row {
    int64_t k;
    int64_t v;
    double x;
    flow_str s;
    flow_time at;
    struct flow_test_place place;
};

extern const flow_type flow_test_place_type, flow_test_row_type;

// A row at a time, for tables of literals.
struct flow_test_row flow_test_row_at(int64_t k, int64_t v, int64_t at);

// --- results

struct flow_test_result {
    char *text;     // all fields but floats
    double *floats; // in order of the fields
    size_t float_count;
    flow_time time;
    flow_window window;
    flow_pane pane;
};

// What a sink collected, of published bundles only.
struct flow_test_results {
    struct flow_test_result *list;
    size_t count, room;
    pthread_mutex_t lock;
    int finished, discarded; // calls
    bool keep;               // opening a sink does not empty them
    bool early;              // one came before the watermark that it was to wait for
    const char *name;
};

void flow_test_results_init(struct flow_test_results *results, const char *name);
void flow_test_results_clear(struct flow_test_results *results);

// Adds a row that a test or the reference expects.
void flow_test_expect(struct flow_test_results *results, const flow_type *type, const void *row,
    const struct flow_test_result *at);

// The same with a number as its key, if it has one. `at->text`, where there is one, goes before:
// "- " for a result that is taken back.
void flow_test_expect_signed(struct flow_test_results *results, const int64_t *key,
    const flow_type *type, const void *row, const struct flow_test_result *at);

// The meaning of "the same result" (invariant 11): the multiset of row, time, window and pane,
// exact but for doubles, which agree to 1e-12 of their size. NULL, or a sentence in static memory.
const char *flow_test_differ(struct flow_test_results *got, struct flow_test_results *wanted);

// The same, looking at rows and windows only.
const char *flow_test_differ_in_rows(
    struct flow_test_results *got, struct flow_test_results *wanted);

// What is left once results that take others back have done so: of equal rows in one window as many
// as the signs come to. Fails the test where more is taken back than was given.
void flow_test_fold(struct flow_test_results *results);

// All results, a line each, sorted: owned by the caller, released with free.
char *flow_test_print(struct flow_test_results *results);

// Sends a collection to results; its keys stand before its elements.
void flow_test_collect(flow_coll in, struct flow_test_results *results);

// --- source

struct flow_test_piece {
    uint32_t partition;
    const void *rows; // of the source's type
    size_t count;
    int64_t not_before; // of the fake clock
    bool endless;       // nothing follows and the partition does not end
    int64_t watermark;  // of a script with `own_watermark`; 0: no word
};

enum flow_test_give {
    FLOW_TEST_LEND,   // flow_lend, `chunk` rows at a time
    FLOW_TEST_EMIT,   // flow_emit, row by row
    FLOW_TEST_RESERVE // flow_reserve and flow_commit
};

struct flow_test_script {
    const flow_type *type;
    const struct flow_test_piece *pieces; // those of a partition in order
    size_t piece_count;
    uint32_t partitions; // 0: one
    bool no_partitions;  // the source has none
    flow_field_ref event_time;
    flow_time_policy times;
    bool unbounded;
    bool own_watermark;
    flow_on_error on_error; // of the read
    bool wakes;             // workers sleep while it waits, instead of asking it again and again
    enum flow_test_give give;
    size_t chunk;   // 0: all
    int64_t *clock; // the fake clock; NULL: none of the pieces waits
};

// A script of test rows dealt to pieces of one length, as many as there are; stamped by `at`.
struct flow_test_script flow_test_deal(const struct flow_test_row *rows, size_t row_count,
    struct flow_test_piece *pieces, size_t piece_count);

// Reads a script, which must outlive the pipeline.
flow_coll flow_test_read(flow_pipeline *pipeline, const struct flow_test_script *script);

// --- calls that fail once

// The n-th call that asks fails, for a reason that is gone the next time: functions of random
// graphs ask at their end, scripted sources and collecting sinks amid their rows. The simulated
// workers try such a bundle again. One for all, since functions have no place of their own; nobody
// asks while it is off, as it must be under real threads.
struct flow_test_trip {
    bool on;
    uint64_t at;    // counted from 1; 0: count only
    uint64_t asked; // so far
    bool fell;      // and the engine has not heard of it yet
};
extern struct flow_test_trip flow_test_trip;

// Whether this call has to fail.
static inline bool flow_test_trips(void)
{
    if (!flow_test_trip.on || ++flow_test_trip.asked != flow_test_trip.at)
        return false;
    flow_test_trip.fell = true;
    return true;
}

// --- running

struct flow_test_faults {
    uint32_t one_in;   // a fault at every n-th question on average; 0: never
    uint64_t most;     // faults at random, so that long bundles end one day; 0: no limit
    uint64_t at;       // or exactly at this question, counted from 1; 0: not so
    int point;         // only at this enum fl_fault; −1: any
    uint64_t asked;    // questions so far
    uint64_t injected; // faults so far
};

struct flow_test_sim {
    struct fl_engine *engine;
    uint32_t workers;
    uint64_t seed, random;
    int64_t *clock; // the fake clock
    int64_t own_clock;
    struct flow_test_faults faults;
    bool weave;
    bool done[64];
    // called whenever a watermark has moved
    void (*watch)(struct flow_test_sim *sim, void *user);
    void *user;
};

struct flow_test_options {
    uint32_t workers; // 0: 1
    uint64_t seed;
    uint64_t memory;            // 0: 256 MiB
    uint64_t flight;            // bytes that a shuffle may hold; 0: a share of the memory
    const char *scratch;        // directory to spill to; NULL: never
    uint64_t spill;             // bytes of groupings a worker keeps; 0: a share of the memory
    const struct fl_disk *disk; // NULL: the system's
    bool no_lifting, always_lifting;
    bool weave; // workers are interleaved within their steps (weave.h)
    struct flow_test_faults faults;
    void (*watch)(struct flow_test_sim *sim, void *user);
    void *user;
    int64_t *clock; // shared with scripts; NULL: one of its own
};

// Makes an engine for a pipeline. NULL with the error.
struct flow_test_sim *flow_test_open(
    flow_pipeline *pipeline, const struct flow_test_options *options, flow_error *error);

// Steps random workers until nobody has anything to do; true when all are done or one failed.
bool flow_test_settle(struct flow_test_sim *sim);

// Interleaved workers only: goes on for so many turns, then brings the engine to rest amid its
// input, as for a snapshot. False when it is over, or cannot.
bool flow_test_rest(struct flow_test_sim *sim, uint64_t turns);

// Writes a snapshot of the settled engine and goes on in a fresh one of so many workers.
struct flow_test_sim *flow_test_reborn(
    struct flow_test_sim *sim, flow_pipeline *pipeline, const struct flow_test_options *options);

// Ends the engine and frees it; how the job ended.
flow_status flow_test_close(struct flow_test_sim *sim, flow_error *error);

// The earliest instant at which a worker of the settled engine must be awake, at most `before`.
int64_t flow_test_next_wake(const struct flow_test_sim *sim, int64_t before);

// Runs to the end; whenever nobody has anything to do the clock goes on to the instant at which
// somebody has, by a second at most.
flow_status flow_test_run(
    flow_pipeline *pipeline, const struct flow_test_options *options, flow_error *error);

// Runs and expects no error.
void flow_test_run_well(flow_pipeline *pipeline, const struct flow_test_options *options);

// --- memory that runs out and is counted

struct flow_test_memory {
    flow_allocator allocator;
    _Atomic uint64_t calls;
    _Atomic uint64_t held;
    uint64_t fail_at; // this call fails, and all after it; 0: none
    bool once;        // only this call
};

void flow_test_memory_init(struct flow_test_memory *memory);

#endif
