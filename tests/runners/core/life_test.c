// SPDX-License-Identifier: Apache-2.0
// A function's life: setup, the frame of each bundle, what a finish emits, what is told after the
// commit, teardown (R67).
#include <stdio.h>
#include <stdlib.h>

#include "story.h"

#define SECOND INT64_C(1000000)

// What was called, by letter, over all workers; tests fork, so it begins empty.
static char calls[100000];
static size_t call_count;
static int open_functions;

struct mine {
    int64_t sum, rows;
    int64_t last;
};

static void note(char call)
{
    ck_assert_uint_lt(call_count, sizeof calls - 1);
    calls[call_count++] = call;
}

static flow_status set_up(flow_ctx *ctx)
{
    const struct mine *mine = FLOW_SELF_OF(ctx, mine);
    ck_assert(mine->sum == 0 && mine->rows == 0);
    note('u');
    open_functions++;
    return FLOW_OK;
}

static flow_status begin(flow_ctx *ctx)
{
    struct mine *mine = FLOW_SELF_OF(ctx, mine);
    mine->sum = mine->rows = 0;
    note('b');
    return FLOW_OK;
}

static void told(void *user)
{
    (void)user;
    note('c');
}

static flow_status add(flow_ctx *ctx, const struct flow_test_row *row)
{
    struct mine *mine = FLOW_SELF_OF(ctx, mine);
    note('r');
    mine->sum += row->v;
    mine->rows++;
    mine->last = row->at.us;
    return FLOW_EMIT_ROW(ctx, flow_test_row, row);
}

// The sum of the bundle, at the time of its last row.
static flow_status flush(flow_ctx *ctx)
{
    const struct mine *mine = FLOW_SELF_OF(ctx, mine);
    const int64_t start = flow_floor_div(mine->last, 10 * SECOND) * 10 * SECOND;
    const flow_stamp stamp = { { mine->last }, { { start }, { start + 10 * SECOND } } };
    note('f');
    ck_assert_int_gt(mine->rows, 0);
    ck_assert_int_eq(flow_after_commit(ctx, told, NULL), FLOW_OK);
    return FLOW_EMIT_STAMPED(ctx, stamp, flow_test_row, .k = 1000, .v = mine->sum, .at = stamp.at);
}

static flow_status tear_down(flow_ctx *ctx)
{
    (void)ctx;
    note('d');
    open_functions--;
    return FLOW_OK;
}
FLOW_ELEMENT_FN_WITH(add, flow_test_row, (flow_test_row), .self_size = sizeof(struct mine),
    .setup = set_up, .start = begin, .finish = flush, .teardown = tear_down);

static struct story *with_life(const flow_fn *fn)
{
    struct story *story = story_new();
    const flow_coll in = story_window(story, flow_fixed(flow_seconds(10)), 0);
    flow_test_collect(flow_do(flow_unkey(in), fn), &story->got);
    return story;
}

START_TEST(r67_start_and_finish_frame_the_rows_of_each_bundle)
{
    struct story *story = with_life(&add_fn);
    story_row(story, 1, 5, 1);
    story_row(story, 2, 6, 2);
    story->pieces[0].count = 2; // both in one bundle
    story->pieces[1] = (struct flow_test_piece){ .rows = &story->rows[2], .count = 1 };
    story->rows[2] = flow_test_row_at(3, 7, 13 * SECOND);
    story_run(story);
    ck_assert_str_eq(calls, "ubrrfcbrfcd");
    ck_assert_uint_eq(story->got.count, 5);
    const struct flow_test_result *sum = &story->got.list[2];
    ck_assert_ptr_nonnull(strstr(sum->text, "k:1000,v:11"));
    ck_assert_int_eq(sum->time.us, 2 * SECOND);
    ck_assert_int_eq(sum->window.start.us, 0);
    ck_assert_int_eq(sum->window.end.us, 10 * SECOND);
    ck_assert_int_eq(story->got.list[4].window.start.us, 10 * SECOND);
    story_free(story);
}
END_TEST

