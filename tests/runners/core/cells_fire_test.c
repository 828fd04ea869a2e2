// SPDX-License-Identifier: Apache-2.0
// Timers of functions with cells, and the end of their windows, by rule number.
#include <stdio.h>
#include <stdlib.h>

#include "story.h"

#define SECOND INT64_C(1000000)

struct mark {
    int64_t n;
};
FLOW_RECORD(mark, n);

FLOW_VALUE(kept, mark);
FLOW_BAG(passing, mark, .ttl = FLOW_TTL(20));
FLOW_MAP(stale, int64_t, mark, .ttl = FLOW_TTL(20));
FLOW_TIMER(alarm, int64_t, FLOW_EVENT_TIME);
FLOW_TIMER(other, int64_t, FLOW_EVENT_TIME);
FLOW_TIMER(bell, int64_t, FLOW_PROCESSING_TIME);
FLOW_TIMER(closing, int64_t, FLOW_WINDOW_EXPIRY);

// What fired: the timer's letter, the second it was set for, and its tag, as a text.
static flow_status tell(flow_ctx *ctx, int64_t key, const char *what)
{
    const flow_str tag = flow_timer_tag(ctx);
    const flow_str text =
        flow_format(ctx, "%s@%lld%s%.*s", what, (long long)(flow_timer_time(ctx).us / SECOND),
            tag.len ? "#" : "", (int)tag.len, tag.len ? tag.data : "");
    return FLOW_EMIT(ctx, flow_test_row, .k = key, .s = text, .at = flow_event_time(ctx));
}

// A row's `v` is the second that a timer is set for, `x` which way, `s` its tag.
enum way {
    ABSOLUTE,
    RELATIVE,
    ALIGNED,
    CLEARED,
    OUTPUT,
    EARLIER,
    CLOCK,
    CLOCK_OUTPUT,
    STATE,
    TTL
};

static flow_status ring(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row)
{
    const flow_time at = { row->v * SECOND }, output = { (row->at.us / SECOND + 1) * SECOND };
    const struct mark mark = { row->v };
    (void)key;
    switch ((enum way)row->x) {
    case ABSOLUTE:
        FLOW_TIMER_SET(ctx, alarm, at, .tag = row->s);
        break;
    case RELATIVE:
        FLOW_TIMER_IN(ctx, alarm, flow_seconds(row->v));
        break;
    case ALIGNED:
        FLOW_TIMER_IN(
            ctx, alarm, flow_seconds(row->v), .align = flow_seconds(60), .phase = flow_seconds(5));
        break;
    case CLEARED:
        FLOW_TIMER_CLEAR_TAG(ctx, alarm, row->s);
        break;
    case OUTPUT:
        FLOW_TIMER_SET(ctx, alarm, at, .output = &output);
        break;
    case EARLIER:
        FLOW_TIMER_SET(ctx, other, at);
        break;
    case CLOCK:
        FLOW_TIMER_IN(ctx, bell, flow_seconds(row->v));
        break;
    case CLOCK_OUTPUT:
        FLOW_TIMER_IN(ctx, bell, flow_seconds(row->v), .output = &at);
        break;
    case STATE:
        FLOW_CELL_WRITE(ctx, kept, &mark);
        break;
    case TTL:
        FLOW_CELL_ADD(ctx, passing, &mark);
        FLOW_CELL_PUT(ctx, stale, &row->v, &mark);
        return FLOW_EMIT(ctx, flow_test_row, .k = *key,
            .s = flow_format(ctx, "%d %d", (int)FLOW_CELL_COUNT(ctx, passing),
                (int)FLOW_CELL_COUNT(ctx, stale)));
    }
    return ctx->status;
}

static flow_status alarm_due(flow_ctx *ctx, const int64_t *key)
{
    const struct mark *mark = FLOW_CELL_READ(ctx, kept);
    return tell(ctx, *key, mark && mark->n == 7 ? "seven" : "alarm");
}

