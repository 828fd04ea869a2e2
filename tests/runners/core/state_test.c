// SPDX-License-Identifier: Apache-2.0
// State, timers, keys and the end of windows, by their rule numbers.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "story.h"

#define SECOND INT64_C(1000000)

struct tally {
    int64_t count, sum;
};
FLOW_RECORD(tally, count, sum);

static flow_status emit(flow_ctx *ctx, int64_t key, int64_t value)
{
    return FLOW_EMIT(ctx, flow_test_row, .k = key, .v = value, .at = flow_event_time(ctx));
}

// The result's number of key and value: k * 1,000,000 + v, in order of coming.
static int64_t number(const struct flow_test_result *result)
{
    int64_t k = 0, v = 0;
    sscanf(result->text, "{k:%ld,v:%ld", &k, &v);
    return k * 1000000 + v;
}

// --- timers

// v tells what to do: n > 0 sets a timer at second n, 0 clears it, −1 sets the one at 5 and then
// at 3 when that comes.
static flow_status alarm_at(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct tally *tally)
{
    (void)key;
    tally->count++;
    if (row->v == 0)
        flow_timer_clear(ctx);
    else
        flow_timer_set(ctx, (flow_time){ llabs(row->v) * SECOND });
    tally->sum = row->v < 0 ? 1 : 0;
    return FLOW_OK;
}

static flow_status alarm_at_timer(flow_ctx *ctx, const int64_t *key, struct tally *tally)
{
    if (tally->sum == 1) {
        tally->sum = 2;
        flow_timer_set(ctx, (flow_time){ 3 * SECOND });
    }
    return emit(ctx, *key, flow_event_time(ctx).us / SECOND);
}
FLOW_STATEFUL_FN(alarm_at, int64_t, flow_test_row, tally, flow_test_row);

static struct story *alarms(void)
{
    struct story *story = story_new();
    flow_test_collect(flow_do(story->in, &alarm_at_fn), &story->got);
    return story;
}

static void expect_numbers(struct story *story, size_t count, const int64_t *numbers)
{
    ck_assert_uint_eq(story->got.count, count);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(number(&story->got.list[i]), numbers[i]);
}

START_TEST(r58_setting_a_timer_again_replaces_it_and_clearing_removes_it)
{
    struct story *story = alarms();
    story_row(story, 1, 10, 0);
    story_row(story, 1, 20, 0); // replaced by a later one
    story_row(story, 2, 20, 0);
    story_row(story, 2, 10, 0); // by an earlier one
    story_row(story, 3, 10, 0);
    story_row(story, 3, 0, 0); // removed
    story_row(story, 4, 10, 0);
    story_row(story, 4, 0, 0);
    story_row(story, 4, 10, 0); // and set again
    story_row(story, 5, 10, 0);
    story_row(story, 5, 10, 0);
    story_run(story);
    expect_numbers(story, 4, (int64_t[]){ 2000010, 4000010, 5000010, 1000020 });
    story_free(story);
}
END_TEST

START_TEST(r58_timers_come_in_order_of_their_time)
{
    struct story *story = alarms();
    for (int64_t k = 0; k < 50; k++)
        story_row(story, k, 1 + (k * 37) % 50, 0);
    story_run(story);
    ck_assert_uint_eq(story->got.count, 50);
    for (size_t i = 0; i < 50; i++)
        ck_assert_int_eq(story->got.list[i].time.us, ((int64_t)i + 1) * SECOND);
    story_free(story);
}
END_TEST

