// SPDX-License-Identifier: Apache-2.0
// State and timers in windows that merge, in local days, in growing windows and behind groupings,
// by rule number.
#include <stdio.h>
#include <stdlib.h>

#include "story.h"

#define SECOND INT64_C(1000000)

TCase *own_tests(void);

struct page {
    int64_t n;
};
FLOW_RECORD(page, n);

FLOW_BAG(pages, page);
FLOW_VALUE(landing, page, .merging = FLOW_MERGE_EARLIEST);
FLOW_VALUE(leaving, page, .merging = FLOW_MERGE_LATEST);
FLOW_TIMER(alarm, int64_t, FLOW_EVENT_TIME);
FLOW_TIMER(idle, int64_t, FLOW_EVENT_TIME, .merging = FLOW_TIMER_LATER);
FLOW_TIMER(wiped, int64_t, FLOW_EVENT_TIME, .merging = FLOW_TIMER_CLEARED);
FLOW_TIMER(closing, int64_t, FLOW_WINDOW_EXPIRY);

// What a row's `x` says; its `v` is a page, or a second for a timer.
enum way {
    PAGE,
    ALARM,
    IDLE,
    IDLE_OUTPUT,
    WIPED,
    NOTHING
};

// "what pages[start,end) landing>leaving"
static flow_status tell(flow_ctx *ctx, int64_t key, const char *what)
{
    const flow_window window = flow_event_window(ctx);
    const struct page *first = FLOW_CELL_READ(ctx, landing), *last = FLOW_CELL_READ(ctx, leaving);
    const flow_str text =
        flow_format(ctx, "%s%lld[%lld,%lld)%lld>%lld", what, (long long)FLOW_CELL_COUNT(ctx, pages),
            (long long)(window.start.us / SECOND), (long long)(window.end.us / SECOND),
            first ? (long long)first->n : -1, last ? (long long)last->n : -1);
    return FLOW_EMIT(ctx, flow_test_row, .k = key, .s = text, .at = flow_event_time(ctx));
}

static flow_status visit(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row)
{
    const flow_time at = { row->v * SECOND };
    const struct page page = { row->v };
    switch ((enum way)row->x) {
    case PAGE:
        FLOW_CELL_ADD(ctx, pages, &page);
        if (!FLOW_CELL_READ(ctx, landing))
            FLOW_CELL_WRITE(ctx, landing, &page);
        FLOW_CELL_WRITE(ctx, leaving, &page);
        return tell(ctx, *key, "");
    case ALARM:
        FLOW_TIMER_SET(ctx, alarm, at);
        break;
    case IDLE:
        FLOW_TIMER_SET(ctx, idle, at);
        break;
    case IDLE_OUTPUT:
        FLOW_TIMER_SET(ctx, idle, at, .output = &row->at);
        break;
    case WIPED:
        FLOW_TIMER_SET(ctx, wiped, at);
        break;
    case NOTHING:
        break;
    }
    return ctx->status;
}

static flow_status alarm_due(flow_ctx *ctx, const int64_t *key)
{
    return tell(ctx, *key, "alarm ");
}

static flow_status idle_due(flow_ctx *ctx, const int64_t *key)
{
    return tell(ctx, *key, "idle ");
}

static flow_status wiped_due(flow_ctx *ctx, const int64_t *key)
{
    return tell(ctx, *key, "wiped ");
}

static flow_status closing_due(flow_ctx *ctx, const int64_t *key)
{
    return tell(ctx, *key, "closing ");
}
FLOW_CELLS_FN(visit, int64_t, flow_test_row, (flow_test_row), FLOW_CELLS(pages, landing, leaving),
    FLOW_TIMERS(alarm, idle, wiped, closing));

// --- stories

static void say(struct story *story, enum way way, int64_t v, int64_t at)
{
    story_row(story, 1, v, at);
    story->rows[story->count - 1].x = (double)way;
}

static struct story *visits_of(flow_windows windows, int64_t lateness, bool sorted)
{
    struct story *story = story_new();
    const flow_do_options how = { .name = "visit", .time_sorted = sorted };
    const flow_coll out = flow_do(story_window(story, windows, lateness), &visit_fn, &how);
    flow_test_collect(out, &story->got);
    flow_test_collect(flow_dropped(out), &story->dropped);
    return story;
}

static struct story *visits(int64_t lateness)
{
    return visits_of(flow_sessions(flow_seconds(10)), lateness, false);
}

