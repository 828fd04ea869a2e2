// SPDX-License-Identifier: Apache-2.0
// The contract harness: what every transform of a collection must stand, whatever it computes.
#ifndef FLOW_TEST_HARNESS_H
#define FLOW_TEST_HARNESS_H

#include "flow_test.h"

// The transform under test: from its input, windowed already, to its output.
typedef flow_coll flow_test_build(flow_coll in);

// What it is fed. The harness sets `event_time` of its own copy: equal, near or far apart.
struct flow_test_rows {
    const flow_type *type;
    const void *rows;
    size_t count; // about 40 rows are enough: 8 at least
    flow_field_ref event_time;
    bool no_late; // leave late rows out: not all reach a window, or they meet what others left
    bool by_time; // results depend on times within a window, which a grouping before would change
    bool once;    // what comes oftener, or is taken back, changes the results: of views, of state
    bool early;   // results leave while a session still grows, in the window that it is by then
};

/*
 * Runs a transform every way the engine has and fails, naming transform, mode and seed, where two
 * ways disagree: batches of 1, 7 and all, rows lent, emitted, reserved and lent by column; times
 * equal, within and beyond 32 bits; windows implied, written down by row, shared by a batch, and
 * of rows that cells kept until then; rows that come again in accumulating panes; one
 * and several workers; lifting forced and forbidden; full shuffles; the watermark before, between
 * and after the rows, late rows within and beyond the lateness; bundles that fail and are tried
 * again; snapshots put into fresh engines; too small budgets and an allocator that fails at each of
 * its calls in turn; and twice the same way. Sessions too, where the transform takes them. And
 * early and late results that are taken back: folding them, sign by sign, must leave what a batch
 * gives, over late rows as well.
 *
 * `name` is what messages call the transform. Results are compared as flow_test_differ does.
 */
void flow_test_transform(
    const char *name, flow_test_build *build, const struct flow_test_rows *input);

// The same for transforms in which elements wait for their turn: the watermark goes on between
// them, so with a lateness it hangs on the schedule whether a result is the last of its window.
void flow_test_transform_in_turn(
    const char *name, flow_test_build *build, const struct flow_test_rows *input);

// That a transform, which keeps elements, is refused behind results that are taken back, in the
// words that all of them say.
void flow_test_refuses_signs(const char *name, flow_test_build *build);

// That building is refused and that the error names this step, which is within the scope "shop".
void flow_test_refused_step(flow_test_build *build, const char *step);

#endif