// How many alarms have come once the watermark stands there, a timer being set for second 10.
static size_t alarms_at(int64_t watermark_us)
{
    struct story *story = alarms();
    story_row(story, 1, 10, 0);
    story_tick_us(story, watermark_us);
    story->pieces[story->count].endless = true;
    story->script.piece_count = story->count + 1;
    flow_error error = { 0 };
    const struct flow_test_options options = { .workers = 1 };
    struct flow_test_sim *sim = flow_test_open(story->pipeline, &options, &error);
    ck_assert_ptr_nonnull(sim);
    ck_assert(!flow_test_settle(sim));
    const size_t count = story->got.count;
    fl_engine_cancel(sim->engine);
    ck_assert(flow_test_settle(sim));
    ck_assert_int_eq(flow_test_close(sim, &error), FLOW_CANCELLED);
    story_free(story);
    return count;
}

START_TEST(r59_a_timer_fires_once_the_watermark_is_past_it)
{
    ck_assert_uint_eq(alarms_at(10 * SECOND), 0);
    ck_assert_uint_eq(alarms_at(10 * SECOND + 1), 1);
}
END_TEST

START_TEST(r59_a_timer_in_the_past_does_not_wait_for_the_watermark_to_move)
{
    struct story *story = alarms();
    story_tick(story, 100);
    story_row(story, 1, 10, 0);
    story->pieces[story->count].endless = true;
    story->script.piece_count = story->count + 1;
    flow_error error = { 0 };
    const struct flow_test_options options = { .workers = 1 };
    struct flow_test_sim *sim = flow_test_open(story->pipeline, &options, &error);
    ck_assert(!flow_test_settle(sim));
    ck_assert_uint_eq(story->got.count, 1);
    fl_engine_cancel(sim->engine);
    flow_test_settle(sim);
    flow_test_close(sim, &error);
    story_free(story);
}
END_TEST

START_TEST(r59_a_timer_that_sets_an_earlier_one_gets_it_in_the_same_round)
{
    struct story *story = alarms();
    story_row(story, 1, -5, 0);
    story_tick(story, 100);
    story_run(story);
    expect_numbers(story, 2, (int64_t[]){ 1000005, 1000003 });
    story_free(story);
}
END_TEST

// --- state

// Counts until a row with v = 0, which clears; emits the count that it found.
static flow_status count_up(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct tally *tally)
{
    const flow_status status = emit(ctx, *key, tally->count);
    tally->count++;
    if (row->v == 0)
        flow_state_clear(ctx);
    return status;
}

static flow_status count_up_timer(flow_ctx *ctx, const int64_t *key, struct tally *tally)
{
    (void)ctx;
    (void)key;
    (void)tally;
    return FLOW_OK;
}
FLOW_STATEFUL_FN(count_up, int64_t, flow_test_row, tally, flow_test_row);

// Joins all rows told since `first` into one piece.
static void one_piece(struct story *story, size_t first)
{
    story->pieces[first].count = story->count - first;
    story->count = first + 1;
    story->script.piece_count = first + 1;
}

START_TEST(r63_reads_see_writes_of_their_bundle_and_cleared_state_can_be_written_again)
{
    struct story *story = story_new();
    flow_test_collect(flow_do(story->in, &count_up_fn), &story->got);
    story_row(story, 1, 1, 0);
    story_row(story, 1, 1, 0);
    story_row(story, 1, 0, 0); // cleared
    story_row(story, 1, 1, 0);
    story_row(story, 1, 1, 0);
    one_piece(story, 0);
    // another bundle finds what the first one wrote last: the rows of the pieces do not overlap
    story->rows[6] = flow_test_row_at(1, 1, 0);
    story->pieces[1].rows = &story->rows[6];
    story->pieces[1].count = 1;
    story->script.piece_count = 2;
    story_run(story);
    expect_numbers(story, 6, (int64_t[]){ 1000000, 1000001, 1000002, 1000000, 1000001, 1000002 });
    story_free(story);
}
END_TEST

START_TEST(r63_state_is_by_key_and_window)
{
    struct story *story = story_new();
    flow_test_collect(
        flow_do(story_window(story, flow_fixed(flow_seconds(10)), 0), &count_up_fn), &story->got);
    story_row(story, 1, 1, 0);
    story_row(story, 2, 1, 1);
    story_row(story, 1, 1, 11);
    story_row(story, 1, 1, 2);
    story_run(story);
    expect_numbers(story, 4, (int64_t[]){ 1000000, 2000000, 1000000, 1000001 });
    story_free(story);
}
END_TEST