// Sets the other timer to an instant before its own.
static flow_status other_due(flow_ctx *ctx, const int64_t *key)
{
    const int64_t second = flow_timer_time(ctx).us / SECOND;
    if (second > 2)
        FLOW_TIMER_SET(ctx, alarm, ((flow_time){ (second - 2) * SECOND }));
    return tell(ctx, *key, "other");
}

static flow_status bell_due(flow_ctx *ctx, const int64_t *key)
{
    const int64_t late = flow_processing_time(ctx).us - flow_timer_time(ctx).us;
    return late > 0 ? tell(ctx, *key, "bell")
                    : flow_fail(ctx, FLOW_USER, "the bell rings before its time");
}

static flow_status closing_due(flow_ctx *ctx, const int64_t *key)
{
    const struct mark *mark = FLOW_CELL_READ(ctx, kept);
    return tell(ctx, *key, mark ? "closing with state" : "closing");
}

FLOW_CELLS_FN(ring, int64_t, flow_test_row, (flow_test_row), FLOW_CELLS(kept, passing, stale),
    FLOW_TIMERS(alarm, other, bell));

static flow_status ring_to_end(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row)
{
    return ring(ctx, key, row);
}
FLOW_CELLS_FN(ring_to_end, int64_t, flow_test_row, (flow_test_row),
    FLOW_CELLS(kept, passing, stale), FLOW_TIMERS(closing, alarm, other, bell));

// --- stories

static void say(struct story *story, enum way way, int64_t k, int64_t v, int64_t at)
{
    story_row(story, k, v, at);
    story->rows[story->count - 1].x = (double)way;
}

static void tagged(struct story *story, enum way way, int64_t v, const char *tag)
{
    say(story, way, 1, v, 0);
    story->rows[story->count - 1].s = flow_str_of(tag);
}

static void run_and_expect(struct story *story, const char *wanted)
{
    story_run(story);
    story_texts(&story->got, wanted);
    story_free(story);
}

START_TEST(r58_timers_of_a_family_are_told_apart_by_their_tags)
{
    struct story *story = story_do(&ring_fn, flow_global(), 0);
    tagged(story, ABSOLUTE, 30, "a");
    tagged(story, ABSOLUTE, 20, "ab");
    tagged(story, ABSOLUTE, 10, "a"); // replaces a, not ab
    tagged(story, ABSOLUTE, 25, "c");
    tagged(story, CLEARED, 0, "c");
    tagged(story, ABSOLUTE, 15, "");
    run_and_expect(story, "1:alarm@10#a 1:alarm@15 1:alarm@20#ab");
}
END_TEST

START_TEST(r58_timers_of_a_key_come_in_order_of_their_time_whatever_their_name)
{
    struct story *story = story_do(&ring_fn, flow_global(), 0);
    say(story, EARLIER, 1, 2, 0);
    say(story, ABSOLUTE, 1, 1, 0);
    tagged(story, ABSOLUTE, 3, "t");
    run_and_expect(story, "1:alarm@1 1:other@2 1:alarm@3#t");
}
END_TEST

START_TEST(r59_a_timer_of_another_name_set_to_the_past_fires_in_the_same_round)
{
    struct story *story = story_do(&ring_fn, flow_global(), 0);
    say(story, EARLIER, 1, 5, 0);
    say(story, ABSOLUTE, 1, 50, 0); // replaced by the one that other sets
    story_tick(story, 100);
    say(story, ABSOLUTE, 1, 6, 0);
    run_and_expect(story, "1:other@5 1:alarm@3 1:alarm@6");
}
END_TEST

// --- the engine between bundles

START_TEST(r60_the_output_time_of_a_timer_holds_the_watermark_until_it_has_fired)
{
    struct story *story = story_do(&ring_fn, flow_global(), 0);
    struct story_stand at;
    say(story, OUTPUT, 1, 50, 10); // fires at 50, emits at 11
    story_tick(story, 30);
    story_stand(&at, story);
    ck_assert_int_eq(story_watermark(&at, "ring"), 11);
    story_stand_end(&at);

    story = story_do(&ring_fn, flow_global(), 0);
    say(story, OUTPUT, 1, 50, 10);
    story_tick(story, 60);
    story_stand(&at, story);
    ck_assert_int_eq(story_watermark(&at, "ring"), 60);
    story_texts(&story->got, "1:alarm@50");
    ck_assert_int_eq(story->got.list[0].time.us, 11 * SECOND);
    story_stand_end(&at);
}
END_TEST

