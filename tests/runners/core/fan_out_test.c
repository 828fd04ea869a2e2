// SPDX-License-Identifier: Apache-2.0
// Combines in two levels give what one level gives (R76): over windows, kinds of combines, keys,
// seeds and bundles that fail.
#include "flow_test.h"

#include <stdio.h>
#include <stdlib.h>

#include <flow/runner_local.h>

TCase *fan_out_tests(void);

#define SECOND INT64_C(1000000)

enum {
    ROWS = 360,
    PIECES = 9,
    COMBINES = 6,
    CUTS = 4,
    FANS = 3
};

struct input {
    int64_t clock;
    struct flow_test_row rows[ROWS];
    char texts[ROWS][8];
    struct flow_test_piece pieces[PIECES];
    struct flow_test_script script;
};

static struct input *new_input(uint64_t random)
{
    struct input *input = calloc(1, sizeof *input);
    ck_assert_ptr_nonnull(input);
    for (int i = 0; i < ROWS; i++) {
        struct flow_test_row *row = &input->rows[i];
        // two of three are of the hot key, 0
        const uint32_t key = flow_test_below(&random, 3) ? 0 : 1 + flow_test_below(&random, 4);
        *row = flow_test_row_at(key, flow_test_below(&random, 50),
            (i / 6 + i / 60 * 5 + (int64_t)flow_test_below(&random, 5)) * SECOND);
        row->x = (double)flow_test_below(&random, 40) / 8;
        snprintf(input->texts[i], sizeof input->texts[i], "t%u", key);
        row->s = flow_str_of(input->texts[i]);
    }
    input->script = flow_test_deal(input->rows, ROWS, input->pieces, PIECES);
    for (int p = 0; p < PIECES; p++)
        input->pieces[p].not_before = p * 2 * SECOND;
    input->script.times.disorder = flow_seconds(6);
    input->script.clock = &input->clock;
    return input;
}

static flow_windows cut(int which)
{
    switch (which) {
    case 0:
        return flow_fixed(flow_seconds(10));
    case 1:
        return flow_sliding(flow_seconds(10), flow_seconds(5));
    case 2:
        return flow_sessions(flow_millis(1500));
    default:
        return flow_cumulate(flow_seconds(20), flow_seconds(5));
    }
}

static flow_coll combine(int which, flow_coll in)
{
    switch (which) {
    case 0:
        return flow_count(in);
    case 1:
        return flow_sum(in, FLOW_FIELD(flow_test_row, v));
    case 2:
        return flow_max(in, FLOW_FIELD(flow_test_row, v));
    case 3:
        return flow_mean(in, FLOW_FIELD(flow_test_row, x));
    case 4:
        return flow_summarize(in, FLOW_FIELD(flow_test_row, x));
    default:
        return flow_top(in, 3, FLOW_FIELD(flow_test_row, v));
    }
}

static uint32_t hot_number(const void *key)
{
    return *(const int64_t *)key == 0 ? 4 : 1;
}

static uint32_t hot_text(const void *key)
{
    return flow_str_equal(*(const flow_str *)key, flow_str_of("t0")) ? 3 : 0;
}

// Without a key, by a number, by a text.
static flow_coll keyed(int fan, flow_coll in, bool fanned)
{
    const flow_fan_out_options options[FANS] = { { .parts = 3 }, { .parts_of = hot_number },
        { .parts_of = hot_text } };
    if (fan == 1)
        in = flow_key_by(in, FLOW_FIELD(flow_test_row, k));
    if (fan == 2)
        in = flow_key_by(in, FLOW_FIELD(flow_test_row, s));
    return fanned ? flow_fan_out(in, &options[fan]) : in;
}

struct play {
    struct input *input;
    flow_window_options how;
    int fan, combine;
};

static void run(const struct play *play, bool fanned, struct flow_test_results *got)
{
    flow_pipeline *pipeline = flow_pipeline_new("fan out");
    const flow_coll rows = flow_test_read(pipeline, &play->input->script);
    const flow_coll in = keyed(play->fan, flow_window_into(rows, &play->how), fanned);
    flow_test_collect(combine(play->combine, in), got);
    play->input->clock = 0;
    const struct flow_test_options options = { .workers = 1 + (uint32_t)play->combine % 3,
        .clock = &play->input->clock,
        .seed = (uint64_t)play->combine + 1,
        .faults = { .one_in = 9, .most = 60, .point = -1 } };
    flow_test_run_well(pipeline, &options);
    flow_pipeline_free(pipeline);
}

START_TEST(r76_parts_add_up_to_what_one_level_gives)
{
    struct input *input = new_input((uint64_t)_i + 1);
    const struct play play = { .input = input,
        .how = { .windows = cut(_i % CUTS) },
        .fan = _i / CUTS % FANS,
        .combine = _i / CUTS / FANS };
    struct flow_test_results one, two;
    flow_test_results_init(&one, "one level");
    flow_test_results_init(&two, "two levels");
    run(&play, false, &one);
    run(&play, true, &two);
    const char *differs = flow_test_differ(&two, &one);
    ck_assert_msg(!differs, "%s", differs);
    ck_assert_uint_gt(one.count, 5);
    flow_test_results_clear(&one);
    flow_test_results_clear(&two);
    free(input);
}
END_TEST