// --- the watermark that functions see

static flow_status is_behind(
    flow_ctx *ctx, const int64_t *key, const struct flow_integer *in, struct tally *tally)
{
    (void)in;
    tally->count++;
    return emit(ctx, *key, flow_watermark(ctx).us > flow_event_time(ctx).us);
}

static flow_status is_behind_timer(flow_ctx *ctx, const int64_t *key, struct tally *tally)
{
    (void)ctx;
    (void)key;
    (void)tally;
    return FLOW_OK;
}
FLOW_STATEFUL_FN(is_behind, int64_t, flow_integer, tally, flow_test_row);

START_TEST(r52_a_pane_that_is_on_time_is_not_behind_the_watermark_its_step_sees)
{
    struct story *story = story_new();
    const flow_coll sums = flow_sum(
        story_window(story, flow_fixed(flow_seconds(10)), 0), FLOW_FIELD(flow_test_row, v));
    flow_test_collect(flow_do(sums, &is_behind_fn), &story->got);
    for (int64_t second = 0; second < 40; second += 10)
        story_row(story, 1, 5, second);
    story_tick(story, 1000);
    story_run(story);
    expect_numbers(story, 4, (int64_t[]){ 1000000, 1000000, 1000000, 1000000 });
    story_free(story);
}
END_TEST

// --- time-sorted

static flow_status in_turn(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct tally *tally)
{
    tally->count++;
    return emit(ctx, *key, row->v);
}

static flow_status in_turn_timer(flow_ctx *ctx, const int64_t *key, struct tally *tally)
{
    (void)ctx;
    (void)key;
    (void)tally;
    return FLOW_OK;
}
FLOW_STATEFUL_FN(in_turn, int64_t, flow_test_row, tally, flow_test_row);

START_TEST(r65_time_sorted_elements_wait_for_the_watermark_and_come_in_order)
{
    struct story *story = story_new();
    flow_test_collect(
        flow_do(story->in, &in_turn_fn, &(flow_do_options){ .time_sorted = true }), &story->got);
    for (int64_t i = 0; i < 100; i++)
        story_row(story, 1, (i * 37) % 100, (i * 37) % 100);
    story_run(story);
    ck_assert_uint_eq(story->got.count, 100);
    for (int64_t i = 0; i < 100; i++)
        ck_assert_int_eq(number(&story->got.list[i]), 1000000 + i);
    story_free(story);
}
END_TEST

START_TEST(r65_within_the_lateness_late_elements_come_in_order_and_beyond_they_are_dropped)
{
    struct story *story = story_new();
    const flow_coll global = story_window(story, flow_global(), 10);
    const flow_coll out = flow_do(global, &in_turn_fn, &(flow_do_options){ .time_sorted = true });
    flow_test_collect(out, &story->got);
    flow_test_collect(flow_dropped(out), &story->dropped);
    story_row(story, 1, 20, 20);
    story_tick(story, 25);
    story_row(story, 1, 15, 15); // late, but nobody that is later has been given on
    story_tick(story, 26);
    story_row(story, 1, 14, 14); // 14 + 10 is over
    story_row(story, 1, 16, 16); // 16 + 10 is not
    story_row(story, 1, 30, 30);
    story_run(story);
    expect_numbers(story, 4, (int64_t[]){ 1000015, 1000016, 1000020, 1000030 });
    ck_assert_uint_eq(story->dropped.count, 1);
    ck_assert_int_eq(story->dropped.list[0].time.us, 14 * SECOND);
    ck_assert(strstr(story->dropped.list[0].text, "late") != NULL);
    story_free(story);
}
END_TEST