START_TEST(r60_a_timer_that_is_cleared_holds_the_watermark_no_more)
{
    struct story *story = story_do(&ring_fn, flow_global(), 0);
    struct story_stand at;
    say(story, OUTPUT, 1, 50, 10);
    say(story, CLEARED, 1, 0, 10);
    story_tick(story, 30);
    story_stand(&at, story);
    ck_assert_int_eq(story_watermark(&at, "ring"), 30);
    story_stand_end(&at);
}
END_TEST

START_TEST(r60_a_timer_by_the_clock_emits_at_the_time_of_its_element_and_holds_it)
{
    struct story *story = story_do(&ring_fn, flow_global(), 0);
    struct story_stand at;
    say(story, CLOCK, 1, 5, 10);
    story_tick(story, 30);
    story_stand(&at, story);
    ck_assert_int_eq(story_watermark(&at, "ring"), 10);
    ck_assert_int_eq(fl_engine_next_wake(at.sim->engine, 0), 1005 * SECOND + 1);
    at.clock = 1005 * SECOND; // not before it, and not at it
    ck_assert(!flow_test_settle(at.sim));
    story_texts(&story->got, "");
    at.clock++;
    ck_assert(!flow_test_settle(at.sim));
    story_texts(&story->got, "1:bell@1005");
    ck_assert_int_eq(story->got.list[0].time.us, 10 * SECOND);
    ck_assert_int_eq(story_watermark(&at, "ring"), 30);
    ck_assert_int_eq(fl_engine_next_wake(at.sim->engine, 0), FL_ASLEEP);
    story_stand_end(&at);
}
END_TEST

static void expect_error(struct story *story, const char *words)
{
    flow_error error = { 0 };
    const struct flow_test_options options = { .workers = 1 };
    ck_assert_int_eq(flow_test_run(story->pipeline, &options, &error), FLOW_INVALID);
    ck_assert_msg(strstr(error.message, words) != NULL, "%s", error.message);
    story_free(story);
}

START_TEST(r60_an_output_time_outside_of_element_and_expiry_fails_the_element)
{
    struct story *story = story_do(&ring_fn, flow_fixed(flow_seconds(100)), 0);
    say(story, CLOCK_OUTPUT, 1, 9, 10);
    expect_error(story, "'bell' has the output time 1970-01-01T00:00:09Z, which must lie between "
                        "that of the element, 1970-01-01T00:00:10Z, and the expiry");
    story = story_do(&ring_fn, flow_fixed(flow_seconds(100)), 0);
    say(story, CLOCK_OUTPUT, 1, 100, 10);
    expect_error(story, "'bell' has the output time");
}
END_TEST

START_TEST(r61_a_relative_timer_counts_from_the_watermark_and_stops_at_the_expiry)
{
    struct story *story = story_do(&ring_fn, flow_fixed(flow_seconds(100)), 10);
    story_tick(story, 20);
    say(story, RELATIVE, 1, 30, 60);
    story_tick(story, 70);
    say(story, RELATIVE, 2, 500, 60);
    run_and_expect(story, "1:alarm@50 2:alarm@109");
}
END_TEST

START_TEST(r61_an_absolute_timer_behind_the_expiry_fails_the_element)
{
    struct story *story = story_do(&ring_fn, flow_fixed(flow_seconds(100)), 10);
    say(story, ABSOLUTE, 1, 110, 60);
    expect_error(story,
        "timer 'alarm' at 1970-01-01T00:01:50Z lies behind the expiry of its window "
        "at 1970-01-01T00:01:49.999999Z and would never fire");
}
END_TEST