START_TEST(r67_a_bundle_that_failed_is_framed_anew_and_only_a_commit_is_told)
{
    for (uint64_t at = 1; at < 40; at++) {
        struct story *story = with_life(&add_fn);
        memset(calls, 0, call_count);
        call_count = 0;
        for (int64_t i = 0; i < 6; i++)
            story_row(story, i, i, i);
        flow_test_run_well(story->pipeline,
            &(struct flow_test_options){ .workers = 1, .faults = { .at = at, .point = -1 } });
        size_t committed = 0;
        for (size_t i = 0; i < call_count; i++)
            committed += calls[i] == 'c';
        ck_assert_uint_eq(committed, 6);
        ck_assert_uint_eq(story->got.count, 12);
        ck_assert_int_eq(open_functions, 0);
        for (size_t i = 0; i + 1 < call_count; i++) // no frame in a frame
            ck_assert(calls[i] != 'b' || calls[i + 1] == 'r' || calls[i + 1] == 'b' ||
                      calls[i + 1] == 'd');
        story_free(story);
    }
}
END_TEST

START_TEST(r67_what_a_finish_emits_reaches_steps_after_it_in_the_same_bundle)
{
    struct story *story = story_new();
    const flow_coll in = story_window(story, flow_fixed(flow_seconds(10)), 0);
    const flow_coll first = flow_do(flow_unkey(in), &add_fn);
    flow_test_collect(flow_do(first, &add_fn, &(flow_do_options){ .name = "again" }), &story->got);
    story_row(story, 1, 5, 1);
    story_run(story);
    ck_assert_uint_eq(story->got.count, 3); // the row, its sum, and the sum of both
    ck_assert_ptr_nonnull(strstr(story->got.list[2].text, "k:1000,v:10"));
    story_free(story);
}
END_TEST

START_TEST(r67_a_finish_emits_into_any_session_that_holds_the_time)
{
    struct story *story = story_new();
    const flow_coll in = story_window(story, flow_sessions(flow_seconds(10)), 0);
    const flow_coll out = flow_do(flow_unkey(in), &add_fn);
    flow_test_collect(flow_count(flow_key_by(out, FLOW_FIELD(flow_test_row, k))), &story->got);
    story_row(story, 1, 5, 1);
    story_run(story);
    story_expect(story, "1000=1 [0,10) on-time 0 first last; 1=1 [1,11) on-time 0 first last");
    story_free(story);
}
END_TEST

// Many rows out of one finish.
static flow_status count_only(flow_ctx *ctx, const struct flow_test_row *row)
{
    struct mine *mine = FLOW_SELF_OF(ctx, mine);
    mine->rows = row->v;
    return FLOW_OK;
}

static flow_status flood(flow_ctx *ctx)
{
    const struct mine *mine = FLOW_SELF_OF(ctx, mine);
    for (int64_t i = 0; i < mine->rows && ctx->status == FLOW_OK; i++) {
        const int64_t start = i / 10 * 10 * SECOND;
        const flow_stamp stamp = { { i * SECOND }, { { start }, { start + 10 * SECOND } } };
        FLOW_EMIT_STAMPED(ctx, stamp, flow_test_row, .k = 1, .v = i, .at = stamp.at,
            .s = flow_format(ctx, "row %d", (int)i));
    }
    return ctx->status;
}
FLOW_ELEMENT_FN_WITH(
    count_only, flow_test_row, (flow_test_row), .self_size = sizeof(struct mine), .finish = flood);

START_TEST(r67_a_finish_may_emit_more_rows_than_a_batch_holds)
{
    struct story *story = with_life(&count_only_fn);
    story_row(story, 1, 5000, 1);
    story_run(story);
    ck_assert_uint_eq(story->got.count, 5000);
    for (int64_t i = 0; i < 5000; i++) {
        char text[24];
        snprintf(text, sizeof text, "s:\"row %d\"", (int)i);
        ck_assert_int_eq(story->got.list[i].time.us, i * SECOND);
        ck_assert_ptr_nonnull(strstr(story->got.list[i].text, text));
    }
    story_free(story);
}
END_TEST

// --- what is refused

static flow_status emit_plainly(flow_ctx *ctx)
{
    return FLOW_EMIT(ctx, flow_test_row, .k = 1);
}