START_TEST(r65_what_comes_of_elements_that_waited_is_not_late_for_the_steps_after)
{
    for (int reborn = 0; reborn < 2; reborn++) {
        struct story *story = story_new();
        const flow_coll global = story_window(story, flow_global(), 10);
        const flow_coll sorted =
            flow_do(global, &in_turn_fn, &(flow_do_options){ .time_sorted = true });
        const flow_window_options tens = { .windows = flow_fixed(flow_seconds(10)) };
        const flow_coll rows = flow_key_by(sorted, FLOW_FIELD(flow_test_row, k));
        flow_test_collect(flow_count(flow_window_into(rows, &tens)), &story->got);
        for (int64_t i = 0; i < 6; i++) {
            story_row(story, 1, i, i * 7);
            story_tick(story, i * 7);
            story_tick(story, i * 7 + 5);
        }
        story->pieces[story->count - 1].endless = reborn != 0;
        story_tick(story, 1000);
        if (reborn) {
            const struct flow_test_options options = { .workers = 3, .seed = 7 };
            flow_error error = { 0 };
            struct flow_test_sim *sim = flow_test_open(story->pipeline, &options, &error);
            ck_assert_ptr_nonnull(sim);
            story->got.keep = true;
            ck_assert(!flow_test_settle(sim));
            story->pieces[story->count - 2].endless = false;
            sim = flow_test_reborn(sim, story->pipeline, &options);
            ck_assert(flow_test_settle(sim));
            ck_assert_int_eq(flow_test_close(sim, &error), FLOW_OK);
        } else {
            story_run(story);
        }
        ck_assert_uint_eq(story->got.count, 4);
        for (size_t i = 0; i < story->got.count; i++)
            ck_assert_int_eq(story->got.list[i].pane.timing, FLOW_TIMING_ON_TIME);
        story_free(story);
    }
}
END_TEST

static flow_status move_on(flow_ctx *ctx, const struct flow_test_row *row)
{
    struct flow_test_row moved = *row;
    moved.at.us += 60 * SECOND;
    return FLOW_EMIT_ROW(ctx, flow_test_row, &moved);
}
FLOW_ELEMENT_FN(move_on, flow_test_row, flow_test_row);

static flow_status at_watermark(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct tally *tally)
{
    tally->count++;
    (void)key;
    return emit(ctx, flow_watermark(ctx).us / SECOND, row->v);
}

static flow_status at_watermark_timer(flow_ctx *ctx, const int64_t *key, struct tally *tally)
{
    (void)ctx, (void)key, (void)tally;
    return FLOW_OK;
}
FLOW_STATEFUL_FN(at_watermark, int64_t, flow_test_row, tally, flow_test_row);

START_TEST(r65_what_still_waits_comes_in_order_when_its_window_expires)
{
    struct story *story = story_new();
    const flow_coll tens = story_window(story, flow_fixed(flow_seconds(10)), 3);
    const flow_coll later =
        flow_with_timestamps(flow_do(tens, &move_on_fn), FLOW_FIELD(flow_test_row, at));
    const flow_coll by_k = flow_key_by(later, FLOW_FIELD(flow_test_row, k));
    flow_test_collect(
        flow_do(by_k, &at_watermark_fn, &(flow_do_options){ .time_sorted = true }), &story->got);
    story_row(story, 1, 6, 6);
    story_row(story, 1, 4, 4);
    story_tick(story, 12);
    story_row(story, 1, 5, 5);
    story_tick(story, 14); // the window's expiry, at 12.999999, is over
    story_tick(story, 100);
    story_run(story);
    expect_numbers(story, 3, (int64_t[]){ 14000004, 14000005, 14000006 });
    story_free(story);
}
END_TEST

// --- keys

static flow_status by_float(flow_ctx *ctx, const double *key, const struct flow_counted *in)
{
    return FLOW_EMIT(ctx, flow_test_row, .k = isnan(*key) ? 2 : 1, .v = in->count);
}
FLOW_KEYED_FN(by_float, double, flow_counted, flow_test_row);

