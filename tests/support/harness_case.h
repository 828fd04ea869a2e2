// SPDX-License-Identifier: Apache-2.0
// Inside the contract harness: one way to run a transform, how it is built, and how it is played.
#ifndef FLOW_TEST_HARNESS_CASE_H
#define FLOW_TEST_HARNESS_CASE_H

#include "harness.h"

enum harness_times {
    TIMES_EQUAL,
    TIMES_NEAR, // within 32 bits of microseconds
    TIMES_FAR,  // beyond
    TIMES_COUNT
};

enum harness_cut {
    CUT_GLOBAL,
    CUT_FIXED,
    CUT_SLIDING,
    CUT_COUNT,
    CUT_SESSIONS = CUT_COUNT
};

enum harness_windows {
    WINDOWS_IMPLIED,
    WINDOWS_BY_ROW, // stamped again once they are known
    WINDOWS_SHARED, // by all rows of a batch, behind a grouping
    WINDOWS_KEPT,   // in cells, until a timer gives the rows as their windows end
    WINDOWS_COUNT
};

enum harness_give {
    GIVE_LENT,
    GIVE_EMITTED,
    GIVE_RESERVED,
    GIVE_COLUMNS,
    GIVE_COUNT
};

// Which rows come, in which order.
enum harness_order {
    ORDER_ALL,
    ORDER_PUNCTUAL, // those that are never late
    ORDER_TARDY,    // the others
    ORDER_LATE,     // the others behind a watermark at the end of all windows
    ORDER_ALL_LATE  // all behind it
};

enum harness_lifting {
    LIFTING_FREE,
    LIFTING_NEVER,
    LIFTING_ALWAYS,
    LIFTING_COUNT
};

struct harness_case {
    enum harness_times times;
    enum harness_cut cut;
    enum harness_windows windows;
    enum harness_give give;
    enum harness_order order;
    enum harness_lifting lifting;
    size_t batch; // 0: all rows
    bool between; // the watermark follows the rows; else it waits for their end
    bool lenient; // lateness without end
    bool often;   // early results and late ones, which take back those before them
    bool again;   // rows come twice, in panes that accumulate, each with all before it
    bool copied;  // rows come as often as those panes have them
    bool full;    // shuffles hold next to nothing
    bool reborn;  // goes on from snapshots in engines of other numbers of workers
    uint32_t workers;
    uint64_t seed;
    uint64_t memory; // budget; 0: enough
    struct flow_test_faults faults;
    const flow_allocator *allocator; // NULL: the C library's
};

// A transform with its input, and the script of the case in work.
struct harness {
    const char *name;
    flow_test_build *build;
    const struct flow_test_rows *input;
    bool in_turn; // see flow_test_transform_in_turn
    char *rows;   // a copy that is stamped; one more for the tick
    char **columns;
    struct flow_test_piece *pieces;
    struct flow_test_script script;
    int64_t clock;
    uint64_t dropped_late; // of the last case
    uint64_t asked;        // questions for faults of the last case
    struct flow_test_results got, wanted;
};

void harness_init(struct harness *h);
void harness_fini(struct harness *h);

// A microsecond count that windows and steps between rows are multiples of.
int64_t harness_unit(enum harness_times times);
flow_windows harness_windows(const struct harness_case *c);

// Whether rows can be lent by column.
bool harness_has_columns(const struct harness *h);

// How often a row comes.
size_t harness_copies(const struct harness *h, const struct harness_case *c, size_t row);

// Stamps the rows, orders them in pieces and builds the pipeline, which sends to `results`. NULL
// only without memory.
flow_pipeline *harness_build(
    struct harness *h, const struct harness_case *c, struct flow_test_results *results);

// Whether a transform takes windows of a case: state that cannot merge does not take sessions.
bool harness_takes(struct harness *h, const struct harness_case *c);

// How many (row, window) pairs of the last script are behind the tick.
uint64_t harness_tardy_pairs(const struct harness *h, const struct harness_case *c);

// Plays a case, adding what is published to `results`.
flow_status harness_play(struct harness *h, const struct harness_case *c,
    struct flow_test_results *results, flow_error *error);

// The same; fails the test unless it ends well.
void harness_play_well(
    struct harness *h, const struct harness_case *c, struct flow_test_results *results);

// Fails the test: transform, mode, seed, and why.
void harness_fail(const struct harness *h, const struct harness_case *c, const char *why);

#endif
