// SPDX-License-Identifier: Apache-2.0
// Time at the sources: where watermarks begin and what idle partitions do (R1, R2, R6).
#include "story.h"

#define SECOND INT64_C(1000000)
#define START  INT64_C(1700000000000000)

// Two partitions on a clock that the test moves.
struct stream {
    struct flow_test_row rows[512];
    struct flow_test_piece pieces[512];
    struct flow_test_script script;
    size_t count;
    int64_t clock;
    flow_pipeline *pipeline;
    struct flow_test_results got, dropped;
    struct flow_test_sim *sim;
};

static struct stream stream;

static void begin_as(flow_time_policy times, bool own_watermark)
{
    memset(&stream, 0, sizeof stream);
    stream.clock = START;
    stream.script.type = &flow_test_row_type;
    stream.script.pieces = stream.pieces;
    stream.script.partitions = 2;
    stream.script.event_time = FLOW_FIELD(flow_test_row, at);
    stream.script.times = times;
    stream.script.unbounded = true;
    stream.script.own_watermark = own_watermark;
    stream.script.clock = &stream.clock;
    flow_test_results_init(&stream.got, "results");
    flow_test_results_init(&stream.dropped, "dropped");
    stream.pipeline = flow_pipeline_new("stream");
    const flow_coll in = flow_test_read(stream.pipeline, &stream.script);
    const flow_window_options options = { .windows = flow_fixed(flow_seconds(10)) };
    flow_test_collect(flow_count(flow_window_into(in, &options)), &stream.got);
    flow_test_collect(flow_dropped(in), &stream.dropped);
}

static void begin(flow_time_policy times)
{
    begin_as(times, false);
}

static void row(uint32_t partition, int64_t second, int64_t clock_second)
{
    const size_t i = stream.count++;
    stream.rows[i] = flow_test_row_at(1, 1, second * SECOND);
    const struct flow_test_piece piece = {
        .partition = partition,
        .rows = &stream.rows[i],
        .count = 1,
        .not_before = START + clock_second * SECOND,
    };
    stream.pieces[i] = piece;
    stream.script.piece_count = stream.count;
}

static void endless(uint32_t partition)
{
    const struct flow_test_piece piece = { .partition = partition, .endless = true };
    stream.pieces[stream.count++] = piece;
    stream.script.piece_count = stream.count;
}

static void open_stream(void)
{
    const struct flow_test_options options = { .workers = 1, .seed = 1, .clock = &stream.clock };
    flow_error error = { 0 };
    stream.sim = flow_test_open(stream.pipeline, &options, &error);
    ck_assert_msg(stream.sim != NULL, "%s", error.message);
}

// Lets the clock go on to a second after the start; how many panes there are then.
static size_t panes_at(int64_t clock_second)
{
    while (stream.clock < START + clock_second * SECOND) {
        flow_test_settle(stream.sim);
        stream.clock += SECOND / 2;
    }
    flow_test_settle(stream.sim);
    return stream.got.count;
}

static void end(void)
{
    flow_error error = { 0 };
    fl_engine_cancel(stream.sim->engine);
    flow_test_settle(stream.sim);
    flow_test_close(stream.sim, &error);
    flow_pipeline_free(stream.pipeline);
    flow_test_results_clear(&stream.got);
    flow_test_results_clear(&stream.dropped);
}

START_TEST(r1_watermarks_begin_at_the_earliest_instant)
{
    begin((flow_time_policy){ .in_order = true });
    endless(0);
    endless(1);
    open_stream();
    flow_status_report report;
    fl_engine_status(stream.sim->engine, &report);
    ck_assert_int_eq(report.watermark.us, FLOW_TIME_MIN_US);
    panes_at(100);
    fl_engine_status(stream.sim->engine, &report);
    ck_assert_int_eq(report.watermark.us, FLOW_TIME_MIN_US);
    end();
}
END_TEST

// A piece without rows after which the source promises an instant.
static void promise(uint32_t partition, int64_t second, int64_t clock_second)
{
    const struct flow_test_piece piece = {
        .partition = partition,
        .not_before = START + clock_second * SECOND,
        .watermark = second * SECOND,
    };
    stream.pieces[stream.count++] = piece;
    stream.script.piece_count = stream.count;
}

static int64_t watermark_seconds(void)
{
    flow_status_report report;
    fl_engine_status(stream.sim->engine, &report);
    return report.watermark.us / SECOND;
}

START_TEST(r2_what_a_source_promises_is_its_watermark_and_never_goes_back)
{
    begin_as((flow_time_policy){ 0 }, true);
    row(0, 100, 0);
    promise(0, 20, 0);
    promise(1, 30, 0);
    promise(1, 25, 1);
    promise(0, 40, 2);
    endless(0);
    endless(1);
    open_stream();
    panes_at(0);
    ck_assert_int_eq(watermark_seconds(), 20);
    panes_at(1);
    ck_assert_int_eq(watermark_seconds(), 20);
    panes_at(2);
    ck_assert_int_eq(watermark_seconds(), 30);
    end();
}
END_TEST

