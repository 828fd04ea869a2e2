// SPDX-License-Identifier: Apache-2.0
// The library's transforms give the same by both ways: tables by slice of time, and window by
// window (which empty closing panes ask for, and with no lateness never give). And sessions end by
// the wall clock when their input falls silent.
#include "panes.h"

#include <stdio.h>
#include <stdlib.h>

#define SECOND INT64_C(1000000)

enum {
    ROWS = 600,
    PIECES = 6,
    TRANSFORMS = 8
};

static flow_coll transform(int which, flow_coll in)
{
    switch (which) {
    case 0:
        return flow_count(in);
    case 1:
        return flow_sum(in, FLOW_FIELD(flow_test_row, v));
    case 2:
        return flow_min(in, FLOW_FIELD(flow_test_row, v));
    case 3:
        return flow_max(in, FLOW_FIELD(flow_test_row, x));
    case 4:
        return flow_mean(in, FLOW_FIELD(flow_test_row, x));
    case 5:
        return flow_summarize(in, FLOW_FIELD(flow_test_row, v));
    case 6:
        return flow_distinct(in);
    default:
        return flow_top(in, 3, FLOW_FIELD(flow_test_row, v));
    }
}

struct input {
    struct flow_test_row rows[ROWS];
    char texts[ROWS][8];
    struct flow_test_piece pieces[PIECES];
    struct flow_test_script script;
};

static void fill(struct input *input, uint64_t random)
{
    memset(input, 0, sizeof *input);
    for (int i = 0; i < ROWS; i++) {
        struct flow_test_row *row = &input->rows[i];
        *row = flow_test_row_at(flow_test_below(&random, 9), flow_test_below(&random, 5),
            (i / 10 + (int64_t)flow_test_below(&random, 8)) * SECOND);
        row->x = (double)flow_test_below(&random, 40) / 8;
        snprintf(input->texts[i], sizeof input->texts[i], "t%u", flow_test_below(&random, 4));
        row->s = flow_str_of(input->texts[i]);
    }
    input->script = flow_test_deal(input->rows, ROWS, input->pieces, PIECES);
    input->script.times.disorder = flow_seconds(9);
}

static void run(
    const struct input *input, int which, bool by_text, bool general, struct flow_test_results *got)
{
    flow_pipeline *pipeline = flow_pipeline_new("library");
    const flow_window_options how = { .windows = flow_sliding(flow_seconds(10), flow_seconds(5)),
        .closing = general ? FLOW_EMPTY_ALWAYS : FLOW_EMPTY_UNSET };
    const flow_coll rows = flow_test_read(pipeline, &input->script);
    const flow_coll keyed = by_text ? flow_key_by(rows, FLOW_FIELD(flow_test_row, s))
                                    : flow_key_by(rows, FLOW_FIELD(flow_test_row, k));
    const flow_coll in = which % 3 == 0 ? rows : keyed;
    flow_test_collect(transform(which, flow_window_into(in, &how)), got);
    const struct flow_test_options options = { .workers = 1 + (uint32_t)which % 3,
        .seed = (uint64_t)which + 1,
        .faults = { .one_in = 9, .most = 60, .point = -1 } };
    flow_test_run_well(pipeline, &options);
    flow_pipeline_free(pipeline);
}

START_TEST(transforms_of_the_library_give_the_same_window_by_window)
{
    struct input *input = malloc(sizeof *input);
    const int which = _i % TRANSFORMS;
    fill(input, (uint64_t)_i);
    for (int by_text = 0; by_text < 2; by_text++) {
        struct flow_test_results sliced, lived;
        flow_test_results_init(&sliced, "sliced");
        flow_test_results_init(&lived, "lived");
        run(input, which, by_text, false, &sliced);
        run(input, which, by_text, true, &lived);
        const char *differs = flow_test_differ(&lived, &sliced);
        ck_assert_msg(!differs, "%s", differs);
        ck_assert_uint_gt(lived.count, 10);
        flow_test_results_clear(&sliced);
        flow_test_results_clear(&lived);
    }
    free(input);
}
END_TEST

START_TEST(c17_sessions_end_by_the_clock_when_nothing_comes)
{
    const struct flow_test_row rows[2] = { flow_test_row_at(1, 1, 10 * SECOND),
        flow_test_row_at(1, 2, 12 * SECOND) };
    const struct flow_test_piece pieces[] = { { .rows = rows, .count = 2 }, { .endless = true } };
    int64_t clock = 0;
    const struct flow_test_script script = { .type = &flow_test_row_type,
        .pieces = pieces,
        .piece_count = 2,
        .event_time = FLOW_FIELD(flow_test_row, at),
        .clock = &clock,
        .times = { .in_order = true, .idle = FLOW_IDLE_ADVANCE, .idle_after = flow_seconds(3) },
        .unbounded = true };
    const flow_window_options how = { .windows = flow_sessions(flow_seconds(5)) };
    flow_pipeline *pipeline = flow_pipeline_new("silence");
    struct flow_test_results got;
    flow_error error = { 0 };
    flow_test_results_init(&got, "sessions");
    const flow_coll in =
        flow_key_by(flow_test_read(pipeline, &script), FLOW_FIELD(flow_test_row, k));
    flow_test_collect(flow_sum(flow_window_into(in, &how), FLOW_FIELD(flow_test_row, v)), &got);
    const struct flow_test_options options = { .seed = 1, .clock = &clock };
    struct flow_test_sim *sim = flow_test_open(pipeline, &options, &error);
    ck_assert_msg(sim != NULL, "%s", error.message);
    flow_test_settle(sim);
    size_t before = 0;
    for (clock = SECOND; got.count == 0 && clock < 100 * SECOND; clock += SECOND) {
        before = (size_t)(clock / SECOND);
        flow_test_settle(sim);
    }
    // the session ends at 17; the watermark goes on from 12 as the clock does
    ck_assert_uint_eq(got.count, 1);
    ck_assert_uint_ge(before, 5);
    ck_assert_uint_le(before, 9);
    ck_assert_int_eq(got.list[0].window.end.us, 17 * SECOND);
    fl_engine_cancel(sim->engine);
    flow_test_settle(sim);
    ck_assert_int_eq(flow_test_close(sim, &error), FLOW_CANCELLED);
    flow_test_results_clear(&got);
    flow_pipeline_free(pipeline);
}
END_TEST

TCase *panes_library_tests(void);

TCase *panes_library_tests(void)
{
    TCase *tests = tcase_create("panes of the library");
    tcase_add_loop_test(
        tests, transforms_of_the_library_give_the_same_window_by_window, 0, 3 * TRANSFORMS);
    tcase_add_test(tests, c17_sessions_end_by_the_clock_when_nothing_comes);
    return tests;
}