// Only what is the last of its window, and is not taken back.
static void keep_last(struct flow_test_results *results)
{
    size_t kept = 0;
    for (size_t i = 0; i < results->count; i++) {
        struct flow_test_result *result = &results->list[i];
        if (!result->pane.last || strncmp(result->text, "- ", 2) == 0) {
            free(result->text);
            free(result->floats);
            continue;
        }
        result->pane = (flow_pane){ .timing = FLOW_TIMING_UNKNOWN };
        results->list[kept++] = *result;
    }
    results->count = kept;
}

START_TEST(r76_the_first_level_discards_whatever_the_input_says)
{
    struct input *input = new_input((uint64_t)_i + 100);
    struct play play = { .input = input,
        .how = { .windows = cut(_i % CUTS),
            .trigger =
                flow_trigger_early_late(flow_trigger_delay(flow_millis(1500)), flow_trigger_none()),
            .accumulation = _i < 24 ? FLOW_ACCUMULATING : FLOW_RETRACTING,
            .closing = FLOW_EMPTY_ALWAYS,
            .no_lateness = true },
        .fan = _i / CUTS % FANS,
        .combine = _i % COMBINES };
    struct flow_test_results one, two;
    flow_test_results_init(&one, "one level");
    flow_test_results_init(&two, "two levels");
    run(&play, false, &one);
    run(&play, true, &two);
    keep_last(&one);
    keep_last(&two);
    const char *differs = flow_test_differ(&two, &one);
    ck_assert_msg(!differs, "%s", differs);
    ck_assert_uint_gt(one.count, 3);
    flow_test_results_clear(&one);
    flow_test_results_clear(&two);
    free(input);
}
END_TEST

// Elements that reached a step and that it gave.
static flow_step_report step_of(flow_pipeline *pipeline, const char *path)
{
    flow_error error;
    const flow_local_options options = { .workers = 1 };
    const flow_runner runner = flow_local(&options);
    flow_job *job = flow_job_start(pipeline, &runner, &error);
    ck_assert_msg(job != NULL, "%s", error.message);
    flow_status_report report = { 0 };
    while (!report.ended)
        flow_job_status(job, &report);
    flow_step_report step = { 0 };
    for (size_t i = 0; flow_job_step(job, i, &step) && strcmp(step.path, path) != 0; i++)
        step.path = "";
    ck_assert_str_eq(step.path, path);
    ck_assert_int_eq(flow_job_wait(job, &error), FLOW_OK);
    return step;
}

static flow_step_report parts_of(uint32_t parts, uint32_t (*by_key)(const void *key))
{
    struct input *input = new_input(7);
    input->clock = PIECES * 2 * SECOND;
    struct flow_test_results got;
    flow_test_results_init(&got, "counts");
    flow_pipeline *pipeline = flow_pipeline_new("fan out");
    const flow_coll rows =
        flow_key_by(flow_test_read(pipeline, &input->script), FLOW_FIELD(flow_test_row, k));
    const flow_fan_out_options options = { .parts = parts, .parts_of = by_key };
    flow_test_collect(flow_count(flow_fan_out(rows, &options)), &got);
    const flow_step_report step = step_of(pipeline, "count/parts");
    ck_assert_uint_eq(got.count, 5);
    flow_test_results_clear(&got);
    flow_pipeline_free(pipeline);
    free(input);
    return step;
}

START_TEST(r76_a_bundle_goes_to_one_part_of_each_key)
{
    uint64_t pairs = 0; // of a bundle and a key in it
    struct input *input = new_input(7);
    for (int p = 0; p < PIECES; p++) {
        uint32_t seen = 0;
        for (int i = 0; i < ROWS / PIECES; i++)
            seen |= 1u << input->rows[p * (ROWS / PIECES) + i].k;
        for (; seen; seen &= seen - 1)
            pairs++;
    }
    free(input);
    ck_assert_uint_eq(parts_of(1000, NULL).rows_out, pairs);
    ck_assert_uint_eq(parts_of(2, NULL).rows_out, 2 * 5); // every key in two bundles and more
}
END_TEST

START_TEST(r76_cold_keys_skip_the_first_level)
{
    uint64_t hot = 0;
    struct input *input = new_input(7);
    for (int i = 0; i < ROWS; i++)
        hot += input->rows[i].k == 0;
    free(input);
    const flow_step_report step = parts_of(0, hot_number);
    ck_assert_uint_eq(step.rows_in, hot);
    ck_assert_uint_eq(step.rows_out, 4);
}
END_TEST

TCase *fan_out_tests(void)
{
    TCase *tests = tcase_create("fan out");
    tcase_add_loop_test(tests, r76_parts_add_up_to_what_one_level_gives, 0, COMBINES * CUTS * FANS);
    tcase_add_loop_test(tests, r76_the_first_level_discards_whatever_the_input_says, 0, 48);
    tcase_add_test(tests, r76_a_bundle_goes_to_one_part_of_each_key);
    tcase_add_test(tests, r76_cold_keys_skip_the_first_level);
    return tests;
}
