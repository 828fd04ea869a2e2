// SPDX-License-Identifier: Apache-2.0
// Cells and timers in snapshots: all kinds come back, in any number of workers; other declarations
// are refused.
#include <stdlib.h>

#include "story.h"

#define SECOND INT64_C(1000000)

struct dot {
    int64_t n;
    flow_str text;
};
FLOW_RECORD(dot, n, text);

struct sum {
    int64_t n;
};
FLOW_RECORD(sum, n);

static void sum_add(struct sum *acc, const struct dot *dot)
{
    acc->n += dot->n;
}

static void sum_merge(struct sum *acc, const struct sum *other)
{
    acc->n += other->n;
}
FLOW_COMBINE_FN(sum, dot);

FLOW_VALUE(value, dot);
FLOW_BAG(bag, dot);
FLOW_COMBINING(total, sum, dot);
FLOW_SET_OF(set, dot);
FLOW_MAP(map, flow_str, dot);
FLOW_MULTIMAP(many, int64_t, dot);
FLOW_ORDERED(line, dot, .ttl = FLOW_TTL(1000));
FLOW_TIMER(late, int64_t, FLOW_EVENT_TIME);
FLOW_TIMER(bell, int64_t, FLOW_PROCESSING_TIME);
FLOW_TIMER(closing, int64_t, FLOW_WINDOW_EXPIRY);

static flow_status keep(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row)
{
    const flow_time output = { row->at.us + SECOND };
    const struct dot dot = { row->v, flow_format(ctx, "%d of %d", (int)row->v, (int)*key) };
    FLOW_CELL_WRITE(ctx, value, &dot);
    FLOW_CELL_ADD(ctx, bag, &dot);
    FLOW_CELL_ADD(ctx, total, &dot);
    (void)FLOW_CELL_INSERT(ctx, set, &dot);
    FLOW_CELL_PUT(ctx, map, &dot.text, &dot);
    FLOW_CELL_PUT(ctx, many, key, &dot);
    FLOW_CELL_ADD_AT(ctx, line, row->at, &dot);
    FLOW_TIMER_SET(
        ctx, late, ((flow_time){ row->at.us + 20 * SECOND }), .tag = dot.text, .output = &output);
    FLOW_TIMER_IN(ctx, bell, flow_seconds(500));
    return ctx->status;
}

static flow_status say(flow_ctx *ctx, int64_t key, flow_str what)
{
    flow_buffer text = { 0 };
    const struct dot *last = FLOW_CELL_READ(ctx, value);
    const struct sum *sum = FLOW_CELL_READ(ctx, total);
    const struct dot gone = { 0, { NULL, 0 } };
    last = last ? last : &gone;
    flow_buffer_printf(&text, "%.*s: %.*s, %d", (int)what.len, what.data, (int)last->text.len,
        last->text.data ? last->text.data : "", sum ? (int)sum->n : 0);
    for (flow_cursor at = FLOW_CELL_ALL(ctx, bag); flow_cursor_next(&at);)
        flow_buffer_printf(
            &text, " b%.*s", (int)FLOW_AT(bag, at)->text.len, FLOW_AT(bag, at)->text.data);
    for (flow_cursor at = FLOW_CELL_ALL(ctx, set); flow_cursor_next(&at);)
        flow_buffer_printf(&text, " s%d", (int)FLOW_KEY_AT(set, at)->n);
    for (flow_cursor at = FLOW_CELL_ALL(ctx, map); flow_cursor_next(&at);)
        flow_buffer_printf(&text, " m%.*s=%d", (int)FLOW_KEY_AT(map, at)->len,
            FLOW_KEY_AT(map, at)->data, (int)FLOW_AT(map, at)->n);
    for (flow_cursor at = FLOW_CELL_ALL_OF(ctx, many, &key); flow_cursor_next(&at);)
        flow_buffer_printf(&text, " n%d", (int)FLOW_AT(many, at)->n);
    for (flow_cursor at = FLOW_CELL_ALL(ctx, line); flow_cursor_next(&at);)
        flow_buffer_printf(&text, " l%d@%d", (int)FLOW_AT(line, at)->n, (int)(at.at.us / SECOND));
    const flow_str all = { text.data, text.len };
    const flow_status status =
        FLOW_EMIT(ctx, flow_test_row, .k = key, .s = all, .at = flow_event_time(ctx));
    flow_buffer_free(&text);
    return status;
}

static flow_status late_due(flow_ctx *ctx, const int64_t *key)
{
    return say(ctx, *key, flow_timer_tag(ctx));
}

static flow_status bell_due(flow_ctx *ctx, const int64_t *key)
{
    return say(ctx, *key, flow_str_of("bell"));
}