static flow_status emit_nowhere(flow_ctx *ctx)
{
    const flow_stamp stamp = { { 11 * SECOND }, { { 0 }, { 10 * SECOND } } };
    return FLOW_EMIT_STAMPED(ctx, stamp, flow_test_row, .k = 1);
}

static flow_status emit_between(flow_ctx *ctx)
{
    const flow_stamp stamp = { { 3 * SECOND }, { { SECOND }, { 9 * SECOND } } };
    return FLOW_EMIT_STAMPED(ctx, stamp, flow_test_row, .k = 1);
}

static flow_status give_up(flow_ctx *ctx)
{
    return flow_fail(ctx, FLOW_USER, "there is no link");
}

static flow_status stamp_a_row(flow_ctx *ctx, const struct flow_test_row *row)
{
    const flow_stamp stamp = { row->at, flow_event_window(ctx) };
    return FLOW_EMIT_STAMPED(ctx, stamp, flow_test_row, .k = 1);
}

static flow_status pass(flow_ctx *ctx, const struct flow_test_row *row)
{
    return FLOW_EMIT_ROW(ctx, flow_test_row, row);
}
#define FAULTY(name, ...)                                                                          \
    static flow_status name(flow_ctx *ctx, const struct flow_test_row *row)                        \
    {                                                                                              \
        return pass(ctx, row);                                                                     \
    }                                                                                              \
    FLOW_ELEMENT_FN_WITH(name, flow_test_row, (flow_test_row), __VA_ARGS__)
FAULTY(setup_emits, .setup = emit_plainly);
FAULTY(start_emits, .start = emit_plainly);
FAULTY(finish_emits, .finish = emit_plainly);
FAULTY(start_stamps, .start = emit_nowhere);
FAULTY(finish_outside, .finish = emit_nowhere);
FAULTY(finish_odd_window, .finish = emit_between);
FAULTY(setup_fails, .setup = give_up);
FAULTY(finish_fails, .finish = give_up);
FLOW_ELEMENT_FN(stamp_a_row, flow_test_row, flow_test_row);

static const struct {
    const flow_fn *fn;
    const char *words;
} faults[] = {
    { &setup_emits_fn, "its setup emits without time and window" },
    { &start_emits_fn, "its start emits without time and window" },
    { &finish_emits_fn, "its finish emits without time and window" },
    { &start_stamps_fn, "flow_emit_stamped belongs to the 'finish' of a function" },
    { &finish_outside_fn, "into a window that does not hold the time" },
    { &finish_odd_window_fn, "into a window that does not hold the time" },
    { &setup_fails_fn, "its setup failed: there is no link" },
    { &finish_fails_fn, "its finish failed: there is no link" },
    { &stamp_a_row_fn, "flow_emit_stamped belongs to the 'finish' of a function" },
};

START_TEST(r67_what_is_not_allowed_there_fails_the_job_in_a_sentence)
{
    struct story *story = with_life(faults[_i].fn);
    flow_error error = { 0 };
    story_row(story, 1, 5, 1);
    ck_assert_int_ne(
        flow_test_run(story->pipeline, &(struct flow_test_options){ .workers = 1 }, &error),
        FLOW_OK);
    ck_assert_msg(strstr(error.message, faults[_i].words) != NULL, "%s", error.message);
    story_free(story);
}
END_TEST

TCase *life_tests(void);
TCase *life_tests(void)
{
    TCase *tests = tcase_create("life");
    tcase_add_test(tests, r67_start_and_finish_frame_the_rows_of_each_bundle);
    tcase_add_test(tests, r67_a_bundle_that_failed_is_framed_anew_and_only_a_commit_is_told);
    tcase_add_test(tests, r67_what_a_finish_emits_reaches_steps_after_it_in_the_same_bundle);
    tcase_add_test(tests, r67_a_finish_emits_into_any_session_that_holds_the_time);
    tcase_add_test(tests, r67_a_finish_may_emit_more_rows_than_a_batch_holds);
    tcase_add_loop_test(tests, r67_what_is_not_allowed_there_fails_the_job_in_a_sentence, 0,
        (int)(sizeof faults / sizeof faults[0]));
    return tests;
}
