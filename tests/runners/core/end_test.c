// SPDX-License-Identifier: Apache-2.0
// The ends of time: windows over what a global group gave, which is stamped at the end of the
// global window, and elements at the first instants.
#include <stdio.h>
#include <stdlib.h>

#include "story.h"

#define KEYS 3

struct ended {
    int64_t count;
};
FLOW_RECORD(ended, count);

static flow_status told(flow_ctx *ctx, const int64_t *key, int64_t count)
{
    return FLOW_EMIT(ctx, flow_test_row, .k = *key, .v = count, .at = flow_event_time(ctx));
}

static flow_status group_all(flow_ctx *ctx, const int64_t *key, flow_rows *rows)
{
    int64_t count = 0;
    const struct flow_counted *row;
    while ((row = flow_rows_next(rows)) != NULL)
        count += row->count;
    return told(ctx, key, count);
}
FLOW_GROUP_FN(group_all, int64_t, flow_counted, flow_test_row);

static flow_status at_once(
    flow_ctx *ctx, const int64_t *key, const struct flow_counted *row, struct ended *ended)
{
    ended->count += row->count;
    return told(ctx, key, ended->count);
}

static flow_status at_once_timer(flow_ctx *ctx, const int64_t *key, struct ended *ended)
{
    (void)ctx, (void)key, (void)ended;
    return FLOW_OK;
}
FLOW_STATEFUL_FN(at_once, int64_t, flow_counted, ended, flow_test_row);

static flow_status by_timer(
    flow_ctx *ctx, const int64_t *key, const struct flow_counted *row, struct ended *ended)
{
    (void)key;
    ended->count += row->count;
    flow_timer_set(ctx, flow_window_last_instant(flow_event_window(ctx)));
    return FLOW_OK;
}

static flow_status by_timer_timer(flow_ctx *ctx, const int64_t *key, struct ended *ended)
{
    return told(ctx, key, ended->count);
}
FLOW_STATEFUL_FN(by_timer, int64_t, flow_counted, ended, flow_test_row);

// Steps that see a window of counts and give one row a key and window.
static flow_coll counted_again(flow_coll in)
{
    return flow_count(in);
}

static flow_coll largest(flow_coll in)
{
    return flow_max(in, FLOW_FIELD(flow_counted, count));
}

static flow_coll grouped(flow_coll in)
{
    return flow_group(in, &group_all_fn);
}

static flow_coll with_state(flow_coll in)
{
    return flow_do(in, &at_once_fn);
}

static flow_coll with_timer(flow_coll in)
{
    return flow_do(in, &by_timer_fn);
}

static flow_coll in_order(flow_coll in)
{
    return flow_do(in, &at_once_fn, &(flow_do_options){ .time_sorted = true });
}

static flow_coll (*const steps[])(
    flow_coll in) = { counted_again, largest, grouped, with_state, with_timer, in_order };

static const flow_windows over[] = {
    { .kind = FLOW_WINDOW_FIXED,
        .size = { INT64_C(10000000) },
        .every = { INT64_C(10000000) },
        .offset = { 0 } },
    { .kind = FLOW_WINDOW_FIXED,
        .size = { INT64_C(129600000000) },
        .every = { INT64_C(129600000000) },
        .offset = { 5 } },
    { .kind = FLOW_WINDOW_FIXED,
        .size = { INT64_C(86400000000000) },
        .every = { INT64_C(86400000000000) },
        .offset = { 0 } },
    { .kind = FLOW_WINDOW_SLIDING,
        .size = { INT64_C(60000000) },
        .every = { INT64_C(7000000) },
        .offset = { 1 } },
    { .kind = FLOW_WINDOW_SLIDING,
        .size = { INT64_C(172800000000) },
        .every = { INT64_C(28800000000) },
        .offset = { 0 } },
    { .kind = FLOW_WINDOW_SLIDING,
        .size = { INT64_C(172800000000) },
        .every = { INT64_C(28800000001) },
        .offset = { 77 } },
    { .kind = FLOW_WINDOW_GLOBAL, .size = { 0 }, .every = { 0 }, .offset = { 0 } },
};

enum {
    STEPS = sizeof steps / sizeof steps[0],
    OVER = sizeof over / sizeof over[0]
};

// The last window first; those that are cut off have their other bound to tell them apart.
static int by_window(const void *a, const void *b)
{
    const struct flow_test_result *left = a, *right = b;
    if (left->window.start.us != right->window.start.us)
        return left->window.start.us < right->window.start.us ? 1 : -1;
    if (left->window.end.us != right->window.end.us)
        return left->window.end.us < right->window.end.us ? 1 : -1;
    return 0;
}

// One result a key and window that holds an instant, each in its window.
static void expect_each_window(
    struct flow_test_results *got, const flow_windows *windows, flow_time time, const char *what)
{
    if (got->count)
        qsort(got->list, got->count, sizeof *got->list, by_window);
    size_t at = 0;
    flow_window window;
    for (bool in = flow_windows_last(windows, time, &window); in;
         in = flow_windows_before(windows, time, &window)) {
        for (int key = 0; key < KEYS; key++, at++) {
            ck_assert_msg(at < got->count, "%s: only %zu results", what, got->count);
            ck_assert_int_eq(got->list[at].window.start.us, window.start.us);
            ck_assert_int_eq(got->list[at].window.end.us, window.end.us);
            ck_assert_int_eq(got->list[at].time.us, window.end.us - 1);
        }
    }
    ck_assert_msg(at == got->count, "%s: %zu results, not %zu", what, got->count, at);
}

