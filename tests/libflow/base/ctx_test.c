// SPDX-License-Identifier: Apache-2.0
// Tests that the calls of functions reach the engine behind their context.
#include <stdio.h>

#include <check.h>

#include <flow/runner.h>

TCase *ctx_tests(void);

// An engine that writes down the last call.
struct engine {
    flow_ctx_engine base;
    struct flow_rows rows;
    char heard[600];
    char memory[1024];
    bool poor; // gives no memory
};

static struct engine *engine_of(const flow_ctx *ctx)
{
    return (struct engine *)(void *)((const char *)(const void *)ctx -
                                     offsetof(struct engine, base.ctx));
}

static flow_status heard(flow_ctx *ctx, const char *call, size_t number)
{
    struct engine *engine = engine_of(ctx);
    snprintf(engine->heard, sizeof engine->heard, "%s %zu", call, number);
    return FLOW_CANCELLED;
}

static flow_status emit_slow(flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row)
{
    (void)type;
    (void)row;
    return heard(ctx, "emit", output);
}

static void adopt(flow_ctx *ctx, const flow_type *type, void *row)
{
    (void)row;
    heard(ctx, type ? "?" : "adopt", 0);
}

static void *reserve(flow_ctx *ctx, uint32_t output, const flow_type *type, uint32_t *count)
{
    (void)type;
    *count = 9;
    heard(ctx, "reserve", output);
    return ctx;
}

static flow_status commit(flow_ctx *ctx, uint32_t output, uint32_t count)
{
    return heard(ctx, "commit", output * 100 + count);
}

static void *alloc(flow_ctx *ctx, size_t size)
{
    struct engine *engine = engine_of(ctx);
    return engine->poor || size > sizeof engine->memory ? NULL : engine->memory;
}

static flow_status failed(flow_ctx *ctx, flow_status status, const char *message)
{
    return heard(ctx, message, (size_t)status);
}

static flow_time event_time(const flow_ctx *ctx)
{
    (void)ctx;
    return (flow_time){ 11 };
}

static flow_window event_window(const flow_ctx *ctx)
{
    (void)ctx;
    return (flow_window){ { 20 }, { 30 } };
}

static flow_pane pane_info(const flow_ctx *ctx)
{
    (void)ctx;
    return (flow_pane){ FLOW_TIMING_LATE, false, true, false, 4, 2 };
}

static int sign(const flow_ctx *ctx)
{
    (void)ctx;
    return -1;
}

static flow_time watermark(const flow_ctx *ctx)
{
    (void)ctx;
    return (flow_time){ 12 };
}

static void timer_set(flow_ctx *ctx, flow_time when)
{
    heard(ctx, "timer", (size_t)when.us);
}

static void timer_clear(flow_ctx *ctx)
{
    heard(ctx, "timer cleared", 0);
}

static void state_clear(flow_ctx *ctx)
{
    heard(ctx, "state cleared", 0);
}

static const void *config(flow_ctx *ctx, const flow_type *type)
{
    (void)type;
    heard(ctx, "config", 0);
    return ctx;
}

static flow_rows *rows(flow_ctx *ctx)
{
    return &engine_of(ctx)->rows;
}

static const void *rows_next(flow_rows *of)
{
    return of;
}

static bool kept;

static void rows_keep(flow_rows *of)
{
    (void)of;
    kept = true;
}

static void rows_release(flow_rows *of)
{
    (void)of;
    kept = false;
}

static size_t rows_count(const flow_rows *of)
{
    (void)of;
    return 13;
}

static flow_status lend(flow_ctx *ctx, const flow_type *type, const void *from, uint32_t count)
{
    (void)type;
    (void)from;
    return heard(ctx, "lend", count);
}

static flow_status keep(
    flow_ctx *ctx, const void *data, size_t len, void (*release)(void *user), void *user)
{
    (void)data;
    (void)release;
    (void)user;
    return heard(ctx, "keep", len);
}

static flow_status reject(flow_ctx *ctx, flow_str element, const char *message)
{
    return heard(ctx, message, element.len);
}

static const char *step_path(const flow_ctx *ctx)
{
    (void)ctx;
    return "orders/parse";
}

static const void *side(const flow_ctx *of, uint32_t number, const flow_type *type)
{
    (void)type;
    heard((flow_ctx *)(uintptr_t)of, "side", number);
    return of;
}