// What came out, in order, with spaces between.
static void expect(const struct flow_test_results *results, const char *wanted)
{
    flow_buffer all = { 0 };
    for (size_t i = 0; i < results->count; i++) {
        const char *s = strstr(results->list[i].text, "s:\"");
        flow_buffer_printf(&all, "%s%.*s", i ? "; " : "", (int)strcspn(s + 3, "\""), s + 3);
    }
    flow_buffer_put(&all, "", 1);
    ck_assert_str_eq(all.data, wanted);
    flow_buffer_free(&all);
}

static void run_and_expect(struct story *story, const char *wanted)
{
    story_run(story);
    expect(&story->got, wanted);
    story_free(story);
}

START_TEST(g1_windows_merge_before_the_function_is_called_with_the_element)
{
    struct story *story = visits(0);
    say(story, PAGE, 1, 0);
    say(story, PAGE, 2, 15);
    say(story, PAGE, 3, 8);
    run_and_expect(story, "1[0,10)1>1; 1[15,25)2>2; 3[0,25)1>3; closing 3[0,25)1>3");
}
END_TEST

START_TEST(g1_a_value_is_the_earliest_or_the_latest_of_both)
{
    struct story *story = visits(0);
    say(story, PAGE, 2, 15);
    say(story, PAGE, 1, 0);
    say(story, NOTHING, 0, 8);
    run_and_expect(story, "1[15,25)2>2; 1[0,10)1>1; closing 2[0,25)1>2");
}
END_TEST

START_TEST(r12_sessions_a_gap_apart_keep_their_own_state)
{
    struct story *story = visits(0);
    say(story, PAGE, 1, 0);
    say(story, PAGE, 2, 10);
    run_and_expect(story, "1[0,10)1>1; 1[10,20)2>2; closing 1[0,10)1>1; closing 1[10,20)2>2");
}
END_TEST

START_TEST(r27_a_merged_window_ends_once_after_its_timers)
{
    struct story *story = visits(0);
    say(story, PAGE, 1, 0);
    say(story, ALARM, 9, 0);
    say(story, PAGE, 2, 15);
    say(story, ALARM, 16, 15);
    say(story, PAGE, 3, 8);
    story_tick(story, 24);
    run_and_expect(story, "1[0,10)1>1; 1[15,25)2>2; 3[0,25)1>3; alarm 3[0,25)1>3; "
                          "closing 3[0,25)1>3");
}
END_TEST

START_TEST(r27_a_window_that_has_grown_ends_where_it_ends_now)
{
    struct story *story = visits(0);
    say(story, PAGE, 1, 0);
    say(story, PAGE, 2, 8);
    story_tick(story, 12); // past the end of what the first element began
    say(story, PAGE, 3, 13);
    run_and_expect(story, "1[0,10)1>1; 2[0,18)1>2; 3[0,23)1>3; closing 3[0,23)1>3");
}
END_TEST

START_TEST(r26_nothing_is_left_of_a_window_that_has_ended)
{
    struct story *story = visits(0);
    say(story, PAGE, 1, 0);
    story_tick(story, 11);
    say(story, PAGE, 2, 5); // its own window has not expired
    run_and_expect(story, "1[0,10)1>1; closing 1[0,10)1>1; 1[5,15)2>2; closing 1[5,15)2>2");
}
END_TEST

START_TEST(r24_an_element_is_late_by_its_own_window_before_any_merging)
{
    struct story *story = visits(2);
    say(story, PAGE, 1, 10);
    say(story, PAGE, 2, 18);
    story_tick(story, 16);
    say(story, PAGE, 3, 5); // [5,15) expires at 16.999999
    say(story, PAGE, 4, 4); // [4,14) has expired at 15.999999, though the session [5,28) is there
    story_run(story);
    expect(&story->got, "1[10,20)1>1; 2[10,28)1>2; 3[5,28)1>3; closing 3[5,28)1>3");
    ck_assert_uint_eq(story->dropped.count, 1);
    ck_assert_ptr_nonnull(strstr(story->dropped.list[0].text, "late"));
    story_free(story);
}
END_TEST

START_TEST(r57_a_window_stays_until_it_expires_though_nothing_is_in_it)
{
    struct story *story = visits(0);
    say(story, NOTHING, 0, 0);
    say(story, PAGE, 1, 8);
    run_and_expect(story, "1[0,18)1>1; closing 1[0,18)1>1");
}
END_TEST

START_TEST(r27_the_end_of_a_window_with_nothing_in_it_is_not_told)
{
    struct story *story = visits(0);
    say(story, NOTHING, 0, 0);
    run_and_expect(story, "");
}
END_TEST

