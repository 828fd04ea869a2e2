// SPDX-License-Identifier: Apache-2.0
// Nothing vanishes (N5): whatever an element is not taken or kept for, it is an element of an
// output, with its reason, and counted under that reason. A bundle that is tried again counts once.
#include "story.h"

#include <stdio.h>
#include <stdlib.h>

#include <flow/why.h>

TCase *loss_tests(void);

#define SECOND INT64_C(1000000)

#define BUDGET (UINT64_C(1) << 30)

static struct story *story;
static struct flow_test_sim *sim;
static int64_t now_us;

// Plays the story row by row to its rest, with faults here and there. The engine stays, for its
// figures.
static void play(flow_coll out, flow_coll lost)
{
    const struct flow_test_options options = { .workers = 2,
        .seed = 7,
        .memory = BUDGET,
        .clock = &now_us,
        .faults = { .point = -1, .one_in = 3, .most = 20 } };
    flow_error error = { 0 };
    now_us = INT64_C(1700000000000000);
    story->script.clock = &now_us;
    for (size_t i = 0; i < story->count; i++)
        story->pieces[i].not_before = now_us + (int64_t)i;
    flow_test_collect(out, &story->got);
    flow_test_collect(lost, &story->dropped);
    sim = flow_test_open(story->pipeline, &options, &error);
    ck_assert_msg(sim != NULL, "%s: %s", error.step, error.message);
    for (size_t i = 0; i <= story->count; i++, now_us++)
        flow_test_settle(sim);
}

static bool add_figure(void *user, const flow_figure *figure)
{
    struct {
        const char *name;
        int64_t sum;
    } *wanted = user;
    if (strcmp(figure->metric.name, wanted->name) == 0)
        wanted->sum += figure->committed.sum;
    return true;
}

static int64_t figure(const char *name)
{
    struct {
        const char *name;
        int64_t sum;
    } wanted = { name, 0 };
    ck_assert(fl_engine_metrics(sim->engine, add_figure, &wanted));
    return wanted.sum;
}

// All that was lost, was lost for this reason, and is there with it; and the job ends well.
static void lost(const char *reason, const char *counter, size_t count)
{
    flow_error error = { 0 };
    char words[40];
    snprintf(words, sizeof words, "reason:\"%s\"", reason);
    ck_assert_uint_eq(story->dropped.count, count);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(
            strstr(story->dropped.list[i].text, words) != NULL, "%s", story->dropped.list[i].text);
    ck_assert_int_eq(figure(counter), (int64_t)count);
    ck_assert_int_eq(figure("dead_letters") + figure("dropped_late") + figure("dropped_closed") +
                         figure("dropped_other"),
        (int64_t)count);
    flow_test_settle(sim);
    const flow_status status = flow_test_close(sim, &error);
    ck_assert_msg(status == FLOW_OK, "%s: %s", error.step, error.message);
    story_free(story);
}

// --- windows

static void count_in(flow_windows windows)
{
    const flow_coll windowed = story_window(story, windows, 0);
    const flow_coll sums = flow_sum(windowed, FLOW_FIELD(flow_test_row, v));
    const flow_coll both[2] = { flow_dropped(windowed), flow_dropped(sums) };
    play(sums, flow_flatten(both, 2));
}

START_TEST(n5_late_elements_are_told)
{
    story = story_new();
    story_row(story, 1, 1, 5);
    story_tick(story, 20);
    story_row(story, 1, 2, 5);
    story_row(story, 1, 4, 9);
    story_row(story, 1, 8, 25);
    count_in(flow_fixed(flow_seconds(10)));
    lost("late", "lost_late", 2);
}
END_TEST

START_TEST(n5_elements_without_a_window_are_told)
{
    story = story_new();
    story_row(story, 1, 1, 2);
    story_row(story, 1, 2, 7);
    story_row(story, 1, 4, 17);
    count_in(flow_sliding(flow_seconds(5), flow_seconds(10)));
    lost("no-window", "lost_no_window", 2);
}
END_TEST

