// SPDX-License-Identifier: Apache-2.0
// Why a window has not fired: keys of all kinds, who holds the watermark back, windows that are not
// there, steps with state. Triggers at work are in pictures/why.txt.
#include "story.h"

#include <stdlib.h>

TCase *why_tests(void);

#define SECOND INT64_C(1000000)

struct tally {
    int64_t count;
    flow_str name;
};
FLOW_RECORD_OF(tally, FLOW_COLUMN(tally, count), FLOW_COLUMN_CLASSIFIED(tally, name));

// --- a pipeline that stands still

static struct flow_test_row rows[8];
static struct flow_test_piece pieces[16];
static struct flow_test_script script;
static struct flow_test_results got;
static int64_t now_us;
static flow_pipeline *p;
static struct flow_test_sim *sim;

static flow_coll begin(void)
{
    memset(pieces, 0, sizeof pieces);
    now_us = INT64_C(1700000000000000);
    script = (struct flow_test_script){ .type = &flow_test_row_type,
        .pieces = pieces,
        .partitions = 1,
        .event_time = FLOW_FIELD(flow_test_row, at),
        .times = { .in_order = true },
        .unbounded = true,
        .clock = &now_us };
    flow_test_results_init(&got, "results");
    p = flow_pipeline_new("why");
    const flow_window_options tens = { .windows = flow_fixed(flow_seconds(10)) };
    return flow_window_into(flow_test_read(p, &script), &tens);
}

static void row(int64_t k, int64_t v, const char *s, int64_t second)
{
    const size_t i = script.piece_count++;
    rows[i] = flow_test_row_at(k, v, second * SECOND);
    rows[i].s = flow_str_of(s);
    rows[i].x = 0.5;
    rows[i].place = (struct flow_test_place){ k, rows[i].s };
    pieces[i] = (struct flow_test_piece){ .rows = &rows[i], .count = 1 };
}