START_TEST(r1_windows_over_the_result_of_a_global_group_lose_nothing)
{
    const flow_time last = { FLOW_TIME_GLOBAL_END_US - 1 };
    const flow_windows *windows = &over[_i % OVER];
    const flow_window_options options = {
        .windows = *windows, .lateness = flow_hours(_i / OVER * 3), .accumulation = FLOW_DISCARDING
    };
    for (size_t s = 0; s < STEPS; s++) {
        struct story *story = story_new();
        const flow_coll counts = flow_count(story->in);
        const flow_coll out = steps[s](flow_window_into(counts, &options));
        flow_test_collect(out, &story->got);
        flow_test_collect(flow_dropped(out), &story->dropped);
        for (int64_t i = 0; i < 20; i++) {
            story_row(story, i % KEYS, i, i);
            story_tick(story, i);
        }
        story_run(story);
        char what[40];
        snprintf(what, sizeof what, "step %zu, windows %d", s, _i % OVER);
        expect_each_window(&story->got, windows, last, what);
        ck_assert_uint_eq(story->dropped.count, 0);
        ck_assert_int_eq(story->report.watermark.us, FLOW_TIME_MAX_US);
        story_free(story);
    }
}
END_TEST

START_TEST(r23_windows_that_end_with_the_global_one_may_have_late_panes)
{
    const int64_t end = FLOW_TIME_GLOBAL_END_US;
    // the second row moves the watermark to the end of the global window: not yet the end of time
    const struct flow_test_row rows[] = { flow_test_row_at(1, 1, end - 1),
        flow_test_row_at(2, 2, end + flow_seconds(1).us), flow_test_row_at(1, 4, end - 1) };
    const struct flow_test_piece pieces[] = { { .rows = &rows[0], .count = 1 },
        { .rows = &rows[1], .count = 1 }, { .rows = &rows[2], .count = 1 } };
    const struct flow_test_script script = { .type = &flow_test_row_type,
        .pieces = pieces,
        .piece_count = 3,
        .event_time = FLOW_FIELD(flow_test_row, at),
        .times = { .disorder = flow_seconds(1) } };
    const flow_window_options options = {
        .windows = over[4], .lateness = flow_days(2), .accumulation = FLOW_DISCARDING
    };
    struct flow_test_results got, dropped;
    flow_test_results_init(&got, "got");
    flow_test_results_init(&dropped, "dropped");
    flow_pipeline *pipeline = flow_pipeline_new("late at the end");
    const flow_coll in = flow_window_into(flow_test_read(pipeline, &script), &options);
    const flow_coll count = flow_count(flow_key_by(in, FLOW_FIELD(flow_test_row, k)));
    flow_test_collect(count, &got);
    flow_test_collect(flow_dropped(count), &dropped);
    flow_test_run_well(pipeline, &(struct flow_test_options){ .seed = 1 });
    const uint32_t held = flow_windows_count(&options.windows, (flow_time){ end - 1 });
    ck_assert_uint_eq(held, 6);
    size_t late = 0;
    for (size_t i = 0; i < got.count; i++) {
        ck_assert_int_eq(got.list[i].window.end.us, end);
        late += got.list[i].pane.timing == FLOW_TIMING_LATE;
    }
    ck_assert_uint_eq(got.count, 3 * held);
    ck_assert_uint_eq(late, held);
    ck_assert_uint_eq(dropped.count, 0);
    flow_pipeline_free(pipeline);
    flow_test_results_clear(&got);
    flow_test_results_clear(&dropped);
}
END_TEST

START_TEST(r1_windows_at_the_first_instants_are_those_that_hold_them)
{
    const flow_windows *windows = &over[_i];
    const flow_time first = { FLOW_TIME_MIN_US };
    const flow_window_options options = { .windows = *windows };
    struct story *story = story_new();
    flow_coll out = flow_count(flow_window_into(story->in, &options));
    flow_test_collect(out, &story->got);
    flow_test_collect(flow_dropped(out), &story->dropped);
    for (int64_t i = 0; i < KEYS; i++) {
        story_row(story, i, i, 0);
        story->rows[i].at = first;
    }
    story_run(story);
    expect_each_window(&story->got, windows, first, "first instants");
    ck_assert_uint_eq(story->dropped.count, 0);
    story_free(story);
}
END_TEST

TCase *end_tests(void);

TCase *end_tests(void)
{
    TCase *tests = tcase_create("ends of time");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(
        tests, r1_windows_over_the_result_of_a_global_group_lose_nothing, 0, 2 * OVER);
    tcase_add_test(tests, r23_windows_that_end_with_the_global_one_may_have_late_panes);
    tcase_add_loop_test(tests, r1_windows_at_the_first_instants_are_those_that_hold_them, 0, OVER);
    return tests;
}