// No builder lets such a trigger through (R20); an engine that is given one tells all the same.
START_TEST(n5_elements_of_closed_windows_are_told)
{
    flow_error error = { 0 };
    story = story_new();
    const flow_window_options often = { .windows = flow_fixed(flow_seconds(10)),
        .trigger = flow_trigger_repeatedly(flow_trigger_count(2)),
        .accumulation = FLOW_DISCARDING,
        .no_lateness = true };
    story_row(story, 1, 1, 1);
    story_row(story, 1, 2, 2);
    story_row(story, 1, 4, 3);
    story_row(story, 1, 8, 4);
    story_tick(story, 5);
    story->pieces[story->count - 1].endless = true;
    story->script.unbounded = true;
    const flow_coll sums =
        flow_sum(flow_window_into(story->in, &often), FLOW_FIELD(flow_test_row, v));
    flow_test_collect(sums, &story->got);
    flow_test_collect(flow_dropped(sums), &story->dropped);
    const flow_graph *graph = flow_pipeline_graph(story->pipeline, &error);
    for (uint32_t i = 0; i < graph->edge_count; i++)
        if (graph->edges[i].triggering)
            ((flow_triggering *)(uintptr_t)graph->edges[i].triggering)->trigger =
                flow_trigger_count(2);
    sim = flow_test_open(story->pipeline, &(struct flow_test_options){ .seed = 1 }, &error);
    flow_test_settle(sim);
    flow_buffer words = { 0 };
    ck_assert(fl_engine_why(sim->engine, &(flow_why){ .step = "sum", .key = "1" }, &words));
    flow_buffer_put(&words, "", 1);
    ck_assert_ptr_nonnull(strstr(words.data, "closed: its trigger has finished"));
    flow_buffer_free(&words);
    ck_assert_int_eq(figure("dropped_closed"), 2);
    fl_engine_drain(sim->engine);
    lost("closed-window", "lost_closed_window", 2);
}
END_TEST

START_TEST(n5_elements_of_the_future_are_told)
{
    story = story_new();
    story->script.times = (flow_time_policy){ .in_order = true, .not_after = { 100 * SECOND } };
    for (int64_t second = 98; second < 104; second++)
        story_row(story, 1, 1, second);
    flow_pipeline_free(story->pipeline); // the script is as the source was told
    story->pipeline = flow_pipeline_new("future");
    const flow_coll rows = flow_test_read(story->pipeline, &story->script);
    play(rows, flow_dropped(rows));
    ck_assert_uint_eq(story->got.count, 3);
    lost("future", "lost_future", 3);
}
END_TEST

// --- state

struct mark {
    int64_t n;
};
FLOW_RECORD(mark, n);
FLOW_BAG(passing, mark, .ttl = FLOW_TTL(20));
FLOW_TIMER(bell, int64_t, FLOW_PROCESSING_TIME);

static flow_status keep(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row)
{
    const struct mark mark = { row->v };
    (void)key;
    if (row->v > 0)
        FLOW_CELL_ADD(ctx, passing, &mark);
    else
        FLOW_TIMER_IN(ctx, bell, flow_hours(1));
    return ctx->status;
}

static flow_status bell_due(flow_ctx *ctx, const int64_t *key)
{
    return FLOW_EMIT(ctx, flow_test_row, .k = *key);
}
FLOW_CELLS_FN(
    keep, int64_t, flow_test_row, (flow_test_row), FLOW_CELLS(passing), FLOW_TIMERS(bell));

START_TEST(n5_state_that_outlives_its_time_is_told)
{
    story = story_new();
    const flow_coll out = flow_do(story->in, &keep_fn);
    story_row(story, 1, 1, 5);
    story_row(story, 1, 2, 6);
    story_tick(story, 40);
    play(out, flow_dropped(out));
    lost("expired-state", "lost_expired_state", 2);
}
END_TEST

START_TEST(n5_timers_that_outlive_their_window_are_told)
{
    story = story_new();
    const flow_coll out = flow_do(story_window(story, flow_fixed(flow_seconds(10)), 0), &keep_fn);
    story_row(story, 1, 0, 5);
    story_row(story, 2, 0, 6);
    story_tick(story, 40);
    play(out, flow_dropped(out));
    lost("expired-timer", "lost_expired_timer", 2);
}
END_TEST

// --- elements that fail

static flow_status dislike(flow_ctx *ctx, const struct flow_test_row *row)
{
    if (row->v % 2)
        return flow_fail(ctx, FLOW_USER, "it is odd");
    return FLOW_EMIT_ROW(ctx, flow_test_row, row);
}
FLOW_ELEMENT_FN(dislike, flow_test_row, flow_test_row);

// Asks for as many gibibytes as v says.
static flow_status hoard(flow_ctx *ctx, const struct flow_test_row *row)
{
    FLOW_EMIT_ROW(ctx, flow_test_row, row);
    if (!flow_alloc(ctx, ((size_t)row->v << 30) + 1))
        return ctx->status;
    return FLOW_OK;
}
FLOW_ELEMENT_FN(hoard, flow_test_row, flow_test_row);

static void fail_in(const flow_fn *fn, flow_do_options options)
{
    story = story_new();
    for (int64_t v = 0; v < 6; v++)
        story_row(story, 1, v % 2, v);
    story_tick(story, 100);
    const flow_coll out = flow_do(story->in, fn, &options);
    play(out, options.on_error == FLOW_ON_ERROR_SKIP ? flow_dropped(out) : flow_dead_letters(out));
    ck_assert_uint_eq(story->got.count, 3);
}

