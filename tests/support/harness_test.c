// SPDX-License-Identifier: Apache-2.0
// Whether the contract harness finds what it is for: transforms with a fault each, which it must
// refuse with a sentence that names them and the mode. A program of its own, since failing tests
// are what is expected here.
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"

#define ROWS 41

// --- combines that break a law

struct first {
    int64_t v, seen;
};
FLOW_RECORD(first, v, seen);

// Depends on the order of merging.
static void first_add(struct first *acc, const struct flow_test_row *row)
{
    acc->v = acc->seen++ ? acc->v : row->v;
}

static void first_merge(struct first *acc, const struct first *other)
{
    acc->v = acc->seen ? acc->v : other->v;
    acc->seen += other->seen;
}
FLOW_COMBINE_FN(first, flow_test_row);

struct forgetful {
    int64_t count;
};
FLOW_RECORD(forgetful, count);

static void forgetful_add(struct forgetful *acc, const struct flow_test_row *row)
{
    (void)row;
    acc->count++;
}

// Loses what it has when something comes from elsewhere.
static void forgetful_merge(struct forgetful *acc, const struct forgetful *other)
{
    if (other->count)
        acc->count = other->count;
}
FLOW_COMBINE_FN(forgetful, flow_test_row);

// --- functions that hide something from the engine

// Numbers rows over all calls, so that no two runs agree.
static flow_status count_on(flow_ctx *ctx, const struct flow_test_row *row)
{
    static int64_t number;
    (void)row;
    return FLOW_EMIT(ctx, first, .v = number++);
}
FLOW_ELEMENT_FN(count_on, flow_test_row, first);

// Knows only the rows of its batch.
static flow_status count_batch(flow_ctx *ctx, const flow_batch *batch)
{
    ctx->row = FLOW_BATCH_INDEX(batch, 0);
    return FLOW_EMIT(ctx, first, .v = batch->count);
}
FLOW_BATCH_FN(count_batch, flow_test_row, first);

// Keeps its state where a failed bundle, and a snapshot, cannot reach it.
static flow_status hoard(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct first *state)
{
    static int64_t counts[8];
    (void)row;
    if (state->seen++ == 0)
        counts[*key] = 0;
    return FLOW_EMIT(ctx, first, .v = counts[*key]++);
}

static flow_status hoard_timer(flow_ctx *ctx, const int64_t *key, struct first *state)
{
    (void)ctx;
    (void)key;
    (void)state;
    return FLOW_OK;
}
FLOW_STATEFUL_FN(hoard, int64_t, flow_test_row, first, first);

static flow_status nothing(flow_ctx *ctx, const struct flow_test_row *row)
{
    (void)ctx;
    (void)row;
    return FLOW_OK;
}
FLOW_ELEMENT_FN(nothing, flow_test_row, first);

// Lets results through, but not what takes them back.
static bool is_given(const flow_ctx *ctx, const struct flow_counted *counted)
{
    (void)counted;
    return flow_sign(ctx) > 0;
}
FLOW_FILTER_FN(is_given, flow_counted);

#define TRUSTED (INT64_C(8) * 2000 * 1000000) // µs; rows come less out of order than this

// The latest time that came.
struct latest {
    int64_t at, begun;
};

// Goes by the order in which rows come, and takes those far behind others for too late.
static flow_status pass_in_order(flow_ctx *ctx, const struct flow_test_row *row)
{
    struct latest *latest = FLOW_SELF_OF(ctx, latest);
    const int64_t at = flow_event_time(ctx).us;
    if (latest->begun && at < latest->at - TRUSTED)
        return FLOW_OK;
    latest->at = latest->begun && at < latest->at ? latest->at : at;
    latest->begun = 1;
    return FLOW_EMIT(ctx, first, .v = row->v);
}
FLOW_ELEMENT_FN_WITH(pass_in_order, flow_test_row, (first), .self_size = sizeof(struct latest));

// Takes what a window gives later for what it had given before.
static bool is_first_pane(const flow_ctx *ctx, const struct flow_test_row *row)
{
    (void)row;
    return flow_pane_info(ctx).index == 0;
}
FLOW_FILTER_FN(is_first_pane, flow_test_row);

static flow_coll by_k(flow_coll in)
{
    return flow_key_by(in, FLOW_FIELD(flow_test_row, k));
}

static flow_coll order_matters(flow_coll in)
{
    return flow_combine(by_k(in), &first_combine);
}

static flow_coll merge_forgets(flow_coll in)
{
    return flow_combine(by_k(in), &forgetful_combine);
}

static flow_coll runs_differ(flow_coll in)
{
    return flow_do(in, &count_on_fn);
}

static flow_coll batches_show(flow_coll in)
{
    return flow_do(in, &count_batch_fn);
}

static flow_coll state_hides(flow_coll in)
{
    return flow_do(by_k(in), &hoard_fn);
}

static flow_coll no_result(flow_coll in)
{
    return flow_do(in, &nothing_fn);
}

static flow_coll signs_are_lost(flow_coll in)
{
    return flow_do(flow_count(by_k(in)), &is_given_fn);
}

static flow_coll order_is_trusted(flow_coll in)
{
    return flow_do(in, &pass_in_order_fn);
}

static flow_coll panes_are_lost(flow_coll in)
{
    return flow_do(in, &is_first_pane_fn);
}

static const struct {
    const char *name;
    flow_test_build *build;
    const char *words; // of the sentence
} faults[] = {
    { "order matters", order_matters, "the first that differs" },
    { "merge forgets", merge_forgets, "the first that differs" },
    { "runs differ", runs_differ, "seed 1" },
    { "batches show", batches_show, "in batches of" },
    { "state hides", state_hides, "the first that differs" },
    { "signs are lost", signs_are_lost, "results taken back" },
    { "order is trusted", order_is_trusted, "windows kept" },
    { "panes are lost", panes_are_lost, "accumulating panes" },
    { "no result", no_result, "nothing comes out" },
};

#define FAULTS (int)(sizeof faults / sizeof faults[0])

START_TEST(a_fault)
{
    struct flow_test_row rows[ROWS];
    for (int64_t i = 0; i < ROWS; i++)
        rows[i] = flow_test_row_at(i / 2 % 5, i * 37 % 23 - 11, 0);
    const struct flow_test_rows input = { &flow_test_row_type, rows, ROWS,
        FLOW_FIELD(flow_test_row, at), true, false, false, false };
    flow_test_transform(faults[_i].name, faults[_i].build, &input);
}
END_TEST

// Whether the test of a fault failed with its name and words.
static bool is_found(TestResult *result, int fault)
{
    const char *message = tr_rtype(result) == CK_PASS ? "the test passed" : tr_msg(result);
    const bool found =
        strstr(message, faults[fault].name) == message && strstr(message, faults[fault].words);
    printf("%s %d - the harness finds that %s\n", found ? "ok" : "not ok", fault + 1,
        faults[fault].name);
    if (!found)
        printf("# %s\n", message);
    return found;
}

int main(void)
{
    Suite *suite = suite_create("support/harness");
    TCase *tests = tcase_create("faults");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_fault, 0, FAULTS);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_FORK); // a failing test leaves what it had
    srunner_run_all(runner, CK_SILENT);
    TestResult **results = srunner_results(runner);
    int missed = srunner_ntests_run(runner) != FAULTS;
    printf("1..%d\n", FAULTS);
    for (int i = 0; i < srunner_ntests_run(runner); i++)
        missed += !is_found(results[i], i);
    free(results);
    srunner_free(runner);
    return missed != 0;
}