START_TEST(r58_of_two_timers_the_earlier_the_later_or_none_stays)
{
    struct story *story = visits(0);
    say(story, ALARM, 9, 0);
    say(story, IDLE, 9, 0);
    say(story, WIPED, 9, 0);
    say(story, ALARM, 20, 15);
    say(story, IDLE, 20, 15);
    say(story, NOTHING, 0, 8);
    story_tick(story, 10);
    say(story, PAGE, 1, 16);
    story_tick(story, 22);
    run_and_expect(story, "alarm 0[0,25)-1>-1; 1[0,26)1>1; idle 1[0,26)1>1; closing 1[0,26)1>1");
}
END_TEST

START_TEST(r61_a_timer_may_be_set_up_to_the_end_of_the_merged_window)
{
    flow_error error = { 0 };
    struct story *story = visits(0);
    say(story, PAGE, 1, 0);
    say(story, PAGE, 2, 8);
    say(story, ALARM, 17, 2);
    say(story, ALARM, 18, 2);
    const struct flow_test_options options = { .workers = 1 };
    ck_assert_int_eq(flow_test_run(story->pipeline, &options, &error), FLOW_INVALID);
    ck_assert_ptr_nonnull(strstr(error.message,
        "timer 'alarm' at 1970-01-01T00:00:18Z lies behind the expiry of its window at "
        "1970-01-01T00:00:17.999999Z and would never fire"));
    story_free(story);
}
END_TEST

// The output watermark of the step, in seconds.
static int64_t watermark_of(const struct flow_test_sim *sim)
{
    flow_step_report report;
    for (size_t i = 0; fl_engine_step_report(sim->engine, i, &report); i++)
        if (strcmp(report.path, "visit") == 0)
            return report.watermark.us / SECOND;
    ck_abort_msg("there is no such step");
    return 0;
}

START_TEST(r60_a_merged_timer_holds_the_watermark_where_the_earlier_output_time_is)
{
    int64_t clock = 0;
    flow_error error = { 0 };
    struct story *story = visits(0);
    say(story, IDLE_OUTPUT, 9, 0);
    say(story, IDLE, 20, 15);
    say(story, NOTHING, 0, 8); // they merge: the later instant, the earlier output time
    story_tick(story, 18);
    story_tick(story, 22);
    story->pieces[4].not_before = 1;
    story->pieces[5].endless = true;
    story->script.piece_count = 6;
    story->script.clock = &clock;
    const struct flow_test_options options = { .workers = 1, .clock = &clock };
    struct flow_test_sim *sim = flow_test_open(story->pipeline, &options, &error);
    ck_assert_ptr_nonnull(sim);
    ck_assert(!flow_test_settle(sim));
    ck_assert_int_eq(watermark_of(sim), 0);
    clock = 1;
    ck_assert(!flow_test_settle(sim));
    expect(&story->got, "idle 0[0,25)-1>-1");
    ck_assert_int_eq(story->got.list[0].time.us, 0);
    ck_assert_int_eq(watermark_of(sim), 22);
    fl_engine_cancel(sim->engine);
    ck_assert(flow_test_settle(sim));
    ck_assert_int_eq(flow_test_close(sim, &error), FLOW_CANCELLED);
    story_free(story);
}
END_TEST

START_TEST(r65_elements_of_sessions_come_in_order_of_time)
{
    struct story *story = visits_of(flow_sessions(flow_seconds(10)), 3, true);
    say(story, PAGE, 3, 15);
    say(story, PAGE, 2, 8);
    say(story, PAGE, 1, 0);
    story_tick(story, 5);
    say(story, PAGE, 4, 2); // in time by the lateness
    say(story, PAGE, 5, 1); // not
    story_run(story);
    expect(&story->got, "1[0,10)1>1; 2[0,12)1>4; 3[0,18)1>2; 4[0,25)1>3; closing 4[0,25)1>3");
    ck_assert_uint_eq(story->dropped.count, 1);
    story_free(story);
}
END_TEST

// --- one record, larger than what small blocks hold

struct few {
    int64_t a, b, c, d, e, f, g, h;
};
FLOW_RECORD(few, a, b, c, d, e, f, g, h);

struct many {
    struct few a, b, c, d, e, f, g, h;
};
#define FEW(field) FLOW_COLUMN_RECORD(many, field, few)
FLOW_RECORD_OF(many, FEW(a), FEW(b), FEW(c), FEW(d), FEW(e), FEW(f), FEW(g), FEW(h));

struct large { // 3,080 bytes
    struct many a, b, c, d, e, f;
    int64_t n;
};
#define MANY(field) FLOW_COLUMN_RECORD(large, field, many)
FLOW_RECORD_OF(large, MANY(a), MANY(b), MANY(c), MANY(d), MANY(e), MANY(f), FLOW_COLUMN(large, n));

