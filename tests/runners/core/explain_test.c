// SPDX-License-Identifier: Apache-2.0
// Why a watermark is where it is, in words: which source, partition or held result bounds it.
#include "story.h"

TCase *explain_tests(void);

#define SECOND INT64_C(1000000)
#define START  INT64_C(1700000000000000)

static struct flow_test_row rows[8];
static struct flow_test_piece pieces[16];
static struct flow_test_script script;
static struct flow_test_results got;
static int64_t now_us;
static flow_pipeline *p;
static struct flow_test_sim *sim;

static void begin(flow_time_policy times, uint32_t partitions)
{
    memset(pieces, 0, sizeof pieces);
    now_us = START;
    script = (struct flow_test_script){ .type = &flow_test_row_type,
        .pieces = pieces,
        .partitions = partitions,
        .event_time = FLOW_FIELD(flow_test_row, at),
        .times = times,
        .unbounded = true,
        .clock = &now_us };
    flow_test_results_init(&got, "results");
}

static void piece(uint32_t partition, int64_t second)
{
    const size_t i = script.piece_count++;
    rows[i] = flow_test_row_at(1, 1, second * SECOND);
    pieces[i] = (struct flow_test_piece){ .partition = partition, .rows = &rows[i], .count = 1 };
}

static void endless(uint32_t partition)
{
    pieces[script.piece_count++] =
        (struct flow_test_piece){ .partition = partition, .endless = true };
}

// Counts in windows of ten seconds, and counts those counts in the same windows.
static void open_counts(void)
{
    const flow_window_options tens = { .windows = flow_fixed(flow_seconds(10)) };
    const struct flow_test_options options = { .workers = 2, .seed = 1, .clock = &now_us };
    flow_error error = { 0 };
    p = flow_pipeline_new("explain");
    const flow_coll in = flow_window_into(flow_test_read(p, &script), &tens);
    const flow_coll counts = flow_count(flow_key_by(in, FLOW_FIELD(flow_test_row, k)));
    flow_test_collect(flow_named(flow_count(flow_unkey(counts)), "again"), &got);
    sim = flow_test_open(p, &options, &error);
    ck_assert_msg(sim != NULL, "%s", error.message);
    flow_test_settle(sim);
}

static void says(const char *step, const char *wanted)
{
    flow_buffer out = { 0 };
    ck_assert(fl_engine_explain(sim->engine, step, &out));
    flow_buffer_put(&out, "", 1);
    ck_assert_str_eq(out.data, wanted);
    flow_buffer_free(&out);
}

static void end(void)
{
    flow_error error = { 0 };
    fl_engine_cancel(sim->engine);
    flow_test_settle(sim);
    flow_test_close(sim, &error);
    flow_pipeline_free(p);
    flow_test_results_clear(&got);
}

START_TEST(the_partition_that_lags_is_named_with_what_it_waits_for)
{
    begin((flow_time_policy){ .disorder = flow_seconds(5) }, 2);
    piece(0, 100);
    piece(1, 27);
    endless(0);
    endless(1);
    open_counts();
    now_us += 40 * SECOND;
    says("count", "step 'count' has its input watermark at 1970-01-01T00:00:22Z; it is bounded by "
                  "source 'script': partition 2 of 2 has its latest element at "
                  "1970-01-01T00:00:27Z, and elements may come 5s out of order; it has given "
                  "nothing for 40s, and its idle policy is to hold the watermark until it goes on");
    end();
}
END_TEST

START_TEST(r6_a_partition_that_was_never_seen_is_told)
{
    begin(
        (flow_time_policy){
            .in_order = true, .idle = FLOW_IDLE_ADVANCE, .idle_after = flow_seconds(60) },
        2);
    piece(0, 100);
    endless(0);
    endless(1);
    open_counts();
    now_us += 3 * SECOND;
    says("script", "the watermark is at the beginning of time: source 'script': partition 2 of 2 "
                   "has never given an element; it has given nothing for 3s, and its idle policy "
                   "lets the watermark go on with the clock after 1m");
    end();
}
END_TEST

START_TEST(the_path_goes_up_through_steps_to_the_source)
{
    begin((flow_time_policy){ .in_order = true }, 1);
    piece(0, 3);
    piece(0, 17);
    endless(0);
    open_counts();
    // [0, 10) has fired; [10, 20) waits for the watermark, which waits for the source
    says("again", "step 'again' has its input watermark at 1970-01-01T00:00:17Z; it is bounded by "
                  "step 'count'; it is bounded by source 'script': partition 1 of 1 has its latest "
                  "element at 1970-01-01T00:00:17Z; it has given nothing for 0s, and its idle "
                  "policy is to hold the watermark until it goes on");
    end();
}
END_TEST

START_TEST(a_step_that_is_not_there_has_no_words)
{
    begin((flow_time_policy){ .in_order = true }, 1);
    endless(0);
    open_counts();
    flow_buffer out = { 0 };
    ck_assert(!fl_engine_explain(sim->engine, "nobody", &out));
    end();
}
END_TEST

TCase *explain_tests(void)
{
    TCase *tests = tcase_create("explain");
    tcase_add_test(tests, the_partition_that_lags_is_named_with_what_it_waits_for);
    tcase_add_test(tests, r6_a_partition_that_was_never_seen_is_told);
    tcase_add_test(tests, the_path_goes_up_through_steps_to_the_source);
    tcase_add_test(tests, a_step_that_is_not_there_has_no_words);
    return tests;
}