// Counts, and tells of the count at a timer that lies before all elements.
static flow_status count_now(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct tally *state)
{
    (void)key;
    state->count++;
    flow_timer_set(ctx, (flow_time){ row->at.us - 1 });
    return FLOW_OK;
}

static flow_status count_now_timer(flow_ctx *ctx, const int64_t *key, struct tally *state)
{
    return FLOW_EMIT(ctx, flow_test_row, .k = *key, .v = state->count);
}
FLOW_STATEFUL_FN(count_now, int64_t, flow_test_row, tally, flow_test_row);

START_TEST(r65_elements_of_an_instant_come_before_a_timer_that_the_first_sets_in_the_past)
{
    struct story *story = story_new();
    const flow_coll fixed = story_window(story, flow_fixed(flow_seconds(10)), 5);
    flow_test_collect(
        flow_do(fixed, &count_now_fn, &(flow_do_options){ .time_sorted = true }), &story->got);
    for (int bundle = 0; bundle < 3; bundle++)
        story_row(story, 1, 1, 4);
    story_tick(story, 20);
    story_run(story);
    ck_assert_uint_eq(story->got.count, 1);
    ck_assert_ptr_nonnull(strstr(story->got.list[0].text, "v:3"));
    story_free(story);
}
END_TEST

START_TEST(r21_zeros_of_either_sign_and_all_nans_are_one_key)
{
    struct story *story = story_new();
    flow_test_collect(
        flow_do(flow_count(flow_key_by(story->in, FLOW_FIELD(flow_test_row, x))), &by_float_fn),
        &story->got);
    const double values[] = { 0.0, -0.0, nan("1"), nan("2"), -nan("3"), 0.0 };
    for (int i = 0; i < 6; i++) {
        story_row(story, 1, 1, 0);
        story->rows[i].x = values[i];
    }
    story_run(story);
    ck_assert_uint_eq(story->got.count, 2);
    ck_assert_int_eq(number(&story->got.list[0]) + number(&story->got.list[1]), 3000006);
    story_free(story);
}
END_TEST

// --- the end of windows

static flow_status whole_group(flow_ctx *ctx, const int64_t *key, flow_rows *rows)
{
    return emit(ctx, *key, (int64_t)flow_rows_count(rows));
}
FLOW_GROUP_FN(whole_group, int64_t, flow_test_row, flow_test_row);

START_TEST(r4_late_elements_of_a_window_that_is_open_are_grouped)
{
    struct story *story = story_new();
    flow_test_collect(
        flow_group(story_window(story, flow_fixed(flow_seconds(10)), 0), &whole_group_fn),
        &story->got);
    story_row(story, 1, 1, 3);
    story_tick_us(story, 10 * SECOND - 1);
    story_row(story, 1, 1, 4);
    story_run(story);
    expect_numbers(story, 1, (int64_t[]){ 1000002 });
    ck_assert_uint_eq(story->report.dropped_late, 0);
    story_free(story);
}
END_TEST

// Bytes of a snapshot once the story has come to its end, which waits.
static size_t state_left(struct story *story)
{
    const size_t count = story->count;
    story->pieces[count].rows = NULL;
    story->pieces[count].count = 0;
    story->pieces[count].endless = true;
    story->script.piece_count = count + 1;
    flow_error error = { 0 };
    const struct flow_test_options options = { .workers = 2, .seed = 3 };
    struct flow_test_sim *sim = flow_test_open(story->pipeline, &options, &error);
    ck_assert_msg(sim != NULL, "%s", error.message);
    ck_assert(!flow_test_settle(sim));
    flow_buffer bytes = { 0 };
    ck_assert_msg(fl_engine_snapshot(sim->engine, &bytes, &error), "%s", error.message);
    const size_t len = bytes.len;
    flow_buffer_free(&bytes);
    fl_engine_cancel(sim->engine);
    flow_test_settle(sim);
    flow_test_close(sim, &error);
    return len;
}

