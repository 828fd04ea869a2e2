// SPDX-License-Identifier: Apache-2.0
// One budget, several workers: who lacks memory gets what others hold; who asks in vain fails.
#include <stdio.h>

#include "engine.h"
#include "flow_test.h"

enum {
    ROWS = 160000,
    PIECE = 500,
    SEEDS = 6
};

#define BUDGET ((uint64_t)6 << 20)

static struct flow_test_row rows[ROWS];
static struct flow_test_piece pieces[ROWS / PIECE];
static struct flow_test_script script;

// All of one key: one worker has all of them, and spills only when it must.
static void setup(void)
{
    static const char text[] = "what a row has with it, so that some thousands of them are many";
    for (size_t i = 0; i < ROWS; i++) {
        rows[i] = flow_test_row_at(7, 1, (int64_t)i);
        rows[i].s = (flow_str){ text, sizeof text - 1 };
    }
    script = flow_test_deal(rows, ROWS, pieces, ROWS / PIECE);
}

static flow_status sum_rows(flow_ctx *ctx, const int64_t *k, flow_rows *of)
{
    struct flow_test_row out = { .k = *k };
    for (const struct flow_test_row *row; (row = flow_rows_next(of)) != NULL;)
        out.v += row->v;
    return flow_emit(ctx, 0, &flow_test_row_type, &out, sizeof out);
}
FLOW_GROUP_FN(sum_rows, int64_t, flow_test_row, flow_test_row);

static flow_status keep_rows(flow_ctx *ctx, const int64_t *k, flow_rows *of)
{
    flow_rows_keep(of);
    return sum_rows(ctx, k, of);
}
FLOW_GROUP_FN(keep_rows, int64_t, flow_test_row, flow_test_row);

static struct flow_test_options options_of(uint64_t seed)
{
    return (struct flow_test_options){
        .workers = 3, .seed = seed, .memory = BUDGET, .scratch = P_tmpdir, .spill = 2 * BUDGET
    };
}

static flow_status run_group(const flow_fn *fn, uint64_t seed, struct flow_test_results *into,
    uint64_t *calls, flow_error *error)
{
    flow_pipeline *pipeline = flow_pipeline_new("relief");
    const flow_coll in = flow_test_read(pipeline, &script);
    const struct flow_test_options options = options_of(seed);
    flow_test_collect(flow_group(flow_key_by(in, FLOW_FIELD(flow_test_row, k)), fn), into);
    struct flow_test_sim *sim = flow_test_open(pipeline, &options, error);
    ck_assert_msg(sim != NULL, "%s", error->message);
    ck_assert(flow_test_settle(sim));
    *calls += atomic_load(&sim->engine->calls);
    const flow_status status = flow_test_close(sim, error);
    flow_pipeline_free(pipeline);
    return status;
}

START_TEST(who_lacks_memory_gets_what_others_hold)
{
    uint64_t calls = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct flow_test_results got;
        flow_error error = { 0 };
        flow_test_results_init(&got, "got");
        const flow_status status = run_group(&sum_rows_fn, seed, &got, &calls, &error);
        ck_assert_msg(status == FLOW_OK, "seed %d, %s: %s", (int)seed, error.step, error.message);
        ck_assert_uint_eq(got.count, 1);
        flow_test_results_clear(&got);
    }
    ck_assert_uint_gt(calls, 0);
}
END_TEST

START_TEST(who_asks_in_vain_fails)
{
    struct flow_test_results got;
    flow_error error = { 0 };
    uint64_t calls = 0;
    flow_test_results_init(&got, "got");
    ck_assert_int_eq(run_group(&keep_rows_fn, 1, &got, &calls, &error), FLOW_BUDGET);
    ck_assert_str_eq(error.step, "keep_rows");
    ck_assert_uint_gt(calls, 0);
    ck_assert_uint_eq(got.count, 0);
    flow_test_results_clear(&got);
}
END_TEST

TCase *relief_tests(void);

TCase *relief_tests(void)
{
    TCase *tests = tcase_create("relief.c");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, who_lacks_memory_gets_what_others_hold);
    tcase_add_test(tests, who_asks_in_vain_fails);
    return tests;
}
