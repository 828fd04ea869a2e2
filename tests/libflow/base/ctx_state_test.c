// SPDX-License-Identifier: Apache-2.0
// Tests that the calls about state and timers reach the engine behind their context.
#include <stdio.h>

#include <check.h>

#include <flow/runner.h>

TCase *ctx_state_tests(void);

// An engine that writes down the last call.
static struct {
    flow_ctx_engine base;
    char heard[200];
} engine;

static const flow_cell cell = { .name = "cell", .kind = FLOW_CELL_ORDERED };
static const flow_timer timer = { .name = "timer", .clock = FLOW_EVENT_TIME };

static void timer_start(flow_ctx *ctx, const flow_timer *which, flow_timer_when when)
{
    (void)ctx;
    snprintf(
        engine.heard, sizeof engine.heard, "start %s %lld", which->name, (long long)when.at.us);
}

static void timer_stop(flow_ctx *ctx, const flow_timer *which, flow_str tag)
{
    (void)ctx;
    snprintf(engine.heard, sizeof engine.heard, "stop %s %s", which->name, tag.data);
}

static flow_time timer_time(const flow_ctx *ctx)
{
    (void)ctx;
    return (flow_time){ 5 };
}

static flow_str timer_tag(const flow_ctx *ctx)
{
    (void)ctx;
    return flow_str_of("tag");
}

static flow_time processing_time(const flow_ctx *ctx)
{
    (void)ctx;
    return (flow_time){ 6 };
}

static const void *cell_get(flow_ctx *ctx, const flow_cell *which, const void *key)
{
    (void)ctx;
    snprintf(engine.heard, sizeof engine.heard, "get %s %s", which->name,
        key ? (const char *)key : "whole");
    return which;
}

static const void *cell_put(flow_ctx *ctx, const flow_cell *which, flow_cell_entry entry)
{
    (void)ctx;
    snprintf(engine.heard, sizeof engine.heard, "put %s %lld", which->name, (long long)entry.at.us);
    return which;
}

static void cell_remove(flow_ctx *ctx, const flow_cell *which, const void *key)
{
    (void)ctx;
    snprintf(engine.heard, sizeof engine.heard, "remove %s %s", which->name, (const char *)key);
}

static void cell_clear(flow_ctx *ctx, const flow_cell *which, const flow_time range[2])
{
    (void)ctx;
    snprintf(engine.heard, sizeof engine.heard, "clear %s %lld %lld", which->name,
        range ? (long long)range[0].us : -1, range ? (long long)range[1].us : -1);
}

static uint64_t cell_count(flow_ctx *ctx, const flow_cell *which)
{
    (void)ctx;
    return which == &cell ? 7 : 0;
}

static void cell_walk(flow_ctx *ctx, const flow_cell *which, flow_cursor *cursor, const void *key)
{
    (void)ctx;
    cursor->cell_ = which;
    snprintf(engine.heard, sizeof engine.heard, "walk %s %s %d %d", which->name,
        key ? (const char *)key : "all", cursor->from_ == FLOW_TIME_MIN_US ? 0 : (int)cursor->from_,
        cursor->to_ == FLOW_TIME_MAX_US ? 0 : (int)cursor->to_);
}

static bool cursor_next(flow_cursor *cursor)
{
    return cursor->cell_ == &cell;
}

static const flow_ctx_ops ops = { .timer_start = timer_start,
    .timer_stop = timer_stop,
    .timer_time = timer_time,
    .timer_tag = timer_tag,
    .processing_time = processing_time,
    .cell_get = cell_get,
    .cell_put = cell_put,
    .cell_remove = cell_remove,
    .cell_clear = cell_clear,
    .cell_count = cell_count,
    .cell_walk = cell_walk,
    .cursor_next = cursor_next };

static flow_ctx *ctx(void)
{
    engine.base.ops = &ops;
    return &engine.base.ctx;
}

START_TEST(calls_about_timers_reach_the_engine)
{
    flow_timer_start(ctx(), &timer, (flow_timer_when){ .at = { 3 } });
    ck_assert_str_eq(engine.heard, "start timer 3");
    flow_timer_stop(ctx(), &timer, flow_str_of("x"));
    ck_assert_str_eq(engine.heard, "stop timer x");
    ck_assert_int_eq(flow_timer_time(ctx()).us, 5);
    ck_assert_str_eq(flow_timer_tag(ctx()).data, "tag");
    ck_assert_int_eq(flow_processing_time(ctx()).us, 6);
}
END_TEST

START_TEST(calls_about_cells_reach_the_engine)
{
    ck_assert_ptr_eq(flow_cell_get(ctx(), &cell, NULL), &cell);
    ck_assert_str_eq(engine.heard, "get cell whole");
    ck_assert_ptr_eq(flow_cell_get(ctx(), &cell, "key"), &cell);
    ck_assert_str_eq(engine.heard, "get cell key");
    ck_assert_ptr_eq(flow_cell_put(ctx(), &cell, (flow_cell_entry){ .at = { 4 } }), &cell);
    ck_assert_str_eq(engine.heard, "put cell 4");
    flow_cell_remove(ctx(), &cell, "key");
    ck_assert_str_eq(engine.heard, "remove cell key");
    flow_cell_clear(ctx(), &cell, NULL);
    ck_assert_str_eq(engine.heard, "clear cell -1 -1");
    flow_cell_clear(ctx(), &cell, (const flow_time[2]){ { 1 }, { 2 } });
    ck_assert_str_eq(engine.heard, "clear cell 1 2");
    ck_assert_uint_eq(flow_cell_count(ctx(), &cell), 7);
}
END_TEST

START_TEST(walks_begin_at_the_engine_and_go_on_there)
{
    flow_cursor at = flow_cell_walk(ctx(), &cell, (flow_cell_part){ .key = NULL });
    ck_assert_str_eq(engine.heard, "walk cell all 0 0");
    ck_assert(flow_cursor_next(&at));
    at = flow_cell_walk(ctx(), &cell, (flow_cell_part){ .key = "key" });
    ck_assert_str_eq(engine.heard, "walk cell key 0 0");
    at = flow_cell_walk(
        ctx(), &cell, (flow_cell_part){ .from = { 8 }, .to = { 9 }, .ranged = true });
    ck_assert_str_eq(engine.heard, "walk cell all 8 9");
}
END_TEST

TCase *ctx_state_tests(void)
{
    TCase *tests = tcase_create("ctx_state");
    tcase_add_test(tests, calls_about_timers_reach_the_engine);
    tcase_add_test(tests, calls_about_cells_reach_the_engine);
    tcase_add_test(tests, walks_begin_at_the_engine_and_go_on_there);
    return tests;
}