static struct story *all_kinds(int64_t lateness)
{
    struct story *story = story_new();
    const flow_coll fixed = story_window(story, flow_fixed(flow_seconds(10)), lateness);
    const flow_coll sliding =
        story_window(story, flow_sliding(flow_seconds(10), flow_seconds(3)), lateness);
    flow_test_collect(flow_count(fixed), &story->got);
    flow_test_collect(flow_count(sliding), &story->dropped);
    flow_test_collect(flow_min(sliding, FLOW_FIELD(flow_test_row, v)), &story->dropped);
    flow_test_collect(flow_group(fixed, &whole_group_fn), &story->dropped);
    flow_test_collect(flow_group(sliding, &whole_group_fn), &story->dropped);
    flow_test_collect(flow_do(fixed, &count_up_fn), &story->dropped);
    flow_test_collect(flow_do(sliding, &count_up_fn), &story->dropped);
    flow_test_collect(
        flow_do(fixed, &in_turn_fn, &(flow_do_options){ .time_sorted = true }), &story->dropped);
    return story;
}

START_TEST(r26_nothing_of_a_window_is_left_once_it_is_collected)
{
    for (int64_t lateness = 0; lateness <= 20; lateness += 20) {
        struct story *empty = all_kinds(lateness);
        story_tick(empty, 1);
        story_tick(empty, 1000000);
        const size_t nothing = state_left(empty);
        story_free(empty);
        struct story *story = all_kinds(lateness);
        for (int64_t i = 0; i < 200; i++) {
            story_row(story, i % 7, i, i);
            story_tick(story, i);
            story_row(story, i % 5, i, i - 15);
        }
        story_tick(story, 1000000);
        const size_t left = state_left(story);
        // slices that a running result may still want keep no more than their names
        ck_assert_msg(left <= nothing + 1024, "lateness %lld: %zu bytes, %zu when nothing came",
            (long long)lateness, left, nothing);
        story_free(story);
    }
}
END_TEST

TCase *state_tests(void);

TCase *state_tests(void)
{
    TCase *tests = tcase_create("state");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, r58_setting_a_timer_again_replaces_it_and_clearing_removes_it);
    tcase_add_test(tests, r58_timers_come_in_order_of_their_time);
    tcase_add_test(tests, r59_a_timer_fires_once_the_watermark_is_past_it);
    tcase_add_test(tests, r59_a_timer_in_the_past_does_not_wait_for_the_watermark_to_move);
    tcase_add_test(tests, r59_a_timer_that_sets_an_earlier_one_gets_it_in_the_same_round);
    tcase_add_test(
        tests, r63_reads_see_writes_of_their_bundle_and_cleared_state_can_be_written_again);
    tcase_add_test(tests, r63_state_is_by_key_and_window);
    tcase_add_test(tests, r52_a_pane_that_is_on_time_is_not_behind_the_watermark_its_step_sees);
    tcase_add_test(tests, r65_time_sorted_elements_wait_for_the_watermark_and_come_in_order);
    tcase_add_test(
        tests, r65_within_the_lateness_late_elements_come_in_order_and_beyond_they_are_dropped);
    tcase_add_test(tests, r65_what_comes_of_elements_that_waited_is_not_late_for_the_steps_after);
    tcase_add_test(tests, r65_what_still_waits_comes_in_order_when_its_window_expires);
    tcase_add_test(
        tests, r65_elements_of_an_instant_come_before_a_timer_that_the_first_sets_in_the_past);
    tcase_add_test(tests, r21_zeros_of_either_sign_and_all_nans_are_one_key);
    tcase_add_test(tests, r4_late_elements_of_a_window_that_is_open_are_grouped);
    tcase_add_test(tests, r26_nothing_of_a_window_is_left_once_it_is_collected);
    return tests;
}