START_TEST(r61_align_rounds_up_to_the_grid_and_leaves_what_lies_on_it)
{
    struct story *story = story_do(&ring_fn, flow_global(), 0);
    story_tick(story, 20);
    say(story, ALIGNED, 1, 10, 60); // 30 → 65
    say(story, ALIGNED, 2, 45, 60); // 65 → 65
    say(story, ALIGNED, 3, 46, 60); // 66 → 125
    run_and_expect(story, "1:alarm@65 2:alarm@65 3:alarm@125");
}
END_TEST

START_TEST(r28_a_timer_by_the_clock_of_an_expired_window_is_dropped_and_told)
{
    struct story *story = story_do(&ring_fn, flow_fixed(flow_seconds(100)), 0);
    struct story_stand at;
    say(story, CLOCK, 1, 5, 10);
    story_tick(story, 101);
    story_stand(&at, story);
    at.clock += 100 * SECOND;
    ck_assert(!flow_test_settle(at.sim));
    story_texts(&story->got, "");
    ck_assert_uint_eq(story->dropped.count, 1);
    ck_assert_ptr_nonnull(strstr(story->dropped.list[0].text, "expired-timer"));
    ck_assert_ptr_nonnull(strstr(story->dropped.list[0].text, "timer 'bell' had not fired"));
    story_stand_end(&at);
}
END_TEST

START_TEST(r27_expiry_comes_after_the_timers_of_the_last_instant_and_then_all_is_gone)
{
    struct story *story = story_do(&ring_to_end_fn, flow_fixed(flow_seconds(100)), 11);
    story_tick(story, 0);
    say(story, STATE, 1, 7, 10);
    say(story, RELATIVE, 1, 500, 10); // clamped to the expiry
    story_tick(story, 111);           // the last instant with lateness: 110.999999
    say(story, STATE, 1, 7, 99);      // late, but not expired
    story_tick(story, 112);
    say(story, STATE, 1, 7, 99); // expired: dropped
    story_tick(story, 200);
    say(story, STATE, 2, 7, 250);
    run_and_expect(story, "1:seven@110 1:closing with state@110 2:closing with state@310");
}
END_TEST

START_TEST(r27_a_window_expires_strictly_after_its_last_instant)
{
    struct story *story = story_do(&ring_to_end_fn, flow_fixed(flow_seconds(100)), 0);
    struct story_stand at;
    say(story, STATE, 1, 7, 10);
    story_tick_us(story, 100 * SECOND - 1);
    story_stand(&at, story);
    story_texts(&story->got, "");
    story_stand_end(&at);
    story = story_do(&ring_to_end_fn, flow_fixed(flow_seconds(100)), 0);
    say(story, STATE, 1, 7, 10);
    story_tick_us(story, 100 * SECOND);
    story_stand(&at, story);
    story_texts(&story->got, "1:closing with state@99");
    ck_assert_int_eq(story->got.list[0].time.us, 100 * SECOND - 1);
    story_stand_end(&at);
}
END_TEST

// --- time to live

START_TEST(entries_go_once_the_watermark_has_passed_their_time_to_live_and_are_told)
{
    struct story *story = story_do(&ring_fn, flow_global(), 0);
    say(story, TTL, 1, 5, 100);
    story_tick(story, 120); // not past it
    say(story, TTL, 1, 6, 110);
    story_tick_us(story, 120 * SECOND + 1);
    say(story, TTL, 1, 7, 115);
    story_tick(story, 131);
    say(story, TTL, 1, 7, 125); // written again: lives longer
    story_tick(story, 140);
    say(story, TTL, 1, 8, 140);
    struct story_stand at;
    story_stand(&at, story);
    story_texts(&story->got, "1:1 1 1:2 2 1:2 2 1:2 1 1:2 2");
    ck_assert_uint_eq(story->dropped.count, 5);
    size_t told = 0;
    for (size_t i = 0; i < story->dropped.count; i++)
        told += strstr(story->dropped.list[i].text, "expired-state") != NULL;
    ck_assert_uint_eq(told, 5);
    story_stand_end(&at);
}
END_TEST