START_TEST(r2_the_watermark_is_the_least_of_the_partitions_and_never_goes_back)
{
    begin((flow_time_policy){ .disorder = flow_seconds(5) });
    row(0, 100, 0);
    row(1, 27, 0);
    row(1, 12, 1); // not below the watermark yet: in [10, 20), which stands open
    endless(0);
    row(1, 3, 2);
    endless(1);
    open_stream();
    panes_at(0);
    flow_status_report report;
    fl_engine_status(stream.sim->engine, &report);
    ck_assert_int_eq(report.watermark.us, 22 * SECOND);
    panes_at(5);
    fl_engine_status(stream.sim->engine, &report);
    ck_assert_int_eq(report.watermark.us, 22 * SECOND);
    ck_assert_uint_eq(report.dropped_late, 2);
    end();
}
END_TEST

START_TEST(r2_an_idle_partition_that_wakes_takes_its_source_not_back)
{
    flow_step_report source;
    begin((flow_time_policy){
        .in_order = true, .idle = FLOW_IDLE_ADVANCE, .idle_after = flow_seconds(5) });
    row(0, 1, 0);
    row(1, 1, 0);
    row(0, 2, 60);
    endless(0);
    endless(1);
    open_stream();
    panes_at(59);
    ck_assert(fl_engine_step_report(stream.sim->engine, 0, &source));
    const int64_t before = source.watermark.us;
    ck_assert_int_gt(before, 50 * SECOND);
    panes_at(60);
    ck_assert(fl_engine_step_report(stream.sim->engine, 0, &source));
    ck_assert_int_ge(source.watermark.us, before);
    end();
}
END_TEST

// Flink's reading would be that nothing comes at that instant either.
START_TEST(r7_a_watermark_promises_that_nothing_earlier_comes_and_not_that_nothing_of_its_instant)
{
    begin((flow_time_policy){ .in_order = true });
    for (int64_t clock = 0; clock < 2; clock++) {
        row(0, 10, clock);
        row(1, 10, clock);
    }
    for (size_t i = 0; i < 4; i++)
        stream.rows[i].at.us -= 1; // the last instant of the window [0, 10)
    row(0, 10, 2);
    row(1, 10, 2);
    endless(0);
    endless(1);
    open_stream();
    flow_status_report report;
    ck_assert_uint_eq(panes_at(1), 0);
    fl_engine_status(stream.sim->engine, &report);
    ck_assert_int_eq(report.watermark.us, 10 * SECOND - 1);
    ck_assert_uint_eq(report.dropped_late, 0);
    ck_assert_uint_eq(panes_at(2), 1); // once it is past the last instant
    ck_assert_str_eq(stream.got.list[0].text, "{count:4}");
    end();
}
END_TEST

START_TEST(r5_a_source_without_partitions_has_ended)
{
    begin((flow_time_policy){ .in_order = true });
    stream.script.no_partitions = true;
    open_stream();
    panes_at(1);
    ck_assert(stream.sim->done[0]);
    end();
}
END_TEST

START_TEST(r6_a_partition_holds_the_watermark_while_it_is_told_to)
{
    begin((flow_time_policy){ .in_order = true, .idle = FLOW_IDLE_HOLD });
    row(0, 1, 0);
    row(0, 100, 0);
    endless(0);
    endless(1);
    open_stream();
    ck_assert_uint_eq(panes_at(1000), 0);
    end();
}
END_TEST

START_TEST(r6_a_partition_that_never_had_anything_does_not_hold_others_when_idle)
{
    begin((flow_time_policy){
        .in_order = true, .idle = FLOW_IDLE_ADVANCE, .idle_after = flow_seconds(5) });
    row(0, 1, 0);
    row(0, 25, 0);
    endless(0);
    endless(1);
    open_stream();
    ck_assert_uint_eq(panes_at(4), 0);
    ck_assert_uint_eq(panes_at(7), 2); // by then the other one is idle too: 25 + 7 s
    end();
}
END_TEST

START_TEST(r6_idle_partitions_go_on_with_the_clock_from_their_last_time)
{
    begin((flow_time_policy){
        .in_order = true, .idle = FLOW_IDLE_ADVANCE, .idle_after = flow_seconds(5) });
    row(0, 1, 0);
    row(1, 2, 0);
    row(0, 1, 60);
    endless(0);
    endless(1);
    open_stream();
    ck_assert_uint_eq(panes_at(8), 0); // 1 + 8 < 10
    ck_assert_uint_eq(panes_at(11), 1);
    panes_at(61);
    flow_status_report report;
    fl_engine_status(stream.sim->engine, &report);
    ck_assert_uint_eq(report.dropped_late, 1); // time has gone on without it
    end();
}
END_TEST