static void settle(flow_coll out)
{
    const struct flow_test_options options = { .workers = 3, .seed = 1, .clock = &now_us };
    flow_error error = { 0 };
    flow_test_collect(out, &got);
    pieces[script.piece_count++] = (struct flow_test_piece){ .endless = true };
    sim = flow_test_open(p, &options, &error);
    ck_assert_msg(sim != NULL, "%s: %s", error.step, error.message);
    flow_test_settle(sim);
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

// The lines of the answer behind the first, which is that of flow_job_explain.
static void says(const flow_why *question, const char *wanted)
{
    flow_buffer explained = { 0 }, out = { 0 };
    ck_assert(fl_engine_why(sim->engine, question, &out));
    ck_assert(fl_engine_explain(sim->engine, question->step, &explained));
    char *text = flow_buffer_text(&out);
    ck_assert_uint_gt(strlen(text), explained.len);
    ck_assert_mem_eq(text, explained.data, explained.len);
    ck_assert_str_eq(text + explained.len + 1, wanted);
    flow_text_free(text);
    flow_buffer_free(&explained);
}

// --- keys

#define OPEN                                                                                       \
    "window [1970-01-01T00:00:00Z, 1970-01-01T00:00:10Z): the watermark lacks 6s to its end; "     \
    "1 element; it fires when the watermark passes its end; it is kept until the watermark "       \
    "passes "                                                                                      \
    "1970-01-01T00:00:09.999999Z\n"

#define KEYED(field) flow_count(flow_key_by(begin(), FLOW_FIELD(flow_test_row, field)))

START_TEST(who_holds_the_watermark_back_is_said_first)
{
    const flow_coll out = KEYED(k);
    row(7, 1, "", 4);
    settle(out);
    flow_buffer words = { 0 };
    const flow_why question = { .step = "count", .key = "7" };
    ck_assert(fl_engine_why(sim->engine, &question, &words));
    flow_buffer_put(&words, "", 1);
    ck_assert_str_eq(words.data,
        "step 'count' has its input watermark at 1970-01-01T00:00:04Z; it is bounded by source "
        "'script': partition 1 of 1 has its latest element at 1970-01-01T00:00:04Z; it has given "
        "nothing for 0s, and its idle policy is to hold the watermark until it goes on\n"
        "key 7, on worker 0; watermark taken in so far: 1970-01-01T00:00:04Z\n" OPEN);
    flow_buffer_free(&words);
    end();
}
END_TEST

START_TEST(keys_are_read_off_text_or_given_as_functions_see_them)
{
    const int64_t seven = 7;
    const flow_coll out = KEYED(k);
    row(7, 1, "", 4);
    settle(out);
    const char *wanted =
        "key 7, on worker 0; watermark taken in so far: 1970-01-01T00:00:04Z\n" OPEN;
    says(&(flow_why){ .step = "count", .key = "7" }, wanted);
    says(&(flow_why){ .step = "count", .key_row = &seven }, wanted);
    says(&(flow_why){ .step = "count", .key = "seven" },
        "the key cannot be read: column \"key\" (1): expected a whole number from "
        "-9223372036854775808 to 9223372036854775807, found \"seven\"\n");
    says(&(flow_why){ .step = "count" },
        "the key cannot be read: it is keyed: the question names no key\n");
    end();
}
END_TEST

START_TEST(text_is_a_key_as_it_stands)
{
    const flow_str hat = flow_str_of("a \"hat\", blue");
    const flow_coll out = KEYED(s);
    row(1, 1, "a \"hat\", blue", 4);
    settle(out);
    says(&(flow_why){ .step = "count", .key = hat.data },
        "key a \"hat\", blue, on worker 1; watermark taken in so far: 1970-01-01T00:00:04Z\n" OPEN);
    says(&(flow_why){ .step = "count", .key_row = &hat },
        "key \"a \\\"hat\\\", blue\", on worker 1; watermark taken in so far: "
        "1970-01-01T00:00:04Z\n" OPEN);
    end();
}
END_TEST

START_TEST(a_record_is_a_key_as_json)
{
    const struct flow_test_place place = { 5, { "x", 1 } };
    const flow_coll out = KEYED(place);
    row(5, 1, "x", 4);
    settle(out);
    says(&(flow_why){ .step = "count", .key = "{\"b\":\"x\",\"a\":5}" },
        "key {\"b\":\"x\",\"a\":5}, on worker 0; watermark taken in so far: "
        "1970-01-01T00:00:04Z\n" OPEN);
    says(&(flow_why){ .step = "count", .key_row = &place },
        "key {\"a\":5,\"b\":\"x\"}, on worker 0; watermark taken in so far: "
        "1970-01-01T00:00:04Z\n" OPEN);
    end();
}
END_TEST

START_TEST(floats_are_keys)
{
    const flow_coll out = KEYED(x);
    row(5, 1, "x", 4);
    settle(out);
    says(&(flow_why){ .step = "count", .key = "0.5" },
        "key 0.5, on worker 1; watermark taken in so far: 1970-01-01T00:00:04Z\n" OPEN);
    end();
}
END_TEST

START_TEST(without_a_key_nothing_is_asked_for)
{
    const flow_coll out = flow_count(begin());
    row(5, 1, "x", 4);
    settle(out);
    says(&(flow_why){ .step = "count" }, "watermark taken in so far: 1970-01-01T00:00:04Z\n" OPEN);
    end();
}
END_TEST

// --- windows

START_TEST(a_window_that_is_not_there_was_never_seen_or_has_expired)
{
    const flow_window first = { { 0 }, { 10 * SECOND } },
                      third = { { 20 * SECOND }, { 30 * SECOND } };
    const flow_coll out = KEYED(k);
    row(7, 1, "", 14);
    settle(out);
    const char *key = "key 7, on worker 0; watermark taken in so far: 1970-01-01T00:00:14Z\n";
    flow_buffer wanted = { 0 };
    flow_buffer_printf(&wanted,
        "%swindow [1970-01-01T00:00:00Z, 1970-01-01T00:00:10Z): the watermark is 4s past its end; "
        "it has expired at 1970-01-01T00:00:09.999999Z: what comes for it is dropped as late\n",
        key);
    flow_buffer_put(&wanted, "", 1);
    says(&(flow_why){ .step = "count", .key = "7", .window = &first }, wanted.data);
    wanted.len = 0;
    flow_buffer_printf(&wanted,
        "%swindow [1970-01-01T00:00:20Z, 1970-01-01T00:00:30Z): the watermark lacks 16s to its "
        "end; no element of this key has come for it; it is kept until the watermark passes "
        "1970-01-01T00:00:29.999999Z\n",
        key);
    flow_buffer_put(&wanted, "", 1);
    says(&(flow_why){ .step = "count", .key = "7", .window = &third }, wanted.data);
    flow_buffer_free(&wanted);
    end();
}
END_TEST

START_TEST(a_step_without_windows_of_keys_says_so)
{
    const flow_coll out = KEYED(k);
    row(7, 1, "", 14);
    settle(out);
    flow_buffer words = { 0 };
    ck_assert(fl_engine_why(sim->engine, &(flow_why){ .step = "collect" }, &words));
    ck_assert_uint_gt(words.len, 60);
    ck_assert_mem_eq(
        words.data, "step 'collect' keeps no windows of keys: what comes goes on\n", 60);
    words.len = 0;
    ck_assert(!fl_engine_why(sim->engine, &(flow_why){ .step = "nobody" }, &words));
    flow_buffer_free(&words);
    end();
}
END_TEST

static flow_status list(flow_ctx *ctx, const int64_t *key, flow_rows *all)
{
    return FLOW_EMIT(ctx, flow_test_row, .k = *key, .v = (int64_t)flow_rows_count(all));
}
FLOW_GROUP_FN(list, int64_t, flow_test_row, flow_test_row);

START_TEST(a_group_says_how_many_elements_wait)
{
    const flow_coll in = flow_key_by(begin(), FLOW_FIELD(flow_test_row, k));
    row(7, 1, "", 3);
    row(7, 1, "", 4);
    settle(flow_group(in, &list_fn));
    says(&(flow_why){ .step = "list", .key = "7" },
        "key 7, on worker 0; watermark taken in so far: 1970-01-01T00:00:04Z\n"
        "window [1970-01-01T00:00:00Z, 1970-01-01T00:00:10Z): the watermark lacks 6s to its end; "
        "2 elements; it fires when the watermark passes its end; it is kept until the watermark "
        "passes 1970-01-01T00:00:09.999999Z\n");
    end();
}
END_TEST

START_TEST(a_combine_says_what_it_has_so_far)
{
    const flow_coll in = flow_key_by(begin(), FLOW_FIELD(flow_test_row, k));
    row(7, 3, "", 3);
    row(7, 4, "", 4);
    settle(flow_mean(in, FLOW_FIELD(flow_test_row, v)));
    says(&(flow_why){ .step = "mean", .key = "7" },
        "key 7, on worker 0; watermark taken in so far: 1970-01-01T00:00:04Z\n"
        "window [1970-01-01T00:00:00Z, 1970-01-01T00:00:10Z): the watermark lacks 6s to its end; "
        "so far {\"mean\":3.5,\"count\":2}; it fires when the watermark passes its end; "
        "it is kept until the watermark passes 1970-01-01T00:00:09.999999Z\n");
    end();
}
END_TEST

// --- state

static flow_status remember(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *in, struct tally *tally)
{
    (void)key;
    tally->count++;
    tally->name = in->s;
    if (in->v)
        flow_timer_set(ctx, (flow_time){ in->v * SECOND });
    return FLOW_OK;
}

static flow_status remember_timer(flow_ctx *ctx, const int64_t *key, struct tally *tally)
{
    (void)tally;
    return FLOW_EMIT(ctx, flow_test_row, .k = *key);
}
FLOW_STATEFUL_FN(remember, int64_t, flow_test_row, tally, flow_test_row);

START_TEST(a_step_with_state_says_what_it_remembers_and_when_its_timer_fires)
{
    const flow_coll in = flow_key_by(begin(), FLOW_FIELD(flow_test_row, k));
    row(7, 9, "secret", 3);
    row(8, 0, "secret", 4);
    settle(flow_do(in, &remember_fn));
    says(&(flow_why){ .step = "remember", .key = "7" },
        "key 7, on worker 0; watermark taken in so far: 1970-01-01T00:00:04Z\n"
        "window [1970-01-01T00:00:00Z, 1970-01-01T00:00:10Z): the watermark lacks 6s to its end; "
        "its state is {\"count\":1,\"name\":\"***\"}; its timer fires when the watermark passes "
        "1970-01-01T00:00:09Z, and holds the output watermark just before it; "
        "it is kept until the watermark passes 1970-01-01T00:00:09.999999Z\n");
    says(&(flow_why){ .step = "remember", .key = "8" },
        "key 8, on worker 0; watermark taken in so far: 1970-01-01T00:00:04Z\n"
        "window [1970-01-01T00:00:00Z, 1970-01-01T00:00:10Z): the watermark lacks 6s to its end; "
        "its state is {\"count\":1,\"name\":\"***\"}; no timer is set; "
        "it is kept until the watermark passes 1970-01-01T00:00:09.999999Z\n");
    says(&(flow_why){ .step = "remember", .key = "9" },
        "key 9, on worker 0; watermark taken in so far: 1970-01-01T00:00:04Z\n"
        "nothing is kept of this key: no element of it has come, or its windows are over\n");
    end();
}
END_TEST

static void tally_merge(struct tally *into, const struct tally *other)
{
    into->count += other->count;
}

static flow_status recall(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *in, struct tally *tally)
{
    return remember(ctx, key, in, tally);
}

static flow_status recall_timer(flow_ctx *ctx, const int64_t *key, struct tally *tally)
{
    return remember_timer(ctx, key, tally);
}
FLOW_STATEFUL_MERGED_FN(recall, int64_t, flow_test_row, tally, flow_test_row);

START_TEST(state_of_a_session_is_told_with_the_bounds_it_has)
{
    const flow_window_options sessions = { .windows = flow_sessions(flow_seconds(10)) };
    const flow_coll in = flow_key_by(begin(), FLOW_FIELD(flow_test_row, k));
    row(7, 12, "a", 3);
    row(7, 12, "b", 4);
    settle(flow_do(flow_window_into(in, &sessions), &recall_fn));
    says(&(flow_why){ .step = "recall", .key = "7" },
        "key 7, on worker 0; watermark taken in so far: 1970-01-01T00:00:04Z\n"
        "window [1970-01-01T00:00:03Z, 1970-01-01T00:00:14Z): the watermark lacks 10s to its end; "
        "its state is {\"count\":2,\"name\":\"***\"}; its timer fires when the watermark passes "
        "1970-01-01T00:00:12Z, and holds the output watermark just before it; "
        "it is kept until the watermark passes 1970-01-01T00:00:13.999999Z\n");
    end();
}
END_TEST

struct mark {
    int64_t n;
};
FLOW_RECORD(mark, n);
FLOW_VALUE(kept, mark);
FLOW_BAG(all, mark);
FLOW_TIMER(alarm, int64_t, FLOW_EVENT_TIME);
FLOW_TIMER(bell, int64_t, FLOW_PROCESSING_TIME);

static flow_status write_down(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *in)
{
    const struct mark mark = { in->v };
    (void)key;
    if (in->v == 0)
        return FLOW_OK;
    FLOW_CELL_WRITE(ctx, kept, &mark);
    FLOW_CELL_ADD(ctx, all, &mark);
    FLOW_TIMER_SET(ctx, alarm, (flow_time){ in->v * SECOND }, .tag = in->s);
    FLOW_TIMER_IN(ctx, bell, flow_seconds(in->v), .no_hold = true);
    return FLOW_OK;
}

static flow_status alarm_due(flow_ctx *ctx, const int64_t *key)
{
    (void)ctx;
    (void)key;
    return FLOW_OK;
}

static flow_status bell_due(flow_ctx *ctx, const int64_t *key)
{
    (void)ctx;
    (void)key;
    return FLOW_OK;
}
FLOW_CELLS_FN(write_down, int64_t, flow_test_row, (flow_test_row), FLOW_CELLS(kept, all),
    FLOW_TIMERS(alarm, bell));

START_TEST(a_step_with_cells_says_which_have_something_and_which_timers_are_set)
{
    const flow_coll in = flow_key_by(begin(), FLOW_FIELD(flow_test_row, k));
    row(7, 8, "lunch", 3);
    row(7, 9, "", 4);
    row(8, 0, "", 4);
    settle(flow_do(in, &write_down_fn));
    says(&(flow_why){ .step = "write_down", .key = "7" },
        "key 7, on worker 0; watermark taken in so far: 1970-01-01T00:00:04Z\n"
        "window [1970-01-01T00:00:00Z, 1970-01-01T00:00:10Z): the watermark lacks 6s to its end; "
        "cell 'kept' has 1 entry, 'all' has 2 entries; timer 'alarm' fires when the watermark "
        "passes 1970-01-01T00:00:09Z, and holds the output watermark just before it; "
        "timer 'alarm' of 'lunch' fires when the watermark passes 1970-01-01T00:00:08Z, and holds "
        "the output watermark just before it; timer "
        "'bell' fires at 2023-11-14T22:13:29Z, the clock is at 2023-11-14T22:13:20Z; "
        "it is kept until the watermark passes 1970-01-01T00:00:09.999999Z\n");
    says(&(flow_why){ .step = "write_down", .key = "8" },
        "key 8, on worker 0; watermark taken in so far: 1970-01-01T00:00:04Z\n"
        "nothing is kept of this key: no element of it has come, or its windows are over\n");
    end();
}
END_TEST

TCase *why_tests(void)
{
    TCase *tests = tcase_create("why");
    tcase_add_test(tests, who_holds_the_watermark_back_is_said_first);
    tcase_add_test(tests, keys_are_read_off_text_or_given_as_functions_see_them);
    tcase_add_test(tests, text_is_a_key_as_it_stands);
    tcase_add_test(tests, a_record_is_a_key_as_json);
    tcase_add_test(tests, floats_are_keys);
    tcase_add_test(tests, without_a_key_nothing_is_asked_for);
    tcase_add_test(tests, a_window_that_is_not_there_was_never_seen_or_has_expired);
    tcase_add_test(tests, a_step_without_windows_of_keys_says_so);
    tcase_add_test(tests, a_group_says_how_many_elements_wait);
    tcase_add_test(tests, a_combine_says_what_it_has_so_far);
    tcase_add_test(tests, a_step_with_state_says_what_it_remembers_and_when_its_timer_fires);
    tcase_add_test(tests, state_of_a_session_is_told_with_the_bounds_it_has);
    tcase_add_test(tests, a_step_with_cells_says_which_have_something_and_which_timers_are_set);
    return tests;
}
