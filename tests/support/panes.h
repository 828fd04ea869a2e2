// SPDX-License-Identifier: Apache-2.0
// Windows and triggers by script: elements, watermark and clock, one after the other; run by the
// engine, and answered by a naive reference that goes by the rules, window by window.
#ifndef FLOW_TEST_PANES_H
#define FLOW_TEST_PANES_H

#include "flow_test.h"

#define PANES_STEPS 400

enum panes_what {
    PANES_ADD,       // an element
    PANES_WITH,      // an element in the bundle of the one before
    PANES_WATERMARK, // moves to `at`
    PANES_CLOCK,     // moves to `at`
    PANES_LOOK       // nothing comes: whoever looks on is asked
};

struct panes_step {
    enum panes_what what;
    int64_t k, v, at;
};

enum panes_result {
    PANES_SUM,   // of v
    PANES_MIN,   // of v
    PANES_TEXTS, // a user's accumulator with text: the largest element by text
    PANES_GROUP, // all values
    PANES_CHAIN, // the sum of v, then `then` of those sums, of all keys k / 2
    PANES_RESULTS
};

struct panes_case {
    flow_window_options how;
    enum panes_result result, then;
    bool unkeyed;
    struct panes_step steps[PANES_STEPS];
    size_t count;
};

struct panes_options {
    struct flow_test_options engine;
    size_t reborn_at;   // a snapshot is taken before this step and restored; 0: none
    uint32_t reborn_in; // workers of the engine that goes on
    // looks on: after each step, and after the last one with `step` behind them
    void (*look)(void *user, struct flow_test_sim *sim, size_t step);
    void *user;
};

struct panes_outcome {
    struct flow_test_results results;
    uint64_t late, closed, no_window; // drops by reason
};

void panes_outcome_init(struct panes_outcome *outcome, const char *name);
void panes_outcome_clear(struct panes_outcome *outcome);

// Runs a case. The error of building it, or NULL.
const char *panes_run(
    const struct panes_case *test, const struct panes_options *options, struct panes_outcome *got);

// What it should come to.
void panes_answer(const struct panes_case *test, struct panes_outcome *wanted);

// A case as text, for who reads a failure: released with free.
char *panes_print(const struct panes_case *test);

// Windows of user functions: elements with an even v lie in a window of 7 and one of 20 seconds
// from their time on, others in none but for v % 3 == 1; and sessions whose gap is v % 8 seconds
// plus one.
extern const flow_window_fn panes_two_fn, panes_gap_fn;

// A user's accumulator: the greatest text, and how many there were.
struct panes_most {
    flow_str s;
    int64_t count;
};
FLOW_RECORD(panes_most, s, count);

// A group's values, as both write them.
struct flow_test_row panes_group_row(
    int64_t key, int64_t *values, size_t count, char *text, size_t size);

#endif