static void large_merge(struct large *into, const struct large *other)
{
    into->n += other->n;
}

static flow_status grow(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct large *large)
{
    (void)key;
    large->n += row->v;
    large->f.h.h = row->v;
    flow_timer_set(ctx, (flow_time){ row->at.us + 9 * SECOND });
    return ctx->status;
}

static flow_status grow_timer(flow_ctx *ctx, const int64_t *key, struct large *large)
{
    return FLOW_EMIT(
        ctx, flow_test_row, .k = *key, .v = large->n, .at = flow_event_window(ctx).start);
}
FLOW_STATEFUL_MERGED_FN(grow, int64_t, flow_test_row, large, flow_test_row);

START_TEST(r26_memory_of_windows_that_have_ended_is_used_again)
{
    struct story *story = story_new();
    flow_test_collect(
        flow_do(story_window(story, flow_sessions(flow_seconds(10)), 0), &grow_fn), &story->got);
    for (int64_t i = 0; i < 1000; i++) { // 6 MB in all
        story_row(story, i % 3, 1, 40 * i);
        story_row(story, i % 3, 2, 40 * i + 12);
        story_row(story, i % 3, 3, 40 * i + 6);
        story_tick(story, 40 * i + 30);
    }
    const struct flow_test_options options = { .workers = 2, .memory = UINT64_C(4) << 20 };
    flow_test_run_well(story->pipeline, &options);
    ck_assert_uint_eq(story->got.count, 1000);
    for (size_t i = 0; i < story->got.count; i++)
        ck_assert_ptr_nonnull(strstr(story->got.list[i].text, "v:6,"));
    story_free(story);
}
END_TEST

// --- which of two windows is the first

// [0,5), [0,10) and [2,4), which stay apart until there are three: then they are one. So the one
// that has these bounds already is not the first.
static uint32_t one_of_three(
    const void *element, flow_time at, const void *config, flow_window *windows, uint32_t room)
{
    (void)element, (void)config;
    if (room > 0)
        windows[0] = at.us == 0        ? (flow_window){ { 0 }, { 5 * SECOND } }
                     : at.us == SECOND ? (flow_window){ { 0 }, { 10 * SECOND } }
                                       : (flow_window){ { 2 * SECOND }, { 4 * SECOND } };
    return 1;
}

static void at_three(
    const flow_window *windows, uint32_t count, const void *config, flow_window *into)
{
    (void)config;
    for (uint32_t i = 0; i < count; i++)
        into[i] = count < 3 ? windows[i] : (flow_window){ { 0 }, { 10 * SECOND } };
}

static const flow_window_fn three = {
    .name = "three", .merges = true, .assign = one_of_three, .merge = at_three
};

struct digits {
    int64_t n;
};
FLOW_RECORD(digits, n);

static void digits_merge(struct digits *first, const struct digits *second)
{
    first->n = first->n * 10 + second->n;
}

static flow_status note(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct digits *digits)
{
    (void)key;
    digits->n = row->v ? row->v : digits->n;
    flow_timer_set(ctx, flow_window_last_instant(flow_event_window(ctx)));
    return FLOW_OK;
}

static flow_status note_timer(flow_ctx *ctx, const int64_t *key, struct digits *digits)
{
    const flow_str text = flow_format(ctx, "%lld", (long long)digits->n);
    return FLOW_EMIT(ctx, flow_test_row, .k = *key, .s = text);
}
FLOW_STATEFUL_MERGED_FN(note, int64_t, flow_test_row, digits, flow_test_row);

START_TEST(g1_the_first_of_two_windows_is_the_shorter_though_the_other_stays)
{
    const flow_windows windows = flow_custom(&three, NULL);
    struct story *cells = visits_of(windows, 0, false), *records = story_new();
    flow_test_collect(flow_do(story_window(records, windows, 0), &note_fn), &records->got);
    for (int i = 0; i < 2; i++) {
        say(i ? records : cells, PAGE, 1, 0);
        say(i ? records : cells, PAGE, 2, 1);
        say(i ? records : cells, NOTHING, 0, 2);
    }
    run_and_expect(cells, "1[0,5)1>1; 1[0,10)2>2; closing 2[0,10)1>2");
    run_and_expect(records, "12");
}
END_TEST

// --- windows that do not merge

static flow_status sum_up(flow_ctx *ctx, const int64_t *key, flow_rows *rows)
{
    int64_t sum = 0;
    for (const struct flow_test_row *row; (row = flow_rows_next(rows));)
        sum += row->v;
    (void)key;
    return FLOW_EMIT(ctx, flow_test_row, .k = 7, .v = sum, .at = flow_event_time(ctx));
}
FLOW_GROUP_FN(sum_up, int64_t, flow_test_row, flow_test_row);