static flow_status closing_due(flow_ctx *ctx, const int64_t *key)
{
    return say(ctx, *key, flow_str_of("closing"));
}
FLOW_CELLS_FN(keep, int64_t, flow_test_row, (flow_test_row),
    FLOW_CELLS(value, bag, total, set, map, many, line), FLOW_TIMERS(late, bell, closing));

static flow_status keep_less(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row)
{
    (void)key;
    (void)row;
    return ctx->status;
}
FLOW_CELLS_FN(keep_less, int64_t, flow_test_row, (flow_test_row), FLOW_CELLS(value, bag));

static struct story *told(const flow_fn *fn, int64_t *clock)
{
    struct story *story = story_new();
    const flow_coll in = story_window(story, flow_fixed(flow_seconds(100)), 0);
    flow_test_collect(flow_do(in, fn, &(flow_do_options){ .name = "keep" }), &story->got);
    for (int64_t i = 0; i < 40; i++)
        story_row(story, i % 5, i, i);
    story_tick(story, 45);
    for (size_t i = 0; i < story->count; i++)
        story->pieces[i].not_before = i > 30 ? 1000 * SECOND : 0;
    story->script.clock = clock;
    return story;
}

static struct flow_test_sim *rest(struct story *story, int64_t *clock, uint32_t workers)
{
    flow_error error = { 0 };
    const struct flow_test_options options = { .workers = workers, .clock = clock };
    struct flow_test_sim *sim = flow_test_open(story->pipeline, &options, &error);
    ck_assert_msg(sim != NULL, "%s", error.message);
    ck_assert(!flow_test_settle(sim));
    return sim;
}

static void end(struct flow_test_sim *sim)
{
    flow_error error = { 0 };
    while (!flow_test_settle(sim))
        *sim->clock = flow_test_next_wake(sim, *sim->clock + 100 * SECOND);
    ck_assert_msg(flow_test_close(sim, &error) == FLOW_OK, "%s", error.message);
}

START_TEST(all_kinds_of_cells_and_timers_come_back_from_a_snapshot)
{
    int64_t clock = 100 * SECOND;
    struct story *whole = told(&keep_fn, &clock);
    end(rest(whole, &clock, 1));
    for (uint32_t workers = 1; workers <= 4; workers++) {
        clock = 100 * SECOND;
        struct story *story = told(&keep_fn, &clock);
        struct flow_test_sim *sim = rest(story, &clock, 5 - workers);
        story->got.keep = true;
        sim = flow_test_reborn(sim, story->pipeline,
            &(struct flow_test_options){ .workers = workers, .clock = &clock });
        end(sim);
        const char *differ = flow_test_differ(&story->got, &whole->got);
        ck_assert_msg(differ == NULL, "%u workers: %s", workers, differ);
        story_free(story);
    }
    ck_assert_uint_eq(whole->got.count, 40 + 5 + 5); // late, bell, closing
    story_free(whole);
}
END_TEST

START_TEST(a_snapshot_of_other_cells_is_refused)
{
    int64_t clock = 100 * SECOND;
    flow_error error = { 0 };
    flow_buffer bytes = { 0 };
    struct story *story = told(&keep_fn, &clock);
    struct flow_test_sim *sim = rest(story, &clock, 2);
    ck_assert(fl_engine_snapshot(sim->engine, &bytes, &error));
    fl_engine_free(sim->engine);
    free(sim);
    struct story *other = told(&keep_less_fn, &clock);
    const struct flow_test_options options = { .workers = 2, .clock = &clock };
    sim = flow_test_open(other->pipeline, &options, &error);
    const flow_str snapshot = { bytes.data, bytes.len };
    ck_assert_int_eq(fl_engine_restore(sim->engine, snapshot, &error), FLOW_TYPE);
    ck_assert_str_eq(error.message,
        "the snapshot does not fit the step's cells and timers: cell 'total' is in the snapshot "
        "and "
        "not in the program; cell 'set' is in the snapshot and not in the program; cell 'map' is "
        "in "
        "the snapshot and not in the program; cell 'many' is in the snapshot and not in the "
        "program; cell 'line' is in the snapshot and not in the program; timer 'late' is in the "
        "snapshot and not in the program; timer 'bell' is in the snapshot and not in the program; "
        "timer 'closing' is in the snapshot and not in the program");
    fl_engine_free(sim->engine);
    free(sim);
    flow_buffer_free(&bytes);
    story_free(story);
    story_free(other);
}
END_TEST

TCase *cells_save_tests(void);
TCase *cells_save_tests(void)
{
    TCase *tests = tcase_create("cells save");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, all_kinds_of_cells_and_timers_come_back_from_a_snapshot);
    tcase_add_test(tests, a_snapshot_of_other_cells_is_refused);
    return tests;
}