START_TEST(n5_elements_that_fail_are_told)
{
    fail_in(&dislike_fn, (flow_do_options){ .on_error = FLOW_ON_ERROR_DEAD_LETTER });
    lost("failed", "lost_failed", 3);
    fail_in(&dislike_fn, (flow_do_options){ .on_error = FLOW_ON_ERROR_SKIP });
    lost("skipped", "lost_skipped", 3);
}
END_TEST

START_TEST(n5_elements_that_poison_every_attempt_are_told)
{
    fail_in(&dislike_fn, (flow_do_options){ .on_error = FLOW_ON_ERROR_DEAD_LETTER, .attempts = 2 });
    lost("poison", "lost_poison", 3);
    fail_in(&dislike_fn, (flow_do_options){ .on_error = FLOW_ON_ERROR_SKIP, .attempts = 2 });
    lost("poison", "lost_poison", 3);
}
END_TEST

START_TEST(n5_elements_over_the_budget_are_told)
{
    fail_in(&hoard_fn, (flow_do_options){ .on_error = FLOW_ON_ERROR_DEAD_LETTER });
    ck_assert_ptr_nonnull(strstr(story->dropped.list[0].text,
        "it asks for 1073741825 bytes, more than the memory budget of 1024 MiB"));
    lost("over-budget", "lost_over_budget", 3);
    fail_in(&hoard_fn, (flow_do_options){ .on_error = FLOW_ON_ERROR_SKIP });
    lost("over-budget", "lost_over_budget", 3);
}
END_TEST

START_TEST(an_element_over_the_budget_fails_the_job_where_nobody_says_else)
{
    flow_error error = { 0 };
    story = story_new();
    story_row(story, 1, 1, 5);
    flow_test_collect(flow_do(story->in, &hoard_fn), &story->got);
    ck_assert_int_eq(flow_test_run(story->pipeline,
                         &(struct flow_test_options){ .seed = 1, .memory = BUDGET }, &error),
        FLOW_BUDGET);
    ck_assert_ptr_nonnull(strstr(error.message, "more than the memory budget of 1024 MiB"));
    story_free(story);
}
END_TEST

// --- sources

struct refusing {
    uint64_t next;
};

static flow_status open_refusing(void *self, const flow_open *open)
{
    (void)self;
    (void)open;
    return FLOW_OK;
}

static uint32_t one_partition(void *self)
{
    (void)self;
    return 1;
}

static flow_claim claim(void *self, uint32_t partition, flow_piece *piece, flow_error *error)
{
    struct refusing *refusing = self;
    (void)partition;
    (void)error;
    if (refusing->next == 3)
        return FLOW_CLAIM_END;
    piece->begin = refusing->next++;
    piece->end = refusing->next;
    return FLOW_CLAIM_PIECE;
}

static flow_status refuse(void *self, const flow_piece *piece, flow_ctx *ctx)
{
    (void)self;
    (void)piece;
    return flow_reject(ctx, flow_str_of("gibberish"), "this is no row");
}

static void close_refusing(void *self)
{
    (void)self;
}

static const flow_source refusing = { .name = "refusing",
    .self_size = sizeof(struct refusing),
    .open = open_refusing,
    .partitions = one_partition,
    .claim = claim,
    .read = refuse,
    .close = close_refusing };

START_TEST(n5_what_a_source_cannot_parse_is_told)
{
    story = story_new();
    story_row(story, 1, 1, 5);
    const flow_read_options options = { .type = &flow_test_row_type,
        .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll rows = flow_read(story->pipeline, &refusing, &options);
    play(rows, flow_dead_letters(rows));
    lost("unparsable", "lost_unparsable", 3);
}
END_TEST

TCase *loss_tests(void)
{
    TCase *tests = tcase_create("loss");
    tcase_add_test(tests, n5_late_elements_are_told);
    tcase_add_test(tests, n5_elements_without_a_window_are_told);
    tcase_add_test(tests, n5_elements_of_closed_windows_are_told);
    tcase_add_test(tests, n5_elements_of_the_future_are_told);
    tcase_add_test(tests, n5_state_that_outlives_its_time_is_told);
    tcase_add_test(tests, n5_timers_that_outlive_their_window_are_told);
    tcase_add_test(tests, n5_elements_that_fail_are_told);
    tcase_add_test(tests, n5_elements_that_poison_every_attempt_are_told);
    tcase_add_test(tests, n5_elements_over_the_budget_are_told);
    tcase_add_test(tests, an_element_over_the_budget_fails_the_job_where_nobody_says_else);
    tcase_add_test(tests, n5_what_a_source_cannot_parse_is_told);
    return tests;
}