// --- stable input

// Every value that `see` was ever called with: `number` never gives one twice.
static bool seen[100000];
static int64_t numbers;

static flow_status number(flow_ctx *ctx, struct flow_integer *value)
{
    (void)ctx;
    value->value = numbers++;
    return FLOW_OK;
}
FLOW_UPDATE_FN(number, flow_integer);

static flow_status see(flow_ctx *ctx, const int64_t *key, const struct flow_integer *value)
{
    const struct mark mark = { value->value };
    seen[value->value] = true;
    FLOW_CELL_WRITE(ctx, kept, &mark);
    return FLOW_EMIT(ctx, flow_test_row, .k = *key, .v = value->value);
}
FLOW_CELLS_FN(see, int64_t, flow_integer, (flow_test_row), FLOW_CELLS(kept));

START_TEST(r66b_with_stable_input_a_bundle_that_is_tried_again_sees_the_same_elements)
{
    for (uint64_t seed = 1; seed <= flow_test_seeds(50); seed++) {
        struct story *story = story_new();
        const flow_coll sums = flow_sum(
            story_window(story, flow_fixed(flow_seconds(10)), 0), FLOW_FIELD(flow_test_row, v));
        const flow_do_options stable = { .stable_input = true };
        flow_test_collect(flow_do(flow_do(sums, &number_fn), &see_fn, &stable), &story->got);
        for (int64_t i = 0; i < 60; i++) {
            story_row(story, i % 4, i, i);
            story_tick(story, i);
        }
        memset(seen, 0, sizeof seen);
        numbers = 0;
        flow_test_run_well(story->pipeline,
            &(struct flow_test_options){
                .workers = 1, .seed = seed, .faults = { .one_in = 4, .most = 100, .point = -1 } });
        for (size_t i = 0; i < story->got.count; i++)
            seen[strtol(strstr(story->got.list[i].text, "v:") + 2, NULL, 10)] = false;
        for (int64_t i = 0; i < numbers; i++)
            ck_assert_msg(!seen[i], "seed %llu: value %lld was seen in a bundle that failed only",
                (unsigned long long)seed, (long long)i);
        story_free(story);
    }
}
END_TEST

TCase *cells_fire_tests(void);
TCase *cells_fire_tests(void)
{
    TCase *tests = tcase_create("cell timers");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, r58_timers_of_a_family_are_told_apart_by_their_tags);
    tcase_add_test(tests, r58_timers_of_a_key_come_in_order_of_their_time_whatever_their_name);
    tcase_add_test(tests, r59_a_timer_of_another_name_set_to_the_past_fires_in_the_same_round);
    tcase_add_test(tests, r60_the_output_time_of_a_timer_holds_the_watermark_until_it_has_fired);
    tcase_add_test(tests, r60_a_timer_that_is_cleared_holds_the_watermark_no_more);
    tcase_add_test(tests, r60_a_timer_by_the_clock_emits_at_the_time_of_its_element_and_holds_it);
    tcase_add_test(tests, r60_an_output_time_outside_of_element_and_expiry_fails_the_element);
    tcase_add_test(tests, r61_a_relative_timer_counts_from_the_watermark_and_stops_at_the_expiry);
    tcase_add_test(tests, r61_an_absolute_timer_behind_the_expiry_fails_the_element);
    tcase_add_test(tests, r61_align_rounds_up_to_the_grid_and_leaves_what_lies_on_it);
    tcase_add_test(tests, r28_a_timer_by_the_clock_of_an_expired_window_is_dropped_and_told);
    tcase_add_test(
        tests, r27_expiry_comes_after_the_timers_of_the_last_instant_and_then_all_is_gone);
    tcase_add_test(tests, r27_a_window_expires_strictly_after_its_last_instant);
    tcase_add_test(tests, entries_go_once_the_watermark_has_passed_their_time_to_live_and_are_told);
    tcase_add_test(
        tests, r66b_with_stable_input_a_bundle_that_is_tried_again_sees_the_same_elements);
    return tests;
}