START_TEST(r16_behind_a_grouping_sessions_are_final_and_state_is_by_them)
{
    struct story *story = story_new();
    const flow_coll sessions = story_window(story, flow_sessions(flow_seconds(10)), 0);
    const flow_coll sums = flow_group(sessions, &sum_up_fn);
    const flow_coll all = flow_key_by(sums, FLOW_FIELD(flow_test_row, k));
    flow_test_collect(flow_do(all, &visit_fn), &story->got);
    story_row(story, 1, 10, 0);
    story_row(story, 1, 20, 5);
    story_row(story, 2, 30, 6);
    story_row(story, 3, 40, 0);
    story_row(story, 3, 50, 5); // the window of key 1: one state
    run_and_expect(story, "1[0,15)90>90; 2[0,15)90>30; 1[6,16)30>30; "
                          "closing 2[0,15)90>30; closing 1[6,16)30>30");
}
END_TEST

START_TEST(r15_state_is_by_local_day_of_23_hours_too)
{
    // clocks in Berlin go forward on 1996-03-31
    const int64_t midnight = 828226800; // 1996-03-30T23:00:00Z
    struct story *story = visits_of(flow_calendar_days(1, "Europe/Berlin"), 0, false);
    say(story, PAGE, 1, midnight);
    say(story, PAGE, 2, midnight + 23 * 3600 - 1);
    say(story, PAGE, 3, midnight + 23 * 3600);
    say(story, PAGE, 4, midnight - 1);
    run_and_expect(story,
        "1[828226800,828309600)1>1; 2[828226800,828309600)1>2; 1[828309600,828396000)3>3; "
        "1[828140400,828226800)4>4; closing 1[828140400,828226800)4>4; "
        "closing 2[828226800,828309600)1>2; closing 1[828309600,828396000)3>3");
}
END_TEST

START_TEST(r22_an_element_comes_once_in_each_growing_window_that_has_not_expired)
{
    struct story *story = visits_of(flow_cumulate(flow_seconds(20), flow_seconds(10)), 0, false);
    say(story, PAGE, 1, 5);
    story_tick(story, 12);
    say(story, PAGE, 2, 7); // the short one is over
    story_run(story);
    expect(&story->got, "1[0,20)1>1; 1[0,10)1>1; closing 1[0,10)1>1; 2[0,20)1>2; "
                        "closing 2[0,20)1>2");
    ck_assert_uint_eq(story->dropped.count, 1);
    story_free(story);
}
END_TEST

TCase *own_tests(void)
{
    TCase *tests = tcase_create("own");
    tcase_add_test(tests, g1_windows_merge_before_the_function_is_called_with_the_element);
    tcase_add_test(tests, g1_a_value_is_the_earliest_or_the_latest_of_both);
    tcase_add_test(tests, g1_the_first_of_two_windows_is_the_shorter_though_the_other_stays);
    tcase_add_test(tests, r12_sessions_a_gap_apart_keep_their_own_state);
    tcase_add_test(tests, r27_a_merged_window_ends_once_after_its_timers);
    tcase_add_test(tests, r27_a_window_that_has_grown_ends_where_it_ends_now);
    tcase_add_test(tests, r26_nothing_is_left_of_a_window_that_has_ended);
    tcase_add_test(tests, r24_an_element_is_late_by_its_own_window_before_any_merging);
    tcase_add_test(tests, r57_a_window_stays_until_it_expires_though_nothing_is_in_it);
    tcase_add_test(tests, r27_the_end_of_a_window_with_nothing_in_it_is_not_told);
    tcase_add_test(tests, r58_of_two_timers_the_earlier_the_later_or_none_stays);
    tcase_add_test(tests, r61_a_timer_may_be_set_up_to_the_end_of_the_merged_window);
    tcase_add_test(tests, r60_a_merged_timer_holds_the_watermark_where_the_earlier_output_time_is);
    tcase_add_test(tests, r65_elements_of_sessions_come_in_order_of_time);
    tcase_add_test(tests, r26_memory_of_windows_that_have_ended_is_used_again);
    tcase_add_test(tests, r16_behind_a_grouping_sessions_are_final_and_state_is_by_them);
    tcase_add_test(tests, r15_state_is_by_local_day_of_23_hours_too);
    tcase_add_test(tests, r22_an_element_comes_once_in_each_growing_window_that_has_not_expired);
    return tests;
}