static const void *side_at(
    const flow_ctx *of, uint32_t number, const flow_type *type, uint64_t index)
{
    (void)type;
    heard((flow_ctx *)(uintptr_t)of, "side at", number * 100 + (size_t)index);
    return of;
}

static const void *side_find(
    const flow_ctx *of, uint32_t number, const flow_type *type, const flow_side_key *key)
{
    (void)type;
    heard((flow_ctx *)(uintptr_t)of, "side find", number * 100 + key->size);
    return of;
}

static flow_side_walk side_rows(
    const flow_ctx *of, uint32_t number, const flow_type *type, const flow_side_key *key)
{
    (void)type;
    heard((flow_ctx *)(uintptr_t)of, key ? "side rows of" : "side rows", number);
    return (flow_side_walk){ .ops = engine_of(of)->base.ops, .left = 14 };
}

static const void *side_next(flow_side_walk *walk)
{
    walk->left--;
    return walk;
}

static flow_status emit_stamped(
    flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row, flow_stamp stamp)
{
    (void)type;
    (void)row;
    return heard(ctx, "stamped", output * 1000 + (size_t)(stamp.at.us + stamp.window.end.us));
}

static void *self(flow_ctx *ctx)
{
    return engine_of(ctx)->memory;
}

static flow_status after_commit(flow_ctx *ctx, void (*done)(void *user), void *user)
{
    done(user);
    return heard(ctx, "after", 0);
}

static void tick(void *user)
{
    ++*(int *)user;
}

static const flow_ctx_ops ops = {
    .emit_stamped = emit_stamped,
    .self = self,
    .after_commit = after_commit,
    .emit_slow = emit_slow,
    .adopt = adopt,
    .reserve = reserve,
    .commit = commit,
    .alloc = alloc,
    .fail = failed,
    .event_time = event_time,
    .event_window = event_window,
    .pane_info = pane_info,
    .sign = sign,
    .watermark = watermark,
    .timer_set = timer_set,
    .timer_clear = timer_clear,
    .state_clear = state_clear,
    .config = config,
    .rows = rows,
    .rows_next = rows_next,
    .rows_count = rows_count,
    .rows_keep = rows_keep,
    .rows_hold = rows_next,
    .rows_release = rows_release,
    .lend = lend,
    .keep = keep,
    .reject = reject,
    .step_path = step_path,
    .side = side,
    .side_at = side_at,
    .side_find = side_find,
    .side_rows = side_rows,
    .side_next = side_next,
};

static struct engine engine;

static flow_ctx *ctx(void)
{
    engine = (struct engine){ .base = { .ops = &ops }, .rows = { &ops } };
    return &engine.base.ctx;
}

START_TEST(outputs_reach_the_engine_and_its_answer_comes_back)
{
    uint32_t count = 0;
    ck_assert_int_eq(flow_emit_slow(ctx(), 3, NULL, NULL), FLOW_CANCELLED);
    ck_assert_str_eq(engine.heard, "emit 3");
    flow_adopt(ctx(), NULL, NULL);
    ck_assert_str_eq(engine.heard, "adopt 0");
    ck_assert_ptr_eq(flow_reserve(ctx(), 4, NULL, &count), &engine.base.ctx);
    ck_assert_str_eq(engine.heard, "reserve 4");
    ck_assert_uint_eq(count, 9);
    ck_assert_int_eq(flow_commit(ctx(), 2, 5), FLOW_CANCELLED);
    ck_assert_str_eq(engine.heard, "commit 205");
    ck_assert_int_eq(flow_lend(ctx(), NULL, NULL, 6), FLOW_CANCELLED);
    ck_assert_str_eq(engine.heard, "lend 6");
    ck_assert_int_eq(flow_keep(ctx(), NULL, 7, NULL, NULL), FLOW_CANCELLED);
    ck_assert_str_eq(engine.heard, "keep 7");
}
END_TEST