START_TEST(r6_when_no_partition_has_had_anything_time_stands_still)
{
    begin((flow_time_policy){
        .in_order = true, .idle = FLOW_IDLE_ADVANCE, .idle_after = flow_seconds(5) });
    row(0, 3, 100);
    endless(0);
    endless(1);
    open_stream();
    panes_at(99);
    flow_status_report report;
    fl_engine_status(stream.sim->engine, &report);
    ck_assert_int_eq(report.watermark.us, FLOW_TIME_MIN_US);
    ck_assert_uint_eq(panes_at(120), 1);
    end();
}
END_TEST

START_TEST(r6_idle_partitions_end_when_told_to_and_every_window_fires)
{
    begin((flow_time_policy){
        .in_order = true, .idle = FLOW_IDLE_END, .idle_after = flow_seconds(5) });
    row(0, 1, 0);
    row(1, 12, 3);
    endless(0);
    endless(1);
    open_stream();
    ck_assert_uint_eq(panes_at(4), 0);
    ck_assert_uint_eq(panes_at(20), 2);
    ck_assert(stream.sim->done[0]);
    end();
}
END_TEST

START_TEST(r6_an_element_from_the_future_is_dropped_and_moves_no_watermark)
{
    begin((flow_time_policy){ .disorder = flow_seconds(1), .not_after = { 1000 * SECOND } });
    row(0, 1, 0);
    row(1, 5000, 0);
    row(1, 1000, 0); // the last that is allowed
    row(0, 1001, 0);
    row(0, 2, 0);
    endless(0);
    endless(1);
    open_stream();
    panes_at(1);
    flow_status_report report;
    fl_engine_status(stream.sim->engine, &report);
    ck_assert_int_eq(report.watermark.us, 1 * SECOND);
    ck_assert_uint_eq(report.dropped_other, 2);
    ck_assert_uint_eq(stream.dropped.count, 2);
    ck_assert_ptr_nonnull(strstr(stream.dropped.list[0].text,
        "its time 1970-01-01T01:23:20Z lies in the future: expected one up to "
        "1970-01-01T00:16:40Z"));
    end();
}
END_TEST

START_TEST(r6_elements_from_the_future_are_dropped_amid_a_batch_that_is_in_order_otherwise)
{
    begin((flow_time_policy){ .in_order = true, .not_after = { 1000 * SECOND } });
    static const int64_t seconds[] = { 1, 5000, 2, 7000, 3 };
    struct flow_test_row rows[5];
    for (size_t i = 0; i < 5; i++)
        rows[i] = flow_test_row_at(1, 1, seconds[i] * SECOND);
    row(1, 100, 0);
    row(0, 0, 0);
    stream.pieces[1].rows = rows;
    stream.pieces[1].count = 5;
    endless(0);
    endless(1);
    open_stream();
    panes_at(1);
    flow_status_report report;
    fl_engine_status(stream.sim->engine, &report);
    ck_assert_int_eq(report.watermark.us, 3 * SECOND);
    ck_assert_uint_eq(report.dropped_other, 2);
    ck_assert_uint_eq(stream.dropped.count, 2);
    end();
}
END_TEST

START_TEST(r6_no_partition_starves_while_another_always_has_something)
{
    begin((flow_time_policy){ .in_order = true });
    for (int64_t second = 0; second < 200; second++) {
        row(0, second, 0);
        row(1, second, 0);
    }
    open_stream();
    for (int step = 0; step < 300; step++)
        fl_engine_step(stream.sim->engine, 0);
    ck_assert_uint_ge(stream.got.count, 5);
    end();
}
END_TEST

TCase *source_tests(void);

TCase *source_tests(void)
{
    TCase *tests = tcase_create("sources");
    tcase_add_test(tests, r1_watermarks_begin_at_the_earliest_instant);
    tcase_add_test(tests, r2_what_a_source_promises_is_its_watermark_and_never_goes_back);
    tcase_add_test(tests, r2_the_watermark_is_the_least_of_the_partitions_and_never_goes_back);
    tcase_add_test(tests, r2_an_idle_partition_that_wakes_takes_its_source_not_back);
    tcase_add_test(tests,
        r7_a_watermark_promises_that_nothing_earlier_comes_and_not_that_nothing_of_its_instant);
    tcase_add_test(tests, r5_a_source_without_partitions_has_ended);
    tcase_add_test(tests, r6_a_partition_holds_the_watermark_while_it_is_told_to);
    tcase_add_test(tests, r6_a_partition_that_never_had_anything_does_not_hold_others_when_idle);
    tcase_add_test(tests, r6_idle_partitions_go_on_with_the_clock_from_their_last_time);
    tcase_add_test(tests, r6_when_no_partition_has_had_anything_time_stands_still);
    tcase_add_test(tests, r6_idle_partitions_end_when_told_to_and_every_window_fires);
    tcase_add_test(tests, r6_an_element_from_the_future_is_dropped_and_moves_no_watermark);
    tcase_add_test(
        tests, r6_elements_from_the_future_are_dropped_amid_a_batch_that_is_in_order_otherwise);
    tcase_add_test(tests, r6_no_partition_starves_while_another_always_has_something);
    return tests;
}