START_TEST(times_state_and_rows_come_from_the_engine)
{
    ck_assert_int_eq(flow_event_time(ctx()).us, 11);
    ck_assert_int_eq(flow_event_window(ctx()).start.us, 20);
    ck_assert_int_eq(flow_window_end(ctx()).us, 30);
    ck_assert_int_eq(flow_watermark(ctx()).us, 12);
    ck_assert_uint_eq(flow_pane_info(ctx()).index, 4);
    ck_assert(flow_pane_info(ctx()).last);
    ck_assert_int_eq(flow_sign(ctx()), -1);
    const flow_stamp stamp = { { 4 }, { { 0 }, { 10 } } };
    int ticks = 0;
    ck_assert_int_eq(flow_emit_stamped(ctx(), 2, NULL, NULL, stamp), FLOW_CANCELLED);
    ck_assert_str_eq(engine.heard, "stamped 2014");
    ck_assert_ptr_eq(flow_self(ctx()), engine.memory);
    ck_assert_int_eq(flow_after_commit(ctx(), tick, &ticks), FLOW_CANCELLED);
    ck_assert_int_eq(ticks, 1);
    flow_timer_set(ctx(), (flow_time){ 8 });
    ck_assert_str_eq(engine.heard, "timer 8");
    flow_timer_clear(ctx());
    ck_assert_str_eq(engine.heard, "timer cleared 0");
    flow_state_clear(ctx());
    ck_assert_str_eq(engine.heard, "state cleared 0");
    ck_assert_ptr_eq(flow_config(ctx(), NULL), &engine.base.ctx);
    ck_assert_ptr_eq(flow_ctx_rows(ctx()), &engine.rows);
    ck_assert_ptr_eq(flow_rows_next(&engine.rows), &engine.rows);
    ck_assert_uint_eq(flow_rows_count(&engine.rows), 13);
    flow_rows_keep(&engine.rows);
    ck_assert(kept);
    ck_assert_ptr_eq(flow_rows_hold(&engine.rows), &engine.rows);
    flow_rows_release(&engine.rows);
    ck_assert(!kept);
    ck_assert_str_eq(flow_step_path(ctx()), "orders/parse");
}
END_TEST

START_TEST(side_inputs_are_looked_into_by_the_engine)
{
    const int64_t number = 3;
    const flow_side_key key = { FLOW_KIND_I64, sizeof number, &number };
    ck_assert_ptr_eq(flow_side(ctx(), 2, NULL), &engine.base.ctx);
    ck_assert_str_eq(engine.heard, "side 2");
    ck_assert_ptr_eq(flow_side_at(ctx(), 2, NULL, 5), &engine.base.ctx);
    ck_assert_str_eq(engine.heard, "side at 205");
    ck_assert_ptr_eq(flow_side_find(ctx(), 2, NULL, &key), &engine.base.ctx);
    ck_assert_str_eq(engine.heard, "side find 208");
    flow_side_walk walk = flow_side_rows(ctx(), 4, NULL, &key);
    ck_assert_str_eq(engine.heard, "side rows of 4");
    ck_assert_ptr_eq(flow_side_next(&walk), &walk);
    ck_assert_uint_eq(walk.left, 13);
    flow_side_rows(ctx(), 4, NULL, NULL);
    ck_assert_str_eq(engine.heard, "side rows 4");
}
END_TEST

START_TEST(failures_and_rejections_are_put_into_words)
{
    ck_assert_int_eq(flow_fail(ctx(), FLOW_INVALID, "price %d of %s", -5, "hat"), FLOW_CANCELLED);
    ck_assert_str_eq(engine.heard, "price -5 of hat 1");
    ck_assert_int_eq(flow_reject(ctx(), flow_str_of("abc"), "no %s", "number"), FLOW_CANCELLED);
    ck_assert_str_eq(engine.heard, "no number 3");
}
END_TEST

START_TEST(formatted_text_lives_in_the_engines_memory)
{
    const flow_str text = flow_format(ctx(), "%s-%d", "hat", 7);
    ck_assert(flow_str_equal(text, flow_str_of("hat-7")));
    ck_assert_ptr_eq(text.data, engine.memory);
    flow_ctx *poor = ctx();
    engine.poor = true;
    ck_assert_uint_eq(flow_format(poor, "%d", 7).len, 0);
}
END_TEST

TCase *ctx_tests(void)
{
    TCase *tests = tcase_create("ctx");
    tcase_add_test(tests, outputs_reach_the_engine_and_its_answer_comes_back);
    tcase_add_test(tests, times_state_and_rows_come_from_the_engine);
    tcase_add_test(tests, side_inputs_are_looked_into_by_the_engine);
    tcase_add_test(tests, failures_and_rejections_are_put_into_words);
    tcase_add_test(tests, formatted_text_lives_in_the_engines_memory);
    return tests;
}
